/* SPDX-License-Identifier: MIT */
#include "engine/problem.h"

#include <math.h>
#include <string.h>

#include "engine/dense.h"
#include "engine/internal.h"

ndg_status ndg_no_memory(ndg_error *e, const char *what) {
  return ndg_fail(e, NDG_ENOMEM, "out of memory for %s", what);
}

void ndg_error_prefix(ndg_error *e, const char *kind, const char *id) {
  if (!e)
    return;
  char prefix[sizeof e->text];
  (void)snprintf(prefix, sizeof prefix, "%s %s: ", kind, id);
  const size_t most = sizeof e->text - 1, n = strlen(prefix), room = most - n;
  const size_t length = strnlen(e->text, most), rest = length < room ? length : room;
  memmove(e->text + n, e->text, rest); /* the end of a long text is what goes */
  memcpy(e->text, prefix, n);
  e->text[n + rest] = 0;
}

static const char *learner_id(const ndg_problem *p) {
  return p->learner.loaded->component->id;
}

static ndg_status check_spec(const ndg_problem_spec *s, ndg_error *e) {
  if (!s->learner.loaded || !s->learner.loaded->ops.learner.layout ||
      !s->learner.loaded->ops.learner.build)
    return ndg_fail(e, NDG_EINVAL, "a problem needs a learner with layout and build");
  if (s->dtype != NDG_F32 && s->dtype != NDG_F64 && s->dtype != NDG_LONG_DOUBLE)
    return ndg_fail(e, NDG_EINVAL, "a problem's numbers are float32, float64 or long double");
  if (s->inner.optimizer.kind == NDG_OPTIMIZER_PROBLEM)
    return ndg_fail(e, NDG_EINVAL, "a problem must name its inner optimizer");
  if (!(s->inner.tolerance >= 0) || !isfinite(s->inner.tolerance))
    return ndg_fail(e, NDG_EINVAL, "inner tolerance is %g; it must be >= 0", s->inner.tolerance);
  const uint64_t batch = s->inner.batch_size ? s->inner.batch_size : s->inner.eval_batch_size;
  if (s->inner.optimizer.kind == NDG_NEWTON && batch > 0)
    return ndg_fail(e, NDG_EINVAL,
                    "batch size %llu: Newton learns from all samples; use batch size 0, or another "
                    "optimizer",
                    (unsigned long long)batch);
  if (s->inner.sampling > NDG_SAMPLE_EPOCHS)
    return ndg_fail(e, NDG_EINVAL, "unknown sampling %u", s->inner.sampling);
  return ndg_optimizer_check(&s->inner.optimizer, e);
}

/* What the learner says and how it is put to work: errors here are the learner's. */
static ndg_status open_learner(ndg_problem *p, ndg_error *e) {
  ndg_status st = ndg_parameters_lay_out(p, e);
  if (st >= 0)
    st = ndg_parameters_draw(p, e);
  if (st >= 0)
    st = ndg_programs_open(p, e);
  if (st < 0 && st != NDG_ENOMEM)
    ndg_error_prefix(e, "learner", learner_id(p));
  return st < 0 ? st : NDG_OK;
}

static ndg_status start_problem(const ndg_problem_spec *s, ndg_problem **out, ndg_error *e) {
  *out = NULL;
  ndg_status st = check_spec(s, e);
  if (st < 0)
    return st;
  ndg_problem *p = ndg_calloc(1, sizeof *p);
  if (!p)
    return ndg_no_memory(e, "a problem");
  p->learner = s->learner;
  p->inner = s->inner;
  p->dtype = s->dtype;
  p->seed = s->seed;
  p->pool = s->pool;
  p->block_rows = s->block_rows;
  p->held_bytes = s->held_bytes;
  atomic_init(&p->cancelled, 0);
  *out = p;
  return NDG_OK;
}

ndg_status ndg_problem_open(const ndg_problem_spec *s, ndg_problem **out, ndg_error *e) {
  ndg_problem *p;
  ndg_status st = start_problem(s, &p, e);
  *out = NULL;
  if (st < 0)
    return st;
  st = ndg_tasks_check(s->tasks, &s->labels, p->dtype, e);
  if (st >= 0)
    st = ndg_task_store_copy(&p->tasks, s->tasks, s->borrow, e);
  if (st >= 0)
    ndg_task_store_label(&p->tasks, &s->labels);
  if (st >= 0)
    st = ndg_task_store_convert(&p->tasks, p->dtype, e);
  if (st >= 0)
    st = ndg_minibatches_open(p, e);
  if (st >= 0)
    st = ndg_outcomes_open(p, e);
  if (st >= 0)
    st = open_learner(p, e);
  if (st < 0) {
    ndg_problem_close(p);
    return st;
  }
  *out = p;
  return NDG_OK;
}

