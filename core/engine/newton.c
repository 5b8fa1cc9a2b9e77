/* SPDX-License-Identifier: MIT */
/* Stationary points of the augmented loss. A step solves with a factor of H made elsewhere (chord);
   where that contracts too slowly, GMRES with products of the true Hessian and the factor as
   preconditioner; where that too is slow, the factor is remade at the current point. Each task
   decides for itself, so its bits do not depend on its neighbours. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/newton.h"
#include "engine/task_algebra.h"

enum { HALVINGS = 10 };

static const double SLOW = 0.3;           /* contraction at which a cheap direction is given up */
static const double GOOD_DIRECTION = 0.1; /* linear residual */
static const double SUFFICIENT = 1e-4;    /* share of the promised decrease that is enough */

static ndg_status open_newton(ndg_newton *s, ndg_problem *p, ndg_phase *phase, ndg_error *e) {
  *s = (ndg_newton){.problem = p,
                    .phase = phase,
                    .is_complex = ndg_vector_is_complex(phase->end),
                    .n_tasks = p->tasks.arrays.n_tasks,
                    .n = p->n_phi};
  const size_t size = s->n_tasks * s->n;
  ndg_vector **vectors[] = {&s->phi, &s->trial, &s->gradient, &s->in, &s->out};
  ndg_number **numbers[] = {&s->residual, &s->step, &s->scratch};
  s->halves = ndg_calloc(2 * s->n, sizeof *s->halves);
  s->norms = ndg_calloc(s->n_tasks, sizeof *s->norms);
  s->task = ndg_calloc(s->n_tasks, sizeof *s->task);
  bool fits = s->halves && s->norms && s->task;
  for (int i = 0; i < 5; i++) {
    *vectors[i] = ndg_vector_create(NDG_PHI, phase->end->dtype, s->n_tasks, s->n);
    fits = fits && *vectors[i];
  }
  for (int i = 0; i < 3; i++) {
    *numbers[i] = ndg_calloc(size, sizeof **numbers[i]);
    fits = fits && *numbers[i];
  }
  return fits ? NDG_OK : ndg_no_memory(e, "a Newton phase");
}

static void close_newton(ndg_newton *s) {
  ndg_vector_destroy(s->phi);
  ndg_vector_destroy(s->trial);
  ndg_vector_destroy(s->gradient);
  ndg_vector_destroy(s->in);
  ndg_vector_destroy(s->out);
  ndg_free(s->residual);
  ndg_free(s->step);
  ndg_free(s->scratch);
  ndg_free(s->halves);
  ndg_free(s->norms);
  ndg_free(s->task);
  ndg_dense_free(&s->own);
}

/* trial = φ − fraction step, in φ's own type: long double keeps digits that the step lacks. */
static void move(const ndg_newton *s, uint64_t t) {
  const ndg_number *step = s->step + t * s->n;
  const double by = s->task[t].fraction;
  const void *from = ndg_task_data(s->phi, t);
  void *to = ndg_task_data(s->trial, t);
  const uint64_t n = s->is_complex ? 2 * s->n : s->n;
  for (uint64_t i = 0; i < n; i++) {
    const ndg_number whole = step[s->is_complex ? i / 2 : i];
    const double d = by * (s->is_complex && i % 2 ? cimag(whole) : creal(whole));
    if (s->phi->dtype == NDG_F32) {
      ((float *)to)[i] = (float)(((const float *)from)[i] - d);
    } else if (s->phi->dtype == NDG_LONG_DOUBLE) {
      ((long double *)to)[i] = ((const long double *)from)[i] - d;
    } else {
      ((double *)to)[i] = ((const double *)from)[i] - d;
    }
  }
}

static void accept(const ndg_newton *s, uint64_t t) {
  memcpy(ndg_task_data(s->phi, t), ndg_task_data(s->trial, t),
         s->n * ndg_dtype_size(s->phi->dtype));
  ndg_newton_load(s, s->gradient, t, s->residual + t * s->n);
}

/* ∂φ of the augmented loss and its norms. */
static ndg_status gradient_at(ndg_newton *s, const ndg_vector *phi, ndg_error *e) {
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_GRAD_PHI,
                       .loss = NDG_AUGMENTED_LOSS,
                       .beta = s->phase->beta,
                       .phi = phi,
                       .grad_phi = s->gradient};
  const ndg_status st = ndg_problem_evaluate(s->problem, &ev, e);
  ndg_vector_norms(s->gradient, s->n, s->norms);
  return st;
}

