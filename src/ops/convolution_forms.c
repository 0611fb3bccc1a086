/* conv1d, conv2d, conv_transpose1d, conv_transpose2d: the convolutions under PyTorch's layouts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: all sizes have been checked, under the names that the caller knows, before the first
 * node is recorded. In one dimension the images have height 1 and a kernel of height 1. */
#include <stdio.h>

#include "core/checked.h"
#include "ops/call.h"
#include "ops/contract.h"
#include "ops/convolution.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <string.h>

extern const wgi_op wgi_op_conv1d;
extern const wgi_op wgi_op_conv2d;
extern const wgi_op wgi_op_conv_transpose1d;
extern const wgi_op wgi_op_conv_transpose2d;

/* One convolution on the way. */
typedef struct conv {
    wgi_draft draft;
    wg_node in[3]; /* x, weight, bias */
    wg_conv_options options;
    bool is_other_version; /* the options are none of this library's */
    bool is_transposed;
    int32_t n;     /* axes that the kernel runs along, 1 or 2; */
    int32_t first; /* of x's the first of them */
    int32_t channel_axis;
    wgi_view x;
    wgi_view w;
    wgi_convolution_attr attr;
    int64_t tail[2]; /* zeros after all that a transposed convolution reaches */
    wg_node failed;
} conv;

static void begin(conv *c, const wgi_op *form, const wg_node in[3], const wg_conv_options *options)
{
    memset(c, 0, sizeof(*c));
    if (options != NULL && options->size == sizeof(c->options)) {
        c->options = *options;
    }
    c->is_other_version = options != NULL && options->size != sizeof(c->options);
    memcpy(c->in, in, sizeof(c->in));
    c->draft = (wgi_draft){.n_in = wgi_is_some(in[2]) ? 3 : 2, .in = c->in, .form = form};
    c->n = form == &wgi_op_conv1d || form == &wgi_op_conv_transpose1d ? 1 : 2;
    c->is_transposed = form == &wgi_op_conv_transpose1d || form == &wgi_op_conv_transpose2d;
    for (int32_t i = 0; i < 2; i++) {
        c->options.stride[i] += c->options.stride[i] == 0;
        c->options.dilation[i] += c->options.dilation[i] == 0;
    }
    c->options.groups += c->options.groups == 0;
}

/* ---- checks ------------------------------------------------------------------------------- */

static bool check_dtypes(conv *c)
{
    const char *const *names = c->draft.form->operands;
    if (!wgi_is_floating(c->x.dtype)) {
        c->failed =
            wgi_refuse(&c->draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                       "needs a floating dtype: %s (x)", wg_dtype_name((wg_dtype)c->x.dtype));
        return false;
    }
    for (int32_t i = 1; i < c->draft.n_in; i++) {
        const wg_dtype dtype = wg_node_dtype(c->in[i]);
        if ((int32_t)dtype != c->x.dtype) {
            c->failed =
                wgi_refuse(&c->draft, WG_ERR_DTYPE, NULL, "dtypes differ: %s (x) vs %s (%s)",
                           wg_dtype_name((wg_dtype)c->x.dtype), wg_dtype_name(dtype), names[i]);
            return false;
        }
    }
    return true;
}

static bool check_ranks(conv *c)
{
    if (c->x.rank != c->n + 1 && c->x.rank != c->n + 2) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_SHAPE, NULL, "needs rank %d or %d: %d (x)",
                               (int)c->n + 1, (int)c->n + 2, (int)c->x.rank);
        return false;
    }
    if (c->w.rank != c->n + 2) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_SHAPE, NULL, "needs rank %d: %d (weight)",
                               (int)c->n + 2, (int)c->w.rank);
        return false;
    }
    const int32_t batch = c->x.rank - c->n - 1;
    c->channel_axis = c->options.channels_last ? c->x.rank - 1 : batch;
    c->first = c->options.channels_last ? batch : batch + 1;
    return true;
}

