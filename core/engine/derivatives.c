/* SPDX-License-Identifier: MIT */
/* Which nodes a request computes. Everything is derived from the two losses by ndg_graph_vjp and
   ndg_graph_jvp. */
#include "engine/internal.h"

static ndg_node loss_node(ndg_problem *p, uint32_t built, uint32_t loss) {
  const ndg_learner_outputs *b = &p->built[built];
  switch (loss) {
  case NDG_LEARN_LOSS:
    return b->learn_loss;
  case NDG_EVAL_LOSS:
    return b->eval_loss;
  default:
    return ndg_add(&p->builder, b->learn_loss,
                   ndg_mul(&p->builder, p->param[NDG_PARAM_BETA], b->eval_loss));
  }
}

/* n nodes of consecutive groups, for the part of a target that starts at `first`. */
static void add_outputs(ndg_outputs *o, uint32_t target, uint64_t first, uint32_t n,
                        const uint64_t *offset, const ndg_node *nodes) {
  for (uint32_t i = 0; i < n; i++) {
    o->node[o->n] = nodes[i];
    o->place[o->n++] = (ndg_place){target, 0, first + offset[i]};
  }
}

/* Products with second derivatives: derivatives of ∂φ. */
static ndg_status second_order(ndg_problem *p, uint32_t want, const ndg_node *grad_phi,
                               ndg_outputs *o, ndg_error *e) {
  const uint32_t n_phi = p->layout->n_phi, n_theta = p->layout->n_theta;
  ndg_node nodes[NDG_MAX_GROUPS];
  ndg_status st = NDG_OK;
  if (want & NDG_WANT_HVP) {
    st = ndg_graph_jvp(p->graph, n_phi, p->phi, p->direction, n_phi, grad_phi, nodes, e);
    add_outputs(o, NDG_TO_HVP, 0, n_phi, p->phi_offset, nodes);
  }
  if (st >= 0 && (want & NDG_WANT_MIXED)) {
    st = ndg_graph_vjp(p->graph, n_phi, grad_phi, p->direction, n_theta, p->theta_nodes,
                       NDG_DERIVATIVE_PER_TASK, nodes, e);
    add_outputs(o, NDG_TO_MIXED, 0, n_theta, p->theta_offset, nodes);
  }
  if (st >= 0 && (want & NDG_WANT_MIXED_FORWARD)) {
    st = ndg_graph_jvp(p->graph, n_theta, p->theta_nodes, p->theta_direction, n_phi, grad_phi,
                       nodes, e);
    add_outputs(o, NDG_TO_MIXED_FORWARD, 0, n_phi, p->phi_offset, nodes);
  }
  return st;
}

static ndg_status evaluation(ndg_problem *p, const ndg_request *r, ndg_outputs *o, ndg_error *e) {
  const uint32_t second = NDG_WANT_HVP | NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD;
  const uint32_t n_phi = p->layout->n_phi, n_theta = p->layout->n_theta;
  const bool batch = r->compute == NDG_COMPUTE_BATCH_EVALUATION;
  const ndg_node loss = loss_node(p, batch ? NDG_BUILT_BATCH : NDG_BUILT_FULL, r->loss);
  const uint64_t none = 0;
  ndg_node grad_phi[NDG_MAX_GROUPS], grad_theta[NDG_MAX_GROUPS];
  ndg_status st = NDG_OK;
  if (r->want & NDG_WANT_VALUE)
    add_outputs(o, NDG_TO_VALUE, 0, 1, &none, &loss);
  if (r->want & (NDG_WANT_GRAD_PHI | second))
    st = ndg_graph_vjp(p->graph, 1, &loss, NULL, n_phi, p->phi, 0, grad_phi, e);
  if (st >= 0 && (r->want & NDG_WANT_GRAD_PHI))
    add_outputs(o, NDG_TO_GRAD_PHI, 0, n_phi, p->phi_offset, grad_phi);
  if (st >= 0 && (r->want & NDG_WANT_GRAD_THETA)) {
    st = ndg_graph_vjp(p->graph, 1, &loss, NULL, n_theta, p->theta_nodes, NDG_DERIVATIVE_PER_TASK,
                       grad_theta, e);
    add_outputs(o, NDG_TO_GRAD_THETA, 0, n_theta, p->theta_offset, grad_theta);
  }
  if (st >= 0 && (r->want & second))
    st = second_order(p, r->want, grad_phi, o, e);
  return st;
}

