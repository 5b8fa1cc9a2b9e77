/* SPDX-License-Identifier: MIT */
/* What the checker's own files share. */
#ifndef NUDGE_CHECK_INTERNAL_H
#define NUDGE_CHECK_INTERNAL_H

#include "check/isolate.h"
#include "check/run.h"

/* Seconds that a case may take (NULL: the survey). [any; any; pure] */
double ndg_check_limit(const ndg_check_request *, const ndg_check_case *);

/* Opens the subject in this process. [main; isolated; cost of the subject] */
ndg_status ndg_check_subject_open(const ndg_check_subject *, ndg_registry *, ndg_error *);

/* What an isolated case needs to know. */
typedef struct ndg_check_work {
  const ndg_check_request *request;
  const ndg_check_case *of;
  const char *id, *kind; /* NULL: of the file */
} ndg_check_work;
/* Work of a case, and of the survey that names the components (one NDG_SAYS_COMPONENT each).
   [main; isolated; cost of the case] */
void ndg_check_work_case(void *work, int messages, char *doing);
void ndg_check_work_survey(void *request, int messages, char *doing);

/* How an isolated case came out. on_load: bytes that the subject prints when it is opened, which
   are no finding of each case. `text` takes what an outcome of several parts says.
   [main; ended; pure] */
void ndg_check_judge(const ndg_isolated *, uint64_t on_load, char *text, size_t size,
                     ndg_check_result *out);

/* The case under which a subject that cannot be opened is reported. */
extern const ndg_check_case ndg_check_loads;

#endif
