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

enum { BATCH = 500, LAYERS = 2, INPUTS = 2 + 2 * LAYERS };

typedef struct network {
  uint64_t width[LAYERS + 1];
  ndg_dtype dtype;
  uint32_t n_threads;
} network;

typedef struct step {
  ndg_graph *graph;
  ndg_pool *pool;
  ndg_program *program;
  ndg_node parameter[2 * LAYERS], next[2 * LAYERS];
  ndg_binding in[INPUTS], out[2 * LAYERS];
} step;

static void must(ndg_status st, const ndg_error *e) {
  if (st >= 0)
    return;
  (void)fprintf(stderr, "bench: %s\n", e->text);
  exit(1);
}

/* Inputs 0 and 1: data and labels; then weights and biases. Outputs: the parameters after a step
   of gradient descent. */
static void build(step *s, const network *net) {
  ndg_error e = {0};
  must(ndg_graph_create(&s->graph, &e), &e);
  const ndg_builder b = ndg_graph_builder(s->graph);
  ndg_node h =
      ndg_graph_input(s->graph, NDG_REAL, true, NDG_INPUT_DATA, NDG_MATRIX(BATCH, net->width[0]));
  const ndg_node labels = ndg_graph_input(s->graph, NDG_INDEX, true, 0, NDG_VECTOR(BATCH));
  for (uint32_t l = 0; l < LAYERS; l++) {
    const uint64_t from = net->width[l], to = net->width[l + 1];
    s->parameter[2 * l] = ndg_graph_input(s->graph, NDG_REAL, true, 0, NDG_MATRIX(from, to));
    s->parameter[2 * l + 1] = ndg_graph_input(s->graph, NDG_REAL, true, 0, NDG_VECTOR(to));
    h = ndg_add(&b, ndg_matmul(&b, h, s->parameter[2 * l], 0, 0), s->parameter[2 * l + 1]);
    h = l + 1 < LAYERS ? ndg_tanh(&b, h) : h;
  }
  const ndg_node total = ndg_reshape(&b, ndg_log_sum_exp(&b, h), NDG_VECTOR(BATCH));
  const ndg_node loss = ndg_mean(&b, ndg_sub(&b, total, ndg_pick(&b, h, labels)));
  ndg_node gradient[2 * LAYERS];
  must(ndg_graph_vjp(s->graph, 1, &loss, NULL, 2 * LAYERS, s->parameter, 0, gradient, &e), &e);
  for (uint32_t i = 0; i < 2 * LAYERS; i++)
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
  int32_t *labels = calloc(BATCH, sizeof *labels);
  if (!labels)
    abort();
  for (uint32_t i = 0; i < BATCH; i++)
    labels[i] = (int32_t)ndg_rng_below(&rng, net->width[LAYERS]);
  s->in[0].data = fill(data, BATCH * net->width[0], 1, &rng);
  s->in[1].data = labels;
  for (uint32_t i = 0; i < 2 * LAYERS; i++) {
    const ndg_shape shape = ndg_graph_get(s->graph, s->parameter[i])->shape;
    s->in[2 + i].data = fill(net->dtype, ndg_shape_size(&shape), 0.05, &rng);
    s->out[i].data = fill(net->dtype, ndg_shape_size(&shape), 0, &rng);
  }
}

static void run(void *context) {
  step *s = context;
  ndg_program_run(s->program, s->in, s->out);
}

static void free_step(step *s) {
  for (uint32_t i = 0; i < INPUTS; i++)
    free(s->in[i].data);
  for (uint32_t i = 0; i < 2 * LAYERS; i++)
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
  for (uint32_t l = 0; l < LAYERS; l++) {
    const uint64_t from = net->width[l], to = net->width[l + 1];
    /* data is real: a real product of twice the columns */
    const int mixed = dtype == NDG_C128 && l == 0;
    const uint64_t n = mixed ? 2 * to : to;
    const ndg_dtype type = mixed ? NDG_F64 : dtype;
    const bench_product forward = {type, {BATCH, n, from, from, n, n, false, false, false}};
    const bench_product weights = {type, {from, n, BATCH, from, n, n, true, false, false}};
    const bench_product back = {dtype, {BATCH, from, to, to, to, from, false, true, false}};
    t += bench_gemm(&forward, pool, seconds) + bench_gemm(&weights, pool, seconds);
    if (l > 0)
      t += bench_gemm(&back, pool, seconds);
  }
  return t / net->n_threads;
}

static void measure(const network *net, double target, FILE *csv) {
  ndg_error e = {0};
  step s = {0};
  build(&s, net);
  must(ndg_pool_create(net->n_threads, &s.pool, &e), &e);
  must(ndg_program_compile(s.graph, 2 * LAYERS, s.next, net->dtype, 1, s.pool, &s.program, &e), &e);
  bind(&s, net);
  /* alternately, because the machine may be shared */
  double step_time = 1e300, product_time = 1e300;
  for (int i = 0; i < 3; i++) {
    const double t = bench_best(run, &s, 1), g = products_alone(net, s.pool);
    step_time = t < step_time ? t : step_time;
    product_time = g < product_time ? g : product_time;
  }
  const ndg_program_report r = ndg_program_describe(s.program);
  const double rate = (double)r.flops_matmul / product_time / 1e9;
  char name[64];
  (void)snprintf(name, sizeof name, "%d-%d-%d %s", (int)net->width[0], (int)net->width[1],
                 (int)net->width[2], ndg_dtype_name(net->dtype));
  printf("%-22s %u threads: step %8.1f us, products alone %8.1f us (%.0f GFLOP/s), ratio %.2f; "
         "%d instructions, %d stages, %.1f KiB\n",
         name, net->n_threads, 1e6 * step_time, 1e6 * product_time, rate, step_time / product_time,
         (int)r.instructions, (int)r.stages, (double)r.arena_bytes / 1024);
  printf("%-22s target: %s %.4g, %s\n", "", target < 100 ? "ratio" : "us", target,
         (target < 100 ? step_time / product_time : 1e6 * step_time) <= target ? "met" : "MISSED");
  if (csv)
    (void)fprintf(csv, "%s,%u,%.9g,%.9g,%.9g,%.4f\n", name, net->n_threads, step_time, product_time,
                  rate, step_time / product_time);
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
    (void)fprintf(csv, "network,threads,step_s,products_s,products_gflops,ratio\n");
  static const struct {
    network net;
    double target;
  } cases[] = {
      {{{784, 256, 10}, NDG_F32, 2}, 2},
      {{{784, 256, 10}, NDG_F32, 1}, 2},
      {{{49, 16, 10}, NDG_F64, 1}, 150},
      {{{49, 16, 10}, NDG_C128, 1}, 500},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (only < 0 || (size_t)only == i)
      measure(&cases[i].net, cases[i].target, csv);
  if (csv)
    (void)fclose(csv);
  return 0;
}
