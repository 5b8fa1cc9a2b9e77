/* SPDX-License-Identifier: MIT */
/* A sound learner, each part of which a fixture may replace by a macro before including this.
     L^learn = ½ ‖φ − θ‖² + ½ λ ‖φ‖²,   L^eval = ½ ‖φ‖² */
#ifndef SOUND_LEARNER_H
#define SOUND_LEARNER_H

#include "nudge/nudge.h"

typedef struct learner_options {
  int64_t length;
  double lambda;
} learner_options;

#ifndef IN_CHECK
#define IN_CHECK(options, e)
#endif
#ifndef IN_LAYOUT
#define IN_LAYOUT(options, e)
#endif
#ifndef IN_BUILD
#define IN_BUILD(options, e)
#endif
#ifndef EXTENSION
#define EXTENSION NULL
#endif
#ifndef PROVIDES
#define PROVIDES NDG_CAP_GRAPH
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef TABLE_CONST
#define TABLE_CONST const
#endif

static ndg_status learner_check(const void *options, ndg_error *e) {
  const learner_options *o = options;
  (void)o, (void)e;
  IN_CHECK(o, e)
  return NDG_OK;
}

static ndg_status learner_layout(const void *options, const ndg_task_arrays *tasks, ndg_layout *out,
                                 ndg_error *e) {
  const learner_options *o = options;
  (void)tasks, (void)e;
  IN_LAYOUT(o, e)
  out->n_phi = out->n_theta = 1;
  out->phi[0] = (ndg_group){.name = "phi",
                            .shape = NDG_VECTOR((uint64_t)o->length),
                            .init = NDG_INIT_NORMAL,
                            .b = 1,
                            .start_theta = -1};
  out->theta[0] = (ndg_group){.name = "theta",
                              .shape = NDG_VECTOR((uint64_t)o->length),
                              .init = NDG_INIT_NORMAL,
                              .b = 1,
                              .start_theta = -1};
  return NDG_OK;
}

static ndg_status learner_build(const void *options, const ndg_builder *b,
                                const ndg_learner_inputs *in, ndg_learner_outputs *out,
                                ndg_error *e) {
  const learner_options *o = options;
  const ndg_node phi = in->phi[0], pull = ndg_sub(b, phi, in->theta[0]);
  (void)e;
  IN_BUILD(o, e)
  const ndg_node size = ndg_scale(b, ndg_sum(b, ndg_square(b, phi)), 0.5);
  out->learn_loss =
      ndg_add(b, ndg_scale(b, ndg_sum(b, ndg_square(b, pull)), 0.5), ndg_scale(b, size, o->lambda));
  out->eval_loss = size;
  return NDG_OK;
}

static const ndg_learner_ops learner_ops = {.struct_size = sizeof learner_ops,
                                            .check = learner_check,
                                            .layout = learner_layout,
                                            .build = learner_build,
                                            .extension = EXTENSION};
static const char *const learner_provides[] = {PROVIDES, NULL};
static TABLE_CONST ndg_option learner_table[] = {
    NDG_OPT_I64(learner_options, length, 3, 1, 100, "Length of phi."),
    NDG_OPT_F64(learner_options, lambda, 0.5, 0, 10, 0, NULL, "Pull of phi to zero."), NDG_OPT_END};
static const ndg_component learner_component = {
    .struct_size = sizeof learner_component,
    NDG_LEARNER(&learner_ops),
    .id = "test.learner",
    .version = VERSION,
    .title = "A sound learner",
    .doc = "Nothing is wrong with it but what a fixture replaces.",
    .provides = learner_provides,
    .options = learner_table,
    .options_size = sizeof(learner_options),
};
static const ndg_component *const learner_components[] = {&learner_component};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,
    .name = "fixture",
    .version = "1.0.0",
    .license = "MIT",
    .build = "fixture",
    .n_components = 1,
    .components = learner_components,
};
#endif
