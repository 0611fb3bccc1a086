/* packed_attention: attention of one tensor that holds queries, keys and values.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the results are those of scaled_dot_product_attention of the three slices, which are
 * never made. */
#if defined(WGI_REAL_PASS)

#include "ops/attention_pass.h"

static K(attention) K(operands)(const wgi_args *args)
{
    const wgi_attention_attr *attr = args->attr;
    K(attention)
    a = {
        .s = wgi_attention_of_packed(&args->in[0]),
        .q = args->in[0].data,
        .scale = (accum)args->numbers[0],
        .is_causal = attr->is_causal != 0,
    };
    a.k = a.q + a.s.k_at;
    a.v = a.q + a.s.v_at;
    return a;
}

static wg_status K(packed_forward)(const wgi_args *args)
{
    K(attention) a = K(operands)(args);
    if (args->n_in > 1) {
        K(take_mask)(&a, 4, &args->in[1]);
    }
    K(attend_all)(&a, args->out[0].data, args->out[1].data);
    return WG_OK;
}

static wg_status K(packed_backward)(const wgi_args *args)
{
    K(attention) a = K(operands)(args);
    a.y = args->in[1].data;
    a.lse = args->in[2].data;
    a.dy = args->in[3].data;
    a.dq = args->out[0].data;
    a.dk = a.dq + a.s.k_at;
    a.dv = a.dq + a.s.v_at;
    if (args->n_in > 4) {
        K(take_mask)(&a, 4, &args->in[4]);
    }
    K(attend_back)(&a);
    return WG_OK;
}

#else

#include "ops/attention.h"

#include "ops/call.h"
#include "ops/samples.h"
#include "ops/support.h"

/* ---- shapes ------------------------------------------------------------------------------- */

enum {
    BATCH,
    TIME,
    THREE,
    HEADS,
    DEPTH,
    RANK
};

wgi_attention_shape wgi_attention_of_packed(const wgi_view *qkv)
{
    const int64_t *dims = qkv->dims;
    const int64_t row = dims[HEADS] * dims[DEPTH];
    const wgi_attention_rows in = {
        .batch = dims[TIME] * 3 * row, .head = dims[DEPTH], .time = 3 * row};
    const wgi_attention_rows out = {.batch = dims[TIME] * row, .head = dims[DEPTH], .time = row};
    return (wgi_attention_shape){
        .batch = dims[BATCH],
        .heads = dims[HEADS],
        .queries = dims[TIME],
        .keys = dims[TIME],
        .depth = dims[DEPTH],
        .width = dims[DEPTH],
        .q = in,
        .k = in,
        .v = in,
        .y = out,
        .k_at = row,
        .v_at = 2 * row,
    };
}

static wg_status check_packed(wgi_infer *q, int32_t mask, wgi_attention_shape *shape)
{
    const wgi_view *x = &q->in[0];
    const wg_status status = wgi_check_floating(q, 0);
    if (status != WG_OK) {
        return status;
    }
    if (x->rank != RANK || x->dims[THREE] != 3) {
        char text[WGI_SHAPE_TEXT];
        return wgi_infer_fail(q, WG_ERR_SHAPE, "needs [b, time, 3, heads, depth]: %s (qkv)",
                              wgi_shape_text(x->rank, x->dims, text, sizeof text));
    }
    *shape = wgi_attention_of_packed(x);
    return q->n_in > mask ? wgi_attention_check_mask(q, mask, 4, shape) : WG_OK;
}

static void shape_of_result(const wgi_attention_shape *s, int64_t dims[4])
{
    dims[0] = s->batch;
    dims[1] = s->queries;
    dims[2] = s->heads;
    dims[3] = s->depth;
}

static wg_status infer(wgi_infer *q)
{
    int64_t dims[4];
    wgi_attention_shape shape;
    wg_status status = check_packed(q, 1, &shape);
    if (status != WG_OK) {
        return status;
    }
    shape_of_result(&shape, dims);
    status = wgi_infer_shape(q, 0, q->in[0].dtype, 4, dims);
    return status == WG_OK ? wgi_attention_infer_lse(q, 4, &shape) : status;
}

