/* SPDX-License-Identifier: MIT */
/* The compiled program: what lowering (lower.h) makes, planning (plan*.c) cuts into stages and
   pieces and gives memory, and running (exec*.c) executes. */
#ifndef NUDGE_GRAPH_PROGRAM_INTERNAL_H
#define NUDGE_GRAPH_PROGRAM_INTERNAL_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/memory.h"
#include "graph/program.h"
#include "tensor/blas.h"
#include "tensor/kernels.h"

#define NDG_NO_BUFFER UINT32_MAX
/* Operations of a chain at most: more would not fit the first-level cache. */
#define NDG_MAX_CHAIN 40
/* Estimated time from which on a run is worth waking other threads. */
#define NDG_POOL_PICOSECONDS UINT64_C(30000000)

/* Where a value lives. LOCAL: in the running worker's own memory, for one piece of one stage.
   TILE: only in the tiles of its writer. */
enum { NDG_PLACE_INPUT, NDG_PLACE_OUTPUT, NDG_PLACE_ARENA, NDG_PLACE_LOCAL, NDG_PLACE_TILE };

typedef struct ndg_buffer {
  uint8_t place;
  bool per_task, is_complex;
  uint32_t number;  /* INPUT: position among the program's inputs; OUTPUT: its number */
  uint32_t writer;  /* instruction; UINT32_MAX for inputs */
  uint64_t element; /* bytes */
  uint64_t size;    /* elements of one task */
  uint64_t rows;    /* units of its writer, see ndg_instruction */
  uint64_t offset;  /* ARENA, LOCAL: bytes from the start */
} ndg_buffer;

/* A reading of a buffer, or a constant (buffer == NDG_NO_BUFFER). Tasks are as far apart as the
   buffer's. Axis lengths are the reader's. */
typedef struct ndg_operand {
  uint32_t buffer;
  uint32_t n_dims;
  bool is_complex;
  double value;
  int64_t offset;
  uint64_t dim[NDG_MAX_DIMS];
  int64_t stride[NDG_MAX_DIMS];
} ndg_operand;

/* One operation of a fused chain. Slots: loads first, then results in order. */
typedef struct ndg_micro {
  uint16_t op; /* enum ndg_op; NONE copies */
  bool is_complex;
  bool by_tasks; /* as bound: reads or writes in place */
  uint16_t n_in;
  uint16_t in[3];
  uint16_t reg; /* tile register of the result */
  double value;
} ndg_micro;

/* How a chain's operand or result lies in memory, all tasks one after the other in flat order: the
   usual orders are read or written by one kernel per tile. */
enum ndg_reading_kind {
  NDG_READ_ANY,     /* axis by axis; complex numbers, constants */
  NDG_READ_DIRECT,  /* contiguous */
  NDG_READ_STRIDED, /* single numbers `step` apart */
  NDG_READ_ROWS,    /* runs of `length` numbers, `step` apart */
  NDG_READ_EACH,    /* single numbers `step` apart, each `length` times */
  NDG_READ_REPEATS  /* runs of `length` numbers, `step` apart, each `repeat` times */
};
/* What chains of small tasks read where it lies, tasks being `step` apart. */
enum ndg_in_place {
  NDG_IN_PLACE_NOT,
  NDG_IN_PLACE_APART,  /* all of a task's numbers */
  NDG_IN_PLACE_REPEATS /* a row */
};
typedef struct ndg_reading {
  uint8_t kind, in_place;
  uint64_t length, repeat, period; /* period: after how many numbers it repeats itself; 0: never */
  int64_t step;
  uint64_t runs; /* runs, or single numbers, of a task; 0: tasks do not begin with one */
} ndg_reading;

enum ndg_instruction_kind {
  NDG_DO_CHAIN,       /* elementwise chain, stored or summed */
  NDG_DO_MATMUL,      /* in[0] x in[1] */
  NDG_DO_MATMUL_SUM,  /* the same summed over tasks */
  NDG_DO_LOG_SUM_EXP, /* over the last axis of a dense operand */
  NDG_DO_SUM_TASKS,
  NDG_DO_CONCAT, /* also pad: axis, start of each operand */
  NDG_DO_GATHER,
  NDG_DO_SCATTER_ADD,
  NDG_DO_PICK,
  NDG_DO_PLACE,
  NDG_DO_PACK /* a right operand of products, for all their pieces */
};

