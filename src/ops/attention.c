/* scaled_dot_product_attention, and its fused gradient.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Output 1, the logarithm of each row's sum, is what the gradient needs to have the weights again,
 * and an output like any other: what arrives there flows on through the weights. */
#if defined(WGI_REAL_PASS)

#include "ops/attention_pass.h"

static K(attention) K(operands)(const wgi_args *args)
{
    const wgi_attention_attr *attr = args->attr;
    return (K(attention)){
        .s = wgi_attention_of(&args->in[0], &args->in[1], &args->in[2], attr),
        .q = args->in[0].data,
        .k = args->in[1].data,
        .v = args->in[2].data,
        .scale = (accum)args->numbers[0],
        .is_causal = attr->is_causal != 0,
    };
}

static wg_status K(attention_forward)(const wgi_args *args)
{
    K(attention) a = K(operands)(args);
    if (args->n_in > 3) {
        K(take_mask)(&a, args->in[0].rank, &args->in[3]);
    }
    K(attend_all)(&a, args->out[0].data, args->out[1].data);
    return WG_OK;
}

static wg_status K(attention_backward)(const wgi_args *args)
{
    K(attention) a = K(operands)(args);
    a.y = args->in[3].data;
    a.lse = args->in[4].data;
    a.dy = args->in[5].data;
    a.dq = args->out[0].data;
    a.dk = args->out[1].data;
    a.dv = args->out[2].data;
    if (args->n_in > 6) {
        K(take_mask)(&a, args->in[0].rank, &args->in[6]);
    }
    K(attend_back)(&a);
    return WG_OK;
}

#else

#include "ops/attention.h"

#include "ops/call.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <math.h>

extern const wgi_op wgi_op_scaled_dot_product_attention;

/* ---- shapes ------------------------------------------------------------------------------- */

/* The places of heads and time in an operand. */
typedef struct axes {
    int32_t head; /* -1: there are none */
    int32_t time;
} axes;

static axes axes_of(int32_t rank, const wgi_attention_attr *attr)
{
    if (rank == 3) {
        return (axes){.head = -1, .time = 1};
    }
    return attr->is_time_first != 0 ? (axes){.head = 2, .time = 1} : (axes){.head = 1, .time = 2};
}

static wgi_attention_rows rows_of(const wgi_view *x, axes at)
{
    const int64_t size = x->dims[x->rank - 1];
    const int64_t heads = at.head < 0 ? 1 : x->dims[at.head];
    const int64_t times = x->dims[at.time];
    wgi_attention_rows rows = {.batch = heads * times * size, .head = size, .time = size};
    if (at.head == 2) {
        rows.time = heads * size;
    } else {
        rows.head = times * size;
    }
    return rows;
}

wgi_attention_shape wgi_attention_of(const wgi_view *q, const wgi_view *k, const wgi_view *v,
                                     const wgi_attention_attr *attr)
{
    const axes at = axes_of(q->rank, attr);
    wgi_attention_shape s = {
        .batch = q->dims[0],
        .heads = at.head < 0 ? 1 : q->dims[at.head],
        .queries = q->dims[at.time],
        .keys = k->dims[at.time],
        .depth = q->dims[q->rank - 1],
        .width = v->dims[v->rank - 1],
        .q = rows_of(q, at),
        .k = rows_of(k, at),
        .v = rows_of(v, at),
    };
    s.y = s.q;
    if (s.depth != s.width) {
        wgi_view y = *q;
        int64_t dims[4] = {0};
        for (int32_t i = 0; i < q->rank; i++) {
            dims[i] = i + 1 < q->rank ? q->dims[i] : s.width;
        }
        y.dims = dims;
        s.y = rows_of(&y, at);
    }
    return s;
}

void wgi_attention_take_mask(wgi_attention_shape *shape, int32_t rank, const wgi_view *mask)
{
    int64_t stride = 1;
    for (int32_t i = mask->rank - 1; i >= 0; i--) {
        const int32_t axis = rank - mask->rank + i;
        shape->mask[rank == 3 && axis > 0 ? axis + 1 : axis] = mask->dims[i] == 1 ? 0 : stride;
        stride *= mask->dims[i];
    }
}

/* [b, heads, queries, keys], or that without heads; the shape of lse is that without keys. */
static void shape_of_scores(const wgi_attention_shape *shape, int32_t rank, int64_t dims[4])
{
    const int64_t all[4] = {shape->batch, shape->heads, shape->queries, shape->keys};
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = all[rank == 3 && i > 0 ? i + 1 : i];
    }
}

/* ---- shape rules -------------------------------------------------------------------------- */

