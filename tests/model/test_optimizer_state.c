/* Groups, the state of optimizers out and in, and clipping of gradients.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/wengert.h>

#include "support/counted.h"

#define N_STATES 64

typedef struct fixture {
    wgt_counted base;
    wg_linear a;
    wg_linear b;
} fixture;

static void start(fixture *f)
{
    wgt_counted_start(&f->base);
    assert_int_equal(wg_linear_create(f->base.m, "a", 3, 2, NULL, &f->a), WG_OK);
    assert_int_equal(wg_linear_create(f->base.m, "ab", 2, 2, NULL, &f->b), WG_OK);
}

static void finish(fixture *f)
{
    wgt_counted_finish(&f->base);
}

static void give_gradients(const fixture *f, double of)
{
    double gradients[14];
    for (int i = 0; i < 14; i++) {
        gradients[i] = of * (i % 5 - 2.25);
    }
    assert_int_equal(wg_model_set_gradients(f->base.m, gradients, 14), WG_OK);
}

static double first_of(const wg_param *p)
{
    return wg_tensor_get(wg_param_value(p), 0);
}

/* ---- groups ------------------------------------------------------------------------------- */

static void test_optimizer_groups_scale_rates_and_set_decays(void **state)
{
    (void)state;
    fixture f;
    wg_optimizer *o;
    start(&f);
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 0.5, .weight_decay = 0.25};
    assert_int_equal(wg_sgd_create(f.base.m, &sgd, &o), WG_OK);
    const wg_optimizer_group slow = {.size = sizeof slow, .path = "a", .rate_scale = 0.125};
    const wg_optimizer_group plain = {
        .size = sizeof plain, .max_rank = 1, .has_weight_decay = true};
    assert_int_equal(wg_optimizer_add_group(o, &slow), WG_OK);
    assert_int_equal(wg_optimizer_add_group(o, &plain), WG_OK);
    const wg_param *const params[4] = {f.a.weight, f.a.bias, f.b.weight, f.b.bias};
    const double rates[4] = {0.0625, 0.5, 0.5, 0.5};
    const double decays[4] = {0.25, 0.0, 0.25, 0.0};
    double before[4];
    double gradient[4];
    give_gradients(&f, 1.0);
    for (int i = 0; i < 4; i++) {
        before[i] = first_of(params[i]);
        gradient[i] = wg_tensor_get(wg_param_gradient(params[i]), 0);
    }
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    for (int i = 0; i < 4; i++) {
        const double expected = before[i] - rates[i] * (gradient[i] + decays[i] * before[i]);
        assert_true(fabs(first_of(params[i]) - expected) <= 1e-6);
    }
    /* A group added later counts from then on, and for parameters that have stepped. */
    const wg_optimizer_group still = {.size = sizeof still, .rate_scale = 0x1p-1000};
    assert_int_equal(wg_optimizer_add_group(o, &still), WG_OK);
    give_gradients(&f, 1.0);
    before[0] = first_of(f.a.weight);
    assert_int_equal(wg_optimizer_step(o), WG_OK);
    assert_true(first_of(f.a.weight) == before[0]);
    wg_optimizer_destroy(o);
    finish(&f);
}

/* ---- state -------------------------------------------------------------------------------- */

/* v' = v / 2 + g, value -= rate v': with a state that matters. */
static wg_status own_step(const wg_step *step)
{
    for (size_t i = 0; i < step->n; i++) {
        const wg_update *u = &step->updates[i];
        float *value = u->value;
        float *v = u->state[0];
        for (int64_t k = 0; k < u->n; k++) {
            v[k] = 0.5F * v[k] + ((const float *)u->gradient)[k] / (float)u->step;
            value[k] -= (float)u->rate * v[k];
        }
    }
    return WG_OK;
}

