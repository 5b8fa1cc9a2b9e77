/* SPDX-License-Identifier: MIT */
/* What a rule in Lua sees of the problem: facts, vectors and small calls. */
#include <math.h>
#include <string.h>

#include "bind/define.h"

#define ESTIMATE "nudge.estimate"

static const char *const spaces[] = {"phi", "theta", "state", NULL};
static const char *const optimizers[] = {"problem", "gradient_descent", "heavy_ball", "nesterov",
                                         "adam",    "newton",           NULL};

ndg_lua_estimate *ndg_lua_check_estimate(lua_State *L, int index) {
  ndg_lua_estimate *s = luaL_checkudata(L, index, ESTIMATE);
  if (!s->api)
    ndg_lua_fail(L, NDG_EINVAL,
                 "this estimate has ended: its problem is good inside of estimate(...) only");
  return s;
}

uint32_t ndg_lua_check_space(lua_State *L, int index) {
  static const uint32_t codes[] = {NDG_PHI, NDG_THETA, NDG_STATE};
  return codes[luaL_checkoption(L, index, NULL, spaces)];
}

static double number_or_nan(lua_State *L, int index, const char *name) { /* [-0, +0, v] */
  const bool given = lua_getfield(L, index, name) != LUA_TNIL;
  const double x = given ? luaL_checknumber(L, -1) : NAN;
  lua_pop(L, 1);
  return x;
}

ndg_optimizer ndg_lua_field_optimizer(lua_State *L, int index, const char *name) {
  ndg_optimizer o = {.lr = NAN, .momentum = NAN, .beta2 = NAN, .epsilon = NAN};
  luaL_checkstack(L, 4, NULL);
  const int type = lua_getfield(L, index, name);
  const int t = lua_gettop(L);
  if (type == LUA_TTABLE) {
    o.lr = number_or_nan(L, t, "lr");
    o.momentum = number_or_nan(L, t, "momentum");
    o.beta2 = number_or_nan(L, t, "beta2");
    o.epsilon = number_or_nan(L, t, "epsilon");
    lua_getfield(L, t, "optimizer");
  }
  const char *kind = luaL_optstring(L, -1, "problem");
  for (uint32_t k = 0; optimizers[k]; k++) {
    if (strcmp(optimizers[k], kind) == 0) {
      o.kind = k;
      lua_settop(L, t - 1);
      return o;
    }
  }
  ndg_lua_fail(L, NDG_EINVAL, "there is no optimizer '%.60s'", kind);
  return o;
}

void ndg_lua_settle(lua_State *L, const ndg_lua_estimate *s, ndg_status st, const ndg_error *e,
                    bool soft) {
  if (st < 0)
    ndg_lua_raise(L, e, NULL, NULL);
  if (st == NDG_OK || soft)
    return;
  /* Tasks that diverged are left out by the host; with one task there is nothing left. */
  if (st == NDG_PAST_RADIUS || (st == NDG_DIVERGED && s->n_tasks == 1))
    ndg_lua_raise(L, e, NULL, NULL);
  if (s->record->status == NDG_OK) {
    s->record->status = st;
    (void)snprintf(s->record->note, sizeof s->record->note, "%.*s", (int)sizeof s->record->note - 1,
                   e->text);
  }
}

static int info(lua_State *L) { /* [-1, +1, v] */
  static const char *const dtypes[] = {
      [NDG_F32] = "float32", [NDG_F64] = "float64", [NDG_LONG_DOUBLE] = "long_double"};
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  ndg_problem_info i = {.struct_size = sizeof i};
  s->api->describe(s->problem, &i);
  lua_createtable(L, 0, 10);
  ndg_lua_set_integer(L, "n_tasks", i.n_tasks);
  ndg_lua_set_integer(L, "n_phi", i.n_phi);
  ndg_lua_set_integer(L, "n_theta", i.n_theta);
  ndg_lua_set_integer(L, "n_start", i.n_start);
  ndg_lua_set_integer(L, "steps", i.steps);
  ndg_lua_set_number(L, "tolerance", i.tolerance);
  ndg_lua_set_number(L, "stability_radius", i.stability_radius);
  ndg_lua_set_text(L, "dtype", i.dtype <= NDG_LONG_DOUBLE ? dtypes[i.dtype] : "?");
  ndg_lua_set_text(L, "optimizer",
                   i.optimizer.kind <= NDG_NEWTON ? optimizers[i.optimizer.kind] : "?");
  ndg_lua_set_number(L, "lr", i.optimizer.lr);
  return 1;
}

