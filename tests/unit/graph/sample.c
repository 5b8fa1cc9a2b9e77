/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

static const size_t element_size[] = {[NDG_F32] = sizeof(float),
                                      [NDG_F64] = sizeof(double),
                                      [NDG_LONG_DOUBLE] = sizeof(long double),
                                      [NDG_C128] = sizeof(double complex)};

ndg_node sample_input_node(const ndg_graph *g, uint32_t number) {
  for (ndg_node id = 1; id <= ndg_graph_node_count(g); id++) {
    const ndg_graph_node *n = ndg_graph_get(g, id);
    if (n->op == NDG_OP_INPUT && n->attr.i[0] == (int64_t)number)
      return id;
  }
  ck_abort_msg("there is no input %u", number);
  return NDG_NO_NODE;
}

uint64_t sample_count(const ndg_graph *g, ndg_node id, uint64_t n_tasks) {
  const ndg_graph_node *n = ndg_graph_get(g, id);
  return ndg_shape_size(&n->shape) * (n->per_task ? n_tasks : 1);
}

void sample_begin(sample *s, const ndg_graph *g, uint64_t n_tasks) {
  *s = (sample){.graph = g, .n_tasks = n_tasks};
}

void sample_end(sample *s) {
  for (uint32_t i = 0; i < SAMPLE_MAX_INPUTS; i++) {
    free(s->value[i]);
    free(s->index[i]);
  }
}

void sample_fill(sample *s, uint32_t number, double low, double high, double imaginary,
                 ndg_rng *r) {
  ck_assert_uint_lt(number, SAMPLE_MAX_INPUTS);
  const uint64_t n = sample_count(s->graph, sample_input_node(s->graph, number), s->n_tasks);
  if (!s->value[number])
    s->value[number] = calloc(n, sizeof(wide));
  ck_assert_ptr_nonnull(s->value[number]);
  for (uint64_t i = 0; i < n; i++) {
    const double re = low + (high - low) * ndg_rng_uniform(r);
    const double im = imaginary * (2 * ndg_rng_uniform(r) - 1);
    s->value[number][i] = floor(re * 4096) / 4096 + (wide)I * (floor(im * 4096) / 4096);
  }
}

void sample_fill_index(sample *s, uint32_t number, uint32_t limit, ndg_rng *r) {
  ck_assert_uint_lt(number, SAMPLE_MAX_INPUTS);
  const uint64_t n = sample_count(s->graph, sample_input_node(s->graph, number), s->n_tasks);
  s->index[number] = calloc(n, sizeof(int32_t));
  ck_assert_ptr_nonnull(s->index[number]);
  for (uint64_t i = 0; i < n; i++)
    s->index[number][i] = (int32_t)(ndg_rng_next(r) % limit);
}

void sample_shift(sample *s, uint32_t number, wide h, uint32_t by) {
  const uint64_t n = sample_count(s->graph, sample_input_node(s->graph, number), s->n_tasks);
  for (uint64_t i = 0; i < n; i++)
    s->value[number][i] += h * s->value[by][i];
}

static void store(ndg_dtype dtype, uint64_t n, const wide *from, void *to) {
  for (uint64_t i = 0; i < n; i++) {
    if (dtype == NDG_F32)
      ((float *)to)[i] = (float)creall(from[i]);
    else if (dtype == NDG_F64)
      ((double *)to)[i] = (double)creall(from[i]);
    else if (dtype == NDG_LONG_DOUBLE)
      ((long double *)to)[i] = creall(from[i]);
    else
      ((double complex *)to)[i] = (double complex)from[i];
  }
}

static void load(ndg_dtype dtype, uint64_t n, const void *from, wide *to) {
  for (uint64_t i = 0; i < n; i++)
    to[i] = dtype == NDG_F32           ? (wide)((const float *)from)[i]
            : dtype == NDG_F64         ? (wide)((const double *)from)[i]
            : dtype == NDG_LONG_DOUBLE ? (wide)((const long double *)from)[i]
                                       : (wide)((const double complex *)from)[i];
}

ndg_status sample_try(const sample *s, ndg_dtype dtype, ndg_node y, wide **out, ndg_error *e) {
  void *data[SAMPLE_MAX_INPUTS] = {NULL};
  const void *inputs[SAMPLE_MAX_INPUTS] = {NULL};
  for (uint32_t i = 0; i < ndg_graph_input_count(s->graph); i++) {
    inputs[i] = s->index[i];
    if (!s->value[i])
      continue;
    const uint64_t n = sample_count(s->graph, sample_input_node(s->graph, i), s->n_tasks);
    inputs[i] = data[i] = malloc(n * element_size[dtype]);
    ck_assert_ptr_nonnull(data[i]);
    store(dtype, n, s->value[i], data[i]);
  }
  const uint64_t n = sample_count(s->graph, y, s->n_tasks);
  void *result = malloc(n * element_size[dtype]);
  *out = calloc(n, sizeof **out);
  ck_assert(result && *out);
  const ndg_status st =
      ndg_graph_interpret(s->graph, dtype, s->n_tasks, inputs, 1, &y, &result, NULL, e);
  if (st == NDG_OK)
    load(dtype, n, result, *out);
  free(result);
  for (uint32_t i = 0; i < SAMPLE_MAX_INPUTS; i++)
    free(data[i]);
  return st;
}

wide *sample_evaluate(const sample *s, ndg_dtype dtype, ndg_node y) {
  ndg_error e = {0};
  wide *out;
  ck_assert_msg(sample_try(s, dtype, y, &out, &e) == NDG_OK, "%s", e.text);
  return out;
}

wide sample_dot(uint64_t n, const wide *a, const wide *b) {
  wide sum = 0;
  for (uint64_t i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

long double sample_dot_size(uint64_t n, const wide *a, const wide *b) {
  long double sum = 0;
  for (uint64_t i = 0; i < n; i++)
    sum += cabsl(a[i] * b[i]);
  return sum;
}

long double sample_distance(uint64_t n, const wide *a, const wide *b) {
  long double most = 0;
  for (uint64_t i = 0; i < n; i++) {
    const long double d = cabsl(a[i] - b[i]);
    most = d > most || isnan(d) ? d : most;
  }
  return most;
}

long double sample_norm(uint64_t n, const wide *a) {
  long double most = 0;
  for (uint64_t i = 0; i < n; i++) {
    const long double d = cabsl(a[i]);
    most = d > most || isnan(d) ? d : most;
  }
  return most;
}
