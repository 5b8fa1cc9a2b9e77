/* SPDX-License-Identifier: MIT */
/* Running a program: workers go through the stages together; in each they take its pieces, first
   those that were theirs in the stage before. */
#include "graph/program_internal.h"

typedef void (*execute)(const ndg_worker *, const ndg_instruction *, uint64_t begin, uint64_t end);

static const execute executors[] = {
    [NDG_DO_CHAIN] = ndg_exec_chain,
    [NDG_DO_MATMUL] = ndg_exec_matmul,
    [NDG_DO_MATMUL_SUM] = ndg_exec_matmul_sum,
    [NDG_DO_LOG_SUM_EXP] = ndg_exec_log_sum_exp,
    [NDG_DO_SUM_TASKS] = ndg_exec_sum_tasks,
    [NDG_DO_CONCAT] = ndg_exec_concat,
    [NDG_DO_GATHER] = ndg_exec_gather,
    [NDG_DO_SCATTER_ADD] = ndg_exec_scatter_add,
    [NDG_DO_PICK] = ndg_exec_pick,
    [NDG_DO_PLACE] = ndg_exec_place,
    [NDG_DO_PACK] = ndg_exec_pack,
};

void ndg_group_run(ndg_worker *w, const ndg_group *g, uint64_t begin, uint64_t end) {
  w->first_unit = begin;
  for (uint32_t i = 0; i < g->n_instructions; i++) {
    const ndg_instruction *x = w->program->instructions[g->instructions[i]];
    executors[x->kind](w, x, begin, end);
  }
}

/* Pieces of all groups are numbered on. */
static void run_piece(ndg_worker *w, const ndg_stage *stage, uint64_t piece) {
  const ndg_group *g = stage->groups;
  for (; piece >= g->n_pieces; g++)
    piece -= g->n_pieces;
  ndg_group_run(w, g, g->rows * piece / g->n_pieces, g->rows * (piece + 1) / g->n_pieces);
}

static void run_stage(ndg_worker *w, uint32_t s, uint32_t worker, uint32_t n_workers) {
  const ndg_program *p = w->program;
  const ndg_stage *stage = &p->stages[s];
  for (uint32_t i = 0; i < n_workers; i++) {
    const uint32_t owner = (worker + i) % n_workers;
    const uint64_t *share = &p->shares[s * (p->n_workers + 1) + owner];
    const uint64_t begin = n_workers == 1 ? 0 : share[0];
    const uint64_t end = n_workers == 1 ? stage->n_pieces : share[1];
    ndg_ticket *ticket = &p->tickets[s * p->n_workers + owner];
    for (;;) {
      const uint64_t piece =
          begin + atomic_fetch_add_explicit(&ticket->next, 1, memory_order_relaxed);
      if (piece >= end)
        break;
      run_piece(w, stage, piece);
    }
  }
}

ndg_worker ndg_worker_of(const ndg_program *p, uint32_t worker) {
  char *local = p->workspace + worker * (p->local_bytes + p->scratch_bytes);
  return (ndg_worker){
      .program = p, .base = p->base, .local = local, .scratch = local + p->local_bytes};
}

typedef struct stages {
  const ndg_program *program;
  uint32_t n;
} stages;

static void work(void *context, uint32_t worker, uint32_t n_workers) {
  const stages *job = context;
  ndg_worker w = ndg_worker_of(job->program, worker);
  for (uint32_t s = 0; s < job->n; s++) {
    run_stage(&w, s, worker, n_workers);
    if (n_workers > 1 && s + 1 < job->n)
      ndg_pool_barrier(job->program->pool, worker);
  }
}

void ndg_program_bind(ndg_program *p, const ndg_binding *inputs, const ndg_binding *outputs,
                      char **base) {
  for (uint32_t b = 0; b < p->n_buffers; b++) {
    const ndg_buffer *buffer = &p->buffers[b];
    uint64_t step = buffer->size;
    if (buffer->place == NDG_PLACE_ARENA) {
      base[b] = p->arena + buffer->offset;
    } else if (buffer->place == NDG_PLACE_INPUT || buffer->place == NDG_PLACE_OUTPUT) {
      const ndg_binding *binding =
          buffer->place == NDG_PLACE_INPUT ? &inputs[buffer->number] : &outputs[buffer->number];
      base[b] = binding->data;
      step = binding->task_stride;
    }
    step = buffer->per_task ? step : 0;
    p->is_bound = p->is_bound && p->task_step[b] == step;
    p->task_step[b] = step;
  }
  if (!p->is_bound)
    for (uint32_t i = 0; i < p->n_instructions; i++)
      if (p->instructions[i]->kind == NDG_DO_CHAIN)
        ndg_chain_bind(p, p->instructions[i]);
  p->is_bound = true;
}

void ndg_program_run_stages(ndg_program *p, uint32_t n_stages) {
  if (n_stages == 0)
    return;
  stages job = {p, n_stages};
  for (uint64_t i = 0; i < (uint64_t)n_stages * p->n_workers; i++)
    atomic_store_explicit(&p->tickets[i].next, 0, memory_order_relaxed);
  if (p->alone || p->n_workers == 1)
    work(&job, 0, 1);
  else
    ndg_pool_region(p->pool, work, &job);
}

void ndg_program_run(ndg_program *p, const ndg_binding *inputs, const ndg_binding *outputs) {
  ndg_program_bind(p, inputs, outputs, p->base);
  ndg_program_run_stages(p, p->n_stages);
}
