/* SPDX-License-Identifier: MIT */
/* The task arrays of each form: names, axes, and which lengths must agree. */
#include <string.h>

#include "quadratic.h"

/* Lengths that shapes are made of: equal letters must be equal numbers. */
enum { NONE, P, Q, N, M, N_LENGTHS };

typedef struct wanted {
  const char *name;
  uint32_t role;
  uint32_t axis[2]; /* NONE: no such axis */
} wanted;

static const wanted linear_quadratic[] = {{"H0", NDG_WHOLE, {P, P}},
                                          {"a", NDG_WHOLE, {P, NONE}},
                                          {"M", NDG_WHOLE, {P, P}},
                                          {"c", NDG_WHOLE, {P, NONE}}};
static const wanted least_squares[] = {{"A", NDG_WHOLE, {M, P}},
                                       {"b", NDG_WHOLE, {M, NONE}},
                                       {"C", NDG_WHOLE, {N, Q}},
                                       {"D", NDG_WHOLE, {N, P}},
                                       {"e", NDG_WHOLE, {N, NONE}}};
static const wanted ridge[] = {{"learn.inputs", NDG_SAMPLES, {N, P}},
                               {"learn.targets", NDG_SAMPLES, {N, NONE}},
                               {"eval.inputs", NDG_SAMPLES, {M, P}},
                               {"eval.targets", NDG_SAMPLES, {M, NONE}}};

static const struct {
  const char *name;
  uint32_t n;
  const wanted *arrays;
} forms[] = {{"linear_quadratic", 4, linear_quadratic},
             {"least_squares", 5, least_squares},
             {"ridge", 4, ridge}};

/* A vector may also come as a matrix of one column. */
static ndg_status check_axes(const char *form, const wanted *w, const ndg_array *a, ndg_error *e) {
  const uint32_t axes = w->axis[1] == NONE ? 1 : 2;
  const int column = axes == 1 && a->shape.n_dims == 2 && a->shape.dim[1] == 1;
  if (a->kind != NDG_REAL) {
    return ndg_fail(e, NDG_EINVAL, "form %s: %s must hold real numbers, it holds indices", form,
                    w->name);
  }
  if (a->shape.n_dims != axes && !column) {
    return ndg_fail(e, NDG_EINVAL, "form %s: %s must be a %s, it has %u axes", form, w->name,
                    axes == 1 ? "vector" : "matrix", a->shape.n_dims);
  }
  if (a->role != w->role) {
    return ndg_fail(e, NDG_EINVAL, "form %s: %s must be given %s", form, w->name,
                    w->role == NDG_WHOLE ? "whole, not as samples" : "as samples");
  }
  return NDG_OK;
}

/* The first array that has a length fixes it for the others. */
static ndg_status match_lengths(const char *form, const wanted *w, const ndg_array *a,
                                uint64_t *length, const char **fixed_by, ndg_error *e) {
  for (uint32_t i = 0; i < 2 && w->axis[i] != NONE; i++) {
    const uint32_t letter = w->axis[i];
    const uint64_t n = a->shape.dim[i];
    if (n == 0) {
      return ndg_fail(e, NDG_EINVAL, "form %s: axis %u of %s is empty", form, i + 1, w->name);
    }
    if (fixed_by[letter] && length[letter] != n) {
      return ndg_fail(e, NDG_EINVAL, "form %s: axis %u of %s has %llu entries, %s asks for %llu",
                      form, i + 1, w->name, (unsigned long long)n, fixed_by[letter],
                      (unsigned long long)length[letter]);
    }
    if (!fixed_by[letter]) {
      fixed_by[letter] = w->name;
      length[letter] = n;
    }
  }
  return NDG_OK;
}

static ndg_status find_one(const char *form, const char *name, uint64_t n, const ndg_array *arrays,
                           uint32_t *at, ndg_error *e) {
  char have[256] = "none";
  size_t used = 0;
  for (uint64_t i = 0; i < n; i++) {
    if (strcmp(arrays[i].name, name) == 0) {
      *at = (uint32_t)i;
      return NDG_OK;
    }
    if (used < sizeof have) {
      const int length =
          snprintf(have + used, sizeof have - used, "%s%s", i ? ", " : "", arrays[i].name);
      used += length > 0 ? (size_t)length : 0;
    }
  }
  return ndg_fail(e, NDG_EINVAL, "form %s: the tasks have no array '%s'; their arrays are: %s",
                  form, name, have);
}

ndg_status quadratic_find_arrays(const quadratic_options *o, uint64_t n, const ndg_array *arrays,
                                 quadratic_arrays *out, ndg_error *e) {
  const char *form = forms[o->form].name;
  const char *fixed_by[N_LENGTHS] = {NULL};
  uint64_t length[N_LENGTHS] = {0};
  out->n = forms[o->form].n;
  for (uint32_t i = 0; i < out->n; i++) {
    const wanted *w = &forms[o->form].arrays[i];
    ndg_status st = find_one(form, w->name, n, arrays, &out->at[i], e);
    if (st < 0) {
      return st;
    }
    out->of[i] = &arrays[out->at[i]];
    st = check_axes(form, w, out->of[i], e);
    if (st < 0) {
      return st;
    }
    st = match_lengths(form, w, out->of[i], length, fixed_by, e);
    if (st < 0) {
      return st;
    }
  }
  out->n_phi = length[P];
  out->n_theta = o->form == LEAST_SQUARES ? length[Q] : length[P];
  return NDG_OK;
}
