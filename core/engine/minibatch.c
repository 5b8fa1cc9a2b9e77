/* SPDX-License-Identifier: MIT */
/* The rows of learn.* and of eval.* arrays that a step of a phase reads. Which ones depends on the
   number of the task and of the step alone, so that phases can be continued and repeated. */
#include <string.h>

#include "base/random.h"
#include "engine/internal.h"

static const struct {
  const char *prefix, *batch, *samples, *stream;
} kinds[NDG_N_ROWS] = {
    [NDG_LEARN_ROWS] = {"learn.", "batch size", "learning samples", "batch"},
    [NDG_EVAL_ROWS] = {"eval.", "evaluation batch size", "evaluation samples", "eval batch"},
};

bool ndg_minibatch_rows_of(const ndg_problem *p, uint64_t array, uint32_t *which) {
  const ndg_array *a = &p->tasks.arrays.arrays[array];
  for (*which = 0; *which < NDG_N_ROWS; ++*which)
    if (a->role == NDG_SAMPLES &&
        strncmp(a->name, kinds[*which].prefix, strlen(kinds[*which].prefix)) == 0)
      return p->batch[*which].size > 0;
  return false;
}

/* Arrays that are drawn from together have equally many rows. */
static ndg_status count_rows(ndg_problem *p, uint32_t which, uint64_t *rows, ndg_error *e) {
  const unsigned long long size = p->batch[which].size;
  const char *batch = kinds[which].batch, *prefix = kinds[which].prefix, *first = NULL;
  for (uint64_t i = 0; i < p->tasks.arrays.n_arrays; i++) {
    const ndg_array *a = &p->tasks.arrays.arrays[i];
    uint32_t of;
    if (!ndg_minibatch_rows_of(p, i, &of) || of != which)
      continue;
    if (first && a->shape.dim[0] != *rows)
      return ndg_fail(e, NDG_EINVAL,
                      "minibatches need as many rows in '%s' (%llu) as in '%s' (%llu)", a->name,
                      (unsigned long long)a->shape.dim[0], first, (unsigned long long)*rows);
    first = a->name;
    *rows = a->shape.dim[0];
  }
  if (!first)
    return ndg_fail(e, NDG_EINVAL,
                    "%s %llu: these tasks have no %s* arrays of samples to draw from; use %s 0 "
                    "(all samples)",
                    batch, size, prefix, batch);
  if (size > *rows || *rows > INT32_MAX)
    return ndg_fail(e, NDG_EINVAL, "%s %llu: a task has %llu %s", batch, size,
                    (unsigned long long)*rows, kinds[which].samples);
  return NDG_OK;
}

static ndg_status open_rows(ndg_problem *p, uint32_t which, ndg_error *e) {
  ndg_minibatch *m = &p->batch[which];
  const size_t n_tasks = (size_t)p->tasks.arrays.n_tasks;
  if (m->size == 0)
    return NDG_OK;
  const ndg_status st = count_rows(p, which, &m->rows, e);
  if (st < 0)
    return st;
  /* Epochs are drawn once and then walked through, so each task keeps its own. */
  const size_t orders = p->inner.sampling == NDG_SAMPLE_EPOCHS ? n_tasks : 1;
  m->chosen = ndg_calloc(n_tasks * (size_t)m->size, sizeof *m->chosen);
  m->order = ndg_calloc(orders * (size_t)m->rows, sizeof *m->order);
  m->swaps = ndg_calloc((size_t)m->size, sizeof *m->swaps);
  m->epoch = ndg_calloc(n_tasks, sizeof *m->epoch);
  if (!m->chosen || !m->order || !m->swaps || !m->epoch)
    return ndg_no_memory(e, "minibatch indices");
  for (uint64_t i = 0; i < m->rows; i++)
    m->order[i] = (int32_t)i;
  return NDG_OK;
}

/* A graph gathers real rows only; those of index arrays are copied when a minibatch is drawn. */
static ndg_status open_labels(ndg_problem *p, ndg_error *e) {
  const ndg_task_arrays *tasks = &p->tasks.arrays;
  p->batch_labels = ndg_calloc((size_t)tasks->n_arrays, sizeof *p->batch_labels);
  if (!p->batch_labels)
    return ndg_no_memory(e, "minibatch labels");
  for (uint64_t i = 0; i < tasks->n_arrays; i++) {
    const ndg_array *a = &tasks->arrays[i];
    uint32_t which;
    if (a->kind != NDG_INDEX || !ndg_minibatch_rows_of(p, i, &which))
      continue;
    const uint64_t row = ndg_shape_size(&a->shape) / a->shape.dim[0];
    p->batch_labels[i] =
        ndg_calloc((size_t)(tasks->n_tasks * p->batch[which].size * row), sizeof(int32_t));
    if (!p->batch_labels[i])
      return ndg_no_memory(e, "minibatch labels");
  }
  return NDG_OK;
}

ndg_status ndg_minibatches_open(ndg_problem *p, ndg_error *e) {
  ndg_status st = NDG_OK;
  p->batch[NDG_LEARN_ROWS].size = p->inner.batch_size;
  p->batch[NDG_EVAL_ROWS].size = p->inner.eval_batch_size;
  for (uint32_t which = 0; st >= 0 && which < NDG_N_ROWS; which++)
    st = open_rows(p, which, e);
  return st < 0 ? st : open_labels(p, e);
}