static wg_optimizer *create(const fixture *f, int kind)
{
    const wg_sgd_options plain = {.size = sizeof plain, .rate = 0.1};
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 0.1, .momentum = 0.9};
    const wg_sgd_options dampened = {
        .size = sizeof dampened, .rate = 0.1, .momentum = 0.9, .dampening = 0.5};
    const wg_adam_options amsgrad = {.size = sizeof amsgrad, .is_amsgrad = true};
    const wg_rmsprop_options rmsprop = {
        .size = sizeof rmsprop, .momentum = 0.5, .is_centered = true};
    const wg_optimizer_definition own = {
        .size = sizeof own, .name = "own", .n_states = 1, .rate = 0.1, .step = own_step};
    wg_optimizer *o = NULL;
    wg_status status = WG_ERR_ARGUMENT;
    switch (kind) {
    case 0:
        status = wg_sgd_create(f->base.m, &plain, &o);
        break;
    case 1:
        status = wg_sgd_create(f->base.m, &sgd, &o);
        break;
    case 2:
        status = wg_adam_create(f->base.m, NULL, &o);
        break;
    case 3:
        status = wg_adamw_create(f->base.m, NULL, &o);
        break;
    case 4:
        status = wg_rmsprop_create(f->base.m, &rmsprop, &o);
        break;
    case 5:
        status = wg_adagrad_create(f->base.m, NULL, &o);
        break;
    case 6:
        status = wg_adam_create(f->base.m, &amsgrad, &o);
        break;
    case 7:
        status = wg_sgd_create(f->base.m, &dampened, &o);
        break;
    default:
        status = wg_optimizer_create(f->base.m, &own, &o);
    }
    assert_int_equal(status, WG_OK);
    return o;
}

enum {
    N_KINDS = 9
};

typedef struct states {
    size_t n;
    char names[N_STATES][320];
    wg_named_tensor entries[N_STATES];
} states;

static void take_out(const wg_optimizer *o, states *s)
{
    s->n = wg_optimizer_state_count(o);
    assert_true(s->n <= N_STATES);
    for (size_t i = 0; i < s->n; i++) {
        wg_tensor *t;
        assert_int_equal(wg_optimizer_state_get(o, i, s->names[i], 320, &t), WG_OK);
        s->entries[i] = (wg_named_tensor){.name = s->names[i], .tensor = t};
    }
}

static void release(states *s)
{
    for (size_t i = 0; i < s->n; i++) {
        wg_tensor_destroy((wg_tensor *)s->entries[i].tensor);
    }
    s->n = 0;
}

static void values_of(const fixture *f, double out[14])
{
    assert_int_equal(wg_model_get_values(f->base.m, out, 14), WG_OK);
}

static void step(const fixture *f, wg_optimizer *o, int times)
{
    for (int i = 0; i < times; i++) {
        give_gradients(f, 1.0 + 0.25 * i);
        if (i % 2 == 0) {
            wg_param_clear_gradient(f->b.bias);
        }
        assert_int_equal(wg_optimizer_step(o), WG_OK);
    }
}

/* Goes on by another optimizer with the state, and is compared with the first. */
static void check_resumed(int kind)
{
    fixture f;
    states s;
    double middle[14];
    double expected[14];
    double got[14];
    start(&f);
    wg_optimizer *o = create(&f, kind);
    assert_int_equal(wg_optimizer_state_count(o), 0);
    step(&f, o, 3);
    take_out(o, &s);
    values_of(&f, middle);
    step(&f, o, 5);
    values_of(&f, expected);
    wg_optimizer_destroy(o);
    o = create(&f, kind);
    step(&f, o, 2); /* what it remembers is forgotten */
    assert_int_equal(wg_optimizer_state_set(o, s.entries, s.n), WG_OK);
    assert_int_equal(wg_model_set_values(f.base.m, middle, 14), WG_OK);
    step(&f, o, 5);
    values_of(&f, got);
    assert_memory_equal(got, expected, sizeof got);
    assert_int_equal(wg_optimizer_state_set(o, NULL, 0), WG_OK);
    assert_int_equal(wg_optimizer_state_count(o), 0);
    wg_optimizer_destroy(o);
    release(&s);
    finish(&f);
}

static void test_optimizer_state_resumes_to_the_bit(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        check_resumed(kind);
    }
}

static void test_optimizer_state_has_names(void **state)
{
    (void)state;
    fixture f;
    states s;
    start(&f);
    wg_optimizer *o = create(&f, 2);
    assert_string_equal(wg_optimizer_name(o), "adam");
    step(&f, o, 1); /* without a gradient of ab.bias */
    take_out(o, &s);
    assert_int_equal(s.n, 9);
    assert_string_equal(s.names[0], "step.a.weight");
    assert_string_equal(s.names[1], "exp_avg.a.weight");
    assert_string_equal(s.names[8], "exp_avg_sq.ab.weight");
    assert_int_equal(wg_tensor_dtype(s.entries[0].tensor), WG_I64);
    assert_true(wg_tensor_get(s.entries[0].tensor, 0) == 1.0);
    assert_int_equal(wg_tensor_rank(s.entries[8].tensor), 2);
    release(&s);
    wg_optimizer_destroy(o);
    finish(&f);
}

