/* Matrix products of any size, blocked in registers; best where they fit the caches.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each element of the result is a sum over k in order, in its own dtype, in chunks of CHUNK whose
 * sums are added in order: the same bits whatever m, n, the batch and the transposes are. A NaN or
 * an infinity reaches the elements that IEEE arithmetic gives it to, and no other. */
#include "backends/native/matmul.h"

#include "core/checked.h"
#include "ops/params.h"

#include <string.h>

/* A tile is TILE_ROWS rows of the result by TILE_BYTES of each. */
#define TILE_ROWS 4
#define TILE_BYTES 32

/* Products summed before the sum is put by: keeps the rounding error of a long k near that of a
 * short one. */
#define CHUNK 256

/* Where the elements are: strides in elements. y is dense. Invariant: where the product is not
 * empty, all of batch, m, n and k are > 0; where it is, batch is 0. */
typedef struct geometry {
    int64_t batch;
    int64_t m;
    int64_t n;
    int64_t k;
    int64_t a_row;
    int64_t a_column;
    int64_t a_batch;
    int64_t b_row;
    int64_t b_column;
    int64_t b_batch;
} geometry;

static int64_t last_dim(const wgi_view *view, int32_t from_end)
{
    return view->dims[view->rank - from_end];
}

/* The batch stride of an operand of `size` elements each; -1 where its batch axes are neither those
 * of the result nor all 1. */
static int64_t batch_stride(const wgi_view *x, int64_t size, int64_t batch)
{
    if (x->count == size) {
        return 0;
    }
    return x->count / size == batch ? size : -1;
}

/* One operand for all of the batch, with its rows dense: the batch is more rows. */
static void fold_batch(geometry *g)
{
    const bool is_dense = g->a_column == 1 && g->a_row == g->k;
    if (g->b_batch == 0 && is_dense && g->a_batch == g->m * g->k) {
        g->m *= g->batch;
        g->batch = 1;
    }
}

static geometry geometry_of(const wgi_view *in, const wgi_view *y, const wgi_matmul_attr *attr)
{
    const wgi_view *a = &in[0];
    const wgi_view *b = &in[1];
    geometry g = {.m = last_dim(y, 2), .n = last_dim(y, 1)};
    g.k = last_dim(a, attr->is_a_transposed ? 2 : 1);
    if (y->count == 0 || g.k == 0) {
        return g;
    }
    g.batch = y->count / (g.m * g.n);
    g.a_row = attr->is_a_transposed ? 1 : g.k;
    g.a_column = attr->is_a_transposed ? g.m : 1;
    g.b_row = attr->is_b_transposed ? 1 : g.n;
    g.b_column = attr->is_b_transposed ? g.k : 1;
    g.a_batch = batch_stride(a, g.m * g.k, g.batch);
    g.b_batch = batch_stride(b, g.k * g.n, g.batch);
    fold_batch(&g);
    return g;
}

#define real float
#define K(name) name##_f32
#include "backends/native/matmul_loops.h"
#undef real
#undef K

#define real double
#define K(name) name##_f64
#include "backends/native/matmul_loops.h"
#undef real
#undef K

const char *wgi_native_matmul_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->out[0].dtype;
    if (dtype != WG_F32 && dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    const geometry g = geometry_of(problem->in, problem->out, problem->attr);
    if (g.a_batch < 0 || g.b_batch < 0) {
        return "the batch axes of both operands broadcast";
    }
    return NULL;
}

/* Scratch holds one panel: k rows of TILE_BYTES. */
wg_status wgi_native_matmul_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const geometry g = geometry_of(problem->in, problem->out, problem->attr);
    size_t bytes = 0;
    if (g.batch > 0 && !wgi_size_mul((size_t)g.k, TILE_BYTES, &bytes)) {
        return WG_ERR_OVERFLOW;
    }
    *out = (wgi_prepared){.scratch_bytes = bytes};
    return WG_OK;
}

wg_status wgi_native_matmul_run(const wgi_prepared *prepared, const wgi_args *args)
{
    (void)prepared;
    const geometry g = geometry_of(args->in, args->out, args->attr);
    if (args->out[0].dtype == WG_F32) {
        run_f32(&g, args);
    } else {
        run_f64(&g, args);
    }
    return WG_OK;
}
