/* SPDX-License-Identifier: MIT */
/* Phases: a loop over one compiled program, between two states, for all tasks together. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/dense.h"
#include "engine/eigen.h"
#include "engine/internal.h"
#include "engine/linear.h"

/* The gradient norm is measured every so many steps: often where a tolerance may end the phase,
   else just often enough to see it diverge. */
enum { INTERVAL_TOLERANCE = 10, INTERVAL_FIXED = 25 };
/* A phase whose gradient has grown by this factor will not come back. */
static const double growth_limit = 1e6;

typedef struct phase_run {
  ndg_problem *p;
  ndg_phase *phase;
  ndg_optimizer optimizer;
  uint32_t is_complex, loss, now; /* state[now] is the current one */
  ndg_vector *state[2], *gradient;
  ndg_compiled *step, *slope;
  ndg_cached_phase *entry; /* progress so far, kept when the phase ends */
  const double *initial;   /* per task: gradient norm at the problem's initial point */
  double *norm;            /* per task, of the last measurement */
  uint8_t *status;         /* per task, at the last measurement */
  uint64_t interval, n_running;
  double largest; /* of norm */
  ndg_divergence diverged;
} phase_run;

/* ---- what was asked ---- */

static bool phase_is_complex(const ndg_phase *ph) {
  return ph->beta.im != 0 || (ph->start && ndg_vector_is_complex(ph->start)) ||
         (ph->end && ndg_vector_is_complex(ph->end));
}

static ndg_status check_state(const ndg_problem *p, const ndg_vector *v, const char *what,
                              bool is_complex, const ndg_optimizer *o, ndg_error *e) {
  const ndg_status st = ndg_problem_check_vector(p, v, what, NDG_PHI, is_complex, e);
  const uint64_t length = p->n_phi * (1 + ndg_optimizer_slots(o->kind));
  if (st >= 0 && v->space == NDG_STATE && v->length != length)
    return ndg_fail(e, NDG_EINVAL, "%s of the phase is a state of another optimizer than %s", what,
                    ndg_optimizer_name(o->kind));
  return st;
}

static ndg_status check_phase(const ndg_problem *p, const ndg_phase *ph, const ndg_optimizer *o,
                              ndg_error *e) {
  const bool is_complex = phase_is_complex(ph);
  if (ph->struct_size < sizeof *ph)
    return ndg_fail(e, NDG_EINVAL, "a phase of %u bytes: struct_size is not set", ph->struct_size);
  if (!isfinite(ph->beta.re) || !isfinite(ph->beta.im))
    return ndg_fail(e, NDG_EINVAL, "beta is not a finite number");
  if (!(ph->tolerance >= 0) || !isfinite(ph->tolerance))
    return ndg_fail(e, NDG_EINVAL, "tolerance is %g; it must be >= 0", ph->tolerance);
  if (is_complex && p->not_complex[0])
    return ndg_fail(e, NDG_ECAPABILITY, "learner %s cannot be nudged with complex beta: %s",
                    p->learner.loaded->component->id, p->not_complex);
  ndg_status st = check_state(p, ph->end, "end", is_complex, o, e);
  if (st >= 0 && ph->start) /* a real point may start a complex phase */
    st = check_state(p, ph->start, "start", ndg_vector_is_complex(ph->start), o, e);
  if (st < 0 || !ph->record)
    return st;
  if (!ph->states || o->kind == NDG_NEWTON)
    return ndg_fail(e, NDG_EINVAL,
                    ph->states ? "a Newton phase has no trajectory to record"
                               : "a recorded phase needs states");
  for (uint64_t i = 0; st >= 0 && i <= ph->steps; i++) {
    st = check_state(p, ph->states[i], "states", is_complex, o, e);
    if (st >= 0 && ph->states[i]->space != NDG_STATE)
      st = ndg_fail(e, NDG_EINVAL, "states of a phase must be state vectors");
  }
  return st;
}

static ndg_phase_key key_of(const ndg_problem *p, const ndg_phase *ph, const ndg_optimizer *o) {
  const uint64_t initial[2] = {0x7374617274, p->theta_generation};
  /* Adding zero makes one zero of two. */
  return (ndg_phase_key){.start = ph->start ? ph->start->identity
                                            : ndg_identity_of(initial, sizeof initial),
                         .beta = {ph->beta.re + 0.0, ph->beta.im + 0.0},
                         .optimizer = *o,
                         .first_step = ph->first_step,
                         .tolerance = ph->tolerance + 0.0,
                         .is_complex = phase_is_complex(ph)};
}

