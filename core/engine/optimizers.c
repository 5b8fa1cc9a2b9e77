/* SPDX-License-Identifier: MIT */
/* Inner optimisers as small graphs over (phi, slots, gradient), so that their transposed steps need
   no code of their own. With g the gradient, η the step size and μ the momentum:

     gradient descent  φ' = φ − η g(φ)
     heavy ball        v' = μ v − η g(φ),        φ' = φ + v'
     Nesterov          v' = μ v − η g(φ + μ v),  φ' = φ + v'
     Adam              m' = μ m + (1 − μ) g,  s' = β₂ s + (1 − β₂) g²,
                       φ' = φ − η (m' / (1 − μᵗ)) / (√(s' / (1 − β₂ᵗ)) + ε),  t = step + 1

   Adam's bias corrections are numbers of the step, not of the parameter: with
   ηₜ = η √(1 − β₂ᵗ) / (1 − μᵗ) and εₜ = ε √(1 − β₂ᵗ) it is φ' = φ − ηₜ m' / (√s' + εₜ), one
   division instead of three. */
#include <math.h>

#include "engine/internal.h"

/* The nodes of one parameter group; out: new phi, then new slots. */
typedef struct update {
  const ndg_builder *b;
  const ndg_node *param;
  bool differentiable;
  ndg_node phi, slot[NDG_MAX_SLOTS], gradient;
} update;

typedef struct optimizer {
  const char *name;
  uint32_t slots;
  bool momentum, adaptive; /* which fields it reads besides lr */
  void (*build)(const update *, ndg_node *out);
} optimizer;

static void gradient_descent(const update *u, ndg_node *out) {
  out[0] = ndg_sub(u->b, u->phi, ndg_mul(u->b, u->param[NDG_PARAM_LR], u->gradient));
}

/* Heavy ball and Nesterov differ only in where the gradient is taken. */
static void with_velocity(const update *u, ndg_node *out) {
  out[1] = ndg_sub(u->b, ndg_mul(u->b, u->param[NDG_PARAM_MOMENTUM], u->slot[0]),
                   ndg_mul(u->b, u->param[NDG_PARAM_LR], u->gradient));
  out[0] = ndg_add(u->b, u->phi, out[1]);
}

/* √x with derivative 0, not infinity, where x is 0: a parameter whose gradient is exactly zero. */
static ndg_node root(const update *u, ndg_node x) {
  if (!u->differentiable)
    return ndg_sqrt(u->b, x);
  const ndg_node zero = ndg_constant(u->b, 0), one = ndg_constant(u->b, 1);
  const ndg_node positive = ndg_greater(u->b, x, zero);
  return ndg_select(u->b, positive, ndg_sqrt(u->b, ndg_select(u->b, positive, x, one)), zero);
}

static ndg_node moving_mean(const update *u, ndg_node rate, ndg_node mean, ndg_node x) {
  const ndg_node rest = ndg_sub(u->b, ndg_constant(u->b, 1), rate);
  return ndg_add(u->b, ndg_mul(u->b, rate, mean), ndg_mul(u->b, rest, x));
}

static void adam(const update *u, ndg_node *out) {
  const ndg_builder *b = u->b;
  out[1] = moving_mean(u, u->param[NDG_PARAM_MOMENTUM], u->slot[0], u->gradient);
  out[2] = moving_mean(u, u->param[NDG_PARAM_BETA2], u->slot[1], ndg_square(b, u->gradient));
  const ndg_node deviation = ndg_add(b, root(u, out[2]), u->param[NDG_PARAM_EPSILON]);
  out[0] = ndg_sub(b, u->phi, ndg_mul(b, u->param[NDG_PARAM_LR], ndg_div(b, out[1], deviation)));
}

static const optimizer optimizers[] = {
    [NDG_GRADIENT_DESCENT] = {"gradient descent", 0, false, false, gradient_descent},
    [NDG_HEAVY_BALL] = {"heavy ball", 1, true, false, with_velocity},
    [NDG_NESTEROV] = {"Nesterov", 1, true, false, with_velocity},
    [NDG_ADAM] = {"Adam", 2, true, true, adam},
    [NDG_NEWTON] = {"Newton", 0, false, false, NULL},
};
enum { N_OPTIMIZERS = sizeof optimizers / sizeof *optimizers };

