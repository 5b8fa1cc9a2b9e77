/* SPDX-License-Identifier: MIT */
/* Atomic writes: what is at a path is the old contents or the new, whatever happens in between. */
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

#define N_TEMPORARY_NAMES 100u

struct ndg_file_writer {
  int fd;
  size_t length;   /* written so far */
  char *path;      /* what is replaced: a link's target */
  char *temporary; /* NULL: a device, a pipe: nothing to replace, so the bytes go straight in */
};

static ndg_status fail_to_write(const ndg_file_writer *w, int code, ndg_error *e) {
  return ndg_fail(e, NDG_EIO, "cannot write %s (%zu bytes): %s", w->path, w->length,
                  strerror(code));
}

/* A new file beside path, its name in temporary[size]; -1 with errno. */
static int open_beside(const char *path, char *temporary, size_t size) {
  static _Atomic unsigned serial;
  for (unsigned i = 0; i < N_TEMPORARY_NAMES; i++) {
    (void)snprintf(temporary, size, "%s.%ld-%u.tmp", path, (long)getpid(), serial++);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST)
      return fd;
  }
  return -1;
}

/* Length of the part of a path that names its folder; 0: the present folder. */
static int folder_length(const char *path) {
  const char *const slash = strrchr(path, '/');
  return !slash ? 0 : slash == path ? 1 : (int)(slash - path);
}

static ndg_status open_temporary(ndg_file_writer *w, const struct stat *old, ndg_error *e) {
  const size_t size = strlen(w->path) + 48;
  w->temporary = ndg_calloc(1, size);
  if (!w->temporary)
    return ndg_fail(e, NDG_ENOMEM, "no memory to write %s", w->path);
  w->fd = open_beside(w->path, w->temporary, size);
  if (w->fd < 0) {
    const int code = errno, n = folder_length(w->path);
    ndg_free(w->temporary);
    w->temporary = NULL;
    return ndg_fail(e, NDG_EIO, "cannot write %s: folder %.*s: %s", w->path, n ? n : 1,
                    n ? w->path : ".", strerror(code));
  }
  return old && fchmod(w->fd, old->st_mode & 07777) != 0 ? fail_to_write(w, errno, e) : NDG_OK;
}

static ndg_status open_for(ndg_file_writer *w, const char *path, ndg_error *e) {
  struct stat info;
  const bool there = stat(path, &info) == 0;
  w->fd = -1;
  if (there && S_ISDIR(info.st_mode))
    return ndg_fail(e, NDG_EIO, "cannot write %s: it is a folder", path);
  /* Through a symbolic link the file it names is replaced, not the link. */
  char *const real = there && S_ISREG(info.st_mode) ? realpath(path, NULL) : NULL;
  w->path = ndg_strdup(real ? real : path);
  free(real);
  if (!w->path)
    return ndg_fail(e, NDG_ENOMEM, "no memory to write %s", path);
  if (!there || S_ISREG(info.st_mode))
    return open_temporary(w, there ? &info : NULL, e);
  w->fd = open(path, O_WRONLY | O_CLOEXEC);
  return w->fd < 0 ? ndg_fail(e, NDG_EIO, "cannot write %s: %s", path, strerror(errno)) : NDG_OK;
}

ndg_status ndg_file_writer_open(const char *path, ndg_file_writer **out, ndg_error *e) {
  *out = NULL;
  ndg_file_writer *w = ndg_calloc(1, sizeof *w);
  if (!w)
    return ndg_fail(e, NDG_ENOMEM, "no memory to write %s", path);
  const ndg_status st = open_for(w, path, e);
  if (st >= 0)
    *out = w;
  else
    ndg_file_writer_abandon(w);
  return st;
}

ndg_status ndg_file_writer_put(ndg_file_writer *w, const void *data, size_t length, ndg_error *e) {
  const char *from = data;
  w->length += length;
  while (length > 0) {
    const ssize_t n = write(w->fd, from, length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail_to_write(w, errno, e);
    from += n;
    length -= (size_t)n;
  }
  return NDG_OK;
}

ndg_status ndg_file_writer_put_first(ndg_file_writer *w, const void *data, size_t length,
                                     ndg_error *e) {
  ssize_t n;
  do {
    n = pwrite(w->fd, data, length, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0)
    return fail_to_write(w, errno, e);
  return (size_t)n == length ? NDG_OK : fail_to_write(w, ENOSPC, e);
}

/* The new name of a file is on the disk once its folder is. File systems that cannot do that say
   so; there is nothing to be done about it. */
static void sync_folder(const char *path) {
  const int n = folder_length(path);
  char folder[4096];
  if (n >= (int)sizeof folder)
    return;
  (void)snprintf(folder, sizeof folder, "%.*s", n ? n : 1, n ? path : ".");
  const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    (void)fsync(fd);
    (void)close(fd);
  }
}

ndg_status ndg_file_writer_commit(ndg_file_writer *w, ndg_error *e) {
  bool good = !w->temporary || fsync(w->fd) == 0;
  int code = errno;
  if (close(w->fd) != 0 && good) {
    good = false;
    code = errno;
  }
  w->fd = -1;
  if (good && w->temporary && rename(w->temporary, w->path) != 0) {
    good = false;
    code = errno;
  }
  const ndg_status st = good ? NDG_OK : fail_to_write(w, code, e);
  if (good && w->temporary) {
    sync_folder(w->path);
    ndg_free(w->temporary);
    w->temporary = NULL;
  }
  ndg_file_writer_abandon(w);
  return st;
}

void ndg_file_writer_abandon(ndg_file_writer *w) {
  if (!w)
    return;
  if (w->fd >= 0)
    (void)close(w->fd);
  if (w->temporary)
    (void)unlink(w->temporary);
  ndg_free(w->temporary);
  ndg_free(w->path);
  ndg_free(w);
}

ndg_status ndg_file_write(const char *path, const void *data, size_t length, ndg_error *e) {
  ndg_file_writer *w;
  ndg_status st = ndg_file_writer_open(path, &w, e);
  if (st >= 0) {
    st = ndg_file_writer_put(w, data, length, e);
    if (st >= 0)
      st = ndg_file_writer_commit(w, e);
    else
      ndg_file_writer_abandon(w);
  }
  return st;
}
