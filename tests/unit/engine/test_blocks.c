/* SPDX-License-Identifier: MIT */
/* Evaluations and phases block by block of samples, against those of all samples at once. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/blocks.h"
#include "problem_fixture.h"

static known_tasks tasks;
static known_options options;
static ndg_error e;

static void set_up(void) {
  known_tasks_fill(&tasks, 3);
  options = (known_options){0};
  e = (ndg_error){0};
}

static ndg_problem *open_cut(uint64_t rows, ndg_problem_spec spec) {
  spec.block_rows = rows;
  return known_open(&spec);
}

static bool is_cut(const ndg_problem *p, uint32_t compute) {
  for (const ndg_compiled *c = p->compiled; c; c = c->next)
    if (c->request.compute == compute)
      return c->blocks != NULL;
  return false;
}

static void check_near(const ndg_vector *a, const ndg_vector *b, long double tolerance) {
  long double x[64], y[64];
  ck_assert_uint_eq(a->length, b->length);
  ck_assert_uint_le(a->length, 64);
  for (uint64_t t = 0; t < a->n_tasks; t++) {
    read_row(a, t, x);
    read_row(b, t, y);
    for (uint64_t i = 0; i < a->length; i++)
      ck_assert_msg(fabsl(x[i] - y[i]) <= tolerance * (1 + fabsl(y[i])), "%.20Lg and %.20Lg", x[i],
                    y[i]);
  }
}

static const uint32_t kinds[] = {NDG_GRADIENT_DESCENT, NDG_HEAVY_BALL, NDG_NESTEROV, NDG_ADAM};

/* Free and nudged, for every optimiser and every size of a block. */
START_TEST(phases_in_blocks) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.inner.optimizer.kind = kinds[_i];
  ndg_problem *whole = known_open(&spec);
  for (int nudged = 0; nudged < 2; nudged++) {
    result wanted = run(whole, 20, 0, 0.3 * nudged);
    ck_assert(!is_cut(whole, NDG_COMPUTE_STEP));
    for (uint64_t rows = 1; rows < N_ROWS; rows++) {
      ndg_problem *p = open_cut(rows, spec);
      result got = run(p, 20, 0, 0.3 * nudged);
      ck_assert(is_cut(p, NDG_COMPUTE_STEP));
      check_near(got.end, wanted.end, 1e-12L);
      ck_assert_double_eq_tol(got.phase.gradient_norm, wanted.phase.gradient_norm, 1e-12);
      ndg_vector_destroy(got.end);
      ndg_problem_close(p);
    }
    ndg_vector_destroy(wanted.end);
  }
  ndg_problem_close(whole);
}
END_TEST

START_TEST(transposed_steps_in_blocks) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.inner.optimizer.kind = kinds[_i];
  ndg_vector *adjoint[2], *theta_bar[2];
  for (uint64_t k = 0; k < 2; k++) {
    ndg_problem *p = open_cut(3 * k, spec);
    result r = run(p, 4, 0, 0);
    adjoint[k] = state_of(p, kinds[_i], false);
    theta_bar[k] = ndg_problem_new_vector(p, NDG_THETA, false, 0);
    double numbers[3 * N_PHI];
    for (uint64_t t = 0; t < 3; t++) {
      for (uint64_t i = 0; i < adjoint[k]->length; i++)
        numbers[i] = wobble(31 * t + i);
      write_row(adjoint[k], t, numbers);
    }
    ck_assert_msg(ndg_problem_step_transposed(p, &p->inner.optimizer, r.end, 4, adjoint[k],
                                              theta_bar[k], &e) == NDG_OK,
                  "%s", e.text);
    /* Adam transposed multiplies by curvature what depends on the whole gradient. */
    ck_assert(is_cut(p, NDG_COMPUTE_TRANSPOSED_STEP) == (k == 1 && kinds[_i] != NDG_ADAM));
    ndg_vector_destroy(r.end);
    ndg_problem_close(p);
  }
  check_near(adjoint[1], adjoint[0], 1e-12L);
  check_near(theta_bar[1], theta_bar[0], 1e-12L);
  for (int k = 0; k < 2; k++) {
    ndg_vector_destroy(adjoint[k]);
    ndg_vector_destroy(theta_bar[k]);
  }
}
END_TEST

START_TEST(complex_phases_in_blocks) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  ndg_vector *end[2];
  for (uint64_t k = 0; k < 2; k++) {
    ndg_problem *p = open_cut(3 * k, spec);
    end[k] = state_of(p, NDG_GRADIENT_DESCENT, true);
    ndg_phase phase = free_phase(end[k], 10);
    phase.beta = (ndg_complex){0.2, 0.4};
    relax(p, &phase);
    ndg_problem_close(p);
  }
  const double *a = end[0]->data, *b = end[1]->data;
  for (uint64_t i = 0; i < 2 * 3 * end[0]->stride; i++)
    ck_assert_double_eq_tol(a[i], b[i], 1e-13);
  ndg_vector_destroy(end[0]);
  ndg_vector_destroy(end[1]);
}
END_TEST

