/* SPDX-License-Identifier: MIT */
/* Checks of what a plugin says about itself. All of it is const data: nothing of it is run. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "plugin/names.h"
#include "plugin/registry_private.h"

/* The operations of a kind: how large, where they go, and which must be there. */
typedef struct operation {
  const char *name;
  size_t offset;
} operation;

typedef struct kind {
  const char *id, *noun;
  size_t size, size_1_0;
  operation required[4]; /* ended by a NULL name */
} kind;

static const kind kinds[] = {
    {NDG_KIND_LEARNER,
     "learner",
     sizeof(ndg_learner_ops),
     NDG_LEARNER_OPS_SIZE_1_0,
     {{"layout", offsetof(ndg_learner_ops, layout)},
      {"build", offsetof(ndg_learner_ops, build)},
      {NULL, 0}}},
    {NDG_KIND_RULE,
     "rule",
     sizeof(ndg_rule_ops),
     NDG_RULE_OPS_SIZE_1_0,
     {{"estimate", offsetof(ndg_rule_ops, estimate)}, {NULL, 0}}},
};

/* What the host itself answers for a graph learner; everything else needs extension(). */
static const char *const derived[] = {NDG_CAP_GRAPH,
                                      NDG_CAP_NUDGE,
                                      NDG_CAP_SECOND_ORDER,
                                      NDG_CAP_TRANSPOSED_STEP,
                                      NDG_CAP_COMPLEX,
                                      NDG_CAP_META_START,
                                      NULL};

/* Host extensions that a component may need: none in ABI 1.2. */
static const char *const offered[] = {NULL};

static const uint32_t known_props =
    NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT;

static const kind *find_kind(const char *id) {
  for (size_t k = 0; id && k < sizeof kinds / sizeof *kinds; k++) {
    if (strcmp(kinds[k].id, id) == 0)
      return &kinds[k];
  }
  return NULL;
}

const char *ndg_kind_noun(const char *id) {
  const kind *k = find_kind(id);
  return k ? k->noun : "component";
}

bool ndg_ids_contain(const char *const *ids, const char *id) {
  for (; ids && *ids; ids++) {
    if (strcmp(*ids, id) == 0)
      return true;
  }
  return false;
}

static bool is_empty(const char *text) {
  return !text || !*text;
}

/* A size must reach the end of ABI 1.0 and be a whole number of 8-byte words. */
static bool is_size(uint64_t size, size_t least) {
  return size >= least && size % 8 == 0;
}

static ndg_status check_sizes(const char *path, const ndg_plugin *p, ndg_error *e) {
  const struct {
    const char *name;
    uint64_t size;
    size_t least;
  } sizes[] = {{"plugin_size", p->plugin_size, NDG_PLUGIN_SIZE_1_0},
               {"component_size", p->component_size, NDG_COMPONENT_SIZE_1_0},
               {"option_size", p->option_size, NDG_OPTION_SIZE_1_0}};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    if (!is_size(sizes[k].size, sizes[k].least))
      return ndg_fail(e, NDG_EABI,
                      "%s: %s is %" PRIu64 ", must be at least %zu and a multiple of 8", path,
                      sizes[k].name, sizes[k].size, sizes[k].least);
  }
  return NDG_OK;
}

