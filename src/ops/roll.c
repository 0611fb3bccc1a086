/* roll: elements shifted along axes, those that leave at one end entering at the other.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the recorded shifts are in [0, size), 0 along an axis of size 0. */
#include <string.h>

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* a + b in [0, size), a being there already. */
static int64_t add_shift(int64_t a, int64_t b, int64_t size)
{
    if (size == 0) {
        return 0;
    }
    const int64_t rest = b % size;
    const int64_t shift = rest < 0 ? rest + size : rest;
    return a >= size - shift ? a - (size - shift) : a + shift;
}

/* Checks how many axes there are, and that they are given. False where the graph has been failed.
 */
static bool check_lists(const wgi_draft *draft, const int64_t *shifts, const int32_t *axes,
                        int32_t n, wg_node *out)
{
    wgi_view x;
    if (!wgi_view_of(draft->in[0], &x)) {
        *out = wgi_record(draft);
        return false;
    }
    if (n < 0 || (axes == NULL && n != x.rank)) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                          "needs one shift for each axis: %d for rank %d (x)", (int)n, (int)x.rank);
        return false;
    }
    if (shifts == NULL && n > 0) {
        *out = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "shifts is NULL but n is %d", (int)n);
        return false;
    }
    return true;
}

wg_node wg_roll(wg_node x, const int64_t *shifts, const int32_t *axes, int32_t n)
{
    wgi_roll_attr attr = {0};
    const wgi_draft draft = {.op = WGI_OP_roll, .n_in = 1, .in = &x, .attr = &attr};
    wg_node failed;
    if (!check_lists(&draft, shifts, axes, n, &failed)) {
        return failed;
    }
    attr.rank = wg_node_rank(x);
    for (int32_t i = 0; i < n; i++) {
        int64_t axis = i;
        if (axes != NULL && !wgi_take_axis(&draft, x, axes[i], &axis, &failed)) {
            return failed;
        }
        const int64_t size = wg_node_dim(x, (int32_t)axis);
        attr.shifts[axis] = add_shift(attr.shifts[axis], shifts[i], size);
    }
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    return wgi_infer_like(q, 0, 0);
}

static void gradient(wgi_rule *rule)
{
    const wgi_roll_attr *attr = rule->attr;
    int64_t back[WG_MAX_RANK] = {0};
    for (int64_t i = 0; i < attr->rank; i++) {
        back[i] = -attr->shifts[i];
    }
    rule->dx[0] = wg_roll(rule->dy[0], back, NULL, (int32_t)attr->rank);
}

/* The last axis that is shifted, along which rows are moved; 0 where none is. */
static int32_t last_shifted(const wgi_roll_attr *attr)
{
    int32_t axis = (int32_t)attr->rank - 1;
    while (axis > 0 && attr->shifts[axis] == 0) {
        axis--;
    }
    return axis;
}

/* The number of x's row that comes to stand under the walk's index. */
static int64_t row_under(const wgi_walk *walk, const wgi_roll_attr *attr)
{
    int64_t at = 0;
    for (int32_t i = 0; i < walk->rank; i++) {
        const int64_t j = walk->index[i] - attr->shifts[i];
        at = at * walk->dims[i] + (j < 0 ? j + walk->dims[i] : j);
    }
    return at;
}

static wg_status run(const wgi_args *args)
{
    const wgi_roll_attr *attr = args->attr;
    if (args->out->count == 0 || attr->rank == 0) {
        wgi_copy_all(args);
        return WG_OK;
    }
    const int32_t axis = last_shifted(attr);
    const wgi_block block = wgi_block_around(args->in, axis);
    const size_t piece = (size_t)block.inner * wg_dtype_size((wg_dtype)args->out->dtype);
    const size_t row = (size_t)block.size * piece;
    const size_t head = (size_t)attr->shifts[axis] * piece;
    wgi_walk walk = wgi_walk_over(axis, args->out->dims);
    char *y = args->out->data;
    for (int64_t o = 0; o < block.outer; o++) {
        const char *x = (const char *)args->in->data + (size_t)row_under(&walk, attr) * row;
        memcpy(y + head, x, row - head);
        memcpy(y, x + (row - head), head);
        y += row;
        wgi_walk_step(&walk);
    }
    return WG_OK;
}

