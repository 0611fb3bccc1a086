/* logcumsumexp: log(sum exp x) of an element and those before it, along an axis.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: no exponential exceeds 1; -inf passes no gradient on. */
#if defined(WGI_REAL_PASS)

/* What has been summed: exp(top) * sum, unless top is not finite; `before` was the sum when the
 * last element came, and `own` is that element's part. */
typedef struct K(running) {
    accum top;
    accum sum;
    accum before;
    accum own;
} K(running);

static inline void K(take)(K(running) * r, accum x)
{
    if (x <= r->top) {
        r->own = x == r->top ? 1 : A(exp)(x - r->top);
        r->before = r->sum;
    } else if (r->top == r->top) {
        r->own = 1;
        r->before = r->sum * A(exp)(r->top - x);
        r->top = x;
    }
    r->sum = r->before + r->own;
}

static inline bool K(is_finite)(accum top)
{
    return top - top == 0;
}

static wg_status K(logcumsumexp)(const wgi_args *args)
{
    const wgi_scan_attr *attr = args->attr;
    const real *x = args->in->data;
    real *y = args->out->data;
    for (int64_t i = 0; i < wgi_scan_count(args->in, attr); i++) {
        const wgi_scan_line line = wgi_scan_line_at(args->in, attr, i);
        K(running) r = {.top = (accum)-INFINITY};
        for (int64_t j = 0; j < line.n; j++) {
            const int64_t at = line.first + j * line.step;
            K(take)(&r, (accum)x[at]);
            y[at] = (real)(K(is_finite)(r.top) ? r.top + A(log)(r.sum) : r.top);
        }
    }
    return WG_OK;
}

/* Shares of -inf are 0, those of +inf and NaN are NaN. */
static wg_status K(logcumsumexp_shares)(const wgi_args *args)
{
    const wgi_scan_attr *attr = args->attr;
    const real *x = args->in->data;
    real *own = args->out[0].data;
    real *before = args->out[1].data;
    for (int64_t i = 0; i < wgi_scan_count(args->in, attr); i++) {
        const wgi_scan_line line = wgi_scan_line_at(args->in, attr, i);
        K(running) r = {.top = (accum)-INFINITY};
        for (int64_t j = 0; j < line.n; j++) {
            const int64_t at = line.first + j * line.step;
            K(take)(&r, (accum)x[at]);
            const accum other = r.top == (accum)-INFINITY ? 0 : r.top - r.top;
            own[at] = (real)(K(is_finite)(r.top) ? r.own / r.sum : other);
            before[at] = (real)(K(is_finite)(r.top) ? r.before / r.sum : other);
        }
    }
    return WG_OK;
}

#else

#include "ops/scan.h"

#include "ops/samples.h"

#include <math.h>

wg_node wg_logcumsumexp(wg_node x, int32_t axis)
{
    return wgi_record_scan(WGI_OP_logcumsumexp, x, axis, false, false);
}

static wg_status infer(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    for (int32_t i = 0; status == WG_OK && i < q->op->n_out; i++) {
        status = wgi_infer_like(q, i, 0);
    }
    return status;
}

/* y_i = log(exp y_(i-1) + exp x_i): what arrives at y_i goes on to y_(i-1) by its share of the sum
 * and to x_i by the other. */
static wg_node pull_back(wg_node own, wg_node before, wg_node dy, const wgi_scan_attr *attr)
{
    const wgi_scan_attr back = wgi_scan_back(attr, true);
    return wg_gate(wgi_linear_scan(before, dy, &back), own);
}

static void gradient(wgi_rule *rule)
{
    const wgi_scan_attr attr = *(const wgi_scan_attr *)rule->attr;
    const wg_node own = wgi_record_unary(WGI_OP_logcumsumexp_shares, rule->x[0], &attr);
    rule->dx[0] = pull_back(own, wg_output(own, 1), rule->dy[0], &attr);
}

/* own_i = sigmoid(x_i - y_(i-1)) and before_i = 1 - own_i: with d what arrives at x_i - y_(i-1),
 * d_i goes to x_i and -d_i to y_(i-1). */
