/* SPDX-License-Identifier: MIT */
/* State of a linear solve, shared by the solvers. Contract of all: [owner; estimating; products
   with H], pure where nothing is computed anew. Tasks go in step, each with numbers and a budget of
   its own: its bits do not depend on its neighbours. */
#ifndef NUDGE_ENGINE_SOLVER_H
#define NUDGE_ENGINE_SOLVER_H

#include "engine/dense.h"
#include "engine/internal.h"
#include "engine/task_algebra.h"

typedef struct ndg_solver {
  ndg_problem *problem;
  ndg_solve *request;
  uint64_t n_tasks;
  ndg_vector *b, *x, *r, *p, *q;     /* scaled rhs, solution, residual, direction, A p */
  long double *scale, *bb, *rr, *pq; /* per task, as all that follow */
  long double *factor;               /* of the vector operation under way */
  long double *alpha;                /* Neumann's step */
  double *before;                    /* relative residual of the last pass */
  double *curvature;                 /* negative, along the direction that broke it */
  uint64_t *spent;                   /* products with A */
  uint8_t *broken;                   /* a direction of negative curvature */
  uint8_t *lost;                     /* learning diverged: nothing to solve */
  uint8_t *active;                   /* takes part in the step under way */
  uint8_t *done;                     /* no further pass */
  double epsilon;
} ndg_solver;

/* solve.c */
/* r = b − A x and rr = ‖r‖². */
ndg_status ndg_solver_residual(ndg_solver *, ndg_error *);
/* out = (H + damping I) v */
ndg_status ndg_solver_product(ndg_solver *, const ndg_vector *v, ndg_vector *out, ndg_error *);
/* ‖r‖ / ‖b‖ of a task. */
double ndg_solver_relative(const ndg_solver *, uint64_t task);
/* Is the residual of a task above the tolerance, or above round-off? */
bool ndg_solver_unsolved(const ndg_solver *, uint64_t task);
/* active: tasks that are unsolved, not done, and have products left. False: none. */
bool ndg_solver_choose(ndg_solver *);

/* solve_cg.c, solve_neumann.c, solve_dense.c: fill x. `name` is for messages. */
ndg_status ndg_solve_cg(ndg_solver *, ndg_error *);
ndg_status ndg_solve_neumann(ndg_solver *, ndg_error *);
ndg_status ndg_solve_dense(ndg_solver *, ndg_error *);

#endif
