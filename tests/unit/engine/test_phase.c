/* SPDX-License-Identifier: MIT */
/* Phases: optimiser steps against their formulas, going on from cached phases, minibatches,
   divergence, tolerance and frozen tasks. */
#include <complex.h>
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

/* ---- steps against their formulas ---- */

static const uint32_t kinds[] = {NDG_GRADIENT_DESCENT, NDG_HEAVY_BALL, NDG_NESTEROV, NDG_ADAM};
static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};
static const long double tolerances[] = {1e-4L, 1e-12L, 1e-15L};

/* The formulas at the head of optimizers.c, once more; s: phi, then slots. */
static void hand_step(const ndg_optimizer *o, const known_point *at, long double beta, uint64_t t,
                      long double *s) {
  long double g[N_PHI], eval[N_PHI], ahead[N_PHI], *v = s + N_PHI, *w = s + 2 * N_PHI;
  for (int i = 0; i < N_PHI; i++)
    ahead[i] = s[i] + (o->kind == NDG_NESTEROV ? o->momentum * v[i] : 0);
  known_point there = *at;
  there.phi = ahead;
  known_learn_gradient(&there, g);
  known_eval_gradient(&there, eval);
  for (int i = 0; i < N_PHI; i++) {
    g[i] += beta * eval[i];
    if (o->kind == NDG_GRADIENT_DESCENT) {
      s[i] -= o->lr * g[i];
    } else if (o->kind == NDG_ADAM) {
      v[i] = o->momentum * v[i] + (1 - (long double)o->momentum) * g[i];
      w[i] = o->beta2 * w[i] + (1 - (long double)o->beta2) * g[i] * g[i];
      const long double mean = v[i] / (1 - powl(o->momentum, (long double)t + 1));
      const long double square = w[i] / (1 - powl(o->beta2, (long double)t + 1));
      s[i] -= o->lr * mean / (sqrtl(square) + o->epsilon);
    } else {
      v[i] = o->momentum * v[i] - o->lr * g[i];
      s[i] += v[i];
    }
  }
}

START_TEST(steps_match_their_formulas) {
  const int which = _i % 3;
  spec.dtype = dtypes[which];
  spec.inner.optimizer.kind = kinds[_i / 3];
  ndg_problem *p = known_open(&spec);
  ndg_vector *end = state_of(p, kinds[_i / 3], false);
  ndg_phase phase = free_phase(end, 7);
  phase.beta.re = 0.25;
  phase.first_step = 2;
  relax(p, &phase);
  ck_assert_uint_eq(phase.steps_taken, 7);
  ck_assert_uint_eq(p->record.gradient_evaluations, 7);
  long double theta[N_THETA], g[N_PHI], eval[N_PHI], largest = 0;
  for (int i = 0; i < N_THETA; i++)
    theta[i] = p->theta[i];
  for (uint64_t t = 0; t < 3; t++) {
    long double s[3 * N_PHI] = {0}, got[3 * N_PHI] = {0}, norm = 0;
    double start[N_PHI];
    ndg_problem_get_start(p, t, start);
    for (int i = 0; i < N_PHI; i++)
      s[i] = start[i];
    const known_point at = {&tasks, t, s, theta, NULL, 0};
    for (uint64_t k = 0; k < 7; k++)
      hand_step(&spec.inner.optimizer, &at, 0.25L, 2 + k, s);
    read_row(end, t, got);
    for (uint64_t i = 0; i < end->length; i++)
      ck_assert_msg(fabsl(got[i] - s[i]) <= tolerances[which] * (1 + fabsl(s[i])),
                    "task %d, number %d: %.20Lg instead of %.20Lg", (int)t, (int)i, got[i], s[i]);
    known_learn_gradient(&at, g);
    known_eval_gradient(&at, eval);
    for (int i = 0; i < N_PHI; i++)
      norm += (g[i] + 0.25L * eval[i]) * (g[i] + 0.25L * eval[i]);
    largest = fmaxl(largest, sqrtl(norm));
  }
  ck_assert_ldouble_eq_tol(phase.gradient_norm, largest, 1e-3L * largest);
  ndg_vector_destroy(end);
  ndg_problem_close(p);
}
END_TEST

/* After n steps on a quadratic phi is a polynomial in beta of degree n: its mean over the N > n
   N-th roots of one is its value at 0. */
