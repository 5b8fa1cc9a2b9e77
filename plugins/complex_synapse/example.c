/* SPDX-License-Identifier: MIT */
/* Small cases that reach every kind of theta group. */
#include <string.h>

#include "synapse.h"

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

static const ndg_example_option plain[] = {
    {"layers", "3, 4, 2"}, {"loss", "mse"}, {"lambda", "0.3"}};
static const ndg_example_option labelled[] = {
    {"layers", "3, 4, 3"}, {"lambda", "0.3"}, {"lambda_per", "layer"}, {"lambda_scale", "log"}};
static const ndg_example_option springs[] = {{"layers", "3, 4, 2"},
                                             {"loss", "mse"},
                                             {"lambda", "0.3"},
                                             {"meta", "lambda, omega"},
                                             {"start_at_omega", "true"}};
static const ndg_example_option all[] = {
    {"layers", "3, 3, 3, 2"},           {"loss", "mse"},          {"lambda", "0.3"},
    {"meta", "lambda, omega, initial"}, {"lambda_per", "global"}, {"activation", "softplus"},
    {"penalise_biases", "false"}};

static const ndg_example examples[] = {{3, plain, 4, regression},
                                       {4, labelled, 4, classes},
                                       {5, springs, 4, regression},
                                       {7, all, 4, regression}};

static const ndg_examples table = {.struct_size = sizeof table, .n = 4, .examples = examples};

const void *synapse_extension(const char *id) {
  return strcmp(id, NDG_CAP_EXAMPLE) == 0 ? &table : NULL;
}
