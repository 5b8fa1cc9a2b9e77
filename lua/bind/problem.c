/* SPDX-License-Identifier: MIT */
/* nudge.problem: learner, tasks and inner optimiser, compiled. User value 1 is the description it
   was made of, 2 the rules that it has run, 3 what keeps the arrays of its tasks. */
#include <math.h>

#include "bind/callback.h"

/* The problem and, behind it, a learner that nobody has closed. [-0, +0, v] */
ndg_problem *ndg_lua_check_problem(lua_State *L, int index) {
  ndg_lua_refuse_inside(L);
  ndg_lua_problem *p = luaL_checkudata(L, index, NDG_LUA_PROBLEM);
  luaL_argcheck(L, p->problem, index, "this problem is closed");
  lua_getiuservalue(L, index, 1);
  lua_getfield(L, -1, "learner");
  const ndg_lua_component *learner = luaL_testudata(L, -1, NDG_LUA_LEARNER);
  luaL_argcheck(L, learner && learner->arena, index, "this problem's learner is closed");
  lua_pop(L, 2);
  return p->problem;
}

static ndg_problem_info describe(const ndg_problem *p) {
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  return info;
}

static int problem_spec(lua_State *L) { /* [-0, +1, v] the description */
  luaL_checkudata(L, 1, NDG_LUA_PROBLEM);
  lua_getiuservalue(L, 1, 1);
  return 1;
}

static int problem_info(lua_State *L) { /* [-0, +1, v] {n_phi, n_theta, n_tasks, ...} */
  const ndg_problem_info info = describe(ndg_lua_check_problem(L, 1));
  lua_createtable(L, 0, 4);
  ndg_lua_set_integer(L, "n_tasks", info.n_tasks);
  ndg_lua_set_integer(L, "n_phi", info.n_phi);
  ndg_lua_set_integer(L, "n_theta", info.n_theta);
  ndg_lua_set_number(L, "stability_radius", info.stability_radius);
  return 1;
}

static void push_groups(lua_State *L, const ndg_group *groups, uint32_t n) { /* [-0, +1, m] */
  lua_createtable(L, (int)n, 0);
  uint64_t first = 1;
  for (uint32_t i = 0; i < n; i++) {
    const uint64_t size = ndg_shape_size(&groups[i].shape);
    lua_createtable(L, 0, 6);
    ndg_lua_set_text(L, "name", groups[i].name);
    ndg_lua_set_integer(L, "first", first);
    ndg_lua_set_integer(L, "last", first + size - 1);
    lua_pushboolean(L, groups[i].constraint == NDG_NONNEGATIVE);
    lua_setfield(L, -2, "nonnegative");
    lua_pushboolean(L, groups[i].held != 0);
    lua_setfield(L, -2, "held");
    lua_createtable(L, (int)groups[i].shape.n_dims, 0);
    for (uint32_t d = 0; d < groups[i].shape.n_dims; d++) {
      lua_pushinteger(L, (lua_Integer)groups[i].shape.dim[d]);
      lua_rawseti(L, -2, (lua_Integer)d + 1);
    }
    lua_setfield(L, -2, "shape");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
    first += size;
  }
}

static int problem_groups(lua_State *L) { /* [-0, +1, v] {phi = {...}, theta = {...}} */
  const ndg_layout *layout = ndg_problem_layout(ndg_lua_check_problem(L, 1));
  luaL_checkstack(L, 8, NULL);
  lua_createtable(L, 0, 2);
  push_groups(L, layout->phi, layout->n_phi);
  lua_setfield(L, -2, "phi");
  push_groups(L, layout->theta, layout->n_theta);
  lua_setfield(L, -2, "theta");
  return 1;
}

static int problem_theta(lua_State *L) { /* [-0, +1, v] array of Q numbers */
  const ndg_problem *p = ndg_lua_check_problem(L, 1);
  ndg_problem_get_theta(p, ndg_lua_push_vector(L, describe(p).n_theta)->data);
  return 1;
}

