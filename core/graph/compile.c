/* SPDX-License-Identifier: MIT */
/* Compiling: what is needed, what is complex, then lowering and planning. */
#include <string.h>

#include "graph/exec_chain.h"
#include "graph/lower.h"
#include "tensor/dtype.h"

static ndg_status allocate(ndg_lowering *l) {
  const size_t n = (size_t)l->n_nodes + 1;
  l->needed = ndg_calloc(n, 1);
  l->is_output = ndg_calloc(n, 1);
  l->is_complex = ndg_calloc(n, 1);
  l->n_uses = ndg_calloc(n, sizeof *l->n_uses);
  l->chain = ndg_calloc(n, sizeof *l->chain);
  l->chain_size = ndg_calloc(n, sizeof *l->chain_size);
  l->summed = ndg_calloc(n, sizeof *l->summed);
  l->started = ndg_calloc(n, sizeof *l->started);
  l->slot = ndg_calloc(n, sizeof *l->slot);
  l->value = ndg_calloc(n, sizeof *l->value);
  const bool all = l->needed && l->is_output && l->is_complex && l->n_uses && l->chain &&
                   l->chain_size && l->summed && l->started && l->slot && l->value;
  return all ? NDG_OK : ndg_lowering_no_memory(l);
}

static void release(ndg_lowering *l) {
  ndg_free(l->needed);
  ndg_free(l->is_output);
  ndg_free(l->is_complex);
  ndg_free(l->n_uses);
  ndg_free(l->chain);
  ndg_free(l->chain_size);
  ndg_free(l->summed);
  ndg_free(l->started);
  ndg_free(l->slot);
  ndg_free(l->value);
}

/* Operands have smaller numbers than their users. */
static void mark_needed(ndg_lowering *l, uint32_t n_outputs, const ndg_node *outputs) {
  for (uint32_t j = 0; j < n_outputs; j++)
    l->needed[outputs[j]] = l->is_output[outputs[j]] = 1;
  for (ndg_node n = l->n_nodes; n > 0; n--) {
    const ndg_graph_node *node = ndg_graph_get(l->graph, n);
    for (uint32_t i = 0; l->needed[n] && i < node->n_in; i++)
      l->needed[node->in[i]] = 1;
  }
}

/* In a complex program, what depends on data and constants alone stays real. */
static void mark_complex(ndg_lowering *l) {
  for (ndg_node n = 1; n <= l->n_nodes && l->program->dtype == NDG_C128; n++) {
    const ndg_graph_node *node = ndg_graph_get(l->graph, n);
    if (node->op == NDG_OP_INPUT)
      l->is_complex[n] = node->kind == NDG_REAL && !(node->attr.i[1] & NDG_INPUT_DATA);
    for (uint32_t i = 0; i < node->n_in; i++)
      l->is_complex[n] |= l->is_complex[node->in[i]];
  }
}

static ndg_status check(const ndg_graph *g, uint32_t n_outputs, const ndg_node *outputs,
                        ndg_dtype dtype, uint64_t n_tasks, ndg_error *e) {
  if (dtype > NDG_C128)
    return ndg_fail(e, NDG_EINVAL, "a program cannot be compiled for element type %u (%s)", dtype,
                    ndg_dtype_name(dtype) ? ndg_dtype_name(dtype) : "unknown");
  if (n_tasks == 0)
    return ndg_fail(e, NDG_EINVAL, "a program needs at least one task");
  for (uint32_t j = 0; j < n_outputs; j++) {
    if (outputs[j] == NDG_NO_NODE || outputs[j] > ndg_graph_node_count(g))
      return ndg_fail(e, NDG_EINVAL, "output %u is node %u, but the graph has nodes 1 to %u", j,
                      outputs[j], ndg_graph_node_count(g));
    if (ndg_graph_get(g, outputs[j])->kind != NDG_REAL)
      return ndg_fail(e, NDG_EINVAL, "output %u is an index, outputs are real", j);
  }
  const ndg_node bad =
      dtype == NDG_C128 ? ndg_graph_first_non_analytic(g, n_outputs, outputs) : NDG_NO_NODE;
  if (bad != NDG_NO_NODE)
    return ndg_fail(e, NDG_ECAPABILITY,
                    "%s is not analytic, so the graph has no complex evaluation; use smooth "
                    "operations (tanh, softplus, ...) or a real estimator",
                    ndg_graph_op_name(ndg_graph_get(g, bad)->op));
  return NDG_OK;
}

