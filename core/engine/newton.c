/* SPDX-License-Identifier: MIT */
/* Stationary points of the augmented loss. A step solves with a factor of H made elsewhere (chord);
   where that contracts too slowly, GMRES with products of the true Hessian and the factor as
   preconditioner; where that too is slow, the factor is remade at the current point. Each task
   decides for itself, so its bits do not depend on its neighbours. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/dense.h"
#include "engine/internal.h"
#include "engine/krylov.h"
#include "engine/task_algebra.h"

typedef double complex number;

enum { CHORD = 0, KRYLOV = 1 };
enum { RUNNING = 0, AT_TOLERANCE, AT_ROUND_OFF, STUCK, NOT_FINITE };
enum { KRYLOV_LIMIT = 60, HALVINGS = 10, HISTORY = 256 };

static const double SLOW = 0.3; /* contraction at which a cheap direction is given up */
static const double KRYLOV_TOLERANCE = 1e-3;
static const double GOOD_DIRECTION = 0.1; /* linear residual */
static const double SUFFICIENT = 1e-4;    /* share of the promised decrease that is enough */

typedef struct task {
  uint8_t status, level;
  bool remake;  /* the factor, before the next step */
  bool fresh;   /* factor was made at this very point */
  bool use_own; /* factor made in this phase, instead of the base */
  bool accepted;
  double norm, goal, round_off;
  double before;   /* norm at the start of this step */
  double fraction; /* of the direction that is tried */
  double linear;   /* relative residual of the direction */
  double distance; /* length of the direction, relative to ‖φ‖ */
} task;

typedef struct newton {
  ndg_problem *problem;
  ndg_phase *phase;
  bool is_complex;
  uint64_t n_tasks, n;
  const ndg_factor *base;
  ndg_dense own;
  ndg_vector *phi, *trial, *gradient, *in, *out;
  number *residual, *step, *scratch; /* n_tasks x n */
  double *halves;                    /* 2 n: real and imaginary parts */
  double *norms;                     /* n_tasks */
  task *task;
  double history[HISTORY]; /* largest norm after each step */
} newton;

