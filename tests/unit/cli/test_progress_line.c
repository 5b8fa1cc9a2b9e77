/* SPDX-License-Identifier: MIT */
/* The line of progress: what it says, that it is one line, and that it fits. */
#include <string.h>

#include "../suite.h"
#include "cli/progress.h"

static const ndg_cli_stage busy = {.name = "digits: meta-training",
                                   .note = "learn loss 0.25",
                                   .done = 20,
                                   .total = 100,
                                   .passed = 160,
                                   .memory = 412000000};

static void expect_line(const ndg_cli_stage *s, const char *wanted) {
  char line[NDG_CLI_LINE_SIZE];
  ndg_cli_stage_line(s, line);
  ck_assert_str_eq(line, wanted);
}

static void expect_end(const ndg_cli_stage *s, const char *wanted) {
  char line[NDG_CLI_LINE_SIZE];
  ndg_cli_stage_end(s, line);
  ck_assert_str_eq(line, wanted);
}

START_TEST(everything_is_said) {
  ndg_cli_stage s = busy;
  expect_line(&s, "digits: meta-training: 20 of 100, 10 min 40 s left, learn loss 0.25, 8 s each, "
                  "412 MB");
  s.phase = "free phase";
  s.steps = 2000;
  s.step = 1300;
  expect_line(&s, "digits: meta-training: 20 of 100, free phase 1300 of 2000, 10 min 40 s left, "
                  "learn loss 0.25, 8 s each, 412 MB");
  expect_end(&s, "digits: meta-training: 20 of 100 in 2 min 40 s, learn loss 0.25, 8 s each, "
                 "412 MB");
}
END_TEST

START_TEST(what_is_not_known_is_not_said) {
  expect_line(&(ndg_cli_stage){.name = "fit", .total = 5}, "fit: 0 of 5");
  expect_line(&(ndg_cli_stage){.name = "exact"}, "exact ...");
  expect_line(
      &(ndg_cli_stage){.name = "learning", .phase = "nudged phase", .step = 10, .steps = 30},
      "learning ... nudged phase 10 of 30");
  expect_line(&(ndg_cli_stage){.name = "fit", .done = 2, .total = 5, .passed = 0.01},
              "fit: 2 of 5");
  expect_end(&(ndg_cli_stage){.name = "exact", .done = 1, .total = 1, .passed = 2.345},
             "exact: 2.3 s");
}
END_TEST

/* What was done before, by a run that this one goes on with, took none of its time. */
START_TEST(the_rate_counts_from_where_the_stage_began) {
  ndg_cli_stage s = {.name = "fit", .first = 80, .done = 90, .total = 100, .passed = 5};
  expect_line(&s, "fit: 90 of 100, 5 s left, 2/s");
  s.done = 80;
  expect_line(&s, "fit: 80 of 100");
}
END_TEST

START_TEST(it_stays_one_line) {
  ndg_cli_stage s = {.name = "a\nb\033[2Jc", .total = 1, .note = "\r\t"};
  expect_line(&s, "a b [2Jc: 0 of 1,   ");
}
END_TEST

START_TEST(the_longest_line_fits_its_buffer) {
  ndg_cli_stage s = {.done = UINT64_MAX - 1,
                     .total = UINT64_MAX,
                     .passed = 1e300,
                     .phase = "nudged phase",
                     .step = UINT64_MAX,
                     .steps = UINT64_MAX,
                     .memory = UINT64_MAX};
  char line[NDG_CLI_LINE_SIZE];
  memset(s.name, 'x', sizeof s.name - 1);
  memset(s.note, 'y', sizeof s.note - 1);
  ndg_cli_stage_line(&s, line);
  ck_assert_uint_lt(strlen(line), sizeof line);
  ndg_cli_stage_end(&s, line);
  ck_assert_uint_lt(strlen(line), sizeof line);
}
END_TEST

static size_t characters(const char *text) {
  size_t n = 0;
  for (; *text; text++) {
    n += ((unsigned char)*text & 0xC0) != 0x80;
  }
  return n;
}

/* To every width, and never in the middle of a character. */
START_TEST(a_cut_text_is_as_wide_as_it_may_be) {
  static const char whole[] =
      "\xce\xb2 = 0.1: \xe2\x80\x96\xcf\x86\xe2\x80\x96 of 3\xf0\x9f\x99\x82";
  const size_t n = characters(whole);
  for (size_t width = 0; width < n + 3; width++) {
    char text[sizeof whole];
    memcpy(text, whole, sizeof whole);
    ndg_cli_cut(text, width);
    ck_assert_uint_eq(characters(text), width < n ? width : n);
    if (width >= n) {
      ck_assert_str_eq(text, whole);
    } else if (width > 0) {
      const size_t length = strlen(text);
      const bool cut = text[length - 1] == '.' || strcmp(text + length - 3, "\xe2\x80\xa6") == 0;
      ck_assert(cut);
    }
  }
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("progress line");
  TCase *const tests = tcase_create("progress line");
  tcase_add_test(tests, everything_is_said);
  tcase_add_test(tests, what_is_not_known_is_not_said);
  tcase_add_test(tests, the_rate_counts_from_where_the_stage_began);
  tcase_add_test(tests, it_stays_one_line);
  tcase_add_test(tests, the_longest_line_fits_its_buffer);
  tcase_add_test(tests, a_cut_text_is_as_wide_as_it_may_be);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
