/* Groups built by hand.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/group_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native/isa.h"
#include "core/context.h"

/* Bytes after each array that nobody may touch. */
#define GUARD_BYTES 64
#define GUARD_BYTE 0x5c

static size_t bytes_of(const wgt_value *v)
{
    return (size_t)v->view.count * wg_dtype_size((wg_dtype)v->view.dtype);
}

static void *new_array(size_t bytes)
{
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, 64, bytes + GUARD_BYTES), 0);
    memset(data, 0xa5, bytes);
    memset((char *)data + bytes, GUARD_BYTE, GUARD_BYTES);
    return data;
}

static void free_array(void *data, size_t bytes)
{
    const unsigned char *guard = (const unsigned char *)data + bytes;
    for (size_t i = 0; data != NULL && i < GUARD_BYTES; i++) {
        assert_int_equal(guard[i], GUARD_BYTE);
    }
    free(data);
}

bool wgt_isa_is_lacking(void)
{
    const char *wanted = getenv("WENGERT_ISA");
    const bool is_lacking = wanted != NULL && strcmp(wanted, wgi_isa_name(wgi_isa_detect())) != 0;
    if (is_lacking) {
        print_message("skipped: this machine lacks %s\n", wanted);
    }
    return is_lacking;
}

void wgt_group_start(wgt_group *g, wg_context *ctx, size_t room, int32_t rank, const int64_t *dims)
{
    memset(g, 0, sizeof *g);
    g->ctx = ctx;
    for (int32_t i = 0; i < ctx->n_backends; i++) {
        if (strcmp(ctx->backends[i].backend->name, "native") == 0) {
            g->backend = ctx->backends[i].backend;
            g->backend_state = ctx->backends[i].state;
        }
    }
    assert_non_null(g->backend);
    g->threads = 1;
    g->rank = rank;
    g->count = 1;
    for (int32_t i = 0; i < rank; i++) {
        g->dims[i] = dims[i];
        g->count *= dims[i];
    }
    g->values = calloc(room, sizeof *g->values);
    g->members = calloc(room, sizeof *g->members);
    g->outputs = calloc(room, sizeof *g->outputs);
    g->numbers = calloc(room, sizeof *g->numbers);
    g->in = calloc(room, sizeof *g->in);
    g->out = calloc(room, sizeof *g->out);
}

void wgt_group_finish(wgt_group *g)
{
    wgt_group_release(g);
    for (size_t i = 0; i < g->n_values; i++) {
        bool is_shared = false;
        for (size_t k = 0; k < g->n_in; k++) {
            is_shared = is_shared || (k != i && g->values[k].together == g->values[i].together);
        }
        free_array(g->values[i].alone, bytes_of(&g->values[i]));
        if (!is_shared || i < g->n_in) {
            free_array(g->values[i].together, bytes_of(&g->values[i]));
        }
    }
    free(g->values);
    free(g->members);
    free(g->outputs);
    free(g->numbers);
    free(g->in);
    free(g->out);
}

static uint32_t new_value(wgt_group *g, int dtype, int32_t rank, const int64_t *dims)
{
    wgt_value *v = &g->values[g->n_values];
    v->view = (wgi_view){.dtype = dtype, .rank = rank, .count = 1};
    for (int32_t i = 0; i < rank; i++) {
        v->dims[i] = dims[i];
        v->view.count *= dims[i];
    }
    v->view.dims = v->dims;
    v->alone = new_array(bytes_of(v));
    return (uint32_t)g->n_values++;
}

uint32_t wgt_group_input(wgt_group *g, int dtype, int32_t rank, const int64_t *dims)
{
    const uint32_t value = new_value(g, dtype, rank, dims);
    assert_int_equal(value, g->n_in);
    g->values[value].together = new_array(bytes_of(&g->values[value]));
    g->n_in++;
    return value;
}

static uint16_t op_named(const wg_context *ctx, const char *name)
{
    for (uint16_t op = 1; op < ctx->ops->count; op++) {
        if (strcmp(ctx->ops->ops[op]->name, name) == 0) {
            return op;
        }
    }
    fail_msg("no op %s", name);
    return 0;
}

