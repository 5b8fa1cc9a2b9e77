/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

typedef struct arena_block {
  struct arena_block *previous;
  size_t size, used; /* bytes after this header */
} arena_block;

/* Data begin here, so that offsets and addresses have the same alignment. */
#define HEADER NDG_ALIGNMENT
_Static_assert(sizeof(arena_block) <= HEADER, "the header must fit before the data");

struct ndg_arena {
  arena_block *last;
  size_t next_size; /* of the next block; grows so that the number of blocks is logarithmic */
};

#define SMALLEST_BLOCK ((size_t)256)
#define LARGEST_STEP ((size_t)1 << 24)

static bool add_block(ndg_arena *a, size_t at_least) {
  const size_t size = at_least > a->next_size ? at_least : a->next_size;
  if (size > SIZE_MAX - HEADER) {
    return false;
  }
  arena_block *const b = ndg_calloc(1, HEADER + size);
  if (!b) {
    return false;
  }
  b->previous = a->last;
  b->size = size;
  a->last = b;
  if (a->next_size < LARGEST_STEP) {
    a->next_size *= 2;
  }
  return true;
}

ndg_arena *ndg_arena_create(size_t first_block) {
  ndg_arena *const a = ndg_calloc(1, sizeof *a);
  if (!a) {
    return NULL;
  }
  a->next_size = first_block > SMALLEST_BLOCK ? first_block : SMALLEST_BLOCK;
  if (!add_block(a, a->next_size)) {
    ndg_free(a);
    return NULL;
  }
  return a;
}

void *ndg_arena_alloc(ndg_arena *a, size_t n, size_t size) {
  if (size != 0 && n > SIZE_MAX / size) {
    return NULL;
  }
  const size_t bytes = n * size;
  const size_t mask = (bytes >= NDG_ALIGNMENT ? NDG_ALIGNMENT : 16) - 1;
  size_t start = (a->last->used + mask) & ~mask;
  if (start > a->last->size || bytes > a->last->size - start) {
    if (!add_block(a, bytes)) {
      return NULL;
    }
    start = 0;
  }
  a->last->used = start + bytes;
  return (char *)a->last + HEADER + start;
}

char *ndg_arena_strdup(ndg_arena *a, const char *text) {
  if (!text) {
    return NULL;
  }
  const size_t size = strlen(text) + 1;
  char *const copy = ndg_arena_alloc(a, size, 1);
  if (copy) {
    memcpy(copy, text, size);
  }
  return copy;
}

void ndg_arena_destroy(ndg_arena *a) {
  if (!a) {
    return;
  }
  for (arena_block *b = a->last; b;) {
    arena_block *const previous = b->previous;
    ndg_free(b);
    b = previous;
  }
  ndg_free(a);
}
