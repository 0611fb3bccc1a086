/* A small program for gdb to stop in: every kind of thing that the printers show.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <wengert/wengert.h>

/* What the breakpoint sees. */
struct seen {
    wg_graph *graph;
    wg_graph *failed_graph;
    wg_node x;
    wg_node weight;
    wg_node hidden;
    wg_node index;
    wg_node loss;
    wg_node stale;
    wg_node failed;
    wg_node zero;
    wg_node garbage;
    wg_tensor *owned;
    wg_tensor *borrowed;
    wg_tensor *none;
    wg_tensor *wild;
    wg_graph *junk;
    wg_node lost;
    wg_param *param;
    wg_param *frozen;
};

struct seen seen;

__attribute__((noinline)) void stop_here(void)
{
    __asm__ volatile("" ::: "memory");
}

/* Records a step and fails another graph. */
static wg_status record(wg_context *ctx, wg_model *m)
{
    const int64_t wide[] = {2, 3};
    const int64_t tall[] = {3, 2};
    static float lent[] = {1, 2, 3, 4, 5, 6.5F};
    wg_status s = wg_tensor_borrow(ctx, WG_F32, 2, wide, lent, &seen.borrowed);
    s = s ? s : wg_tensor_create(ctx, WG_I64, 1, (int64_t[]){20}, &seen.owned);
    const wg_init ones = {.kind = WG_INIT_UNIFORM, .a = 1, .b = 1};
    s = s ? s : wg_param_create(m, "fc.weight", WG_F32, 2, tall, &ones, &seen.param);
    s = s ? s : wg_param_create(m, "fc.bias", WG_F32, 1, (int64_t[]){2}, NULL, &seen.frozen);
    s = s ? s : wg_param_set_frozen(seen.frozen, true);
    s = s ? s : wg_graph_create(ctx, &seen.graph);
    s = s ? s : wg_graph_create(ctx, &seen.failed_graph);
    if (s != WG_OK) {
        return s;
    }
    seen.stale = wg_input(seen.graph, seen.borrowed);
    s = wg_graph_reset(seen.graph);
    seen.x = wg_input(seen.graph, seen.borrowed);
    seen.weight = wg_use(seen.graph, seen.param);
    seen.hidden = wg_name(wg_relu(wg_matmul(seen.x, seen.weight)), "hidden");
    seen.index = wg_output(wg_max(seen.hidden, 1, false), 1);
    seen.loss = wg_name(wg_sum_all(seen.hidden), "loss");
    s = s ? s : wg_backward(seen.loss);
    wg_node x = wg_input(seen.failed_graph, seen.borrowed);
    seen.failed = wg_name(wg_matmul(x, x), "square");
    seen.garbage = (wg_node){.graph = seen.graph, .index = 77, .epoch = seen.loss.epoch};
    seen.wild = (wg_tensor *)(uintptr_t)0x10;
    static unsigned char junk[65536];
    memset(junk, 0x5a, sizeof junk);
    seen.junk = (wg_graph *)(void *)junk;
    seen.lost = (wg_node){.graph = seen.junk, .index = 3, .epoch = 0x5a5a5a5a};
    return s;
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_model *m = NULL;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : record(ctx, m);
    stop_here();
    wg_graph_destroy(seen.graph);
    wg_graph_destroy(seen.failed_graph);
    wg_tensor_destroy(seen.owned);
    wg_tensor_destroy(seen.borrowed);
    wg_model_destroy(m);
    wg_context_destroy(ctx);
    return s == WG_OK ? 0 : 1;
}
