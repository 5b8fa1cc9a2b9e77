/* SPDX-License-Identifier: MIT */
/* nudge.core.problem{...}: a Lua description becomes a compiled problem, and problem:set_tasks.
   Every field is required; defaults live in the Lua layer. */
#include <inttypes.h>
#include <string.h>

#include "bind/callback.h"

static const char *const optimizers[] = {"gradient_descent", "heavy_ball", "nesterov", "adam",
                                         "newton"};
static const uint32_t optimizer_kinds[] = {NDG_GRADIENT_DESCENT, NDG_HEAVY_BALL, NDG_NESTEROV,
                                           NDG_ADAM, NDG_NEWTON};
static const char *const dtypes[] = {"float32", "float64", "long_double"};
static const ndg_dtype dtype_codes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};
static const char *const roles[] = {"samples", "whole"};
static const char *const samplings[] = {"independent", "epochs"};
static const uint32_t sampling_codes[] = {NDG_SAMPLE_INDEPENDENT, NDG_SAMPLE_EPOCHS};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static ndg_inner check_inner(lua_State *L, int spec) { /* [-0, +0, v] */
  lua_getfield(L, spec, "inner");
  luaL_argcheck(L, lua_istable(L, -1), spec, "field inner must be a table");
  const int t = lua_gettop(L);
  ndg_inner inner = {
      .optimizer = {.kind = optimizer_kinds[ndg_lua_field_choice(L, t, "optimizer", optimizers,
                                                                 COUNT(optimizers))],
                    .lr = ndg_lua_field_number(L, t, "lr"),
                    .momentum = ndg_lua_field_number(L, t, "momentum"),
                    .beta2 = ndg_lua_field_number(L, t, "beta2"),
                    .epsilon = ndg_lua_field_number(L, t, "epsilon")},
      .steps = (uint64_t)ndg_lua_field_integer(L, t, "steps", 0),
      .tolerance = ndg_lua_field_number(L, t, "tolerance"),
      .batch_size = (uint64_t)ndg_lua_field_integer(L, t, "batch_size", 0),
      .eval_batch_size = (uint64_t)ndg_lua_field_integer(L, t, "eval_batch_size", 0),
      .sampling =
          sampling_codes[ndg_lua_field_choice(L, t, "sampling", samplings, COUNT(samplings))]};
  lua_pop(L, 1);
  return inner;
}

/* {name, values = array, role, classes} on top of the stack. Gives whether the array is frozen,
   which position i of the table at `held` then keeps. [-0, +0, v] */
static bool check_task_array(lua_State *L, uint64_t n_tasks, int held, uint64_t i, ndg_array *out) {
  const int t = lua_gettop(L);
  if (!lua_istable(L, t))
    ndg_lua_fail(L, NDG_EINVAL,
                 "each of the tasks' arrays must be a table { name, values, role }, got %s",
                 luaL_typename(L, t));
  lua_getfield(L, t, "name");
  out->name = lua_tostring(L, -1);
  if (!out->name) {
    ndg_lua_fail(L, NDG_EINVAL, "a task array has no name");
  }
  lua_getfield(L, t, "values");
  if (luaL_testudata(L, -1, NDG_LUA_ARRAY) && strstr(luaL_tolstring(L, -1, NULL), "closed"))
    ndg_lua_fail(L, NDG_EINVAL, "task array %s is closed", out->name);
  lua_settop(L, t + 2);
  const ndg_lua_array *a = luaL_testudata(L, -1, NDG_LUA_ARRAY) ? ndg_lua_test_array(L, -1) : NULL;
  if (!a) {
    ndg_lua_fail(L, NDG_EINVAL, "task array %s must be a nudge.array, got %s", out->name,
                 luaL_typename(L, -1));
    return false;
  }
  lua_pushvalue(L, -1);
  lua_rawseti(L, held, (lua_Integer)i + 1);
  out->kind = a->kind;
  out->data = a->data;
  out->shape = a->shape;
  if (n_tasks > 1) { /* the first axis runs over tasks */
    if (a->shape.dim[0] != n_tasks || a->shape.n_dims < 2) {
      ndg_lua_fail(L, NDG_EINVAL,
                   "task array %s has %" PRIu64 " tasks on its first axis, not %" PRIu64, out->name,
                   a->shape.n_dims < 2 ? UINT64_C(1) : a->shape.dim[0], n_tasks);
    }
    memmove(out->shape.dim, out->shape.dim + 1, sizeof *out->shape.dim * (NDG_MAX_DIMS - 1));
    out->shape.dim[NDG_MAX_DIMS - 1] = 1;
    out->shape.n_dims--;
  }
  out->role = ndg_lua_field_choice(L, t, "role", roles, COUNT(roles)) ? NDG_WHOLE : NDG_SAMPLES;
  if (a->kind == NDG_INDEX) {
    out->n_values = (uint64_t)ndg_lua_field_integer(L, t, "classes", 1);
  }
  lua_settop(L, t);
  return ndg_lua_is_frozen(a);
}

