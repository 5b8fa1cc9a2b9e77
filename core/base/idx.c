/* SPDX-License-Identifier: MIT */
/* IDX files, plain or gzip. zlib inflates from memory with our allocator, so that every byte of the
   file is accounted for: a stream that ends early, a wrong checksum, bytes behind the end. */
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "base/files.h"
#include "base/memory.h"

#define BLOCK ((size_t)65536)
#define UNSIGNED_BYTES 0x08u
/* No deflate stream expands by more. */
#define MAX_EXPANSION 1032u

typedef struct source {
  const char *path;
  const unsigned char *p; /* next byte of the file */
  size_t left;
  bool gzip, at_end; /* at_end: of the gzip stream */
  z_stream z;
  ndg_error *e;
} source;

static voidpf allocate(voidpf opaque, uInt n, uInt size) {
  (void)opaque;
  return ndg_calloc(n, size);
}

static void release(voidpf opaque, voidpf p) {
  (void)opaque;
  ndg_free(p);
}

static ndg_status open_source(source *s, const char *path, const char *text, size_t length,
                              ndg_error *e) {
  memset(s, 0, sizeof *s);
  s->path = path;
  s->p = (const unsigned char *)text;
  s->left = length;
  s->e = e;
  s->gzip = length >= 2 && s->p[0] == 0x1f && s->p[1] == 0x8b;
  if (s->gzip) {
    s->z.zalloc = allocate;
    s->z.zfree = release;
    /* 16: gzip with its header and checksum, nothing else */
    const int code = inflateInit2(&s->z, 16 + MAX_WBITS);
    if (code != Z_OK) {
      s->gzip = false; /* nothing to end */
      return ndg_fail(e, NDG_ENOMEM, "no memory to unpack %s", path);
    }
  }
  return NDG_OK;
}

static void close_source(source *s) {
  if (s->gzip) {
    (void)inflateEnd(&s->z);
  }
}

/* The end of one gzip stream: another may follow, as `cat a.gz b.gz` makes. */
static ndg_status end_stream(source *s) {
  if (s->left == 0) {
    s->at_end = true;
    return NDG_OK;
  }
  if (s->left < 2 || s->p[0] != 0x1f || s->p[1] != 0x8b) {
    return ndg_fail(s->e, NDG_EFORMAT, "%s: %zu bytes that are not gzip follow the gzip stream",
                    s->path, s->left);
  }
  return inflateReset(&s->z) == Z_OK
             ? NDG_OK
             : ndg_fail(s->e, NDG_EINTERNAL, "%s: cannot reset the unpacker", s->path);
}

static ndg_status inflate_some(source *s, unsigned char *to, size_t size, size_t *n) {
  s->z.next_in = (Bytef *)(uintptr_t)s->p; /* zlib reads only, its type just lacks the const */
  s->z.avail_in = s->left < UINT_MAX ? (uInt)s->left : UINT_MAX;
  s->z.next_out = to;
  s->z.avail_out = (uInt)size;
  const uInt had = s->z.avail_in;
  const int code = inflate(&s->z, Z_NO_FLUSH);
  s->p += had - s->z.avail_in;
  s->left -= had - s->z.avail_in;
  *n = size - s->z.avail_out;
  if (code == Z_STREAM_END) {
    return end_stream(s);
  }
  if (code == Z_OK && (*n > 0 || s->left > 0)) {
    return NDG_OK;
  }
  if (code == Z_MEM_ERROR) {
    return ndg_fail(s->e, NDG_ENOMEM, "no memory to unpack %s", s->path);
  }
  if (code == Z_OK || code == Z_BUF_ERROR) {
    return ndg_fail(s->e, NDG_EFORMAT,
                    "%s: the gzip stream ends early; the file is truncated, fetch it again",
                    s->path);
  }
  return ndg_fail(s->e, NDG_EFORMAT, "%s: damaged gzip stream (%s)", s->path,
                  s->z.msg ? s->z.msg : "unknown reason");
}

/* Up to `size` <= BLOCK unpacked bytes; fewer only at the end of the file. */
static ndg_status take(source *s, unsigned char *to, size_t size, size_t *n) {
  *n = 0;
  if (!s->gzip) {
    *n = size < s->left ? size : s->left;
    memcpy(to, s->p, *n);
    s->p += *n;
    s->left -= *n;
    return NDG_OK;
  }
  while (*n < size && !s->at_end) {
    size_t got = 0;
    const ndg_status st = inflate_some(s, to + *n, size - *n, &got);
    *n += got;
    if (st < 0) {
      return st;
    }
  }
  return NDG_OK;
}

