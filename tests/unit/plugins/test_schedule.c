/* SPDX-License-Identifier: MIT */
/* Binomial checkpointing: every schedule is played on a chain that knows its states, and its cost
   is compared with an exhaustive search over all schedules. */
#include <check.h>
#include <stdlib.h>

#include "schedule.h"

enum { LONGEST = 160, MOST = 12 };

static uint64_t best[LONGEST + 1][MOST + 1];

/* Fewest steps to reverse l steps with s snapshots, by trying every place for the next one. */
static void search(void) {
  for (uint64_t s = 1; s <= MOST; s++) {
    for (uint64_t l = 2; l <= LONGEST; l++) {
      best[l][s] = l * (l - 1) / 2; /* no further snapshot */
      for (uint64_t k = 1; s > 1 && k < l; k++) {
        const uint64_t cost = k + best[k][s] + best[l - k][s - 1];
        best[l][s] = cost < best[l][s] ? cost : best[l][s];
      }
    }
  }
}

/* Plays a schedule: every state that it uses is held, and steps come in reverse order. */
static uint64_t play(uint64_t steps, uint64_t snapshots) {
  uint64_t state[MOST + 1] = {0}, position[MOST], cost = 0, next = steps;
  schedule plan;
  schedule_start(&plan, steps, snapshots, position);
  for (;;) {
    const schedule_action go = schedule_next(&plan);
    if (go.kind == SCHEDULE_DONE) {
      break;
    }
    ck_assert_uint_eq(state[go.from], go.step);
    if (go.kind == SCHEDULE_REVERSE) {
      ck_assert_uint_eq(go.step, next - 1);
      next--;
      continue;
    }
    ck_assert_uint_le(go.to, snapshots);
    ck_assert_uint_ne(go.to, go.from);
    ck_assert_uint_gt(go.n, 0);
    state[go.to] = go.step + go.n;
    cost += go.n;
  }
  ck_assert_uint_eq(next, 0);
  return cost;
}

START_TEST(fewest_steps) {
  search();
  for (uint64_t s = 1; s <= MOST; s++) {
    for (uint64_t l = 1; l <= LONGEST; l++) {
      ck_assert_uint_eq(play(l, s), best[l][s]);
      ck_assert_uint_eq(schedule_cost(l, s), best[l][s]);
    }
  }
}
END_TEST

START_TEST(known_costs) {
  ck_assert_uint_eq(schedule_cost(0, 3), 0);
  ck_assert_uint_eq(schedule_cost(1, 1), 0);
  ck_assert_uint_eq(schedule_cost(1000, 1), 999 * 1000 / 2);
  ck_assert_uint_eq(schedule_cost(1000, 1000), 999);
  /* C(13, 3) = 286 steps with ten snapshots: each step at most three times. */
  ck_assert_uint_eq(schedule_cost(286, 10), 3 * 286 - 78);
  /* Chains that no state could be held of are still planned. */
  ck_assert_uint_eq(schedule_cost(UINT64_C(1) << 40, UINT64_C(1) << 40), (UINT64_C(1) << 40) - 1);
}
END_TEST

START_TEST(nothing_to_do) {
  uint64_t position[1];
  schedule plan;
  schedule_start(&plan, 0, 1, position);
  ck_assert_uint_eq(schedule_next(&plan).kind, SCHEDULE_DONE);
  ck_assert_uint_eq(schedule_next(&plan).kind, SCHEDULE_DONE);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("schedule");
  TCase *tests = tcase_create("schedule");
  tcase_add_test(tests, fewest_steps);
  tcase_add_test(tests, known_costs);
  tcase_add_test(tests, nothing_to_do);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
