/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share. */
#ifndef CONTRASTIVE_H
#define CONTRASTIVE_H

#include "learning.h"
#include "stencil.h"

enum { CONTINUE, RESTART };
enum { FREE, MATCHED };
enum { FRESH, CARRIED };
enum { REFUSE, REPORT };

typedef struct contrastive_options {
  double beta, free_tolerance, nudged_tolerance, free_lr, nudged_lr, free_momentum, nudged_momentum;
  int64_t points, free_steps, nudged_steps;
  int32_t variant, start, reference, state;
  int32_t free_optimizer, nudged_optimizer, past_radius;
} contrastive_options;

extern const ndg_option contrastive_option_table[];

/* [any; loaded; pure] Options that the table alone cannot judge. */
ndg_status contrastive_check(const void *options, ndg_error *);
/* [any; loaded; pure] Capabilities that these options need beyond local derivatives. */
const char *const *contrastive_needs(const void *options);
/* [any; loaded; cheap] The stencil of checked options. */
void contrastive_stencil(const contrastive_options *, stencil *);

/* One estimate under way. */
typedef struct estimate {
  const contrastive_options *options;
  const ndg_problem_api *api;
  ndg_problem *problem;
  ndg_record *record;
  ndg_error *error;
  ndg_problem_info info;
  stencil stencil;
  ndg_vector *free; /* end of the free phase: PHI, or STATE if its optimiser state is carried */
  uint64_t free_steps, nudged_steps;     /* taken; nudged: most of all nodes */
  int all_past;                          /* every task is past its radius */
  ndg_vector *sample[STENCIL_MAX_NODES]; /* G at each node */
} estimate;

/* Into the record, if it is worse than what is there: status, and the line that belongs to it.
   [worker; estimating; cheap] */
NDG_PRINTF(3, 4)
void contrastive_note(estimate *, ndg_status, const char *format, ...);
/* [worker; estimating; a phase] */
ndg_status contrastive_free_phase(estimate *);
/* The nudged phase of node k, and G there. [worker; estimating; a phase] */
ndg_status contrastive_sample(estimate *, uint32_t k);
/* G at the reference of node k (its β is 0), after all nudged phases. [worker; estimating; a phase
   if the reference is matched] */
ndg_status contrastive_sample_reference(estimate *, uint32_t k);
/* Reads the problem's facts, and refuses or reports the tasks whose radius is known and within the
   reach of the stencil: NDG_PAST_RADIUS. Gives the status of the record. [worker; estimating;
   n_tasks] */
ndg_status contrastive_check_radius(estimate *);
/* The radius of each task from the decay of Taylor coefficients of G on the contour: refuses tasks
   that are past theirs, or sets record->stability_radius to the smallest. [worker; estimating; N
   combinations] */
ndg_status contrastive_estimate_radius(estimate *);

#endif
