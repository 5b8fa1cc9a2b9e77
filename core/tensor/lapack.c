/* SPDX-License-Identifier: MIT */
#include "tensor/lapack.h"

#include <limits.h>

#include "base/memory.h"
#include "tensor/blas.h"

/* LAPACK's Fortran interface: column-major, everything by address. A row-major matrix is the
   transpose of the same memory, so triangles and transpose flags swap. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *uplo, const int *n, const int *n_rhs, const double *a, const int *lda,
             double *b, const int *ldb, int *info);
void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *pivots, int *info);
void dgetrs_(const char *trans, const int *n, const int *n_rhs, const double *a, const int *lda,
             const int *pivots, double *b, const int *ldb, int *info);
void dsyevd_(const char *job, const char *uplo, const int *n, double *a, const int *lda, double *w,
             double *work, const int *lwork, int *iwork, const int *liwork, int *info);

_Static_assert(sizeof(int) == sizeof(int32_t), "LAPACK's pivots are int");

static ndg_status check_size(size_t n, const char *what, ndg_error *e) {
  if (n > INT_MAX)
    return ndg_fail(e, NDG_EINVAL, "%s: a %zu x %zu matrix is larger than LAPACK's limit of %d",
                    what, n, n, INT_MAX);
  return NDG_OK;
}

ndg_status ndg_cholesky(size_t n, double *a, ndg_error *e) {
  ndg_status st = check_size(n, "Cholesky factorisation", e);
  if (st < 0)
    return st;
  const int order = (int)n, lda = n ? (int)n : 1;
  int info = 0;
  ndg_blas_single_thread();
  dpotrf_("U", &order, a, &lda, &info);
  if (info > 0)
    return ndg_fail(e, NDG_ENUMERIC,
                    "matrix of order %zu is not positive definite (leading minor %d)", n, info);
  if (info < 0)
    return ndg_fail(e, NDG_EINTERNAL, "dpotrf rejected argument %d", -info);
  return NDG_OK;
}

void ndg_cholesky_solve(size_t n, const double *l, size_t n_rhs, double *b) {
  const int order = (int)n, lda = n ? (int)n : 1, columns = (int)n_rhs;
  int info = 0;
  ndg_blas_single_thread();
  dpotrs_("U", &order, &columns, l, &lda, b, &lda, &info);
}

ndg_status ndg_lu(size_t n, double *a, int32_t *pivots, ndg_error *e) {
  ndg_status st = check_size(n, "LU factorisation", e);
  if (st < 0)
    return st;
  const int order = (int)n, lda = n ? (int)n : 1;
  int info = 0;
  ndg_blas_single_thread();
  dgetrf_(&order, &order, a, &lda, pivots, &info);
  if (info > 0)
    return ndg_fail(e, NDG_ENUMERIC, "matrix of order %zu is singular (pivot %d is zero)", n, info);
  if (info < 0)
    return ndg_fail(e, NDG_EINTERNAL, "dgetrf rejected argument %d", -info);
  return NDG_OK;
}

void ndg_lu_solve(size_t n, const double *lu, const int32_t *pivots, bool transposed, size_t n_rhs,
                  double *b) {
  const int order = (int)n, lda = n ? (int)n : 1, columns = (int)n_rhs;
  int info = 0;
  ndg_blas_single_thread();
  dgetrs_(transposed ? "N" : "T", &order, &columns, lu, &lda, pivots, b, &lda, &info);
}

ndg_status ndg_symmetric_eigen(size_t n, double *a, bool vectors, double *values, ndg_error *e) {
  ndg_status st = check_size(n, "eigenvalues", e);
  if (st < 0 || n == 0)
    return st;
  const char *job = vectors ? "V" : "N";
  const int order = (int)n, ask = -1;
  int info = 0, n_integers = 0;
  double wanted = 0;
  ndg_blas_single_thread();
  dsyevd_(job, "U", &order, a, &order, values, &wanted, &ask, &n_integers, &ask, &info);
  if (info != 0 || !(wanted <= (double)INT_MAX))
    return ndg_fail(e, NDG_EINVAL, "eigenvalues of a matrix of order %zu need too much work space",
                    n);
  const int n_work = (int)wanted;
  double *work = ndg_calloc((size_t)n_work, sizeof *work);
  int *integers = ndg_calloc((size_t)n_integers, sizeof *integers);
  if (work && integers)
    dsyevd_(job, "U", &order, a, &order, values, work, &n_work, integers, &n_integers, &info);
  else
    st = ndg_fail(e, NDG_ENOMEM, "no memory for %d numbers of eigenvalue work space", n_work);
  ndg_free(work);
  ndg_free(integers);
  if (info > 0)
    st = ndg_fail(e, NDG_ENUMERIC, "eigenvalues of a matrix of order %zu did not converge", n);
  else if (info < 0)
    st = ndg_fail(e, NDG_EINTERNAL, "dsyevd rejected argument %d", -info);
  return st;
}
