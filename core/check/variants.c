/* SPDX-License-Identifier: MIT */
/* Which options and arrays a learner accepts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/tasks.h"
#include "engine/problem.h"

enum { LEARN_ROWS = 6, EVAL_ROWS = 5, COLUMNS = 3 };

typedef struct search {
  ndg_check *c;
  ndg_check_variants *out;
} search;

/* Options as they are gathered. */
typedef struct chosen {
  uint64_t n;
  ndg_named_any given[NDG_CHECK_MAX_OPTIONS];
} chosen;

static void put(chosen *o, const char *name, const char *value) {
  uint64_t i = 0;
  while (i < o->n && strcmp(o->given[i].name, name) != 0)
    i++;
  if (i == NDG_CHECK_MAX_OPTIONS)
    return;
  o->n += i == o->n;
  o->given[i] = (ndg_named_any){.name = name, .value = {.type = NDG_ANY_STR, .as = {.s = value}}};
}

static void describe(const chosen *o, char *out, size_t size) {
  size_t used = (size_t)snprintf(out, size, o->n ? "options" : "default options");
  for (uint64_t i = 0; i < o->n && used < size; i++)
    used += (size_t)snprintf(out + used, size - used, " %s=%s", o->given[i].name,
                             o->given[i].value.as.s);
}

/* Opens a problem on the arrays as they stand. */
static ndg_status try_arrays(search *s, ndg_check_variant *v, ndg_error *e) {
  ndg_task_arrays *tasks = ndg_check_draw_tasks(s->c, v, 2, "trial");
  if (!tasks)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for tasks");
  const ndg_problem_spec spec = {
      .learner = v->learner,
      .tasks = tasks,
      .inner = {.optimizer = {NDG_GRADIENT_DESCENT, 0, 0.01, 0, 0, 0}, .steps = 1},
      .dtype = NDG_F64};
  ndg_problem *p = NULL;
  ndg_check_doing(s->c, "%s", v->text);
  const ndg_status st = ndg_problem_open(&spec, &p, e);
  ndg_problem_close(p);
  return st;
}

static void add_array(ndg_check_variant *v, const char *name, uint32_t kind, uint32_t role,
                      ndg_shape shape, uint64_t n_values) {
  if (v->n_arrays < NDG_CHECK_MAX_ARRAYS)
    v->arrays[v->n_arrays++] =
        (ndg_array){.name = name, .kind = kind, .role = role, .shape = shape, .n_values = n_values};
}

/* The usual arrays. outputs 0: targets are a vector; classes > 0: labels. */
typedef struct form {
  uint64_t columns, outputs, classes;
} form;
static const form forms[] = {{COLUMNS, 2, 0}, {COLUMNS, 0, 0}, {COLUMNS, 0, 2}, {COLUMNS, 0, 3},
                             {COLUMNS, 1, 0}, {1, 1, 0},       {1, 0, 0},       {1, 2, 0}};
enum { N_FORMS = sizeof forms / sizeof *forms };

static void lay_out_form(const form *f, ndg_check_variant *v) {
  static const char *const names[][2] = {{"learn.inputs", "learn.targets"},
                                         {"eval.inputs", "eval.targets"}};
  v->n_arrays = 0;
  for (int part = 0; part < 2; part++) {
    const uint64_t rows = part ? EVAL_ROWS : LEARN_ROWS;
    const int vector = f->classes > 0 || f->outputs == 0;
    add_array(v, names[part][0], NDG_REAL, NDG_SAMPLES, NDG_MATRIX(rows, f->columns), 0);
    add_array(v, names[part][1], f->classes ? NDG_INDEX : NDG_REAL, NDG_SAMPLES,
              vector ? NDG_VECTOR(rows) : NDG_MATRIX(rows, f->outputs), f->classes);
  }
}

