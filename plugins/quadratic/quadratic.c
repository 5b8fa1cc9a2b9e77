/* SPDX-License-Identifier: MIT */
/* Learners whose losses are quadratic in phi, with their exact solution. See README.md. */
#include "quadratic.h"

#include <math.h>
#include <string.h>

static const ndg_choice forms[] = {
    {"linear_quadratic", LINEAR_QUADRATIC,
     "learn 1/2 (phi-a)' H0 (phi-a) + l/2 |phi-theta|^2, eval 1/2 (phi-c)' M (phi-c)."},
    {"least_squares", LEAST_SQUARES, "learn |C theta + D phi - e|^2, eval |A phi - b|^2."},
    {"ridge", RIDGE, "learn |X phi - y|^2/(2n) + 1/2 sum lambda phi^2, eval |X' phi - y'|^2/(2m)."},
    {NULL, 0, NULL}};
static const ndg_choice lambda_scales[] = {
    {"raw", RAW, "theta is lambda itself, projected to >= 0 after each outer step."},
    {"log", LOG, "theta is log lambda."},
    {NULL, 0, NULL}};

static const ndg_option option_table[] = {
    NDG_OPT_ENUM(quadratic_options, form, RIDGE, forms, "Which pair of losses."),
    NDG_OPT_F64(quadratic_options, l, 1, 0, 1e12, NDG_OPTION_LOG | NDG_OPTION_EXCLUSIVE_MIN, NULL,
                "Pull strength of form linear_quadratic."),
    NDG_OPT_F64(quadratic_options, lambda, 1e-2, 0, 1e12, NDG_OPTION_LOG, NULL,
                "Initial strength of every feature of form ridge."),
    NDG_OPT_ENUM(quadratic_options, lambda_scale, RAW, lambda_scales,
                 "How theta stands for the strengths of form ridge."),
    NDG_OPT_F64(quadratic_options, theta, 0, -1e12, 1e12, 0, NULL,
                "Initial value of every theta of forms linear_quadratic and least_squares."),
    NDG_OPT_F64(quadratic_options, deviation, 0, 0, 1e6, 0, NULL,
                "Standard deviation of the initial phi around 0."),
    NDG_OPT_BOOL(quadratic_options, start_at_theta, 0,
                 "Learning of form linear_quadratic starts at theta, to which phi is pulled."),
    NDG_OPT_END};

static ndg_status check(const void *options, ndg_error *e) {
  const quadratic_options *o = options;
  if (o->form == RIDGE && o->lambda_scale == LOG && !(o->lambda > 0)) {
    return ndg_fail(e, NDG_EINVAL, "lambda is 0 and lambda_scale is log; set lambda > 0");
  }
  if (o->form != RIDGE && o->lambda_scale == LOG) {
    return ndg_fail(e, NDG_EINVAL, "lambda_scale = log is for form ridge only");
  }
  if (o->start_at_theta && o->form != LINEAR_QUADRATIC) {
    return ndg_fail(e, NDG_EINVAL,
                    "start_at_theta is for form linear_quadratic: in the others theta is no phi");
  }
  if (o->start_at_theta && o->deviation > 0) {
    return ndg_fail(e, NDG_EINVAL,
                    "deviation = %g has no effect with start_at_theta; remove one of them",
                    o->deviation);
  }
  return NDG_OK;
}

static ndg_status layout(const void *options, const ndg_task_arrays *tasks, ndg_layout *out,
                         ndg_error *e) {
  const quadratic_options *o = options;
  quadratic_arrays arrays;
  ndg_status st = quadratic_find_arrays(o, tasks->n_arrays, tasks->arrays, &arrays, e);
  if (st < 0) {
    return st;
  }
  ndg_group *phi = &out->phi[0], *theta = &out->theta[0];
  const int is_log = o->lambda_scale == LOG;
  out->n_phi = out->n_theta = 1;
  (void)snprintf(phi->name, sizeof phi->name, "phi");
  phi->shape = NDG_VECTOR(arrays.n_phi);
  phi->start_theta = o->start_at_theta ? 0 : -1;
  phi->init = o->deviation > 0 ? NDG_INIT_NORMAL : NDG_INIT_CONSTANT;
  phi->b = o->deviation;
  theta->shape = NDG_VECTOR(arrays.n_theta);
  if (o->form == RIDGE) {
    (void)snprintf(theta->name, sizeof theta->name, "%s", is_log ? "log_lambda" : "lambda");
    theta->constraint = is_log ? NDG_UNCONSTRAINED : NDG_NONNEGATIVE;
    theta->a = is_log ? log(o->lambda) : o->lambda;
  } else {
    (void)snprintf(theta->name, sizeof theta->name, "theta");
    theta->a = o->theta;
  }
  return NDG_OK;
}

/* A x as a vector. */
static ndg_node product(const ndg_builder *b, ndg_node a, ndg_node x) {
  const uint64_t rows = b->api->shape(b->graph, a).dim[0];
  const ndg_shape column = NDG_MATRIX(b->api->shape(b->graph, x).dim[0], 1);
  return ndg_reshape(b, ndg_matmul(b, a, ndg_reshape(b, x, column), 0, 0), NDG_VECTOR(rows));
}

