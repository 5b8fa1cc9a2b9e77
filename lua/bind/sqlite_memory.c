/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdint.h>

#include "base/memory.h"
#include "bind/sqlite.h"

/* In front of every block: its size, which SQLite asks for and ndg_realloc wants. */
#define HEADER ((size_t)16)

static void *take(int size) {
  char *block = size > 0 ? ndg_calloc(1, HEADER + (size_t)size) : NULL;
  if (!block) {
    return NULL;
  }
  *(int *)(void *)block = size;
  return block + HEADER;
}

static char *block_of(void *p) {
  return (char *)p - HEADER;
}

static int size_of(void *p) {
  return p ? *(int *)(void *)block_of(p) : 0;
}

static void give(void *p) {
  if (p) {
    ndg_free(block_of(p));
  }
}

static void *resize(void *p, int size) {
  char *block = ndg_realloc(block_of(p), HEADER + (size_t)size_of(p), HEADER + (size_t)size);
  if (!block) {
    return NULL;
  }
  *(int *)(void *)block = size;
  return block + HEADER;
}

static int round_up(int size) {
  return (size + 7) & ~7;
}

static int start(void *context) {
  (void)context;
  return SQLITE_OK;
}

static void stop(void *context) {
  (void)context;
}

void ndg_sqlite_use_own_memory(void) {
  static const sqlite3_mem_methods methods = {take,     give,  resize, size_of,
                                              round_up, start, stop,   NULL};
  /* Both are refused once SQLite has started: then it keeps what it has. */
  (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
