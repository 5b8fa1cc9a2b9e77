/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double TERMINAL_SECONDS = 0.1; /* between two updates */
static const double LINE_SECONDS = 10;
static const double WORTH_A_LINE = 1; /* shorter stages leave no trace */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void ndg_cli_progress_start(ndg_cli_progress *p) {
  *p = (ndg_cli_progress){.terminal = isatty(STDERR_FILENO) == 1};
}

void ndg_cli_progress_clear(ndg_cli_progress *p) {
  if (p->line_open) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->line_open = false;
  }
}

/* "20 s", "3 min 20 s", "2 h 5 min" */
static void duration_text(double seconds, char *out, size_t size) {
  const uint64_t s = (uint64_t)(seconds + 0.5);
  if (s < 60) {
    snprintf(out, size, "%" PRIu64 " s", s);
  } else if (s < 3600) {
    snprintf(out, size, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
  } else {
    snprintf(out, size, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
  }
}

static void show(ndg_cli_progress *p, double time, uint64_t done, uint64_t total) {
  char left[48] = "", line[256];
  const double passed = time - p->started;
  if (total && done && passed > 0.5) {
    char text[32];
    duration_text(passed * (double)(total - done) / (double)done, text, sizeof text);
    snprintf(left, sizeof left, ", %s left", text);
  }
  if (total) {
    snprintf(line, sizeof line, "%s: %" PRIu64 " of %" PRIu64 "%s", p->stage, done, total, left);
  } else {
    snprintf(line, sizeof line, "%s ...", p->stage);
  }
  fprintf(stderr, p->terminal ? "\r\033[K%s" : "%s\n", line);
  fflush(stderr);
  p->line_open = p->terminal;
  p->shown = time;
}

bool ndg_cli_progress_report(void *context, const char *stage, uint64_t done, uint64_t total) {
  ndg_cli_progress *p = context;
  const double time = now();
  if (strncmp(p->stage, stage, sizeof p->stage - 1) != 0 || !done) {
    snprintf(p->stage, sizeof p->stage, "%s", stage);
    p->started = time;
    p->shown = p->terminal ? 0 : time;
  }
  if (total && done >= total) {
    ndg_cli_progress_clear(p);
    if (time - p->started >= WORTH_A_LINE) {
      fprintf(stderr, "%s: %.1f s\n", p->stage, time - p->started);
    }
    p->stage[0] = 0;
  } else if (time - p->shown >= (p->terminal ? TERMINAL_SECONDS : LINE_SECONDS)) {
    show(p, time, done, total);
  }
  return true;
}
