/* normalize: elements less their mean, over their spread; and its gradient.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: everything is taken relative to the first element of its group before it is added up,
 * so that a constant has variance 0 exactly and an offset costs no digits. The backward op is a
 * function of the mean and of the factor like of any operand: what flows to them goes on through
 * the outputs of normalize. */
#if defined(WGI_REAL_PASS)

/* The elements of one group: `space` rows of `width`, `step` apart. */
typedef struct K(patch) {
    const real *x;
    int64_t space;
    int64_t width;
    int64_t step;
} K(patch);

typedef struct K(moments) {
    accum mean;
    accum variance;
} K(moments);

/* The mean of the differences from `from`. */
static accum K(mean_from)(const K(patch) * p, accum from)
{
    accum sum = 0;
    for (int64_t s = 0; s < p->space; s++) {
        for (int64_t k = 0; k < p->width; k++) {
            sum += (accum)p->x[s * p->step + k] - from;
        }
    }
    return sum / (accum)(p->space * p->width);
}

static K(moments) K(moments_of)(const K(patch) * p, bool is_centered)
{
    const bool is_empty = p->space * p->width == 0;
    const bool is_finite = !is_empty && p->x[0] - p->x[0] == 0;
    const accum from = is_centered && is_finite ? (accum)p->x[0] : 0;
    const accum shift = is_centered ? K(mean_from)(p, from) : 0;
    accum sum = 0;
    for (int64_t s = 0; s < p->space; s++) {
        for (int64_t k = 0; k < p->width; k++) {
            const accum d = (accum)p->x[s * p->step + k] - from - shift;
            sum += d * d;
        }
    }
    return (K(moments)){.mean = from + shift, .variance = sum / (accum)(p->space * p->width)};
}

/* The elements of one group, normalised, and what it has come to. */
static void K(normalize_patch)(const wgi_args *args, const K(patch) * p, int64_t group, real *y)
{
    const wgi_normalize_attr *attr = args->attr;
    const K(moments) m = K(moments_of)(p, attr->is_centered != 0);
    const accum rstd = 1 / A(sqrt)(m.variance + (accum)args->numbers[0]);
    const int64_t first = group % attr->groups * p->width;
    const real *weight = args->n_in > 1 ? args->in[1].data : NULL;
    const real *bias = args->n_in > 2 ? args->in[2].data : NULL;
    for (int64_t s = 0; s < p->space; s++) {
        for (int64_t k = 0; k < p->width; k++) {
            accum v = ((accum)p->x[s * p->step + k] - m.mean) * rstd;
            v = weight != NULL ? v * (accum)weight[first + k] : v;
            v = bias != NULL ? v + (accum)bias[first + k] : v;
            y[s * p->step + k] = (real)v;
        }
    }
    ((real *)args->out[1].data)[group] = (real)m.mean;
    ((real *)args->out[2].data)[group] = (real)rstd;
    ((real *)args->out[3].data)[group] = (real)m.variance;
}

/* Where the elements of a group begin. */
static int64_t K(begin_of)(const wgi_normal_shape *shape, int64_t group)
{
    return group / shape->groups * shape->space * shape->groups * shape->width +
           group % shape->groups * shape->width;
}

static wg_status K(normalize)(const wgi_args *args)
{
    const wgi_normal_shape shape = wgi_normal_shape_of(&args->in[0], args->attr);
    for (int64_t i = 0; i < args->out[1].count; i++) {
        const int64_t at = K(begin_of)(&shape, i);
        const K(patch) p = {.x = (const real *)args->in[0].data + at,
                            .space = shape.space,
                            .width = shape.width,
                            .step = shape.groups * shape.width};
        K(normalize_patch)(args, &p, i, (real *)args->out[0].data + at);
    }
    return WG_OK;
}

/* ---- backward ------------------------------------------------------------------------------ */

/* What one group's elements need, from its first element on. */
typedef struct K(back) {
    const real *x;
    const real *dy;
    const real *weight; /* of the group's first channel, or NULL */
    accum mean;
    accum rstd;
    wgi_normal_shape shape;
} K(back);

/* dy times weight, at a place of the space and a channel of the group. */
static accum K(weighted)(const K(back) * b, int64_t at, int64_t k)
{
    return (accum)b->dy[at] * (b->weight != NULL ? (accum)b->weight[k] : 1);
}

static accum K(normal)(const K(back) * b, int64_t at)
{
    return ((accum)b->x[at] - b->mean) * b->rstd;
}

