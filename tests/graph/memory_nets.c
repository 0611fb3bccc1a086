/* Networks for the tests of memory limits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "memory_nets.h"

static wg_node chain_step(const net *x, net_kind kind, wg_node h)
{
    switch (kind) {
    case NET_POINTWISE:
        return wg_tanh(h);
    case NET_RESIDUAL:
        return wg_add(h, wg_matmul(wg_relu(wg_matmul(h, x->leaves[1])), x->leaves[2]));
    case NET_DROPOUT:
        return wg_dropout(wg_tanh(wg_matmul(h, x->leaves[1])), 0.25);
    default:
        return wg_tanh(wg_matmul(h, x->leaves[1]));
    }
}

static wg_node record_skips(const net *x, wg_node h, int n)
{
    wg_node skips[64];
    assert_true(n <= 64);
    for (int i = 0; i < n; i++) {
        h = chain_step(x, NET_CHAIN, h);
        skips[i] = h;
    }
    for (int i = n; i > 0; i--) {
        h = wg_tanh(wg_add(wg_matmul(h, x->leaves[2]), skips[i - 1]));
    }
    return h;
}

void net_record(net *x, net_kind kind, int n)
{
    for (int k = 0; k < NET_PARAMS; k++) {
        x->leaves[k] = wg_variable(x->g, x->tensors[k]);
    }
    wg_node h = x->leaves[0];
    x->middle = h;
    if (kind == NET_SKIPS) {
        h = record_skips(x, h, n);
    }
    for (int i = 0; kind != NET_SKIPS && i < n; i++) {
        h = chain_step(x, kind, h);
        x->middle = i == n / 2 ? h : x->middle;
    }
    x->loss = wg_mean_all(wg_square(h));
    assert_int_equal(wg_graph_status(x->g), WG_OK);
}

void net_open(net *x, net_kind kind, int n, int64_t size, size_t limit)
{
    const int64_t dims[] = {size, size};
    float *values = calloc((size_t)(size * size), sizeof *values);
    assert_non_null(values);
    memset(x, 0, sizeof *x);
    wgt_allocator_start(&x->counter);
    const wg_allocator hooks = wgt_allocator_hooks(&x->counter);
    const wg_config config = {
        .size = sizeof config, .allocator = &hooks, .seed = 5, .threads = 1, .memory_limit = limit};
    assert_int_equal(wg_context_create(&config, &x->ctx), WG_OK);
    assert_int_equal(wg_graph_create(x->ctx, &x->g), WG_OK);
    for (int k = 0; k < NET_PARAMS; k++) {
        for (int64_t i = 0; i < size * size; i++) {
            values[i] = (float)((i * 7 + k * 13) % 31 - 15) / (float)(4 * size);
        }
        assert_int_equal(wg_tensor_from(x->ctx, WG_F32, 2, dims, WG_F32, values, &x->tensors[k]),
                         WG_OK);
    }
    free(values);
    net_record(x, kind, n);
}

void net_close(net *x)
{
    for (int k = 0; k < NET_PARAMS; k++) {
        wg_tensor_destroy(x->tensors[k]);
    }
    wg_graph_destroy(x->g);
    wg_context_destroy(x->ctx);
    assert_true(wgt_allocator_is_clean(&x->counter));
    wgt_allocator_finish(&x->counter);
}

wg_plan_need net_need(const net *x)
{
    wg_plan_need need;
    assert_int_equal(wg_plan_memory(&x->loss, 1, WG_PLAN_BACKWARD, &need), WG_OK);
    return need;
}

wg_stats net_stats(const net *x)
{
    wg_stats stats;
    assert_int_equal(wg_context_stats(x->ctx, &stats), WG_OK);
    return stats;
}

size_t net_smallest(net_kind kind, int n, int64_t size)
{
    static const char start[] = "plan: the memory limit of 1 bytes is too small: this list needs ";
    net x;
    net_open(&x, kind, n, size, 1);
    assert_int_equal(wg_backward(x.loss), WG_ERR_MEMORY);
    const char *text = wg_graph_error(x.g);
    assert_memory_equal(text, start, sizeof start - 1);
    const size_t bytes = (size_t)strtoull(text + sizeof start - 1, NULL, 10);
    net_close(&x);
    return bytes;
}

bool net_is_same(const net *a, const net *b)
{
    for (int k = 0; k < NET_PARAMS; k++) {
        const wg_tensor *s = wg_gradient(a->leaves[k]);
        const wg_tensor *t = wg_gradient(b->leaves[k]);
        if ((s == NULL) != (t == NULL)) {
            return false;
        }
        const size_t bytes = s != NULL ? (size_t)wg_tensor_count(s) * sizeof(float) : 0;
        if (bytes > 0 && memcmp(wg_tensor_data(s), wg_tensor_data(t), bytes) != 0) {
            return false;
        }
    }
    return true;
}
