/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/ziggurat.h"
#include "fixture.h"

/* As PCG's reference code seeds: one step, the seed added, another step. */
static ndg_rng seeded(uint64_t seed, uint64_t sequence) {
  ndg_rng r = {0, 0, 0, (sequence << 1) | 1u};
  (void)ndg_rng_next(&r);
  const uint64_t low = r.state_low;
  r.state_low += seed;
  r.state_high += r.state_low < low;
  (void)ndg_rng_next(&r);
  return r;
}

/* Published output of pcg-cpp's cm_setseq_dxsm_128_64(42, 54), as in the tests of rand_pcg. */
START_TEST(published_output) {
  static const uint64_t expected[] = {
      UINT64_C(17331114245835578256), UINT64_C(10267467544499227306),
      UINT64_C(9726600296081716989),  UINT64_C(10165951391103677450),
      UINT64_C(12131334649314727261), UINT64_C(10134094537930450875)};
  ndg_rng r = seeded(42, 54);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    ck_assert_uint_eq(ndg_rng_next(&r), expected[i]);
  }
}
END_TEST

/* The same generator by schoolbook arithmetic on 16-bit digits, least significant first. */
typedef struct digits {
  uint32_t d[8];
} digits;

static digits digits_of(uint64_t high, uint64_t low) {
  digits x;
  for (unsigned i = 0; i < 4; i++) {
    x.d[i] = (uint32_t)(low >> (16 * i)) & 0xffffu;
    x.d[i + 4] = (uint32_t)(high >> (16 * i)) & 0xffffu;
  }
  return x;
}

static uint64_t half_of(const digits *x, unsigned from) {
  uint64_t value = 0;
  for (unsigned i = 4; i-- > 0;) {
    value = (value << 16) | x->d[from + i];
  }
  return value;
}

/* a * b + c modulo 2^128. */
static digits multiply_add(const digits *a, const digits *b, const digits *c) {
  digits x = *c;
  for (unsigned i = 0; i < 8; i++) {
    uint32_t carry = 0;
    for (unsigned j = 0; i + j < 8; j++) {
      const uint64_t sum = (uint64_t)a->d[i] * b->d[j] + x.d[i + j] + carry;
      x.d[i + j] = (uint32_t)(sum & 0xffffu);
      carry = (uint32_t)(sum >> 16);
    }
  }
  return x;
}

/* Low 64 bits of a product. */
static uint64_t product(uint64_t a, uint64_t b) {
  const digits x = digits_of(0, a), y = digits_of(0, b), zero = digits_of(0, 0);
  const digits z = multiply_add(&x, &y, &zero);
  return half_of(&z, 0);
}

START_TEST(output_by_schoolbook_arithmetic) {
  const uint64_t cheap = UINT64_C(15750249268501108917); /* the paper's 64-bit multiplier */
  ndg_rng r = ndg_rng_root(2024);
  digits state = digits_of(r.state_high, r.state_low);
  const digits increment = digits_of(r.increment_high, r.increment_low);
  const digits multiplier = digits_of(0, cheap);
  for (unsigned i = 0; i < 2000; i++) {
    uint64_t x = half_of(&state, 4);
    x ^= x >> 32;
    x = product(x, cheap);
    x ^= x >> 48;
    x = product(x, half_of(&state, 0) | 1u);
    ck_assert_uint_eq(ndg_rng_next(&r), x);
    state = multiply_add(&state, &multiplier, &increment);
  }
  ck_assert_uint_eq(r.state_high, half_of(&state, 4));
  ck_assert_uint_eq(r.state_low, half_of(&state, 0));
}
END_TEST

static int compare_words(const void *a, const void *b) {
  return memcmp(a, b, sizeof(uint64_t));
}

/* Roots, children by index, by label, and grandchildren: all states and increments distinct, all
   increments odd, and first outputs distinct too. */
