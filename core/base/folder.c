/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/memory.h"

ndg_status ndg_make_folders(const char *path, ndg_error *e) {
  struct stat info;
  ndg_status st = NDG_OK;
  char *copy = ndg_strdup(path);
  if (!copy)
    return ndg_fail(e, NDG_ENOMEM, "no memory for the name of a folder");
  for (char *c = copy + 1; st == NDG_OK; c++) {
    if (*c && *c != '/')
      continue;
    const char end = *c;
    *c = 0;
    if (mkdir(copy, 0777) != 0 && errno != EEXIST)
      st = ndg_fail(e, NDG_EIO, "cannot make folder %s: %s", copy, strerror(errno));
    *c = end;
    if (!end)
      break;
  }
  if (st == NDG_OK && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)))
    st = ndg_fail(e, NDG_EIO, "%s is not a folder", path);
  ndg_free(copy);
  return st;
}
