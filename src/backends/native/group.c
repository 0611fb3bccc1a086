/* The kernel of groups: scalar programs where they fit, block programs elsewhere.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/group.h"

#include <string.h>

#include "backends/native/scalar.h"
#include "core/context.h"

void wgi_group_state_free(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_group_state *state = prepared->state;
    if (state != NULL) {
        wgi_release(&ctx->memory, state, state->bytes);
    }
    memset(prepared, 0, sizeof *prepared);
}

wg_status wgi_native_group_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    const wg_status status = wgi_scalar_prepare(problem, out);
    return status == WG_ERR_UNSUPPORTED ? wgi_program_prepare(problem, out) : status;
}

wg_status wgi_native_group_run(const wgi_prepared *prepared, const wgi_args *args)
{
    const wgi_group_state *state = prepared->state;
    return state->run(state, args);
}
