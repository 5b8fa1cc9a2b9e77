/* SPDX-License-Identifier: MIT */
/* A learner's losses at a point, by plain interpretation of the graph that it builds. */
#ifndef PLUGINS_LEARNER_H
#define PLUGINS_LEARNER_H

#include "support.h"

enum { MOST_NUMBERS = 4096 };

typedef struct losses {
  double learn, eval, accuracy;
  bool has_accuracy;
  double predictions[MOST_NUMBERS];
  double learn_phi[MOST_NUMBERS], eval_phi[MOST_NUMBERS]; /* ∂φ of both */
} losses;

/* Groups for the arrays of one task; fails the test on an error. */
void lay_out(const ndg_instance *, const ndg_array *, uint64_t n_arrays, ndg_layout *);
/* The learner refuses these arrays with a message that contains `expected`. */
void check_layout_refused(const ndg_instance *, const ndg_array *, uint64_t n_arrays,
                          const char *expected);
/* phi and theta: flat, in group order. `built` are the arrays to build with: those of the layout,
   or fewer rows of them. */
void evaluate(const ndg_instance *, const ndg_layout *, const ndg_array *built, uint64_t n_arrays,
              const double *phi, const double *theta, losses *);
uint64_t count_numbers(const ndg_group *, uint32_t n);

#endif
