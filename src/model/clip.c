/* Clipping: gradients made smaller before a step.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Gradients keep being non-empty; their addresses stay. */
#include <math.h>
#include <string.h>

#include "core/context.h"
#include "model/model.h"

/* ---- norms -------------------------------------------------------------------------------- */

/* Sums of squares in so many lanes, which the compiler keeps in vector registers. */
#define LANES 8

static double sum_squares_f32(const float *x, int64_t n)
{
    double lanes[LANES] = {0.0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            lanes[k] += (double)x[i + k] * (double)x[i + k];
        }
    }
    for (; i < n; i++) {
        lanes[0] += (double)x[i] * (double)x[i];
    }
    double sum = 0.0;
    for (int k = 0; k < LANES; k++) {
        sum += lanes[k];
    }
    return sum;
}

static double sum_squares_f64(const double *x, int64_t n, double scale)
{
    double lanes[LANES] = {0.0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            const double scaled = x[i + k] * scale;
            lanes[k] += scaled * scaled;
        }
    }
    for (; i < n; i++) {
        lanes[0] += x[i] * scale * (x[i] * scale);
    }
    double sum = 0.0;
    for (int k = 0; k < LANES; k++) {
        sum += lanes[k];
    }
    return sum;
}

/* The bits of an absolute value are ordered as the values are, those of NaN above infinity's: a
 * maximum of integers needs no order of its own for NaN. */
static double largest_f32(const float *x, int64_t n)
{
    uint32_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= UINT32_MAX >> 1;
        most = bits > most ? bits : most;
    }
    float size;
    memcpy(&size, &most, sizeof size);
    return (double)size;
}

static double largest_f64(const double *x, int64_t n)
{
    uint64_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= UINT64_MAX >> 1;
        most = bits > most ? bits : most;
    }
    double size;
    memcpy(&size, &most, sizeof size);
    return size;
}

static double largest(const wg_model *m)
{
    double most = 0.0;
    for (size_t i = 0; i < wg_model_count(m); i++) {
        const wg_param *p = wg_model_param(m, i);
        if (wgi_has_gradient(p)) {
            const wgi_type *type = &p->gradient->type;
            const double size = type->dtype == WG_F32 ? largest_f32(p->gradient->data, type->count)
                                                      : largest_f64(p->gradient->data, type->count);
            most = size <= most || isnan(most) ? most : size;
        }
    }
    return most;
}

static double sum_squares(const wg_model *m, double scale)
{
    double sum = 0.0;
    for (size_t i = 0; i < wg_model_count(m); i++) {
        const wg_param *p = wg_model_param(m, i);
        if (wgi_has_gradient(p)) {
            const wgi_type *type = &p->gradient->type;
            sum += type->dtype == WG_F32
                       ? sum_squares_f32(p->gradient->data, type->count) * scale * scale
                       : sum_squares_f64(p->gradient->data, type->count, scale);
        }
    }
    return sum;
}

/* Squares of f64 may leave the range of f64 where the norm does not: then they are scaled. */
static double two_norm(const wg_model *m)
{
    const double plain = sum_squares(m, 1.0);
    if (plain >= 1e-280 && plain <= 1e280) {
        return sqrt(plain);
    }
    const double most = largest(m);
    if (most == 0.0 || !isfinite(most)) {
        return most;
    }
    const double scale = ldexp(1.0, -ilogb(most));
    return sqrt(sum_squares(m, scale)) / scale;
}

/* ---- changing ----------------------------------------------------------------------------- */

static void scale_all(const wg_tensor *t, double by)
{
    if (t->type.dtype == WG_F32) {
        float *x = t->data;
        for (int64_t i = 0; i < t->type.count; i++) {
            x[i] *= (float)by;
        }
    } else {
        double *x = t->data;
        for (int64_t i = 0; i < t->type.count; i++) {
            x[i] *= by;
        }
    }
}

/* Comparisons that a NaN fails leave it. The bound is rounded towards 0. */
static void clip_all(const wg_tensor *t, double limit)
{
    if (t->type.dtype == WG_F32) {
        const float rounded = (float)limit;
        const float most = (double)rounded > limit ? nextafterf(rounded, 0.0F) : rounded;
        float *x = t->data;
        for (int64_t i = 0; i < t->type.count; i++) {
            x[i] = x[i] > most ? most : x[i] < -most ? -most : x[i];
        }
    } else {
        double *x = t->data;
        for (int64_t i = 0; i < t->type.count; i++) {
            x[i] = x[i] > limit ? limit : x[i] < -limit ? -limit : x[i];
        }
    }
}

static void change(const wg_model *m, void (*how)(const wg_tensor *t, double by), double by)
{
    for (size_t i = 0; i < wg_model_count(m); i++) {
        const wg_param *p = wg_model_param(m, i);
        if (wgi_has_gradient(p)) {
            how(p->gradient, by);
            wgi_tensor_touch(p->gradient);
        }
    }
}

static wg_status check(const wg_model *m, bool is_right, const char *wants)
{
    if (m == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (!is_right) {
        return wgi_context_fail(m->ctx, WG_ERR_ARGUMENT, "clip: %s", wants);
    }
    return m->ctx->is_in_callback
               ? wgi_context_fail(m->ctx, WG_ERR_STATE, "clip: not inside a callback")
               : WG_OK;
}

wg_status wg_clip_grad_norm(wg_model *m, double max_norm, double order, double *norm)
{
    if (norm != NULL) {
        *norm = (double)NAN;
    }
    const bool is_order = order == 2.0 || (isinf(order) && order > 0.0);
    const wg_status status =
        check(m, max_norm > 0.0 && is_order, "wants a norm > 0, of order 2 or infinity");
    if (status != WG_OK) {
        return status;
    }
    const double before = order == 2.0 ? two_norm(m) : largest(m);
    if (norm != NULL) {
        *norm = before;
    }
    if (isfinite(before) && before > max_norm) {
        change(m, scale_all, max_norm / before);
    }
    return WG_OK;
}

wg_status wg_clip_grad_value(wg_model *m, double limit)
{
    const wg_status status = check(m, limit > 0.0, "wants a limit > 0");
    if (status == WG_OK) {
        change(m, clip_all, limit);
    }
    return status;
}
