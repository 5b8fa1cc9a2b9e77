/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/memory.h"

#define FIRST_CAPACITY ((size_t)65536)
#define N_TEMPORARY_NAMES 100u

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

static bool write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    const ssize_t n = write(fd, data, length);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return false;
    }
    data += n;
    length -= (size_t)n;
  }
  return true;
}

/* A new file beside path, its name in temporary[size]; -1 with errno. */
static int open_beside(const char *path, char *temporary, size_t size) {
  static _Atomic unsigned serial;
  for (unsigned i = 0; i < N_TEMPORARY_NAMES; i++) {
    (void)snprintf(temporary, size, "%s.%ld-%u.tmp", path, (long)getpid(), serial++);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) {
      return fd;
    }
  }
  return -1;
}

static ndg_status fail_to_create(const char *path, int code, ndg_error *e) {
  const char *const slash = strrchr(path, '/');
  const int n = slash ? (slash == path ? 1 : (int)(slash - path)) : 1;
  return ndg_fail(e, NDG_EIO, "cannot write %s: folder %.*s: %s", path, n, slash ? path : ".",
                  strerror(code));
}

static ndg_status replace(const char *path, const struct stat *old, const void *data, size_t length,
                          ndg_error *e) {
  const size_t size = strlen(path) + 48;
  char *const temporary = ndg_calloc(1, size);
  if (!temporary) {
    return ndg_fail(e, NDG_ENOMEM, "no memory to write %s", path);
  }
  const int fd = open_beside(path, temporary, size);
  ndg_status st = NDG_OK;
  if (fd < 0) {
    st = fail_to_create(path, errno, e);
    goto out;
  }
  bool good = (!old || fchmod(fd, old->st_mode & 07777) == 0) && write_all(fd, data, length) &&
              fsync(fd) == 0;
  int code = errno;
  if (close(fd) != 0 && good) {
    good = false;
    code = errno;
  }
  if (good && rename(temporary, path) != 0) {
    good = false;
    code = errno;
  }
  if (!good) {
    (void)unlink(temporary);
    st = ndg_fail(e, NDG_EIO, "cannot write %s (%zu bytes): %s", path, length, strerror(code));
  }
out:
  ndg_free(temporary);
  return st;
}

/* A terminal, a pipe or /dev/null: nothing to replace, so the bytes go straight in. */
static ndg_status write_through(const char *path, const void *data, size_t length, ndg_error *e) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return ndg_fail(e, NDG_EIO, "cannot write %s: %s", path, strerror(errno));
  }
  const bool good = write_all(fd, data, length);
  const int code = errno;
  (void)close(fd);
  return good ? NDG_OK : ndg_fail(e, NDG_EIO, "cannot write %s: %s", path, strerror(code));
}

ndg_status ndg_file_write(const char *path, const void *data, size_t length, ndg_error *e) {
  struct stat info;
  if (stat(path, &info) != 0) {
    return replace(path, NULL, data, length, e);
  }
  if (S_ISDIR(info.st_mode)) {
    return ndg_fail(e, NDG_EIO, "cannot write %s: it is a folder", path);
  }
  if (!S_ISREG(info.st_mode)) {
    return write_through(path, data, length, e);
  }
  /* Through a symbolic link the file it names is replaced, not the link. */
  char *const real = realpath(path, NULL);
  if (!real) {
    return ndg_fail(e, NDG_EIO, "cannot write %s: %s", path, strerror(errno));
  }
  const ndg_status st = replace(real, &info, data, length, e);
  free(real);
  return st;
}
