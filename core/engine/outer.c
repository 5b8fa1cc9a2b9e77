/* SPDX-License-Identifier: MIT */
/* Outer optimisers over theta. With g the clipped mean gradient, η = lr times the schedule's factor
   and μ the momentum:

     sgd       θ' = θ − η g
     momentum  v' = μ v + g,  θ' = θ − η v'          (nesterov: θ' = θ − η (g + μ v'))
     adam      m' = μ m + (1 − μ) g,  s' = β₂ s + (1 − β₂) g²,
               θ' = θ − η (m' / (1 − μᵗ)) / (√(s' / (1 − β₂ᵗ)) + ε),  t = steps taken + 1
     adamw     adam's θ' − η w θ

   A step is computed beside the present values and then put in their place: a step that fails
   changes nothing. */
#include "engine/outer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

typedef struct group {
  char name[NDG_NAME_SIZE];
  uint64_t first, size;
  uint32_t constraint;
  bool frozen;
} group;

struct ndg_outer {
  ndg_outer_spec spec; /* layout and frozen: NULL */
  group *groups;
  uint32_t n_groups;
  uint64_t n_theta, n_added, steps;
  long double *sum;         /* of the rows added */
  double *gradient, *theta; /* of the step being made */
  double *slot[NDG_OUTER_MAX_SLOTS], *next[NDG_OUTER_MAX_SLOTS];
};

/* Elements first .. last - 1 of one group. */
typedef struct update {
  ndg_outer *o;
  const double *theta; /* as it is */
  double lr;           /* times the factor */
  double bias[2];      /* Adam's 1 − μᵗ and 1 − β₂ᵗ */
  uint64_t first, last;
} update;

static void sgd(const update *u) {
  ndg_outer *o = u->o;
  for (uint64_t i = u->first; i < u->last; i++)
    o->theta[i] = u->theta[i] - u->lr * o->gradient[i];
}

static void with_momentum(const update *u) {
  ndg_outer *o = u->o;
  const double mu = o->spec.momentum;
  for (uint64_t i = u->first; i < u->last; i++) {
    const double g = o->gradient[i], v = mu * o->slot[0][i] + g;
    o->next[0][i] = v;
    o->theta[i] = u->theta[i] - u->lr * (o->spec.nesterov ? g + mu * v : v);
  }
}

static void adam(const update *u) {
  ndg_outer *o = u->o;
  const double mu = o->spec.momentum, beta2 = o->spec.beta2, epsilon = o->spec.epsilon;
  const double decay = o->spec.optimizer == NDG_OUTER_ADAMW ? u->lr * o->spec.weight_decay : 0;
  for (uint64_t i = u->first; i < u->last; i++) {
    const double g = o->gradient[i];
    const double m = mu * o->slot[0][i] + (1 - mu) * g;
    const double s = beta2 * o->slot[1][i] + (1 - beta2) * g * g;
    o->next[0][i] = m;
    o->next[1][i] = s;
    const double step = m / u->bias[0] / (sqrt(s / u->bias[1]) + epsilon);
    o->theta[i] = u->theta[i] - u->lr * step - decay * u->theta[i];
  }
}

static const struct {
  const char *name;
  uint32_t n_slots;
  bool momentum, adaptive, decays; /* which fields it reads besides lr */
  void (*update)(const update *);
} optimizers[] = {
    [NDG_OUTER_SGD] = {"sgd", 0, false, false, false, sgd},
    [NDG_OUTER_MOMENTUM] = {"momentum", 1, true, false, false, with_momentum},
    [NDG_OUTER_ADAM] = {"adam", 2, true, true, false, adam},
    [NDG_OUTER_ADAMW] = {"adamw", 2, true, true, true, adam},
};
enum { N_OPTIMIZERS = sizeof optimizers / sizeof *optimizers };

