/* Plans shown: totals, and a line for each step.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/show.h"

#include <string.h>

static const wgi_count *counts_of(const wgi_plan *plan, const wgi_step *s)
{
    return (const wgi_count *)plan->counts.data + s->first_count;
}

uint32_t wgi_count_ops(const wgi_plan *plan, const wgi_step *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_counts; i++) {
        n += counts_of(plan, s)[i].times;
    }
    return n;
}

/* The name of an op; of a group the names of its ops, "{add, gate x2}". */
static void show_ops(const wg_graph *g, const wgi_plan *plan, const wgi_step *s, wgi_text *text)
{
    const wgi_op_table *ops = g->ctx->ops;
    const wgi_count *counts = counts_of(plan, s);
    if (s->op != NULL) {
        wgi_text_add(text, "%s", s->op->name);
        return;
    }
    for (uint32_t i = 0; i < s->n_counts; i++) {
        wgi_text_add(text, "%s%s", i == 0 ? "{" : ", ",
                     ops->ops[counts[i].counter / WGI_MAX_BACKENDS]->name);
        if (counts[i].times > 1) {
            wgi_text_add(text, " x%u", (unsigned)counts[i].times);
        }
    }
    wgi_text_add(text, "}");
}

static const wgi_view *views_of(const wgi_plan *plan, const wgi_step *s)
{
    return (const wgi_view *)plan->views.data + s->first;
}

static double bytes_of(const wgi_plan *plan, const wgi_step *s)
{
    double bytes = 0;
    for (uint32_t k = 0; k < s->n_in + s->n_out; k++) {
        const wgi_view *v = views_of(plan, s) + k;
        bytes += (double)v->count * (double)wg_dtype_size((wg_dtype)v->dtype);
    }
    return bytes;
}

/* One for each element of the largest operand and each op, unless the op knows better. */
static double flops_of(const wgi_plan *plan, const wgi_step *s)
{
    const wgi_view *views = views_of(plan, s);
    if (s->op != NULL && s->op->flops != NULL) {
        return s->op->flops(views, views + s->n_in, s->args.attr);
    }
    int64_t count = 0;
    for (uint32_t k = 0; k < s->n_in + s->n_out; k++) {
        count = views[k].count > count ? views[k].count : count;
    }
    return (double)count * wgi_count_ops(plan, s);
}

void wgi_show_step(const wg_graph *g, const wgi_plan *plan, const wgi_step *s, wg_profile_step *out)
{
    char shape[WGI_SHAPE_TEXT];
    const wgi_view *y = views_of(plan, s) + s->n_in;
    memset(out, 0, sizeof *out);
    out->kernel = s->kernel->name;
    wgi_text ops = wgi_text_make(out->ops, sizeof out->ops);
    show_ops(g, plan, s, &ops);
    if (s->node < plan->extent.records && s->node < wgi_list_count(&g->list)) {
        const char *name = wgi_list_name(&g->list, s->node);
        wgi_text copy = wgi_text_make(out->name, sizeof out->name);
        wgi_text_add(&copy, "%s", name != NULL ? name : "");
    }
    if (s->n_out > 0) {
        wgi_text copy = wgi_text_make(out->shape, sizeof out->shape);
        wgi_text_add(&copy, "%s %s", wg_dtype_name((wg_dtype)y->dtype),
                     wgi_shape_text(y->rank, y->dims, shape, sizeof shape));
    }
    out->flops = flops_of(plan, s);
    out->bytes = bytes_of(plan, s);
}

/* ---- needs -------------------------------------------------------------------------------- */

static uint64_t leaf_bytes(const wgi_plan *plan)
{
    const uint32_t *leaves = plan->leaves.data;
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan->leaves.count; i++) {
        const wgi_buffer *b = wgi_buffer_at(plan, leaves[i]);
        bytes += (uint64_t)b->count * wg_dtype_size((wg_dtype)b->dtype);
    }
    return bytes;
}

static uint64_t result_bytes(const wg_graph *g, const wgi_plan *plan)
{
    const wgi_plan_result *results = plan->results.data;
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan->results.count; i++) {
        const wgi_type type = wgi_record_type(&g->list, wgi_record_at(&g->list, results[i].node));
        bytes += wgi_type_bytes(&type);
    }
    return bytes;
}

static uint64_t gradient_bytes(const wg_graph *g, const wgi_plan *plan)
{
    const wgi_plan_gradient *gradients = plan->gradients.data;
    uint64_t bytes = 0;
    for (size_t i = 0; i < plan->gradients.count; i++) {
        const wgi_type type = wgi_leaf_at(&g->list, gradients[i].leaf)->tensor->type;
        bytes += wgi_type_bytes(&type);
    }
    return bytes;
}

