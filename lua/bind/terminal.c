/* SPDX-License-Identifier: MIT */
/* The terminal that a program writes to, and waiting. */
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bind/bind.h"

enum { MAX_SECONDS = 86400 };

static int terminal(lua_State *L) { /* [-0, +1, m] {columns, lines} of standard output, or nil */
  struct winsize w = {0};
  if (isatty(STDOUT_FILENO) != 1) {
    lua_pushnil(L);
    return 1;
  }
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row;
  lua_createtable(L, 0, 2);
  ndg_lua_set_integer(L, "columns", known ? w.ws_col : 80);
  ndg_lua_set_integer(L, "lines", known ? w.ws_row : 24);
  return 1;
}

static int pause_for(lua_State *L) { /* [-1, +0, v] (seconds): less where a signal comes */
  const double seconds = luaL_checknumber(L, 1);
  luaL_argcheck(L, seconds >= 0 && seconds <= MAX_SECONDS, 1, "must be from 0 to 86400 seconds");
  struct timespec t = {.tv_sec = (time_t)seconds};
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  (void)nanosleep(&t, NULL);
  if (ndg_lua_interrupted()) {
    ndg_lua_raise_interrupted(L);
  }
  return 0;
}

const luaL_Reg ndg_lua_terminal_functions[] = {
    {"terminal", terminal}, {"pause", pause_for}, {NULL, NULL}};
