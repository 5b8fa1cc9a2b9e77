/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "modulated.h"

static void name_group(const modulated_plan *p, const modulated_group *g, const char *prefix,
                       char *out) {
  static const char *const names[] = {
      [GAIN] = "gain", [SHIFT] = "shift", [WEIGHTS] = "w", [BIAS] = "b"};
  if (g->layer == p->n_layers) {
    (void)snprintf(out, NDG_NAME_SIZE, "%sreadout.%s", prefix, names[g->role]);
  } else {
    (void)snprintf(out, NDG_NAME_SIZE, "%s%s%u", prefix, names[g->role], g->layer);
  }
}

/* Shape and initial values: gains 1, weights and biases drawn, all else 0. */
static void lay_out_group(const modulated_options *o, const modulated_plan *p,
                          const modulated_group *g, const char *prefix, ndg_group *out) {
  const int readout = g->layer == p->n_layers;
  name_group(p, g, prefix, out->name);
  out->shape = g->shape;
  if (g->role == WEIGHTS) {
    const int32_t init = readout ? o->readout_init : o->init;
    const double deviation =
        (readout ? o->readout_scale : o->init_scale) / sqrt((double)g->shape.dim[0]);
    network_draw((uint32_t)init, init == NDG_INIT_UNIFORM ? sqrt(3) * deviation : deviation, out);
  } else if (g->role == BIAS) {
    network_draw_bias(o->bias_scale, &o->layers, g->layer, out);
  } else {
    out->init = NDG_INIT_CONSTANT;
    out->a = g->role == GAIN ? 1 : 0;
  }
}

static void lay_out_lambda(const modulated_options *o, const modulated_plan *p,
                           const modulated_group *g, ndg_group *out) {
  const int log_scale = o->lambda_scale == NETWORK_LOG;
  if (o->lambda_per == PER_GLOBAL) {
    (void)snprintf(out->name, NDG_NAME_SIZE, "%s", log_scale ? "log_lambda" : "lambda");
  } else {
    name_group(p, g, log_scale ? "log_lambda." : "lambda.", out->name);
  }
  out->shape = o->lambda_per == PER_PARAMETER ? g->shape : NDG_SCALAR;
  network_lay_out_lambda(o->lambda_scale, o->lambda, out);
}

ndg_status modulated_layout(const void *options, const ndg_task_arrays *tasks, ndg_layout *out,
                            ndg_error *e) {
  const modulated_options *o = options;
  modulated_plan plan;
  ndg_status st = modulated_make_plan(o, &plan, e);
  if (st < 0) {
    return st;
  }
  st = network_check_tasks(&o->layers, o->loss, tasks, e);
  if (st < 0) {
    return st;
  }
  out->n_phi = plan.n_phi;
  out->n_theta = plan.n_theta;
  for (uint32_t i = 0; i < plan.n_slow; i++) {
    lay_out_group(o, &plan, &plan.slow[i], "", &out->theta[i]);
  }
  for (uint32_t i = 0; i < plan.n_phi; i++) {
    const modulated_group *g = &plan.phi[i];
    lay_out_group(o, &plan, g, "", &out->phi[i]);
    out->phi[i].start_theta = g->initial;
    if (g->lambda >= 0) {
      lay_out_lambda(o, &plan, g, &out->theta[g->lambda]);
    }
    if (g->initial >= 0) {
      lay_out_group(o, &plan, g, "initial.", &out->theta[g->initial]);
      out->theta[g->initial].held = !(plan.meta & META_INITIAL);
    }
  }
  return NDG_OK;
}