static void find_need(const wg_graph *g, const wgi_plan *plan, wg_plan_need *out)
{
    *out = (wg_plan_need){
        .workspace_bytes = plan->workspace_bytes,
        .scratch_bytes = plan->scratch_bytes,
        .result_bytes = result_bytes(g, plan),
        .gradient_bytes = gradient_bytes(g, plan),
        .leaf_bytes = leaf_bytes(plan),
        .plan_bytes = plan->bytes,
        .steps = (uint32_t)plan->steps.count,
    };
    const wgi_step *steps = plan->steps.data;
    for (size_t i = 0; i < plan->steps.count; i++) {
        out->recomputed += steps[i].is_again;
        out->ops += wgi_count_ops(plan, &steps[i]);
        out->flops += flops_of(plan, &steps[i]);
        out->traffic += bytes_of(plan, &steps[i]);
    }
}

wg_status wg_plan_memory(const wg_node *nodes, size_t n, wg_plan_kind kind, wg_plan_need *out)
{
    wg_graph *g;
    wgi_plan *plan;
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    const wg_status status = wgi_plan_of(nodes, n, kind == WG_PLAN_BACKWARD, &g, &plan);
    if (status == WG_OK && plan != NULL) {
        find_need(g, plan, out);
        wgi_plan_put(g->ctx, plan);
    }
    return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

/* "52.4 M": a quantity with the prefix that leaves it below 1000. */
static void show_quantity(wgi_text *text, double x)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T", " P"};
    size_t i = 0;
    while (x >= 1000 && i < 5) {
        x /= 1000;
        i++;
    }
    wgi_text_add_number(text, x, 3);
    wgi_text_add(text, "%s", prefixes[i]);
}

static void show_total(wgi_text *text, const char *before, double x, const char *unit)
{
    wgi_text_add(text, "%s", before);
    show_quantity(text, x);
    wgi_text_add(text, "%s", unit);
}

static wg_status write_totals(const wg_plan_need *need, const wg_writer *writer)
{
    char line[400];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text, "plan: %u steps, %u ops", (unsigned)need->steps, (unsigned)need->ops);
    if (need->recomputed > 0) {
        wgi_text_add(&text, ", %u steps run again", (unsigned)need->recomputed);
    }
    show_total(&text, ", ", need->flops, "FLOP");
    show_total(&text, ", ", need->traffic, "B moved");
    show_total(&text, "; workspace ", (double)need->workspace_bytes, "B");
    show_total(&text, " (scratch ", (double)need->scratch_bytes, "B)");
    show_total(&text, ", results ", (double)need->result_bytes, "B");
    show_total(&text, ", gradients ", (double)need->gradient_bytes, "B");
    show_total(&text, ", plan ", (double)need->plan_bytes, "B");
    return wgi_write(writer, "%s\n", line);
}

static wg_status write_step(const wg_graph *g, const wgi_plan *plan, size_t i,
                            const wg_writer *writer)
{
    const wgi_step *s = (const wgi_step *)plan->steps.data + i;
    wg_profile_step step;
    char work[64];
    wgi_show_step(g, plan, s, &step);
    wgi_text text = wgi_text_make(work, sizeof work);
    show_total(&text, "", step.flops, "FLOP");
    show_total(&text, "  ", step.bytes, "B");
    return wgi_write(writer, "%5zu%s  %-18s %-28s %-16s %-20s %u in, %u out  %s\n", i + 1,
                     s->is_again ? "+" : "", step.kernel, step.ops, step.name, step.shape,
                     (unsigned)s->n_in, (unsigned)s->n_out, work);
}

wg_status wg_plan_write(const wg_node *nodes, size_t n, wg_plan_kind kind, const wg_writer *writer)
{
    wg_graph *g;
    wgi_plan *plan;
    wg_plan_need need = {0};
    if (writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = wgi_plan_of(nodes, n, kind == WG_PLAN_BACKWARD, &g, &plan);
    if (status != WG_OK) {
        return status;
    }
    if (plan == NULL) {
        return write_totals(&need, writer);
    }
    find_need(g, plan, &need);
    status = write_totals(&need, writer);
    for (size_t i = 0; status == WG_OK && i < plan->steps.count; i++) {
        status = write_step(g, plan, i, writer);
    }
    wgi_plan_put(g->ctx, plan);
    return status;
}
