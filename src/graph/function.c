/* Functions: their life, their forms, and what they tell of themselves.
 * SPDX-License-Identifier: Apache-2.0 */
#include "graph/function.h"

#include <string.h>

#include "graph/plan.h"
#include "graph/record.h"

wg_status wgi_function_fail(wg_function *f, wg_status status, const char *call, const char *format,
                            ...)
{
    wgi_text text = wgi_text_make(f->error, sizeof f->error);
    wgi_text_add(&text, "%s: ", call);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    return status;
}

/* ---- forms -------------------------------------------------------------------------------- */

/* A graph that records as the source does and draws from its stream. */
static wg_status open_graph(const wg_graph *source, wg_graph **out)
{
    wg_status status = wg_graph_create(source->ctx, out);
    if (status == WG_OK) {
        source->ctx->n_streams--;
        (*out)->stream = source->stream;
        (*out)->step = source->step;
        (*out)->is_training = source->is_training;
    }
    return status;
}

/* The first form's list, whose leaves the copy shares. */
static wg_status copy_list(wg_graph *copy, const wg_graph *source)
{
    const wg_allocator *a = &copy->ctx->memory;
    const wgi_array *names = &source->list.names;
    if (!wgi_array_reserve(a, &copy->list.names, names->count, sizeof(wgi_node_name)) ||
        !wgi_list_copy(a, &copy->list, &source->list)) {
        return WG_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < copy->list.leaves.count; i++) {
        (void)wg_tensor_retain(wgi_leaf_at(&copy->list, i)->tensor);
    }
    if (names->count > 0) {
        memcpy(copy->list.names.data, names->data, names->count * sizeof(wgi_node_name));
    }
    copy->list.names.count = names->count;
    return WG_OK;
}

/* The floating inputs or outputs as nodes, and what stands beside them. */
typedef struct side {
    size_t n;
    wg_node *at;
    wg_node *along;
} side;

/* What a form is recorded from, in one block of memory. */
typedef struct draft {
    wg_graph *g;
    side in;
    side out;
    wg_node *result; /* as many as the longer side */
} draft;

static side collect(wg_graph *g, const wgi_slot *slots, size_t n, wg_node *room)
{
    side s = {.n = 0, .at = room, .along = room + n};
    for (size_t i = 0; i < n; i++) {
        if (wgi_is_floating(slots[i].type.dtype)) {
            s.at[s.n++] = wgi_handle(g, slots[i].node);
        }
    }
    return s;
}

static void append_shells(wg_graph *g, const wgi_slot *slots, size_t n, side *s)
{
    size_t k = 0;
    for (size_t i = 0; i < n && g->failure.status == WG_OK; i++) {
        if (slots[i].along != NULL) {
            s->along[k++] = wgi_leaf_append(g, WGI_LEAF_INPUT, slots[i].along, NULL);
        }
    }
}

static void append_ones(wg_graph *g, side *s)
{
    for (size_t i = 0; i < s->n && g->failure.status == WG_OK; i++) {
        s->along[i] = wgi_emit_fill(g, s->at[i].index, 1.0);
    }
}

static wg_status emit(const wg_function *f, wgi_form_kind kind, draft *d)
{
    wg_graph *g = d->g;
    if (kind == WGI_FORM_GRADIENT) {
        append_ones(g, &d->out);
    } else if (kind == WGI_FORM_VJP) {
        append_shells(g, f->outputs, f->n_out, &d->out);
    } else {
        append_shells(g, f->inputs, f->n_in, &d->in);
    }
    if (g->failure.status != WG_OK) {
        return g->failure.status;
    }
    switch (kind) {
    case WGI_FORM_JVP:
        return wg_jvp(d->out.at, d->out.n, d->in.at, d->in.along, d->in.n, d->result);
    case WGI_FORM_HVP:
        return wg_hvp(d->out.at[0], d->in.at, d->in.along, d->in.n, d->result);
    default:
        return wg_vjp(d->out.at, d->out.along, d->out.n, d->in.at, d->in.n, d->result);
    }
}

/* The results, in order of the floating slots, go to the places of those. */
static void spread(const wgi_slot *slots, size_t n, const wg_node *result, wg_node *roots)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (wgi_is_floating(slots[i].type.dtype)) {
            roots[i] = result[k++];
        }
    }
}

