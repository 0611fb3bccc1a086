/* Attention: where the rows of its operands are, and who works on which head.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: forward a block of queries, backward a head is the work of one thread, done in an
 * order of its own: no bit depends on how many threads there are. Operands are read in place,
 * whatever the order of their axes. */
#include "backends/native/attention.h"

#include "backends/native/attention_hot.h"
#include "backends/native/native.h"
#include "backends/native/share.h"
#include "core/checked.h"
#include "core/context.h"
#include "core/dtype.h"
#include "ops/params.h"

/* Multiply-adds that are worth a thread. */
#define THREAD_WORTH 250000

/* The longest sum of products before it is put by; and so the rows of a panel that may be copied.
 */
#define MAX_K_BLOCK 256

typedef struct attention {
    wgi_attention shape;
    wgi_attend run;
    size_t element;
    int64_t k_at; /* from a packed operand's q on, in elements */
    int64_t v_at;
    int64_t n_blocks; /* of a head: 1 backward */
    int32_t mask;     /* operand; past the last: there is none */
    int32_t threads;
    bool is_packed;
    bool is_backward;
    size_t scratch_bytes; /* of a thread */
} attention;

const char *wgi_native_attention_accepts(const wgi_problem *problem)
{
    const int32_t dtype = problem->in[0].dtype;
    return dtype == WG_F32 || dtype == WG_F64 ? NULL : "the dtype is neither f32 nor f64";
}

/* ---- shapes ------------------------------------------------------------------------------- */

/* [b, time, heads, size], [b, heads, time, size] or [b, time, size]. */
static wgi_head_rows rows_of(int64_t heads, int64_t times, int64_t size, bool is_time_first)
{
    wgi_head_rows rows = {.batch = heads * times * size};
    rows.head = is_time_first ? size : times * size;
    rows.time = is_time_first ? heads * size : size;
    return rows;
}

static void read_three(const wgi_problem *problem, wgi_attention *a)
{
    const wgi_attention_attr *attr = problem->attr;
    const int64_t *q = problem->in[0].dims;
    const int32_t rank = problem->in[0].rank;
    const bool is_time_first = attr->is_time_first != 0 || rank == 3;
    const int32_t time = rank == 4 && !is_time_first ? 2 : 1;
    a->batch = q[0];
    a->heads = rank == 4 ? q[3 - time] : 1;
    a->queries = q[time];
    a->keys = problem->in[1].dims[time];
    a->depth = q[rank - 1];
    a->width = problem->in[2].dims[rank - 1];
    a->q = rows_of(a->heads, a->queries, a->depth, is_time_first);
    a->k = rows_of(a->heads, a->keys, a->depth, is_time_first);
    a->v = rows_of(a->heads, a->keys, a->width, is_time_first);
    a->y = rows_of(a->heads, a->queries, a->width, is_time_first);
}

static void read_packed(const wgi_problem *problem, attention *x)
{
    wgi_attention *a = &x->shape;
    const int64_t *qkv = problem->in[0].dims; /* [b, time, 3, heads, depth] */
    a->batch = qkv[0];
    a->heads = qkv[3];
    a->queries = qkv[1];
    a->keys = qkv[1];
    a->depth = qkv[4];
    a->width = qkv[4];
    a->y = rows_of(a->heads, a->queries, a->depth, true);
    a->q = a->y;
    a->q.batch *= 3;
    a->q.time *= 3;
    a->k = a->q;
    a->v = a->q;
    x->k_at = a->heads * a->depth;
    x->v_at = 2 * x->k_at;
}

static void read_mask(const wgi_problem *problem, attention *x)
{
    if (x->mask >= problem->n_in) {
        return;
    }
    const wgi_view *mask = &problem->in[x->mask];
    const int32_t rank = problem->in[0].rank == 3 ? 3 : 4;
    int64_t stride = 1;
    for (int32_t i = mask->rank - 1; i >= 0; i--) {
        const int32_t axis = rank - mask->rank + i;
        x->shape.mask[rank == 3 && axis > 0 ? axis + 1 : axis] = mask->dims[i] == 1 ? 0 : stride;
        stride *= mask->dims[i];
    }
}

/* ---- preparing ---------------------------------------------------------------------------- */

static bool find_scratch(attention *x, int64_t panel)
{
    wgi_attention *a = &x->shape;
    int64_t elements = 0;
    size_t bytes = 0;
    a->room = panel * MAX_K_BLOCK;
    return wgi_dim_add(a->depth, a->width, &elements) &&
           wgi_dim_add(elements, a->keys, &elements) && wgi_dim_add(elements, a->keys, &elements) &&
           wgi_dim_mul(elements, WGI_QUERIES, &elements) &&
           wgi_dim_add(elements, a->room, &elements) &&
           wgi_size_mul((size_t)elements, x->element, &bytes) &&
           wgi_size_align(bytes, WGI_ALIGNMENT, &x->scratch_bytes);
}

