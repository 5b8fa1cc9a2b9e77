/* SPDX-License-Identifier: MIT */
/* Options as text: ranges, what is wanted, defaults, values. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "plugin/option_table.h"
#include "plugin/options.h"

static bool is_integer(const ndg_option *o) {
  return o->type == NDG_OPTION_I64 || o->type == NDG_OPTION_I64_LIST;
}

static bool is_number(const ndg_option *o) {
  return is_integer(o) || o->type == NDG_OPTION_F64 || o->type == NDG_OPTION_F64_LIST;
}

static void add_bound(ndg_line *l, const ndg_option *o, const ndg_value *bound) {
  if (is_integer(o))
    ndg_line_add(l, "%" PRId64, bound->i);
  else
    ndg_line_add_f64(l, bound->d);
}

void ndg_option_add_range(ndg_line *l, const char *before, const ndg_option *o) {
  if (!is_number(o))
    return;
  const bool open_below = is_integer(o) ? o->min.i == INT64_MIN : o->min.d == -INFINITY;
  const bool open_above = is_integer(o) ? o->max.i == INT64_MAX : o->max.d == INFINITY;
  const bool exclusive = o->flags & NDG_OPTION_EXCLUSIVE_MIN;
  if (open_below && open_above)
    return;
  ndg_line_add(l, "%s", before);
  if (open_above) {
    ndg_line_add(l, exclusive ? "above " : "at least ");
    add_bound(l, o, &o->min);
  } else if (open_below) {
    ndg_line_add(l, "at most ");
    add_bound(l, o, &o->max);
  } else {
    ndg_line_add(l, exclusive ? "in (" : "in [");
    add_bound(l, o, &o->min);
    ndg_line_add(l, ", ");
    add_bound(l, o, &o->max);
    ndg_line_add(l, "]");
  }
}

static void add_choices(ndg_line *l, const ndg_option *o) {
  ndg_line_add(l, "one of ");
  for (const ndg_choice *c = o->choices; c && c->name; c++)
    ndg_line_add(l, "%s%s", c == o->choices ? "" : ", ", c->name);
}

static void add_kind(ndg_line *l, const ndg_option *o, bool article) {
  static const char *const nouns[] = {
      [NDG_OPTION_BOOL] = "true or false",
      [NDG_OPTION_I64] = "an integer",
      [NDG_OPTION_F64] = "a number",
      [NDG_OPTION_STR] = "a text",
      [NDG_OPTION_I64_LIST] = "a list of integers",
      [NDG_OPTION_F64_LIST] = "a list of numbers",
  };
  if (o->type == NDG_OPTION_ENUM) {
    add_choices(l, o);
    return;
  }
  const char *noun = nouns[o->type];
  if (!article && o->type != NDG_OPTION_BOOL)
    noun = strchr(noun, ' ') + 1;
  ndg_line_add(l, "%s", noun);
  ndg_option_add_range(l, " ", o);
}

void ndg_option_add_wanted(ndg_line *l, const ndg_option *o) {
  add_kind(l, o, true);
}

static void add_default(ndg_line *l, const ndg_option *o) {
  const ndg_choice *c;
  switch (o->type) {
  case NDG_OPTION_BOOL:
    ndg_line_add(l, o->def.i ? "true" : "false");
    break;
  case NDG_OPTION_I64:
    ndg_line_add(l, "%" PRId64, o->def.i);
    break;
  case NDG_OPTION_F64:
    ndg_line_add_f64(l, o->def.d);
    break;
  case NDG_OPTION_ENUM:
    c = ndg_option_choice_of(o, o->def.i);
    ndg_line_add(l, "%s", c ? c->name : "?");
    break;
  case NDG_OPTION_STR:
    ndg_line_add(l, o->def.s ? "'%s'" : "none%s", o->def.s ? o->def.s : "");
    break;
  default:
    ndg_line_add(l, "%s", o->def.s && *o->def.s ? o->def.s : "empty");
  }
}

int ndg_options_default_text(const ndg_option *o, char *out, size_t size) {
  ndg_line l = ndg_line_in(out, size);
  if (!(o->flags & NDG_OPTION_REQUIRED))
    add_default(&l, o);
  return (int)l.length;
}

int ndg_options_type_text(const ndg_option *o, char *out, size_t size) {
  ndg_line l = ndg_line_in(out, size);
  add_kind(&l, o, false);
  return (int)l.length;
}

int ndg_options_describe(const ndg_option *o, char *out, size_t size) {
  ndg_line l = ndg_line_in(out, size);
  add_kind(&l, o, false);
  if (o->unit && *o->unit)
    ndg_line_add(&l, ", unit %s", o->unit);
  if (o->flags & NDG_OPTION_REQUIRED) {
    ndg_line_add(&l, ", required");
  } else {
    const bool has_commas =
        o->choices || o->type == NDG_OPTION_I64_LIST || o->type == NDG_OPTION_F64_LIST;
    ndg_line_add(&l, has_commas ? "; default " : ", default ");
    add_default(&l, o);
  }
  if (o->flags & NDG_OPTION_DEPRECATED)
    ndg_line_add(&l, ", deprecated");
  return (int)l.length;
}
