/* SPDX-License-Identifier: MIT */
/* Group descriptor: what a component says about itself is well-formed, true and constant. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check/fingerprint.h"
#include "check/groups.h"
#include "plugin/names.h"
#include "plugin/option_table.h"

static void check_identity(ndg_check *c) {
  const ndg_component *k = c->subject->component;
  const char *const *const lists[] = {k->needs, k->uses, k->provides};
  if (!ndg_name_is_id(k->id))
    ndg_check_fail(c, "the id '%.80s' is malformed", k->id);
  if (!ndg_name_is_capability(k->kind))
    ndg_check_fail(c, "the kind '%.80s' is malformed", k->kind);
  for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
    for (const char *const *id = lists[l]; id && *id; id++) {
      if (!ndg_name_is_capability(*id))
        ndg_check_fail(c, "the capability '%.80s' is malformed", *id);
    }
  }
}

/* "1", "1.2", "1.2.3-beta": begins with a number. */
static void check_texts(ndg_check *c) {
  const ndg_component *k = c->subject->component;
  if (!isdigit((unsigned char)k->version[0]))
    ndg_check_fail(c, "the version '%.40s' does not begin with a digit", k->version);
  if (strchr(k->title, '\n'))
    ndg_check_fail(c, "the title has more than one line");
  if (strlen(k->doc) < 10 || strcmp(k->doc, k->title) == 0)
    ndg_check_warn(c, "the doc says no more than the title: '%.80s'", k->doc);
}

static bool is_sentence(const char *doc) {
  const size_t n = strlen(doc);
  return n > 1 && strchr(".!?)", doc[n - 1]) != NULL && !strchr(doc, '\n');
}

static void check_option_docs(ndg_check *c) {
  const ndg_loaded *l = c->subject;
  uint64_t n = 0;
  for (const ndg_option *o = l->component->options; o && o->name;
       o = ndg_options_next(o, l->option_stride), n++) {
    if (!o->doc || !*o->doc)
      ndg_check_fail(c, "option '%s' has no doc", o->name);
    else if (!is_sentence(o->doc))
      ndg_check_warn(c, "the doc of option '%s' is no sentence on one line: '%.80s'", o->name,
                     o->doc);
    for (const ndg_choice *choice = o->choices; choice && choice->name; choice++) {
      if (!choice->doc || !*choice->doc)
        ndg_check_fail(c, "choice '%s' of option '%s' has no doc", choice->name, o->name);
    }
  }
  if (n == 0)
    ndg_check_skip(c, "it has no options");
}

static void check_option_table(ndg_check *c) {
  const ndg_loaded *l = c->subject;
  ndg_error e = {.code = NDG_OK};
  if (ndg_options_validate("its table", l->component->options, l->option_stride,
                           l->component->options_size, &e) < 0)
    ndg_check_fail(c, "%s", e.text);
}

static const void *extension(const ndg_check *c, const char *id) {
  const ndg_loaded *l = c->subject;
  const bool learner = strcmp(l->component->kind, NDG_KIND_LEARNER) == 0;
  return learner && l->ops.learner.extension ? l->ops.learner.extension(id) : NULL;
}

/* A table begins with its size; the frozen ones of ABI 1 do so too. */
static void check_answer(ndg_check *c, const char *id) {
  ndg_check_doing(c, "asking for extension '%s'", id);
  const void *first = extension(c, id);
  if (!first)
    return;
  if (extension(c, id) != first)
    ndg_check_fail(c, "'%s' is answered with another pointer the second time", id);
  if ((uintptr_t)first % 8 != 0) {
    ndg_check_fail(c, "'%s' is answered with a pointer that is no multiple of 8", id);
    return;
  }
  uint32_t size;
  memcpy(&size, first, sizeof size);
  if (size < 8 || size > 1 << 16 || size % 8 != 0)
    ndg_check_fail(c, "the table behind '%s' has struct_size %" PRIu32, id, size);
}

/* Ids that a kind of nudge's own has a meaning for. */
static const char *const known[] = {
    NDG_CAP_GRAPH,           NDG_CAP_NUDGE,       NDG_CAP_SECOND_ORDER, NDG_CAP_COMPLEX,
    NDG_CAP_TRANSPOSED_STEP, NDG_CAP_CLOSED_FORM, NDG_CAP_META_START,   NDG_CAP_EXAMPLE};
static const char *const needing_answer[] = {NDG_CAP_CLOSED_FORM, NDG_CAP_EXAMPLE};

static void check_provided(ndg_check *c) {
  const char *const *provides = c->subject->component->provides;
  for (const char *const *id = provides; id && *id; id++)
    check_answer(c, *id);
  for (size_t k = 0; k < sizeof needing_answer / sizeof *needing_answer; k++) {
    if (ndg_ids_contain(provides, needing_answer[k]) && !extension(c, needing_answer[k]))
      ndg_check_fail(c, "it provides '%s' but extension() answers NULL", needing_answer[k]);
  }
  /* Third parties' extensions need no answer of a table that nudge knows, but some answer. */
  for (const char *const *id = provides; id && *id; id++) {
    if (strncmp(*id, "nudge.", 6) != 0 && !extension(c, *id))
      ndg_check_fail(c, "it provides '%s' but extension() answers NULL", *id);
  }
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    if (!ndg_ids_contain(provides, known[k]) && extension(c, known[k]))
      ndg_check_fail(c, "extension() answers '%s', which it does not say it provides", known[k]);
  }
}

