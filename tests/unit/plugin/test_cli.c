/* SPDX-License-Identifier: MIT */
/* The command line as a user meets it: output, one-line errors, exit status. NUDGE is the program,
   SOUND a plugin that is not bundled. */
#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"

enum { TEXT_SIZE = 1 << 17 };
static char said[TEXT_SIZE];

/* Runs nudge through the shell; `said` holds its standard output and error, in that order. */
static int nudge(const char *arguments) {
  char command[2048];
  (void)snprintf(command, sizeof command, "{ \"$NUDGE\" %s; } 2>&1", arguments);
  FILE *f = popen(command, "r");
  ck_assert_ptr_nonnull(f);
  const size_t n = fread(said, 1, sizeof said - 1, f);
  said[n] = '\0';
  const int status = pclose(f);
  ck_assert(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void says(const char *arguments, const char *part) {
  ck_assert_msg(nudge(arguments) == 0, "%s: %s", arguments, said);
  ck_assert_msg(strstr(said, part) != NULL, "%s: %s", arguments, said);
}

/* Refused: status 1 and nothing but this line. */
static void refuses(const char *arguments, const char *line) {
  ck_assert_msg(nudge(arguments) == 1, "%s: %s", arguments, said);
  const size_t n = strlen(said);
  ck_assert_msg(n > 0 && strchr(said, '\n') == said + n - 1, "%s: %s", arguments, said);
  said[n - 1] = '\0';
  ck_assert_str_eq(said, line);
}

/* The same, of a line whose beginning and end matter, because a path stands between them. */
static void refuses_with(const char *arguments, const char *first, const char *last) {
  ck_assert_msg(nudge(arguments) == 1, "%s: %s", arguments, said);
  const size_t n = strlen(said), m = strlen(last);
  ck_assert_msg(n > 0 && strchr(said, '\n') == said + n - 1, "%s: %s", arguments, said);
  said[n - 1] = '\0';
  ck_assert_msg(strncmp(said, first, strlen(first)) == 0, "%s: %s", arguments, said);
  ck_assert_msg(n - 1 >= m && strcmp(said + n - 1 - m, last) == 0, "%s: %s", arguments, said);
}

/* A reader of JSON that accepts all of the grammar and nothing else; NULL: wrong. */
static const char *json_value(const char *p);

static const char *json_space(const char *p) {
  return p + strspn(p, " \n\r\t");
}

static const char *json_string(const char *p) {
  if (*p++ != '"')
    return NULL;
  for (; *p != '"'; p++) {
    if ((unsigned char)*p < 0x20)
      return NULL;
    if (*p == '\\' && !strchr("\"\\/bfnrtu", *++p))
      return NULL;
  }
  return p + 1;
}

static const char *json_digits(const char *p) {
  const char *start = p;
  while (isdigit((unsigned char)*p))
    p++;
  return p > start ? p : NULL;
}

static const char *json_number(const char *p) {
  p += *p == '-';
  p = *p == '0' ? p + 1 : json_digits(p);
  if (p && *p == '.')
    p = json_digits(p + 1);
  if (p && (*p == 'e' || *p == 'E'))
    p = json_digits(p + 1 + (p[1] == '+' || p[1] == '-'));
  return p;
}

/* What stands between brackets; with keys it is an object. */
static const char *json_members(const char *p, char end, int keys) {
  p = json_space(p + 1);
  if (*p == end)
    return p + 1;
  for (;;) {
    p = keys ? json_string(json_space(p)) : p;
    p = p && keys ? json_space(p) : p;
    if (!p || (keys && *p++ != ':'))
      return NULL;
    p = json_value(p);
    if (!p || (*p != ',' && *p != end))
      return NULL;
    if (*p++ == end)
      return p;
  }
}

static const char *json_value(const char *p) {
  static const char *const words[] = {"true", "false", "null"};
  p = json_space(p);
  const char *end = NULL;
  if (*p == '{' || *p == '[')
    end = json_members(p, *p == '{' ? '}' : ']', *p == '{');
  else if (*p == '"')
    end = json_string(p);
  else if (*p == '-' || isdigit((unsigned char)*p))
    end = json_number(p);
  for (size_t k = 0; k < 3 && !end; k++)
    end = strncmp(p, words[k], strlen(words[k])) == 0 ? p + strlen(words[k]) : NULL;
  return end ? json_space(end) : NULL;
}

static void says_json(const char *arguments) {
  ck_assert_msg(nudge(arguments) == 0, "%s: %s", arguments, said);
  const char *end = json_value(said);
  ck_assert_msg(end && *end == '\0', "%s: not JSON: %s", arguments, said);
}

START_TEST(json_reader_can_fail) {
  static const char *const wrong[] = {"",      "{",       "[1,]",    "{\"a\" 1}", "{a: 1}",
                                      "01 02", "\"a\n\"", "\"\\x\"", "nul",       "1."};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    const char *end = json_value(wrong[k]);
    ck_assert_msg(!end || *end != '\0', "%s", wrong[k]);
  }
  ck_assert_str_eq(json_value(" {\"a\": [-1.5e-3, \"\\u00e9\", {}], \"b\": null} "), "");
}
END_TEST

/* Nothing is set, and the plugins of the build tree are found, from any folder. */
START_TEST(lists_the_build_tree) {
  char before[4096];
  ck_assert_ptr_nonnull(getcwd(before, sizeof before));
  ck_assert_int_eq(chdir("/"), 0);
  says("list", "learner  quadratic");
  ck_assert_ptr_nonnull(strstr(said, "learner  complex_synapse"));
  ck_assert_ptr_nonnull(strstr(said, "rule     contrastive"));
  ck_assert_ptr_nonnull(strstr(said, "rule     implicit"));
  ck_assert_ptr_nonnull(strstr(said, "rule     unrolled"));
  ck_assert_int_eq(chdir(before), 0);
}
END_TEST

START_TEST(valid_json) {
  says_json("list --json");
  says_json("info quadratic --json");
  says_json("info complex_synapse --json");
  says_json("info contrastive --json");
  says_json("info implicit --json");
  says_json("info unrolled --json");
  ck_assert_ptr_nonnull(strstr(said, "\"kind\": \"nudge.rule/1\""));
  says_json("--plugin \"$SOUND\" info sound --json");
  ck_assert_ptr_nonnull(strstr(said, "\"min\": 1,\n"));
}
END_TEST

START_TEST(plugin_option) {
  says("--plugin \"$SOUND\" list", "rule     sound");
  says("list --plugin \"$SOUND\"", "rule     sound");
  says("list --plugin=\"$SOUND\"", "rule     sound");
  says("list --plugin \"$SOUND\" --plugin \"$SOUND\"", "rule     sound");
  refuses("list --plugin /nowhere.so", "nudge: cannot read /nowhere.so: No such file or directory");
  refuses("list --plugin /dev/null", "nudge: /dev/null: not a plugin: not a regular file");
  refuses("list --plugin", "nudge: option '--plugin' needs a value: --plugin FILE");
}
END_TEST

START_TEST(info_shows_the_table) {
  says("--plugin \"$SOUND\" info sound", "rule sound 1.0.0: A sound rule\n");
  ck_assert_ptr_nonnull(strstr(said, "  steps: integer in [1, 1000], default 20\n"
                                     "      Number of steps.\n"));
  ck_assert_ptr_nonnull(strstr(said, "Needs     nudge.learner.nudge/1\n"));
  says("--plugin \"$SOUND\" info sound --markdown",
       "| `steps` | integer in [1, 1000] | `20` | Number of steps. |\n");
}
END_TEST

START_TEST(help_of_every_verb) {
  static const char *const verbs[] = {"run", "list", "info", "check", "version", "help"};
  char arguments[64], usage[64];
  says("help", "usage: nudge ");
  says("--help", "usage: nudge ");
  for (size_t k = 0; k < sizeof verbs / sizeof *verbs; k++) {
    (void)snprintf(usage, sizeof usage, "usage: nudge %s", verbs[k]);
    (void)snprintf(arguments, sizeof arguments, "%s --help", verbs[k]);
    says(arguments, usage);
    (void)snprintf(arguments, sizeof arguments, "help %s", verbs[k]);
    says(arguments, usage);
    says("help", verbs[k]);
  }
}
END_TEST

START_TEST(version_names_the_parts) {
  static const char *const parts[] = {"nudge ",   "ABI ",       "compiler ", "BLAS ",
                                      "kernels ", "processor ", "Lua "};
  says("--version", "nudge ");
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
    says("version", parts[k]);
}
END_TEST

START_TEST(mistakes) {
  refuses("", "nudge: no verb is given; see 'nudge help'");
  refuses("lst", "nudge: there is no verb 'lst'; did you mean 'list'?");
  refuses("frobnicate", "nudge: there is no verb 'frobnicate'; see 'nudge help'");
  refuses("help frobnicate", "nudge: there is no verb 'frobnicate'; see 'nudge help'");
  refuses("--frob list", "nudge: there is no option '--frob' before a verb; see 'nudge help'");
  refuses("list --jsn", "nudge: 'list' has no option '--jsn'; did you mean '--json'?");
  refuses("list --frobnicate",
          "nudge: 'list' has no option '--frobnicate'; see 'nudge list --help'");
  refuses("list --json=1", "nudge: option '--json' takes no value");
  refuses("list x", "nudge: 'list' takes no argument, got 'x'");
  refuses("version -- --json", "nudge: 'version' takes no argument, got '--json'");
  refuses("info", "nudge: 'info' needs the ID of a component; 'nudge list' shows them");
  refuses("info a b", "nudge: 'info' takes one ID, got 'a' and 'b'");
  refuses(
      "info contrastiv",
      "nudge: no component 'contrastiv'; did you mean 'contrastive'? There are: complex_synapse, "
      "modulated_net, quadratic, contrastive, fomaml, implicit, reptile, unrolled");
}
END_TEST

START_TEST(checks) {
  static const char *const modes[] = {"", "--tap", "--json"};
  char arguments[100];
  for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
    (void)snprintf(arguments, sizeof arguments, "check quadratic --case descriptor %s", modes[k]);
    says(arguments, "exact_ids");
    ck_assert_ptr_null(strstr(said, "quiet"));
  }
  says_json("check quadratic --quick --json");
  ck_assert_ptr_nonnull(strstr(said, "\"fail\": 0,\n"));
  says("check \"$SOUND\" --case 'life cycle/quiet' --tap", "1..1\n");
  says("check quadratic --case life-cycle/quiet --jobs 1 --seed 12345678901234",
       "seed 12345678901234");
  says("check --list", "hessian_symmetry");
}
END_TEST

