/* Forms of reshape and permute: axes of size 1, axes made one, axes moved.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what records a reshape copies nothing. */
#include "core/checked.h"
#include "ops/axes.h"
#include "ops/call.h"
#include "ops/samples.h"

extern const wgi_op wgi_op_swap_axes;
extern const wgi_op wgi_op_movedim;
extern const wgi_op wgi_op_squeeze;
extern const wgi_op wgi_op_unsqueeze;
extern const wgi_op wgi_op_flatten;

/* ---- axes --------------------------------------------------------------------------------- */

bool wgi_take_axis_set(const wgi_draft *draft, const int32_t *axes, int32_t n, uint32_t *set,
                       wg_node *out)
{
    wgi_view x;
    *set = 0;
    if (!wgi_view_of(draft->in[0], &x)) {
        *out = wgi_record(draft);
        return false;
    }
    if (n < 0 || (axes == NULL && n > 0)) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "%s but n is %d",
                          axes == NULL ? "axes is NULL" : "axes are given", (int)n);
        return false;
    }
    if (n > x.rank) {
        *out =
            wgi_refuse(draft, WG_ERR_RANGE, NULL, "%d axes for rank %d (x)", (int)n, (int)x.rank);
        return false;
    }
    for (int32_t i = 0; i < n; i++) {
        int64_t place;
        if (!wgi_take_axis(draft, draft->in[0], axes[i], &place, out)) {
            return false;
        }
        if ((*set >> place & 1u) != 0) {
            *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is given twice", (int)place);
            return false;
        }
        *set |= 1u << place;
    }
    return true;
}

bool wgi_take_new_axis(const wgi_draft *draft, int32_t axis, int32_t places, int32_t *place,
                       wg_node *out)
{
    if (places > WG_MAX_RANK) {
        *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "rank %d is not in [0, %d] (result)",
                          (int)places, WG_MAX_RANK);
        return false;
    }
    *place = wgi_axis(axis, places);
    if (*place < 0) {
        *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is out of range for rank %d (result)",
                          (int)axis, (int)places);
        return false;
    }
    return true;
}

/* ---- axes of size 1 ----------------------------------------------------------------------- */

wg_node wg_squeeze(wg_node x, const int32_t *axes, int32_t n)
{
    const wgi_draft draft = WGI_FORM_DRAFT(squeeze, x);
    int64_t dims[WG_MAX_RANK] = {0};
    int32_t rank = 0;
    uint32_t set;
    wgi_view view;
    wg_node failed;
    if (!wgi_take_axis_set(&draft, axes, n, &set, &failed)) {
        return failed;
    }
    (void)wgi_view_of(x, &view);
    for (int32_t i = 0; i < view.rank; i++) {
        const bool is_given = (set >> i & 1u) != 0;
        if (is_given && view.dims[i] != 1) {
            return wgi_refuse(&draft, WG_ERR_SHAPE, NULL,
                              "axis %d to be squeezed has size %lld (x)", (int)i,
                              (long long)view.dims[i]);
        }
        if (!is_given && (axes != NULL || view.dims[i] != 1)) {
            dims[rank++] = view.dims[i];
        }
    }
    return wg_reshape(x, rank, dims);
}

wg_node wg_unsqueeze(wg_node x, int32_t axis)
{
    const wgi_draft draft = WGI_FORM_DRAFT(unsqueeze, x);
    int64_t dims[WG_MAX_RANK] = {0};
    int32_t place;
    wgi_view view;
    wg_node failed;
    if (!wgi_view_of(x, &view)) {
        return wgi_record(&draft);
    }
    if (!wgi_take_new_axis(&draft, axis, view.rank + 1, &place, &failed)) {
        return failed;
    }
    for (int32_t i = 0; i <= view.rank; i++) {
        dims[i] = i < place ? view.dims[i] : i == place ? 1 : view.dims[i - 1];
    }
    return wg_reshape(x, view.rank + 1, dims);
}

/* ---- axes made one ------------------------------------------------------------------------ */

/* The shape with axes first to last made one; its rank. The product fits, as that of all sizes
 * does.
 */
static int32_t flat_shape(const wgi_view *x, int64_t first, int64_t last, int64_t *dims)
{
    int32_t rank = 0;
    for (int32_t i = 0; i < x->rank; i++) {
        if (i > first && i <= last) {
            dims[rank - 1] *= x->dims[i];
        } else {
            dims[rank++] = x->dims[i];
        }
    }
    return rank;
}

