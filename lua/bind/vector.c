/* SPDX-License-Identifier: MIT */
/* Vectors of an estimate in Lua: sums with numbers, or with a number per task (an array). They end
   with their estimate. */
#include <math.h>
#include <string.h>

#include "bind/define.h"

#define VECTOR "nudge.vector"

static const char *const spaces[] = {
    [NDG_PHI] = "phi", [NDG_THETA] = "theta", [NDG_STATE] = "state"};

ndg_lua_vector *ndg_lua_check_vector(lua_State *L, int index, const ndg_lua_estimate *estimate,
                                     const char *what) {
  ndg_lua_vector *v = luaL_testudata(L, index, VECTOR);
  if (!v)
    ndg_lua_fail(L, NDG_EINVAL, "%s must be a vector of the problem, got %s", what,
                 luaL_typename(L, index));
  if (!v->estimate->api)
    ndg_lua_fail(L, NDG_EINVAL,
                 "%s: the estimate that this vector was made in has ended; problem:keep(name, "
                 "space) gives one that stays",
                 what);
  if (!v->vector)
    ndg_lua_fail(L, NDG_EINVAL, "%s: this vector has been given back", what);
  if (estimate && v->estimate != estimate)
    ndg_lua_fail(L, NDG_EINVAL, "%s: a vector of another problem", what);
  return v;
}

ndg_lua_vector *ndg_lua_push_rule_vector(lua_State *L, int estimate, ndg_vector *vector,
                                         uint32_t space, bool is_complex, bool kept) {
  luaL_checkstack(L, 4, NULL);
  estimate = lua_absindex(L, estimate);
  ndg_lua_vector *v = lua_newuserdatauv(L, sizeof *v, 1);
  *v = (ndg_lua_vector){.estimate = lua_touserdata(L, estimate),
                        .vector = vector,
                        .space = space,
                        .is_complex = is_complex,
                        .kept = kept};
  luaL_setmetatable(L, VECTOR);
  lua_pushvalue(L, estimate);
  lua_setiuservalue(L, -2, 1);
  return v;
}

ndg_lua_vector *ndg_lua_push_new_vector(lua_State *L, int estimate, uint32_t space, bool is_complex,
                                        const ndg_optimizer *optimizer) {
  ndg_lua_vector *v = ndg_lua_push_rule_vector(L, estimate, NULL, space, is_complex, false);
  const ndg_lua_estimate *s = v->estimate;
  v->optimizer = optimizer ? optimizer->kind : NDG_OPTIMIZER_PROBLEM;
  v->vector = s->api->vector(s->problem, space, is_complex, optimizer);
  if (!v->vector)
    ndg_lua_no_memory(L);
  return v;
}

/* As v, of the same estimate. [-0, +1, v] */
static ndg_lua_vector *push_like(lua_State *L, const ndg_lua_vector *v, int index,
                                 bool is_complex) {
  lua_getiuservalue(L, index, 1);
  const ndg_optimizer optimizer = {.kind = v->optimizer};
  ndg_lua_vector *out = ndg_lua_push_new_vector(L, -1, v->space, is_complex, &optimizer);
  lua_remove(L, -2);
  return out;
}

ndg_complex ndg_lua_check_complex(lua_State *L, int index, const char *what) {
  index = lua_absindex(L, index);
  if (lua_type(L, index) == LUA_TNUMBER)
    return (ndg_complex){lua_tonumber(L, index), 0};
  if (!lua_istable(L, index) || lua_rawlen(L, index) != 2)
    ndg_lua_fail(L, NDG_EINVAL, "%s must be a number or { real, imaginary }, got %s", what,
                 luaL_typename(L, index));
  lua_rawgeti(L, index, 1);
  lua_rawgeti(L, index, 2);
  const ndg_complex z = {luaL_checknumber(L, -2), luaL_checknumber(L, -1)};
  lua_pop(L, 2);
  return z;
}

static void check_status(lua_State *L, ndg_status st, const ndg_error *e) { /* [-0, +0, v] */
  if (st < 0)
    ndg_lua_raise(L, e, NULL, NULL);
}