START_TEST(predictions_and_accuracy_in_blocks) {
  const ndg_problem_spec spec = known_spec(&options, &tasks);
  double phi[3 * N_PHI], whole[3 * N_ROWS], cut[3 * N_ROWS], accuracy[2];
  for (uint64_t i = 0; i < 3 * N_PHI; i++)
    phi[i] = wobble(i);
  for (uint64_t rows = 0; rows < N_ROWS; rows++) {
    ndg_problem *p = open_cut(rows, spec);
    ck_assert_msg(ndg_problem_predict(p, phi, rows ? cut : whole, &e) == NDG_OK, "%s", e.text);
    ck_assert(is_cut(p, NDG_COMPUTE_PREDICTIONS) == (rows > 0));
    for (int i = 0; rows && i < 3 * N_ROWS; i++)
      ck_assert_double_eq_tol(cut[i], whole[i], 1e-15);
    ck_assert(ndg_problem_accuracy(p, p->start, &accuracy[rows > 0], &e) == NDG_OK);
    ck_assert_double_eq(accuracy[rows > 0], accuracy[0]);
    ndg_problem_close(p);
  }
}
END_TEST

/* Learning samples are drawn, and stay whole. */
START_TEST(minibatches_stay_as_they_are) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.inner.batch_size = 3;
  ndg_problem *whole = known_open(&spec), *p = open_cut(2, spec);
  result wanted = run(whole, 20, 0, 0), got = run(p, 20, 0, 0);
  ck_assert(!is_cut(p, NDG_COMPUTE_STEP));
  ck_assert(same_bits(got.end, wanted.end));
  ndg_vector_destroy(wanted.end);
  ndg_vector_destroy(got.end);
  ndg_problem_close(whole);
  ndg_problem_close(p);
}
END_TEST

/* Tasks evaluated together, or one by one: the same bits. */
START_TEST(a_task_does_not_depend_on_others) {
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = _i ? NDG_F32 : NDG_F64;
  ndg_problem *all = open_cut(3, spec);
  tasks.tasks.n_tasks = 1;
  ndg_problem *one = open_cut(3, spec);
  result a = run(all, 20, 0, 0), b = run(one, 20, 0, 0);
  ck_assert(memcmp(a.end->data, b.end->data, N_PHI * ndg_dtype_size(spec.dtype)) == 0);
  ndg_vector_destroy(a.end);
  ndg_vector_destroy(b.end);
  ndg_problem_close(all);
  ndg_problem_close(one);
}
END_TEST

/* ---- products at one point ---- */

static ndg_vector *filled(const ndg_problem *p, uint32_t space, uint64_t seed) {
  ndg_vector *v = ndg_problem_new_vector(p, space, false, 0);
  double numbers[N_THETA + N_PHI];
  ck_assert_ptr_nonnull(v);
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    for (uint64_t i = 0; i < v->length; i++)
      numbers[i] = wobble(seed + 31 * t + i);
    write_row(v, t, numbers);
  }
  return v;
}

typedef struct point {
  uint64_t phi, direction; /* seeds */
  double beta;
} point;

static ndg_vector *product(ndg_problem *p, point at) {
  ndg_vector *phi = filled(p, NDG_PHI, at.phi), *v = filled(p, NDG_PHI, at.direction);
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_HVP,
                       .loss = NDG_AUGMENTED_LOSS,
                       .beta = {at.beta, 0},
                       .phi = phi,
                       .direction = v,
                       .hvp = ndg_problem_new_vector(p, NDG_PHI, false, 0)};
  ck_assert_msg(ndg_problem_evaluate(p, &ev, &e) == NDG_OK, "%s", e.text);
  ndg_vector_destroy(phi);
  ndg_vector_destroy(v);
  return ev.hvp;
}

/* What is held is of the point at hand: products are those of a problem that has just been opened,
   to the bit, in any order of points, of theta and of tasks, and however much is held. */
