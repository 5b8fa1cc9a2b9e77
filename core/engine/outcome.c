/* SPDX-License-Identifier: MIT */
/* How each task came out of the phases of an estimate. */
#include <math.h>
#include <string.h>

#include "engine/internal.h"

ndg_status ndg_outcomes_open(ndg_problem *p, ndg_error *e) {
  const size_t n = (size_t)p->tasks.arrays.n_tasks;
  ndg_task_states *states[] = {&p->phase, &p->outcome};
  p->norms = ndg_calloc(n, sizeof *p->norms);
  p->free_contraction = ndg_calloc(n, sizeof *p->free_contraction);
  bool complete = p->norms && p->free_contraction;
  for (int i = 0; i < 2; i++) {
    p->radii[i] = ndg_calloc(n, sizeof *p->radii[i]);
    complete = complete && p->radii[i];
    states[i]->status = ndg_calloc(n, sizeof *states[i]->status);
    states[i]->soft = ndg_calloc(n, sizeof *states[i]->soft);
    states[i]->step = ndg_calloc(n, sizeof *states[i]->step);
    complete = complete && states[i]->status && states[i]->soft && states[i]->step;
  }
  if (!complete)
    return ndg_no_memory(e, "the outcome of tasks");
  ndg_problem_set_radii(p, NULL);
  return NDG_OK;
}

void ndg_outcomes_close(ndg_problem *p) {
  ndg_task_states *states[] = {&p->phase, &p->outcome};
  for (int i = 0; i < 2; i++) {
    ndg_free(p->radii[i]);
    ndg_free(states[i]->status);
    ndg_free(states[i]->soft);
    ndg_free(states[i]->step);
  }
  ndg_free(p->norms);
  ndg_free(p->free_contraction);
}

void ndg_outcomes_begin(ndg_problem *p) {
  const size_t n = (size_t)p->tasks.arrays.n_tasks;
  memset(p->outcome.status, NDG_TASK_RUNNING, n); /* until there is a phase */
  memset(p->outcome.soft, 0, n);
  memset(p->outcome.step, 0, n * sizeof *p->outcome.step);
  memset(p->free_contraction, 0, n * sizeof *p->free_contraction);
  p->n_phases = 0;
  p->stretch_begins = false;
  p->ended_norm = p->learning_norm = NAN;
  p->learning_end = 0;
}

/* Converged only if all phases are, by the last of them; diverged if one is. */
static bool is_worse(uint8_t status, uint8_t than) {
  static const uint8_t badness[] = {[NDG_TASK_CONVERGED] = 0,
                                    [NDG_TASK_RUNNING] = 1,
                                    [NDG_TASK_PAST_RADIUS] = 2,
                                    [NDG_TASK_DIVERGED] = 3};
  const bool is_final = than == NDG_TASK_DIVERGED || than == NDG_TASK_PAST_RADIUS;
  return badness[status] > badness[than] || (status == than && !is_final);
}

void ndg_outcomes_note(ndg_problem *p) {
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++) {
    p->outcome.soft[t] |= p->phase.soft[t];
    if (!ndg_outcomes_lost(p, t) &&
        ((p->n_phases == 0 && p->outcome.status[t] != NDG_TASK_PAST_RADIUS) ||
         is_worse(p->phase.status[t], p->outcome.status[t]))) {
      p->outcome.status[t] = p->phase.status[t];
      p->outcome.step[t] = p->phase.step[t];
    }
  }
  p->n_phases++;
}

void ndg_outcomes_lose(ndg_problem *p, uint64_t task, uint64_t step) {
  if (ndg_outcomes_lost(p, task))
    return;
  p->outcome.status[task] = NDG_TASK_DIVERGED;
  p->outcome.step[task] = step;
}

bool ndg_outcomes_lost(const ndg_problem *p, uint64_t task) {
  return p->outcome.status[task] == NDG_TASK_DIVERGED;
}

static bool has_number(const ndg_problem *p, uint64_t task) {
  const uint8_t status = p->outcome.status[task];
  return status != NDG_TASK_DIVERGED && status != NDG_TASK_PAST_RADIUS;
}

void ndg_outcomes_soften(ndg_problem *p, uint64_t task, ndg_status soft) {
  p->outcome.soft[task] |= (uint8_t)(1u << soft);
}

void ndg_outcomes_settle(ndg_problem *p, ndg_status soft) {
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  for (uint64_t t = 0; t < n_tasks; t++)
    if (((unsigned)p->outcome.soft[t] >> soft & 1u) ||
        (soft == NDG_PAST_RADIUS && p->outcome.status[t] == NDG_TASK_PAST_RADIUS))
      return;
  for (uint64_t t = 0; t < n_tasks; t++)
    ndg_outcomes_soften(p, t, soft);
}

void ndg_outcomes_lend(const ndg_problem *from, ndg_problem *to) {
  if (from != to)
    memcpy(to->outcome.status, from->outcome.status, (size_t)from->tasks.arrays.n_tasks);
}

void ndg_problem_task_soft(const ndg_problem *p, uint8_t *soft) {
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++)
    soft[t] = has_number(p, t) ? p->outcome.soft[t] : 0;
}

void ndg_problem_task_status(const ndg_problem *p, uint8_t *status, uint64_t *step) {
  const size_t n = (size_t)p->tasks.arrays.n_tasks;
  if (status)
    memcpy(status, p->outcome.status, n);
  if (step)
    memcpy(step, p->outcome.step, n * sizeof *step);
}
