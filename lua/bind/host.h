/* SPDX-License-Identifier: MIT */
/* What a program that embeds Lua gives to the bindings, and the state they run in. */
#ifndef NUDGE_BIND_HOST_H
#define NUDGE_BIND_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "base/pool.h"
#include "plugin/registry.h"

/* One --set name=value, as typed by the user. */
typedef struct ndg_lua_setting {
  const char *name, *value;
} ndg_lua_setting;

/* What long work is doing and how far it is. */
typedef struct ndg_lua_stage {
  const char *name;
  const char *note;     /* losses, for people; may be NULL */
  uint64_t done, total; /* total 0: not known */
  enum {
    NDG_LUA_STAGE_BEGINS,
    NDG_LUA_STAGE_GOES_ON,
    NDG_LUA_STAGE_ENDED,
    NDG_LUA_STAGE_BROKEN /* by an error: it leaves nothing */
  } outcome;
} ndg_lua_stage;

/* Returning false asks the work to stop. */
typedef bool (*ndg_lua_progress)(void *context, const ndg_lua_stage *);
/* Inside of that, every some steps of an inner phase; called with step = steps when it ends. */
typedef void (*ndg_lua_phase_progress)(void *context, const char *what, uint64_t step,
                                       uint64_t steps);
/* Before a script writes to the terminal: an unfinished line goes away. */
typedef void (*ndg_lua_progress_clear)(void *context);

typedef struct ndg_lua_host {
  ndg_registry *registry;
  uint32_t n_threads;
  const char *out;     /* folder for results */
  const char *library; /* folder that holds nudge/init.lua */
  const char *script;  /* may be NULL */
  uint64_t n_settings;
  const ndg_lua_setting *settings;
  ndg_lua_progress progress; /* these may be NULL */
  ndg_lua_phase_progress phase_progress;
  ndg_lua_progress_clear progress_clear;
  void *progress_context;
  bool keep;                      /* what the script does is kept in a store */
  bool changed_script;            /* a run may go on with a script that is not what it was */
  const char *version, *compiler; /* of the program; may be NULL */
  bool define_only; /* a script ends, successfully, where it begins to use components or to compute:
                       what it has defined by then is what is wanted */
  lua_CFunction verbs; /* gives the module nudge.verbs: its commands; may be NULL */
  /* kept by the bindings */
  bool defined;           /* a script of which only definitions are wanted has ended so */
  bool interrupted;       /* a request to stop ended the script */
  int64_t run;            /* of the store, once the script has ended; 0: none */
  ndg_arena *texts;       /* of a run that goes on */
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

/* Arguments of a command: `name` of an option ("--out"), NULL for an operand; `value` NULL: the
   option has none. */
typedef struct ndg_lua_argument {
  const char *name, *value;
} ndg_lua_argument;
typedef struct ndg_lua_arguments {
  uint64_t n;
  const ndg_lua_argument *at;
} ndg_lua_arguments;
/* [main; open; cost of the function] Calls the function that a module of nudge gives, with a table
   of the arguments: `operands`, and a list of values (true: it has none) for each option, under its
   name with _ for -. On failure the error holds one line. */
ndg_status ndg_lua_run_module(ndg_lua_host *, lua_State *, const char *module,
                              const ndg_lua_arguments *, ndg_error *);
/* [main; open; I/O] Before that: goes on with a run of the store in host->out, "3" or "last".
   Script and settings of the host become those of the run. */
ndg_status ndg_lua_resume(ndg_lua_host *, lua_State *, const char *run, ndg_error *);

/* The C module; [-0, +1, e]. */
int luaopen_nudge_core(lua_State *);

#endif
