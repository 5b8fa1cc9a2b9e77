/* SPDX-License-Identifier: MIT */
/* Every entry of the table of operations: derivatives of first, second and third order, in every
   element type, for every choice of shared and per-task operands. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "graph/internal.h"
#include "sample.h"

enum { MOST_OPERANDS = 3, N_TASKS = 3, ORDERS = 3 };

#define VECTOR(n)                                                                                  \
  {                                                                                                \
    .n_dims = 1, .dim = { n, 1, 1, 1 }                                                             \
  }
#define MATRIX(m, n)                                                                               \
  {                                                                                                \
    .n_dims = 2, .dim = { m, n, 1, 1 }                                                             \
  }
#define CUBE(l, m, n)                                                                              \
  {                                                                                                \
    .n_dims = 3, .dim = { l, m, n, 1 }                                                             \
  }

/* One use of an operation. Values are drawn from [low, high): within the domain, and for functions
   with kinks the seed keeps them away from these. */
typedef struct op_case {
  uint32_t op, n_in;
  ndg_shape in[MOST_OPERANDS];
  ndg_attr attr;
  ndg_shape target;
  double low, high;
  uint32_t index_limit; /* operand 1 is an index below this */
  bool stopped;         /* the derivative is zero by definition, whatever the value does */
} op_case;

#define ANY .low = -1.5, .high = 1.5
#define POSITIVE .low = 0.5, .high = 2.5
#define UNARY(op_, ...)                                                                            \
  { .op = op_, .n_in = 1, .in = {MATRIX(2, 3)}, __VA_ARGS__ }
#define BINARY(op_, ...)                                                                           \
  {.op = op_, .n_in = 2, .in = {MATRIX(2, 3), MATRIX(2, 3)}, __VA_ARGS__},                         \
      {.op = op_, .n_in = 2, .in = {MATRIX(2, 3), VECTOR(3)}, __VA_ARGS__}, {                      \
    .op = op_, .n_in = 2, .in = {MATRIX(2, 1), CUBE(2, 1, 3)}, __VA_ARGS__                         \
  }

