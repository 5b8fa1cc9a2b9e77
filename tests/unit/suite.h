/* SPDX-License-Identifier: MIT */
/* How every test program ends: one suite, reported as TAP. */
#ifndef NUDGE_TESTS_SUITE_H
#define NUDGE_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* The exit status of main. Frees the suite. */
static inline int run_suite(Suite *suite) {
  SRunner *const runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int n_failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
