/* SPDX-License-Identifier: MIT */
/* Tasks of a phase that run away: seen by the growth of their gradient, one by one, so that no
   task's outcome depends on the others; and what is left of those that diverged. */
#include <math.h>
#include <string.h>

#include "engine/phase.h"
#include "engine/task_algebra.h"

double ndg_phase_task_contraction(const ndg_phase_run *r, uint64_t task, uint64_t steps) {
  const ndg_cached_phase *c = r->entry;
  const double floor =
      1e3 * ndg_epsilon(r->state[0]->dtype) * fmax(r->initial[task], c->first[task]);
  uint64_t k = 0, at = 0;
  double base = c->first[task];
  while (k < c->n_marks && (r->interval << k) <= steps / 2) {
    at = r->interval << k;
    base = c->marks[k++ * r->state[0]->n_tasks + task];
  }
  if (!(r->norm[task] > floor) || !(base > floor) || at >= steps)
    return 0;
  return pow(r->norm[task] / base, 1.0 / (double)(steps - at));
}

static bool is_watched(const ndg_phase_run *r) {
  const ndg_phase *ph = r->phase;
  const uint32_t kind = r->optimizer.kind;
  return ph->struct_size > offsetof(ndg_phase, growth) && ph->growth != NDG_GROWTH_IGNORED &&
         kind != NDG_ADAM && kind != NDG_NEWTON;
}

uint64_t ndg_phase_watch_growth(ndg_phase_run *r, uint64_t *first, double *rate) {
  const uint64_t steps = r->entry->steps, n_tasks = r->state[0]->n_tasks;
  double *free_contraction = r->p->free_contraction;
  const bool from_initial = !r->phase->start, watched = is_watched(r);
  uint64_t n = 0;
  for (uint64_t t = n_tasks; (watched || from_initial) && t-- > 0;) {
    const double c = ndg_phase_task_contraction(r, t, steps);
    if (from_initial)
      free_contraction[t] = c;
    if (!watched || r->status[t] == NDG_TASK_DIVERGED || !(c > fmax(1, free_contraction[t])) ||
        !(pow(c, (double)steps / 2) > 2))
      continue;
    n++;
    *first = t;
    *rate = c;
    if (r->phase->growth == NDG_GROWTH_REFUSED)
      r->status[t] = NDG_TASK_PAST_RADIUS;
    else
      r->p->phase.soft[t] |= 1u << NDG_PAST_RADIUS;
  }
  return n;
}

void ndg_phase_put_back(const ndg_problem *p, ndg_vector *end) {
  for (uint64_t t = 0; p->rule_options && t < end->n_tasks; t++)
    if (p->phase.status[t] == NDG_TASK_DIVERGED) {
      memset(ndg_task_data(end, t), 0, (size_t)end->length * ndg_dtype_size(end->dtype));
      ndg_dtype_convert(end->dtype, ndg_task_data(end, t), p->start->dtype,
                        ndg_task_data(p->start, t), (size_t)p->n_phi);
    }
}