static void refuse(const fixture *f, wg_optimizer *o, const states *s, wg_status status,
                   const char *text)
{
    states after;
    assert_int_equal(wg_optimizer_state_set(o, s->entries, s->n), status);
    assert_string_equal(wg_context_error(f->base.ctx), text);
    take_out(o, &after);
    assert_int_equal(after.n, 12);
    assert_true(wg_tensor_get(after.entries[0].tensor, 0) == 2.0);
    release(&after);
}

static void test_optimizer_state_tells_all_that_is_wrong(void **state)
{
    (void)state;
    fixture f;
    states s;
    start(&f);
    wg_optimizer *o = create(&f, 2);
    step(&f, o, 2);
    take_out(o, &s);
    assert_int_equal(s.n, 12);
    states wrong = s;
    wrong.entries[2].name = "exp_avg_sq.nobody";
    refuse(&f, o, &wrong, WG_ERR_NAME,
           "adam: state: 1 unexpected ('exp_avg_sq.nobody'), 1 missing ('exp_avg_sq.a.weight')");
    wrong.entries[2].name = "exp_avg.a.weight";
    wrong.entries[1].name = "momentum_buffer.a.weight";
    wrong.entries[4].name = NULL;
    refuse(&f, o, &wrong, WG_ERR_NAME,
           "adam: state: 2 unexpected ('momentum_buffer.a.weight' first), 2 missing "
           "('exp_avg_sq.a.weight' first)");
    wrong = s;
    wrong.entries[5].name = "exp_avg.a.bias";
    refuse(&f, o, &wrong, WG_ERR_NAME,
           "adam: state: 1 there twice ('exp_avg.a.bias'), 1 missing ('exp_avg_sq.a.bias')");
    wrong = s;
    wrong.entries[1].tensor = s.entries[4].tensor;
    wrong.entries[2].tensor = s.entries[0].tensor;
    refuse(&f, o, &wrong, WG_ERR_SHAPE,
           "adam: state: 1 of another shape ('exp_avg.a.weight'), 1 of another dtype "
           "('exp_avg_sq.a.weight')");
    const int64_t zero = 0;
    wg_tensor *none;
    assert_int_equal(wg_tensor_from(f.base.ctx, WG_I64, 0, NULL, WG_I64, &zero, &none), WG_OK);
    wrong = s;
    wrong.entries[0].tensor = none;
    refuse(&f, o, &wrong, WG_ERR_RANGE, "adam: state: 1 a step below 1 ('step.a.weight')");
    wg_tensor_destroy(none);
    release(&s);
    wg_optimizer_destroy(o);
    finish(&f);
}

static void test_optimizer_state_survives_each_failed_allocation(void **state)
{
    (void)state;
    fixture f;
    states s;
    start(&f);
    wg_optimizer *o = create(&f, 2);
    step(&f, o, 2);
    take_out(o, &s);
    wg_optimizer_destroy(o);
    o = create(&f, 2);
    wg_status status = WG_ERR_MEMORY;
    size_t k = 0;
    while (status == WG_ERR_MEMORY) {
        wgt_allocator_fail(&f.base.counter, ++k, false);
        status = wg_optimizer_state_set(o, s.entries, s.n);
        wgt_allocator_fail(&f.base.counter, 0, false);
        assert_int_equal(wg_optimizer_state_count(o), status == WG_OK ? 12 : 0);
    }
    assert_int_equal(status, WG_OK);
    assert_true(k > 3); /* what an attempt has taken stays taken */
    for (k = 1; k < 3; k++) {
        const wg_optimizer_group group = {.size = sizeof group, .path = "a", .rate_scale = 1e-3};
        wgt_allocator_fail(&f.base.counter, k, false);
        assert_int_equal(wg_optimizer_add_group(o, &group), WG_ERR_MEMORY);
        wgt_allocator_fail(&f.base.counter, 0, false);
    }
    release(&s);
    wg_optimizer_destroy(o);
    finish(&f);
}

/* ---- clipping ----------------------------------------------------------------------------- */

static double gradient_norm(const fixture *f)
{
    double gradients[14];
    double sum = 0.0;
    assert_int_equal(wg_model_get_gradients(f->base.m, gradients, 14), WG_OK);
    for (int i = 0; i < 14; i++) {
        sum += gradients[i] * gradients[i];
    }
    return sqrt(sum);
}

