/* SPDX-License-Identifier: MIT */
/* The tasks of a problem, copied, in the element types that programs read. */
#include <string.h>

#include "engine/internal.h"

static size_t value_size(const ndg_array *a) {
  return a->kind == NDG_INDEX ? sizeof(int32_t) : sizeof(double);
}

ndg_status ndg_task_store_copy(ndg_task_store *s, const ndg_task_arrays *tasks, ndg_error *e) {
  ndg_array *arrays = ndg_calloc((size_t)tasks->n_arrays, sizeof *arrays);
  if (!arrays)
    return ndg_no_memory(e, "task arrays");
  s->arrays = (ndg_task_arrays){tasks->n_tasks, tasks->n_arrays, arrays};
  s->owns_arrays = true;
  s->domain = ndg_calloc(NDG_DOMAIN_SIZE, sizeof *s->domain);
  s->index = ndg_calloc((size_t)tasks->n_tasks, sizeof *s->index);
  if (!s->domain || !s->index)
    return ndg_no_memory(e, "task labels");
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

void ndg_task_store_replace(ndg_task_store *s, const ndg_task_arrays *tasks, ndg_dtype dtype) {
  for (uint64_t i = 0; i < s->arrays.n_arrays; i++) {
    const ndg_array *a = &s->arrays.arrays[i];
    const uint64_t n = s->arrays.n_tasks * ndg_shape_size(&a->shape);
    /* A sibling borrows what its problem has replaced, but not what it has converted itself. */
    if (s->owns_arrays)
      memmove((void *)(uintptr_t)a->data, tasks->arrays[i].data, (size_t)n * value_size(a));
    if (s->run[i] != a->data)
      ndg_convert_from_f64(dtype, s->run[i], a->data, n);
  }
}

void ndg_task_store_label(ndg_task_store *s, const ndg_task_labels *labels) {
  if (labels->domain)
    snprintf(s->domain, NDG_DOMAIN_SIZE, "%s", labels->domain);
  if (labels->index)
    memmove(s->index, labels->index, (size_t)s->arrays.n_tasks * sizeof *s->index);
  s->labels = (ndg_task_labels){labels->domain ? s->domain : NULL, labels->index ? s->index : NULL};
}

void ndg_task_name(const ndg_task_labels *l, uint64_t task, char out[NDG_TASK_NAME_SIZE]) {
  const uint64_t number = l->index ? l->index[task] : task + 1;
  snprintf(out, NDG_TASK_NAME_SIZE, "task %llu%s%.*s", (unsigned long long)number,
           l->domain ? " of " : "", NDG_DOMAIN_SIZE - 1, l->domain ? l->domain : "");
}

uint64_t ndg_task_number(const ndg_task_labels *l, uint64_t task) {
  return l->index ? l->index[task] : task;
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
  if (s->owns_arrays) {
    ndg_free(arrays);
    ndg_free(s->domain);
    ndg_free(s->index);
  }
  *s = (ndg_task_store){0};
}
