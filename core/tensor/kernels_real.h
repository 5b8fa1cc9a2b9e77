/* SPDX-License-Identifier: MIT */
/* Template of the real kernels. The includer defines T, NAME(x), LANES, what kernels_tasks.h needs,
   and the functions map_exp,
   map_log, map_log1p, map_tanh, map_sin, map_cos (T *y, const T *x, size_t n) and
   map_pow (T *y, const T *x, T exponent, size_t n), all under NAME. No include guard: it is
   included once per element type. */

#define DEFINE_UNARY(name, expression)                                                             \
  static void NAME(name)(void *y_, const void *x_, size_t n) {                                     \
    T *y = y_;                                                                                     \
    const T *xs = x_;                                                                              \
    NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {                                               \
      const T x = xs[i];                                                                           \
      y[i] = expression;                                                                           \
    }                                                                                              \
  }
#define DEFINE_BINARY(name, expression)                                                            \
  static void NAME(name)(void *y_, const void *a_, const void *b_, size_t n) {                     \
    T *y = y_;                                                                                     \
    const T *as = a_, *bs = b_;                                                                    \
    NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {                                               \
      const T a = as[i], b = bs[i];                                                                \
      y[i] = expression;                                                                           \
    }                                                                                              \
  }

#define DEFINE_TERNARY(name, expression)                                                           \
  static void NAME(name)(void *y_, const void *a_, const void *b_, const void *c_, size_t n) {     \
    T *y = y_;                                                                                     \
    const T *as = a_, *bs = b_, *cs = c_;                                                          \
    NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {                                               \
      const T a = as[i], b = bs[i], c = cs[i];                                                     \
      y[i] = expression;                                                                           \
    }                                                                                              \
  }

/* A NaN operand always gives NaN, except where the operation is a comparison. */
DEFINE_UNARY(neg, -x)
DEFINE_UNARY(square, x *x)
DEFINE_UNARY(sqrt, SQRT(x))
DEFINE_UNARY(reciprocal, (T)1 / x)
DEFINE_UNARY(step, x > 0 ? (T)1 : (T)0)
DEFINE_UNARY(relu, x < 0 ? (T)0 : x)
DEFINE_UNARY(abs, x < 0 ? -x : x + 0)
DEFINE_UNARY(sign, x > 0 ? (T)1 : (x < 0 ? (T)-1 : x + 0))
DEFINE_BINARY(add, a + b)
DEFINE_BINARY(sub, a - b)
DEFINE_BINARY(mul, a *b)
DEFINE_BINARY(div, a / b)
DEFINE_BINARY(max, ((a >= b) | (a != a)) ? a : b)
DEFINE_BINARY(min, ((a <= b) | (a != a)) ? a : b)
DEFINE_BINARY(greater, a > b ? (T)1 : (T)0)

DEFINE_TERNARY(multiply_add, a *b + c)
DEFINE_TERNARY(minus_product, a - b * c)
DEFINE_TERNARY(times_rest, a *(b - c * c))

static void NAME(exp)(void *y, const void *x, size_t n) {
  NAME(map_exp)(y, x, n);
}
static void NAME(log)(void *y, const void *x, size_t n) {
  NAME(map_log)(y, x, n);
}
static void NAME(tanh)(void *y, const void *x, size_t n) {
  NAME(map_tanh)(y, x, n);
}
static void NAME(sin)(void *y, const void *x, size_t n) {
  NAME(map_sin)(y, x, n);
}
static void NAME(cos)(void *y, const void *x, size_t n) {
  NAME(map_cos)(y, x, n);
}

/* 1 / (1 + e^-x): an overflowing exponential gives the right zero. */
static void NAME(sigmoid)(void *y_, const void *x, size_t n) {
  T *y = y_;
  NAME(neg)(y, x, n);
  NAME(map_exp)(y, y, n);
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) y[i] = (T)1 / ((T)1 + y[i]);
}

