/* SPDX-License-Identifier: MIT */
/* The gradient after steps of learning: the steps are taken here, in long double, at values of θ
   around the one asked for, and their differences extrapolated to zero distance. No derivative is
   written down. */
#include <complex.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/check_problems.h"

enum { P = NDG_REF_PHI, Q = NDG_REF_THETA, LEVELS = 5 };

/* The reference problem with other numbers for θ, prepared for many steps. */
typedef struct pace {
  ndg_real h[P * P], force[P], quartic; /* slope of L^learn = h φ + q φ³ - force */
} pace;

typedef struct state {
  ndg_real phi[P], velocity[P], moment[P]; /* velocity: Adam's first moment */
} state;

static void prepare(const ndg_ref_task *t, const ndg_real *theta, pace *out) {
  out->quartic = t->quartic;
  for (uint32_t i = 0; i < P; i++) {
    ndg_real curvature = 0;
    out->force[i] = t->a[i];
    for (uint32_t j = 0; j < Q; j++) {
      curvature += t->k[i * Q + j] * theta[j];
      out->force[i] += t->b[i * Q + j] * theta[j];
    }
    for (uint32_t j = 0; j < P; j++)
      out->h[i * P + j] = t->a_matrix[i * P + j] + (i == j ? curvature : 0);
  }
}

static void slope(const pace *x, const ndg_real *phi, ndg_real *out) {
  for (uint32_t i = 0; i < P; i++) {
    out[i] = x->quartic * phi[i] * phi[i] * phi[i] - x->force[i];
    for (uint32_t j = 0; j < P; j++)
      out[i] += x->h[i * P + j] * phi[j];
  }
}

static void step(const pace *x, const ndg_optimizer *o, uint64_t t, state *s) {
  const ndg_real momentum = o->momentum, decay = o->beta2;
  ndg_real at[P], g[P];
  for (uint32_t i = 0; i < P; i++)
    at[i] = s->phi[i] + (o->kind == NDG_NESTEROV ? momentum * s->velocity[i] : 0);
  slope(x, at, g);
  if (o->kind == NDG_ADAM) {
    const ndg_real mean = 1 - powl(momentum, (ndg_real)t + 1);
    const ndg_real square = 1 - powl(decay, (ndg_real)t + 1);
    for (uint32_t i = 0; i < P; i++) {
      s->velocity[i] = momentum * s->velocity[i] + (1 - momentum) * g[i];
      s->moment[i] = decay * s->moment[i] + (1 - decay) * g[i] * g[i];
      s->phi[i] -= o->lr * (s->velocity[i] / mean) / (sqrtl(s->moment[i] / square) + o->epsilon);
    }
    return;
  }
  for (uint32_t i = 0; i < P; i++) {
    s->velocity[i] = momentum * s->velocity[i] - o->lr * g[i];
    s->phi[i] += s->velocity[i];
  }
}

static ndg_real eval_loss(const ndg_ref_task *t, const ndg_real *theta, const ndg_real *phi) {
  ndg_real sum = 0;
  for (uint32_t i = 0; i < P; i++) {
    ndg_real quadratic = 0, force = t->c[i];
    for (uint32_t j = 0; j < P; j++)
      quadratic += t->m[i * P + j] * phi[j];
    for (uint32_t j = 0; j < Q; j++)
      force += t->c_matrix[i * Q + j] * theta[j];
    sum += phi[i] * (quadratic / 2 - force);
  }
  for (uint32_t j = 0; j < Q; j++)
    sum += t->d[j] * theta[j];
  return sum;
}

static void run(const ndg_ref_task *t, const ndg_real *theta, const ndg_optimizer *o, uint64_t from,
                uint64_t to, state *s) {
  pace x;
  prepare(t, theta, &x);
  for (uint64_t k = from; k < to; k++)
    step(&x, o, k, s);
}

/* Where the window begins: the state that differences hold fixed. */
typedef struct window {
  const ndg_ref_task *task;
  const ndg_optimizer *optimizer;
  ndg_real theta[NDG_REF_META];
  state begins;
  uint64_t from, to;
  bool moves_start;
} window;

/* eval_loss with number j of θ moved. */
static ndg_real moved_loss(const window *w, uint64_t j, ndg_real by) {
  ndg_real theta[NDG_REF_META];
  state s = w->begins;
  memcpy(theta, w->theta, sizeof theta);
  theta[j] += by;
  if (j >= Q && w->moves_start)
    s.phi[j - Q] += by;
  run(w->task, theta, w->optimizer, w->from, w->to, &s);
  return eval_loss(w->task, theta, s.phi);
}

/* Romberg's scheme on central differences. */
static ndg_real derivative(const window *w, uint64_t j, ndg_real *doubt) {
  ndg_real table[LEVELS], h = 0x1p-7L, before = 0;
  for (int level = 0; level < LEVELS; level++, h /= 2) {
    ndg_real x = (moved_loss(w, j, h) - moved_loss(w, j, -h)) / (2 * h), power = 1;
    for (int k = 0; k < level; k++) {
      power *= 4;
      const ndg_real better = x + (x - table[k]) / (power - 1);
      table[k] = x;
      x = better;
    }
    table[level] = x;
    *doubt = fabsl(x - before);
    before = x;
  }
  return before;
}

static ndg_ref_known *find(ndg_ref_problem *p, const ndg_ref_known *wanted) {
  for (uint64_t i = 0; i < p->n_known && i < NDG_REF_KNOWN; i++) {
    ndg_ref_known *k = &p->known[i];
    if (k->task == wanted->task && k->steps == wanted->steps && k->window == wanted->window &&
        memcmp(&k->optimizer, &wanted->optimizer, sizeof k->optimizer) == 0)
      return k;
  }
  return NULL;
}

static void find_out(const ndg_ref_problem *p, ndg_ref_known *k) {
  window w = {.task = &p->task[k->task], .optimizer = &k->optimizer, .to = k->steps};
  const bool whole = k->window == 0 || k->window >= k->steps;
  w.from = whole ? 0 : k->steps - k->window;
  w.moves_start = whole && p->form.has_start;
  for (uint64_t j = 0; j < NDG_REF_META; j++)
    w.theta[j] = p->theta[j];
  for (uint32_t i = 0; p->form.has_start && i < P; i++)
    w.begins.phi[i] = p->theta[Q + i];
  run(w.task, w.theta, w.optimizer, 0, w.from, &w.begins);
  k->doubt = 0;
  for (uint64_t j = 0; j < p->n_meta; j++) {
    ndg_real doubt;
    k->gradient[j] = derivative(&w, j, &doubt);
    k->doubt = fmaxl(k->doubt, doubt);
  }
  const ndg_real norm = ndg_ref_norm(k->gradient, p->n_meta);
  k->doubt = norm > 0 ? k->doubt / norm : 0;
}

bool ndg_ref_unrolled(ndg_ref_problem *p, uint64_t task, const ndg_optimizer *o, uint64_t steps,
                      uint64_t length, ndg_real *gradient, ndg_real *doubt) {
  const ndg_ref_known wanted = {.task = task, .steps = steps, .window = length, .optimizer = *o};
  ndg_ref_known *k = find(p, &wanted);
  if (!k) {
    k = &p->known[p->n_known++ % NDG_REF_KNOWN];
    *k = wanted;
    find_out(p, k);
  }
  memcpy(gradient, k->gradient, sizeof k->gradient);
  *doubt = k->doubt;
  return isfinite((double)ndg_ref_norm(gradient, p->n_meta));
}
