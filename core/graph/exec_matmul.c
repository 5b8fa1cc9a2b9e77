/* SPDX-License-Identifier: MIT */
/* Running products: one call for all tasks where a task's product is small. */
#include "graph/program_internal.h"
#include "tensor/gemm_small.h"

/* A matrix operand in memory. */
typedef struct matrix {
  const char *data;
  uint64_t row; /* elements from one stored row to the next */
  uint64_t task_step;
  uint64_t element;
  bool transposed;
} matrix;

static matrix matrix_of(const ndg_worker *w, const ndg_operand *o) {
  const ndg_buffer *b = &w->program->buffers[o->buffer];
  const bool plain = (o->stride[1] == 1 || o->dim[1] == 1) &&
                     (o->stride[0] >= (int64_t)o->dim[1] || o->dim[0] == 1);
  matrix m = {.element = b->element, .transposed = !plain};
  const uint32_t row_axis = plain ? 0 : 1;
  m.row = o->dim[row_axis] == 1 ? o->dim[!row_axis] : (uint64_t)o->stride[row_axis];
  m.task_step = w->program->task_step[o->buffer];
  m.data = ndg_address(w, o->buffer) + o->offset * (int64_t)b->element;
  return m;
}

static const char *task_data(const matrix *m, uint64_t task) {
  return m->data + task * m->task_step * m->element;
}

static char *output(const ndg_worker *w, const ndg_instruction *x, uint64_t task) {
  const ndg_program *p = w->program;
  return ndg_address(w, x->out) + task * p->task_step[x->out] * p->buffers[x->out].element;
}

/* A real times a complex matrix is a real product with twice the columns. */
static ndg_dtype adapt(const ndg_worker *w, const ndg_instruction *x, ndg_gemm *g) {
  if (x->in[1].is_complex && x->in[0].is_complex)
    return NDG_C128;
  if (x->in[1].is_complex) {
    g->n *= 2;
    g->ldb *= 2;
    g->ldc *= 2;
  }
  return w->program->real;
}

static void product(const ndg_worker *w, const ndg_instruction *x, ndg_gemm g, const void *a,
                    const void *b, void *c) {
  const ndg_dtype dtype = adapt(w, x, &g);
  ndg_gemm_run(dtype, &g, a, b, c, w->scratch);
}

static ndg_gemm shape_of(const ndg_instruction *x, const matrix *a, const matrix *b) {
  return (ndg_gemm){.m = x->m,
                    .n = x->n,
                    .k = x->k,
                    .lda = a->row,
                    .ldb = b->row,
                    .ldc = x->n,
                    .a_transposed = a->transposed,
                    .b_transposed = b->transposed,
                    .b_packed = x->packed};
}

/* Where the row that is added to a task's product lies, if there is one. */
static const void *start_of(const ndg_worker *w, const ndg_instruction *x, uint64_t task,
                            size_t *step) {
  *step = 0;
  if (x->n_in < 3)
    return NULL;
  const ndg_operand *o = &x->in[2];
  *step = w->program->task_step[o->buffer];
  return ndg_address(w, o->buffer) +
         (o->offset + (int64_t)(task * *step)) * (int64_t)w->program->real_bytes;
}

/* Rows [begin, end) of a shared result. */
static uint64_t row_offset(const matrix *a, uint64_t begin) {
  return (a->transposed ? begin : begin * a->row) * a->element;
}

void ndg_exec_pack(const ndg_worker *w, const ndg_instruction *x, uint64_t begin, uint64_t end) {
  const matrix b = matrix_of(w, &x->in[0]);
  const ndg_gemm g = {.n = x->n, .k = x->k, .ldb = b.row, .b_transposed = b.transposed};
  ndg_gemm_pack(w->program->real, &g, b.data, begin, end, output(w, x, 0));
}

/* Small products of all tasks by one call; rows are added to small ones only. */
static bool many_products(const ndg_worker *w, const ndg_instruction *x, const matrix *a,
                          const matrix *b, uint64_t begin, uint64_t end) {
  ndg_gemm g = shape_of(x, a, b);
  ndg_gemm_steps s = {
      .n = end - begin, .a = a->task_step, .b = b->task_step, .c = w->program->task_step[x->out]};
  g.start = start_of(w, x, begin, &s.start);
  const ndg_dtype dtype = adapt(w, x, &g);
  if (!ndg_gemm_is_small(dtype, &g))
    return false;
  if (dtype != NDG_C128 && x->in[1].is_complex) {
    s.b *= 2;
    s.c *= 2;
  }
  ndg_gemm_run_many(dtype, &g, &s, task_data(a, begin), task_data(b, begin), output(w, x, begin),
                    w->scratch);
  return true;
}

void ndg_exec_matmul(const ndg_worker *w, const ndg_instruction *x, uint64_t begin, uint64_t end) {
  const ndg_program *p = w->program;
  const matrix a = matrix_of(w, &x->in[0]), b = matrix_of(w, &x->in[1]);
  ndg_gemm g = shape_of(x, &a, &b);
  size_t step;
  if (!x->per_task) {
    g.m = end - begin;
    g.start = start_of(w, x, 0, &step);
    product(w, x, g, a.data + row_offset(&a, begin), b.data,
            output(w, x, 0) + begin * x->n * p->buffers[x->out].element);
    return;
  }
  /* By the size of one task's product, not of the piece's: bits must not depend on the piece. */
  if (many_products(w, x, &a, &b, begin, end))
    return;
  for (uint64_t t = begin; t < end; t++)
    product(w, x, g, task_data(&a, t), task_data(&b, t), output(w, x, t));
}

void ndg_exec_matmul_sum(const ndg_worker *w, const ndg_instruction *x, uint64_t begin,
                         uint64_t end) {
  const ndg_program *p = w->program;
  const matrix a = matrix_of(w, &x->in[0]), b = matrix_of(w, &x->in[1]);
  const uint64_t skip = row_offset(&a, begin);
  char *c = output(w, x, 0) + begin * x->n * p->buffers[x->out].element;
  ndg_gemm g = shape_of(x, &a, &b);
  g.m = end - begin;
  if (a.transposed && !b.transposed && a.task_step == x->k * a.row && b.task_step == x->k * b.row) {
    g.k *= p->n_tasks;
    product(w, x, g, a.data + skip, b.data, c);
    return;
  }
  for (uint64_t t = 0; t < p->n_tasks; t++) {
    g.accumulate = t > 0;
    product(w, x, g, task_data(&a, t) + skip, task_data(&b, t), c);
  }
}
