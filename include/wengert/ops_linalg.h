/* Linear algebra. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Operands are batches of matrices in their last two axes, [..., m, n], floating and of one dtype.
 * Each matrix of a batch is on its own. A NaN in an operand is no error: it goes into the results
 * that depend on it. Sizes may be 0. */
#ifndef WG_OPS_LINALG_H
#define WG_OPS_LINALG_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of wg_solve_triangular; set `size` to sizeof(wg_solve_triangular_options). */
typedef struct wg_solve_triangular_options {
    size_t size;
    bool upper;         /**< a is the upper triangle; the lower one otherwise */
    bool transposed;    /**< a^T is meant, of the triangle that `upper` tells */
    bool unitriangular; /**< the diagonal is not read and counts as ones */
    bool right;         /**< x a = b, not a x = b */
} wg_solve_triangular_options;

/**
 * The x with a x = b, where a is a triangle: [..., n, n], [..., n, k] -> [..., n, k]; the leading
 * axes broadcast. Of a the other triangle is not read and gets no gradient. A 0 on the diagonal
 * gives inf or NaN, no error.
 *
 * options  or NULL: the lower triangle, left of x. By name: `upper`, `transposed`,
 *          `unitriangular` and `left`, which is 1 unless given
 *
 * Gradient: db = a^-T dx, da = -db x^T in the triangle, to any order.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (options).
 * Source:   PyTorch's linalg.solve_triangular; Giles (2008), "Collected matrix derivative results
 *           for forward and reverse mode algorithmic differentiation", section 2.3.1.
 */
WG_API wg_node wg_solve_triangular(wg_node a, wg_node b,
                                   const wg_solve_triangular_options *options);

/**
 * The x with a x = b, for square a: [..., n, n], [..., n, k] -> [..., n, k]; the leading axes
 * broadcast. b may be a vector, [n], or a vector for each matrix, of a's shape without its last
 * axis; then so is x.
 *
 * A form of two ops: `lu`, the factors with partial pivoting, and `lu_solve`. What solves, inverts
 * and takes determinants of one matrix factors it once, and so do the gradients, of any order.
 * Gradient: db = a^-T dx, da = -db x^T.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE; when run: WG_ERR_RANGE (a singular matrix: one with a pivot
 *           of exactly 0; the message has the matrix and the pivot).
 * Source:   PyTorch's linalg.solve; Giles (2008), section 2.3.1.
 */
WG_API wg_node wg_solve(wg_node a, wg_node b);

/** The inverse of square matrices, [..., n, n]: wg_solve with the identity. Gradient: da =
 * -y^T dy y^T. Errors: as wg_solve. */
WG_API wg_node wg_inv(wg_node a);

/** The n-th power of square matrices, by squaring; of the inverse where n < 0, the identity where
 * it is 0. Errors: as wg_inv. */
WG_API wg_node wg_matrix_power(wg_node a, int64_t n);

/**
 * The lower triangular l with a = l l^T and a positive diagonal, for symmetric positive definite a:
 * [..., n, n]. The lower triangle of a is read, the upper one not.
 *
 * Gradient: symmetric, as for a function of symmetric matrices: l^-T (p + p^T) l^-1 / 2 with p the
 *           lower triangle of l^T dl and half its diagonal.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE; when run: WG_ERR_RANGE (not positive definite; the message
 *           has the matrix and the order of the leading minor).
 * Source:   PyTorch's linalg.cholesky; Murray (2016), "Differentiation of the Cholesky
 *           decomposition", equation 10.
 */
WG_API wg_node wg_cholesky(wg_node a);

/** The x with l l^T x = b, by wg_solve_triangular twice; l as wg_cholesky gives it, and the order
 * of operands that of PyTorch's cholesky_solve. Errors: as wg_solve_triangular, whose a is l. */
WG_API wg_node wg_cholesky_solve(wg_node b, wg_node l);

/**
 * a = q r, reduced: [..., m, n] -> q [..., m, k] with orthonormal columns, and output 1 (wg_output)
 * r [..., k, n], an upper triangle, k = min(m, n). By Householder's reflections.
 *
 * No entry of r's diagonal is negative, so that the factors of a matrix of full rank are the only
 * ones; LAPACK's, and so PyTorch's, differ from them by signs.
 *
 * Gradient: (dq + q c) r^-T with c symmetric, of the lower triangle of r dr^T - dq^T q; where
 *           m < n, of the first m columns, the others being q^T of a's. inf or NaN where r's
 *           diagonal has a 0.
 * Errors:   WG_ERR_SHAPE (rank), WG_ERR_DTYPE.
 * Source:   PyTorch's linalg.qr; Walter and Lehmann (2010), "Algorithmic differentiation of linear
 *           algebra functions with application in optimum experimental design", section 3; Seeger
 *           et al. (2017), "Auto-differentiating linear algebra", section 4.2.
 */
