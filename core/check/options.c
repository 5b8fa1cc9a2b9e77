/* SPDX-License-Identifier: MIT */
/* Group options: whatever a user gives is either taken or refused with a reason. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "check/groups.h"
#include "check/option_values.h"
#include "plugin/names.h"
#include "plugin/option_table.h"

enum { COMBINATIONS = 2000, QUICK_COMBINATIONS = 200, TEXT = 400 };

static const ndg_option *first_option(const ndg_check *c) {
  return c->subject->component->options;
}

static const ndg_option *next_option(const ndg_check *c, const ndg_option *o) {
  return ndg_options_next(o, c->subject->option_stride);
}

/* What a rule says of options that it takes. */
static void check_derived(ndg_check *c, const void *options, const char *text) {
  const ndg_rule_ops *ops = &c->subject->ops.rule;
  if (strcmp(c->subject->component->kind, NDG_KIND_RULE) != 0)
    return;
  const char *const *needs = ops->needs ? ops->needs(options) : NULL;
  for (uint64_t n = 0; needs && needs[n]; n++) {
    if (!ndg_name_is_capability(needs[n]) || n > 100) {
      ndg_check_fail(c, "needs() gives '%.80s' with %s", needs[n], text);
      return;
    }
  }
  ndg_truncation t = {.struct_size = sizeof t};
  if (ops->truncation && ops->truncation(options, &t) &&
      (t.order < 1 || !(t.factor > 0) || !isfinite(t.factor)))
    ndg_check_fail(c, "truncation() gives order %" PRIu32 ", factor %g with %s", t.order, t.factor,
                   text);
}

/* These values, which the table allows: the host takes them, and the component takes them or says
   why not, the same each time, without a change to them. */
static void try_values(ndg_check *c, const ndg_check_values *v) {
  const ndg_loaded *l = c->subject;
  const uint64_t size = l->component->options_size;
  ndg_error e = {.code = NDG_OK}, again = {.code = NDG_OK};
  char text[TEXT];
  void *options = NULL;
  ndg_check_values_text(v, text, sizeof text);
  ndg_check_doing(c, "options %s", text);
  if (ndg_options_fill("the host", l->component->options, l->option_stride, size, v->given, v->n,
                       c->arena, &options, &e) < 0) {
    ndg_check_fail(c, "%s, with options %s", e.text, text);
    return;
  }
  void *copy = ndg_arena_alloc(c->arena, 1, size);
  if (!copy)
    return;
  memcpy(copy, options, size);
  const ndg_status st = ndg_check_accepts(c, options, &e);
  if (memcmp(copy, options, size) != 0)
    ndg_check_fail(c, "check() changed the options it was given: %s", text);
  e.text[sizeof e.text - 1] = '\0';
  if (st < 0 && (!e.text[0] || e.code != st))
    ndg_check_fail(c, "check() refuses with status %d, but its record says %d '%s': options %s",
                   (int)st, (int)e.code, e.text, text);
  if (st < 0 && strchr(e.text, '\n'))
    ndg_check_fail(c, "check() refuses with more than one line: options %s", text);
  if (ndg_check_accepts(c, options, &again) != st)
    ndg_check_fail(c, "check() decides otherwise when it is asked again: options %s", text);
  if (st >= 0)
    check_derived(c, options, text);
}

static void check_defaults(ndg_check *c) {
  ndg_instance instance;
  ndg_error e = {.code = NDG_OK};
  for (const ndg_option *o = first_option(c); o && o->name; o = next_option(c, o)) {
    if (o->flags & NDG_OPTION_REQUIRED) {
      ndg_check_skip(c, "option '%s' is required", o->name);
      return;
    }
  }
  ndg_check_doing(c, "options with their defaults");
  if (ndg_check_open(c, NULL, 0, &instance, &e) < 0)
    ndg_check_fail(c, "%s", e.text);
}

static void check_bounds(ndg_check *c) {
  ndg_rng r = ndg_check_stream(c, "required options");
  if (!first_option(c) || !first_option(c)->name)
    ndg_check_skip(c, "it has no options");
  for (const ndg_option *o = first_option(c); o && o->name; o = next_option(c, o)) {
    for (int which = NDG_VALUE_LEAST; which <= NDG_VALUE_EMPTY_LIST; which++) {
      ndg_check_values v;
      if (!ndg_check_values_open(c, &v) || !ndg_check_values_add(c, &v, o, which, &r))
        continue;
      ndg_check_values_require(c, &v, &r);
      try_values(c, &v);
    }
  }
}

/* Every choice of every option once. */
static void check_choices(ndg_check *c) {
  ndg_rng r = ndg_check_stream(c, "required options");
  uint64_t n = 0;
  for (const ndg_option *o = first_option(c); o && o->name; o = next_option(c, o)) {
    for (const ndg_choice *k = o->choices; k && k->name; k++, n++) {
      ndg_check_values v;
      if (!ndg_check_values_open(c, &v))
        return;
      v.given[v.n++] =
          (ndg_named_any){.name = o->name, .value = {.type = NDG_ANY_STR, .as = {.s = k->name}}};
      ndg_check_values_require(c, &v, &r);
      try_values(c, &v);
    }
  }
  if (n == 0)
    ndg_check_skip(c, "it has no options with choices");
}

static void check_combinations(ndg_check *c) {
  ndg_rng r = ndg_check_stream(c, "combinations of options");
  const int n = c->quick ? QUICK_COMBINATIONS : COMBINATIONS;
  if (!first_option(c) || !first_option(c)->name)
    ndg_check_skip(c, "it has no options");
  for (int k = 0; k < n && first_option(c) && !c->has_failed; k++) {
    ndg_check_values v;
    if (!ndg_check_values_open(c, &v))
      return;
    for (const ndg_option *o = first_option(c); o && o->name; o = next_option(c, o)) {
      if ((o->flags & NDG_OPTION_REQUIRED) || ndg_rng_next(&r) % 4 > 0)
        (void)ndg_check_values_add(c, &v, o, NDG_VALUE_DRAWN, &r);
    }
    try_values(c, &v);
  }
}