START_TEST(streams_are_all_different) {
  enum { N = 4000 };
  static const char *const labels[] = {"",      "a",    "b",        "task",
                                       "tasks", "init", "abcdefgh", "abcdefghi"};
  static uint64_t seen[5][8 * N];
  size_t n = 0, n_even = 0, n_same = 0;
  const ndg_rng root = ndg_rng_root(1);
  for (uint64_t i = 0; i < N; i++) {
    const ndg_rng child = ndg_rng_stream(&root, "task", i + 1000);
    ndg_rng all[] = {ndg_rng_root(i), child, ndg_rng_stream(&root, labels[i % 8], i / 8),
                     ndg_rng_stream(&child, "init", 0)};
    for (size_t j = 0; j < 4; j++) {
      n_even += (all[j].increment_low & 1u) == 0;
      seen[0][n] = all[j].state_high;
      seen[1][n] = all[j].state_low;
      seen[2][n] = all[j].increment_high;
      seen[3][n] = all[j].increment_low;
      seen[4][n] = ndg_rng_next(&all[j]);
      n++;
    }
  }
  for (size_t k = 0; k < 5; k++) {
    qsort(seen[k], n, sizeof seen[k][0], compare_words);
    for (size_t i = 1; i < n; i++) {
      n_same += seen[k][i] == seen[k][i - 1];
    }
  }
  ck_assert_uint_eq(n_even, 0);
  ck_assert_uint_eq(n_same, 0);
}
END_TEST

START_TEST(streams_depend_on_names_only) {
  ndg_rng root = ndg_rng_root(5);
  const ndg_rng before = root;
  const ndg_rng a = ndg_rng_stream(&root, "a", 3);
  (void)ndg_rng_stream(&root, "b", 4);
  const ndg_rng again = ndg_rng_stream(&root, "a", 3);
  ck_assert_mem_eq(&a, &again, sizeof a);
  ck_assert_mem_eq(&root, &before, sizeof root);
  (void)ndg_rng_next(&root);
  const ndg_rng later = ndg_rng_stream(&root, "a", 3);
  ck_assert_mem_ne(&a, &later, sizeof a);
}
END_TEST

static unsigned count_bits(uint64_t x) {
  unsigned n = 0;
  for (; x; x &= x - 1) {
    n++;
  }
  return n;
}

/* One bit of the index or the seed changes half of the bits of state and increment; also neighbours
   agree in half of the bits of their outputs. 6 sigma around 32. */
START_TEST(streams_mix_every_bit) {
  const ndg_rng root = ndg_rng_root(9);
  double sum[6] = {0, 0, 0, 0, 0, 0};
  enum { N = 4096 };
  for (uint64_t i = 0; i < N; i++) {
    const uint64_t index = i * UINT64_C(0x9e3779b97f4a7c15), bit = UINT64_C(1) << (i % 64);
    ndg_rng a = ndg_rng_stream(&root, "x", index), b = ndg_rng_stream(&root, "x", index ^ bit);
    const ndg_rng c = ndg_rng_root(index), d = ndg_rng_root(index ^ bit);
    sum[0] += count_bits(a.state_high ^ b.state_high);
    sum[1] += count_bits(a.state_low ^ b.state_low);
    sum[2] += count_bits(a.increment_high ^ b.increment_high);
    sum[3] += count_bits((a.increment_low ^ b.increment_low) >> 1) + 0.5;
    sum[4] += count_bits(c.state_high ^ d.state_high);
    sum[5] += count_bits(ndg_rng_next(&a) ^ ndg_rng_next(&b));
  }
  for (size_t k = 0; k < 6; k++) {
    ck_assert_double_eq_tol(sum[k] / N, 32.0, 6.0 * 4.0 / sqrt(N));
  }
}
END_TEST

/* Bulk fills and single draws give the same bits and leave the same stream behind. */
static const ndg_dtype real_dtypes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE, NDG_C128};
static const size_t sizes[] = {sizeof(float), sizeof(double), sizeof(long double),
                               sizeof(ndg_complex)};

typedef void (*fill)(ndg_rng *, ndg_dtype, void *, uint64_t);

static double as_double(ndg_dtype dtype, const void *x) {
  return dtype == NDG_F32           ? (double)*(const float *)x
         : dtype == NDG_LONG_DOUBLE ? (double)*(const long double *)x
                                    : *(const double *)x;
}

