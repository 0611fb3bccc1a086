/* Backends of users: wg_backend_add, and each kernel as one of the library's own.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a user's backend is one block whose kernels[i] is the row of definitions[i], and whose
 * texts are its own copies. It lies before all of the library's in the context until that is
 * destroyed. */
#include "backends/user/user.h"

#include <string.h>

#include "core/checked.h"
#include "core/context.h"
#include "core/text.h"

#define MAX_BACKEND_NAME 31
#define KERNEL_NAME_BYTES 96

/* A user's kernel, and the texts that its row points to. */
typedef struct user_kernel {
    wg_kernel_definition definition;
    char name[KERNEL_NAME_BYTES]; /* "<backend>.<op>" */
} user_kernel;

typedef struct user_backend {
    wgi_backend backend;
    char name[MAX_BACKEND_NAME + 1];
    wgi_kernel *rows;
    user_kernel *kernels;
    size_t n;
} user_backend;

/* What a planned step knows. */
typedef struct prepared_kernel {
    const wgi_op *op;
    const user_kernel *kernel;
    int32_t threads;
    bool is_thread_invariant;
} prepared_kernel;

/* ---- calls -------------------------------------------------------------------------------- */

/* A call, and the room of all that it points to. */
typedef struct call {
    wg_kernel_call shown;
    wg_kernel_attributes attributes;
    wg_view inputs[WG_MAX_KERNEL_INPUTS];
    wg_mutable_view outputs[WGI_MAX_OUT];
} call;

static wg_view shown_input(const wgi_view *v)
{
    return (wg_view){.data = v->data,
                     .dtype = (wg_dtype)v->dtype,
                     .rank = v->rank,
                     .dims = v->dims,
                     .count = v->count};
}

static wg_mutable_view shown_output(const wgi_view *v)
{
    return (wg_mutable_view){.data = v->data,
                             .dtype = (wg_dtype)v->dtype,
                             .rank = v->rank,
                             .dims = v->dims,
                             .count = v->count};
}

/* Fills what asking and running have in common. args->in is of WG_MAX_KERNEL_INPUTS at most. */
static void fill_call(call *c, const prepared_kernel *step, const wgi_args *args)
{
    for (int32_t i = 0; i < args->n_in; i++) {
        c->inputs[i] = shown_input(&args->in[i]);
    }
    for (int32_t i = 0; i < args->n_out; i++) {
        c->outputs[i] = shown_output(&args->out[i]);
    }
    c->attributes = (wg_kernel_attributes){.op = step->op, .data = args->attr};
    c->shown = (wg_kernel_call){
        .op = step->op->name,
        .n_inputs = args->n_in,
        .n_outputs = args->n_out,
        .n_numbers = step->op->n_numbers,
        .threads = step->threads,
        .is_thread_invariant = step->is_thread_invariant,
        .inputs = c->inputs,
        .outputs = c->outputs,
        .numbers = args->numbers,
        .attributes = &c->attributes,
        .user = step->kernel->definition.user,
    };
}

/* ---- kernels ------------------------------------------------------------------------------ */

/* The row's kernel; there is one, since rows are asked for their own op alone. */
static const user_kernel *kernel_of(const wgi_problem *problem)
{
    const user_backend *b = problem->backend;
    size_t i = 0;
    while (i + 1 < b->n && strcmp(b->kernels[i].definition.op, problem->op->name) != 0) {
        i++;
    }
    return &b->kernels[i];
}

static prepared_kernel step_of(const wgi_problem *problem)
{
    return (prepared_kernel){.op = problem->op,
                             .kernel = kernel_of(problem),
                             .threads = problem->threads,
                             .is_thread_invariant = problem->is_thread_invariant};
}

static bool has_public_dtypes(const wgi_problem *problem)
{
    bool ok = true;
    for (int32_t i = 0; i < problem->n_in; i++) {
        ok = ok && problem->in[i].dtype != WGI_DTYPE_WIDE;
    }
    return ok && problem->out[0].dtype != WGI_DTYPE_WIDE;
}

/* Single ops are asked about with their data at hand, which are not to be told: the answer is one
 * of shapes. */
