/* SPDX-License-Identifier: MIT */
#include "bind/define.h"

#include <pthread.h>
#include <string.h>

/* Instructions of the virtual machine between two looks at requests to stop. */
enum { PATIENCE = 100000 };

struct ndg_lua_callbacks {
  pthread_mutex_t lock;
  bool open;
  bool collect;       /* after each call: what is alive can then be counted, as the checker does */
  lua_State *service; /* makes coroutines; used under the lock only */
  uint32_t n_made, n_free;
  lua_State **free; /* room for all that were made */
};

static const char callbacks_key, coroutines_key;
static _Thread_local uint32_t depth;

void ndg_lua_refuse_inside(lua_State *L) {
  if (depth > 0)
    ndg_lua_fail(L, NDG_EINVAL,
                 "a function of a learner or rule works on what it is given: it neither opens nor "
                 "uses another problem, nor defines components");
}

static int close_callbacks(lua_State *L) { /* [-1, +0, -] */
  ndg_lua_callbacks *c = lua_touserdata(L, 1);
  if (c->open) {
    c->open = false;
    ndg_lua_give_back_extensions(c, NULL);
    pthread_mutex_destroy(&c->lock);
    ndg_free(c->free);
    c->free = NULL;
  }
  return 0;
}

ndg_lua_callbacks *ndg_lua_get_callbacks(lua_State *L) {
  luaL_checkstack(L, 4, NULL);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &callbacks_key);
  ndg_lua_callbacks *c = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (c)
    return c;
  c = lua_newuserdatauv(L, sizeof *c, 0);
  *c = (ndg_lua_callbacks){0};
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, close_callbacks);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_newtable(L);
  c->service = lua_newthread(L);
  lua_rawseti(L, -2, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &coroutines_key);
  if (pthread_mutex_init(&c->lock, NULL) != 0)
    ndg_lua_no_memory(L);
  c->open = true;
  c->collect = ndg_lua_get_host(L)->define_only;
  lua_rawsetp(L, LUA_REGISTRYINDEX, &callbacks_key);
  return c;
}

/* A coroutine more, which the table of coroutines keeps. [-1, +0, m] */
static int make_coroutine(lua_State *L) {
  ndg_lua_callbacks *c = lua_touserdata(L, 1);
  const size_t old = c->n_made * sizeof *c->free;
  lua_State **room = ndg_realloc((void *)c->free, old, old + sizeof *room);
  if (!room)
    return ndg_lua_no_memory(L);
  c->free = room;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &coroutines_key);
  lua_State *made = lua_newthread(L);
  lua_rawseti(L, -2, (lua_Integer)c->n_made + 2);
  c->n_made++;
  c->free[c->n_free++] = made;
  return 0;
}

static void poll(lua_State *L, lua_Debug *ar) {
  (void)ar;
  if (ndg_lua_interrupted())
    ndg_lua_raise_interrupted(L);
}

static int run_call(lua_State *L) { /* [-1, +0, e] */
  const ndg_lua_call *c = lua_touserdata(L, 1);
  lua_settop(L, 0);
  c->f(L, c->context);
  return 0;
}

/* Runs where the error happened. Gives { line, error, does the line begin with a position }: texts
   get the position in the script, tables become lines. [-1, +1, e] */
static int describe(lua_State *L) {
  lua_createtable(L, 3, 0);
  ndg_lua_where(L);
  const char *where = lua_tostring(L, -1);
  const size_t n = strlen(where);
  lua_pushboolean(L, n > 0);
  lua_rawseti(L, 2, 3);
  const char *text = luaL_tolstring(L, 1, NULL);
  if (lua_type(L, 1) == LUA_TSTRING && strncmp(text, where, n) != 0)
    lua_pushfstring(L, "%s %s", where, text);
  lua_rawseti(L, 2, 1);
  lua_pushvalue(L, 1);
  lua_rawseti(L, 2, 2);
  lua_settop(L, 2);
  return 1;
}

