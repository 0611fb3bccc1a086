/* Matrix products: which loops carry one out, decided once when a step is prepared.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The bits of an element are a function of the shapes, the transposes and the instruction set, for
 * threads divide a product into ranges of elements and never a sum. A NaN or an infinity reaches
 * the elements that IEEE arithmetic gives it to, and no other. */
#include "backends/native/matmul.h"

#include <stdbool.h>
#include <string.h>

#include "backends/native/matmul_hot.h"
#include "backends/native/native.h"
#include "core/checked.h"
#include "core/context.h"
#include "ops/params.h"

/* Products summed at most before the sum is put by: keeps the rounding error of a long k near that
 * of a short one, and a panel of b in the nearest caches. */
#define MAX_K_BLOCK 256

/* Rows of a that stay in the second cache while panels of b pass by, which have been packed into
 * what is left of it and some of the third. */
#define A_BLOCK_BYTES ((int64_t)256 * 1024)
#define B_BLOCK_BYTES ((int64_t)1024 * 1024)

/* Below this many multiply-adds the plainest loop wins. */
#define MAX_TINY 64

/* Bytes from one row of an operand to the next from which on rows are collected in scratch. */
#define FAR_BYTES 512

/* What a thread is to have at least, about 5 microseconds: multiply-adds in f32, and elements read
 * or written where a product does little more than that. Memory is shared, so that a second thread
 * brings less there, and on a busy machine it is woken late. */
#define THREAD_MULTIPLY_ADDS ((int64_t)250000)
#define THREAD_ELEMENTS ((int64_t)262144)

typedef struct product {
    wgi_product whole;
    wgi_multiply multiply; /* NULL: the result is full of zeros */
    int64_t parts;         /* threads */
    size_t element_bytes;
    size_t scratch_bytes; /* of each part */
    bool is_turned;       /* the operands have changed places */
    int64_t grain_m;      /* where parts may begin */
    int64_t grain_n;
} product;

/* ---- reading ------------------------------------------------------------------------------ */

static int64_t last_dim(const wgi_view *view, int32_t from_end)
{
    return view->dims[view->rank - from_end];
}

/* The batch stride of an operand of `size` elements each; -1 where its batch axes are neither those
 * of the result nor all 1. */
static int64_t batch_stride(const wgi_view *x, int64_t size, int64_t batch)
{
    if (x->count == size) {
        return 0;
    }
    return x->count / size == batch ? size : -1;
}

/* The sizes and strides; batch is 0 where there is nothing to add up. */
static wgi_product read_product(const wgi_problem *problem)
{
    const wgi_matmul_attr *attr = problem->attr;
    const wgi_view *a = &problem->in[0];
    const wgi_view *y = &problem->out[0];
    wgi_product p = {.m = last_dim(y, 2), .n = last_dim(y, 1)};
    p.k = last_dim(a, attr->is_a_transposed ? 2 : 1);
    if (y->count == 0 || p.k == 0) {
        return p;
    }
    p.batch = y->count / (p.m * p.n);
    p.a_row = attr->is_a_transposed ? 1 : p.k;
    p.a_column = attr->is_a_transposed ? p.m : 1;
    p.b_row = attr->is_b_transposed ? 1 : p.n;
    p.b_column = attr->is_b_transposed ? p.k : 1;
    p.a_batch = batch_stride(a, p.m * p.k, p.batch);
    p.b_batch = batch_stride(&problem->in[1], p.k * p.n, p.batch);
    p.y_row = p.n;
    p.y_batch = p.m * p.n;
    return p;
}

const char *wgi_native_matmul_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->out[0].dtype;
    if (dtype != WG_F32 && dtype != WG_F64) {
        return "the dtype is neither f32 nor f64";
    }
    const wgi_product p = read_product(problem);
    if (p.a_batch < 0 || p.b_batch < 0) {
        return "the batch axes of both operands broadcast";
    }
    return NULL;
}

/* ---- forms -------------------------------------------------------------------------------- */

/* One operand for all of the batch, with the rows of the other dense: the batch is more rows. */
static void fold_batch(wgi_product *p)
{
    const bool is_dense = p->a_column == 1 && p->a_row == p->k;
    if (p->b_batch == 0 && is_dense && p->a_batch == p->m * p->k) {
        p->m *= p->batch;
        p->batch = 1;
    }
}

/* A column is computed as a row, y^T = b^T a^T, and a matrix of one row or column has its elements
 * side by side, whichever it is: fewer forms remain. */
