/* SPDX-License-Identifier: MIT */
/* A script, or a module's function, from its beginning to its end: its errors as one line, requests
   to stop, and what is kept of it. */
#include <string.h>

#include "bind/bind.h"

/* One line in *e, traceback in *trace. [-1, +0, e] */
static int describe_failure(lua_State *L) {
  ndg_error *e = lua_touserdata(L, 2);
  char **trace = lua_touserdata(L, 3);
  size_t length = 0;
  const char *text = luaL_tolstring(L, 1, &length);
  ndg_fail(e, NDG_EINVAL, "%s", text);
  for (char *c = e->text; *c; c++) {
    *c = *c == '\n' || *c == '\r' ? ' ' : *c;
  }
  if (trace) {
    luaL_traceback(L, L, NULL, 1);
    ndg_free(*trace);
    *trace = ndg_strdup(lua_tostring(L, -1));
  }
  return 0;
}

typedef struct run_context {
  ndg_lua_host *host;
  const char *path;   /* of a script, or */
  const char *module; /* the name of a module */
  const ndg_lua_arguments *arguments;
  char **trace;
  ndg_error *error;
} run_context;

static const char run_key;

/* Message handler: runs where the error happened, so that positions can still be found. */
static int on_error(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &run_key);
  run_context *run = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (lua_type(L, 1) == LUA_TSTRING) {
    /* An error inside nudge's own Lua also says from where the script came there. */
    ndg_lua_where(L);
    size_t n = strlen(lua_tostring(L, -1));
    const char *where = lua_tostring(L, -1);
    if (n && strncmp(lua_tostring(L, 1), where, n) != 0) {
      lua_pushlstring(L, where, n - 1);
      lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), lua_tostring(L, 1));
      lua_replace(L, 1);
    }
    lua_settop(L, 1);
  }
  lua_pushcfunction(L, describe_failure);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, run->error);
  lua_pushlightuserdata(L, run->trace);
  lua_call(L, 3, 0);
  return 1;
}

void ndg_lua_check_settings(lua_State *L, const ndg_lua_host *host) {
  if (host->n_settings && !host->settings_declared) {
    ndg_lua_fail(L, NDG_EINVAL,
                 "--set %s=%s: this script declares no settings; it would say "
                 "nudge.settings { %s = ... }",
                 host->settings[0].name, host->settings[0].value, host->settings[0].name);
  }
}

/* Modules beside a script are found by require, after nudge's own. [-0, +0, e] */
static void look_beside(lua_State *L, const char *path) {
  const char *end = strrchr(path, '/');
  lua_getglobal(L, "package");
  if (end && lua_istable(L, -1) && lua_getfield(L, -1, "path") == LUA_TSTRING) {
    lua_pushlstring(L, path, (size_t)(end - path));
    lua_pushfstring(L, "%s;%s/?.lua", lua_tostring(L, -2), lua_tostring(L, -1));
    lua_setfield(L, -4, "path");
  }
  lua_settop(L, 0);
}

void ndg_lua_end_definitions(lua_State *L) {
  ndg_lua_host *host = ndg_lua_get_host(L);
  if (host->define_only) {
    host->defined = true;
    ndg_lua_fail(L, NDG_EINVAL, "definitions end here");
  }
}

static int run_protected(lua_State *L) {
  run_context *run = lua_touserdata(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &run_key);
  look_beside(L, run->path);
  if (luaL_loadfilex(L, run->path, "t") != LUA_OK) { /* source only: bytecode is refused */
    return lua_error(L);
  }
  lua_call(L, 0, 0);
  ndg_lua_check_settings(L, run->host);
  return 0;
}

/* [-1, +0, e] A module gives a function of the arguments. */
static int run_module_protected(lua_State *L) {
  run_context *run = lua_touserdata(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &run_key);
  lua_pushfstring(L, "%s/", run->host->library);
  lua_setfield(L, LUA_REGISTRYINDEX, "nudge.library");
  lua_getglobal(L, "require");
  lua_pushstring(L, run->module);
  lua_call(L, 1, 1);
  ndg_lua_push_arguments(L, run->arguments);
  lua_call(L, 1, 0);
  return 0;
}

typedef struct run_end {
  const char *status, *message;
  ndg_error *error;
  lua_Integer run; /* 0: there is none */
} run_end;

/* The module nudge.run, where the script has loaded it, gets to know how it ended. [-1, +0, e] */
static int finish_protected(lua_State *L) {
  run_end *end = lua_touserdata(L, 1);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "nudge.run") == LUA_TTABLE) {
    lua_getfield(L, -1, "finish");
    lua_pushstring(L, end->status);
    lua_pushstring(L, end->message);
    lua_call(L, 2, 2);
    end->run = lua_tointeger(L, -1);
    if (!lua_isnil(L, -2)) {
      ndg_fail(end->error, NDG_EIO, "%s", luaL_tolstring(L, -2, NULL));
    }
  }
  return 0;
}

