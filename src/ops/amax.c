/* amax and amin: the largest and the smallest element over axes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: where a line has a NaN, NaN is its extreme. The gradient is split evenly among the
 * elements that are the extreme. */
#if defined(WGI_REAL_PASS)

#include "ops/extreme_pass.h"

static real K(extreme_of)(const real *x, wgi_walk line, bool is_min)
{
    real best = x[line.offset[0]];
    for (int64_t i = 0; i < line.rows; i++) {
        const real *row = x + line.offset[0];
        for (int64_t j = 0; j < wgi_walk_row(&line); j++) {
            const real element = row[j * wgi_walk_row_stride(&line, 0)];
            best = K(exceeds)(element, best, is_min) ? element : best;
        }
        wgi_walk_step_row(&line);
    }
    return best;
}

static void K(reduce)(const wgi_args *args, bool is_min)
{
    const wgi_reduce_attr *attr = args->attr;
    wgi_walk line;
    wgi_walk kept = wgi_reduce_split(args->in, attr->axes, &line);
    const real *x = args->in->data;
    real *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        y[i] = K(extreme_of)(x + kept.offset[0], line, is_min);
        wgi_walk_step(&kept);
    }
}

static wg_status K(amax)(const wgi_args *args)
{
    K(reduce)(args, false);
    return WG_OK;
}

static wg_status K(amin)(const wgi_args *args)
{
    K(reduce)(args, true);
    return WG_OK;
}

/* What the elements of a line have of the gradient: 1 over the number of those that are the
 * extreme, and 0. */
static void K(share_line)(const real *x, real *y, wgi_walk line, bool is_min)
{
    const real extreme = K(extreme_of)(x, line, is_min);
    const int64_t n = line.rows * wgi_walk_row(&line);
    wgi_walk again = line;
    accum n_equal = 0;
    for (int64_t i = 0; i < n; i++) {
        n_equal += K(is_same)(x[line.offset[0]], extreme) ? 1 : 0;
        wgi_walk_step(&line);
    }
    for (int64_t i = 0; i < n; i++) {
        const bool is_one = K(is_same)(x[again.offset[0]], extreme);
        y[again.offset[0]] = is_one ? (real)(1 / n_equal) : (real)0;
        wgi_walk_step(&again);
    }
}

/* Output 0 is written where the operand lies. */
static void K(share)(const wgi_args *args, bool is_min)
{
    const wgi_reduce_attr *attr = args->attr;
    wgi_walk line;
    wgi_walk kept = wgi_reduce_split(args->in, attr->axes, &line);
    const int64_t n =
        args->in->count > 0 ? args->in->count / wgi_count_along(args->in, attr->axes) : 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = kept.offset[0];
        K(share_line)
        ((const real *)args->in->data + at, (real *)args->out->data + at, line, is_min);
        wgi_walk_step(&kept);
    }
}

static wg_status K(amax_share)(const wgi_args *args)
{
    K(share)(args, false);
    return WG_OK;
}

static wg_status K(amin_share)(const wgi_args *args)
{
    K(share)(args, true);
    return WG_OK;
}

#else

#include "ops/reduce.h"
#include "ops/samples.h"

#define WGI_KERNEL_FILE "ops/amax.c"
#include "ops/for_each_real.h"

wg_node wg_amax(wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    return wgi_record_reduction(WGI_OP_amax, x, axes, n, keepdims);
}

wg_node wg_amin(wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    return wgi_record_reduction(WGI_OP_amin, x, axes, n, keepdims);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_reduce_attr *attr = q->attr;
    wg_status status = wgi_check_numeric(q, 0);
    status = status != WG_OK ? status : wgi_check_not_empty(q, attr->axes, "extreme");
    return status != WG_OK ? status : wgi_infer_reduced(q, attr, q->in->dtype);
}

