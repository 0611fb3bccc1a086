/* The loops of convolutions over planes for one dtype; planar_hot.c includes it once for each.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: real, R, K, LANES and MULTIPLY_ADD are the caller's. A lane is a column of a row. Lanes
 * after the end of a row hold something that is not stored. */

/* ---- to planes ---------------------------------------------------------------------------- */

/* 0 times a value is 0 where it is finite, and NaN otherwise. */
static bool K(is_finite)(const void *values, int64_t n)
{
    const real *x = values;
    real sum[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
#pragma omp simd
        for (int j = 0; j < LANES; j++) {
            sum[j] += x[i + j] * 0;
        }
    }
    for (; i < n; i++) {
        sum[0] += x[i] * 0;
    }
    bool answer = true;
    for (int j = 0; j < LANES; j++) {
        answer = answer && sum[j] == 0;
    }
    return answer;
}

static bool K(spread)(const wgi_planes *to, const void *image)
{
    const real *from = image;
    const int64_t n = to->channels;
    for (int64_t i = 0; i < to->rows; i++) {
        for (int64_t c = 0; c < n; c++) {
            real *restrict row =
                (real *)to->data + c * to->plane + (to->top + i) * to->stride + to->left;
            const real *restrict pixel = from + i * to->columns * n + c;
            for (int64_t j = 0; j < to->columns; j++) {
                row[j] = pixel[j * n];
            }
        }
    }
    return K(is_finite)(image, to->rows * to->columns * n);
}

static void K(pack)(const wgi_planar_kernel *p)
{
    const real *w = p->w;
    real *out = p->packed;
    const int64_t taps = p->channels * p->kernel[0] * p->kernel[1];
    for (int64_t first = 0; first < p->filters; first += WGI_PLANAR_BLOCK) {
        const int64_t n = wgi_planar_block(p->filters, first);
        for (int64_t e = 0; e < taps * n; e++) {
            const int64_t f = first + e % n;
            out[e] = f < p->filters ? w[f * taps + e / n] : 0;
        }
        out += taps * n;
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
            const int64_t filter = r / rows * p->channels + e % p->channels;
            out[e] = e < n ? w[(filter * rows + r % rows) * p->kernel[1] + e / p->channels] : 0;
        }
        out += p->width;
    }
}

/* ---- correlation ---------------------------------------------------------------------------- */

/* A tile of results: where its first vector reads, how far after it the second one does, and the
 * rows of the kernel, from `first` to `end`, that meet the image. */
typedef struct K(place) {
    const real *from;
    const real *weights;
    int64_t second;
    int64_t first;
    int64_t end;
} K(place);

#define FILTERS 2
#define TILE K(tile_2)
#include "backends/native/planar_tile.h"
#define FILTERS 4
#define TILE K(tile_4)
#include "backends/native/planar_tile.h"
#define FILTERS 6
#define TILE K(tile_6)
#include "backends/native/planar_tile.h"
#define FILTERS 8
#define TILE K(tile_8)
#include "backends/native/planar_tile.h"

/* Sums of one vector of n filters to its pixels. */
static void K(put)(const wgi_planar_image *p, real (*sums)[2][LANES], int v, int64_t vector,
                   const int64_t filters[2])
{
    const int64_t in_row = (p->columns + LANES - 1) / LANES;
    const int64_t j = vector % in_row * LANES;
    const int64_t n = p->columns - j < LANES ? p->columns - j : LANES;
    const real *bias = p->bias;
    real *restrict y = (real *)p->y + (vector / in_row * p->columns + j) * p->filters + filters[0];
    for (int64_t f = 0; f < filters[1]; f++) {
        const real b = bias != NULL ? bias[filters[0] + f] : 0;
        for (int64_t e = 0; e < n; e++) {
            y[e * p->filters + f] = sums[f][v][e] + b;
        }
    }
}

/* The tile of vectors v and v + 1, or of v twice where it is the last. */
static K(place) K(place_of)(const wgi_planar_image *p, int64_t v, int64_t n)
{
    const wgi_planes *from = p->from;
    const int64_t in_row = (p->columns + LANES - 1) / LANES;
    const int64_t next = v + 1 < n ? v + 1 : v;
    const int64_t row[] = {v / in_row, next / in_row};
    const int64_t at[] = {row[0] * from->stride + v % in_row * LANES,
                          row[1] * from->stride + next % in_row * LANES};
    const int64_t first = from->top - row[1];
    const int64_t end = from->top + from->rows - row[0];
    return (K(place)){.from = (const real *)from->data + at[0],
                      .second = at[1] - at[0],
                      .first = first > 0 ? first : 0,
                      .end = end < p->kernel[0] ? end : p->kernel[0]};
}

