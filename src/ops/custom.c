/* The program's own ops: defining, using and giving back.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A definition becomes one or two rows at the end of the context's table, on equal terms with the
 * built-in ones: custom_rows.c fills them. A formula becomes a list of instructions, which using it
 * carries out on nodes. */
#include "ops/custom.h"

#include <string.h>

#include "core/callback.h"
#include "core/text.h"
#include "ops/support.h"

/* ---- names -------------------------------------------------------------------------------- */

static bool is_taken(const wg_context *ctx, const char *name)
{
    for (const wg_op *op = ctx->defined; op != NULL; op = op->next) {
        if (strcmp(op->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_name(const char *name)
{
    const size_t length = wgi_formula_name(name);
    return length > 0 && length < WGI_DEFINED_NAME && name[length] == '\0';
}

/* What defining an op by either way asks first. */
static wg_status check_call(wg_context *ctx, const char *name)
{
    if (ctx->is_in_callback) {
        return wgi_context_fail(ctx, WG_ERR_STATE, "op: not inside a callback");
    }
    if (name == NULL || !is_name(name)) {
        return wgi_context_fail(ctx, WG_ERR_NAME,
                                "op: a name is a letter or _, then letters, digits and _, at most "
                                "%d",
                                WGI_DEFINED_NAME - 1);
    }
    if (is_taken(ctx, name)) {
        return wgi_context_fail(ctx, WG_ERR_NAME, "op: '%s' is defined already", name);
    }
    return WG_OK;
}

static wg_op *new_op(wg_context *ctx, const char *name)
{
    wg_op *op = wgi_alloc_zeroed(&ctx->memory, 1, sizeof *op);
    if (op != NULL) {
        op->ctx = ctx;
        memcpy(op->name, name, strlen(name) + 1);
        wgi_text text = wgi_text_make(op->backward_name, sizeof op->backward_name);
        wgi_text_add(&text, "%s_backward", name);
    }
    return op;
}

static void enter(wg_op *op)
{
    op->next = op->ctx->defined;
    op->ctx->defined = op;
}

void wgi_defined_free(wg_context *ctx)
{
    while (ctx->defined != NULL) {
        wg_op *op = ctx->defined;
        ctx->defined = op->next;
        if (op->definition.release != NULL) {
            op->definition.release(op->definition.user);
        }
        wgi_formula_free(&ctx->memory, op->formula);
        wgi_release(&ctx->memory, op, sizeof *op);
    }
}

/* ---- definitions -------------------------------------------------------------------------- */

static wg_status refuse(wg_context *ctx, const wg_op_definition *d, const char *what)
{
    return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "op '%s': %s", d->name, what);
}

static wg_status check_definition(wg_context *ctx, const wg_op_definition *d)
{
    if (d->n_inputs < 1 || d->n_inputs > WG_CUSTOM_MAX_INPUTS) {
        return refuse(ctx, d, "an op has 1 to 8 inputs");
    }
    if (d->n_outputs < 0 || d->n_outputs > WG_CUSTOM_MAX_OUTPUTS) {
        return refuse(ctx, d, "an op has 1 to 8 outputs");
    }
    if (d->attribute_bytes > WG_CUSTOM_MAX_ATTRIBUTE_BYTES) {
        return refuse(ctx, d, "an op has at most 240 bytes of attributes");
    }
    if (d->dtypes == 0 || (d->dtypes & ~(WG_CUSTOM_F32 | WG_CUSTOM_F64)) != 0) {
        return refuse(ctx, d, "its kernels serve WG_CUSTOM_F32, WG_CUSTOM_F64 or both");
    }
    if ((d->traits & ~(WG_CUSTOM_KINKED | WG_CUSTOM_IMPURE)) != 0) {
        return refuse(ctx, d, "there is no such trait");
    }
    return d->forward != NULL ? WG_OK : refuse(ctx, d, "there is no forward kernel");
}

/* Adds the rows of an op to the table. */
static wg_status add_rows(wg_op *op)
{
    const wgi_op *const rows[] = {&op->forward.row, &op->backward.row};
    const bool has_backward = op->definition.backward != NULL;
    const wg_status status = wgi_ops_add(op->ctx, rows, has_backward ? 2 : 1, &op->forward_id);
    if (status == WG_OK && has_backward) {
        op->backward_id = (uint16_t)(op->forward_id + 1);
    }
    return status;
}

wg_status wg_op_define(wg_context *ctx, const wg_op_definition *definition, wg_op **out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = NULL;
    if (ctx == NULL || definition == NULL || definition->size != sizeof *definition) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "op: no definition of this version");
    }
    wg_status status = check_call(ctx, definition->name);
    if (status == WG_OK) {
        status = check_definition(ctx, definition);
    }
    if (status != WG_OK) {
        return status;
    }
    wg_op *op = new_op(ctx, definition->name);
    if (op == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "op: out of memory");
    }
    op->definition = *definition;
    op->definition.name = op->name;
    op->n_inputs = definition->n_inputs;
    op->n_outputs = definition->n_outputs > 0 ? definition->n_outputs : 1;
    wgi_defined_rows(op);
    status = add_rows(op);
    if (status != WG_OK) {
        wgi_release(&ctx->memory, op, sizeof *op);
        return wgi_context_fail(ctx, status, "op: %s", wg_status_text(status));
    }
    enter(op);
    *out = op;
    return WG_OK;
}

