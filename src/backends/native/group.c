/* The kernel of groups.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/native/group.h"

wg_status wgi_native_group_prepare(const wgi_problem *problem, wgi_prepared *out)
{
    wgi_program *program = NULL;
    const wg_status status = wgi_program_make(problem, &program);
    if (status == WG_OK) {
        *out = (wgi_prepared){
            .state = program,
            .state_bytes = program->bytes,
            .scratch_bytes = program->share_bytes * (size_t)program->threads,
        };
    }
    return status;
}

wg_status wgi_native_group_run(const wgi_prepared *prepared, const wgi_args *args)
{
    return wgi_program_run(prepared->state, args);
}

void wgi_native_group_destroy(wg_context *ctx, wgi_prepared *prepared)
{
    wgi_program_free(ctx, prepared->state);
}