/* Try the directions, shorter and shorter. A chord direction is tried once: if it does not help, a
   better direction is cheaper than a shorter step. */
static ndg_status line_search(ndg_newton *s, ndg_error *e) {
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    ndg_newton_task *k = &s->task[t];
    k->before = k->norm;
    k->accepted = false;
    k->fraction = k->status == NDG_RUNNING ? 1 : 0;
    move(s, t);
  }
  for (int halving = 0; halving <= HALVINGS; halving++) {
    bool pending = false;
    const ndg_status st = gradient_at(s, s->trial, e);
    if (st < 0) {
      return st;
    }
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      ndg_newton_task *k = &s->task[t];
      if (k->status != NDG_RUNNING || k->accepted) {
        continue;
      }
      if (s->norms[t] <= (1 - SUFFICIENT * k->fraction) * k->before) {
        k->accepted = true;
        k->norm = s->norms[t];
        accept(s, t);
      } else if (k->level == NDG_KRYLOV) {
        k->fraction /= 2;
        move(s, t);
        pending = true;
      }
    }
    if (!pending) {
      break;
    }
  }
  return NDG_OK;
}

/* A direction was not good enough: what next? */
static void escalate(ndg_newton_task *k) {
  if (k->level == NDG_CHORD) {
    k->level = NDG_KRYLOV;
  } else if (!k->fresh) {
    k->remake = true;
    k->level = NDG_CHORD;
  } else if (!k->accepted) {
    k->status = NDG_STUCK;
  }
}

static void judge(const ndg_newton *s, ndg_newton_task *k) {
  const double ratio = k->accepted ? k->norm / k->before : 1;
  const double near = sqrt(ndg_epsilon(s->phi->dtype));
  k->fresh = k->fresh && !k->accepted;
  if (k->norm <= k->goal || k->norm == 0) {
    k->status = NDG_AT_TOLERANCE;
  } else if (ratio > SLOW && k->norm <= k->round_off) {
    k->status = NDG_AT_ROUND_OFF;
  } else if (k->level == NDG_CHORD) {
    if (ratio > SLOW) {
      escalate(k);
    }
  } else if (ratio > 0.5 && k->linear <= GOOD_DIRECTION && k->distance <= near) {
    k->status = NDG_AT_ROUND_OFF; /* an accurate, tiny step that changes nothing */
  } else if (!k->accepted || !(k->linear <= GOOD_DIRECTION)) {
    escalate(k);
  }
}

/* Remake the factor of the tasks that ask for it at their current points. */
static ndg_status remake_factors(ndg_newton *s, ndg_error *e) {
  bool wanted = false;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    wanted = wanted || (s->task[t].status == NDG_RUNNING && s->task[t].remake);
  }
  if (!wanted) {
    return NDG_OK;
  }
  ndg_dense made;
  const ndg_status st = ndg_factorise_at(s->problem, NDG_AUGMENTED_LOSS, s->phase->beta.re, s->phi,
                                         0, &made, NULL, e);
  if (st < 0) {
    return st;
  }
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    ndg_newton_task *k = &s->task[t];
    if (k->status == NDG_RUNNING && k->remake) {
      k->remake = false;
      k->fresh = k->use_own = true;
    } else if (k->use_own) {
      const size_t at = t * s->n * s->n;
      memcpy(made.factor + at, s->own.factor + at, s->n * s->n * sizeof *made.factor);
      memcpy(made.pivots + t * s->n, s->own.pivots + t * s->n, s->n * sizeof *made.pivots);
      made.is_lu[t] = s->own.is_lu[t];
    }
  }
  ndg_dense_free(&s->own);
  s->own = made;
  return NDG_OK;
}

/* Goals are relative to the gradient of each task at the problem's initial point. */
static ndg_status set_goals(ndg_newton *s, ndg_error *e) {
  if (s->phase->tolerance > 0) {
    ndg_vector_copy(s->trial, s->problem->start);
    const ndg_status st = gradient_at(s, s->trial, e);
    if (st < 0) {
      return st;
    }
  }
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->task[t].goal = s->phase->tolerance > 0 ? s->phase->tolerance * fmax(1, s->norms[t]) : 0;
  }
  return NDG_OK;
}

