/* SPDX-License-Identifier: MIT */
#include "modulated.h"

/* h_l = σ(gain_l ⊙ (h_{l-1} W_l + b_l) + shift_l), then a linear read-out. */
static ndg_node network(const ndg_builder *b, const modulated_options *o, const modulated_plan *p,
                        const ndg_learner_inputs *in, ndg_node h) {
  for (uint32_t k = 0; k < p->n_layers; k++) {
    const modulated_layer *l = &p->layer[k];
    const int readout = k + 1 == p->n_layers;
    const ndg_node *slow = readout && (p->fast & FAST_READOUT) ? in->phi : in->theta;
    h = ndg_matmul(b, h, slow[l->weights], 0, 0);
    if (l->bias >= 0) {
      h = ndg_add(b, h, slow[l->bias]);
    }
    if (l->gain >= 0) {
      h = ndg_mul(b, h, in->phi[l->gain]);
    }
    if (l->shift >= 0) {
      h = ndg_add(b, h, in->phi[l->shift]);
    }
    if (!readout) {
      h = network_activate(b, o->activation, h);
    }
  }
  return h;
}

/* What a group starts at and is pulled to; NDG_NO_NODE for 0. */
static ndg_node start_of(const ndg_builder *b, const modulated_group *g, const ndg_node *theta) {
  if (g->initial >= 0) {
    return theta[g->initial];
  }
  return g->role == GAIN ? ndg_constant(b, 1) : NDG_NO_NODE;
}

/* factor Σ λ_i (φ_i - start_i)²; NDG_NO_NODE where nothing is pulled. */
static ndg_node penalty(const ndg_builder *b, const modulated_options *o, const modulated_plan *p,
                        const ndg_node *phi, const ndg_node *theta) {
  ndg_node total = NDG_NO_NODE;
  for (uint32_t i = 0; i < p->n_phi; i++) {
    const modulated_group *g = &p->phi[i];
    if (g->lambda < 0 && !(o->lambda > 0)) {
      continue;
    }
    const ndg_node start = start_of(b, g, theta);
    const ndg_node distance = start == NDG_NO_NODE ? phi[i] : ndg_sub(b, phi[i], start);
    const ndg_node pull =
        g->lambda < 0 ? network_pull(b, distance, o->lambda)
                      : network_learned_pull(b, distance, o->lambda_scale, theta[g->lambda]);
    total = network_plus(b, total, pull);
  }
  return total == NDG_NO_NODE ? total : ndg_scale(b, total, o->penalty_factor);
}

ndg_status modulated_build(const void *options, const ndg_builder *b, const ndg_learner_inputs *in,
                           ndg_learner_outputs *out, ndg_error *e) {
  const modulated_options *o = options;
  modulated_plan plan;
  const ndg_status st = modulated_make_plan(o, &plan, e);
  if (st < 0) {
    return st;
  }
  const ndg_node learned = network(b, o, &plan, in, network_array(in, "learn.inputs"));
  const ndg_node judged = network(b, o, &plan, in, network_array(in, "eval.inputs"));
  network_finish(b, in, o->loss, learned, judged, penalty(b, o, &plan, in->phi, in->theta), out);
  return NDG_OK;
}