static int problem_set_theta(lua_State *L) { /* [-0, +1, v] (array): self */
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  const ndg_lua_array *theta = ndg_lua_check_reals(L, 2, describe(p).n_theta, "theta");
  ndg_error e = {0};
  if (ndg_problem_set_theta(p, ndg_lua_reals(theta), &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  lua_settop(L, 1);
  return 1;
}

static int problem_start(lua_State *L) { /* [-0, +1, v] ([task]): initial phi */
  const ndg_problem *p = ndg_lua_check_problem(L, 1);
  const ndg_problem_info info = describe(p);
  const lua_Integer task = luaL_optinteger(L, 2, 1);
  luaL_argcheck(L, task >= 1 && (uint64_t)task <= info.n_tasks, 2, "no such task");
  ndg_problem_get_start(p, (uint64_t)task - 1, ndg_lua_push_vector(L, info.n_phi)->data);
  return 1;
}

/* A soft status is an error unless the caller takes it: soft = true in the table at index. */
static bool takes_soft(lua_State *L, int index) {
  if (lua_isnoneornil(L, index)) {
    return false;
  }
  luaL_checktype(L, index, LUA_TTABLE);
  lua_getfield(L, index, "soft");
  bool soft = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return soft;
}

static const char *remedy(ndg_status status) {
  switch (status) {
  case NDG_DIVERGED:
    return "a smaller step size (inner.lr) or nudging strength would keep it finite";
  case NDG_NOT_CONVERGED:
    return "more steps or iterations, a larger step size or a looser tolerance would reach it";
  default:
    return "a smaller beta lies inside the stability radius";
  }
}

static int problem_learn(lua_State *L) { /* [-0, +1, v] ([{soft = true}]): what learning reached */
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  const bool soft = takes_soft(L, 2);
  const ndg_problem_info info = describe(p);
  ndg_shape shape =
      info.n_tasks > 1 ? NDG_MATRIX(info.n_tasks, info.n_phi) : NDG_VECTOR(info.n_phi);
  ndg_learning learning = {0};
  ndg_error e = {0};
  lua_createtable(L, 0, 8);
  ndg_lua_array *phi = ndg_lua_push_array(L, NDG_REAL, &shape);
  lua_setfield(L, -2, "phi");
  ndg_lua_begin_work(p);
  const ndg_status status = ndg_problem_learn(p, phi->data, &learning, &e);
  ndg_lua_end_work();
  if (status < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  if (learning.status > 0 && !soft) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  ndg_lua_set_text(L, "status", ndg_lua_status_name(learning.status));
  ndg_lua_set_integer(L, "steps", learning.steps_taken);
  ndg_lua_set_number(L, "gradient_norm", learning.gradient_norm);
  ndg_lua_set_number(L, "learn_loss", learning.learn_loss);
  ndg_lua_set_number(L, "eval_loss", learning.eval_loss);
  ndg_lua_set_number(L, "eval_accuracy", learning.eval_accuracy);
  ndg_lua_set_diverged(L, p);
  return 1;
}

void ndg_lua_push_record(lua_State *L, const ndg_record *r) {
  static const struct {
    uint32_t bit;
    const char *name;
  } nonlocal[] = {{NDG_USES_SECOND_DERIVATIVES, "second_derivatives"},
                  {NDG_USES_STORED_TRAJECTORY, "stored_trajectory"},
                  {NDG_USES_TIME_REVERSAL, "time_reversal"},
                  {NDG_USES_COMPLEX_STATE, "complex_state"},
                  {NDG_USES_DENSE_MATRIX, "dense_matrix"}};
  luaL_checkstack(L, 4, NULL);
  lua_createtable(L, 0, 12);
  ndg_lua_set_integer(L, "learner_runs", r->learner_runs);
  ndg_lua_set_integer(L, "gradient_evaluations", r->gradient_evaluations);
  ndg_lua_set_integer(L, "hessian_vector_products", r->hessian_vector_products);
  ndg_lua_set_integer(L, "mixed_products", r->mixed_products);
  ndg_lua_set_integer(L, "bytes_held", r->bytes_held);
  ndg_lua_set_number(L, "residual", r->residual);
  ndg_lua_set_number(L, "gradient_norm", r->gradient_norm);
  ndg_lua_set_number(L, "stability_radius", r->stability_radius);
  ndg_lua_set_text(L, "status", ndg_lua_status_name(r->status));
  ndg_lua_set_text(L, "note", r->note);
  lua_newtable(L);
  for (size_t i = 0; i < sizeof nonlocal / sizeof *nonlocal; i++) {
    if (r->nonlocal & nonlocal[i].bit) {
      lua_pushboolean(L, 1);
      lua_setfield(L, -2, nonlocal[i].name);
    }
  }
  lua_setfield(L, -2, "nonlocal");
}

/* Keeps a rule as long as the problem: the engine knows what rules keep by their address. */
static void remember_rule(lua_State *L, int problem, int rule) {
  lua_getiuservalue(L, problem, 2);
  lua_pushvalue(L, rule);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

/* (rule[, {soft, per_task}]): array, record. [-0, +2, v] */
static int problem_estimate(lua_State *L) {
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  const ndg_lua_component *rule = ndg_lua_check_component(L, 2, NDG_LUA_RULE);
  const bool soft = takes_soft(L, 3);
  bool per_task = false;
  if (!lua_isnoneornil(L, 3)) {
    lua_getfield(L, 3, "per_task");
    per_task = lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  remember_rule(L, 1, 2);
  const ndg_problem_info info = describe(p);
  ndg_shape shape = per_task ? NDG_MATRIX(info.n_tasks, info.n_theta) : NDG_VECTOR(info.n_theta);
  ndg_lua_array *gradient = ndg_lua_push_array(L, NDG_REAL, &shape);
  ndg_record record = {.struct_size = sizeof record};
  ndg_error e = {0};
  const char *id = rule->instance.loaded->component->id;
  ndg_lua_begin_work(p);
  const ndg_status status =
      ndg_problem_estimate(p, &rule->instance, per_task, gradient->data, &record, &e);
  ndg_lua_end_work();
  if (status < 0) {
    return ndg_lua_raise(L, &e, id, NULL);
  }
  if (record.status > 0 && !soft) {
    if (record.note[0]) /* says what to change */
      ndg_fail(&e, record.status, "rule %s: %s", id, record.note);
    else
      ndg_fail(&e, record.status, "rule %s: %s; %s", id, ndg_lua_status_name(record.status),
               remedy(record.status));
    return ndg_lua_raise(L, &e, id, NULL);
  }
  ndg_lua_push_record(L, &record);
  ndg_lua_set_diverged(L, p);
  ndg_lua_set_soft(L, p);
  return 2;
}

static int problem_accepts(lua_State *L) { /* [-0, +?, v] (rule): true, or nil, message, code */
  const ndg_problem *p = ndg_lua_check_problem(L, 1);
  const ndg_lua_component *rule = ndg_lua_check_component(L, 2, NDG_LUA_RULE);
  ndg_error e = {0};
  if (ndg_problem_accepts(p, &rule->instance, &e) < 0) {
    return ndg_lua_push_failure(L, &e);
  }
  lua_pushboolean(L, 1);
  return 1;
}

static int problem_provides(lua_State *L) { /* [-0, +?, v] (capability): boolean[, reason] */
  const char *reason = NULL;
  const bool yes =
      ndg_problem_provides(ndg_lua_check_problem(L, 1), luaL_checkstring(L, 2), &reason);
  lua_pushboolean(L, yes);
  if (yes || !reason) {
    return 1;
  }
  lua_pushstring(L, reason);
  return 2;
}

static int problem_close(lua_State *L) { /* [-0, +0, v] */
  ndg_lua_problem *p = luaL_checkudata(L, 1, NDG_LUA_PROBLEM);
  ndg_problem_close(p->problem);
  p->problem = NULL;
  lua_pushnil(L);
  lua_setiuservalue(L, 1, 3);
  return 0;
}

static int problem_text(lua_State *L) { /* [-0, +1, m] */
  const ndg_lua_problem *p = luaL_checkudata(L, 1, NDG_LUA_PROBLEM);
  if (!p->problem) {
    lua_pushliteral(L, NDG_LUA_PROBLEM " (closed)");
    return 1;
  }
  const ndg_problem_info info = describe(p->problem);
  lua_pushfstring(L, NDG_LUA_PROBLEM " %s, %I tasks, %I phi, %I theta",
                  ndg_problem_learner(p->problem)->loaded->component->id, (lua_Integer)info.n_tasks,
                  (lua_Integer)info.n_phi, (lua_Integer)info.n_theta);
  return 1;
}

static const luaL_Reg methods[] = {{"spec", problem_spec},
                                   {"info", problem_info},
                                   {"groups", problem_groups},
                                   {"theta", problem_theta},
                                   {"set_theta", problem_set_theta},
                                   {"start", problem_start},
                                   {"learn", problem_learn},
                                   {"estimate", problem_estimate},
                                   {"accepts", problem_accepts},
                                   {"set_tasks", ndg_lua_problem_set_tasks},
                                   {"adapt", ndg_lua_problem_adapt},
                                   {"predict", ndg_lua_problem_predict},
                                   {"losses", ndg_lua_problem_losses},
                                   {"provides", problem_provides},
                                   {"exact", ndg_lua_problem_exact},
                                   {NULL, NULL}};

void ndg_lua_open_problem(lua_State *L) {
  ndg_lua_new_type(L, NDG_LUA_PROBLEM, methods, problem_close, problem_text);
}
