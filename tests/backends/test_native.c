/* The native update kernels against their contract, bit for bit, under the instruction set that
 * WENGERT_ISA names.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The oracles work in f64 and round to f32 after each operation where that is the dtype: for one
 * sum, product, quotient or root of f32 numbers this gives the very bits of f32 arithmetic. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/tensor.h>

#include "backends/native/native.h"
#include "backends/reference/reference.h"
#include "core/dtype.h"

#define SEED UINT64_C(5)

/* What kernels must leave alone. */
#define GUARD 12345.0
#define N_GUARDS 4

/* What CTest counts as skipped. */
#define SKIPPED 77

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static const int dtypes[2] = {WG_F32, WG_F64};

static wgi_native native;
static const wgi_updates *updates;

static double rounded(int dtype, double x)
{
    return dtype == WG_F32 ? (double)(float)x : x;
}

/* n elements of dtype, the first `count` from values, the rest guards. */
static void *array_of(int dtype, size_t n, size_t count, const double *values)
{
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, 64, (n + 1) * 8), 0);
    for (size_t i = 0; i < n; i++) {
        wgi_store_double(dtype, data, (int64_t)i, i < count ? values[i] : GUARD);
    }
    return data;
}

/* The same bits, or NaN both. */
static void expect_same(double x, double expected)
{
    if (isnan(expected)) {
        assert_true(isnan(x));
    } else {
        assert_memory_equal(&x, &expected, sizeof x);
    }
}

static void expect_array(int dtype, const void *data, size_t n, size_t count,
                         const double *expected)
{
    for (size_t i = 0; i < n; i++) {
        expect_same(wgi_load_double(dtype, data, (int64_t)i), i < count ? expected[i] : GUARD);
    }
}

/* Numbers of dtype; one in eight is special when has_specials. */
static void draw(wg_rng *rng, int dtype, bool has_specials, size_t n, double *out)
{
    const double specials[8] = {0.0,         -0.0,     (double)INFINITY, -(double)INFINITY,
                                (double)NAN, 0x1p-149, -0x1.fffffep127,  0x1p-126};
    for (size_t i = 0; i < n; i++) {
        const uint64_t pick = wg_rng_below(rng, 64);
        out[i] = rounded(dtype, wg_rng_normal(rng));
        if (has_specials && pick < 8) {
            out[i] = specials[pick];
        }
    }
}

/* ---- updates ------------------------------------------------------------------------------ */

#define MAX_N 67

typedef struct arrays {
    int dtype;
    size_t n;
    double rate;
    double weight_decay;
    double value[MAX_N];
    double gradient[MAX_N];
    double first[MAX_N];
    double second[MAX_N];
    double largest[MAX_N];
} arrays;

static void draw_arrays(wg_rng *rng, int dtype, size_t n, bool has_specials, arrays *out)
{
    out->dtype = dtype;
    out->n = n;
    draw(rng, dtype, has_specials, n, out->value);
    draw(rng, dtype, has_specials, n, out->gradient);
    draw(rng, dtype, has_specials, n, out->first);
    draw(rng, dtype, has_specials, n, out->second);
    draw(rng, dtype, has_specials, n, out->largest);
}

static double decayed(const arrays *x, size_t i, double decay)
{
    const double product = rounded(x->dtype, rounded(x->dtype, decay) * x->value[i]);
    return decay == 0.0 ? x->gradient[i] : rounded(x->dtype, x->gradient[i] + product);
}

static void expect_sgd_element(arrays *x, size_t i, const wgi_sgd_rule *rule, const wgi_update *u)
{
    const int dtype = x->dtype;
    const double momentum = rounded(dtype, rule->momentum);
    const double g = decayed(x, i, u->weight_decay);
    double s = g;
    if (u->state[0] != NULL) {
        const double kept = rounded(dtype, momentum * x->first[i]);
        const double rest = rounded(dtype, rounded(dtype, 1.0 - rule->dampening) * g);
        const double v = u->step == 1 ? g : rounded(dtype, kept + rest);
        x->first[i] = v;
        s = rule->is_nesterov ? rounded(dtype, g + rounded(dtype, momentum * v)) : v;
    }
    const double change = rounded(dtype, rounded(dtype, u->rate) * s);
    x->value[i] = rounded(dtype, x->value[i] - change);
}

