/* SPDX-License-Identifier: MIT */
/* A packed value in a file: a header, then the value's bytes. The file appears whole or not at all,
   and what is read is what was written, or an error. */
#include <dirent.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/sha256.h"
#include "bind/pack.h"

enum { BUFFER_SIZE = 65536, KIND_SIZE = 16, FORMAT_VERSION = 1 };
static const char magic[8] = "nudge\0ck";
static const uint32_t byte_order = 0x01020304;

/* All of it is written by the machine that reads it, or one of the same byte order. */
typedef struct header {
  char magic[8];
  uint32_t byte_order, version;
  char kind[KIND_SIZE];
  uint64_t length;                 /* of the value's bytes */
  uint8_t sha256[NDG_SHA256_SIZE]; /* of the value's bytes and then of the fields above */
} header;
_Static_assert(sizeof(header) == 72, "a header without gaps");

/* ---- writing ---- */

typedef struct sink {
  ndg_file_writer *writer; /* NULL: committed or abandoned */
  uint8_t *buffer;
  size_t used;
  uint64_t length;
  ndg_sha256 sum;
  ndg_error error;
} sink;

static bool write_out(sink *s, const void *data, size_t n) {
  ndg_sha256_add(&s->sum, data, n);
  return ndg_file_writer_put(s->writer, data, n, &s->error) >= 0;
}

static bool flush(sink *s) {
  const size_t n = s->used;
  s->used = 0;
  return write_out(s, s->buffer, n);
}

/* In pieces that a cache holds, so that summing and writing read memory once. */
static bool put_bytes(void *context, const void *data, size_t n) {
  sink *s = context;
  const uint8_t *from = data;
  s->length += n;
  if (n > BUFFER_SIZE - s->used && !flush(s))
    return false;
  for (; n > BUFFER_SIZE; from += BUFFER_SIZE, n -= BUFFER_SIZE)
    if (!write_out(s, from, BUFFER_SIZE))
      return false;
  memcpy(s->buffer + s->used, from, n);
  s->used += n;
  return true;
}

static int close_sink(lua_State *L) { /* [-0, +0, -] */
  sink *s = lua_touserdata(L, 1);
  ndg_file_writer_abandon(s->writer);
  ndg_free(s->buffer);
  s->writer = NULL;
  s->buffer = NULL;
  return 0;
}

/* [-0, +1, m] Closed, with __gc and __close. */
static void *push_closed(lua_State *L, size_t size, lua_CFunction close) {
  void *p = memset(lua_newuserdatauv(L, size, 0), 0, size);
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, close);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, close);
  lua_setfield(L, -2, "__close");
  lua_setmetatable(L, -2);
  return p;
}

static header begin_header(const char *kind) {
  header h = {.byte_order = byte_order, .version = FORMAT_VERSION};
  memcpy(h.magic, magic, sizeof magic);
  strncpy(h.kind, kind, KIND_SIZE - 1);
  return h;
}

static bool finish_file(sink *s, header *h) {
  if (!flush(s))
    return false;
  h->length = s->length;
  ndg_sha256_add(&s->sum, h, offsetof(header, sha256));
  ndg_sha256_end(&s->sum, h->sha256);
  if (ndg_file_writer_put_first(s->writer, h, sizeof *h, &s->error) < 0)
    return false;
  ndg_file_writer *writer = s->writer;
  s->writer = NULL;
  return ndg_file_writer_commit(writer, &s->error) >= 0;
}

