/* The loops of convolutions over `real`; convolution_hot.c includes them once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, R(f) (f of <math.h> for real), K(name) (this pass's name), MULTIPLY_ADD and the
 * sizes are the caller's. */
#define VECTOR ((int)(VECTOR_BYTES / sizeof(real)))
#define PANEL (2 * VECTOR)

/* ---- tiles -------------------------------------------------------------------------------- */

WGI_INLINE void K(put)(const wgi_convolution_sum *s, const real *sum, int columns, real *restrict y)
{
    const real *restrict bias = s->bias;
    if (!s->is_first) {
        for (int f = 0; f < columns; f++) {
            y[f] += sum[f];
        }
    } else {
        for (int f = 0; f < columns; f++) {
            y[f] = sum[f];
        }
    }
    if (bias != NULL) {
        for (int f = 0; f < columns; f++) {
            y[f] += bias[f];
        }
    }
}

/* One place; `columns` is a constant in most calls. */
WGI_INLINE void K(sum_depth)(const wgi_convolution_sum *s, const real *from, int columns, int width,
                             real *y)
{
    real sum[PANEL];
    (void)width;
    for (int f = 0; f < columns; f++) {
        sum[f] = (real)s->zero;
    }
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t t = 0; t < s->taps; t++) {
            const real *restrict x = from + r * s->x_row + t * s->x_tap;
            const real *restrict w = (const real *)s->w + r * s->w_row + t * s->w_tap;
#pragma omp simd
            for (int f = 0; f < columns; f++) {
                sum[f] = MULTIPLY_ADD(x[f], w[f], sum[f]);
            }
        }
    }
    K(put)(s, sum, columns, y);
}

WGI_INLINE void K(product_depth)(const wgi_convolution_product *s, const real *from, const real *by,
                                 int columns, real *restrict out)
{
    real sum[PANEL];
    for (int f = 0; f < columns; f++) {
        sum[f] = (real)s->zero;
    }
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t p = 0; p < s->places; p++) {
            const real *restrict x = from + r * s->x_row + p * s->x_place;
            const real *restrict g = by + r * s->g_row + p * s->g_place;
#pragma omp simd
            for (int f = 0; f < columns; f++) {
                sum[f] = MULTIPLY_ADD(x[f], g[f], sum[f]);
            }
        }
    }
    for (int f = 0; f < columns; f++) {
        out[f] += sum[f];
    }
}

static void K(depth_gradient)(const wgi_convolution_product *s, const void *x, const void *g,
                              void *out)
{
    if (s->columns == PANEL) {
        K(product_depth)(s, x, g, PANEL, out);
    } else if (s->columns == VECTOR) {
        K(product_depth)(s, x, g, VECTOR, out);
    } else {
        K(product_depth)(s, x, g, (int)s->columns, out);
    }
}

#define SHAPE(name) K(name##_whole)
#define ROWS ROWS_MAX
#define WIDTH PANEL
#include "backends/native/convolution_tile.h"

#define SHAPE(name) K(name##_4)
#define ROWS 4
#define WIDTH PANEL
#include "backends/native/convolution_tile.h"

#define SHAPE(name) K(name##_2)
#define ROWS 2
#define WIDTH PANEL
#include "backends/native/convolution_tile.h"

#define SHAPE(name) K(name##_1)
#define ROWS 1
#define WIDTH PANEL
#include "backends/native/convolution_tile.h"

#define SHAPE(name) K(name##_thin_whole)
#define ROWS ROWS_MAX
#define WIDTH VECTOR
#include "backends/native/convolution_tile.h"

#define SHAPE(name) K(name##_thin_4)
#define ROWS 4
#define WIDTH VECTOR
#include "backends/native/convolution_tile.h"

#define SHAPE(name) K(name##_thin_2)
#define ROWS 2
#define WIDTH VECTOR
#include "backends/native/convolution_tile.h"

#define SHAPE(name) K(name##_thin_1)
#define ROWS 1
#define WIDTH VECTOR
#include "backends/native/convolution_tile.h"

/* ---- copies ------------------------------------------------------------------------------- */

static void K(copy)(const void *from, int64_t row, int64_t n, int64_t columns, int64_t width,
                    void *to)
{
    for (int64_t i = 0; i < n; i++) {
        const real *restrict x = (const real *)from + i * row;
        real *restrict out = (real *)to + i * width;
        for (int64_t f = 0; f < columns; f++) {
            out[f] = x[f];
        }
        for (int64_t f = columns; f < width; f++) {
            out[f] = 0;
        }
    }
}

/* One filter's elements at one channel. */
static void K(pack_one)(const wgi_convolution_pack *p, const real *w, real *out)
{
    const int64_t tap = p->channels * p->width;
    for (int64_t r = 0; r < p->n_rows; r++) {
        const real *row = w + p->rows[r] * p->row;
        for (int64_t t = 0; t < p->n_taps; t++) {
            *out = row[p->taps[t]];
            out += tap;
        }
    }
}

static void K(pack)(const wgi_convolution_pack *p, const void *w, void *out)
{
    const int64_t count = p->n_rows * p->n_taps * p->channels;
    for (int64_t c = 0; c < p->channels; c++) {
        for (int64_t f = 0; f < p->columns; f++) {
            K(pack_one)
            (p, (const real *)w + f * p->filter + c * p->channel, (real *)out + c * p->width + f);
        }
    }
    for (int64_t i = 0; i < count && p->columns < p->width; i++) {
        for (int64_t f = p->columns; f < p->width; f++) {
            ((real *)out)[i * p->width + f] = 0;
        }
    }
}

static void K(unpack_one)(const wgi_convolution_pack *p, const real *sums, int64_t n, int64_t part,
                          real *w)
{
    const int64_t tap = p->channels * p->width;
    for (int64_t r = 0; r < p->n_rows; r++) {
        for (int64_t t = 0; t < p->n_taps; t++) {
            const real *from = sums + (r * p->n_taps + t) * tap;
            real sum = from[0];
            for (int64_t i = 1; i < n; i++) {
                sum += from[i * part];
            }
            w[r * p->row + t] = sum;
        }
    }
}

static void K(unpack)(const wgi_convolution_pack *p, const void *sums, int64_t n, int64_t part,
                      void *w)
{
    for (int64_t c = 0; c < p->channels; c++) {
        for (int64_t f = 0; f < p->columns; f++) {
            K(unpack_one)
            (p, (const real *)sums + c * p->width + f, n, part,
             (real *)w + f * p->filter + c * p->channel);
        }
    }
}

#undef VECTOR
#undef PANEL
