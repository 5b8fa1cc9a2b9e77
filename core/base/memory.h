/* SPDX-License-Identifier: MIT */
/* All heap memory of the core passes here: counted, aligned, and able to fail on purpose. */
#ifndef NUDGE_BASE_MEMORY_H
#define NUDGE_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define NDG_ALIGNMENT 64

/* [any; any; allocates] Zeroed memory, NDG_ALIGNMENT-aligned; NULL when there is none. n * size is
   checked for overflow. n * size == 0 gives a valid pointer. Freed by ndg_free. */
void *ndg_calloc(size_t n, size_t size);
/* [any; any; allocates] As realloc: contents kept up to the smaller size, the rest zeroed. */
void *ndg_realloc(void *p, size_t old_size, size_t new_size);
/* [any; any; frees] NULL is fine. */
void ndg_free(void *p);
/* [any; any; allocates] Copy of a string; NULL when there is no memory or text is NULL. */
char *ndg_strdup(const char *text);

/* [any; any; pure] Allocations so far in this process: a run that allocates nothing leaves it
 * alone. */
uint64_t ndg_allocation_count(void);
/* [any; any; cheap] Fault injection for tests: the n-th allocation from now (0: the next) and all
   later ones fail; UINT64_MAX: none do. */
void ndg_fail_allocations_after(uint64_t n);

/* A bump allocator: many small objects, freed together. */
typedef struct ndg_arena ndg_arena;
/* [any; any; allocates] NULL when there is no memory. */
ndg_arena *ndg_arena_create(size_t first_block);
/* [any; one thread at a time; may allocate] Zeroed, 16-byte-aligned (64 from 64 bytes on); NULL: no
 * memory. */
void *ndg_arena_alloc(ndg_arena *, size_t n, size_t size);
/* [any; one thread at a time; may allocate] As ndg_strdup, in the arena. */
char *ndg_arena_strdup(ndg_arena *, const char *text);
/* [any; any; frees] NULL is fine. */
void ndg_arena_destroy(ndg_arena *);

#endif