static void expect_adam_element(arrays *x, size_t i, const wgi_adam_rule *rule, const wgi_update *u)
{
    const int dtype = x->dtype;
    const double g = decayed(x, i, rule->is_decoupled ? 0.0 : u->weight_decay);
    const double kept = rounded(dtype, rounded(dtype, rule->beta1) * x->first[i]);
    const double m = rounded(dtype, kept + rounded(dtype, rounded(dtype, 1.0 - rule->beta1) * g));
    const double kept2 = rounded(dtype, rounded(dtype, rule->beta2) * x->second[i]);
    const double part = rounded(dtype, rounded(dtype, 1.0 - rule->beta2) * g);
    const double v = rounded(dtype, kept2 + rounded(dtype, part * g));
    const double t = rule->is_amsgrad && x->largest[i] > v ? x->largest[i] : v;
    const double c = rounded(dtype, sqrt(1.0 - pow(rule->beta2, (double)u->step)));
    const double r = rounded(dtype, u->rate / (1.0 - pow(rule->beta1, (double)u->step)));
    const double root = rounded(dtype, rounded(dtype, sqrt(t)) / c);
    const double d = rounded(dtype, root + rounded(dtype, rule->epsilon));
    const double change = rounded(dtype, rounded(dtype, r * m) / d);
    x->first[i] = m;
    x->second[i] = v;
    x->largest[i] = t;
    const double shrink = rule->is_decoupled ? 1.0 - u->rate * u->weight_decay : 1.0;
    x->value[i] = rounded(dtype, rounded(dtype, rounded(dtype, shrink) * x->value[i]) - change);
}

/* Arrays of x, with guards; n_states of the states are handed over. */
static wgi_update new_update(const arrays *x, int n_states, int64_t step)
{
    const size_t n = x->n + N_GUARDS;
    wgi_update u = {.dtype = x->dtype,
                    .n = (int64_t)x->n,
                    .value = array_of(x->dtype, n, x->n, x->value),
                    .gradient = array_of(x->dtype, n, x->n, x->gradient),
                    .rate = x->rate,
                    .weight_decay = x->weight_decay,
                    .step = step};
    const double *states[3] = {x->first, x->second, x->largest};
    for (int k = 0; k < n_states; k++) {
        u.state[k] = array_of(x->dtype, n, x->n, states[k]);
    }
    return u;
}

/* Compares with x, and releases. */
static void expect_update(wgi_update *u, const arrays *x)
{
    const size_t n = x->n + N_GUARDS;
    const double *states[3] = {x->first, x->second, x->largest};
    expect_array(x->dtype, u->value, n, x->n, x->value);
    expect_array(x->dtype, u->gradient, n, x->n, x->gradient);
    for (int k = 0; k < 3; k++) {
        if (u->state[k] != NULL) {
            expect_array(x->dtype, u->state[k], n, x->n, states[k]);
            free(u->state[k]);
        }
    }
    free((void *)u->gradient);
    free(u->value);
}

static void check_sgd(arrays *x, const wgi_sgd_rule *rule, int n_states, int64_t step)
{
    wgi_update u = new_update(x, n_states, step);
    assert_int_equal(updates->sgd(rule, &u, 1, 1), WG_OK);
    for (size_t i = 0; i < x->n; i++) {
        expect_sgd_element(x, i, rule, &u);
    }
    expect_update(&u, x);
}

static void check_adam(arrays *x, const wgi_adam_rule *rule, int64_t step)
{
    wgi_update u = new_update(x, rule->is_amsgrad ? 3 : 2, step);
    assert_int_equal(updates->adam(rule, &u, 1, 1), WG_OK);
    for (size_t i = 0; i < x->n; i++) {
        expect_adam_element(x, i, rule, &u);
    }
    expect_update(&u, x);
}

static void test_native_sgd_has_the_bits_of_its_contract(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    arrays x;
    for (size_t n = 0; n <= MAX_N; n++) {
        for (unsigned bits = 0; bits < 128; bits++) {
            const wgi_sgd_rule rule = {
                .momentum = 0.9,
                .dampening = (bits & 64) != 0 ? 0.3 : 0.0,
                .is_nesterov = (bits & 2) != 0,
            };
            x.rate = 0.1;
            x.weight_decay = (bits & 1) != 0 ? 0.01 : 0.0;
            draw_arrays(&rng, dtypes[(bits >> 3) & 1], n, (bits & 16) != 0, &x);
            check_sgd(&x, &rule, (bits & 32) != 0, (bits & 4) != 0 ? 1 : 7);
        }
    }
}

static void test_native_adam_has_the_bits_of_its_contract(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    arrays x;
    for (size_t n = 0; n <= MAX_N; n++) {
        for (unsigned bits = 0; bits < 64; bits++) {
            const wgi_adam_rule rule = {
                .beta1 = 0.9,
                .beta2 = 0.999,
                .epsilon = 1e-8,
                .is_decoupled = (bits & 16) != 0,
                .is_amsgrad = (bits & 32) != 0,
            };
            x.rate = 0.001;
            x.weight_decay = (bits & 1) != 0 ? 0.01 : 0.0;
            draw_arrays(&rng, dtypes[(bits >> 1) & 1], n, (bits & 4) != 0, &x);
            for (size_t i = 0; i < n; i++) {
                x.second[i] = fabs(x.second[i]);
            }
            check_adam(&x, &rule, (bits & 8) != 0 ? 1000 : 1);
        }
    }
}

