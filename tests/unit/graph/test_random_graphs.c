/* SPDX-License-Identifier: MIT */
/* First, second and third derivatives of 200 random graphs: against differences, and by every
   order of forward and reverse mode against each other. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "../suite.h"
#include "random_graph.h"
#include "sample.h"

enum { N_GRAPHS = 200, N_OPERATIONS = 24, N_TASKS = 3, ORDERS = 3 };

typedef struct fixture {
  random_graph r;
  ndg_builder builder;
  ndg_node v[2];              /* direction in phi and theta */
  ndg_node along[ORDERS + 1]; /* the loss and its derivatives along v, by forward mode */
  sample s;
} fixture;

static ndg_node jvp(fixture *f, ndg_node y) {
  ndg_error e = {0};
  ndg_node y_dot;
  ck_assert_msg(ndg_graph_jvp(f->r.graph, 2, f->r.input, f->v, 1, &y, &y_dot, &e) == NDG_OK, "%s",
                e.text);
  return y_dot;
}

static void vjp(fixture *f, ndg_node y, uint32_t flags, ndg_node *x_bar) {
  ndg_error e = {0};
  ck_assert_msg(ndg_graph_vjp(f->r.graph, 1, &y, NULL, 2, f->r.input, flags, x_bar, &e) == NDG_OK,
                "%s", e.text);
}

static void begin(fixture *f, uint64_t seed, bool analytic) {
  ndg_error e = {0};
  random_graph_create(&f->r, seed, N_OPERATIONS, analytic);
  ck_assert_ptr_nonnull(f->r.graph);
  ck_assert_msg(ndg_graph_status(f->r.graph, &e) == NDG_OK, "graph %llu: %s",
                (unsigned long long)seed, e.text);
  f->builder = ndg_graph_builder(f->r.graph);
  for (uint32_t i = 0; i < 2; i++) {
    const ndg_graph_node *n = ndg_graph_get(f->r.graph, f->r.input[i]);
    f->v[i] = ndg_graph_input(f->r.graph, NDG_REAL, n->per_task, 0, n->shape);
  }
  f->along[0] = f->r.loss;
  for (uint32_t k = 0; k < ORDERS; k++)
    f->along[k + 1] = jvp(f, f->along[k]);
  sample_begin(&f->s, f->r.graph, N_TASKS);
  ndg_rng rng = {seed + 77, 5, 0, 3};
  for (uint32_t i = 0; i < RANDOM_INPUTS + 2; i++) {
    if (i == RANDOM_INDEX || i == RANDOM_SHARED_INDEX)
      sample_fill_index(&f->s, i, 2, &rng);
    else
      sample_fill(&f->s, i, -1, 1, 0, &rng);
  }
}

static void end(fixture *f) {
  sample_end(&f->s);
  random_graph_destroy(&f->r);
}

/* Central difference of a node along v, in long double. */
static wide *difference(fixture *f, ndg_node y, uint64_t n, long double h) {
  wide *at[2];
  for (int side = 0; side < 2; side++) {
    const long double step = side ? -h : h;
    for (uint32_t i = 0; i < 2; i++)
      sample_shift(&f->s, i, step, RANDOM_INPUTS + i);
    at[side] = sample_evaluate(&f->s, NDG_LONG_DOUBLE, y);
    for (uint32_t i = 0; i < 2; i++)
      sample_shift(&f->s, i, -step, RANDOM_INPUTS + i);
  }
  for (uint64_t i = 0; i < n; i++)
    at[0][i] = (at[0][i] - at[1][i]) / (2 * h);
  free(at[1]);
  return at[0];
}

static void check_near(const char *what, uint64_t seed, uint32_t order, uint64_t n, const wide *a,
                       const wide *b, long double scale, long double tolerance) {
  const long double far = sample_distance(n, a, b);
  ck_assert_msg(far <= tolerance * scale, "graph %llu, order %u, %s: differ by %Lg of %Lg",
                (unsigned long long)seed, order, what, far, scale);
}

/* Forward mode of each order against differences of the order below. */
static void check_differences(fixture *f, uint64_t seed) {
  for (uint32_t k = 0; k < ORDERS; k++) {
    wide *exact = sample_evaluate(&f->s, NDG_LONG_DOUBLE, f->along[k + 1]);
    wide *near = difference(f, f->along[k], N_TASKS, 1e-6L);
    check_near("differences", seed, k + 1, N_TASKS, exact, near, 1 + sample_norm(N_TASKS, exact),
               1e-7L);
    free(near);
    free(exact);
  }
}

