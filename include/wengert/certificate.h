/* Certificates: how right each op's gradients are on this machine, with these backends.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CERTIFICATE_H
#define WG_CERTIFICATE_H

#include <wengert/check.h>
#include <wengert/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What checking one op over its samples found. Errors are relative to the largest element of a
 * gradient and in ulp of f64 (2^-52), those of the gradients that the context's own backends
 * compute in f64. They are measured against central differences of the reference kernels in IEEE
 * binary128, which err by 1e-23 or so, where the library has those (wg_certificate_is_wide), else
 * against extrapolated differences in f64, which are good to some 1e4 ulp.
 */
typedef struct wg_certificate {
    char op[64];
    wg_check_verdict verdict; /**< right, wrong, or undecidable: nothing to differentiate */
    int32_t n_samples;        /**< calls of the op that were made */
    int32_t n_kinks;          /**< of these on a point without derivative: values alone are run */
    int64_t n_elements;       /**< of first-order gradients, that were judged */
    int64_t n_wrong;          /**< of gradients of either order */
    double first_order;       /**< the worst error, ulp; NaN where nothing was judged */
    double second_order;      /**< the same of the gradient's gradient */
    double f32_distance; /**< of values and gradients in f32 to the same graph in f64: the worst
                              max |a - b| / max(1, max |b|) of a tensor */
    char worst[64];      /**< the sample with the worst error of first order, or a wrong one */
} wg_certificate;

/** Whether this library was built with the reference kernels in IEEE binary128. */
WG_API bool wg_certificate_is_wide(void);

/** How many ops and forms there are to certify, and the name of the i-th; NULL where none is. */
WG_API size_t wg_certificate_count(const wg_context *ctx);
WG_API const char *wg_certificate_name(const wg_context *ctx, size_t i);

/**
 * Checks the op of that name on all its samples: gradients of first and second order in f64, values
 * and gradients of f32 against f64.
 *
 * ctx  its backends are certified; graphs of it are left alone
 * out  zeroed on failure. A wrong gradient is no failure: see `verdict`
 *
 * Errors: WG_ERR_ARGUMENT, WG_ERR_NAME (no such op), WG_ERR_MEMORY, those of a run.
 */
WG_NODISCARD WG_API wg_status wg_certificate_make(wg_context *ctx, const char *op,
                                                  wg_certificate *out);

/** Writes certificates as a table, one row each, the op first; as a JSON array of objects.
 * Errors: WG_ERR_ARGUMENT, the writer's. */
WG_NODISCARD WG_API wg_status wg_certificate_write(const wg_certificate *certificates, size_t n,
                                                   const wg_writer *writer);
WG_NODISCARD WG_API wg_status wg_certificate_write_json(const wg_certificate *certificates,
                                                        size_t n, const wg_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
