/* SPDX-License-Identifier: MIT */
#include "check/rules_settings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/line.h"

enum { MOST = 400 };

/* One option at one value. */
typedef struct choice {
  const ndg_option *option;
  ndg_any value;
  bool is_choice;
} choice;

typedef struct walk {
  ndg_check *check;
  ndg_setting_visit visit;
  void *context;
  uint64_t n, n_base;
  choice tried[MOST], base[MOST]; /* base: of options without default */
  bool stopped;
} walk;

static bool is_default(const ndg_option *o, const ndg_any *v) {
  if (o->flags & NDG_OPTION_REQUIRED)
    return false;
  if (o->type == NDG_OPTION_F64)
    return v->as.d == o->def.d;
  if (o->type == NDG_OPTION_ENUM) {
    for (const ndg_choice *c = o->choices; c->name; c++)
      if (strcmp(c->name, v->as.s) == 0)
        return c->value == o->def.i;
  }
  return v->as.i == o->def.i;
}

static void add(walk *w, const ndg_option *o, ndg_any value) {
  for (uint64_t i = 0; i < w->n; i++)
    if (w->tried[i].option == o && memcmp(&w->tried[i].value, &value, sizeof value) == 0)
      return;
  if (w->n < MOST && !is_default(o, &value))
    w->tried[w->n++] = (choice){o, value, o->type == NDG_OPTION_BOOL || o->type == NDG_OPTION_ENUM};
}

static ndg_any whole(int64_t i) {
  return (ndg_any){.type = NDG_ANY_I64, .as = {.i = i}};
}

static ndg_any number(double d) {
  return (ndg_any){.type = NDG_ANY_F64, .as = {.d = d}};
}

static void add_choices(walk *w, const ndg_option *o) {
  for (const ndg_choice *c = o->choices; o->type == NDG_OPTION_ENUM && c->name; c++)
    add(w, o, (ndg_any){.type = NDG_ANY_STR, .as = {.s = c->name}});
  for (int64_t i = 0; o->type == NDG_OPTION_BOOL && i < 2; i++)
    add(w, o, (ndg_any){.type = NDG_ANY_BOOL, .as = {.i = i}});
}

static void add_numbers(walk *w, const ndg_option *o) {
  if (o->type == NDG_OPTION_I64) {
    const int64_t twice = o->def.i > 0 && o->def.i < INT64_MAX / 2 ? 2 * o->def.i : 8;
    const int64_t values[] = {1, 5, twice};
    for (int i = 0; i < 3; i++)
      if (values[i] >= o->min.i && values[i] <= o->max.i)
        add(w, o, whole(values[i]));
  }
  if (o->type == NDG_OPTION_F64) {
    const double values[] = {0.125, 0.7, 0.5 * o->def.d, 2 * o->def.d};
    for (int i = 0; i < 4; i++)
      if (values[i] >= o->min.d && values[i] <= o->max.d)
        add(w, o, number(values[i]));
  }
}

static void add_ends(walk *w, const ndg_option *o) {
  if (o->type == NDG_OPTION_I64) {
    add(w, o, whole(o->min.i));
    add(w, o, whole(o->max.i));
  }
  if (o->type == NDG_OPTION_F64) {
    add(w, o,
        number(o->flags & NDG_OPTION_EXCLUSIVE_MIN ? nextafter(o->min.d, INFINITY) : o->min.d));
    add(w, o, number(o->max.d));
  }
}

/* Something for an option that has no default. */
static void add_base(walk *w, const ndg_option *o) {
  ndg_any v = {.type = NDG_ANY_STR, .as = {.s = "1"}};
  if (o->type == NDG_OPTION_ENUM)
    v.as.s = o->choices->name;
  else if (o->type == NDG_OPTION_BOOL)
    v = (ndg_any){.type = NDG_ANY_BOOL};
  else if (o->type == NDG_OPTION_I64)
    v = whole(o->min.i > 1 || o->max.i < 1 ? o->min.i : 1);
  else if (o->type == NDG_OPTION_F64)
    v = number(o->min.d > 0.5 || o->max.d < 0.5 ? o->min.d : 0.5);
  if ((o->flags & NDG_OPTION_REQUIRED) && w->n_base < MOST)
    w->base[w->n_base++] = (choice){o, v, false};
}

static void write_choice(ndg_line *l, const choice *s) {
  ndg_line_add(l, "%s%s=", l->length ? " " : "", s->option->name);
  if (s->value.type == NDG_ANY_STR)
    ndg_line_add(l, "%s", s->value.as.s);
  else if (s->value.type == NDG_ANY_F64)
    ndg_line_add(l, "%.17g", s->value.as.d);
  else
    ndg_line_add(l, "%" PRId64, s->value.as.i);
}