/* What rounding leaves of a gradient whose terms are as large as H φ and as the gradient is at the
   start, and what underflow leaves of any. φ alone says nothing where the solution is near zero. */
static double round_off(const ndg_newton *s, uint64_t t) {
  const double smallest = s->phi->dtype == NDG_F32 ? FLT_MIN : DBL_MIN;
  const double terms = s->base->norms[t] * s->norms[t] + s->task[t].norm;
  return 32 * (ndg_epsilon(s->phi->dtype) * terms + sqrt((double)s->n) * smallest);
}

static ndg_status begin(ndg_newton *s, const ndg_factor *base, ndg_error *e) {
  ndg_problem *p = s->problem;
  ndg_vector_copy(s->phi, s->phase->start ? s->phase->start : p->start);
  ndg_status st = set_goals(s, e);
  if (st >= 0) {
    st = gradient_at(s, s->phi, e);
  }
  bool work = false;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    ndg_newton_task *k = &s->task[t];
    k->norm = s->norms[t];
    k->status = !isfinite(k->norm)   ? NDG_NOT_FINITE
                : k->norm <= k->goal ? NDG_AT_TOLERANCE
                                     : NDG_RUNNING;
    if (k->status == NDG_NOT_FINITE) {
      ndg_outcomes_lose(p, t, 0);
    }
    k->fresh = !base && s->phase->beta.re == 0 && s->phase->beta.im == 0;
    ndg_newton_load(s, s->gradient, t, s->residual + t * s->n);
    work = work || k->status == NDG_RUNNING;
  }
  s->base = base;
  if (st >= 0 && !base && work && s->phase->steps > 0) {
    st = ndg_factor_at(p, s->phi, 0, &s->base, e);
  }
  ndg_vector_norms(s->phi, s->n, s->norms);
  for (uint64_t t = 0; st >= 0 && s->base && t < s->n_tasks; t++) {
    s->task[t].round_off = round_off(s, t);
  }
  return st;
}

/* A complex phase that has not left the real point it starts from counts. */
static bool is_real(const ndg_newton *s, uint64_t t) {
  const double *pairs = ndg_task_data(s->phi, t);
  for (uint64_t i = 0; s->is_complex && i < s->n; i++) {
    if (pairs[2 * i + 1] != 0) {
      return false;
    }
  }
  return true;
}

/* Newton's method goes to any stationary point, or gets stuck between them. A task whose learning
   is not at a minimum, or that is stuck, goes downhill first; where there is no minimum to go down
   to, it stays where it was. */
static bool needs_descent(const ndg_newton *s, uint64_t t) {
  const ndg_newton_task *k = &s->task[t];
  if (k->descended || !s->base || !is_real(s, t)) {
    return false;
  }
  return (k->status == NDG_STUCK && !s->is_complex) ||
         (k->status == NDG_RUNNING && s->base->dense.is_lu[t]);
}

static ndg_status descend(ndg_newton *s, ndg_problem *q, ndg_vector *phi, bool *wanted,
                          bool *reached, ndg_error *e) {
  const uint64_t before = q->record.hessian_vector_products;
  ndg_vector_copy(phi, s->phi);
  ndg_outcomes_lend(s->problem, q);
  const double beta = s->is_complex ? 0 : s->phase->beta.re;
  ndg_status st = ndg_descend(q, beta, phi, wanted, reached, e);
  if (q != s->problem) { /* counted there */
    s->problem->record.hessian_vector_products += q->record.hessian_vector_products - before;
  }
  if (st < 0) {
    return st;
  }
  ndg_vector_copy(s->trial, phi);
  st = gradient_at(s, s->trial, e);
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    ndg_newton_task *k = &s->task[t];
    k->descended = k->descended || wanted[t];
    if (wanted[t] && reached[t]) {
      k->status = NDG_RUNNING;
      k->level = NDG_CHORD;
      k->remake = true;
      k->norm = s->norms[t];
      accept(s, t);
    }
  }
  return st;
}

