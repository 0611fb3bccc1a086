/* Ops that move elements and change shapes. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_SHAPE_H
#define WG_OPS_SHAPE_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The same elements in row-major order under another shape; one size may be -1. Any dtype. */
WG_API wg_node wg_reshape(wg_node x, int32_t rank, const int64_t *dims);

/** Axes in another order: axis i of the result is axis axes[i] of x. Any dtype. */
WG_API wg_node wg_permute(wg_node x, const int32_t *axes, int32_t n);

/** The last two axes swapped; rank >= 2. */
WG_API wg_node wg_transpose(wg_node x);

/** x repeated along the axes where its size is 1 or missing, NumPy's rule. Any dtype. Gradient:
 * wg_sum_to of x's shape. */
WG_API wg_node wg_broadcast_to(wg_node x, int32_t rank, const int64_t *dims);

/** The adjoint of wg_broadcast_to: x summed over the axes along which `dims` was broadcast to x's
 * shape. Floating. Gradient: wg_broadcast_to of x's shape. */
WG_API wg_node wg_sum_to(wg_node x, int32_t rank, const int64_t *dims);

/** Two axes swapped, each in [-rank, rank). Any dtype. Gradient: itself. Errors: WG_ERR_RANGE. */
WG_API wg_node wg_swap_axes(wg_node x, int32_t a, int32_t b);

/**
 * Axis `source` moved to place `destination`, the others in their order. Any dtype.
 *
 * Gradient: wg_permute.
 * Errors:   WG_ERR_RANGE (axes outside [-rank, rank)).
 */
WG_API wg_node wg_movedim(wg_node x, int32_t source, int32_t destination);

/**
 * x without the given n axes, which have size 1; with axes NULL without all axes of size 1. Any
 * dtype; copies nothing.
 *
 * Gradient: wg_reshape.
 * Errors:   WG_ERR_SHAPE (a given axis has another size), WG_ERR_RANGE (an axis outside
 *           [-rank, rank) or given twice), WG_ERR_ARGUMENT (axes is NULL but n is not 0).
 */
WG_API wg_node wg_squeeze(wg_node x, const int32_t *axes, int32_t n);

/** A new axis of size 1 at place `axis` of the result, in [-rank - 1, rank]. Any dtype; copies
 * nothing. Gradient: wg_reshape. Errors: WG_ERR_RANGE (axis; x has rank 8). */
WG_API wg_node wg_unsqueeze(wg_node x, int32_t axis);

/** Axes `first` to `last`, both included, made one; of rank 0 a vector of one. Any dtype; copies
 * nothing. Gradient: wg_reshape. Errors: WG_ERR_RANGE (axes, or first after last). */
WG_API wg_node wg_flatten(wg_node x, int32_t first, int32_t last);

/**
 * x[begin[0]:end[0]:step[0], ...] as in NumPy, along the first n axes; all of x along the others.
 *
 * x      any rank and dtype
 * begin, end  one for each of the n axes, read as NumPy does: negative ones count from the end, and
 *        both are clamped. INT64_MAX is past the end, INT64_MIN before the first element: with a
 *        negative step these stand for NumPy's omitted begin and end
 * step   likewise, not 0; negative ones go backwards. NULL: all 1
 * n      in [0, rank]
 * returns  x's rank and dtype; the size along an axis is the number of elements named
 *
 * Gradient: zeros with dy's elements at their places.
 * Errors:   WG_ERR_ARGUMENT (a step is 0, begin or end is NULL), WG_ERR_RANGE (n).
 */
WG_API wg_node wg_strided_slice(wg_node x, const int64_t *begin, const int64_t *end,
                                const int64_t *step, int32_t n);

/** x[begin:end:step] along one axis, as wg_strided_slice. Errors: WG_ERR_RANGE (axis),
 * WG_ERR_ARGUMENT (step is 0). */
