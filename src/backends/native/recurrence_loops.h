/* The loops of lstm_scan over `real`; recurrence_hot.c includes them once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, K(name) (this pass's name), MULTIPLY_ADD and the sizes are the caller's. A row
 * of the batch knows nothing of the others: its bits depend on the shapes alone. */
#define LANES ((int)(VECTOR_BYTES / sizeof(real)))
#define WIDTH (4 * LANES)

#define TILE K(tile_1)
#define ROWS 1
#include "backends/native/recurrence_tile.h"
#define TILE K(tile_2)
#define ROWS 2
#include "backends/native/recurrence_tile.h"
#define TILE K(tile_3)
#define ROWS 3
#include "backends/native/recurrence_tile.h"
#define TILE K(tile_4)
#define ROWS 4
#include "backends/native/recurrence_tile.h"
#define TILE K(tile_5)
#define ROWS 5
#include "backends/native/recurrence_tile.h"
#define TILE K(tile_6)
#define ROWS 6
#include "backends/native/recurrence_tile.h"

typedef void (*K(tile))(const real *restrict a, int64_t a_row, const real *restrict b, int64_t k,
                        real *restrict out);

static const K(tile)
    K(tiles)[] = {NULL, K(tile_1), K(tile_2), K(tile_3), K(tile_4), K(tile_5), K(tile_6)};

static int64_t K(least)(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Rows of the next strip of `left`: strips of nearly one size. */
static int64_t K(strip)(int64_t left)
{
    const int64_t strips = (left + ROWS_MAX - 1) / ROWS_MAX;
    return (left + strips - 1) / strips;
}

/* Panel i: for each k, LANES units of each of the four gates. */
static void K(pack)(int64_t hidden, const void *w, void *panels)
{
    real *to = panels;
    for (int64_t j = 0; j < hidden; j += LANES) {
        for (int64_t k = 0; k < hidden; k++) {
            for (int64_t g = 0; g < 4; g++) {
                for (int64_t l = 0; l < LANES; l++) {
                    const int64_t row = g * hidden + j + l;
                    *to++ = j + l < hidden ? ((const real *)w)[row * hidden + k] : 0;
                }
            }
        }
    }
}

/* Panel i: for each row of w, WIDTH of its columns. */
static void K(pack_back)(int64_t hidden, const void *w, void *panels)
{
    real *to = panels;
    for (int64_t j = 0; j < hidden; j += WIDTH) {
        const int64_t n = K(least)(hidden - j, WIDTH);
        for (int64_t k = 0; k < 4 * hidden; k++) {
            memcpy(to, (const real *)w + k * hidden + j, (size_t)n * sizeof *to);
            memset(to + n, 0, (size_t)(WIDTH - n) * sizeof *to);
            to += WIDTH;
        }
    }
}

static int64_t K(step_of)(const wgi_lstm_data *d, int64_t turn)
{
    return d->is_reverse ? d->steps - 1 - turn : turn;
}

/* n units of one row: sums [4, LANES] of the states' part. */
static void K(gate_row)(const real *restrict sums, const real *restrict xp,
                        const real *restrict c_before, real *const out[3], int64_t hidden,
                        int64_t n)
{
    real *restrict gates = out[0];
    real *restrict y = out[1];
    real *restrict c = out[2];
#pragma omp simd
    for (int64_t l = 0; l < n; l++) {
        const real i = K(sigmoid)(xp[l] + sums[l]);
        const real f = K(sigmoid)(xp[hidden + l] + sums[LANES + l]);
        const real g = K(tanh)(xp[2 * hidden + l] + sums[2 * LANES + l]);
        const real o = K(sigmoid)(xp[3 * hidden + l] + sums[3 * LANES + l]);
        const real cell = f * c_before[l] + i * g;
        gates[l] = i;
        gates[hidden + l] = f;
        gates[2 * hidden + l] = g;
        gates[3 * hidden + l] = o;
        c[l] = cell;
        y[l] = o * K(tanh)(cell);
    }
}

/* Rows of one step against one panel, of units from j on. */
static void K(step_panel)(const wgi_lstm_data *d, int64_t turn, int64_t j, const int64_t rows[2])
{
    real sums[ROWS_MAX * WIDTH];
    const int64_t hidden = d->hidden;
    const int64_t at = K(step_of)(d, turn) * d->batch;
    const int64_t before = K(step_of)(d, turn - 1) * d->batch * hidden;
    const real *h = turn == 0 ? d->h0 : (const real *)d->y + before;
    const real *c = turn == 0 ? d->c0 : (const real *)d->c + before;
    const real *panel = (const real *)d->weights + j * 4 * hidden;
    int64_t n;
    for (int64_t b = rows[0]; b < rows[1]; b += n) {
        n = K(strip)(rows[1] - b);
        K(tiles)[n](h + b * hidden, hidden, panel, hidden, sums);
        for (int64_t i = 0; i < n; i++) {
            const int64_t row = (at + b + i) * hidden;
            real *const out[3] = {(real *)d->gates + 4 * row + j, (real *)d->y + row + j,
                                  (real *)d->c + row + j};
            K(gate_row)
            (sums + i * WIDTH, (const real *)d->xp + 4 * row + j, c + (b + i) * hidden + j, out,
             hidden, K(least)(hidden - j, LANES));
        }
    }
}

static void K(run)(const wgi_lstm_data *d, int64_t begin, int64_t end)
{
    const int64_t rows[2] = {begin, end};
    for (int64_t turn = 0; turn < d->steps; turn++) {
        for (int64_t j = 0; j < d->hidden; j += LANES) {
            K(step_panel)(d, turn, j, rows);
        }
    }
}

/* One row of a step's gradient; `row` counts steps and batch, b the batch. */
static void K(row_back)(const wgi_lstm_data *d, const real *restrict c_before, int64_t row,
                        int64_t b)
{
    const int64_t n = d->hidden;
    const real *restrict gates = (const real *)d->gates + row * 4 * n;
    const real *restrict c = (const real *)d->c + row * n;
    const real *restrict dy = (const real *)d->dy + row * n;
    real *restrict dxp = (real *)d->dxp + row * 4 * n;
    real *restrict dh = (real *)d->dh + b * n;
    real *restrict dc = (real *)d->dc + b * n;
    if (d->dc_given != NULL) {
        const real *restrict given = (const real *)d->dc_given + row * n;
        for (int64_t j = 0; j < n; j++) {
            dc[j] += given[j];
        }
    }
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
        const real i = gates[j];
        const real f = gates[n + j];
        const real g = gates[2 * n + j];
        const real o = gates[3 * n + j];
        const real t = K(tanh)(c[j]);
        const real to_h = dy[j] + dh[j];
        const real to_c = dc[j] + to_h * o * (1 - t * t);
        dxp[j] = to_c * g * (i * (1 - i));
        dxp[n + j] = to_c * c_before[j] * (f * (1 - f));
        dxp[2 * n + j] = to_c * i * (1 - g * g);
        dxp[3 * n + j] = to_h * t * (o * (1 - o));
        dc[j] = to_c * f;
    }
    if (d->dgates != NULL) {
        const real *restrict given = (const real *)d->dgates + row * 4 * n;
        for (int64_t j = 0; j < 4 * n; j++) {
            const bool is_tanh = j / n == 2;
            const real a = gates[j];
            dxp[j] += given[j] * (is_tanh ? 1 - a * a : a * (1 - a));
        }
    }
}

