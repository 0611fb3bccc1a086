/* Convolutions in f32, channels last: forward, to the image, to the kernel.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Images reach the library as they are. Kernels are plain in the graph and in whatever order the
 * library wants inside a run, which reorders them on its way in or out: with plain ones it falls
 * back to loops of its own that are a hundred times slower.
 *
 * The state belongs to one prepared step. Its memory objects point nowhere between runs.
 * Bits may depend on the number of threads: under thread_invariant native serves, and where the
 * context has it not, the library gets one. */
#include "backends/onednn/convolution.h"

#include <string.h>

#include "backends/onednn/engine.h"
#include "core/checked.h"
#include "core/context.h"
#include "core/memory.h"
#include "ops/params.h"

/* Below this many multiply-adds the call costs more than plain loops. */
#define MIN_MULTIPLY_ADDS ((double)(32 * 32 * 32))

/* Below this many a second thread costs more than it brings. */
#define MIN_PARALLEL_MULTIPLY_ADDS 160000.0

#define ALIGNMENT 64

/* What the library knows by name; the operands of all three passes are the same. */
enum {
    IMAGE = 0,
    KERNEL,
    RESULT,
    BIAS,
    SCRATCH,
    N_MEMORIES
};

typedef struct state {
    wgi_onednn *owner;
    wgi_dnnl_pass pass;
    int64_t threads;
    bool has_bias;
    dnnl_primitive_t convolution;
    dnnl_primitive_t reorder;         /* NULL: the kernel is wanted as it is */
    dnnl_memory_t memory[N_MEMORIES]; /* NULL where there is none; KERNEL as the library wants it */
    dnnl_memory_t plain;              /* the kernel as the graph has it, where it is reordered */
    dnnl_memory_t reorder_scratch;
    size_t kernel_offset; /* of the reordered kernel in the scratch, behind the library's own */
} state;

/* Which views are what: the operands and the result of a pass. */
typedef struct parts {
    wgi_dnnl_pass pass;
    const wgi_view *image;
    const wgi_view *kernel;
    const wgi_view *result;
    const wgi_view *bias; /* NULL: none */
} parts;

static parts parts_of(const wgi_op *op, const wgi_view *in, int32_t n_in, const wgi_view *out)
{
    if (strcmp(op->name, "convolution") == 0) {
        const wgi_view *bias = n_in == 3 ? &in[2] : NULL;
        return (parts){WGI_DNNL_FORWARD, &in[0], &in[1], &out[0], bias};
    }
    if (strcmp(op->name, "convolution_data") == 0) {
        return (parts){WGI_DNNL_DATA, &out[0], &in[1], &in[0], NULL};
    }
    return (parts){WGI_DNNL_WEIGHTS, &in[0], &out[0], &in[1], NULL};
}

/* ---- accepting ------------------------------------------------------------------------------ */

static const char *check_view(const wgi_view *x, int32_t rank)
{
    int64_t bytes = (int64_t)sizeof(float);
    if (x->dtype != WG_F32) {
        return x->dtype == WG_F64 ? "f64 has no oneDNN kernel" : "the dtype is not f32";
    }
    if (x->rank != rank) {
        return "sizes do not fit";
    }
    for (int32_t i = 0; i < rank; i++) {
        if (x->dims[i] == 0) {
            return "a size is 0";
        }
        if (x->dims[i] < 0 || x->dims[i] > INT32_MAX || !wgi_dim_mul(bytes, x->dims[i], &bytes)) {
            return "sizes do not fit";
        }
    }
    return NULL;
}

static const char *check_numbers(const wgi_convolution_attr *a)
{
    for (int i = 0; i < 2; i++) {
        if (a->stride[i] > INT32_MAX || a->dilation[i] > INT32_MAX || a->before[i] > INT32_MAX ||
            a->after[i] > INT32_MAX) {
            return "a number is above 2^31 - 1";
        }
        /* A padding that whole windows fall into is not the library's to meet. */
        const int64_t reach = a->dilation[i] * (a->kernel[i] - 1) + 1;
        if (a->before[i] >= reach || a->after[i] >= reach + a->stride[i]) {
            return "windows lie in the padding alone";
        }
    }
    return NULL;
}

