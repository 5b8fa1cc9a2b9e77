/* SPDX-License-Identifier: MIT */
/* Filling an options struct: every value passes here once and is checked against its table. */
#include "plugin/options.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "plugin/option_table.h"

typedef struct filler {
  const char *owner;
  const ndg_option *table;
  uint64_t stride;
  ndg_arena *arena;
  char *options;
  ndg_error *error;
} filler;

static void add_any(ndg_line *l, const ndg_any *v) {
  switch (v->type) {
  case NDG_ANY_BOOL:
    ndg_line_add(l, v->as.i ? "true" : "false");
    break;
  case NDG_ANY_I64:
    ndg_line_add(l, "%" PRId64, v->as.i);
    break;
  case NDG_ANY_F64:
    ndg_line_add_f64(l, v->as.d);
    break;
  case NDG_ANY_STR:
    ndg_line_add(l, "'%.*s'", (int)(v->n < 80 ? v->n : 80), v->as.s);
    break;
  default:
    ndg_line_add(l, "a list of %" PRIu64, v->n);
  }
}

/* "rule contrastive: beta is 0, must be in (0, 10]". converted: v has the option's type and is only
   out of range. index > 0: an element of a list, counted from 1 as Lua does. */
static ndg_status refuse(const filler *f, const ndg_option *o, uint64_t index, const ndg_any *v,
                         bool converted) {
  char where[24] = "", text[400];
  if (index > 0)
    (void)snprintf(where, sizeof where, "[%" PRIu64 "]", index);
  ndg_line l = ndg_line_in(text, sizeof text);
  add_any(&l, v);
  ndg_line_add(&l, ", must be ");
  const size_t before = l.length;
  if (converted)
    ndg_option_add_range(&l, "", o);
  if (l.length == before)
    ndg_option_add_wanted(&l, o);
  return ndg_fail(f->error, NDG_EINVAL, "%s: %s%s is %s", f->owner, o->name, where, text);
}

static ndg_status no_memory(const filler *f) {
  return ndg_fail(f->error, NDG_ENOMEM, "%s: out of memory for its options", f->owner);
}

/* Nearest of the option or choice names, or -1. Only as many names as fit are looked at. */
enum { MAX_NAMES = 256 };
static const char *nearest_option(const filler *f, const char *name) {
  const char *names[MAX_NAMES];
  size_t n = 0;
  for (const ndg_option *o = f->table; o && o->name && n < MAX_NAMES;
       o = ndg_options_next(o, f->stride))
    names[n++] = o->name;
  const int k = ndg_nearest_name(name, names, n);
  return k < 0 ? NULL : names[k];
}

static const char *nearest_choice(const ndg_option *o, const char *name) {
  const char *names[MAX_NAMES];
  size_t n = 0;
  for (const ndg_choice *c = o->choices; c && c->name && n < MAX_NAMES; c++)
    names[n++] = c->name;
  const int k = ndg_nearest_name(name, names, n);
  return k < 0 ? NULL : names[k];
}

static bool to_i64(const ndg_any *v, int64_t *out) {
  if (v->type == NDG_ANY_STR)
    return ndg_integer_of_text(v->as.s, v->n, out);
  if (v->type == NDG_ANY_F64)
    return ndg_integer_of_f64(v->as.d, out);
  *out = v->as.i;
  return v->type == NDG_ANY_I64;
}

static bool to_f64(const ndg_any *v, double *out) {
  if (v->type == NDG_ANY_STR)
    return ndg_parse_f64(v->as.s, v->n, out) == NDG_OK;
  *out = v->type == NDG_ANY_I64 ? (double)v->as.i : v->as.d;
  return v->type == NDG_ANY_I64 || v->type == NDG_ANY_F64;
}

static ndg_status check_i64(const filler *f, const ndg_option *o, uint64_t index, const ndg_any *v,
                            int64_t *out) {
  const bool converted = to_i64(v, out);
  if (converted && ndg_option_accepts_i64(o, *out))
    return NDG_OK;
  return refuse(f, o, index, v, converted);
}

static ndg_status check_f64(const filler *f, const ndg_option *o, uint64_t index, const ndg_any *v,
                            double *out) {
  const bool converted = to_f64(v, out);
  if (converted && ndg_option_accepts_f64(o, *out))
    return NDG_OK;
  return refuse(f, o, index, v, converted);
}

