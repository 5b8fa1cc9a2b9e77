/* SPDX-License-Identifier: MIT */
/* Reverse mode through learning: adjoint to the step that phases take. */
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

static void expect(ndg_status st, ndg_status wanted, const char *text) {
  ck_assert_msg(st == wanted, "status %d, not %d: %s", st, wanted, e.text);
  ck_assert_msg(strstr(e.text, text) != NULL, "'%s' does not contain '%s'", e.text, text);
}

static const uint32_t kinds[] = {NDG_GRADIENT_DESCENT, NDG_HEAVY_BALL, NDG_NESTEROV, NDG_ADAM};

static double pairing(const ndg_vector *a, const ndg_vector *b) {
  long double per_task[MAX_TASKS], sum = 0;
  ndg_vector_dot(a, b, per_task);
  for (uint64_t t = 0; t < a->n_tasks; t++)
    sum += per_task[t];
  return (double)sum;
}

static void fill(ndg_vector *v, uint64_t seed, double offset) {
  double numbers[3 * N_PHI];
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    for (uint64_t i = 0; i < v->length; i++)
      numbers[i] = wobble(seed + 17 * t + i) + (i >= 2 * N_PHI ? offset : 0);
    write_row(v, t, numbers);
  }
}

/* (step(state + h v, theta + h u) − step(state − h v, theta − h u)) / 2h, paired with the seed. */
static double difference(ndg_problem *p, uint32_t kind, const ndg_vector *state,
                         const ndg_vector *v, const double *u, const ndg_vector *seed) {
  const double h = 0x1p-16;
  double theta[N_THETA], moved[N_THETA], paired[2];
  ndg_vector *from = state_of(p, kind, false), *to = state_of(p, kind, false);
  ndg_problem_get_theta(p, theta);
  for (int side = 0; side < 2; side++) {
    const double s = side ? -h : h;
    const ndg_complex weights[2] = {{1, 0}, {s, 0}};
    for (int i = 0; i < N_THETA; i++)
      moved[i] = theta[i] + s * u[i];
    ck_assert_int_eq(ndg_problem_set_theta(p, moved, &e), NDG_OK);
    ndg_vector_combine(from, (ndg_complex){1, 0}, 2, weights,
                       (const ndg_vector *const[]){state, v});
    ndg_phase phase = free_phase(to, 1);
    phase.start = from;
    phase.first_step = 3;
    relax(p, &phase);
    paired[side] = pairing(seed, to);
  }
  ck_assert_int_eq(ndg_problem_set_theta(p, theta, &e), NDG_OK);
  ndg_vector_destroy(from);
  ndg_vector_destroy(to);
  return (paired[0] - paired[1]) / (2 * h);
}

START_TEST(transposed_steps_are_adjoint) {
  const uint32_t kind = kinds[_i / 2];
  spec.inner.optimizer.kind = kind;
  spec.inner.batch_size = _i % 2 ? 3 : 0;
  spec.dtype = NDG_LONG_DOUBLE;
  ndg_problem *p = known_open(&spec);
  ndg_vector *state = state_of(p, kind, false), *v = state_of(p, kind, false);
  ndg_vector *seed = state_of(p, kind, false), *adjoint = state_of(p, kind, false);
  ndg_vector *theta_bar = ndg_problem_new_vector(p, NDG_THETA, false, 0);
  ndg_vector *direction = ndg_problem_new_vector(p, NDG_THETA, false, 0);
  double u[N_THETA];
  fill(state, 1, 2); /* Adam's second moment: positive */
  fill(v, 2, 0);
  fill(seed, 3, 0);
  for (int i = 0; i < N_THETA; i++)
    u[i] = ldexp(round(16 * wobble(90 + (uint64_t)i)), -4); /* exact in theta +- h u */
  for (uint64_t t = 0; t < 3; t++)
    write_row(direction, t, u);
  ndg_vector_copy(adjoint, seed);
  ck_assert_int_eq(ndg_problem_step_transposed(p, NULL, state, 3, adjoint, theta_bar, &e), NDG_OK);
  ck_assert_uint_eq(p->record.nonlocal, NDG_USES_TIME_REVERSAL | NDG_USES_SECOND_DERIVATIVES);
  const double wanted = difference(p, kind, state, v, u, seed);
  const double got = pairing(adjoint, v) + pairing(theta_bar, direction);
  ck_assert_msg(fabs(got - wanted) <= 1e-8 * (1 + fabs(wanted)), "%.15g instead of %.15g", got,
                wanted);
  /* Once more: theta_adjoint is added to. */
  ndg_vector_copy(adjoint, seed);
  ck_assert_int_eq(ndg_problem_step_transposed(p, NULL, state, 3, adjoint, theta_bar, &e), NDG_OK);
  const double twice = pairing(adjoint, v) + pairing(theta_bar, direction);
  ck_assert_double_eq_tol(twice - got, got - pairing(adjoint, v), 1e-12);
  ndg_vector *all[] = {state, v, seed, adjoint, theta_bar, direction};
  for (int i = 0; i < 6; i++)
    ndg_vector_destroy(all[i]);
  ndg_problem_close(p);
}
END_TEST

