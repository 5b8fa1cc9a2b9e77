/* SPDX-License-Identifier: MIT */
/* The Lua state that a program embeds, and the host that the bindings find from any function. */
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
  if (host->verbs) {
    lua_pushcfunction(L, host->verbs);
    lua_setfield(L, -2, "nudge.verbs");
  }
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

static int set_library(lua_State *L) { /* [-1, +0, v] folder of nudge's own Lua, for positions */
  luaL_checkstring(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "nudge.library");
  return 0;
}

static int host_facts(lua_State *L) { /* [-0, +1, m] {threads, out, script, version, ...} */
  const ndg_lua_host *host = ndg_lua_get_host(L);
  lua_createtable(L, 0, 6);
  lua_pushboolean(L, host->keep);
  lua_setfield(L, -2, "keep");
  ndg_lua_set_integer(L, "threads", host->n_threads);
  ndg_lua_set_text(L, "out", host->out);
  ndg_lua_set_text(L, "script", host->script);
  ndg_lua_set_text(L, "version", host->version);
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
  ndg_lua_end_definitions(L);
  ndg_lua_check_settings(L, ndg_lua_get_host(L));
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
