/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share: options, and the plan that layout and build both follow. */
#ifndef MODULATED_H
#define MODULATED_H

#include "network.h"

enum { PER_GLOBAL, PER_GROUP, PER_PARAMETER };
/* What `fast` can name, and `meta`; bits. */
enum { FAST_GAINS = 1u << 0, FAST_SHIFTS = 1u << 1, FAST_READOUT = 1u << 2 };
enum { META_LAMBDA = 1u << 0, META_INITIAL = 1u << 1 };

typedef struct modulated_options {
  ndg_i64_list layers;
  const char *fast, *meta;
  double lambda, penalty_factor, init_scale, bias_scale, readout_scale;
  int32_t activation, loss, bias;
  int32_t lambda_per, lambda_scale;
  int32_t init, readout_init;
} modulated_options;

extern const ndg_option modulated_option_table[];

typedef enum modulated_role { GAIN, SHIFT, WEIGHTS, BIAS } modulated_role;

/* One group of parameters: slow ones lie in theta, fast ones in phi with what acts on them. */
typedef struct modulated_group {
  modulated_role role;
  uint32_t layer;          /* from 1; the last is the read-out */
  int32_t lambda, initial; /* theta index; -1: none */
  ndg_shape shape;
} modulated_group;

/* Where a layer's parameters are: index into phi or theta, -1 where there is none. */
typedef struct modulated_layer {
  int32_t gain, shift, weights, bias;
} modulated_layer;

typedef struct modulated_plan {
  uint32_t fast, meta;
  uint32_t n_layers; /* hidden ones and the read-out, which is the last */
  uint32_t n_phi, n_slow, n_theta;
  modulated_group phi[NDG_MAX_GROUPS], slow[NDG_MAX_GROUPS]; /* slow: the first of theta */
  modulated_layer layer[NDG_MAX_GROUPS];
} modulated_plan;

/* [any; loaded; pure] Options that the table alone cannot judge. */
ndg_status modulated_check(const void *options, ndg_error *);
/* [any; loaded; pure] Groups of phi and theta and their order, from options. */
ndg_status modulated_make_plan(const modulated_options *, modulated_plan *, ndg_error *);
/* [main; loaded; reads labels] */
ndg_status modulated_layout(const void *options, const ndg_task_arrays *, ndg_layout *,
                            ndg_error *);
/* [main; loaded; cheap] */
ndg_status modulated_build(const void *options, const ndg_builder *, const ndg_learner_inputs *,
                           ndg_learner_outputs *, ndg_error *);
/* [any; loaded; pure] nudge.learner.example/1. */
const void *modulated_extension(const char *id);

#endif
