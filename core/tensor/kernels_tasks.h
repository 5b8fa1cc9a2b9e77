/* SPDX-License-Identifier: MIT */
/* Template of the kernels on whole tasks, whose operands are read where they lie: some apart from
   task to task, some a row that repeats. Included by kernels_real.h; LOAD_PART and STORE_PART
   are for less than a vector of TASKS_W numbers. Bits are those of the kernels on runs. */

#if !defined(TASKS_V)
#define TASKS_V V
#define TASKS_W W
#define TASKS_DEFAULT
#endif

/* y[i] of whole vectors from i on, then of the rest; or one by one. */
#if TASKS_W > 1
#define TASKS_RUN(expression)                                                                      \
  for (; i + TASKS_W <= n; i += TASKS_W) {                                                         \
    TASKS_V a, b, c, v;                                                                            \
    memcpy(&a, as + i, sizeof a);                                                                  \
    memcpy(&b, bs + i, sizeof b);                                                                  \
    memcpy(&c, cs + i, sizeof c);                                                                  \
    v = expression;                                                                                \
    memcpy(y + i, &v, sizeof v);                                                                   \
  }                                                                                                \
  if (i < n) {                                                                                     \
    const TASKS_V a = LOAD_PART(as + i, n - i), b = LOAD_PART(bs + i, n - i);                      \
    const TASKS_V c = LOAD_PART(cs + i, n - i);                                                    \
    (void)c;                                                                                       \
    STORE_PART(y + i, n - i, (expression));                                                        \
  }
#else
#define TASKS_RUN(expression)                                                                      \
  for (; i < n; i++) {                                                                             \
    const T a = as[i], b = bs[i], c = cs[i];                                                       \
    (void)c;                                                                                       \
    y[i] = expression;                                                                             \
  }
#endif

#define DEFINE_TASKS(name, used, expression)                                                       \
  static void NAME(name)(void *y_, const void *a_, const void *b_, const void *c_,                 \
                         const ndg_tasks_shape *s) {                                               \
    const T *from_a = a_, *from_b = b_, *from_c = c_;                                              \
    const size_t size = s->size, period = s->period, n_tasks = s->n_tasks;                         \
    const size_t more_a = s->repeats[1] ? 0 : period, more_b = s->repeats[2] ? 0 : period;         \
    const size_t more_c = s->repeats[3] ? 0 : period;                                              \
    T *to = y_;                                                                                    \
    for (size_t t = 0; t < n_tasks; t++) {                                                         \
      const T *as = from_a, *bs = from_b, *cs = used == 3 ? from_c : from_b;                       \
      for (size_t at = 0; at < size; at += period) {                                               \
        const size_t n = size - at < period ? size - at : period;                                  \
        T *y = to + at;                                                                            \
        size_t i = 0;                                                                              \
        TASKS_RUN(expression)                                                                      \
        as += more_a;                                                                              \
        bs += more_b;                                                                              \
        cs += used == 3 ? more_c : more_b;                                                         \
      }                                                                                            \
      to += s->step[0];                                                                            \
      from_a += s->step[1];                                                                        \
      from_b += s->step[2];                                                                        \
      from_c = used == 3 ? from_c + s->step[3] : from_c;                                           \
    }                                                                                              \
  }

DEFINE_TASKS(mul_tasks, 2, a *b)
DEFINE_TASKS(multiply_add_tasks, 3, a *b + c)
DEFINE_TASKS(minus_product_tasks, 3, a - b * c)
DEFINE_TASKS(times_rest_tasks, 3, a *(b - c * c))

#if defined(VECTOR_TANH)
DEFINE_TASKS(tanh_sum_tasks, 3, VECTOR_TANH(a *b + c))
#else
static void NAME(tanh_sum_tasks)(void *y, const void *a, const void *b, const void *c,
                                 const ndg_tasks_shape *s) {
  NAME(multiply_add_tasks)(y, a, b, c, s);
  for (size_t t = 0; t < s->n_tasks; t++)
    NAME(map_tanh)((T *)y + t * s->step[0], (T *)y + t * s->step[0], s->size);
}
#endif

static void NAME(tanh_sum)(void *y, const void *a, const void *b, const void *c, size_t n) {
  const ndg_tasks_shape s = {.n_tasks = 1, .size = n, .period = n};
  if (n > 0)
    NAME(tanh_sum_tasks)(y, a, b, c, &s);
}

/* Three vectors of columns at a time, the last ones again where columns are no multiple; less than
   one vector of them row by row. */
#if TASKS_W > 1
#define TASKS_READ(v, from) memcpy(&(v), from, sizeof(v))
#define TASKS_WRITE(to, v) memcpy(to, &(v), sizeof(v))
#else
#define TASKS_READ(v, from) ((v) = *(from))
#define TASKS_WRITE(to, v) (*(to) = (v))
#endif
static inline __attribute__((always_inline)) void NAME(sum_block)(T *y, const T *x, const T *z,
                                                                  size_t rows, size_t columns) {
  for (size_t j = 0; j < columns; j += 3 * TASKS_W) {
    const size_t last = columns - TASKS_W;
    const size_t second = j + TASKS_W < last ? j + TASKS_W : last;
    const size_t third = j + 2 * TASKS_W < last ? j + 2 * TASKS_W : last;
    const size_t at[3] = {j < last ? j : last, second, third};
    TASKS_V sum[3];
    memset(sum, 0, sizeof sum);
    for (size_t i = 0; i < rows; i++)
      for (int k = 0; k < 3; k++) {
        TASKS_V u, v;
        TASKS_READ(u, x + i * columns + at[k]);
        if (z) {
          TASKS_READ(v, z + i * columns + at[k]);
          u = u * v;
        }
        sum[k] += u;
      }
    for (int k = 0; k < 3; k++)
      TASKS_WRITE(y + at[k], sum[k]);
  }
}

static void NAME(sum_columns)(void *y_, const void *x_, size_t blocks, size_t rows,
                              size_t columns) {
  T *restrict y = y_;
  const T *restrict x = x_;
  for (size_t b = 0; b < blocks; b++, x += rows * columns, y += columns) {
    if (columns >= TASKS_W) {
      NAME(sum_block)(y, x, NULL, rows, columns);
      continue;
    }
    for (size_t j = 0; j < columns; j++)
      y[j] = 0;
    NAME(add_rows)(y, x, rows, columns);
  }
}

static void NAME(sum_products)(void *y_, const void *x_, const void *z_, size_t blocks, size_t rows,
                               size_t columns) {
  T *restrict y = y_;
  const T *restrict x = x_, *restrict z = z_;
  for (size_t b = 0; b < blocks; b++, x += rows * columns, z += rows * columns, y += columns) {
    if (columns >= TASKS_W) {
      NAME(sum_block)(y, x, z, rows, columns);
      continue;
    }
    for (size_t j = 0; j < columns; j++)
      y[j] = 0;
    for (size_t i = 0; i < rows; i++)
      for (size_t j = 0; j < columns; j++)
        y[j] += x[i * columns + j] * z[i * columns + j];
  }
}

#undef TASKS_READ
#undef TASKS_WRITE
#undef DEFINE_TASKS
#undef TASKS_RUN
#if defined(TASKS_DEFAULT)
#undef TASKS_V
#undef TASKS_W
#undef TASKS_DEFAULT
#endif
