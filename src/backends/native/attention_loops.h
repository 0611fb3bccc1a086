/* Attention of one head over `real`, a block of queries at a time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Included by attention_hot.c once for each dtype; hence no guard.
 *
 * Invariant: scores stand as [keys, LANES], a lane for each query, so that maxima and sums run down
 * the lanes. A key that is not attended to has a score of -inf and a weight of exactly 0, which
 * adds nothing: where an operand of a product with weights is not finite, the product looks at
 * each. */

/* A block of queries of one head. */
typedef struct K(block) {
    const wgi_attention *a;
    const wgi_attention_data *data;
    int64_t first;  /* query */
    int64_t n;      /* queries */
    int64_t n_keys; /* that any of them attends to */
    int64_t mask_at;
    int64_t lse_at;
    const real *q; /* its first row */
    const real *k; /* the head's first rows */
    const real *v;
    const real *dy; /* the block's */
    real *room;
    real *turned; /* q and, after it, dy: [depth or width, LANES] */
    real *scores;
    real *slopes;
} K(block);

static int64_t K(row_of)(const wgi_head_rows *rows, int64_t b, int64_t h, int64_t t)
{
    return b * rows->batch + h * rows->head + t * rows->time;
}

static K(block) K(block_of)(const wgi_attention *a, const wgi_attention_data *data, int64_t head,
                            int64_t block, real *scratch)
{
    const int64_t b = head / a->heads;
    const int64_t h = head % a->heads;
    K(block) x = {.a = a, .data = data, .first = block * LANES, .room = scratch};
    x.n = a->queries - x.first < LANES ? a->queries - x.first : LANES;
    x.n_keys = a->is_causal && x.first + x.n < a->keys ? x.first + x.n : a->keys;
    x.mask_at = b * a->mask[0] + h * a->mask[1] + x.first * a->mask[2];
    x.lse_at = head * a->queries + x.first;
    x.q = (const real *)data->q + K(row_of)(&a->q, b, h, x.first);
    x.k = (const real *)data->k + K(row_of)(&a->k, b, h, 0);
    x.v = (const real *)data->v + K(row_of)(&a->v, b, h, 0);
    x.dy = data->dy == NULL ? NULL : (const real *)data->dy + K(row_of)(&a->y, b, h, x.first);
    x.turned = scratch + a->room;
    x.scores = x.turned + (a->depth + a->width) * LANES;
    x.slopes = x.scores + a->keys * LANES;
    return x;
}

/* ---- products ----------------------------------------------------------------------------- */

/* y [m, n] = or += a [m, k] b [k, n], where a weight of exactly 0 adds nothing. */
static void K(multiply_looking)(const wgi_product *p, const real *a, const real *b, real *y)
{
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            real sum = p->is_added ? y[i * p->y_row + j] : 0;
            for (int64_t q = 0; q < p->k; q++) {
                const real w = a[i * p->a_row + q * p->a_column];
                sum += w != 0 ? w * b[q * p->b_row + j] : 0;
            }
            y[i * p->y_row + j] = sum;
        }
    }
}

/* Completes and carries out a product of dense rows of b and y. */
static void K(multiply)(const K(block) * x, wgi_product p, const real *a, const real *b, real *y,
                        bool is_looking)
{
    p.batch = 1;
    p.b_column = 1;
    p.b_span = (p.k - 1) * p.b_row + p.n;
    p.k_block = p.k < 256 ? p.k : 256;
    p.m_block = p.m;
    p.n_block = p.n;
    if (p.m == 0 || p.n == 0) {
        return;
    }
    if (is_looking || p.k == 0) {
        K(multiply_looking)(&p, a, b, y);
    } else {
        x->a->multiply(&p, a, b, y, x->room);
    }
}

/* Adds n zeros, or NaN for what is not finite, to lanes; of four rows at once, which have no sum to
 * wait for. */
static void K(look_at_four)(const real *x, int64_t step, int64_t n, real lanes[16])
{
    int64_t d = 0;
    for (; d + 16 <= n; d += 16) {
        const real *row = x + d;
#pragma omp simd
        for (int l = 0; l < 16; l++) {
            const real first = row[l] * 0 + row[step + l] * 0;
            const real last = row[2 * step + l] * 0 + row[3 * step + l] * 0;
            lanes[l] += first + last;
        }
    }
    for (; d < n; d++) {
        lanes[0] += (x[d] * 0 + x[step + d] * 0) + (x[2 * step + d] * 0 + x[3 * step + d] * 0);
    }
}

