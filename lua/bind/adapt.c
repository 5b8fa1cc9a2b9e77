/* SPDX-License-Identifier: MIT */
/* problem:adapt{...}, problem:predict(phi) and problem:losses(phi): learning looked at on its way,
   and what was learned. */
#include <string.h>

#include "bind/bind.h"

void ndg_lua_set_diverged(lua_State *L, const ndg_problem *p) {
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  lua_newtable(L);
  uint8_t *status = lua_newuserdatauv(L, (size_t)info.n_tasks, 0);
  ndg_problem_task_status(p, status, NULL);
  lua_Integer n = 0;
  for (uint64_t t = 0; t < info.n_tasks; t++) {
    if (status[t] == NDG_TASK_DIVERGED || status[t] == NDG_TASK_PAST_RADIUS) {
      lua_pushinteger(L, (lua_Integer)t + 1);
      lua_rawseti(L, -3, ++n);
    }
  }
  lua_pop(L, 1);
  lua_setfield(L, -2, "diverged");
}

void ndg_lua_set_soft(lua_State *L, const ndg_problem *p) {
  static const struct {
    const char *name;
    ndg_status status;
  } lists[] = {{"not_converged", NDG_NOT_CONVERGED}, {"past_radius", NDG_PAST_RADIUS}};
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  uint8_t *soft = lua_newuserdatauv(L, (size_t)info.n_tasks, 0);
  ndg_problem_task_soft(p, soft);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    lua_Integer n = 0;
    lua_newtable(L);
    for (uint64_t t = 0; t < info.n_tasks; t++) {
      if ((unsigned)soft[t] >> lists[i].status & 1u) {
        lua_pushinteger(L, (lua_Integer)t + 1);
        lua_rawseti(L, -2, ++n);
      }
    }
    lua_setfield(L, -3, lists[i].name);
  }
  lua_pop(L, 1);
}

/* The list at index in a userdata left on the stack. [-0, +1, v] */
static const uint64_t *check_steps(lua_State *L, int index, uint64_t *n) {
  lua_getfield(L, index, "steps");
  *n = lua_istable(L, -1) ? lua_rawlen(L, -1) : 0;
  uint64_t entries = 0;
  for (lua_pushnil(L); *n && lua_next(L, -2); entries++)
    lua_pop(L, 1);
  if (*n == 0 || entries != *n)
    ndg_lua_fail(L, NDG_EINVAL,
                 "adapt: steps must be a list of numbers of inner steps, as "
                 "{ 0, 1, 10 }");
  uint64_t *steps = lua_newuserdatauv(L, (size_t)*n * sizeof *steps, 0);
  for (uint64_t i = 0; i < *n; i++) {
    int whole;
    lua_rawgeti(L, -2, (lua_Integer)i + 1);
    const lua_Integer k = lua_tointegerx(L, -1, &whole);
    if (lua_type(L, -1) != LUA_TNUMBER || !whole || k < 0)
      ndg_lua_fail(L, NDG_EINVAL, "adapt: number %d of steps is %s, not a whole number from 0 on",
                   (int)i + 1, luaL_tolstring(L, -1, NULL));
    steps[i] = (uint64_t)k;
    lua_pop(L, 1);
  }
  lua_remove(L, -2);
  return steps;
}

/* An array of zeros in field `name` of the table on top. [-0, +0, m] */
static double *add_array(lua_State *L, const char *name, ndg_shape shape) {
  double *data = ndg_lua_push_array(L, NDG_REAL, &shape)->data;
  lua_setfield(L, -2, name);
  return data;
}

/* Unknown fields are mistakes. [-0, +0, v] */
static void check_fields(lua_State *L, int index) {
  lua_pushnil(L);
  const int key = lua_gettop(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1); /* the name itself must stay as it is for lua_next */
    const char *name = luaL_tolstring(L, -1, NULL);
    bool known = false;
    for (const char *const *k = (const char *const[]){"steps", "phi", "soft", NULL}; *k; k++)
      known = known || strcmp(name, *k) == 0;
    if (!known)
      ndg_lua_fail(L, NDG_EINVAL, "adapt has no field '%s'; it has steps, phi, soft", name);
    if (strcmp(name, "steps") != 0 && lua_getfield(L, index, name) != LUA_TBOOLEAN)
      ndg_lua_fail(L, NDG_EINVAL, "adapt: %s must be true or false, got %s", name,
                   luaL_tolstring(L, -1, NULL));
    lua_settop(L, key);
  }
}