static void test_clip_grad_norm_scales_all_together(void **state)
{
    (void)state;
    fixture f;
    double norm;
    start(&f);
    give_gradients(&f, 1.0);
    const double before = gradient_norm(&f);
    assert_int_equal(wg_clip_grad_norm(f.base.m, 2.0 * before, 2.0, &norm), WG_OK);
    assert_true(fabs(norm - before) <= 1e-12 * before && gradient_norm(&f) == before);
    assert_int_equal(wg_clip_grad_norm(f.base.m, 0.5, 2.0, &norm), WG_OK);
    assert_true(fabs(norm - before) <= 1e-12 * before);
    assert_true(fabs(gradient_norm(&f) - 0.5) <= 1e-7);
    give_gradients(&f, 1.0);
    assert_int_equal(wg_clip_grad_norm(f.base.m, 1.0, (double)INFINITY, &norm), WG_OK);
    assert_true(norm == 2.25);
    assert_true(wg_tensor_get(wg_param_gradient(f.a.weight), 0) == -1.0);
    /* Frozen and empty ones neither count nor change. */
    give_gradients(&f, 100.0);
    assert_int_equal(wg_model_set_frozen(f.base.m, "ab", true), WG_OK);
    wg_param_clear_gradient(f.a.weight);
    assert_int_equal(wg_clip_grad_norm(f.base.m, 1.0, (double)INFINITY, &norm), WG_OK);
    assert_true(norm == 125.0); /* of a.bias: elements 6 and 7 */
    assert_true(fabs(wg_tensor_get(wg_param_gradient(f.b.bias), 0)) > 2.0);
    finish(&f);
}

static void test_clip_leaves_what_is_not_finite(void **state)
{
    (void)state;
    fixture f;
    double norm;
    start(&f);
    give_gradients(&f, (double)INFINITY);
    assert_int_equal(wg_clip_grad_norm(f.base.m, 1.0, 2.0, &norm), WG_OK);
    assert_true(isinf(norm));
    assert_true(isinf(wg_tensor_get(wg_param_gradient(f.a.weight), 0)));
    give_gradients(&f, (double)NAN);
    assert_int_equal(wg_clip_grad_norm(f.base.m, 1.0, 2.0, &norm), WG_OK);
    assert_true(isnan(norm));
    assert_int_equal(wg_clip_grad_norm(f.base.m, 1.0, (double)INFINITY, &norm), WG_OK);
    assert_true(isnan(norm));
    assert_int_equal(wg_clip_grad_value(f.base.m, 1.0), WG_OK);
    assert_true(isnan(wg_tensor_get(wg_param_gradient(f.a.weight), 0)));
    give_gradients(&f, (double)INFINITY);
    assert_int_equal(wg_clip_grad_value(f.base.m, 0.1), WG_OK);
    const double least = wg_tensor_get(wg_param_gradient(f.a.weight), 0);
    assert_true(least >= -0.1 && least < -0.0999999);
    finish(&f);
}

/* Squares of f64 gradients beyond the range of f64, in both directions. */
static void test_clip_grad_norm_does_not_overflow(void **state)
{
    (void)state;
    fixture f;
    wg_model *m;
    wg_param *p;
    double norm;
    const int64_t dims[] = {2};
    start(&f);
    assert_int_equal(wg_model_create(f.base.ctx, &m), WG_OK);
    assert_int_equal(wg_param_create(m, "p", WG_F64, 1, dims, NULL, &p), WG_OK);
    const double huge[] = {3e200, 4e200};
    const double tiny[] = {3e-200, 4e-200};
    assert_int_equal(wg_model_set_gradients(m, huge, 2), WG_OK);
    assert_int_equal(wg_clip_grad_norm(m, 1.0, 2.0, &norm), WG_OK);
    assert_true(fabs(norm / 5e200 - 1.0) <= 1e-15);
    assert_true(fabs(wg_tensor_get(wg_param_gradient(p), 1) - 0.8) <= 1e-15);
    assert_int_equal(wg_model_set_gradients(m, tiny, 2), WG_OK);
    assert_int_equal(wg_clip_grad_norm(m, 1.0, 2.0, &norm), WG_OK);
    assert_true(fabs(norm / 5e-200 - 1.0) <= 1e-15);
    wg_model_destroy(m);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimizer_groups_scale_rates_and_set_decays),
        cmocka_unit_test(test_optimizer_state_resumes_to_the_bit),
        cmocka_unit_test(test_optimizer_state_has_names),
        cmocka_unit_test(test_optimizer_state_tells_all_that_is_wrong),
        cmocka_unit_test(test_optimizer_state_survives_each_failed_allocation),
        cmocka_unit_test(test_clip_grad_norm_scales_all_together),
        cmocka_unit_test(test_clip_leaves_what_is_not_finite),
        cmocka_unit_test(test_clip_grad_norm_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
