/* SPDX-License-Identifier: MIT */
/* What a stage looks like in words. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/progress.h"

static const double RATE_FROM = 0.5; /* seconds before a rate says something */

typedef struct line {
  char *text;
  size_t used;
} line;

NDG_PRINTF(2, 3) static void add(line *l, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const size_t room = NDG_CLI_LINE_SIZE - l->used;
  const int n = vsnprintf(l->text + l->used, room, format, arguments);
  va_end(arguments);
  if (n > 0) {
    l->used += (size_t)n < room ? (size_t)n : room - 1;
  }
}

/* "20 s", "3 min 20 s", "2 h 5 min" */
static void add_duration(line *l, double seconds) {
  const uint64_t s = seconds < 1e15 ? (uint64_t)(seconds + 0.5) : UINT64_C(1000000000000000);
  if (s < 60) {
    add(l, "%" PRIu64 " s", s);
  } else if (s < 3600) {
    add(l, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
  } else {
    add(l, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
  }
}

/* How fast, as the number that is easier to grasp. */
static void add_rate(line *l, const ndg_cli_stage *s) {
  const uint64_t n = s->done > s->first ? s->done - s->first : 0;
  if (!n || s->passed < RATE_FROM) {
    return;
  }
  const double rate = (double)n / s->passed;
  if (rate < 1) {
    add(l, ", %.3g s each", 1 / rate);
  } else {
    add(l, rate < 1000 ? ", %.3g/s" : ", %.0f/s", rate);
  }
}

static void add_memory(line *l, const ndg_cli_stage *s) {
  if (s->memory) {
    add(l, ", %.0f MB", (double)s->memory / 1e6);
  }
}

/* One line, and nothing that moves a terminal's cursor. */
static void make_plain(char *text) {
  for (char *c = text; *c; c++) {
    if ((unsigned char)*c < ' ' || *c == 127) {
      *c = ' ';
    }
  }
}

void ndg_cli_stage_line(const ndg_cli_stage *s, char out[NDG_CLI_LINE_SIZE]) {
  line l = {out, 0};
  add(&l, s->total ? "%s: " : "%s ...", s->name);
  if (s->total) {
    add(&l, "%" PRIu64 " of %" PRIu64, s->done, s->total);
  }
  if (s->steps) {
    add(&l, "%s%s %" PRIu64 " of %" PRIu64, s->total ? ", " : " ", s->phase, s->step, s->steps);
  }
  if (s->done > s->first && s->total > s->done && s->passed >= RATE_FROM) {
    add(&l, ", ");
    add_duration(&l, ceil(s->passed * (double)(s->total - s->done) / (double)(s->done - s->first)));
    add(&l, " left");
  }
  if (*s->note) {
    add(&l, ", %s", s->note);
  }
  add_rate(&l, s);
  add_memory(&l, s);
  make_plain(out);
}

void ndg_cli_stage_end(const ndg_cli_stage *s, char out[NDG_CLI_LINE_SIZE]) {
  line l = {out, 0};
  add(&l, "%s: ", s->name);
  if (s->total > 1) {
    add(&l, s->done < s->total ? "%" PRIu64 " of %" PRIu64 " in " : "%" PRIu64 " in ", s->done,
        s->total);
  }
  if (s->passed < 60) {
    add(&l, "%.1f s", s->passed);
  } else {
    add_duration(&l, s->passed);
  }
  if (*s->note) {
    add(&l, ", %s", s->note);
  }
  if (s->total > 1) {
    add_rate(&l, s);
  }
  add_memory(&l, s);
  make_plain(out);
}

void ndg_cli_cut(char *text, size_t width) {
  static const char ellipsis[] = "\xe2\x80\xa6";
  size_t shown = 0;
  char *last = text; /* where the last character that fits begins */
  if (!width) {
    *text = 0;
    return;
  }
  for (char *c = text; *c; c++) {
    if (((unsigned char)*c & 0xC0) == 0x80) {
      continue;
    }
    if (shown == width) {
      const size_t room = strlen(last);
      snprintf(last, room + 1, "%s", room >= sizeof ellipsis - 1 ? ellipsis : ".");
      return;
    }
    last = c;
    shown++;
  }
}
