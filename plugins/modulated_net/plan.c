/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "modulated.h"

static ndg_status read_lists(const modulated_options *o, modulated_plan *p, ndg_error *e) {
  static const char *const fast[] = {"gains", "shifts", "readout"};
  static const char *const meta[] = {"lambda", "initial"};
  ndg_status st = network_read_names("fast", o->fast, fast, 3, &p->fast, e);
  if (st < 0) {
    return st;
  }
  if (!p->fast) {
    return ndg_fail(e, NDG_EINVAL,
                    "fast is empty; name what a task changes: gains, shifts, readout");
  }
  return network_read_names("meta", o->meta, meta, 2, &p->meta, e);
}

static int32_t add(modulated_group *groups, uint32_t *n, modulated_role role, uint32_t layer,
                   ndg_shape shape) {
  groups[*n] =
      (modulated_group){.role = role, .layer = layer, .lambda = -1, .initial = -1, .shape = shape};
  return (int32_t)(*n)++;
}

static void add_layer(const modulated_options *o, modulated_plan *p, uint32_t k) {
  const uint64_t n_in = (uint64_t)o->layers.values[k], n_out = (uint64_t)o->layers.values[k + 1];
  const int readout = k + 1 == p->n_layers, fast = readout && (p->fast & FAST_READOUT);
  modulated_group *groups = fast ? p->phi : p->slow;
  uint32_t *n = fast ? &p->n_phi : &p->n_slow;
  modulated_layer *l = &p->layer[k];
  l->gain = l->shift = l->bias = -1;
  if (!readout && (p->fast & FAST_GAINS)) {
    l->gain = add(p->phi, &p->n_phi, GAIN, k + 1, NDG_VECTOR(n_out));
  }
  if (!readout && (p->fast & FAST_SHIFTS)) {
    l->shift = add(p->phi, &p->n_phi, SHIFT, k + 1, NDG_VECTOR(n_out));
  }
  l->weights = add(groups, n, WEIGHTS, k + 1, NDG_MATRIX(n_in, n_out));
  if (o->bias) {
    l->bias = add(groups, n, BIAS, k + 1, NDG_VECTOR(n_out));
  }
}

/* theta: slow groups, strengths, initial values. The drawn start of the read-out's weights is there
   even where it is not learned, so that all tasks share it. */
static void number_theta(const modulated_options *o, modulated_plan *p) {
  int32_t next = (int32_t)p->n_slow;
  for (uint32_t g = 0; (p->meta & META_LAMBDA) && g < p->n_phi; g++) {
    p->phi[g].lambda = g > 0 && o->lambda_per == PER_GLOBAL ? p->phi[0].lambda : next++;
  }
  for (uint32_t g = 0; g < p->n_phi; g++) {
    if ((p->meta & META_INITIAL) || p->phi[g].role == WEIGHTS) {
      p->phi[g].initial = next++;
    }
  }
  p->n_theta = (uint32_t)next;
}

ndg_status modulated_make_plan(const modulated_options *o, modulated_plan *p, ndg_error *e) {
  memset(p, 0, sizeof *p);
  ndg_status st = read_lists(o, p, e);
  if (st < 0) {
    return st;
  }
  /* Per layer at most a gain, a shift, a weight and a bias group, each with lambda and initial. */
  const uint64_t limit = NDG_MAX_GROUPS / 6;
  if (o->layers.n < 3 || o->layers.n - 1 > limit) {
    return ndg_fail(e, NDG_EINVAL,
                    "layers has %llu entr%s; it takes 3 (inputs, one hidden layer, outputs) to "
                    "%llu, as in {1, 40, 40, 1}",
                    (unsigned long long)o->layers.n, o->layers.n == 1 ? "y" : "ies",
                    (unsigned long long)limit + 1);
  }
  p->n_layers = (uint32_t)(o->layers.n - 1);
  for (uint32_t k = 0; k < p->n_layers; k++) {
    add_layer(o, p, k);
  }
  number_theta(o, p);
  return NDG_OK;
}
