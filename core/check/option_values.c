/* SPDX-License-Identifier: MIT */
#include "check/option_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "plugin/line.h"
#include "plugin/option_table.h"

enum { LONGEST_LIST = 4, SMALLEST = 4 };

bool ndg_check_values_open(ndg_check *c, ndg_check_values *v) {
  const ndg_loaded *l = c->subject;
  *v = (ndg_check_values){.n = 0};
  for (const ndg_option *o = l->component->options; o && o->name;
       o = ndg_options_next(o, l->option_stride))
    v->n_options++;
  v->given = ndg_arena_alloc(c->arena, v->n_options + 1, sizeof *v->given);
  return v->given != NULL;
}

/* A real in [least, most]: both ends, the plain interval, and all orders of magnitude in it. */
static double draw_f64(double least, double most, ndg_rng *r) {
  const double u = ndg_rng_uniform(r);
  const double low = isfinite(least) ? least : -1e6, high = isfinite(most) ? most : 1e6;
  switch (ndg_rng_next(r) % 8) {
  case 0:
    return least;
  case 1:
    return most;
  case 2:
  case 3:
    return low + u * (high - low);
  default: {
    const double span = high - low > 0 ? high - low : 1;
    const double x = low + span * pow(10, -9 * u);
    return x <= high ? x : high;
  }
  }
}

static int64_t draw_i64(int64_t least, int64_t most, ndg_rng *r) {
  const uint64_t span = (uint64_t)most - (uint64_t)least;
  const unsigned shift = (unsigned)(ndg_rng_next(r) % 64);
  switch (ndg_rng_next(r) % 8) {
  case 0:
    return least;
  case 1:
    return most;
  default: /* all orders of magnitude: a plain draw would hardly ever be small */
    return (int64_t)((uint64_t)least +
                     (ndg_rng_next(r) >> shift) % (span == UINT64_MAX ? span : span + 1));
  }
}

static double real_value(const ndg_option *o, int which, ndg_rng *r) {
  const bool exclusive = o->flags & NDG_OPTION_EXCLUSIVE_MIN;
  const double least = exclusive ? nextafter(o->min.d, INFINITY) : o->min.d;
  return which == NDG_VALUE_LEAST  ? least
         : which == NDG_VALUE_MOST ? o->max.d
                                   : draw_f64(least, o->max.d, r);
}

static int64_t integer_value(const ndg_option *o, int which, ndg_rng *r) {
  const bool exclusive = o->flags & NDG_OPTION_EXCLUSIVE_MIN;
  const int64_t least = o->min.i + (exclusive ? 1 : 0);
  const uint64_t span = (uint64_t)o->max.i - (uint64_t)least;
  if (which == NDG_VALUE_SMALL)
    return least + (int64_t)ndg_rng_below(r, (span < SMALLEST ? span : SMALLEST) + 1);
  return which == NDG_VALUE_LEAST  ? least
         : which == NDG_VALUE_MOST ? o->max.i
                                   : draw_i64(least, o->max.i, r);
}

static const ndg_choice *choice(const ndg_option *o, int which, ndg_rng *r) {
  uint64_t n = 0;
  while (o->choices[n].name)
    n++;
  return &o->choices[which == NDG_VALUE_LEAST  ? 0
                     : which == NDG_VALUE_MOST ? n - 1
                                               : ndg_rng_below(r, n)];
}

static const char *text_value(const ndg_option *o, int which, ndg_rng *r) {
  static const char *const texts[] = {"", "x", "../..", "%s%n", "a long text with blanks in it"};
  const uint64_t n = sizeof texts / sizeof *texts;
  if (which == NDG_VALUE_LEAST)
    return "";
  const uint64_t k = which == NDG_VALUE_MOST ? n - 1 : ndg_rng_below(r, n + 1);
  return k < n ? texts[k] : o->def.s ? o->def.s : "";
}

