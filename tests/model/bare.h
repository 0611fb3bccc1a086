/* A context with nothing but memory, a seed and update kernels: all that models ask of one.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The object must not move once it is started. */
#ifndef WG_TESTS_MODEL_BARE_H
#define WG_TESTS_MODEL_BARE_H

#include "support/plain_context.h"

#include "backends/native/native.h"
#include "core/param.h"

#include <wengert/layers.h>
#include <wengert/optimizer.h>

typedef wgt_plain bare;

/* Those of the best instruction set. */
static inline const wgi_updates *bare_updates(void)
{
    const wgi_native native = {.isa = wgi_isa_detect()};
    return wgi_native_backend.updates(&native);
}

static inline void bare_start(bare *b)
{
    wgt_plain_start(b);
    b->ctx.updates[1] = bare_updates();
}

static inline void bare_finish(bare *b)
{
    wgt_plain_finish(b);
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
