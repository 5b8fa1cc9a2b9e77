/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share. */
#ifndef QUADRATIC_H
#define QUADRATIC_H

#include "nudge/nudge.h"

enum { LINEAR_QUADRATIC, LEAST_SQUARES, RIDGE };
enum { RAW, LOG };

typedef struct quadratic_options {
  double l, lambda, theta, deviation;
  int32_t form, lambda_scale, start_at_theta;
} quadratic_options;

/* Which of the form's arrays is meant; indices into quadratic_arrays.of. */
enum { LQ_H0, LQ_A, LQ_M, LQ_C };
enum { LS_A, LS_B, LS_C, LS_D, LS_E };
enum { RIDGE_X, RIDGE_Y, RIDGE_EVAL_X, RIDGE_EVAL_Y };
#define QUADRATIC_MAX_ARRAYS 5

typedef struct quadratic_arrays {
  uint32_t n;
  uint32_t at[QUADRATIC_MAX_ARRAYS]; /* index in the tasks' arrays */
  const ndg_array *of[QUADRATIC_MAX_ARRAYS];
  uint64_t n_phi, n_theta;
} quadratic_arrays;

/* [any; loaded; pure] The arrays of the form, found by name, their shapes checked. */
ndg_status quadratic_find_arrays(const quadratic_options *, uint64_t n_arrays, const ndg_array *,
                                 quadratic_arrays *, ndg_error *);

/* The extension nudge.learner.closed-form/1. */
extern const ndg_closed_form quadratic_closed_form;
/* The extension nudge.learner.example/1. */
extern const ndg_examples quadratic_examples;

#endif
