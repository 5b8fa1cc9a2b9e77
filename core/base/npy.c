/* SPDX-License-Identifier: MIT */
/* NumPy's .npy: a magic string, a version, the length of a header, and the header: a Python
   dictionary with descr, fortran_order and shape; then the numbers. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/memory.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_LENGTH ((size_t)6)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE '<'
#else
#define NATIVE '>'
#endif

/* An element type that can be read, and how it becomes a double or an int32_t. */
typedef struct element {
  const char *name; /* without the byte order */
  size_t size;
  uint32_t kind;
} element;

static const element elements[] = {
    {"f4", 4, NDG_REAL},  {"f8", 8, NDG_REAL},  {"i4", 4, NDG_INDEX},
    {"i8", 8, NDG_INDEX}, {"u1", 1, NDG_INDEX},
};

typedef struct header {
  const element *element;
  bool swap, fortran;
  bool has_descr, has_order, has_shape;
  ndg_shape shape;
} header;

/* The dictionary's text, and what is still unread of it. */
typedef struct scanner {
  const char *path;
  const char *p, *end;
  ndg_error *e;
} scanner;

static void skip_blanks(scanner *s) {
  while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n')) {
    s->p++;
  }
}

static bool accept(scanner *s, char c) {
  skip_blanks(s);
  const bool there = s->p < s->end && *s->p == c;
  s->p += there;
  return there;
}

static bool accept_word(scanner *s, const char *word) {
  const size_t n = strlen(word);
  skip_blanks(s);
  const bool there = (size_t)(s->end - s->p) >= n && memcmp(s->p, word, n) == 0;
  s->p += there ? n : 0;
  return there;
}

static ndg_status fail_header(const scanner *s, const char *what) {
  return ndg_fail(s->e, NDG_EFORMAT, "%s: %s in the .npy header", s->path, what);
}

/* 'text' or "text", copied to out[size]. */
static ndg_status read_text(scanner *s, char *out, size_t size) {
  skip_blanks(s);
  if (s->p == s->end || (*s->p != '\'' && *s->p != '"')) {
    return fail_header(s, "a name in quotes is missing");
  }
  const char quote = *s->p++;
  const char *const stop = memchr(s->p, quote, (size_t)(s->end - s->p));
  if (!stop || (size_t)(stop - s->p) >= size) {
    return fail_header(s, "a name is too long or never ends");
  }
  memcpy(out, s->p, (size_t)(stop - s->p));
  out[stop - s->p] = '\0';
  s->p = stop + 1;
  return NDG_OK;
}

static ndg_status read_descr(scanner *s, header *h) {
  char text[16];
  skip_blanks(s);
  if (s->p < s->end && *s->p == '[') {
    return fail_header(s, "records (only plain f4, f8, i4, i8, u1 can be read)");
  }
  const ndg_status st = read_text(s, text, sizeof text);
  if (st < 0) {
    return st;
  }
  for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
    const bool ordered = text[0] == '<' || text[0] == '>';
    if (strcmp(text + (text[0] != '\0'), elements[i].name) == 0 &&
        (ordered || (text[0] == '|' && elements[i].size == 1))) {
      h->element = &elements[i];
      h->swap = ordered && text[0] != NATIVE;
      return NDG_OK;
    }
  }
  return ndg_fail(s->e, NDG_EFORMAT,
                  "%s: element type \"%s\", only f4, f8, i4, i8 and u1 can be read", s->path, text);
}

static ndg_status read_order(scanner *s, header *h) {
  h->fortran = accept_word(s, "True");
  return h->fortran || accept_word(s, "False")
             ? NDG_OK
             : fail_header(s, "fortran_order is neither True nor False");
}

static ndg_status read_size(scanner *s, uint64_t *out) {
  uint64_t n = 0;
  skip_blanks(s);
  if (s->p == s->end || *s->p < '0' || *s->p > '9') {
    return fail_header(s, "shape is not a tuple of sizes");
  }
  for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
    if (n > (UINT64_MAX - 9) / 10) {
      return fail_header(s, "a size is beyond 64 bits");
    }
    n = n * 10 + (uint64_t)(*s->p - '0');
  }
  *out = n;
  return NDG_OK;
}

static ndg_status read_shape(scanner *s, header *h) {
  h->shape = NDG_SCALAR;
  if (!accept(s, '(')) {
    return fail_header(s, "shape is not a tuple of sizes");
  }
  while (!accept(s, ')')) {
    uint64_t size = 0;
    const ndg_status st = read_size(s, &size);
    if (st < 0) {
      return st;
    }
    if (h->shape.n_dims == NDG_MAX_DIMS) {
      return ndg_fail(s->e, NDG_EFORMAT, "%s has more than %d axes", s->path, NDG_MAX_DIMS);
    }
    h->shape.dim[h->shape.n_dims++] = size;
    if (!accept(s, ',')) {
      if (accept(s, ')')) {
        break;
      }
      return fail_header(s, "shape is not a tuple of sizes");
    }
  }
  return NDG_OK;
}

