/* SPDX-License-Identifier: MIT */
/* The graph of a problem, and its programs: compiled at first use and kept. */
#include <complex.h>
#include <math.h>
#include <string.h>

#include "engine/internal.h"

/* ---- the graph: inputs, and the learner's losses ---- */

ndg_node ndg_programs_input(ndg_problem *p, uint32_t kind, bool per_task, uint32_t flags,
                            ndg_shape shape, ndg_place place) {
  if (p->n_places == p->places_size) {
    const size_t size = sizeof *p->places;
    const uint32_t more = p->places_size ? 2 * p->places_size : 64;
    ndg_place *places = ndg_realloc(p->places, p->places_size * size, more * size);
    if (!places)
      return NDG_NO_NODE;
    p->places = places;
    p->places_size = more;
  }
  const ndg_node node = ndg_graph_input(p->graph, kind, per_task, flags, shape);
  if (node)
    p->places[p->n_places++] = place;
  return node;
}

/* One input per phi group, at `first` elements into a vector. */
static ndg_node *phi_inputs(ndg_problem *p, uint32_t where, uint64_t first) {
  ndg_node *nodes = ndg_calloc(NDG_MAX_GROUPS, sizeof *nodes);
  for (uint32_t g = 0; nodes && g < p->layout->n_phi; g++)
    nodes[g] = ndg_programs_input(p, NDG_REAL, true, 0, p->layout->phi[g].shape,
                                  (ndg_place){where, 0, first + p->phi_offset[g]});
  return nodes;
}

/* theta itself is real even where phi is complex. */
static ndg_node *theta_inputs(ndg_problem *p, uint32_t where) {
  const bool per_task = where == NDG_AT_THETA_DIRECTION;
  ndg_node *nodes = ndg_calloc(NDG_MAX_GROUPS, sizeof *nodes);
  for (uint32_t g = 0; nodes && g < p->layout->n_theta; g++)
    nodes[g] =
        ndg_programs_input(p, NDG_REAL, per_task, per_task ? 0 : NDG_INPUT_DATA,
                           p->layout->theta[g].shape, (ndg_place){where, 0, p->theta_offset[g]});
  return nodes;
}

/* theta as the learner sees it: of groups that are held no derivative comes back. */
static ndg_node *theta_seen(ndg_problem *p) {
  ndg_node *nodes = ndg_calloc(NDG_MAX_GROUPS, sizeof *nodes);
  for (uint32_t g = 0; nodes && p->theta_nodes && g < p->layout->n_theta; g++)
    nodes[g] = p->layout->theta[g].held ? ndg_stop_gradient(&p->builder, p->theta_nodes[g])
                                        : p->theta_nodes[g];
  return nodes;
}

static ndg_node *array_inputs(ndg_problem *p) {
  const ndg_task_arrays *tasks = &p->tasks.arrays;
  ndg_node *nodes = ndg_calloc((size_t)tasks->n_arrays, sizeof *nodes);
  for (uint64_t i = 0; nodes && i < tasks->n_arrays; i++)
    nodes[i] =
        ndg_programs_input(p, tasks->arrays[i].kind, true, NDG_INPUT_DATA, tasks->arrays[i].shape,
                           (ndg_place){NDG_AT_ARRAY, (uint32_t)i, 0});
  return nodes;
}

