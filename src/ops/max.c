/* max and min along one axis, with where they are; argmax and argmin.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: of equal elements the first is meant, and a NaN before all others. */
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

/* dy at the places that were found. */
static void gradient_max(wgi_rule *rule)
{
    const wgi_max_attr attr = *(const wgi_max_attr *)rule->attr;
    const int32_t axis = (int32_t)attr.axis;
    if (wgi_is_some(rule->dy[0])) {
        const bool is_kept = attr.keepdims != 0;
        const wg_node dy = is_kept ? rule->dy[0] : wg_unsqueeze(rule->dy[0], axis);
        const wg_node places = is_kept ? rule->y[1] : wg_unsqueeze(rule->y[1], axis);
        rule->dx[0] = wgi_take_back(dy, places, axis, rule->x[0]);
    }
}

/* ---- samples ------------------------------------------------------------------------------ */

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

PLACE_ROW(max, 2, infer_max, WGI_KINKED, .gradient = gradient_max)
PLACE_ROW(min, 2, infer_max, WGI_KINKED, .gradient = gradient_max)
PLACE_ROW(argmax, 1, infer_place, WGI_KINKED, .gradient = NULL)
PLACE_ROW(argmin, 1, infer_place, WGI_KINKED, .gradient = NULL)

/* ---- argmax_all and argmin_all ------------------------------------------------------------- */

extern const wgi_op wgi_op_argmax_all;
extern const wgi_op wgi_op_argmin_all;

/* Of x as one line. */
static wg_node place_in_all(const wgi_op *form, uint16_t op, wg_node x)
{
    const wgi_draft draft = {.form = form, .n_in = 1, .in = &x};
    wg_graph *g = wgi_form_begin(&draft);
    wgi_view view;
    const int64_t count = wgi_view_of(x, &view) ? view.count : 0;
    return wgi_form_end(g, &draft, record(op, wg_reshape(x, 1, &count), 0, false));
}

wg_node wg_argmax_all(wg_node x)
{
    return place_in_all(&wgi_op_argmax_all, WGI_OP_argmax, x);
}

wg_node wg_argmin_all(wg_node x)
{
    return place_in_all(&wgi_op_argmin_all, WGI_OP_argmin, x);
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
                #op "_all: there is no extreme of nothing: size 0 (x, axis 0)", 1,                 \
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
