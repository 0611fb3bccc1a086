/* Functions: calls.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a call checks all that it is given before anything runs, and writes nothing of the
 * caller's before all has run. When it is over no shell shows data, and no result is kept. */
#include <string.h>

#include "graph/function.h"
#include "graph/record.h"

/* One call. Of the derivatives' side and that of their directions, each is inputs or outputs. */
typedef struct request {
    const char *name;
    wgi_form_kind kind;
    const wg_tensor *const *inputs;
    const wg_tensor *const *along; /* NULL: none are read */
    wg_tensor *const *outputs;     /* NULL: none are asked for */
    wg_tensor *const *derivatives; /* NULL: a plain call */
} request;

/* A list of slots with how messages call them. */
typedef struct slot_list {
    const wgi_slot *slots;
    size_t n;
    const char *what;
} slot_list;

static slot_list inputs_of(const wg_function *f, const char *what)
{
    return (slot_list){f->inputs, f->n_in, what};
}

static slot_list outputs_of(const wg_function *f, const char *what)
{
    return (slot_list){f->outputs, f->n_out, what};
}

/* The directions of a call: upstream gradients by output, or tangents by input. */
static slot_list directions_of(const wg_function *f, const request *q)
{
    return q->kind == WGI_FORM_VJP ? outputs_of(f, "u") : inputs_of(f, "v");
}

static slot_list derivatives_of(const wg_function *f, const request *q)
{
    return q->kind == WGI_FORM_JVP ? outputs_of(f, "tangent") : inputs_of(f, "gradient");
}

/* ---- checks ------------------------------------------------------------------------------- */

static wg_status fail_type(wg_function *f, const char *call, const slot_list *list, size_t i,
                           const wg_tensor *t)
{
    char have[WGI_SHAPE_TEXT];
    char want[WGI_SHAPE_TEXT];
    const wgi_slot *slot = &list->slots[i];
    const wgi_type *type = &slot->type;
    const bool is_named = slot->name[0] != '\0';
    const wg_status status = t->type.dtype != type->dtype ? WG_ERR_DTYPE : WG_ERR_SHAPE;
    return wgi_function_fail(f, status, call, "%s %zu%s%s%s is %s %s, not %s %s", list->what, i,
                             is_named ? " '" : "", slot->name, is_named ? "'" : "",
                             wg_dtype_name((wg_dtype)t->type.dtype),
                             wgi_shape_text(t->type.rank, t->type.dims, have, sizeof have),
                             wg_dtype_name((wg_dtype)type->dtype),
                             wgi_shape_text(type->rank, type->dims, want, sizeof want));
}

static wg_status check_tensor(wg_function *f, const char *call, const slot_list *list, size_t i,
                              const wg_tensor *t)
{
    const wgi_type *type = &list->slots[i].type;
    if (t->ctx != f->ctx) {
        return wgi_function_fail(f, WG_ERR_ARGUMENT, call, "%s %zu is of another context",
                                 list->what, i);
    }
    if (t->is_value && t->is_dead) {
        return wgi_function_fail(f, WG_ERR_STALE, call, "%s %zu is a value from before a reset",
                                 list->what, i);
    }
    if (t->type.dtype != type->dtype ||
        !wgi_same_shape(t->type.rank, t->type.dims, type->rank, type->dims)) {
        return fail_type(f, call, list, i, t);
    }
    return WG_OK;
}

/* Tensors that are read. A direction may be left out, and is not looked at where nothing has one.
 */
static wg_status check_read(wg_function *f, const char *call, slot_list list,
                            const wg_tensor *const *tensors, bool is_direction)
{
    if (tensors == NULL) {
        return wgi_function_fail(f, WG_ERR_ARGUMENT, call, "the %ss are NULL", list.what);
    }
    wg_status status = WG_OK;
    for (size_t i = 0; i < list.n && status == WG_OK; i++) {
        if (is_direction && (tensors[i] == NULL || list.slots[i].along == NULL)) {
            continue;
        }
        status = tensors[i] != NULL
                     ? check_tensor(f, call, &list, i, tensors[i])
                     : wgi_function_fail(f, WG_ERR_ARGUMENT, call, "%s %zu is NULL", list.what, i);
    }
    return status;
}

