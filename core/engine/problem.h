/* SPDX-License-Identifier: MIT */
/* A problem: learner + tasks + inner optimiser, compiled; the one thing rules and the oracle work
 * on. */
#ifndef NUDGE_ENGINE_PROBLEM_H
#define NUDGE_ENGINE_PROBLEM_H

#include "base/pool.h"
#include "nudge/learner.h"
#include "nudge/rng.h"
#include "nudge/rule.h"
#include "plugin/registry.h"

/* How steps draw minibatches. INDEPENDENT: each step its own, without repetition in it. EPOCHS:
   learning samples in epochs, each a new order of all; evaluation samples in the order of the data,
   from the first at the beginning of each phase. */
enum { NDG_SAMPLE_INDEPENDENT = 0, NDG_SAMPLE_EPOCHS };

/* Inner phase of a problem. */
typedef struct ndg_inner {
  ndg_optimizer optimizer; /* kind GRADIENT_DESCENT .. NEWTON, every field set */
  uint64_t steps;
  double tolerance;         /* see ndg_phase; 0: fixed number of steps */
  uint64_t batch_size;      /* learning samples of a step; 0: full batch */
  uint64_t eval_batch_size; /* evaluation samples of a nudged step; 0: all */
  uint32_t sampling;        /* NDG_SAMPLE_* */
} ndg_inner;

/* What tasks are called in messages ("task 137 of sinusoid (train)"), and what is drawn for them:
   minibatches and the initial phi depend on these numbers and not on a task's position. */
typedef struct ndg_task_labels {
  const char *domain;    /* "sinusoid (train)"; NULL: none */
  const uint64_t *index; /* n_tasks; NULL: their positions, counted from 1 in messages */
  const uint64_t *start; /* n_tasks, for the initial phi; NULL: as index */
} ndg_task_labels;

/* Of an array of tasks that are given to a problem: data is float. Learners see it as NDG_REAL with
   data NULL; a problem of float32 that borrows it reads it where it lies. */
enum { NDG_SINGLE = 2 };

typedef struct ndg_problem_spec {
  ndg_instance learner;
  const ndg_task_arrays *tasks; /* copied, but for the data if borrow is set */
  ndg_inner inner;
  ndg_dtype dtype; /* F32, F64 or LONG_DOUBLE: of real phases */
  uint64_t seed;
  ndg_pool *pool;         /* NULL: one thread */
  ndg_task_labels labels; /* copied */
  bool borrow;            /* nobody changes the tasks' data while the problem is open: read them
                             where they lie, and likewise those set later */
  uint64_t block_rows;    /* 0: chosen; else samples per block of an evaluation of all */
  uint64_t held_bytes;    /* 0: chosen; else at most so many are held from one product with second
                             derivatives to the next (but a block's at least) */
} ndg_problem_spec;

/* [main; any; allocates] Lays out, builds and differentiates the learner; programs are compiled at
   first use and kept. Errors name the learner. */
ndg_status ndg_problem_open(const ndg_problem_spec *, ndg_problem **out, ndg_error *);
/* [main; any; allocates] Same problem and theta with its own programs and vectors, and a copy of
   the free phases that are known, for another thread; `tasks` data is shared with the original,
   which must outlive it. */
ndg_status ndg_problem_clone(ndg_problem *, ndg_pool *pool, ndg_problem **out, ndg_error *);
/* [main; not running; frees] NULL is fine. */
void ndg_problem_close(ndg_problem *);

/* [any; open; pure] */
const ndg_layout *ndg_problem_layout(const ndg_problem *);
const ndg_problem_api *ndg_problem_get_api(void);
void ndg_problem_describe(const ndg_problem *, ndg_problem_info *);
/* [any; open; pure] Does the learner, here, provide a capability? On false *reason (may be NULL)
 * says why. */
bool ndg_problem_provides(const ndg_problem *, const char *capability, const char **reason);

/* theta, Q numbers in group order. [main; open; cheap] Setting it forgets cached phases and radius.
   NDG_EINVAL names the group and element of a non-finite or constraint-violating value. */
void ndg_problem_get_theta(const ndg_problem *, double *theta);
ndg_status ndg_problem_set_theta(ndg_problem *, const double *theta, ndg_error *);
/* [main; open; data size, no allocation] Other data under the same names, kinds, shapes, roles,
   n_values and n_tasks, copied in place (or borrowed, as those before); compiled programs stay. The
   learner checks them as it did at open. Forgets phases, radius, factor, what rules keep, and
   labels. A refusal changes nothing and names the array and what differs, or the task and row of a
   number that is not finite. Refused for clones and siblings, and while clones read the tasks. */
ndg_status ndg_problem_set_tasks(ndg_problem *, const ndg_task_arrays *, ndg_error *);
/* [main; open; P per task where another phi is drawn] Other labels, copied. Refused, without
   effect, for clones and siblings, and while clones read the tasks. */
ndg_status ndg_problem_label_tasks(ndg_problem *, const ndg_task_labels *, ndg_error *);
/* [main; open; as both] The two in one, so that refusals name the new tasks. */
ndg_status ndg_problem_set_labelled_tasks(ndg_problem *, const ndg_task_arrays *,
                                          const ndg_task_labels *, ndg_error *);
