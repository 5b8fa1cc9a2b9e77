/* SPDX-License-Identifier: MIT */
/* One gradient step of a dense network, built through the graph API, against the time of its matrix
   products alone at the best rate that BLAS reaches here. --csv FILE also writes the rows there;
   --case N does only that one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "bench.h"
#include "graph/program.h"
#include "tensor/dtype.h"
#include "tensor/kernels.h"

enum { MAX_LAYERS = 3, MAX_PARAMETERS = 2 * MAX_LAYERS };

/* Of one output: mean squared error; of more: cross-entropy. */
typedef struct network {
  uint32_t n_layers;
  uint64_t width[MAX_LAYERS + 1];
  uint64_t batch, n_tasks;
  ndg_dtype dtype;
  uint32_t n_threads;
} network;

typedef struct step {
  ndg_graph *graph;
  ndg_pool *pool;
  ndg_program *program;
  ndg_node parameter[MAX_PARAMETERS], next[MAX_PARAMETERS];
  ndg_binding in[2 + MAX_PARAMETERS], out[MAX_PARAMETERS];
} step;

static void must(ndg_status st, const ndg_error *e) {
  if (st >= 0)
    return;
  (void)fprintf(stderr, "bench: %s\n", e->text);
  exit(1);
}

static bool classifies(const network *net) {
  return net->width[net->n_layers] > 1;
}

static ndg_node loss_of(const ndg_builder *b, const network *net, ndg_node h, ndg_node target) {
  if (!classifies(net))
    return ndg_mean(b, ndg_square(b, ndg_sub(b, h, target)));
  const ndg_node total = ndg_reshape(b, ndg_log_sum_exp(b, h), NDG_VECTOR(net->batch));
  return ndg_mean(b, ndg_sub(b, total, ndg_pick(b, h, target)));
}

/* Inputs 0 and 1: data and labels or targets; then weights and biases. Outputs: the parameters
   after a step of gradient descent. */
static void build(step *s, const network *net) {
  ndg_error e = {0};
  must(ndg_graph_create(&s->graph, &e), &e);
  const ndg_builder b = ndg_graph_builder(s->graph);
  const uint32_t kind = classifies(net) ? NDG_INDEX : NDG_REAL, n = 2 * net->n_layers;
  const ndg_shape labels = classifies(net) ? NDG_VECTOR(net->batch) : NDG_MATRIX(net->batch, 1);
  ndg_node h = ndg_graph_input(s->graph, NDG_REAL, true, NDG_INPUT_DATA,
                               NDG_MATRIX(net->batch, net->width[0]));
  const ndg_node target =
      ndg_graph_input(s->graph, kind, true, kind == NDG_REAL ? NDG_INPUT_DATA : 0, labels);
  for (uint32_t l = 0; l < net->n_layers; l++) {
    const uint64_t from = net->width[l], to = net->width[l + 1];
    s->parameter[2 * l] = ndg_graph_input(s->graph, NDG_REAL, true, 0, NDG_MATRIX(from, to));
    s->parameter[2 * l + 1] = ndg_graph_input(s->graph, NDG_REAL, true, 0, NDG_VECTOR(to));
    h = ndg_add(&b, ndg_matmul(&b, h, s->parameter[2 * l], 0, 0), s->parameter[2 * l + 1]);
    h = l + 1 < net->n_layers ? ndg_tanh(&b, h) : h;
  }
  const ndg_node loss = loss_of(&b, net, h, target);
  ndg_node gradient[MAX_PARAMETERS];
  must(ndg_graph_vjp(s->graph, 1, &loss, NULL, n, s->parameter, 0, gradient, &e), &e);
  for (uint32_t i = 0; i < n; i++)
    s->next[i] = ndg_sub(&b, s->parameter[i], ndg_scale(&b, gradient[i], 1e-3));
  must(ndg_graph_status(s->graph, &e), &e);
}

