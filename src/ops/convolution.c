/* convolution, and its adjoints: convolution_data to the image, convolution_weights to the kernel.
 * SPDX-License-Identifier: Apache-2.0
 *
 * y[n, i, j, o] = bias[o] + sum over (k, l, c) of x[n, i s + k d - before, j s + l d - before, c]
 * w[o, c, k, l], where c runs over the channels of o's group.
 *
 * Invariant: the three have the same attributes and the same triples of an element of x, one of w
 * and one of y, each triple's product counted once; an element outside x is in no triple, so that
 * padding never meets an infinity of w. Sums are added up in `accum` in the order of the loops:
 * over (k, l, c), over (k, l, o), over (n, i, j); a bias last. */
#if defined(WGI_REAL_PASS)

/* One element of y, without its bias. */
static accum K(sum_of_place)(const frame *f, const real *x, const real *w, const int64_t at[3])
{
    const wgi_convolution_attr *a = f->attr;
    const int64_t first = at[2] / f->group_out * f->group_in;
    accum sum = 0;
    for (int64_t k = 0; k < a->kernel[0]; k++) {
        for (int64_t l = 0; l < a->kernel[1]; l++) {
            const int64_t i = element_under(a, 0, at[0], k);
            const int64_t j = element_under(a, 1, at[1], l);
            if (i < 0 || j < 0) {
                continue;
            }
            const real *from = x + (i * a->input[1] + j) * f->channels + first;
            for (int64_t c = 0; c < f->group_in; c++) {
                sum += (accum)from[c] * (accum)w[weight_at(f, at[2], c, k, l)];
            }
        }
    }
    return sum;
}

static wg_status K(convolution)(const wgi_args *args)
{
    const frame f = frame_of(args, &args->in[0], &args->out[0]);
    const real *x = args->in[0].data;
    const real *bias = args->n_in == 3 ? args->in[2].data : NULL;
    real *y = args->out[0].data;
    for (int64_t e = 0; e < args->out[0].count; e++) {
        const int64_t o = e % f.filters;
        const int64_t at[] = {e / f.filters / f.places[1] % f.places[0],
                              e / f.filters % f.places[1], o};
        const int64_t n = e / f.filters / f.places[1] / f.places[0];
        const accum sum = K(sum_of_place)(&f, x + n * f.image, args->in[1].data, at);
        y[e] = (real)(bias != NULL ? sum + (accum)bias[o] : sum);
    }
    return WG_OK;
}

/* One element of dx. */
static accum K(sum_of_element)(const frame *f, const real *dy, const real *w, const int64_t at[3])
{
    const wgi_convolution_attr *a = f->attr;
    const int64_t first = at[2] / f->group_in * f->group_out;
    const int64_t c = at[2] % f->group_in;
    accum sum = 0;
    for (int64_t k = 0; k < a->kernel[0]; k++) {
        for (int64_t l = 0; l < a->kernel[1]; l++) {
            const int64_t i = place_over(f, 0, at[0], k);
            const int64_t j = place_over(f, 1, at[1], l);
            if (i < 0 || j < 0) {
                continue;
            }
            const real *from = dy + (i * f->places[1] + j) * f->filters;
            for (int64_t o = first; o < first + f->group_out; o++) {
                sum += (accum)from[o] * (accum)w[weight_at(f, o, c, k, l)];
            }
        }
    }
    return sum;
}

static wg_status K(data)(const wgi_args *args)
{
    const frame f = frame_of(args, &args->out[0], &args->in[0]);
    const real *dy = args->in[0].data;
    const int64_t *size = f.attr->input;
    real *dx = args->out[0].data;
    for (int64_t e = 0; e < args->out[0].count; e++) {
        const int64_t at[] = {e / f.channels / size[1] % size[0], e / f.channels % size[1],
                              e % f.channels};
        const int64_t n = e / f.channels / size[1] / size[0];
        dx[e] = (real)K(sum_of_element)(&f, dy + n * f.result, args->in[1].data, at);
    }
    return WG_OK;
}

/* One element of dw, (o, c, k, l), c counted from the first of all channels. */
static accum K(sum_of_weight)(const frame *f, const wgi_view *in, const int64_t at[4])
{
    const real *x = in[0].data;
    const real *dy = in[1].data;
    const wgi_convolution_attr *a = f->attr;
    accum sum = 0;
    for (int64_t p = 0; p < f->n * f->places[0] * f->places[1]; p++) {
        const int64_t n = p / f->places[1] / f->places[0];
        const int64_t i = element_under(a, 0, p / f->places[1] % f->places[0], at[2]);
        const int64_t j = element_under(a, 1, p % f->places[1], at[3]);
        if (i >= 0 && j >= 0) {
            const real *from = x + n * f->image + (i * a->input[1] + j) * f->channels;
            sum += (accum)from[at[1]] * (accum)dy[p * f->filters + at[0]];
        }
    }
    return sum;
}

