/* SPDX-License-Identifier: MIT */
/* Template of the small products, included per element type with T, NAME(x), MR, NV, BYTES and the
   vector operations LOAD_PART, STORE_PART and MASK defined. `parts`: numbers per element, 1 for
   real, 2 for complex. */

#define W (BYTES / sizeof(T))

/* One panel of B and what is multiplied with it. */
typedef struct NAME(panel) {
  const T *b;
  size_t ldb, k;
  MASK mask;   /* of the last vector */
  bool paired; /* which holds two steps of k */
  size_t a_step;
  const T *start;           /* a row that is added to all of the product's, or NULL */
  size_t n_blocks, a_block; /* so many blocks one below the other, whose rows lie so far apart */
} NAME(panel);

#if defined(PAIR)
/* Where the columns end in the lower half of a vector, its lanes hold even and odd steps of k in
   turns: a vector's work is done for two steps at a time. */
INLINE void NAME(pair_step)(size_t rows, size_t nv, const NAME(panel) * s, const T *const *a,
                            const T *b, size_t p, bool both, VECTOR acc[MR][NV]) {
  const size_t last = (nv - 1) * W;
  const T *next = both ? b + s->ldb : b;
  const VECTOR even = LOAD_PART(s->mask, b + last);
  const VECTOR pair = PAIR(even, both ? LOAD_PART(s->mask, next + last) : (VECTOR){0});
  VECTOR v[2][NV];
  UNROLL for (size_t j = 0; j + 1 < nv; j++) {
    memcpy(&v[0][j], b + j * W, sizeof v[0][j]);
    memcpy(&v[1][j], next + j * W, sizeof v[1][j]);
  }
  UNROLL for (size_t i = 0; i < rows; i++) {
    const T *x = a[i] + p;
    UNROLL for (size_t j = 0; j + 1 < nv; j++) acc[i][j] += x[0] * v[0][j];
    if (both) {
      UNROLL for (size_t j = 0; j + 1 < nv; j++) acc[i][j] += x[1] * v[1][j];
    }
    acc[i][nv - 1] += (both ? FILL_PAIRS(x) : FILL_EVEN(x)) * pair;
  }
}
#endif

INLINE void NAME(step)(size_t rows, size_t nv, const NAME(panel) * s, const T *const *a, const T *b,
                       size_t p, VECTOR acc[MR][NV]) {
  VECTOR v[NV];
  UNROLL for (size_t j = 0; j + 1 < nv; j++) memcpy(&v[j], b + j * W, sizeof v[j]);
  v[nv - 1] = LOAD_PART(s->mask, b + (nv - 1) * W);
  UNROLL for (size_t i = 0; i < rows; i++) {
    const T x = a[i][p * s->a_step];
    UNROLL for (size_t j = 0; j < nv; j++) acc[i][j] += x * v[j];
  }
}

/* Sums that are complete, to memory, added to what is there or to a row. */
INLINE void NAME(put)(size_t rows, size_t nv, const NAME(panel) * s, VECTOR acc[MR][NV], T *c,
                      size_t ldc, bool accumulate) {
  const T *old = accumulate ? c : s->start;
  const size_t step = accumulate ? ldc : 0, last = (nv - 1) * W;
  UNROLL for (size_t i = 0; i < rows; i++, c += ldc) {
    if (old) {
      UNROLL for (size_t j = 0; j + 1 < nv; j++) {
        VECTOR v;
        memcpy(&v, old + j * W, sizeof v);
        acc[i][j] += v;
      }
      acc[i][nv - 1] += LOAD_PART(s->mask, old + last);
      old += step;
    }
    UNROLL for (size_t j = 0; j + 1 < nv; j++) memcpy(c + j * W, &acc[i][j], sizeof acc[i][j]);
    STORE_PART(s->mask, c + last, acc[i][nv - 1]);
  }
}

