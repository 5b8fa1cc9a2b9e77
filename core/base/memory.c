/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static _Atomic uint64_t n_allocated;
/* Allocations still allowed; UINT64_MAX means that nobody is testing. */
static _Atomic uint64_t n_allowed = UINT64_MAX;

static bool may_allocate(void) {
  uint64_t left = atomic_load_explicit(&n_allowed, memory_order_relaxed);
  while (left != UINT64_MAX) {
    if (left == 0) {
      return false;
    }
    if (atomic_compare_exchange_weak_explicit(&n_allowed, &left, left - 1, memory_order_relaxed,
                                              memory_order_relaxed)) {
      return true;
    }
  }
  return true;
}

/* Memory of at least one huge page lies on huge pages where the system has them to give: sweeps
   through parameters and data then find their addresses without walking page tables. */
#define HUGE_PAGE ((size_t)2 << 20)

static void *aligned(size_t bytes) {
  if (bytes < HUGE_PAGE) {
    return aligned_alloc(NDG_ALIGNMENT, bytes);
  }
  void *p;
  if (posix_memalign(&p, HUGE_PAGE, bytes) != 0) {
    return NULL;
  }
#if defined(MADV_HUGEPAGE)
  (void)madvise(p, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
  return p;
}

/* Contents undefined; a multiple of NDG_ALIGNMENT bytes, as aligned_alloc wants. */
static void *allocate(size_t bytes) {
  if (bytes > SIZE_MAX - NDG_ALIGNMENT || !may_allocate()) {
    return NULL;
  }
  const size_t blocks = bytes == 0 ? 1 : (bytes + NDG_ALIGNMENT - 1) / NDG_ALIGNMENT;
  void *const p = aligned(blocks * NDG_ALIGNMENT);
  if (p) {
    atomic_fetch_add_explicit(&n_allocated, 1, memory_order_relaxed);
  }
  return p;
}

void *ndg_calloc(size_t n, size_t size) {
  if (size != 0 && n > SIZE_MAX / size) {
    return NULL;
  }
  void *const p = allocate(n * size);
  if (p) {
    memset(p, 0, n * size);
  }
  return p;
}

void *ndg_realloc(void *p, size_t old_size, size_t new_size) {
  char *const q = allocate(new_size);
  if (!q) {
    return NULL;
  }
  const size_t kept = !p ? 0 : old_size < new_size ? old_size : new_size;
  if (kept > 0) {
    memcpy(q, p, kept);
  }
  memset(q + kept, 0, new_size - kept);
  free(p);
  return q;
}

void ndg_free(void *p) {
  free(p);
}

char *ndg_strdup(const char *text) {
  if (!text) {
    return NULL;
  }
  const size_t size = strlen(text) + 1;
  char *const copy = allocate(size);
  if (copy) {
    memcpy(copy, text, size);
  }
  return copy;
}

uint64_t ndg_allocation_count(void) {
  return atomic_load_explicit(&n_allocated, memory_order_relaxed);
}

void ndg_fail_allocations_after(uint64_t n) {
  atomic_store_explicit(&n_allowed, n, memory_order_relaxed);
}
