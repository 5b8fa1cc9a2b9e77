/* SPDX-License-Identifier: MIT */
/* SQLite for Lua: databases, and statements that are prepared once. Numbers, texts and nil only;
   what a database means is said in Lua. */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

#include "bind/bind.h"

#define NDG_LUA_DATABASE "nudge.database"
#define NDG_LUA_STATEMENT "nudge.statement"

static const int BUSY_MILLISECONDS = 10000;

typedef struct database {
  sqlite3 *handle; /* NULL: closed */
  struct statement *first;
  const char *path; /* user value 1 */
} database;

typedef struct statement {
  sqlite3_stmt *handle; /* NULL: finalised */
  database *owner;      /* user value 1 */
  struct statement *next, **link;
} statement;

/* What went wrong, in words; `where` is the file. */
static ndg_status describe(sqlite3 *handle, int code, const char *where, ndg_error *e) {
  const int system = handle ? sqlite3_system_errno(handle) : 0;
  switch (code & 0xff) {
  case SQLITE_FULL:
    return ndg_fail(e, NDG_EIO, "%s: no room left: the disk is full", where);
  case SQLITE_IOERR:
    return ndg_fail(e, NDG_EIO, "%s: cannot be read or written: %s", where,
                    system ? strerror(system) : "input/output error");
  case SQLITE_CANTOPEN:
    return ndg_fail(e, system == ENOENT ? NDG_ENOTFOUND : NDG_EIO, "%s: cannot be opened: %s",
                    where, system ? strerror(system) : "its folder is not there or read-only");
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return ndg_fail(e, NDG_EIO, "%s: cannot be written: it or its folder is read-only", where);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return ndg_fail(e, NDG_EIO, "%s: another process has held it for %d s", where,
                    BUSY_MILLISECONDS / 1000);
  case SQLITE_NOTADB:
    return ndg_fail(e, NDG_EFORMAT, "%s: is no SQLite database", where);
  case SQLITE_CORRUPT:
    return ndg_fail(e, NDG_EFORMAT, "%s: is damaged: %s", where,
                    handle ? sqlite3_errmsg(handle) : "");
  default:
    return ndg_fail(e, NDG_EINTERNAL, "%s: %s", where,
                    handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
  }
}

static int fail(lua_State *L, const database *d, int code) {
  ndg_error e = {0};
  if ((code & 0xff) == SQLITE_NOMEM) {
    return ndg_lua_no_memory(L);
  }
  describe(d->handle, code, d->path, &e);
  return ndg_lua_raise(L, &e, NULL, NULL);
}

static database *check_database(lua_State *L) {
  database *d = luaL_checkudata(L, 1, NDG_LUA_DATABASE);
  luaL_argcheck(L, d->handle, 1, "the database is closed");
  return d;
}

/* (path, "read" | "read unchanged" | "write" | "create"); "read unchanged" takes no lock: nobody
   writes to the file. [-2, +1, v] */
static int open_database(lua_State *L) {
  static const char *const names[] = {"read", "read unchanged", "write", "create", NULL};
  static const int flags[] = {SQLITE_OPEN_READONLY, SQLITE_OPEN_READONLY, SQLITE_OPEN_READWRITE,
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  luaL_checkstring(L, 1);
  const int mode = luaL_checkoption(L, 2, NULL, names);
  lua_settop(L, 1);
  database *d = lua_newuserdatauv(L, sizeof *d, 1);
  *d = (database){.path = lua_tostring(L, 1)};
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 2, 1);
  luaL_setmetatable(L, NDG_LUA_DATABASE);
  const char *name = d->path;
  if (mode == 1) { /* the name of a URI has no ?, # and % of its own */
    luaL_gsub(L, name, "%", "%25");
    luaL_gsub(L, lua_tostring(L, -1), "?", "%3f");
    luaL_gsub(L, lua_tostring(L, -1), "#", "%23");
    name = lua_pushfstring(L, "file:%s?immutable=1", lua_tostring(L, -1));
  }
  const int code =
      sqlite3_open_v2(name, &d->handle,
                      flags[mode] | SQLITE_OPEN_NOMUTEX | (mode == 1 ? SQLITE_OPEN_URI : 0), NULL);
  if (code != SQLITE_OK) {
    return fail(L, d, code);
  }
  if (mode >= 2 && sqlite3_db_readonly(d->handle, "main") == 1) {
    return fail(L, d, SQLITE_READONLY); /* SQLite would have opened it for reading */
  }
  (void)sqlite3_extended_result_codes(d->handle, 1);
  (void)sqlite3_busy_timeout(d->handle, BUSY_MILLISECONDS);
  lua_settop(L, 2);
  return 1;
}

static void finalise(statement *s) {
  (void)sqlite3_finalize(s->handle); /* its code is that of the last step, known already */
  s->handle = NULL;
  if (s->link) {
    *s->link = s->next;
    if (s->next) {
      s->next->link = s->link;
    }
    s->link = NULL;
  }
}

static int database_close(lua_State *L) { /* [-0, +0, -] */
  database *d = luaL_checkudata(L, 1, NDG_LUA_DATABASE);
  while (d->first) {
    finalise(d->first);
  }
  (void)sqlite3_close(d->handle);
  d->handle = NULL;
  return 0;
}

static int database_exec(lua_State *L) { /* [-1, +0, v] (statements): without values or results */
  database *d = check_database(L);
  const int code = sqlite3_exec(d->handle, luaL_checkstring(L, 2), NULL, NULL, NULL);
  return code == SQLITE_OK ? 0 : fail(L, d, code);
}

static int64_t milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* [-0, +0, v] (): writes go to a log beside the file, from now on and in every process. SQLite
   reads the file and then wants to write it, and where another process does the same it gives up at
   once, as two that wait for each other would do so for ever. Here nothing is held in between, so
   that beginning again is right; the pauses differ between processes. */
static int database_log_writes(lua_State *L) {
  database *d = check_database(L);
  luaL_argcheck(L, sqlite3_get_autocommit(d->handle), 1, "a transaction is open");
  const int64_t end = milliseconds() + BUSY_MILLISECONDS;
  int code;
  while (code = sqlite3_exec(d->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL),
         (code & 0xff) == SQLITE_BUSY && milliseconds() < end) {
    unsigned char random;
    sqlite3_randomness(sizeof random, &random);
    (void)sqlite3_sleep(1 + random % 16);
  }
  return code == SQLITE_OK ? 0 : fail(L, d, code);
}

static int database_prepare(lua_State *L) { /* [-1, +1, v] (one statement) */
  database *d = check_database(L);
  size_t length;
  const char *text = luaL_checklstring(L, 2, &length), *rest = NULL;
  statement *s = lua_newuserdatauv(L, sizeof *s, 1);
  *s = (statement){.owner = d};
  luaL_setmetatable(L, NDG_LUA_STATEMENT);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  const int code = sqlite3_prepare_v3(d->handle, text, (int)length, SQLITE_PREPARE_PERSISTENT,
                                      &s->handle, &rest);
  if (code != SQLITE_OK) {
    return fail(L, d, code);
  }
  s->next = d->first;
  s->link = &d->first;
  if (s->next) {
    s->next->link = &s->next;
  }
  d->first = s;
  luaL_argcheck(L, s->handle && !*rest, 2, "exactly one statement is wanted");
  return 1;
}

static int database_last_id(lua_State *L) { /* [-0, +1, -] of the row inserted last */
  lua_pushinteger(L, (lua_Integer)sqlite3_last_insert_rowid(check_database(L)->handle));
  return 1;
}

static int database_in_transaction(lua_State *L) { /* [-0, +1, -] */
  lua_pushboolean(L, !sqlite3_get_autocommit(check_database(L)->handle));
  return 1;
}

static int database_text(lua_State *L) { /* [-0, +1, m] */
  const database *d = luaL_checkudata(L, 1, NDG_LUA_DATABASE);
  lua_pushfstring(L, "%s %s%s", NDG_LUA_DATABASE, d->path, d->handle ? "" : " (closed)");
  return 1;
}

static int statement_close(lua_State *L) { /* [-0, +0, -] */
  finalise(luaL_checkudata(L, 1, NDG_LUA_STATEMENT));
  return 0;
}

static int bind_value(lua_State *L, sqlite3_stmt *s, int position, int index) {
  size_t length;
  switch (lua_type(L, index)) {
  case LUA_TNIL:
    return sqlite3_bind_null(s, position);
  case LUA_TNUMBER:
    return lua_isinteger(L, index) ? sqlite3_bind_int64(s, position, lua_tointeger(L, index))
                                   : sqlite3_bind_double(s, position, lua_tonumber(L, index));
  case LUA_TSTRING: {
    /* Stays on the stack while the statement runs, and is bound anew before it runs again. */
    const char *text = lua_tolstring(L, index, &length);
    return sqlite3_bind_text64(s, position, text, length, SQLITE_STATIC, SQLITE_UTF8);
  }
  default:
    return luaL_argerror(L, index, "a number, a string or nil is wanted");
  }
}

/* The statement with its values, one for each question mark. */
static statement *bind_all(lua_State *L) {
  statement *s = luaL_checkudata(L, 1, NDG_LUA_STATEMENT);
  luaL_argcheck(L, s->handle, 1, "the statement is closed");
  const int n = lua_gettop(L) - 1;
  if (n != sqlite3_bind_parameter_count(s->handle)) {
    luaL_error(L, "%d values for the %d question marks of: %s", n,
               sqlite3_bind_parameter_count(s->handle), sqlite3_sql(s->handle));
  }
  (void)sqlite3_reset(s->handle); /* an error in Lua may have left it half-way */
  for (int i = 1; i <= n; i++) {
    const int code = bind_value(L, s->handle, i, i + 1);
    if (code != SQLITE_OK) {
      fail(L, s->owner, code);
    }
  }
  return s;
}

static bool step(lua_State *L, statement *s) { /* [-0, +0, v] is there a row? */
  const int code = sqlite3_step(s->handle);
  if (code == SQLITE_ROW) {
    return true;
  }
  const int reset = sqlite3_reset(s->handle);
  if (code != SQLITE_DONE) {
    fail(L, s->owner, reset != SQLITE_OK ? reset : code);
  }
  return false;
}

static void push_column(lua_State *L, sqlite3_stmt *s, int i) {
  switch (sqlite3_column_type(s, i)) {
  case SQLITE_INTEGER:
    lua_pushinteger(L, (lua_Integer)sqlite3_column_int64(s, i));
    break;
  case SQLITE_FLOAT:
    lua_pushnumber(L, sqlite3_column_double(s, i));
    break;
  case SQLITE_NULL:
    lua_pushnil(L);
    break;
  default: {
    const void *bytes = sqlite3_column_blob(s, i);
    lua_pushlstring(L, bytes ? bytes : "", (size_t)sqlite3_column_bytes(s, i));
  }
  }
}

static int statement_run(lua_State *L) { /* [-n, +0, v] (values): to its end */
  statement *s = bind_all(L);
  while (step(L, s)) {
  }
  return 0;
}

static int statement_first(lua_State *L) { /* [-n, +?, v] (values): columns of the first row */
  statement *s = bind_all(L);
  if (!step(L, s)) {
    return 0;
  }
  const int n = sqlite3_column_count(s->handle);
  luaL_checkstack(L, n, NULL);
  for (int i = 0; i < n; i++) {
    push_column(L, s->handle, i);
  }
  (void)sqlite3_reset(s->handle);
  return n;
}

static int statement_all(lua_State *L) { /* [-n, +1, v] (values): list of rows by column name */
  statement *s = bind_all(L);
  const int n = sqlite3_column_count(s->handle);
  lua_newtable(L);
  for (lua_Integer row = 1; step(L, s); row++) {
    lua_createtable(L, 0, n);
    for (int i = 0; i < n; i++) {
      push_column(L, s->handle, i);
      lua_setfield(L, -2, sqlite3_column_name(s->handle, i));
    }
    lua_rawseti(L, -2, row);
  }
  return 1;
}

static int statement_text(lua_State *L) { /* [-0, +1, m] */
  const statement *s = luaL_checkudata(L, 1, NDG_LUA_STATEMENT);
  lua_pushfstring(L, "%s %s", NDG_LUA_STATEMENT, s->handle ? sqlite3_sql(s->handle) : "(closed)");
  return 1;
}

static const luaL_Reg database_methods[] = {{"exec", database_exec},
                                            {"log_writes", database_log_writes},
                                            {"prepare", database_prepare},
                                            {"last_id", database_last_id},
                                            {"in_transaction", database_in_transaction},
                                            {NULL, NULL}};
static const luaL_Reg statement_methods[] = {
    {"run", statement_run}, {"first", statement_first}, {"all", statement_all}, {NULL, NULL}};

const luaL_Reg ndg_lua_sqlite_functions[] = {{"database", open_database}, {NULL, NULL}};

void ndg_lua_open_sqlite(lua_State *L) {
  ndg_lua_new_type(L, NDG_LUA_DATABASE, database_methods, database_close, database_text);
  ndg_lua_new_type(L, NDG_LUA_STATEMENT, statement_methods, statement_close, statement_text);
}
