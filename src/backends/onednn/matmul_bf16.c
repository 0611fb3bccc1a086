/* Matmul whose operands are rounded to bf16, for contexts that ask for it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A run rounds both operands into its scratch and multiplies them there, into f32. Weights are
 * rounded again by every product that reads them: that takes a fortieth of the time of the product,
 * and leaves nothing to go stale. */
#include "backends/onednn/matmul_bf16.h"

#include <string.h>

#include "backends/onednn/product.h"
#include "core/checked.h"
#include "core/memory.h"

/* Rounding [m, k] and [k, n] is worth its while where m n / (m + n) is well above 27: an element
 * takes a quarter of a nanosecond, a multiply-add a 110th less than in f32. */
#define MIN_SIDE 64

#define ALIGNMENT 64

/* Rounded in one piece by one thread. */
#define BLOCK ((int64_t)1 << 16)

typedef struct state {
    wgi_onednn_primitive *primitive;
    size_t a_offset; /* into the scratch: the rounded operands follow the library's own */
    size_t b_offset;
    int64_t threads;
} state;

/* ---- rounding ------------------------------------------------------------------------------ */

/* To nearest, ties to even. A NaN keeps its upper bits and stays one. */
static uint16_t rounded(uint32_t bits)
{
    const uint32_t up = bits + UINT32_C(0x7FFF) + (bits >> 16 & 1);
    const uint32_t quiet = bits | UINT32_C(0x400000);
    const bool is_nan = (bits & UINT32_C(0x7FFFFFFF)) > UINT32_C(0x7F800000);
    return (uint16_t)((is_nan ? quiet : up) >> 16);
}

static void round_block(const uint32_t *restrict x, uint16_t *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = rounded(x[i]);
    }
}

static void round_all(const wgi_view *x, uint16_t *y, int64_t threads)
{
    const uint32_t *bits = x->data;
    const int64_t n_blocks = (x->count + BLOCK - 1) / BLOCK;
#if defined(WGI_HAVE_OPENMP)
#pragma omp parallel for num_threads((int)threads) schedule(static) if (threads > 1)
#else
    (void)threads;
#endif
    for (int64_t i = 0; i < n_blocks; i++) {
        const int64_t from = i * BLOCK;
        const int64_t left = x->count - from;
        round_block(bits + from, y + from, left < BLOCK ? left : BLOCK);
    }
}

/* ---- the kernel ---------------------------------------------------------------------------- */

const char *wgi_onednn_matmul_bf16_accepts(const wgi_problem *problem)
{
    wgi_onednn_product p;
    if (!problem->ctx->is_bf16) {
        return "the context multiplies in f32";
    }
    if (problem->is_thread_invariant) {
        return "bf16 is not thread-invariant";
    }
    if (problem->threads <= 1 && !wgi_onednn_can_limit_threads()) {
        return "the threads of this oneDNN cannot be limited";
    }
    const char *reason = wgi_onednn_product_read(problem, &p);
    if (reason != NULL) {
        return reason;
    }
    const double m = (double)p.shape.m;
    const double n = (double)p.shape.n;
    return m * n < MIN_SIDE * (m + n) ? "rounding to bf16 would take longer than it saves" : NULL;
}

/* Room for n rounded elements after `bytes`; false where that does not fit. */
static bool reserve(size_t *bytes, int64_t n, size_t *offset)
{
    size_t size;
    return wgi_size_align(*bytes, ALIGNMENT, offset) &&
           wgi_size_mul((size_t)n, sizeof(uint16_t), &size) && wgi_size_add(*offset, size, bytes);
}

wg_status wgi_onednn_matmul_bf16_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    wgi_onednn_product p;
    memset(out, 0, sizeof *out);
    if (wgi_onednn_product_read(problem, &p) != NULL) {
        return WG_ERR_UNSUPPORTED;
    }
    state *s = wgi_alloc_zeroed(&problem->ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return WG_ERR_MEMORY;
    }
    const wgi_onednn_key key = wgi_onednn_product_key(problem, &p, WGI_ONEDNN_MATMUL_BF16);
    wg_status status = wgi_onednn_acquire(problem->backend, &key, &s->primitive);
    size_t bytes = status == WG_OK ? s->primitive->scratch_bytes : 0;
    if (status == WG_OK && !(reserve(&bytes, problem->in[0].count, &s->a_offset) &&
                             reserve(&bytes, problem->in[1].count, &s->b_offset))) {
        wgi_onednn_release(s->primitive);
        status = WG_ERR_UNSUPPORTED;
    }
    if (status != WG_OK) {
        wgi_release(&problem->ctx->memory, s, sizeof *s);
        return status;
    }
    s->threads = key.threads;
    *out = (wgi_prepared){.state = s,
                          .state_bytes = sizeof *s,
                          .scratch_bytes = bytes,
                          .threads = (int32_t)key.threads};
    return WG_OK;
}

wg_status wgi_onednn_matmul_bf16_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const state *s = prepared->state;
    unsigned char *scratch = args->scratch;
    uint16_t *a = (void *)(scratch + s->a_offset);
    uint16_t *b = (void *)(scratch + s->b_offset);
    round_all(&args->in[0], a, s->threads);
    round_all(&args->in[1], b, s->threads);
    void *const data[WGI_ONEDNN_OPERANDS + 1] = {a, b, args->out[0].data, scratch};
    return wgi_onednn_execute(s->primitive, data);
}

void wgi_onednn_matmul_bf16_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    state *s = prepared->state;
    if (s != NULL) {
        wgi_onednn_release(s->primitive);
        wgi_release(&ctx->memory, s, sizeof *s);
    }
    memset(prepared, 0, sizeof *prepared);
}
