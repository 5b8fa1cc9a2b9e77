/* SPDX-License-Identifier: MIT */
/* Form problems (oracle_fixture.h) with known solutions, in long double. */
#ifndef TESTS_ORACLE_FORM_H
#define TESTS_ORACLE_FORM_H

#include "oracle_fixture.h"

enum { FORM_N = 10 };

/* Everything about one task of a form problem at its fixed point. */
typedef struct form {
  long double a[FORM_N * FORM_N], m[FORM_N * FORM_N], rhs[FORM_N], c[FORM_N]; /* A = H + pull I */
  long double phi[FORM_N], gradient[FORM_N], second[FORM_N]; /* second: c_2 of G(beta) */
} form;

/* y = A x */
void form_apply(const long double *a, const long double *x, long double *y);
void form_exact(const fixture *, uint64_t task, const double *theta, form *out);
/* A problem whose Hessians have eigenvalues from low to high. */
void form_fill(fixture *, uint64_t n_tasks, double low, double high);
double form_distance(const double *a, const long double *b);
double form_norm(const long double *x);

#endif
