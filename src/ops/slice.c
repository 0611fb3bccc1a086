/* strided_slice: every step-th element of a range, along every axis; place: its adjoint.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what a slice names lies inside its operand: begin, end and step are recorded after
 * wgi_slice_resolve. No two elements of a slice are the same one, so place never adds. */
#include "ops/slice.h"

#include <string.h>

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/samples.h"

/* ---- bounds ------------------------------------------------------------------------------- */

/* A bound as NumPy reads it: negative ones count from the end, all end in [low, high]. */
static int64_t clamp_bound(int64_t bound, int64_t size, int64_t low, int64_t high)
{
    const int64_t at = bound < 0 ? bound + size : bound;
    return at < low ? low : at > high ? high : at;
}

int64_t wgi_slice_resolve(int64_t size, int64_t *begin, int64_t *end, int64_t *step)
{
    const bool is_forward = *step > 0;
    const int64_t low = is_forward ? 0 : -1;
    const int64_t high = is_forward ? size : size - 1;
    const int64_t first = clamp_bound(*begin, size, low, high);
    const int64_t past = clamp_bound(*end, size, low, high);
    if (is_forward ? first >= past : first <= past) {
        *begin = 0;
        *end = 0;
        *step = 1;
        return 0;
    }
    const int64_t n = (past - first + (is_forward ? -1 : 1)) / *step + 1;
    *step = n == 1 ? 1 : *step;
    const int64_t last = first + (n - 1) * *step;
    *begin = first;
    *end = *step > 0 ? last + 1 : last > 0 ? last - 1 : INT64_MIN;
    return n;
}

wgi_slice_attr wgi_whole(const wgi_view *x)
{
    wgi_slice_attr attr = {.rank = x->rank};
    for (int32_t i = 0; i < x->rank; i++) {
        attr.end[i] = x->dims[i];
        attr.step[i] = 1;
        (void)wgi_slice_resolve(x->dims[i], &attr.begin[i], &attr.end[i], &attr.step[i]);
    }
    return attr;
}

/* ---- strided_slice ------------------------------------------------------------------------ */

/* Fills attr from the caller's bounds. False where the graph has been failed. */
static bool take_bounds(const wgi_draft *draft, const int64_t *const *bounds, int32_t n,
                        wgi_slice_attr *attr, wg_node *out)
{
    wgi_view x;
    if (!wgi_view_of(draft->in[0], &x)) {
        *out = wgi_record(draft);
        return false;
    }
    if (n < 0 || n > x.rank) {
        *out =
            wgi_refuse(draft, WG_ERR_RANGE, NULL, "%d axes for rank %d (x)", (int)n, (int)x.rank);
        return false;
    }
    if (n > 0 && (bounds[0] == NULL || bounds[1] == NULL)) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "%s is NULL but n is %d",
                          bounds[0] == NULL ? "begin" : "end", (int)n);
        return false;
    }
    *attr = wgi_whole(&x);
    for (int32_t i = 0; i < n; i++) {
        attr->begin[i] = bounds[0][i];
        attr->end[i] = bounds[1][i];
        attr->step[i] = bounds[2] != NULL ? bounds[2][i] : 1;
        if (attr->step[i] == 0) {
            *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "the step along axis %d is 0", (int)i);
            return false;
        }
        (void)wgi_slice_resolve(x.dims[i], &attr->begin[i], &attr->end[i], &attr->step[i]);
    }
    return true;
}

