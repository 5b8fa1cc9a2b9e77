/* SPDX-License-Identifier: MIT */
#include <signal.h>
#define IN_CHECK(o, e) (void)raise(SIGSTOP);
#include "../sound_learner.h"
