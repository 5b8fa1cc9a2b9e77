/* SPDX-License-Identifier: MIT */
/* Calls from the engine, on any thread, into the Lua state of a script. One thread at a time runs
   Lua: each call has a coroutine of its own and a lock, which is let go while the engine works for
   it. An error of Lua ends the call and nothing else. */
#ifndef NUDGE_BIND_CALLBACK_H
#define NUDGE_BIND_CALLBACK_H

#include "bind/bind.h"

typedef struct ndg_lua_callbacks ndg_lua_callbacks;

/* Of this state, made at first use; it lives as long as the state. [-0, +0, m] */
ndg_lua_callbacks *ndg_lua_get_callbacks(lua_State *L);
typedef void (*ndg_lua_callback)(lua_State *L, void *context);
typedef struct ndg_lua_call {
  ndg_lua_callback f;
  ndg_lua_callback end; /* NULL: none; after f, whether it raised an error or not; raises nothing */
  void *context;
  const char *place; /* "script.lua:12", of errors that the script has no line for: tail calls */
} ndg_lua_call;
/* Runs f(context) with an empty stack. What it raises becomes the error: one line that begins with
   the script's position. [any; any; cost of f] */
ndg_status ndg_lua_call_back(ndg_lua_callbacks *, const ndg_lua_call *, ndg_error *);
/* Around work of the engine inside of f: others may run Lua meanwhile. [any; in f; waits] */
void ndg_lua_pause(ndg_lua_callbacks *);
void ndg_lua_continue(ndg_lua_callbacks *);
/* Inside of f neither another problem is worked on nor a component defined. [-0, +0, v] */
void ndg_lua_refuse_inside(lua_State *L);

#endif
