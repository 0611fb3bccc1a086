/* LeNet-5 of the workloads, in the library, with relu and max-pooling.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Images and kernels are in PyTorch's order, as most programs have them. */
#include "bench/trained.h"

enum {
    BATCH = 64,
    CLASSES = 10,
    FEATURES = 400
};

static bench_array input(int i)
{
    static const bench_array all[] = {
        {4, {BATCH, 1, 28, 28}, 0, 0, 1},
        {1, {BATCH}, CLASSES, 0, 0},
    };
    return all[i];
}

static bench_array param(int i)
{
    static const bench_array all[] = {
        {4, {6, 1, 5, 5}, 0, 0, .4},    {1, {6}, 0, 0, .1},
        {4, {16, 6, 5, 5}, 0, 0, .2},   {1, {16}, 0, 0, .1},
        {2, {FEATURES, 120}, 0, 0, .1}, {1, {120}, 0, 0, .1},
        {2, {120, 84}, 0, 0, .2},       {1, {84}, 0, 0, .1},
        {2, {84, CLASSES}, 0, 0, .2},   {1, {CLASSES}, 0, 0, .1},
    };
    return all[i];
}

static wg_status make_optimizer(wg_model *m, wg_optimizer **out)
{
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = .01};
    return wg_sgd_create(m, &sgd, out);
}

static wg_node convolved(const bench_trained *n, wg_node x, int weight, int64_t padding)
{
    const wg_conv_options around = {
        .size = sizeof around, .before = {padding, padding}, .after = {padding, padding}};
    const wg_pool_options half = {.size = sizeof half, .kernel_size = {2, 2}};
    wg_node w = bench_trained_use(n, x.graph, weight);
    wg_node b = bench_trained_use(n, x.graph, weight + 1);
    return wg_max_pool2d(wg_relu(wg_conv2d(x, w, b, &around)), &half);
}

static wg_node linear(const bench_trained *n, wg_node x, int weight)
{
    wg_node y = wg_matmul(x, bench_trained_use(n, x.graph, weight));
    return wg_add(y, bench_trained_use(n, x.graph, weight + 1));
}

static wg_node record(const bench_trained *n, wg_graph *g)
{
    wg_node h = convolved(n, wg_input(g, n->inputs[0]), 0, 2);
    h = wg_flatten(convolved(n, h, 2, 0), 1, -1);
    h = wg_relu(linear(n, h, 4));
    h = wg_relu(linear(n, h, 6));
    return wg_cross_entropy(linear(n, h, 8), wg_input(g, n->inputs[1]));
}

const bench_model bench_lenet = {
    .name = "W5",
    .stream = 1002,
    .n_inputs = 2,
    .n_params = 10,
    .input = input,
    .param = param,
    .make_optimizer = make_optimizer,
    .record = record,
};
