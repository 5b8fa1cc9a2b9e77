/* SPDX-License-Identifier: MIT */
/* Evaluation block by block of samples, inside: shared by the blocks*.c files. */
#ifndef NUDGE_ENGINE_BLOCKS_H
#define NUDGE_ENGINE_BLOCKS_H

#include "engine/internal.h"
#include "graph/rows.h"

/* What blocks contribute to: a sum over samples, or rows of an output. */
typedef struct ndg_block_part {
  uint32_t group;
  bool is_total;
  uint64_t size, first; /* numbers per task, and where the sum begins among all sums */
  uint64_t count;       /* of all tasks */
  ndg_place place;      /* of an output with rows */
  uint64_t row_size;    /* " */
} ndg_block_part;

/* Parts of a group, or what it keeps, for so many rows. */
typedef struct ndg_block_program {
  ndg_program *program; /* NULL: there is no such block */
  uint64_t rows;
  uint32_t n_inputs, n_outputs;
  ndg_place *inputs, *outputs; /* outputs: AT_TOTAL, AT_KEPT, or with rows, of part `index` */
  ndg_binding *in[2], *out[2]; /* of the first row */
  ndg_binding *in_now, *out_now;
  uint64_t *in_step, *out_step; /* bytes from row to row */
} ndg_block_program;

/* A value that a group keeps. */
typedef struct ndg_block_kept {
  ndg_node node;
  uint64_t row_size, first; /* numbers per row, and of those before it */
} ndg_block_kept;

/* Samples whose rows go together. */
typedef struct ndg_block_group {
  uint32_t group;
  uint64_t n_rows, first, count; /* its sums among all sums */
  /* Programs for a block and for the rows that are left; prepare computes what run is given. */
  ndg_block_program run[2], prepare[2];
  uint32_t n_kept;
  ndg_block_kept *kept;
  uint64_t most_slots, n_slots; /* blocks that may be held, and that are; the last slot serves all
                                   others in turn */
  uint64_t slot_bytes;
  char *slots;
} ndg_block_group;

struct ndg_blocks {
  const ndg_problem *problem;
  ndg_pool *pool;
  ndg_dtype dtype, wide; /* of programs, and of sums */
  uint32_t is_complex;
  uint64_t n_tasks;
  uint32_t n_parts, n_groups;
  ndg_block_part *parts;
  ndg_block_group *groups;
  uint64_t n_sums;
  void *block, *sum; /* of one block, and of all: n_sums numbers */
  struct {           /* where what is kept was computed */
    bool known;
    uint64_t generation;
    unsigned char beta[16];
    ndg_vector *phi; /* NULL: nothing is kept */
  } at;
  bool again;                 /* asked for before, since memory was let go */
  const ndg_vector *state[2]; /* bound */
};

#endif