/* The host must refuse this value of one option. */
static void refuse(ndg_check *c, const ndg_option *o, const char *name, ndg_any value,
                   const char *what) {
  const ndg_component *k = c->subject->component;
  const ndg_named_any given = {.name = name, .value = value};
  ndg_error e = {.code = NDG_OK};
  ndg_check_values v = {.n = 0};
  ndg_rng r = ndg_check_stream(c, "required options");
  void *options = NULL;
  ndg_check_doing(c, "option '%s' given %s", name, what);
  if (!ndg_check_values_open(c, &v))
    return;
  v.given[v.n++] = given;
  if (o)
    ndg_check_values_require(c, &v, &r);
  const ndg_status st = ndg_options_fill("the host", k->options, c->subject->option_stride,
                                         k->options_size, v.given, v.n, c->arena, &options, &e);
  if (st >= 0)
    ndg_check_fail(c, "option '%s' takes %s", name, what);
}

static void refuse_beyond(ndg_check *c, const ndg_option *o) {
  const bool real = o->type == NDG_OPTION_F64 || o->type == NDG_OPTION_F64_LIST;
  const bool list = o->type == NDG_OPTION_I64_LIST || o->type == NDG_OPTION_F64_LIST;
  const bool exclusive = o->flags & NDG_OPTION_EXCLUSIVE_MIN;
  if (real) {
    const double wrong[] = {exclusive ? o->min.d : nextafter(o->min.d, -INFINITY),
                            nextafter(o->max.d, INFINITY), (double)NAN};
    const bool there[] = {exclusive || o->min.d > -INFINITY, o->max.d < INFINITY, true};
    static const char *const what[] = {"a number below its minimum", "a number above its maximum",
                                       "NaN"};
    for (int k = 0; k < 3; k++) {
      const ndg_any one = {.type = NDG_ANY_F64, .as = {.d = wrong[k]}};
      const ndg_any many = {.type = NDG_ANY_F64S, .n = 1, .as = {.ds = &wrong[k]}};
      if (there[k])
        refuse(c, o, o->name, list ? many : one, what[k]);
    }
  } else {
    const int64_t below = exclusive || o->min.i == INT64_MIN ? o->min.i : o->min.i - 1;
    const int64_t above = o->max.i == INT64_MAX ? o->max.i : o->max.i + 1;
    const ndg_any one[] = {{.type = NDG_ANY_I64, .as = {.i = below}},
                           {.type = NDG_ANY_I64, .as = {.i = above}}};
    const ndg_any many[] = {{.type = NDG_ANY_I64S, .n = 1, .as = {.is = &below}},
                            {.type = NDG_ANY_I64S, .n = 1, .as = {.is = &above}}};
    if (exclusive || o->min.i > INT64_MIN)
      refuse(c, o, o->name, list ? many[0] : one[0], "an integer below its minimum");
    if (o->max.i < INT64_MAX)
      refuse(c, o, o->name, list ? many[1] : one[1], "an integer above its maximum");
    const double half = (double)o->min.i + 0.5;
    const ndg_any fraction = {.type = NDG_ANY_F64, .as = {.d = half}};
    if (!list && fabs(half) < 1e15)
      refuse(c, o, o->name, fraction, "a number with a fraction");
  }
}

static void check_refused(ndg_check *c) {
  static const char *const unknown[] = {"no_such_option", "", "Name", "%s%n"};
  const ndg_any number = {.type = NDG_ANY_F64, .as = {.d = 0.5}};
  const ndg_any text = {.type = NDG_ANY_STR, .n = 9, .as = {.s = "?nonsense"}};
  const ndg_any yes = {.type = NDG_ANY_BOOL, .as = {.i = 1}};
  for (size_t k = 0; k < sizeof unknown / sizeof *unknown; k++) {
    if (!ndg_options_find(first_option(c), c->subject->option_stride, unknown[k]))
      refuse(c, NULL, unknown[k], number, "though it has no such option");
  }
  for (const ndg_option *o = first_option(c); o && o->name; o = next_option(c, o)) {
    if (o->type == NDG_OPTION_STR || o->type == NDG_OPTION_ENUM)
      refuse(c, o, o->name, number, "a number");
    if (o->type != NDG_OPTION_STR)
      refuse(c, o, o->name, text, "a text that means nothing");
    if (o->type != NDG_OPTION_BOOL)
      refuse(c, o, o->name, yes, "true");
    if (o->type != NDG_OPTION_STR && o->type != NDG_OPTION_ENUM && o->type != NDG_OPTION_BOOL)
      refuse_beyond(c, o);
  }
}

const ndg_check_case ndg_check_options[] = {
    {.group = "options",
     .name = "defaults",
     .property = "it accepts its own defaults",
     .run = check_defaults},
    {.group = "options",
     .name = "bounds",
     .property = "each option at its bounds is taken, or refused with a reason",
     .run = check_bounds},
    {.group = "options",
     .name = "choices",
     .property = "each choice of each option is taken, or refused with a reason",
     .run = check_choices},
    {.group = "options",
     .name = "combinations",
     .property = "any combination of values in range is taken, or refused with a reason",
     .run = check_combinations},
    {.group = "options",
     .name = "refused",
     .property = "values out of range, of another type, NaN and unknown names are refused",
     .run = check_refused},
    {.group = NULL},
};