START_TEST(mistakes_in_checks) {
  refuses("check",
          "nudge: 'check' needs a plugin's file, a script, or the ID of a component; 'nudge "
          "list' shows them");
  refuses("check a b", "nudge: 'check' takes one file or ID, got 'a' and 'b'");
  refuses("check /nowhere.so", "nudge: cannot read /nowhere.so: No such file or directory");
  refuses("check nowhere.lua", "nudge: cannot read nowhere.lua: No such file or directory");
  refuses("check quadratc --case library",
          "nudge: no component 'quadratc'; did you mean 'quadratic'? There are: complex_synapse, "
          "modulated_net, quadratic, contrastive, fomaml, implicit, reptile, unrolled");
  refuses_with("check \"$SOUND\" --id other --case descriptor",
               "nudge: ", "sound.so has no component 'other'; there are: sound");
  refuses_with("check contrastive --case mathematics", "nudge: no case 'mathematics' applies to ",
               "contrastive.so");
  refuses_with("check quadratic --case mathematic", "nudge: no case is called 'mathematic'; ",
               "'nudge check --list' shows all");
  refuses("check quadratic --seed -1", "nudge: option '--seed' is '-1', must be an integer from 0 "
                                       "to 9223372036854775807");
  refuses("check quadratic --jobs 0",
          "nudge: option '--jobs' is '0', must be an integer from 1 to 16");
  refuses("check quadratic --time-limit 0",
          "nudge: option '--time-limit' is '0', must be a number in (0, 1000000]");
}
END_TEST