static wg_status check_shape(wgi_infer *q, int32_t i, int32_t rank, const int64_t *dims)
{
    const wgi_view *x = &q->in[i];
    char text[WGI_SHAPE_TEXT];
    char expected[WGI_SHAPE_TEXT];
    const wg_status status = wgi_check_same_dtype(q, 0, i);
    if (status != WG_OK || wgi_same_shape(x->rank, x->dims, rank, dims)) {
        return status;
    }
    return wgi_infer_fail(q, WG_ERR_SHAPE, "needs %s: %s (%s)",
                          wgi_shape_text(rank, dims, expected, sizeof expected),
                          wgi_shape_text(x->rank, x->dims, text, sizeof text), q->op->operands[i]);
}

static wg_status infer_backward(wgi_infer *q)
{
    int64_t dims[4];
    wgi_attention_shape shape;
    wg_status status = check_packed(q, 4, &shape);
    if (status != WG_OK) {
        return status;
    }
    shape_of_result(&shape, dims);
    const int64_t rows[3] = {shape.batch, shape.heads, shape.queries};
    status = check_shape(q, 1, 4, dims);
    status = status == WG_OK ? check_shape(q, 2, 3, rows) : status;
    status = status == WG_OK ? check_shape(q, 3, 4, dims) : status;
    return status == WG_OK ? wgi_infer_like(q, 0, 0) : status;
}

/* ---- cost --------------------------------------------------------------------------------- */

static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out;
    (void)attr;
    const wgi_attention_shape s = wgi_attention_of_packed(&in[0]);
    return wgi_attention_flops(&s);
}

static double flops_backward(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out;
    (void)attr;
    const wgi_attention_shape s = wgi_attention_of_packed(&in[0]);
    return wgi_attention_backward_flops(&s);
}

/* ---- constructors ------------------------------------------------------------------------- */

wg_node wg_packed_attention(wg_node qkv, wg_node mask, const wg_attention_options *options)
{
    const wg_node in[] = {qkv, mask};
    wgi_attention_attr attr = {0};
    double scale;
    wgi_view view;
    wg_node failed;
    const wgi_draft draft = {.op = WGI_OP_packed_attention,
                             .n_in = wgi_is_some(mask) ? 2 : 1,
                             .in = in,
                             .attr = &attr,
                             .numbers = &scale};
    const int64_t depth = wgi_view_of(qkv, &view) && view.rank == RANK ? view.dims[DEPTH] : 0;
    if (!wgi_attention_take(&draft, options, depth, &attr, &scale, &failed)) {
        return failed;
    }
    attr.is_time_first = 1;
    return wgi_record(&draft);
}

static wg_node record_backward(const wg_node in[5], const wgi_attention_attr *attr,
                               wgi_number scale)
{
    const wgi_draft draft = {.op = WGI_OP_packed_attention_backward,
                             .n_in = wgi_is_some(in[4]) ? 5 : 4,
                             .in = in,
                             .attr = attr,
                             .number = scale};
    return wgi_record(&draft);
}

/* ---- gradients ---------------------------------------------------------------------------- */

static const wg_node none = {NULL, 0, 0};

/* The three slices, and the mask. */
static void take_slices(const wgi_rule *rule, int32_t mask, wg_node out[4])
{
    for (int32_t i = 0; i < 3; i++) {
        out[i] = wg_select(rule->x[0], THREE, i);
    }
    out[3] = rule->n_in > mask ? rule->x[mask] : none;
}

static void decompose(wgi_rule *rule)
{
    const wgi_attention_attr attr = *(const wgi_attention_attr *)rule->attr;
    wg_node in[4];
    take_slices(rule, 1, in);
    rule->result[0] = wgi_attention_again(in, &attr, rule->number);
    rule->result[1] = wg_output(rule->result[0], 1);
}

static void decompose_backward(wgi_rule *rule)
{
    const wgi_attention_attr attr = *(const wgi_attention_attr *)rule->attr;
    wg_node slices[4];
    take_slices(rule, 4, slices);
    const wg_node in[] = {slices[0],  slices[1],  slices[2], rule->x[1],
                          rule->x[2], rule->x[3], slices[3]};
    const wg_node dq = wgi_attention_backward(in, &attr, rule->number);
    const wg_node all[] = {dq, wg_output(dq, 1), wg_output(dq, 2)};
    rule->result[0] = wg_stack(all, 3, THREE);
}

/* The gradient of attention's own rule, of slices: where an output but the first, or a mask, takes
 * part. */
