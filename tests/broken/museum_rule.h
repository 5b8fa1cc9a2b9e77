/* SPDX-License-Identifier: MIT */
/* The end of a museum piece that is a rule of its own kind: after estimate_gradient and estimand,
   with RULE_DOC, RULE_NEEDS and, where it has them, OPTIONS, OPTIONS_SIZE and TRUNCATION. */
static const ndg_rule_ops ops = {.struct_size = sizeof ops,
                                 .estimate = estimate_gradient,
#ifdef TRUNCATION
                                 .truncation = TRUNCATION,
#endif
                                 .estimand = estimand};
static const char *const needs[] = {NDG_CAP_NUDGE, RULE_NEEDS};
static const ndg_component rule = {.struct_size = sizeof rule,
                                   .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64,
                                   NDG_RULE(&ops),
                                   .id = "org.test.museum",
                                   .version = "1.0.0",
                                   .title = "A rule of the museum",
                                   .doc = RULE_DOC,
#ifdef OPTIONS
                                   .options = OPTIONS,
                                   .options_size = OPTIONS_SIZE,
#endif
                                   .needs = needs};
static const ndg_component *const components[] = {&rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "museum",  .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1, .components = components};