static ndg_status add_inputs(ndg_problem *p, ndg_error *e) {
  bool complete = true;
  p->phi = phi_inputs(p, NDG_AT_STATE, 0);
  p->theta_nodes = theta_inputs(p, NDG_AT_THETA);
  p->theta_seen = theta_seen(p);
  p->arrays = array_inputs(p);
  p->direction = phi_inputs(p, NDG_AT_DIRECTION, 0);
  p->theta_direction = theta_inputs(p, NDG_AT_THETA_DIRECTION);
  for (uint64_t s = 0; s < NDG_MAX_SLOTS; s++) {
    p->slot[s] = phi_inputs(p, NDG_AT_STATE, (1 + s) * p->n_phi);
    complete = complete && p->slot[s];
  }
  for (uint64_t s = 0; s <= NDG_MAX_SLOTS; s++) {
    p->adjoint[s] = phi_inputs(p, NDG_AT_SEED, s * p->n_phi);
    complete = complete && p->adjoint[s];
  }
  for (uint32_t i = 0; i < NDG_N_ROWS; i++)
    if (p->batch[i].size)
      p->batch_index[i] =
          ndg_programs_input(p, NDG_INDEX, true, NDG_INPUT_DATA, NDG_VECTOR(p->batch[i].size),
                             (ndg_place){NDG_AT_BATCH, i, 0});
  for (uint32_t i = 0; i < NDG_N_PARAMS; i++)
    p->param[i] = ndg_programs_input(p, NDG_REAL, false, i == NDG_PARAM_BETA ? 0 : NDG_INPUT_DATA,
                                     NDG_SCALAR, (ndg_place){NDG_AT_PARAM, i, 0});
  p->phi_ahead = ndg_calloc(NDG_MAX_GROUPS, sizeof *p->phi_ahead);
  complete = complete && p->phi && p->theta_nodes && p->theta_seen && p->arrays && p->direction &&
             p->theta_direction && p->phi_ahead && p->param[NDG_N_PARAMS - 1];
  const ndg_status st = ndg_graph_status(p->graph, e);
  return st < 0 ? st : complete ? NDG_OK : ndg_no_memory(e, "the loss graph");
}

static ndg_status check_scalar(const ndg_problem *p, ndg_node node, const char *what,
                               ndg_error *e) {
  if (!node || node > ndg_graph_node_count(p->graph))
    return ndg_fail(e, NDG_EINVAL, "build gave no %s", what);
  const ndg_graph_node *n = ndg_graph_get(p->graph, node);
  if (n->kind != NDG_REAL || n->shape.n_dims != 0)
    return ndg_fail(e, NDG_EINVAL, "%s must be a scalar; it has %u axes", what, n->shape.n_dims);
  if (!n->per_task)
    return ndg_fail(e, NDG_EINVAL, "%s is the same for all tasks: it does not depend on phi", what);
  return NDG_OK;
}

static ndg_status check_predictions(const ndg_problem *p, ndg_node node, ndg_error *e) {
  if (node > ndg_graph_node_count(p->graph))
    return ndg_fail(e, NDG_EINVAL, "predictions are no node of the graph");
  if (ndg_graph_get(p->graph, node)->kind != NDG_REAL)
    return ndg_fail(e, NDG_EINVAL, "predictions must be real numbers");
  return NDG_OK;
}

static ndg_status build(ndg_problem *p, const ndg_node *phi, const ndg_node *arrays,
                        const ndg_array *descriptions, ndg_learner_outputs *out, ndg_error *e) {
  const ndg_learner_inputs in = {.struct_size = sizeof in,
                                 .n_arrays = (uint32_t)p->tasks.arrays.n_arrays,
                                 .phi = phi,
                                 .theta = p->theta_seen,
                                 .arrays = arrays,
                                 .array_descriptions = descriptions,
                                 .layout = p->layout};
  *out = (ndg_learner_outputs){.struct_size = sizeof *out};
  ndg_status st =
      p->learner.loaded->ops.learner.build(p->learner.options, &p->builder, &in, out, e);
  if (st < 0)
    return st;
  st = ndg_graph_status(p->graph, e);
  if (st >= 0)
    st = check_scalar(p, out->learn_loss, "learn_loss", e);
  if (st >= 0)
    st = check_scalar(p, out->eval_loss, "eval_loss", e);
  if (st >= 0 && out->eval_accuracy)
    st = check_scalar(p, out->eval_accuracy, "eval_accuracy", e);
  if (st >= 0 && out->predictions)
    st = check_predictions(p, out->predictions, e);
  return st;
}

