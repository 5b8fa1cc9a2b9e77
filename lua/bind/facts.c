/* SPDX-License-Identifier: MIT */
/* What a kept run says about itself: program, libraries, processor, plugins, files, times. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/process.h"
#include "base/sha256.h"
#include "bind/bind.h"
#include "tensor/blas.h"
#include "tensor/kernels.h"

static void push_digest(lua_State *L, const uint8_t digest[NDG_SHA256_SIZE]) { /* [-0, +1, m] */
  char text[NDG_SHA256_TEXT];
  ndg_sha256_text(digest, text);
  lua_pushstring(L, text);
}

static int sha256(lua_State *L) { /* [-1, +1, m] (text): 64 hexadecimal digits */
  uint8_t digest[NDG_SHA256_SIZE];
  ndg_sha256 sum;
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  ndg_sha256_begin(&sum);
  ndg_sha256_add(&sum, text, length);
  ndg_sha256_end(&sum, digest);
  push_digest(L, digest);
  return 1;
}

static int sha256_file(lua_State *L) { /* [-1, +1, v] (path): the same of a file */
  uint8_t digest[NDG_SHA256_SIZE];
  ndg_error e = {0};
  if (ndg_sha256_file(luaL_checkstring(L, 1), digest, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  push_digest(L, digest);
  return 1;
}

/* (path): absolute, without links; whether it is a "file", a "folder" or something "other"; its
   bytes. nil, message, code where there is none. [-1, +3, m] */
static int real_path(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  char real[PATH_MAX];
  if (!realpath(path, real)) {
    ndg_error e = {0};
    ndg_fail(&e, errno == ENOENT ? NDG_ENOTFOUND : NDG_EIO, "%s: %s", path, strerror(errno));
    return ndg_lua_push_failure(L, &e);
  }
  struct stat info = {0};
  lua_pushstring(L, real);
  const bool known = stat(real, &info) == 0;
  lua_pushstring(L, known && S_ISREG(info.st_mode)   ? "file"
                    : known && S_ISDIR(info.st_mode) ? "folder"
                                                     : "other");
  lua_pushinteger(L, (lua_Integer)info.st_size);
  return 3;
}

static int wall_clock(lua_State *L) { /* [-0, +1, -] seconds since 1970 */
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  lua_pushnumber(L, (double)t.tv_sec + 1e-9 * (double)t.tv_nsec);
  return 1;
}

/* [-1, +2, -] (restart): the most memory this process has had, in bytes; was it told to count anew?
 */
static int peak_bytes(lua_State *L) {
  const bool restart = lua_toboolean(L, 1);
  lua_pushinteger(L, (lua_Integer)ndg_peak_memory());
  lua_pushboolean(L, restart && ndg_restart_peak_memory());
  return 2;
}

/* Paths of the files that components come from, once each: plugins, or scripts that define some.
   [-0, +1, m] */
static void push_files(lua_State *L, const ndg_registry *registry, bool defined) {
  lua_newtable(L);
  lua_newtable(L); /* those seen */
  const uint64_t n = registry ? ndg_registry_count(registry, NULL) : 0;
  for (uint64_t i = 0; i < n; i++) {
    const ndg_loaded *l = ndg_registry_at(registry, NULL, i);
    const char *path = l->path;
    if ((l->definition != NULL) != defined) {
      continue;
    }
    if (lua_getfield(L, -1, path) == LUA_TNIL) {
      lua_pushboolean(L, true);
      lua_setfield(L, -3, path);
      lua_pushstring(L, path);
      lua_rawseti(L, -4, (lua_Integer)lua_rawlen(L, -4) + 1);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* {version, compiler, blas = {library, core, family}, kernels, lua, threads, plugins, definitions}.
 * [-0, +1, m]
 */
static int facts(lua_State *L) {
  const ndg_lua_host *host = ndg_lua_get_host(L);
  ndg_blas_info blas;
  ndg_blas_describe(&blas);
  lua_createtable(L, 0, 8);
  ndg_lua_set_text(L, "version", host->version);
  ndg_lua_set_text(L, "compiler", host->compiler);
  ndg_lua_set_text(L, "kernels", ndg_kernels_best()->name);
  ndg_lua_set_text(L, "lua", LUA_RELEASE);
  ndg_lua_set_integer(L, "threads", host->n_threads);
  lua_createtable(L, 0, 3);
  ndg_lua_set_text(L, "library", blas.library);
  ndg_lua_set_text(L, "core", blas.core);
  ndg_lua_set_text(L, "family", blas.family);
  lua_setfield(L, -2, "blas");
  push_files(L, host->registry, false);
  lua_setfield(L, -2, "plugins");
  push_files(L, host->registry, true);
  lua_setfield(L, -2, "definitions");
  return 1;
}

const luaL_Reg ndg_lua_facts_functions[] = {{"sha256", sha256},
                                            {"sha256_file", sha256_file},
                                            {"real_path", real_path},
                                            {"wall_clock", wall_clock},
                                            {"peak_bytes", peak_bytes},
                                            {"facts", facts},
                                            {NULL, NULL}};
