/* SPDX-License-Identifier: MIT */
/* Compiled evaluation of a sample: what the program tests compare with the interpreter. */
#ifndef NUDGE_TESTS_COMPILED_H
#define NUDGE_TESTS_COMPILED_H

#include "graph/program.h"
#include "sample.h"

enum { COMPILED_MAX_OUTPUTS = 64 };

/* A program with inputs from a sample and memory for its outputs. */
typedef struct compiled {
  const sample *sample;
  ndg_dtype dtype;
  uint32_t n_outputs;
  ndg_node output[COMPILED_MAX_OUTPUTS];
  ndg_program *program;
  ndg_binding in[SAMPLE_MAX_INPUTS], out[COMPILED_MAX_OUTPUTS];
  void *memory[SAMPLE_MAX_INPUTS + COMPILED_MAX_OUTPUTS]; /* guarded; in, then out */
} compiled;

/* Compiles and binds. Tasks are `gap` elements further apart than they are long. Fails the test on
   any error. */
void compiled_begin(compiled *, const sample *, ndg_dtype, uint32_t n_outputs,
                    const ndg_node *outputs, uint64_t gap, ndg_pool *);
void compiled_end(compiled *);
/* Runs, and checks that nothing outside the outputs was written. */
void compiled_run(compiled *);
/* Values of output j, all tasks; the caller frees. */
wide *compiled_value(const compiled *, uint32_t j);
/* Bytes of output j in memory, gaps included. */
uint64_t compiled_bytes(const compiled *, uint32_t j);

/* Compiles, runs and compares every output with the interpreter: at most `tolerance` of
   1 + max |value| away, and a multiple of what the interpreter is away from the exact value. */
void compiled_check(const sample *, ndg_dtype, uint32_t n_outputs, const ndg_node *outputs,
                    uint64_t gap, ndg_pool *, long double tolerance, const char *what);

/* Runs with each output where each input is that it may overwrite: every output has the same bits.
   Returns how many pairs there were. */
uint32_t compiled_check_overwriting(const sample *, ndg_dtype, uint32_t n_outputs,
                                    const ndg_node *outputs, ndg_pool *);

/* A tolerance for graphs with values of order one. */
long double compiled_tolerance(ndg_dtype);

#endif