WG_API wg_node wg_slice(wg_node x, int32_t axis, int64_t begin, int64_t end, int64_t step);

/**
 * `length` elements along one axis from `start` on, which may count from the end. Any dtype.
 *
 * Gradient: as wg_strided_slice.
 * Errors:   WG_ERR_RANGE (axis; elements that are not there: nothing is clamped).
 */
WG_API wg_node wg_narrow(wg_node x, int32_t axis, int64_t start, int64_t length);

/** The slice at one index of an axis, in [-size, size), without that axis. Any dtype. Gradient: as
 * wg_strided_slice. Errors: WG_ERR_RANGE (axis, index). */
WG_API wg_node wg_select(wg_node x, int32_t axis, int64_t index);

/** The order of the elements reversed along n axes; along all with axes NULL. Any dtype. Gradient:
 * dy placed back in reverse. Errors: WG_ERR_RANGE (an axis outside [-rank, rank) or given twice),
 * WG_ERR_ARGUMENT (axes is NULL but n is not 0). */
WG_API wg_node wg_flip(wg_node x, const int32_t *axes, int32_t n);

/**
 * An axis cut into n parts of the given sizes, which add up to the axis's. Any dtype.
 *
 * sizes  n of them, >= 0
 * out    gets the n parts; failed nodes where the graph has failed. NULL: the parts are recorded
 *        all the same, one entry of the list each, in order
 * returns  the first part
 *
 * By name the first part is the result, and the others are the n - 1 entries after it.
 *
 * Gradient: as wg_strided_slice, one for each part.
 * Errors:   WG_ERR_RANGE (axis), WG_ERR_SHAPE (the sum), WG_ERR_ARGUMENT (n < 1, sizes is NULL).
 */
WG_API wg_node wg_split(wg_node x, int32_t axis, const int64_t *sizes, int32_t n, wg_node *out);

/**
 * An axis cut into n parts of ceil(size / n) elements each. The last ones are smaller where that
 * does not go up, and empty where PyTorch's chunk gives fewer parts. Otherwise as wg_split.
 *
 * Errors: WG_ERR_RANGE (axis; n is above the size and above 1), WG_ERR_ARGUMENT (n < 1).
 */
WG_API wg_node wg_chunk(wg_node x, int32_t axis, int32_t n, wg_node *out);

/**
 * n operands one after the other along one of their axes.
 *
 * xs     n >= 1 nodes of one dtype, whichever, one rank and the same sizes but along the axis
 * axis   in [-rank, rank)
 * returns  their shape, with the sum of their sizes along the axis
 *
 * Gradient: to each operand its slice of dy.
 * Errors:   WG_ERR_RANGE (axis), WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_ARGUMENT (n > 65535). With xs
 *           NULL or n < 1 no graph is known to tell: the result is a zero handle.
 */
WG_API wg_node wg_concat(const wg_node *xs, int32_t n, int32_t axis);

/**
 * n operands of one shape and dtype side by side along a new axis of size n.
 *
 * axis   the place of the new axis in the result, in [-rank - 1, rank]
 *
 * Gradient: to each operand dy at its index.
 * Errors:   as wg_concat; WG_ERR_RANGE where the operands have rank 8.
 */
WG_API wg_node wg_stack(const wg_node *xs, int32_t n, int32_t axis);

/** What wg_pad puts around a tensor. */
typedef enum wg_pad_mode {
    WG_PAD_CONSTANT = 0, /**< a value */
    WG_PAD_REFLECT,      /**< x mirrored at its first and last element, which are not repeated */
    WG_PAD_EDGE,         /**< its first and last element again and again */
    WG_PAD_WRAP          /**< its other end */
} wg_pad_mode;

