/* SPDX-License-Identifier: MIT */
/* What samples bear on, and how: a walk from the inputs up. Where rows meet in a way that blocks
   cannot follow, the inputs they come from are read as a whole, and the walk begins again. */
#include <string.h>

#include "graph/rows_internal.h"

typedef struct walk {
  ndg_row_plan *plan;
  const ndg_graph *graph;
  uint32_t refused; /* a group that blocks cannot follow; NO_GROUP: none */
} walk;

static uint32_t root(const ndg_row_plan *p, uint32_t sample) {
  while (p->group[sample] != sample)
    sample = p->group[sample];
  return sample;
}

/* The axis of `to` on which lies what lies on `axis` of `from`; -1: none. */
static int reshaped_axis(const ndg_shape *from, uint32_t axis, const ndg_shape *to) {
  uint64_t before = 1, other = 1;
  for (uint32_t a = 0; a < axis; a++)
    before *= from->dim[a];
  for (uint32_t b = 0; b < to->n_dims; other *= to->dim[b++])
    if (other == before && to->dim[b] == from->dim[axis])
      return (int)b;
  return -1;
}

/* Are all pieces along `axis` alike, so that a block of them is made as easily as all? */
static bool is_uniform(const ndg_graph *g, ndg_node x, uint32_t axis) {
  const ndg_graph_node *n = ndg_graph_get(g, x);
  if (n->op == NDG_OP_CONSTANT)
    return true;
  if (n->op == NDG_OP_BROADCAST) {
    const ndg_shape *from = &ndg_graph_get(g, n->in[0])->shape;
    const uint32_t skip = n->shape.n_dims - from->n_dims;
    return axis < skip || from->dim[axis - skip] == 1 || is_uniform(g, n->in[0], axis - skip);
  }
  if (n->op == NDG_OP_RESHAPE) {
    const int to = reshaped_axis(&n->shape, axis, &ndg_graph_get(g, n->in[0])->shape);
    return to >= 0 && is_uniform(g, n->in[0], (uint32_t)to);
  }
  const bool spread = n->op == NDG_OP_SPREAD;
  bool yes = spread || ndg_operation_get(n->op)->class == NDG_CLASS_ELEMENTWISE;
  for (uint32_t i = 0; yes && i < n->n_in; i++)
    yes = is_uniform(g, n->in[i], axis);
  return yes;
}

/* Is the same number everywhere? */
static bool is_scalar(const ndg_graph *g, ndg_node x) {
  const ndg_graph_node *n = ndg_graph_get(g, x);
  while (n->op == NDG_OP_BROADCAST || n->op == NDG_OP_SPREAD)
    n = ndg_graph_get(g, n->in[0]);
  return n->op == NDG_OP_CONSTANT || ndg_shape_size(&n->shape) == 1;
}

static uint32_t contracted_axis(const ndg_graph_node *matmul, uint32_t i) {
  return (i == 0) != (matmul->attr.i[i] != 0);
}

int ndg_rows_operand_axis(const ndg_row_plan *p, const ndg_graph_node *n, const ndg_row_trait *t,
                          uint32_t i) {
  (void)p;
  switch (n->op) {
  case NDG_OP_MATMUL:
    return t->kind == NDG_ROWS_TOTAL ? (int)contracted_axis(n, i) : -1;
  case NDG_OP_SCATTER_ADD:
  case NDG_OP_PICK:
  case NDG_OP_PLACE:
    return i == 0 ? 0 : -1;
  case NDG_OP_CONCAT:
    return t->kind == NDG_ROWS_EACH ? t->axis : -1;
  default:
    return t->kind == NDG_ROWS_EACH && ndg_operation_get(n->op)->class == NDG_CLASS_ELEMENTWISE
               ? t->axis
               : -1;
  }
}

static const ndg_row_trait *trait_of(const walk *w, const ndg_graph_node *n, uint32_t i) {
  return &w->plan->trait[n->in[i]];
}

/* Rows that are contracted are added up. */
static bool judge_matmul(const walk *w, const ndg_graph_node *n, ndg_row_trait *t) {
  uint32_t contracted = 0, outer = 0;
  for (uint32_t i = 0; i < 2; i++) {
    const ndg_row_trait *x = trait_of(w, n, i);
    if (x->kind != NDG_ROWS_EACH)
      continue;
    if (x->axis == contracted_axis(n, i)) {
      contracted++;
    } else {
      outer++;
      t->axis = (uint8_t)i;
    }
  }
  t->kind = contracted ? NDG_ROWS_TOTAL : NDG_ROWS_EACH;
  return contracted ? outer == 0 : outer == 1;
}

