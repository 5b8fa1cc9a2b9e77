/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "fixture.h"

static bool all_zero(const void *p, size_t n) {
  const unsigned char *const bytes = p;
  for (size_t i = 0; i < n; i++) {
    if (bytes[i] != 0) {
      return false;
    }
  }
  return true;
}

START_TEST(memory_is_zeroed_and_aligned) {
  for (size_t n = 0; n < 300; n += 7) {
    unsigned char *const p = ndg_calloc(n, 3);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p % NDG_ALIGNMENT, 0);
    ck_assert(all_zero(p, 3 * n));
    memset(p, 0xff, 3 * n); /* so that a recycled block shows */
    ndg_free(p);
  }
  ndg_free(NULL);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused) {
  ck_assert_ptr_null(ndg_calloc(SIZE_MAX, 2));
  ck_assert_ptr_null(ndg_calloc(SIZE_MAX / 8 + 2, 8));
  ck_assert_ptr_null(ndg_calloc(SIZE_MAX, 1));
  ck_assert_ptr_null(ndg_calloc(1, SIZE_MAX - 10));
  ndg_arena *const a = ndg_arena_create(0);
  ck_assert_ptr_null(ndg_arena_alloc(a, SIZE_MAX / 4, 8));
  ck_assert_ptr_null(ndg_arena_alloc(a, SIZE_MAX, 1));
  ck_assert_ptr_nonnull(ndg_arena_alloc(a, 8, 8));
  ndg_arena_destroy(a);
}
END_TEST

START_TEST(realloc_keeps_and_zeroes) {
  unsigned char *p = ndg_calloc(10, 1);
  memset(p, 7, 10);
  p = ndg_realloc(p, 10, 1000);
  ck_assert_int_eq(p[9], 7);
  ck_assert(all_zero(p + 10, 990));
  p = ndg_realloc(p, 1000, 4);
  ck_assert_int_eq(p[3], 7);
  ndg_fail_allocations_after(0);
  ck_assert_ptr_null(ndg_realloc(p, 4, 8));
  ndg_fail_allocations_after(UINT64_MAX);
  ck_assert_int_eq(p[3], 7); /* still ours */
  ndg_free(p);
  p = ndg_realloc(NULL, 0, 5);
  ck_assert(all_zero(p, 5));
  ndg_free(p);
}
END_TEST

START_TEST(allocations_are_counted_and_fail_on_purpose) {
  const uint64_t before = ndg_allocation_count();
  void *const p = ndg_calloc(1, 1);
  char *const q = ndg_strdup("text");
  ck_assert_uint_eq(ndg_allocation_count() - before, 2);
  ck_assert_str_eq(q, "text");
  ndg_free(p);
  ndg_free(q);
  ck_assert_uint_eq(ndg_allocation_count() - before, 2);
  for (uint64_t n = 0; n < 4; n++) {
    void *got[6];
    ndg_fail_allocations_after(n);
    for (uint64_t i = 0; i < 6; i++) {
      got[i] = ndg_calloc(1, 8);
      ck_assert((got[i] != NULL) == (i < n));
    }
    ndg_fail_allocations_after(UINT64_MAX);
    for (uint64_t i = 0; i < 6; i++) {
      ndg_free(got[i]);
    }
  }
  ck_assert_ptr_null(ndg_strdup(NULL));
}
END_TEST

/* Many sizes; every object keeps its own bytes, is zeroed and aligned. */
START_TEST(arena_objects_are_apart) {
  enum { N = 500 };
  static unsigned char *objects[N];
  ndg_arena *const a = ndg_arena_create(1);
  for (size_t i = 0; i < N; i++) {
    const size_t n = i * i % 1019;
    objects[i] = ndg_arena_alloc(a, n, 1);
    ck_assert_ptr_nonnull(objects[i]);
    ck_assert_uint_eq((uintptr_t)objects[i] % (n >= 64 ? 64 : 16), 0);
    ck_assert(all_zero(objects[i], n));
    memset(objects[i], (int)(i % 251) + 1, n);
  }
  for (size_t i = 0; i < N; i++) {
    size_t n_wrong = 0;
    for (size_t j = 0; j < i * i % 1019; j++) {
      n_wrong += objects[i][j] != i % 251 + 1;
    }
    ck_assert_uint_eq(n_wrong, 0);
  }
  ck_assert_str_eq(ndg_arena_strdup(a, "name"), "name");
  ck_assert_ptr_null(ndg_arena_strdup(a, NULL));
  ndg_arena_destroy(a);
  ndg_arena_destroy(NULL);
}
END_TEST

START_TEST(arena_blocks_are_few) {
  const uint64_t before = ndg_allocation_count();
  ndg_arena *const a = ndg_arena_create(256);
  unsigned n_missing = 0;
  for (unsigned i = 0; i < 100000; i++) {
    n_missing += ndg_arena_alloc(a, 3, 8) == NULL;
  }
  ck_assert_uint_eq(n_missing, 0);
  ck_assert_uint_le(ndg_allocation_count() - before, 20);
  ndg_arena_destroy(a);
}
END_TEST

static bool use_arena(void) {
  ndg_arena *const a = ndg_arena_create(64);
  bool good = a != NULL;
  for (unsigned i = 0; good && i < 200; i++) {
    good = ndg_arena_alloc(a, i, 16) && ndg_arena_strdup(a, "a name");
  }
  ndg_arena_destroy(a);
  return good;
}

START_TEST(arena_survives_every_failure) {
  uint64_t n = 0;
  for (bool good = false; !good; n++) {
    ndg_fail_allocations_after(n);
    good = use_arena();
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert_uint_lt(n, 100);
  }
  ck_assert_uint_gt(n, 5); /* several blocks were needed, so several failures were seen */
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("memory");
  TCase *const tests = tcase_create("memory");
  tcase_add_test(tests, memory_is_zeroed_and_aligned);
  tcase_add_test(tests, sizes_that_overflow_are_refused);
  tcase_add_test(tests, realloc_keeps_and_zeroes);
  tcase_add_test(tests, allocations_are_counted_and_fail_on_purpose);
  tcase_add_test(tests, arena_objects_are_apart);
  tcase_add_test(tests, arena_blocks_are_few);
  tcase_add_test(tests, arena_survives_every_failure);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
