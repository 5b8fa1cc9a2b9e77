/* SPDX-License-Identifier: MIT */
/* Where plugins are looked for. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "plugin/registry_private.h"

enum { PATH_SIZE = 4096 };

static int is_shared_object(const struct dirent *d) {
  const size_t n = strlen(d->d_name);
  return d->d_name[0] != '.' && n > 3 && strcmp(d->d_name + n - 3, ".so") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

ndg_status ndg_registry_load_folder(ndg_registry *r, const char *folder, bool optional,
                                    ndg_error *e) {
  struct dirent **entries = NULL;
  char path[PATH_SIZE];
  ndg_status st = NDG_OK;
  const int n = scandir(folder, &entries, is_shared_object, by_bytes);
  if (n < 0 && errno == ENOENT && optional)
    return NDG_OK;
  if (n < 0)
    return ndg_fail(e, errno == ENOENT ? NDG_ENOTFOUND : NDG_EIO,
                    "cannot read plugin folder %s: %s", folder, strerror(errno));
  for (int k = 0; k < n; k++) {
    const int length = snprintf(path, sizeof path, "%s/%s", folder, entries[k]->d_name);
    if (st == NDG_OK && length >= PATH_SIZE)
      st = ndg_fail(e, NDG_EINVAL, "path of plugin %s in %s is longer than %d bytes",
                    entries[k]->d_name, folder, PATH_SIZE - 1);
    if (st == NDG_OK)
      st = ndg_registry_load(r, path, e);
    free(entries[k]);
  }
  free(entries);
  return st;
}

/* Colon-separated folders. An empty entry is nothing, not the current directory. */
static ndg_status load_list(ndg_registry *r, const char *list, ndg_error *e) {
  char folder[PATH_SIZE];
  ndg_status st = NDG_OK;
  while (*list && st == NDG_OK) {
    const size_t n = strcspn(list, ":");
    if (n >= sizeof folder)
      return ndg_fail(e, NDG_EINVAL, "NUDGE_PLUGIN_PATH has an entry of more than %d bytes",
                      PATH_SIZE - 1);
    memcpy(folder, list, n);
    folder[n] = '\0';
    if (n > 0)
      st = ndg_registry_load_folder(r, folder, false, e);
    list += n + (list[n] == ':');
  }
  return st;
}

static bool user_folder(char *out, size_t size) {
  const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
  int n = 0;
  if (data && data[0] == '/') /* the XDG specification has relative paths ignored */
    n = snprintf(out, size, "%s/nudge-1/plugins", data);
  else if (home && home[0] == '/')
    n = snprintf(out, size, "%s/.local/share/nudge-1/plugins", home);
  return n > 0 && (size_t)n < size;
}

ndg_status ndg_registry_load_default(ndg_registry *r, ndg_error *e) {
  char folder[PATH_SIZE];
  const char *list = getenv("NUDGE_PLUGIN_PATH");
  if (list)
    return load_list(r, list, e);
  if (ndg_folder_beside_program("plugins", folder, sizeof folder)) /* in a build tree */
    return ndg_registry_load_folder(r, folder, true, e);
  ndg_status st = NDG_OK;
  if (user_folder(folder, sizeof folder))
    st = ndg_registry_load_folder(r, folder, true, e);
  if (st != NDG_OK)
    return st;
  /* An installation that was moved is found from its program; a library in another program's
     process by where it was put. */
  const bool moved = ndg_folder_beside_program(NDG_PLUGINS_FROM_BIN, folder, sizeof folder);
  return ndg_registry_load_folder(r, moved ? folder : NDG_PLUGIN_FOLDER, true, e);
}