ndg_status ndg_plugin_check(const char *path, const ndg_plugin *p, ndg_error *e) {
  if (p->magic != NDG_ABI_MAGIC)
    return ndg_fail(e, NDG_EABI,
                    "%s: not a plugin: ndg_plugin_1 begins with 0x%08" PRIx32
                    ", must begin with 0x%08x",
                    path, p->magic, NDG_ABI_MAGIC);
  if (p->abi_major != NDG_ABI_MAJOR)
    return ndg_fail(e, NDG_EABI,
                    "%s: made for plugin ABI %" PRIu32
                    ", this nudge has ABI %u; rebuild the plugin",
                    path, p->abi_major, NDG_ABI_MAJOR);
  if (p->api_level > NDG_ABI_MINOR)
    return ndg_fail(e, NDG_EABI,
                    "%s: uses plugin ABI %u.%" PRIu32 ", this nudge has %u.%u; a newer nudge is "
                    "needed",
                    path, NDG_ABI_MAJOR, p->api_level, NDG_ABI_MAJOR, NDG_ABI_MINOR);
  const ndg_status st = check_sizes(path, p, e);
  if (st < 0)
    return st;
  if (is_empty(p->name) || is_empty(p->version) || is_empty(p->license))
    return ndg_fail(e, NDG_EFORMAT, "%s: the plugin has no %s", path,
                    is_empty(p->name)      ? "name"
                    : is_empty(p->version) ? "version"
                                           : "license");
  if (p->n_components == 0 || !p->components)
    return ndg_fail(e, NDG_EFORMAT, "%s: plugin %s has no components", path, p->name);
  return NDG_OK;
}

static ndg_status check_texts(const char *owner, const ndg_component *c, ndg_error *e) {
  const struct {
    const char *name, *text;
  } texts[] = {{"version", c->version}, {"title", c->title}, {"doc", c->doc}};
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
    if (is_empty(texts[k].text))
      return ndg_fail(e, NDG_EFORMAT, "%s has no %s", owner, texts[k].name);
  }
  if (strchr(c->title, '\n'))
    return ndg_fail(e, NDG_EFORMAT, "%s has a title of more than one line", owner);
  if (c->props & ~known_props)
    return ndg_fail(e, NDG_EFORMAT,
                    "%s has props 0x%" PRIx32 ", of which 0x%" PRIx32 " are unknown", owner,
                    c->props, c->props & ~known_props);
  return NDG_OK;
}

static ndg_status check_ids(const char *owner, const char *list, const char *const *ids,
                            ndg_error *e) {
  for (const char *const *id = ids; id && *id; id++) {
    if (!ndg_name_is_capability(*id))
      return ndg_fail(e, NDG_EFORMAT, "%s %s '%.80s', must look like owner.topic/1", owner, list,
                      *id);
    for (const char *const *other = ids; other != id; other++) {
      if (strcmp(*other, *id) == 0)
        return ndg_fail(e, NDG_EFORMAT, "%s %s '%s' twice", owner, list, *id);
    }
  }
  return NDG_OK;
}

static ndg_status check_capabilities(const char *owner, const ndg_component *c, ndg_error *e) {
  static const char host[] = "nudge.host.";
  ndg_status st = check_ids(owner, "needs", c->needs, e);
  if (st == NDG_OK)
    st = check_ids(owner, "uses", c->uses, e);
  if (st == NDG_OK)
    st = check_ids(owner, "provides", c->provides, e);
  for (const char *const *id = c->needs; st == NDG_OK && id && *id; id++) {
    if (strncmp(*id, host, sizeof host - 1) == 0 && !ndg_ids_contain(offered, *id))
      st = ndg_fail(e, NDG_EABI, "%s needs '%s', which this nudge does not offer", owner, *id);
  }
  return st;
}

static ndg_status check_operations(const char *owner, const kind *k, const ndg_component *c,
                                   ndg_error *e) {
  uint32_t size;
  if (!c->ops)
    return ndg_fail(e, NDG_EFORMAT, "%s has no operations (ops is NULL)", owner);
  memcpy(&size, c->ops, sizeof size);
  if (!is_size(size, k->size_1_0))
    return ndg_fail(e, NDG_EABI,
                    "%s: ops has struct_size %" PRIu32 ", must be at least %zu and a multiple of 8",
                    owner, size, k->size_1_0);
  for (const operation *o = k->required; o->name; o++) {
    void (*function)(void);
    memcpy(&function, (const char *)c->ops + o->offset, sizeof function);
    if (!function)
      return ndg_fail(e, NDG_EFORMAT, "%s lacks the operation '%s', which every %s must have",
                      owner, o->name, k->noun);
  }
  return NDG_OK;
}

