/* SPDX-License-Identifier: MIT */
/* Phases, evaluations, solves and transposed steps that a rule in Lua asks the engine for, each by
   a table whose fields nudge.define has checked. Others may run Lua while the engine works. */
#include <math.h>
#include <string.h>

#include "bind/define.h"

/* The vector of a field; NULL: there is none. [-0, +0, v] */
static ndg_lua_vector *field_vector(lua_State *L, const ndg_lua_estimate *s, const char *name) {
  ndg_lua_vector *v = NULL;
  if (lua_getfield(L, 2, name) != LUA_TNIL)
    v = ndg_lua_check_vector(L, -1, s, name);
  lua_pop(L, 1); /* the table keeps it */
  return v;
}

static ndg_lua_vector *needed_vector(lua_State *L, const ndg_lua_estimate *s, const char *name) {
  ndg_lua_vector *v = field_vector(L, s, name);
  if (!v)
    ndg_lua_fail(L, NDG_EINVAL, "field %s is missing: which vector?", name);
  return v;
}

static double field_number(lua_State *L, const char *name, double otherwise) { /* [-0, +0, v] */
  const double x = lua_getfield(L, 2, name) == LUA_TNIL ? otherwise : luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return x;
}

/* A count from 0 on. [-0, +0, v] */
static uint64_t field_count(lua_State *L, const char *name, uint64_t otherwise) {
  uint64_t n = otherwise;
  if (lua_getfield(L, 2, name) != LUA_TNIL) {
    int whole;
    const lua_Integer given = lua_tointegerx(L, -1, &whole);
    if (!whole || given < 0)
      ndg_lua_fail(L, NDG_EINVAL, "field %s is %s, not a whole number from 0 on", name,
                   luaL_tolstring(L, -1, NULL));
    n = (uint64_t)given;
  }
  lua_pop(L, 1);
  return n;
}

static bool field_flag(lua_State *L, const char *name) { /* [-0, +0, e] */
  lua_getfield(L, 2, name);
  const bool set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return set;
}

static uint32_t field_name(lua_State *L, const char *name, const char *otherwise,
                           const char *const *names) { /* [-0, +0, v] index into names */
  lua_getfield(L, 2, name);
  const char *given = luaL_optstring(L, -1, otherwise);
  for (uint32_t i = 0; names[i]; i++) {
    if (strcmp(names[i], given) == 0) {
      lua_pop(L, 1);
      return i;
    }
  }
  ndg_lua_fail(L, NDG_EINVAL, "field %s: '%.60s' is not known", name, given);
  return 0;
}

static ndg_complex field_complex(lua_State *L, const char *name) { /* [-0, +0, v] */
  ndg_complex z = {0, 0};
  if (lua_getfield(L, 2, name) != LUA_TNIL)
    z = ndg_lua_check_complex(L, -1, name);
  lua_pop(L, 1);
  return z;
}

/* ---- phases ---- */

/* steps + 1 new states on the stack in a list; their vectors lie in a userdata below it.
   [-0, +2, v] */