/* out = Σ weight_i in_i, while others may run Lua. [-0, +0, v] */
static void combine(lua_State *L, const ndg_lua_estimate *s, ndg_vector *out, uint64_t n,
                    const ndg_complex *weights, const ndg_vector *const *in) {
  ndg_error e = {0};
  ndg_lua_pause(s->callbacks);
  const ndg_status st = s->api->combine(s->problem, out, (ndg_complex){1, 0}, n, weights, in, &e);
  ndg_lua_continue(s->callbacks);
  check_status(L, st, &e);
}

/* Numbers of the tasks at index: an array of n_tasks numbers. NULL: it is something else. */
static const double *per_task(lua_State *L, int index, const ndg_lua_estimate *s,
                              const char *what) { /* [-0, +?, v] */
  const ndg_lua_array *a = ndg_lua_test_array(L, index);
  if (!a)
    return NULL;
  if (ndg_lua_array_size(a) != s->n_tasks)
    ndg_lua_fail(L, NDG_EINVAL, "%s: an array of %d numbers; one for each of %d tasks is wanted",
                 what, (int)ndg_lua_array_size(a), (int)s->n_tasks);
  return ndg_lua_real_data(L, a);
}

/* v times numbers of tasks, or their reciprocals. [-0, +1, v] */
static int scale_tasks(lua_State *L, int index, const double *each, bool divide) {
  const ndg_lua_vector *v = ndg_lua_check_vector(L, index, NULL, "*");
  const ndg_lua_estimate *s = v->estimate;
  double *weights = lua_newuserdatauv(L, (size_t)s->n_tasks * sizeof *weights, 0);
  for (uint64_t t = 0; t < s->n_tasks; t++)
    weights[t] = divide ? 1 / each[t] : each[t];
  ndg_lua_vector *out = push_like(L, v, index, false);
  const ndg_vector *const in[] = {v->vector};
  ndg_error e = {0};
  check_status(L, s->api->mix(s->problem, out->vector, 1, weights, in, &e), &e);
  return 1;
}

static int scale(lua_State *L, int index, ndg_complex weight) { /* [-0, +1, v] */
  const ndg_lua_vector *v = ndg_lua_check_vector(L, index, NULL, "*");
  ndg_lua_vector *out = push_like(L, v, index, v->is_complex || weight.im != 0);
  combine(L, v->estimate, out->vector, 1, &weight, (const ndg_vector *const[]){v->vector});
  return 1;
}

static int multiply(lua_State *L) { /* [-2, +1, v] */
  const int index = luaL_testudata(L, 1, VECTOR) ? 1 : 2, other = 3 - index;
  const ndg_lua_vector *v = ndg_lua_check_vector(L, index, NULL, "*");
  if (luaL_testudata(L, other, VECTOR))
    return ndg_lua_fail(L, NDG_EINVAL,
                        "two vectors cannot be multiplied; x:dot(y) is their inner "
                        "product in each task");
  const double *each = per_task(L, other, v->estimate, "*");
  return each ? scale_tasks(L, index, each, false)
              : scale(L, index, ndg_lua_check_complex(L, other, "the factor of a vector"));
}

static int divide(lua_State *L) { /* [-2, +1, v] */
  const ndg_lua_vector *v = ndg_lua_check_vector(L, 1, NULL, "what is divided");
  const double *each = per_task(L, 2, v->estimate, "/");
  if (each)
    return scale_tasks(L, 1, each, true);
  return scale(L, 1, (ndg_complex){1 / luaL_checknumber(L, 2), 0});
}

static int negate(lua_State *L) { /* [-2, +1, v] */
  return scale(L, 1, (ndg_complex){-1, 0});
}

static int add_or_subtract(lua_State *L, double sign, const char *what) { /* [-2, +1, v] */
  const ndg_lua_vector *x = ndg_lua_check_vector(L, 1, NULL, what);
  const ndg_lua_vector *y = ndg_lua_check_vector(L, 2, x->estimate, what);
  ndg_lua_vector *out = push_like(L, x, 1, x->is_complex || y->is_complex);
  const ndg_complex weights[] = {{1, 0}, {sign, 0}};
  combine(L, x->estimate, out->vector, 2, weights,
          (const ndg_vector *const[]){x->vector, y->vector});
  return 1;
}

static int add(lua_State *L) {
  return add_or_subtract(L, 1, "+");
}

static int subtract(lua_State *L) {
  return add_or_subtract(L, -1, "-");
}