static int new_vector(lua_State *L) { /* [-3, +1, v] (space[, { complex, optimizer }]): zeros */
  ndg_lua_check_estimate(L, 1);
  const uint32_t space = ndg_lua_check_space(L, 2);
  ndg_optimizer optimizer = {.kind = NDG_OPTIMIZER_PROBLEM};
  bool is_complex = false;
  if (!lua_isnoneornil(L, 3)) {
    luaL_checktype(L, 3, LUA_TTABLE);
    optimizer = ndg_lua_field_optimizer(L, 3, "optimizer");
    lua_getfield(L, 3, "complex");
    is_complex = lua_toboolean(L, -1);
  }
  ndg_lua_push_new_vector(L, 1, space, is_complex, &optimizer);
  return 1;
}

static int keep(lua_State *L) { /* [-3, +2, v] (name, space): a vector, whether it is new */
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  const char *name = luaL_checkstring(L, 2);
  const uint32_t space = ndg_lua_check_space(L, 3);
  int fresh = 0;
  ndg_lua_vector *v = ndg_lua_push_rule_vector(L, 1, NULL, space, false, true);
  v->vector = s->api->keep(s->problem, name, space, &fresh);
  if (!v->vector)
    return ndg_lua_no_memory(L);
  lua_pushboolean(L, fresh);
  return 2;
}

static int draw(lua_State *L) { /* [-4, +1, v] (label[, index, space]): standard normal numbers */
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  const char *label = luaL_checkstring(L, 2);
  const lua_Integer index = luaL_optinteger(L, 3, 0);
  const uint32_t space = lua_isnoneornil(L, 4) ? (uint32_t)NDG_PHI : ndg_lua_check_space(L, 4);
  luaL_argcheck(L, index >= 0, 3, "must not be negative");
  const ndg_lua_vector *v = ndg_lua_push_new_vector(L, 1, space, false, NULL);
  ndg_error e = {0};
  if (s->api->draw(s->problem, label, (uint64_t)index, v->vector, &e) < 0)
    return ndg_lua_raise(L, &e, NULL, NULL);
  return 1;
}

/* (phi_adjoint, theta_adjoint): adds to the latter what the initial point passes on. [-3, +1, v] */
static int start_transposed(lua_State *L) {
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  const ndg_lua_vector *from = ndg_lua_check_vector(L, 2, s, "phi_adjoint");
  const ndg_lua_vector *to = ndg_lua_check_vector(L, 3, s, "theta_adjoint");
  ndg_error e = {0};
  const ndg_status st = s->api->start_transposed(s->problem, from->vector, to->vector, &e);
  ndg_lua_settle(L, s, st, &e, false);
  lua_settop(L, 3);
  return 1;
}

static int radii(lua_State *L) { /* [-1, +1, v] of each task; NaN: not known */
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  s->api->radii(s->problem, ndg_lua_push_vector(L, s->n_tasks)->data);
  return 1;
}

static uint64_t check_task(lua_State *L, const ndg_lua_estimate *s) { /* [-0, +0, v] from 1 */
  const lua_Integer task = luaL_checkinteger(L, 2);
  if (task < 1 || (uint64_t)task > s->n_tasks)
    ndg_lua_fail(L, NDG_EINVAL, "there is no task %d; there are %d", (int)task, (int)s->n_tasks);
  return (uint64_t)task - 1;
}

static int refuse(lua_State *L) { /* [-2, +0, v] (task) */
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  s->api->refuse(s->problem, check_task(L, s));
  return 0;
}

static int report(lua_State *L) { /* [-2, +0, v] (task) */
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  s->api->report(s->problem, check_task(L, s));
  return 0;
}

static int cancelled(lua_State *L) { /* [-1, +1, v] */
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  lua_pushboolean(L, s->api->cancelled(s->problem));
  return 1;
}

static const luaL_Reg methods[] = {{"info", info},
                                   {"vector", new_vector},
                                   {"keep", keep},
                                   {"draw", draw},
                                   {"start_transposed", start_transposed},
                                   {"radii", radii},
                                   {"refuse", refuse},
                                   {"report", report},
                                   {"cancelled", cancelled},
                                   {NULL, NULL}};

/* Methods, which nudge's own Lua puts checks around. [-0, +1, -] */
int ndg_lua_estimate_methods(lua_State *L) {
  luaL_getmetatable(L, ESTIMATE);
  lua_getfield(L, -1, "__index");
  return 1;
}

void ndg_lua_open_estimate(lua_State *L) {
  luaL_newmetatable(L, ESTIMATE);
  luaL_newlib(L, methods);
  luaL_setfuncs(L, ndg_lua_estimate_requests, 0);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
