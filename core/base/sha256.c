/* SPDX-License-Identifier: MIT */
#include "base/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void ndg_sha256_begin(ndg_sha256 *s) {
  sha256_init(s);
}

void ndg_sha256_add(ndg_sha256 *s, const void *data, size_t n) {
  sha256_update(s, n, data);
}

void ndg_sha256_end(ndg_sha256 *s, uint8_t digest[NDG_SHA256_SIZE]) {
  sha256_digest(s, NDG_SHA256_SIZE, digest);
}

void ndg_sha256_text(const uint8_t digest[NDG_SHA256_SIZE], char text[NDG_SHA256_TEXT]) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < NDG_SHA256_SIZE; i++) {
    text[2 * i] = digits[digest[i] >> 4];
    text[2 * i + 1] = digits[digest[i] & 15];
  }
  text[2 * NDG_SHA256_SIZE] = 0;
}

ndg_status ndg_sha256_file(const char *path, uint8_t digest[NDG_SHA256_SIZE], ndg_error *e) {
  uint8_t piece[32768];
  ndg_sha256 s;
  ndg_sha256_begin(&s);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return ndg_fail(e, errno == ENOENT ? NDG_ENOTFOUND : NDG_EIO, "cannot open %s: %s", path,
                    strerror(errno));
  ssize_t n;
  while ((n = read(fd, piece, sizeof piece)) != 0) {
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      break;
    ndg_sha256_add(&s, piece, (size_t)n);
  }
  const int code = errno;
  (void)close(fd);
  if (n < 0)
    return ndg_fail(e, NDG_EIO, "cannot read %s: %s", path, strerror(code));
  ndg_sha256_end(&s, digest);
  return NDG_OK;
}
