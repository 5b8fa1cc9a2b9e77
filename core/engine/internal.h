/* SPDX-License-Identifier: MIT */
/* Inside of a problem, shared by the engine's own files. Contract of all where nothing else is
   said: [owner; open; cheap]. What makes or opens something allocates, and nothing else does. */
#ifndef NUDGE_ENGINE_INTERNAL_H
#define NUDGE_ENGINE_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/memory.h"
#include "engine/problem.h"
#include "engine/vector.h"
#include "graph/program.h"

/* Numbers that a program reads besides vectors and data. */
enum {
  NDG_PARAM_BETA = 0,
  NDG_PARAM_LR, /* Adam's LR and EPSILON: of the step, see optimizers.c */
  NDG_PARAM_MOMENTUM,
  NDG_PARAM_BETA2,
  NDG_PARAM_EPSILON,
  NDG_N_PARAMS
};

/* Where a program's input or output lies: vectors first, then memory of the problem itself. */
enum {
  NDG_AT_STATE = 0,       /* phi, and the slots behind it */
  NDG_AT_DIRECTION,       /* PHI */
  NDG_AT_THETA_DIRECTION, /* THETA, a row per task */
  NDG_AT_SEED,            /* STATE: adjoint of the state after a step */
  NDG_N_VECTOR_OPERANDS,
  NDG_AT_THETA = NDG_N_VECTOR_OPERANDS,
  NDG_AT_ARRAY,
  NDG_AT_BATCH,
  NDG_AT_BATCH_LABELS, /* rows of an index array that belong to the minibatch */
  NDG_AT_PARAM,
  NDG_AT_ROWS,  /* a block of rows of an array of samples */
  NDG_AT_TOTAL, /* a sum over all blocks */
  NDG_AT_KEPT   /* what a block holds from one evaluation to the next */
};
/* Outputs: */
enum {
  NDG_TO_VALUE = 0, /* one number per task */
  NDG_TO_GRAD_PHI,
  NDG_TO_GRAD_THETA,
  NDG_TO_HVP,
  NDG_TO_MIXED,
  NDG_TO_MIXED_FORWARD,
  NDG_TO_STATE, /* state after a step, or adjoint of the state before it */
  NDG_N_TARGETS
};
typedef struct ndg_place {
  uint32_t where;  /* NDG_AT_*, NDG_TO_* */
  uint32_t index;  /* ARRAY, PARAM: which */
  uint64_t offset; /* elements from the start of a task's part of the vector, or of theta */
} ndg_place;

typedef struct ndg_operands {
  const ndg_vector *vector[NDG_N_VECTOR_OPERANDS];
} ndg_operands;
typedef struct ndg_targets {
  ndg_vector *vector[NDG_N_TARGETS];
} ndg_targets;

/* What a program computes. */
enum {
  NDG_COMPUTE_EVALUATION = 0,   /* `want` of `loss`, on all samples */
  NDG_COMPUTE_BATCH_EVALUATION, /* on a minibatch */
  NDG_COMPUTE_ACCURACY,
  NDG_COMPUTE_PREDICTIONS,
  NDG_COMPUTE_STEP,           /* one step of `optimizer` on `loss` */
  NDG_COMPUTE_TRANSPOSED_STEP /* of learn_loss */
};
typedef struct ndg_request {
  uint32_t compute, want, loss, optimizer, is_complex;
} ndg_request;

typedef struct ndg_blocks ndg_blocks;
typedef struct ndg_compiled {
  struct ndg_compiled *next;
  ndg_request request;
  ndg_blocks *blocks;   /* run first, block by block of samples; NULL: none */
  ndg_program *program; /* NULL: blocks are all there is */
  uint32_t n_inputs, n_outputs;
  ndg_place *inputs, *outputs;
  uint64_t *advance; /* per input: bytes from its value in one step to that in the next */
  bool overwrites;   /* a step whose new state may lie where the old one does */
  ndg_binding *bound_inputs[2], *bound_outputs[2]; /* two sets: there and back between two states */
} ndg_compiled;

/* A learner's losses on one set of parameter and data nodes. */
enum {
  NDG_BUILT_FULL = 0, /* at phi, all samples */
  NDG_BUILT_BATCH,    /* at phi, a minibatch (all samples without minibatches) */
  NDG_BUILT_AHEAD,    /* at phi + momentum velocity, samples as in BATCH */
  NDG_N_BUILT
};

