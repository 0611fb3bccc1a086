/* mse and half_sum_squares: squared differences of two tensors, added up.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the operands have one shape and one dtype, nothing broadcasts: the loss of [n] against
 * [n, 1] would be a number that nobody meant. */
#if defined(WGI_REAL_PASS)

static accum K(sum_of_squares)(const wgi_args *args)
{
    const real *a = args->in[0].data;
    const real *b = args->in[1].data;
    accum sum = 0;
    for (int64_t i = 0; i < args->in[0].count; i++) {
        const accum d = (accum)a[i] - (accum)b[i];
        sum += d * d;
    }
    return sum;
}

static wg_status K(mse)(const wgi_args *args)
{
    real *y = args->out[0].data;
    *y = (real)(K(sum_of_squares)(args) / (accum)args->in[0].count);
    return WG_OK;
}

static wg_status K(half_sum_squares)(const wgi_args *args)
{
    real *y = args->out[0].data;
    *y = (real)(K(sum_of_squares)(args) / 2);
    return WG_OK;
}

#else

#include "ops/call.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_mse(wg_node a, wg_node b)
{
    return wgi_record_binary(WGI_OP_mse, a, b, NULL);
}

wg_node wg_half_sum_squares(wg_node a, wg_node b)
{
    return wgi_record_binary(WGI_OP_half_sum_squares, a, b, NULL);
}

static wg_status fail_shapes(wgi_infer *q)
{
    const wgi_view *a = &q->in[0];
    const wgi_view *b = &q->in[1];
    char text_a[WGI_SHAPE_TEXT];
    char text_b[WGI_SHAPE_TEXT];
    wgi_infer_hint(q, "%s does not broadcast; wg_reshape {b} where the sizes agree", q->op->name);
    return wgi_infer_fail(q, WG_ERR_SHAPE, "shapes differ: %s (a) vs %s (b)",
                          wgi_shape_text(a->rank, a->dims, text_a, sizeof(text_a)),
                          wgi_shape_text(b->rank, b->dims, text_b, sizeof(text_b)));
}

static wg_status infer(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK) {
        status = wgi_check_same_dtype(q, 0, 1);
    }
    if (status != WG_OK) {
        return status;
    }
    if (!wgi_same_shape(q->in[0].rank, q->in[0].dims, q->in[1].rank, q->in[1].dims)) {
        return fail_shapes(q);
    }
    return wgi_infer_shape(q, 0, q->in[0].dtype, 0, NULL);
}

/* dy (a - b) to a, and its negative to b. */
static void pass_difference(wgi_rule *rule, wg_node difference)
{
    const wg_node da = wg_gate(rule->dy[0], difference);
    if (rule->wants[0]) {
        rule->dx[0] = da;
    }
    if (rule->wants[1]) {
        rule->dx[1] = wg_neg(da);
    }
}

/* The number of elements, as a factor: a shape, so a literal. */
static double one_over_count(wg_node x)
{
    wgi_view view;
    return wgi_view_of(x, &view) && view.count > 0 ? 1.0 / (double)view.count : 0.0;
}

static void mse_gradient(wgi_rule *rule)
{
    const wg_node d = wg_sub(rule->x[0], rule->x[1]);
    pass_difference(rule, wg_scale(d, 2.0 * one_over_count(rule->x[0])));
}

static void half_gradient(wgi_rule *rule)
{
    pass_difference(rule, wg_sub(rule->x[0], rule->x[1]));
}

static void mse_decompose(wgi_rule *rule)
{
    rule->result[0] = wg_mean_all(wg_square(wg_sub(rule->x[0], rule->x[1])));
}

static void half_decompose(wgi_rule *rule)
{
    const wg_node sum = wg_sum_all(wg_square(wg_sub(rule->x[0], rule->x[1])));
    rule->result[0] = wg_scale(sum, 0.5);
}

#define WGI_KERNEL_FILE "ops/mse.c"
#include "ops/for_each_real.h"

WGI_BUILD(build_mse, wg_mse(in[0], in[1]))
WGI_BUILD(build_half, wg_half_sum_squares(in[0], in[1]))

#define GOOD_SAMPLES(build)                                                                        \
    {                                                                                              \
        WGI_GOOD("rank 0", build, 2, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),                  \
            WGI_GOOD("vectors", build, 2, WGI_IN_1(5, WGI_NORMAL), WGI_IN_1(5, WGI_NORMAL)),       \
            WGI_GOOD("matrices", build, 2, WGI_IN_2(3, 4, WGI_NORMAL),                             \
                     WGI_IN_2(3, 4, WGI_NORMAL)),                                                  \
            WGI_GOOD("size 1", build, 2, WGI_IN_2(1, 1, WGI_NORMAL), WGI_IN_2(1, 1, WGI_NORMAL)),  \
            WGI_GOOD("size 0", build, 2, WGI_IN_2(0, 3, WGI_NORMAL), WGI_IN_2(0, 3, WGI_NORMAL)),  \
            WGI_GOOD("a is b", build, 2, WGI_IN_1(4, WGI_NORMAL),                                  \
                     WGI_IN_SAME_1(4, WGI_NORMAL, 0)),                                             \
    }

#define BAD_SAMPLES(op, build)                                                                     \
    {                                                                                              \
        WGI_BAD("broadcast", build, WG_ERR_SHAPE, op ": shapes differ: [3] (a) vs [3, 1] (b)", 2,  \
                WGI_IN_1(3, WGI_NORMAL), WGI_IN_2(3, 1, WGI_NORMAL)),                              \
            WGI_BAD("integers", build, WG_ERR_DTYPE, op ": needs a floating dtype: i64 (a)", 2,    \
                    WGI_IN_TYPED(3, WG_I64, 4), WGI_IN_1(3, WGI_NORMAL)),                          \
            WGI_BAD("dtypes", build, WG_ERR_DTYPE, op ": dtypes differ: f64 (a) vs f32 (b)", 2,    \
                    {.rank = 1, .dims = {3}, .dtype = WG_F64},                                     \
                    {.rank = 1, .dims = {3}, .dtype = WG_F32}),                                    \
    }

static const wgi_sample mse_samples[] = GOOD_SAMPLES(build_mse);
static const wgi_sample mse_bad[] = BAD_SAMPLES("mse", build_mse);
static const wgi_sample half_samples[] = GOOD_SAMPLES(build_half);
static const wgi_sample half_bad[] = BAD_SAMPLES("half_sum_squares", build_half);

WGI_CALL(call_mse, wg_mse(wgi_call_in(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_mse = {
    .name = "mse",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .operands = {"a", "b"},
    .infer = infer,
    .gradient = mse_gradient,
    .decompose = mse_decompose,
    .reference = {WGI_REALS(mse)},
    .call = call_mse,
    .samples = mse_samples,
    .n_samples = WGI_COUNT(mse_samples),
    .bad = mse_bad,
    .n_bad = WGI_COUNT(mse_bad),
};

WGI_CALL(call_half_sum_squares, wg_half_sum_squares(wgi_call_in(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_half_sum_squares = {
    .name = "half_sum_squares",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .operands = {"a", "b"},
    .infer = infer,
    .gradient = half_gradient,
    .decompose = half_decompose,
    .reference = {WGI_REALS(half_sum_squares)},
    .call = call_half_sum_squares,
    .samples = half_samples,
    .n_samples = WGI_COUNT(half_samples),
    .bad = half_bad,
    .n_bad = WGI_COUNT(half_bad),
};

#endif
