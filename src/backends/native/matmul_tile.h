/* One tile of a product; matmul_loops.h includes it once for each shape of tile.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILE (this tile's name), ROWS, WIDTH and what matmul_loops.h takes are the caller's.
 * Both sizes are constants and all loops over them simple, so that compilers keep every sum in a
 * register. */

/* Rows of a [ROWS, k] against a panel [k, WIDTH]: the sums are put into y [ROWS, s->columns], or
 * added to it. */
static void TILE(const K(strip) * s, const real *restrict a, real *restrict y)
{
    real sum[ROWS][WIDTH];
    const int64_t a_row = s->a_row;
    const real *restrict b = s->b;
    int64_t b_row = s->b_row;
    for (int i = 0; i < ROWS; i++) {
#pragma omp simd
        for (int j = 0; j < WIDTH; j++) {
            sum[i][j] = s->zero;
        }
    }
    int64_t p = 0;
    do {
        if (p == s->copied_from) {
            b = s->copy;
            b_row = WIDTH;
        }
        for (int i = 0; i < ROWS; i++) {
            const real x = a[i * a_row];
#pragma omp simd
            for (int j = 0; j < WIDTH; j++) {
                sum[i][j] = MULTIPLY_ADD(x, b[j], sum[i][j]);
            }
        }
        a += s->a_column;
        b += b_row;
    } while (++p < s->k);
    if (s->columns < WIDTH) {
        K(put_some)(s, ROWS, &sum[0][0], WIDTH, y);
        return;
    }
    for (int i = 0; i < ROWS; i++) {
        real *restrict row = y + i * s->y_row;
        if (s->is_first) {
            memcpy(row, sum[i], sizeof sum[i]);
            continue;
        }
#pragma omp simd
        for (int j = 0; j < WIDTH; j++) {
            row[j] += sum[i][j];
        }
    }
}

#undef TILE
#undef ROWS
#undef WIDTH
