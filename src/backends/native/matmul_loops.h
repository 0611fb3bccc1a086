/* The matmul loops over `real`; matmul_hot.c includes them once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, R(f) (f of <math.h> for real), K(name) (this pass's name), MULTIPLY_ADD and the
 * sizes are the caller's. */
#define VECTOR ((int)(VECTOR_BYTES / sizeof(real)))
#define PANEL (2 * VECTOR)
#define WIDE (8 * VECTOR)
#define LANES VECTOR
#define DOTS 4
#define TOGETHER 8

/* ---- tiles -------------------------------------------------------------------------------- */

/* Rows of a against a panel: columns of b, read in place up to a row, from there on from a copy
 * that is as wide as a tile. */
typedef struct K(strip) {
    int64_t a_row;
    int64_t a_column;
    const real *b;
    int64_t b_row;
    int64_t k;
    int64_t copied_from; /* k and more: no row is */
    const real *copy;
    int64_t y_row;
    int64_t columns; /* of y that there are: at most the width of the tile */
    bool is_first;   /* y holds nothing yet */
    real zero;       /* where sums begin: read, so that compilers do not clear them in memory */
} K(strip);

typedef void (*K(tile))(const K(strip) * s, const real *restrict a, real *restrict y);

/* The last columns of a matrix. A first sum is not added to 0: it may be -0. */
static void K(put_some)(const K(strip) * s, int rows, const real *sum, int width, real *y)
{
    for (int i = 0; i < rows; i++) {
        real *row = y + i * s->y_row;
        for (int64_t j = 0; j < s->columns; j++) {
            row[j] = s->is_first ? sum[i * width + j] : row[j] + sum[i * width + j];
        }
    }
}

#define TILE K(tile_whole)
#define ROWS ROWS_MAX
#define WIDTH PANEL
#include "backends/native/matmul_tile.h"

#define TILE K(tile_4)
#define ROWS 4
#define WIDTH PANEL
#include "backends/native/matmul_tile.h"

#define TILE K(tile_2)
#define ROWS 2
#define WIDTH PANEL
#include "backends/native/matmul_tile.h"

#define TILE K(tile_1)
#define ROWS 1
#define WIDTH PANEL
#include "backends/native/matmul_tile.h"

#define TILE K(thin_whole)
#define ROWS ROWS_MAX
#define WIDTH VECTOR
#include "backends/native/matmul_tile.h"

#define TILE K(thin_4)
#define ROWS 4
#define WIDTH VECTOR
#include "backends/native/matmul_tile.h"

#define TILE K(thin_2)
#define ROWS 2
#define WIDTH VECTOR
#include "backends/native/matmul_tile.h"

#define TILE K(thin_1)
#define ROWS 1
#define WIDTH VECTOR
#include "backends/native/matmul_tile.h"

#define TILE K(wide_1)
#define ROWS 1
#define WIDTH WIDE
#include "backends/native/matmul_tile.h"

/* Tiles of one width; rows that are left over take the smaller ones. */
typedef struct K(tile_set) {
    K(tile) whole;
    K(tile) four;
    K(tile) two;
    K(tile) one;
} K(tile_set);

static const K(tile_set) K(panel_tiles) = {K(tile_whole), K(tile_4), K(tile_2), K(tile_1)};
static const K(tile_set) K(thin_tiles) = {K(thin_whole), K(thin_4), K(thin_2), K(thin_1)};

/* ---- packing ------------------------------------------------------------------------------ */

/* out [k, width] = columns of b [k, columns], zeros past the last. */
static void K(pack_rows)(const wgi_product *p, const real *b, int64_t k, int64_t columns, int width,
                         real *restrict out)
{
    for (int64_t q = 0; q < k; q++) {
        const real *row = b + q * p->b_row;
        for (int64_t j = 0; j < columns; j++) {
            out[q * width + j] = row[j];
        }
        for (int64_t j = columns; j < width; j++) {
            out[q * width + j] = 0;
        }
    }
}