static wg_status infer_share(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

/* The shares do not change with x but where there are ties. */
static void pass_shares(wgi_rule *rule, uint16_t share)
{
    const wgi_reduce_attr attr = *(const wgi_reduce_attr *)rule->attr;
    const wg_node x = rule->x[0];
    const wg_node dy = wgi_spread(rule->dy[0], x, &attr);
    rule->dx[0] = wg_gate(dy, wgi_record_unary(share, x, &attr));
}

static void gradient_amax(wgi_rule *rule)
{
    pass_shares(rule, WGI_OP_amax_share);
}

static void gradient_amin(wgi_rule *rule)
{
    pass_shares(rule, WGI_OP_amin_share);
}

/* ---- integers ----------------------------------------------------------------------------- */

static int64_t extreme_i64(const int64_t *x, wgi_walk line, bool is_min)
{
    int64_t best = x[line.offset[0]];
    for (int64_t i = 0; i < line.rows; i++) {
        for (int64_t j = 0; j < wgi_walk_row(&line); j++) {
            const int64_t element = x[line.offset[0] + j * wgi_walk_row_stride(&line, 0)];
            best = (is_min ? element < best : element > best) ? element : best;
        }
        wgi_walk_step_row(&line);
    }
    return best;
}

static void reduce_i64(const wgi_args *args, bool is_min)
{
    const wgi_reduce_attr *attr = args->attr;
    wgi_walk line;
    wgi_walk kept = wgi_reduce_split(args->in, attr->axes, &line);
    int64_t *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        y[i] = extreme_i64((const int64_t *)args->in->data + kept.offset[0], line, is_min);
        wgi_walk_step(&kept);
    }
}

static wg_status amax_i64(const wgi_args *args)
{
    reduce_i64(args, false);
    return WG_OK;
}

static wg_status amin_i64(const wgi_args *args)
{
    reduce_i64(args, true);
    return WG_OK;
}

/* ---- samples ------------------------------------------------------------------------------ */

