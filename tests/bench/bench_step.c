/* SPDX-License-Identifier: MIT */
/* One step of a dense network's inner optimiser, built through the graph API as the engine builds
   it, against the time of its matrix products alone at the best rate reached here, by BLAS or by
   our own kernels. --csv FILE also writes the rows there; --case N does only that one; --seconds S
   takes another time than 1 for each measurement; --alone leaves out the products, for a profiler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "bench.h"
#include "graph/program.h"
#include "tensor/dtype.h"
#include "tensor/kernels.h"

enum { MAX_LAYERS = 6, MAX_PARAMETERS = 2 * MAX_LAYERS, MAX_SLOTS = 2 };
/* Inputs: data, labels, rows of a minibatch; then phi, strengths, slots of the optimiser. */
enum { DATA, LABELS, ROWS, FIRST };

typedef enum optimiser { DESCENT, HEAVY_BALL, ADAM } optimiser;
static const char *const optimiser_names[] = {"descent", "heavy ball", "Adam"};
static const uint32_t optimiser_slots[] = {0, 1, 2};

/* Of one output: mean squared error; of more: cross-entropy. `rows`: of the data, from which a
   minibatch is gathered; 0: the batch is all there is. `penalty`: a strength per parameter. */
typedef struct network {
  uint32_t n_layers;
  uint64_t width[MAX_LAYERS + 1];
  uint64_t batch, n_tasks;
  ndg_dtype dtype;
  uint32_t n_threads;
  optimiser optimiser;
  bool penalty;
  uint64_t rows;
} network;

typedef struct step {
  ndg_graph *graph;
  ndg_pool *pool;
  ndg_program *program;
  uint32_t n_in, n_out;
  ndg_node in_node[FIRST + (2 + MAX_SLOTS) * MAX_PARAMETERS];
  uint32_t from[(1 + MAX_SLOTS) * MAX_PARAMETERS]; /* per output: the input that it renews */
  ndg_node out_node[(1 + MAX_SLOTS) * MAX_PARAMETERS];
  ndg_binding in[FIRST + (2 + MAX_SLOTS) * MAX_PARAMETERS];
  ndg_binding out[(1 + MAX_SLOTS) * MAX_PARAMETERS];
  void *made[(1 + MAX_SLOTS) * MAX_PARAMETERS];                     /* for outputs */
  ndg_binding program_in[FIRST + (2 + MAX_SLOTS) * MAX_PARAMETERS]; /* those that are read */
} step;

static bool classifies(const network *net) {
  return net->width[net->n_layers] > 1;
}

static ndg_node loss_of(const ndg_builder *b, const network *net, ndg_node h, ndg_node target) {
  if (!classifies(net))
    return ndg_mean(b, ndg_square(b, ndg_sub(b, h, target)));
  const ndg_node total = ndg_reshape(b, ndg_log_sum_exp(b, h), NDG_VECTOR(net->batch));
  return ndg_mean(b, ndg_sub(b, total, ndg_pick(b, h, target)));
}

static ndg_node input(step *s, uint32_t kind, uint32_t flags, ndg_shape shape) {
  return s->in_node[s->n_in++] = ndg_graph_input(s->graph, kind, true, flags, shape);
}

/* Data and labels, of the minibatch or of all. */
static void build_data(step *s, const network *net, ndg_node *h, ndg_node *target) {
  const ndg_builder b = ndg_graph_builder(s->graph);
  const uint64_t rows = net->rows ? net->rows : net->batch;
  const uint32_t kind = classifies(net) ? NDG_INDEX : NDG_REAL;
  const ndg_shape labels = classifies(net) ? NDG_VECTOR(net->batch) : NDG_MATRIX(net->batch, 1);
  const ndg_node data = input(s, NDG_REAL, NDG_INPUT_DATA, NDG_MATRIX(rows, net->width[0]));
  *target = input(s, kind, kind == NDG_REAL ? NDG_INPUT_DATA : 0, labels);
  const ndg_node chosen = input(s, NDG_INDEX, 0, NDG_VECTOR(net->batch));
  *h = net->rows ? ndg_gather(&b, data, chosen) : data;
}