/* dx = rstd (g - mean g - normal mean(g normal)), with g = dy weight. */
static void K(back_patch)(const K(back) * b, bool is_centered, real *dx)
{
    const int64_t step = b->shape.groups * b->shape.width;
    const accum n = (accum)(b->shape.space * b->shape.width);
    accum sum = 0;
    accum dot = 0;
    for (int64_t s = 0; s < b->shape.space; s++) {
        for (int64_t k = 0; k < b->shape.width; k++) {
            const accum g = K(weighted)(b, s * step + k, k);
            sum += g;
            dot += g * K(normal)(b, s * step + k);
        }
    }
    const accum mean = is_centered ? sum / n : 0;
    for (int64_t s = 0; s < b->shape.space; s++) {
        for (int64_t k = 0; k < b->shape.width; k++) {
            const int64_t at = s * step + k;
            const accum g = K(weighted)(b, at, k);
            dx[at] = (real)(b->rstd * (g - mean - K(normal)(b, at) * (dot / n)));
        }
    }
}

static K(back) K(back_of)(const wgi_args *args, const wgi_normal_shape *shape, int64_t group)
{
    const int64_t at = K(begin_of)(shape, group);
    const real *weight = args->n_in > 4 ? args->in[4].data : NULL;
    return (K(back)){
        .x = (const real *)args->in[0].data + at,
        .dy = (const real *)args->in[1].data + at,
        .weight = weight != NULL ? weight + group % shape->groups * shape->width : NULL,
        .mean = (accum)((const real *)args->in[2].data)[group],
        .rstd = (accum)((const real *)args->in[3].data)[group],
        .shape = *shape,
    };
}

/* The sums over all but the channels, of one channel. */
static void K(back_channel)(const wgi_args *args, const wgi_normal_shape *shape, int64_t channel)
{
    const int64_t step = shape->groups * shape->width;
    accum sum = 0;
    accum dot = 0;
    for (int64_t n = 0; n < shape->batch; n++) {
        const K(back) b = K(back_of)(args, shape, n * shape->groups + channel / shape->width);
        for (int64_t s = 0; s < shape->space; s++) {
            const int64_t at = s * step + channel % shape->width;
            sum += (accum)b.dy[at];
            dot += (accum)b.dy[at] * K(normal)(&b, at);
        }
    }
    ((real *)args->out[1].data)[channel] = (real)dot;
    ((real *)args->out[2].data)[channel] = (real)sum;
}

static wg_status K(normalize_backward)(const wgi_args *args)
{
    const wgi_normalize_attr *attr = args->attr;
    const wgi_normal_shape shape = wgi_normal_shape_of(&args->in[0], attr);
    for (int64_t i = 0; i < args->in[2].count; i++) {
        const K(back) b = K(back_of)(args, &shape, i);
        K(back_patch)
        (&b, attr->is_centered != 0, (real *)args->out[0].data + K(begin_of)(&shape, i));
    }
    for (int64_t c = 0; c < args->out[1].count; c++) {
        K(back_channel)(args, &shape, c);
    }
    return WG_OK;
}

#else

#include "ops/normalize.h"

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/reduce.h"
#include "ops/samples.h"

#include <math.h>

#define WGI_KERNEL_FILE "ops/normalize.c"
#include "ops/for_each_real.h"

/* ---- recording ---------------------------------------------------------------------------- */

wgi_draft wgi_normalization_draft(const wgi_normalization *n, wg_node *in)
{
    in[0] = n->x;
    in[1] = n->weight;
    in[2] = n->bias;
    const int32_t n_in = wgi_is_some(n->bias) ? 3 : wgi_is_some(n->weight) ? 2 : 1;
    return (wgi_draft){.op = WGI_OP_normalize,
                       .form = n->form,
                       .n_in = n_in,
                       .in = in,
                       .attr = &n->attr,
                       .numbers = &n->eps};
}

/* Ones of the shape that weights have; the attributes fit x. */
static wg_node ones_of(const wgi_normalization *n)
{
    wgi_view x;
    if (!wgi_view_of(n->x, &x)) {
        return n->weight;
    }
    int64_t dims[WG_MAX_RANK];
    const int32_t rank = (int32_t)n->attr.channel_axes;
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = x.dims[x.rank - rank + i];
    }
    return wg_full(n->x.graph, (wg_dtype)x.dtype, rank, dims, 1.0);
}

