/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "network.h"

static const ndg_array *find(const ndg_task_arrays *t, const char *name) {
  for (uint64_t i = 0; i < t->n_arrays; i++) {
    if (strcmp(t->arrays[i].name, name) == 0) {
      return &t->arrays[i];
    }
  }
  return NULL;
}

static ndg_status missing(const ndg_task_arrays *t, const char *name, ndg_error *e) {
  char have[256] = "none";
  size_t used = 0;
  for (uint64_t i = 0; i < t->n_arrays && used < sizeof have; i++) {
    const int n =
        snprintf(have + used, sizeof have - used, "%s%s", i ? ", " : "", t->arrays[i].name);
    used += n > 0 ? (size_t)n : 0;
  }
  return ndg_fail(e, NDG_EINVAL, "the tasks have no array '%s'; their arrays are: %s", name, have);
}

static ndg_status check_inputs(const ndg_i64_list *layers, const ndg_array *a, ndg_error *e) {
  if (a->kind != NDG_REAL || a->role != NDG_SAMPLES || a->shape.n_dims != 2) {
    return ndg_fail(e, NDG_EINVAL,
                    "%s must be a matrix of real numbers, samples x inputs; it has %u axes%s%s",
                    a->name, a->shape.n_dims, a->kind == NDG_INDEX ? ", holds indices" : "",
                    a->role != NDG_SAMPLES ? ", is not marked as samples" : "");
  }
  if (a->shape.dim[0] == 0) {
    return ndg_fail(e, NDG_EINVAL, "%s has no samples", a->name);
  }
  if (a->shape.dim[1] != (uint64_t)layers->values[0]) {
    return ndg_fail(e, NDG_EINVAL, "layers begin with %lld, %s have %llu columns",
                    (long long)layers->values[0], a->name, (unsigned long long)a->shape.dim[1]);
  }
  return NDG_OK;
}

/* That labels are below n_values is the host's to check. */
static ndg_status check_labels(const ndg_array *a, uint64_t n_out, ndg_error *e) {
  if (a->kind != NDG_INDEX || a->shape.n_dims != 1) {
    return ndg_fail(e, NDG_EINVAL,
                    "loss cross_entropy needs one index per sample, %s has %s of %u axes; use loss "
                    "mse for real targets",
                    a->name, a->kind == NDG_INDEX ? "indices" : "real numbers", a->shape.n_dims);
  }
  if (a->n_values > n_out) {
    return ndg_fail(e, NDG_EINVAL, "%s have %llu classes, layers end with %llu outputs", a->name,
                    (unsigned long long)a->n_values, (unsigned long long)n_out);
  }
  return NDG_OK;
}

static ndg_status check_values(const ndg_array *a, uint64_t n_out, ndg_error *e) {
  const uint64_t columns = a->shape.n_dims == 2 ? a->shape.dim[1] : 1;
  if (a->kind != NDG_REAL) {
    return ndg_fail(e, NDG_EINVAL,
                    "loss mse needs real targets, %s holds indices; use loss cross_entropy",
                    a->name);
  }
  if (a->shape.n_dims < 1 || a->shape.n_dims > 2 || columns != n_out) {
    return ndg_fail(e, NDG_EINVAL, "layers end with %llu, %s have %llu columns and %u axes",
                    (unsigned long long)n_out, a->name, (unsigned long long)columns,
                    a->shape.n_dims);
  }
  return NDG_OK;
}

/* "learn" or "eval": both arrays there, and fitting the network and each other. */
static ndg_status check_part(const ndg_i64_list *layers, int32_t loss, const ndg_task_arrays *t,
                             const char *const *names, ndg_error *e) {
  const ndg_array *inputs = find(t, names[0]), *targets = find(t, names[1]);
  if (!inputs || !targets) {
    return missing(t, inputs ? names[1] : names[0], e);
  }
  ndg_status st = check_inputs(layers, inputs, e);
  if (st < 0) {
    return st;
  }
  const uint64_t n_out = (uint64_t)layers->values[layers->n - 1];
  if (targets->role != NDG_SAMPLES) {
    return ndg_fail(e, NDG_EINVAL, "%s is not marked as samples", names[1]);
  }
  st = loss == NETWORK_CROSS_ENTROPY ? check_labels(targets, n_out, e)
                                     : check_values(targets, n_out, e);
  if (st < 0) {
    return st;
  }
  if (targets->shape.dim[0] != inputs->shape.dim[0]) {
    return ndg_fail(e, NDG_EINVAL, "%s has %llu samples, %s has %llu", names[0],
                    (unsigned long long)inputs->shape.dim[0], names[1],
                    (unsigned long long)targets->shape.dim[0]);
  }
  return NDG_OK;
}

ndg_status network_check_tasks(const ndg_i64_list *layers, int32_t loss, const ndg_task_arrays *t,
                               ndg_error *e) {
  static const char *const parts[2][2] = {{"learn.inputs", "learn.targets"},
                                          {"eval.inputs", "eval.targets"}};
  for (int i = 0; i < 2; i++) {
    ndg_status st = check_part(layers, loss, t, parts[i], e);
    if (st < 0) {
      return st;
    }
  }
  return NDG_OK;
}