/* New parameter and slots, as in core/engine/optimizers.c with its options folded in. */
static void update(step *s, const network *net, ndg_node phi, ndg_node gradient) {
  const ndg_builder b = ndg_graph_builder(s->graph);
  const ndg_shape shape = ndg_graph_get(s->graph, phi)->shape;
  ndg_node slot[MAX_SLOTS], *out = &s->out_node[s->n_out];
  uint32_t *from = &s->from[s->n_out];
  while (s->in_node[from[0]] != phi)
    from[0]++;
  for (uint32_t i = 0; i < optimiser_slots[net->optimiser]; i++) {
    from[1 + i] = s->n_in;
    slot[i] = input(s, NDG_REAL, 0, shape);
  }
  if (net->optimiser == DESCENT) {
    out[0] = ndg_sub(&b, phi, ndg_scale(&b, gradient, 1e-3));
  } else if (net->optimiser == HEAVY_BALL) {
    out[1] = ndg_sub(&b, ndg_scale(&b, slot[0], 0.9), ndg_scale(&b, gradient, 1e-3));
    out[0] = ndg_add(&b, phi, out[1]);
  } else {
    out[1] = ndg_add(&b, ndg_scale(&b, slot[0], 0.9), ndg_scale(&b, gradient, 0.1));
    const ndg_node square = ndg_scale(&b, ndg_square(&b, gradient), 0.001);
    out[2] = ndg_add(&b, ndg_scale(&b, slot[1], 0.999), square);
    const ndg_node deviation = ndg_add(&b, ndg_sqrt(&b, out[2]), ndg_constant(&b, 1e-8));
    out[0] = ndg_sub(&b, phi, ndg_scale(&b, ndg_div(&b, out[1], deviation), 1e-3));
  }
  s->n_out += 1 + optimiser_slots[net->optimiser];
}

static void build(step *s, const network *net) {
  ndg_error e = {0};
  bench_must(ndg_graph_create(&s->graph, &e), &e);
  const ndg_builder b = ndg_graph_builder(s->graph);
  const uint32_t n = 2 * net->n_layers;
  ndg_node h, target, parameter[MAX_PARAMETERS], gradient[MAX_PARAMETERS];
  build_data(s, net, &h, &target);
  for (uint32_t l = 0; l < net->n_layers; l++) {
    const uint64_t from = net->width[l], to = net->width[l + 1];
    const ndg_node w = parameter[2 * l] = input(s, NDG_REAL, 0, NDG_MATRIX(from, to));
    const ndg_node bias = parameter[2 * l + 1] = input(s, NDG_REAL, 0, NDG_VECTOR(to));
    h = ndg_add(&b, ndg_matmul(&b, h, w, 0, 0), bias);
    h = l + 1 < net->n_layers ? ndg_tanh(&b, h) : h;
  }
  ndg_node loss = loss_of(&b, net, h, target);
  for (uint32_t i = 0; i < n && net->penalty; i++) {
    const ndg_node lambda = input(s, NDG_REAL, 0, ndg_graph_get(s->graph, parameter[i])->shape);
    loss = ndg_add(&b, loss, ndg_sum(&b, ndg_mul(&b, lambda, ndg_square(&b, parameter[i]))));
  }
  bench_must(ndg_graph_vjp(s->graph, 1, &loss, NULL, n, parameter, 0, gradient, &e), &e);
  for (uint32_t i = 0; i < n; i++)
    update(s, net, parameter[i], gradient[i]);
  bench_must(ndg_graph_status(s->graph, &e), &e);
}

static ndg_binding indices(uint64_t n_tasks, uint64_t n, uint64_t below, ndg_rng *rng) {
  const ndg_binding x = {bench_fill(NDG_F32, n_tasks * n, 1, rng), n};
  for (uint64_t i = 0; i < n_tasks * n; i++)
    ((int32_t *)x.data)[i] = (int32_t)ndg_rng_below(rng, below);
  return x;
}

/* As the engine does: a new state lies where the old one did, if all of it may. */
static void bind_in_place(step *s) {
  for (int checked = 0; checked < 2; checked++)
    for (uint32_t j = 0; j < s->n_out; j++)
      for (uint32_t i = 0; i < ndg_program_input_count(s->program); i++) {
        if (ndg_program_input_number(s->program, i) != s->from[j])
          continue;
        if (!ndg_program_may_overwrite(s->program, i, j))
          return;
        if (checked)
          s->out[j] = s->program_in[i];
      }
}

