/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"

#define FIRST_CAPACITY ((size_t)65536)

static ndg_status fail_system(ndg_error *e, const char *what, const char *path, int code) {
  const ndg_status st = code == ENOENT ? NDG_ENOTFOUND : code == ENOMEM ? NDG_ENOMEM : NDG_EIO;
  return ndg_fail(e, st, "cannot %s %s: %s", what, path, strerror(code));
}

/* Bytes read, 0 at the end, -1 with errno. */
static ssize_t read_some(int fd, void *to, size_t size) {
  ssize_t n;
  do {
    n = read(fd, to, size);
  } while (n < 0 && errno == EINTR);
  return n;
}

/* From where fd stands to its end, whatever size it claims: pipes claim none. */
static ndg_status read_all(int fd, const char *path, size_t capacity, char **out, size_t *length,
                           ndg_error *e) {
  char *text = ndg_calloc(1, capacity);
  size_t n = 0;
  while (text) {
    const ssize_t got = read_some(fd, text + n, capacity - n - 1);
    if (got < 0) {
      ndg_free(text);
      return fail_system(e, "read", path, errno);
    }
    if (got == 0) {
      text[n] = '\0';
      *out = text;
      *length = n;
      return NDG_OK;
    }
    n += (size_t)got;
    if (n + 1 == capacity) {
      char *const larger = ndg_realloc(text, capacity, 2 * capacity);
      if (!larger) {
        break;
      }
      text = larger;
      capacity *= 2;
    }
  }
  ndg_free(text);
  return ndg_fail(e, NDG_ENOMEM, "no memory to read %s (%zu bytes so far)", path, n);
}

ndg_status ndg_file_read(const char *path, char **out, size_t *length, ndg_error *e) {
  struct stat info;
  *out = NULL;
  *length = 0;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return fail_system(e, "open", path, errno);
  }
  ndg_status st;
  if (fstat(fd, &info) != 0) {
    st = fail_system(e, "examine", path, errno);
  } else if (S_ISDIR(info.st_mode)) {
    st = ndg_fail(e, NDG_EIO, "cannot read %s: it is a folder", path);
  } else {
    /* Two more than the file: one for the NUL, one for the read that finds the end. */
    const size_t capacity = info.st_size > 0 ? (size_t)info.st_size + 2 : FIRST_CAPACITY;
    st = read_all(fd, path, capacity, out, length, e);
  }
  (void)close(fd);
  return st;
}
