/* SPDX-License-Identifier: MIT */
/* A learner on the bench: a problem at a drawn point, its losses and derivatives there, and slopes
   by differences to judge them by. */
#ifndef NUDGE_CHECK_BENCH_H
#define NUDGE_CHECK_BENCH_H

#include "check/tasks.h"
#include "engine/internal.h"

typedef struct ndg_bench_spec {
  ndg_dtype dtype;
  const ndg_task_arrays *tasks;
  ndg_pool *pool;
  uint64_t block_rows;
  ndg_inner inner;               /* all zero: gradient descent of a few steps */
  const ndg_task_labels *labels; /* NULL: none */
} ndg_bench_spec;

/* Vectors are in the problem's element type, or complex if that was asked for. */
typedef struct ndg_bench {
  ndg_check *check;
  const ndg_check_variant *variant;
  ndg_problem *problem;
  uint64_t n_tasks, n_phi, n_theta;
  ndg_vector *phi, *grad_phi, *hvp, *direction, *mixed_forward; /* PHI */
  ndg_vector *grad_theta, *mixed, *theta_direction;             /* THETA, a row per task */
  double *theta;                                                /* Q */
} ndg_bench;

/* Runs a test on each variant, with a bench; says in messages which one it is. Learners for which
   no tasks are found skip, except in the case that is about that. [main; case; allocates] */
typedef ndg_status (*ndg_variant_test)(ndg_check *, const ndg_check_variant *, ndg_error *);
void ndg_check_each_variant(ndg_check *, ndg_variant_test);
/* A failure, its words followed by the variant's. [main; case; I/O] */
NDG_PRINTF(3, 4)
void ndg_check_fail_variant(ndg_check *, const ndg_check_variant *, const char *format, ...);
NDG_PRINTF(3, 4)
void ndg_check_warn_variant(ndg_check *, const ndg_check_variant *, const char *format, ...);

/* [main; case; allocates] theta and phi are drawn around their initial values, the same numbers in
   every element type, such that all losses and gradients are finite. NDG_ECAPABILITY: no such
   point was found. Closed by ndg_bench_close, which takes what was never opened. */
ndg_status ndg_bench_open(ndg_check *, const ndg_check_variant *, const ndg_bench_spec *,
                          ndg_bench *, ndg_error *);
/* The same with complex vectors; the real point. NDG_ECAPABILITY: not analytic. */
ndg_status ndg_bench_open_complex(ndg_check *, const ndg_check_variant *, const ndg_bench_spec *,
                                  ndg_bench *, ndg_error *);
void ndg_bench_close(ndg_bench *);
/* [main; case; hot] The point of one bench, and its directions, into another whose tasks are those
   numbered in `from` (NULL: the same). */
void ndg_bench_copy_point(ndg_bench *to, const ndg_bench *of, const uint64_t *from);
/* [main; case; cost of an evaluation] Everything in `want` at the point; the directions are what
   hvp, mixed and mixed_forward are taken along. */
ndg_status ndg_bench_evaluate(ndg_bench *, uint32_t loss, uint32_t want, ndg_error *);
/* [main; case; hot] Of the last evaluation that wanted it, one number per task. */
void ndg_bench_values(const ndg_bench *, long double *out);
/* [main; case; cheap] Learns `steps` from the initial point and puts the end into phi. */
ndg_status ndg_bench_learn(ndg_bench *, uint64_t steps, ndg_error *);
/* [main; case; hot] Drawn directions of order one, exact in binary with few digits. */
void ndg_bench_draw_directions(ndg_bench *, const char *label);

/* [any; any; pure] The subject's closed form. NULL: it claims none; or *incomplete is set. */
const ndg_closed_form *ndg_check_closed_form(const ndg_check *, bool *incomplete);

/* [any; any; hot] One number of a vector: its real part, and its imaginary part. */
long double ndg_bench_get(const ndg_vector *, uint64_t task, uint64_t i);
long double ndg_bench_get_im(const ndg_vector *, uint64_t task, uint64_t i);
void ndg_bench_set(ndg_vector *, uint64_t task, uint64_t i, long double re, long double im);
/* [any; any; hot] The same bits? Where not, *task and *i say where first. */
bool ndg_bench_same(const ndg_vector *, const ndg_vector *, uint64_t *task, uint64_t *i);
/* [any; any; pure] "w1, element 3 (from 1)" of phi or theta. */
void ndg_bench_name(const ndg_bench *, uint32_t space, uint64_t i, char out[80]);
const char *ndg_bench_loss_name(uint32_t loss);

/* [any; any; hot] Largest modulus in a task's row; sums of products of two rows, and of their
   moduli added to *moduli (NULL: not wanted). */
long double ndg_bench_peak(const ndg_vector *, uint64_t task);
long double ndg_bench_dot(const ndg_vector *, const ndg_vector *, uint64_t task,
                          long double *moduli);

/* Slope at 0 of a function from a number to n numbers, by central differences extrapolated to step
   0. unit: round-off of f, relative to its largest number. error: how far neighbouring entries of
   the table lie apart, for each. [main; case; up to 25 calls of f] */
typedef ndg_status (*ndg_curve)(void *context, double at, long double *out, ndg_error *);
ndg_status ndg_check_slope(ndg_curve f, void *context, uint64_t n, long double unit, ndg_arena *,
                           long double *slope, long double *error, ndg_error *);
/* Is `found` what differences say? scale: size of the terms it is made of. Allowed is what the
   differences leave open and round-off. unclear: they say nothing to five digits.
   [any; any; pure] */
typedef struct ndg_slope_verdict {
  bool wrong, unclear;
  long double allowed;
} ndg_slope_verdict;
ndg_slope_verdict ndg_check_compare(long double found, long double slope, long double error,
                                    long double scale, long double unit);

#endif