#define SHIFTS(...)                                                                                \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define AXES(...)                                                                                  \
    (const int32_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

WGI_BUILD(by_1, wg_roll(in[0], SHIFTS(1), NULL, 1))
WGI_BUILD(by_far, wg_roll(in[0], SHIFTS(INT64_MIN), AXES(0), 1))
WGI_BUILD(by_1_minus_1, wg_roll(in[0], SHIFTS(1, -1), NULL, 2))
WGI_BUILD(first, wg_roll(in[0], SHIFTS(2), AXES(0), 1))
WGI_BUILD(outer, wg_roll(in[0], SHIFTS(1, 2), AXES(-1, 0), 2))
WGI_BUILD(added, wg_roll(in[0], SHIFTS(1, 1), AXES(1, 1), 2))
WGI_BUILD(none, wg_roll(in[0], NULL, AXES(0), 0))
WGI_BUILD(rank_0, wg_roll(in[0], NULL, NULL, 0))
WGI_BUILD(no_shifts, wg_roll(in[0], NULL, NULL, 1))
WGI_BUILD(minus_1, wg_roll(in[0], SHIFTS(1), AXES(0), -1))

static const wgi_sample samples[] = {
    WGI_GOOD("vector", by_1, 1, WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD("far back", by_far, 1, WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD("both axes", by_1_minus_1, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("rows", first, 1, WGI_IN_2(5, 2, WGI_NORMAL)),
    WGI_GOOD("outer axes", outer, 1, WGI_IN_3(3, 2, 3, WGI_NORMAL)),
    WGI_GOOD("rank 4", outer, 1, WGI_IN_4(3, 2, 1, 3, WGI_NORMAL)),
    WGI_GOOD("one axis twice", added, 1, WGI_IN_3(2, 5, 2, WGI_NORMAL)),
    WGI_GOOD("no axis", none, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("rank 0", rank_0, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", by_1, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", by_1_minus_1, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("i64", by_1, 1, WGI_IN_TYPED(5, WG_I64, 9)),
    WGI_GOOD("bool", by_1, 1, WGI_IN_TYPED(5, WG_BOOL, 2)),
    WGI_GOOD("u8", by_1, 1, WGI_IN_TYPED(5, WG_U8, 9)),
};

static const wgi_sample bad[] = {
    WGI_BAD("too few", by_1, WG_ERR_SHAPE, "roll: needs one shift for each axis: 1 for rank 2 (x)",
            1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_BAD("negative", minus_1, WG_ERR_SHAPE,
            "roll: needs one shift for each axis: -1 for rank 1 (x)", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("axis", added, WG_ERR_RANGE, "roll: axis 1 is out of range for rank 1 (x)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("no shifts", no_shifts, WG_ERR_ARGUMENT, "roll: shifts is NULL but n is 1", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_attribute attributes[] = {
    {.name = "shifts",
     .kind = WGI_ATTR_DIMS,
     .place = WGI_AT_I64_LIST(wgi_roll_attr, rank, shifts)},
    {.name = "axes", .kind = WGI_ATTR_AXES, .is_optional = true},
};

static wg_node call(const wgi_call *c)
{
    wg_node failed;
    return wgi_call_pairs(c, 0, 1, &failed) ? wg_roll(wgi_call_in(c, 0), wgi_call_list(c, 0),
                                                      wgi_call_axes(c, 1), wgi_call_length(c, 0))
                                            : failed;
}

const wgi_op wgi_op_roll = {
    .name = "roll",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_roll_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_ANY_DTYPE(run)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};
