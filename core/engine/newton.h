/* SPDX-License-Identifier: MIT */
/* State of a Newton phase, shared by its loop, its directions and its outcome. */
#ifndef NUDGE_ENGINE_NEWTON_H
#define NUDGE_ENGINE_NEWTON_H

#include <complex.h>

#include "engine/dense.h"
#include "engine/internal.h"

typedef double complex ndg_number;

/* How a direction is found: with a factor made elsewhere, or by GMRES preconditioned with it. */
enum { NDG_CHORD = 0, NDG_KRYLOV = 1 };
/* How a task stands. */
enum { NDG_RUNNING = 0, NDG_AT_TOLERANCE, NDG_AT_ROUND_OFF, NDG_STUCK, NDG_NOT_FINITE };
enum { NDG_NEWTON_HISTORY = 256 };

typedef struct ndg_newton_task {
  uint8_t status, level;
  bool remake;  /* the factor, before the next step */
  bool fresh;   /* factor was made at this very point */
  bool use_own; /* factor made in this phase, instead of the base */
  bool accepted;
  bool descended; /* went downhill by another method once */
  double norm, goal, round_off;
  double before;   /* norm at the start of this step */
  double fraction; /* of the direction that is tried */
  double linear;   /* relative residual of the direction */
  double distance; /* length of the direction, relative to ‖φ‖ */
} ndg_newton_task;

typedef struct ndg_newton {
  ndg_problem *problem;
  ndg_phase *phase;
  bool is_complex;
  uint64_t n_tasks, n;
  const ndg_factor *base;
  ndg_dense own;
  ndg_vector *phi, *trial, *gradient, *in, *out;
  ndg_number *residual, *step, *scratch; /* n_tasks x n */
  double *halves;                        /* 2 n: real and imaginary parts */
  double *norms;                         /* n_tasks */
  ndg_newton_task *task;
  double history[NDG_NEWTON_HISTORY]; /* largest norm after each step */
} ndg_newton;

/* [owner; open; P² per task, and products with H where GMRES is used] step := A⁻¹ residual for the
   tasks that run, and how good and how long it is. */
ndg_status ndg_newton_directions(ndg_newton *, ndg_error *);
/* [owner; open; P] One task's numbers out of a vector of any element type. */
void ndg_newton_load(const ndg_newton *, const ndg_vector *, uint64_t task, ndg_number *out);
/* newton_outcome.c */
/* [owner; open; cheap] Writes each task's status into the problem. The worst task speaks for the
   phase: soft status NDG_DIVERGED, NDG_NOT_CONVERGED. */
ndg_status ndg_newton_conclude(const ndg_newton *, ndg_error *);
/* [owner; open; a factor of H unless definiteness is known] Newton's method goes to saddles as
   well, and no gradient of a solution exists there: NDG_NOT_CONVERGED. Whoever starts a phase at a
   given point has that point to answer for, so a start that is kept is not looked at. */
ndg_status ndg_newton_check_minimum(ndg_newton *, ndg_error *);

#endif
