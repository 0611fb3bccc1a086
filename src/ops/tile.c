/* tile and repeat_interleave: forms of broadcast_to, between reshapes that copy nothing.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a tensor seen as [outer, 1, inner] is broadcast to [outer, n, inner], so that every
 * rank is served and the adjoint is the sum of the copies. */
#include "core/checked.h"
#include "ops/call.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_tile;
extern const wgi_op wgi_op_repeat_interleave;

static int64_t product(const int64_t *dims, int32_t from, int32_t to)
{
    int64_t count = 1;
    for (int32_t i = from; i < to; i++) {
        count *= dims[i];
    }
    return count;
}

/* n copies of each block of `inner` elements, side by side. */
static wg_node repeat_blocks(wg_node x, int64_t outer, int64_t n, int64_t inner)
{
    const wg_node apart = wg_reshape(x, 3, (const int64_t[]){outer, 1, inner});
    return wg_broadcast_to(apart, 3, (const int64_t[]){outer, n, inner});
}

/* ---- tile --------------------------------------------------------------------------------- */

/* Whether reps, n of them, are good ones. False where the graph has been failed. */
static bool check_reps(const wgi_draft *draft, const int64_t *reps, int32_t n, wg_node *out)
{
    if (n < 0 || n > WG_MAX_RANK) {
        *out =
            wgi_refuse(draft, WG_ERR_RANGE, NULL, "rank %d is not in [0, %d]", (int)n, WG_MAX_RANK);
        return false;
    }
    if (reps == NULL && n > 0) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "reps is NULL but n is %d", (int)n);
        return false;
    }
    for (int32_t i = 0; i < n; i++) {
        if (reps[i] < 0) {
            *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "%lld copies (reps[%d])",
                              (long long)reps[i], (int)i);
            return false;
        }
    }
    return true;
}

/* Whether the tiled shape is one. False where the graph has been failed. */
static bool check_shape(const wgi_draft *draft, int dtype, int32_t rank, const int64_t *dims,
                        const int64_t *reps, wg_node *out)
{
    int64_t tiled[WG_MAX_RANK] = {0};
    wgi_type type;
    bool fits = true;
    for (int32_t i = 0; i < rank; i++) {
        fits = fits && wgi_dim_mul(dims[i], reps[i], &tiled[i]);
    }
    if (!fits || wgi_type_make(dtype, rank, tiled, &type) != WG_OK) {
        *out = wgi_refuse(draft, WG_ERR_OVERFLOW, NULL, "the result has too many elements");
        return false;
    }
    return true;
}

/* Axis by axis from the last on, so that the early copies are the small ones. */
static wg_node tile_axes(wg_node y, int32_t rank, int64_t *dims, const int64_t *reps)
{
    for (int32_t i = rank - 1; i >= 0; i--) {
        if (reps[i] != 1) {
            y = repeat_blocks(y, product(dims, 0, i), reps[i], product(dims, i, rank));
            dims[i] *= reps[i];
            y = wg_reshape(y, rank, dims);
        }
    }
    return y;
}

wg_node wg_tile(wg_node x, const int64_t *reps, int32_t n)
{
    const wgi_draft draft = WGI_FORM_DRAFT(tile, x);
    int64_t dims[WG_MAX_RANK];
    int64_t all[WG_MAX_RANK];
    wgi_view view;
    wg_node failed;
    if (!wgi_view_of(x, &view)) {
        return wgi_record(&draft);
    }
    if (!check_reps(&draft, reps, n, &failed)) {
        return failed;
    }
    const int32_t rank = n > view.rank ? n : view.rank;
    for (int32_t i = 0; i < rank; i++) {
        dims[i] = i >= rank - view.rank ? view.dims[i - (rank - view.rank)] : 1;
        all[i] = i >= rank - n ? reps[i - (rank - n)] : 1;
    }
    if (!check_shape(&draft, view.dtype, rank, dims, all, &failed)) {
        return failed;
    }
    return tile_axes(rank > view.rank ? wg_reshape(x, rank, dims) : x, rank, dims, all);
}

/* ---- repeat_interleave -------------------------------------------------------------------- */

wg_node wg_repeat_interleave(wg_node x, int64_t repeats, int32_t axis)
{
    const wgi_draft draft = WGI_FORM_DRAFT(repeat_interleave, x);
    int64_t dims[WG_MAX_RANK] = {0};
    int64_t place;
    wgi_view view;
    wg_node failed;
    if (!wgi_take_axis(&draft, x, axis, &place, &failed)) {
        return failed;
    }
    (void)wgi_view_of(x, &view);
    if (repeats < 0) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL, "repeats is negative: %lld",
                          (long long)repeats);
    }
    for (int32_t i = 0; i < view.rank; i++) {
        dims[i] = view.dims[i];
    }
    const int64_t outer = product(dims, 0, (int32_t)place + 1);
    const int64_t inner = product(dims, (int32_t)place + 1, view.rank);
    const int32_t rank = view.rank;
    if (!wgi_dim_mul(dims[place], repeats, &dims[place])) {
        return wgi_refuse(&draft, WG_ERR_OVERFLOW, NULL, "the result has too many elements");
    }
    return wg_reshape(repeat_blocks(x, outer, repeats, inner), rank, dims);
}

/* ---- samples ------------------------------------------------------------------------------ */

#define REPS(...)                                                                                  \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