static void turn_vectors(wgi_product *p, bool *is_turned)
{
    *is_turned = p->n == 1 && p->m > 1;
    if (*is_turned) {
        const wgi_product old = *p;
        p->m = 1;
        p->n = old.m;
        p->a_row = 1;
        p->a_column = 1;
        p->a_batch = old.b_batch;
        p->b_row = old.a_column;
        p->b_column = old.a_row;
        p->b_batch = old.a_batch;
        p->y_row = p->n;
    }
    if (p->m == 1) {
        p->a_column = 1;
        p->a_row = p->k;
    }
    if (p->k == 1) {
        p->b_column = 1;
        p->b_row = p->n;
    }
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t blocks_of(int64_t count, int64_t size)
{
    return count / size + (count % size > 0);
}

static int64_t rounded_up(int64_t count, int64_t grain)
{
    return blocks_of(count, grain) * grain;
}

/* Blocks of k of nearly the same size; the others fill the caches. */
static void divide_blocks(wgi_product *p, const wgi_multiply_set *set, int64_t bytes)
{
    const int64_t column_bytes = bytes * blocks_of(p->k, blocks_of(p->k, MAX_K_BLOCK));
    p->k_block = column_bytes / bytes;
    p->m_block = A_BLOCK_BYTES / column_bytes / set->rows * set->rows;
    p->n_block = p->n;
    p->is_a_packed = p->a_row == 1 && p->n > set->panel && p->a_column * bytes >= FAR_BYTES;
    p->is_b_packed = p->b_column != 1 || (p->m >= 32 * set->rows && p->b_row * bytes >= FAR_BYTES);
    if (p->is_b_packed) {
        p->n_block = B_BLOCK_BYTES / column_bytes / set->panel * set->panel;
        p->n_block = least(p->n_block, rounded_up(p->n, set->panel));
    }
    p->a_offset = p->k_block * (p->is_b_packed ? p->n_block : set->panel);
}

/* In elements. */
static int64_t scratch_of_tiles(const wgi_product *p, const wgi_multiply_set *set)
{
    const int64_t rows = rounded_up(least(p->m, p->m_block), set->rows);
    return p->a_offset + (p->is_a_packed ? rows * p->k_block : 0);
}

static void choose_loops(product *x, const wgi_multiply_set *set)
{
    wgi_product *p = &x->whole;
    p->k_block = p->k;
    p->m_block = p->m;
    x->grain_m = 1;
    x->grain_n = set->panel;
    const bool is_dotted = p->a_column == 1 && p->b_row == 1 && p->k >= 4 * set->lanes;
    if (p->k <= MAX_K_BLOCK && p->m <= MAX_TINY && p->n <= MAX_TINY &&
        p->m * p->n * p->k <= MAX_TINY) {
        x->multiply = set->tiny;
    } else if (p->k == 1) {
        x->multiply = set->outer;
    } else if (is_dotted && p->m <= 4) {
        x->multiply = set->dots;
        x->grain_n = 1;
    } else {
        x->multiply = set->tiles;
        x->grain_m = set->rows;
        divide_blocks(p, set, (int64_t)x->element_bytes);
        const int64_t scratch = scratch_of_tiles(p, set) * (int64_t)x->element_bytes;
        x->scratch_bytes = (size_t)rounded_up(scratch, (int64_t)WGI_ALIGNMENT);
    }
}

/* ---- threads ------------------------------------------------------------------------------ */

/* A fixed rule from the sizes: each thread has enough to do, and is worth being woken. */
static int64_t count_parts(const product *x, int64_t threads)
{
    const wgi_product *p = &x->whole;
    const double scale = 4.0 / (double)x->element_bytes;
    const double elements =
        (double)p->batch *
        ((double)p->m * (double)p->k + (double)p->k * (double)p->n + (double)p->m * (double)p->n);
    const double work = (double)p->batch * (double)p->m * (double)p->n * (double)p->k;
    const double by_work = work / ((double)THREAD_MULTIPLY_ADDS * scale);
    const double by_elements = elements / ((double)THREAD_ELEMENTS * scale);
    const double most = by_work > by_elements ? by_work : by_elements;
    const int64_t limit = threads > 1 ? threads : 1;
    return most < 1.0 ? 1 : most < (double)limit ? (int64_t)most : limit;
}

/* Elements [begin, end) of `count` that part i of n gets, in whole grains. */
static void divide(int64_t count, int64_t grain, int64_t n, int64_t i, int64_t range[2])
{
    const int64_t grains = blocks_of(count, grain);
    range[0] = least(grains / n * i + least(i, grains % n), grains) * grain;
    range[1] = range[0] + (grains / n + (i < grains % n)) * grain;
    range[1] = least(range[1], count);
}

/* One part's share of the product: the range of the batch, of the columns or of the rows. */
typedef struct share {
    wgi_product p;
    int64_t a; /* where it begins, in elements */
    int64_t b;
    int64_t y;
} share;

static share share_of(const product *x, int64_t part)
{
    share s = {.p = x->whole};
    wgi_product *p = &s.p;
    int64_t range[2];
    if (p->batch >= x->parts) {
        divide(p->batch, 1, x->parts, part, range);
        p->batch = range[1] - range[0];
        s.a = range[0] * p->a_batch;
        s.b = range[0] * p->b_batch;
        s.y = range[0] * p->y_batch;
    } else if (p->n >= p->m) {
        divide(p->n, x->grain_n, x->parts, part, range);
        p->n = range[1] - range[0];
        p->b_span -= range[0] * p->b_column;
        s.b = range[0] * p->b_column;
        s.y = range[0];
    } else {
        divide(p->m, x->grain_m, x->parts, part, range);
        p->m = range[1] - range[0];
        s.a = range[0] * p->a_row;
        s.y = range[0] * p->y_row;
    }
    return s;
}

static void run_part(const product *x, const wgi_args *args, const char *operands[2], int64_t part)
{
    const share s = share_of(x, part);
    const int64_t bytes = (int64_t)x->element_bytes;
    if (s.p.batch > 0 && s.p.n > 0 && s.p.m > 0) {
        x->multiply(&s.p, operands[0] + s.a * bytes, operands[1] + s.b * bytes,
                    (char *)args->out[0].data + s.y * bytes,
                    (char *)args->scratch + (size_t)part * x->scratch_bytes);
    }
}

/* ---- the kernel --------------------------------------------------------------------------- */

static void plan(const wgi_problem *problem, product *x)
{
    const wgi_native *native = problem->backend;
    const wgi_matmul_hot *hot = WGI_HOT_PICK(wgi_matmul_hot, native->isa);
    const bool is_f32 = problem->out[0].dtype == WG_F32;
    wgi_product *p = &x->whole;
    *p = read_product(problem);
    x->element_bytes = is_f32 ? sizeof(float) : sizeof(double);
    if (p->batch == 0) {
        return;
    }
    fold_batch(p);
    turn_vectors(p, &x->is_turned);
    p->b_span = p->k * p->n;
    choose_loops(x, is_f32 ? &hot->f32 : &hot->f64);
    x->parts = count_parts(x, problem->threads);
}

wg_status wgi_native_matmul_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    product x = {.multiply = NULL};
    plan(problem, &x);
    *out = (wgi_prepared){.state_bytes = sizeof x, .threads = (int32_t)x.parts};
    if (!wgi_size_mul(x.scratch_bytes, (size_t)x.parts, &out->scratch_bytes)) {
        return WG_ERR_OVERFLOW;
    }
    product *state = wgi_alloc(&problem->ctx->memory, sizeof x);
    if (state == NULL) {
        return WG_ERR_MEMORY;
    }
    *state = x;
    out->state = state;
    return WG_OK;
}

void wgi_native_matmul_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, prepared->state_bytes);
    *prepared = (wgi_prepared){.state = NULL};
}

static void run_parts(const product *x, const wgi_args *args, const char *operands[2])
{
#if defined(WGI_HAVE_OPENMP)
#pragma omp parallel for num_threads((int)x->parts) schedule(static)
#endif
    for (int64_t i = 0; i < x->parts; i++) {
        run_part(x, args, operands, i);
    }
}

/* An empty sum is 0. */
wg_status wgi_native_matmul_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const product *x = prepared->state;
    const char *operands[2] = {args->in[x->is_turned].data, args->in[!x->is_turned].data};
    if (x->multiply == NULL) {
        memset(args->out[0].data, 0, (size_t)args->out[0].count * x->element_bytes);
    } else if (x->parts > 1) {
        run_parts(x, args, operands);
    } else {
        x->multiply(&x->whole, operands[0], operands[1], args->out[0].data, args->scratch);
    }
    return WG_OK;
}
