/* SPDX-License-Identifier: MIT */
/* How far long work is, told to the host. */
#include <stdio.h>

#include "bind/bind.h"

static bool report_stage(const ndg_lua_host *host, const ndg_lua_stage *stage) {
  bool go_on = !host->progress || host->progress(host->progress_context, stage);
  return go_on && !ndg_lua_interrupted();
}

bool ndg_lua_report(const ndg_lua_host *host, const char *name, uint64_t done, uint64_t total) {
  const ndg_lua_stage stage = {.name = name,
                               .done = done,
                               .total = total,
                               .outcome = !done                    ? NDG_LUA_STAGE_BEGINS
                                          : total && done >= total ? NDG_LUA_STAGE_ENDED
                                                                   : NDG_LUA_STAGE_GOES_ON};
  return report_stage(host, &stage);
}

static void report_phase(void *context, const char *what, uint64_t step, uint64_t steps) {
  const ndg_lua_host *host = context;
  host->phase_progress(host->progress_context, what, step, steps);
}

void ndg_lua_watch(lua_State *L, ndg_problem *p) {
  ndg_lua_host *host = ndg_lua_get_host(L);
  if (host->phase_progress) {
    ndg_problem_watch(p, report_phase, host);
  }
}

/* print or io.write, upvalue 1, after an unfinished line of progress has gone. [-n, +n, e] */
static int write_clear(lua_State *L) {
  const ndg_lua_host *host = ndg_lua_get_host(L);
  host->progress_clear(host->progress_context);
  const int n_arguments = lua_gettop(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, n_arguments, LUA_MULTRET);
  return lua_gettop(L);
}

/* Wraps a function of the table on top. [-0, +0, m] */
static void clear_before(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, write_clear, 1);
  lua_setfield(L, -2, name);
}

void ndg_lua_clear_before_writing(lua_State *L) {
  if (!ndg_lua_get_host(L)->progress_clear) {
    return;
  }
  lua_pushglobaltable(L);
  clear_before(L, "print");
  lua_getfield(L, -1, "io");
  clear_before(L, "write");
  lua_pop(L, 2);
}

/* [-5, +0, v] (stage, done, total, note, outcome): without an outcome the stage begins with done =
   0 and ends with done = total. */
static int report(lua_State *L) {
  static const char *const outcomes[] = {"begins", "goes on", "ended", "broken", NULL};
  const char *name = luaL_checkstring(L, 1);
  const uint64_t done = (uint64_t)luaL_optinteger(L, 2, 0);
  const uint64_t total = (uint64_t)luaL_optinteger(L, 3, 0);
  const char *by_numbers = !done ? "begins" : total && done >= total ? "ended" : "goes on";
  const ndg_lua_stage stage = {.name = name,
                               .note = luaL_optstring(L, 4, NULL),
                               .done = done,
                               .total = total,
                               .outcome = (unsigned)luaL_checkoption(L, 5, by_numbers, outcomes)};
  if (!report_stage(ndg_lua_get_host(L), &stage)) {
    ndg_lua_raise_interrupted(L);
  }
  return 0;
}

void ndg_lua_notice(const ndg_lua_host *host, const char *text) {
  if (host->progress_clear) {
    host->progress_clear(host->progress_context);
  }
  (void)fflush(stdout); /* in the order written, when both go to one file */
  (void)fprintf(stderr, "nudge: %s\n", text);
}

static int notice(lua_State *L) { /* [-1, +0, v] (text) */
  ndg_lua_notice(ndg_lua_get_host(L), luaL_checkstring(L, 1));
  return 0;
}

const luaL_Reg ndg_lua_progress_functions[] = {
    {"report", report}, {"notice", notice}, {NULL, NULL}};
