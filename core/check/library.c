/* SPDX-License-Identifier: MIT */
/* Group library: a shared object before anything in it is called. */
#include "check/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "check/capture.h"
#include "check/fingerprint.h"
#include "check/groups.h"
#include "check/process_state.h"
#include "plugin/elf_file.h"
#include "plugin/registry_private.h"

enum { SCAN_LIMIT_MS = 100 };

void *ndg_check_load_library(ndg_check *c) {
  ndg_error e = {.code = NDG_OK};
  if (ndg_elf_check(c->file, &e) < 0) { /* mapping a truncated file ends in SIGBUS */
    ndg_check_skip(c, "it cannot be loaded: see library/loads");
    return NULL;
  }
  char *path = realpath(c->file, NULL); /* a bare name is searched for elsewhere */
  ndg_check_doing(c, "loading %s", c->file);
  void *handle = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!handle)
    ndg_check_skip(c, "it cannot be loaded: see library/loads");
  free(path);
  return handle;
}

/* The case is named after the aspect. */
static void check_state(ndg_check *c) {
  char text[500];
  int aspect = 0;
  while (strcmp(ndg_process_aspects[aspect], c->running->name) != 0)
    aspect++;
  const ndg_process_state *before = ndg_process_state_take(c->arena);
  if (!before || !ndg_check_load_library(c))
    return;
  const bool differs = ndg_process_state_differs(before, aspect, text, sizeof text);
  ndg_process_state_restore(before);
  if (differs)
    ndg_check_fail(c, "%s", text);
}

static void check_quiet(ndg_check *c) {
  char first[200];
  ndg_capture capture;
  if (!ndg_capture_begin(&capture)) {
    ndg_check_skip(c, "its output cannot be caught: %s", strerror(errno));
    return;
  }
  const void *handle = ndg_check_load_library(c);
  const uint64_t n = ndg_capture_end(&capture, first, sizeof first);
  if (handle && n > 0)
    ndg_check_fail(c, "%" PRIu64 " bytes, which begin with '%s'", n, first);
}

static void check_reload(ndg_check *c) {
  uint64_t first, second;
  void *handle = ndg_check_load_library(c);
  if (!handle)
    return;
  ndg_error e = {.code = NDG_OK};
  const ndg_plugin *p = NULL;
  if (ndg_plugin_find(c->file, handle, &p, &e) < 0 || ndg_plugin_check(c->file, p, &e) < 0 ||
      !ndg_check_fingerprint(p, &first)) {
    ndg_check_skip(c, "what it says about itself cannot be read");
    return;
  }
  (void)dlclose(handle);
  handle = ndg_check_load_library(c);
  if (!handle)
    return;
  p = dlsym(handle, "ndg_plugin_1");
  if (!p || !ndg_check_fingerprint(p, &second) || first != second)
    ndg_check_fail(c, "its components, options or texts are others than the first time");
}

static void check_scan_time(ndg_check *c) {
  struct rusage before, after;
  ndg_error e = {.code = NDG_OK};
  (void)getrusage(RUSAGE_SELF, &before);
  ndg_check_doing(c, "loading %s", c->file);
  if (ndg_registry_load(c->registry, c->file, &e) < 0) {
    ndg_check_skip(c, "the host refuses it");
    return;
  }
  (void)getrusage(RUSAGE_SELF, &after);
  const double ms = 1e3 * (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec +
                                   after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
                    1e-3 * (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
                                    after.ru_stime.tv_usec - before.ru_stime.tv_usec);
  if (ms >= SCAN_LIMIT_MS)
    ndg_check_warn(c, "it took %.0f ms of processor time", ms);
}

#define OF_FILE(name_, run_, property_)                                                            \
  {                                                                                                \
    .group = "library", .name = name_, .property = property_, .run = run_,                         \
    .flags = NDG_CHECK_OF_FILE                                                                     \
  }
const ndg_check_case ndg_check_library[] = {
    OF_FILE("exports", ndg_check_exports, "it exports ndg_plugin_1 and nothing else"),
    OF_FILE("imports", ndg_check_imports,
            "it leaves processes, streams, threads, files, clocks and modes to the host"),
    OF_FILE("quiet", check_quiet, "loading it prints nothing"),
    OF_FILE("floating_point", check_state, "loading it leaves the floating-point modes alone"),
    OF_FILE("locale", check_state, "loading it leaves the locale alone"),
    OF_FILE("signals", check_state, "loading it leaves signal handlers and the signal mask alone"),
    OF_FILE("folder", check_state, "loading it leaves the working directory alone"),
    OF_FILE("creation_mask", check_state, "loading it leaves the umask alone"),
    OF_FILE("environment", check_state, "loading it leaves the environment alone"),
    OF_FILE("descriptors", check_state, "loading it opens and closes no files"),
    OF_FILE("threads", check_state, "loading it starts no threads"),
    OF_FILE("reload", check_reload, "loaded a second time it says the same about itself"),
    OF_FILE("scan_time", check_scan_time, "loading it takes less than 100 ms"),
    {.group = NULL},
};