static void hide_data(call *c)
{
    for (int32_t i = 0; i < c->shown.n_inputs; i++) {
        c->inputs[i].data = NULL;
    }
    for (int32_t i = 0; i < c->shown.n_outputs; i++) {
        c->outputs[i].data = NULL;
    }
}

static const char *accepts(const wgi_problem *problem)
{
    if (problem->n_in > WG_MAX_KERNEL_INPUTS) {
        return "too many inputs to ask";
    }
    if (!has_public_dtypes(problem)) {
        return "no public dtype";
    }
    call c;
    const prepared_kernel step = step_of(problem);
    const wgi_args asked = {.in = problem->in,
                            .out = problem->out,
                            .n_in = problem->n_in,
                            .n_out = problem->n_out,
                            .attr = problem->attr};
    if (step.kernel->definition.accepts == NULL) {
        return NULL;
    }
    fill_call(&c, &step, &asked);
    hide_data(&c);
    return step.kernel->definition.accepts(&c.shown);
}

static wg_status prepare(const wgi_problem *problem, wgi_prepared *out)
{
    prepared_kernel *step = wgi_alloc(&problem->ctx->memory, sizeof *step);
    if (step == NULL) {
        return WG_ERR_MEMORY;
    }
    *step = step_of(problem);
    *out = (wgi_prepared){.state = step, .state_bytes = sizeof *step};
    return WG_OK;
}

/* A message is the text of a failure that ends the run, of nothing else. */
static wg_status run(const wgi_prepared *prepared, const wgi_args *args)
{
    const prepared_kernel *step = prepared->state;
    char unread[WGI_FAULT_BYTES];
    char *message = args->fault != NULL ? args->fault->text : unread;
    call c;
    fill_call(&c, step, args);
    message[0] = '\0';
    c.shown.message = message;
    c.shown.message_bytes = WGI_FAULT_BYTES;
    const wg_status status = step->kernel->definition.run(&c.shown);
    if (status == WG_OK || status == WG_ERR_ENGINE) {
        message[0] = '\0';
    }
    message[WGI_FAULT_BYTES - 1] = '\0';
    return status;
}

static void destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_release(&ctx->memory, prepared->state, sizeof(prepared_kernel));
}

/* ---- making a backend --------------------------------------------------------------------- */

static void free_backend(wg_context *ctx, user_backend *b)
{
    const wg_allocator *memory = &ctx->memory;
    wgi_release(memory, b->rows, b->n * sizeof *b->rows);
    wgi_release(memory, b->kernels, b->n * sizeof *b->kernels);
    wgi_release(memory, b, sizeof *b);
}

static void close_backend(wg_context *ctx, void *state)
{
    user_backend *b = state;
    for (size_t i = 0; i < b->n; i++) {
        const wg_kernel_definition *d = &b->kernels[i].definition;
        if (d->release != NULL) {
            d->release(d->user);
        }
    }
    free_backend(ctx, b);
}

static user_backend *new_backend(wg_context *ctx, size_t n)
{
    const wg_allocator *memory = &ctx->memory;
    user_backend *b = wgi_alloc_zeroed(memory, 1, sizeof *b);
    if (b == NULL) {
        return NULL;
    }
    b->n = n;
    b->rows = wgi_alloc_zeroed(memory, n, sizeof *b->rows);
    b->kernels = wgi_alloc_zeroed(memory, n, sizeof *b->kernels);
    if (b->rows == NULL || b->kernels == NULL) {
        free_backend(ctx, b);
        return NULL;
    }
    return b;
}

static const wgi_op *find_op(const wg_context *ctx, const char *name)
{
    for (uint16_t i = 1; name != NULL && i < ctx->ops->count; i++) {
        if (strcmp(ctx->ops->ops[i]->name, name) == 0) {
            return ctx->ops->ops[i];
        }
    }
    return NULL;
}

/* The op's own name outlives the context; the definition's need not. */
static void fill_kernel(const wg_context *ctx, user_backend *b, size_t i,
                        const wg_kernel_definition *definition)
{
    user_kernel *kernel = &b->kernels[i];
    kernel->definition = *definition;
    kernel->definition.op = find_op(ctx, definition->op)->name;
    wgi_text name = wgi_text_make(kernel->name, sizeof kernel->name);
    wgi_text_add(&name, "%s.%s", b->name, kernel->definition.op);
    b->rows[i] = (wgi_kernel){.name = kernel->name,
                              .op = kernel->definition.op,
                              .accepts = accepts,
                              .prepare = prepare,
                              .run = run,
                              .destroy = destroy};
}

