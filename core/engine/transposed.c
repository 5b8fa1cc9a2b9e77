/* SPDX-License-Identifier: MIT */
/* Reverse mode through learning: an optimiser step and the initial point, transposed. */
#include "engine/internal.h"

static const ndg_complex one[2] = {{1, 0}, {1, 0}};

static ndg_status check(const ndg_problem *p, const ndg_optimizer *o, const ndg_vector *state,
                        const ndg_vector *adjoint, const ndg_vector *theta_adjoint, ndg_error *e) {
  const uint64_t length = p->n_phi * (1 + ndg_optimizer_slots(o->kind));
  if (o->kind == NDG_NEWTON)
    return ndg_fail(e, NDG_ECAPABILITY,
                    "a Newton phase cannot be transposed step by step; use another optimizer");
  ndg_status st = ndg_problem_check_vector(p, state, "state", NDG_STATE, false, e);
  if (st >= 0)
    st = ndg_problem_check_vector(p, adjoint, "adjoint", NDG_STATE, false, e);
  if (st >= 0)
    st = ndg_problem_check_vector(p, theta_adjoint, "theta_adjoint", NDG_THETA, false, e);
  if (st >= 0 && (state->length != length || adjoint->length != length))
    return ndg_fail(e, NDG_EINVAL, "state and adjoint must be states of %s",
                    ndg_optimizer_name(o->kind));
  if (st >= 0 && state == adjoint)
    return ndg_fail(e, NDG_EINVAL, "adjoint needs a vector of its own");
  return st;
}

static void swap_data(ndg_vector *a, ndg_vector *b) {
  void *data = a->data;
  a->data = b->data;
  b->data = data;
}

ndg_status ndg_problem_step_transposed(ndg_problem *p, const ndg_optimizer *optimizer,
                                       const ndg_vector *state, uint64_t step, ndg_vector *adjoint,
                                       ndg_vector *theta_adjoint, ndg_error *e) {
  ndg_optimizer o;
  ndg_compiled *program;
  ndg_status st = ndg_optimizer_resolve(p, optimizer, &o, e);
  if (st >= 0)
    st = check(p, &o, state, adjoint, theta_adjoint, e);
  if (st < 0)
    return st;
  const ndg_request request = {NDG_COMPUTE_TRANSPOSED_STEP, 0, NDG_LEARN_LOSS, o.kind, 0};
  ndg_vector **scratch = &p->state[0][ndg_optimizer_slots(o.kind)][0];
  st = ndg_programs_get(p, &request, &program, e);
  if (st >= 0)
    st = ndg_problem_scratch(p, scratch, NDG_STATE, false, o.kind, e);
  if (st >= 0)
    st = ndg_problem_scratch(p, &p->theta_scratch[0], NDG_THETA, false, 0, e);
  if (st < 0)
    return st;
  const ndg_operands in = {.vector = {[NDG_AT_STATE] = state, [NDG_AT_SEED] = adjoint}};
  const ndg_targets out = {
      .vector = {[NDG_TO_STATE] = *scratch, [NDG_TO_GRAD_THETA] = p->theta_scratch[0]}};
  ndg_programs_set_optimizer(p, &o);
  ndg_programs_set_steps(p, &o, step, 1);
  ndg_minibatches_draw(p, NDG_LEARN_LOSS, step, 0);
  ndg_programs_bind(p, program, 0, &in, &out);
  ndg_programs_run(program, 0);
  swap_data(adjoint, *scratch); /* both are states of this optimizer: no copy */
  adjoint->identity = (ndg_identity){0, 0};
  ndg_vector_combine(theta_adjoint, one[0], 2, one,
                     (const ndg_vector *const[]){theta_adjoint, p->theta_scratch[0]});
  p->record.hessian_vector_products++;
  p->record.nonlocal |= NDG_USES_TIME_REVERSAL | NDG_USES_SECOND_DERIVATIVES;
  return NDG_OK;
}

/* A vector that shows one group of every task of another. */
static ndg_vector group_of(const ndg_vector *v, uint64_t first, uint64_t length) {
  ndg_vector part = *v;
  part.length = length;
  part.data = (char *)v->data + first * ndg_dtype_size(v->dtype);
  return part;
}

ndg_status ndg_problem_start_transposed(ndg_problem *p, const ndg_vector *phi_adjoint,
                                        ndg_vector *theta_adjoint, ndg_error *e) {
  ndg_status st = ndg_problem_check_vector(p, phi_adjoint, "phi_adjoint", NDG_PHI, false, e);
  if (st >= 0)
    st = ndg_problem_check_vector(p, theta_adjoint, "theta_adjoint", NDG_THETA, false, e);
  for (uint32_t g = 0; st >= 0 && g < p->layout->n_phi; g++) {
    const ndg_group *group = &p->layout->phi[g];
    if (group->start_theta < 0 || p->layout->theta[group->start_theta].held)
      continue;
    const uint64_t n = ndg_shape_size(&group->shape);
    const ndg_vector from = group_of(phi_adjoint, p->phi_offset[g], n);
    ndg_vector to = group_of(theta_adjoint, p->theta_offset[group->start_theta], n);
    ndg_vector_combine(&to, one[0], 2, one, (const ndg_vector *const[]){&to, &from});
  }
  if (st >= 0)
    theta_adjoint->identity = (ndg_identity){0, 0};
  return st;
}
