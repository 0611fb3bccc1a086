/* The rows of the program's own ops: from the engine's questions to the program's callbacks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The backward op of an op with n inputs and m outputs takes the inputs, the outputs and the m
 * upstream gradients, and has n outputs. An input that wants no gradient has an empty output there,
 * and where output k is not floating the output itself stands for its gradient. */
#include "core/callback.h"
#include "core/text.h"
#include "ops/custom.h"
#include "ops/support.h"

enum {
    MOST =
        WG_CUSTOM_MAX_INPUTS > WG_CUSTOM_MAX_OUTPUTS ? WG_CUSTOM_MAX_INPUTS : WG_CUSTOM_MAX_OUTPUTS,
    MOST_OPERANDS = WG_CUSTOM_MAX_INPUTS + 2 * WG_CUSTOM_MAX_OUTPUTS,
    MOST_WORDS = WG_CUSTOM_MAX_ATTRIBUTE_BYTES / 8 + 1
};

static const wg_op *owner_of(const wgi_op *row)
{
    return ((const wgi_defined_row *)row)->owner;
}

static bool serves(const wg_op *op, int32_t dtype)
{
    const uint32_t bit = dtype == WG_F32 ? WG_CUSTOM_F32 : dtype == WG_F64 ? WG_CUSTOM_F64 : 0;
    return !wgi_is_floating(dtype) || (op->definition.dtypes & bit) != 0;
}

static const char *served(const wg_op *op)
{
    return op->definition.dtypes == WG_CUSTOM_F32 ? "f32" : "f64";
}

/* ---- shapes ------------------------------------------------------------------------------- */

static wg_type type_of(const wgi_view *view)
{
    wg_type type = {.dtype = (wg_dtype)view->dtype, .rank = view->rank};
    for (int32_t k = 0; k < view->rank; k++) {
        type.dims[k] = view->dims[k];
    }
    return type;
}

static wg_status check_dtype(wgi_infer *q, const wg_op *op, int32_t dtype, const char *what)
{
    if (serves(op, dtype)) {
        return WG_OK;
    }
    wgi_infer_hint(q, "wg_cast to %s", served(op));
    return wgi_infer_fail(q, WG_ERR_DTYPE, "its kernels serve %s alone: %s (%s)", served(op),
                          wg_dtype_name((wg_dtype)dtype), what);
}

static wg_status ask_shape(wgi_infer *q, const wg_op *op, const wg_type *in, wg_type *out)
{
    wg_fault fault = {.text = q->detail, .bytes = WGI_DETAIL_BYTES};
    const wg_shape_call call = {
        .n_inputs = q->n_in,
        .n_outputs = op->n_outputs,
        .inputs = in,
        .outputs = out,
        .attributes = q->attr,
        .user = op->definition.user,
        .fault = &fault,
    };
    const wgi_scope scope = wgi_scope_enter(op->ctx, NULL);
    const wg_status status = op->definition.shape(&call);
    wgi_scope_leave(&scope);
    return wgi_callback_status(status, &fault);
}

/* A rank or size that is none is told by the caller, for every op alike. */
static wg_status take_outputs(wgi_infer *q, const wg_op *op, const wg_type *out)
{
    wg_status status = WG_OK;
    for (int32_t i = 0; status == WG_OK && i < op->n_outputs; i++) {
        q->out[i].dtype = (int32_t)out[i].dtype;
        q->out[i].rank = out[i].rank;
        for (int32_t k = 0; k < WG_MAX_RANK; k++) {
            q->out[i].dims[k] = k < out[i].rank ? out[i].dims[k] : 0;
        }
        status = check_dtype(q, op, q->out[i].dtype, "output");
    }
    return status;
}

