/* The floor of the networks: their matrix products alone, by oneDNN, in the order of a step.
 * SPDX-License-Identifier: Apache-2.0
 *
 * For each layer y = x w, dw = x^T dy and, but for the first, dx = dy w^T. All matrices are plain
 * row-major, transposes are strides, and primitives are made once: what is timed is execution. */
#include <stdio.h>
#include <stdlib.h>

#include <oneapi/dnnl/dnnl.h>

#include "bench/bench.h"
#include "bench/network.h"

#define MAX_PRODUCTS (3 * BENCH_MAX_LAYERS)

/* c[m, n] = a[m, k] b[k, n]; a transposed operand lies in memory the other way round. */
typedef struct shape {
    int64_t m;
    int64_t k;
    int64_t n;
    bool is_a_transposed;
    bool is_b_transposed;
} shape;

typedef struct product {
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[3];
    void *data[3];
} product;

typedef struct floors {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int32_t n_products;
    product products[MAX_PRODUCTS];
    bench_pace pace;
} floors;

/* ---- what differs between oneDNN 2.6 and 3.x ---------------------------------------------- */

#if DNNL_VERSION_MAJOR >= 3

static dnnl_status_t describe(dnnl_memory_desc_t *out, const dnnl_dims_t dims,
                              const dnnl_dims_t strides)
{
    return dnnl_memory_desc_create_with_strides(out, 2, dims, dnnl_f32, strides);
}

static dnnl_status_t plan(dnnl_primitive_desc_t *out, dnnl_engine_t engine,
                          const dnnl_memory_desc_t d[3])
{
    return dnnl_matmul_primitive_desc_create(out, engine, d[0], d[1], NULL, d[2], NULL);
}

static dnnl_status_t allocate(dnnl_memory_t *out, dnnl_engine_t engine, dnnl_memory_desc_t *d,
                              void *data)
{
    return dnnl_memory_create(out, *d, engine, data);
}

static void forget(dnnl_memory_desc_t *d)
{
    dnnl_memory_desc_destroy(*d);
}

#else

static dnnl_status_t describe(dnnl_memory_desc_t *out, const dnnl_dims_t dims,
                              const dnnl_dims_t strides)
{
    return dnnl_memory_desc_init_by_strides(out, 2, dims, dnnl_f32, strides);
}

static dnnl_status_t plan(dnnl_primitive_desc_t *out, dnnl_engine_t engine,
                          const dnnl_memory_desc_t d[3])
{
    dnnl_matmul_desc_t desc;
    dnnl_status_t status = dnnl_matmul_desc_init(&desc, &d[0], &d[1], NULL, &d[2]);
    return status == dnnl_success ? dnnl_primitive_desc_create(out, &desc, NULL, engine, NULL)
                                  : status;
}

static dnnl_status_t allocate(dnnl_memory_t *out, dnnl_engine_t engine, dnnl_memory_desc_t *d,
                              void *data)
{
    return dnnl_memory_create(out, d, engine, data);
}

static void forget(dnnl_memory_desc_t *d)
{
    (void)d;
}

#endif

/* ---- products ----------------------------------------------------------------------------- */

static bool describe_operand(dnnl_memory_desc_t *out, int64_t rows, int64_t columns,
                             bool is_transposed)
{
    const dnnl_dims_t dims = {rows, columns};
    const dnnl_dims_t strides = {is_transposed ? 1 : columns, is_transposed ? rows : 1};
    return describe(out, dims, strides) == dnnl_success;
}

/* Numbers that are not 0 and not too large, so that no unit may take a short cut. */
static float *numbers(int64_t count)
{
    float *data = malloc((size_t)count * sizeof *data);
    for (int64_t i = 0; data != NULL && i < count; i++) {
        data[i] = (float)(i % 97) / 97 - .45F;
    }
    return data;
}

static bool make_memory(floors *f, product *p, dnnl_memory_desc_t d[3], const shape *s)
{
    const int64_t counts[3] = {s->m * s->k, s->k * s->n, s->m * s->n};
    for (int i = 0; i < 3; i++) {
        p->data[i] = numbers(counts[i]);
        if (p->data[i] == NULL ||
            allocate(&p->memory[i], f->engine, &d[i], p->data[i]) != dnnl_success) {
            return false;
        }
    }
    return true;
}

