/* SPDX-License-Identifier: MIT */
/* A learner whose every derivative is known, and problems made of it.

   phi: x[3], y[2]. theta: center[3], pull[3] >= 0, origin[3] (the start of x).
     learn = ½ xᵀA x − bᵀx + ½ Σ pull (x − center)² + ½ Σ (y − x₀₁)² + ½ mean_r (R_r x − v_r)²
             + mean_r R_rk x_k, k = l_r
     eval  = ½ Σ (x − c)² + Σ y + ½ Σ center²
     predictions = R x, a column
   with A, b, c of the task ("A", "b", "c") and R, v, l its samples
   ("learn.rows", "learn.values", "learn.labels"). */
#ifndef TESTS_PROBLEM_FIXTURE_H
#define TESTS_PROBLEM_FIXTURE_H

#include <check.h>

#include "engine/internal.h"

enum { N_X = 3, N_Y = 2, N_PHI = N_X + N_Y, N_THETA = 3 * N_X, N_ROWS = 8, MAX_TASKS = 5 };

typedef struct known_options {
  int32_t relu;   /* adds a term that is not analytic to learn_loss */
  int32_t defect; /* DEFECT_* */
  int32_t curved; /* adds mean_r tanh(R_r x) to learn_loss, whose curvature depends on x */
} known_options;
enum {
  DEFECT_NONE = 0,
  DEFECT_LAYOUT, /* layout fails by itself */
  DEFECT_NO_THETA,
  DEFECT_TWO_NAMES, /* two groups of one name */
  DEFECT_BAD_START, /* start_theta out of range */
  DEFECT_HELD,      /* a phi group is held */
  DEFECT_NEGATIVE,  /* initial theta breaks its constraint */
  DEFECT_VECTOR_LOSS,
  DEFECT_SHARED_LOSS,
  DEFECT_NO_LOSS,
  DEFECT_NO_PREDICTIONS,
  DEFECT_BUILD,   /* build records an error in the graph */
  DEFECT_INFINITE /* learn_loss is infinite away from the start */
};

typedef struct known_tasks {
  ndg_array arrays[6];
  ndg_task_arrays tasks;
  double a[MAX_TASKS][N_X][N_X], b[MAX_TASKS][N_X], c[MAX_TASKS][N_X];
  double rows[MAX_TASKS][N_ROWS][N_X], values[MAX_TASKS][N_ROWS];
  int32_t labels[MAX_TASKS][N_ROWS];
} known_tasks;

/* Calls of layout and build on other threads than the one that ran first. */
extern _Atomic int known_strangers;
/* The component "known", and its instance. */
ndg_instance known_learner(const known_options *);
void known_tasks_fill(known_tasks *, uint64_t n_tasks);
/* Gradient descent, lr 0.1, 20 steps, float64. */
ndg_problem_spec known_spec(const known_options *, const known_tasks *);
/* Opens or fails the test. */
ndg_problem *known_open(const ndg_problem_spec *);

/* Closed forms. phi: x, y; theta: center, pull, origin; rows: which samples, n of them (NULL: all).
 */
typedef struct known_point {
  const known_tasks *tasks;
  uint64_t task;
  const long double *phi, *theta;
  const int32_t *rows;
  uint64_t n_rows;
} known_point;
void known_learn_gradient(const known_point *, long double *out);
void known_eval_gradient(const known_point *, long double *out);
void known_hessian(const known_point *, long double h[N_PHI][N_PHI]); /* of learn_loss */
long double known_learn_loss(const known_point *);
long double known_eval_loss(const known_point *);

/* A rule that does what its options say: the contrastive forward estimate after as many steps as
   the problem has, then an outcome of choice. */
typedef struct told_options {
  double beta;
  uint64_t steps;     /* of both phases; 0: the problem's */
  ndg_status outcome; /* returned */
  int32_t poison;     /* makes the estimate NaN */
  int32_t hold;       /* keeps a vector of ones, added up over estimates, in the estimate */
  const char *const *needs;
} told_options;
ndg_instance told_rule(const told_options *);

/* Numbers of a vector, one task, as long double (real part), and into it. */
void read_row(const ndg_vector *, uint64_t task, long double *out);
void write_row(ndg_vector *, uint64_t task, const double *in);
/* The same bits? */
bool same_bits(const ndg_vector *, const ndg_vector *);

/* Vectors and phases of a problem, in short. */
ndg_vector *state_of(const ndg_problem *, uint32_t kind, bool is_complex);
ndg_phase free_phase(ndg_vector *end, uint64_t steps); /* with the problem's optimizer */
void relax(ndg_problem *, ndg_phase *);                /* or fail the test */
/* A whole phase of the problem's optimizer and everything it says; `end` is the caller's. */
typedef struct result {
  ndg_vector *end;
  ndg_phase phase;
  ndg_status status;
  char text[504];
  uint64_t gradient_evaluations;
} result;
result run(ndg_problem *, uint64_t steps, double tolerance, double beta);

/* Runs and reports as TAP; the exit status. */
int run_suite(Suite *);
/* Deterministic numbers in [-1, 1]. */
double wobble(uint64_t i);

#endif
