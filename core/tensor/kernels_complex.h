/* SPDX-License-Identifier: MIT */
/* Template of the complex kernels (planar double), included once per instruction set after the f64
   kernels. Everything goes block by block through arrays on the stack. Real input gives real
   output bit for bit like a function of the real axis would: imaginary zeros stay zeros. */

#define FOR_BLOCKS(n)                                                                              \
  for (size_t begin = 0, m = 0;                                                                    \
       begin < (n) && (m = (n)-begin < NDG_BLOCK ? (n)-begin : NDG_BLOCK); begin += NDG_BLOCK)

static void copy_c(ndg_planes y, ndg_planes x, size_t n) {
  memmove(y.re, x.re, n * sizeof *y.re);
  memmove(y.im, x.im, n * sizeof *y.im);
}
static ndg_planes offset_c(ndg_planes x, size_t i) {
  return (ndg_planes){x.re + i, x.im + i};
}

static void neg_c(ndg_planes y, ndg_planes x, size_t n) {
  neg_f64(y.re, x.re, n);
  neg_f64(y.im, x.im, n);
}
static void add_c(ndg_planes y, ndg_planes a, ndg_planes b, size_t n) {
  add_f64(y.re, a.re, b.re, n);
  add_f64(y.im, a.im, b.im, n);
}
static void sub_c(ndg_planes y, ndg_planes a, ndg_planes b, size_t n) {
  sub_f64(y.re, a.re, b.re, n);
  sub_f64(y.im, a.im, b.im, n);
}
static void mul_c(ndg_planes y, ndg_planes a, ndg_planes b, size_t n) {
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const double ar = a.re[i], ai = a.im[i], br = b.re[i], bi = b.im[i];
    y.re[i] = ar * br - ai * bi;
    y.im[i] = ar * bi + ai * br;
  }
}
static void square_c(ndg_planes y, ndg_planes x, size_t n) {
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const double re = x.re[i], im = x.im[i];
    y.re[i] = (re - im) * (re + im);
    y.im[i] = 2 * (re * im);
  }
}

/* Scaled by the larger part, so that no square over- or underflows. */
static void div_c(ndg_planes y, ndg_planes a, ndg_planes b, size_t n) {
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const double ar = a.re[i], ai = a.im[i], br = b.re[i], bi = b.im[i];
    const double u = fabs(br), v = fabs(bi), scale = 1 / (u > v ? u : v);
    const double sr = br * scale, si = bi * scale, d = sr * sr + si * si;
    y.re[i] = (ar * sr + ai * si) / d * scale;
    y.im[i] = (ai * sr - ar * si) / d * scale;
  }
}
static void reciprocal_c(ndg_planes y, ndg_planes x, size_t n) {
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const double re = x.re[i], im = x.im[i];
    const double u = fabs(re), v = fabs(im), scale = 1 / (u > v ? u : v);
    const double sr = re * scale, si = im * scale, d = sr * sr + si * si;
    y.re[i] = sr / d * scale;
    y.im[i] = -si / d * scale;
  }
}

/* Principal root: t = sqrt((|re| + |z|) / 2) never cancels. */
static void sqrt_c(ndg_planes y, ndg_planes x, size_t n) {
  double r[NDG_BLOCK];
  FOR_BLOCKS(n) {
    const ndg_planes z = offset_c(x, begin), w = offset_c(y, begin);
    map_hypot_f64(r, z.re, z.im, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      const double re = z.re[i], im = z.im[i];
      const double t = sqrt(0.5 * fabs(re) + 0.5 * r[i]);
      const double s = t > 0 ? 0.5 * im / t : im;
      w.re[i] = re < 0 ? fabs(s) : t;
      w.im[i] = re < 0 ? (im < 0 ? -t : t) : s;
    }
  }
}