static ndg_node batch_of(ndg_problem *p, uint64_t array, uint32_t rows, ndg_shape shape) {
  if (!p->batch_labels[array])
    return ndg_gather(&p->builder, p->arrays[array], p->batch_index[rows]);
  return ndg_programs_input(p, NDG_INDEX, true, NDG_INPUT_DATA, shape,
                            (ndg_place){NDG_AT_BATCH_LABELS, (uint32_t)array, 0});
}

/* The losses three times: all samples, a minibatch, and at Nesterov's look-ahead point. Equal
   nodes exist once, so nothing is paid for what is not different. */
static ndg_status build_all(ndg_problem *p, ndg_error *e) {
  const uint64_t n = p->tasks.arrays.n_arrays;
  ndg_array *descriptions = ndg_calloc((size_t)n, sizeof *descriptions);
  ndg_node *arrays = ndg_calloc((size_t)n, sizeof *arrays);
  ndg_status st = descriptions && arrays ? NDG_OK : ndg_no_memory(e, "the loss graph");
  for (uint64_t i = 0; st >= 0 && i < n; i++) {
    descriptions[i] = p->tasks.arrays.arrays[i];
    descriptions[i].data = NULL;
    arrays[i] = p->arrays[i];
  }
  if (st >= 0)
    st = build(p, p->phi, arrays, descriptions, &p->built[NDG_BUILT_FULL], e);
  uint32_t rows;
  for (uint64_t i = 0; st >= 0 && i < n; i++)
    if (ndg_minibatch_rows_of(p, i, &rows)) {
      descriptions[i].shape.dim[0] = p->batch[rows].size;
      arrays[i] = batch_of(p, i, rows, descriptions[i].shape);
      st = arrays[i] ? NDG_OK : ndg_graph_status(p->graph, e);
      st = arrays[i] || st < 0 ? st : ndg_no_memory(e, "the loss graph");
    }
  if (st >= 0)
    st = build(p, p->phi, arrays, descriptions, &p->built[NDG_BUILT_BATCH], e);
  for (uint32_t g = 0; st >= 0 && g < p->layout->n_phi; g++)
    p->phi_ahead[g] = ndg_add(&p->builder, p->phi[g],
                              ndg_mul(&p->builder, p->param[NDG_PARAM_MOMENTUM], p->slot[0][g]));
  if (st >= 0)
    st = build(p, p->phi_ahead, arrays, descriptions, &p->built[NDG_BUILT_AHEAD], e);
  ndg_free(descriptions);
  ndg_free(arrays);
  return st;
}

static void look_for_non_analytic(ndg_problem *p) {
  const ndg_learner_outputs *b = &p->built[NDG_BUILT_FULL];
  const ndg_node losses[] = {b->learn_loss, b->eval_loss};
  const ndg_node bad = ndg_graph_first_non_analytic(p->graph, 2, losses);
  if (p->dtype != NDG_F64)
    snprintf(p->not_complex, sizeof p->not_complex,
             "complex nudging runs in complex128; the problem's numbers must be float64");
  else if (bad)
    snprintf(p->not_complex, sizeof p->not_complex, "operation '%s' is not analytic",
             ndg_graph_op_name(ndg_graph_get(p->graph, bad)->op));
}

ndg_status ndg_programs_open(ndg_problem *p, ndg_error *e) {
  ndg_status st = ndg_graph_create(&p->graph, e);
  if (st < 0)
    return st;
  p->builder = ndg_graph_builder(p->graph);
  st = add_inputs(p, e);
  if (st >= 0)
    st = build_all(p, e);
  if (st >= 0)
    look_for_non_analytic(p);
  return st < 0 ? st : NDG_OK;
}

/* ---- compiled programs ---- */

static void free_compiled(ndg_compiled *c) {
  if (!c)
    return;
  ndg_blocks_close(c->blocks);
  ndg_program_destroy(c->program);
  ndg_free(c->inputs);
  ndg_free(c->outputs);
  ndg_free(c->advance);
  for (int i = 0; i < 2; i++) {
    ndg_free(c->bound_inputs[i]);
    ndg_free(c->bound_outputs[i]);
  }
  ndg_free(c);
}

