/* SPDX-License-Identifier: MIT */
/* How rules are judged, on one that knows the answer and adds an error of a given size: what is
   small enough to be explained passes, what is not does not. */
#include <check.h>
#include <math.h>

#include "../suite.h"
#include "check/rules_trial.h"
#include "engine/vector.h"

/* What the rule is to write and say; options of its own would do as well. */
static struct {
  ndg_ref_problem *problem;
  bool unrolled; /* it writes the gradient of the steps; else that of the fixed point */
  double error;  /* relative, in one element */
  double sign;
  double residual;
  ndg_status status;
  uint32_t says;
  uint32_t order; /* of truncation(); 0: it says nothing */
} knows;

typedef struct rule_options {
  double beta;
} rule_options;
static const ndg_option table[] = {
    NDG_OPT_F64(rule_options, beta, 0.01, 0, 10, 0, NULL, "Nudging strength."), NDG_OPT_END};

static ndg_status estimate(const void *options, const ndg_problem_api *api, ndg_problem *problem,
                           ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  ndg_ref_problem *p = knows.problem;
  (void)options, (void)api, (void)problem, (void)e;
  for (uint64_t t = 0; t < p->n_tasks; t++) {
    ndg_ref_fixed x;
    ndg_real steps[NDG_REF_META], doubt;
    double *row = ndg_task_data(gradient, t);
    ck_assert(ndg_ref_fixed_point(p, t, 0, &x));
    ck_assert(
        ndg_ref_unrolled(p, t, &p->form.inner.optimizer, p->form.inner.steps, 0, steps, &doubt));
    const ndg_real *exact = knows.unrolled ? steps : x.gradient;
    for (uint64_t j = 0; j < p->n_meta; j++) {
      row[j] = knows.sign * (double)exact[j];
    }
    row[1] += knows.error * (double)ndg_ref_norm(exact, p->n_meta);
  }
  record->residual = knows.residual;
  record->status = knows.status;
  return knows.status;
}

static int estimand(const void *options, ndg_estimand *out) {
  (void)options;
  out->kind = knows.says;
  return knows.says != 0;
}

static int truncation(const void *options, ndg_truncation *out) {
  (void)options;
  out->order = knows.order;
  out->factor = 1;
  return knows.order != 0;
}

static const ndg_component component = {.struct_size = sizeof component,
                                        .kind = NDG_KIND_RULE,
                                        .id = "test.knows",
                                        .version = "1.0.0",
                                        .title = "A rule that knows",
                                        .doc = "For tests.",
                                        .options = table,
                                        .options_size = sizeof(rule_options)};
static const ndg_loaded loaded = {.component = &component,
                                  .path = "(test)",
                                  .option_stride = sizeof(ndg_option),
                                  .ops.rule = {.struct_size = sizeof(ndg_rule_ops),
                                               .estimate = estimate,
                                               .truncation = truncation,
                                               .estimand = estimand}};
static const rule_options options = {.beta = 0.01};

static void open_problem(ndg_ref_problem *p, ndg_inner inner) {
  const ndg_ref_form f = {.n_tasks = 2, .has_start = true, .inner = inner, .dtype = NDG_F64};
  ndg_error e = {0};
  ck_assert_msg(ndg_ref_open(p, &f, 3, &e) == NDG_OK, "%s", e.text);
  knows.problem = p;
  knows.unrolled = false;
  knows.error = 0;
  knows.sign = 1;
  knows.residual = NAN;
  knows.status = NDG_OK;
  knows.says = NDG_ESTIMATES_FIXED_POINT;
  knows.order = 0;
}

static ndg_verdict judge(void) {
  const ndg_setting s = {.instance = {&loaded, &options}, .text = "default options"};
  ndg_trial t;
  ndg_verdict v;
  ndg_trial_run(&t, knows.problem, &s);
  ck_assert_msg(t.status >= 0, "%s", t.error.text);
  ndg_trial_judge(&t, &v);
  return v;
}

