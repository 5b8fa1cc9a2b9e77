/* SPDX-License-Identifier: MIT */
/* A plugin as a later minor of the ABI would build it: every struct that may grow has grown. Also
   one component of each kind, a check, and an option that check looks at. */
#include "nudge/nudge.h"

typedef struct longer_options {
  int64_t even;
  const char *label;
} longer_options;

typedef struct longer_option {
  ndg_option option;
  uint64_t later;
} longer_option;

typedef struct longer_ops {
  ndg_rule_ops ops;
  void (*later)(void);
} longer_ops;

typedef struct longer_learner_ops {
  ndg_learner_ops ops;
  void (*later)(void);
} longer_learner_ops;

typedef struct longer_component {
  ndg_component component;
  uint64_t later[3];
} longer_component;

static const longer_option table[] = {
    {NDG_OPT_I64(longer_options, even, 2, 0, 100, "An even number."), 1},
    {NDG_OPT_STR(longer_options, label, NULL, "A name."), 2},
    {NDG_OPT_END, 0},
};

static ndg_status check(const void *options, ndg_error *e) {
  const longer_options *o = options;
  if (o->even == 99) /* a careless plugin: refuses without a word */
    return NDG_EINVAL;
  if (o->even % 2 != 0)
    return ndg_fail(e, NDG_EINVAL, "even is %lld, which is odd", (long long)o->even);
  return NDG_OK;
}

static ndg_status estimate(const void *options, const ndg_problem_api *api, ndg_problem *problem,
                           ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  (void)options, (void)api, (void)problem, (void)gradient, (void)record;
  return ndg_fail(e, NDG_EINTERNAL, "not run");
}

static ndg_status layout(const void *options, const ndg_task_arrays *shapes, ndg_layout *out,
                         ndg_error *e) {
  (void)options, (void)shapes, (void)out;
  return ndg_fail(e, NDG_EINTERNAL, "not run");
}

static ndg_status build(const void *options, const ndg_builder *builder,
                        const ndg_learner_inputs *in, ndg_learner_outputs *out, ndg_error *e) {
  (void)options, (void)builder, (void)in, (void)out;
  return ndg_fail(e, NDG_EINTERNAL, "not run");
}

static void later(void) {
}

static const longer_ops rule_ops = {
    .ops = {.struct_size = sizeof(longer_ops), .check = check, .estimate = estimate},
    .later = later};
static const longer_learner_ops learner_ops = {
    .ops = {.struct_size = sizeof(longer_learner_ops), .layout = layout, .build = build},
    .later = later};

static const longer_component rule = {.component = {.struct_size = sizeof(longer_component),
                                                    NDG_RULE(&rule_ops.ops),
                                                    .id = "org.test.longer",
                                                    .version = "1.0.0",
                                                    .title = "A rule of a later minor",
                                                    .doc = "Only for tests.",
                                                    .options = &table[0].option,
                                                    .options_size = sizeof(longer_options)}};
static const longer_component learner = {.component = {.struct_size = sizeof(longer_component),
                                                       NDG_LEARNER(&learner_ops.ops),
                                                       .id = "org.test.learner",
                                                       .version = "1.0.0",
                                                       .title = "A learner of a later minor",
                                                       .doc = "Only for tests."}};
static const ndg_component *const components[] = {&rule.component, &learner.component};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    .magic = NDG_ABI_MAGIC,
    .abi_major = NDG_ABI_MAJOR,
    .abi_minor = 9, /* of the headers; what counts is api_level */
    .plugin_size = sizeof(ndg_plugin),
    .component_size = sizeof(longer_component),
    .option_size = sizeof(longer_option),
    .name = "longer",
    .version = "1.0.0",
    .license = "MIT",
    .n_components = 2,
    .components = components,
};
