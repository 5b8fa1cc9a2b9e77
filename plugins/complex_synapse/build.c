/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "synapse.h"

static ndg_node find(const ndg_learner_inputs *in, const char *name) {
  for (uint32_t i = 0; i < in->n_arrays; i++) {
    if (strcmp(in->array_descriptions[i].name, name) == 0) {
      return in->arrays[i];
    }
  }
  return NDG_NO_NODE; /* layout has refused tasks without it */
}

static ndg_node activate(const ndg_builder *b, int32_t activation, ndg_node z) {
  static const uint32_t op[] = {[IDENTITY] = NDG_OP_NONE,
                                [TANH] = NDG_OP_TANH,
                                [SIGMOID] = NDG_OP_SIGMOID,
                                [SOFTPLUS] = NDG_OP_SOFTPLUS,
                                [RELU] = NDG_OP_RELU};
  return activation == IDENTITY ? z : ndg_unary(b, op[activation], z);
}

/* h_l = σ(h_{l-1} W_l + b_l), the last layer without σ. */
static ndg_node network(const ndg_builder *b, const synapse_options *o, uint32_t n_layers,
                        const ndg_node *phi, ndg_node h) {
  for (uint32_t k = 0; k < n_layers; k++) {
    h = ndg_matmul(b, h, *phi++, 0, 0);
    if (o->bias) {
      h = ndg_add(b, h, *phi++);
    }
    if (k + 1 < n_layers) {
      h = activate(b, o->activation, h);
    }
  }
  return h;
}

static uint64_t rows(const ndg_builder *b, ndg_node x) {
  return b->api->shape(b->graph, x).dim[0];
}

static ndg_node task_loss(const ndg_builder *b, const synapse_options *o, ndg_node outputs,
                          ndg_node targets) {
  if (o->loss == CROSS_ENTROPY) {
    const ndg_node total =
        ndg_reshape(b, ndg_log_sum_exp(b, outputs), NDG_VECTOR(rows(b, outputs)));
    return ndg_mean(b, ndg_sub(b, total, ndg_pick(b, outputs, targets)));
  }
  const ndg_shape shape = b->api->shape(b->graph, outputs);
  const ndg_node error = ndg_sub(b, outputs, ndg_reshape(b, targets, shape));
  const uint64_t n = rows(b, outputs);
  return ndg_scale(b, ndg_sum(b, ndg_square(b, error)), n ? 0.5 / (double)n : 0.0);
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
    ndg_node pull = ndg_square(b, distance);
    if (g->lambda < 0) {
      pull = ndg_scale(b, ndg_sum(b, pull), o->lambda);
    } else {
      const ndg_node raw = theta[g->lambda];
      const ndg_node lambda = o->lambda_scale == LOG ? ndg_exp(b, raw) : raw;
      pull = o->lambda_per == PER_SYNAPSE ? ndg_sum(b, ndg_mul(b, lambda, pull))
                                          : ndg_mul(b, lambda, ndg_sum(b, pull));
    }
    total = total == NDG_NO_NODE ? pull : ndg_add(b, total, pull);
  }
  return total == NDG_NO_NODE ? total : ndg_scale(b, total, o->penalty_factor);
}

/* Share of samples whose label has a strictly larger output than every other class, so that ties
   and NaN count as wrong. The maximum halves the columns at each turn; an odd middle column is
   compared twice, which does no harm. */
static ndg_node accuracy(const ndg_builder *b, ndg_node outputs, ndg_node labels) {
  const ndg_shape shape = b->api->shape(b->graph, outputs);
  const uint64_t n = shape.dim[0];
  uint64_t width = shape.dim[1];
  const ndg_node picked = ndg_pick(b, outputs, labels);
  ndg_node in[2];
  in[0] = ndg_broadcast(b, ndg_constant(b, 1), NDG_VECTOR(n));
  in[1] = labels;
  const ndg_node is_label = ndg_attributed(b, NDG_OP_PLACE, 2, in, (int64_t)width, 0, 0);
  /* Below any output in every element type, yet finite in float32. */
  ndg_node rest = ndg_select(b, is_label, ndg_constant(b, -3e38), outputs);
  while (width > 1) {
    const uint64_t half = (width + 1) / 2;
    rest = ndg_max(b, ndg_slice(b, rest, 1, 0, (int64_t)half),
                   ndg_slice(b, rest, 1, (int64_t)(width - half), (int64_t)half));
    width = half;
  }
  return ndg_mean(b, ndg_greater(b, picked, ndg_reshape(b, rest, NDG_VECTOR(n))));
}

ndg_status synapse_build(const void *options, const ndg_builder *b, const ndg_learner_inputs *in,
                         ndg_learner_outputs *out, ndg_error *e) {
  const synapse_options *o = options;
  synapse_plan plan;
  ndg_status st = synapse_make_plan(o, &plan, e);
  if (st < 0) {
    return st;
  }
  const ndg_node learned = network(b, o, plan.n_layers, in->phi, find(in, "learn.inputs"));
  const ndg_node judged = network(b, o, plan.n_layers, in->phi, find(in, "eval.inputs"));
  const ndg_node labels = find(in, "eval.targets");
  const ndg_node pull = penalty(b, o, &plan, in->phi, in->theta);
  out->learn_loss = task_loss(b, o, learned, find(in, "learn.targets"));
  if (pull != NDG_NO_NODE) {
    out->learn_loss = ndg_add(b, out->learn_loss, pull);
  }
  out->eval_loss = task_loss(b, o, judged, labels);
  out->predictions = judged;
  if (o->loss == CROSS_ENTROPY) {
    out->eval_accuracy = accuracy(b, judged, labels);
  }
  return NDG_OK;
}
