/* SPDX-License-Identifier: MIT */
/* Bundled learners on one task of many samples, evaluated block by block: the same numbers as at
   once, the same bits by any number of threads, and in float32 no less exact. */
#include <math.h>
#include <string.h>

#include "engine/blocks.h"
#include "engine/internal.h"
#include "rules.h"

enum { N_LEARN = 1003, N_EVAL = 517, N_IN = 12, N_OUT = 5, ROWS = 100 };

static double x_learn[N_LEARN * N_IN], y_learn[N_LEARN * N_OUT];
static double x_eval[N_EVAL * N_IN], y_eval[N_EVAL * N_OUT];
static int32_t l_learn[N_LEARN], l_eval[N_EVAL];

static const struct {
  const char *id, *options;
  bool labels;
} learners[] = {
    {"complex_synapse",
     "layers=12, 40, 30, 5; lambda=0.01; lambda_per=synapse; loss=cross_entropy; activation=tanh",
     true},
    {"complex_synapse",
     "layers=12, 30, 5; lambda=0.1; meta=lambda, omega, initial; loss=mse; activation=sigmoid",
     false},
    {"modulated_net", "layers=12, 40, 30, 5; lambda=0.1; meta=lambda, initial; loss=cross_entropy",
     true},
    {"modulated_net", "layers=12, 30, 5; fast=gains, readout; lambda=0.1; loss=mse", false},
};
enum { N_LEARNERS = sizeof learners / sizeof *learners };

static void set_up(void) {
  fill(1, x_learn, N_LEARN * N_IN);
  fill(2, y_learn, N_LEARN * N_OUT);
  fill(3, x_eval, N_EVAL * N_IN);
  fill(4, y_eval, N_EVAL * N_OUT);
  for (int i = 0; i < N_LEARN; i++)
    l_learn[i] = (i * i + 3 * i) % N_OUT;
  for (int i = 0; i < N_EVAL; i++)
    l_eval[i] = (7 * i + i * i) % N_OUT;
}

static ndg_problem *open(int learner, ndg_dtype dtype, ndg_pool *pool, uint64_t rows) {
  const bool labels = learners[learner].labels;
  const ndg_array arrays[] = {
      real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(N_LEARN, N_IN), x_learn),
      labels ? index_array("learn.targets", NDG_SAMPLES, N_LEARN, l_learn, N_OUT)
             : real_array("learn.targets", NDG_SAMPLES, NDG_MATRIX(N_LEARN, N_OUT), y_learn),
      real_array("eval.inputs", NDG_SAMPLES, NDG_MATRIX(N_EVAL, N_IN), x_eval),
      labels ? index_array("eval.targets", NDG_SAMPLES, N_EVAL, l_eval, N_OUT)
             : real_array("eval.targets", NDG_SAMPLES, NDG_MATRIX(N_EVAL, N_OUT), y_eval)};
  const ndg_task_arrays tasks = {1, 4, arrays};
  const ndg_problem_spec spec = {
      .learner = open_learner(learners[learner].id, learners[learner].options),
      .tasks = &tasks,
      .inner = {.optimizer = {NDG_GRADIENT_DESCENT, 0, 0.1, 0.9, 0.99, 1e-8}, .steps = 5},
      .dtype = dtype,
      .seed = 3,
      .pool = pool,
      .block_rows = rows};
  ndg_problem *p;
  ndg_error e = {0};
  ck_assert_msg(ndg_problem_open(&spec, &p, &e) == NDG_OK, "%s", e.text);
  return p;
}

enum { GRAD_PHI, GRAD_THETA, HVP, MIXED, MIXED_FORWARD, N_RESULTS };
typedef struct everything {
  ndg_complex value;
  double accuracy;
  ndg_vector *of[N_RESULTS];
} everything;

static ndg_vector *direction(const ndg_problem *p, uint32_t space) {
  ndg_vector *v = ndg_problem_new_vector(p, space, false, 0);
  double *x = ndg_calloc((size_t)v->length, sizeof *x);
  fill(9, x, v->length);
  ndg_convert_from_f64(v->dtype, v->data, x, v->length);
  ndg_free(x);
  return v;
}

/* Of learn_loss + 0.25 eval_loss at the initial point; products twice, the second from what is
   held. */