#define NDG_MAX_SLOTS 2
/* Steps between two looks at a phase, at most. */
#define NDG_STEPS_AT_ONCE 25

/* An input for a block of rows of an array. */
typedef struct ndg_row_input {
  struct ndg_row_input *next;
  uint64_t array, rows;
  ndg_node node;
} ndg_row_input;

/* Tasks as copied at open, or set later. Clones and siblings borrow `arrays` and `labels`, clones
   also `run`. */
typedef struct ndg_task_store {
  ndg_task_arrays arrays; /* data: double or int32_t */
  void **run;             /* the same in the problem's element type */
  const float **single;   /* of arrays given as floats, whose data are NULL; else NULL */
  ndg_task_labels labels;
  char *domain;            /* what labels point to, with the arrays' owner */
  uint64_t *index, *start; /* " */
  bool owns_arrays, owns_run;
  bool borrows_data; /* that `arrays` point to, which others own and nobody changes */
} ndg_task_store;

/* Which arrays minibatches draw rows from: those called learn.* or eval.*. */
enum { NDG_LEARN_ROWS = 0, NDG_EVAL_ROWS, NDG_N_ROWS };
typedef struct ndg_minibatch {
  uint64_t size, rows; /* of a batch, and to draw from; size 0: steps read all rows */
  int32_t *chosen;     /* tasks x size: those of the present step */
  int32_t *order;      /* 0 .. rows - 1; with epochs, their present order for each task */
  int32_t *swaps;      /* size */
  uint64_t *epoch;     /* per task: 1 + the epoch whose order is there; 0: none */
} ndg_minibatch;

/* A phase that was run, from which the same phase with as many or more steps goes on. */
typedef struct ndg_phase_key {
  ndg_identity start;
  ndg_complex beta;
  ndg_optimizer optimizer; /* no field NaN; fields the kind does not use are 0 */
  uint64_t first_step;
  double tolerance;
  uint64_t is_complex;
} ndg_phase_key;
typedef struct ndg_divergence { /* of the first task that diverged */
  uint64_t known, task, step;
  double norm, reference;
} ndg_divergence;
typedef struct ndg_cached_phase {
  struct ndg_cached_phase *next; /* most recently used first */
  ndg_phase_key key;
  uint64_t
      steps; /* taken; an optimiser's phase that ended earlier than asked has all tasks frozen */
  ndg_vector *state;
  uint8_t *frozen; /* per task: NDG_TASK_* when the state was reached */
  uint64_t *since; /* per task: the step since when */
  double *first;   /* per task: gradient norm at the start */
  double *norms;   /* largest over tasks of the gradient norm, every so many steps */
  uint64_t n_norms, norms_size;
  double *marks; /* rows of n_tasks: gradient norms at measurements 1, 2, 4, 8, ... */
  uint64_t n_marks;
  ndg_divergence diverged;
  struct { /* Newton: what it was asked and what it answered */
    uint64_t steps;
    uint64_t gradient_evaluations, hessian_vector_products;
    uint32_t nonlocal;
    double gradient_norm, contraction;
  } newton;
} ndg_cached_phase;

/* How each task stands: NDG_TASK_*, at which step that came out, and the soft statuses besides
   (bits 1 << NDG_NOT_CONVERGED, 1 << NDG_PAST_RADIUS). */
typedef struct ndg_task_states {
  uint8_t *status, *soft;
  uint64_t *step;
} ndg_task_states;

/* A vector that a rule keeps from one estimate to the next. */
typedef struct ndg_kept {
  struct ndg_kept *next;
  const void *options; /* of the rule instance */
  char *name;
  ndg_vector *vector;
  uint64_t estimate; /* the last one in which it was asked for */
  bool stale;        /* of other tasks: zeroed and fresh when it is asked for again */
} ndg_kept;

