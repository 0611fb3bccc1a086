/* L-BFGS: PyTorch's trajectories, failing closures, state, memory.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/wengert.h>

#include "support/counted.h"

#define N 6

static const double start_values[N] = {-1.2, 1.0, 0.4, -0.7, 1.5, 0.3};

typedef struct fixture {
    wgt_counted base;
    wg_optimizer *o;
    int loss; /* as tests/golden/lbfgs.py numbers them; 3: the barrier; 4: the island */
    int n_calls;
    int n_nan;    /* calls with a loss of NaN */
    int fails_at; /* the call that fails; 0: none */
} fixture;

static void add(fixture *f, const char *name, wg_dtype dtype, int64_t n)
{
    assert_int_equal(wg_param_create(f->base.m, name, dtype, 1, &n, NULL, NULL), WG_OK);
}

static void start(fixture *f, wg_dtype dtype)
{
    *f = (fixture){.loss = 0};
    wgt_counted_start(&f->base);
    add(f, "a", dtype, 4);
    add(f, "b", dtype, 2);
    assert_int_equal(wg_model_set_values(f->base.m, start_values, N), WG_OK);
}

static void finish(fixture *f)
{
    wg_optimizer_destroy(f->o);
    wgt_counted_finish(&f->base);
}

static void values_of(const fixture *f, double x[N])
{
    assert_int_equal(wg_model_get_values(f->base.m, x, N), WG_OK);
}

static double bowl(const double x[N], double g[N])
{
    static const double target[N] = {0.3, 0.7, -1.1, 0.9, 0.0, -0.6};
    static const double curvature[N] = {1.0, 0.5, 2.0, 0.1, 3.0, 1.5};
    double loss = 0.0;
    for (int i = 0; i < N; i++) {
        const double d = x[i] - target[i];
        loss += curvature[i] * d * d / 2.0 + pow(x[i], 4.0) / 80.0;
        g[i] = curvature[i] * d + pow(x[i], 3.0) / 20.0;
    }
    return loss;
}

static double rosenbrock(const double x[N], double g[N])
{
    double loss = 0.0;
    memset(g, 0, N * sizeof *g);
    for (int i = 0; i + 1 < N; i++) {
        const double u = x[i + 1] - x[i] * x[i];
        const double v = 1.0 - x[i];
        loss += 100.0 * u * u + v * v;
        g[i + 1] += 200.0 * u;
        g[i] += -400.0 * u * x[i] - 2.0 * v;
    }
    return loss;
}

static double network(const double x[N], double g[N])
{
    double loss = 0.0;
    memset(g, 0, N * sizeof *g);
    for (int i = 0; i < 8; i++) {
        const double at = i / 2.0 - 1.75;
        const double h[2] = {tanh(at * x[0] + x[2]), tanh(at * x[1] + x[3])};
        const double error = x[4] * h[0] + x[5] * h[1] - sin(at);
        loss += error * error / 8.0;
        for (int k = 0; k < 2; k++) {
            const double before = error / 4.0 * x[4 + k] * (1.0 - h[k] * h[k]);
            g[k] += before * at;
            g[2 + k] += before;
            g[4 + k] += error / 4.0 * h[k];
        }
    }
    return loss;
}

/* Nothing but NaN at and below -2; least at -1.75. */
static double barrier(const double x[N], double g[N])
{
    double loss = 0.0;
    for (int i = 0; i < N; i++) {
        loss += x[i] > -2.0 ? 4.0 * x[i] - log(x[i] + 2.0) : (double)NAN;
        g[i] = x[i] > -2.0 ? 4.0 - 1.0 / (x[i] + 2.0) : (double)NAN;
    }
    return loss;
}

/* NaN everywhere but where the tests start. */
static double island(const double x[N], double g[N])
{
    const bool is_start = memcmp(x, start_values, sizeof start_values) == 0;
    for (int i = 0; i < N; i++) {
        g[i] = is_start ? 1.0 : (double)NAN;
    }
    return is_start ? 1.0 : (double)NAN;
}

static double loss_of(const fixture *f, const double x[N], double g[N])
{
    switch (f->loss) {
    case 0:
        return rosenbrock(x, g);
    case 1:
        return bowl(x, g);
    case 2:
        return network(x, g);
    case 3:
        return barrier(x, g);
    default:
        return island(x, g);
    }
}

static wg_status evaluate(void *user, double *loss)
{
    fixture *f = user;
    double x[N];
    double g[N];
    f->n_calls++;
    if (f->n_calls == f->fails_at) {
        return WG_ERR_ENGINE;
    }
    values_of(f, x);
    assert_null(wg_param_gradient(wg_model_param(f->base.m, 0)));
    *loss = loss_of(f, x, g);
    f->n_nan += isnan(*loss) ? 1 : 0;
    assert_int_equal(wg_model_set_gradients(f->base.m, g, N), WG_OK);
    return WG_OK;
}

