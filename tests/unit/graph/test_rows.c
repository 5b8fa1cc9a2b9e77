/* SPDX-License-Identifier: MIT */
/* Blocks of rows: what is computed block by block and added up is what is computed at once, for the
   losses and derivatives of random graphs and for graphs that blocks cannot follow. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/memory.h"
#include "graph/rows.h"
#include "random_graph.h"
#include "sample.h"

enum { N_TASKS = 3, N_OPERATIONS = 14, N_OUTPUTS = 6 };

/* Rows [first, first + rows) of an input, as another input. */
static ndg_node add_rows(sample *s, ndg_graph *g, ndg_node from, uint64_t first, uint64_t rows) {
  const ndg_graph_node n = *ndg_graph_get(g, from);
  const uint32_t old = (uint32_t)n.attr.i[0], number = ndg_graph_input_count(g);
  ndg_shape shape = n.shape;
  shape.dim[0] = rows;
  const ndg_node node = ndg_graph_input(g, n.kind, n.per_task, 0, shape);
  const uint64_t width = ndg_shape_size(&shape) / rows, whole = ndg_shape_size(&n.shape);
  ck_assert_uint_lt(number, SAMPLE_MAX_INPUTS);
  if (n.kind == NDG_INDEX)
    s->index[number] = calloc(N_TASKS * rows, sizeof(int32_t));
  else
    s->value[number] = calloc(N_TASKS * rows * width, sizeof(wide));
  for (uint64_t t = 0; t < (n.per_task ? N_TASKS : 1); t++)
    for (uint64_t i = 0; i < rows * width; i++) {
      const uint64_t to = t * rows * width + i, at = t * whole + first * width + i;
      if (n.kind == NDG_INDEX)
        s->index[number][to] = s->index[old][at];
      else
        s->value[number][to] = s->value[old][at];
    }
  return node;
}

static ndg_node add_total(sample *s, ndg_graph *g, ndg_node part, wide *values) {
  const ndg_graph_node n = *ndg_graph_get(g, part);
  const uint32_t number = ndg_graph_input_count(g);
  ck_assert_uint_lt(number, SAMPLE_MAX_INPUTS);
  const ndg_node node = ndg_graph_input(g, NDG_REAL, n.per_task, 0, n.shape);
  s->value[number] = values;
  return node;
}

/* All of `group` in blocks of `rows`: totals[part] gets the sums, and outputs with rows are
   compared as they come. */
static void run_blocks(sample *s, ndg_graph *g, ndg_row_plan *p, uint32_t group, uint64_t rows,
                       const ndg_node *y, wide **totals) {
  const uint64_t n_rows = ndg_graph_get(g, p->samples[group])->shape.dim[0];
  ndg_node inputs[8] = {0}, out[64] = {0}, wanted[64];
  const ndg_row_given given = {0, NULL, NULL};
  ndg_error e = {0};
  for (uint32_t i = 0; i < p->n_parts; i++)
    wanted[i] = p->parts[i].group == group ? p->parts[i].node : p->samples[group];
  for (uint64_t first = 0; first < n_rows; first += rows) {
    const uint64_t here = n_rows - first < rows ? n_rows - first : rows;
    for (uint32_t i = 0; i < p->n_samples; i++)
      if (p->group[i] == group)
        inputs[i] = add_rows(s, g, p->samples[i], first, here);
    ck_assert_msg(ndg_rows_narrow(p, group, here, inputs, &given, p->n_parts, wanted, out, &e) ==
                      NDG_OK,
                  "%s", e.text);
    for (uint32_t i = 0; i < p->n_parts; i++) {
      if (p->parts[i].group != group)
        continue;
      wide *got = sample_evaluate(s, NDG_LONG_DOUBLE, out[i]);
      const uint64_t n = sample_count(g, out[i], N_TASKS);
      if (p->parts[i].output != NDG_ROW_TOTAL) {
        const uint32_t j = p->parts[i].output;
        wide *whole = sample_evaluate(s, NDG_LONG_DOUBLE, y[j]);
        const uint64_t size = sample_count(g, y[j], 1), width = size / n_rows;
        for (uint64_t t = 0; t < n / (here * width); t++)
          ck_assert(sample_distance(here * width, got + t * here * width,
                                    whole + t * size + first * width) < 1e-15L);
        free(whole);
      } else if (!totals[i]) {
        totals[i] = got;
        continue;
      }
      for (uint64_t k = 0; p->parts[i].output == NDG_ROW_TOTAL && k < n; k++)
        totals[i][k] += got[k];
      free(got);
    }
  }
}