void ndg_programs_close(ndg_problem *p) {
  while (p->compiled) {
    ndg_compiled *c = p->compiled;
    p->compiled = c->next;
    free_compiled(c);
  }
  for (int s = 0; s < NDG_MAX_SLOTS; s++)
    ndg_free(p->slot[s]);
  for (int s = 0; s <= NDG_MAX_SLOTS; s++)
    ndg_free(p->adjoint[s]);
  ndg_free(p->phi);
  ndg_free(p->theta_nodes);
  ndg_free(p->theta_seen);
  ndg_free(p->arrays);
  ndg_free(p->direction);
  ndg_free(p->theta_direction);
  ndg_free(p->phi_ahead);
  ndg_free(p->places);
  while (p->row_inputs) {
    ndg_row_input *input = p->row_inputs;
    p->row_inputs = input->next;
    ndg_free(input);
  }
  ndg_graph_destroy(p->graph);
}

static ndg_status allocate_places(ndg_compiled *c, ndg_error *e) {
  c->inputs = ndg_calloc(c->n_inputs, sizeof *c->inputs);
  c->outputs = ndg_calloc(c->n_outputs, sizeof *c->outputs);
  c->advance = ndg_calloc(c->n_inputs, sizeof *c->advance);
  bool complete = c->inputs && c->outputs && c->advance;
  for (int i = 0; i < 2; i++) {
    c->bound_inputs[i] = ndg_calloc(c->n_inputs, sizeof *c->bound_inputs[i]);
    c->bound_outputs[i] = ndg_calloc(c->n_outputs, sizeof *c->bound_outputs[i]);
    complete = complete && c->bound_inputs[i] && c->bound_outputs[i];
  }
  return complete ? NDG_OK : ndg_no_memory(e, "a program");
}

/* With Adam's bias correction. */
static bool changes_by_step(uint32_t param, uint32_t optimizer) {
  return optimizer == NDG_ADAM && (param == NDG_PARAM_LR || param == NDG_PARAM_EPSILON);
}

/* Whether all parts of a state may be written where they were read. */
static bool overwrites_state(const ndg_compiled *c) {
  for (uint32_t i = 0; i < c->n_inputs; i++) {
    if (c->inputs[i].where != NDG_AT_STATE)
      continue;
    uint32_t j = 0;
    while (j < c->n_outputs &&
           (c->outputs[j].where != NDG_TO_STATE || c->outputs[j].offset != c->inputs[i].offset))
      j++;
    if (j == c->n_outputs || !ndg_program_may_overwrite(c->program, i, j))
      return false;
  }
  return true;
}

static ndg_status compile(ndg_problem *p, const ndg_request *r, ndg_outputs *o, ndg_compiled *c,
                          ndg_error *e) {
  c->request = *r;
  ndg_status st = ndg_derivatives(p, r, o, e);
  /* A binding has a row per task, also where the graph knows that all rows are alike. */
  for (uint32_t i = 0; st >= 0 && i < o->n; i++)
    if (o->node[i] && !ndg_graph_get(p->graph, o->node[i])->per_task)
      o->node[i] = ndg_spread(&p->builder, o->node[i]);
  if (st >= 0)
    st = ndg_graph_status(p->graph, e);
  if (st >= 0)
    st = ndg_blocks_open(p, r, o, &c->blocks, e);
  if (st >= 0 && o->n > 0)
    st = ndg_program_compile(p->graph, o->n, o->node, r->is_complex ? NDG_C128 : p->dtype,
                             p->tasks.arrays.n_tasks, p->pool, &c->program, e);
  if (st < 0)
    return st;
  c->n_inputs = c->program ? ndg_program_input_count(c->program) : 0;
  c->n_outputs = o->n;
  st = allocate_places(c, e);
  if (st < 0)
    return st;
  for (uint32_t i = 0; i < c->n_inputs; i++) {
    const ndg_place *at = &c->inputs[i];
    c->inputs[i] = p->places[ndg_program_input_number(c->program, i)];
    if (at->where == NDG_AT_PARAM && changes_by_step(at->index, r->optimizer))
      c->advance[i] = sizeof p->params[0][0][0];
  }
  memcpy(c->outputs, o->place, o->n * sizeof *c->outputs);
  c->overwrites = r->compute == NDG_COMPUTE_STEP && overwrites_state(c);
  return NDG_OK;
}

