/* Layers: what each adds to a model or does not, training and evaluation.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/wengert.h>

#include "layers_case.h"
#include "support/allocator.h"

typedef struct fixture {
    wg_context *ctx;
    wg_graph *g;
    wg_model *m;
} fixture;

static void start(fixture *f)
{
    assert_int_equal(wg_context_create(NULL, &f->ctx), WG_OK);
    assert_int_equal(wg_graph_create(f->ctx, &f->g), WG_OK);
    assert_int_equal(wg_model_create(f->ctx, &f->m), WG_OK);
}

static void finish(fixture *f)
{
    wg_graph_destroy(f->g);
    wg_model_destroy(f->m);
    wg_context_destroy(f->ctx);
}

static bool is_zeroed(const void *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (((const unsigned char *)p)[i] != 0) {
            return false;
        }
    }
    return true;
}

/* ---- every layer -------------------------------------------------------------------------- */

static void test_layers_survive_each_failed_allocation(void **state)
{
    (void)state;
    for (const layers_case *row = layers_cases; row->name != NULL; row++) {
        wgt_allocator counter;
        wgt_allocator_start(&counter);
        const wg_allocator hooks = wgt_allocator_hooks(&counter);
        const wg_config config = {.size = sizeof config, .allocator = &hooks};
        fixture f;
        layers_any layer;
        assert_int_equal(wg_context_create(&config, &f.ctx), WG_OK);
        assert_int_equal(wg_model_create(f.ctx, &f.m), WG_OK);
        size_t k = 0;
        wg_status status = WG_ERR_MEMORY;
        while (status == WG_ERR_MEMORY) {
            memset(&layer, 1, sizeof layer);
            k++;
            wgt_allocator_fail(&counter, k, k % 2 == 0);
            status = row->create(f.m, &layer);
            wgt_allocator_fail(&counter, 0, false);
            if (status != WG_OK) {
                assert_int_equal(wg_model_count(f.m), 0);
                assert_int_equal(wg_model_module_count(f.m), 0);
                assert_true(is_zeroed(&layer, row->bytes));
            }
        }
        assert_int_equal(status, WG_OK);
        assert_true(k > 4 && wg_model_module_count(f.m) > 0);
        wg_model_destroy(f.m);
        wg_context_destroy(f.ctx);
        assert_true(wgt_allocator_is_clean(&counter));
        wgt_allocator_finish(&counter);
    }
}

static void test_layers_of_a_view_find_their_parameters(void **state)
{
    (void)state;
    for (const layers_case *row = layers_cases; row->name != NULL; row++) {
        fixture f;
        fixture other;
        layers_any layer;
        layers_any seen;
        wg_model *view;
        start(&f);
        start(&other);
        assert_int_equal(row->create(f.m, &layer), WG_OK);
        assert_int_equal(wg_model_share(f.m, other.ctx, &view), WG_OK);
        assert_int_equal(row->create(view, &seen), WG_OK);
        assert_int_equal(wg_model_count(view), wg_model_count(f.m));
        assert_int_equal(wg_model_module_count(view), wg_model_module_count(f.m));
        wg_model_destroy(view);
        finish(&other);
        finish(&f);
    }
}

static void test_layers_refuse_a_name_that_is_taken(void **state)
{
    (void)state;
    for (const layers_case *row = layers_cases; row->name != NULL; row++) {
        fixture f;
        layers_any layer;
        start(&f);
        assert_int_equal(row->create(f.m, &layer), WG_OK);
        const size_t n = wg_model_count(f.m);
        memset(&layer, 1, sizeof layer);
        assert_int_equal(row->create(f.m, &layer), n > 0 ? WG_ERR_NAME : WG_OK);
        assert_true(n == 0 || is_zeroed(&layer, row->bytes));
        assert_int_equal(wg_model_count(f.m), n);
        finish(&f);
    }
}

/* ---- convolutions ------------------------------------------------------------------------- */

static double greatest_of(const wg_param *p)
{
    const wg_tensor *t = wg_param_value(p);
    double greatest = 0.0;
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        greatest = fmax(greatest, fabs(wg_tensor_get(t, i)));
    }
    return greatest;
}

static void expect_limit(const wg_param *p, double limit)
{
    const double greatest = greatest_of(p);
    assert_true(greatest <= limit && greatest > 0.9 * limit);
}

