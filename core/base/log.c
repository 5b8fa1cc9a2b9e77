/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE 2048

static void to_stderr(void *context, int level, const char *line) {
  static const char *const prefixes[] = {"debug: ", "", "warning: "};
  (void)context;
  (void)fprintf(stderr, "%s%s\n", prefixes[level], line);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static ndg_log_sink current_sink = to_stderr; /* this and the next under the mutex */
static void *current_context;
static _Atomic int lowest_level = NDG_LOG_INFO;

void ndg_log_to(ndg_log_sink sink, void *context, int level) {
  (void)pthread_mutex_lock(&mutex);
  current_sink = sink ? sink : to_stderr;
  current_context = sink ? context : NULL;
  (void)pthread_mutex_unlock(&mutex);
  atomic_store_explicit(&lowest_level, level, memory_order_relaxed);
}

/* One message is one line, whatever a component put into it. */
static void make_one_line(char *line) {
  size_t n = strlen(line);
  while (n > 0 && line[n - 1] == '\n') {
    line[--n] = '\0';
  }
  for (char *p = line; (p = strpbrk(p, "\r\n")) != NULL; p++) {
    *p = ' ';
  }
}

void ndg_report(int level, const char *format, ...) {
  if (level < atomic_load_explicit(&lowest_level, memory_order_relaxed)) {
    return;
  }
  level = level < NDG_LOG_DEBUG ? NDG_LOG_DEBUG : level > NDG_LOG_WARNING ? NDG_LOG_WARNING : level;
  char line[LINE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length < 0) {
    return;
  }
  if ((size_t)length >= sizeof line) {
    memcpy(line + sizeof line - 4, "...", 4);
  }
  make_one_line(line);
  (void)pthread_mutex_lock(&mutex);
  current_sink(current_context, level, line);
  (void)pthread_mutex_unlock(&mutex);
}