static void assert_bulk_is_single(fill f) {
  enum { N = 5000 };
  for (size_t k = 0; k < 4; k++) {
    ndg_rng one = ndg_rng_root(11), many = one, doubles = one;
    unsigned n_wrong = 0;
    char *const bulk = ndg_calloc(N, sizes[k]);
    for (uint64_t done = 0, n = 0; done < N; done += n) {
      n = n + 1 < N - done ? n + 1 : N - done; /* 1, 2, 3 ... at a time */
      f(&many, real_dtypes[k], bulk + done * sizes[k], n);
    }
    for (uint64_t i = 0; i < N; i++) {
      long double single[2] = {0, 0};
      double x;
      f(&one, real_dtypes[k], single, 1);
      f(&doubles, NDG_F64, &x, 1);
      const double of_bulk = as_double(real_dtypes[k], bulk + i * sizes[k]);
      n_wrong += as_double(real_dtypes[k], single) != of_bulk;
      /* One stream position in every dtype, and the same number up to rounding. */
      const double tolerance = real_dtypes[k] == NDG_F32 ? 0x1p-23 * (1.0 + fabs(x)) : 0.0;
      n_wrong += fabs(x - of_bulk) > tolerance;
      if (real_dtypes[k] == NDG_C128) {
        n_wrong += ((const ndg_complex *)(const void *)bulk)[i].im != 0.0;
      }
    }
    ck_assert_uint_eq(n_wrong, 0);
    ck_assert_mem_eq(&one, &many, sizeof one);
    ck_assert_mem_eq(&one, &doubles, sizeof one);
    ndg_free(bulk);
  }
}

START_TEST(bulk_uniforms_are_single_draws) {
  assert_bulk_is_single(ndg_rng_fill_uniform);
  ndg_rng a = ndg_rng_root(3), b = a;
  double x;
  ndg_rng_fill_uniform(&a, NDG_F64, &x, 1);
  ck_assert(x == ndg_rng_uniform(&b));
}
END_TEST

START_TEST(bulk_normals_are_single_draws) {
  assert_bulk_is_single(ndg_rng_fill_normal);
}
END_TEST

/* A generator whose next output is `output`: DXSM undone, with 1 as its last factor. */
static ndg_rng about_to_give(uint64_t output) {
  uint64_t inverse = 1;
  for (unsigned i = 0; i < 6; i++) {
    inverse *= 2 - NDG_PCG_MULTIPLIER * inverse; /* Newton: 1, 2, 4 ... 64 right bits */
  }
  uint64_t high = output ^ (output >> 48);
  high *= inverse;
  high ^= high >> 32;
  const ndg_rng r = {high, 0, 0, 1};
  return r;
}

/* The extreme draws in every dtype; a double rounded to float would give 1. */
START_TEST(uniforms_stay_below_one) {
  const double largest[] = {1.0 - 0x1p-24, 1.0 - 0x1p-53, 1.0 - 0x1p-53, 1.0 - 0x1p-53};
  for (size_t k = 0; k < 4; k++) {
    long double x[2];
    ndg_rng r = about_to_give(UINT64_MAX);
    ndg_rng_fill_uniform(&r, real_dtypes[k], x, 1);
    ck_assert(as_double(real_dtypes[k], x) == largest[k]);
    r = about_to_give(0);
    ndg_rng_fill_uniform(&r, real_dtypes[k], x, 1);
    ck_assert(as_double(real_dtypes[k], x) == 0.0);
  }
}
END_TEST

static double uniform_at(double x) {
  return x;
}

static double normal_at(double x) {
  return 0.5 * erfc(-x * sqrt(0.5));
}

/* Chi-square of N draws in K cells of equal probability, the cell being that of the distribution
   function's value. Fixed seed; limit: 5 standard deviations. */