/* e^x cos y, e^x sin y; the test keeps inf * 0 off the real axis. */
static void exp_c(ndg_planes y, ndg_planes x, size_t n) {
  double e[NDG_BLOCK], s[NDG_BLOCK], c[NDG_BLOCK];
  FOR_BLOCKS(n) {
    const ndg_planes z = offset_c(x, begin), w = offset_c(y, begin);
    map_exp_f64(e, z.re, m);
    map_sincos_f64(s, c, z.im, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      w.re[i] = e[i] * c[i];
      w.im[i] = s[i] == 0 ? s[i] : e[i] * s[i];
    }
  }
}

/* log|z| from log1p near the unit circle, where the logarithm of a rounded modulus has no digits.
 */
static void log_c(ndg_planes y, ndg_planes x, size_t n) {
  double far[NDG_BLOCK], near[NDG_BLOCK], angle[NDG_BLOCK];
  FOR_BLOCKS(n) {
    const ndg_planes z = offset_c(x, begin), w = offset_c(y, begin);
    map_hypot_f64(far, z.re, z.im, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      const double u = fabs(z.re[i]), v = fabs(z.im[i]);
      const double a = u > v ? u : v, b = u > v ? v : u;
      const double t = (a - 1) * (a + 1) + b * b;
      near[i] = far[i] > 0.5 && far[i] < 2 ? t : 0;
    }
    map_log1p_f64(near, near, m);
    map_atan2_f64(angle, z.im, z.re, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) near[i] =
        far[i] > 0.5 && far[i] < 2 ? 0.5 * near[i] : 0;
    map_log_f64(w.re, far, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) w.re[i] =
        far[i] > 0.5 && far[i] < 2 ? near[i] : w.re[i];
    memcpy(w.im, angle, m * sizeof *angle);
  }
}

#define N_SINH 8
static const double inverse_factorial[N_SINH] = {
    1.0 / 6,        1.0 / 120,        1.0 / 5040,          1.0 / 362880,
    1.0 / 39916800, 1.0 / 6227020800, 1.0 / 1307674368000, 1.0 / 355687428096000};

/* sinh x = x + x³ (1/3! + x²/5! + ...): below 1 the exponentials would cancel. */
static inline double sinh_tail(double u) {
  double q = inverse_factorial[N_SINH - 1];
  for (int i = N_SINH - 2; i >= 0; i--)
    q = q * u + inverse_factorial[i];
  return q;
}

static void hyperbolic(double *sh, double *ch, const double *x, size_t n) {
  double e[NDG_BLOCK];
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) e[i] = fabs(x[i]);
  map_exp_f64(e, e, n);
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const double v = x[i], u = v * v, r = 0.5 / e[i], half = 0.5 * e[i];
    const double large = half - r, small = v + v * (u * sinh_tail(u));
    sh[i] = u < 1 ? small : v < 0 ? -large : large;
    ch[i] = half + r;
  }
}

/* (sinh x cosh x + i sin y cos y) / (sinh²x + cos²y): sums of squares, so nothing cancels. Past
   |x| = 20 the real part is +-1 and the imaginary one falls by e^-2(|x|-20). */
static void tanh_c(ndg_planes y, ndg_planes x, size_t n) {
  double sh[NDG_BLOCK], ch[NDG_BLOCK], s[NDG_BLOCK], c[NDG_BLOCK], t[NDG_BLOCK], fall[NDG_BLOCK];
  FOR_BLOCKS(n) {
    const ndg_planes z = offset_c(x, begin), w = offset_c(y, begin);
    double beyond = 0;
    for (size_t i = 0; i < m; i++) {
      t[i] = z.re[i] > 20 ? 20 : z.re[i] < -20 ? -20 : z.re[i];
      fall[i] = -2 * (fabs(z.re[i]) - fabs(t[i]));
      beyond = fall[i] < beyond ? fall[i] : beyond;
    }
    if (beyond < 0)
      map_exp_f64(fall, fall, m);
    else
      fill_f64(fall, 1, m);
    hyperbolic(sh, ch, t, m);
    map_sincos_f64(s, c, z.im, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      const double d = 1 / (sh[i] * sh[i] + c[i] * c[i]);
      w.re[i] = sh[i] * ch[i] * d;
      w.im[i] = s[i] * c[i] * d * fall[i];
    }
  }
}

