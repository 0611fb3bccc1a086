/* Opening a model of the table, from its file, with a context and an optimizer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bench/trained.h"

#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 4096

static const bench_model *const models[] = {&bench_gpt, &bench_lenet, &bench_lstm};

#define N_MODELS (sizeof models / sizeof models[0])

const bench_model *bench_model_at(size_t i)
{
    return i < N_MODELS ? models[i] : NULL;
}

static const bench_model *find(const char *name)
{
    for (size_t i = 0; i < N_MODELS; i++) {
        if (strcmp(models[i]->name, name) == 0) {
            return models[i];
        }
    }
    return NULL;
}

int64_t bench_array_count(const bench_array *a)
{
    int64_t count = 1;
    for (int32_t i = 0; i < a->rank; i++) {
        count *= a->dims[i];
    }
    return count;
}

FILE *bench_model_file(const bench_model *model, const char *folder, const char *mode)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/%s.bin", folder, model->name);
    return length > 0 && length < (int)sizeof path ? fopen(path, mode) : NULL;
}

bool bench_trained_is_ok(const bench_trained *n, wg_graph *g, wg_status status)
{
    if (status != WG_OK) {
        const char *text = g == NULL ? wg_context_error(n->ctx) : wg_graph_error(g);
        fprintf(stderr, "%s: %s: %s\n", n->model->name, wg_status_text(status), text);
    }
    return status == WG_OK;
}

wg_node bench_trained_use(const bench_trained *n, wg_graph *g, int i)
{
    return wg_use(g, n->params[i]);
}

/* ---- opening ------------------------------------------------------------------------------ */

static wg_status read_into(FILE *f, wg_tensor *t)
{
    size_t bytes = wg_tensor_bytes(t);
    return fread(wg_tensor_data_mutable(t), 1, bytes, f) == bytes ? WG_OK : WG_ERR_IO;
}

static wg_status read_input(bench_trained *n, FILE *f, int i)
{
    const bench_array a = n->model->input(i);
    const wg_dtype dtype = a.classes > 0 ? WG_I64 : WG_F32;
    wg_status s = wg_tensor_create(n->ctx, dtype, a.rank, a.dims, &n->inputs[i]);
    return s == WG_OK ? read_into(f, n->inputs[i]) : s;
}

static wg_status read_param(bench_trained *n, FILE *f, int i)
{
    const wg_init zeros = {.kind = WG_INIT_ZEROS};
    const bench_array a = n->model->param(i);
    char name[16];
    snprintf(name, sizeof name, "p%d", i);
    wg_status s = wg_param_create(n->m, name, WG_F32, a.rank, a.dims, &zeros, &n->params[i]);
    return s == WG_OK ? read_into(f, wg_param_value(n->params[i])) : s;
}

static wg_status read_all(bench_trained *n, FILE *f)
{
    wg_status s = WG_OK;
    for (int i = 0; s == WG_OK && i < n->model->n_inputs; i++) {
        s = read_input(n, f, i);
    }
    for (int i = 0; s == WG_OK && i < n->model->n_params; i++) {
        s = read_param(n, f, i);
    }
    return s;
}

static wg_status make(bench_trained *n, const bench_options *options)
{
    const wg_config config = {.size = sizeof config, .threads = options->threads};
    wg_status s = wg_context_create(&config, &n->ctx);
    if (s == WG_OK) {
        s = wg_graph_create(n->ctx, &n->g);
    }
    if (s == WG_OK) {
        s = wg_model_create(n->ctx, &n->m);
    }
    if (s == WG_OK) {
        s = n->model->make_optimizer(n->m, &n->optimizer);
    }
    return s;
}

bench_trained *bench_trained_open(const char *model, const bench_options *options)
{
    bench_trained *n = calloc(1, sizeof *n);
    if (n == NULL) {
        return NULL;
    }
    n->model = find(model);
    FILE *f = n->model == NULL ? NULL : bench_model_file(n->model, options->data, "rb");
    if (f == NULL) {
        fprintf(stderr, "%s/%s.bin: cannot be read; --write-data makes it\n", options->data, model);
        bench_trained_close(n);
        return NULL;
    }
    wg_status s = make(n, options);
    if (s == WG_OK) {
        s = read_all(n, f);
    }
    fclose(f);
    if (!bench_trained_is_ok(n, NULL, s)) {
        bench_trained_close(n);
        return NULL;
    }
    return n;
}

void bench_trained_close(bench_trained *n)
{
    if (n == NULL) {
        return;
    }
    wg_graph_destroy(n->g);
    wg_optimizer_destroy(n->optimizer);
    for (int i = 0; i < BENCH_MAX_INPUTS; i++) {
        wg_tensor_destroy(n->inputs[i]);
    }
    wg_model_destroy(n->m);
    wg_context_destroy(n->ctx);
    free(n);
}
