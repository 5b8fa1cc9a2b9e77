/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"

typedef struct reader {
  const char *path;
  const char *p, *end;   /* what is still unread */
  uint64_t line, column; /* of the next field, from 1 */
  ndg_error *e;
} reader;

/* Text without its quotes; quotes inside are still doubled. */
typedef struct field {
  const char *text;
  size_t length;
  uint64_t line, column;
  bool quoted;
  bool last; /* of its row */
} field;

/* A field for a message: one line, cut to fit. */
typedef struct excerpt {
  char text[44];
} excerpt;

static excerpt excerpt_of(const char *text, size_t length) {
  excerpt x;
  size_t n = length < 40 ? length : 40;
  while (n < length && n > 0 && ((unsigned char)text[n] & 0xc0u) == 0x80) {
    n--; /* not inside a UTF-8 character */
  }
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)text[i];
    x.text[i] = c < 32 || c == 127 ? '?' : (char)c;
  }
  memcpy(x.text + n, "...", 4);
  if (n == length) {
    x.text[n] = '\0';
  }
  return x;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* [*r->p == '"'] Up to the closing quote and the blanks after it. */
static ndg_status read_quoted(reader *r, field *f) {
  f->text = ++r->p;
  for (;; r->p++) {
    if (r->p == r->end) {
      return ndg_fail(r->e, NDG_EFORMAT, "%s, line %llu, column %llu: the quote is never closed",
                      r->path, (unsigned long long)f->line, (unsigned long long)f->column);
    }
    r->line += *r->p == '\n';
    if (*r->p != '"') {
      continue;
    }
    if (r->p + 1 == r->end || r->p[1] != '"') {
      break;
    }
    r->p++;
  }
  f->length = (size_t)(r->p - f->text);
  do {
    r->p++;
  } while (r->p < r->end && is_blank(*r->p));
  if (r->end - r->p >= 2 && r->p[0] == '\r' && r->p[1] == '\n') {
    r->p++;
  }
  if (r->p < r->end && *r->p != ',' && *r->p != '\n') {
    return ndg_fail(
        r->e, NDG_EFORMAT, "%s, line %llu, column %llu: \"%s\" follows the closing quote", r->path,
        (unsigned long long)r->line, (unsigned long long)f->column, excerpt_of(r->p, 1).text);
  }
  return NDG_OK;
}

static void read_bare(reader *r, field *f) {
  f->text = r->p;
  while (r->p < r->end && *r->p != ',' && *r->p != '\n') {
    r->p++;
  }
  const char *stop = r->p;
  if (r->p < r->end && *r->p == '\n' && stop > f->text && stop[-1] == '\r') {
    stop--;
  }
  while (stop > f->text && is_blank(stop[-1])) {
    stop--;
  }
  f->length = (size_t)(stop - f->text);
}

/* One field and the separator after it. */
static ndg_status read_field(reader *r, field *f) {
  while (r->p < r->end && is_blank(*r->p)) {
    r->p++;
  }
  f->line = r->line;
  f->column = r->column;
  f->quoted = r->p < r->end && *r->p == '"';
  if (f->quoted) {
    const ndg_status st = read_quoted(r, f);
    if (st < 0) {
      return st;
    }
  } else {
    read_bare(r, f);
  }
  f->last = r->p == r->end || *r->p == '\n';
  r->column = f->last ? 1 : r->column + 1;
  r->line += r->p < r->end && *r->p == '\n';
  r->p += r->p < r->end;
  return NDG_OK;
}

/* Looks at the first row; the reader does not move. */
static ndg_status survey(const reader *start, uint64_t *n_columns, bool *all_numbers) {
  reader r = *start;
  field f;
  *n_columns = 0;
  *all_numbers = true;
  do {
    double unused;
    const ndg_status st = read_field(&r, &f);
    if (st < 0) {
      return st;
    }
    ++*n_columns;
    *all_numbers = *all_numbers && ndg_parse_f64(f.text, f.length, &unused) == NDG_OK;
  } while (!f.last);
  return NDG_OK;
}

static char *copy_name(const field *f) {
  char *const name = ndg_calloc(f->length + 1, 1);
  size_t n = 0;
  for (size_t i = 0; name && i < f->length; i++) {
    name[n++] = f->text[i];
    i += f->quoted && f->text[i] == '"'; /* the second of a pair */
  }
  return name;
}

static ndg_status read_names(reader *r, ndg_csv *t) {
  t->names = ndg_calloc(t->n_columns, sizeof *t->names);
  for (uint64_t i = 0; t->names && i < t->n_columns; i++) {
    field f;
    const ndg_status st = read_field(r, &f);
    if (st < 0) {
      return st;
    }
    t->names[i] = copy_name(&f);
    if (!t->names[i]) {
      return ndg_fail(r->e, NDG_ENOMEM, "no memory for the column names of %s", r->path);
    }
  }
  return t->names ? NDG_OK
                  : ndg_fail(r->e, NDG_ENOMEM, "no memory for the column names of %s", r->path);
}