struct ndg_problem {
  /* as opened */
  ndg_instance learner;
  ndg_inner inner;
  ndg_dtype dtype;
  uint64_t seed;
  ndg_pool *pool;
  ndg_task_store tasks;
  ndg_layout *layout;
  uint64_t n_phi, n_theta;             /* P, Q */
  uint64_t n_start;                    /* of P: start at a number of theta that is learned */
  uint64_t *phi_offset, *theta_offset; /* of each group */
  double *theta;                       /* Q */
  void *theta_run;                     /* in dtype; theta itself for NDG_F64 */
  uint64_t generation;                 /* counts settings of theta and of tasks */
  ndg_vector *start;                   /* PHI, real: initial point of every task */
  double *drawn;                       /* P: an initial point on its way into `start` */
  double *radii[2];    /* per task: stability radius for this theta, NaN: unknown; [1]: known before
                          the estimate that runs */
  ndg_problem *origin; /* of a sibling: the problem it belongs to */
  ndg_problem *siblings[NDG_LONG_DOUBLE + 1]; /* by dtype */
  ndg_problem *lender;                        /* of a clone: the problem whose tasks it reads */
  uint64_t n_clones;                          /* that read the tasks of this one */
  ndg_layout *layout_again;                   /* of other tasks, to be compared with `layout` */

  /* graph and programs */
  ndg_graph *graph;
  ndg_builder builder;
  ndg_place *places; /* of graph inputs, by number */
  uint32_t n_places, places_size;
  ndg_node *theta_seen; /* theta_nodes, without derivatives where a group is held */
  ndg_node *phi, *theta_nodes, *arrays, *direction, *theta_direction; /* per group, per array */
  ndg_node *slot[NDG_MAX_SLOTS], *adjoint[1 + NDG_MAX_SLOTS];         /* per group */
  ndg_node *phi_ahead;
  ndg_node batch_index[NDG_N_ROWS], param[NDG_N_PARAMS];
  ndg_learner_outputs built[NDG_N_BUILT];
  ndg_compiled *compiled;
  uint64_t block_rows, held_bytes; /* as in the specification */
  ndg_row_input *row_inputs;
  char not_complex[192]; /* why complex evaluation is refused; empty: it is not */

  /* memory that programs read and write; [1]: complex programs */
  /* Of those that change with the step, one for each of several steps; of the others the first. */
  _Alignas(16) unsigned char params[2][NDG_N_PARAMS][NDG_STEPS_AT_ONCE][16];
  ndg_minibatch batch[NDG_N_ROWS];
  int32_t **batch_labels;  /* per array: tasks x batch size rows of indices; NULL for real ones */
  ndg_vector *predictions; /* a row of numbers per task; made at first use */
  ndg_vector *values[2], *gradient[2], *state[2][1 + NDG_MAX_SLOTS][2], *theta_scratch[2];
  struct {
    ndg_complex beta;
    double *norms; /* per task: ‖∂φ𝓛‖ at the initial point */
    bool known, probed;
  } initial[2];

  /* last dense Hessian that was factorised, for Newton phases and dense solves */
  struct ndg_factor *factor;

  ndg_task_states phase;   /* tasks at the end of the last phase */
  ndg_task_states outcome; /* the worst of all phases of the last estimate or learning */
  uint64_t n_phases;       /* that outcome is of */
  bool stretch_begins;     /* a rule has the initial state to learn from, and nothing has run yet */
  /* Gradient norms at the ends of learnings: the largest of those before, and of this one so far,
     which has come to step `learning_end`. */
  double ended_norm, learning_norm;
  uint64_t learning_end;
  double *norms;            /* per task: gradient norms of the running phase */
  double *free_contraction; /* per task: of the last phase from the initial point; 0: not known */

  /* estimates */
  ndg_cached_phase *phases;
  ndg_vector *live; /* given out by api.vector and not released */
  ndg_kept *kept;
  const void *rule_options; /* of the running estimate */
  uint64_t estimate;        /* its number */
  uint64_t bytes_live;
  ndg_record record; /* counts of the running estimate; whoever does the work adds to it */
  atomic_int cancelled;
  ndg_problem_watcher watch; /* may be NULL */
  void *watch_context;
};

/* problem.c */
/* [hot] To whoever watches, if anybody does. */
void ndg_problem_tell(const ndg_problem *, const char *what, uint64_t step, uint64_t steps);
/* PHI, THETA or STATE of an optimiser kind. NULL: no memory. */
ndg_vector *ndg_problem_new_vector(const ndg_problem *, uint32_t space, bool is_complex,
                                   uint32_t optimizer_kind);