wg_node wg_flatten(wg_node x, int32_t first, int32_t last)
{
    const wgi_draft draft = WGI_FORM_DRAFT(flatten, x);
    int64_t dims[WG_MAX_RANK] = {1};
    int64_t places[2];
    wgi_view view;
    wg_node failed;
    if (!wgi_view_of(x, &view)) {
        return wgi_record(&draft);
    }
    if (view.rank == 0 && wgi_axis(first, 1) == 0 && wgi_axis(last, 1) == 0) {
        return wg_reshape(x, 1, dims);
    }
    if (!wgi_take_axis(&draft, x, first, &places[0], &failed) ||
        !wgi_take_axis(&draft, x, last, &places[1], &failed)) {
        return failed;
    }
    if (places[0] > places[1]) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "axis %d to flatten from is after axis %d",
                          (int)places[0], (int)places[1]);
    }
    return wg_reshape(x, flat_shape(&view, places[0], places[1], dims), dims);
}

/* ---- axes moved --------------------------------------------------------------------------- */

/* Two axes of x. False where the graph has been failed. */
static bool take_two(const wgi_draft *draft, int32_t a, int32_t b, int64_t *places, wg_node *out)
{
    return wgi_take_axis(draft, draft->in[0], a, &places[0], out) &&
           wgi_take_axis(draft, draft->in[0], b, &places[1], out);
}

wg_node wg_swap_axes(wg_node x, int32_t a, int32_t b)
{
    const wgi_draft draft = WGI_FORM_DRAFT(swap_axes, x);
    int32_t axes[WG_MAX_RANK];
    int64_t places[2];
    wg_node failed;
    if (!take_two(&draft, a, b, places, &failed)) {
        return failed;
    }
    for (int32_t i = 0; i < WG_MAX_RANK; i++) {
        axes[i] = i;
    }
    axes[places[0]] = (int32_t)places[1];
    axes[places[1]] = (int32_t)places[0];
    return wg_permute(x, axes, wg_node_rank(x));
}

wg_node wg_movedim(wg_node x, int32_t source, int32_t destination)
{
    const wgi_draft draft = WGI_FORM_DRAFT(movedim, x);
    int32_t axes[WG_MAX_RANK];
    int64_t places[2];
    wg_node failed;
    if (!take_two(&draft, source, destination, places, &failed)) {
        return failed;
    }
    const int32_t rank = wg_node_rank(x);
    int32_t other = 0;
    for (int32_t i = 0; i < rank; i++) {
        other += other == places[0];
        axes[i] = i == places[1] ? (int32_t)places[0] : other++;
    }
    return wg_permute(x, axes, rank);
}

/* ---- samples ------------------------------------------------------------------------------ */

WGI_BUILD(squeeze_all, wg_squeeze(in[0], NULL, 0))
WGI_BUILD(squeeze_none, wg_squeeze(in[0], (const int32_t[]){0}, 0))
WGI_BUILD(squeeze_1, wg_squeeze(in[0], (const int32_t[]){1}, 1))
WGI_BUILD(squeeze_0_last, wg_squeeze(in[0], (const int32_t[]){-1, 0}, 2))
WGI_BUILD(squeeze_twice, wg_squeeze(in[0], (const int32_t[]){1, -1}, 2))
WGI_BUILD(squeeze_null, wg_squeeze(in[0], NULL, 1))
WGI_BUILD(unsqueeze_0, wg_unsqueeze(in[0], 0))
WGI_BUILD(unsqueeze_1, wg_unsqueeze(in[0], 1))
WGI_BUILD(unsqueeze_last, wg_unsqueeze(in[0], -1))
WGI_BUILD(unsqueeze_rank_8,
          wg_unsqueeze(wg_reshape(in[0], 8, (const int64_t[]){1, 1, 1, 1, 1, 1, 1, -1}), 0))
WGI_BUILD(flatten_all, wg_flatten(in[0], 0, -1))
WGI_BUILD(flatten_inner, wg_flatten(in[0], 1, -1))
WGI_BUILD(flatten_one, wg_flatten(in[0], 1, 1))
WGI_BUILD(flatten_backwards, wg_flatten(in[0], 1, 0))
WGI_BUILD(swap_0_2, wg_swap_axes(in[0], 0, 2))
WGI_BUILD(swap_same, wg_swap_axes(in[0], 0, -1))
WGI_BUILD(move_0_to_last, wg_movedim(in[0], 0, -1))
WGI_BUILD(move_last_to_0, wg_movedim(in[0], -1, 0))
WGI_BUILD(move_1_to_2, wg_movedim(in[0], 1, 2))

