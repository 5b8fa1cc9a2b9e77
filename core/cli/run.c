/* SPDX-License-Identifier: MIT */
/* nudge run SCRIPT: an experiment in the embedded Lua. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/text.h"
#include "bind/host.h"
#include "cli/cli.h"
#include "cli/progress.h"

enum { MAX_THREADS = 256, DEFAULT_THREADS = 16 };

enum { SET, OUT, THREADS, RESUME, CHANGED_SCRIPT, PLUGIN, NO_STORE, VERBOSE };
enum { EXIT_INTERRUPTED = 130 }; /* as shells say it of SIGINT */
static const ndg_cli_option options[] = {
    {"--set", "NAME=VALUE", "Change a setting that the script declares; may be repeated."},
    {"--out", "DIR", "Folder for results, made if it is not there (default: .)."},
    {"--threads", "N", "Threads (default: one per processor); results do not depend on it."},
    {"--resume", "RUN", "Go on with a run of the folder that was stopped: its number, or last."},
    {"--changed-script", NULL,
     "With --resume: the script is not what it was; the run's manifest says so."},
    NDG_CLI_PLUGIN_OPTION,
    {"--no-store", NULL, "Keep no record of the run in the folder's nudge.db."},
    {"--verbose", NULL, "After an error, where it came from, call by call."},
    {"-v", NULL, "The same."},
    {NULL, NULL, NULL}};
static const ndg_cli_usage usage = {
    "run", "[SCRIPT]", "Run an experiment written in Lua, or go on with one.", options};

typedef struct run_arguments {
  const char *script, *out, *resume;
  uint32_t n_threads;
  bool verbose, no_store, changed_script;
  ndg_cli_plugins plugins;
  size_t n_settings;
  ndg_lua_setting *settings; /* room for argc; names lie in `texts` */
  char **texts;              /* likewise */
} run_arguments;

static int add_setting(run_arguments *a, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text) {
    return ndg_cli_fail("--set wants NAME=VALUE, got '%s'", text);
  }
  char *name = a->texts[a->n_settings] = ndg_strdup(text);
  if (!name) {
    return ndg_cli_fail("out of memory");
  }
  name[equals - text] = 0;
  for (size_t i = 0; i < a->n_settings; i++) {
    if (strcmp(a->settings[i].name, name) == 0) {
      return ndg_cli_fail("--set %s is given twice", name);
    }
  }
  a->settings[a->n_settings++] = (ndg_lua_setting){.name = name, .value = equals + 1};
  return 0;
}

static int set_threads(run_arguments *a, const char *text) {
  int64_t n = 0;
  if (ndg_parse_i64(text, strlen(text), &n) < 0 || n < 1 || n > MAX_THREADS) {
    return ndg_cli_fail("--threads wants a number from 1 to %d, got '%s'", MAX_THREADS, text);
  }
  a->n_threads = (uint32_t)n;
  return 0;
}

static int take_argument(run_arguments *a, int option, const char *value) {
  switch (option) {
  case NDG_CLI_OPERAND:
    if (a->script) {
      return ndg_cli_fail("one script at a time: '%s' follows '%s'", value, a->script);
    }
    a->script = value;
    return 0;
  case SET:
    return add_setting(a, value);
  case OUT:
    a->out = value;
    return *value ? 0 : ndg_cli_fail("--out wants the name of a folder");
  case THREADS:
    return set_threads(a, value);
  case RESUME:
    a->resume = value;
    return 0;
  case CHANGED_SCRIPT:
    a->changed_script = true;
    return 0;
  case PLUGIN:
    return ndg_cli_add_plugin(&a->plugins, value);
  case NO_STORE:
    a->no_store = true;
    return 0;
  default:
    a->verbose = true;
    return 0;
  }
}

static uint32_t default_threads(void) {
  const uint32_t n = ndg_processor_count();
  return n < DEFAULT_THREADS ? n : DEFAULT_THREADS;
}

