/* SPDX-License-Identifier: MIT */
#include "check/capture.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool ndg_capture_begin(ndg_capture *c) {
  (void)fflush(NULL);
  c->file = memfd_create("output", MFD_CLOEXEC);
  c->out = dup(STDOUT_FILENO);
  c->error = dup(STDERR_FILENO);
  return c->file >= 0 && c->out >= 0 && c->error >= 0 && dup2(c->file, STDOUT_FILENO) >= 0 &&
         dup2(c->file, STDERR_FILENO) >= 0;
}

uint64_t ndg_capture_end(ndg_capture *c, char *first, size_t size) {
  (void)fflush(NULL);
  (void)dup2(c->out, STDOUT_FILENO);
  (void)dup2(c->error, STDERR_FILENO);
  const off_t length = lseek(c->file, 0, SEEK_END);
  const ssize_t n = pread(c->file, first, size - 1, 0);
  first[n > 0 ? n : 0] = '\0';
  first[strcspn(first, "\n")] = '\0';
  (void)close(c->file);
  (void)close(c->out);
  (void)close(c->error);
  return length > 0 ? (uint64_t)length : 0;
}
