/* SPDX-License-Identifier: MIT */
/* A rule that a script defines: its estimate, truncation and estimand. */
#include <math.h>
#include <string.h>

#include "bind/define.h"

typedef struct estimate {
  const void *options;
  const ndg_problem_api *api;
  ndg_problem *problem;
  ndg_vector *gradient;
  ndg_record *record;
  ndg_lua_estimate *handle;
} estimate;

static ndg_lua_estimate *push_handle(lua_State *L, estimate *x) { /* [-0, +1, m] */
  ndg_problem_info info = {.struct_size = sizeof info};
  x->api->describe(x->problem, &info);
  ndg_lua_estimate *s = lua_newuserdatauv(L, sizeof *s, 0);
  *s = (ndg_lua_estimate){.problem = x->problem,
                          .record = x->record,
                          .callbacks = ndg_lua_definition_of(x->options)->callbacks,
                          .n_tasks = info.n_tasks};
  luaL_setmetatable(L, "nudge.estimate");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, x); /* stays until end_estimate */
  s->api = x->api;
  x->handle = s;
  return s;
}

static ndg_status check_status(lua_State *L, const char *name) { /* [-0, +0, v] */
  for (ndg_status st = NDG_OK; st <= NDG_PAST_RADIUS; st++)
    if (strcmp(name, ndg_lua_status_name(st)) == 0)
      return st;
  ndg_lua_fail(L, NDG_EINVAL,
               "the record's status '%.60s' is none of ok, diverged, not_converged, past_radius",
               name);
  return NDG_OK;
}

/* The second result: { residual, stability_radius, status, note }, checked by nudge.define.
   [-0, +0, v] */
static void read_record(lua_State *L, int index, ndg_record *r) {
  index = lua_absindex(L, index);
  if (lua_isnil(L, index))
    return;
  if (lua_getfield(L, index, "residual") != LUA_TNIL)
    r->residual = luaL_checknumber(L, -1);
  if (lua_getfield(L, index, "stability_radius") != LUA_TNIL)
    r->stability_radius = luaL_checknumber(L, -1);
  if (lua_getfield(L, index, "note") != LUA_TNIL)
    (void)snprintf(r->note, sizeof r->note, "%s", luaL_checkstring(L, -1));
  if (lua_getfield(L, index, "status") != LUA_TNIL)
    r->status = check_status(L, luaL_checkstring(L, -1));
  lua_pop(L, 4);
}

/* Without a gradient its rows stay NaN: no number, and not the number zero. */
static void run_estimate(lua_State *L, void *context) {
  estimate *x = context;
  ndg_lua_push_function(L, x->options, "estimate");
  const ndg_lua_estimate *s = push_handle(L, x);
  lua_insert(L, -2); /* (problem, options) */
  lua_call(L, 2, 2);
  read_record(L, -1, x->record);
  if (lua_isnil(L, -2)) {
    if (x->record->status <= 0)
      ndg_lua_fail(L, NDG_EINVAL, "estimate gave no gradient; a record with a status says why");
    return;
  }
  const ndg_lua_vector *v = ndg_lua_check_vector(L, -2, s, "what estimate gives");
  if (v->space != NDG_THETA)
    ndg_lua_fail(L, NDG_EINVAL, "what estimate gives must be a vector of theta, got %s",
                 luaL_tolstring(L, -2, NULL));
  const ndg_complex one = {1, 0};
  ndg_error e = {0};
  if (x->api->combine(x->problem, x->gradient, one, 1, &one, (const ndg_vector *const[]){v->vector},
                      &e) < 0)
    ndg_lua_raise(L, &e, NULL, NULL);
}

/* Vectors that the script has kept end with the estimate. */
static void end_estimate(lua_State *L, void *context) {
  estimate *x = context;
  if (!x->handle)
    return;
  x->handle->api = NULL;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, x);
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api,
                                    ndg_problem *problem, ndg_vector *gradient, ndg_record *record,
                                    ndg_error *e) {
  estimate x = {
      .options = options, .api = api, .problem = problem, .gradient = gradient, .record = record};
  const ndg_status st = ndg_lua_call_defined(options, run_estimate, end_estimate, &x, e);
  return st != NDG_OK ? st : record->status;
}

/* ---- truncation ---- */

typedef struct truncation {
  const void *options;
  ndg_truncation *out;
  int known;
} truncation;

static void run_truncation(lua_State *L, void *context) { /* gives order and factor, or nil */
  truncation *t = context;
  if (!ndg_lua_push_function(L, t->options, "truncation"))
    return;
  lua_call(L, 1, 2);
  if (lua_isnil(L, -2))
    return;
  t->out->order = (uint32_t)luaL_checkinteger(L, -2);
  t->out->factor = luaL_checknumber(L, -1);
  t->known = 1;
}

static int truncate_error(const void *options, ndg_truncation *out) {
  truncation t = {.options = options, .out = out};
  ndg_error e = {0};
  return ndg_lua_call_defined(options, run_truncation, NULL, &t, &e) == NDG_OK && t.known;
}

/* ---- estimand ---- */

typedef struct estimand {
  const void *options;
  ndg_estimand *out;
  int known;
} estimand;

static uint64_t count_at(lua_State *L, int index, uint64_t unsaid) { /* [-0, +0, v] */
  if (lua_isnil(L, index))
    return unsaid;
  const lua_Integer n = luaL_checkinteger(L, index);
  luaL_argcheck(L, n >= 0, index, "a number of steps is at least 0");
  return (uint64_t)n;
}

static void run_estimand(lua_State *L, void *context) { /* gives kind, damping, window, steps */
  estimand *x = context;
  if (!ndg_lua_push_function(L, x->options, "estimand"))
    return;
  lua_call(L, 1, 4);
  const int kind = lua_absindex(L, -4);
  x->out->kind = (uint32_t)luaL_checkinteger(L, kind);
  x->out->damping = luaL_optnumber(L, kind + 1, x->out->damping);
  x->out->window = count_at(L, kind + 2, x->out->window);
  x->out->steps = count_at(L, kind + 3, x->out->steps);
  x->known = 1;
}

static int say_estimand(const void *options, ndg_estimand *out) {
  estimand x = {.options = options, .out = out};
  ndg_error e = {0};
  return ndg_lua_call_defined(options, run_estimand, NULL, &x, &e) == NDG_OK && x.known;
}

const ndg_rule_ops ndg_lua_rule_ops = {.struct_size = sizeof ndg_lua_rule_ops,
                                       .check = ndg_lua_check_defined,
                                       .estimate = estimate_gradient,
                                       .truncation = truncate_error,
                                       .estimand = say_estimand};
