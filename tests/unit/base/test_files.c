/* SPDX-License-Identifier: MIT */
/* Whole files, atomic writes, CSV and the search for data. The binary formats: test_arrays.c. */
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/memory.h"
#include "fixture.h"

static void assert_holds(const char *path, const char *text) {
  char *got;
  size_t n;
  ndg_error e = {0};
  ck_assert_msg(ndg_file_read(path, &got, &n, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(n, strlen(text));
  ck_assert_str_eq(got, text);
  ndg_free(got);
}

START_TEST(files_are_read_whole) {
  static char big[300001];
  char *got;
  size_t n;
  ndg_error e = {0};
  assert_holds(put_file("empty", "", 0), "");
  assert_holds(put_file("text", "two\nlines", 9), "two\nlines");
  memset(big, 'b', sizeof big - 1);
  assert_holds(put_file("big", big, sizeof big - 1), big);
  const char *const with_nul = put_file("nul", "a\0b", 3);
  ck_assert_int_eq(ndg_file_read(with_nul, &got, &n, &e), NDG_OK);
  ck_assert_uint_eq(n, 3);
  ck_assert_mem_eq(got, "a\0b", 4);
  ndg_free(got);
  /* The size it claims is 0. */
  ck_assert_int_eq(ndg_file_read("/proc/self/status", &got, &n, &e), NDG_OK);
  ck_assert_uint_gt(n, 100);
  ndg_free(got);
}
END_TEST

START_TEST(what_cannot_be_read_is_refused) {
  char *got;
  size_t n;
  ndg_error e = {0};
  const char *const missing = in_folder("missing");
  assert_refused(ndg_file_read(missing, &got, &n, &e), NDG_ENOTFOUND, &e, missing);
  ck_assert_ptr_null(got);
  assert_refused(ndg_file_read(folder, &got, &n, &e), NDG_EIO, &e, "is a folder");
}
END_TEST

START_TEST(files_are_replaced_at_once) {
  ndg_error e = {0};
  const char *const path = in_folder("out.txt");
  ck_assert_int_eq(ndg_file_write(path, "one", 3, &e), NDG_OK);
  assert_holds(path, "one");
  /* Whoever has the old file open keeps the old contents. */
  FILE *const old = fopen(path, "r");
  char text[8] = "";
  ck_assert_int_eq(chmod(path, 0640), 0);
  ck_assert_int_eq(ndg_file_write(path, "second", 6, &e), NDG_OK);
  assert_holds(path, "second");
  ck_assert_ptr_nonnull(fgets(text, sizeof text, old));
  ck_assert_str_eq(text, "one");
  (void)fclose(old);
  struct stat info;
  ck_assert_int_eq(stat(path, &info), 0);
  ck_assert_uint_eq(info.st_mode & 0777u, 0640);
  ck_assert_int_eq(ndg_file_write(path, "", 0, &e), NDG_OK);
  assert_holds(path, "");
  ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(a_link_is_followed_and_a_device_kept) {
  ndg_error e = {0};
  struct stat info;
  const char *const target = put_file("target", "old", 3), *const link = in_folder("link");
  ck_assert_int_eq(symlink("target", link), 0);
  ck_assert_int_eq(ndg_file_write(link, "new", 3, &e), NDG_OK);
  assert_holds(target, "new");
  ck_assert_int_eq(lstat(link, &info), 0);
  ck_assert(S_ISLNK(info.st_mode));
  ck_assert_int_eq(ndg_file_write("/dev/null", "gone", 4, &e), NDG_OK);
  ck_assert_int_eq(stat("/dev/null", &info), 0);
  ck_assert(S_ISCHR(info.st_mode));
  assert_refused(ndg_file_write("/dev/full", "gone", 4, &e), NDG_EIO, &e, "/dev/full");
}
END_TEST

START_TEST(what_cannot_be_written_leaves_nothing) {
  ndg_error e = {0};
  const char *const file = put_file("file", "x", 1);
  char below[300];
  (void)snprintf(below, sizeof below, "%s/out.csv", file);
  assert_refused(ndg_file_write(below, "y", 1, &e), NDG_EIO, &e, file);
  (void)snprintf(below, sizeof below, "%s/no/such/out.csv", folder);
  assert_refused(ndg_file_write(below, "y", 1, &e), NDG_EIO, &e, "/no/such: No such file");
  assert_refused(ndg_file_write(folder, "y", 1, &e), NDG_EIO, &e, "is a folder");
  assert_holds(file, "x");
  /* The folder may be read but not written; root may write there all the same. */
  ck_assert_int_eq(chmod(folder, 0555), 0);
  if (access(folder, W_OK) != 0) {
    assert_refused(ndg_file_write(file, "y", 1, &e), NDG_EIO, &e, folder);
    assert_holds(file, "x");
  }
  ck_assert_int_eq(chmod(folder, 0755), 0);
  ck_assert_int_eq(count_files(), 1);
}
END_TEST

/* A write that fails half-way, here at a limit on the size of files, keeps the old file and leaves
   no other. */
START_TEST(a_failed_write_keeps_the_old_file) {
  static char big[1 << 16];
  ndg_error e = {0};
  struct rlimit limit;
  const char *const file = put_file("file", "old", 3);
  ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const struct rlimit small = {1000, limit.rlim_max};
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  const ndg_status st = ndg_file_write(file, big, sizeof big, &e);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  ck_assert(signal(SIGXFSZ, SIG_DFL) != SIG_ERR);
  assert_refused(st, NDG_EIO, &e, "(65536 bytes): File too large");
  assert_holds(file, "old");
  ck_assert_int_eq(count_files(), 1);
}
END_TEST

static ndg_csv table;

static ndg_status read_csv(const char *text, int header, ndg_error *e) {
  memset(e, 0, sizeof *e);
  return ndg_csv_read(put_file("table.csv", text, strlen(text)), header, &table, e);
}

static const struct {
  const char *text;
  int header;
  uint64_t n_rows, n_columns;
  double values[6];
  const char *names[3]; /* NULL: no header */
} tables[] = {
    {"1,2\n3,4\n", -1, 2, 2, {1, 2, 3, 4}, {NULL}},
    {"1,2\r\n3,4\r\n", -1, 2, 2, {1, 2, 3, 4}, {NULL}},
    {"1,2\n3,4", 0, 2, 2, {1, 2, 3, 4}, {NULL}},
    {"1,2\n3,4\n\n\r\n", -1, 2, 2, {1, 2, 3, 4}, {NULL}},
    {"1,2\n3,4\n", 1, 1, 2, {3, 4}, {"1", "2"}},
    {"a,b\n1,2\n", -1, 1, 2, {1, 2}, {"a", "b"}},
    {"a,2\n1,2\n", -1, 1, 2, {1, 2}, {"a", "2"}},
    {"\xef\xbb\xbf"
     "a,b\n1,2\n",
     -1,
     1,
     2,
     {1, 2},
     {"a", "b"}},
    {"\"a\",\"x,\"\"y\"\"\"\n\"1\", \"2e1\" \n", -1, 1, 2, {1, 20}, {"a", "x,\"y\""}},
    {"\"two\nlines\",b\r\n\"-1.5\",+.5\r\n", -1, 1, 2, {-1.5, 0.5}, {"two\nlines", "b"}},
    {" 1\t, 2 \n", -1, 1, 2, {1, 2}, {NULL}},
    {"7\n8\n9", -1, 3, 1, {7, 8, 9}, {NULL}},
    {"x\n0x1p4\n", -1, 1, 1, {16}, {"x"}},
    {"a\"\"b,,c\n1,2,3\n", -1, 1, 3, {1, 2, 3}, {"a\"\"b", "", "c"}},
};

START_TEST(tables_are_read) {
  ndg_error e;
  ck_assert_msg(read_csv(tables[_i].text, tables[_i].header, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(table.n_rows, tables[_i].n_rows);
  ck_assert_uint_eq(table.n_columns, tables[_i].n_columns);
  for (uint64_t i = 0; i < table.n_rows * table.n_columns; i++) {
    ck_assert(table.values[i] == tables[_i].values[i]);
  }
  ck_assert((table.names != NULL) == (tables[_i].names[0] != NULL));
  for (uint64_t i = 0; table.names && i < table.n_columns; i++) {
    ck_assert_str_eq(table.names[i], tables[_i].names[i]);
  }
  ndg_csv_free(&table);
}
END_TEST

static const struct {
  const char *text;
  int header;
  const char *message;
} defects[] = {
    {"", -1, "is empty"},
    {"\n\n", -1, "is empty"},
    {"a,b\n", -1, "no rows"},
    {"1,2\n", 1, "no rows"},
    {"a,b\n1,2\n3\n", -1, "line 3: 1 fields, the first line has 2"},
    {"1,2\n1,2,3\n", -1, "line 2: 3 fields, the first line has 2"},
    {"1,2\n\n3,4\n", -1, "line 2, column 1: the field is empty"},
    {"a,b\n1,nan\n", -1, "line 2, column 2 (b): \"nan\" is not a finite number"},
    {"a,b\n1,2\n-inf,2\n", -1, "line 3, column 1 (a): \"-inf\""},
    {"a,b\n1,1e999\n", -1, "column 2 (b): \"1e999\""},
    {"a,b\n1,two\n", -1, "line 2, column 2 (b): \"two\""},
    {"a,b\n1,\n", -1, "line 2, column 2 (b): the field is empty"},
    {"\"x\ny\",b\n1,NA\n", -1, "line 3, column 2 (b): \"NA\""},
    {"a,2\n", 0, "line 1, column 1: \"a\""},
    {"1;2\n3;4\n5;6\n", -1, "line 2, column 1 (1;2): \"3;4\""},
    {"a,b\n1,\"2\n", -1, "line 2, column 2: the quote is never closed"},
    {"a,b\n1,\"2\"x\n", -1, "line 2, column 2: \"x\" follows the closing quote"},
    {"1,2\n3,4 5\n", -1, "\"4 5\""},
    {"1,2\n3,\x01\x02\n", -1, "\"\?\?\""},
    {"1,2\n3,abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\n", -1,
     "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmn...\""},
};

START_TEST(defects_are_named_with_their_place) {
  ndg_error e;
  const ndg_status st = read_csv(defects[_i].text, defects[_i].header, &e);
  assert_refused(st, NDG_EFORMAT, &e, defects[_i].message);
  ck_assert_ptr_nonnull(strstr(e.text, "table.csv"));
  ck_assert_ptr_null(table.values);
  ck_assert_ptr_null(table.names);
}
END_TEST

START_TEST(calls_that_make_no_sense_are_refused) {
  ndg_error e = {0};
  assert_refused(ndg_csv_read("x", 2, &table, &e), NDG_EINVAL, &e, "header is 2");
  const char *const missing = in_folder("missing.csv");
  assert_refused(ndg_csv_read(missing, -1, &table, &e), NDG_ENOTFOUND, &e, missing);
  ndg_csv_free(&table);
  ndg_csv_free(NULL);
}
END_TEST

/* A first row that is wide and rows that are narrow must not multiply into memory. */
START_TEST(room_is_bounded_by_the_file) {
  enum { N = 200000 };
  char *const text = malloc(2 * N);
  ndg_error e = {0};
  memset(text, ',', N);
  memset(text + N, '\n', N - 1);
  text[2 * N - 1] = '1';
  const ndg_status st = ndg_csv_read(put_file("wide.csv", text, 2 * N), 1, &table, &e);
  assert_refused(st, NDG_EFORMAT, &e, "line 2, column 1: the field is empty");
  free(text);
}
END_TEST

START_TEST(reading_survives_every_failure) {
  static const char text[] = "a,\"b\"\n1,2\n3,4\n";
  const char *const path = put_file("table.csv", text, sizeof text - 1);
  for (uint64_t n = 0;; n++) {
    ndg_error e = {0};
    ndg_fail_allocations_after(n);
    const ndg_status st = ndg_csv_read(path, -1, &table, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    if (st == NDG_OK) {
      ck_assert_uint_eq(n, 5); /* text, names, two of them, values: each failed once */
      ndg_csv_free(&table);
      return;
    }
    assert_refused(st, NDG_ENOMEM, &e, path);
    ck_assert_ptr_null(table.values);
  }
}
END_TEST

START_TEST(writing_survives_a_failure) {
  ndg_error e = {0};
  const char *const path = in_folder("out");
  ndg_fail_allocations_after(0);
  const ndg_status st = ndg_file_write(path, "x", 1, &e);
  ndg_fail_allocations_after(UINT64_MAX);
  assert_refused(st, NDG_ENOMEM, &e, path);
  ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(data_are_found_in_order) {
  char path[300], nested[300];
  ndg_error e = {0};
  char *const old = getcwd(NULL, 0);
  (void)snprintf(nested, sizeof nested, "mkdir -p %s/work/data/set %s/shared/data/set %s/mine/set",
                 folder, folder, folder);
  ck_assert_int_eq(system(nested), 0);
  ck_assert_int_eq(chdir(in_folder("work")), 0);
  ck_assert_int_eq(unsetenv("NUDGE_DATA"), 0);
  assert_refused(ndg_data_find("set/x.csv", path, sizeof path, &e), NDG_ENOTFOUND, &e,
                 "$NUDGE_DATA (not set), ../shared/data or data");
  (void)put_file("work/data/set/x.csv", "", 0);
  ck_assert_int_eq(ndg_data_find("set/x.csv", path, sizeof path, &e), NDG_OK);
  ck_assert_str_eq(path, "data/set/x.csv");
  (void)put_file("shared/data/set/x.csv", "", 0);
  ck_assert_int_eq(ndg_data_find("set/x.csv", path, sizeof path, &e), NDG_OK);
  ck_assert_str_eq(path, "../shared/data/set/x.csv");
  ck_assert_int_eq(setenv("NUDGE_DATA", "../mine/", 1), 0);
  ck_assert_int_eq(ndg_data_find("set/x.csv", path, sizeof path, &e), NDG_OK);
  ck_assert_str_eq(path, "../shared/data/set/x.csv"); /* not in ../mine */
  (void)put_file("mine/set/x.csv", "", 0);
  ck_assert_int_eq(ndg_data_find("set/x.csv", path, sizeof path, &e), NDG_OK);
  ck_assert_str_eq(path, "../mine/set/x.csv");
  assert_refused(ndg_data_find("set", path, sizeof path, &e), NDG_ENOTFOUND, &e, "../mine/");
  assert_refused(ndg_data_find("set/x.csv", path, 8, &e), NDG_EINVAL, &e, "longer than 8 bytes");
  ck_assert_int_eq(chdir(old), 0);
  free(old);
}
END_TEST

/* The real tables, where they are. */
static bool read_real(const char *name, int header, uint64_t n_rows, uint64_t n_columns) {
  char path[4096];
  ndg_error e = {0};
  if (ndg_data_find(name, path, sizeof path, &e) != NDG_OK) {
    return false;
  }
  ck_assert_msg(ndg_csv_read(path, header, &table, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(table.n_rows, n_rows);
  ck_assert_uint_eq(table.n_columns, n_columns);
  return true;
}

START_TEST(housing_is_read) {
  if (!read_real("housing/boston.csv", -1, 506, 14)) {
    return;
  }
  ck_assert_str_eq(table.names[3], "chas");
  ck_assert_str_eq(table.names[13], "medv");
  ck_assert(table.values[0] == 0.00632 && table.values[3] == 0.0 && table.values[13] == 24.0);
  double sum = 0.0;
  for (uint64_t i = 0; i < table.n_rows; i++) {
    sum += table.values[14 * i + 13];
  }
  ck_assert_double_eq_tol(sum / 506.0, 22.532806, 1e-6); /* the data set's published mean */
  ndg_csv_free(&table);
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("files");
  TCase *const tests = tcase_create("files");
  tcase_add_checked_fixture(tests, make_folder, remove_folder);
  tcase_add_test(tests, files_are_read_whole);
  tcase_add_test(tests, what_cannot_be_read_is_refused);
  tcase_add_test(tests, files_are_replaced_at_once);
  tcase_add_test(tests, a_link_is_followed_and_a_device_kept);
  tcase_add_test(tests, what_cannot_be_written_leaves_nothing);
  tcase_add_test(tests, a_failed_write_keeps_the_old_file);
  tcase_add_test(tests, writing_survives_a_failure);
  tcase_add_test(tests, data_are_found_in_order);
  suite_add_tcase(suite, tests);
  TCase *const csv = tcase_create("csv");
  tcase_add_checked_fixture(csv, make_folder, remove_folder);
  tcase_add_loop_test(csv, tables_are_read, 0, sizeof tables / sizeof *tables);
  tcase_add_loop_test(csv, defects_are_named_with_their_place, 0, sizeof defects / sizeof *defects);
  tcase_add_test(csv, calls_that_make_no_sense_are_refused);
  tcase_add_test(csv, room_is_bounded_by_the_file);
  tcase_add_test(csv, reading_survives_every_failure);
  tcase_add_test(csv, housing_is_read);
  suite_add_tcase(suite, csv);
  return run_suite(suite);
}
