/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "fixture.h"

typedef struct record {
  int n, level;
  char line[4096];
} record;

static void keep(void *context, int level, const char *line) {
  record *const r = context;
  r->n++;
  r->level = level;
  (void)snprintf(r->line, sizeof r->line, "%s", line);
}

START_TEST(lines_reach_the_sink) {
  record r = {0};
  ndg_log_to(keep, &r, NDG_LOG_DEBUG);
  ndg_report(NDG_LOG_WARNING, "beta is %d", 7);
  ck_assert_int_eq(r.n, 1);
  ck_assert_int_eq(r.level, NDG_LOG_WARNING);
  ck_assert_str_eq(r.line, "beta is 7");
  ndg_report(NDG_LOG_DEBUG, "%s", "");
  ck_assert_int_eq(r.n, 2);
  ck_assert_str_eq(r.line, "");
}
END_TEST

START_TEST(lower_levels_are_dropped) {
  record r = {0};
  ndg_log_to(keep, &r, NDG_LOG_WARNING);
  ndg_report(NDG_LOG_INFO, "dropped");
  ck_assert_int_eq(r.n, 0);
  ndg_report(NDG_LOG_WARNING, "kept");
  ck_assert_int_eq(r.n, 1);
}
END_TEST

START_TEST(a_message_is_one_line) {
  record r = {0};
  ndg_log_to(keep, &r, NDG_LOG_INFO);
  ndg_report(NDG_LOG_INFO, "two\nlines\r\nand an end\n\n");
  ck_assert_str_eq(r.line, "two lines  and an end");
}
END_TEST

START_TEST(a_long_message_shows_that_it_was_cut) {
  record r = {0};
  char text[4000];
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  ndg_log_to(keep, &r, NDG_LOG_INFO);
  ndg_report(NDG_LOG_INFO, "%s", text);
  const size_t n = strlen(r.line);
  ck_assert_uint_gt(n, 1000);
  ck_assert_str_eq(r.line + n - 4, "x...");
}
END_TEST

START_TEST(stderr_is_the_default) {
  char line[64] = "";
  const char *const path = in_folder("log");
  ndg_log_to(NULL, NULL, NDG_LOG_INFO);
  (void)fflush(stderr);
  const int kept = dup(STDERR_FILENO);
  ck_assert_ptr_nonnull(freopen(path, "w", stderr));
  ndg_report(NDG_LOG_WARNING, "no data");
  (void)fflush(stderr);
  ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
  (void)close(kept);
  FILE *const file = fopen(path, "r");
  ck_assert_ptr_nonnull(file);
  ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
  (void)fclose(file);
  ck_assert_str_eq(line, "warning: no data\n");
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("log");
  TCase *const tests = tcase_create("log");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_add_test(tests, lines_reach_the_sink);
  tcase_add_test(tests, lower_levels_are_dropped);
  tcase_add_test(tests, a_message_is_one_line);
  tcase_add_test(tests, a_long_message_shows_that_it_was_cut);
  tcase_add_test(tests, stderr_is_the_default);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
