/* SPDX-License-Identifier: MIT */
/* The tasks of a problem, copied, in the element types that programs read. */
#include <string.h>

#include "engine/internal.h"

static size_t value_size(uint32_t kind) {
  return kind == NDG_INDEX ? sizeof(int32_t) : kind == NDG_SINGLE ? sizeof(float) : sizeof(double);
}

static uint32_t given_kind(const ndg_task_store *s, uint64_t i) {
  return s->single[i] ? NDG_SINGLE : s->arrays.arrays[i].kind;
}

static const void *given_data(const ndg_task_store *s, uint64_t i) {
  return s->single[i] ? (const void *)s->single[i] : s->arrays.arrays[i].data;
}

/* Is an array read in another form than it was given in? */
static bool is_converted(const ndg_task_store *s, uint64_t i, ndg_dtype dtype) {
  const uint32_t kind = given_kind(s, i);
  return kind != NDG_INDEX && dtype != (kind == NDG_SINGLE ? NDG_F32 : NDG_F64);
}

static void convert(const ndg_task_store *s, uint64_t i, ndg_dtype dtype) {
  const size_t n = (size_t)(s->arrays.n_tasks * ndg_shape_size(&s->arrays.arrays[i].shape));
  ndg_dtype_convert(dtype, s->run[i], s->single[i] ? NDG_F32 : NDG_F64, given_data(s, i), n);
}

ndg_array ndg_task_array_shown(const ndg_array *a) {
  ndg_array out = *a;
  if (a->kind == NDG_SINGLE) {
    out.kind = NDG_REAL;
    out.data = NULL;
  }
  return out;
}

ndg_status ndg_task_store_copy(ndg_task_store *s, const ndg_task_arrays *tasks, bool borrow,
                               ndg_error *e) {
  ndg_array *arrays = ndg_calloc((size_t)tasks->n_arrays, sizeof *arrays);
  if (!arrays)
    return ndg_no_memory(e, "task arrays");
  s->arrays = (ndg_task_arrays){tasks->n_tasks, tasks->n_arrays, arrays};
  s->owns_arrays = true;
  s->borrows_data = borrow;
  s->domain = ndg_calloc(NDG_DOMAIN_SIZE, sizeof *s->domain);
  s->index = ndg_calloc((size_t)tasks->n_tasks, sizeof *s->index);
  s->start = ndg_calloc((size_t)tasks->n_tasks, sizeof *s->start);
  s->single = ndg_calloc((size_t)tasks->n_arrays, sizeof *s->single);
  if (!s->domain || !s->index || !s->start || !s->single)
    return ndg_no_memory(e, "task labels");
  for (uint64_t i = 0; i < tasks->n_arrays; i++) {
    const ndg_array *from = &tasks->arrays[i];
    const size_t n = (size_t)(tasks->n_tasks * ndg_shape_size(&from->shape));
    char *name = ndg_strdup(from->name);
    void *copy = borrow ? NULL : ndg_calloc(n, value_size(from->kind));
    const void *data = borrow ? from->data : copy;
    arrays[i] = ndg_task_array_shown(from);
    arrays[i].name = name;
    if (from->kind == NDG_SINGLE)
      s->single[i] = data;
    else
      arrays[i].data = data;
    if (!name || !data)
      return ndg_no_memory(e, "task arrays");
    if (copy)
      memcpy(copy, from->data, n * value_size(from->kind));
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
    if (!is_converted(s, i, dtype)) {
      s->run[i] = (void *)(uintptr_t)given_data(s, i); /* programs only read it */
      continue;
    }
    s->run[i] = ndg_calloc((size_t)size, ndg_dtype_size(dtype));
    if (!s->run[i])
      return ndg_no_memory(e, "task arrays");
    convert(s, i, dtype);
  }
  return NDG_OK;
}

void ndg_task_store_replace(ndg_task_store *s, const ndg_task_arrays *tasks, ndg_dtype dtype) {
  for (uint64_t i = 0; i < s->arrays.n_arrays; i++) {
    ndg_array *a = (ndg_array *)(uintptr_t)&s->arrays.arrays[i]; /* the owner's to write to */
    const size_t n = (size_t)(s->arrays.n_tasks * ndg_shape_size(&a->shape));
    const void *data = tasks->arrays[i].data;
    /* A sibling reads what its problem has replaced, but not what it has converted itself. */
    if (s->owns_arrays && s->borrows_data && s->single[i])
      s->single[i] = data;
    else if (s->owns_arrays && s->borrows_data)
      a->data = data;
    else if (s->owns_arrays)
      memmove((void *)(uintptr_t)given_data(s, i), data, n * value_size(given_kind(s, i)));
    if (is_converted(s, i, dtype))
      convert(s, i, dtype);
    else
      s->run[i] = (void *)(uintptr_t)given_data(s, i);
  }
}

bool ndg_task_store_holds(const ndg_task_store *s, const ndg_task_arrays *tasks) {
  bool same = s->borrows_data;
  for (uint64_t i = 0; same && i < s->arrays.n_arrays; i++)
    same = given_data(s, i) == tasks->arrays[i].data;
  return same;
}

void ndg_task_store_label(ndg_task_store *s, const ndg_task_labels *labels) {
  if (labels->domain)
    snprintf(s->domain, NDG_DOMAIN_SIZE, "%s", labels->domain);
  if (labels->index)
    memmove(s->index, labels->index, (size_t)s->arrays.n_tasks * sizeof *s->index);
  if (labels->start)
    memmove(s->start, labels->start, (size_t)s->arrays.n_tasks * sizeof *s->start);
  s->labels = (ndg_task_labels){labels->domain ? s->domain : NULL, labels->index ? s->index : NULL,
                                labels->start ? s->start : NULL};
}

void ndg_task_name(const ndg_task_labels *l, uint64_t task, char out[NDG_TASK_NAME_SIZE]) {
  const uint64_t number = l->index ? l->index[task] : task + 1;
  snprintf(out, NDG_TASK_NAME_SIZE, "task %llu%s%.*s", (unsigned long long)number,
           l->domain ? " of " : "", NDG_DOMAIN_SIZE - 1, l->domain ? l->domain : "");
}

uint64_t ndg_task_number(const ndg_task_labels *l, uint64_t task) {
  return l->index ? l->index[task] : task;
}

uint64_t ndg_task_start_number(const ndg_task_labels *l, uint64_t task) {
  return l->start ? l->start[task] : ndg_task_number(l, task);
}

void ndg_task_store_free(ndg_task_store *s) {
  ndg_array *arrays = (ndg_array *)(uintptr_t)s->arrays.arrays;
  for (uint64_t i = 0; arrays && i < s->arrays.n_arrays; i++) {
    const void *data = s->single ? given_data(s, i) : arrays[i].data;
    if (s->owns_run && s->run && s->run[i] != data)
      ndg_free(s->run[i]);
    if (s->owns_arrays) {
      ndg_free((char *)(uintptr_t)arrays[i].name);
      if (!s->borrows_data)
        ndg_free((void *)(uintptr_t)data);
    }
  }
  if (s->owns_run)
    ndg_free(s->run);
  if (s->owns_arrays) {
    ndg_free(arrays);
    ndg_free(s->domain);
    ndg_free(s->index);
    ndg_free(s->start);
    ndg_free((void *)s->single);
  }
  *s = (ndg_task_store){0};
}
