/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const double TERMINAL_SECONDS = 0.1; /* between two updates */
static const double LINE_SECONDS = 10;
static const double WORTH_A_LINE = 1;  /* shorter stages leave no trace */
static const double WORTH_A_PHASE = 1; /* shorter inner phases would only flicker */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t peak_memory(void) {
  struct rusage use;
  return getrusage(RUSAGE_SELF, &use) == 0 ? (uint64_t)use.ru_maxrss * 1024 : 0;
}

/* Columns of the window as it is now. A line as wide as the window would leave the cursor behind
   its edge, and some terminals then wrap. */
static size_t terminal_width(void) {
  struct winsize w;
  const int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
  return columns > 1 ? (size_t)columns - 1 : 1;
}

void ndg_cli_progress_start(ndg_cli_progress *p) {
  *p = (ndg_cli_progress){.terminal = isatty(STDERR_FILENO) == 1};
}

void ndg_cli_progress_clear(void *context) {
  ndg_cli_progress *p = context;
  if (p->line_open) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->line_open = false;
  }
}

static void show(ndg_cli_progress *p, double time) {
  char line[NDG_CLI_LINE_SIZE];
  p->stage.passed = time - p->started;
  p->stage.memory = peak_memory();
  ndg_cli_stage_line(&p->stage, line);
  if (p->terminal) {
    ndg_cli_cut(line, terminal_width());
  }
  fprintf(stderr, p->terminal ? "\r\033[K%s" : "%s\n", line);
  fflush(stderr);
  p->line_open = p->terminal;
  p->shown = time;
}

static void show_if_due(ndg_cli_progress *p, double time) {
  if (time - p->shown >= (p->terminal ? TERMINAL_SECONDS : LINE_SECONDS)) {
    show(p, time);
  }
}

static void begin(ndg_cli_progress *p, const char *name, uint64_t first, double time) {
  p->stage = (ndg_cli_stage){.first = first};
  snprintf(p->stage.name, sizeof p->stage.name, "%s", name);
  p->running = true;
  p->started = time;
  p->shown = p->terminal ? 0 : time;
}

static void end(ndg_cli_progress *p, double time) {
  ndg_cli_progress_clear(p);
  p->running = false;
  p->stage.steps = 0;
  p->stage.passed = time - p->started;
  p->stage.memory = peak_memory();
  if (p->stage.passed >= WORTH_A_LINE) {
    char line[NDG_CLI_LINE_SIZE];
    ndg_cli_stage_end(&p->stage, line);
    fprintf(stderr, "%s\n", line);
  }
}

bool ndg_cli_progress_report(void *context, const ndg_lua_stage *now_at) {
  ndg_cli_progress *p = context;
  const double time = now();
  if (now_at->outcome == NDG_LUA_STAGE_BROKEN) {
    ndg_cli_progress_clear(p);
    p->running = false;
    return true;
  }
  if (!p->running || strncmp(p->stage.name, now_at->name, sizeof p->stage.name - 1) != 0 ||
      now_at->outcome == NDG_LUA_STAGE_BEGINS) {
    begin(p, now_at->name, now_at->done, time);
  }
  p->phase_started = 0;
  p->stage.steps = 0;
  p->stage.done = now_at->done;
  p->stage.total = now_at->total;
  snprintf(p->stage.note, sizeof p->stage.note, "%s", now_at->note ? now_at->note : "");
  if (now_at->outcome == NDG_LUA_STAGE_ENDED) {
    end(p, time);
  } else {
    show_if_due(p, time);
  }
  return true;
}

void ndg_cli_progress_phase(void *context, const char *what, uint64_t step, uint64_t steps) {
  ndg_cli_progress *p = context;
  const double time = now();
  if (step == 0 || p->phase_started == 0) {
    p->phase_started = time;
    if (!p->running) {
      p->stage = (ndg_cli_stage){.name = "learning"};
      p->shown = p->terminal ? 0 : time;
    }
  }
  const bool worth_it = step < steps && time - p->phase_started >= WORTH_A_PHASE;
  p->stage.phase = what;
  p->stage.step = step;
  p->stage.steps = worth_it ? steps : 0;
  if (step >= steps) {
    p->phase_started = 0;
  }
  if (p->running || worth_it) {
    show_if_due(p, time);
  } else {
    ndg_cli_progress_clear(p);
  }
}