static wg_status K(weights)(const wgi_args *args)
{
    const frame f = frame_of(args, &args->in[0], &args->in[1]);
    const int64_t *kernel = f.attr->kernel;
    real *dw = args->out[0].data;
    for (int64_t e = 0; e < args->out[0].count; e++) {
        const int64_t row = e / kernel[1] / kernel[0];
        const int64_t o = row / f.group_in;
        const int64_t at[] = {o, o / f.group_out * f.group_in + row % f.group_in,
                              e / kernel[1] % kernel[0], e % kernel[1]};
        dw[e] = (real)K(sum_of_weight)(&f, args->in, at);
    }
    return WG_OK;
}

#else

#include "ops/convolution.h"

#include <stdio.h>

#include "core/checked.h"
#include "ops/call.h"
#include "ops/samples.h"
#include "ops/support.h"

/* ---- sizes -------------------------------------------------------------------------------- */

wgi_side wgi_side_of(const wgi_convolution_attr *attr, int32_t i)
{
    return (wgi_side){
        .size = attr->input[i],
        .kernel = attr->kernel[i],
        .stride = attr->stride[i],
        .dilation = attr->dilation[i],
        .before = attr->before[i],
        .after = attr->after[i],
    };
}

static wg_status too_small(const char *what, int64_t value, int64_t least, const wgi_side *side,
                           char *text)
{
    if (value >= least) {
        return WG_OK;
    }
    (void)snprintf(text, WGI_CONVOLUTION_TEXT, "%s %lld is less than %lld (%s)", what,
                   (long long)value, (long long)least, side->name);
    return WG_ERR_RANGE;
}

static wg_status too_large(const wgi_side *side, char *text)
{
    (void)snprintf(text, WGI_CONVOLUTION_TEXT, "the padded %s has too many elements", side->name);
    return WG_ERR_OVERFLOW;
}

wg_status wgi_side_reach(const wgi_side *side, int64_t *reach, char text[WGI_CONVOLUTION_TEXT])
{
    const struct {
        const char *what;
        int64_t value;
        int64_t least;
    } numbers[] = {
        {"kernel", side->kernel, 1},  {"stride", side->stride, 1}, {"dilation", side->dilation, 1},
        {"padding", side->before, 0}, {"padding", side->after, 0}, {"size", side->size, 0},
    };
    wg_status status = WG_OK;
    for (int32_t i = 0; i < WGI_COUNT(numbers) && status == WG_OK; i++) {
        status = too_small(numbers[i].what, numbers[i].value, numbers[i].least, side, text);
    }
    if (status == WG_OK &&
        (!wgi_dim_mul(side->dilation, side->kernel - 1, reach) || !wgi_dim_add(*reach, 1, reach))) {
        status = too_large(side, text);
    }
    return status;
}

wg_status wgi_side_places(const wgi_side *side, int64_t *places, char text[WGI_CONVOLUTION_TEXT])
{
    int64_t reach = 0;
    int64_t padded = 0;
    const wg_status status = wgi_side_reach(side, &reach, text);
    if (status != WG_OK) {
        return status;
    }
    if (!wgi_dim_add(side->size, side->before, &padded) ||
        !wgi_dim_add(padded, side->after, &padded)) {
        return too_large(side, text);
    }
    if (reach > padded) {
        (void)snprintf(text, WGI_CONVOLUTION_TEXT,
                       "%skernel %lld does not fit the padded %s %lld (%s)",
                       side->dilation > 1 ? "dilated " : "", (long long)reach, side->name,
                       (long long)padded, side->where);
        return WG_ERR_SHAPE;
    }
    *places = (padded - reach) / side->stride + 1;
    return WG_OK;
}

/* ---- kernels ------------------------------------------------------------------------------ */

/* What the kernels go by; all sizes are those of the views. */
typedef struct frame {
    const wgi_convolution_attr *attr;
    int64_t n;
    int64_t places[2];
    int64_t channels;
    int64_t filters;
    int64_t group_in;  /* channels of a group; */
    int64_t group_out; /* filters of a group */
    int64_t image;     /* elements of one image of x and of y */
    int64_t result;
} frame;

static frame frame_of(const wgi_args *args, const wgi_view *x, const wgi_view *y)
{
    const wgi_convolution_attr *attr = args->attr;
    return (frame){
        .attr = attr,
        .n = x->dims[0],
        .places = {y->dims[1], y->dims[2]},
        .channels = x->dims[3],
        .filters = y->dims[3],
        .group_in = x->dims[3] / attr->groups,
        .group_out = y->dims[3] / attr->groups,
        .image = x->dims[1] * x->dims[2] * x->dims[3],
        .result = y->dims[1] * y->dims[2] * y->dims[3],
    };
}

/* Where along a side element k of the kernel lies when the kernel is at a place; -1: in the
 * padding. */
static inline int64_t element_under(const wgi_convolution_attr *a, int32_t side, int64_t place,
                                    int64_t k)
{
    const int64_t i = place * a->stride[side] + k * a->dilation[side] - a->before[side];
    return i < a->input[side] ? i : -1;
}

