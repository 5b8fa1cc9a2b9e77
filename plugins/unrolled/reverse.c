/* SPDX-License-Identifier: MIT */
/* Learning to the window, through it with every memory regime, and back. */
#include <stdlib.h>

#include "schedule.h"
#include "unrolled.h"

/* One estimate under way. */
typedef struct estimate {
  const unrolled_options *options;
  const ndg_problem_api *api;
  ndg_problem *problem;
  ndg_record *record;
  ndg_error *error;
  ndg_optimizer optimizer;
  uint64_t n_tasks, steps, window;
  uint64_t first;               /* number of the window's first step */
  int missed;                   /* learning did not reach the problem's tolerance */
  ndg_vector *last;             /* STATE after all steps */
  ndg_vector *adjoint;          /* STATE */
  ndg_vector *direct, *through; /* THETA: ∂θL^eval, and what comes through learning */
} estimate;

static ndg_status no_memory(estimate *x, uint64_t n) {
  return ndg_fail(x->error, NDG_ENOMEM,
                  "no memory for %llu states; use memory = checkpoint or a smaller window",
                  (unsigned long long)n);
}

static ndg_vector *new_state(estimate *x) {
  return x->api->vector(x->problem, NDG_STATE, 0, &x->optimizer);
}

static ndg_status relax(estimate *x, ndg_phase *p) {
  p->struct_size = sizeof *p;
  p->optimizer = x->optimizer;
  ndg_error local = {0};
  const ndg_status st = x->api->relax(x->problem, p, &local);
  if (st == NDG_NOT_CONVERGED) {
    x->missed = 1;
    return NDG_OK; /* steps that stop above a tolerance can be unrolled all the same */
  }
  if (st == NDG_DIVERGED && x->n_tasks > 1) { /* the host leaves those tasks out */
    return learning_settle(x->record, st, &local, x->error);
  }
  return st == NDG_OK ? NDG_OK : ndg_fail(x->error, st, "%s", local.text);
}

/* n steps from step `first` on; start NULL: from the initial point. */
static ndg_status advance(estimate *x, const ndg_vector *start, ndg_vector *end, uint64_t first,
                          uint64_t n) {
  ndg_phase p = {.start = start, .end = end, .first_step = first, .steps = n};
  return relax(x, &p);
}

/* The number stays good for what was learned; that this is not what was asked for is said. */
static void note_missed(estimate *x) {
  ndg_problem_info info = {.struct_size = sizeof info};
  x->api->describe(x->problem, &info);
  x->record->status = NDG_NOT_CONVERGED;
  (void)snprintf(x->record->note, sizeof x->record->note,
                 "learning did not reach the problem's tolerance %.3g in %llu steps: the gradient "
                 "is exact for the steps taken, not for the solution; allow more steps or a "
                 "larger tolerance, or set steps of the rule",
                 info.tolerance, (unsigned long long)x->steps);
}

ndg_status unrolled_check_window(const unrolled_options *o, uint64_t steps, ndg_error *e) {
  if ((uint64_t)o->window <= steps) {
    return NDG_OK;
  }
  return ndg_fail(e, NDG_EINVAL,
                  "window = %lld is more than the %llu steps of learning; choose at most that, or "
                  "window = 0 for all of them",
                  (long long)o->window, (unsigned long long)steps);
}

/* How many steps there are, and through how many of them to go back. */
static ndg_status count_steps(estimate *x) {
  const unrolled_options *o = x->options;
  ndg_problem_info info = {.struct_size = sizeof info};
  x->api->describe(x->problem, &info);
  if (o->optimizer == NDG_OPTIMIZER_PROBLEM && info.optimizer.kind == NDG_NEWTON) {
    return ndg_fail(x->error, NDG_EINVAL,
                    "the problem's inner optimiser is newton, whose steps are not differentiable; "
                    "set optimizer, lr and steps of the rule");
  }
  const ndg_status usable =
      learning_check_problem("momentum", o->optimizer, o->momentum, &info, x->error);
  if (usable < 0) {
    return usable;
  }
  x->n_tasks = info.n_tasks;
  x->steps = o->steps < 0 ? info.steps : (uint64_t)o->steps;
  const ndg_status fits = unrolled_check_window(o, x->steps, x->error);
  if (fits < 0) {
    return fits;
  }
  if (o->steps < 0 && info.tolerance > 0) {
    if (info.n_tasks > 1) {
      return ndg_fail(x->error, NDG_EINVAL,
                      "the problem's %llu tasks stop at a tolerance, after different numbers of "
                      "steps; set steps of the rule",
                      (unsigned long long)info.n_tasks);
    }
    ndg_phase p = {.end = x->last, .steps = info.steps, .tolerance = info.tolerance};
    const ndg_status st = relax(x, &p);
    if (st != NDG_OK) {
      return st;
    }
    x->steps = p.steps_taken;
  }
  const uint64_t window = (uint64_t)o->window; /* learning may have ended early at a tolerance */
  x->window = window == 0 || window > x->steps ? x->steps : window;
  x->first = o->state == FRESH ? 0 : x->steps - x->window;
  return NDG_OK;
}

