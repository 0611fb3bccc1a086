/* What a cell makes of a step's product, and the gradient of that, for each recurrence.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: recurrence_loops.h includes it, and says what is the caller's. Gradients are multiplied
 * as gate does it: one that is 0 stays 0 beside what is not finite. */

/* n units of one row of a step, from unit j on. */
typedef struct K(place) {
    const real *sums; /* of the states' part: for each gate, the units of a panel */
    const real *h;    /* the whole row of the state and the cell before the step */
    const real *c;
    int64_t row; /* counts steps and batch */
    int64_t j;
    int64_t n;
} K(place);

WGI_INLINE real K(gated)(real d, real x)
{
    return d == 0 ? 0 : d * x;
}

/* ---- forwards ----------------------------------------------------------------------------- */

static void K(rnn_row)(const wgi_recurrence_data *d, const K(place) * p)
{
    const int64_t at = p->row * d->hidden + p->j;
    const real *restrict sums = p->sums;
    const real *restrict xp = (const real *)d->xp + at;
    real *restrict y = (real *)d->y + at;
    if (d->is_relu) {
        for (int64_t l = 0; l < p->n; l++) {
            const real sum = xp[l] + sums[l];
            y[l] = sum <= 0 ? 0 : sum;
        }
        return;
    }
#pragma omp simd
    for (int64_t l = 0; l < p->n; l++) {
        y[l] = K(tanh)(xp[l] + sums[l]);
    }
}

WGI_INLINE void K(lstm_units)(const wgi_recurrence_data *d, const K(place) * p, int64_t n_units)
{
    const int64_t hidden = d->hidden;
    const int64_t at = p->row * hidden + p->j;
    const int64_t at_gates = 4 * p->row * hidden + p->j;
    const real *restrict sums = p->sums;
    const real *restrict before = p->c + p->j;
    const real *restrict xp = (const real *)d->xp + at_gates;
    real *restrict gates = (real *)d->gates + at_gates;
    real *restrict y = (real *)d->y + at;
    real *restrict c = (real *)d->c + at;
#pragma omp simd
    for (int64_t l = 0; l < n_units; l++) {
        const real i = K(sigmoid)(xp[l] + sums[l]);
        const real f = K(sigmoid)(xp[hidden + l] + sums[LANES + l]);
        const real g = K(tanh)(xp[2 * hidden + l] + sums[2 * LANES + l]);
        const real o = K(sigmoid)(xp[3 * hidden + l] + sums[3 * LANES + l]);
        const real cell = f * before[l] + i * g;
        gates[l] = i;
        gates[hidden + l] = f;
        gates[2 * hidden + l] = g;
        gates[3 * hidden + l] = o;
        c[l] = cell;
        y[l] = o * K(tanh)(cell);
    }
}

static void K(lstm_row)(const wgi_recurrence_data *d, const K(place) * p)
{
    /* A whole panel's units are a vector: no loop. */
    if (p->n == LANES) {
        K(lstm_units)(d, p, LANES);
    } else {
        K(lstm_units)(d, p, p->n);
    }
}

WGI_INLINE void K(gru_units)(const wgi_recurrence_data *d, const K(place) * p, int64_t n_units)
{
    const int64_t hidden = d->hidden;
    const int64_t at = p->row * hidden + p->j;
    const int64_t at_gates = 3 * p->row * hidden + p->j;
    const real *restrict sums = p->sums;
    const real *restrict before = p->h + p->j;
    const real *restrict bias = (const real *)d->bias + p->j;
    const real *restrict xp = (const real *)d->xp + at_gates;
    real *restrict gates = (real *)d->gates + at_gates;
    real *restrict y = (real *)d->y + at;
    real *restrict q = (real *)d->c + at;
#pragma omp simd
    for (int64_t l = 0; l < n_units; l++) {
        const real r = K(sigmoid)(xp[l] + (sums[l] + bias[l]));
        const real z = K(sigmoid)(xp[hidden + l] + (sums[LANES + l] + bias[hidden + l]));
        const real of_state = sums[2 * LANES + l] + bias[2 * hidden + l];
        const real n = K(tanh)(xp[2 * hidden + l] + r * of_state);
        gates[l] = r;
        gates[hidden + l] = z;
        gates[2 * hidden + l] = n;
        q[l] = of_state;
        y[l] = (1 - z) * n + z * before[l];
    }
}

static void K(gru_row)(const wgi_recurrence_data *d, const K(place) * p)
{
    /* A whole panel's units are a vector: no loop. */
    if (p->n == LANES) {
        K(gru_units)(d, p, LANES);
    } else {
        K(gru_units)(d, p, p->n);
    }
}

/* ---- backwards ---------------------------------------------------------------------------- */

/* One row of a step's gradient. */
typedef struct K(turn_back) {
    const real *h; /* the row of the state and the cell before the step */
    const real *c;
    int64_t row; /* counts steps and batch */
    int64_t b;
} K(turn_back);