static int save_packed(lua_State *L) { /* [-3, +1, v] (path, kind, value): bytes of the file */
  const char *path = luaL_checkstring(L, 1), *kind = luaL_checkstring(L, 2);
  luaL_argcheck(L, strlen(kind) < KIND_SIZE, 2, "too long");
  lua_settop(L, 3);
  sink *s = push_closed(L, sizeof *s, close_sink);
  lua_toclose(L, 4);
  s->buffer = ndg_calloc(1, BUFFER_SIZE);
  if (!s->buffer)
    return ndg_lua_no_memory(L);
  header h = begin_header(kind);
  const header none = {0}; /* holds the place: the header is written when all the rest is there */
  ndg_sha256_begin(&s->sum);
  if (ndg_file_writer_open(path, &s->writer, &s->error) < 0 ||
      ndg_file_writer_put(s->writer, &none, sizeof none, &s->error) < 0 ||
      !ndg_lua_pack(L, 3, put_bytes, s) || !finish_file(s, &h)) {
    const ndg_error e = s->error;
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  lua_pushinteger(L, (lua_Integer)(s->length + sizeof h));
  return 1;
}

/* ---- reading ---- */

typedef struct source {
  char *bytes;
} source;

static int close_source(lua_State *L) { /* [-0, +0, -] */
  source *s = lua_touserdata(L, 1);
  ndg_free(s->bytes);
  s->bytes = NULL;
  return 0;
}

static ndg_status check_header(const char *path, const header *h, const char *kind, ndg_error *e) {
  if (h->byte_order != byte_order)
    return ndg_fail(e, NDG_EFORMAT, "%s was written by a machine of another byte order", path);
  if (h->version > FORMAT_VERSION)
    return ndg_fail(e, NDG_EFORMAT,
                    "%s has format version %" PRIu32 ", this nudge reads version %d: a newer nudge "
                    "wrote it",
                    path, h->version, FORMAT_VERSION);
  if (strncmp(h->kind, kind, KIND_SIZE) != 0)
    return ndg_fail(e, NDG_EFORMAT, "%s holds a '%.*s', not a '%s'", path, KIND_SIZE, h->kind,
                    kind);
  return NDG_OK;
}

static ndg_status check_file(const char *path, const char *bytes, size_t n, const char *kind,
                             ndg_error *e) {
  header h;
  uint8_t digest[NDG_SHA256_SIZE];
  ndg_sha256 sum;
  if (n < sizeof h || memcmp(bytes, magic, sizeof magic) != 0)
    return ndg_fail(e, NDG_EFORMAT, "%s is no checkpoint of nudge, or it is cut off (%zu bytes)",
                    path, n);
  memcpy(&h, bytes, sizeof h);
  const ndg_status st = check_header(path, &h, kind, e);
  if (st < 0)
    return st;
  if (n - sizeof h != h.length)
    return ndg_fail(e, NDG_EFORMAT, "%s is truncated: %zu of %" PRIu64 " bytes are there", path, n,
                    h.length + sizeof h);
  ndg_sha256_begin(&sum);
  ndg_sha256_add(&sum, bytes + sizeof h, (size_t)h.length);
  ndg_sha256_add(&sum, &h, offsetof(header, sha256));
  ndg_sha256_end(&sum, digest);
  if (memcmp(digest, h.sha256, sizeof digest) != 0)
    return ndg_fail(e, NDG_EFORMAT, "%s is damaged: its bytes do not have the SHA-256 that it says",
                    path);
  return NDG_OK;
}

/* [-2, +2, v] (path, kind): true and the value; false where there is no file */
static int load_packed(lua_State *L) {
  const char *path = luaL_checkstring(L, 1), *kind = luaL_checkstring(L, 2);
  size_t n = 0;
  ndg_error e = {0};
  lua_settop(L, 2);
  source *s = push_closed(L, sizeof *s, close_source);
  lua_toclose(L, 3);
  ndg_status st = ndg_file_read(path, &s->bytes, &n, &e);
  if (st == NDG_ENOTFOUND) {
    lua_pushboolean(L, 0);
    return 1;
  }
  if (st >= 0)
    st = check_file(path, s->bytes, n, kind, &e);
  if (st < 0)
    return ndg_lua_raise(L, &e, NULL, NULL);
  lua_pushboolean(L, 1);
  ndg_lua_unpack(L, s->bytes + sizeof(header), n - sizeof(header), path);
  return 2;
}

static int sha256_array(lua_State *L) { /* [-1, +1, v] (array): of the bytes of its numbers */
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  uint8_t digest[NDG_SHA256_SIZE];
  char text[NDG_SHA256_TEXT];
  ndg_sha256 sum;
  ndg_sha256_begin(&sum);
  ndg_sha256_add(&sum, a->data, (size_t)ndg_lua_array_size(a) * ndg_lua_element_size(a->kind));
  ndg_sha256_end(&sum, digest);
  ndg_sha256_text(digest, text);
  lua_pushstring(L, text);
  return 1;
}

static int make_folders(lua_State *L) { /* [-1, +0, v] (path) */
  ndg_error e = {0};
  if (ndg_make_folders(luaL_checkstring(L, 1), &e) < 0)
    return ndg_lua_raise(L, &e, NULL, NULL);
  return 0;
}

static int close_folder(lua_State *L) { /* [-0, +0, -] */
  DIR **folder = lua_touserdata(L, 1);
  if (*folder)
    (void)closedir(*folder);
  *folder = NULL;
  return 0;
}

/* [-1, +1, m] (path): list of the names in a folder; nil where there is none */
static int list_folder(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  DIR **folder = push_closed(L, sizeof(DIR *), close_folder);
  lua_toclose(L, 2);
  *folder = opendir(path);
  if (!*folder)
    return 0;
  lua_newtable(L);
  lua_Integer n = 0;
  for (const struct dirent *entry; (entry = readdir(*folder));) {
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
      lua_pushstring(L, entry->d_name);
      lua_rawseti(L, -2, ++n);
    }
  }
  return 1;
}

const luaL_Reg ndg_lua_checkpoint_functions[] = {
    {"save_packed", save_packed},   {"load_packed", load_packed}, {"sha256_array", sha256_array},
    {"make_folders", make_folders}, {"list_folder", list_folder}, {NULL, NULL}};