static everything evaluate(ndg_problem *p) {
  everything out;
  ndg_error e = {0};
  for (int i = 0; i < N_RESULTS; i++)
    out.of[i] =
        ndg_problem_new_vector(p, i == GRAD_THETA || i == MIXED ? NDG_THETA : NDG_PHI, false, 0);
  ndg_vector *v = direction(p, NDG_PHI), *u = direction(p, NDG_THETA);
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                       .loss = NDG_AUGMENTED_LOSS,
                       .beta = {0.25, 0},
                       .phi = p->start,
                       .grad_phi = out.of[GRAD_PHI],
                       .grad_theta = out.of[GRAD_THETA],
                       .hvp = out.of[HVP],
                       .mixed = out.of[MIXED],
                       .mixed_forward = out.of[MIXED_FORWARD]};
  ck_assert_msg(ndg_problem_evaluate(p, &ev, &e) == NDG_OK, "%s", e.text);
  out.value = ev.value;
  for (int k = 0; k < 2; k++) {
    ev.want = NDG_WANT_HVP | NDG_WANT_MIXED;
    ev.direction = v;
    ck_assert_msg(ndg_problem_evaluate(p, &ev, &e) == NDG_OK, "%s", e.text);
    ev.want = NDG_WANT_MIXED_FORWARD;
    ev.direction = u;
    ck_assert_msg(ndg_problem_evaluate(p, &ev, &e) == NDG_OK, "%s", e.text);
  }
  ck_assert(ndg_problem_accuracy(p, p->start, &out.accuracy, &e) == NDG_OK);
  ndg_vector_destroy(v);
  ndg_vector_destroy(u);
  return out;
}

static void drop(everything *x) {
  for (int i = 0; i < N_RESULTS; i++)
    ndg_vector_destroy(x->of[i]);
}

/* Largest difference, in units of the largest number. */
static double distance(const ndg_vector *a, const ndg_vector *b) {
  double far = 0, most = 0;
  for (uint64_t i = 0; i < a->length; i++) {
    double x, y;
    const size_t in_a = ndg_dtype_size(a->dtype), in_b = ndg_dtype_size(b->dtype);
    ndg_convert_to_f64(a->dtype, (char *)a->data + i * in_a, &x, 1);
    ndg_convert_to_f64(b->dtype, (char *)b->data + i * in_b, &y, 1);
    far = fmax(far, fabs(x - y));
    most = fmax(most, fabs(y));
    ck_assert(isfinite(x) && isfinite(y));
  }
  return most > 0 ? far / most : far;
}

START_TEST(blocks_are_the_whole) {
  static const uint64_t rows[] = {1, 37, ROWS, N_EVAL, 1000};
  ndg_problem *whole = open(_i, NDG_F64, NULL, 0);
  everything wanted = evaluate(whole);
  for (const ndg_compiled *c = whole->compiled; c; c = c->next)
    ck_assert_ptr_null(c->blocks);
  for (int k = 0; k < 5; k++) {
    ndg_problem *p = open(_i, NDG_F64, NULL, rows[k]);
    everything got = evaluate(p);
    uint32_t held = 0, cut = 0;
    for (const ndg_compiled *c = p->compiled; c; c = c->next) {
      cut += c->blocks != NULL;
      for (uint32_t g = 0; c->blocks && g < c->blocks->n_groups; g++)
        held += c->blocks->groups[g].n_kept > 0;
    }
    ck_assert_uint_ge(cut, 2);
    ck_assert_uint_ge(held, 1);
    for (int i = 0; i < N_RESULTS; i++)
      ck_assert_msg(distance(got.of[i], wanted.of[i]) < 2e-14, "%s, result %d, %d rows: %g",
                    learners[_i].id, i, (int)rows[k], distance(got.of[i], wanted.of[i]));
    ck_assert_double_eq_tol(got.value.re, wanted.value.re, 1e-14 * fabs(wanted.value.re));
    ck_assert(got.accuracy == wanted.accuracy || fabs(got.accuracy - wanted.accuracy) < 1e-14 ||
              (isnan(got.accuracy) && isnan(wanted.accuracy)));
    drop(&got);
    ndg_problem_close(p);
  }
  drop(&wanted);
  ndg_problem_close(whole);
}
END_TEST