/* At x->last: the adjoint of the last state, and the direct derivative. */
static ndg_status seed(estimate *x) {
  const ndg_complex one = {1, 0};
  ndg_vector *g = x->api->vector(x->problem, NDG_PHI, 0, NULL);
  if (!g) {
    return no_memory(x, 1);
  }
  ndg_evaluation v = {.struct_size = sizeof v,
                      .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                      .loss = NDG_EVAL_LOSS,
                      .phi = x->last,
                      .grad_phi = g,
                      .grad_theta = x->direct};
  ndg_status st = x->api->evaluate(x->problem, &v, x->error);
  if (st == NDG_OK) {
    const ndg_vector *in = g;
    st = x->api->combine(x->problem, x->adjoint, one, 1, &one, &in, x->error);
  }
  x->api->release(x->problem, g);
  return st;
}

static ndg_status reverse_step(estimate *x, const ndg_vector *before, uint64_t step) {
  if (x->api->cancelled(x->problem)) {
    return ndg_fail(x->error, NDG_EINVAL, "stopped on request at step %llu",
                    (unsigned long long)step);
  }
  return x->api->step_transposed(x->problem, &x->optimizer, before, step, x->adjoint, x->through,
                                 x->error);
}

/* The window, from the state in state[0], with every state held. */
static ndg_status reverse_stored(estimate *x, ndg_vector **state) {
  ndg_phase p = {.record = 1,
                 .start = state[0],
                 .end = x->last,
                 .first_step = x->first,
                 .steps = x->window,
                 .states = state};
  ndg_status st = relax(x, &p);
  if (st == NDG_OK) {
    st = seed(x);
  }
  for (uint64_t i = x->window; st == NDG_OK && i-- > 0;) {
    st = reverse_step(x, state[i], x->first + i);
  }
  return st;
}

/* The same with n snapshots and one state to work with. */
static ndg_status reverse_scheduled(estimate *x, ndg_vector **state, uint64_t n,
                                    uint64_t *position) {
  ndg_status st = NDG_OK;
  int seeded = 0;
  schedule plan;
  schedule_start(&plan, x->window, n, position);
  while (st == NDG_OK) {
    const schedule_action go = schedule_next(&plan);
    if (go.kind == SCHEDULE_DONE) {
      break;
    }
    if (go.kind == SCHEDULE_ADVANCE) {
      st = advance(x, state[go.from], state[go.to], x->first + go.step, go.n);
      continue;
    }
    if (!seeded) {
      st = advance(x, state[go.from], x->last, x->first + go.step, 1);
      st = st == NDG_OK ? seed(x) : st;
      seeded = 1;
    }
    if (st == NDG_OK) {
      st = reverse_step(x, state[go.from], x->first + go.step);
    }
  }
  return st;
}

/* Learning up to the window. */
static ndg_status approach(estimate *x, ndg_vector *state) {
  const ndg_complex one = {1, 0};
  const uint64_t n = x->steps - x->window;
  if (x->options->state == CARRIED) {
    return advance(x, NULL, state, 0, n);
  }
  ndg_vector *phi = x->api->vector(x->problem, NDG_PHI, 0, NULL);
  const ndg_vector *in = phi;
  if (!phi) {
    return no_memory(x, 1);
  }
  ndg_status st = advance(x, NULL, phi, 0, n);
  if (st == NDG_OK) { /* what lies behind phi in a new state is zero */
    st = x->api->combine(x->problem, state, one, 1, &one, &in, x->error);
  }
  x->api->release(x->problem, phi);
  return st;
}