static bool has_identity(const ndg_phase_key *key) {
  return key->start.high || key->start.low;
}

/* The end of a phase is known by where it began and how far it went. */
static ndg_identity end_identity(const ndg_phase_key *key, uint64_t steps, uint32_t space) {
  struct {
    ndg_phase_key key;
    uint64_t steps, space;
  } all = {*key, steps, space};
  return has_identity(key) ? ndg_identity_of(&all, sizeof all) : (ndg_identity){0, 0};
}

/* ---- measuring ---- */

static ndg_status measure_initial(phase_run *r, ndg_error *e) {
  ndg_problem *p = r->p;
  const ndg_complex beta = r->phase->beta;
  const uint32_t c = r->is_complex;
  if (!p->initial[c].norms) {
    p->initial[c].norms = ndg_calloc((size_t)p->tasks.arrays.n_tasks, sizeof(double));
    if (!p->initial[c].norms)
      return ndg_no_memory(e, "gradient norms");
  }
  r->initial = p->initial[c].norms;
  if (p->initial[c].known && p->initial[c].beta.re == beta.re && p->initial[c].beta.im == beta.im)
    return NDG_OK;
  ndg_vector_zero(r->state[0]);
  ndg_vector_copy(r->state[0], p->start);
  ndg_programs_bind(p, r->slope, 0, &(ndg_operands){.vector[NDG_AT_STATE] = r->state[0]},
                    &(ndg_targets){.vector[NDG_TO_GRAD_PHI] = r->gradient});
  ndg_programs_run(r->slope, 0);
  ndg_vector_norms(r->gradient, p->n_phi, p->initial[c].norms);
  p->initial[c].beta = beta;
  p->initial[c].known = true;
  return NDG_OK;
}

static void judge(phase_run *r, uint64_t task, uint64_t step) {
  const double norm = r->norm[task], initial = r->initial[task], first = r->entry->first[task];
  const double reference = initial > first ? initial : first;
  const double tolerance = r->phase->tolerance;
  if (!isfinite(norm) || (reference > 0 && norm > growth_limit * reference)) {
    r->status[task] = NDG_TASK_DIVERGED;
    if (!r->diverged.known)
      r->diverged = (ndg_divergence){1, task, step, norm, reference};
  } else if (tolerance > 0 && norm <= tolerance * (initial > 1 ? initial : 1)) {
    r->status[task] = NDG_TASK_CONVERGED;
  }
}

/* Gradient norms at the current state, and what follows for each task that still runs. */
static void measure(phase_run *r, uint64_t step) {
  const uint64_t n_tasks = r->state[0]->n_tasks;
  ndg_programs_run(r->slope, r->now);
  ndg_vector_norms(r->gradient, r->p->n_phi, r->norm);
  memcpy(r->status, r->entry->frozen, (size_t)n_tasks);
  if (step == 0)
    memcpy(r->entry->first, r->norm, (size_t)n_tasks * sizeof *r->norm);
  r->largest = 0;
  r->n_running = 0;
  for (uint64_t t = 0; t < n_tasks; t++) {
    if (r->status[t] == NDG_TASK_RUNNING)
      judge(r, t, step);
    r->n_running += r->status[t] == NDG_TASK_RUNNING;
    if (!(r->norm[t] <= r->largest) && !isnan(r->largest))
      r->largest = r->norm[t];
  }
}

/* Contraction per step over the second half of the steps before the norm sank into round-off. */
static double contraction(const phase_run *r, uint64_t steps) {
  static const double epsilon[NDG_N_DTYPES] = {FLT_EPSILON, DBL_EPSILON, LDBL_EPSILON, DBL_EPSILON,
                                               0};
  const ndg_cached_phase *c = r->entry;
  double end = r->largest, reference = 0;
  uint64_t i = c->n_norms, at = steps;
  for (uint64_t t = 0; t < r->state[0]->n_tasks; t++)
    reference = fmax(reference, fmax(r->initial[t], c->first[t]));
  const double floor = 1e3 * epsilon[r->state[0]->dtype] * reference;
  while (end <= floor && i-- > 0) {
    end = c->norms[i];
    at = i * r->interval;
  }
  const uint64_t half = at / 2 / r->interval;
  if (half >= c->n_norms || at <= half * r->interval || !(c->norms[half] > floor))
    return NAN;
  return pow(end / c->norms[half], 1.0 / (double)(at - half * r->interval));
}

/* ---- running ---- */

