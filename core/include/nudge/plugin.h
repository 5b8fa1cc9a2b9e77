/* SPDX-License-Identifier: MIT */
/* What a plugin exports: one const data object, ndg_plugin_1, whose name carries the ABI major.
   The host lists, documents, validates and refuses a plugin without running a line of it. */
#ifndef NUDGE_PLUGIN_H
#define NUDGE_PLUGIN_H

#include "nudge/learner.h"
#include "nudge/option.h"
#include "nudge/rule.h"
#include "nudge/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NDG_ABI_MAGIC 0x4e444731u /* "NDG1" */
#define NDG_ABI_MAJOR 1u
#define NDG_ABI_MINOR 2u
#ifndef NDG_API_LEVEL
#define NDG_API_LEVEL 0u /* newest ABI minor that the plugin really uses */
#endif

#define NDG_KIND_LEARNER "nudge.learner/1"
#define NDG_KIND_RULE "nudge.rule/1"

/* Capabilities of learners. A graph learner provides them all through the host; complex nudging
   only if its graph is analytic. */
#define NDG_CAP_GRAPH "nudge.learner.graph/1" /* has build */
#define NDG_CAP_NUDGE "nudge.learner.nudge/1" /* augmented loss and local derivatives */
#define NDG_CAP_SECOND_ORDER "nudge.learner.second-order/1" /* Hessian-vector, mixed products */
#define NDG_CAP_COMPLEX "nudge.learner.complex/1"           /* evaluation at complex beta */
#define NDG_CAP_TRANSPOSED_STEP "nudge.learner.transposed-step/1" /* reverse through a step */
#define NDG_CAP_CLOSED_FORM "nudge.learner.closed-form/1"         /* extension: exact solution */
/* ABI 1.1: with the options and tasks at hand, a group of phi starts at a group of theta. */
#define NDG_CAP_META_START "nudge.learner.meta-start/1"
#define NDG_CAP_EXAMPLE "nudge.learner.example/1" /* ABI 1.2: an extension, ndg_examples */

/* Claims; each has a conformance test. */
enum {
  NDG_PROP_DETERMINISTIC = 1u << 0,  /* same options, tasks and seed: the same bits */
  NDG_PROP_F64 = 1u << 1,            /* float64 gives results to float64 */
  NDG_PROP_BATCH_INVARIANT = 1u << 2 /* learners: the order of samples does not matter */
};

typedef struct ndg_component {
  uint32_t struct_size, props;
  const char *kind;         /* open set; set together with ops by NDG_LEARNER or NDG_RULE */
  const char *id;           /* [a-z][a-z0-9_]*, with dotted owner prefix for third parties */
  const char *version;      /* "1.0.0" */
  const char *title, *doc;  /* one line; paragraphs */
  const char *cite;         /* reference of the method, or NULL */
  const char *const *needs; /* capabilities without which it cannot work; NULL-terminated or NULL */
  const char *const *uses;  /* optional ones */
  const char *const *provides; /* what extension() answers, and NDG_CAP_GRAPH */
  const ndg_option *options;   /* may be NULL: none */
  uint64_t options_size;
  const void *ops;
} ndg_component;

typedef struct ndg_plugin { /* frozen for major 1 */
  uint32_t magic, abi_major, abi_minor, api_level;
  uint32_t plugin_size, component_size, option_size, reserved; /* strides used by the host */
  const char *name, *version, *license, *build;
  uint64_t n_components;
  const ndg_component *const *components;
} ndg_plugin;

#ifndef __cplusplus
#define NDG_PLUGIN_HEAD                                                                            \
  .magic = NDG_ABI_MAGIC, .abi_major = NDG_ABI_MAJOR, .abi_minor = NDG_ABI_MINOR,                  \
  .api_level = NDG_API_LEVEL, .plugin_size = sizeof(ndg_plugin),                                   \
  .component_size = sizeof(ndg_component), .option_size = sizeof(ndg_option), .reserved = 0
/* A table of the wrong type does not compile. */
#define NDG_LEARNER(ops_)                                                                          \
  .kind = NDG_KIND_LEARNER, .ops = _Generic((ops_), const ndg_learner_ops * : (ops_))
#define NDG_RULE(ops_) .kind = NDG_KIND_RULE, .ops = _Generic((ops_), const ndg_rule_ops * : (ops_))
#endif

/* The one exported symbol. -DNDG_STATIC_NAME=x renames it for static builds and fuzzers. */
#define NDG_PASTE_(a, b) a##b
#define NDG_PASTE(a, b) NDG_PASTE_(a, b)
#ifdef NDG_STATIC_NAME
#define NDG_PLUGIN_SYMBOL NDG_PASTE(ndg_plugin_1_, NDG_STATIC_NAME)
#else
#define NDG_PLUGIN_SYMBOL ndg_plugin_1
#endif
extern NDG_EXPORT const ndg_plugin NDG_PLUGIN_SYMBOL;

#ifdef __cplusplus
}
#endif
#endif