/* Blocks of rows x (nv W) numbers of C: sums in registers while k runs. */
INLINE void NAME(blocks)(size_t rows, size_t nv, bool paired, const NAME(panel) * s,
                         const T *const *a, T *c, size_t ldc, bool accumulate) {
  const T *row[MR];
  UNROLL for (size_t i = 0; i < rows; i++) row[i] = a[i];
  for (size_t n = 0; n < s->n_blocks; n++, c += rows * ldc) {
    VECTOR acc[MR][NV];
    const T *b = s->b;
    size_t p = 0;
    UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < nv; j++) acc[i][j] =
        (VECTOR){0};
#if defined(PAIR)
    if (paired) {
      for (; p + 1 < s->k; p += 2, b += 2 * s->ldb)
        NAME(pair_step)(rows, nv, s, row, b, p, true, acc);
      if (p < s->k)
        NAME(pair_step)(rows, nv, s, row, b, p, false, acc);
      UNROLL for (size_t i = 0; i < rows; i++) acc[i][nv - 1] = JOIN_PAIRS(acc[i][nv - 1]);
    }
#endif
    for (; !paired && p < s->k; p++, b += s->ldb)
      NAME(step)(rows, nv, s, row, b, p, acc);
    NAME(put)(rows, nv, s, acc, c, ldc, accumulate);
    UNROLL for (size_t i = 0; i < rows; i++) row[i] += s->a_block;
  }
}

/* Blocks of a fixed size, for every size. */
#define CASE(rows, nv)                                                                             \
  case rows * 4 + nv:                                                                              \
    NAME(blocks)(rows, nv, PAIRED, s, a, c, ldc, accumulate);                                      \
    break;
#if NV == 3
#define CASES(rows) CASE(rows, 1) CASE(rows, 2) CASE(rows, 3)
#else
#define CASES(rows) CASE(rows, 1) CASE(rows, 2)
#endif
#if MR == 8
#define ALL_CASES                                                                                  \
  CASES(1) CASES(2) CASES(3) CASES(4) CASES(5) CASES(6) CASES(7) CASES(8) default : break;
#else
#define ALL_CASES CASES(1) CASES(2) CASES(3) CASES(4) default : break;
#endif

#if defined(PAIR)
#define PAIRED true
static void NAME(paired_blocks)(size_t rows, size_t nv, const NAME(panel) * s, const T *const *a,
                                T *c, size_t ldc, bool accumulate) {
  switch (rows * 4 + nv) { ALL_CASES }
}
#undef PAIRED
#endif

#define PAIRED false
static void NAME(any_blocks)(size_t rows, size_t nv, const NAME(panel) * s, const T *const *a, T *c,
                             size_t ldc, bool accumulate) {
#if defined(PAIR)
  if (s->paired) {
    NAME(paired_blocks)(rows, nv, s, a, c, ldc, accumulate);
    return;
  }
#endif
  switch (rows * 4 + nv) { ALL_CASES }
}
#undef PAIRED

#undef CASE
#undef CASES
#undef ALL_CASES

#if defined(TURN_BLOCK)
/* The transpose of n rows of k numbers, W x W at a time; rows of the result have room for whole
   vectors. */
static void NAME(pack_turned)(const T *b, size_t ldb, size_t k, size_t n, size_t width, T *to) {
  for (size_t p = 0; p < k; p += W) {
    const size_t columns = k - p < W ? k - p : W;
    const MASK mask = NAME(mask)(columns);
    for (size_t j = 0; j < n; j += W) {
      VECTOR v[W];
      for (size_t i = 0; i < W; i++)
        v[i] = j + i < n ? LOAD_PART(mask, b + (j + i) * ldb + p) : (VECTOR){0};
      TURN_BLOCK(v);
      for (size_t i = 0; i < columns; i++)
        memcpy(to + (p + i) * width + j, &v[i], sizeof v[i]);
    }
  }
}
#endif

