/* SPDX-License-Identifier: MIT */
#include "check/bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/isolate.h"

/* ---- variants ---- */

NDG_PRINTF(4, 0)
static void say(ndg_check *c, const ndg_check_variant *v, bool warn, const char *format,
                va_list arguments) {
  char text[600];
  (void)vsnprintf(text, sizeof text, format, arguments);
  if (warn)
    ndg_check_warn(c, "%s [%s]", text, v->text);
  else
    ndg_check_fail(c, "%s [%s]", text, v->text);
}

void ndg_check_fail_variant(ndg_check *c, const ndg_check_variant *v, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(c, v, false, format, arguments);
  va_end(arguments);
}

void ndg_check_warn_variant(ndg_check *c, const ndg_check_variant *v, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(c, v, true, format, arguments);
  va_end(arguments);
}

/* A capability that is not there ends a test early, and is none of its business. */
void ndg_check_each_variant(ndg_check *c, ndg_variant_test test) {
  /* Half of a case's time is for variants: one of them may take the other half. */
  const double enough = ndg_check_now() + 0.5 * NDG_CHECK_LIMIT_S;
  ndg_check_variants all;
  ndg_error e = {.code = NDG_OK};
  if (ndg_check_find_variants(c, &all, &e) < 0 || all.n == 0) {
    ndg_check_skip(c, "no tasks that it accepts were found; see data/example");
    return;
  }
  uint64_t refused = 0;
  for (uint64_t i = 0; i < all.n && !c->has_failed; i++) {
    if (ndg_check_now() > enough) {
      ndg_check_warn(c, "only %llu of %llu ways to use it were looked at: more take too long",
                     (unsigned long long)i, (unsigned long long)all.n);
      break;
    }
    ndg_check_doing(c, "%s", all.at[i]->text);
    const ndg_status st = test(c, all.at[i], &e);
    refused += st == NDG_ECAPABILITY;
    if (st < 0 && st != NDG_ECAPABILITY)
      ndg_check_fail_variant(c, all.at[i], "%s", e.text);
  }
  if (refused == all.n && !c->has_failed)
    ndg_check_skip(c, "%s", e.text);
}

const ndg_closed_form *ndg_check_closed_form(const ndg_check *c, bool *incomplete) {
  const ndg_loaded *l = c->subject;
  *incomplete = false;
  if (!ndg_ids_contain(l->component->provides, NDG_CAP_CLOSED_FORM))
    return NULL;
  const ndg_closed_form *f =
      l->ops.learner.extension ? l->ops.learner.extension(NDG_CAP_CLOSED_FORM) : NULL;
  *incomplete = !f || f->struct_size < sizeof *f || !f->optimum || !f->meta_gradient;
  return *incomplete ? NULL : f;
}

/* ---- numbers ---- */

long double ndg_bench_get(const ndg_vector *v, uint64_t task, uint64_t i) {
  const void *row = ndg_task_data(v, task);
  switch (v->dtype) {
  case NDG_F32:
    return ((const float *)row)[i];
  case NDG_F64:
    return ((const double *)row)[i];
  case NDG_LONG_DOUBLE:
    return ((const long double *)row)[i];
  default:
    return ((const ndg_complex *)row)[i].re;
  }
}

long double ndg_bench_get_im(const ndg_vector *v, uint64_t task, uint64_t i) {
  return v->dtype == NDG_C128 ? ((const ndg_complex *)ndg_task_data(v, task))[i].im : 0;
}

long double ndg_bench_peak(const ndg_vector *v, uint64_t task) {
  long double most = 0;
  for (uint64_t i = 0; i < v->length; i++)
    most = fmaxl(most, fabsl(ndg_bench_get(v, task, i)));
  return most;
}

long double ndg_bench_dot(const ndg_vector *x, const ndg_vector *y, uint64_t task,
                          long double *moduli) {
  long double sum = 0;
  for (uint64_t i = 0; i < x->length; i++) {
    const long double product = ndg_bench_get(x, task, i) * ndg_bench_get(y, task, i);
    sum += product;
    if (moduli)
      *moduli += fabsl(product);
  }
  return sum;
}

void ndg_bench_set(ndg_vector *v, uint64_t task, uint64_t i, long double re, long double im) {
  void *row = ndg_task_data(v, task);
  v->identity = (ndg_identity){0, 0};
  if (v->dtype == NDG_F32)
    ((float *)row)[i] = (float)re;
  else if (v->dtype == NDG_F64)
    ((double *)row)[i] = (double)re;
  else if (v->dtype == NDG_LONG_DOUBLE)
    ((long double *)row)[i] = re;
  else
    ((ndg_complex *)row)[i] = (ndg_complex){(double)re, (double)im};
}

/* x87 numbers have ten bytes; what lies behind them means nothing. */
static bool same_number(const ndg_vector *a, const ndg_vector *b, uint64_t task, uint64_t i) {
  const size_t size = ndg_dtype_size(a->dtype);
  const size_t bytes = a->dtype == NDG_LONG_DOUBLE && size > 10 ? 10 : size;
  return memcmp((const char *)ndg_task_data(a, task) + i * size,
                (const char *)ndg_task_data(b, task) + i * size, bytes) == 0;
}

