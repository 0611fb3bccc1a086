/* Long lists: nothing recurses over them, and nothing takes more than linear time.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The bound on time is the suite's own timeout: a quadratic walk over a million nodes never ends.
 */
#include "support/cmocka_all.h"

#include <stdio.h>

#include <wengert/wengert.h>

#include "effort.h"
#include "support/allocator.h"

typedef struct chain {
    wgt_allocator counter;
    wg_context *ctx;
    wg_graph *g;
    wg_node x;
    int n;
} chain;

static void open_chain(chain *c)
{
    const double one = 1;
    wg_tensor *t;
    wgt_allocator_start(&c->counter);
    wg_allocator hooks = wgt_allocator_hooks(&c->counter);
    const wg_config config = {.size = sizeof config, .allocator = &hooks, .threads = 1};
    assert_int_equal(wg_context_create(&config, &c->ctx), WG_OK);
    assert_int_equal(wg_graph_create(c->ctx, &c->g), WG_OK);
    assert_int_equal(wg_tensor_from(c->ctx, WG_F64, 0, NULL, WG_F64, &one, &t), WG_OK);
    c->x = wg_variable(c->g, t);
    wg_tensor_destroy(t);
    c->n = effort(1000000, 100);
    printf("%d nodes\n", c->n);
}

static void close_chain(chain *c)
{
    wg_graph_destroy(c->g);
    wg_context_destroy(c->ctx);
    assert_true(wgt_allocator_is_clean(&c->counter));
    wgt_allocator_finish(&c->counter);
}

static double gradient_of(wg_node x)
{
    const wg_tensor *t = wg_gradient(x);
    assert_non_null(t);
    return wg_tensor_get(t, 0);
}

/* An even number of signs. */
static void test_chain_is_differentiated(void **state)
{
    chain c;
    (void)state;
    open_chain(&c);
    wg_node y = c.x;
    for (int i = 0; i < c.n; i++) {
        y = wg_neg(y);
    }
    assert_true(wg_item(y) == 1);
    assert_int_equal(wg_backward(y), WG_OK);
    assert_true(gradient_of(c.x) == 1);
    close_chain(&c);
}

/* y = x + x + ... + x: one leaf gathers a contribution from every node. */
static void test_chain_fan_out_is_added_up(void **state)
{
    chain c;
    (void)state;
    open_chain(&c);
    wg_node y = c.x;
    for (int i = 1; i < c.n; i++) {
        y = wg_add(y, c.x);
    }
    assert_int_equal(wg_backward(y), WG_OK);
    assert_true(wg_item(y) == c.n);
    assert_true(gradient_of(c.x) == c.n);
    close_chain(&c);
}

static void test_chain_gradients_are_nodes(void **state)
{
    chain c;
    wg_node dx;
    (void)state;
    open_chain(&c);
    wg_node y = c.x;
    for (int i = 0; i < c.n; i++) {
        y = wg_mul(y, c.x);
    }
    assert_int_equal(wg_grad(y, &c.x, 1, &dx), WG_OK);
    assert_true(wg_item(dx) == c.n + 1);
    close_chain(&c);
}

/* A kept node, a name and an assignment for each of many nodes. */
static void test_chain_of_kept_and_named_nodes(void **state)
{
    chain c;
    (void)state;
    open_chain(&c);
    wg_node y = c.x;
    const int n = c.n / 10;
    for (int i = 0; i < n; i++) {
        y = wg_name(wg_neg(y), "y");
        assert_int_equal(wg_keep(y), WG_OK);
    }
    assert_int_equal(wg_backward(y), WG_OK);
    assert_true(wg_item(wg_node_input(y, 0)) == -wg_item(y));
    assert_int_equal(wg_graph_refresh(c.g), WG_OK);
    assert_int_equal(wg_backward(y), WG_OK);
    close_chain(&c);
}

/* Values asked for one by one along a chain: each run computes from the one before. */
static void test_chain_of_single_values(void **state)
{
    chain c;
    (void)state;
    open_chain(&c);
    wg_node y = c.x;
    for (int i = 0; i < c.n / 1000; i++) {
        y = wg_scale(y, -1);
        assert_true(wg_item(y) == (i % 2 == 0 ? -1 : 1));
    }
    close_chain(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_is_differentiated),
        cmocka_unit_test(test_chain_fan_out_is_added_up),
        cmocka_unit_test(test_chain_gradients_are_nodes),
        cmocka_unit_test(test_chain_of_kept_and_named_nodes),
        cmocka_unit_test(test_chain_of_single_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
