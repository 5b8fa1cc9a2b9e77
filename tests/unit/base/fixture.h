/* SPDX-License-Identifier: MIT */
/* What the programs of this folder share: a folder of temporary files, and judging refusals. */
#ifndef NUDGE_TESTS_BASE_FIXTURE_H
#define NUDGE_TESTS_BASE_FIXTURE_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"
#include "nudge/types.h"

/* The folder of the running test; tests that use files list make_folder and remove_folder as their
   fixture. */
static char folder[64];

static inline void make_folder(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/nudge-test-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* Entries of the folder, "." and ".." apart. */
static inline int count_files(void) {
  int n = 0;
  DIR *const dir = opendir(folder);
  ck_assert_ptr_nonnull(dir);
  while (readdir(dir)) {
    n++;
  }
  (void)closedir(dir);
  return n - 2;
}

static inline void remove_folder(void) {
  char command[128];
  (void)snprintf(command, sizeof command, "rm -rf %s", folder);
  ck_assert_int_eq(system(command), 0);
}

/* Path of a file in the folder; valid until the fourth call after this one. */
static inline const char *in_folder(const char *name) {
  static char paths[4][256];
  static unsigned next;
  char *const path = paths[next++ % 4];
  (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline const char *put_file(const char *name, const void *bytes, size_t n) {
  const char *const path = in_folder(name);
  FILE *const file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
  ck_assert_int_eq(fclose(file), 0);
  return path;
}

/* The refusal `status`, in one line that names everything listed. */
static inline void assert_refused(ndg_status status, ndg_status expected, const ndg_error *e,
                                  const char *needle) {
  ck_assert_int_eq(status, expected);
  ck_assert_int_eq(e->code, expected);
  ck_assert_ptr_null(strchr(e->text, '\n'));
  ck_assert_msg(strstr(e->text, needle) != NULL, "\"%s\" lacks \"%s\"", e->text, needle);
}

#endif