static ndg_status check_spec(const ndg_outer_spec *s, ndg_error *e) {
  if (s->optimizer >= N_OPTIMIZERS)
    return ndg_fail(e, NDG_EINVAL, "unknown outer optimizer %u", s->optimizer);
  const char *name = optimizers[s->optimizer].name;
  if (!(s->lr > 0 && isfinite(s->lr)))
    return ndg_fail(e, NDG_EINVAL, "outer %s: lr is %g; it must be > 0%s", name, s->lr,
                    s->lr > 0 ? " and finite" : "");
  if (optimizers[s->optimizer].momentum && !(s->momentum >= 0 && s->momentum < 1))
    return ndg_fail(e, NDG_EINVAL, "outer %s: momentum is %g; it must lie in [0, 1)", name,
                    s->momentum);
  if (optimizers[s->optimizer].adaptive && !(s->beta2 >= 0 && s->beta2 < 1))
    return ndg_fail(e, NDG_EINVAL, "outer %s: beta2 is %g; it must lie in [0, 1)", name, s->beta2);
  if (optimizers[s->optimizer].adaptive && !(s->epsilon > 0 && isfinite(s->epsilon)))
    return ndg_fail(e, NDG_EINVAL, "outer %s: epsilon is %g; it must be > 0", name, s->epsilon);
  if (optimizers[s->optimizer].decays && !(s->weight_decay >= 0 && isfinite(s->weight_decay)))
    return ndg_fail(e, NDG_EINVAL, "outer %s: weight_decay is %g; it must be >= 0", name,
                    s->weight_decay);
  if (!(s->clip_norm > 0))
    return ndg_fail(e, NDG_EINVAL, "outer %s: clip_norm is %g; it must be > 0", name, s->clip_norm);
  if (!(s->clip_value > 0))
    return ndg_fail(e, NDG_EINVAL, "outer %s: clip_value is %g; it must be > 0", name,
                    s->clip_value);
  return NDG_OK;
}

static ndg_status copy_groups(ndg_outer *o, const ndg_outer_spec *s, ndg_error *e) {
  bool moves = false;
  for (uint32_t g = 0; g < o->n_groups; g++) {
    const ndg_group *from = &s->layout->theta[g];
    group *to = &o->groups[g];
    memcpy(to->name, from->name, sizeof to->name);
    to->first = o->n_theta;
    to->size = ndg_shape_size(&from->shape);
    to->constraint = from->constraint;
    to->frozen = from->held || (s->frozen && s->frozen[g]);
    moves = moves || !to->frozen;
    o->n_theta += to->size;
  }
  if (!moves)
    return ndg_fail(e, NDG_EINVAL, "every theta group is frozen: nothing is left to meta-learn");
  return NDG_OK;
}

static ndg_status allocate(ndg_outer *o, ndg_error *e) {
  const size_t n = (size_t)o->n_theta;
  o->sum = ndg_calloc(n, sizeof *o->sum);
  o->gradient = ndg_calloc(n, sizeof *o->gradient);
  o->theta = ndg_calloc(n, sizeof *o->theta);
  bool all = o->sum && o->gradient && o->theta;
  for (uint32_t s = 0; s < ndg_outer_n_slots(o); s++) {
    o->slot[s] = ndg_calloc(n, sizeof *o->slot[s]);
    o->next[s] = ndg_calloc(n, sizeof *o->next[s]);
    all = all && o->slot[s] && o->next[s];
  }
  return all ? NDG_OK : ndg_fail(e, NDG_ENOMEM, "no memory for the outer optimizer");
}

ndg_status ndg_outer_open(const ndg_outer_spec *s, ndg_outer **out, ndg_error *e) {
  *out = NULL;
  ndg_status st = check_spec(s, e);
  if (st < 0)
    return st;
  ndg_outer *o = ndg_calloc(1, sizeof *o);
  if (!o)
    return ndg_fail(e, NDG_ENOMEM, "no memory for the outer optimizer");
  o->spec = *s;
  o->spec.layout = NULL;
  o->spec.frozen = NULL;
  o->n_groups = s->layout->n_theta;
  o->groups = ndg_calloc(o->n_groups, sizeof *o->groups);
  st = o->groups ? copy_groups(o, s, e)
                 : ndg_fail(e, NDG_ENOMEM, "no memory for the outer optimizer");
  if (st >= 0)
    st = allocate(o, e);
  if (st < 0) {
    ndg_outer_close(o);
    return st;
  }
  *out = o;
  return NDG_OK;
}