static ndg_status put_bool(const filler *f, const ndg_option *o, const ndg_any *v, void *member) {
  int32_t *out = member;
  const bool text = v->type == NDG_ANY_STR;
  const bool yes = text ? strcmp(v->as.s, "true") == 0 : v->as.i != 0;
  const bool no = text ? strcmp(v->as.s, "false") == 0 : v->as.i == 0;
  if ((!text && v->type != NDG_ANY_BOOL) || yes == no)
    return refuse(f, o, 0, v, false);
  *out = yes;
  return NDG_OK;
}

static ndg_status put_i64(const filler *f, const ndg_option *o, const ndg_any *v, void *member) {
  return check_i64(f, o, 0, v, member);
}

static ndg_status put_f64(const filler *f, const ndg_option *o, const ndg_any *v, void *member) {
  return check_f64(f, o, 0, v, member);
}

static ndg_status put_enum(const filler *f, const ndg_option *o, const ndg_any *v, void *member) {
  int32_t *out = member;
  if (v->type != NDG_ANY_STR)
    return refuse(f, o, 0, v, false);
  const ndg_choice *c = ndg_option_choice(o, v->as.s);
  if (c) {
    *out = (int32_t)c->value;
    return NDG_OK;
  }
  char wanted[320];
  ndg_line l = ndg_line_in(wanted, sizeof wanted);
  ndg_option_add_wanted(&l, o);
  const char *near = nearest_choice(o, v->as.s);
  return ndg_fail(f->error, NDG_EINVAL, "%s: %s is '%.40s', must be %s%s%s%s", f->owner, o->name,
                  v->as.s, wanted, near ? "; did you mean '" : "", near ? near : "",
                  near ? "'?" : "");
}

static ndg_status put_str(const filler *f, const ndg_option *o, const ndg_any *v, void *member) {
  char **out = member;
  if (v->type != NDG_ANY_STR)
    return refuse(f, o, 0, v, false);
  *out = ndg_arena_strdup(f->arena, v->as.s);
  return *out ? NDG_OK : no_memory(f);
}

static uint64_t list_length(const ndg_any *v) {
  const char *cursor = v->as.s, *piece;
  size_t length;
  uint64_t n = 0;
  if (v->type != NDG_ANY_STR)
    return v->n;
  while (ndg_list_next(&cursor, &piece, &length))
    n++;
  return n;
}

/* Element k as a scalar; text lists are read piece by piece through *cursor. */
static ndg_any list_element(const ndg_any *v, uint64_t k, const char **cursor) {
  ndg_any element = {.type = NDG_ANY_STR};
  size_t length = 0;
  if (v->type == NDG_ANY_I64S) {
    element.type = NDG_ANY_I64;
    element.as.i = v->as.is[k];
  } else if (v->type == NDG_ANY_F64S) {
    element.type = NDG_ANY_F64;
    element.as.d = v->as.ds[k];
  } else {
    (void)ndg_list_next(cursor, &element.as.s, &length);
    element.n = length;
  }
  return element;
}

static ndg_status put_list(const filler *f, const ndg_option *o, const ndg_any *v, void *member) {
  const bool integral = o->type == NDG_OPTION_I64_LIST;
  ndg_option scalar = *o; /* what each element must be */
  scalar.type = integral ? NDG_OPTION_I64 : NDG_OPTION_F64;
  if (v->type != NDG_ANY_STR && v->type != NDG_ANY_I64S && v->type != NDG_ANY_F64S)
    return refuse(f, o, 0, v, false);
  const uint64_t n = list_length(v);
  void *values = ndg_arena_alloc(f->arena, n, sizeof(int64_t));
  if (!values)
    return no_memory(f);
  const char *cursor = v->as.s;
  ndg_status st = NDG_OK;
  for (uint64_t k = 0; k < n && st == NDG_OK; k++) {
    const ndg_any element = list_element(v, k, &cursor);
    st = integral ? check_i64(f, &scalar, k + 1, &element, (int64_t *)values + k)
                  : check_f64(f, &scalar, k + 1, &element, (double *)values + k);
  }
  if (integral)
    *(ndg_i64_list *)member = (ndg_i64_list){n, values};
  else
    *(ndg_f64_list *)member = (ndg_f64_list){n, values};
  return st;
}