static void sliced_gradient(wgi_rule *rule)
{
    const wgi_attention_attr attr = *(const wgi_attention_attr *)rule->attr;
    const wg_node mask = rule->n_in > 1 ? rule->x[1] : none;
    bool wants[4] = {rule->wants[0], rule->wants[0], rule->wants[0], false};
    wg_node dx[4] = {none, none, none, none};
    wg_node x[4];
    take_slices(rule, 1, x);
    wants[3] = wgi_is_some(mask) && rule->wants[1];
    wgi_rule of_slices = *rule;
    of_slices.n_in = wgi_is_some(mask) ? 4 : 3;
    of_slices.x = x;
    of_slices.wants = wants;
    of_slices.attr = &attr;
    of_slices.dx = dx;
    wgi_attention_gradient(&of_slices);
    for (int32_t i = 0; i < 3 && rule->wants[0]; i++) {
        dx[i] = wgi_is_some(dx[i]) ? dx[i] : wg_scale(x[i], 0.0);
    }
    rule->dx[0] = rule->wants[0] ? wg_stack(dx, 3, THREE) : none;
    rule->dx[1] = wgi_is_some(mask) ? dx[3] : none;
}

static void gradient(wgi_rule *rule)
{
    const wgi_attention_attr attr = *(const wgi_attention_attr *)rule->attr;
    const bool has_mask = rule->n_in > 1;
    if (wgi_is_some(rule->dy[1]) || (has_mask && rule->wants[1])) {
        sliced_gradient(rule);
        return;
    }
    const wg_node in[] = {rule->x[0], rule->y[0], rule->y[1], rule->dy[0],
                          has_mask ? rule->x[1] : none};
    rule->dx[0] = record_backward(in, &attr, rule->number);
}

#define WGI_KERNEL_FILE "ops/attention_packed.c"
#include "ops/for_each_real.h"

/* ---- samples ------------------------------------------------------------------------------ */

#define OPTIONS(...)                                                                               \
    (&(const wg_attention_options){.size = sizeof(wg_attention_options), __VA_ARGS__})
#define ROWS(...)                                                                                  \
    {                                                                                              \
        .rank = 3, .dims = {__VA_ARGS__}, .fill = WGI_NORMAL                                       \
    }
#define MAY(of_rank, ...)                                                                          \
    {                                                                                              \
        .rank = (of_rank), .dims = {__VA_ARGS__}, .fill = WGI_BOOLS, .dtype = WG_BOOL              \
    }

/* x [b, time, 3 * heads * depth] as the operand. */
static wg_node qkv_of(wg_node x, int64_t heads)
{
    wgi_view view;
    if (!wgi_view_of(x, &view)) {
        return x;
    }
    const int64_t dims[] = {view.dims[0], view.dims[1], 3, heads, view.dims[2] / (3 * heads)};
    return wg_reshape(x, RANK, dims);
}

static wg_node build_back(const wg_node *in, wg_node mask, bool is_causal)
{
    const wgi_attention_attr attr = {.is_causal = is_causal, .is_time_first = 1};
    const wg_node all[] = {qkv_of(in[0], 2), in[1], in[2], in[3], mask};
    return record_backward(all, &attr, wgi_number_literal(in[0].graph, 0.5));
}

static wg_node both_of(wg_node y)
{
    return wg_mul(wg_sum_all(y), wg_sum_all(wg_output(y, 1)));
}

WGI_BUILD_UNTOLD(plain, wg_packed_attention(qkv_of(in[0], 2), (wg_node){0}, NULL))
WGI_BUILD_UNTOLD(causal, wg_packed_attention(qkv_of(in[0], 1), (wg_node){0},
                                             OPTIONS(.is_causal = true, .scale = 0.75)))
WGI_BUILD_UNTOLD(mask_of, wg_packed_attention(qkv_of(in[0], 2), in[1], NULL))
WGI_BUILD_UNTOLD(both, both_of(wg_packed_attention(qkv_of(in[0], 2), in[1], NULL)))
WGI_BUILD_UNTOLD(logs, wg_output(wg_packed_attention(qkv_of(in[0], 2), (wg_node){0}, NULL), 1))
WGI_BUILD(direct, wg_packed_attention(in[0], (wg_node){0}, NULL))
WGI_BUILD(size, wg_packed_attention(in[0], (wg_node){0}, &(const wg_attention_options){0}))

