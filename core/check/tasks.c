/* SPDX-License-Identifier: MIT */
#include "check/tasks.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

size_t ndg_check_task_bytes(const ndg_array *a) {
  return (size_t)ndg_shape_size(&a->shape) *
         (a->kind == NDG_INDEX ? sizeof(int32_t) : sizeof(double));
}

static void draw_task(const ndg_array *a, ndg_rng *r, void *out) {
  const uint64_t n = ndg_shape_size(&a->shape);
  double *x = out;
  int32_t *index = out;
  if (a->data) {
    memcpy(out, a->data, ndg_check_task_bytes(a));
  } else if (a->kind == NDG_INDEX) {
    for (uint64_t i = 0; i < n; i++)
      index[i] = (int32_t)ndg_rng_below(r, a->n_values ? a->n_values : 1);
  } else {
    ndg_rng_fill_normal(r, NDG_F64, x, n);
    for (uint64_t i = 0; i < n; i++)
      x[i] = (double)(float)x[i];
  }
}

static ndg_task_arrays *new_tasks(const ndg_check *c, uint64_t n_tasks, uint64_t n_arrays,
                                  const ndg_array *like) {
  ndg_task_arrays *t = ndg_arena_alloc(c->arena, 1, sizeof *t);
  ndg_array *arrays = ndg_arena_alloc(c->arena, n_arrays + 1, sizeof *arrays);
  if (!t || !arrays)
    return NULL;
  memcpy(arrays, like, n_arrays * sizeof *arrays);
  *t = (ndg_task_arrays){n_tasks, n_arrays, arrays};
  return t;
}

ndg_task_arrays *ndg_check_draw_tasks(const ndg_check *c, const ndg_check_variant *v, uint64_t n,
                                      const char *label) {
  ndg_task_arrays *t = new_tasks(c, n, v->n_arrays, v->arrays);
  const ndg_rng root = ndg_check_stream(c, label);
  for (uint64_t i = 0; t && i < v->n_arrays; i++) {
    ndg_array *a = (ndg_array *)t->arrays + i;
    const size_t bytes = ndg_check_task_bytes(a);
    char *data = ndg_arena_alloc(c->arena, 1, (size_t)n * bytes + 1);
    if (!data)
      return NULL;
    for (uint64_t task = 0; task < n; task++) {
      ndg_rng r = ndg_rng_stream(&root, a->name, task);
      draw_task(a, &r, data + task * bytes);
    }
    a->data = data;
  }
  return t;
}

ndg_task_arrays *ndg_check_some_tasks(const ndg_check *c, const ndg_task_arrays *of, uint64_t first,
                                      uint64_t n) {
  ndg_task_arrays *t = new_tasks(c, n, of->n_arrays, of->arrays);
  for (uint64_t i = 0; t && i < of->n_arrays; i++) {
    ndg_array *a = (ndg_array *)t->arrays + i;
    a->data = (const char *)a->data + first * ndg_check_task_bytes(a);
  }
  return t;
}

ndg_task_arrays *ndg_check_copy_tasks(const ndg_check *c, const ndg_task_arrays *of) {
  ndg_task_arrays *t = new_tasks(c, of->n_tasks, of->n_arrays, of->arrays);
  for (uint64_t i = 0; t && i < of->n_arrays; i++) {
    ndg_array *a = (ndg_array *)t->arrays + i;
    const size_t bytes = (size_t)of->n_tasks * ndg_check_task_bytes(a);
    void *data = ndg_arena_alloc(c->arena, 1, bytes + 1);
    if (!data)
      return NULL;
    memcpy(data, a->data, bytes);
    a->data = data;
  }
  return t;
}
