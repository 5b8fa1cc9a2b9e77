/* SPDX-License-Identifier: MIT */
/* @name@: a meta-rule. Learn freely, learn nudged, compare.

   Let phi(beta) be where learning on learn_loss + beta eval_loss ends, and G(beta) the derivative
   of that sum in theta there, with phi held fixed: no second derivative, no path through learning.
   The meta-gradient is the slope of G at beta = 0, which this rule takes from a few points:

     estimate = sum over k of weights[k] G(points[k] beta) / beta

   A rule sees the problem (learner, tasks, inner optimiser) through ndg_problem_api in
   nudge/rule.h, and nothing else. Every call serves all tasks at once; a rule never loops over
   tasks or numbers. It is called once per estimate, from one thread, and keeps no state of its own.

   Read it from the top, then change `points` and `weights`. */

/* Newest minor of the ABI without which this cannot work: 1, for growth, radii and refuse. An older
   nudge then says so instead of loading the plugin. */
#define NDG_API_LEVEL 1u
#include <math.h>
#include <stdlib.h>

#include "nudge/nudge.h"

/* 1. The difference: symmetric, [G(beta) - G(-beta)] / (2 beta). Others: {1, 0} with {1, -1}
   (forward), {0, 1, 2} with {-1.5, 2, -0.5} (second order, positive beta alone). */
static const double points[] = {1, -1};
static const double weights[] = {0.5, -0.5};
enum { N_POINTS = sizeof points / sizeof *points };
_Static_assert(sizeof points == sizeof weights, "each point has a weight");

/* Sum of weights[k] points[k]^power: 0 for power 0, 1 for power 1. */
static double moment(int power) {
  double sum = 0;
  for (int k = 0; k < N_POINTS; k++) {
    sum += weights[k] * pow(points[k], power);
  }
  return sum;
}

/* The largest |points[k]|: how far beta reaches. */
static double reach(void) {
  double most = 0;
  for (int k = 0; k < N_POINTS; k++) {
    most = fmax(most, fabs(points[k]));
  }
  return most;
}

/* 2. Options. nudge fills the struct: it writes the defaults, reads what a script gives, and
   refuses unknown names and what is out of range, NaN included. */
typedef struct options {
  double beta;
  int64_t nudged_steps;
} options;

static const ndg_option option_table[] = {
    NDG_OPT_F64(options, beta, 0.01, 0, 1e3, NDG_OPTION_LOG | NDG_OPTION_EXCLUSIVE_MIN, NULL,
                "Nudging strength."),
    NDG_OPT_I64(options, nudged_steps, -1, -1, INT64_MAX,
                "Most steps of each nudged phase; -1: as the problem."),
    NDG_OPT_END,
};

/* What one estimate works with. */
typedef struct estimation {
  const options *options;
  const ndg_problem_api *api;
  ndg_problem *problem;
  ndg_problem_info info;
  ndg_record *record; /* how it went: nudge counts the cost, the rule fills status and note */
  ndg_vector *free;   /* phi(0) */
  ndg_error *error;
} estimation;

/* Vectors have a number for each parameter of each task. nudge frees them after the estimate. */
static ndg_vector *new_vector(const estimation *x, uint32_t space) {
  ndg_vector *v = x->api->vector(x->problem, space, 0, NULL);
  if (!v) {
    (void)ndg_fail(x->error, NDG_ENOMEM, "no memory for a vector of %llu tasks",
                   (unsigned long long)x->info.n_tasks);
  }
  return v;
}

/* 3. Outcomes. A status below 0 is an error and goes on as it is. Above 0 it is a result that says
   what happened: the worst goes into the record. nudge leaves out the tasks that it is about: their
   part of the gradient is NaN, never a number that is known to be wrong. */
static int severity(ndg_status st) {
  return st == NDG_DIVERGED ? 3 : st == NDG_PAST_RADIUS ? 2 : st == NDG_NOT_CONVERGED ? 1 : 0;
}

static void note(estimation *x, ndg_status st, const char *text) {
  if (severity(st) > severity(x->record->status)) {
    x->record->status = st;
    (void)snprintf(x->record->note, sizeof x->record->note, "%.255s", text);
  }
}

/* Past the stability radius the curvature of learn_loss + beta eval_loss is singular for some
   complex beta: differences mean nothing there, in whatever phases end. The radius of a task is NaN
   as long as nobody has found it out. */
static ndg_status refuse_past_radius(estimation *x) {
  const double beta = x->options->beta * reach();
  double *radii = calloc((size_t)x->info.n_tasks, sizeof *radii);
  char text[256];
  if (!radii) {
    return ndg_fail(x->error, NDG_ENOMEM, "no memory for the radii of tasks");
  }
  x->api->radii(x->problem, radii);
  for (uint64_t task = 0; task < x->info.n_tasks; task++) {
    if (beta >= radii[task]) {
      x->api->refuse(x->problem, task);
      (void)snprintf(text, sizeof text, "beta reaches %g, past the stability radius %.4g", beta,
                     radii[task]);
      note(x, NDG_PAST_RADIUS, text);
    }
  }
  free(radii);
  return NDG_OK;
}

/* 4. Learning. A phase takes steps of the problem's inner optimiser on learn_loss + beta eval_loss.
   Members that are left out are 0 or NULL: beta = 0, from the initial point. */
