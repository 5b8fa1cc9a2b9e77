/* SPDX-License-Identifier: MIT */
/* Where derivatives by several groups are written. The groups of phi and of theta have other sizes
   and begin at other places, and all derivatives of

     learn = Σ ½ k p² + m p t,  p all of phi, t all of theta, in a row

   are products of its coefficients. */
#include <math.h>
#include <string.h>

#include "problem_fixture.h"

enum { N = 6, TASKS = 2 };
static const uint64_t phi_sizes[] = {2, 3, 1}, theta_sizes[] = {1, 3, 2};

static ndg_status groups_layout(const void *options, const ndg_task_arrays *shapes, ndg_layout *out,
                                ndg_error *e) {
  (void)options, (void)shapes, (void)e;
  out->n_phi = out->n_theta = 3;
  for (int g = 0; g < 3; g++) {
    out->phi[g] = (ndg_group){.shape = NDG_VECTOR(phi_sizes[g]), .start_theta = -1, .a = 0.5};
    out->theta[g] = (ndg_group){.shape = NDG_VECTOR(theta_sizes[g]), .a = 0.25};
    (void)snprintf(out->phi[g].name, sizeof out->phi[g].name, "p%d", g);
    (void)snprintf(out->theta[g].name, sizeof out->theta[g].name, "t%d", g);
  }
  return NDG_OK;
}

static ndg_status groups_build(const void *options, const ndg_builder *b,
                               const ndg_learner_inputs *in, ndg_learner_outputs *out,
                               ndg_error *e) {
  (void)options, (void)e;
  const ndg_node p = ndg_concat(b, 3, in->phi, 0), t = ndg_concat(b, 3, in->theta, 0);
  const ndg_node square = ndg_scale(b, ndg_mul(b, in->arrays[0], ndg_square(b, p)), 0.5);
  const ndg_node product = ndg_mul(b, in->arrays[1], ndg_mul(b, p, t));
  out->learn_loss = ndg_sum(b, ndg_add(b, square, product));
  out->eval_loss = ndg_sum(b, ndg_square(b, p));
  return NDG_OK;
}

static const ndg_learner_ops ops = {
    .struct_size = sizeof ops, .layout = groups_layout, .build = groups_build};
static const char *const provides[] = {NDG_CAP_GRAPH, NULL};
static const ndg_component component = {.struct_size = sizeof component,
                                        NDG_LEARNER(&ops),
                                        .id = "groups",
                                        .version = "1.0.0",
                                        .title = "groups of several sizes",
                                        .doc = "For tests.",
                                        .provides = provides};
static ndg_loaded loaded;

static double k[TASKS][N], m[TASKS][N];
static ndg_array arrays[2];
static ndg_task_arrays tasks = {.n_tasks = TASKS, .n_arrays = 2, .arrays = arrays};
static ndg_problem *problem;
static ndg_vector *phi, *direction, *theta_direction;
static ndg_error e;

static ndg_vector *filled(uint32_t space, uint64_t seed) {
  ndg_vector *v = ndg_problem_new_vector(problem, space, false, NDG_GRADIENT_DESCENT);
  double row[N];
  ck_assert_ptr_nonnull(v);
  for (uint64_t t = 0; t < TASKS; t++) {
    for (uint64_t i = 0; i < N; i++)
      row[i] = wobble(seed + 31 * t + i);
    write_row(v, t, row);
  }
  return v;
}

static void set_up(void) {
  for (uint64_t t = 0; t < TASKS; t++)
    for (uint64_t i = 0; i < N; i++) {
      k[t][i] = 1 + (double)(i + t);
      m[t][i] = 2 + wobble(7 * t + i);
    }
  arrays[0] = (ndg_array){.name = "k", .shape = NDG_VECTOR(N), .data = k};
  arrays[1] = (ndg_array){.name = "m", .shape = NDG_VECTOR(N), .data = m};
  loaded.component = &component;
  loaded.ops.learner = ops;
  const known_options none = {0};
  known_tasks unused;
  known_tasks_fill(&unused, 1);
  ndg_problem_spec spec = known_spec(&none, &unused);
  spec.learner = (ndg_instance){&loaded, NULL};
  spec.tasks = &tasks;
  problem = known_open(&spec);
  phi = filled(NDG_STATE, 1);
  direction = filled(NDG_PHI, 2);
  theta_direction = filled(NDG_THETA, 3);
}

