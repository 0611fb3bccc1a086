/* The native kernels against their contracts, bit for bit.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The oracles work in f64 and round to f32 after each operation where that is the dtype: for one
 * sum, product, quotient or root of f32 numbers this gives the very bits of f32 arithmetic. */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/tensor.h>

#include "backends/native/native.h"
#include "backends/reference/reference.h"
#include "core/dtype.h"
#include "ops/params.h"
#include "ops/table.h"

#define SEED UINT64_C(5)

/* What kernels must leave alone. */
#define GUARD 12345.0

static const int dtypes[2] = {WG_F32, WG_F64};

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
    double value[MAX_N];
    double gradient[MAX_N];
    double first[MAX_N];
    double second[MAX_N];
} arrays;

static void draw_arrays(wg_rng *rng, int dtype, size_t n, bool has_specials, arrays *out)
{
    out->dtype = dtype;
    out->n = n;
    draw(rng, dtype, has_specials, n, out->value);
    draw(rng, dtype, has_specials, n, out->gradient);
    draw(rng, dtype, has_specials, n, out->first);
    draw(rng, dtype, has_specials, n, out->second);
}

static double decayed(const arrays *x, size_t i, double decay)
{
    const double product = rounded(x->dtype, rounded(x->dtype, decay) * x->value[i]);
    return decay == 0.0 ? x->gradient[i] : rounded(x->dtype, x->gradient[i] + product);
}

static void expect_sgd_element(arrays *x, size_t i, const wgi_sgd_update *u)
{
    const int dtype = x->dtype;
    const double momentum = rounded(dtype, u->momentum);
    const double g = decayed(x, i, u->weight_decay);
    double s = g;
    if (u->velocity != NULL) {
        const double kept = rounded(dtype, momentum * x->first[i]);
        const double v = u->is_first ? g : rounded(dtype, kept + g);
        x->first[i] = v;
        s = u->is_nesterov ? rounded(dtype, g + rounded(dtype, momentum * v)) : v;
    }
    const double change = rounded(dtype, rounded(dtype, u->rate) * s);
    x->value[i] = rounded(dtype, x->value[i] - change);
}

static void check_sgd(arrays *x, bool has_velocity, wgi_sgd_update options)
{
    const size_t n = x->n;
    void *value = array_of(x->dtype, n + 4, n, x->value);
    void *gradient = array_of(x->dtype, n + 4, n, x->gradient);
    void *velocity = array_of(x->dtype, n + 4, n, x->first);
    wgi_sgd_update u = options;
    u.dtype = x->dtype;
    u.n = (int64_t)n;
    u.value = value;
    u.gradient = gradient;
    u.velocity = has_velocity ? velocity : NULL;
    assert_int_equal(wgi_native_backend.updates->sgd(&u), WG_OK);
    for (size_t i = 0; i < n; i++) {
        expect_sgd_element(x, i, &u);
    }
    expect_array(x->dtype, value, n + 4, n, x->value);
    expect_array(x->dtype, gradient, n + 4, n, x->gradient);
    expect_array(x->dtype, velocity, n + 4, n, x->first);
    free(velocity);
    free(gradient);
    free(value);
}

static void test_native_sgd_has_the_bits_of_its_contract(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 1);
    arrays x;
    for (size_t n = 0; n <= MAX_N; n++) {
        for (unsigned bits = 0; bits < 64; bits++) {
            const wgi_sgd_update options = {
                .rate = 0.1,
                .momentum = 0.9,
                .weight_decay = (bits & 1) != 0 ? 0.01 : 0.0,
                .is_nesterov = (bits & 2) != 0,
                .is_first = (bits & 4) != 0,
            };
            draw_arrays(&rng, dtypes[(bits >> 3) & 1], n, (bits & 16) != 0, &x);
            check_sgd(&x, (bits & 32) != 0, options);
        }
    }
}

static void expect_adam_element(arrays *x, size_t i, const wgi_adam_update *u)
{
    const int dtype = x->dtype;
    const double g = decayed(x, i, u->weight_decay);
    const double kept = rounded(dtype, rounded(dtype, u->beta1) * x->first[i]);
    const double m = rounded(dtype, kept + rounded(dtype, rounded(dtype, 1.0 - u->beta1) * g));
    const double kept2 = rounded(dtype, rounded(dtype, u->beta2) * x->second[i]);
    const double part = rounded(dtype, rounded(dtype, 1.0 - u->beta2) * g);
    const double v = rounded(dtype, kept2 + rounded(dtype, part * g));
    const double c = rounded(dtype, sqrt(1.0 - pow(u->beta2, (double)u->step)));
    const double r = rounded(dtype, u->rate / (1.0 - pow(u->beta1, (double)u->step)));
    const double root = rounded(dtype, rounded(dtype, sqrt(v)) / c);
    const double d = rounded(dtype, root + rounded(dtype, u->epsilon));
    const double change = rounded(dtype, rounded(dtype, r * m) / d);
    x->first[i] = m;
    x->second[i] = v;
    x->value[i] = rounded(dtype, x->value[i] - change);
}

