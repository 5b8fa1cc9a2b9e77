/* SPDX-License-Identifier: MIT */
/* @name@: a learner. Linear regression whose weights are pulled to slow, meta-learned ones.

     phi         w, b: what is learned anew within each task
     theta       omega, lambda: what is learned across tasks
     learn_loss  1/2 mean |x w + b - y|^2 + 1/2 sum lambda (w - omega)^2
     eval_loss   1/2 mean |x' w + b - y'|^2, on samples that were not learned from

   A learner says which parameters it has (layout) and writes these two losses once, as a graph
   (build). nudge derives from the graph whatever a meta-rule asks for, in every element type and
   for any number of tasks: gradients, products with second derivatives, steps backwards. There is
   no derivative in this file, and none is wanted.

   Read it from the top, then change `model` and `misfit`. */
#include <string.h>

#include "nudge/nudge.h"

/* 1. Options. nudge fills the struct: it writes the defaults, reads what a script gives, and
   refuses unknown names and what is out of range, NaN included. Here one just reads the members. A
   table line whose type is not its member's does not compile. */
typedef struct options {
  double lambda;
  int32_t start_at_omega;
} options;

static const ndg_option option_table[] = {
    NDG_OPT_F64(options, lambda, 0.1, 0, 1e6, NDG_OPTION_LOG, NULL,
                "First value of lambda, the strength of the pull of w to omega."),
    NDG_OPT_BOOL(options, start_at_omega, 0, "Learning starts with w at omega, not at 0."),
    NDG_OPT_END,
};

/* 2. Tasks are arrays with names. These four are what nudge.tasks and nudge.domains make; others
   may be asked for in the same way. They come in any order. */
enum { LEARN_INPUTS, LEARN_TARGETS, EVAL_INPUTS, EVAL_TARGETS, N_ARRAYS };
static const char *const array_names[N_ARRAYS] = {"learn.inputs", "learn.targets", "eval.inputs",
                                                  "eval.targets"};

/* Position of an array; n where there is none of that name. */
static uint64_t find(const ndg_array *arrays, uint64_t n, const char *name) {
  uint64_t i = 0;
  while (i < n && strcmp(arrays[i].name, name) != 0) {
    i++;
  }
  return i;
}

static uint64_t columns(const ndg_array *a) {
  return a->shape.n_dims == 2 ? a->shape.dim[1] : 1;
}

/* What build relies on is checked here, once. An error is one line with the value that is wrong and
   the one that is wanted; nudge puts the name of the learner before it. */
static ndg_status check_array(const ndg_array *a, uint32_t least_axes, uint64_t n_samples,
                              uint64_t n_columns, ndg_error *e) {
  if (a->kind != NDG_REAL || a->role != NDG_SAMPLES) {
    return ndg_fail(e, NDG_EINVAL, "%s must hold samples of real numbers", a->name);
  }
  if (a->shape.n_dims < least_axes || a->shape.n_dims > 2 || a->shape.dim[0] == 0) {
    return ndg_fail(e, NDG_EINVAL, "%s has %u axes and %llu samples; samples x columns are wanted",
                    a->name, a->shape.n_dims, (unsigned long long)a->shape.dim[0]);
  }
  if (a->shape.dim[0] != n_samples || columns(a) != n_columns) {
    return ndg_fail(e, NDG_EINVAL, "%s is %llu x %llu, but %llu x %llu fits the other arrays",
                    a->name, (unsigned long long)a->shape.dim[0], (unsigned long long)columns(a),
                    (unsigned long long)n_samples, (unsigned long long)n_columns);
  }
  return NDG_OK;
}

static ndg_status check_tasks(const ndg_task_arrays *tasks, const ndg_array **found, ndg_error *e) {
  for (int k = 0; k < N_ARRAYS; k++) {
    const uint64_t i = find(tasks->arrays, tasks->n_arrays, array_names[k]);
    if (i == tasks->n_arrays) {
      return ndg_fail(e, NDG_EINVAL, "the tasks have no array '%s'", array_names[k]);
    }
    found[k] = &tasks->arrays[i];
  }
  for (int k = 0; k < N_ARRAYS; k++) {
    const ndg_array *inputs = found[k < EVAL_INPUTS ? LEARN_INPUTS : EVAL_INPUTS];
    const ndg_array *first = found[k % 2];     /* of the learning samples */
    const uint32_t least_axes = k % 2 ? 1 : 2; /* targets may be a vector */
    const ndg_status st =
        check_array(found[k], least_axes, inputs->shape.dim[0], columns(first), e);
    if (st < 0) {
      return st;
    }
  }
  return NDG_OK;
}

/* 3. Parameters, in groups. `layout` is called with the options and the shapes of the tasks. What
   it leaves out is zero: a group without `init` starts at the constant a = 0. */