/* Rows [first, first + k) and columns [from, from + n) of B, rows `width` numbers apart. */
static void NAME(pack)(const ndg_gemm *g, size_t parts, const T *b, size_t first, size_t k,
                       size_t from, size_t n, size_t width, T *to) {
  if (!g->b_transposed) {
    b += first * g->ldb * parts + from;
    for (size_t p = 0; p < k; p++, b += g->ldb * parts, to += width)
      for (size_t j = 0; j < n; j++)
        to[j] = b[j];
    return;
  }
#if defined(TURN_BLOCK)
  if (parts == 1 && n >= W / 2) {
    NAME(pack_turned)(b + from * g->ldb + first, g->ldb, k, n, width, to);
    return;
  }
#endif
  for (size_t begin = 0; begin < k; begin += 16) {
    const size_t end = k - begin < 16 ? k : begin + 16;
    for (size_t j = 0; j < n; j++) {
      const T *x = b + (from + j) / parts * g->ldb * parts + (from + j) % parts + first * parts;
      for (size_t p = begin; p < end; p++)
        to[p * width + j] = x[p * parts];
    }
  }
}

/* A block whose rows are columns of C. */
static void NAME(put_turned)(const T *sum, size_t rows, size_t columns, T *c, size_t ldc,
                             bool accumulate) {
  for (size_t j = 0; j < columns; j++, c += ldc, sum++)
    for (size_t i = 0; i < rows; i++)
      c[i] = accumulate ? c[i] + sum[i * NV * W] : sum[i * NV * W];
}

/* A block whose rows are the parts of complex rows, to be joined. */
static void NAME(put_complex)(const T *sum, size_t rows, size_t columns, T *c, size_t row_step,
                              size_t column_step, bool accumulate) {
  for (size_t i = 0; i < rows; i += 2, c += row_step, sum += 2 * NV * W) {
    const T *im = sum + NV * W;
    for (size_t j = 0; j < columns; j += 2) {
      T *to = c + j / 2 * column_step;
      const T x = sum[j] - im[j + 1], y = sum[j + 1] + im[j];
      to[0] = accumulate ? to[0] + x : x;
      to[1] = accumulate ? to[1] + y : y;
    }
  }
}

/* What stays the same over a product. `turned`: g describes the transposed product, and C is stored
   by columns. */
typedef struct NAME(product) {
  const ndg_gemm *g;
  size_t parts;
  bool turned, paired;
  size_t a_row, row_step, column_step;
  size_t width, height; /* of a panel in columns, of a block in rows */
  const T *start;       /* a row to begin with, or NULL */
} NAME(product);

/* Rows of A or C are pairs of real rows if complex; parts is 1 or 2, and no division is wanted. */
INLINE size_t NAME(pairs)(size_t n, size_t parts) {
  return parts == 2 ? n / 2 : n;
}

/* At most `most` at a time, in parts about as large as each other where there are few. */
INLINE size_t NAME(even)(size_t n, size_t most) {
  if (n <= most)
    return n;
  const size_t parts = (n + most - 1) / most;
  return parts > 4 ? most : (size_t)(((uint32_t)n + (uint32_t)parts - 1) / (uint32_t)parts);
}

/* All rows of A times one panel, n columns wide, into C at its first column. */
static void NAME(rows)(const NAME(product) * q, NAME(panel) * s, const T *a, size_t n, T *c,
                       bool accumulate) {
  const size_t parts = q->parts, rows = q->g->m * parts, nv = (n + W - 1) / W;
  const bool in_place = parts == 1 && !q->turned;
  size_t n_rows;
  for (size_t r = 0; r < rows; r += n_rows) {
    const size_t height = rows - r < q->height ? rows - r : q->height;
    const T *row[MR];
    T *to = c + NAME(pairs)(r, parts) * q->row_step;
    for (size_t i = 0; i < height; i++)
      row[i] = a + NAME(pairs)(r + i, parts) * q->a_row + (parts == 2 ? (r + i) % 2 : 0);
    s->n_blocks = in_place && rows - r >= 2 * height ? (rows - r) / height : 1;
    s->a_block = height * q->a_row;
    n_rows = s->n_blocks * height;
    if (in_place) {
      NAME(any_blocks)(height, nv, s, row, to, q->g->ldc, accumulate);
    } else {
      T sum[MR * NV * W];
      NAME(any_blocks)(height, nv, s, row, sum, NV * W, false);
      if (parts == 1)
        NAME(put_turned)(sum, height, n, to, q->column_step, accumulate);
      else
        NAME(put_complex)(sum, height, n, to, q->row_step, q->column_step, accumulate);
    }
  }
}

