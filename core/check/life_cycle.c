/* SPDX-License-Identifier: MIT */
/* Group life cycle: opened and closed again and again, with and without memory, a component leaves
   nothing behind and says what went wrong. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "check/capture.h"
#include "check/fingerprint.h"
#include "check/groups.h"
#include "check/life.h"
#include "check/process_state.h"
#include "plugin/option_table.h"

enum {
  OPENINGS = 1000,
  QUICK_OPENINGS = 100,
  STRETCHES = 4,
  WARM_UP = 20, /* tables and caches that are made once */
  LEAK = 16,    /* bytes each time: less than the smallest block that malloc gives */
  COMBINATIONS = 300,
  QUICK_COMBINATIONS = 40
};

/* ---- again and again ---- */

/* n openings, of all ways in turn; every fourth works before it closes. */
static bool open_often(const ndg_life *l, int n) {
  ndg_error e = {.code = NDG_OK};
  double result;
  for (int k = 0; k < n; k++) {
    const uint64_t way = (uint64_t)k % l->n_ways;
    ndg_check_doing(l->check, "opening number %d: %s", k + 1, l->name(l, way));
    if (l->use(l, way, NULL, k % 4 == 3, &result, &e) < 0) {
      ndg_check_fail(l->check, "opening number %d fails: %s [%s]", k + 1, e.text, l->name(l, way));
      return false;
    }
  }
  return true;
}

/* A leak shows in every stretch; what is made once, or grows now and then, does not. */
static void check_reopen(ndg_check *c) {
  const int stretch = (c->quick ? QUICK_OPENINGS : OPENINGS) / STRETCHES;
  uint64_t least = UINT64_MAX;
  ndg_life l;
  if (!ndg_life_open(c, &l) || !open_often(&l, WARM_UP + (int)l.n_ways * 4))
    return;
  for (int k = 0; k < STRETCHES; k++) {
    const uint64_t before = ndg_memory_in_use(c);
    if (!open_often(&l, stretch))
      return;
    const uint64_t after = ndg_memory_in_use(c), more = after > before ? after - before : 0;
    least = more < least ? more : least;
  }
  if (least > (uint64_t)stretch * LEAK)
    ndg_check_fail(c, "%.3g bytes are lost each time, at least, over %d openings",
                   (double)least / stretch, stretch * STRETCHES);
}

/* ---- without memory ---- */

/* One use in which all allocations from number n on fail. True: it needed no more. */
static bool use_short(const ndg_life *l, uint64_t way, uint64_t n, bool *wrong) {
  ndg_error e = {.code = NDG_OK};
  double result = 0;
  ndg_check_doing(l->check, "memory ends at allocation %" PRIu64 ": %s", n, l->name(l, way));
  ndg_fail_allocations_after(n);
  const ndg_status st = l->use(l, way, NULL, true, &result, &e);
  ndg_fail_allocations_after(UINT64_MAX);
  e.text[sizeof e.text - 1] = '\0';
  *wrong = st < 0 && (st != NDG_ENOMEM || e.code != st || !e.text[0]);
  if (*wrong)
    ndg_check_fail(l->check,
                   "memory ends at allocation %" PRIu64
                   ": status %d with '%.200s', should be %d (out of memory) [%s]",
                   n, (int)st, e.text, NDG_ENOMEM, l->name(l, way));
  return st >= 0;
}

/* All n at first, then ever fewer: what fails late fails in much the same place. */
static bool use_short_of_all(const ndg_life *l, uint64_t way) {
  bool wrong = false;
  for (uint64_t n = 0; n < UINT64_C(1) << 20; n += 1 + n / (l->check->quick ? 10 : 50)) {
    const bool enough = use_short(l, way, n, &wrong);
    if (wrong || enough)
      return !wrong;
  }
  return true;
}

static void check_allocation_failure(ndg_check *c) {
  ndg_life l;
  ndg_error e = {.code = NDG_OK};
  double before = 0, after = 0;
  if (!ndg_life_open(c, &l))
    return;
  for (uint64_t way = 0; way < l.n_ways && !c->has_failed; way++) {
    if (l.use(&l, way, NULL, true, &before, &e) < 0)
      continue; /* another case says so */
    if (!use_short_of_all(&l, way))
      return;
    const uint64_t first = ndg_memory_in_use(c);
    if (!use_short_of_all(&l, way))
      return;
    const uint64_t second = ndg_memory_in_use(c);
    if (second > first + 4096)
      ndg_check_fail(c, "%" PRIu64 " bytes are lost where allocations fail [%s]", second - first,
                     l.name(&l, way));
    if (l.use(&l, way, NULL, true, &after, &e) < 0)
      ndg_check_fail(c, "after failures of memory it cannot be opened: %s [%s]", e.text,
                     l.name(&l, way));
    else if (memcmp(&before, &after, sizeof before) != 0)
      ndg_check_fail(c, "after failures of memory it gives %.17g, before %.17g [%s]", after, before,
                     l.name(&l, way));
  }
}

/* ---- what it leaves behind ---- */

static void use_all(const ndg_life *l) {
  ndg_error e = {.code = NDG_OK};
  double result;
  for (uint64_t way = 0; way < l->n_ways; way++) {
    ndg_check_doing(l->check, "%s", l->name(l, way));
    (void)l->use(l, way, NULL, true, &result, &e);
  }
}