/* The place at which element k of the kernel lies on element i; negative: there is none. */
static inline int64_t place_over(const frame *f, int32_t side, int64_t i, int64_t k)
{
    const wgi_convolution_attr *a = f->attr;
    const int64_t from = i + a->before[side] - k * a->dilation[side];
    const bool is_place = from >= 0 && from % a->stride[side] == 0;
    const int64_t place = is_place ? from / a->stride[side] : -1;
    return place < f->places[side] ? place : -1;
}

/* The element of the kernel; c counts the channels of o's group. */
static inline int64_t weight_at(const frame *f, int64_t o, int64_t c, int64_t k, int64_t l)
{
    const int64_t *kernel = f->attr->kernel;
    return ((o * f->group_in + c) * kernel[0] + k) * kernel[1] + l;
}

#define WGI_KERNEL_FILE "ops/convolution.c"
#include "ops/for_each_real.h"

/* A product and a sum for each triple, those of the padding counted as well. */
static double flops_of(const wgi_view *y, const wgi_view *w)
{
    return 2.0 * (double)y->count * (double)(w->dims[1] * w->dims[2] * w->dims[3]);
}

static double flops_convolution(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)attr;
    return flops_of(&out[0], &in[1]);
}

static double flops_data(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)attr;
    (void)out;
    return flops_of(&in[0], &in[1]);
}

static double flops_weights(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)attr;
    return flops_of(&in[1], &out[0]);
}

/* ---- shape rules -------------------------------------------------------------------------- */

/* Operands 0 and 1 are of one floating dtype and rank 4. */
static wg_status check_operands(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    for (int32_t i = 1; i < q->n_in && status == WG_OK; i++) {
        status = wgi_check_same_dtype(q, 0, i);
    }
    for (int32_t i = 0; i < q->n_in && status == WG_OK; i++) {
        const int32_t rank = i == 2 ? 1 : 4;
        if (q->in[i].rank != rank) {
            status = wgi_infer_fail(q, WG_ERR_SHAPE, "needs rank %d: %d (%s)", (int)rank,
                                    (int)q->in[i].rank, q->op->operands[i]);
        }
    }
    return status;
}

static wg_status check_size(wgi_infer *q, int32_t i, int32_t axis, int64_t size)
{
    if (q->in[i].dims[axis] == size) {
        return WG_OK;
    }
    return wgi_infer_fail(q, WG_ERR_SHAPE, "needs size %lld: %lld (%s, axis %d)", (long long)size,
                          (long long)q->in[i].dims[axis], q->op->operands[i], (int)axis);
}

/* Axes first and first + 1 of operand i have two sizes. */
static wg_status check_pair(wgi_infer *q, int32_t i, int32_t first, const int64_t size[2])
{
    const wg_status status = check_size(q, i, first, size[0]);
    return status == WG_OK ? check_size(q, i, first + 1, size[1]) : status;
}

static wg_status check_sides(wgi_infer *q, const char *const where[2], int64_t places[2])
{
    static const char *const names[] = {"height", "width"};
    char text[WGI_CONVOLUTION_TEXT];
    wg_status status = WG_OK;
    for (int32_t i = 0; i < 2 && status == WG_OK; i++) {
        wgi_side side = wgi_side_of(q->attr, i);
        side.name = names[i];
        side.where = where[i];
        status = wgi_side_places(&side, &places[i], text);
        if (status != WG_OK) {
            return wgi_infer_fail(q, status, "%s", text);
        }
    }
    return status;
}

/* Axis `axis` of operand i, channels or filters, falls into the groups. */
static wg_status check_groups(wgi_infer *q, int32_t i, int32_t axis)
{
    const wgi_convolution_attr *attr = q->attr;
    if (attr->groups < 1) {
        return wgi_infer_fail(q, WG_ERR_RANGE, "groups %lld is less than 1",
                              (long long)attr->groups);
    }
    if (q->in[i].dims[axis] % attr->groups != 0) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "%lld groups do not divide size %lld (%s, axis %d)",
                              (long long)attr->groups, (long long)q->in[i].dims[axis],
                              q->op->operands[i], (int)axis);
    }
    return WG_OK;
}

static const char *const of_x[] = {"x, axis 1", "x, axis 2"};
static const char *const of_input[] = {"input_h", "input_w"};

static wg_status infer_convolution(wgi_infer *q)
{
    const wgi_convolution_attr *attr = q->attr;
    const wgi_view *x = &q->in[0];
    const wgi_view *w = &q->in[1];
    int64_t places[2] = {0, 0};
    wg_status status = check_operands(q);
    status = status == WG_OK ? check_pair(q, 0, 1, attr->input) : status;
    status = status == WG_OK ? check_pair(q, 1, 2, attr->kernel) : status;
    status = status == WG_OK ? check_sides(q, of_x, places) : status;
    status = status == WG_OK ? check_groups(q, 0, 3) : status;
    status = status == WG_OK ? check_groups(q, 1, 0) : status;
    status = status == WG_OK ? check_size(q, 1, 1, x->dims[3] / attr->groups) : status;
    if (status == WG_OK && q->n_in == 3) {
        status = check_size(q, 2, 0, w->dims[0]);
    }
    const int64_t dims[] = {x->dims[0], places[0], places[1], w->dims[0]};
    return status == WG_OK ? wgi_infer_shape(q, 0, x->dtype, 4, dims) : status;
}

