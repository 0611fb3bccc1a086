/* A network of the workloads, in the library.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Parameters and samples are read straight into their tensors, so that the memory a process peaks
 * at is the library's need and not the reading's. */
#include <stdlib.h>

#include "bench/mlp.h"

bool bench_mlp_is_ok(bench_mlp *n, wg_graph *g, wg_status status)
{
    if (status != WG_OK) {
        const char *text = g == NULL ? wg_context_error(n->ctx) : wg_graph_error(g);
        fprintf(stderr, "%s: %s: %s\n", n->network->name, wg_status_text(status), text);
    }
    return status == WG_OK;
}

/* Reads f32 numbers into a tensor, over a copy where the tensor is f64. */
static wg_status read_floats(wg_context *ctx, FILE *f, wg_tensor *t)
{
    if (wg_tensor_dtype(t) == WG_F32) {
        size_t bytes = wg_tensor_bytes(t);
        return fread(wg_tensor_data_mutable(t), 1, bytes, f) == bytes ? WG_OK : WG_ERR_IO;
    }
    wg_tensor *copy = NULL;
    wg_status s = wg_tensor_create(ctx, WG_F32, wg_tensor_rank(t), wg_tensor_dims(t), &copy);
    if (s == WG_OK) {
        s = read_floats(ctx, f, copy);
    }
    if (s == WG_OK) {
        s = wg_tensor_copy(t, copy);
    }
    wg_tensor_destroy(copy);
    return s;
}

static wg_status read_targets(bench_mlp *n, FILE *f)
{
    const int64_t dims[2] = {n->network->batch, 1};
    bool is_xor = n->network->is_xor;
    wg_status s =
        wg_tensor_create(n->ctx, is_xor ? WG_F32 : WG_I64, is_xor ? 2 : 1, dims, &n->targets);
    if (s != WG_OK) {
        return s;
    }
    size_t bytes = wg_tensor_bytes(n->targets);
    return fread(wg_tensor_data_mutable(n->targets), 1, bytes, f) == bytes ? WG_OK : WG_ERR_IO;
}

static wg_status read_layer(bench_mlp *n, FILE *f, int32_t i)
{
    const wg_init zeros = {.kind = WG_INIT_ZEROS};
    const wg_linear_options options = {
        .size = sizeof options,
        .dtype = n->network->is_f64 ? WG_F64 : WG_F32,
        .init = &zeros,
    };
    const char name[] = {'l', (char)('1' + i), 0};
    const int64_t *sizes = n->network->sizes;
    wg_linear *layer = &n->layers[i];
    wg_status s = wg_linear_create(n->m, name, sizes[i], sizes[i + 1], &options, layer);
    if (s == WG_OK) {
        s = read_floats(n->ctx, f, wg_param_value(layer->weight));
    }
    if (s == WG_OK) {
        s = read_floats(n->ctx, f, wg_param_value(layer->bias));
    }
    return s;
}

static wg_status read_all(bench_mlp *n, FILE *f)
{
    const int64_t dims[2] = {n->network->batch, n->network->sizes[0]};
    wg_status s = wg_tensor_create(n->ctx, n->network->is_f64 ? WG_F64 : WG_F32, 2, dims, &n->x);
    if (s == WG_OK) {
        s = read_floats(n->ctx, f, n->x);
    }
    if (s == WG_OK) {
        s = read_targets(n, f);
    }
    for (int32_t i = 0; s == WG_OK && i < n->network->n_layers; i++) {
        s = read_layer(n, f, i);
    }
    return s;
}

static wg_status make(bench_mlp *n, const bench_options *options)
{
    const wg_config config = {
        .size = sizeof config,
        .threads = options->threads,
        .compute = options->is_bf16 ? WG_COMPUTE_BF16 : WG_COMPUTE_FULL,
    };
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = n->network->rate};
    wg_status s = wg_context_create(&config, &n->ctx);
    if (s == WG_OK) {
        s = wg_graph_create(n->ctx, &n->g);
    }
    if (s == WG_OK) {
        s = wg_model_create(n->ctx, &n->m);
    }
    if (s == WG_OK) {
        s = wg_sgd_create(n->m, &sgd, &n->sgd);
    }
    return s;
}

bench_mlp *bench_mlp_open(const char *network, const bench_options *options)
{
    bench_mlp *n = calloc(1, sizeof *n);
    const bench_network *found = bench_network_find(network);
    FILE *f = found == NULL ? NULL : bench_network_open(found, options->data);
    if (n == NULL || f == NULL) {
        goto fail;
    }
    n->network = found;
    wg_status s = make(n, options);
    if (s == WG_OK) {
        s = read_all(n, f);
    }
    if (!bench_mlp_is_ok(n, NULL, s)) {
        goto fail;
    }
    fclose(f);
    return n;
fail:
    if (f != NULL) {
        fclose(f);
    }
    bench_mlp_close(n);
    return NULL;
}

void bench_mlp_close(bench_mlp *n)
{
    if (n == NULL) {
        return;
    }
    wg_graph_destroy(n->g);
    wg_optimizer_destroy(n->sgd);
    wg_tensor_destroy(n->x);
    wg_tensor_destroy(n->targets);
    wg_model_destroy(n->m);
    wg_context_destroy(n->ctx);
    free(n);
}

static wg_node record_xor(bench_mlp *n, wg_node x, wg_node targets)
{
    wg_node h = wg_tanh(wg_linear_apply(&n->layers[0], x));
    return wg_mse(wg_sigmoid(wg_linear_apply(&n->layers[1], h)), targets);
}

wg_node bench_mlp_record(bench_mlp *n, wg_graph *g)
{
    wg_node h = wg_input(g, n->x);
    wg_node targets = wg_input(g, n->targets);
    if (n->network->is_xor) {
        return record_xor(n, h, targets);
    }
    for (int32_t i = 0; i < n->network->n_layers; i++) {
        if (i > 0) {
            h = n->network->is_f64 ? wg_tanh(h) : wg_relu(h);
        }
        h = wg_linear_apply(&n->layers[i], h);
    }
    return wg_cross_entropy(h, targets);
}