static void *fill(ndg_dtype dtype, uint64_t n, double scale, ndg_rng *rng) {
  const size_t size = ndg_dtype_size(dtype);
  char *x = aligned_alloc(64, (n * size + 63) / 64 * 64);
  if (!x)
    abort();
  for (uint64_t i = 0; i < n; i++) {
    const double value = scale * (2 * ndg_rng_uniform(rng) - 1);
    ndg_dtype_convert(dtype, x + i * size, NDG_F64, &value, 1);
  }
  return x;
}

static void bind(step *s, const network *net) {
  ndg_rng rng = ndg_rng_root(1);
  const ndg_dtype data = net->dtype == NDG_C128 ? NDG_F64 : net->dtype;
  const uint64_t batch = net->batch, n_examples = net->n_tasks * batch;
  s->in[0] = (ndg_binding){fill(data, n_examples * net->width[0], 1, &rng), batch * net->width[0]};
  s->in[1] = (ndg_binding){fill(data, n_examples, 1, &rng), batch};
  for (uint64_t i = 0; classifies(net) && i < n_examples; i++)
    ((int32_t *)s->in[1].data)[i] = (int32_t)ndg_rng_below(&rng, net->width[net->n_layers]);
  for (uint32_t i = 0; i < 2 * net->n_layers; i++) {
    const ndg_shape shape = ndg_graph_get(s->graph, s->parameter[i])->shape;
    const uint64_t size = ndg_shape_size(&shape);
    s->in[2 + i] = (ndg_binding){fill(net->dtype, net->n_tasks * size, 0.05, &rng), size};
    s->out[i] = (ndg_binding){fill(net->dtype, net->n_tasks * size, 0, &rng), size};
  }
}

static void run(void *context) {
  step *s = context;
  ndg_program_run(s->program, s->in, s->out);
}

static void free_step(step *s) {
  for (uint32_t i = 0; i < 2 + MAX_PARAMETERS; i++)
    free(s->in[i].data);
  for (uint32_t i = 0; i < MAX_PARAMETERS; i++)
    free(s->out[i].data);
  ndg_program_destroy(s->program);
  ndg_pool_destroy(s->pool);
  ndg_graph_destroy(s->graph);
}

/* The products of the step one by one, each thread doing all of them: seconds for 1 / n_threads of
   the whole, i.e. perfectly shared. */
static double products_alone(const network *net, ndg_pool *pool) {
  double t = 0;
  const double seconds = 0.4;
  const ndg_dtype dtype = net->dtype;
  for (uint32_t l = 0; l < net->n_layers; l++) {
    const uint64_t from = net->width[l], to = net->width[l + 1], batch = net->batch;
    /* data is real: a real product of twice the columns */
    const int mixed = dtype == NDG_C128 && l == 0;
    const uint64_t n = mixed ? 2 * to : to;
    const ndg_dtype type = mixed ? NDG_F64 : dtype;
    const bench_product forward = {type, {batch, n, from, from, n, n, false, false, false}};
    const bench_product weights = {type, {from, n, batch, from, n, n, true, false, false}};
    const bench_product back = {dtype, {batch, from, to, to, to, from, false, true, false}};
    t += bench_gemm(&forward, pool, seconds) + bench_gemm(&weights, pool, seconds);
    if (l > 0)
      t += bench_gemm(&back, pool, seconds);
  }
  return t * (double)net->n_tasks / net->n_threads;
}

typedef enum goal_kind { RATIO, MICROSECONDS, FLOOR } goal_kind;

