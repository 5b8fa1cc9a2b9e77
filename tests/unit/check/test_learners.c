/* SPDX-License-Identifier: MIT */
/* Tasks that are found without knowing a learner, and its cases where memory runs out. */
#include <math.h>
#include <string.h>

#include "../suite.h"
#include "check/bench.h"
#include "check/groups.h"
#include "support.h"

static by_hand h;
static const char *path(const char *variable) {
  const char *p = getenv(variable);
  ck_assert_msg(p != NULL, "%s is not set", variable);
  return p;
}
static void close_it(void) {
  close_by_hand(&h);
}

static ndg_check_variants find(void) {
  ndg_check_variants all;
  ndg_error e = {0};
  ck_assert_msg(ndg_check_find_variants(&h.check, &all, &e) == NDG_OK, "%s", e.text);
  return all;
}

static bool has(const ndg_check_variants *all, const char *text) {
  for (uint64_t i = 0; i < all->n; i++)
    if (strstr(all->at[i]->text, text))
      return true;
  return false;
}

/* From its examples, and the choices that they leave out. */
START_TEST(test_examples) {
  open_by_hand(path("SYNAPSE"), &h);
  const ndg_check_variants all = find();
  ck_assert_uint_ge(all.n, 10);
  ck_assert_str_eq(all.at[0]->text, "options layers=3, 4, 2 loss=mse lambda=0.3");
  ck_assert(has(&all, "start_at_omega=true") && has(&all, "activation=relu"));
  ck_assert(has(&all, "loss=cross_entropy"));
  h.check.quick = true;
  ck_assert_uint_eq(find().n, 4);
}
END_TEST

/* Without an example: the usual arrays. */
START_TEST(test_forms) {
  open_by_hand(path("MUSEUM"), &h);
  const ndg_check_variants all = find();
  ck_assert_uint_eq(all.n, 1);
  ck_assert_str_eq(all.at[0]->text, "default options");
  ck_assert_uint_eq(all.at[0]->n_arrays, 4);
  ck_assert_uint_eq(all.at[0]->arrays[1].shape.n_dims, 1);
}
END_TEST

START_TEST(test_tasks) {
  open_by_hand(path("SYNAPSE"), &h);
  const ndg_check_variants all = find();
  bool indices = false;
  for (uint64_t k = 0; k < all.n; k++) {
    const ndg_check_variant *v = all.at[k];
    const ndg_task_arrays *few = ndg_check_draw_tasks(&h.check, v, 2, "tasks");
    const ndg_task_arrays *many = ndg_check_draw_tasks(&h.check, v, 9, "tasks");
    const ndg_task_arrays *others = ndg_check_draw_tasks(&h.check, v, 2, "others");
    const ndg_task_arrays *second = ndg_check_some_tasks(&h.check, many, 1, 1);
    const ndg_task_arrays *copy = ndg_check_copy_tasks(&h.check, few);
    for (uint64_t i = 0; i < v->n_arrays; i++) {
      const ndg_array *a = &few->arrays[i];
      const size_t bytes = ndg_check_task_bytes(a);
      ck_assert_mem_eq(a->data, many->arrays[i].data, 2 * bytes);
      ck_assert_mem_eq(second->arrays[i].data, (const char *)a->data + bytes, bytes);
      ck_assert_mem_eq(copy->arrays[i].data, a->data, 2 * bytes);
      ck_assert_ptr_ne(copy->arrays[i].data, a->data);
      ck_assert_mem_ne(a->data, others->arrays[i].data, 2 * bytes);
      for (uint64_t n = 0; n < 2 * ndg_shape_size(&a->shape); n++) {
        if (a->kind == NDG_INDEX) {
          indices = true;
          ck_assert_uint_lt((uint64_t)((const int32_t *)a->data)[n], a->n_values);
        } else {
          const double x = ((const double *)a->data)[n];
          ck_assert(x == (double)(float)x && isfinite(x));
        }
      }
    }
  }
  ck_assert(indices);
}
END_TEST

/* The same point in each element type, from which directions can be taken exactly. */
START_TEST(test_point) {
  open_by_hand(path("QUADRATIC"), &h);
  const ndg_check_variant *v = find().at[0];
  ndg_bench b[2];
  ndg_error e = {0};
  for (int k = 0; k < 2; k++) {
    const ndg_bench_spec spec = {.dtype = k ? NDG_LONG_DOUBLE : NDG_F32,
                                 .tasks = ndg_check_draw_tasks(&h.check, v, 3, "tasks")};
    ck_assert_msg(ndg_bench_open(&h.check, v, &spec, &b[k], &e) == NDG_OK, "%s", e.text);
  }
  for (uint64_t t = 0; t < 3; t++)
    for (uint64_t i = 0; i < b[0].n_phi; i++) {
      ck_assert(ndg_bench_get(b[0].phi, t, i) == ndg_bench_get(b[1].phi, t, i));
      const long double d = ndg_bench_get(b[0].direction, t, i);
      ck_assert(d == ndg_bench_get(b[1].direction, t, i));
      ck_assert(d != 0 && fabsl(d) <= 1 && 8 * d == roundl(8 * d));
    }
  ck_assert_mem_eq(b[0].theta, b[1].theta, b[0].n_theta * sizeof *b[0].theta);
  for (uint64_t i = 0; i < b[0].n_theta; i++) /* lambda, away from its bound */
    ck_assert(b[0].theta[i] > 0x1p-6 && b[0].theta[i] == (double)(float)b[0].theta[i]);
  ndg_bench_close(&b[0]);
  ndg_bench_close(&b[1]);
}
END_TEST

/* Every case of a learner, with its n-th allocation and all later ones failing: it says something
   or passes, and goes on afterwards. */
static void run_out_of_memory(const ndg_check_case *of) {
  for (uint64_t n = 0, step = 1; n < 100000; n += step, step += (step + 1) / 2) {
    open_by_hand(path("QUADRATIC"), &h);
    h.check.running = of;
    h.check.quick = true;
    const uint64_t before = ndg_allocation_count();
    ndg_fail_allocations_after(n);
    of->run(&h.check);
    ndg_fail_allocations_after(UINT64_MAX);
    const bool enough = ndg_allocation_count() - before < n;
    const char *text = said(&h);
    close_by_hand(&h);
    ck_assert_msg(!enough || text[0] != 'F', "%s/%s: %s", of->group, of->name, text);
    if (enough)
      return;
  }
}

START_TEST(test_no_memory) {
  for (const ndg_check_case *const *t = ndg_check_groups; *t; t++)
    for (const ndg_check_case *c = *t; c->group; c++)
      if (c->kind && strcmp(c->kind, NDG_KIND_LEARNER) == 0)
        run_out_of_memory(c);
}
END_TEST

int main(void) {
  Suite *s = suite_create("learners");
  TCase *t = tcase_create("tasks"), *m = tcase_create("memory");
  tcase_add_checked_fixture(t, NULL, close_it);
  tcase_add_test(t, test_examples);
  tcase_add_test(t, test_forms);
  tcase_add_test(t, test_tasks);
  tcase_add_test(t, test_point);
  tcase_set_timeout(m, 120);
  tcase_add_test(m, test_no_memory);
  suite_add_tcase(s, t);
  suite_add_tcase(s, m);
  return run_suite(s);
}