/* States that memory = automatic may hold. */
static uint64_t affordable(const estimate *x) {
  static const uint64_t most_bytes = UINT64_C(192) << 20;
  static const uint64_t size[] = {[NDG_F32] = sizeof(float),
                                  [NDG_F64] = sizeof(double),
                                  [NDG_LONG_DOUBLE] = sizeof(long double)};
  static const uint64_t vectors[] = {
      [NDG_GRADIENT_DESCENT] = 1, [NDG_HEAVY_BALL] = 2, [NDG_NESTEROV] = 2, [NDG_ADAM] = 3};
  ndg_problem_info info = {.struct_size = sizeof info};
  x->api->describe(x->problem, &info);
  const int32_t own = x->options->optimizer;
  const uint64_t kind = own == NDG_OPTIMIZER_PROBLEM ? info.optimizer.kind : (uint32_t)own;
  return most_bytes / size[info.dtype] / vectors[kind] / info.n_phi / info.n_tasks;
}

static uint64_t count_snapshots(const estimate *x) {
  const int32_t memory = x->options->memory;
  const uint64_t given = (uint64_t)x->options->snapshots;
  uint64_t n = given, most = memory == AUTOMATIC ? affordable(x) : 0;
  if (memory == RECOMPUTE) {
    return 1;
  }
  while (given == 0 && n < 63 && ((uint64_t)1 << n) < x->window) {
    n++;
  }
  n = n < most ? most : n;
  n = n < 1 ? 1 : n;
  return n < x->window ? n : x->window;
}

static ndg_status reverse_window(estimate *x) {
  const int32_t memory = x->options->memory;
  const int stored = memory == STORE_ALL || (memory == AUTOMATIC && x->window < affordable(x));
  const uint64_t n = stored ? x->window : count_snapshots(x);
  ndg_status st = NDG_OK;
  uint64_t made = 0;
  if (n > SIZE_MAX / sizeof(ndg_vector *) - 1) {
    return no_memory(x, n);
  }
  ndg_vector **state = calloc(n + 1, sizeof *state);
  uint64_t *position = calloc(n, sizeof *position);
  /* There may be millions of small ones. */
  while (state && made < n + 1 && !x->api->cancelled(x->problem) && (state[made] = new_state(x))) {
    made++;
  }
  if (made < n + 1 && x->api->cancelled(x->problem)) {
    st = ndg_fail(x->error, NDG_EINVAL, "stopped on request");
  } else if (made < n + 1 || !position) {
    st = no_memory(x, n + 1);
  } else {
    st = approach(x, state[0]);
  }
  if (st == NDG_OK) {
    st = stored ? reverse_stored(x, state) : reverse_scheduled(x, state, n, position);
  }
  for (uint64_t i = 0; i < made; i++) {
    x->api->release(x->problem, state[i]);
  }
  free(position);
  free(state);
  return st;
}

static ndg_status go_back(estimate *x) {
  ndg_status st = count_steps(x);
  if (st != NDG_OK) {
    return st;
  }
  if (x->window > 0) {
    st = reverse_window(x);
  } else {
    st = advance(x, NULL, x->last, 0, 0);
    st = st == NDG_OK ? seed(x) : st;
  }
  if (st == NDG_OK && (x->window == x->steps || x->options->start == WINDOW)) {
    st = x->api->start_transposed(x->problem, x->adjoint, x->through, x->error);
  }
  return st;
}

ndg_status unrolled_estimate(const void *options, const ndg_problem_api *api, ndg_problem *problem,
                             ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  const unrolled_options *o = options;
  const ndg_complex one = {1, 0}, none = {NAN, 0}, weights[] = {{1, 0}, {1, 0}};
  estimate x = {.options = options, .api = api, .problem = problem, .record = record, .error = e};
  x.optimizer = learning_optimizer(o->optimizer, o->lr, o->momentum);
  x.last = new_state(&x);
  x.adjoint = new_state(&x);
  x.direct = api->vector(problem, NDG_THETA, 0, NULL);
  x.through = api->vector(problem, NDG_THETA, 0, NULL);
  if (!x.last || !x.adjoint || !x.direct || !x.through) {
    return no_memory(&x, 2);
  }
  const ndg_status learned = go_back(&x);
  if (learned < 0) {
    return learned;
  }
  /* Where learning diverged there is no number: NaN, not zero. */
  const ndg_vector *const in[] = {x.direct, x.through};
  const ndg_status st =
      api->combine(problem, gradient, learned == NDG_OK ? one : none, 2, weights, in, e);
  if (st >= 0 && record->status == NDG_OK && learned == NDG_OK && x.missed) {
    note_missed(&x);
  }
  return st < 0 ? st : learned;
}
