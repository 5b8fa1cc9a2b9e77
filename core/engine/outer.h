/* SPDX-License-Identifier: MIT */
/* The outer optimiser: the meta-gradients of a meta-batch become one step of theta. */
#ifndef NUDGE_ENGINE_OUTER_H
#define NUDGE_ENGINE_OUTER_H

#include <stdbool.h>

#include "nudge/learner.h"

enum { NDG_OUTER_SGD = 0, NDG_OUTER_MOMENTUM = 1, NDG_OUTER_ADAM = 2, NDG_OUTER_ADAMW = 3 };
enum { NDG_OUTER_MAX_SLOTS = 2 };

typedef struct ndg_outer_spec {
  uint32_t optimizer;
  bool nesterov;            /* MOMENTUM */
  double lr;                /* > 0 */
  double momentum;          /* MOMENTUM; beta1 of ADAM and ADAMW; [0, 1) */
  double beta2, epsilon;    /* ADAM, ADAMW; [0, 1), > 0 */
  double weight_decay;      /* ADAMW; >= 0 */
  double clip_norm;         /* of the mean gradient, over the groups that move; INFINITY: none */
  double clip_value;        /* of its elements, after clip_norm; INFINITY: none */
  const ndg_layout *layout; /* theta groups; copied */
  const bool *frozen;       /* per theta group; NULL: none but those that are held. Copied */
} ndg_outer_spec;

/* What a step did. */
typedef struct ndg_outer_report {
  uint64_t n_tasks;     /* rows in the mean */
  double gradient_norm; /* of the mean gradient before clipping, over the groups that move */
  double update_norm;   /* of the change of theta */
  uint64_t n_clipped;   /* elements that clip_value cut */
  uint64_t n_projected; /* elements that a constraint moved */
  bool norm_clipped;    /* clip_norm has scaled the gradient */
} ndg_outer_report;

typedef struct ndg_outer ndg_outer;

/* [main; any; allocates] NDG_EINVAL names the field. */
ndg_status ndg_outer_open(const ndg_outer_spec *, ndg_outer **out, ndg_error *);
/* [main; any; frees] NULL is fine. */
void ndg_outer_close(ndg_outer *);
/* [any; open; pure] Q, and how many vectors of Q numbers the optimiser remembers. */
uint64_t ndg_outer_n_theta(const ndg_outer *);
uint32_t ndg_outer_n_slots(const ndg_outer *);

/* [owner; open; hot] Adds one task's meta-gradient (Q numbers) to the mean of the next step. Sums
   are taken task after task, so that a meta-batch cut into parts gives the same bits. NDG_DIVERGED:
   the row is not finite, and nothing was added. */
ndg_status ndg_outer_add(ndg_outer *, const double *row);
/* [owner; open; cheap] Forgets the rows added since the last step. */
void ndg_outer_clear(ndg_outer *);
/* [owner; open; hot] One step with lr times `factor` on the mean of the rows added, then projection
   to the groups' constraints. Frozen groups keep their bits. NDG_ENUMERIC names the group and
   element that would not be finite; theta, the state and the rows then stay as they are. */
ndg_status ndg_outer_step(ndg_outer *, double factor, double *theta, ndg_outer_report *,
                          ndg_error *);

/* [owner; open; cheap] Steps taken, and n_slots x Q numbers (MOMENTUM: velocity; ADAM: first and
   second moment). Setting them refuses what is not finite and second moments below zero. */
void ndg_outer_get_state(const ndg_outer *, uint64_t *steps, double *slots);
ndg_status ndg_outer_set_state(ndg_outer *, uint64_t steps, const double *slots, ndg_error *);

#endif
