/* SPDX-License-Identifier: MIT */
/* Problems for linear algebra and Newton phases, with exact solutions. */
#ifndef TESTS_LINEAR_FIXTURE_H
#define TESTS_LINEAR_FIXTURE_H

#include <check.h>
#include <complex.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/dense.h"
#include "engine/eigen.h"
#include "oracle_fixture.h"

enum { N = 8, MAX_N = 40 };
extern const ndg_dtype real_types[3];
extern const double precision[3]; /* of a good solution in each */

/* A problem whose Hessian has these eigenvalues, in every task. */
ndg_problem *linear_open(fixture *f, const double *eigenvalues, uint64_t n, uint64_t n_tasks,
                         ndg_dtype dtype);
/* low .. high, evenly in the logarithm. */
void linear_spread(double *values, uint64_t n, double low, double high);
void linear_rhs(double *b, uint64_t n);

/* A linear solve about to be asked for. */
typedef struct solving {
  ndg_vector *phi, *rhs, *x;
  ndg_solve request;
  ndg_error e;
} solving;
void solving_open(solving *s, const ndg_problem *p, uint32_t solver, const double *rhs);
void solving_close(solving *s);
/* ‖b − (H + damping) x‖ / ‖b‖ of one task, from the matrix itself. */
double solving_residual(const fixture *f, const solving *s, uint64_t task);

/* A Newton phase of at most 100 steps, with the tolerance that *phase has. */
ndg_status newton_relax(ndg_problem *p, double complex beta, const ndg_vector *start,
                        ndg_vector *end, ndg_phase *phase, ndg_error *e);
/* Where it ends on a quadratic problem. */
void newton_exact(const fixture *f, double complex beta, uint64_t task, double complex *phi);
/* A problem with fourth powers; and one of two wells, whose start lies on the ridge between them,
   where the Hessian is indefinite. */
void newton_quartic(fixture *f, uint64_t n_tasks, ndg_dtype dtype);
void newton_wells(fixture *f, ndg_dtype dtype);

/* Runs and reports as TAP; the exit status. */
int linear_run(const char *suite, TCase *);

#endif
