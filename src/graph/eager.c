/* Single ops: eager contexts run each when it is recorded, shadows apply one to other data.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/eager.h"

#include <string.h>

#include "graph/plan.h"
#include "graph/record.h"

wg_status wgi_single_run(const wgi_single *s, wgi_fault *fault)
{
    wg_context *ctx = s->ctx;
    wgi_problem problem = {
        .ctx = ctx,
        .op = s->op,
        .op_id = s->op_id,
        .n_in = s->n_in,
        .n_out = s->op->n_out,
        .in = s->views,
        .out = s->views + s->n_in,
        .attr = s->attr,
        .threads = ctx->threads,
        .is_thread_invariant = ctx->is_thread_invariant,
    };
    wgi_choice choice;
    wg_status status = wgi_dispatch(&problem, s->first_backend, &choice);
    if (status != WG_OK) {
        return status;
    }
    size_t scratch_bytes = choice.prepared.scratch_bytes;
    void *scratch = scratch_bytes > 0 ? wgi_alloc(&ctx->memory, scratch_bytes) : NULL;
    if (scratch_bytes > 0 && scratch == NULL) {
        status = WG_ERR_MEMORY;
    } else {
        wgi_args args = {
            .op = s->op,
            .hooks = s->hooks,
            .in = problem.in,
            .out = problem.out,
            .n_in = problem.n_in,
            .n_out = problem.n_out,
            .attr = s->attr,
            .numbers = s->numbers,
            .key = s->key,
            .scratch = scratch,
            .fault = fault,
        };
        bool is_tainted = false;
        status = wgi_run_kernel(ctx, s->op, &choice, &args, &is_tainted);
        ctx->kernel_runs[wgi_counter(s->op_id, choice.backend)]++;
    }
    wgi_release(&ctx->memory, scratch, scratch_bytes);
    if (choice.kernel->destroy != NULL) {
        choice.kernel->destroy(ctx, &choice.prepared);
    }
    return status;
}

wg_status wgi_single_make(wg_graph *g, uint32_t node, wgi_single *s)
{
    const wg_allocator *a = &g->ctx->memory;
    const wgi_entry *r = wgi_record_at(&g->list, node);
    const wgi_op *op = g->ctx->ops->ops[r->op];
    memset(s, 0, sizeof *s);
    s->ctx = g->ctx;
    s->op = op;
    s->hooks = &g->hooks;
    s->op_id = r->op;
    s->n_in = r->n_in;
    s->attr = wgi_attrs_of(&g->list, r);
    s->key = wgi_random_key_make(g->ctx->seed, g->stream, g->step);
    size_t n_views = (size_t)r->n_in + (size_t)op->n_out;
    s->views = wgi_alloc_zeroed(a, n_views, sizeof *s->views);
    s->numbers = wgi_alloc_zeroed(a, (size_t)op->n_numbers + 1, sizeof *s->numbers);
    if (s->views == NULL || s->numbers == NULL) {
        wgi_single_free(s);
        return WG_ERR_MEMORY;
    }
    const uint32_t *in = wgi_inputs_of(&g->list, r);
    for (uint32_t i = 0; i < r->n_in; i++) {
        s->views[i] = wgi_record_view(&g->list, wgi_record_at(&g->list, in[i]));
    }
    for (int32_t i = 0; i < op->n_out; i++) {
        s->views[r->n_in + i] = wgi_record_view(&g->list, r + i);
    }
    for (int32_t i = 0; i < op->n_numbers; i++) {
        const wgi_number_entry *entries = g->list.numbers.data;
        s->numbers[i] = entries[r->number + (uint32_t)i].value;
    }
    return WG_OK;
}

void wgi_single_free(wgi_single *s)
{
    const wg_allocator *a = &s->ctx->memory;
    size_t n_views = (size_t)s->n_in + (size_t)s->op->n_out;
    wgi_release(a, s->views, n_views * sizeof *s->views);
    wgi_release(a, s->numbers, ((size_t)s->op->n_numbers + 1) * sizeof *s->numbers);
    s->views = NULL;
    s->numbers = NULL;
}

/* Points the inputs at what was computed before, and makes room for the outputs. */
static wg_status bind(wg_graph *g, uint32_t node, wgi_single *s)
{
    const wgi_entry *r = wgi_record_at(&g->list, node);
    const uint32_t *in = wgi_inputs_of(&g->list, r);
    for (int32_t i = 0; i < s->n_in; i++) {
        const wg_tensor *t = wgi_value_present(g, in[i]);
        if (t == NULL) {
            return WG_ERR_STALE;
        }
        s->views[i].data = t->data;
    }
    if (!wgi_values_reserve(g, (size_t)s->op->n_out)) {
        return WG_ERR_MEMORY;
    }
    for (int32_t i = 0; i < s->op->n_out; i++) {
        wgi_view *v = &s->views[s->n_in + i];
        wgi_type type = wgi_record_type(&g->list, wgi_record_at(&g->list, node + (uint32_t)i));
        wg_tensor *t = wgi_shell_take(g, &g->result_shells, &g->results, &type);
        if (t == NULL) {
            return WG_ERR_MEMORY;
        }
        v->data = t->data;
        wgi_value_put(g, node + (uint32_t)i, t);
    }
    return WG_OK;
}

wg_node wgi_eager_run(wg_graph *g, wg_node n)
{
    wgi_single s;
    wgi_fault fault = {.status = WG_OK};
    wg_status status = wg_cancel_clear(g->ctx) ? WG_ERR_CANCELLED : wgi_single_make(g, n.index, &s);
    if (status == WG_OK) {
        status = bind(g, n.index, &s);
        if (status == WG_OK) {
            status = wgi_single_run(&s, &fault);
        }
        wgi_single_free(&s);
    }
    if (status == WG_OK) {
        return n;
    }
    const wgi_op *op = g->ctx->ops->ops[wgi_record_at(&g->list, n.index)->op];
    return wgi_record_fail(g, status, op->name, "%s",
                           fault.text[0] != '\0' ? fault.text : wg_status_text(status));
}