/* How a run that was stopped can be gone on with: its options, but for the settings it knows. */
static void say_how_to_resume(const run_arguments *a, int64_t run) {
  fprintf(stderr, "nudge: to go on: nudge run --resume %" PRId64, run);
  if (a->out) {
    fprintf(stderr, " --out %s", a->out);
  }
  for (size_t i = 0; i < a->plugins.n; i++) {
    fprintf(stderr, " --plugin %s", a->plugins.files[i]);
  }
  fprintf(stderr, "\n");
}

static int explain(const run_arguments *a, const ndg_lua_host *host, const ndg_error *e) {
  ndg_cli_fail("%s", e->text);
  if (host->interrupted && host->run) {
    say_how_to_resume(a, host->run);
  }
  return host->interrupted ? EXIT_INTERRUPTED : EXIT_FAILURE;
}

static int run_script(const run_arguments *a, char **trace, ndg_error *e) {
  ndg_registry *registry = NULL;
  lua_State *L = NULL;
  ndg_cli_progress progress;
  ndg_lua_host host = {.n_threads = a->n_threads ? a->n_threads : default_threads(),
                       .out = a->out ? a->out : ".",
                       .library = ndg_cli_library_folder(),
                       .script = a->script,
                       .n_settings = a->n_settings,
                       .settings = a->settings,
                       .progress = ndg_cli_progress_report,
                       .phase_progress = ndg_cli_progress_phase,
                       .progress_clear = ndg_cli_progress_clear,
                       .progress_context = &progress,
                       .keep = !a->no_store,
                       .changed_script = a->changed_script,
                       .version = NDG_VERSION,
                       .compiler = NDG_COMPILER};
  ndg_cli_progress_start(&progress);
  ndg_status st = ndg_make_folders(host.out, e);
  if (st >= 0) {
    st = ndg_cli_open_registry(a->plugins.files, a->plugins.n, &registry, e);
  }
  if (st >= 0) {
    host.registry = registry;
    st = ndg_lua_open(&host, &L, e);
  }
  if (st >= 0 && a->resume) {
    st = ndg_lua_resume(&host, L, a->resume, e);
  }
  if (st >= 0) {
    st = ndg_lua_run_file(&host, L, host.script, a->verbose ? trace : NULL, e);
  }
  ndg_cli_progress_clear(&progress);
  const int status = st >= 0 ? EXIT_SUCCESS : explain(a, &host, e);
  ndg_lua_close(&host, L);
  ndg_registry_destroy(registry);
  return status;
}

static int parse_and_run(int argc, char **argv, run_arguments *a) {
  ndg_cli_arguments walk = ndg_cli_arguments_of(&usage, argc, argv);
  for (int option = ndg_cli_next(&walk); option != NDG_CLI_END; option = ndg_cli_next(&walk)) {
    if (option == NDG_CLI_STOP_OK || option == NDG_CLI_STOP_ERROR) {
      return option == NDG_CLI_STOP_ERROR;
    }
    if (take_argument(a, option, walk.value)) {
      return EXIT_FAILURE;
    }
  }
  if (!a->script && !a->resume) {
    return ndg_cli_fail("which script? nudge run SCRIPT");
  }
  if (a->changed_script && !a->resume) {
    return ndg_cli_fail("--changed-script is about a run that goes on: --resume RUN is missing");
  }
  if (a->resume && a->no_store) {
    return ndg_cli_fail("--resume goes on with a run of the store; leave --no-store out");
  }
  ndg_error e = {0};
  char *trace = NULL;
  const int status = run_script(a, &trace, &e);
  if (trace) {
    fprintf(stderr, "%s\n", trace);
  }
  ndg_free(trace);
  return status;
}

int ndg_cli_run(int argc, char **argv) {
  run_arguments a = {0};
  a.settings = ndg_calloc((size_t)argc + 1, sizeof *a.settings);
  a.texts = ndg_calloc((size_t)argc + 1, sizeof *a.texts);
  const int status =
      a.settings && a.texts ? parse_and_run(argc, argv, &a) : ndg_cli_fail("out of memory");
  for (int i = 0; a.texts && i <= argc; i++) {
    ndg_free(a.texts[i]);
  }
  ndg_free(a.texts);
  ndg_free(a.settings);
  return status;
}
