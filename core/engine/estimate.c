/* SPDX-License-Identifier: MIT */
/* The host's side of a rule: its vectors, its record, and the estimate it returns. */
#include <math.h>
#include <string.h>

#include "engine/internal.h"
#include "engine/linear.h"

/* ---- vectors of an estimate ---- */

static void hold(ndg_problem *p, const ndg_vector *v) {
  p->bytes_live += ndg_vector_bytes(v);
  if (p->bytes_live > p->record.bytes_held)
    p->record.bytes_held = p->bytes_live;
}

static ndg_vector *new_vector(ndg_problem *p, uint32_t space, int is_complex,
                              const ndg_optimizer *optimizer) {
  /* Only the kind decides the length: what else is wrong with an optimizer is the phase's to say.
   */
  const uint32_t asked = optimizer ? optimizer->kind : NDG_OPTIMIZER_PROBLEM;
  const uint32_t kind = asked == NDG_OPTIMIZER_PROBLEM ? p->inner.optimizer.kind : asked;
  ndg_vector *v = ndg_problem_new_vector(p, space, is_complex != 0, kind);
  if (!v)
    return NULL;
  v->next = p->live;
  if (p->live)
    p->live->previous = v;
  p->live = v;
  hold(p, v);
  return v;
}

static void release(ndg_problem *p, ndg_vector *v) {
  if (!v)
    return;
  if (v->previous)
    v->previous->next = v->next;
  else
    p->live = v->next;
  if (v->next)
    v->next->previous = v->previous;
  p->bytes_live -= ndg_vector_bytes(v);
  ndg_vector_destroy(v);
}

static ndg_kept *find_kept(ndg_problem *p, const char *name, uint32_t space) {
  for (ndg_kept *k = p->kept; k; k = k->next)
    if (k->options == p->rule_options && k->vector->space == space && strcmp(k->name, name) == 0)
      return k;
  return NULL;
}

static ndg_vector *keep(ndg_problem *p, const char *name, uint32_t space, int *fresh) {
  ndg_kept *k = find_kept(p, name, space);
  *fresh = !k || k->stale;
  if (k && k->stale) {
    ndg_vector_zero(k->vector);
    k->stale = false;
  }
  if (!k) {
    k = ndg_calloc(1, sizeof *k);
    if (!k)
      return NULL;
    k->options = p->rule_options;
    k->name = ndg_strdup(name);
    k->vector = ndg_problem_new_vector(p, space, false, p->inner.optimizer.kind);
    if (!k->name || !k->vector) {
      ndg_problem_drop_kept(k);
      return NULL;
    }
    k->next = p->kept;
    p->kept = k;
  }
  if (k->estimate != p->estimate) {
    k->estimate = p->estimate;
    hold(p, k->vector);
  }
  return k->vector;
}

void ndg_problem_drop_kept(ndg_kept *k) {
  while (k) {
    ndg_kept *next = k->next;
    ndg_vector_destroy(k->vector);
    ndg_free(k->name);
    ndg_free(k);
    k = next;
  }
}

static ndg_status combine(ndg_problem *p, ndg_vector *out, ndg_complex scale, uint64_t n,
                          const ndg_complex *weights, const ndg_vector *const *in, ndg_error *e) {
  if (!out || (n > 0 && (!weights || !in)))
    return ndg_fail(e, NDG_EINVAL, "combine: a vector or the weights are missing");
  for (uint64_t i = 0; i < n; i++) {
    if (!in[i])
      return ndg_fail(e, NDG_EINVAL, "combine: vector %llu is missing", (unsigned long long)i);
    if ((in[i]->space == NDG_THETA) != (out->space == NDG_THETA))
      return ndg_fail(e, NDG_EINVAL, "combine: phi and theta vectors cannot be added");
    if (in[i]->n_tasks != out->n_tasks)
      return ndg_fail(e, NDG_EINVAL, "combine: a vector of another problem");
  }
  if (ndg_vector_is_complex(out))
    p->record.nonlocal |= NDG_USES_COMPLEX_STATE;
  ndg_vector_combine(out, scale, n, weights, in);
  return NDG_OK;
}

