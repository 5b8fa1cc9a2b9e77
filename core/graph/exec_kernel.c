/* SPDX-License-Identifier: MIT */
/* Running the operations that have a kernel of their own. An index outside its range gives NaN in
   every element that depends on it. */
#include <math.h>
#include <string.h>

#include "graph/program_internal.h"

#define CACHE_LINE 64
/* Of a row to come: a quarter of a first-level cache. */
#define MAX_FETCH 8192

static char *task_address(const ndg_worker *w, uint32_t buffer, uint64_t task) {
  const ndg_program *p = w->program;
  return ndg_address(w, buffer) + task * p->task_step[buffer] * p->buffers[buffer].element;
}

static char *operand_address(const ndg_worker *w, const ndg_operand *o, uint64_t task) {
  return task_address(w, o->buffer, task) +
         o->offset * (int64_t)w->program->buffers[o->buffer].element;
}

/* The units [begin, end) as tasks and, for shared results, rows of the only one. */
typedef struct span {
  uint64_t first_task, last_task, first_row, last_row;
} span;

static span span_of(const ndg_instruction *x, uint64_t rows, uint64_t begin, uint64_t end) {
  if (x->per_task)
    return (span){begin, end, 0, rows};
  /* rows of the result per unit: all of them if it cannot be cut */
  const uint64_t q = rows / x->rows;
  return (span){0, 1, begin * q, end * q};
}

static void set_nan(const ndg_program *p, bool is_complex, char *y, uint64_t n) {
  p->kernels->fill(y, NAN, is_complex ? 2 * n : n);
}

/* Real numbers that make up n elements of a buffer. */
static uint64_t reals(const ndg_program *p, uint32_t buffer, uint64_t n) {
  return p->buffers[buffer].is_complex ? 2 * n : n;
}

uint64_t ndg_log_sum_exp_scratch(const ndg_program *p, const ndg_instruction *x) {
  const uint64_t columns = x->reduced, block = columns < p->tile ? p->tile : columns;
  /* planes, result and work, all for `block` elements in at most as many rows */
  return p->real_bytes * (x->in[0].is_complex ? 2 * block + 2 * block + 4 * block : 2 * block) +
         NDG_ALIGNMENT;
}

static void log_sum_exp_complex(const ndg_worker *w, const char *from, char *to, uint64_t rows,
                                uint64_t columns) {
  const ndg_complex_kernels *k = w->program->complex_kernels;
  const uint64_t n = rows * columns;
  double *s = (double *)(void *)w->scratch;
  const ndg_planes x = {s, s + n}, y = {s + 2 * n, s + 3 * n};
  k->split(x, (const ndg_complex *)(const void *)from, 1, n);
  k->log_sum_exp(y, x, rows, columns, s + 4 * n);
  k->join((ndg_complex *)(void *)to, 1, y, rows);
}

void ndg_exec_log_sum_exp(const ndg_worker *w, const ndg_instruction *x, uint64_t begin,
                          uint64_t end) {
  const ndg_program *p = w->program;
  const uint64_t columns = x->reduced;
  const uint64_t block = columns < p->tile ? p->tile / columns : 1;
  const uint64_t in_bytes = p->buffers[x->in[0].buffer].element;
  const uint64_t out_bytes = p->buffers[x->out].element;
  const span s = span_of(x, x->outer, begin, end);
  for (uint64_t t = s.first_task; t < s.last_task; t++) {
    const char *from = operand_address(w, &x->in[0], t);
    char *to = task_address(w, x->out, t);
    for (uint64_t r = s.first_row; r < s.last_row; r += block) {
      const uint64_t rows = s.last_row - r < block ? s.last_row - r : block;
      if (x->in[0].is_complex)
        log_sum_exp_complex(w, from + r * columns * in_bytes, to + r * out_bytes, rows, columns);
      else
        p->kernels->log_sum_exp(to + r * out_bytes, from + r * columns * in_bytes, rows, columns,
                                w->scratch);
    }
  }
}

void ndg_exec_sum_tasks(const ndg_worker *w, const ndg_instruction *x, uint64_t begin,
                        uint64_t end) {
  const ndg_program *p = w->program;
  const uint64_t row = ndg_shape_size(&x->shape) / x->rows, element = p->buffers[x->out].element;
  const ndg_map2 add = p->kernels->binary[NDG_OP_ADD - NDG_FIRST_BINARY];
  const uint64_t n = (end - begin) * row, skip = begin * row * element;
  char *y = task_address(w, x->out, 0) + skip;
  memcpy(y, operand_address(w, &x->in[0], 0) + skip, n * element);
  for (uint64_t t = 1; t < p->n_tasks; t++)
    add(y, y, operand_address(w, &x->in[0], t) + skip, reals(p, x->out, n));
}

/* Writes `n` pieces of `bytes` into rows that are `length` bytes long; `from` NULL: zeros. */
static void write_column(char *to, uint64_t length, const char *from, uint64_t bytes, uint64_t n) {
  for (uint64_t i = 0; i < n && bytes > 0; i++) {
    if (from)
      memcpy(to + i * length, from + i * bytes, bytes);
    else
      memset(to + i * length, 0, bytes);
  }
}