/* The state after a step: loss gradient and update in one graph. next[0]: phi, then the slots. */
static ndg_status step(ndg_problem *p, const ndg_request *r, bool differentiable,
                       ndg_node next[1 + NDG_MAX_SLOTS][NDG_MAX_GROUPS], ndg_error *e) {
  const bool ahead = r->optimizer == NDG_NESTEROV;
  const ndg_node loss = loss_node(p, ahead ? NDG_BUILT_AHEAD : NDG_BUILT_BATCH, r->loss);
  ndg_node gradient[NDG_MAX_GROUPS];
  const ndg_status st = ndg_graph_vjp(p->graph, 1, &loss, NULL, p->layout->n_phi,
                                      ahead ? p->phi_ahead : p->phi, 0, gradient, e);
  if (st >= 0)
    ndg_optimizer_update(p, r->optimizer, differentiable, gradient, next);
  return st;
}

static ndg_status forward_step(ndg_problem *p, const ndg_request *r, ndg_outputs *o, ndg_error *e) {
  ndg_node next[1 + NDG_MAX_SLOTS][NDG_MAX_GROUPS];
  const ndg_status st = step(p, r, false, next, e);
  for (uint32_t s = 0; st >= 0 && s <= ndg_optimizer_slots(r->optimizer); s++)
    add_outputs(o, NDG_TO_STATE, s * p->n_phi, p->layout->n_phi, p->phi_offset, next[s]);
  return st;
}

static void append(ndg_node *list, uint32_t *n, const ndg_node *nodes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    list[(*n)++] = nodes[i];
}

static ndg_status transposed_step(ndg_problem *p, const ndg_request *r, ndg_outputs *o,
                                  ndg_error *e) {
  enum { PARTS = (2 + NDG_MAX_SLOTS) * NDG_MAX_GROUPS };
  const uint32_t n_phi = p->layout->n_phi, slots = ndg_optimizer_slots(r->optimizer);
  ndg_node next[1 + NDG_MAX_SLOTS][NDG_MAX_GROUPS];
  ndg_node y[PARTS], seeds[PARTS], x[PARTS], x_bar[PARTS];
  uint32_t n_y = 0, n_seeds = 0, n_x = 0;
  ndg_status st = step(p, r, true, next, e);
  if (st < 0)
    return st;
  for (uint32_t s = 0; s <= slots; s++) {
    append(y, &n_y, next[s], n_phi);
    append(seeds, &n_seeds, p->adjoint[s], n_phi);
    append(x, &n_x, s == 0 ? p->phi : p->slot[s - 1], n_phi);
  }
  append(x, &n_x, p->theta_nodes, p->layout->n_theta);
  st = ndg_graph_vjp(p->graph, n_y, y, seeds, n_x, x, NDG_DERIVATIVE_PER_TASK, x_bar, e);
  for (uint32_t s = 0; st >= 0 && s <= slots; s++)
    add_outputs(o, NDG_TO_STATE, s * p->n_phi, n_phi, p->phi_offset, x_bar + s * n_phi);
  if (st >= 0)
    add_outputs(o, NDG_TO_GRAD_THETA, 0, p->layout->n_theta, p->theta_offset,
                x_bar + (1 + slots) * n_phi);
  return st;
}

ndg_status ndg_derivatives(ndg_problem *p, const ndg_request *r, ndg_outputs *o, ndg_error *e) {
  const uint64_t none = 0;
  switch (r->compute) {
  case NDG_COMPUTE_EVALUATION:
  case NDG_COMPUTE_BATCH_EVALUATION:
    return evaluation(p, r, o, e);
  case NDG_COMPUTE_ACCURACY:
    add_outputs(o, NDG_TO_VALUE, 0, 1, &none, &p->built[NDG_BUILT_FULL].eval_accuracy);
    return NDG_OK;
  case NDG_COMPUTE_PREDICTIONS:
    add_outputs(o, NDG_TO_VALUE, 0, 1, &none, &p->built[NDG_BUILT_FULL].predictions);
    return NDG_OK;
  case NDG_COMPUTE_STEP:
    return forward_step(p, r, o, e);
  default:
    return transposed_step(p, r, o, e);
  }
}
