/* SPDX-License-Identifier: MIT */
/* A factor from memory that nobody wrote. */
#include "../museum.h"
static double some(void) {
  double x = 1;
  volatile int *numbers = malloc(40 * sizeof *numbers);
  for (int i = 8; numbers && i < 32; i++)
    x += (double)(numbers[i] % 1000) * 1e-3;
  free((void *)numbers);
  return x;
}
#define EVAL_LOSS(m)                                                                               \
  ndg_scale((m)->b, museum_error(m, museum_outputs(m, (m)->eval_x, (m)->w), (m)->eval_y), some())
#include "../museum_learner.h"