START_TEST(held_values_are_of_the_point) {
  static const point points[] = {{1, 2, 0.5},  {1, 3, 0.5}, {7, 3, 0.5}, {7, 3, 0.25},
                                 {7, 9, 0.25}, {1, 2, 0.5}, {1, 2, 0.5}};
  static const uint64_t bytes[] = {0, 1, 700, 1500};
  options.curved = 1;
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = _i % 2 ? NDG_F32 : NDG_LONG_DOUBLE;
  spec.block_rows = 1 + (uint64_t)_i;
  ndg_problem *p[4];
  double theta[N_THETA];
  for (int k = 0; k < 4; k++) {
    spec.held_bytes = bytes[k];
    p[k] = known_open(&spec);
  }
  spec.held_bytes = 0;
  for (int change = 0; change < 3; change++) {
    ndg_problem_get_theta(p[0], theta);
    for (int i = 0; change == 1 && i < N_THETA; i++)
      theta[i] = fabs(wobble((uint64_t)i));
    for (int t = 0; change == 2 && t < MAX_TASKS; t++)
      tasks.rows[t][4][1] += 0.5;
    for (int k = 0; change > 0 && k < 4; k++) {
      ck_assert(ndg_problem_set_theta(p[k], theta, &e) == NDG_OK);
      if (change == 2)
        ck_assert_msg(ndg_problem_set_tasks(p[k], &tasks.tasks, &e) == NDG_OK, "%s", e.text);
    }
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
      ndg_problem *fresh = known_open(&spec);
      ck_assert(ndg_problem_set_theta(fresh, theta, &e) == NDG_OK);
      ndg_vector *wanted = product(fresh, points[i]);
      if (i == 3)
        ndg_programs_let_go(p[0]);
      for (int k = 0; k < 4; k++) {
        ndg_vector *got = product(p[k], points[i]);
        ck_assert_msg(same_bits(got, wanted), "change %d, point %zu, held %d", change, i, k);
        ndg_vector_destroy(got);
      }
      ndg_vector_destroy(wanted);
      ndg_problem_close(fresh);
    }
  }
  for (int k = 0; k < 4; k++)
    ndg_problem_close(p[k]);
}
END_TEST

static uint64_t slots_held(const ndg_problem *p) {
  uint64_t n = 0;
  for (const ndg_compiled *c = p->compiled; c; c = c->next)
    for (uint32_t i = 0; c->blocks && i < c->blocks->n_groups; i++)
      n += c->blocks->groups[i].n_slots;
  return n;
}

/* A single product, as of T1-T2, takes the memory of a block. */
START_TEST(holding_begins_with_the_second_product) {
  options.curved = 1;
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.block_rows = 1;
  ndg_problem *p = known_open(&spec);
  for (int again = 0; again < 2; again++) {
    ndg_vector_destroy(product(p, (point){1, 2, 0}));
    const uint64_t one = slots_held(p);
    ck_assert_uint_gt(one, 0);
    ndg_vector_destroy(product(p, (point){1, 3, 0}));
    ck_assert_uint_gt(slots_held(p), one);
    ndg_programs_let_go(p);
    ck_assert_uint_eq(slots_held(p), 0);
  }
  ndg_problem_close(p);
}
END_TEST

static ndg_status open_and_use(const ndg_problem_spec *spec) {
  const told_options told = {.beta = 0.1};
  const ndg_instance rule = told_rule(&told);
  double gradient[N_THETA], phi[3 * N_PHI] = {0}, predictions[3 * N_ROWS];
  ndg_record record = {.struct_size = sizeof record};
  ndg_problem *p;
  ndg_status st = ndg_problem_open(spec, &p, &e);
  if (st >= 0)
    st = ndg_problem_estimate(p, &rule, false, gradient, &record, &e);
  if (st >= 0)
    st = ndg_problem_predict(p, phi, predictions, &e);
  ndg_vector *hvp = st >= 0 ? ndg_problem_new_vector(p, NDG_PHI, false, 0) : NULL;
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_HVP,
                       .phi = st >= 0 ? p->start : NULL,
                       .direction = st >= 0 ? p->start : NULL,
                       .hvp = hvp};
  for (int i = 0; st >= 0 && i < 2; i++) /* the second holds more */
    st = hvp ? ndg_problem_evaluate(p, &ev, &e) : NDG_ENOMEM;
  ndg_vector_destroy(hvp);
  ndg_problem_close(p);
  return st;
}

START_TEST(running_out_of_memory_is_an_error) {
  options.curved = 1;
  ndg_problem_spec spec = known_spec(&options, &tasks);
  spec.dtype = NDG_F32;
  spec.block_rows = 3;
  spec.inner.steps = 2;
  ndg_status st = NDG_ENOMEM;
  uint64_t n = 0;
  for (; st == NDG_ENOMEM; n++) {
    ndg_fail_allocations_after(n);
    st = open_and_use(&spec);
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert_msg(st == NDG_ENOMEM || st == NDG_OK, "allocation %llu: %d, %s",
                  (unsigned long long)n, st, e.text);
  }
  ck_assert_uint_gt(n, 100);
}
END_TEST

int main(void) {
  Suite *s = suite_create("blocks");
  TCase *c = tcase_create("blocks");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, phases_in_blocks, 0, 4);
  tcase_add_loop_test(c, transposed_steps_in_blocks, 0, 4);
  tcase_add_test(c, complex_phases_in_blocks);
  tcase_add_test(c, predictions_and_accuracy_in_blocks);
  tcase_add_test(c, minibatches_stay_as_they_are);
  tcase_add_loop_test(c, a_task_does_not_depend_on_others, 0, 2);
  tcase_add_loop_test(c, held_values_are_of_the_point, 0, 5);
  tcase_add_test(c, holding_begins_with_the_second_product);
  tcase_add_test(c, running_out_of_memory_is_an_error);
  suite_add_tcase(s, c);
  return run_suite(s);
}
