/* The linear layer: what it adds to a model, or does not.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/bare.h"

#include <math.h>

/* A bare context with an empty model. */
typedef struct fixture {
    bare base;
    wg_model *model;
} fixture;

static void start(fixture *f)
{
    bare_start(&f->base);
    assert_int_equal(wg_model_create(&f->base.ctx, &f->model), WG_OK);
}

static void finish(fixture *f)
{
    wg_model_destroy(f->model);
    bare_finish(&f->base);
}

static void test_linear_adds_weight_and_bias(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_linear layer;
    assert_int_equal(wg_linear_create(f.model, "fc1", 20, 30, NULL, &layer), WG_OK);
    assert_ptr_equal(layer.weight, wg_model_find(f.model, "fc1.weight"));
    assert_ptr_equal(layer.bias, wg_model_find(f.model, "fc1.bias"));
    const wg_tensor *w = wg_param_value(layer.weight);
    const wg_tensor *b = wg_param_value(layer.bias);
    assert_int_equal(wg_tensor_dtype(w), WG_F32);
    assert_int_equal(wg_tensor_rank(w), 2);
    assert_int_equal(wg_tensor_dims(w)[0], 20);
    assert_int_equal(wg_tensor_dims(w)[1], 30);
    assert_int_equal(wg_tensor_rank(b), 1);
    assert_int_equal(wg_tensor_dims(b)[0], 30);
    double greatest = 0.0;
    for (int64_t i = 0; i < 600; i++) {
        greatest = fmax(greatest, fabs(wg_tensor_get(w, i)));
    }
    const double limit = sqrt(6.0 / 50.0);
    assert_true(greatest <= limit && greatest > 0.95 * limit);
    for (int64_t i = 0; i < 30; i++) {
        assert_true(wg_tensor_get(b, i) == 0.0);
    }
    finish(&f);
}

static void test_linear_takes_options(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_linear layer;
    wg_rng rng = wg_rng_make(3, 4);
    wg_rng same = rng;
    const wg_init init = {.kind = WG_INIT_UNIFORM, .a = 5.0, .b = 6.0, .rng = &rng};
    const wg_linear_options options = {sizeof options, true, WG_F64, &init};
    assert_int_equal(wg_linear_create(f.model, "fc", 1, 1, &options, &layer), WG_OK);
    assert_null(layer.bias);
    assert_int_equal(wg_model_count(f.model), 1);
    assert_int_equal(wg_tensor_dtype(wg_param_value(layer.weight)), WG_F64);
    assert_true(wg_tensor_get(wg_param_value(layer.weight), 0) == 5.0 + wg_rng_uniform(&same));
    assert_int_equal(rng.position, same.position);
    finish(&f);
}

static void expect_refused(fixture *f, const char *name, int64_t in, wg_status expected)
{
    wg_linear layer = {.weight = (wg_param *)f, .bias = (wg_param *)f};
    const size_t count = wg_model_count(f->model);
    assert_int_equal(wg_linear_create(f->model, name, in, 2, NULL, &layer), expected);
    assert_null(layer.weight);
    assert_null(layer.bias);
    assert_int_equal(wg_model_count(f->model), count);
}

static void test_linear_refuses_bad_names_and_sizes(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    char name[300];
    memset(name, 'n', sizeof name);
    name[249] = '\0';
    expect_refused(&f, name, 3, WG_ERR_NAME);
    name[248] = '\0';
    wg_linear layer;
    assert_int_equal(wg_linear_create(f.model, name, 3, 2, NULL, &layer), WG_OK);
    assert_int_equal(strlen(wg_param_name(layer.weight)), 255);
    expect_refused(&f, name, 3, WG_ERR_NAME);
    expect_refused(&f, NULL, 3, WG_ERR_NAME);
    expect_refused(&f, "", 3, WG_ERR_NAME);
    expect_refused(&f, "a\n", 3, WG_ERR_NAME);
    expect_refused(&f, "a", -1, WG_ERR_RANGE);
    expect_refused(&f, "a", INT64_MAX, WG_ERR_OVERFLOW);
    assert_int_equal(wg_linear_create(NULL, "a", 1, 1, NULL, &layer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_linear_create(f.model, "a", 1, 1, NULL, NULL), WG_ERR_ARGUMENT);
    const wg_linear_options options = {sizeof options - 1, false, WG_F64, NULL};
    assert_int_equal(wg_linear_create(f.model, "a", 1, 1, &options, &layer), WG_ERR_ARGUMENT);
    finish(&f);
}

/* The weight goes again where the bias fails, and the stream is where it was. */
static void test_linear_with_a_taken_bias_adds_nothing(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_linear layer;
    wg_rng rng = wg_rng_make(3, 4);
    const wg_init init = {.kind = WG_INIT_XAVIER_UNIFORM, .rng = &rng};
    const wg_linear_options options = {.size = sizeof options, .init = &init};
    const int64_t dims[1] = {2};
    assert_int_equal(wg_param_create(f.model, "fc.bias", WG_F32, 1, dims, NULL, NULL), WG_OK);
    assert_int_equal(wg_linear_create(f.model, "fc", 3, 2, &options, &layer), WG_ERR_NAME);
    assert_null(layer.weight);
    assert_int_equal(wg_model_count(f.model), 1);
    assert_null(wg_model_find(f.model, "fc.weight"));
    assert_non_null(wg_model_find(f.model, "fc.bias"));
    assert_int_equal(rng.position, 0);
    assert_int_equal(wg_linear_create(f.model, "other", 3, 2, &options, &layer), WG_OK);
    assert_ptr_equal(wg_model_find(f.model, "other.weight"), layer.weight);
    finish(&f);
}

/* Ten layers, of which the k-th allocation fails, give the bits of ten that never failed. */
static bool create_ten(size_t k, double *checksum)
{
    fixture f;
    start(&f);
    wgt_allocator_fail(&f.base.allocator, k, true);
    bool has_failed = false;
    *checksum = 0.0;
    for (int i = 0; i < 10; i++) {
        const char name[2] = {(char)('a' + i), '\0'};
        wg_linear layer;
        const size_t count = wg_model_count(f.model);
        wg_status status = wg_linear_create(f.model, name, 2, 2, NULL, &layer);
        if (status != WG_OK) {
            assert_int_equal(status, WG_ERR_MEMORY);
            assert_int_equal(wg_model_count(f.model), count);
            wgt_allocator_fail(&f.base.allocator, 0, false);
            assert_int_equal(wg_linear_create(f.model, name, 2, 2, NULL, &layer), WG_OK);
            has_failed = true;
        }
        *checksum = *checksum * 3.0 + wg_tensor_get(wg_param_value(layer.weight), 3);
    }
    finish(&f);
    return has_failed;
}

static void test_linear_survives_each_failed_allocation(void **state)
{
    (void)state;
    double expected = 0.0;
    double checksum = 0.0;
    size_t k = 1;
    assert_false(create_ten(0, &expected));
    while (create_ten(k, &checksum)) {
        assert_true(checksum == expected);
        k++;
    }
    assert_true(k > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_adds_weight_and_bias),
        cmocka_unit_test(test_linear_takes_options),
        cmocka_unit_test(test_linear_refuses_bad_names_and_sizes),
        cmocka_unit_test(test_linear_with_a_taken_bias_adds_nothing),
        cmocka_unit_test(test_linear_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
