/* diagonal and diag_embed: forms of strided_slice and place.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: in a matrix of m columns seen as a vector the elements of a diagonal lie m + 1 apart,
 * those of diagonal `offset` from `offset` or from -offset * m on. */
#include "core/checked.h"
#include "ops/axes.h"
#include "ops/call.h"
#include "ops/samples.h"
#include "ops/slice.h"

extern const wgi_op wgi_op_diag_embed;
extern const wgi_op wgi_op_diagonal;

/* Two different axes. False where the graph has been failed. */
static bool are_two(const wgi_draft *draft, int32_t a, int32_t b, wg_node *out)
{
    if (a == b) {
        *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is given twice", (int)a);
    }
    return a != b;
}

/* The order of `rank` axes that has axes a and b last. */
static void order_last(int32_t rank, int32_t a, int32_t b, int32_t *axes)
{
    int32_t n = 0;
    for (int32_t i = 0; i < rank; i++) {
        if (i != a && i != b) {
            axes[n++] = i;
        }
    }
    axes[n] = a;
    axes[n + 1] = b;
}

/* ---- diagonal ----------------------------------------------------------------------------- */

/* The length of a diagonal of an [n, m] matrix. */
static int64_t length_of(int64_t n, int64_t m, int64_t offset)
{
    const int64_t rows = offset < 0 ? n + offset : n;
    const int64_t columns = offset > 0 ? m - offset : m;
    const int64_t length = rows < columns ? rows : columns;
    return length > 0 ? length : 0;
}

/* The diagonal of the last two axes. */
static wg_node last_diagonal(wg_node x, int64_t offset)
{
    int64_t dims[WG_MAX_RANK] = {0};
    wgi_view view;
    if (!wgi_view_of(x, &view)) {
        return x;
    }
    const int32_t last = view.rank - 2;
    const int64_t n = view.dims[last];
    const int64_t m = view.dims[last + 1];
    const int64_t length = length_of(n, m, offset);
    for (int32_t i = 0; i < last; i++) {
        dims[i] = view.dims[i];
    }
    dims[last] = n * m;
    const int64_t begin = length == 0 ? 0 : offset >= 0 ? offset : -offset * m;
    const int64_t end = length == 0 ? 0 : begin + (length - 1) * (m + 1) + 1;
    return wgi_slice_axis(wg_reshape(x, last + 1, dims), last, begin, end, m + 1);
}

wg_node wg_diagonal(wg_node x, int64_t offset, int32_t axis1, int32_t axis2)
{
    const wgi_draft draft = WGI_FORM_DRAFT(diagonal, x);
    int32_t axes[WG_MAX_RANK];
    int64_t a;
    int64_t b;
    wg_node failed;
    if (!wgi_take_axis(&draft, x, axis1, &a, &failed) ||
        !wgi_take_axis(&draft, x, axis2, &b, &failed) ||
        !are_two(&draft, (int32_t)a, (int32_t)b, &failed)) {
        return failed;
    }
    const int32_t rank = wg_node_rank(x);
    const bool is_last = a == rank - 2 && b == rank - 1;
    order_last(rank, (int32_t)a, (int32_t)b, axes);
    return last_diagonal(is_last ? x : wg_permute(x, axes, rank), offset);
}

/* ---- diag_embed --------------------------------------------------------------------------- */

/* The size of the square matrix that has a diagonal of a length. False where that does not fit. */
static bool size_around(int64_t length, int64_t offset, int64_t *size, int64_t *square)
{
    const int64_t shift = offset >= 0 ? offset : offset == INT64_MIN ? INT64_MAX : -offset;
    return wgi_dim_add(length, shift, size) && wgi_dim_mul(*size, *size, square);
}

