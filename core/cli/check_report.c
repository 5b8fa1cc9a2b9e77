/* SPDX-License-Identifier: MIT */
#include "cli/check_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 100 };

static const char *const words[] = {
    [NDG_CHECK_PASS] = "pass",         [NDG_CHECK_FAILED] = "fail",  [NDG_CHECK_CRASHED] = "crash",
    [NDG_CHECK_TIMED_OUT] = "timeout", [NDG_CHECK_SKIPPED] = "skip", [NDG_CHECK_WARNED] = "warn"};

static bool is_bad(const ndg_check_result *r) {
  return r->outcome == NDG_CHECK_FAILED || r->outcome == NDG_CHECK_CRASHED ||
         r->outcome == NDG_CHECK_TIMED_OUT;
}

static void reproduction(const ndg_cli_check_report *p, const ndg_check_result *r, char *out,
                         size_t size) {
  char path[128];
  ndg_check_path(r->of, path, sizeof path);
  (void)snprintf(out, size, "nudge check%s %s%s%s --case %s --seed %" PRIu64 "%s", p->plugins,
                 p->operand, r->id ? " --id " : "", r->id ? r->id : "", path, r->seed,
                 p->quick ? " --quick" : "");
}

/* What a plugin printed, made harmless: one line of what can be shown. */
static void printed(const char *output, char *out, size_t size) {
  size_t n = 0;
  for (const unsigned char *p = (const unsigned char *)output; *p && *p != '\n' && n + 1 < size;
       p++)
    out[n++] = *p < 0x20 || *p >= 0x7f ? '?' : (char)*p;
  out[n] = '\0';
}

/* One fact about a result: on one line for programs (width 0), in lines of words for people. */
static void tell(const char *margin, int width, const char *name, const char *text) {
  const int indent = (int)strlen(margin) + 10;
  int column = printf("%s%-10s", margin, name);
  for (bool first = true;; first = false) {
    text += strspn(text, " ");
    const int n = (int)strcspn(text, " ");
    if (n == 0)
      break;
    if (!first && width > 0 && column + 1 + n > width) {
      printf("\n%*s", indent, "");
      column = indent;
    } else if (!first) {
      column += printf(" ");
    }
    column += printf("%.*s", n, text);
    text += n;
  }
  putchar('\n');
}

/* What explains a result. */
static void explain(const ndg_cli_check_report *p, const ndg_check_result *r, const char *margin,
                    int width) {
  char line[600], said[640];
  if (is_bad(r))
    tell(margin, width, "property", r->of->property);
  if (*r->text)
    tell(margin, width, is_bad(r) ? "found" : "because", r->text);
  if (*r->doing)
    tell(margin, width, "while", r->doing);
  if (r->n_output > 0) {
    printed(r->output, line, 200);
    (void)snprintf(said, sizeof said, "%" PRIu64 " bytes: %s", r->n_output, line);
    tell(margin, width, "printed", said);
  }
  if (!is_bad(r))
    return;
  printf("%s%-10s%" PRIu64 "\n", margin, "seed", r->seed);
  reproduction(p, r, line, sizeof line);
  printf("%s%-10s%s\n", margin, "again", line); /* to be copied: never cut */
}

/* Text for people: component, group, a line for each case. */

static void begin_text(ndg_cli_check_report *p) {
  printf("%s, seed %" PRIu64 "\n", p->file, p->seed);
}

static void result_text(void *context, const ndg_check_result *r) {
  ndg_cli_check_report *p = context;
  char component[sizeof p->component];
  (void)snprintf(component, sizeof component, "%s %s", r->id ? ndg_kind_noun(r->kind) : "",
                 r->id ? r->id : "");
  if (r->id && strcmp(component, p->component) != 0) {
    printf("\n%s\n", component);
    *p->group = '\0';
  }
  (void)snprintf(p->component, sizeof p->component, "%s", component);
  if (strcmp(p->group, r->of->group) != 0)
    printf("\n  %s\n", r->of->group);
  (void)snprintf(p->group, sizeof p->group, "%s", r->of->group);
  printf("    %-8s%-28s%6.2f s\n", words[r->outcome], r->of->name, r->seconds);
  explain(p, r, "            ", WIDTH);
  (void)fflush(stdout);
}

