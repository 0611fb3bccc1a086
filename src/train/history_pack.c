/* A history as bytes, and back.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The bytes: "wengert1", the number of curves; for each the bytes of its name, the name, its number
 * of points, all x, all y. Numbers are 64 bits, little-endian, doubles by their bits.
 *
 * Invariant: nothing of the bytes is believed before it has been compared with what is left. */
#include "train/history.h"

#include <math.h>
#include <string.h>

#include "core/checked.h"

#define MAGIC "wengert1"
#define WORD 8

/* ---- writing ------------------------------------------------------------------------------ */

static unsigned char *put_word(unsigned char *to, uint64_t word)
{
    for (int i = 0; i < WORD; i++) {
        to[i] = (unsigned char)(word >> (8 * i));
    }
    return to + WORD;
}

static unsigned char *put_doubles(unsigned char *to, const wgi_array *from)
{
    const double *values = from->data;
    for (size_t i = 0; i < from->count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        to = put_word(to, bits);
    }
    return to;
}

static unsigned char *put_curve(unsigned char *to, const wgi_curve *curve)
{
    const size_t n = strlen(curve->name);
    to = put_word(to, n);
    memcpy(to, curve->name, n);
    to = put_word(to + n, curve->x.count);
    return put_doubles(put_doubles(to, &curve->x), &curve->y);
}

/* The points take less than the memory that they lie in; only their sum may not fit an i64. */
static bool count_bytes(const wg_history *h, size_t *bytes)
{
    *bytes = 2 * WORD;
    for (size_t i = 0; i < h->curves.count; i++) {
        const wgi_curve *curve = &wgi_history_curves(h)[i];
        const size_t own = 2 * WORD + strlen(curve->name) + 2 * WORD * curve->x.count;
        if (!wgi_size_add(*bytes, own, bytes)) {
            return false;
        }
    }
    return *bytes <= PTRDIFF_MAX;
}

wg_status wg_history_to_tensor(const wg_history *h, wg_tensor **out)
{
    size_t bytes;
    if (out != NULL) {
        *out = NULL;
    }
    if (h == NULL || out == NULL) {
        return wgi_context_fail(h == NULL ? NULL : h->ctx, WG_ERR_ARGUMENT, "history: out is NULL");
    }
    if (!count_bytes(h, &bytes)) {
        return wgi_context_fail(h->ctx, WG_ERR_OVERFLOW, "history: too many points");
    }
    const int64_t dim = (int64_t)bytes;
    wg_status status = wg_tensor_create(h->ctx, WG_U8, 1, &dim, out);
    if (status != WG_OK) {
        return status;
    }
    unsigned char *to = wg_tensor_data_mutable(*out);
    memcpy(to, MAGIC, WORD);
    to = put_word(to + WORD, h->curves.count);
    for (size_t i = 0; i < h->curves.count; i++) {
        to = put_curve(to, &wgi_history_curves(h)[i]);
    }
    return WG_OK;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* What is left to read. */
typedef struct bytes_left {
    const unsigned char *at;
    size_t n;
} bytes_left;

static bool take(bytes_left *left, size_t n, const unsigned char **out)
{
    if (n > left->n) {
        return false;
    }
    *out = left->at;
    left->at += n;
    left->n -= n;
    return true;
}

static uint64_t word_at(const unsigned char *from)
{
    uint64_t word = 0;
    for (int i = WORD - 1; i >= 0; i--) {
        word = word << 8 | from[i];
    }
    return word;
}

static bool take_word(bytes_left *left, uint64_t *out)
{
    const unsigned char *at;
    if (!take(left, WORD, &at)) {
        return false;
    }
    *out = word_at(at);
    return true;
}

static bool take_name(bytes_left *left, char name[WGI_MAX_CURVE_NAME + 1])
{
    uint64_t n;
    const unsigned char *at;
    if (!take_word(left, &n) || n > WGI_MAX_CURVE_NAME || !take(left, (size_t)n, &at)) {
        return false;
    }
    memcpy(name, at, (size_t)n);
    name[n] = 0;
    return strlen(name) == n && wgi_is_curve_name(name);
}

static double double_at(const unsigned char *from)
{
    const uint64_t bits = word_at(from);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Adds the points one by one, as a program would: what a history refuses fails here too. */
static wg_status add_points(wg_history *h, const char *name, bytes_left *left)
{
    uint64_t n;
    const unsigned char *x;
    if (!take_word(left, &n) || n == 0 || n > left->n / (2 * WORD) ||
        !take(left, (size_t)n * 2 * WORD, &x)) {
        return WG_ERR_FORMAT;
    }
    wg_status status = wgi_history_curve(h, name) != NULL ? WG_ERR_FORMAT : WG_OK;
    for (size_t i = 0; status == WG_OK && i < n; i++) {
        status = !isfinite(double_at(x + WORD * i))
                     ? WG_ERR_FORMAT
                     : wg_history_add(h, name, double_at(x + WORD * i),
                                      double_at(x + WORD * ((size_t)n + i)));
    }
    return status;
}

static wg_status read_curves(wg_history *h, bytes_left left)
{
    const unsigned char *magic;
    uint64_t n;
    if (!take(&left, WORD, &magic) || memcmp(magic, MAGIC, WORD) != 0 || !take_word(&left, &n)) {
        return WG_ERR_FORMAT;
    }
    wg_status status = WG_OK;
    for (uint64_t i = 0; status == WG_OK && i < n; i++) {
        char name[WGI_MAX_CURVE_NAME + 1];
        status = take_name(&left, name) ? add_points(h, name, &left) : WG_ERR_FORMAT;
    }
    return status == WG_OK && left.n > 0 ? WG_ERR_FORMAT : status;
}

wg_status wg_history_from_tensor(wg_history *h, const wg_tensor *t)
{
    if (h == NULL || t == NULL) {
        return wgi_context_fail(h == NULL ? NULL : h->ctx, WG_ERR_ARGUMENT,
                                "history: the tensor is NULL");
    }
    wg_history made = {.ctx = h->ctx};
    const unsigned char *data = wg_tensor_data(t);
    wg_status status = wg_tensor_dtype(t) != WG_U8 || data == NULL
                           ? WG_ERR_FORMAT
                           : read_curves(&made, (bytes_left){data, wg_tensor_bytes(t)});
    if (status != WG_OK) {
        wgi_curves_free(&h->ctx->memory, &made.curves);
        return status == WG_ERR_FORMAT
                   ? wgi_context_fail(h->ctx, status, "history: the tensor holds none")
                   : status;
    }
    wgi_curves_free(&h->ctx->memory, &h->curves);
    h->curves = made.curves;
    return WG_OK;
}
