/* SPDX-License-Identifier: MIT */
/* Tiles of a chain from and to memory: in the usual orders by one kernel, in all others axis by
   axis. */
#include <string.h>

#include "graph/exec_chain.h"

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

bool ndg_load_repeats(const ndg_instruction *x, uint32_t i, uint64_t step) {
  const uint64_t period = x->reading[i].period;
  return period == 1 || (period > 0 && step > 0 && step % period == 0);
}

static uint64_t element_bytes(const ndg_worker *w, const ndg_operand *o) {
  return w->program->buffers[o->buffer].element;
}

/* Of task `task`, at element `at` of the buffer. */
static char *address(const ndg_worker *w, const ndg_operand *o, uint64_t task, int64_t at) {
  const int64_t elements = (int64_t)(task * w->program->task_step[o->buffer]) + o->offset + at;
  return ndg_address(w, o->buffer) + elements * (int64_t)element_bytes(w, o);
}

static ndg_slot advance(const ndg_worker *w, ndg_slot s, uint64_t n) {
  return (ndg_slot){s.re + n * w->program->real_bytes, s.im + n * w->program->real_bytes};
}

/* n elements `stride` apart. */
static void load_run(const ndg_worker *w, const ndg_operand *o, const char *from, int64_t stride,
                     uint64_t n, ndg_slot to) {
  const ndg_program *p = w->program;
  if (o->is_complex)
    p->complex_kernels->split((ndg_planes){(double *)(void *)to.re, (double *)(void *)to.im},
                              (const ndg_complex *)(const void *)from, (ptrdiff_t)stride, n);
  else if (stride == 1)
    memcpy(to.re, from, n * p->real_bytes);
  else
    p->kernels->take(to.re, from, (ptrdiff_t)stride, n);
}

/* Elements [at, at + n) of one task, along the last axis run by run. */
static void load_task(const ndg_worker *w, const ndg_operand *o, uint64_t task, uint64_t at,
                      uint64_t n, ndg_slot to) {
  const uint32_t last = o->n_dims ? o->n_dims - 1 : 0;
  const int64_t bytes = (int64_t)element_bytes(w, o);
  uint64_t coordinate[NDG_MAX_DIMS] = {0};
  int64_t offset = 0;
  for (uint32_t a = o->n_dims; a-- > 0; at /= o->dim[a]) {
    coordinate[a] = at % o->dim[a];
    offset += (int64_t)coordinate[a] * o->stride[a];
  }
  const char *from = address(w, o, task, offset);
  while (true) {
    const uint64_t run = least(n, o->dim[last] - coordinate[last]);
    load_run(w, o, from, o->stride[last], run, to);
    n -= run;
    if (n == 0)
      return;
    to = advance(w, to, run);
    from -= (int64_t)coordinate[last] * o->stride[last] * bytes;
    coordinate[last] = 0;
    for (uint32_t a = last; a-- > 0;) {
      from += o->stride[a] * bytes;
      if (++coordinate[a] < o->dim[a])
        break;
      from -= (int64_t)o->dim[a] * o->stride[a] * bytes;
      coordinate[a] = 0;
    }
  }
}

/* In any order: axis by axis. */
static void load_any(const ndg_worker *w, const ndg_instruction *x, const ndg_operand *o,
                     uint64_t flat, uint64_t n, ndg_slot to) {
  if (o->buffer == NDG_NO_BUFFER) {
    w->program->kernels->fill(to.re, o->value, n);
    return;
  }
  if (x->domain == 1) { /* one number per task: tasks are the only axis */
    load_run(w, o, address(w, o, flat, 0), (int64_t)w->program->task_step[o->buffer], n, to);
    return;
  }
  while (n > 0) {
    const uint64_t at = flat % x->domain, run = least(n, x->domain - at);
    load_task(w, o, flat / x->domain, at, run, to);
    to = advance(w, to, run);
    flat += run;
    n -= run;
  }
}

