/* Calls of what the program gave: kernels, rules and hooks.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/callback.h"

#include "core/text.h"

wgi_scope wgi_scope_enter(wg_context *ctx, const wg_graph *open)
{
    const wgi_scope scope = {
        .ctx = ctx,
        .open = ctx->open,
        .is_in_callback = ctx->is_in_callback,
        .records_slowly = ctx->records_slowly,
    };
    ctx->open = open;
    ctx->is_in_callback = true;
    ctx->records_slowly = true;
    return scope;
}

void wgi_scope_leave(const wgi_scope *scope)
{
    scope->ctx->open = scope->open;
    scope->ctx->is_in_callback = scope->is_in_callback;
    scope->ctx->records_slowly = scope->records_slowly;
}

wg_fault wgi_fault_of(const wgi_args *args)
{
    const bool has_room = args->fault != NULL;
    return (wg_fault){
        .text = has_room ? args->fault->text : NULL,
        .bytes = has_room ? sizeof args->fault->text : 0,
    };
}

wg_status wgi_callback_status(wg_status status, wg_fault *fault)
{
    if (status == WG_OK && fault->text != NULL) {
        fault->text[0] = '\0';
    }
    switch (status) {
#define STATUS_CASE(name, value, text) case WG_##name:
        WG_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
        return status;
    }
    return WG_ERR_CALLBACK;
}

wg_status wg_fail(wg_fault *fault, wg_status status, const char *format, ...)
{
    if (fault != NULL && fault->text != NULL && format != NULL) {
        wgi_text text = wgi_text_make(fault->text, fault->bytes);
        va_list list;
        va_start(list, format);
        wgi_text_add_list(&text, format, list);
        va_end(list);
    }
    return status == WG_OK ? WG_ERR_CALLBACK : status;
}
