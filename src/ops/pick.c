/* pick_label: the element of each row that its label says; place_label: the adjoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a label that is ignored picks an exact 0 and receives nothing; no label is used before
 * it was found inside [0, classes). Where x is one row, [classes], every label picks from it.
 *
 * take_along_axis knows no label to ignore, and of one row it would want a copy for each label;
 * one_hot would take as much memory as x. */
#if defined(WGI_REAL_PASS)

/* x: [n, classes] or [classes]; y, counted: [n] */
static wg_status K(pick)(const wgi_args *args)
{
    const wgi_pick_attr *attr = args->attr;
    const int64_t *labels = args->in[1].data;
    const real *x = args->in[0].data;
    real *y = args->out[0].data;
    real *counted = args->out[1].data;
    const wg_status status = check_labels(args);
    for (int64_t i = 0; status == WG_OK && i < args->in[1].count; i++) {
        const bool counts = is_counted(attr, labels[i]);
        const int64_t first = attr->is_row ? 0 : i * attr->classes;
        y[i] = counts ? x[first + labels[i]] : 0;
        counted[i] = counts ? 1 : 0;
    }
    return status;
}

/* dy: [n]; dx: [n, classes] or [classes] */
static wg_status K(place)(const wgi_args *args)
{
    const wgi_pick_attr *attr = args->attr;
    const int64_t *labels = args->in[1].data;
    const real *dy = args->in[0].data;
    real *dx = args->out[0].data;
    const wg_status status = check_labels(args);
    for (int64_t e = 0; e < args->out[0].count; e++) {
        dx[e] = 0;
    }
    for (int64_t i = 0; status == WG_OK && i < args->in[1].count; i++) {
        const int64_t first = attr->is_row ? 0 : i * attr->classes;
        if (is_counted(attr, labels[i])) {
            dx[first + labels[i]] += dy[i];
        }
    }
    return status;
}

#else

#include "ops/pick.h"

#include "ops/call.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wgi_pick(wg_node x, wg_node labels, const wgi_pick_attr *attr)
{
    return wgi_record_binary(WGI_OP_pick_label, x, labels, attr);
}

static wg_node place(wg_node dy, wg_node labels, const wgi_pick_attr *attr)
{
    return wgi_record_binary(WGI_OP_place_label, dy, labels, attr);
}

/* ---- kernels ------------------------------------------------------------------------------ */

static inline bool is_counted(const wgi_pick_attr *attr, int64_t label)
{
    return !attr->has_ignore_index || label != attr->ignore_index;
}

static wg_status check_labels(const wgi_args *args)
{
    const wgi_pick_attr *attr = args->attr;
    const int64_t *labels = args->in[1].data;
    for (int64_t i = 0; i < args->in[1].count; i++) {
        if (is_counted(attr, labels[i]) && (labels[i] < 0 || labels[i] >= attr->classes)) {
            return wgi_fault_set(args, WG_ERR_RANGE, "row %lld: label %lld is outside [0, %lld)",
                                 (long long)i, (long long)labels[i], (long long)attr->classes);
        }
    }
    return WG_OK;
}

#define WGI_KERNEL_FILE "ops/pick.c"
#include "ops/for_each_real.h"

/* ---- shape rules -------------------------------------------------------------------------- */

static wg_status check_labels_dtype(wgi_infer *q)
{
    if (q->in[1].dtype != WG_I64 || q->in[1].rank != 1) {
        return wgi_infer_fail(q, WG_ERR_DTYPE, "labels are i64 of rank 1: %s of rank %d (labels)",
                              wg_dtype_name((wg_dtype)q->in[1].dtype), (int)q->in[1].rank);
    }
    return WG_OK;
}

