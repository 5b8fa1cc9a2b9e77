/* SPDX-License-Identifier: MIT */
/* Random graphs for tests: every operation, shared and per-task operands, values of order one, so
   that their derivatives of any order can be checked and programs compared with the interpreter. */
#ifndef NUDGE_TESTS_RANDOM_GRAPH_H
#define NUDGE_TESTS_RANDOM_GRAPH_H

#include "graph/graph.h"
#include "nudge/rng.h"

enum {
  RANDOM_PHI = 0,          /* per task, 24 numbers, all of the graph's per-task weights */
  RANDOM_THETA = 1,        /* shared, 24 numbers */
  RANDOM_DATA = 2,         /* per task, 4 x 3, NDG_INPUT_DATA */
  RANDOM_SHARED_DATA = 3,  /* shared, 3 x 2, NDG_INPUT_DATA */
  RANDOM_INDEX = 4,        /* per task, 4 indices below 2 */
  RANDOM_SHARED_INDEX = 5, /* shared, 3 indices below 2 */
  RANDOM_INPUTS = 6
};

typedef struct random_graph {
  ndg_graph *graph;
  ndg_node input[RANDOM_INPUTS]; /* input i has number i */
  ndg_node loss;                 /* per task, scalar; every node of the graph bears on it */
  bool analytic;                 /* complex evaluation is possible */
} random_graph;

/* A graph of about `n_operations` random operations, the same for the same seed. Error: recorded in
   the graph (ndg_graph_status). *out->graph NULL: no memory. */
void random_graph_create(random_graph *out, uint64_t seed, uint32_t n_operations, bool analytic);
/* As random_graph_create, through another table of builder functions for the same graph. */
void random_graph_create_with(random_graph *out, uint64_t seed, uint32_t n_operations,
                              bool analytic, const ndg_graph_api *);
void random_graph_destroy(random_graph *);
/* Values for input `number`, n_tasks (or 1) x shape, dense: multiples of 2^-12 in [-1, 1) as
   double, or int32_t for the index inputs. Returns how many. */
uint64_t random_graph_fill(const random_graph *, uint32_t number, uint64_t n_tasks, ndg_rng *,
                           void *out);

#endif