static void assert_distribution(const double *x, size_t n, double (*at)(double)) {
  enum { K = 1000 };
  static unsigned count[K];
  memset(count, 0, sizeof count);
  size_t n_outside = 0; /* assertions are too slow for every number */
  for (size_t i = 0; i < n; i++) {
    const double u = at(x[i]);
    if (u >= 0.0 && u < 1.0) {
      count[(size_t)(u * K)]++;
    } else {
      n_outside++;
    }
  }
  ck_assert_uint_eq(n_outside, 0);
  double chi2 = 0.0;
  const double expected = (double)n / K;
  for (size_t k = 0; k < K; k++) {
    chi2 += (count[k] - expected) * (count[k] - expected) / expected;
  }
  ck_assert_double_eq_tol(chi2, K - 1, 5.0 * sqrt(2.0 * (K - 1)));
}

enum { N_DRAWS = 1 << 20 };
static double draws[N_DRAWS];

/* n-th moment against its value, within five standard deviations of the mean's error. */
static void assert_moment(int power, double expected, double variance) {
  double sum = 0.0;
  for (size_t i = 0; i < N_DRAWS; i++) {
    sum += pow(draws[i], power);
  }
  ck_assert_double_eq_tol(sum / N_DRAWS, expected, 5.0 * sqrt(variance / N_DRAWS));
}

START_TEST(uniforms_are_uniform) {
  ndg_rng r = ndg_rng_root(21);
  ndg_rng_fill_uniform(&r, NDG_F64, draws, N_DRAWS);
  assert_distribution(draws, N_DRAWS, uniform_at);
  assert_moment(1, 1.0 / 2, 1.0 / 12);
  assert_moment(2, 1.0 / 3, 4.0 / 45);
}
END_TEST

START_TEST(normals_are_normal) {
  ndg_rng r = ndg_rng_root(22);
  ndg_rng_fill_normal(&r, NDG_F64, draws, N_DRAWS);
  assert_distribution(draws, N_DRAWS, normal_at);
  assert_moment(1, 0.0, 1.0);
  assert_moment(2, 1.0, 2.0);
  assert_moment(3, 0.0, 15.0);
  assert_moment(4, 3.0, 96.0);
  double product_sum = 0.0;
  for (size_t i = 1; i < N_DRAWS; i++) {
    product_sum += draws[i] * draws[i - 1];
  }
  ck_assert_double_eq_tol(product_sum / N_DRAWS, 0.0, 5.0 / sqrt(N_DRAWS));
}
END_TEST

/* The parts that few draws reach: the tail and the strips between rectangle and curve. */
START_TEST(normal_tail_has_its_share) {
  size_t n_tail[2] = {0, 0}, n_far = 0;
  ndg_rng r = ndg_rng_root(23);
  for (unsigned k = 0; k < 16; k++) {
    ndg_rng_fill_normal(&r, NDG_F64, draws, N_DRAWS);
    for (size_t i = 0; i < N_DRAWS; i++) {
      n_tail[draws[i] > 0] += fabs(draws[i]) > edge[1];
      n_far += fabs(draws[i]) > 4.5;
    }
  }
  const double n = 16.0 * N_DRAWS, each = n * normal_at(-edge[1]), far = n * 2.0 * normal_at(-4.5);
  ck_assert_double_eq_tol((double)n_tail[0], each, 5.0 * sqrt(each));
  ck_assert_double_eq_tol((double)n_tail[1], each, 5.0 * sqrt(each));
  ck_assert_double_eq_tol((double)n_far, far, 5.0 * sqrt(far));
}
END_TEST

/* Every layer has the area of the lowest with its tail, to rounding. */
START_TEST(ziggurat_layers_have_equal_area) {
  const long double r = (long double)edge[1];
  const long double area = r * expl(-r * r / 2) + sqrtl(acosl(-1.0L) / 2) * erfcl(r * sqrtl(0.5L));
  ck_assert_ldouble_eq_tol((long double)edge[0] * expl(-r * r / 2), area, 1e-17L);
  ck_assert(edge[256] == 0.0);
  for (size_t i = 1; i < 256; i++) {
    const long double x = (long double)edge[i], y = (long double)edge[i + 1];
    ck_assert(x > y);
    ck_assert_ldouble_eq_tol(x * (expl(-y * y / 2) - expl(-x * x / 2)), area, 4e-16L);
  }
}
END_TEST