wg_status wgi_attention_check_mask(wgi_infer *q, int32_t at, int32_t rank,
                                   const wgi_attention_shape *shape)
{
    int64_t dims[4];
    const wgi_view *mask = &q->in[at];
    if (mask->dtype != WG_BOOL && mask->dtype != q->in[0].dtype) {
        wgi_infer_hint(q, "a bool mask is true where a query attends to a key");
        return wgi_infer_fail(q, WG_ERR_DTYPE,
                              "the mask is neither bool nor of the other dtype: %s",
                              wg_dtype_name((wg_dtype)mask->dtype));
    }
    shape_of_scores(shape, rank, dims);
    const wgi_named_shape from = {"mask", mask->rank, mask->dims};
    const wgi_named_shape to = {"scores", rank, dims};
    return wgi_check_broadcasts(q, from, to);
}

wg_status wgi_attention_infer_lse(wgi_infer *q, int32_t rank, const wgi_attention_shape *shape)
{
    int64_t dims[4];
    shape_of_scores(shape, rank, dims);
    return wgi_infer_shape(q, 1, q->in[0].dtype, rank - 1, dims);
}

/* Operands i and j have one size along an axis. */
static wg_status check_size(wgi_infer *q, int32_t i, int32_t j, int32_t axis)
{
    if (q->in[i].dims[axis] == q->in[j].dims[axis]) {
        return WG_OK;
    }
    return wgi_infer_fail(q, WG_ERR_SHAPE, "sizes differ: %lld (%s, axis %d) vs %lld (%s, axis %d)",
                          (long long)q->in[i].dims[axis], q->op->operands[i], (int)axis,
                          (long long)q->in[j].dims[axis], q->op->operands[j], (int)axis);
}

static wg_status check_types(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK && q->in[0].rank != 3 && q->in[0].rank != 4) {
        wgi_infer_hint(q, "wg_reshape it to [batch, time, depth]");
        return wgi_infer_fail(q, WG_ERR_SHAPE, "needs rank 3 or 4: %d (q)", (int)q->in[0].rank);
    }
    for (int32_t i = 1; i < 3 && status == WG_OK; i++) {
        status = wgi_check_same_dtype(q, 0, i);
        if (status == WG_OK && q->in[i].rank != q->in[0].rank) {
            return wgi_infer_fail(q, WG_ERR_SHAPE, "ranks differ: %d (q) vs %d (%s)",
                                  (int)q->in[0].rank, (int)q->in[i].rank, q->op->operands[i]);
        }
    }
    return status;
}

/* Of q, k and v, and of a mask at `mask` where there is one. */
static wg_status check_operands(wgi_infer *q, int32_t mask, wgi_attention_shape *shape)
{
    const wgi_attention_attr *attr = q->attr;
    const int32_t rank = q->in[0].rank;
    wg_status status = check_types(q);
    if (status != WG_OK) {
        return status;
    }
    const axes at = axes_of(rank, attr);
    for (int32_t i = 1; i < 3 && status == WG_OK; i++) {
        status = check_size(q, 0, i, 0);
        status = status == WG_OK && at.head > 0 ? check_size(q, 0, i, at.head) : status;
    }
    status = status == WG_OK ? check_size(q, 0, 1, rank - 1) : status;
    status = status == WG_OK ? check_size(q, 1, 2, at.time) : status;
    if (status != WG_OK) {
        return status;
    }
    *shape = wgi_attention_of(&q->in[0], &q->in[1], &q->in[2], attr);
    return q->n_in > mask ? wgi_attention_check_mask(q, mask, rank, shape) : WG_OK;
}

/* q's shape but for the last axis, which is v's. */
static void shape_of_result(const wgi_infer *q, int64_t dims[4])
{
    const int32_t rank = q->in[0].rank;
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = i + 1 < rank ? q->in[0].dims[i] : q->in[2].dims[rank - 1];
    }
}

static wg_status infer(wgi_infer *q)
{
    int64_t dims[4];
    wgi_attention_shape shape;
    wg_status status = check_operands(q, 3, &shape);
    if (status != WG_OK) {
        return status;
    }
    shape_of_result(q, dims);
    status = wgi_infer_shape(q, 0, q->in[0].dtype, q->in[0].rank, dims);
    return status == WG_OK ? wgi_attention_infer_lse(q, q->in[0].rank, &shape) : status;
}

/* Operand i of the backward op, which is no mask, has the given shape. */
static wg_status check_shape(wgi_infer *q, int32_t i, int32_t rank, const int64_t *dims)
{
    static const char *const names[] = {"q", "k", "v", "y", "lse", "dy"};
    const wgi_view *x = &q->in[i];
    char text[WGI_SHAPE_TEXT];
    char expected[WGI_SHAPE_TEXT];
    if (x->dtype != q->in[0].dtype) {
        return wgi_infer_fail(q, WG_ERR_DTYPE, "dtypes differ: %s (q) vs %s (%s)",
                              wg_dtype_name((wg_dtype)q->in[0].dtype),
                              wg_dtype_name((wg_dtype)x->dtype), names[i]);
    }
    if (wgi_same_shape(x->rank, x->dims, rank, dims)) {
        return WG_OK;
    }
    return wgi_infer_fail(q, WG_ERR_SHAPE, "needs %s: %s (%s)",
                          wgi_shape_text(rank, dims, expected, sizeof expected),
                          wgi_shape_text(x->rank, x->dims, text, sizeof text), names[i]);
}