static ndg_status code_of(lua_State *L, int index) { /* [-0, +0, e] of an error of nudge's */
  if (!lua_istable(L, index))
    return NDG_EINVAL;
  lua_getfield(L, index, "code");
  const char *name = lua_tostring(L, -1);
  ndg_status code = NDG_EINVAL;
  for (ndg_status st = NDG_EINTERNAL; name && st <= NDG_PAST_RADIUS; st++)
    if (st != NDG_OK && strcmp(name, ndg_lua_status_name(st)) == 0)
      code = st;
  lua_pop(L, 1);
  return code;
}

/* (what describe gave, where it goes, place) [-3, +0, m] */
static int read_failure(lua_State *L) {
  ndg_error *e = lua_touserdata(L, 2);
  const char *place = lua_touserdata(L, 3);
  lua_rawgeti(L, 1, 3);
  const bool placed = lua_toboolean(L, -1);
  lua_rawgeti(L, 1, 1);
  lua_rawgeti(L, 1, 2);
  const char *text = lua_tostring(L, -2);
  ndg_fail(e, code_of(L, -1), "%s%s%s", placed ? "" : place, placed ? "" : ": ",
           text ? text : "error");
  for (char *c = e->text; *c; c++)
    *c = *c == '\n' || *c == '\r' ? ' ' : *c;
  return 0;
}

static ndg_status fail(lua_State *L, int code, const char *place, ndg_error *e) {
  ndg_error own = {0};
  if (code == LUA_ERRMEM)
    return ndg_fail(e, NDG_ENOMEM, "not enough memory for Lua");
  if (code == LUA_ERRRUN && lua_istable(L, -1)) {
    lua_pushcfunction(L, read_failure);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, &own);
    lua_pushlightuserdata(L, (void *)(uintptr_t)place);
    if (lua_pcall(L, 3, 0, 0) == LUA_OK)
      return ndg_fail(e, own.code, "%s", own.text);
    return ndg_fail(e, NDG_ENOMEM, "not enough memory for Lua");
  }
  return ndg_fail(e, NDG_EINVAL, "an error while another one was being described");
}

static lua_State *enter(ndg_lua_callbacks *c, ndg_error *e) {
  pthread_mutex_lock(&c->lock);
  if (c->n_free == 0) {
    lua_settop(c->service, 0);
    lua_pushcfunction(c->service, make_coroutine);
    lua_pushlightuserdata(c->service, c);
    if (lua_pcall(c->service, 1, 0, 0) != LUA_OK) {
      lua_settop(c->service, 0);
      pthread_mutex_unlock(&c->lock);
      ndg_fail(e, NDG_ENOMEM, "not enough memory for Lua");
      return NULL;
    }
  }
  lua_State *L = c->free[--c->n_free];
  lua_sethook(L, poll, LUA_MASKCOUNT, PATIENCE);
  depth++;
  return L;
}

static void leave(ndg_lua_callbacks *c, lua_State *L) {
  depth--;
  lua_sethook(L, NULL, 0, 0);
  lua_settop(L, 0);
  if (c->collect)
    lua_gc(L, LUA_GCCOLLECT);
  c->free[c->n_free++] = L;
  pthread_mutex_unlock(&c->lock);
}

ndg_status ndg_lua_call_back(ndg_lua_callbacks *c, const ndg_lua_call *call, ndg_error *e) {
  lua_State *L = enter(c, e);
  if (!L)
    return NDG_ENOMEM;
  ndg_lua_call now = *call;
  lua_pushcfunction(L, describe);
  lua_pushcfunction(L, run_call);
  lua_pushlightuserdata(L, &now);
  const int code = lua_pcall(L, 1, 0, 1);
  if (call->end)
    call->end(L, call->context);
  const ndg_status st = code == LUA_OK ? NDG_OK : fail(L, code, call->place, e);
  leave(c, L);
  return st;
}

void ndg_lua_pause(ndg_lua_callbacks *c) {
  depth--;
  pthread_mutex_unlock(&c->lock);
}

void ndg_lua_continue(ndg_lua_callbacks *c) {
  pthread_mutex_lock(&c->lock);
  depth++;
}