static void bind(step *s, const network *net) {
  ndg_rng rng = ndg_rng_root(1);
  const ndg_dtype data = net->dtype == NDG_C128 ? NDG_F64 : net->dtype;
  const uint64_t rows = net->rows ? net->rows : net->batch;
  s->in[DATA] = (ndg_binding){bench_fill(data, net->n_tasks * rows * net->width[0], 1, &rng),
                              rows * net->width[0]};
  s->in[LABELS] =
      classifies(net)
          ? indices(net->n_tasks, net->batch, net->width[net->n_layers], &rng)
          : (ndg_binding){bench_fill(data, net->n_tasks * net->batch, 1, &rng), net->batch};
  s->in[ROWS] = indices(net->n_tasks, net->batch, rows, &rng);
  for (uint32_t i = FIRST; i < s->n_in; i++) {
    const ndg_shape shape = ndg_graph_get(s->graph, s->in_node[i])->shape;
    const uint64_t size = ndg_shape_size(&shape);
    s->in[i] = (ndg_binding){bench_fill(net->dtype, net->n_tasks * size, 0.05, &rng), size};
    /* strengths and slots: mean squares are not negative */
    for (uint64_t k = 0; i >= FIRST + 2 * net->n_layers && k < net->n_tasks * size; k++)
      ((float *)s->in[i].data)[k] *= ((float *)s->in[i].data)[k];
  }
  for (uint32_t i = 0; i < s->n_out; i++) {
    const ndg_shape shape = ndg_graph_get(s->graph, s->out_node[i])->shape;
    const uint64_t size = ndg_shape_size(&shape);
    s->made[i] = bench_fill(net->dtype, net->n_tasks * size, 0, &rng);
    s->out[i] = (ndg_binding){s->made[i], size};
  }
  for (uint32_t i = 0; i < ndg_program_input_count(s->program); i++)
    s->program_in[i] = s->in[ndg_program_input_number(s->program, i)];
  bind_in_place(s);
}

static void run(void *context) {
  step *s = context;
  ndg_program_run(s->program, s->program_in, s->out);
}

static void free_step(step *s) {
  for (uint32_t i = 0; i < s->n_in; i++)
    ndg_free(s->in[i].data);
  for (uint32_t i = 0; i < s->n_out; i++)
    ndg_free(s->made[i]);
  ndg_program_destroy(s->program);
  ndg_pool_destroy(s->pool);
  ndg_graph_destroy(s->graph);
}

static double products_alone(const network *net, ndg_pool *pool, double seconds) {
  const bench_layers layers = {net->n_layers, net->width, net->batch, net->dtype};
  return bench_step_products(&layers, pool, 0.4 * seconds) * (double)net->n_tasks;
}

typedef enum goal_kind { RATIO, MICROSECONDS, FLOOR } goal_kind;

static void describe(const network *net, char *out, size_t size) {
  out[0] = '\0';
  for (uint32_t l = 0; l <= net->n_layers; l++)
    (void)snprintf(out + strlen(out), size - strlen(out), "%s%d", l ? "-" : "", (int)net->width[l]);
}

