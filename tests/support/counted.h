/* A context whose allocations are counted, with a graph and a model.
 * SPDX-License-Identifier: Apache-2.0
 *
 * It does not move once it is started; finishing proves that everything was given back. */
#ifndef WG_TESTS_SUPPORT_COUNTED_H
#define WG_TESTS_SUPPORT_COUNTED_H

#include "support/cmocka_all.h"

#include <wengert/wengert.h>

#include "support/allocator.h"

typedef struct wgt_counted {
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
} wgt_counted;

static inline void wgt_counted_start(wgt_counted *f)
{
    wgt_allocator_start(&f->counter);
    const wg_allocator hooks = wgt_allocator_hooks(&f->counter);
    const wg_config config = {.size = sizeof config, .allocator = &hooks};
    assert_int_equal(wg_context_create(&config, &f->ctx), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->g), WG_OK);
    assert_int_equal(wg_model_create(f->ctx, &f->m), WG_OK);
}

static inline void wgt_counted_finish(wgt_counted *f)
{
    wg_graph_destroy(f->g);
    wg_model_destroy(f->m);
    wg_context_destroy(f->ctx);
    assert_true(wgt_allocator_is_clean(&f->counter));
    wgt_allocator_finish(&f->counter);
}

#endif
