/* SPDX-License-Identifier: MIT */
/* Group hygiene, memory: a learner writes what it is given to write, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"

enum { N_TASKS = 3, GUARD = 4096, PATTERN = 0x6b };

/* Room between two guards. */
typedef struct guarded {
  unsigned char *all;
  size_t size;
} guarded;

static void *guard(const ndg_check *c, size_t size, guarded *out) {
  out->all = ndg_arena_alloc(c->arena, 1, size + 2 * GUARD);
  out->size = size;
  if (!out->all)
    return NULL;
  memset(out->all, PATTERN, size + 2 * GUARD);
  return out->all + GUARD;
}

static void look(ndg_check *c, const ndg_check_variant *v, const guarded *g, const char *who) {
  for (size_t i = 0; i < GUARD; i++) {
    const unsigned char *after = g->all + GUARD + g->size;
    if (g->all[GUARD - 1 - i] != PATTERN)
      ndg_check_fail_variant(c, v, "%s writes %zu bytes before what it may write", who, i + 1);
    if (after[i] != PATTERN)
      ndg_check_fail_variant(c, v, "%s writes %zu bytes past what it may write", who, i + 1);
  }
}

/* What is only lent, as it was before. */
typedef struct lent {
  const ndg_task_arrays *tasks, *kept;
  const double *theta;
  double *theta_kept;
  uint64_t n_theta;
  void *options_kept;
} lent;

static ndg_status lend(ndg_check *c, const ndg_check_variant *v, const double *theta,
                       uint64_t n_theta, lent *out, ndg_error *e) {
  const uint64_t size = c->subject->component->options_size;
  out->tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks");
  out->kept = out->tasks ? ndg_check_copy_tasks(c, out->tasks) : NULL;
  out->theta = theta;
  out->n_theta = n_theta;
  out->theta_kept = ndg_arena_alloc(c->arena, n_theta + 1, sizeof *out->theta_kept);
  out->options_kept = ndg_arena_alloc(c->arena, 1, size + 1);
  if (!out->kept || !out->theta_kept || !out->options_kept)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for tasks");
  memcpy(out->theta_kept, theta, n_theta * sizeof *theta);
  if (size)
    memcpy(out->options_kept, v->learner.options, size);
  return NDG_OK;
}

static void look_at_lent(ndg_check *c, const ndg_check_variant *v, const lent *l, const char *who) {
  for (uint64_t i = 0; i < l->tasks->n_arrays; i++)
    if (memcmp(l->tasks->arrays[i].data, l->kept->arrays[i].data,
               N_TASKS * ndg_check_task_bytes(&l->kept->arrays[i])) != 0)
      ndg_check_fail_variant(c, v, "%s changes the data of array '%s'", who,
                             l->kept->arrays[i].name);
  if (memcmp(l->theta, l->theta_kept, l->n_theta * sizeof *l->theta) != 0)
    ndg_check_fail_variant(c, v, "%s changes theta", who);
  const uint64_t size = c->subject->component->options_size;
  if (size && memcmp(v->learner.options, l->options_kept, size) != 0)
    ndg_check_fail_variant(c, v, "%s changes its options", who);
}

static ndg_status lay_out(ndg_check *c, const ndg_check_variant *v, const lent *l, ndg_error *e) {
  guarded g;
  ndg_layout *layout = guard(c, sizeof *layout, &g);
  if (!layout)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for a layout");
  memset(layout, 0, sizeof *layout);
  layout->struct_size = sizeof *layout;
  const ndg_status st =
      v->learner.loaded->ops.learner.layout(v->learner.options, l->tasks, layout, e);
  look(c, v, &g, "layout");
  look_at_lent(c, v, l, "layout");
  return st;
}

static ndg_status solve(ndg_check *c, const ndg_bench *b, const lent *l, ndg_error *e) {
  const ndg_check_variant *v = b->variant;
  bool incomplete;
  const ndg_closed_form *f = ndg_check_closed_form(c, &incomplete);
  guarded g, h;
  double *phi = guard(c, b->n_phi * sizeof *phi, &g);
  double *gradient = guard(c, b->n_theta * sizeof *gradient, &h);
  if (!phi || !gradient)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for a solution");
  for (uint64_t t = 0; f && t < N_TASKS; t++) {
    (void)f->optimum(v->learner.options, l->tasks, t, l->theta, 0.25, phi, e);
    look(c, v, &g, "the closed-form optimum");
    (void)f->meta_gradient(v->learner.options, l->tasks, t, l->theta, gradient, e);
    look(c, v, &h, "the closed-form meta-gradient");
    look_at_lent(c, v, l, "the closed form");
  }
  return NDG_OK;
}

static ndg_status bounds(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_F64,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  ndg_bench b;
  lent l;
  ndg_status st = ndg_bench_open(c, v, &spec, &b, e);
  if (st >= 0)
    st = lend(c, v, b.theta, b.n_theta, &l, e);
  if (st >= 0)
    st = lay_out(c, v, &l, e);
  if (st >= 0)
    st = solve(c, &b, &l, e);
  ndg_bench_close(&b);
  return st;
}

static void run_bounds(ndg_check *c) {
  ndg_check_each_variant(c, bounds);
}

const ndg_check_case ndg_check_learner_bounds[] = {
    {.group = "hygiene",
     .name = "bounds",
     .property = "layout and closed forms write their results and nothing else",
     .kind = NDG_KIND_LEARNER,
     .run = run_bounds},
    {.group = NULL}};
