/* The reference kernels of attention: a score is worked out as often as it is looked at.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of an op file's pass over the floating types: no guard, once in each.
 *
 * Invariant: a key that a query does not attend to, or whose weight is exactly 0, adds nothing,
 * whatever it holds. */

/* Elements of a row that are added up together. */
#define CHUNK 16

/* The operands; one of the masks or none. */
typedef struct K(attention) {
    wgi_attention_shape s;
    const real *q;
    const real *k;
    const real *v;
    const uint8_t *may;
    const real *bias;
    accum scale;
    bool is_causal;
    const real *y; /* from here on of the backward pass */
    const real *lse;
    const real *dy;
    real *dq;
    real *dk;
    real *dv;
} K(attention);

/* One head of one sequence. */
typedef struct K(head) {
    const K(attention) * a;
    int64_t b;
    int64_t h;
    const real *k;
    const real *v;
} K(head);

static int64_t K(row_at)(const wgi_attention_rows *rows, const K(head) * x, int64_t t)
{
    return x->b * rows->batch + x->h * rows->head + t * rows->time;
}

static void K(take_mask)(K(attention) * a, int32_t rank, const wgi_view *mask)
{
    wgi_attention_take_mask(&a->s, rank, mask);
    a->may = mask->dtype == WG_BOOL ? mask->data : NULL;
    a->bias = mask->dtype == WG_BOOL ? NULL : mask->data;
}

static accum K(product)(const real *x, const real *y, int64_t n)
{
    accum sum = 0;
    for (int64_t d = 0; d < n; d++) {
        sum += (accum)x[d] * (accum)y[d];
    }
    return sum;
}

/* Whether query i attends to key j, and their score. */
static bool K(score)(const K(head) * x, int64_t i, int64_t j, accum *score)
{
    const K(attention) *a = x->a;
    const int64_t *mask = a->s.mask;
    const int64_t at = x->b * mask[0] + x->h * mask[1] + i * mask[2] + j * mask[3];
    if ((a->is_causal && j > i) || (a->may != NULL && a->may[at] == 0) ||
        (a->bias != NULL && a->bias[at] == -(real)INFINITY)) {
        return false;
    }
    const accum qk =
        K(product)(a->q + K(row_at)(&a->s.q, x, i), x->k + j * a->s.k.time, a->s.depth);
    *score = qk * a->scale + (a->bias != NULL ? (accum)a->bias[at] : 0);
    return true;
}

/* ---- forward ------------------------------------------------------------------------------ */

/* A query's scores: their maximum, or NaN, and the sum of exp(score - max); 0 where there are none.
 */
typedef struct K(scores) {
    accum max;
    accum sum;
} K(scores);

static K(scores) K(scores_of)(const K(head) * x, int64_t i)
{
    K(scores) r = {.max = -(accum)INFINITY};
    accum score;
    for (int64_t j = 0; j < x->a->s.keys; j++) {
        if (K(score)(x, i, j, &score) && (score > r.max || score != score)) {
            r.max = score;
        }
    }
    for (int64_t j = 0; j < x->a->s.keys; j++) {
        r.sum += K(score)(x, i, j, &score) ? A(exp)(score - r.max) : 0;
    }
    return r;
}

/* Elements [from, from + n) of a query's result. */
static void K(attend_chunk)(const K(head) * x, int64_t i, K(scores) r, int64_t from, int64_t n,
                            real *y)
{
    accum sum[CHUNK] = {0};
    accum score;
    for (int64_t j = 0; j < x->a->s.keys; j++) {
        const accum p = K(score)(x, i, j, &score) ? A(exp)(score - r.max) / r.sum : 0;
        for (int64_t d = 0; d < n && p != 0; d++) {
            sum[d] += p * (accum)x->v[j * x->a->s.v.time + from + d];
        }
    }
    for (int64_t d = 0; d < n; d++) {
        y[from + d] = (real)sum[d];
    }
}

static void K(attend)(const K(head) * x, real *y, real *lse)
{
    const wgi_attention_shape *s = &x->a->s;
    for (int64_t i = 0; i < s->queries; i++) {
        const K(scores) r = K(scores_of)(x, i);
        lse[(x->b * s->heads + x->h) * s->queries + i] = (real)(r.max + A(log)(r.sum));
        for (int64_t d = 0; d < s->width; d += CHUNK) {
            const int64_t n = s->width - d < CHUNK ? s->width - d : CHUNK;
            K(attend_chunk)(x, i, r, d, n, y + K(row_at)(&s->y, x, i));
        }
    }
}

