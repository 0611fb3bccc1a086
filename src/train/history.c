/* Curves that grow while a program trains.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: memory for a point is there before anything changes. */
#include "train/history.h"

#include <math.h>
#include <string.h>

#include "core/text.h"

wg_status wg_history_create(wg_context *ctx, wg_history **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || out == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "history: out is NULL");
    }
    wg_history *h = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *h);
    if (h == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "no memory for a history");
    }
    h->ctx = ctx;
    *out = h;
    return WG_OK;
}

void wgi_curves_free(const wg_allocator *memory, wgi_array *curves)
{
    wgi_curve *curve = curves->data;
    for (size_t i = 0; i < curves->count; i++) {
        wgi_array_free(memory, &curve[i].x, sizeof(double));
        wgi_array_free(memory, &curve[i].y, sizeof(double));
    }
    wgi_array_free(memory, curves, sizeof *curve);
}

void wg_history_destroy(wg_history *h)
{
    if (h != NULL) {
        wg_context *ctx = h->ctx;
        wgi_curves_free(&ctx->memory, &h->curves);
        wgi_release(&ctx->memory, h, sizeof *h);
    }
}

void wg_history_clear(wg_history *h)
{
    if (h != NULL) {
        wgi_curves_free(&h->ctx->memory, &h->curves);
    }
}

/* ---- adding ------------------------------------------------------------------------------- */

bool wgi_is_curve_name(const char *name)
{
    return wgi_is_name(name, WGI_MAX_CURVE_NAME) && strchr(name, '"') == NULL;
}

wgi_curve *wgi_history_curve(const wg_history *h, const char *name)
{
    wgi_curve *curves = wgi_history_curves(h);
    for (size_t i = 0; i < h->curves.count; i++) {
        if (strcmp(curves[i].name, name) == 0) {
            return &curves[i];
        }
    }
    return NULL;
}

static bool reserve_point(const wg_allocator *memory, wgi_curve *curve)
{
    return wgi_array_reserve(memory, &curve->x, 1, sizeof(double)) &&
           wgi_array_reserve(memory, &curve->y, 1, sizeof(double));
}

/* Room in `new_curve` for its first point, and in the history for it. */
static bool reserve_curve(wg_history *h, const char *name, wgi_curve *new_curve)
{
    *new_curve = (wgi_curve){.name = {0}};
    memcpy(new_curve->name, name, strlen(name));
    if (wgi_array_reserve(&h->ctx->memory, &h->curves, 1, sizeof *new_curve) &&
        reserve_point(&h->ctx->memory, new_curve)) {
        return true;
    }
    wgi_array_free(&h->ctx->memory, &new_curve->x, sizeof(double));
    return false;
}

wg_status wg_history_add(wg_history *h, const char *name, double x, double y)
{
    if (h == NULL || !isfinite(x)) {
        return wgi_context_fail(h == NULL ? NULL : h->ctx, WG_ERR_ARGUMENT,
                                "history: x is not finite");
    }
    if (!wgi_is_curve_name(name)) {
        return wgi_context_fail(h->ctx, WG_ERR_NAME,
                                "history: not a name of a curve: 1 to %d "
                                "bytes of printable ASCII without quotes",
                                WGI_MAX_CURVE_NAME);
    }
    wgi_curve new_curve;
    wgi_curve *curve = wgi_history_curve(h, name);
    const bool has_room =
        curve != NULL ? reserve_point(&h->ctx->memory, curve) : reserve_curve(h, name, &new_curve);
    if (!has_room) {
        return wgi_context_fail(h->ctx, WG_ERR_MEMORY, "no memory for a point of '%s'", name);
    }
    if (curve == NULL) {
        curve = wgi_array_next(&h->curves, sizeof *curve);
        *curve = new_curve;
    }
    *(double *)wgi_array_next(&curve->x, sizeof(double)) = x;
    *(double *)wgi_array_next(&curve->y, sizeof(double)) = y;
    return WG_OK;
}

/* ---- reading ------------------------------------------------------------------------------ */

size_t wg_history_count(const wg_history *h)
{
    return h == NULL ? 0 : h->curves.count;
}

static wg_series series_of(const wgi_curve *curve)
{
    return (wg_series){
        .name = curve->name, .x = curve->x.data, .y = curve->y.data, .n = curve->x.count};
}

wg_status wg_history_series(const wg_history *h, size_t i, wg_series *out)
{
    if (out != NULL) {
        *out = (wg_series){0};
    }
    if (h == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    if (i >= h->curves.count) {
        return wgi_context_fail(h->ctx, WG_ERR_RANGE, "history: no curve %zu of %zu", i,
                                h->curves.count);
    }
    *out = series_of(&wgi_history_curves(h)[i]);
    return WG_OK;
}

wg_status wg_history_find(const wg_history *h, const char *name, wg_series *out)
{
    if (out != NULL) {
        *out = (wg_series){0};
    }
    if (h == NULL || name == NULL || out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const wgi_curve *curve = wgi_history_curve(h, name);
    if (curve == NULL) {
        return wgi_context_fail(h->ctx, WG_ERR_NAME, "history: no curve '%.63s'", name);
    }
    *out = series_of(curve);
    return WG_OK;
}
