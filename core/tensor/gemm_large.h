/* SPDX-License-Identifier: MIT */
/* Template of the large products, included per element type with T, NAME(x), VECTOR, W (elements of
   a vector), MASK and the vector operations LOAD, STORE, LOAD_PART, STORE_PART, FILL and TURN
   defined. Blocks of MR rows by up to NV vectors of C stay in registers while a slice of k runs;
   B's slice is packed into strips, one of which stays in the first-level cache while the rows of A
   pass by. */

typedef struct NAME(tile) {
  size_t k; /* of the slice */
  const T *b;
  const T *a;
  size_t a_row, a_step;
  T *c;
  size_t ldc;
  MASK mask; /* of the last vector of C */
  bool add;
  const char *next; /* memory that is needed soon, fetched into the second-level cache */
} NAME(tile);

INLINE void NAME(block)(size_t rows, size_t nv, size_t a_step, const NAME(tile) * t) {
  VECTOR acc[MR][NV];
  const T *row[MR], *b = t->b;
  UNROLL for (size_t i = 0; i < rows; i++) {
    row[i] = t->a + i * t->a_row;
    UNROLL for (size_t j = 0; j < nv; j++) {
      __builtin_prefetch(t->c + i * t->ldc + j * W, 1);
      acc[i][j] = FILL(0);
    }
  }
  const char *next = t->next;
  for (size_t p = 0; p < t->k; p++, b += nv * W, next += FETCH_BYTES) {
    VECTOR v[NV];
    __builtin_prefetch(next, 0, 2);
    UNROLL for (size_t j = 0; j < nv; j++) v[j] = LOAD(b + j * W);
    UNROLL for (size_t i = 0; i < rows; i++) {
      const VECTOR x = FILL(row[i][p * a_step]);
      UNROLL for (size_t j = 0; j < nv; j++) acc[i][j] += x * v[j];
    }
  }
  UNROLL for (size_t i = 0; i < rows; i++) {
    T *to = t->c + i * t->ldc;
    UNROLL for (size_t j = 0; j + 1 < nv; j++, to += W) {
      VECTOR sum = acc[i][j];
      if (t->add)
        sum += LOAD(to);
      STORE(to, sum);
    }
    VECTOR last = acc[i][nv - 1];
    if (t->add)
      last += LOAD_PART(t->mask, to);
    STORE_PART(t->mask, to, last);
  }
}

/* Packed A has its blocks' rows side by side; otherwise they are read where they lie. */
#define DEFINE_BLOCK(rows, nv)                                                                     \
  static void NAME(block_##rows##x##nv)(const NAME(tile) * t) {                                    \
    if (t->a_step == 1)                                                                            \
      NAME(block)(rows, nv, 1, t);                                                                 \
    else                                                                                           \
      NAME(block)(rows, nv, MR, t);                                                                \
  }