static wg_status infer_backward(wgi_infer *q)
{
    int64_t dims[4];
    wgi_attention_shape shape;
    const int32_t rank = q->in[0].rank;
    wg_status status = check_operands(q, 6, &shape);
    if (status != WG_OK) {
        return status;
    }
    shape_of_result(q, dims);
    status = check_shape(q, 3, rank, dims);
    status = status == WG_OK ? check_shape(q, 5, rank, dims) : status;
    shape_of_scores(&shape, rank, dims);
    status = status == WG_OK ? check_shape(q, 4, rank - 1, dims) : status;
    for (int32_t i = 0; i < 3 && status == WG_OK; i++) {
        status = wgi_infer_like(q, i, i);
    }
    return status;
}

/* ---- cost --------------------------------------------------------------------------------- */

static double scores_of(const wgi_attention_shape *s)
{
    return (double)s->batch * (double)s->heads * (double)s->queries * (double)s->keys;
}

double wgi_attention_flops(const wgi_attention_shape *s)
{
    return 2.0 * scores_of(s) * ((double)s->depth + (double)s->width);
}

double wgi_attention_backward_flops(const wgi_attention_shape *s)
{
    return 2.0 * scores_of(s) * (3.0 * (double)s->depth + 2.0 * (double)s->width);
}

static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out;
    const wgi_attention_shape s = wgi_attention_of(&in[0], &in[1], &in[2], attr);
    return wgi_attention_flops(&s);
}

static double flops_backward(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)out;
    const wgi_attention_shape s = wgi_attention_of(&in[0], &in[1], &in[2], attr);
    return wgi_attention_backward_flops(&s);
}

/* ---- constructors ------------------------------------------------------------------------- */

bool wgi_attention_take(const wgi_draft *draft, const wg_attention_options *options, int64_t depth,
                        wgi_attention_attr *attr, double *scale, wg_node *failed)
{
    *scale = depth > 0 ? 1 / sqrt((double)depth) : 1;
    if (options == NULL) {
        return true;
    }
    if (options->size != sizeof *options) {
        *failed = wgi_refuse(draft, WG_ERR_ARGUMENT, "set .size = sizeof of the options",
                             "the options have another size");
        return false;
    }
    if (!isfinite(options->scale)) {
        *failed =
            wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "scale must be finite: %g", options->scale);
        return false;
    }
    attr->is_causal = options->is_causal;
    attr->is_time_first = options->is_time_first;
    *scale = options->scale != 0 ? options->scale : *scale;
    return true;
}

wg_node wg_scaled_dot_product_attention(wg_node q, wg_node k, wg_node v, wg_node mask,
                                        const wg_attention_options *options)
{
    const wg_node in[] = {q, k, v, mask};
    wgi_attention_attr attr = {0};
    double scale;
    wgi_view view;
    wg_node failed;
    const int32_t n_in = wgi_is_some(mask) ? 4 : 3;
    const wgi_draft draft = {.op = WGI_OP_scaled_dot_product_attention,
                             .n_in = n_in,
                             .in = in,
                             .attr = &attr,
                             .numbers = &scale};
    const int64_t depth = wgi_view_of(q, &view) && view.rank > 0 ? view.dims[view.rank - 1] : 0;
    return wgi_attention_take(&draft, options, depth, &attr, &scale, &failed) ? wgi_record(&draft)
                                                                              : failed;
}

wg_node wgi_attention_again(const wg_node in[4], const wgi_attention_attr *attr, wgi_number scale)
{
    const wgi_draft draft = {.op = WGI_OP_scaled_dot_product_attention,
                             .n_in = wgi_is_some(in[3]) ? 4 : 3,
                             .in = in,
                             .attr = attr,
                             .number = scale};
    return wgi_record(&draft);
}

wg_node wgi_attention_backward(const wg_node in[7], const wgi_attention_attr *attr,
                               wgi_number scale)
{
    const wgi_draft draft = {.op = WGI_OP_attention_backward,
                             .n_in = wgi_is_some(in[6]) ? 7 : 6,
                             .in = in,
                             .attr = attr,
                             .number = scale};
    return wgi_record(&draft);
}

/* ---- in other ops ------------------------------------------------------------------------- */