/* Dense operands one after the other along an axis, zeros where there is none. */
void ndg_exec_concat(const ndg_worker *w, const ndg_instruction *x, uint64_t begin, uint64_t end) {
  const uint64_t unit = x->inner * w->program->buffers[x->out].element;
  const uint64_t length = x->reduced * unit; /* bytes of the result along the axis */
  const span s = span_of(x, x->outer, begin, end);
  const uint64_t n = s.last_row - s.first_row;
  for (uint64_t t = s.first_task; t < s.last_task; t++) {
    char *to = task_address(w, x->out, t) + s.first_row * length;
    uint64_t at = 0;
    for (uint32_t i = 0; i < x->n_in; i++) {
      const uint64_t start = x->start[i] * unit, bytes = x->in[i].dim[x->axis] * unit;
      const char *from = operand_address(w, &x->in[i], t) + s.first_row * bytes;
      write_column(to + at, length, NULL, start - at, n);
      write_column(to + start, length, from, bytes, n);
      at = start + bytes;
    }
    write_column(to + at, length, NULL, length - at, n);
  }
}

static const int32_t *index_address(const ndg_worker *w, const ndg_instruction *x, uint64_t task) {
  return (const int32_t *)(const void *)operand_address(w, &x->in[1], task);
}

static bool in_range(int32_t index, uint64_t n) {
  return index >= 0 && (uint64_t)index < n;
}

/* Asks for a row that is copied soon: chosen ones follow no order that a processor would see. */
static void fetch_row(const char *row, uint64_t bytes) {
  for (uint64_t b = 0; b < bytes && b < MAX_FETCH; b += CACHE_LINE)
    __builtin_prefetch(row + b);
}

/* Rows of a dense operand, `inner` elements each. */
void ndg_exec_gather(const ndg_worker *w, const ndg_instruction *x, uint64_t begin, uint64_t end) {
  const ndg_program *p = w->program;
  const uint64_t bytes = x->inner * p->buffers[x->out].element, n = x->in[0].dim[0];
  const span s = span_of(x, x->shape.dim[0], begin, end);
  for (uint64_t t = s.first_task; t < s.last_task; t++) {
    const int32_t *index = index_address(w, x, t);
    const char *from = operand_address(w, &x->in[0], t);
    char *to = task_address(w, x->out, t);
    for (uint64_t r = s.first_row; r < s.last_row; r++) {
      if (r + 1 < s.last_row && in_range(index[r + 1], n))
        fetch_row(from + (uint64_t)index[r + 1] * bytes, bytes);
      if (in_range(index[r], n))
        memcpy(to + r * bytes, from + (uint64_t)index[r] * bytes, bytes);
      else
        set_nan(p, x->in[0].is_complex, to + r * bytes, x->inner);
    }
  }
}

/* In order of the index list, so that the sums do not depend on how the work is cut. */
void ndg_exec_scatter_add(const ndg_worker *w, const ndg_instruction *x, uint64_t begin,
                          uint64_t end) {
  const ndg_program *p = w->program;
  const uint64_t bytes = x->inner * p->buffers[x->out].element, n = x->shape.dim[0];
  const ndg_map2 add = p->kernels->binary[NDG_OP_ADD - NDG_FIRST_BINARY];
  const span s = span_of(x, 1, begin, end);
  for (uint64_t t = s.first_task; t < s.last_task; t++) {
    const int32_t *index = index_address(w, x, t);
    const char *from = operand_address(w, &x->in[0], t);
    char *to = task_address(w, x->out, t);
    memset(to, 0, n * bytes);
    for (uint64_t r = 0; r < x->in[0].dim[0]; r++) {
      if (in_range(index[r], n)) {
        char *row = to + (uint64_t)index[r] * bytes;
        add(row, row, from + r * bytes, reals(p, x->out, x->inner));
      } else {
        set_nan(p, x->in[0].is_complex, to, n * x->inner);
      }
    }
  }
}

void ndg_exec_pick(const ndg_worker *w, const ndg_instruction *x, uint64_t begin, uint64_t end) {
  const ndg_program *p = w->program;
  const ndg_operand *o = &x->in[0];
  const int64_t element = (int64_t)p->buffers[x->out].element;
  const span s = span_of(x, o->dim[0], begin, end);
  for (uint64_t t = s.first_task; t < s.last_task; t++) {
    const int32_t *index = index_address(w, x, t);
    const char *from = operand_address(w, o, t);
    char *to = task_address(w, x->out, t);
    for (uint64_t r = s.first_row; r < s.last_row; r++) {
      const int64_t at = (int64_t)r * o->stride[0] + index[r] * o->stride[1];
      if (in_range(index[r], o->dim[1]))
        memcpy(to + (int64_t)r * element, from + at * element, (size_t)element);
      else
        set_nan(p, o->is_complex, to + (int64_t)r * element, 1);
    }
  }
}

void ndg_exec_place(const ndg_worker *w, const ndg_instruction *x, uint64_t begin, uint64_t end) {
  const ndg_program *p = w->program;
  const ndg_operand *o = &x->in[0];
  const int64_t element = (int64_t)p->buffers[x->out].element;
  const uint64_t columns = x->shape.dim[1], bytes = columns * (uint64_t)element;
  const span s = span_of(x, o->dim[0], begin, end);
  for (uint64_t t = s.first_task; t < s.last_task; t++) {
    const int32_t *index = index_address(w, x, t);
    const char *from = operand_address(w, o, t);
    char *to = task_address(w, x->out, t);
    for (uint64_t r = s.first_row; r < s.last_row; r++) {
      char *row = to + r * bytes;
      memset(row, 0, bytes);
      if (in_range(index[r], columns))
        memcpy(row + index[r] * element, from + (int64_t)r * o->stride[0] * element,
               (size_t)element);
      else
        set_nan(p, o->is_complex, row, columns);
    }
  }
}
