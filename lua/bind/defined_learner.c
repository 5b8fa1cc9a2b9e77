/* SPDX-License-Identifier: MIT */
/* A learner that a script defines: layout and build, through the functions that nudge.define has
   put around the script's. */
#include <string.h>

#include "bind/define.h"

/* What a task array is, without its data. [-0, +1, m] */
static void push_description(lua_State *L, const ndg_array *a) {
  lua_createtable(L, 0, 5);
  ndg_lua_set_text(L, "name", a->name);
  ndg_lua_set_text(L, "kind", ndg_lua_kind_name(a->kind));
  ndg_lua_set_text(L, "role", a->role == NDG_SAMPLES ? "samples" : "whole");
  if (a->kind == NDG_INDEX)
    ndg_lua_set_integer(L, "classes", a->n_values);
  lua_createtable(L, (int)a->shape.n_dims, 0);
  for (uint32_t d = 0; d < a->shape.n_dims; d++) {
    lua_pushinteger(L, (lua_Integer)a->shape.dim[d]);
    lua_rawseti(L, -2, (lua_Integer)d + 1);
  }
  lua_setfield(L, -2, "shape");
}

/* ---- layout ---- */

typedef struct layout {
  const void *options;
  const ndg_task_arrays *tasks;
  ndg_layout *out;
} layout;

/* Numbered entries of the list on top. [-0, +0, v] */
static double list_number(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  const double x = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return x;
}

static bool list_flag(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  const bool x = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return x;
}

/* The group on top, which nudge.define has checked. [-0, +0, v] */
static void read_group(lua_State *L, ndg_group *g) {
  lua_getfield(L, -1, "name");
  (void)snprintf(g->name, sizeof g->name, "%s", luaL_checkstring(L, -1));
  lua_getfield(L, -2, "shape");
  g->shape = NDG_SCALAR;
  g->shape.n_dims = (uint32_t)lua_rawlen(L, -1);
  for (uint32_t d = 0; d < g->shape.n_dims && d < NDG_MAX_DIMS; d++) {
    lua_rawgeti(L, -1, (lua_Integer)d + 1);
    g->shape.dim[d] = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  lua_pop(L, 2);
  g->init = (uint32_t)list_number(L, "init");
  g->a = list_number(L, "a");
  g->b = list_number(L, "b");
  g->start_theta = (int32_t)list_number(L, "start") - 1;
  g->constraint = list_flag(L, "nonnegative") ? NDG_NONNEGATIVE : NDG_UNCONSTRAINED;
  g->held = list_flag(L, "held");
}

static uint32_t read_groups(lua_State *L, const char *name, ndg_group *out) { /* [-0, +0, v] */
  lua_getfield(L, -1, name);
  const uint32_t n = (uint32_t)lua_rawlen(L, -1);
  if (n > NDG_MAX_GROUPS)
    ndg_lua_fail(L, NDG_EINVAL, "%d groups of %s; at most %d are possible", (int)n, name,
                 NDG_MAX_GROUPS);
  for (uint32_t i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    read_group(L, &out[i]);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return n;
}

static void run_layout(lua_State *L, void *context) {
  const layout *l = context;
  ndg_lua_push_function(L, l->options, "layout");
  lua_createtable(L, (int)l->tasks->n_arrays, 0);
  for (uint64_t i = 0; i < l->tasks->n_arrays; i++) {
    push_description(L, &l->tasks->arrays[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_call(L, 2, 1);
  l->out->n_phi = read_groups(L, "phi", l->out->phi);
  l->out->n_theta = read_groups(L, "theta", l->out->theta);
}

static ndg_status lay_out(const void *options, const ndg_task_arrays *tasks, ndg_layout *out,
                          ndg_error *e) {
  layout l = {options, tasks, out};
  return ndg_lua_call_defined(options, run_layout, NULL, &l, e);
}

/* ---- build ---- */

typedef struct build {
  const void *options;
  const ndg_builder *builder;
  const ndg_learner_inputs *in;
  ndg_learner_outputs *out;
  ndg_lua_graph *graph;
} build;

/* List of { name, node }. [-0, +1, m] */
static void push_groups(lua_State *L, int graph, uint32_t n, const ndg_group *groups,
                        const ndg_node *nodes) {
  lua_createtable(L, (int)n, 0);
  for (uint32_t i = 0; i < n; i++) {
    lua_createtable(L, 2, 0);
    lua_pushstring(L, groups[i].name);
    lua_rawseti(L, -2, 1);
    ndg_lua_push_node(L, graph, nodes[i], groups[i].name, 0);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static void push_arrays(lua_State *L, int graph, const ndg_learner_inputs *in) { /* [-0, +1, m] */
  lua_createtable(L, (int)in->n_arrays, 0);
  for (uint32_t i = 0; i < in->n_arrays; i++) {
    const ndg_array *a = &in->array_descriptions[i];
    lua_createtable(L, 2, 0);
    lua_pushstring(L, a->name);
    lua_rawseti(L, -2, 1);
    ndg_lua_push_node(L, graph, in->arrays[i], a->name, a->kind == NDG_INDEX ? a->n_values : 0);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

/* What the function gave at index, if anything. [-0, +0, v] */
static ndg_node result(lua_State *L, int index, const ndg_lua_graph *g, const char *what) {
  return lua_isnil(L, index) ? NDG_NO_NODE : ndg_lua_check_node(L, index, g, what);
}

static void run_build(lua_State *L, void *context) {
  build *b = context;
  const ndg_layout *groups = b->in->layout;
  ndg_lua_push_function(L, b->options, "build");
  ndg_lua_graph *g = ndg_lua_push_graph(L, b->builder);
  const int graph = lua_gettop(L);
  lua_pushvalue(L, graph);
  lua_rawsetp(L, LUA_REGISTRYINDEX, b); /* stays until end_build */
  b->graph = g;
  push_groups(L, graph, groups->n_phi, groups->phi, b->in->phi);
  push_groups(L, graph, groups->n_theta, groups->theta, b->in->theta);
  push_arrays(L, graph, b->in);
  lua_call(L, 5, 4);
  b->out->learn_loss = result(L, -4, b->graph, "learn_loss");
  b->out->eval_loss = result(L, -3, b->graph, "eval_loss");
  b->out->predictions = result(L, -2, b->graph, "predictions");
  b->out->eval_accuracy = result(L, -1, b->graph, "accuracy");
}

/* The nodes end with the build, also where an error ends it: the script may have kept some. */
static void end_build(lua_State *L, void *context) {
  build *b = context;
  if (!b->graph)
    return;
  b->graph->builder = NULL;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, b);
}

static ndg_status build_losses(const void *options, const ndg_builder *builder,
                               const ndg_learner_inputs *in, ndg_learner_outputs *out,
                               ndg_error *e) {
  if (in->struct_size < sizeof *in || !in->layout)
    return ndg_fail(e, NDG_EABI, "build got no layout, which came with ABI 1.2");
  build b = {.options = options, .builder = builder, .in = in, .out = out};
  return ndg_lua_call_defined(options, run_build, end_build, &b, e);
}

const ndg_learner_ops ndg_lua_learner_ops = {.struct_size = sizeof ndg_lua_learner_ops,
                                             .check = ndg_lua_check_defined,
                                             .layout = lay_out,
                                             .build = build_losses};
