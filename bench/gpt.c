/* The GPT of the workloads, in the library.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Blocks of attention and an MLP of gelu, each behind a layer norm and beside the residual; learned
 * positions; the tokens' table is the last layer's weights too. Queries, keys and values come of
 * one product and are attended to where it leaves them. */
#include "bench/trained.h"

#define EPSILON 1e-5

enum {
    LAYERS = 4,
    HEADS = 4,
    WIDTH = 128,
    CONTEXT = 64,
    BATCH = 12,
    VOCABULARY = 65,
    ROWS = BATCH * CONTEXT,
    OF_LAYER = 12, /* parameters of a layer */
    N_PARAMS = 2 + LAYERS * OF_LAYER + 2
};

enum {
    TOKENS,
    POSITIONS,
    FIRST_LAYER,
    LAST_NORM = N_PARAMS - 2
};

/* Of a layer, in order. */
enum {
    NORM_1,
    NORM_1_BIAS,
    QKV,
    QKV_BIAS,
    PROJECTION,
    PROJECTION_BIAS,
    NORM_2,
    NORM_2_BIAS,
    UP,
    UP_BIAS,
    DOWN,
    DOWN_BIAS
};

/* Tokens, and those that follow them. */
static bench_array input(int i)
{
    static const bench_array all[] = {
        {2, {BATCH, CONTEXT}, VOCABULARY, 0, 0},
        {1, {ROWS}, VOCABULARY, 0, 0},
    };
    return all[i];
}

static bench_array param(int i)
{
    static const bench_array tokens = {2, {VOCABULARY, WIDTH}, 0, 0, .035};
    static const bench_array positions = {2, {CONTEXT, WIDTH}, 0, 0, .035};
    static const bench_array of_layer[OF_LAYER] = {
        [NORM_1] = {1, {WIDTH}, 0, 1, .1},
        [NORM_1_BIAS] = {1, {WIDTH}, 0, 0, .1},
        [QKV] = {2, {WIDTH, 3 * WIDTH}, 0, 0, .035},
        [QKV_BIAS] = {1, {3 * WIDTH}, 0, 0, .02},
        [PROJECTION] = {2, {WIDTH, WIDTH}, 0, 0, .035},
        [PROJECTION_BIAS] = {1, {WIDTH}, 0, 0, .02},
        [NORM_2] = {1, {WIDTH}, 0, 1, .1},
        [NORM_2_BIAS] = {1, {WIDTH}, 0, 0, .1},
        [UP] = {2, {WIDTH, 4 * WIDTH}, 0, 0, .035},
        [UP_BIAS] = {1, {4 * WIDTH}, 0, 0, .02},
        [DOWN] = {2, {4 * WIDTH, WIDTH}, 0, 0, .035},
        [DOWN_BIAS] = {1, {WIDTH}, 0, 0, .02},
    };
    if (i < FIRST_LAYER) {
        return i == TOKENS ? tokens : positions;
    }
    return of_layer[i >= LAST_NORM ? i - LAST_NORM : (i - FIRST_LAYER) % OF_LAYER];
}

static wg_status make_optimizer(wg_model *m, wg_optimizer **out)
{
    const wg_adamw_options adamw = {
        .size = sizeof adamw, .rate = 1e-3, .beta2 = .99, .weight_decay = .1};
    return wg_adamw_create(m, &adamw, out);
}

/* ---- recording ---------------------------------------------------------------------------- */

/* One record on its way. */
typedef struct recording {
    wg_graph *g;
    const bench_trained *n;
} recording;

static wg_node use(const recording *r, int i)
{
    return bench_trained_use(r->n, r->g, i);
}

static wg_node linear(const recording *r, wg_node x, int weight)
{
    return wg_add(wg_matmul(x, use(r, weight)), use(r, weight + 1));
}

static wg_node norm(const recording *r, wg_node x, int weight)
{
    return wg_layer_norm(x, 1, use(r, weight), use(r, weight + 1), EPSILON);
}

static wg_node attention(const recording *r, wg_node x, int at)
{
    static const int64_t packed[] = {BATCH, CONTEXT, 3, HEADS, WIDTH / HEADS};
    static const int64_t rows[] = {ROWS, WIDTH};
    const wg_attention_options options = {.size = sizeof options, .is_causal = true};
    wg_node none = {NULL, 0, 0};
    wg_node qkv = wg_reshape(linear(r, x, at + QKV), 5, packed);
    wg_node y = wg_packed_attention(qkv, none, &options);
    return linear(r, wg_reshape(y, 2, rows), at + PROJECTION);
}

static wg_node mlp(const recording *r, wg_node x, int at)
{
    return linear(r, wg_gelu(linear(r, x, at + UP)), at + DOWN);
}

static wg_node record(const bench_trained *n, wg_graph *g)
{
    static const int64_t rows[] = {ROWS, WIDTH};
    const recording r = {.g = g, .n = n};
    wg_node table = use(&r, TOKENS);
    wg_node x = wg_embedding(table, wg_input(g, n->inputs[0]), -1);
    x = wg_reshape(wg_add(x, use(&r, POSITIONS)), 2, rows);
    for (int i = 0; i < LAYERS; i++) {
        int at = FIRST_LAYER + i * OF_LAYER;
        x = wg_add(x, attention(&r, norm(&r, x, at + NORM_1), at));
        x = wg_add(x, mlp(&r, norm(&r, x, at + NORM_2), at));
    }
    wg_node logits = wg_matmul(norm(&r, x, LAST_NORM), wg_transpose(table));
    return wg_cross_entropy(logits, wg_input(g, n->inputs[1]));
}

const bench_model bench_gpt = {
    .name = "W7",
    .stream = 1000,
    .n_inputs = 2,
    .n_params = N_PARAMS,
    .input = input,
    .param = param,
    .make_optimizer = make_optimizer,
    .record = record,
};