static const wgi_sample samples[] = {
    WGI_GOOD_UNTOLD("two heads", plain, 1, ROWS(2, 3, 12)),
    WGI_GOOD_UNTOLD("causal", causal, 1, ROWS(1, 4, 6)),
    WGI_GOOD_UNTOLD("no time", plain, 1, ROWS(2, 0, 6)),
    WGI_GOOD_UNTOLD("bool mask", mask_of, 2, ROWS(2, 3, 6), MAY(4, 2, 1, 1, 3)),
    WGI_GOOD_UNTOLD("added mask", mask_of, 2, ROWS(1, 3, 12), WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("both outputs", both, 2, ROWS(1, 3, 6), WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("logarithms", logs, 1, ROWS(1, 3, 6)),
    WGI_GOOD_UNTOLD("no depth", plain, 1, ROWS(1, 3, 0)),
};

static const wgi_sample bad[] = {
    WGI_BAD("rank", direct, WG_ERR_SHAPE,
            "packed_attention: needs [b, time, 3, heads, depth]: [2, 3, 12] (qkv)", 1,
            ROWS(2, 3, 12)),
    WGI_BAD("size", size, WG_ERR_ARGUMENT, "packed_attention: the options have another size", 1,
            ROWS(2, 3, 12)),
};

WGI_BUILD_UNTOLD(back, build_back(in, (wg_node){0}, false))
WGI_BUILD_UNTOLD(back_mask, build_back(in, in[4], true))

static const wgi_sample backward_samples[] = {
    WGI_GOOD_UNTOLD("two heads", back, 4, ROWS(2, 3, 12), WGI_IN_4(2, 3, 2, 2, WGI_NORMAL),
                    WGI_IN_3(2, 2, 3, WGI_POSITIVE), WGI_IN_4(2, 3, 2, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("causal, mask", back_mask, 5, ROWS(1, 3, 12), WGI_IN_4(1, 3, 2, 2, WGI_NORMAL),
                    WGI_IN_3(1, 2, 3, WGI_POSITIVE), WGI_IN_4(1, 3, 2, 2, WGI_NORMAL),
                    MAY(2, 3, 3)),
};

/* A bad call that only this file knows. */
#define BAD_BACK(title, function, message, n, ...)                                                 \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function,                      \
        .status = WG_ERR_SHAPE, .error = (message)                                                 \
    }

static const wgi_sample backward_bad[] = {
    BAD_BACK("lse", back, "packed_attention_backward: needs [2, 2, 3]: [2, 3, 2] (lse)", 4,
             ROWS(2, 3, 12), WGI_IN_4(2, 3, 2, 2, WGI_NORMAL), WGI_IN_3(2, 3, 2, WGI_POSITIVE),
             WGI_IN_4(2, 3, 2, 2, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {WGI_ATTENTION_CAUSAL, WGI_ATTENTION_SCALE};

static wg_node call(const wgi_call *c)
{
    const wg_attention_options options = {
        .size = sizeof options, .is_causal = wgi_call_flag(c, 0), .scale = wgi_call_real(c, 1)};
    return wg_packed_attention(wgi_call_in(c, 0), wgi_call_in(c, 1), &options);
}

const wgi_op wgi_op_packed_attention = {
    .name = "packed_attention",
    .min_in = 1,
    .max_in = 2,
    .n_out = 2,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_attention_attr),
    .operands = {"qkv", "mask"},
    .infer = infer,
    .gradient = gradient,
    .decompose = decompose,
    .reference = {WGI_REALS(packed_forward)},
    .flops = flops,
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

static wg_node call_backward(const wgi_call *c)
{
    const wgi_attention_attr attr = {.is_causal = wgi_call_integer(c, 0), .is_time_first = 1};
    const double scale = wgi_call_real(c, 1);
    const wgi_draft draft = {.op = WGI_OP_packed_attention_backward,
                             .n_in = c->n_in,
                             .in = c->in,
                             .graph = c->graph,
                             .attr = &attr,
                             .numbers = &scale};
    return wgi_record(&draft);
}

const wgi_op wgi_op_packed_attention_backward = {
    .name = "packed_attention_backward",
    .min_in = 4,
    .max_in = 5,
    .n_out = 1,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_attention_attr),
    .operands = {"qkv", "y", "lse", "dy"},
    .infer = infer_backward,
    .decompose = decompose_backward,
    .reference = {WGI_REALS(packed_backward)},
    .flops = flops_backward,
    .call = call_backward,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(backward_samples, backward_bad),
};

#endif
