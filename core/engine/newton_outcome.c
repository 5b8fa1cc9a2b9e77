/* SPDX-License-Identifier: MIT */
/* What came out of a Newton phase: how each task stands, in words, and whether it is a minimum. */
#include "engine/newton.h"

static bool is_short(const ndg_newton *s, uint64_t t) {
  const uint8_t status = s->task[t].status;
  return status == NDG_STUCK || (s->phase->tolerance > 0 && status != NDG_AT_TOLERANCE);
}

/* To the phase that was asked for. */
static void tell(const ndg_newton *s) {
  const ndg_task_states *out = &s->problem->phase;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    const uint8_t status = s->task[t].status;
    const bool running = status == NDG_RUNNING || is_short(s, t);
    out->step[t] = s->phase->steps_taken;
    out->status[t] = status == NDG_NOT_FINITE ? NDG_TASK_DIVERGED
                     : running                ? NDG_TASK_RUNNING
                                              : NDG_TASK_CONVERGED;
    out->soft[t] = is_short(s, t) ? 1u << NDG_NOT_CONVERGED : 0;
  }
}

ndg_status ndg_newton_conclude(const ndg_newton *s, ndg_error *e) {
  const double steps = (double)s->phase->steps_taken;
  ndg_status st = NDG_OK;
  tell(s);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    const ndg_newton_task *k = &s->task[t];
    char task[NDG_TASK_NAME_SIZE];
    ndg_task_name(&s->problem->tasks.labels, t, task);
    if (k->status == NDG_NOT_FINITE) {
      return ndg_fail(e, NDG_DIVERGED,
                      "Newton's method: the gradient of %s is not finite where it starts", task);
    }
    if (k->status == NDG_STUCK) {
      st = ndg_fail(e, NDG_NOT_CONVERGED,
                    "Newton's method is stuck in %s after %.0f steps with gradient norm "
                    "%.3g: no direction lowers it; use a smaller beta, or start nearer",
                    task, steps, k->norm);
    } else if (is_short(s, t) && st == NDG_OK) {
      st = ndg_fail(e, NDG_NOT_CONVERGED,
                    "Newton's method stopped in %s after %.0f steps%s at gradient norm %.3g, "
                    "above %.3g: allow more steps or a larger tolerance",
                    task, steps, k->status == NDG_AT_ROUND_OFF ? " at round-off" : "", k->norm,
                    k->goal);
    }
  }
  return st;
}

/* Is the Hessian of a task where it ended known to be positive definite? Steps with one positive
   definite factor contract towards minima only. */
static bool known_minimum(const ndg_newton *s, uint64_t t) {
  const ndg_newton_task *k = &s->task[t];
  const ndg_dense *factor = k->use_own ? &s->own : s->base ? &s->base->dense : NULL;
  return factor && !factor->is_lu[t] && k->level == NDG_CHORD && k->status != NDG_RUNNING;
}

ndg_status ndg_newton_check_minimum(ndg_newton *s, ndg_error *e) {
  const ndg_phase *ph = s->phase;
  const ndg_factor *factor;
  bool known = true;
  if (ph->beta.re != 0 || ph->beta.im != 0 || s->is_complex || (ph->start && !ph->steps_taken)) {
    return NDG_OK;
  }
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    known = known && known_minimum(s, t);
  }
  if (known) {
    return NDG_OK;
  }
  ndg_error reason = {0};
  ndg_status st = ndg_factor_at(s->problem, s->phi, 0, &factor, &reason);
  if (st < 0) { /* singular: not definite either */
    return ndg_fail(e, st == NDG_ENUMERIC ? NDG_NOT_CONVERGED : st, "end of the free phase: %s",
                    reason.text);
  }
  st = NDG_OK;
  for (uint64_t t = s->n_tasks; t-- > 0;) { /* the first has the last word */
    if (factor->dense.is_lu[t] == NDG_LU) {
      char task[NDG_TASK_NAME_SIZE];
      ndg_task_name(&s->problem->tasks.labels, t, task);
      s->problem->phase.soft[t] = 1u << NDG_NOT_CONVERGED;
      st = ndg_fail(e, NDG_NOT_CONVERGED,
                    "the Hessian at the end of the free phase is not positive definite (saddle): "
                    "learn_loss of %s has no minimum there; add a penalty to it, or start "
                    "elsewhere",
                    task);
    }
  }
  return st;
}