static ndg_status put(const filler *f, const ndg_option *o, const ndg_any *given) {
  static ndg_status (*const by_type[])(const filler *, const ndg_option *, const ndg_any *,
                                       void *) = {
      [NDG_OPTION_BOOL] = put_bool,     [NDG_OPTION_I64] = put_i64,
      [NDG_OPTION_F64] = put_f64,       [NDG_OPTION_ENUM] = put_enum,
      [NDG_OPTION_STR] = put_str,       [NDG_OPTION_I64_LIST] = put_list,
      [NDG_OPTION_F64_LIST] = put_list,
  };
  ndg_any v = *given;
  if (v.type == NDG_ANY_STR)
    v.n = strlen(v.as.s);
  return by_type[o->type](f, o, &v, f->options + o->offset);
}

static ndg_status put_default(const filler *f, const ndg_option *o) {
  ndg_any v = {.type = NDG_ANY_STR};
  switch (o->type) {
  case NDG_OPTION_BOOL:
    v.type = NDG_ANY_BOOL;
    v.as.i = o->def.i;
    break;
  case NDG_OPTION_I64:
    v.type = NDG_ANY_I64;
    v.as.i = o->def.i;
    break;
  case NDG_OPTION_F64:
    v.type = NDG_ANY_F64;
    v.as.d = o->def.d;
    break;
  case NDG_OPTION_ENUM:
    v.as.s = ndg_option_choice_of(o, o->def.i)->name;
    break;
  case NDG_OPTION_STR:
    if (!o->def.s) /* NULL is a default that no given text can equal */
      return NDG_OK;
    v.as.s = o->def.s;
    break;
  default:
    v.as.s = o->def.s ? o->def.s : "";
  }
  return put(f, o, &v);
}

static ndg_status unknown_name(const filler *f, const char *name) {
  const char *near = nearest_option(f, name);
  if (near)
    return ndg_fail(f->error, NDG_EINVAL, "%s has no option '%.60s'; did you mean '%s'?", f->owner,
                    name, near);
  char names[360];
  ndg_line l = ndg_line_in(names, sizeof names);
  for (const ndg_option *o = f->table; o && o->name; o = ndg_options_next(o, f->stride))
    ndg_line_add(&l, "%s%s", o == f->table ? "; its options are: " : ", ", o->name);
  if (l.length == 0)
    ndg_line_add(&l, "; it has no options");
  return ndg_fail(f->error, NDG_EINVAL, "%s has no option '%.60s'%s", f->owner, name, names);
}

static ndg_status put_given(const filler *f, const ndg_named_any *given, uint64_t k) {
  const ndg_option *o = ndg_options_find(f->table, f->stride, given[k].name);
  if (!o)
    return unknown_name(f, given[k].name);
  for (uint64_t j = 0; j < k; j++) {
    if (strcmp(given[j].name, o->name) == 0)
      return ndg_fail(f->error, NDG_EINVAL, "%s: option '%s' is given twice", f->owner, o->name);
  }
  if (o->flags & NDG_OPTION_DEPRECATED)
    ndg_report(NDG_LOG_WARNING, "%s: option '%s' is deprecated: %s", f->owner, o->name, o->doc);
  return put(f, o, &given[k].value);
}

static bool is_given(const ndg_named_any *given, uint64_t n_given, const char *name) {
  for (uint64_t k = 0; k < n_given; k++) {
    if (strcmp(given[k].name, name) == 0)
      return true;
  }
  return false;
}

ndg_status ndg_options_fill(const char *owner, const ndg_option *table, uint64_t stride,
                            uint64_t options_size, const ndg_named_any *given, uint64_t n_given,
                            ndg_arena *arena, void **out, ndg_error *e) {
  filler f = {owner, table, stride, arena, ndg_arena_alloc(arena, 1, options_size), e};
  ndg_status st = NDG_OK;
  if (!f.options)
    return no_memory(&f);
  for (uint64_t k = 0; k < n_given && st == NDG_OK; k++)
    st = put_given(&f, given, k);
  for (const ndg_option *o = table; o && o->name && st == NDG_OK; o = ndg_options_next(o, stride)) {
    if (is_given(given, n_given, o->name))
      continue;
    if (o->flags & NDG_OPTION_REQUIRED)
      st = ndg_fail(e, NDG_EINVAL, "%s: option '%s' is required and not given: %s", owner, o->name,
                    o->doc);
    else
      st = put_default(&f, o);
  }
  if (st == NDG_OK)
    *out = f.options;
  return st;
}
