/* SPDX-License-Identifier: MIT */
/* The complex synapse: a fast weight held to a slow one by a spring. See README.md. */
#include "synapse.h"

static const ndg_learner_ops ops = {.struct_size = sizeof ops,
                                    .check = synapse_check,
                                    .layout = synapse_layout,
                                    .build = synapse_build,
                                    .extension = synapse_extension};

static const char *const provides[] = {NDG_CAP_GRAPH, NDG_CAP_EXAMPLE, NULL};

static const ndg_component learner = {
    .struct_size = sizeof learner,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_LEARNER(&ops),
    .id = "complex_synapse",
    .version = "1.0.0",
    .title = "Dense network whose weights are pulled to slow, meta-learned ones",
    .doc = "A dense network of any depth. Each synapse holds a fast weight phi, a slow weight "
           "omega and a pull strength lambda: learn_loss = task loss + factor sum lambda "
           "(phi - omega)^2, eval_loss = task loss on the evaluation arrays. Meta-learned are any "
           "of lambda (per synapse, per layer or global), omega and the initial weights.\n\n"
           "Arrays: learn.inputs, eval.inputs (samples x inputs), learn.targets, eval.targets "
           "(labels for cross_entropy, samples x outputs for mse).",
    .cite = "Zucchet, Schug, von Oswald, Zhao, Sacramento: A contrastive rule for meta-learning. "
            "NeurIPS 2022.",
    .provides = provides,
    .options = synapse_option_table,
    .options_size = sizeof(synapse_options)};

static const ndg_component *const components[] = {&learner};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "complex_synapse", .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1,         .components = components};
