/* SPDX-License-Identifier: MIT */
/* Group rules: the same bits again, with any number of threads, and nothing left behind. */
#include <math.h>
#include <string.h>

#include "check/groups.h"
#include "check/rules_trial.h"
#include "plugin/fp_state.h"

enum { N = 4, N_THREADS = 3, REPEATS = 5 };

typedef struct again {
  ndg_check *check;
  ndg_ref_problem one, same, other, with[N_THREADS]; /* one and same: alike; other: fewer tasks */
} again;

static bool same_bits(const ndg_trial *x, const ndg_trial *y) {
  if (x->status != y->status)
    return false;
  for (uint64_t i = 0; i < x->problem->n_tasks; i++)
    for (uint64_t j = 0; j < x->problem->n_meta; j++)
      if (memcmp(&x->gradient[i][j], &y->gradient[i][j], sizeof(double)) != 0 &&
          !(isnan(x->gradient[i][j]) && isnan(y->gradient[i][j])))
        return false;
  return true;
}

static bool differs(again *x, const ndg_trial *first, const ndg_trial *second, const char *how) {
  if (same_bits(first, second))
    return false;
  ndg_check_fail(x->check, "%s: other bits (status %d and %d; first number %.17g and %.17g); %s",
                 how, (int)first->status, (int)second->status, first->gradient[0][0],
                 second->gradient[0][0], first->setting->text);
  return true;
}

static bool repeat(void *context, const ndg_setting *v) {
  again *x = context;
  ndg_trial first, next;
  ndg_trial_run(&first, &x->one, v);
  ndg_trial_run(&next, &x->same, v);
  if (differs(x, &first, &next, "the same problem opened twice"))
    return false;
  if (first.spy.n_kept > 0) /* it says that it remembers */
    return true;
  ndg_trial_run(&next, &x->one, v);
  if (differs(x, &first, &next, "a second estimate"))
    return false;
  ndg_trial_run(&next, &x->other, v);
  ndg_trial_run(&next, &x->one, v);
  return !differs(x, &first, &next, "an estimate on another problem in between");
}

static bool open_alike(ndg_check *c, again *x, const ndg_ref_form *f) {
  ndg_ref_form fewer = *f;
  fewer.n_tasks = 1;
  x->check = c;
  return ndg_trial_open(c, &x->one, f) && ndg_trial_open(c, &x->same, f) &&
         ndg_trial_open(c, &x->other, &fewer);
}

static void close_all(again *x) {
  ndg_ref_close(&x->one);
  ndg_ref_close(&x->same);
  ndg_ref_close(&x->other);
  for (int i = 0; i < N_THREADS; i++)
    ndg_ref_close(&x->with[i]);
}

static ndg_ref_form plain_form(void) {
  return (ndg_ref_form){
      .n_tasks = N, .has_start = true, .inner = ndg_ref_short(NDG_HEAVY_BALL), .dtype = NDG_F64};
}

static bool is_deterministic(ndg_check *c) {
  if (c->subject->component->props & NDG_PROP_DETERMINISTIC)
    return true;
  ndg_check_skip(c, "it does not claim NDG_PROP_DETERMINISTIC");
  return false;
}

static void same_twice(ndg_check *c) {
  again x = {0};
  const ndg_ref_form f = plain_form();
  if (!is_deterministic(c))
    return;
  if (open_alike(c, &x, &f))
    ndg_settings_walk(c, NDG_SETTINGS_SINGLE, repeat, &x);
  close_all(&x);
}

static bool spread(void *context, const ndg_setting *v) {
  again *x = context;
  static const char *const how[N_THREADS] = {"1 thread in a pool", "2 threads", "8 threads"};
  ndg_trial first, next;
  ndg_trial_run(&first, &x->one, v);
  for (int i = 0; i < N_THREADS; i++) {
    ndg_trial_run(&next, &x->with[i], v);
    if (differs(x, &first, &next, how[i]))
      return false;
  }
  return true;
}

static void any_threads(ndg_check *c) {
  static const uint32_t n_threads[N_THREADS] = {1, 2, 8};
  ndg_pool *pool[N_THREADS] = {NULL};
  again x = {.check = c};
  ndg_ref_form f = plain_form();
  ndg_error e;
  if (!is_deterministic(c))
    return;
  bool open = ndg_trial_open(c, &x.one, &f);
  for (int i = 0; open && i < N_THREADS; i++) {
    if (ndg_pool_create(n_threads[i], &pool[i], &e) < 0) {
      ndg_check_skip(c, "%s", e.text);
      open = false;
      break;
    }
    f.pool = pool[i];
    open = ndg_trial_open(c, &x.with[i], &f);
  }
  if (open)
    ndg_settings_walk(c, NDG_SETTINGS_CHOICES, spread, &x);
  close_all(&x);
  for (int i = 0; i < N_THREADS; i++)
    ndg_pool_destroy(pool[i]);
}

/* ---- hygiene ---- */

static bool is_whole(const ndg_trial *t) {
  for (uint64_t i = 0; i < t->problem->n_tasks; i++)
    for (uint64_t j = 0; j < t->problem->n_meta; j++)
      if (!isfinite(t->gradient[i][j]))
        return false;
  return true;
}

static bool clean_up(void *context, const ndg_setting *v) {
  again *x = context;
  const ndg_fp_state before = ndg_fp_state_get();
  uint64_t held = 0;
  for (int i = 0; i < REPEATS && !x->check->has_failed; i++) {
    ndg_trial t;
    ndg_trial_run(&t, &x->one, v);
    const ndg_fp_state after = ndg_fp_state_get();
    if (before.control != after.control || before.x87 != after.x87)
      ndg_check_fail(x->check, "an estimate changes the floating-point mode; %s", v->text);
    if (t.status == NDG_OK && !is_whole(&t))
      ndg_check_fail(x->check, "status 0, and a part of the gradient is not finite; %s", v->text);
    if (i == 0)
      held = t.record.bytes_held;
    else if (t.record.bytes_held > held)
      ndg_check_fail(x->check, "estimate %d holds %llu bytes, the first held %llu; %s", i + 1,
                     (unsigned long long)t.record.bytes_held, (unsigned long long)held, v->text);
    if (i > 0 && t.spy.n_fresh > 0)
      ndg_check_fail(x->check, "estimate %d keeps %llu vectors under new names: memory grows; %s",
                     i + 1, (unsigned long long)t.spy.n_fresh, v->text);
  }
  return !x->check->has_failed;
}

static void nothing_left(ndg_check *c) {
  again x = {.check = c};
  const ndg_ref_form f = plain_form();
  if (ndg_trial_open(c, &x.one, &f))
    ndg_settings_walk(c, NDG_SETTINGS_SINGLE, clean_up, &x);
  close_all(&x);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "rules", .name = #name_, .property = property_, .kind = NDG_KIND_RULE, .limit_s = 20, \
    .run = name_                                                                                   \
  }
const ndg_check_case ndg_check_rules_same[] = {
    CASE(same_twice, "two estimates of the same have the same bits, whatever lies between"),
    CASE(any_threads, "estimates have the same bits with 1, 2 and 8 threads"),
    CASE(nothing_left, "an estimate writes all of its gradient and leaves nothing behind"),
    {.group = NULL}};
