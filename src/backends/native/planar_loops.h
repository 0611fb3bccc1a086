/* The loops of convolutions of few channels for one dtype; planar_hot.c includes it once for each.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: real, R, K, LANES (filters), VECTOR (elements of one) and MULTIPLY_ADD are the
 * caller's. Lanes of filters that are not there hold something that is not stored. */

/* ---- looking and packing
 * ---------------------------------------------------------------------------- */

/* 0 times a value is 0 where it is finite, and NaN otherwise. */
static bool K(is_finite)(const void *values, int64_t n)
{
    const real *x = values;
    real sum[VECTOR] = {0};
    int64_t i = 0;
    for (; i + VECTOR <= n; i += VECTOR) {
#pragma omp simd
        for (int j = 0; j < VECTOR; j++) {
            sum[j] += x[i + j] * 0;
        }
    }
    for (; i < n; i++) {
        sum[0] += x[i] * 0;
    }
    bool answer = true;
    for (int j = 0; j < VECTOR; j++) {
        answer = answer && sum[j] == 0;
    }
    return answer;
}

/* Where w has what the taps e of row k have, e running over l channels + c. */
static int64_t K(weight_at)(const wgi_planar_kernel *p, int64_t f, int64_t k, int64_t e)
{
    const int64_t row = (f * p->channels + e % p->channels) * p->kernel[0] + k;
    return row * p->kernel[1] + e / p->channels;
}

static void K(pack)(const wgi_planar_kernel *p)
{
    const real *w = p->w;
    real *out = p->packed;
    const int64_t taps = p->kernel[1] * p->channels;
    for (int64_t t = 0; t < p->kernel[0] * taps; t++) {
        for (int64_t f = 0; f < LANES; f++) {
            *out++ = f < p->filters ? w[K(weight_at)(p, f, t / taps, t % taps)] : 0;
        }
    }
}

static void K(pack_rows)(const wgi_planar_kernel *p)
{
    const real *w = p->w;
    real *out = p->packed;
    const int64_t rows = p->kernel[0];
    const int64_t n = p->kernel[1] * p->channels;
    for (int64_t r = 0; r < p->filters * rows; r++) {
        for (int64_t e = 0; e < p->width; e++) {
            out[e] = e < n ? w[K(weight_at)(p, r / rows, r % rows, e)] : 0;
        }
        out += p->width;
    }
}

/* ---- convolution ---------------------------------------------------------------------------- */

#define PIXELS 4
#define TILE K(tile_4)
#include "backends/native/planar_tile.h"
#define PIXELS 8
#define TILE K(tile_8)
#include "backends/native/planar_tile.h"
#define PIXELS 14
#define TILE K(tile_14)
#include "backends/native/planar_tile.h"

/* n pixels to y. Lanes after the filters go to the next pixel, which is put after this one, but
 * where `is_last`. */
static void K(put)(const wgi_planar_image *p, real (*sums)[LANES], int64_t n, bool is_last, real *y)
{
    real bias[LANES] = {0};
    if (p->bias != NULL) {
        memcpy(bias, p->bias, (size_t)p->filters * sizeof *bias);
    }
    for (int64_t j = 0; j < n; j++) {
#pragma omp simd
        for (int f = 0; f < LANES; f++) {
            sums[j][f] += bias[f];
        }
        if (is_last) {
            memcpy(y, sums[j], (size_t)p->filters * sizeof *y);
        } else {
            memcpy(y, sums[j], sizeof sums[j]);
        }
        y += p->filters;
    }
}

static void K(correlate)(const wgi_planar_image *p)
{
    real sums[WGI_PLANAR_PIXELS][LANES];
    real *y = p->y;
    for (int64_t i = 0; i < p->places[0]; i++) {
        const real *x = (const real *)p->x + i * p->stride;
        const bool is_last = (p->places[0] - 1 - i) * p->places[1] * p->filters < LANES;
        for (int64_t j = 0; j < p->places[1];) {
            const int64_t left = p->places[1] - j;
            const int64_t tile = left > 12 ? 14 : left > 4 ? 8 : 4;
            const int64_t n = left < tile ? left : tile;
            (tile == 14 ? K(tile_14) : tile == 8 ? K(tile_8) : K(tile_4))(p, x, sums);
            K(put)(p, sums, n, is_last, y);
            x += n * p->channels;
            y += n * p->filters;
            j += n;
        }
    }
}