static wg_status infer_forward(wgi_infer *q)
{
    const wg_op *op = owner_of(q->op);
    wg_type in[WG_CUSTOM_MAX_INPUTS];
    wg_type out[WG_CUSTOM_MAX_OUTPUTS];
    wg_status status = WG_OK;
    for (int32_t i = 0; status == WG_OK && i < q->n_in; i++) {
        in[i] = type_of(&q->in[i]);
        status = check_dtype(q, op, q->in[i].dtype, i < 4 ? q->op->operands[i] : "x");
    }
    for (int32_t i = 0; i < op->n_outputs; i++) {
        out[i] = in[0];
    }
    if (status == WG_OK && op->definition.shape != NULL) {
        status = ask_shape(q, op, in, out);
    }
    return status == WG_OK ? take_outputs(q, op, out) : status;
}

static uint64_t wanted_of(const wg_op *op, const void *attr)
{
    return ((const uint64_t *)attr)[wgi_defined_words(op)];
}

static wg_status infer_backward(wgi_infer *q)
{
    const wg_op *op = owner_of(q->op);
    wg_status status = WG_OK;
    const uint64_t wanted = wanted_of(op, q->attr);
    for (int32_t i = 0; status == WG_OK && i < op->n_inputs; i++) {
        if (wanted >> i & 1) {
            status = wgi_infer_like(q, i, i);
        } else {
            q->out[i] = (wgi_type){.dtype = q->in[0].dtype, .rank = 1, .count = 0};
        }
    }
    return status;
}

/* ---- kernels ------------------------------------------------------------------------------ */

static wg_view to_read(const wgi_view *view)
{
    return (wg_view){
        .data = view->data,
        .dtype = (wg_dtype)view->dtype,
        .rank = view->rank,
        .dims = view->dims,
        .count = view->count,
    };
}

static wg_mutable_view to_write(const wgi_view *view)
{
    return (wg_mutable_view){
        .data = view->data,
        .dtype = (wg_dtype)view->dtype,
        .rank = view->rank,
        .dims = view->dims,
        .count = view->count,
    };
}

/* A copy of a graph in another dtype asks what was not asked when the use was recorded. */
static wg_status check_served(const wgi_args *args, const wg_op *op)
{
    for (int32_t i = 0; i < args->n_in + args->n_out; i++) {
        const wgi_view *view = i < args->n_in ? &args->in[i] : &args->out[i - args->n_in];
        if (!serves(op, view->dtype)) {
            return wgi_fault_set(args, WG_ERR_UNSUPPORTED, "its kernels serve %s alone",
                                 served(op));
        }
    }
    return WG_OK;
}

static wg_status run_forward(const wgi_args *args)
{
    const wg_op *op = owner_of(args->op);
    wg_status status = check_served(args, op);
    if (status != WG_OK) {
        return status;
    }
    wg_view x[WG_CUSTOM_MAX_INPUTS];
    wg_mutable_view y[WG_CUSTOM_MAX_OUTPUTS];
    for (int32_t i = 0; i < op->n_inputs; i++) {
        x[i] = to_read(&args->in[i]);
    }
    for (int32_t i = 0; i < op->n_outputs; i++) {
        y[i] = to_write(&args->out[i]);
    }
    wg_fault fault = wgi_fault_of(args);
    const wg_forward_call call = {
        .n_inputs = op->n_inputs,
        .n_outputs = op->n_outputs,
        .x = x,
        .y = y,
        .attributes = args->attr,
        .user = op->definition.user,
        .fault = &fault,
    };
    const wgi_scope scope = wgi_scope_enter(op->ctx, NULL);
    status = op->definition.forward(&call);
    wgi_scope_leave(&scope);
    return wgi_callback_status(status, &fault);
}

/* The views of a backward op, as its callback sees them. */
typedef struct backward_views {
    wg_view in[MOST_OPERANDS]; /* x, y, dy */
    wg_mutable_view dx[WG_CUSTOM_MAX_INPUTS];
} backward_views;

