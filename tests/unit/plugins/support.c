/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/text.h"
#include "nudge/rng.h"

static ndg_registry *registry;
static ndg_arena *arena;

const ndg_registry *bundled(void) {
  ndg_error e = {0};
  if (registry) {
    return registry;
  }
  const char *folder = getenv("NUDGE_TEST_PLUGINS");
  ck_assert_msg(folder != NULL, "NUDGE_TEST_PLUGINS is not set");
  arena = ndg_arena_create(1 << 16);
  ck_assert_ptr_nonnull(arena);
  ck_assert_msg(ndg_registry_create(&registry, &e) == NDG_OK, "%s", e.text);
  ck_assert_msg(ndg_registry_load_folder(registry, folder, false, &e) == NDG_OK, "%s", e.text);
  const char *fixture = getenv("NUDGE_TEST_FIXTURE");
  if (fixture) {
    ck_assert_msg(ndg_registry_load(registry, fixture, &e) == NDG_OK, "%s", e.text);
  }
  return registry;
}

void close_support(void) {
  ndg_registry_destroy(registry);
  ndg_arena_destroy(arena);
  registry = NULL;
  arena = NULL;
}

ndg_status try_open(const char *kind, const char *id, const char *options, ndg_instance *out,
                    ndg_error *e) {
  enum { MOST = 32 };
  ndg_named_any given[MOST];
  uint64_t n = 0;
  const ndg_registry *loaded = bundled();
  char *rest = ndg_arena_strdup(arena, options), *save = NULL;
  for (char *p = strtok_r(rest, ";", &save); p; p = strtok_r(NULL, ";", &save)) {
    p += strspn(p, " ");
    char *value = strchr(p, '=');
    if (!value) {
      continue;
    }
    *value++ = 0;
    ck_assert_uint_lt(n, MOST);
    given[n++] = (ndg_named_any){.name = p, .value = {.type = NDG_ANY_STR, .as = {.s = value}}};
  }
  return ndg_instance_open(loaded, kind, id, given, n, arena, out, e);
}

static ndg_instance open_or_fail(const char *kind, const char *id, const char *options) {
  ndg_instance instance = {NULL, NULL};
  ndg_error e = {0};
  ck_assert_msg(try_open(kind, id, options, &instance, &e) == NDG_OK, "%s {%s}: %s", id, options,
                e.text);
  return instance;
}

ndg_instance open_learner(const char *id, const char *options) {
  return open_or_fail(NDG_KIND_LEARNER, id, options);
}

ndg_instance open_rule(const char *id, const char *options) {
  return open_or_fail(NDG_KIND_RULE, id, options);
}

void check_refused(const char *kind, const char *id, const char *options, const char *expected) {
  ndg_instance instance;
  ndg_error e = {0};
  const ndg_status st = try_open(kind, id, options, &instance, &e);
  ck_assert_msg(st == NDG_EINVAL, "%s {%s}: status %d", id, options, st);
  ck_assert_msg(strstr(e.text, expected) != NULL, "%s {%s}: '%s' lacks '%s'", id, options, e.text,
                expected);
}

ndg_array real_array(const char *name, uint32_t role, ndg_shape shape, const double *data) {
  return (ndg_array){.name = name, .kind = NDG_REAL, .role = role, .shape = shape, .data = data};
}

ndg_array index_array(const char *name, uint32_t role, uint64_t n, const int32_t *data,
                      uint64_t n_values) {
  return (ndg_array){.name = name,
                     .kind = NDG_INDEX,
                     .role = role,
                     .shape = NDG_VECTOR(n),
                     .data = data,
                     .n_values = n_values};
}

void fill(uint64_t seed, double *out, uint64_t n) {
  ndg_rng rng = {seed, 1, 2, 3};
  (void)ndg_rng_next(&rng);
  (void)ndg_rng_next(&rng);
  for (uint64_t i = 0; i < n; i++) {
    out[i] = 2 * ndg_rng_uniform(&rng) - 1;
  }
}

/* Text of a data file, or NULL where it is not there. */
static char *read_text(const char *relative) {
  char path[4096], *text = NULL;
  size_t length;
  ndg_error e = {0};
  if (ndg_data_find(relative, path, sizeof path, &e) == NDG_ENOTFOUND) {
    return NULL;
  }
  ck_assert_msg(ndg_file_read(path, &text, &length, &e) == NDG_OK, "%s", e.text);
  return text;
}

/* n numbers with anything that is not a number between them. */
static void scan(const char *text, double *out, uint64_t n) {
  const char *end = text + strlen(text);
  for (uint64_t i = 0; i < n; i++) {
    text += strcspn(text, "+-.0123456789");
    ck_assert_int_eq(ndg_scan_f64(text, (size_t)(end - text), &out[i], &text), NDG_OK);
  }
}

double *read_numbers(const char *relative, uint64_t n) {
  char *text = read_text(relative);
  if (!text) {
    return NULL;
  }
  double *out = ndg_calloc(n, sizeof *out);
  ck_assert_ptr_nonnull(out);
  scan(text, out, n);
  ndg_free(text);
  return out;
}

bool read_json_numbers(const char *relative, const char *key, double *out, uint64_t n) {
  char quoted[64], *text = read_text(relative);
  if (!text) {
    return false;
  }
  (void)snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *at = strstr(text, quoted);
  ck_assert_msg(at != NULL, "%s has no %s", relative, key);
  scan(at + strlen(quoted), out, n);
  ndg_free(text);
  return true;
}

int run_suite(const char *name, TCase *tests) {
  Suite *suite = suite_create(name);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  close_support();
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