/* ---- an image's gradient -------------------------------------------------------------------- */

#define ROWS 1
#define VECTORS 1
#define TILE K(rows_1_1)
#include "backends/native/planar_rows.h"
#define ROWS 3
#define VECTORS 1
#define TILE K(rows_3_1)
#include "backends/native/planar_rows.h"
#define ROWS 5
#define VECTORS 1
#define TILE K(rows_5_1)
#include "backends/native/planar_rows.h"
#define ROWS 1
#define VECTORS 2
#define TILE K(rows_1_2)
#include "backends/native/planar_rows.h"
#define ROWS 3
#define VECTORS 2
#define TILE K(rows_3_2)
#include "backends/native/planar_rows.h"
#define ROWS 5
#define VECTORS 2
#define TILE K(rows_5_2)
#include "backends/native/planar_rows.h"

/* As many rows of the kernel from k on as a tile has. */
static int64_t K(tile_of_rows)(const wgi_planar_rows *p, int64_t k, int64_t v)
{
    const int64_t left = p->kernel_rows - k;
    const int64_t n = left >= 5 ? 5 : left >= 3 ? 3 : 1;
    if (p->width - v > VECTOR) {
        (n == 5 ? K(rows_5_2) : n == 3 ? K(rows_3_2) : K(rows_1_2))(p, k, v);
    } else {
        (n == 5 ? K(rows_5_1) : n == 3 ? K(rows_3_1) : K(rows_1_1))(p, k, v);
    }
    return n;
}

static void K(scatter)(const wgi_planar_rows *p)
{
    const int64_t rows = p->places[0] + p->kernel_rows - 1;
    memset(p->sums, 0, (size_t)(rows * p->stride) * sizeof(real));
    for (int64_t v = 0; v < p->width; v += 2 * VECTOR) {
        for (int64_t k = 0; k < p->kernel_rows;) {
            k += K(tile_of_rows)(p, k, v);
        }
    }
}

/* ---- a kernel's gradient -------------------------------------------------------------------- */

#define ROWS 1
#define TAPS 1
#define TILE K(taps_1_1)
#include "backends/native/planar_taps.h"
#define ROWS 1
#define TAPS 3
#define TILE K(taps_1_3)
#include "backends/native/planar_taps.h"
#define ROWS 1
#define TAPS 5
#define TILE K(taps_1_5)
#include "backends/native/planar_taps.h"
#define ROWS 3
#define TAPS 1
#define TILE K(taps_3_1)
#include "backends/native/planar_taps.h"
#define ROWS 3
#define TAPS 3
#define TILE K(taps_3_3)
#include "backends/native/planar_taps.h"
#define ROWS 3
#define TAPS 5
#define TILE K(taps_3_5)
#include "backends/native/planar_taps.h"
#define ROWS 5
#define TAPS 1
#define TILE K(taps_5_1)
#include "backends/native/planar_taps.h"
#define ROWS 5
#define TAPS 3
#define TILE K(taps_5_3)
#include "backends/native/planar_taps.h"
#define ROWS 5
#define TAPS 5
#define TILE K(taps_5_5)
#include "backends/native/planar_taps.h"

typedef void (*K(taps))(const wgi_planar_sums *p, const real *x, real *sums);