static void check_process(ndg_check *c) {
  static const int aspects[] = {
      NDG_STATE_FLOATING_POINT, NDG_STATE_LOCALE,      NDG_STATE_SIGNALS,    NDG_STATE_FOLDER,
      NDG_STATE_CREATION_MASK,  NDG_STATE_ENVIRONMENT, NDG_STATE_DESCRIPTORS};
  char text[500];
  ndg_life l;
  const ndg_process_state *before = ndg_process_state_take(c->arena);
  if (!before || !ndg_life_open(c, &l))
    return;
  use_all(&l);
  for (size_t k = 0; k < sizeof aspects / sizeof *aspects; k++) {
    const bool differs = ndg_process_state_differs(before, aspects[k], text, sizeof text);
    ndg_process_state_restore(before);
    if (differs)
      ndg_check_fail(c, "%s: %s", ndg_process_aspects[aspects[k]], text);
  }
}

static void check_quiet(ndg_check *c) {
  char first[200];
  ndg_capture capture;
  ndg_life l;
  if (!ndg_life_open(c, &l))
    return;
  if (!ndg_capture_begin(&capture)) {
    ndg_check_skip(c, "its output cannot be caught: %s", strerror(errno));
    return;
  }
  use_all(&l);
  const uint64_t n = ndg_capture_end(&capture, first, sizeof first);
  if (n > 0)
    ndg_check_fail(c, "%" PRIu64 " bytes, which begin with '%s'", n, first);
}

static void check_constant(ndg_check *c) {
  uint64_t before, after;
  ndg_life l;
  if (!ndg_life_open(c, &l) || !ndg_check_fingerprint_of(c->subject, &before))
    return;
  use_all(&l);
  if (!ndg_check_fingerprint_of(c->subject, &after) || before != after)
    ndg_check_fail(c, "its texts, lists or options changed when it was used");
}

/* ---- whatever the options ---- */

/* The way's options, with small values for some of them; NULL: they do not go together. */
static void *draw_options(const ndg_life *life, uint64_t way, ndg_rng *r, char text[400]) {
  ndg_check *c = life->check;
  const ndg_loaded *l = c->subject;
  const uint64_t size = l->component->options_size;
  ndg_check_values v, required;
  ndg_error e = {.code = NDG_OK};
  void *drawn = NULL, *options = ndg_arena_alloc(c->arena, 1, size);
  if (!options || !ndg_check_values_open(c, &v))
    return NULL;
  memcpy(options, life->options(life, way), size);
  for (const ndg_option *o = l->component->options; o && o->name;
       o = ndg_options_next(o, l->option_stride)) {
    if (ndg_rng_next(r) % (o->flags & NDG_OPTION_REQUIRED ? 8 : 3) == 0)
      (void)ndg_check_values_add(c, &v, o, NDG_VALUE_SMALL, r);
  }
  ndg_check_values_text(&v, text, 400);
  required = v;
  ndg_check_values_require(c, &required, r);
  if (ndg_options_fill("the host", l->component->options, l->option_stride, size, required.given,
                       required.n, c->arena, &drawn, &e) < 0)
    return NULL;
  for (uint64_t k = 0; k < v.n; k++) {
    const ndg_option *o =
        ndg_options_find(l->component->options, l->option_stride, v.given[k].name);
    memcpy((char *)options + o->offset, (char *)drawn + o->offset, ndg_option_member_size(o->type));
  }
  ndg_check_doing(c, "options %s of %s", text, life->name(life, way));
  return ndg_check_accepts(c, options, &e) >= 0 ? options : NULL;
}

/* True: it opened. */
static bool try_options(const ndg_life *l, uint64_t way, ndg_rng *r) {
  ndg_error e = {.code = NDG_OK};
  double result;
  char text[400];
  const void *options = draw_options(l, way, r, text);
  if (!options)
    return false;
  const ndg_status st = l->use(l, way, options, true, &result, &e);
  if (st < 0 && (e.code != st || !e.text[0] || strchr(e.text, '\n')))
    ndg_check_fail(l->check, "status %d, but its record says %d '%.200s': options %s of %s",
                   (int)st, (int)e.code, e.text, text, l->name(l, way));
  return st >= 0;
}

static void check_any_options(ndg_check *c) {
  ndg_rng r = ndg_check_stream(c, "small options");
  const int n = c->quick ? QUICK_COMBINATIONS : COMBINATIONS;
  ndg_arena *const whole = c->arena;
  int opened = 0;
  ndg_life l;
  if (!c->subject->component->options || !c->subject->component->options->name) {
    ndg_check_skip(c, "it has no options");
    return;
  }
  if (!ndg_life_open(c, &l))
    return;
  for (int k = 0; k < n && !c->has_failed; k++) {
    c->arena = ndg_arena_create(4096); /* what thousands of values take would stay */
    opened += c->arena && try_options(&l, (uint64_t)k % l.n_ways, &r);
    ndg_arena_destroy(c->arena);
    c->arena = whole;
  }
  if (opened == 0)
    ndg_check_warn(c, "none of %d combinations of small values opened", n);
}

const ndg_check_case ndg_check_life_cycle[] = {
    {.group = "life cycle",
     .name = "reopen",
     .property =
         "opened and closed a thousand times, with or without work between, it loses no memory",
     .limit_s = 30,
     .run = check_reopen},
    {.group = "life cycle",
     .name = "allocation_failure",
     .property = "where memory ends it says so, loses nothing, and works again afterwards",
     .limit_s = 30,
     .run = check_allocation_failure},
    {.group = "life cycle",
     .name = "any_options",
     .property = "with any options that it accepts it opens, or refuses with one line",
     .limit_s = 30,
     .run = check_any_options},
    {.group = "life cycle",
     .name = "process",
     .property = "its use leaves modes, locale, signals, folder, environment and files alone",
     .run = check_process},
    {.group = "life cycle",
     .name = "quiet",
     .property = "its use prints nothing",
     .run = check_quiet},
    {.group = "life cycle",
     .name = "constant",
     .property = "what it says about itself does not change with use",
     .run = check_constant},
    {.group = NULL},
};
