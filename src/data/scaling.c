/* Fitting and applying shifts and scales by feature.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: all arithmetic is in f64, in the order of the elements. Means are sums of differences
 * from each feature's first value, so that a constant feature has exactly its value for a mean and
 * exactly 0 for a deviation. */
#include "data/scaling.h"

#include <math.h>
#include <string.h>

#include "core/context.h"
#include "core/dtype.h"
#include "core/tensor.h"
#include "data/dataset.h"

/* Elements converted at a time. */
#define CHUNK 256

/* A walk over a tensor that knows which feature each element belongs to. */
typedef struct walk {
    const wg_tensor *x;
    int64_t n;      /* features */
    int64_t inner;  /* elements of each in a row */
    int64_t at;     /* of the first element of the chunk */
    int64_t count;  /* elements of the chunk */
    int64_t inside; /* elements of its feature that the next element follows */
    int64_t feature;
    double values[CHUNK];
} walk;

/* The features of a tensor lie along axis 1; all of a vector is one. */
static int64_t feature_count(const wg_tensor *x)
{
    return x->type.rank < 2 ? 1 : x->type.dims[1];
}

static void begin_walk(walk *w, const wg_tensor *x, int64_t n)
{
    w->x = x;
    w->n = n;
    w->inner = 1;
    for (int32_t i = n == 1 ? 0 : 2; i < x->type.rank; i++) {
        w->inner *= x->type.dims[i];
    }
    w->at = 0;
    w->count = 0;
    w->inside = 0;
    w->feature = 0;
}

/* Converts the next chunk; false at the end. */
static bool next_chunk(walk *w)
{
    w->at += w->count;
    int64_t left = w->x->type.count - w->at;
    w->count = left < CHUNK ? left : CHUNK;
    if (w->count <= 0) {
        return false;
    }
    size_t offset = (size_t)w->at * wg_dtype_size((wg_dtype)w->x->type.dtype);
    wgi_convert(WG_F64, w->values, w->x->type.dtype, (const char *)w->x->data + offset, w->count);
    return true;
}

/* The feature of the next element. */
static int64_t next_feature(walk *w)
{
    int64_t feature = w->feature;
    w->inside++;
    if (w->inside == w->inner) {
        w->inside = 0;
        w->feature = w->feature + 1 < w->n ? w->feature + 1 : 0;
    }
    return feature;
}

/* ---- making ------------------------------------------------------------------------------- */

static wg_status create(wg_context *ctx, int64_t n, wg_scaling **out)
{
    wg_scaling *s = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *s);
    if (s == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "no memory for a scaling");
    }
    s->ctx = ctx;
    wg_status status = wg_tensor_create(ctx, WG_F64, 1, &n, &s->shift);
    if (status == WG_OK) {
        status = wg_tensor_create(ctx, WG_F64, 1, &n, &s->scale);
    }
    if (status != WG_OK) {
        wg_scaling_destroy(s);
        return status;
    }
    *out = s;
    return WG_OK;
}

wg_status wg_scaling_create(wg_context *ctx, int64_t n, const double *shift, const double *scale,
                            wg_scaling **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || shift == NULL || scale == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "scaling: an argument is missing");
    }
    if (n < 1) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "scaling: %lld features", (long long)n);
    }
    wg_status status = create(ctx, n, out);
    if (status == WG_OK) {
        memcpy((*out)->shift->data, shift, (size_t)n * sizeof *shift);
        memcpy((*out)->scale->data, scale, (size_t)n * sizeof *scale);
    }
    return status;
}

void wg_scaling_destroy(wg_scaling *s)
{
    if (s == NULL) {
        return;
    }
    wg_tensor_destroy(s->shift);
    wg_tensor_destroy(s->scale);
    wgi_release(&s->ctx->memory, s, sizeof *s);
}

wg_tensor *wg_scaling_shift(const wg_scaling *s)
{
    return s == NULL ? NULL : s->shift;
}

wg_tensor *wg_scaling_scale(const wg_scaling *s)
{
    return s == NULL ? NULL : s->scale;
}

/* ---- fitting ------------------------------------------------------------------------------ */

/* Puts each feature's first value into `to`. */
static void take_first(const wg_tensor *x, int64_t n, double *to)
{
    int64_t inner = n == 1 ? 1 : x->type.count / x->type.dims[0] / n;
    for (int64_t c = 0; c < n; c++) {
        to[c] = wgi_load_double(x->type.dtype, x->data, c * inner);
    }
}

/* The means to shift; the scales are overwritten. */
static void fit_means(walk *w, double *shift, double *scale)
{
    take_first(w->x, w->n, scale);
    memset(shift, 0, (size_t)w->n * sizeof *shift);
    while (next_chunk(w)) {
        for (int64_t i = 0; i < w->count; i++) {
            int64_t c = next_feature(w);
            shift[c] += w->values[i] - scale[c];
        }
    }
    double each = (double)(w->x->type.count / w->n);
    for (int64_t c = 0; c < w->n; c++) {
        shift[c] = scale[c] + shift[c] / each;
    }
}

static void fit_deviations(walk *w, const double *shift, double *scale)
{
    memset(scale, 0, (size_t)w->n * sizeof *scale);
    while (next_chunk(w)) {
        for (int64_t i = 0; i < w->count; i++) {
            int64_t c = next_feature(w);
            double difference = w->values[i] - shift[c];
            scale[c] += difference * difference;
        }
    }
    double each = (double)(w->x->type.count / w->n);
    for (int64_t c = 0; c < w->n; c++) {
        scale[c] = scale[c] == 0.0 ? 1.0 : 1.0 / sqrt(scale[c] / each);
    }
}