START_TEST(complex_phases_are_holomorphic) {
  enum { N = 8 };
  spec.inner.optimizer.kind = kinds[_i];
  if (kinds[_i] == NDG_ADAM)
    return; /* rational, not polynomial */
  ndg_problem *p = known_open(&spec);
  ndg_vector *end = state_of(p, kinds[_i], true), *real = state_of(p, kinds[_i], false);
  ndg_vector *mean = state_of(p, kinds[_i], true);
  for (int k = 0; k < N; k++) {
    ndg_phase phase = free_phase(end, N - 1);
    phase.beta = (ndg_complex){0.5 * cos(2 * M_PI * k / N), 0.5 * sin(2 * M_PI * k / N)};
    relax(p, &phase);
    const ndg_complex weights[2] = {{1, 0}, {1.0 / N, 0}};
    ndg_vector_combine(mean, (ndg_complex){1, 0}, 2, weights,
                       (const ndg_vector *const[]){mean, end});
  }
  ck_assert_uint_eq(p->record.nonlocal, NDG_USES_COMPLEX_STATE);
  ndg_phase phase = free_phase(real, N - 1);
  relax(p, &phase);
  const double complex *got = mean->data;
  const double *wanted = real->data;
  for (uint64_t t = 0; t < 3; t++)
    for (uint64_t i = 0; i < real->length; i++)
      ck_assert_double_lt(cabs(got[t * mean->stride + i] - wanted[t * real->stride + i]), 1e-13);
  ndg_vector_destroy(end);
  ndg_vector_destroy(real);
  ndg_vector_destroy(mean);
  ndg_problem_close(p);
}
END_TEST

/* ---- what is recorded ---- */

START_TEST(trajectories_are_the_states_on_the_way) {
  enum { STEPS = 30 };
  spec.inner.optimizer.kind = NDG_HEAVY_BALL;
  ndg_problem *p = known_open(&spec);
  ndg_vector *states[STEPS + 1];
  for (int i = 0; i <= STEPS; i++)
    states[i] = state_of(p, NDG_HEAVY_BALL, false);
  ndg_vector *end = state_of(p, NDG_HEAVY_BALL, false);
  ndg_phase phase = free_phase(end, STEPS);
  relax(p, &phase);
  phase.record = 1;
  phase.states = states;
  relax(p, &phase);
  ck_assert_uint_eq(p->record.nonlocal, NDG_USES_STORED_TRAJECTORY);
  ndg_problem_forget_phases(p, false);
  for (uint64_t i = 0; i <= STEPS; i++) {
    phase = free_phase(end, i);
    relax(p, &phase);
    ck_assert(same_bits(end, states[i]));
    ndg_vector_destroy(states[i]);
  }
  ndg_vector_destroy(end);
  ndg_problem_close(p);
}
END_TEST

/* ---- minibatches ---- */

START_TEST(minibatches_depend_on_the_step_alone) {
  spec.inner.batch_size = 3;
  spec.inner.optimizer.kind = NDG_ADAM;
  ndg_problem *p = known_open(&spec), *q = known_open(&spec);
  ndg_vector *once = state_of(p, NDG_ADAM, false), *twice = state_of(q, NDG_ADAM, false);
  ndg_phase phase = free_phase(once, 9);
  relax(p, &phase);
  phase = free_phase(twice, 4);
  relax(q, &phase);
  phase.start = twice;
  phase.first_step = 4;
  phase.steps = 5;
  relax(q, &phase);
  ck_assert(same_bits(once, twice));
  ndg_vector_destroy(once);
  ndg_vector_destroy(twice);
  ndg_problem_close(p);
  ndg_problem_close(q);
}
END_TEST

START_TEST(minibatch_steps_use_the_drawn_samples) {
  spec.inner.batch_size = 4;
  ndg_problem *p = known_open(&spec);
  ndg_vector *end = state_of(p, NDG_GRADIENT_DESCENT, false);
  long double theta[N_THETA];
  uint64_t seen[N_ROWS] = {0};
  for (int i = 0; i < N_THETA; i++)
    theta[i] = p->theta[i];
  for (uint64_t step = 0; step < 60; step++) {
    ndg_phase phase = free_phase(end, 1);
    phase.first_step = step;
    relax(p, &phase);
    ndg_minibatches_draw(p, NDG_LEARN_LOSS, step, 0); /* measurements have drawn their own */
    for (uint64_t t = 0; t < 3; t++) {
      const int32_t *drawn = p->batch[NDG_LEARN_ROWS].chosen + 4 * t;
      double start[N_PHI];
      long double s[3 * N_PHI] = {0}, got[N_PHI];
      ndg_problem_get_start(p, t, start);
      for (int i = 0; i < N_PHI; i++)
        s[i] = start[i];
      for (int i = 0; i < 4; i++) {
        ck_assert(drawn[i] >= 0 && drawn[i] < N_ROWS);
        for (int j = 0; j < i; j++)
          ck_assert_int_ne(drawn[i], drawn[j]);
        seen[drawn[i]]++;
      }
      const known_point at = {&tasks, t, s, theta, drawn, 4};
      hand_step(&spec.inner.optimizer, &at, 0, 0, s);
      read_row(end, t, got);
      for (int i = 0; i < N_PHI; i++)
        ck_assert_ldouble_eq_tol(got[i], s[i], 1e-13L);
    }
  }
  /* 60 steps x 3 tasks x 4 of 8: 90 times each on average. */
  for (int r = 0; r < N_ROWS; r++)
    ck_assert(seen[r] > 60 && seen[r] < 120);
  ndg_vector_destroy(end);
  ndg_problem_close(p);
}
END_TEST