/* v = e^-z where re >= 0, e^z elsewhere: |v| <= 1. */
static void decaying_exp(ndg_planes v, ndg_planes z, size_t n) {
  double e[NDG_BLOCK];
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) e[i] = z.re[i] < 0 ? z.re[i] : -z.re[i];
  map_exp_f64(e, e, n);
  map_sincos_f64(v.im, v.re, z.im, n);
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const double s = v.im[i];
    v.re[i] = e[i] * v.re[i];
    v.im[i] = e[i] * (z.re[i] < 0 ? s : -s);
  }
}

/* 1 / (1 + e^-z), or e^z / (1 + e^z) in the left half plane. */
static void sigmoid_c(ndg_planes y, ndg_planes x, size_t n) {
  double vr[NDG_BLOCK], vi[NDG_BLOCK];
  FOR_BLOCKS(n) {
    const ndg_planes z = offset_c(x, begin), w = offset_c(y, begin), v = {vr, vi};
    decaying_exp(v, z, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      const double a = 1 + vr[i], b = vi[i], d = 1 / (a * a + b * b);
      const double pr = z.re[i] < 0 ? vr[i] : 1, pi = z.re[i] < 0 ? b : 0;
      w.re[i] = (pr * a + pi * b) * d;
      w.im[i] = (pi * a - pr * b) * d;
    }
  }
}

/* log(1 + e^z) = max(z, 0) + log(1 + v), the maximum by real parts. */
static void softplus_c(ndg_planes y, ndg_planes x, size_t n) {
  double vr[NDG_BLOCK], vi[NDG_BLOCK], t[NDG_BLOCK];
  FOR_BLOCKS(n) {
    const ndg_planes z = offset_c(x, begin), w = offset_c(y, begin), v = {vr, vi};
    decaying_exp(v, z, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      t[i] = vr[i] * (2 + vr[i]) + vi[i] * vi[i];
      vr[i] = 1 + vr[i];
    }
    map_log1p_f64(t, t, m);
    map_atan2_f64(vi, vi, vr, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      const double re = z.re[i], im = z.im[i];
      w.re[i] = (re < 0 ? 0 : re) + 0.5 * t[i];
      w.im[i] = (re < 0 ? 0 : im) + vi[i];
    }
  }
}

static void sin_c(ndg_planes y, ndg_planes x, size_t n) {
  double sh[NDG_BLOCK], ch[NDG_BLOCK], s[NDG_BLOCK], c[NDG_BLOCK];
  FOR_BLOCKS(n) {
    const ndg_planes z = offset_c(x, begin), w = offset_c(y, begin);
    hyperbolic(sh, ch, z.im, m);
    map_sincos_f64(s, c, z.re, m);
    mul_f64(w.re, s, ch, m);
    mul_f64(w.im, c, sh, m);
  }
}
static void cos_c(ndg_planes y, ndg_planes x, size_t n) {
  double sh[NDG_BLOCK], ch[NDG_BLOCK], s[NDG_BLOCK], c[NDG_BLOCK];
  FOR_BLOCKS(n) {
    const ndg_planes z = offset_c(x, begin), w = offset_c(y, begin);
    hyperbolic(sh, ch, z.im, m);
    map_sincos_f64(s, c, z.re, m);
    mul_f64(w.re, c, ch, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) w.im[i] = -(s[i] * sh[i]);
  }
}