const char *ndg_optimizer_name(uint32_t kind) {
  return kind > 0 && kind < N_OPTIMIZERS ? optimizers[kind].name : "unknown optimizer";
}

uint32_t ndg_optimizer_slots(uint32_t kind) {
  return kind > 0 && kind < N_OPTIMIZERS ? optimizers[kind].slots : 0;
}

ndg_status ndg_optimizer_check(const ndg_optimizer *o, ndg_error *e) {
  if (o->kind == 0 || o->kind >= N_OPTIMIZERS)
    return ndg_fail(e, NDG_EINVAL, "unknown optimizer kind %u", o->kind);
  const optimizer *kind = &optimizers[o->kind];
  if (o->kind != NDG_NEWTON && !(o->lr > 0 && isfinite(o->lr)))
    return ndg_fail(e, NDG_EINVAL, "%s: lr is %g; it must be > 0", kind->name, o->lr);
  if (kind->momentum && !(o->momentum >= 0 && o->momentum < 1))
    return ndg_fail(e, NDG_EINVAL, "%s: momentum is %g; it must lie in [0, 1)", kind->name,
                    o->momentum);
  if (kind->adaptive && !(o->beta2 >= 0 && o->beta2 < 1))
    return ndg_fail(e, NDG_EINVAL, "%s: beta2 is %g; it must lie in [0, 1)", kind->name, o->beta2);
  if (kind->adaptive && !(o->epsilon > 0 && isfinite(o->epsilon)))
    return ndg_fail(e, NDG_EINVAL, "%s: epsilon is %g; it must be > 0", kind->name, o->epsilon);
  return NDG_OK;
}

ndg_status ndg_optimizer_resolve(const ndg_problem *p, const ndg_optimizer *o, ndg_optimizer *out,
                                 ndg_error *e) {
  const ndg_optimizer *own = &p->inner.optimizer;
  ndg_optimizer r = o ? *o : (ndg_optimizer){NDG_OPTIMIZER_PROBLEM, 0, NAN, NAN, NAN, NAN};
  if (r.kind == NDG_OPTIMIZER_PROBLEM)
    r.kind = own->kind;
  if (isnan(r.lr))
    r.lr = own->lr;
  if (isnan(r.momentum))
    r.momentum = own->momentum;
  if (isnan(r.beta2))
    r.beta2 = own->beta2;
  if (isnan(r.epsilon))
    r.epsilon = own->epsilon;
  const ndg_status st = ndg_optimizer_check(&r, e);
  if (st < 0)
    return st;
  const optimizer *kind = &optimizers[r.kind];
  *out = (ndg_optimizer){.kind = r.kind,
                         .lr = r.kind == NDG_NEWTON ? 0 : r.lr,
                         .momentum = kind->momentum ? r.momentum : 0,
                         .beta2 = kind->adaptive ? r.beta2 : 0,
                         .epsilon = kind->adaptive ? r.epsilon : 0};
  return NDG_OK;
}

void ndg_optimizer_update(ndg_problem *p, uint32_t kind, bool differentiable,
                          const ndg_node *gradient,
                          ndg_node next[1 + NDG_MAX_SLOTS][NDG_MAX_GROUPS]) {
  for (uint32_t g = 0; g < p->layout->n_phi; g++) {
    const update u = {.b = &p->builder,
                      .param = p->param,
                      .differentiable = differentiable,
                      .phi = p->phi[g],
                      .slot = {p->slot[0][g], p->slot[1][g]},
                      .gradient = gradient[g]};
    ndg_node out[1 + NDG_MAX_SLOTS] = {0};
    optimizers[kind].build(&u, out);
    for (uint32_t s = 0; s <= NDG_MAX_SLOTS; s++)
      next[s][g] = out[s];
  }
}
