/* The loops of lstm_scan and its gradient, built once for each instruction set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_RECURRENCE_HOT_H
#define WG_NATIVE_RECURRENCE_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* The operands and results of a scan as ops/recurrence.h has them, and of its gradient what follows
 * them; NULL where there is none. */
typedef struct wgi_lstm_data {
    int64_t steps;
    int64_t batch;
    int64_t hidden;
    bool is_reverse;
    const void *weights; /* packed */
    const void *xp;
    const void *h0;
    const void *c0;
    void *gates; /* of the gradient: read alone */
    void *y;
    void *c; /* likewise */
    const void *dy;
    const void *dc_given;
    const void *dgates;
    void *dxp;
    void *dh;
    void *dc;
} wgi_lstm_data;

/* w_hh [4 * hidden, hidden] to panels, as wide as a tile, padded with zeros. */
typedef void (*wgi_lstm_pack)(int64_t hidden, const void *w, void *panels);

/* Rows [begin, end) of the batch, through all steps. */
typedef void (*wgi_lstm_run)(const wgi_lstm_data *d, int64_t begin, int64_t end);

typedef struct wgi_lstm_set {
    wgi_lstm_pack pack;
    wgi_lstm_pack pack_back;
    wgi_lstm_run run;
    wgi_lstm_run run_back;
    int64_t width; /* of a panel, in elements */
} wgi_lstm_set;

typedef struct wgi_lstm_hot {
    wgi_lstm_set f32;
    wgi_lstm_set f64;
} wgi_lstm_hot;

WGI_HOT_DECLARE(wgi_lstm_hot, wgi_lstm_hot);

#endif
