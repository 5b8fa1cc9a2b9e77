/* SPDX-License-Identifier: MIT */
/* Which operation, if any, keeps a graph from being evaluated at complex numbers. */
#include "graph/internal.h"

enum { NEEDED = 1, COMPLEX = 2 };

static bool has_complex_operand(const uint8_t *mark, const ndg_graph_node *n) {
  for (uint32_t i = 0; i < n->n_in; i++)
    if (mark[n->in[i]] & COMPLEX)
      return true;
  return false;
}

/* Without memory for marks every operation counts as complex, which refuses more, never less. */
static ndg_node first_of_all(const ndg_graph *g, ndg_node last) {
  for (ndg_node id = 1; id <= last; id++)
    if (!ndg_graph_op_analytic(g->node[id].op))
      return id;
  return NDG_NO_NODE;
}

ndg_node ndg_graph_first_non_analytic(const ndg_graph *g, uint32_t n_y, const ndg_node *y) {
  ndg_node last = 0;
  for (uint32_t j = 0; j < n_y; j++)
    if (y[j] <= g->n_nodes && y[j] > last)
      last = y[j];
  uint8_t *mark = ndg_calloc((size_t)last + 1, sizeof *mark);
  if (!mark)
    return first_of_all(g, last);
  for (uint32_t j = 0; j < n_y; j++)
    if (y[j] <= g->n_nodes)
      mark[y[j]] |= NEEDED;
  for (ndg_node id = last; id > 0; id--)
    for (uint32_t i = 0; i < g->node[id].n_in && mark[id]; i++)
      mark[g->node[id].in[i]] |= NEEDED;
  ndg_node found = NDG_NO_NODE;
  for (ndg_node id = 1; id <= last && !found; id++) {
    const ndg_graph_node *n = &g->node[id];
    const bool data = n->kind == NDG_INDEX || (n->attr.i[1] & NDG_INPUT_DATA);
    const bool complex_operand = has_complex_operand(mark, n);
    if (complex_operand && (mark[id] & NEEDED) && !ndg_graph_op_analytic(n->op))
      found = id;
    if (n->op == NDG_OP_INPUT ? !data : complex_operand)
      mark[id] |= COMPLEX;
  }
  ndg_free(mark);
  return found;
}
