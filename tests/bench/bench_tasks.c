/* SPDX-License-Identifier: MIT */
/* Inner steps of many small tasks, 1-40-40-1 tanh with ten shots, built through the graph API as
   the engine binds them: a state vector per task, read and written in turns. Compared with the time
   of the products' floating-point operations at the multiply-add peak. --csv FILE also adds rows
   to that table; --case N does only that one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "bench.h"
#include "graph/program.h"
#include "tensor/dtype.h"
#include "tensor/kernels.h"

enum { N_LAYERS = 3, SHOTS = 10, MAX_PHI = 6, MAX_THETA = 4 };
static const uint64_t width[N_LAYERS + 1] = {1, 40, 40, 1};

/* MODULATED: h = tanh(gain (h W + b) + shift), gains, shifts and read-out fast, W and b shared by
   all tasks. WEIGHTS: every task has weights and biases of its own. */
typedef enum kind { MODULATED, WEIGHTS } kind;

typedef struct task_case {
  kind kind;
  uint64_t n_tasks;
  uint32_t n_threads;
  ndg_dtype dtype;
  double goal; /* times the floor; 0: none */
} task_case;

typedef struct step {
  const task_case *of;
  ndg_graph *graph;
  ndg_pool *pool;
  ndg_program *program;
  uint32_t n_phi, n_theta;
  ndg_node phi[MAX_PHI], next[MAX_PHI];
  uint64_t stride; /* numbers of a task's state */
  char *inputs, *targets, *rate, *theta[MAX_THETA], *state[2];
  ndg_binding in[2][3 + MAX_PHI + MAX_THETA], out[2][MAX_PHI];
} step;

static ndg_node add_phi(step *s, ndg_shape shape) {
  return s->phi[s->n_phi++] = ndg_graph_input(s->graph, NDG_REAL, true, 0, shape);
}

static ndg_node add_theta(step *s, ndg_shape shape) {
  s->n_theta++;
  return ndg_graph_input(s->graph, NDG_REAL, false, NDG_INPUT_DATA, shape);
}

static ndg_node layer(step *s, const ndg_builder *b, uint32_t l, ndg_node h) {
  const bool modulated = s->of->kind == MODULATED && l + 1 < N_LAYERS;
  ndg_node (*add)(step *, ndg_shape) = modulated ? add_theta : add_phi;
  const ndg_node w = add(s, NDG_MATRIX(width[l], width[l + 1]));
  const ndg_node bias = add(s, NDG_VECTOR(width[l + 1]));
  h = ndg_add(b, ndg_matmul(b, h, w, 0, 0), bias);
  if (modulated) {
    const ndg_node gain = add_phi(s, NDG_VECTOR(width[l + 1]));
    h = ndg_add(b, ndg_mul(b, gain, h), add_phi(s, NDG_VECTOR(width[l + 1])));
  }
  return l + 1 < N_LAYERS ? ndg_tanh(b, h) : h;
}

/* Inputs: data, targets, step size, then layer by layer. Outputs: phi after a step of gradient
   descent on half the mean squared error. */
static void build(step *s) {
  ndg_error e = {0};
  bench_must(ndg_graph_create(&s->graph, &e), &e);
  const ndg_builder b = ndg_graph_builder(s->graph);
  const ndg_shape data = NDG_MATRIX(SHOTS, 1);
  ndg_node h = ndg_graph_input(s->graph, NDG_REAL, true, NDG_INPUT_DATA, data);
  const ndg_node target = ndg_graph_input(s->graph, NDG_REAL, true, NDG_INPUT_DATA, data);
  const ndg_node rate = ndg_graph_input(s->graph, NDG_REAL, false, NDG_INPUT_DATA, NDG_SCALAR);
  for (uint32_t l = 0; l < N_LAYERS; l++)
    h = layer(s, &b, l, h);
  const ndg_node error = ndg_square(&b, ndg_sub(&b, h, target));
  const ndg_node loss = ndg_scale(&b, ndg_sum(&b, error), 0.5 / SHOTS);
  ndg_node gradient[MAX_PHI];
  bench_must(ndg_graph_vjp(s->graph, 1, &loss, NULL, s->n_phi, s->phi, 0, gradient, &e), &e);
  for (uint32_t i = 0; i < s->n_phi; i++)
    s->next[i] = ndg_sub(&b, s->phi[i], ndg_mul(&b, rate, gradient[i]));
  bench_must(ndg_graph_status(s->graph, &e), &e);
}