/* Tensors that are written, as far as they are asked for. */
static wg_status check_written(wg_function *f, const char *call, slot_list list,
                               wg_tensor *const *tensors, bool is_derivative)
{
    wg_status status = WG_OK;
    for (size_t i = 0; tensors != NULL && i < list.n && status == WG_OK; i++) {
        if (tensors[i] == NULL) {
            continue;
        }
        status = check_tensor(f, call, &list, i, tensors[i]);
        if (status == WG_OK && tensors[i]->is_value) {
            status = wgi_function_fail(f, WG_ERR_STATE, call, "%s %zu is a graph's own value",
                                       list.what, i);
        }
        if (status == WG_OK && is_derivative && list.slots[i].along == NULL) {
            status =
                wgi_function_fail(f, WG_ERR_DTYPE, call, "%s %zu is asked for, of %s", list.what, i,
                                  wg_dtype_name((wg_dtype)list.slots[i].type.dtype));
        }
    }
    return status;
}

static bool has_floating(slot_list list)
{
    for (size_t i = 0; i < list.n; i++) {
        if (list.slots[i].along != NULL) {
            return true;
        }
    }
    return false;
}

static wg_status check_differentiable(wg_function *f, const request *q)
{
    if (!has_floating(inputs_of(f, "input")) || !has_floating(outputs_of(f, "output"))) {
        return wgi_function_fail(f, WG_ERR_GRADIENT, q->name, "no floating input, or no output");
    }
    if (q->kind == WGI_FORM_HVP && (f->n_out != 1 || f->outputs[0].type.count != 1)) {
        return wgi_function_fail(f, WG_ERR_SHAPE, q->name, "needs one output, of one element");
    }
    return WG_OK;
}

static wg_status check(wg_function *f, const request *q)
{
    const bool has_directions = q->kind > WGI_FORM_GRADIENT;
    wg_status status = check_read(f, q->name, inputs_of(f, "input"), q->inputs, false);
    if (status == WG_OK && q->kind != WGI_FORM_CALL) {
        status = check_differentiable(f, q);
    }
    if (status == WG_OK && has_directions) {
        status = check_read(f, q->name, directions_of(f, q), q->along, true);
    }
    if (status == WG_OK) {
        status = check_written(f, q->name, outputs_of(f, "output"), q->outputs, false);
    }
    if (status == WG_OK) {
        status = check_written(f, q->name, derivatives_of(f, q), q->derivatives, true);
    }
    return status;
}

/* ---- data --------------------------------------------------------------------------------- */

/* Zeros for the largest direction that is left out. */
static bool reserve_zeros(wg_function *f, slot_list list, const wg_tensor *const *tensors)
{
    size_t bytes = 0;
    for (size_t i = 0; i < list.n; i++) {
        const size_t needed = wgi_type_bytes(&list.slots[i].type);
        if (list.slots[i].along != NULL && tensors[i] == NULL && needed > bytes) {
            bytes = needed;
        }
    }
    if (bytes <= f->zero_bytes) {
        return true;
    }
    void *zeros = wgi_alloc_zeroed(&f->ctx->memory, 1, bytes);
    if (zeros != NULL) {
        wgi_release(&f->ctx->memory, f->zeros, f->zero_bytes);
        f->zeros = zeros;
        f->zero_bytes = bytes;
    }
    return zeros != NULL;
}

static wg_status bind(wg_function *f, const request *q)
{
    for (size_t i = 0; i < f->n_in; i++) {
        f->inputs[i].at->data = q->inputs[i]->data;
    }
    if (q->kind <= WGI_FORM_GRADIENT) {
        return WG_OK;
    }
    const slot_list list = directions_of(f, q);
    if (!reserve_zeros(f, list, q->along)) {
        return wgi_function_fail(f, WG_ERR_MEMORY, q->name, "out of memory");
    }
    for (size_t i = 0; i < list.n; i++) {
        if (list.slots[i].along != NULL) {
            list.slots[i].along->data = q->along[i] != NULL ? q->along[i]->data : f->zeros;
        }
    }
    return WG_OK;
}

static void unbind(const wg_function *f)
{
    for (size_t i = 0; i < wgi_function_slots(f); i++) {
        const wgi_slot *slot = &f->inputs[i];
        if (slot->at != NULL) {
            slot->at->data = NULL;
        }
        if (slot->along != NULL) {
            slot->along->data = NULL;
        }
    }
}

/* ---- running ------------------------------------------------------------------------------ */

