/* SPDX-License-Identifier: MIT */
/* The tasks of a problem: checked and copied once, in the element types that programs read. */
#include <math.h>
#include <string.h>

#include "engine/internal.h"

static ndg_status check_array(const ndg_array *a, uint64_t n_tasks, ndg_error *e) {
  const char *name = a->name ? a->name : "";
  if (!*name)
    return ndg_fail(e, NDG_EINVAL, "a task array has no name");
  if (a->kind != NDG_REAL && a->kind != NDG_INDEX)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' is of unknown kind %u", name, a->kind);
  if (a->shape.n_dims > NDG_MAX_DIMS)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' has %u axes, more than %d", name,
                    a->shape.n_dims, NDG_MAX_DIMS);
  if (a->role == NDG_SAMPLES && a->shape.n_dims == 0)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' holds samples but has no axis for them", name);
  uint64_t size = 1;
  for (uint32_t d = 0; d < NDG_MAX_DIMS; d++) {
    const uint64_t length = a->shape.dim[d];
    if (length == 0)
      return ndg_fail(e, NDG_EINVAL, "task array '%s' is empty: axis %u has length 0", name, d);
    if (length > (UINT64_C(1) << 48) / size)
      return ndg_fail(e, NDG_EINVAL, "task array '%s' is too large", name);
    size *= length;
  }
  if (!a->data)
    return ndg_fail(e, NDG_EINVAL, "task array '%s' has no data", name);
  const double *d = a->data;
  const int32_t *index = a->data;
  for (uint64_t i = 0; i < n_tasks * size; i++) {
    if (a->kind == NDG_REAL && !isfinite(d[i]))
      return ndg_fail(e, NDG_EINVAL, "task %llu, array '%s', element %llu is %s",
                      (unsigned long long)(i / size), name, (unsigned long long)(i % size),
                      isnan(d[i]) ? "NaN" : "infinite");
    if (a->kind == NDG_INDEX && (index[i] < 0 || (uint64_t)index[i] >= a->n_values))
      return ndg_fail(e, NDG_EINVAL,
                      "task %llu, array '%s', element %llu is %d, not an index below %llu",
                      (unsigned long long)(i / size), name, (unsigned long long)(i % size),
                      (int)index[i], (unsigned long long)a->n_values);
  }
  return NDG_OK;
}

static ndg_status check(const ndg_task_arrays *tasks, ndg_error *e) {
  if (!tasks || tasks->n_tasks == 0)
    return ndg_fail(e, NDG_EINVAL, "a problem needs at least one task");
  if (tasks->n_tasks > UINT32_MAX)
    return ndg_fail(e, NDG_EINVAL, "%llu tasks are too many", (unsigned long long)tasks->n_tasks);
  for (uint64_t i = 0; i < tasks->n_arrays; i++) {
    const ndg_status st = check_array(&tasks->arrays[i], tasks->n_tasks, e);
    if (st < 0)
      return st;
    for (uint64_t j = 0; j < i; j++)
      if (strcmp(tasks->arrays[i].name, tasks->arrays[j].name) == 0)
        return ndg_fail(e, NDG_EINVAL, "two task arrays are called '%s'", tasks->arrays[i].name);
  }
  return NDG_OK;
}

static size_t value_size(const ndg_array *a) {
  return a->kind == NDG_INDEX ? sizeof(int32_t) : sizeof(double);
}

