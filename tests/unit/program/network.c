/* SPDX-License-Identifier: MIT */
#include "network.h"

#include <check.h>

void network_begin(network *net, uint64_t batch, uint64_t n_in, uint64_t hidden, uint64_t classes,
                   bool shared_weights) {
  ndg_error e = {0};
  const ndg_shape shapes[] = {NDG_MATRIX(n_in, hidden), NDG_VECTOR(hidden),
                              NDG_MATRIX(hidden, classes), NDG_VECTOR(classes)};
  ck_assert(ndg_graph_create(&net->graph, &e) == NDG_OK);
  const ndg_builder b = ndg_graph_builder(net->graph);
  const ndg_node x =
      ndg_graph_input(net->graph, NDG_REAL, true, NDG_INPUT_DATA, NDG_MATRIX(batch, n_in));
  const ndg_node labels = ndg_graph_input(net->graph, NDG_INDEX, true, 0, NDG_VECTOR(batch));
  for (uint32_t i = 0; i < NETWORK_PARAMETERS; i++)
    net->parameter[i] =
        ndg_graph_input(net->graph, NDG_REAL, !shared_weights || i % 2, 0, shapes[i]);
  for (uint32_t i = 0; i < NETWORK_PARAMETERS; i++)
    net->direction[i] =
        ndg_graph_input(net->graph, NDG_REAL, !shared_weights || i % 2, 0, shapes[i]);
  const ndg_node *p = net->parameter;
  const ndg_node h = ndg_tanh(&b, ndg_add(&b, ndg_matmul(&b, x, p[0], 0, 0), p[1]));
  const ndg_node logits = ndg_add(&b, ndg_matmul(&b, h, p[2], 0, 0), p[3]);
  const ndg_node total = ndg_reshape(&b, ndg_log_sum_exp(&b, logits), NDG_VECTOR(batch));
  net->out[0] = ndg_mean(&b, ndg_sub(&b, total, ndg_pick(&b, logits, labels)));
  for (uint32_t i = 0; i < NETWORK_PARAMETERS; i++)
    net->out[0] = ndg_add(&b, net->out[0], ndg_scale(&b, ndg_sum(&b, ndg_square(&b, p[i])), 0.005));
  ck_assert(ndg_graph_vjp(net->graph, 1, net->out, NULL, NETWORK_PARAMETERS, p, 0, net->out + 1,
                          &e) == NDG_OK);
  ck_assert(ndg_graph_jvp(net->graph, NETWORK_PARAMETERS, p, net->direction, NETWORK_PARAMETERS,
                          net->out + 1, net->out + 1 + NETWORK_PARAMETERS, &e) == NDG_OK);
  ck_assert_msg(ndg_graph_status(net->graph, &e) == NDG_OK, "%s", e.text);
}

void network_end(network *net) {
  ndg_graph_destroy(net->graph);
}

void network_fill(const network *net, sample *s, uint64_t n_tasks, double imaginary) {
  ndg_rng rng = ndg_rng_root(21);
  const ndg_shape logits = ndg_graph_get(net->graph, net->parameter[3])->shape;
  sample_begin(s, net->graph, n_tasks);
  sample_fill(s, 0, -1, 1, 0, &rng);
  sample_fill_index(s, 1, (uint32_t)logits.dim[0], &rng);
  for (uint32_t i = 0; i < 2 * NETWORK_PARAMETERS; i++)
    sample_fill(s, 2 + i, -0.25, 0.25, imaginary, &rng);
}
