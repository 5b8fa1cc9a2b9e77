/* SPDX-License-Identifier: MIT */
#include "compiled.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/dtype.h"

enum { GUARD = 64, PATTERN = 0x5a };

static void put(ndg_dtype dtype, void *to, uint64_t i, wide value) {
  switch (dtype) {
  case NDG_F32:
    ((float *)to)[i] = (float)creall(value);
    break;
  case NDG_F64:
    ((double *)to)[i] = (double)creall(value);
    break;
  case NDG_LONG_DOUBLE:
    ((long double *)to)[i] = creall(value);
    break;
  default:
    ((ndg_complex *)to)[i] = (ndg_complex){(double)creall(value), (double)cimagl(value)};
    break;
  }
}

static wide get(ndg_dtype dtype, const void *from, uint64_t i) {
  switch (dtype) {
  case NDG_F32:
    return ((const float *)from)[i];
  case NDG_F64:
    return ((const double *)from)[i];
  case NDG_LONG_DOUBLE:
    return ((const long double *)from)[i];
  default:
    return ((const ndg_complex *)from)[i].re + I * ((const ndg_complex *)from)[i].im;
  }
}

static uint64_t size_of(const compiled *c, ndg_node n) {
  const ndg_shape s = ndg_graph_get(c->sample->graph, n)->shape;
  return ndg_shape_size(&s);
}

static uint64_t tasks_of(const compiled *c, ndg_node n) {
  return ndg_graph_get(c->sample->graph, n)->per_task ? c->sample->n_tasks : 1;
}

static ndg_dtype input_dtype(const compiled *c, ndg_node n) {
  const ndg_graph_node *node = ndg_graph_get(c->sample->graph, n);
  if (node->kind == NDG_INDEX)
    return NDG_I32;
  const bool data = (node->attr.i[1] & NDG_INPUT_DATA) != 0;
  return data && c->dtype == NDG_C128 ? NDG_F64 : c->dtype;
}

/* Memory between guards, as little aligned as the element allows. */
static ndg_binding make_binding(void **memory, ndg_dtype dtype, uint64_t n_tasks, uint64_t stride) {
  const size_t element = ndg_dtype_size(dtype);
  const size_t bytes = n_tasks * stride * element + 2 * GUARD + element;
  *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  ck_assert_ptr_nonnull(*memory);
  memset(*memory, PATTERN, bytes);
  return (ndg_binding){(char *)*memory + GUARD + element, stride};
}

static void bind_input(compiled *c, uint32_t i, uint64_t gap) {
  const uint32_t number = ndg_program_input_number(c->program, i);
  const ndg_node n = sample_input_node(c->sample->graph, number);
  const uint64_t size = size_of(c, n), stride = size + gap;
  const ndg_dtype dtype = input_dtype(c, n);
  c->in[i] = make_binding(&c->memory[i], dtype, tasks_of(c, n), stride);
  for (uint64_t t = 0; t < tasks_of(c, n); t++)
    for (uint64_t k = 0; k < size; k++) {
      if (dtype == NDG_I32)
        ((int32_t *)c->in[i].data)[t * stride + k] = c->sample->index[number][t * size + k];
      else
        put(dtype, c->in[i].data, t * stride + k, c->sample->value[number][t * size + k]);
    }
}

void compiled_begin(compiled *c, const sample *s, ndg_dtype dtype, uint32_t n_outputs,
                    const ndg_node *outputs, uint64_t gap, ndg_pool *pool) {
  ndg_error e = {0};
  memset(c, 0, sizeof *c);
  c->sample = s;
  c->dtype = dtype;
  c->n_outputs = n_outputs;
  memcpy(c->output, outputs, n_outputs * sizeof *outputs);
  const ndg_status st =
      ndg_program_compile(s->graph, n_outputs, outputs, dtype, s->n_tasks, pool, &c->program, &e);
  ck_assert_msg(st == NDG_OK, "compile: %s", e.text);
  for (uint32_t i = 0; i < ndg_program_input_count(c->program); i++)
    bind_input(c, i, gap);
  for (uint32_t j = 0; j < n_outputs; j++)
    c->out[j] = make_binding(&c->memory[SAMPLE_MAX_INPUTS + j], dtype, tasks_of(c, outputs[j]),
                             size_of(c, outputs[j]) + gap);
}

void compiled_end(compiled *c) {
  for (uint32_t i = 0; i < SAMPLE_MAX_INPUTS + COMPILED_MAX_OUTPUTS; i++)
    free(c->memory[i]);
  ndg_program_destroy(c->program);
}

static void check_untouched(const char *from, const char *to, uint32_t j) {
  for (; from < to; from++)
    ck_assert_msg(*from == PATTERN, "output %u: written outside", j);
}

void compiled_run(compiled *c) {
  const size_t element = ndg_dtype_size(c->dtype);
  ndg_program_run(c->program, c->in, c->out);
  for (uint32_t j = 0; j < c->n_outputs; j++) {
    const char *begin = c->memory[SAMPLE_MAX_INPUTS + j], *data = c->out[j].data;
    check_untouched(begin, data, j);
    const uint64_t size = size_of(c, c->output[j]), stride = c->out[j].task_stride;
    const uint64_t n = tasks_of(c, c->output[j]);
    for (uint64_t t = 0; t < n; t++)
      check_untouched(data + (t * stride + size) * element, data + (t + 1) * stride * element, j);
    check_untouched(data + n * stride * element, data + n * stride * element + GUARD, j);
  }
}