/* Names such as learn.x that the learner's refusal speaks of, as vectors or as matrices. */
static void lay_out_named(search *s, const char *text, int matrices, ndg_check_variant *v) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
  v->n_arrays = 0;
  while (*text) {
    size_t n = strspn(text, letters);
    const int learn = strncmp(text, "learn.", 6) == 0 && n > 6;
    const int eval = strncmp(text, "eval.", 5) == 0 && n > 5;
    char name[64];
    if ((learn || eval) && n < sizeof name) {
      memcpy(name, text, n);
      name[n] = 0;
      const uint64_t rows = learn ? LEARN_ROWS : EVAL_ROWS;
      uint64_t i = 0;
      while (i < v->n_arrays && strcmp(v->arrays[i].name, name) != 0)
        i++;
      const char *kept = i == v->n_arrays ? ndg_arena_strdup(s->c->arena, name) : NULL;
      if (kept)
        add_array(v, kept, NDG_REAL, NDG_SAMPLES,
                  matrices ? NDG_MATRIX(rows, COLUMNS) : NDG_VECTOR(rows), 0);
    }
    text += n ? n : 1;
  }
}

/* Adds a refusal to those that were heard, each once. */
static void hear(const ndg_error *refused, ndg_error *all) {
  const size_t used = strlen(all->text);
  if (!strstr(all->text, refused->text))
    (void)snprintf(all->text + used, sizeof all->text - used, "%s%s", used ? "; " : "",
                   refused->text);
}

/* Arrays for a variant whose options stand. */
static ndg_status find_arrays(search *s, ndg_check_variant *v, ndg_error *e) {
  ndg_error last = {.code = NDG_EINVAL};
  e->code = NDG_EINVAL;
  e->text[0] = 0;
  for (int i = 0; i < N_FORMS; i++) {
    lay_out_form(&forms[i], v);
    if (try_arrays(s, v, &last) >= 0)
      return NDG_OK;
    hear(&last, e);
  }
  v->n_arrays = 0;
  if (try_arrays(s, v, &last) >= 0)
    return NDG_OK;
  for (int matrices = 0; matrices < 2; matrices++) {
    ndg_error tried;
    lay_out_named(s, last.text, matrices, v);
    if (v->n_arrays > 0 && try_arrays(s, v, &tried) >= 0)
      return NDG_OK;
  }
  return last.code;
}

/* Takes options, and arrays if `like` is NULL, else like's or others where those are refused. */
static ndg_status add_variant(search *s, const chosen *o, const ndg_example *like,
                              const ndg_check_variant *base, ndg_error *e) {
  ndg_check_variants *all = s->out;
  ndg_check_variant *v = ndg_arena_alloc(s->c->arena, 1, sizeof *v);
  if (!v)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for a variant");
  describe(o, v->text, sizeof v->text);
  ndg_check_doing(s->c, "%s", v->text);
  ndg_status st = ndg_check_open(s->c, o->given, o->n, &v->learner, e);
  if (st < 0)
    return st;
  const ndg_array *arrays = like ? like->arrays : base ? base->arrays : NULL;
  v->n_arrays = like ? like->n_arrays : base ? base->n_arrays : 0;
  if (v->n_arrays > NDG_CHECK_MAX_ARRAYS)
    return ndg_fail(e, NDG_EINVAL, "%llu arrays; the checker takes %d",
                    (unsigned long long)v->n_arrays, NDG_CHECK_MAX_ARRAYS);
  if (arrays)
    memcpy(v->arrays, arrays, v->n_arrays * sizeof *arrays);
  st = like || base ? try_arrays(s, v, e) : NDG_EINVAL;
  if (st < 0 && !like)
    st = find_arrays(s, v, e);
  if (st >= 0 && all->n < NDG_CHECK_MAX_VARIANTS)
    all->at[all->n++] = v;
  return st;
}

