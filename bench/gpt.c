/* The GPT of the workloads, in the library.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Blocks of attention and an MLP of gelu, each behind a layer norm and beside the residual; learned
 * positions; the tokens' table is the last layer's weights too. Queries, keys and values come of
 * one product and are attended to where it leaves them. */
#include <stdlib.h>
#include <string.h>

#include "bench/gpt.h"

#define PATH_BYTES 4096
#define EPSILON 1e-5

enum {
    TOKENS,
    POSITIONS,
    FIRST_LAYER,
    LAST_NORM = BENCH_GPT_PARAMS - 2
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

bench_gpt_shape bench_gpt_shape_at(int i)
{
    static const bench_gpt_shape of_layer[BENCH_GPT_OF_LAYER] = {
        {BENCH_GPT_WIDTH, 0, 1, .1},
        {BENCH_GPT_WIDTH, 0, 0, .1},
        {BENCH_GPT_WIDTH, 3 * BENCH_GPT_WIDTH, 0, .035},
        {3 * BENCH_GPT_WIDTH, 0, 0, .02},
        {BENCH_GPT_WIDTH, BENCH_GPT_WIDTH, 0, .035},
        {BENCH_GPT_WIDTH, 0, 0, .02},
        {BENCH_GPT_WIDTH, 0, 1, .1},
        {BENCH_GPT_WIDTH, 0, 0, .1},
        {BENCH_GPT_WIDTH, 4 * BENCH_GPT_WIDTH, 0, .035},
        {4 * BENCH_GPT_WIDTH, 0, 0, .02},
        {4 * BENCH_GPT_WIDTH, BENCH_GPT_WIDTH, 0, .035},
        {BENCH_GPT_WIDTH, 0, 0, .02},
    };
    if (i == TOKENS) {
        return (bench_gpt_shape){BENCH_GPT_VOCABULARY, BENCH_GPT_WIDTH, 0, .035};
    }
    if (i == POSITIONS) {
        return (bench_gpt_shape){BENCH_GPT_CONTEXT, BENCH_GPT_WIDTH, 0, .035};
    }
    return of_layer[i >= LAST_NORM ? i - LAST_NORM : (i - FIRST_LAYER) % BENCH_GPT_OF_LAYER];
}

FILE *bench_gpt_file(const char *folder, const char *mode)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/W7.bin", folder);
    return length > 0 && length < (int)sizeof path ? fopen(path, mode) : NULL;
}

bool bench_gpt_is_ok(bench_gpt *n, wg_graph *g, wg_status status)
{
    if (status != WG_OK) {
        const char *text = g == NULL ? wg_context_error(n->ctx) : wg_graph_error(g);
        fprintf(stderr, "W7: %s: %s\n", wg_status_text(status), text);
    }
    return status == WG_OK;
}

/* ---- opening ------------------------------------------------------------------------------ */

static wg_status read_into(FILE *f, wg_tensor *t)
{
    size_t bytes = wg_tensor_bytes(t);
    return fread(wg_tensor_data_mutable(t), 1, bytes, f) == bytes ? WG_OK : WG_ERR_IO;
}

static wg_status read_tokens(bench_gpt *n, FILE *f, int32_t rank, const int64_t *dims,
                             wg_tensor **out)
{
    wg_status s = wg_tensor_create(n->ctx, WG_I64, rank, dims, out);
    return s == WG_OK ? read_into(f, *out) : s;
}

static wg_status read_param(bench_gpt *n, FILE *f, int i)
{
    const wg_init zeros = {.kind = WG_INIT_ZEROS};
    const bench_gpt_shape shape = bench_gpt_shape_at(i);
    const int64_t dims[] = {shape.rows, shape.columns};
    char name[16];
    snprintf(name, sizeof name, "p%d", i);
    wg_status s =
        wg_param_create(n->m, name, WG_F32, shape.columns > 0 ? 2 : 1, dims, &zeros, &n->params[i]);
    return s == WG_OK ? read_into(f, wg_param_value(n->params[i])) : s;
}

