/* SPDX-License-Identifier: MIT */
/* A case as the runner would start it, in this process. */
#ifndef CHECK_SUPPORT_H
#define CHECK_SUPPORT_H

#include <check.h>

#include "check/check.h"

typedef struct by_hand {
  ndg_check check;
  char doing[NDG_CHECK_DOING_SIZE];
} by_hand;

/* The only component of a file; the test fails if there is none. */
void open_by_hand(const char *path, by_hand *);
void close_by_hand(by_hand *);
/* What was said since the last look: records "F...", "W...", "S...", one a line. */
const char *said(by_hand *);

#endif
