/* SPDX-License-Identifier: MIT */
/* Loads every fixture and compares what the loader says with the fixture's `expected` file: one
   line, "loaded", "warning: TEXT" or "error: TEXT", in which {path} and {sound} stand for files.
   Arguments: the sound plugin, then pairs of fixture and expected file. Prints TAP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "plugin/fp_state.h"
#include "plugin/registry.h"

enum { TEXT_SIZE = 2048 };

static void keep_warning(void *context, int level, const char *line) {
  (void)level;
  (void)snprintf(context, TEXT_SIZE, "warning: %s", line);
}

static void replace(char *text, const char *key, const char *value) {
  char result[TEXT_SIZE];
  for (char *p = text; (p = strstr(p, key)) != NULL; p += strlen(value)) {
    *p = '\0';
    (void)snprintf(result, sizeof result, "%s%s%s", text, value, p + strlen(key));
    memcpy(text, result, sizeof result);
  }
}

static int read_expected(const char *file, const char *sound, const char *path, char *out) {
  FILE *f = fopen(file, "r");
  if (!f)
    return -1;
  const int ok = fgets(out, TEXT_SIZE, f) != NULL;
  (void)fclose(f);
  out[strcspn(out, "\n")] = '\0';
  replace(out, "{sound}", sound);
  replace(out, "{path}", path);
  return ok ? 0 : -1;
}

/* What loading the fixture says, or a sentence about what else went wrong. */
static void load(const char *sound, const char *path, int after_sound, char *said) {
  ndg_registry *r = NULL;
  ndg_error e = {.code = NDG_OK};
  const ndg_fp_state before = ndg_fp_state_get();
  (void)snprintf(said, TEXT_SIZE, "loaded");
  ndg_log_to(keep_warning, said, NDG_LOG_INFO);
  ndg_status st = ndg_registry_create(&r, &e);
  if (st == NDG_OK && after_sound)
    st = ndg_registry_load(r, sound, &e);
  const uint64_t n_before = st == NDG_OK ? ndg_registry_count(r, NULL) : 0;
  if (st == NDG_OK)
    st = ndg_registry_load(r, path, &e);
  if (st < 0)
    (void)snprintf(said, TEXT_SIZE, "error: %s", e.text);
  if (st < 0 && e.code != st)
    (void)snprintf(said, TEXT_SIZE, "returned %d, but the record says %d", st, e.code);
  if (st < 0 && ndg_registry_count(r, NULL) != n_before)
    (void)snprintf(said, TEXT_SIZE, "components of a refused plugin stayed");
  const ndg_fp_state after = ndg_fp_state_get();
  if (before.control != after.control || before.x87 != after.x87)
    (void)snprintf(said, TEXT_SIZE, "the floating-point mode is not what it was");
  ndg_registry_destroy(r);
}

/* Messages name a file as it was given, or resolved: with absolute paths the two are one. */
static char *absolute(const char *path) {
  char *resolved = realpath(path, NULL);
  if (!resolved) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  return resolved;
}

int main(int argc, char **argv) {
  static char expected[TEXT_SIZE], said[TEXT_SIZE];
  int failed = 0;
  char *sound = absolute(argv[1]);
  printf("1..%d\n", (argc - 2) / 2);
  for (int k = 2; k + 1 < argc; k += 2) {
    char *path = absolute(argv[k]);
    if (read_expected(argv[k + 1], sound, path, expected) < 0)
      (void)snprintf(expected, sizeof expected, "(cannot read %s)", argv[k + 1]);
    load(sound, path, strstr(expected, sound) && strcmp(sound, path) != 0, said);
    const int ok = strcmp(said, expected) == 0;
    failed += !ok;
    printf("%sok %d - %s\n", ok ? "" : "not ", k / 2, argv[k + 1]);
    if (!ok)
      printf("# said     %s\n# expected %s\n", said, expected);
    free(path);
  }
  free(sound);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
