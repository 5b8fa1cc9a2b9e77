/* SPDX-License-Identifier: MIT */
/* nudge.learner and nudge.rule: a component of a plugin with its checked options. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "bind/bind.h"

ndg_lua_component *ndg_lua_check_component(lua_State *L, int index, const char *type) {
  ndg_lua_component *c = luaL_checkudata(L, index, type);
  luaL_argcheck(L, c->arena, index, "it is closed");
  return c;
}

/* (id[, options]). User value 1: the options as given, for sweeps over them. [-2, +1, v] */
static int open_component(lua_State *L, const char *kind, const char *type) {
  const char *id = luaL_checkstring(L, 1);
  ndg_lua_end_definitions(L);
  lua_settop(L, 2);
  ndg_lua_component *c = lua_newuserdatauv(L, sizeof *c, 1);
  *c = (ndg_lua_component){0};
  luaL_setmetatable(L, type);
  lua_newtable(L);
  if (lua_istable(L, 2)) {
    for (lua_pushnil(L); lua_next(L, 2);) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, -4);
    }
  }
  lua_setiuservalue(L, 3, 1);
  c->arena = ndg_arena_create(1024);
  if (!c->arena) {
    return ndg_lua_no_memory(L);
  }
  uint64_t n = 0;
  const ndg_named_any *given = ndg_lua_collect_options(L, 2, c->arena, &n);
  ndg_error e = {0};
  if (ndg_instance_open(ndg_lua_get_host(L)->registry, kind, id, given, n, c->arena, &c->instance,
                        &e) < 0) {
    return ndg_lua_raise(L, &e, id, NULL);
  }
  return 1;
}

static int make_learner(lua_State *L) {
  return open_component(L, NDG_KIND_LEARNER, NDG_LUA_LEARNER);
}

static int make_rule(lua_State *L) {
  return open_component(L, NDG_KIND_RULE, NDG_LUA_RULE);
}

/* Methods serve both types. */
static ndg_lua_component *check_either(lua_State *L) {
  return luaL_testudata(L, 1, NDG_LUA_RULE) ? ndg_lua_check_component(L, 1, NDG_LUA_RULE)
                                            : ndg_lua_check_component(L, 1, NDG_LUA_LEARNER);
}

static int component_id(lua_State *L) { /* [-0, +1, v] */
  lua_pushstring(L, check_either(L)->instance.loaded->component->id);
  return 1;
}

static int component_given(lua_State *L) { /* [-0, +1, v] the options as given; a copy */
  check_either(L);
  lua_getiuservalue(L, 1, 1);
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, -3);) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -4);
  }
  return 1;
}

static int component_options(lua_State *L) { /* [-0, +1, v] every option with its value */
  const ndg_lua_component *c = check_either(L);
  lua_newtable(L);
  for (const ndg_option *o = c->instance.loaded->component->options; o && o->name;
       o = ndg_options_next(o, c->instance.loaded->option_stride)) {
    ndg_lua_push_option_value(L, o, c->instance.options);
    lua_setfield(L, -2, o->name);
  }
  return 1;
}

/* [-0, +2, v] Of a rule: order and factor of its error in beta, or nil where it knows none. */
static int rule_truncation(lua_State *L) {
  const ndg_lua_component *c = ndg_lua_check_component(L, 1, NDG_LUA_RULE);
  const ndg_rule_ops *ops = &c->instance.loaded->ops.rule;
  ndg_truncation t = {.struct_size = sizeof t};
  if (!ops->truncation || !ops->truncation(c->instance.options, &t)) {
    lua_pushnil(L);
    return 1;
  }
  if (t.order < 1 || !(t.factor > 0) || t.factor > DBL_MAX) {
    return ndg_lua_fail(L, NDG_EINTERNAL, "rule %s: truncation of order %d with factor %f",
                        c->instance.loaded->component->id, (int)t.order, t.factor);
  }
  lua_pushinteger(L, (lua_Integer)t.order);
  lua_pushnumber(L, t.factor);
  return 2;
}

