/* SPDX-License-Identifier: MIT */
/* The dual system: a slow network whose units a task modulates. See README.md. */
#define NDG_API_LEVEL 1u /* ndg_group.held, NDG_INIT_TRUNCATED_NORMAL */
#include "modulated.h"

static const ndg_learner_ops ops = {.struct_size = sizeof ops,
                                    .check = modulated_check,
                                    .layout = modulated_layout,
                                    .build = modulated_build,
                                    .extension = modulated_extension};

static const char *const provides[] = {NDG_CAP_GRAPH, NDG_CAP_EXAMPLE, NULL};

static const ndg_component learner = {
    .struct_size = sizeof learner,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_LEARNER(&ops),
    .id = "modulated_net",
    .version = "1.0.0",
    .title = "Slow dense network whose gains, shifts and read-out a task changes",
    .doc =
        "A dense network, h_l = activation(gain_l * (h_{l-1} W_l + b_l) + shift_l), with a linear "
        "read-out. Fast, learned within a task, are any of gains, shifts and read-out; slow, "
        "meta-learned, are weights and biases and, if asked for, the values that phi starts at "
        "and the strength of an elastic pull to them: learn_loss = task loss + factor sum lambda "
        "(phi - start)^2, eval_loss = task loss on the evaluation arrays.\n\n"
        "Rules that look only at where learning ends (contrastive, implicit) see a start just "
        "through that pull; without it (lambda = 0) their gradient for it is exactly zero, and "
        "only rules that differentiate through the steps learn it.\n\n"
        "Arrays: learn.inputs, eval.inputs (samples x inputs), learn.targets, eval.targets "
        "(samples x outputs for mse, labels for cross_entropy).",
    .cite = "Zucchet, Schug, von Oswald, Zhao, Sacramento: A contrastive rule for meta-learning. "
            "NeurIPS 2022.",
    .provides = provides,
    .options = modulated_option_table,
    .options_size = sizeof(modulated_options)};

static const ndg_component *const components[] = {&learner};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "modulated_net", .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1,       .components = components};