/* Several columns at once: what lies together in `out` is written together. */
static void K(pack_columns)(const wgi_product *p, const real *b, int64_t k, int64_t columns,
                            int width, real *restrict out)
{
    int64_t j = 0;
    for (; j + TOGETHER <= columns; j += TOGETHER) {
        const real *restrict first = b + j * p->b_column;
        for (int64_t q = 0; q < k; q++) {
            for (int r = 0; r < TOGETHER; r++) {
                out[q * width + j + r] = first[r * p->b_column + q];
            }
        }
    }
    for (int64_t q = 0; q < k; q++) {
        for (int64_t r = j; r < width; r++) {
            out[q * width + r] = r < columns ? b[r * p->b_column + q] : 0;
        }
    }
}

static void K(pack_b)(const wgi_product *p, const real *b, int64_t k, int64_t columns, int width,
                      real *restrict out)
{
    if (p->b_column == 1 && columns == PANEL) {
        K(pack_rows)(p, b, k, PANEL, PANEL, out);
    } else if (p->b_column == 1) {
        K(pack_rows)(p, b, k, columns, width, out);
    } else {
        K(pack_columns)(p, b, k, columns, width, out);
    }
}

/* out: strips of ROWS_MAX rows of a, each column after column. */
static void K(pack_a)(const wgi_product *p, const real *a, int64_t rows, int64_t k,
                      real *restrict out)
{
    for (int64_t q = 0; q < k; q++) {
        const real *restrict column = a + q * p->a_column;
        int64_t i = 0;
        for (; i + ROWS_MAX <= rows; i += ROWS_MAX) {
            for (int r = 0; r < ROWS_MAX; r++) {
                out[i * k + q * ROWS_MAX + r] = column[(i + r) * p->a_row];
            }
        }
        for (int64_t r = 0; i + r < rows; r++) {
            out[i * k + q * ROWS_MAX + r] = column[(i + r) * p->a_row];
        }
    }
}

/* ---- blocks ------------------------------------------------------------------------------- */

/* Part of a product: rows of a (in place or packed) against columns of b, k of the products. */
typedef struct K(block) {
    const wgi_product *p;
    const real *a;
    const real *b; /* its first row and column */
    real *y;
    real *panels;   /* scratch: columns of b, each panel [k, its width] */
    int64_t b_span; /* elements from b that may be read */
    int64_t rows;
    int64_t columns;
    int64_t k;
    int64_t a_row;
    int64_t a_column;
    int64_t a_strip; /* elements from one strip of rows to the next */
    bool is_first;
} K(block);

static int K(width_at)(const K(block) * x, int64_t column)
{
    return x->columns - column > VECTOR ? PANEL : VECTOR;
}

static void K(pack_panels)(const K(block) * x)
{
    int64_t columns;
    for (int64_t j = 0; j < x->columns; j += columns) {
        const int width = K(width_at)(x, j);
        columns = x->columns - j < width ? x->columns - j : width;
        K(pack_b)(x->p, x->b + j * x->p->b_column, x->k, columns, width, x->panels + j * x->k);
    }
}

/* The first row of the panel from `column` on that ends where nothing may be read. Those before it
 * are read as wide as a tile is, into the row that follows. */
static int64_t K(rows_in_place)(const K(block) * x, int64_t column, int width)
{
    const int64_t room = x->b_span - column - width;
    const int64_t rows = room < 0 ? 0 : room / x->p->b_row + 1;
    return rows < x->k ? rows : x->k;
}

/* Where the panel of columns from `column` on is read from. */
static void K(find_panel)(const K(block) * x, int64_t column, int width, K(strip) * s)
{
    const wgi_product *p = x->p;
    s->columns = x->columns - column < width ? x->columns - column : width;
    s->copied_from = x->k;
    if (p->is_b_packed) {
        s->b = x->panels + column * x->k;
        s->b_row = width;
        return;
    }
    s->b = x->b + column;
    if (s->columns < width) {
        s->copied_from = K(rows_in_place)(x, column, width);
        K(pack_rows)
        (p, s->b + s->copied_from * p->b_row, x->k - s->copied_from, s->columns, width, x->panels);
    }
}