/* Whole exponents by repeated squaring (no branch cut), others as e^(p log z), with 0 at 0. */
static void power_c(ndg_planes y, ndg_planes x, double exponent, size_t n) {
  double br[NDG_BLOCK], bi[NDG_BLOCK], pr[NDG_BLOCK], pi[NDG_BLOCK];
  const ndg_planes b = {br, bi}, p = {pr, pi};
  const double magnitude = fabs(exponent);
  const int whole = magnitude <= 1024 && magnitude == floor(magnitude);
  FOR_BLOCKS(n) {
    const ndg_planes w = offset_c(y, begin);
    copy_c(b, offset_c(x, begin), m);
    if (whole) {
      fill_f64(pr, 1, m);
      fill_f64(pi, 0, m);
      for (int e = (int)magnitude; e > 0; e /= 2) {
        if (e % 2)
          mul_c(p, p, b, m);
        square_c(b, b, m);
      }
      (exponent < 0 ? reciprocal_c : copy_c)(w, p, m);
      continue;
    }
    log_c(p, b, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) {
      const int zero = br[i] == 0 && bi[i] == 0;
      pr[i] = zero ? (exponent < 0 ? INFINITY : -INFINITY) : pr[i] * exponent;
      pi[i] = zero ? 0 : pi[i] * exponent;
    }
    exp_c(w, p, m);
  }
}

static void select_c(ndg_planes y, ndg_planes c, ndg_planes a, ndg_planes b, size_t n) {
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const int yes = (c.re[i] != 0) | (c.im[i] != 0);
    const double ar = a.re[i], ai = a.im[i], br = b.re[i], bi = b.im[i];
    y.re[i] = yes ? ar : br;
    y.im[i] = yes ? ai : bi;
  }
}

static void split_c(ndg_planes y, const ndg_complex *x, ptrdiff_t stride, size_t n) {
  if (stride == 1) {
    for (size_t i = 0; i < n; i++) {
      y.re[i] = x[i].re;
      y.im[i] = x[i].im;
    }
    return;
  }
  for (size_t i = 0; i < n; i++) {
    y.re[i] = x[(ptrdiff_t)i * stride].re;
    y.im[i] = x[(ptrdiff_t)i * stride].im;
  }
}
static void join_c(ndg_complex *y, ptrdiff_t stride, ndg_planes x, size_t n) {
  if (stride == 1) {
    for (size_t i = 0; i < n; i++)
      y[i] = (ndg_complex){x.re[i], x.im[i]};
    return;
  }
  for (size_t i = 0; i < n; i++)
    y[(ptrdiff_t)i * stride] = (ndg_complex){x.re[i], x.im[i]};
}

/* Shifted by the largest real part, which does not change an analytic function. */
static void log_sum_exp_c(ndg_planes y, ndg_planes x, size_t rows, size_t columns, double *work) {
  const size_t n = rows * columns;
  const ndg_planes shifted = {work, work + n};
  double *shift = work + 2 * n;
  for (size_t i = 0; i < rows; i++) {
    const double top = largest_f64(x.re + i * columns, columns);
    shift[i] = top - top == 0 ? top : 0;
    NDG_INDEPENDENT for (size_t j = 0; j < columns; j++) shifted.re[i * columns + j] =
        x.re[i * columns + j] - shift[i];
  }
  memcpy(shifted.im, x.im, n * sizeof *x.im);
  exp_c(shifted, shifted, n);
  sum_rows_f64(y.re, shifted.re, rows, columns, 0);
  sum_rows_f64(y.im, shifted.im, rows, columns, 0);
  log_c(y, y, rows);
  add_f64(y.re, y.re, shift, rows);
}

#define COMPLEX_KERNELS                                                                            \
  {                                                                                                \
    .unary = {[0] = neg_c,      [1] = square_c, [2] = sqrt_c, [3] = reciprocal_c,                  \
              [4] = exp_c,      [5] = log_c,    [6] = tanh_c, [7] = sigmoid_c,                     \
              [8] = softplus_c, [9] = sin_c,    [10] = cos_c},                                     \
    .binary = {add_c, sub_c, mul_c, div_c}, .power = power_c, .select = select_c,                  \
    .split = split_c, .join = join_c, .log_sum_exp = log_sum_exp_c,                                \
  }
