/* SPDX-License-Identifier: MIT */
/* Work in a process of its own, with a time limit. It tells what it found through a pipe; what it
   prints is caught; its process group ends with it. */
#ifndef NUDGE_CHECK_ISOLATE_H
#define NUDGE_CHECK_ISOLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nudge/types.h"

/* What a record says. */
enum {
  NDG_SAYS_FAIL = 'F',
  NDG_SAYS_WARN = 'W',
  NDG_SAYS_SKIP = 'S',
  NDG_SAYS_COMPONENT = 'C', /* "kind id" */
  NDG_SAYS_ERROR = 'E',     /* it could not begin */
  NDG_SAYS_PATH = 'P',
  NDG_SAYS_DONE = 'D' /* the work returned; without it, something ended the process */
};

/* Is this program built with a sanitizer? It is then many times slower and maps terabytes. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NDG_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define NDG_IS_SANITIZED 1
#endif
#endif
#ifndef NDG_IS_SANITIZED
#define NDG_IS_SANITIZED 0
#endif

enum { NDG_ISOLATED_OUTPUT = 2048, NDG_ISOLATED_MESSAGES = 64 * 1024 };

typedef struct ndg_isolated {
  pid_t pid; /* 0: not running */
  int messages, output;
  double began, limit_s, seconds;
  int status; /* as waitpid gives it */
  bool timed_out, flooded;
  char token[9];                    /* of its records */
  char *doing;                      /* shared with the process */
  char said[NDG_ISOLATED_MESSAGES]; /* records: a letter and text, each ended by NUL */
  char heard[NDG_ISOLATED_OUTPUT];  /* the beginning of what it printed */
  size_t n_said, n_heard;
  uint64_t n_output; /* bytes printed */
} ndg_isolated;

typedef void (*ndg_isolated_work)(void *context, int messages, char *doing);

/* [main; any; starts a process] The record is zeroed. */
ndg_status ndg_isolated_start(ndg_isolated *, ndg_isolated_work, void *context, double limit_s,
                              ndg_error *);
/* [main; any; waits] Returns when at least one of those that run has ended: its pid is 0. */
void ndg_isolated_wait(ndg_isolated *const *, size_t n);
/* [main; ended; frees] What start made. */
void ndg_isolated_free(ndg_isolated *);
/* [main; ended; pure] The first record of this kind, or NULL. Behind a record comes the next. */
const char *ndg_isolated_said(const ndg_isolated *, char what, const char *after);
/* [main; ended; pure] Did the process write anything else where its records go? */
bool ndg_isolated_is_tampered(const ndg_isolated *);

/* In the process: one record. [any; isolated; I/O] */
void ndg_isolated_say(int messages, char what, const char *text);
/* In the process: memory, files and processor time are limited, and no processes may be started.
   [main; isolated; cheap] */
void ndg_confine(double limit_s);

/* [any; any; cheap] Seconds of a clock that is never set. */
double ndg_check_now(void);

#endif