void ndg_minibatches_close(ndg_problem *p) {
  for (uint64_t i = 0; p->batch_labels && i < p->tasks.arrays.n_arrays; i++)
    ndg_free(p->batch_labels[i]);
  ndg_free(p->batch_labels);
  for (uint32_t which = 0; which < NDG_N_ROWS; which++) {
    ndg_minibatch *m = &p->batch[which];
    ndg_free(m->chosen);
    ndg_free(m->order);
    ndg_free(m->swaps);
    ndg_free(m->epoch);
  }
}

bool ndg_minibatches_serve(const ndg_problem *p, uint32_t loss) {
  return (loss != NDG_EVAL_LOSS && p->batch[NDG_LEARN_ROWS].size > 0) ||
         (loss != NDG_LEARN_LOSS && p->batch[NDG_EVAL_ROWS].size > 0);
}

/* The first `size` entries of a Fisher–Yates shuffle of 0 .. rows - 1, without repetition. The
   order is put back in place, so that a draw costs the batch and not the data set. */
static void draw_independent(ndg_rng *r, const ndg_minibatch *m, int32_t *out) {
  int32_t *order = m->order;
  for (uint64_t i = 0; i < m->size; i++) {
    const uint64_t j = i + ndg_rng_below(r, m->rows - i);
    const int32_t chosen = order[j];
    order[j] = order[i];
    order[i] = chosen;
    m->swaps[i] = (int32_t)j;
    out[i] = chosen;
  }
  for (uint64_t i = m->size; i-- > 0;) {
    const int32_t j = m->swaps[i], back = order[j];
    order[j] = order[i];
    order[i] = back;
  }
}

static void shuffle(ndg_rng *r, int32_t *order, uint64_t rows) {
  for (uint64_t i = 0; i < rows; i++)
    order[i] = (int32_t)i;
  for (uint64_t i = rows; i > 1; i--) {
    const uint64_t j = ndg_rng_below(r, i);
    const int32_t last = order[i - 1];
    order[i - 1] = order[j];
    order[j] = last;
  }
}

/* Epoch after epoch of all rows, each in an order of its own; a batch may reach into the next. */
static void draw_epochs(const ndg_rng *task, ndg_minibatch *m, uint64_t t, uint64_t step,
                        int32_t *out) {
  int32_t *order = m->order + t * m->rows;
  for (uint64_t i = 0, at = step * m->size; i < m->size; i++, at++) {
    const uint64_t epoch = at / m->rows;
    if (m->epoch[t] != epoch + 1) {
      ndg_rng r = ndg_rng_stream(task, "epoch", epoch);
      shuffle(&r, order, m->rows);
      m->epoch[t] = epoch + 1;
    }
    out[i] = order[at % m->rows];
  }
}

static void draw_in_order(const ndg_minibatch *m, uint64_t step, int32_t *out) {
  for (uint64_t i = 0, at = step * m->size; i < m->size; i++, at++)
    out[i] = (int32_t)(at % m->rows);
}

static void copy_labels(ndg_problem *p, uint32_t which, uint64_t task) {
  const uint64_t size = p->batch[which].size;
  const int32_t *chosen = p->batch[which].chosen + task * size;
  for (uint64_t i = 0; i < p->tasks.arrays.n_arrays; i++) {
    uint32_t of;
    if (!p->batch_labels[i] || !ndg_minibatch_rows_of(p, i, &of) || of != which)
      continue;
    const ndg_array *a = &p->tasks.arrays.arrays[i];
    const uint64_t length = ndg_shape_size(&a->shape), row = length / a->shape.dim[0];
    const int32_t *from = (const int32_t *)a->data + task * length;
    int32_t *to = p->batch_labels[i] + task * size * row;
    for (uint64_t k = 0; k < size; k++)
      memcpy(to + k * row, from + (uint64_t)chosen[k] * row, (size_t)row * sizeof *to);
  }
}

static void draw(ndg_problem *p, uint32_t which, uint64_t step, uint64_t in_phase) {
  ndg_minibatch *m = &p->batch[which];
  const ndg_rng root = ndg_rng_root(p->seed);
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++) {
    const ndg_rng task = ndg_rng_stream(&root, "task", ndg_task_number(&p->tasks.labels, t));
    ndg_rng r = ndg_rng_stream(&task, kinds[which].stream, step);
    int32_t *out = m->chosen + t * m->size;
    if (p->inner.sampling == NDG_SAMPLE_INDEPENDENT)
      draw_independent(&r, m, out);
    else if (which == NDG_LEARN_ROWS)
      draw_epochs(&task, m, t, step, out);
    else
      draw_in_order(m, in_phase, out);
    copy_labels(p, which, t);
  }
}

void ndg_minibatches_draw(ndg_problem *p, uint32_t loss, uint64_t step, uint64_t in_phase) {
  if (loss != NDG_EVAL_LOSS && p->batch[NDG_LEARN_ROWS].size > 0)
    draw(p, NDG_LEARN_ROWS, step, in_phase);
  if (loss != NDG_LEARN_LOSS && p->batch[NDG_EVAL_ROWS].size > 0)
    draw(p, NDG_EVAL_ROWS, step, in_phase);
}

void ndg_minibatches_forget(ndg_problem *p) {
  for (uint32_t which = 0; which < NDG_N_ROWS; which++)
    if (p->batch[which].epoch)
      memset(p->batch[which].epoch, 0,
             (size_t)p->tasks.arrays.n_tasks * sizeof *p->batch[which].epoch);
}
