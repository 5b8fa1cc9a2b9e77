/* SPDX-License-Identifier: MIT */
#include "plugin/option_table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "plugin/options.h"

const ndg_option *ndg_options_next(const ndg_option *o, uint64_t stride) {
  return (const ndg_option *)(const void *)((const char *)o + stride);
}

const ndg_option *ndg_options_find(const ndg_option *table, uint64_t stride, const char *name) {
  for (const ndg_option *o = table; o && o->name; o = ndg_options_next(o, stride)) {
    if (strcmp(o->name, name) == 0)
      return o;
  }
  return NULL;
}

bool ndg_option_accepts_f64(const ndg_option *o, double value) {
  if ((o->flags & NDG_OPTION_EXCLUSIVE_MIN) && value == o->min.d)
    return false;
  return value >= o->min.d && value <= o->max.d;
}

bool ndg_option_accepts_i64(const ndg_option *o, int64_t value) {
  if ((o->flags & NDG_OPTION_EXCLUSIVE_MIN) && value == o->min.i)
    return false;
  return value >= o->min.i && value <= o->max.i;
}

const ndg_choice *ndg_option_choice(const ndg_option *o, const char *name) {
  for (const ndg_choice *c = o->choices; c && c->name; c++) {
    if (strcmp(c->name, name) == 0)
      return c;
  }
  return NULL;
}

const ndg_choice *ndg_option_choice_of(const ndg_option *o, int64_t value) {
  for (const ndg_choice *c = o->choices; c && c->name; c++) {
    if (c->value == value)
      return c;
  }
  return NULL;
}

bool ndg_integer_of_f64(double value, int64_t *out) {
  /* 2^63 itself does not fit; NaN fails both comparisons. */
  if (!(value >= -0x1p63 && value < 0x1p63) || value != trunc(value))
    return false;
  *out = (int64_t)value;
  return true;
}

bool ndg_integer_of_text(const char *text, size_t length, int64_t *out) {
  double value;
  if (ndg_parse_i64(text, length, out) == NDG_OK)
    return true;
  return ndg_parse_f64(text, length, &value) == NDG_OK && ndg_integer_of_f64(value, out);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool ndg_list_next(const char **cursor, const char **piece, size_t *length) {
  const char *p = *cursor;
  const bool first = p[0] != ',';
  p += first ? 0 : 1;
  while (is_blank(*p))
    p++;
  /* "" has no piece, but "1," has an empty second one, which then is refused as a number. */
  if (*p == '\0' && first)
    return false;
  const char *end = p + strcspn(p, ",");
  *cursor = end;
  while (end > p && is_blank(end[-1]))
    end--;
  *piece = p;
  *length = (size_t)(end - p);
  return true;
}

uint64_t ndg_option_member_size(uint32_t type) {
  switch (type) {
  case NDG_OPTION_BOOL:
  case NDG_OPTION_ENUM:
    return sizeof(int32_t);
  case NDG_OPTION_I64:
    return sizeof(int64_t);
  case NDG_OPTION_F64:
    return sizeof(double);
  case NDG_OPTION_STR:
    return sizeof(const char *);
  case NDG_OPTION_I64_LIST:
    return sizeof(ndg_i64_list);
  case NDG_OPTION_F64_LIST:
    return sizeof(ndg_f64_list);
  default:
    return 0;
  }
}