static ndg_vector **push_states(lua_State *L, const ndg_phase *p) {
  luaL_argcheck(L, p->steps < (UINT64_C(1) << 31), 2, "too many steps to record");
  ndg_vector **states = lua_newuserdatauv(L, (size_t)(p->steps + 1) * sizeof *states, 0);
  lua_createtable(L, (int)p->steps + 1, 0);
  for (uint64_t i = 0; i <= p->steps; i++) {
    states[i] = ndg_lua_push_new_vector(L, 1, NDG_STATE, p->beta.im != 0, &p->optimizer)->vector;
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return states;
}

/* The end of a phase: the vector `into`, or a new one. [-0, +1, v] */
static ndg_vector *push_end(lua_State *L, const ndg_lua_estimate *s, const ndg_phase *p) {
  const ndg_lua_vector *into = field_vector(L, s, "into");
  if (into) {
    lua_getfield(L, 2, "into");
    return into->vector;
  }
  return ndg_lua_push_new_vector(L, 1, field_flag(L, "state") ? NDG_STATE : NDG_PHI,
                                 p->beta.im != 0, &p->optimizer)
      ->vector;
}

/* ({ start, into, state, beta, optimizer, steps, tolerance, first_step, growth, record, soft }):
   the end of the phase, and { steps_taken, gradient_norm, contraction, status, states }. [-2, +2,
   v] */
static int relax(lua_State *L) {
  static const char *const growths[] = {"ignored", "reported", "refused", NULL};
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  ndg_problem_info info = {.struct_size = sizeof info};
  s->api->describe(s->problem, &info);
  const ndg_lua_vector *start = field_vector(L, s, "start");
  ndg_phase p = {.struct_size = sizeof p,
                 .record = field_flag(L, "record"),
                 .beta = field_complex(L, "beta"),
                 .optimizer = ndg_lua_field_optimizer(L, 2, "optimizer"),
                 .start = start ? start->vector : NULL,
                 .first_step = field_count(L, "first_step", 0),
                 .steps = field_count(L, "steps", info.steps),
                 .tolerance = field_number(L, "tolerance", info.tolerance),
                 .growth = field_name(L, "growth", "ignored", growths)};
  p.end = push_end(L, s, &p);
  if (p.record)
    p.states = push_states(L, &p);
  ndg_error e = {0};
  ndg_lua_pause(s->callbacks);
  const ndg_status st = s->api->relax(s->problem, &p, &e);
  ndg_lua_continue(s->callbacks);
  ndg_lua_settle(L, s, st, &e, field_flag(L, "soft"));
  lua_pushvalue(L, 3);
  lua_createtable(L, 0, 5);
  ndg_lua_set_integer(L, "steps_taken", p.steps_taken);
  ndg_lua_set_number(L, "gradient_norm", p.gradient_norm);
  ndg_lua_set_number(L, "contraction", p.contraction);
  ndg_lua_set_text(L, "status", ndg_lua_status_name(st));
  if (p.record) {
    lua_pushvalue(L, 5);
    lua_setfield(L, -2, "states");
  }
  return 2;
}

/* ---- evaluations ---- */

static const char *const losses[] = {"learn", "eval", "augmented", NULL};

/* What may be wanted, its bit and its space. */
static const struct {
  const char *name;
  uint32_t bit, space;
} wants[] = {{"value", NDG_WANT_VALUE, 0},
             {"grad_phi", NDG_WANT_GRAD_PHI, NDG_PHI},
             {"grad_theta", NDG_WANT_GRAD_THETA, NDG_THETA},
             {"hvp", NDG_WANT_HVP, NDG_PHI},
             {"mixed", NDG_WANT_MIXED, NDG_THETA},
             {"mixed_forward", NDG_WANT_MIXED_FORWARD, NDG_PHI}};
enum { N_WANTS = sizeof wants / sizeof *wants };

static size_t check_want(lua_State *L, int index) { /* [-0, +0, v] */
  const char *name = luaL_checkstring(L, index);
  for (size_t k = 0; k < N_WANTS; k++)
    if (strcmp(wants[k].name, name) == 0)
      return k;
  ndg_lua_fail(L, NDG_EINVAL,
               "want = '%.60s': an evaluation gives value, grad_phi, grad_theta, hvp, mixed and "
               "mixed_forward",
               name);
  return 0;
}

static ndg_vector **result_of(ndg_evaluation *e, size_t k) {
  ndg_vector **const at[N_WANTS] = {NULL,    &e->grad_phi, &e->grad_theta,
                                    &e->hvp, &e->mixed,    &e->mixed_forward};
  return at[k];
}

/* The wanted results, from stack index 4 on, in the order asked for; a value gets nil. Positions of
   names in `wants` go to order. [-0, +n, v] */
static int push_results(lua_State *L, ndg_evaluation *e, bool is_complex, size_t *order) {
  lua_getfield(L, 2, "want"); /* index 3 */
  const int n = lua_istable(L, 3) ? (int)lua_rawlen(L, 3) : 1;
  if (n < 1 || n > N_WANTS)
    ndg_lua_fail(L, NDG_EINVAL, "want: from 1 to %d names", (int)N_WANTS);
  for (int i = 0; i < n; i++) {
    if (lua_istable(L, 3))
      lua_rawgeti(L, 3, i + 1);
    else
      lua_pushvalue(L, 3);
    const size_t k = order[i] = check_want(L, -1);
    lua_pop(L, 1);
    if (e->want & wants[k].bit)
      ndg_lua_fail(L, NDG_EINVAL, "want: %s twice", wants[k].name);
    e->want |= wants[k].bit;
    if (result_of(e, k))
      *result_of(e, k) = ndg_lua_push_new_vector(L, 1, wants[k].space, is_complex, NULL)->vector;
    else
      lua_pushnil(L);
  }
  return n;
}

/* ({ phi, loss, beta, want, direction }): what is wanted, in that order. [-2, +n, v] */
static int evaluate(lua_State *L) {
  static const uint32_t codes[] = {NDG_LEARN_LOSS, NDG_EVAL_LOSS, NDG_AUGMENTED_LOSS};
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, 16, NULL);
  const ndg_lua_vector *phi = needed_vector(L, s, "phi");
  const ndg_lua_vector *direction = field_vector(L, s, "direction");
  ndg_evaluation e = {.struct_size = sizeof e,
                      .loss = codes[field_name(L, "loss", "learn", losses)],
                      .beta = field_complex(L, "beta"),
                      .phi = phi->vector,
                      .direction = direction ? direction->vector : NULL};
  const bool is_complex = phi->is_complex || e.beta.im != 0 || (direction && direction->is_complex);
  size_t order[N_WANTS];
  const int n = push_results(L, &e, is_complex, order);
  ndg_error said = {0};
  ndg_lua_pause(s->callbacks);
  const ndg_status st = s->api->evaluate(s->problem, &e, &said);
  ndg_lua_continue(s->callbacks);
  ndg_lua_settle(L, s, st, &said, field_flag(L, "soft"));
  for (int i = 0; i < n; i++) {
    if (wants[order[i]].bit == NDG_WANT_VALUE) {
      lua_pushnumber(L, e.value.re);
      lua_replace(L, 4 + i);
    }
  }
  return n;
}

