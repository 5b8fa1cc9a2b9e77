/* SPDX-License-Identifier: MIT */
/* Fusion: which elementwise nodes are computed together, tile by tile, without memory between. */
#include "graph/lower.h"

bool ndg_is_elementwise(uint32_t op) {
  return (op >= NDG_OP_NEG && op <= NDG_OP_SIGN) || (op >= NDG_OP_ADD && op <= NDG_OP_SELECT);
}

bool ndg_is_flat_view(uint32_t op) {
  return op == NDG_OP_RESHAPE || op == NDG_OP_STOP_GRADIENT;
}

/* The chain that reading node n as an operand of `user` would put it in; 0: none, n needs memory.
 */
static uint32_t chain_of_use(const ndg_lowering *l, ndg_node n, ndg_node user) {
  const ndg_graph_node *u = ndg_graph_get(l->graph, user);
  const bool absorbs = ndg_is_elementwise(u->op) || ndg_is_flat_view(u->op) || u->op == NDG_OP_SUM;
  if (!absorbs || ndg_per_task(l, n) != ndg_per_task(l, user))
    return 0;
  return l->chain[user];
}

/* All uses of each node in one chain: `chain` holds that chain, 0 as soon as two differ. Users come
   after what they use, so one backward pass settles everything. */
static void use(ndg_lowering *l, uint32_t *common, uint8_t *state, ndg_node n, ndg_node user) {
  enum { UNUSED, ONE, MANY };
  const uint32_t c = chain_of_use(l, n, user);
  if (state[n] == UNUSED) {
    common[n] = c;
    state[n] = ONE;
  } else if (common[n] != c) {
    common[n] = 0;
    state[n] = MANY;
  }
  if (c == 0)
    common[n] = 0;
}

/* A row that is added to a small product, and to nothing else, is added where that is stored. */
static bool starts_product(ndg_lowering *l, ndg_node n) {
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  for (uint32_t i = 0; node->op == NDG_OP_ADD && i < 2; i++) {
    const ndg_node product = node->in[i];
    const ndg_graph_node *p = ndg_graph_get(l->graph, product);
    const ndg_graph_node *row = ndg_graph_get(l->graph, node->in[1 - i]);
    if (p->op != NDG_OP_MATMUL || l->n_uses[product] != 1 || l->is_output[product] ||
        row->op != NDG_OP_BROADCAST || p->per_task != node->per_task ||
        !ndg_is_small_product(l, product))
      continue;
    const ndg_graph_node *from = ndg_graph_get(l->graph, row->in[0]);
    if (from->op == NDG_OP_CONSTANT || from->shape.n_dims == 0 ||
        from->shape.dim[from->shape.n_dims - 1] != p->shape.dim[1])
      continue;
    l->started[product] = n;
    return true;
  }
  return false;
}

static void settle(ndg_lowering *l, ndg_node n, uint32_t common) {
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  if (starts_product(l, n)) {
    l->chain[n] = 0;
    return;
  }
  const bool fusible = ndg_is_elementwise(node->op) || ndg_is_flat_view(node->op);
  if (fusible && common && !l->is_output[n] && l->chain_size[common] < NDG_MAX_CHAIN) {
    l->chain[n] = common;
    l->chain_size[common]++;
  } else if (node->op == NDG_OP_SUM ||
             (ndg_is_elementwise(node->op) && node->op != NDG_OP_STOP_GRADIENT)) {
    l->chain[n] = n;
    l->chain_size[n] = 1;
  } else {
    l->chain[n] = 0;
  }
}

/* sum_tasks of a product that nothing else uses becomes one instruction. */
static void settle_sum(ndg_lowering *l, ndg_node n) {
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  if (node->op != NDG_OP_SUM_TASKS || l->program->n_tasks == 1)
    return;
  const ndg_node product = node->in[0];
  if (ndg_graph_get(l->graph, product)->op == NDG_OP_MATMUL && l->n_uses[product] == 1 &&
      !l->is_output[product])
    l->summed[product] = n;
}

static void count_uses(ndg_lowering *l) {
  for (ndg_node n = 1; n <= l->n_nodes; n++) {
    const ndg_graph_node *node = ndg_graph_get(l->graph, n);
    for (uint32_t i = 0; l->needed[n] && i < node->n_in; i++)
      l->n_uses[node->in[i]]++;
  }
}

void ndg_fuse(ndg_lowering *l) {
  uint32_t *common = l->slot; /* borrowed; cleared below */
  uint8_t *state = (uint8_t *)l->summed;
  count_uses(l);
  for (ndg_node n = l->n_nodes; n > 0; n--) {
    if (!l->needed[n])
      continue;
    settle(l, n, common[n]);
    const ndg_graph_node *node = ndg_graph_get(l->graph, n);
    for (uint32_t i = 0; i < node->n_in; i++)
      use(l, common, state, node->in[i], n);
  }
  for (ndg_node n = 0; n <= l->n_nodes; n++)
    l->slot[n] = l->summed[n] = 0;
  for (ndg_node n = 1; n <= l->n_nodes; n++)
    if (l->needed[n])
      settle_sum(l, n);
}