/* Reverse mode of each order: <∂y/∂x, v> = along, both summed over tasks. */
static void check_reverse(fixture *f, uint64_t seed, ndg_dtype dtype, long double tolerance) {
  for (uint32_t k = 0; k < ORDERS; k++) {
    ndg_node x_bar[2];
    vjp(f, f->along[k], 0, x_bar);
    wide *along = sample_evaluate(&f->s, dtype, f->along[k + 1]);
    wide forward = 0, reverse = 0;
    long double size = 1;
    for (uint32_t t = 0; t < N_TASKS; t++) {
      forward += along[t];
      size += cabsl(along[t]);
    }
    for (uint32_t i = 0; i < 2; i++) {
      const uint64_t n = sample_count(f->r.graph, f->v[i], N_TASKS);
      wide *bar = sample_evaluate(&f->s, dtype, x_bar[i]);
      const wide *v = f->s.value[RANDOM_INPUTS + i];
      reverse += sample_dot(n, bar, v);
      size += sample_dot_size(n, bar, v);
      free(bar);
    }
    check_near("reverse", seed, k + 1, 1, &forward, &reverse, size, tolerance);
    free(along);
  }
}

/* ∂(∂y/∂x · v)/∂x by reverse over forward, forward over reverse and reverse over reverse. */
static void check_mixed(fixture *f, uint64_t seed) {
  ndg_error e = {0};
  for (uint32_t k = 0; k + 1 < ORDERS; k++) {
    ndg_node gradient[2], a[2], c[2], d[2];
    vjp(f, f->along[k], 0, gradient);
    vjp(f, f->along[k + 1], 0, a);
    ck_assert(ndg_graph_jvp(f->r.graph, 2, f->r.input, f->v, 2, gradient, c, &e) == NDG_OK);
    ck_assert(ndg_graph_vjp(f->r.graph, 2, gradient, f->v, 2, f->r.input, 0, d, &e) == NDG_OK);
    for (uint32_t i = 0; i < 2; i++) {
      const uint64_t n = sample_count(f->r.graph, a[i], N_TASKS);
      wide *fr = sample_evaluate(&f->s, NDG_F64, a[i]);
      wide *rf = sample_evaluate(&f->s, NDG_F64, c[i]);
      wide *rr = sample_evaluate(&f->s, NDG_F64, d[i]);
      const long double scale = 1 + sample_norm(n, fr);
      check_near("forward over reverse", seed, k + 2, n, fr, rf, scale, 1e-11L);
      check_near("reverse over reverse", seed, k + 2, n, fr, rr, scale, 1e-11L);
      free(rr);
      free(rf);
      free(fr);
    }
  }
}

static void check_holomorphic(fixture *f, uint64_t seed) {
  ndg_rng rng = {seed, 9, 0, 5};
  for (uint32_t i = 0; i < 2; i++) {
    sample_fill(&f->s, i, -1, 1, 0.125, &rng);
    sample_fill(&f->s, RANDOM_INPUTS + i, -1, 1, 0.125, &rng);
  }
  check_reverse(f, seed, NDG_C128, 1e-11L);
}

START_TEST(derivatives_of_random_graphs) {
  const uint64_t seed = (uint64_t)_i;
  fixture f;
  begin(&f, seed, seed % 2 == 0);
  check_differences(&f, seed);
  check_reverse(&f, seed, NDG_F32, 1e-3L);
  check_reverse(&f, seed, NDG_F64, 1e-11L);
  check_reverse(&f, seed, NDG_LONG_DOUBLE, 1e-14L);
  check_mixed(&f, seed);
  if (f.r.analytic)
    check_holomorphic(&f, seed);
  end(&f);
}
END_TEST

/* Derivatives per task of a shared x add up to the summed one. */
START_TEST(adjoints_per_task_add_up) {
  const uint64_t seed = (uint64_t)_i;
  fixture f;
  begin(&f, seed, false);
  ndg_node summed[2], apart[2];
  vjp(&f, f.r.loss, 0, summed);
  vjp(&f, f.r.loss, NDG_DERIVATIVE_PER_TASK, apart);
  ck_assert(!ndg_graph_get(f.r.graph, summed[1])->per_task);
  ck_assert(ndg_graph_get(f.r.graph, apart[1])->per_task);
  const ndg_node again = ndg_sum_tasks(&f.builder, apart[1]);
  wide *a = sample_evaluate(&f.s, NDG_F64, summed[1]);
  wide *b = sample_evaluate(&f.s, NDG_F64, again);
  const uint64_t n = sample_count(f.r.graph, again, N_TASKS);
  check_near("per task", seed, 1, n, a, b, 1 + sample_norm(n, a), 1e-12L);
  free(b);
  free(a);
  end(&f);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("random graphs");
  TCase *c = tcase_create("derivatives");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, derivatives_of_random_graphs, 0, N_GRAPHS);
  tcase_add_loop_test(c, adjoints_per_task_add_up, 0, 40);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
