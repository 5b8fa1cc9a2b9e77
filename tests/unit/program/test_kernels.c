/* SPDX-License-Identifier: MIT */
/* Block kernels of every instruction set that this processor runs: error bounds against long
   double, bits independent of place and length, special values. */
#include <check.h>
#include <complex.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/random.h"
#include "graph/graph.h"
#include "tensor/kernels.h"

enum { N_POINTS = 20000 };

typedef long double (*reference)(long double);

static long double sigmoid(long double x) {
  return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}
static long double softplus(long double x) {
  return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)));
}
static long double square(long double x) {
  return x * x;
}
static long double reciprocal(long double x) {
  return 1 / x;
}

/* Bounds in units of the last place, as kernels.h states them, with the half unit of rounding the
   reference and a little for the reference's own error. */
typedef struct bound {
  uint32_t op;
  reference exact;
  double low, high, ulp;
} bound;
static const bound bounds[] = {
    {NDG_OP_EXP, expl, -80, 80, 1.0},
    {NDG_OP_EXP, expl, -1, 1, 1.0},
    {NDG_OP_LOG, logl, 1e-30, 1e-3, 1.0},
    {NDG_OP_LOG, logl, 0.5, 2, 1.0},
    {NDG_OP_LOG, logl, 1, 1e6, 1.0},
    {NDG_OP_TANH, tanhl, -0.3, 0.3, 2.0},
    {NDG_OP_TANH, tanhl, -3, 3, 2.0},
    {NDG_OP_TANH, tanhl, -50, 50, 2.0},
    {NDG_OP_SIN, sinl, -4, 4, 1.0},
    {NDG_OP_SIN, sinl, -1000, 1000, 1.0},
    {NDG_OP_SIN, sinl, -1e9, 1e9, 1.0},
    {NDG_OP_COS, cosl, -4, 4, 1.0},
    {NDG_OP_COS, cosl, -1e6, 1e6, 1.0},
    {NDG_OP_SIGMOID, sigmoid, -80, 80, 3.0},
    {NDG_OP_SIGMOID, sigmoid, -2, 2, 3.0},
    {NDG_OP_SOFTPLUS, softplus, -80, 80, 3.0},
    {NDG_OP_SOFTPLUS, softplus, -2, 2, 3.0},
    {NDG_OP_SQRT, sqrtl, 0, 1e6, 0.501},
    {NDG_OP_SQUARE, square, -1e3, 1e3, 0.501},
    {NDG_OP_RECIPROCAL, reciprocal, 1e-3, 1e3, 0.501},
};
enum { N_BOUNDS = sizeof bounds / sizeof *bounds };

/* Last place of y in a type with so many digits and such a smallest exponent. */
static long double unit(long double y, int digits, int least) {
  int e;
  (void)frexpl(y, &e);
  return ldexpl(1, e - digits > least ? e - digits : least);
}

START_TEST(errors_are_bounded) {
  const bound *b = &bounds[_i];
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(7);
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++) {
    static float xf[N_POINTS], yf[N_POINTS];
    static double x[N_POINTS], y[N_POINTS];
    for (int i = 0; i < N_POINTS; i++) {
      x[i] = b->low + (b->high - b->low) * ndg_rng_uniform(&rng);
      xf[i] = (float)x[i];
    }
    k->f64->unary[b->op - NDG_FIRST_UNARY](y, x, N_POINTS);
    k->f32->unary[b->op - NDG_FIRST_UNARY](yf, xf, N_POINTS);
    for (int i = 0; i < N_POINTS; i++) {
      const long double e = b->exact(x[i]), ef = b->exact((long double)xf[i]);
      const long double far = fabsl(y[i] - e) / unit(e, DBL_MANT_DIG, -1074);
      const long double far_f = fabsl((long double)yf[i] - ef) / unit(ef, FLT_MANT_DIG, -149);
      ck_assert_msg(far <= b->ulp * 1.01L, "%s f64 %s(%.17g): %.3Lf ulp", k->name,
                    ndg_graph_op_name(b->op), x[i], far);
      ck_assert_msg(far_f <= b->ulp * 1.01L, "%s f32 %s(%.9g): %.3Lf ulp", k->name,
                    ndg_graph_op_name(b->op), (double)xf[i], far_f);
    }
  }
}
END_TEST

/* Numbers of every size and sign, and the special ones. */
static void fill_wild(double *x, size_t n, ndg_rng *rng) {
  static const double special[] = {0,   -0.0,   1,     -1, INFINITY, -INFINITY,
                                   NAN, 1e-310, 1e300, 20, 1e5};
  for (size_t i = 0; i < n; i++) {
    const double u = 2 * ndg_rng_uniform(rng) - 1;
    const uint64_t kind = ndg_rng_below(rng, 8);
    x[i] = kind == 0  ? special[ndg_rng_below(rng, 11)]
           : kind < 3 ? ldexp(u, (int)ndg_rng_below(rng, 120) - 60)
                      : 8 * u;
  }
}

