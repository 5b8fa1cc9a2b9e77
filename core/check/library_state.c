/* SPDX-License-Identifier: MIT */
/* What loading a library may not change: each case looks before and after. */
#include <dirent.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check/library.h"
#include "plugin/fp_state.h"

extern char **environ;

enum { PATH_SIZE = 4096, MOST_ENTRIES = 256, MOST_SIGNALS = 65 };

void ndg_check_floating_point(ndg_check *c) {
  const ndg_fp_state before = ndg_fp_state_get();
  if (!ndg_check_load_library(c))
    return;
  const ndg_fp_state after = ndg_fp_state_get();
  ndg_fp_state_set(before);
  if (before.control != after.control || before.x87 != after.x87)
    ndg_check_fail(c,
                   "control 0x%" PRIx32 " to 0x%" PRIx32 ", x87 0x%" PRIx32 " to 0x%" PRIx32
                   "; build it without -ffast-math",
                   before.control, after.control, before.x87, after.x87);
}

void ndg_check_locale(ndg_check *c) {
  char before[512];
  const locale_t thread = uselocale((locale_t)0);
  (void)snprintf(before, sizeof before, "%s", setlocale(LC_ALL, NULL));
  if (!ndg_check_load_library(c))
    return;
  const char *after = setlocale(LC_ALL, NULL);
  if (strcmp(before, after) != 0)
    ndg_check_fail(c, "from '%s' to '%s'", before, after);
  else if (uselocale((locale_t)0) != thread)
    ndg_check_fail(c, "the thread has a locale of its own (uselocale)");
}

void ndg_check_signals(ndg_check *c) {
  struct sigaction before[MOST_SIGNALS], after;
  sigset_t mask_before, mask_after;
  memset(before, 0, sizeof before);
  for (int k = 1; k < MOST_SIGNALS; k++)
    (void)sigaction(k, NULL, &before[k]);
  (void)sigprocmask(SIG_BLOCK, NULL, &mask_before);
  if (!ndg_check_load_library(c))
    return;
  (void)sigprocmask(SIG_BLOCK, NULL, &mask_after);
  for (int k = 1; k < MOST_SIGNALS; k++) {
    if (sigaction(k, NULL, &after) != 0)
      continue;
    if (after.sa_handler != before[k].sa_handler || after.sa_flags != before[k].sa_flags)
      ndg_check_fail(c, "the handler of signal %d (%s)", k, strsignal(k));
    else if (sigismember(&mask_before, k) != sigismember(&mask_after, k))
      ndg_check_fail(c, "signal %d (%s) is %s", k, strsignal(k),
                     sigismember(&mask_after, k) ? "blocked" : "not blocked any more");
  }
}

void ndg_check_folder(ndg_check *c) {
  char before[PATH_SIZE], after[PATH_SIZE];
  if (!getcwd(before, sizeof before)) {
    ndg_check_skip(c, "the working directory cannot be read");
    return;
  }
  if (!ndg_check_load_library(c))
    return;
  if (!getcwd(after, sizeof after))
    ndg_check_fail(c, "from '%.300s' to one that cannot be read", before);
  else if (strcmp(before, after) != 0)
    ndg_check_fail(c, "from '%.300s' to '%.300s'", before, after);
}

static mode_t creation_mask(void) {
  const mode_t mask = umask(0);
  (void)umask(mask);
  return mask;
}

void ndg_check_creation_mask(ndg_check *c) {
  const mode_t before = creation_mask();
  if (!ndg_check_load_library(c))
    return;
  if (creation_mask() != before)
    ndg_check_fail(c, "from %03o to %03o", (unsigned)before, (unsigned)creation_mask());
}

/* The first variable of `a` that is not in `b` with the same value, or NULL. */
static const char *missing(char **a, char **b) {
  for (; *a; a++) {
    char **p = b;
    while (*p && strcmp(*p, *a) != 0)
      p++;
    if (!*p)
      return *a;
  }
  return NULL;
}

void ndg_check_environment(ndg_check *c) {
  static char *none[] = {NULL};
  uint64_t n = 0;
  for (char **p = environ; p && *p; p++)
    n++;
  char **before = ndg_arena_alloc(c->arena, n + 1, sizeof *before);
  for (uint64_t k = 0; before && k < n; k++) {
    before[k] = ndg_arena_strdup(c->arena, environ[k]);
    if (!before[k])
      before = NULL;
  }
  if (!before) {
    ndg_check_skip(c, "out of memory");
    return;
  }
  if (!ndg_check_load_library(c))
    return;
  const char *gone = missing(before, environ ? environ : none);
  const char *come = missing(environ ? environ : none, before);
  const char *changed = come ? come : gone;
  if (changed)
    ndg_check_fail(c, "the variable %.*s was %s", (int)strcspn(changed, "="), changed,
                   come ? "set" : "removed");
}

/* Numbers that are the names of a folder's entries: descriptors, threads. */
static size_t numbers(const char *folder, long *out) {
  DIR *d = opendir(folder);
  size_t n = 0;
  if (!d)
    return 0;
  for (const struct dirent *entry; (entry = readdir(d)) != NULL && n < MOST_ENTRIES;) {
    const long number = strtol(entry->d_name, NULL, 10);
    if (entry->d_name[0] != '.' && number != dirfd(d))
      out[n++] = number;
  }
  (void)closedir(d);
  return n;
}

static bool contains(const long *list, size_t n, long number) {
  for (size_t k = 0; k < n; k++) {
    if (list[k] == number)
      return true;
  }
  return false;
}

void ndg_check_descriptors(ndg_check *c) {
  long before[MOST_ENTRIES], after[MOST_ENTRIES];
  char link[64], path[300];
  const size_t n_before = numbers("/proc/self/fd", before);
  if (!ndg_check_load_library(c))
    return;
  const size_t n_after = numbers("/proc/self/fd", after);
  for (size_t k = 0; k < n_after; k++) {
    if (contains(before, n_before, after[k]))
      continue;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%ld", after[k]);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    ndg_check_fail(c, "it left descriptor %ld open: %s", after[k], path);
  }
  for (size_t k = 0; k < n_before; k++) {
    if (!contains(after, n_after, before[k]))
      ndg_check_fail(c, "it closed descriptor %ld", before[k]);
  }
}

void ndg_check_threads(ndg_check *c) {
  long threads[MOST_ENTRIES];
  const size_t before = numbers("/proc/self/task", threads);
  if (!ndg_check_load_library(c))
    return;
  const size_t after = numbers("/proc/self/task", threads);
  if (before != after)
    ndg_check_fail(c, "from %zu to %zu", before, after);
}
