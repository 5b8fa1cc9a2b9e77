/* SPDX-License-Identifier: MIT */
/* Learners for the linear algebra and the oracle, of any size.

   form:     learn = ½ φᵀH φ − hᵀφ + ½ pull ‖φ − θ‖² + ¼ quartic Σ φ⁴
             eval  = ½ (φ − c)ᵀM (φ − c)            arrays "H", "h", "M", "c" of each task
   squares:  learn = ‖Cθ + Dφ − e‖², eval = ‖Aφ − b‖²  arrays "A", "b", "C", "D", "e"
   network:  inputs-hidden-outputs tanh network, mean squared error, penalty ½ Σ λ w², θ = λ; relu
             instead of tanh if asked                arrays "learn.x", "learn.y", "eval.x", "eval.y"
 */
#ifndef TESTS_ORACLE_FIXTURE_H
#define TESTS_ORACLE_FIXTURE_H

#include "engine/internal.h"
#include "engine/linear.h"

enum { LEARNER_FORM = 0, LEARNER_SQUARES, LEARNER_NETWORK };

typedef struct fixture_options {
  uint32_t learner;
  uint32_t relu;
  double pull, quartic;
  double lambda; /* initial value of the network's penalties */
  uint64_t hidden;
} fixture_options;

/* Tasks that own their numbers, and a problem made of them. */
typedef struct fixture {
  fixture_options options;
  ndg_array arrays[5];
  ndg_task_arrays tasks;
  double *numbers[5];
  ndg_inner inner;
  ndg_dtype dtype;
  ndg_problem *problem;
} fixture;

/* Zeros of these shapes; fill `numbers`, then open. */
void fixture_form(fixture *, uint64_t n, uint64_t n_tasks);
void fixture_squares(fixture *, uint64_t rows, uint64_t n_phi, uint64_t n_theta);
void fixture_network(fixture *, uint64_t inputs, uint64_t hidden, uint64_t outputs, uint64_t rows,
                     uint64_t n_tasks);
/* Opens or fails the test. Newton's method learns unless inner says otherwise. */
ndg_problem *fixture_open(fixture *);
void fixture_close(fixture *);

/* A symmetric matrix with these eigenvalues (n x n), by random reflections. */
void fixture_matrix(double *a, const double *eigenvalues, uint64_t n, uint64_t seed);
/* Deterministic numbers in (-1, 1). */
double fixture_number(uint64_t seed, uint64_t i);
/* A vector of a space in the problem's type, filled alike for every task unless `in` is longer. */
ndg_vector *fixture_vector(const ndg_problem *, uint32_t space, const double *in);
void fixture_read(const ndg_vector *, uint64_t task, double *out);
/* ‖a − b‖ / ‖b‖ */
double fixture_distance(const double *a, const double *b, uint64_t n);

#endif