/* dh = dxp w_hh for rows of one step. */
static void K(product_back)(const wgi_lstm_data *d, int64_t at, const int64_t rows[2])
{
    real sums[ROWS_MAX * WIDTH];
    const int64_t hidden = d->hidden;
    for (int64_t j = 0; j < hidden; j += WIDTH) {
        const real *panel = (const real *)d->weights + j * 4 * hidden;
        const size_t bytes = (size_t)K(least)(hidden - j, WIDTH) * sizeof(real);
        int64_t n;
        for (int64_t b = rows[0]; b < rows[1]; b += n) {
            const real *dxp = (const real *)d->dxp + (at + b) * 4 * hidden;
            n = K(strip)(rows[1] - b);
            K(tiles)[n](dxp, 4 * hidden, panel, 4 * hidden, sums);
            for (int64_t i = 0; i < n; i++) {
                memcpy((real *)d->dh + (b + i) * hidden + j, sums + i * WIDTH, bytes);
            }
        }
    }
}

static void K(run_back)(const wgi_lstm_data *d, int64_t begin, int64_t end)
{
    const int64_t rows[2] = {begin, end};
    const int64_t hidden = d->hidden;
    const size_t bytes = (size_t)((end - begin) * hidden) * sizeof(real);
    memset((real *)d->dh + begin * hidden, 0, bytes);
    memset((real *)d->dc + begin * hidden, 0, bytes);
    for (int64_t turn = d->steps - 1; turn >= 0; turn--) {
        const int64_t at = K(step_of)(d, turn) * d->batch;
        const int64_t before = K(step_of)(d, turn - 1) * d->batch * hidden;
        const real *c = turn == 0 ? d->c0 : (const real *)d->c + before;
        for (int64_t b = begin; b < end; b++) {
            K(row_back)(d, c + b * hidden, at + b, b);
        }
        K(product_back)(d, at, rows);
    }
}

#undef LANES
#undef WIDTH
