/* AdamW: what decoupling changes, and what it does not. test_optimizer holds its trajectories
 * against PyTorch's.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/bare.h"

#include <math.h>

#define N 5

static const double start_values[N] = {1.0, -2.0, 0.5, 3.0, -0.25};
static const double gradients[N] = {0.25, 1.0, -3.0, 0.125, 0.5};
static const double zeros[N];

typedef struct fixture {
    bare base;
    wg_model *model;
    wg_param *p;
    wg_optimizer *optimizer;
} fixture;

typedef wg_status (*maker)(wg_model *m, const wg_adam_options *options, wg_optimizer **out);

static void start(fixture *f, wg_dtype dtype, maker make, const wg_adam_options *options)
{
    const int64_t n = N;
    bare_start(&f->base);
    assert_int_equal(wg_model_create(&f->base.ctx, &f->model), WG_OK);
    assert_int_equal(wg_param_create(f->model, "p", dtype, 1, &n, NULL, &f->p), WG_OK);
    for (int64_t i = 0; i < N; i++) {
        assert_int_equal(wg_tensor_set(wg_param_value(f->p), i, start_values[i]), WG_OK);
    }
    assert_int_equal(make(f->model, options, &f->optimizer), WG_OK);
}

static void finish(fixture *f)
{
    wg_optimizer_destroy(f->optimizer);
    wg_model_destroy(f->model);
    bare_finish(&f->base);
}

static void step(fixture *f, const double *gradient)
{
    bare_set_gradient(f->p, gradient);
    assert_int_equal(wg_optimizer_step(f->optimizer), WG_OK);
}

static double value(const fixture *f, int64_t i)
{
    return wg_tensor_get(wg_param_value(f->p), i);
}

/* Without a decay the two are one, to the bit. */
static void test_adamw_without_decay_is_adam(void **state)
{
    (void)state;
    const wg_adam_options options = {.size = sizeof options, .rate = 0.03};
    for (int k = 0; k < 2; k++) {
        fixture adam;
        fixture adamw;
        start(&adam, k == 0 ? WG_F32 : WG_F64, wg_adam_create, &options);
        start(&adamw, k == 0 ? WG_F32 : WG_F64, wg_adamw_create, &options);
        for (int t = 0; t < 20; t++) {
            step(&adam, gradients);
            step(&adamw, gradients);
        }
        for (int64_t i = 0; i < N; i++) {
            assert_true(value(&adam, i) == value(&adamw, i));
            assert_true(value(&adam, i) != start_values[i]);
        }
        finish(&adamw);
        finish(&adam);
    }
}

/* Where the gradient is zero Adam does not move, so that the decay alone is seen. With Adam's own
 * decay the moments would see it, and the step would be as long as the rate. */
static void test_adamw_decay_shrinks_values_and_leaves_moments_alone(void **state)
{
    (void)state;
    const wg_adam_options options = {.size = sizeof options, .rate = 0.5, .weight_decay = 0.25};
    fixture f;
    fixture coupled;
    start(&f, WG_F64, wg_adamw_create, &options);
    start(&coupled, WG_F64, wg_adam_create, &options);
    for (int t = 0; t < 3; t++) {
        step(&f, zeros);
    }
    step(&coupled, zeros);
    for (int64_t i = 0; i < N; i++) {
        assert_true(value(&f, i) == start_values[i] * 0.875 * 0.875 * 0.875);
        assert_true(fabs(fabs(value(&coupled, i) - start_values[i]) - 0.5) < 1e-6);
    }
    finish(&coupled);
    finish(&f);
}

/* The decay follows the rate that is set, schedules included. */
static void test_adamw_decay_is_of_the_rate_at_hand(void **state)
{
    (void)state;
    const wg_adam_options options = {.size = sizeof options, .rate = 0.5, .weight_decay = 0.25};
    fixture f;
    start(&f, WG_F64, wg_adamw_create, &options);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, 1.0), WG_OK);
    step(&f, zeros);
    assert_true(value(&f, 0) == 0.75);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, 0.0), WG_OK);
    step(&f, zeros);
    assert_true(value(&f, 0) == 0.75);
    finish(&f);
}

static void test_adamw_defaults_are_pytorchs(void **state)
{
    (void)state;
    const wg_adam_options same = {.size = sizeof same,
                                  .rate = 0.001,
                                  .beta1 = 0.9,
                                  .beta2 = 0.999,
                                  .epsilon = 1e-8,
                                  .weight_decay = 0.01};
    fixture plain;
    fixture spelled;
    start(&plain, WG_F64, wg_adamw_create, NULL);
    start(&spelled, WG_F64, wg_adamw_create, &same);
    assert_true(wg_optimizer_rate(plain.optimizer) == 0.001);
    for (int t = 0; t < 3; t++) {
        step(&plain, gradients);
        step(&spelled, gradients);
    }
    for (int64_t i = 0; i < N; i++) {
        assert_true(value(&plain, i) == value(&spelled, i));
    }
    finish(&spelled);
    finish(&plain);
}

static void test_adamw_messages_name_it(void **state)
{
    (void)state;
    const wg_adam_options bad = {.size = sizeof bad, .weight_decay = -1.0};
    fixture f;
    wg_optimizer *o = NULL;
    start(&f, WG_F32, wg_adamw_create, NULL);
    assert_int_equal(wg_adamw_create(f.model, &bad, &o), WG_ERR_ARGUMENT);
    assert_null(o);
    assert_memory_equal(wg_context_error(&f.base.ctx), "adamw: ", 7);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adamw_without_decay_is_adam),
        cmocka_unit_test(test_adamw_decay_shrinks_values_and_leaves_moments_alone),
        cmocka_unit_test(test_adamw_decay_is_of_the_rate_at_hand),
        cmocka_unit_test(test_adamw_defaults_are_pytorchs),
        cmocka_unit_test(test_adamw_messages_name_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