/* Fills descriptions that live in a userdata left on the stack, whose user value keeps the arrays.
   frozen: are they all? [-0, +1, v] */
static ndg_task_arrays check_tasks(lua_State *L, int spec, bool *frozen) {
  ndg_task_arrays tasks = {.n_tasks = (uint64_t)ndg_lua_field_integer(L, spec, "n_tasks", 1)};
  lua_getfield(L, spec, "arrays");
  if (!lua_istable(L, -1))
    ndg_lua_fail(L, NDG_EINVAL, "tasks must come from nudge.tasks or a domain; arrays is %s",
                 luaL_typename(L, -1));
  tasks.n_arrays = lua_rawlen(L, -1);
  ndg_array *arrays = lua_newuserdatauv(L, (size_t)(tasks.n_arrays + 1) * sizeof *arrays, 1);
  memset(arrays, 0, (size_t)(tasks.n_arrays + 1) * sizeof *arrays);
  lua_newtable(L);
  const int held = lua_gettop(L);
  *frozen = tasks.n_arrays > 0;
  for (uint64_t i = 0; i < tasks.n_arrays; i++) {
    lua_rawgeti(L, -3, (lua_Integer)i + 1);
    *frozen = check_task_array(L, tasks.n_tasks, held, i, &arrays[i]) && *frozen;
    lua_pop(L, 1);
  }
  lua_setiuservalue(L, -2, 1);
  lua_remove(L, -2);
  tasks.arrays = arrays;
  return tasks;
}

/* "sinusoid (train)" of tasks.domain and tasks.split, left on the stack. NULL: no domain.
   [-0, +1, v] */
static const char *check_domain(lua_State *L, int tasks) {
  const bool named = lua_getfield(L, tasks, "domain") != LUA_TNIL;
  if (named && lua_type(L, -1) != LUA_TSTRING)
    ndg_lua_fail(L, NDG_EINVAL, "domain of tasks must be a name, got %s", luaL_typename(L, -1));
  const bool cut = lua_getfield(L, tasks, "split") == LUA_TSTRING;
  if (named && cut)
    lua_pushfstring(L, "%s (%s)", lua_tostring(L, -2), lua_tostring(L, -1));
  else
    lua_pushvalue(L, -2);
  lua_replace(L, -3);
  lua_pop(L, 1);
  return lua_tostring(L, -1);
}

/* The list tasks.indices or tasks.starts in a userdata left on the stack. NULL: none. [-0, +1, v]
 */
static const uint64_t *check_numbers(lua_State *L, int tasks, const char *name, uint64_t n_tasks) {
  if (lua_getfield(L, tasks, name) == LUA_TNIL)
    return NULL;
  if (!lua_istable(L, -1) || lua_rawlen(L, -1) != n_tasks)
    ndg_lua_fail(L, NDG_EINVAL, "%s of tasks must be a list of %d whole numbers", name,
                 (int)n_tasks);
  uint64_t *index = lua_newuserdatauv(L, (size_t)n_tasks * sizeof *index, 0);
  for (uint64_t t = 0; t < n_tasks; t++) {
    int whole;
    lua_rawgeti(L, -2, (lua_Integer)t + 1);
    index[t] = (uint64_t)lua_tointegerx(L, -1, &whole);
    if (!whole || lua_tointeger(L, -1) < 0)
      ndg_lua_fail(L, NDG_EINVAL, "%s of tasks: number %d is %s, not a whole number from 0 on",
                   name, (int)t + 1, luaL_tolstring(L, -1, NULL));
    lua_pop(L, 1);
  }
  lua_remove(L, -2);
  return index;
}

