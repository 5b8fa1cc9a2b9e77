/* SPDX-License-Identifier: MIT */
/* Between the files that turn nodes into instructions. All: [main; compiling; allocates]. */
#ifndef NUDGE_GRAPH_LOWER_H
#define NUDGE_GRAPH_LOWER_H

#include "graph/program_internal.h"

/* What the lowering passes share. */
typedef struct ndg_lowering {
  const ndg_graph *graph;
  ndg_program *program;
  ndg_error *error;
  uint32_t n_nodes;
  /* per node, [0] unused */
  uint8_t *needed, *is_output, *is_complex;
  uint32_t *n_uses;
  uint32_t *chain;      /* root of the chain that it is computed in, or 0 */
  uint32_t *chain_size; /* of a root: members */
  uint32_t *summed;     /* of a product: the sum_tasks that is its only use, or 0 */
  uint32_t *started;    /* of a product: the addition of a row that is its only use, or 0 */
  uint32_t *slot;       /* work space of each pass: zero between them */
  ndg_operand *value;   /* where it lies, if it has memory or is a constant */
} ndg_lowering;

/* fuse.c: decides chain, summed and started. */
void ndg_fuse(ndg_lowering *);
/* [any; any; pure] Identities in flat order, which a chain passes through; operations on elements.
 */
bool ndg_is_flat_view(uint32_t op);
bool ndg_is_elementwise(uint32_t op);

/* lower.c: all needed nodes, then the outputs. */
ndg_status ndg_lower(ndg_lowering *, uint32_t n_outputs, const ndg_node *outputs);
bool ndg_per_task(const ndg_lowering *, ndg_node);
ndg_operand ndg_dense_operand(const ndg_lowering *, uint32_t buffer, const ndg_shape *);

/* lower_chain.c */
ndg_status ndg_lower_chain(ndg_lowering *, ndg_node root);
/* Copies a reading into a dense buffer (target, or a new one if NDG_NO_BUFFER), promoted if asked,
   and makes *operand a reading of that. */
ndg_status ndg_lower_copy(ndg_lowering *, ndg_operand *, const ndg_shape *, bool per_task,
                          bool to_complex, uint32_t target);

/* Slots while building: a result's number with this flag, or a load's. */
#define NDG_RESULT_SLOT 0x8000u
/* Results get tile registers; one is free again after the last operation that reads it, which may
   already write there. The kept slot's stays to the end, those of products that are summed until
   both are there. Returns how many there are. */
uint16_t ndg_assign_registers(ndg_micro *, uint32_t n, uint16_t kept, const ndg_result *,
                              uint32_t n_results);

/* lower_merge.c: chains of tasks that follow each other, and read what the one before wrote, become
   one with several results; frequent pairs of operations become one. */
ndg_status ndg_merge_chains(ndg_lowering *);

/* lower_pairs.c: on flagged slots; results' slots are kept up to date. */
void ndg_fuse_pairs(ndg_micro *, uint32_t *n, ndg_result *, uint32_t n_results);

/* lower_kernel.c: operations with a kernel of their own. The product `n` is the value of `result`,
   which may be its sum over tasks, or the product with a row added. */
ndg_status ndg_lower_matmul(ndg_lowering *, ndg_node n, ndg_node result);
ndg_status ndg_lower_kernel(ndg_lowering *, ndg_node);
/* [any; any; pure] Whether a product of this node's size is a small one. */
bool ndg_is_small_product(const ndg_lowering *, ndg_node);

/* lower_build.c: buffers, instructions, and facts about readings. */
ndg_status ndg_new_buffer(ndg_lowering *, uint8_t place, bool per_task, bool is_complex,
                          uint64_t size, uint32_t *out);
ndg_status ndg_new_instruction(ndg_lowering *, uint8_t kind, uint32_t n_in, ndg_instruction **out);
/* Makes `out` the result of a filled instruction whose units are `rows`. */
void ndg_finish_instruction(ndg_lowering *, ndg_instruction *, uint32_t out, uint64_t rows,
                            uint64_t picoseconds);
ndg_status ndg_lowering_no_memory(ndg_lowering *);
/* [any; any; pure] Merges axes that are one in memory, drops axes of length 1. */
void ndg_operand_coalesce(ndg_operand *);
bool ndg_operand_is_dense(const ndg_operand *);

#endif