static double multiply_adds(const parts *p)
{
    return (double)p->result->count * (double)p->kernel->count / (double)p->kernel->dims[0];
}

static bool goes_to_native(const wgi_problem *problem, const parts *p)
{
    const wgi_convolution_pass pass = p->pass == WGI_DNNL_FORWARD ? WGI_CONVOLUTION_FORWARD
                                      : p->pass == WGI_DNNL_DATA  ? WGI_CONVOLUTION_DATA
                                                                  : WGI_CONVOLUTION_WEIGHTS;
    return wgi_convolution_is_planar(problem->attr, pass, p->image->dims[3], p->result->dims[3]);
}

const char *wgi_onednn_convolution_accepts(const wgi_problem *problem)
{
    const parts p = parts_of(problem->op, problem->in, problem->n_in, problem->out);
    const bool is_alone = problem->is_thread_invariant || problem->threads <= 1;
    if (is_alone && !wgi_onednn_can_limit_threads()) {
        return "the threads of this oneDNN cannot be limited";
    }
    const char *reason = check_view(p.image, 4);
    reason = reason != NULL ? reason : check_view(p.kernel, 4);
    reason = reason != NULL ? reason : check_view(p.result, 4);
    reason = reason != NULL ? reason : check_numbers(problem->attr);
    if (reason == NULL && multiply_adds(&p) < MIN_MULTIPLY_ADDS) {
        reason = "below 32^3 multiply-adds";
    }
    if (reason == NULL && problem->is_thread_invariant && wgi_onednn_has_native(problem->ctx)) {
        reason = "native gives the same bits on any number of threads";
    }
    if (reason == NULL && wgi_onednn_has_native(problem->ctx) && goes_to_native(problem, &p)) {
        reason = "native is faster at these sizes";
    }
    return reason;
}

/* ---- describing ----------------------------------------------------------------------------- */

/* Images in the library's order of axes, n, c, h, w. */
static dnnl_status_t describe_image(const wgi_view *x, wgi_dnnl_md *out)
{
    const int64_t *d = x->dims;
    const dnnl_dims_t dims = {d[0], d[3], d[1], d[2]};
    const dnnl_dims_t strides = {d[1] * d[2] * d[3], 1, d[2] * d[3], d[3]};
    return WGI_DNNL_MAKE(wgi_dnnl_md_make(out, 4, dims, strides, dnnl_f32));
}

/* Kernels as the graph has them, [o, c, h, w], or with groups [g, o, c, h, w]. */
static dnnl_status_t describe_kernel(const wgi_view *w, int64_t groups, bool is_plain,
                                     wgi_dnnl_md *out)
{
    const int rank = groups > 1 ? 5 : 4;
    dnnl_dims_t dims = {groups};
    dnnl_dims_t strides = {0};
    int64_t *last = dims + rank - 4;
    int64_t stride = 1;
    last[0] = w->dims[0] / groups;
    memcpy(last + 1, w->dims + 1, 3 * sizeof *last);
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i];
    }
    return is_plain ? WGI_DNNL_MAKE(wgi_dnnl_md_make(out, rank, dims, strides, dnnl_f32))
                    : WGI_DNNL_MAKE(wgi_dnnl_md_make_any(out, rank, dims));
}

static dnnl_status_t describe_bias(const wgi_view *bias, wgi_dnnl_md *out)
{
    const dnnl_dims_t dims = {bias->dims[0]};
    const dnnl_dims_t strides = {1};
    return WGI_DNNL_MAKE(wgi_dnnl_md_make(out, 1, dims, strides, dnnl_f32));
}

