/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void open_by_hand(const char *path, by_hand *h) {
  ndg_error e = {0};
  ndg_check *c = &h->check;
  memset(h, 0, sizeof *h);
  c->arena = ndg_arena_create(4096);
  c->doing = h->doing;
  c->file = path;
  c->seed = 1;
  c->messages = memfd_create("messages", 0);
  ck_assert_int_ge(c->messages, 0);
  ck_assert_ptr_nonnull(c->arena);
  ck_assert_int_eq(ndg_registry_create(&c->registry, &e), NDG_OK);
  ck_assert_msg(ndg_registry_load(c->registry, path, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(ndg_registry_count(c->registry, NULL), 1);
  c->subject = ndg_registry_at(c->registry, NULL, 0);
}

void close_by_hand(by_hand *h) {
  ndg_registry_destroy(h->check.registry);
  ndg_arena_destroy(h->check.arena);
  (void)close(h->check.messages);
}

const char *said(by_hand *h) {
  static char text[8192];
  const ssize_t n = pread(h->check.messages, text, sizeof text - 1, 0);
  ck_assert_int_ge(n, 0);
  for (ssize_t i = 0; i < n; i++)
    text[i] = text[i] ? text[i] : '\n';
  text[n] = 0;
  ck_assert_int_eq(ftruncate(h->check.messages, 0), 0);
  ck_assert_int_eq(lseek(h->check.messages, 0, SEEK_SET), 0);
  h->check.has_failed = h->check.has_warned = h->check.has_skipped = false;
  return text;
}