bool ndg_bench_same(const ndg_vector *a, const ndg_vector *b, uint64_t *task, uint64_t *i) {
  for (*task = 0; *task < a->n_tasks; ++*task)
    for (*i = 0; *i < a->length; ++*i)
      if (!same_number(a, b, *task, *i))
        return false;
  return true;
}

void ndg_bench_name(const ndg_bench *b, uint32_t space, uint64_t i, char out[80]) {
  const ndg_layout *l = ndg_problem_layout(b->problem);
  const ndg_group *groups = space == NDG_THETA ? l->theta : l->phi;
  const uint32_t n = space == NDG_THETA ? l->n_theta : l->n_phi;
  uint32_t g = 0;
  for (; g + 1 < n && i >= ndg_shape_size(&groups[g].shape); g++)
    i -= ndg_shape_size(&groups[g].shape);
  (void)snprintf(out, 80, "%s group '%.*s', element %llu", space == NDG_THETA ? "theta" : "phi",
                 NDG_NAME_SIZE - 1, groups[g].name, (unsigned long long)i + 1);
}

const char *ndg_bench_loss_name(uint32_t loss) {
  return loss == NDG_LEARN_LOSS ? "learn_loss" : loss == NDG_EVAL_LOSS ? "eval_loss" : "both";
}

/* ---- slopes ---- */

enum { LEVELS = 12 };
static const double FIRST_STEP = 0x1p-6;
static const long double SHRINK = 4;

typedef struct table {
  uint64_t n;
  long double *row[LEVELS]; /* of Neville's table: extrapolated from steps 0 .. i */
  long double *above, *below, *next, *corner;
} table;

static bool allocate_table(table *t, uint64_t n, ndg_arena *arena) {
  t->n = n;
  bool complete = true;
  long double **all[] = {&t->above, &t->below, &t->next, &t->corner};
  for (int i = 0; i < 4; i++)
    complete = (*all[i] = ndg_arena_alloc(arena, n, sizeof ***all)) && complete;
  for (int i = 0; i < LEVELS; i++)
    complete = (t->row[i] = ndg_arena_alloc(arena, n, sizeof **t->row)) && complete;
  return complete;
}

/* What rounding of f may be in a difference at this step: neighbours may agree by chance. */
static long double round_off(const table *t, double step, long double unit) {
  long double largest = 0;
  for (uint64_t k = 0; k < t->n; k++)
    largest = fmaxl(largest, fmaxl(fabsl(t->above[k]), fabsl(t->below[k])));
  return unit * largest / (long double)step;
}

/* Adds the differences of a step to the table; keeps of each number the entry that differs least
   from its neighbours. */
static void extend(table *t, int i, long double least, long double *slope, long double *error) {
  long double factor = 1;
  memset(t->corner, 0, t->n * sizeof *t->corner);
  for (int j = 0; j <= i; j++) {
    factor *= SHRINK * SHRINK;
    for (uint64_t k = 0; k < t->n; k++) {
      const long double old = t->row[j][k], now = t->next[k];
      t->row[j][k] = now;
      if (j > 0) {
        const long double miss =
            fmaxl(fabsl(now - t->row[j - 1][k]), fabsl(now - t->corner[k])) + least;
        if (miss < error[k]) {
          error[k] = miss;
          slope[k] = now;
        }
      }
      t->corner[k] = old;
      t->next[k] = now + (now - old) / (factor - 1);
    }
  }
}

ndg_status ndg_check_slope(ndg_curve f, void *context, uint64_t n, long double unit,
                           ndg_arena *arena, long double *slope, long double *error, ndg_error *e) {
  table t;
  if (!allocate_table(&t, n, arena))
    return ndg_fail(e, NDG_ENOMEM, "out of memory for differences");
  for (uint64_t k = 0; k < n; k++) {
    slope[k] = 0;
    error[k] = INFINITY;
  }
  double step = FIRST_STEP;
  ndg_status st = NDG_OK;
  for (int i = 0; st >= 0 && i < LEVELS; i++, step /= (double)SHRINK) {
    st = f(context, step, t.above, e);
    if (st >= 0)
      st = f(context, -step, t.below, e);
    for (uint64_t k = 0; k < n; k++)
      t.next[k] = (t.above[k] - t.below[k]) / (2 * (long double)step);
    extend(&t, i, round_off(&t, step, unit), slope, error);
  }
  return st;
}

ndg_slope_verdict ndg_check_compare(long double found, long double slope, long double error,
                                    long double scale, long double unit) {
  /* A difference of neighbours is an estimate: eight times, and a thousand roundings of terms that
     differences divided by their steps. */
  const long double floor = 0x1p13L * unit * scale;
  ndg_slope_verdict v = {.allowed = 8 * error + floor};
  v.unclear = !(v.allowed <= 1e-5L * fmaxl(scale, fabsl(slope)));
  v.wrong = !v.unclear && !(fabsl(found - slope) <= v.allowed);
  return v;
}
