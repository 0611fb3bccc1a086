/* wengert check --exhaustive: pointwise functions in f32 on all 2^32 inputs, against f64.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The op is recorded twice in one graph, on a block of floats and on the same as doubles; the block
 * is filled anew, and the graph refreshed, until all floats have had their turn. */
#include "cli/cli.h"

#include <wengert/wengert.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((int64_t)1 << 20)
#define BEYOND ((uint64_t)1 << 32)

/* More than that is a failure. */
#define MOST_ULPS 2.0

/* What was found: errors in ulp of f32 at the right value. */
typedef struct finding {
    uint64_t n;
    uint64_t n_odd; /* NaN, infinity or the sign of 0 where the other has none */
    float odd;      /* the first of them */
    double worst;
    float at;
} finding;

/* One op on one block. */
typedef struct sweep {
    wg_context *ctx;
    wg_graph *g;
    float *block;
    wg_tensor *t;
    wg_node narrow;
    wg_node wide;
} sweep;

static double ulp_of(double x)
{
    const float size = (float)fabs(x);
    return size < FLT_MAX ? (double)nextafterf(size, INFINITY) - (double)size
                          : (double)size - (double)nextafterf(size, 0);
}

static void judge(float x, float found, double right, finding *out)
{
    const float rounded = (float)right;
    out->n++;
    if (found == rounded && signbit(found) == signbit(rounded)) {
        return;
    }
    if (isnan(found) && isnan(rounded)) {
        return;
    }
    if (!isfinite(found) || !isfinite(rounded) || (found == 0 && rounded == 0)) {
        out->odd = out->n_odd == 0 ? x : out->odd;
        out->n_odd++;
        return;
    }
    const double error = fabs((double)found - right) / ulp_of(right);
    if (error > out->worst) {
        out->worst = error;
        out->at = x;
    }
}

/* The op of that name on one input, with every attribute at its default. */
static wg_node record(wg_graph *g, const char *op, wg_node x)
{
    uint32_t y = UINT32_MAX;
    size_t n = 1;
    (void)!wg_apply(g, op, &x.index, 1, NULL, 0, &y, &n);
    return wg_graph_node(g, y);
}

static wg_status open_sweep(sweep *s, const char *op)
{
    const int64_t dims = BLOCK;
    s->block = calloc((size_t)BLOCK, sizeof *s->block);
    if (s->block == NULL) {
        return WG_ERR_MEMORY;
    }
    wg_status status = wg_graph_create(s->ctx, &s->g);
    if (status == WG_OK) {
        status = wg_tensor_borrow(s->ctx, WG_F32, 1, &dims, s->block, &s->t);
    }
    if (status != WG_OK) {
        return status;
    }
    const wg_node x = wg_input(s->g, s->t);
    s->narrow = record(s->g, op, x);
    s->wide = record(s->g, op, wg_cast(x, WG_F64));
    return wg_graph_status(s->g);
}

static void close_sweep(sweep *s)
{
    wg_graph_destroy(s->g);
    wg_tensor_destroy(s->t);
    free(s->block);
}

static wg_status judge_block(sweep *s, uint64_t first, uint64_t every, finding *out)
{
    for (uint64_t i = 0; i < (uint64_t)BLOCK; i++) {
        const uint32_t bits = (uint32_t)(first + i * every);
        memcpy(&s->block[i], &bits, sizeof bits);
    }
    const wg_node both[] = {s->narrow, s->wide};
    wg_status status = wg_graph_refresh(s->g);
    status = status == WG_OK ? wg_run(both, 2) : status;
    if (status != WG_OK) {
        return status;
    }
    const float *found = wg_tensor_data(wg_value(s->narrow));
    const double *right = wg_tensor_data(wg_value(s->wide));
    for (int64_t i = 0; i < BLOCK && first + (uint64_t)i * every < BEYOND; i++) {
        judge(s->block[i], found[i], right[i], out);
    }
    return WG_OK;
}

static wg_status run_sweep(sweep *s, uint64_t every, finding *out)
{
    wg_status status = WG_OK;
    for (uint64_t first = 0; first < BEYOND && status == WG_OK; first += (uint64_t)BLOCK * every) {
        status = judge_block(s, first, every, out);
    }
    return status;
}

/* Pointwise on one operand, from reals to reals, with nothing that must be told. */
static bool is_function(size_t op, const wg_op_info *info)
{
    wg_attribute_info a;
    for (int32_t i = 0; i < info->n_attributes; i++) {
        if (wg_op_attribute(op, i, &a) != WG_OK || !a.is_optional) {
            return false;
        }
    }
    return (info->traits & WG_OP_POINTWISE) != 0 && info->max_inputs == 1 && info->n_outputs == 1;
}

void wgc_exhaustive_head(void)
{
    printf("%-26s %12s %10s %14s %10s\n", "op", "inputs", "worst, ulp", "at", "odd");
}

static void print_row(const char *name, const finding *f)
{
    printf("%-26s %12llu %10.3f %14.8g %10llu", name, (unsigned long long)f->n, f->worst,
           (double)f->at, (unsigned long long)f->n_odd);
    if (f->n_odd > 0) {
        printf("  first at %.9g", (double)f->odd);
    }
    putchar('\n');
    fflush(stdout);
}

int wgc_exhaustive(wg_context *ctx, size_t op, long every, bool is_asked_for)
{
    wg_op_info info;
    finding found = {.n = 0};
    sweep s = {.ctx = ctx};
    if (wg_op_describe(op, &info) != WG_OK || !is_function(op, &info)) {
        if (is_asked_for) {
            fprintf(stderr, "wengert check: '%s' is no pointwise function of one operand\n",
                    info.name);
        }
        return is_asked_for;
    }
    wg_status status = open_sweep(&s, info.name);
    if (status == WG_OK && wg_node_dtype(s.narrow) != WG_F32) {
        close_sweep(&s);
        return 0;
    }
    status = status == WG_OK ? run_sweep(&s, (uint64_t)every, &found) : status;
    if (status == WG_OK) {
        print_row(info.name, &found);
    } else {
        fprintf(stderr, "wengert check: %s: %s\n", info.name,
                s.g != NULL ? wg_graph_error(s.g) : wg_status_text(status));
    }
    close_sweep(&s);
    return status != WG_OK || found.worst > MOST_ULPS || found.n_odd > 0;
}