static void take_backward_views(const wgi_args *args, const wg_op *op, backward_views *v)
{
    const uint64_t wanted = wanted_of(op, args->attr);
    for (int32_t i = 0; i < args->n_in; i++) {
        v->in[i] = to_read(&args->in[i]);
    }
    for (int32_t i = op->n_inputs + op->n_outputs; i < args->n_in; i++) {
        if (!wgi_is_floating((int32_t)v->in[i].dtype)) {
            v->in[i].data = NULL;
        }
    }
    for (int32_t i = 0; i < op->n_inputs; i++) {
        v->dx[i] = to_write(&args->out[i]);
        if ((wanted >> i & 1) == 0) {
            v->dx[i].data = NULL;
        }
    }
}

static wg_status run_backward(const wgi_args *args)
{
    const wg_op *op = owner_of(args->op);
    wg_status status = check_served(args, op);
    if (status != WG_OK) {
        return status;
    }
    backward_views v;
    take_backward_views(args, op, &v);
    wg_fault fault = wgi_fault_of(args);
    const wg_backward_call call = {
        .n_inputs = op->n_inputs,
        .n_outputs = op->n_outputs,
        .x = v.in,
        .y = v.in + op->n_inputs,
        .dy = v.in + op->n_inputs + op->n_outputs,
        .dx = v.dx,
        .attributes = args->attr,
        .user = op->definition.user,
        .fault = &fault,
    };
    const wgi_scope scope = wgi_scope_enter(op->ctx, NULL);
    status = op->definition.backward(&call);
    wgi_scope_leave(&scope);
    return wgi_callback_status(status, &fault);
}

/* ---- gradients ---------------------------------------------------------------------------- */

static wg_node zeros_like(wg_node x)
{
    wgi_view view;
    if (!wgi_view_of(x, &view)) {
        return x;
    }
    return wg_full(x.graph, (wg_dtype)view.dtype, view.rank, view.dims, 0.0);
}

/* The upstream gradients of all floating outputs, zeros where none arrived. */
static void take_upstream(const wgi_rule *rule, const wg_op *op, wg_node *dy)
{
    for (int32_t k = 0; k < op->n_outputs; k++) {
        wgi_view y;
        dy[k] = rule->dy[k];
        if (!wgi_view_of(rule->y[k], &y) || !wgi_is_floating(y.dtype)) {
            dy[k] = (wg_node){NULL, 0, 0};
        } else if (!wgi_is_some(dy[k])) {
            dy[k] = zeros_like(rule->y[k]);
        }
    }
}

static uint64_t wanted_bits(const wgi_rule *rule, const wg_op *op)
{
    uint64_t bits = 0;
    for (int32_t i = 0; i < op->n_inputs; i++) {
        bits |= (uint64_t)rule->wants[i] << i;
    }
    return bits;
}

/* Records the backward op. */
static void by_kernel(wgi_rule *rule)
{
    const wg_op *op = owner_of(rule->op);
    const size_t n_words = wgi_defined_words(op);
    wg_node in[MOST_OPERANDS];
    wg_node *dy = in + op->n_inputs + op->n_outputs;
    uint64_t attr[MOST_WORDS] = {0};
    memcpy(in, rule->x, (size_t)op->n_inputs * sizeof *in);
    memcpy(in + op->n_inputs, rule->y, (size_t)op->n_outputs * sizeof *in);
    take_upstream(rule, op, dy);
    for (int32_t k = 0; k < op->n_outputs; k++) {
        dy[k] = wgi_is_some(dy[k]) ? dy[k] : rule->y[k];
    }
    if (n_words > 0) {
        memcpy(attr, rule->attr, op->definition.attribute_bytes);
    }
    attr[n_words] = wanted_bits(rule, op);
    const wgi_draft draft = {
        .op = op->backward_id,
        .n_in = op->n_inputs + 2 * op->n_outputs,
        .in = in,
        .graph = rule->graph,
        .attr = attr,
    };
    const wg_node dx = wgi_record(&draft);
    for (int32_t i = 0; i < op->n_inputs && wg_is_valid(dx); i++) {
        if (rule->wants[i]) {
            rule->dx[i] = wg_output(dx, i);
        }
    }
}