wide *compiled_value(const compiled *c, uint32_t j) {
  const uint64_t size = size_of(c, c->output[j]), n = tasks_of(c, c->output[j]);
  wide *value = calloc(n * size + 1, sizeof *value);
  ck_assert_ptr_nonnull(value);
  for (uint64_t t = 0; t < n; t++)
    for (uint64_t k = 0; k < size; k++)
      value[t * size + k] = get(c->dtype, c->out[j].data, t * c->out[j].task_stride + k);
  return value;
}

uint64_t compiled_bytes(const compiled *c, uint32_t j) {
  return tasks_of(c, c->output[j]) * c->out[j].task_stride * ndg_dtype_size(c->dtype);
}

long double compiled_tolerance(ndg_dtype dtype) {
  return dtype == NDG_F32 ? 1e-4L : dtype == NDG_LONG_DOUBLE ? 1e-16L : 1e-13L;
}

void compiled_check(const sample *s, ndg_dtype dtype, uint32_t n_outputs, const ndg_node *outputs,
                    uint64_t gap, ndg_pool *pool, long double tolerance, const char *what) {
  compiled c;
  compiled_begin(&c, s, dtype, n_outputs, outputs, gap, pool);
  compiled_run(&c);
  for (uint32_t j = 0; j < n_outputs; j++) {
    const uint64_t n = sample_count(s->graph, outputs[j], s->n_tasks);
    wide *expected = sample_evaluate(s, dtype, outputs[j]), *value = compiled_value(&c, j);
    long double allowed = tolerance * (1 + sample_norm(n, expected));
    if (dtype != NDG_C128) { /* where the problem magnifies rounding, the interpreter shows it */
      wide *exact = sample_evaluate(s, NDG_LONG_DOUBLE, outputs[j]);
      allowed += 16 * sample_distance(n, expected, exact);
      free(exact);
    }
    const long double far = sample_distance(n, expected, value);
    const bool overflow = !isfinite(sample_norm(n, expected)); /* then ours is no number either */
    ck_assert_msg(overflow ? !isfinite(far) : far <= allowed,
                  "%s, %s, output %u (node %u, %s): differs by %Lg", what, ndg_dtype_name(dtype), j,
                  outputs[j], ndg_graph_op_name(ndg_graph_get(s->graph, outputs[j])->op), far);
    free(value);
    free(expected);
  }
  compiled_end(&c);
}

static uint64_t input_bytes(const compiled *c, uint32_t i) {
  const ndg_node n = sample_input_node(c->sample->graph, ndg_program_input_number(c->program, i));
  return tasks_of(c, n) * c->in[i].task_stride * ndg_dtype_size(input_dtype(c, n));
}

static void *copy_of(const void *from, uint64_t bytes) {
  void *copy = malloc(bytes + 1);
  ck_assert_ptr_nonnull(copy);
  return memcpy(copy, from, bytes);
}

/* To the bit; a long double's padding holds anything. */
static bool same_numbers(const compiled *c, uint32_t j, const void *expected) {
  const size_t element = ndg_dtype_size(c->dtype);
  const size_t bytes = c->dtype == NDG_LONG_DOUBLE && LDBL_MANT_DIG == 64 ? 10 : element;
  for (uint64_t at = 0; at < compiled_bytes(c, j); at += element)
    if (memcmp((const char *)expected + at, (const char *)c->out[j].data + at, bytes) != 0)
      return false;
  return true;
}

static void overwrite(compiled *c, uint32_t i, uint32_t j, void *const *expected) {
  const ndg_binding own = c->out[j];
  void *before = copy_of(c->in[i].data, input_bytes(c, i));
  c->out[j] = c->in[i];
  ndg_program_run(c->program, c->in, c->out);
  for (uint32_t k = 0; k < c->n_outputs; k++)
    ck_assert_msg(same_numbers(c, k, expected[k]),
                  "output %u where input %u is: output %u has other bits", j, i, k);
  memcpy(c->in[i].data, before, input_bytes(c, i));
  c->out[j] = own;
  free(before);
}

uint32_t compiled_check_overwriting(const sample *s, ndg_dtype dtype, uint32_t n_outputs,
                                    const ndg_node *outputs, ndg_pool *pool) {
  compiled c;
  void *expected[COMPILED_MAX_OUTPUTS];
  uint32_t n_pairs = 0;
  compiled_begin(&c, s, dtype, n_outputs, outputs, 0, pool);
  compiled_run(&c);
  for (uint32_t j = 0; j < n_outputs; j++)
    expected[j] = copy_of(c.out[j].data, compiled_bytes(&c, j));
  for (uint32_t i = 0; i < ndg_program_input_count(c.program); i++)
    for (uint32_t j = 0; j < n_outputs; j++)
      if (ndg_program_may_overwrite(c.program, i, j)) {
        overwrite(&c, i, j, expected);
        n_pairs++;
      }
  for (uint32_t j = 0; j < n_outputs; j++)
    free(expected[j]);
  compiled_end(&c);
  return n_pairs;
}