/* Square matrices along two new axes after the last. */
static wg_node embed_last(const wgi_draft *draft, wg_node x, int64_t offset)
{
    wgi_place_attr attr = {0};
    int64_t size;
    wgi_view view;
    if (!wgi_view_of(x, &view)) {
        return x;
    }
    const int32_t rank = view.rank;
    const int32_t last = rank - 1;
    attr.rank = rank;
    for (int32_t i = 0; i < rank; i++) {
        attr.dims[i] = view.dims[i];
        attr.step[i] = 1;
    }
    if (!size_around(view.dims[last], offset, &size, &attr.dims[last])) {
        return wgi_refuse(draft, WG_ERR_OVERFLOW, NULL, "the result has too many elements");
    }
    attr.begin[last] = offset >= 0 ? offset : -offset * size;
    attr.step[last] = size + 1;
    const wg_node flat = wgi_place(x, &attr);
    attr.dims[last] = size;
    attr.dims[rank] = size;
    return wg_reshape(flat, rank + 1, attr.dims);
}

wg_node wg_diag_embed(wg_node x, int64_t offset, int32_t axis1, int32_t axis2)
{
    const wgi_draft draft = WGI_FORM_DRAFT(diag_embed, x);
    int32_t axes[WG_MAX_RANK];
    int32_t inverse[WG_MAX_RANK];
    int64_t last;
    int32_t a;
    int32_t b;
    wg_node failed;
    if (!wgi_take_axis(&draft, x, -1, &last, &failed)) {
        return failed;
    }
    const int32_t rank = (int32_t)last + 2;
    if (!wgi_take_new_axis(&draft, axis1, rank, &a, &failed) ||
        !wgi_take_new_axis(&draft, axis2, rank, &b, &failed) || !are_two(&draft, a, b, &failed)) {
        return failed;
    }
    const wg_node y = embed_last(&draft, x, offset);
    order_last(rank, a, b, axes);
    for (int32_t i = 0; i < rank; i++) {
        inverse[axes[i]] = i;
    }
    return a == rank - 2 && b == rank - 1 ? y : wg_permute(y, inverse, rank);
}

/* ---- samples ------------------------------------------------------------------------------ */

WGI_BUILD(main_diagonal, wg_diagonal(in[0], 0, 0, 1))
WGI_BUILD(above, wg_diagonal(in[0], 1, 0, 1))
WGI_BUILD(below, wg_diagonal(in[0], -1, -2, -1))
WGI_BUILD(swapped, wg_diagonal(in[0], 1, 1, 0))
WGI_BUILD(outer, wg_diagonal(in[0], 0, 0, 2))
WGI_BUILD(far_away, wg_diagonal(in[0], INT64_MAX, 0, 1))
WGI_BUILD(far_below, wg_diagonal(in[0], INT64_MIN, 0, 1))
WGI_BUILD(same_axis, wg_diagonal(in[0], 0, 1, -1))
WGI_BUILD(embedded, wg_diag_embed(in[0], 0, -2, -1))
WGI_BUILD(embedded_above, wg_diag_embed(in[0], 2, -2, -1))
WGI_BUILD(embedded_below, wg_diag_embed(in[0], -1, -2, -1))
WGI_BUILD(embedded_outer, wg_diag_embed(in[0], 1, 0, 2))
WGI_BUILD(embedded_swapped, wg_diag_embed(in[0], 1, -1, -2))
WGI_BUILD(embedded_twice, wg_diag_embed(in[0], 0, 1, -1))
WGI_BUILD(embedded_far, wg_diag_embed(in[0], INT64_MIN, -2, -1))
WGI_BUILD(embedded_rank_8,
          wg_diag_embed(wg_reshape(in[0], 8, (const int64_t[8]){1, 1, 1, 1, 1, 1, 1, -1}), 0, 0, 1))