/* A question to the program's rule: what it is about, and where the answer goes. */
typedef struct question {
    const wg_op *op;
    wg_graph *graph;
    const wg_node *x;
    const wg_node *y;
    const wg_node *dy;
    const bool *wants;
    const void *attr;
    wg_node *dx;
} question;

/* Fails the graph in the name of the op, unless it has an error already. */
static void fail_rule(const question *q, wg_status status, const char *text)
{
    const wg_node in[] = {{q->graph, 0, 0}};
    (void)wgi_refuse_call(in, 1, q->op->name, status, "%s", text);
}

/* Whether an answer is of the type of its input. */
static bool fits(const question *q, int32_t i)
{
    wgi_view x;
    wgi_view dx;
    return q->dx[i].graph == q->graph && wgi_view_of(q->dx[i], &dx) && wgi_view_of(q->x[i], &x) &&
           x.dtype == dx.dtype && wgi_have_same_shape(q->x[i], q->dx[i]);
}

static void check_answers(const question *q)
{
    for (int32_t i = 0; i < q->op->n_inputs; i++) {
        if (!q->wants[i]) {
            q->dx[i] = (wg_node){NULL, 0, 0};
        } else if (wgi_is_some(q->dx[i]) && !fits(q, i)) {
            char line[96];
            wgi_text text = wgi_text_make(line, sizeof line);
            wgi_text_add(&text, "its gradient rule gave dx[%d] another type than that of x[%d]",
                         (int)i, (int)i);
            fail_rule(q, WG_ERR_SHAPE, line);
        }
    }
}

static void ask_rule(const question *q)
{
    char line[WGI_FAULT_BYTES] = "";
    wg_fault fault = {.text = line, .bytes = sizeof line};
    const wg_op *op = q->op;
    const wg_gradient_call call = {
        .graph = q->graph,
        .n_inputs = op->n_inputs,
        .n_outputs = op->n_outputs,
        .x = q->x,
        .y = q->y,
        .dy = q->dy,
        .wants = q->wants,
        .dx = q->dx,
        .attributes = q->attr,
        .user = op->definition.user,
        .fault = &fault,
    };
    const wgi_scope scope = wgi_scope_enter(op->ctx, q->graph);
    wg_status status = op->definition.gradient(&call);
    wgi_scope_leave(&scope);
    status = wgi_callback_status(status, &fault);
    if (status != WG_OK) {
        fail_rule(q, status, line[0] != '\0' ? line : wg_status_text(status));
        return;
    }
    check_answers(q);
}

static void by_rule(wgi_rule *rule)
{
    const wg_op *op = owner_of(rule->op);
    wg_node dy[WG_CUSTOM_MAX_OUTPUTS];
    take_upstream(rule, op, dy);
    const question q = {
        .op = op,
        .graph = rule->graph,
        .x = rule->x,
        .y = rule->y,
        .dy = dy,
        .wants = rule->wants,
        .attr = op->definition.attribute_bytes > 0 ? rule->attr : NULL,
        .dx = rule->dx,
    };
    ask_rule(&q);
}

/* The backward op as ops: what the program's rule records for the same operands. */
static void decompose_backward(wgi_rule *rule)
{
    const wg_op *op = owner_of(rule->op);
    const uint64_t wanted = wanted_of(op, rule->attr);
    const wg_node *y = rule->x + op->n_inputs;
    bool wants[WG_CUSTOM_MAX_INPUTS];
    wg_node dy[WG_CUSTOM_MAX_OUTPUTS];
    wg_node dx[WG_CUSTOM_MAX_INPUTS];
    for (int32_t i = 0; i < op->n_inputs; i++) {
        wants[i] = wanted >> i & 1;
        dx[i] = (wg_node){NULL, 0, 0};
    }
    for (int32_t k = 0; k < op->n_outputs; k++) {
        wgi_view view;
        const bool is_real = wgi_view_of(y[k], &view) && wgi_is_floating(view.dtype);
        dy[k] = is_real ? y[op->n_outputs + k] : (wg_node){NULL, 0, 0};
    }
    const question q = {
        .op = op,
        .graph = rule->graph,
        .x = rule->x,
        .y = y,
        .dy = dy,
        .wants = wants,
        .attr = op->definition.attribute_bytes > 0 ? rule->attr : NULL,
        .dx = dx,
    };
    ask_rule(&q);
    for (int32_t i = 0; i < op->n_inputs; i++) {
        rule->result[i] = wgi_is_some(dx[i]) || !wants[i] ? dx[i] : zeros_like(rule->x[i]);
    }
}

