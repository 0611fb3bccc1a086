/* One tile of a step's product; recurrence_loops.h includes it once for each number of rows.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILE (this tile's name), ROWS and what recurrence_loops.h takes are the caller's. */

/* out [ROWS, WIDTH] = rows of a, a_row apart, against a panel [k, WIDTH]. */
static void TILE(const real *restrict a, int64_t a_row, const real *restrict b, int64_t k,
                 real *restrict out)
{
    real sum[ROWS][WIDTH];
    for (int i = 0; i < ROWS; i++) {
#pragma omp simd
        for (int j = 0; j < WIDTH; j++) {
            sum[i][j] = a[i * a_row] * b[j];
        }
    }
    for (int64_t p = 1; p < k; p++) {
        b += WIDTH;
        for (int i = 0; i < ROWS; i++) {
            const real x = a[i * a_row + p];
#pragma omp simd
            for (int j = 0; j < WIDTH; j++) {
                sum[i][j] = MULTIPLY_ADD(x, b[j], sum[i][j]);
            }
        }
    }
    memcpy(out, sum, sizeof sum);
}

#undef TILE
#undef ROWS
