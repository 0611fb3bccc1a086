/* variance and std over axes, and center: elements less their mean.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: everything is taken relative to the first element of a line before it is added up, so
 * that a constant is 0 exactly and an offset costs no digits; no variance is negative. */
#if defined(WGI_REAL_PASS)

#include "ops/reduce_pass.h"

/* `top` is the line's first element here, and `mean` that of the differences from it. */
static void K(add_differences)(K(tally) * t, const real *x, int64_t n, int64_t stride)
{
    for (int64_t j = 0; j < n; j++) {
        t->total += (accum)x[j * stride] - t->top;
    }
}

static void K(add_squares)(K(tally) * t, const real *x, int64_t n, int64_t stride)
{
    for (int64_t j = 0; j < n; j++) {
        const accum d = (accum)x[j * stride] - t->top - t->mean;
        t->total += d * d;
    }
}

/* The first element, if it is finite, and the mean of the differences from it; `total` is 0 again.
 */
static K(tally) K(mean_of)(const real *x, const wgi_walk *line)
{
    const int64_t n = K(line_size)(line);
    K(tally) t = {.top = n > 0 && x[0] - x[0] == 0 ? (accum)x[0] : 0};
    K(pass_over)(K(add_differences), &t, x, *line);
    t.mean = t.total / (accum)n;
    t.total = 0;
    return t;
}

/* What is summed is divided by n - correction, but never by less than 0. */
static accum K(variance_of)(const real *x, const wgi_walk *line, accum correction)
{
    const accum divisor = (accum)K(line_size)(line) - correction;
    K(tally) t = K(mean_of)(x, line);
    K(pass_over)(K(add_squares), &t, x, *line);
    return t.total / (divisor > 0 ? divisor : 0);
}

static accum K(std_of)(const real *x, const wgi_walk *line, accum correction)
{
    return A(sqrt)(K(variance_of)(x, line, correction));
}

/* A line that begins at x and its result. */
static void K(run_lines)(const wgi_args *args,
                         accum (*reduce)(const real *x, const wgi_walk *line, accum correction))
{
    const wgi_variance_attr *attr = args->attr;
    wgi_walk line;
    wgi_walk kept = wgi_reduce_split(args->in, attr->reduce.axes, &line);
    const real *x = args->in->data;
    real *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        y[i] = (real)reduce(x + kept.offset[0], &line, (accum)attr->correction);
        wgi_walk_step(&kept);
    }
}

static wg_status K(variance)(const wgi_args *args)
{
    K(run_lines)(args, K(variance_of));
    return WG_OK;
}

static wg_status K(std)(const wgi_args *args)
{
    K(run_lines)(args, K(std_of));
    return WG_OK;
}

static void K(center_line)(const real *x, real *y, wgi_walk line)
{
    const K(tally) t = K(mean_of)(x, &line);
    const int64_t n = K(line_size)(&line);
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = line.offset[0];
        y[at] = (real)((accum)x[at] - t.top - t.mean);
        wgi_walk_step(&line);
    }
}

static wg_status K(center)(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    wgi_walk line;
    wgi_walk kept = wgi_reduce_split(args->in, attr->axes, &line);
    const int64_t n = args->in->count > 0 ? args->in->count / K(line_size)(&line) : 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = kept.offset[0];
        K(center_line)((const real *)args->in->data + at, (real *)args->out->data + at, line);
        wgi_walk_step(&kept);
    }
    return WG_OK;
}

#else

#include "ops/reduce.h"
#include "ops/samples.h"

#include <math.h>

#define WGI_KERNEL_FILE "ops/variance.c"
#include "ops/for_each_real.h"