static wg_status infer_data(wgi_infer *q)
{
    const wgi_convolution_attr *attr = q->attr;
    const wgi_view *dy = &q->in[0];
    const wgi_view *w = &q->in[1];
    int64_t places[2] = {0, 0};
    int64_t channels = 0;
    wg_status status = check_operands(q);
    status = status == WG_OK ? check_sides(q, of_input, places) : status;
    status = status == WG_OK ? check_pair(q, 0, 1, places) : status;
    status = status == WG_OK ? check_pair(q, 1, 2, attr->kernel) : status;
    status = status == WG_OK ? check_groups(q, 1, 0) : status;
    status = status == WG_OK ? check_size(q, 0, 3, w->dims[0]) : status;
    if (status == WG_OK && !wgi_dim_mul(w->dims[1], attr->groups, &channels)) {
        status = wgi_infer_fail(q, WG_ERR_OVERFLOW, "the result has too many elements");
    }
    const int64_t dims[] = {dy->dims[0], attr->input[0], attr->input[1], channels};
    return status == WG_OK ? wgi_infer_shape(q, 0, dy->dtype, 4, dims) : status;
}

static wg_status infer_weights(wgi_infer *q)
{
    const wgi_convolution_attr *attr = q->attr;
    const wgi_view *x = &q->in[0];
    const wgi_view *dy = &q->in[1];
    int64_t places[2] = {0, 0};
    wg_status status = check_operands(q);
    status = status == WG_OK ? check_pair(q, 0, 1, attr->input) : status;
    status = status == WG_OK ? check_sides(q, of_x, places) : status;
    status = status == WG_OK ? check_size(q, 1, 0, x->dims[0]) : status;
    status = status == WG_OK ? check_pair(q, 1, 1, places) : status;
    status = status == WG_OK ? check_groups(q, 0, 3) : status;
    status = status == WG_OK ? check_groups(q, 1, 3) : status;
    if (status != WG_OK) {
        return status;
    }
    const int64_t dims[] = {dy->dims[3], x->dims[3] / attr->groups, attr->kernel[0],
                            attr->kernel[1]};
    return wgi_infer_shape(q, 0, x->dtype, 4, dims);
}

/* ---- gradients ---------------------------------------------------------------------------- */

wg_node wgi_convolution(wg_node x, wg_node w, wg_node bias, const wgi_convolution_attr *attr)
{
    const wg_node in[] = {x, w, bias};
    const wgi_draft draft = {
        .op = WGI_OP_convolution, .n_in = wgi_is_some(bias) ? 3 : 2, .in = in, .attr = attr};
    return wgi_record(&draft);
}

wg_node wgi_convolution_data(wg_node dy, wg_node w, const wgi_convolution_attr *attr)
{
    return wgi_record_binary(WGI_OP_convolution_data, dy, w, attr);
}

static wg_node weights_of(wg_node x, wg_node dy, const wgi_convolution_attr *attr)
{
    return wgi_record_binary(WGI_OP_convolution_weights, x, dy, attr);
}

static wg_node without_bias(wg_node x, wg_node w, const wgi_convolution_attr *attr)
{
    return wgi_record_binary(WGI_OP_convolution, x, w, attr);
}

static void gradient_convolution(wgi_rule *rule)
{
    static const int32_t all_but_filters[] = {0, 1, 2};
    const wgi_convolution_attr attr = *(const wgi_convolution_attr *)rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = wgi_convolution_data(rule->dy[0], rule->x[1], &attr);
    }
    if (rule->wants[1]) {
        rule->dx[1] = weights_of(rule->x[0], rule->dy[0], &attr);
    }
    if (rule->n_in == 3 && rule->wants[2]) {
        rule->dx[2] = wg_sum(rule->dy[0], all_but_filters, 3, false);
    }
}

static void gradient_data(wgi_rule *rule)
{
    const wgi_convolution_attr attr = *(const wgi_convolution_attr *)rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = without_bias(rule->dy[0], rule->x[1], &attr);
    }
    if (rule->wants[1]) {
        rule->dx[1] = weights_of(rule->dy[0], rule->x[0], &attr);
    }
}

static void gradient_weights(wgi_rule *rule)
{
    const wgi_convolution_attr attr = *(const wgi_convolution_attr *)rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = wgi_convolution_data(rule->x[1], rule->dy[0], &attr);
    }
    if (rule->wants[1]) {
        rule->dx[1] = without_bias(rule->x[0], rule->dy[0], &attr);
    }
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Attributes by pairs: the image's size, the kernel, stride, dilation, padding before and after. */
#define P(a, b)                                                                                    \
    {                                                                                              \
        (a), (b)                                                                                   \
    }