/* Whether any of `rows` rows of n elements is not finite. */
static bool K(has_odd)(const real *x, int64_t rows, int64_t step, int64_t n)
{
    real lanes[16] = {0};
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) {
        K(look_at_four)(x + i * step, step, n, lanes);
    }
    for (; i < rows; i++) {
        for (int64_t d = 0; d < n; d++) {
            lanes[0] += x[i * step + d] * 0;
        }
    }
    real sum = 0;
    for (int l = 0; l < 16; l++) {
        sum += lanes[l];
    }
    return sum != 0;
}

/* ---- scores ------------------------------------------------------------------------------- */

/* out [size, LANES] = rows [n, size] times a factor, zeros past the last. */
static void K(turn)(const real *restrict rows, int64_t step, int64_t n, int64_t size, real factor,
                    real *restrict out)
{
    if (n == LANES) {
        for (int64_t d = 0; d < size; d++) {
            for (int l = 0; l < LANES; l++) {
                out[d * LANES + l] = rows[l * step + d] * factor;
            }
        }
        return;
    }
    for (int64_t d = 0; d < size; d++) {
        for (int64_t l = 0; l < LANES; l++) {
            out[d * LANES + l] = l < n ? rows[l * step + d] * factor : 0;
        }
    }
}

/* y [n_keys, LANES] = rows [n_keys, size] turned [size, LANES]. */
static void K(score)(const K(block) * x, const real *rows, int64_t step, int64_t size,
                     const real *turned, real *y)
{
    const wgi_product p = {.m = x->n_keys,
                           .n = LANES,
                           .k = size,
                           .a_row = step,
                           .a_column = 1,
                           .b_row = LANES,
                           .y_row = LANES};
    K(multiply)(x, p, rows, turned, y, false);
}

/* -inf for the keys after each query. */
static void K(cut_future)(const K(block) * x)
{
    for (int64_t j = x->first + 1; j < x->n_keys; j++) {
        real *row = x->scores + j * LANES;
        const int after = (int)(j - x->first);
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            row[l] = l >= after ? row[l] : -(real)INFINITY;
        }
    }
}

/* Whether query l of the block attends to key j; adds to its score what is to be added. */
static bool K(take_one)(const K(block) * x, int64_t l, int64_t j, real *score)
{
    const int64_t at = x->mask_at + l * x->a->mask[2] + j * x->a->mask[3];
    if (x->a->is_causal && j > x->first + l) {
        return false;
    }
    if (x->data->may != NULL) {
        return x->data->may[at] != 0;
    }
    const real bias = ((const real *)x->data->bias)[at];
    *score += bias;
    return bias != -(real)INFINITY;
}

/* Applies the mask; is_any: whether a lane attends to anything. */
static void K(take_mask)(const K(block) * x, bool is_any[LANES])
{
    for (int64_t l = 0; l < LANES; l++) {
        is_any[l] = l >= x->n;
    }
    for (int64_t j = 0; j < x->n_keys; j++) {
        real *row = x->scores + j * LANES;
        for (int64_t l = 0; l < x->n; l++) {
            const bool attends = K(take_one)(x, l, j, &row[l]);
            row[l] = attends ? row[l] : -(real)INFINITY;
            is_any[l] = is_any[l] || attends;
        }
    }
}

static void K(find_scores)(const K(block) * x, bool is_any[LANES])
{
    K(turn)(x->q, x->a->q.time, x->n, x->a->depth, (real)x->data->scale, x->turned);
    K(score)(x, x->k, x->a->k.time, x->a->depth, x->turned, x->scores);
    for (int64_t l = 0; l < LANES; l++) {
        is_any[l] = x->n_keys > 0;
    }
    if (x->data->may != NULL || x->data->bias != NULL) {
        K(take_mask)(x, is_any);
    } else if (x->a->is_causal) {
        K(cut_future)(x);
    }
}

/* ---- forward ------------------------------------------------------------------------------ */

