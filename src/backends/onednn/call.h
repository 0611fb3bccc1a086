/* How the library is called: every call that can fail stands in one of these.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The tests count the calls, make any one of them fail without being made, and count the objects
 * that live. Elsewhere the macros are the bare calls. */
#ifndef WG_ONEDNN_CALL_H
#define WG_ONEDNN_CALL_H

#include <stdint.h>

#include "backends/onednn/compat.h"

#if defined(WGI_TESTING)

typedef struct wgi_dnnl_probe {
    int64_t n_calls;      /* WGI_DNNL and WGI_DNNL_MAKE so far */
    int64_t fail_at;      /* the value of n_calls that fails; 0: none */
    dnnl_status_t status; /* with this */
    int64_t n_live;       /* made and not freed */
} wgi_dnnl_probe;

extern _Thread_local wgi_dnnl_probe wgi_dnnl_test;

/* Counts a call; whether it is the one to fail. */
static inline int wgi_dnnl_is_denied(void)
{
    return ++wgi_dnnl_test.n_calls == wgi_dnnl_test.fail_at;
}

static inline dnnl_status_t wgi_dnnl_count_made(dnnl_status_t status)
{
    wgi_dnnl_test.n_live += status == dnnl_success;
    return status;
}

#define WGI_DNNL(call) (wgi_dnnl_is_denied() ? wgi_dnnl_test.status : (call))
#define WGI_DNNL_MAKE(call) wgi_dnnl_count_made(WGI_DNNL(call))
#define WGI_DNNL_FREE(call) ((void)(call), (void)wgi_dnnl_test.n_live--)

#else

#define WGI_DNNL(call) (call)
/* Makes an object, to be given to WGI_DNNL_FREE. */
#define WGI_DNNL_MAKE(call) (call)
/* Freeing fails for NULL alone, which it is never given. */
#define WGI_DNNL_FREE(call) ((void)(call))

#endif

#endif
