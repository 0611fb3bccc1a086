/* The loops of rnn_scan, lstm_scan, gru_scan and their gradients, built once for each instruction
 * set.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_RECURRENCE_HOT_H
#define WG_NATIVE_RECURRENCE_HOT_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/native/isa.h"

/* Which recurrence, by the number of its gates. */
enum {
    WGI_RNN_GATES = 1,
    WGI_GRU_GATES = 3,
    WGI_LSTM_GATES = 4
};

/* The operands and results of a scan as ops/recurrence.h has them, and of its gradient what follows
 * them; NULL where there is none. */
typedef struct wgi_recurrence_data {
    int64_t steps;
    int64_t batch;
    int64_t hidden;
    int64_t n_gates;
    bool is_reverse;
    bool is_relu;        /* of rnn_scan */
    const void *weights; /* packed */
    const void *bias;    /* of gru_scan */
    const void *xp;
    const void *h0;
    const void *c0;
    void *gates; /* of the gradient: read alone */
    void *y;     /* likewise */
    void *c;     /* likewise; of gru_scan: q */
    const void *dy;
    const void *dc_given; /* of gru_scan: dq */
    const void *dgates;
    void *dxp;
    void *dhp; /* what w_hh's product gets: of gru_scan its own, else dxp */
    void *dh;
    void *dc;
} wgi_recurrence_data;

/* w_hh [n_gates * hidden, hidden] to panels, as wide as a tile, padded with zeros. */
typedef void (*wgi_recurrence_pack)(const wgi_recurrence_data *d, const void *w, void *panels);

/* Rows [begin, end) of the batch, through all steps. */
typedef void (*wgi_recurrence_run)(const wgi_recurrence_data *d, int64_t begin, int64_t end);

typedef struct wgi_recurrence_set {
    wgi_recurrence_pack pack;
    wgi_recurrence_pack pack_back;
    wgi_recurrence_run run;
    wgi_recurrence_run run_back;
    int64_t width; /* units of a panel at most */
} wgi_recurrence_set;

typedef struct wgi_recurrence_hot {
    wgi_recurrence_set f32;
    wgi_recurrence_set f64;
} wgi_recurrence_hot;

WGI_HOT_DECLARE(wgi_recurrence_hot, wgi_recurrence_hot);

#endif