/* Descriptors of the operands, and of the plain kernel. */
typedef struct descriptors {
    wgi_dnnl_md md[5];
    int n; /* those that are there: image, any kernel, result, plain kernel, bias */
} descriptors;

static dnnl_status_t describe(const parts *p, int64_t groups, descriptors *d)
{
    d->n = 0;
    dnnl_status_t status = describe_image(p->image, &d->md[0]);
    d->n += status == dnnl_success;
    if (status == dnnl_success) {
        status = describe_kernel(p->kernel, groups, false, &d->md[1]);
        d->n += status == dnnl_success;
    }
    if (status == dnnl_success) {
        status = describe_image(p->result, &d->md[2]);
        d->n += status == dnnl_success;
    }
    if (status == dnnl_success) {
        status = describe_kernel(p->kernel, groups, true, &d->md[3]);
        d->n += status == dnnl_success;
    }
    if (status == dnnl_success && p->bias != NULL) {
        status = describe_bias(p->bias, &d->md[4]);
        d->n += status == dnnl_success;
    }
    return status;
}

static void forget(descriptors *d)
{
    while (d->n > 0) {
        WGI_DNNL_FREE(wgi_dnnl_md_free(&d->md[--d->n]));
    }
}

static wgi_dnnl_convolution ask_for(const wgi_convolution_attr *a, const descriptors *d,
                                    wgi_dnnl_pass pass)
{
    wgi_dnnl_convolution c = {
        .pass = pass,
        .x = wgi_dnnl_md_see(&d->md[0]),
        .w = wgi_dnnl_md_see(&d->md[1]),
        .y = wgi_dnnl_md_see(&d->md[2]),
        .bias = pass == WGI_DNNL_FORWARD && d->n == 5 ? wgi_dnnl_md_see(&d->md[4]) : NULL,
    };
    for (int i = 0; i < 2; i++) {
        c.stride[i] = a->stride[i];
        c.dilation[i] = a->dilation[i] - 1;
        c.before[i] = a->before[i];
        c.after[i] = a->after[i];
    }
    return c;
}

/* ---- making --------------------------------------------------------------------------------- */

static bool is_padded(const wgi_convolution_attr *a)
{
    return a->before[0] > 0 || a->before[1] > 0 || a->after[0] > 0 || a->after[1] > 0;
}

/* The library's own loops are not wanted. Nor is its product of matrices, which processors without
 * AVX-512 get now and then, where that sees the padding: zeros there, times an infinity or a NaN of
 * the kernel or of the result's gradient, are NaN. */
static dnnl_status_t refuse_some(const_dnnl_primitive_desc_t pd, const wgi_convolution_attr *a,
                                 wgi_dnnl_pass pass)
{
    const char *name;
    const dnnl_status_t status = wgi_onednn_implementation(pd, &name);
    if (status != dnnl_success) {
        return status;
    }
    const bool multiplies_padding = pass != WGI_DNNL_DATA && is_padded(a);
    const bool is_refused = multiplies_padding && strstr(name, "gemm") != NULL;
    return is_refused ? dnnl_unimplemented : dnnl_success;
}

static dnnl_status_t query(const_dnnl_primitive_desc_t pd, dnnl_query_t what, wgi_dnnl_md_view *out)
{
    *out = NULL;
    return WGI_DNNL(dnnl_primitive_desc_query(pd, what, 0, (void *)out));
}

static dnnl_status_t make_memory(const state *s, wgi_dnnl_md_view md, dnnl_memory_t *out)
{
    const dnnl_status_t status =
        WGI_DNNL_MAKE(dnnl_memory_create(out, md, s->owner->engine, DNNL_MEMORY_NONE));
    if (status != dnnl_success) {
        *out = NULL;
    }
    return status;
}

static dnnl_status_t make_primitive(const_dnnl_primitive_desc_t pd, dnnl_primitive_t *out)
{
    const dnnl_status_t status = WGI_DNNL_MAKE(dnnl_primitive_create(out, pd));
    if (status != dnnl_success) {
        *out = NULL;
    }
    return status;
}

