/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"

/* Whether folder/relative is a file; its path is then in path[size]. */
static ndg_status look_in(const char *folder, const char *relative, char *path, size_t size,
                          bool *found, ndg_error *e) {
  struct stat info;
  const size_t n = strlen(folder);
  const char *const slash = n > 0 && folder[n - 1] == '/' ? "" : "/";
  const int length = snprintf(path, size, "%s%s%s", folder, slash, relative);
  if (length < 0 || (size_t)length >= size) {
    return ndg_fail(e, NDG_EINVAL, "the path of data file %s in %s is longer than %zu bytes",
                    relative, folder, size);
  }
  *found = stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
  return NDG_OK;
}

ndg_status ndg_data_find(const char *relative, char *path, size_t size, ndg_error *e) {
  const char *const chosen = getenv("NUDGE_DATA");
  const bool is_chosen = chosen && *chosen;
  const char *const folders[] = {is_chosen ? chosen : NULL, "../shared/data", "data"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    bool found = false;
    if (!folders[i]) {
      continue;
    }
    const ndg_status st = look_in(folders[i], relative, path, size, &found, e);
    if (st < 0 || found) {
      return st;
    }
  }
  return ndg_fail(
      e, NDG_ENOTFOUND,
      "no data file %s in %s, ../shared/data or data; set NUDGE_DATA to the folder that "
      "has it",
      relative, is_chosen ? chosen : "$NUDGE_DATA (not set)");
}
