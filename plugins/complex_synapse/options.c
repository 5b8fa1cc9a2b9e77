/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "synapse.h"

static const ndg_choice lambda_pers[] = {
    {"global", PER_GLOBAL, "One strength for all synapses."},
    {"layer", PER_LAYER, "One strength for each layer's weights and biases."},
    {"synapse", PER_SYNAPSE, "A strength of its own for every synapse."},
    {NULL, 0, NULL}};
static const ndg_choice inits[] = {
    {"normal", NORMAL, "Normal with deviation gain/sqrt(inputs of the unit)."},
    {"uniform", UNIFORM, "Uniform within +-gain/sqrt(inputs of the unit)."},
    {NULL, 0, NULL}};

const ndg_option synapse_option_table[] = {
    {.name = "layers",
     .doc = "Units per layer, from the inputs to the outputs: 784, 64, 10.",
     .type = NDG_OPTION_I64_LIST,
     .flags = NDG_OPTION_REQUIRED,
     .offset =
         offsetof(synapse_options, layers) + NDG_MEMBER_IS(synapse_options, layers, ndg_i64_list),
     .min = {.i = 1},
     .max = {.i = 1 << 24}},
    NDG_OPT_ENUM(synapse_options, activation, NETWORK_TANH, network_activations,
                 "Nonlinearity of the hidden layers; the last layer is linear."),
    NDG_OPT_ENUM(synapse_options, loss, NETWORK_CROSS_ENTROPY, network_losses, "Task loss."),
    NDG_OPT_BOOL(synapse_options, bias, 1, "Units have biases."),
    NDG_OPT_STR(synapse_options, meta, "lambda",
                "What is meta-learned: any of lambda, omega, initial, separated by commas."),
    NDG_OPT_F64(synapse_options, lambda, 1e-2, 0, 1e12, NDG_OPTION_LOG, NULL,
                "Pull strength; where lambda is meta-learned, its initial value."),
    NDG_OPT_ENUM(synapse_options, lambda_per, PER_SYNAPSE, lambda_pers,
                 "What shares one meta-learned strength."),
    NDG_OPT_ENUM(synapse_options, lambda_scale, NETWORK_RAW, network_lambda_scales,
                 "How theta stands for a meta-learned strength."),
    NDG_OPT_F64(synapse_options, penalty_factor, 0.5, 0, 1e6, NDG_OPTION_EXCLUSIVE_MIN, NULL,
                "Factor of the penalty; 1 gives the form without the half."),
    NDG_OPT_BOOL(synapse_options, penalise_biases, 1, "Biases have lambda and omega too."),
    NDG_OPT_ENUM(synapse_options, init, NORMAL, inits, "Distribution of the initial weights."),
    NDG_OPT_F64(synapse_options, gain, 1, 0, 1e3, 0, NULL, "Width of that distribution."),
    NETWORK_OPT_BIAS_SCALE(synapse_options),
    NDG_OPT_BOOL(synapse_options, start_at_omega, 0,
                 "Learning starts at omega, which is then itself drawn like initial weights."),
    NDG_OPT_END};

static ndg_status read_meta(const char *text, uint32_t *meta, ndg_error *e) {
  static const char *const names[] = {"lambda", "omega", "initial"};
  const ndg_status st = network_read_names("meta", text, names, 3, meta, e);
  return st < 0 || *meta ? st
                         : ndg_fail(e, NDG_EINVAL,
                                    "meta is empty; name what is learned: lambda, omega, initial");
}