static void K(rnn_back)(const wgi_recurrence_data *d, const K(turn_back) * p)
{
    const int64_t n = d->hidden;
    const real *restrict y = (const real *)d->y + p->row * n;
    const real *restrict dy = (const real *)d->dy + p->row * n;
    const real *restrict dh = (const real *)d->dh + p->b * n;
    real *restrict dxp = (real *)d->dxp + p->row * n;
    if (d->is_relu) {
        for (int64_t j = 0; j < n; j++) {
            const real to_h = dy[j] + dh[j];
            dxp[j] = y[j] <= 0 ? K(gated)(to_h, 0) : to_h;
        }
        return;
    }
    for (int64_t j = 0; j < n; j++) {
        dxp[j] = K(gated)(dy[j] + dh[j], 1 - y[j] * y[j]);
    }
}

WGI_INLINE real K(plus)(real d, const real *given, int64_t j)
{
    return given != NULL ? d + given[j] : d;
}

/* `given` are the gates' own gradients, or NULL. */
WGI_INLINE void K(lstm_back_row)(const wgi_recurrence_data *d, const K(turn_back) * p,
                                 const real *restrict given)
{
    const int64_t n = d->hidden;
    const real *restrict gates = (const real *)d->gates + p->row * 4 * n;
    const real *restrict c = (const real *)d->c + p->row * n;
    const real *restrict dy = (const real *)d->dy + p->row * n;
    const real *restrict before = p->c;
    const real *restrict dh = (const real *)d->dh + p->b * n;
    real *restrict dxp = (real *)d->dxp + p->row * 4 * n;
    real *restrict dc = (real *)d->dc + p->b * n;
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
        const real i = gates[j];
        const real f = gates[n + j];
        const real g = gates[2 * n + j];
        const real o = gates[3 * n + j];
        const real t = K(tanh)(c[j]);
        const real to_h = dy[j] + dh[j];
        const real to_c = dc[j] + K(gated)(to_h, o * (1 - t * t));
        const real to_i = K(plus)(K(gated)(to_c, g), given, j);
        const real to_f = K(plus)(K(gated)(to_c, before[j]), given, n + j);
        const real to_g = K(plus)(K(gated)(to_c, i), given, 2 * n + j);
        const real to_o = K(plus)(K(gated)(to_h, t), given, 3 * n + j);
        dxp[j] = K(gated)(to_i, i * (1 - i));
        dxp[n + j] = K(gated)(to_f, f * (1 - f));
        dxp[2 * n + j] = K(gated)(to_g, 1 - g * g);
        dxp[3 * n + j] = K(gated)(to_o, o * (1 - o));
        dc[j] = K(gated)(to_c, f);
    }
}

static void K(lstm_back)(const wgi_recurrence_data *d, const K(turn_back) * p)
{
    const int64_t n = d->hidden;
    if (d->dc_given != NULL) {
        const real *restrict given = (const real *)d->dc_given + p->row * n;
        real *restrict dc = (real *)d->dc + p->b * n;
        for (int64_t j = 0; j < n; j++) {
            dc[j] += given[j];
        }
    }
    if (d->dgates == NULL) {
        K(lstm_back_row)(d, p, NULL);
    } else {
        K(lstm_back_row)(d, p, (const real *)d->dgates + p->row * 4 * n);
    }
}

/* Likewise. */
WGI_INLINE void K(gru_back_row)(const wgi_recurrence_data *d, const K(turn_back) * p,
                                const real *restrict given)
{
    const int64_t n = d->hidden;
    const real *restrict gates = (const real *)d->gates + p->row * 3 * n;
    const real *restrict q = (const real *)d->c + p->row * n;
    const real *restrict dy = (const real *)d->dy + p->row * n;
    const real *restrict before = p->h;
    real *restrict dxp = (real *)d->dxp + p->row * 3 * n;
    real *restrict dhp = (real *)d->dhp + p->row * 3 * n;
    real *restrict dh = (real *)d->dh + p->b * n;
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
        const real r = gates[j];
        const real z = gates[n + j];
        const real m = gates[2 * n + j];
        const real to_h = dy[j] + dh[j];
        const real to_m = K(plus)(K(gated)(to_h, 1 - z), given, 2 * n + j);
        const real to_z = K(plus)(K(gated)(to_h, before[j] - m), given, n + j);
        const real dm = K(gated)(to_m, 1 - m * m);
        const real dz = K(gated)(to_z, z * (1 - z));
        const real dr = K(gated)(K(plus)(K(gated)(dm, q[j]), given, j), r * (1 - r));
        dxp[j] = dr;
        dxp[n + j] = dz;
        dxp[2 * n + j] = dm;
        dhp[j] = dr;
        dhp[n + j] = dz;
        dhp[2 * n + j] = K(gated)(dm, r);
        dh[j] = K(gated)(to_h, z);
    }
}

static void K(gru_back)(const wgi_recurrence_data *d, const K(turn_back) * p)
{
    const int64_t n = d->hidden;
    if (d->dgates == NULL) {
        K(gru_back_row)(d, p, NULL);
    } else {
        K(gru_back_row)(d, p, (const real *)d->dgates + p->row * 3 * n);
    }
    if (d->dc_given != NULL) {
        const real *restrict given = (const real *)d->dc_given + p->row * n;
        real *restrict dq = (real *)d->dhp + (3 * p->row + 2) * n;
        for (int64_t j = 0; j < n; j++) {
            dq[j] += given[j];
        }
    }
}
