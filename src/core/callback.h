/* Calls of what the program gave: kernels, rules and hooks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: while the program's code runs inside a run or a recording, its context takes no run,
 * no reset and no record, but for the records of a gradient rule in the graph that is open to it.
 * What such a call would break is refused with WG_ERR_STATE before anything has changed. */
#ifndef WG_CORE_CALLBACK_H
#define WG_CORE_CALLBACK_H

#include <wengert/custom.h>

#include "core/context.h"

/* Where a callback leaves its message. */
struct wg_fault {
    char *text;
    size_t bytes;
};

/* What a scope restores: scopes nest, since a rule may record an op whose shape rule is the
 * program's too. */
typedef struct wgi_scope {
    wg_context *ctx;
    const wg_graph *open;
    bool is_in_callback;
    bool records_slowly;
} wgi_scope;

/* `open` is the one graph that may be recorded in; NULL for none. */
wgi_scope wgi_scope_enter(wg_context *ctx, const wg_graph *open);
void wgi_scope_leave(const wgi_scope *scope);

/* Where the callback of a kernel leaves its message. */
wg_fault wgi_fault_of(const wgi_args *args);

/* What a callback returned, as a status of the library: WG_ERR_CALLBACK for a value that is none.
 * One that went well leaves no message. */
wg_status wgi_callback_status(wg_status status, wg_fault *fault);

#endif
