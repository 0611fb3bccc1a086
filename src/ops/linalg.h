/* What the ops of linear algebra share: batches of matrices, their shape rules, identities.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the matrices of an operand are its last two axes, row-major, one after another. */
#ifndef WGI_OPS_LINALG_H
#define WGI_OPS_LINALG_H

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/matmul.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* Of an operand of rank >= 2: how many matrices it has, and of what size. */
typedef struct wgi_matrices {
    int64_t n;
    int64_t rows;
    int64_t columns;
} wgi_matrices;

wgi_matrices wgi_matrices_of(const wgi_view *x);

/* Walks over the leading axes of the result; offsets count the matrices of operands a and b. */
wgi_walk wgi_walk_matrices(const wgi_args *args, int32_t a, int32_t b);

/* A triangular n x n matrix and how it lies: the steps between its rows and its columns. */
typedef struct wgi_triangle {
    int64_t n;
    int64_t row;
    int64_t column;
    bool is_lower;
    bool is_unit; /* the diagonal is not read and counts as ones */
} wgi_triangle;

/* n vectors of a length inside a matrix: the steps from one to the next, and between the entries of
 * one. */
typedef struct wgi_vectors {
    int64_t n;
    int64_t vector;
    int64_t step;
    int64_t length;
} wgi_vectors;

/* Operand i is floating, and matrices: "needs rank >= 2: 1 (a)"; and square ones: "needs square
 * matrices: 3 x 4 (a)". */
WGI_NODISCARD wg_status wgi_check_matrices(wgi_infer *q, int32_t i);
WGI_NODISCARD wg_status wgi_check_square(wgi_infer *q, int32_t i);

/* The output has the leading axes of operand 0 and then the given ones. */
WGI_NODISCARD wg_status wgi_infer_batch(wgi_infer *q, int32_t output, int dtype, int32_t n,
                                        const int64_t *dims);

/* Output 0 has the leading axes of operands 0 and 1, broadcast, and the matrices of operand 1:
 * "batch shapes do not broadcast: 2 (a, axis 0) vs 3 (b, axis 0)". */
WGI_NODISCARD wg_status wgi_infer_solved(wgi_infer *q);

/* Identities in the shape of a, whose matrices are square. */
wg_node wgi_identities(wg_node a);

/* x scaled by the entries of s along its columns, x diag(s), or along its rows, diag(s) x. */
wg_node wgi_scale_columns(wg_node x, wg_node s);
wg_node wgi_scale_rows(wg_node x, wg_node s);

/* x divided by the entries of s along its columns, or its rows. */
wg_node wgi_divide_columns(wg_node x, wg_node s);
wg_node wgi_divide_rows(wg_node x, wg_node s);

/* a + b, of which either may be nothing. */
wg_node wgi_add_some(wg_node a, wg_node b);

/* n cubed for each matrix of the operand, times a factor. */
double wgi_cubic_flops(const wgi_view *a, double factor);

#endif
