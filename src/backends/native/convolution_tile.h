/* The tiles of one shape; convolution_tiles.h includes it once for each.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: SHAPE(name) (this shape's name), ROWS, WIDTH and what convolution_loops.h takes are the
 * caller's. Both sizes are constants and all loops over them simple, so that compilers keep every
 * sum in a register. */

static void SHAPE(sum)(const wgi_convolution_sum *s, const void *from, void *y)
{
    real sum[ROWS][WIDTH];
    const int64_t place = s->x_place;
    for (int i = 0; i < ROWS; i++) {
#pragma omp simd
        for (int f = 0; f < WIDTH; f++) {
            sum[i][f] = (real)s->zero;
        }
    }
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t t = 0; t < s->taps; t++) {
            const real *restrict x = (const real *)from + r * s->x_row + t * s->x_tap;
            const real *restrict w = (const real *)s->w + r * s->w_row + t * s->w_tap;
            for (int64_t q = 0; q < s->length; q++) {
                for (int i = 0; i < ROWS; i++) {
                    const real value = x[i * place];
#pragma omp simd
                    for (int f = 0; f < WIDTH; f++) {
                        sum[i][f] = MULTIPLY_ADD(value, w[f], sum[i][f]);
                    }
                }
                x++;
                w += WIDTH;
            }
        }
    }
    for (int i = 0; i < ROWS; i++) {
        if (s->columns < WIDTH) {
            K(put)(s, sum[i], (int)s->columns, (real *)y + i * s->y_place);
        } else {
            K(put)(s, sum[i], WIDTH, (real *)y + i * s->y_place);
        }
    }
}

/* All of a panel that is full; else place by place. */
static void SHAPE(depth)(const wgi_convolution_sum *s, const void *from, void *y)
{
    if (s->columns < WIDTH) {
        K(sum_depths)(s, from, ROWS, y);
        return;
    }
    real sum[ROWS][WIDTH];
    const int64_t place = s->x_place;
    for (int i = 0; i < ROWS; i++) {
#pragma omp simd
        for (int f = 0; f < WIDTH; f++) {
            sum[i][f] = (real)s->zero;
        }
    }
    for (int64_t r = 0; r < s->rows; r++) {
        for (int64_t t = 0; t < s->taps; t++) {
            const real *restrict x = (const real *)from + r * s->x_row + t * s->x_tap;
            const real *restrict w = (const real *)s->w + r * s->w_row + t * s->w_tap;
            for (int i = 0; i < ROWS; i++) {
#pragma omp simd
                for (int f = 0; f < WIDTH; f++) {
                    sum[i][f] = MULTIPLY_ADD(x[i * place + f], w[f], sum[i][f]);
                }
            }
        }
    }
    for (int i = 0; i < ROWS; i++) {
        K(put)(s, sum[i], WIDTH, (real *)y + i * s->y_place);
    }
}

static void SHAPE(gradient)(const wgi_convolution_product *s, const void *from, const void *by,
                            void *out)
{
    real sum[ROWS][WIDTH];
    for (int i = 0; i < ROWS; i++) {
#pragma omp simd
        for (int f = 0; f < WIDTH; f++) {
            sum[i][f] = (real)s->zero;
        }
    }
    for (int64_t r = 0; r < s->rows; r++) {
        const real *restrict x = (const real *)from + r * s->x_row;
        const real *restrict g = (const real *)by + r * s->g_row;
        for (int64_t p = 0; p < s->places; p++) {
            for (int i = 0; i < ROWS; i++) {
                const real value = x[i];
#pragma omp simd
                for (int f = 0; f < WIDTH; f++) {
                    sum[i][f] = MULTIPLY_ADD(value, g[f], sum[i][f]);
                }
            }
            x += s->x_place;
            g += s->g_place;
        }
    }
    K(add_rows)(&sum[0][0], ROWS * WIDTH, out);
}

/* Likewise; the elements of x are those of the panel's channels at so many taps. */
static void SHAPE(depth_gradient)(const wgi_convolution_product *s, const void *from,
                                  const void *by, void *out)
{
    if (s->columns < WIDTH) {
        K(product_depths)(s, from, by, ROWS, WIDTH, out);
        return;
    }
    real sum[ROWS][WIDTH];
    const int64_t element = s->x_element;
    for (int i = 0; i < ROWS; i++) {
#pragma omp simd
        for (int f = 0; f < WIDTH; f++) {
            sum[i][f] = (real)s->zero;
        }
    }
    for (int64_t r = 0; r < s->rows; r++) {
        const real *restrict x = (const real *)from + r * s->x_row;
        const real *restrict g = (const real *)by + r * s->g_row;
        for (int64_t p = 0; p < s->places; p++) {
            for (int i = 0; i < ROWS; i++) {
#pragma omp simd
                for (int f = 0; f < WIDTH; f++) {
                    sum[i][f] = MULTIPLY_ADD(x[i * element + f], g[f], sum[i][f]);
                }
            }
            x += s->x_place;
            g += s->g_place;
        }
    }
    K(add_rows)(&sum[0][0], ROWS * WIDTH, out);
}

#undef SHAPE
#undef ROWS