/* Two zero bytes, the element type, the number of axes, then each size as 32 bits big-endian. */
static ndg_status read_header(source *s, ndg_shape *shape) {
  unsigned char head[4], size[4 * NDG_MAX_DIMS];
  size_t n;
  ndg_status st = take(s, head, sizeof head, &n);
  if (st < 0) {
    return st;
  }
  if (n < sizeof head || head[0] != 0 || head[1] != 0) {
    return ndg_fail(s->e, NDG_EFORMAT,
                    "%s is not an IDX file: it does not begin with two zero bytes", s->path);
  }
  if (head[2] != UNSIGNED_BYTES) {
    return ndg_fail(s->e, NDG_EFORMAT,
                    "%s: IDX element type 0x%02x, only unsigned bytes (0x08) can be read", s->path,
                    (unsigned)head[2]);
  }
  if (head[3] < 1 || head[3] > NDG_MAX_DIMS) {
    return ndg_fail(s->e, NDG_EFORMAT, "%s: IDX with %u axes, must be 1 to %d", s->path,
                    (unsigned)head[3], NDG_MAX_DIMS);
  }
  const size_t wanted = (size_t)4 * head[3];
  st = take(s, size, wanted, &n);
  if (st < 0) {
    return st;
  }
  if (n < wanted) {
    return ndg_fail(s->e, NDG_EFORMAT, "%s ends within its IDX header", s->path);
  }
  *shape = ndg_shape_of(head[3], 1, 1, 1, 1);
  for (uint32_t i = 0; i < head[3]; i++) {
    const unsigned char *const b = size + (size_t)4 * i;
    shape->dim[i] = ((uint64_t)b[0] << 24) | ((uint64_t)b[1] << 16) | ((uint64_t)b[2] << 8) | b[3];
    if (shape->dim[i] == 0) {
      return ndg_fail(s->e, NDG_EFORMAT, "%s: axis %u of %u has size 0", s->path, i + 1,
                      (unsigned)head[3]);
    }
  }
  return NDG_OK;
}

/* Bytes after the header, refused before anything so large is allocated when the file cannot hold
   them. */
static ndg_status check_size(const source *s, const ndg_shape *shape, uint64_t *n_bytes) {
  /* What zlib has taken in but not given out is less than its window. */
  const uint64_t most =
      s->gzip ? ((uint64_t)s->left + BLOCK) * MAX_EXPANSION + BLOCK : (uint64_t)s->left;
  uint64_t n = 1;
  for (uint32_t i = 0; i < shape->n_dims; i++) {
    if (n > most / shape->dim[i]) {
      return ndg_fail(s->e, NDG_EFORMAT,
                      "%s: the header announces %llu items, more than the file can hold; it is "
                      "truncated or not an IDX file",
                      s->path, (unsigned long long)shape->dim[0]);
    }
    n *= shape->dim[i];
  }
  *n_bytes = n;
  return NDG_OK;
}

static void store(const ndg_file_array *a, uint64_t from, const unsigned char *bytes, size_t n) {
  if (a->kind == NDG_INDEX) {
    int32_t *const to = (int32_t *)a->data + from;
    for (size_t i = 0; i < n; i++) {
      to[i] = bytes[i];
    }
  } else {
    double *const to = (double *)a->data + from;
    for (size_t i = 0; i < n; i++) {
      to[i] = bytes[i];
    }
  }
}

/* `whole`: nothing may follow the n_bytes. */
static ndg_status read_bytes(source *s, uint64_t n_bytes, bool whole, ndg_file_array *out) {
  unsigned char *const block = ndg_calloc(BLOCK, 1);
  ndg_status st = NDG_OK;
  size_t n = 0;
  if (!block) {
    return ndg_fail(s->e, NDG_ENOMEM, "no memory to read %s", s->path);
  }
  for (uint64_t done = 0; done < n_bytes; done += n) {
    const size_t wanted = n_bytes - done < BLOCK ? (size_t)(n_bytes - done) : BLOCK;
    st = take(s, block, wanted, &n);
    if (st < 0) {
      goto out;
    }
    store(out, done, block, n);
    if (n < wanted) {
      st = ndg_fail(s->e, NDG_EFORMAT, "%s ends after %llu of the %llu bytes its header announces",
                    s->path, (unsigned long long)(done + n), (unsigned long long)n_bytes);
      goto out;
    }
  }
  if (whole) {
    /* Also makes zlib reach the checksum. */
    st = take(s, block, 1, &n);
    if (st == NDG_OK && n > 0) {
      st = ndg_fail(s->e, NDG_EFORMAT, "%s goes on after the %llu bytes its header announces",
                    s->path, (unsigned long long)n_bytes);
    }
  }
out:
  ndg_free(block);
  return st;
}

static ndg_status read_array(source *s, uint64_t limit, ndg_file_array *out) {
  uint64_t n_bytes = 0;
  ndg_status st = read_header(s, &out->shape);
  if (st < 0) {
    return st;
  }
  st = check_size(s, &out->shape, &n_bytes);
  if (st < 0) {
    return st;
  }
  const bool whole = limit == 0 || limit >= out->shape.dim[0];
  if (!whole) {
    n_bytes = n_bytes / out->shape.dim[0] * limit;
    out->shape.dim[0] = limit;
  }
  out->kind = out->shape.n_dims == 1 ? NDG_INDEX : NDG_REAL;
  out->data = ndg_calloc(n_bytes, out->kind == NDG_INDEX ? sizeof(int32_t) : sizeof(double));
  if (!out->data) {
    return ndg_fail(s->e, NDG_ENOMEM, "no memory for the %llu numbers of %s",
                    (unsigned long long)n_bytes, s->path);
  }
  return read_bytes(s, n_bytes, whole, out);
}

ndg_status ndg_idx_read(const char *path, uint64_t limit, ndg_file_array *out, ndg_error *e) {
  char *text = NULL;
  size_t length = 0;
  source s;
  memset(out, 0, sizeof *out);
  ndg_status st = ndg_file_read(path, &text, &length, e);
  if (st < 0) {
    return st;
  }
  st = open_source(&s, path, text, length, e);
  if (st == NDG_OK) {
    st = read_array(&s, limit, out);
  }
  close_source(&s);
  if (st < 0) {
    ndg_free(out->data);
    memset(out, 0, sizeof *out);
  }
  ndg_free(text);
  return st;
}
