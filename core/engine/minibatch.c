/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/random.h"
#include "engine/internal.h"

/* The first `size` entries of a Fisher–Yates shuffle of 0 .. rows - 1, without repetition. `order`
   is put back in place, so that a draw costs the batch and not the data set. */
static void draw(ndg_rng *r, int32_t *order, uint64_t rows, int32_t *swaps, uint64_t size,
                 int32_t *out) {
  for (uint64_t i = 0; i < size; i++) {
    const uint64_t j = i + ndg_rng_below(r, rows - i);
    const int32_t chosen = order[j];
    order[j] = order[i];
    order[i] = chosen;
    swaps[i] = (int32_t)j;
    out[i] = chosen;
  }
  for (uint64_t i = size; i-- > 0;) {
    const int32_t j = swaps[i], back = order[j];
    order[j] = order[i];
    order[i] = back;
  }
}

static void copy_labels(ndg_problem *p, uint64_t task) {
  const uint64_t size = p->inner.batch_size;
  const int32_t *chosen = p->batch + task * size;
  for (uint64_t i = 0; i < p->tasks.arrays.n_arrays; i++) {
    if (!p->batch_labels[i])
      continue;
    const ndg_array *a = &p->tasks.arrays.arrays[i];
    const uint64_t length = ndg_shape_size(&a->shape), row = length / a->shape.dim[0];
    const int32_t *from = (const int32_t *)a->data + task * length;
    int32_t *to = p->batch_labels[i] + task * size * row;
    for (uint64_t k = 0; k < size; k++)
      memcpy(to + k * row, from + (uint64_t)chosen[k] * row, (size_t)row * sizeof *to);
  }
}

void ndg_minibatch_draw(ndg_problem *p, uint64_t step) {
  const uint64_t size = p->inner.batch_size;
  if (size == 0)
    return;
  const ndg_rng root = ndg_rng_root(p->seed);
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++) {
    const ndg_rng task = ndg_rng_stream(&root, "task", ndg_task_number(&p->tasks.labels, t));
    ndg_rng r = ndg_rng_stream(&task, "batch", step);
    draw(&r, p->batch_order, p->tasks.batch_rows, p->batch_swaps, size, p->batch + t * size);
    copy_labels(p, t);
  }
}
