/* SPDX-License-Identifier: MIT */
/* The graph: its nodes, their hash table, the sticky error and the builder that plugins see. */
#include "graph/graph.h"

#include <string.h>

#include "graph/internal.h"

enum { FIRST_NODES = 64, FIRST_TABLE = 256, FIRST_ARENA = 4096 };
#define MAX_NODES (UINT32_C(1) << 30)

static uint64_t mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ (h >> 29);
}

static uint64_t hash_node(const ndg_graph_node *n) {
  uint64_t value;
  memcpy(&value, &n->attr.value, sizeof value);
  uint64_t h = mix(n->op, value);
  h = mix(h, ((uint64_t)n->n_in << 32) | (uint32_t)(n->kind << 1) | n->per_task);
  for (uint32_t i = 0; i < n->n_in; i++)
    h = mix(h, n->in[i]);
  h = mix(h, n->shape.n_dims);
  for (uint32_t i = 0; i < NDG_MAX_DIMS; i++)
    h = mix(mix(h, n->shape.dim[i]), (uint64_t)n->attr.i[i]);
  return h;
}

/* Values are compared by their bits: -0 and 0 are different constants. */
static bool same_node(const ndg_graph_node *a, const ndg_graph_node *b) {
  return a->op == b->op && a->kind == b->kind && a->per_task == b->per_task && a->n_in == b->n_in &&
         memcmp(&a->shape, &b->shape, sizeof a->shape) == 0 &&
         memcmp(&a->attr, &b->attr, sizeof a->attr) == 0 &&
         (a->n_in == 0 || memcmp(a->in, b->in, a->n_in * sizeof *a->in) == 0);
}

ndg_status ndg_graph_create(ndg_graph **out, ndg_error *e) {
  *out = NULL;
  ndg_graph *g = ndg_calloc(1, sizeof *g);
  if (!g)
    return ndg_fail(e, NDG_ENOMEM, "no memory for a graph");
  g->node = ndg_calloc(FIRST_NODES, sizeof *g->node);
  g->table = ndg_calloc(FIRST_TABLE, sizeof *g->table);
  g->arena = ndg_arena_create(FIRST_ARENA);
  if (!g->node || !g->table || !g->arena) {
    ndg_graph_destroy(g);
    return ndg_fail(e, NDG_ENOMEM, "no memory for a graph");
  }
  g->capacity = FIRST_NODES;
  g->table_size = FIRST_TABLE;
  *out = g;
  return NDG_OK;
}

void ndg_graph_destroy(ndg_graph *g) {
  if (!g)
    return;
  ndg_arena_destroy(g->arena);
  ndg_free(g->table);
  ndg_free(g->node);
  ndg_free(g);
}

ndg_node ndg_graph_refuse(ndg_graph *g, ndg_status code, const char *format, ...) {
  if (g->error.code != NDG_OK)
    return NDG_NO_NODE;
  va_list arguments;
  va_start(arguments, format);
  ndg_vfail(&g->error, code, format, arguments);
  va_end(arguments);
  return NDG_NO_NODE;
}

ndg_status ndg_graph_status(ndg_graph *g, ndg_error *e) {
  const ndg_status st = g->error.code;
  if (st != NDG_OK && e)
    *e = g->error;
  g->error.code = NDG_OK;
  return st;
}

/* The slot of the node equal to *n, or the empty one where it belongs. */
static uint32_t *find_slot(uint32_t *table, uint32_t size, const ndg_graph_node *nodes,
                           const ndg_graph_node *n) {
  uint32_t at = (uint32_t)hash_node(n) & (size - 1);
  while (table[at] && !same_node(&nodes[table[at]], n))
    at = (at + 1) & (size - 1);
  return &table[at];
}

