/* max and min along one axis, with where they are; argmax and argmin.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: of equal elements the first is meant, and a NaN before all others. Indices that come
 * from outside are found inside [0, size) before they are used. */
#if defined(WGI_REAL_PASS)

#include "ops/extreme_pass.h"

static int64_t K(place_of)(const real *x, const wgi_block *block, bool is_min)
{
    int64_t best = 0;
    for (int64_t i = 1; i < block->size; i++) {
        if (K(exceeds)(x[i * block->inner], x[best * block->inner], is_min)) {
            best = i;
        }
    }
    return best;
}

/* values may be NULL. */
static void K(find)(const wgi_args *args, real *values, int64_t *indices, bool is_min)
{
    const wgi_max_attr *attr = args->attr;
    const wgi_block block = wgi_block_around(args->in, attr->axis);
    const real *x = args->in->data;
    for (int64_t k = 0; k < args->out->count; k++) {
        const real *line = x + k / block.inner * block.size * block.inner + k % block.inner;
        const int64_t place = K(place_of)(line, &block, is_min);
        indices[k] = place;
        if (values != NULL) {
            values[k] = line[place * block.inner];
        }
    }
}

static wg_status K(max)(const wgi_args *args)
{
    K(find)(args, args->out[0].data, args->out[1].data, false);
    return WG_OK;
}

static wg_status K(min)(const wgi_args *args)
{
    K(find)(args, args->out[0].data, args->out[1].data, true);
    return WG_OK;
}

static wg_status K(argmax)(const wgi_args *args)
{
    K(find)(args, NULL, args->out[0].data, false);
    return WG_OK;
}

static wg_status K(argmin)(const wgi_args *args)
{
    K(find)(args, NULL, args->out[0].data, true);
    return WG_OK;
}

#else

#include "ops/gather.h"
#include "ops/reduce.h"
#include "ops/samples.h"

#define WGI_KERNEL_FILE "ops/max.c"
#include "ops/for_each_real.h"

/* The same kernels over integers, among which there is no NaN. */
#define WGI_REAL_PASS
#define real int64_t
#define K(name) name##_i64
#include WGI_KERNEL_FILE
#undef real
#undef K
#undef WGI_REAL_PASS

/* ---- max, min, argmax, argmin ------------------------------------------------------------- */