enum { W, B, N_PHI };
enum { OMEGA, LAMBDA, N_THETA };

static ndg_status layout(const void *given, const ndg_task_arrays *tasks, ndg_layout *out,
                         ndg_error *e) {
  const options *o = given;
  const ndg_array *found[N_ARRAYS];
  const ndg_status st = check_tasks(tasks, found, e);
  if (st < 0) {
    return st;
  }
  const ndg_shape weights = NDG_MATRIX(columns(found[LEARN_INPUTS]), columns(found[LEARN_TARGETS]));
  out->n_phi = N_PHI;
  out->n_theta = N_THETA;
  /* start_theta is the group of theta at which learning starts; -1: none, it starts as drawn. With
     one, rules that meta-learn where to start (reptile, fomaml) apply. */
  out->phi[W] =
      (ndg_group){.name = "w", .shape = weights, .start_theta = o->start_at_omega ? OMEGA : -1};
  out->phi[B] = (ndg_group){.name = "b", .shape = NDG_VECTOR(weights.dim[1]), .start_theta = -1};
  out->theta[OMEGA] = (ndg_group){.name = "omega.w", .shape = weights};
  /* Meta-learning keeps a group with this constraint at 0 or above. */
  out->theta[LAMBDA] = (ndg_group){
      .name = "lambda.w", .shape = weights, .constraint = NDG_NONNEGATIVE, .a = o->lambda};
  return NDG_OK;
}

/* 4. The losses. Operations are in nudge/graph.h; they broadcast as NumPy does and need no checks:
   a mistake makes the graph invalid, and nudge reports the first one. */

/* What is predicted for inputs x (samples x inputs). */
static ndg_node model(const ndg_builder *b, ndg_node x, const ndg_node *phi) {
  return ndg_add(b, ndg_matmul(b, x, phi[W], 0, 0), phi[B]);
}

/* How far that is from the targets, which get the shape of the predictions. */
static ndg_node misfit(const ndg_builder *b, ndg_node predicted, ndg_node targets) {
  const ndg_shape shape = b->api->shape(b->graph, predicted);
  const ndg_node error = ndg_sub(b, predicted, ndg_reshape(b, targets, shape));
  return ndg_scale(b, ndg_mean(b, ndg_square(b, error)), 0.5);
}

static ndg_status build(const void *given, const ndg_builder *b, const ndg_learner_inputs *in,
                        ndg_learner_outputs *out, ndg_error *e) {
  ndg_node array[N_ARRAYS]; /* of a task; of a minibatch where learning takes minibatches */
  for (int k = 0; k < N_ARRAYS; k++) {
    array[k] = in->arrays[find(in->array_descriptions, in->n_arrays, array_names[k])];
  }
  const ndg_node distance = ndg_sub(b, in->phi[W], in->theta[OMEGA]);
  const ndg_node pull = ndg_sum(b, ndg_mul(b, in->theta[LAMBDA], ndg_square(b, distance)));
  const ndg_node learned = model(b, array[LEARN_INPUTS], in->phi);
  (void)given;
  (void)e;
  out->learn_loss = ndg_add(b, misfit(b, learned, array[LEARN_TARGETS]), ndg_scale(b, pull, 0.5));
  out->predictions = model(b, array[EVAL_INPUTS], in->phi); /* what problem:predict gives */
  out->eval_loss = misfit(b, out->predictions, array[EVAL_TARGETS]);
  return NDG_OK;
}

/* 5. What the file exports: one constant table, which nudge reads before it runs any of this. props
   are claims that `nudge check` tests: the same bits every time, float64 is supported, and a task's
   numbers do not depend on the other tasks. */
static const ndg_learner_ops ops = {.struct_size = sizeof ops, .layout = layout, .build = build};

static const char *const provides[] = {NDG_CAP_GRAPH, NULL}; /* has build; the rest follows */

static const ndg_component learner = {
    .struct_size = sizeof learner,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_LEARNER(&ops),
    .id = "@id@",
    .version = "0.1.0",
    .title = "Linear regression pulled to a meta-learned solution",
    .doc = "learn_loss = 1/2 mean |x w + b - y|^2 + 1/2 sum lambda (w - omega)^2, eval_loss = 1/2 "
           "mean |x' w + b - y'|^2; phi = w, b; theta = omega, lambda, one of each per weight.",
    .provides = provides,
    .options = option_table,
    .options_size = sizeof(options),
};

static const ndg_component *const components[] = {&learner};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      /* magic number, ABI, sizes */
    .name = "@name@",     /* of the file; scripts use ids */
    .version = "0.1.0",   /* of the file */
    .license = "MIT",     /* yours to choose */
    .build = __VERSION__, /* the compiler */
    .n_components = 1,    /* a file may have several */
    .components = components,
};
