/* randint: independent integers from [low, high).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: element e has words 2 (e % 2) and the next of block e / 2, read as a fraction of 64
 * bits; what it is times the number of integers, rounded down, is the draw. With at most 2^32
 * integers none is more likely than another by more than one part in 2^32. */
#include "ops/call.h"
#include "ops/draw.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

#define MOST (INT64_C(1) << 32)

/* high - low, wrapped. */
static uint64_t span_of(int64_t low, int64_t high)
{
    return (uint64_t)high - (uint64_t)low;
}

wg_node wg_randint(wg_graph *g, int32_t rank, const int64_t *dims, int64_t low, int64_t high)
{
    wgi_randint_attr attr = {.low = low, .high = high, .rank = rank};
    const wgi_draft draft = {.op = WGI_OP_randint, .graph = g, .attr = &attr};
    wg_node failed;
    if (!wgi_take_shape(&draft, rank, dims, attr.dims, &failed)) {
        return failed;
    }
    if (low >= high || span_of(low, high) > (uint64_t)MOST) {
        return wgi_refuse(&draft, WG_ERR_RANGE, NULL,
                          "[%lld, %lld) does not hold between 1 and 2^32 integers", (long long)low,
                          (long long)high);
    }
    attr.ordinal = (int64_t)wgi_next_ordinal(g);
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_randint_attr *attr = q->attr;
    return wgi_infer_shape(q, 0, WG_I64, (int32_t)attr->rank, attr->dims);
}

static wg_status run(const wgi_args *args)
{
    const wgi_randint_attr *attr = args->attr;
    const uint64_t n = span_of(attr->low, attr->high);
    int64_t *y = args->out[0].data;
    uint32_t words[4] = {0};
    for (int64_t e = 0; e < args->out[0].count; e++) {
        if (e % 2 == 0) {
            wgi_random_block(args->key, (uint32_t)attr->ordinal, (uint64_t)e / 2, words);
        }
        const uint32_t *pair = words + e % 2 * 2;
        const uint64_t carried = (pair[1] * n) >> 32;
        const uint64_t product = pair[0] * n;
        const uint64_t low_half = (product & UINT32_MAX) + carried;
        y[e] = attr->low + (int64_t)((product >> 32) + (low_half >> 32));
    }
    return WG_OK;
}

WGI_BUILD(build_rank_0, wg_randint(g, 0, NULL, 0, 10))
WGI_BUILD(build_matrix, wg_randint(g, 2, (const int64_t[]){3, 7}, -2, 3))
WGI_BUILD(build_empty, wg_randint(g, 2, (const int64_t[]){2, 0}, 0, 2))
WGI_BUILD(build_point, wg_randint(g, 1, (const int64_t[]){5}, 7, 8))
WGI_BUILD(build_most, wg_randint(g, 1, (const int64_t[]){5}, INT64_MIN, INT64_MIN + MOST))
WGI_BUILD(build_picked, wg_one_hot(wg_randint(g, 1, (const int64_t[]){5}, 0, 3), 3, dtype))
WGI_BUILD(build_nothing, wg_randint(g, 0, NULL, 3, 3))
WGI_BUILD(build_too_many, wg_randint(g, 0, NULL, INT64_MIN, INT64_MAX))
WGI_BUILD(build_no_dims, wg_randint(g, 1, NULL, 0, 3))

static const wgi_sample samples[] = {
    WGI_GOOD_0("rank 0", build_rank_0),          WGI_GOOD_0("matrix", build_matrix),
    WGI_GOOD_0("size 0", build_empty),           WGI_GOOD_0("one integer", build_point),
    WGI_GOOD_0("the most integers", build_most), WGI_GOOD_0("indices", build_picked),
};

static const wgi_sample bad[] = {
    WGI_BAD_0("no integer", build_nothing, WG_ERR_RANGE,
              "randint: [3, 3) does not hold between 1 and 2^32 integers"),
    WGI_BAD_0("too many", build_too_many, WG_ERR_RANGE,
              "randint: [-9223372036854775808, 9223372036854775807) does not hold between 1 and "
              "2^32 integers"),
    WGI_BAD_0("no dims", build_no_dims, WG_ERR_ARGUMENT, "randint: dims is NULL but rank is 1"),
};

static const wgi_attribute attributes[] = {
    {.name = "dims", .kind = WGI_ATTR_DIMS, .place = WGI_AT_I64_LIST(wgi_randint_attr, rank, dims)},
    {.name = "low",
     .kind = WGI_ATTR_INTEGER,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_randint_attr, low)},
    {.name = "high", .kind = WGI_ATTR_INTEGER, .place = WGI_AT_I64(wgi_randint_attr, high)},
};

WGI_CALL(call, wg_randint(c->graph, wgi_call_length(c, 0), wgi_call_list(c, 0),
                          wgi_call_integer(c, 1), wgi_call_integer(c, 2)))

const wgi_op wgi_op_randint = {
    .name = "randint",
    .traits = WGI_FILL | WGI_RANDOM | WGI_STOP,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_randint_attr),
    .dispatch = -1,
    .infer = infer,
    .reference = {[WG_I64] = run},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};