static void visit(walk *w, const choice *first, const choice *second) {
  const choice *const chosen[] = {first, second};
  ndg_named_any given[MOST + 2];
  ndg_setting v = {.is_default = !first};
  ndg_line l = ndg_line_in(v.text, sizeof v.text);
  uint64_t n = 0;
  ndg_error e;
  for (int i = 0; i < 2; i++) {
    if (chosen[i]) {
      given[n++] = (ndg_named_any){chosen[i]->option->name, chosen[i]->value};
      write_choice(&l, chosen[i]);
    }
  }
  for (uint64_t i = 0; i < w->n_base; i++) {
    if ((first && first->option == w->base[i].option) ||
        (second && second->option == w->base[i].option))
      continue;
    given[n++] = (ndg_named_any){w->base[i].option->name, w->base[i].value};
    write_choice(&l, &w->base[i]);
  }
  if (!v.text[0])
    (void)snprintf(v.text, sizeof v.text, "default options");
  if (w->stopped || ndg_check_open(w->check, given, n, &v.instance, &e) < 0)
    return;
  ndg_check_doing(w->check, "%s", v.text);
  w->stopped = !w->visit(w->context, &v);
}

void ndg_settings_walk(ndg_check *c, uint32_t which, ndg_setting_visit each, void *context) {
  const ndg_loaded *subject = c->subject;
  walk *w = ndg_arena_alloc(c->arena, 1, sizeof *w);
  if (!w) {
    ndg_check_fail(c, "out of memory for the settings of options");
    return;
  }
  *w = (walk){.check = c, .visit = each, .context = context};
  const ndg_option *o = subject->component->options;
  for (; o && o->name; o = ndg_options_next(o, subject->option_stride)) {
    add_base(w, o);
    add_choices(w, o);
    if (which == NDG_SETTINGS_SINGLE || which == NDG_SETTINGS_PAIRS)
      add_numbers(w, o);
    if (which == NDG_SETTINGS_EXTREMES)
      add_ends(w, o);
  }
  visit(w, NULL, NULL);
  for (uint64_t i = 0; i < w->n; i++)
    if (which != NDG_SETTINGS_EXTREMES || !w->tried[i].is_choice)
      visit(w, &w->tried[i], NULL);
  for (uint64_t i = 0; i < w->n; i++)
    for (uint64_t j = i + 1; which >= NDG_SETTINGS_PAIRS && j < w->n; j++) {
      const bool both = w->tried[i].is_choice && w->tried[j].is_choice;
      const bool any = w->tried[i].is_choice || w->tried[j].is_choice;
      if (w->tried[i].option != w->tried[j].option && any &&
          !(both && which == NDG_SETTINGS_EXTREMES))
        visit(w, &w->tried[i], &w->tried[j]);
    }
}

double ndg_setting_number(const ndg_instance *i, const char *name) {
  const ndg_option *o =
      ndg_options_find(i->loaded->component->options, i->loaded->option_stride, name);
  if (!o || o->type != NDG_OPTION_F64 || !i->options)
    return NAN;
  double d;
  memcpy(&d, (const char *)i->options + o->offset, sizeof d);
  return d;
}

/* Options are a finished struct: one number of it is changed in a copy, and judged again as the
   host judges it. */
bool ndg_setting_with(ndg_check *c, const ndg_setting *v, const char *name, double value,
                      ndg_setting *out) {
  const ndg_loaded *l = v->instance.loaded;
  const ndg_option *o = ndg_options_find(l->component->options, l->option_stride, name);
  const ndg_rule_ops *ops = &l->ops.rule;
  ndg_error e;
  if (!o || o->type != NDG_OPTION_F64 || !(value <= o->max.d) || !(value >= o->min.d) ||
      ((o->flags & NDG_OPTION_EXCLUSIVE_MIN) && value == o->min.d))
    return false;
  char *copy = ndg_arena_alloc(c->arena, 1, l->component->options_size);
  if (!copy)
    return false;
  memcpy(copy, v->instance.options, l->component->options_size);
  memcpy(copy + o->offset, &value, sizeof value);
  *out = *v;
  out->instance.options = copy;
  const size_t length = v->is_default ? 0 : strlen(v->text);
  (void)snprintf(out->text, sizeof out->text, "%.*s%s%s=%.6g", (int)length, v->text,
                 length ? " " : "", name, value);
  out->is_default = false;
  return !ops->check || ops->check(copy, &e) >= 0;
}
