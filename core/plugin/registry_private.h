/* SPDX-License-Identifier: MIT */
/* Inside of the registry; for core/plugin only. */
#ifndef NUDGE_PLUGIN_REGISTRY_PRIVATE_H
#define NUDGE_PLUGIN_REGISTRY_PRIVATE_H

#include "plugin/registry.h"

struct ndg_registry {
  ndg_arena *arena; /* everything but the two arrays */
  uint64_t n_components, n_files;
  ndg_loaded **components; /* by kind, then id */
  const char **files;      /* resolved paths that are loaded */
  uint64_t n_defined;
  ndg_arena **defined; /* memory of components made at run time */
};

/* Sizes that a plugin of ABI 1.0 has at least. Members that are appended later do not change them.
 */
#define NDG_SIZE_UP_TO(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))
#define NDG_PLUGIN_SIZE_1_0 NDG_SIZE_UP_TO(ndg_plugin, components)
#define NDG_COMPONENT_SIZE_1_0 NDG_SIZE_UP_TO(ndg_component, ops)
#define NDG_OPTION_SIZE_1_0 NDG_SIZE_UP_TO(ndg_option, choices)
#define NDG_LEARNER_OPS_SIZE_1_0 NDG_SIZE_UP_TO(ndg_learner_ops, extension)
#define NDG_RULE_OPS_SIZE_1_0 NDG_SIZE_UP_TO(ndg_rule_ops, estimate)

/* [main; any; cheap] The exported object of a library that dlopen has loaded. */
ndg_status ndg_plugin_find(const char *path, void *handle, const ndg_plugin **out, ndg_error *);
/* [main; load; pure] Magic, versions, sizes, texts: what holds before a component may be read. */
ndg_status ndg_plugin_check(const char *path, const ndg_plugin *, ndg_error *);
/* [main; load; allocates from arena] Checks one component and gives its normalised copy; *out is
   NULL where the kind is not known and the component is skipped with a note. */
ndg_status ndg_component_load(const char *path, const ndg_plugin *, uint64_t index, ndg_arena *,
                              ndg_loaded **out, ndg_error *);

/* [main; any; allocates] One component more, and its memory: both or, on error, neither. */
ndg_status ndg_registry_add(ndg_registry *, ndg_loaded *, ndg_arena *memory, ndg_error *);

#endif
