/* What the graph's tests share: a context with a counted allocator, a graph, and short ways to make
 * leaves.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_GRAPH_FIXTURE_H
#define WG_TESTS_GRAPH_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wengert/stdio.h>
#include <wengert/wengert.h>

#include "support/allocator.h"

/* cmocka compares floats in single precision. A tolerance of 0 asks for the same value. */
#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

typedef struct fixture {
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
} fixture;

static inline int fixture_open(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    wgt_allocator_start(&f->counter);
    wg_allocator hooks = wgt_allocator_hooks(&f->counter);
    wg_config config = {.size = sizeof config, .allocator = &hooks, .seed = 7};
    assert_int_equal(wg_context_create(&config, &f->ctx), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->g), WG_OK);
    *state = f;
    return 0;
}

static inline int fixture_close(void **state)
{
    fixture *f = *state;
    wg_graph_destroy(f->g);
    wg_context_destroy(f->ctx);
    int result = wgt_allocator_is_clean(&f->counter) ? 0 : -1;
    wgt_allocator_finish(&f->counter);
    free(f);
    return result;
}

static inline wg_tensor *tensor_of(fixture *f, int32_t rank, const int64_t *dims,
                                   const double *values)
{
    wg_tensor *t = NULL;
    assert_int_equal(wg_tensor_from(f->ctx, WG_F64, rank, dims, WG_F64, values, &t), WG_OK);
    return t;
}

/* A rank-0 variable in f64; the graph keeps the tensor. */
static inline wg_node scalar_variable(fixture *f, double v)
{
    wg_tensor *t = tensor_of(f, 0, NULL, &v);
    wg_node n = wg_variable(f->g, t);
    wg_tensor_destroy(t);
    return n;
}

static inline wg_node vector_variable(fixture *f, int64_t n, const double *values)
{
    wg_tensor *t = tensor_of(f, 1, &n, values);
    wg_node node = wg_variable(f->g, t);
    wg_tensor_destroy(t);
    return node;
}

static inline double gradient_at(wg_node n, int64_t i)
{
    const wg_tensor *t = wg_gradient(n);
    assert_non_null(t);
    return wg_tensor_get(t, i);
}

static inline wg_stats stats_of(const fixture *f)
{
    wg_stats s;
    assert_int_equal(wg_context_stats(f->ctx, &s), WG_OK);
    return s;
}

#define GRAPH_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

#endif
