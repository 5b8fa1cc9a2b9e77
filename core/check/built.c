/* SPDX-License-Identifier: MIT */
/* Group determinism, what a learner says: called again, layout and build must answer alike. Equal
   graphs share their nodes, so that building twice gives the very same ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"

enum { N_TASKS = 3 };

static ndg_status lay_out(const ndg_check_variant *v, const ndg_task_arrays *tasks, ndg_layout *out,
                          ndg_error *e) {
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  for (size_t i = 0; i < NDG_MAX_GROUPS; i++)
    out->phi[i].start_theta = -1;
  return v->learner.loaded->ops.learner.layout(v->learner.options, tasks, out, e);
}

static bool same_shape(const ndg_shape *a, const ndg_shape *b) {
  return a->n_dims == b->n_dims && memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

static const char *difference(const ndg_group *a, const ndg_group *b) {
  return strncmp(a->name, b->name, NDG_NAME_SIZE) != 0 ? "name"
         : !same_shape(&a->shape, &b->shape)           ? "shape"
         : a->constraint != b->constraint              ? "constraint"
         : a->init != b->init                          ? "init"
         : a->a != b->a || a->b != b->b                ? "initial values"
         : a->start_theta != b->start_theta            ? "start_theta"
         : a->held != b->held                          ? "held"
                                                       : NULL;
}

static void compare_groups(ndg_check *c, const ndg_check_variant *v, const char *space,
                           const char *how, uint32_t n, const ndg_group *one, uint32_t n_other,
                           const ndg_group *other) {
  if (n != n_other) {
    ndg_check_fail_variant(c, v, "%s: %u %s groups, then %u", how, n, space, n_other);
    return;
  }
  for (uint32_t g = 0; g < n && g < NDG_MAX_GROUPS; g++) {
    const char *what = difference(&one[g], &other[g]);
    if (what)
      ndg_check_fail_variant(c, v, "%s: %s group %u ('%.*s') has another %s", how, space, g + 1,
                             NDG_NAME_SIZE - 1, one[g].name, what);
  }
}

static ndg_status compare_layouts(ndg_check *c, const ndg_check_variant *v, const char *how,
                                  const ndg_task_arrays *tasks, const ndg_task_arrays *others,
                                  ndg_error *e) {
  static ndg_layout one, other;
  if (!tasks || !others)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for tasks");
  ndg_status st = lay_out(v, tasks, &one, e);
  if (st >= 0)
    st = lay_out(v, others, &other, e);
  if (st >= 0)
    compare_groups(c, v, "phi", how, one.n_phi, one.phi, other.n_phi, other.phi);
  if (st >= 0)
    compare_groups(c, v, "theta", how, one.n_theta, one.theta, other.n_theta, other.theta);
  return st;
}

static ndg_status layout(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_task_arrays *tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks");
  const ndg_task_arrays *one = ndg_check_draw_tasks(c, v, 1, "tasks");
  const ndg_task_arrays *more = ndg_check_draw_tasks(c, v, 10, "tasks");
  ndg_status st = compare_layouts(c, v, "laid out twice", tasks, tasks, e);
  if (st >= 0)
    st = compare_layouts(c, v, "laid out for 3 tasks and for 1", tasks, one, e);
  if (st >= 0)
    st = compare_layouts(c, v, "laid out for 3 tasks and for 10", tasks, more, e);
  return st;
}

/* ---- build ---- */

static ndg_status build_again(ndg_problem *p, ndg_learner_outputs *out, ndg_error *e) {
  const ndg_task_arrays *tasks = ndg_problem_tasks(p);
  static ndg_array described[NDG_CHECK_MAX_ARRAYS];
  for (uint64_t i = 0; i < tasks->n_arrays; i++) {
    described[i] = tasks->arrays[i];
    described[i].data = NULL;
  }
  const ndg_learner_inputs in = {.struct_size = sizeof in,
                                 .n_arrays = (uint32_t)tasks->n_arrays,
                                 .phi = p->phi,
                                 .theta = p->theta_seen,
                                 .arrays = p->arrays,
                                 .array_descriptions = described,
                                 .layout = p->layout};
  *out = (ndg_learner_outputs){.struct_size = sizeof *out};
  const ndg_status st =
      p->learner.loaded->ops.learner.build(p->learner.options, &p->builder, &in, out, e);
  return st < 0 ? st : ndg_graph_status(p->graph, e);
}

static void compare_nodes(ndg_check *c, const ndg_check_variant *v, const char *what, ndg_node one,
                          ndg_node other, const char *how) {
  if (one != other)
    ndg_check_fail_variant(c, v,
                           "built %s, %s is another function: node %u, then %u; does build use "
                           "anything besides its arguments?",
                           how, what, one, other);
}

static void compare_outputs(ndg_check *c, const ndg_check_variant *v, const char *how,
                            const ndg_learner_outputs *a, const ndg_learner_outputs *b) {
  compare_nodes(c, v, "learn_loss", a->learn_loss, b->learn_loss, how);
  compare_nodes(c, v, "eval_loss", a->eval_loss, b->eval_loss, how);
  compare_nodes(c, v, "predictions", a->predictions, b->predictions, how);
  compare_nodes(c, v, "eval_accuracy", a->eval_accuracy, b->eval_accuracy, how);
}

static ndg_status build(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_F64,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  const ndg_bench_spec other = {.dtype = NDG_F64,
                                .tasks = ndg_check_draw_tasks(c, v, N_TASKS + 2, "others")};
  ndg_bench b, between = {0};
  ndg_learner_outputs again;
  ndg_status st = ndg_bench_open(c, v, &spec, &b, e);
  if (st < 0)
    return st;
  const ndg_learner_outputs *first = &b.problem->built[NDG_BUILT_FULL];
  /* Without minibatches the batch is all samples. */
  compare_outputs(c, v, "twice", first, &b.problem->built[NDG_BUILT_BATCH]);
  for (int k = 0; st >= 0 && k < 2; k++) {
    st = build_again(b.problem, &again, e);
    if (st >= 0)
      compare_outputs(c, v, k ? "after another problem" : "again", first, &again);
    if (st >= 0 && k == 0)
      st = ndg_bench_open(c, v, &other, &between, e);
  }
  ndg_bench_close(&b);
  ndg_bench_close(&between);
  return st;
}

static void run_layout(ndg_check *c) {
  ndg_check_each_variant(c, layout);
}
static void run_build(ndg_check *c) {
  ndg_check_each_variant(c, build);
}

const ndg_check_case ndg_check_learner_built[] = {
    {.group = "determinism",
     .name = "layout",
     .property = "layout answers the same question alike, whatever the number of tasks",
     .kind = NDG_KIND_LEARNER,
     .run = run_layout},
    {.group = "determinism",
     .name = "build",
     .property = "build makes the same graph from the same arguments",
     .kind = NDG_KIND_LEARNER,
     .run = run_build},
    {.group = NULL}};
