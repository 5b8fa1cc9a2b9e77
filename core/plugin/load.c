/* SPDX-License-Identifier: MIT */
/* From a file to checked components. Each step has its own message; the plugin's code is not called
   (its static constructors are dlopen's, which is why the floating-point modes are compared). */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/elf_file.h"
#include "plugin/fp_state.h"
#include "plugin/registry_private.h"

enum { MAX_MAJOR = 16 }; /* how far to look for the symbol of another ABI */

static ndg_status open_library(const char *path, const char *resolved, void **handle,
                               ndg_error *e) {
  const ndg_fp_state before = ndg_fp_state_get();
  *handle = dlopen(resolved, RTLD_NOW | RTLD_LOCAL);
  const ndg_fp_state after = ndg_fp_state_get();
  if (before.control != after.control || before.x87 != after.x87) {
    ndg_fp_state_set(before);
    return ndg_fail(e, NDG_EABI,
                    "%s: loading it changes the floating-point mode (control 0x%" PRIx32
                    " to 0x%" PRIx32 ", x87 0x%" PRIx32 " to 0x%" PRIx32
                    "), which would change every result; build it without -ffast-math",
                    path, before.control, after.control, before.x87, after.x87);
  }
  if (*handle)
    return NDG_OK;
  const char *text = dlerror();
  const size_t n = strlen(resolved);
  if (text && strncmp(text, resolved, n) == 0 && strncmp(text + n, ": ", 2) == 0)
    text += n + 2; /* dlerror names the file itself */
  return ndg_fail(e, NDG_EABI, "%s: cannot be loaded: %s", path, text ? text : "no reason given");
}

/* The majors whose symbol a file has instead of ours. */
static ndg_status other_major(const char *path, void *handle, ndg_error *e) {
  for (unsigned major = 0; major <= MAX_MAJOR; major++) {
    char name[32];
    (void)snprintf(name, sizeof name, "ndg_plugin_%u", major);
    if (dlsym(handle, name))
      return ndg_fail(e, NDG_EABI,
                      "%s: made for plugin ABI %u, this nudge has ABI %u; rebuild the plugin", path,
                      major, NDG_ABI_MAJOR);
  }
  return ndg_fail(e, NDG_EABI, "%s: not a plugin: it has no symbol ndg_plugin_1", path);
}

ndg_status ndg_plugin_find(const char *path, void *handle, const ndg_plugin **out, ndg_error *e) {
  const void *symbol = dlsym(handle, "ndg_plugin_1");
  Dl_info info;
  void *entry = NULL;
  if (!symbol)
    return other_major(path, handle, e);
  if (dladdr1(symbol, &info, &entry, RTLD_DL_SYMENT) && entry) {
    const ElfW(Sym) *s = entry;
    if (ELF64_ST_TYPE(s->st_info) != STT_OBJECT)
      return ndg_fail(e, NDG_EABI, "%s: not a plugin: its symbol ndg_plugin_1 is no data object",
                      path);
    if (s->st_size < NDG_PLUGIN_SIZE_1_0)
      return ndg_fail(e, NDG_EABI,
                      "%s: not a plugin: its symbol ndg_plugin_1 has fewer than %zu bytes", path,
                      NDG_PLUGIN_SIZE_1_0);
  }
  *out = symbol;
  return NDG_OK;
}

/* Order of components: kind, then id. */
static int compare(const ndg_component *a, const ndg_component *b) {
  const int by_kind = strcmp(a->kind, b->kind);
  return by_kind ? by_kind : strcmp(a->id, b->id);
}

static ndg_status check_unique(const ndg_registry *r, const char *path, const ndg_loaded *l,
                               ndg_error *e) {
  for (uint64_t k = 0; k < r->n_components; k++) {
    const ndg_loaded *other = r->components[k];
    if (strcmp(other->component->id, l->component->id) == 0)
      return ndg_fail(e, NDG_EINVAL,
                      "%s: component id '%s' is already taken by a %s of %s; load only one of them",
                      path, l->component->id, ndg_kind_noun(other->component->kind), other->path);
  }
  return NDG_OK;
}