/* Labels of the table at `tasks`, which live in two or three values left on the stack. */
static ndg_task_labels check_labels(lua_State *L, int tasks, uint64_t n_tasks) { /* [-0, +3, v] */
  ndg_task_labels labels = {.domain = check_domain(L, tasks)};
  labels.index = check_numbers(L, tasks, "indices", n_tasks);
  labels.start = check_numbers(L, tasks, "starts", n_tasks);
  return labels;
}

int ndg_lua_problem_set_tasks(lua_State *L) { /* (tasks): self. [-0, +1, v] */
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  const bool borrows = ((const ndg_lua_problem *)lua_touserdata(L, 1))->borrows;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, 16, NULL);
  bool frozen;
  const ndg_task_arrays tasks = check_tasks(L, 2, &frozen);
  if (borrows && !frozen)
    ndg_lua_fail(L, NDG_EINVAL,
                 "this problem was opened with frozen arrays and reads tasks where they are; "
                 "freeze these too (a:freeze()), or open another problem");
  const ndg_task_labels labels = check_labels(L, 2, tasks.n_tasks);
  ndg_error e = {0};
  if (ndg_problem_set_labelled_tasks(p, &tasks, &labels, &e) < 0)
    return ndg_lua_raise(L, &e, NULL, NULL);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, 1, 3); /* what is read stays, and what was read may go */
  lua_getiuservalue(L, 1, 1); /* the description follows */
  lua_pushvalue(L, 2);
  lua_setfield(L, -2, "tasks");
  lua_getfield(L, 2, "arrays");
  lua_setfield(L, -2, "arrays");
  lua_settop(L, 1);
  return 1;
}

int ndg_lua_problem_open(lua_State *L) { /* ({learner, inner, n_tasks, arrays, dtype, seed}) */
  ndg_lua_refuse_inside(L);
  ndg_lua_end_definitions(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 16, NULL);
  ndg_lua_problem *p = lua_newuserdatauv(L, sizeof *p, 3);
  *p = (ndg_lua_problem){0};
  luaL_setmetatable(L, NDG_LUA_PROBLEM);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 2, 1); /* the description keeps the learner */
  lua_newtable(L);
  lua_setiuservalue(L, 2, 2); /* rules that were used: the engine knows them by address */
  lua_getfield(L, 1, "learner");
  const int learner = lua_gettop(L);
  ndg_problem_spec spec = {
      .inner = check_inner(L, 1),
      .dtype = dtype_codes[ndg_lua_field_choice(L, 1, "dtype", dtypes, COUNT(dtypes))],
      .seed = (uint64_t)ndg_lua_field_integer(L, 1, "seed", 0)};
  const ndg_task_arrays tasks = check_tasks(L, 1, &spec.borrow);
  spec.tasks = &tasks;
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, 2, 3);
  p->borrows = spec.borrow;
  lua_getfield(L, 1, "tasks");
  luaL_argcheck(L, lua_istable(L, -1), 1, "field tasks must be a table");
  const int origin = lua_gettop(L);
  spec.labels = check_labels(L, origin, tasks.n_tasks);
  spec.learner = ndg_lua_check_component(L, learner, NDG_LUA_LEARNER)->instance;
  spec.pool = ndg_lua_pool(L);
  ndg_error e = {0};
  if (ndg_problem_open(&spec, &p->problem, &e) < 0) {
    return ndg_lua_raise(L, &e, spec.learner.loaded->component->id, NULL);
  }
  ndg_lua_watch(L, p->problem);
  lua_pushvalue(L, 2);
  return 1;
}