static ndg_status learn(estimation *x, ndg_phase *phase) {
  ndg_error said = {0};
  phase->struct_size = sizeof *phase;
  phase->optimizer = x->info.optimizer;
  phase->tolerance = x->info.tolerance;
  const ndg_status st = x->api->relax(x->problem, phase, &said);
  if (st > 0) {
    note(x, st, said.text);
  }
  return st < 0 ? ndg_fail(x->error, st, "%s", said.text) : NDG_OK;
}

static ndg_status learn_freely(estimation *x) {
  x->free = new_vector(x, NDG_PHI);
  ndg_phase phase = {.end = x->free, .steps = x->info.steps};
  return x->free ? learn(x, &phase) : NDG_ENOMEM;
}

/* On from phi(0), which is near. A phase whose gradient grows is past the radius: no number then.
 */
static ndg_status learn_nudged(estimation *x, double beta, ndg_vector *phi) {
  const int64_t steps = x->options->nudged_steps;
  ndg_phase phase = {.beta = {beta, 0},
                     .start = x->free,
                     .end = phi,
                     .steps = steps < 0 ? x->info.steps : (uint64_t)steps,
                     .growth = NDG_GROWTH_REFUSED};
  return learn(x, &phase);
}

/* 5. g = G(beta). */
static ndg_status sample(estimation *x, double beta, ndg_vector *g) {
  const int nudged = beta < 0 || beta > 0;
  ndg_vector *phi = nudged ? new_vector(x, NDG_PHI) : x->free;
  if (!phi) {
    return NDG_ENOMEM;
  }
  ndg_evaluation local = {.struct_size = sizeof local,
                          .want = NDG_WANT_GRAD_THETA,
                          .loss = NDG_AUGMENTED_LOSS,
                          .beta = {beta, 0},
                          .phi = phi,
                          .grad_theta = g};
  ndg_status st = nudged ? learn_nudged(x, beta, phi) : NDG_OK;
  if (st == NDG_OK) {
    st = x->api->evaluate(x->problem, &local, x->error);
  }
  if (nudged) {
    x->api->release(x->problem, phi); /* before the next one is made */
  }
  return st;
}

/* 6. The estimate of +dF/dtheta. Until it is written the gradient is NaN: whoever returns early
   says that there is no number. */
static ndg_status estimate(const void *given, const ndg_problem_api *api, ndg_problem *problem,
                           ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  estimation x = {.options = given,
                  .api = api,
                  .problem = problem,
                  .info = {.struct_size = sizeof x.info},
                  .record = record,
                  .error = e};
  ndg_vector *g[N_POINTS];
  ndg_complex weight[N_POINTS];
  api->describe(problem, &x.info);
  ndg_status st = learn_freely(&x);
  for (int k = 0; k < N_POINTS && st == NDG_OK; k++) {
    weight[k] = (ndg_complex){weights[k], 0};
    g[k] = new_vector(&x, NDG_THETA);
    st = g[k] ? sample(&x, points[k] * x.options->beta, g[k]) : NDG_ENOMEM;
  }
  if (st == NDG_OK) {
    st = refuse_past_radius(&x); /* Newton's phases find the radius out on their way */
  }
  if (st == NDG_OK) {
    st = api->combine(problem, gradient, (ndg_complex){1 / x.options->beta, 0}, N_POINTS, weight,
                      (const ndg_vector *const *)g, e);
  }
  return st < 0 ? st : record->status;
}

/* 7. Optional: how the error falls with beta. From this studies predict its order and the best
   beta. With G = sum of a_n beta^n the estimate is a_1 + moment(2) a_2 beta + moment(3) a_3 beta^2
   + ... */
static int truncation(const void *given, ndg_truncation *out) {
  (void)given;
  for (int power = 2; power < 9; power++) {
    const double m = fabs(moment(power));
    if (m > 1e-12) {
      out->order = (uint32_t)power - 1;
      out->factor = m;
      return 1;
    }
  }
  return 0;
}

/* 8. Optional: what it estimates. The gradient where learning has converged, which forgets where it
   began: a start that is meta-learned gets exactly 0. `nudge check` holds the rule to it. */
static int estimand(const void *given, ndg_estimand *out) {
  (void)given;
  out->kind = NDG_ESTIMATES_FIXED_POINT;
  return 1;
}

/* 9. What the file exports: one constant table, which nudge reads before it runs any of this. props
   are claims that `nudge check` tests; needs are what a learner must provide (nudge/plugin.h). */
static const ndg_rule_ops ops = {.struct_size = sizeof ops,
                                 .estimate = estimate,
                                 .truncation = truncation,
                                 .estimand = estimand};

static const char *const needs[] = {NDG_CAP_NUDGE, NULL};

static const ndg_component rule = {
    .struct_size = sizeof rule,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_RULE(&ops),
    .id = "@id@",
    .version = "0.1.0",
    .title = "Difference of local derivatives over a few nudging strengths",
    .doc =
        "Learns freely, goes on from there with learn_loss + beta eval_loss for a few beta, and "
        "takes the slope of G(beta), the derivative in theta at the learned phi, by a difference.",
    .needs = needs,
    .options = option_table,
    .options_size = sizeof(options),
};

static const ndg_component *const components[] = {&rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      /* magic number, ABI, sizes */
    .name = "@name@",     /* of the file; scripts use ids */
    .version = "0.1.0",   /* of the file */
    .license = "MIT",     /* yours to choose */
    .build = __VERSION__, /* the compiler */
    .n_components = 1,    /* a file may have several */
    .components = components,
};