static void tear_down(void) {
  ndg_vector_destroy(phi);
  ndg_vector_destroy(direction);
  ndg_vector_destroy(theta_direction);
  ndg_problem_close(problem);
}

/* Row t of `got` is a[i] b[i] + c[i] d[i]; c NULL: without the second product. */
static void expect(const char *what, const ndg_vector *got, uint64_t t, const double *a,
                   const long double *b, const double *c, const long double *d) {
  long double row[N];
  read_row(got, t, row);
  for (uint64_t i = 0; i < N; i++) {
    const long double wanted = a[i] * b[i] + (c ? c[i] * d[i] : 0);
    ck_assert_msg(fabsl(row[i] - wanted) <= 1e-14L * (1 + fabsl(wanted)),
                  "%s, number %d: %.17Lg instead of %.17Lg", what, (int)i, row[i], wanted);
  }
}

START_TEST(every_derivative_lies_where_its_group_does) {
  ndg_evaluation local = {.struct_size = sizeof local,
                          .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA | NDG_WANT_HVP |
                                  NDG_WANT_MIXED,
                          .phi = phi,
                          .direction = direction,
                          .grad_phi = filled(NDG_PHI, 4),
                          .grad_theta = filled(NDG_THETA, 5),
                          .hvp = filled(NDG_PHI, 6),
                          .mixed = filled(NDG_THETA, 7)};
  ndg_evaluation forward = {.struct_size = sizeof forward,
                            .want = NDG_WANT_MIXED_FORWARD,
                            .phi = phi,
                            .direction = theta_direction,
                            .mixed_forward = filled(NDG_PHI, 8)};
  ck_assert_msg(ndg_problem_evaluate(problem, &local, &e) == NDG_OK, "%s", e.text);
  ck_assert_msg(ndg_problem_evaluate(problem, &forward, &e) == NDG_OK, "%s", e.text);
  for (uint64_t t = 0; t < TASKS; t++) {
    long double p[N], v[N], u[N], theta[N];
    read_row(phi, t, p);
    read_row(direction, t, v);
    read_row(theta_direction, t, u);
    for (uint64_t i = 0; i < N; i++)
      theta[i] = problem->theta[i];
    expect("grad_phi", local.grad_phi, t, k[t], p, m[t], theta);
    expect("grad_theta", local.grad_theta, t, m[t], p, NULL, NULL);
    expect("hvp", local.hvp, t, k[t], v, NULL, NULL);
    expect("mixed", local.mixed, t, m[t], v, NULL, NULL);
    expect("mixed_forward", forward.mixed_forward, t, m[t], u, NULL, NULL);
  }
  ndg_vector_destroy(local.grad_phi);
  ndg_vector_destroy(local.grad_theta);
  ndg_vector_destroy(local.hvp);
  ndg_vector_destroy(local.mixed);
  ndg_vector_destroy(forward.mixed_forward);
}
END_TEST

/* φ' = φ − η (k φ + m θ): its transpose takes a to (1 − η k) a, and −η m a to theta. */
START_TEST(every_part_of_a_transposed_step_lies_where_its_group_does) {
  const double lr = 0.1;
  ndg_vector *adjoint = filled(NDG_STATE, 4), *theta_adjoint = filled(NDG_THETA, 5);
  long double a[TASKS][N], before[TASKS][N];
  for (uint64_t t = 0; t < TASKS; t++) {
    read_row(adjoint, t, a[t]);
    read_row(theta_adjoint, t, before[t]);
  }
  ck_assert_msg(ndg_problem_step_transposed(problem, NULL, phi, 0, adjoint, theta_adjoint, &e) ==
                    NDG_OK,
                "%s", e.text);
  for (uint64_t t = 0; t < TASKS; t++) {
    double kept[N], passed[N], one[N];
    for (uint64_t i = 0; i < N; i++) {
      kept[i] = 1 - lr * k[t][i];
      passed[i] = -lr * m[t][i];
      one[i] = 1;
    }
    expect("adjoint", adjoint, t, kept, a[t], NULL, NULL);
    expect("theta_adjoint", theta_adjoint, t, passed, a[t], one, before[t]);
  }
  ndg_vector_destroy(adjoint);
  ndg_vector_destroy(theta_adjoint);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("groups");
  TCase *all = tcase_create("places");
  tcase_add_checked_fixture(all, set_up, tear_down);
  tcase_add_test(all, every_derivative_lies_where_its_group_does);
  tcase_add_test(all, every_part_of_a_transposed_step_lies_where_its_group_does);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}