/* max(x, 0) + log(1 + e^-|x|), in blocks because x is needed twice. */
static void NAME(softplus)(void *y_, const void *x_, size_t n) {
  T t[NDG_BLOCK];
  for (size_t begin = 0; begin < n; begin += NDG_BLOCK) {
    const size_t m = n - begin < NDG_BLOCK ? n - begin : NDG_BLOCK;
    const T *x = (const T *)x_ + begin;
    T *y = (T *)y_ + begin;
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) t[i] = x[i] < 0 ? x[i] : -x[i];
    NAME(map_exp)(t, t, m);
    NAME(map_log1p)(t, t, m);
    NDG_INDEPENDENT for (size_t i = 0; i < m; i++) y[i] = (x[i] < 0 ? (T)0 : x[i]) + t[i];
  }
}

/* Small integers by multiplication, halves by square roots: exact where the mathematics is. */
static void NAME(power)(void *y_, const void *x_, double exponent, size_t n) {
  T *y = y_;
  const T *x = x_;
  const double magnitude = exponent < 0 ? -exponent : exponent;
  if (magnitude > 4 || magnitude * 2 != (double)(int)(magnitude * 2)) {
    NAME(map_pow)(y, x, (T)exponent, n);
    return;
  }
  const int whole = (int)magnitude;
  const int half = magnitude != (double)whole;
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const T b = x[i], b2 = b * b;
    T p = whole == 0 ? (T)1 : whole == 1 ? b : whole == 2 ? b2 : whole == 3 ? b2 * b : b2 * b2;
    p = half ? p * SQRT(b) : p;
    y[i] = exponent < 0 ? (T)1 / p : p;
  }
}

static void NAME(select)(void *y_, const void *c_, const void *a_, const void *b_, size_t n) {
  T *y = y_;
  const T *c = c_, *a = a_, *b = b_;
  NDG_INDEPENDENT for (size_t i = 0; i < n; i++) {
    const T u = a[i], v = b[i];
    y[i] = c[i] != 0 ? u : v;
  }
}

static void NAME(fill)(void *y_, double value, size_t n) {
  T *y = y_;
  const T v = (T)value;
  for (size_t i = 0; i < n; i++)
    y[i] = v;
}

static void NAME(take)(void *y_, const void *x_, ptrdiff_t stride, size_t n) {
  T *restrict y = y_;
  const T *restrict x = x_;
  for (size_t i = 0; i < n; i++)
    y[i] = x[(ptrdiff_t)i * stride];
}

static void NAME(put)(void *y_, ptrdiff_t stride, const void *x_, size_t n) {
  T *restrict y = y_;
  const T *restrict x = x_;
  for (size_t i = 0; i < n; i++)
    y[(ptrdiff_t)i * stride] = x[i];
}

/* LANES partial sums, then a fixed tree: fast, and rounding grows like log n. A short sum would
   spend its time in the tree. */
static T NAME(sum)(const T *x, size_t n) {
  T lane[LANES] = {0};
  size_t i = 0;
  if (n < 2 * LANES) {
    for (; i < n; i++)
      lane[i % 2] += x[i];
    return lane[0] + lane[1];
  }
  for (; i + LANES <= n; i += LANES)
    for (size_t l = 0; l < LANES; l++)
      lane[l] += x[i + l];
  for (size_t l = 0; i < n; i++, l++)
    lane[l] += x[i];
  for (size_t half = LANES / 2; half > 0; half /= 2)
    for (size_t l = 0; l < half; l++)
      lane[l] += lane[l + half];
  return lane[0];
}

static void NAME(sum_rows)(void *y_, const void *x_, size_t rows, size_t columns, int accumulate) {
  T *y = y_;
  const T *x = x_;
  for (size_t i = 0; i < rows; i++, x += columns) {
    const T s = NAME(sum)(x, columns);
    y[i] = accumulate ? y[i] + s : s;
  }
}

static void NAME(add_rows)(void *y_, const void *x_, size_t rows, size_t columns) {
  T *restrict y = y_;
  const T *restrict x = x_;
  for (size_t i = 0; i < rows; i++, x += columns)
    for (size_t j = 0; j < columns; j++)
      y[j] += x[j];
}