#define BUILDS(op)                                                                                 \
    WGI_BUILD(op##_all, wg_##op(in[0], NULL, 0, false))                                            \
    WGI_BUILD(op##_all_kept, wg_##op(in[0], NULL, 0, true))                                        \
    WGI_BUILD(op##_none, wg_##op(in[0], (const int32_t[]){0}, 0, false))                           \
    WGI_BUILD(op##_0, wg_##op(in[0], (const int32_t[]){0}, 1, false))                              \
    WGI_BUILD(op##_last, wg_##op(in[0], (const int32_t[]){-1}, 1, true))                           \
    WGI_BUILD(op##_0_2, wg_##op(in[0], (const int32_t[]){0, 2}, 2, false))                         \
    WGI_BUILD(op##_5, wg_##op(in[0], (const int32_t[]){5}, 1, false))

BUILDS(amax)
BUILDS(amin)

#define SAMPLES(op)                                                                                \
    WGI_GOOD("all", op##_all, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                                      \
        WGI_GOOD("all, kept", op##_all_kept, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                       \
        WGI_GOOD("no axis", op##_none, 1, WGI_IN_2(2, 3, WGI_NORMAL)),                             \
        WGI_GOOD("rows", op##_0, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                                   \
        WGI_GOOD("columns, kept", op##_last, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                       \
        WGI_GOOD("outer and inner", op##_0_2, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),                   \
        WGI_GOOD("rank 0", op##_all, 1, WGI_IN_0(WGI_NORMAL)),                                     \
        WGI_GOOD("size 1", op##_0, 1, WGI_IN_1(1, WGI_NORMAL)),                                    \
        WGI_GOOD("3 rows of nothing", op##_0, 1, WGI_IN_2(3, 0, WGI_NORMAL)),                      \
        WGI_KINK("ties", op##_all, 1, WGI_IN_2(2, 3, WGI_ZEROS)),                                  \
        WGI_GOOD("i64", op##_0, 1, WGI_IN_TYPED(5, WG_I64, 9))

#define BAD(op)                                                                                    \
    WGI_BAD("range", op##_5, WG_ERR_RANGE, #op ": axis 5 is out of range for rank 2 (x)", 1,       \
            WGI_IN_2(3, 4, WGI_NORMAL)),                                                           \
        WGI_BAD("nothing", op##_0, WG_ERR_SHAPE,                                                   \
                #op ": there is no extreme of nothing: size 0 (x, axis 0)", 1,                     \
                WGI_IN_2(0, 4, WGI_NORMAL)),                                                       \
        WGI_BAD("dtype", op##_all, WG_ERR_DTYPE, #op ": needs a floating or i64 dtype: bool (x)",  \
                1, WGI_IN_TYPED(3, WG_BOOL, 2))

static const wgi_sample samples_amax[] = {SAMPLES(amax)};
static const wgi_sample samples_amin[] = {SAMPLES(amin)};
static const wgi_sample bad_amax[] = {BAD(amax)};
static const wgi_sample bad_amin[] = {BAD(amin)};

static const wgi_attribute attributes[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_reduce_attr, axes, keepdims),
};

WGI_REDUCE_CALL(call_amax, wg_amax)
WGI_REDUCE_CALL(call_amin, wg_amin)

#define EXTREME_ROW(op)                                                                            \
    const wgi_op wgi_op_##op = {                                                                   \
        WGI_REDUCE_ROW(#op, WGI_KINKED),                                                           \
        .infer = infer,                                                                            \
        .gradient = gradient_##op,                                                                 \
        .reference = {[WG_I64] = op##_i64, WGI_REALS(op)},                                         \
        .call = call_##op,                                                                         \
        WGI_ATTRIBUTES(attributes),                                                                \
        WGI_SAMPLES(samples_##op, bad_##op),                                                       \
    };

EXTREME_ROW(amax)
EXTREME_ROW(amin)

/* ---- shares ------------------------------------------------------------------------------- */

#define SHARE_BUILDS(op)                                                                           \
    WGI_BUILD(op##_by_all, wgi_record_reduction(WGI_OP_##op, in[0], NULL, 0, false))               \
    WGI_BUILD(op##_by_1, wgi_record_reduction(WGI_OP_##op, in[0], (const int32_t[]){1}, 1, true))  \
    static const wgi_sample samples_##op[] = {                                                     \
        WGI_GOOD("all", op##_by_all, 1, WGI_IN_2(2, 3, WGI_NORMAL)),                               \
        WGI_GOOD("rows", op##_by_1, 1, WGI_IN_2(2, 3, WGI_NORMAL)),                                \
        WGI_KINK("ties", op##_by_1, 1, WGI_IN_2(2, 3, WGI_ZEROS)),                                 \
        WGI_GOOD("nothing", op##_by_1, 1, WGI_IN_2(2, 0, WGI_NORMAL)),                             \
    };                                                                                             \
    static const wgi_sample bad_##op[] = {                                                         \
        WGI_BAD("dtype", op##_by_all, WG_ERR_DTYPE, #op ": needs a floating dtype: i64 (x)", 1,    \
                WGI_IN_TYPED(3, WG_I64, 2)),                                                       \
    };                                                                                             \
    WGI_CALL(call_##op, wgi_record_reduction(WGI_OP_##op, wgi_call_in(c, 0), wgi_call_axes(c, 0),  \
                                             wgi_call_length(c, 0), wgi_call_flag(c, 1)))          \
    const wgi_op wgi_op_##op = {                                                                   \
        .name = #op,                                                                               \
        .traits = WGI_STOP | WGI_KINKED,                                                           \
        .min_in = 1,                                                                               \
        .max_in = 1,                                                                               \
        .n_out = 1,                                                                                \
        .attr_bytes = sizeof(wgi_reduce_attr),                                                     \
        .operands = {"x"},                                                                         \
        .infer = infer_share,                                                                      \
        .reference = {WGI_REALS(op)},                                                              \
        .call = call_##op,                                                                         \
        WGI_ATTRIBUTES(attributes),                                                                \
        WGI_SAMPLES(samples_##op, bad_##op),                                                       \
    };

SHARE_BUILDS(amax_share)
SHARE_BUILDS(amin_share)

#endif
