/* SPDX-License-Identifier: MIT */
/* Newton phases: solved, or answered again. */
#include <math.h>
#include <string.h>

#include "engine/dense.h"
#include "engine/eigen.h"
#include "engine/linear.h"
#include "engine/phase.h"

static void answer_again(ndg_problem *p, ndg_phase *ph, const ndg_cached_phase *known) {
  const size_t n_tasks = (size_t)p->tasks.arrays.n_tasks;
  ndg_vector_copy(ph->end, known->state);
  memcpy(p->phase.status, known->frozen, n_tasks);
  memset(p->phase.soft, 0, n_tasks); /* only what ended well is remembered */
  memcpy(p->phase.step, known->since, n_tasks * sizeof *known->since);
  ph->steps_taken = known->steps;
  ph->gradient_norm = known->newton.gradient_norm;
  ph->contraction = known->newton.contraction;
  p->record.gradient_evaluations += known->newton.gradient_evaluations;
  p->record.hessian_vector_products += known->newton.hessian_vector_products;
  p->record.nonlocal |= known->newton.nonlocal;
}

static ndg_status remember_newton(ndg_problem *p, const ndg_phase *ph, const ndg_phase_key *key,
                                  const ndg_record *before, ndg_error *e) {
  ndg_cached_phase *entry = ndg_cached_phase_create(key, ph->end);
  if (!entry)
    return ndg_no_memory(e, "the state of a phase");
  const ndg_record *after = &p->record;
  ndg_vector_copy(entry->state, ph->end);
  memcpy(entry->frozen, p->phase.status, (size_t)p->tasks.arrays.n_tasks);
  memcpy(entry->since, p->phase.step, (size_t)p->tasks.arrays.n_tasks * sizeof *entry->since);
  entry->steps = ph->steps_taken;
  entry->newton.steps = ph->steps;
  entry->newton.gradient_norm = ph->gradient_norm;
  entry->newton.contraction = ph->contraction;
  entry->newton.gradient_evaluations = after->gradient_evaluations - before->gradient_evaluations;
  entry->newton.hessian_vector_products =
      after->hessian_vector_products - before->hessian_vector_products;
  entry->newton.nonlocal = after->nonlocal;
  ndg_phases_insert(p, entry);
  return NDG_OK;
}

/* Newton's words do not say which phase it was. */
static void name_nudged(const ndg_phase *ph, ndg_error *e) {
  char name[96];
  if (!e || (ph->beta.re == 0 && ph->beta.im == 0))
    return;
  const ndg_error unnamed = *e;
  ndg_phase_name(ph, name, sizeof name);
  ndg_fail(e, unnamed.code, "%s: %s", name, unnamed.text);
}

ndg_status ndg_phase_run_newton(ndg_problem *p, ndg_phase *ph, const ndg_optimizer *o,
                                ndg_error *e) {
  const ndg_phase_key key = ndg_phase_key_of(p, ph, o);
  const ndg_cached_phase *known =
      ndg_phase_has_identity(&key) ? ndg_phases_find(p, &key, ph->steps) : NULL;
  ndg_status st = NDG_OK;
  if (known && known->newton.steps == ph->steps) {
    answer_again(p, ph, known);
  } else {
    const ndg_record before = p->record;
    p->record.nonlocal = 0;
    st = ndg_newton_relax(p, ph, e);
    if (st > 0)
      name_nudged(ph, e);
    if (st == NDG_OK && ndg_phase_has_identity(&key))
      st = remember_newton(p, ph, &key, &before, e);
    p->record.nonlocal |= before.nonlocal;
  }
  if (st < 0)
    return st;
  ph->end->identity = ndg_phase_end_identity(&key, ph->steps_taken, ph->end->space);
  ndg_phase_put_back(p, ph->end);
  ndg_phase_count(p, ph);
  ndg_outcomes_note(p);
  const ndg_status found = ndg_phase_find_radii(p, ph, e);
  return found < 0 ? found : st;
}
