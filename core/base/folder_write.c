/* SPDX-License-Identifier: MIT */
/* A folder with its files: whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"

/* Longest name of a file in the folder; the suffix of the folder while it is incomplete. */
enum { FILE_NAME_SIZE = 256 };
static const char suffix[] = ".tmp.XXXXXX"; /* as mkdtemp wants it */

static ndg_status fail_to_make(const char *path, int code, ndg_error *e) {
  return ndg_fail(e, NDG_EIO, "cannot make folder %s: %s", path, strerror(code));
}

/* For all that is written here: its length is `size` at most. */
static void name_in(char *out, size_t size, const char *folder, const char *name) {
  const size_t n = strlen(folder);
  memcpy(out, folder, n);
  (void)snprintf(out + n, size - n, "/%s", name);
}

static void remove_files(const char *folder, char *path, size_t size, size_t n,
                         const ndg_folder_file *files) {
  for (size_t i = 0; i < n; i++) {
    name_in(path, size, folder, files[i].name);
    (void)unlink(path);
  }
  (void)rmdir(folder);
}

static ndg_status write_files(const char *folder, char *path, size_t size, size_t n,
                              const ndg_folder_file *files, ndg_error *e) {
  ndg_status st = NDG_OK;
  for (size_t i = 0; i < n && st >= 0; i++) {
    name_in(path, size, folder, files[i].name);
    st = ndg_file_write(path, files[i].text, files[i].length, e);
  }
  return st;
}

/* mkdtemp lets nobody else in; a new folder is as open as the user's mask has it. */
static int open_to_mask(const char *folder) {
  const mode_t mask = umask(0);
  (void)umask(mask);
  return chmod(folder, 0777 & ~mask);
}

/* Never over something that is there, an empty folder included. */
static int move_to(const char *from, const char *to) {
  struct stat info;
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -1;
  /* A file system that cannot promise it: look, then move. */
  if (lstat(to, &info) == 0) {
    errno = EEXIST;
    return -1;
  }
  return rename(from, to);
}

static ndg_status check_files(const char *path, size_t n, const ndg_folder_file *files,
                              ndg_error *e) {
  struct stat info;
  for (size_t i = 0; i < n; i++) {
    const size_t length = strnlen(files[i].name, FILE_NAME_SIZE);
    if (length == 0 || length == FILE_NAME_SIZE || strchr(files[i].name, '/'))
      return ndg_fail(e, NDG_EINVAL, "'%.40s' is no name of a file in folder %s", files[i].name,
                      path);
  }
  return lstat(path, &info) == 0 ? fail_to_make(path, EEXIST, e) : NDG_OK;
}

ndg_status ndg_folder_write(const char *path, size_t n, const ndg_folder_file *files,
                            ndg_error *e) {
  ndg_status st = check_files(path, n, files, e);
  if (st < 0)
    return st;
  const size_t length = strlen(path), size = length + sizeof suffix + FILE_NAME_SIZE;
  char *temporary = ndg_calloc(2, size), *file = temporary ? temporary + size : NULL;
  if (!temporary)
    return ndg_fail(e, NDG_ENOMEM, "no memory to make folder %s", path);
  (void)snprintf(temporary, size, "%s%s", path, suffix);
  if (!mkdtemp(temporary)) {
    st = fail_to_make(path, errno, e);
    ndg_free(temporary);
    return st;
  }
  st = write_files(temporary, file, size, n, files, e);
  if (st >= 0 && (open_to_mask(temporary) != 0 || move_to(temporary, path) != 0))
    st = fail_to_make(path, errno, e);
  if (st < 0)
    remove_files(temporary, file, size, n, files);
  ndg_free(temporary);
  return st;
}
