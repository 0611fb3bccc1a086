/* sort, argsort and topk: elements along an axis in order, and where they stood.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: NaN is larger than every number and equal to NaN; of equal elements the first comes
 * first, whichever the direction. So the order is total, no two elements are the same in it, and a
 * heap, which needs no memory but the output of indices, sorts stably. */
#if defined(WGI_REAL_PASS)

/* A line of x, the heap of the indices of the first k in order, and the order's direction. */
typedef struct K(line) {
    const real *x;
    int64_t *heap;
    int64_t stride;      /* of x */
    int64_t heap_stride; /* of the heap */
    bool is_descending;
} K(line);

static bool K(is_less)(real a, real b)
{
    return a < b || (IS_NAN(b) && !IS_NAN(a));
}

/* Whether element i comes before element j, which is another. */
static bool K(is_before)(const K(line) * line, int64_t i, int64_t j)
{
    const real a = line->x[i * line->stride];
    const real b = line->x[j * line->stride];
    const bool is_less = K(is_less)(a, b);
    const bool is_greater = K(is_less)(b, a);
    if (!is_less && !is_greater) {
        return i < j;
    }
    return line->is_descending ? is_greater : is_less;
}

static int64_t *K(at)(const K(line) * line, int64_t place)
{
    return &line->heap[place * line->heap_stride];
}

/* Lets index i sink from the root of a heap of n, whose root comes last of all. */
static void K(sink)(const K(line) * line, int64_t i, int64_t n)
{
    int64_t place = 0;
    for (int64_t child = 1; child < n; child = 2 * place + 1) {
        if (child + 1 < n && K(is_before)(line, *K(at)(line, child), *K(at)(line, child + 1))) {
            child++;
        }
        if (K(is_before)(line, *K(at)(line, child), i)) {
            break;
        }
        *K(at)(line, place) = *K(at)(line, child);
        place = child;
    }
    *K(at)(line, place) = i;
}

/* Lets index i rise from place n of a heap of n. */
static void K(rise)(const K(line) * line, int64_t i, int64_t n)
{
    int64_t place = n;
    while (place > 0 && K(is_before)(line, *K(at)(line, (place - 1) / 2), i)) {
        *K(at)(line, place) = *K(at)(line, (place - 1) / 2);
        place = (place - 1) / 2;
    }
    *K(at)(line, place) = i;
}

/* The indices of the first k of n elements, in order. */
static void K(order)(const K(line) * line, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n && k > 0; i++) {
        if (i < k) {
            K(rise)(line, i, i);
        } else if (K(is_before)(line, i, *K(at)(line, 0))) {
            K(sink)(line, i, k);
        }
    }
    for (int64_t last = k - 1; last > 0; last--) {
        const int64_t i = *K(at)(line, last);
        *K(at)(line, last) = *K(at)(line, 0);
        K(sink)(line, i, last);
    }
}

/* x: [outer, size, inner]; values, indices: [outer, k, inner] */
static void K(sort_lines)(const wgi_args *args, int64_t axis, bool is_descending)
{
    const wgi_block from = wgi_block_around(args->in, axis);
    const int64_t k = args->out->dims[axis];
    for (int64_t l = 0; l < from.outer * from.inner; l++) {
        const int64_t o = l / from.inner;
        const int64_t to = o * k * from.inner + l % from.inner;
        const real *x = args->in->data;
        real *y = (real *)args->out[0].data + to;
        int64_t *indices = (int64_t *)args->out[1].data + to;
        const K(line) line = {x + o * from.size * from.inner + l % from.inner, indices, from.inner,
                              from.inner, is_descending};
        K(order)(&line, from.size, k);
        for (int64_t i = 0; i < k; i++) {
            y[i * from.inner] = line.x[*K(at)(&line, i) * from.inner];
        }
    }
}

static wg_status K(run_sort)(const wgi_args *args)
{
    const wgi_sort_attr *attr = args->attr;
    if (args->out->count > 0) {
        K(sort_lines)(args, attr->axis, attr->is_descending != 0);
    }
    return WG_OK;
}

