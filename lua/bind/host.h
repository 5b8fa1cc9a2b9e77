/* SPDX-License-Identifier: MIT */
/* What a program that embeds Lua gives to the bindings, and the state they run in. */
#ifndef NUDGE_BIND_HOST_H
#define NUDGE_BIND_HOST_H

#include <stdbool.h>

#include <lua.h>

#include "base/pool.h"
#include "plugin/registry.h"

/* One --set name=value, as typed by the user. */
typedef struct ndg_lua_setting {
  const char *name, *value;
} ndg_lua_setting;

/* Called from long work with what it is doing and how far it is; total 0: not known. `done` equal
   to `total` ends the stage. Returning false asks the work to stop. */
typedef bool (*ndg_lua_progress)(void *context, const char *stage, uint64_t done, uint64_t total);

typedef struct ndg_lua_host {
  ndg_registry *registry;
  uint32_t n_threads;
  const char *out;     /* folder for results */
  const char *library; /* folder that holds nudge/init.lua */
  const char *script;  /* may be NULL */
  uint64_t n_settings;
  const ndg_lua_setting *settings;
  ndg_lua_progress progress; /* may be NULL */
  void *progress_context;
  /* kept by the bindings */
  bool settings_declared; /* the script has called nudge.settings */
  ndg_pool *pool;         /* made at first use; destroyed by ndg_lua_close */
} ndg_lua_host;

/* [main; any; allocates] State with the standard libraries, nudge.core preloaded and the library
   folder first in package.path; all its memory comes from base/memory.h. The host outlives it. */
ndg_status ndg_lua_open(ndg_lua_host *, lua_State **out, ndg_error *);
/* [main; open; frees] Closes the state, then the host's pool. NULL is fine. */
void ndg_lua_close(ndg_lua_host *, lua_State *);
/* [main; open; cost of the script] Runs a file of Lua source. On failure the error holds one line
   that begins with the script's position, and with `trace` (may be NULL) *trace is a traceback to
   be freed by ndg_free. */
ndg_status ndg_lua_run_file(ndg_lua_host *, lua_State *, const char *path, char **trace,
                            ndg_error *);

/* The C module; [-0, +1, e]. */
int luaopen_nudge_core(lua_State *);

#endif