static void K(gather)(const wgi_planar_sums *p)
{
    static const K(taps) tiles[3][3] = {{K(taps_1_1), K(taps_1_3), K(taps_1_5)},
                                        {K(taps_3_1), K(taps_3_3), K(taps_3_5)},
                                        {K(taps_5_1), K(taps_5_3), K(taps_5_5)}};
    for (int64_t k = 0; k < p->kernel_rows;) {
        const int r = p->kernel_rows - k >= 5 ? 2 : p->kernel_rows - k >= 3 ? 1 : 0;
        for (int64_t e = 0; e < p->taps;) {
            const int t = p->taps - e >= 5 ? 2 : p->taps - e >= 3 ? 1 : 0;
            tiles[r][t](p, (const real *)p->x + k * p->stride + e,
                        (real *)p->sums + (k * p->taps + e) * LANES);
            e += 2 * t + 1;
        }
        k += 2 * r + 1;
    }
}

static void K(add_up)(const void *sums, int64_t parts, const wgi_planar_kernel *p, void *dw)
{
    const int64_t taps = p->kernel[1] * p->channels;
    const int64_t n = p->kernel[0] * taps * LANES;
    const real *from = sums;
    real *to = dw;
    for (int64_t t = 0; t < p->kernel[0] * taps; t++) {
        for (int64_t f = 0; f < p->filters; f++) {
            real sum = 0;
            for (int64_t part = 0; part < parts; part++) {
                sum += from[part * n + t * LANES + f];
            }
            to[K(weight_at)(p, f, t / taps, t % taps)] = sum;
        }
    }
}

/* ---- element by element --------------------------------------------------------------------- */

/* Calls body for every (i, j, k, l) with a place (i, j) and the element (a, b) of x under it. */
#define FOR_EACH_TAP(p)                                                                            \
    for (int64_t i = 0; i < (p)->places[0]; i++)                                                   \
        for (int64_t j = 0; j < (p)->places[1]; j++)                                               \
            for (int64_t k = 0, a = i - (p)->before[0]; k < (p)->kernel[0]; k++, a++)              \
                for (int64_t l = 0, b = j - (p)->before[1]; l < (p)->kernel[1]; l++, b++)          \
                    if (a >= 0 && b >= 0 && a < (p)->input[0] && b < (p)->input[1])                \
                        for (int64_t o = 0; o < (p)->filters; o++)                                 \
                            for (int64_t c = 0; c < (p)->channels; c++)

#define X_AT(p) ((a * (p)->input[1] + b) * (p)->channels + c)
#define W_AT(p) (((o * (p)->channels + c) * (p)->kernel[0] + k) * (p)->kernel[1] + l)
#define Y_AT(p) ((i * (p)->places[1] + j) * (p)->filters + o)

static void K(plain_forward)(const wgi_planar_plain *p)
{
    const real *x = p->x;
    const real *w = p->w;
    const real *bias = p->bias;
    real *y = p->out;
    const int64_t n = p->places[0] * p->places[1] * p->filters;
    memset(y, 0, (size_t)n * sizeof *y);
    FOR_EACH_TAP(p)
    {
        y[Y_AT(p)] = MULTIPLY_ADD(x[X_AT(p)], w[W_AT(p)], y[Y_AT(p)]);
    }
    for (int64_t e = 0; bias != NULL && e < n; e++) {
        y[e] += bias[e % p->filters];
    }
}

static void K(plain_data)(const wgi_planar_plain *p)
{
    const real *dy = p->dy;
    const real *w = p->w;
    real *dx = p->out;
    memset(dx, 0, (size_t)(p->input[0] * p->input[1] * p->channels) * sizeof *dx);
    FOR_EACH_TAP(p)
    {
        dx[X_AT(p)] = MULTIPLY_ADD(dy[Y_AT(p)], w[W_AT(p)], dx[X_AT(p)]);
    }
}

/* Added to sums [k, l, c, LANES]. */
static void K(plain_weights)(const wgi_planar_plain *p)
{
    const real *dy = p->dy;
    const real *x = p->x;
    real *sums = p->out;
    FOR_EACH_TAP(p)
    {
        real *sum = &sums[((k * p->kernel[1] + l) * p->channels + c) * LANES + o];
        *sum = MULTIPLY_ADD(dy[Y_AT(p)], x[X_AT(p)], *sum);
    }
}

#undef FOR_EACH_TAP
#undef X_AT
#undef W_AT
#undef Y_AT
