/* SPDX-License-Identifier: MIT */
/* Going on from phases that were run before: the same bits, counts and messages as one run. */
#include <math.h>
#include <string.h>

#include "problem_fixture.h"

static known_tasks tasks;
static known_options options;
static ndg_problem_spec spec;
static ndg_error e;

static void set_up(void) {
  known_tasks_fill(&tasks, 3);
  options = (known_options){0};
  spec = known_spec(&options, &tasks);
  e = (ndg_error){0};
}

static void same_result(const result *a, const result *b) {
  ck_assert(same_bits(a->end, b->end));
  ck_assert_int_eq(a->status, b->status);
  ck_assert_str_eq(a->text, b->text);
  ck_assert_uint_eq(a->phase.steps_taken, b->phase.steps_taken);
  ck_assert_uint_eq(a->gradient_evaluations, b->gradient_evaluations);
  ck_assert_mem_eq(&a->phase.gradient_norm, &b->phase.gradient_norm, sizeof(double));
  ck_assert(a->phase.contraction == b->phase.contraction ||
            (isnan(a->phase.contraction) && isnan(b->phase.contraction)));
}

static const struct {
  uint32_t kind;
  uint64_t batch;
  double lr, tolerance, beta;
} courses[] = {{NDG_GRADIENT_DESCENT, 0, 0.1, 0, 0},
               {NDG_NESTEROV, 0, 0.05, 0, 0.5},
               {NDG_ADAM, 0, 0.1, 0, 0},
               {NDG_HEAVY_BALL, 3, 0.02, 0, 0.1},
               {NDG_GRADIENT_DESCENT, 0, 0.2, 1e-6, 0},
               {NDG_HEAVY_BALL, 0, 0.02, 1e-9, 0},
               {NDG_GRADIENT_DESCENT, 0, 1.1, 0, 0},
               {NDG_GRADIENT_DESCENT, 0, 9, 0, 0}};

START_TEST(going_on_gives_the_bits_of_one_run) {
  static const uint64_t steps[] = {0, 7, 25, 31, 50, 50, 110, 400};
  enum { N = sizeof steps / sizeof *steps };
  spec.inner.optimizer.kind = courses[_i].kind;
  spec.inner.optimizer.lr = courses[_i].lr;
  spec.inner.batch_size = courses[_i].batch;
  ndg_problem *p = known_open(&spec);
  for (int k = 0; k < N; k++) {
    ndg_problem *fresh = known_open(&spec);
    result a = run(p, steps[k], courses[_i].tolerance, courses[_i].beta);
    result b = run(fresh, steps[k], courses[_i].tolerance, courses[_i].beta);
    same_result(&a, &b);
    if (k > 0)
      ck_assert_ptr_nonnull(p->phases->next); /* there was something to go on from */
    ndg_vector_destroy(a.end);
    ndg_vector_destroy(b.end);
    ndg_problem_close(fresh);
  }
  ndg_problem_close(p);
}
END_TEST

static void chain(ndg_problem *p, ndg_vector *phi0, ndg_vector *phi) {
  ndg_phase phase = free_phase(phi0, 30);
  relax(p, &phase);
  phase = free_phase(phi, 40);
  phase.start = phi0;
  phase.beta.re = 0.1;
  relax(p, &phase);
}

START_TEST(phases_are_known_by_where_they_come_from) {
  spec.inner.optimizer.kind = NDG_NESTEROV;
  ndg_problem *p = known_open(&spec), *fresh = known_open(&spec);
  ndg_vector *phi0 = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  ndg_vector *phi = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  ndg_vector *again = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  chain(p, phi0, phi);
  chain(p, phi0, again);
  ck_assert(same_bits(phi, again));
  ck_assert(phi0->identity.low && phi->identity.low != phi0->identity.low);
  chain(fresh, phi0, again);
  ck_assert(same_bits(phi, again));

  /* Another start is another phase, also in the same vector. */
  const ndg_complex two = {2, 0};
  ndg_vector_combine(phi0, (ndg_complex){1, 0}, 1, &two, (const ndg_vector *const[]){phi0});
  ndg_phase phase = free_phase(again, 40);
  phase.start = phi0;
  phase.beta.re = 0.1;
  relax(p, &phase);
  ck_assert(!same_bits(phi, again));

  /* Another theta too; forgetting costs nothing but time. */
  double theta[N_THETA];
  ndg_problem_get_theta(p, theta);
  theta[0] += 0.5;
  ck_assert_int_eq(ndg_problem_set_theta(p, theta, &e), NDG_OK);
  chain(p, phi0, again);
  ck_assert(!same_bits(phi, again));
  ck_assert_int_eq(ndg_problem_set_theta(fresh, theta, &e), NDG_OK);
  ndg_problem_forget_phases(p, true);
  chain(fresh, phi0, phi);
  ck_assert(same_bits(phi, again));
  chain(p, phi0, again);
  ck_assert(same_bits(phi, again));
  ndg_vector_destroy(phi0);
  ndg_vector_destroy(phi);
  ndg_vector_destroy(again);
  ndg_problem_close(p);
  ndg_problem_close(fresh);
}
END_TEST

/* Newton's method lands on the minimum of a quadratic, and counts again when it is remembered. */
START_TEST(newton_phases_are_remembered) {
  spec.inner.optimizer.kind = NDG_NEWTON;
  ndg_problem *p = known_open(&spec);
  const result a = run(p, 20, 1e-12, 0.1);
  const uint64_t products = p->record.hessian_vector_products;
  const result b = run(p, 20, 1e-12, 0.1);
  same_result(&a, &b);
  ck_assert_int_eq(a.status, NDG_OK);
  ck_assert_double_lt(a.phase.gradient_norm, 1e-11);
  ck_assert_uint_ge(products, N_PHI);
  ck_assert_uint_eq(p->record.hessian_vector_products, 2 * products);
  ck_assert_uint_eq(p->record.learner_runs, 2);
  ck_assert(p->phases && !p->phases->next);
  ndg_vector_destroy(a.end);
  ndg_vector_destroy(b.end);
  ndg_problem_close(p);
}
END_TEST

START_TEST(clones_know_the_free_phases) {
  spec.inner.optimizer.kind = NDG_NESTEROV;
  ndg_problem *p = known_open(&spec), *clone;
  const double theta[N_THETA] = {0.5, 0, -0.5, 1, 0, 1, 0.25, 0.25, 0};
  ck_assert_int_eq(ndg_problem_set_theta(p, theta, &e), NDG_OK);
  const result a = run(p, 60, 0, 0), b = run(p, 60, 0, 0.1);
  ck_assert_int_eq(ndg_problem_clone(p, NULL, &clone, &e), NDG_OK);
  ck_assert(clone->phases && !clone->phases->next);
  ndg_problem_cancel(clone); /* no step is left to stop at */
  const result c = run(clone, 60, 0, 0);
  same_result(&a, &c);
  ndg_vector_destroy(a.end);
  ndg_vector_destroy(b.end);
  ndg_vector_destroy(c.end);
  ndg_problem_close(clone);
  ndg_problem_close(p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("phase cache");
  TCase *c = tcase_create("phase cache");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, going_on_gives_the_bits_of_one_run, 0,
                      (int)(sizeof courses / sizeof *courses));
  tcase_add_test(c, phases_are_known_by_where_they_come_from);
  tcase_add_test(c, newton_phases_are_remembered);
  tcase_add_test(c, clones_know_the_free_phases);
  suite_add_tcase(s, c);
  return run_suite(s);
}