static bool check_operands(conv *c)
{
    if (c->is_other_version) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_ARGUMENT, "set .size = sizeof of the options",
                               "the options have another size");
        return false;
    }
    if (!wgi_take_operands(&c->draft, &c->failed)) {
        return false;
    }
    if (!wgi_view_of(c->in[0], &c->x) || !wgi_view_of(c->in[1], &c->w)) {
        c->failed = wgi_record(&c->draft);
        return false;
    }
    return check_dtypes(c) && check_ranks(c);
}

/* Groups divide the channels of x and the first axis of the weight. */
static bool check_groups(conv *c)
{
    const long long groups = c->options.groups;
    const long long channels = c->x.dims[c->channel_axis];
    const long long rows = c->w.dims[0];
    if (groups < 1) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_RANGE, NULL, "groups %lld is less than 1", groups);
        return false;
    }
    if (channels % groups != 0) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_SHAPE, NULL,
                               "%lld groups do not divide %lld channels (x, axis %d)", groups,
                               channels, (int)c->channel_axis);
        return false;
    }
    if (rows % groups != 0) {
        c->failed =
            wgi_refuse(&c->draft, WG_ERR_SHAPE, NULL,
                       "%lld groups do not divide %lld filters (weight, axis 0)", groups, rows);
        return false;
    }
    return true;
}

/* The weight takes the channels that x has, and the bias is of the filters. */
static bool check_channels(conv *c)
{
    const int64_t groups = c->options.groups;
    const int64_t channels = c->x.dims[c->channel_axis];
    const int32_t axis = c->is_transposed ? 0 : 1;
    const int64_t wanted = c->is_transposed ? channels : channels / groups;
    int64_t filters = c->w.dims[0];
    if (c->w.dims[axis] != wanted) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_SHAPE, NULL,
                               "needs %lld channels%s: %lld (weight, axis %d)", (long long)wanted,
                               c->is_transposed ? "" : " of a group", (long long)c->w.dims[axis],
                               (int)axis);
        return false;
    }
    if (c->is_transposed && !wgi_dim_mul(c->w.dims[1], groups, &filters)) {
        c->failed =
            wgi_refuse(&c->draft, WG_ERR_OVERFLOW, NULL, "the result has too many elements");
        return false;
    }
    wgi_view bias;
    if (c->draft.n_in == 3 && wgi_view_of(c->in[2], &bias) &&
        (bias.rank != 1 || bias.dims[0] != filters)) {
        char text[WGI_SHAPE_TEXT];
        c->failed = wgi_refuse(&c->draft, WG_ERR_SHAPE, NULL, "needs shape [%lld]: %s (bias)",
                               (long long)filters,
                               wgi_shape_text(bias.rank, bias.dims, text, sizeof(text)));
        return false;
    }
    return true;
}

/* ---- sides -------------------------------------------------------------------------------- */

static wgi_side side_of(const conv *c, int32_t i)
{
    static const char *const names[] = {"height", "width"};
    return (wgi_side){
        .name = c->n == 1 ? "length" : names[i],
        .size = c->x.dims[c->first + i],
        .kernel = c->w.dims[2 + i],
        .stride = c->options.stride[i],
        .dilation = c->options.dilation[i],
        .before = c->options.before[i],
        .after = c->options.after[i],
    };
}

/* Whether the kind of padding is one that the form has and goes with the numbers. */
static bool check_padding(conv *c, const wgi_side *side)
{
    const int mode = (int)c->options.padding;
    static const char *const words[] = {"explicit", "same", "valid"};
    if (mode < WG_CONV_EXPLICIT || mode > WG_CONV_VALID) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_ARGUMENT, NULL, "%d is no kind of padding", mode);
        return false;
    }
    if (mode != WG_CONV_EXPLICIT && c->is_transposed) {
        c->failed =
            wgi_refuse(&c->draft, WG_ERR_ARGUMENT, "give the padding in numbers",
                       "padding '%s' is for convolutions that are not transposed", words[mode]);
        return false;
    }
    if (mode != WG_CONV_EXPLICIT && (side->before != 0 || side->after != 0)) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_ARGUMENT, NULL,
                               "padding '%s' goes without numbers: %lld and %lld (%s)", words[mode],
                               (long long)side->before, (long long)side->after, side->name);
        return false;
    }
    if (mode == WG_CONV_SAME && side->stride != 1) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_ARGUMENT, "give the padding in numbers",
                               "padding 'same' needs stride 1: %lld (%s)", (long long)side->stride,
                               side->name);
        return false;
    }
    return true;
}