wg_node wgi_record_normalization(const wgi_normalization *n)
{
    wg_node in[3];
    wgi_draft draft = wgi_normalization_draft(n, in);
    if (!(n->eps >= 0.0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "eps must not be below 0: %g", n->eps);
    }
    const bool is_bias_alone = wgi_is_some(n->bias) && !wgi_is_some(n->weight);
    if (is_bias_alone && wg_is_valid(n->x) && wgi_is_floating((int)wg_node_dtype(n->x))) {
        in[1] = ones_of(n);
    }
    return wgi_record(&draft);
}

/* ---- shapes ------------------------------------------------------------------------------- */

/* The attributes fit x: "2 batch and 2 channel axes for rank 3 (x)", "3 groups of 4 channels". */
static wg_status check_attr(wgi_infer *q)
{
    const wgi_normalize_attr *attr = q->attr;
    const wgi_view *x = q->in;
    const int64_t rank = x->rank;
    if (attr->batch_axes < 0 || attr->batch_axes > rank || attr->channel_axes < 1 ||
        attr->channel_axes > rank - attr->batch_axes) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "%lld batch and %lld channel axes for rank %d (x)",
                              (long long)attr->batch_axes, (long long)attr->channel_axes,
                              (int)rank);
    }
    int64_t channels = 1;
    for (int64_t i = rank - attr->channel_axes; i < rank; i++) {
        channels *= x->dims[i];
    }
    if (attr->groups < 0 || (attr->groups == 0 ? channels != 0 : channels % attr->groups != 0)) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "%lld groups of %lld channels (x)",
                              (long long)attr->groups, (long long)channels);
    }
    return WG_OK;
}

/* Operand i has the dtype and the channels of x: "needs f32 [4]: f32 [3] (weight)". */
static wg_status check_channels(wgi_infer *q, int32_t i, const char *name)
{
    const wgi_normalize_attr *attr = q->attr;
    const wgi_view *x = q->in;
    const wgi_view *w = &q->in[i];
    const int32_t rank = (int32_t)attr->channel_axes;
    const int64_t *dims = x->dims + (x->rank - rank);
    if (w->dtype == x->dtype && wgi_same_shape(w->rank, w->dims, rank, dims)) {
        return WG_OK;
    }
    char want[WGI_SHAPE_TEXT];
    char have[WGI_SHAPE_TEXT];
    return wgi_infer_fail(q, w->dtype != x->dtype ? WG_ERR_DTYPE : WG_ERR_SHAPE,
                          "needs %s %s: %s %s (%s)", wg_dtype_name((wg_dtype)x->dtype),
                          wgi_shape_text(rank, dims, want, sizeof(want)),
                          wg_dtype_name((wg_dtype)w->dtype),
                          wgi_shape_text(w->rank, w->dims, have, sizeof(have)), name);
}

/* The shape of the means: x's batch axes and the groups; returns the rank. */
static int32_t moments_shape(const wgi_infer *q, int64_t *dims)
{
    const wgi_normalize_attr *attr = q->attr;
    const int32_t rank = (int32_t)attr->batch_axes;
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = q->in->dims[i];
    }
    dims[rank] = attr->groups;
    return rank + 1;
}

static wg_status infer(wgi_infer *q)
{
    int64_t dims[WG_MAX_RANK + 1];
    wg_status status = wgi_check_floating(q, 0);
    status = status != WG_OK ? status : check_attr(q);
    for (int32_t i = 1; status == WG_OK && i < q->n_in; i++) {
        status = check_channels(q, i, i == 1 ? "weight" : "bias");
    }
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    for (int32_t i = 1; status == WG_OK && i < 4; i++) {
        const int32_t rank = moments_shape(q, dims);
        status = wgi_infer_shape(q, i, q->in->dtype, rank, dims);
    }
    return status;
}

/* Operand i is like the given shape: "needs f32 [2, 3]: f32 [3, 2] (dy)". */
static wg_status check_like(wgi_infer *q, int32_t i, int32_t rank, const int64_t *dims)
{
    const wgi_view *v = &q->in[i];
    if (v->dtype == q->in->dtype && wgi_same_shape(v->rank, v->dims, rank, dims)) {
        return WG_OK;
    }
    char want[WGI_SHAPE_TEXT];
    char have[WGI_SHAPE_TEXT];
    return wgi_infer_fail(q, v->dtype != q->in->dtype ? WG_ERR_DTYPE : WG_ERR_SHAPE,
                          "needs %s %s: %s %s (%s)", wg_dtype_name((wg_dtype)q->in->dtype),
                          wgi_shape_text(rank, dims, want, sizeof(want)),
                          wg_dtype_name((wg_dtype)v->dtype),
                          wgi_shape_text(v->rank, v->dims, have, sizeof(have)), q->op->operands[i]);
}