/* ---- formulas ----------------------------------------------------------------------------- */

/* False where memory is short; nothing has changed then. */
static bool enter_formula(wg_op *op)
{
    wg_context *ctx = op->ctx;
    const wgi_op **row = wgi_array_push(&ctx->memory, &ctx->own_forms, sizeof *row);
    if (row == NULL) {
        return false;
    }
    op->n_inputs = wgi_formula_variables(op->formula);
    op->n_outputs = 1;
    wgi_formula_row(op);
    *row = &op->forward.row;
    enter(op);
    return true;
}

wg_status wg_custom_pointwise(wg_context *ctx, const char *name, const char *formula, wg_op **out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = NULL;
    if (ctx == NULL || formula == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "op: no formula");
    }
    wg_status status = check_call(ctx, name);
    if (status != WG_OK) {
        return status;
    }
    wg_op *op = new_op(ctx, name);
    if (op == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "op: out of memory");
    }
    status = wgi_formula_make(ctx, op->name, formula, &op->formula);
    if (status == WG_OK && !enter_formula(op)) {
        wgi_formula_free(&ctx->memory, op->formula);
        status = wgi_context_fail(ctx, WG_ERR_MEMORY, "op: out of memory");
    }
    if (status != WG_OK) {
        wgi_release(&ctx->memory, op, sizeof *op);
        return status;
    }
    *out = op;
    return WG_OK;
}

/* ---- uses --------------------------------------------------------------------------------- */

/* The context of the first input that has a graph. */
static const wg_context *context_of(const wg_node *inputs, int32_t n)
{
    const wg_context *ctx = NULL;
    for (int32_t i = 0; i < n && ctx == NULL; i++) {
        ctx = wg_graph_context(inputs[i].graph);
    }
    return ctx;
}

static wg_node use_definition(const wg_op *op, const wg_node *inputs, const void *attributes)
{
    uint64_t words[WG_CUSTOM_MAX_ATTRIBUTE_BYTES / 8] = {0}; /* aligned, as records want them */
    if (attributes != NULL) {
        memcpy(words, attributes, op->definition.attribute_bytes);
    }
    const wgi_draft draft = {
        .op = op->forward_id,
        .n_in = op->n_inputs,
        .in = inputs,
        .attr = words,
    };
    return wgi_record(&draft);
}

wg_node wg_custom(const wg_op *op, const wg_node *inputs, int32_t n_inputs, const void *attributes)
{
    const int32_t n_read = n_inputs < WG_CUSTOM_MAX_INPUTS ? n_inputs : WG_CUSTOM_MAX_INPUTS;
    const int32_t n = inputs != NULL && n_read > 0 ? n_read : 0;
    if (op == NULL || context_of(inputs, n) != op->ctx) {
        const char *name = op != NULL ? op->name : "custom";
        const char *what = op != NULL ? "the op is of another context" : "the op is NULL";
        return wgi_refuse_call(inputs, n, name, WG_ERR_ARGUMENT, "%s", what);
    }
    if (n != op->n_inputs || n != n_inputs) {
        return wgi_refuse_call(inputs, n, op->name, WG_ERR_ARGUMENT, "%d inputs, not %d",
                               (int)op->n_inputs, (int)n_inputs);
    }
    const bool has_attributes = op->definition.attribute_bytes > 0;
    if (has_attributes != (attributes != NULL)) {
        return wgi_refuse_call(inputs, n, op->name, WG_ERR_ARGUMENT, "%s",
                               has_attributes ? "the attributes are NULL" : "it has no attributes");
    }
    return op->formula != NULL ? wgi_formula_apply(op->formula, op->name, inputs)
                               : use_definition(op, inputs, attributes);
}

wg_status wg_custom_describe(const wg_op *op, wg_custom_info *out)
{
    if (out == NULL) {
        return WG_ERR_ARGUMENT;
    }
    *out = (wg_custom_info){0};
    if (op == NULL) {
        return WG_ERR_ARGUMENT;
    }
    const wg_op_definition *d = &op->definition;
    const bool is_formula = op->formula != NULL;
    *out = (wg_custom_info){
        .name = op->name,
        .n_inputs = op->n_inputs,
        .n_outputs = op->n_outputs,
        .dtypes = is_formula ? WG_CUSTOM_F32 | WG_CUSTOM_F64 : d->dtypes,
        .has_gradient = is_formula || d->backward != NULL || d->gradient != NULL,
        .has_higher_orders = is_formula || d->gradient != NULL,
        .inputs = is_formula ? wgi_formula_names(op->formula) : NULL,
    };
    return WG_OK;
}