static void K(correlate)(const wgi_planar_image *p)
{
    const int64_t n = p->rows * ((p->columns + LANES - 1) / LANES);
    real sums[WGI_PLANAR_BLOCK][2][LANES];
    const real *weights = p->weights;
    const int64_t taps = p->from->channels * p->kernel[0] * p->kernel[1];
    for (int64_t first = 0; first < p->filters; first += WGI_PLANAR_BLOCK) {
        const int64_t block = wgi_planar_block(p->filters, first);
        const int64_t left = p->filters - first;
        const int64_t filters[] = {first, left < block ? left : block};
        for (int64_t v = 0; v < n; v += 2) {
            K(place) at = K(place_of)(p, v, n);
            at.weights = weights;
            switch (block) {
            case 2:
                K(tile_2)(p, &at, sums);
                break;
            case 4:
                K(tile_4)(p, &at, sums);
                break;
            case 6:
                K(tile_6)(p, &at, sums);
                break;
            default:
                K(tile_8)(p, &at, sums);
                break;
            }
            K(put)(p, sums, 0, v, filters);
            if (v + 1 < n) {
                K(put)(p, sums, 1, v + 1, filters);
            }
        }
        weights += taps * block;
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
    if (p->width - v > LANES) {
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
    for (int64_t v = 0; v < p->width; v += 2 * LANES) {
        for (int64_t k = 0; k < p->kernel_rows;) {
            k += K(tile_of_rows)(p, k, v);
        }
    }
}

/* ---- a kernel's gradient -------------------------------------------------------------------- */

/* A tile of sums: what it reads, and how far sums of its filters are apart. */
typedef struct K(taps) {
    const real *from;
    const real *dy;
    real *sums;
    int64_t filter;
} K(taps);

#define TAPS 1
#define TILE K(taps_1)
#include "backends/native/planar_taps.h"
#define TAPS 3
#define TILE K(taps_3)
#include "backends/native/planar_taps.h"
#define TAPS 5
#define TILE K(taps_5)
#include "backends/native/planar_taps.h"
/* As many taps from the first on as a tile has, of `left`. */
static int64_t K(tile_of_taps)(const wgi_planar_sums *p, const K(taps) * at, int64_t left)
{
    const int64_t n = left >= 5 ? 5 : left >= 3 ? 3 : 1;
    (n == 5 ? K(taps_5) : n == 3 ? K(taps_3) : K(taps_1))(p, at);
    return n;
}

static void K(gather)(const wgi_planar_sums *p)
{
    const int64_t n = p->dy->channels;
    const int64_t *kernel = p->kernel;
    K(taps) at = {.filter = p->from->channels * kernel[0] * kernel[1] * LANES};
    for (int64_t f = 0; f < n; f += WGI_PLANAR_GROUP) {
        at.dy = (const real *)p->dy->data + f * p->dy->plane;
        for (int64_t r = 0; r < p->from->channels * kernel[0]; r++) {
            const real *from = (const real *)p->from->data + r / kernel[0] * p->from->plane +
                               r % kernel[0] * p->from->stride;
            for (int64_t l = 0; l < kernel[1];) {
                at.from = from + l;
                at.sums = (real *)p->sums + f * at.filter + (r * kernel[1] + l) * LANES;
                l += K(tile_of_taps)(p, &at, kernel[1] - l);
            }
        }
    }
}

/* Lanes are added in order, in `real`; so are parts. */
static void K(add_up)(const void *sums, int64_t parts, int64_t part, int64_t n, void *dw)
{
    const real *from = sums;
    real *to = dw;
    for (int64_t e = 0; e < n; e++) {
        real sum = 0;
        for (int64_t p = 0; p < parts; p++) {
            real lanes = 0;
            for (int j = 0; j < LANES; j++) {
                lanes += from[p * part + e * LANES + j];
            }
            sum += lanes;
        }
        to[e] = sum;
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

/* Added to the first lane of the sums. */
static void K(plain_weights)(const wgi_planar_plain *p)
{
    const real *dy = p->dy;
    const real *x = p->x;
    real *sums = p->out;
    FOR_EACH_TAP(p)
    {
        sums[W_AT(p) * LANES] = MULTIPLY_ADD(dy[Y_AT(p)], x[X_AT(p)], sums[W_AT(p) * LANES]);
    }
}

#undef FOR_EACH_TAP
#undef X_AT
#undef W_AT
#undef Y_AT