wg_node wg_strided_slice(wg_node x, const int64_t *begin, const int64_t *end, const int64_t *step,
                         int32_t n)
{
    const int64_t *const bounds[] = {begin, end, step};
    wgi_slice_attr attr = {0};
    const wgi_draft draft = {.op = WGI_OP_strided_slice, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    return take_bounds(&draft, bounds, n, &attr, &failed) ? wgi_record(&draft) : failed;
}

wg_node wgi_slice_axis(wg_node x, int64_t axis, int64_t begin, int64_t end, int64_t step)
{
    wgi_view view;
    if (!wgi_view_of(x, &view)) {
        return x;
    }
    wgi_slice_attr attr = wgi_whole(&view);
    attr.begin[axis] = begin;
    attr.end[axis] = end;
    attr.step[axis] = step;
    (void)wgi_slice_resolve(view.dims[axis], &attr.begin[axis], &attr.end[axis], &attr.step[axis]);
    return wgi_record_unary(WGI_OP_strided_slice, x, &attr);
}

static wg_status infer_slice(wgi_infer *q)
{
    wgi_slice_attr attr = *(const wgi_slice_attr *)q->attr;
    int64_t dims[WG_MAX_RANK] = {0};
    for (int32_t i = 0; i < q->in->rank; i++) {
        dims[i] = wgi_slice_resolve(q->in->dims[i], &attr.begin[i], &attr.end[i], &attr.step[i]);
    }
    return wgi_infer_shape(q, 0, q->in->dtype, q->in->rank, dims);
}

static void gradient_slice(wgi_rule *rule)
{
    const wgi_slice_attr *attr = rule->attr;
    wgi_place_attr place = {.rank = attr->rank};
    wgi_view x;
    if (!wgi_view_of(rule->x[0], &x)) {
        return;
    }
    for (int32_t i = 0; i < x.rank; i++) {
        place.dims[i] = x.dims[i];
        place.begin[i] = attr->begin[i];
        place.step[i] = attr->step[i];
    }
    rule->dx[0] = wgi_place(rule->dy[0], &place);
}

/* Walks over the elements that stand in `whole` at begin, begin + step ..., as many as `part` has.
 */
static wgi_walk walk_places(const wgi_view *part, const wgi_view *whole, const int64_t *begin,
                            const int64_t *step)
{
    wgi_walk walk = {.n = 1};
    for (int32_t i = 0; i < part->rank; i++) {
        const int64_t inner = wgi_block_around(whole, i).inner;
        wgi_walk_axis(&walk, part->dims[i], part->dims[i] > 1 ? step[i] * inner : inner);
        walk.offset[0] += part->dims[i] > 0 ? begin[i] * inner : 0;
    }
    wgi_walk_fold(&walk);
    return walk;
}

static wg_status run_slice(const wgi_args *args)
{
    const wgi_slice_attr *attr = args->attr;
    const size_t size = wg_dtype_size((wg_dtype)args->out->dtype);
    wgi_walk walk = walk_places(args->out, args->in, attr->begin, attr->step);
    wgi_copy_walked(args, &walk, size);
    return WG_OK;
}

/* ---- place -------------------------------------------------------------------------------- */

wg_node wgi_place(wg_node x, const wgi_place_attr *attr)
{
    return wgi_record_unary(WGI_OP_place, x, attr);
}

/* Whether n elements from `begin` by `step` lie in [0, size). */
static bool fits(int64_t n, int64_t begin, int64_t step, int64_t size)
{
    if (n == 0) {
        return true;
    }
    if (begin < 0 || begin >= size || step == 0) {
        return false;
    }
    return n - 1 <= (step > 0 ? (size - 1 - begin) / step : -(begin / step));
}

static wg_status infer_place(wgi_infer *q)
{
    const wgi_place_attr *attr = q->attr;
    const wgi_view *x = q->in;
    if (attr->rank != x->rank) {
        return wgi_infer_fail(q, WG_ERR_SHAPE, "ranks differ: %d (x) vs %d (result)", (int)x->rank,
                              (int)attr->rank);
    }
    for (int32_t i = 0; i < x->rank; i++) {
        if (!fits(x->dims[i], attr->begin[i], attr->step[i], attr->dims[i])) {
            return wgi_infer_fail(q, WG_ERR_RANGE,
                                  "%lld elements from %lld by %lld leave a size of %lld (axis %d)",
                                  (long long)x->dims[i], (long long)attr->begin[i],
                                  (long long)attr->step[i], (long long)attr->dims[i], (int)i);
        }
    }
    return wgi_infer_shape(q, 0, x->dtype, x->rank, attr->dims);
}

static void gradient_place(wgi_rule *rule)
{
    const wgi_place_attr *attr = rule->attr;
    wgi_slice_attr slice = {.rank = attr->rank};
    wgi_view x;
    if (!wgi_view_of(rule->x[0], &x)) {
        return;
    }
    for (int32_t i = 0; i < x.rank; i++) {
        const int64_t n = x.dims[i];
        const int64_t step = n > 1 ? attr->step[i] : 1;
        const int64_t past = attr->begin[i] + (n - 1) * step + (step > 0 ? 1 : -1);
        slice.begin[i] = n > 0 ? attr->begin[i] : 0;
        slice.end[i] = n == 0 ? 0 : past >= 0 ? past : INT64_MIN;
        slice.step[i] = step;
    }
    rule->dx[0] = wgi_record_unary(WGI_OP_strided_slice, rule->dy[0], &slice);
}

/* n consecutive elements of `size` bytes to places that lie `step` bytes apart. */
static void put_row(char *to, const char *from, int64_t n, ptrdiff_t step, size_t size)
{
    if (step == (ptrdiff_t)size) {
        memcpy(to, from, (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        memcpy(to + i * step, from + i * (ptrdiff_t)size, size);
    }
}

/* Zero bytes are zeros in every dtype. */
static wg_status run_place(const wgi_args *args)
{
    const wgi_place_attr *attr = args->attr;
    const ptrdiff_t size = (ptrdiff_t)wg_dtype_size((wg_dtype)args->out->dtype);
    wgi_walk walk = walk_places(args->in, args->out, attr->begin, attr->step);
    const int64_t n = wgi_walk_row(&walk);
    if (args->out->count > 0) {
        memset(args->out->data, 0, (size_t)args->out->count * (size_t)size);
    }
    for (int64_t i = 0; i < walk.rows; i++) {
        put_row((char *)args->out->data + walk.offset[0] * size,
                (const char *)args->in->data + i * n * size, n,
                wgi_walk_row_stride(&walk, 0) * size, (size_t)size);
        wgi_walk_step_row(&walk);
    }
    return WG_OK;
}

/* ---- samples ------------------------------------------------------------------------------ */

#define LIST(...)                                                                                  \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

WGI_BUILD(even, wg_strided_slice(in[0], LIST(0), LIST(INT64_MAX), LIST(2), 1))
WGI_BUILD(odd_back, wg_strided_slice(in[0], LIST(-1), LIST(INT64_MIN), LIST(-2), 1))
WGI_BUILD(inside, wg_strided_slice(in[0], LIST(1, -3), LIST(3, -1), NULL, 2))
WGI_BUILD(mixed, wg_strided_slice(in[0], LIST(0, 3, 1), LIST(2, 0, 9), LIST(1, -2, 2), 3))
WGI_BUILD(no_axis, wg_strided_slice(in[0], NULL, NULL, NULL, 0))
WGI_BUILD(nothing, wg_strided_slice(in[0], LIST(2), LIST(1), NULL, 1))
WGI_BUILD(overlapping, wg_mul(wg_strided_slice(in[0], LIST(0), LIST(3), NULL, 1),
                              wg_strided_slice(in[0], LIST(1), LIST(4), NULL, 1)))
WGI_BUILD(step_0, wg_strided_slice(in[0], LIST(0), LIST(2), LIST(0), 1))
WGI_BUILD(two_axes, wg_strided_slice(in[0], LIST(0, 0), LIST(2, 2), NULL, 2))
WGI_BUILD(minus_1_axes, wg_strided_slice(in[0], LIST(0), LIST(2), NULL, -1))
WGI_BUILD(no_begin, wg_strided_slice(in[0], NULL, LIST(2), NULL, 1))
WGI_BUILD(no_end, wg_strided_slice(in[0], LIST(2), NULL, NULL, 1))

static const wgi_sample samples_slice[] = {
    WGI_GOOD("every second", even, 1, WGI_IN_1(7, WGI_NORMAL)),
    WGI_GOOD("rows backwards", odd_back, 1, WGI_IN_2(4, 3, WGI_NORMAL)),
    WGI_GOOD("inside", inside, 1, WGI_IN_2(4, 5, WGI_NORMAL)),
    WGI_GOOD("three axes", mixed, 1, WGI_IN_3(3, 5, 6, WGI_NORMAL)),
    WGI_GOOD("rank 4", mixed, 1, WGI_IN_4(2, 4, 3, 2, WGI_NORMAL)),
    WGI_GOOD("rank 0", no_axis, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("all", no_axis, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", odd_back, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("nothing left", nothing, 1, WGI_IN_2(4, 2, WGI_NORMAL)),
    WGI_GOOD("size 0", even, 1, WGI_IN_2(0, 2, WGI_NORMAL)),
    WGI_GOOD("two of one", overlapping, 1, WGI_IN_1(4, WGI_NORMAL)),
    WGI_GOOD("i64", odd_back, 1, WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("bool", even, 1, WGI_IN_TYPED(5, WG_BOOL, 2)),
    WGI_GOOD("u8", even, 1, WGI_IN_TYPED(5, WG_U8, 9)),
};

static const wgi_sample bad_slice[] = {
    WGI_BAD("step 0", step_0, WG_ERR_ARGUMENT, "strided_slice: the step along axis 0 is 0", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("too many axes", two_axes, WG_ERR_RANGE, "strided_slice: 2 axes for rank 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("fewer axes than none", minus_1_axes, WG_ERR_RANGE,
            "strided_slice: -1 axes for rank 1 (x)", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("no begin", no_begin, WG_ERR_ARGUMENT, "strided_slice: begin is NULL but n is 1", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("no end", no_end, WG_ERR_ARGUMENT, "strided_slice: end is NULL but n is 1", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

static wg_node place_at(wg_node x, int64_t size, int64_t begin, int64_t step)
{
    const wgi_place_attr attr = {
        .rank = 2, .dims = {size, 3}, .begin = {begin, 0}, .step = {step, 1}};
    return wgi_place(x, &attr);
}

WGI_BUILD(place_next, place_at(in[0], 5, 1, 1))
WGI_BUILD(place_apart, place_at(in[0], 7, 1, 3))
WGI_BUILD(place_back, place_at(in[0], 4, 2, -2))
WGI_BUILD(place_far, place_at(in[0], 4, 1, 3))
WGI_BUILD(place_before, place_at(in[0], 4, 1, -2))
WGI_BUILD(place_once, place_at(in[0], 4, 1, 0))
WGI_BUILD(place_outside, place_at(in[0], 4, -1, 1))
WGI_BUILD(place_huge, place_at(in[0], INT64_MAX, 0, 1))

static const wgi_sample samples_place[] = {
    WGI_GOOD("next to each other", place_next, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("apart", place_apart, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("backwards", place_back, 1, WGI_IN_2(2, 2, WGI_NORMAL)),
    WGI_GOOD("one", place_next, 1, WGI_IN_2(1, 3, WGI_NORMAL)),
    WGI_GOOD("nothing", place_next, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("i64", place_next, 1,
             {.rank = 2, .dims = {2, 3}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 9}),
};

static const wgi_sample bad_place[] = {
    WGI_BAD("rank", place_next, WG_ERR_SHAPE, "place: ranks differ: 1 (x) vs 2 (result)", 1,
            WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("past the end", place_far, WG_ERR_RANGE,
            "place: 2 elements from 1 by 3 leave a size of 4 (axis 0)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("before the first", place_before, WG_ERR_RANGE,
            "place: 2 elements from 1 by -2 leave a size of 4 (axis 0)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("step 0", place_once, WG_ERR_RANGE,
            "place: 2 elements from 1 by 0 leave a size of 4 (axis 0)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("outside", place_outside, WG_ERR_RANGE,
            "place: 2 elements from -1 by 1 leave a size of 4 (axis 0)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("huge", place_huge, WG_ERR_OVERFLOW, "place: the result has too many elements", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_slice[] = {
    {.name = "begin", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_slice_attr, rank, begin)},
    {.name = "end", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_slice_attr, rank, end)},
    {.name = "step",
     .kind = WGI_ATTR_DIMS,
     .is_optional = true,
     .place = WGI_AT_I64_LIST(wgi_slice_attr, rank, step)},
};

static wg_node call_slice(const wgi_call *c)
{
    wg_node failed;
    if (!wgi_call_pairs(c, 0, 1, &failed) || !wgi_call_pairs(c, 0, 2, &failed)) {
        return failed;
    }
    return wg_strided_slice(wgi_call_in(c, 0), wgi_call_list(c, 0), wgi_call_list(c, 1),
                            wgi_call_list(c, 2), wgi_call_length(c, 0));
}

const wgi_op wgi_op_strided_slice = {
    .name = "strided_slice",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_slice_attr),
    .operands = {"x"},
    .infer = infer_slice,
    .gradient = gradient_slice,
    .reference = {WGI_ANY_DTYPE(run_slice)},
    .call = call_slice,
    WGI_ATTRIBUTES(attributes_slice),
    WGI_SAMPLES(samples_slice, bad_slice),
};

static const wgi_attribute attributes_place[] = {
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_place_attr, rank, dims)},
    {.name = "begin", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_place_attr, rank, begin)},
    {.name = "step", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_place_attr, rank, step)},
};

static wg_node call_place(const wgi_call *c)
{
    wgi_place_attr attr = {.rank = wgi_call_length(c, 0)};
    const wg_node x = wgi_call_in(c, 0);
    const wgi_draft draft = {.op = WGI_OP_place, .n_in = 1, .in = &x};
    int64_t *const to[] = {attr.dims, attr.begin, attr.step};
    wg_node failed;
    if (!wgi_call_pairs(c, 0, 1, &failed) || !wgi_call_pairs(c, 0, 2, &failed)) {
        return failed;
    }
    for (int32_t i = 0; i < 3; i++) {
        if (!wgi_take_shape(&draft, wgi_call_length(c, i), wgi_call_list(c, i), to[i], &failed)) {
            return failed;
        }
    }
    return wgi_place(x, &attr);
}

const wgi_op wgi_op_place = {
    .name = "place",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_place_attr),
    .operands = {"x"},
    .infer = infer_place,
    .gradient = gradient_place,
    .reference = {WGI_ANY_DTYPE(run_place)},
    .call = call_place,
    WGI_ATTRIBUTES(attributes_place),
    WGI_SAMPLES(samples_place, bad_place),
};
