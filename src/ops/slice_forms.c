/* slice, narrow, select and flip: forms of strided_slice.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/axes.h"
#include "ops/call.h"
#include "ops/samples.h"
#include "ops/slice.h"

extern const wgi_op wgi_op_slice;
extern const wgi_op wgi_op_narrow;
extern const wgi_op wgi_op_select;
extern const wgi_op wgi_op_flip;

wg_node wg_slice(wg_node x, int32_t axis, int64_t begin, int64_t end, int64_t step)
{
    const wgi_draft draft = WGI_FORM_DRAFT(slice, x);
    int64_t place;
    wg_node failed;
    if (!wgi_take_axis(&draft, x, axis, &place, &failed)) {
        return failed;
    }
    if (step == 0) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "the step along axis %d is 0", (int)place);
    }
    return wgi_slice_axis(x, place, begin, end, step);
}

wg_node wg_narrow(wg_node x, int32_t axis, int64_t start, int64_t length)
{
    const wgi_draft draft = WGI_FORM_DRAFT(narrow, x);
    int64_t place;
    wg_node failed;
    if (!wgi_take_axis(&draft, x, axis, &place, &failed)) {
        return failed;
    }
    const int64_t size = wg_node_dim(x, (int32_t)place);
    const int64_t first = start < 0 ? start + size : start;
    if (first < 0 || first > size || length < 0 || length > size - first) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL,
                          "%lld elements from %lld of axis %d, which has %lld (x)",
                          (long long)length, (long long)start, (int)place, (long long)size);
    }
    return wgi_slice_axis(x, place, first, first + length, 1);
}

wg_node wg_select(wg_node x, int32_t axis, int64_t index)
{
    const wgi_draft draft = WGI_FORM_DRAFT(select, x);
    int64_t place;
    wg_node failed;
    if (!wgi_take_axis(&draft, x, axis, &place, &failed)) {
        return failed;
    }
    const int64_t size = wg_node_dim(x, (int32_t)place);
    if (index < -size || index >= size) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL,
                          "index %lld is outside [%lld, %lld) (axis %d)", (long long)index,
                          (long long)-size, (long long)size, (int)place);
    }
    const int64_t first = index < 0 ? index + size : index;
    return wg_squeeze(wgi_slice_axis(x, place, first, first + 1, 1),
                      (const int32_t[]){(int32_t)place}, 1);
}

wg_node wg_flip(wg_node x, const int32_t *axes, int32_t n)
{
    const wgi_draft draft = WGI_FORM_DRAFT(flip, x);
    uint32_t set;
    wgi_view view;
    wg_node failed;
    if (!wgi_take_axis_set(&draft, axes, n, &set, &failed)) {
        return failed;
    }
    (void)wgi_view_of(x, &view);
    wgi_slice_attr attr = wgi_whole(&view);
    for (int32_t i = 0; i < view.rank; i++) {
        if (axes == NULL || (set >> i & 1u) != 0) {
            attr.begin[i] = INT64_MAX;
            attr.end[i] = INT64_MIN;
            attr.step[i] = -1;
            (void)wgi_slice_resolve(view.dims[i], &attr.begin[i], &attr.end[i], &attr.step[i]);
        }
    }
    const wgi_draft flipped = {
        .op = WGI_OP_strided_slice, .form = draft.form, .n_in = 1, .in = &x, .attr = &attr};
    return wgi_record(&flipped);
}

/* ---- samples ------------------------------------------------------------------------------ */

WGI_BUILD(slice_1_3, wg_slice(in[0], 0, 1, 3, 1))
WGI_BUILD(slice_last_2, wg_slice(in[0], -1, -2, INT64_MAX, 1))
WGI_BUILD(slice_back, wg_slice(in[0], 1, INT64_MAX, INT64_MIN, -2))
WGI_BUILD(slice_far, wg_slice(in[0], 0, 0, 100, 3))
WGI_BUILD(slice_none, wg_slice(in[0], 0, 3, 1, 1))
WGI_BUILD(slice_step_0, wg_slice(in[0], 0, 0, 1, 0))
WGI_BUILD(narrow_2, wg_narrow(in[0], 0, 1, 2))
WGI_BUILD(narrow_last, wg_narrow(in[0], -1, -2, 1))
WGI_BUILD(narrow_none, wg_narrow(in[0], 0, 2, 0))
WGI_BUILD(narrow_minus_1, wg_narrow(in[0], 0, 0, -1))
WGI_BUILD(narrow_before, wg_narrow(in[0], 0, -4, 1))
WGI_BUILD(select_1, wg_select(in[0], 0, 1))
WGI_BUILD(select_last, wg_select(in[0], -1, -1))
WGI_BUILD(flip_all, wg_flip(in[0], NULL, 0))
WGI_BUILD(flip_none, wg_flip(in[0], (const int32_t[]){0}, 0))
WGI_BUILD(flip_0, wg_flip(in[0], (const int32_t[]){0}, 1))
WGI_BUILD(flip_0_last, wg_flip(in[0], (const int32_t[]){-1, 0}, 2))
WGI_BUILD(flip_twice, wg_flip(in[0], (const int32_t[]){0, -1}, 2))