static wg_status check_backward(wgi_infer *q)
{
    int64_t dims[WG_MAX_RANK + 1];
    wg_status status = wgi_check_floating(q, 0);
    status = status != WG_OK ? status : check_attr(q);
    status = status != WG_OK ? status : check_like(q, 1, q->in->rank, q->in->dims);
    for (int32_t i = 2; status == WG_OK && i < 4; i++) {
        const int32_t rank = moments_shape(q, dims);
        status = check_like(q, i, rank, dims);
    }
    if (status == WG_OK && q->n_in > 4) {
        status = check_channels(q, 4, "weight");
    }
    return status;
}

static wg_status infer_backward(wgi_infer *q)
{
    const wgi_normalize_attr *attr = q->attr;
    wg_status status = check_backward(q);
    status = status != WG_OK ? status : wgi_infer_like(q, 0, 0);
    const int32_t rank = (int32_t)attr->channel_axes;
    for (int32_t i = 1; status == WG_OK && i < 3; i++) {
        status = wgi_infer_shape(q, i, q->in->dtype, rank, q->in->dims + (q->in->rank - rank));
    }
    return status;
}

/* ---- simpler ops -------------------------------------------------------------------------- */

/* One rule on the way: x as [batch, space, groups, width]. */
typedef struct parts {
    wgi_normalize_attr attr;
    wgi_type type; /* of x */
    wgi_normal_shape shape;
    double one_over_n;
} parts;

/* The axes that a mean is taken over. */
static const int32_t over[] = {1, 3};
static const uint32_t over_set = 1u << 1 | 1u << 3;

static bool parts_of(const wgi_rule *rule, parts *p)
{
    wgi_view x;
    if (!wgi_view_of(rule->x[0], &x)) {
        return false;
    }
    p->attr = *(const wgi_normalize_attr *)rule->attr;
    p->shape = wgi_normal_shape_of(&x, &p->attr);
    const double n = (double)p->shape.space * (double)p->shape.width;
    p->one_over_n = n > 0 ? 1.0 / n : (double)INFINITY;
    return wgi_type_make(x.dtype, x.rank, x.dims, &p->type) == WG_OK;
}

/* A node of x's shape with four axes, and back. */
static wg_node spread_out(const parts *p, wg_node n)
{
    const int64_t dims[] = {p->shape.batch, p->shape.space, p->shape.groups, p->shape.width};
    return wg_reshape(n, 4, dims);
}

static wg_node fold_up(const parts *p, wg_node n)
{
    return wg_reshape(n, p->type.rank, p->type.dims);
}

/* The means and their like as [batch, 1, groups, 1], and back. */
static wg_node moments_out(const parts *p, wg_node n)
{
    const int64_t dims[] = {p->shape.batch, 1, p->shape.groups, 1};
    return wg_reshape(n, 4, dims);
}

static wg_node moments_back(const parts *p, wg_node n)
{
    int64_t dims[WG_MAX_RANK + 1];
    const int32_t rank = (int32_t)p->attr.batch_axes;
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = p->type.dims[i];
    }
    dims[rank] = p->attr.groups;
    return wg_reshape(n, rank + 1, dims);
}

/* The elements less their mean, or as they are. */
static wg_node centered(const parts *p, wg_node x4)
{
    const wgi_reduce_attr attr = {.axes = over_set};
    return p->attr.is_centered != 0 ? wgi_record_unary(WGI_OP_center, x4, &attr) : x4;
}

static void decompose(wgi_rule *rule)
{
    parts p;
    if (!parts_of(rule, &p)) {
        return;
    }
    const wg_node x4 = spread_out(&p, rule->x[0]);
    const wg_node part = centered(&p, x4);
    const wg_node variance = p.attr.is_centered != 0 ? wg_variance(x4, over, 2, 0, true)
                                                     : wg_mean(wg_square(x4), over, 2, true);
    const wgi_fill_attr scalar = {.dtype = p.type.dtype};
    const wgi_draft eps = {
        .op = WGI_OP_fill, .graph = rule->graph, .attr = &scalar, .number = rule->number};
    const wg_node rstd = wg_rsqrt(wg_add(variance, wgi_record(&eps)));
    const int64_t dims[] = {p.shape.batch, 1, p.shape.groups, 1};
    const wg_node mean = p.attr.is_centered != 0
                             ? wg_mean(x4, over, 2, true)
                             : wg_full(rule->graph, (wg_dtype)p.type.dtype, 4, dims, 0.0);
    wg_node y = fold_up(&p, wg_mul(part, rstd));
    y = rule->n_in > 1 ? wg_mul(y, rule->x[1]) : y;
    rule->result[0] = rule->n_in > 2 ? wg_add(y, rule->x[2]) : y;
    rule->result[1] = moments_back(&p, mean);
    rule->result[2] = moments_back(&p, rstd);
    rule->result[3] = moments_back(&p, variance);
}

