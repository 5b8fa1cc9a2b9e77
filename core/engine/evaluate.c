/* SPDX-License-Identifier: MIT */
/* Values and derivatives of the losses at one point, on all samples. */
#include <math.h>

#include "engine/internal.h"

enum {
  WANT_ALL = NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA | NDG_WANT_HVP |
             NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD
};

/* What is wanted, where it goes and what it is made of. */
static const struct {
  uint32_t want, target, space;
  const char *name;
} results[] = {
    {NDG_WANT_GRAD_PHI, NDG_TO_GRAD_PHI, NDG_PHI, "grad_phi"},
    {NDG_WANT_GRAD_THETA, NDG_TO_GRAD_THETA, NDG_THETA, "grad_theta"},
    {NDG_WANT_HVP, NDG_TO_HVP, NDG_PHI, "hvp"},
    {NDG_WANT_MIXED, NDG_TO_MIXED, NDG_THETA, "mixed"},
    {NDG_WANT_MIXED_FORWARD, NDG_TO_MIXED_FORWARD, NDG_PHI, "mixed_forward"},
};
enum { N_RESULTS = sizeof results / sizeof *results };

static ndg_status check_request(const ndg_evaluation *ev, ndg_error *e) {
  if (ev->struct_size < sizeof *ev)
    return ndg_fail(e, NDG_EINVAL, "an evaluation of %u bytes: struct_size is not set",
                    ev->struct_size);
  if (ev->want == 0 || (ev->want & ~(uint32_t)WANT_ALL))
    return ndg_fail(e, NDG_EINVAL, "an evaluation wants 0x%x, which is not a set of NDG_WANT_*",
                    ev->want);
  if (ev->loss > NDG_AUGMENTED_LOSS)
    return ndg_fail(e, NDG_EINVAL, "unknown loss %u", ev->loss);
  if (!isfinite(ev->beta.re) || !isfinite(ev->beta.im))
    return ndg_fail(e, NDG_EINVAL, "beta is not a finite number");
  if ((ev->want & NDG_WANT_MIXED_FORWARD) && (ev->want & (NDG_WANT_HVP | NDG_WANT_MIXED)))
    return ndg_fail(e, NDG_EINVAL,
                    "mixed_forward takes a direction in theta, hvp and mixed one in phi: ask for "
                    "them one after the other");
  return NDG_OK;
}

static ndg_status check_vectors(const ndg_problem *p, const ndg_evaluation *ev,
                                const ndg_targets *out, ndg_error *e) {
  const uint32_t directed = NDG_WANT_HVP | NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD;
  const bool is_complex = ev->phi && ndg_vector_is_complex(ev->phi);
  ndg_status st = ndg_problem_check_vector(p, ev->phi, "phi", NDG_PHI, is_complex, e);
  if (st >= 0 && !is_complex && ev->loss == NDG_AUGMENTED_LOSS && ev->beta.im != 0)
    return ndg_fail(e, NDG_EINVAL, "an evaluation at complex beta needs complex vectors");
  if (st >= 0 && (ev->want & directed))
    st = ndg_problem_check_vector(p, ev->direction, "direction",
                                  ev->want & NDG_WANT_MIXED_FORWARD ? NDG_THETA : NDG_PHI,
                                  is_complex, e);
  for (int i = 0; st >= 0 && i < N_RESULTS; i++) {
    const ndg_vector *v = out->vector[results[i].target];
    if (!(ev->want & results[i].want))
      continue;
    st = ndg_problem_check_vector(p, v, results[i].name, results[i].space, is_complex, e);
    bool shared = v == ev->phi || (v == ev->direction && (ev->want & directed));
    for (int j = 0; j < i; j++)
      shared = shared || ((ev->want & results[j].want) && v == out->vector[results[j].target]);
    if (st >= 0 && shared)
      return ndg_fail(e, NDG_EINVAL, "%s needs a vector of its own", results[i].name);
  }
  return st;
}

/* One number per task, for losses and accuracies. */
static ndg_status value_vector(ndg_problem *p, bool is_complex, ndg_error *e) {
  ndg_vector **v = &p->values[is_complex];
  if (!*v)
    *v = ndg_vector_create(NDG_PHI, is_complex ? NDG_C128 : p->dtype, p->tasks.arrays.n_tasks, 1);
  return *v ? NDG_OK : ndg_no_memory(e, "losses");
}

static ndg_complex mean_value(const ndg_vector *v) {
  long double re = 0, im = 0;
  for (uint64_t t = 0; t < v->n_tasks; t++) {
    const void *at = ndg_task_data(v, t);
    switch (v->dtype) {
    case NDG_F32:
      re += *(const float *)at;
      break;
    case NDG_LONG_DOUBLE:
      re += *(const long double *)at;
      break;
    default:
      re += *(const double *)at;
      im += v->dtype == NDG_C128 ? ((const double *)at)[1] : 0;
      break;
    }
  }
  const long double n = (long double)v->n_tasks;
  return (ndg_complex){(double)(re / n), (double)(im / n)};
}

