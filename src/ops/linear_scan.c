/* linear_scan: the recurrence h_i = a_i h_(i-1) + b_i, and the shift by one place.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the two are closed under differentiation, so that every scan whose gradient they give
 * can be differentiated to any order, without a division. */
#if defined(WGI_REAL_PASS)

static void K(scan_line)(const real *a, const real *b, real *y, const wgi_scan_line *line,
                         int64_t lag)
{
    accum h = 0;
    for (int64_t i = 0; i < line->n; i++) {
        const int64_t at = line->first + i * line->step;
        h = i == 0 ? (accum)b[at] : (accum)a[at - lag * line->step] * h + (accum)b[at];
        y[at] = (real)h;
    }
}

static wg_status K(linear_scan)(const wgi_args *args)
{
    const wgi_scan_attr *attr = args->attr;
    for (int64_t i = 0; i < wgi_scan_count(args->in, attr); i++) {
        const wgi_scan_line line = wgi_scan_line_at(args->in, attr, i);
        K(scan_line)(args->in[0].data, args->in[1].data, args->out->data, &line, attr->is_lagged);
    }
    return WG_OK;
}

static wg_status K(scan_shift)(const wgi_args *args)
{
    const wgi_scan_attr *attr = args->attr;
    const real *x = args->in->data;
    real *y = args->out->data;
    for (int64_t i = 0; i < wgi_scan_count(args->in, attr); i++) {
        const wgi_scan_line line = wgi_scan_line_at(args->in, attr, i);
        y[line.first] = 0;
        for (int64_t j = 1; j < line.n; j++) {
            const int64_t at = line.first + j * line.step;
            y[at] = x[at - line.step];
        }
    }
    return WG_OK;
}

#else

#include "ops/scan.h"

#include "ops/samples.h"