ndg_status ndg_programs_get(ndg_problem *p, const ndg_request *r, ndg_compiled **out,
                            ndg_error *e) {
  for (ndg_compiled *c = p->compiled; c; c = c->next)
    if (memcmp(&c->request, r, sizeof *r) == 0) {
      *out = c;
      return c->blocks ? ndg_blocks_ready(c->blocks, e) : NDG_OK;
    }
  if (r->is_complex && p->not_complex[0])
    return ndg_fail(e, NDG_ECAPABILITY, "learner %s cannot be evaluated at complex beta: %s",
                    p->learner.loaded->component->id, p->not_complex);
  ndg_outputs *o = ndg_calloc(1, sizeof *o);
  ndg_compiled *c = ndg_calloc(1, sizeof *c);
  ndg_status st = o && c ? compile(p, r, o, c, e) : ndg_no_memory(e, "a program");
  ndg_free(o);
  if (st < 0) {
    (void)ndg_graph_status(p->graph, NULL); /* the next request starts without this error */
    free_compiled(c);
    return st;
  }
  c->next = p->compiled;
  p->compiled = c;
  *out = c;
  return c->blocks ? ndg_blocks_ready(c->blocks, e) : NDG_OK;
}

void ndg_programs_let_go(ndg_problem *p) {
  for (ndg_compiled *c = p->compiled; c; c = c->next)
    if (c->blocks)
      ndg_blocks_let_go(c->blocks);
  for (uint32_t i = 0; i <= NDG_LONG_DOUBLE; i++)
    if (p->siblings[i])
      ndg_programs_let_go(p->siblings[i]);
}

/* ---- binding and running ---- */

static ndg_binding bind_vector(const ndg_vector *v, const ndg_place *at) {
  return (ndg_binding){(char *)v->data + (size_t)at->offset * ndg_dtype_size(v->dtype), v->stride};
}

static ndg_binding bind_own(const ndg_problem *p, uint32_t is_complex, const ndg_place *at) {
  const ndg_array *arrays = p->tasks.arrays.arrays;
  char *theta = is_complex ? (char *)p->theta : p->theta_run;
  const size_t size = is_complex ? sizeof(double) : ndg_dtype_size(p->dtype);
  switch (at->where) {
  case NDG_AT_THETA:
    return (ndg_binding){theta + (size_t)at->offset * size, 0};
  case NDG_AT_ARRAY:
  case NDG_AT_ROWS:
    return (ndg_binding){is_complex && arrays[at->index].data
                             ? (void *)(uintptr_t)arrays[at->index].data
                             : p->tasks.run[at->index],
                         ndg_shape_size(&arrays[at->index].shape)};
  case NDG_AT_BATCH:
    return (ndg_binding){p->batch[at->index].chosen, p->batch[at->index].size};
  case NDG_AT_BATCH_LABELS: {
    const ndg_shape *shape = &arrays[at->index].shape;
    uint32_t rows;
    (void)ndg_minibatch_rows_of(p, at->index, &rows);
    return (ndg_binding){p->batch_labels[at->index],
                         p->batch[rows].size * ndg_shape_size(shape) / shape->dim[0]};
  }
  default:
    return (ndg_binding){(void *)(uintptr_t)p->params[is_complex][at->index][0], 0};
  }
}

ndg_binding ndg_programs_place(const ndg_problem *p, uint32_t is_complex, const ndg_place *at,
                               const ndg_operands *in) {
  return at->where < NDG_N_VECTOR_OPERANDS ? bind_vector(in->vector[at->where], at)
                                           : bind_own(p, is_complex, at);
}

