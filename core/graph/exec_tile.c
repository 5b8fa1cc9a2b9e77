/* SPDX-License-Identifier: MIT */
/* Tiles of a chain from and to memory, through every kind of broadcast and stride. */
#include <string.h>

#include "graph/exec_chain.h"

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

uint64_t ndg_load_period(const ndg_worker *w, const ndg_operand *o) {
  if (o->buffer == NDG_NO_BUFFER)
    return 1;
  if (w->program->buffers[o->buffer].per_task)
    return 0;
  uint64_t period = 1;
  uint32_t a = 0;
  while (a < o->n_dims && o->stride[a] == 0)
    a++;
  for (; a < o->n_dims; a++)
    period *= o->dim[a];
  return period;
}

bool ndg_load_repeats(const ndg_worker *w, const ndg_operand *o, uint64_t step) {
  const uint64_t period = ndg_load_period(w, o);
  return period > 0 && step > 0 && step % period == 0;
}

static uint64_t element_bytes(const ndg_worker *w, const ndg_operand *o) {
  return w->program->buffers[o->buffer].element;
}

/* Of task `task`, at element `at` of the buffer. */
static char *address(const ndg_worker *w, const ndg_operand *o, uint64_t task, int64_t at) {
  const int64_t elements = (int64_t)(task * w->program->task_step[o->buffer]) + o->offset + at;
  return ndg_address(w, o->buffer) + elements * (int64_t)element_bytes(w, o);
}

bool ndg_load_is_direct(const ndg_worker *w, const ndg_instruction *x, const ndg_operand *o,
                        uint64_t flat, uint64_t n) {
  if (o->buffer == NDG_NO_BUFFER || o->n_dims > 1 || (o->n_dims == 1 && o->stride[0] != 1))
    return false;
  return flat % x->domain + n <= x->domain || w->program->task_step[o->buffer] == x->domain;
}

char *ndg_load_address(const ndg_worker *w, const ndg_instruction *x, const ndg_operand *o,
                       uint64_t flat) {
  return address(w, o, flat / x->domain, (int64_t)(flat % x->domain));
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

void ndg_load_tile(const ndg_worker *w, const ndg_instruction *x, const ndg_operand *o,
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

static char *store_address(const ndg_worker *w, uint32_t buffer, uint64_t size, uint64_t flat) {
  const uint64_t step = w->program->task_step[buffer];
  return ndg_address(w, buffer) +
         (flat / size * step + flat % size) * w->program->buffers[buffer].element;
}

void *ndg_store_direct(const ndg_worker *w, const ndg_instruction *x, uint64_t flat, uint64_t n) {
  if (flat % x->domain + n > x->domain && w->program->task_step[x->out] != x->domain)
    return NULL;
  return store_address(w, x->out, x->domain, flat);
}

static void store_run(const ndg_worker *w, uint32_t buffer, char *to, uint64_t stride, uint64_t n,
                      ndg_slot from) {
  const ndg_program *p = w->program;
  if (p->buffers[buffer].is_complex)
    p->complex_kernels->join((ndg_complex *)(void *)to, (ptrdiff_t)stride,
                             (ndg_planes){(double *)(void *)from.re, (double *)(void *)from.im}, n);
  else if (stride == 1)
    memmove(to, from.re, n * p->real_bytes);
  else
    p->kernels->put(to, (ptrdiff_t)stride, from.re, n);
}

void ndg_store_tile(const ndg_worker *w, uint32_t buffer, uint64_t size, uint64_t flat, uint64_t n,
                    ndg_slot from) {
  const uint64_t step = w->program->task_step[buffer];
  if (size == 1 || step == size) {
    store_run(w, buffer, store_address(w, buffer, size, flat), size == 1 && step ? step : 1, n,
              from);
    return;
  }
  while (n > 0) {
    const uint64_t run = least(n, size - flat % size);
    store_run(w, buffer, store_address(w, buffer, size, flat), 1, run, from);
    from = advance(w, from, run);
    flat += run;
    n -= run;
  }
}
