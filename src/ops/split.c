/* split and chunk: one slice for each part of an axis.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a part is one record, so the parts follow each other in the list; `out` is written
 * whole, with failed handles where the graph has failed. */
#include "core/checked.h"
#include "ops/call.h"
#include "ops/samples.h"
#include "ops/slice.h"

extern const wgi_op wgi_op_split;
extern const wgi_op wgi_op_chunk;

/* An axis to be split into n parts, and where the parts go. */
typedef struct parts {
    wg_node x;
    int64_t axis;
    int64_t size;
    int32_t n;
    wg_node *out; /* may be NULL */
} parts;

/* Every part is what failed. */
static wg_node give_up(const parts *p, wg_node failed)
{
    for (int32_t i = 0; p->out != NULL && i < p->n; i++) {
        p->out[i] = failed;
    }
    return failed;
}

/* False where the graph has been failed, and *failed is then the node to return. */
static bool open_parts(const wgi_draft *draft, int32_t axis, parts *p, wg_node *failed)
{
    if (!wgi_take_axis(draft, p->x, axis, &p->axis, failed)) {
        return false;
    }
    p->size = wg_node_dim(p->x, (int32_t)p->axis);
    if (p->n < 1) {
        *failed = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "%d parts of axis %d", (int)p->n,
                             (int)p->axis);
        return false;
    }
    return true;
}

/* Records part i; after a failure it passes that on. */
static wg_node record_part(const parts *p, int32_t i, int64_t begin, int64_t end)
{
    const wg_node part = wgi_slice_axis(p->x, p->axis, begin, end, 1);
    if (p->out != NULL) {
        p->out[i] = part;
    }
    return part;
}

/* Whether the sizes are good ones and add up to the axis's. */
static bool add_up(const parts *p, const int64_t *sizes)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < p->n; i++) {
        if (sizes[i] < 0 || !wgi_dim_add(sum, sizes[i], &sum)) {
            return false;
        }
    }
    return sum == p->size;
}

wg_node wg_split(wg_node x, int32_t axis, const int64_t *sizes, int32_t n, wg_node *out)
{
    const wgi_draft draft = WGI_FORM_DRAFT(split, x);
    parts p = {.x = x, .n = n, .out = out};
    wg_node first;
    if (!open_parts(&draft, axis, &p, &first)) {
        return give_up(&p, first);
    }
    if (sizes == NULL) {
        return give_up(
            &p, wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "sizes is NULL but n is %d", (int)n));
    }
    if (!add_up(&p, sizes)) {
        return give_up(&p, wgi_refuse(&draft, WG_ERR_SHAPE, NULL,
                                      "the sizes do not add up to %lld (x, axis %d)",
                                      (long long)p.size, (int)p.axis));
    }
    int64_t begin = 0;
    for (int32_t i = 0; i < n; i++) {
        const wg_node part = record_part(&p, i, begin, begin + sizes[i]);
        first = i == 0 ? part : first;
        begin += sizes[i];
    }
    return wg_graph_status(x.graph) == WG_OK ? first : give_up(&p, wgi_record(&draft));
}

wg_node wg_chunk(wg_node x, int32_t axis, int32_t n, wg_node *out)
{
    const wgi_draft draft = WGI_FORM_DRAFT(chunk, x);
    parts p = {.x = x, .n = n, .out = out};
    wg_node first;
    if (!open_parts(&draft, axis, &p, &first)) {
        return give_up(&p, first);
    }
    if (n > p.size && n > 1) {
        return give_up(&p, wgi_refuse(&draft, WG_ERR_RANGE, NULL,
                                      "%d chunks of axis %d, which has %lld (x)", (int)n,
                                      (int)p.axis, (long long)p.size));
    }
    const int64_t each = (p.size - 1) / n + 1;
    for (int32_t i = 0; i < n; i++) {
        const int64_t left = p.size - i * each;
        const int64_t length = left < 0 ? 0 : left < each ? left : each;
        const wg_node part = record_part(&p, i, i * each, i * each + length);
        first = i == 0 ? part : first;
    }
    return wg_graph_status(x.graph) == WG_OK ? first : give_up(&p, wgi_record(&draft));
}

/* ---- samples ------------------------------------------------------------------------------ */

#define SIZES(...)                                                                                 \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* Products of the parts, with a sum over what they share: every part is in use. */
static wg_node join(wg_node *part, int32_t n)
{
    wg_node sum = wg_sum_all(part[0]);
    for (int32_t i = 1; i < n; i++) {
        sum = wg_add(wg_mul(sum, sum), wg_sum_all(part[i]));
    }
    return sum;
}

static wg_node split_and_join(wg_node x, int32_t axis, const int64_t *sizes, int32_t n)
{
    wg_node part[3];
    (void)wg_split(x, axis, sizes, n, part);
    return join(part, n);
}

static wg_node chunk_and_join(wg_node x, int32_t axis, int32_t n)
{
    wg_node part[3];
    (void)wg_chunk(x, axis, n, part);
    return join(part, n);
}