/* The size of a transposed convolution's result, which becomes side->size. Where more is asked for
 * than the remainder of a division by the stride can be, less is cut off, and the rest is *tail. */
static wg_status transpose_side(wgi_side *side, int64_t more, int64_t *tail,
                                char text[WGI_CONVOLUTION_TEXT])
{
    const int64_t asked = more;
    int64_t size = 0;
    int64_t cut = 0;
    int64_t reach = 0;
    const wg_status status = wgi_side_reach(side, &reach, text);
    if (status != WG_OK) {
        return status;
    }
    if (more < 0 || (more >= side->stride && more >= side->dilation)) {
        (void)snprintf(text, WGI_CONVOLUTION_TEXT,
                       "output_padding %lld is not in [0, %lld), below stride or dilation (%s)",
                       (long long)more,
                       (long long)(side->stride > side->dilation ? side->stride : side->dilation),
                       side->name);
        return WG_ERR_RANGE;
    }
    if (side->size < 1) {
        (void)snprintf(text, WGI_CONVOLUTION_TEXT, "needs %s >= 1: 0 (%s)", side->name,
                       side->where);
        return WG_ERR_SHAPE;
    }
    if (more >= side->stride) {
        *tail = more > side->after ? more - side->after : 0;
        side->after -= more - *tail;
        more = 0;
    }
    if (!wgi_dim_mul(side->size - 1, side->stride, &size) || !wgi_dim_add(size, reach, &size) ||
        !wgi_dim_add(size, more, &size) || !wgi_dim_add(side->before, side->after, &cut)) {
        (void)snprintf(text, WGI_CONVOLUTION_TEXT, "the result's %s has too many elements",
                       side->name);
        return WG_ERR_OVERFLOW;
    }
    if (cut > size) {
        (void)snprintf(text, WGI_CONVOLUTION_TEXT, "padding %lld and %lld leaves no %s of %lld",
                       (long long)side->before, (long long)side->after, side->name,
                       (long long)(size + asked - more));
        return WG_ERR_SHAPE;
    }
    side->size = size - cut;
    return WG_OK;
}

static wg_status plain_side(const conv *c, wgi_side *side, char text[WGI_CONVOLUTION_TEXT])
{
    int64_t reach = 0;
    int64_t places = 0;
    if (c->options.padding == WG_CONV_SAME) {
        const wg_status status = wgi_side_reach(side, &reach, text);
        if (status != WG_OK) {
            return status;
        }
        side->before = (reach - 1) / 2;
        side->after = reach - 1 - side->before;
    }
    return wgi_side_places(side, &places, text);
}

static void set_side(wgi_convolution_attr *attr, int32_t at, const wgi_side *side)
{
    attr->input[at] = side->size;
    attr->kernel[at] = side->kernel;
    attr->stride[at] = side->stride;
    attr->dilation[at] = side->dilation;
    attr->before[at] = side->before;
    attr->after[at] = side->after;
}

static bool take_side(conv *c, int32_t i)
{
    const int32_t at = 2 - c->n + i;
    const int64_t more = c->options.output_padding[i];
    char where[32];
    char text[WGI_CONVOLUTION_TEXT];
    wgi_side side = side_of(c, i);
    (void)snprintf(where, sizeof(where), "x, axis %d", (int)(c->first + i));
    side.where = where;
    if (!check_padding(c, &side)) {
        return false;
    }
    if (!c->is_transposed && more != 0) {
        c->failed = wgi_refuse(&c->draft, WG_ERR_ARGUMENT, NULL,
                               "output_padding is for transposed convolutions: %lld (%s)",
                               (long long)more, side.name);
        return false;
    }
    const wg_status status = c->is_transposed ? transpose_side(&side, more, &c->tail[at], text)
                                              : plain_side(c, &side, text);
    if (status != WG_OK) {
        c->failed = wgi_refuse(&c->draft, status, NULL, "%s", text);
        return false;
    }
    set_side(&c->attr, at, &side);
    return true;
}