/* An input that is neither data nor phi: the k-th of theta. */
static ndg_binding bind_theta(step *s, uint32_t k, const ndg_shape *shape, ndg_rng *rng) {
  if (!s->theta[k])
    s->theta[k] = bench_fill(s->of->dtype, ndg_shape_size(shape), 0.5, rng);
  return (ndg_binding){s->theta[k], 0};
}

static void bind_set(step *s, uint32_t set, ndg_rng *rng) {
  const size_t size = ndg_dtype_size(s->of->dtype);
  const uint32_t n = 3 + s->n_phi + s->n_theta;
  ndg_binding all[3 + MAX_PHI + MAX_THETA] = {
      {s->inputs, SHOTS}, {s->targets, SHOTS}, {s->rate, 0}};
  uint64_t at = 0;
  uint32_t k = 0;
  for (uint32_t number = 3, phi = 0; number < n; number++) {
    /* inputs were made in this order; phi's numbers are known from their nodes */
    if (phi < s->n_phi && ndg_graph_get(s->graph, s->phi[phi])->attr.i[0] == number) {
      const ndg_shape shape = ndg_graph_get(s->graph, s->phi[phi])->shape;
      all[number] = (ndg_binding){s->state[set] + at * size, s->stride};
      s->out[set][phi++] = (ndg_binding){s->state[1 - set] + at * size, s->stride};
      at += ndg_shape_size(&shape);
    } else {
      const ndg_shape widest = NDG_MATRIX(40, 40);
      all[number] = bind_theta(s, k++, &widest, rng);
    }
  }
  for (uint32_t i = 0; i < ndg_program_input_count(s->program); i++)
    s->in[set][i] = all[ndg_program_input_number(s->program, i)];
}

static void bind(step *s) {
  ndg_rng rng = ndg_rng_root(1);
  const task_case *c = s->of;
  for (uint32_t i = 0; i < s->n_phi; i++) {
    const ndg_shape shape = ndg_graph_get(s->graph, s->phi[i])->shape;
    s->stride += ndg_shape_size(&shape);
  }
  s->inputs = bench_fill(c->dtype, c->n_tasks * SHOTS, 5, &rng);
  s->targets = bench_fill(c->dtype, c->n_tasks * SHOTS, 5, &rng);
  s->rate = bench_fill(c->dtype, 1, 1e-3, &rng);
  for (int i = 0; i < 2; i++)
    s->state[i] = bench_fill(c->dtype, c->n_tasks * s->stride, 0.5, &rng);
  bind_set(s, 0, &rng);
  bind_set(s, 1, &rng);
}

static void release(step *s) {
  free(s->inputs);
  free(s->targets);
  free(s->rate);
  for (uint32_t i = 0; i < MAX_THETA; i++)
    free(s->theta[i]);
  free(s->state[0]);
  free(s->state[1]);
  ndg_program_destroy(s->program);
  ndg_pool_destroy(s->pool);
  ndg_graph_destroy(s->graph);
}

/* As many as the engine takes between two measurements of the gradient. */
enum { STEPS = 25 };

static void run(void *context) {
  static const uint64_t advance[3 + MAX_PHI + MAX_THETA] = {0};
  step *s = context;
  const ndg_program_steps steps = {STEPS, {s->in[0], s->in[1]}, {s->out[0], s->out[1]}, advance};
  ndg_program_run_steps(s->program, &steps);
}