static double norm(ndg_problem *p, const ndg_vector *v) {
  (void)p;
  return ndg_vector_norm(v, v->length);
}

static void norms(ndg_problem *p, const ndg_vector *v, double *out) {
  ndg_vector_norms(v, v->length, out);
  for (uint64_t t = 0; t < v->n_tasks; t++)
    if (ndg_outcomes_lost(p, t))
      out[t] = NAN;
}

static void refuse(ndg_problem *p, uint64_t task) {
  if (task < p->tasks.arrays.n_tasks && !ndg_outcomes_lost(p, task))
    p->outcome.status[task] = NDG_TASK_PAST_RADIUS;
}

static void report(ndg_problem *p, uint64_t task) {
  if (task < p->tasks.arrays.n_tasks)
    ndg_outcomes_soften(p, task, NDG_PAST_RADIUS);
}

static int cancelled(const ndg_problem *p) {
  return atomic_load(&(p->origin ? p->origin : p)->cancelled);
}

const ndg_problem_api *ndg_problem_get_api(void) {
  static const ndg_problem_api api = {
      .struct_size = sizeof api,
      .describe = ndg_problem_describe,
      .vector = new_vector,
      .release = release,
      .keep = keep,
      .combine = combine,
      .norm = norm,
      .relax = ndg_problem_relax,
      .evaluate = ndg_problem_evaluate,
      .solve = ndg_linear_solve,
      .step_transposed = ndg_problem_step_transposed,
      .start_transposed = ndg_problem_start_transposed,
      .cancelled = cancelled,
      .norms = norms,
      .refuse = refuse,
      .report = report,
      .radii = ndg_problem_radii,
      .dots = ndg_rows_dots,
      .mix = ndg_rows_mix,
      .draw = ndg_rows_draw,
  };
  return &api;
}

/* ---- an estimate ---- */

/* Tasks without a row of finite numbers in a gradient are lost, unless the rule refuses to give
   any. What is lost or refused is NaN to the last number, whatever the rule made of what was left
   of it. */
static void lose_rows(ndg_problem *p, ndg_vector *v, bool refused) {
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    if (!refused && !ndg_vector_is_finite(v, t))
      ndg_outcomes_lose(p, t, 0);
    if (ndg_outcomes_lost(p, t) || p->outcome.status[t] == NDG_TASK_PAST_RADIUS)
      ndg_vector_void(v, t);
  }
}

/* The mean goes through tasks in their order, in long double: the order of the sum is part of the
   result. */
static void read_mean(const ndg_vector *v, double *out) {
  enum { CHUNK = 256 };
  const size_t size = ndg_dtype_size(v->dtype);
  long double sum[CHUNK], x[CHUNK];
  for (uint64_t at = 0; at < v->length; at += CHUNK) {
    const uint64_t n = v->length - at < CHUNK ? v->length - at : CHUNK;
    memset(sum, 0, sizeof sum);
    for (uint64_t t = 0; t < v->n_tasks; t++) {
      ndg_dtype_convert(NDG_LONG_DOUBLE, x, v->dtype,
                        (const char *)v->data + (size_t)(t * v->stride + at) * size, (size_t)n);
      for (uint64_t i = 0; i < n; i++)
        sum[i] += x[i];
    }
    for (uint64_t i = 0; i < n; i++)
      out[at + i] = (double)(sum[i] / (long double)v->n_tasks);
  }
}

static void read_gradient(const ndg_vector *v, bool per_task, double *out) {
  if (!per_task)
    read_mean(v, out);
  for (uint64_t t = 0; per_task && t < v->n_tasks; t++)
    ndg_convert_to_f64(v->dtype, ndg_task_data(v, t), out + t * v->length, v->length);
}

/* A task that is lost is said to be, also if the rule has not noticed. */
static ndg_status report_lost(const ndg_problem *p, ndg_status st, ndg_record *record,
                              ndg_error *e) {
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  uint64_t first = n_tasks, n = 0;
  char name[NDG_TASK_NAME_SIZE];
  for (uint64_t t = n_tasks; t-- > 0;)
    if (ndg_outcomes_lost(p, t)) {
      first = t;
      n++;
    }
  if (n == 0)
    return st;
  ndg_task_name(&p->tasks.labels, first, name);
  record->note[0] = 0; /* of something lesser */
  return ndg_fail(e, NDG_DIVERGED,
                  "the estimate is not finite in %s (%llu of %llu tasks in all); use a smaller lr "
                  "or fewer steps",
                  name, (unsigned long long)n, (unsigned long long)n_tasks);
}

