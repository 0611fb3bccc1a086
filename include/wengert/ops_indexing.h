/* Indexing, sorting and one-hot codes. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_INDEXING_H
#define WG_OPS_INDEXING_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Slices of x along `axis` at i64 indices: shape x[:axis] + indices + x[axis+1:]. Any dtype.
 * Gradient: wg_scatter_add. Errors when run: WG_ERR_RANGE (an index outside [0, size)).
 */
WG_API wg_node wg_gather(wg_node x, wg_node indices, int32_t axis);

/** The adjoint of wg_gather: zeros with `size` along `axis`, to which each slice of dy is added at
 * its index, in order. Floating. Gradient: wg_gather. Errors when run: as wg_gather. */
WG_API wg_node wg_scatter_add(wg_node dy, wg_node indices, int32_t axis, int64_t size);

/** 1 at the index, 0 elsewhere, along a new last axis of size `classes`. indices i64. No gradient.
 * Errors when run: WG_ERR_RANGE. */
WG_API wg_node wg_one_hot(wg_node indices, int64_t classes, wg_dtype dtype);

/** Slices of x along `axis` at a vector of i64 indices: wg_gather of indices of rank 1. Any dtype.
 * Gradient: wg_scatter_add. Errors: WG_ERR_SHAPE (rank of indices); when run: as wg_gather. */
WG_API wg_node wg_index_select(wg_node x, int32_t axis, wg_node indices);

/**
 * Rows of a table at i64 indices: shape indices + weight[1:]. Any dtype.
 *
 * weight   [rows, ...]
 * indices  any shape, in [0, rows)
 * padding  the row that learns nothing: no gradient flows back into it; -1: none
 *
 * Gradient: wg_scatter_add of dy, with exactly 0 at the padding.
 * Errors:   WG_ERR_RANGE (padding outside [-1, rows), weight of rank 0), WG_ERR_DTYPE; when run:
 *           WG_ERR_RANGE (an index).
 */
WG_API wg_node wg_embedding(wg_node weight, wg_node indices, int64_t padding);

/**
 * One element of x for each index, from the line along `axis` at the index's own place:
 * y[i][j] = x[indices[i][j]][j] for axis 0. NumPy's take_along_axis, PyTorch's gather.
 *
 * x        any dtype
 * indices  i64, of x's rank; along the other axes at most of x's sizes, which reads the first ones
 * returns  the shape of indices
 *
 * Gradient: wg_add_along_axis.
 * Errors:   WG_ERR_RANGE (axis), WG_ERR_SHAPE, WG_ERR_DTYPE; when run: WG_ERR_RANGE (an index
 *           outside [0, size)).
 */
WG_API wg_node wg_take_along_axis(wg_node x, wg_node indices, int32_t axis);

/**
 * The adjoint of wg_take_along_axis: zeros of the shape `dims`, to which each element of dy is
 * added at its index, in order; PyTorch's scatter_add onto zeros. Floating.
 *
 * Gradient: wg_take_along_axis.
 * Errors:   as wg_take_along_axis; dy has the shape of indices.
 */
WG_API wg_node wg_add_along_axis(wg_node dy, wg_node indices, int32_t axis, int32_t rank,
                                 const int64_t *dims);

/**
 * The elements along an axis in order. Output 0: the values; output 1 (wg_output): their indices in
 * x, i64. Any dtype.
 *
 * Stable: equal elements stay in their order in both directions. NaN counts as larger than every
 * number, so it is last, and first where descending.
 *
 * Gradient: of the values, wg_add_along_axis of dy at the indices; ties are taken as they came.
 * Errors:   WG_ERR_RANGE (axis).
 */
WG_API wg_node wg_sort(wg_node x, int32_t axis, bool descending);

/** The indices that wg_sort gives, i64. No gradient. Errors: WG_ERR_RANGE (axis). */
WG_API wg_node wg_argsort(wg_node x, int32_t axis, bool descending);

/**
 * The k largest elements along an axis, or the k smallest, in order, the first of them first.
 * Outputs, ties, NaN and gradient as of wg_sort, of which it gives the first k. Any dtype.
 *
 * Errors: WG_ERR_RANGE (axis, k outside [0, size]).
 */
WG_API wg_node wg_topk(wg_node x, int64_t k, int32_t axis, bool largest);

/**
 * Where each value would have to be inserted among sorted elements to keep their order: before its
 * equals, or after them where `right`. i64, in [0, n]; no gradient.
 *
 * sorted   [n], or [..., n] with the leading axes of values; in the order of wg_sort, NaN last. Of
 *          what is not sorted the places are some
 * values   the same dtype, whichever; any shape where sorted is a vector
 * returns  the shape of values
 *
 * Errors: WG_ERR_SHAPE, WG_ERR_DTYPE.
 */
WG_API wg_node wg_searchsorted(wg_node sorted, wg_node values, bool right);

/** How often each of [0, size) occurs among i64 indices of any shape: [size], i64. No gradient;
 * weights are added up by wg_scatter_add. Errors: WG_ERR_RANGE (size < 0), WG_ERR_DTYPE; when run:
 * WG_ERR_RANGE (an index). */
WG_API wg_node wg_bincount(wg_node indices, int64_t size);

#ifdef __cplusplus
}
#endif
#endif
