/* A context with nothing but memory, a seed and update kernels: all that models ask of one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The object must not move once it is started. */
#ifndef WG_TESTS_MODEL_BARE_H
#define WG_TESTS_MODEL_BARE_H

#include "support/cmocka_all.h"

#include <string.h>

#include "backends/native/native.h"
#include "core/context.h"
#include "core/param.h"
#include "support/allocator.h"

#include <wengert/model.h>

typedef struct bare {
    wgt_allocator allocator;
    struct wg_context ctx;
} bare;

static inline void bare_start(bare *b)
{
    memset(b, 0, sizeof *b);
    wgt_allocator_start(&b->allocator);
    b->ctx.memory = wgt_allocator_hooks(&b->allocator);
    b->ctx.seed = 20240229;
    b->ctx.updates[1] = wgi_native_backend.updates;
}

/* Everything was released, and rightly. */
static inline void bare_finish(bare *b)
{
    assert_true(wgt_allocator_is_clean(&b->allocator));
    wgt_allocator_finish(&b->allocator);
}

/* Gives p a gradient, as a backward pass does. */
static inline void bare_set_gradient(wg_param *p, const double *gradient)
{
    if (p->gradient == NULL) {
        assert_int_equal(wgi_tensor_new(p->ctx, &p->value->type, true, &p->gradient), WG_OK);
    }
    for (int64_t i = 0; i < p->value->type.count; i++) {
        wgi_store_double(p->value->type.dtype, p->gradient->data, i, gradient[i]);
    }
    p->is_gradient_empty = false;
}

#endif