static void test_layers_conv_starts_by_the_fans_of_its_kernel(void **state)
{
    fixture f;
    wg_conv_layer layer;
    (void)state;
    start(&f);
    const wg_init xavier = {.kind = WG_INIT_XAVIER_UNIFORM};
    const wg_conv_layer_options of_xavier = {.size = sizeof of_xavier, .init = &xavier};
    const wg_conv_layer_options depthwise = {.size = sizeof depthwise, .conv = {.groups = 8}};
    const wg_conv_layer_options strided = {.size = sizeof strided, .conv = {.stride = {2, 2}}};
    assert_int_equal(wg_conv2d_create(f.m, "a", 6, 8, 5, NULL, &layer), WG_OK);
    expect_limit(layer.weight, sqrt(6.0 / (6 * 25)));
    assert_true(greatest_of(layer.bias) == 0.0);
    assert_int_equal(wg_conv2d_create(f.m, "b", 6, 8, 5, &of_xavier, &layer), WG_OK);
    expect_limit(layer.weight, sqrt(6.0 / (14 * 25)));
    assert_int_equal(wg_conv2d_create(f.m, "c", 8, 8, 5, &depthwise, &layer), WG_OK);
    expect_limit(layer.weight, sqrt(6.0 / 25));
    assert_int_equal(wg_conv_transpose2d_create(f.m, "d", 6, 8, 4, &strided, &layer), WG_OK);
    expect_limit(layer.weight, sqrt(6.0 / (6 * 4)));
    finish(&f);
}