/* Products of depth one: every element is one multiplication, added to zero as in the blocks, or to
   the row to begin with. */
static void NAME(outer)(const NAME(product) * q, const T *a, const T *b, T *c) {
  const size_t m = q->g->m, ldc = q->g->ldc, a_row = q->a_row, whole = (q->g->n - 1) / W * W;
  const T *start = q->start;
  const MASK mask = NAME(mask)(q->g->n - whole);
  const VECTOR last = LOAD_PART(mask, b + whole);
  const VECTOR last_start = start ? LOAD_PART(mask, start + whole) : (VECTOR){0};
  for (size_t i = 0; i < m; i++, c += ldc, a += a_row) {
    const T x = *a;
    for (size_t j = 0; j < whole; j += W) {
      VECTOR v, old = {0};
      memcpy(&v, b + j, sizeof v);
      if (start)
        memcpy(&old, start + j, sizeof old);
      v = x * v + old;
      memcpy(c + j, &v, sizeof v);
    }
    STORE_PART(mask, c + whole, x * last + last_start);
  }
}

/* Panels of B that stay in the first-level cache while all rows of A pass by. */
static void NAME(gemm)(const NAME(product) * q, const T *a, const T *b, T *c, void *work) {
  const ndg_gemm *g = q->g;
  const size_t columns = g->n * q->parts, n_slices = ndg_n_slices(g->k);
  if (q->parts == 1 && !q->turned && g->k == 1 && !g->accumulate &&
      (!g->b_transposed || g->ldb == 1)) {
    NAME(outer)(q, a, b, c);
    return;
  }
  const bool packs = g->b_transposed || (g->m >= PACK_ROWS && g->k * g->n >= PACK_SIZE);
  NAME(panel) s = {.a_step = (g->a_transposed ? g->lda : 1) * q->parts};
  for (size_t from = 0; from < columns; from += q->width) {
    const size_t n = columns - from < q->width ? columns - from : q->width;
    const size_t nv = (n + W - 1) / W;
    s.mask = NAME(mask)(n - (nv - 1) * W);
    s.paired = q->paired;
    for (size_t slice = 0; slice < n_slices; slice++) {
      const size_t p = n_slices == 1 ? 0 : ndg_slice_begin(g->k, n_slices, slice);
      s.k = (slice + 1 == n_slices ? g->k : ndg_slice_begin(g->k, n_slices, slice + 1)) - p;
      s.b = packs ? work : b + p * g->ldb * q->parts + from;
      s.ldb = packs ? nv * W : g->ldb * q->parts;
      if (packs)
        NAME(pack)(g, q->parts, b, p, s.k, from, n, nv * W, work);
      s.start = q->start && p == 0 ? q->start + from : NULL;
      NAME(rows)
      (q, &s, a + p * s.a_step, n, c + from / q->parts * q->column_step, g->accumulate || p > 0);
    }
  }
}

/* Products with one column: a row of A with B, both contiguous, each. */
static void NAME(dots)(const ndg_gemm *g, const T *start, const T *a, const T *b, T *c) {
  const size_t m = g->m, lda = g->lda, ldc = g->ldc, whole = (g->k - 1) / W * W;
  const bool accumulate = g->accumulate;
  const MASK mask = NAME(mask)(g->k - whole);
  for (size_t i = 0; i < m; i++, a += lda, c += ldc) {
    VECTOR sum = {0}, x, y;
    for (size_t p = 0; p < whole; p += W) {
      memcpy(&x, a + p, sizeof x);
      memcpy(&y, b + p, sizeof y);
      sum += x * y;
    }
    sum += LOAD_PART(mask, a + whole) * LOAD_PART(mask, b + whole);
    const T total = REDUCE(sum);
    *c = accumulate ? *c + total : start ? *start + total : total;
  }
}

