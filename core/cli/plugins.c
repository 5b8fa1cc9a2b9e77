/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

ndg_status ndg_cli_open_registry(const char *const *plugins, size_t n, ndg_registry **out,
                                 ndg_error *e) {
  ndg_registry *registry = NULL;
  ndg_status st = ndg_registry_create(&registry, e);
  if (st >= 0) {
    st = ndg_registry_load_default(registry, e);
  }
  for (size_t i = 0; i < n && st >= 0; i++) {
    st = ndg_registry_load(registry, plugins[i], e);
  }
  if (st < 0) {
    ndg_registry_destroy(registry);
    return st;
  }
  *out = registry;
  return NDG_OK;
}