/* The parts of one attention, all with heads before time. */
typedef struct parts {
    wg_graph *graph;
    wgi_attention_attr attr;
    wgi_number scale;
    wg_node q;
    wg_node k;
    wg_node v;
    wg_node scores;
    wg_node attends; /* bool, of a shape that broadcasts; none: all do */
} parts;

static const wg_node none = {NULL, 0, 0};
static const int32_t last_axis = -1;

/* Heads before time, or back again. */
static wg_node swap_heads(wg_node x, const wgi_attention_attr *attr)
{
    wgi_view view;
    const bool has_heads = wgi_view_of(x, &view) && view.rank == 4;
    return has_heads && attr->is_time_first != 0 ? wg_swap_axes(x, 1, 2) : x;
}

static wg_node times_scale(wg_node x, wgi_number scale)
{
    return wgi_record_one_with(x, scale, WGI_OP_scale);
}

/* Whether key j is at or before query i. */
static wg_node causal_mask(const parts *p)
{
    wgi_view view;
    if (!wgi_view_of(p->scores, &view)) {
        return p->scores;
    }
    const wg_dtype dtype = (wg_dtype)view.dtype;
    const wg_node ones = wg_full(p->graph, dtype, 2, &view.dims[view.rank - 2], 1.0);
    return wg_greater(wg_tril(ones, 0), wg_number(p->graph, dtype, 0.0));
}

static wg_node least_of(wg_node like)
{
    return wg_number(like.graph, wg_node_dtype(like), -(double)INFINITY);
}

static void take_mask(parts *p, wg_node mask)
{
    if (!wgi_is_some(mask) || wg_node_dtype(mask) == WG_BOOL) {
        p->attends = mask;
        return;
    }
    p->attends = wg_not_equal(mask, least_of(mask));
    const wg_node zero = wg_number(p->graph, wg_node_dtype(mask), 0.0);
    p->scores = wg_add(p->scores, wg_where(p->attends, mask, zero));
}

static parts parts_of(const wgi_rule *rule, wg_node mask)
{
    parts p = {.graph = rule->graph,
               .attr = *(const wgi_attention_attr *)rule->attr,
               .scale = rule->number};
    p.q = swap_heads(rule->x[0], &p.attr);
    p.k = swap_heads(rule->x[1], &p.attr);
    p.v = swap_heads(rule->x[2], &p.attr);
    p.scores = times_scale(wg_matmul(p.q, wg_swap_axes(p.k, -1, -2)), p.scale);
    take_mask(&p, mask);
    if (p.attr.is_causal != 0) {
        const wg_node causal = causal_mask(&p);
        p.attends = wgi_is_some(p.attends) ? wg_logical_and(p.attends, causal) : causal;
    }
    return p;
}

/* Scores of -inf where nothing is attended to. */
static wg_node masked(const parts *p, wg_node scores)
{
    return wgi_is_some(p->attends) ? wg_where(p->attends, scores, least_of(scores)) : scores;
}

static wg_node weights_of(const parts *p)
{
    return wgi_is_some(p->attends) ? wg_masked_softmax(p->scores, p->attends, -1)
                                   : wg_softmax(p->scores, -1);
}

static void decompose(wgi_rule *rule)
{
    const parts p = parts_of(rule, rule->n_in > 3 ? rule->x[3] : none);
    rule->result[0] = swap_heads(wg_matmul(weights_of(&p), p.v), &p.attr);
    rule->result[1] = wg_logsumexp(masked(&p, p.scores), &last_axis, 1, false);
}

/* p (dy v^T - sum dy y): what reaches the scores by way of the weights. */
static wg_node slope_of(const parts *p, wg_node weights, wg_node y, wg_node dy)
{
    const wg_node along = wg_sum(wg_mul(dy, y), &last_axis, 1, true);
    return wg_mul(weights, wg_sub(wg_matmul(dy, wg_swap_axes(p->v, -1, -2)), along));
}

static wg_node query_gradient(const parts *p, wg_node slope)
{
    return swap_heads(times_scale(wg_matmul(slope, p->k), p->scale), &p->attr);
}

static wg_node key_gradient(const parts *p, wg_node slope)
{
    const wg_node dk = wg_matmul(wg_swap_axes(slope, -1, -2), p->q);
    return swap_heads(times_scale(dk, p->scale), &p->attr);
}

static void decompose_backward(wgi_rule *rule)
{
    const parts p = parts_of(rule, rule->n_in > 6 ? rule->x[6] : none);
    const wg_node y = swap_heads(rule->x[3], &p.attr);
    const wg_node dy = swap_heads(rule->x[5], &p.attr);
    const wg_node shifted = wg_sub(p.scores, wg_unsqueeze(rule->x[4], -1));
    const wg_node weights = wg_exp(masked(&p, shifted));
    const wg_node slope = slope_of(&p, weights, y, dy);
    rule->result[0] = query_gradient(&p, slope);
    rule->result[1] = key_gradient(&p, slope);
    rule->result[2] = swap_heads(wg_matmul(wg_swap_axes(weights, -1, -2), dy), &p.attr);
}

