/* SPDX-License-Identifier: MIT */
/* Phases: a loop over one compiled program, between two states, for all tasks together. Here: what
   was asked, and by which name its result is known. */
#include <math.h>

#include "engine/phase.h"

bool ndg_phase_is_complex(const ndg_phase *ph) {
  return ph->beta.im != 0 || (ph->start && ndg_vector_is_complex(ph->start)) ||
         (ph->end && ndg_vector_is_complex(ph->end));
}

static ndg_status check_state(const ndg_problem *p, const ndg_vector *v, const char *what,
                              bool is_complex, const ndg_optimizer *o, ndg_error *e) {
  const ndg_status st = ndg_problem_check_vector(p, v, what, NDG_PHI, is_complex, e);
  const uint64_t length = p->n_phi * (1 + ndg_optimizer_slots(o->kind));
  if (st >= 0 && v->space == NDG_STATE && v->length != length)
    return ndg_fail(e, NDG_EINVAL, "%s of the phase is a state of another optimizer than %s", what,
                    ndg_optimizer_name(o->kind));
  return st;
}

static ndg_status check_phase(const ndg_problem *p, const ndg_phase *ph, const ndg_optimizer *o,
                              ndg_error *e) {
  const bool is_complex = ndg_phase_is_complex(ph);
  if (ph->struct_size < offsetof(ndg_phase, growth)) /* that of ABI 1.0 */
    return ndg_fail(e, NDG_EINVAL, "a phase of %u bytes: struct_size is not set", ph->struct_size);
  if (!isfinite(ph->beta.re) || !isfinite(ph->beta.im))
    return ndg_fail(e, NDG_EINVAL, "beta is not a finite number");
  if (!(ph->tolerance >= 0) || !isfinite(ph->tolerance))
    return ndg_fail(e, NDG_EINVAL, "tolerance is %g; it must be >= 0", ph->tolerance);
  if (is_complex && p->not_complex[0])
    return ndg_fail(e, NDG_ECAPABILITY, "learner %s cannot be nudged with complex beta: %s",
                    p->learner.loaded->component->id, p->not_complex);
  ndg_status st = check_state(p, ph->end, "end", is_complex, o, e);
  if (st >= 0 && ph->start) /* a real point may start a complex phase */
    st = check_state(p, ph->start, "start", ndg_vector_is_complex(ph->start), o, e);
  if (st < 0 || !ph->record)
    return st;
  if (!ph->states || o->kind == NDG_NEWTON)
    return ndg_fail(e, NDG_EINVAL,
                    ph->states ? "a Newton phase has no trajectory to record"
                               : "a recorded phase needs states");
  for (uint64_t i = 0; st >= 0 && i <= ph->steps; i++) {
    st = check_state(p, ph->states[i], "states", is_complex, o, e);
    if (st >= 0 && ph->states[i]->space != NDG_STATE)
      st = ndg_fail(e, NDG_EINVAL, "states of a phase must be state vectors");
  }
  return st;
}

ndg_phase_key ndg_phase_key_of(const ndg_problem *p, const ndg_phase *ph, const ndg_optimizer *o) {
  const uint64_t initial[2] = {0x7374617274, p->generation};
  /* Adding zero makes one zero of two. */
  return (ndg_phase_key){.start = ph->start ? ph->start->identity
                                            : ndg_identity_of(initial, sizeof initial),
                         .beta = {ph->beta.re + 0.0, ph->beta.im + 0.0},
                         .optimizer = *o,
                         .first_step = ph->first_step,
                         .tolerance = ph->tolerance + 0.0,
                         .is_complex = ndg_phase_is_complex(ph)};
}

bool ndg_phase_has_identity(const ndg_phase_key *key) {
  return key->start.high || key->start.low;
}

ndg_identity ndg_phase_end_identity(const ndg_phase_key *key, uint64_t steps, uint32_t space) {
  struct {
    ndg_phase_key key;
    uint64_t steps, space;
  } all = {*key, steps, space};
  return ndg_phase_has_identity(key) ? ndg_identity_of(&all, sizeof all) : (ndg_identity){0, 0};
}

ndg_status ndg_problem_relax(ndg_problem *p, ndg_phase *ph, ndg_error *e) {
  ndg_optimizer o;
  ndg_status st = ndg_optimizer_resolve(p, &ph->optimizer, &o, e);
  if (st >= 0)
    st = check_phase(p, ph, &o, e);
  if (st < 0)
    return st;
  return o.kind == NDG_NEWTON ? ndg_phase_run_newton(p, ph, &o, e)
                              : ndg_phase_run_steps(p, ph, &o, e);
}
