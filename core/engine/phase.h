/* SPDX-License-Identifier: MIT */
/* Phases, inside: shared by the phase_*.c files. Contract of all:
   [owner; open; cheap], but for run_steps and run_newton, which cost a phase, and measure, which
   costs a gradient. */
#ifndef NUDGE_ENGINE_PHASE_H
#define NUDGE_ENGINE_PHASE_H

#include "engine/internal.h"

typedef struct ndg_phase_run {
  ndg_problem *p;
  ndg_phase *phase;
  ndg_optimizer optimizer;
  uint32_t is_complex, loss, now; /* state[now] is the current one */
  bool probes;                    /* measures on the first minibatch, not on all samples */
  ndg_vector *state[2], *gradient;
  ndg_compiled *step, *slope;
  ndg_cached_phase *entry; /* progress so far, kept when the phase ends */
  const double *initial;   /* per task: gradient norm at the problem's initial point */
  double *norm;            /* per task, of the last measurement */
  uint8_t *status;         /* per task, at the last measurement */
  uint64_t *since;         /* per task: the step at which it was first measured so */
  uint64_t interval, n_running;
  double largest; /* of norm */
  ndg_divergence diverged;
} ndg_phase_run;

/* phase.c */
bool ndg_phase_is_complex(const ndg_phase *);
ndg_phase_key ndg_phase_key_of(const ndg_problem *, const ndg_phase *, const ndg_optimizer *);
bool ndg_phase_has_identity(const ndg_phase_key *);
/* The end of a phase is known by where it began and how far it went. */
ndg_identity ndg_phase_end_identity(const ndg_phase_key *, uint64_t steps, uint32_t space);

/* phase_run.c, phase_newton.c */
ndg_status ndg_phase_run_steps(ndg_problem *, ndg_phase *, const ndg_optimizer *, ndg_error *);
ndg_status ndg_phase_run_newton(ndg_problem *, ndg_phase *, const ndg_optimizer *, ndg_error *);

/* phase_measure.c */
ndg_status ndg_phase_measure_initial(ndg_phase_run *, ndg_error *);
/* Gradient norms at the current state, and what follows for each task that still runs. Without
   minibatches, and where a tolerance asks how well all of it is learned, of the loss on all
   samples; else on one minibatch, that of step 0, which is the same for all measurements. */
void ndg_phase_measure(ndg_phase_run *, uint64_t step);
/* Tasks that a measurement found converged or diverged stay where they are from then on. */
void ndg_phase_freeze(ndg_phase_run *);
/* Contraction per step over the second half of the steps before the norm sank into round-off. */
double ndg_phase_contraction(const ndg_phase_run *, uint64_t steps);
/* The same of one task, from a measurement in the second quarter on; 0 where round-off decides. */
double ndg_phase_task_contraction(const ndg_phase_run *, uint64_t task, uint64_t steps);

/* phase_growth.c */
/* Tasks that run away slowly, where the phase asks for it: how many, the first of them in *first
   and its growth per step in *rate; refused ones are marked so. Remembers how free phases contract.
 */
uint64_t ndg_phase_watch_growth(ndg_phase_run *, uint64_t *first, double *rate);
/* In an estimate: tasks that diverged, back to the initial point. */
void ndg_phase_put_back(const ndg_problem *, ndg_vector *end);

/* radius.c */
/* Radii of the tasks, after a nudged Newton phase that began where free learning ended: Newton's
   method settles past them as if nothing were wrong. */
ndg_status ndg_phase_find_radii(ndg_problem *, const ndg_phase *, ndg_error *);

/* phase_outcome.c */
/* "the free phase", for messages. */
void ndg_phase_name(const ndg_phase *, char *out, size_t size);
void ndg_phase_count(ndg_problem *, const ndg_phase *);
/* Writes what was asked for into the phase, and keeps its end if that is of use. */
ndg_status ndg_phase_finish(ndg_phase_run *, const ndg_phase_key *, ndg_error *);

#endif
