/* Checkpoints: what the caller gave, judged.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: behind these functions every array is there, every name fit, and every part whose
 * context can be told of the one at hand. */
#include "io/checkpoint.h"

#include "core/context.h"
#include "core/tensor.h"
#include "core/text.h"

static wg_status fail(wg_context *ctx, const char *what)
{
    return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "checkpoint: %s", what);
}

static wg_status fail_name(wg_context *ctx, const char *kind)
{
    return wgi_context_fail(ctx, WG_ERR_NAME,
                            "checkpoint: the name of a %s is 1 to %d bytes of printable ASCII",
                            kind, WGI_MAX_PART_NAME);
}

static wg_status check_numbers(wg_context *ctx, const wg_checkpoint *c)
{
    for (size_t i = 0; i < c->n_numbers; i++) {
        const wg_checkpoint_number *number = &c->numbers[i];
        if ((number->real == NULL) == (number->integer == NULL)) {
            return fail(ctx, "a number is either a real or an integer");
        }
        if (!wgi_is_name(number->name, WGI_MAX_PART_NAME)) {
            return fail_name(ctx, "number");
        }
    }
    return WG_OK;
}

static wg_status check_tensors(wg_context *ctx, const wg_checkpoint *c)
{
    for (size_t i = 0; i < c->n_tensors; i++) {
        const wg_checkpoint_tensor *tensor = &c->tensors[i];
        if (tensor->tensor == NULL || tensor->tensor->ctx != ctx) {
            return fail(ctx, "a tensor is NULL or of another context");
        }
        if (!wgi_is_name(tensor->name, WGI_MAX_PART_NAME)) {
            return fail_name(ctx, "tensor");
        }
    }
    return WG_OK;
}

/* Setting the step to what it is tells a graph that was destroyed from one that lives. */
static bool is_living(wg_graph *g)
{
    return wg_graph_set_step(g, wg_graph_step(g)) == WG_OK;
}

static wg_status check_objects(wg_context *ctx, const wg_checkpoint *c)
{
    if (c->model != NULL && wg_model_context(c->model) != ctx) {
        return fail(ctx, "the model is of another context");
    }
    if (c->graph != NULL && (wg_graph_context(c->graph) != ctx || !is_living(c->graph))) {
        return fail(ctx, "the graph is of another context or destroyed");
    }
    for (size_t i = 0; i < c->n_rngs; i++) {
        if (c->rngs[i] == NULL) {
            return fail(ctx, "an rng is NULL");
        }
    }
    return WG_OK;
}

wg_status wgi_checkpoint_check(wg_context *ctx, const wg_checkpoint *c)
{
    if (c == NULL || c->size != sizeof *c) {
        return fail(ctx, "wants a checkpoint of this version's size");
    }
    if ((c->n_rngs > 0 && c->rngs == NULL) || (c->n_numbers > 0 && c->numbers == NULL) ||
        (c->n_tensors > 0 && c->tensors == NULL)) {
        return fail(ctx, "an array is NULL");
    }
    wg_status status = check_objects(ctx, c);
    if (status == WG_OK) {
        status = check_numbers(ctx, c);
    }
    return status == WG_OK ? check_tensors(ctx, c) : status;
}

wg_status wg_checkpoint_save(wg_context *ctx, const char *path, const wg_checkpoint *checkpoint)
{
    if (ctx == NULL || path == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "checkpoint: path is NULL");
    }
    const wg_status status = wgi_checkpoint_check(ctx, checkpoint);
    return status == WG_OK ? wgi_checkpoint_save(ctx, &wgi_file_system, path, checkpoint) : status;
}

wg_status wg_checkpoint_load(wg_context *ctx, const char *path, const wg_checkpoint *checkpoint)
{
    if (ctx == NULL || path == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "checkpoint: path is NULL");
    }
    const wg_status status = wgi_checkpoint_check(ctx, checkpoint);
    return status == WG_OK ? wgi_checkpoint_load(ctx, &wgi_file_system, path, checkpoint) : status;
}
