/* SPDX-License-Identifier: MIT */
/* Parameter groups: the learner's layout checked, initial values drawn, theta put in place. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "engine/internal.h"

static ndg_status check_group(const ndg_layout *l, const char *space, const ndg_group *g,
                              uint32_t i, ndg_error *e) {
  if (!memchr(g->name, 0, sizeof g->name) || !g->name[0])
    return ndg_fail(e, NDG_EINVAL, "%s group %u has no name of 1 to %d characters", space, i,
                    NDG_NAME_SIZE - 1);
  if (g->shape.n_dims > NDG_MAX_DIMS)
    return ndg_fail(e, NDG_EINVAL, "%s group '%s' has %u axes, more than %d", space, g->name,
                    g->shape.n_dims, NDG_MAX_DIMS);
  uint64_t size = 1;
  for (uint32_t d = 0; d < NDG_MAX_DIMS; d++) {
    const uint64_t length = g->shape.dim[d];
    if (length == 0 || length > (UINT64_C(1) << 32) / size || (d >= g->shape.n_dims && length != 1))
      return ndg_fail(e, NDG_EINVAL, "%s group '%s': axis %u has length %llu", space, g->name, d,
                      (unsigned long long)length);
    size *= length;
  }
  if (g->init > NDG_INIT_TRUNCATED_NORMAL || !isfinite(g->a) || !isfinite(g->b))
    return ndg_fail(e, NDG_EINVAL, "%s group '%s' has no usable initialisation", space, g->name);
  if (g == &l->phi[i] && g->start_theta != -1) {
    const int64_t from = g->start_theta;
    if (from < 0 || from >= l->n_theta)
      return ndg_fail(e, NDG_EINVAL, "phi group '%s' starts at theta group %lld of %u", g->name,
                      (long long)from, l->n_theta);
    if (ndg_shape_size(&l->theta[from].shape) != size)
      return ndg_fail(e, NDG_EINVAL, "phi group '%s' has another size than its start '%s'", g->name,
                      l->theta[from].name);
  }
  if (g == &l->theta[i] && g->constraint > NDG_NONNEGATIVE)
    return ndg_fail(e, NDG_EINVAL, "theta group '%s' has unknown constraint %u", g->name,
                    g->constraint);
  if (g->held > (g == &l->theta[i]))
    return ndg_fail(e, NDG_EINVAL, "%s group '%s' has held = %u; it is 0, for theta groups also 1",
                    space, g->name, g->held);
  return NDG_OK;
}

static ndg_status check_space(const ndg_layout *l, const char *space, const ndg_group *groups,
                              uint32_t n, uint64_t *offset, uint64_t *total, ndg_error *e) {
  *total = 0;
  for (uint32_t i = 0; i < n; i++) {
    const ndg_status st = check_group(l, space, &groups[i], i, e);
    if (st < 0)
      return st;
    for (uint32_t j = 0; j < i; j++)
      if (strcmp(groups[i].name, groups[j].name) == 0)
        return ndg_fail(e, NDG_EINVAL, "two %s groups are called '%s'", space, groups[i].name);
    offset[i] = *total;
    *total += ndg_shape_size(&groups[i].shape);
  }
  return NDG_OK;
}

static ndg_status ask_learner(const ndg_problem *p, const ndg_task_arrays *tasks, ndg_layout *out,
                              ndg_error *e) {
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  for (size_t i = 0; i < NDG_MAX_GROUPS; i++)
    out->phi[i].start_theta = -1;
  return p->learner.loaded->ops.learner.layout(p->learner.options, tasks, out, e);
}

ndg_status ndg_parameters_lay_out(ndg_problem *p, ndg_error *e) {
  p->layout = ndg_calloc(1, sizeof *p->layout);
  p->layout_again = ndg_calloc(1, sizeof *p->layout_again);
  p->phi_offset = ndg_calloc(NDG_MAX_GROUPS, sizeof *p->phi_offset);
  p->theta_offset = ndg_calloc(NDG_MAX_GROUPS, sizeof *p->theta_offset);
  if (!p->layout || !p->layout_again || !p->phi_offset || !p->theta_offset)
    return ndg_no_memory(e, "the layout");
  const ndg_layout *l = p->layout;
  ndg_status st = ask_learner(p, &p->tasks.arrays, p->layout, e);
  if (st < 0)
    return st;
  if (l->n_phi == 0 || l->n_phi > NDG_MAX_GROUPS || l->n_theta == 0 || l->n_theta > NDG_MAX_GROUPS)
    return ndg_fail(e, NDG_EINVAL, "%u phi and %u theta groups; there must be 1 to %d of each",
                    l->n_phi, l->n_theta, NDG_MAX_GROUPS);
  st = check_space(l, "phi", l->phi, l->n_phi, p->phi_offset, &p->n_phi, e);
  if (st < 0)
    return st;
  for (uint32_t g = 0; g < l->n_phi; g++)
    if (l->phi[g].start_theta >= 0 && !l->theta[l->phi[g].start_theta].held)
      p->n_start += ndg_shape_size(&l->phi[g].shape);
  return check_space(l, "theta", l->theta, l->n_theta, p->theta_offset, &p->n_theta, e);
}

static bool same_group(const ndg_group *a, const ndg_group *b) {
  bool same = strcmp(a->name, b->name) == 0 && a->shape.n_dims == b->shape.n_dims &&
              a->constraint == b->constraint && a->init == b->init && a->a == b->a &&
              a->b == b->b && a->start_theta == b->start_theta && a->held == b->held;
  for (uint32_t d = 0; d < NDG_MAX_DIMS; d++)
    same = same && a->shape.dim[d] == b->shape.dim[d];
  return same;
}

static ndg_status check_same_groups(const char *space, uint32_t n_old, const ndg_group *old,
                                    uint32_t n, const ndg_group *groups, ndg_error *e) {
  if (n != n_old)
    return ndg_fail(e, NDG_EINVAL, "%u %s groups for these tasks, not %u; open another problem", n,
                    space, n_old);
  for (uint32_t i = 0; i < n; i++)
    if (!same_group(&groups[i], &old[i]))
      return ndg_fail(e, NDG_EINVAL,
                      "%s group '%.*s' differs for these tasks from what the problem was opened "
                      "with; open another problem",
                      space, NDG_NAME_SIZE - 1, old[i].name);
  return NDG_OK;
}

ndg_status ndg_parameters_lay_out_again(ndg_problem *p, const ndg_task_arrays *tasks,
                                        ndg_error *e) {
  const ndg_layout *old = p->layout, *l = p->layout_again;
  ndg_status st = ask_learner(p, tasks, p->layout_again, e);
  if (st >= 0)
    st = check_same_groups("phi", old->n_phi, old->phi, l->n_phi, l->phi, e);
  if (st >= 0)
    st = check_same_groups("theta", old->n_theta, old->theta, l->n_theta, l->theta, e);
  return st < 0 ? st : NDG_OK;
}

/* Standard normals within two, divided by the deviation of what is left. */
static void draw_truncated(ndg_rng *r, double *out, uint64_t n) {
  ndg_rng_fill_normal(r, NDG_F64, out, n);
  for (uint64_t i = 0; i < n; i++) {
    while (!(fabs(out[i]) <= 2))
      ndg_rng_fill_normal(r, NDG_F64, &out[i], 1);
    out[i] *= 1.1368472343385565;
  }
}