static K(head) K(head_of)(const K(attention) * a, int64_t b, int64_t h)
{
    K(head) x = {.a = a, .b = b, .h = h};
    x.k = a->k + K(row_at)(&a->s.k, &x, 0);
    x.v = a->v + K(row_at)(&a->s.v, &x, 0);
    return x;
}

static void K(attend_all)(const K(attention) * a, real *y, real *lse)
{
    for (int64_t b = 0; b < a->s.batch; b++) {
        for (int64_t h = 0; h < a->s.heads; h++) {
            const K(head) x = K(head_of)(a, b, h);
            K(attend)(&x, y, lse);
        }
    }
}

/* ---- backward ----------------------------------------------------------------------------- */

/* The weight of key j for query i, and the gradient of their score without its scale. */
static accum K(weight)(const K(head) * x, int64_t i, int64_t j, accum *slope)
{
    const K(attention) *a = x->a;
    const int64_t query = (x->b * a->s.heads + x->h) * a->s.queries + i;
    accum score;
    *slope = 0;
    if (!K(score)(x, i, j, &score)) {
        return 0;
    }
    const accum p = A(exp)(score - (accum)a->lse[query]);
    if (p == 0) {
        return 0;
    }
    const real *dy = a->dy + K(row_at)(&a->s.y, x, i);
    const accum along = K(product)(dy, a->y + K(row_at)(&a->s.y, x, i), a->s.width);
    *slope = p * (K(product)(dy, x->v + j * a->s.v.time, a->s.width) - along);
    return p;
}

/* sum[d] += factor * row[d]; a factor of 0 adds nothing. */
static void K(add_row)(accum *sum, accum factor, const real *row, int64_t n)
{
    for (int64_t d = 0; d < n && factor != 0; d++) {
        sum[d] += factor * (accum)row[d];
    }
}

static void K(put_row)(const accum *sum, accum factor, int64_t n, real *row)
{
    for (int64_t d = 0; d < n; d++) {
        row[d] = (real)(sum[d] * factor);
    }
}

static void K(query_gradient)(const K(head) * x, int64_t i, int64_t from, int64_t n)
{
    const K(attention) *a = x->a;
    accum sum[CHUNK] = {0};
    accum slope;
    for (int64_t j = 0; j < a->s.keys; j++) {
        (void)K(weight)(x, i, j, &slope);
        K(add_row)(sum, slope, x->k + j * a->s.k.time + from, n);
    }
    K(put_row)(sum, a->scale, n, a->dq + K(row_at)(&a->s.q, x, i) + from);
}

static void K(key_gradient)(const K(head) * x, int64_t j, int64_t from, int64_t n)
{
    const K(attention) *a = x->a;
    accum sum[CHUNK] = {0};
    accum slope;
    for (int64_t i = 0; i < a->s.queries; i++) {
        (void)K(weight)(x, i, j, &slope);
        K(add_row)(sum, slope, a->q + K(row_at)(&a->s.q, x, i) + from, n);
    }
    K(put_row)(sum, a->scale, n, a->dk + K(row_at)(&a->s.k, x, j) + from);
}

static void K(value_gradient)(const K(head) * x, int64_t j, int64_t from, int64_t n)
{
    const K(attention) *a = x->a;
    accum sum[CHUNK] = {0};
    accum slope;
    for (int64_t i = 0; i < a->s.queries; i++) {
        const accum p = K(weight)(x, i, j, &slope);
        K(add_row)(sum, p, a->dy + K(row_at)(&a->s.y, x, i) + from, n);
    }
    K(put_row)(sum, 1, n, a->dv + K(row_at)(&a->s.v, x, j) + from);
}

/* `run` over rows [0, rows) of `size` elements each. */
static void K(each_row)(const K(head) * x, int64_t rows, int64_t size,
                        void (*run)(const K(head) *, int64_t, int64_t, int64_t))
{
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t d = 0; d < size; d += CHUNK) {
            run(x, i, d, size - d < CHUNK ? size - d : CHUNK);
        }
    }
}

static void K(attend_back)(const K(attention) * a)
{
    for (int64_t b = 0; b < a->s.batch; b++) {
        for (int64_t h = 0; h < a->s.heads; h++) {
            const K(head) x = K(head_of)(a, b, h);
            K(each_row)(&x, a->s.queries, a->s.depth, K(query_gradient));
            K(each_row)(&x, a->s.keys, a->s.depth, K(key_gradient));
            K(each_row)(&x, a->s.keys, a->s.width, K(value_gradient));
        }
    }
}

#undef CHUNK