/* ---- methods ---- */

/* (x[, weight, y, ...]): v becomes x, or the sum of pairs weight, vector. Gives v. [-n, +1, v] */
static int vector_set(lua_State *L) {
  enum { MOST = 32 };
  ndg_complex weights[MOST];
  const ndg_vector *in[MOST];
  uint64_t n = 0;
  const ndg_lua_vector *v = ndg_lua_check_vector(L, 1, NULL, "set");
  const int last = lua_gettop(L);
  if (last == 2) {
    weights[0] = (ndg_complex){1, 0};
    in[n++] = ndg_lua_check_vector(L, 2, v->estimate, "set")->vector;
  } else {
    luaL_argcheck(L, last >= 3 && last % 2 == 1 && last <= 2 * MOST, 2,
                  "a vector, or pairs of a number and a vector, are wanted");
    for (int i = 2; i < last; i += 2) {
      weights[n] = ndg_lua_check_complex(L, i, "set: a weight");
      in[n++] = ndg_lua_check_vector(L, i + 1, v->estimate, "set")->vector;
    }
  }
  combine(L, v->estimate, v->vector, n, weights, in);
  lua_settop(L, 1);
  return 1;
}

static int vector_copy(lua_State *L) { /* [-1, +1, v] */
  return scale(L, 1, (ndg_complex){1, 0});
}

static int vector_dot(lua_State *L) { /* [-2, +1, v] inner product of each task */
  const ndg_lua_vector *x = ndg_lua_check_vector(L, 1, NULL, "dot");
  const ndg_lua_vector *y = ndg_lua_check_vector(L, 2, x->estimate, "dot");
  const ndg_lua_estimate *s = x->estimate;
  double *out = ndg_lua_push_vector(L, s->n_tasks)->data;
  ndg_error e = {0};
  check_status(L, s->api->dots(s->problem, x->vector, y->vector, out, &e), &e);
  return 1;
}

static int vector_norm(lua_State *L) { /* [-1, +1, v] largest over tasks */
  const ndg_lua_vector *x = ndg_lua_check_vector(L, 1, NULL, "norm");
  lua_pushnumber(L, x->estimate->api->norm(x->estimate->problem, x->vector));
  return 1;
}

static int vector_norms(lua_State *L) { /* [-1, +1, v] of each task */
  const ndg_lua_vector *x = ndg_lua_check_vector(L, 1, NULL, "norms");
  double *out = ndg_lua_push_vector(L, x->estimate->n_tasks)->data;
  x->estimate->api->norms(x->estimate->problem, x->vector, out);
  return 1;
}

static int vector_space(lua_State *L) { /* [-1, +1, v] */
  lua_pushstring(L, spaces[ndg_lua_check_vector(L, 1, NULL, "space")->space]);
  return 1;
}

/* Gives memory back before the estimate ends. Not on collection: what is held at most is part of
   the record, and must not depend on the collector. [-1, +0, v] */
static int vector_release(lua_State *L) {
  ndg_lua_vector *v = luaL_checkudata(L, 1, VECTOR);
  if (v->vector && v->estimate->api && !v->kept)
    v->estimate->api->release(v->estimate->problem, v->vector);
  v->vector = NULL;
  return 0;
}

static int vector_text(lua_State *L) { /* [-0, +1, m] */
  const ndg_lua_vector *v = luaL_checkudata(L, 1, VECTOR);
  lua_pushfstring(L, "nudge.vector of %s%s%s", spaces[v->space], v->is_complex ? ", complex" : "",
                  v->vector && v->estimate->api ? "" : " (ended)");
  return 1;
}

static const luaL_Reg methods[] = {{"set", vector_set},         {"copy", vector_copy},
                                   {"dot", vector_dot},         {"norm", vector_norm},
                                   {"norms", vector_norms},     {"space", vector_space},
                                   {"release", vector_release}, {NULL, NULL}};

static const luaL_Reg operators[] = {
    {"__add", add},    {"__sub", subtract},         {"__mul", multiply},         {"__div", divide},
    {"__unm", negate}, {"__tostring", vector_text}, {"__close", vector_release}, {NULL, NULL}};

void ndg_lua_open_vector(lua_State *L) {
  luaL_newmetatable(L, VECTOR);
  luaL_setfuncs(L, operators, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
