/* A backend of groups whose evaluation cannot be wrong.
 * SPDX-License-Identifier: Apache-2.0 */
#include "stepwise.h"

#include <string.h>

#include "core/context.h"
#include "support/cmocka_all.h"

/* A copy of the group as it was planned, and of the views of its values. */
typedef struct stepwise {
    const wgi_op_table *ops;
    wgi_group group;
    uint32_t n_in;
    wgi_member *members;
    uint64_t *attrs;
    int64_t *dims;
    size_t attr_bytes;
    size_t value_bytes; /* room of one member's value in scratch */
} stepwise;

static wgi_joining joins(const wgi_problem *problem)
{
    if ((problem->op->traits & WGI_RANDOM) != 0 || problem->op->n_out != 1 || problem->n_in > 3) {
        return WGI_STAYS_OUT;
    }
    if ((problem->op->traits & WGI_REDUCTION) != 0) {
        return WGI_ENDS;
    }
    return (problem->op->traits & (WGI_POINTWISE | WGI_FILL)) != 0 ? WGI_JOINS : WGI_STAYS_OUT;
}

static size_t words_of_attrs(const wgi_problem *problem)
{
    size_t words = 0;
    for (uint32_t i = 0; i < problem->group->n_members; i++) {
        const wgi_member *m = &problem->group->members[i];
        const size_t n = (problem->ctx->ops->ops[m->op]->attr_bytes + 7) / 8;
        words = n > 0 && m->attr + n > words ? m->attr + n : words;
    }
    return words;
}

static void *copy(const wg_allocator *a, const void *from, size_t bytes)
{
    void *to = wgi_alloc(a, bytes);
    if (to != NULL && bytes > 0) {
        memcpy(to, from, bytes);
    }
    return to;
}

static wg_status prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wg_allocator *a = &problem->ctx->memory;
    const wgi_group *g = problem->group;
    stepwise *s = wgi_alloc_zeroed(a, 1, sizeof *s);
    if (s == NULL) {
        return WG_ERR_MEMORY;
    }
    s->ops = problem->ctx->ops;
    s->group = *g;
    s->n_in = (uint32_t)problem->n_in;
    s->attr_bytes = words_of_attrs(problem) * sizeof(uint64_t) + 8;
    s->members = copy(a, g->members, g->n_members * sizeof *g->members);
    s->attrs = wgi_alloc_zeroed(a, 1, s->attr_bytes);
    s->dims = wgi_alloc_zeroed(a, WG_MAX_RANK, sizeof *s->dims);
    assert_true(s->members != NULL && s->attrs != NULL && s->dims != NULL);
    if (s->attr_bytes > 8) {
        memcpy(s->attrs, g->attrs, s->attr_bytes - 8);
    }
    if (g->rank > 0) {
        memcpy(s->dims, g->dims, (size_t)g->rank * sizeof *g->dims);
    }
    s->value_bytes = ((size_t)g->count * 16 + 63) / 64 * 64;
    *out = (wgi_prepared){.state = s, .scratch_bytes = s->value_bytes * (g->n_members + 1)};
    return WG_OK;
}

static wgi_view view_of(const stepwise *s, const wgi_args *args, uint32_t value)
{
    if (value < s->n_in) {
        return args->in[value];
    }
    const wgi_member *m = &s->members[value - s->n_in];
    return (wgi_view){
        .data = (char *)args->scratch + (value - s->n_in) * s->value_bytes,
        .dtype = m->dtype,
        .rank = s->group.rank,
        .dims = s->dims,
        .count = s->group.count,
    };
}

static wg_status run_member(const stepwise *s, const wgi_args *args, uint32_t i)
{
    const wgi_member *m = &s->members[i];
    const wgi_op *op = s->ops->ops[m->op];
    wgi_view in[3];
    for (uint32_t k = 0; k < m->n_in; k++) {
        in[k] = view_of(s, args, m->in[k]);
    }
    const bool is_end = (op->traits & WGI_REDUCTION) != 0;
    const wgi_view out = is_end ? args->out[m->out] : view_of(s, args, s->n_in + i);
    const wgi_args one = {
        .in = in,
        .out = &out,
        .n_in = m->n_in,
        .n_out = 1,
        .attr = op->attr_bytes > 0 ? s->attrs + m->attr : NULL,
        .numbers = m->number != WGI_NO_NUMBER ? args->numbers + m->number : NULL,
        .fault = args->fault,
    };
    const wg_status status =
        op->reference[op->dispatch < 0 ? out.dtype : in[op->dispatch].dtype](&one);
    if (!is_end && m->out != WGI_INSIDE) {
        memcpy(args->out[m->out].data, out.data,
               (size_t)out.count * wg_dtype_size((wg_dtype)out.dtype));
    }
    return status;
}

static wg_status run(const wgi_prepared *prepared, const wgi_args *args)
{
    const stepwise *s = prepared->state;
    wg_status status = WG_OK;
    for (uint32_t i = 0; i < s->group.n_members && status == WG_OK; i++) {
        status = run_member(s, args, i);
    }
    return status;
}

static void destroy(wg_context *ctx, wgi_prepared *prepared)
{
    const wg_allocator *a = &ctx->memory;
    stepwise *s = prepared->state;
    if (s == NULL) {
        return;
    }
    wgi_release(a, s->members, s->group.n_members * sizeof *s->members);
    wgi_release(a, s->attrs, s->attr_bytes);
    wgi_release(a, s->dims, WG_MAX_RANK * sizeof *s->dims);
    wgi_release(a, s, sizeof *s);
}

static const wgi_kernel group = {
    .name = "stepwise.group",
    .prepare = prepare,
    .run = run,
    .destroy = destroy,
};

static const wgi_backend backend = {
    .name = "stepwise",
    .group = &group,
    .joins = joins,
};

/* Before all others, so that it is the one that is asked. */
void wgt_stepwise_add(wg_context *ctx)
{
    assert_true(ctx->n_backends < WGI_MAX_BACKENDS);
    memmove(ctx->backends + 1, ctx->backends, (size_t)ctx->n_backends * sizeof *ctx->backends);
    ctx->backends[0] = (wgi_backend_slot){.backend = &backend};
    ctx->n_backends++;
}
