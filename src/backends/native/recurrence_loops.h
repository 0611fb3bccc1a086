/* The loops of the scans over `real`; recurrence_hot.c includes them once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, K(name) (this pass's name), MULTIPLY_ADD and the sizes are the caller's. A row
 * of the batch knows nothing of the others: its bits depend on the shapes alone. */
#define LANES ((int)(VECTOR_BYTES / sizeof(real)))
#define WIDTH (4 * LANES)

#define TILES(rows) K(tile_##rows)
#define COLUMNS WIDTH
#include "backends/native/recurrence_tiles.h"

/* Of gru_scan. */
#define TILES(rows) K(narrow_tile_##rows)
#define COLUMNS (3 * LANES)
#include "backends/native/recurrence_tiles.h"

#include "backends/native/recurrence_cells.h"

typedef void (*K(tile))(const real *restrict a, int64_t a_row, const real *restrict b, int64_t k,
                        real *restrict out);

static const K(tile)
    K(tiles)[] = {NULL, K(tile_1), K(tile_2), K(tile_3), K(tile_4), K(tile_5), K(tile_6)};
static const K(tile) K(narrow_tiles)[] = {NULL,
                                          K(narrow_tile_1),
                                          K(narrow_tile_2),
                                          K(narrow_tile_3),
                                          K(narrow_tile_4),
                                          K(narrow_tile_5),
                                          K(narrow_tile_6)};

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

/* Units of one gate in a panel of the forward product. */
static int64_t K(units)(const wgi_recurrence_data *d)
{
    return d->n_gates == WGI_RNN_GATES ? WIDTH : LANES;
}

/* Panel i: for each k, units of each of the gates. */
static void K(pack)(const wgi_recurrence_data *d, const void *w, void *panels)
{
    real *to = panels;
    const int64_t hidden = d->hidden;
    const int64_t units = K(units)(d);
    for (int64_t j = 0; j < hidden; j += units) {
        for (int64_t k = 0; k < hidden; k++) {
            for (int64_t g = 0; g < d->n_gates; g++) {
                for (int64_t l = 0; l < units; l++) {
                    const int64_t row = g * hidden + j + l;
                    *to++ = j + l < hidden ? ((const real *)w)[row * hidden + k] : 0;
                }
            }
        }
    }
}

/* Panel i: for each row of w, WIDTH of its columns. */
static void K(pack_back)(const wgi_recurrence_data *d, const void *w, void *panels)
{
    real *to = panels;
    const int64_t hidden = d->hidden;
    for (int64_t j = 0; j < hidden; j += WIDTH) {
        const int64_t n = K(least)(hidden - j, WIDTH);
        for (int64_t k = 0; k < d->n_gates * hidden; k++) {
            memcpy(to, (const real *)w + k * hidden + j, (size_t)n * sizeof *to);
            memset(to + n, 0, (size_t)(WIDTH - n) * sizeof *to);
            to += WIDTH;
        }
    }
}

static int64_t K(step_of)(const wgi_recurrence_data *d, int64_t turn)
{
    return d->is_reverse ? d->steps - 1 - turn : turn;
}

/* The states or cells before a turn, of the first and of all; NULL where there are none. */
static const real *K(before)(const wgi_recurrence_data *d, int64_t turn, const void *first,
                             const void *all)
{
    if (turn == 0 || all == NULL) {
        return first;
    }
    return (const real *)all + K(step_of)(d, turn - 1) * d->batch * d->hidden;
}

/* The cells before a turn: those of lstm_scan; gru_scan's `c` is something else. */
static const real *K(cells_before)(const wgi_recurrence_data *d, int64_t turn)
{
    return d->n_gates == WGI_LSTM_GATES ? K(before)(d, turn, d->c0, d->c) : NULL;
}

/* ---- forwards ----------------------------------------------------------------------------- */

typedef void (*K(cell))(const wgi_recurrence_data *d, const K(place) * p);

static const K(cell) K(cells)[] = {
    [WGI_RNN_GATES] = K(rnn_row),
    [WGI_GRU_GATES] = K(gru_row),
    [WGI_LSTM_GATES] = K(lstm_row),
};