WGI_BUILD(split_first, wg_split(in[0], 0, SIZES(2, 1), 2, NULL))
WGI_BUILD(split_whole, wg_split(in[0], 0, SIZES(0), 1, NULL))
WGI_BUILD(split_null, wg_split(in[0], 0, NULL, 2, NULL))
WGI_BUILD(split_none, wg_split(in[0], 0, SIZES(3), 0, NULL))
WGI_BUILD(split_negative, wg_split(in[0], 0, SIZES(4, -1), 2, NULL))
WGI_BUILD(split_huge, wg_split(in[0], 0, SIZES(INT64_MAX, INT64_MAX), 2, NULL))
WGI_BUILD(chunk_first, wg_chunk(in[0], 0, 2, NULL))
WGI_BUILD(chunk_once, wg_chunk(in[0], -1, 1, NULL))
WGI_BUILD(chunk_none, wg_chunk(in[0], 0, 0, NULL))
WGI_BUILD_UNTOLD(split_1_2, split_and_join(in[0], 0, SIZES(1, 2), 2))
WGI_BUILD_UNTOLD(split_last, split_and_join(in[0], -1, SIZES(2, 0, 1), 3))
WGI_BUILD_UNTOLD(chunk_3, chunk_and_join(in[0], 0, 3))
WGI_BUILD_UNTOLD(chunk_last_2, chunk_and_join(in[0], -1, 2))

static const wgi_sample split_samples[] = {
    WGI_GOOD("first part", split_first, 1, WGI_IN_2(3, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("rows", split_1_2, 1, WGI_IN_2(3, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("last axis", split_last, 1, WGI_IN_3(2, 1, 3, WGI_NORMAL)),
    WGI_GOOD("size 0", split_whole, 1, WGI_IN_2(0, 2, WGI_NORMAL)),
    WGI_GOOD("i64", split_first, 1, WGI_IN_TYPED(3, WG_I64, 9)),
    WGI_GOOD("bool", split_first, 1, WGI_IN_TYPED(3, WG_BOOL, 2)),
};

static const wgi_sample split_bad[] = {
    WGI_BAD("axis", split_first, WG_ERR_RANGE, "split: axis 0 is out of range for rank 0 (x)", 1,
            WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("sum", split_first, WG_ERR_SHAPE, "split: the sizes do not add up to 4 (x, axis 0)", 1,
            WGI_IN_2(4, 2, WGI_NORMAL)),
    WGI_BAD("negative", split_negative, WG_ERR_SHAPE,
            "split: the sizes do not add up to 3 (x, axis 0)", 1, WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("huge", split_huge, WG_ERR_SHAPE, "split: the sizes do not add up to 3 (x, axis 0)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("no sizes", split_null, WG_ERR_ARGUMENT, "split: sizes is NULL but n is 2", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("no part", split_none, WG_ERR_ARGUMENT, "split: 0 parts of axis 0", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

static const wgi_sample chunk_samples[] = {
    WGI_GOOD("first chunk", chunk_first, 1, WGI_IN_2(5, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("equal", chunk_3, 1, WGI_IN_2(6, 2, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("a smaller last", chunk_3, 1, WGI_IN_1(7, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("an empty last", chunk_3, 1, WGI_IN_1(4, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("last axis", chunk_last_2, 1, WGI_IN_3(2, 2, 3, WGI_NORMAL)),
    WGI_GOOD("one", chunk_once, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("size 0", chunk_once, 1, WGI_IN_2(2, 0, WGI_NORMAL)),
    WGI_GOOD("u8", chunk_first, 1, WGI_IN_TYPED(3, WG_U8, 9)),
};

static const wgi_sample chunk_bad[] = {
    WGI_BAD("axis", chunk_first, WG_ERR_RANGE, "chunk: axis 0 is out of range for rank 0 (x)", 1,
            WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("too many", chunk_first, WG_ERR_RANGE, "chunk: 2 chunks of axis 0, which has 1 (x)", 1,
            WGI_IN_2(1, 2, WGI_NORMAL)),
    WGI_BAD("none", chunk_none, WG_ERR_ARGUMENT, "chunk: 0 parts of axis 0", 1,
            WGI_IN_1(3, WGI_NORMAL)),
};

/* ---- rows: by name the first part is the result, and the others are the entries after it -- */

static const wgi_attribute attributes_split[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS},
    {.name = "sizes", .kind = WGI_ATTR_DIMS},
};

WGI_CALL(call_split, wg_split(wgi_call_in(c, 0), wgi_call_int(c, 0), wgi_call_list(c, 1),
                              wgi_call_length(c, 1), NULL))

const wgi_op wgi_op_split = {
    WGI_FORM_OF("split", 1, 1, "x"),
    .call = call_split,
    WGI_ATTRIBUTES(attributes_split),
    WGI_SAMPLES(split_samples, split_bad),
};

static const wgi_attribute attributes_chunk[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS},
    {.name = "chunks", .kind = WGI_ATTR_INTEGER, .range = "[1, inf)"},
};

/* The nearest 32-bit count, which is as wrong as one that does not fit. */
static int32_t count_of(int64_t n)
{
    return n < 0 ? -1 : n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

WGI_CALL(call_chunk,
         wg_chunk(wgi_call_in(c, 0), wgi_call_int(c, 0), count_of(wgi_call_integer(c, 1)), NULL))

const wgi_op wgi_op_chunk = {
    WGI_FORM_OF("chunk", 1, 1, "x"),
    .call = call_chunk,
    WGI_ATTRIBUTES(attributes_chunk),
    WGI_SAMPLES(chunk_samples, chunk_bad),
};