enum { LENGTH = 67 };

static void check_place(const ndg_real_kernels *k, uint32_t op, size_t size, const char *x,
                        const char *name) {
  char whole[LENGTH * sizeof(double)], part[LENGTH * sizeof(double) + 8];
  const ndg_map1 map = k->unary[op];
  if (!map)
    return;
  map(whole, x, LENGTH);
  for (size_t from = 0; from < LENGTH; from += 5)
    for (size_t n = 1; from + n <= LENGTH; n += 6) {
      map(part + size, x + from * size, n);
      for (size_t i = 0; i < n; i++)
        ck_assert_msg(memcmp(part + size + i * size, whole + (from + i) * size, size) == 0 ||
                          (size == 8 && isnan(((double *)(void *)whole)[from + i])) ||
                          (size == 4 && isnan(((float *)(void *)whole)[from + i])),
                      "%s %s: element %zu of %zu differs", name,
                      ndg_graph_op_name(op + NDG_FIRST_UNARY), i, n);
    }
}

START_TEST(bits_do_not_depend_on_place) {
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(11);
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (int round = 0; round < 20; round++) {
      double x[LENGTH];
      float xf[LENGTH];
      fill_wild(x, LENGTH, &rng);
      for (size_t i = 0; i < LENGTH; i++)
        xf[i] = (float)x[i];
      for (uint32_t op = 0; op < NDG_N_UNARY; op++) {
        check_place(k->f64, op, sizeof *x, (const char *)x, k->name);
        check_place(k->f32, op, sizeof *xf, (const char *)xf, k->name);
      }
    }
}
END_TEST

START_TEST(kernels_work_in_place) {
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(12);
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (uint32_t op = 0; op < NDG_N_UNARY; op++) {
      double x[600], y[600];
      if (!k->f64->unary[op])
        continue;
      for (size_t i = 0; i < 600; i++)
        x[i] = 0.01 + ndg_rng_uniform(&rng);
      k->f64->unary[op](y, x, 600);
      k->f64->unary[op](x, x, 600);
      ck_assert_mem_eq(x, y, sizeof x);
    }
}
END_TEST

typedef double complex (*complex_reference)(double complex);

static double complex c_square(double complex z) {
  return z * z;
}
static double complex c_reciprocal(double complex z) {
  return 1 / z;
}
static double complex c_sigmoid(double complex z) {
  return creal(z) < 0 ? cexp(z) / (1 + cexp(z)) : 1 / (1 + cexp(-z));
}
static double complex c_softplus(double complex z) {
  return clog(1 + cexp(z));
}

START_TEST(complex_functions_are_accurate) {
  static const struct {
    uint32_t op;
    complex_reference exact;
  } functions[] = {
      {NDG_OP_SQUARE, c_square},
      {NDG_OP_SQRT, csqrt},
      {NDG_OP_RECIPROCAL, c_reciprocal},
      {NDG_OP_EXP, cexp},
      {NDG_OP_LOG, clog},
      {NDG_OP_TANH, ctanh},
      {NDG_OP_SIN, csin},
      {NDG_OP_COS, ccos},
      {NDG_OP_SIGMOID, c_sigmoid},
      {NDG_OP_SOFTPLUS, c_softplus},
  };
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(13);
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
      static double re[N_POINTS], im[N_POINTS], yr[N_POINTS], yi[N_POINTS];
      for (size_t i = 0; i < N_POINTS; i++) {
        const double range = i % 3 == 0 ? 1e-3 : i % 3 == 1 ? 1 : 6;
        re[i] = range * (2 * ndg_rng_uniform(&rng) - 1);
        im[i] = range * 0.5 * (2 * ndg_rng_uniform(&rng) - 1);
      }
      const ndg_planes x = {re, im}, y = {yr, yi};
      k->c128->unary[functions[f].op - NDG_FIRST_UNARY](y, x, N_POINTS);
      for (size_t i = 0; i < N_POINTS; i++) {
        const double complex e = functions[f].exact(re[i] + I * im[i]);
        const double far = cabs(e - (yr[i] + I * yi[i]));
        /* softplus and the logarithm are only as good as a unit of the terms they add */
        const double scale = functions[f].op == NDG_OP_SOFTPLUS ? fmax(cabs(e), 1) : cabs(e);
        ck_assert_msg(far <= 12 * DBL_EPSILON * scale, "%s %s(%.17g, %.17g): %.3g of %.3g", k->name,
                      ndg_graph_op_name(functions[f].op), re[i], im[i], far, scale);
      }
    }
}
END_TEST

