/* SPDX-License-Identifier: MIT */
/* Conformance of a plugin or a script, case by case. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "bind/host.h"
#include "check/run.h"
#include "cli/check_report.h"
#include "cli/cli.h"

enum { ID, CASE, SEED, QUICK, TIME_LIMIT, JSON, TAP, JOBS, LIST, PLUGIN };
static const ndg_cli_option options[] = {
    [ID] = {"--id", "ID", "Check only this component."},
    [CASE] = {"--case", "NAME", "Run only this case (group/name) or group."},
    [SEED] = {"--seed", "N", "Seed of everything that is drawn; default 1."},
    [QUICK] = {"--quick", NULL, "Repeat less where cases repeat."},
    [TIME_LIMIT] = {"--time-limit", "S",
                    "Seconds that each case may take, instead of its own limit."},
    [JSON] = {"--json", NULL, "Print JSON."},
    [TAP] = {"--tap", NULL, "Print TAP, version 12."},
    [JOBS] = {"--jobs", "N", "Cases at a time; default 2."},
    [LIST] = {"--list", NULL, "List the cases and what each of them asserts; check nothing."},
    [PLUGIN] = NDG_CLI_PLUGIN_OPTION,
    {NULL, NULL, NULL},
};
static const ndg_cli_usage usage = {
    "check", "FILE.so | SCRIPT.lua | ID",
    "Check that a plugin, a script's components, or a component that is found by its ID is what a\n"
    "learner or rule must be. Each case runs in a process of its own with a time limit, so that\n"
    "one that crashes or hangs is a result like any other. A case passes, fails, crashes, times\n"
    "out, warns, or is skipped because it does not apply. The exit status is 0 if none failed,\n"
    "crashed or timed out, else 1.",
    options};

typedef struct request {
  const char *operand, *id, *only;
  uint64_t seed;
  uint32_t jobs;
  double limit_s;
  bool quick, list;
  const ndg_cli_check_format *format;
  ndg_cli_plugins plugins;
} request;

static int take_number(const char *option, const char *text, int64_t least, int64_t most,
                       int64_t *out) {
  if (ndg_parse_i64(text, strlen(text), out) < 0 || *out < least || *out > most)
    return ndg_cli_fail("option '%s' is '%s', must be an integer from %lld to %lld", option, text,
                        (long long)least, (long long)most);
  return 0;
}

static int take(request *q, int option, const char *value) {
  int64_t number = 0;
  switch (option) {
  case NDG_CLI_OPERAND:
    if (q->operand)
      return ndg_cli_fail("'check' takes one file or ID, got '%s' and '%s'", q->operand, value);
    q->operand = value;
    return 0;
  case ID:
    q->id = value;
    return 0;
  case CASE:
    q->only = value;
    return 0;
  case SEED:
    if (take_number("--seed", value, 0, INT64_MAX, &number))
      return 1;
    q->seed = (uint64_t)number;
    return 0;
  case JOBS:
    if (take_number("--jobs", value, 1, 16, &number))
      return 1;
    q->jobs = (uint32_t)number;
    return 0;
  case TIME_LIMIT:
    if (ndg_parse_f64(value, strlen(value), &q->limit_s) < 0 || !(q->limit_s > 0) ||
        q->limit_s > 1e6)
      return ndg_cli_fail("option '--time-limit' is '%s', must be a number in (0, 1000000]", value);
    return 0;
  case QUICK:
    q->quick = true;
    return 0;
  case LIST:
    q->list = true;
    return 0;
  case PLUGIN:
    return ndg_cli_add_plugin(&q->plugins, value);
  default:
    q->format = option == JSON ? &ndg_cli_check_json : &ndg_cli_check_tap;
    return 0;
  }
}

static int list_cases(void) {
  const char *group = "";
  for (const ndg_check_case *const *t = ndg_check_groups; *t; t++) {
    for (const ndg_check_case *c = *t; c->group; c++) {
      if (strcmp(group, c->group) != 0)
        printf("%s%s\n", *group ? "\n" : "", c->group);
      group = c->group;
      printf("  %-28s%s%s%s\n", c->name, c->kind ? ndg_kind_noun(c->kind) : "",
             c->kind ? "s: " : "", c->property);
    }
  }
  return 0;
}

static bool ends_in(const char *text, const char *end) {
  const size_t n = strlen(text), m = strlen(end);
  return n > m && strcmp(text + n - m, end) == 0;
}

/* In the process of a case: the state of the script. */
static lua_State *script_state;

static void settle_script(void *context) {
  (void)context;
  if (script_state) {
    (void)lua_gc(script_state, LUA_GCCOLLECT);
    (void)lua_gc(script_state, LUA_GCCOLLECT); /* what finalisers let go */
  }
}