void ndg_outer_close(ndg_outer *o) {
  if (!o)
    return;
  for (int s = 0; s < NDG_OUTER_MAX_SLOTS; s++) {
    ndg_free(o->slot[s]);
    ndg_free(o->next[s]);
  }
  ndg_free(o->theta);
  ndg_free(o->gradient);
  ndg_free(o->sum);
  ndg_free(o->groups);
  ndg_free(o);
}

uint64_t ndg_outer_n_theta(const ndg_outer *o) {
  return o->n_theta;
}

uint32_t ndg_outer_n_slots(const ndg_outer *o) {
  return optimizers[o->spec.optimizer].n_slots;
}

ndg_status ndg_outer_add(ndg_outer *o, const double *row) {
  for (uint64_t i = 0; i < o->n_theta; i++)
    if (!isfinite(row[i]))
      return NDG_DIVERGED;
  for (uint64_t i = 0; i < o->n_theta; i++)
    o->sum[i] += row[i];
  o->n_added++;
  return NDG_OK;
}

void ndg_outer_clear(ndg_outer *o) {
  memset(o->sum, 0, (size_t)o->n_theta * sizeof *o->sum);
  o->n_added = 0;
}

/* ‖to − from‖ (from NULL: ‖to‖) over the groups that move, in the order of the elements. */
static long double moving_norm(const ndg_outer *o, const double *to, const double *from) {
  long double sum = 0;
  for (uint32_t g = 0; g < o->n_groups; g++) {
    const group *block = &o->groups[g];
    for (uint64_t i = block->first; !block->frozen && i < block->first + block->size; i++) {
      const long double x = from ? (long double)to[i] - from[i] : to[i];
      sum += x * x;
    }
  }
  return sqrtl(sum);
}

static void clip(ndg_outer *o, ndg_outer_report *r) {
  const long double norm = moving_norm(o, o->gradient, NULL);
  const double limit = o->spec.clip_value;
  r->gradient_norm = (double)norm;
  r->norm_clipped = norm > o->spec.clip_norm;
  for (uint32_t g = 0; g < o->n_groups; g++) {
    const group *block = &o->groups[g];
    for (uint64_t i = block->first; !block->frozen && i < block->first + block->size; i++) {
      double *x = &o->gradient[i];
      if (r->norm_clipped)
        *x = (double)(*x * (o->spec.clip_norm / norm));
      if (fabs(*x) > limit) {
        *x = copysign(limit, *x);
        r->n_clipped++;
      }
    }
  }
}

static void project(ndg_outer *o, const group *g, ndg_outer_report *r) {
  for (uint64_t i = g->first; g->constraint == NDG_NONNEGATIVE && i < g->first + g->size; i++)
    if (o->theta[i] < 0) {
      o->theta[i] = 0;
      r->n_projected++;
    }
}

/* An infinite second moment would stop its parameter for ever, without a word. */
static ndg_status check_finite(const ndg_outer *o, const group *g, ndg_error *e) {
  for (uint64_t i = g->first; i < g->first + g->size; i++) {
    bool finite = isfinite(o->theta[i]);
    for (uint32_t s = 0; s < ndg_outer_n_slots(o); s++)
      finite = finite && isfinite(o->next[s][i]);
    if (!finite)
      return ndg_fail(e, NDG_ENUMERIC,
                      "outer %s: theta group '%s', element %llu of %llu (from 1) leaves the finite "
                      "numbers (its gradient is %g); a smaller outer.lr or clip_norm would keep it",
                      optimizers[o->spec.optimizer].name, g->name,
                      (unsigned long long)(i - g->first + 1), (unsigned long long)g->size,
                      o->gradient[i]);
  }
  return NDG_OK;
}

