/* SPDX-License-Identifier: MIT */
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

void ndg_minibatch_draw(ndg_problem *p, uint64_t step) {
  const uint64_t size = p->inner.batch_size;
  if (size == 0)
    return;
  const ndg_rng root = ndg_rng_root(p->seed);
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++) {
    const ndg_rng task = ndg_rng_stream(&root, "task", t);
    ndg_rng r = ndg_rng_stream(&task, "batch", step);
    draw(&r, p->batch_order, p->tasks.batch_rows, p->batch_swaps, size, p->batch + t * size);
  }
}