/* ---- gradient ----------------------------------------------------------------------------- */

static void add_to(wg_node *sum, wg_node x)
{
    *sum = wgi_is_some(*sum) ? wg_add(*sum, x) : x;
}

static void fused_gradient(wgi_rule *rule, wg_node mask)
{
    const wgi_attention_attr attr = *(const wgi_attention_attr *)rule->attr;
    const wg_node in[] = {rule->x[0], rule->x[1],  rule->x[2], rule->y[0],
                          rule->y[1], rule->dy[0], mask};
    const wg_node dq = wgi_attention_backward(in, &attr, rule->number);
    for (int32_t i = 0; i < 3; i++) {
        rule->dx[i] = rule->wants[i] ? wg_output(dq, i) : none;
    }
}

/* What output 1 passes on, and the gradient of an added mask, which are rare. */
static void plain_gradient(wgi_rule *rule, wg_node mask)
{
    const parts p = parts_of(rule, mask);
    const wg_node weights = weights_of(&p);
    wg_node slope = none;
    if (wgi_is_some(rule->dy[1])) {
        slope = wg_mul(weights, wg_unsqueeze(rule->dy[1], -1));
        if (rule->wants[0]) {
            add_to(&rule->dx[0], query_gradient(&p, slope));
        }
        if (rule->wants[1]) {
            add_to(&rule->dx[1], key_gradient(&p, slope));
        }
    }
    if (wgi_is_some(mask) && rule->wants[3]) {
        if (wgi_is_some(rule->dy[0])) {
            const wg_node y = swap_heads(rule->y[0], &p.attr);
            add_to(&slope, slope_of(&p, weights, y, swap_heads(rule->dy[0], &p.attr)));
        }
        rule->dx[3] = wgi_sum_like(slope, mask);
    }
}

void wgi_attention_gradient(wgi_rule *rule)
{
    const wg_node mask = rule->n_in > 3 ? rule->x[3] : none;
    const bool wants_mask = wgi_is_some(mask) && rule->wants[3];
    const bool wants_operand = rule->wants[0] || rule->wants[1] || rule->wants[2];
    if (wgi_is_some(rule->dy[0]) && wants_operand) {
        fused_gradient(rule, mask);
    }
    if (wgi_is_some(rule->dy[1]) || wants_mask) {
        plain_gradient(rule, mask);
    }
}

#define WGI_KERNEL_FILE "ops/attention.c"
#include "ops/for_each_real.h"

/* ---- samples ------------------------------------------------------------------------------ */

#define OPTIONS(...)                                                                               \
    (&(const wg_attention_options){.size = sizeof(wg_attention_options), __VA_ARGS__})
#define IN(...)                                                                                    \
    {                                                                                              \
        .rank = 4, .dims = {__VA_ARGS__}, .fill = WGI_NORMAL                                       \
    }
#define MAY(of_rank, ...)                                                                          \
    {                                                                                              \
        .rank = (of_rank), .dims = {__VA_ARGS__}, .fill = WGI_BOOLS, .dtype = WG_BOOL              \
    }
#define MAY_NOT(of_rank, ...)                                                                      \
    {                                                                                              \
        .rank = (of_rank), .dims = {__VA_ARGS__}, .fill = WGI_ZEROS, .dtype = WG_BOOL              \
    }

static wg_node build_back(const wg_node *in, wg_node mask, bool is_causal, bool is_time_first)
{
    const wgi_attention_attr attr = {.is_causal = is_causal, .is_time_first = is_time_first};
    const wg_node all[] = {in[0], in[1], in[2], in[3], in[4], in[5], mask};
    return wgi_attention_backward(all, &attr, wgi_number_literal(in[0].graph, 0.5));
}

static wg_node both_of(wg_node y)
{
    return wg_mul(wg_sum_all(y), wg_sum_all(wg_output(y, 1)));
}

WGI_BUILD(plain, wg_scaled_dot_product_attention(in[0], in[1], in[2], (wg_node){0}, NULL))
WGI_BUILD(causal, wg_scaled_dot_product_attention(in[0], in[1], in[2], (wg_node){0},
                                                  OPTIONS(.is_causal = true)))
WGI_BUILD(scaled, wg_scaled_dot_product_attention(in[0], in[1], in[2], (wg_node){0},
                                                  OPTIONS(.scale = 0.25)))
WGI_BUILD(time_first, wg_scaled_dot_product_attention(in[0], in[1], in[2], (wg_node){0},
                                                      OPTIONS(.is_time_first = true)))