static void report(const network *net, const step *s, double t, double products, goal_kind goal,
                   double target, FILE *csv) {
  static const char *const goals[] = {"ratio", "microseconds", "times the floor"};
  const ndg_program_report r = ndg_program_describe(s->program);
  const double peak = bench_fma_peak(net->dtype == NDG_F32 ? NDG_F32 : NDG_F64) * net->n_threads;
  const double floor = t * peak / (double)r.flops_matmul;
  const double reached[] = {t / products, 1e6 * t, floor};
  char name[64] = "";
  for (uint32_t l = 0; l <= net->n_layers; l++)
    (void)snprintf(name + strlen(name), sizeof name - strlen(name), "%s%d", l ? "-" : "",
                   (int)net->width[l]);
  printf("%s %s, batch %d, %d tasks, %u threads: step %.1f us; products alone %.1f us (%.0f "
         "GFLOP/s), ratio %.2f; %.1f x multiply-add floor; %d instructions, %d stages, %.0f KiB\n"
         "    target: %s at most %.4g: %s\n",
         name, ndg_dtype_name(net->dtype), (int)net->batch, (int)net->n_tasks, net->n_threads,
         1e6 * t, 1e6 * products, (double)r.flops_matmul / products / 1e9, t / products, floor,
         (int)r.instructions, (int)r.stages, (double)r.arena_bytes / 1024, goals[goal], target,
         reached[goal] <= target ? "met" : "MISSED");
  if (csv)
    (void)fprintf(csv, "%s,%s,%d,%d,%u,%.9g,%.9g,%.4f,%.4f\n", name, ndg_dtype_name(net->dtype),
                  (int)net->batch, (int)net->n_tasks, net->n_threads, t, products, t / products,
                  floor);
}

static void measure(const network *net, goal_kind goal, double target, FILE *csv) {
  ndg_error e = {0};
  step s = {0};
  build(&s, net);
  must(ndg_pool_create(net->n_threads, &s.pool, &e), &e);
  must(ndg_program_compile(s.graph, 2 * net->n_layers, s.next, net->dtype, net->n_tasks, s.pool,
                           &s.program, &e),
       &e);
  bind(&s, net);
  /* alternately, because the machine may be shared */
  double step_time = 1e300, product_time = 1e300;
  for (int i = 0; i < 3; i++) {
    const double t = bench_best(run, &s, 1), g = products_alone(net, s.pool);
    step_time = t < step_time ? t : step_time;
    product_time = g < product_time ? g : product_time;
  }
  report(net, &s, step_time, product_time, goal, target, csv);
  free_step(&s);
}

int main(int argc, char **argv) {
  ndg_blas_prepare(argc, argv);
  FILE *csv = NULL;
  long only = -1;
  for (int i = 1; i + 1 < argc; i++) {
    if (strcmp(argv[i], "--csv") == 0)
      csv = fopen(argv[i + 1], "w");
    if (strcmp(argv[i], "--case") == 0)
      only = strtol(argv[i + 1], NULL, 10);
  }
  ndg_blas_info info;
  ndg_blas_single_thread();
  ndg_blas_describe(&info);
  printf("OpenBLAS kernels %s (%s), block kernels %s\n", info.core, info.family,
         ndg_kernels_best()->name);
  printf("multiply-add peak per core: %.0f GFLOP/s float32, %.0f GFLOP/s float64\n",
         bench_fma_peak(NDG_F32) / 1e9, bench_fma_peak(NDG_F64) / 1e9);
  if (csv)
    (void)fprintf(csv, "network,dtype,batch,tasks,threads,step_s,products_s,ratio,floor\n");
  static const struct {
    network net;
    goal_kind goal;
    double target;
  } cases[] = {
      {{2, {784, 256, 10}, 500, 1, NDG_F32, 2}, RATIO, 2},
      {{2, {784, 256, 10}, 500, 1, NDG_F32, 1}, RATIO, 2},
      {{2, {49, 16, 10}, 500, 1, NDG_F64, 1}, MICROSECONDS, 150},
      {{2, {49, 16, 10}, 500, 1, NDG_C128, 1}, MICROSECONDS, 500},
      {{3, {1, 40, 40, 1}, 10, 25, NDG_F32, 1}, FLOOR, 8},
      {{3, {1, 40, 40, 1}, 10, 25, NDG_F32, 2}, FLOOR, 12},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (only < 0 || (size_t)only == i)
      measure(&cases[i].net, cases[i].goal, cases[i].target, csv);
  if (csv && fclose(csv) != 0)
    (void)fprintf(stderr, "bench: the table could not be written\n");
  return 0;
}