/* [any; open; pure] The drawn initial point of phi for task, P numbers. */
void ndg_problem_get_start(const ndg_problem *, uint64_t task, double *phi);

/* [main; open; pure] Refuses an unsuitable pair, naming rule, learner and missing capability. */
ndg_status ndg_problem_accepts(const ndg_problem *, const ndg_instance *rule, ndg_error *);
/* One estimate. gradient: Q, the mean over tasks (or per task: n_tasks x Q, if per_task). Soft
   status is also in record. Errors begin with the rule's id. [owner thread; open; cost of the rule]
 */
ndg_status ndg_problem_estimate(ndg_problem *, const ndg_instance *rule, bool per_task,
                                double *gradient, ndg_record *record, ndg_error *);
/* Learn: one free phase as the inner optimiser says. phi: n_tasks x P or NULL. Soft statuses are
   also in ndg_learning. [owner; open; a phase and its losses] */
typedef struct ndg_learning {
  uint64_t steps_taken;
  double gradient_norm, learn_loss, eval_loss,
      eval_accuracy; /* means over tasks; accuracy NaN if none */
  ndg_status status;
} ndg_learning;
ndg_status ndg_problem_learn(ndg_problem *, double *phi, ndg_learning *, ndg_error *);

/* How tasks came out of the last estimate, learning or adaptation, the worst of all its phases:
   still running at the end (short of a tolerance, or none was asked for: task_soft tells), stopped
   at the tolerance, diverged, or refused as past the radius. step: when that was known, in that
   phase; n_tasks each, either may be NULL. [owner; open; pure] */
enum {
  NDG_TASK_RUNNING = 0,
  NDG_TASK_CONVERGED = 1,
  NDG_TASK_DIVERGED = 2,
  NDG_TASK_PAST_RADIUS = 3
};
void ndg_problem_task_status(const ndg_problem *, uint8_t *status, uint64_t *step);
/* The soft statuses that a number was given in spite of, for each of n_tasks: bits
   1 << NDG_NOT_CONVERGED (a phase or a solve was short of its tolerance) and 1 << NDG_PAST_RADIUS.
   Zero for tasks that diverged or were refused. [owner; open; pure] */
void ndg_problem_task_soft(const ndg_problem *, uint8_t *soft);
/* Learning after each of n numbers of inner steps, in ascending order, with no regard to a
   tolerance: n x n_tasks losses and accuracies (NaN if the learner has none), phi n x n_tasks x P;
   any may be NULL. Tasks that diverged give NaN from then on, and NDG_DIVERGED. Bits are those of
   learning that ends there. [owner; open; cost of the largest number of steps] */
ndg_status ndg_problem_adapt(ndg_problem *, uint64_t n, const uint64_t *steps, double *learn_loss,
                             double *eval_loss, double *eval_accuracy, double *phi, ndg_error *);
/* Losses and accuracy of each task at phi (n_tasks x P) on all samples, without learning: n_tasks
   numbers each; any may be NULL. [owner; open; cost of evaluations] */
ndg_status ndg_problem_judge(ndg_problem *, const double *phi, double *learn_loss,
                             double *eval_loss, double *eval_accuracy, ndg_error *);
/* [any; open; pure] Has the learner an accuracy besides its losses? */
bool ndg_problem_has_accuracy(const ndg_problem *);
/* [any; open; pure] Shape of one task's predictions; false: the learner has none. */
bool ndg_problem_prediction_shape(const ndg_problem *, ndg_shape *);
/* The learner's predictions on the evaluation inputs, at phi (n_tasks x P): n_tasks x their shape.
   [owner; open; cost of an evaluation] */
ndg_status ndg_problem_predict(ndg_problem *, const double *phi, double *out, ndg_error *);

/* [owner; open; frees] Forget the results of nudged phases (true) or of all phases (false) that
 * later calls could continue. */
void ndg_problem_forget_phases(ndg_problem *, bool keep_free);
/* The same problem in another element type (for oracles: LONG_DOUBLE), made at first use, kept and
   closed with the original; its theta follows the original's. [owner; open; allocates] */
ndg_status ndg_problem_sibling(ndg_problem *, ndg_dtype, ndg_problem **out, ndg_error *);
/* [owner; open; cheap] Tell rules the radius of each task once it is known for this theta; NULL: of
   none. */
void ndg_problem_set_radii(ndg_problem *, const double *radii);
/* [any; open; pure] The radius of each task, NaN where it is not known. */
void ndg_problem_radii(const ndg_problem *, double *out);
/* [any; open; pure] Tasks and learner behind a problem, for closed forms. */
const ndg_task_arrays *ndg_problem_tasks(const ndg_problem *);
const ndg_instance *ndg_problem_learner(const ndg_problem *);

/* Called at the beginning of a phase or a linear solve (`what` says which, a constant), every so
   many steps, and with step = steps when it has ended, on the owner's thread; clones and siblings
   are not watched. NULL: nobody. [main; open; cheap] */
typedef void (*ndg_problem_watcher)(void *context, const char *what, uint64_t step, uint64_t steps);
void ndg_problem_watch(ndg_problem *, ndg_problem_watcher, void *context);
/* Ask a running estimate to stop at its next step. [any thread; any; cheap] */
void ndg_problem_cancel(ndg_problem *);

#endif