/* On the real axis complex functions are the real ones, and the imaginary part stays zero. */
START_TEST(complex_functions_keep_the_real_axis) {
  const ndg_kernels *k;
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (uint32_t op = 0; op < NDG_N_UNARY; op++) {
      double re[] = {0.25, 1, 1e-9, 3, 25, 300, 709}, im[7] = {0}, yr[7], yi[7], real[7];
      if (!k->c128->unary[op])
        continue;
      k->c128->unary[op]((ndg_planes){yr, yi}, (ndg_planes){re, im}, 7);
      k->f64->unary[op](real, re, 7);
      for (int i = 0; i < 7; i++) {
        ck_assert_msg(yi[i] == 0, "%s %s(%g): imaginary part %g", k->name,
                      ndg_graph_op_name(op + NDG_FIRST_UNARY), re[i], yi[i]);
        ck_assert_msg(fabs(yr[i] - real[i]) <= 8 * DBL_EPSILON * fabs(real[i]), "%s %s(%g): %g, %g",
                      k->name, ndg_graph_op_name(op + NDG_FIRST_UNARY), re[i], yr[i], real[i]);
      }
    }
}
END_TEST

START_TEST(not_a_number_passes) {
  const ndg_kernels *k;
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++) {
    const double a[2] = {NAN, 1}, b[2] = {1, NAN};
    double y[2];
    for (uint32_t op = 0; op < NDG_N_UNARY; op++)
      if (k->f64->unary[op] && op + NDG_FIRST_UNARY != NDG_OP_STEP) {
        k->f64->unary[op](y, a, 1);
        ck_assert_msg(isnan(y[0]), "%s", ndg_graph_op_name(op + NDG_FIRST_UNARY));
      }
    for (uint32_t op = NDG_OP_ADD; op <= NDG_OP_MIN; op++) {
      k->f64->binary[op - NDG_FIRST_BINARY](y, a, b, 2);
      ck_assert_msg(isnan(y[0]) && isnan(y[1]), "%s", ndg_graph_op_name(op));
    }
    double x[6] = {1, NAN, 2, 3, 4, 5}, work[9];
    k->f64->log_sum_exp(y, x, 2, 3, work);
    ck_assert(isnan(y[0]));
    ck_assert_double_eq_tol(y[1], log(exp(3) + exp(4) + exp(5)), 1e-14);
  }
}
END_TEST

START_TEST(log_sum_exp_does_not_overflow) {
  const ndg_kernels *k;
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++) {
    double x[] = {1000, 1000, -1000, -1001, -INFINITY, -INFINITY, INFINITY, 0}, y[4], work[12];
    k->f64->log_sum_exp(y, x, 4, 2, work);
    ck_assert_double_eq_tol(y[0], 1000 + log(2), 1e-12);
    ck_assert_double_eq_tol(y[1], -1000 + log1p(exp(-1)), 1e-12);
    ck_assert(y[2] == -INFINITY && y[3] == INFINITY);
  }
}
END_TEST

START_TEST(powers) {
  static const double exponents[] = {0, 1, 2, 3, 4, -1, -2, 0.5, -0.5, 1.5, 2.5, 5, 7, 0.3, -3.7};
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(14);
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (size_t e = 0; e < sizeof exponents / sizeof *exponents; e++)
      for (int i = 0; i < 500; i++) {
        const double x = 0.01 + 5 * ndg_rng_uniform(&rng), im = 0.3;
        double y, yr, yi, re = x, imaginary = im;
        k->f64->power(&y, &x, exponents[e], 1);
        const long double exact = powl(x, exponents[e]);
        ck_assert_msg(fabsl(y - exact) <= 4 * DBL_EPSILON * fabsl(exact), "%g^%g = %g", x,
                      exponents[e], y);
        k->c128->power((ndg_planes){&yr, &yi}, (ndg_planes){&re, &imaginary}, exponents[e], 1);
        const double complex z = cpow(x + I * im, exponents[e]);
        ck_assert_msg(cabs(z - (yr + I * yi)) <= 64 * DBL_EPSILON * cabs(z), "(%g,%g)^%g", x, im,
                      exponents[e]);
      }
}
END_TEST

/* Sums of integers are exact in any order; their place in memory does not matter. */
START_TEST(sums_are_complete) {
  const ndg_kernels *k;
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (size_t columns = 1; columns < 70; columns++) {
      float x[3 * 70], rows[3] = {1, 1, 1}, sums[70] = {0};
      for (size_t i = 0; i < 3 * columns; i++)
        x[i] = (float)(i + 1);
      k->f32->sum_rows(rows, x, 3, columns, 1);
      k->f32->add_rows(sums, x, 3, columns);
      for (size_t r = 0; r < 3; r++) {
        const size_t first = r * columns + 1, last = (r + 1) * columns;
        ck_assert(rows[r] == (float)(1 + (first + last) * columns / 2));
      }
      for (size_t j = 0; j < columns; j++)
        ck_assert(sums[j] == (float)(3 * (j + 1) + 3 * columns));
    }
}
END_TEST

