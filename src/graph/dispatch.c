/* Dispatch: which backend's kernel serves an op, and what becomes of one that fails.
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/text.h"
#include "graph/plan.h"

static const char *next_reason(const wgi_problem *problem, const wgi_kernel *kernel)
{
    return kernel->accepts != NULL ? kernel->accepts(problem) : NULL;
}

static void say_shapes(wgi_text *text, const wgi_problem *problem)
{
    char shape[WGI_SHAPE_TEXT];
    wgi_text_add(text, "dispatch: %s", problem->op != NULL ? problem->op->name : "group");
    if (problem->group != NULL) {
        wgi_text_add(text, " of %u", (unsigned)problem->group->n_members);
    }
    for (int32_t i = 0; i < problem->n_in; i++) {
        const wgi_view *v = &problem->in[i];
        wgi_text_add(text, "%s%s", i > 0 ? " x " : " ",
                     wgi_shape_text(v->rank, v->dims, shape, sizeof shape));
    }
    const wgi_view *y = &problem->out[0];
    wgi_text_add(text, " -> %s %s", wg_dtype_name((wg_dtype)y->dtype),
                 wgi_shape_text(y->rank, y->dims, shape, sizeof shape));
}

typedef struct declined {
    char text[256];
    wgi_text reasons;
} declined;

static void say(const wgi_problem *problem, const wgi_kernel *kernel, const declined *why)
{
    char line[640];
    wgi_text text = wgi_text_make(line, sizeof line);
    say_shapes(&text, problem);
    wgi_text_add(&text, ": %s%s\n", kernel->name, why->text);
    wg_status ignored = wgi_write(&problem->ctx->log, "%s", line);
    (void)ignored; /* a log that cannot be written changes no result */
}

static bool serves(const wgi_kernel *kernel, const wgi_op *op)
{
    return kernel->op == NULL || strcmp(kernel->op, op->name) == 0;
}

/* Asks one kernel; WG_ERR_UNSUPPORTED is a refusal, with its reason noted. */
static wg_status ask(const wgi_problem *problem, const wgi_kernel *kernel, declined *why,
                     wgi_choice *out)
{
    const char *reason = next_reason(problem, kernel);
    if (reason != NULL) {
        wgi_text_add(&why->reasons, " (not %s: %s)", kernel->name, reason);
        return WG_ERR_UNSUPPORTED;
    }
    memset(&out->prepared, 0, sizeof out->prepared);
    wg_status status = kernel->prepare != NULL ? kernel->prepare(problem, &out->prepared) : WG_OK;
    if (status == WG_OK || status == WG_ERR_MEMORY) {
        return status;
    }
    if (status == WG_ERR_ENGINE) {
        out->had_engine_failure = true;
        problem->ctx->stats.engine_failures++;
    }
    wgi_text_add(&why->reasons, " (not %s: %s)", kernel->name, wg_status_text(status));
    return WG_ERR_UNSUPPORTED;
}

bool wgi_is_claimed(const wgi_problem *problem)
{
    wgi_problem asked = *problem;
    for (int32_t b = 0; b < problem->ctx->n_foremost; b++) {
        const wgi_backend_slot *slot = &problem->ctx->backends[b];
        asked.backend = slot->state;
        for (int32_t k = 0; k < slot->backend->n_kernels; k++) {
            const wgi_kernel *kernel = &slot->backend->kernels[k];
            if (serves(kernel, problem->op) && next_reason(&asked, kernel) == NULL) {
                return true;
            }
        }
    }
    return false;
}

