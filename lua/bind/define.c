/* SPDX-License-Identifier: MIT */
/* nudge.core.define(kind, spec): a component out of a table that nudge.define has checked. */
#include "bind/define.h"

#include <math.h>
#include <string.h>

#define MEMORY "nudge.definition memory"

/* Memory of a definition that is not finished yet. */
typedef struct memory {
  ndg_arena *arena;
} memory;

static int free_memory(lua_State *L) { /* [-1, +0, -] */
  memory *m = lua_touserdata(L, 1);
  ndg_arena_destroy(m->arena);
  m->arena = NULL;
  return 0;
}

static memory *push_memory(lua_State *L) { /* [-0, +1, m] */
  memory *m = lua_newuserdatauv(L, sizeof *m, 0);
  m->arena = NULL;
  if (luaL_newmetatable(L, MEMORY)) {
    lua_pushcfunction(L, free_memory);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  m->arena = ndg_arena_create(4096);
  if (!m->arena)
    ndg_lua_no_memory(L);
  return m;
}

void *ndg_lua_take(lua_State *L, ndg_arena *arena, uint64_t n, size_t size) {
  void *p = ndg_arena_alloc(arena, (size_t)n, size);
  if (!p)
    ndg_lua_no_memory(L);
  return p;
}

/* Field of the table at index, copied; NULL where there is none. [-0, +0, v] */
static const char *text(lua_State *L, int index, const char *name, ndg_arena *arena) {
  lua_getfield(L, index, name);
  const char *given = lua_tostring(L, -1), *copy = NULL;
  if (given) {
    copy = ndg_arena_strdup(arena, given);
    if (!copy)
      ndg_lua_no_memory(L);
  }
  lua_pop(L, 1);
  return copy;
}

static bool flag(lua_State *L, int index, const char *name) { /* [-0, +0, e] */
  lua_getfield(L, index, name);
  const bool set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return set;
}

/* The list `name` of texts, ended by NULL. [-0, +0, v] */
static const char *const *texts(lua_State *L, int index, const char *name, ndg_arena *arena) {
  lua_getfield(L, index, name);
  const uint64_t n = lua_istable(L, -1) ? lua_rawlen(L, -1) : 0;
  const char **out = ndg_lua_take(L, arena, n + 1, sizeof *out);
  for (uint64_t i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    out[i] = ndg_arena_strdup(arena, luaL_checkstring(L, -1));
    if (!out[i])
      ndg_lua_no_memory(L);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return out;
}

/* ---- options ---- */

static const char *const type_names[] = {"boolean", "integer",      "number",      "enum",
                                         "string",  "integer list", "number list", NULL};
static const uint32_t types[] = {NDG_OPTION_BOOL,    NDG_OPTION_I64, NDG_OPTION_F64,
                                 NDG_OPTION_ENUM,    NDG_OPTION_STR, NDG_OPTION_I64_LIST,
                                 NDG_OPTION_F64_LIST};
static const size_t sizes[] = {sizeof(int32_t),     sizeof(int64_t),      sizeof(double),
                               sizeof(int32_t),     sizeof(const char *), sizeof(ndg_i64_list),
                               sizeof(ndg_f64_list)};

/* A number in both its forms: which one counts, the option's type says. [-0, +0, e] */
static ndg_value number(lua_State *L, int index, const char *name, ndg_value otherwise) {
  ndg_value v = otherwise;
  if (lua_getfield(L, index, name) != LUA_TNIL) {
    if (lua_isinteger(L, -1)) {
      v.i = lua_tointeger(L, -1);
      v.d = (double)v.i;
    } else if (lua_isboolean(L, -1)) {
      v.i = lua_toboolean(L, -1);
    } else { /* of a number: where it is an integer, nudge.define has made it one */
      v.d = lua_tonumber(L, -1);
    }
  }
  lua_pop(L, 1);
  return v;
}

/* Choices { name, doc }, with values 0, 1, ... [-0, +0, v] */
static const ndg_choice *choices(lua_State *L, int index, ndg_arena *arena) {
  lua_getfield(L, index, "choices");
  const uint64_t n = lua_rawlen(L, -1);
  ndg_choice *out = ndg_lua_take(L, arena, n + 1, sizeof *out);
  for (uint64_t i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    out[i] = (ndg_choice){.name = text(L, lua_gettop(L), "name", arena),
                          .value = (int64_t)i,
                          .doc = text(L, lua_gettop(L), "doc", arena)};
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return out;
}

/* The option of the table on top, at *size of the struct, which grows. [-0, +0, v] */
static ndg_option read_option(lua_State *L, ndg_arena *arena, uint64_t *size) {
  const int t = lua_gettop(L);
  lua_getfield(L, t, "type");
  const int k = luaL_checkoption(L, -1, NULL, type_names);
  lua_pop(L, 1);
  const bool real = types[k] == NDG_OPTION_F64 || types[k] == NDG_OPTION_F64_LIST;
  ndg_option o = {.name = text(L, t, "name", arena),
                  .doc = text(L, t, "doc", arena),
                  .unit = text(L, t, "unit", arena),
                  .type = types[k],
                  .flags = (flag(L, t, "required") ? NDG_OPTION_REQUIRED : 0u) |
                           (flag(L, t, "log") ? NDG_OPTION_LOG : 0u) |
                           (flag(L, t, "exclusive_min") ? NDG_OPTION_EXCLUSIVE_MIN : 0u),
                  .offset = *size,
                  .min =
                      number(L, t, "min", (ndg_value){.i = INT64_MIN, .d = real ? -INFINITY : 0}),
                  .max = number(L, t, "max", (ndg_value){.i = INT64_MAX, .d = real ? INFINITY : 0}),
                  .def = number(L, t, "default", (ndg_value){0})};
  if (o.type == NDG_OPTION_BOOL) {
    o.min = (ndg_value){.i = 0};
    o.max = (ndg_value){.i = 1};
  } else if (o.type == NDG_OPTION_ENUM) {
    o.choices = choices(L, t, arena);
  }
  o.def.s = text(L, t, "text", arena);
  *size += sizes[k] > 8 ? sizes[k] : 8;
  return o;
}

/* Options of the list `options`, behind the pointer to the definition. [-0, +0, v] */
static const ndg_option *read_options(lua_State *L, int index, ndg_arena *arena, uint64_t *size) {
  lua_getfield(L, index, "options");
  const uint64_t n = lua_rawlen(L, -1);
  ndg_option *out = ndg_lua_take(L, arena, n + 1, sizeof *out);
  *size = sizeof(void *);
  for (uint64_t i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    out[i] = read_option(L, arena, size);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return out;
}

/* ---- components ---- */

static ndg_component *read_component(lua_State *L, int index, bool learner,
                                     const ndg_examples *examples, ndg_arena *arena) {
  static const char *const plain[] = {NDG_CAP_GRAPH, NULL};
  static const char *const with_example[] = {NDG_CAP_GRAPH, NDG_CAP_EXAMPLE, NULL};
  ndg_component *c = ndg_lua_take(L, arena, 1, sizeof *c);
  *c = (ndg_component){.struct_size = sizeof *c,
                       .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 |
                                (flag(L, index, "batch_invariant") ? NDG_PROP_BATCH_INVARIANT : 0u),
                       .kind = learner ? NDG_KIND_LEARNER : NDG_KIND_RULE,
                       .id = text(L, index, "id", arena),
                       .version = text(L, index, "version", arena),
                       .title = text(L, index, "title", arena),
                       .doc = text(L, index, "doc", arena),
                       .cite = text(L, index, "cite", arena),
                       .needs = texts(L, index, "needs", arena),
                       .provides = !learner   ? NULL
                                   : examples ? with_example
                                              : plain,
                       .ops = learner ? (const void *)&ndg_lua_learner_ops
                                      : (const void *)&ndg_lua_rule_ops};
  c->options = read_options(L, index, arena, &c->options_size);
  return c;
}

/* ("learner" | "rule", spec): as nudge.define makes it, with functions in spec.functions. [-2, +0,
   v] */
static int define(lua_State *L) {
  static const char *const kinds[] = {"learner", "rule", NULL};
  const bool learner = luaL_checkoption(L, 1, NULL, kinds) == 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  ndg_lua_refuse_inside(L);
  luaL_checkstack(L, 12, NULL);
  ndg_lua_callbacks *callbacks = ndg_lua_get_callbacks(L);
  memory *m = push_memory(L);
  ndg_lua_definition *d = ndg_lua_take(L, m->arena, 1, sizeof *d);
  const ndg_examples *examples = ndg_lua_read_examples(L, 2, m->arena);
  ndg_component *c = read_component(L, 2, learner, examples, m->arena);
  const char *place = text(L, 2, "place", m->arena), *path = text(L, 2, "path", m->arena);
  *d = (ndg_lua_definition){callbacks, c, place};
  lua_getfield(L, 2, "functions");
  lua_rawsetp(L, LUA_REGISTRYINDEX, d);
  if (examples) {
    ndg_learner_ops *ops = ndg_lua_take(L, m->arena, 1, sizeof *ops);
    *ops = ndg_lua_learner_ops;
    c->ops = ops;
    if (!ndg_lua_take_extension(callbacks, examples, ops))
      ndg_lua_fail(L, NDG_EINVAL, "no more than 32 learners at a time may have an example");
  }
  ndg_error e = {0};
  if (ndg_registry_define(ndg_lua_get_host(L)->registry, c, place, path, d, m->arena, &e) < 0) {
    if (examples)
      ndg_lua_give_back_extensions(callbacks, examples);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, d);
    return ndg_lua_raise(L, &e, c->id, NULL);
  }
  m->arena = NULL; /* the registry's now */
  return 0;
}

ndg_status ndg_lua_call_defined(const void *options, ndg_lua_callback f, ndg_lua_callback end,
                                void *context, ndg_error *e) {
  const ndg_lua_definition *d = ndg_lua_definition_of(options);
  if (!d)
    return ndg_fail(e, NDG_EINVAL, "these options were not made by ndg_instance_open");
  return ndg_lua_call_back(d->callbacks, &(ndg_lua_call){f, end, context, d->place}, e);
}

bool ndg_lua_push_function(lua_State *L, const void *options, const char *name) {
  const ndg_lua_definition *d = ndg_lua_definition_of(options);
  luaL_checkstack(L, 8, NULL);
  lua_rawgetp(L, LUA_REGISTRYINDEX, d);
  if (lua_getfield(L, -1, name) == LUA_TNIL) {
    lua_pop(L, 2);
    return false;
  }
  lua_remove(L, -2);
  lua_newtable(L);
  for (const ndg_option *o = d->component->options; o->name; o++) {
    ndg_lua_push_option_value(L, o, options);
    lua_setfield(L, -2, o->name);
  }
  return true;
}

/* ---- check ---- */

typedef struct check {
  const void *options;
  ndg_error said;
} check;

/* The function gives nothing, or a text that says what is wrong. */
static void run_check(lua_State *L, void *context) {
  check *c = context;
  if (!ndg_lua_push_function(L, c->options, "check"))
    return;
  lua_call(L, 1, 1);
  if (!lua_isnil(L, -1))
    ndg_fail(&c->said, NDG_EINVAL, "%s", luaL_tolstring(L, -1, NULL));
}

ndg_status ndg_lua_check_defined(const void *options, ndg_error *e) {
  check c = {.options = options};
  const ndg_status st = ndg_lua_call_defined(options, run_check, NULL, &c, e);
  if (st != NDG_OK)
    return st < 0 ? st : ndg_fail(e, NDG_EINVAL, "its check raised: %.480s", e->text);
  return c.said.code ? ndg_fail(e, c.said.code, "%s", c.said.text) : NDG_OK;
}

const luaL_Reg ndg_lua_define_functions[] = {{"define", define},
                                             {"node_methods", ndg_lua_node_methods},
                                             {"estimate_methods", ndg_lua_estimate_methods},
                                             {NULL, NULL}};
