/* SPDX-License-Identifier: MIT */
#include "synapse.h"

/* h_l = σ(h_{l-1} W_l + b_l), the last layer without σ. */
static ndg_node network(const ndg_builder *b, const synapse_options *o, uint32_t n_layers,
                        const ndg_node *phi, ndg_node h) {
  for (uint32_t k = 0; k < n_layers; k++) {
    h = ndg_matmul(b, h, *phi++, 0, 0);
    if (o->bias) {
      h = ndg_add(b, h, *phi++);
    }
    if (k + 1 < n_layers) {
      h = network_activate(b, o->activation, h);
    }
  }
  return h;
}

/* factor Σ λ_i (φ_i - ω_i)²; NDG_NO_NODE where nothing is penalised. */
static ndg_node penalty(const ndg_builder *b, const synapse_options *o, const synapse_plan *p,
                        const ndg_node *phi, const ndg_node *theta) {
  ndg_node total = NDG_NO_NODE;
  for (uint32_t i = 0; i < p->n_phi; i++) {
    const synapse_group *g = &p->group[i];
    if (!g->penalised || (g->lambda < 0 && !(o->lambda > 0))) {
      continue;
    }
    const ndg_node distance = g->omega < 0 ? phi[i] : ndg_sub(b, phi[i], theta[g->omega]);
    const ndg_node pull =
        g->lambda < 0 ? network_pull(b, distance, o->lambda)
                      : network_learned_pull(b, distance, o->lambda_scale, theta[g->lambda]);
    total = network_plus(b, total, pull);
  }
  return total == NDG_NO_NODE ? total : ndg_scale(b, total, o->penalty_factor);
}

ndg_status synapse_build(const void *options, const ndg_builder *b, const ndg_learner_inputs *in,
                         ndg_learner_outputs *out, ndg_error *e) {
  const synapse_options *o = options;
  synapse_plan plan;
  ndg_status st = synapse_make_plan(o, &plan, e);
  if (st < 0) {
    return st;
  }
  const ndg_node learned = network(b, o, plan.n_layers, in->phi, network_array(in, "learn.inputs"));
  const ndg_node judged = network(b, o, plan.n_layers, in->phi, network_array(in, "eval.inputs"));
  network_finish(b, in, o->loss, learned, judged, penalty(b, o, &plan, in->phi, in->theta), out);
  return NDG_OK;
}
