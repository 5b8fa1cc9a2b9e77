/* SPDX-License-Identifier: MIT */
/* Everything a plugin may use. */
#ifndef NUDGE_NUDGE_H
#define NUDGE_NUDGE_H

#include "nudge/graph.h"
#include "nudge/learner.h"
#include "nudge/option.h"
#include "nudge/plugin.h"
#include "nudge/rng.h"
#include "nudge/rule.h"
#include "nudge/types.h"

#endif
