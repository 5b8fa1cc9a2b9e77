/* SPDX-License-Identifier: MIT */
/* Which file has a component of an id? Looking means loading, so another process looks. */
#include "check/internal.h"

typedef struct search {
  ndg_status (*open)(void *context, ndg_registry *, ndg_error *);
  void *context;
  const char *id;
} search;

static void look(void *context, int messages, char *doing) {
  const search *s = context;
  const ndg_loaded *found;
  ndg_registry *r = NULL;
  ndg_error e = {.code = NDG_OK};
  (void)doing;
  ndg_confine(NDG_CHECK_LIMIT_S);
  ndg_status st = ndg_registry_create(&r, &e);
  if (st >= 0)
    st = s->open(s->context, r, &e);
  if (st >= 0)
    st = ndg_registry_find(r, NULL, s->id, &found, &e);
  ndg_isolated_say(messages, st < 0 ? NDG_SAYS_ERROR : NDG_SAYS_PATH,
                   st < 0 ? e.text : found->path);
}

ndg_status ndg_check_locate(ndg_status (*open)(void *context, ndg_registry *, ndg_error *),
                            void *context, const char *id, char **path, ndg_error *e) {
  search s = {open, context, id};
  char text[NDG_CHECK_TEXT_SIZE];
  ndg_check_result result;
  ndg_isolated *i = ndg_calloc(1, sizeof *i);
  *path = NULL;
  if (!i)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for the checker");
  ndg_status st = ndg_isolated_start(i, look, &s, NDG_CHECK_LIMIT_S, e);
  while (st >= 0 && i->pid > 0)
    ndg_isolated_wait(&i, 1);
  if (st >= 0) {
    const char *found = ndg_isolated_said(i, NDG_SAYS_PATH, NULL);
    const char *error = ndg_isolated_said(i, NDG_SAYS_ERROR, NULL);
    ndg_check_judge(i, 0, text, sizeof text, &result);
    if (found)
      *path = ndg_strdup(found);
    if (!*path)
      st = ndg_fail(e, NDG_ENOTFOUND, "%s%s",
                    error ? "" : "looking for plugins: ", error ? error : result.text);
  }
  ndg_isolated_free(i);
  ndg_free(i);
  return st;
}