static ndg_status fail_value(const reader *r, const ndg_csv *t, const field *f) {
  const char *const name = t->names && f->column <= t->n_columns ? t->names[f->column - 1] : "";
  const excerpt column_name = excerpt_of(name, strlen(name));
  const char *const open = *name ? " (" : "", *const close = *name ? ")" : "";
  if (f->length == 0) {
    return ndg_fail(r->e, NDG_EFORMAT,
                    "%s, line %llu, column %llu%s%s%s: the field is empty, must be a number",
                    r->path, (unsigned long long)f->line, (unsigned long long)f->column, open,
                    column_name.text, close);
  }
  return ndg_fail(r->e, NDG_EFORMAT,
                  "%s, line %llu, column %llu%s%s%s: \"%s\" is not a finite number", r->path,
                  (unsigned long long)f->line, (unsigned long long)f->column, open,
                  column_name.text, close, excerpt_of(f->text, f->length).text);
}

static ndg_status read_row(reader *r, const ndg_csv *t, double *row) {
  const uint64_t line = r->line;
  uint64_t n = 0;
  field f;
  do {
    const ndg_status st = read_field(r, &f);
    if (st < 0) {
      return st;
    }
    if (n < t->n_columns) {
      if (ndg_parse_f64(f.text, f.length, &row[n]) < 0 || !isfinite(row[n])) {
        return fail_value(r, t, &f);
      }
    }
    n++;
  } while (!f.last);
  if (n != t->n_columns) {
    return ndg_fail(r->e, NDG_EFORMAT, "%s, line %llu: %llu fields, the first line has %llu",
                    r->path, (unsigned long long)line, (unsigned long long)n,
                    (unsigned long long)t->n_columns);
  }
  return NDG_OK;
}

/* Room for every whole row and a ragged one after them: each takes its commas and its line end.
   Never more numbers than the text has separators, however wide the first row is. */
static uint64_t count_rows(const reader *r, uint64_t n_columns) {
  uint64_t n_lines = 1, n_commas = 0;
  for (const char *p = r->p; p < r->end; p++) {
    n_lines += *p == '\n';
    n_commas += *p == ',';
  }
  const uint64_t by_commas = n_columns > 1 ? n_commas / (n_columns - 1) + 1 : n_lines;
  return n_lines < by_commas ? n_lines : by_commas;
}

static ndg_status read_table(reader *r, int header, ndg_csv *t) {
  bool all_numbers;
  ndg_status st = survey(r, &t->n_columns, &all_numbers);
  if (st < 0) {
    return st;
  }
  if (header == 1 || (header < 0 && !all_numbers)) {
    st = read_names(r, t);
    if (st < 0) {
      return st;
    }
  }
  if (r->p == r->end) {
    return ndg_fail(r->e, NDG_EFORMAT, "%s has a header and no rows", r->path);
  }
  const uint64_t room = count_rows(r, t->n_columns);
  t->values = ndg_calloc(room * t->n_columns, sizeof *t->values);
  if (!t->values) {
    return ndg_fail(r->e, NDG_ENOMEM, "no memory for %llu x %llu numbers of %s",
                    (unsigned long long)room, (unsigned long long)t->n_columns, r->path);
  }
  while (r->p < r->end) {
    st = read_row(r, t, t->values + t->n_rows * t->n_columns);
    if (st < 0) {
      return st;
    }
    t->n_rows++;
  }
  return NDG_OK;
}

ndg_status ndg_csv_read(const char *path, int header, ndg_csv *out, ndg_error *e) {
  char *text = NULL;
  size_t length = 0;
  memset(out, 0, sizeof *out);
  if (header < -1 || header > 1) {
    return ndg_fail(e, NDG_EINVAL, "header is %d, must be 1 (yes), 0 (no) or -1 (detect)", header);
  }
  ndg_status st = ndg_file_read(path, &text, &length, e);
  if (st < 0) {
    return st;
  }
  reader r = {path, text, text + length, 1, 1, e};
  if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
    r.p += 3; /* the byte-order mark some spreadsheets write */
  }
  while (r.end > r.p && (r.end[-1] == '\n' || r.end[-1] == '\r')) {
    r.end--;
  }
  st = r.p == r.end ? ndg_fail(e, NDG_EFORMAT, "%s is empty", path) : read_table(&r, header, out);
  if (st < 0) {
    ndg_csv_free(out);
  }
  ndg_free(text);
  return st;
}

void ndg_csv_free(ndg_csv *t) {
  if (!t) {
    return;
  }
  for (uint64_t i = 0; t->names && i < t->n_columns; i++) {
    ndg_free(t->names[i]);
  }
  ndg_free(t->names);
  ndg_free(t->values);
  memset(t, 0, sizeof *t);
}