static bool is_right(void) {
  const ndg_verdict v = judge();
  ck_assert_msg(v.conclusive, "%s", v.why);
  return !ndg_verdict_is_wrong(&v);
}

START_TEST(errors_without_a_reason_are_seen) {
  ndg_ref_problem p;
  open_problem(&p, ndg_ref_descent());
  ck_assert(is_right());
  knows.error = 1e-11;
  ck_assert(!is_right());
  knows.error = 0;
  knows.sign = -1;
  ck_assert(!is_right());
  knows.sign = 1.000001;
  ck_assert(!is_right());
  ndg_ref_close(&p);
}
END_TEST

START_TEST(a_residual_explains_what_it_can) {
  ndg_ref_problem p;
  open_problem(&p, ndg_ref_descent());
  knows.error = 1e-5;
  ck_assert(!is_right());
  knows.residual = 1e-4;
  ck_assert(is_right());
  knows.residual = 1e-7;
  ck_assert(!is_right());
  ndg_ref_close(&p);
}
END_TEST

START_TEST(truncation_explains_what_it_can) {
  ndg_ref_problem p;
  ndg_real a[8];
  ndg_ref_fixed x;
  open_problem(&p, ndg_ref_descent());
  ck_assert(ndg_ref_taylor(&p, 0, 8, a) && ndg_ref_fixed_point(&p, 0, 0, &x));
  const double expected = (double)(a[3] / ndg_ref_norm(x.gradient, p.n_meta)) * 1e-4;
  knows.order = 2;
  knows.error = expected;
  ck_assert(is_right());
  knows.error = 100 * expected;
  ck_assert(!is_right());
  knows.order = 4; /* it promises less of an error */
  knows.error = expected;
  ck_assert(!is_right());
  ndg_ref_close(&p);
}
END_TEST

START_TEST(the_gradient_that_is_said_is_asked_for) {
  ndg_ref_problem p;
  open_problem(&p, ndg_ref_short(NDG_HEAVY_BALL));
  knows.says = NDG_ESTIMATES_UNROLLED;
  ck_assert(!is_right()); /* that of the fixed point */
  knows.unrolled = true;
  ck_assert(is_right());
  knows.says = 0;
  ck_assert(is_right());
  knows.says = NDG_ESTIMATES_BIASED;
  knows.sign = -3;
  ck_assert(!judge().conclusive);
  ndg_ref_close(&p);
}
END_TEST

START_TEST(who_says_nothing_has_to_be_right_in_one_way) {
  ndg_ref_problem p;
  open_problem(&p, ndg_ref_descent());
  knows.says = 0;
  ck_assert(is_right());
  knows.error = 1e-9;
  ck_assert(!is_right());
  ndg_ref_close(&p);
}
END_TEST

START_TEST(a_soft_status_is_no_claim) {
  ndg_ref_problem p;
  open_problem(&p, ndg_ref_descent());
  knows.error = 1;
  knows.status = NDG_NOT_CONVERGED;
  const ndg_verdict v = judge();
  ck_assert(!v.conclusive && !ndg_verdict_is_wrong(&v));
  ndg_ref_close(&p);
}
END_TEST

int main(void) {
  TCase *const c = tcase_create("trial");
  Suite *const s = suite_create("check trial");
  tcase_set_timeout(c, 100);
  tcase_add_test(c, errors_without_a_reason_are_seen);
  tcase_add_test(c, a_residual_explains_what_it_can);
  tcase_add_test(c, truncation_explains_what_it_can);
  tcase_add_test(c, the_gradient_that_is_said_is_asked_for);
  tcase_add_test(c, who_says_nothing_has_to_be_right_in_one_way);
  tcase_add_test(c, a_soft_status_is_no_claim);
  suite_add_tcase(s, c);
  return run_suite(s);
}