/* Column sums of several blocks, rows moved with any step, one number spread over a row: all
   lengths around those of vectors. */
START_TEST(rows_are_moved_and_summed) {
  enum { BLOCKS = 3, ROWS = 4, MOST = 70, GAP = 3 };
  const ndg_kernels *k;
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (size_t columns = 1; columns < MOST; columns++) {
      float x[BLOCKS * ROWS * MOST], y[BLOCKS * ROWS * (MOST + GAP)];
      for (size_t i = 0; i < BLOCKS * ROWS * columns; i++)
        x[i] = (float)(i + 1);
      k->f32->sum_columns(y, x, BLOCKS, ROWS, columns);
      for (size_t i = 0; i < BLOCKS * columns; i++) {
        float sum = 0;
        for (size_t r = 0; r < ROWS; r++)
          sum += x[(i / columns * ROWS + r) * columns + i % columns];
        ck_assert(y[i] == sum);
      }
      const size_t step = columns + GAP;
      memset(y, 0, sizeof y);
      k->f32->copy_rows(y, (ptrdiff_t)step, x, (ptrdiff_t)columns, ROWS, columns);
      for (size_t i = 0; i < ROWS * step; i++)
        ck_assert(y[i] == (i % step < columns ? x[i / step * columns + i % step] : 0));
      k->f32->copy_rows(y, (ptrdiff_t)columns, x, 0, ROWS, columns);
      for (size_t i = 0; i < ROWS * columns; i++)
        ck_assert(y[i] == x[i % columns]);
      k->f32->spread(y, x, 2, ROWS, columns);
      for (size_t i = 0; i < ROWS * columns; i++)
        ck_assert(y[i] == x[i / columns * 2]);
    }
}
END_TEST

/* Operations in one have the bits of the operations one by one, in place and anywhere. */
START_TEST(fused_operations_are_their_parts) {
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(17);
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (size_t n = 1; n <= LENGTH; n++) {
      const ndg_map2 *binary = k->f64->binary;
      double a[LENGTH], b[LENGTH], c[LENGTH], t[LENGTH], y[LENGTH];
      fill_wild(a, n, &rng);
      fill_wild(b, n, &rng);
      fill_wild(c, n, &rng);
      for (uint32_t op = 0; op < NDG_N_FUSED; op++) {
        const uint32_t fused = op + NDG_FIRST_FUSED;
        if (fused == NDG_FUSED_MULTIPLY_ADD || fused == NDG_FUSED_TANH_SUM) {
          binary[NDG_OP_MUL - NDG_FIRST_BINARY](t, a, b, n);
          binary[NDG_OP_ADD - NDG_FIRST_BINARY](t, t, c, n);
          if (fused == NDG_FUSED_TANH_SUM)
            k->f64->unary[NDG_OP_TANH - NDG_FIRST_UNARY](t, t, n);
        } else {
          const bool rest = fused == NDG_FUSED_TIMES_REST;
          binary[NDG_OP_MUL - NDG_FIRST_BINARY](t, rest ? c : b, c, n);
          binary[NDG_OP_SUB - NDG_FIRST_BINARY](t, rest ? b : a, t, n);
          if (rest)
            binary[NDG_OP_MUL - NDG_FIRST_BINARY](t, a, t, n);
        }
        memcpy(y, a, sizeof y);
        k->f64->fused[op](y, y, b, c, n);
        for (size_t i = 0; i < n; i++)
          ck_assert(memcmp(&y[i], &t[i], sizeof *y) == 0 || (isnan(y[i]) && isnan(t[i])));
      }
    }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kernels");
  TCase *c = tcase_create("kernels");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, errors_are_bounded, 0, N_BOUNDS);
  tcase_add_test(c, bits_do_not_depend_on_place);
  tcase_add_test(c, kernels_work_in_place);
  tcase_add_test(c, complex_functions_are_accurate);
  tcase_add_test(c, complex_functions_keep_the_real_axis);
  tcase_add_test(c, not_a_number_passes);
  tcase_add_test(c, log_sum_exp_does_not_overflow);
  tcase_add_test(c, powers);
  tcase_add_test(c, sums_are_complete);
  tcase_add_test(c, rows_are_moved_and_summed);
  tcase_add_test(c, fused_operations_are_their_parts);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