static wg_node record(uint16_t op, wg_node x, int32_t axis, bool keepdims)
{
    wgi_max_attr attr = {.keepdims = keepdims};
    const wgi_draft draft = {.op = op, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    if (!wgi_take_axis(&draft, x, axis, &attr.axis, &failed)) {
        return failed;
    }
    attr.size = wg_node_dim(x, (int32_t)attr.axis);
    return wgi_record(&draft);
}

wg_node wg_max(wg_node x, int32_t axis, bool keepdims)
{
    return record(WGI_OP_max, x, axis, keepdims);
}

wg_node wg_min(wg_node x, int32_t axis, bool keepdims)
{
    return record(WGI_OP_min, x, axis, keepdims);
}

wg_node wg_argmax(wg_node x, int32_t axis, bool keepdims)
{
    return record(WGI_OP_argmax, x, axis, keepdims);
}

wg_node wg_argmin(wg_node x, int32_t axis, bool keepdims)
{
    return record(WGI_OP_argmin, x, axis, keepdims);
}

static int32_t shape_of(const wgi_view *x, const wgi_max_attr *attr, int64_t *dims)
{
    return wgi_reduced_shape(x, 1u << attr->axis, attr->keepdims != 0, dims);
}

static wg_status infer_place(wgi_infer *q)
{
    const wgi_max_attr *attr = q->attr;
    int64_t dims[WG_MAX_RANK] = {0};
    const int32_t rank = shape_of(q->in, attr, dims);
    wg_status status = wgi_check_numeric(q, 0);
    status = status != WG_OK ? status : wgi_check_not_empty(q, 1u << attr->axis, "extreme");
    return status != WG_OK ? status : wgi_infer_shape(q, q->op->n_out - 1, WG_I64, rank, dims);
}

static wg_status infer_max(wgi_infer *q)
{
    int64_t dims[WG_MAX_RANK] = {0};
    const int32_t rank = shape_of(q->in, q->attr, dims);
    const wg_status status = infer_place(q);
    return status != WG_OK ? status : wgi_infer_shape(q, 0, q->in->dtype, rank, dims);
}

static wg_node record_pair(uint16_t op, wg_node a, wg_node indices, const wgi_max_attr *attr)
{
    return wgi_record_binary(op, a, indices, attr);
}

static void gradient_max(wgi_rule *rule)
{
    const wgi_max_attr attr = *(const wgi_max_attr *)rule->attr;
    if (wgi_is_some(rule->dy[0])) {
        rule->dx[0] = record_pair(WGI_OP_max_put, rule->dy[0], rule->y[1], &attr);
    }
}

/* ---- samples of those --------------------------------------------------------------------- */

#define BUILDS(op)                                                                                 \
    WGI_BUILD(op##_0, wg_##op(in[0], 0, false))                                                    \
    WGI_BUILD(op##_1, wg_##op(in[0], 1, false))                                                    \
    WGI_BUILD(op##_last_kept, wg_##op(in[0], -1, true))

BUILDS(max)
BUILDS(min)
BUILDS(argmax)
BUILDS(argmin)

WGI_BUILD(max_where, wg_output(wg_max(in[0], 1, false), 1))
WGI_BUILD(min_where, wg_output(wg_min(in[0], 1, false), 1))

#define SAMPLES(op)                                                                                \
    WGI_GOOD("vector", op##_0, 1, WGI_IN_1(5, WGI_NORMAL)),                                        \
        WGI_GOOD("rows", op##_0, 1, WGI_IN_2(4, 3, WGI_NORMAL)),                                   \
        WGI_GOOD("middle axis", op##_1, 1, WGI_IN_3(2, 4, 3, WGI_NORMAL)),                         \
        WGI_GOOD("last axis, kept", op##_last_kept, 1, WGI_IN_3(2, 2, 4, WGI_NORMAL)),             \
        WGI_GOOD("size 1", op##_0, 1, WGI_IN_1(1, WGI_NORMAL)),                                    \
        WGI_GOOD("no lines", op##_1, 1, WGI_IN_2(0, 3, WGI_NORMAL)),                               \
        WGI_GOOD("i64", op##_0, 1, WGI_IN_TYPED(6, WG_I64, 4))

#define BAD(op)                                                                                    \
    WGI_BAD("axis", op##_1, WG_ERR_RANGE, #op ": axis 1 is out of range for rank 1 (x)", 1,        \
            WGI_IN_1(3, WGI_NORMAL)),                                                              \
        WGI_BAD("nothing", op##_0, WG_ERR_SHAPE,                                                   \
                #op ": there is no extreme of nothing: size 0 (x, axis 0)", 1,                     \
                WGI_IN_2(0, 3, WGI_NORMAL)),                                                       \
        WGI_BAD("dtype", op##_0, WG_ERR_DTYPE, #op ": needs a floating or i64 dtype: bool (x)", 1, \
                WGI_IN_TYPED(3, WG_BOOL, 2))

static const wgi_sample samples_max[] = {
    SAMPLES(max),
    WGI_GOOD("where", max_where, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_KINK("ties", max_1, 1, WGI_IN_2(2, 3, WGI_ZEROS)),
};

static const wgi_sample samples_min[] = {
    SAMPLES(min),
    WGI_GOOD("where", min_where, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_KINK("ties", min_1, 1, WGI_IN_2(2, 3, WGI_ZEROS)),
};

static const wgi_sample samples_argmax[] = {SAMPLES(argmax)};
static const wgi_sample samples_argmin[] = {SAMPLES(argmin)};
static const wgi_sample bad_max[] = {BAD(max)};
static const wgi_sample bad_min[] = {BAD(min)};
static const wgi_sample bad_argmax[] = {BAD(argmax)};
static const wgi_sample bad_argmin[] = {BAD(argmin)};

static const wgi_attribute attributes[] = {
    {.name = "axis",
     .kind = WGI_ATTR_AXIS,
     .is_optional = true,
     .integer = -1,
     .place = WGI_AT_I64(wgi_max_attr, axis)},
    {.name = "keepdims",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_max_attr, keepdims)},
};

#define PLACE_ROW(op, outputs, infers, traits_, ...)                                               \
    WGI_CALL(call_##op, wg_##op(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_flag(c, 1)))       \
    const wgi_op wgi_op_##op = {                                                                   \
        .name = #op,                                                                               \
        .traits = (traits_),                                                                       \
        .min_in = 1,                                                                               \
        .max_in = 1,                                                                               \
        .n_out = (outputs),                                                                        \
        .attr_bytes = sizeof(wgi_max_attr),                                                        \
        .operands = {"x"},                                                                         \
        .infer = infers,                                                                           \
        .reference = {[WG_I64] = op##_i64, WGI_REALS(op)},                                         \
        .call = call_##op,                                                                         \
        WGI_ATTRIBUTES(attributes),                                                                \
        WGI_SAMPLES(samples_##op, bad_##op),                                                       \
        __VA_ARGS__,                                                                               \
    };

PLACE_ROW(max, 2, infer_max, 0, .gradient = gradient_max)
PLACE_ROW(min, 2, infer_max, 0, .gradient = gradient_max)
PLACE_ROW(argmax, 1, infer_place, 0, .gradient = NULL)
PLACE_ROW(argmin, 1, infer_place, 0, .gradient = NULL)

/* ---- max_put and max_pick: to and from the places ------------------------------------------- */

/* Indices have the shape of an operand of max without its axis. */
static wg_status check_places(wgi_infer *q, int32_t rank, const int64_t *dims)
{
    const wgi_view *indices = &q->in[1];
    char text_a[WGI_SHAPE_TEXT];
    char text_b[WGI_SHAPE_TEXT];
    const wg_status status = wgi_infer_indices(q, 1);
    if (status != WG_OK || wgi_same_shape(rank, dims, indices->rank, indices->dims)) {
        return status;
    }
    return wgi_infer_fail(q, WG_ERR_SHAPE, "shapes differ: %s (%s) vs %s (indices)",
                          wgi_shape_text(rank, dims, text_a, sizeof(text_a)), q->op->operands[0],
                          wgi_shape_text(indices->rank, indices->dims, text_b, sizeof(text_b)));
}

static wg_status infer_pick(wgi_infer *q)
{
    const wgi_max_attr *attr = q->attr;
    int64_t dims[WG_MAX_RANK] = {0};
    const int32_t rank = shape_of(q->in, attr, dims);
    wg_status status = wgi_check_floating(q, 0);
    status = status != WG_OK ? status : check_places(q, rank, dims);
    return status != WG_OK ? status : wgi_infer_shape(q, 0, q->in->dtype, rank, dims);
}

/* dy's shape, with `size` at the axis. */
static wg_status infer_put(wgi_infer *q)
{
    const wgi_max_attr *attr = q->attr;
    const wgi_view *dy = &q->in[0];
    int64_t dims[WG_MAX_RANK + 1] = {0};
    int32_t rank = 0;
    for (int32_t i = 0; i < dy->rank; i++) {
        rank += attr->keepdims == 0 && i == attr->axis;
        dims[rank++] = dy->dims[i];
    }
    rank += attr->keepdims == 0 && dy->rank == attr->axis;
    if (attr->keepdims != 0 && dims[attr->axis] != 1) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "size %lld is not 1 (dy, axis %d)",
                              (long long)dims[attr->axis], (int)attr->axis);
    }
    dims[attr->axis] = attr->size;
    wg_status status = wgi_check_floating(q, 0);
    status = status != WG_OK ? status : check_places(q, dy->rank, dy->dims);
    return status != WG_OK ? status : wgi_infer_shape(q, 0, dy->dtype, rank, dims);
}

static void gradient_put(wgi_rule *rule)
{
    const wgi_max_attr attr = *(const wgi_max_attr *)rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = record_pair(WGI_OP_max_pick, rule->dy[0], rule->x[1], &attr);
    }
}

static void gradient_pick(wgi_rule *rule)
{
    const wgi_max_attr attr = *(const wgi_max_attr *)rule->attr;
    if (rule->wants[0]) {
        rule->dx[0] = record_pair(WGI_OP_max_put, rule->dy[0], rule->x[1], &attr);
    }
}

/* The place in the larger tensor, around whose axis the block is, of the k-th of the smaller. */
static size_t place_in(const wgi_block *block, int64_t k, int64_t index)
{
    return (size_t)((k / block->inner * block->size + index) * block->inner + k % block->inner);
}

static wg_status run_pick(const wgi_args *args)
{
    const wgi_max_attr *attr = args->attr;
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    const int64_t *indices = args->in[1].data;
    const wgi_block block = wgi_block_around(args->in, attr->axis);
    const wg_status status = wgi_check_indices(args, block.size);
    for (int64_t k = 0; status == WG_OK && k < args->out->count; k++) {
        memcpy((char *)args->out->data + (size_t)k * size,
               (const char *)args->in->data + place_in(&block, k, indices[k]) * size, size);
    }
    return status;
}

/* All bits 0 are 0. */
static wg_status run_put(const wgi_args *args)
{
    const wgi_max_attr *attr = args->attr;
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    const int64_t *indices = args->in[1].data;
    const wgi_block block = wgi_block_around(args->out, attr->axis);
    const wg_status status = wgi_check_indices(args, block.size);
    if (args->out->count > 0) {
        memset(args->out->data, 0, (size_t)args->out->count * size);
    }
    for (int64_t k = 0; status == WG_OK && k < args->in->count; k++) {
        memcpy((char *)args->out->data + place_in(&block, k, indices[k]) * size,
               (const char *)args->in->data + (size_t)k * size, size);
    }
    return status;
}

static wg_node pick_at(const wg_node *in, int64_t axis, bool keepdims)
{
    const wgi_max_attr attr = {axis, keepdims, wg_node_dim(in[0], (int32_t)axis)};
    return record_pair(WGI_OP_max_pick, in[0], in[1], &attr);
}

static wg_node put_at(const wg_node *in, int64_t axis, bool keepdims, int64_t size)
{
    const wgi_max_attr attr = {axis, keepdims, size};
    return record_pair(WGI_OP_max_put, in[0], in[1], &attr);
}

WGI_BUILD(pick_0, pick_at(in, 0, false))
WGI_BUILD(pick_1_kept, pick_at(in, 1, true))
WGI_BUILD(put_0, put_at(in, 0, false, 4))
WGI_BUILD(put_1, put_at(in, 1, false, 4))
WGI_BUILD(put_1_kept, put_at(in, 1, true, 4))
WGI_BUILD(put_outside, put_at(in, 0, false, 0))

#define PLACES_2(i, j)                                                                             \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 4              \
    }

static const wgi_sample samples_pick[] = {
    WGI_GOOD("rows", pick_0, 2, WGI_IN_2(4, 3, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 4)),
    WGI_GOOD("columns, kept", pick_1_kept, 2, WGI_IN_2(3, 4, WGI_NORMAL), PLACES_2(3, 1)),
    WGI_GOOD("no lines", pick_0, 2, WGI_IN_2(4, 0, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 4)),
};

static const wgi_sample bad_pick[] = {
    WGI_BAD("shapes", pick_0, WG_ERR_SHAPE, "max_pick: shapes differ: [3] (x) vs [2] (indices)", 2,
            WGI_IN_2(4, 3, WGI_NORMAL), WGI_IN_TYPED(2, WG_I64, 4)),
};

static const wgi_sample samples_put[] = {
    WGI_GOOD("rows", put_0, 2, WGI_IN_1(3, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 4)),
    WGI_GOOD("columns", put_1, 2, WGI_IN_1(3, WGI_NORMAL), WGI_IN_TYPED(3, WG_I64, 4)),
    WGI_GOOD("middle, kept", put_1_kept, 2, WGI_IN_2(3, 1, WGI_NORMAL), PLACES_2(3, 1)),
    WGI_GOOD("no lines", put_1, 2, WGI_IN_1(0, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 4)),
};

static const wgi_sample bad_put[] = {
    WGI_BAD("an axis that is not 1", put_1_kept, WG_ERR_SHAPE,
            "max_put: size 4 is not 1 (dy, axis 1)", 2, WGI_IN_2(3, 4, WGI_NORMAL), PLACES_2(3, 4)),
    WGI_BAD("no place", put_outside, WG_ERR_RANGE, "max_put: index 0 at 0 is outside [0, 0)", 2,
            WGI_IN_1(1, WGI_NORMAL), WGI_IN_TYPED(1, WG_I64, 1)),
};

static const wgi_attribute attributes_places[] = {
    {.name = "axis", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_max_attr, axis)},
    {.name = "keepdims", .kind = WGI_ATTR_FLAG, .place = WGI_AT_I64(wgi_max_attr, keepdims)},
    {.name = "size", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_max_attr, size)},
};

/* The axis is one of the larger tensor, of which operand 0 has `more` fewer unless kept. */
static wg_node call_places(const wgi_call *c, uint16_t op, int32_t more)
{
    const wg_node in[] = {wgi_call_in(c, 0), wgi_call_in(c, 1)};
    const wgi_max_attr attr = {wgi_call_integer(c, 0), wgi_call_flag(c, 1), wgi_call_integer(c, 2)};
    const wgi_draft draft = {.op = op, .n_in = 2, .in = in, .attr = &attr};
    wgi_view view;
    if (wgi_view_of(in[0], &view) &&
        (attr.axis < 0 || attr.axis >= view.rank + (attr.keepdims != 0 ? 0 : more))) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "axis %lld is out of range for rank %d",
                          (long long)attr.axis, (int)view.rank);
    }
    return wgi_record(&draft);
}

WGI_CALL(call_pick, call_places(c, WGI_OP_max_pick, 0))
WGI_CALL(call_put, call_places(c, WGI_OP_max_put, 1))

#define PLACES_ROW(op, title, operand)                                                             \
    const wgi_op wgi_op_##op = {                                                                   \
        .name = #op,                                                                               \
        .min_in = 2,                                                                               \
        .max_in = 2,                                                                               \
        .n_out = 1,                                                                                \
        .attr_bytes = sizeof(wgi_max_attr),                                                        \
        .operands = {operand, "indices"},                                                          \
        .infer = infer_##title,                                                                    \
        .gradient = gradient_##title,                                                              \
        .reference = {WGI_ANY_DTYPE(run_##title)},                                                 \
        .call = call_##title,                                                                      \
        WGI_ATTRIBUTES(attributes_places),                                                         \
        WGI_SAMPLES(samples_##title, bad_##title),                                                 \
    };

PLACES_ROW(max_pick, pick, "x")
PLACES_ROW(max_put, put, "dy")

/* ---- argmax_all and argmin_all ------------------------------------------------------------- */

/* x as one line. */
static wg_node flatten(wg_node x)
{
    wgi_view view;
    const int64_t count = wgi_view_of(x, &view) ? view.count : 0;
    return wg_reshape(x, 1, &count);
}

wg_node wg_argmax_all(wg_node x)
{
    return wg_argmax(flatten(x), 0, false);
}

wg_node wg_argmin_all(wg_node x)
{
    return wg_argmin(flatten(x), 0, false);
}

#define WHOLE_ROW(op)                                                                              \
    WGI_BUILD(build_##op##_all, wg_##op##_all(in[0]))                                              \
    static const wgi_sample samples_##op##_all[] = {                                               \
        WGI_GOOD("matrix", build_##op##_all, 1, WGI_IN_2(3, 4, WGI_NORMAL)),                       \
        WGI_GOOD("rank 0", build_##op##_all, 1, WGI_IN_0(WGI_NORMAL)),                             \
        WGI_GOOD("i64", build_##op##_all, 1, WGI_IN_TYPED(6, WG_I64, 4)),                          \
    };                                                                                             \
    static const wgi_sample bad_##op##_all[] = {                                                   \
        WGI_BAD("nothing", build_##op##_all, WG_ERR_SHAPE,                                         \
                #op ": there is no extreme of nothing: size 0 (x, axis 0)", 1,                     \
                WGI_IN_2(3, 0, WGI_NORMAL)),                                                       \
    };                                                                                             \
    WGI_CALL(call_##op##_all, wg_##op##_all(wgi_call_in(c, 0)))                                    \
    const wgi_op wgi_op_##op##_all = {                                                             \
        WGI_FORM_OF(#op "_all", 1, 1, "x"),                                                        \
        .call = call_##op##_all,                                                                   \
        WGI_SAMPLES(samples_##op##_all, bad_##op##_all),                                           \
    };

WHOLE_ROW(argmax)
WHOLE_ROW(argmin)

#endif
