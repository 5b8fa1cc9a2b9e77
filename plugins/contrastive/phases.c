/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "contrastive.h"

/* Severity: a phase that left the finite numbers says more than one past the radius, and that more
   than one that stopped early. */
static int severity(ndg_status st) {
  return st == NDG_DIVERGED ? 3 : st == NDG_PAST_RADIUS ? 2 : st == NDG_NOT_CONVERGED ? 1 : 0;
}

void contrastive_note(estimate *x, ndg_status st, const char *format, ...) {
  if (severity(st) <= severity(x->record->status)) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(x->record->note, sizeof x->record->note, format, arguments);
  va_end(arguments);
  x->record->status = st;
}

static ndg_vector *new_vector(estimate *x, uint32_t space, int is_complex,
                              const ndg_optimizer *optimizer) {
  ndg_vector *v = x->api->vector(x->problem, space, is_complex, optimizer);
  if (!v) {
    ndg_fail(x->error, NDG_ENOMEM, "no memory for a vector of %llu tasks",
             (unsigned long long)x->info.n_tasks);
  }
  return v;
}

/* The host leaves out the tasks that a soft status is about; the note names the first. */
static ndg_status run(estimate *x, ndg_phase *p) {
  ndg_error local = {0};
  const ndg_status st = x->api->relax(x->problem, p, &local);
  if (st < 0) {
    return ndg_fail(x->error, st, "%s", local.text);
  }
  if (st > 0) {
    contrastive_note(x, st, "%s", local.text); /* names the phase */
  }
  return NDG_OK;
}

ndg_status contrastive_free_phase(estimate *x) {
  const contrastive_options *o = x->options;
  const ndg_optimizer optimizer =
      learning_optimizer(o->free_optimizer, o->free_lr, o->free_momentum);
  const uint32_t space = o->state == CARRIED ? NDG_STATE : NDG_PHI;
  x->free = new_vector(x, space, 0, &optimizer);
  if (!x->free) {
    return NDG_ENOMEM;
  }
  ndg_phase p = {.struct_size = sizeof p,
                 .optimizer = optimizer,
                 .end = x->free,
                 .steps = o->free_steps < 0 ? x->info.steps : (uint64_t)o->free_steps,
                 .tolerance = o->free_tolerance < 0 ? x->info.tolerance : o->free_tolerance};
  ndg_status st = run(x, &p);
  x->free_steps = p.steps_taken;
  return st;
}

/* A phase of the nudged kind, ready but for β, end, steps and tolerance. */
static ndg_phase nudged_phase(const estimate *x) {
  const contrastive_options *o = x->options;
  return (ndg_phase){.struct_size = sizeof(ndg_phase),
                     .optimizer =
                         learning_optimizer(o->nudged_optimizer, o->nudged_lr, o->nudged_momentum),
                     .start = o->start == CONTINUE ? x->free : NULL,
                     .first_step = o->state == CARRIED ? x->free_steps : 0};
}

static ndg_status evaluate(estimate *x, uint32_t k, const ndg_vector *phi, ndg_complex beta) {
  const int is_complex = beta.im != 0;
  x->sample[k] = new_vector(x, NDG_THETA, is_complex, NULL);
  if (!x->sample[k]) {
    return NDG_ENOMEM;
  }
  ndg_evaluation v = {.struct_size = sizeof v,
                      .want = NDG_WANT_GRAD_THETA,
                      .loss = NDG_AUGMENTED_LOSS,
                      .beta = beta,
                      .phi = phi,
                      .grad_theta = x->sample[k]};
  return x->api->evaluate(x->problem, &v, x->error);
}

ndg_status contrastive_sample(estimate *x, uint32_t k) {
  const contrastive_options *o = x->options;
  const ndg_complex node = x->stencil.node[k];
  ndg_phase p = nudged_phase(x);
  p.beta = (ndg_complex){o->beta * node.re, o->beta * node.im};
  p.steps = o->nudged_steps < 0 ? x->info.steps : (uint64_t)o->nudged_steps;
  p.tolerance = o->nudged_tolerance < 0 ? x->info.tolerance : o->nudged_tolerance;
  p.end = new_vector(x, NDG_PHI, p.beta.im != 0, NULL);
  if (!p.end) {
    return NDG_ENOMEM;
  }
  /* A restarted phase may grow at first for reasons of its own. */
  p.growth = o->start == RESTART        ? NDG_GROWTH_IGNORED
             : o->past_radius == REPORT ? NDG_GROWTH_REPORTED
                                        : NDG_GROWTH_REFUSED;
  ndg_status st = run(x, &p);
  if (st == NDG_OK) {
    st = evaluate(x, k, p.end, p.beta);
  }
  x->nudged_steps = p.steps_taken > x->nudged_steps ? p.steps_taken : x->nudged_steps;
  x->api->release(x->problem, p.end);
  return st;
}

ndg_status contrastive_sample_reference(estimate *x, uint32_t k) {
  const ndg_complex zero = {0, 0};
  if (x->options->reference == FREE) {
    return evaluate(x, k, x->free, zero);
  }
  ndg_phase p = nudged_phase(x);
  p.steps = x->nudged_steps;
  p.end = new_vector(x, NDG_PHI, 0, NULL);
  if (!p.end) {
    return NDG_ENOMEM;
  }
  ndg_status st = run(x, &p);
  if (st == NDG_OK) {
    st = evaluate(x, k, p.end, zero);
  }
  x->api->release(x->problem, p.end);
  return st;
}

ndg_status contrastive_check_radius(estimate *x) {
  const uint64_t n_tasks = x->info.n_tasks;
  const double reach = x->options->beta * x->stencil.reach;
  double *radii = calloc((size_t)n_tasks, sizeof *radii), least = INFINITY;
  uint64_t n_past = 0;
  char where[64] = "";
  if (!radii) {
    return ndg_fail(x->error, NDG_ENOMEM, "no memory for the radii of tasks");
  }
  x->api->describe(x->problem, &x->info);
  x->api->radii(x->problem, radii);
  if (isnan(x->record->stability_radius)) {
    x->record->stability_radius = x->info.stability_radius;
  }
  for (uint64_t t = 0; t < n_tasks; t++) {
    if (reach >= radii[t]) {
      (x->options->past_radius == REFUSE ? x->api->refuse : x->api->report)(x->problem, t);
      least = fmin(least, radii[t]);
      n_past++;
    }
  }
  free(radii);
  if (n_past > 0) {
    x->all_past = n_past == n_tasks;
    if (n_tasks > 1) {
      (void)snprintf(where, sizeof where, " of %llu of %llu tasks", (unsigned long long)n_past,
                     (unsigned long long)n_tasks);
    }
    contrastive_note(x, NDG_PAST_RADIUS,
                     "beta reaches %g, past the stability radius %.4g%s; choose beta below %.4g",
                     reach, least, where, least / x->stencil.reach);
  }
  return x->record->status;
}