static void step(fixture *f)
{
    assert_int_equal(wg_optimizer_step_closure(f->o, evaluate, f, NULL), WG_OK);
}

/* ---- against PyTorch ---------------------------------------------------------------------- */

static void create_case(fixture *f, FILE *golden, int *n_steps)
{
    char name[32];
    int is_strong;
    wg_lbfgs_options o = {.size = sizeof o};
    assert_int_equal(fscanf(golden, "%31s %d %lf %d %d %d %d", name, &f->loss, &o.rate,
                            &o.max_iterations, &o.history, &is_strong, n_steps),
                     7);
    o.is_strong_wolfe = is_strong != 0;
    print_message("%s\n", name);
    assert_int_equal(wg_lbfgs_create(f->base.m, &o, &f->o), WG_OK);
}

static void expect_close(double x, double expected)
{
    assert_true(fabs(x - expected) <= 1e-8 * fmax(1.0, fabs(expected)));
}

static void expect_golden(const fixture *f, FILE *golden, double loss)
{
    double x[N];
    double expected;
    values_of(f, x);
    assert_int_equal(fscanf(golden, "%lf", &expected), 1);
    expect_close(loss, expected);
    for (int i = 0; i < N; i++) {
        assert_int_equal(fscanf(golden, "%lf", &expected), 1);
        expect_close(x[i], expected);
    }
}

static void follow_case(FILE *golden)
{
    fixture f;
    int n_steps;
    int at = 0;
    int next;
    start(&f, WG_F64);
    create_case(&f, golden, &n_steps);
    while (fscanf(golden, " at %d", &next) == 1) {
        double loss = 0.0;
        for (; at < next; at++) {
            assert_int_equal(wg_optimizer_step_closure(f.o, evaluate, &f, &loss), WG_OK);
        }
        expect_golden(&f, golden, loss);
    }
    assert_int_equal(at, n_steps);
    finish(&f);
}

/* Roundings of another order grow along the valley: to some 1e-10 of a value in 100 iterations. */
static void test_lbfgs_follows_pytorch(void **state)
{
    (void)state;
    FILE *golden = fopen(WENGERT_SOURCE_DIR "/tests/golden/lbfgs.txt", "r");
    assert_non_null(golden);
    char word[8];
    int n_cases = 0;
    while (fscanf(golden, "%7s", word) == 1) {
        assert_string_equal(word, "case");
        follow_case(golden);
        n_cases++;
    }
    assert_int_equal(n_cases, 8);
    fclose(golden);
}

/* From this start the way leads to the valley's other minimum, where the loss is 3.97394. */
static void test_lbfgs_minimises_in_f32(void **state)
{
    (void)state;
    fixture f;
    double x[N];
    double g[N];
    start(&f, WG_F32);
    const wg_lbfgs_options o = {.size = sizeof o, .is_strong_wolfe = true};
    assert_int_equal(wg_lbfgs_create(f.base.m, &o, &f.o), WG_OK);
    for (int i = 0; i < 10; i++) {
        step(&f);
    }
    values_of(&f, x);
    assert_true(fabs(rosenbrock(x, g) - 3.9739405) <= 1e-4);
    finish(&f);
}

/* ---- what may go wrong -------------------------------------------------------------------- */

/* Wherever the closure fails, the parameters are where an iteration began, and learning goes on. */
static void check_failing(bool is_strong_wolfe)
{
    for (int k = 1; k <= 12; k++) {
        fixture f;
        double x[N];
        double g[N];
        start(&f, WG_F64);
        const wg_lbfgs_options o = {.size = sizeof o,
                                    .rate = is_strong_wolfe ? 1.0 : 0.01,
                                    .is_strong_wolfe = is_strong_wolfe};
        assert_int_equal(wg_lbfgs_create(f.base.m, &o, &f.o), WG_OK);
        f.fails_at = k;
        double loss = 0.0;
        assert_int_equal(wg_optimizer_step_closure(f.o, evaluate, &f, &loss), WG_ERR_ENGINE);
        assert_true(k == 1 ? isnan(loss) : loss == rosenbrock(start_values, g));
        assert_null(wg_param_gradient(wg_model_param(f.base.m, 0)));
        assert_int_equal(wg_optimizer_state_count(f.o), 0);
        values_of(&f, x);
        assert_true(rosenbrock(x, g) <= rosenbrock(start_values, g));
        f.fails_at = 0;
        step(&f);
        values_of(&f, x);
        assert_true(rosenbrock(x, g) < rosenbrock(start_values, g));
        finish(&f);
    }
}