#define ATTR(size, by, strides, dilations, first, last, n)                                         \
    (&(const wgi_convolution_attr){.input = size,                                                  \
                                   .kernel = by,                                                   \
                                   .stride = strides,                                              \
                                   .dilation = dilations,                                          \
                                   .before = first,                                                \
                                   .after = last,                                                  \
                                   .groups = (n)})
#define ONES P(1, 1)
#define NONE P(0, 0)

#define PLAIN ATTR(P(4, 5), P(3, 2), ONES, ONES, NONE, NONE, 1)
#define UNEVEN ATTR(P(4, 5), P(3, 2), ONES, ONES, P(2, 0), P(1, 3), 1)
#define STRIDED ATTR(P(6, 5), P(3, 2), P(3, 2), ONES, P(1, 1), P(0, 1), 1)
#define DILATED ATTR(P(6, 7), P(2, 3), ONES, P(3, 2), P(1, 2), NONE, 1)
#define ALL ATTR(P(5, 6), P(2, 3), P(2, 3), P(2, 1), P(1, 2), P(2, 1), 1)
#define GROUPED ATTR(P(4, 3), P(2, 2), ONES, ONES, NONE, P(1, 0), 2)
#define DEPTHWISE ATTR(P(4, 4), P(3, 3), ONES, ONES, P(1, 1), P(1, 1), 3)
#define POINT ATTR(P(3, 2), P(1, 1), ONES, ONES, NONE, NONE, 1)
#define BORDER ATTR(P(0, 2), P(2, 1), ONES, ONES, P(1, 0), P(2, 0), 1)
#define WIDE_STRIDE ATTR(P(5, 5), P(1, 2), P(3, 4), ONES, P(0, 1), NONE, 1)
#define STRIDE_0 ATTR(P(4, 5), P(3, 2), P(0, 1), ONES, NONE, NONE, 1)
#define DILATION_0 ATTR(P(4, 5), P(3, 2), ONES, P(1, 0), NONE, NONE, 1)
#define PADDING_LOW ATTR(P(4, 5), P(3, 2), ONES, ONES, NONE, P(0, -1), 1)
#define GROUPS_0 ATTR(P(4, 5), P(3, 2), ONES, ONES, NONE, NONE, 0)
#define GROUPS_3 ATTR(P(4, 5), P(3, 2), ONES, ONES, NONE, NONE, 3)
#define TOO_HIGH ATTR(P(4, 5), P(7, 2), ONES, ONES, P(1, 0), P(1, 0), 1)
#define TOO_DILATED ATTR(P(4, 5), P(3, 2), ONES, P(2, 1), NONE, NONE, 1)
#define KERNEL_0 ATTR(P(4, 5), P(0, 2), ONES, ONES, P(1, 0), NONE, 1)
#define HUGE_PADDING ATTR(P(4, 5), P(3, 2), ONES, ONES, P(INT64_MAX, 0), NONE, 1)
#define HUGE_DILATION ATTR(P(4, 5), P(4, 2), ONES, P(INT64_MAX / 2, 1), NONE, NONE, 1)