static ndg_status read_entry(scanner *s, header *h) {
  char key[32];
  ndg_status st = read_text(s, key, sizeof key);
  if (st < 0) {
    return st;
  }
  if (!accept(s, ':')) {
    return fail_header(s, "a colon is missing");
  }
  if (strcmp(key, "descr") == 0) {
    h->has_descr = true;
    return read_descr(s, h);
  }
  if (strcmp(key, "fortran_order") == 0) {
    h->has_order = true;
    return read_order(s, h);
  }
  if (strcmp(key, "shape") == 0) {
    h->has_shape = true;
    return read_shape(s, h);
  }
  return ndg_fail(s->e, NDG_EFORMAT, "%s: unknown entry \"%s\" in the .npy header", s->path, key);
}

static ndg_status read_dictionary(scanner *s, header *h) {
  if (!accept(s, '{')) {
    return fail_header(s, "no dictionary");
  }
  while (!accept(s, '}')) {
    const ndg_status st = read_entry(s, h);
    if (st < 0) {
      return st;
    }
    if (!accept(s, ',')) {
      if (accept(s, '}')) {
        break;
      }
      return fail_header(s, "a comma is missing");
    }
  }
  skip_blanks(s);
  if (s->p != s->end) {
    return fail_header(s, "text after the dictionary");
  }
  return h->has_descr && h->has_order && h->has_shape
             ? NDG_OK
             : fail_header(s, "descr, fortran_order or shape is missing");
}

/* The header's place in the file; *numbers is what follows it. */
static ndg_status find_header(scanner *s, const char *text, size_t length, const char **numbers) {
  const unsigned char *const b = (const unsigned char *)text;
  if (length < MAGIC_LENGTH + 4 || memcmp(text, MAGIC, MAGIC_LENGTH) != 0) {
    return ndg_fail(s->e, NDG_EFORMAT, "%s is not a .npy file: its first bytes are not \\x93NUMPY",
                    s->path);
  }
  const unsigned version = b[MAGIC_LENGTH];
  if (version < 1 || version > 3 || b[MAGIC_LENGTH + 1] != 0) {
    return ndg_fail(s->e, NDG_EFORMAT, "%s: .npy version %u.%u, only 1.0, 2.0 and 3.0 can be read",
                    s->path, version, (unsigned)b[MAGIC_LENGTH + 1]);
  }
  const size_t width = version == 1 ? 2 : 4, start = MAGIC_LENGTH + 2 + width;
  uint64_t n = 0;
  for (size_t i = 0; i < width && MAGIC_LENGTH + 2 + i < length; i++) {
    n |= (uint64_t)b[MAGIC_LENGTH + 2 + i] << (8 * i);
  }
  if (length < start || n > length - start) {
    return ndg_fail(s->e, NDG_EFORMAT, "%s ends within its .npy header", s->path);
  }
  s->p = text + start;
  s->end = *numbers = s->p + n;
  return NDG_OK;
}

static ndg_status check_size(const scanner *s, const header *h, size_t n_bytes) {
  const uint64_t there = n_bytes / h->element->size;
  uint64_t needed = 1;
  bool empty = false, too_many = false;
  for (uint32_t i = 0; i < h->shape.n_dims; i++) {
    empty = empty || h->shape.dim[i] == 0;
    too_many = too_many || (h->shape.dim[i] != 0 && needed > there / h->shape.dim[i]);
    needed *= too_many ? 1 : h->shape.dim[i];
  }
  needed = empty ? 0 : needed;
  too_many = too_many && !empty;
  if (too_many || needed * h->element->size != n_bytes) {
    return ndg_fail(s->e, NDG_EFORMAT,
                    "%s holds %zu bytes of numbers, its shape needs %s; it is damaged", s->path,
                    n_bytes, too_many || needed > there ? "more" : "less");
  }
  return NDG_OK;
}

/* Element i of the file as a number of the machine. */
static const void *element_at(const header *h, const char *numbers, uint64_t i,
                              unsigned char bytes[8]) {
  const size_t size = h->element->size;
  memcpy(bytes, numbers + i * size, size);
  for (size_t j = 0; h->swap && j < size / 2; j++) {
    const unsigned char b = bytes[j];
    bytes[j] = bytes[size - 1 - j];
    bytes[size - 1 - j] = b;
  }
  return bytes;
}

static double real_of(const header *h, const void *bytes) {
  double d;
  float f;
  if (h->element->size == sizeof d) {
    memcpy(&d, bytes, sizeof d);
    return d;
  }
  memcpy(&f, bytes, sizeof f);
  return (double)f;
}

static int64_t integer_of(const header *h, const void *bytes) {
  int64_t wide;
  int32_t narrow;
  if (h->element->size == sizeof wide) {
    memcpy(&wide, bytes, sizeof wide);
    return wide;
  }
  if (h->element->size == sizeof narrow) {
    memcpy(&narrow, bytes, sizeof narrow);
    return narrow;
  }
  return *(const unsigned char *)bytes;
}

