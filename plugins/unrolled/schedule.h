/* SPDX-License-Identifier: MIT */
/* Binomial checkpointing: which states to hold while the steps of a chain are visited backwards.

   With s snapshots (the start of the chain among them) a chain of l steps is reversed with
     t(l, s) = r l - C(s + r, s + 1),   where C(s + r - 1, s) < l <= C(s + r, s),
   forward steps, the fewest possible (Griewank, Walther 2000), of which no step takes more than r.
   The state after the last step is not counted: it takes one step more. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdint.h>

enum { SCHEDULE_DONE, SCHEDULE_ADVANCE, SCHEDULE_REVERSE };

/* ADVANCE: from the state in slot `from` (before step `step`) go `n` steps, and hold the state in
   slot `to`. REVERSE: the state before step `step` is in slot `from`. Slots 0 .. s-1 are the
   snapshots, slot s is for the state at work. */
typedef struct schedule_action {
  uint32_t kind;
  uint32_t reserved;
  uint64_t from, to, step, n;
} schedule_action;

typedef struct schedule {
  uint64_t end;       /* steps that are not yet reversed */
  uint64_t snapshots; /* s */
  uint64_t held;      /* snapshots in use */
  uint64_t *position; /* step before which each of them lies; caller's memory, s entries */
  uint64_t at_work;   /* 1: slot s holds the state before step end - 1 */
} schedule;

/* [any; any; cheap] Slot 0 holds the state before step 0. snapshots >= 1. */
void schedule_start(schedule *, uint64_t steps, uint64_t snapshots, uint64_t *position);
/* [any; any; cheap] */
schedule_action schedule_next(schedule *);
/* [any; any; pure] t(l, s); UINT64_MAX if it does not fit. */
uint64_t schedule_cost(uint64_t steps, uint64_t snapshots);

#endif