ndg_status ndg_task_store_copy(ndg_task_store *s, const ndg_task_arrays *tasks, ndg_error *e) {
  const ndg_status st = check(tasks, e);
  if (st < 0)
    return st;
  ndg_array *arrays = ndg_calloc((size_t)tasks->n_arrays, sizeof *arrays);
  if (!arrays)
    return ndg_no_memory(e, "task arrays");
  s->arrays = (ndg_task_arrays){tasks->n_tasks, tasks->n_arrays, arrays};
  s->owns_arrays = true;
  for (uint64_t i = 0; i < tasks->n_arrays; i++) {
    const ndg_array *from = &tasks->arrays[i];
    const size_t n = (size_t)(tasks->n_tasks * ndg_shape_size(&from->shape));
    char *name = ndg_strdup(from->name);
    void *data = ndg_calloc(n, value_size(from));
    arrays[i] = *from;
    arrays[i].name = name;
    arrays[i].data = data;
    if (!name || !data)
      return ndg_no_memory(e, "task arrays");
    memcpy(data, from->data, n * value_size(from));
  }
  return NDG_OK;
}

ndg_status ndg_task_store_convert(ndg_task_store *s, ndg_dtype dtype, ndg_error *e) {
  const uint64_t n = s->arrays.n_arrays;
  s->run = ndg_calloc((size_t)n, sizeof *s->run);
  if (!s->run)
    return ndg_no_memory(e, "task arrays");
  s->owns_run = true;
  for (uint64_t i = 0; i < n; i++) {
    const ndg_array *a = &s->arrays.arrays[i];
    const uint64_t size = s->arrays.n_tasks * ndg_shape_size(&a->shape);
    if (a->kind == NDG_INDEX || dtype == NDG_F64) {
      s->run[i] = (void *)(uintptr_t)a->data; /* programs only read it */
      continue;
    }
    s->run[i] = ndg_calloc((size_t)size, ndg_dtype_size(dtype));
    if (!s->run[i])
      return ndg_no_memory(e, "task arrays");
    ndg_convert_from_f64(dtype, s->run[i], a->data, size);
  }
  return NDG_OK;
}

bool ndg_task_store_is_batched(const ndg_task_store *s, uint64_t i) {
  const ndg_array *a = &s->arrays.arrays[i];
  return a->role == NDG_SAMPLES && strncmp(a->name, "learn.", 6) == 0;
}

ndg_status ndg_task_store_batches(ndg_task_store *s, uint64_t batch_size, ndg_error *e) {
  const char *first = NULL;
  s->batch_rows = 0;
  if (batch_size == 0)
    return NDG_OK;
  for (uint64_t i = 0; i < s->arrays.n_arrays; i++) {
    if (!ndg_task_store_is_batched(s, i))
      continue;
    const ndg_array *a = &s->arrays.arrays[i];
    if (first && a->shape.dim[0] != s->batch_rows)
      return ndg_fail(
          e, NDG_EINVAL, "minibatches need as many rows in '%s' (%llu) as in '%s' (%llu)", a->name,
          (unsigned long long)a->shape.dim[0], first, (unsigned long long)s->batch_rows);
    first = a->name;
    s->batch_rows = a->shape.dim[0];
  }
  if (!first)
    return ndg_fail(e, NDG_EINVAL,
                    "batch size %llu: these tasks have no learn.* arrays of samples to draw from; "
                    "use batch size 0 (all samples)",
                    (unsigned long long)batch_size);
  if (batch_size > s->batch_rows || s->batch_rows > INT32_MAX)
    return ndg_fail(e, NDG_EINVAL, "batch size %llu: a task has %llu learning samples",
                    (unsigned long long)batch_size, (unsigned long long)s->batch_rows);
  return NDG_OK;
}

void ndg_task_store_free(ndg_task_store *s) {
  ndg_array *arrays = (ndg_array *)(uintptr_t)s->arrays.arrays;
  for (uint64_t i = 0; arrays && i < s->arrays.n_arrays; i++) {
    if (s->owns_run && s->run && s->run[i] != arrays[i].data)
      ndg_free(s->run[i]);
    if (s->owns_arrays) {
      ndg_free((char *)(uintptr_t)arrays[i].name);
      ndg_free((void *)(uintptr_t)arrays[i].data);
    }
  }
  if (s->owns_run)
    ndg_free(s->run);
  if (s->owns_arrays)
    ndg_free(arrays);
  *s = (ndg_task_store){0};
}
