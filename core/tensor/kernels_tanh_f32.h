/* SPDX-License-Identifier: MIT */
/* tanh in float32 by vectors, in one pass and without a branch: with F = (e^2|x| - 1) / 2,
   tanh |x| = F / (F + 1). e^2|x| = 2^n e^2r for the n that leaves |r| <= ln 2 / 4, and
   (e^2r - 1) / 2 = r + r² q(r) to 1.4e-8, where q is fitted for least relative error. Past 10 the
   result is 1. All multiply-adds are explicit, so that an element's bits do not depend on its
   place. */
#if defined(NDG_ISA_AVX512)
#define PS(name) _mm512_##name##_ps
#define EPI(name) _mm512_##name
#define TO_INT(v) _mm512_castps_si512(v)
#define TO_REAL(v) _mm512_castsi512_ps(v)
/* 14 bits, which the rest below doubles. */
static inline V inverse_f32(V b) {
  return _mm512_rcp14_ps(b);
}
#else
#define PS(name) _mm256_##name##_ps
#define EPI(name) _mm256_##name
#define TO_INT(v) _mm256_castps_si256(v)
#define TO_REAL(v) _mm256_castsi256_ps(v)
static inline V inverse_f32(V b) {
  return _mm256_div_ps(_mm256_set1_ps(1), b);
}
#endif

static inline V vector_tanh_f32(V x) {
  static const float q[] = {1.000000012f, 0.6666617103f, 0.3333302581f, 0.1338658241f,
                            0.04462857788f};
  const V sign = PS(and)(x, PS(set1)(-0.0f));
  /* An operand that is NaN comes through as the second one. */
  const V a = PS(min)(PS(set1)(10), PS(andnot)(PS(set1)(-0.0f), x));
  /* Adding 3 · 2^22 rounds to an integer, which is then in the lowest bits. */
  const V shift = PS(set1)(12582912);
  const V shifted = PS(fmadd)(a, PS(set1)(2.88539008f), shift);
  const V n = PS(sub)(shifted, shift);
  const V r = PS(fnmadd)(n, PS(set1)(0.346573591f), a);
  const V scale =
      TO_REAL(EPI(add_epi32)(EPI(slli_epi32)(TO_INT(shifted), 23), TO_INT(PS(set1)(1))));
  V p = PS(set1)(q[4]);
  p = PS(fmadd)(p, r, PS(set1)(q[3]));
  p = PS(fmadd)(p, r, PS(set1)(q[2]));
  p = PS(fmadd)(p, r, PS(set1)(q[1]));
  p = PS(fmadd)(p, r, PS(set1)(q[0]));
  p = PS(fmadd)(PS(mul)(r, r), p, r);
  const V f = PS(fmadd)(p, scale, PS(fmadd)(scale, PS(set1)(0.5f), PS(set1)(-0.5f)));
  const V inverse = inverse_f32(PS(add)(f, PS(set1)(1)));
  const V y = PS(mul)(f, inverse);
  /* The rest f - y (f + 1) without the rounding of f + 1. */
  const V rest = PS(fnmadd)(f, y, PS(sub)(f, y));
  return PS(or)(PS(fmadd)(rest, inverse, y), sign);
}

#undef PS
#undef EPI
#undef TO_INT
#undef TO_REAL
