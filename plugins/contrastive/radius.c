/* SPDX-License-Identifier: MIT */
/* G(β) = Σ c_j β^j has the coefficients c_j β^j = (1/N) Σ_k G_k e^{-2πijk/N} on the contour, up to
   aliases of order β^N; they fall like (β/ρ)^j down to round-off. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "contrastive.h"

/* ‖c_j β^j‖ of each task for j = 0 .. n-1, in rows of tasks; n is the number of points on the
   circle. */
static ndg_status coefficients(estimate *x, uint32_t n, double *norm) {
  ndg_complex weight[STENCIL_MAX_NODES];
  ndg_vector *sum = x->api->vector(x->problem, NDG_THETA, 0, NULL);
  if (!sum) {
    return ndg_fail(x->error, NDG_ENOMEM, "no memory for a coefficient of G");
  }
  ndg_status st = NDG_OK;
  for (uint32_t j = 0; st == NDG_OK && j < n; j++) {
    for (uint32_t k = 0; k < x->stencil.n; k++) {
      const double twice = k == 0 || 2 * k == n ? 1 : 2;
      const ndg_complex root = stencil_root_of_unity((uint32_t)((uint64_t)j * k % n), n);
      weight[k] = (ndg_complex){twice * root.re, -twice * root.im};
    }
    st = x->api->combine(x->problem, sum, (ndg_complex){1.0 / n, 0}, x->stencil.n, weight,
                         (const ndg_vector *const *)x->sample, x->error);
    x->api->norms(x->problem, sum, norm + j * x->info.n_tasks);
  }
  x->api->release(x->problem, sum);
  return st;
}

/* The radius of one task's coefficients; 0: it is passed; NaN: there is too little to tell. */
static double radius_of(const estimate *x, uint32_t n, const double *norm) {
  /* Relative to G(0): a small beta, or a zero meta-gradient, leaves nothing else but round-off. */
  const double noise = 1e4 * (x->info.dtype == NDG_F32 ? (double)FLT_EPSILON : DBL_EPSILON);
  /* Past ρ negative powers are there too, and fill the upper end of the circle. */
  if (norm[n - 1] > norm[n / 2] && norm[n - 1] > 1e-3 * norm[1] && norm[n - 1] > noise * norm[0]) {
    return 0;
  }
  /* The highest ratio above round-off is nearest to its limit. */
  uint32_t j = 1;
  while (j + 1 < n && norm[j + 1] > noise * norm[0]) {
    j++;
  }
  return j >= 3 ? x->options->beta * norm[j - 1] / norm[j] : NAN;
}

static void judge(estimate *x, uint32_t n, const double *norms) {
  const uint64_t n_tasks = x->info.n_tasks;
  uint64_t n_past = 0;
  double norm[STENCIL_MAX_HOLOMORPHIC], least = NAN;
  for (uint64_t t = 0; t < n_tasks; t++) {
    for (uint32_t j = 0; j < n; j++) {
      norm[j] = norms[j * n_tasks + t];
    }
    const double radius = radius_of(x, n, norm);
    if (radius == 0) {
      n_past++;
      (x->options->past_radius == REFUSE ? x->api->refuse : x->api->report)(x->problem, t);
    } else {
      least = fmin(least, radius); /* NaN gives way */
    }
  }
  if (n_past > 0) {
    contrastive_note(
        x, NDG_PAST_RADIUS,
        "G has a singularity inside the circle |beta| = %g in %llu of %llu tasks: past "
        "the stability radius; choose a smaller beta",
        x->options->beta, (unsigned long long)n_past, (unsigned long long)n_tasks);
  } else if (isnan(x->record->stability_radius)) {
    x->record->stability_radius = least;
  }
}

ndg_status contrastive_estimate_radius(estimate *x) {
  const uint32_t n = x->stencil.order;
  double *norms = calloc((size_t)(n * x->info.n_tasks), sizeof *norms);
  if (!norms) {
    return ndg_fail(x->error, NDG_ENOMEM, "no memory for the coefficients of G");
  }
  const ndg_status st = coefficients(x, n, norms);
  if (st >= 0) {
    judge(x, n, norms);
  }
  free(norms);
  return st;
}