static void lay_over(wg_context *ctx, user_backend *b)
{
    b->backend = (wgi_backend){
        .name = b->name, .close = close_backend, .kernels = b->rows, .n_kernels = (int32_t)b->n};
    memmove(ctx->backends + 1, ctx->backends, (size_t)ctx->n_backends * sizeof *ctx->backends);
    ctx->backends[0] = (wgi_backend_slot){.backend = &b->backend, .state = b};
    ctx->n_backends++;
    ctx->n_foremost++;
}

/* ---- checking ----------------------------------------------------------------------------- */

static wg_status check_kernel(wg_context *ctx, const wg_backend_definition *d, size_t i)
{
    const wg_kernel_definition *kernel = &d->kernels[i];
    const wgi_op *op = find_op(ctx, kernel->op);
    if (op == NULL) {
        return wgi_context_fail(ctx, WG_ERR_NAME, "backend '%s': there is no op '%.60s'", d->name,
                                kernel->op != NULL ? kernel->op : "");
    }
    if (kernel->run == NULL) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT, "backend '%s': the kernel of %s has no run",
                                d->name, op->name);
    }
    if ((op->traits & (WGI_LAYOUT | WGI_RANDOM)) != 0 ||
        (op->attr_bytes > 0 && op->n_attributes == 0)) {
        return wgi_context_fail(ctx, WG_ERR_UNSUPPORTED, "backend '%s': %s takes no kernel",
                                d->name, op->name);
    }
    for (size_t k = 0; k < i; k++) {
        if (strcmp(d->kernels[k].op, op->name) == 0) {
            return wgi_context_fail(ctx, WG_ERR_NAME, "backend '%s': two kernels for %s", d->name,
                                    op->name);
        }
    }
    return WG_OK;
}

static wg_status check_name(wg_context *ctx, const char *name)
{
    if (!wgi_is_name(name, MAX_BACKEND_NAME)) {
        return wgi_context_fail(ctx, WG_ERR_NAME,
                                "backend: a name is 1 to %d bytes of printable ASCII",
                                MAX_BACKEND_NAME);
    }
    if (wg_context_has_backend(ctx, name)) {
        return wgi_context_fail(ctx, WG_ERR_NAME, "backend '%s': the name is taken", name);
    }
    return WG_OK;
}

static wg_status check(wg_context *ctx, const wg_backend_definition *d)
{
    if (d == NULL || d->size != sizeof *d || d->kernels == NULL || d->n_kernels == 0) {
        return wgi_context_fail(ctx, WG_ERR_ARGUMENT,
                                "backend: wants a definition of this version's size, with kernels");
    }
    wg_status status = check_name(ctx, d->name);
    if (status == WG_OK && ctx->is_settled) {
        return wgi_context_fail(ctx, WG_ERR_STATE,
                                "backend '%s': the context has chosen kernels already", d->name);
    }
    if (status == WG_OK && ctx->n_foremost == WG_MAX_USER_BACKENDS) {
        return wgi_context_fail(ctx, WG_ERR_RANGE, "backend '%s': a context takes %d at most",
                                d->name, WG_MAX_USER_BACKENDS);
    }
    for (size_t i = 0; status == WG_OK && i < d->n_kernels; i++) {
        status = check_kernel(ctx, d, i);
    }
    return status;
}

wg_status wg_backend_add(wg_context *ctx, const wg_backend_definition *definition)
{
    const wg_status status = ctx == NULL ? WG_ERR_ARGUMENT : check(ctx, definition);
    if (status != WG_OK) {
        return status;
    }
    user_backend *b = new_backend(ctx, definition->n_kernels);
    if (b == NULL) {
        return wgi_context_fail(ctx, WG_ERR_MEMORY, "backend '%s': out of memory",
                                definition->name);
    }
    memcpy(b->name, definition->name, strlen(definition->name) + 1);
    for (size_t i = 0; i < b->n; i++) {
        fill_kernel(ctx, b, i, &definition->kernels[i]);
    }
    lay_over(ctx, b);
    return WG_OK;
}