/* Runs of the same numbers: `first` more of the first one, then `repeat` of each. */
static void load_repeats(const ndg_program *p, const ndg_reading *r, uint64_t row, uint64_t rows,
                         const char *base, char *to) {
  const ptrdiff_t length = (ptrdiff_t)r->length;
  while (rows > 0) {
    const uint64_t n = least(rows, r->repeat - row % r->repeat);
    p->kernels->copy_rows(to, length,
                          base + (int64_t)(row / r->repeat) * r->step * (int64_t)p->real_bytes, 0,
                          n, r->length);
    to += n * r->length * p->real_bytes;
    row += n;
    rows -= n;
  }
}

ndg_slot ndg_load(const ndg_worker *w, const ndg_instruction *x, uint32_t i, uint64_t flat,
                  uint64_t n, ndg_slot tile) {
  const ndg_program *p = w->program;
  const ndg_operand *o = &x->in[i];
  const ndg_reading *r = &x->reading[i];
  const int64_t bytes = (int64_t)p->real_bytes;
  if (r->kind == NDG_READ_ANY) {
    load_any(w, x, o, flat, n, tile);
    return tile;
  }
  const char *base = ndg_address(w, o->buffer) + o->offset * bytes;
  if (r->kind == NDG_READ_DIRECT)
    return (ndg_slot){(char *)(uintptr_t)base + (int64_t)flat * bytes, tile.im};
  const uint64_t row = flat / r->length, at = flat - row * r->length;
  if (r->kind == NDG_READ_ROWS && at + n <= r->length)
    return (ndg_slot){(char *)(uintptr_t)base + ((int64_t)row * r->step + (int64_t)at) * bytes,
                      tile.im};
  if (r->kind == NDG_READ_EACH && at + n <= r->length) {
    p->kernels->spread(tile.re, base + (int64_t)row * r->step * bytes, 0, 1, n);
    return tile;
  }
  if (at > 0 || n % r->length > 0) {
    load_any(w, x, o, flat, n, tile);
    return tile;
  }
  const uint64_t rows = n / r->length;
  const char *from = base + (int64_t)row * r->step * bytes;
  if (r->kind == NDG_READ_STRIDED)
    p->kernels->take(tile.re, from, r->step, n);
  else if (r->kind == NDG_READ_ROWS)
    p->kernels->copy_rows(tile.re, (ptrdiff_t)r->length, from, r->step, rows, r->length);
  else if (r->kind == NDG_READ_EACH)
    p->kernels->spread(tile.re, from, r->step, rows, r->length);
  else
    load_repeats(p, r, row, rows, base, tile.re);
  return tile;
}

void *ndg_store_direct(const ndg_worker *w, uint32_t buffer, const ndg_reading *r, uint64_t flat,
                       uint64_t n) {
  const int64_t bytes = (int64_t)w->program->real_bytes;
  char *base = ndg_address(w, buffer);
  if (r->kind == NDG_READ_DIRECT)
    return base + (int64_t)flat * bytes;
  if (r->kind != NDG_READ_ROWS)
    return NULL;
  const uint64_t row = flat / r->length, at = flat - row * r->length;
  return at + n <= r->length ? base + ((int64_t)row * r->step + (int64_t)at) * bytes : NULL;
}

static void store_any(const ndg_worker *w, uint32_t buffer, uint64_t flat, uint64_t n,
                      ndg_slot from) {
  const ndg_program *p = w->program;
  const ndg_buffer *b = &p->buffers[buffer];
  const uint64_t size = b->size, step = p->task_step[buffer];
  while (n > 0) {
    const uint64_t run = least(n, size - flat % size);
    char *to = ndg_address(w, buffer) + (flat / size * step + flat % size) * b->element;
    if (b->is_complex)
      p->complex_kernels->join((ndg_complex *)(void *)to, 1,
                               (ndg_planes){(double *)(void *)from.re, (double *)(void *)from.im},
                               run);
    else
      memcpy(to, from.re, run * p->real_bytes);
    from = advance(w, from, run);
    flat += run;
    n -= run;
  }
}

