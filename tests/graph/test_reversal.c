/* Reversal: on a chain of equal steps as few steps as Revolve, and on any row of steps every value
 * there when it is read, from the last time that it was made.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <wengert/tensor.h>

#include "graph/reversal.h"

#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = 1 << 20,
    MOST_LEVELS = 60,
    MOST_ROOM = 12
};

static void *grow_failed(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    (void)bytes;
    (void)alignment;
    return NULL;
}

static void keep(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)block;
    (void)bytes;
}

static uint32_t word_at(const wgi_array *array, size_t i)
{
    return ((const uint32_t *)array->data)[i];
}

static void push(const wg_allocator *a, wgi_array *array, uint32_t word)
{
    uint32_t *slot = wgi_array_push(a, array, sizeof *slot);
    assert_non_null(slot);
    *slot = word;
}

/* Starts the next step; `bytes` of a value that it makes for others, or 0. */
static void begin_step(wgi_reversal *r, double bytes)
{
    double *cost = wgi_array_push(r->memory, &r->costs, sizeof *cost);
    assert_non_null(cost);
    *cost = r->costs.count > 1 ? 1 : 0;
    push(r->memory, &r->first_value, (uint32_t)r->values.count);
    push(r->memory, &r->first_read, (uint32_t)r->reads.count);
    if (bytes > 0) {
        wgi_reversal_value *v = wgi_array_push(r->memory, &r->values, sizeof *v);
        assert_non_null(v);
        v->maker = (uint32_t)r->costs.count - 1;
        v->bytes = bytes;
    }
}

static void end_row(wgi_reversal *r)
{
    r->n_steps = (uint32_t)r->costs.count - 1;
    r->end = r->n_steps + 1;
    push(r->memory, &r->first_value, (uint32_t)r->values.count);
    push(r->memory, &r->first_read, (uint32_t)r->reads.count);
    assert_true(wgi_reversal_prepare(r));
}

/* n steps, each from the one before; then n that want the results from last to first. */
static void make_chain(wgi_reversal *r, uint32_t n)
{
    begin_step(r, 0);
    for (uint32_t i = 0; i < n; i++) {
        begin_step(r, 8);
        if (i > 0) {
            push(r->memory, &r->reads, i - 1);
        }
    }
    r->turn = n;
    for (uint32_t i = n; i > 0; i--) {
        begin_step(r, 0);
        push(r->memory, &r->reads, i - 1);
    }
    end_row(r);
}

/* ---- what an order is to be ----------------------------------------------------------------- */

/* Goes through an order: steps past the turn run once and in order, and what is read was made.
 * Returns the most bytes that are there at once of what is read again later, before a step. */
static double walk(const wgi_reversal *r, const wgi_array *order)
{
    const size_t n_values = r->values.count;
    const wgi_reversal_value *values = r->values.data;
    bool *is_made = calloc(n_values + 1, sizeof *is_made);
    bool *is_wanted = calloc((order->count + 1) * (n_values + 1), sizeof *is_wanted);
    assert_non_null(is_made);
    assert_non_null(is_wanted);
    double most = 0;
    uint32_t next = r->turn + 1;
    for (size_t i = order->count; i > 0; i--) {
        const uint32_t step = word_at(order, i - 1);
        bool *now = is_wanted + (i - 1) * n_values;
        memcpy(now, is_wanted + i * n_values, n_values * sizeof *now);
        for (uint32_t v = word_at(&r->first_value, step); v < word_at(&r->first_value, step + 1);
             v++) {
            now[v] = false;
        }
        for (uint32_t k = word_at(&r->first_read, step); k < word_at(&r->first_read, step + 1);
             k++) {
            now[word_at(&r->reads, k)] = true;
        }
    }
    for (size_t i = 0; i < order->count; i++) {
        const uint32_t step = word_at(order, i);
        double bytes = 0;
        for (size_t v = 0; v < n_values; v++) {
            const bool is_there = is_made[v] && is_wanted[i * n_values + v];
            bytes += is_there && !values[v].is_lasting ? values[v].bytes : 0;
        }
        most = bytes > most ? bytes : most;
        for (uint32_t k = word_at(&r->first_read, step); k < word_at(&r->first_read, step + 1);
             k++) {
            assert_true(is_made[word_at(&r->reads, k)]);
        }
        for (uint32_t v = word_at(&r->first_value, step); v < word_at(&r->first_value, step + 1);
             v++) {
            is_made[v] = true;
        }
        if (step > r->turn) {
            assert_int_equal(step, next);
            next++;
        }
    }
    assert_int_equal(next, r->n_steps + 1);
    free(is_made);
    free(is_wanted);
    return most;
}

/* ---- chains --------------------------------------------------------------------------------- */

/* The fewest steps to reverse n levels with room for q states, by the recurrence: advance to some
 * level, reverse what is above it with one state less, then what is below it. */
static void find_fewest(double fewest[MOST_LEVELS + 1][MOST_ROOM + 1])
{
    for (int n = 0; n <= MOST_LEVELS; n++) {
        for (int q = 1; q <= MOST_ROOM; q++) {
            fewest[n][q] = (double)n * (n + 1) / 2;
            for (int m = 1; q > 1 && m <= n; m++) {
                const double cost = m + fewest[n - m][q - 1] + fewest[m - 1][q];
                fewest[n][q] = cost < fewest[n][q] ? cost : fewest[n][q];
            }
        }
    }
}