/* Vector of the problem itself, made at first use, its contents left as they are. */
ndg_status ndg_problem_scratch(ndg_problem *, ndg_vector **slot, uint32_t space, bool is_complex,
                               uint32_t optimizer_kind, ndg_error *);
/* `what` names the vector in messages ("phi", "direction"). Space, element type, tasks, length. */
ndg_status ndg_problem_check_vector(const ndg_problem *, const ndg_vector *, const char *what,
                                    uint32_t space, bool is_complex, ndg_error *);
ndg_status ndg_no_memory(ndg_error *, const char *what);
/* "learner complex_synapse: " in front of the text. */
void ndg_error_prefix(ndg_error *, const char *kind, const char *id);

/* task_store.c, task_check.c */
#define NDG_DOMAIN_SIZE 96
#define NDG_TASK_NAME_SIZE 128
/* [any; any; pure] "task 137 of sinusoid (train)". */
void ndg_task_name(const ndg_task_labels *, uint64_t task, char out[NDG_TASK_NAME_SIZE]);
/* [any; any; pure] The numbers that a task's minibatches and its initial phi are derived from. */
uint64_t ndg_task_number(const ndg_task_labels *, uint64_t task);
uint64_t ndg_task_start_number(const ndg_task_labels *, uint64_t task);
/* [any; any; pure] Names, kinds, shapes and data: finite in `dtype`, indices in range. */
ndg_status ndg_tasks_check(const ndg_task_arrays *, const ndg_task_labels *, ndg_dtype,
                           ndg_error *);
/* [any; any; pure] Are these other data for the same arrays? Else the error names the first that
   differs. */
ndg_status ndg_tasks_check_alike(const ndg_task_arrays *have, const ndg_task_arrays *other,
                                 ndg_error *);
/* Checked tasks, copied. */
ndg_status ndg_task_store_copy(ndg_task_store *, const ndg_task_arrays *, bool borrow, ndg_error *);
/* Other data for the same arrays, checked before. [owner; open; hot] */
void ndg_task_store_replace(ndg_task_store *, const ndg_task_arrays *, ndg_dtype);
/* Descriptions as learners see them: floats are real numbers whose data are not shown. */
ndg_array ndg_task_array_shown(const ndg_array *);
/* Are these the very data that are borrowed? [owner; open; cheap] */
bool ndg_task_store_holds(const ndg_task_store *, const ndg_task_arrays *);
/* Other labels for the owner of the arrays. [owner; open; hot] */
void ndg_task_store_label(ndg_task_store *, const ndg_task_labels *);
ndg_status ndg_task_store_convert(ndg_task_store *, ndg_dtype, ndg_error *);
void ndg_task_store_free(ndg_task_store *);

/* parameters.c */
ndg_status ndg_parameters_lay_out(ndg_problem *, ndg_error *);
/* Does the learner lay out the same groups for other tasks? Its own refusals pass through. */
ndg_status ndg_parameters_lay_out_again(ndg_problem *, const ndg_task_arrays *, ndg_error *);
ndg_status ndg_parameters_draw(ndg_problem *, ndg_error *);
/* The drawn part of every task's initial point. [owner; open; P per task] */
void ndg_parameters_draw_start(ndg_problem *);
ndg_status ndg_parameters_check_theta(const ndg_problem *, const double *theta, ndg_error *);
/* theta into theta_run, and into the parts of `start` that are meta-learned. */
void ndg_parameters_spread_theta(ndg_problem *);

/* programs.c */
/* New input of the graph; NDG_NO_NODE: no memory, or an error that the graph has recorded. */
ndg_node ndg_programs_input(ndg_problem *, uint32_t kind, bool per_task, uint32_t flags, ndg_shape,
                            ndg_place);
ndg_status ndg_programs_open(ndg_problem *, ndg_error *);
void ndg_programs_close(ndg_problem *);
ndg_status ndg_programs_get(ndg_problem *, const ndg_request *, ndg_compiled **, ndg_error *);
/* [hot] */
void ndg_programs_bind(const ndg_problem *, ndg_compiled *, uint32_t set, const ndg_operands *,
                       const ndg_targets *);