/* ---- lists -------------------------------------------------------------------------------- */

static const wgi_sgd_rule sgd_rule = {.momentum = 0.7, .dampening = 0.2, .is_nesterov = true};
static const wgi_adam_rule adam_rule = {.beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6};
static const wgi_rmsprop_rule rmsprop_rule = {.alpha = 0.9, .epsilon = 1e-2};
static const wgi_rmsprop_rule momentum_rule = {.alpha = 0.9, .epsilon = 1e-2, .momentum = 0.5};
static const wgi_rmsprop_rule centered_rule = {.alpha = 0.9, .epsilon = 1e-2, .is_centered = true};
static const wgi_adagrad_rule adagrad_rule = {.rate_decay = 0.1, .epsilon = 1e-3, .initial = 0.5};
static const wgi_adam_rule adamw_rule = {
    .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .is_decoupled = true};

static const wgi_adam_rule amsgrad_rule = {
    .beta1 = 0.8, .beta2 = 0.5, .epsilon = 1e-6, .is_amsgrad = true};

#define N_TENSORS 7

/* Tensors of both types, of unlike sizes, some empty, at unlike steps, with unlike rates and decays
 * where neighbours have the same step. */
static void draw_list(wg_rng *rng, const int64_t *sizes, wgi_update list[N_TENSORS])
{
    for (int t = 0; t < N_TENSORS; t++) {
        const int dtype = dtypes[t % 2];
        list[t] = (wgi_update){.dtype = dtype,
                               .n = sizes[t],
                               .rate = t < 4 ? 0.03 : 0.02,
                               .weight_decay = t < 5 ? 0.2 : 0.0,
                               .step = t / 3 + 1};
        void *data[5];
        for (int k = 0; k < 5; k++) {
            data[k] = array_of(dtype, (size_t)sizes[t], 0, NULL);
            for (int64_t i = 0; i < sizes[t]; i++) {
                const double x = wg_rng_normal(rng);
                wgi_store_double(dtype, data[k], i, k >= 2 ? fabs(x) : x);
            }
        }
        list[t].value = data[0];
        list[t].gradient = data[1];
        list[t].state[0] = data[2];
        list[t].state[1] = data[3];
        list[t].state[2] = data[4];
    }
}

static void free_list(wgi_update list[N_TENSORS])
{
    for (int t = 0; t < N_TENSORS; t++) {
        free(list[t].state[2]);
        free(list[t].state[1]);
        free(list[t].state[0]);
        free((void *)list[t].gradient);
        free(list[t].value);
    }
}

static void expect_same_list(const wgi_update *x, const wgi_update *expected)
{
    for (int t = 0; t < N_TENSORS; t++) {
        const size_t bytes = (size_t)x[t].n * (x[t].dtype == WG_F32 ? 4 : 8);
        assert_memory_equal(x[t].value, expected[t].value, bytes);
        assert_memory_equal(x[t].state[0], expected[t].state[0], bytes);
        assert_memory_equal(x[t].state[1], expected[t].state[1], bytes);
        assert_memory_equal(x[t].state[2], expected[t].state[2], bytes);
    }
}

static void check_rmsprop(const wgi_rmsprop_rule *rule, wgi_update *list, wgi_update *expected,
                          int32_t threads)
{
    assert_int_equal(wgi_reference_updates.rmsprop(rule, expected, N_TENSORS, 1), WG_OK);
    assert_int_equal(updates->rmsprop(rule, list, N_TENSORS, threads), WG_OK);
    expect_same_list(list, expected);
}

