/* SPDX-License-Identifier: MIT */
/* A phase of an optimiser's steps: programs, start, loop. */
#include <string.h>

#include "engine/phase.h"

/* The gradient norm is measured every so many steps: often where a tolerance may end the phase,
   else just often enough to see it diverge. On minibatches a measurement costs a step, and is not
   to cost more than a hundredth of the phase. */
enum { INTERVAL_TOLERANCE = 10, INTERVAL_FIXED = NDG_STEPS_AT_ONCE, INTERVAL_PROBE = 100 };

static bool is_free(const ndg_phase *ph) {
  return ph->beta.re == 0 && ph->beta.im == 0;
}

static ndg_status get_programs(ndg_phase_run *r, ndg_error *e) {
  ndg_problem *p = r->p;
  const uint32_t c = r->is_complex;
  const ndg_request step = {NDG_COMPUTE_STEP, 0, r->loss, r->optimizer.kind, c};
  const ndg_request slope = {r->probes ? NDG_COMPUTE_BATCH_EVALUATION : NDG_COMPUTE_EVALUATION,
                             NDG_WANT_GRAD_PHI, r->loss, 0, c};
  const uint32_t slots = ndg_optimizer_slots(r->optimizer.kind);
  ndg_status st = ndg_programs_get(p, &slope, &r->slope, e);
  if (st >= 0)
    st = ndg_programs_get(p, &step, &r->step, e);
  for (int i = 0; st >= 0 && i < 2; i++) {
    st = ndg_problem_scratch(p, &p->state[c][slots][i], NDG_STATE, c, r->optimizer.kind, e);
    r->state[i] = p->state[c][slots][i];
  }
  if (st >= 0)
    st = ndg_problem_scratch(p, &p->gradient[c], NDG_PHI, c, 0, e);
  r->gradient = p->gradient[c];
  return st;
}

static void bind(ndg_phase_run *r) {
  for (uint32_t i = 0; i < 2; i++) {
    const uint32_t from = r->step->overwrites ? 0 : i, to = r->step->overwrites ? 0 : 1 - i;
    const ndg_operands in = {.vector[NDG_AT_STATE] = r->state[i]};
    ndg_programs_bind(r->p, r->step, i, &(ndg_operands){.vector[NDG_AT_STATE] = r->state[from]},
                      &(ndg_targets){.vector[NDG_TO_STATE] = r->state[to]});
    ndg_programs_bind(r->p, r->slope, i, &in,
                      &(ndg_targets){.vector[NDG_TO_GRAD_PHI] = r->gradient});
  }
}

/* Where to go on from: a cached phase, or the start. */
static ndg_status begin(ndg_phase_run *r, const ndg_phase_key *key, ndg_error *e) {
  const ndg_phase *ph = r->phase;
  const ndg_cached_phase *known =
      ndg_phase_has_identity(key) && !ph->record ? ndg_phases_find(r->p, key, ph->steps) : NULL;
  r->entry = known ? ndg_cached_phase_copy(known) : ndg_cached_phase_create(key, r->state[0]);
  if (!r->entry)
    return ndg_no_memory(e, "the state of a phase");
  r->now = 0;
  r->diverged = r->entry->diverged;
  r->n_running = 0;
  for (uint64_t t = 0; t < r->state[0]->n_tasks; t++)
    r->n_running += r->entry->frozen[t] == NDG_TASK_RUNNING;
  if (known) {
    ndg_vector_copy(r->state[0], known->state);
  } else {
    ndg_vector_zero(r->state[0]);
    ndg_vector_copy(r->state[0], ph->start ? ph->start : r->p->start);
  }
  return NDG_OK;
}

/* Tasks that have converged or diverged stay where they are. */
static void hold_frozen(ndg_phase_run *r) {
  const ndg_vector *from = r->state[r->now], *to = r->state[1 - r->now];
  const size_t row = (size_t)from->stride * ndg_dtype_size(from->dtype);
  for (uint64_t t = 0; t < from->n_tasks; t++)
    if (r->entry->frozen[t])
      memcpy(ndg_task_data(to, t), ndg_task_data(from, t), row);
}

