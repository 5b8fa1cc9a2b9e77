/* SPDX-License-Identifier: MIT */
/* Is a plugin's option table consistent? Checked once, at load, before any value is read. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "plugin/names.h"
#include "plugin/option_table.h"
#include "plugin/options.h"

enum { MAX_OPTIONS = 1000 }; /* a table without an end is stopped here */

static const uint32_t known_flags = NDG_OPTION_REQUIRED | NDG_OPTION_LOG |
                                    NDG_OPTION_EXCLUSIVE_MIN | NDG_OPTION_DEPRECATED |
                                    NDG_OPTION_NO_EFFECT_ON_RESULT;

typedef struct table {
  const char *owner;
  const ndg_option *first;
  uint64_t stride, options_size;
  ndg_error *error;
} table;

NDG_PRINTF(3, 4)
static ndg_status refuse(const table *t, const ndg_option *o, const char *format, ...) {
  char text[320];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return ndg_fail(t->error, NDG_EFORMAT, "%s: option '%.60s' %s", t->owner, o->name, text);
}

static bool is_real(const ndg_option *o) {
  return o->type == NDG_OPTION_F64 || o->type == NDG_OPTION_F64_LIST;
}

static bool is_integer(const ndg_option *o) {
  return o->type == NDG_OPTION_I64 || o->type == NDG_OPTION_I64_LIST;
}

static ndg_status check_words(const table *t, const ndg_option *o) {
  if (!ndg_name_is_plain(o->name))
    return refuse(t, o, "has a bad name: it must match [a-z][a-z0-9_]* with at most %d characters",
                  NDG_NAME_LIMIT);
  if (!o->doc || !*o->doc)
    return refuse(t, o, "has no doc: say in one sentence what it does");
  if (ndg_option_member_size(o->type) == 0)
    return refuse(t, o, "has type %" PRIu32 ", which this nudge does not know", o->type);
  if (o->flags & ~known_flags)
    return refuse(t, o, "has flags 0x%" PRIx32 ", of which 0x%" PRIx32 " are unknown", o->flags,
                  o->flags & ~known_flags);
  if ((o->flags & (NDG_OPTION_LOG | NDG_OPTION_EXCLUSIVE_MIN)) && !is_real(o) && !is_integer(o))
    return refuse(t, o, "has flags that only numbers may have (0x%" PRIx32 ")", o->flags);
  for (const ndg_option *p = t->first; p != o; p = ndg_options_next(p, t->stride)) {
    if (strcmp(p->name, o->name) == 0)
      return refuse(t, o, "is in the table twice");
  }
  return NDG_OK;
}

static ndg_status check_place(const table *t, const ndg_option *o) {
  const uint64_t size = ndg_option_member_size(o->type);
  const uint64_t alignment = size < 8 ? size : 8;
  if (o->offset > t->options_size || size > t->options_size - o->offset)
    return refuse(t, o,
                  "lies outside the options struct: offset %" PRIu64 " + %" PRIu64
                  " bytes, struct has %" PRIu64,
                  o->offset, size, t->options_size);
  if (o->offset % alignment != 0)
    return refuse(t, o, "has offset %" PRIu64 ", which is no multiple of %" PRIu64, o->offset,
                  alignment);
  for (const ndg_option *p = t->first; p != o; p = ndg_options_next(p, t->stride)) {
    const uint64_t p_size = ndg_option_member_size(p->type);
    if (o->offset < p->offset + p_size && p->offset < o->offset + size)
      return refuse(t, o, "overlaps option '%s': offsets %" PRIu64 " and %" PRIu64, p->name,
                    o->offset, p->offset);
  }
  return NDG_OK;
}

static ndg_status check_bounds(const table *t, const ndg_option *o) {
  const bool exclusive = o->flags & NDG_OPTION_EXCLUSIVE_MIN;
  if (is_real(o) && !(exclusive ? o->min.d < o->max.d : o->min.d <= o->max.d))
    return refuse(t, o, "has an empty range: min %g, max %g", o->min.d, o->max.d);
  if (is_integer(o) && !(exclusive ? o->min.i < o->max.i : o->min.i <= o->max.i))
    return refuse(t, o, "has an empty range: min %" PRId64 ", max %" PRId64, o->min.i, o->max.i);
  const bool negative = is_real(o) ? o->min.d < 0 : o->min.i < 0;
  if ((o->flags & NDG_OPTION_LOG) && negative)
    return refuse(t, o, "is swept logarithmically but may be negative");
  return NDG_OK;
}

