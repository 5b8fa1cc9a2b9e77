/* SPDX-License-Identifier: MIT */
/* Many estimates of one problem over threads, with progress. */
#include <string.h>

#include "bind/bind.h"
#include "engine/batch.h"

/* Not the state: a rule in Lua may run in it, on another thread. */
typedef struct watcher {
  const ndg_lua_host *host;
  const char *stage;
} watcher;

static bool watch(void *context, uint64_t done, uint64_t total) {
  const watcher *w = context;
  return ndg_lua_report(w->host, w->stage, done, total);
}

/* One table per job into the list on top; arrays `gradient` are in it already. [-0, +0, m] */
static void set_results(lua_State *L, const ndg_batch_job *jobs, uint64_t n) {
  for (uint64_t i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    ndg_lua_push_record(L, &jobs[i].record);
    lua_setfield(L, -2, "record");
    ndg_lua_set_text(L, "status", ndg_lua_status_name(jobs[i].status));
    ndg_lua_set_number(L, "seconds", jobs[i].seconds);
    if (jobs[i].status < 0) {
      ndg_lua_set_text(L, "error", jobs[i].error.text);
    }
    lua_pop(L, 1);
  }
}

/* (problem, rules, groups, stage): list of {gradient, record, status, seconds, error}. Jobs of one
   group run in order. [-4, +1, v] */
static int run_batch(lua_State *L) {
  ndg_problem *p = ndg_lua_check_problem(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  watcher w = {.host = ndg_lua_get_host(L), .stage = luaL_checkstring(L, 4)};
  lua_settop(L, 4);
  luaL_checkstack(L, 12, NULL);
  const uint64_t n = lua_rawlen(L, 2);
  luaL_argcheck(L, lua_rawlen(L, 3) == n, 3, "as many groups as rules are wanted");
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  ndg_batch_job *jobs = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *jobs, 0);
  memset(jobs, 0, (size_t)(n + 1) * sizeof *jobs);
  lua_getiuservalue(L, 1, 2);
  const int used = lua_gettop(L);
  lua_createtable(L, (int)n, 0);
  for (uint64_t i = 0; i < n; i++) {
    lua_createtable(L, 0, 5);
    jobs[i].gradient = ndg_lua_push_vector(L, info.n_theta)->data;
    lua_setfield(L, -2, "gradient");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    jobs[i].rule = ndg_lua_check_component(L, -1, NDG_LUA_RULE)->instance;
    lua_pushboolean(L, 1);
    lua_rawset(L, used); /* kept as long as the problem, which knows rules by address */
    lua_rawgeti(L, 3, (lua_Integer)i + 1);
    jobs[i].group = (uint64_t)luaL_checkinteger(L, -1);
    lua_pop(L, 1);
  }
  ndg_error e = {0};
  ndg_lua_begin_work(p);
  const ndg_status status =
      ndg_batch_run(p, ndg_lua_get_host(L)->n_threads, jobs, n, watch, &w, &e);
  ndg_lua_end_work();
  if (status < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  set_results(L, jobs, n);
  return 1;
}

const luaL_Reg ndg_lua_batch_functions[] = {{"batch", run_batch}, {NULL, NULL}};