static void insert(ndg_registry *r, ndg_loaded *l) {
  uint64_t k = r->n_components++;
  for (; k > 0 && compare(r->components[k - 1]->component, l->component) > 0; k--)
    r->components[k] = r->components[k - 1];
  r->components[k] = l;
}

/* Room for n more components and one more file, so that adding them cannot fail half-way. */
static ndg_status reserve(ndg_registry *r, uint64_t n, const char *path, ndg_error *e) {
  const size_t old = r->n_components * sizeof *r->components;
  const size_t old_files = r->n_files * sizeof *r->files;
  ndg_loaded **components = NULL;
  const char **files = NULL;
  if (n <= SIZE_MAX / sizeof *components - r->n_components)
    components = ndg_realloc(r->components, old, old + n * sizeof *components);
  if (components) {
    r->components = components;
    files = ndg_realloc(r->files, old_files, old_files + sizeof *files);
  }
  if (!files)
    return ndg_fail(e, NDG_ENOMEM, "%s: out of memory", path);
  r->files = files;
  return NDG_OK;
}

ndg_status ndg_registry_add(ndg_registry *r, ndg_loaded *l, ndg_arena *memory, ndg_error *e) {
  const size_t old = r->n_defined * sizeof *r->defined;
  const ndg_status st = reserve(r, 1, l->component->id, e);
  if (st < 0)
    return st;
  ndg_arena **defined = ndg_realloc(r->defined, old, old + sizeof *defined);
  if (!defined)
    return ndg_fail(e, NDG_ENOMEM, "%s: out of memory", l->component->id);
  r->defined = defined;
  r->defined[r->n_defined++] = memory;
  insert(r, l);
  return NDG_OK;
}

static void take_back(ndg_registry *r, const ndg_plugin *p) {
  uint64_t kept = 0;
  for (uint64_t k = 0; k < r->n_components; k++) {
    if (r->components[k]->plugin != p)
      r->components[kept++] = r->components[k];
  }
  r->n_components = kept;
}

/* All components of a plugin or none. */
static ndg_status add_plugin(ndg_registry *r, const char *path, const char *resolved,
                             const ndg_plugin *p, ndg_error *e) {
  ndg_status st = reserve(r, p->n_components, path, e);
  const char *kept = st == NDG_OK ? ndg_arena_strdup(r->arena, resolved) : NULL;
  if (st == NDG_OK && !kept)
    st = ndg_fail(e, NDG_ENOMEM, "%s: out of memory", path);
  for (uint64_t k = 0; k < p->n_components && st == NDG_OK; k++) {
    ndg_loaded *l;
    st = ndg_component_load(path, p, k, r->arena, &l, e);
    if (st < 0 || !l)
      continue;
    l->path = kept;
    st = check_unique(r, path, l, e);
    if (st == NDG_OK)
      insert(r, l);
  }
  if (st < 0)
    take_back(r, p);
  else
    r->files[r->n_files++] = kept;
  return st;
}

static bool is_loaded(const ndg_registry *r, const char *resolved) {
  for (uint64_t k = 0; k < r->n_files; k++) {
    if (strcmp(r->files[k], resolved) == 0)
      return true;
  }
  return false;
}

ndg_status ndg_registry_load(ndg_registry *r, const char *path, ndg_error *e) {
  const ndg_plugin *p = NULL;
  void *handle = NULL;
  /* An absolute path also keeps dlopen from searching the library folders for a bare name. */
  char *resolved = realpath(path, NULL);
  if (!resolved)
    return ndg_fail(e, errno == ENOENT ? NDG_ENOTFOUND : NDG_EIO, "cannot read %s: %s", path,
                    strerror(errno));
  ndg_status st = NDG_OK;
  if (is_loaded(r, resolved))
    goto out;
  st = ndg_elf_check(path, e);
  if (st == NDG_OK)
    st = open_library(path, resolved, &handle, e);
  if (st == NDG_OK)
    st = ndg_plugin_find(path, handle, &p, e);
  if (st == NDG_OK)
    st = ndg_plugin_check(path, p, e);
  if (st == NDG_OK)
    st = add_plugin(r, path, resolved, p, e);
  /* Nothing refers to a refused plugin; an accepted one stays until the process ends. */
  if (st < 0 && handle)
    (void)dlclose(handle);
out:
  free(resolved);
  return st;
}