static bool grow_table(ndg_graph *g) {
  const uint32_t size = g->table_size * 2;
  uint32_t *table = ndg_calloc(size, sizeof *table);
  if (!table)
    return false;
  for (uint32_t id = 1; id <= g->n_nodes; id++)
    *find_slot(table, size, g->node, &g->node[id]) = id;
  ndg_free(g->table);
  g->table = table;
  g->table_size = size;
  return true;
}

/* Room for one more node, so that adding it cannot fail half-way. */
static bool reserve(ndg_graph *g) {
  if (g->n_nodes + 1 >= MAX_NODES)
    return false;
  if (g->n_nodes + 1 >= g->capacity) {
    const size_t bytes = (size_t)g->capacity * sizeof *g->node;
    ndg_graph_node *node = ndg_realloc(g->node, bytes, 2 * bytes);
    if (!node)
      return false;
    g->node = node;
    g->capacity *= 2;
  }
  return g->n_nodes + 1 <= g->table_size / 2 || grow_table(g);
}

ndg_node ndg_graph_intern(ndg_graph *g, const ndg_graph_node *draft) {
  const uint32_t known = *find_slot(g->table, g->table_size, g->node, draft);
  if (known)
    return known;
  ndg_graph_node n = *draft;
  if (n.n_in) {
    ndg_node *in = ndg_arena_alloc(g->arena, n.n_in, sizeof *in);
    if (!in)
      return ndg_graph_refuse(g, NDG_ENOMEM, "no memory for a graph node");
    memcpy(in, draft->in, n.n_in * sizeof *in);
    n.in = in;
  }
  if (!reserve(g))
    return ndg_graph_refuse(g, NDG_ENOMEM, "no memory for graph node %u", g->n_nodes + 1);
  const ndg_node id = ++g->n_nodes;
  *find_slot(g->table, g->table_size, g->node, &n) = id;
  g->node[id] = n;
  return id;
}

ndg_node ndg_graph_input(ndg_graph *g, uint32_t kind, bool per_task, uint32_t flags, ndg_shape s) {
  if (kind != NDG_REAL && kind != NDG_INDEX)
    return ndg_graph_refuse(g, NDG_EINVAL, "input %u: unknown kind %u", g->n_inputs, kind);
  if (!ndg_shape_check(g, "input", &s))
    return NDG_NO_NODE;
  ndg_graph_node n = {.op = NDG_OP_INPUT, .kind = (uint8_t)kind, .per_task = per_task, .shape = s};
  n.attr.i[0] = g->n_inputs;
  n.attr.i[1] = flags;
  const ndg_node id = ndg_graph_intern(g, &n);
  g->n_inputs += id != NDG_NO_NODE;
  return id;
}

uint32_t ndg_graph_input_count(const ndg_graph *g) {
  return g->n_inputs;
}

const ndg_graph_node *ndg_graph_get(const ndg_graph *g, ndg_node id) {
  return &g->node[id <= g->n_nodes ? id : NDG_NO_NODE];
}

uint32_t ndg_graph_node_count(const ndg_graph *g) {
  return g->n_nodes;
}

bool ndg_node_constant(const ndg_graph *g, ndg_node id, double *value) {
  const ndg_graph_node *n = ndg_graph_get(g, id);
  if (n->op != NDG_OP_CONSTANT)
    return false;
  *value = n->attr.value;
  return true;
}

static ndg_shape api_shape(const ndg_graph *g, ndg_node id) {
  return ndg_graph_get(g, id)->shape;
}

static ndg_node api_fail(ndg_graph *g, const char *text) {
  return ndg_graph_refuse(g, NDG_EINVAL, "%s", text ? text : "the learner reported an error");
}

ndg_builder ndg_graph_builder(ndg_graph *g) {
  static const ndg_graph_api api = {.struct_size = sizeof api,
                                    .constant = ndg_graph_constant,
                                    .apply = ndg_graph_apply,
                                    .shape = api_shape,
                                    .fail = api_fail};
  return (ndg_builder){.api = &api, .graph = g};
}
