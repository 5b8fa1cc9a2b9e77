/* SPDX-License-Identifier: MIT */
/* How each kind is put to use. */
#ifndef NUDGE_CHECK_LIFE_KINDS_H
#define NUDGE_CHECK_LIFE_KINDS_H

#include "check/life.h"

/* Contract of all: [main; case; allocates from the case's arena] False after a skip. */
bool ndg_life_open_learner(ndg_check *, ndg_life *);
bool ndg_life_open_rule(ndg_check *, ndg_life *);

#endif