/* Sums to the shape of the channels. */
static wg_node sum_to_channels(const parts *p, wg_node n)
{
    const int32_t rank = (int32_t)p->attr.channel_axes;
    return wg_sum_to(n, rank, p->type.dims + (p->type.rank - rank));
}

static void decompose_backward(wgi_rule *rule)
{
    parts p;
    if (!parts_of(rule, &p)) {
        return;
    }
    const wg_node dy = rule->x[1];
    const wg_node rstd = moments_out(&p, rule->x[3]);
    const wg_node apart = wg_sub(spread_out(&p, rule->x[0]), moments_out(&p, rule->x[2]));
    const wg_node normal = wg_mul(apart, rstd);
    const wg_node g = spread_out(&p, rule->n_in > 4 ? wg_mul(dy, rule->x[4]) : dy);
    const wg_node dot = wg_mean(wg_mul(g, normal), over, 2, true);
    wg_node dx = p.attr.is_centered != 0 ? wg_sub(g, wg_mean(g, over, 2, true)) : g;
    dx = wg_mul(rstd, wg_sub(dx, wg_mul(normal, dot)));
    rule->result[0] = fold_up(&p, dx);
    rule->result[1] = sum_to_channels(&p, wg_mul(dy, fold_up(&p, normal)));
    rule->result[2] = sum_to_channels(&p, dy);
}

/* ---- gradient ----------------------------------------------------------------------------- */

/* Adds what comes through output 0. */
static void pass_result(wgi_rule *rule, const parts *p)
{
    const wg_node in[] = {rule->x[0], rule->dy[0], rule->y[1], rule->y[2],
                          rule->n_in > 1 ? rule->x[1] : rule->x[0]};
    const wgi_draft draft = {.op = WGI_OP_normalize_backward,
                             .n_in = rule->n_in > 1 ? 5 : 4,
                             .in = in,
                             .attr = &p->attr};
    const wg_node dx = wgi_record(&draft);
    for (int32_t i = 0; i < rule->n_in; i++) {
        if (rule->wants[i]) {
            rule->dx[i] = i == 0 ? dx : wg_output(dx, i);
        }
    }
}

static wg_node add_some(wg_node a, wg_node b)
{
    return wgi_is_some(a) ? wg_add(a, b) : b;
}

/* Adds what comes through the other outputs: (2 d variance - rstd^3 d rstd) (x - mean) / n, and
 * d mean / n. */
static void pass_moments(wgi_rule *rule, const parts *p)
{
    wg_node factor = {NULL, 0, 0};
    if (wgi_is_some(rule->dy[2])) {
        const wg_node rstd = rule->y[2];
        const wg_node cube = wg_mul(wg_square(rstd), rstd);
        factor = wg_scale(wg_gate(rule->dy[2], cube), -p->one_over_n);
    }
    if (wgi_is_some(rule->dy[3])) {
        factor = add_some(factor, wg_scale(rule->dy[3], 2.0 * p->one_over_n));
    }
    if (wgi_is_some(factor)) {
        const wg_node part = centered(p, spread_out(p, rule->x[0]));
        const wg_node dx = fold_up(p, wg_gate(moments_out(p, factor), part));
        rule->dx[0] = add_some(rule->dx[0], dx);
    }
    if (wgi_is_some(rule->dy[1]) && p->attr.is_centered != 0) {
        const wg_node share = moments_out(p, wg_scale(rule->dy[1], p->one_over_n));
        const int64_t dims[] = {p->shape.batch, p->shape.space, p->shape.groups, p->shape.width};
        rule->dx[0] = add_some(rule->dx[0], fold_up(p, wg_broadcast_to(share, 4, dims)));
    }
}

static void gradient(wgi_rule *rule)
{
    parts p;
    if (!parts_of(rule, &p)) {
        return;
    }
    if (wgi_is_some(rule->dy[0])) {
        pass_result(rule, &p);
    }
    if (rule->wants[0]) {
        pass_moments(rule, &p);
    }
}

/* ---- samples ------------------------------------------------------------------------------ */

static wg_node normalize(wgi_normalize_attr attr, const wg_node *in, int32_t n, double eps)
{
    const wgi_draft draft = {
        .op = WGI_OP_normalize, .n_in = n, .in = in, .attr = &attr, .numbers = &eps};
    return wgi_record(&draft);
}

