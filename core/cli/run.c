/* SPDX-License-Identifier: MIT */
/* nudge run SCRIPT: an experiment in the embedded Lua. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "bind/host.h"
#include "cli/cli.h"
#include "cli/progress.h"

enum { MAX_THREADS = 256, DEFAULT_THREADS = 16 };

static const char usage[] =
    "usage: nudge run SCRIPT [--set NAME=VALUE ...] [--out DIR] [--threads N] [--plugin FILE ...]\n"
    "                 [--verbose]\n"
    "\n"
    "  --set NAME=VALUE  change a setting that the script declares\n"
    "  --out DIR         folder for results, made if it is not there (default: .)\n"
    "  --threads N       threads to compute with (default: as many as processors, at most 16);\n"
    "                    results do not depend on it\n"
    "  --plugin FILE     load a plugin beside the installed ones\n"
    "  --verbose, -v     where an error came from, call by call\n";

typedef struct run_arguments {
  const char *script, *out;
  uint32_t n_threads;
  bool verbose, help;
  size_t n_plugins, n_settings;
  const char **plugins;      /* room for argc */
  ndg_lua_setting *settings; /* likewise */
} run_arguments;

enum { SET, OUT, THREADS, PLUGIN, VERBOSE, HELP, N_OPTIONS };
static const char *const option_names[N_OPTIONS] = {"--set",    "--out",     "--threads",
                                                    "--plugin", "--verbose", "--help"};

static int find_option(const char *text) {
  if (strcmp(text, "-v") == 0 || strcmp(text, "-h") == 0) {
    return text[1] == 'v' ? VERBOSE : HELP;
  }
  for (int i = 0; i < N_OPTIONS; i++) {
    if (strcmp(option_names[i], text) == 0) {
      return i;
    }
  }
  return N_OPTIONS;
}

static ndg_status unknown_option(const char *text, ndg_error *e) {
  const int near = ndg_nearest_name(text, option_names, N_OPTIONS);
  return near < 0 ? ndg_fail(e, NDG_EINVAL, "no option '%s'; nudge run --help lists them", text)
                  : ndg_fail(e, NDG_EINVAL, "no option '%s'; did you mean '%s'?", text,
                             option_names[near]);
}

static ndg_status parse_setting(char *text, run_arguments *a, ndg_error *e) {
  char *equals = strchr(text, '=');
  if (!equals || equals == text) {
    return ndg_fail(e, NDG_EINVAL, "--set wants NAME=VALUE, got '%s'", text);
  }
  *equals = 0;
  for (size_t i = 0; i < a->n_settings; i++) {
    if (strcmp(a->settings[i].name, text) == 0) {
      return ndg_fail(e, NDG_EINVAL, "--set %s is given twice", text);
    }
  }
  a->settings[a->n_settings++] = (ndg_lua_setting){.name = text, .value = equals + 1};
  return NDG_OK;
}

static ndg_status parse_value(int option, char *value, run_arguments *a, ndg_error *e) {
  int64_t n = 0;
  switch (option) {
  case SET:
    return parse_setting(value, a, e);
  case OUT:
    if (!*value) {
      return ndg_fail(e, NDG_EINVAL, "--out wants the name of a folder");
    }
    a->out = value;
    return NDG_OK;
  case PLUGIN:
    a->plugins[a->n_plugins++] = value;
    return NDG_OK;
  default:
    if (ndg_parse_i64(value, strlen(value), &n) < 0 || n < 1 || n > MAX_THREADS) {
      return ndg_fail(e, NDG_EINVAL, "--threads wants a number from 1 to %d, got '%s'", MAX_THREADS,
                      value);
    }
    a->n_threads = (uint32_t)n;
    return NDG_OK;
  }
}

static ndg_status parse(int argc, char **argv, run_arguments *a, ndg_error *e) {
  for (int i = 1; i < argc; i++) {
    char *text = argv[i];
    if (text[0] != '-' || !text[1]) {
      if (a->script) {
        return ndg_fail(e, NDG_EINVAL, "one script at a time: '%s' follows '%s'", text, a->script);
      }
      a->script = text;
      continue;
    }
    const int option = find_option(text);
    if (option == N_OPTIONS) {
      return unknown_option(text, e);
    }
    if (option == VERBOSE || option == HELP) {
      a->verbose |= option == VERBOSE;
      a->help |= option == HELP;
      continue;
    }
    if (++i == argc) {
      return ndg_fail(e, NDG_EINVAL, "%s wants a value", text);
    }
    ndg_status st = parse_value(option, argv[i], a, e);
    if (st < 0) {
      return st;
    }
  }
  return a->script || a->help ? NDG_OK
                              : ndg_fail(e, NDG_EINVAL, "which script? usage: nudge run SCRIPT");
}