static bool field_is(lua_State *L, int index, const char *name, bool otherwise) {
  const bool given = lua_getfield(L, index, name) != LUA_TNIL;
  const bool yes = given ? lua_toboolean(L, -1) : otherwise;
  lua_pop(L, 1);
  return yes;
}

int ndg_lua_problem_adapt(lua_State *L) { /* ({steps[, phi, soft]}): table. [-0, +1, v] */
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, 12, NULL);
  check_fields(L, 2);
  uint64_t n;
  const uint64_t *steps = check_steps(L, 2, &n);
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  const ndg_shape each = NDG_MATRIX(n, info.n_tasks);
  lua_createtable(L, 0, 8);
  double *learn_loss = add_array(L, "learn_loss", each),
         *eval_loss = add_array(L, "eval_loss", each);
  double *accuracy = ndg_problem_has_accuracy(p) ? add_array(L, "eval_accuracy", each) : NULL;
  double *phi = field_is(L, 2, "phi", true)
                    ? add_array(L, "phi", ndg_shape_of(3, n, info.n_tasks, info.n_phi, 1))
                    : NULL;
  ndg_error e = {0};
  ndg_lua_begin_work(p);
  const ndg_status status =
      ndg_problem_adapt(p, n, steps, learn_loss, eval_loss, accuracy, phi, &e);
  ndg_lua_end_work();
  if (status < 0 || (status > 0 && !field_is(L, 2, "soft", false)))
    return ndg_lua_raise(L, &e, NULL, NULL);
  lua_getfield(L, 2, "steps");
  lua_setfield(L, -2, "steps");
  ndg_lua_set_text(L, "status", ndg_lua_status_name(status));
  ndg_lua_set_text(L, "note", status > 0 ? e.text : "");
  ndg_lua_set_diverged(L, p);
  return 1;
}

int ndg_lua_problem_predict(lua_State *L) { /* (phi): array. [-0, +1, v] */
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  const ndg_lua_array *phi = ndg_lua_check_reals(L, 2, info.n_tasks * info.n_phi, "phi");
  ndg_shape shape = NDG_SCALAR;
  ndg_error e = {0};
  if (ndg_problem_prediction_shape(p, &shape) && info.n_tasks > 1) {
    if (shape.n_dims == NDG_MAX_DIMS)
      return ndg_lua_fail(L, NDG_EINVAL, "predictions of %d axes have no room for one of tasks",
                          NDG_MAX_DIMS);
    shape = ndg_shape_of(shape.n_dims + 1, info.n_tasks, shape.dim[0], shape.dim[1], shape.dim[2]);
  }
  if (shape.n_dims == 0)
    shape = NDG_VECTOR(1);
  ndg_lua_array *out = ndg_lua_push_array(L, NDG_REAL, &shape);
  if (ndg_problem_predict(p, ndg_lua_reals(phi), out->data, &e) < 0)
    return ndg_lua_raise(L, &e, NULL, NULL);
  return 1;
}

int ndg_lua_problem_losses(lua_State *L) { /* (phi): table. [-0, +1, v] */
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  const ndg_lua_array *phi = ndg_lua_check_reals(L, 2, info.n_tasks * info.n_phi, "phi");
  const ndg_shape each = NDG_VECTOR(info.n_tasks);
  ndg_error e = {0};
  lua_createtable(L, 0, 3);
  double *learn_loss = add_array(L, "learn_loss", each),
         *eval_loss = add_array(L, "eval_loss", each);
  double *accuracy = ndg_problem_has_accuracy(p) ? add_array(L, "eval_accuracy", each) : NULL;
  if (ndg_problem_judge(p, ndg_lua_reals(phi), learn_loss, eval_loss, accuracy, &e) < 0)
    return ndg_lua_raise(L, &e, NULL, NULL);
  return 1;
}