/* The same problem again, in any element type, with the tasks of `p`. */
static ndg_status reopen(const ndg_problem *p, ndg_dtype dtype, ndg_pool *pool, ndg_problem **out,
                         ndg_error *e) {
  const ndg_problem_spec spec = {.learner = p->learner,
                                 .inner = p->inner,
                                 .dtype = dtype,
                                 .seed = p->seed,
                                 .pool = pool,
                                 .block_rows = p->block_rows,
                                 .held_bytes = p->held_bytes};
  ndg_problem *q;
  ndg_status st = start_problem(&spec, &q, e);
  *out = NULL;
  if (st < 0)
    return st;
  q->tasks = p->tasks;
  q->tasks.owns_arrays = q->tasks.owns_run = false;
  if (dtype != p->dtype) {
    q->tasks.run = NULL;
    st = ndg_task_store_convert(&q->tasks, dtype, e);
  }
  if (st >= 0)
    st = ndg_minibatches_open(q, e);
  if (st >= 0)
    st = ndg_outcomes_open(q, e);
  if (st >= 0)
    st = open_learner(q, e);
  if (st >= 0)
    st = ndg_problem_set_theta(q, p->theta, e);
  if (st >= 0) {
    q->generation = p->generation; /* phases are known by it */
    st = dtype == p->dtype ? ndg_phases_copy_free(q, p, e) : NDG_OK;
  }
  if (st < 0) {
    ndg_problem_close(q);
    return st;
  }
  ndg_problem_set_radii(q, p->radii[0]);
  *out = q;
  return NDG_OK;
}

ndg_status ndg_problem_clone(ndg_problem *p, ndg_pool *pool, ndg_problem **out, ndg_error *e) {
  const ndg_status st = reopen(p, p->dtype, pool, out, e);
  if (st < 0)
    return st;
  ndg_problem *lender = p->lender ? p->lender : p->origin ? p->origin : p;
  (*out)->lender = lender;
  lender->n_clones++;
  return st;
}

ndg_status ndg_problem_sibling(ndg_problem *p, ndg_dtype dtype, ndg_problem **out, ndg_error *e) {
  ndg_problem *first = p->origin ? p->origin : p;
  *out = NULL;
  if (dtype > NDG_LONG_DOUBLE)
    return ndg_fail(e, NDG_EINVAL, "a problem's numbers are float32, float64 or long double");
  if (dtype == first->dtype) {
    *out = first;
    return NDG_OK;
  }
  if (!first->siblings[dtype]) {
    const ndg_status st = reopen(first, dtype, first->pool, &first->siblings[dtype], e);
    if (st < 0)
      return st;
    first->siblings[dtype]->origin = first;
  }
  *out = first->siblings[dtype];
  return NDG_OK;
}

static void close_scratch(ndg_problem *p) {
  for (int c = 0; c < 2; c++) {
    ndg_vector_destroy(p->values[c]);
    ndg_vector_destroy(p->gradient[c]);
    ndg_vector_destroy(p->theta_scratch[c]);
    for (int s = 0; s <= NDG_MAX_SLOTS; s++) {
      ndg_vector_destroy(p->state[c][s][0]);
      ndg_vector_destroy(p->state[c][s][1]);
    }
    ndg_free(p->initial[c].norms);
  }
  ndg_minibatches_close(p);
}

void ndg_problem_close(ndg_problem *p) {
  if (!p)
    return;
  for (uint32_t i = 0; i <= NDG_LONG_DOUBLE; i++)
    ndg_problem_close(p->siblings[i]);
  if (p->lender)
    p->lender->n_clones--;
  ndg_problem_forget_phases(p, false);
  while (p->live)
    ndg_problem_get_api()->release(p, p->live);
  ndg_problem_drop_kept(p->kept);
  ndg_factor_free(p->factor);
  ndg_programs_close(p);
  close_scratch(p);
  ndg_outcomes_close(p);
  ndg_vector_destroy(p->predictions);
  ndg_vector_destroy(p->start);
  if (p->theta_run != p->theta)
    ndg_free(p->theta_run);
  ndg_free(p->theta);
  ndg_free(p->phi_offset);
  ndg_free(p->theta_offset);
  ndg_free(p->drawn);
  ndg_free(p->layout);
  ndg_free(p->layout_again);
  ndg_task_store_free(&p->tasks);
  ndg_free(p);
}

const ndg_layout *ndg_problem_layout(const ndg_problem *p) {
  return p->layout;
}

const ndg_task_arrays *ndg_problem_tasks(const ndg_problem *p) {
  return &p->tasks.arrays;
}

