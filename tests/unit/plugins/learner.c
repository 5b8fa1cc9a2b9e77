/* SPDX-License-Identifier: MIT */
#include "learner.h"

#include <string.h>

#include "graph/graph.h"

enum { MOST_ARRAYS = 8 };

static ndg_status try_layout(const ndg_instance *learner, const ndg_array *arrays, uint64_t n,
                             ndg_layout *out, ndg_error *e) {
  const ndg_task_arrays tasks = {.n_tasks = 1, .n_arrays = n, .arrays = arrays};
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  return learner->loaded->ops.learner.layout(learner->options, &tasks, out, e);
}

void lay_out(const ndg_instance *learner, const ndg_array *arrays, uint64_t n, ndg_layout *out) {
  ndg_error e = {0};
  ck_assert_msg(try_layout(learner, arrays, n, out, &e) == NDG_OK, "%s", e.text);
}

void check_layout_refused(const ndg_instance *learner, const ndg_array *arrays, uint64_t n,
                          const char *expected) {
  static ndg_layout layout;
  ndg_error e = {0};
  ck_assert_int_eq(try_layout(learner, arrays, n, &layout, &e), NDG_EINVAL);
  ck_assert_msg(strstr(e.text, expected) != NULL, "'%s' lacks '%s'", e.text, expected);
}

uint64_t count_numbers(const ndg_group *groups, uint32_t n) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < n; i++) {
    sum += ndg_shape_size(&groups[i].shape);
  }
  return sum;
}

typedef struct model {
  ndg_graph *graph;
  ndg_node phi[NDG_MAX_GROUPS], theta[NDG_MAX_GROUPS], arrays[MOST_ARRAYS];
  const void *inputs[2 * NDG_MAX_GROUPS + MOST_ARRAYS];
  uint32_t n_inputs;
} model;

static void add_groups(model *m, const ndg_group *groups, uint32_t n, bool per_task,
                       const double *numbers, ndg_node *nodes) {
  for (uint32_t i = 0; i < n; i++) {
    nodes[i] = ndg_graph_input(m->graph, NDG_REAL, per_task, 0, groups[i].shape);
    m->inputs[m->n_inputs++] = numbers;
    numbers += ndg_shape_size(&groups[i].shape);
  }
}

static void compute(model *m, ndg_node node, double *out) {
  ndg_error e = {0};
  void *const outputs[] = {out};
  const ndg_status st =
      ndg_graph_interpret(m->graph, NDG_F64, 1, m->inputs, 1, &node, outputs, NULL, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
}

static void compute_gradient(model *m, const ndg_layout *layout, ndg_node loss, double *out) {
  ndg_node gradient[NDG_MAX_GROUPS];
  ndg_error e = {0};
  ck_assert_msg(ndg_graph_vjp(m->graph, 1, &loss, NULL, layout->n_phi, m->phi, 0, gradient, &e) ==
                    NDG_OK,
                "%s", e.text);
  for (uint32_t i = 0; i < layout->n_phi; i++) {
    compute(m, gradient[i], out);
    out += ndg_shape_size(&layout->phi[i].shape);
  }
}

static ndg_learner_outputs build(const ndg_instance *learner, model *m, const ndg_array *arrays,
                                 uint64_t n) {
  ndg_array descriptions[MOST_ARRAYS];
  ndg_error e = {0};
  ck_assert_uint_le(n, MOST_ARRAYS);
  for (uint64_t i = 0; i < n; i++) {
    descriptions[i] = arrays[i];
    descriptions[i].data = NULL;
    m->arrays[i] = ndg_graph_input(m->graph, arrays[i].kind, true, NDG_INPUT_DATA, arrays[i].shape);
    m->inputs[m->n_inputs++] = arrays[i].data;
  }
  const ndg_builder builder = ndg_graph_builder(m->graph);
  const ndg_learner_inputs in = {.struct_size = sizeof in,
                                 .n_arrays = (uint32_t)n,
                                 .phi = m->phi,
                                 .theta = m->theta,
                                 .arrays = m->arrays,
                                 .array_descriptions = descriptions};
  ndg_learner_outputs out = {.struct_size = sizeof out};
  const ndg_status st =
      learner->loaded->ops.learner.build(learner->options, &builder, &in, &out, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  ck_assert_msg(ndg_graph_status(m->graph, &e) == NDG_OK, "%s", e.text);
  return out;
}

void evaluate(const ndg_instance *learner, const ndg_layout *layout, const ndg_array *arrays,
              uint64_t n, const double *phi, const double *theta, losses *out) {
  model m = {.n_inputs = 0};
  ndg_error e = {0};
  ck_assert_msg(ndg_graph_create(&m.graph, &e) == NDG_OK, "%s", e.text);
  add_groups(&m, layout->phi, layout->n_phi, true, phi, m.phi);
  add_groups(&m, layout->theta, layout->n_theta, false, theta, m.theta);
  const ndg_learner_outputs built = build(learner, &m, arrays, n);
  compute(&m, built.learn_loss, &out->learn);
  compute(&m, built.eval_loss, &out->eval);
  compute_gradient(&m, layout, built.learn_loss, out->learn_phi);
  compute_gradient(&m, layout, built.eval_loss, out->eval_phi);
  out->has_accuracy = built.eval_accuracy != NDG_NO_NODE;
  if (out->has_accuracy) {
    compute(&m, built.eval_accuracy, &out->accuracy);
  }
  if (built.predictions != NDG_NO_NODE) {
    compute(&m, built.predictions, out->predictions);
  }
  ndg_graph_destroy(m.graph);
}