/* [-0, +1 or +2, v] Of a rule: what it estimates, with which details; or nil where it does not say.
 */
static int rule_estimand(lua_State *L) {
  static const char *const names[] = {[NDG_ESTIMATES_FIXED_POINT] = "fixed_point",
                                      [NDG_ESTIMATES_UNROLLED] = "unrolled",
                                      [NDG_ESTIMATES_BIASED] = "biased"};
  const ndg_lua_component *c = ndg_lua_check_component(L, 1, NDG_LUA_RULE);
  const ndg_rule_ops *ops = &c->instance.loaded->ops.rule;
  ndg_estimand s = {.struct_size = sizeof s,
                    .steps = UINT64_MAX,
                    .optimizer = {.lr = NAN, .momentum = NAN, .beta2 = NAN, .epsilon = NAN}};
  if (!ops->estimand || !ops->estimand(c->instance.options, &s) || s.kind == 0 ||
      s.kind >= sizeof names / sizeof *names) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushstring(L, names[s.kind]);
  lua_newtable(L);
  if (s.damping != 0) {
    lua_pushnumber(L, s.damping);
    lua_setfield(L, -2, "damping");
  }
  if (s.window > 0) {
    lua_pushinteger(L, (lua_Integer)s.window);
    lua_setfield(L, -2, "window");
  }
  if (s.steps != UINT64_MAX) {
    lua_pushinteger(L, (lua_Integer)s.steps);
    lua_setfield(L, -2, "steps");
  }
  return 2;
}

static int close_component(ndg_lua_component *c) {
  ndg_arena_destroy(c->arena);
  c->arena = NULL;
  return 0;
}

static int learner_close(lua_State *L) { /* [-0, +0, v] */
  return close_component(luaL_checkudata(L, 1, NDG_LUA_LEARNER));
}

static int rule_close(lua_State *L) { /* [-0, +0, v] */
  return close_component(luaL_checkudata(L, 1, NDG_LUA_RULE));
}

static int component_text(lua_State *L) { /* [-0, +1, m] "nudge.rule contrastive" */
  const bool is_rule = luaL_testudata(L, 1, NDG_LUA_RULE) != NULL;
  const char *type = is_rule ? NDG_LUA_RULE : NDG_LUA_LEARNER;
  const ndg_lua_component *c = luaL_checkudata(L, 1, type);
  if (c->arena && c->instance.loaded) {
    lua_pushfstring(L, "%s %s", type, c->instance.loaded->component->id);
  } else {
    lua_pushfstring(L, "%s (closed)", type);
  }
  return 1;
}

static int list_components(lua_State *L) { /* [-1, +1, m] ("learner" | "rule"): ids */
  static const char *const names[] = {"learner", "rule", NULL};
  static const char *const kinds[] = {NDG_KIND_LEARNER, NDG_KIND_RULE};
  const char *kind = kinds[luaL_checkoption(L, 1, NULL, names)];
  const ndg_registry *registry = ndg_lua_get_host(L)->registry;
  const uint64_t n = ndg_registry_count(registry, kind);
  lua_createtable(L, (int)n, 0);
  for (uint64_t i = 0; i < n; i++) {
    lua_pushstring(L, ndg_registry_at(registry, kind, i)->component->id);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static const luaL_Reg learner_methods[] = {
    {"id", component_id}, {"given", component_given}, {"options", component_options}, {NULL, NULL}};
static const luaL_Reg rule_methods[] = {
    {"id", component_id},           {"given", component_given},
    {"options", component_options}, {"truncation", rule_truncation},
    {"estimand", rule_estimand},    {NULL, NULL}};

const luaL_Reg ndg_lua_component_functions[] = {
    {"learner", make_learner}, {"rule", make_rule}, {"components", list_components}, {NULL, NULL}};

void ndg_lua_open_component(lua_State *L) {
  ndg_lua_new_type(L, NDG_LUA_LEARNER, learner_methods, learner_close, component_text);
  ndg_lua_new_type(L, NDG_LUA_RULE, rule_methods, rule_close, component_text);
}