/* In blocks of LANES, the last of which overlaps its neighbour. */
static void NAME(copy_rows)(void *y_, ptrdiff_t y_step, const void *x_, ptrdiff_t x_step,
                            size_t rows, size_t columns) {
  T *restrict y = y_;
  const T *restrict x = x_;
  if (columns < LANES || columns > 16 * LANES) {
    for (size_t i = 0; i < rows; i++, y += y_step, x += x_step)
      memcpy(y, x, columns * sizeof(T));
    return;
  }
  for (size_t i = 0; i < rows; i++, y += y_step, x += x_step) {
    for (size_t j = 0; j + LANES < columns; j += LANES)
      memcpy(y + j, x + j, LANES * sizeof(T));
    memcpy(y + columns - LANES, x + columns - LANES, LANES * sizeof(T));
  }
}

static void NAME(spread)(void *y_, const void *x_, ptrdiff_t step, size_t rows, size_t columns) {
  T *restrict y = y_;
  const T *restrict x = x_;
  for (size_t i = 0; i < rows; i++, y += columns, x += step)
    for (size_t j = 0; j < columns; j++)
      y[j] = *x;
}

static T NAME(largest)(const T *x, size_t n) {
  T m = x[0];
  for (size_t i = 1; i < n; i++)
    m = x[i] > m ? x[i] : m;
  return m;
}

/* A shift by the largest element; an infinite one would make NaN of itself, so it is not used. */
static void NAME(log_sum_exp)(void *y_, const void *x_, size_t rows, size_t columns, void *work) {
  T *y = y_, *shifted = work, *shift = shifted + rows * columns;
  const T *x = x_;
  for (size_t i = 0; i < rows; i++) {
    const T m = NAME(largest)(x + i * columns, columns);
    shift[i] = m - m == 0 ? m : (T)0;
    NDG_INDEPENDENT for (size_t j = 0; j < columns; j++) shifted[i * columns + j] =
        x[i * columns + j] - shift[i];
  }
  NAME(map_exp)(shifted, shifted, rows * columns);
  NAME(sum_rows)(y, shifted, rows, columns, 0);
  NAME(map_log)(y, y, rows);
  NDG_INDEPENDENT for (size_t i = 0; i < rows; i++) y[i] += shift[i];
}

#include "tensor/kernels_tasks.h"

#define REAL_KERNELS                                                                               \
  {                                                                                                \
    .unary = {[0] = NAME(neg),      [1] = NAME(square), [2] = NAME(sqrt), [3] = NAME(reciprocal),  \
              [4] = NAME(exp),      [5] = NAME(log),    [6] = NAME(tanh), [7] = NAME(sigmoid),     \
              [8] = NAME(softplus), [9] = NAME(sin),    [10] = NAME(cos), [12] = NAME(step),       \
              [13] = NAME(relu),    [14] = NAME(abs),   [15] = NAME(sign)},                        \
    .binary = {NAME(add), NAME(sub), NAME(mul), NAME(div), NAME(max), NAME(min), NAME(greater)},   \
    .fused = {NAME(multiply_add), NAME(minus_product), NAME(times_rest), NAME(tanh_sum)},          \
    .fused_tasks = {NAME(multiply_add_tasks), NAME(minus_product_tasks), NAME(times_rest_tasks),   \
                    NAME(tanh_sum_tasks)},                                                         \
    .mul_tasks = NAME(mul_tasks), .sum_products = NAME(sum_products), .power = NAME(power),        \
    .select = NAME(select), .fill = NAME(fill), .take = NAME(take), .put = NAME(put),              \
    .sum_rows = NAME(sum_rows), .add_rows = NAME(add_rows), .sum_columns = NAME(sum_columns),      \
    .copy_rows = NAME(copy_rows), .spread = NAME(spread), .log_sum_exp = NAME(log_sum_exp),        \
  }