static wg_status infer_pick(wgi_infer *q)
{
    const wgi_pick_attr *attr = q->attr;
    const wgi_view *x = &q->in[0];
    const int64_t n = q->in[1].rank == 1 ? q->in[1].dims[0] : 0;
    const int32_t rank = attr->is_row ? 1 : 2;
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK) {
        status = check_labels_dtype(q);
    }
    if (status == WG_OK &&
        (x->rank != rank || x->dims[rank - 1] != attr->classes || (rank == 2 && x->dims[0] != n))) {
        char text[WGI_SHAPE_TEXT];
        status = wgi_infer_fail(q, WG_ERR_SHAPE, "%s (x) is no shape of %lld labels of %lld",
                                wgi_shape_text(x->rank, x->dims, text, sizeof(text)), (long long)n,
                                (long long)attr->classes);
    }
    if (status == WG_OK) {
        status = wgi_infer_shape(q, 0, x->dtype, 1, &n);
    }
    return status != WG_OK ? status : wgi_infer_shape(q, 1, x->dtype, 1, &n);
}

static wg_status infer_place(wgi_infer *q)
{
    const wgi_pick_attr *attr = q->attr;
    const wgi_view *dy = &q->in[0];
    wg_status status = wgi_check_floating(q, 0);
    if (status == WG_OK) {
        status = check_labels_dtype(q);
    }
    if (status == WG_OK && (dy->rank != 1 || dy->dims[0] != q->in[1].dims[0])) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "needs one element for each of %lld labels (dy)",
                              (long long)q->in[1].dims[0]);
    }
    const int64_t dims[] = {q->in[1].count, attr->classes};
    const int32_t skipped = attr->is_row ? 1 : 0;
    return status != WG_OK ? status : wgi_infer_shape(q, 0, dy->dtype, 2 - skipped, dims + skipped);
}

/* ---- gradients ---------------------------------------------------------------------------- */

/* What counts depends on the labels alone: nothing flows through output 1. */
static void gradient_pick(wgi_rule *rule)
{
    const wgi_pick_attr attr = *(const wgi_pick_attr *)rule->attr;
    if (wgi_is_some(rule->dy[0])) {
        rule->dx[0] = place(rule->dy[0], rule->x[1], &attr);
    }
}

static void gradient_place(wgi_rule *rule)
{
    const wgi_pick_attr attr = *(const wgi_pick_attr *)rule->attr;
    rule->dx[0] = wgi_pick(rule->dy[0], rule->x[1], &attr);
}

/* ---- rows --------------------------------------------------------------------------------- */

#define ATTR(of_classes, ignored, of_row)                                                          \
    (&(const wgi_pick_attr){.classes = (of_classes),                                               \
                            .has_ignore_index = (ignored) >= 0,                                    \
                            .ignore_index = (ignored) >= 0 ? (ignored) : 0,                        \
                            .is_row = (of_row)})

static wg_node pick_at(wg_graph *g, wg_node x, const int64_t *labels)
{
    const int64_t n = 2;
    return wgi_pick(x, wg_constant(g, WG_I64, 1, &n, labels), ATTR(3, -1, 0));
}

static wg_node both_of(wg_node y)
{
    return wg_mul(y, wg_output(y, 1));
}

WGI_BUILD(build_pick, wgi_pick(in[0], in[1], ATTR(3, -1, 0)))
WGI_BUILD(build_pick_row, wgi_pick(in[0], in[1], ATTR(3, -1, 1)))
WGI_BUILD(build_pick_some, both_of(wgi_pick(in[0], in[1], ATTR(3, 1, 0))))
WGI_BUILD(build_pick_high, pick_at(g, in[0], (const int64_t[]){0, 3}))
WGI_BUILD(build_pick_negative, pick_at(g, in[0], (const int64_t[]){-1, 0}))
WGI_BUILD(build_place, place(in[0], in[1], ATTR(3, -1, 0)))
WGI_BUILD(build_place_row, place(in[0], in[1], ATTR(3, -1, 1)))
WGI_BUILD(build_place_some, place(in[0], in[1], ATTR(3, 1, 0)))

static const wgi_sample samples_pick[] = {
    WGI_GOOD("rows", build_pick, 2, WGI_IN_2(4, 3, WGI_NORMAL), WGI_IN_TYPED(4, WG_I64, 3)),
    WGI_GOOD("one row for all", build_pick_row, 2, WGI_IN_1(3, WGI_NORMAL),
             WGI_IN_TYPED(5, WG_I64, 3)),
    WGI_GOOD("some ignored", build_pick_some, 2, WGI_IN_2(6, 3, WGI_NORMAL),
             WGI_IN_TYPED(6, WG_I64, 3)),
    WGI_GOOD("no rows", build_pick, 2, WGI_IN_2(0, 3, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 3)),
};

