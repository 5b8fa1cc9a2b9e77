/* SPDX-License-Identifier: MIT */
#include "check/fingerprint.h"

#include <string.h>

#include "plugin/options.h"

#define BASIS UINT64_C(0xcbf29ce484222325)
enum { MOST = 1000 }; /* of what a list or table may have */
/* Tables of shorter entries are not options; the host refuses them. */
enum { OPTION_SIZE = offsetof(ndg_option, choices) + sizeof(const ndg_choice *) };

/* FNV-1a: two texts of one plugin that differ need not resist an adversary. */
typedef struct sum {
  uint64_t value;
  bool endless;
} sum;

static void add_bytes(sum *s, const void *data, size_t n) {
  const unsigned char *p = data;
  for (size_t k = 0; k < n; k++)
    s->value = (s->value ^ p[k]) * UINT64_C(0x100000001b3);
}

static void add_text(sum *s, const char *text) {
  const char none = 1;
  add_bytes(s, text ? text : &none, text ? strlen(text) + 1 : 1);
}

static void add_value(sum *s, const ndg_value *v) {
  add_bytes(s, &v->i, sizeof v->i);
  add_bytes(s, &v->d, sizeof v->d);
  add_text(s, v->s);
}

static void add_ids(sum *s, const char *const *ids) {
  int n = 0;
  for (; ids && *ids && n < MOST; ids++, n++)
    add_text(s, *ids);
  add_text(s, NULL);
  s->endless = s->endless || n == MOST;
}

static void add_options(sum *s, const ndg_option *o, uint64_t stride) {
  int n = 0;
  for (; o && o->name && n < MOST; o = ndg_options_next(o, stride), n++) {
    add_text(s, o->name);
    add_text(s, o->doc);
    add_text(s, o->unit);
    add_bytes(s, &o->type, sizeof o->type);
    add_bytes(s, &o->flags, sizeof o->flags);
    add_bytes(s, &o->offset, sizeof o->offset);
    add_value(s, &o->def);
    add_value(s, &o->min);
    add_value(s, &o->max);
    int n_choices = 0;
    for (const ndg_choice *c = o->choices; c && c->name && n_choices < MOST; c++, n_choices++) {
      add_text(s, c->name);
      add_bytes(s, &c->value, sizeof c->value);
      add_text(s, c->doc);
    }
    s->endless = s->endless || n_choices == MOST;
  }
  s->endless = s->endless || n == MOST;
}

static void add_component(sum *s, const ndg_component *c, uint64_t stride) {
  if (!c || c->struct_size < offsetof(ndg_component, ops))
    return;
  add_bytes(s, &c->props, sizeof c->props);
  add_text(s, c->kind);
  add_text(s, c->id);
  add_text(s, c->version);
  add_text(s, c->title);
  add_text(s, c->doc);
  add_text(s, c->cite);
  add_ids(s, c->needs);
  add_ids(s, c->uses);
  add_ids(s, c->provides);
  add_options(s, c->options, stride);
  add_bytes(s, &c->options_size, sizeof c->options_size);
}

bool ndg_check_fingerprint(const ndg_plugin *p, uint64_t *out) {
  sum s = {.value = BASIS};
  if (p->magic != NDG_ABI_MAGIC || p->abi_major != NDG_ABI_MAJOR || p->n_components > MOST ||
      !p->components || p->option_size < OPTION_SIZE || p->option_size % 8 != 0)
    return false;
  add_bytes(&s, p, offsetof(ndg_plugin, name));
  add_text(&s, p->name);
  add_text(&s, p->version);
  add_text(&s, p->license);
  add_text(&s, p->build);
  for (uint64_t k = 0; k < p->n_components; k++)
    add_component(&s, p->components[k], p->option_size);
  *out = s.value;
  return !s.endless;
}

bool ndg_check_fingerprint_of(const ndg_loaded *l, uint64_t *out) {
  sum s = {.value = BASIS};
  add_component(&s, l->component, l->option_stride);
  *out = s.value;
  return !s.endless;
}
