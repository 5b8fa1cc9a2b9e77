/* SPDX-License-Identifier: MIT */
/* What came out of a phase: words, counts, and whether its end is kept. */
#include <math.h>
#include <string.h>

#include "engine/phase.h"

static void count_tasks(uint64_t n, uint64_t n_tasks, char *out, size_t size) {
  if (n_tasks > 1)
    snprintf(out, size, " (%llu of %llu tasks in all)", (unsigned long long)n,
             (unsigned long long)n_tasks);
}

void ndg_phase_name(const ndg_phase *ph, char *out, size_t size) {
  if (ph->beta.im != 0)
    snprintf(out, size, "the phase nudged with beta = %g%+gi", ph->beta.re, ph->beta.im);
  else if (ph->beta.re != 0)
    snprintf(out, size, "the phase nudged with beta = %g", ph->beta.re);
  else
    snprintf(out, size, "the free phase");
}

static ndg_status outcome(ndg_phase_run *r, ndg_error *e) {
  const ndg_phase *ph = r->phase;
  const uint64_t n_tasks = r->state[0]->n_tasks;
  uint64_t n_diverged = 0, running = n_tasks, growing = 0;
  double rate = 0;
  char name[96], task[NDG_TASK_NAME_SIZE], many[64] = "";
  memset(r->p->phase.soft, 0, (size_t)n_tasks);
  const uint64_t n_growing = ndg_phase_watch_growth(r, &growing, &rate);
  for (uint64_t t = n_tasks; t-- > 0;) {
    n_diverged += r->status[t] == NDG_TASK_DIVERGED;
    if (r->status[t] != NDG_TASK_RUNNING)
      continue;
    running = t;
    if (ph->tolerance > 0)
      r->p->phase.soft[t] |= 1u << NDG_NOT_CONVERGED;
  }
  ndg_phase_name(ph, name, sizeof name);
  if (n_diverged) {
    const char *smaller = ph->beta.re != 0 || ph->beta.im != 0 ? "|beta| or lr" : "lr";
    ndg_task_name(&r->p->tasks.labels, r->diverged.task, task);
    count_tasks(n_diverged, n_tasks, many, sizeof many);
    return ndg_fail(e, NDG_DIVERGED,
                    "%s diverged by step %llu in %s%s: gradient norm %.3g after at most %.3g at "
                    "the start; use a smaller %s than lr = %g",
                    name, (unsigned long long)r->diverged.step, task, many, r->diverged.norm,
                    r->diverged.reference, smaller, r->optimizer.lr);
  }
  if (n_growing) {
    ndg_task_name(&r->p->tasks.labels, growing, task);
    count_tasks(n_growing, n_tasks, many, sizeof many);
    return ndg_fail(e, NDG_PAST_RADIUS,
                    "%s: its gradient grows by a factor of %.4g per step in %s%s, past the "
                    "stability radius; use a smaller |beta| or lr than lr = %g",
                    name, rate, task, many, r->optimizer.lr);
  }
  if (ph->tolerance > 0 && running < n_tasks) {
    ndg_task_name(&r->p->tasks.labels, running, task);
    return ndg_fail(e, NDG_NOT_CONVERGED,
                    "%s stopped after %llu steps with gradient norm %.3g in %s, above the "
                    "tolerance %.3g; allow more steps, or a larger lr than %g",
                    name, (unsigned long long)ph->steps_taken, r->norm[running], task,
                    ph->tolerance * (r->initial[running] > 1 ? r->initial[running] : 1),
                    r->optimizer.lr);
  }
  return NDG_OK;
}

/* A stretch of one trajectory: a free phase that carries a state along, or records states from one
   on. It goes on from an earlier phase, or is run again on purpose, to save memory. */
static bool is_stretch(const ndg_phase *ph) {
  const bool carries = ph->start && ph->start->space == NDG_STATE;
  const bool is_free = ph->beta.re == 0 && ph->beta.im == 0;
  return carries && is_free && (ph->record || ph->end->space == NDG_STATE);
}

/* Of the stretches of one learning only the farthest is its end. */
static void count_norm(ndg_problem *p, const ndg_phase *ph) {
  const double norm = isnan(ph->gradient_norm) ? INFINITY : ph->gradient_norm;
  const uint64_t end = ph->first_step + ph->steps_taken;
  if (!is_stretch(ph)) {
    p->ended_norm = fmax(p->ended_norm, p->learning_norm); /* NaN gives way */
    p->learning_norm = norm;
    p->learning_end = 0; /* whatever goes on from it is farther */
  } else if (end > p->learning_end) {
    p->learning_norm = norm;
    p->learning_end = end;
  }
  p->record.gradient_norm = fmax(p->ended_norm, p->learning_norm);
}

void ndg_phase_count(ndg_problem *p, const ndg_phase *ph) {
  ndg_record *record = &p->record;
  if (ph->steps == 0) { /* a rule asked for the initial point: nothing has run */
    p->stretch_begins = !ph->start && ph->end->space == NDG_STATE;
    return;
  }
  record->learner_runs += !is_stretch(ph) || p->stretch_begins;
  p->stretch_begins = false;
  count_norm(p, ph);
  if (ndg_phase_is_complex(ph))
    record->nonlocal |= NDG_USES_COMPLEX_STATE;
  if (ph->record)
    record->nonlocal |= NDG_USES_STORED_TRAJECTORY;
}

/* Is there a reason to keep where a phase ended? */
static bool worth_keeping(const ndg_phase *ph, const ndg_phase_key *key) {
  return ndg_phase_has_identity(key) && !is_stretch(ph);
}

ndg_status ndg_phase_finish(ndg_phase_run *r, const ndg_phase_key *key, ndg_error *e) {
  ndg_phase *ph = r->phase;
  ndg_cached_phase *entry = r->entry;
  ph->steps_taken = entry->steps;
  ph->gradient_norm = r->largest;
  ph->contraction = ndg_phase_contraction(r, entry->steps);
  const ndg_status st = outcome(r, e);
  ndg_vector_copy(ph->end, r->state[r->now]);
  ph->end->identity = ndg_phase_end_identity(key, entry->steps, ph->end->space);
  ndg_phase_put_back(r->p, ph->end);
  if (worth_keeping(ph, key)) {
    ndg_vector_copy(entry->state, r->state[r->now]);
    ndg_phases_insert(r->p, entry);
    r->entry = NULL;
  }
  if (ph->steps > 0 || st == NDG_DIVERGED) /* else a rule asked for the initial point */
    ndg_outcomes_note(r->p);
  r->p->record.gradient_evaluations += ph->steps_taken;
  ndg_phase_count(r->p, ph);
  return st;
}