static const wgi_sample bad_pick[] = {
    WGI_BAD("shape", build_pick, WG_ERR_SHAPE,
            "pick_label: [4, 2] (x) is no shape of 4 labels of 3", 2, WGI_IN_2(4, 2, WGI_NORMAL),
            WGI_IN_TYPED(4, WG_I64, 3)),
    WGI_BAD("labels", build_pick, WG_ERR_DTYPE,
            "pick_label: labels are i64 of rank 1: bool of rank 1 (labels)", 2,
            WGI_IN_2(4, 3, WGI_NORMAL), WGI_IN_TYPED(4, WG_BOOL, 2)),
    WGI_BAD("too high", build_pick_high, WG_ERR_RANGE,
            "pick_label: row 1: label 3 is outside [0, 3)", 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("negative", build_pick_negative, WG_ERR_RANGE,
            "pick_label: row 0: label -1 is outside [0, 3)", 1, WGI_IN_2(2, 3, WGI_NORMAL)),
};

static const wgi_sample samples_place[] = {
    WGI_GOOD("rows", build_place, 2, WGI_IN_1(4, WGI_NORMAL), WGI_IN_TYPED(4, WG_I64, 3)),
    WGI_GOOD("one row for all", build_place_row, 2, WGI_IN_1(5, WGI_NORMAL),
             WGI_IN_TYPED(5, WG_I64, 3)),
    WGI_GOOD("some ignored", build_place_some, 2, WGI_IN_1(6, WGI_NORMAL),
             WGI_IN_TYPED(6, WG_I64, 3)),
    WGI_GOOD("no rows", build_place, 2, WGI_IN_1(0, WGI_NORMAL), WGI_IN_TYPED(0, WG_I64, 3)),
};

static const wgi_sample bad_place[] = {
    WGI_BAD("count", build_place, WG_ERR_SHAPE,
            "place_label: needs one element for each of 4 labels (dy)", 2, WGI_IN_1(3, WGI_NORMAL),
            WGI_IN_TYPED(4, WG_I64, 3)),
};

static const wgi_attribute attributes[] = {
    {.name = "classes", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_pick_attr, classes)},
    {.name = "has_ignore_index",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_pick_attr, has_ignore_index)},
    {.name = "ignore_index",
     .kind = WGI_ATTR_INTEGER,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_pick_attr, ignore_index)},
    {.name = "is_row",
     .kind = WGI_ATTR_FLAG,
     .is_optional = true,
     .place = WGI_AT_I32(wgi_pick_attr, is_row)},
};

static wg_node call_either(const wgi_call *c, uint16_t op)
{
    const wgi_pick_attr attr = {
        .classes = wgi_call_integer(c, 0),
        .has_ignore_index = wgi_call_flag(c, 1),
        .ignore_index = wgi_call_integer(c, 2),
        .is_row = wgi_call_flag(c, 3),
    };
    return wgi_record_binary(op, wgi_call_in(c, 0), wgi_call_in(c, 1), &attr);
}

WGI_CALL(call_pick, call_either(c, WGI_OP_pick_label))
WGI_CALL(call_place, call_either(c, WGI_OP_place_label))

const wgi_op wgi_op_pick_label = {
    .name = "pick_label",
    .min_in = 2,
    .max_in = 2,
    .n_out = 2,
    .attr_bytes = sizeof(wgi_pick_attr),
    .operands = {"x", "labels"},
    .infer = infer_pick,
    .gradient = gradient_pick,
    .reference = {WGI_REALS(pick)},
    .call = call_pick,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_pick, bad_pick),
};

const wgi_op wgi_op_place_label = {
    .name = "place_label",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_pick_attr),
    .operands = {"dy", "labels"},
    .infer = infer_place,
    .gradient = gradient_place,
    .reference = {WGI_REALS(place)},
    .call = call_place,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples_place, bad_place),
};

#endif
