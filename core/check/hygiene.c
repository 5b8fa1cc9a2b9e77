/* SPDX-License-Identifier: MIT */
/* Group hygiene: a learner leaves the process as it found it, and reads nothing that nobody wrote.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "check/bench.h"
#include "check/groups.h"
#include "plugin/fp_state.h"
#include "tensor/blas.h"

enum { N_TASKS = 3 };
static const uint32_t everything = NDG_WANT_VALUE | NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA |
                                   NDG_WANT_HVP | NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD;

static ndg_status open_bench(ndg_check *c, const ndg_check_variant *v, ndg_bench *b, ndg_error *e) {
  const ndg_bench_spec spec = {.dtype = NDG_F64,
                               .tasks = ndg_check_draw_tasks(c, v, N_TASKS, "tasks")};
  return ndg_bench_open(c, v, &spec, b, e);
}

/* All that a learner can be asked: layout, build, closed forms. phi and gradient: filled with
   `fill` before. */
static ndg_status use(ndg_bench *b, int fill, double *phi, double *gradient, ndg_error *e) {
  bool incomplete;
  const ndg_closed_form *f = ndg_check_closed_form(b->check, &incomplete);
  const ndg_task_arrays *tasks = ndg_problem_tasks(b->problem);
  const void *options = b->variant->learner.options;
  memset(phi, fill, b->n_phi * sizeof *phi);
  memset(gradient, fill, b->n_theta * sizeof *gradient);
  if (!f)
    return NDG_OK;
  ndg_status st = f->optimum(options, tasks, 0, b->theta, 0.25, phi, e);
  if (st >= 0)
    st = f->meta_gradient(options, tasks, 0, b->theta, gradient, e);
  return st == NDG_ENUMERIC ? NDG_OK : st;
}

static ndg_status open_and_use(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_bench b;
  ndg_status st = open_bench(c, v, &b, e);
  if (st < 0)
    return st;
  double *phi = ndg_arena_alloc(c->arena, b.n_phi, sizeof *phi);
  double *gradient = ndg_arena_alloc(c->arena, b.n_theta, sizeof *gradient);
  st = phi && gradient ? use(&b, 0, phi, gradient, e)
                       : ndg_fail(e, NDG_ENOMEM, "out of memory for a solution");
  ndg_bench_close(&b);
  return st;
}

/* ---- floating-point modes, threads ---- */

/* From before the first call of the learner until after the last. */
static void run_floating_point(ndg_check *c) {
  const ndg_fp_state before = ndg_fp_state_get();
  ndg_check_each_variant(c, open_and_use);
  const ndg_fp_state after = ndg_fp_state_get();
  ndg_fp_state_set(before);
  if (before.control != after.control || before.x87 != after.x87)
    ndg_check_fail(c, "control 0x%x to 0x%x, x87 0x%x to 0x%x", before.control, after.control,
                   before.x87, after.x87);
}

static int count_threads(void) {
  DIR *d = opendir("/proc/self/task");
  int n = 0;
  if (!d)
    return 0;
  while (readdir(d))
    n++;
  (void)closedir(d);
  return n - 2;
}

/* Of the library that is linked; 0: it does not say. */
static int blas_threads(void) {
  int (*get)(void);
  void *symbol = dlsym(RTLD_DEFAULT, "openblas_get_num_threads");
  if (!symbol)
    return 0;
  memcpy(&get, &symbol, sizeof get);
  return get();
}

static void run_threads(ndg_check *c) {
  ndg_blas_single_thread(); /* OpenBLAS starts a thread when it is first told so after a fork */
  const int before = count_threads(), blas = blas_threads();
  ndg_check_each_variant(c, open_and_use);
  const int after = count_threads(), blas_after = blas_threads();
  if (after > before)
    ndg_check_fail(c, "%d threads before, and %d after layout, build and closed forms", before,
                   after);
  if (blas_after != blas)
    ndg_check_fail(c, "BLAS had %d threads and has %d", blas, blas_after);
}

/* ---- memory that nobody wrote ---- */

/* What malloc gives is filled from now on. Freed blocks that the C library keeps at hand are not,
   so they are held meanwhile. */
enum { SIZES = 66, EACH = 8 };
typedef struct held {
  void *block[SIZES][EACH];
} held;

static void fill_heap(int pattern, held *h) {
  (void)mallopt(M_PERTURB, pattern);
  for (size_t k = 0; k < SIZES; k++)
    for (int i = 0; i < EACH; i++)
      h->block[k][i] = malloc(8 + 16 * k);
}

static void let_go(held *h) {
  (void)mallopt(M_PERTURB, 0);
  for (size_t k = 0; k < SIZES; k++)
    for (int i = 0; i < EACH; i++)
      free(h->block[k][i]);
}

__attribute__((noinline)) static void fill_stack(int pattern) {
  char room[256 * 1024];
  memset(room, pattern, sizeof room);
  __asm__ volatile("" : : "r"(room) : "memory");
}

typedef struct filled {
  ndg_bench bench;
  double *phi, *gradient;
} filled;