ndg_status synapse_check(const void *options, ndg_error *e) {
  const synapse_options *o = options;
  uint32_t meta;
  const ndg_status st = read_meta(o->meta, &meta, e);
  if (st < 0) {
    return st;
  }
  if (o->layers.n < 2) {
    return ndg_fail(e, NDG_EINVAL,
                    "layers has %llu entry; give at least inputs and outputs, as in {784, 10}",
                    (unsigned long long)o->layers.n);
  }
  if ((meta & META_OMEGA) && !(meta & META_LAMBDA) && !(o->lambda > 0)) {
    return ndg_fail(e, NDG_EINVAL,
                    "omega is meta-learned but lambda is 0, so omega has no effect; set lambda > 0 "
                    "or meta-learn it too");
  }
  if ((meta & META_LAMBDA) && o->lambda_scale == NETWORK_LOG && !(o->lambda > 0)) {
    return ndg_fail(e, NDG_EINVAL, "lambda is 0 and lambda_scale is log; set lambda > 0");
  }
  if (o->start_at_omega && !(meta & META_OMEGA)) {
    return ndg_fail(e, NDG_EINVAL, "start_at_omega needs omega among meta, which is '%s'", o->meta);
  }
  if (o->start_at_omega && (meta & META_INITIAL)) {
    return ndg_fail(e, NDG_EINVAL,
                    "start_at_omega and meta-learned initial contradict each other; choose one");
  }
  if (o->start_at_omega && o->bias && !o->penalise_biases) {
    return ndg_fail(e, NDG_EINVAL,
                    "start_at_omega needs an omega for every bias; set penalise_biases = true");
  }
  synapse_plan plan;
  return synapse_make_plan(o, &plan, e);
}

/* Theta index of the lambda of a group that is not the first of those that share it, else -1. */
static int32_t shared_lambda(const synapse_options *o, const synapse_plan *p, uint32_t g) {
  for (uint32_t h = 0; h < g; h++) {
    const int same = o->lambda_per == PER_GLOBAL ||
                     (o->lambda_per == PER_LAYER && p->group[h].layer == p->group[g].layer);
    if (same && p->group[h].lambda >= 0) {
      return p->group[h].lambda;
    }
  }
  return -1;
}

static void number_theta(const synapse_options *o, synapse_plan *p) {
  int32_t next = 0;
  for (uint32_t g = 0; g < p->n_phi; g++) {
    p->group[g].lambda = p->group[g].omega = p->group[g].initial = -1;
  }
  for (uint32_t g = 0; (p->meta & META_LAMBDA) && g < p->n_phi; g++) {
    if (p->group[g].penalised) {
      const int32_t shared = shared_lambda(o, p, g);
      p->group[g].lambda = shared >= 0 ? shared : next++;
    }
  }
  for (uint32_t g = 0; (p->meta & META_OMEGA) && g < p->n_phi; g++) {
    if (p->group[g].penalised) {
      p->group[g].omega = next++;
    }
  }
  for (uint32_t g = 0; g < p->n_phi; g++) {
    if (p->meta & META_INITIAL) {
      p->group[g].initial = next++;
    } else if (o->start_at_omega) {
      p->group[g].initial = p->group[g].omega;
    }
  }
  p->n_theta = (uint32_t)next;
}

ndg_status synapse_make_plan(const synapse_options *o, synapse_plan *p, ndg_error *e) {
  const uint64_t per_layer = o->bias ? 2 : 1;
  memset(p, 0, sizeof *p);
  const ndg_status st = read_meta(o->meta, &p->meta, e);
  if (st < 0) {
    return st;
  }
  /* At most lambda, omega and initial for each group of phi. */
  const uint64_t limit = NDG_MAX_GROUPS / (3 * per_layer);
  if (o->layers.n - 1 > limit) {
    return ndg_fail(e, NDG_EINVAL, "layers has %llu entries; at most %llu are supported",
                    (unsigned long long)o->layers.n, (unsigned long long)limit + 1);
  }
  p->n_layers = (uint32_t)(o->layers.n - 1);
  p->n_phi = (uint32_t)(per_layer * p->n_layers);
  for (uint32_t g = 0; g < p->n_phi; g++) {
    const uint32_t k = g / (uint32_t)per_layer;
    const uint64_t n_in = (uint64_t)o->layers.values[k], n_out = (uint64_t)o->layers.values[k + 1];
    p->group[g].layer = k + 1;
    p->group[g].is_bias = g % per_layer == 1;
    p->group[g].shape = p->group[g].is_bias ? NDG_VECTOR(n_out) : NDG_MATRIX(n_in, n_out);
    p->group[g].penalised = !p->group[g].is_bias || o->penalise_biases;
  }
  number_theta(o, p);
  return NDG_OK;
}