static bool make_product(floors *f, product *p, const shape *s)
{
    dnnl_memory_desc_t d[3];
    dnnl_primitive_desc_t desc = NULL;
    if (!describe_operand(&d[0], s->m, s->k, s->is_a_transposed) ||
        !describe_operand(&d[1], s->k, s->n, s->is_b_transposed) ||
        !describe_operand(&d[2], s->m, s->n, false)) {
        return false;
    }
    bool ok = plan(&desc, f->engine, d) == dnnl_success &&
              dnnl_primitive_create(&p->primitive, desc) == dnnl_success && make_memory(f, p, d, s);
    if (desc != NULL) {
        dnnl_primitive_desc_destroy(desc);
    }
    for (int i = 0; i < 3; i++) {
        forget(&d[i]);
    }
    return ok;
}

static bool run_product(const floors *f, const product *p)
{
    const dnnl_exec_arg_t arguments[3] = {
        {DNNL_ARG_SRC, p->memory[0]},
        {DNNL_ARG_WEIGHTS, p->memory[1]},
        {DNNL_ARG_DST, p->memory[2]},
    };
    return dnnl_primitive_execute(p->primitive, f->stream, 3, arguments) == dnnl_success;
}

/* ---- a step ------------------------------------------------------------------------------- */

static bool step(void *state)
{
    const floors *f = state;
    for (int32_t i = 0; i < f->n_products; i++) {
        if (!run_product(f, &f->products[i])) {
            return false;
        }
    }
    return dnnl_stream_wait(f->stream) == dnnl_success;
}

static bool time_steps(void *state, double *us)
{
    floors *f = state;
    double ns = 0;
    bool ok = bench_time(step, f, &f->pace, &ns);
    *us = ns / 1e3;
    return ok;
}

static void release_product(product *p)
{
    for (int i = 0; i < 3; i++) {
        if (p->memory[i] != NULL) {
            dnnl_memory_destroy(p->memory[i]);
        }
        free(p->data[i]);
    }
    if (p->primitive != NULL) {
        dnnl_primitive_destroy(p->primitive);
    }
}

static void close_floors(void *state)
{
    floors *f = state;
    for (int32_t i = 0; i < f->n_products; i++) {
        release_product(&f->products[i]);
    }
    if (f->stream != NULL) {
        dnnl_stream_destroy(f->stream);
    }
    if (f->engine != NULL) {
        dnnl_engine_destroy(f->engine);
    }
    free(f);
}

static bool add_product(floors *f, shape s)
{
    return make_product(f, &f->products[f->n_products++], &s);
}

static bool make_products(floors *f, const bench_network *n)
{
    bool ok = true;
    for (int32_t i = 0; ok && i < n->n_layers; i++) {
        ok = add_product(f, (shape){n->batch, n->sizes[i], n->sizes[i + 1], false, false});
    }
    for (int32_t i = n->n_layers - 1; ok && i >= 0; i--) {
        int64_t in = n->sizes[i];
        int64_t out = n->sizes[i + 1];
        ok = add_product(f, (shape){in, n->batch, out, true, false}) &&
             (i == 0 || add_product(f, (shape){n->batch, out, in, false, true}));
    }
    return ok;
}

static void *open_floors(const bench_workload *w, const bench_options *options)
{
    (void)options;
    floors *f = calloc(1, sizeof *f);
    if (f == NULL) {
        return NULL;
    }
    if (dnnl_engine_create(&f->engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&f->stream, f->engine, dnnl_stream_default_flags) != dnnl_success ||
        !make_products(f, bench_network_find(w->network))) {
        fprintf(stderr, "%s: oneDNN does not make its products\n", w->name);
        close_floors(f);
        return NULL;
    }
    return f;
}

#define ROW(network)                                                                               \
    {                                                                                              \
        network, "us", network, 0, open_floors, NULL, time_steps, close_floors, false              \
    }

/* The threads are OMP_NUM_THREADS; the option is not looked at. */
int main(int argc, char **argv)
{
    static const bench_workload rows[] = {
        ROW("W2-b32"), ROW("W2-b128"), ROW("W3"), ROW("W4"), ROW("W11"), {.name = NULL},
    };
    static const bench_workload *const tables[] = {rows, NULL};
    return bench_main(argc, argv, tables);
}