static ndg_status open_newton(newton *s, ndg_problem *p, ndg_phase *phase, ndg_error *e) {
  *s = (newton){.problem = p,
                .phase = phase,
                .is_complex = ndg_vector_is_complex(phase->end),
                .n_tasks = p->tasks.arrays.n_tasks,
                .n = p->n_phi};
  const size_t size = s->n_tasks * s->n;
  ndg_vector **vectors[] = {&s->phi, &s->trial, &s->gradient, &s->in, &s->out};
  number **numbers[] = {&s->residual, &s->step, &s->scratch};
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

static void close_newton(newton *s) {
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

/* One task's numbers out of and into a vector of any element type. */
static void load(const newton *s, const ndg_vector *v, uint64_t t, number *out) {
  const double *pairs = ndg_task_data(v, t);
  if (!s->is_complex) {
    ndg_convert_to_f64(v->dtype, ndg_task_data(v, t), s->halves, s->n);
  }
  for (uint64_t i = 0; i < s->n; i++) {
    out[i] = s->is_complex ? pairs[2 * i] + pairs[2 * i + 1] * I : s->halves[i];
  }
}

static void store(const newton *s, ndg_vector *v, uint64_t t, const number *in) {
  double *pairs = ndg_task_data(v, t);
  for (uint64_t i = 0; i < s->n; i++) {
    if (s->is_complex) {
      pairs[2 * i] = creal(in[i]);
      pairs[2 * i + 1] = cimag(in[i]);
    } else {
      s->halves[i] = creal(in[i]);
    }
  }
  if (!s->is_complex) {
    ndg_convert_from_f64(v->dtype, ndg_task_data(v, t), s->halves, s->n);
  }
  v->identity = (ndg_identity){0, 0};
}

/* trial = φ − fraction step, in φ's own type: long double keeps digits that the step lacks. */
static void move(const newton *s, uint64_t t) {
  const number *step = s->step + t * s->n;
  const double by = s->task[t].fraction;
  const void *from = ndg_task_data(s->phi, t);
  void *to = ndg_task_data(s->trial, t);
  const uint64_t n = s->is_complex ? 2 * s->n : s->n;
  for (uint64_t i = 0; i < n; i++) {
    const number whole = step[s->is_complex ? i / 2 : i];
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

static void accept(const newton *s, uint64_t t) {
  memcpy(ndg_task_data(s->phi, t), ndg_task_data(s->trial, t),
         s->n * ndg_dtype_size(s->phi->dtype));
  load(s, s->gradient, t, s->residual + t * s->n);
}

/* ∂φ of the augmented loss and its norms. */
static ndg_status gradient_at(newton *s, const ndg_vector *phi, ndg_error *e) {
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

static ndg_status precondition(void *context, const number *x, number *y, ndg_error *e) {
  newton *s = context;
  (void)e;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    const number *in = x + t * s->n;
    number *out = y + t * s->n;
    if (s->task[t].status != RUNNING) {
      memset(out, 0, s->n * sizeof *out);
      continue;
    }
    for (uint64_t i = 0; i < s->n; i++) {
      s->halves[i] = creal(in[i]);
      s->halves[s->n + i] = cimag(in[i]);
    }
    const ndg_dense *factor = s->task[t].use_own ? &s->own : &s->base->dense;
    ndg_dense_solve_task(factor, t, s->is_complex ? 2 : 1, s->halves);
    for (uint64_t i = 0; i < s->n; i++) {
      out[i] = s->is_complex ? s->halves[i] + s->halves[s->n + i] * I : s->halves[i];
    }
  }
  return NDG_OK;
}

static ndg_status apply(void *context, const number *x, number *y, ndg_error *e) {
  newton *s = context;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    store(s, s->in, t, x + t * s->n);
  }
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_HVP,
                       .loss = NDG_AUGMENTED_LOSS,
                       .beta = s->phase->beta,
                       .phi = s->phi,
                       .direction = s->in,
                       .hvp = s->out};
  const ndg_status st = ndg_problem_evaluate(s->problem, &ev, e);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    load(s, s->out, t, y + t * s->n);
  }
  return st;
}

static bool running(const newton *s, uint64_t t, uint8_t level) {
  return s->task[t].status == RUNNING && s->task[t].level == level;
}

static bool any(const newton *s, uint8_t level) {
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (running(s, t, level)) {
      return true;
    }
  }
  return false;
}

/* Directions of the tasks that need products: into scratch, then into step. */
static ndg_status krylov_directions(newton *s, ndg_error *e) {
  const uint32_t limit = s->n < KRYLOV_LIMIT ? (uint32_t)s->n : KRYLOV_LIMIT;
  const ndg_gmres request = {.n_tasks = s->n_tasks,
                             .n = s->n,
                             .apply = apply,
                             .precondition = precondition,
                             .context = s,
                             .limit = limit,
                             .tolerance = KRYLOV_TOLERANCE};
  number *x = ndg_calloc(s->n_tasks * s->n, sizeof *x);
  if (!x) {
    return ndg_no_memory(e, "a Newton direction");
  }
  memset(s->scratch, 0, s->n_tasks * s->n * sizeof *s->scratch);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (running(s, t, KRYLOV)) {
      memcpy(s->scratch + t * s->n, s->residual + t * s->n, s->n * sizeof *s->scratch);
    }
  }
  const ndg_status st = ndg_gmres_solve(&request, s->scratch, x, s->norms, e);
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    if (running(s, t, KRYLOV)) {
      memcpy(s->step + t * s->n, x + t * s->n, s->n * sizeof *x);
      s->task[t].linear = s->norms[t];
    }
  }
  ndg_free(x);
  return st;
}

static double length(const number *x, uint64_t n) {
  double sum = 0;
  for (uint64_t i = 0; i < n; i++) {
    sum += creal(x[i]) * creal(x[i]) + cimag(x[i]) * cimag(x[i]);
  }
  return sqrt(sum);
}