/* A drawn list has any length up to LONGEST_LIST; the others one element. */
static bool list_value(ndg_check *c, const ndg_option *o, int which, ndg_rng *r, ndg_any *out) {
  const bool real = o->type == NDG_OPTION_F64_LIST;
  const uint64_t n = which == NDG_VALUE_EMPTY_LIST ? 0
                     : which == NDG_VALUE_DRAWN || which == NDG_VALUE_SMALL
                         ? ndg_rng_below(r, LONGEST_LIST + 1)
                         : 1;
  double *reals = ndg_arena_alloc(c->arena, n + 1, sizeof *reals);
  int64_t *integers = ndg_arena_alloc(c->arena, n + 1, sizeof *integers);
  if (!reals || !integers)
    return false;
  for (uint64_t k = 0; k < n; k++) {
    if (real)
      reals[k] = real_value(o, which, r);
    else
      integers[k] = integer_value(o, which, r);
  }
  *out = (ndg_any){.type = real ? NDG_ANY_F64S : NDG_ANY_I64S, .n = n};
  if (real)
    out->as.ds = reals;
  else
    out->as.is = integers;
  return true;
}

bool ndg_check_values_add(ndg_check *c, ndg_check_values *v, const ndg_option *o, int which,
                          ndg_rng *r) {
  const bool is_list = o->type == NDG_OPTION_I64_LIST || o->type == NDG_OPTION_F64_LIST;
  ndg_any any = {.type = NDG_ANY_STR};
  if (which == NDG_VALUE_EMPTY_LIST && !is_list)
    return false;
  if (is_list && !list_value(c, o, which, r, &any))
    return false;
  switch (o->type) {
  case NDG_OPTION_BOOL:
    any.type = NDG_ANY_BOOL;
    any.as.i = which == NDG_VALUE_DRAWN || which == NDG_VALUE_SMALL ? (int64_t)ndg_rng_below(r, 2)
                                                                    : which == NDG_VALUE_MOST;
    break;
  case NDG_OPTION_I64:
    any.type = NDG_ANY_I64;
    any.as.i = integer_value(o, which, r);
    break;
  case NDG_OPTION_F64:
    any.type = NDG_ANY_F64;
    any.as.d = real_value(o, which, r);
    break;
  case NDG_OPTION_ENUM:
    any.as.s = choice(o, which, r)->name;
    break;
  case NDG_OPTION_STR:
    any.as.s = text_value(o, which, r);
    break;
  default:
    break;
  }
  v->given[v->n++] = (ndg_named_any){.name = o->name, .value = any};
  return true;
}

void ndg_check_values_require(ndg_check *c, ndg_check_values *v, ndg_rng *r) {
  const ndg_loaded *l = c->subject;
  for (const ndg_option *o = l->component->options; o && o->name;
       o = ndg_options_next(o, l->option_stride)) {
    bool there = !(o->flags & NDG_OPTION_REQUIRED);
    for (uint64_t k = 0; k < v->n && !there; k++)
      there = strcmp(v->given[k].name, o->name) == 0;
    if (!there)
      (void)ndg_check_values_add(c, v, o, NDG_VALUE_DRAWN, r);
  }
}

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
    ndg_line_add(l, "'%s'", v->as.s);
    break;
  default:
    ndg_line_add(l, "{");
    for (uint64_t k = 0; k < v->n; k++) {
      ndg_line_add(l, k ? ", " : "");
      if (v->type == NDG_ANY_F64S)
        ndg_line_add_f64(l, v->as.ds[k]);
      else
        ndg_line_add(l, "%" PRId64, v->as.is[k]);
    }
    ndg_line_add(l, "}");
  }
}

void ndg_check_values_text(const ndg_check_values *v, char *out, size_t size) {
  ndg_line l = ndg_line_in(out, size);
  if (v->n == 0)
    ndg_line_add(&l, "defaults");
  for (uint64_t k = 0; k < v->n; k++) {
    ndg_line_add(&l, "%s%s=", k ? ", " : "", v->given[k].name);
    add_any(&l, &v->given[k].value);
  }
}