wg_node wgi_record_scan(uint16_t op, wg_node x, int32_t axis, bool is_lagged, bool is_reverse)
{
    wgi_scan_attr attr = {.is_lagged = is_lagged, .is_reverse = is_reverse};
    const wgi_draft draft = {.op = op, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return wgi_take_axis(&draft, x, axis, &attr.axis, &failed) ? wgi_record(&draft) : failed;
}

wg_node wgi_linear_scan(wg_node a, wg_node b, const wgi_scan_attr *attr)
{
    return wgi_record_binary(WGI_OP_linear_scan, a, b, attr);
}

wg_node wgi_scan_shift(wg_node x, const wgi_scan_attr *attr)
{
    const wgi_scan_attr plain = {attr->axis, false, attr->is_reverse};
    return wgi_record_unary(WGI_OP_scan_shift, x, &plain);
}

static wg_status infer_linear_scan(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    status = status != WG_OK ? status : wgi_check_same_dtype(q, 0, 1);
    if (status == WG_OK &&
        !wgi_same_shape(q->in[0].rank, q->in[0].dims, q->in[1].rank, q->in[1].dims)) {
        char text_a[WGI_SHAPE_TEXT];
        char text_b[WGI_SHAPE_TEXT];
        return wgi_infer_fail(q, WG_ERR_SHAPE, "shapes differ: %s (a) vs %s (b)",
                              wgi_shape_text(q->in[0].rank, q->in[0].dims, text_a, sizeof(text_a)),
                              wgi_shape_text(q->in[1].rank, q->in[1].dims, text_b, sizeof(text_b)));
    }
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static wg_status infer_scan_shift(wgi_infer *q)
{
    const wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

/* With G the scan of dy backwards, by the factor between a place and the next, db = G; and da is G
 * at the place that the factor leads to, times h at the one that it comes from. */
static void gradient_linear_scan(wgi_rule *rule)
{
    const wgi_scan_attr attr = *(const wgi_scan_attr *)rule->attr;
    const wgi_scan_attr back = wgi_scan_back(&attr, attr.is_lagged == 0);
    const wg_node h = rule->y[0];
    const wg_node arrived = wgi_linear_scan(rule->x[0], rule->dy[0], &back);
    if (rule->wants[0] && attr.is_lagged != 0) {
        rule->dx[0] = wg_gate(wgi_scan_shift(arrived, &back), h);
    } else if (rule->wants[0]) {
        rule->dx[0] = wg_gate(arrived, wgi_scan_shift(h, &attr));
    }
    if (rule->wants[1]) {
        rule->dx[1] = arrived;
    }
}

static void gradient_scan_shift(wgi_rule *rule)
{
    const wgi_scan_attr attr = *(const wgi_scan_attr *)rule->attr;
    const wgi_scan_attr back = wgi_scan_back(&attr, false);
    rule->dx[0] = wgi_scan_shift(rule->dy[0], &back);
}

#define WGI_KERNEL_FILE "ops/linear_scan.c"
#include "ops/for_each_real.h"

/* ---- samples ------------------------------------------------------------------------------ */

static wg_node scan_of(const wg_node *in, int32_t axis, bool is_lagged, bool is_reverse)
{
    const wgi_scan_attr attr = {axis, is_lagged, is_reverse};
    return wgi_linear_scan(in[0], in[1], &attr);
}

WGI_BUILD(scan_0, scan_of(in, 0, false, false))
WGI_BUILD(scan_1_back, scan_of(in, 1, false, true))
WGI_BUILD(scan_1_lagged, scan_of(in, 1, true, false))
WGI_BUILD(scan_1_lagged_back, scan_of(in, 1, true, true))
WGI_BUILD(scan_itself, scan_of((const wg_node[]){in[0], in[0]}, 0, false, false))
WGI_BUILD(shift_0, wgi_record_scan(WGI_OP_scan_shift, in[0], 0, false, false))
WGI_BUILD(shift_1_back, wgi_record_scan(WGI_OP_scan_shift, in[0], 1, false, true))

static const wgi_sample samples_linear_scan[] = {
    WGI_GOOD("vector", scan_0, 2, WGI_IN_1(5, WGI_NORMAL), WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD("rows", scan_0, 2, WGI_IN_2(4, 3, WGI_NORMAL), WGI_IN_2(4, 3, WGI_NORMAL)),
    WGI_GOOD("backwards", scan_1_back, 2, WGI_IN_3(2, 4, 3, WGI_NORMAL),
             WGI_IN_3(2, 4, 3, WGI_NORMAL)),
    WGI_GOOD("lagged", scan_1_lagged, 2, WGI_IN_2(2, 4, WGI_NORMAL), WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("lagged, backwards", scan_1_lagged_back, 2, WGI_IN_2(2, 4, WGI_NORMAL),
             WGI_IN_2(2, 4, WGI_NORMAL)),
    WGI_GOOD("itself", scan_itself, 1, WGI_IN_1(4, WGI_NORMAL)),
    WGI_GOOD("size 1", scan_0, 2, WGI_IN_1(1, WGI_NORMAL), WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", scan_0, 2, WGI_IN_2(0, 2, WGI_NORMAL), WGI_IN_2(0, 2, WGI_NORMAL)),
    WGI_GOOD("no lines", scan_0, 2, WGI_IN_2(2, 0, WGI_NORMAL), WGI_IN_2(2, 0, WGI_NORMAL)),
};

static const wgi_sample bad_linear_scan[] = {
    WGI_BAD("shapes", scan_0, WG_ERR_SHAPE, "linear_scan: shapes differ: [3] (a) vs [4] (b)", 2,
            WGI_IN_1(3, WGI_NORMAL), WGI_IN_1(4, WGI_NORMAL)),
};

static const wgi_sample samples_scan_shift[] = {
    WGI_GOOD("rows", shift_0, 1, WGI_IN_2(3, 2, WGI_NORMAL)),
    WGI_GOOD("backwards", shift_1_back, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", shift_0, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", shift_0, 1, WGI_IN_1(0, WGI_NORMAL)),
};

static const wgi_sample bad_scan_shift[] = {
    WGI_BAD("axis", shift_1_back, WG_ERR_RANGE, "scan_shift: axis 1 is out of range for rank 1 (x)",
            1, WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {WGI_SCAN_ATTRIBUTES};

/* The axis counts in operand 0. */
static wg_node call_two(const wgi_call *c)
{
    const wg_node in[] = {wgi_call_in(c, 0), wgi_call_in(c, 1)};
    wgi_scan_attr attr = {.is_lagged = wgi_call_flag(c, 1), .is_reverse = wgi_call_flag(c, 2)};
    const wgi_draft draft = {.op = WGI_OP_linear_scan, .n_in = 2, .in = in, .attr = &attr};
    wg_node failed;
    return wgi_take_axis(&draft, in[0], wgi_call_int(c, 0), &attr.axis, &failed)
               ? wgi_record(&draft)
               : failed;
}

WGI_CALL(call_shift, wgi_record_scan(WGI_OP_scan_shift, wgi_call_in(c, 0), wgi_call_int(c, 0),
                                     wgi_call_flag(c, 1), wgi_call_flag(c, 2)))

const wgi_op wgi_op_linear_scan = {
    .name = "linear_scan",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_scan_attr),
    .operands = {"a", "b"},
    .infer = infer_linear_scan,
    .gradient = gradient_linear_scan,
    .reference = {WGI_REALS(linear_scan)},
    .call = call_two,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_linear_scan, bad_linear_scan),
};

const wgi_op wgi_op_scan_shift = {
    .name = "scan_shift",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_scan_attr),
    .operands = {"x"},
    .infer = infer_scan_shift,
    .gradient = gradient_scan_shift,
    .reference = {WGI_REALS(scan_shift)},
    .call = call_shift,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_scan_shift, bad_scan_shift),
};

#endif