static wg_status record_form(const wg_function *f, wgi_form_kind kind, wgi_form *form)
{
    const wg_allocator *a = &f->ctx->memory;
    const size_t n = wgi_function_slots(f);
    wg_node *room = wgi_alloc_zeroed(a, 3 * n, sizeof *room);
    form->roots = wgi_alloc_zeroed(a, n, sizeof *form->roots);
    wg_status status = WG_ERR_MEMORY;
    if (room != NULL && form->roots != NULL) {
        draft d = {.g = form->graph, .result = room + 2 * n};
        d.in = collect(d.g, f->inputs, f->n_in, room);
        d.out = collect(d.g, f->outputs, f->n_out, room + 2 * f->n_in);
        status = emit(f, kind, &d);
        if (status == WG_OK && kind == WGI_FORM_JVP) {
            spread(f->outputs, f->n_out, d.result, form->roots);
        } else if (status == WG_OK) {
            spread(f->inputs, f->n_in, d.result, form->roots);
        }
    }
    wgi_release(a, room, 3 * n * sizeof *room);
    return status;
}

static void close_form(wg_function *f, wgi_form *form)
{
    wg_graph_destroy(form->graph);
    wgi_release(&f->ctx->memory, form->roots, wgi_function_slots(f) * sizeof *form->roots);
    *form = (wgi_form){NULL, NULL};
}

/* Nothing runs while a form is recorded, not in an eager context either: there are no inputs. */
wg_status wgi_function_form(wg_function *f, wgi_form_kind kind)
{
    wgi_form *form = &f->forms[kind];
    if (form->graph != NULL) {
        return WG_OK;
    }
    const bool is_eager = f->ctx->is_eager;
    f->ctx->is_eager = false;
    const wg_graph *first = f->forms[WGI_FORM_CALL].graph;
    wg_status status = open_graph(first, &form->graph);
    if (status == WG_OK) {
        status = copy_list(form->graph, first);
    }
    if (status == WG_OK) {
        status = record_form(f, kind, form);
    }
    f->ctx->is_eager = is_eager;
    if (status != WG_OK) {
        const bool has_text = form->graph != NULL && form->graph->failure.status != WG_OK;
        (void)wgi_function_fail(f, status, "function", "%s",
                                has_text ? wg_graph_error(form->graph) : wg_status_text(status));
        close_form(f, form);
    }
    return status;
}

/* ---- life --------------------------------------------------------------------------------- */

static wg_status fill_slot(const wg_graph *g, wg_node n, bool is_input, wgi_slot *slot)
{
    const char *name = wgi_list_name(&g->list, n.index);
    slot->node = n.index;
    slot->type = wgi_record_type(&g->list, wgi_record_at(&g->list, n.index));
    if (name != NULL) {
        const size_t length = strlen(name);
        memcpy(slot->name, name, length < sizeof slot->name ? length : sizeof slot->name - 1);
    }
    wg_status status = WG_OK;
    if (is_input) {
        status = wgi_tensor_shell(g->ctx, &slot->type, &slot->at);
    }
    if (status == WG_OK && wgi_is_floating(slot->type.dtype)) {
        status = wgi_tensor_shell(g->ctx, &slot->type, &slot->along);
    }
    return status;
}

/* The graph that all n nodes are of. */
static wg_status resolve(const wg_node *nodes, size_t n, wg_graph **g)
{
    wg_status status = WG_OK;
    for (size_t i = 0; i < n && status == WG_OK; i++) {
        wg_graph *other;
        uint32_t index;
        status = wgi_resolve(nodes[i], &other, &index);
        if (status == WG_OK && *g != NULL && other != *g) {
            status = wgi_run_fail(*g, WG_ERR_HANDLE, "function", "the nodes are of several graphs");
        } else if (status == WG_OK) {
            *g = other;
        }
    }
    return status;
}

static wg_status open_slots(wg_function *f)
{
    const wg_allocator *a = &f->ctx->memory;
    const size_t n = wgi_function_slots(f);
    f->inputs = wgi_alloc_zeroed(a, n, sizeof *f->inputs);
    f->wanted = wgi_alloc_zeroed(a, n, sizeof *f->wanted);
    f->outputs = f->inputs != NULL ? f->inputs + f->n_in : NULL;
    return f->inputs != NULL && f->wanted != NULL ? WG_OK : WG_ERR_MEMORY;
}

