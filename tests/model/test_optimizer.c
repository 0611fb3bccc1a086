/* Optimizers: trajectories against PyTorch's, what is skipped, and what a failed step leaves alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/bare.h"

#include <math.h>
#include <stdio.h>

#define N 8
#define N_A 5

/* As tests/golden/optimizers.py has them. */
static const double start_values[N] = {1.0, -2.0, 0.5, 3.0, -0.25, 0.75, -1.5, 2.0};
static const double target[N] = {0.3, 0.7, -1.1, 0.9, 0.0, -0.6, 1.2, 0.1};
static const double curvature[N] = {1.0, 0.5, 2.0, 0.1, 3.0, 1.5, 0.25, 0.8};

/* Two parameters, a [5] and b [3], and an optimizer of them. */
typedef struct fixture {
    bare base;
    wg_model *model;
    wg_param *a;
    wg_param *b;
    wg_optimizer *optimizer;
} fixture;

static wg_param *add(fixture *f, const char *name, wg_dtype dtype, int64_t n, const double *values)
{
    wg_param *p = NULL;
    assert_int_equal(wg_param_create(f->model, name, dtype, 1, &n, NULL, &p), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(wg_tensor_set(wg_param_value(p), i, values[i]), WG_OK);
    }
    return p;
}

static void start(fixture *f, wg_dtype dtype)
{
    bare_start(&f->base);
    f->model = NULL;
    f->optimizer = NULL;
    assert_int_equal(wg_model_create(&f->base.ctx, &f->model), WG_OK);
    f->a = add(f, "a", dtype, N_A, start_values);
    f->b = add(f, "b", dtype, N - N_A, start_values + N_A);
}

static void finish(fixture *f)
{
    wg_optimizer_destroy(f->optimizer);
    wg_model_destroy(f->model);
    bare_finish(&f->base);
}

static void start_sgd(fixture *f, double momentum)
{
    start(f, WG_F64);
    const wg_sgd_options options = {.size = sizeof options, .rate = 0.1, .momentum = momentum};
    assert_int_equal(wg_sgd_create(f->model, &options, &f->optimizer), WG_OK);
}

static void start_adam(fixture *f)
{
    start(f, WG_F64);
    assert_int_equal(wg_adam_create(f->model, NULL, &f->optimizer), WG_OK);
}

static double value(const wg_param *p, int64_t i)
{
    return wg_tensor_get(wg_param_value(p), i);
}

/* The gradient of the golden file's loss at p, whose elements are those from `first` on. */
static void set_loss_gradient(wg_param *p, int64_t first)
{
    double gradient[N];
    for (int64_t i = 0; i < wg_tensor_count(wg_param_value(p)); i++) {
        const double x = value(p, i);
        gradient[i] = curvature[first + i] * (x - target[first + i]) + 0.05 * x * x * x;
    }
    bare_set_gradient(p, gradient);
}

static void set_both(fixture *f)
{
    set_loss_gradient(f->a, 0);
    set_loss_gradient(f->b, N_A);
}

static void step(fixture *f)
{
    assert_int_equal(wg_optimizer_step(f->optimizer), WG_OK);
}

/* ---- against PyTorch ---------------------------------------------------------------------- */

/* The numbers of a case, as the golden file has them. */
typedef struct numbers {
    double rate;
    double momentum;
    int flag;
    double beta1;
    double beta2;
    double epsilon;
    double weight_decay;
    double clip;
} numbers;

static wg_status create_kind(fixture *f, const char *kind, const numbers *x)
{
    const wg_sgd_options sgd = {sizeof sgd,      x->rate,      x->momentum,
                                x->weight_decay, x->flag != 0, x->beta1};
    const wg_adam_options adam = {sizeof adam, x->rate,         x->beta1,    x->beta2,
                                  x->epsilon,  x->weight_decay, x->flag != 0};
    const wg_rmsprop_options rmsprop = {sizeof rmsprop, x->rate,         x->beta1,    x->epsilon,
                                        x->momentum,    x->weight_decay, x->flag != 0};
    const wg_adagrad_options adagrad = {sizeof adagrad, x->rate,         x->epsilon,
                                        x->momentum,    x->weight_decay, x->beta1};
    if (strcmp(kind, "sgd") == 0) {
        return wg_sgd_create(f->model, &sgd, &f->optimizer);
    }
    if (strcmp(kind, "adam") == 0) {
        return wg_adam_create(f->model, &adam, &f->optimizer);
    }
    if (strcmp(kind, "adamw") == 0) {
        return wg_adamw_create(f->model, &adam, &f->optimizer);
    }
    if (strcmp(kind, "rmsprop") == 0) {
        return wg_rmsprop_create(f->model, &rmsprop, &f->optimizer);
    }
    assert_string_equal(kind, "adagrad");
    return wg_adagrad_create(f->model, &adagrad, &f->optimizer);
}

