/* SPDX-License-Identifier: MIT */
/* An accuracy in percent. */
#include "../museum.h"
#define ACCURACY(m, share) ndg_scale((m)->b, share, 100)
#include "../museum_learner.h"
