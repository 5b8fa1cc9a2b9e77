/* SPDX-License-Identifier: MIT */
/* What tests of array files share: the array that was read, and a file's bytes. */
#ifndef NUDGE_TESTS_BASE_ARRAY_FIXTURE_H
#define NUDGE_TESTS_BASE_ARRAY_FIXTURE_H

#include "base/files.h"
#include "base/memory.h"
#include "fixture.h"

static ndg_file_array array;

static inline void free_array(void) {
  ndg_free(array.data);
  array.data = NULL;
}

/* A file's bytes under construction. */
typedef struct bytes {
  unsigned char b[4096];
  size_t n;
} bytes;

static inline void append(bytes *x, const void *from, size_t n) {
  ck_assert_uint_le(x->n + n, sizeof x->b);
  memcpy(x->b + x->n, from, n);
  x->n += n;
}

typedef ndg_status (*reader)(const char *path, ndg_file_array *, ndg_error *);

/* Fails each allocation in turn; returns how many there are. */
static inline uint64_t assert_survives_failures(reader read, const char *path) {
  for (uint64_t n = 0;; n++) {
    ndg_error e = {0};
    ndg_fail_allocations_after(n);
    const ndg_status st = read(path, &array, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    if (st == NDG_OK) {
      free_array();
      return n;
    }
    assert_refused(st, NDG_ENOMEM, &e, path);
    ck_assert_ptr_null(array.data);
  }
}

#endif