static ndg_status find_directions(newton *s, ndg_error *e) {
  ndg_status st = NDG_OK;
  if (any(s, CHORD)) {
    st = precondition(s, s->residual, s->step, e);
  }
  if (st >= 0 && any(s, KRYLOV)) {
    st = krylov_directions(s, e);
  }
  ndg_vector_norms(s->phi, s->n, s->norms);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->task[t].distance = length(s->step + t * s->n, s->n) / s->norms[t];
  }
  return st;
}

/* Try the directions, shorter and shorter. A chord direction is tried once: if it does not help, a
   better direction is cheaper than a shorter step. */
static ndg_status line_search(newton *s, ndg_error *e) {
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    task *k = &s->task[t];
    k->before = k->norm;
    k->accepted = false;
    k->fraction = k->status == RUNNING ? 1 : 0;
    move(s, t);
  }
  for (int halving = 0; halving <= HALVINGS; halving++) {
    bool pending = false;
    const ndg_status st = gradient_at(s, s->trial, e);
    if (st < 0) {
      return st;
    }
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      task *k = &s->task[t];
      if (k->status != RUNNING || k->accepted) {
        continue;
      }
      if (s->norms[t] <= (1 - SUFFICIENT * k->fraction) * k->before) {
        k->accepted = true;
        k->norm = s->norms[t];
        accept(s, t);
      } else if (k->level == KRYLOV) {
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
static void escalate(task *k) {
  if (k->level == CHORD) {
    k->level = KRYLOV;
  } else if (!k->fresh) {
    k->remake = true;
    k->level = CHORD;
  } else if (!k->accepted) {
    k->status = STUCK;
  }
}

static void judge(const newton *s, task *k) {
  const double ratio = k->accepted ? k->norm / k->before : 1;
  const double near = sqrt(ndg_epsilon(s->phi->dtype));
  k->fresh = k->fresh && !k->accepted;
  if (k->norm <= k->goal || k->norm == 0) {
    k->status = AT_TOLERANCE;
  } else if (ratio > SLOW && k->norm <= k->round_off) {
    k->status = AT_ROUND_OFF;
  } else if (k->level == CHORD) {
    if (ratio > SLOW) {
      escalate(k);
    }
  } else if (ratio > 0.5 && k->linear <= GOOD_DIRECTION && k->distance <= near) {
    k->status = AT_ROUND_OFF; /* an accurate, tiny step that changes nothing */
  } else if (!k->accepted || !(k->linear <= GOOD_DIRECTION)) {
    escalate(k);
  }
}

/* Remake the factor of the tasks that ask for it at their current points. */
static ndg_status remake_factors(newton *s, ndg_error *e) {
  bool wanted = false;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    wanted = wanted || (s->task[t].status == RUNNING && s->task[t].remake);
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
    task *k = &s->task[t];
    if (k->status == RUNNING && k->remake) {
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
static ndg_status set_goals(newton *s, ndg_error *e) {
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

static ndg_status begin(newton *s, const ndg_factor *base, ndg_error *e) {
  ndg_problem *p = s->problem;
  ndg_vector_copy(s->phi, s->phase->start ? s->phase->start : p->start);
  ndg_status st = set_goals(s, e);
  if (st >= 0) {
    st = gradient_at(s, s->phi, e);
  }
  bool work = false;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    task *k = &s->task[t];
    k->norm = s->norms[t];
    k->status = !isfinite(k->norm) ? NOT_FINITE : k->norm <= k->goal ? AT_TOLERANCE : RUNNING;
    k->fresh = !base && s->phase->beta.re == 0 && s->phase->beta.im == 0;
    load(s, s->gradient, t, s->residual + t * s->n);
    work = work || k->status == RUNNING;
  }
  s->base = base;
  if (st >= 0 && !base && work && s->phase->steps > 0) {
    st = ndg_factor_at(p, s->phi, 0, &s->base, e);
  }
  ndg_vector_norms(s->phi, s->n, s->norms);
  for (uint64_t t = 0; st >= 0 && s->base && t < s->n_tasks; t++) {
    s->task[t].round_off = 32 * ndg_epsilon(s->phi->dtype) * s->base->norms[t] * s->norms[t];
  }
  return st;
}

static double largest_norm(const newton *s) {
  double largest = 0;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    if (isnan(s->task[t].norm)) {
      return NAN;
    }
    largest = fmax(largest, s->task[t].norm);
  }
  return largest;
}

static ndg_status iterate(newton *s, ndg_error *e) {
  s->history[0] = largest_norm(s);
  while (s->phase->steps_taken < s->phase->steps && (any(s, CHORD) || any(s, KRYLOV))) {
    if (ndg_problem_get_api()->cancelled(s->problem)) {
      return ndg_fail(e, NDG_EINVAL, "stopped on request at step %llu of a Newton phase",
                      (unsigned long long)s->phase->steps_taken);
    }
    ndg_status st = remake_factors(s, e);
    if (st >= 0) {
      st = find_directions(s, e);
    }
    if (st >= 0) {
      st = line_search(s, e);
    }
    if (st < 0) {
      return st;
    }
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      if (s->task[t].status == RUNNING) {
        judge(s, &s->task[t]);
      }
    }
    s->phase->steps_taken++;
    if (s->phase->steps_taken < HISTORY) {
      s->history[s->phase->steps_taken] = largest_norm(s);
    }
  }
  return NDG_OK;
}

/* Per step over the second half; 0 once the gradient is exactly zero. */
static double contraction(const newton *s) {
  const uint64_t last = s->phase->steps_taken < HISTORY ? s->phase->steps_taken : HISTORY - 1;
  const uint64_t middle = last / 2;
  if (last == 0) {
    return 0;
  }
  return pow(s->history[last] / s->history[middle], 1.0 / (double)(last - middle));
}

/* The worst task speaks for the phase. */
static ndg_status conclude(const newton *s, ndg_error *e) {
  const double steps = (double)s->phase->steps_taken;
  ndg_status st = NDG_OK;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    const task *k = &s->task[t];
    const bool missed = s->phase->tolerance > 0 && k->status != AT_TOLERANCE;
    if (k->status == NOT_FINITE) {
      return ndg_fail(e, NDG_DIVERGED,
                      "Newton's method: the gradient of task %llu is not finite where it starts",
                      (unsigned long long)t);
    }
    if (k->status == STUCK) {
      st = ndg_fail(e, NDG_NOT_CONVERGED,
                    "Newton's method is stuck in task %llu after %.0f steps with gradient norm "
                    "%.3g: no direction lowers it; use a smaller beta, or start nearer",
                    (unsigned long long)t, steps, k->norm);
    } else if (missed && st == NDG_OK) {
      st =
          ndg_fail(e, NDG_NOT_CONVERGED,
                   "Newton's method stopped in task %llu after %.0f steps%s at gradient norm %.3g, "
                   "above %.3g: allow more steps or a larger tolerance",
                   (unsigned long long)t, steps, k->status == AT_ROUND_OFF ? " at round-off" : "",
                   k->norm, k->goal);
    }
  }
  return st;
}

ndg_status ndg_newton_from(ndg_problem *p, ndg_phase *phase, const ndg_factor *base, ndg_error *e) {
  newton s;
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
  if (st >= 0) {
    st = iterate(&s, e);
  }
  if (st >= 0) {
    ndg_vector_copy(phase->end, s.phi);
    phase->gradient_norm = largest_norm(&s);
    phase->contraction = contraction(&s);
    st = conclude(&s, e);
  }
  close_newton(&s);
  return st;
}

ndg_status ndg_newton_relax(ndg_problem *p, ndg_phase *phase, ndg_error *e) {
  return ndg_newton_from(p, phase, NULL, e);
}
