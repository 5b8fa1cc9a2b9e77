/* SPDX-License-Identifier: MIT */
/* Many runs of a program in a row. Where nothing shared changes from run to run, tasks do not know
   of each other, and a worker takes a block of them through all runs: nobody waits between two, and
   the block stays in cache. */
#include <string.h>

#include "graph/program_internal.h"

static bool is_prologue(const ndg_program *p, const ndg_instruction *x) {
  return x->stage + 1 < p->n_stages;
}

bool ndg_steps_are_free(const ndg_program *p) {
  for (uint32_t i = 0; i < p->n_buffers; i++) {
    const ndg_buffer *b = &p->buffers[i];
    if (b->writer == UINT32_MAX)
      continue;
    const ndg_instruction *x = p->instructions[b->writer];
    if (is_prologue(p, x) ? x->per_task || b->place == NDG_PLACE_OUTPUT
                          : !x->per_task || b->place == NDG_PLACE_ARENA)
      return false;
  }
  return p->n_instructions > 0;
}

/* Shared values are computed once: from nothing that moves on, or that the runs write. */
static bool prologue_is_constant(const ndg_program *p, const ndg_program_steps *s) {
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    const ndg_instruction *x = p->instructions[i];
    for (uint32_t k = 0; k < x->n_in && is_prologue(p, x); k++) {
      if (x->in[k].buffer == NDG_NO_BUFFER)
        continue;
      const ndg_buffer *b = &p->buffers[x->in[k].buffer];
      if (b->place == NDG_PLACE_INPUT &&
          (s->advance[b->number] || s->inputs[0][b->number].data != s->inputs[1][b->number].data))
        return false;
    }
  }
  return true;
}

/* Few tasks cannot be shared out evenly: then the steps come in stretches, one per worker, and each
   of them has one task more in its turn. */
#define UNEVEN_TASKS 64u

typedef struct job {
  const ndg_program *program;
  const ndg_program_steps *steps;
  bool moves;
  uint64_t most; /* tasks of a block */
  uint32_t n_stretches;
} job;

/* In a stretch of steps worker w's own tasks are cut into even blocks. */
static uint64_t own_begin(const job *j, uint32_t stretch, uint32_t w, uint32_t n_workers) {
  return (j->program->n_tasks * w + stretch) / n_workers;
}

static bool anything_moves(const ndg_program *p, const ndg_program_steps *s) {
  for (uint32_t i = 0; i < p->n_inputs; i++)
    if (s->advance[i])
      return true;
  return false;
}

static void move_on(const job *j, char **base, uint64_t steps) {
  const ndg_program *p = j->program;
  for (uint32_t b = 0; j->moves && b < p->n_buffers; b++)
    if (p->buffers[b].place == NDG_PLACE_INPUT)
      base[b] += j->steps->advance[p->buffers[b].number] * steps;
}

static uint64_t first_step(const job *j, uint32_t stretch) {
  return j->steps->n * stretch / j->n_stretches;
}

static void run_block(const job *j, ndg_worker *w, uint32_t worker, uint32_t stretch,
                      uint64_t begin, uint64_t end) {
  const ndg_program *p = j->program;
  const ndg_stage *stage = &p->stages[p->n_stages - 1];
  char **own = p->base + (2 + 2 * (size_t)worker) * p->n_buffers;
  memcpy(own, p->base, 2 * (size_t)p->n_buffers * sizeof *own);
  const uint64_t first = first_step(j, stretch), last = first_step(j, stretch + 1);
  move_on(j, own, first + first % 2);
  move_on(j, own + p->n_buffers, first + 1 - first % 2);
  for (uint64_t t = first; t < last; t++) {
    char **base = own + t % 2 * p->n_buffers;
    w->base = base;
    for (uint32_t g = 0; g < stage->n_groups; g++)
      ndg_group_run(w, &stage->groups[g], begin, end);
    move_on(j, base, 2);
  }
}

/* A worker's own tasks, then what others have left. */
static void run_stretch(const job *j, ndg_worker *w, uint32_t stretch, uint32_t worker,
                        uint32_t n_workers) {
  for (uint32_t i = 0; i < n_workers; i++) {
    const uint32_t owner = (worker + i) % n_workers;
    const uint64_t begin = own_begin(j, stretch, owner, n_workers);
    const uint64_t n = own_begin(j, stretch, owner + 1, n_workers) - begin;
    const uint64_t n_blocks = (n + j->most - 1) / j->most;
    ndg_ticket *ticket = &j->program->tickets[stretch * n_workers + owner];
    for (;;) {
      const uint64_t block = atomic_fetch_add_explicit(&ticket->next, 1, memory_order_relaxed);
      if (block >= n_blocks)
        break;
      run_block(j, w, worker, stretch, begin + n * block / n_blocks,
                begin + n * (block + 1) / n_blocks);
    }
  }
}

static void work(void *context, uint32_t worker, uint32_t n_workers) {
  const job *j = context;
  ndg_worker w = ndg_worker_of(j->program, worker);
  for (uint32_t s = 0; s < j->n_stretches; s++) {
    if (s > 0)
      ndg_pool_barrier(j->program->pool, worker);
    run_stretch(j, &w, s, worker, n_workers);
  }
}

/* As many tasks as the local memory of every group was planned for. */
static uint64_t block_tasks(const ndg_program *p) {
  const ndg_stage *stage = &p->stages[p->n_stages - 1];
  uint64_t most = p->n_tasks;
  for (uint32_t g = 0; g < stage->n_groups; g++) {
    const ndg_group *group = &stage->groups[g];
    const uint64_t units = (group->rows + group->n_pieces - 1) / group->n_pieces;
    most = units < most ? units : most;
  }
  return most;
}

/* All workers meet in every run. */
static void run_one_by_one(ndg_program *p, const ndg_program_steps *s) {
  const job j = {.program = p, .steps = s, .moves = anything_moves(p, s)};
  for (uint64_t t = 0; t < s->n; t++) {
    ndg_program_bind(p, s->inputs[t % 2], s->outputs[t % 2], p->base);
    move_on(&j, p->base, t);
    ndg_program_run_stages(p, p->n_stages);
  }
}

void ndg_program_run_steps(ndg_program *p, const ndg_program_steps *s) {
  if (!p->steps_freely || !prologue_is_constant(p, s)) {
    run_one_by_one(p, s);
    return;
  }
  ndg_program_bind(p, s->inputs[1], s->outputs[1], p->base + p->n_buffers);
  ndg_program_bind(p, s->inputs[0], s->outputs[0], p->base);
  ndg_program_run_stages(p, p->n_stages - 1);
  const bool single = p->n_workers == 1 || (p->alone && p->cost * s->n < NDG_POOL_PICOSECONDS);
  const bool uneven = !single && p->n_tasks > p->n_workers && p->n_tasks % p->n_workers != 0 &&
                      p->n_tasks < UNEVEN_TASKS * p->n_workers && s->n >= 4 * p->n_workers;
  job j = {p, s, anything_moves(p, s), block_tasks(p), uneven ? p->n_workers : 1};
  for (uint32_t w = 0; w < j.n_stretches * p->n_workers; w++)
    atomic_store_explicit(&p->tickets[w].next, 0, memory_order_relaxed);
  if (single)
    work(&j, 0, 1);
  else
    ndg_pool_region(p->pool, work, &j);
}

bool ndg_program_steps_freely(const ndg_program *p) {
  return p->steps_freely;
}