START_TEST(threads_do_not_matter) {
  ndg_problem *p = open(_i / 2, _i % 2 ? NDG_F64 : NDG_F32, NULL, ROWS);
  everything one = evaluate(p);
  for (uint32_t n = 2; n <= 4; n++) {
    ndg_pool *pool;
    ck_assert(ndg_pool_create(n, &pool, NULL) == NDG_OK);
    ndg_problem *q = open(_i / 2, _i % 2 ? NDG_F64 : NDG_F32, pool, ROWS);
    everything many = evaluate(q);
    for (int i = 0; i < N_RESULTS; i++)
      ck_assert_msg(
          memcmp(many.of[i]->data, one.of[i]->data, (size_t)ndg_vector_bytes(one.of[i])) == 0,
          "result %d, %u threads", i, n);
    drop(&many);
    ndg_problem_close(q);
    ndg_pool_destroy(pool);
  }
  drop(&one);
  ndg_problem_close(p);
}
END_TEST

/* Against float64: sums over blocks are not worse than those over all samples at once. */
START_TEST(float32_is_as_exact_as_at_once) {
  ndg_problem *exact = open(_i, NDG_F64, NULL, 0), *whole = open(_i, NDG_F32, NULL, 0);
  ndg_problem *p = open(_i, NDG_F32, NULL, ROWS);
  everything wanted = evaluate(exact), at_once = evaluate(whole), cut = evaluate(p);
  for (int i = 0; i < N_RESULTS; i++) {
    const double far = distance(cut.of[i], wanted.of[i]);
    const double whole_far = distance(at_once.of[i], wanted.of[i]);
    ck_assert_msg(far <= 1.5 * whole_far + 2e-7, "%s, result %d: %g in blocks, %g at once",
                  learners[_i].id, i, far, whole_far);
  }
  drop(&wanted);
  drop(&at_once);
  drop(&cut);
  ndg_problem_close(exact);
  ndg_problem_close(whole);
  ndg_problem_close(p);
}
END_TEST

/* More states than fit in 192 MiB are not all held, with the same bits. */
START_TEST(long_trajectories_are_recomputed) {
  enum { WIDE = 600, N = 4, STEPS = 480, Q = (WIDE + 1) * 120 + 121 };
  double *x = ndg_calloc(N * WIDE, sizeof *x), y[N], *gradient[2];
  fill(1, x, N * WIDE);
  fill(2, y, N);
  const ndg_array arrays[] = {real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(N, WIDE), x),
                              real_array("learn.targets", NDG_SAMPLES, NDG_VECTOR(N), y),
                              real_array("eval.inputs", NDG_SAMPLES, NDG_MATRIX(N, WIDE), x),
                              real_array("eval.targets", NDG_SAMPLES, NDG_VECTOR(N), y)};
  const ndg_task_arrays tasks = {1, 4, arrays};
  const ndg_problem_spec spec = {
      .learner = open_learner("complex_synapse", "layers=600, 120, 1; lambda=0.1; loss=mse"),
      .tasks = &tasks,
      .inner = {.optimizer = {NDG_HEAVY_BALL, 0, 0.01, 0.5, 0.99, 1e-8}, .steps = STEPS},
      .dtype = NDG_F32,
      .seed = 3};
  static const char *const options[] = {"", "memory=store_all"};
  ndg_problem *p;
  ndg_error e = {0};
  ck_assert_msg(ndg_problem_open(&spec, &p, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(p->n_phi, Q);
  for (int k = 0; k < 2; k++) {
    const ndg_instance rule = open_rule("unrolled", options[k]);
    ndg_record record = {.struct_size = sizeof record};
    gradient[k] = ndg_calloc((size_t)p->n_theta, sizeof(double));
    ck_assert_msg(ndg_problem_estimate(p, &rule, false, gradient[k], &record, &e) == NDG_OK, "%s",
                  e.text);
    ck_assert_int_eq((record.nonlocal & NDG_USES_STORED_TRAJECTORY) != 0, k);
    ck_assert_uint_ge(record.gradient_evaluations, k ? STEPS : STEPS + 1);
    ck_assert_uint_le(record.gradient_evaluations, k ? STEPS + 10 : 2 * STEPS);
  }
  ck_assert_mem_eq(gradient[0], gradient[1], (size_t)p->n_theta * sizeof(double));
  ndg_problem_close(p);
  ndg_free(gradient[0]);
  ndg_free(gradient[1]);
  ndg_free(x);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("large task");
  tcase_set_timeout(c, 120);
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_add_loop_test(c, blocks_are_the_whole, 0, N_LEARNERS);
  tcase_add_loop_test(c, threads_do_not_matter, 0, 2 * N_LEARNERS);
  tcase_add_loop_test(c, float32_is_as_exact_as_at_once, 0, N_LEARNERS);
  tcase_add_test(c, long_trajectories_are_recomputed);
  return run_suite("large task", c);
}
