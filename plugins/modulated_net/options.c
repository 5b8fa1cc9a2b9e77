/* SPDX-License-Identifier: MIT */
#include "modulated.h"

static const ndg_choice lambda_pers[] = {
    {"global", PER_GLOBAL, "One strength for all fast parameters."},
    {"group", PER_GROUP, "One strength for each group: gain1, shift1, gain2, ..."},
    {"parameter", PER_PARAMETER, "A strength of its own for every fast parameter."},
    {NULL, 0, NULL}};
static const ndg_choice inits[] = {
    {"uniform", NDG_INIT_UNIFORM, "Uniform, within +-sqrt(3) deviations."},
    {"normal", NDG_INIT_NORMAL, "Normal."},
    {"truncated_normal", NDG_INIT_TRUNCATED_NORMAL,
     "Normal without what lies beyond two deviations, widened again to the deviation asked for."},
    {NULL, 0, NULL}};

const ndg_option modulated_option_table[] = {
    {.name = "layers",
     .doc = "Units per layer, from the inputs to the outputs: 1, 40, 40, 1.",
     .type = NDG_OPTION_I64_LIST,
     .flags = NDG_OPTION_REQUIRED,
     .offset = offsetof(modulated_options, layers) +
               NDG_MEMBER_IS(modulated_options, layers, ndg_i64_list),
     .min = {.i = 1},
     .max = {.i = 1 << 24}},
    NDG_OPT_STR(modulated_options, fast, "gains, shifts, readout",
                "What phi holds and a task changes: any of gains, shifts, readout, separated by "
                "commas; gains and shifts that are not fast are not there, the read-out is slow."),
    NDG_OPT_STR(modulated_options, meta, "",
                "What is meta-learned besides the slow weights and biases: any of lambda, initial "
                "(the values that phi starts at and is pulled to), separated by commas."),
    NDG_OPT_ENUM(modulated_options, activation, NETWORK_TANH, network_activations,
                 "Nonlinearity of the hidden layers; the read-out is linear."),
    NDG_OPT_ENUM(modulated_options, loss, NETWORK_MSE, network_losses, "Task loss."),
    NDG_OPT_BOOL(modulated_options, bias, 1, "Units have biases."),
    NDG_OPT_F64(modulated_options, lambda, 0, 0, 1e12, NDG_OPTION_LOG, NULL,
                "Strength of the pull of phi to its start, 0 for none; where lambda is "
                "meta-learned, its initial value."),
    NDG_OPT_ENUM(modulated_options, lambda_per, PER_GLOBAL, lambda_pers,
                 "What shares one meta-learned strength."),
    NDG_OPT_ENUM(modulated_options, lambda_scale, NETWORK_RAW, network_lambda_scales,
                 "How theta stands for a meta-learned strength."),
    NDG_OPT_F64(modulated_options, penalty_factor, 0.5, 0, 1e6, NDG_OPTION_EXCLUSIVE_MIN, NULL,
                "Factor of the penalty; 1 gives the form without the half."),
    NDG_OPT_ENUM(modulated_options, init, NDG_INIT_UNIFORM, inits,
                 "Distribution of the initial slow weights of hidden layers."),
    NDG_OPT_F64(modulated_options, init_scale, 1, 0, 1e3, 0, NULL,
                "Its deviation is this over sqrt(inputs of the unit)."),
    NETWORK_OPT_BIAS_SCALE(modulated_options),
    NDG_OPT_ENUM(modulated_options, readout_init, NDG_INIT_TRUNCATED_NORMAL, inits,
                 "Distribution of the initial weights of the read-out, the same for all tasks."),
    NDG_OPT_F64(modulated_options, readout_scale, 1, 0, 1e3, 0, NULL,
                "Its deviation is this over sqrt(units of the last hidden layer)."),
    NDG_OPT_END};

ndg_status modulated_check(const void *options, ndg_error *e) {
  const modulated_options *o = options;
  modulated_plan plan;
  const ndg_status st = modulated_make_plan(o, &plan, e);
  if (st < 0) {
    return st;
  }
  if ((plan.meta & META_LAMBDA) && o->lambda_scale == NETWORK_LOG && !(o->lambda > 0)) {
    return ndg_fail(e, NDG_EINVAL, "lambda is 0 and lambda_scale is log; set lambda > 0");
  }
  return NDG_OK;
}
