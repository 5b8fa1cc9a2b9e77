/* SPDX-License-Identifier: MIT */
/* A dense network and its derivatives, as the engine will ask for them. */
#ifndef NUDGE_TESTS_NETWORK_H
#define NUDGE_TESTS_NETWORK_H

#include "compiled.h"

enum { NETWORK_PARAMETERS = 4, NETWORK_OUTPUTS = 1 + 2 * NETWORK_PARAMETERS };

typedef struct network {
  ndg_graph *graph;
  ndg_node parameter[NETWORK_PARAMETERS]; /* inputs 2 to 5 */
  ndg_node direction[NETWORK_PARAMETERS]; /* inputs 6 to 9 */
  ndg_node out[NETWORK_OUTPUTS];          /* loss per task, gradient, Hessian times direction */
} network;

/* Data (input 0) and labels (input 1) per task. With shared weights, gradients are sums over tasks
   and biases stay per task. */
void network_begin(network *, uint64_t batch, uint64_t n_in, uint64_t hidden, uint64_t classes,
                   bool shared_weights);
void network_end(network *);
void network_fill(const network *, sample *, uint64_t n_tasks, double imaginary);

#endif