/* What is provided must be answered by somebody. */
static ndg_status check_provided(const char *owner, const ndg_component *c, const ndg_loaded *l,
                                 ndg_error *e) {
  const bool learner = strcmp(c->kind, NDG_KIND_LEARNER) == 0;
  for (const char *const *id = c->provides; id && *id; id++) {
    if (learner && (ndg_ids_contain(derived, *id) || l->ops.learner.extension))
      continue;
    return ndg_fail(e, NDG_EFORMAT, "%s provides '%s' but has no operation 'extension'", owner,
                    *id);
  }
  return NDG_OK;
}

/* Copies as much of a sized struct as both sides know; the rest stays zero. */
static void copy_sized(void *out, size_t out_size, const void *in, size_t in_size) {
  memcpy(out, in, in_size < out_size ? in_size : out_size);
  const uint32_t size = (uint32_t)out_size;
  memcpy(out, &size, sizeof size);
}

static ndg_loaded *normalise(const ndg_plugin *p, const ndg_component *c, const kind *k,
                             ndg_arena *arena) {
  ndg_loaded *l = ndg_arena_alloc(arena, 1, sizeof *l);
  ndg_component *copy = ndg_arena_alloc(arena, 1, sizeof *copy);
  if (!l || !copy)
    return NULL;
  uint32_t ops_size;
  memcpy(&ops_size, c->ops, sizeof ops_size);
  copy_sized(copy, sizeof *copy, c, c->struct_size);
  copy_sized(&l->ops, k->size, c->ops, ops_size);
  l->component = copy;
  l->plugin = p;
  l->option_stride = p->option_size;
  return l;
}

/* Identity: what messages about the component begin with. */
static ndg_status check_identity(const char *path, const ndg_component *c, uint64_t index,
                                 ndg_error *e) {
  if (!c)
    return ndg_fail(e, NDG_EFORMAT, "%s: component %" PRIu64 " is NULL", path, index);
  if (!is_size(c->struct_size, NDG_COMPONENT_SIZE_1_0))
    return ndg_fail(e, NDG_EABI,
                    "%s: component %" PRIu64 " has struct_size %" PRIu32
                    ", must be at least %zu and a multiple of 8",
                    path, index, c->struct_size, NDG_COMPONENT_SIZE_1_0);
  if (is_empty(c->kind))
    return ndg_fail(e, NDG_EFORMAT, "%s: component %" PRIu64 " has no kind", path, index);
  if (is_empty(c->id))
    return ndg_fail(e, NDG_EFORMAT, "%s: component %" PRIu64 " has no id", path, index);
  if (!ndg_name_is_id(c->id))
    return ndg_fail(e, NDG_EFORMAT,
                    "%s: component id '%.80s' is malformed: it must match [a-z][a-z0-9_]*, after a "
                    "dotted owner prefix if it is not nudge's, with at most %d characters",
                    path, c->id, NDG_NAME_LIMIT);
  return NDG_OK;
}

ndg_status ndg_component_load(const char *path, const ndg_plugin *p, uint64_t index,
                              ndg_arena *arena, ndg_loaded **out, ndg_error *e) {
  const ndg_component *c = p->components[index];
  char owner[320];
  *out = NULL;
  ndg_status st = check_identity(path, c, index, e);
  if (st < 0)
    return st;
  const kind *k = find_kind(c->kind);
  if (!k) {
    ndg_report(NDG_LOG_WARNING,
               "%s: component %s is of kind '%s', which this nudge does not know: "
               "skipped",
               path, c->id, c->kind);
    return NDG_OK;
  }
  (void)snprintf(owner, sizeof owner, "%s: %s %s", path, k->noun, c->id);
  st = check_texts(owner, c, e);
  if (st == NDG_OK)
    st = check_capabilities(owner, c, e);
  if (st == NDG_OK)
    st = ndg_options_validate(owner, c->options, p->option_size, c->options_size, e);
  if (st == NDG_OK)
    st = check_operations(owner, k, c, e);
  if (st < 0)
    return st;
  *out = normalise(p, c, k, arena);
  if (!*out)
    return ndg_fail(e, NDG_ENOMEM, "%s: out of memory", owner);
  return check_provided(owner, c, *out, e);
}