START_TEST(no_plugins) {
  ck_assert_int_eq(setenv("NUDGE_PLUGIN_PATH", "", 1), 0);
  says("list", "no plugins are found; see --plugin and NUDGE_PLUGIN_PATH\n");
  says_json("list --json");
  refuses("info quadratic", "nudge: no component 'quadratic'; no component is loaded");
  ck_assert_int_eq(setenv("NUDGE_PLUGIN_PATH", "/nowhere", 1), 0);
  refuses("list", "nudge: cannot read plugin folder /nowhere: No such file or directory");
  (void)unsetenv("NUDGE_PLUGIN_PATH");
}
END_TEST

START_TEST(unwritable_output) {
  refuses("list >/dev/full", "nudge: cannot write to standard output: No space left on device");
  refuses("help >/dev/full", "nudge: cannot write to standard output: No space left on device");
}
END_TEST

int main(void) {
  Suite *s = suite_create("cli");
  TCase *t = tcase_create("cli");
  (void)unsetenv("NUDGE_PLUGIN_PATH");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, json_reader_can_fail);
  tcase_add_test(t, lists_the_build_tree);
  tcase_add_test(t, valid_json);
  tcase_add_test(t, plugin_option);
  tcase_add_test(t, info_shows_the_table);
  tcase_add_test(t, help_of_every_verb);
  tcase_add_test(t, version_names_the_parts);
  tcase_add_test(t, mistakes);
  tcase_add_test(t, checks);
  tcase_add_test(t, mistakes_in_checks);
  tcase_add_test(t, no_plugins);
  tcase_add_test(t, unwritable_output);
  suite_add_tcase(s, t);
  return run_suite(s);
}