WG_API wg_node wg_qr(wg_node a);

/**
 * The x for which |a x - b| is least: [..., m, n], [..., m, k] -> [..., n, k], for a of full rank;
 * where m < n, the shortest x with a x = b. By wg_qr of a or a^T. The leading axes broadcast. For a
 * of lower rank: inf or NaN.
 *
 * Gradient: that of the ops recorded.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE.
 * Source:   the solution of PyTorch's linalg.lstsq.
 */
WG_API wg_node wg_lstsq(wg_node a, wg_node b);

/**
 * Eigenvalues and eigenvectors of symmetric matrices, a = v diag(w) v^T: [..., n, n] -> the
 * eigenvalues w [..., n], ascending, and output 1 (wg_output) v [..., n, n], whose columns are the
 * vectors. The lower triangle of a is read, the upper one not. A NaN or inf there makes all results
 * of its matrix NaN.
 *
 * Each vector has the sign that makes its first entry of more than 3/8 of its largest magnitude
 * positive. Vectors of eigenvalues that are equal are some basis of their space.
 *
 * Gradient: symmetric, as for a function of symmetric matrices: v (diag(dw) + s) v^T with s_ij =
 *           (p_ij - p_ji) / 2 (w_j - w_i), p = v^T dv. Where vectors are used and two eigenvalues
 *           are equal there is no gradient, and this one is inf or NaN; of the eigenvalues alone it
 *           is good.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE.
 * Source:   PyTorch's linalg.eigh; Giles (2008), section 3.1.
 */
WG_API wg_node wg_eigh(wg_node a);

/** The eigenvalues that wg_eigh gives: [..., n, n] -> [..., n]. Gradient: v diag(dw) v^T. Errors:
 * as wg_eigh. */
WG_API wg_node wg_eigvalsh(wg_node a);

/**
 * Singular values and vectors, a = u diag(s) vh, reduced: [..., m, n] -> u [..., m, k], output 1
 * (wg_output) s [..., k], descending, output 2 vh [..., k, n], k = min(m, n). The columns of u and
 * the rows of vh are orthonormal, whatever the rank. A NaN or inf makes all results of its matrix
 * NaN.
 *
 * Each column of u has the sign that makes its first entry of more than 3/8 of its largest
 * magnitude positive, and the row of vh that which then belongs to it.
 *
 * Gradient: u (e(u^T du) s + s e(vh dvh^T) + diag(ds)) vh with e(p)_ij = (p_ij - p_ji) /
 *           (s_j^2 - s_i^2), and what du and dvh have outside the vectors, over s. Where vectors
 *           are used and two singular values are equal, or one is 0 of a matrix that is not square,
 *           there is no gradient, and this one is inf or NaN; of the values alone it is good.
 * Errors:   WG_ERR_SHAPE (rank), WG_ERR_DTYPE.
 * Source:   PyTorch's linalg.svd; Giles (2008), section 3.3; Townsend (2016), "Differentiating the
 *           singular value decomposition".
 */
WG_API wg_node wg_svd(wg_node a);

/** The singular values that wg_svd gives: [..., m, n] -> [..., min(m, n)]. Gradient: u diag(ds) vh.
 * Errors: as wg_svd. */
WG_API wg_node wg_svdvals(wg_node a);

/**
 * The determinant of square matrices: [..., n, n] -> [...]; 1 of a matrix of size 0. A form of the
 * factors that wg_solve takes, too.
 *
 * Gradient: dy times the cofactors, which are finite and right for singular matrices too. The
 *           second derivative of a singular matrix is inf or NaN.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE.
 * Source:   PyTorch's linalg.det; Giles (2008), section 2.2.4 (Jacobi's formula).
 */
WG_API wg_node wg_det(wg_node a);

/**
 * The determinant's sign, -1, 0 or 1, and output 1 (wg_output), the logarithm of its magnitude:
 * [..., n, n] -> [...] each. 0 and -inf of a singular matrix. No overflow.
 *
 * Gradient: of the logarithm, dy a^-T; inf or NaN where a is singular. The sign has none.
 * Errors:   WG_ERR_SHAPE, WG_ERR_DTYPE.
 * Source:   PyTorch's linalg.slogdet; Giles (2008), section 2.2.4.
 */
WG_API wg_node wg_slogdet(wg_node a);

/** The logarithm of the determinant, [..., n, n] -> [...]: NaN where that is negative, -inf where
 * it is 0. Gradient and errors: as wg_slogdet's. */
WG_API wg_node wg_logdet(wg_node a);

#ifdef __cplusplus
}
#endif
#endif
