/* SPDX-License-Identifier: MIT */
/* The learner kind: what is learned within one task. A graph learner says its parameter groups
   (layout) and its two losses (build); the host derives everything else. */
#ifndef NUDGE_LEARNER_H
#define NUDGE_LEARNER_H

#include "nudge/graph.h"
#include "nudge/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NDG_MAX_GROUPS 128
#define NDG_NAME_SIZE 32

/* One named array of a task, as a domain supplies it. role SAMPLES: the first axis runs over
   samples and minibatches take rows of it; WHOLE: always passed entire. */
enum { NDG_WHOLE = 0, NDG_SAMPLES = 1 };
typedef struct ndg_array {
  const char *name; /* "learn.inputs", "learn.targets", "eval.inputs", "eval.targets", "A", ... */
  uint32_t kind;    /* NDG_REAL: data is double; NDG_INDEX: data is int32_t */
  uint32_t role;
  ndg_shape shape;   /* of one task */
  const void *data;  /* tasks x shape, row-major; NULL where only shapes are known */
  uint64_t n_values; /* NDG_INDEX: number of classes; 0 otherwise */
} ndg_array;

/* The tasks of a problem: the same arrays for each. Frozen. */
typedef struct ndg_task_arrays {
  uint64_t n_tasks;
  uint64_t n_arrays;
  const ndg_array *arrays;
} ndg_task_arrays;

enum { NDG_UNCONSTRAINED = 0, NDG_NONNEGATIVE = 1 };
enum {
  NDG_INIT_CONSTANT = 0,
  NDG_INIT_NORMAL = 1,
  NDG_INIT_UNIFORM = 2,
  NDG_INIT_TRUNCATED_NORMAL = 3 /* ABI 1.1 */
};

/* One parameter group of phi or theta. */
typedef struct ndg_group {
  char name[NDG_NAME_SIZE]; /* "w1", "b1", "lambda.w1", "omega.w1", "initial.w1" */
  ndg_shape shape;
  uint32_t constraint; /* theta only: projected to it after each outer step */
  /* How values are drawn: CONSTANT a; NORMAL mean a, deviation b; UNIFORM [a, b);
     TRUNCATED_NORMAL a normal cut at two deviations, then with mean a and deviation b. */
  uint32_t init;
  double a, b;
  int32_t start_theta; /* phi only: index of the theta group that is its start; -1: by init */
  /* ABI 1.1. theta only: stored with theta, but not learned: gradients with respect to it are
     exactly 0. For what all tasks share and no rule may change, such as the drawn start of a phi
     group. */
  uint32_t held;
} ndg_group;

typedef struct ndg_layout { /* zeroed by the host before layout(), start_theta -1 */
  uint32_t struct_size;
  uint32_t n_phi, n_theta;
  uint32_t reserved;
  ndg_group phi[NDG_MAX_GROUPS];
  ndg_group theta[NDG_MAX_GROUPS];
} ndg_layout;

/* What build receives: a node per group and per task array, in the order of layout and of the
   arrays. The shape of a SAMPLES array may have fewer rows than in layout: it is a minibatch. */
typedef struct ndg_learner_inputs {
  uint32_t struct_size;
  uint32_t n_arrays;
  const ndg_node *phi;   /* per task */
  const ndg_node *theta; /* shared */
  const ndg_node *arrays;
  const ndg_array *array_descriptions; /* data is NULL */
  const ndg_layout *layout;            /* ABI 1.2: the groups that phi and theta are nodes of */
} ndg_learner_inputs;

/* What build fills; zeroed by the host. Losses are scalars per task. Optional nodes may stay
   NDG_NO_NODE. predictions: one row per evaluation sample. */
typedef struct ndg_learner_outputs {
  uint32_t struct_size;
  uint32_t reserved;
  ndg_node learn_loss, eval_loss;
  ndg_node predictions;   /* of the network on the evaluation inputs */
  ndg_node eval_accuracy; /* scalar in [0, 1] */
} ndg_learner_outputs;

typedef struct ndg_learner_ops {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main; loaded; cheap] Optional. Rules between options that the table cannot say. */
  ndg_status (*check)(const void *options, ndg_error *);
  /* [main; loaded; cheap] Required. Groups for these options and task shapes. */
  ndg_status (*layout)(const void *options, const ndg_task_arrays *shapes, ndg_layout *out,
                       ndg_error *);
  /* [main; loaded; cheap] Required. Build both losses; may be called several times. */
  ndg_status (*build)(const void *options, const ndg_builder *, const ndg_learner_inputs *,
                      ndg_learner_outputs *, ndg_error *);
  /* [main; loaded; pure] Optional. The const table behind a provided extension id, or NULL. */
  const void *(*extension)(const char *id);
} ndg_learner_ops;

/* Extension NDG_CAP_CLOSED_FORM, for one task. theta: Q, phi: P, gradient: Q; flat, in group order,
   accurate to long double where the problem allows. */
typedef struct ndg_closed_form {
  uint32_t struct_size;
  uint32_t reserved;
  /* [worker; open; cost of a dense solve] Minimiser of learn_loss + beta eval_loss. */
  ndg_status (*optimum)(const void *options, const ndg_task_arrays *, uint64_t task,
                        const double *theta, double beta, double *phi, ndg_error *);
  /* [worker; open; cost of a dense solve] Exact fixed-point gradient of eval_loss(phi*(theta)). */
  ndg_status (*meta_gradient)(const void *options, const ndg_task_arrays *, uint64_t task,
                              const double *theta, double *gradient, ndg_error *);
} ndg_closed_form;

/* ABI 1.2. Extension NDG_CAP_EXAMPLE, const data: small cases on which the learner can be tried, by
   the checker for one. The first is the plainest; the others reach what it does not. */
typedef struct ndg_example_option {
  const char *name, *value; /* as text: {"layers", "3, 4, 2"} */
} ndg_example_option;

typedef struct ndg_example { /* frozen */
  uint64_t n_options;
  const ndg_example_option *options; /* those left out have their default */
  uint64_t n_arrays;
  /* data: one task's, given to every task; NULL: drawn for each task, real numbers standard normal,
     indices uniform below n_values. */
  const ndg_array *arrays;
} ndg_example;

typedef struct ndg_examples {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t n;
  const ndg_example *examples;
} ndg_examples;

#ifdef __cplusplus
}
#endif
#endif