/* A value for an option that must be given: nothing is known but its type and range. */
static const char *guess(search *s, const ndg_option *o) {
  char text[32];
  const double low = o->min.d > 1 ? o->min.d : o->max.d < 1 ? o->max.d : 1;
  const int64_t whole = o->min.i > 3 ? o->min.i : o->max.i < 3 ? o->max.i : 3;
  switch (o->type) {
  case NDG_OPTION_BOOL:
    return "false";
  case NDG_OPTION_I64_LIST:
    return "3, 4, 2";
  case NDG_OPTION_F64_LIST:
    return "0.5, 1";
  case NDG_OPTION_ENUM:
    return o->choices ? o->choices[0].name : "";
  case NDG_OPTION_I64:
    (void)snprintf(text, sizeof text, "%lld", (long long)whole);
    break;
  case NDG_OPTION_F64:
    (void)snprintf(text, sizeof text, "%.17g", low);
    break;
  default:
    return "";
  }
  return ndg_arena_strdup(s->c->arena, text);
}

static void put_required(search *s, chosen *o) {
  const ndg_loaded *l = s->c->subject;
  for (const ndg_option *t = l->component->options; t && t->name;
       t = ndg_options_next(t, l->option_stride))
    if (t->flags & NDG_OPTION_REQUIRED)
      put(o, t->name, guess(s, t));
}

/* The base with one choice changed. What the learner refuses, by its options' rules or because no
   arrays fit, is its right. */
static void add_choices(search *s, const chosen *base) {
  const ndg_loaded *l = s->c->subject;
  const ndg_check_variant *first = s->out->at[0];
  for (const ndg_option *t = l->component->options; t && t->name;
       t = ndg_options_next(t, l->option_stride)) {
    static const ndg_choice either[] = {{"false", 0, NULL}, {"true", 1, NULL}, {NULL, 0, NULL}};
    const ndg_choice *choice = t->type == NDG_OPTION_ENUM   ? t->choices
                               : t->type == NDG_OPTION_BOOL ? either
                                                            : NULL;
    int32_t now = 0;
    if (choice)
      memcpy(&now, (const char *)first->learner.options + t->offset, sizeof now);
    for (; choice && choice->name && !(t->flags & NDG_OPTION_DEPRECATED); choice++) {
      chosen o = *base;
      ndg_error e;
      if (choice->value == now)
        continue;
      put(&o, t->name, choice->name);
      (void)add_variant(s, &o, NULL, first, &e);
    }
  }
}

static const ndg_examples *examples_of(const ndg_loaded *l) {
  return ndg_ids_contain(l->component->provides, NDG_CAP_EXAMPLE) && l->ops.learner.extension
             ? l->ops.learner.extension(NDG_CAP_EXAMPLE)
             : NULL;
}

static ndg_status add_examples(search *s, const ndg_examples *all, chosen *first, ndg_error *e) {
  for (uint64_t i = 0; i < all->n; i++) {
    const ndg_example *example = &all->examples[i];
    chosen o = {0};
    if (example->n_options > NDG_CHECK_MAX_OPTIONS)
      return ndg_fail(e, NDG_EINVAL, "example %llu has %llu options; the checker takes %d",
                      (unsigned long long)i + 1, (unsigned long long)example->n_options,
                      NDG_CHECK_MAX_OPTIONS);
    for (uint64_t k = 0; k < example->n_options; k++)
      put(&o, example->options[k].name, example->options[k].value);
    ndg_error refused = {0};
    const ndg_status st = add_variant(s, &o, example, NULL, &refused);
    if (st < 0)
      return ndg_fail(e, st, "its example %llu is refused: %.400s", (unsigned long long)i + 1,
                      refused.text);
    if (i == 0)
      *first = o;
  }
  return NDG_OK;
}

ndg_status ndg_check_find_variants(ndg_check *c, ndg_check_variants *out, ndg_error *e) {
  search s = {c, out};
  chosen base = {0};
  const ndg_examples *given = examples_of(c->subject);
  memset(out, 0, sizeof *out);
  ndg_status st = NDG_OK;
  if (given) {
    st = add_examples(&s, given, &base, e);
  } else {
    ndg_error refused = {0};
    put_required(&s, &base);
    if (add_variant(&s, &base, NULL, NULL, &refused) < 0)
      (void)snprintf(out->refusal, sizeof out->refusal, "%s", refused.text);
  }
  if (st >= 0 && out->n > 0 && !c->quick)
    add_choices(&s, &base);
  return st < 0 ? st : NDG_OK;
}
