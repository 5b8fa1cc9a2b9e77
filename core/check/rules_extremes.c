/* SPDX-License-Identifier: MIT */
/* Group rules: options at their ends. 2⁶³ steps take for ever, which is what was asked for; but a
   rule ends soon after it is asked to stop. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "check/groups.h"
#include "check/isolate.h"
#include "check/rules_trial.h"

/* Asks a running estimate to stop once it has had its time, and goes on asking: a request that
   comes between two estimates is forgotten. */
typedef struct bell {
  ndg_problem *problem;
  atomic_int running, over; /* number of the estimate that runs, 0: none */
  pthread_t thread;
} bell;

enum { PATIENCE_MS = 60, TICK_MS = 5 };

static void *ring(void *context) {
  bell *b = context;
  const struct timespec tick = {0, TICK_MS * 1000000L};
  int watched = 0, waited = 0;
  while (!atomic_load(&b->over)) {
    (void)nanosleep(&tick, NULL);
    const int running = atomic_load(&b->running);
    waited = running == watched ? waited + TICK_MS : 0;
    watched = running;
    if (running && waited >= PATIENCE_MS)
      ndg_problem_cancel(b->problem);
  }
  return NULL;
}

typedef struct ends {
  ndg_check *check;
  ndg_ref_problem problem;
  bell bell;
  int n;
} ends;

static bool try_end(void *context, const ndg_setting *v) {
  ends *x = context;
  ndg_trial t;
  const double before = ndg_check_now();
  atomic_store(&x->bell.running, ++x->n);
  ndg_trial_run(&t, &x->problem, v);
  atomic_store(&x->bell.running, 0);
  const double seconds = ndg_check_now() - before;
  if (seconds > 2)
    ndg_check_fail(x->check, "it was asked to stop after %.2g s and took %.2g s; %s",
                   PATIENCE_MS * 1e-3, seconds, v->text);
  else if (t.status < 0 && !t.error.text[0])
    ndg_check_fail(x->check, "refused with status %d, and without a word; %s", (int)t.status,
                   v->text);
  return !x->check->has_failed;
}

static void options_at_ends(ndg_check *c) {
  ends x = {.check = c};
  const ndg_ref_form f = {
      .n_tasks = 2, .has_start = true, .inner = ndg_ref_short(NDG_HEAVY_BALL), .dtype = NDG_F64};
  if (!ndg_trial_open(c, &x.problem, &f))
    return;
  x.bell.problem = x.problem.problem;
  if (pthread_create(&x.bell.thread, NULL, ring, &x.bell) != 0) {
    ndg_check_skip(c, "no thread could be started");
  } else {
    ndg_settings_walk(c, NDG_SETTINGS_EXTREMES, try_end, &x);
    atomic_store(&x.bell.over, 1);
    (void)pthread_join(x.bell.thread, NULL);
  }
  ndg_ref_close(&x.problem);
}

const ndg_check_case ndg_check_rules_extremes[] = {
    {.group = "rules",
     .name = "options_at_ends",
     .property = "with options at their ends an estimate ends, or stops when it is asked to",
     .kind = NDG_KIND_RULE,
     .limit_s = 30,
     .run = options_at_ends},
    {.group = NULL}};
