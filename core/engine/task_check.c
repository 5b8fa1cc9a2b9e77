/* SPDX-License-Identifier: MIT */
/* What is wrong with tasks that are given to a problem. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/internal.h"

static ndg_status check_shape(const ndg_array *a, uint64_t *size, ndg_error *e) {
  const char *name = a->name;
  if (a->shape.n_dims > NDG_MAX_DIMS)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' has %u axes, more than %d", name,
                    a->shape.n_dims, NDG_MAX_DIMS);
  if (a->role == NDG_SAMPLES && a->shape.n_dims == 0)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' holds samples but has no axis for them", name);
  *size = 1;
  for (uint32_t d = 0; d < NDG_MAX_DIMS; d++) {
    const uint64_t length = a->shape.dim[d];
    if (length == 0)
      return ndg_fail(e, NDG_EINVAL, "task array '%s' is empty: axis %u has length 0", name, d);
    if (length > (UINT64_C(1) << 48) / *size)
      return ndg_fail(e, NDG_EINVAL, "task array '%s' is too large", name);
    *size *= length;
  }
  return NDG_OK;
}

/* Where element i of an array stands: "task 137 of sinusoid (train), array 'learn.inputs', row 3".
   Axes count from 1, as in scripts. */
static void name_place(const ndg_array *a, const ndg_task_labels *labels, uint64_t size, uint64_t i,
                       char *out, size_t room) {
  char task[NDG_TASK_NAME_SIZE];
  ndg_task_name(labels, i / size, task);
  const uint64_t row = a->shape.n_dims > 0 ? size / a->shape.dim[0] : 1;
  const unsigned long long r = i % size / row + 1, column = i % row + 1;
  if (row > 1)
    snprintf(out, room, "%s, array '%s', row %llu, element %llu", task, a->name, r, column);
  else
    snprintf(out, room, "%s, array '%s', row %llu", task, a->name, r);
}

/* A block without a branch per number: nearly all data are fine. */
static uint64_t first_not_finite(const double *x, uint64_t n, double limit) {
  enum { BLOCK = 512 };
  for (uint64_t at = 0; at < n; at += BLOCK) {
    const uint64_t end = n - at < BLOCK ? n : at + BLOCK;
    int bad = 0;
    for (uint64_t i = at; i < end; i++)
      bad |= !(fabs(x[i]) <= limit);
    for (uint64_t i = at; bad && i < end; i++)
      if (!(fabs(x[i]) <= limit))
        return i;
  }
  return n;
}

static ndg_status check_reals(const ndg_array *a, const ndg_task_labels *labels, uint64_t n_tasks,
                              uint64_t size, ndg_dtype dtype, ndg_error *e) {
  const double *x = a->data;
  const uint64_t i =
      first_not_finite(x, n_tasks * size, dtype == NDG_F32 ? (double)FLT_MAX : DBL_MAX);
  char place[NDG_TASK_NAME_SIZE + 128];
  if (i == n_tasks * size)
    return NDG_OK;
  name_place(a, labels, size, i, place, sizeof place);
  if (isfinite(x[i]))
    return ndg_fail(e, NDG_EINVAL, "%s is %g, more than a float32 holds; use dtype float64", place,
                    x[i]);
  return ndg_fail(e, NDG_EINVAL, "%s is %s; tasks must be finite: leave this one out, or mend it",
                  place, isnan(x[i]) ? "NaN" : "infinite");
}

static ndg_status check_singles(const ndg_array *a, const ndg_task_labels *labels, uint64_t n_tasks,
                                uint64_t size, ndg_error *e) {
  const float *x = a->data;
  char place[NDG_TASK_NAME_SIZE + 128];
  for (uint64_t i = 0; i < n_tasks * size; i++) {
    if (isfinite(x[i]))
      continue;
    name_place(a, labels, size, i, place, sizeof place);
    return ndg_fail(e, NDG_EINVAL, "%s is %s; tasks must be finite: leave this one out, or mend it",
                    place, isnan(x[i]) ? "NaN" : "infinite");
  }
  return NDG_OK;
}

static ndg_status check_indices(const ndg_array *a, const ndg_task_labels *labels, uint64_t n_tasks,
                                uint64_t size, ndg_error *e) {
  const int32_t *index = a->data;
  char place[NDG_TASK_NAME_SIZE + 128];
  for (uint64_t i = 0; i < n_tasks * size; i++) {
    if (index[i] >= 0 && (uint64_t)index[i] < a->n_values)
      continue;
    name_place(a, labels, size, i, place, sizeof place);
    return ndg_fail(e, NDG_EINVAL, "%s is %d, not an index below %llu", place, (int)index[i],
                    (unsigned long long)a->n_values);
  }
  return NDG_OK;
}