/* The widest product, all tasks' rows at once, at the library's rate. */
static double product_rate(const task_case *c, ndg_pool *pool) {
  const ndg_gemm shape = {c->n_tasks * SHOTS, 40, 40, 40, 40, 40, false, false, false, false, NULL};
  const bench_product p = {c->dtype, shape};
  const double flops = 2.0 * (double)(shape.m * shape.n * shape.k);
  return flops * c->n_threads / bench_gemm(&p, pool, 0.2);
}

static void measure(const task_case *c, FILE *csv) {
  static const char *const kinds[] = {"modulated", "weights"};
  ndg_error e = {0};
  step s = {.of = c};
  build(&s);
  bench_must(ndg_pool_create(c->n_threads, &s.pool, &e), &e);
  bench_must(
      ndg_program_compile(s.graph, s.n_phi, s.next, c->dtype, c->n_tasks, s.pool, &s.program, &e),
      &e);
  bind(&s);
  const ndg_program_report r = ndg_program_describe(s.program);
  const double flops = (double)r.flops_matmul;
  double step_time = 1e300, rate = 0, peak = 0;
  for (int i = 0; i < 3; i++) { /* alternately, because the machine may be shared */
    const double t = bench_best(run, &s, 0.2) / STEPS, g = product_rate(c, s.pool);
    const double p = bench_fma_peak(c->dtype) * c->n_threads;
    step_time = t < step_time ? t : step_time;
    rate = g > rate ? g : rate;
    peak = p > peak ? p : peak;
  }
  const double floor = step_time * peak / flops;
  printf("%s 1-40-40-1 %s, %d shots, %d tasks, %u threads: step %.2f us, %.1f GFLOP/s; peak %.0f, "
         "products %.0f GFLOP/s; %.2f x floor%s; %d instructions, %d stages, %.0f bytes/task\n",
         kinds[c->kind], ndg_dtype_name(c->dtype), SHOTS, (int)c->n_tasks, c->n_threads,
         1e6 * step_time, flops / step_time / 1e9, peak / 1e9, rate / 1e9, floor,
         c->goal == 0       ? ""
         : floor <= c->goal ? " (goal met)"
                            : " (goal MISSED)",
         (int)r.instructions, (int)r.stages, (double)r.arena_bytes / (double)c->n_tasks);
  char what[96];
  (void)snprintf(what, sizeof what, "%s 1-40-40-1 %s tasks %d threads %u", kinds[c->kind],
                 ndg_dtype_name(c->dtype), (int)c->n_tasks, c->n_threads);
  bench_csv_row(csv, "tasks", what, "step", step_time, "s");
  bench_csv_row(csv, "tasks", what, "rate", flops / step_time / 1e9, "GFLOP/s");
  bench_csv_row(csv, "tasks", what, "limit of products", rate / 1e9, "GFLOP/s");
  bench_csv_row(csv, "tasks", what, "limit of multiply-adds", peak / 1e9, "GFLOP/s");
  bench_csv_row(csv, "tasks", what, "times multiply-adds alone", floor, "");
  bench_csv_row(csv, "tasks", what, "memory", (double)r.arena_bytes / (double)c->n_tasks,
                "bytes/task");
  release(&s);
}

int main(int argc, char **argv) {
  ndg_blas_prepare(argc, argv);
  FILE *csv = bench_csv_open(argc, argv);
  long only = -1;
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], "--case") == 0)
      only = strtol(argv[i + 1], NULL, 10);
  ndg_blas_single_thread();
  static const task_case cases[] = {
      {MODULATED, 25, 2, NDG_F32, 4},   {MODULATED, 25, 1, NDG_F32, 0},
      {WEIGHTS, 25, 2, NDG_F32, 4},     {WEIGHTS, 25, 1, NDG_F32, 0},
      {MODULATED, 25, 2, NDG_F64, 0},   {MODULATED, 1, 2, NDG_F32, 0},
      {MODULATED, 10, 2, NDG_F32, 0},   {MODULATED, 100, 2, NDG_F32, 0},
      {MODULATED, 1000, 2, NDG_F32, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (only < 0 || (size_t)only == i)
      measure(&cases[i], csv);
  bench_csv_close(csv);
  return 0;
}