/* The same list by the reference and by the kernels, whatever number of threads they may use. */
static void check_list(const int64_t *sizes, int32_t threads)
{
    wgi_update list[N_TENSORS];
    wgi_update expected[N_TENSORS];
    wg_rng rng = wg_rng_make(SEED, 6);
    wg_rng again = rng;
    draw_list(&rng, sizes, list);
    draw_list(&again, sizes, expected);
    assert_int_equal(wgi_reference_updates.sgd(&sgd_rule, expected, N_TENSORS, 1), WG_OK);
    assert_int_equal(updates->sgd(&sgd_rule, list, N_TENSORS, threads), WG_OK);
    expect_same_list(list, expected);
    assert_int_equal(wgi_reference_updates.adam(&adam_rule, expected, N_TENSORS, 1), WG_OK);
    assert_int_equal(updates->adam(&adam_rule, list, N_TENSORS, threads), WG_OK);
    expect_same_list(list, expected);
    assert_int_equal(wgi_reference_updates.adam(&adamw_rule, expected, N_TENSORS, 1), WG_OK);
    assert_int_equal(updates->adam(&adamw_rule, list, N_TENSORS, threads), WG_OK);
    expect_same_list(list, expected);
    assert_int_equal(wgi_reference_updates.adam(&amsgrad_rule, expected, N_TENSORS, 1), WG_OK);
    assert_int_equal(updates->adam(&amsgrad_rule, list, N_TENSORS, threads), WG_OK);
    expect_same_list(list, expected);
    check_rmsprop(&rmsprop_rule, list, expected, threads);
    check_rmsprop(&momentum_rule, list, expected, threads);
    check_rmsprop(&centered_rule, list, expected, threads);
    assert_int_equal(wgi_reference_updates.adagrad(&adagrad_rule, expected, N_TENSORS, 1), WG_OK);
    assert_int_equal(updates->adagrad(&adagrad_rule, list, N_TENSORS, threads), WG_OK);
    expect_same_list(list, expected);
    free_list(expected);
    free_list(list);
}

static void test_native_updates_of_lists_have_the_bits_of_the_reference(void **state)
{
    (void)state;
    static const int64_t small[N_TENSORS] = {3, 0, 6, 1, 64, 65, 1000};
    static const int64_t large[N_TENSORS] = {100000, 7, 0, 65537, 63, 200001, 64};
    static const int32_t threads[] = {0, 1, 2, 3, 8};
    for (size_t i = 0; i < N_OF(threads); i++) {
        check_list(small, threads[i]);
        check_list(large, threads[i]);
    }
}

static void test_native_updates_decline_other_dtypes(void **state)
{
    (void)state;
    for (int dtype = 0; dtype <= WGI_DTYPE_WIDE; dtype++) {
        const wgi_update u = {.dtype = dtype, .step = 1};
        const bool is_served = dtype == WG_F32 || dtype == WG_F64;
        const wg_status expected = is_served ? WG_OK : WG_ERR_UNSUPPORTED;
        assert_int_equal(updates->sgd(&sgd_rule, &u, 1, 1), expected);
        assert_int_equal(updates->adam(&adam_rule, &u, 1, 1), expected);
        assert_int_equal(wgi_reference_updates.sgd(&sgd_rule, &u, 1, 1), expected);
        assert_int_equal(updates->rmsprop(&rmsprop_rule, &u, 1, 1), expected);
        assert_int_equal(updates->adagrad(&adagrad_rule, &u, 1, 1), expected);
        assert_int_equal(wgi_reference_updates.adam(&adam_rule, &u, 1, 1), expected);
        assert_int_equal(wgi_reference_updates.rmsprop(&rmsprop_rule, &u, 1, 1), expected);
        assert_int_equal(wgi_reference_updates.adagrad(&adagrad_rule, &u, 1, 1), expected);
    }
}

/* The last tensor's type is not served, so the first does not change. */
static void test_native_updates_take_all_of_a_list_or_none(void **state)
{
    (void)state;
    float value = 1.0F;
    const float gradient = 1.0F;
    const wgi_update list[2] = {
        {.dtype = WG_F32, .n = 1, .value = &value, .gradient = &gradient, .rate = 1, .step = 1},
        {.dtype = WG_I64, .step = 1}};
    assert_int_equal(updates->sgd(&sgd_rule, list, 2, 1), WG_ERR_UNSUPPORTED);
    assert_int_equal(wgi_reference_updates.sgd(&sgd_rule, list, 2, 1), WG_ERR_UNSUPPORTED);
    assert_true(value == 1.0F);
    assert_int_equal(updates->sgd(&sgd_rule, list, 1, 1), WG_OK);
    assert_true(value != 1.0F);
    assert_int_equal(updates->sgd(&sgd_rule, NULL, 0, 1), WG_OK);
}

int main(void)
{
    const char *wanted = getenv("WENGERT_ISA");
    native.isa = wgi_isa_detect();
    updates = wgi_native_backend.updates(&native);
    print_message("seed %u, instruction set %s\n", (unsigned)SEED, wgi_isa_name(native.isa));
    if (wanted != NULL && strcmp(wanted, wgi_isa_name(native.isa)) != 0) {
        print_message("skipped: this machine has no %s\n", wanted);
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_native_sgd_has_the_bits_of_its_contract),
        cmocka_unit_test(test_native_adam_has_the_bits_of_its_contract),
        cmocka_unit_test(test_native_updates_of_lists_have_the_bits_of_the_reference),
        cmocka_unit_test(test_native_updates_decline_other_dtypes),
        cmocka_unit_test(test_native_updates_take_all_of_a_list_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