/* Returns by what gradients are clipped. */
static double create_case(fixture *f, FILE *golden, char name[32])
{
    char kind[8];
    numbers x;
    assert_int_equal(fscanf(golden, "%31s %7s %lf %lf %d %lf %lf %lf %lf %lf", name, kind, &x.rate,
                            &x.momentum, &x.flag, &x.beta1, &x.beta2, &x.epsilon, &x.weight_decay,
                            &x.clip),
                     10);
    assert_int_equal(create_kind(f, kind, &x), WG_OK);
    assert_string_equal(wg_optimizer_name(f->optimizer), kind);
    return x.clip;
}

static void expect_golden(const fixture *f, FILE *golden, double tolerance)
{
    for (int64_t i = 0; i < N; i++) {
        double expected = 0.0;
        assert_int_equal(fscanf(golden, "%lf", &expected), 1);
        const double x = i < N_A ? value(f->a, i) : value(f->b, i - N_A);
        assert_true(fabs(x - expected) <= tolerance);
    }
}

static void clip(fixture *f, double by)
{
    if (by > 0.0) {
        assert_int_equal(wg_clip_grad_norm(f->model, by, 2.0, NULL), WG_OK);
    } else if (by < 0.0) {
        assert_int_equal(wg_clip_grad_value(f->model, -by), WG_OK);
    }
}

static void step_to(fixture *f, int from, int to, double by)
{
    for (int t = from + 1; t <= to; t++) {
        set_loss_gradient(f->a, 0);
        if (t % 3 != 0) {
            set_loss_gradient(f->b, N_A);
        }
        clip(f, by);
        step(f);
    }
}

/* Reads "case ... at ... at ..." up to the next case; returns the steps compared. PyTorch clips to
 * a norm by max_norm / (norm + 1e-6). */
static int follow_case(FILE *golden, wg_dtype dtype, double tolerance)
{
    fixture f;
    char name[32];
    int at = 0;
    int next = 0;
    start(&f, dtype);
    const double by = create_case(&f, golden, name);
    while (fscanf(golden, " at %d", &next) == 1) {
        step_to(&f, at, next, by);
        at = next;
        expect_golden(&f, golden, by > 0.0 ? 1e-5 : tolerance);
    }
    print_message("%s: %d steps\n", name, at);
    finish(&f);
    return at;
}

static void follow_all(wg_dtype dtype, double tolerance)
{
    FILE *golden = fopen(WENGERT_SOURCE_DIR "/tests/golden/optimizers.txt", "r");
    assert_non_null(golden);
    char word[8];
    int n_cases = 0;
    while (fscanf(golden, "%7s", word) == 1) {
        assert_string_equal(word, "case");
        assert_int_equal(follow_case(golden, dtype, tolerance), 100);
        n_cases++;
    }
    assert_int_equal(n_cases, 26);
    fclose(golden);
}

/* PyTorch rounds in another order: a few ulp a step, 100 steps, values below 4. */
static void test_optimizer_follows_pytorch_in_f64(void **state)
{
    (void)state;
    follow_all(WG_F64, 1e-12);
}

/* 100 steps of roundings of 6e-8 of values up to 3, damped by the loss. */
static void test_optimizer_follows_pytorch_in_f32(void **state)
{
    (void)state;
    follow_all(WG_F32, 1e-5);
}

/* ---- what is skipped ---------------------------------------------------------------------- */

static void test_optimizer_step_empties_gradients_and_bumps_versions(void **state)
{
    (void)state;
    fixture f;
    start_sgd(&f, 0.0);
    set_loss_gradient(f.a, 0);
    const uint64_t version_a = f.a->value->version;
    const uint64_t version_b = f.b->value->version;
    step(&f);
    assert_null(wg_param_gradient(f.a));
    assert_true(f.a->value->version == version_a + 1);
    assert_true(f.b->value->version == version_b);
    assert_true(value(f.a, 0) != start_values[0]);
    assert_true(value(f.b, 0) == start_values[N_A]);
    finish(&f);
}