/* How many steps from t on need nobody to look at them. */
static uint64_t steps_at_once(const ndg_phase_run *r, uint64_t t) {
  const uint64_t measured = r->interval - t % r->interval, left = r->phase->steps - t;
  if (r->phase->record || ndg_minibatches_serve(r->p, r->loss) ||
      r->n_running < r->state[0]->n_tasks)
    return 1;
  const uint64_t most = ndg_programs_steps_at_once(r->step), n = measured < left ? measured : left;
  return n < most ? n : most;
}

static void tell(const ndg_phase_run *r, uint64_t step) {
  ndg_problem_tell(r->p, r->loss == NDG_AUGMENTED_LOSS ? "nudged phase" : "free phase", step,
                   r->phase->steps);
}

static ndg_status advance(ndg_phase_run *r, ndg_error *e) {
  ndg_problem *p = r->p;
  const ndg_phase *ph = r->phase;
  const uint64_t n_tasks = r->state[0]->n_tasks;
  const atomic_int *cancelled = &(p->origin ? p->origin : p)->cancelled;
  uint64_t t = r->entry->steps, n;
  for (; t < ph->steps; t += n) {
    if (t % r->interval == 0) {
      tell(r, t);
      ndg_phase_measure(r, t);
      ndg_phase_freeze(r);
      const uint64_t i = t / r->interval;
      ndg_status st = ndg_cached_phase_note_norm(r->entry, i, r->largest, e);
      if (st >= 0)
        st = ndg_cached_phase_mark(r->entry, i, r->norm, e);
      if (st < 0)
        return st;
      if (r->n_running == 0)
        break;
    }
    if (atomic_load_explicit(cancelled, memory_order_relaxed))
      return ndg_fail(e, NDG_EINVAL, "stopped on request at step %llu of a phase",
                      (unsigned long long)t);
    if (ph->record)
      ndg_vector_copy(ph->states[t], r->state[r->now]);
    n = steps_at_once(r, t);
    ndg_programs_set_steps(p, &r->optimizer, ph->first_step + t, n);
    ndg_minibatches_draw(p, r->loss, ph->first_step + t, t);
    ndg_programs_run_steps(r->step, r->now, n);
    if (r->n_running < n_tasks)
      hold_frozen(r);
    if (!r->step->overwrites)
      r->now = (r->now + (uint32_t)(n % 2)) % 2;
  }
  r->entry->steps = t;
  tell(r, ph->steps);
  if (ph->record)
    ndg_vector_copy(ph->states[t], r->state[r->now]);
  /* This one freezes nothing: a longer phase, which goes on from here, does not measure here. */
  ndg_phase_measure(r, t);
  return NDG_OK;
}

ndg_status ndg_phase_run_steps(ndg_problem *p, ndg_phase *ph, const ndg_optimizer *o,
                               ndg_error *e) {
  const ndg_phase_key key = ndg_phase_key_of(p, ph, o);
  ndg_phase_run r = {.p = p,
                     .phase = ph,
                     .optimizer = *o,
                     .is_complex = ndg_phase_is_complex(ph),
                     .loss = is_free(ph) ? NDG_LEARN_LOSS : NDG_AUGMENTED_LOSS};
  r.probes = ph->tolerance == 0 && ndg_minibatches_serve(p, r.loss);
  r.interval = r.probes ? INTERVAL_PROBE : ph->tolerance > 0 ? INTERVAL_TOLERANCE : INTERVAL_FIXED;
  r.norm = p->norms;
  r.status = p->phase.status;
  r.since = p->phase.step;
  ndg_status st = get_programs(&r, e);
  if (st >= 0) {
    ndg_programs_set_beta(p, ph->beta);
    ndg_programs_set_optimizer(p, o);
    st = ndg_phase_measure_initial(&r, e);
  }
  if (st >= 0)
    st = begin(&r, &key, e);
  if (st >= 0) {
    bind(&r);
    st = advance(&r, e);
  }
  if (st >= 0)
    st = ndg_phase_finish(&r, &key, e);
  ndg_cached_phase_free(r.entry);
  return st;
}