/* ---- solves, transposed steps ---- */

/* ({ phi, rhs, x, solver, iterations, tolerance, damping, alpha }): x, and { iterations_taken,
   residual, status }. The residual goes into the record. [-2, +2, v] */
static int solve(lua_State *L) {
  static const char *const solvers[] = {"dense", "cg", "neumann", NULL};
  static const uint32_t codes[] = {NDG_SOLVE_DENSE, NDG_SOLVE_CG, NDG_SOLVE_NEUMANN};
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  const ndg_lua_vector *warm = field_vector(L, s, "x");
  ndg_solve q = {.struct_size = sizeof q,
                 .solver = codes[field_name(L, "solver", "cg", solvers)],
                 .phi = needed_vector(L, s, "phi")->vector,
                 .rhs = needed_vector(L, s, "rhs")->vector,
                 .warm = warm != NULL,
                 .iterations = field_count(L, "iterations", 20),
                 .tolerance = field_number(L, "tolerance", 0),
                 .damping = field_number(L, "damping", 0),
                 .alpha = field_number(L, "alpha", NAN)};
  if (warm)
    lua_getfield(L, 2, "x");
  q.x = warm ? warm->vector : ndg_lua_push_new_vector(L, 1, NDG_PHI, false, NULL)->vector;
  ndg_error e = {0};
  ndg_lua_pause(s->callbacks);
  const ndg_status st = s->api->solve(s->problem, &q, &e);
  ndg_lua_continue(s->callbacks);
  s->record->residual = q.residual;
  ndg_lua_settle(L, s, st, &e, field_flag(L, "soft"));
  lua_createtable(L, 0, 3);
  ndg_lua_set_integer(L, "iterations_taken", q.iterations_taken);
  ndg_lua_set_number(L, "residual", q.residual);
  ndg_lua_set_text(L, "status", ndg_lua_status_name(st));
  return 2;
}

/* ({ state, step, adjoint, theta_adjoint, optimizer }): both adjoints, changed in place.
   [-2, +2, v] */
static int step_transposed(lua_State *L) {
  const ndg_lua_estimate *s = ndg_lua_check_estimate(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  const ndg_optimizer optimizer = ndg_lua_field_optimizer(L, 2, "optimizer");
  const ndg_lua_vector *state = needed_vector(L, s, "state");
  const ndg_lua_vector *adjoint = needed_vector(L, s, "adjoint");
  const ndg_lua_vector *theta = needed_vector(L, s, "theta_adjoint");
  const uint64_t step = field_count(L, "step", 0);
  ndg_error e = {0};
  ndg_lua_pause(s->callbacks);
  const ndg_status st = s->api->step_transposed(s->problem, &optimizer, state->vector, step,
                                                adjoint->vector, theta->vector, &e);
  ndg_lua_continue(s->callbacks);
  ndg_lua_settle(L, s, st, &e, field_flag(L, "soft"));
  lua_getfield(L, 2, "adjoint");
  lua_getfield(L, 2, "theta_adjoint");
  return 2;
}

const luaL_Reg ndg_lua_estimate_requests[] = {{"relax", relax},
                                              {"evaluate", evaluate},
                                              {"solve", solve},
                                              {"step_transposed", step_transposed},
                                              {NULL, NULL}};