static void K(run_strips)(const K(block) * x, const K(strip) * s, const K(tile_set) * tiles,
                          real *y)
{
    const real *a = x->a;
    int64_t left = x->rows;
    for (; left >= ROWS_MAX; left -= ROWS_MAX) {
        tiles->whole(s, a, y);
        a += x->a_strip;
        y += ROWS_MAX * s->y_row;
    }
    for (; left >= 4; left -= 4) {
        tiles->four(s, a, y);
        a += 4 * x->a_row;
        y += 4 * s->y_row;
    }
    for (; left >= 2; left -= 2) {
        tiles->two(s, a, y);
        a += 2 * x->a_row;
        y += 2 * s->y_row;
    }
    if (left > 0) {
        tiles->one(s, a, y);
    }
}

static void K(run_panels)(const K(block) * x)
{
    const int64_t n = x->columns;
    K(strip)
    s = {.a_row = x->a_row,
         .a_column = x->a_column,
         .b_row = x->p->b_row,
         .k = x->k,
         .copy = x->panels,
         .y_row = x->p->y_row,
         .is_first = x->is_first};
    int64_t j = 0;
    for (; x->rows == 1 && !x->p->is_b_packed && n - j >= WIDE; j += WIDE) {
        K(find_panel)(x, j, WIDE, &s);
        K(wide_1)(&s, x->a, x->y + j);
    }
    for (; n - j > VECTOR; j += PANEL) {
        K(find_panel)(x, j, PANEL, &s);
        K(run_strips)(x, &s, &K(panel_tiles), x->y + j);
    }
    if (j < n) {
        K(find_panel)(x, j, VECTOR, &s);
        K(run_strips)(x, &s, &K(thin_tiles), x->y + j);
    }
}

/* y [m, x->columns] takes x->k products of each sum; a is their first column. */
static void K(run_rows)(K(block) * x, const real *a, real *y, real *packed)
{
    const wgi_product *p = x->p;
    for (int64_t row = 0; row < p->m; row += p->m_block) {
        x->rows = p->m - row < p->m_block ? p->m - row : p->m_block;
        x->y = y + row * p->y_row;
        x->a = a + row * p->a_row;
        if (p->is_a_packed) {
            K(pack_a)(p, x->a, x->rows, x->k, packed);
            x->a = packed;
            x->a_strip = ROWS_MAX * x->k;
        }
        K(run_panels)(x);
    }
}

/* y [m, x->columns]; b: its first row, of which `span` elements may be read. */
static void K(run_columns)(K(block) * x, const real *a, const real *b, int64_t span, real *y)
{
    const wgi_product *p = x->p;
    for (int64_t q = 0; q < p->k; q += p->k_block) {
        x->k = p->k - q < p->k_block ? p->k - q : p->k_block;
        x->b = b + q * p->b_row;
        x->b_span = span - q * p->b_row;
        x->is_first = q == 0 && !p->is_added;
        if (p->is_b_packed) {
            K(pack_panels)(x);
        }
        K(run_rows)(x, a + q * p->a_column, y, x->panels + p->a_offset);
    }
}

static void K(tiles)(const wgi_product *p, const void *a, const void *b, void *y, void *scratch)
{
    K(block)
    x = {.p = p,
         .panels = scratch,
         .a_row = p->is_a_packed ? 1 : p->a_row,
         .a_column = p->is_a_packed ? ROWS_MAX : p->a_column,
         .a_strip = ROWS_MAX * p->a_row};
    for (int64_t i = 0; i < p->batch; i++) {
        for (int64_t j = 0; j < p->n; j += p->n_block) {
            const int64_t skipped = j * p->b_column;
            x.columns = p->n - j < p->n_block ? p->n - j : p->n_block;
            K(run_columns)
            (&x, (const real *)a + i * p->a_batch, (const real *)b + i * p->b_batch + skipped,
             p->b_span - skipped, (real *)y + i * p->y_batch + j);
        }
    }
}

/* ---- tiny products, outer products, dots --------------------------------------------------- */

/* One matrix; k is a constant in most calls. */
static inline void K(multiply_tiny)(const wgi_product *p, const real *a, const real *b,
                                    real *restrict y, int64_t k)
{
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            real sum = 0;
            for (int64_t q = 0; q < k; q++) {
                sum = MULTIPLY_ADD(a[q * p->a_column], b[j * p->b_column + q * p->b_row], sum);
            }
            y[j] = sum;
        }
        a += p->a_row;
        y += p->y_row;
    }
}

