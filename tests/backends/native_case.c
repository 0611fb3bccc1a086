/* One native kernel on its own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native_case.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/dtype.h"
#include "ops/table.h"
#include "support/plain_context.h"

#define GUARD_BYTES 64

static void *guarded(size_t bytes)
{
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, 64, bytes + GUARD_BYTES), 0);
    memset(data, 0xa5, bytes + GUARD_BYTES);
    return data;
}

static bool is_guard_whole(const void *data, size_t bytes)
{
    const unsigned char *guard = (const unsigned char *)data + bytes;
    bool is_whole = true;
    for (size_t i = 0; i < GUARD_BYTES; i++) {
        is_whole &= guard[i] == 0xa5;
    }
    return is_whole;
}

size_t wgt_view_bytes(const wgi_view *v)
{
    return (size_t)v->count * wg_dtype_size((wg_dtype)v->dtype) + 8;
}

wgi_view wgt_view(int dtype, int32_t rank, const int64_t *dims)
{
    wgi_view v = {NULL, dtype, rank, dims, 1};
    for (int32_t i = 0; i < rank; i++) {
        v.count *= dims[i];
    }
    v.data = guarded(wgt_view_bytes(&v));
    return v;
}

/* The first kernel of an op that takes the problem, as the planner asks them; else the last. */
static const wgi_kernel *kernel_of(const char *op, const wgi_problem *problem)
{
    const wgi_kernel *found = NULL;
    for (int32_t i = 0; i < wgi_native_backend.n_kernels; i++) {
        const wgi_kernel *kernel = &wgi_native_backend.kernels[i];
        if (kernel->op != NULL && strcmp(kernel->op, op) == 0 &&
            (found == NULL || found->accepts(problem) != NULL)) {
            found = kernel;
        }
    }
    if (found == NULL) {
        fail_msg("no native kernel of %s", op);
    }
    return found;
}

static const wgi_op *op_of(const char *name)
{
    const wgi_op_table *table = wgi_op_table_get();
    uint16_t op = 1;
    while (strcmp(table->ops[op]->name, name) != 0) {
        op++;
        assert_true(op < table->count);
    }
    return table->ops[op];
}

static wgi_problem problem_of(const wgt_native_case *c, wg_context *ctx, wgi_native *native,
                              int32_t threads)
{
    return (wgi_problem){.ctx = ctx,
                         .backend = native,
                         .op = op_of(c->op),
                         .n_in = c->n_in,
                         .n_out = c->n_out,
                         .in = c->in,
                         .out = c->out,
                         .attr = c->attr,
                         .threads = threads};
}

const char *wgt_native_refusal(const wgt_native_case *c)
{
    wgi_native native = {.isa = WGI_ISA_BASE};
    const wgi_problem problem = problem_of(c, NULL, &native, 1);
    return kernel_of(c->op, &problem)->accepts(&problem);
}

wg_status wgt_native_run(const wgt_native_case *c, wgi_isa isa, int32_t threads, wgi_fault *fault)
{
    wgt_plain plain;
    wgt_plain_start(&plain);
    wgi_native native = {.isa = isa};
    const wgi_problem problem = problem_of(c, &plain.ctx, &native, threads);
    const wgi_kernel *kernel = kernel_of(c->op, &problem);
    wgi_prepared prepared = {.state = NULL};
    assert_null(kernel->accepts(&problem));
    if (kernel->prepare != NULL) {
        assert_int_equal(kernel->prepare(&problem, &prepared), WG_OK);
    }
    void *scratch = guarded(prepared.scratch_bytes);
    const wgi_args args = {.in = c->in,
                           .out = c->out,
                           .n_in = c->n_in,
                           .n_out = c->n_out,
                           .attr = c->attr,
                           .scratch = scratch,
                           .fault = fault};
    const wg_status status = kernel->run(&prepared, &args);
    assert_true(is_guard_whole(scratch, prepared.scratch_bytes));
    free(scratch);
    if (kernel->destroy != NULL) {
        kernel->destroy(&plain.ctx, &prepared);
    }
    for (int32_t i = 0; i < c->n_out; i++) {
        assert_true(is_guard_whole(c->out[i].data, wgt_view_bytes(&c->out[i]) - 8));
    }
    wgt_plain_finish(&plain);
    return status;
}

wg_status wgt_reference_run(const wgt_native_case *c, wgi_fault *fault)
{
    const wgi_op *op = op_of(c->op);
    const int32_t dtype = op->dispatch < 0 ? c->out[0].dtype : c->in[op->dispatch].dtype;
    const wgi_args args = {.in = c->in,
                           .out = c->out,
                           .n_in = c->n_in,
                           .n_out = c->n_out,
                           .attr = c->attr,
                           .fault = fault};
    return op->reference[dtype](&args);
}

void wgt_view_draw(const wgi_view *v, wg_rng *rng, bool has_specials)
{
    const double specials[8] = {0.0,         -0.0,     (double)INFINITY, -(double)INFINITY,
                                (double)NAN, 0x1p-149, -0x1.fffffep127,  0x1p-126};
    for (int64_t i = 0; i < v->count; i++) {
        const uint64_t pick = wg_rng_below(rng, 64);
        const double value = has_specials && pick < 8 ? specials[pick] : wg_rng_normal(rng);
        wgi_store_double(v->dtype, v->data, i, value);
    }
}

static double error_of(double a, double b, double least)
{
    if (a == b || (isnan(a) && isnan(b))) {
        return 0.0;
    }
    const double error = fabs(a - b) / (fabs(b) + least);
    return isfinite(a) && isfinite(b) ? error : (double)INFINITY;
}

double wgt_view_error(const wgi_view *a, const wgi_view *b, double least)
{
    double worst = 0.0;
    for (int64_t i = 0; i < a->count; i++) {
        worst = fmax(worst, error_of(wgi_load_double(a->dtype, a->data, i),
                                     wgi_load_double(b->dtype, b->data, i), least));
    }
    return worst;
}