/* Room in the scratch for what a primitive asks for; 0 for nothing. */
static dnnl_status_t make_scratch(const state *s, const_dnnl_primitive_desc_t pd,
                                  dnnl_memory_t *memory, size_t *bytes)
{
    wgi_dnnl_md_view md;
    const dnnl_status_t status = query(pd, dnnl_query_scratchpad_md, &md);
    const size_t size = status == dnnl_success && md != NULL ? dnnl_memory_desc_get_size(md) : 0;
    *bytes = size > *bytes ? size : *bytes;
    return size > 0 ? make_memory(s, md, memory) : status;
}

/* The step between the graph's kernel and the library's, in the direction of the pass. */
static dnnl_status_t make_reorder(state *s, wgi_dnnl_md_view plain, wgi_dnnl_md_view own,
                                  size_t *bytes)
{
    const bool is_out = s->pass == WGI_DNNL_WEIGHTS;
    const dnnl_engine_t engine = s->owner->engine;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = make_memory(s, plain, &s->plain);
    if (status == dnnl_success) {
        status = WGI_DNNL_MAKE(dnnl_reorder_primitive_desc_create(
            &pd, is_out ? own : plain, engine, is_out ? plain : own, engine, s->owner->attr));
    }
    if (status == dnnl_success) {
        status = make_scratch(s, pd, &s->reorder_scratch, bytes);
        if (status == dnnl_success) {
            status = make_primitive(pd, &s->reorder);
        }
        WGI_DNNL_FREE(dnnl_primitive_desc_destroy(pd));
    }
    return status;
}

static dnnl_status_t make_kernel(state *s, const_dnnl_primitive_desc_t pd, wgi_dnnl_md_view plain,
                                 size_t *bytes, size_t *kernel_bytes)
{
    wgi_dnnl_md_view own;
    const bool is_gradient = s->pass == WGI_DNNL_WEIGHTS;
    dnnl_status_t status =
        query(pd, is_gradient ? dnnl_query_diff_weights_md : dnnl_query_weights_md, &own);
    if (status == dnnl_success) {
        status = make_memory(s, own, &s->memory[KERNEL]);
    }
    if (status == dnnl_success && !dnnl_memory_desc_equal(own, plain)) {
        *kernel_bytes = dnnl_memory_desc_get_size(own);
        status = make_reorder(s, plain, own, bytes);
    }
    return status;
}

static dnnl_status_t make_memories(state *s, const descriptors *d)
{
    dnnl_status_t status = make_memory(s, wgi_dnnl_md_see(&d->md[0]), &s->memory[IMAGE]);
    if (status == dnnl_success) {
        status = make_memory(s, wgi_dnnl_md_see(&d->md[2]), &s->memory[RESULT]);
    }
    if (status == dnnl_success && s->has_bias) {
        status = make_memory(s, wgi_dnnl_md_see(&d->md[4]), &s->memory[BIAS]);
    }
    return status;
}

/* All that a description of the pass gives. *bytes: of the scratch that the library asks for;
 * *kernel_bytes: of the reordered kernel behind it. */
static dnnl_status_t make_from(state *s, const_dnnl_primitive_desc_t pd, const descriptors *d,
                               size_t *bytes, size_t *kernel_bytes)
{
    dnnl_status_t status = make_scratch(s, pd, &s->memory[SCRATCH], bytes);
    if (status == dnnl_success) {
        status = make_kernel(s, pd, wgi_dnnl_md_see(&d->md[3]), bytes, kernel_bytes);
    }
    if (status == dnnl_success) {
        status = make_memories(s, d);
    }
    return status == dnnl_success ? make_primitive(pd, &s->convolution) : status;
}

