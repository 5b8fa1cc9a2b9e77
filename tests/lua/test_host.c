/* SPDX-License-Identifier: MIT */
/* The embedded state as a C program sees it: errors as one line, and every allocation failing. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bind/host.h"

static ndg_registry *registry;
static uint64_t reports;

static bool count_report(void *context, const ndg_lua_stage *stage) {
  (void)context;
  (void)stage;
  reports++;
  return true;
}

static ndg_lua_host host_of(const char *script) {
  return (ndg_lua_host){.registry = registry,
                        .n_threads = 2,
                        .out = ".",
                        .library = LIBRARY,
                        .script = script,
                        .progress = count_report};
}

static void open_registry(void) {
  ndg_error e = {0};
  ck_assert_int_eq(ndg_registry_create(&registry, &e), NDG_OK);
  ck_assert_msg(ndg_registry_load_folder(registry, PLUGINS, false, &e) == NDG_OK, "%s", e.text);
}

static void close_registry(void) {
  ndg_registry_destroy(registry);
}

/* Writes a script to a file of its own; the caller removes it. */
static void write_script(char *path, const char *text) {
  strcpy(path, "/tmp/nudge-test-XXXXXX");
  int fd = mkstemp(path);
  ck_assert_int_ge(fd, 0);
  FILE *f = fdopen(fd, "w");
  ck_assert_int_ge(fputs(text, f), 0);
  fclose(f);
}

static ndg_status run(const char *text, char **trace, ndg_error *e) {
  char path[64];
  lua_State *L = NULL;
  write_script(path, text);
  ndg_lua_host host = host_of(path);
  ndg_status st = ndg_lua_open(&host, &L, e);
  if (st >= 0) {
    st = ndg_lua_run_file(&host, L, path, trace, e);
  }
  ndg_lua_close(&host, L);
  remove(path);
  return st;
}

START_TEST(script_runs) {
  ndg_error e = {0};
  ck_assert_msg(run("local nudge = require 'nudge' assert(nudge.threads == 2)", NULL, &e) == NDG_OK,
                "%s", e.text);
}
END_TEST

START_TEST(errors_are_one_line_with_a_trace_behind) {
  ndg_error e = {0};
  char *trace = NULL;
  ck_assert_int_lt(run("local function f()\n error 'a\\nb'\nend\nf()", &trace, &e), 0);
  ck_assert_ptr_null(strchr(e.text, '\n'));
  ck_assert_ptr_nonnull(strstr(e.text, ":2: a b"));
  ck_assert_ptr_nonnull(trace);
  ck_assert_ptr_nonnull(strstr(trace, ":4:"));
  ndg_free(trace);
}
END_TEST

START_TEST(errors_that_are_no_text) {
  ndg_error e = {0};
  ck_assert_int_lt(run("error()", NULL, &e), 0);
  ck_assert_ptr_nonnull(strstr(e.text, "nil"));
  ck_assert_int_lt(
      run("error(setmetatable({}, {__tostring = function() error 'x' end}))", NULL, &e), 0);
  ck_assert_uint_gt(strlen(e.text), 0);
  ck_assert_int_lt(run("local function f() return f() + 1 end f()", NULL, &e), 0);
  ck_assert_ptr_nonnull(strstr(e.text, "overflow"));
}
END_TEST

START_TEST(settings_that_nobody_declared) {
  char path[64];
  ndg_error e = {0};
  lua_State *L = NULL;
  write_script(path, "return 1");
  const ndg_lua_setting setting = {"steps", "3"};
  ndg_lua_host host = host_of(path);
  host.n_settings = 1;
  host.settings = &setting;
  ck_assert_int_eq(ndg_lua_open(&host, &L, &e), NDG_OK);
  ck_assert_int_lt(ndg_lua_run_file(&host, L, path, NULL, &e), 0);
  ck_assert_ptr_nonnull(strstr(e.text, "steps"));
  ndg_lua_close(&host, L);
  remove(path);
}
END_TEST

START_TEST(long_work_reports) {
  ndg_error e = {0};
  reports = 0;
  ck_assert_msg(run("require('nudge.core').report('stage', 1, 2)", NULL, &e) == NDG_OK, "%s",
                e.text);
  ck_assert_uint_eq(reports, 1);
}
END_TEST

/* Until it succeeds; every failure is an error with a text and leaks nothing. */
static void fail_each_allocation(const char *script) {
  ndg_status st = NDG_ENOMEM;
  uint64_t n = 0;
  for (; st < 0 && n < 100000; n += n < 200 ? 1 : 37) {
    ndg_error e = {0};
    char *trace = NULL;
    ndg_fail_allocations_after(n);
    st = run(script, &trace, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    ndg_free(trace);
    ck_assert_msg(st == NDG_OK || strlen(e.text) > 0, "allocation %llu: no text",
                  (unsigned long long)n);
  }
  ck_assert_int_eq(st, NDG_OK);
  ck_assert_uint_gt(n, 200);
}

START_TEST(every_allocation_fails_once) {
  fail_each_allocation("local nudge = require 'nudge' return nudge.rule('contrastive')");
}
END_TEST

START_TEST(every_allocation_of_a_description_fails_once) {
  fail_each_allocation(
      "local core = require 'nudge.core' "
      "return core.describe('rule', 'implicit'), core.options('rule', 'implicit')");
}
END_TEST

int main(void) {
  Suite *s = suite_create("lua host");
  TCase *t = tcase_create("host");
  tcase_set_timeout(t, 120);
  tcase_add_checked_fixture(t, open_registry, close_registry);
  tcase_add_test(t, script_runs);
  tcase_add_test(t, errors_are_one_line_with_a_trace_behind);
  tcase_add_test(t, errors_that_are_no_text);
  tcase_add_test(t, settings_that_nobody_declared);
  tcase_add_test(t, long_work_reports);
  tcase_add_test(t, every_allocation_fails_once);
  tcase_add_test(t, every_allocation_of_a_description_fails_once);
  suite_add_tcase(s, t);
  SRunner *sr = srunner_create(s);
  srunner_set_tap(sr, "-");
  srunner_run_all(sr, CK_SILENT);
  const int failed = srunner_ntests_failed(sr);
  srunner_free(sr);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