/* Where in the file the element with row-major position i is. */
static uint64_t place_in_file(const header *h, uint64_t i) {
  if (!h->fortran) {
    return i;
  }
  uint64_t place = 0;
  for (uint32_t k = h->shape.n_dims; k-- > 0;) {
    uint64_t step = 1;
    for (uint32_t j = 0; j < k; j++) {
      step *= h->shape.dim[j];
    }
    place += i % h->shape.dim[k] * step;
    i /= h->shape.dim[k];
  }
  return place;
}

static ndg_status convert(const scanner *s, const header *h, const char *numbers, void *data) {
  const uint64_t n = ndg_shape_size(&h->shape);
  for (uint64_t i = 0; i < n; i++) {
    unsigned char bytes[8];
    const void *const x = element_at(h, numbers, place_in_file(h, i), bytes);
    if (h->element->kind == NDG_REAL) {
      ((double *)data)[i] = real_of(h, x);
      continue;
    }
    const int64_t value = integer_of(h, x);
    if (value < INT32_MIN || value > INT32_MAX) {
      return ndg_fail(s->e, NDG_EFORMAT, "%s: element %llu is %lld, beyond 32 bits", s->path,
                      (unsigned long long)i, (long long)value);
    }
    ((int32_t *)data)[i] = (int32_t)value;
  }
  return NDG_OK;
}

static ndg_status read_array(scanner *s, const char *text, size_t length, ndg_file_array *out) {
  header h;
  const char *numbers = NULL;
  memset(&h, 0, sizeof h);
  ndg_status st = find_header(s, text, length, &numbers);
  if (st < 0) {
    return st;
  }
  st = read_dictionary(s, &h);
  if (st < 0) {
    return st;
  }
  st = check_size(s, &h, (size_t)(text + length - numbers));
  if (st < 0) {
    return st;
  }
  out->kind = h.element->kind;
  out->shape = h.shape;
  out->data = ndg_calloc(ndg_shape_size(&h.shape),
                         out->kind == NDG_REAL ? sizeof(double) : sizeof(int32_t));
  if (!out->data) {
    return ndg_fail(s->e, NDG_ENOMEM, "no memory for the %llu numbers of %s",
                    (unsigned long long)ndg_shape_size(&h.shape), s->path);
  }
  return convert(s, &h, numbers, out->data);
}

ndg_status ndg_npy_read(const char *path, ndg_file_array *out, ndg_error *e) {
  char *text = NULL;
  size_t length = 0;
  memset(out, 0, sizeof *out);
  ndg_status st = ndg_file_read(path, &text, &length, e);
  if (st < 0) {
    return st;
  }
  scanner s = {path, NULL, NULL, e};
  st = read_array(&s, text, length, out);
  if (st < 0) {
    ndg_free(out->data);
    memset(out, 0, sizeof *out);
  }
  ndg_free(text);
  return st;
}

/* Version 1.0 in front of the numbers; a multiple of 64 bytes, as the format asks. */
static size_t write_header(char out[256], const ndg_file_array *a) {
  const size_t start = MAGIC_LENGTH + 4;
  char shape[100] = "";
  int n = 0;
  for (uint32_t i = 0; i < a->shape.n_dims; i++) {
    n += snprintf(shape + n, sizeof shape - (size_t)n, "%s%llu", i ? ", " : "",
                  (unsigned long long)a->shape.dim[i]);
  }
  n = snprintf(out + start, 256 - start,
               "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s%s), }", NATIVE,
               a->kind == NDG_REAL ? "f8" : "i4", shape, a->shape.n_dims == 1 ? "," : "");
  size_t length = start + (size_t)n;
  while ((length + 1) % 64 != 0) {
    out[length++] = ' ';
  }
  out[length++] = '\n';
  memcpy(out, MAGIC "\x01\x00", MAGIC_LENGTH + 2);
  out[MAGIC_LENGTH + 2] = (char)((length - start) & 255u);
  out[MAGIC_LENGTH + 3] = (char)((length - start) >> 8);
  return length;
}

ndg_status ndg_npy_write(const char *path, const ndg_file_array *a, ndg_error *e) {
  char head[256];
  if (a->kind > NDG_INDEX || a->shape.n_dims > NDG_MAX_DIMS) {
    return ndg_fail(e, NDG_EINVAL, "cannot write %s: kind %u with %u axes", path, a->kind,
                    a->shape.n_dims);
  }
  const size_t n_head = write_header(head, a);
  const size_t n_bytes =
      (size_t)ndg_shape_size(&a->shape) * (a->kind == NDG_REAL ? sizeof(double) : sizeof(int32_t));
  char *const text = ndg_calloc(n_head + n_bytes, 1);
  if (!text) {
    return ndg_fail(e, NDG_ENOMEM, "no memory to write %s (%zu bytes)", path, n_head + n_bytes);
  }
  memcpy(text, head, n_head);
  if (n_bytes > 0) {
    memcpy(text + n_head, a->data, n_bytes);
  }
  const ndg_status st = ndg_file_write(path, text, n_head + n_bytes, e);
  ndg_free(text);
  return st;
}
