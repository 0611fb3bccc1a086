/* The routines of OpenBLAS that are called, in Fortran's convention.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Integers are 32 bits wide, which opening the backend makes sure of; the lengths of texts follow
 * the arguments. Matrices are read column by column: a row-major matrix is its own transpose. */
#ifndef WGI_LAPACK_LIBRARY_H
#define WGI_LAPACK_LIBRARY_H

#include <stddef.h>

int openblas_get_num_threads(void);
char *openblas_get_config(void);

#define WGI_LAPACK_ROUTINES(p, real)                                                               \
    void p##getrf_(const int *m, const int *n, real *a, const int *lda, int *pivots, int *info);   \
    void p##potrf_(const char *uplo, const int *n, real *a, const int *lda, int *info, size_t);    \
    void p##gelqf_(const int *m, const int *n, real *a, const int *lda, real *tau, real *work,     \
                   const int *lwork, int *info);                                                   \
    void p##orglq_(const int *m, const int *n, const int *k, real *a, const int *lda,              \
                   const real *tau, real *work, const int *lwork, int *info);                      \
    void p##syevd_(const char *jobz, const char *uplo, const int *n, real *a, const int *lda,      \
                   real *w, real *work, const int *lwork, int *iwork, const int *liwork,           \
                   int *info, size_t, size_t);                                                     \
    void p##gesdd_(const char *jobz, const int *m, const int *n, real *a, const int *lda, real *s, \
                   real *u, const int *ldu, real *vt, const int *ldvt, real *work,                 \
                   const int *lwork, int *iwork, int *info, size_t);                               \
    void p##trsm_(const char *side, const char *uplo, const char *transa, const char *diag,        \
                  const int *m, const int *n, const real *alpha, const real *a, const int *lda,    \
                  real *b, const int *ldb, size_t, size_t, size_t, size_t);

WGI_LAPACK_ROUTINES(s, float)
WGI_LAPACK_ROUTINES(d, double)

#endif