static bool judge_indexed(const walk *w, const ndg_graph_node *n, ndg_row_trait *t) {
  const ndg_row_trait *x = trait_of(w, n, 0), *index = trait_of(w, n, 1);
  const bool each = x->kind == NDG_ROWS_EACH;
  if (index->kind == NDG_ROWS_FREE) { /* rows lie across what is chosen */
    t->axis = x->axis;
    return x->axis > 0 && (n->op == NDG_OP_GATHER || n->op == NDG_OP_SCATTER_ADD);
  }
  t->axis = 0;
  if (n->op == NDG_OP_SCATTER_ADD)
    t->kind = NDG_ROWS_TOTAL;
  return n->op == NDG_OP_GATHER ? !each : !each || x->axis == 0;
}

static bool judge_moved(const walk *w, const ndg_graph_node *n, ndg_row_trait *t) {
  const ndg_shape *from = &ndg_graph_get(w->graph, n->in[0])->shape;
  const uint32_t axis = trait_of(w, n, 0)->axis;
  int to = (int)axis;
  if (n->op == NDG_OP_RESHAPE)
    to = reshaped_axis(from, axis, &n->shape);
  if (n->op == NDG_OP_BROADCAST)
    to = (int)(axis + n->shape.n_dims - from->n_dims);
  for (uint32_t b = 0; n->op == NDG_OP_TRANSPOSE && b < n->shape.n_dims; b++)
    if (n->attr.i[b] == axis)
      to = (int)b;
  t->axis = (uint8_t)(to < 0 ? 0 : to);
  return to >= 0;
}

/* The same axis in every operand that has samples. */
static bool judge_aligned(const walk *w, const ndg_graph_node *n, ndg_row_trait *t) {
  bool first = true, same = true;
  for (uint32_t i = 0; i < n->n_in; i++) {
    const ndg_row_trait *x = trait_of(w, n, i);
    if (x->kind != NDG_ROWS_EACH)
      continue;
    same = same && (first || x->axis == t->axis);
    t->axis = x->axis;
    first = false;
  }
  return same;
}

/* An operation on rows of one group, and on what no sample bears on. False: not by blocks. */
static bool judge_rows(const walk *w, const ndg_graph_node *n, ndg_row_trait *t) {
  t->kind = NDG_ROWS_EACH;
  switch (n->op) {
  case NDG_OP_MATMUL:
    return judge_matmul(w, n, t);
  case NDG_OP_RESHAPE:
  case NDG_OP_TRANSPOSE:
  case NDG_OP_BROADCAST:
    return judge_moved(w, n, t);
  case NDG_OP_SLICE:
  case NDG_OP_PAD:
  case NDG_OP_CONCAT:
    return judge_aligned(w, n, t) && n->attr.i[0] != t->axis;
  case NDG_OP_GATHER:
  case NDG_OP_SCATTER_ADD:
  case NDG_OP_PICK:
  case NDG_OP_PLACE:
    return judge_indexed(w, n, t);
  case NDG_OP_SUM:
    t->axis = trait_of(w, n, 0)->axis;
    t->kind = n->attr.i[0] >> t->axis & 1 ? NDG_ROWS_TOTAL : NDG_ROWS_EACH;
    return true;
  case NDG_OP_LOG_SUM_EXP:
    t->axis = trait_of(w, n, 0)->axis;
    return t->axis + 1u != n->shape.n_dims;
  default:
    return judge_aligned(w, n, t);
  }
}

/* What stays a sum over samples is left to the blocks only where that costs them nothing to speak
   of. */
static bool keeps_total(const walk *w, const ndg_graph_node *n) {
  const bool first = trait_of(w, n, 0)->kind == NDG_ROWS_TOTAL;
  bool all = first;
  for (uint32_t i = 1; i < n->n_in; i++)
    all = all && trait_of(w, n, i)->kind == NDG_ROWS_TOTAL;
  switch (n->op) {
  case NDG_OP_NEG:
  case NDG_OP_ADD:
  case NDG_OP_SUB:
  case NDG_OP_RESHAPE:
  case NDG_OP_TRANSPOSE:
  case NDG_OP_SLICE:
  case NDG_OP_CONCAT:
  case NDG_OP_SUM:
  case NDG_OP_SUM_TASKS:
  case NDG_OP_SPREAD:
    return all;
  case NDG_OP_MUL:
    return !all && is_scalar(w->graph, n->in[first]);
  case NDG_OP_DIV:
    return first && !all && is_scalar(w->graph, n->in[1]);
  default:
    return false;
  }
}