/* A parameter whose gradient was always exactly zero must not turn the adjoint into NaN. */
START_TEST(adam_is_transposed_where_nothing_moves) {
  spec.inner.optimizer.kind = NDG_ADAM;
  ndg_problem *p = known_open(&spec);
  ndg_vector *state = state_of(p, NDG_ADAM, false), *adjoint = state_of(p, NDG_ADAM, false);
  ndg_vector *theta_bar = ndg_problem_new_vector(p, NDG_THETA, false, 0);
  double row[3 * N_PHI] = {0};
  for (int i = 0; i < N_Y; i++)
    row[i] = row[N_X + i] = 0.5; /* y = x: its gradient and moments are zero */
  for (uint64_t t = 0; t < 3; t++)
    write_row(state, t, row);
  fill(adjoint, 3, 0);
  ck_assert_int_eq(ndg_problem_step_transposed(p, NULL, state, 0, adjoint, theta_bar, &e), NDG_OK);
  ck_assert(isfinite(ndg_vector_norm(adjoint, adjoint->length)));
  ck_assert(isfinite(ndg_vector_norm(theta_bar, theta_bar->length)));
  ndg_vector_destroy(state);
  ndg_vector_destroy(adjoint);
  ndg_vector_destroy(theta_bar);
  ndg_problem_close(p);
}
END_TEST

START_TEST(the_start_is_transposed) {
  ndg_problem *p = known_open(&spec);
  ndg_vector *adjoint = state_of(p, NDG_HEAVY_BALL, false);
  ndg_vector *theta_bar = ndg_problem_new_vector(p, NDG_THETA, false, 0);
  fill(adjoint, 3, 0);
  fill(theta_bar, 8, 0);
  ck_assert_int_eq(ndg_problem_start_transposed(p, adjoint, theta_bar, &e), NDG_OK);
  for (uint64_t t = 0; t < 3; t++) {
    long double got[N_THETA];
    read_row(theta_bar, t, got);
    for (uint64_t i = 0; i < N_THETA; i++) {
      double wanted = wobble(8 + 17 * t + i);
      if (i >= 2 * N_X) /* "origin" is where x starts */
        wanted += wobble(3 + 17 * t + i - 2 * N_X);
      ck_assert(got[i] == wanted);
    }
  }
  expect(ndg_problem_step_transposed(p, NULL, adjoint, 0, adjoint, theta_bar, &e), NDG_EINVAL,
         "states of gradient descent");
  const ndg_optimizer newton = {NDG_NEWTON, 0, NAN, NAN, NAN, NAN};
  expect(ndg_problem_step_transposed(p, &newton, adjoint, 0, adjoint, theta_bar, &e),
         NDG_ECAPABILITY, "Newton");
  ndg_vector_destroy(adjoint);
  ndg_vector_destroy(theta_bar);
  ndg_problem_close(p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("transposed");
  TCase *c = tcase_create("transposed");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, transposed_steps_are_adjoint, 0, 8);
  tcase_add_test(c, adam_is_transposed_where_nothing_moves);
  tcase_add_test(c, the_start_is_transposed);
  suite_add_tcase(s, c);
  return run_suite(s);
}
