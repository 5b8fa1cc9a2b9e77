/* SPDX-License-Identifier: MIT */
/* Folders that are made whole or not at all, and folders beside the program. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/process.h"
#include "fixture.h"

static const ndg_folder_file files[] = {
    {"first.txt", "one", 3}, {"second.txt", "two\0lines", 9}, {"empty", "", 0}};
enum { N = sizeof files / sizeof *files };

static void assert_files(const char *path) {
  for (int i = 0; i < N; i++) {
    char name[300], *got;
    size_t n;
    ndg_error e = {0};
    (void)snprintf(name, sizeof name, "%s/%s", path, files[i].name);
    ck_assert_msg(ndg_file_read(name, &got, &n, &e) == NDG_OK, "%s", e.text);
    ck_assert_uint_eq(n, files[i].length);
    ck_assert_mem_eq(got, files[i].text, n);
    ndg_free(got);
  }
}

START_TEST(a_folder_is_written) {
  ndg_error e = {0};
  struct stat info;
  const char *const path = in_folder("new"), *const empty = in_folder("empty");
  const mode_t mask = umask(022);
  ck_assert_msg(ndg_folder_write(path, N, files, &e) == NDG_OK, "%s", e.text);
  ck_assert_int_eq(ndg_folder_write(empty, 0, NULL, &e), NDG_OK);
  (void)umask(mask);
  assert_files(path);
  ck_assert_int_eq(stat(path, &info), 0);
  ck_assert_uint_eq(info.st_mode & 07777u, 0755);
  ck_assert_int_eq(count_files(), 2);
}
END_TEST

START_TEST(what_is_there_stays) {
  ndg_error e = {0};
  struct stat info;
  const char *const file = put_file("file", "x", 1), *const link = in_folder("link");
  const char *const empty = in_folder("empty");
  ck_assert_int_eq(mkdir(empty, 0700), 0);
  ck_assert_int_eq(symlink("nowhere", link), 0);
  assert_refused(ndg_folder_write(file, N, files, &e), NDG_EIO, &e, file);
  assert_refused(ndg_folder_write(link, N, files, &e), NDG_EIO, &e, "link: File exists");
  assert_refused(ndg_folder_write(empty, N, files, &e), NDG_EIO, &e, "empty: File exists");
  ck_assert_int_eq(rmdir(empty), 0);
  ck_assert_int_eq(lstat(link, &info), 0);
  ck_assert(S_ISLNK(info.st_mode));
  ck_assert_int_eq(count_files(), 2);
}
END_TEST

START_TEST(names_and_places_are_checked) {
  static const char *const names[] = {"", "a/b", "/a"};
  ndg_error e = {0};
  char below[300];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const ndg_folder_file file = {names[i], "x", 1};
    assert_refused(ndg_folder_write(in_folder("new"), 1, &file, &e), NDG_EINVAL, &e,
                   "is no name of a file");
  }
  (void)snprintf(below, sizeof below, "%s/no/new", folder);
  assert_refused(ndg_folder_write(below, N, files, &e), NDG_EIO, &e, "/no/new: No such file");
  ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(making_survives_every_failure) {
  ndg_error e = {0};
  const char *const path = in_folder("new");
  ndg_status st = NDG_ENOMEM;
  uint64_t n = 0;
  for (; st == NDG_ENOMEM; n++) {
    ck_assert_int_eq(count_files(), 0);
    ndg_fail_allocations_after(n);
    st = ndg_folder_write(path, N, files, &e);
    ndg_fail_allocations_after(UINT64_MAX);
  }
  ck_assert_int_eq(st, NDG_OK);
  ck_assert_uint_gt(n, N);
  assert_files(path);
}
END_TEST

/* Writing that is cut short, here at a limit on the size of files. */
START_TEST(a_failed_write_leaves_nothing) {
  static char big[1 << 16];
  const ndg_folder_file both[] = {files[0], {"big", big, sizeof big}};
  ndg_error e = {0};
  struct rlimit limit;
  ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const struct rlimit small = {1000, limit.rlim_max};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  const ndg_status st = ndg_folder_write(in_folder("new"), 2, both, &e);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  ck_assert(signal(SIGXFSZ, SIG_DFL) != SIG_ERR);
  assert_refused(st, NDG_EIO, &e, "File too large");
  ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(folders_are_found_from_the_program) {
  char here[4096], same[4096], path[4096];
  ck_assert(ndg_folder_beside_program("", here, sizeof here));
  ck_assert_ptr_null(strstr(here, "test_folder"));
  ck_assert(ndg_folder_beside_program("../base", same, sizeof same));
  char *const one = realpath(here, NULL), *const two = realpath(same, NULL);
  ck_assert_str_eq(one, two);
  free(one);
  free(two);
  ck_assert(!ndg_folder_beside_program("nowhere", path, sizeof path));
  ck_assert(!ndg_folder_beside_program("test_folder", path, sizeof path)); /* a file */
  ck_assert(!ndg_folder_beside_program("../base", path, strlen(here) + 3));
  ck_assert(!ndg_folder_beside_program("", path, 4));
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("folder");
  TCase *const tests = tcase_create("folder");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_add_test(tests, a_folder_is_written);
  tcase_add_test(tests, what_is_there_stays);
  tcase_add_test(tests, names_and_places_are_checked);
  tcase_add_test(tests, making_survives_every_failure);
  tcase_add_test(tests, a_failed_write_leaves_nothing);
  tcase_add_test(tests, folders_are_found_from_the_program);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