static void K(find_max)(const K(block) * x, real max[LANES])
{
    real most[LANES];
    for (int l = 0; l < LANES; l++) {
        most[l] = -(real)INFINITY;
    }
    for (int64_t j = 0; j < x->n_keys; j++) {
        const real *row = x->scores + j * LANES;
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            most[l] = row[l] > most[l] ? row[l] : most[l];
        }
    }
    memcpy(max, most, sizeof most);
}

/* Scores become exp(score - max), added up in blocks. */
static void K(find_weights)(const K(block) * x, const real max[LANES], real total[LANES])
{
    real top[LANES];
    real sum[LANES] = {0};
    memcpy(top, max, sizeof top);
    for (int64_t j = 0; j < x->n_keys; j += SUM_BLOCK) {
        const int64_t end = x->n_keys - j < SUM_BLOCK ? x->n_keys : j + SUM_BLOCK;
        real part[LANES] = {0};
        for (int64_t i = j; i < end; i++) {
            real *row = x->scores + i * LANES;
#pragma omp simd
            for (int l = 0; l < LANES; l++) {
                row[l] = K(exp)(row[l] - top[l]);
                part[l] += row[l];
            }
        }
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            sum[l] += part[l];
        }
    }
    memcpy(total, sum, sizeof sum);
}

/* y = sum of weights times rows of v, over the sum of the weights. */
static void K(put_result)(const K(block) * x, const real total[LANES], const bool is_any[LANES],
                          real *y)
{
    const wgi_attention *a = x->a;
    const wgi_product p = {.m = x->n,
                           .n = a->width,
                           .k = x->n_keys,
                           .a_row = 1,
                           .a_column = LANES,
                           .b_row = a->v.time,
                           .y_row = a->y.time};
    K(multiply)
    (x, p, x->scores, x->v, y, K(has_odd)(x->v, x->n_keys, a->v.time, a->width));
    for (int64_t l = 0; l < x->n; l++) {
        real *row = y + l * a->y.time;
        const real factor = is_any[l] ? 1 / total[l] : 0;
        for (int64_t d = 0; d < a->width; d++) {
            row[d] *= factor;
        }
    }
}

static void K(forward)(const wgi_attention *a, const wgi_attention_data *data, int64_t head,
                       int64_t block, void *scratch)
{
    const K(block) x = K(block_of)(a, data, head, block, scratch);
    real max[LANES];
    real total[LANES];
    bool is_any[LANES];
    K(find_scores)(&x, is_any);
    K(find_max)(&x, max);
    for (int l = 0; l < LANES; l++) {
        max[l] = is_any[l] ? max[l] : 0;
    }
    K(find_weights)(&x, max, total);
    real *lse = (real *)data->lse + x.lse_at;
    for (int64_t l = 0; l < x.n; l++) {
        lse[l] = max[l] + K(log)(total[l]);
    }
    const int64_t at = K(row_of)(&a->y, head / a->heads, head % a->heads, x.first);
    K(put_result)(&x, total, is_any, (real *)data->result + at);
}

/* ---- backward ----------------------------------------------------------------------------- */

/* sum dy y of each query. */
static void K(find_along)(const K(block) * x, const real *y, real along[LANES])
{
    const wgi_attention *a = x->a;
    for (int64_t l = 0; l < LANES; l++) {
        real lanes[16] = {0};
        int64_t d = 0;
        along[l] = 0;
        for (; l < x->n && d + 16 <= a->width; d += 16) {
#pragma omp simd
            for (int i = 0; i < 16; i++) {
                lanes[i] += x->dy[l * a->y.time + d + i] * y[l * a->y.time + d + i];
            }
        }
        for (; l < x->n && d < a->width; d++) {
            lanes[0] += x->dy[l * a->y.time + d] * y[l * a->y.time + d];
        }
        for (int half = 8; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                lanes[i] += lanes[i + half];
            }
        }
        along[l] = lanes[0];
    }
}

/* Scores become weights, and what dy v^T is becomes the slopes of the scores without their scale
 * times it. */
static void K(find_slopes)(const K(block) * x, const real *lse, const real *along)
{
    const real scale = (real)x->data->scale;
    real shift[LANES];
    real mean[LANES];
    memcpy(shift, lse, sizeof shift);
    memcpy(mean, along, sizeof mean);
    for (int64_t j = 0; j < x->n_keys; j++) {
        real *w = x->scores + j * LANES;
        real *s = x->slopes + j * LANES;
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            w[l] = K(exp)(w[l] - shift[l]);
            const real slope = w[l] * (s[l] - mean[l]) * scale;
            s[l] = w[l] == 0 ? 0 : slope;
        }
    }
}

