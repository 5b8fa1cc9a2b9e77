/* SPDX-License-Identifier: MIT */
/* Group checkpoint: learning that is written down in the middle and goes on elsewhere ends at the
   same bits. A learner's state is phi and what the optimiser holds beside it; the learner itself
   must come back as it was. */
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"

enum { N_TASKS = 3, STEPS = 11, HALF = 4 };

static const ndg_optimizer optimizers[] = {{NDG_GRADIENT_DESCENT, 0, 0.05, 0, 0, 0},
                                           {NDG_HEAVY_BALL, 0, 0.03, 0.8, 0, 0},
                                           {NDG_NESTEROV, 0, 0.03, 0.8, 0, 0},
                                           {NDG_ADAM, 0, 0.02, 0.9, 0.99, 1e-8}};
enum { N_OPTIMIZERS = sizeof optimizers / sizeof *optimizers };

typedef struct learning {
  ndg_bench bench;
  ndg_vector *state;
} learning;

static void close_learning(learning *l) {
  ndg_vector_destroy(l->state);
  ndg_bench_close(&l->bench);
}

static ndg_status open_learning(ndg_check *c, const ndg_check_variant *v, const ndg_inner *inner,
                                learning *l, ndg_error *e) {
  const ndg_bench_spec spec = {
      .dtype = NDG_F64, .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks"), .inner = *inner};
  memset(l, 0, sizeof *l);
  const ndg_status st = ndg_bench_open(c, v, &spec, &l->bench, e);
  if (st < 0)
    return st;
  l->state = ndg_problem_new_vector(l->bench.problem, NDG_STATE, false, inner->optimizer.kind);
  return l->state ? NDG_OK : ndg_fail(e, NDG_ENOMEM, "out of memory for a state");
}

static ndg_status go_on(learning *l, uint64_t from, uint64_t steps, ndg_error *e) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = l->bench.problem->inner.optimizer,
                     .start = from ? l->state : NULL,
                     .end = l->state,
                     .first_step = from,
                     .steps = steps};
  return ndg_problem_relax(l->bench.problem, &phase, e);
}

/* Only numbers travel, as a file would hold them. */
static void hand_over(const ndg_vector *from, ndg_vector *to) {
  for (uint64_t t = 0; t < from->n_tasks; t++)
    memcpy(ndg_task_data(to, t), ndg_task_data(from, t),
           from->length * ndg_dtype_size(from->dtype));
  to->identity = (ndg_identity){0, 0};
}

static ndg_status compare(ndg_check *c, const ndg_check_variant *v, const ndg_inner *inner,
                          const char *how, ndg_error *e) {
  learning whole, first, second = {.state = NULL};
  uint64_t task, i;
  ndg_status st = open_learning(c, v, inner, &whole, e);
  memset(&first, 0, sizeof first);
  if (st >= 0)
    st = go_on(&whole, 0, STEPS, e);
  if (st >= 0)
    st = open_learning(c, v, inner, &first, e);
  if (st >= 0)
    st = go_on(&first, 0, HALF, e);
  if (st >= 0)
    st = open_learning(c, v, inner, &second, e);
  if (st >= 0) {
    hand_over(first.state, second.state);
    st = go_on(&second, HALF, STEPS - HALF, e);
  }
  if (st >= 0 && !ndg_bench_same(whole.state, second.state, &task, &i))
    ndg_check_fail_variant(
        c, v,
        "after %d steps of %s%s number %llu of the state of task %llu is %.17Lg, "
        "with a stop after %d steps %.17Lg",
        STEPS, ndg_optimizer_name(inner->optimizer.kind), how, (unsigned long long)i + 1,
        (unsigned long long)task + 1, ndg_bench_get(whole.state, task, i), HALF,
        ndg_bench_get(second.state, task, i));
  close_learning(&whole);
  close_learning(&first);
  close_learning(&second);
  return st;
}

/* Samples that minibatches can be drawn from; 0: none. */
static uint64_t learning_rows(const ndg_check_variant *v) {
  for (uint64_t i = 0; i < v->n_arrays; i++)
    if (strncmp(v->arrays[i].name, "learn.", 6) == 0 && v->arrays[i].role == NDG_SAMPLES)
      return v->arrays[i].shape.dim[0];
  return 0;
}

static ndg_status continued(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const uint64_t rows = learning_rows(v);
  ndg_status st = NDG_OK;
  for (int k = 0; st >= 0 && k < N_OPTIMIZERS; k++) {
    ndg_inner inner = {.optimizer = optimizers[k], .steps = STEPS};
    st = compare(c, v, &inner, "", e);
    inner.batch_size = 2;
    for (uint32_t sampling = 0; st >= 0 && rows > 2 && sampling <= NDG_SAMPLE_EPOCHS; sampling++) {
      inner.sampling = sampling;
      st = compare(c, v, &inner, " on minibatches", e);
    }
  }
  return st;
}

static void run_continued(ndg_check *c) {
  ndg_check_each_variant(c, continued);
}

const ndg_check_case ndg_check_learner_checkpoint[] = {
    {.group = "checkpoint",
     .name = "continued",
     .property = "learning that goes on from its state in a fresh problem ends at the same bits",
     .kind = NDG_KIND_LEARNER,
     .run = run_continued},
    {.group = NULL}};
