/* SPDX-License-Identifier: MIT */
/* An estimate with somebody looking on: what the rule asked of the host, how far each of its phases
   came, and what it wrote before the host put its own counts in. One estimate at a time, on the
   main thread. */
#ifndef NUDGE_CHECK_RULES_SPY_H
#define NUDGE_CHECK_RULES_SPY_H

#include "check/check_problems.h"

enum { NDG_SPY_PHASES = 80 };

typedef struct ndg_spied_phase {
  ndg_complex beta;
  ndg_real slope[NDG_REF_TASKS]; /* ‖∂φ𝓛‖ at its end, in long double; NaN: it diverged */
} ndg_spied_phase;

typedef struct ndg_spy {
  /* which capabilities of the learner it made use of */
  bool second_order, complex_numbers, transposed_steps;
  uint64_t n_vectors, n_released, n_kept; /* kept: calls of keep */
  uint64_t n_fresh;                       /* of them, those that made a new vector */
  uint64_t n_solves;
  double solve_residual; /* the host's, of the last solve; NaN: none */
  /* The last phase at each beta; those of a contour are of one task problem only. */
  uint64_t n_phases;
  ndg_spied_phase phase[NDG_SPY_PHASES];
  ndg_record left; /* the record as the rule left it */
} ndg_spy;

/* As ndg_problem_estimate, one row per task. [main; open; cost of the rule] */
ndg_status ndg_spy_estimate(ndg_spy *, const ndg_ref_problem *, const ndg_instance *rule,
                            double *gradient, ndg_record *, ndg_error *);

#endif
