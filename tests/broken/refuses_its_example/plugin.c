/* SPDX-License-Identifier: MIT */
/* An example that the learner itself refuses. */
#include "../museum.h"
static const ndg_array some_inputs = {
    .name = "learn.inputs", .role = NDG_SAMPLES, .shape = {.n_dims = 2, .dim = {4, 3, 1, 1}}};
static const ndg_example example = {.n_arrays = 1, .arrays = &some_inputs};
static const ndg_examples examples = {.struct_size = sizeof examples, .n = 1, .examples = &example};
static const void *answer(const char *id) {
  return strcmp(id, NDG_CAP_EXAMPLE) == 0 ? &examples : NULL;
}
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_EXAMPLE
#define EXTENSION answer
#include "../museum_learner.h"
