/* Reading a product: what the library is asked for, and in which form.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A transposed operand is strides, never a copy. Batch axes that broadcast alike are merged, and a
 * batch that only the rows of `a` carry becomes more rows, so that most products are plain ones.
 *
 * The library dies of a size 0 and checks no product for overflow, so nothing reaches it that
 * wgi_onednn_product_read has not passed. Its bits depend on the thread count on some machines:
 * under thread_invariant it gets one thread. */
#include "backends/onednn/product.h"

#include <string.h>

#include "core/checked.h"
#include "ops/params.h"

/* Below this many multiply-adds of one matrix a plain loop wins. */
#define MIN_MULTIPLY_ADDS ((int64_t)32 * 32 * 32)

/* Below this many in all, about 3 microseconds, a second thread costs more than it brings. */
#define MIN_PARALLEL_MULTIPLY_ADDS ((int64_t)160000)

/* The library holds sizes and leading strides of a matrix in an int here and there. */
#define MAX_SIZE ((int64_t)INT32_MAX)

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The i-th size counted from the last; 1 before the first. */
static int64_t size_from_end(const wgi_view *x, int32_t i)
{
    return i < x->rank ? x->dims[x->rank - 1 - i] : 1;
}

/* ---- reading ------------------------------------------------------------------------------ */

static const char *check_dtype(const wgi_view *x)
{
    if (x->dtype == WG_F32) {
        return NULL;
    }
    return x->dtype == WG_F64 ? "f64 has no oneDNN kernel" : "the dtype is not f32";
}

/* The bytes of a view are counted here from its sizes, whatever it says of itself. */
static const char *check_sizes(const wgi_view *x)
{
    int64_t bytes = (int64_t)sizeof(float);
    if (x->rank < 2 || x->rank > WG_MAX_RANK) {
        return "sizes do not fit";
    }
    for (int32_t i = 0; i < x->rank; i++) {
        if (x->dims[i] == 0) {
            return "a size is 0";
        }
    }
    for (int32_t i = 0; i < x->rank; i++) {
        if (x->dims[i] < 0 || !wgi_dim_mul(bytes, x->dims[i], &bytes)) {
            return "sizes do not fit";
        }
    }
    return NULL;
}

static const char *check_view(const wgi_view *x)
{
    const char *reason = check_dtype(x);
    return reason != NULL ? reason : check_sizes(x);
}

static const char *read_matrices(const wgi_problem *problem, wgi_onednn_product *p)
{
    const wgi_matmul_attr *attr = problem->attr;
    const int32_t a_rows = attr->is_a_transposed ? 0 : 1;
    const int32_t b_rows = attr->is_b_transposed ? 0 : 1;
    const wgi_view *a = &problem->in[0];
    const wgi_view *b = &problem->in[1];
    const wgi_view *y = &problem->out[0];
    p->shape.m = size_from_end(a, a_rows);
    p->shape.k = size_from_end(a, 1 - a_rows);
    p->shape.n = size_from_end(b, 1 - b_rows);
    if (size_from_end(b, b_rows) != p->shape.k || size_from_end(y, 1) != p->shape.m ||
        size_from_end(y, 0) != p->shape.n) {
        return "sizes do not fit";
    }
    /* A vector reads the same both ways: one description for it, and it may collapse. */
    p->shape.is_a_transposed = attr->is_a_transposed && p->shape.m > 1 && p->shape.k > 1;
    p->shape.is_b_transposed = attr->is_b_transposed && p->shape.k > 1 && p->shape.n > 1;
    return NULL;
}

/* Takes in the next outer batch axis. Where it broadcasts as the one before it, the two are one
 * axis of the memory too. The products were checked with the views. */
static void merge_axis(wgi_onednn_product *p, int64_t a, int64_t b)
{
    const int32_t last = p->n_batch - 1;
    if (a == 1 && b == 1) {
        return;
    }
    if (last >= 0 && (p->a_batch[last] == 1) == (a == 1) && (p->b_batch[last] == 1) == (b == 1)) {
        p->a_batch[last] *= a;
        p->b_batch[last] *= b;
        return;
    }
    p->a_batch[p->n_batch] = a;
    p->b_batch[p->n_batch] = b;
    p->n_batch++;
}

static const char *read_batch(const wgi_problem *problem, wgi_onednn_product *p)
{
    const wgi_view *y = &problem->out[0];
    const int32_t rank = (int32_t)larger(problem->in[0].rank, problem->in[1].rank);
    if (y->rank != rank) {
        return "batch does not fit";
    }
    for (int32_t i = 2; i < rank; i++) {
        const int64_t a = size_from_end(&problem->in[0], i);
        const int64_t b = size_from_end(&problem->in[1], i);
        if ((a != b && a != 1 && b != 1) || size_from_end(y, i) != larger(a, b)) {
            return "batch does not fit";
        }
        merge_axis(p, a, b);
    }
    return NULL;
}

