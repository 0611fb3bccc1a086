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

WGI_INLINE void K(add_rows)(const real *sum, int count, real *restrict out)
{
    for (int f = 0; f < count; f++) {
        out[f] += sum[f];
    }
}

/* Depthwise panels that are not full: nothing past their channels is read. */
static void K(sum_depths)(const wgi_convolution_sum *s, const real *from, int places, real *y)
{
    const int columns = (int)s->columns;
    for (int i = 0; i < places; i++) {
        real sum[PANEL] = {0};
        for (int64_t r = 0; r < s->rows; r++) {
            for (int64_t t = 0; t < s->taps; t++) {
                const real *x = from + i * s->x_place + r * s->x_row + t * s->x_tap;
                const real *w = (const real *)s->w + r * s->w_row + t * s->w_tap;
                for (int f = 0; f < columns; f++) {
                    sum[f] = MULTIPLY_ADD(x[f], w[f], sum[f]);
                }
            }
        }
        K(put)(s, sum, columns, y + i * s->y_place);
    }
}

static void K(product_depths)(const wgi_convolution_product *s, const real *from, const real *by,
                              int elements, int width, real *out)
{
    const int columns = (int)s->columns;
    for (int i = 0; i < elements; i++) {
        real sum[PANEL] = {0};
        for (int64_t r = 0; r < s->rows; r++) {
            for (int64_t p = 0; p < s->places; p++) {
                const real *x = from + i * s->x_element + r * s->x_row + p * s->x_place;
                const real *g = by + r * s->g_row + p * s->g_place;
                for (int f = 0; f < columns; f++) {
                    sum[f] = MULTIPLY_ADD(x[f], g[f], sum[f]);
                }
            }
        }
        K(add_rows)(sum, columns, out + i * width);
    }
}

#define SHAPED(name, rows) K(name##_##rows)
#define WIDTH PANEL
#include "backends/native/convolution_tiles.h"

#define SHAPED(name, rows) K(name##_thin_##rows)
#define WIDTH VECTOR
#include "backends/native/convolution_tiles.h"

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

static void K(pack_tap)(const wgi_convolution_pack *p, const real *w, real *restrict out)
{
    for (int64_t f = 0; f < p->columns; f++) {
        out[f] = w[f * p->filter];
    }
    for (int64_t f = p->columns; f < p->width; f++) {
        out[f] = 0;
    }
}

/* A channel's taps are read from the same lines of the caches. */
static void K(pack)(const wgi_convolution_pack *p, const void *w, void *out)
{
    for (int64_t c = 0; c < p->channels; c++) {
        const real *from = (const real *)w + c * p->channel;
        real *to = (real *)out + c * p->width;
        for (int64_t r = 0; r < p->n_rows; r++) {
            for (int64_t t = 0; t < p->n_taps; t++) {
                K(pack_tap)(p, from + p->rows[r] * p->row + p->taps[t], to);
                to += p->channels * p->width;
            }
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