static void K(tiny)(const wgi_product *p, const void *a, const void *b, void *y, void *scratch)
{
    (void)scratch;
    for (int64_t i = 0; i < p->batch; i++) {
        const real *a_i = (const real *)a + i * p->a_batch;
        const real *b_i = (const real *)b + i * p->b_batch;
        real *y_i = (real *)y + i * p->y_batch;
        switch (p->k) {
        case 1:
            K(multiply_tiny)(p, a_i, b_i, y_i, 1);
            break;
        case 2:
            K(multiply_tiny)(p, a_i, b_i, y_i, 2);
            break;
        case 3:
            K(multiply_tiny)(p, a_i, b_i, y_i, 3);
            break;
        case 4:
            K(multiply_tiny)(p, a_i, b_i, y_i, 4);
            break;
        default:
            K(multiply_tiny)(p, a_i, b_i, y_i, p->k);
            break;
        }
    }
}

/* The 0 that is added makes a product of -0 the sum 0, as it is in the other loops. */
static void K(outer)(const wgi_product *p, const void *a, const void *b, void *y, void *scratch)
{
    (void)scratch;
    for (int64_t i = 0; i < p->batch; i++) {
        for (int64_t r = 0; r < p->m; r++) {
            const real x = ((const real *)a)[i * p->a_batch + r * p->a_row];
            const real *restrict row = (const real *)b + i * p->b_batch;
            real *restrict out = (real *)y + i * p->y_batch + r * p->y_row;
            for (int64_t j = 0; j < p->n; j++) {
                out[j] = MULTIPLY_ADD(x, row[j], (real)0);
            }
        }
    }
}

/* Lanes are added up in halves. */
static inline real K(add_lanes)(real *lane)
{
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) {
            lane[l] += lane[l + half];
        }
    }
    return lane[0];
}

static real K(dot)(const real *restrict x, const real *restrict y, int64_t k)
{
    real lane[LANES] = {0};
    int64_t q = 0;
    for (; q + LANES <= k; q += LANES) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            lane[l] = MULTIPLY_ADD(x[q + l], y[q + l], lane[l]);
        }
    }
    for (int l = 0; l < k - q; l++) {
        lane[l] = MULTIPLY_ADD(x[q + l], y[q + l], lane[l]);
    }
    return K(add_lanes)(lane);
}

/* x against DOTS columns that begin y_step apart: as many sums at once hide the time of each. */
static void K(dot_some)(const real *restrict x, const real *restrict y, int64_t y_step, int64_t k,
                        real *restrict out)
{
    real lane[DOTS][LANES];
    int64_t q = 0;
    for (int i = 0; i < DOTS; i++) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            lane[i][l] = MULTIPLY_ADD(x[l], y[i * y_step + l], (real)0);
        }
    }
    for (q = LANES; q + LANES <= k; q += LANES) {
        for (int i = 0; i < DOTS; i++) {
#pragma omp simd
            for (int l = 0; l < LANES; l++) {
                lane[i][l] = MULTIPLY_ADD(x[q + l], y[i * y_step + q + l], lane[i][l]);
            }
        }
    }
    for (int i = 0; i < DOTS; i++) {
        for (int l = 0; l < k - q; l++) {
            lane[i][l] = MULTIPLY_ADD(x[q + l], y[i * y_step + q + l], lane[i][l]);
        }
        out[i] = K(add_lanes)(lane[i]);
    }
}

static void K(dots)(const wgi_product *p, const void *a, const void *b, void *y, void *scratch)
{
    (void)scratch;
    for (int64_t i = 0; i < p->batch; i++) {
        for (int64_t r = 0; r < p->m; r++) {
            const real *row = (const real *)a + i * p->a_batch + r * p->a_row;
            const real *column = (const real *)b + i * p->b_batch;
            real *out = (real *)y + i * p->y_batch + r * p->y_row;
            int64_t j = 0;
            for (; j + DOTS <= p->n; j += DOTS) {
                K(dot_some)(row, column + j * p->b_column, p->b_column, p->k, out + j);
            }
            for (; j < p->n; j++) {
                out[j] = K(dot)(row, column + j * p->b_column, p->k);
            }
        }
    }
}

#undef VECTOR
#undef PANEL
#undef WIDE
#undef LANES
#undef DOTS
#undef TOGETHER
