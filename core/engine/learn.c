/* SPDX-License-Identifier: MIT */
/* Learning for its own sake: one free phase and how good its result is. */
#include <math.h>

#include "engine/internal.h"

static ndg_status loss_at(ndg_problem *p, uint32_t loss, const ndg_vector *phi, double *out,
                          ndg_error *e) {
  ndg_evaluation ev = {.struct_size = sizeof ev, .want = NDG_WANT_VALUE, .loss = loss, .phi = phi};
  const ndg_status st = ndg_problem_evaluate(p, &ev, e);
  *out = ev.value.re;
  return st;
}

static ndg_status learn(ndg_problem *p, ndg_vector *end, ndg_learning *out, ndg_error *e) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = p->inner.optimizer,
                     .end = end,
                     .steps = p->inner.steps,
                     .tolerance = p->inner.tolerance};
  const ndg_status soft = ndg_problem_relax(p, &phase, e);
  ndg_status st = soft;
  *out = (ndg_learning){
      .steps_taken = phase.steps_taken, .gradient_norm = phase.gradient_norm, .status = soft};
  if (st >= 0)
    st = loss_at(p, NDG_LEARN_LOSS, end, &out->learn_loss, e);
  if (st >= 0)
    st = loss_at(p, NDG_EVAL_LOSS, end, &out->eval_loss, e);
  if (st >= 0)
    st = ndg_problem_accuracy(p, end, &out->eval_accuracy, e);
  return st < 0 ? st : soft;
}

ndg_status ndg_problem_learn(ndg_problem *p, double *phi, ndg_learning *out, ndg_error *e) {
  ndg_outcomes_begin(p);
  ndg_vector *end = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  if (!end)
    return ndg_no_memory(e, "the learned parameters");
  const ndg_status st = learn(p, end, out, e);
  for (uint64_t t = 0; phi && st >= 0 && t < end->n_tasks; t++)
    ndg_convert_to_f64(end->dtype, ndg_task_data(end, t), phi + t * p->n_phi, p->n_phi);
  ndg_vector_destroy(end);
  atomic_store(&p->cancelled, 0);
  return st;
}