void ndg_programs_run(ndg_compiled *, uint32_t set);
/* [hot] */
void ndg_programs_set_beta(ndg_problem *, ndg_complex beta);
void ndg_programs_set_optimizer(ndg_problem *, const ndg_optimizer *);
/* [hot] What changes with the step, for steps [step, step + n). */
void ndg_programs_set_steps(ndg_problem *, const ndg_optimizer *, uint64_t step, uint64_t n);
/* [hot] n <= NDG_STEPS_AT_ONCE runs with both sets in turns, beginning with `set`, after set_steps.
 */
void ndg_programs_run_steps(ndg_compiled *, uint32_t set, uint64_t n);
/* [pure] How many steps of a program to take in one call: 1 if all threads meet after each anyway,
   else few enough for the caller to look up soon. */
uint64_t ndg_programs_steps_at_once(const ndg_compiled *);

/* Frees what evaluations hold for the next one at the same point, siblings' too. [hot] */
void ndg_programs_let_go(ndg_problem *);
/* Where an input lies. [hot] */
ndg_binding ndg_programs_place(const ndg_problem *, uint32_t is_complex, const ndg_place *,
                               const ndg_operands *);

/* derivatives.c */
/* Output nodes of a request, with their places. */
#define NDG_MAX_OUTPUTS (1 + 6 * NDG_MAX_GROUPS)
typedef struct ndg_outputs {
  uint32_t n;
  ndg_node node[NDG_MAX_OUTPUTS];
  ndg_place place[NDG_MAX_OUTPUTS];
} ndg_outputs;
ndg_status ndg_derivatives(ndg_problem *, const ndg_request *, ndg_outputs *, ndg_error *);

/* blocks.c */
/* Evaluation block by block of samples, where that saves memory: what remains to be computed from
   the sums over all blocks is left in the outputs. *out NULL: nothing is gained. */
ndg_status ndg_blocks_open(ndg_problem *, const ndg_request *, ndg_outputs *, ndg_blocks **out,
                           ndg_error *);
void ndg_blocks_close(ndg_blocks *);
/* Memory for what is held, before binding; and its end, until that is asked for again. */
ndg_status ndg_blocks_ready(ndg_blocks *, ndg_error *);
void ndg_blocks_let_go(ndg_blocks *);
/* [hot] */
void ndg_blocks_bind(ndg_blocks *, uint32_t set, const ndg_operands *, const ndg_targets *);
void ndg_blocks_run(ndg_blocks *, uint32_t set);
/* Where the sum lies that an input NDG_AT_TOTAL reads. [pure] */
ndg_binding ndg_blocks_total(const ndg_blocks *, const ndg_place *);

/* optimizers.c */
const char *ndg_optimizer_name(uint32_t kind);
uint32_t ndg_optimizer_slots(uint32_t kind);
/* PROBLEM and NaN replaced by the problem's; checked. Fields that the kind does not use become 0.
 */
ndg_status ndg_optimizer_resolve(const ndg_problem *, const ndg_optimizer *, ndg_optimizer *out,
                                 ndg_error *);
ndg_status ndg_optimizer_check(const ndg_optimizer *, ndg_error *);
/* Nodes of the state after one step, given the gradient. differentiable: the derivative stays
   finite where Adam's second moment is zero (real programs only). */
void ndg_optimizer_update(ndg_problem *, uint32_t kind, bool differentiable,
                          const ndg_node *gradient,
                          ndg_node next[1 + NDG_MAX_SLOTS][NDG_MAX_GROUPS]);

/* phase.c, phase_cache.c */
ndg_status ndg_problem_relax(ndg_problem *, ndg_phase *, ndg_error *);
ndg_identity ndg_identity_of(const void *bytes, size_t n);
/* The cached phase with the most steps that this one can go on from; NULL: none. */
ndg_cached_phase *ndg_phases_find(ndg_problem *, const ndg_phase_key *, uint64_t steps);
/* An entry with room for n_tasks; NULL: no memory. */
ndg_cached_phase *ndg_cached_phase_create(const ndg_phase_key *, const ndg_vector *like);
ndg_cached_phase *ndg_cached_phase_copy(const ndg_cached_phase *);
void ndg_cached_phase_free(ndg_cached_phase *);
/* Takes over the entry; forgets least recently used ones when there are too many. */
void ndg_phases_insert(ndg_problem *, ndg_cached_phase *);
/* Free phases of a problem with the same theta, for a clone that has none yet. */
ndg_status ndg_phases_copy_free(ndg_problem *to, const ndg_problem *from, ndg_error *);
/* Appends to `norms`. */
ndg_status ndg_cached_phase_note_norm(ndg_cached_phase *, uint64_t i, double norm, ndg_error *);
/* Keeps the norms of all tasks at measurement i, if it is one of those that are kept: so few that
   memory grows with the logarithm of the steps. */
