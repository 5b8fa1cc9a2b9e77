/* SPDX-License-Identifier: MIT */
/* What learners that are dense networks share: choices of options, what they ask of tasks, drawing,
   and the parts of their losses. Linked into each of them; no plugin of its own. */
#ifndef NETWORK_H
#define NETWORK_H

#include "nudge/nudge.h"

enum { NETWORK_IDENTITY, NETWORK_TANH, NETWORK_SIGMOID, NETWORK_SOFTPLUS, NETWORK_RELU };
enum { NETWORK_MSE, NETWORK_CROSS_ENTROPY };
enum { NETWORK_RAW, NETWORK_LOG };
extern const ndg_choice network_activations[], network_losses[], network_lambda_scales[];

/* Option `bias_scale` of an options struct that has a double of that name. */
#define NETWORK_OPT_BIAS_SCALE(struct_)                                                            \
  NDG_OPT_F64(                                                                                     \
      struct_, bias_scale, 0, 0, 1e3, 0, NULL,                                                     \
      "Initial biases of hidden layers are uniform within +-this/sqrt(inputs of the unit); "       \
      "0: they start at 0. Inputs over a wide range want their bends spread over it.")

/* Reads "lambda, omega" of the option `option`: bit i for names[i], each at most once. n names.
   [any; any; pure] */
ndg_status network_read_names(const char *option, const char *text, const char *const *names,
                              uint32_t n, uint32_t *bits, ndg_error *);

/* Inputs and targets of both parts are there, and fit layers, loss and each other.
   [main; loaded; cheap] */
ndg_status network_check_tasks(const ndg_i64_list *layers, int32_t loss, const ndg_task_arrays *,
                               ndg_error *);

/* Initial values of a group: NDG_INIT_NORMAL, NDG_INIT_TRUNCATED_NORMAL with that deviation, or
   NDG_INIT_UNIFORM within +-width; 0 where width is 0. [any; any; pure] */
void network_draw(uint32_t init, double width, ndg_group *);
/* The same of a bias of layer `layer`, counted from 1, for option bias_scale; 0 in the last one. */
void network_draw_bias(double bias_scale, const ndg_i64_list *layers, uint32_t layer, ndg_group *);
/* Initial value of the strength lambda in theta, and its constraint. [any; any; pure] */
void network_lay_out_lambda(int32_t scale, double lambda, ndg_group *);

/* The rest: [main; building; cheap] */
/* The array's node; layout has refused tasks without it. */
ndg_node network_array(const ndg_learner_inputs *, const char *name);
ndg_node network_activate(const ndg_builder *, int32_t activation, ndg_node z);
/* distance², summed and times the strength: a number, or the node of a theta group of one element
   or of the shape of `distance`. */
ndg_node network_pull(const ndg_builder *, ndg_node distance, double strength);
ndg_node network_learned_pull(const ndg_builder *, ndg_node distance, int32_t scale,
                              ndg_node lambda);
/* The sum, where NDG_NO_NODE stands for nothing. */
ndg_node network_plus(const ndg_builder *, ndg_node sum, ndg_node term);
/* Losses, predictions and accuracy from the outputs of the network on both parts; pull may be
   NDG_NO_NODE. */
void network_finish(const ndg_builder *, const ndg_learner_inputs *, int32_t loss, ndg_node learned,
                    ndg_node judged, ndg_node pull, ndg_learner_outputs *);

#endif
