/* SPDX-License-Identifier: MIT */
/* Between the parts of chain execution: micro-operations (exec_chain.c) and the traffic of tiles
   with memory (exec_tile.c), as classified when bound (exec_reading.c). Positions are flat: task x
   domain + index within the task. All: [worker; running; hot]. */
#ifndef NUDGE_GRAPH_EXEC_CHAIN_H
#define NUDGE_GRAPH_EXEC_CHAIN_H

#include "graph/program_internal.h"

/* Bytes of one plane of a tile register. */
#define NDG_TILE_BYTES 4096u

/* Where a tile's numbers are; im is a tile of zeros for real ones in complex programs. */
typedef struct ndg_slot {
  char *re, *im;
} ndg_slot;

/* Whether tiles of operand i that are `step` elements apart hold the same. */
bool ndg_load_repeats(const ndg_instruction *, uint32_t i, uint64_t step);
/* Elements [flat, flat + n) of operand i where they lie, or copied to `tile`. */
ndg_slot ndg_load(const ndg_worker *, const ndg_instruction *, uint32_t i, uint64_t flat,
                  uint64_t n, ndg_slot tile);
/* The same for whole tasks. */
ndg_slot ndg_load_tasks(const ndg_worker *, const ndg_instruction *, uint32_t i, uint64_t task,
                        uint64_t n_tasks, ndg_slot tile);
/* exec_in_place.c: what is read and written in place, once readings are bound [owner; bound;
   cheap]; its operands, and operations on them. */
void ndg_chain_bind_in_place(const ndg_program *, ndg_instruction *);
ndg_slot ndg_load_in_place(const ndg_worker *, const ndg_instruction *, uint32_t i, uint64_t task,
                           uint64_t n_tasks, ndg_slot tile);
void ndg_apply_tasks(const ndg_program *, const ndg_instruction *, const ndg_micro *,
                     const ndg_slot *, uint64_t n_tasks, void *y, uint64_t y_step);
/* Where n results may be written in one run, or NULL. */
void *ndg_store_direct(const ndg_worker *, uint32_t buffer, const ndg_reading *, uint64_t flat,
                       uint64_t n);
/* Writes n results; flat counts results, not elements summed. */
void ndg_store_tile(const ndg_worker *, uint32_t buffer, const ndg_reading *, uint64_t flat,
                    uint64_t n, ndg_slot from);
/* A result's `size` numbers of whole tasks; direct: where they may be written, or NULL. */
void *ndg_store_tasks_direct(const ndg_worker *, const ndg_result *, uint64_t task,
                             uint64_t n_tasks);
void ndg_store_tasks(const ndg_worker *, const ndg_result *, uint64_t task, uint64_t n_tasks,
                     ndg_slot from);

#endif