WGI_BUILD(mask_of, wg_scaled_dot_product_attention(in[0], in[1], in[2], in[3], NULL))
WGI_BUILD(mask_causal,
          wg_scaled_dot_product_attention(in[0], in[1], in[2], in[3],
                                          OPTIONS(.is_causal = true, .is_time_first = true,
                                                  .scale = 0.75)))
WGI_BUILD(logs,
          wg_output(wg_scaled_dot_product_attention(in[0], in[1], in[2], (wg_node){0}, NULL), 1))
WGI_BUILD_UNTOLD(both, both_of(wg_scaled_dot_product_attention(in[0], in[1], in[2], in[3], NULL)))
WGI_BUILD(size, wg_scaled_dot_product_attention(in[0], in[1], in[2], (wg_node){0},
                                                &(const wg_attention_options){0}))
WGI_BUILD(no_scale, wg_scaled_dot_product_attention(in[0], in[1], in[2], (wg_node){0},
                                                    OPTIONS(.scale = (double)NAN)))

static const wgi_sample samples[] = {
    WGI_GOOD("heads", plain, 3, IN(2, 2, 3, 4), IN(2, 2, 5, 4), IN(2, 2, 5, 3)),
    WGI_GOOD("no heads", plain, 3, WGI_IN_3(2, 3, 4, WGI_NORMAL), WGI_IN_3(2, 5, 4, WGI_NORMAL),
             WGI_IN_3(2, 5, 4, WGI_NORMAL)),
    WGI_GOOD("causal", causal, 3, IN(1, 2, 4, 3), IN(1, 2, 4, 3), IN(1, 2, 4, 3)),
    WGI_GOOD("causal, fewer keys", causal, 3, IN(1, 1, 4, 2), IN(1, 1, 2, 2), IN(1, 1, 2, 2)),
    WGI_GOOD("causal, more keys", causal, 3, IN(1, 1, 2, 2), IN(1, 1, 4, 2), IN(1, 1, 4, 2)),
    WGI_GOOD("scale", scaled, 3, IN(1, 1, 3, 4), IN(1, 1, 3, 4), IN(1, 1, 3, 4)),
    WGI_GOOD("time first", time_first, 3, IN(2, 3, 2, 4), IN(2, 4, 2, 4), IN(2, 4, 2, 3)),
    WGI_GOOD("time first, no heads", time_first, 3, WGI_IN_3(2, 3, 4, WGI_NORMAL),
             WGI_IN_3(2, 2, 4, WGI_NORMAL), WGI_IN_3(2, 2, 4, WGI_NORMAL)),
    WGI_GOOD("bool mask", mask_of, 4, IN(2, 1, 3, 4), IN(2, 1, 4, 4), IN(2, 1, 4, 4),
             MAY(4, 2, 1, 3, 4)),
    WGI_GOOD("padding", mask_of, 4, IN(2, 2, 3, 2), IN(2, 2, 4, 2), IN(2, 2, 4, 2),
             MAY(4, 2, 1, 1, 4)),
    WGI_GOOD("mask without batch", mask_of, 4, WGI_IN_3(2, 3, 2, WGI_NORMAL),
             WGI_IN_3(2, 4, 2, WGI_NORMAL), WGI_IN_3(2, 4, 2, WGI_NORMAL), MAY(2, 3, 4)),
    WGI_GOOD("mask of batches", mask_of, 4, WGI_IN_3(2, 3, 2, WGI_NORMAL),
             WGI_IN_3(2, 4, 2, WGI_NORMAL), WGI_IN_3(2, 4, 2, WGI_NORMAL), MAY(3, 2, 3, 1)),
    WGI_GOOD("nothing attended to", mask_of, 4, IN(1, 2, 2, 3), IN(1, 2, 3, 3), IN(1, 2, 3, 3),
             MAY_NOT(1, 3)),
    WGI_GOOD("added mask", mask_of, 4, IN(2, 2, 3, 2), IN(2, 2, 4, 2), IN(2, 2, 4, 2),
             WGI_IN_3(2, 1, 4, WGI_NORMAL)),
    WGI_GOOD("causal, time first, mask", mask_causal, 4, IN(2, 3, 2, 2), IN(2, 3, 2, 2),
             IN(2, 3, 2, 2), WGI_IN_2(3, 3, WGI_NORMAL)),
    WGI_GOOD("a sequence and itself", plain, 3, WGI_IN_3(1, 4, 3, WGI_NORMAL),
             {.rank = 3, .dims = {1, 4, 3}, .fill = WGI_NORMAL, .same_as = 1},
             {.rank = 3, .dims = {1, 4, 3}, .fill = WGI_NORMAL, .same_as = 1}),
    WGI_GOOD("logarithms", logs, 3, IN(1, 2, 3, 2), IN(1, 2, 4, 2), IN(1, 2, 4, 2)),
    WGI_GOOD_UNTOLD("both outputs", both, 4, IN(1, 1, 3, 2), IN(1, 1, 4, 2), IN(1, 1, 4, 2),
                    WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("size 1", plain, 3, IN(1, 1, 1, 1), IN(1, 1, 1, 1), IN(1, 1, 1, 1)),
    WGI_GOOD("no keys", plain, 3, IN(2, 1, 3, 2), IN(2, 1, 0, 2), IN(2, 1, 0, 2)),
    WGI_GOOD("no queries", causal, 3, IN(2, 1, 0, 2), IN(2, 1, 3, 2), IN(2, 1, 3, 2)),
    WGI_GOOD("no batch", plain, 3, IN(0, 2, 3, 2), IN(0, 2, 3, 2), IN(0, 2, 3, 2)),
    WGI_GOOD("no depth", plain, 3, IN(1, 1, 2, 0), IN(1, 1, 3, 0), IN(1, 1, 3, 2)),
};

static const wgi_sample bad[] = {
    WGI_BAD("rank", plain, WG_ERR_SHAPE, "scaled_dot_product_attention: needs rank 3 or 4: 2 (q)",
            3, WGI_IN_2(3, 4, WGI_NORMAL), WGI_IN_2(3, 4, WGI_NORMAL), WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_BAD("ranks", plain, WG_ERR_SHAPE,
            "scaled_dot_product_attention: ranks differ: 4 (q) vs 3 (v)", 3, IN(1, 1, 3, 4),
            IN(1, 1, 3, 4), WGI_IN_3(1, 3, 4, WGI_NORMAL)),
    WGI_BAD("batch", plain, WG_ERR_SHAPE,
            "scaled_dot_product_attention: sizes differ: 2 (q, axis 0) vs 1 (k, axis 0)", 3,
            IN(2, 1, 3, 4), IN(1, 1, 3, 4), IN(2, 1, 3, 4)),
    WGI_BAD("heads", time_first, WG_ERR_SHAPE,
            "scaled_dot_product_attention: sizes differ: 3 (q, axis 2) vs 1 (v, axis 2)", 3,
            IN(1, 2, 3, 4), IN(1, 2, 3, 4), IN(1, 2, 1, 4)),
    WGI_BAD("depth", plain, WG_ERR_SHAPE,
            "scaled_dot_product_attention: sizes differ: 4 (q, axis 3) vs 2 (k, axis 3)", 3,
            IN(1, 1, 3, 4), IN(1, 1, 3, 2), IN(1, 1, 3, 4)),
    WGI_BAD("keys", plain, WG_ERR_SHAPE,
            "scaled_dot_product_attention: sizes differ: 3 (k, axis 2) vs 5 (v, axis 2)", 3,
            IN(1, 1, 3, 4), IN(1, 1, 3, 4), IN(1, 1, 5, 4)),
    WGI_BAD("mask shape", mask_of, WG_ERR_SHAPE,
            "scaled_dot_product_attention: shapes do not broadcast: 4 (mask, axis 1) to 5 (scores, "
            "axis 3)",
            4, IN(1, 1, 3, 4), IN(1, 1, 5, 4), IN(1, 1, 5, 4), MAY(2, 3, 4)),
    WGI_BAD("mask dtype", mask_of, WG_ERR_DTYPE,
            "scaled_dot_product_attention: the mask is neither bool nor of the other dtype: i64", 4,
            IN(1, 1, 3, 4), IN(1, 1, 5, 4), IN(1, 1, 5, 4), WGI_IN_TYPED(5, WG_I64, 2)),
    WGI_BAD("integers", plain, WG_ERR_DTYPE,
            "scaled_dot_product_attention: needs a floating dtype: i64 (q)", 3,
            WGI_IN_TYPED(3, WG_I64, 2), IN(1, 1, 3, 4), IN(1, 1, 3, 4)),
    WGI_BAD("scale", no_scale, WG_ERR_ARGUMENT,
            "scaled_dot_product_attention: scale must be finite: nan", 3, IN(1, 1, 3, 4),
            IN(1, 1, 3, 4), IN(1, 1, 3, 4)),
    WGI_BAD("size", size, WG_ERR_ARGUMENT,
            "scaled_dot_product_attention: the options have another size", 3, IN(1, 1, 3, 4),
            IN(1, 1, 3, 4), IN(1, 1, 3, 4)),
};

WGI_BUILD_UNTOLD(back, build_back(in, (wg_node){0}, false, false))
WGI_BUILD_UNTOLD(back_causal, build_back(in, (wg_node){0}, true, true))
WGI_BUILD_UNTOLD(back_mask, build_back(in, in[6], false, false))

static const wgi_sample backward_samples[] = {
    WGI_GOOD_UNTOLD("heads", back, 6, IN(2, 2, 3, 4), IN(2, 2, 5, 4), IN(2, 2, 5, 3),
                    IN(2, 2, 3, 3), WGI_IN_3(2, 2, 3, WGI_POSITIVE), IN(2, 2, 3, 3)),
    WGI_GOOD_UNTOLD("causal, time first", back_causal, 6, IN(1, 3, 2, 2), IN(1, 3, 2, 2),
                    IN(1, 3, 2, 2), IN(1, 3, 2, 2), WGI_IN_3(1, 2, 3, WGI_POSITIVE),
                    IN(1, 3, 2, 2)),
    WGI_GOOD_UNTOLD("bool mask", back_mask, 7, IN(1, 2, 3, 2), IN(1, 2, 4, 2), IN(1, 2, 4, 2),
                    IN(1, 2, 3, 2), WGI_IN_3(1, 2, 3, WGI_POSITIVE), IN(1, 2, 3, 2), MAY(2, 3, 4)),
    WGI_GOOD_UNTOLD("added mask", back_mask, 7, IN(1, 2, 3, 2), IN(1, 2, 4, 2), IN(1, 2, 4, 2),
                    IN(1, 2, 3, 2), WGI_IN_3(1, 2, 3, WGI_POSITIVE), IN(1, 2, 3, 2),
                    WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("no keys", back, 6, IN(1, 1, 3, 2), IN(1, 1, 0, 2), IN(1, 1, 0, 2),
                    IN(1, 1, 3, 2), WGI_IN_3(1, 1, 3, WGI_POSITIVE), IN(1, 1, 3, 2)),
};

/* A bad call that only this file knows. */
#define BAD_BACK(title, function, message, n, ...)                                                 \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = function,                      \
        .status = WG_ERR_SHAPE, .error = (message)                                                 \
    }

static const wgi_sample backward_bad[] = {
    BAD_BACK("lse", back, "attention_backward: needs [2, 2, 3]: [2, 3, 2] (lse)", 6, IN(2, 2, 3, 4),
             IN(2, 2, 5, 4), IN(2, 2, 5, 3), IN(2, 2, 3, 3), WGI_IN_3(2, 3, 2, WGI_POSITIVE),
             IN(2, 2, 3, 3)),
    BAD_BACK("dy", back, "attention_backward: needs [2, 2, 3, 3]: [2, 2, 3, 4] (dy)", 6,
             IN(2, 2, 3, 4), IN(2, 2, 5, 4), IN(2, 2, 5, 3), IN(2, 2, 3, 3),
             WGI_IN_3(2, 2, 3, WGI_POSITIVE), IN(2, 2, 3, 4)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {
    WGI_ATTENTION_CAUSAL,
    WGI_ATTENTION_TIME_FIRST,
    WGI_ATTENTION_SCALE,
};

static wg_node call(const wgi_call *c)
{
    const wg_attention_options options = {.size = sizeof options,
                                          .is_causal = wgi_call_flag(c, 0),
                                          .is_time_first = wgi_call_flag(c, 1),
                                          .scale = wgi_call_real(c, 2)};
    return wg_scaled_dot_product_attention(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2),
                                           wgi_call_in(c, 3), &options);
}

const wgi_op wgi_op_scaled_dot_product_attention = {
    .name = "scaled_dot_product_attention",
    .min_in = 3,
    .max_in = 4,
    .n_out = 2,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_attention_attr),
    .operands = {"q", "k", "v", "mask"},
    .infer = infer,
    .gradient = wgi_attention_gradient,
    .decompose = decompose,
    .reference = {WGI_REALS(attention_forward)},
    .flops = flops,
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

static wg_node call_backward(const wgi_call *c)
{
    const wgi_attention_attr attr = {.is_causal = wgi_call_integer(c, 0),
                                     .is_time_first = wgi_call_integer(c, 1)};
    const double scale = wgi_call_real(c, 2);
    const wgi_draft draft = {.op = WGI_OP_attention_backward,
                             .n_in = c->n_in,
                             .in = c->in,
                             .graph = c->graph,
                             .attr = &attr,
                             .numbers = &scale};
    return wgi_record(&draft);
}

const wgi_op wgi_op_attention_backward = {
    .name = "attention_backward",
    .min_in = 6,
    .max_in = 7,
    .n_out = 3,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_attention_attr),
    .operands = {"q", "k", "v", "y"},
    .infer = infer_backward,
    .decompose = decompose_backward,
    .reference = {WGI_REALS(attention_backward)},
    .flops = flops_backward,
    .call = call_backward,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(backward_samples, backward_bad),
};

#endif