/* [batch, m, k] x [k, n] is one product of batch * m rows. */
static void collapse(wgi_onednn_product *p)
{
    if (p->n_batch == 1 && p->b_batch[0] == 1 && !p->shape.is_a_transposed) {
        p->shape.m *= p->a_batch[0];
        p->n_batch = 0;
    }
}

static const char *check_work(wgi_onednn_product *p)
{
    int64_t work;
    if (p->shape.m > MAX_SIZE || p->shape.n > MAX_SIZE || p->shape.k > MAX_SIZE) {
        return "a size is above 2^31 - 1";
    }
    if (!wgi_dim_mul(p->shape.m, p->shape.n, &work) || !wgi_dim_mul(work, p->shape.k, &work)) {
        return "sizes do not fit";
    }
    if (work < MIN_MULTIPLY_ADDS) {
        return "below 32^3 multiply-adds";
    }
    for (int32_t i = 0; i < p->n_batch; i++) {
        if (!wgi_dim_mul(work, larger(p->a_batch[i], p->b_batch[i]), &work)) {
            return "sizes do not fit";
        }
    }
    p->multiply_adds = work;
    return NULL;
}

const char *wgi_onednn_product_read(const wgi_problem *problem, wgi_onednn_product *p)
{
    const wgi_view *views[WGI_ONEDNN_OPERANDS] = {&problem->in[0], &problem->in[1],
                                                  &problem->out[0]};
    const char *reason = NULL;
    memset(p, 0, sizeof *p);
    for (int i = 0; reason == NULL && i < WGI_ONEDNN_OPERANDS; i++) {
        reason = check_view(views[i]);
    }
    if (reason == NULL) {
        reason = read_matrices(problem, p);
    }
    if (reason == NULL) {
        reason = read_batch(problem, p);
    }
    if (reason == NULL) {
        collapse(p);
        reason = check_work(p);
    }
    return reason;
}

/* ---- describing --------------------------------------------------------------------------- */

int64_t wgi_onednn_product_threads(const wgi_problem *problem, const wgi_onednn_product *p)
{
    if (problem->is_thread_invariant || p->multiply_adds < MIN_PARALLEL_MULTIPLY_ADDS) {
        return 1;
    }
    return larger(problem->threads, 1);
}

/* One operand: [batch..., rows, columns], dense but for the swap of the last two axes. */
static void describe_operand(wgi_onednn_key *key, int operand, const int64_t *batch,
                             bool is_transposed)
{
    int64_t *dims = key->dims[operand];
    int64_t *strides = key->strides[operand];
    const int64_t rows = key->rank - 2;
    const int64_t columns = key->rank - 1;
    int64_t stride = dims[rows] * dims[columns];
    strides[rows] = is_transposed ? 1 : dims[columns];
    strides[columns] = is_transposed ? dims[rows] : 1;
    for (int64_t i = 0; i < rows; i++) {
        dims[rows - 1 - i] = batch[i];
        strides[rows - 1 - i] = stride;
        stride *= batch[i];
    }
}

static void set_matrix(wgi_onednn_key *key, int operand, int64_t rows, int64_t columns)
{
    key->dims[operand][key->rank - 2] = rows;
    key->dims[operand][key->rank - 1] = columns;
}

/* y = a^T b as the gradient of weights [n, m], whose transpose y is: of a source [k, m] = a and a
 * gradient [k, n] = b. */
static void describe_weights(wgi_onednn_key *key, const wgi_onednn_shape *s)
{
    const int64_t no_batch[1] = {1};
    key->rank = 2;
    set_matrix(key, 0, s->k, s->m);
    set_matrix(key, 1, s->k, s->n);
    set_matrix(key, 2, s->n, s->m);
    describe_operand(key, 0, no_batch, false);
    describe_operand(key, 1, no_batch, false);
    describe_operand(key, 2, no_batch, true);
}

wgi_onednn_key wgi_onednn_product_key(const wgi_problem *problem, const wgi_onednn_product *p,
                                      wgi_onednn_form form)
{
    wgi_onednn_key key;
    int64_t y_batch[WG_MAX_RANK];
    memset(&key, 0, sizeof key);
    key.form = form;
    key.threads = wgi_onednn_product_threads(problem, p);
    if (form == WGI_ONEDNN_WEIGHTS) {
        describe_weights(&key, &p->shape);
        return key;
    }
    for (int32_t i = 0; i < p->n_batch; i++) {
        y_batch[i] = larger(p->a_batch[i], p->b_batch[i]);
    }
    key.rank = p->n_batch + 2;
    set_matrix(&key, 0, p->shape.m, p->shape.k);
    set_matrix(&key, 1, p->shape.k, p->shape.n);
    set_matrix(&key, 2, p->shape.m, p->shape.n);
    describe_operand(&key, 0, p->a_batch, p->shape.is_a_transposed);
    describe_operand(&key, 1, p->b_batch, p->shape.is_b_transposed);
    describe_operand(&key, 2, y_batch, false);
    return key;
}
