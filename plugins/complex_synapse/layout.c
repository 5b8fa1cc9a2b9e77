/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "synapse.h"

static void draw_initial(const synapse_options *o, const synapse_group *g, ndg_group *out) {
  if (g->is_bias) {
    network_draw_bias(o->bias_scale, &o->layers, g->layer, out);
  } else {
    network_draw(o->init == NORMAL ? NDG_INIT_NORMAL : NDG_INIT_UNIFORM,
                 o->gain / sqrt((double)g->shape.dim[0]), out);
  }
}

static void name_lambda(const synapse_options *o, const synapse_group *g, char *out) {
  const char *prefix = o->lambda_scale == NETWORK_LOG ? "log_lambda" : "lambda";
  if (o->lambda_per == PER_GLOBAL) {
    (void)snprintf(out, NDG_NAME_SIZE, "%s", prefix);
  } else if (o->lambda_per == PER_LAYER) {
    (void)snprintf(out, NDG_NAME_SIZE, "%s.layer%u", prefix, g->layer);
  } else {
    (void)snprintf(out, NDG_NAME_SIZE, "%s.%c%u", prefix, g->is_bias ? 'b' : 'w', g->layer);
  }
}

static void lay_out_theta(const synapse_options *o, const synapse_plan *p, uint32_t i,
                          ndg_layout *out) {
  const synapse_group *g = &p->group[i];
  const char letter = g->is_bias ? 'b' : 'w';
  if (g->lambda >= 0) {
    ndg_group *lambda = &out->theta[g->lambda];
    name_lambda(o, g, lambda->name);
    lambda->shape = o->lambda_per == PER_SYNAPSE ? g->shape : NDG_SCALAR;
    network_lay_out_lambda(o->lambda_scale, o->lambda, lambda);
  }
  if (g->omega >= 0) {
    ndg_group *omega = &out->theta[g->omega];
    (void)snprintf(omega->name, NDG_NAME_SIZE, "omega.%c%u", letter, g->layer);
    omega->shape = g->shape;
    if (o->start_at_omega) {
      draw_initial(o, g, omega);
    }
  }
  if (g->initial >= 0 && g->initial != g->omega) {
    ndg_group *initial = &out->theta[g->initial];
    (void)snprintf(initial->name, NDG_NAME_SIZE, "initial.%c%u", letter, g->layer);
    initial->shape = g->shape;
    draw_initial(o, g, initial);
  }
}

ndg_status synapse_layout(const void *options, const ndg_task_arrays *tasks, ndg_layout *out,
                          ndg_error *e) {
  const synapse_options *o = options;
  synapse_plan plan;
  ndg_status st = synapse_make_plan(o, &plan, e);
  if (st < 0) {
    return st;
  }
  st = network_check_tasks(&o->layers, o->loss, tasks, e);
  if (st < 0) {
    return st;
  }
  out->n_phi = plan.n_phi;
  out->n_theta = plan.n_theta;
  for (uint32_t i = 0; i < plan.n_phi; i++) {
    const synapse_group *g = &plan.group[i];
    ndg_group *phi = &out->phi[i];
    (void)snprintf(phi->name, NDG_NAME_SIZE, "%c%u", g->is_bias ? 'b' : 'w', g->layer);
    phi->shape = g->shape;
    phi->start_theta = g->initial;
    draw_initial(o, g, phi);
    lay_out_theta(o, &plan, i, out);
  }
  return NDG_OK;
}