/* The norm that is reported is that of the first minibatch's gradient, unless a tolerance asks how
   well all samples are learned. */
START_TEST(minibatches_are_measured_on_the_first) {
  spec.inner.batch_size = 4;
  spec.inner.sampling = _i ? NDG_SAMPLE_EPOCHS : NDG_SAMPLE_INDEPENDENT;
  ndg_problem *p = known_open(&spec);
  ndg_vector *end = state_of(p, NDG_GRADIENT_DESCENT, false);
  long double theta[N_THETA];
  for (int i = 0; i < N_THETA; i++)
    theta[i] = p->theta[i];
  for (int tolerated = 0; tolerated < 2; tolerated++) {
    ndg_phase phase = free_phase(end, 130);
    phase.tolerance = tolerated ? 1e-12 : 0;
    ck_assert_int_eq(ndg_problem_relax(p, &phase, &e), tolerated ? NDG_NOT_CONVERGED : NDG_OK);
    ndg_minibatches_draw(p, NDG_LEARN_LOSS, 0, 0);
    long double largest = 0;
    for (uint64_t t = 0; t < 3; t++) {
      long double s[N_PHI], g[N_PHI], norm = 0;
      read_row(end, t, s);
      known_point at = {&tasks, t, s, theta, p->batch[NDG_LEARN_ROWS].chosen + 4 * t, 4};
      at.rows = tolerated ? NULL : at.rows;
      known_learn_gradient(&at, g);
      for (int i = 0; i < N_PHI; i++)
        norm += g[i] * g[i];
      largest = fmaxl(largest, sqrtl(norm));
    }
    ck_assert_ldouble_eq_tol(phase.gradient_norm, largest, 1e-10L * largest);
  }
  ndg_vector_destroy(end);
  ndg_problem_close(p);
}
END_TEST

START_TEST(minibatches_that_diverge_are_noticed) {
  spec.inner.batch_size = 4;
  spec.inner.optimizer.lr = 9;
  ndg_problem *p = known_open(&spec);
  ndg_vector *end = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  ndg_phase phase = free_phase(end, 1000);
  expect(ndg_problem_relax(p, &phase, &e), NDG_DIVERGED, "the free phase diverged by step 100");
  ck_assert_uint_eq(phase.steps_taken, 100);
  ndg_vector_destroy(end);
  ndg_problem_close(p);
}
END_TEST

/* ---- how phases end ---- */

START_TEST(divergence_says_what_to_change) {
  spec.inner.optimizer.lr = 9;
  ndg_problem *p = known_open(&spec);
  ndg_vector *end = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  ndg_phase phase = free_phase(end, 200);
  expect(ndg_problem_relax(p, &phase, &e), NDG_DIVERGED, "the free phase diverged by step 25");
  expect(NDG_OK, NDG_OK, "use a smaller lr than lr = 9");
  ck_assert_uint_eq(phase.steps_taken, 25);
  ck_assert(phase.contraction > 1);
  phase.optimizer.lr = 0.1;
  phase.beta.re = -3; /* the Hessian becomes indefinite */
  phase.steps = 2000;
  expect(ndg_problem_relax(p, &phase, &e), NDG_DIVERGED, "the phase nudged with beta = -3");
  expect(NDG_OK, NDG_OK, "use a smaller |beta| or lr");
  ck_assert(phase.steps_taken < 2000);
  ndg_vector_destroy(end);
  ndg_problem_close(p);
  options.defect = DEFECT_INFINITE;
  p = known_open(&spec);
  end = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  phase = free_phase(end, 10);
  expect(ndg_problem_relax(p, &phase, &e), NDG_DIVERGED, "diverged by step 0");
  ndg_vector_destroy(end);
  ndg_problem_close(p);
}
END_TEST

