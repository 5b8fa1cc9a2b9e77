/* SPDX-License-Identifier: MIT */
/* Compiled programs: outputs of a graph for one element type and number of tasks. Compiling fuses
   elementwise chains and product epilogues and plans one arena; running allocates nothing, and its
   bits do not depend on the number of threads. */
#ifndef NUDGE_GRAPH_PROGRAM_H
#define NUDGE_GRAPH_PROGRAM_H

#include "base/pool.h"
#include "graph/graph.h"

typedef struct ndg_program ndg_program;

/* An input's or output's memory. Tasks are task_stride elements apart (ignored for shared values);
   each task's value is dense and row-major, aligned to its element. */
typedef struct ndg_binding {
  void *data;
  uint64_t task_stride;
} ndg_binding;

typedef struct ndg_program_report {
  uint64_t instructions, stages, arena_bytes;
  uint64_t flops_matmul, flops_elementwise; /* per run, all tasks */
  uint64_t fused_nodes;
} ndg_program_report;

/* [main; any; allocates] Refuses C128 when a needed operation is not analytic (NDG_ECAPABILITY,
   naming it). Real-kind inputs flagged DATA are bound as double in C128 programs, all others in
   `dtype`. */
ndg_status ndg_program_compile(const ndg_graph *, uint32_t n_outputs, const ndg_node *outputs,
                               ndg_dtype, uint64_t n_tasks, ndg_pool *pool, ndg_program **out,
                               ndg_error *);
/* [main; not running; frees] NULL is fine. */
void ndg_program_destroy(ndg_program *);

/* [any; any; pure] How many inputs the program reads, and the graph's number of each. */
uint32_t ndg_program_input_count(const ndg_program *);
uint32_t ndg_program_input_number(const ndg_program *, uint32_t i);
/* [any; any; pure] What compiling made, and what a run costs. */
ndg_program_report ndg_program_describe(const ndg_program *);

/* [any; any; cost of the program's instructions] Whether output j may be bound to the memory of
   the input at this position, which then holds the new value after a run, to the same bits. Only
   programs of one task are looked at. */
bool ndg_program_may_overwrite(const ndg_program *, uint32_t input, uint32_t output);

/* [owner of the program; compiled; hot] inputs: by position (see input_number); outputs: in the
   order given to compile. Outputs must not overlap inputs, but where they may overwrite one, or
   each other. */
void ndg_program_run(ndg_program *, const ndg_binding *inputs, const ndg_binding *outputs);

/* n runs in a row, with two sets of bindings in turns: what one writes the next may read. */
typedef struct ndg_program_steps {
  uint64_t n;
  const ndg_binding *inputs[2], *outputs[2]; /* both sets with the same task strides */
  const uint64_t *advance; /* per input: bytes by which it moves on from run to run */
} ndg_program_steps;
/* [owner of the program; compiled; hot] The same bits as n calls of ndg_program_run. */
void ndg_program_run_steps(ndg_program *, const ndg_program_steps *);
/* [any; any; pure] Whether tasks do not wait for each other between the runs of run_steps. */
bool ndg_program_steps_freely(const ndg_program *);

#endif
