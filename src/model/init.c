/* Initialisers: how a tensor starts.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every kind is first resolved to a distribution with two numbers; element by element, in
 * row-major order, one draw of the stream is made in f64 and rounded once to the tensor's dtype.
 * Nothing is drawn or written unless the whole fill succeeds. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/context.h"
#include "core/dtype.h"
#include "model/model.h"

/* uniform: [a, b); normal: mean a, standard deviation b. */
typedef struct distribution {
    bool is_normal;
    bool is_truncated; /* at two deviations from the mean */
    double a;
    double b;
} distribution;

typedef struct fans {
    double in;
    double out;
} fans;

static fans fans_of(const wg_init *init, const wgi_type *type)
{
    fans f = {1.0, 1.0};
    for (int32_t i = 0; i + 1 < type->rank; i++) {
        f.in *= (double)type->dims[i];
    }
    if (type->rank > 0) {
        f.out = (double)type->dims[type->rank - 1];
    }
    f.in = init->fan_in > 0.0 ? init->fan_in : f.in;
    f.out = init->fan_out > 0.0 ? init->fan_out : f.out;
    return f;
}

static distribution symmetric(double limit)
{
    return (distribution){.a = -limit, .b = limit};
}

static distribution centred(double deviation)
{
    return (distribution){.is_normal = true, .b = deviation};
}

static distribution resolve(const wg_init *init, const wgi_type *type)
{
    const fans f = fans_of(init, type);
    const double gain = init->gain == 0.0 ? 1.0 : init->gain;
    switch (init->kind) {
    case WG_INIT_XAVIER_UNIFORM:
        return symmetric(gain * sqrt(6.0 / (f.in + f.out)));
    case WG_INIT_XAVIER_NORMAL:
        return centred(gain * sqrt(2.0 / (f.in + f.out)));
    case WG_INIT_HE_UNIFORM:
        return symmetric(sqrt(6.0 / f.in));
    case WG_INIT_HE_NORMAL:
        return centred(sqrt(2.0 / f.in));
    default:
        return (distribution){.is_normal = init->kind != WG_INIT_UNIFORM,
                              .is_truncated = init->kind == WG_INIT_TRUNCATED_NORMAL,
                              .a = init->a,
                              .b = init->b};
    }
}

static bool is_gain(double x)
{
    return isfinite(x) && x >= 0.0;
}

/* The reason why the options are none, or NULL. */
static const char *reason_against(const wg_init *init)
{
    if (!is_gain(init->fan_in) || !is_gain(init->fan_out)) {
        return "fans are finite and >= 0";
    }
    switch (init->kind) {
    case WG_INIT_NORMAL:
    case WG_INIT_TRUNCATED_NORMAL:
        return isfinite(init->a) && isfinite(init->b) && init->b >= 0.0
                   ? NULL
                   : "normal wants a finite mean and a finite deviation >= 0";
    case WG_INIT_UNIFORM:
        return isfinite(init->b - init->a) && init->a <= init->b
                   ? NULL
                   : "uniform wants finite bounds in order";
    case WG_INIT_CONSTANT:
        return isfinite(init->a) ? NULL : "a constant is finite";
    case WG_INIT_ORTHOGONAL:
    case WG_INIT_XAVIER_UNIFORM:
    case WG_INIT_XAVIER_NORMAL:
        return is_gain(init->gain) ? NULL : "the gain is finite and >= 0";
    case WG_INIT_ZEROS:
    case WG_INIT_HE_UNIFORM:
    case WG_INIT_HE_NORMAL:
        return NULL;
    default:
        return "no such kind";
    }
}

/* Rounding to the dtype may carry a draw onto or past an end of [a, b): the neighbour inside is
 * taken then, as long as there is one. */
static double into_f32(double x, double a, double b)
{
    float y = (float)x;
    if ((double)y >= b) {
        y = nextafterf(y, -INFINITY);
    }
    if ((double)y < a) {
        y = nextafterf(y, INFINITY);
    }
    return (double)y;
}

static double draw_uniform(const distribution *d, int dtype, wg_rng *rng)
{
    double x = d->a + (d->b - d->a) * wg_rng_uniform(rng);
    if (x >= d->b && d->a < d->b) {
        x = nextafter(d->b, -INFINITY);
    }
    const bool fits_f32 = fabs(x) <= (double)FLT_MAX;
    return dtype == WG_F32 && fits_f32 ? into_f32(x, d->a, d->b) : x;
}

static double draw_normal(const distribution *d, wg_rng *rng)
{
    double z = wg_rng_normal(rng);
    while (d->is_truncated && fabs(z) > 2.0) {
        z = wg_rng_normal(rng);
    }
    return d->a + d->b * z;
}

static void fill(wg_tensor *t, const distribution *d, void *data, wg_rng *rng)
{
    for (int64_t i = 0; i < t->type.count; i++) {
        const double x = d->is_normal ? draw_normal(d, rng) : draw_uniform(d, t->type.dtype, rng);
        wgi_store_double(t->type.dtype, data, i, x);
    }
}

static wg_status check(const wg_tensor *t, const wg_init *init)
{
    if (!wgi_is_floating(t->type.dtype)) {
        return wgi_context_fail(t->ctx, WG_ERR_DTYPE, "init: dtype %s is not floating",
                                wg_dtype_name((wg_dtype)t->type.dtype));
    }
    if (t->is_value) {
        return wgi_context_fail(t->ctx, WG_ERR_ARGUMENT, "init: the tensor is a graph's value");
    }
    const char *reason = reason_against(init);
    const bool draws = init->kind != WG_INIT_ZEROS && init->kind != WG_INIT_CONSTANT;
    if (reason == NULL && draws && init->rng == NULL) {
        reason = "the stream is missing";
    }
    if (reason == NULL && init->kind == WG_INIT_ORTHOGONAL && t->type.rank < 2) {
        reason = "orthogonal wants a matrix: rank 2 or more";
    }
    return reason == NULL ? WG_OK : wgi_context_fail(t->ctx, WG_ERR_ARGUMENT, "init: %s", reason);
}

static void fill_constant(wg_tensor *t, void *data, double x)
{
    for (int64_t i = 0; i < t->type.count; i++) {
        wgi_store_double(t->type.dtype, data, i, x);
    }
}

wg_status wg_init_tensor(wg_tensor *t, const wg_init *init)
{
    static const wg_init zeros = {.kind = WG_INIT_ZEROS};
    const wg_init *how = init == NULL ? &zeros : init;
    wg_status status = t == NULL ? WG_ERR_ARGUMENT : check(t, how);
    if (status != WG_OK || t->type.count == 0) {
        return status;
    }
    if (how->kind == WG_INIT_ORTHOGONAL) {
        return wgi_init_orthogonal(t, how->gain == 0.0 ? 1.0 : how->gain, how->rng);
    }
    void *data = wg_tensor_data_mutable(t);
    if (how->kind == WG_INIT_ZEROS) {
        memset(data, 0, wg_tensor_bytes(t));
    } else if (how->kind == WG_INIT_CONSTANT) {
        fill_constant(t, data, how->a);
    } else {
        const distribution d = resolve(how, &t->type);
        fill(t, &d, data, how->rng);
    }
    return WG_OK;
}