/* How many parts y has, all of them computed in blocks of `rows` and compared. */
static uint32_t check_blocks(sample *s, ndg_graph *g, uint32_t n_samples, const ndg_node *samples,
                             uint32_t n_y, const ndg_node *y, uint64_t rows) {
  ndg_row_plan *p;
  ndg_error e = {0};
  wide *totals[64] = {NULL};
  ndg_node inputs[64] = {0}, out[N_OUTPUTS];
  ck_assert_msg(ndg_rows_plan(g, n_samples, samples, n_y, y, &p, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_lt(p->n_parts, 64);
  for (uint32_t i = 0; i < n_samples; i++)
    if (p->group[i] == i && p->row_size[i] > 0)
      run_blocks(s, g, p, i, rows, y, totals);
  for (uint32_t i = 0; i < p->n_parts; i++)
    if (p->parts[i].output == NDG_ROW_TOTAL)
      inputs[i] = add_total(s, g, p->parts[i].node, totals[i]);
  ck_assert_msg(ndg_rows_finish(p, inputs, n_y, y, out, &e) == NDG_OK, "%s", e.text);
  for (uint32_t j = 0; j < n_y; j++) {
    if (!out[j])
      continue;
    wide *whole = sample_evaluate(s, NDG_LONG_DOUBLE, y[j]);
    wide *blocks = sample_evaluate(s, NDG_LONG_DOUBLE, out[j]);
    const uint64_t n = sample_count(g, y[j], N_TASKS);
    const long double far = sample_distance(n, whole, blocks);
    ck_assert_msg(far <= 1e-15L * (1 + sample_norm(n, whole)), "output %u differs by %Lg", j, far);
    free(whole);
    free(blocks);
  }
  const uint32_t n_parts = p->n_parts;
  ndg_rows_free(p);
  return n_parts;
}

static uint32_t check_random(uint64_t seed, uint64_t rows) {
  random_graph r;
  sample s;
  ndg_error e = {0};
  random_graph_create(&r, seed, N_OPERATIONS, false);
  ck_assert_ptr_nonnull(r.graph);
  ndg_node v = ndg_graph_input(r.graph, NDG_REAL, true, 0,
                               ndg_graph_get(r.graph, r.input[RANDOM_PHI])->shape);
  ndg_node y[N_OUTPUTS];
  y[0] = r.loss;
  ck_assert(ndg_graph_vjp(r.graph, 1, &r.loss, NULL, 2, r.input, NDG_DERIVATIVE_PER_TASK, y + 1,
                          &e) == NDG_OK);
  ck_assert(ndg_graph_jvp(r.graph, 1, r.input, &v, 1, y + 1, y + 3, &e) == NDG_OK);
  ck_assert(ndg_graph_jvp(r.graph, 1, r.input, &v, 1, y + 2, y + 4, &e) == NDG_OK);
  sample_begin(&s, r.graph, N_TASKS);
  ndg_rng rng = {seed + 5, 3, 0, 7};
  for (uint32_t i = 0; i <= RANDOM_INPUTS; i++)
    if (i == RANDOM_INDEX || i == RANDOM_SHARED_INDEX)
      sample_fill_index(&s, i, 2, &rng);
    else
      sample_fill(&s, i, -1, 1, 0, &rng);
  const ndg_node samples[] = {r.input[RANDOM_DATA], r.input[RANDOM_INDEX]};
  const uint32_t n_parts = check_blocks(&s, r.graph, 2, samples, 5, y, rows);
  sample_end(&s);
  random_graph_destroy(&r);
  return n_parts;
}

START_TEST(random_graphs_in_blocks) {
  uint32_t cut = 0;
  for (uint64_t seed = 0; seed < 300; seed++)
    cut += check_random(1000 * (uint64_t)_i + seed, (uint64_t)_i) > 0;
  ck_assert_msg(cut > 20, "only %u graphs were cut", cut);
}
END_TEST

/* ---- graphs of one kind ---- */

typedef struct known {
  ndg_graph *graph;
  ndg_builder b;
  sample s;
  ndg_node x, y, w, label; /* 7 x 3, 7, 3 x 2; 7 indices below 2 */
} known;

static void begin(known *k) {
  ndg_error e = {0};
  ck_assert(ndg_graph_create(&k->graph, &e) == NDG_OK);
  k->b = ndg_graph_builder(k->graph);
  k->x = ndg_graph_input(k->graph, NDG_REAL, true, 0, NDG_MATRIX(7, 3));
  k->y = ndg_graph_input(k->graph, NDG_REAL, true, 0, NDG_VECTOR(7));
  k->w = ndg_graph_input(k->graph, NDG_REAL, true, 0, NDG_MATRIX(3, 2));
  k->label = ndg_graph_input(k->graph, NDG_INDEX, true, 0, NDG_VECTOR(7));
  sample_begin(&k->s, k->graph, N_TASKS);
  ndg_rng rng = {1, 2, 3, 4};
  for (uint32_t i = 0; i < 3; i++)
    sample_fill(&k->s, i, -1, 1, 0, &rng);
  sample_fill_index(&k->s, 3, 2, &rng);
}

static void end(known *k) {
  sample_end(&k->s);
  ndg_graph_destroy(k->graph);
}

static uint32_t parts_of(known *k, uint32_t n_y, const ndg_node *y, uint64_t rows) {
  const ndg_node samples[] = {k->x, k->y, k->label};
  return check_blocks(&k->s, k->graph, 3, samples, n_y, y, rows);
}

START_TEST(a_mean_with_a_penalty) {
  known k;
  begin(&k);
  const ndg_node z = ndg_tanh(&k.b, ndg_matmul(&k.b, k.x, k.w, 0, 0));
  const ndg_node total = ndg_reshape(&k.b, ndg_log_sum_exp(&k.b, z), NDG_VECTOR(7));
  const ndg_node fit = ndg_mean(&k.b, ndg_sub(&k.b, total, ndg_pick(&k.b, z, k.label)));
  const ndg_node loss = ndg_add(&k.b, fit, ndg_sum(&k.b, ndg_square(&k.b, k.w)));
  ndg_node y[3] = {loss, NDG_NO_NODE, z};
  ndg_error e = {0};
  ck_assert(ndg_graph_vjp(k.graph, 1, &loss, NULL, 1, &k.w, 0, y + 1, &e) == NDG_OK);
  ck_assert_uint_eq(parts_of(&k, 3, y, (uint64_t)_i), 3); /* sum, its gradient, and rows of z */
  end(&k);
}
END_TEST

/* Rows that meet other than in a sum are read as a whole; what does not touch them still goes by
   blocks. */
START_TEST(rows_that_meet_are_not_cut) {
  for (int kind = 0; kind < 6; kind++) {
    known k;
    begin(&k);
    const ndg_node centred =
        ndg_sub(&k.b, k.x, ndg_scale(&k.b, ndg_sum_axes(&k.b, k.x, 1), 1.0 / 7));
    const ndg_node turned = ndg_reshape(&k.b, k.x, NDG_MATRIX(3, 7));
    const ndg_node meet[] = {
        ndg_square(&k.b, centred),
        ndg_matmul(&k.b, k.x, k.x, 0, 1),
        ndg_tanh(&k.b, ndg_slice(&k.b, k.x, 0, 1, 4)),
        ndg_gather(&k.b, k.x, k.label),
        ndg_log_sum_exp(&k.b, ndg_attributed(&k.b, NDG_OP_TRANSPOSE, 1, &k.x, 1, 0, 0)),
        ndg_square(&k.b, ndg_add(&k.b, turned, k.y))};
    const ndg_node y = ndg_sum(&k.b, ndg_square(&k.b, meet[kind]));
    ck_assert_msg(y != NDG_NO_NODE, "case %d", kind);
    ck_assert_uint_eq(parts_of(&k, 1, &y, 2), 0);
    const ndg_node both[] = {y, ndg_sum(&k.b, ndg_tanh(&k.b, k.y))};
    ck_assert_uint_eq(parts_of(&k, 2, both, 2), kind == 5 ? 0 : 1);
    end(&k);
  }
}
END_TEST

START_TEST(running_out_of_memory_is_an_error) {
  known k;
  begin(&k);
  const ndg_node y = ndg_mean(&k.b, ndg_square(&k.b, ndg_matmul(&k.b, k.x, k.w, 0, 0)));
  ndg_status st = NDG_ENOMEM;
  uint64_t n = 0;
  for (; st == NDG_ENOMEM; n++) {
    ndg_row_plan *p;
    ndg_error e = {0};
    const ndg_node block = ndg_graph_input(k.graph, NDG_REAL, true, 0, NDG_MATRIX(2, 3));
    ndg_node out;
    ndg_fail_allocations_after(n);
    st = ndg_rows_plan(k.graph, 1, &k.x, 1, &y, &p, &e);
    if (st >= 0)
      st = ndg_rows_narrow(p, 0, 2, &block, &(ndg_row_given){0, NULL, NULL}, 1, &p->parts[0].node,
                           &out, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    if (p)
      ndg_rows_free(p);
  }
  ck_assert_int_eq(st, NDG_OK);
  ck_assert_uint_gt(n, 5);
  end(&k);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("blocks of rows");
  TCase *c = tcase_create("rows");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, random_graphs_in_blocks, 1, 4);
  tcase_add_loop_test(c, a_mean_with_a_penalty, 1, 8);
  tcase_add_test(c, rows_that_meet_are_not_cut);
  tcase_add_test(c, running_out_of_memory_is_an_error);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