static void refuse_higher_orders(wgi_rule *rule)
{
    const wg_op *op = owner_of(rule->op);
    const question q = {.op = op, .graph = rule->graph};
    char line[WGI_DETAIL_BYTES];
    wgi_text text = wgi_text_make(line, sizeof line);
    wgi_text_add(&text,
                 "the gradient of '%s' is a kernel, which has no gradient of its own: define the "
                 "op with a `gradient` made of ops too",
                 op->name);
    fail_rule(&q, WG_ERR_GRADIENT, line);
}

/* ---- rows --------------------------------------------------------------------------------- */

static void fill_row(wg_op *op, wgi_defined_row *defined, const char *name, wgi_reference kernel)
{
    static const char *const names[] = {"x0", "x1", "x2", "x3"};
    wgi_op *row = &defined->row;
    defined->owner = op;
    row->name = name;
    row->traits = WGI_OPAQUE;
    row->traits |= op->definition.traits & WG_CUSTOM_KINKED ? WGI_KINKED : 0;
    row->traits |= op->definition.traits & WG_CUSTOM_IMPURE ? WGI_IMPURE : 0;
    row->dispatch = -1;
    for (int32_t i = 0; i < 4 && i < op->n_inputs; i++) {
        row->operands[i] = op->n_inputs == 1 ? "x" : names[i];
    }
    for (int32_t i = 0; i < WGI_N_DTYPES; i++) {
        row->reference[i] = kernel;
    }
}

static void fill_forward(wg_op *op)
{
    const wg_op_definition *d = &op->definition;
    wgi_op *row = &op->forward.row;
    fill_row(op, &op->forward, op->name, run_forward);
    row->min_in = op->n_inputs;
    row->max_in = op->n_inputs;
    row->n_out = op->n_outputs;
    row->attr_bytes = d->attribute_bytes;
    row->infer = infer_forward;
    row->gradient = d->backward != NULL ? by_kernel : d->gradient != NULL ? by_rule : NULL;
}

static void fill_backward(wg_op *op)
{
    wgi_op *row = &op->backward.row;
    fill_row(op, &op->backward, op->backward_name, run_backward);
    row->min_in = op->n_inputs + 2 * op->n_outputs;
    row->max_in = row->min_in;
    row->n_out = op->n_inputs;
    row->attr_bytes = (wgi_defined_words(op) + 1) * sizeof(uint64_t);
    row->infer = infer_backward;
    row->gradient = op->definition.gradient != NULL ? NULL : refuse_higher_orders;
    row->decompose = op->definition.gradient != NULL ? decompose_backward : NULL;
}

/* By name there are inputs alone. */
static wg_node call_defined(const wgi_call *c)
{
    const wg_op *op = owner_of(c->op);
    if (op->definition.attribute_bytes > 0) {
        return wgi_refuse_call(c->in, c->n_in, op->name, WG_ERR_ARGUMENT,
                               "its attributes are bytes, which a call by name has none of");
    }
    return wg_custom(op, c->in, c->n_in, NULL);
}

void wgi_formula_row(wg_op *op)
{
    op->forward.owner = op;
    op->forward.row = (wgi_op){
        .name = op->name,
        .min_in = op->n_inputs,
        .max_in = op->n_inputs,
        .n_out = 1,
        .call = call_defined,
    };
}

void wgi_defined_rows(wg_op *op)
{
    fill_forward(op);
    op->forward.row.call = call_defined;
    if (op->definition.backward != NULL) {
        fill_backward(op);
    }
}
