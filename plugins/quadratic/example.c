/* SPDX-License-Identifier: MIT */
/* Small cases of every form. H0 and M are drawn; a pull of 12 makes their curvature positive. */
#include "quadratic.h"

#define ROWS 6
#define COLUMNS 3
#define REAL(name_, role_, ...)                                                                    \
  {                                                                                                \
    .name = name_, .kind = NDG_REAL, .role = role_, .shape = { __VA_ARGS__ }                       \
  }
#define VECTOR_OF(n) .n_dims = 1, .dim = {n, 1, 1, 1}
#define MATRIX_OF(n, m) .n_dims = 2, .dim = {n, m, 1, 1}

static const ndg_array ridge[] = {REAL("learn.inputs", NDG_SAMPLES, MATRIX_OF(ROWS, COLUMNS)),
                                  REAL("learn.targets", NDG_SAMPLES, VECTOR_OF(ROWS)),
                                  REAL("eval.inputs", NDG_SAMPLES, MATRIX_OF(ROWS - 1, COLUMNS)),
                                  REAL("eval.targets", NDG_SAMPLES, VECTOR_OF(ROWS - 1))};
static const ndg_array linear_quadratic[] = {
    REAL("H0", NDG_WHOLE, MATRIX_OF(COLUMNS, COLUMNS)), REAL("a", NDG_WHOLE, VECTOR_OF(COLUMNS)),
    REAL("M", NDG_WHOLE, MATRIX_OF(COLUMNS, COLUMNS)), REAL("c", NDG_WHOLE, VECTOR_OF(COLUMNS))};
static const ndg_array least_squares[] = {
    REAL("A", NDG_WHOLE, MATRIX_OF(ROWS, COLUMNS)), REAL("b", NDG_WHOLE, VECTOR_OF(ROWS)),
    REAL("C", NDG_WHOLE, MATRIX_OF(ROWS + 2, 2)),
    REAL("D", NDG_WHOLE, MATRIX_OF(ROWS + 2, COLUMNS)), REAL("e", NDG_WHOLE, VECTOR_OF(ROWS + 2))};

static const ndg_example_option raw[] = {{"lambda", "0.3"}};
static const ndg_example_option logarithmic[] = {
    {"lambda", "0.3"}, {"lambda_scale", "log"}, {"deviation", "0.5"}};
static const ndg_example_option pulled[] = {{"form", "linear_quadratic"}, {"l", "12"}};
static const ndg_example_option started[] = {
    {"form", "linear_quadratic"}, {"l", "12"}, {"theta", "0.4"}, {"start_at_theta", "true"}};
static const ndg_example_option squares[] = {{"form", "least_squares"}, {"theta", "0.4"}};

static const ndg_example examples[] = {{1, raw, 4, ridge},
                                       {3, logarithmic, 4, ridge},
                                       {2, pulled, 4, linear_quadratic},
                                       {4, started, 4, linear_quadratic},
                                       {2, squares, 5, least_squares}};

const ndg_examples quadratic_examples = {
    .struct_size = sizeof quadratic_examples, .n = 5, .examples = examples};
