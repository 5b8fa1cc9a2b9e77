/* SPDX-License-Identifier: MIT */
/* A sound plugin, each part of which a fixture may replace by a macro before including this. */
#include <math.h>

#include "nudge/nudge.h"

typedef struct sound_options {
  double beta;
  int64_t steps;
  int32_t variant, warm;
  ndg_i64_list layers;
} sound_options;

static inline ndg_status sound_estimate(const void *options, const ndg_problem_api *api,
                                        ndg_problem *problem, ndg_vector *gradient,
                                        ndg_record *record, ndg_error *e) {
  (void)options, (void)api, (void)problem, (void)gradient, (void)record;
  return ndg_fail(e, NDG_EINTERNAL, "a fixture is not run");
}

#ifndef OPTION
#define OPTION NDG_OPT_F64(sound_options, beta, 0.1, 0, 10, 0, NULL, "Nudging strength.")
#endif
#ifndef ESTIMATE
#define ESTIMATE sound_estimate
#endif
#ifndef OPS_SIZE
#define OPS_SIZE sizeof(ndg_rule_ops)
#endif
#ifndef OPS
#define OPS &sound_ops
#endif
#ifndef COMPONENT_SIZE
#define COMPONENT_SIZE sizeof(ndg_component)
#endif
#ifndef PROPS
#define PROPS NDG_PROP_DETERMINISTIC
#endif
#ifndef KIND
#define KIND NDG_KIND_RULE
#endif
#ifndef ID
#define ID "sound"
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef TITLE
#define TITLE "A sound rule"
#endif
#ifndef DOC
#define DOC "Nothing is wrong with it."
#endif
#ifndef NEEDS
#define NEEDS NDG_CAP_NUDGE
#endif
#ifndef PROVIDES
#define PROVIDES NULL
#endif
#ifndef COMPONENTS
#define COMPONENTS &sound_component
#endif
#ifndef N_COMPONENTS
#define N_COMPONENTS sizeof sound_components / sizeof *sound_components
#endif
#ifndef MAGIC
#define MAGIC NDG_ABI_MAGIC
#endif
#ifndef MAJOR
#define MAJOR NDG_ABI_MAJOR
#endif
#ifndef LEVEL
#define LEVEL NDG_API_LEVEL
#endif
#ifndef HEAD_PLUGIN_SIZE
#define HEAD_PLUGIN_SIZE sizeof(ndg_plugin)
#endif
#ifndef HEAD_COMPONENT_SIZE
#define HEAD_COMPONENT_SIZE sizeof(ndg_component)
#endif
#ifndef HEAD_OPTION_SIZE
#define HEAD_OPTION_SIZE sizeof(ndg_option)
#endif
#ifndef NAME
#define NAME "sound"
#endif
#ifndef LICENSE
#define LICENSE "MIT"
#endif
#ifndef SYMBOL
#define SYMBOL NDG_PLUGIN_SYMBOL
#endif

static const ndg_option sound_table[] = {
    NDG_OPT_I64(sound_options, steps, 20, 1, 1000, "Number of steps."), OPTION, NDG_OPT_END};
static const ndg_rule_ops sound_ops = {.struct_size = OPS_SIZE, .estimate = ESTIMATE};
static const char *const sound_needs[] = {NEEDS, NULL};
static const char *const sound_provides[] = {PROVIDES, NULL};
static const ndg_component sound_component = {
    .struct_size = COMPONENT_SIZE,
    .props = PROPS,
    .kind = KIND,
    .id = ID,
    .version = VERSION,
    .title = TITLE,
    .doc = DOC,
    .needs = sound_needs,
    .provides = sound_provides,
    .options = sound_table,
    .options_size = sizeof(sound_options),
    .ops = OPS,
};
static const ndg_component *const sound_components[] = {COMPONENTS};

extern NDG_EXPORT const ndg_plugin SYMBOL;
const ndg_plugin SYMBOL = {
    .magic = MAGIC,
    .abi_major = MAJOR,
    .api_level = LEVEL,
    .plugin_size = HEAD_PLUGIN_SIZE,
    .component_size = HEAD_COMPONENT_SIZE,
    .option_size = HEAD_OPTION_SIZE,
    .name = NAME,
    .version = "1.0.0",
    .license = LICENSE,
    .build = "fixture",
    .n_components = N_COMPONENTS,
    .components = sound_components,
};

/* A macro may have replaced the only use of these. */
static inline void sound_unused(void) {
  (void)sound_ops, (void)sound_component, (void)&sound_estimate;
}
