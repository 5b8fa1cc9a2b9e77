/* SPDX-License-Identifier: MIT */
/* Numbers for the inputs of a graph, in the widest type, and its evaluation at them in any. */
#ifndef NUDGE_TESTS_SAMPLE_H
#define NUDGE_TESTS_SAMPLE_H

#include <complex.h>

#include "base/random.h"
#include "graph/graph.h"

enum { SAMPLE_MAX_INPUTS = 32 };

typedef long double complex wide;

typedef struct sample {
  const ndg_graph *graph;
  uint64_t n_tasks;
  wide *value[SAMPLE_MAX_INPUTS]; /* real inputs */
  int32_t *index[SAMPLE_MAX_INPUTS];
} sample;

/* The node of the graph's input with this number. */
ndg_node sample_input_node(const ndg_graph *, uint32_t number);
/* Number of values of a node, all tasks. */
uint64_t sample_count(const ndg_graph *, ndg_node, uint64_t n_tasks);

void sample_begin(sample *, const ndg_graph *, uint64_t n_tasks);
void sample_end(sample *);
/* Real parts in [low, high), in steps of 2^-12 so that every type holds them; imaginary parts in
   [-imaginary, imaginary). */
void sample_fill(sample *, uint32_t number, double low, double high, double imaginary, ndg_rng *);
void sample_fill_index(sample *, uint32_t number, uint32_t limit, ndg_rng *);
/* Adds h * (values of input `by`) to input `number`. */
void sample_shift(sample *, uint32_t number, wide h, uint32_t by);
/* Values of a node, all tasks; the caller frees. Fails the test on any error. */
wide *sample_evaluate(const sample *, ndg_dtype, ndg_node);
/* As sample_evaluate, for an expected failure. */
ndg_status sample_try(const sample *, ndg_dtype, ndg_node, wide **out, ndg_error *);

/* Σ a b without conjugation, and Σ |a b|, over n values. */
wide sample_dot(uint64_t n, const wide *a, const wide *b);
long double sample_dot_size(uint64_t n, const wide *a, const wide *b);
/* max |a - b| and max |a|. */
long double sample_distance(uint64_t n, const wide *a, const wide *b);
long double sample_norm(uint64_t n, const wide *a);

#endif
