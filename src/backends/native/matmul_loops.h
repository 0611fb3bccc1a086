/* The matmul loops over `real`; matmul.c includes them once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real` and K(name) (this pass's name) are the caller's. A panel is WIDTH columns of b,
 * row after row; the tiles below it share it. */
#define WIDTH ((int64_t)(TILE_BYTES / sizeof(real)))

/* Rows of a against a panel: a [rows, k] by its strides, panel [k, WIDTH] by its row stride. */
typedef struct K(strip) {
    const real *a;
    int64_t a_row;
    int64_t a_column;
    const real *panel;
    int64_t panel_row;
    int64_t k;
} K(strip);

/* sum [TILE_ROWS, WIDTH] = the rows of s times its panel, over k in [begin, end). One array and one
 * loop for each row: so written, compilers keep all of them in registers. */
static inline void K(sum_tile)(const K(strip) * s, int64_t begin, int64_t end, real *restrict sum)
{
    real row0[TILE_BYTES / sizeof(real)] = {0};
    real row1[TILE_BYTES / sizeof(real)] = {0};
    real row2[TILE_BYTES / sizeof(real)] = {0};
    real row3[TILE_BYTES / sizeof(real)] = {0};
    const real *restrict a = s->a + begin * s->a_column;
    const real *restrict b = s->panel + begin * s->panel_row;
    const int64_t a_row = s->a_row;
    for (int64_t p = begin; p < end; p++) {
        const real a0 = a[0];
        const real a1 = a[a_row];
        const real a2 = a[2 * a_row];
        const real a3 = a[3 * a_row];
        for (int64_t j = 0; j < WIDTH; j++) {
            row0[j] += a0 * b[j];
        }
        for (int64_t j = 0; j < WIDTH; j++) {
            row1[j] += a1 * b[j];
        }
        for (int64_t j = 0; j < WIDTH; j++) {
            row2[j] += a2 * b[j];
        }
        for (int64_t j = 0; j < WIDTH; j++) {
            row3[j] += a3 * b[j];
        }
        a += s->a_column;
        b += s->panel_row;
    }
    memcpy(sum, row0, sizeof row0);
    memcpy(sum + WIDTH, row1, sizeof row1);
    memcpy(sum + 2 * WIDTH, row2, sizeof row2);
    memcpy(sum + 3 * WIDTH, row3, sizeof row3);
}

/* The same for one row. */
static inline void K(sum_row)(const K(strip) * s, int64_t begin, int64_t end, real *restrict sum)
{
    real row[TILE_BYTES / sizeof(real)] = {0};
    const real *a = s->a + begin * s->a_column;
    const real *b = s->panel + begin * s->panel_row;
    for (int64_t p = begin; p < end; p++) {
        for (int64_t j = 0; j < WIDTH; j++) {
            row[j] += a[0] * b[j];
        }
        a += s->a_column;
        b += s->panel_row;
    }
    memcpy(sum, row, sizeof row);
}

/* y [rows, columns] with row stride n: TILE_ROWS rows or one. */
static void K(compute_tile)(const K(strip) * s, int64_t rows, int64_t columns, real *y, int64_t n)
{
    real total[TILE_BYTES / sizeof(real) * TILE_ROWS] = {0};
    real sum[TILE_BYTES / sizeof(real) * TILE_ROWS];
    for (int64_t begin = 0; begin < s->k; begin += CHUNK) {
        const int64_t end = s->k - begin < CHUNK ? s->k : begin + CHUNK;
        if (rows == TILE_ROWS) {
            K(sum_tile)(s, begin, end, sum);
        } else {
            K(sum_row)(s, begin, end, sum);
        }
        for (int64_t j = 0; j < rows * WIDTH; j++) {
            total[j] += sum[j];
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        memcpy(y + i * n, total + i * WIDTH, (size_t)columns * sizeof(real));
    }
}

/* panel [k, WIDTH] = columns of b, zeros past the last. */
static void K(pack)(const geometry *g, const real *b, int64_t columns, real *restrict panel)
{
    for (int64_t p = 0; p < g->k; p++) {
        for (int64_t j = 0; j < WIDTH; j++) {
            panel[p * WIDTH + j] = j < columns ? b[p * g->b_row + j * g->b_column] : 0;
        }
    }
}

/* Columns of y from column to column + WIDTH or n. b is read in place where its rows are dense and
 * wide enough. */
static void K(compute_columns)(const geometry *g, const real *a, const real *b, real *y,
                               real *scratch)
{
    for (int64_t column = 0; column < g->n; column += WIDTH) {
        const int64_t columns = g->n - column < WIDTH ? g->n - column : WIDTH;
        const bool is_packed = g->b_column != 1 || columns < WIDTH;
        const real *first = b + column * g->b_column;
        if (is_packed) {
            K(pack)(g, first, columns, scratch);
        }
        K(strip) s = {.a_row = g->a_row, .a_column = g->a_column, .k = g->k};
        s.panel = is_packed ? scratch : first;
        s.panel_row = is_packed ? WIDTH : g->b_row;
        int64_t rows = TILE_ROWS;
        for (int64_t i = 0; i < g->m; i += rows) {
            rows = g->m - i < TILE_ROWS ? 1 : TILE_ROWS;
            s.a = a + i * g->a_row;
            K(compute_tile)(&s, rows, columns, y + i * g->n + column, g->n);
        }
    }
}

/* An empty sum is 0. */
static void K(run)(const geometry *g, const wgi_args *args)
{
    real *y = args->out[0].data;
    if (g->batch == 0) {
        for (int64_t i = 0; i < args->out[0].count; i++) {
            y[i] = 0;
        }
        return;
    }
    const real *a = args->in[0].data;
    const real *b = args->in[1].data;
    for (int64_t i = 0; i < g->batch; i++) {
        K(compute_columns)
        (g, a + i * g->a_batch, b + i * g->b_batch, y + i * g->m * g->n, args->scratch);
    }
}

#undef WIDTH
