/* The sums: sum and mean over axes, and sum_to, the adjoint of broadcast_to.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: all three split x's axes into those that are kept and those that are reduced; each
 * result is the total of the reduced axes at one index of the kept ones, added up in `accum`. */
#if defined(WGI_REAL_PASS)

/* The sum of the elements that the walk passes, from x on. */
static accum K(total)(const real *x, wgi_walk reduced)
{
    accum sum = 0;
    const int64_t n = wgi_walk_row(&reduced);
    const int64_t stride = wgi_walk_row_stride(&reduced, 0);
    for (int64_t i = 0; i < reduced.rows; i++) {
        const real *row = x + reduced.offset[0];
        for (int64_t j = 0; j < n; j++) {
            sum += row[j * stride];
        }
        wgi_walk_step_row(&reduced);
    }
    return sum;
}

/* Each result is a total divided by `divisor`. */
static void K(reduce)(const wgi_args *args, uint32_t axes, accum divisor)
{
    wgi_walk reduced;
    wgi_walk kept = wgi_reduce_split(args->in, axes, &reduced);
    const real *x = args->in->data;
    real *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        y[i] = (real)(K(total)(x + kept.offset[0], reduced) / divisor);
        wgi_walk_step(&kept);
    }
}

static wg_status K(run_sum)(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    K(reduce)(args, attr->axes, 1);
    return WG_OK;
}

static wg_status K(run_mean)(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    K(reduce)(args, attr->axes, (accum)wgi_count_along(args->in, attr->axes));
    return WG_OK;
}

static wg_status K(run_sum_to)(const wgi_args *args)
{
    K(reduce)(args, axes_between(args->in, args->out), 1);
    return WG_OK;
}

#else

#include "ops/reduce.h"
#include "ops/samples.h"

/* The axes of x along which the shape of y was broadcast to x's. */
static uint32_t axes_between(const wgi_view *x, const wgi_view *y)
{
    uint32_t axes = 0;
    const int32_t shift = x->rank - y->rank;
    for (int32_t i = 0; i < x->rank; i++) {
        if (i < shift || y->dims[i - shift] != x->dims[i]) {
            axes |= 1u << i;
        }
    }
    return axes;
}

#define WGI_KERNEL_FILE "ops/sum.c"
#include "ops/for_each_real.h"

static int64_t total_i64(const int64_t *x, wgi_walk reduced)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < reduced.rows; i++) {
        for (int64_t j = 0; j < wgi_walk_row(&reduced); j++) {
            sum += (uint64_t)x[reduced.offset[0] + j * wgi_walk_row_stride(&reduced, 0)];
        }
        wgi_walk_step_row(&reduced);
    }
    return (int64_t)sum;
}

static wg_status run_sum_i64(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    wgi_walk reduced;
    wgi_walk kept = wgi_reduce_split(args->in, attr->axes, &reduced);
    int64_t *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        y[i] = total_i64((const int64_t *)args->in->data + kept.offset[0], reduced);
        wgi_walk_step(&kept);
    }
    return WG_OK;
}

/* ---- sum and mean ------------------------------------------------------------------------- */

wg_node wg_sum(wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    return wgi_record_reduction(WGI_OP_sum, x, axes, n, keepdims);
}

wg_node wg_mean(wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    return wgi_record_reduction(WGI_OP_mean, x, axes, n, keepdims);
}

extern const wgi_op wgi_op_sum_all;
extern const wgi_op wgi_op_mean_all;