static void check_adam(arrays *x, wgi_adam_update options)
{
    const size_t n = x->n;
    void *value = array_of(x->dtype, n + 4, n, x->value);
    void *gradient = array_of(x->dtype, n + 4, n, x->gradient);
    void *mean = array_of(x->dtype, n + 4, n, x->first);
    void *variance = array_of(x->dtype, n + 4, n, x->second);
    wgi_adam_update u = options;
    u.dtype = x->dtype;
    u.n = (int64_t)n;
    u.value = value;
    u.gradient = gradient;
    u.mean = mean;
    u.variance = variance;
    assert_int_equal(wgi_native_backend.updates->adam(&u), WG_OK);
    for (size_t i = 0; i < n; i++) {
        expect_adam_element(x, i, &u);
    }
    expect_array(x->dtype, value, n + 4, n, x->value);
    expect_array(x->dtype, gradient, n + 4, n, x->gradient);
    expect_array(x->dtype, mean, n + 4, n, x->first);
    expect_array(x->dtype, variance, n + 4, n, x->second);
    free(variance);
    free(mean);
    free(gradient);
    free(value);
}

static void test_native_adam_has_the_bits_of_its_contract(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 2);
    arrays x;
    for (size_t n = 0; n <= MAX_N; n++) {
        for (unsigned bits = 0; bits < 16; bits++) {
            const bool has_specials = (bits & 4) != 0;
            const wgi_adam_update options = {
                .rate = 0.001,
                .beta1 = 0.9,
                .beta2 = 0.999,
                .epsilon = 1e-8,
                .weight_decay = (bits & 1) != 0 ? 0.01 : 0.0,
                .step = (bits & 8) != 0 ? 1000 : 1,
            };
            draw_arrays(&rng, dtypes[(bits >> 1) & 1], n, has_specials, &x);
            for (size_t i = 0; i < n; i++) {
                x.second[i] = fabs(x.second[i]);
            }
            check_adam(&x, options);
        }
    }
}

/* What each backend makes of the same arrays. */
static void update_both(arrays *native, arrays *reference, const wgi_sgd_update *sgd,
                        const wgi_adam_update *adam)
{
    arrays *both[2] = {native, reference};
    const wgi_updates *updates[2] = {wgi_native_backend.updates, &wgi_reference_updates};
    for (int i = 0; i < 2; i++) {
        wgi_sgd_update s = *sgd;
        wgi_adam_update a = *adam;
        s.value = a.value = both[i]->value;
        s.gradient = a.gradient = both[i]->gradient;
        s.velocity = a.mean = both[i]->first;
        a.variance = both[i]->second;
        assert_int_equal(updates[i]->sgd(&s), WG_OK);
        assert_int_equal(updates[i]->adam(&a), WG_OK);
    }
}

static void test_native_updates_have_the_bits_of_the_reference(void **state)
{
    (void)state;
    wg_rng rng = wg_rng_make(SEED, 6);
    const wgi_sgd_update sgd = {.dtype = WG_F64,
                                .n = MAX_N,
                                .rate = 0.03,
                                .momentum = 0.7,
                                .weight_decay = 0.2,
                                .is_nesterov = true};
    const wgi_adam_update adam = {.dtype = WG_F64,
                                  .n = MAX_N,
                                  .rate = 0.03,
                                  .beta1 = 0.8,
                                  .beta2 = 0.95,
                                  .epsilon = 1e-6,
                                  .weight_decay = 0.2,
                                  .step = 3};
    arrays native;
    draw_arrays(&rng, WG_F64, MAX_N, false, &native);
    for (size_t i = 0; i < MAX_N; i++) {
        native.second[i] = fabs(native.second[i]);
    }
    arrays reference = native;
    update_both(&native, &reference, &sgd, &adam);
    assert_memory_equal(native.value, reference.value, sizeof native.value);
    assert_memory_equal(native.first, reference.first, sizeof native.first);
    assert_memory_equal(native.second, reference.second, sizeof native.second);
}

static void test_native_updates_decline_other_dtypes(void **state)
{
    (void)state;
    for (int dtype = 0; dtype <= WGI_DTYPE_WIDE; dtype++) {
        const wgi_sgd_update sgd = {.dtype = dtype};
        const wgi_adam_update adam = {.dtype = dtype, .beta1 = 0.9, .beta2 = 0.9, .step = 1};
        const bool is_served = dtype == WG_F32 || dtype == WG_F64;
        const wg_status expected = is_served ? WG_OK : WG_ERR_UNSUPPORTED;
        assert_int_equal(wgi_native_backend.updates->sgd(&sgd), expected);
        assert_int_equal(wgi_native_backend.updates->adam(&adam), expected);
    }
}

int main(void)
{
    print_message("seed %u\n", (unsigned)SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_native_sgd_has_the_bits_of_its_contract),
        cmocka_unit_test(test_native_adam_has_the_bits_of_its_contract),
        cmocka_unit_test(test_native_updates_have_the_bits_of_the_reference),
        cmocka_unit_test(test_native_updates_decline_other_dtypes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
