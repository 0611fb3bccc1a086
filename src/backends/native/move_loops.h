/* Transposes of elements of one size, `word` being an integer of it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by move_hot.c once for each size; hence no guard. */

static inline void K(whole_tile)(char *y, int64_t y_stride, const char *x, int64_t x_stride)
{
    word in[TILE * TILE];
    for (int64_t j = 0; j < TILE; j++) {
        memcpy(&in[j * TILE], x + j * x_stride, TILE * sizeof(word));
    }
    for (int64_t i = 0; i < TILE; i++) {
        word out[TILE];
        for (int64_t j = 0; j < TILE; j++) {
            out[j] = in[j * TILE + i];
        }
        memcpy(y + i * y_stride, out, sizeof out);
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

static void K(transpose)(char *y, int64_t y_stride, const char *x, int64_t x_stride, int64_t rows,
                         int64_t columns)
{
    const int64_t size = (int64_t)sizeof(word);
    for (int64_t j = 0; j < columns; j += TILE) {
        for (int64_t i = 0; i < rows; i += TILE) {
            char *to = y + i * y_stride + j * size;
            const char *from = x + j * x_stride + i * size;
            if (rows - i >= TILE && columns - j >= TILE) {
                K(whole_tile)(to, y_stride, from, x_stride);
            } else {
                K(edge)(to, y_stride, from, x_stride, MIN(rows - i, TILE), MIN(columns - j, TILE));
            }
        }
    }
}