static wg_node reduce_all(const wgi_op *form, uint16_t op, wg_node x)
{
    wgi_reduce_attr attr = {.axes = 0, .keepdims = false};
    const wgi_draft draft = {.op = op, .form = form, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_axes(&draft, NULL, 0, &attr.axes, &failed) ? wgi_record(&draft) : failed;
}

wg_node wg_sum_all(wg_node x)
{
    return reduce_all(&wgi_op_sum_all, WGI_OP_sum, x);
}

wg_node wg_mean_all(wg_node x)
{
    return reduce_all(&wgi_op_mean_all, WGI_OP_mean, x);
}

static void gradient_sum(wgi_rule *rule)
{
    const wgi_reduce_attr attr = *(const wgi_reduce_attr *)rule->attr;
    rule->dx[0] = wgi_spread(rule->dy[0], rule->x[0], &attr);
}

static void gradient_mean(wgi_rule *rule)
{
    const wgi_reduce_attr attr = *(const wgi_reduce_attr *)rule->attr;
    wgi_view x;
    if (wgi_view_of(rule->x[0], &x)) {
        const int64_t n = wgi_count_along(&x, attr.axes);
        const wg_node share = wg_scale(rule->dy[0], n > 0 ? 1.0 / (double)n : 0.0);
        rule->dx[0] = wgi_spread(share, rule->x[0], &attr);
    }
}

/* ---- sum_to ------------------------------------------------------------------------------- */

wg_node wg_sum_to(wg_node x, int32_t rank, const int64_t *dims)
{
    wgi_shape_attr attr = {.rank = rank};
    const wgi_draft draft = {.op = WGI_OP_sum_to, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_shape(&draft, rank, dims, attr.dims, &failed) ? wgi_record(&draft) : failed;
}

static wg_status infer_sum_to(wgi_infer *q)
{
    const wgi_shape_attr *attr = q->attr;
    const wgi_named_shape from = {"result", (int32_t)attr->rank, attr->dims};
    const wgi_named_shape to = {"x", q->in->rank, q->in->dims};
    wg_status status = wgi_check_floating(q, 0);
    status = status != WG_OK ? status : wgi_infer_shape(q, 0, q->in->dtype, from.rank, from.dims);
    return status != WG_OK ? status : wgi_check_broadcasts(q, from, to);
}

static void gradient_sum_to(wgi_rule *rule)
{
    wgi_view x;
    if (wgi_view_of(rule->x[0], &x)) {
        rule->dx[0] = wg_broadcast_to(rule->dy[0], x.rank, x.dims);
    }
}

/* ---- samples ------------------------------------------------------------------------------ */

#define SUM_AND_MEAN(function, ...)                                                                \
    WGI_BUILD(sum_##function, wg_sum(in[0], __VA_ARGS__))                                          \
    WGI_BUILD(mean_##function, wg_mean(in[0], __VA_ARGS__))

SUM_AND_MEAN(over_all, NULL, 0, false)
SUM_AND_MEAN(over_all_kept, NULL, 0, true)
SUM_AND_MEAN(over_none, (const int32_t[]){0}, 0, false)
SUM_AND_MEAN(over_0, (const int32_t[]){0}, 1, false)
SUM_AND_MEAN(over_last, (const int32_t[]){-1}, 1, false)
SUM_AND_MEAN(over_last_kept, (const int32_t[]){-1}, 1, true)
SUM_AND_MEAN(over_0_2, (const int32_t[]){2, 0}, 2, false)
SUM_AND_MEAN(over_0_2_kept, (const int32_t[]){0, -1}, 2, true)
SUM_AND_MEAN(over_1_1, (const int32_t[]){1, -1}, 2, false)
SUM_AND_MEAN(over_5, (const int32_t[]){5}, 1, false)
SUM_AND_MEAN(over_null, NULL, 1, false)
SUM_AND_MEAN(over_too_many, (const int32_t[]){0}, 3, false)
SUM_AND_MEAN(over_minus_1, (const int32_t[]){0}, -1, false)
WGI_BUILD(sum_every, wg_sum_all(in[0]))
WGI_BUILD(mean_every, wg_mean_all(in[0]))

#define REDUCE_SAMPLES(op)                                                                         \
    WGI_GOOD("all", op##_over_all, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                                 \
        WGI_GOOD("all, form", op##_every, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),                       \
        WGI_GOOD("all, kept", op##_over_all_kept, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                  \
        WGI_GOOD("no axis", op##_over_none, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                        \
        WGI_GOOD("rows", op##_over_0, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                              \
        WGI_GOOD("columns", op##_over_last, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                        \
        WGI_GOOD("columns, kept", op##_over_last_kept, 1, WGI_IN_2(3, 4, WGI_NORMAL)),             \
        WGI_GOOD("outer and inner", op##_over_0_2, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),              \
        WGI_GOOD("outer and inner, kept", op##_over_0_2_kept, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),   \
        WGI_GOOD("rank 0", op##_over_all, 1, WGI_IN_0(WGI_NORMAL)),                                \
        WGI_GOOD("size 1", op##_over_0, 1, WGI_IN_1(1, WGI_NORMAL)),                               \
        WGI_GOOD("no row of 3", op##_over_0, 1, WGI_IN_2(0, 3, WGI_NORMAL)),                       \
        WGI_GOOD("3 empty rows", op##_over_last, 1, WGI_IN_2(3, 0, WGI_NORMAL)),                   \
        WGI_GOOD("empty, all", op##_over_all, 1, WGI_IN_2(3, 0, WGI_NORMAL))

#define REDUCE_BAD(op)                                                                             \
    WGI_BAD("twice", op##_over_1_1, WG_ERR_RANGE, #op ": axis 1 is given twice", 1,                \
            WGI_IN_2(3, 4, WGI_NORMAL)),                                                           \
        WGI_BAD("range", op##_over_5, WG_ERR_RANGE, #op ": axis 5 is out of range for rank 2 (x)", \
                1, WGI_IN_2(3, 4, WGI_NORMAL)),                                                    \
        WGI_BAD("no axes", op##_over_null, WG_ERR_ARGUMENT, #op ": axes is NULL but n is 1", 1,    \
                WGI_IN_2(3, 4, WGI_NORMAL)),                                                       \
        WGI_BAD("too many", op##_over_too_many, WG_ERR_RANGE, #op ": 3 axes for rank 2 (x)", 1,    \
                WGI_IN_2(3, 4, WGI_NORMAL)),                                                       \
        WGI_BAD("negative", op##_over_minus_1, WG_ERR_ARGUMENT,                                    \
                #op ": axes are given but n is -1", 1, WGI_IN_2(3, 4, WGI_NORMAL))

static const wgi_sample samples_sum[] = {
    REDUCE_SAMPLES(sum),
    WGI_GOOD("i64", sum_over_all, 1, WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("i64, no axis", sum_over_none, 1, WGI_IN_TYPED(5, WG_I64, 9)),
};

static const wgi_sample samples_mean[] = {REDUCE_SAMPLES(mean)};

static const wgi_sample bad_sum[] = {
    REDUCE_BAD(sum),
    WGI_BAD("dtype", sum_over_all, WG_ERR_DTYPE, "sum: needs a floating or i64 dtype: bool (x)", 1,
            WGI_IN_TYPED(3, WG_BOOL, 2)),
};

static const wgi_sample bad_mean[] = {
    REDUCE_BAD(mean),
    WGI_BAD("dtype", mean_over_all, WG_ERR_DTYPE, "mean: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
};

WGI_BUILD(to_3, wg_sum_to(in[0], 1, (const int64_t[]){3}))
WGI_BUILD(to_2_1, wg_sum_to(in[0], 2, (const int64_t[]){2, 1}))
WGI_BUILD(to_rank_0, wg_sum_to(in[0], 0, NULL))
WGI_BUILD(to_2_1_3, wg_sum_to(in[0], 3, (const int64_t[]){2, 1, 3}))
WGI_BUILD(to_no_dims, wg_sum_to(in[0], 1, NULL))

static const wgi_sample samples_sum_to[] = {
    WGI_GOOD("row", to_3, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("column", to_2_1, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("scalar", to_rank_0, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("middle", to_2_1_3, 1, WGI_IN_3(2, 4, 3, WGI_NORMAL)),
    WGI_GOOD("same shape", to_3, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("rank 0", to_rank_0, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", to_rank_0, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0 to 1", to_2_1, 1, WGI_IN_2(2, 0, WGI_NORMAL)),
    WGI_GOOD("no row of 3", to_3, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
};

static const wgi_sample bad_sum_to[] = {
    WGI_BAD("size", to_3, WG_ERR_SHAPE,
            "sum_to: shapes do not broadcast: 3 (result, axis 0) to 4 (x, axis 1)", 1,
            WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_BAD("rank", to_2_1, WG_ERR_SHAPE,
            "sum_to: shapes do not broadcast: rank 2 (result) to rank 1 (x)", 1,
            WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("dtype", to_3, WG_ERR_DTYPE, "sum_to: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
    WGI_BAD("no dims", to_no_dims, WG_ERR_ARGUMENT, "sum_to: dims is NULL but rank is 1", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_sum[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_reduce_attr, axes, keepdims),
};

WGI_REDUCE_CALL(call_sum, wg_sum)

const wgi_op wgi_op_sum = {
    .name = "sum",
    .traits = WGI_REDUCTION,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_reduce_attr),
    .operands = {"x"},
    .infer = wgi_infer_reduced_numeric,
    .gradient = gradient_sum,
    .reference = {[WG_I64] = run_sum_i64, WGI_REALS(run_sum)},
    .call = call_sum,
    WGI_ATTRIBUTES(attributes_sum),
    .samples = samples_sum,
    .n_samples = WGI_COUNT(samples_sum),
    .bad = bad_sum,
    .n_bad = WGI_COUNT(bad_sum),
};

WGI_REDUCE_CALL(call_mean, wg_mean)

const wgi_op wgi_op_mean = {
    .name = "mean",
    .traits = WGI_REDUCTION,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_reduce_attr),
    .operands = {"x"},
    .infer = wgi_infer_reduced_floating,
    .gradient = gradient_mean,
    .reference = {WGI_REALS(run_mean)},
    .call = call_mean,
    WGI_ATTRIBUTES(attributes_sum),
    .samples = samples_mean,
    .n_samples = WGI_COUNT(samples_mean),
    .bad = bad_mean,
    .n_bad = WGI_COUNT(bad_mean),
};

static const wgi_attribute attributes_sum_to[] = {
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_shape_attr, rank, dims)},
};

WGI_CALL(call_sum_to, wg_sum_to(wgi_call_in(c, 0), wgi_call_length(c, 0), wgi_call_list(c, 0)))

const wgi_op wgi_op_sum_to = {
    .name = "sum_to",
    .traits = WGI_REDUCTION,
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_shape_attr),
    .operands = {"x"},
    .infer = infer_sum_to,
    .gradient = gradient_sum_to,
    .reference = {WGI_REALS(run_sum_to)},
    .call = call_sum_to,
    WGI_ATTRIBUTES(attributes_sum_to),
    .samples = samples_sum_to,
    .n_samples = WGI_COUNT(samples_sum_to),
    .bad = bad_sum_to,
    .n_bad = WGI_COUNT(bad_sum_to),
};

/* ---- forms -------------------------------------------------------------------------------- */

WGI_BUILD(build_sum_all, wg_sum_all(in[0]))
WGI_BUILD(build_mean_all, wg_mean_all(in[0]))

#define WHOLE_SAMPLES(name)                                                                        \
    static const wgi_sample samples_##name[] = {                                                   \
        WGI_GOOD("matrix", build_##name, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                           \
        WGI_GOOD("rank 0", build_##name, 1, WGI_IN_0(WGI_NORMAL)),                                 \
        WGI_GOOD("size 1", build_##name, 1, WGI_IN_1(1, WGI_NORMAL)),                              \
    };

WHOLE_SAMPLES(sum_all)
WHOLE_SAMPLES(mean_all)

static const wgi_sample bad_sum_all[] = {
    WGI_BAD("bool", build_sum_all, WG_ERR_DTYPE, "sum_all: needs a floating or i64 dtype: bool (x)",
            1, WGI_IN_TYPED(3, WG_BOOL, 2)),
};

static const wgi_sample bad_mean_all[] = {
    WGI_BAD("integers", build_mean_all, WG_ERR_DTYPE, "mean_all: needs a floating dtype: i64 (x)",
            1, WGI_IN_TYPED(3, WG_I64, 2)),
};

WGI_CALL(call_sum_all, wg_sum_all(wgi_call_in(c, 0)))
WGI_CALL(call_mean_all, wg_mean_all(wgi_call_in(c, 0)))

const wgi_op wgi_op_sum_all = {
    WGI_FORM_OF("sum_all", 1, 1, "x"),
    .call = call_sum_all,
    WGI_SAMPLES(samples_sum_all, bad_sum_all),
};

const wgi_op wgi_op_mean_all = {
    WGI_FORM_OF("mean_all", 1, 1, "x"),
    .call = call_mean_all,
    WGI_SAMPLES(samples_mean_all, bad_mean_all),
};

#endif
