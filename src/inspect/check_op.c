/* Checking the gradients of a program's own op.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The op is used once, in a graph of its own, on leaves that want a gradient. Its outputs, or the
 * gradients that it gives, are weighted at random and added up to one number, whose gradient is
 * checked as that of any loss. */
#include <wengert/custom.h>
#include <wengert/ops.h>

#include <string.h>

#include "core/context.h"
#include "core/dtype.h"
#include "core/tensor.h"

typedef struct op_check {
    wg_context *ctx;
    wg_graph *g;
    wg_rng rng;
    wg_node x[WG_CUSTOM_MAX_INPUTS];
    int32_t n;
    wg_node real[WG_CUSTOM_MAX_INPUTS]; /* the floating ones */
    size_t n_real;
    wg_status status; /* of what is no record */
} op_check;

/* Weights of either sign in +-[0.5, 1.5), which cancel by chance alone, in the type of a node. */
static wg_status make_weights(op_check *c, const wg_node_info *info, wg_tensor **out)
{
    const wg_allocator *a = &c->ctx->memory;
    const size_t n = (size_t)info->count + 1; /* one more, so that none is no lack of memory */
    double *weights = wgi_alloc_zeroed(a, n, sizeof *weights);
    *out = NULL;
    if (weights == NULL) {
        return WG_ERR_MEMORY;
    }
    for (int64_t i = 0; i < info->count; i++) {
        const double u = 2 * wg_rng_uniform(&c->rng) - 1;
        weights[i] = u < 0 ? u - 0.5 : u + 0.5;
    }
    const wg_status status =
        wg_tensor_from(c->ctx, info->dtype, info->rank, info->dims, WG_F64, weights, out);
    wgi_release(a, weights, n * sizeof *weights);
    return status;
}

/* sum(w * y) */
static wg_node weigh(op_check *c, wg_node y)
{
    wg_node_info info;
    wg_tensor *t;
    if (wg_node_describe(y, &info) != WG_OK) {
        return y;
    }
    const wg_status status = make_weights(c, &info, &t);
    if (status != WG_OK) {
        c->status = status;
        return y;
    }
    const wg_node w = wg_input(c->g, t);
    wg_tensor_destroy(t);
    return wg_sum_all(wg_mul(y, w));
}

/* Adds to a sum that may be empty yet. */
static wg_node add_up(wg_node sum, wg_node term)
{
    return sum.graph != NULL ? wg_add(sum, term) : term;
}

static wg_node weigh_outputs(op_check *c, wg_node y, int32_t n_outputs)
{
    wg_node sum = {NULL, 0, 0};
    for (int32_t k = 0; k < n_outputs; k++) {
        const wg_node out = wg_output(y, k);
        if (!wg_is_valid(out) || wgi_is_floating((int)wg_node_dtype(out))) {
            sum = add_up(sum, weigh(c, out));
        }
    }
    return sum;
}

static wg_node weigh_gradients(op_check *c, wg_node loss)
{
    wg_node dx[WG_CUSTOM_MAX_INPUTS];
    wg_node sum = {NULL, 0, 0};
    if (wg_grad(loss, c->real, c->n_real, dx) != WG_OK) {
        return dx[0];
    }
    for (size_t i = 0; i < c->n_real; i++) {
        sum = add_up(sum, weigh(c, dx[i]));
    }
    return sum;
}

static void take_inputs(op_check *c, wg_tensor *const *inputs)
{
    for (int32_t i = 0; i < c->n; i++) {
        const bool is_real = wgi_is_floating((int)wg_tensor_dtype(inputs[i]));
        c->x[i] = is_real ? wg_variable(c->g, inputs[i]) : wg_input(c->g, inputs[i]);
        if (is_real) {
            c->real[c->n_real++] = c->x[i];
        }
    }
}

/* A failed recording is the check's failure; a sum of nothing has no gradient. */
static wg_status check_sum(const op_check *c, wg_node sum)
{
    const wg_status status = c->status != WG_OK ? c->status : wg_graph_status(c->g);
    return status != WG_OK ? status : wg_is_valid(sum) ? WG_OK : WG_ERR_GRADIENT;
}

/* Where the gradient does not depend on the inputs there is no second order to judge. */
static bool depends(wg_node sum)
{
    wg_node_info info;
    return wg_node_describe(sum, &info) == WG_OK && info.wants_gradient;
}

static wg_status run(op_check *c, const wg_op *op, const wg_custom_info *info,
                     const void *attributes, const wg_gradcheck_options *options,
                     wg_op_report *report)
{
    const wg_node y = wg_custom(op, c->x, c->n, attributes);
    const wg_node loss = weigh_outputs(c, y, wg_is_valid(y) ? info->n_outputs : 0);
    wg_status status = check_sum(c, loss);
    if (status == WG_OK) {
        status = wg_gradcheck(loss, options, &report->first);
    }
    if (status != WG_OK || !info->has_higher_orders) {
        return status;
    }
    const wg_node second = weigh_gradients(c, loss);
    status = check_sum(c, second);
    if (status == WG_OK && depends(second)) {
        report->has_second = true;
        status = wg_gradcheck(second, options, &report->second);
    }
    return status;
}

static wg_status check_inputs(wg_tensor *const *inputs, int32_t n_inputs)
{
    if (inputs == NULL || n_inputs < 1 || n_inputs > WG_CUSTOM_MAX_INPUTS) {
        return WG_ERR_ARGUMENT;
    }
    for (int32_t i = 0; i < n_inputs; i++) {
        if (inputs[i] == NULL || inputs[i]->ctx != inputs[0]->ctx) {
            return WG_ERR_ARGUMENT;
        }
    }
    return WG_OK;
}

static wg_status fail(const op_check *c, wg_status status)
{
    const char *text = wg_graph_error(c->g);
    return wgi_context_fail(c->ctx, status, "%s", text[0] != '\0' ? text : wg_status_text(status));
}

wg_status wg_check_op(const wg_op *op, wg_tensor *const *inputs, int32_t n_inputs,
                      const void *attributes, const wg_gradcheck_options *options,
                      wg_op_report *report)
{
    if (report == NULL) {
        return WG_ERR_ARGUMENT;
    }
    memset(report, 0, sizeof *report);
    wg_custom_info info;
    wg_status status = wg_custom_describe(op, &info);
    if (status == WG_OK) {
        status = check_inputs(inputs, n_inputs);
    }
    if (status != WG_OK) {
        return status;
    }
    op_check c = {.ctx = inputs[0]->ctx, .n = n_inputs};
    status = wg_graph_create(c.ctx, &c.g);
    if (status != WG_OK) {
        return status;
    }
    c.ctx->n_streams--; /* the program's graphs keep their streams */
    c.rng = wg_rng_make(options != NULL ? options->seed : 0, 0x0C4E);
    take_inputs(&c, inputs);
    status = run(&c, op, &info, attributes, options, report);
    if (status != WG_OK) {
        memset(report, 0, sizeof *report);
        status = fail(&c, status);
    }
    wg_graph_destroy(c.g);
    return status;
}
