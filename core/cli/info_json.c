/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json.h"

static const char *type_name(uint32_t type) {
  static const char *const names[] = {
      [NDG_OPTION_BOOL] = "boolean",     [NDG_OPTION_I64] = "integer",
      [NDG_OPTION_F64] = "number",       [NDG_OPTION_ENUM] = "choice",
      [NDG_OPTION_STR] = "text",         [NDG_OPTION_I64_LIST] = "integers",
      [NDG_OPTION_F64_LIST] = "numbers",
  };
  return names[type];
}

/* Unbounded is null; so is a default that is not a JSON number. */
static void put_default(ndg_json *j, const ndg_option *o) {
  char text[1000];
  (void)ndg_options_default_text(o, text, sizeof text);
  if (o->flags & NDG_OPTION_REQUIRED)
    ndg_json_null(j, "default");
  else if (o->type == NDG_OPTION_BOOL)
    ndg_json_bool(j, "default", o->def.i != 0);
  else if (o->type == NDG_OPTION_I64)
    ndg_json_i64(j, "default", o->def.i);
  else if (o->type == NDG_OPTION_F64)
    ndg_json_f64(j, "default", o->def.d);
  else if (o->type == NDG_OPTION_ENUM)
    ndg_json_text(j, "default", text);
  else
    ndg_json_text(j, "default", o->def.s); /* lists too: "784, 64, 10" is what --set takes */
}

static void put_bounds(ndg_json *j, const ndg_option *o) {
  if (o->type == NDG_OPTION_F64 || o->type == NDG_OPTION_F64_LIST) {
    ndg_json_f64(j, "min", o->min.d);
    ndg_json_f64(j, "max", o->max.d);
  } else if (o->type == NDG_OPTION_I64 || o->type == NDG_OPTION_I64_LIST) {
    if (o->min.i == INT64_MIN)
      ndg_json_null(j, "min");
    else
      ndg_json_i64(j, "min", o->min.i);
    if (o->max.i == INT64_MAX)
      ndg_json_null(j, "max");
    else
      ndg_json_i64(j, "max", o->max.i);
  }
}

static void put_choices(ndg_json *j, const ndg_option *o) {
  if (!o->choices)
    return;
  ndg_json_open(j, "choices", '[');
  for (const ndg_choice *c = o->choices; c->name; c++) {
    ndg_json_open(j, NULL, '{');
    ndg_json_text(j, "name", c->name);
    ndg_json_text(j, "doc", c->doc);
    ndg_json_close(j, '}');
  }
  ndg_json_close(j, ']');
}

static void put_option(ndg_json *j, const ndg_option *o) {
  const struct {
    const char *name;
    uint32_t flag;
  } flags[] = {{"required", NDG_OPTION_REQUIRED},
               {"exclusive_min", NDG_OPTION_EXCLUSIVE_MIN},
               {"logarithmic", NDG_OPTION_LOG},
               {"deprecated", NDG_OPTION_DEPRECATED},
               {"no_effect_on_result", NDG_OPTION_NO_EFFECT_ON_RESULT}};
  ndg_json_open(j, NULL, '{');
  ndg_json_text(j, "name", o->name);
  ndg_json_text(j, "type", type_name(o->type));
  ndg_json_text(j, "doc", o->doc);
  ndg_json_text(j, "unit", o->unit);
  put_default(j, o);
  put_bounds(j, o);
  for (size_t k = 0; k < sizeof flags / sizeof *flags; k++)
    ndg_json_bool(j, flags[k].name, o->flags & flags[k].flag);
  put_choices(j, o);
  ndg_json_close(j, '}');
}

static void put_plugin(ndg_json *j, const ndg_loaded *l) {
  ndg_json_open(j, "plugin", '{');
  ndg_json_text(j, "name", l->plugin->name);
  ndg_json_text(j, "version", l->plugin->version);
  ndg_json_text(j, "license", l->plugin->license);
  ndg_json_text(j, "build", l->plugin->build);
  ndg_json_text(j, "path", l->path);
  ndg_json_close(j, '}');
}

void ndg_cli_info_json(const ndg_loaded *l) {
  const ndg_component *c = l->component;
  ndg_json j = {0, true};
  ndg_json_open(&j, NULL, '{');
  ndg_json_text(&j, "kind", c->kind);
  ndg_json_text(&j, "id", c->id);
  ndg_json_text(&j, "version", c->version);
  ndg_json_text(&j, "title", c->title);
  ndg_json_text(&j, "doc", c->doc);
  ndg_json_text(&j, "cite", c->cite);
  ndg_json_texts(&j, "needs", c->needs);
  ndg_json_texts(&j, "uses", c->uses);
  ndg_json_texts(&j, "provides", c->provides);
  ndg_json_bool(&j, "deterministic", c->props & NDG_PROP_DETERMINISTIC);
  ndg_json_bool(&j, "float64", c->props & NDG_PROP_F64);
  ndg_json_bool(&j, "batch_invariant", c->props & NDG_PROP_BATCH_INVARIANT);
  put_plugin(&j, l);
  ndg_json_open(&j, "options", '[');
  for (const ndg_option *o = c->options; o && o->name; o = ndg_options_next(o, l->option_stride))
    put_option(&j, o);
  ndg_json_close(&j, ']');
  ndg_json_close(&j, '}');
}
