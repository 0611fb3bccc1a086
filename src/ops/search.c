/* searchsorted: where values belong in sorted ones; bincount: how often each index occurs.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the order is that of sort, in which NaN is larger than every number; of what is not
 * sorted the answers are places all the same, [0, n]. */
#if defined(WGI_REAL_PASS)

static bool K(is_less)(real a, real b)
{
    return a < b || (IS_NAN(b) && !IS_NAN(a));
}

/* How many of n sorted elements come before x, or where is_right those equal to it as well. */
static int64_t K(place_of)(const real *sorted, int64_t n, real x, bool is_right)
{
    int64_t low = 0;
    int64_t high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const bool is_before =
            is_right ? !K(is_less)(x, sorted[middle]) : K(is_less)(sorted[middle], x);
        low = is_before ? middle + 1 : low;
        high = is_before ? high : middle;
    }
    return low;
}

/* sorted: [n], or [outer, n] against values: [outer, m] */
static wg_status K(searchsorted)(const wgi_args *args)
{
    const wgi_search_attr *attr = args->attr;
    const wgi_view *sorted = &args->in[0];
    const wgi_view *values = &args->in[1];
    const int64_t n = sorted->dims[sorted->rank - 1];
    const int64_t m = sorted->rank > 1 ? values->dims[values->rank - 1] : values->count;
    const real *from = sorted->data;
    const real *x = values->data;
    int64_t *y = args->out->data;
    for (int64_t e = 0; e < values->count; e++) {
        y[e] = K(place_of)(from + e / m * n, n, x[e], attr->is_right != 0);
    }
    return WG_OK;
}

#else

#include <string.h>

#include "ops/call.h"
#include "ops/gather.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* ---- searchsorted ------------------------------------------------------------------------- */

wg_node wg_searchsorted(wg_node sorted, wg_node values, bool right)
{
    const wgi_search_attr attr = {.is_right = right};
    return wgi_record_binary(WGI_OP_searchsorted, sorted, values, &attr);
}

static wg_status infer_search(wgi_infer *q)
{
    const wgi_view *sorted = &q->in[0];
    const wgi_view *values = &q->in[1];
    wg_status status = wgi_check_same_dtype(q, 0, 1);
    status = status == WG_OK ? wgi_check_min_rank(q, 0, 1) : status;
    if (status != WG_OK) {
        return status;
    }
    if (sorted->rank > 1 &&
        !wgi_same_shape(sorted->rank - 1, sorted->dims, values->rank - 1, values->dims)) {
        char a[WGI_SHAPE_TEXT];
        char b[WGI_SHAPE_TEXT];
        return wgi_infer_fail(q, WG_ERR_SHAPE,
                              "shapes differ before the last axis: %s (sorted) vs %s (values)",
                              wgi_shape_text(sorted->rank, sorted->dims, a, sizeof a),
                              wgi_shape_text(values->rank, values->dims, b, sizeof b));
    }
    return wgi_infer_shape(q, 0, WG_I64, values->rank, values->dims);
}

#define IS_NAN(x) ((x) != (x))
#define WGI_KERNEL_FILE "ops/search.c"
#include "ops/for_each_real.h"
#undef IS_NAN

/* Of integers none is NaN. */
#define IS_NAN(x) ((void)(x), false)
#include "ops/for_each_integer.h"
#undef IS_NAN

/* ---- bincount ----------------------------------------------------------------------------- */

wg_node wg_bincount(wg_node indices, int64_t size)
{
    const wgi_bincount_attr attr = {.size = size};
    return wgi_record_unary(WGI_OP_bincount, indices, &attr);
}

static wg_status infer_bincount(wgi_infer *q)
{
    const wgi_bincount_attr *attr = q->attr;
    const wg_status status = wgi_infer_indices(q, 0);
    if (status == WG_OK && attr->size < 0) {
        return wgi_infer_fail(q, WG_ERR_RANGE, "size is negative: %lld", (long long)attr->size);
    }
    return status == WG_OK ? wgi_infer_shape(q, 0, WG_I64, 1, &attr->size) : status;
}

static wg_status run_bincount(const wgi_args *args)
{
    const int64_t *indices = args->in->data;
    const int64_t size = args->out->count;
    int64_t *y = args->out->data;
    for (int64_t i = 0; i < size; i++) {
        y[i] = 0;
    }
    for (int64_t k = 0; k < args->in->count; k++) {
        if (indices[k] < 0 || indices[k] >= size) {
            return wgi_fault_set(args, WG_ERR_RANGE, "index %lld at %lld is outside [0, %lld)",
                                 (long long)indices[k], (long long)k, (long long)size);
        }
        y[indices[k]]++;
    }
    return WG_OK;
}

/* ---- samples ------------------------------------------------------------------------------ */

/* A smooth use of places: values weighted with them, once they are sorted. */
static wg_node weigh(wg_node sorted, wg_node values, bool right)
{
    const wg_node places = wg_searchsorted(wg_sort(sorted, -1, false), values, right);
    return wg_mul(values, wg_cast(places, wg_node_dtype(values)));
}

static wg_node count_two(wg_graph *g, const int64_t *indices)
{
    return wg_bincount(wg_constant(g, WG_I64, 1, (const int64_t[]){2}, indices), 3);
}

