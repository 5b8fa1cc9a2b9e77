/* SPDX-License-Identifier: MIT */
/* The exact gradient through learning: reverse mode over every step, in long double. */
#include <math.h>
#include <string.h>

#include "engine/oracle_internal.h"

/* What the states kept at once may take; longer trajectories are kept at checkpoints and run again
   from there. */
static const double STATE_BYTES = 1e9;

typedef struct unrolling {
  ndg_problem *q;
  uint64_t steps, segment; /* all; those kept at once */
  uint64_t n_checkpoints;
  ndg_vector **states;      /* segment + 1 */
  ndg_vector **checkpoints; /* states at 0, segment, 2 segment, ... */
  ndg_vector *adjoint, *theta_adjoint, *phi;
} unrolling;

static ndg_vector *new_state(const unrolling *s) {
  return ndg_problem_new_vector(s->q, NDG_STATE, false, s->q->inner.optimizer.kind);
}

static ndg_vector **new_states(const unrolling *s, uint64_t n) {
  ndg_vector **list = ndg_calloc(n, sizeof *list);
  for (uint64_t i = 0; list && i < n; i++) {
    list[i] = new_state(s);
    if (!list[i]) {
      while (i > 0) {
        ndg_vector_destroy(list[--i]);
      }
      ndg_free(list);
      return NULL;
    }
  }
  return list;
}

static void free_states(ndg_vector **list, uint64_t n) {
  for (uint64_t i = 0; list && i < n; i++) {
    ndg_vector_destroy(list[i]);
  }
  ndg_free(list);
}

static ndg_status open_unrolling(unrolling *s, ndg_problem *q, uint64_t steps, double bytes,
                                 ndg_error *e) {
  *s = (unrolling){.q = q, .steps = steps, .segment = steps ? steps : 1};
  s->adjoint = new_state(s);
  s->theta_adjoint = ndg_real_vector(q, NDG_THETA);
  s->phi = ndg_real_vector(q, NDG_PHI);
  if (!s->adjoint || !s->theta_adjoint || !s->phi) {
    return ndg_no_memory(e, "the unrolled oracle");
  }
  if ((double)steps * (double)ndg_vector_bytes(s->adjoint) > bytes) {
    s->segment = (uint64_t)ceil(sqrt((double)steps));
  }
  s->n_checkpoints = (steps + s->segment - 1) / s->segment;
  s->states = new_states(s, s->segment + 1);
  s->checkpoints = new_states(s, s->n_checkpoints);
  return s->states && s->checkpoints ? NDG_OK
                                     : ndg_no_memory(e, "the trajectory of the unrolled oracle");
}

static void close_unrolling(unrolling *s) {
  free_states(s->states, s->segment + 1);
  free_states(s->checkpoints, s->n_checkpoints);
  ndg_vector_destroy(s->adjoint);
  ndg_vector_destroy(s->theta_adjoint);
  ndg_vector_destroy(s->phi);
}

static uint64_t segment_length(const unrolling *s, uint64_t i) {
  const uint64_t left = s->steps - i * s->segment;
  return left < s->segment ? left : s->segment;
}

/* Segment i from its checkpoint, every state kept or only the last. The first starts afresh. */
static ndg_status run_segment(unrolling *s, uint64_t i, bool record, ndg_vector *end,
                              ndg_error *e) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .record = record,
                     .optimizer = s->q->inner.optimizer,
                     .start = i ? s->checkpoints[i] : NULL,
                     .end = end,
                     .first_step = i * s->segment,
                     .steps = segment_length(s, i),
                     .states = s->states};
  return ndg_problem_relax(s->q, &phase, e);
}

static ndg_status forward(unrolling *s, ndg_error *e) {
  ndg_status st = NDG_OK;
  for (uint64_t i = 0; st == NDG_OK && i + 1 < s->n_checkpoints; i++) {
    st = run_segment(s, i, false, s->checkpoints[i + 1], e);
  }
  if (st == NDG_OK && s->steps == 0) {
    ndg_vector_copy(s->phi, s->q->start);
  } else if (st == NDG_OK) {
    st = run_segment(s, s->n_checkpoints - 1, true, s->phi, e);
  }
  return st;
}