void ndg_store_tile(const ndg_worker *w, uint32_t buffer, const ndg_reading *r, uint64_t flat,
                    uint64_t n, ndg_slot from) {
  const ndg_program *p = w->program;
  const int64_t bytes = (int64_t)p->real_bytes;
  char *base = ndg_address(w, buffer);
  if (r->kind == NDG_READ_DIRECT)
    memcpy(base + (int64_t)flat * bytes, from.re, n * p->real_bytes);
  else if (r->kind == NDG_READ_STRIDED)
    p->kernels->put(base + (int64_t)flat * r->step * bytes, r->step, from.re, n);
  else if (r->kind == NDG_READ_ROWS && flat % r->length == 0 && n % r->length == 0)
    p->kernels->copy_rows(base + (int64_t)(flat / r->length) * r->step * bytes, r->step, from.re,
                          (ptrdiff_t)r->length, n / r->length, r->length);
  else
    store_any(w, buffer, flat, n, from);
}

ndg_slot ndg_load_tasks(const ndg_worker *w, const ndg_instruction *x, uint32_t i, uint64_t task,
                        uint64_t n_tasks, ndg_slot tile) {
  const ndg_real_kernels *k = w->program->kernels;
  const ndg_operand *o = &x->in[i];
  const ndg_reading *r = &x->reading[i];
  const int64_t bytes = (int64_t)w->program->real_bytes;
  if (r->in_place)
    return ndg_load_in_place(w, x, i, task, n_tasks, tile);
  if (r->kind == NDG_READ_ANY || r->runs == 0)
    return ndg_load(w, x, i, task * x->domain, n_tasks * x->domain, tile);
  const char *base = ndg_address(w, o->buffer) + o->offset * bytes;
  const char *from = base + (int64_t)(task * r->runs) * r->step * bytes;
  const uint64_t runs = n_tasks * r->runs;
  const ptrdiff_t length = (ptrdiff_t)r->length;
  if (r->kind == NDG_READ_DIRECT)
    return (ndg_slot){(char *)(uintptr_t)base + (int64_t)(task * x->domain) * bytes, tile.im};
  if (r->kind == NDG_READ_ROWS && runs == 1)
    return (ndg_slot){(char *)(uintptr_t)from, tile.im};
  if (r->kind == NDG_READ_STRIDED)
    k->take(tile.re, from, r->step, runs);
  else if (r->kind == NDG_READ_ROWS)
    k->copy_rows(tile.re, length, from, r->step, runs, r->length);
  else if (r->kind == NDG_READ_EACH)
    k->spread(tile.re, from, r->step, runs, r->length);
  else
    for (uint64_t t = 0; t < runs; t++)
      k->copy_rows(tile.re + t * r->repeat * r->length * (uint64_t)bytes, length,
                   from + (int64_t)t * r->step * bytes, 0, r->repeat, r->length);
  return tile;
}

static char *store_address(const ndg_worker *w, const ndg_result *q, uint64_t task) {
  return ndg_address(w, q->buffer) +
         task * w->program->task_step[q->buffer] * w->program->real_bytes;
}

void *ndg_store_tasks_direct(const ndg_worker *w, const ndg_result *q, uint64_t task,
                             uint64_t n_tasks) {
  return n_tasks == 1 || q->in_place || q->reading.kind == NDG_READ_DIRECT
             ? store_address(w, q, task)
             : NULL;
}

void ndg_store_tasks(const ndg_worker *w, const ndg_result *q, uint64_t task, uint64_t n_tasks,
                     ndg_slot from) {
  const ptrdiff_t step = (ptrdiff_t)w->program->task_step[q->buffer];
  if (q->reading.kind == NDG_READ_DIRECT)
    memcpy(store_address(w, q, task), from.re, n_tasks * q->size * w->program->real_bytes);
  else
    w->program->kernels->copy_rows(store_address(w, q, task), step, from.re, (ptrdiff_t)q->size,
                                   n_tasks, q->size);
}