/* What is kept of the run is completed, whatever became of the script; a failure of that is the
   failure of a script that had none, else one more line. */
static void finish(ndg_lua_host *host, lua_State *L, ndg_error *e) {
  ndg_error own = {0};
  run_end end = {.status = !e->code            ? "done"
                           : host->interrupted ? "interrupted"
                                               : "failed",
                 .message = e->code ? e->text : NULL,
                 .error = &own};
  lua_settop(L, 0);
  lua_pushcfunction(L, finish_protected);
  lua_pushlightuserdata(L, &end);
  const int code = lua_pcall(L, 1, 0, 0);
  host->run = end.run;
  if (code != LUA_OK) {
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "error";
    ndg_fail(&own, code == LUA_ERRMEM ? NDG_ENOMEM : NDG_EIO, "%s", text);
  }
  if (own.code && !e->code) {
    *e = own;
  } else if (own.code) {
    ndg_lua_notice(host, own.text);
  }
}

/* [main; open; cost of the function] */
static void run_function(lua_State *L, lua_CFunction f, run_context *run) {
  ndg_error *e = run->error;
  *e = (ndg_error){0};
  ndg_lua_catch_interrupts(L);
  lua_settop(L, 0);
  lua_pushcfunction(L, on_error);
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, run);
  const int code = lua_pcall(L, 1, 0, 1);
  run->host->interrupted = ndg_lua_release_interrupts(L) && code != LUA_OK;
  if (code != LUA_OK && !e->code) {
    /* Out of memory, or an error while handling one: the handler has not run. */
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "error";
    ndg_fail(e, code == LUA_ERRMEM ? NDG_ENOMEM : NDG_EINVAL, "%s: %s",
             run->path ? run->path : run->module, text);
  }
}

ndg_status ndg_lua_run_file(ndg_lua_host *host, lua_State *L, const char *path, char **trace,
                            ndg_error *e) {
  run_context run = {.host = host, .path = path, .trace = trace, .error = e};
  run_function(L, run_protected, &run);
  if (host->defined)
    *e = (ndg_error){0};
  host->define_only = host->defined = false;
  finish(host, L, e);
  return e->code;
}

ndg_status ndg_lua_run_module(ndg_lua_host *host, lua_State *L, const char *module,
                              const ndg_lua_arguments *arguments, ndg_error *e) {
  run_context run = {.host = host, .module = module, .arguments = arguments, .error = e};
  run_function(L, run_module_protected, &run);
  return e->code;
}

/* Script and settings of the table on top, in memory of the host. [-0, +0, v] */
static void adopt(lua_State *L, ndg_lua_host *host) {
  lua_getfield(L, -1, "settings");
  const uint64_t n = lua_rawlen(L, -1);
  host->texts = ndg_arena_create(0);
  ndg_lua_setting *settings =
      host->texts ? ndg_arena_alloc(host->texts, (size_t)n + 1, sizeof *settings) : NULL;
  lua_getfield(L, -2, "script");
  host->script = settings ? ndg_arena_strdup(host->texts, luaL_checkstring(L, -1)) : NULL;
  lua_pop(L, 1);
  bool good = host->script;
  for (uint64_t i = 0; good && i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    lua_getfield(L, -1, "name");
    lua_getfield(L, -2, "value");
    settings[i].name = ndg_arena_strdup(host->texts, luaL_checkstring(L, -2));
    settings[i].value = ndg_arena_strdup(host->texts, luaL_checkstring(L, -1));
    good = settings[i].name && settings[i].value;
    lua_pop(L, 3);
  }
  if (!good) {
    ndg_lua_no_memory(L);
  }
  host->settings = settings;
  host->n_settings = n;
}

static int resume_protected(lua_State *L) { /* [-1, +0, v] */
  run_context *run = lua_touserdata(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &run_key);
  lua_pushfstring(L, "%s/", run->host->library);
  lua_setfield(L, LUA_REGISTRYINDEX, "nudge.library");
  lua_getglobal(L, "require");
  lua_pushliteral(L, "nudge.resume");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "prepare");
  lua_pushstring(L, run->path);
  lua_pushboolean(L, run->host->changed_script);
  lua_call(L, 2, 1);
  adopt(L, run->host);
  return 0;
}

ndg_status ndg_lua_resume(ndg_lua_host *host, lua_State *L, const char *run, ndg_error *e) {
  run_context context = {.host = host, .path = run, .error = e};
  run_function(L, resume_protected, &context);
  return e->code;
}