static void expect_null(ndg_check *c, const char *id) {
  ndg_check_doing(c, "asking for extension '%s'", id);
  if (extension(c, id))
    ndg_check_fail(c, "extension(\"%s\") answers; only exact ids may be answered", id);
}

/* Ids near those that are provided, and ids that mean nothing. */
static void check_exact(ndg_check *c) {
  static const char *const strange[] = {
      "", "/", "nudge", "nudge.learner", "nudge.learner.", "%s%n", "nudge.learner.none/1"};
  ndg_rng r = ndg_check_stream(c, "extension ids");
  char id[200];
  for (size_t k = 0; k < sizeof strange / sizeof *strange; k++)
    expect_null(c, strange[k]);
  for (int k = 0; k < 100; k++) {
    const size_t n = 1 + ndg_rng_next(&r) % 30;
    for (size_t i = 0; i < n; i++)
      id[i] = (char)(' ' + ndg_rng_next(&r) % 95);
    id[n] = '\0';
    expect_null(c, id);
  }
  for (const char *const *p = c->subject->component->provides; p && *p; p++) {
    const size_t n = strlen(*p);
    static const char *const garbage[] = {"0", "x", " ", "/1", ".more"};
    for (size_t k = 0; k < sizeof garbage / sizeof *garbage; k++) {
      (void)snprintf(id, sizeof id, "%s%s", *p, garbage[k]);
      expect_null(c, id);
    }
    (void)snprintf(id, sizeof id, "%.*s", (int)(n - 1), *p);
    expect_null(c, id);
    (void)snprintf(id, sizeof id, "X%s", *p);
    expect_null(c, id);
  }
}

/* Permissions of the memory that holds an address: "rw-p"; false where nobody says. */
static bool permissions(const void *address, char out[5]) {
  FILE *f = fopen("/proc/self/maps", "re");
  char line[512];
  bool found = false;
  while (f && !found && fgets(line, sizeof line, f)) {
    unsigned long first, end;
    if (sscanf(line, "%lx-%lx %4s", &first, &end, out) == 3)
      found = (uintptr_t)address >= first && (uintptr_t)address < end;
  }
  if (f)
    (void)fclose(f);
  return found;
}

static void check_read_only(ndg_check *c) {
  const ndg_loaded *l = c->subject;
  char now[5] = "";
  if (c->source->open) {
    ndg_check_skip(c, "a script's components are made at run time");
    return;
  }
  if (!permissions(l->plugin, now))
    ndg_check_skip(c, "this system does not say where memory can be written");
  else if (now[1] == 'w')
    ndg_check_fail(c, "ndg_plugin_1 lies in memory that can be written (%s); declare it const",
                   now);
  else if (l->component->options && permissions(l->component->options, now) && now[1] == 'w')
    ndg_check_fail(c, "its option table lies in memory that can be written (%s); declare it const",
                   now);
}

/* [main; case; cheap] Defaults, extensions and operations that only look are used; does what it
   says about itself stay? Layout and build are judged in the group life cycle. */
static void check_constant(ndg_check *c) {
  uint64_t before, after;
  ndg_instance instance;
  ndg_error e = {.code = NDG_OK};
  if (!ndg_check_fingerprint_of(c->subject, &before)) {
    ndg_check_skip(c, "what it says about itself cannot be read");
    return;
  }
  (void)ndg_check_open(c, NULL, 0, &instance, &e);
  (void)extension(c, NDG_CAP_CLOSED_FORM);
  (void)extension(c, "nudge.learner.none/1");
  if (!ndg_check_fingerprint_of(c->subject, &after) || before != after)
    ndg_check_fail(c, "its texts, lists or options changed when it was used");
}

const ndg_check_case ndg_check_descriptor[] = {
    {.group = "descriptor",
     .name = "identity",
     .property = "id, kind and capabilities are well-formed",
     .run = check_identity},
    {.group = "descriptor",
     .name = "texts",
     .property = "version, title and doc say what they should",
     .run = check_texts},
    {.group = "descriptor",
     .name = "option_docs",
     .property = "every option and choice has a doc of one sentence",
     .run = check_option_docs},
    {.group = "descriptor",
     .name = "option_table",
     .property = "names are unique, defaults in range, offsets inside the struct and apart",
     .run = check_option_table},
    {.group = "descriptor",
     .name = "provided",
     .property = "extension() answers what it provides, and always with the same table",
     .run = check_provided},
    {.group = "descriptor",
     .name = "exact_ids",
     .property = "extension() answers only exact ids",
     .run = check_exact},
    {.group = "descriptor",
     .name = "read_only",
     .property = "descriptor and option table are const data",
     .run = check_read_only},
    {.group = "descriptor",
     .name = "constant",
     .property = "what it says about itself does not change",
     .run = check_constant},
    {.group = NULL},
};
