/* SPDX-License-Identifier: MIT */
/* Contrastive meta-gradients: learn twice, compare. See README.md. */
/* ndg_phase.growth, which an older host would not watch; radii, refuse, report */
#define NDG_API_LEVEL 1u
#include "contrastive.h"

#include <math.h>

/* No number is better than a wrong one. */
static ndg_status refuse(estimate *x, ndg_vector *gradient) {
  const ndg_complex scale = {NAN, 0}, one = {1, 0};
  const ndg_vector *in = gradient;
  ndg_status st = x->api->combine(x->problem, gradient, scale, 1, &one, &in, x->error);
  return st < 0 ? st : ndg_fail(x->error, x->record->status, "%s", x->record->note);
}

/* Is what the record says by now a reason to give no number for any task? The host leaves out those
   that diverged or grew; where there are others, these have theirs. */
static int must_refuse(const estimate *x) {
  const ndg_status st = x->record->status;
  return (st == NDG_PAST_RADIUS || st == NDG_DIVERGED) && x->options->past_radius == REFUSE &&
         (x->all_past || x->info.n_tasks == 1);
}

static ndg_status sample_all(estimate *x) {
  uint32_t reference = STENCIL_MAX_NODES;
  for (uint32_t k = 0; k < x->stencil.n; k++) {
    const ndg_complex node = x->stencil.node[k];
    if (node.re == 0 && node.im == 0) {
      reference = k;
      continue;
    }
    ndg_status st = contrastive_sample(x, k);
    if (st == NDG_OK) {
      st = contrastive_check_radius(x); /* Newton phases find it out */
    }
    if (st < 0 || must_refuse(x)) {
      return st;
    }
  }
  return reference < STENCIL_MAX_NODES ? contrastive_sample_reference(x, reference) : NDG_OK;
}

/* Without G(0) and with restarted nudged phases nothing needs the free solution. */
static int needs_free_phase(const estimate *x) {
  return x->options->start == CONTINUE || x->options->variant == FORWARD ||
         x->options->variant == SECOND_ORDER;
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api,
                                    ndg_problem *problem, ndg_vector *gradient, ndg_record *record,
                                    ndg_error *e) {
  const contrastive_options *o = options;
  estimate x = {.options = o,
                .api = api,
                .problem = problem,
                .record = record,
                .error = e,
                .info = {.struct_size = sizeof x.info}};
  ndg_status st = NDG_OK;
  contrastive_stencil(options, &x.stencil);
  api->describe(problem, &x.info);
  st = learning_check_problem("free_momentum", o->free_optimizer, o->free_momentum, &x.info, e);
  st = st < 0 ? st
              : learning_check_problem("nudged_momentum", o->nudged_optimizer, o->nudged_momentum,
                                       &x.info, e);
  if (st < 0) {
    return st;
  }
  st = contrastive_check_radius(&x);
  if (st < 0) {
    return st;
  }
  if (must_refuse(&x)) {
    return refuse(&x, gradient);
  }
  if (needs_free_phase(&x)) {
    st = contrastive_free_phase(&x);
    if (st < 0) {
      return st;
    }
    if (!learning_may_go_on(record, &x.info)) {
      return refuse(&x, gradient);
    }
  }
  st = sample_all(&x);
  if (st < 0) {
    return st;
  }
  if (!must_refuse(&x) && o->variant == HOLOMORPHIC && x.stencil.order >= 8) {
    st = contrastive_estimate_radius(&x);
    if (st < 0) {
      return st;
    }
  }
  if (must_refuse(&x)) {
    return refuse(&x, gradient);
  }
  st = api->combine(problem, gradient, (ndg_complex){x.stencil.scale / x.options->beta, 0},
                    x.stencil.n, x.stencil.weight, (const ndg_vector *const *)x.sample, e);
  return st < 0 ? st : record->status;
}

/* The first power of β beyond the slope that the stencil does not remove. */
static int truncation(const void *options, ndg_truncation *out) {
  stencil s;
  contrastive_stencil(options, &s);
  out->order = s.order;
  out->factor = fabs(stencil_moment(&s, s.order + 1));
  return 1;
}

static int estimand(const void *options, ndg_estimand *out) {
  (void)options;
  out->kind = NDG_ESTIMATES_FIXED_POINT;
  return 1;
}

static const ndg_rule_ops ops = {.struct_size = sizeof ops,
                                 .check = contrastive_check,
                                 .needs = contrastive_needs,
                                 .estimate = estimate_gradient,
                                 .truncation = truncation,
                                 .estimand = estimand};

static const char *const needs[] = {NDG_CAP_NUDGE, NULL};

static const ndg_component rule = {
    .struct_size = sizeof rule,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_RULE(&ops),
    .id = "contrastive",
    .version = "1.0.0",
    .title = "Contrast of local derivatives between free and nudged learning",
    .doc = "Learns free (beta = 0) and nudged, and differentiates G(beta), the local derivative of "
           "learn_loss + beta eval_loss in theta at the learned phi, by a stencil in beta. Needs "
           "no second derivatives and stores no trajectory. The nudged phases must stay within "
           "the stability radius: the distance to the nearest complex beta at which the curvature "
           "of learn_loss + beta eval_loss becomes singular.",
    .cite = "Zucchet, Schug, von Oswald, Zhao, Sacramento: A contrastive rule for meta-learning. "
            "NeurIPS 2022. Laborieux, Zenke: Holomorphic equilibrium propagation computes exact "
            "gradients through finite size oscillations. NeurIPS 2022.",
    .needs = needs,
    .options = contrastive_option_table,
    .options_size = sizeof(contrastive_options)};

static const ndg_component *const components[] = {&rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "contrastive", .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1,     .components = components};
