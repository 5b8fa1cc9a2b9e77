/* SPDX-License-Identifier: MIT */
/* The extension `example` of learners that a script defines. An extension is asked for by its id
   alone, so each such learner has a function of its own, out of a fixed stock of them. */
#include <pthread.h>
#include <string.h>

#include "bind/define.h"

enum { STOCK = 32 };

static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
  const ndg_lua_callbacks *owner; /* NULL: free */
  const ndg_examples *examples;
} stock[STOCK];

static const void *answer(int i, const char *id) {
  return strcmp(id, NDG_CAP_EXAMPLE) == 0 ? stock[i].examples : NULL;
}

/* clang-format off */
#define ALL(OF) \
  OF(0) OF(1) OF(2) OF(3) OF(4) OF(5) OF(6) OF(7) OF(8) OF(9) OF(10) OF(11) OF(12) OF(13) OF(14) \
  OF(15) OF(16) OF(17) OF(18) OF(19) OF(20) OF(21) OF(22) OF(23) OF(24) OF(25) OF(26) OF(27) \
  OF(28) OF(29) OF(30) OF(31)

#define FUNCTION(i) static const void *extension_##i(const char *id) { return answer(i, id); }
ALL(FUNCTION)

#define NAME(i) extension_##i,
static const void *(*const extensions[STOCK])(const char *) = {ALL(NAME)};
/* clang-format on */

bool ndg_lua_take_extension(const ndg_lua_callbacks *owner, const ndg_examples *examples,
                            ndg_learner_ops *ops) {
  bool found = false;
  pthread_mutex_lock(&stock_lock);
  for (int i = 0; !found && i < STOCK; i++) {
    if (!stock[i].owner) {
      stock[i].owner = owner;
      stock[i].examples = examples;
      ops->extension = extensions[i];
      found = true;
    }
  }
  pthread_mutex_unlock(&stock_lock);
  return found;
}

void ndg_lua_give_back_extensions(const ndg_lua_callbacks *owner, const ndg_examples *examples) {
  pthread_mutex_lock(&stock_lock);
  for (int i = 0; i < STOCK; i++)
    if (stock[i].owner == owner && (!examples || stock[i].examples == examples)) {
      stock[i].owner = NULL;
      stock[i].examples = NULL;
    }
  pthread_mutex_unlock(&stock_lock);
}

/* ---- reading them ---- */

static char *copy_text(lua_State *L, int index, ndg_arena *arena) { /* [-0, +0, v] */
  char *copy = ndg_arena_strdup(arena, luaL_checkstring(L, index));
  if (!copy)
    ndg_lua_no_memory(L);
  return copy;
}

/* { name, value } of the list `options` of the example on top. [-0, +0, v] */
static void read_options(lua_State *L, ndg_arena *arena, ndg_example *out) {
  lua_getfield(L, -1, "options");
  out->n_options = lua_rawlen(L, -1);
  ndg_example_option *o = ndg_lua_take(L, arena, out->n_options + 1, sizeof *o);
  for (uint64_t i = 0; i < out->n_options; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    o[i].name = copy_text(L, -2, arena);
    o[i].value = copy_text(L, -1, arena);
    lua_pop(L, 3);
  }
  out->options = o;
  lua_pop(L, 1);
}

/* { name, shape, classes, samples } on top. [-0, +0, v] */
static void read_array(lua_State *L, ndg_arena *arena, ndg_array *a) {
  lua_getfield(L, -1, "name");
  a->name = copy_text(L, -1, arena);
  lua_getfield(L, -2, "samples");
  a->role = lua_toboolean(L, -1) ? NDG_SAMPLES : NDG_WHOLE;
  lua_getfield(L, -3, "classes");
  a->n_values = (uint64_t)lua_tointeger(L, -1);
  a->kind = a->n_values ? NDG_INDEX : NDG_REAL;
  lua_getfield(L, -4, "shape");
  a->shape = NDG_SCALAR;
  a->shape.n_dims = (uint32_t)lua_rawlen(L, -1);
  for (uint32_t d = 0; d < a->shape.n_dims && d < NDG_MAX_DIMS; d++) {
    lua_rawgeti(L, -1, (lua_Integer)d + 1);
    a->shape.dim[d] = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  lua_pop(L, 4);
}

static void read_arrays(lua_State *L, ndg_arena *arena, ndg_example *out) { /* [-0, +0, v] */
  lua_getfield(L, -1, "arrays");
  out->n_arrays = lua_rawlen(L, -1);
  ndg_array *a = ndg_lua_take(L, arena, out->n_arrays + 1, sizeof *a);
  for (uint64_t i = 0; i < out->n_arrays; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    read_array(L, arena, &a[i]);
    lua_pop(L, 1);
  }
  out->arrays = a;
  lua_pop(L, 1);
}

const ndg_examples *ndg_lua_read_examples(lua_State *L, int index, ndg_arena *arena) {
  luaL_checkstack(L, 12, NULL);
  lua_getfield(L, index, "examples");
  const uint64_t n = lua_istable(L, -1) ? lua_rawlen(L, -1) : 0;
  ndg_examples *out = NULL;
  if (n > 0) {
    out = ndg_lua_take(L, arena, 1, sizeof *out);
    ndg_example *all = ndg_lua_take(L, arena, n, sizeof *all);
    for (uint64_t i = 0; i < n; i++) {
      lua_rawgeti(L, -1, (lua_Integer)i + 1);
      read_options(L, arena, &all[i]);
      read_arrays(L, arena, &all[i]);
      lua_pop(L, 1);
    }
    *out = (ndg_examples){.struct_size = sizeof *out, .n = n, .examples = all};
  }
  lua_pop(L, 1);
  return out;
}
