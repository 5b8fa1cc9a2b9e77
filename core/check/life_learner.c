/* SPDX-License-Identifier: MIT */
/* Learners in use: each way is a variant with its tasks. */
#include "check/life.h"
#include "check/life_kinds.h"
#include "check/tasks.h"
#include "engine/problem.h"

enum { N_TASKS = 2, STEPS = 3 };

typedef struct learner_way {
  const ndg_check_variant *variant;
  const ndg_task_arrays *tasks;
} learner_way;

static ndg_status use_learner(const ndg_life *l, uint64_t k, const void *options, bool work,
                              double *result, ndg_error *e) {
  const learner_way *way = (const learner_way *)l->ways + k;
  ndg_problem *p = NULL;
  ndg_learning learning = {.learn_loss = 0};
  ndg_problem_spec spec = {
      .learner = way->variant->learner,
      .tasks = way->tasks,
      .inner = {.optimizer = {.kind = NDG_GRADIENT_DESCENT, .lr = 0x1p-10}, .steps = STEPS},
      .dtype = NDG_F64,
      .seed = l->check->seed};
  if (options)
    spec.learner.options = options;
  ndg_status st = ndg_problem_open(&spec, &p, e);
  if (st >= 0 && work)
    st = ndg_problem_learn(p, NULL, &learning, e);
  ndg_problem_close(p);
  *result = learning.learn_loss;
  return st;
}

static const char *name_learner(const ndg_life *l, uint64_t k) {
  return ((const learner_way *)l->ways)[k].variant->text;
}

static const void *options_learner(const ndg_life *l, uint64_t k) {
  return ((const learner_way *)l->ways)[k].variant->learner.options;
}

bool ndg_life_open_learner(ndg_check *c, ndg_life *l) {
  ndg_check_variants all;
  ndg_error e = {.code = NDG_OK};
  if (ndg_check_find_variants(c, &all, &e) < 0 || all.n == 0) {
    ndg_check_skip(c, "no tasks that it accepts were found; see data/example");
    return false;
  }
  learner_way *ways = ndg_arena_alloc(c->arena, all.n, sizeof *ways);
  for (uint64_t k = 0; ways && k < all.n; k++) {
    ways[k].variant = all.at[k];
    ways[k].tasks = ndg_check_draw_tasks(c, all.at[k], N_TASKS, "tasks");
    if (!ways[k].tasks)
      ways = NULL;
  }
  if (!ways) {
    ndg_check_skip(c, "out of memory");
    return false;
  }
  *l = (ndg_life){.check = c,
                  .n_ways = all.n,
                  .ways = ways,
                  .use = use_learner,
                  .name = name_learner,
                  .options = options_learner};
  return true;
}
