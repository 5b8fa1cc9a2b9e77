/* SPDX-License-Identifier: MIT */
#include "cli/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/text.h"

static void put_string(const char *text) {
  putchar('"');
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    if (*p == '"' || *p == '\\')
      printf("\\%c", *p);
    else if (*p < 0x20 || *p == 0x7f)
      printf("\\u%04x", *p);
    else
      putchar(*p);
  }
  putchar('"');
}

/* Comma, line and key before a value. */
static void lead(ndg_json *j, const char *key) {
  if (j->depth > 0)
    printf("%s\n%*s", j->empty ? "" : ",", 2 * j->depth, "");
  j->empty = false;
  if (!key)
    return;
  put_string(key);
  fputs(": ", stdout);
}

void ndg_json_open(ndg_json *j, const char *key, char bracket) {
  lead(j, key);
  putchar(bracket);
  j->depth++;
  j->empty = true;
}

void ndg_json_close(ndg_json *j, char bracket) {
  j->depth--;
  if (!j->empty)
    printf("\n%*s", 2 * j->depth, "");
  putchar(bracket);
  j->empty = false;
  if (j->depth == 0)
    putchar('\n');
}

void ndg_json_null(ndg_json *j, const char *key) {
  lead(j, key);
  fputs("null", stdout);
}

void ndg_json_text(ndg_json *j, const char *key, const char *text) {
  if (!text) {
    ndg_json_null(j, key);
    return;
  }
  lead(j, key);
  put_string(text);
}

void ndg_json_texts(ndg_json *j, const char *key, const char *const *texts) {
  ndg_json_open(j, key, '[');
  for (; texts && *texts; texts++)
    ndg_json_text(j, NULL, *texts);
  ndg_json_close(j, ']');
}

void ndg_json_bool(ndg_json *j, const char *key, bool value) {
  lead(j, key);
  fputs(value ? "true" : "false", stdout);
}

void ndg_json_i64(ndg_json *j, const char *key, int64_t value) {
  lead(j, key);
  printf("%" PRId64, value);
}

void ndg_json_f64(ndg_json *j, const char *key, double value) {
  char number[64];
  if (!isfinite(value)) {
    ndg_json_null(j, key);
    return;
  }
  (void)ndg_format_f64(number, sizeof number, value);
  lead(j, key);
  fputs(number, stdout);
}