static wg_status K(run_topk)(const wgi_args *args)
{
    const wgi_topk_attr *attr = args->attr;
    if (args->out->count > 0) {
        K(sort_lines)(args, attr->axis, attr->is_largest != 0);
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

/* ---- constructors ------------------------------------------------------------------------- */

extern const wgi_op wgi_op_argsort;

static wg_node sort(const wgi_op *form, wg_node x, int32_t axis, bool descending)
{
    wgi_sort_attr attr = {.is_descending = descending};
    const wgi_draft draft = {.op = WGI_OP_sort, .form = form, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_axis(&draft, x, axis, &attr.axis, &failed) ? wgi_record(&draft) : failed;
}

wg_node wg_sort(wg_node x, int32_t axis, bool descending)
{
    return sort(NULL, x, axis, descending);
}

wg_node wg_argsort(wg_node x, int32_t axis, bool descending)
{
    const wg_node sorted = sort(&wgi_op_argsort, x, axis, descending);
    return wg_is_valid(sorted) ? wg_output(sorted, 1) : sorted;
}

wg_node wg_topk(wg_node x, int64_t k, int32_t axis, bool largest)
{
    wgi_topk_attr attr = {.k = k, .is_largest = largest};
    const wgi_draft draft = {.op = WGI_OP_topk, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_axis(&draft, x, axis, &attr.axis, &failed) ? wgi_record(&draft) : failed;
}

/* ---- shape rules -------------------------------------------------------------------------- */

/* Values and indices, x's shape with size k along the axis. */
static wg_status infer_both(wgi_infer *q, int64_t axis, int64_t k)
{
    int64_t dims[WG_MAX_RANK] = {0};
    memcpy(dims, q->in->dims, (size_t)q->in->rank * sizeof *dims);
    dims[axis] = k;
    const wg_status status = wgi_infer_shape(q, 0, q->in->dtype, q->in->rank, dims);
    return status == WG_OK ? wgi_infer_shape(q, 1, WG_I64, q->in->rank, dims) : status;
}

static wg_status infer_sort(wgi_infer *q)
{
    const wgi_sort_attr *attr = q->attr;
    return infer_both(q, attr->axis, q->in->dims[attr->axis]);
}

static wg_status infer_topk(wgi_infer *q)
{
    const wgi_topk_attr *attr = q->attr;
    const int64_t size = q->in->dims[attr->axis];
    if (attr->k < 0 || attr->k > size) {
        return wgi_infer_fail(q, WG_ERR_RANGE, "k is %lld, not in [0, %lld] (x, axis %d)",
                              (long long)attr->k, (long long)size, (int)attr->axis);
    }
    return infer_both(q, attr->axis, attr->k);
}

/* ---- gradients ---------------------------------------------------------------------------- */

/* The values are elements of x, and the indices say which. */
static void pass_back(wgi_rule *rule, int64_t axis)
{
    if (wgi_is_some(rule->dy[0])) {
        rule->dx[0] = wgi_take_back(rule->dy[0], rule->y[1], (int32_t)axis, rule->x[0]);
    }
}

static void gradient_sort(wgi_rule *rule)
{
    const wgi_sort_attr *attr = rule->attr;
    pass_back(rule, attr->axis);
}

static void gradient_topk(wgi_rule *rule)
{
    const wgi_topk_attr *attr = rule->attr;
    pass_back(rule, attr->axis);
}

/* ---- kernels ------------------------------------------------------------------------------ */

#define IS_NAN(x) ((x) != (x))
#define WGI_KERNEL_FILE "ops/sort.c"
#include "ops/for_each_real.h"
#undef IS_NAN

/* Of integers none is NaN. */
#define IS_NAN(x) ((void)(x), false)
#include "ops/for_each_integer.h"
#undef IS_NAN

#define ALL_DTYPES(run)                                                                            \
    WGI_REALS(run), [WG_I64] = run##_i64, [WG_BOOL] = run##_u8, [WG_U8] = run##_u8

/* ---- samples ------------------------------------------------------------------------------ */

/* Values times indices, so that both outputs are in use. */
static wg_node use_both(wg_node y)
{
    return wg_mul(y, wg_cast(wg_output(y, 1), wg_node_dtype(y)));
}

WGI_BUILD(sort_0, wg_sort(in[0], 0, false))
WGI_BUILD(sort_1, wg_sort(in[0], 1, false))
WGI_BUILD(sort_last_down, wg_sort(in[0], -1, true))
WGI_BUILD_UNTOLD(sort_both, use_both(wg_sort(in[0], 0, true)))
WGI_BUILD(sort_twice, wg_sort(wg_sort(in[0], 0, false), 1, true))
WGI_BUILD(argsort_0, wg_argsort(in[0], 0, false))
WGI_BUILD(argsort_last_down, wg_argsort(in[0], -1, true))
WGI_BUILD(argsort_used, wg_mul(in[0], wg_cast(wg_argsort(in[0], 0, false), dtype)))
WGI_BUILD(topk_2, wg_topk(in[0], 2, 0, true))
WGI_BUILD(topk_smallest_last, wg_topk(in[0], 2, -1, false))
WGI_BUILD(topk_1, wg_topk(in[0], 1, 1, true))
WGI_BUILD(topk_none, wg_topk(in[0], 0, 0, true))
WGI_BUILD(topk_all, wg_topk(in[0], 4, 0, false))
WGI_BUILD_UNTOLD(topk_both, use_both(wg_topk(in[0], 3, 0, true)))
WGI_BUILD(topk_minus_1, wg_topk(in[0], -1, 0, true))

static const wgi_sample sort_samples[] = {
    WGI_GOOD("vector", sort_0, 1, WGI_IN_1(9, WGI_NORMAL)),
    WGI_GOOD("columns", sort_0, 1, WGI_IN_2(5, 3, WGI_NORMAL)),
    WGI_GOOD("rows, descending", sort_last_down, 1, WGI_IN_2(3, 6, WGI_NORMAL)),
    WGI_GOOD("middle axis", sort_1, 1, WGI_IN_3(2, 4, 3, WGI_NORMAL)),
    WGI_GOOD("last of four", sort_last_down, 1, WGI_IN_4(2, 1, 2, 4, WGI_NORMAL)),
    WGI_GOOD("twice", sort_twice, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("both outputs", sort_both, 1, WGI_IN_1(6, WGI_NORMAL)),
    WGI_KINK("ties", sort_0, 1, WGI_IN_1(5, WGI_ZEROS)),
    WGI_GOOD("size 1", sort_last_down, 1, WGI_IN_2(3, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", sort_0, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("no column", sort_0, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("i64", sort_0, 1, WGI_IN_TYPED(9, WG_I64, 5)),
    WGI_GOOD("bool", sort_last_down, 1, WGI_IN_TYPED(9, WG_BOOL, 2)),
    WGI_GOOD("u8", sort_0, 1, WGI_IN_TYPED(9, WG_U8, 5)),
};

static const wgi_sample sort_bad[] = {
    WGI_BAD("axis", sort_1, WG_ERR_RANGE, "sort: axis 1 is out of range for rank 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("rank 0", sort_last_down, WG_ERR_RANGE, "sort: axis -1 is out of range for rank 0 (x)",
            1, WGI_IN_0(WGI_NORMAL)),
};

static const wgi_sample argsort_samples[] = {
    WGI_GOOD("in use", argsort_used, 1, WGI_IN_1(6, WGI_NORMAL)),
    WGI_GOOD("columns, in use", argsort_used, 1, WGI_IN_2(4, 2, WGI_NORMAL)),
    WGI_GOOD("rows", argsort_last_down, 1, WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("size 0", argsort_0, 1, WGI_IN_1(0, WGI_NORMAL)),
    WGI_GOOD("u8", argsort_0, 1, WGI_IN_TYPED(9, WG_U8, 5)),
};

static const wgi_sample argsort_bad[] = {
    WGI_BAD("axis", argsort_0, WG_ERR_RANGE, "argsort: axis 0 is out of range for rank 0 (x)", 1,
            WGI_IN_0(WGI_NORMAL)),
};

static const wgi_sample topk_samples[] = {
    WGI_GOOD("vector", topk_2, 1, WGI_IN_1(9, WGI_NORMAL)),
    WGI_GOOD("columns", topk_2, 1, WGI_IN_2(5, 3, WGI_NORMAL)),
    WGI_GOOD("smallest of rows", topk_smallest_last, 1, WGI_IN_3(2, 2, 5, WGI_NORMAL)),
    WGI_GOOD("middle axis", topk_1, 1, WGI_IN_3(2, 4, 3, WGI_NORMAL)),
    WGI_GOOD("all", topk_all, 1, WGI_IN_2(4, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("both outputs", topk_both, 1, WGI_IN_1(6, WGI_NORMAL)),
    WGI_KINK("ties", topk_2, 1, WGI_IN_1(5, WGI_ZEROS)),
    WGI_GOOD("none", topk_none, 1, WGI_IN_2(3, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", topk_1, 1, WGI_IN_2(2, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", topk_none, 1, WGI_IN_1(0, WGI_NORMAL)),
    WGI_GOOD("i64", topk_2, 1, WGI_IN_TYPED(9, WG_I64, 5)),
};

static const wgi_sample topk_bad[] = {
    WGI_BAD("axis", topk_1, WG_ERR_RANGE, "topk: axis 1 is out of range for rank 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("too many", topk_2, WG_ERR_RANGE, "topk: k is 2, not in [0, 1] (x, axis 0)", 1,
            WGI_IN_1(1, WGI_NORMAL)),
    WGI_BAD("negative", topk_minus_1, WG_ERR_RANGE, "topk: k is -1, not in [0, 3] (x, axis 0)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_sort[] = {
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .integer = -1,
     .place = WGI_AT_I64(wgi_sort_attr, axis)},
    {.name = "descending",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_sort_attr, is_descending)},
};

WGI_CALL(call_sort, wg_sort(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_flag(c, 1)))

const wgi_op wgi_op_sort = {
    .name = "sort",
    .traits = WGI_KINKED,
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .attr_bytes = sizeof(wgi_sort_attr),
    .operands = {"x"},
    .infer = infer_sort,
    .gradient = gradient_sort,
    .reference = {ALL_DTYPES(run_sort)},
    .call = call_sort,
    WGI_ATTRIBUTES(attributes_sort),
    WGI_SAMPLES(sort_samples, sort_bad),
};

static const wgi_attribute attributes_argsort[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .is_optional = true, .integer = -1},
    {.name = "descending", .kind = WGI_ATTR_FLAG, .is_optional = true},
};

WGI_CALL(call_argsort, wg_argsort(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_flag(c, 1)))

const wgi_op wgi_op_argsort = {
    WGI_FORM_OF("argsort", 1, 1, "x"),
    .call = call_argsort,
    WGI_ATTRIBUTES(attributes_argsort),
    WGI_SAMPLES(argsort_samples, argsort_bad),
};

static const wgi_attribute attributes_topk[] = {
    {.name = "k",
     .kind = WGI_ATTR_INTEGER,
     .range = "[0, inf)",
     .place = WGI_AT_I64(wgi_topk_attr, k)},
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .integer = -1,
     .place = WGI_AT_I64(wgi_topk_attr, axis)},
    {.name = "largest",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .integer = 1,
     .place = WGI_AT_I64(wgi_topk_attr, is_largest)},
};

WGI_CALL(call_topk, wg_topk(wgi_call_in(c, 0), wgi_call_integer(c, 0), wgi_call_int(c, 1),
                            wgi_call_flag(c, 2)))

const wgi_op wgi_op_topk = {
    .name = "topk",
    .traits = WGI_KINKED,
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .attr_bytes = sizeof(wgi_topk_attr),
    .operands = {"x"},
    .infer = infer_topk,
    .gradient = gradient_topk,
    .reference = {ALL_DTYPES(run_topk)},
    .call = call_topk,
    WGI_ATTRIBUTES(attributes_topk),
    WGI_SAMPLES(topk_samples, topk_bad),
};

#endif
