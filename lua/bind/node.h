/* SPDX-License-Identifier: MIT */
/* Inside of nodes: graph.c, which has the types, and operations.c. */
#ifndef NUDGE_BIND_NODE_H
#define NUDGE_BIND_NODE_H

#include "bind/define.h"

#define GRAPH "nudge.graph"
#define NODE "nudge.node"

typedef struct ndg_lua_node {
  ndg_lua_graph *graph; /* user value 1 keeps it */
  ndg_node node;
  int line;    /* where it was made; 0: it has a name */
  uint32_t op; /* that made it */
  uint64_t n_classes;
  char name[40];
} ndg_lua_node;

/* [-0, +1, m] */
ndg_lua_node *ndg_lua_push_new_node(lua_State *L, int graph, ndg_node);
/* "w1 [3x4]", "tanh of line 12 [5x4]" [any; any; pure] */
void ndg_lua_node_text(const ndg_lua_node *, char *out, size_t size);
ndg_shape ndg_lua_node_shape(const ndg_lua_node *);
/* Of a graph that is being built. [-0, +0, v] */
ndg_lua_node *ndg_lua_check_open_node(lua_State *L, int index);
/* The graph of the first node among the arguments, pushed. [-0, +1, v] */
const ndg_lua_graph *ndg_lua_push_graph_of(lua_State *L, const char *what, int first, int last);
/* Operations, or operators, into the table on top. [-0, +0, m] */
void ndg_lua_set_operations(lua_State *L);
void ndg_lua_set_operators(lua_State *L);

#endif
