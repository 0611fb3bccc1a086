/* What poolings and upsamplings share: their taps, checks, attributes and layouts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: attributes that were found right have no product that overflows. */
#include "ops/pool.h"

#include <string.h>

#include "ops/call.h"
#include "ops/support.h"

/* ---- taps --------------------------------------------------------------------------------- */

/* A window counts its elements, and those of the padding where that is asked for. */
wgi_taps wgi_average_taps(const void *attr, int32_t axis, int64_t o)
{
    const wgi_pool_attr *a = attr;
    const wgi_window window = wgi_window_of(a, axis, o);
    int64_t count = window.n;
    if (a->counts_padding != 0 && a->is_adaptive == 0) {
        const int64_t start = o * a->stride[axis] - a->padding[axis];
        const int64_t left = a->size[axis] + a->padding[axis] - start;
        count = a->kernel[axis] < left ? a->kernel[axis] : left;
    }
    const double weight = 1.0 / (double)count;
    return (wgi_taps){window.first, window.n, weight, weight};
}

/* Between element i and the next at position i + part / whole. */
static wgi_taps taps_at(int64_t position, int64_t whole, int64_t size)
{
    const int64_t i = position / whole;
    const int64_t part = position % whole;
    if (part == 0 || i + 1 >= size) {
        return (wgi_taps){i, 1, 1.0, 0.0};
    }
    return (wgi_taps){i, 2, (double)(whole - part) / (double)whole, (double)part / (double)whole};
}

wgi_taps wgi_upsample_taps(const void *attr, int32_t axis, int64_t o)
{
    const wgi_upsample_attr *a = attr;
    const int64_t size = a->size[axis];
    const int64_t output = a->output[axis];
    if (a->is_linear == 0) {
        return (wgi_taps){o * size / output, 1, 1.0, 0.0};
    }
    if (a->aligns_corners != 0) {
        return output > 1 ? taps_at(o * (size - 1), output - 1, size) : taps_at(0, 1, size);
    }
    const int64_t position = (2 * o + 1) * size - output;
    return taps_at(position > 0 ? position : 0, 2 * output, size);
}

/* ---- checks ------------------------------------------------------------------------------- */

typedef struct least {
    const char *name;
    int64_t value;
    int64_t least;
} least;

static wg_status check_adaptive(wgi_infer *q, const wgi_pool_attr *a, int32_t axis)
{
    if (a->kernel[axis] < 1 || a->kernel[axis] > WGI_POOL_MOST) {
        return wgi_infer_fail(q, WG_ERR_ARGUMENT, "needs from 1 to 2^30 windows: %lld (axis %s)",
                              (long long)a->kernel[axis], wgi_axis_of_image(axis));
    }
    return WG_OK;
}

/* Each number by itself. */
static wg_status check_numbers(wgi_infer *q, const wgi_pool_attr *a, int32_t axis)
{
    const least numbers[] = {{"kernel_size", a->kernel[axis], 1},
                             {"stride", a->stride[axis], 1},
                             {"padding", a->padding[axis], 0},
                             {"dilation", a->dilation[axis], 1}};
    for (int32_t i = 0; i < WGI_COUNT(numbers); i++) {
        if (numbers[i].value < numbers[i].least) {
            return wgi_infer_fail(q, WG_ERR_ARGUMENT, "%s must be >= %lld: %lld (axis %s)",
                                  numbers[i].name, (long long)numbers[i].least,
                                  (long long)numbers[i].value, wgi_axis_of_image(axis));
        }
        if (numbers[i].value > WGI_POOL_MOST) {
            return wgi_infer_fail(q, WG_ERR_ARGUMENT, "%s is above 2^30: %lld (axis %s)",
                                  numbers[i].name, (long long)numbers[i].value,
                                  wgi_axis_of_image(axis));
        }
    }
    return WG_OK;
}

static wg_status check_window(wgi_infer *q, const wgi_pool_attr *a, int32_t axis)
{
    const long long kernel = a->kernel[axis];
    const long long padded = a->size[axis] + 2 * a->padding[axis];
    if (a->padding[axis] > kernel / 2) {
        return wgi_infer_fail(q, WG_ERR_ARGUMENT,
                              "padding %lld is above half of kernel_size %lld (axis %s)",
                              (long long)a->padding[axis], kernel, wgi_axis_of_image(axis));
    }
    if (a->dilation[axis] * (kernel - 1) + 1 > padded) {
        return wgi_infer_fail(
            q, WG_ERR_SHAPE,
            "kernel_size %lld with dilation %lld is above the padded size %lld (axis %s)", kernel,
            (long long)a->dilation[axis], padded, wgi_axis_of_image(axis));
    }
    return WG_OK;
}

wg_status wgi_check_pool(wgi_infer *q, const wgi_pool_attr *attr)
{
    wg_status status = WG_OK;
    for (int32_t axis = 0; axis < 2 && status == WG_OK; axis++) {
        if (attr->size[axis] < 1 || attr->size[axis] > WGI_POOL_MOST) {
            return wgi_infer_fail(q, WG_ERR_SHAPE, "needs a size from 1 to 2^30: %lld (axis %s)",
                                  (long long)attr->size[axis], wgi_axis_of_image(axis));
        }
        if (attr->is_adaptive != 0) {
            status = check_adaptive(q, attr, axis);
            continue;
        }
        status = check_numbers(q, attr, axis);
        status = status == WG_OK ? check_window(q, attr, axis) : status;
    }
    return status;
}

