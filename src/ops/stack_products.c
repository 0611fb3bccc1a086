/* stack_products: tensors of one type as the slices of one more axis, the first.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: slice i of the result is operand i, byte for byte; its gradient is slice i of dy. */
#include "ops/stack_products.h"

#include <string.h>

#include <wengert/derivatives.h>

#include "ops/call.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wgi_stack_products(const wg_node *xs, int32_t n)
{
    const wgi_draft draft = {.op = WGI_OP_stack_products, .n_in = n, .in = xs};
    return wgi_record(&draft);
}

static wg_status infer(wgi_infer *q)
{
    const wgi_view *x = &q->in[0];
    int64_t dims[WG_MAX_RANK + 1] = {q->n_in};
    for (int32_t i = 1; i < q->n_in; i++) {
        const wgi_view *other = &q->in[i];
        if (other->dtype != x->dtype) {
            return wgi_infer_fail(q, WG_ERR_DTYPE, "dtypes differ: %s (0) vs %s (%d)",
                                  wg_dtype_name((wg_dtype)x->dtype),
                                  wg_dtype_name((wg_dtype)other->dtype), (int)i);
        }
        if (!wgi_same_shape(x->rank, x->dims, other->rank, other->dims)) {
            return wgi_infer_fail(q, WG_ERR_SHAPE, "shapes differ: those of 0 and %d", (int)i);
        }
    }
    for (int32_t i = 0; i < x->rank; i++) {
        dims[i + 1] = x->dims[i];
    }
    return wgi_infer_shape(q, 0, x->dtype, x->rank + 1, dims);
}

static void gradient(wgi_rule *rule)
{
    for (int32_t i = 0; i < rule->n_in; i++) {
        if (rule->wants[i]) {
            const wg_node at = wg_full(rule->graph, WG_I64, 0, NULL, i);
            rule->dx[i] = wg_gather(rule->dy[0], at, 0);
        }
    }
}

static wg_status reference(const wgi_args *args)
{
    const size_t bytes = (size_t)args->in[0].count * wg_dtype_size((wg_dtype)args->in[0].dtype);
    char *y = args->out[0].data;
    for (int32_t i = 0; bytes > 0 && i < args->n_in; i++) {
        memcpy(y + (size_t)i * bytes, args->in[i].data, bytes);
    }
    return WG_OK;
}

WGI_BUILD(one, wgi_stack_products(in, 1))
WGI_BUILD(two, wgi_stack_products(in, 2))
WGI_BUILD(three, wgi_stack_products(in, 3))
WGI_BUILD(four, wgi_stack_products((const wg_node[]){in[0], in[1], in[0], in[2]}, 4))
WGI_BUILD(nine, wgi_stack_products((const wg_node[]){in[0], in[1], in[0], in[0], in[1], in[1],
                                                     in[0], in[1], in[0]},
                                   9))

WGI_CALL(call, wgi_call_record(c, WGI_OP_stack_products))

static const wgi_sample samples[] = {
    WGI_GOOD("one", one, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("scalars", two, 2, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("rows", three, 3, WGI_IN_1(3, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL),
             WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD("one of them twice", four, 3, WGI_IN_2(2, 1, WGI_NORMAL), WGI_IN_2(2, 1, WGI_NORMAL),
             WGI_IN_2(2, 1, WGI_NORMAL)),
    WGI_GOOD("aliased", two, 2, WGI_IN_1(4, WGI_NORMAL), WGI_IN_SAME_1(4, WGI_NORMAL, 0)),
    WGI_GOOD("nine", nine, 2, WGI_IN_1(2, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL)),
    WGI_GOOD("size 0", two, 2, WGI_IN_2(0, 3, WGI_NORMAL), WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("i64", two, 2, WGI_IN_TYPED(3, WG_I64, 9), WGI_IN_TYPED(3, WG_I64, 9)),
    WGI_GOOD("bool", two, 2, WGI_IN_TYPED(3, WG_BOOL, 2), WGI_IN_TYPED(3, WG_BOOL, 2)),
    WGI_GOOD("u8", one, 1, WGI_IN_TYPED(3, WG_U8, 9)),
};

static const wgi_sample bad[] = {
    WGI_BAD("shapes", two, WG_ERR_SHAPE, "stack_products: shapes differ: those of 0 and 1", 2,
            WGI_IN_1(3, WGI_NORMAL), WGI_IN_1(2, WGI_NORMAL)),
    WGI_BAD("ranks", three, WG_ERR_SHAPE, "stack_products: shapes differ: those of 0 and 2", 3,
            WGI_IN_1(3, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL), WGI_IN_2(1, 3, WGI_NORMAL)),
    WGI_BAD("dtypes", two, WG_ERR_DTYPE, "stack_products: dtypes differ: u8 (0) vs i64 (1)", 2,
            WGI_IN_TYPED(3, WG_U8, 4), WGI_IN_TYPED(3, WG_I64, 4)),
};

const wgi_op wgi_op_stack_products = {
    .name = "stack_products",
    .min_in = 1,
    .max_in = WG_MAX_PRODUCTS,
    .n_out = 1,
    .operands = {"0", "1", "2", "3"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_ANY_DTYPE(reference)},
    .call = call,
    .samples = samples,
    .n_samples = WGI_COUNT(samples),
    .bad = bad,
    .n_bad = WGI_COUNT(bad),
};
