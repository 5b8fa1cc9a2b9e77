/* SPDX-License-Identifier: MIT */
/* Small cases that reach every kind of theta group. */
#include <string.h>

#include "modulated.h"

#define LEARN 6
#define EVAL 5
#define REAL(name_, rows, columns)                                                                 \
  {                                                                                                \
    .name = name_, .kind = NDG_REAL, .role = NDG_SAMPLES, .shape = {                               \
      .n_dims = 2,                                                                                 \
      .dim = {rows, columns, 1, 1}                                                                 \
    }                                                                                              \
  }
#define LABELS(name_, rows, classes)                                                               \
  {                                                                                                \
    .name = name_, .kind = NDG_INDEX, .role = NDG_SAMPLES,                                         \
    .shape = {.n_dims = 1, .dim = {rows, 1, 1, 1}}, .n_values = classes                            \
  }

static const ndg_array regression[] = {REAL("learn.inputs", LEARN, 3),
                                       REAL("learn.targets", LEARN, 2),
                                       REAL("eval.inputs", EVAL, 3), REAL("eval.targets", EVAL, 2)};
static const ndg_array classes[] = {REAL("learn.inputs", LEARN, 3),
                                    LABELS("learn.targets", LEARN, 3), REAL("eval.inputs", EVAL, 3),
                                    LABELS("eval.targets", EVAL, 3)};

static const ndg_example_option plain[] = {{"layers", "3, 4, 2"}, {"lambda", "0.3"}};
static const ndg_example_option labelled[] = {
    {"layers", "3, 4, 3"}, {"loss", "cross_entropy"}, {"lambda", "0.3"}};
static const ndg_example_option pulled[] = {{"layers", "3, 3, 3, 2"},
                                            {"meta", "lambda, initial"},
                                            {"lambda", "0.3"},
                                            {"lambda_per", "parameter"},
                                            {"lambda_scale", "log"}};
static const ndg_example_option slow_readout[] = {
    {"layers", "3, 4, 2"}, {"fast", "gains, shifts"}, {"meta", "initial"}};

static const ndg_example examples[] = {{2, plain, 4, regression},
                                       {3, labelled, 4, classes},
                                       {5, pulled, 4, regression},
                                       {3, slow_readout, 4, regression}};

static const ndg_examples table = {.struct_size = sizeof table, .n = 4, .examples = examples};

const void *modulated_extension(const char *id) {
  return strcmp(id, NDG_CAP_EXAMPLE) == 0 ? &table : NULL;
}
