/* SPDX-License-Identifier: MIT */
/* From how a process ended to an outcome. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "check/internal.h"

static const char *signal_name(int number) {
  static const struct {
    int number;
    const char *name;
  } known[] = {{SIGSEGV, "SIGSEGV"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},
               {SIGFPE, "SIGFPE"},   {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"},
               {SIGSYS, "SIGSYS"},   {SIGKILL, "SIGKILL"}, {SIGTERM, "SIGTERM"},
               {SIGPIPE, "SIGPIPE"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},
               {SIGALRM, "SIGALRM"}, {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"}};
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    if (known[k].number == number)
      return known[k].name;
  }
  return "a signal";
}

static void say_crash(const ndg_isolated *i, const char *failed, char *text, size_t size) {
  const char *before = failed ? "; before that: " : "", *what = failed ? failed : "";
  if (i->flooded)
    (void)snprintf(text, size, "printed without end (%" PRIu64 " bytes)%s%s", i->n_output, before,
                   what);
  else if (WIFSIGNALED(i->status))
    (void)snprintf(text, size, "ended by signal %d (%s)%s%s", WTERMSIG(i->status),
                   signal_name(WTERMSIG(i->status)), before, what);
  else
    (void)snprintf(text, size, "the process exited with status %d in the middle of the case%s%s",
                   WEXITSTATUS(i->status), before, what);
}

void ndg_check_judge(const ndg_isolated *i, uint64_t on_load, char *text, size_t size,
                     ndg_check_result *out) {
  const char *failed = ndg_isolated_said(i, NDG_SAYS_FAIL, NULL);
  const char *warned = ndg_isolated_said(i, NDG_SAYS_WARN, NULL);
  const char *skipped = ndg_isolated_said(i, NDG_SAYS_SKIP, NULL);
  const char *error = ndg_isolated_said(i, NDG_SAYS_ERROR, NULL);
  const bool done = ndg_isolated_said(i, NDG_SAYS_DONE, NULL) != NULL;
  *text = '\0';
  out->seconds = i->seconds;
  out->text = text;
  out->doing = "";
  out->output = i->heard;
  out->n_output = i->n_output;
  if (i->timed_out) {
    out->outcome = NDG_CHECK_TIMED_OUT;
    (void)snprintf(text, size, "not done after %g s%s%s", i->limit_s,
                   failed ? "; before that: " : "", failed ? failed : "");
  } else if (WIFEXITED(i->status) && !i->flooded && ndg_isolated_is_tampered(i)) {
    out->outcome = NDG_CHECK_CRASHED;
    (void)snprintf(text, size, "it wrote to descriptors that are not its own");
  } else if (!done || i->flooded) {
    out->outcome = NDG_CHECK_CRASHED;
    say_crash(i, failed, text, size);
  } else if (failed || error) {
    out->outcome = NDG_CHECK_FAILED;
    out->text = failed ? failed : error;
  } else if (warned) {
    out->outcome = NDG_CHECK_WARNED;
    out->text = warned;
  } else if (i->n_output > on_load) {
    out->outcome = NDG_CHECK_WARNED;
    (void)snprintf(text, size, "it printed %" PRIu64 " bytes; a plugin prints nothing",
                   i->n_output);
  } else {
    out->outcome = skipped ? NDG_CHECK_SKIPPED : NDG_CHECK_PASS;
    out->text = skipped ? skipped : text;
  }
  if (out->outcome == NDG_CHECK_CRASHED || out->outcome == NDG_CHECK_TIMED_OUT) {
    i->doing[NDG_CHECK_DOING_SIZE - 1] = '\0'; /* whatever the plugin wrote there */
    out->doing = i->doing;
  }
}
