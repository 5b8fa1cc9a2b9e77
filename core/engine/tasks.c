/* SPDX-License-Identifier: MIT */
/* Other tasks, and other names for them, in a problem that stays compiled. */
#include <math.h>

#include "engine/internal.h"

void ndg_problem_forget(ndg_problem *p) {
  p->generation++; /* phases and the factor are known by it */
  ndg_problem_set_radii(p, NULL);
  p->initial[0].known = p->initial[1].known = false;
  ndg_problem_forget_phases(p, false);
}

static ndg_status check_owner(const ndg_problem *p, ndg_error *e) {
  if (p->origin || p->lender)
    return ndg_fail(e, NDG_EINVAL,
                    "tasks are set in the problem that was opened with them, not in "
                    "a clone or sibling of it");
  if (p->n_clones > 0)
    return ndg_fail(e, NDG_EINVAL, "%llu clones read the tasks of this problem; close them first",
                    (unsigned long long)p->n_clones);
  return NDG_OK;
}

/* Does any task begin elsewhere? */
static bool restarts(const ndg_problem *p, const ndg_task_labels *labels) {
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++)
    if (ndg_task_start_number(&p->tasks.labels, t) != ndg_task_start_number(labels, t))
      return true;
  return false;
}

static void label(ndg_problem *p, const ndg_task_labels *labels) {
  const bool redraw = restarts(p, labels);
  ndg_task_store_label(&p->tasks, labels);
  ndg_minibatches_forget(p);
  for (uint32_t i = 0; i <= NDG_LONG_DOUBLE; i++)
    if (p->siblings[i]) {
      p->siblings[i]->tasks.labels = p->tasks.labels;
      ndg_minibatches_forget(p->siblings[i]);
    }
  if (!redraw)
    return;
  ndg_parameters_draw_start(p);
  for (uint32_t i = 0; i <= NDG_LONG_DOUBLE; i++)
    if (p->siblings[i])
      ndg_parameters_draw_start(p->siblings[i]);
}

/* What follows from other tasks, or from another start of their learning. */
static void forget_all(ndg_problem *p) {
  ndg_problem_forget(p);
  for (ndg_kept *k = p->kept; k; k = k->next)
    k->stale = true;
  for (uint32_t i = 0; i <= NDG_LONG_DOUBLE; i++)
    if (p->siblings[i])
      forget_all(p->siblings[i]);
}

/* The learner sees floats as it did at open. */
static ndg_status lay_out_again(ndg_problem *p, const ndg_task_arrays *tasks, ndg_error *e) {
  uint64_t single = 0;
  for (uint64_t i = 0; i < tasks->n_arrays; i++)
    single += tasks->arrays[i].kind == NDG_SINGLE;
  if (single == 0)
    return ndg_parameters_lay_out_again(p, tasks, e);
  ndg_array *shown = ndg_calloc((size_t)tasks->n_arrays, sizeof *shown);
  if (!shown)
    return ndg_no_memory(e, "task arrays");
  for (uint64_t i = 0; i < tasks->n_arrays; i++)
    shown[i] = ndg_task_array_shown(&tasks->arrays[i]);
  const ndg_status st = ndg_parameters_lay_out_again(
      p, &(ndg_task_arrays){tasks->n_tasks, tasks->n_arrays, shown}, e);
  ndg_free(shown);
  return st;
}

ndg_status ndg_problem_set_labelled_tasks(ndg_problem *p, const ndg_task_arrays *tasks,
                                          const ndg_task_labels *labels, ndg_error *e) {
  ndg_status st = check_owner(p, e);
  if (st >= 0)
    st = ndg_tasks_check_alike(&p->tasks.arrays, tasks, e);
  if (st >= 0 && ndg_task_store_holds(&p->tasks, tasks))
    return ndg_problem_label_tasks(p, labels, e); /* the same data under other numbers */
  if (st >= 0)
    st = ndg_tasks_check(tasks, labels, p->dtype, e);
  if (st < 0)
    return st;
  st = lay_out_again(p, tasks, e);
  if (st < 0) {
    ndg_error_prefix(e, "learner", p->learner.loaded->component->id);
    return st;
  }
  ndg_task_store_replace(&p->tasks, tasks, p->dtype);
  for (uint32_t i = 0; i <= NDG_LONG_DOUBLE; i++)
    if (p->siblings[i])
      ndg_task_store_replace(&p->siblings[i]->tasks, tasks, (ndg_dtype)i);
  label(p, labels);
  forget_all(p);
  return NDG_OK;
}

ndg_status ndg_problem_set_tasks(ndg_problem *p, const ndg_task_arrays *tasks, ndg_error *e) {
  return ndg_problem_set_labelled_tasks(p, tasks, &(ndg_task_labels){0}, e);
}

ndg_status ndg_problem_label_tasks(ndg_problem *p, const ndg_task_labels *labels, ndg_error *e) {
  const ndg_status st = check_owner(p, e);
  if (st < 0)
    return st;
  label(p, labels);
  forget_all(p);
  return NDG_OK;
}