static void choose(const wgi_problem *problem, attention *x)
{
    wgi_attention *a = &x->shape;
    const double each = (double)a->queries * (double)a->keys * (double)(a->depth + a->width);
    const double work = (double)a->batch * (double)a->heads * each * (x->is_backward ? 2.5 : 1);
    const double worth = work / THREAD_WORTH;
    const int64_t items = a->batch * a->heads * x->n_blocks;
    x->threads = wgi_threads_worth(problem, worth < (double)items ? (int64_t)worth : items);
}

static wg_status prepare(const wgi_problem *problem, attention x, wgi_prepared *out)
{
    const wgi_native *native = problem->backend;
    const wgi_attention_attr *attr = problem->attr;
    const wgi_attention_hot *hot = WGI_HOT_PICK(wgi_attention_hot, native->isa);
    const wgi_matmul_hot *products = WGI_HOT_PICK(wgi_matmul_hot, native->isa);
    const bool is_f32 = problem->in[0].dtype == WG_F32;
    const wgi_multiply_set *set = is_f32 ? &products->f32 : &products->f64;
    const wgi_attention_loops *loops = is_f32 ? &hot->f32 : &hot->f64;
    if (x.is_packed) {
        read_packed(problem, &x);
    } else {
        read_three(problem, &x.shape);
    }
    read_mask(problem, &x);
    x.shape.is_causal = attr->is_causal != 0;
    x.shape.multiply = set->tiles;
    x.run = x.is_backward ? loops->backward : loops->forward;
    x.element = is_f32 ? sizeof(float) : sizeof(double);
    x.n_blocks = x.is_backward ? 1 : (x.shape.queries + WGI_QUERIES - 1) / WGI_QUERIES;
    choose(problem, &x);
    *out = (wgi_prepared){.state_bytes = sizeof x, .threads = x.threads};
    if (!find_scratch(&x, set->panel) ||
        !wgi_size_mul(x.scratch_bytes, (size_t)x.threads, &out->scratch_bytes)) {
        return WG_ERR_OVERFLOW;
    }
    attention *state = wgi_alloc(&problem->ctx->memory, sizeof x);
    if (state == NULL) {
        return WG_ERR_MEMORY;
    }
    *state = x;
    out->state = state;
    return WG_OK;
}

wg_status wgi_native_attention_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, (attention){.mask = 3}, out);
}

wg_status wgi_native_attention_back_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, (attention){.mask = 6, .is_backward = true}, out);
}

wg_status wgi_native_packed_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, (attention){.mask = 1, .is_packed = true}, out);
}

wg_status wgi_native_packed_back_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    return prepare(problem, (attention){.mask = 4, .is_packed = true, .is_backward = true}, out);
}

void wgi_native_attention_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, prepared->state_bytes);
    *prepared = (wgi_prepared){.state = NULL};
}

/* ---- running ------------------------------------------------------------------------------ */

static void take_inputs(const attention *x, const wgi_args *args, wgi_attention_data *d)
{
    const char *q = args->in[0].data;
    const int32_t first = x->is_packed ? 1 : 3; /* operand after q, k and v */
    d->q = q;
    d->k = x->is_packed ? q + (size_t)x->k_at * x->element : args->in[1].data;
    d->v = x->is_packed ? q + (size_t)x->v_at * x->element : args->in[2].data;
    d->scale = args->numbers[0];
    if (x->is_backward) {
        d->y = args->in[first].data;
        d->lse = args->in[first + 1].data;
        d->dy = args->in[first + 2].data;
    }
    if (x->mask < args->n_in) {
        const wgi_view *mask = &args->in[x->mask];
        d->may = mask->dtype == WG_BOOL ? mask->data : NULL;
        d->bias = mask->dtype == WG_BOOL ? NULL : mask->data;
    }
}

static void take_outputs(const attention *x, const wgi_args *args, wgi_attention_data *d)
{
    char *out = args->out[0].data;
    if (!x->is_backward) {
        d->result = out;
        d->lse = args->out[1].data;
        return;
    }
    d->dq = out;
    d->dk = x->is_packed ? out + (size_t)x->k_at * x->element : args->out[1].data;
    d->dv = x->is_packed ? out + (size_t)x->v_at * x->element : args->out[2].data;
}

/* A run's context for the threads. */
typedef struct work {
    const attention *x;
    wgi_attention_data data;
    char *scratch;
    int64_t n_items;
} work;

static void run_parts(const void *context, int64_t begin, int64_t end)
{
    const work *w = context;
    const attention *x = w->x;
    for (int64_t part = begin; part < end; part++) {
        const int64_t from = w->n_items * part / x->threads;
        const int64_t to = w->n_items * (part + 1) / x->threads;
        void *scratch = w->scratch + (size_t)part * x->scratch_bytes;
        for (int64_t i = from; i < to; i++) {
            x->run(&x->shape, &w->data, i / x->n_blocks, i % x->n_blocks, scratch);
        }
    }
}

wg_status wgi_native_attention_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const attention *x = prepared->state;
    work w = {.x = x, .scratch = args->scratch};
    w.n_items = x->shape.batch * x->shape.heads * x->n_blocks;
    take_inputs(x, args, &w.data);
    take_outputs(x, args, &w.data);
    wgi_share(x->threads, x->threads, run_parts, &w);
    return WG_OK;
}
