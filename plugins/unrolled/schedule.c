/* SPDX-License-Identifier: MIT */
#include "schedule.h"

static uint64_t smaller(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

/* C(s + r, s), or UINT64_MAX where it does not fit. */
static uint64_t reach(uint64_t s, uint64_t r) {
  uint64_t product = 1;
  const uint64_t low = smaller(s, r), high = larger(s, r);
  for (uint64_t k = 1; k <= low; k++) {
    uint64_t wide;
    /* C(high + k, k) = C(high + k - 1, k - 1) (high + k) / k, exact at every k. */
    if (__builtin_mul_overflow(product, high + k, &wide)) {
      return UINT64_MAX;
    }
    product = wide / k;
  }
  return product;
}

/* Smallest r with l <= C(s + r, s). */
static uint64_t repetitions(uint64_t l, uint64_t s) {
  uint64_t r = 0;
  while (reach(s, r) < l) {
    r++;
  }
  return r;
}

uint64_t schedule_cost(uint64_t l, uint64_t s) {
  if (l < 2) {
    return 0;
  }
  const uint64_t r = repetitions(l, s);
  uint64_t product;
  return __builtin_mul_overflow(r, l, &product) ? UINT64_MAX : product - reach(s + 1, r - 1);
}

/* Where to put the next snapshot in a chain of l > 1 steps with s > 1 snapshots. With r as above,
   every split l' that satisfies
     C(s + r - 2, s) <= l' <= C(s + r - 1, s)  and  C(s + r - 2, s - 1) <= l - l' <= C(s + r - 1, s
   - 1) is optimal: t is linear with slope r - 1 in l' and r in l - l' there, and the sum l' + t(l',
   s) + t(l - l', s - 1) is t(l, s). The intervals meet, because the limits add up to those of l.
   The largest such l' is taken. */
static uint64_t split(uint64_t l, uint64_t s) {
  const uint64_t r = repetitions(l, s);
  return smaller(reach(s, r - 1), l - reach(s - 1, r - 1));
}

void schedule_start(schedule *c, uint64_t steps, uint64_t snapshots, uint64_t *position) {
  *c = (schedule){.end = steps, .snapshots = snapshots, .held = 1, .position = position};
  position[0] = 0;
}

schedule_action schedule_next(schedule *c) {
  if (c->end == 0) {
    return (schedule_action){.kind = SCHEDULE_DONE};
  }
  const uint64_t top = c->held - 1, start = c->position[top], length = c->end - start;
  if (c->at_work || length == 1) {
    const uint64_t slot = c->at_work ? c->snapshots : top;
    c->held -= c->at_work ? 0 : 1;
    c->at_work = 0;
    c->end--;
    return (schedule_action){.kind = SCHEDULE_REVERSE, .from = slot, .step = c->end};
  }
  schedule_action go = {.kind = SCHEDULE_ADVANCE, .from = top, .step = start};
  if (c->held == c->snapshots) {
    go.to = c->snapshots;
    go.n = length - 1;
    c->at_work = 1;
  } else {
    go.to = c->held;
    go.n = split(length, c->snapshots - c->held + 1);
    c->position[c->held++] = start + go.n;
  }
  return go;
}