static void test_layers_conv_refuses_what_is_no_kernel(void **state)
{
    fixture f;
    wg_conv_layer layer;
    (void)state;
    start(&f);
    const wg_conv_layer_options three = {.size = sizeof three, .conv = {.groups = 3}};
    const wg_conv_layer_options below = {.size = sizeof below, .conv = {.groups = -1}};
    const wg_conv_layer_options other = {.size = sizeof other, .conv = {.size = 1}};
    const wg_conv_layer_options narrow = {.size = sizeof narrow, .kernel_width = -1};
    assert_int_equal(wg_conv2d_create(f.m, "a", 6, 8, 5, &three, &layer), WG_ERR_ARGUMENT);
    assert_string_equal(wg_context_error(f.ctx),
                        "conv2d: the groups do not divide the channels and the filters");
    assert_int_equal(wg_conv2d_create(f.m, "a", 6, 8, 5, &below, &layer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_conv2d_create(f.m, "a", 6, 8, 5, &other, &layer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_conv2d_create(f.m, "a", 6, 8, 5, &narrow, &layer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_conv1d_create(f.m, "a", 6, 8, 0, NULL, &layer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_conv1d_create(f.m, "a", -6, 8, 1, NULL, &layer), WG_ERR_RANGE);
    assert_int_equal(wg_conv1d_create(f.m, "a", INT64_MAX, 8, 2, NULL, &layer), WG_ERR_OVERFLOW);
    assert_int_equal(wg_conv1d_create(f.m, "a", 6, 8, 2, &narrow, &layer), WG_OK);
    finish(&f);
}

/* ---- embeddings --------------------------------------------------------------------------- */

static void test_layers_embedding_keeps_its_padding(void **state)
{
    fixture f;
    wg_embedding_layer layer;
    (void)state;
    start(&f);
    const wg_embedding_options options = {
        .size = sizeof options, .has_padding = true, .padding = 2};
    assert_int_equal(wg_embedding_create(f.m, "a", 3, 4, &options, &layer), WG_OK);
    const wg_tensor *t = wg_param_value(layer.weight);
    for (int64_t i = 0; i < 12; i++) {
        assert_true((wg_tensor_get(t, i) == 0.0) == (i >= 8));
    }
    const int64_t at[2] = {2, 0};
    const wg_node x = wg_constant(f.g, WG_I64, 1, (const int64_t[]){2}, at);
    assert_int_equal(wg_backward(wg_sum_all(wg_embedding_apply(&layer, x))), WG_OK);
    const wg_tensor *gradient = wg_param_gradient(layer.weight);
    assert_true(wg_tensor_get(gradient, 0) == 1.0 && wg_tensor_get(gradient, 8) == 0.0);
    const wg_embedding_options past = {.size = sizeof past, .has_padding = true, .padding = 3};
    assert_int_equal(wg_embedding_create(f.m, "b", 3, 4, &past, &layer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_embedding_create(f.m, "b", 0, 4, NULL, &layer), WG_OK);
    finish(&f);
}

/* ---- norms -------------------------------------------------------------------------------- */

static void test_layers_norm_has_what_its_options_leave(void **state)
{
    fixture f;
    wg_norm_layer layer;
    (void)state;
    start(&f);
    const wg_norm_options bare = {.size = sizeof bare, .no_affine = true, .no_statistics = true};
    const wg_norm_options no_bias = {.size = sizeof no_bias, .no_bias = true};
    assert_int_equal(wg_batch_norm_create(f.m, "a", 2, &bare, &layer), WG_OK);
    assert_int_equal(wg_model_count(f.m), 0);
    assert_int_equal(wg_batch_norm_create(f.m, "b", 2, NULL, &layer), WG_OK);
    assert_int_equal(wg_model_count(f.m), 4);
    assert_string_equal(wg_param_name(layer.running_var), "b.running_var");
    assert_true(wg_param_is_buffer(layer.running_mean) && wg_param_is_buffer(layer.running_var));
    assert_true(wg_tensor_get(wg_param_value(layer.running_var), 1) == 1.0);
    assert_int_equal(wg_layer_norm_create(f.m, "c", 2, &no_bias, &layer), WG_OK);
    assert_int_equal(wg_model_count(f.m), 5);
    assert_true(wg_tensor_get(wg_param_value(layer.weight), 0) == 1.0);
    assert_int_equal(wg_group_norm_create(f.m, "d", 3, 4, NULL, &layer), WG_ERR_ARGUMENT);
    const wg_norm_options odd = {.size = sizeof odd, .eps = (double)NAN};
    const wg_norm_options fast = {.size = sizeof fast, .momentum = 1.5};
    assert_int_equal(wg_rms_norm_create(f.m, "d", 4, &odd, &layer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_batch_norm_create(f.m, "d", 4, &fast, &layer), WG_ERR_ARGUMENT);
    assert_int_equal(wg_model_count(f.m), 5);
    finish(&f);
}

/* ---- dropout ------------------------------------------------------------------------------ */

static void test_layers_dropout_is_for_training(void **state)
{
    fixture f;
    wg_dropout_layer half;
    wg_dropout_layer no;
    (void)state;
    start(&f);
    assert_int_equal(wg_dropout_create(f.m, "half", 0.5, &half), WG_OK);
    assert_int_equal(wg_dropout_create(f.m, "no", 0.0, &no), WG_OK);
    assert_int_equal(wg_model_count(f.m), 0);
    assert_string_equal(wg_module_kind(half.module), "dropout");
    const wg_node x = wg_full(f.g, WG_F32, 1, (const int64_t[]){1000}, 1.0);
    const double sum = wg_item(wg_sum_all(wg_dropout_apply(&half, x)));
    assert_true(sum > 850.0 && sum < 1150.0 && sum != 1000.0);
    assert_int_equal(wg_dropout_apply(&no, x).index, x.index);
    assert_int_equal(wg_graph_reset(f.g), WG_OK);
    assert_int_equal(wg_graph_set_training(f.g, false), WG_OK);
    const wg_node same = wg_full(f.g, WG_F32, 1, (const int64_t[]){1000}, 1.0);
    assert_true(wg_item(wg_sum_all(wg_dropout_apply(&half, same))) == 1000.0);
    assert_int_equal(wg_dropout_create(f.m, "a", 1.0, &half), WG_ERR_ARGUMENT);
    assert_int_equal(wg_dropout_create(f.m, "a", (double)NAN, &half), WG_ERR_ARGUMENT);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_survive_each_failed_allocation),
        cmocka_unit_test(test_layers_of_a_view_find_their_parameters),
        cmocka_unit_test(test_layers_refuse_a_name_that_is_taken),
        cmocka_unit_test(test_layers_conv_starts_by_the_fans_of_its_kernel),
        cmocka_unit_test(test_layers_conv_refuses_what_is_no_kernel),
        cmocka_unit_test(test_layers_embedding_keeps_its_padding),
        cmocka_unit_test(test_layers_norm_has_what_its_options_leave),
        cmocka_unit_test(test_layers_dropout_is_for_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
