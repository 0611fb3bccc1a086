/* The tiles of one shape; convolution_loops.h includes it once for each.
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

static void SHAPE(depth)(const wgi_convolution_sum *s, const void *from, void *y)
{
    for (int i = 0; i < ROWS; i++) {
        const real *x = (const real *)from + i * s->x_place;
        if (s->columns < WIDTH) {
            K(sum_depth)(s, x, (int)s->columns, WIDTH, (real *)y + i * s->y_place);
        } else {
            K(sum_depth)(s, x, WIDTH, WIDTH, (real *)y + i * s->y_place);
        }
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
    for (int i = 0; i < ROWS; i++) {
        real *restrict row = (real *)out + i * WIDTH;
#pragma omp simd
        for (int f = 0; f < WIDTH; f++) {
            row[f] += sum[i][f];
        }
    }
}

#undef SHAPE
#undef ROWS
#undef WIDTH