#define BUILD(name, attr)                                                                          \
    WGI_BUILD(convolve_##name, without_bias(in[0], in[1], attr))                                   \
    WGI_BUILD(data_##name, wgi_convolution_data(in[0], in[1], attr))                               \
    WGI_BUILD(weights_##name, weights_of(in[0], in[1], attr))

BUILD(plain, PLAIN)
BUILD(uneven, UNEVEN)
BUILD(strided, STRIDED)
BUILD(dilated, DILATED)
BUILD(all, ALL)
BUILD(grouped, GROUPED)
BUILD(depthwise, DEPTHWISE)
BUILD(point, POINT)
BUILD(wide_stride, WIDE_STRIDE)
BUILD(stride_0, STRIDE_0)
BUILD(groups_3, GROUPS_3)
BUILD(too_high, TOO_HIGH)
WGI_BUILD(convolve_bias, wgi_convolution(in[0], in[1], in[2], PLAIN))
WGI_BUILD(data_border, wgi_convolution_data(in[0], in[1], BORDER))
WGI_BUILD(weights_border, weights_of(in[0], in[1], BORDER))
WGI_BUILD(convolve_bias_border, wgi_convolution(in[0], in[1], in[2], BORDER))
WGI_BUILD(convolve_dilation_0, without_bias(in[0], in[1], DILATION_0))
WGI_BUILD(convolve_padding, without_bias(in[0], in[1], PADDING_LOW))
WGI_BUILD(convolve_groups_0, without_bias(in[0], in[1], GROUPS_0))
WGI_BUILD(convolve_too_dilated, without_bias(in[0], in[1], TOO_DILATED))
WGI_BUILD(convolve_kernel_0, without_bias(in[0], in[1], KERNEL_0))
WGI_BUILD(convolve_huge_padding, without_bias(in[0], in[1], HUGE_PADDING))
WGI_BUILD(convolve_huge_dilation, without_bias(in[0], in[1], HUGE_DILATION))

#define IN(n, h, w, c) WGI_IN_4(n, h, w, c, WGI_NORMAL)

/* Of each kind one: the images, the weights, the results. */
static const wgi_sample samples_convolution[] = {
    WGI_GOOD("plain", convolve_plain, 2, IN(2, 4, 5, 2), IN(3, 2, 3, 2)),
    WGI_GOOD("bias", convolve_bias, 3, IN(2, 4, 5, 2), IN(3, 2, 3, 2), WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("uneven padding", convolve_uneven, 2, IN(1, 4, 5, 2), IN(2, 2, 3, 2)),
    WGI_GOOD("stride", convolve_strided, 2, IN(2, 6, 5, 2), IN(2, 2, 3, 2)),
    WGI_GOOD("dilation", convolve_dilated, 2, IN(1, 6, 7, 2), IN(3, 2, 2, 3)),
    WGI_GOOD("all at once", convolve_all, 2, IN(2, 5, 6, 1), IN(2, 1, 2, 3)),
    WGI_GOOD("stride over the kernel", convolve_wide_stride, 2, IN(1, 5, 5, 2), IN(2, 2, 1, 2)),
    WGI_GOOD("groups", convolve_grouped, 2, IN(2, 4, 3, 4), IN(6, 2, 2, 2)),
    WGI_GOOD("depthwise", convolve_depthwise, 2, IN(2, 4, 4, 3), IN(3, 1, 3, 3)),
    WGI_GOOD("depthwise, twice the channels", convolve_depthwise, 2, IN(1, 4, 4, 3),
             IN(6, 1, 3, 3)),
    WGI_GOOD("one by one", convolve_point, 2, IN(2, 3, 2, 3), IN(2, 3, 1, 1)),
    WGI_GOOD("one channel", convolve_plain, 2, IN(1, 4, 5, 1), IN(1, 1, 3, 2)),
    WGI_GOOD("no image", convolve_plain, 2, IN(0, 4, 5, 2), IN(3, 2, 3, 2)),
    WGI_GOOD("no channel", convolve_bias, 3, IN(2, 4, 5, 0), IN(3, 0, 3, 2),
             WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("no filter", convolve_plain, 2, IN(2, 4, 5, 2), IN(0, 2, 3, 2)),
    WGI_GOOD("padding alone", convolve_bias_border, 3, IN(1, 0, 2, 2), IN(2, 2, 2, 1),
             WGI_IN_1(2, WGI_NORMAL)),
};

static const wgi_sample samples_data[] = {
    WGI_GOOD("plain", data_plain, 2, IN(2, 2, 4, 3), IN(3, 2, 3, 2)),
    WGI_GOOD("uneven padding", data_uneven, 2, IN(1, 5, 7, 2), IN(2, 2, 3, 2)),
    WGI_GOOD("stride", data_strided, 2, IN(2, 2, 3, 2), IN(2, 2, 3, 2)),
    WGI_GOOD("dilation", data_dilated, 2, IN(1, 4, 5, 3), IN(3, 2, 2, 3)),
    WGI_GOOD("all at once", data_all, 2, IN(2, 3, 3, 2), IN(2, 1, 2, 3)),
    WGI_GOOD("stride over the kernel", data_wide_stride, 2, IN(1, 2, 2, 2), IN(2, 2, 1, 2)),
    WGI_GOOD("groups", data_grouped, 2, IN(2, 4, 2, 6), IN(6, 2, 2, 2)),
    WGI_GOOD("depthwise", data_depthwise, 2, IN(2, 4, 4, 3), IN(3, 1, 3, 3)),
    WGI_GOOD("one by one", data_point, 2, IN(2, 3, 2, 2), IN(2, 3, 1, 1)),
    WGI_GOOD("no image", data_plain, 2, IN(0, 2, 4, 3), IN(3, 2, 3, 2)),
    WGI_GOOD("no channel", data_plain, 2, IN(2, 2, 4, 3), IN(3, 0, 3, 2)),
    WGI_GOOD("no filter", data_plain, 2, IN(2, 2, 4, 0), IN(0, 2, 3, 2)),
    WGI_GOOD("padding alone", data_border, 2, IN(1, 2, 2, 2), IN(2, 2, 2, 1)),
};

static const wgi_sample samples_weights[] = {
    WGI_GOOD("plain", weights_plain, 2, IN(2, 4, 5, 2), IN(2, 2, 4, 3)),
    WGI_GOOD("uneven padding", weights_uneven, 2, IN(1, 4, 5, 2), IN(1, 5, 7, 2)),
    WGI_GOOD("stride", weights_strided, 2, IN(2, 6, 5, 2), IN(2, 2, 3, 2)),
    WGI_GOOD("dilation", weights_dilated, 2, IN(1, 6, 7, 2), IN(1, 4, 5, 3)),
    WGI_GOOD("all at once", weights_all, 2, IN(2, 5, 6, 1), IN(2, 3, 3, 2)),
    WGI_GOOD("stride over the kernel", weights_wide_stride, 2, IN(1, 5, 5, 2), IN(1, 2, 2, 2)),
    WGI_GOOD("groups", weights_grouped, 2, IN(2, 4, 3, 4), IN(2, 4, 2, 6)),
    WGI_GOOD("depthwise", weights_depthwise, 2, IN(2, 4, 4, 3), IN(2, 4, 4, 3)),
    WGI_GOOD("one by one", weights_point, 2, IN(2, 3, 2, 3), IN(2, 3, 2, 2)),
    WGI_GOOD("no image", weights_plain, 2, IN(0, 4, 5, 2), IN(0, 2, 4, 3)),
    WGI_GOOD("no channel", weights_plain, 2, IN(2, 4, 5, 0), IN(2, 2, 4, 3)),
    WGI_GOOD("no filter", weights_plain, 2, IN(2, 4, 5, 2), IN(2, 2, 4, 0)),
    WGI_GOOD("padding alone", weights_border, 2, IN(1, 0, 2, 2), IN(1, 2, 2, 2)),
};

#define BAD(title, function, status, message, ...)                                                 \
    WGI_BAD(title, convolve_##function, status, "convolution: " message, 2, __VA_ARGS__)

static const wgi_sample bad_convolution[] = {
    BAD("rank", plain, WG_ERR_SHAPE, "needs rank 4: 3 (x)", WGI_IN_3(4, 5, 2, WGI_NORMAL),
        IN(3, 2, 3, 2)),
    BAD("image", plain, WG_ERR_SHAPE, "needs size 5: 6 (x, axis 2)", IN(2, 4, 6, 2),
        IN(3, 2, 3, 2)),
    BAD("kernel", plain, WG_ERR_SHAPE, "needs size 3: 4 (w, axis 2)", IN(2, 4, 5, 2),
        IN(3, 2, 4, 2)),
    BAD("channels", plain, WG_ERR_SHAPE, "needs size 2: 1 (w, axis 1)", IN(2, 4, 5, 2),
        IN(3, 1, 3, 2)),
    BAD("stride", stride_0, WG_ERR_RANGE, "stride 0 is less than 1 (height)", IN(2, 4, 5, 2),
        IN(3, 2, 3, 2)),
    BAD("dilation", dilation_0, WG_ERR_RANGE, "dilation 0 is less than 1 (width)", IN(2, 4, 5, 2),
        IN(3, 2, 3, 2)),
    BAD("padding", padding, WG_ERR_RANGE, "padding -1 is less than 0 (width)", IN(2, 4, 5, 2),
        IN(3, 2, 3, 2)),
    BAD("no groups", groups_0, WG_ERR_RANGE, "groups 0 is less than 1", IN(2, 4, 5, 2),
        IN(3, 2, 3, 2)),
    BAD("groups", groups_3, WG_ERR_SHAPE, "3 groups do not divide size 4 (x, axis 3)",
        IN(2, 4, 5, 4), IN(3, 2, 3, 2)),
    BAD("groups of filters", groups_3, WG_ERR_SHAPE, "3 groups do not divide size 4 (w, axis 0)",
        IN(2, 4, 5, 3), IN(4, 1, 3, 2)),
    BAD("too high", too_high, WG_ERR_SHAPE, "kernel 7 does not fit the padded height 6 (x, axis 1)",
        IN(2, 4, 5, 2), IN(3, 2, 7, 2)),
    BAD("too dilated", too_dilated, WG_ERR_SHAPE,
        "dilated kernel 5 does not fit the padded height 4 (x, axis 1)", IN(2, 4, 5, 2),
        IN(3, 2, 3, 2)),
    BAD("no kernel", kernel_0, WG_ERR_RANGE, "kernel 0 is less than 1 (height)", IN(2, 4, 5, 2),
        IN(3, 2, 0, 2)),
    BAD("huge padding", huge_padding, WG_ERR_OVERFLOW, "the padded height has too many elements",
        IN(2, 4, 5, 2), IN(3, 2, 3, 2)),
    BAD("huge dilation", huge_dilation, WG_ERR_OVERFLOW, "the padded height has too many elements",
        IN(2, 4, 5, 2), IN(3, 2, 4, 2)),
    WGI_BAD("bias", convolve_bias, WG_ERR_SHAPE, "convolution: needs size 3: 2 (bias, axis 0)", 3,
            IN(2, 4, 5, 2), IN(3, 2, 3, 2), WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("integers", convolve_plain, WG_ERR_DTYPE,
            "convolution: needs a floating dtype: i64 (x)", 2, WGI_IN_TYPED(3, WG_I64, 2),
            IN(3, 2, 3, 2)),
};

static const wgi_sample bad_data[] = {
    WGI_BAD("places", data_plain, WG_ERR_SHAPE, "convolution_data: needs size 2: 4 (dy, axis 1)", 2,
            IN(2, 4, 4, 3), IN(3, 2, 3, 2)),
    WGI_BAD("filters", data_plain, WG_ERR_SHAPE, "convolution_data: needs size 3: 2 (dy, axis 3)",
            2, IN(2, 2, 4, 2), IN(3, 2, 3, 2)),
    WGI_BAD("groups", data_groups_3, WG_ERR_SHAPE,
            "convolution_data: 3 groups do not divide size 4 (w, axis 0)", 2, IN(2, 2, 4, 4),
            IN(4, 1, 3, 2)),
    WGI_BAD("stride", data_stride_0, WG_ERR_RANGE,
            "convolution_data: stride 0 is less than 1 (height)", 2, IN(2, 2, 4, 3),
            IN(3, 2, 3, 2)),
    WGI_BAD("too high", data_too_high, WG_ERR_SHAPE,
            "convolution_data: kernel 7 does not fit the padded height 6 (input_h)", 2,
            IN(2, 2, 4, 3), IN(3, 2, 7, 2)),
};

static const wgi_sample bad_weights[] = {
    WGI_BAD("images", weights_plain, WG_ERR_SHAPE,
            "convolution_weights: needs size 2: 1 (dy, axis 0)", 2, IN(2, 4, 5, 2), IN(1, 2, 4, 3)),
    WGI_BAD("places", weights_plain, WG_ERR_SHAPE,
            "convolution_weights: needs size 4: 5 (dy, axis 2)", 2, IN(2, 4, 5, 2), IN(2, 2, 5, 3)),
    WGI_BAD("groups", weights_groups_3, WG_ERR_SHAPE,
            "convolution_weights: 3 groups do not divide size 4 (dy, axis 3)", 2, IN(2, 4, 5, 3),
            IN(2, 2, 4, 4)),
    WGI_BAD("stride", weights_stride_0, WG_ERR_RANGE,
            "convolution_weights: stride 0 is less than 1 (height)", 2, IN(2, 4, 5, 2),
            IN(2, 2, 4, 3)),
    WGI_BAD("too high", weights_too_high, WG_ERR_SHAPE,
            "convolution_weights: kernel 7 does not fit the padded height 6 (x, axis 1)", 2,
            IN(2, 4, 5, 2), IN(2, 2, 4, 3)),
};

/* ---- rows --------------------------------------------------------------------------------- */

#define HELD(title, member)                                                                        \
    {                                                                                              \
        .name = (title), .kind = WGI_ATTR_INTEGER,                                                 \
        .place = WGI_AT_I64(wgi_convolution_attr, member)                                          \
    }

/* In the order of the struct, which is then a list of all. */
static const wgi_attribute attributes[] = {
    HELD("kernel_h", kernel[0]), HELD("kernel_w", kernel[1]),     HELD("stride_h", stride[0]),
    HELD("stride_w", stride[1]), HELD("dilation_h", dilation[0]), HELD("dilation_w", dilation[1]),
    HELD("before_h", before[0]), HELD("before_w", before[1]),     HELD("after_h", after[0]),
    HELD("after_w", after[1]),   HELD("groups", groups),          HELD("input_h", input[0]),
    HELD("input_w", input[1]),
};

static wg_node call_any(const wgi_call *c, uint16_t op)
{
    const wgi_convolution_attr attr = {
        .kernel = {wgi_call_integer(c, 0), wgi_call_integer(c, 1)},
        .stride = {wgi_call_integer(c, 2), wgi_call_integer(c, 3)},
        .dilation = {wgi_call_integer(c, 4), wgi_call_integer(c, 5)},
        .before = {wgi_call_integer(c, 6), wgi_call_integer(c, 7)},
        .after = {wgi_call_integer(c, 8), wgi_call_integer(c, 9)},
        .groups = wgi_call_integer(c, 10),
        .input = {wgi_call_integer(c, 11), wgi_call_integer(c, 12)},
    };
    const wgi_draft draft = {
        .op = op, .n_in = c->n_in, .in = c->in, .graph = c->graph, .attr = &attr};
    return wgi_record(&draft);
}

WGI_CALL(call_convolution, call_any(c, WGI_OP_convolution))
WGI_CALL(call_data, call_any(c, WGI_OP_convolution_data))
WGI_CALL(call_weights, call_any(c, WGI_OP_convolution_weights))

const wgi_op wgi_op_convolution = {
    .name = "convolution",
    .min_in = 2,
    .max_in = 3,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_convolution_attr),
    .operands = {"x", "w", "bias"},
    .infer = infer_convolution,
    .gradient = gradient_convolution,
    .reference = {WGI_REALS(convolution)},
    .flops = flops_convolution,
    .call = call_convolution,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_convolution, bad_convolution),
};

const wgi_op wgi_op_convolution_data = {
    .name = "convolution_data",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_convolution_attr),
    .operands = {"dy", "w"},
    .infer = infer_data,
    .gradient = gradient_data,
    .reference = {WGI_REALS(data)},
    .flops = flops_data,
    .call = call_data,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_data, bad_data),
};

const wgi_op wgi_op_convolution_weights = {
    .name = "convolution_weights",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_convolution_attr),
    .operands = {"x", "dy"},
    .infer = infer_weights,
    .gradient = gradient_weights,
    .reference = {WGI_REALS(weights)},
    .flops = flops_weights,
    .call = call_weights,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_weights, bad_weights),
};

#endif
