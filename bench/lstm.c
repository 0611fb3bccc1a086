/* The character model of the workloads: one layer of long short-term memory, in the library.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Characters are indices, which pick rows of the weights; the states after all steps are projected
 * by one product. Two biases, as PyTorch has them. */
#include "bench/trained.h"

enum {
    STEPS = 64,
    BATCH = 32,
    HIDDEN = 256,
    VOCABULARY = 96
};

enum {
    INPUT_WEIGHTS,
    STATE_WEIGHTS,
    INPUT_BIAS,
    STATE_BIAS,
    OUTPUT,
    OUTPUT_BIAS,
    N_PARAMS
};

/* Characters, and those that follow them. */
static bench_array input(int i)
{
    static const bench_array all[] = {
        {2, {STEPS, BATCH}, VOCABULARY, 0, 0},
        {1, {(int64_t)STEPS * BATCH}, VOCABULARY, 0, 0},
    };
    return all[i];
}

static bench_array param(int i)
{
    static const bench_array all[N_PARAMS] = {
        [INPUT_WEIGHTS] = {2, {4 * HIDDEN, VOCABULARY}, 0, 0, .0625},
        [STATE_WEIGHTS] = {2, {4 * HIDDEN, HIDDEN}, 0, 0, .0625},
        [INPUT_BIAS] = {1, {4 * HIDDEN}, 0, 0, .0625},
        [STATE_BIAS] = {1, {4 * HIDDEN}, 0, 0, .0625},
        [OUTPUT] = {2, {HIDDEN, VOCABULARY}, 0, 0, .0625},
        [OUTPUT_BIAS] = {1, {VOCABULARY}, 0, 0, .0625},
    };
    return all[i];
}

static wg_status make_optimizer(wg_model *m, wg_optimizer **out)
{
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 1};
    return wg_sgd_create(m, &sgd, out);
}

static wg_node record(const bench_trained *n, wg_graph *g)
{
    const wg_node none = {NULL, 0, 0};
    const wg_recurrence_weights weights = {
        .size = sizeof weights,
        .w_ih = bench_trained_use(n, g, INPUT_WEIGHTS),
        .w_hh = bench_trained_use(n, g, STATE_WEIGHTS),
        .b_ih = bench_trained_use(n, g, INPUT_BIAS),
        .b_hh = bench_trained_use(n, g, STATE_BIAS),
    };
    wg_node y = wg_lstm(wg_input(g, n->inputs[0]), none, none, &weights, NULL, NULL, NULL);
    wg_node products = wg_matmul(wg_flatten(y, 0, 1), bench_trained_use(n, g, OUTPUT));
    wg_node logits = wg_add(products, bench_trained_use(n, g, OUTPUT_BIAS));
    return wg_cross_entropy(logits, wg_input(g, n->inputs[1]));
}

const bench_model bench_lstm = {
    .name = "W6",
    .stream = 1001,
    .n_inputs = 2,
    .n_params = N_PARAMS,
    .input = input,
    .param = param,
    .make_optimizer = make_optimizer,
    .record = record,
};