/* One column: C and B may as well be rows, and Cᵀ = Bᵀ Aᵀ. */
static ndg_gemm NAME(row_form)(const ndg_gemm *g) {
  return (ndg_gemm){.m = 1,
                    .n = g->m,
                    .k = g->k,
                    .lda = g->b_transposed ? 1 : g->ldb,
                    .ldb = g->lda,
                    .ldc = g->m,
                    .a_transposed = true,
                    .accumulate = g->accumulate};
}

/* To a product that was computed by columns. */
static void NAME(add_start)(const ndg_gemm *g, const T *start, T *c) {
  for (size_t i = 0; i < g->m; i++, c += g->ldc)
    for (size_t j = 0; j < g->n; j++)
      c[j] += start[j];
}

/* Whether the last vector of columns takes two steps of k at a time. This must not depend on the
   number of rows, since it decides about the order of sums; nor do narrow products turn, then. */
INLINE bool NAME(pairs_steps)(const ndg_gemm *g, size_t parts) {
#if defined(PAIR)
  const size_t last = (g->n - 1) % W + 1;
  return parts == 1 && !g->a_transposed && g->k > 1 && last <= W / 2 && g->n <= NV * W;
#else
  (void)g;
  (void)parts;
  return false;
#endif
}

/* A transposed B must be packed, or else, for few rows, A and C turned. */
INLINE void NAME(multiply)(const ndg_gemm *g, const ndg_gemm_steps *s, const void *a_,
                           const void *b_, void *c_, void *work, size_t parts) {
  const T *a = a_, *b = b_;
  T *c = c_;
  const T *start = g->start;
  const bool column = parts == 1 && g->n == 1;
  if (column && !g->a_transposed && g->k > 1 && (g->b_transposed || g->ldb == 1)) {
    for (size_t t = 0; t < s->n; t++, a += s->a, b += s->b, c += s->c) {
      NAME(dots)(g, start, a, b, c);
      start = start ? start + s->start : NULL;
    }
    return;
  }
  const bool as_row = column && g->a_transposed && g->ldc == 1;
  const ndg_gemm row = NAME(row_form)(g);
  const ndg_gemm turned = {.m = g->n,
                           .n = g->m,
                           .k = g->k,
                           .lda = g->ldb,
                           .ldb = g->lda,
                           .ldc = g->ldc,
                           .a_transposed = !g->b_transposed,
                           .b_transposed = !g->a_transposed,
                           .accumulate = g->accumulate};
  const bool paired = !as_row && NAME(pairs_steps)(g, parts);
  const bool turn =
      g->b_transposed && !paired && TURN_FACTOR * (g->m * g->k + g->m * g->n) < g->n * g->k;
  const ndg_gemm *use = as_row ? &row : turn ? &turned : g;
  NAME(product)
  q = {.g = use,
       .parts = parts,
       .turned = turn,
       .paired = paired,
       .a_row = (use->a_transposed ? 1 : use->lda) * parts,
       .row_step = (turn ? 1 : use->ldc) * parts,
       .column_step = (turn ? use->ldc : 1) * parts,
       .width = NAME(even)((use->n * parts + W - 1) / W, NV) * W,
       .height = parts == 2 ? MR : NAME(even)(use->m, MR)};
  const bool swapped = turn || as_row;
  for (size_t t = 0; t < s->n; t++, a += s->a * parts, b += s->b * parts, c += s->c * parts) {
    q.start = swapped ? NULL : start;
    NAME(gemm)(&q, swapped ? b : a, swapped ? a : b, c, work);
    if (swapped && start)
      NAME(add_start)(g, start, c);
    start = start ? start + s->start : NULL;
  }
}

#undef W