static void test_lbfgs_survives_failing_closures(void **state)
{
    (void)state;
    check_failing(false);
    check_failing(true);
}

static void test_lbfgs_comes_back_from_where_the_loss_is_nan(void **state)
{
    (void)state;
    fixture f;
    double x[N];
    start(&f, WG_F64);
    f.loss = 3;
    const wg_lbfgs_options o = {.size = sizeof o, .is_strong_wolfe = true};
    assert_int_equal(wg_lbfgs_create(f.base.m, &o, &f.o), WG_OK);
    step(&f);
    step(&f);
    assert_true(f.n_nan > 0);
    values_of(&f, x);
    for (int i = 0; i < N; i++) {
        assert_true(fabs(x[i] + 1.75) <= 1e-5);
    }
    finish(&f);
}

/* A search that finds nothing but NaN ends where it began. */
static void test_lbfgs_leaves_no_island(void **state)
{
    (void)state;
    fixture f;
    double x[N];
    start(&f, WG_F64);
    f.loss = 4;
    const wg_lbfgs_options o = {.size = sizeof o, .is_strong_wolfe = true};
    assert_int_equal(wg_lbfgs_create(f.base.m, &o, &f.o), WG_OK);
    step(&f);
    values_of(&f, x);
    assert_memory_equal(x, start_values, sizeof x);
    assert_true(f.n_nan > 10);
    finish(&f);
}

/* A gradient of NaN shows no way: nothing moves. */
static void test_lbfgs_stays_where_the_gradient_is_nan(void **state)
{
    (void)state;
    for (int is_strong = 0; is_strong < 2; is_strong++) {
        static const double outside[N] = {-3.0, -3.0, -3.0, -3.0, -3.0, -3.0};
        fixture f;
        double x[N];
        start(&f, WG_F64);
        f.loss = 3;
        assert_int_equal(wg_model_set_values(f.base.m, outside, N), WG_OK);
        const wg_lbfgs_options o = {.size = sizeof o, .is_strong_wolfe = is_strong != 0};
        assert_int_equal(wg_lbfgs_create(f.base.m, &o, &f.o), WG_OK);
        double loss = 0.0;
        assert_int_equal(wg_optimizer_step_closure(f.o, evaluate, &f, &loss), WG_OK);
        assert_true(isnan(loss));
        values_of(&f, x);
        assert_memory_equal(x, outside, sizeof x);
        finish(&f);
    }
}

static void test_lbfgs_survives_each_failed_allocation(void **state)
{
    (void)state;
    fixture f;
    double x[N];
    start(&f, WG_F64);
    for (size_t k = 1; k <= 2; k++) {
        wgt_allocator_fail(&f.base.counter, k, false);
        assert_int_equal(wg_lbfgs_create(f.base.m, NULL, &f.o), WG_ERR_MEMORY);
        assert_null(f.o);
    }
    wgt_allocator_fail(&f.base.counter, 0, false);
    assert_int_equal(wg_lbfgs_create(f.base.m, NULL, &f.o), WG_OK);
    wgt_allocator_fail(&f.base.counter, 1, false);
    assert_int_equal(wg_optimizer_step_closure(f.o, evaluate, &f, NULL), WG_ERR_MEMORY);
    assert_int_equal(f.n_calls, 0);
    wgt_allocator_fail(&f.base.counter, 0, false);
    values_of(&f, x);
    assert_memory_equal(x, start_values, sizeof x);
    f.loss = 1;
    step(&f);
    finish(&f);
}