static void the_count_is_that_of_the_recurrence(void **state)
{
    (void)state;
    static double fewest[MOST_LEVELS + 1][MOST_ROOM + 1];
    find_fewest(fewest);
    for (int n = 0; n <= MOST_LEVELS; n++) {
        for (int q = 1; q <= MOST_ROOM; q++) {
            assert_true(wgi_reversal_count(n, q) == fewest[n][q]);
        }
    }
    /* From the paper: 56 steps and 5 checkpoints beside the start are 3 times over at most. */
    assert_true(wgi_reversal_count(55, 5) == 3 * 56 - 28);
}

static void check_chain(uint32_t n, uint32_t q)
{
    const wg_allocator a = wgi_default_allocator();
    wgi_reversal r = {.memory = &a};
    wgi_array order = {NULL, 0, 0};
    make_chain(&r, n);
    assert_true(wgi_reversal_schedule(&r, 8.0 * q, LONGEST, &order));
    assert_true((double)(order.count - n) == wgi_reversal_count(n, q));
    if (n <= 200) {
        assert_true(walk(&r, &order) <= 8.0 * q);
    }
    wgi_array_free(&a, &order, sizeof(uint32_t));
    wgi_reversal_free(&r);
}

static void chains_take_as_few_steps_as_revolve(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= MOST_LEVELS; n++) {
        for (uint32_t q = 1; q <= MOST_ROOM; q++) {
            check_chain(n, q);
        }
    }
    static const uint32_t lengths[] = {100, 129, 200, 1000, 3000};
    static const uint32_t rooms[] = {3, 4, 5, 7, 10, 20, 50, 128, 999, 5000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t k = 0; k < sizeof rooms / sizeof *rooms; k++) {
            check_chain(lengths[i], rooms[k]);
        }
    }
}

/* ---- any row -------------------------------------------------------------------------------- */

/* Steps that read some of the last few values, now and then of far ones; backward steps that want
 * values ever further up, but not strictly. */
static void make_row(wgi_reversal *r, wg_rng *rng)
{
    const uint32_t n = 1 + (uint32_t)wg_rng_below(rng, 60);
    const uint32_t n_back = 1 + (uint32_t)wg_rng_below(rng, 80);
    begin_step(r, 0);
    for (uint32_t i = 0; i < n; i++) {
        begin_step(r, (double)(1 + wg_rng_below(rng, 50)));
        ((wgi_reversal_value *)r->values.data)[i].is_lasting = wg_rng_below(rng, 12) == 0;
        for (uint64_t k = wg_rng_below(rng, 3); i > 0 && k > 0; k--) {
            const uint32_t back = (uint32_t)wg_rng_below(rng, wg_rng_below(rng, 5) == 0 ? i : 3);
            push(r->memory, &r->reads, back < i ? i - 1 - back : 0);
        }
    }
    r->turn = n;
    for (uint32_t i = 0; i < n_back; i++) {
        const uint32_t at = n - 1 - i * n / n_back;
        begin_step(r, 0);
        for (uint64_t k = wg_rng_below(rng, 3); k > 0; k--) {
            const uint32_t back = (uint32_t)wg_rng_below(rng, wg_rng_below(rng, 9) == 0 ? n : 4);
            push(r->memory, &r->reads, back < at ? at - back : 0);
        }
    }
    end_row(r);
}

static void every_value_is_there_when_it_is_read(void **state)
{
    (void)state;
    const wg_allocator a = wgi_default_allocator();
    wg_rng rng = wg_rng_make(11, 0);
    for (int i = 0; i < 300; i++) {
        wgi_reversal r = {.memory = &a};
        wgi_array order = {NULL, 0, 0};
        make_row(&r, &rng);
        assert_true(wgi_reversal_schedule(&r, wgi_reversal_most(&r), LONGEST, &order));
        const double most = walk(&r, &order);
        assert_int_equal(order.count, r.n_steps);
        for (int part = 0; part < 10; part++) {
            assert_true(
                wgi_reversal_schedule(&r, wgi_reversal_most(&r) * part / 10, LONGEST, &order));
            assert_true(order.count >= r.n_steps);
            assert_true(walk(&r, &order) <= most);
        }
        wgi_array_free(&a, &order, sizeof(uint32_t));
        wgi_reversal_free(&r);
    }
}

static void an_order_that_is_too_long_is_not_given(void **state)
{
    (void)state;
    const wg_allocator a = wgi_default_allocator();
    wgi_reversal r = {.memory = &a};
    wgi_array order = {NULL, 0, 0};
    make_chain(&r, 40);
    const size_t length = 40 + (size_t)wgi_reversal_count(40, 3);
    assert_true(wgi_reversal_schedule(&r, 24, length, &order));
    assert_int_equal(order.count, length);
    assert_true(wgi_reversal_schedule(&r, 24, length - 1, &order));
    assert_int_equal(order.count, 0);
    assert_true(wgi_reversal_schedule(&r, 24, length, &order));
    assert_int_equal(order.count, length);
    const wg_allocator none = {.allocate = grow_failed, .release = keep};
    wgi_array nothing = {NULL, 0, 0};
    r.memory = &none;
    assert_false(wgi_reversal_schedule(&r, 24, length, &nothing));
    r.memory = &a;
    wgi_array_free(&a, &order, sizeof(uint32_t));
    wgi_reversal_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_count_is_that_of_the_recurrence),
        cmocka_unit_test(chains_take_as_few_steps_as_revolve),
        cmocka_unit_test(every_value_is_there_when_it_is_read),
        cmocka_unit_test(an_order_that_is_too_long_is_not_given),
    };
    return cmocka_run_group_tests_name("reversal", tests, NULL, NULL);
}
