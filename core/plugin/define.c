/* SPDX-License-Identifier: MIT */
/* Components made while a program runs: the same checks as those of a plugin's. */
#include <string.h>

#include "plugin/registry_private.h"

/* What every defined component's "plugin" says: one each, so that its place can be told. */
static ndg_plugin *describe(ndg_arena *memory, const ndg_component *c) {
  ndg_plugin *p = ndg_arena_alloc(memory, 1, sizeof *p);
  if (!p)
    return NULL;
  const ndg_plugin head = {NDG_PLUGIN_HEAD};
  *p = head;
  p->name = c->id;
  p->version = c->version;
  p->license = "as its script";
  p->build = "defined at run time";
  p->n_components = 1;
  const ndg_component **list = ndg_arena_alloc(memory, 1, sizeof *list);
  if (!list)
    return NULL;
  *list = c;
  p->components = list;
  return p;
}

ndg_status ndg_registry_define(ndg_registry *r, const ndg_component *c, const char *place,
                               const char *path, const void *definition, ndg_arena *memory,
                               ndg_error *e) {
  for (uint64_t k = 0; k < r->n_components; k++) {
    const ndg_loaded *other = r->components[k];
    if (strcmp(other->component->id, c->id) == 0)
      return ndg_fail(e, NDG_EINVAL, "%s '%s' is already defined by %s; give this one another id",
                      ndg_kind_noun(other->component->kind), c->id,
                      other->place ? other->place : other->path);
  }
  ndg_loaded *l = NULL;
  ndg_plugin *p = describe(memory, c);
  char *kept_place = ndg_arena_strdup(memory, place), *kept_path = ndg_arena_strdup(memory, path);
  if (!p || !kept_place || !kept_path)
    return ndg_fail(e, NDG_ENOMEM, "%s: out of memory", c->id);
  ndg_status st = ndg_component_load(place, p, 0, memory, &l, e);
  if (st < 0)
    return st;
  if (!l)
    return ndg_fail(e, NDG_EINVAL, "%s: kind '%s' is not known", place, c->kind);
  l->path = kept_path;
  l->place = kept_place;
  l->definition = definition;
  return ndg_registry_add(r, l, memory, e);
}