static void gradient_shares(wgi_rule *rule)
{
    const wgi_scan_attr attr = *(const wgi_scan_attr *)rule->attr;
    const wgi_scan_attr back = wgi_scan_back(&attr, false);
    const wg_node own = rule->y[0];
    const wg_node before = rule->y[1];
    wg_node dy = rule->dy[0];
    if (wgi_is_some(rule->dy[1])) {
        dy = wgi_is_some(dy) ? wg_sub(dy, rule->dy[1]) : wg_neg(rule->dy[1]);
    }
    const wg_node d = wg_gate(dy, wg_mul(own, before));
    const wg_node moved = wgi_scan_shift(d, &back);
    rule->dx[0] = wg_sub(d, pull_back(own, before, moved, &attr));
}

#define WGI_KERNEL_FILE "ops/logcumsumexp.c"
#include "ops/for_each_real.h"

WGI_BUILD(along_0, wg_logcumsumexp(in[0], 0))
WGI_BUILD(along_1, wg_logcumsumexp(in[0], 1))
WGI_BUILD(along_last, wg_logcumsumexp(in[0], -1))
WGI_BUILD(backwards, wgi_record_scan(WGI_OP_logcumsumexp, in[0], 1, false, true))

static const wgi_sample samples[] = {
    WGI_GOOD("vector", along_0, 1, WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD("rows", along_0, 1, WGI_IN_2(4, 3, WGI_NORMAL)),
    WGI_GOOD("middle axis", along_1, 1, WGI_IN_3(2, 4, 3, WGI_NORMAL)),
    WGI_GOOD("last axis", along_last, 1, WGI_IN_3(2, 2, 4, WGI_NORMAL)),
    WGI_GOOD("backwards", backwards, 1, WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("size 1", along_0, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", along_1, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
};

static const wgi_sample bad[] = {
    WGI_BAD("axis", along_1, WG_ERR_RANGE, "logcumsumexp: axis 1 is out of range for rank 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("dtype", along_0, WG_ERR_DTYPE, "logcumsumexp: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
};

static wg_node shares_of(wg_node x, int32_t axis, bool is_reverse)
{
    return wgi_record_scan(WGI_OP_logcumsumexp_shares, x, axis, false, is_reverse);
}

static wg_node product_of_outputs(wg_node n)
{
    return wg_mul(wg_square(n), wg_output(n, 1));
}

WGI_BUILD(own_0, shares_of(in[0], 0, false))
WGI_BUILD(before_1, wg_output(shares_of(in[0], 1, false), 1))
WGI_BUILD(both_back, product_of_outputs(shares_of(in[0], 1, true)))

static const wgi_sample samples_shares[] = {
    WGI_GOOD("own", own_0, 1, WGI_IN_2(4, 2, WGI_NORMAL)),
    WGI_GOOD("before", before_1, 1, WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("both, backwards", both_back, 1, WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("size 1", own_0, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", own_0, 1, WGI_IN_1(0, WGI_NORMAL)),
};

static const wgi_sample bad_shares[] = {
    WGI_BAD("dtype", own_0, WG_ERR_DTYPE, "logcumsumexp_shares: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
};

static const wgi_attribute attributes[] = {
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_scan_attr, axis)},
    {.name = "reverse",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_scan_attr, is_reverse)},
};

WGI_CALL(call, wgi_record_scan(WGI_OP_logcumsumexp, wgi_call_in(c, 0), wgi_call_int(c, 0), false,
                               wgi_call_flag(c, 1)))

const wgi_op wgi_op_logcumsumexp = {
    .name = "logcumsumexp",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_scan_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(logcumsumexp)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

WGI_CALL(call_shares, shares_of(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_flag(c, 1)))

const wgi_op wgi_op_logcumsumexp_shares = {
    .name = "logcumsumexp_shares",
    .min_in = 1,
    .max_in = 1,
    .n_out = 2,
    .attr_bytes = sizeof(wgi_scan_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient_shares,
    .reference = {WGI_REALS(logcumsumexp_shares)},
    .call = call_shares,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_shares, bad_shares),
};

#endif
