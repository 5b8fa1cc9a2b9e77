/* SPDX-License-Identifier: MIT */
/* What components say of themselves and of their options, as tables. */
#include "bind/bind.h"

/* Default and bounds of one option into the table on top. */
static void set_limits(lua_State *L, const ndg_option *o) {
  const bool required = o->flags & NDG_OPTION_REQUIRED;
  switch (o->type) {
  case NDG_OPTION_BOOL:
    lua_pushboolean(L, o->def.i != 0);
    break;
  case NDG_OPTION_ENUM:
    lua_pushstring(L, ndg_lua_choice_name(o, o->def.i));
    break;
  case NDG_OPTION_I64:
    lua_pushinteger(L, o->def.i);
    break;
  case NDG_OPTION_F64:
    lua_pushnumber(L, o->def.d);
    break;
  default:
    lua_pushstring(L, o->def.s);
  }
  if (required) {
    lua_pop(L, 1);
  } else {
    lua_setfield(L, -2, "default");
  }
  if (o->type == NDG_OPTION_F64 || o->type == NDG_OPTION_F64_LIST) {
    ndg_lua_set_number(L, "min", o->min.d);
    ndg_lua_set_number(L, "max", o->max.d);
  } else if (o->type == NDG_OPTION_I64 || o->type == NDG_OPTION_I64_LIST) {
    lua_pushinteger(L, o->min.i);
    lua_setfield(L, -2, "min");
    lua_pushinteger(L, o->max.i);
    lua_setfield(L, -2, "max");
  }
}

/* Names of the choices, and what they mean in the same order, into the table on top. */
static void set_choices(lua_State *L, const ndg_option *o) {
  if (!o->choices) {
    return;
  }
  lua_newtable(L);
  lua_newtable(L);
  lua_Integer n = 0;
  for (const ndg_choice *c = o->choices; c->name; c++) {
    lua_pushstring(L, c->name);
    lua_rawseti(L, -3, ++n);
    lua_pushstring(L, c->doc);
    lua_rawseti(L, -2, n);
  }
  lua_setfield(L, -3, "meanings");
  lua_setfield(L, -2, "choices");
}

static void push_option(lua_State *L, const ndg_option *o) { /* [-0, +1, m] */
  static const char *const types[] = {"?",    "boolean", "integer",      "number",
                                      "enum", "string",  "integer list", "number list"};
  char text[1000];
  lua_createtable(L, 0, 18);
  ndg_lua_set_text(L, "name", o->name);
  ndg_lua_set_text(L, "doc", o->doc);
  ndg_lua_set_text(L, "unit", o->unit);
  ndg_lua_set_text(L, "type", types[o->type < sizeof types / sizeof *types ? o->type : 0]);
  ndg_options_describe(o, text, sizeof text);
  ndg_lua_set_text(L, "range", text);
  ndg_options_type_text(o, text, sizeof text);
  ndg_lua_set_text(L, "value", text);
  ndg_options_default_text(o, text, sizeof text);
  ndg_lua_set_text(L, "default_text", text);
  lua_pushboolean(L, (o->flags & NDG_OPTION_DEPRECATED) != 0);
  lua_setfield(L, -2, "deprecated");
  lua_pushboolean(L, (o->flags & NDG_OPTION_REQUIRED) != 0);
  lua_setfield(L, -2, "required");
  lua_pushboolean(L, (o->flags & NDG_OPTION_LOG) != 0);
  lua_setfield(L, -2, "logarithmic");
  lua_pushboolean(L, (o->flags & NDG_OPTION_EXCLUSIVE_MIN) != 0);
  lua_setfield(L, -2, "exclusive_min");
  set_limits(L, o);
  set_choices(L, o);
}

/* The component of (kind, id), or NULL with an error. [-0, +0, v] */
static const ndg_loaded *find_component(lua_State *L, ndg_error *e) {
  static const char *const names[] = {"learner", "rule", NULL};
  static const char *const kinds[] = {NDG_KIND_LEARNER, NDG_KIND_RULE};
  const char *kind = kinds[luaL_checkoption(L, 1, NULL, names)];
  const ndg_loaded *loaded = NULL;
  return ndg_registry_find(ndg_lua_get_host(L)->registry, kind, luaL_checkstring(L, 2), &loaded,
                           e) < 0
             ? NULL
             : loaded;
}

static void set_ids(lua_State *L, const char *field, const char *const *ids) { /* [-0, +0, m] */
  lua_newtable(L);
  for (lua_Integer n = 1; ids && *ids; ids++, n++) {
    lua_pushstring(L, *ids);
    lua_rawseti(L, -2, n);
  }
  lua_setfield(L, -2, field);
}

/* [-2, +1, v] (kind, id): what the component says of itself, without its options. */
static int describe_component(lua_State *L) {
  ndg_error e = {0};
  const ndg_loaded *loaded = find_component(L, &e);
  if (!loaded) {
    return ndg_lua_push_failure(L, &e);
  }
  const ndg_component *c = loaded->component;
  lua_createtable(L, 0, 12);
  ndg_lua_set_text(L, "kind", ndg_kind_noun(c->kind));
  ndg_lua_set_text(L, "id", c->id);
  ndg_lua_set_text(L, "version", c->version);
  ndg_lua_set_text(L, "title", c->title);
  ndg_lua_set_text(L, "doc", c->doc);
  ndg_lua_set_text(L, "cite", c->cite);
  ndg_lua_set_text(L, "plugin", loaded->plugin->name);
  ndg_lua_set_text(L, "license", loaded->plugin->license);
  ndg_lua_set_text(L, "path", loaded->path);
  set_ids(L, "needs", c->needs);
  set_ids(L, "uses", c->uses);
  set_ids(L, "provides", c->provides);
  return 1;
}

/* [-2, +1, v] (kind, id): list of options, also by name. */
static int list_options(lua_State *L) {
  ndg_error e = {0};
  const ndg_loaded *loaded = find_component(L, &e);
  if (!loaded) {
    return ndg_lua_push_failure(L, &e);
  }
  lua_newtable(L);
  lua_Integer n = 0;
  for (const ndg_option *o = loaded->component->options; o && o->name;
       o = ndg_options_next(o, loaded->option_stride)) {
    push_option(L, o);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, o->name);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

const luaL_Reg ndg_lua_describe_functions[] = {
    {"options", list_options}, {"describe", describe_component}, {NULL, NULL}};
