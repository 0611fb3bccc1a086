/* The reference backend: the plain loops that every op brings along.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a prepared step's state is the op's own constant row, so that nothing is allocated and
 * preparing cannot fail. */
#include "backends/reference/reference.h"

/* The kernel of an op for what it runs on; NULL where there is none. */
static wgi_reference kernel_of(const wgi_op *op, const wgi_view *in, const wgi_view *out)
{
    const int32_t dtype = op->dispatch < 0 ? out[0].dtype : in[op->dispatch].dtype;
    return dtype >= 0 && dtype < WGI_N_DTYPES ? op->reference[dtype] : NULL;
}

static const char *accepts(const wgi_problem *problem)
{
    if (kernel_of(problem->op, problem->in, problem->out) == NULL) {
        return "no reference kernel of this dtype";
    }
    return NULL;
}

static wg_status prepare(const wgi_problem *problem, wgi_prepared *out)
{
    *out = (wgi_prepared){.state = (void *)problem->op};
    return WG_OK;
}

static wg_status run(const wgi_prepared *prepared, const wgi_args *args)
{
    const wgi_reference kernel = kernel_of(prepared->state, args->in, args->out);
    return kernel != NULL ? kernel(args) : WG_ERR_INTERNAL;
}

static const wgi_kernel kernels[] = {
    {.name = "reference", .accepts = accepts, .prepare = prepare, .run = run},
};

static const wgi_updates *updates_of(const void *state)
{
    (void)state;
    return &wgi_reference_updates;
}

const wgi_backend wgi_reference_backend = {
    .name = "reference",
    .kernels = kernels,
    .n_kernels = 1,
    .updates = updates_of,
};
