/* SPDX-License-Identifier: MIT */
/* problem:exact{...}: the exact meta-gradient with the evidence for it. */
#include <string.h>

#include "bind/bind.h"
#include "engine/oracle.h"

/* Bits of the rungs listed in field `rungs`; none: 0, the engine chooses. [-0, +0, v] */
static uint32_t check_rungs(lua_State *L, int index) {
  uint32_t rungs = 0;
  lua_getfield(L, index, "rungs");
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return 0;
  }
  luaL_argcheck(L, lua_istable(L, -1), index, "field rungs must be a list of names");
  const lua_Unsigned n = lua_rawlen(L, -1);
  for (lua_Unsigned i = 1; i <= n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i);
    const char *name = luaL_tolstring(L, -1, NULL);
    uint32_t bit = 0;
    for (uint32_t r = 0; r < NDG_N_RUNGS; r++) {
      bit = strcmp(ndg_rung_name(1u << r), name) == 0 ? 1u << r : bit;
    }
    if (!bit) {
      ndg_lua_fail(L, NDG_EINVAL, "rung '%s' is not one of: %s, %s, %s, %s, %s, %s", name,
                   ndg_rung_name(1u << 0), ndg_rung_name(1u << 1), ndg_rung_name(1u << 2),
                   ndg_rung_name(1u << 3), ndg_rung_name(1u << 4), ndg_rung_name(1u << 5));
    }
    rungs |= bit;
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
  return rungs;
}

/* [-0, +0, m] into the table on top */
static void set_facts(lua_State *L, const ndg_exact *x, ndg_status status) {
  ndg_lua_set_text(L, "kind", x->kind == NDG_EXACT_UNROLLED ? "unrolled" : "fixed_point");
  ndg_lua_set_text(L, "status", ndg_lua_status_name(status));
  if (x->chosen) {
    ndg_lua_set_text(L, "rung", ndg_rung_name(x->chosen));
  }
  if (x->witness) {
    ndg_lua_set_text(L, "witness", ndg_rung_name(x->witness));
  }
  ndg_lua_set_number(L, "agreement", x->agreement);
  ndg_lua_set_number(L, "gradient_norm", x->gradient_norm);
  ndg_lua_set_number(L, "condition", x->condition);
  ndg_lua_set_number(L, "mu", x->mu);
  ndg_lua_set_number(L, "l", x->l);
  ndg_lua_set_number(L, "stability_radius", x->stability_radius);
  ndg_lua_set_number(L, "b_learn", x->b_learn);
  ndg_lua_set_number(L, "b_eval", x->b_eval);
  ndg_lua_set_number(L, "learn_loss", x->learn_loss);
  ndg_lua_set_number(L, "eval_loss", x->eval_loss);
  lua_createtable(L, 17, 0); /* taylor[k]: norm of the coefficient of beta^k, from k = 0 */
  for (int k = 0; k < 17; k++) {
    lua_pushnumber(L, x->taylor[k]);
    lua_rawseti(L, -2, k);
  }
  lua_setfield(L, -2, "taylor");
}

/* ([{kind, rungs, soft}]): table with gradient, phi and the evidence. [-0, +1, v] */
int ndg_lua_problem_exact(lua_State *L) {
  static const char *const kinds[] = {"fixed_point", "unrolled"};
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  lua_settop(L, 2);
  if (lua_isnil(L, 2)) {
    lua_newtable(L);
    lua_replace(L, 2);
  }
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_getfield(L, 2, "kind");
  const int kind = lua_isnil(L, -1) ? 0 : ndg_lua_field_choice(L, 2, "kind", kinds, 2);
  lua_getfield(L, 2, "soft");
  const bool soft = lua_toboolean(L, -1);
  const uint32_t rungs = check_rungs(L, 2);
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  ndg_shape shape =
      info.n_tasks > 1 ? NDG_MATRIX(info.n_tasks, info.n_phi) : NDG_VECTOR(info.n_phi);
  lua_createtable(L, 0, 20);
  ndg_lua_array *gradient = ndg_lua_push_vector(L, info.n_theta);
  lua_setfield(L, -2, "gradient");
  ndg_lua_array *phi = ndg_lua_push_array(L, NDG_REAL, &shape);
  lua_setfield(L, -2, "phi");
  ndg_exact x = {0};
  ndg_error e = {0};
  ndg_lua_begin_work(p);
  const ndg_status status = ndg_oracle(p, kind ? NDG_EXACT_UNROLLED : NDG_EXACT_FIXED_POINT, rungs,
                                       gradient->data, phi->data, &x, &e);
  ndg_lua_end_work();
  if (status < 0 || (status > 0 && !soft)) {
    if (status > 0 && !e.text[0]) {
      ndg_fail(&e, status, "exact meta-gradient: no two of its computations agree (%.3g)",
               x.agreement);
    }
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  set_facts(L, &x, status);
  return 1;
}