static ndg_status check_array(const ndg_array *a, const ndg_task_labels *labels, uint64_t n_tasks,
                              ndg_dtype dtype, ndg_error *e) {
  uint64_t size = 1;
  if (!a->name || !*a->name)
    return ndg_fail(e, NDG_EINVAL, "a task array has no name");
  if (a->kind != NDG_REAL && a->kind != NDG_INDEX && a->kind != NDG_SINGLE)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' is of unknown kind %u", a->name, a->kind);
  const ndg_status st = check_shape(a, &size, e);
  if (st < 0)
    return st;
  if (!a->data)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' has no data", a->name);
  return a->kind == NDG_SINGLE ? check_singles(a, labels, n_tasks, size, e)
         : a->kind == NDG_REAL ? check_reals(a, labels, n_tasks, size, dtype, e)
                               : check_indices(a, labels, n_tasks, size, e);
}

ndg_status ndg_tasks_check(const ndg_task_arrays *tasks, const ndg_task_labels *labels,
                           ndg_dtype dtype, ndg_error *e) {
  if (!tasks || tasks->n_tasks == 0)
    return ndg_fail(e, NDG_EINVAL, "a problem needs at least one task");
  if (tasks->n_tasks > UINT32_MAX)
    return ndg_fail(e, NDG_EINVAL, "%llu tasks are too many", (unsigned long long)tasks->n_tasks);
  for (uint64_t i = 0; i < tasks->n_arrays; i++) {
    const ndg_status st = check_array(&tasks->arrays[i], labels, tasks->n_tasks, dtype, e);
    if (st < 0)
      return st;
    for (uint64_t j = 0; j < i; j++)
      if (strcmp(tasks->arrays[i].name, tasks->arrays[j].name) == 0)
        return ndg_fail(e, NDG_EINVAL, "two task arrays are called '%s'", tasks->arrays[i].name);
  }
  return NDG_OK;
}

static void shape_text(const ndg_shape *s, char *out, size_t room) {
  size_t n = 0;
  snprintf(out, room, "one number");
  for (uint32_t d = 0; d < s->n_dims && d < NDG_MAX_DIMS && n < room; d++)
    n += (size_t)snprintf(out + n, room - n, "%s%llu", d ? "x" : "", (unsigned long long)s->dim[d]);
}

static ndg_status check_same_array(const ndg_array *have, const ndg_array *other, ndg_error *e) {
  static const char *const kinds[] = {"real", "index", "single"}, *const roles[] = {"whole",
                                                                                    "samples"};
  const char *name = have->name;
  char old[96], now[96];
  bool same_shape = have->shape.n_dims == other->shape.n_dims;
  for (uint32_t d = 0; d < NDG_MAX_DIMS; d++)
    same_shape = same_shape && have->shape.dim[d] == other->shape.dim[d];
  if (!other->name || strcmp(name, other->name) != 0)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' stands where the problem has '%s'",
                    other->name ? other->name : "", name);
  const uint32_t kind = have->data ? have->kind : NDG_SINGLE; /* as it was given */
  if (kind != other->kind)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' is of kind %s, not %s as in the problem", name,
                    other->kind <= NDG_SINGLE ? kinds[other->kind] : "unknown", kinds[kind]);
  if (have->role != other->role)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' has role %s, not %s as in the problem", name,
                    roles[other->role == NDG_SAMPLES], roles[have->role == NDG_SAMPLES]);
  if (have->n_values != other->n_values)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' has %llu classes, not %llu as in the problem",
                    name, (unsigned long long)other->n_values, (unsigned long long)have->n_values);
  if (same_shape)
    return NDG_OK;
  shape_text(&have->shape, old, sizeof old);
  shape_text(&other->shape, now, sizeof now);
  return ndg_fail(e, NDG_EINVAL, "task array '%s' is %s per task, not %s as in the problem", name,
                  now, old);
}

ndg_status ndg_tasks_check_alike(const ndg_task_arrays *have, const ndg_task_arrays *other,
                                 ndg_error *e) {
  if (!other || other->n_tasks != have->n_tasks)
    return ndg_fail(e, NDG_EINVAL, "%llu tasks for a problem of %llu; open another problem",
                    (unsigned long long)(other ? other->n_tasks : 0),
                    (unsigned long long)have->n_tasks);
  if (other->n_arrays != have->n_arrays)
    return ndg_fail(e, NDG_EINVAL, "tasks of %llu arrays for a problem of %llu",
                    (unsigned long long)other->n_arrays, (unsigned long long)have->n_arrays);
  for (uint64_t i = 0; i < have->n_arrays; i++) {
    const ndg_status st = check_same_array(&have->arrays[i], &other->arrays[i], e);
    if (st < 0)
      return st;
  }
  return NDG_OK;
}