static ndg_record empty_record(double stability_radius) {
  return (ndg_record){.struct_size = sizeof(ndg_record),
                      .residual = NAN,
                      .gradient_norm = NAN,
                      .stability_radius = stability_radius};
}

/* What the rule wrote stays; what the host counted is added, and the status of both. */
static void fill_record(const ndg_problem *p, ndg_status st, const ndg_error *e, ndg_record *r) {
  const ndg_record *host = &p->record;
  r->struct_size = sizeof *r;
  r->nonlocal = host->nonlocal;
  r->learner_runs = host->learner_runs;
  r->gradient_evaluations = host->gradient_evaluations;
  r->hessian_vector_products = host->hessian_vector_products;
  r->mixed_products = host->mixed_products;
  r->bytes_held = host->bytes_held;
  r->gradient_norm = host->gradient_norm;
  r->status = st;
  r->note[sizeof r->note - 1] = 0;
  if (st > 0 && !r->note[0])
    snprintf(r->note, sizeof r->note, "%.*s", (int)sizeof r->note - 1, e->text);
}

static void begin(ndg_problem *p, const ndg_instance *rule) {
  p->estimate++;
  p->rule_options = rule->options ? rule->options : rule->loaded;
  p->bytes_live = 0;
  p->record = empty_record(ndg_smallest_radius(p));
  ndg_problem_radii(p, p->radii[1]);
  ndg_outcomes_begin(p);
}

static void end(ndg_problem *p) {
  while (p->live)
    release(p, p->live);
  p->rule_options = NULL;
  ndg_programs_let_go(p);
  atomic_store(&p->cancelled, 0);
}

static ndg_status run_rule(ndg_problem *p, const ndg_instance *rule, bool per_task,
                           double *gradient, ndg_record *record, ndg_error *e) {
  ndg_vector *v = new_vector(p, NDG_THETA, 0, NULL);
  if (!v)
    return ndg_no_memory(e, "an estimate");
  /* What a rule does not write is no number; least of all the number zero. */
  for (uint64_t t = 0; t < v->n_tasks; t++)
    ndg_vector_void(v, t);
  ndg_status st =
      rule->loaded->ops.rule.estimate(rule->options, ndg_problem_get_api(), p, v, record, e);
  if (st < 0)
    return st;
  if (st == NDG_OK && record->status > 0)
    st = record->status;
  const bool refused = st != NDG_OK && st != NDG_DIVERGED && st != NDG_NOT_CONVERGED;
  if (st == NDG_NOT_CONVERGED || st == NDG_PAST_RADIUS)
    ndg_outcomes_settle(p, st);
  lose_rows(p, v, refused);
  read_gradient(v, per_task, gradient);
  return refused || st == NDG_DIVERGED ? st : report_lost(p, st, record, e);
}

ndg_status ndg_problem_estimate(ndg_problem *p, const ndg_instance *rule, bool per_task,
                                double *gradient, ndg_record *record, ndg_error *e) {
  ndg_error own;
  e = e ? e : &own;
  *e = (ndg_error){0};
  *record = empty_record(ndg_smallest_radius(p));
  ndg_status st = ndg_problem_accepts(p, rule, e);
  if (st < 0) {
    record->status = st;
    return st;
  }
  begin(p, rule);
  st = run_rule(p, rule, per_task, gradient, record, e);
  /* What one estimate finds out, the next one finds again: results depend on no order. */
  ndg_problem_set_radii(p, p->radii[1]);
  if (st > 0 && !e->text[0])
    ndg_fail(e, st, "%s", record->note);
  if (st < 0 && !e->text[0])
    ndg_fail(e, st, "failed with status %d and no message", (int)st);
  fill_record(p, st, e, record);
  if (st != NDG_OK)
    ndg_error_prefix(e, "rule", rule->loaded->component->id);
  end(p);
  return st;
}