static void report(const network *net, const step *s, double t, double products, goal_kind goal,
                   double target, FILE *csv) {
  static const char *const goals[] = {"ratio", "microseconds", "times the floor"};
  const ndg_program_report r = ndg_program_describe(s->program);
  const double peak = bench_fma_peak(net->dtype == NDG_F32 ? NDG_F32 : NDG_F64) * net->n_threads;
  const double floor = t * peak / (double)r.flops_matmul;
  const double reached[] = {t / products, 1e6 * t, floor};
  char name[64], what[160];
  describe(net, name, sizeof name);
  (void)snprintf(what, sizeof what, "%s %s batch %d%s tasks %d threads %u %s%s", name,
                 ndg_dtype_name(net->dtype), (int)net->batch, net->rows ? " gathered" : "",
                 (int)net->n_tasks, net->n_threads, optimiser_names[net->optimiser],
                 net->penalty ? " with penalty" : "");
  const double rate = (double)r.flops_matmul / 1e9;
  printf("%s: step %.1f us, %.0f GFLOP/s; products alone %.1f us, %.0f GFLOP/s, ratio %.2f; peak "
         "%.0f GFLOP/s, %.1f x floor; %d instructions, %d stages, %.0f KiB\n"
         "    target: %s at most %.4g: %s\n",
         what, 1e6 * t, rate / t, 1e6 * products, rate / products, t / products, peak / 1e9, floor,
         (int)r.instructions, (int)r.stages, (double)r.arena_bytes / 1024, goals[goal], target,
         reached[goal] <= target ? "met" : "MISSED");
  bench_csv_row(csv, "step", what, "step", t, "s");
  bench_csv_row(csv, "step", what, "rate", rate / t, "GFLOP/s");
  bench_csv_row(csv, "step", what, "limit of products", rate / products, "GFLOP/s");
  bench_csv_row(csv, "step", what, "limit of multiply-adds", peak / 1e9, "GFLOP/s");
  bench_csv_row(csv, "step", what, "times products alone", t / products, "");
}

static void measure(const network *net, goal_kind goal, double target, double seconds, bool alone,
                    FILE *csv) {
  ndg_error e = {0};
  step s = {0};
  build(&s, net);
  bench_must(ndg_pool_create(net->n_threads, &s.pool, &e), &e);
  bench_must(ndg_program_compile(s.graph, s.n_out, s.out_node, net->dtype, net->n_tasks, s.pool,
                                 &s.program, &e),
             &e);
  bind(&s, net);
  /* alternately, because the machine may be shared */
  double step_time = 1e300, product_time = 1e300;
  for (int i = 0; i < 3; i++) {
    const double t = bench_best(run, &s, seconds),
                 g = alone ? t : products_alone(net, s.pool, seconds);
    step_time = t < step_time ? t : step_time;
    product_time = g < product_time ? g : product_time;
  }
  report(net, &s, step_time, product_time, goal, target, csv);
  free_step(&s);
}

int main(int argc, char **argv) {
  ndg_blas_prepare(argc, argv);
  FILE *csv = bench_csv_open(argc, argv);
  long only = -1;
  double seconds = 1;
  bool alone = false;
  for (int i = 1; i < argc; i++)
    alone = alone || strcmp(argv[i], "--alone") == 0;
  for (int i = 1; i + 1 < argc; i++) {
    if (strcmp(argv[i], "--seconds") == 0)
      seconds = strtod(argv[i + 1], NULL);
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
#define LARGE 6, {784, 256, 256, 256, 256, 256, 10}, 500, 1, NDG_F32
  static const struct {
    network net;
    goal_kind goal;
    double target;
  } cases[] = {
      {{2, {784, 256, 10}, 500, 1, NDG_F32, 2, DESCENT, false, 0}, RATIO, 2},
      {{2, {784, 256, 10}, 500, 1, NDG_F32, 1, DESCENT, false, 0}, RATIO, 2},
      {{2, {49, 16, 10}, 500, 1, NDG_F64, 1, DESCENT, false, 0}, MICROSECONDS, 150},
      {{2, {49, 16, 10}, 500, 1, NDG_C128, 1, DESCENT, false, 0}, MICROSECONDS, 500},
      {{3, {1, 40, 40, 1}, 10, 25, NDG_F32, 1, DESCENT, false, 0}, FLOOR, 8},
      {{3, {1, 40, 40, 1}, 10, 25, NDG_F32, 2, DESCENT, false, 0}, FLOOR, 12},
      {{LARGE, 2, DESCENT, false, 0}, RATIO, 1.25},
      {{LARGE, 2, DESCENT, true, 0}, RATIO, 1.25},
      {{LARGE, 2, HEAVY_BALL, true, 5000}, RATIO, 1.25},
      {{LARGE, 2, ADAM, true, 5000}, RATIO, 1.25},
      {{LARGE, 1, ADAM, true, 5000}, RATIO, 1.25},
  };
#undef LARGE
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (only < 0 || (size_t)only == i)
      measure(&cases[i].net, cases[i].goal, cases[i].target, seconds, alone, csv);
  bench_csv_close(csv);
  return 0;
}
