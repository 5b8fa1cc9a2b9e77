/* SPDX-License-Identifier: MIT */
/* In the process of a case: the subject is opened, found, and the case run. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "check/internal.h"

/* Messages of the host are no output of the plugin. */
static void drop(void *context, int level, const char *line) {
  (void)context, (void)level, (void)line;
}

double ndg_check_limit(const ndg_check_request *q, const ndg_check_case *c) {
  const double own = c && c->limit_s > 0 ? c->limit_s : NDG_CHECK_LIMIT_S;
  return q->limit_s > 0 ? q->limit_s : NDG_IS_SANITIZED ? 8 * own : own;
}

ndg_status ndg_check_subject_open(const ndg_check_subject *s, ndg_registry *r, ndg_error *e) {
  return s->open ? s->open(s->context, r, e) : ndg_registry_load(r, s->file, e);
}

static ndg_status open_case(const ndg_check_work *w, ndg_check *c, ndg_error *e) {
  c->arena = ndg_arena_create(4096);
  if (!c->arena)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for a case");
  ndg_status st = ndg_registry_create(&c->registry, e);
  if (st < 0 || !w->id)
    return st;
  ndg_check_doing(c, "opening %s", c->file);
  st = ndg_check_subject_open(c->source, c->registry, e);
  if (st >= 0)
    st = ndg_registry_find(c->registry, w->kind, w->id, &c->subject, e);
  ndg_check_doing(c, "%s", "");
  return st;
}

/* The C library looks at its own records only when it uses them: what a plugin overran is found
   here and not in a later release. */
static void exercise_heap(ndg_check *c) {
  void *volatile blocks[24] = {NULL}; /* or else a compiler may leave out what nobody uses */
  ndg_check_doing(c, "allocating memory after the case: was it overrun?");
  for (int k = 0; k < 24; k++)
    blocks[k] = malloc((size_t)16 << k % 16);
  for (int k = 0; k < 24; k++)
    free(blocks[k]);
  ndg_check_doing(c, "%s", "");
}

void ndg_check_work_case(void *context, int messages, char *doing) {
  const ndg_check_work *w = context;
  const ndg_check_subject *source = w->request->subject;
  ndg_error e = {.code = NDG_OK};
  ndg_check c = {.file = source->file,
                 .source = source,
                 .running = w->of,
                 .seed = w->request->seed,
                 .quick = w->request->quick,
                 .messages = messages,
                 .doing = doing};
  ndg_confine(ndg_check_limit(w->request, w->of));
  ndg_log_to(drop, NULL, NDG_LOG_WARNING);
  const ndg_status st = open_case(w, &c, &e);
  if (st < 0)
    ndg_check_fail(&c, "%s", e.text);
  else
    w->of->run(&c);
  exercise_heap(&c);
}

void ndg_check_work_survey(void *context, int messages, char *doing) {
  const ndg_check_request *q = context;
  ndg_registry *r = NULL;
  ndg_error e = {.code = NDG_OK};
  ndg_confine(ndg_check_limit(q, NULL));
  ndg_log_to(drop, NULL, NDG_LOG_WARNING);
  (void)snprintf(doing, NDG_CHECK_DOING_SIZE, "opening %s", q->subject->file);
  ndg_status st = ndg_registry_create(&r, &e);
  if (st >= 0)
    st = ndg_check_subject_open(q->subject, r, &e);
  if (st < 0) {
    ndg_isolated_say(messages, NDG_SAYS_FAIL, e.text);
    return;
  }
  for (uint64_t k = 0; k < ndg_registry_count(r, NULL); k++) {
    const ndg_component *c = ndg_registry_at(r, NULL, k)->component;
    char text[200];
    (void)snprintf(text, sizeof text, "%s %s", c->kind, c->id);
    ndg_isolated_say(messages, NDG_SAYS_COMPONENT, text);
  }
  if (ndg_registry_count(r, NULL) == 0)
    ndg_isolated_say(messages, NDG_SAYS_WARN,
                     "it has no component of a kind that this nudge knows");
}
