/* SPDX-License-Identifier: MIT */
#include "check/process_state.h"

#include <dirent.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/fp_state.h"

extern char **environ;

enum { PATH_SIZE = 4096, MOST_ENTRIES = 256, N_SIGNALS = 65 };

/* Names of a folder's entries that are numbers: descriptors, threads. */
typedef struct numbers {
  size_t n;
  long at[MOST_ENTRIES];
} numbers;

struct ndg_process_state {
  ndg_fp_state modes;
  char locale[512];
  locale_t thread_locale;
  struct sigaction handlers[N_SIGNALS];
  sigset_t blocked;
  char folder[PATH_SIZE];
  mode_t creation_mask;
  char **environment;
  numbers descriptors;
  size_t n_threads;
};

const char *const ndg_process_aspects[NDG_STATE_N_ASPECTS] = {
    "floating_point", "locale",      "signals",     "folder",
    "creation_mask",  "environment", "descriptors", "threads"};

static mode_t creation_mask(void) {
  const mode_t mask = umask(0);
  (void)umask(mask);
  return mask;
}

static numbers numbers_in(const char *folder) {
  numbers all = {.n = 0};
  DIR *d = opendir(folder);
  if (!d)
    return all;
  for (const struct dirent *entry; (entry = readdir(d)) != NULL && all.n < MOST_ENTRIES;) {
    const long number = strtol(entry->d_name, NULL, 10);
    if (entry->d_name[0] != '.' && number != dirfd(d))
      all.at[all.n++] = number;
  }
  (void)closedir(d);
  return all;
}

static bool contains(const numbers *all, long number) {
  for (size_t k = 0; k < all->n; k++) {
    if (all->at[k] == number)
      return true;
  }
  return false;
}

static char **copy_environment(ndg_arena *arena) {
  size_t n = 0;
  for (char **p = environ; p && *p; p++)
    n++;
  char **copy = ndg_arena_alloc(arena, n + 1, sizeof *copy);
  for (size_t k = 0; copy && k < n; k++) {
    copy[k] = ndg_arena_strdup(arena, environ[k]);
    if (!copy[k])
      return NULL;
  }
  return copy;
}

ndg_process_state *ndg_process_state_take(ndg_arena *arena) {
  ndg_process_state *s = ndg_arena_alloc(arena, 1, sizeof *s);
  if (!s)
    return NULL;
  s->environment = copy_environment(arena);
  if (!s->environment)
    return NULL;
  s->modes = ndg_fp_state_get();
  (void)snprintf(s->locale, sizeof s->locale, "%s", setlocale(LC_ALL, NULL));
  s->thread_locale = uselocale((locale_t)0);
  for (int k = 1; k < N_SIGNALS; k++)
    (void)sigaction(k, NULL, &s->handlers[k]);
  (void)sigprocmask(SIG_BLOCK, NULL, &s->blocked);
  if (!getcwd(s->folder, sizeof s->folder))
    s->folder[0] = '\0';
  s->creation_mask = creation_mask();
  s->descriptors = numbers_in("/proc/self/fd");
  s->n_threads = numbers_in("/proc/self/task").n;
  return s;
}

void ndg_process_state_restore(const ndg_process_state *s) {
  ndg_fp_state_set(s->modes);
}

static bool modes_differ(const ndg_process_state *s, char *text, size_t size) {
  const ndg_fp_state now = ndg_fp_state_get();
  (void)snprintf(text, size,
                 "control 0x%" PRIx32 " to 0x%" PRIx32 ", x87 0x%" PRIx32 " to 0x%" PRIx32
                 "; is it built with -ffast-math?",
                 s->modes.control, now.control, s->modes.x87, now.x87);
  return now.control != s->modes.control || now.x87 != s->modes.x87;
}

static bool locale_differs(const ndg_process_state *s, char *text, size_t size) {
  const char *now = setlocale(LC_ALL, NULL);
  if (uselocale((locale_t)0) != s->thread_locale) {
    (void)snprintf(text, size, "the thread has a locale of its own (uselocale)");
    return true;
  }
  (void)snprintf(text, size, "from '%.200s' to '%.200s'", s->locale, now);
  return strcmp(now, s->locale) != 0;
}

static bool signals_differ(const ndg_process_state *s, char *text, size_t size) {
  struct sigaction now;
  sigset_t blocked;
  (void)sigprocmask(SIG_BLOCK, NULL, &blocked);
  for (int k = 1; k < N_SIGNALS; k++) {
    if (sigaction(k, NULL, &now) != 0)
      continue;
    const bool handler =
        now.sa_handler != s->handlers[k].sa_handler || now.sa_flags != s->handlers[k].sa_flags;
    const bool mask = sigismember(&blocked, k) != sigismember(&s->blocked, k);
    (void)snprintf(text, size, "signal %d (%s): %s", k, strsignal(k),
                   handler                    ? "another handler"
                   : sigismember(&blocked, k) ? "blocked"
                                              : "not blocked any more");
    if (handler || mask)
      return true;
  }
  return false;
}

static bool folder_differs(const ndg_process_state *s, char *text, size_t size) {
  char now[PATH_SIZE];
  if (!getcwd(now, sizeof now))
    now[0] = '\0';
  (void)snprintf(text, size, "from '%.200s' to '%.200s'", s->folder, now);
  return strcmp(now, s->folder) != 0;
}

static bool creation_mask_differs(const ndg_process_state *s, char *text, size_t size) {
  const mode_t now = creation_mask();
  (void)snprintf(text, size, "from %03o to %03o", (unsigned)s->creation_mask, (unsigned)now);
  return now != s->creation_mask;
}

/* The first variable of `a` that is not in `b` with the same value, or NULL. */
static const char *missing(char *const *a, char *const *b) {
  for (; a && *a; a++) {
    char *const *p = b;
    while (p && *p && strcmp(*p, *a) != 0)
      p++;
    if (!p || !*p)
      return *a;
  }
  return NULL;
}

static bool environment_differs(const ndg_process_state *s, char *text, size_t size) {
  const char *come = missing(environ, s->environment), *gone = missing(s->environment, environ);
  const char *changed = come ? come : gone ? gone : "";
  (void)snprintf(text, size, "the variable %.*s was %s", (int)strcspn(changed, "="), changed,
                 come ? "set" : "removed");
  return come || gone;
}

static bool descriptors_differ(const ndg_process_state *s, char *text, size_t size) {
  const numbers now = numbers_in("/proc/self/fd");
  char link[64], path[300];
  for (size_t k = 0; k < now.n; k++) {
    if (contains(&s->descriptors, now.at[k]))
      continue;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%ld", now.at[k]);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    (void)snprintf(text, size, "descriptor %ld stays open: %s", now.at[k], path);
    return true;
  }
  for (size_t k = 0; k < s->descriptors.n; k++) {
    if (contains(&now, s->descriptors.at[k]))
      continue;
    (void)snprintf(text, size, "descriptor %ld was closed", s->descriptors.at[k]);
    return true;
  }
  return false;
}

static bool threads_differ(const ndg_process_state *s, char *text, size_t size) {
  const size_t now = numbers_in("/proc/self/task").n;
  (void)snprintf(text, size, "from %zu to %zu", s->n_threads, now);
  return now != s->n_threads;
}

bool ndg_process_state_differs(const ndg_process_state *s, int aspect, char *text, size_t size) {
  static bool (*const by_aspect[])(const ndg_process_state *, char *, size_t) = {
      modes_differ,          locale_differs,      signals_differ,     folder_differs,
      creation_mask_differs, environment_differs, descriptors_differ, threads_differ};
  return by_aspect[aspect](s, text, size);
}