static void count(ndg_problem *p, const ndg_evaluation *ev) {
  ndg_record *r = &p->record;
  r->gradient_evaluations += (ev->want & (NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA)) != 0;
  r->hessian_vector_products += (ev->want & NDG_WANT_HVP) != 0;
  r->mixed_products += (ev->want & NDG_WANT_MIXED) != 0;
  r->mixed_products += (ev->want & NDG_WANT_MIXED_FORWARD) != 0;
  if (ev->want & (NDG_WANT_HVP | NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD))
    r->nonlocal |= NDG_USES_SECOND_DERIVATIVES;
  if (ndg_vector_is_complex(ev->phi))
    r->nonlocal |= NDG_USES_COMPLEX_STATE;
}

ndg_status ndg_problem_evaluate(ndg_problem *p, ndg_evaluation *ev, ndg_error *e) {
  ndg_targets out = {.vector = {[NDG_TO_GRAD_PHI] = ev->grad_phi,
                                [NDG_TO_GRAD_THETA] = ev->grad_theta,
                                [NDG_TO_HVP] = ev->hvp,
                                [NDG_TO_MIXED] = ev->mixed,
                                [NDG_TO_MIXED_FORWARD] = ev->mixed_forward}};
  ndg_status st = check_request(ev, e);
  if (st >= 0)
    st = check_vectors(p, ev, &out, e);
  if (st < 0)
    return st;
  const bool is_complex = ndg_vector_is_complex(ev->phi);
  const bool unnudged = ev->loss == NDG_AUGMENTED_LOSS && ev->beta.re == 0 && ev->beta.im == 0;
  const ndg_request request = {NDG_COMPUTE_EVALUATION, ev->want,
                               unnudged ? NDG_LEARN_LOSS : ev->loss, 0, is_complex};
  ndg_compiled *program;
  st = ndg_programs_get(p, &request, &program, e);
  if (st >= 0)
    st = value_vector(p, is_complex, e);
  if (st < 0)
    return st;
  out.vector[NDG_TO_VALUE] = p->values[is_complex];
  const ndg_operands in = {.vector = {[NDG_AT_STATE] = ev->phi,
                                      [NDG_AT_DIRECTION] = ev->direction,
                                      [NDG_AT_THETA_DIRECTION] = ev->direction}};
  ndg_programs_set_beta(p, ev->beta);
  ndg_programs_bind(p, program, 0, &in, &out);
  ndg_programs_run(program, 0);
  for (int i = 0; i < N_RESULTS; i++)
    if (ev->want & results[i].want)
      out.vector[results[i].target]->identity = (ndg_identity){0, 0};
  if (ev->want & NDG_WANT_VALUE)
    ev->value = mean_value(p->values[is_complex]);
  count(p, ev);
  return NDG_OK;
}

static void each_value(const ndg_vector *v, double *each) {
  for (uint64_t t = 0; t < v->n_tasks; t++)
    ndg_convert_to_f64(v->dtype, ndg_task_data(v, t), each + t, 1);
}

ndg_status ndg_problem_losses(ndg_problem *p, uint32_t loss, const ndg_vector *phi, double *each,
                              ndg_error *e) {
  ndg_evaluation ev = {.struct_size = sizeof ev, .want = NDG_WANT_VALUE, .loss = loss, .phi = phi};
  const ndg_status st = ndg_problem_evaluate(p, &ev, e);
  if (st >= 0)
    each_value(p->values[0], each);
  return st;
}

ndg_status ndg_problem_accuracies(ndg_problem *p, const ndg_vector *phi, double *each,
                                  ndg_error *e) {
  double mean;
  const ndg_status st = ndg_problem_accuracy(p, phi, &mean, e);
  if (st >= 0 && ndg_problem_has_accuracy(p))
    each_value(p->values[0], each);
  for (uint64_t t = 0; !ndg_problem_has_accuracy(p) && t < p->tasks.arrays.n_tasks; t++)
    each[t] = NAN;
  return st;
}

ndg_status ndg_problem_accuracy(ndg_problem *p, const ndg_vector *phi, double *mean, ndg_error *e) {
  *mean = NAN;
  if (!p->built[NDG_BUILT_FULL].eval_accuracy)
    return NDG_OK;
  const ndg_request request = {.compute = NDG_COMPUTE_ACCURACY};
  ndg_compiled *program;
  ndg_status st = ndg_problem_check_vector(p, phi, "phi", NDG_PHI, false, e);
  if (st >= 0)
    st = ndg_programs_get(p, &request, &program, e);
  if (st >= 0)
    st = value_vector(p, false, e);
  if (st < 0)
    return st;
  ndg_programs_bind(p, program, 0, &(ndg_operands){.vector[NDG_AT_STATE] = phi},
                    &(ndg_targets){.vector[NDG_TO_VALUE] = p->values[0]});
  ndg_programs_run(program, 0);
  *mean = mean_value(p->values[0]).re;
  return NDG_OK;
}
