/* logsumexp: log(sum exp x) over axes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: no exponential exceeds 1; a line of -inf alone, or of nothing, is -inf and passes no
 * gradient. */
#if defined(WGI_REAL_PASS)

#include "ops/reduce_pass.h"

/* The largest element, or NaN where there is one: which then stays. */
static void K(take_top)(K(tally) * t, const real *x, int64_t n, int64_t stride)
{
    for (int64_t j = 0; j < n; j++) {
        const accum element = (accum)x[j * stride];
        t->top = element <= t->top || t->top != t->top ? t->top : element;
    }
}

static void K(add_exponentials)(K(tally) * t, const real *x, int64_t n, int64_t stride)
{
    for (int64_t j = 0; j < n; j++) {
        t->total += A(exp)((accum)x[j * stride] - t->top);
    }
}

/* An infinity and NaN are the result where they are the largest. */
static accum K(logsumexp_of)(const real *x, const wgi_walk *line, accum p)
{
    K(tally) t = {.top = (accum)-INFINITY, .p = p};
    K(pass_over)(K(take_top), &t, x, *line);
    if (!(t.top - t.top == 0)) {
        return t.top;
    }
    K(pass_over)(K(add_exponentials), &t, x, *line);
    return t.top + A(log)(t.total);
}

static wg_status K(logsumexp)(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    K(reduce_lines)(args, attr->axes, K(logsumexp_of));
    return WG_OK;
}

#else

#include "ops/reduce.h"
#include "ops/samples.h"

#include <math.h>

#define WGI_KERNEL_FILE "ops/logsumexp.c"
#include "ops/for_each_real.h"

wg_node wg_logsumexp(wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    return wgi_record_reduction(WGI_OP_logsumexp, x, axes, n, keepdims);
}

static wg_node softmax_over(wg_node x, uint32_t axes)
{
    int32_t axis;
    const wg_node joined = wgi_join_axes(x, axes, &axis);
    return wgi_part_axes(wg_softmax(joined, axis), x, axes);
}

/* The softmax of lines above -inf. The others are 0 for it, in place of which exp(y) then stands: 0
 * of -inf, NaN of NaN. */
static void gradient(wgi_rule *rule)
{
    const wgi_reduce_attr attr = *(const wgi_reduce_attr *)rule->attr;
    const wg_node x = rule->x[0];
    const wg_node dy = wgi_spread(rule->dy[0], x, &attr);
    if (attr.axes == 0) {
        rule->dx[0] = dy;
        return;
    }
    const wg_node y = wgi_spread(rule->y[0], x, &attr);
    const wg_dtype dtype = wg_node_dtype(y);
    const wg_node nothing = wg_number(rule->graph, dtype, -(double)INFINITY);
    const wg_node is_there = wg_greater(y, nothing);
    const wg_node safe = wg_where(is_there, x, wg_number(rule->graph, dtype, 0.0));
    const wg_node share = wg_where(is_there, softmax_over(safe, attr.axes), wg_exp(y));
    rule->dx[0] = wg_gate(dy, share);
}

/* ---- samples ------------------------------------------------------------------------------ */

WGI_BUILD(over_all, wg_logsumexp(in[0], NULL, 0, false))
WGI_BUILD(over_all_kept, wg_logsumexp(in[0], NULL, 0, true))
WGI_BUILD(over_none, wg_logsumexp(in[0], (const int32_t[]){0}, 0, false))
WGI_BUILD(over_0, wg_logsumexp(in[0], (const int32_t[]){0}, 1, false))
WGI_BUILD(over_last, wg_logsumexp(in[0], (const int32_t[]){-1}, 1, true))
WGI_BUILD(over_0_2, wg_logsumexp(in[0], (const int32_t[]){0, 2}, 2, false))
WGI_BUILD(over_1_2, wg_logsumexp(in[0], (const int32_t[]){1, 2}, 2, true))
WGI_BUILD(over_5, wg_logsumexp(in[0], (const int32_t[]){5}, 1, false))

static const wgi_sample samples[] = {
    WGI_GOOD("all", over_all, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("all, kept", over_all_kept, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("no axis", over_none, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("rows", over_0, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("columns, kept", over_last, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("outer and inner", over_0_2, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("last two, kept", over_1_2, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("rank 0", over_all, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", over_0, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("3 empty rows", over_last, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("no row of 3", over_0, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
};

static const wgi_sample bad[] = {
    WGI_BAD("range", over_5, WG_ERR_RANGE, "logsumexp: axis 5 is out of range for rank 2 (x)", 1,
            WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_BAD("dtype", over_all, WG_ERR_DTYPE, "logsumexp: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
};

static const wgi_attribute attributes[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_reduce_attr, axes, keepdims),
};

WGI_REDUCE_CALL(call, wg_logsumexp)

const wgi_op wgi_op_logsumexp = {
    WGI_REDUCE_ROW("logsumexp", 0),
    .infer = wgi_infer_reduced_floating,
    .gradient = gradient,
    .reference = {WGI_REALS(logsumexp)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

#endif