ndg_status ndg_cached_phase_mark(ndg_cached_phase *, uint64_t i, const double *norms, ndg_error *);

/* minibatch.c */
ndg_status ndg_minibatches_open(ndg_problem *, ndg_error *);
void ndg_minibatches_close(ndg_problem *);
/* Is an array drawn from, and with which rows? */
bool ndg_minibatch_rows_of(const ndg_problem *, uint64_t array, uint32_t *which);
/* Do steps on a loss read minibatches? */
bool ndg_minibatches_serve(const ndg_problem *, uint32_t loss);
/* [hot] The samples of a step on a loss, for every task: they depend on its number and on that of
   the step; with epochs, evaluation samples on the step's place in its phase. */
void ndg_minibatches_draw(ndg_problem *, uint32_t loss, uint64_t step, uint64_t in_phase);
/* [hot] Tasks have other numbers now. */
void ndg_minibatches_forget(ndg_problem *);

/* evaluate.c, transposed.c */
ndg_status ndg_problem_evaluate(ndg_problem *, ndg_evaluation *, ndg_error *);
ndg_status ndg_problem_accuracy(ndg_problem *, const ndg_vector *phi, double *mean, ndg_error *);
/* A loss, or the accuracy (NaN if there is none), of each task. */
ndg_status ndg_problem_losses(ndg_problem *, uint32_t loss, const ndg_vector *phi, double *each,
                              ndg_error *);
ndg_status ndg_problem_accuracies(ndg_problem *, const ndg_vector *phi, double *each, ndg_error *);
ndg_status ndg_problem_step_transposed(ndg_problem *, const ndg_optimizer *,
                                       const ndg_vector *state, uint64_t step, ndg_vector *adjoint,
                                       ndg_vector *theta_adjoint, ndg_error *);
ndg_status ndg_problem_start_transposed(ndg_problem *, const ndg_vector *phi_adjoint,
                                        ndg_vector *theta_adjoint, ndg_error *);

/* outcome.c */
ndg_status ndg_outcomes_open(ndg_problem *, ndg_error *);
void ndg_outcomes_close(ndg_problem *);
/* [hot] An estimate or learning begins; a phase of it has left its tasks as p->phase says. */
void ndg_outcomes_begin(ndg_problem *);
void ndg_outcomes_note(ndg_problem *);
/* [hot] A task has no result in this estimate: what follows passes over it. */
void ndg_outcomes_lose(ndg_problem *, uint64_t task, uint64_t step);
bool ndg_outcomes_lost(const ndg_problem *, uint64_t task);
/* [hot] A soft status that is about a task, besides what its phases say. */
void ndg_outcomes_soften(ndg_problem *, uint64_t task, ndg_status);
/* [hot] A soft status of the whole estimate; if no task accounts for it, it is about all. */
void ndg_outcomes_settle(ndg_problem *, ndg_status);
/* [hot] A sibling works for a problem: the same tasks are lost to it. */
void ndg_outcomes_lend(const ndg_problem *from, ndg_problem *to);

/* radius.c */
/* [any; open; n_tasks] The least of the radii; NaN unless all are known. */
double ndg_smallest_radius(const ndg_problem *);

/* tasks.c */
/* Everything that was found out about the present theta and tasks. */
void ndg_problem_forget(ndg_problem *);

/* rule_rows.c: vectors with a number per task, as rules see them */
ndg_status ndg_rows_dots(ndg_problem *, const ndg_vector *x, const ndg_vector *y, double *out,
                         ndg_error *);
ndg_status ndg_rows_mix(ndg_problem *, ndg_vector *out, uint64_t n, const double *weights,
                        const ndg_vector *const *in, ndg_error *);
ndg_status ndg_rows_draw(ndg_problem *, const char *label, uint64_t index, ndg_vector *out,
                         ndg_error *);

/* estimate.c */
void ndg_problem_drop_kept(ndg_kept *);

#endif