static wg_status read_all(bench_gpt *n, FILE *f)
{
    const int64_t of_tokens[] = {BENCH_GPT_BATCH, BENCH_GPT_CONTEXT};
    const int64_t of_targets[] = {BENCH_GPT_ROWS};
    wg_status s = read_tokens(n, f, 2, of_tokens, &n->tokens);
    if (s == WG_OK) {
        s = read_tokens(n, f, 1, of_targets, &n->targets);
    }
    for (int i = 0; s == WG_OK && i < BENCH_GPT_PARAMS; i++) {
        s = read_param(n, f, i);
    }
    return s;
}

static wg_status make(bench_gpt *n, const bench_options *options)
{
    const wg_config config = {.size = sizeof config, .threads = options->threads};
    const wg_adamw_options adamw = {
        .size = sizeof adamw, .rate = 1e-3, .beta2 = .99, .weight_decay = .1};
    wg_status s = wg_context_create(&config, &n->ctx);
    if (s == WG_OK) {
        s = wg_graph_create(n->ctx, &n->g);
    }
    if (s == WG_OK) {
        s = wg_model_create(n->ctx, &n->m);
    }
    if (s == WG_OK) {
        s = wg_adamw_create(n->m, &adamw, &n->adamw);
    }
    return s;
}

bench_gpt *bench_gpt_open(const bench_options *options)
{
    bench_gpt *n = calloc(1, sizeof *n);
    FILE *f = bench_gpt_file(options->data, "rb");
    if (n == NULL || f == NULL) {
        fprintf(stderr, "%s/W7.bin: cannot be read; --write-data makes it\n", options->data);
        goto fail;
    }
    wg_status s = make(n, options);
    if (s == WG_OK) {
        s = read_all(n, f);
    }
    if (!bench_gpt_is_ok(n, NULL, s)) {
        goto fail;
    }
    fclose(f);
    return n;
fail:
    if (f != NULL) {
        fclose(f);
    }
    bench_gpt_close(n);
    return NULL;
}

void bench_gpt_close(bench_gpt *n)
{
    if (n == NULL) {
        return;
    }
    wg_graph_destroy(n->g);
    wg_optimizer_destroy(n->adamw);
    wg_tensor_destroy(n->tokens);
    wg_tensor_destroy(n->targets);
    wg_model_destroy(n->m);
    wg_context_destroy(n->ctx);
    free(n);
}

/* ---- recording ---------------------------------------------------------------------------- */

/* One record on its way. */
typedef struct recording {
    wg_graph *g;
    wg_param *const *params;
} recording;

static wg_node param(const recording *r, int i)
{
    return wg_use(r->g, r->params[i]);
}

static wg_node linear(const recording *r, wg_node x, int weight)
{
    return wg_add(wg_matmul(x, param(r, weight)), param(r, weight + 1));
}

static wg_node norm(const recording *r, wg_node x, int weight)
{
    return wg_layer_norm(x, 1, param(r, weight), param(r, weight + 1), EPSILON);
}

static wg_node attention(const recording *r, wg_node x, int at)
{
    static const int64_t packed[] = {BENCH_GPT_BATCH, BENCH_GPT_CONTEXT, 3, BENCH_GPT_HEADS,
                                     BENCH_GPT_WIDTH / BENCH_GPT_HEADS};
    static const int64_t rows[] = {BENCH_GPT_ROWS, BENCH_GPT_WIDTH};
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

wg_node bench_gpt_record(bench_gpt *n, wg_graph *g)
{
    static const int64_t rows[] = {BENCH_GPT_ROWS, BENCH_GPT_WIDTH};
    const recording r = {.g = g, .params = n->params};
    wg_node table = param(&r, TOKENS);
    wg_node x = wg_embedding(table, wg_input(g, n->tokens), -1);
    x = wg_reshape(wg_add(x, param(&r, POSITIONS)), 2, rows);
    for (int i = 0; i < BENCH_GPT_LAYERS; i++) {
        int at = FIRST_LAYER + i * BENCH_GPT_OF_LAYER;
        x = wg_add(x, attention(&r, norm(&r, x, at + NORM_1), at));
        x = wg_add(x, mlp(&r, norm(&r, x, at + NORM_2), at));
    }
    wg_node logits = wg_matmul(norm(&r, x, LAST_NORM), wg_transpose(table));
    return wg_cross_entropy(logits, wg_input(g, n->targets));
}
