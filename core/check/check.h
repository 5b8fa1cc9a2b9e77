/* SPDX-License-Identifier: MIT */
/* Conformance: what a case of the checker is, and what it sees. Each case runs in a process of its
   own, which a plugin may crash, stop or fill without harm to the report. */
#ifndef NUDGE_CHECK_CHECK_H
#define NUDGE_CHECK_CHECK_H

#include <stdbool.h>

#include "base/memory.h"
#include "nudge/rng.h"
#include "plugin/registry.h"

/* One case that runs. */
typedef struct ndg_check ndg_check;

/* Of a case: it is of a file, not of a component, and loads the file itself. Its registry is empty
   and it has no subject. */
enum { NDG_CHECK_OF_FILE = 1u << 0 };

typedef struct ndg_check_case {
  const char *group;    /* "library", "life cycle"; NULL ends a table */
  const char *name;     /* [a-z][a-z0-9_]*; with the group it names the case */
  const char *property; /* what holds, in one line; said when it does not */
  const char *kind;     /* NDG_KIND_LEARNER, NDG_KIND_RULE; NULL: any component */
  double limit_s;       /* 0: NDG_CHECK_LIMIT_S */
  void (*run)(ndg_check *);
  uint32_t flags; /* NDG_CHECK_* */
} ndg_check_case;
#define NDG_CHECK_LIMIT_S 10

/* Tables of all groups, in the order in which they run; ended by NULL. */
extern const ndg_check_case *const ndg_check_groups[];

/* What is checked. open: puts its components into an empty registry; called in the process of a
   case, once. NULL: file is a shared object, which is loaded. */
typedef struct ndg_check_subject {
  const char *file; /* as given: a path, said in reports */
  ndg_status (*open)(void *context, ndg_registry *, ndg_error *);
  void *context;
  void (*settle)(void *context); /* gives back memory that waits to be collected; NULL: none does */
} ndg_check_subject;

struct ndg_check {
  ndg_registry *registry;    /* the subject's components and the checker's references */
  const ndg_loaded *subject; /* the component under test */
  ndg_arena *arena;          /* lives as long as the case */
  const char *file;
  const ndg_check_subject *source;
  const ndg_check_case *running;
  uint64_t seed; /* streams of numbers are named: ndg_check_stream */
  bool quick;    /* fewer repetitions are asked for */
  /* the runner's */
  int messages; /* where the outcome goes */
  char *doing;  /* NDG_CHECK_DOING_SIZE bytes that outlive the process */
  bool has_failed, has_warned, has_skipped;
};
enum { NDG_CHECK_DOING_SIZE = 512, NDG_CHECK_TEXT_SIZE = 1000 };

/* The outcome is pass unless one of these was called; they return, and so should the case. Of
   several failures the first stays, and a failure outweighs a warning and a skip. The text is one
   line: the numbers, what was allowed, and with which options. Contract of all: [main; case; I/O]
   fail: the property does not hold. warn: it does, but. skip: why it does not apply. */
NDG_PRINTF(2, 3)
void ndg_check_fail(ndg_check *, const char *format, ...);
NDG_PRINTF(2, 3)
void ndg_check_warn(ndg_check *, const char *format, ...);
NDG_PRINTF(2, 3)
void ndg_check_skip(ndg_check *, const char *format, ...);
/* What the case is about to do ("options steps=0"): reported if it ends in a crash or a time limit.
   [main; case; cheap] */
NDG_PRINTF(2, 3)
void ndg_check_doing(ndg_check *, const char *format, ...);
/* The named stream of this case's seed, the same for every case that gives the same name.
   [any; case; pure] */
ndg_rng ndg_check_stream(const ndg_check *, const char *label);
/* The subject with these options, which live as long as the case. [main; case; allocates] */
ndg_status ndg_check_open(ndg_check *, const ndg_named_any *given, uint64_t n_given,
                          ndg_instance *out, ndg_error *);
/* What the subject's check() says of a finished struct. [main; case; cheap] */
ndg_status ndg_check_accepts(const ndg_check *, const void *options, ndg_error *);

#endif
