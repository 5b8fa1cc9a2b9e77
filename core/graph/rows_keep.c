/* SPDX-License-Identifier: MIT */
/* What blocks may hold from one evaluation to the next. */
#include "graph/rows_internal.h"

enum { VARIES = 1, NEEDED = 2 };

/* Elementwise arithmetic is computed again as fast as it is read. */
static bool is_dear(uint32_t op) {
  switch (op) {
  case NDG_OP_MATMUL:
  case NDG_OP_SUM:
  case NDG_OP_LOG_SUM_EXP:
  case NDG_OP_SQRT:
  case NDG_OP_EXP:
  case NDG_OP_LOG:
  case NDG_OP_TANH:
  case NDG_OP_SIGMOID:
  case NDG_OP_SOFTPLUS:
  case NDG_OP_SIN:
  case NDG_OP_COS:
  case NDG_OP_POWER:
    return true;
  default:
    return false;
  }
}

ndg_status ndg_rows_keep(const ndg_row_plan *p, uint32_t group, uint32_t n_varying,
                         const ndg_node *varying, uint32_t *n_kept, ndg_node *kept, ndg_error *e) {
  uint8_t *mark = ndg_calloc(p->limit, sizeof *mark);
  *n_kept = 0;
  if (!mark)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for blocks of rows");
  for (uint32_t i = 0; i < n_varying; i++)
    if (varying[i] < p->limit)
      mark[varying[i]] |= VARIES;
  for (ndg_node id = 1; id < p->limit; id++) {
    const ndg_graph_node *n = ndg_graph_get(p->graph, id);
    for (uint32_t i = 0; i < n->n_in; i++)
      mark[id] |= mark[n->in[i]] & VARIES;
  }
  for (uint32_t i = 0; i < p->n_parts; i++)
    if (p->parts[i].group == group)
      mark[p->parts[i].node] |= NEEDED;
  for (ndg_node id = p->limit - 1; id > 0; id--) {
    const ndg_graph_node *n = ndg_graph_get(p->graph, id);
    if (!(mark[id] & NEEDED) || p->trait[id].kind == NDG_ROWS_FREE)
      continue;
    if (!(mark[id] & VARIES) && p->trait[id].kind == NDG_ROWS_EACH && is_dear(n->op)) {
      kept[(*n_kept)++] = id;
      continue;
    }
    for (uint32_t i = 0; i < n->n_in; i++)
      mark[n->in[i]] |= NEEDED;
  }
  ndg_free(mark);
  return NDG_OK;
}