/* Adjoints at the end: of the evaluation loss itself. */
static ndg_status seed(unrolling *s, ndg_error *e) {
  ndg_vector *gradient = ndg_real_vector(s->q, NDG_PHI);
  if (!gradient) {
    return ndg_no_memory(e, "the unrolled oracle");
  }
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                       .loss = NDG_EVAL_LOSS,
                       .phi = s->phi,
                       .grad_phi = gradient,
                       .grad_theta = s->theta_adjoint};
  const ndg_status st = ndg_problem_evaluate(s->q, &ev, e);
  ndg_vector_zero(s->adjoint);
  ndg_vector_copy(s->adjoint, gradient);
  ndg_vector_destroy(gradient);
  return st;
}

static ndg_status backward(unrolling *s, ndg_error *e) {
  ndg_status st = NDG_OK;
  for (uint64_t i = s->n_checkpoints; st >= 0 && i-- > 0;) {
    if (i + 1 < s->n_checkpoints) {
      st = run_segment(s, i, true, s->states[segment_length(s, i)], e);
    }
    for (uint64_t t = segment_length(s, i); st >= 0 && t-- > 0;) {
      st = ndg_problem_step_transposed(s->q, &s->q->inner.optimizer, s->states[t],
                                       i * s->segment + t, s->adjoint, s->theta_adjoint, e);
    }
  }
  return st < 0 ? st : ndg_problem_start_transposed(s->q, s->adjoint, s->theta_adjoint, e);
}

/* How many steps learning takes: all of them, or as many as its tolerance asks for. */
static ndg_status count_steps(const ndg_ladder *l, uint64_t *steps, ndg_error *e) {
  const ndg_inner *inner = &l->problem->inner;
  *steps = inner->steps;
  if (!(inner->tolerance > 0)) {
    return NDG_OK;
  }
  ndg_vector *end = ndg_real_vector(l->problem, NDG_PHI);
  if (!end) {
    return ndg_no_memory(e, "the unrolled oracle");
  }
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = inner->optimizer,
                     .end = end,
                     .steps = inner->steps,
                     .tolerance = inner->tolerance};
  const ndg_status st = ndg_problem_relax(l->problem, &phase, e);
  *steps = phase.steps_taken;
  ndg_vector_destroy(end);
  return st;
}

ndg_status ndg_unrolled_gradient(ndg_problem *q, uint64_t steps, double bytes, ndg_vector *phi,
                                 double *gradient, ndg_error *e) {
  unrolling s;
  ndg_status st = open_unrolling(&s, q, steps, bytes, e);
  if (st >= 0) {
    st = forward(&s, e);
  }
  if (st == NDG_OK) {
    st = seed(&s, e);
  }
  if (st == NDG_OK) {
    st = backward(&s, e);
  }
  if (st == NDG_OK) {
    ndg_vector_copy(phi, s.phi);
    ndg_ladder_mean(s.theta_adjoint, gradient);
  }
  close_unrolling(&s);
  return st;
}

ndg_status ndg_rung_unrolled(ndg_ladder *l, ndg_error *e) {
  uint64_t steps = 0;
  double norm = NAN;
  if (l->problem->inner.optimizer.kind == NDG_NEWTON) {
    return ndg_fail(e, NDG_ECAPABILITY,
                    "the unrolled gradient goes back through the steps of learning, and Newton's "
                    "steps have no transposed derivative: choose another inner optimizer, or the "
                    "fixed-point gradient");
  }
  ndg_status st = count_steps(l, &steps, e);
  if (st < 0 || st == NDG_DIVERGED) {
    return st;
  }
  l->steps = steps;
  double *out = ndg_calloc(l->n_theta, sizeof *out);
  st = out ? ndg_unrolled_gradient(l->wide, steps, STATE_BYTES, l->phi_wide, out, e)
           : ndg_no_memory(e, "the oracle's gradient");
  if (st == NDG_OK) {
    ndg_vector_copy(l->phi, l->phi_wide);
    st = ndg_ladder_losses(l->wide, l->phi_wide, &l->exact->learn_loss, &l->exact->eval_loss, &norm,
                           e);
    l->exact->gradient_norm = l->initial_norm > 0 ? norm / l->initial_norm : norm;
  }
  double *rung = st == NDG_OK ? ndg_ladder_rung(l, NDG_RUNG_UNROLLED) : NULL;
  if (rung) {
    memcpy(rung, out, l->n_theta * sizeof *out);
  } else if (st == NDG_OK) {
    st = ndg_no_memory(e, "the oracle's gradient");
  }
  ndg_free(out);
  return st;
}