static wgi_member *add_member(wgt_group *g, const char *op, int dtype, int n_in, const uint32_t *in)
{
    wgi_member *m = &g->members[g->n_values - g->n_in];
    m->op = op_named(g->ctx, op);
    m->n_in = (uint8_t)n_in;
    m->dtype = (uint8_t)dtype;
    m->out = WGI_INSIDE;
    m->number = WGI_NO_NUMBER;
    for (int k = 0; k < n_in; k++) {
        m->in[k] = in[k];
    }
    return m;
}

uint32_t wgt_group_member(wgt_group *g, const char *op, int dtype, int n_in, const uint32_t *in)
{
    add_member(g, op, dtype, n_in, in);
    return new_value(g, dtype, g->rank, g->dims);
}

uint32_t wgt_group_numbered(wgt_group *g, const char *op, int dtype, int n_in, const uint32_t *in,
                            double number)
{
    wgi_member *m = add_member(g, op, dtype, n_in, in);
    m->number = (uint32_t)g->n_numbers;
    g->numbers[g->n_numbers++] = number;
    return new_value(g, dtype, g->rank, g->dims);
}

uint32_t wgt_group_end(wgt_group *g, const char *op, uint32_t x, const void *attr,
                       size_t attr_bytes, int32_t rank, const int64_t *dims)
{
    const int dtype = g->values[x].view.dtype;
    wgi_member *m = add_member(g, op, dtype, 1, &x);
    m->attr = (uint32_t)g->n_attrs;
    memcpy(g->attrs + g->n_attrs, attr, attr_bytes);
    g->n_attrs += (attr_bytes + 7) / 8;
    assert_true(g->n_attrs <= sizeof g->attrs / sizeof *g->attrs);
    const uint32_t value = new_value(g, dtype, rank, dims);
    wgt_group_output(g, value);
    return value;
}

void wgt_group_output(wgt_group *g, uint32_t value)
{
    g->members[value - g->n_in].out = (uint32_t)g->n_out;
    g->values[value].together = new_array(bytes_of(&g->values[value]));
    g->outputs[g->n_out++] = value;
}

void wgt_group_share(wgt_group *g, uint32_t value, uint32_t input)
{
    free_array(g->values[value].together, bytes_of(&g->values[value]));
    g->values[value].together = g->values[input].together;
}

/* ---- at once ------------------------------------------------------------------------------ */

static void set_views(wgt_group *g, bool has_data)
{
    for (size_t i = 0; i < g->n_in; i++) {
        g->in[i] = g->values[i].view;
        g->in[i].data = has_data ? g->values[i].together : NULL;
    }
    for (size_t i = 0; i < g->n_out; i++) {
        g->out[i] = g->values[g->outputs[i]].view;
        g->out[i].data = has_data ? g->values[g->outputs[i]].together : NULL;
    }
}

wg_status wgt_group_prepare(wgt_group *g)
{
    const wgi_group group = {
        .members = g->members,
        .n_members = (uint32_t)(g->n_values - g->n_in),
        .rank = g->rank,
        .dims = g->dims,
        .count = g->count,
        .attrs = g->attrs,
    };
    const wgi_problem problem = {
        .ctx = g->ctx,
        .backend = g->backend_state,
        .group = &group,
        .n_in = (int32_t)g->n_in,
        .n_out = (int32_t)g->n_out,
        .in = g->in,
        .out = g->out,
        .threads = g->threads,
    };
    set_views(g, false);
    const wg_status status = g->backend->group->prepare(&problem, &g->prepared);
    if (status == WG_OK) {
        g->scratch = new_array(g->prepared.scratch_bytes);
    }
    return status;
}