/* A folder and those above it, as far as they are missing. */
static ndg_status make_folder(const char *path, ndg_error *e) {
  struct stat info;
  ndg_status st = NDG_OK;
  char *copy = ndg_strdup(path);
  if (!copy) {
    return ndg_fail(e, NDG_ENOMEM, "no memory for the name of a folder");
  }
  for (char *c = copy + 1; st == NDG_OK; c++) {
    if (*c && *c != '/') {
      continue;
    }
    const char end = *c;
    *c = 0;
    if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
      st = ndg_fail(e, NDG_EIO, "cannot make folder %s: %s", copy, strerror(errno));
    }
    *c = end;
    if (!end) {
      break;
    }
  }
  if (st == NDG_OK && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))) {
    st = ndg_fail(e, NDG_EIO, "--out %s is not a folder", path);
  }
  ndg_free(copy);
  return st;
}

/* Folder that holds nudge/init.lua: the source tree for an executable that lies where it was built,
   the installed one for any other. */
static const char *library_folder(void) {
  static char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  char *slash = n > 0 ? (path[n] = 0, strrchr(path, '/')) : NULL;
  if (slash) {
    *slash = 0;
    if (strcmp(path, NDG_BUILD_FOLDER) == 0) {
      return NDG_LUA_SOURCE_FOLDER;
    }
  }
  return NDG_LUA_FOLDER;
}

static uint32_t default_threads(void) {
  const uint32_t n = ndg_processor_count();
  return n < DEFAULT_THREADS ? n : DEFAULT_THREADS;
}

static ndg_status run_script(const run_arguments *a, char **trace, ndg_error *e) {
  ndg_registry *registry = NULL;
  lua_State *L = NULL;
  ndg_cli_progress progress;
  ndg_lua_host host = {.n_threads = a->n_threads ? a->n_threads : default_threads(),
                       .out = a->out ? a->out : ".",
                       .library = library_folder(),
                       .script = a->script,
                       .n_settings = a->n_settings,
                       .settings = a->settings,
                       .progress = ndg_cli_progress_report,
                       .progress_context = &progress};
  ndg_cli_progress_start(&progress);
  ndg_status st = make_folder(host.out, e);
  if (st >= 0) {
    st = ndg_cli_open_registry(a->plugins, a->n_plugins, &registry, e);
  }
  if (st >= 0) {
    host.registry = registry;
    st = ndg_lua_open(&host, &L, e);
  }
  if (st >= 0) {
    st = ndg_lua_run_file(&host, L, a->script, a->verbose ? trace : NULL, e);
  }
  ndg_cli_progress_clear(&progress);
  ndg_lua_close(&host, L);
  ndg_registry_destroy(registry);
  return st;
}

int ndg_cli_run(int argc, char **argv) {
  run_arguments a = {0};
  ndg_error e = {0};
  char *trace = NULL;
  ndg_status st = NDG_ENOMEM;
  a.plugins = ndg_calloc((size_t)argc + 1, sizeof *a.plugins);
  a.settings = ndg_calloc((size_t)argc + 1, sizeof *a.settings);
  if (!a.plugins || !a.settings) {
    ndg_fail(&e, st, "no memory for the command line");
    goto out;
  }
  st = parse(argc, argv, &a, &e);
  if (st >= 0 && a.help) {
    fputs(usage, stdout);
    goto out;
  }
  if (st >= 0) {
    st = run_script(&a, &trace, &e);
  }
  if (st >= 0 && (fflush(stdout) != 0 || ferror(stdout))) {
    st = ndg_fail(&e, NDG_EIO, "cannot write to standard output: %s", strerror(errno));
  }
out:
  if (st < 0) {
    fflush(stdout);
    fprintf(stderr, "nudge: %s\n", e.text);
    if (trace) {
      fprintf(stderr, "%s\n", trace);
    }
  }
  ndg_free(trace);
  ndg_free(a.settings);
  ndg_free(a.plugins);
  return st < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
