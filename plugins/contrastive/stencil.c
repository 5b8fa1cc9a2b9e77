/* SPDX-License-Identifier: MIT */
#include "stencil.h"

#include <math.h>
#include <string.h>

static void add(stencil *s, double re, double im, double weight_re, double weight_im) {
  s->node[s->n] = (ndg_complex){re, im};
  s->weight[s->n] = (ndg_complex){weight_re, weight_im};
  s->n++;
}

/* Weights w and -w at node and -node, next to each other. */
static void add_pair(stencil *s, double node, double weight) {
  add(s, node, 0, weight, 0);
  add(s, -node, 0, -weight, 0);
}

static int64_t greatest_common_divisor(int64_t a, int64_t b) {
  while (b) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* The weight at ±j of the 2m-point stencil is ± (-1)^(j+1) (m!)² / (j (m-j)! (m+j)!). Brought to
   the common denominator lcm(1 .. 2m) all are integers; up to m = 8 nothing here exceeds 2^53. */
static void make_central(stencil *s, int64_t m) {
  int64_t denominator = 1;
  for (int64_t k = 2; k <= 2 * m; k++) {
    denominator *= k / greatest_common_divisor(denominator, k);
  }
  int64_t top = denominator; /* denominator (m!)² / ((m-j)! (m+j)!), divisible at every j */
  for (int64_t j = 1; j <= m; j++) {
    top = top * (m - j + 1) / (m + j);
    const int64_t weight = top / j;
    add_pair(s, (double)j, (double)(j % 2 ? weight : -weight));
  }
  s->scale = 1.0 / (double)denominator;
  s->reach = (double)m;
  s->order = (uint32_t)(2 * m);
}

ndg_complex stencil_root_of_unity(uint32_t k, uint32_t n) {
  /* Reduced to the first octant, where sine and cosine are accurate and the axes exact. */
  const double pi = 3.14159265358979323846;
  const uint32_t quarter = (uint32_t)((uint64_t)4 * (k % n) / n);
  const uint64_t rest = (uint64_t)4 * (k % n) - (uint64_t)quarter * n; /* of a quarter, in 1/n */
  const int swap = 2 * rest > n;
  const double angle = pi / 2 * (double)(swap ? n - rest : rest) / (double)n;
  const double c = swap ? sin(angle) : cos(angle), d = swap ? cos(angle) : sin(angle);
  /* Differences from 0: no negative zeros. */
  const ndg_complex turned[4] = {{c, d}, {0 - d, c}, {0 - c, 0 - d}, {d, 0 - c}};
  return turned[quarter];
}

static void make_holomorphic(stencil *s, uint32_t n) {
  for (uint32_t k = 0; 2 * k <= n; k++) {
    const ndg_complex root = stencil_root_of_unity(k, n);
    const int real = k == 0 || 2 * k == n;
    const double twice = real ? 1 : 2;
    add(s, root.re, real ? 0 : root.im, twice * root.re, real ? 0 : -twice * root.im);
  }
  s->scale = 1.0 / n;
  s->reach = 1;
  s->order = n;
}

double stencil_moment(const stencil *s, uint32_t j) {
  double sum = 0;
  for (uint32_t k = 0; k < s->n; k++) {
    ndg_complex power = s->weight[k];
    const ndg_complex z = s->node[k];
    for (uint32_t i = 0; i < j; i++) {
      power = (ndg_complex){power.re * z.re - power.im * z.im, power.re * z.im + power.im * z.re};
    }
    sum += power.re;
  }
  return s->scale * sum;
}

void stencil_make(int32_t variant, uint32_t points, stencil *s) {
  memset(s, 0, sizeof *s);
  s->scale = 1;
  s->reach = 1;
  switch (variant) {
  case FORWARD:
    add(s, 1, 0, 1, 0);
    add(s, 0, 0, -1, 0);
    s->order = 1;
    break;
  case SYMMETRIC:
    make_central(s, 1);
    break;
  case SECOND_ORDER: /* (-3 G(0) + 4 G(β) - G(2β)) / 2β */
    add(s, 1, 0, 4, 0);
    add(s, 0, 0, -3, 0);
    add(s, 2, 0, -1, 0);
    s->scale = 0.5;
    s->reach = 2;
    s->order = 2;
    break;
  case CENTRAL:
    make_central(s, points / 2);
    break;
  case RICHARDSON: /* (8 [G(β/2) - G(-β/2)] - [G(β) - G(-β)]) / 6β */
    add_pair(s, 0.5, 8);
    add_pair(s, 1, -1);
    s->scale = 1.0 / 6;
    s->order = 4;
    break;
  default:
    make_holomorphic(s, points);
    break;
  }
}