static wg_node backward(wgi_normalize_attr attr, const wg_node *in, int32_t n)
{
    const wgi_draft draft = {.op = WGI_OP_normalize_backward, .n_in = n, .in = in, .attr = &attr};
    return wgi_record(&draft);
}

/* Rows, whole tensors along their last axis, and groups of channels. */
#define ROWS ((wgi_normalize_attr){1, 1, 1, 1})
#define ROWS_PLAIN ((wgi_normalize_attr){1, 1, 1, 0})
#define LAST_TWO ((wgi_normalize_attr){1, 2, 1, 1})
#define COLUMNS ((wgi_normalize_attr){0, 1, 3, 1})
#define GROUPS ((wgi_normalize_attr){1, 1, 2, 1})
#define GROUPS_PLAIN ((wgi_normalize_attr){1, 1, 2, 0})

/* A result that every output has a part in. */
static wg_node weigh_all(wg_node y)
{
    const wg_node moments = wg_mul(wg_add(wg_output(y, 1), wg_output(y, 2)), wg_output(y, 3));
    return wg_mul(wg_sum_all(wg_mul(y, y)), wg_sum_all(moments));
}

static wg_node weigh_three(wg_node dx)
{
    const wg_node sums = wg_mul(wg_output(dx, 1), wg_output(dx, 2));
    return wg_mul(wg_sum_all(wg_mul(dx, dx)), wg_sum_all(sums));
}

WGI_BUILD_UNTOLD(rows, normalize(ROWS, in, 1, 1e-5))
WGI_BUILD_UNTOLD(rows_weight, normalize(ROWS, in, 2, 1e-5))
WGI_BUILD_UNTOLD(rows_both, normalize(ROWS, in, 3, 0.25))
WGI_BUILD_UNTOLD(rows_plain, normalize(ROWS_PLAIN, in, 2, 1e-5))
WGI_BUILD_UNTOLD(last_two, normalize(LAST_TWO, in, 3, 1e-5))
WGI_BUILD_UNTOLD(columns, normalize(COLUMNS, in, 3, 1e-5))
WGI_BUILD_UNTOLD(groups, normalize(GROUPS, in, 3, 1e-5))
WGI_BUILD_UNTOLD(all_outputs, weigh_all(normalize(ROWS, in, 2, 1e-2)))
WGI_BUILD_UNTOLD(all_outputs_plain, weigh_all(normalize(ROWS_PLAIN, in, 2, 1e-2)))
WGI_BUILD_UNTOLD(all_outputs_groups, weigh_all(normalize(GROUPS, in, 1, 1e-2)))

#define N2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define N1(i) WGI_IN_1(i, WGI_NORMAL)