static wg_node node_of(const wg_function *f, const request *q, slot_list list, size_t i,
                       bool is_derivative)
{
    const wgi_form *form = &f->forms[q->kind];
    return is_derivative ? form->roots[i] : wgi_handle(form->graph, list.slots[i].node);
}

/* Adds what computes the tensors that are asked for; returns how many there are now. */
static size_t want(const wg_function *f, const request *q, bool is_derivative, size_t n)
{
    const slot_list list = is_derivative ? derivatives_of(f, q) : outputs_of(f, "output");
    wg_tensor *const *tensors = is_derivative ? q->derivatives : q->outputs;
    for (size_t i = 0; tensors != NULL && i < list.n; i++) {
        if (tensors[i] != NULL) {
            f->wanted[n++] = node_of(f, q, list, i, is_derivative);
        }
    }
    return n;
}

static void deliver(const wg_function *f, const request *q, bool is_derivative)
{
    const slot_list list = is_derivative ? derivatives_of(f, q) : outputs_of(f, "output");
    wg_tensor *const *tensors = is_derivative ? q->derivatives : q->outputs;
    for (size_t i = 0; tensors != NULL && i < list.n; i++) {
        if (tensors[i] == NULL) {
            continue;
        }
        const wg_node n = node_of(f, q, list, i, is_derivative);
        const size_t bytes = wgi_type_bytes(&tensors[i]->type);
        if (bytes > 0) {
            memmove(tensors[i]->data, wgi_value_present(n.graph, n.index)->data, bytes);
        }
        tensors[i]->version++;
    }
}

static wg_status run(wg_function *f, const request *q)
{
    wg_graph *g = f->forms[q->kind].graph;
    size_t n = want(f, q, false, 0);
    n = want(f, q, true, n);
    if (n == 0) {
        return wgi_function_fail(f, WG_ERR_ARGUMENT, q->name, "nothing is asked for");
    }
    g->step = f->step;
    const wg_status status = wg_run(f->wanted, n);
    if (status != WG_OK) {
        return wgi_function_fail(f, status, q->name, "%s", wg_graph_error(g));
    }
    deliver(f, q, false);
    deliver(f, q, true);
    f->step++;
    return WG_OK;
}

static wg_status perform(wg_function *f, const request *q)
{
    if (f == NULL) {
        return WG_ERR_ARGUMENT;
    }
    f->error[0] = '\0';
    wg_status status = check(f, q);
    if (status == WG_OK) {
        status = wgi_function_form(f, q->kind);
    }
    if (status != WG_OK) {
        return status;
    }
    status = bind(f, q);
    if (status == WG_OK) {
        status = run(f, q);
    }
    unbind(f);
    wgi_results_drop(f->forms[q->kind].graph);
    return status;
}

wg_status wg_function_call(wg_function *f, const wg_tensor *const *inputs,
                           wg_tensor *const *outputs)
{
    const request q = {
        .name = "function_call", .kind = WGI_FORM_CALL, .inputs = inputs, .outputs = outputs};
    return perform(f, &q);
}

wg_status wg_function_vjp(wg_function *f, const wg_tensor *const *inputs,
                          const wg_tensor *const *us, wg_tensor *const *outputs,
                          wg_tensor *const *input_gradients)
{
    const request q = {
        .name = "function_vjp",
        .kind = us != NULL ? WGI_FORM_VJP : WGI_FORM_GRADIENT,
        .inputs = inputs,
        .along = us,
        .outputs = outputs,
        .derivatives = input_gradients,
    };
    return perform(f, &q);
}

wg_status wg_function_jvp(wg_function *f, const wg_tensor *const *inputs,
                          const wg_tensor *const *vs, wg_tensor *const *outputs,
                          wg_tensor *const *output_tangents)
{
    const request q = {
        .name = "function_jvp",
        .kind = WGI_FORM_JVP,
        .inputs = inputs,
        .along = vs,
        .outputs = outputs,
        .derivatives = output_tangents,
    };
    return perform(f, &q);
}

wg_status wg_function_hvp(wg_function *f, const wg_tensor *const *inputs,
                          const wg_tensor *const *vs, wg_tensor *const *out)
{
    const request q = {
        .name = "function_hvp",
        .kind = WGI_FORM_HVP,
        .inputs = inputs,
        .along = vs,
        .derivatives = out,
    };
    return perform(f, &q);
}