static ndg_status check_choices(const table *t, const ndg_option *o) {
  if (o->type != NDG_OPTION_ENUM)
    return o->choices ? refuse(t, o, "has choices but is not an ENUM") : NDG_OK;
  if (!o->choices || !o->choices->name)
    return refuse(t, o, "is an ENUM without choices");
  for (const ndg_choice *c = o->choices; c->name; c++) {
    if (!ndg_name_is_word(c->name))
      return refuse(t, o, "has a choice with a bad name: '%.60s'", c->name);
    if (!c->doc || !*c->doc)
      return refuse(t, o, "has a choice without doc: '%s'", c->name);
    if (c->value < INT32_MIN || c->value > INT32_MAX)
      return refuse(t, o, "has choice '%s' with value %" PRId64 ", which does not fit int32",
                    c->name, c->value);
    for (const ndg_choice *b = o->choices; b != c; b++) {
      if (strcmp(b->name, c->name) == 0)
        return refuse(t, o, "has choice '%s' twice", c->name);
      if (b->value == c->value)
        return refuse(t, o, "has choices '%s' and '%s' of one value, %" PRId64, b->name, c->name,
                      c->value);
    }
  }
  return NDG_OK;
}

/* The default of a list is text: every piece must be a number in range. */
static ndg_status check_list_default(const table *t, const ndg_option *o) {
  const char *cursor = o->def.s ? o->def.s : "", *piece;
  size_t length;
  while (ndg_list_next(&cursor, &piece, &length)) {
    double real;
    int64_t integer;
    const bool fits =
        is_real(o)
            ? ndg_parse_f64(piece, length, &real) == NDG_OK && ndg_option_accepts_f64(o, real)
            : ndg_integer_of_text(piece, length, &integer) && ndg_option_accepts_i64(o, integer);
    char wanted[160];
    ndg_line l = ndg_line_in(wanted, sizeof wanted);
    ndg_option_add_wanted(&l, o);
    if (!fits)
      return refuse(t, o, "has '%.*s' in its default, must be %s", (int)(length < 60 ? length : 60),
                    piece, wanted);
  }
  return NDG_OK;
}

static ndg_status check_default(const table *t, const ndg_option *o) {
  char number[64], range[160];
  bool fits = true;
  if (o->flags & NDG_OPTION_REQUIRED)
    return NDG_OK;
  if (o->type == NDG_OPTION_I64_LIST || o->type == NDG_OPTION_F64_LIST)
    return check_list_default(t, o);
  ndg_line value = ndg_line_in(number, sizeof number);
  ndg_line l = ndg_line_in(range, sizeof range);
  ndg_option_add_wanted(&l, o);
  if (o->type == NDG_OPTION_F64) {
    fits = ndg_option_accepts_f64(o, o->def.d);
    ndg_line_add_f64(&value, o->def.d);
  } else if (o->type != NDG_OPTION_STR) {
    fits = o->type == NDG_OPTION_ENUM   ? ndg_option_choice_of(o, o->def.i) != NULL
           : o->type == NDG_OPTION_BOOL ? o->def.i == 0 || o->def.i == 1
                                        : ndg_option_accepts_i64(o, o->def.i);
    ndg_line_add(&value, "%" PRId64, o->def.i);
  }
  return fits ? NDG_OK : refuse(t, o, "has default %s, must be %s", number, range);
}

ndg_status ndg_options_validate(const char *owner, const ndg_option *first, uint64_t stride,
                                uint64_t options_size, ndg_error *e) {
  static ndg_status (*const checks[])(const table *, const ndg_option *) = {
      check_words, check_place, check_bounds, check_choices, check_default};
  const table t = {owner, first, stride, options_size, e};
  uint64_t n = 0;
  for (const ndg_option *o = first; o && o->name; o = ndg_options_next(o, stride)) {
    if (++n > MAX_OPTIONS)
      return ndg_fail(e, NDG_EFORMAT,
                      "%s: more than %d options; does the table end with NDG_OPT_END?", owner,
                      MAX_OPTIONS);
    for (size_t k = 0; k < sizeof checks / sizeof *checks; k++) {
      const ndg_status st = checks[k](&t, o);
      if (st < 0)
        return st;
    }
  }
  return NDG_OK;
}
