/* SPDX-License-Identifier: MIT */
/* Learning looked at on its way, and what the learner predicts. */
#include <math.h>

#include "engine/internal.h"

static ndg_status check_steps(uint64_t n, const uint64_t *steps, ndg_error *e) {
  for (uint64_t i = 1; i < n; i++)
    if (steps[i] < steps[i - 1])
      return ndg_fail(e, NDG_EINVAL, "numbers of steps must ascend; %llu comes after %llu",
                      (unsigned long long)steps[i], (unsigned long long)steps[i - 1]);
  return NDG_OK;
}

/* The results at one number of steps. A task that has diverged has none. */
static ndg_status look(ndg_problem *p, const ndg_vector *at, double *learn_loss, double *eval_loss,
                       double *eval_accuracy, double *phi, ndg_error *e) {
  const uint64_t n_tasks = p->tasks.arrays.n_tasks, n = p->n_phi;
  double *const results[] = {learn_loss, eval_loss, eval_accuracy};
  ndg_status st = NDG_OK;
  if (learn_loss)
    st = ndg_problem_losses(p, NDG_LEARN_LOSS, at, learn_loss, e);
  if (st >= 0 && eval_loss)
    st = ndg_problem_losses(p, NDG_EVAL_LOSS, at, eval_loss, e);
  if (st >= 0 && eval_accuracy)
    st = ndg_problem_accuracies(p, at, eval_accuracy, e);
  for (uint64_t t = 0; st >= 0 && t < n_tasks; t++) {
    const bool lost = p->outcome.status[t] == NDG_TASK_DIVERGED;
    for (int i = 0; lost && i < 3; i++)
      if (results[i])
        results[i][t] = NAN;
    if (phi)
      ndg_convert_to_f64(at->dtype, ndg_task_data(at, t), phi + t * n, n);
    for (uint64_t i = 0; lost && phi && i < n; i++)
      phi[t * n + i] = NAN;
  }
  return st;
}

static double *part(double *of, uint64_t i, uint64_t size) {
  return of ? of + i * size : NULL;
}

/* Every phase goes on from the one before, which is kept. */
static ndg_status adapt(ndg_problem *p, uint64_t n, const uint64_t *steps, double *learn_loss,
                        double *eval_loss, double *eval_accuracy, double *phi, ndg_vector *end,
                        ndg_error *e) {
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  ndg_status soft = NDG_OK;
  for (uint64_t i = 0; i < n; i++) {
    ndg_error local = {0};
    ndg_phase phase = {.struct_size = sizeof phase,
                       .optimizer = p->inner.optimizer,
                       .end = end,
                       .steps = steps[i]};
    ndg_status st = ndg_problem_relax(p, &phase, &local);
    if (st != NDG_OK && soft == NDG_OK)
      ndg_fail(e, st, "%s", local.text);
    soft = soft == NDG_OK || st < 0 ? st : soft;
    if (st >= 0)
      st = look(p, end, part(learn_loss, i, n_tasks), part(eval_loss, i, n_tasks),
                part(eval_accuracy, i, n_tasks), part(phi, i, n_tasks * p->n_phi), e);
    if (st < 0)
      return st;
  }
  return soft;
}

ndg_status ndg_problem_adapt(ndg_problem *p, uint64_t n, const uint64_t *steps, double *learn_loss,
                             double *eval_loss, double *eval_accuracy, double *phi, ndg_error *e) {
  ndg_error own;
  e = e ? e : &own;
  *e = (ndg_error){0};
  ndg_status st = check_steps(n, steps, e);
  if (st < 0)
    return st;
  ndg_outcomes_begin(p);
  ndg_vector *end = ndg_problem_new_vector(p, NDG_PHI, false, 0);
  st = end ? adapt(p, n, steps, learn_loss, eval_loss, eval_accuracy, phi, end, e)
           : ndg_no_memory(e, "the learned parameters");
  ndg_vector_destroy(end);
  atomic_store(&p->cancelled, 0);
  return st;
}

ndg_status ndg_problem_judge(ndg_problem *p, const double *phi, double *learn_loss,
                             double *eval_loss, double *eval_accuracy, ndg_error *e) {
  ndg_error own;
  e = e ? e : &own;
  *e = (ndg_error){0};
  ndg_status st = ndg_problem_scratch(p, &p->gradient[0], NDG_PHI, false, 0, e);
  if (st < 0)
    return st;
  ndg_vector *at = p->gradient[0]; /* free between phases */
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++)
    ndg_convert_from_f64(p->dtype, ndg_task_data(at, t), phi + t * p->n_phi, p->n_phi);
  ndg_outcomes_begin(p); /* no task is lost: none has learned */
  return look(p, at, learn_loss, eval_loss, eval_accuracy, NULL, e);
}

bool ndg_problem_has_accuracy(const ndg_problem *p) {
  return p->built[NDG_BUILT_FULL].eval_accuracy != NDG_NO_NODE;
}

bool ndg_problem_prediction_shape(const ndg_problem *p, ndg_shape *shape) {
  const ndg_node node = p->built[NDG_BUILT_FULL].predictions;
  if (node)
    *shape = ndg_graph_get(p->graph, node)->shape;
  return node != NDG_NO_NODE;
}

ndg_status ndg_problem_predict(ndg_problem *p, const double *phi, double *out, ndg_error *e) {
  const uint64_t n_tasks = p->tasks.arrays.n_tasks;
  const ndg_request request = {.compute = NDG_COMPUTE_PREDICTIONS};
  ndg_compiled *program;
  ndg_shape shape;
  if (!ndg_problem_prediction_shape(p, &shape))
    return ndg_fail(e, NDG_ECAPABILITY, "learner %s has no predictions",
                    p->learner.loaded->component->id);
  const uint64_t n = ndg_shape_size(&shape);
  ndg_status st = ndg_programs_get(p, &request, &program, e);
  if (st >= 0)
    st = ndg_problem_scratch(p, &p->gradient[0], NDG_PHI, false, 0, e);
  if (st >= 0 && !p->predictions)
    p->predictions = ndg_vector_create(NDG_PHI, p->dtype, n_tasks, n);
  if (st >= 0 && !p->predictions)
    st = ndg_no_memory(e, "predictions");
  if (st < 0)
    return st;
  ndg_vector *at = p->gradient[0]; /* free between phases */
  for (uint64_t t = 0; t < n_tasks; t++)
    ndg_convert_from_f64(p->dtype, ndg_task_data(at, t), phi + t * p->n_phi, p->n_phi);
  ndg_programs_bind(p, program, 0, &(ndg_operands){.vector[NDG_AT_STATE] = at},
                    &(ndg_targets){.vector[NDG_TO_VALUE] = p->predictions});
  ndg_programs_run(program, 0);
  for (uint64_t t = 0; t < n_tasks; t++)
    ndg_convert_to_f64(p->dtype, ndg_task_data(p->predictions, t), out + t * n, n);
  return NDG_OK;
}