static void refuse(walk *w, uint32_t group) {
  if (w->refused == NDG_ROW_NO_GROUP)
    w->refused = group;
}

/* Groups of rows that meet become one. */
static uint32_t join(walk *w, uint32_t a, uint32_t b) {
  ndg_row_plan *p = w->plan;
  const uint32_t first = a < b ? a : b, second = a < b ? b : a;
  if (first == second)
    return first;
  if (ndg_graph_get(w->graph, p->samples[a])->shape.dim[0] !=
      ndg_graph_get(w->graph, p->samples[b])->shape.dim[0])
    refuse(w, second);
  else
    p->group[second] = first;
  return first;
}

static void judge(walk *w, ndg_node id) {
  ndg_row_plan *p = w->plan;
  const ndg_graph_node *n = ndg_graph_get(w->graph, id);
  ndg_row_trait *t = &p->trait[id];
  uint32_t rows = NDG_ROW_NO_GROUP, total = NDG_ROW_NO_GROUP;
  bool after = false, several = false;
  for (uint32_t i = 0; i < n->n_in; i++) {
    const ndg_row_trait *x = trait_of(w, n, i);
    const bool grouped = x->kind == NDG_ROWS_EACH || x->kind == NDG_ROWS_TOTAL;
    const uint32_t group = grouped ? root(p, x->group) : NDG_ROW_NO_GROUP;
    if (x->kind == NDG_ROWS_EACH)
      rows = rows == NDG_ROW_NO_GROUP ? group : join(w, rows, group);
    if (x->kind == NDG_ROWS_TOTAL) {
      several = several || (total != NDG_ROW_NO_GROUP && total != group);
      total = group;
    }
    after = after || x->kind == NDG_ROWS_AFTER;
  }
  if (rows != NDG_ROW_NO_GROUP) {
    t->group = rows;
    bool good = total == NDG_ROW_NO_GROUP && !after && judge_rows(w, n, t);
    for (uint32_t i = 0; good && i < n->n_in; i++) {
      const int axis = ndg_rows_operand_axis(p, n, t, i);
      if (axis >= 0 && trait_of(w, n, i)->kind == NDG_ROWS_FREE)
        good = is_uniform(w->graph, n->in[i], (uint32_t)axis);
    }
    if (!good)
      refuse(w, rows);
  } else if (after || total != NDG_ROW_NO_GROUP) {
    t->kind = after || several || !keeps_total(w, n) ? NDG_ROWS_AFTER : NDG_ROWS_TOTAL;
    t->group = total;
  }
}

/* Nodes that y needs. */
static void mark_below(ndg_row_plan *p, uint32_t n_y, const ndg_node *y) {
  memset(p->mark, 0, p->limit);
  for (uint32_t j = 0; j < n_y; j++)
    p->mark[y[j]] = 1;
  for (ndg_node id = p->limit - 1; id > 0; id--) {
    const ndg_graph_node *n = ndg_graph_get(p->graph, id);
    for (uint32_t i = 0; p->mark[id] && i < n->n_in; i++)
      p->mark[n->in[i]] = 1;
  }
}

static void walk_up(walk *w, uint32_t n_y, const ndg_node *y) {
  ndg_row_plan *p = w->plan;
  memset(p->trait, 0, p->limit * sizeof *p->trait);
  for (uint32_t s = 0; s < p->n_samples; s++)
    if (p->group[s] != NDG_ROW_NO_GROUP)
      p->trait[p->samples[s]] = (ndg_row_trait){NDG_ROWS_EACH, 0, s};
  for (ndg_node id = 1; w->refused == NDG_ROW_NO_GROUP && id < p->limit; id++)
    if (p->mark[id] && ndg_graph_get(w->graph, id)->n_in > 0)
      judge(w, id);
  for (uint32_t j = 0; w->refused == NDG_ROW_NO_GROUP && j < n_y; j++) {
    const ndg_row_trait *t = &p->trait[y[j]];
    if (t->kind == NDG_ROWS_EACH && t->axis != 0)
      refuse(w, root(p, t->group));
  }
}