void ndg_programs_bind(const ndg_problem *p, ndg_compiled *c, uint32_t set, const ndg_operands *in,
                       const ndg_targets *out) {
  if (c->blocks)
    ndg_blocks_bind(c->blocks, set, in, out);
  for (uint32_t i = 0; i < c->n_inputs; i++) {
    const ndg_place *at = &c->inputs[i];
    c->bound_inputs[set][i] = at->where == NDG_AT_TOTAL
                                  ? ndg_blocks_total(c->blocks, at)
                                  : ndg_programs_place(p, c->request.is_complex, at, in);
  }
  for (uint32_t i = 0; i < c->n_outputs; i++)
    c->bound_outputs[set][i] = bind_vector(out->vector[c->outputs[i].where], &c->outputs[i]);
}

void ndg_programs_run(ndg_compiled *c, uint32_t set) {
  if (c->blocks)
    ndg_blocks_run(c->blocks, set);
  if (c->program)
    ndg_program_run(c->program, c->bound_inputs[set], c->bound_outputs[set]);
}

void ndg_programs_run_steps(ndg_compiled *c, uint32_t set, uint64_t n) {
  const uint32_t other = 1 - set;
  if (c->blocks) { /* steps_at_once says 1 */
    ndg_programs_run(c, set);
    return;
  }
  const ndg_program_steps steps = {.n = n,
                                   .inputs = {c->bound_inputs[set], c->bound_inputs[other]},
                                   .outputs = {c->bound_outputs[set], c->bound_outputs[other]},
                                   .advance = c->advance};
  ndg_program_run_steps(c->program, &steps);
}

uint64_t ndg_programs_steps_at_once(const ndg_compiled *c) {
  static const double operations = 2e9; /* about a tenth of a second */
  if (c->blocks || !ndg_program_steps_freely(c->program))
    return 1;
  const ndg_program_report r = ndg_program_describe(c->program);
  const double most = operations / (double)(r.flops_matmul + r.flops_elementwise + 1);
  return most < 1 ? 1 : most < NDG_STEPS_AT_ONCE ? (uint64_t)most : NDG_STEPS_AT_ONCE;
}

static void set_param(ndg_problem *p, uint32_t which, uint64_t step, long double value) {
  void *real = p->params[0][which][step];
  switch (p->dtype) {
  case NDG_F32:
    *(float *)real = (float)value;
    break;
  case NDG_F64:
    *(double *)real = (double)value;
    break;
  default:
    *(long double *)real = value;
    break;
  }
  *(double *)(void *)p->params[1][which][step] = (double)value;
}

void ndg_programs_set_beta(ndg_problem *p, ndg_complex beta) {
  set_param(p, NDG_PARAM_BETA, 0, beta.re);
  double *complex_beta = (double *)(void *)p->params[1][NDG_PARAM_BETA][0];
  complex_beta[0] = beta.re;
  complex_beta[1] = beta.im;
}

void ndg_programs_set_optimizer(ndg_problem *p, const ndg_optimizer *o) {
  set_param(p, NDG_PARAM_LR, 0, o->lr);
  set_param(p, NDG_PARAM_MOMENTUM, 0, o->momentum);
  set_param(p, NDG_PARAM_BETA2, 0, o->beta2);
}

void ndg_programs_set_steps(ndg_problem *p, const ndg_optimizer *o, uint64_t step, uint64_t n) {
  if (o->kind != NDG_ADAM)
    return;
  for (uint64_t i = 0; i < n; i++) {
    const long double t = (long double)(step + i) + 1;
    const long double mean = -expm1l(t * logl(o->momentum));
    const long double deviation = sqrtl(-expm1l(t * logl(o->beta2)));
    set_param(p, NDG_PARAM_LR, i, o->lr * deviation / mean);
    set_param(p, NDG_PARAM_EPSILON, i, o->epsilon * deviation);
  }
}