static const op_case cases[] = {
    {.op = NDG_OP_INPUT, .n_in = 1, .in = {MATRIX(2, 3)}, ANY},
    {.op = NDG_OP_CONSTANT, .n_in = 1, .in = {MATRIX(2, 3)}, .attr = {.value = 1.25}, ANY},

    UNARY(NDG_OP_NEG, ANY),
    UNARY(NDG_OP_SQUARE, ANY),
    UNARY(NDG_OP_SQRT, POSITIVE),
    UNARY(NDG_OP_RECIPROCAL, POSITIVE),
    UNARY(NDG_OP_EXP, ANY),
    UNARY(NDG_OP_LOG, POSITIVE),
    UNARY(NDG_OP_TANH, ANY),
    UNARY(NDG_OP_SIGMOID, ANY),
    UNARY(NDG_OP_SOFTPLUS, ANY),
    UNARY(NDG_OP_SIN, ANY),
    UNARY(NDG_OP_COS, ANY),
    UNARY(NDG_OP_POWER, POSITIVE, .attr = {.value = 2.5}),
    UNARY(NDG_OP_POWER, POSITIVE, .attr = {.value = -1.25}),
    UNARY(NDG_OP_POWER, ANY, .attr = {.value = 3}),
    UNARY(NDG_OP_POWER, ANY, .attr = {.value = 2}),
    UNARY(NDG_OP_POWER, ANY, .attr = {.value = 1}),
    UNARY(NDG_OP_STEP, ANY),
    UNARY(NDG_OP_RELU, ANY),
    UNARY(NDG_OP_ABS, ANY),
    UNARY(NDG_OP_SIGN, ANY),
    UNARY(NDG_OP_STOP_GRADIENT, ANY, .stopped = true),

    BINARY(NDG_OP_ADD, ANY),
    BINARY(NDG_OP_SUB, ANY),
    BINARY(NDG_OP_MUL, ANY),
    BINARY(NDG_OP_DIV, POSITIVE),
    BINARY(NDG_OP_MAX, ANY),
    BINARY(NDG_OP_MIN, ANY),
    BINARY(NDG_OP_GREATER, ANY),
    {.op = NDG_OP_SELECT, .n_in = 3, .in = {MATRIX(2, 3), MATRIX(2, 3), VECTOR(3)}, ANY},

    {.op = NDG_OP_MATMUL, .n_in = 2, .in = {MATRIX(2, 3), MATRIX(3, 4)}, ANY},
    {.op = NDG_OP_MATMUL, .n_in = 2, .in = {MATRIX(3, 2), MATRIX(3, 4)}, .attr = {.i = {1}}, ANY},
    {.op = NDG_OP_MATMUL,
     .n_in = 2,
     .in = {MATRIX(2, 3), MATRIX(4, 3)},
     .attr = {.i = {0, 1}},
     ANY},
    {.op = NDG_OP_MATMUL,
     .n_in = 2,
     .in = {MATRIX(3, 2), MATRIX(4, 3)},
     .attr = {.i = {1, 1}},
     ANY},
    {.op = NDG_OP_MATMUL, .n_in = 2, .in = {MATRIX(1, 1), MATRIX(1, 3)}, ANY},

    {.op = NDG_OP_RESHAPE, .n_in = 1, .in = {MATRIX(2, 3)}, .target = CUBE(3, 1, 2), ANY},
    {.op = NDG_OP_TRANSPOSE, .n_in = 1, .in = {MATRIX(2, 3)}, .attr = {.i = {1, 0}}, ANY},
    {.op = NDG_OP_TRANSPOSE, .n_in = 1, .in = {CUBE(2, 3, 4)}, .attr = {.i = {2, 0, 1}}, ANY},
    {.op = NDG_OP_BROADCAST, .n_in = 1, .in = {VECTOR(3)}, .target = MATRIX(2, 3), ANY},
    {.op = NDG_OP_BROADCAST, .n_in = 1, .in = {MATRIX(2, 1)}, .target = CUBE(2, 2, 3), ANY},
    {.op = NDG_OP_SLICE, .n_in = 1, .in = {MATRIX(3, 4)}, .attr = {.i = {1, 1, 2}}, ANY},
    {.op = NDG_OP_SLICE, .n_in = 1, .in = {VECTOR(6)}, .attr = {.i = {0, 2, 4}}, ANY},
    {.op = NDG_OP_PAD, .n_in = 1, .in = {MATRIX(2, 3)}, .attr = {.i = {0, 1, 2}}, ANY},
    {.op = NDG_OP_PAD, .n_in = 1, .in = {MATRIX(2, 3)}, .attr = {.i = {1, 0, 1}}, ANY},
    {.op = NDG_OP_CONCAT,
     .n_in = 3,
     .in = {MATRIX(2, 3), MATRIX(2, 1), MATRIX(2, 2)},
     .attr = {.i = {1}},
     ANY},

    {.op = NDG_OP_GATHER, .n_in = 2, .in = {MATRIX(4, 2), VECTOR(6)}, .index_limit = 4, ANY},
    {.op = NDG_OP_SCATTER_ADD,
     .n_in = 2,
     .in = {MATRIX(5, 2), VECTOR(5)},
     .attr = {.i = {3}},
     .index_limit = 3,
     ANY},
    {.op = NDG_OP_PICK, .n_in = 2, .in = {MATRIX(4, 3), VECTOR(4)}, .index_limit = 3, ANY},
    {.op = NDG_OP_PLACE,
     .n_in = 2,
     .in = {VECTOR(4), VECTOR(4)},
     .attr = {.i = {3}},
     .index_limit = 3,
     ANY},

    {.op = NDG_OP_SUM, .n_in = 1, .in = {CUBE(2, 3, 2)}, .attr = {.i = {5}}, ANY},
    {.op = NDG_OP_SUM, .n_in = 1, .in = {VECTOR(5)}, .attr = {.i = {1}}, ANY},
    {.op = NDG_OP_LOG_SUM_EXP, .n_in = 1, .in = {MATRIX(2, 4)}, ANY},
    UNARY(NDG_OP_SUM_TASKS, ANY),
    UNARY(NDG_OP_SPREAD, ANY),
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

/* Relative errors allowed, by element type: a few hundred roundings. */
static const long double tolerance[] = {
    [NDG_F32] = 1e-4L, [NDG_F64] = 1e-12L, [NDG_LONG_DOUBLE] = 1e-15L, [NDG_C128] = 1e-12L};

typedef struct trial {
  const op_case *c;
  uint32_t sharing; /* bit i: operand i is shared */
  ndg_graph *graph;
  uint32_t n_x;                                /* real operands */
  ndg_node x[MOST_OPERANDS], v[MOST_OPERANDS]; /* and a direction for each */
  uint32_t x_number[MOST_OPERANDS], v_number[MOST_OPERANDS];
  uint32_t index_number, u_number;
  ndg_node u;                 /* a cotangent */
  ndg_node along[ORDERS + 1]; /* the operation and its derivatives along v */
  sample s;
} trial;

static void check_status(const trial *t, ndg_status st, const ndg_error *e) {
  ck_assert_msg(st == NDG_OK, "%s, sharing %u: %s", ndg_graph_op_name(t->c->op), t->sharing,
                e->text);
}

static ndg_node jvp(trial *t, ndg_node y) {
  ndg_error e = {0};
  ndg_node y_dot;
  check_status(t, ndg_graph_jvp(t->graph, t->n_x, t->x, t->v, 1, &y, &y_dot, &e), &e);
  return y_dot;
}

static void vjp(trial *t, ndg_node y, ndg_node *x_bar) {
  ndg_error e = {0};
  check_status(t, ndg_graph_vjp(t->graph, 1, &y, &t->u, t->n_x, t->x, 0, x_bar, &e), &e);
}

static ndg_node build_operation(trial *t, const ndg_node *in) {
  const op_case *c = t->c;
  const ndg_builder b = ndg_graph_builder(t->graph);
  if (c->op == NDG_OP_INPUT)
    return in[0];
  if (c->op == NDG_OP_CONSTANT)
    return b.api->constant(t->graph, c->attr.value, &c->in[0]);
  return b.api->apply(t->graph, c->op, c->n_in, in, &c->attr, c->target.n_dims ? &c->target : NULL);
}

static void begin(trial *t, const op_case *c, uint32_t sharing) {
  ndg_error e = {0};
  *t = (trial){.c = c, .sharing = sharing};
  ck_assert(ndg_graph_create(&t->graph, &e) == NDG_OK);
  ndg_node in[MOST_OPERANDS] = {0};
  for (uint32_t i = 0; i < c->n_in; i++) {
    ndg_shape s = c->in[i];
    for (uint32_t a = s.n_dims; a < NDG_MAX_DIMS; a++)
      s.dim[a] = 1;
    const bool index = i == 1 && c->index_limit;
    const uint32_t number = ndg_graph_input_count(t->graph);
    in[i] = ndg_graph_input(t->graph, index ? NDG_INDEX : NDG_REAL, !(sharing >> i & 1), 0, s);
    if (index) {
      t->index_number = number;
      continue;
    }
    t->x[t->n_x] = in[i];
    t->x_number[t->n_x] = number;
    t->v_number[t->n_x] = number + 1;
    t->v[t->n_x++] = ndg_graph_input(t->graph, NDG_REAL, !(sharing >> i & 1), 0, s);
  }
  t->along[0] = build_operation(t, in);
  check_status(t, ndg_graph_status(t->graph, &e), &e);
  const ndg_graph_node y = *ndg_graph_get(t->graph, t->along[0]);
  t->u_number = ndg_graph_input_count(t->graph);
  t->u = ndg_graph_input(t->graph, NDG_REAL, y.per_task, 0, y.shape);
  for (uint32_t k = 0; k < ORDERS; k++)
    t->along[k + 1] = jvp(t, t->along[k]);
}

static void fill(trial *t, double imaginary) {
  ndg_rng rng = {(uint64_t)(t->c - cases) * 977 + 5, t->sharing, 0, 7};
  sample_end(&t->s);
  sample_begin(&t->s, t->graph, N_TASKS);
  for (uint32_t i = 0; i < t->n_x; i++) {
    sample_fill(&t->s, t->x_number[i], t->c->low, t->c->high, imaginary, &rng);
    sample_fill(&t->s, t->v_number[i], -1, 1, imaginary, &rng);
  }
  if (t->c->index_limit)
    sample_fill_index(&t->s, t->index_number, t->c->index_limit, &rng);
  sample_fill(&t->s, t->u_number, -1, 1, imaginary, &rng);
}

static void end(trial *t) {
  sample_end(&t->s);
  ndg_graph_destroy(t->graph);
}

static void check_near(const trial *t, const char *what, uint32_t order, uint64_t n, const wide *a,
                       const wide *b, long double scale, long double allowed) {
  const long double far = sample_distance(n, a, b);
  ck_assert_msg(far <= allowed * scale,
                "%s (case %td), sharing %u, order %u, %s: differ by %Lg of %Lg",
                ndg_graph_op_name(t->c->op), t->c - cases, t->sharing, order, what, far, scale);
}

static void shift_all(trial *t, wide h) {
  for (uint32_t i = 0; i < t->n_x; i++)
    sample_shift(&t->s, t->x_number[i], h, t->v_number[i]);
}

/* Im f(x + ihv) / h has no cancellation: exact to rounding. */
static void check_complex_step(trial *t, uint32_t k) {
  const long double h = 0x1p-100L;
  const uint64_t n = sample_count(t->graph, t->along[k], N_TASKS);
  wide *exact = sample_evaluate(&t->s, NDG_F64, t->along[k + 1]);
  shift_all(t, h * (wide)I);
  wide *step = sample_evaluate(&t->s, NDG_C128, t->along[k]);
  fill(t, 0);
  for (uint64_t i = 0; i < n; i++)
    step[i] = cimagl(step[i]) / h;
  check_near(t, "complex step", k + 1, n, exact, step, 1 + sample_norm(n, exact), 1e-13L);
  free(step);
  free(exact);
}

static void check_differences(trial *t, uint32_t k) {
  const long double h = 0x1p-20L;
  const uint64_t n = sample_count(t->graph, t->along[k], N_TASKS);
  wide *exact = sample_evaluate(&t->s, NDG_LONG_DOUBLE, t->along[k + 1]);
  shift_all(t, h);
  wide *right = sample_evaluate(&t->s, NDG_LONG_DOUBLE, t->along[k]);
  shift_all(t, -2 * h);
  wide *left = sample_evaluate(&t->s, NDG_LONG_DOUBLE, t->along[k]);
  fill(t, 0);
  for (uint64_t i = 0; i < n; i++)
    right[i] = (right[i] - left[i]) / (2 * h);
  check_near(t, "differences", k + 1, n, exact, right, 1 + sample_norm(n, exact), 1e-8L);
  free(left);
  free(right);
  free(exact);
}

/* <a, b> of two nodes over all tasks, and the size of its terms added to *size. */
static wide dot(const trial *t, ndg_dtype dtype, ndg_node a, ndg_node b, long double *size) {
  const uint64_t n = sample_count(t->graph, a, N_TASKS);
  ck_assert(n == sample_count(t->graph, b, N_TASKS));
  wide *p = sample_evaluate(&t->s, dtype, a), *q = sample_evaluate(&t->s, dtype, b);
  const wide sum = sample_dot(n, p, q);
  *size += sample_dot_size(n, p, q);
  free(q);
  free(p);
  return sum;
}

/* <u, J v> = <Jᵀ u, v>. */
static void check_adjoint(trial *t, uint32_t k, ndg_dtype dtype) {
  ndg_node x_bar[MOST_OPERANDS];
  vjp(t, t->along[k], x_bar);
  long double size = 1e-3L;
  const wide forward = dot(t, dtype, t->u, t->along[k + 1], &size);
  wide reverse = 0;
  for (uint32_t i = 0; i < t->n_x; i++)
    reverse += dot(t, dtype, x_bar[i], t->v[i], &size);
  check_near(t, "adjoint", k + 1, 1, &forward, &reverse, size, tolerance[dtype]);
}

/* ∂/∂x <u, J v>: reverse of forward, forward of reverse and reverse of reverse agree. */
static void check_mixed(trial *t, uint32_t k, ndg_dtype dtype) {
  ndg_error e = {0};
  ndg_node gradient[MOST_OPERANDS], fr[MOST_OPERANDS], rf[MOST_OPERANDS], rr[MOST_OPERANDS];
  vjp(t, t->along[k], gradient);
  vjp(t, t->along[k + 1], fr);
  check_status(t, ndg_graph_jvp(t->graph, t->n_x, t->x, t->v, t->n_x, gradient, rf, &e), &e);
  check_status(t, ndg_graph_vjp(t->graph, t->n_x, gradient, t->v, t->n_x, t->x, 0, rr, &e), &e);
  for (uint32_t i = 0; i < t->n_x; i++) {
    const uint64_t n = sample_count(t->graph, fr[i], N_TASKS);
    wide *a = sample_evaluate(&t->s, dtype, fr[i]);
    wide *b = sample_evaluate(&t->s, dtype, rf[i]);
    wide *c = sample_evaluate(&t->s, dtype, rr[i]);
    const long double scale = 1 + sample_norm(n, a);
    check_near(t, "forward of reverse", k + 2, n, a, b, scale, 10 * tolerance[dtype]);
    check_near(t, "reverse of reverse", k + 2, n, a, c, scale, 10 * tolerance[dtype]);
    free(c);
    free(b);
    free(a);
  }
}

/* Values in a narrower type are those of the widest, rounded. */
static void check_values(trial *t, uint32_t k, ndg_dtype dtype) {
  const uint64_t n = sample_count(t->graph, t->along[k], N_TASKS);
  wide *a = sample_evaluate(&t->s, NDG_LONG_DOUBLE, t->along[k]);
  wide *b = sample_evaluate(&t->s, dtype, t->along[k]);
  check_near(t, "value", k, n, a, b, 1 + sample_norm(n, a), tolerance[dtype]);
  free(b);
  free(a);
}

static void check_derivatives(trial *t, bool analytic) {
  fill(t, 0);
  for (uint32_t k = 0; k < ORDERS; k++) {
    if (analytic && !t->c->stopped)
      check_complex_step(t, k);
    if (!t->c->stopped)
      check_differences(t, k);
    for (ndg_dtype dtype = NDG_F32; dtype <= (analytic ? NDG_C128 : NDG_LONG_DOUBLE); dtype++) {
      fill(t, dtype == NDG_C128 ? 0.25 : 0);
      check_adjoint(t, k, dtype);
      if (k + 1 < ORDERS)
        check_mixed(t, k, dtype);
      fill(t, 0);
      check_values(t, k, dtype);
    }
  }
}

static void check_refused(trial *t) {
  ndg_error e = {0};
  wide *out;
  ck_assert(sample_try(&t->s, NDG_C128, t->along[0], &out, &e) == NDG_ECAPABILITY);
  ck_assert_msg(strstr(e.text, ndg_graph_op_name(t->c->op)) != NULL, "%s", e.text);
  free(out);
}

START_TEST(derivatives_of_an_operation) {
  const op_case *c = &cases[_i];
  const bool analytic = ndg_graph_op_analytic(c->op);
  for (uint32_t sharing = 0; sharing < 1u << c->n_in; sharing++) {
    trial t;
    begin(&t, c, sharing);
    check_derivatives(&t, analytic);
    if (!analytic)
      check_refused(&t);
    end(&t);
  }
}
END_TEST

START_TEST(every_operation_has_a_case) {
  uint32_t n_operations = 0;
  for (uint32_t op = 0; op < 4 * NDG_OP_LIMIT; op++) {
    if (!ndg_graph_op_name(op))
      continue;
    bool found = false;
    for (uint32_t i = 0; i < N_CASES; i++)
      found = found || cases[i].op == op;
    ck_assert_msg(found, "operation '%s' has no case in this test", ndg_graph_op_name(op));
    n_operations++;
  }
  ck_assert_uint_ge(n_operations, 42);
}
END_TEST

START_TEST(stopped_gradients_are_zero) {
  trial t;
  for (uint32_t i = 0; i < N_CASES; i++) {
    if (!cases[i].stopped)
      continue;
    begin(&t, &cases[i], 0);
    fill(&t, 0);
    const uint64_t n = sample_count(t.graph, t.along[1], N_TASKS);
    wide *zero = sample_evaluate(&t.s, NDG_F64, t.along[1]);
    ck_assert(sample_norm(n, zero) == 0);
    free(zero);
    end(&t);
  }
}
END_TEST

/* Ties and kinks: the derivative the header promises. */
START_TEST(derivatives_at_ties) {
  static const struct {
    uint32_t op, operand;
    long double x, derivative;
  } points[] = {{NDG_OP_MAX, 0, 0.5L, 1}, {NDG_OP_MAX, 1, 0.5L, 0}, {NDG_OP_MIN, 0, 0.5L, 1},
                {NDG_OP_MIN, 1, 0.5L, 0}, {NDG_OP_RELU, 0, 0, 0},   {NDG_OP_ABS, 0, 0, 0}};
  for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
    ndg_error e = {0};
    ndg_graph *g;
    ck_assert(ndg_graph_create(&g, &e) == NDG_OK);
    const ndg_node x[2] = {ndg_graph_input(g, NDG_REAL, true, 0, NDG_SCALAR),
                           ndg_graph_input(g, NDG_REAL, true, 0, NDG_SCALAR)};
    const ndg_builder b = ndg_graph_builder(g);
    const uint32_t n_in = ndg_operation_get(points[i].op)->n_min;
    const ndg_node y = b.api->apply(g, points[i].op, n_in, x, NULL, NULL);
    ndg_node bar;
    ck_assert(ndg_graph_vjp(g, 1, &y, NULL, 1, &x[points[i].operand], 0, &bar, &e) == NDG_OK);
    sample s;
    ndg_rng rng = {1, 2, 3, 5};
    sample_begin(&s, g, 1);
    for (uint32_t k = 0; k < 2; k++) {
      sample_fill(&s, k, 0, 0, 0, &rng);
      s.value[k][0] = points[i].x;
    }
    wide *d = sample_evaluate(&s, NDG_F64, bar);
    ck_assert_msg(creall(d[0]) == points[i].derivative, "%s, operand %u: %Lg",
                  ndg_graph_op_name(points[i].op), points[i].operand, creall(d[0]));
    free(d);
    sample_end(&s);
    ndg_graph_destroy(g);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("operations");
  TCase *c = tcase_create("table");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, every_operation_has_a_case);
  tcase_add_loop_test(c, derivatives_of_an_operation, 0, N_CASES);
  tcase_add_test(c, stopped_gradients_are_zero);
  tcase_add_test(c, derivatives_at_ties);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