/* Every refusal leaves fewer groups. */
static void settle(ndg_row_plan *p, uint32_t n_y, const ndg_node *y) {
  for (uint32_t s = 0; s < p->n_samples; s++)
    p->group[s] = s;
  for (;;) {
    walk w = {p, p->graph, NDG_ROW_NO_GROUP};
    walk_up(&w, n_y, y);
    if (w.refused == NDG_ROW_NO_GROUP)
      break;
    for (uint32_t s = 0; s < p->n_samples; s++)
      p->mark[p->samples[s]] =
          p->group[s] != NDG_ROW_NO_GROUP && root(p, s) == w.refused ? 2 : p->mark[p->samples[s]];
    for (uint32_t s = 0; s < p->n_samples; s++)
      if (p->mark[p->samples[s]] == 2) {
        p->group[s] = NDG_ROW_NO_GROUP;
        p->mark[p->samples[s]] = 1;
      }
  }
  for (ndg_node id = 1; id < p->limit; id++)
    if (p->trait[id].kind == NDG_ROWS_EACH || p->trait[id].kind == NDG_ROWS_TOTAL)
      p->trait[id].group = root(p, p->trait[id].group);
  for (uint32_t s = p->n_samples; s-- > 0;)
    if (p->group[s] != NDG_ROW_NO_GROUP)
      p->group[s] = root(p, s);
}

static void add_part(ndg_row_plan *p, ndg_node node, uint32_t output) {
  for (uint32_t i = 0; output == NDG_ROW_TOTAL && i < p->n_parts; i++)
    if (p->parts[i].node == node && p->parts[i].output == NDG_ROW_TOTAL)
      return;
  p->parts[p->n_parts++] = (ndg_row_part){node, p->trait[node].group, output};
}

/* Totals that something else needs, or that are asked for. At most every node below y is one. */
static void find_parts(ndg_row_plan *p, uint32_t n_y, const ndg_node *y) {
  for (uint32_t j = 0; j < n_y; j++) {
    const uint8_t kind = p->trait[y[j]].kind;
    if (kind == NDG_ROWS_TOTAL || kind == NDG_ROWS_EACH)
      add_part(p, y[j], kind == NDG_ROWS_EACH ? j : NDG_ROW_TOTAL);
  }
  for (ndg_node id = p->limit - 1; id > 0; id--) {
    const ndg_graph_node *n = ndg_graph_get(p->graph, id);
    if (!p->mark[id])
      continue;
    for (uint32_t i = 0; p->trait[id].kind == NDG_ROWS_AFTER && i < n->n_in; i++)
      if (p->trait[n->in[i]].kind == NDG_ROWS_TOTAL)
        add_part(p, n->in[i], NDG_ROW_TOTAL);
    if (p->trait[id].kind == NDG_ROWS_EACH && n->n_in > 0)
      p->row_size[p->trait[id].group] +=
          ndg_shape_size(&n->shape) / n->shape.dim[p->trait[id].axis];
  }
}

void ndg_rows_free(ndg_row_plan *p) {
  if (!p)
    return;
  ndg_free(p->group);
  ndg_free(p->row_size);
  ndg_free(p->parts);
  ndg_free(p->trait);
  ndg_free(p->image);
  ndg_free(p->mark);
  ndg_free(p);
}

ndg_status ndg_rows_plan(ndg_graph *g, uint32_t n_samples, const ndg_node *samples, uint32_t n_y,
                         const ndg_node *y, ndg_row_plan **out, ndg_error *e) {
  ndg_row_plan *p = ndg_calloc(1, sizeof *p);
  *out = NULL;
  if (!p)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for blocks of rows");
  p->graph = g;
  p->samples = samples;
  p->n_samples = n_samples;
  p->limit = ndg_graph_node_count(g) + 1;
  p->group = ndg_calloc(n_samples, sizeof *p->group);
  p->row_size = ndg_calloc(n_samples, sizeof *p->row_size);
  p->parts = ndg_calloc((size_t)p->limit + n_y, sizeof *p->parts);
  p->trait = ndg_calloc(p->limit, sizeof *p->trait);
  p->image = ndg_calloc(p->limit, sizeof *p->image);
  p->mark = ndg_calloc(p->limit, sizeof *p->mark);
  if (!p->group || !p->row_size || !p->parts || !p->trait || !p->image || !p->mark) {
    ndg_rows_free(p);
    return ndg_fail(e, NDG_ENOMEM, "out of memory for blocks of rows");
  }
  mark_below(p, n_y, y);
  settle(p, n_y, y);
  find_parts(p, n_y, y);
  *out = p;
  return NDG_OK;
}
