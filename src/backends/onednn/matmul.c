/* Matmul in f32: who serves it, and its kernel.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/onednn/matmul.h"

#include <string.h>

#include "backends/onednn/product.h"

const char *wgi_onednn_matmul_accepts(const wgi_problem *problem)
{
    wgi_onednn_product p;
    if (!wgi_onednn_can_limit_threads() &&
        (problem->is_thread_invariant || problem->threads <= 1)) {
        return "the threads of this oneDNN cannot be limited";
    }
    const char *reason = wgi_onednn_product_read(problem, &p);
    if (reason != NULL || p.n_batch > 1 || !wgi_onednn_has_native(problem->ctx)) {
        return reason;
    }
    if (problem->is_thread_invariant) {
        return "native gives the same bits on any number of threads";
    }
    return wgi_onednn_route_away(&p.shape, wgi_onednn_product_threads(problem, &p));
}

wg_status wgi_onednn_matmul_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    wgi_onednn_product p;
    wgi_onednn_primitive *primitive;
    memset(out, 0, sizeof *out);
    if (wgi_onednn_product_read(problem, &p) != NULL) {
        return WG_ERR_UNSUPPORTED;
    }
    const wgi_onednn_form form = wgi_onednn_route_form(&p.shape, p.n_batch > 0);
    wgi_onednn_key key = wgi_onednn_product_key(problem, &p, form);
    wg_status status = wgi_onednn_acquire(problem->backend, &key, &primitive);
    if (status == WG_ERR_UNSUPPORTED && form != WGI_ONEDNN_MATMUL) {
        key = wgi_onednn_product_key(problem, &p, WGI_ONEDNN_MATMUL);
        status = wgi_onednn_acquire(problem->backend, &key, &primitive);
    }
    if (status == WG_OK) {
        /* The primitive is shared, so its bytes are the table's and not this step's. */
        *out = (wgi_prepared){.state = primitive,
                              .scratch_bytes = primitive->scratch_bytes,
                              .threads = (int32_t)key.threads};
    }
    return status;
}

wg_status wgi_onednn_matmul_run(const wgi_prepared *prepared, const wgi_args *args)
{
    void *const data[WGI_ONEDNN_OPERANDS + 1] = {args->in[0].data, args->in[1].data,
                                                 args->out[0].data, args->scratch};
    return wgi_onednn_execute(prepared->state, data);
}

void wgi_onednn_matmul_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    (void)ctx;
    if (prepared->state != NULL) {
        wgi_onednn_release(prepared->state);
    }
    memset(prepared, 0, sizeof *prepared);
}
