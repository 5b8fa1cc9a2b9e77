/* SPDX-License-Identifier: MIT */
/* How wrong an estimate is, and what theory says it should be. */
#include <math.h>

#include "bind/bind.h"
#include "engine/analysis.h"

static int compare(lua_State *L) { /* [-2, +1, v] (estimate, exact): measures */
  const ndg_lua_array *exact = ndg_lua_check_array(L, 2);
  const uint64_t n = ndg_lua_array_size(exact);
  ndg_lua_check_reals(L, 2, n, "the exact gradient");
  const ndg_lua_array *estimate = ndg_lua_check_reals(L, 1, n, "the estimate");
  const ndg_comparison c = ndg_compare(ndg_lua_reals(estimate), ndg_lua_reals(exact), n);
  lua_createtable(L, 0, 4);
  ndg_lua_set_number(L, "relative_error", c.relative_error);
  ndg_lua_set_number(L, "cosine", c.cosine);
  ndg_lua_set_number(L, "sign_agreement", c.sign_agreement);
  ndg_lua_set_number(L, "norm_ratio", c.norm_ratio);
  return 1;
}

static int fit_order(lua_State *L) { /* [-3, +1, v] (beta, error[, beta_max]): fit, or nil */
  const ndg_lua_array *beta = ndg_lua_check_array(L, 1);
  const uint64_t n = ndg_lua_array_size(beta);
  ndg_lua_check_reals(L, 1, n, "beta");
  const ndg_lua_array *error = ndg_lua_check_reals(L, 2, n, "the error");
  const ndg_order o =
      ndg_fit_order(ndg_lua_reals(beta), ndg_lua_reals(error), n, luaL_optnumber(L, 3, NAN));
  if (!o.n) {
    lua_pushnil(L);
    return 1;
  }
  lua_createtable(L, 0, 5);
  ndg_lua_set_number(L, "order", o.order);
  ndg_lua_set_number(L, "constant", o.constant);
  ndg_lua_set_number(L, "beta_low", o.beta_low);
  ndg_lua_set_number(L, "beta_high", o.beta_high);
  ndg_lua_set_integer(L, "n", o.n);
  return 1;
}

static ndg_bound check_bound(lua_State *L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  const lua_Integer p = ndg_lua_field_integer(L, index, "p", 1);
  luaL_argcheck(L, p >= 1 && p <= 64, index, "p, the order of the variant, must be 1 to 64");
  return (ndg_bound){.b_learn = ndg_lua_field_number(L, index, "b_learn"),
                     .b_eval = ndg_lua_field_number(L, index, "b_eval"),
                     .delta = ndg_lua_field_number(L, index, "delta"),
                     .delta_nudged = ndg_lua_field_number(L, index, "delta_nudged"),
                     .c = ndg_lua_field_number(L, index, "c"),
                     .p = (uint32_t)p};
}

static int bound_at(lua_State *L) { /* [-2, +1, v] (bound, beta): number */
  const ndg_bound b = check_bound(L, 1);
  lua_pushnumber(L, ndg_bound_at(&b, luaL_checknumber(L, 2)));
  return 1;
}

static int bound_optimum(lua_State *L) { /* [-1, +1, v] (bound): beta */
  const ndg_bound b = check_bound(L, 1);
  lua_pushnumber(L, ndg_bound_optimum(&b));
  return 1;
}

const luaL_Reg ndg_lua_analysis_functions[] = {{"compare", compare},
                                               {"fit_order", fit_order},
                                               {"bound_at", bound_at},
                                               {"bound_optimum", bound_optimum},
                                               {NULL, NULL}};
