/* SPDX-License-Identifier: MIT */
/* Runs cases on a subject and hands on how each came out. This process never loads the subject. */
#ifndef NUDGE_CHECK_RUN_H
#define NUDGE_CHECK_RUN_H

#include "check/check.h"

enum {
  NDG_CHECK_PASS = 0,
  NDG_CHECK_FAILED,
  NDG_CHECK_CRASHED, /* or ended without an outcome */
  NDG_CHECK_TIMED_OUT,
  NDG_CHECK_SKIPPED,
  NDG_CHECK_WARNED,
  NDG_CHECK_N_OUTCOMES
};

typedef struct ndg_check_result {
  const ndg_check_case *of;
  const char *id, *kind; /* of the component; NULL: it is of the file */
  uint32_t outcome;
  uint64_t seed;
  double seconds;
  const char *text;   /* the numbers, the signal, why it does not apply; "" */
  const char *doing;  /* what it did when something else ended it; "" */
  const char *output; /* the beginning of what it printed; "" */
  uint64_t n_output;  /* bytes printed */
} ndg_check_result;

typedef struct ndg_check_request {
  const ndg_check_subject *subject;
  const char *id;   /* NULL: every component */
  const char *only; /* "mathematics", "mathematics/hessian_symmetry"; NULL: all */
  uint64_t seed;
  uint32_t at_a_time; /* cases; at least 1 */
  bool quick;
  double limit_s; /* of every case; 0: its own */
  /* Called in the order of the tables, file first, then component by component. */
  void (*report)(void *context, const ndg_check_result *);
  void *context;
} ndg_check_request;

typedef struct ndg_check_summary {
  uint64_t n[NDG_CHECK_N_OUTCOMES];
  double seconds;
} ndg_check_summary;

/* Fails only where nothing could be run: no such case, no such component, no processes. What the
   plugin does wrong is in the results. [main; any; starts processes] */
ndg_status ndg_check_run(const ndg_check_request *, ndg_check_summary *, ndg_error *);
/* [any; any; pure] Does a name given by a user ("life cycle/reopen", "life_cycle") mean this case?
 */
bool ndg_check_names(const char *only, const ndg_check_case *);
/* "life_cycle/reopen": how a case is named on a command line. [any; any; pure] */
void ndg_check_path(const ndg_check_case *, char *out, size_t size);

/* The file of a component that is found by id: its registry is opened in a process of its own.
   Freed with ndg_free. [main; any; starts a process] */
ndg_status ndg_check_locate(ndg_status (*open)(void *context, ndg_registry *, ndg_error *),
                            void *context, const char *id, char **path, ndg_error *);

#endif