/* Rows of one step against one panel, of units from j on. */
static void K(step_panel)(const wgi_recurrence_data *d, int64_t turn, int64_t j,
                          const int64_t rows[2])
{
    real sums[ROWS_MAX * WIDTH];
    const int64_t hidden = d->hidden;
    const int64_t columns = d->n_gates * K(units)(d);
    const K(tile) *tiles = d->n_gates == WGI_GRU_GATES ? K(narrow_tiles) : K(tiles);
    const K(cell) cell = K(cells)[d->n_gates];
    const real *h = K(before)(d, turn, d->h0, d->y);
    const real *c = K(cells_before)(d, turn);
    const real *panel = (const real *)d->weights + j * d->n_gates * hidden;
    K(place)
    p = {.j = j, .n = K(least)(hidden - j, K(units)(d))};
    int64_t n;
    for (int64_t b = rows[0]; b < rows[1]; b += n) {
        n = K(strip)(rows[1] - b);
        tiles[n](h + b * hidden, hidden, panel, hidden, sums);
        for (int64_t i = 0; i < n; i++) {
            p.sums = sums + i * columns;
            p.h = h + (b + i) * hidden;
            p.c = c == NULL ? NULL : c + (b + i) * hidden;
            p.row = K(step_of)(d, turn) * d->batch + b + i;
            cell(d, &p);
        }
    }
}

static void K(run)(const wgi_recurrence_data *d, int64_t begin, int64_t end)
{
    const int64_t rows[2] = {begin, end};
    for (int64_t turn = 0; turn < d->steps; turn++) {
        for (int64_t j = 0; j < d->hidden; j += K(units)(d)) {
            K(step_panel)(d, turn, j, rows);
        }
    }
}

/* ---- backwards ---------------------------------------------------------------------------- */

typedef void (*K(cell_back))(const wgi_recurrence_data *d, const K(turn_back) * p);

static const K(cell_back) K(cells_back)[] = {
    [WGI_RNN_GATES] = K(rnn_back),
    [WGI_GRU_GATES] = K(gru_back),
    [WGI_LSTM_GATES] = K(lstm_back),
};

/* dh [n, units] from j on = sums, or that added to it. */
static void K(store_back)(const wgi_recurrence_data *d, const real *restrict sums, int64_t b,
                          const int64_t span[3])
{
    for (int64_t i = 0; i < span[0]; i++) {
        real *restrict dh = (real *)d->dh + (b + i) * d->hidden + span[1];
        if (d->n_gates == WGI_GRU_GATES) {
            for (int64_t l = 0; l < span[2]; l++) {
                dh[l] += sums[i * WIDTH + l];
            }
        } else {
            memcpy(dh, sums + i * WIDTH, (size_t)span[2] * sizeof *dh);
        }
    }
}

/* dh = dhp w_hh for rows of one step; of gru_scan dh += that. */
static void K(product_back)(const wgi_recurrence_data *d, int64_t at, const int64_t rows[2])
{
    real sums[ROWS_MAX * WIDTH];
    const int64_t depth = d->n_gates * d->hidden;
    for (int64_t j = 0; j < d->hidden; j += WIDTH) {
        const real *panel = (const real *)d->weights + j * depth;
        int64_t n;
        for (int64_t b = rows[0]; b < rows[1]; b += n) {
            n = K(strip)(rows[1] - b);
            K(tiles)[n]((const real *)d->dhp + (at + b) * depth, depth, panel, depth, sums);
            K(store_back)(d, sums, b, (const int64_t[]){n, j, K(least)(d->hidden - j, WIDTH)});
        }
    }
}

static void K(run_back)(const wgi_recurrence_data *d, int64_t begin, int64_t end)
{
    const int64_t rows[2] = {begin, end};
    const int64_t hidden = d->hidden;
    const size_t bytes = (size_t)((end - begin) * hidden) * sizeof(real);
    memset((real *)d->dh + begin * hidden, 0, bytes);
    if (d->dc != NULL) {
        memset((real *)d->dc + begin * hidden, 0, bytes);
    }
    for (int64_t turn = d->steps - 1; turn >= 0; turn--) {
        const int64_t at = K(step_of)(d, turn) * d->batch;
        const real *h = K(before)(d, turn, d->h0, d->y);
        const real *c = K(cells_before)(d, turn);
        for (int64_t b = begin; b < end; b++) {
            const K(turn_back) p = {
                .h = h == NULL ? NULL : h + b * hidden,
                .c = c == NULL ? NULL : c + b * hidden,
                .row = at + b,
                .b = b,
            };
            K(cells_back)[d->n_gates](d, &p);
        }
        K(product_back)(d, at, rows);
    }
}

#undef LANES
#undef WIDTH