/* One of several results of a chain: stored, or summed and stored, as soon as so many of the
   chain's operations are done. */
typedef struct ndg_result {
  uint32_t buffer;
  uint16_t slot, after;
  bool is_sum;
  bool is_product; /* the sum is of slot x other */
  bool in_place;   /* as bound: written straight to rows that are apart */
  uint16_t other;
  uint64_t reduced, inner; /* of a sum, as in ndg_instruction */
  uint64_t size;           /* numbers of a task */
  ndg_reading reading;     /* as bound */
} ndg_result;

/* An instruction may be run on any range of its units: tasks if it is per_task, otherwise `rows`
   equal parts of its result (1: it cannot be cut). */
typedef struct ndg_instruction {
  uint8_t kind;
  bool per_task;
  uint64_t rows;
  uint64_t cost; /* estimated picoseconds per run, all units */
  uint32_t n_in;
  ndg_operand *in; /* chains: loads */
  bool *reads_own; /* in[i]: unit u reads only unit u of the buffer, if that has as many */
  uint32_t out;    /* buffer */
  ndg_shape shape; /* of one task's result */
  /* chains */
  uint16_t n_micro, n_regs, n_slots;
  uint16_t result; /* slot that is stored or summed */
  ndg_micro *micro;
  bool is_sum;                    /* else stored */
  uint64_t domain;                /* elements of one task */
  uint64_t outer, reduced, inner; /* domain = outer x reduced x inner */
  ndg_reading *reading;           /* n_in operands, then the result; as bound */
  uint32_t n_results;             /* 0: one, as above; else `out` is the first of these */
  ndg_result *results;            /* in order of `after` */
  uint64_t tile_step;             /* numbers per tile of a stored chain */
  uint64_t row_period;            /* of what repeats in place, as bound; 0: nothing */
  /* matmul */
  uint64_t m, n, k;
  bool packed; /* in[1] is the result of a PACK of k x n */
  /* concat, pad */
  uint64_t axis, *start;
  uint32_t stage, group, position; /* as planned */
} ndg_instruction;

/* Instructions of one stage that are cut alike, run piece by piece. */
typedef struct ndg_group {
  bool per_task, has_product;
  uint32_t component; /* first instruction of a group of connected ones; UINT32_MAX: of any */
  uint64_t rows;      /* units */
  uint64_t n_pieces;  /* piece p: units rows p / n_pieces to rows (p + 1) / n_pieces */
  uint64_t cost;
  uint32_t n_instructions;
  uint32_t *instructions;
} ndg_group;

typedef struct ndg_stage {
  uint32_t n_groups;
  ndg_group *groups;
  uint64_t n_pieces; /* of all groups */
} ndg_stage;

/* Where a worker takes its next piece of a stage; on a cache line of its own. */
typedef struct ndg_ticket {
  _Alignas(NDG_ALIGNMENT) _Atomic uint64_t next;
} ndg_ticket;

struct ndg_program {
  ndg_arena *memory; /* everything below but arena */
  ndg_pool *pool;
  uint32_t n_workers;
  bool alone;    /* too little work to wake others */
  uint64_t cost; /* estimated picoseconds of a run */
  ndg_dtype dtype;
  ndg_dtype real; /* element type of real values */
  uint64_t n_tasks;
  uint32_t n_inputs, n_outputs;
  uint32_t *input_numbers;
  uint32_t n_buffers, buffer_capacity;
  ndg_buffer *buffers;
  uint32_t n_instructions, instruction_capacity;
  ndg_instruction **instructions;
  uint32_t n_stages;
  ndg_stage *stages;
  ndg_ticket *tickets; /* n_stages x n_workers, at least n_workers x n_workers */
  uint64_t *shares;    /* n_stages x (n_workers + 1): where each worker's own pieces begin */
  /* while running */
  char **base;         /* per buffer; behind it two such lists per worker, for run_steps */
  uint64_t *task_step; /* per buffer: elements from one task to the next */
  bool is_bound;       /* readings agree with the steps */
  bool steps_freely;   /* the last stage is per task, those before it are shared */
  char *arena;
  char *workspace; /* n_workers x (local_bytes + scratch_bytes) */
  uint64_t arena_bytes, local_bytes, scratch_bytes;
  uint64_t real_bytes; /* of a real number */
  uint64_t tile;       /* elements of a tile register */
  const ndg_real_kernels *kernels;
  const ndg_complex_kernels *complex_kernels;
  ndg_program_report report;
};