static void draw_group(const ndg_group *g, const ndg_rng *parent, double *out) {
  const uint64_t n = ndg_shape_size(&g->shape);
  ndg_rng r = ndg_rng_stream(parent, g->name, 0);
  if (g->init == NDG_INIT_CONSTANT) {
    for (uint64_t i = 0; i < n; i++)
      out[i] = g->a;
    return;
  }
  if (g->init == NDG_INIT_NORMAL)
    ndg_rng_fill_normal(&r, NDG_F64, out, n);
  else if (g->init == NDG_INIT_TRUNCATED_NORMAL)
    draw_truncated(&r, out, n);
  else
    ndg_rng_fill_uniform(&r, NDG_F64, out, n);
  const double scale = g->init == NDG_INIT_UNIFORM ? g->b - g->a : g->b;
  for (uint64_t i = 0; i < n; i++)
    out[i] = g->a + scale * out[i];
}

static void *start_at(const ndg_problem *p, uint64_t task, uint64_t first) {
  return (char *)p->start->data +
         (size_t)(task * p->start->stride + first) * ndg_dtype_size(p->dtype);
}

void ndg_parameters_draw_start(ndg_problem *p) {
  const ndg_layout *l = p->layout;
  const ndg_rng root = ndg_rng_root(p->seed);
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++) {
    const uint64_t number = ndg_task_start_number(&p->tasks.labels, t);
    const ndg_rng task = ndg_rng_stream(&root, "task", number);
    const ndg_rng init = ndg_rng_stream(&task, "init", 0);
    for (uint32_t g = 0; g < l->n_phi; g++) {
      if (l->phi[g].start_theta >= 0)
        continue; /* spread_theta's */
      draw_group(&l->phi[g], &init, p->drawn);
      ndg_convert_from_f64(p->dtype, start_at(p, t, p->phi_offset[g]), p->drawn,
                           ndg_shape_size(&l->phi[g].shape));
    }
  }
}

