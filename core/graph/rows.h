/* SPDX-License-Identifier: MIT */
/* Evaluation in blocks of rows. What is computed from samples is often computed from each sample by
   itself and then added up over all of them. The graph shows where that is so: there the sums can
   be taken block by block of samples, and the memory that a program needs stays that of a block. */
#ifndef NUDGE_GRAPH_ROWS_H
#define NUDGE_GRAPH_ROWS_H

#include "graph/graph.h"

/* Something that blocks contribute to. */
typedef struct ndg_row_part {
  ndg_node node;
  uint32_t group;  /* the first sample input of those whose rows go together */
  uint32_t output; /* y[output] itself, one row per sample; NDG_ROW_TOTAL: a sum over samples */
} ndg_row_part;
#define NDG_ROW_TOTAL UINT32_MAX
#define NDG_ROW_NO_GROUP UINT32_MAX

typedef struct ndg_row_trait {
  uint8_t kind, axis; /* the axis of samples */
  uint32_t group;
} ndg_row_trait;

typedef struct ndg_row_plan {
  ndg_graph *graph;
  uint32_t n_samples, n_parts, limit; /* limit: nodes below it have a trait */
  const ndg_node *samples;            /* the caller's */
  uint32_t *group;                    /* per sample input; NO_GROUP: always read as a whole */
  uint64_t *row_size;                 /* per group: numbers that are computed per sample */
  ndg_row_part *parts;
  ndg_row_trait *trait; /* per node */
  ndg_node *image;      /* per node: what stands for it, while rewriting */
  uint8_t *mark;        /* per node, while walking */
} ndg_row_plan;

/* Which of the sample inputs, each with one row per sample, y can be computed from block by block.
   samples and y must outlive the plan. [main; building; cost: nodes below y] */
ndg_status ndg_rows_plan(ndg_graph *, uint32_t n_samples, const ndg_node *samples, uint32_t n_y,
                         const ndg_node *y, ndg_row_plan **out, ndg_error *);
/* [main; any; frees] NULL is fine. */
void ndg_rows_free(ndg_row_plan *);
/* What of a group is worth holding when only `varying` inputs change from one evaluation to the
   next: values that these do not bear on, that others need, and that are dear to compute. kept:
   room for as many as there are nodes. [main; building; cost: nodes below the parts] */
ndg_status ndg_rows_keep(const ndg_row_plan *, uint32_t group, uint32_t n_varying,
                         const ndg_node *varying, uint32_t *n_kept, ndg_node *kept, ndg_error *);

/* Nodes that are given instead of computed. */
typedef struct ndg_row_given {
  uint32_t n;
  const ndg_node *node, *image;
} ndg_row_given;
/* Parts or other values of a group for a block: inputs[i] stands for samples[i] where that belongs
   to the group, and has `rows` rows. [main; building; cost: nodes below] */
ndg_status ndg_rows_narrow(ndg_row_plan *, uint32_t group, uint64_t rows, const ndg_node *inputs,
                           const ndg_row_given *, uint32_t n, const ndg_node *wanted, ndg_node *out,
                           ndg_error *);
/* y from totals[part] instead of their nodes; NDG_NO_NODE for those that are themselves a part with
   rows. [main; building; cost: nodes below y] */
ndg_status ndg_rows_finish(ndg_row_plan *, const ndg_node *totals, uint32_t n_y, const ndg_node *y,
                           ndg_node *out, ndg_error *);

#endif
