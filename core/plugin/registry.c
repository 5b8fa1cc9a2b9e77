/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "plugin/line.h"
#include "plugin/registry_private.h"

ndg_status ndg_registry_create(ndg_registry **out, ndg_error *e) {
  ndg_registry *r = ndg_calloc(1, sizeof *r);
  if (r)
    r->arena = ndg_arena_create(4096);
  if (!r || !r->arena) {
    ndg_free(r);
    return ndg_fail(e, NDG_ENOMEM, "out of memory for the plugin registry");
  }
  *out = r;
  return NDG_OK;
}

void ndg_registry_destroy(ndg_registry *r) {
  if (!r)
    return;
  for (uint64_t k = 0; k < r->n_defined; k++)
    ndg_arena_destroy(r->defined[k]);
  ndg_free(r->defined);
  ndg_free(r->components);
  ndg_free(r->files);
  ndg_arena_destroy(r->arena);
  ndg_free(r);
}

static bool is_of_kind(const ndg_loaded *l, const char *kind) {
  return !kind || strcmp(l->component->kind, kind) == 0;
}

uint64_t ndg_registry_count(const ndg_registry *r, const char *kind) {
  uint64_t n = 0;
  for (uint64_t k = 0; k < r->n_components; k++)
    n += is_of_kind(r->components[k], kind);
  return n;
}

const ndg_loaded *ndg_registry_at(const ndg_registry *r, const char *kind, uint64_t i) {
  for (uint64_t k = 0; k < r->n_components; k++) {
    if (is_of_kind(r->components[k], kind) && i-- == 0)
      return r->components[k];
  }
  return NULL;
}

static const ndg_loaded *find_id(const ndg_registry *r, const char *id) {
  for (uint64_t k = 0; k < r->n_components; k++) {
    if (strcmp(r->components[k]->component->id, id) == 0)
      return r->components[k];
  }
  return NULL;
}

enum { MAX_SUGGESTED = 256 };
static const char *nearest_id(const ndg_registry *r, const char *kind, const char *id) {
  const char *ids[MAX_SUGGESTED];
  size_t n = 0;
  for (uint64_t k = 0; k < r->n_components && n < MAX_SUGGESTED; k++) {
    if (is_of_kind(r->components[k], kind))
      ids[n++] = r->components[k]->component->id;
  }
  const int near = ndg_nearest_name(id, ids, n);
  return near < 0 ? NULL : ids[near];
}

static ndg_status not_found(const ndg_registry *r, const char *kind, const char *id, ndg_error *e) {
  char text[400];
  ndg_line l = ndg_line_in(text, sizeof text);
  const ndg_loaded *other = find_id(r, id);
  const char *near = nearest_id(r, kind, id);
  const char *noun = ndg_kind_noun(kind);
  if (other)
    ndg_line_add(&l, ": it is a %s", ndg_kind_noun(other->component->kind));
  else if (near)
    ndg_line_add(&l, "; did you mean '%s'?", near);
  uint64_t n = 0;
  for (uint64_t k = 0; k < r->n_components; k++) {
    if (is_of_kind(r->components[k], kind))
      ndg_line_add(&l, "%s%s",
                   n++              ? ", "
                   : near && !other ? " There are: "
                                    : "; there are: ",
                   r->components[k]->component->id);
  }
  if (n == 0)
    ndg_line_add(&l, "; no %s is loaded", noun);
  return ndg_fail(e, NDG_ENOTFOUND, "no %s '%.60s'%s", noun, id, text);
}

ndg_status ndg_registry_find(const ndg_registry *r, const char *kind, const char *id,
                             const ndg_loaded **out, ndg_error *e) {
  const ndg_loaded *l = find_id(r, id);
  if (!l || !is_of_kind(l, kind))
    return not_found(r, kind, id, e);
  *out = l;
  return NDG_OK;
}

static ndg_status run_check(const char *owner, const ndg_loaded *l, const void *options,
                            ndg_error *e) {
  const bool learner = strcmp(l->component->kind, NDG_KIND_LEARNER) == 0;
  ndg_status (*check)(const void *, ndg_error *) =
      learner ? l->ops.learner.check : l->ops.rule.check;
  ndg_error said = {.code = NDG_OK};
  if (!check)
    return NDG_OK;
  const ndg_status st = check(options, &said);
  if (st >= 0)
    return NDG_OK;
  said.text[sizeof said.text - 1] = '\0';
  return ndg_fail(e, st, "%s: %.400s", owner,
                  said.text[0] ? said.text : "refuses these options without saying why");
}

ndg_status ndg_instance_open(const ndg_registry *r, const char *kind, const char *id,
                             const ndg_named_any *given, uint64_t n_given, ndg_arena *arena,
                             ndg_instance *out, ndg_error *e) {
  char owner[100];
  const ndg_loaded *l = NULL;
  void *options = NULL;
  ndg_status st = ndg_registry_find(r, kind, id, &l, e);
  if (st < 0)
    return st;
  const ndg_component *c = l->component;
  (void)snprintf(owner, sizeof owner, "%s %s", ndg_kind_noun(c->kind), c->id);
  st = ndg_options_fill(owner, c->options, l->option_stride, c->options_size, given, n_given, arena,
                        &options, e);
  if (st == NDG_OK && l->definition)
    memcpy(options, &l->definition, sizeof l->definition);
  if (st == NDG_OK)
    st = run_check(owner, l, options, e);
  if (st == NDG_OK)
    *out = (ndg_instance){l, options};
  return st;
}