static void fit_ranges(walk *w, double *shift, double *scale)
{
    take_first(w->x, w->n, shift);
    take_first(w->x, w->n, scale);
    while (next_chunk(w)) {
        for (int64_t i = 0; i < w->count; i++) {
            int64_t c = next_feature(w);
            double x = w->values[i];
            /* A NaN stays once it is met. */
            shift[c] = isnan(shift[c]) || x >= shift[c] ? shift[c] : x;
            scale[c] = isnan(scale[c]) || x <= scale[c] ? scale[c] : x;
        }
    }
    for (int64_t c = 0; c < w->n; c++) {
        double width = scale[c] - shift[c];
        scale[c] = width == 0.0 ? 1.0 : 1.0 / width;
    }
}

static wg_status check_readable(wg_context *ctx, const char *what, const wg_tensor *x)
{
    if (x->is_dead) {
        return wgi_context_fail(ctx, WG_ERR_STATE, "%s: x is a value past its reset", what);
    }
    if (x->type.rank < 1) {
        return wgi_context_fail(ctx, WG_ERR_SHAPE, "%s: x has rank 0, so no rows", what);
    }
    return WG_OK;
}

wg_status wg_scaling_fit(const wg_tensor *x, wg_scaling_kind kind, wg_scaling **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    wg_context *ctx = x == NULL ? NULL : x->ctx;
    if (x == NULL || out == NULL || (int)kind < 0 || kind > WG_SCALING_RANGE) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT,
                                "scaling_fit: an argument is missing or no kind");
    }
    wg_status status = check_readable(ctx, "scaling_fit", x);
    if (status == WG_OK && x->type.count == 0) {
        status = wgi_context_fail(ctx, WG_ERR_SHAPE, "scaling_fit: x has no elements");
    }
    if (status == WG_OK) {
        status = create(ctx, feature_count(x), out);
    }
    if (status != WG_OK) {
        return status;
    }
    walk w;
    begin_walk(&w, x, feature_count(x));
    if (kind == WG_SCALING_RANGE) {
        fit_ranges(&w, (*out)->shift->data, (*out)->scale->data);
        return WG_OK;
    }
    fit_means(&w, (*out)->shift->data, (*out)->scale->data);
    begin_walk(&w, x, feature_count(x));
    fit_deviations(&w, (*out)->shift->data, (*out)->scale->data);
    return WG_OK;
}

/* ---- applying ----------------------------------------------------------------------------- */

static void map(const wg_scaling *s, bool is_inverse, walk *w, wg_tensor *to)
{
    const double *shift = s->shift->data;
    const double *scale = s->scale->data;
    while (next_chunk(w)) {
        for (int64_t i = 0; i < w->count; i++) {
            int64_t c = next_feature(w);
            double x = w->values[i];
            w->values[i] = is_inverse ? x / scale[c] + shift[c] : (x - shift[c]) * scale[c];
        }
        size_t offset = (size_t)w->at * wg_dtype_size((wg_dtype)to->type.dtype);
        wgi_convert(to->type.dtype, (char *)to->data + offset, WG_F64, w->values, w->count);
    }
}

static wg_status apply(const wg_scaling *s, const wg_tensor *x, bool is_inverse, wg_tensor **out)
{
    const char *what = is_inverse ? "scaling_invert" : "scaling_apply";
    if (out != NULL) {
        *out = NULL;
    }
    if (s == NULL || x == NULL || out == NULL || x->ctx != s->ctx) {
        return wgi_context_fail(s == NULL ? NULL : s->ctx, WG_ERR_ARGUMENT,
                                "%s: an argument is missing, or of another context", what);
    }
    wg_status status = check_readable(s->ctx, what, x);
    if (status != WG_OK) {
        return status;
    }
    int64_t n = s->shift->type.count;
    if (n != 1 && n != feature_count(x)) {
        return wgi_context_fail(s->ctx, WG_ERR_SHAPE, "%s: %lld features, x has %lld", what,
                                (long long)n, (long long)feature_count(x));
    }
    wg_dtype dtype = x->type.dtype == WG_F64 ? WG_F64 : WG_F32;
    status = wg_tensor_create(s->ctx, dtype, x->type.rank, x->type.dims, out);
    if (status == WG_OK) {
        walk w;
        begin_walk(&w, x, n);
        map(s, is_inverse, &w, *out);
    }
    return status;
}

wg_status wg_scaling_apply(const wg_scaling *s, const wg_tensor *x, wg_tensor **out)
{
    return apply(s, x, false, out);
}

wg_status wg_scaling_invert(const wg_scaling *s, const wg_tensor *x, wg_tensor **out)
{
    return apply(s, x, true, out);
}

wg_status wg_dataset_scale(const wg_dataset *d, const wg_scaling *s, wg_dataset **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (d == NULL || s == NULL || out == NULL) {
        return wgi_context_fail(d == NULL ? NULL : d->ctx, WG_ERR_ARGUMENT,
                                "dataset_scale: an argument is missing");
    }
    wg_tensor *x = NULL;
    wg_status status = apply(s, d->x, false, &x);
    if (status == WG_OK) {
        status = wgi_dataset_create(d->ctx, x, d->y, d->classes, out);
    }
    wg_tensor_destroy(x);
    return status;
}