wg_status wgi_check_image(wgi_infer *q, int32_t i, const int64_t *size)
{
    const wgi_view *x = &q->in[i];
    const char *name = q->op->operands[i];
    const wg_status status = wgi_check_floating(q, i);
    if (status != WG_OK) {
        return status;
    }
    if (x->rank != 4) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "needs rank 4: %d (%s)", (int)x->rank, name);
    }
    for (int32_t axis = 0; axis < 2; axis++) {
        if (x->dims[1 + axis] != size[axis]) {
            return wgi_infer_fail(q, WG_ERR_SHAPE, "needs size %lld: %lld (%s, axis %d)",
                                  (long long)size[axis], (long long)x->dims[1 + axis], name,
                                  (int)(1 + axis));
        }
    }
    return WG_OK;
}

/* ---- calls by name ------------------------------------------------------------------------ */

#define LIST(title, member)                                                                        \
    {                                                                                              \
        .name = (title), .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_pool_attr, n, member) \
    }

const wgi_attribute wgi_pool_attributes[WGI_N_POOL_ATTRIBUTES] = {
    LIST("size", size),
    LIST("kernel_size", kernel),
    {.name = "stride",
     .kind = WGI_ATTR_DIMS,
     .is_optional = true,
     .place = WGI_AT_I64_LIST(wgi_pool_attr, n, stride)},
    {.name = "padding",
     .kind = WGI_ATTR_DIMS,
     .is_optional = true,
     .place = WGI_AT_I64_LIST(wgi_pool_attr, n, padding)},
    {.name = "dilation",
     .kind = WGI_ATTR_DIMS,
     .is_optional = true,
     .place = WGI_AT_I64_LIST(wgi_pool_attr, n, dilation)},
    {.name = "adaptive",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_pool_attr, is_adaptive)},
    {.name = "ceil_mode",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_pool_attr, is_ceil)},
    {.name = "count_include_pad",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_pool_attr, counts_padding)},
};

/* Whether the first list of a call and those after it are of one length. */
static bool are_of_one_length(const wgi_call *c, wg_node *failed)
{
    for (int32_t i = 1; i < c->op->n_attributes; i++) {
        if (c->op->attributes[i].kind == WGI_ATTR_DIMS && !wgi_call_pairs(c, 0, i, failed)) {
            return false;
        }
    }
    return true;
}

bool wgi_call_numbers(const wgi_call *c, int32_t i, int32_t n, int64_t *out, wg_node *failed)
{
    const int64_t *list = wgi_call_list(c, i);
    if (list == NULL) {
        return true;
    }
    if (i == 0 && !are_of_one_length(c, failed)) {
        return false;
    }
    if (wgi_call_length(c, i) != n) {
        const wgi_draft draft = {.form = c->op, .n_in = c->n_in, .in = c->in, .graph = c->graph};
        *failed = wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "%s has %d elements, needs %d",
                             c->op->attributes[i].name, (int)wgi_call_length(c, i), (int)n);
        return false;
    }
    memcpy(out, list, (size_t)n * sizeof *out);
    return true;
}

wg_node wgi_pool_call(const wgi_call *c, uint16_t op)
{
    wgi_pool_attr attr = {.n = 2, .dilation = {1, 1}};
    int64_t *const lists[] = {attr.size, attr.kernel, attr.stride, attr.padding, attr.dilation};
    wg_node failed;
    for (int32_t i = 0; i < WGI_COUNT(lists); i++) {
        if (!wgi_call_numbers(c, i, 2, lists[i], &failed)) {
            return failed;
        }
        if (i == 1) {
            attr.stride[0] = attr.kernel[0];
            attr.stride[1] = attr.kernel[1];
        }
    }
    attr.is_adaptive = wgi_call_integer(c, 5);
    attr.is_ceil = wgi_call_integer(c, 6);
    attr.counts_padding = wgi_call_integer(c, 7);
    const wgi_draft draft = {
        .op = op, .n_in = c->n_in, .in = c->in, .graph = c->graph, .attr = &attr};
    return wgi_record(&draft);
}

/* ---- forms -------------------------------------------------------------------------------- */

bool wgi_image_begin(const wgi_draft *draft, wgi_image_layout layout, wg_node *x, int64_t *size,
                     wg_node *out)
{
    static const int32_t to_last[] = {0, 2, 3, 1};
    const int32_t rank = layout.is_signal ? 3 : 4;
    const int32_t channels = layout.is_channels_last ? rank - 1 : 1;
    wgi_view view;
    if (!wgi_view_of(draft->in[0], &view)) {
        *out = wgi_record(draft);
        return false;
    }
    if (view.rank != rank) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL, "needs rank %d: %d (x)", (int)rank,
                          (int)view.rank);
        return false;
    }
    int64_t dims[WG_MAX_RANK] = {0};
    int32_t n = 0;
    for (int32_t i = 0; i < rank; i++) {
        dims[n] = 1;
        n += layout.is_signal && i == (channels == 1 ? 2 : 1) ? 1 : 0;
        dims[n++] = view.dims[i];
    }
    *x = layout.is_signal ? wg_reshape(draft->in[0], 4, dims) : draft->in[0];
    *x = layout.is_channels_last ? *x : wg_permute(*x, to_last, 4);
    size[0] = dims[layout.is_channels_last ? 1 : 2];
    size[1] = dims[layout.is_channels_last ? 2 : 3];
    return true;
}

wg_node wgi_image_end(const wgi_draft *draft, wgi_image_layout layout, wg_node y)
{
    static const int32_t to_first[] = {0, 3, 1, 2};
    wgi_view view;
    wg_graph *g = draft->in[0].graph;
    y = layout.is_channels_last ? y : wg_permute(y, to_first, 4);
    if (layout.is_signal && wgi_view_of(y, &view)) {
        const int64_t dims[] = {view.dims[0], layout.is_channels_last ? view.dims[2] : view.dims[1],
                                view.dims[3]};
        y = wg_reshape(y, 3, dims);
    }
    return wgi_form_end(g, draft, y);
}