#define DEFINE_BLOCKS(rows) DEFINE_BLOCK(rows, 1) DEFINE_BLOCK(rows, 2) DEFINE_BLOCK(rows, 3)
DEFINE_BLOCKS(1)
DEFINE_BLOCKS(2)
DEFINE_BLOCKS(3)
DEFINE_BLOCKS(4)
DEFINE_BLOCKS(5)
DEFINE_BLOCKS(6)
DEFINE_BLOCKS(7)
DEFINE_BLOCKS(8)
#define BLOCKS(rows)                                                                               \
  { NAME(block_##rows##x1), NAME(block_##rows##x2), NAME(block_##rows##x3) }
static void (*const NAME(blocks)[MR][NV])(const NAME(tile) *) = {
    BLOCKS(1), BLOCKS(2), BLOCKS(3), BLOCKS(4), BLOCKS(5), BLOCKS(6), BLOCKS(7), BLOCKS(8)};
#undef DEFINE_BLOCK
#undef DEFINE_BLOCKS
#undef BLOCKS

/* The strips of n columns: of nearly equal width, because a narrow one loads more than it
   multiplies. */
typedef struct NAME(strips) {
  size_t n, n_vectors, n_strips;
} NAME(strips);

static NAME(strips) NAME(cut)(size_t n) {
  const size_t n_vectors = (n + W - 1) / W;
  return (NAME(strips)){n, n_vectors, (n_vectors + NV - 1) / NV};
}

/* First vector of strip s. */
static size_t NAME(strip_begin)(const NAME(strips) * z, size_t s) {
  return z->n_vectors * s / z->n_strips;
}

/* A slice of op(B) = B, k rows of z->n columns, strip after strip, with zeros past the last column.
   Row by row, so that memory is read in order. */
static void NAME(pack_plain)(const NAME(strips) * z, const T *b, size_t ldb, size_t k, T *to) {
  const MASK mask = NAME(mask)(z->n - (z->n_vectors - 1) * W);
  for (size_t p = 0; p < k; p++, b += ldb)
    for (size_t s = 0, v = 0; s < z->n_strips; s++) {
      const size_t begin = v, end = NAME(strip_begin)(z, s + 1);
      T *row = to + (begin * k + p * (end - begin)) * W;
      for (; v < end; v++, row += W)
        STORE(row, v + 1 < z->n_vectors ? LOAD(b + v * W) : LOAD_PART(mask, b + v * W));
    }
}

/* The same of op(B) = Bᵀ: squares of W x W numbers are turned in registers. */
static void NAME(pack_turned)(const NAME(strips) * z, const T *b, size_t ldb, size_t k, T *to) {
  for (size_t s = 0, v = 0; s < z->n_strips; s++) {
    const size_t begin = v, end = NAME(strip_begin)(z, s + 1), width = (end - begin) * W;
    for (; v < end; v++) {
      const size_t rows = z->n - v * W < W ? z->n - v * W : W;
      for (size_t p = 0; p < k; p += W) {
        const size_t columns = k - p < W ? k - p : W;
        const MASK mask = NAME(mask)(columns);
        VECTOR x[W];
        UNROLL for (size_t i = 0; i < W; i++) x[i] =
            i < rows ? LOAD_PART(mask, b + (v * W + i) * ldb + p) : FILL(0);
        NAME(turn)(x);
        T *column = to + begin * k * W + p * width + (v - begin) * W;
        if (columns == W)
          UNROLL for (size_t i = 0; i < W; i++) STORE(column + i * width, x[i]);
        else
          for (size_t i = 0; i < columns; i++)
            STORE(column + i * width, x[i]);
      }
    }
  }
}

/* A slice of op(A) = Aᵀ: MR rows side by side, block after block; a few blocks at a time, because
   more would meet in the same sets of the cache. */
static void NAME(pack_rows)(const T *a, size_t lda, size_t rows, size_t k, T *to) {
  enum { GROUP = 4 * MR };
  for (size_t r = 0; r < rows; r += GROUP)
    for (size_t p = 0; p < k; p++) {
      const T *from = a + p * lda + r;
      T *block = to + r * k + p * MR;
      if (rows - r >= GROUP) {
        UNROLL for (size_t i = 0; i < GROUP; i += MR)
            memcpy(block + i * k, from + i, MR * sizeof *a);
      } else {
        for (size_t i = 0; i < rows - r; i++)
          block[i / MR * MR * k + i % MR] = from[i];
      }
    }
}

/* A strip of C: all rows of a slab of A times a packed strip of B. */
static void NAME(strip)(NAME(tile) t, const T *a, size_t rows, size_t block_step, size_t nv) {
  T *c = t.c;
  for (size_t r = 0; r < rows; r += MR) {
    const size_t n = rows - r < MR ? rows - r : MR;
    t.a = a + r * block_step;
    t.c = c + r * t.ldc;
    NAME(blocks)[n - 1][nv - 1](&t);
    t.next += t.k * FETCH_BYTES;
  }
}

/* op(B) over one slice of k, `k` rows of it from `first`, in strips, some columns after others. */
static void NAME(pack_columns)(const ndg_gemm *g, const T *b, size_t from, size_t n, size_t first,
                               size_t k, T *to) {
  const NAME(strips) z = NAME(cut)(n);
  if (g->b_transposed)
    NAME(pack_turned)(&z, b + from * g->ldb + first, g->ldb, k, to);
  else
    NAME(pack_plain)(&z, b + first * g->ldb + from, g->ldb, k, to);
}

static size_t NAME(padded)(size_t n) {
  return (n + W - 1) / W * W;
}

/* Columns [from, from + n) of C over one slice of k. */
static void NAME(slice)(const ndg_gemm *g, const T *a, const T *b, T *c, size_t from, size_t n,
                        size_t first, size_t k, T *work) {
  const NAME(strips) z = NAME(cut)(n);
  const size_t most = g->a_transposed ? NDG_LARGE_ROWS : g->m;
  T *slab = work;
  if (g->b_packed) {
    b += first * NAME(padded)(g->n) + from * k;
  } else {
    NAME(pack_columns)(g, b, from, n, first, k, work);
    b = work;
    slab += z.n_vectors * W * k;
  }
  for (size_t r = 0; r < g->m; r += most) {
    const size_t rows = g->m - r < most ? g->m - r : most;
    if (g->a_transposed)
      NAME(pack_rows)(a + first * g->lda + r, g->lda, rows, k, slab);
    for (size_t s = 0; s < z.n_strips; s++) {
      const size_t begin = NAME(strip_begin)(&z, s), end = NAME(strip_begin)(&z, s + 1);
      const size_t columns = n < end * W ? n - (end - 1) * W : W;
      const NAME(tile) t = {.k = k,
                            .b = b + begin * W * k,
                            .a_row = g->a_transposed ? 1 : g->lda,
                            .a_step = g->a_transposed ? MR : 1,
                            .c = c + r * g->ldc + from + begin * W,
                            .ldc = g->ldc,
                            .mask = NAME(mask)(columns),
                            .add = g->accumulate || first > 0,
                            .next = (const char *)(b + end * W * k)};
      NAME(strip)
      (t, g->a_transposed ? slab : a + r * g->lda + first, rows, g->a_transposed ? k : g->lda,
       end - begin);
    }
  }
}

static size_t NAME(least)(size_t a, size_t b) {
  return a < b ? a : b;
}

static void NAME(multiply)(const ndg_gemm *g, const void *a, const void *b, void *c, void *work) {
  const size_t n_slices = ndg_n_slices(g->k);
  for (size_t from = 0; from < g->n; from += NDG_LARGE_COLUMNS)
    for (size_t s = 0; s < n_slices; s++) {
      const size_t first = ndg_slice_begin(g->k, n_slices, s);
      const size_t k = ndg_slice_begin(g->k, n_slices, s + 1) - first;
      NAME(slice)(g, a, b, c, from, NAME(least)(g->n - from, NDG_LARGE_COLUMNS), first, k, work);
    }
}

/* Slices [begin, end) of k as multiply() reads them if B is packed. */
static void NAME(pack)(const ndg_gemm *g, const void *b, size_t begin, size_t end, void *packed) {
  const size_t n_slices = ndg_n_slices(g->k);
  for (size_t s = begin; s < end; s++) {
    const size_t first = ndg_slice_begin(g->k, n_slices, s);
    const size_t k = ndg_slice_begin(g->k, n_slices, s + 1) - first;
    for (size_t from = 0; from < g->n; from += NDG_LARGE_COLUMNS)
      NAME(pack_columns)
    (g, b, from, NAME(least)(g->n - from, NDG_LARGE_COLUMNS), first, k,
     (T *)packed + first * NAME(padded)(g->n) + from * k);
  }
}