static wg_node record(uint16_t op, wg_node x, const int32_t *axes, int32_t n, int64_t correction,
                      bool keepdims)
{
    wgi_variance_attr attr = {.reduce = {.keepdims = keepdims}, .correction = correction};
    const wgi_draft draft = {.op = op, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_axes(&draft, axes, n, &attr.reduce.axes, &failed) ? wgi_record(&draft) : failed;
}

wg_node wg_variance(wg_node x, const int32_t *axes, int32_t n, int64_t correction, bool keepdims)
{
    return record(WGI_OP_variance, x, axes, n, correction, keepdims);
}

wg_node wg_std(wg_node x, const int32_t *axes, int32_t n, int64_t correction, bool keepdims)
{
    return record(WGI_OP_std, x, axes, n, correction, keepdims);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_variance_attr *attr = q->attr;
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_reduced(q, &attr->reduce, q->in->dtype);
}

static wg_status infer_center(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static wg_node center(wg_node x, uint32_t axes)
{
    const wgi_reduce_attr attr = {.axes = axes};
    return wgi_record_unary(WGI_OP_center, x, &attr);
}

/* 1 / (n - correction), the divisor as the kernels have it: a shape and an attribute, so a
 * literal. */
static double one_over_divisor(wg_node x, const wgi_variance_attr *attr)
{
    wgi_view view;
    const double n = wgi_view_of(x, &view) ? (double)wgi_count_along(&view, attr->reduce.axes) : 0;
    const double divisor = n - (double)attr->correction;
    return divisor > 0 ? 1.0 / divisor : (double)INFINITY;
}

/* Of the sum of squares the mean's own part of the gradient cancels: 2 (x - mean) / divisor. */
static void gradient_variance(wgi_rule *rule)
{
    const wgi_variance_attr attr = *(const wgi_variance_attr *)rule->attr;
    const wg_node x = rule->x[0];
    const wg_node dy = wg_scale(rule->dy[0], 2.0 * one_over_divisor(x, &attr));
    rule->dx[0] = wg_gate(wgi_spread(dy, x, &attr.reduce), center(x, attr.reduce.axes));
}

/* (x - mean) / (divisor y), and 0 where y is. */
static void gradient_std(wgi_rule *rule)
{
    const wgi_variance_attr attr = *(const wgi_variance_attr *)rule->attr;
    const wg_node x = rule->x[0];
    const wg_node dy = wg_scale(rule->dy[0], one_over_divisor(x, &attr));
    const wg_node y = wgi_spread(rule->y[0], x, &attr.reduce);
    const wg_node slope = wgi_ratio_or_zero(center(x, attr.reduce.axes), y);
    rule->dx[0] = wg_gate(wgi_spread(dy, x, &attr.reduce), slope);
}

/* The projection onto lines of mean 0 is its own adjoint. */
static void gradient_center(wgi_rule *rule)
{
    const wgi_reduce_attr *attr = rule->attr;
    rule->dx[0] = center(rule->dy[0], attr->axes);
}

/* ---- samples ------------------------------------------------------------------------------ */

#define BUILDS(op)                                                                                 \
    WGI_BUILD(op##_all, wg_##op(in[0], NULL, 0, 1, false))                                         \
    WGI_BUILD(op##_all_kept, wg_##op(in[0], NULL, 0, 1, true))                                     \
    WGI_BUILD(op##_0, wg_##op(in[0], (const int32_t[]){0}, 1, 0, false))                           \
    WGI_BUILD(op##_last, wg_##op(in[0], (const int32_t[]){-1}, 1, 0, true))                        \
    WGI_BUILD(op##_0_2, wg_##op(in[0], (const int32_t[]){0, 2}, 2, 2, false))                      \
    WGI_BUILD(op##_5, wg_##op(in[0], (const int32_t[]){5}, 1, 1, false))

BUILDS(variance)
BUILDS(std)

#define SAMPLES(op)                                                                                \
    WGI_GOOD("all, unbiased", op##_all, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                            \
        WGI_GOOD("all, kept", op##_all_kept, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                       \
        WGI_GOOD("rows", op##_0, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                                   \
        WGI_GOOD("columns, kept", op##_last, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                       \
        WGI_GOOD("outer and inner", op##_0_2, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),                   \
        WGI_GOOD("no lines", op##_0, 1, WGI_IN_2(3, 0, WGI_NORMAL)),                               \
        WGI_GOOD("empty, all", op##_all, 1, WGI_IN_2(3, 0, WGI_NORMAL))

#define BAD(op)                                                                                    \
    WGI_BAD("range", op##_5, WG_ERR_RANGE, #op ": axis 5 is out of range for rank 2 (x)", 1,       \
            WGI_IN_2(3, 4, WGI_NORMAL)),                                                           \
        WGI_BAD("dtype", op##_all, WG_ERR_DTYPE, #op ": needs a floating dtype: i64 (x)", 1,       \
                WGI_IN_TYPED(3, WG_I64, 2))

static const wgi_sample samples_variance[] = {
    SAMPLES(variance),
    WGI_GOOD("a constant", variance_0, 1, WGI_IN_1(3, WGI_ZEROS)),
    WGI_GOOD("size 1", variance_0, 1, WGI_IN_1(1, WGI_NORMAL)),
};

static const wgi_sample samples_std[] = {
    SAMPLES(std),
    WGI_KINK("a constant", std_0, 1, WGI_IN_1(3, WGI_ZEROS)),
    WGI_KINK("size 1", std_0, 1, WGI_IN_1(1, WGI_NORMAL)),
};

static const wgi_sample bad_variance[] = {BAD(variance)};
static const wgi_sample bad_std[] = {BAD(std)};

WGI_BUILD(center_all, wgi_record_reduction(WGI_OP_center, in[0], NULL, 0, false))
WGI_BUILD(center_1, wgi_record_reduction(WGI_OP_center, in[0], (const int32_t[]){1}, 1, false))

static const wgi_sample samples_center[] = {
    WGI_GOOD("all", center_all, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("middle", center_1, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("rank 0", center_all, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", center_all, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", center_1, 1, WGI_IN_2(2, 0, WGI_NORMAL)),
};

static const wgi_sample bad_center[] = {
    WGI_BAD("dtype", center_all, WG_ERR_DTYPE, "center: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_variance_attr, reduce.axes, reduce.keepdims),
    {.name = "correction",
     .kind = WGI_ATTR_INTEGER,
     .is_optional = true,
     .integer = 1,
     .place = WGI_AT_I64(wgi_variance_attr, correction)},
};

#define SPREAD_ROW(op)                                                                             \
    WGI_CALL(call_##op, wg_##op(wgi_call_in(c, 0), wgi_call_axes(c, 0), wgi_call_length(c, 0),     \
                                wgi_call_integer(c, 2), wgi_call_flag(c, 1)))                      \
    const wgi_op wgi_op_##op = {                                                                   \
        .name = #op,                                                                               \
        .traits = WGI_REDUCTION,                                                                   \
        .min_in = 1,                                                                               \
        .max_in = 1,                                                                               \
        .n_out = 1,                                                                                \
        .attr_bytes = sizeof(wgi_variance_attr),                                                   \
        .operands = {"x"},                                                                         \
        .infer = infer,                                                                            \
        .gradient = gradient_##op,                                                                 \
        .reference = {WGI_REALS(op)},                                                              \
        .call = call_##op,                                                                         \
        WGI_ATTRIBUTES(attributes),                                                                \
        WGI_SAMPLES(samples_##op, bad_##op),                                                       \
    };

SPREAD_ROW(variance)
SPREAD_ROW(std)

static const wgi_attribute attributes_center[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_reduce_attr, axes, keepdims),
};

WGI_CALL(call_center, wgi_record_reduction(WGI_OP_center, wgi_call_in(c, 0), wgi_call_axes(c, 0),
                                           wgi_call_length(c, 0), wgi_call_flag(c, 1)))

const wgi_op wgi_op_center = {
    .name = "center",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_reduce_attr),
    .operands = {"x"},
    .infer = infer_center,
    .gradient = gradient_center,
    .reference = {WGI_REALS(center)},
    .call = call_center,
    WGI_ATTRIBUTES(attributes_center),
    WGI_SAMPLES(samples_center, bad_center),
};

#endif
