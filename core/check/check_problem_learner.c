/* SPDX-License-Identifier: MIT */
/* The reference learner as a graph. */
#include <stddef.h>

#include "check/check_problems.h"

enum { A_MATRIX, B_MATRIX, A, K, M, C_MATRIX, C, D };

static ndg_status layout(const void *options, const ndg_task_arrays *tasks, ndg_layout *out,
                         ndg_error *e) {
  const struct ndg_ref_options *o = options;
  (void)tasks, (void)e;
  out->n_phi = 1;
  out->n_theta = o->has_start ? 2 : 1;
  out->phi[0] = (ndg_group){
      .name = "phi", .shape = NDG_VECTOR(NDG_REF_PHI), .start_theta = o->has_start ? 1 : -1};
  out->theta[0] = (ndg_group){.name = "theta", .shape = NDG_VECTOR(NDG_REF_THETA)};
  if (o->has_start)
    out->theta[1] = (ndg_group){.name = "start", .shape = NDG_VECTOR(NDG_REF_PHI)};
  return NDG_OK;
}

static ndg_node dot(const ndg_builder *b, ndg_node x, ndg_node y) {
  return ndg_sum(b, ndg_mul(b, x, y));
}

/* matrix x, for columns x */
static ndg_node times(const ndg_builder *b, ndg_node matrix, ndg_node x) {
  return ndg_matmul(b, matrix, x, 0, 0);
}

static ndg_status build(const void *options, const ndg_builder *b, const ndg_learner_inputs *in,
                        ndg_learner_outputs *out, ndg_error *e) {
  const struct ndg_ref_options *o = options;
  const ndg_node phi = ndg_reshape(b, in->phi[0], NDG_MATRIX(NDG_REF_PHI, 1));
  const ndg_node theta = ndg_reshape(b, in->theta[0], NDG_MATRIX(NDG_REF_THETA, 1));
  const ndg_node a = ndg_reshape(b, in->arrays[A], NDG_MATRIX(NDG_REF_PHI, 1));
  const ndg_node c = ndg_reshape(b, in->arrays[C], NDG_MATRIX(NDG_REF_PHI, 1));
  const ndg_node square = ndg_square(b, phi);
  (void)e;
  ndg_node learn = ndg_scale(b, dot(b, phi, times(b, in->arrays[A_MATRIX], phi)), 0.5);
  learn = ndg_add(b, learn, ndg_scale(b, dot(b, times(b, in->arrays[K], theta), square), 0.5));
  if (o->quartic != 0)
    learn = ndg_add(b, learn, ndg_scale(b, ndg_sum(b, ndg_square(b, square)), 0.25 * o->quartic));
  out->learn_loss =
      ndg_sub(b, learn, dot(b, phi, ndg_add(b, times(b, in->arrays[B_MATRIX], theta), a)));
  ndg_node eval = ndg_scale(b, dot(b, phi, times(b, in->arrays[M], phi)), 0.5);
  eval = ndg_sub(b, eval, dot(b, phi, ndg_add(b, times(b, in->arrays[C_MATRIX], theta), c)));
  eval = ndg_add(b, eval, dot(b, in->arrays[D], in->theta[0]));
  if (o->poisoned) /* the root of a negative number */
    eval = ndg_add(b, eval, ndg_sqrt(b, ndg_sub(b, ndg_constant(b, -1), ndg_sum(b, square))));
  out->eval_loss = eval;
  return NDG_OK;
}

static const ndg_option option_table[] = {{.name = "quartic",
                                           .doc = "Coefficient of the quartic term of learn_loss.",
                                           .type = NDG_OPTION_F64,
                                           .offset = offsetof(struct ndg_ref_options, quartic),
                                           .min = {.d = 0},
                                           .max = {.d = 1e300}},
                                          {.name = "has_start",
                                           .doc = "Does learning start at a group of theta?",
                                           .type = NDG_OPTION_BOOL,
                                           .offset = offsetof(struct ndg_ref_options, has_start),
                                           .max = {.i = 1}},
                                          {.name = "poisoned",
                                           .doc = "Is eval_loss NaN?",
                                           .type = NDG_OPTION_BOOL,
                                           .offset = offsetof(struct ndg_ref_options, poisoned),
                                           .max = {.i = 1}},
                                          NDG_OPT_END};

static const ndg_learner_ops ops = {.struct_size = sizeof ops, .layout = layout, .build = build};
static const char *const provides[] = {NDG_CAP_GRAPH, NULL};

const ndg_component ndg_ref_learner = {
    .struct_size = sizeof ndg_ref_learner,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_LEARNER(&ops),
    .id = "nudge.check.reference",
    .version = "1.0.0",
    .title = "Reference problem of the checker",
    .doc = "Quadratic learn_loss and eval_loss whose meta-gradient is known in closed form.",
    .provides = provides,
    .options = option_table,
    .options_size = sizeof(struct ndg_ref_options)};