WGI_BUILD(tile_2, wg_tile(in[0], REPS(2), 1))
WGI_BUILD(tile_2_3, wg_tile(in[0], REPS(2, 3), 2))
WGI_BUILD(tile_2_1_2, wg_tile(in[0], REPS(2, 1, 2), 3))
WGI_BUILD(tile_ones, wg_tile(in[0], REPS(1, 1), 2))
WGI_BUILD(tile_0, wg_tile(in[0], REPS(0), 1))
WGI_BUILD(tile_none, wg_tile(in[0], NULL, 0))
WGI_BUILD(tile_minus_1, wg_tile(in[0], REPS(-1), 1))
WGI_BUILD(tile_huge, wg_tile(in[0], REPS(INT64_MAX), 1))
WGI_BUILD(tile_large, wg_tile(in[0], REPS((int64_t)1 << 40, (int64_t)1 << 40), 2))
WGI_BUILD(tile_rank_9, wg_tile(in[0], (const int64_t[9]){1}, 9))
WGI_BUILD(tile_null, wg_tile(in[0], NULL, 1))
WGI_BUILD(repeat_2, wg_repeat_interleave(in[0], 2, 0))
WGI_BUILD(repeat_last_3, wg_repeat_interleave(in[0], 3, -1))
WGI_BUILD(repeat_0, wg_repeat_interleave(in[0], 0, 0))
WGI_BUILD(repeat_minus_1, wg_repeat_interleave(in[0], -1, 0))
WGI_BUILD(repeat_huge, wg_repeat_interleave(in[0], INT64_MAX, 0))

static const wgi_sample tile_samples[] = {
    WGI_GOOD("vector", tile_2, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("last axis", tile_2, 1, WGI_IN_3(2, 1, 3, WGI_NORMAL)),
    WGI_GOOD("both axes", tile_2_3, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("more axes than x has", tile_2_1_2, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("rank 4", tile_2_1_2, 1, WGI_IN_4(2, 1, 3, 2, WGI_NORMAL)),
    WGI_GOOD("rank 0", tile_2_3, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("once", tile_ones, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("no counts", tile_none, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("no times", tile_0, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", tile_2, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", tile_2_3, 1, WGI_IN_2(2, 0, WGI_NORMAL)),
    WGI_GOOD("i64", tile_2, 1, WGI_IN_TYPED(3, WG_I64, 9)),
    WGI_GOOD("bool", tile_2_3, 1, WGI_IN_TYPED(3, WG_BOOL, 2)),
    WGI_GOOD("u8", tile_2, 1, WGI_IN_TYPED(3, WG_U8, 9)),
};

static const wgi_sample tile_bad[] = {
    WGI_BAD("negative", tile_minus_1, WG_ERR_RANGE, "tile: -1 copies (reps[0])", 1,
            WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("huge", tile_huge, WG_ERR_OVERFLOW, "tile: the result has too many elements", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("a product that is huge", tile_large, WG_ERR_OVERFLOW,
            "tile: the result has too many elements", 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_BAD("rank 9", tile_rank_9, WG_ERR_RANGE, "tile: rank 9 is not in [0, 8]", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("no reps", tile_null, WG_ERR_ARGUMENT, "tile: reps is NULL but n is 1", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_sample repeat_samples[] = {
    WGI_GOOD("vector", repeat_2, 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("rows", repeat_2, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("last axis", repeat_last_3, 1, WGI_IN_3(2, 1, 3, WGI_NORMAL)),
    WGI_GOOD("no times", repeat_0, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("size 1", repeat_2, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", repeat_2, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("u8", repeat_2, 1, WGI_IN_TYPED(3, WG_U8, 9)),
};

static const wgi_sample repeat_bad[] = {
    WGI_BAD("axis", repeat_2, WG_ERR_RANGE,
            "repeat_interleave: axis 0 is out of range for rank 0 (x)", 1, WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("negative", repeat_minus_1, WG_ERR_RANGE, "repeat_interleave: repeats is negative: -1",
            1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("huge", repeat_huge, WG_ERR_OVERFLOW,
            "repeat_interleave: the result has too many elements", 1, WGI_IN_1(3, WGI_NORMAL)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static const wgi_attribute attributes_tile[] = {
    {.name = "reps", .kind = WGI_ATTR_DIMS},
};

WGI_CALL(call_tile, wg_tile(wgi_call_in(c, 0), wgi_call_list(c, 0), wgi_call_length(c, 0)))

const wgi_op wgi_op_tile = {
    WGI_FORM_OF("tile", 1, 1, "x"),
    .call = call_tile,
    WGI_ATTRIBUTES(attributes_tile),
    WGI_SAMPLES(tile_samples, tile_bad),
};

static const wgi_attribute attributes_repeat[] = {
    {.name = "repeats", .kind = WGI_ATTR_INTEGER, .range = "[0, inf)"},
    {.name = "axis", .kind = WGI_ATTR_AXIS, .is_optional = true},
};

WGI_CALL(call_repeat,
         wg_repeat_interleave(wgi_call_in(c, 0), wgi_call_integer(c, 0), wgi_call_int(c, 1)))

const wgi_op wgi_op_repeat_interleave = {
    WGI_FORM_OF("repeat_interleave", 1, 1, "x"),
    .call = call_repeat,
    WGI_ATTRIBUTES(attributes_repeat),
    WGI_SAMPLES(repeat_samples, repeat_bad),
};
