/* SPDX-License-Identifier: MIT */
/* What planning blocks of rows and rewriting the graph for them share. */
#ifndef NUDGE_GRAPH_ROWS_INTERNAL_H
#define NUDGE_GRAPH_ROWS_INTERNAL_H

#include "graph/internal.h"
#include "graph/rows.h"

enum {
  NDG_ROWS_FREE = 0, /* no sample bears on it */
  NDG_ROWS_EACH,     /* along `axis`, one piece for each sample, computed from it alone */
  NDG_ROWS_TOTAL,    /* a sum over samples of what is computed from each */
  NDG_ROWS_AFTER     /* computed from totals, or from samples in another way */
};

/* [any; any; pure] Along which axis an operand that no sample bears on must be cut to the rows of a
   block; -1: it is used whole. */
int ndg_rows_operand_axis(const ndg_row_plan *, const ndg_graph_node *, const ndg_row_trait *,
                          uint32_t i);

#endif