static const wgi_sample slice_samples[] = {
    WGI_GOOD("rows", slice_1_3, 1, WGI_IN_2(4, 3, WGI_NORMAL)),
    WGI_GOOD("the last two", slice_last_2, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("backwards", slice_back, 1, WGI_IN_3(2, 5, 3, WGI_NORMAL)),
    WGI_GOOD("past the end", slice_far, 1, WGI_IN_1(7, WGI_NORMAL)),
    WGI_GOOD("nothing", slice_none, 1, WGI_IN_2(4, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", slice_far, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", slice_back, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("u8", slice_1_3, 1, WGI_IN_TYPED(5, WG_U8, 9)),
};

static const wgi_sample slice_bad[] = {
    WGI_BAD("axis", slice_back, WG_ERR_RANGE, "slice: axis 1 is out of range for rank 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("step 0", slice_step_0, WG_ERR_ARGUMENT, "slice: the step along axis 0 is 0", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_sample narrow_samples[] = {
    WGI_GOOD("rows", narrow_2, 1, WGI_IN_2(4, 3, WGI_NORMAL)),
    WGI_GOOD("from the end", narrow_last, 1, WGI_IN_3(2, 2, 3, WGI_NORMAL)),
    WGI_GOOD("nothing at the end", narrow_none, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("size 0", narrow_last, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", narrow_last, 1, WGI_IN_2(1, 2, WGI_NORMAL)),
    WGI_GOOD("i64", narrow_2, 1, WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("bool", narrow_2, 1, WGI_IN_TYPED(5, WG_BOOL, 2)),
};

static const wgi_sample narrow_bad[] = {
    WGI_BAD("axis", narrow_last, WG_ERR_RANGE, "narrow: axis -1 is out of range for rank 0 (x)", 1,
            WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("too long", narrow_2, WG_ERR_RANGE,
            "narrow: 2 elements from 1 of axis 0, which has 2 (x)", 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("negative length", narrow_minus_1, WG_ERR_RANGE,
            "narrow: -1 elements from 0 of axis 0, which has 3 (x)", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("before the first", narrow_before, WG_ERR_RANGE,
            "narrow: 1 elements from -4 of axis 0, which has 3 (x)", 1, WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_sample select_samples[] = {
    WGI_GOOD("row", select_1, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("last of last", select_last, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("to rank 0", select_1, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("size 1", select_last, 1, WGI_IN_2(3, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", select_last, 1, WGI_IN_2(0, 2, WGI_NORMAL)),
    WGI_GOOD("i64", select_1, 1, WGI_IN_TYPED(3, WG_I64, 9)),
};

static const wgi_sample select_bad[] = {
    WGI_BAD("axis", select_1, WG_ERR_RANGE, "select: axis 0 is out of range for rank 0 (x)", 1,
            WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("index", select_1, WG_ERR_RANGE, "select: index 1 is outside [-1, 1) (axis 0)", 1,
            WGI_IN_2(1, 2, WGI_NORMAL)),
};

static const wgi_sample flip_samples[] = {
    WGI_GOOD("all", flip_all, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("rows", flip_0, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("first and last", flip_0_last, 1, WGI_IN_4(2, 2, 1, 3, WGI_NORMAL)),
    WGI_GOOD("none", flip_none, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("rank 0", flip_all, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", flip_0, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", flip_all, 1, WGI_IN_2(2, 0, WGI_NORMAL)),
    WGI_GOOD("i64", flip_0, 1, WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("bool", flip_0, 1, WGI_IN_TYPED(5, WG_BOOL, 2)),
};

static const wgi_sample flip_bad[] = {
    WGI_BAD("axis", flip_0, WG_ERR_RANGE, "flip: 1 axes for rank 0 (x)", 1, WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("twice", flip_twice, WG_ERR_RANGE, "flip: 2 axes for rank 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_slice[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS},
    {.name = "begin", .kind = WGI_ATTR_INTEGER, .is_optional = true},
    {.name = "end", .kind = WGI_ATTR_INTEGER, .is_optional = true, .integer = INT64_MAX},
    {.name = "step", .kind = WGI_ATTR_INTEGER, .is_optional = true, .integer = 1},
};

WGI_CALL(call_slice, wg_slice(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_integer(c, 1),
                              wgi_call_integer(c, 2), wgi_call_integer(c, 3)))

const wgi_op wgi_op_slice = {
    WGI_FORM_OF("slice", 1, 1, "x"),
    .call = call_slice,
    WGI_ATTRIBUTES(attributes_slice),
    WGI_SAMPLES(slice_samples, slice_bad),
};

static const wgi_attribute attributes_narrow[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS},
    {.name = "start", .kind = WGI_ATTR_INTEGER},
    {.name = "length", .kind = WGI_ATTR_INTEGER, .range = "[0, inf)"},
};

WGI_CALL(call_narrow, wg_narrow(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_integer(c, 1),
                                wgi_call_integer(c, 2)))

const wgi_op wgi_op_narrow = {
    WGI_FORM_OF("narrow", 1, 1, "x"),
    .call = call_narrow,
    WGI_ATTRIBUTES(attributes_narrow),
    WGI_SAMPLES(narrow_samples, narrow_bad),
};

static const wgi_attribute attributes_select[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS},
    {.name = "index", .kind = WGI_ATTR_INTEGER},
};

WGI_CALL(call_select, wg_select(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_integer(c, 1)))

const wgi_op wgi_op_select = {
    WGI_FORM_OF("select", 1, 1, "x"),
    .call = call_select,
    WGI_ATTRIBUTES(attributes_select),
    WGI_SAMPLES(select_samples, select_bad),
};

static const wgi_attribute attributes_flip[] = {
    {.name = "axes", .kind = WGI_ATTR_AXES, .is_optional = true},
};

WGI_CALL(call_flip, wg_flip(wgi_call_in(c, 0), wgi_call_axes(c, 0), wgi_call_length(c, 0)))

const wgi_op wgi_op_flip = {
    WGI_FORM_OF("flip", 1, 1, "x"),
    .call = call_flip,
    WGI_ATTRIBUTES(attributes_flip),
    WGI_SAMPLES(flip_samples, flip_bad),
};
