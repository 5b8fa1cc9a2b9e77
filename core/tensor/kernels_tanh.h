/* SPDX-License-Identifier: MIT */
/* Template of the hyperbolic tangent, several times as fast as the vector library's: 1 - 2 / (e^2x
   + 1) where that is at least 1/2, below x + x³ q(x²). q interpolates (tanh x - x) / x³ at
   Chebyshev nodes in x² on [0, 0.55²], to 4e-9 (float) and 2e-18 (double). Included per element
   type. */

static inline T NAME(tanh_tail)(T u) {
  T q = NAME(tanh_coefficients)[N_TANH - 1];
  for (int i = N_TANH - 2; i >= 0; i--)
    q = q * u + NAME(tanh_coefficients)[i];
  return q;
}

static void NAME(map_tanh)(T *y, const T *x, size_t n) {
  T e[NDG_BLOCK];
  for (size_t begin = 0; begin < n; begin += NDG_BLOCK, x += NDG_BLOCK, y += NDG_BLOCK) {
    const size_t m = n - begin < NDG_BLOCK ? n - begin : NDG_BLOCK;
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) e[i] = 2 * (x[i] < 0 ? -x[i] : x[i]);
    NAME(map_exp)(e, e, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      const T v = x[i], u = v * v, small = v + v * (u * NAME(tanh_tail)(u));
      const T large = 1 - 2 / (e[i] + 1);
      y[i] = u < (T)0.3025 ? small : v < 0 ? -large : large;
    }
  }
}