wg_status wgi_dispatch(const wgi_problem *problem, int32_t first, wgi_choice *out)
{
    wg_context *ctx = problem->ctx;
    declined why;
    ctx->is_settled = true;
    why.reasons = wgi_text_make(why.text, sizeof why.text);
    memset(out, 0, sizeof *out);
    const bool is_opaque = (problem->op->traits & WGI_OPAQUE) != 0;
    for (int32_t b = is_opaque ? ctx->n_backends - 1 : first; b < ctx->n_backends; b++) {
        const wgi_backend *backend = ctx->backends[b].backend;
        wgi_problem asked = *problem;
        asked.backend = ctx->backends[b].state;
        for (int32_t k = 0; k < backend->n_kernels; k++) {
            const wgi_kernel *kernel = &backend->kernels[k];
            if (!serves(kernel, problem->op)) {
                continue;
            }
            wg_status status = ask(&asked, kernel, &why, out);
            if (status == WG_ERR_UNSUPPORTED) {
                continue;
            }
            out->kernel = kernel;
            out->backend = b;
            if (status == WG_OK && ctx->is_verbose) {
                say(problem, kernel, &why);
            }
            return status;
        }
    }
    return wgi_context_fail(ctx, WG_ERR_UNSUPPORTED, "%s: no kernel%s", problem->op->name,
                            why.text);
}

wg_status wgi_dispatch_group(const wgi_problem *problem, int32_t backend, wgi_choice *out)
{
    const wgi_backend_slot *slot = &problem->ctx->backends[backend];
    const wgi_kernel *kernel = slot->backend->group;
    declined why;
    why.reasons = wgi_text_make(why.text, sizeof why.text);
    memset(out, 0, sizeof *out);
    wgi_problem asked = *problem;
    asked.backend = slot->state;
    const wg_status status = ask(&asked, kernel, &why, out);
    if (status != WG_OK) {
        return status == WG_ERR_UNSUPPORTED ? WG_ERR_INTERNAL : status;
    }
    out->kernel = kernel;
    out->backend = backend;
    if (problem->ctx->is_verbose) {
        say(problem, kernel, &why);
    }
    return WG_OK;
}

/* The reference needs no scratch and prepares nothing. */
wg_status wgi_redo(wg_context *ctx, const wgi_op *op, const wgi_args *args)
{
    ctx->stats.engine_failures++;
    wgi_problem problem = {
        .ctx = ctx,
        .op = op,
        .n_in = args->n_in,
        .n_out = args->n_out,
        .in = args->in,
        .out = args->out,
        .attr = args->attr,
        .threads = 1,
    };
    wgi_choice choice;
    wg_status status = wgi_dispatch(&problem, ctx->n_backends - 1, &choice);
    if (status == WG_OK) {
        status = choice.kernel->run(&choice.prepared, args);
        if (choice.kernel->destroy != NULL) {
            choice.kernel->destroy(ctx, &choice.prepared);
        }
    }
    return status;
}

wg_status wgi_run_kernel(wg_context *ctx, const wgi_op *op, const wgi_choice *choice,
                         const wgi_args *args, bool *is_tainted)
{
    wg_status status = choice->kernel->run(&choice->prepared, args);
    if (WGI_UNLIKELY(status == WG_ERR_ENGINE && (op->traits & WGI_OPAQUE) == 0)) {
        *is_tainted = true;
        status = wgi_redo(ctx, op, args);
    }
    return status;
}

wg_status wgi_fault_to_failure(wg_graph *g, uint32_t node, const wgi_op *op, wg_status status,
                               const wgi_fault *fault)
{
    const char *text = fault->text[0] != '\0' ? fault->text : wg_status_text(status);
    (void)wgi_run_fail(g, status, op != NULL ? op->name : "group", "%s", text);
    if (node < wgi_list_count(&g->list)) {
        wgi_stay_note(g, node, &g->run_failure);
        const char *name = wgi_list_name(&g->list, node);
        const wgi_site *site = wgi_list_site(&g->list, node);
        if (name != NULL) {
            wgi_text copy = wgi_text_make(g->run_failure.name, sizeof g->run_failure.name);
            wgi_text_add(&copy, "%s", name);
        }
        if (site != NULL) {
            g->run_failure.site = *site;
        }
    }
    return status;
}