ndg_status ndg_parameters_draw(ndg_problem *p, ndg_error *e) {
  p->drawn = ndg_calloc((size_t)p->n_phi, sizeof *p->drawn);
  p->theta = ndg_calloc((size_t)p->n_theta, sizeof *p->theta);
  p->theta_run =
      p->dtype == NDG_F64 ? p->theta : ndg_calloc((size_t)p->n_theta, ndg_dtype_size(p->dtype));
  p->start = ndg_problem_new_vector(p, NDG_PHI, false, NDG_GRADIENT_DESCENT);
  if (!p->drawn || !p->theta || !p->theta_run || !p->start)
    return ndg_no_memory(e, "parameters");
  const ndg_layout *l = p->layout;
  const ndg_rng root = ndg_rng_root(p->seed);
  const ndg_rng theta_stream = ndg_rng_stream(&root, "theta", 0);
  for (uint32_t g = 0; g < l->n_theta; g++)
    draw_group(&l->theta[g], &theta_stream, p->theta + p->theta_offset[g]);
  ndg_parameters_draw_start(p);
  const ndg_status st = ndg_parameters_check_theta(p, p->theta, e);
  if (st < 0)
    return st;
  ndg_parameters_spread_theta(p);
  return NDG_OK;
}

ndg_status ndg_parameters_check_theta(const ndg_problem *p, const double *theta, ndg_error *e) {
  for (uint32_t g = 0; g < p->layout->n_theta; g++) {
    const ndg_group *group = &p->layout->theta[g];
    const double *x = theta + p->theta_offset[g];
    const uint64_t n = ndg_shape_size(&group->shape);
    for (uint64_t i = 0; i < n; i++) {
      if (!isfinite(x[i]))
        return ndg_fail(e, NDG_EINVAL, "theta group '%s', element %llu of %llu (from 1) is %s",
                        group->name, (unsigned long long)i + 1, (unsigned long long)n,
                        isnan(x[i]) ? "NaN" : "infinite");
      if (p->dtype == NDG_F32 && fabs(x[i]) > FLT_MAX)
        return ndg_fail(
            e, NDG_EINVAL,
            "theta group '%s', element %llu of %llu (from 1) is %g, more than a float32 "
            "holds; use dtype float64",
            group->name, (unsigned long long)i + 1, (unsigned long long)n, x[i]);
      if (group->constraint == NDG_NONNEGATIVE && x[i] < 0)
        return ndg_fail(
            e, NDG_EINVAL,
            "theta group '%s', element %llu of %llu (from 1) is %g; this group must be >= 0",
            group->name, (unsigned long long)i + 1, (unsigned long long)n, x[i]);
    }
  }
  return NDG_OK;
}

void ndg_parameters_spread_theta(ndg_problem *p) {
  if (p->theta_run != p->theta)
    ndg_convert_from_f64(p->dtype, p->theta_run, p->theta, p->n_theta);
  for (uint32_t g = 0; g < p->layout->n_phi; g++) {
    const ndg_group *group = &p->layout->phi[g];
    if (group->start_theta < 0)
      continue;
    for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++)
      ndg_convert_from_f64(p->dtype, start_at(p, t, p->phi_offset[g]),
                           p->theta + p->theta_offset[group->start_theta],
                           ndg_shape_size(&group->shape));
  }
}
