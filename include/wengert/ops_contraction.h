/* Contractions: matrix products and their kin. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_CONTRACTION_H
#define WG_OPS_CONTRACTION_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Matrix product over the last two axes: [..., m, k] x [..., k, n] -> [..., m, n]; the leading axes
 * broadcast. Both rank >= 2, floating, one dtype. k = 0 gives zeros. An operand made by
 * wg_transpose or a wg_permute that swaps the last two axes is read in place.
 * Gradient: da = dy b^T, db = a^T dy, summed over broadcast axes.
 */
WG_API wg_node wg_matmul(wg_node a, wg_node b);

/**
 * Sum of the products of two vectors of one size: rank 0. Floating or i64.
 * Errors: WG_ERR_SHAPE, WG_ERR_DTYPE.
 */
WG_API wg_node wg_dot(wg_node a, wg_node b);

/** Products of all pairs of two vectors: [m], [n] -> [m, n]. Floating or i64. Errors: as wg_dot. */
WG_API wg_node wg_outer(wg_node a, wg_node b);

/** A matrix times a vector: [m, k], [k] -> [m]. Floating. Errors: as wg_dot. */
WG_API wg_node wg_mv(wg_node a, wg_node x);

/**
 * beta * input + alpha * (a b): addmm of matrices, [m, k] x [k, n]; baddbmm of batches of them,
 * [batch, m, k] x [batch, k, n]. input broadcasts to the product's shape. Floating. Factors other
 * than 1 are numbers of the graph; with beta 0 the input is not read, and neither NaN nor a
 * gradient comes from it.
 *
 * Errors: WG_ERR_SHAPE, WG_ERR_DTYPE.
 */
WG_API wg_node wg_addmm(wg_node input, wg_node a, wg_node b, double beta, double alpha);
WG_API wg_node wg_baddbmm(wg_node input, wg_node a, wg_node b, double beta, double alpha);

/**
 * Sum of the products over n pairs of axes, axes_a[i] of a with axes_b[i] of b, which are of one
 * size: the result has the other axes of a, then those of b. The axes may be NULL where n is 0.
 * Floating.
 *
 * Errors: WG_ERR_ARGUMENT (n), WG_ERR_RANGE (axes), WG_ERR_SHAPE, WG_ERR_DTYPE.
 */
WG_API wg_node wg_tensordot(wg_node a, wg_node b, const int32_t *axes_a, const int32_t *axes_b,
                            int32_t n);

/**
 * Einstein's summation over 1 to 16 operands: "ij,jk->ik" is the matrix product.
 *
 * equation  a term of letters for each operand, one letter for each axis, and after -> that of the
 *           result; spaces do not count. Letters that the result lacks are summed over. A letter
 *           twice in one term reads the diagonal; axes of size 1 broadcast. "..." stands for any
 *           axes more, which align at the right. Without -> the result has the axes of the
 *           ellipsis and then the letters that occur once, in the order A to Z, a to z
 * operands  n of them, floating, of one dtype; read before the call returns
 *
 * Two operands are contracted at a time, from the left: by one matrix product that reads both as
 * they lie where the order of the letters allows, else after a permute; by wg_mul where nothing is
 * summed.
 * Gradient: that of the ops recorded.
 * Errors:   WG_ERR_ARGUMENT (the equation; the message has the column), WG_ERR_SHAPE, WG_ERR_DTYPE,
 *           WG_ERR_RANGE (too many operands). Without operands a zero handle, and no graph to tell.
 * Source:   NumPy's and PyTorch's einsum.
 */
WG_API wg_node wg_einsum(const char *equation, const wg_node *operands, int32_t n);

/** Sum of the elements (i, i) of the last two axes: [..., m, n] -> [...]. Floating or i64. Errors:
 * WG_ERR_SHAPE (rank), WG_ERR_DTYPE. */
WG_API wg_node wg_trace(wg_node x);

#ifdef __cplusplus
}
#endif
#endif
