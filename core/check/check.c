/* SPDX-License-Identifier: MIT */
#include "check/check.h"

#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "check/isolate.h"

NDG_PRINTF(3, 0)
static void say(ndg_check *c, char what, const char *format, va_list arguments) {
  char text[NDG_CHECK_TEXT_SIZE];
  (void)vsnprintf(text, sizeof text, format, arguments);
  ndg_isolated_say(c->messages, what, text);
}

void ndg_check_fail(ndg_check *c, const char *format, ...) {
  va_list arguments;
  if (c->has_failed)
    return;
  c->has_failed = true;
  va_start(arguments, format);
  say(c, NDG_SAYS_FAIL, format, arguments);
  va_end(arguments);
}

void ndg_check_warn(ndg_check *c, const char *format, ...) {
  va_list arguments;
  if (c->has_warned)
    return;
  c->has_warned = true;
  va_start(arguments, format);
  say(c, NDG_SAYS_WARN, format, arguments);
  va_end(arguments);
}

void ndg_check_skip(ndg_check *c, const char *format, ...) {
  va_list arguments;
  if (c->has_skipped)
    return;
  c->has_skipped = true;
  va_start(arguments, format);
  say(c, NDG_SAYS_SKIP, format, arguments);
  va_end(arguments);
}

void ndg_check_doing(ndg_check *c, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(c->doing, NDG_CHECK_DOING_SIZE, format, arguments);
  va_end(arguments);
}

ndg_rng ndg_check_stream(const ndg_check *c, const char *label) {
  const ndg_rng root = ndg_rng_root(c->seed);
  return ndg_rng_stream(&root, label, 0);
}

ndg_status ndg_check_open(ndg_check *c, const ndg_named_any *given, uint64_t n_given,
                          ndg_instance *out, ndg_error *e) {
  const ndg_component *component = c->subject->component;
  return ndg_instance_open(c->registry, component->kind, component->id, given, n_given, c->arena,
                           out, e);
}

ndg_status ndg_check_accepts(const ndg_check *c, const void *options, ndg_error *e) {
  const ndg_loaded *l = c->subject;
  const bool learner = strcmp(l->component->kind, NDG_KIND_LEARNER) == 0;
  ndg_status (*check)(const void *, ndg_error *) =
      learner ? l->ops.learner.check : l->ops.rule.check;
  return check ? check(options, e) : NDG_OK;
}