/**
 * More elements before and after x along its axes.
 *
 * x      any rank and dtype
 * before, after  how many, one for each of x's n axes, >= 0. At most size - 1 where they reflect,
 *        size where they wrap, 0 at the edge of size 0
 * mode   what they are; of several axes the corners come out as if padded one after the other
 * value  of WG_PAD_CONSTANT, converted as wg_cast does; a number, which may change between runs
 *
 * Gradient: dy without the border, and but for the constant with the border's elements added to
 *           those that they repeat.
 * Errors:   WG_ERR_RANGE (a pad), WG_ERR_SHAPE (n), WG_ERR_ARGUMENT (mode, NULL), WG_ERR_OVERFLOW.
 */
WG_API wg_node wg_pad(wg_node x, const int64_t *before, const int64_t *after, int32_t n,
                      wg_pad_mode mode, double value);

/**
 * Elements moved by so many places along n axes, those that leave at one end entering at the other:
 * y[(i + shift) mod size] = x[i]. Any dtype.
 *
 * shifts  n of them, of any sign and size; those of one axis given twice add up
 * axes    n of them; NULL: n is the rank, and shifts has one for each axis
 *
 * Gradient: dy moved back.
 * Errors:   WG_ERR_RANGE (axes), WG_ERR_SHAPE (n), WG_ERR_ARGUMENT (shifts is NULL).
 */
WG_API wg_node wg_roll(wg_node x, const int64_t *shifts, const int32_t *axes, int32_t n);

/**
 * The lower triangle of the matrices in the last two axes: element (i, j) where j - i <= k, exactly
 * 0 elsewhere, whatever stands there. Any dtype, rank >= 2.
 *
 * Gradient: wg_tril of dy.
 * Errors:   WG_ERR_SHAPE (rank).
 */
WG_API wg_node wg_tril(wg_node x, int64_t k);

/** The upper triangle, j - i >= k; otherwise as wg_tril. Gradient: wg_triu of dy. */
WG_API wg_node wg_triu(wg_node x, int64_t k);

/**
 * x repeated as a whole along its axes, NumPy's tile. Any dtype.
 *
 * reps   n counts >= 0 for the last n axes; where x has fewer axes, leading ones of size 1 are
 * added returns  max(rank, n) axes, each size times its count
 *
 * Gradient: the sum of dy over the copies.
 * Errors:   WG_ERR_RANGE (a count < 0, n outside [0, 8]), WG_ERR_ARGUMENT (reps is NULL),
 *           WG_ERR_OVERFLOW.
 */
WG_API wg_node wg_tile(wg_node x, const int64_t *reps, int32_t n);

/** Each slice of an axis `repeats` times in a row. Any dtype. Gradient: the sum of dy over the
 * copies. Errors: WG_ERR_RANGE (axis, repeats < 0), WG_ERR_OVERFLOW. */
WG_API wg_node wg_repeat_interleave(wg_node x, int64_t repeats, int32_t axis);

/**
 * The diagonals of the matrices in two axes of x: element i is x[.., i, .., i + offset, ..], or for
 * a negative offset x[.., i - offset, .., i, ..]. Any dtype.
 *
 * axis1, axis2  rows and columns, different ones
 * returns  x's shape without the two axes and with one of the diagonal's length, maybe 0, at the
 * end
 *
 * Gradient: zeros with dy's elements on the diagonal.
 * Errors:   WG_ERR_RANGE (axes).
 */
WG_API wg_node wg_diagonal(wg_node x, int64_t offset, int32_t axis1, int32_t axis2);

/**
 * Square matrices with the vectors in x's last axis on a diagonal and 0 elsewhere. Any dtype.
 *
 * axis1, axis2  rows and columns, places in the result, which has one axis more than x and size
 *        n + |offset| along both
 *
 * Gradient: wg_diagonal.
 * Errors:   WG_ERR_RANGE (axes; x has rank 0 or 8), WG_ERR_OVERFLOW.
 */
WG_API wg_node wg_diag_embed(wg_node x, int64_t offset, int32_t axis1, int32_t axis2);

#ifdef __cplusplus
}
#endif
#endif