/* Gradients are described with the forward pass that they belong to. */
static dnnl_status_t describe_pass(const state *s, const wgi_convolution_attr *a,
                                   const descriptors *d, dnnl_primitive_desc_t *out)
{
    const wgi_onednn *o = s->owner;
    const wgi_dnnl_convolution forward = ask_for(a, d, WGI_DNNL_FORWARD);
    dnnl_status_t status =
        WGI_DNNL_MAKE(wgi_dnnl_convolution_describe(out, o->engine, &forward, o->attr, NULL));
    if (status == dnnl_success && s->pass != WGI_DNNL_FORWARD) {
        const wgi_dnnl_convolution c = ask_for(a, d, s->pass);
        dnnl_primitive_desc_t hint = *out;
        *out = NULL;
        status = WGI_DNNL_MAKE(wgi_dnnl_convolution_describe(out, o->engine, &c, o->attr, hint));
        WGI_DNNL_FREE(dnnl_primitive_desc_destroy(hint));
    }
    return status;
}

static dnnl_status_t make(state *s, const parts *p, const wgi_convolution_attr *a, size_t *bytes,
                          size_t *kernel_bytes)
{
    descriptors d;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t status = describe(p, a->groups, &d);
    if (status == dnnl_success) {
        status = describe_pass(s, a, &d, &pd);
    }
    if (status == dnnl_success) {
        status = refuse_some(pd, a, s->pass);
        if (status == dnnl_success) {
            status = make_from(s, pd, &d, bytes, kernel_bytes);
        }
        WGI_DNNL_FREE(dnnl_primitive_desc_destroy(pd));
    }
    forget(&d);
    return status;
}

static void free_memory(dnnl_memory_t memory)
{
    if (memory != NULL) {
        WGI_DNNL_FREE(dnnl_memory_destroy(memory));
    }
}

static void free_primitive(dnnl_primitive_t primitive)
{
    if (primitive != NULL) {
        WGI_DNNL_FREE(dnnl_primitive_destroy(primitive));
    }
}

static void unmake(state *s)
{
    for (int i = 0; i < N_MEMORIES; i++) {
        free_memory(s->memory[i]);
    }
    free_memory(s->plain);
    free_memory(s->reorder_scratch);
    free_primitive(s->convolution);
    free_primitive(s->reorder);
    wgi_release(s->owner->memory, s, sizeof *s);
}

/* ---- the kernel ----------------------------------------------------------------------------- */

static int64_t threads_of(const wgi_problem *problem, const parts *p)
{
    const bool is_alone = problem->is_thread_invariant || problem->threads <= 1 ||
                          multiply_adds(p) < MIN_PARALLEL_MULTIPLY_ADDS;
    return is_alone ? 1 : problem->threads;
}

static wg_status status_of(dnnl_status_t status)
{
    if (status == dnnl_success) {
        return WG_OK;
    }
    return status == dnnl_unimplemented ? WG_ERR_UNSUPPORTED : WG_ERR_ENGINE;
}

wg_status wgi_onednn_convolution_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const parts p = parts_of(problem->op, problem->in, problem->n_in, problem->out);
    wgi_onednn *owner = problem->backend;
    size_t bytes = 0;
    size_t kernel_bytes = 0;
    memset(out, 0, sizeof *out);
    state *s = wgi_alloc_zeroed(owner->memory, 1, sizeof *s);
    if (s == NULL) {
        return WG_ERR_MEMORY;
    }
    s->owner = owner;
    s->pass = p.pass;
    s->has_bias = p.bias != NULL;
    s->threads = threads_of(problem, &p);
    const int before = wgi_onednn_threads_limit(s->threads);
    wg_status status = status_of(make(s, &p, problem->attr, &bytes, &kernel_bytes));
    wgi_onednn_threads_restore(before, s->threads);
    if (status == WG_OK && !(wgi_size_align(bytes, ALIGNMENT, &s->kernel_offset) &&
                             wgi_size_add(s->kernel_offset, kernel_bytes, &bytes))) {
        status = WG_ERR_UNSUPPORTED;
    }
    if (status != WG_OK) {
        unmake(s);
        return status;
    }
    *out = (wgi_prepared){.state = s,
                          .state_bytes = sizeof *s + WGI_DNNL_PRIMITIVE_BYTES,
                          .scratch_bytes = bytes,
                          .threads = (int32_t)s->threads};
    return WG_OK;
}