/* A x - y; y may be a matrix of one column. */
static ndg_node residual(const ndg_builder *b, ndg_node a, ndg_node x, ndg_node y) {
  const ndg_node ax = product(b, a, x);
  return ndg_sub(b, ax, ndg_reshape(b, y, b->api->shape(b->graph, ax)));
}

static ndg_node squared_norm(const ndg_builder *b, ndg_node x) {
  return ndg_sum(b, ndg_square(b, x));
}

/* ½ (φ - x)ᵀ H (φ - x) */
static ndg_node bowl(const ndg_builder *b, ndg_node h, ndg_node phi, ndg_node x) {
  const ndg_node d = ndg_sub(b, phi, ndg_reshape(b, x, b->api->shape(b->graph, phi)));
  return ndg_scale(b, ndg_sum(b, ndg_mul(b, d, product(b, h, d))), 0.5);
}

static void build_linear_quadratic(const quadratic_options *o, const ndg_builder *b,
                                   const ndg_node *x, ndg_node phi, ndg_node theta,
                                   ndg_learner_outputs *out) {
  const ndg_node pull = ndg_scale(b, squared_norm(b, ndg_sub(b, phi, theta)), 0.5 * o->l);
  out->learn_loss = ndg_add(b, bowl(b, x[LQ_H0], phi, x[LQ_A]), pull);
  out->eval_loss = bowl(b, x[LQ_M], phi, x[LQ_C]);
}

static void build_least_squares(const ndg_builder *b, const ndg_node *x, ndg_node phi,
                                ndg_node theta, ndg_learner_outputs *out) {
  const ndg_node fixed = residual(b, x[LS_C], theta, x[LS_E]);
  out->learn_loss = squared_norm(b, ndg_add(b, fixed, product(b, x[LS_D], phi)));
  out->eval_loss = squared_norm(b, residual(b, x[LS_A], phi, x[LS_B]));
}

static void build_ridge(const quadratic_options *o, const ndg_builder *b, const ndg_node *x,
                        ndg_node phi, ndg_node theta, ndg_learner_outputs *out) {
  /* Of the nodes: a minibatch has fewer rows than the task. */
  const uint64_t n = b->api->shape(b->graph, x[RIDGE_X]).dim[0];
  const uint64_t m = b->api->shape(b->graph, x[RIDGE_EVAL_X]).dim[0];
  const ndg_node lambda = o->lambda_scale == LOG ? ndg_exp(b, theta) : theta;
  const ndg_node error = squared_norm(b, residual(b, x[RIDGE_X], phi, x[RIDGE_Y]));
  const ndg_node pull = ndg_sum(b, ndg_mul(b, lambda, ndg_square(b, phi)));
  out->learn_loss =
      ndg_add(b, ndg_scale(b, error, n ? 0.5 / (double)n : 0), ndg_scale(b, pull, 0.5));
  out->eval_loss = ndg_scale(b, squared_norm(b, residual(b, x[RIDGE_EVAL_X], phi, x[RIDGE_EVAL_Y])),
                             m ? 0.5 / (double)m : 0);
}

static ndg_status build(const void *options, const ndg_builder *b, const ndg_learner_inputs *in,
                        ndg_learner_outputs *out, ndg_error *e) {
  const quadratic_options *o = options;
  quadratic_arrays arrays;
  ndg_node x[QUADRATIC_MAX_ARRAYS];
  ndg_status st = quadratic_find_arrays(o, in->n_arrays, in->array_descriptions, &arrays, e);
  if (st < 0) {
    return st;
  }
  for (uint32_t i = 0; i < arrays.n; i++) {
    x[i] = in->arrays[arrays.at[i]];
  }
  if (o->form == LINEAR_QUADRATIC) {
    build_linear_quadratic(o, b, x, in->phi[0], in->theta[0], out);
  } else if (o->form == LEAST_SQUARES) {
    build_least_squares(b, x, in->phi[0], in->theta[0], out);
  } else {
    build_ridge(o, b, x, in->phi[0], in->theta[0], out);
  }
  return NDG_OK;
}

static const void *extension(const char *id) {
  if (strcmp(id, NDG_CAP_CLOSED_FORM) == 0) {
    return &quadratic_closed_form;
  }
  return strcmp(id, NDG_CAP_EXAMPLE) == 0 ? &quadratic_examples : NULL;
}

static const ndg_learner_ops ops = {.struct_size = sizeof ops,
                                    .check = check,
                                    .layout = layout,
                                    .build = build,
                                    .extension = extension};

static const char *const provides[] = {NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM, NDG_CAP_EXAMPLE, NULL};

static const ndg_component learner = {
    .struct_size = sizeof learner,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_LEARNER(&ops),
    .id = "quadratic",
    .version = "1.0.0",
    .title = "Quadratic problems with closed-form solution and exact meta-gradient",
    .doc = "Three forms of quadratic learn_loss and eval_loss: linear_quadratic (arrays H0, a, M, "
           "c; theta pulls phi), least_squares (arrays A, b, C, D, e; theta shifts the targets) "
           "and ridge (arrays learn.inputs, learn.targets, eval.inputs, eval.targets; theta holds "
           "one weight decay per feature). All give their optimum and meta-gradient in closed "
           "form, computed in long double.",
    .provides = provides,
    .options = option_table,
    .options_size = sizeof(quadratic_options)};

static const ndg_component *const components[] = {&learner};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "quadratic", .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1,   .components = components};