/* In the process of a case: the script defines components in the registry. Its state lives as long
   as the process, because they refer to it. */
static ndg_status open_script(void *context, ndg_registry *registry, ndg_error *e) {
  static ndg_lua_host host;
  lua_State *L = NULL;
  host = (ndg_lua_host){.registry = registry,
                        .n_threads = 1,
                        .out = ".",
                        .library = ndg_cli_library_folder(),
                        .script = context,
                        .define_only = true,
                        .version = NDG_VERSION,
                        .compiler = NDG_COMPILER};
  const ndg_status st = ndg_lua_open(&host, &L, e);
  script_state = L;
  return st < 0 ? st : ndg_lua_run_file(&host, L, context, NULL, e);
}

static ndg_status open_found(void *context, ndg_registry *r, ndg_error *e) {
  const ndg_cli_plugins *plugins = context;
  ndg_status st = ndg_registry_load_default(r, e);
  for (size_t k = 0; k < plugins->n && st >= 0; k++)
    st = ndg_registry_load(r, plugins->files[k], e);
  return st;
}

/* A folder may well have the name of the plugin in it. */
static bool is_file(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* A file by its name or because it is there; else an id. */
static ndg_status find_subject(request *q, ndg_check_subject *s, char **found, ndg_error *e) {
  const char *operand = q->operand;
  *found = NULL;
  *s = (ndg_check_subject){.file = operand};
  if (ends_in(operand, ".lua")) {
    s->open = open_script;
    s->settle = settle_script;
    s->context = (void *)(uintptr_t)operand;
    return NDG_OK;
  }
  if (strchr(operand, '/') || ends_in(operand, ".so") || is_file(operand))
    return NDG_OK;
  const ndg_status st = ndg_check_locate(open_found, &q->plugins, operand, found, e);
  s->file = *found;
  q->id = q->id ? q->id : operand;
  return st;
}

/* The first result shows that there is something to report. */
typedef struct reporting {
  const ndg_cli_check_format *format;
  ndg_cli_check_report report;
  bool begun;
} reporting;

static void take_result(void *context, const ndg_check_result *result) {
  reporting *r = context;
  if (!r->begun)
    r->format->begin(&r->report);
  r->begun = true;
  r->format->result(&r->report, result);
}

static int check(request *q) {
  char plugins[1000] = "";
  char *found = NULL;
  ndg_error e = {.code = NDG_OK};
  ndg_check_subject subject;
  ndg_check_summary summary;
  for (size_t k = 0; k < q->plugins.n; k++) {
    const size_t n = strlen(plugins);
    (void)snprintf(plugins + n, sizeof plugins - n, " --plugin %s", q->plugins.files[k]);
  }
  if (find_subject(q, &subject, &found, &e) < 0)
    return ndg_cli_fail("%s", e.text);
  if (access(subject.file, R_OK) != 0) {
    const int code = errno;
    ndg_free(found);
    return ndg_cli_fail("cannot read %s: %s", q->operand, strerror(code));
  }
  reporting r = {.format = q->format,
                 .report = {.operand = q->operand,
                            .plugins = plugins,
                            .file = subject.file,
                            .quick = q->quick,
                            .seed = q->seed}};
  const ndg_check_request what = {.subject = &subject,
                                  .id = q->id,
                                  .only = q->only,
                                  .seed = q->seed,
                                  .at_a_time = q->jobs,
                                  .quick = q->quick,
                                  .limit_s = q->limit_s,
                                  .report = take_result,
                                  .context = &r};
  const ndg_status st = ndg_check_run(&what, &summary, &e);
  if (r.begun)
    q->format->end(&r.report, &summary);
  ndg_free(found);
  if (st < 0)
    return ndg_cli_fail("%s", e.text);
  return summary.n[NDG_CHECK_FAILED] + summary.n[NDG_CHECK_CRASHED] +
             summary.n[NDG_CHECK_TIMED_OUT] >
         0;
}

int ndg_cli_check(int argc, char **argv) {
  ndg_cli_arguments a = ndg_cli_arguments_of(&usage, argc, argv);
  request q = {.seed = 1, .jobs = 2, .format = &ndg_cli_check_text};
  for (int k = ndg_cli_next(&a); k != NDG_CLI_END; k = ndg_cli_next(&a)) {
    if (k == NDG_CLI_STOP_OK || k == NDG_CLI_STOP_ERROR)
      return k == NDG_CLI_STOP_ERROR;
    if (take(&q, k, a.value))
      return 1;
  }
  if (q.list)
    return list_cases();
  if (!q.operand)
    return ndg_cli_fail("'check' needs a plugin's file, a script, or the ID of a component; 'nudge "
                        "list' shows them");
  return check(&q);
}