static dnnl_status_t point(dnnl_memory_t memory, void *data)
{
    return memory == NULL ? dnnl_success : WGI_DNNL(dnnl_memory_set_data_handle(memory, data));
}

static dnnl_status_t point_all(const state *s, const parts *p, unsigned char *scratch)
{
    void *own = s->reorder != NULL ? scratch + s->kernel_offset : p->kernel->data;
    void *const data[N_MEMORIES] = {p->image->data, own, p->result->data,
                                    p->bias != NULL ? p->bias->data : NULL, scratch};
    dnnl_status_t status = point(s->plain, p->kernel->data);
    if (status == dnnl_success) {
        status = point(s->reorder_scratch, scratch);
    }
    for (int i = 0; status == dnnl_success && i < N_MEMORIES; i++) {
        status = point(s->memory[i], data[i]);
    }
    return status;
}

static dnnl_status_t run_reorder(const state *s)
{
    const bool is_out = s->pass == WGI_DNNL_WEIGHTS;
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_FROM, is_out ? s->memory[KERNEL] : s->plain},
        {DNNL_ARG_TO, is_out ? s->plain : s->memory[KERNEL]},
        {DNNL_ARG_SCRATCHPAD, s->reorder_scratch},
    };
    const int n = s->reorder_scratch != NULL ? 3 : 2;
    return s->reorder == NULL
               ? dnnl_success
               : WGI_DNNL(dnnl_primitive_execute(s->reorder, s->owner->stream, n, args));
}

static dnnl_status_t run_convolution(const state *s)
{
    static const int ids[][N_MEMORIES] = {
        {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS, DNNL_ARG_SCRATCHPAD},
        {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST, DNNL_ARG_BIAS,
         DNNL_ARG_SCRATCHPAD},
        {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST, DNNL_ARG_BIAS,
         DNNL_ARG_SCRATCHPAD},
    };
    dnnl_exec_arg_t args[N_MEMORIES];
    int n = 0;
    for (int i = 0; i < N_MEMORIES; i++) {
        if (s->memory[i] != NULL) {
            args[n++] = (dnnl_exec_arg_t){.arg = ids[s->pass][i], .memory = s->memory[i]};
        }
    }
    return WGI_DNNL(dnnl_primitive_execute(s->convolution, s->owner->stream, n, args));
}

static dnnl_status_t run_all(const state *s, const parts *p, void *scratch)
{
    const bool is_out = s->pass == WGI_DNNL_WEIGHTS;
    dnnl_status_t status = point_all(s, p, scratch);
    if (status == dnnl_success) {
        status = is_out ? run_convolution(s) : run_reorder(s);
    }
    if (status == dnnl_success) {
        status = is_out ? run_reorder(s) : run_convolution(s);
    }
    return status == dnnl_success ? WGI_DNNL(dnnl_stream_wait(s->owner->stream)) : status;
}

wg_status wgi_onednn_convolution_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const state *s = prepared->state;
    const parts p = parts_of(args->op, args->in, args->n_in, args->out);
    const int before = wgi_onednn_threads_limit(s->threads);
    const dnnl_status_t status = run_all(s, &p, args->scratch);
    wgi_onednn_threads_restore(before, s->threads);
    return status == dnnl_success ? WG_OK : WG_ERR_ENGINE;
}

void wgi_onednn_convolution_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    (void)ctx;
    if (prepared->state != NULL) {
        unmake(prepared->state);
    }
    memset(prepared, 0, sizeof *prepared);
}
