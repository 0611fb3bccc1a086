/* The f32 functions against long double, over a sample of all floats or over all of them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * WENGERT_SWEEP_STRIDE sets which bit patterns are visited: every stride-th; 1 visits all 2^32. */
#include "ops/oracles.h"
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct sweep {
    const wgt_unary *op;
    uint64_t n;
    double worst;
    float at;
} sweep;

/* The error in ulp of f32 at a finite result; 0 for one that wgt_agrees otherwise. */
static double ulps_off(float y, long double expected)
{
    const double nearest = (double)(float)expected;
    if (!isfinite(nearest) || isnan(y)) {
        return wgt_agrees(WG_F32, (double)y, nearest, 0) ? 0 : HUGE_VAL;
    }
    return (double)(fabsl((long double)y - expected) / (long double)wgt_ulp_of(WG_F32, nearest));
}

static void sweep_block(wg_graph *g, sweep *s, wg_tensor *t)
{
    const wg_node y = s->op->record(wg_input(g, t));
    const wg_tensor *out = wg_value(y);
    assert_non_null(out);
    const float *in = wg_tensor_data(t);
    const float *values = wg_tensor_data(out);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        const double off = ulps_off(values[i], s->op->value((long double)in[i]));
        s->at = off > s->worst ? in[i] : s->at;
        s->worst = fmax(s->worst, off);
        s->n++;
    }
    assert_int_equal(wg_graph_reset(g), WG_OK);
}

/* Every stride-th bit pattern of a float, block by block. */
static void run_sweep(wg_graph *g, sweep *s, uint64_t stride)
{
    enum {
        BLOCK = 4096
    };
    const int64_t n = BLOCK;
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_create(wg_graph_context(g), WG_F32, 1, &n, &t), WG_OK);
    uint64_t bits = 0;
    while (bits <= UINT32_MAX) {
        float *x = wg_tensor_data_mutable(t);
        for (int i = 0; i < BLOCK; i++) {
            const uint32_t word = bits <= UINT32_MAX ? (uint32_t)bits : 0;
            memcpy(&x[i], &word, sizeof word);
            bits += stride;
        }
        sweep_block(g, s, t);
    }
    wg_tensor_destroy(t);
}

static uint64_t sweep_stride(void)
{
    const char *text = getenv("WENGERT_SWEEP_STRIDE");
    const uint64_t stride = text != NULL ? strtoull(text, NULL, 10) : 0;
    return stride > 0 ? stride : 4001;
}

static void test_accuracy_of_f32_functions(void **state)
{
    (void)state;
    wg_context *ctx = wgt_context(0);
    wg_graph *g = NULL;
    assert_int_equal(wg_graph_create(ctx, &g), WG_OK);
    for (size_t i = 0; i < WGT_N_UNARIES; i++) {
        sweep s = {.op = &wgt_unaries[i]};
        run_sweep(g, &s, sweep_stride());
        print_message("%s: %llu floats, worst %.3f ulp at %a\n", s.op->name,
                      (unsigned long long)s.n, s.worst, (double)s.at);
        assert_true(s.n > 100000);
        assert_true(s.worst <= 2);
    }
    wg_graph_destroy(g);
    wg_context_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy_of_f32_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