static ndg_status go_downhill(ndg_newton *s, bool *any, ndg_error *e) {
  ndg_problem *q = s->problem;
  bool *flags = ndg_calloc(2 * s->n_tasks, sizeof *flags);
  ndg_vector *phi = NULL;
  ndg_status st = flags ? NDG_OK : ndg_no_memory(e, "a Newton phase");
  *any = false;
  for (uint64_t t = 0; flags && t < s->n_tasks; t++) {
    flags[t] = needs_descent(s, t);
    *any = *any || flags[t];
  }
  if (st >= 0 && *any && q->dtype != NDG_F64) {
    st = ndg_problem_sibling(q, NDG_F64, &q, e);
  }
  if (st >= 0 && *any) {
    phi = ndg_real_vector(q, NDG_PHI);
    st =
        phi ? descend(s, q, phi, flags, flags + s->n_tasks, e) : ndg_no_memory(e, "a Newton phase");
  }
  ndg_vector_destroy(phi);
  ndg_free(flags);
  return st;
}

static double largest_norm(const ndg_newton *s) {
  double largest = 0;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (isnan(s->task[t].norm)) {
      return NAN;
    }
    largest = fmax(largest, s->task[t].norm);
  }
  return largest;
}

static bool any_running(const ndg_newton *s) {
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (s->task[t].status == NDG_RUNNING) {
      return true;
    }
  }
  return false;
}

static ndg_status iterate(ndg_newton *s, ndg_error *e) {
  s->history[0] = s->phase->steps_taken ? s->history[0] : largest_norm(s);
  while (s->phase->steps_taken < s->phase->steps && any_running(s)) {
    if (ndg_problem_get_api()->cancelled(s->problem)) {
      return ndg_fail(e, NDG_EINVAL, "stopped on request at step %llu of a Newton phase",
                      (unsigned long long)s->phase->steps_taken);
    }
    ndg_problem_tell(s->problem, "Newton phase", s->phase->steps_taken, s->phase->steps);
    ndg_status st = remake_factors(s, e);
    if (st >= 0) {
      st = ndg_newton_directions(s, e);
    }
    if (st >= 0) {
      st = line_search(s, e);
    }
    if (st < 0) {
      return st;
    }
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      if (s->task[t].status == NDG_RUNNING) {
        judge(s, &s->task[t]);
      }
    }
    s->phase->steps_taken++;
    if (s->phase->steps_taken < NDG_NEWTON_HISTORY) {
      s->history[s->phase->steps_taken] = largest_norm(s);
    }
  }
  ndg_problem_tell(s->problem, "Newton phase", s->phase->steps, s->phase->steps);
  return NDG_OK;
}

/* Per step over the second half; 0 once the gradient is exactly zero. */
static double contraction(const ndg_newton *s) {
  const uint64_t last =
      s->phase->steps_taken < NDG_NEWTON_HISTORY ? s->phase->steps_taken : NDG_NEWTON_HISTORY - 1;
  const uint64_t middle = last / 2;
  if (last == 0) {
    return 0;
  }
  return pow(s->history[last] / s->history[middle], 1.0 / (double)(last - middle));
}

static ndg_status run(ndg_problem *p, ndg_phase *phase, const ndg_factor *base, bool minimum,
                      ndg_error *e) {
  ndg_newton s;
  phase->steps_taken = 0;
  phase->gradient_norm = phase->contraction = NAN;
  if (phase->record) {
    return ndg_fail(e, NDG_EINVAL,
                    "a Newton phase cannot be recorded: its steps have no "
                    "transposed derivative");
  }
  ndg_status st = open_newton(&s, p, phase, e);
  if (st >= 0) {
    st = begin(&s, base, e);
  }
  bool again = true;
  if (st >= 0) {
    st = go_downhill(&s, &again, e);
    again = true;
  }
  while (st >= 0 && again) {
    st = iterate(&s, e);
    if (st >= 0) {
      st = go_downhill(&s, &again, e);
    }
  }
  if (st >= 0) {
    ndg_vector_copy(phase->end, s.phi);
    phase->gradient_norm = largest_norm(&s);
    phase->contraction = contraction(&s);
    st = ndg_newton_conclude(&s, e);
  }
  if (st == NDG_OK && minimum) {
    st = ndg_newton_check_minimum(&s, e);
  }
  close_newton(&s);
  return st;
}

ndg_status ndg_newton_from(ndg_problem *p, ndg_phase *phase, const ndg_factor *base, ndg_error *e) {
  return run(p, phase, base, false, e);
}

ndg_status ndg_newton_relax(ndg_problem *p, ndg_phase *phase, ndg_error *e) {
  return run(p, phase, NULL, true, e);
}