static ndg_program *create(ndg_dtype dtype, uint64_t n_tasks, ndg_pool *pool) {
  ndg_arena *memory = ndg_arena_create(16384);
  ndg_program *p = memory ? ndg_arena_alloc(memory, 1, sizeof *p) : NULL;
  if (!p) {
    ndg_arena_destroy(memory);
    return NULL;
  }
  p->memory = memory;
  p->pool = pool;
  p->n_workers = pool ? ndg_pool_size(pool) : 1;
  p->dtype = dtype;
  p->real = dtype == NDG_C128 ? NDG_F64 : dtype;
  p->n_tasks = n_tasks;
  p->real_bytes = ndg_dtype_size(p->real);
  p->tile = NDG_TILE_BYTES / p->real_bytes;
  p->kernels = ndg_real_kernels_for(dtype);
  p->complex_kernels = ndg_kernels_best()->c128;
  return p;
}

static ndg_status build(ndg_lowering *l, uint32_t n_outputs, const ndg_node *outputs) {
  ndg_program *p = l->program;
  ndg_status st = allocate(l);
  if (st < 0)
    return st;
  p->n_outputs = n_outputs;
  p->input_numbers =
      ndg_arena_alloc(p->memory, ndg_graph_input_count(l->graph) + 1, sizeof *p->input_numbers);
  if (!p->input_numbers)
    return ndg_lowering_no_memory(l);
  mark_needed(l, n_outputs, outputs);
  mark_complex(l);
  ndg_fuse(l);
  st = ndg_lower(l, n_outputs, outputs);
  if (st == NDG_OK)
    st = ndg_merge_chains(l);
  if (st == NDG_OK)
    st = ndg_plan_stages(p, l->error);
  if (st == NDG_OK)
    st = ndg_plan_memory(p, l->error);
  if (st < 0)
    return st;
  p->steps_freely = ndg_steps_are_free(p);
  p->base = ndg_arena_alloc(p->memory, (2 + 2 * (size_t)p->n_workers) * p->n_buffers + 1,
                            sizeof *p->base);
  p->task_step = ndg_arena_alloc(p->memory, p->n_buffers + 1, sizeof *p->task_step);
  p->tickets = ndg_arena_alloc(p->memory, ((size_t)p->n_stages + p->n_workers) * p->n_workers + 1,
                               sizeof *p->tickets);
  if (!p->base || !p->task_step || !p->tickets)
    return ndg_lowering_no_memory(l);
  return ndg_plan_shares(p, l->error);
}

ndg_status ndg_program_compile(const ndg_graph *g, uint32_t n_outputs, const ndg_node *outputs,
                               ndg_dtype dtype, uint64_t n_tasks, ndg_pool *pool, ndg_program **out,
                               ndg_error *e) {
  *out = NULL;
  ndg_status st = check(g, n_outputs, outputs, dtype, n_tasks, e);
  if (st < 0)
    return st;
  ndg_blas_single_thread();
  ndg_lowering l = {.graph = g, .error = e, .n_nodes = ndg_graph_node_count(g)};
  l.program = create(dtype, n_tasks, pool);
  if (!l.program)
    return ndg_lowering_no_memory(&l);
  st = build(&l, n_outputs, outputs);
  release(&l);
  if (st < 0) {
    ndg_program_destroy(l.program);
    return st;
  }
  *out = l.program;
  return NDG_OK;
}