static bool check(conv *c)
{
    const wgi_side flat = {.size = 1, .kernel = 1, .stride = 1, .dilation = 1};
    if (!check_operands(c) || !check_groups(c) || !check_channels(c)) {
        return false;
    }
    c->attr.groups = c->options.groups;
    set_side(&c->attr, 0, &flat);
    return take_side(c, 0) && (c->n == 1 || take_side(c, 1));
}

/* ---- layouts ------------------------------------------------------------------------------ */

/* x as [n, h, w, c]. */
static wg_node to_channels_last(const conv *c, wg_node x)
{
    static const int32_t from_2[] = {0, 2, 3, 1};
    static const int32_t from_1[] = {0, 2, 1};
    if (c->x.rank == c->n + 1) {
        x = wg_unsqueeze(x, 0);
    }
    if (!c->options.channels_last) {
        x = wg_permute(x, c->n == 2 ? from_2 : from_1, c->n + 2);
    }
    return c->n == 2 ? x : wg_unsqueeze(x, 1);
}

/* The way back. */
static wg_node from_channels_last(const conv *c, wg_node y)
{
    static const int32_t height = 1;
    static const int32_t batch = 0;
    static const int32_t to_2[] = {0, 3, 1, 2};
    static const int32_t to_1[] = {0, 2, 1};
    if (c->n == 1) {
        y = wg_squeeze(y, &height, 1);
    }
    if (!c->options.channels_last) {
        y = wg_permute(y, c->n == 2 ? to_2 : to_1, c->n + 2);
    }
    return c->x.rank == c->n + 1 ? wg_squeeze(y, &batch, 1) : y;
}

static wg_node transposed(const conv *c, wg_node x, wg_node w)
{
    static const int64_t none[4];
    const int64_t after[] = {0, c->tail[0], c->tail[1], 0};
    wg_node y = wgi_convolution_data(x, w, &c->attr);
    if (c->tail[0] > 0 || c->tail[1] > 0) {
        y = wg_pad(y, none, after, 4, WG_PAD_CONSTANT, 0.0);
    }
    return c->draft.n_in == 3 ? wg_add(y, c->in[2]) : y;
}

static wg_node record(const wgi_op *form, const wg_node in[3], const wg_conv_options *options)
{
    conv c;
    begin(&c, form, in, options);
    if (!check(&c)) {
        return c.failed;
    }
    wg_graph *g = wgi_form_begin(&c.draft);
    const wg_node x = to_channels_last(&c, c.in[0]);
    const wg_node w = c.n == 2 ? c.in[1] : wg_unsqueeze(c.in[1], 2);
    const wg_node y =
        c.is_transposed ? transposed(&c, x, w) : wgi_convolution(x, w, c.in[2], &c.attr);
    return wgi_form_end(g, &c.draft, from_channels_last(&c, y));
}

wg_node wg_conv1d(wg_node x, wg_node weight, wg_node bias, const wg_conv_options *options)
{
    const wg_node in[] = {x, weight, bias};
    return record(&wgi_op_conv1d, in, options);
}

wg_node wg_conv2d(wg_node x, wg_node weight, wg_node bias, const wg_conv_options *options)
{
    const wg_node in[] = {x, weight, bias};
    return record(&wgi_op_conv2d, in, options);
}

wg_node wg_conv_transpose1d(wg_node x, wg_node weight, wg_node bias, const wg_conv_options *options)
{
    const wg_node in[] = {x, weight, bias};
    return record(&wgi_op_conv_transpose1d, in, options);
}

wg_node wg_conv_transpose2d(wg_node x, wg_node weight, wg_node bias, const wg_conv_options *options)
{
    const wg_node in[] = {x, weight, bias};
    return record(&wgi_op_conv_transpose2d, in, options);
}

/* ---- by name ------------------------------------------------------------------------------ */

#define LIST(title)                                                                                \
    {                                                                                              \
        .name = (title), .kind = WGI_ATTR_INTEGERS, .is_optional = true                            \
    }
#define COMMON_ATTRIBUTES                                                                          \
    LIST("stride"), LIST("padding"), LIST("dilation"),                                             \
        {.name = "groups", .kind = WGI_ATTR_INTEGER, .is_optional = true, .integer = 1},           \
    {                                                                                              \
        .name = "channels_last", .kind = WGI_ATTR_FLAG, .is_optional = true                        \
    }