static ndg_status use_filled(ndg_check *c, const ndg_check_variant *v, int pattern, filled *out,
                             ndg_error *e) {
  fill_stack(pattern);
  ndg_status st = open_bench(c, v, &out->bench, e);
  if (st < 0)
    return st;
  out->phi = ndg_arena_alloc(c->arena, out->bench.n_phi, sizeof *out->phi);
  out->gradient = ndg_arena_alloc(c->arena, out->bench.n_theta, sizeof *out->gradient);
  if (!out->phi || !out->gradient)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for a solution");
  fill_stack(pattern);
  return use(&out->bench, pattern, out->phi, out->gradient, e);
}

static ndg_status open_filled(ndg_check *c, const ndg_check_variant *v, int pattern, filled *out,
                              ndg_error *e) {
  held h;
  fill_heap(pattern, &h);
  const ndg_status st = use_filled(c, v, pattern, out, e);
  let_go(&h);
  return st;
}

static void compare(const ndg_bench *a, const ndg_bench *b, const ndg_vector *x,
                    const ndg_vector *y, const char *what) {
  uint64_t task, i;
  if (x->n_tasks == y->n_tasks && x->length == y->length && !ndg_bench_same(x, y, &task, &i))
    ndg_check_fail_variant(a->check, b->variant,
                           "%s of task %llu, number %llu, is %.17Lg where memory was filled with "
                           "0xA5, %.17Lg with 0x5A",
                           what, (unsigned long long)task + 1, (unsigned long long)i + 1,
                           ndg_bench_get(x, task, i), ndg_bench_get(y, task, i));
}

static ndg_status compare_results(ndg_bench *a, ndg_bench *b, ndg_error *e) {
  ndg_status st = NDG_OK;
  compare(a, b, a->phi, b->phi, "the initial point");
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    st = ndg_bench_evaluate(a, loss, everything, e);
    if (st >= 0)
      st = ndg_bench_evaluate(b, loss, everything, e);
    if (st < 0)
      break;
    compare(a, b, a->problem->values[0], b->problem->values[0], ndg_bench_loss_name(loss));
    compare(a, b, a->grad_phi, b->grad_phi, "the gradient in phi");
    compare(a, b, a->grad_theta, b->grad_theta, "the gradient in theta");
    compare(a, b, a->hvp, b->hvp, "the Hessian-vector product");
  }
  return st;
}

static ndg_status uninitialised(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  filled a = {.phi = NULL}, b = {.phi = NULL};
  bool incomplete;
  ndg_status st = open_filled(c, v, 0xA5, &a, e);
  if (st >= 0)
    st = open_filled(c, v, 0x5A, &b, e);
  if (st >= 0 && (a.bench.n_phi != b.bench.n_phi || a.bench.n_theta != b.bench.n_theta))
    ndg_check_fail_variant(c, v, "other groups where memory was filled with other bytes");
  else if (st >= 0)
    st = compare_results(&a.bench, &b.bench, e);
  if (st >= 0 && !c->has_failed && ndg_check_closed_form(c, &incomplete)) {
    if (memcmp(a.phi, b.phi, a.bench.n_phi * sizeof *a.phi) != 0)
      ndg_check_fail_variant(c, v, "the closed-form optimum depends on what was in memory before");
    if (memcmp(a.gradient, b.gradient, a.bench.n_theta * sizeof *a.gradient) != 0)
      ndg_check_fail_variant(c, v, "the closed-form gradient depends on what was in memory before");
  }
  ndg_bench_close(&a.bench);
  ndg_bench_close(&b.bench);
  return st;
}

/* ---- allocation ---- */

static size_t heap_in_use(void) {
  const struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
}

static ndg_status allocation(ndg_check *c, const ndg_check_variant *v, ndg_error *e) {
  ndg_bench b;
  ndg_status st = open_bench(c, v, &b, e);
  uint64_t counted = 0;
  size_t used = 0;
  for (int k = 0; st >= 0 && k < 12; k++) {
    if (k == 2) { /* everything has been compiled */
      counted = ndg_allocation_count();
      used = heap_in_use();
    }
    st = ndg_bench_evaluate(&b, k % 2 ? NDG_EVAL_LOSS : NDG_LEARN_LOSS, everything, e);
  }
  if (st >= 0 && (ndg_allocation_count() != counted || heap_in_use() != used))
    ndg_check_fail_variant(c, v, "10 evaluations allocate %llu times and keep %lld bytes",
                           (unsigned long long)(ndg_allocation_count() - counted),
                           (long long)heap_in_use() - (long long)used);
  ndg_bench_close(&b);
  return st;
}

static void run_uninitialised(ndg_check *c) {
  ndg_check_each_variant(c, uninitialised);
}
static void run_allocation(ndg_check *c) {
  ndg_check_each_variant(c, allocation);
}

#define CASE(name_, property_)                                                                     \
  {                                                                                                \
    .group = "hygiene", .name = #name_, .property = property_, .kind = NDG_KIND_LEARNER,           \
    .run = run_##name_                                                                             \
  }
const ndg_check_case ndg_check_learner_hygiene[] = {
    CASE(floating_point, "layout, build and closed forms leave the floating-point modes alone"),
    CASE(threads, "they start no thread and leave BLAS its number of threads"),
    CASE(uninitialised, "results do not depend on what was in memory before"),
    CASE(allocation, "evaluations allocate nothing once they are compiled"),
    {.group = NULL}};