/* A parameter that joins at step 4 moves as one whose optimizer is new. */
static void test_optimizer_counts_adam_steps_of_each_parameter(void **state)
{
    (void)state;
    fixture late;
    fixture fresh;
    start_adam(&late);
    start_adam(&fresh);
    for (int t = 0; t < 3; t++) {
        set_loss_gradient(late.a, 0);
        step(&late);
    }
    for (int t = 0; t < 2; t++) {
        set_loss_gradient(late.b, N_A);
        set_loss_gradient(fresh.b, N_A);
        step(&late);
        step(&fresh);
    }
    for (int64_t i = 0; i < N - N_A; i++) {
        assert_true(value(late.b, i) == value(fresh.b, i));
        assert_true(value(late.b, i) != start_values[N_A + i]);
    }
    finish(&fresh);
    finish(&late);
}

static void test_optimizer_skips_frozen_parameters_and_their_state(void **state)
{
    (void)state;
    fixture f;
    fixture other;
    start_sgd(&f, 0.9);
    start_sgd(&other, 0.9);
    set_both(&f);
    set_both(&other);
    step(&f);
    step(&other);
    assert_int_equal(wg_param_set_frozen(f.b, true), WG_OK);
    const double frozen_at = value(f.b, 0);
    set_both(&f);
    step(&f);
    assert_true(value(f.b, 0) == frozen_at);
    assert_non_null(wg_param_gradient(f.b));
    assert_int_equal(wg_param_set_frozen(f.b, false), WG_OK);
    set_loss_gradient(f.b, N_A);
    set_loss_gradient(other.b, N_A);
    step(&f);
    step(&other);
    assert_true(value(f.b, 0) == value(other.b, 0));
    finish(&other);
    finish(&f);
}

static void test_optimizer_takes_in_parameters_added_later(void **state)
{
    (void)state;
    fixture f;
    start_sgd(&f, 0.9);
    set_both(&f);
    step(&f);
    wg_param *late = add(&f, "late", WG_F32, 3, start_values);
    set_loss_gradient(late, 0);
    step(&f);
    assert_true(value(late, 0) != start_values[0]);
    add(&f, "empty", WG_F32, 0, NULL);
    bare_set_gradient(wg_model_find(f.model, "empty"), NULL);
    step(&f);
    assert_null(wg_param_gradient(wg_model_find(f.model, "empty")));
    finish(&f);
}

static void test_optimizer_rate_is_the_next_steps_rate(void **state)
{
    (void)state;
    fixture f;
    start_sgd(&f, 0.0);
    const double gradient[N] = {1.0, 1.0, 1.0, 1.0, 1.0};
    assert_true(wg_optimizer_rate(f.optimizer) == 0.1);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, 0.5), WG_OK);
    bare_set_gradient(f.a, gradient);
    step(&f);
    assert_true(value(f.a, 0) == 0.5);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, -1.0), WG_ERR_ARGUMENT);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, (double)INFINITY), WG_ERR_ARGUMENT);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, (double)NAN), WG_ERR_ARGUMENT);
    assert_true(wg_optimizer_rate(f.optimizer) == 0.5);
    assert_int_equal(wg_optimizer_set_rate(f.optimizer, 0.0), WG_OK);
    bare_set_gradient(f.a, gradient);
    step(&f);
    assert_true(value(f.a, 0) == 0.5);
    finish(&f);
}

/* ---- backends ----------------------------------------------------------------------------- */

static int n_declined;
static bool was_first;

static wg_status decline(const wgi_sgd_rule *rule, const wgi_update *updates, size_t n,
                         int32_t threads)
{
    (void)threads;
    assert_true(rule->momentum == 0.0);
    assert_true(updates[0].rate == 0.1 && updates[1].rate == 0.1);
    assert_int_equal(n, 2);
    was_first = updates[0].step == 1 && updates[1].step == 1;
    n_declined++;
    return WG_ERR_UNSUPPORTED;
}

static void test_optimizer_falls_through_backends_that_decline(void **state)
{
    (void)state;
    static const wgi_updates declining = {.backend = "declining", .sgd = decline};
    fixture f;
    start_sgd(&f, 0.0);
    f.base.ctx.updates[0] = &declining;
    n_declined = 0;
    set_both(&f);
    step(&f);
    assert_int_equal(n_declined, 1);
    assert_true(was_first);
    assert_true(value(f.a, 0) != start_values[0]);
    set_both(&f);
    step(&f);
    assert_false(was_first);
    finish(&f);
}

