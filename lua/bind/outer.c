/* SPDX-License-Identifier: MIT */
/* nudge.outer: the outer optimiser of a problem's theta. Meta-gradients are added row by row, then
   one step makes the next theta. */
#include <inttypes.h>

#include "bind/bind.h"
#include "engine/outer.h"

typedef struct lua_outer {
  ndg_outer *outer; /* NULL: closed */
} lua_outer;

static const char *const optimizers[] = {"sgd", "momentum", "adam", "adamw"};
static const uint32_t optimizer_kinds[] = {NDG_OUTER_SGD, NDG_OUTER_MOMENTUM, NDG_OUTER_ADAM,
                                           NDG_OUTER_ADAMW};

static ndg_outer *check_outer(lua_State *L) {
  const lua_outer *o = luaL_checkudata(L, 1, NDG_LUA_OUTER);
  luaL_argcheck(L, o->outer, 1, "this outer optimizer is closed");
  return o->outer;
}

static bool field_boolean(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  const bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

/* ({problem, optimizer, nesterov, lr, momentum, beta2, epsilon, weight_decay, clip_norm,
   clip_value, frozen = {group = true}}). [-1, +1, v] */
static int open_outer(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 8, NULL);
  lua_outer *o = lua_newuserdatauv(L, sizeof *o, 0);
  *o = (lua_outer){0};
  luaL_setmetatable(L, NDG_LUA_OUTER);
  lua_getfield(L, 1, "problem");
  const ndg_layout *layout = ndg_problem_layout(ndg_lua_check_problem(L, 3));
  bool frozen[NDG_MAX_GROUPS] = {false};
  lua_getfield(L, 1, "frozen");
  luaL_argcheck(L, lua_istable(L, 4), 1, "field frozen must be a table");
  for (uint32_t g = 0; g < layout->n_theta; g++) {
    frozen[g] = field_boolean(L, 4, layout->theta[g].name);
  }
  const ndg_outer_spec spec = {
      .optimizer = optimizer_kinds[ndg_lua_field_choice(L, 1, "optimizer", optimizers,
                                                        sizeof optimizers / sizeof *optimizers)],
      .nesterov = field_boolean(L, 1, "nesterov"),
      .lr = ndg_lua_field_number(L, 1, "lr"),
      .momentum = ndg_lua_field_number(L, 1, "momentum"),
      .beta2 = ndg_lua_field_number(L, 1, "beta2"),
      .epsilon = ndg_lua_field_number(L, 1, "epsilon"),
      .weight_decay = ndg_lua_field_number(L, 1, "weight_decay"),
      .clip_norm = ndg_lua_field_number(L, 1, "clip_norm"),
      .clip_value = ndg_lua_field_number(L, 1, "clip_value"),
      .layout = layout,
      .frozen = frozen};
  ndg_error e = {0};
  if (ndg_outer_open(&spec, &o->outer, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  lua_settop(L, 2);
  return 1;
}

/* Whether the table at index 3, if there is one, leaves out position i. Lists of positions would be
   taken for other positions. [-0, +0, v] */
static bool is_left_out(lua_State *L, uint64_t i) {
  if (!lua_istable(L, 3))
    return false;
  lua_rawgeti(L, 3, (lua_Integer)i);
  const bool yes = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return yes;
}

static void check_left_out(lua_State *L, uint64_t n) {
  if (lua_isnoneornil(L, 3))
    return;
  luaL_checktype(L, 3, LUA_TTABLE);
  for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
    int whole;
    const lua_Integer i = lua_tointegerx(L, -2, &whole);
    if (lua_type(L, -2) != LUA_TNUMBER || !whole || i < 1 || (uint64_t)i > n ||
        !lua_isboolean(L, -1)) {
      const char *value = luaL_tolstring(L, -1, NULL), *key = luaL_tolstring(L, -3, NULL);
      ndg_lua_fail(L, NDG_EINVAL,
                   "what to leave out is { [position] = true } with positions from 1 to %" PRIu64
                   ", got [%s] = %s",
                   n, key, value);
    }
  }
}

/* (gradients: tasks x Q[, {position = true} to leave out]): list of positions that were not finite
   and so not added. [-0, +1, v] */
static int outer_add(lua_State *L) {
  ndg_outer *o = check_outer(L);
  const ndg_lua_array *rows = ndg_lua_check_array(L, 2);
  const uint64_t q = ndg_outer_n_theta(o), n = ndg_lua_array_size(rows) / q;
  if (rows->kind != NDG_REAL || rows->shape.dim[rows->shape.n_dims - 1] != q) {
    char shape[96];
    ndg_lua_shape_text(&rows->shape, shape, sizeof shape);
    return ndg_lua_fail(
        L, NDG_EINVAL, "meta-gradients must be rows of %" PRIu64 " real numbers, got %s", q, shape);
  }
  lua_settop(L, 3);
  check_left_out(L, n);
  lua_newtable(L);
  lua_Integer bad = 0;
  for (uint64_t i = 0; i < n; i++) {
    if (!is_left_out(L, i + 1) && ndg_outer_add(o, ndg_lua_reals(rows) + i * q) == NDG_DIVERGED) {
      lua_pushinteger(L, (lua_Integer)i + 1);
      lua_rawseti(L, -2, ++bad);
    }
  }
  return 1;
}

static int outer_clear(lua_State *L) { /* [-0, +1, v] (): self, without the rows added */
  ndg_outer_clear(check_outer(L));
  lua_settop(L, 1);
  return 1;
}

/* (theta[, factor of lr]): the next theta, what the step did. [-0, +2, v] */
static int outer_step(lua_State *L) {
  ndg_outer *o = check_outer(L);
  const uint64_t q = ndg_outer_n_theta(o);
  const ndg_lua_array *theta = ndg_lua_check_reals(L, 2, q, "theta");
  const double factor = luaL_optnumber(L, 3, 1);
  double *next = ndg_lua_push_vector(L, q)->data;
  for (uint64_t i = 0; i < q; i++) {
    next[i] = ndg_lua_reals(theta)[i];
  }
  ndg_outer_report r;
  ndg_error e = {0};
  if (ndg_outer_step(o, factor, next, &r, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  lua_createtable(L, 0, 6);
  ndg_lua_set_integer(L, "tasks", r.n_tasks);
  ndg_lua_set_number(L, "gradient_norm", r.gradient_norm);
  ndg_lua_set_number(L, "update_norm", r.update_norm);
  ndg_lua_set_integer(L, "clipped", r.n_clipped);
  ndg_lua_set_integer(L, "projected", r.n_projected);
  lua_pushboolean(L, r.norm_clipped);
  lua_setfield(L, -2, "norm_clipped");
  return 2;
}

static int outer_state(lua_State *L) { /* [-0, +1, v] {steps, slots = array or nil} */
  const ndg_outer *o = check_outer(L);
  const ndg_shape shape = NDG_MATRIX(ndg_outer_n_slots(o), ndg_outer_n_theta(o));
  uint64_t steps = 0;
  double *slots = NULL;
  lua_createtable(L, 0, 2);
  if (ndg_outer_n_slots(o) > 0) {
    slots = ndg_lua_push_array(L, NDG_REAL, &shape)->data;
    lua_setfield(L, -2, "slots");
  }
  ndg_outer_get_state(o, &steps, slots);
  ndg_lua_set_integer(L, "steps", steps);
  return 1;
}

/* The slots on top of the stack; NULL for an optimizer that has none. [-0, +0, v] */
static const double *check_slots(lua_State *L, uint64_t n_slots, uint64_t n_theta) {
  const ndg_lua_array *a = luaL_testudata(L, -1, NDG_LUA_ARRAY) ? ndg_lua_check_array(L, -1) : NULL;
  if (n_slots == 0 && lua_isnil(L, -1))
    return NULL;
  if (n_slots == 0 || !a || a->kind != NDG_REAL || a->shape.n_dims != 2 ||
      a->shape.dim[0] != n_slots || a->shape.dim[1] != n_theta) {
    const char *got = luaL_tolstring(L, -1, NULL);
    if (n_slots == 0)
      ndg_lua_fail(L, NDG_EINVAL, "the state of this optimizer has no slots, got %s", got);
    else
      ndg_lua_fail(L, NDG_EINVAL,
                   "slots of this optimizer's state are %" PRIu64 "x%" PRIu64 " real, got %s",
                   n_slots, n_theta, got);
    return NULL;
  }
  return ndg_lua_reals(a);
}

static int outer_set_state(lua_State *L) { /* [-0, +1, v] (state): self */
  ndg_outer *o = check_outer(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  const uint64_t steps = (uint64_t)ndg_lua_field_integer(L, 2, "steps", 0);
  lua_getfield(L, 2, "slots");
  const double *slots = check_slots(L, ndg_outer_n_slots(o), ndg_outer_n_theta(o));
  ndg_error e = {0};
  if (ndg_outer_set_state(o, steps, slots, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  lua_settop(L, 1);
  return 1;
}

static int outer_close(lua_State *L) { /* [-0, +0, v] */
  lua_outer *o = luaL_checkudata(L, 1, NDG_LUA_OUTER);
  ndg_outer_close(o->outer);
  o->outer = NULL;
  return 0;
}

static int outer_text(lua_State *L) { /* [-0, +1, m] */
  const lua_outer *o = luaL_checkudata(L, 1, NDG_LUA_OUTER);
  if (!o->outer) {
    lua_pushliteral(L, NDG_LUA_OUTER " (closed)");
    return 1;
  }
  lua_pushfstring(L, NDG_LUA_OUTER ", %I theta", (lua_Integer)ndg_outer_n_theta(o->outer));
  return 1;
}

static const luaL_Reg methods[] = {
    {"add", outer_add},     {"clear", outer_clear},         {"step", outer_step},
    {"state", outer_state}, {"set_state", outer_set_state}, {NULL, NULL}};

const luaL_Reg ndg_lua_outer_functions[] = {{"outer", open_outer}, {NULL, NULL}};

void ndg_lua_open_outer(lua_State *L) {
  ndg_lua_new_type(L, NDG_LUA_OUTER, methods, outer_close, outer_text);
}