static wg_status freeze(wg_function *f, wg_graph *g, const wg_node *inputs, const wg_node *outputs)
{
    wgi_form *first = &f->forms[WGI_FORM_CALL];
    wg_status status = open_slots(f);
    for (size_t i = 0; i < f->n_in && status == WG_OK; i++) {
        status = fill_slot(g, inputs[i], true, &f->inputs[i]);
    }
    for (size_t i = 0; i < f->n_out && status == WG_OK; i++) {
        status = fill_slot(g, outputs[i], false, &f->outputs[i]);
    }
    if (status == WG_OK) {
        status = open_graph(g, &first->graph);
    }
    f->step = g->step;
    return status == WG_OK ? wgi_freeze(g, first->graph, f) : status;
}

wg_status wg_function_create(const wg_node *inputs, size_t n_in, const wg_node *outputs,
                             size_t n_out, wg_function **out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = NULL;
    if (inputs == NULL || n_in == 0 || outputs == NULL || n_out == 0 || n_in > SIZE_MAX - n_out) {
        return WG_ERR_ARGUMENT;
    }
    wg_graph *g = NULL;
    wg_status status = resolve(inputs, n_in, &g);
    if (status == WG_OK) {
        status = resolve(outputs, n_out, &g);
    }
    if (status != WG_OK) {
        return status;
    }
    if (g->ctx->is_in_callback) {
        return wgi_run_fail(g, WG_ERR_STATE, "function", "not inside a callback");
    }
    g->run_failure.status = WG_OK;
    wg_function *f = wgi_alloc_zeroed(&g->ctx->memory, 1, sizeof *f);
    if (f == NULL) {
        return wgi_run_fail(g, WG_ERR_MEMORY, "function", "out of memory");
    }
    f->ctx = g->ctx;
    f->n_in = n_in;
    f->n_out = n_out;
    status = freeze(f, g, inputs, outputs);
    if (status == WG_OK) {
        *out = f;
        return WG_OK;
    }
    wg_function_destroy(f);
    if (g->run_failure.status == WG_OK) {
        (void)wgi_run_fail(g, status, "function", "%s", wg_status_text(status));
    }
    return status;
}

void wg_function_destroy(wg_function *f)
{
    if (f == NULL || f->ctx->is_in_callback) {
        return;
    }
    const wg_allocator *a = &f->ctx->memory;
    const size_t n = wgi_function_slots(f);
    for (int kind = 0; kind < WGI_N_FORMS; kind++) {
        close_form(f, &f->forms[kind]);
    }
    for (size_t i = 0; f->inputs != NULL && i < n; i++) {
        wg_tensor_destroy(f->inputs[i].at);
        wg_tensor_destroy(f->inputs[i].along);
    }
    wgi_release(a, f->inputs, n * sizeof *f->inputs);
    wgi_release(a, f->wanted, n * sizeof *f->wanted);
    wgi_release(a, f->zeros, f->zero_bytes);
    wgi_release(a, f, sizeof *f);
}

/* ---- what they tell ----------------------------------------------------------------------- */

size_t wg_function_input_count(const wg_function *f)
{
    return f != NULL ? f->n_in : 0;
}

size_t wg_function_output_count(const wg_function *f)
{
    return f != NULL ? f->n_out : 0;
}

static wg_status describe(const wgi_slot *slots, size_t n, size_t i, wg_function_slot *out)
{
    if (i >= n) {
        return WG_ERR_RANGE;
    }
    const wgi_slot *slot = &slots[i];
    *out = (wg_function_slot){
        .name = slot->name[0] != '\0' ? slot->name : NULL,
        .dtype = (wg_dtype)slot->type.dtype,
        .rank = slot->type.rank,
        .dims = slot->type.rank > 0 ? slot->type.dims : NULL,
        .count = slot->type.count,
    };
    return WG_OK;
}

wg_status wg_function_input(const wg_function *f, size_t i, wg_function_slot *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    return f != NULL ? describe(f->inputs, f->n_in, i, out) : WG_ERR_ARGUMENT;
}

wg_status wg_function_output(const wg_function *f, size_t i, wg_function_slot *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(out, 0, sizeof *out);
    return f != NULL ? describe(f->outputs, f->n_out, i, out) : WG_ERR_ARGUMENT;
}

uint64_t wg_function_step(const wg_function *f)
{
    return f != NULL ? f->step : 0;
}

wg_status wg_function_set_step(wg_function *f, uint64_t step)
{
    if (f == NULL) {
        return WG_ERR_ARGUMENT;
    }
    f->step = step;
    return WG_OK;
}

const char *wg_function_error(const wg_function *f)
{
    return f != NULL ? f->error : "no function";
}