wg_status wgt_group_run(wgt_group *g)
{
    set_views(g, true);
    for (size_t i = 0; i < g->n_in; i++) {
        if (g->values[i].view.count > 0) {
            memcpy(g->values[i].together, g->values[i].alone, bytes_of(&g->values[i]));
        }
    }
    const wgi_args args = {
        .in = g->in,
        .out = g->out,
        .n_in = (int32_t)g->n_in,
        .n_out = (int32_t)g->n_out,
        .numbers = g->numbers,
        .scratch = g->scratch,
    };
    return g->backend->group->run(&g->prepared, &args);
}

void wgt_group_release(wgt_group *g)
{
    free_array(g->scratch, g->prepared.scratch_bytes);
    g->scratch = NULL;
    g->backend->group->destroy(g->ctx, &g->prepared);
    memset(&g->prepared, 0, sizeof g->prepared);
}

/* ---- one by one --------------------------------------------------------------------------- */

static const wgi_kernel *kernel_for(const wgt_group *g, const wgi_problem *problem)
{
    for (int32_t i = 0; i < g->backend->n_kernels; i++) {
        const wgi_kernel *kernel = &g->backend->kernels[i];
        const bool is_asked = kernel->op == NULL || strcmp(kernel->op, problem->op->name) == 0;
        if (is_asked && kernel->accepts(problem) == NULL) {
            return kernel;
        }
    }
    fail_msg("no kernel of %s", problem->op->name);
    return NULL;
}

static void run_member(const wgt_group *g, const wgi_member *m, wgt_value *y)
{
    wgi_view in[3];
    wgi_view out = y->view;
    out.data = y->alone;
    for (int k = 0; k < m->n_in; k++) {
        in[k] = g->values[m->in[k]].view;
        in[k].data = g->values[m->in[k]].alone;
    }
    const wgi_problem problem = {
        .ctx = g->ctx,
        .backend = g->backend_state,
        .op = g->ctx->ops->ops[m->op],
        .op_id = m->op,
        .n_in = m->n_in,
        .n_out = 1,
        .in = in,
        .out = &out,
        .attr = g->attrs + m->attr,
        .threads = 1,
    };
    const wgi_kernel *kernel = kernel_for(g, &problem);
    wgi_prepared prepared = {.state = NULL};
    assert_int_equal(kernel->prepare(&problem, &prepared), WG_OK);
    void *scratch = new_array(prepared.scratch_bytes);
    const wgi_args args = {
        .in = in,
        .out = &out,
        .n_in = m->n_in,
        .n_out = 1,
        .attr = problem.attr,
        .numbers = m->number != WGI_NO_NUMBER ? g->numbers + m->number : NULL,
        .scratch = scratch,
    };
    assert_int_equal(kernel->run(&prepared, &args), WG_OK);
    free_array(scratch, prepared.scratch_bytes);
    if (kernel->destroy != NULL) {
        kernel->destroy(g->ctx, &prepared);
    }
}

void wgt_group_run_alone(wgt_group *g)
{
    for (size_t v = g->n_in; v < g->n_values; v++) {
        run_member(g, &g->members[v - g->n_in], &g->values[v]);
    }
}

/* ---- both --------------------------------------------------------------------------------- */

static bool is_nan_at(int dtype, const void *data, int64_t i)
{
    return dtype == WG_F32   ? isnan(((const float *)data)[i])
           : dtype == WG_F64 ? isnan(((const double *)data)[i])
                             : false;
}

static bool is_same(const wgt_value *v)
{
    const size_t size = wg_dtype_size((wg_dtype)v->view.dtype);
    for (int64_t i = 0; i < v->view.count; i++) {
        const size_t at = (size_t)i * size;
        const bool are_nan =
            is_nan_at(v->view.dtype, v->alone, i) && is_nan_at(v->view.dtype, v->together, i);
        if (!are_nan && memcmp((char *)v->alone + at, (char *)v->together + at, size) != 0) {
            return false;
        }
    }
    return true;
}

bool wgt_group_agrees(const wgt_group *g)
{
    for (size_t i = 0; i < g->n_out; i++) {
        if (!is_same(&g->values[g->outputs[i]])) {
            return false;
        }
    }
    return true;
}
