/* SPDX-License-Identifier: MIT */
/* Plugins that are loaded, and components by id. Handles live until the process ends. */
#ifndef NUDGE_PLUGIN_REGISTRY_H
#define NUDGE_PLUGIN_REGISTRY_H

#include <stdbool.h>

#include "base/memory.h"
#include "nudge/plugin.h"
#include "plugin/options.h"

typedef struct ndg_registry ndg_registry;

/* One loaded component, with its operation table copied to full size (absent optionals NULL). */
typedef struct ndg_loaded {
  const ndg_component *component;
  const ndg_plugin *plugin;
  const char *path;       /* of the file that it comes from */
  const char *place;      /* of a defined one: "script.lua:12"; else NULL */
  const void *definition; /* of a defined one: its options begin with this pointer; else NULL */
  uint64_t option_stride;
  union {
    ndg_learner_ops learner;
    ndg_rule_ops rule;
  } ops;
} ndg_loaded;

/* [main; any; allocates] Empty registry. */
ndg_status ndg_registry_create(ndg_registry **out, ndg_error *);
/* [main; any; frees] NULL is fine. Does not dlclose. */
void ndg_registry_destroy(ndg_registry *);
/* [main; any; I/O] Load order and messages: readable, dlopen, symbol, magic, major, api level,
   sizes, kinds, ids, needs, option tables, operations. A duplicate id names both files. Loading the
   same file twice is fine. Refuses a plugin that changes the floating-point state on load. After an
   error the registry is as it was before. */
ndg_status ndg_registry_load(ndg_registry *, const char *path, ndg_error *);
/* [main; any; I/O] Every *.so of a folder, in name order; a folder that is not there is fine when
   `optional`. */
ndg_status ndg_registry_load_folder(ndg_registry *, const char *folder, bool optional, ndg_error *);
/* [main; any; I/O] NUDGE_PLUGIN_PATH if set (colon-separated folders, which must exist; empty: no
   plugins); else, in a build tree, the folder `plugins` beside the executable; else the user's data
   folder and then the install folder, where they exist. Never the current directory. */
ndg_status ndg_registry_load_default(ndg_registry *, ndg_error *);
/* [main; any; allocates] A component made at run time, after the checks of a plugin's. Operations
   get nothing but options, so the options struct begins with the pointer `definition`, which
   ndg_instance_open puts there; its table starts behind. `place` ("script.lua:12") is named in
   messages. On success the registry owns `memory`, which holds the component and all that it points
   to. An id that is taken is refused with both places. */
ndg_status ndg_registry_define(ndg_registry *, const ndg_component *, const char *place,
                               const char *path, const void *definition, ndg_arena *memory,
                               ndg_error *);
/* [any; any; pure] kind NULL: any. In order of kind, then id. */
uint64_t ndg_registry_count(const ndg_registry *, const char *kind);
/* [any; any; pure] NULL from the count on. */
const ndg_loaded *ndg_registry_at(const ndg_registry *, const char *kind, uint64_t i);
/* [any; any; pure] NDG_ENOTFOUND: "no rule 'contrastiv'; did you mean 'contrastive'? There are:
 * ...". */
ndg_status ndg_registry_find(const ndg_registry *, const char *kind, const char *id,
                             const ndg_loaded **out, ndg_error *);

/* A component with its options: what a script composes. */
typedef struct ndg_instance {
  const ndg_loaded *loaded;
  const void *options; /* finished struct, in the arena it was opened with */
} ndg_instance;
/* [main; any; allocates from arena] Find, fill options, run the component's check. */
ndg_status ndg_instance_open(const ndg_registry *, const char *kind, const char *id,
                             const ndg_named_any *given, uint64_t n_given, ndg_arena *arena,
                             ndg_instance *out, ndg_error *);
/* [any; any; pure] "learner", "rule"; "component" for NULL and for kinds that nudge does not run.
 */
const char *ndg_kind_noun(const char *kind);
/* [any; any; pure] Does a component's NULL-terminated list hold this id? NULL list: no. */
bool ndg_ids_contain(const char *const *ids, const char *id);

#endif