const ndg_instance *ndg_problem_learner(const ndg_problem *p) {
  return &p->learner;
}

void ndg_problem_describe(const ndg_problem *p, ndg_problem_info *out) {
  /* A rule of an earlier minor has a shorter struct; it says how long. */
  const size_t given = out->struct_size, least = offsetof(ndg_problem_info, n_start);
  const size_t size = given < least ? least : given < sizeof *out ? given : sizeof *out;
  const ndg_problem_info info = {.struct_size = (uint32_t)size,
                                 .dtype = p->dtype,
                                 .n_tasks = p->tasks.arrays.n_tasks,
                                 .n_phi = p->n_phi,
                                 .n_theta = p->n_theta,
                                 .steps = p->inner.steps,
                                 .tolerance = p->inner.tolerance,
                                 .optimizer = p->inner.optimizer,
                                 .stability_radius = ndg_smallest_radius(p),
                                 .n_start = p->n_start};
  memcpy(out, &info, size);
}

void ndg_problem_get_theta(const ndg_problem *p, double *theta) {
  memcpy(theta, p->theta, (size_t)p->n_theta * sizeof *theta);
}

ndg_status ndg_problem_set_theta(ndg_problem *p, const double *theta, ndg_error *e) {
  const ndg_status st = ndg_parameters_check_theta(p, theta, e);
  if (st < 0)
    return st;
  memmove(p->theta, theta, (size_t)p->n_theta * sizeof *theta);
  ndg_parameters_spread_theta(p);
  ndg_problem_forget(p);
  for (uint32_t i = 0; i <= NDG_LONG_DOUBLE; i++)
    if (p->siblings[i])
      (void)ndg_problem_set_theta(p->siblings[i], theta, e); /* checked above */
  return NDG_OK;
}

void ndg_problem_get_start(const ndg_problem *p, uint64_t task, double *phi) {
  ndg_convert_to_f64(p->dtype, ndg_task_data(p->start, task), phi, p->n_phi);
}

void ndg_problem_watch(ndg_problem *p, ndg_problem_watcher watch, void *context) {
  p->watch = watch;
  p->watch_context = context;
}

void ndg_problem_tell(const ndg_problem *p, const char *what, uint64_t step, uint64_t steps) {
  if (p->watch)
    p->watch(p->watch_context, what, step, steps);
}

void ndg_problem_cancel(ndg_problem *p) {
  atomic_store(&p->cancelled, 1); /* siblings look here too */
}

static uint64_t length_in(const ndg_problem *p, uint32_t space, uint32_t optimizer_kind) {
  switch (space) {
  case NDG_PHI:
    return p->n_phi;
  case NDG_THETA:
    return p->n_theta;
  default:
    return p->n_phi * (1 + ndg_optimizer_slots(optimizer_kind));
  }
}

ndg_vector *ndg_problem_new_vector(const ndg_problem *p, uint32_t space, bool is_complex,
                                   uint32_t optimizer_kind) {
  if (space > NDG_STATE)
    return NULL;
  return ndg_vector_create(space, is_complex ? NDG_C128 : p->dtype, p->tasks.arrays.n_tasks,
                           length_in(p, space, optimizer_kind));
}

ndg_status ndg_problem_scratch(ndg_problem *p, ndg_vector **slot, uint32_t space, bool is_complex,
                               uint32_t optimizer_kind, ndg_error *e) {
  if (*slot)
    return NDG_OK;
  *slot = ndg_problem_new_vector(p, space, is_complex, optimizer_kind);
  return *slot ? NDG_OK : ndg_no_memory(e, "working vectors");
}

ndg_status ndg_problem_check_vector(const ndg_problem *p, const ndg_vector *v, const char *what,
                                    uint32_t space, bool is_complex, ndg_error *e) {
  static const char *const name[] = {"phi", "theta", "state"};
  if (!v)
    return ndg_fail(e, NDG_EINVAL, "%s is missing", what);
  /* The leading part of a state is a phi. */
  if (v->space != space && !(space == NDG_PHI && v->space == NDG_STATE))
    return ndg_fail(e, NDG_EINVAL, "%s is a %s vector, not a %s vector", what, name[v->space],
                    name[space]);
  if (ndg_vector_is_complex(v) != is_complex)
    return ndg_fail(e, NDG_EINVAL, "%s is a %s vector where a %s one is needed", what,
                    is_complex ? "real" : "complex", is_complex ? "complex" : "real");
  if ((!is_complex && v->dtype != p->dtype) || v->n_tasks != p->tasks.arrays.n_tasks ||
      v->length < (space == NDG_THETA ? p->n_theta : p->n_phi))
    return ndg_fail(e, NDG_EINVAL, "%s is a vector of another problem", what);
  return NDG_OK;
}