static ndg_status get_programs(phase_run *r, ndg_error *e) {
  ndg_problem *p = r->p;
  const uint32_t c = r->is_complex;
  const bool free_phase = r->phase->beta.re == 0 && r->phase->beta.im == 0;
  r->loss = free_phase ? NDG_LEARN_LOSS : NDG_AUGMENTED_LOSS;
  const ndg_request step = {NDG_COMPUTE_STEP, 0, r->loss, r->optimizer.kind, c};
  const ndg_request slope = {NDG_COMPUTE_EVALUATION, NDG_WANT_GRAD_PHI, r->loss, 0, c};
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

static void bind(phase_run *r) {
  for (uint32_t i = 0; i < 2; i++) {
    const ndg_operands in = {.vector[NDG_AT_STATE] = r->state[i]};
    ndg_programs_bind(r->p, r->step, i, &in,
                      &(ndg_targets){.vector[NDG_TO_STATE] = r->state[1 - i]});
    ndg_programs_bind(r->p, r->slope, i, &in,
                      &(ndg_targets){.vector[NDG_TO_GRAD_PHI] = r->gradient});
  }
}

/* Where to go on from: a cached phase, or the start. */
static ndg_status begin(phase_run *r, const ndg_phase_key *key, ndg_error *e) {
  const ndg_phase *ph = r->phase;
  const ndg_cached_phase *known =
      has_identity(key) && !ph->record ? ndg_phases_find(r->p, key, ph->steps) : NULL;
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
static void hold_frozen(phase_run *r) {
  const ndg_vector *from = r->state[r->now], *to = r->state[1 - r->now];
  const size_t row = (size_t)from->stride * ndg_dtype_size(from->dtype);
  for (uint64_t t = 0; t < from->n_tasks; t++)
    if (r->entry->frozen[t])
      memcpy((char *)to->data + t * row, (const char *)from->data + t * row, row);
}

static ndg_status advance(phase_run *r, ndg_error *e) {
  ndg_problem *p = r->p;
  const ndg_phase *ph = r->phase;
  const uint64_t n_tasks = r->state[0]->n_tasks;
  const atomic_int *cancelled = &(p->origin ? p->origin : p)->cancelled;
  uint64_t t = r->entry->steps;
  for (; t < ph->steps; t++) {
    if (t % r->interval == 0) {
      measure(r, t);
      memcpy(r->entry->frozen, r->status, (size_t)n_tasks);
      r->entry->diverged = r->diverged;
      const ndg_status st = ndg_cached_phase_note_norm(r->entry, t / r->interval, r->largest, e);
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
    ndg_programs_set_step(p, &r->optimizer, ph->first_step + t);
    ndg_minibatch_draw(p, ph->first_step + t);
    ndg_programs_run(r->step, r->now);
    if (r->n_running < n_tasks)
      hold_frozen(r);
    r->now = 1 - r->now;
  }
  r->entry->steps = t;
  if (ph->record)
    ndg_vector_copy(ph->states[t], r->state[r->now]);
  /* This one freezes nothing: a longer phase, which goes on from here, does not measure here. */
  measure(r, t);
  return NDG_OK;
}

/* ---- what came out ---- */

static void name_phase(const ndg_phase *ph, char *out, size_t size) {
  if (ph->beta.im != 0)
    snprintf(out, size, "the phase nudged with beta = %g%+gi", ph->beta.re, ph->beta.im);
  else if (ph->beta.re != 0)
    snprintf(out, size, "the phase nudged with beta = %g", ph->beta.re);
  else
    snprintf(out, size, "the free phase");
}

static ndg_status outcome(const phase_run *r, ndg_error *e) {
  const ndg_phase *ph = r->phase;
  const uint64_t n_tasks = r->state[0]->n_tasks;
  uint64_t n_diverged = 0, running = n_tasks;
  char name[96];
  for (uint64_t t = n_tasks; t-- > 0;) {
    n_diverged += r->status[t] == NDG_TASK_DIVERGED;
    if (r->status[t] == NDG_TASK_RUNNING)
      running = t;
  }
  name_phase(ph, name, sizeof name);
  if (n_diverged) {
    const char *smaller = ph->beta.re != 0 || ph->beta.im != 0 ? "|beta| or lr" : "lr";
    return ndg_fail(e, NDG_DIVERGED,
                    "%s diverged by step %llu in task %llu (%llu of %llu tasks in all): gradient "
                    "norm %.3g after at most %.3g at the start; use a smaller %s than lr = %g",
                    name, (unsigned long long)r->diverged.step,
                    (unsigned long long)r->diverged.task, (unsigned long long)n_diverged,
                    (unsigned long long)n_tasks, r->diverged.norm, r->diverged.reference, smaller,
                    r->optimizer.lr);
  }
  if (ph->tolerance > 0 && running < n_tasks)
    return ndg_fail(
        e, NDG_NOT_CONVERGED,
        "%s stopped after %llu steps with gradient norm %.3g in task %llu, above the "
        "tolerance %.3g; allow more steps, or a larger lr than %g",
        name, (unsigned long long)ph->steps_taken, r->norm[running], (unsigned long long)running,
        ph->tolerance * (r->initial[running] > 1 ? r->initial[running] : 1), r->optimizer.lr);
  return NDG_OK;
}

static void count(ndg_problem *p, const ndg_phase *ph) {
  ndg_record *record = &p->record;
  record->learner_runs++;
  const double norm = isnan(ph->gradient_norm) ? INFINITY : ph->gradient_norm;
  if (!(norm <= record->gradient_norm))
    record->gradient_norm = norm;
  if (phase_is_complex(ph))
    record->nonlocal |= NDG_USES_COMPLEX_STATE;
  if (ph->record)
    record->nonlocal |= NDG_USES_STORED_TRAJECTORY;
}

/* Is there a reason to keep where a phase ended? Free phases that carry a state along, or record
   states from one on, are stretches of a trajectory that is run again on purpose, to save memory.
 */
static bool worth_keeping(const ndg_phase *ph, const ndg_phase_key *key) {
  const bool carries = ph->start && ph->start->space == NDG_STATE;
  const bool replays = carries && (ph->record || ph->end->space == NDG_STATE);
  const bool is_free = ph->beta.re == 0 && ph->beta.im == 0;
  return has_identity(key) && !(replays && is_free);
}

static ndg_status finish(phase_run *r, const ndg_phase_key *key, ndg_error *e) {
  ndg_phase *ph = r->phase;
  ndg_cached_phase *entry = r->entry;
  ph->steps_taken = entry->steps;
  ph->gradient_norm = r->largest;
  ph->contraction = contraction(r, entry->steps);
  const ndg_status st = outcome(r, e);
  ndg_vector_copy(ph->end, r->state[r->now]);
  ph->end->identity = end_identity(key, entry->steps, ph->end->space);
  if (worth_keeping(ph, key)) {
    ndg_vector_copy(entry->state, r->state[r->now]);
    ndg_phases_insert(r->p, entry);
    r->entry = NULL;
  }
  r->p->record.gradient_evaluations += ph->steps_taken;
  count(r->p, ph);
  return st;
}

static ndg_status run_steps(ndg_problem *p, ndg_phase *ph, const ndg_optimizer *o, ndg_error *e) {
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  const ndg_phase_key key = key_of(p, ph, o);
  phase_run r = {.p = p,
                 .phase = ph,
                 .optimizer = *o,
                 .is_complex = phase_is_complex(ph),
                 .interval = ph->tolerance > 0 ? INTERVAL_TOLERANCE : INTERVAL_FIXED};
  r.norm = ndg_calloc((size_t)n_tasks, sizeof *r.norm);
  r.status = ndg_calloc((size_t)n_tasks, sizeof *r.status);
  ndg_status st = r.norm && r.status ? NDG_OK : ndg_no_memory(e, "gradient norms");
  if (st >= 0)
    st = get_programs(&r, e);
  if (st >= 0) {
    ndg_programs_set_beta(p, ph->beta);
    ndg_programs_set_optimizer(p, o);
    st = measure_initial(&r, e);
  }
  if (st >= 0)
    st = begin(&r, &key, e);
  if (st >= 0) {
    bind(&r);
    st = advance(&r, e);
  }
  if (st >= 0)
    st = finish(&r, &key, e);
  ndg_cached_phase_free(r.entry);
  ndg_free(r.norm);
  ndg_free(r.status);
  return st;
}

/* ---- Newton phases ---- */

static void answer_again(ndg_problem *p, ndg_phase *ph, const ndg_cached_phase *known) {
  ndg_vector_copy(ph->end, known->state);
  ph->steps_taken = known->steps;
  ph->gradient_norm = known->newton.gradient_norm;
  ph->contraction = known->newton.contraction;
  p->record.gradient_evaluations += known->newton.gradient_evaluations;
  p->record.hessian_vector_products += known->newton.hessian_vector_products;
  p->record.nonlocal |= known->newton.nonlocal;
}

static ndg_status remember_newton(ndg_problem *p, const ndg_phase *ph, const ndg_phase_key *key,
                                  const ndg_record *before, ndg_error *e) {
  ndg_cached_phase *entry = ndg_cached_phase_create(key, ph->end);
  if (!entry)
    return ndg_no_memory(e, "the state of a phase");
  const ndg_record *after = &p->record;
  ndg_vector_copy(entry->state, ph->end);
  entry->steps = ph->steps_taken;
  entry->newton.steps = ph->steps;
  entry->newton.gradient_norm = ph->gradient_norm;
  entry->newton.contraction = ph->contraction;
  entry->newton.gradient_evaluations = after->gradient_evaluations - before->gradient_evaluations;
  entry->newton.hessian_vector_products =
      after->hessian_vector_products - before->hessian_vector_products;
  entry->newton.nonlocal = after->nonlocal;
  ndg_phases_insert(p, entry);
  return NDG_OK;
}

/* Does a phase begin where free learning ended? */
static bool starts_at_free_end(const ndg_problem *p, const ndg_phase *ph) {
  const ndg_vector *start = ph->start;
  if (!start || start == ph->end || ndg_vector_is_complex(start))
    return false;
  for (const ndg_cached_phase *c = p->phases; c; c = c->next) {
    const ndg_identity id = end_identity(&c->key, c->steps, start->space);
    if (c->key.beta.re == 0 && c->key.beta.im == 0 && id.high == start->identity.high &&
        id.low == start->identity.low)
      return true;
  }
  return false;
}

/* Newton's method settles past the stability radius as if nothing were wrong: so the radius is
   found out, with the factor that the phase has used anyway. */
static ndg_status find_radius(ndg_problem *p, const ndg_phase *ph, ndg_error *e) {
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  const ndg_factor *factor;
  if (!isnan(p->stability_radius) || (ph->beta.re == 0 && ph->beta.im == 0) ||
      !starts_at_free_end(p, ph))
    return NDG_OK;
  double *radii = ndg_calloc((size_t)n_tasks, sizeof *radii), smallest = INFINITY;
  ndg_status st = radii ? NDG_OK : ndg_no_memory(e, "the stability radius");
  if (st >= 0)
    st = ndg_factor_at(p, ph->start, 0, &factor, e);
  if (st >= 0)
    st = ndg_stability_radii(p, ph->start, &factor->dense, radii, e);
  for (uint64_t t = 0; st >= 0 && t < n_tasks; t++)
    smallest = fmin(smallest, radii[t]);
  if (st >= 0)
    p->stability_radius = smallest;
  ndg_free(radii);
  return st;
}

/* Newton's words do not say which phase it was. */
static void name_nudged(const ndg_phase *ph, ndg_error *e) {
  char name[96];
  if (!e || (ph->beta.re == 0 && ph->beta.im == 0))
    return;
  const ndg_error unnamed = *e;
  name_phase(ph, name, sizeof name);
  ndg_fail(e, unnamed.code, "%s: %s", name, unnamed.text);
}

static ndg_status run_newton(ndg_problem *p, ndg_phase *ph, const ndg_optimizer *o, ndg_error *e) {
  const ndg_phase_key key = key_of(p, ph, o);
  const ndg_cached_phase *known = has_identity(&key) ? ndg_phases_find(p, &key, ph->steps) : NULL;
  ndg_status st = NDG_OK;
  if (known && known->newton.steps == ph->steps) {
    answer_again(p, ph, known);
  } else {
    const ndg_record before = p->record;
    p->record.nonlocal = 0;
    st = ndg_newton_relax(p, ph, e);
    if (st > 0)
      name_nudged(ph, e);
    if (st == NDG_OK && has_identity(&key))
      st = remember_newton(p, ph, &key, &before, e);
    p->record.nonlocal |= before.nonlocal;
  }
  if (st < 0)
    return st;
  ph->end->identity = end_identity(&key, ph->steps_taken, ph->end->space);
  count(p, ph);
  const ndg_status found = find_radius(p, ph, e);
  return found < 0 ? found : st;
}

ndg_status ndg_problem_relax(ndg_problem *p, ndg_phase *ph, ndg_error *e) {
  ndg_optimizer o;
  ndg_status st = ndg_optimizer_resolve(p, &ph->optimizer, &o, e);
  if (st >= 0)
    st = check_phase(p, ph, &o, e);
  if (st < 0)
    return st;
  return o.kind == NDG_NEWTON ? run_newton(p, ph, &o, e) : run_steps(p, ph, &o, e);
}