START_TEST(below_is_unbiased) {
  enum { N = 700000 };
  ndg_rng r = ndg_rng_root(31);
  unsigned count[8] = {0};
  for (unsigned i = 0; i < N; i++) {
    const uint64_t k = ndg_rng_below(&r, 7);
    count[k < 7 ? k : 7]++;
  }
  double chi2 = 0.0;
  for (size_t k = 0; k < 7; k++) {
    chi2 += (count[k] - N / 7.0) * (count[k] - N / 7.0) / (N / 7.0);
  }
  ck_assert_uint_eq(count[7], 0);
  ck_assert_double_lt(chi2, 35.0); /* 6 degrees of freedom: once in 200,000 */
  /* A bound where, without drawing again, multiples of three would come as often as all others. */
  const uint64_t bound = UINT64_C(3) << 62;
  unsigned n_multiples = 0, n_outside = 0;
  for (unsigned i = 0; i < 30000; i++) {
    const uint64_t k = ndg_rng_below(&r, bound);
    n_outside += k >= bound;
    n_multiples += k % 3 == 0;
  }
  ck_assert_uint_eq(n_outside, 0);
  ck_assert_double_eq_tol(n_multiples, 10000.0, 5.0 * sqrt(30000.0 * 2.0 / 9.0));
  ck_assert_uint_eq(ndg_rng_below(&r, 1), 0);
}
END_TEST

START_TEST(permutations_are_permutations) {
  enum { N = 1000 };
  int32_t p[N];
  bool seen[N] = {false};
  ndg_rng r = ndg_rng_root(41);
  ndg_rng_fill_permutation(&r, p, N);
  for (size_t i = 0; i < N; i++) {
    ck_assert(p[i] >= 0 && p[i] < N && !seen[p[i]]);
    seen[p[i]] = true;
  }
  ndg_rng_fill_permutation(&r, p, 0);
  ndg_rng_fill_permutation(&r, p, 1);
  ck_assert_int_eq(p[0], 0);
}
END_TEST

/* All 24 orders of four equally often. */
START_TEST(permutations_are_uniform) {
  enum { N = 240000 };
  unsigned count[256] = {0};
  ndg_rng r = ndg_rng_root(43);
  for (unsigned i = 0; i < N; i++) {
    int32_t p[4];
    ndg_rng_fill_permutation(&r, p, 4);
    count[p[0] | p[1] << 2 | p[2] << 4 | p[3] << 6]++;
  }
  double chi2 = 0.0;
  unsigned n_orders = 0;
  for (size_t k = 0; k < 256; k++) {
    if (count[k] > 0) {
      n_orders++;
      chi2 += (count[k] - N / 24.0) * (count[k] - N / 24.0) / (N / 24.0);
    }
  }
  ck_assert_uint_eq(n_orders, 24);
  ck_assert_double_eq_tol(chi2, 23.0, 5.0 * sqrt(46.0));
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("random");
  TCase *const tests = tcase_create("random");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, published_output);
  tcase_add_test(tests, output_by_schoolbook_arithmetic);
  tcase_add_test(tests, streams_are_all_different);
  tcase_add_test(tests, streams_depend_on_names_only);
  tcase_add_test(tests, streams_mix_every_bit);
  tcase_add_test(tests, bulk_uniforms_are_single_draws);
  tcase_add_test(tests, bulk_normals_are_single_draws);
  tcase_add_test(tests, uniforms_stay_below_one);
  tcase_add_test(tests, uniforms_are_uniform);
  tcase_add_test(tests, normals_are_normal);
  tcase_add_test(tests, normal_tail_has_its_share);
  tcase_add_test(tests, ziggurat_layers_have_equal_area);
  tcase_add_test(tests, below_is_unbiased);
  tcase_add_test(tests, permutations_are_permutations);
  tcase_add_test(tests, permutations_are_uniform);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
