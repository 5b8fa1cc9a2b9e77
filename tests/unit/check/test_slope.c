/* SPDX-License-Identifier: MIT */
/* Slopes by differences: how right they are, and that they know it. */
#include <float.h>
#include <math.h>

#include "../suite.h"
#include "check/bench.h"

/* Functions with known slopes at 0. */
enum { N_SMOOTH = 6 };
static ndg_status smooth(void *context, double t, long double *out, ndg_error *e) {
  const long double x = t;
  (void)context, (void)e;
  out[0] = expl(x);
  out[1] = 3 + sinl(40 * x);
  out[2] = 1e3L + 0.25L * x;
  out[3] = logl(1 + 7 * x) - 2 * x * x;
  out[4] = 5;
  out[5] = tanhl(1 + x) * cosl(3 * x);
  return NDG_OK;
}
static const long double slopes[N_SMOOTH] = {1, 40, 0.25L, 7, 0, 0.41997434161402606939L};

static ndg_status exponential(void *context, double t, long double *out, ndg_error *e) {
  (void)context, (void)e;
  out[0] = expl(t);
  return NDG_OK;
}

/* A bend within the first steps, beside 0; a jump at 0. */
enum { N_ROUGH = 2 };
static ndg_status rough(void *context, double t, long double *out, ndg_error *e) {
  (void)context, (void)e;
  out[0] = t > 0x1p-9 ? 3 * (t - 0x1p-9L) : 0;
  out[1] = t > 0 ? 1 : 0;
  return NDG_OK;
}

static ndg_arena *arena;
static void make_arena(void) {
  arena = ndg_arena_create(1024);
}
static void drop_arena(void) {
  ndg_arena_destroy(arena);
}

START_TEST(test_smooth) {
  long double slope[N_SMOOTH], error[N_SMOOTH];
  ndg_error e = {0};
  ck_assert_int_eq(ndg_check_slope(smooth, NULL, N_SMOOTH, LDBL_EPSILON, arena, slope, error, &e),
                   NDG_OK);
  for (int i = 0; i < N_SMOOTH; i++) {
    const long double miss = fabsl(slope[i] - slopes[i]);
    ck_assert_msg(miss <= error[i], "%d: %.20Lg, error %.3Lg", i, slope[i], error[i]);
    /* Round-off of the largest of them, 1e3, over a step. */
    ck_assert_msg(error[i] < 1e-10L, "%d: error %.3Lg", i, error[i]);
  }
}
END_TEST

START_TEST(test_each_alone_is_sharp) {
  long double slope[1], error[1];
  ndg_error e = {0};
  ndg_status st = ndg_check_slope(exponential, NULL, 1, LDBL_EPSILON, arena, slope, error, &e);
  ck_assert_int_eq(st, NDG_OK);
  ck_assert(fabsl(slope[0] - 1) < 1e-16L && error[0] < 1e-15L);
}
END_TEST

START_TEST(test_rough) {
  long double slope[N_ROUGH], error[N_ROUGH];
  ndg_error e = {0};
  ck_assert_int_eq(ndg_check_slope(rough, NULL, N_ROUGH, LDBL_EPSILON, arena, slope, error, &e),
                   NDG_OK);
  ck_assert(fabsl(slope[0]) <= error[0] && error[0] < 1e-9L);
  ck_assert(ndg_check_compare(0, slope[1], error[1], 1, LDBL_EPSILON).unclear);
}
END_TEST

START_TEST(test_verdicts) {
  /* Right to rounding, wrong in the twelfth digit, and NaN. */
  ck_assert(!ndg_check_compare(1, 1 + 4 * LDBL_EPSILON, 1e-18L, 1, LDBL_EPSILON).wrong);
  ck_assert(ndg_check_compare(1, 1 + 1e-12L, 1e-18L, 1, LDBL_EPSILON).wrong);
  ck_assert(ndg_check_compare(NAN, 1, 1e-18L, 1, LDBL_EPSILON).wrong);
  /* What differences leave open is allowed, up to five digits. */
  ck_assert(!ndg_check_compare(1, 1 + 1e-9L, 1e-9L, 1, LDBL_EPSILON).wrong);
  ck_assert(ndg_check_compare(1, 2, 0.1L, 1, LDBL_EPSILON).unclear);
  ck_assert(ndg_check_compare(1, NAN, NAN, 1, LDBL_EPSILON).unclear);
}
END_TEST

int main(void) {
  Suite *s = suite_create("slope");
  TCase *t = tcase_create("slope");
  tcase_add_checked_fixture(t, make_arena, drop_arena);
  tcase_add_test(t, test_smooth);
  tcase_add_test(t, test_each_alone_is_sharp);
  tcase_add_test(t, test_rough);
  tcase_add_test(t, test_verdicts);
  suite_add_tcase(s, t);
  return run_suite(s);
}
