/* Transposes of elements of one size, `word` being an integer of it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by move_hot.c once for each size; hence no guard. */

/* y[2 i] = a[i], y[2 i + 1] = b[i]: compilers make interleaved stores of it. */
static inline void K(interleave)(word *restrict y, const word *restrict a, const word *restrict b,
                                 int64_t n)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        y[2 * i] = a[i];
        y[2 * i + 1] = b[i];
    }
}

/* The two halves of a tile interleaved are the tile with the bits of each place turned by one:
 * after four times row and column have changed places. The first time reads x. */
static inline void K(whole_tile)(char *y, int64_t y_stride, const char *x, int64_t x_stride)
{
    word one[TILE * TILE];
    word two[TILE * TILE];
    for (int64_t j = 0; j < TILE / 2; j++) {
        word a[TILE];
        word b[TILE];
        memcpy(a, x + j * x_stride, sizeof a);
        memcpy(b, x + (j + TILE / 2) * x_stride, sizeof b);
        K(interleave)(&one[j * 2 * TILE], a, b, TILE);
    }
    K(interleave)(two, one, one + TILE * TILE / 2, TILE * TILE / 2);
    K(interleave)(one, two, two + TILE * TILE / 2, TILE * TILE / 2);
    K(interleave)(two, one, one + TILE * TILE / 2, TILE * TILE / 2);
    for (int64_t i = 0; i < TILE; i++) {
        memcpy(y + i * y_stride, &two[i * TILE], TILE * sizeof(word));
    }
}

static void K(edge)(char *y, int64_t y_stride, const char *x, int64_t x_stride, int64_t rows,
                    int64_t columns)
{
    const int64_t size = (int64_t)sizeof(word);
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            memcpy(y + i * y_stride + j * size, x + j * x_stride + i * size, sizeof(word));
        }
    }
}

/* Where a matrix is as large as a tile, the last tiles end with it and repeat some of those before.
 */
static void K(transpose)(char *y, int64_t y_stride, const char *x, int64_t x_stride, int64_t rows,
                         int64_t columns)
{
    const int64_t size = (int64_t)sizeof(word);
    const bool is_large = rows >= TILE && columns >= TILE;
    for (int64_t j = 0; j < columns; j += TILE) {
        const int64_t column = is_large ? MIN(j, columns - TILE) : j;
        for (int64_t i = 0; i < rows; i += TILE) {
            const int64_t row = is_large ? MIN(i, rows - TILE) : i;
            char *to = y + row * y_stride + column * size;
            const char *from = x + column * x_stride + row * size;
            if (is_large) {
                K(whole_tile)(to, y_stride, from, x_stride);
            } else {
                K(edge)(to, y_stride, from, x_stride, MIN(rows - i, TILE), MIN(columns - j, TILE));
            }
        }
    }
}
