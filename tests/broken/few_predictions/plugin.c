/* SPDX-License-Identifier: MIT */
/* Predictions for two samples only. */
#include "../museum.h"
#define PREDICTIONS(m) ndg_slice((m)->b, museum_outputs(m, (m)->eval_x, (m)->w), 0, 0, 2)
#include "../museum_learner.h"
