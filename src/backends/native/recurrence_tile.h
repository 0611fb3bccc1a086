/* One tile of a step's product; recurrence_tiles.h includes it once for each number of rows.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: TILE (this tile's name), ROWS, COLUMNS and what recurrence_loops.h takes are the
 * caller's. */

/* out [ROWS, COLUMNS] = rows of a, a_row apart, against a panel [k, COLUMNS]. */
static void TILE(const real *restrict a, int64_t a_row, const real *restrict b, int64_t k,
                 real *restrict out)
{
    real sum[ROWS][COLUMNS];
    for (int i = 0; i < ROWS; i++) {
#pragma omp simd
        for (int j = 0; j < COLUMNS; j++) {
            sum[i][j] = a[i * a_row] * b[j];
        }
    }
    for (int64_t p = 1; p < k; p++) {
        b += COLUMNS;
        for (int i = 0; i < ROWS; i++) {
            const real x = a[i * a_row + p];
#pragma omp simd
            for (int j = 0; j < COLUMNS; j++) {
                sum[i][j] = MULTIPLY_ADD(x, b[j], sum[i][j]);
            }
        }
    }
    memcpy(out, sum, sizeof sum);
}

#undef TILE
#undef ROWS