/* Where dk and dv of the head begin, and whether operands are not finite. */
typedef struct K(target) {
    real *dq; /* of the block */
    real *dk;
    real *dv;
    bool is_odd;
    bool is_first; /* dk and dv hold nothing yet */
} K(target);

static void K(put_gradients)(const K(block) * x, const K(target) * t)
{
    const wgi_attention *a = x->a;
    const bool is_odd = t->is_odd || K(has_odd)(x->q, x->n, a->q.time, a->depth) ||
                        K(has_odd)(x->dy, x->n, a->y.time, a->width);
    const wgi_product of_q = {.m = x->n,
                              .n = a->depth,
                              .k = x->n_keys,
                              .a_row = 1,
                              .a_column = LANES,
                              .b_row = a->k.time,
                              .y_row = a->q.time};
    wgi_product of_k = {.m = x->n_keys,
                        .n = a->depth,
                        .k = x->n,
                        .a_row = LANES,
                        .a_column = 1,
                        .b_row = a->q.time,
                        .y_row = a->k.time,
                        .is_added = !t->is_first};
    K(multiply)(x, of_q, x->slopes, x->k, t->dq, is_odd);
    K(multiply)(x, of_k, x->slopes, x->q, t->dk, is_odd);
    of_k.n = a->width;
    of_k.b_row = a->y.time;
    of_k.y_row = a->v.time;
    K(multiply)(x, of_k, x->scores, x->dy, t->dv, is_odd);
}

static void K(back_block)(const K(block) * x, const real *y, const K(target) * t)
{
    const wgi_attention *a = x->a;
    real *turned = x->turned + a->depth * LANES;
    const real *from = (const real *)x->data->lse + x->lse_at;
    real lse[LANES];
    real along[LANES];
    bool is_any[LANES];
    K(find_scores)(x, is_any);
    K(turn)(x->dy, a->y.time, x->n, a->width, 1, turned);
    K(score)(x, x->v, a->v.time, a->width, turned, x->slopes);
    K(find_along)(x, y, along);
    for (int64_t l = 0; l < LANES; l++) {
        lse[l] = l < x->n && is_any[l] ? from[l] : (real)INFINITY;
    }
    K(find_slopes)(x, lse, along);
    K(put_gradients)(x, t);
}

static void K(clear_rows)(real *x, int64_t begin, int64_t end, int64_t step, int64_t n)
{
    for (int64_t i = begin; i < end; i++) {
        memset(x + i * step, 0, (size_t)n * sizeof(real));
    }
}

/* Blocks from the last on: it is that which attends to the most keys. */
static void K(backward)(const wgi_attention *a, const wgi_attention_data *data, int64_t head,
                        int64_t unused, void *scratch)
{
    (void)unused;
    const int64_t b = head / a->heads;
    const int64_t h = head % a->heads;
    const int64_t n_blocks = (a->queries + LANES - 1) / LANES;
    const real *k = (const real *)data->k + K(row_of)(&a->k, b, h, 0);
    K(target)
    t = {.dk = (real *)data->dk + K(row_of)(&a->k, b, h, 0),
         .dv = (real *)data->dv + K(row_of)(&a->v, b, h, 0),
         .is_odd = K(has_odd)(k, a->keys, a->k.time, a->depth),
         .is_first = true};
    const int64_t covered = a->is_causal && a->queries < a->keys ? a->queries : a->keys;
    const int64_t first_clear = n_blocks > 0 ? covered : 0;
    K(clear_rows)(t.dk, first_clear, a->keys, a->k.time, a->depth);
    K(clear_rows)(t.dv, first_clear, a->keys, a->v.time, a->width);
    for (int64_t i = n_blocks - 1; i >= 0; i--) {
        const K(block) x = K(block_of)(a, data, head, i, scratch);
        t.dq = (real *)data->dq + K(row_of)(&a->q, b, h, x.first);
        K(back_block)(&x, (const real *)data->y + K(row_of)(&a->y, b, h, x.first), &t);
        t.is_first = false;
    }
}
