/* SPDX-License-Identifier: MIT */
/* The Lua state that a program embeds, and the host that the bindings find from any function. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bind/bind.h"
#include "bind/sqlite.h"

static const char host_key;

static void *allocate(void *context, void *p, size_t old_size, size_t new_size) {
  (void)context;
  if (!new_size) {
    ndg_free(p);
    return NULL;
  }
  void *q = ndg_realloc(p, p ? old_size : 0, new_size);
  /* A block that could not be made smaller still serves; Lua expects this to succeed. */
  return !q && p && new_size <= old_size ? p : q;
}

void ndg_lua_set_host(lua_State *L, ndg_lua_host *host) {
  lua_pushlightuserdata(L, host);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &host_key);
}

/* A host for a stock Lua interpreter: a full userdata that closes what it made. */
typedef struct own_host {
  ndg_lua_host host;
  bool open;
} own_host;

static int close_own_host(lua_State *L) {
  own_host *own = lua_touserdata(L, 1);
  if (own->open) {
    own->open = false;
    ndg_pool_destroy(own->host.pool);
    own->host.pool = NULL;
    ndg_registry_destroy(own->host.registry);
    own->host.registry = NULL;
  }
  return 0;
}

static ndg_lua_host *make_own_host(lua_State *L) {
  own_host *own = lua_newuserdatauv(L, sizeof *own, 0);
  *own = (own_host){.host.n_threads = 1, .host.out = "."};
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, close_own_host);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  own->open = true;
  ndg_error e = {0};
  ndg_status st = ndg_registry_create(&own->host.registry, &e);
  if (st >= 0) {
    st = ndg_registry_load_default(own->host.registry, &e);
  }
  if (st < 0) {
    luaL_error(L, "%s", e.text);
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &host_key);
  return &own->host;
}

ndg_lua_host *ndg_lua_get_host(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &host_key);
  ndg_lua_host *host = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return host ? host : make_own_host(L);
}

ndg_pool *ndg_lua_pool(lua_State *L) {
  ndg_lua_host *host = ndg_lua_get_host(L);
  if (!host->pool && host->n_threads > 1) {
    ndg_error e = {0};
    if (ndg_pool_create(host->n_threads, &host->pool, &e) < 0) {
      ndg_lua_raise(L, &e, NULL, NULL);
    }
  }
  return host->pool;
}

/* [-0, +0, e] Runs protected: opening the libraries allocates. */
static int open_libraries(lua_State *L) {
  ndg_lua_host *host = lua_touserdata(L, 1);
  luaL_openlibs(L);
  ndg_lua_set_host(L, host);
  ndg_lua_open_error(L); /* also for errors of a script that does not require nudge */
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_nudge_core);
  lua_setfield(L, -2, "nudge.core");
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", host->library, host->library,
                  lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  ndg_lua_clear_before_writing(L);
  return 0;
}

ndg_status ndg_lua_open(ndg_lua_host *host, lua_State **out, ndg_error *e) {
  ndg_sqlite_use_own_memory();
  lua_State *L = lua_newstate(allocate, NULL);
  if (!L) {
    return ndg_fail(e, NDG_ENOMEM, "no memory for a Lua state");
  }
  lua_pushcfunction(L, open_libraries);
  lua_pushlightuserdata(L, host);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    const char *text = lua_tostring(L, -1);
    ndg_status st = ndg_fail(e, NDG_ENOMEM, "cannot start Lua: %s", text ? text : "error");
    ndg_lua_close(host, L);
    return st;
  }
  *out = L;
  return NDG_OK;
}

void ndg_lua_close(ndg_lua_host *host, lua_State *L) {
  if (L) {
    lua_close(L);
  }
  ndg_pool_destroy(host->pool);
  host->pool = NULL;
  ndg_arena_destroy(host->texts);
  host->texts = NULL;
}

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

/* A setting that nobody read is a typing error, found at the end at the latest. [-0, +0, v] */
static void check_settings(lua_State *L, const ndg_lua_host *host) {
  if (host->n_settings && !host->settings_declared) {
    ndg_lua_fail(L, NDG_EINVAL,
                 "--set %s=%s: this script declares no settings; it would say "
                 "nudge.settings { %s = ... }",
                 host->settings[0].name, host->settings[0].value, host->settings[0].name);
  }
}

static int run_protected(lua_State *L) {
  run_context *run = lua_touserdata(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &run_key);
  if (luaL_loadfilex(L, run->path, "t") != LUA_OK) { /* source only: bytecode is refused */
    return lua_error(L);
  }
  lua_call(L, 0, 0);
  check_settings(L, run->host);
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
  lua_call(L, 1, 1);
  adopt(L, run->host);
  return 0;
}

ndg_status ndg_lua_resume(ndg_lua_host *host, lua_State *L, const char *run, ndg_error *e) {
  run_context context = {.host = host, .path = run, .error = e};
  run_function(L, resume_protected, &context);
  return e->code;
}

static int set_library(lua_State *L) { /* [-1, +0, v] folder of nudge's own Lua, for positions */
  luaL_checkstring(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "nudge.library");
  return 0;
}

static int host_facts(lua_State *L) { /* [-0, +1, m] {threads, out, script, keep, settings} */
  const ndg_lua_host *host = ndg_lua_get_host(L);
  lua_createtable(L, 0, 5);
  lua_pushboolean(L, host->keep);
  lua_setfield(L, -2, "keep");
  ndg_lua_set_integer(L, "threads", host->n_threads);
  ndg_lua_set_text(L, "out", host->out);
  ndg_lua_set_text(L, "script", host->script);
  lua_createtable(L, (int)host->n_settings, 0);
  for (uint64_t i = 0; i < host->n_settings; i++) {
    lua_createtable(L, 0, 2);
    ndg_lua_set_text(L, "name", host->settings[i].name);
    ndg_lua_set_text(L, "value", host->settings[i].value);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "settings");
  return 1;
}

static int declare_settings(lua_State *L) { /* [-0, +0, -] the script has declared its settings */
  ndg_lua_get_host(L)->settings_declared = true;
  return 0;
}

static int require_settings(lua_State *L) { /* [-0, +0, v] before long work */
  check_settings(L, ndg_lua_get_host(L));
  return 0;
}

static int clock_seconds(lua_State *L) { /* [-0, +1, -] on a clock that only goes forward */
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (double)t.tv_sec + 1e-9 * (double)t.tv_nsec);
  return 1;
}

const luaL_Reg ndg_lua_host_functions[] = {{"set_library", set_library},
                                           {"host", host_facts},
                                           {"declare_settings", declare_settings},
                                           {"require_settings", require_settings},
                                           {"clock", clock_seconds},
                                           {NULL, NULL}};
