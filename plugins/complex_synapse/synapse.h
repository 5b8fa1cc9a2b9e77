/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share: options, and the plan that layout and build both follow. */
#ifndef SYNAPSE_H
#define SYNAPSE_H

#include "network.h"

enum { PER_GLOBAL, PER_LAYER, PER_SYNAPSE };
enum { NORMAL, UNIFORM };
/* What `meta` can name; bits. */
enum { META_LAMBDA = 1u << 0, META_OMEGA = 1u << 1, META_INITIAL = 1u << 2 };

typedef struct synapse_options {
  ndg_i64_list layers;
  const char *meta;
  double lambda, penalty_factor, gain, bias_scale;
  int32_t activation, loss, bias;
  int32_t lambda_per, lambda_scale, penalise_biases;
  int32_t init, start_at_omega;
} synapse_options;

extern const ndg_option synapse_option_table[];

/* One weight matrix or bias vector of phi, and the theta groups that act on it (-1: none). */
typedef struct synapse_group {
  uint32_t layer; /* from 1 */
  uint32_t is_bias;
  uint32_t penalised;
  int32_t lambda, omega, initial;
  ndg_shape shape;
} synapse_group;

typedef struct synapse_plan {
  uint32_t meta; /* META_* */
  uint32_t n_layers, n_phi, n_theta;
  synapse_group group[NDG_MAX_GROUPS];
} synapse_plan;

/* [any; loaded; pure] Options that the table alone cannot judge. */
ndg_status synapse_check(const void *options, ndg_error *);
/* [any; loaded; pure] Groups of phi and theta and their order, from checked options. */
ndg_status synapse_make_plan(const synapse_options *, synapse_plan *, ndg_error *);
/* [main; loaded; reads labels] */
ndg_status synapse_layout(const void *options, const ndg_task_arrays *, ndg_layout *, ndg_error *);
/* [main; loaded; cheap] */
ndg_status synapse_build(const void *options, const ndg_builder *, const ndg_learner_inputs *,
                         ndg_learner_outputs *, ndg_error *);
/* [any; loaded; pure] nudge.learner.example/1. */
const void *synapse_extension(const char *id);

#endif