/* [main; compiling; allocates] plan.c: stages and pieces; plan_memory.c: places. */
ndg_status ndg_plan_stages(ndg_program *, ndg_error *);
ndg_status ndg_plan_memory(ndg_program *, ndg_error *);
/* After both: which pieces each worker takes first. */
ndg_status ndg_plan_shares(ndg_program *, ndg_error *);

/* exec: a running instruction's surroundings. */
typedef struct ndg_worker {
  const ndg_program *program;
  char *const *base; /* per buffer */
  char *local, *scratch;
  uint64_t first_unit; /* of the piece */
} ndg_worker;

/* [main; planned; pure] exec_steps.c */
bool ndg_steps_are_free(const ndg_program *);
/* [owner; compiled; hot] exec.c: bases and steps of all buffers; `base` as long as the program's.
 */
void ndg_program_bind(ndg_program *, const ndg_binding *inputs, const ndg_binding *outputs,
                      char **base);
/* [owner; bound; hot] The first n_stages stages by all workers. */
void ndg_program_run_stages(ndg_program *, uint32_t n_stages);
/* [worker; running; hot] All instructions of a group on units [begin, end), which its local memory
   holds. */
void ndg_group_run(ndg_worker *, const ndg_group *, uint64_t begin, uint64_t end);
/* [worker; running; pure] */
ndg_worker ndg_worker_of(const ndg_program *, uint32_t worker);

/* exec_*.c: run an instruction on units [begin, end). All: [worker; running; hot]. */
void ndg_exec_chain(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);
void ndg_exec_matmul(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);
void ndg_exec_pack(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);
void ndg_exec_matmul_sum(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);
void ndg_exec_log_sum_exp(const ndg_worker *, const ndg_instruction *, uint64_t begin,
                          uint64_t end);
void ndg_exec_sum_tasks(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);
void ndg_exec_concat(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);
void ndg_exec_gather(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);
void ndg_exec_scatter_add(const ndg_worker *, const ndg_instruction *, uint64_t begin,
                          uint64_t end);
void ndg_exec_pick(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);
void ndg_exec_place(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);

/* [owner; bound; cheap] Readings of a chain, after its buffers' steps have changed. */
void ndg_chain_bind(const ndg_program *, ndg_instruction *);

/* [any; any; pure] Whether a chain of several results is run by whole tasks, some to a tile. */
static inline bool ndg_runs_by_tasks(const ndg_program *p, const ndg_instruction *x) {
  return x->per_task && x->domain <= p->tile;
}

/* [main; compiling; pure] Bytes of worker scratch that an instruction needs. */
uint64_t ndg_chain_scratch(const ndg_program *, const ndg_instruction *);
uint64_t ndg_log_sum_exp_scratch(const ndg_program *, const ndg_instruction *);

/* [worker; running; hot] Address of a buffer's task 0, unit 0. A local buffer holds the units of
   one piece only, so its address is counted back from the piece's first. */
static inline char *ndg_address(const ndg_worker *w, uint32_t buffer) {
  const ndg_buffer *b = &w->program->buffers[buffer];
  if (b->place != NDG_PLACE_LOCAL)
    return w->base[buffer];
  const uint64_t unit = b->per_task ? b->size : b->size / b->rows;
  return (char *)((uintptr_t)w->local + (uintptr_t)b->offset -
                  (uintptr_t)(w->first_unit * unit * b->element));
}

#endif
