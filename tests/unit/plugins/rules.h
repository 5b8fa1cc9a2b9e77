/* SPDX-License-Identifier: MIT */
/* Problems of which everything is known, and estimates on them. */
#ifndef PLUGINS_RULES_H
#define PLUGINS_RULES_H

#include "engine/problem.h"
#include "support.h"

enum { MOST_THETA = 64 };

/* Inner optimisation; what the optimiser does not use stays zero. */
ndg_inner newton_inner(void);
ndg_inner descent(double lr, uint64_t steps);
ndg_inner heavy_ball(double lr, double momentum, uint64_t steps);
/* Settings under which the small networks below learn with any optimiser that takes steps. */
ndg_inner small_inner(uint32_t kind, uint64_t steps);

/* The scalar problem of the reference values: ∇F = 0.4/1.8, φ*_0 - c = 1. */
ndg_problem *open_scalar(ndg_inner);
/* The same with c = φ*_0: ∇F = 0, but G(0) is not. */
ndg_problem *open_zero_gradient(ndg_inner);
/* H0 = -1, l = 0.5: learn_loss has a maximum, and no minimum. */
ndg_problem *open_maximum(ndg_inner);
/* Linear-quadratic, P = 5, two tasks with data of their own, pull l = 0.7. */
enum { LQ_P = 5, LQ_TASKS = 2 };
ndg_problem *open_linear_quadratic(ndg_inner);
/* The same, learning starting at θ, to which it is pulled. */
ndg_problem *open_quadratic_start(ndg_inner);
/* Classification with a small network, one log λ per parameter: nothing is quadratic. start: extra
   options of the learner. */
ndg_problem *open_network(ndg_inner, const char *options, uint64_t batch_size);
/* The same network on tasks first .. first + n_tasks - 1, each with data of its own; task 0 is that
   of open_network. */
enum { MOST_NETWORKS = 8 };
ndg_problem *open_networks(ndg_inner, const char *options, uint64_t batch_size, uint64_t first,
                           uint64_t n_tasks, ndg_pool *);
/* Few-shot regression: tasks `which` of six sinusoids, 8 + 8 samples each; layers 1, 4, 3, 1. */
ndg_problem *open_sinusoids(ndg_inner, const char *learner, const char *options,
                            const uint64_t *which, uint64_t n_tasks);
/* ½ (φ - θ)² and ½ φ² + θ ψ, φ starting at ψ: theta = (0.6, -1.1). One or more tasks, all alike. */
ndg_problem *open_direct(ndg_inner, uint64_t n_tasks);
/* The published least-squares instance; NULL where its files are not there. */
enum { LS_P = 10 };
ndg_problem *open_least_squares(ndg_inner, double *exact);

/* Exact meta-gradient by the learner's closed form, mean over tasks, at the current theta. */
void closed_form_gradient(const ndg_problem *, double *gradient);

/* An estimate with the given options; fails the test on a hard error. Mean over tasks. */
ndg_record estimate(ndg_problem *, const char *rule, const char *options, double *gradient);
/* ‖estimate - exact‖ / ‖exact‖. */
double error_of(ndg_problem *, const char *rule, const char *options, const double *exact);
/* The estimate is refused hard, with a message that contains `expected`. */
void check_estimate_refused(ndg_problem *, const char *rule, const char *options,
                            const char *expected);
/* Every allocation of an estimate fails once: NDG_ENOMEM each time, then the right result. */
void check_memory(ndg_problem *, const char *rule, const char *options);
uint64_t count_theta(const ndg_problem *);

#endif