static ndg_status move(ndg_outer *o, const group *g, update *u, ndg_outer_report *r, ndg_error *e) {
  u->first = g->first;
  u->last = g->first + g->size;
  if (g->frozen) {
    memcpy(o->theta + g->first, u->theta + g->first, (size_t)g->size * sizeof *o->theta);
    for (uint32_t s = 0; s < ndg_outer_n_slots(o); s++)
      memcpy(o->next[s] + g->first, o->slot[s] + g->first, (size_t)g->size * sizeof *o->theta);
    return NDG_OK;
  }
  optimizers[o->spec.optimizer].update(u);
  const ndg_status st = check_finite(o, g, e);
  project(o, g, r);
  return st;
}

static void accept(ndg_outer *o, double *theta) {
  memcpy(theta, o->theta, (size_t)o->n_theta * sizeof *theta);
  for (uint32_t s = 0; s < ndg_outer_n_slots(o); s++) {
    double *old = o->slot[s];
    o->slot[s] = o->next[s];
    o->next[s] = old;
  }
  o->steps++;
  ndg_outer_clear(o);
}

ndg_status ndg_outer_step(ndg_outer *o, double factor, double *theta, ndg_outer_report *r,
                          ndg_error *e) {
  *r = (ndg_outer_report){.n_tasks = o->n_added};
  if (o->n_added == 0)
    return ndg_fail(e, NDG_EINVAL, "an outer step needs the meta-gradient of at least one task");
  if (!(factor >= 0 && isfinite(factor)))
    return ndg_fail(e, NDG_EINVAL, "the schedule's factor is %g; it must be >= 0", factor);
  for (uint64_t i = 0; i < o->n_theta; i++)
    if (!isfinite(theta[i]))
      return ndg_fail(e, NDG_EINVAL, "outer step: number %llu of %llu of theta (from 1) is %g",
                      (unsigned long long)i + 1, (unsigned long long)o->n_theta, theta[i]);
  const double t = (double)(o->steps + 1);
  update u = {.o = o,
              .theta = theta,
              .lr = factor * o->spec.lr,
              .bias = {1 - pow(o->spec.momentum, t), 1 - pow(o->spec.beta2, t)}};
  for (uint64_t i = 0; i < o->n_theta; i++)
    o->gradient[i] = (double)(o->sum[i] / (long double)o->n_added);
  clip(o, r);
  for (uint32_t g = 0; g < o->n_groups; g++) {
    const ndg_status st = move(o, &o->groups[g], &u, r, e);
    if (st < 0)
      return st;
  }
  r->update_norm = (double)moving_norm(o, o->theta, theta);
  accept(o, theta);
  return NDG_OK;
}

void ndg_outer_get_state(const ndg_outer *o, uint64_t *steps, double *slots) {
  *steps = o->steps;
  for (uint32_t s = 0; s < ndg_outer_n_slots(o); s++)
    memcpy(slots + s * o->n_theta, o->slot[s], (size_t)o->n_theta * sizeof *slots);
}

ndg_status ndg_outer_set_state(ndg_outer *o, uint64_t steps, const double *slots, ndg_error *e) {
  for (uint32_t s = 0; s < ndg_outer_n_slots(o); s++)
    for (uint64_t i = 0; i < o->n_theta; i++) {
      const double x = slots[s * o->n_theta + i];
      if (!isfinite(x) || (s == 1 && x < 0))
        return ndg_fail(e, NDG_EINVAL,
                        "state of outer %s: number %llu of slot %u (from 1) is %g, which no step "
                        "leaves",
                        optimizers[o->spec.optimizer].name, (unsigned long long)i + 1, s + 1, x);
    }
  for (uint32_t s = 0; s < ndg_outer_n_slots(o); s++)
    memcpy(o->slot[s], slots + s * o->n_theta, (size_t)o->n_theta * sizeof *slots);
  o->steps = steps;
  ndg_outer_clear(o);
  return NDG_OK;
}
