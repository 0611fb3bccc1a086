/* A context with nothing but counted memory: all that reading and writing files asks of one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The object must not move once it is started. */
#ifndef WG_SUPPORT_PLAIN_CONTEXT_H
#define WG_SUPPORT_PLAIN_CONTEXT_H

#include "support/cmocka_all.h"

#include <string.h>

#include "core/context.h"
#include "support/allocator.h"

typedef struct wgt_plain {
    wgt_allocator allocator;
    struct wg_context ctx;
} wgt_plain;

static inline void wgt_plain_start(wgt_plain *p)
{
    memset(p, 0, sizeof *p);
    wgt_allocator_start(&p->allocator);
    p->ctx.memory = wgt_allocator_hooks(&p->allocator);
    p->ctx.seed = 20240229;
}

/* Everything was released, and rightly. */
static inline void wgt_plain_finish(wgt_plain *p)
{
    assert_true(wgt_allocator_is_clean(&p->allocator));
    wgt_allocator_finish(&p->allocator);
}

#endif