/* The last parameter is of a dtype that no backend updates: the first is not updated either. */
static void test_optimizer_that_no_backend_serves_changes_nothing(void **state)
{
    (void)state;
    fixture f;
    start_sgd(&f, 0.0);
    f.base.ctx.updates[1] = NULL;
    set_both(&f);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_ERR_UNSUPPORTED);
    f.base.ctx.updates[1] = bare_updates();
    wg_param *wide = add(&f, "wide", (wg_dtype)WGI_DTYPE_WIDE, 2, start_values);
    set_loss_gradient(wide, 0);
    assert_int_equal(wg_optimizer_step(f.optimizer), WG_ERR_UNSUPPORTED);
    assert_true(strlen(wg_context_error(&f.base.ctx)) > 0);
    assert_true(value(f.a, 0) == start_values[0]);
    assert_non_null(wg_param_gradient(f.a));
    wg_param_clear_gradient(wide);
    step(&f);
    assert_true(value(f.a, 0) != start_values[0]);
    finish(&f);
}

/* ---- arguments ---------------------------------------------------------------------------- */

static void expect_sgd_refused(fixture *f, wg_sgd_options options)
{
    wg_optimizer *o = (wg_optimizer *)f;
    assert_int_equal(wg_sgd_create(f->model, &options, &o), WG_ERR_ARGUMENT);
    assert_null(o);
}

static void test_optimizer_sgd_refuses_bad_options(void **state)
{
    (void)state;
    fixture f;
    start(&f, WG_F32);
    const size_t size = sizeof(wg_sgd_options);
    wg_optimizer *o = (wg_optimizer *)&f;
    const wg_sgd_options good = {size, 0.1, 0.0, 0.0, false, 0.0};
    expect_sgd_refused(&f, (wg_sgd_options){0, 0.1, 0.0, 0.0, false, 0.0});
    expect_sgd_refused(&f, (wg_sgd_options){size, 0.0, 0.0, 0.0, false, 0.0});
    expect_sgd_refused(&f, (wg_sgd_options){size, -0.1, 0.0, 0.0, false, 0.0});
    expect_sgd_refused(&f, (wg_sgd_options){size, (double)NAN, 0.0, 0.0, false, 0.0});
    expect_sgd_refused(&f, (wg_sgd_options){size, 0.1, -0.9, 0.0, false, 0.0});
    expect_sgd_refused(&f, (wg_sgd_options){size, 0.1, 0.9, (double)INFINITY, false, 0.0});
    expect_sgd_refused(&f, (wg_sgd_options){size, 0.1, 0.9, 0.0, false, -0.1});
    expect_sgd_refused(&f, (wg_sgd_options){size, 0.1, 0.9, 0.0, false, 1.5});
    expect_sgd_refused(&f, (wg_sgd_options){size, 0.1, 0.9, 0.0, false, (double)NAN});
    expect_sgd_refused(&f, (wg_sgd_options){size, 0.1, 0.9, 0.0, true, 0.5});
    assert_int_equal(wg_sgd_create(f.model, NULL, &o), WG_ERR_ARGUMENT);
    assert_int_equal(wg_sgd_create(NULL, &good, &o), WG_ERR_ARGUMENT);
    assert_null(o);
    assert_int_equal(wg_sgd_create(f.model, &good, NULL), WG_ERR_ARGUMENT);
    finish(&f);
}

static void expect_adam_refused(fixture *f, wg_adam_options options)
{
    wg_optimizer *o = (wg_optimizer *)f;
    assert_int_equal(wg_adam_create(f->model, &options, &o), WG_ERR_ARGUMENT);
    assert_null(o);
}

