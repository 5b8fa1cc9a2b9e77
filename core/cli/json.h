/* SPDX-License-Identifier: MIT */
/* JSON on stdout, written as it is known. key NULL: an element of a list, or the whole value. */
#ifndef NUDGE_CLI_JSON_H
#define NUDGE_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ndg_json {
  int depth;
  bool empty; /* nothing yet in the innermost object or list */
} ndg_json;

/* Contract of all: [main; any; I/O] */
void ndg_json_open(ndg_json *, const char *key, char bracket);
void ndg_json_close(ndg_json *, char bracket);
void ndg_json_text(ndg_json *, const char *key, const char *text); /* NULL: null */
void ndg_json_texts(ndg_json *, const char *key, const char *const *texts);
void ndg_json_bool(ndg_json *, const char *key, bool value);
void ndg_json_i64(ndg_json *, const char *key, int64_t value);
void ndg_json_f64(ndg_json *, const char *key, double value); /* not finite: null */
void ndg_json_null(ndg_json *, const char *key);

#endif