static void end_text(ndg_cli_check_report *p, const ndg_check_summary *s) {
  uint64_t n = 0;
  for (int k = 0; k < NDG_CHECK_N_OUTCOMES; k++)
    n += s->n[k];
  (void)p;
  printf("\n%" PRIu64 " case%s:", n, n == 1 ? "" : "s");
  for (int k = 0, written = 0; k < NDG_CHECK_N_OUTCOMES; k++) {
    if (s->n[k] > 0)
      printf("%s %" PRIu64 " %s", written++ ? "," : "", s->n[k], words[k]);
  }
  printf("; %.1f s\n", s->seconds);
}

const ndg_cli_check_format ndg_cli_check_text = {begin_text, result_text, end_text};

/* TAP. */

static void begin_tap(ndg_cli_check_report *p) {
  printf("# %s, seed %" PRIu64 "\n", p->file, p->seed);
}

static void result_tap(void *context, const ndg_check_result *r) {
  ndg_cli_check_report *p = context;
  char path[128];
  ndg_check_path(r->of, path, sizeof path);
  p->n++;
  printf("%sok %" PRIu64 " - %s%s%s", is_bad(r) ? "not " : "", p->n, r->id ? r->id : "",
         r->id ? " " : "", path);
  if (r->outcome == NDG_CHECK_SKIPPED)
    printf(" # SKIP %s\n", r->text);
  else
    printf("\n");
  if (r->outcome != NDG_CHECK_SKIPPED && r->outcome != NDG_CHECK_PASS) {
    printf("# outcome   %s\n", words[r->outcome]);
    explain(p, r, "# ", 0);
  }
  (void)fflush(stdout);
}

static void end_tap(ndg_cli_check_report *p, const ndg_check_summary *s) {
  (void)s;
  printf("1..%" PRIu64 "\n", p->n);
}

const ndg_cli_check_format ndg_cli_check_tap = {begin_tap, result_tap, end_tap};

/* JSON. */

static void begin_json(ndg_cli_check_report *p) {
  ndg_json_open(&p->json, NULL, '{');
  ndg_json_text(&p->json, "file", p->file);
  ndg_json_i64(&p->json, "seed", (int64_t)p->seed);
  ndg_json_open(&p->json, "cases", '[');
}

static void result_json(void *context, const ndg_check_result *r) {
  ndg_cli_check_report *p = context;
  ndg_json *j = &p->json;
  char line[600];
  ndg_json_open(j, NULL, '{');
  ndg_json_text(j, "id", r->id);
  ndg_json_text(j, "kind", r->kind);
  ndg_json_text(j, "group", r->of->group);
  ndg_json_text(j, "name", r->of->name);
  ndg_json_text(j, "property", r->of->property);
  ndg_json_text(j, "outcome", words[r->outcome]);
  ndg_json_text(j, "found", r->text);
  ndg_json_text(j, "while", r->doing);
  printed(r->output, line, 200);
  ndg_json_text(j, "printed", line);
  ndg_json_i64(j, "printed_bytes", (int64_t)r->n_output);
  ndg_json_f64(j, "seconds", r->seconds);
  reproduction(p, r, line, sizeof line);
  ndg_json_text(j, "again", line);
  ndg_json_close(j, '}');
}

static void end_json(ndg_cli_check_report *p, const ndg_check_summary *s) {
  ndg_json_close(&p->json, ']');
  ndg_json_open(&p->json, "outcomes", '{');
  for (int k = 0; k < NDG_CHECK_N_OUTCOMES; k++)
    ndg_json_i64(&p->json, words[k], (int64_t)s->n[k]);
  ndg_json_close(&p->json, '}');
  ndg_json_f64(&p->json, "seconds", s->seconds);
  ndg_json_close(&p->json, '}');
}

const ndg_cli_check_format ndg_cli_check_json = {begin_json, result_json, end_json};
