/* SPDX-License-Identifier: MIT */
/* Nodes of a loss graph in Lua, as user data. A node knows its name or where it was made, so that
   errors can say which one is meant. */
#include <inttypes.h>
#include <string.h>

#include "bind/node.h"
#include "graph/graph.h"

ndg_lua_graph *ndg_lua_push_graph(lua_State *L, const ndg_builder *builder) {
  ndg_lua_graph *g = lua_newuserdatauv(L, sizeof *g, 0);
  *g = (ndg_lua_graph){.builder = builder};
  luaL_setmetatable(L, GRAPH);
  return g;
}

ndg_lua_node *ndg_lua_push_new_node(lua_State *L, int graph, ndg_node id) { /* [-0, +1, m] */
  graph = lua_absindex(L, graph);
  ndg_lua_node *n = lua_newuserdatauv(L, sizeof *n, 1);
  *n = (ndg_lua_node){.graph = lua_touserdata(L, graph), .node = id};
  luaL_setmetatable(L, NODE);
  lua_pushvalue(L, graph);
  lua_setiuservalue(L, -2, 1);
  return n;
}

void ndg_lua_push_node(lua_State *L, int graph, ndg_node id, const char *name, uint64_t n_classes) {
  ndg_lua_node *n = ndg_lua_push_new_node(L, graph, id);
  (void)snprintf(n->name, sizeof n->name, "%s", name);
  n->n_classes = n_classes;
}

ndg_shape ndg_lua_node_shape(const ndg_lua_node *n) {
  const ndg_builder *b = n->graph->builder;
  return b->api->shape(b->graph, n->node);
}

/* "w1 [3,4]", "tanh of line 12 [5,4]" */
void ndg_lua_node_text(const ndg_lua_node *n, char *out, size_t size) {
  char shape[64] = "ended";
  if (n->graph->builder) {
    const ndg_shape s = ndg_lua_node_shape(n);
    if (s.n_dims == 0)
      (void)snprintf(shape, sizeof shape, "scalar");
    else
      ndg_lua_shape_text(&s, shape, sizeof shape);
  }
  if (n->line)
    (void)snprintf(out, size, "%s of line %d [%s]", ndg_graph_op_name(n->op), n->line, shape);
  else
    (void)snprintf(out, size, "%s [%s]", n->name, shape);
}

ndg_lua_node *ndg_lua_check_open_node(lua_State *L, int index) { /* [-0, +0, v] */
  ndg_lua_node *n = luaL_checkudata(L, index, NODE);
  if (!n->graph->builder)
    ndg_lua_fail(L, NDG_EINVAL,
                 "node %s: its graph has been built; nodes are good inside of loss(...) only",
                 n->line ? ndg_graph_op_name(n->op) : n->name);
  return n;
}

/* The graph of the first node among the arguments, pushed. [-0, +1, v] */
const ndg_lua_graph *ndg_lua_push_graph_of(lua_State *L, const char *what, int first, int last) {
  for (int i = first; i <= last; i++) {
    if (luaL_testudata(L, i, NODE)) {
      ndg_lua_check_open_node(L, i);
      lua_getiuservalue(L, i, 1);
      return lua_touserdata(L, -1);
    }
  }
  ndg_lua_fail(
      L, NDG_EINVAL, "%s takes nodes of the graph, got %s%s", what, luaL_typename(L, first),
      lua_istable(L, first) ? "; functions of the graph are called with a dot: g.tanh(x)" : "");
  return NULL;
}

ndg_node ndg_lua_check_node(lua_State *L, int index, const ndg_lua_graph *graph, const char *what) {
  if (lua_type(L, index) == LUA_TNUMBER) {
    const ndg_node c = ndg_constant(graph->builder, lua_tonumber(L, index));
    if (c == NDG_NO_NODE) {
      ndg_error e = {0};
      ndg_graph_status(graph->builder->graph, &e);
      ndg_lua_raise(L, &e, NULL, NULL);
    }
    return c;
  }
  if (!luaL_testudata(L, index, NODE))
    ndg_lua_fail(L, NDG_EINVAL, "%s must be a node of the graph or a number, got %s", what,
                 luaL_typename(L, index));
  const ndg_lua_node *n = ndg_lua_check_open_node(L, index);
  if (n->graph != graph)
    ndg_lua_fail(L, NDG_EINVAL, "%s: node %s is of another graph", what, n->name);
  return n->node;
}

/* ---- the types ---- */

static int node_tostring(lua_State *L) { /* [-0, +1, m] */
  char text[120];
  ndg_lua_node_text(luaL_checkudata(L, 1, NODE), text, sizeof text);
  lua_pushstring(L, text);
  return 1;
}

/* Fields `shape` and `classes`, then methods: upvalue 1. [-2, +1, v] */
static int node_index(lua_State *L) {
  const ndg_lua_node *n = ndg_lua_check_open_node(L, 1);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "shape") == 0) {
    const ndg_shape s = ndg_lua_node_shape(n);
    lua_createtable(L, (int)s.n_dims, 0);
    for (uint32_t a = 0; a < s.n_dims; a++) {
      lua_pushinteger(L, (lua_Integer)s.dim[a]);
      lua_rawseti(L, -2, (lua_Integer)a + 1);
    }
    return 1;
  }
  if (strcmp(key, "classes") == 0) {
    if (n->n_classes)
      lua_pushinteger(L, (lua_Integer)n->n_classes);
    else
      lua_pushnil(L);
    return 1;
  }
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
    ndg_lua_fail(L, NDG_EINVAL, "a node has no operation or field '%.60s'",
                 luaL_tolstring(L, 2, NULL));
  return 1;
}

int ndg_lua_node_methods(lua_State *L) { /* [-0, +1, -] the table of operations */
  lua_getfield(L, LUA_REGISTRYINDEX, NODE " methods");
  return 1;
}

/* The table of operations, which nudge's own Lua adds to, stays in the registry as NODE " methods".
 */
void ndg_lua_open_graph(lua_State *L) {
  luaL_newmetatable(L, GRAPH);
  lua_newtable(L);
  ndg_lua_set_operations(L); /* of which a graph by itself has `constant` */
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_newmetatable(L, NODE);
  lua_newtable(L);
  ndg_lua_set_operations(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, NODE " methods");
  lua_pushcclosure(L, node_index, 1);
  lua_setfield(L, -2, "__index");
  ndg_lua_set_operators(L);
  lua_pushcfunction(L, node_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
}