static const wgi_attribute attributes[] = {
    COMMON_ATTRIBUTES,
    {.name = "padding_mode",
     .kind = WGI_ATTR_CHOICE,
     .range = "explicit|same|valid",
     .is_optional = true},
};

static const wgi_attribute attributes_transposed[] = {
    COMMON_ATTRIBUTES,
    LIST("output_padding"),
};

/* A list of one number for all of n, or of n. */
static bool take_list(const wgi_call *c, int32_t i, int32_t n, int64_t *to)
{
    const int32_t given = wgi_call_length(c, i);
    for (int32_t k = 0; k < n && given > 0; k++) {
        to[k] = wgi_call_list(c, i)[given == n ? k : 0];
    }
    return given == 0 || given == 1 || given == n;
}

static bool take_pads(const wgi_call *c, int32_t i, int32_t n, wg_conv_options *to)
{
    if (wgi_call_length(c, i) == 2 * n) {
        memcpy(to->before, wgi_call_list(c, i), (size_t)n * sizeof(int64_t));
        memcpy(to->after, wgi_call_list(c, i) + n, (size_t)n * sizeof(int64_t));
        return true;
    }
    return take_list(c, i, n, to->before) && take_list(c, i, n, to->after);
}

static wg_node refuse_list(const wgi_call *c, int32_t i, int32_t n)
{
    const wgi_draft draft = {.form = c->op, .n_in = c->n_in, .in = c->in, .graph = c->graph};
    return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "%s has %d elements for %d axes",
                      c->op->attributes[i].name, (int)wgi_call_length(c, i), (int)n);
}

/* A 0 in a list is no default, but a stride of 0. */
static wg_node call_any(const wgi_call *c, int32_t n, bool is_transposed)
{
    const wg_node in[] = {wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2)};
    wg_conv_options options = {
        .size = sizeof(options),
        .stride = {1, 1},
        .dilation = {1, 1},
        .groups = wgi_call_integer(c, 3),
        .channels_last = wgi_call_flag(c, 4),
        .padding = is_transposed ? WG_CONV_EXPLICIT : (wg_conv_padding)wgi_call_int(c, 5),
    };
    if (!take_list(c, 0, n, options.stride)) {
        return refuse_list(c, 0, n);
    }
    if (!take_pads(c, 1, n, &options)) {
        return refuse_list(c, 1, n);
    }
    if (!take_list(c, 2, n, options.dilation)) {
        return refuse_list(c, 2, n);
    }
    if (is_transposed && !take_list(c, 5, n, options.output_padding)) {
        return refuse_list(c, 5, n);
    }
    return record(c->op, in, &options);
}

WGI_CALL(call_1, call_any(c, 1, false))
WGI_CALL(call_2, call_any(c, 2, false))
WGI_CALL(call_transposed_1, call_any(c, 1, true))
WGI_CALL(call_transposed_2, call_any(c, 2, true))

#include "ops/convolution_samples.h"

const wgi_op wgi_op_conv1d = {
    WGI_FORM_OF("conv1d", 2, 3, "x", "weight", "bias"),
    .call = call_1,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_1, bad_1),
};

const wgi_op wgi_op_conv2d = {
    WGI_FORM_OF("conv2d", 2, 3, "x", "weight", "bias"),
    .call = call_2,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_2, bad_2),
};

const wgi_op wgi_op_conv_transpose1d = {
    WGI_FORM_OF("conv_transpose1d", 2, 3, "x", "weight", "bias"),
    .call = call_transposed_1,
    WGI_ATTRIBUTES(attributes_transposed),
    WGI_SAMPLES(samples_transposed_1, bad_transposed_1),
};

const wgi_op wgi_op_conv_transpose2d = {
    WGI_FORM_OF("conv_transpose2d", 2, 3, "x", "weight", "bias"),
    .call = call_transposed_2,
    WGI_ATTRIBUTES(attributes_transposed),
    WGI_SAMPLES(samples_transposed_2, bad_transposed_2),
};