WGI_BUILD(left, wg_searchsorted(in[0], in[1], false))
WGI_BUILD(right, wg_searchsorted(in[0], in[1], true))
WGI_BUILD_UNTOLD(weigh_left, weigh(in[0], in[1], false))
WGI_BUILD_UNTOLD(weigh_right, weigh(in[0], in[1], true))
WGI_BUILD(count_4, wg_bincount(in[0], 4))
WGI_BUILD(count_0, wg_bincount(in[0], 0))
WGI_BUILD(count_minus_1, wg_bincount(in[0], -1))
WGI_BUILD(count_huge, wg_bincount(in[0], INT64_MAX))
WGI_BUILD(count_high, count_two(g, (const int64_t[]){0, 3}))
WGI_BUILD(count_negative, count_two(g, (const int64_t[]){0, -1}))
WGI_BUILD_UNTOLD(frequency, wg_mul(in[0], wg_cast(wg_bincount(in[1], 3), dtype)))

static const wgi_sample search_samples[] = {
    WGI_GOOD_UNTOLD("vector", weigh_left, 2, WGI_IN_1(7, WGI_NORMAL), WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("any shape", weigh_right, 2, WGI_IN_1(7, WGI_NORMAL),
                    WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("rows", weigh_left, 2, WGI_IN_2(2, 6, WGI_NORMAL), WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("rank 0", weigh_left, 2, WGI_IN_1(5, WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD_UNTOLD("size 1", weigh_right, 2, WGI_IN_1(1, WGI_NORMAL), WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("in nothing", left, 2, WGI_IN_1(0, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("nothing", right, 2, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_2(2, 0, WGI_NORMAL)),
    WGI_GOOD("i64", right, 2, WGI_IN_TYPED(1, WG_I64, 9), WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("u8", left, 2, WGI_IN_TYPED(1, WG_U8, 9), WGI_IN_TYPED(5, WG_U8, 9)),
};

static const wgi_sample search_bad[] = {
    WGI_BAD("dtypes", left, WG_ERR_DTYPE,
            "searchsorted: dtypes differ: i64 (sorted) vs u8 (values)", 2,
            WGI_IN_TYPED(3, WG_I64, 9), WGI_IN_TYPED(2, WG_U8, 9)),
    WGI_BAD("rank 0", left, WG_ERR_SHAPE, "searchsorted: needs rank >= 1: 0 (sorted)", 2,
            WGI_IN_0(WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("shapes", left, WG_ERR_SHAPE,
            "searchsorted: shapes differ before the last axis: [2, 3] (sorted) vs [3, 3] (values)",
            2, WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_BAD("ranks", left, WG_ERR_SHAPE,
            "searchsorted: shapes differ before the last axis: [2, 3] (sorted) vs [] (values)", 2,
            WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),
};

static const wgi_sample bincount_samples[] = {
    WGI_GOOD_UNTOLD("in use", frequency, 2, WGI_IN_1(3, WGI_NORMAL), WGI_IN_TYPED(9, WG_I64, 3)),
    WGI_GOOD("vector", count_4, 1, WGI_IN_TYPED(9, WG_I64, 4)),
    WGI_GOOD("matrix", count_4, 1,
             {.rank = 2, .dims = {2, 3}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 4}),
    WGI_GOOD("rank 0", count_4, 1, {.rank = 0, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 4}),
    WGI_GOOD("nothing", count_4, 1, WGI_IN_TYPED(0, WG_I64, 4)),
    WGI_GOOD("nothing at all", count_0, 1, WGI_IN_TYPED(0, WG_I64, 1)),
};

static const wgi_sample bincount_bad[] = {
    WGI_BAD("dtype", count_4, WG_ERR_DTYPE, "bincount: indices must be i64: u8 (indices)", 1,
            WGI_IN_TYPED(3, WG_U8, 4)),
    WGI_BAD("negative size", count_minus_1, WG_ERR_RANGE, "bincount: size is negative: -1", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
    WGI_BAD("huge", count_huge, WG_ERR_OVERFLOW, "bincount: the result has too many elements", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
    WGI_BAD("index too high", count_high, WG_ERR_RANGE, "bincount: index 3 at 1 is outside [0, 3)",
            1, WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("negative index", count_negative, WG_ERR_RANGE,
            "bincount: index -1 at 1 is outside [0, 3)", 1, WGI_IN_0(WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_search[] = {
    {.name = "right",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_search_attr, is_right)},
};

WGI_CALL(call_search, wg_searchsorted(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_flag(c, 0)))

const wgi_op wgi_op_searchsorted = {
    .name = "searchsorted",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_search_attr),
    .operands = {"sorted", "values"},
    .infer = infer_search,
    .reference = {WGI_REALS(searchsorted), [WG_I64] = searchsorted_i64, [WG_BOOL] = searchsorted_u8,
                  [WG_U8] = searchsorted_u8},
    .call = call_search,
    WGI_ATTRIBUTES(attributes_search),
    WGI_SAMPLES(search_samples, search_bad),
};

static const wgi_attribute attributes_bincount[] = {
    {.name = "size",
     .kind = WGI_ATTR_INTEGER,
     .range = "[0, inf)",
     .place = WGI_AT_I64(wgi_bincount_attr, size)},
};

WGI_CALL(call_bincount, wg_bincount(wgi_call_in(c, 0), wgi_call_integer(c, 0)))

const wgi_op wgi_op_bincount = {
    .name = "bincount",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_bincount_attr),
    .operands = {"indices"},
    .infer = infer_bincount,
    .reference = {[WG_I64] = run_bincount},
    .call = call_bincount,
    WGI_ATTRIBUTES(attributes_bincount),
    WGI_SAMPLES(bincount_samples, bincount_bad),
};

#endif