static void test_lbfgs_refuses_what_is_not_for_it(void **state)
{
    (void)state;
    fixture f;
    start(&f, WG_F64);
    assert_int_equal(wg_lbfgs_create(f.base.m, NULL, &f.o), WG_OK);
    assert_int_equal(wg_optimizer_step(f.o), WG_ERR_STATE);
    assert_int_equal(wg_optimizer_step_closure(f.o, NULL, &f, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_set_frozen(f.base.m, NULL, true), WG_OK);
    assert_int_equal(wg_optimizer_step_closure(f.o, evaluate, &f, NULL), WG_ERR_STATE);
    assert_int_equal(wg_model_set_frozen(f.base.m, NULL, false), WG_OK);
    const wg_optimizer_group group = {.size = sizeof group};
    assert_int_equal(wg_optimizer_add_group(f.o, &group), WG_OK);
    assert_int_equal(wg_optimizer_step_closure(f.o, evaluate, &f, NULL), WG_ERR_STATE);
    assert_int_equal(f.n_calls, 0);
    finish(&f);
}

/* Frozen parameters stay; thawing makes the vectors longer and begins anew. */
static void test_lbfgs_leaves_frozen_parameters(void **state)
{
    (void)state;
    fixture f;
    double x[N];
    start(&f, WG_F64);
    f.loss = 1;
    assert_int_equal(wg_lbfgs_create(f.base.m, NULL, &f.o), WG_OK);
    assert_int_equal(wg_model_set_frozen(f.base.m, "b", true), WG_OK);
    step(&f);
    values_of(&f, x);
    assert_true(x[4] == start_values[4] && x[5] == start_values[5] && x[0] != start_values[0]);
    assert_int_equal(wg_model_set_frozen(f.base.m, "b", false), WG_OK);
    step(&f);
    values_of(&f, x);
    assert_true(x[4] != start_values[4]);
    finish(&f);
}

/* ---- state -------------------------------------------------------------------------------- */

static void test_lbfgs_state_resumes_to_the_bit(void **state)
{
    (void)state;
    fixture f;
    double middle[N];
    double expected[N];
    double got[N];
    char names[8][64];
    wg_named_tensor entries[8];
    const wg_lbfgs_options o = {
        .size = sizeof o, .max_iterations = 3, .history = 4, .is_strong_wolfe = true};
    start(&f, WG_F64);
    assert_int_equal(wg_lbfgs_create(f.base.m, &o, &f.o), WG_OK);
    assert_int_equal(wg_optimizer_state_count(f.o), 0);
    for (int i = 0; i < 4; i++) {
        step(&f);
    }
    const size_t n = wg_optimizer_state_count(f.o);
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++) {
        wg_tensor *t;
        assert_int_equal(wg_optimizer_state_get(f.o, i, names[i], sizeof names[i], &t), WG_OK);
        entries[i] = (wg_named_tensor){.name = names[i], .tensor = t};
    }
    assert_string_equal(names[4], "lbfgs.steps");
    values_of(&f, middle);
    step(&f);
    values_of(&f, expected);
    wg_optimizer_destroy(f.o);
    assert_int_equal(wg_lbfgs_create(f.base.m, &o, &f.o), WG_OK);
    assert_int_equal(wg_optimizer_state_set(f.o, entries, n - 1), WG_ERR_NAME);
    wg_named_tensor wrong[8];
    memcpy(wrong, entries, sizeof wrong);
    wrong[2].tensor = entries[0].tensor;
    assert_int_equal(wg_optimizer_state_set(f.o, wrong, n), WG_ERR_SHAPE);
    wrong[2] = wrong[3];
    assert_int_equal(wg_optimizer_state_set(f.o, wrong, n), WG_ERR_NAME);
    assert_int_equal(wg_optimizer_state_count(f.o), 0);
    assert_int_equal(wg_optimizer_state_set(f.o, entries, n), WG_OK);
    assert_int_equal(wg_model_set_values(f.base.m, middle, N), WG_OK);
    step(&f);
    values_of(&f, got);
    assert_memory_equal(got, expected, sizeof got);
    for (size_t i = 0; i < n; i++) {
        wg_tensor_destroy((wg_tensor *)entries[i].tensor);
    }
    finish(&f);
}

static void test_closures_serve_other_optimizers(void **state)
{
    (void)state;
    fixture f;
    double x[N];
    double g[N];
    double loss;
    const wg_sgd_options sgd = {.size = sizeof sgd, .rate = 0.5};
    start(&f, WG_F64);
    f.loss = 1;
    assert_int_equal(wg_sgd_create(f.base.m, &sgd, &f.o), WG_OK);
    assert_int_equal(wg_optimizer_step_closure(f.o, evaluate, &f, &loss), WG_OK);
    assert_true(loss == bowl(start_values, g));
    values_of(&f, x);
    assert_true(fabs(x[0] - (start_values[0] - 0.5 * g[0])) <= 1e-15);
    f.fails_at = 2;
    assert_int_equal(wg_optimizer_step_closure(f.o, evaluate, &f, &loss), WG_ERR_ENGINE);
    assert_true(isnan(loss));
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lbfgs_follows_pytorch),
        cmocka_unit_test(test_lbfgs_minimises_in_f32),
        cmocka_unit_test(test_lbfgs_survives_failing_closures),
        cmocka_unit_test(test_lbfgs_comes_back_from_where_the_loss_is_nan),
        cmocka_unit_test(test_lbfgs_leaves_no_island),
        cmocka_unit_test(test_lbfgs_stays_where_the_gradient_is_nan),
        cmocka_unit_test(test_lbfgs_survives_each_failed_allocation),
        cmocka_unit_test(test_lbfgs_refuses_what_is_not_for_it),
        cmocka_unit_test(test_lbfgs_leaves_frozen_parameters),
        cmocka_unit_test(test_lbfgs_state_resumes_to_the_bit),
        cmocka_unit_test(test_closures_serve_other_optimizers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
