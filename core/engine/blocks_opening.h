/* SPDX-License-Identifier: MIT */
/* Opening an evaluation in blocks, inside: shared by blocks_open.c and blocks_compile.c. */
#ifndef NUDGE_ENGINE_BLOCKS_OPENING_H
#define NUDGE_ENGINE_BLOCKS_OPENING_H

#include "engine/blocks.h"

typedef struct ndg_block_opening {
  ndg_problem *p;
  const ndg_request *request;
  ndg_blocks *b;
  ndg_row_plan *plan;
  uint32_t n_samples;
  ndg_node *samples;                      /* inputs that may be cut */
  uint32_t *array;                        /* their arrays */
  ndg_node *narrow;                       /* per sample: stands for it in a block */
  ndg_node *total;                        /* per part: the input for its sum */
  ndg_node *wanted, *made, *kept, *image; /* of the program under way */
  ndg_place *places;
  ndg_node *finished; /* per output */
} ndg_block_opening;

/* Programs of a group for blocks of so many rows; rest: 1 for those that are left at the end.
   [main; building; cost: nodes of the group] */
ndg_status ndg_blocks_compile(ndg_block_opening *, ndg_block_group *, int rest, uint64_t rows,
                              ndg_error *);
/* [main; any; frees] What the compilation of a block made. */
void ndg_block_program_close(ndg_block_program *);

#endif