START_TEST(a_frozen_task_leaves_the_others_alone) {
  ndg_problem *calm = known_open(&spec);
  for (int i = 0; i < N_X; i++)
    tasks.a[1][i][i] = -40; /* nothing to converge to */
  ndg_problem *wild = known_open(&spec);
  result a = run(calm, 300, 0, 0), b = run(wild, 300, 0, 0);
  ck_assert_int_eq(a.status, NDG_OK);
  ck_assert_int_eq(b.status, NDG_DIVERGED);
  ck_assert(strstr(b.text, "in task 2 (1 of 3") != NULL);
  ck_assert_uint_eq(b.phase.steps_taken, 300);
  long double x[N_PHI], y[N_PHI];
  for (uint64_t t = 0; t < 3; t++) {
    read_row(a.end, t, x);
    read_row(b.end, t, y);
    for (int i = 0; i < N_PHI; i++)
      ck_assert((x[i] == y[i]) == (t != 1));
  }
  for (int i = 0; i < N_PHI; i++) {
    read_row(b.end, 1, y);
    ck_assert(isfinite(y[i]));
  }
  ndg_vector_destroy(a.end);
  ndg_vector_destroy(b.end);
  ndg_problem_close(calm);
  ndg_problem_close(wild);
}
END_TEST

START_TEST(a_tolerance_ends_a_phase) {
  spec.inner.optimizer.lr = 0.2;
  ndg_problem *p = known_open(&spec);
  result done = run(p, 100000, 1e-10, 0), other = run(p, 100000, 1e-10, 0.2);
  result soon = run(p, 20, 1e-10, 0);
  ck_assert_int_eq(done.status, NDG_OK);
  ck_assert_uint_lt(done.phase.steps_taken, 2000);
  ck_assert_double_gt(done.phase.gradient_norm, 0);
  ck_assert_double_lt(done.phase.gradient_norm, 1e-8);
  ck_assert(done.phase.contraction > 0.5 && done.phase.contraction < 1);
  ck_assert_int_eq(other.status, NDG_OK);
  ck_assert_int_eq(soon.status, NDG_NOT_CONVERGED);
  ck_assert(strstr(soon.text, "the free phase stopped after 20 steps") != NULL);
  ck_assert_double_eq(p->record.gradient_norm, soon.phase.gradient_norm);
  ck_assert_uint_eq(p->record.learner_runs, 3);
  ndg_vector_destroy(done.end);
  ndg_vector_destroy(other.end);
  ndg_vector_destroy(soon.end);
  ndg_problem_close(p);
}
END_TEST

START_TEST(wrong_phases_are_refused) {
  ndg_problem *p = known_open(&spec);
  ndg_vector *end = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  ndg_vector *velocity = state_of(p, NDG_HEAVY_BALL, false);
  const ndg_phase good = free_phase(end, 1);
  ndg_phase phase = good;
  phase.struct_size = 0;
  expect(ndg_problem_relax(p, &phase, &e), NDG_EINVAL, "struct_size");
  phase = good;
  phase.end = NULL;
  expect(ndg_problem_relax(p, &phase, &e), NDG_EINVAL, "end is missing");
  phase = good;
  phase.start = velocity;
  expect(ndg_problem_relax(p, &phase, &e), NDG_EINVAL,
         "start of the phase is a state of another optimizer than gradient descent");
  phase = good;
  phase.beta.im = 1;
  expect(ndg_problem_relax(p, &phase, &e), NDG_EINVAL, "end is a real vector");
  phase = good;
  phase.beta.re = INFINITY;
  expect(ndg_problem_relax(p, &phase, &e), NDG_EINVAL, "beta");
  phase = good;
  phase.tolerance = -1;
  expect(ndg_problem_relax(p, &phase, &e), NDG_EINVAL, "tolerance is -1");
  phase = good;
  phase.optimizer.kind = 17;
  expect(ndg_problem_relax(p, &phase, &e), NDG_EINVAL, "optimizer kind 17");
  phase = good;
  phase.record = 1;
  expect(ndg_problem_relax(p, &phase, &e), NDG_EINVAL, "states");
  ndg_vector_destroy(end);
  ndg_problem_close(p);

  options.relu = 1;
  p = known_open(&spec);
  end = ndg_problem_new_vector(p, NDG_PHI, true, 0);
  phase = free_phase(end, 1);
  expect(ndg_problem_relax(p, &phase, &e), NDG_ECAPABILITY,
         "learner known cannot be nudged with complex beta: operation 'relu' is not analytic");
  ndg_vector_destroy(end);
  ndg_vector_destroy(velocity);
  ndg_problem_close(p);
}
END_TEST