static const wgi_sample samples[] = {
    WGI_GOOD_UNTOLD("rows", rows, 1, N2(3, 5)),
    WGI_GOOD_UNTOLD("rows, weight", rows_weight, 2, N2(3, 5), N1(5)),
    WGI_GOOD_UNTOLD("rows, weight and bias", rows_both, 3, N2(3, 5), N1(5), N1(5)),
    WGI_GOOD_UNTOLD("rows, not centered", rows_plain, 2, N2(3, 5), N1(5)),
    WGI_GOOD_UNTOLD("last two axes", last_two, 3, WGI_IN_3(2, 3, 4, WGI_NORMAL), N2(3, 4),
                    N2(3, 4)),
    WGI_GOOD_UNTOLD("columns", columns, 3, N2(7, 3), N1(3), N1(3)),
    WGI_GOOD_UNTOLD("columns of images", columns, 3, WGI_IN_4(2, 2, 3, 3, WGI_NORMAL), N1(3),
                    N1(3)),
    WGI_GOOD_UNTOLD("groups", groups, 3, WGI_IN_3(2, 3, 4, WGI_NORMAL), N1(4), N1(4)),
    WGI_GOOD_UNTOLD("rows of 1", rows_both, 3, N2(3, 1), N1(1), N1(1)),
    WGI_GOOD_UNTOLD("no rows", rows_both, 3, N2(0, 3), N1(3), N1(3)),
    WGI_GOOD_UNTOLD("empty rows", rows_both, 3, N2(3, 0), N1(0), N1(0)),
    WGI_GOOD_UNTOLD("constant rows", rows_both, 3, WGI_IN_2(2, 3, WGI_ZEROS), N1(3), N1(3)),
    WGI_GOOD_UNTOLD("wide", rows_both, 3, N2(2, 70), N1(70), N1(70)),
    WGI_GOOD_UNTOLD("all outputs", all_outputs, 2, N2(3, 4), N1(4)),
    WGI_GOOD_UNTOLD("all outputs, not centered", all_outputs_plain, 2, N2(3, 4), N1(4)),
    WGI_GOOD_UNTOLD("all outputs of groups", all_outputs_groups, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
};

WGI_BUILD_UNTOLD(three_groups, normalize((wgi_normalize_attr){1, 1, 3, 1}, in, 1, 1e-5))

#define BAD(title, function, code, message, n, ...)                                                \
    {                                                                                              \
        .name = (title), .n_in = (n), .in = {__VA_ARGS__}, .build = (function), .status = (code),  \
        .error = (message)                                                                         \
    }

static const wgi_sample bad[] = {
    BAD("rank", last_two, WG_ERR_SHAPE, "normalize: 1 batch and 2 channel axes for rank 2 (x)", 3,
        N2(3, 4), N2(3, 4), N2(3, 4)),
    BAD("groups", three_groups, WG_ERR_SHAPE, "normalize: 3 groups of 4 channels (x)", 1, N2(2, 4)),
    BAD("dtype", rows, WG_ERR_DTYPE, "normalize: needs a floating dtype: i64 (x)", 1,
        WGI_IN_TYPED(3, WG_I64, 4)),
    BAD("bias", rows_both, WG_ERR_SHAPE, "normalize: needs f32 [5]: f32 [4] (bias)", 3,
        {.rank = 2, .dims = {3, 5}, .dtype = WG_F32}, {.rank = 1, .dims = {5}, .dtype = WG_F32},
        {.rank = 1, .dims = {4}, .dtype = WG_F32}),
};

WGI_BUILD_UNTOLD(back_rows, weigh_three(backward(ROWS, in, 4)))
WGI_BUILD_UNTOLD(back_rows_weight, weigh_three(backward(ROWS, in, 5)))
WGI_BUILD_UNTOLD(back_rows_plain, weigh_three(backward(ROWS_PLAIN, in, 5)))
WGI_BUILD_UNTOLD(back_columns, weigh_three(backward(COLUMNS, in, 5)))
WGI_BUILD_UNTOLD(back_groups, weigh_three(backward(GROUPS, in, 5)))
WGI_BUILD_UNTOLD(back_groups_plain, weigh_three(backward(GROUPS_PLAIN, in, 5)))
WGI_BUILD_UNTOLD(back_x, backward(ROWS, in, 5))
WGI_BUILD_UNTOLD(back_groups_x, backward(GROUPS, in, 5))
WGI_BUILD_UNTOLD(back_weight, wg_output(backward(ROWS, in, 5), 1))
WGI_BUILD_UNTOLD(back_bias, wg_output(backward(COLUMNS, in, 5), 2))

#define POSITIVE2(i, j) WGI_IN_2(i, j, WGI_POSITIVE)

static const wgi_sample backward_samples[] = {
    WGI_GOOD_UNTOLD("rows", back_rows, 4, N2(3, 5), N2(3, 5), N2(3, 1), POSITIVE2(3, 1)),
    WGI_GOOD_UNTOLD("rows, weight", back_rows_weight, 5, N2(3, 5), N2(3, 5), N2(3, 1),
                    POSITIVE2(3, 1), N1(5)),
    WGI_GOOD_UNTOLD("rows, not centered", back_rows_plain, 5, N2(3, 5), N2(3, 5), N2(3, 1),
                    POSITIVE2(3, 1), N1(5)),
    WGI_GOOD_UNTOLD("columns", back_columns, 5, N2(4, 3), N2(4, 3), N1(3),
                    WGI_IN_1(3, WGI_POSITIVE), N1(3)),
    WGI_GOOD_UNTOLD("groups", back_groups, 5, WGI_IN_3(2, 3, 4, WGI_NORMAL),
                    WGI_IN_3(2, 3, 4, WGI_NORMAL), N2(2, 2), POSITIVE2(2, 2), N1(4)),
    WGI_GOOD_UNTOLD("groups, not centered", back_groups_plain, 5, WGI_IN_3(2, 3, 4, WGI_NORMAL),
                    WGI_IN_3(2, 3, 4, WGI_NORMAL), N2(2, 2), POSITIVE2(2, 2), N1(4)),
    WGI_GOOD_UNTOLD("to x", back_x, 5, N2(2, 70), N2(2, 70), N2(2, 1), POSITIVE2(2, 1), N1(70)),
    WGI_GOOD_UNTOLD("groups to x", back_groups_x, 5, WGI_IN_3(2, 3, 4, WGI_NORMAL),
                    WGI_IN_3(2, 3, 4, WGI_NORMAL), N2(2, 2), POSITIVE2(2, 2), N1(4)),
    WGI_GOOD_UNTOLD("to weight", back_weight, 5, N2(3, 5), N2(3, 5), N2(3, 1), POSITIVE2(3, 1),
                    N1(5)),
    WGI_GOOD_UNTOLD("to bias", back_bias, 5, N2(4, 3), N2(4, 3), N1(3), WGI_IN_1(3, WGI_POSITIVE),
                    N1(3)),
    WGI_GOOD_UNTOLD("no rows", back_weight, 5, N2(0, 5), N2(0, 5), N2(0, 1), POSITIVE2(0, 1),
                    N1(5)),
    WGI_GOOD_UNTOLD("rows of 1", back_rows_weight, 5, N2(3, 1), N2(3, 1), N2(3, 1), POSITIVE2(3, 1),
                    N1(1)),
    WGI_GOOD_UNTOLD("empty rows", back_x, 5, N2(3, 0), N2(3, 0), N2(3, 1), POSITIVE2(3, 1), N1(0)),
};

static const wgi_sample backward_bad[] = {
    BAD("dy", back_rows, WG_ERR_SHAPE, "normalize_backward: needs f32 [3, 5]: f32 [3, 4] (dy)", 4,
        {.rank = 2, .dims = {3, 5}, .dtype = WG_F32}, {.rank = 2, .dims = {3, 4}, .dtype = WG_F32},
        {.rank = 2, .dims = {3, 1}, .dtype = WG_F32}, {.rank = 2, .dims = {3, 1}, .dtype = WG_F32}),
    BAD("mean", back_rows, WG_ERR_SHAPE, "normalize_backward: needs f32 [3, 1]: f32 [3] (mean)", 4,
        {.rank = 2, .dims = {3, 5}, .dtype = WG_F32}, {.rank = 2, .dims = {3, 5}, .dtype = WG_F32},
        {.rank = 1, .dims = {3}, .dtype = WG_F32}, {.rank = 2, .dims = {3, 1}, .dtype = WG_F32}),
};

/* ---- rows --------------------------------------------------------------------------------- */

#define ATTRIBUTE(member)                                                                          \
    {                                                                                              \
        .name = #member, .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_normalize_attr, member) \
    }

static const wgi_attribute attributes[] = {
    ATTRIBUTE(batch_axes),
    ATTRIBUTE(channel_axes),
    ATTRIBUTE(groups),
    {.name = "is_centered",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .integer = 1,
     .place = WGI_AT_I64(wgi_normalize_attr, is_centered)},
    {.name = "eps",
     .kind = WGI_ATTR_REAL,
     .is_optional = true,
     .real = 1e-5,
     .place = WGI_AT_NUMBER(0)},
};

static wgi_normalize_attr attr_of(const wgi_call *c)
{
    return (wgi_normalize_attr){.batch_axes = wgi_call_integer(c, 0),
                                .channel_axes = wgi_call_integer(c, 1),
                                .groups = wgi_call_integer(c, 2),
                                .is_centered = wgi_call_flag(c, 3)};
}

WGI_CALL(call_normalize, normalize(attr_of(c), c->in, c->n_in, wgi_call_real(c, 4)))
WGI_CALL(call_backward, backward(attr_of(c), c->in, c->n_in))

const wgi_op wgi_op_normalize = {
    .name = "normalize",
    .min_in = 1,
    .max_in = 3,
    .n_out = 4,
    .n_numbers = 1,
    .attr_bytes = sizeof(wgi_normalize_attr),
    .operands = {"x", "weight", "bias"},
    .infer = infer,
    .gradient = gradient,
    .decompose = decompose,
    .reference = {WGI_REALS(normalize)},
    .call = call_normalize,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

const wgi_op wgi_op_normalize_backward = {
    .name = "normalize_backward",
    .min_in = 4,
    .max_in = 5,
    .n_out = 3,
    .attr_bytes = sizeof(wgi_normalize_attr),
    .operands = {"x", "dy", "mean", "rstd"},
    .infer = infer_backward,
    .decompose = decompose_backward,
    .reference = {WGI_REALS(normalize_backward)},
    .call = call_backward,
    .attributes = attributes,
    .n_attributes = 4,
    WGI_SAMPLES(backward_samples, backward_bad),
};

#endif
