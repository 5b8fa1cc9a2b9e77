/* SPDX-License-Identifier: MIT */
/* Requests to stop, SIGINT and SIGTERM. The first is answered at once, in the middle of a phase and
   at any line of the script; but work that holds interrupts first ends its step and keeps it. The
   second is answered at once whatever holds. The third ends the process. */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bind/bind.h"

/* answered: an error on its account is on its way, and there need be no second one. */
static volatile sig_atomic_t requests, held, answered, on_terminal;
static lua_State *running;
/* What a handler may stop: the engine's work between two calls of Lua. */
static _Atomic(ndg_problem *) working;

/* At the script's line, whichever line of the library was running. */
void ndg_lua_raise_interrupted(lua_State *L) {
  lua_createtable(L, 0, 3);
  ndg_lua_set_text(L, "code", "interrupted");
  ndg_lua_set_text(L, "text", "interrupted");
  ndg_lua_where(L);
  lua_setfield(L, -2, "where");
  luaL_setmetatable(L, NDG_LUA_ERROR);
  lua_error(L);
}

bool ndg_lua_interrupted(void) {
  return requests > 1 || (requests && !held);
}

static void interrupt_hook(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  answered = 1;
  ndg_lua_raise_interrupted(L);
}

static void raise_soon(void) {
  lua_sethook(running, interrupt_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT,
              1);
}

/* write() and the like only: it may have come in the middle of anything. */
static void say_what_is_awaited(void) {
  static const char text[] =
      "nudge: ends this step and keeps it; interrupt again to stop at once\n";
  static const char clear[] = "\r\033[K";
  if (on_terminal && write(STDERR_FILENO, clear, sizeof clear - 1) < 0)
    return;
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
}

static void on_interrupt(int number) {
  requests++;
  if (requests > 2) {
    signal(number, SIG_DFL);
    raise(number);
  } else if (!ndg_lua_interrupted()) {
    say_what_is_awaited();
  } else {
    raise_soon();
    ndg_problem *const p = atomic_load(&working);
    if (p)
      ndg_problem_cancel(p);
  }
}

static const int signals[] = {SIGINT, SIGTERM};
enum { N_SIGNALS = sizeof signals / sizeof *signals };
static struct sigaction before[N_SIGNALS];

void ndg_lua_catch_interrupts(lua_State *L) {
  struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < N_SIGNALS; i++)
    sigaddset(&action.sa_mask, signals[i]);
  requests = held = answered = 0;
  on_terminal = isatty(STDERR_FILENO) == 1;
  running = L;
  for (int i = 0; i < N_SIGNALS; i++)
    sigaction(signals[i], &action, &before[i]);
}

bool ndg_lua_release_interrupts(lua_State *L) {
  for (int i = 0; i < N_SIGNALS; i++)
    sigaction(signals[i], &before[i], NULL);
  lua_sethook(L, NULL, 0, 0);
  return requests > 0;
}

void ndg_lua_begin_work(ndg_problem *p) {
  atomic_store(&working, p);
  if (ndg_lua_interrupted()) /* just before */
    ndg_problem_cancel(p);
}

void ndg_lua_end_work(void) {
  atomic_store(&working, NULL);
}

static int release(lua_State *L) { /* [-0, +0, -] to-be-closed: a request that waited is heard */
  bool *open = lua_touserdata(L, 1);
  if (*open) {
    *open = false;
    held--;
    if (requests && !held && !answered)
      raise_soon();
  }
  return 0;
}

/* (): something to close. Until then the first request to stop waits. [-0, +1, m] */
static int hold_interrupts(lua_State *L) {
  bool *open = lua_newuserdatauv(L, sizeof *open, 0);
  *open = false;
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, release);
  lua_setfield(L, -2, "__close");
  lua_pushcfunction(L, release);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  *open = true;
  held++;
  return 1;
}

static int stop_requested(lua_State *L) { /* [-0, +1, -] */
  lua_pushboolean(L, requests > 0);
  return 1;
}

static int stop(lua_State *L) { /* [-0, +0, v] as a request to stop does, at the script's line */
  answered = 1;
  ndg_lua_raise_interrupted(L);
  return 0;
}

const luaL_Reg ndg_lua_interrupt_functions[] = {{"hold_interrupts", hold_interrupts},
                                                {"stop_requested", stop_requested},
                                                {"stop", stop},
                                                {NULL, NULL}};