static const wgi_sample diagonal_samples[] = {
    WGI_GOOD("square", main_diagonal, 1, WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_GOOD("wide", above, 1, WGI_IN_2(3, 5, WGI_NORMAL)),
    WGI_GOOD("tall", above, 1, WGI_IN_2(4, 2, WGI_NORMAL)),
    WGI_GOOD("below, batch", below, 1, WGI_IN_3(2, 4, 3, WGI_NORMAL)),
    WGI_GOOD("swapped axes", swapped, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("outer axes", outer, 1, WGI_IN_4(3, 2, 2, 2, WGI_NORMAL)),
    WGI_GOOD("nothing above", far_away, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("nothing below", far_below, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", main_diagonal, 1, WGI_IN_2(1, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", main_diagonal, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("bool", main_diagonal, 1,
             {.rank = 2, .dims = {3, 3}, .fill = WGI_BOOLS, .dtype = WG_BOOL}),
};

static const wgi_sample diagonal_bad[] = {
    WGI_BAD("axis", main_diagonal, WG_ERR_RANGE, "diagonal: axis 1 is out of range for rank 1 (x)",
            1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("one axis", same_axis, WG_ERR_RANGE, "diagonal: axis 1 is given twice", 1,
            WGI_IN_2(3, 3, WGI_NORMAL)),
};

static const wgi_sample embed_samples[] = {
    WGI_GOOD("vector", embedded, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("above", embedded_above, 1, WGI_IN_2(2, 2, WGI_NORMAL)),
    WGI_GOOD("below", embedded_below, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("outer axes", embedded_outer, 1, WGI_IN_3(2, 2, 2, WGI_NORMAL)),
    WGI_GOOD("swapped", embedded_swapped, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", embedded, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", embedded_above, 1, WGI_IN_1(0, WGI_NORMAL)),
    WGI_GOOD("i64", embedded, 1, WGI_IN_TYPED(3, WG_I64, 9)),
};

static const wgi_sample embed_bad[] = {
    WGI_BAD("rank 0", embedded, WG_ERR_RANGE, "diag_embed: axis -1 is out of range for rank 0 (x)",
            1, WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("axis", embedded_outer, WG_ERR_RANGE,
            "diag_embed: axis 2 is out of range for rank 2 (result)", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("one axis", embedded_twice, WG_ERR_RANGE, "diag_embed: axis 1 is given twice", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("huge", embedded_far, WG_ERR_OVERFLOW, "diag_embed: the result has too many elements",
            1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("rank 8", embedded_rank_8, WG_ERR_RANGE, "diag_embed: rank 9 is not in [0, 8] (result)",
            1, WGI_IN_1(2, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_diagonal[] = {
    {.name = "offset", .kind = WGI_ATTR_INTEGER, .is_optional = true},
    {.name = "axis1", .kind = WGI_ATTR_AXIS, .is_optional = true},
    {.name = "axis2", .kind = WGI_ATTR_AXIS, .is_optional = true, .integer = 1},
};

WGI_CALL(call_diagonal, wg_diagonal(wgi_call_in(c, 0), wgi_call_integer(c, 0), wgi_call_int(c, 1),
                                    wgi_call_int(c, 2)))

const wgi_op wgi_op_diagonal = {
    WGI_FORM_OF("diagonal", 1, 1, "x"),
    .call = call_diagonal,
    WGI_ATTRIBUTES(attributes_diagonal),
    WGI_SAMPLES(diagonal_samples, diagonal_bad),
};

static const wgi_attribute attributes_embed[] = {
    {.name = "offset", .kind = WGI_ATTR_INTEGER, .is_optional = true},
    {.name = "axis1", .kind = WGI_ATTR_AXIS, .is_optional = true, .integer = -2},
    {.name = "axis2", .kind = WGI_ATTR_AXIS, .is_optional = true, .integer = -1},
};

WGI_CALL(call_embed, wg_diag_embed(wgi_call_in(c, 0), wgi_call_integer(c, 0), wgi_call_int(c, 1),
                                   wgi_call_int(c, 2)))

const wgi_op wgi_op_diag_embed = {
    WGI_FORM_OF("diag_embed", 1, 1, "x"),
    .call = call_embed,
    WGI_ATTRIBUTES(attributes_embed),
    WGI_SAMPLES(embed_samples, embed_bad),
};
