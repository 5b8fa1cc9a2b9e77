/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "network.h"

ndg_node network_array(const ndg_learner_inputs *in, const char *name) {
  for (uint32_t i = 0; i < in->n_arrays; i++) {
    if (strcmp(in->array_descriptions[i].name, name) == 0) {
      return in->arrays[i];
    }
  }
  return NDG_NO_NODE;
}

ndg_node network_activate(const ndg_builder *b, int32_t activation, ndg_node z) {
  static const uint32_t op[] = {[NETWORK_IDENTITY] = NDG_OP_NONE,
                                [NETWORK_TANH] = NDG_OP_TANH,
                                [NETWORK_SIGMOID] = NDG_OP_SIGMOID,
                                [NETWORK_SOFTPLUS] = NDG_OP_SOFTPLUS,
                                [NETWORK_RELU] = NDG_OP_RELU};
  return activation == NETWORK_IDENTITY ? z : ndg_unary(b, op[activation], z);
}

ndg_node network_pull(const ndg_builder *b, ndg_node distance, double strength) {
  return ndg_scale(b, ndg_sum(b, ndg_square(b, distance)), strength);
}

ndg_node network_learned_pull(const ndg_builder *b, ndg_node distance, int32_t scale,
                              ndg_node lambda) {
  const ndg_node strength = scale == NETWORK_LOG ? ndg_exp(b, lambda) : lambda;
  const ndg_node square = ndg_square(b, distance);
  const ndg_shape one = b->api->shape(b->graph, lambda);
  return ndg_shape_size(&one) == 1
             ? ndg_mul(b, ndg_reshape(b, strength, NDG_SCALAR), ndg_sum(b, square))
             : ndg_sum(b, ndg_mul(b, strength, square));
}

ndg_node network_plus(const ndg_builder *b, ndg_node sum, ndg_node term) {
  if (sum == NDG_NO_NODE || term == NDG_NO_NODE) {
    return sum == NDG_NO_NODE ? term : sum;
  }
  return ndg_add(b, sum, term);
}

static uint64_t rows(const ndg_builder *b, ndg_node x) {
  return b->api->shape(b->graph, x).dim[0];
}

static ndg_node task_loss(const ndg_builder *b, int32_t loss, ndg_node outputs, ndg_node targets) {
  if (loss == NETWORK_CROSS_ENTROPY) {
    const ndg_node total =
        ndg_reshape(b, ndg_log_sum_exp(b, outputs), NDG_VECTOR(rows(b, outputs)));
    return ndg_mean(b, ndg_sub(b, total, ndg_pick(b, outputs, targets)));
  }
  const ndg_shape shape = b->api->shape(b->graph, outputs);
  const ndg_node error = ndg_sub(b, outputs, ndg_reshape(b, targets, shape));
  const uint64_t n = rows(b, outputs);
  return ndg_scale(b, ndg_sum(b, ndg_square(b, error)), n ? 0.5 / (double)n : 0.0);
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

void network_finish(const ndg_builder *b, const ndg_learner_inputs *in, int32_t loss,
                    ndg_node learned, ndg_node judged, ndg_node pull, ndg_learner_outputs *out) {
  const ndg_node targets = network_array(in, "eval.targets");
  out->learn_loss =
      network_plus(b, task_loss(b, loss, learned, network_array(in, "learn.targets")), pull);
  out->eval_loss = task_loss(b, loss, judged, targets);
  out->predictions = judged;
  if (loss == NETWORK_CROSS_ENTROPY) {
    out->eval_accuracy = accuracy(b, judged, targets);
  }
}