static void test_optimizer_adam_refuses_bad_options(void **state)
{
    (void)state;
    fixture f;
    start(&f, WG_F32);
    const size_t size = sizeof(wg_adam_options);
    wg_optimizer *o = NULL;
    expect_adam_refused(&f, (wg_adam_options){size + 8, 0.0, 0.0, 0.0, 0.0, 0.0, false});
    expect_adam_refused(&f, (wg_adam_options){size, -1.0, 0.0, 0.0, 0.0, 0.0, false});
    expect_adam_refused(&f, (wg_adam_options){size, 0.0, 1.0, 0.0, 0.0, 0.0, false});
    expect_adam_refused(&f, (wg_adam_options){size, 0.0, -0.1, 0.0, 0.0, 0.0, false});
    expect_adam_refused(&f, (wg_adam_options){size, 0.0, 0.0, (double)NAN, 0.0, 0.0, false});
    expect_adam_refused(&f, (wg_adam_options){size, 0.0, 0.0, 0.0, (double)INFINITY, 0.0, false});
    expect_adam_refused(&f, (wg_adam_options){size, 0.0, 0.0, 0.0, 0.0, -1.0, false});
    assert_int_equal(wg_adam_create(NULL, NULL, &o), WG_ERR_ARGUMENT);
    assert_int_equal(wg_adam_create(f.model, NULL, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_adam_create(f.model, NULL, &o), WG_OK);
    assert_true(wg_optimizer_rate(o) == 0.001);
    wg_optimizer_destroy(o);
    finish(&f);
}

static void test_optimizer_survives_null(void **state)
{
    (void)state;
    wg_optimizer_destroy(NULL);
    assert_int_equal(wg_optimizer_step(NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_optimizer_set_rate(NULL, 1.0), WG_ERR_ARGUMENT);
    assert_true(isnan(wg_optimizer_rate(NULL)));
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Two steps of Adam, of which the k-th allocation fails: the failed step changes nothing, and what
 * follows is bit for bit what would have been. */
static bool step_twice(size_t k, bool is_persistent, double out[N])
{
    fixture f;
    start_adam(&f);
    set_both(&f);
    wgt_allocator_fail(&f.base.allocator, k, is_persistent);
    const wg_status status = wg_optimizer_step(f.optimizer);
    wgt_allocator_fail(&f.base.allocator, 0, false);
    if (status != WG_OK) {
        assert_int_equal(status, WG_ERR_MEMORY);
        for (int64_t i = 0; i < N; i++) {
            assert_true((i < N_A ? value(f.a, i) : value(f.b, i - N_A)) == start_values[i]);
        }
        assert_non_null(wg_param_gradient(f.a));
        assert_non_null(wg_param_gradient(f.b));
        step(&f);
    }
    set_both(&f);
    step(&f);
    for (int64_t i = 0; i < N; i++) {
        out[i] = i < N_A ? value(f.a, i) : value(f.b, i - N_A);
    }
    finish(&f);
    return status != WG_OK;
}

static void test_optimizer_step_survives_each_failed_allocation(void **state)
{
    (void)state;
    double expected[N];
    double out[N];
    assert_false(step_twice(0, false, expected));
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        size_t k = 1;
        while (step_twice(k, is_persistent != 0, out)) {
            assert_memory_equal(out, expected, sizeof out);
            k++;
        }
        assert_true(k > 5);
    }
}

static void test_optimizer_steps_after_the_first_allocate_nothing(void **state)
{
    (void)state;
    fixture f;
    start_adam(&f);
    set_both(&f);
    step(&f);
    const size_t n_calls = f.base.allocator.n_calls;
    set_both(&f);
    step(&f);
    assert_int_equal(f.base.allocator.n_calls, n_calls);
    finish(&f);
}

static void test_optimizer_creation_survives_a_failed_allocation(void **state)
{
    (void)state;
    fixture f;
    start(&f, WG_F32);
    wgt_allocator_fail(&f.base.allocator, 1, false);
    f.optimizer = (wg_optimizer *)&f;
    assert_int_equal(wg_adam_create(f.model, NULL, &f.optimizer), WG_ERR_MEMORY);
    assert_null(f.optimizer);
    assert_int_equal(wg_adam_create(f.model, NULL, &f.optimizer), WG_OK);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimizer_follows_pytorch_in_f64),
        cmocka_unit_test(test_optimizer_follows_pytorch_in_f32),
        cmocka_unit_test(test_optimizer_step_empties_gradients_and_bumps_versions),
        cmocka_unit_test(test_optimizer_counts_adam_steps_of_each_parameter),
        cmocka_unit_test(test_optimizer_skips_frozen_parameters_and_their_state),
        cmocka_unit_test(test_optimizer_takes_in_parameters_added_later),
        cmocka_unit_test(test_optimizer_rate_is_the_next_steps_rate),
        cmocka_unit_test(test_optimizer_falls_through_backends_that_decline),
        cmocka_unit_test(test_optimizer_that_no_backend_serves_changes_nothing),
        cmocka_unit_test(test_optimizer_sgd_refuses_bad_options),
        cmocka_unit_test(test_optimizer_adam_refuses_bad_options),
        cmocka_unit_test(test_optimizer_survives_null),
        cmocka_unit_test(test_optimizer_step_survives_each_failed_allocation),
        cmocka_unit_test(test_optimizer_steps_after_the_first_allocate_nothing),
        cmocka_unit_test(test_optimizer_creation_survives_a_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