static const wgi_sample squeeze_samples[] = {
    WGI_GOOD("all", squeeze_all, 1, WGI_IN_4(1, 3, 1, 2, WGI_NORMAL)),
    WGI_GOOD("one", squeeze_1, 1, WGI_IN_3(1, 1, 3, WGI_NORMAL)),
    WGI_GOOD("two", squeeze_0_last, 1, WGI_IN_4(1, 3, 1, 1, WGI_NORMAL)),
    WGI_GOOD("none", squeeze_none, 1, WGI_IN_2(1, 2, WGI_NORMAL)),
    WGI_GOOD("rank 0", squeeze_all, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("to rank 0", squeeze_all, 1, WGI_IN_2(1, 1, WGI_NORMAL)),
    WGI_GOOD("size 0", squeeze_1, 1, WGI_IN_2(0, 1, WGI_NORMAL)),
    WGI_GOOD("i64", squeeze_all, 1, WGI_IN_TYPED(1, WG_I64, 9)),
};

static const wgi_sample squeeze_bad[] = {
    WGI_BAD("size 3", squeeze_1, WG_ERR_SHAPE, "squeeze: axis 1 to be squeezed has size 3 (x)", 1,
            WGI_IN_2(1, 3, WGI_NORMAL)),
    WGI_BAD("axis", squeeze_1, WG_ERR_RANGE, "squeeze: axis 1 is out of range for rank 1 (x)", 1,
            WGI_IN_1(1, WGI_NORMAL)),
    WGI_BAD("twice", squeeze_twice, WG_ERR_RANGE, "squeeze: axis 1 is given twice", 1,
            WGI_IN_2(1, 1, WGI_NORMAL)),
    WGI_BAD("too many", squeeze_0_last, WG_ERR_RANGE, "squeeze: 2 axes for rank 1 (x)", 1,
            WGI_IN_1(1, WGI_NORMAL)),
    WGI_BAD("no axes", squeeze_null, WG_ERR_ARGUMENT, "squeeze: axes is NULL but n is 1", 1,
            WGI_IN_1(1, WGI_NORMAL)),
};

static const wgi_sample unsqueeze_samples[] = {
    WGI_GOOD("first", unsqueeze_0, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("middle", unsqueeze_1, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("last", unsqueeze_last, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("rank 0", unsqueeze_0, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 0", unsqueeze_0, 1, WGI_IN_1(0, WGI_NORMAL)),
    WGI_GOOD("bool", unsqueeze_1, 1, WGI_IN_TYPED(3, WG_BOOL, 2)),
};

static const wgi_sample unsqueeze_bad[] = {
    WGI_BAD("axis", unsqueeze_1, WG_ERR_RANGE,
            "unsqueeze: axis 1 is out of range for rank 1 (result)", 1, WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("rank 8", unsqueeze_rank_8, WG_ERR_RANGE, "unsqueeze: rank 9 is not in [0, 8] (result)",
            1, WGI_IN_1(2, WGI_NORMAL)),
};

static const wgi_sample flatten_samples[] = {
    WGI_GOOD("all", flatten_all, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("but the first", flatten_inner, 1, WGI_IN_4(2, 3, 1, 2, WGI_NORMAL)),
    WGI_GOOD("one axis", flatten_one, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("rank 0", flatten_all, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 0", flatten_inner, 1, WGI_IN_3(2, 0, 3, WGI_NORMAL)),
    WGI_GOOD("u8", flatten_all, 1, WGI_IN_TYPED(3, WG_U8, 9)),
};

static const wgi_sample flatten_bad[] = {
    WGI_BAD("axis", flatten_inner, WG_ERR_RANGE, "flatten: axis 1 is out of range for rank 1 (x)",
            1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("backwards", flatten_backwards, WG_ERR_RANGE,
            "flatten: axis 1 to flatten from is after axis 0", 1, WGI_IN_2(2, 3, WGI_NORMAL)),
};

static const wgi_sample swap_axes_samples[] = {
    WGI_GOOD("outer", swap_0_2, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("rank 4", swap_0_2, 1, WGI_IN_4(2, 1, 3, 2, WGI_NORMAL)),
    WGI_GOOD("with itself", swap_same, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("size 0", swap_0_2, 1, WGI_IN_3(2, 3, 0, WGI_NORMAL)),
    WGI_GOOD("size 1", swap_0_2, 1, WGI_IN_3(1, 2, 1, WGI_NORMAL)),
    WGI_GOOD("i64", swap_same, 1, WGI_IN_TYPED(3, WG_I64, 9)),
};

static const wgi_sample swap_axes_bad[] = {
    WGI_BAD("axis", swap_0_2, WG_ERR_RANGE, "swap_axes: axis 2 is out of range for rank 2 (x)", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
};

static const wgi_sample movedim_samples[] = {
    WGI_GOOD("first to last", move_0_to_last, 1, WGI_IN_3(2, 3, 4, WGI_NORMAL)),
    WGI_GOOD("last to first", move_last_to_0, 1, WGI_IN_4(2, 3, 1, 4, WGI_NORMAL)),
    WGI_GOOD("to the next", move_1_to_2, 1, WGI_IN_4(2, 3, 2, 2, WGI_NORMAL)),
    WGI_GOOD("size 1", move_0_to_last, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", move_0_to_last, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("bool", move_0_to_last, 1, WGI_IN_TYPED(3, WG_BOOL, 2)),
};

static const wgi_sample movedim_bad[] = {
    WGI_BAD("source", move_1_to_2, WG_ERR_RANGE, "movedim: axis 1 is out of range for rank 1 (x)",
            1, WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("destination", move_1_to_2, WG_ERR_RANGE,
            "movedim: axis 2 is out of range for rank 2 (x)", 1, WGI_IN_2(2, 3, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_squeeze[] = {
    {.name = "axes", .kind = WGI_ATTR_AXES, .is_optional = true},
};

WGI_CALL(call_squeeze, wg_squeeze(wgi_call_in(c, 0), wgi_call_axes(c, 0), wgi_call_length(c, 0)))

const wgi_op wgi_op_squeeze = {
    WGI_FORM_OF("squeeze", 1, 1, "x"),
    .call = call_squeeze,
    WGI_ATTRIBUTES(attributes_squeeze),
    WGI_SAMPLES(squeeze_samples, squeeze_bad),
};

static const wgi_attribute attributes_unsqueeze[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS},
};

WGI_CALL(call_unsqueeze, wg_unsqueeze(wgi_call_in(c, 0), wgi_call_int(c, 0)))

const wgi_op wgi_op_unsqueeze = {
    WGI_FORM_OF("unsqueeze", 1, 1, "x"),
    .call = call_unsqueeze,
    WGI_ATTRIBUTES(attributes_unsqueeze),
    WGI_SAMPLES(unsqueeze_samples, unsqueeze_bad),
};

static const wgi_attribute attributes_flatten[] = {
    {.name = "first", .kind = WGI_ATTR_AXIS, .is_optional = true},
    {.name = "last", .kind = WGI_ATTR_AXIS, .is_optional = true, .integer = -1},
};

WGI_CALL(call_flatten, wg_flatten(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_int(c, 1)))

const wgi_op wgi_op_flatten = {
    WGI_FORM_OF("flatten", 1, 1, "x"),
    .call = call_flatten,
    WGI_ATTRIBUTES(attributes_flatten),
    WGI_SAMPLES(flatten_samples, flatten_bad),
};

static const wgi_attribute attributes_swap_axes[] = {
    {.name = "a", .kind = WGI_ATTR_AXIS},
    {.name = "b", .kind = WGI_ATTR_AXIS},
};

WGI_CALL(call_swap_axes, wg_swap_axes(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_int(c, 1)))

const wgi_op wgi_op_swap_axes = {
    WGI_FORM_OF("swap_axes", 1, 1, "x"),
    .call = call_swap_axes,
    WGI_ATTRIBUTES(attributes_swap_axes),
    WGI_SAMPLES(swap_axes_samples, swap_axes_bad),
};

static const wgi_attribute attributes_movedim[] = {
    {.name = "source", .kind = WGI_ATTR_AXIS},
    {.name = "destination", .kind = WGI_ATTR_AXIS},
};

WGI_CALL(call_movedim, wg_movedim(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_int(c, 1)))

const wgi_op wgi_op_movedim = {
    WGI_FORM_OF("movedim", 1, 1, "x"),
    .call = call_movedim,
    WGI_ATTRIBUTES(attributes_movedim),
    WGI_SAMPLES(movedim_samples, movedim_bad),
};
