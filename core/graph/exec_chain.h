/* SPDX-License-Identifier: MIT */
/* Between the two halves of chain execution: micro-operations (exec_chain.c) and the traffic of
   tiles with memory (exec_tile.c). Positions are flat: task x domain + index within the task. All:
   [worker; running; hot]. */
#ifndef NUDGE_GRAPH_EXEC_CHAIN_H
#define NUDGE_GRAPH_EXEC_CHAIN_H

#include "graph/program_internal.h"

/* Bytes of one plane of a tile register. */
#define NDG_TILE_BYTES 4096u

/* Where a tile's numbers are; im is a tile of zeros for real ones in complex programs. */
typedef struct ndg_slot {
  char *re, *im;
} ndg_slot;

/* After how many elements an operand repeats itself; 0: it does not. */
uint64_t ndg_load_period(const ndg_worker *, const ndg_operand *);
/* Whether tiles `step` elements apart hold the same. */
bool ndg_load_repeats(const ndg_worker *, const ndg_operand *, uint64_t step);
/* Whether n real elements lie one after the other in memory, and where. */
bool ndg_load_is_direct(const ndg_worker *, const ndg_instruction *, const ndg_operand *,
                        uint64_t flat, uint64_t n);
char *ndg_load_address(const ndg_worker *, const ndg_instruction *, const ndg_operand *,
                       uint64_t flat);
void ndg_load_tile(const ndg_worker *, const ndg_instruction *, const ndg_operand *, uint64_t flat,
                   uint64_t n, ndg_slot to);
/* Where n results may be written in one run, or NULL. */
void *ndg_store_direct(const ndg_worker *, const ndg_instruction *, uint64_t flat, uint64_t n);
/* Writes n results; `size` of them make a task. */
void ndg_store_tile(const ndg_worker *, uint32_t buffer, uint64_t size, uint64_t flat, uint64_t n,
                    ndg_slot from);

#endif