typedef struct seen_steps {
  uint64_t n, last, steps;
  bool nudged, ascending;
} seen_steps;

static void see(void *context, const char *what, uint64_t step, uint64_t steps) {
  seen_steps *seen = context;
  seen->ascending = seen->n == 0 ? step == 0 : seen->ascending && step >= seen->last;
  seen->n++;
  seen->last = step;
  seen->steps = steps;
  seen->nudged = strcmp(what, "nudged phase") == 0;
}

/* From the first step to the end that was asked for, also where a tolerance ends it before. */
START_TEST(a_watched_phase_tells_how_far_it_is) {
  spec.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
  ndg_problem *p = known_open(&spec);
  ndg_vector *end = state_of(p, NDG_GRADIENT_DESCENT, false);
  for (int nudged = 0; nudged < 2; nudged++) {
    seen_steps seen = {0};
    ndg_problem_watch(p, see, &seen);
    ndg_phase phase = free_phase(end, 333);
    phase.beta.re = 0.25 * nudged;
    phase.tolerance = nudged ? 1e-3 : 0;
    relax(p, &phase);
    ck_assert_uint_gt(seen.n, 2);
    ck_assert(seen.ascending);
    ck_assert_uint_eq(seen.last, 333);
    ck_assert_uint_eq(seen.steps, 333);
    ck_assert_int_eq(seen.nudged, nudged);
  }
  ndg_problem_watch(p, NULL, NULL);
  ndg_phase phase = free_phase(end, 5);
  relax(p, &phase);
  ndg_vector_destroy(end);
  ndg_problem_close(p);
}
END_TEST

START_TEST(learning_reports_what_it_reached) {
  ndg_problem *p = known_open(&spec);
  ndg_learning out;
  double phi[3][N_PHI];
  long double learn = 0, eval = 0, right = 0, theta[N_THETA], x[N_PHI];
  ck_assert_int_eq(ndg_problem_learn(p, phi[0], &out, &e), NDG_OK);
  for (int i = 0; i < N_THETA; i++)
    theta[i] = p->theta[i];
  for (uint64_t t = 0; t < 3; t++) {
    for (int i = 0; i < N_PHI; i++)
      x[i] = phi[t][i];
    const known_point at = {&tasks, t, x, theta, NULL, 0};
    learn += known_learn_loss(&at) / 3;
    eval += known_eval_loss(&at) / 3;
    for (int i = 0; i < N_X; i++)
      right += (phi[t][i] > tasks.c[t][i]) / 9.0L;
  }
  ck_assert_uint_eq(out.steps_taken, 20);
  ck_assert_double_eq_tol(out.learn_loss, (double)learn, 1e-13);
  ck_assert_double_eq_tol(out.eval_loss, (double)eval, 1e-13);
  ck_assert_double_eq_tol(out.eval_accuracy, (double)right, 1e-13);
  ndg_problem_cancel(p);
  expect(ndg_problem_learn(p, NULL, &out, &e), NDG_OK, ""); /* cached: no step left to stop at */
  ndg_problem_forget_phases(p, false);
  ndg_problem_cancel(p);
  expect(ndg_problem_learn(p, NULL, &out, &e), NDG_EINVAL, "stopped on request");
  expect(ndg_problem_learn(p, NULL, &out, &e), NDG_OK, "");
  ndg_problem_close(p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("phase");
  TCase *c = tcase_create("phase");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, steps_match_their_formulas, 0, 12);
  tcase_add_loop_test(c, complex_phases_are_holomorphic, 0, 4);
  tcase_add_test(c, trajectories_are_the_states_on_the_way);
  tcase_add_test(c, minibatches_depend_on_the_step_alone);
  tcase_add_test(c, minibatch_steps_use_the_drawn_samples);
  tcase_add_loop_test(c, minibatches_are_measured_on_the_first, 0, 2);
  tcase_add_test(c, minibatches_that_diverge_are_noticed);
  tcase_add_test(c, divergence_says_what_to_change);
  tcase_add_test(c, a_frozen_task_leaves_the_others_alone);
  tcase_add_test(c, a_tolerance_ends_a_phase);
  tcase_add_test(c, a_watched_phase_tells_how_far_it_is);
  tcase_add_test(c, wrong_phases_are_refused);
  tcase_add_test(c, learning_reports_what_it_reached);
  suite_add_tcase(s, c);
  return run_suite(s);
}
