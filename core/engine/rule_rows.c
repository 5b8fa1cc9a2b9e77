/* SPDX-License-Identifier: MIT */
/* Vectors with a number per task, as rules see them: inner products, sums with weights of each
   task's own, and random directions. */
#include <math.h>

#include "base/random.h"
#include "engine/internal.h"

/* Real vectors of this problem that may be added to each other. */
static ndg_status check_pair(const ndg_problem *p, const char *what, const ndg_vector *x,
                             const ndg_vector *y, ndg_error *e) {
  if (!x || !y)
    return ndg_fail(e, NDG_EINVAL, "%s: a vector is missing", what);
  if ((x->space == NDG_THETA) != (y->space == NDG_THETA))
    return ndg_fail(e, NDG_EINVAL, "%s: one vector is of theta, the other one is not", what);
  if (x->n_tasks != p->tasks.arrays.n_tasks || y->n_tasks != p->tasks.arrays.n_tasks)
    return ndg_fail(e, NDG_EINVAL, "%s: a vector of another problem", what);
  if (ndg_vector_is_complex(x) || ndg_vector_is_complex(y))
    return ndg_fail(e, NDG_EINVAL, "%s takes real vectors", what);
  return NDG_OK;
}

ndg_status ndg_rows_dots(ndg_problem *p, const ndg_vector *x, const ndg_vector *y, double *out,
                         ndg_error *e) {
  const ndg_status st = check_pair(p, "dots", x, y, e);
  if (st < 0)
    return st;
  for (uint64_t t = 0; t < x->n_tasks; t++) {
    ndg_vector a = *x, b = *y;
    long double product;
    a.n_tasks = b.n_tasks = 1;
    a.data = ndg_task_data(x, t);
    b.data = ndg_task_data(y, t);
    ndg_vector_dot(&a, &b, &product);
    out[t] = ndg_outcomes_lost(p, t) ? NAN : (double)product;
  }
  return NDG_OK;
}

/* Some at a time, so that nothing is allocated: the sum so far is then one operand more. */
enum { AT_ONCE = 7 };

static void mix_row(ndg_vector *out, uint64_t task, uint64_t n, const double *weights,
                    uint64_t stride, const ndg_vector *const *in) {
  ndg_vector row = *out, rows[AT_ONCE + 1];
  const ndg_vector *operands[AT_ONCE + 1];
  ndg_complex w[AT_ONCE + 1];
  uint64_t m = 0;
  row.n_tasks = 1;
  row.data = ndg_task_data(out, task);
  for (uint64_t i = 0; i < n; i++) {
    rows[m] = *in[i];
    rows[m].n_tasks = 1;
    rows[m].data = ndg_task_data(in[i], task);
    operands[m] = &rows[m];
    w[m++] = (ndg_complex){weights[i * stride], 0};
    if (m <= AT_ONCE && i + 1 < n)
      continue;
    ndg_vector_combine(&row, (ndg_complex){1, 0}, m, w, operands);
    rows[0] = row;
    operands[0] = &rows[0];
    w[0] = (ndg_complex){1, 0};
    m = 1;
  }
}

ndg_status ndg_rows_mix(ndg_problem *p, ndg_vector *out, uint64_t n, const double *weights,
                        const ndg_vector *const *in, ndg_error *e) {
  if (n == 0 || !weights || !in)
    return ndg_fail(e, NDG_EINVAL, "mix: there is nothing to add");
  for (uint64_t i = 0; i < n; i++) {
    const ndg_status st = check_pair(p, "mix", out, in[i], e);
    if (st < 0)
      return st;
    if (n > AT_ONCE + 1 && in[i] == out)
      return ndg_fail(e, NDG_EINVAL, "mix of more than %d vectors: none of them may be the result",
                      AT_ONCE + 1);
  }
  for (uint64_t t = 0; t < out->n_tasks; t++)
    mix_row(out, t, n, weights + t, out->n_tasks, in);
  out->identity = (ndg_identity){0, 0};
  return NDG_OK;
}

ndg_status ndg_rows_draw(ndg_problem *p, const char *label, uint64_t index, ndg_vector *out,
                         ndg_error *e) {
  enum { CHUNK = 256 };
  double x[CHUNK];
  const ndg_status st = check_pair(p, "draw", out, out, e);
  if (st < 0)
    return st;
  if (!label || !*label)
    return ndg_fail(e, NDG_EINVAL, "draw: the label of the stream is missing");
  const ndg_rng root = ndg_rng_root(p->seed);
  for (uint64_t t = 0; t < out->n_tasks; t++) {
    const ndg_rng task = ndg_rng_stream(&root, "task", ndg_task_number(&p->tasks.labels, t));
    const ndg_rng rule = ndg_rng_stream(&task, "rule", 0);
    ndg_rng r = ndg_rng_stream(&rule, label, index);
    char *to = ndg_task_data(out, t);
    for (uint64_t at = 0; at < out->length; at += CHUNK) {
      const uint64_t n = out->length - at < CHUNK ? out->length - at : CHUNK;
      ndg_rng_fill_normal(&r, NDG_F64, x, (size_t)n);
      ndg_convert_from_f64(out->dtype, to + at * ndg_dtype_size(out->dtype), x, n);
    }
  }
  out->identity = (ndg_identity){0, 0};
  return NDG_OK;
}
