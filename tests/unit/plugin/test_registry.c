/* SPDX-License-Identifier: MIT */
/* Loader and registry with sound plugins and damaged files; ways in which a plugin's own data can
   be wrong are in tests/broken. The plugins' paths come in SOUND and LONGER. */
#include <check.h>
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../suite.h"
#include "base/files.h"
#include "base/memory.h"
#include "plugin/registry.h"

enum { PATH_SIZE = 4096 };
static const char *sound, *longer;
static char folder[PATH_SIZE]; /* of this test, empty at its start */
static ndg_registry *r;
static ndg_arena *arena;
static ndg_error e;

static const char *in_folder(const char *name) {
  static char path[PATH_SIZE + 64];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void set_up(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/nudge-test-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(ndg_registry_create(&r, &e), NDG_OK);
  arena = ndg_arena_create(1024);
  (void)unsetenv("NUDGE_PLUGIN_PATH");
  (void)setenv("XDG_DATA_HOME", in_folder("nothing"), 1);
  memset(&e, 0, sizeof e);
}

static void remove_folder(void) {
  char command[PATH_SIZE + 16];
  (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
  ck_assert_int_eq(system(command), 0);
}

static void tear_down(void) {
  ndg_registry_destroy(r);
  ndg_arena_destroy(arena);
  remove_folder();
}

static void load(const char *path) {
  ck_assert_msg(ndg_registry_load(r, path, &e) == NDG_OK, "%s", e.text);
}

static void refused(const char *path, ndg_status st, const char *message) {
  const uint64_t before = ndg_registry_count(r, NULL);
  ck_assert_int_eq(ndg_registry_load(r, path, &e), st);
  ck_assert_int_eq(e.code, st);
  ck_assert_msg(strstr(e.text, path) && strstr(e.text, message), "%s", e.text);
  ck_assert_uint_eq(ndg_registry_count(r, NULL), before);
}

START_TEST(lists_in_order) {
  load(sound);
  load(longer);
  ck_assert_uint_eq(ndg_registry_count(r, NULL), 3);
  ck_assert_uint_eq(ndg_registry_count(r, NDG_KIND_RULE), 2);
  ck_assert_uint_eq(ndg_registry_count(r, NDG_KIND_LEARNER), 1);
  ck_assert_str_eq(ndg_registry_at(r, NULL, 0)->component->id, "org.test.learner");
  ck_assert_str_eq(ndg_registry_at(r, NULL, 1)->component->id, "org.test.longer");
  ck_assert_str_eq(ndg_registry_at(r, NULL, 2)->component->id, "sound");
  ck_assert_str_eq(ndg_registry_at(r, NDG_KIND_RULE, 1)->component->id, "sound");
  ck_assert_ptr_null(ndg_registry_at(r, NULL, 3));
  ck_assert_str_eq(ndg_registry_at(r, NULL, 2)->path, sound);
  ck_assert_str_eq(ndg_registry_at(r, NULL, 2)->plugin->name, "sound");
}
END_TEST

START_TEST(same_file_twice) {
  load(sound);
  load(sound);
  ck_assert_int_eq(symlink(sound, in_folder("link.so")), 0);
  load(in_folder("link.so"));
  ck_assert_uint_eq(ndg_registry_count(r, NULL), 1);
}
END_TEST

/* Two registries share what dlopen maps; closing one leaves the other's components readable. */
START_TEST(two_registries) {
  ndg_registry *other = NULL;
  load(sound);
  ck_assert_int_eq(ndg_registry_create(&other, &e), NDG_OK);
  ck_assert_int_eq(ndg_registry_load(other, sound, &e), NDG_OK);
  ndg_registry_destroy(other);
  ck_assert_str_eq(ndg_registry_at(r, NULL, 0)->component->title, "A sound rule");
}
END_TEST

START_TEST(later_minor_is_normalised) {
  const ndg_loaded *l = NULL;
  load(longer);
  ck_assert_int_eq(ndg_registry_find(r, NDG_KIND_RULE, "org.test.longer", &l, &e), NDG_OK);
  ck_assert_uint_eq(l->ops.rule.struct_size, sizeof(ndg_rule_ops));
  ck_assert_uint_eq(l->component->struct_size, sizeof(ndg_component));
  ck_assert_uint_eq(l->option_stride, sizeof(ndg_option) + 8);
  ck_assert(l->ops.rule.check != NULL && l->ops.rule.estimate != NULL);
  ck_assert(l->ops.rule.needs == NULL);
  ck_assert_int_eq(ndg_registry_find(r, NDG_KIND_LEARNER, "org.test.learner", &l, &e), NDG_OK);
  ck_assert_uint_eq(l->ops.learner.struct_size, sizeof(ndg_learner_ops));
  ck_assert(l->ops.learner.check == NULL && l->ops.learner.extension == NULL);
}
END_TEST

static void not_found(const char *kind, const char *id, const char *message) {
  const ndg_loaded *l = NULL;
  ck_assert_int_eq(ndg_registry_find(r, kind, id, &l, &e), NDG_ENOTFOUND);
  ck_assert_str_eq(e.text, message);
  ck_assert_ptr_null(l);
}

START_TEST(finds_and_suggests) {
  not_found(NDG_KIND_RULE, "sound", "no rule 'sound'; no rule is loaded");
  load(sound);
  load(longer);
  not_found(NDG_KIND_RULE, "soun",
            "no rule 'soun'; did you mean 'sound'? There are: org.test.longer, sound");
  not_found(NDG_KIND_RULE, "zzzzzz", "no rule 'zzzzzz'; there are: org.test.longer, sound");
  not_found(NDG_KIND_LEARNER, "sound",
            "no learner 'sound': it is a rule; there are: org.test.learner");
  not_found(NULL, "zzzzzz",
            "no component 'zzzzzz'; there are: org.test.learner, org.test.longer, sound");
}
END_TEST

START_TEST(no_such_file) {
  refused(in_folder("none.so"), NDG_ENOTFOUND, "cannot read ");
  refused(folder, NDG_EABI, "not a regular file");
  ck_assert_int_eq(mkfifo(in_folder("pipe.so"), 0600), 0);
  refused(in_folder("pipe.so"), NDG_EABI, "not a regular file");
}
END_TEST

START_TEST(unreadable_file) {
  if (geteuid() == 0)
    return; /* root reads everything */
  ck_assert_int_eq(ndg_file_write(in_folder("a.so"), "x", 1, &e), NDG_OK);
  ck_assert_int_eq(chmod(in_folder("a.so"), 0), 0);
  refused(in_folder("a.so"), NDG_EIO, "Permission denied");
}
END_TEST

static void write_file(const char *name, const char *data, size_t n) {
  ck_assert_msg(ndg_file_write(in_folder(name), data, n, &e) == NDG_OK, "%s", e.text);
}

/* Mapping a truncated object would end in SIGBUS, so every prefix must be seen before dlopen. */
START_TEST(every_truncation) {
  char *data = NULL;
  size_t length;
  ck_assert_int_eq(ndg_file_read(sound, &data, &length, &e), NDG_OK);
  for (size_t n = 0; n < length; n += n < 1024 ? 61 : 509) {
    write_file("cut.so", data, n);
    refused(in_folder("cut.so"), NDG_EABI, "not a plugin: ");
  }
  write_file("cut.so", data, length - 1);
  refused(in_folder("cut.so"), NDG_EABI, "truncated");
  ndg_free(data);
}
END_TEST

START_TEST(damaged_headers) {
  char *data = NULL;
  size_t length;
  ck_assert_int_eq(ndg_file_read(sound, &data, &length, &e), NDG_OK);
  Elf64_Ehdr *h = (Elf64_Ehdr *)(void *)data;
  const Elf64_Ehdr good = *h;
  static const char *const messages[] = {"not an ELF",
                                         "not a plugin for this machine",
                                         "not a plugin for this machine",
                                         "must be a shared object",
                                         "truncated",
                                         "truncated",
                                         "broken ELF header"};
  for (size_t k = 0; k < sizeof messages / sizeof *messages; k++) {
    *h = good;
    switch (k) {
    case 0:
      h->e_ident[EI_MAG1] = 'e';
      break;
    case 1:
      h->e_machine = EM_SPARC;
      break;
    case 2:
      h->e_ident[EI_CLASS] = ELFCLASS32;
      break;
    case 3:
      h->e_type = ET_REL;
      break;
    case 4:
      h->e_phoff = UINT64_MAX - 8;
      break;
    case 5:
      h->e_shnum = UINT16_MAX;
      break;
    default:
      h->e_phentsize = 8;
    }
    write_file("damaged.so", data, length);
    refused(in_folder("damaged.so"), NDG_EABI, messages[k]);
  }
  ndg_free(data);
}
END_TEST

/* A refused plugin leaves nothing behind that would stop a sound one. */
START_TEST(goes_on_after_refusal) {
  write_file("text.so", "text", 4);
  refused(in_folder("text.so"), NDG_EABI, "not an ELF");
  load(sound);
  ck_assert_uint_eq(ndg_registry_count(r, NULL), 1);
}
END_TEST

START_TEST(loads_a_folder) {
  ck_assert_int_eq(symlink(longer, in_folder("b.so")), 0);
  ck_assert_int_eq(symlink(sound, in_folder("a.so")), 0);
  write_file("notes.txt", "x", 1);
  write_file(".hidden.so", "x", 1);
  write_file("a.so.orig", "x", 1);
  ck_assert_msg(ndg_registry_load_folder(r, folder, false, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(ndg_registry_count(r, NULL), 3);
  write_file("c.so", "x", 1);
  ck_assert_int_eq(ndg_registry_load_folder(r, folder, false, &e), NDG_EABI);
  ck_assert_ptr_nonnull(strstr(e.text, "/c.so: not a plugin"));
  ck_assert_int_eq(ndg_registry_load_folder(r, in_folder("none"), true, &e), NDG_OK);
  ck_assert_int_eq(ndg_registry_load_folder(r, in_folder("none"), false, &e), NDG_ENOTFOUND);
  ck_assert_ptr_nonnull(strstr(e.text, "cannot read plugin folder "));
}
END_TEST

static void make_folder(const char *name) {
  ck_assert_int_eq(mkdir(in_folder(name), 0700), 0);
}

static uint64_t count_by_default(void) {
  ck_assert_msg(ndg_registry_load_default(r, &e) == NDG_OK, "%s", e.text);
  return ndg_registry_count(r, NULL);
}

START_TEST(path_variable) {
  char path[3 * PATH_SIZE];
  make_folder("one");
  make_folder("two");
  ck_assert_int_eq(symlink(sound, in_folder("one/s.so")), 0);
  ck_assert_int_eq(symlink(longer, in_folder("two/l.so")), 0);
  (void)snprintf(path, sizeof path, ":%s/one::%s/two:", folder, folder);
  (void)setenv("NUDGE_PLUGIN_PATH", path, 1);
  ck_assert_uint_eq(count_by_default(), 3);
  (void)snprintf(path, sizeof path, "%s/one:%s/three", folder, folder);
  (void)setenv("NUDGE_PLUGIN_PATH", path, 1);
  ck_assert_int_eq(ndg_registry_load_default(r, &e), NDG_ENOTFOUND);
  ck_assert_ptr_nonnull(strstr(e.text, "/three"));
}
END_TEST

/* Set but empty means none; an empty entry is not the current directory. */
START_TEST(never_the_current_directory) {
  char before[PATH_SIZE];
  ck_assert_ptr_nonnull(getcwd(before, sizeof before));
  ck_assert_int_eq(symlink(sound, in_folder("s.so")), 0);
  ck_assert_int_eq(chdir(folder), 0);
  (void)setenv("NUDGE_PLUGIN_PATH", "", 1);
  ck_assert_uint_eq(count_by_default(), 0);
  (void)setenv("NUDGE_PLUGIN_PATH", ":", 1);
  ck_assert_uint_eq(count_by_default(), 0);
  ck_assert_int_eq(chdir(before), 0);
}
END_TEST

START_TEST(user_folder) {
  make_folder("data");
  make_folder("data/nudge-1");
  make_folder("data/nudge-1/plugins");
  ck_assert_int_eq(symlink(sound, in_folder("data/nudge-1/plugins/s.so")), 0);
  const uint64_t installed = count_by_default();
  (void)setenv("XDG_DATA_HOME", in_folder("data"), 1);
  ck_assert_uint_eq(count_by_default(), installed + 1);
  const ndg_loaded *l = NULL;
  ck_assert_int_eq(ndg_registry_find(r, NDG_KIND_RULE, "sound", &l, &e), NDG_OK);
  ck_assert_str_eq(l->path, sound);
}
END_TEST

static ndg_status open_longer(int64_t even, ndg_instance *out) {
  const ndg_named_any given = {"even", {.type = NDG_ANY_I64, .as.i = even}};
  return ndg_instance_open(r, NDG_KIND_RULE, "org.test.longer", &given, 1, arena, out, &e);
}

START_TEST(opens_an_instance) {
  ndg_instance i;
  memset(&i, 0, sizeof i);
  load(longer);
  ck_assert_msg(open_longer(4, &i) == NDG_OK, "%s", e.text);
  ck_assert_str_eq(i.loaded->component->id, "org.test.longer");
  ck_assert_int_eq(*(const int64_t *)i.options, 4);
  ck_assert_int_eq(open_longer(3, &i), NDG_EINVAL);
  ck_assert_str_eq(e.text, "rule org.test.longer: even is 3, which is odd");
  ck_assert_int_eq(open_longer(99, &i), NDG_EINVAL);
  ck_assert_str_eq(e.text, "rule org.test.longer: refuses these options without saying why");
  ck_assert_int_eq(open_longer(-2, &i), NDG_EINVAL);
  ck_assert_str_eq(e.text, "rule org.test.longer: even is -2, must be in [0, 100]");
  ck_assert_int_eq(
      ndg_instance_open(r, NDG_KIND_LEARNER, "org.test.learner", NULL, 0, arena, &i, &e), NDG_OK);
  ck_assert_int_eq(ndg_instance_open(r, NDG_KIND_RULE, "x", NULL, 0, arena, &i, &e), NDG_ENOTFOUND);
}
END_TEST

START_TEST(lists_of_ids) {
  static const char *const ids[] = {"a.b/1", "c.d/2", NULL};
  ck_assert(ndg_ids_contain(ids, "c.d/2"));
  ck_assert(!ndg_ids_contain(ids, "c.d/22"));
  ck_assert(!ndg_ids_contain(ids, "c.d"));
  ck_assert(!ndg_ids_contain(NULL, "a.b/1"));
}
END_TEST

/* All that nudge allocates, from the empty registry to the open instance, fails once. */
static ndg_status everything(void) {
  ndg_registry *registry = NULL;
  ndg_arena *own = ndg_arena_create(64);
  ndg_instance i;
  ndg_status st = own ? ndg_registry_create(&registry, &e) : NDG_ENOMEM;
  if (st == NDG_OK)
    st = ndg_registry_load(registry, sound, &e);
  if (st == NDG_OK)
    st = ndg_registry_load(registry, longer, &e);
  ck_assert(!registry || ndg_registry_count(registry, NULL) <= 3);
  if (st == NDG_OK)
    st = ndg_instance_open(registry, NDG_KIND_RULE, "org.test.longer", NULL, 0, own, &i, &e);
  ndg_registry_destroy(registry);
  ndg_arena_destroy(own);
  return st;
}

START_TEST(out_of_memory) {
  uint64_t n = 0;
  ndg_status st = NDG_ENOMEM;
  for (; st != NDG_OK && n < 1000; n++) {
    e.text[0] = '\0';
    ndg_fail_allocations_after(n);
    st = everything();
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert_msg(st == NDG_OK || st == NDG_ENOMEM, "%d: %s", st, e.text);
  }
  ck_assert_int_eq(st, NDG_OK);
  ck_assert_uint_ge(n, 5);
}
END_TEST

/* The registry keeps resolved paths. */
static const char *resolved(const char *variable) {
  const char *path = getenv(variable);
  char *real = path ? realpath(path, NULL) : NULL;
  if (!real) {
    (void)fprintf(stderr, "%s must be the path of a plugin\n", variable);
    exit(EXIT_FAILURE);
  }
  return real;
}

int main(void) {
  Suite *s = suite_create("registry");
  TCase *t = tcase_create("registry");
  sound = resolved("SOUND");
  longer = resolved("LONGER");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_test(t, lists_in_order);
  tcase_add_test(t, same_file_twice);
  tcase_add_test(t, two_registries);
  tcase_add_test(t, later_minor_is_normalised);
  tcase_add_test(t, finds_and_suggests);
  tcase_add_test(t, no_such_file);
  tcase_add_test(t, unreadable_file);
  tcase_add_test(t, every_truncation);
  tcase_add_test(t, damaged_headers);
  tcase_add_test(t, goes_on_after_refusal);
  tcase_add_test(t, loads_a_folder);
  tcase_add_test(t, path_variable);
  tcase_add_test(t, never_the_current_directory);
  tcase_add_test(t, user_folder);
  tcase_add_test(t, opens_an_instance);
  tcase_add_test(t, lists_of_ids);
  tcase_add_test(t, out_of_memory);
  suite_add_tcase(s, t);
  return run_suite(s);
}
