/* Layers: what each adds to a model or does not, training and evaluation.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/wengert.h>

#include "layers_case.h"
#include "support/counted.h"

typedef wgt_counted fixture;

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
        wgt_counted_start(&f);
        wgt_counted_start(&other);
        assert_int_equal(row->create(f.m, &layer), WG_OK);
        assert_int_equal(wg_model_share(f.m, other.ctx, &view), WG_OK);
        assert_int_equal(row->create(view, &seen), WG_OK);
        assert_int_equal(wg_model_count(view), wg_model_count(f.m));
        assert_int_equal(wg_model_module_count(view), wg_model_module_count(f.m));
        wg_model_destroy(view);
        wgt_counted_finish(&other);
        wgt_counted_finish(&f);
    }
}

static void test_layers_refuse_a_name_that_is_taken(void **state)
{
    (void)state;
    for (const layers_case *row = layers_cases; row->name != NULL; row++) {
        fixture f;
        layers_any layer;
        wgt_counted_start(&f);
        assert_int_equal(row->create(f.m, &layer), WG_OK);
        const size_t n = wg_model_count(f.m);
        memset(&layer, 1, sizeof layer);
        assert_int_equal(row->create(f.m, &layer), n > 0 ? WG_ERR_NAME : WG_OK);
        assert_true(n == 0 || is_zeroed(&layer, row->bytes));
        assert_int_equal(wg_model_count(f.m), n);
        wgt_counted_finish(&f);
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
    wgt_counted_start(&f);
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
    wgt_counted_finish(&f);
}

static void test_layers_conv_refuses_what_is_no_kernel(void **state)
{
    fixture f;
    wg_conv_layer layer;
    (void)state;
    wgt_counted_start(&f);
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
    wgt_counted_finish(&f);
}

/* ---- embeddings --------------------------------------------------------------------------- */

static void test_layers_embedding_keeps_its_padding(void **state)
{
    fixture f;
    wg_embedding_layer layer;
    (void)state;
    wgt_counted_start(&f);
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
    wgt_counted_finish(&f);
}

/* ---- norms -------------------------------------------------------------------------------- */

static void test_layers_norm_has_what_its_options_leave(void **state)
{
    fixture f;
    wg_norm_layer layer;
    (void)state;
    wgt_counted_start(&f);
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
    wgt_counted_finish(&f);
}

/* ---- dropout ------------------------------------------------------------------------------ */

static void test_layers_dropout_is_for_training(void **state)
{
    fixture f;
    wg_dropout_layer half;
    wg_dropout_layer no;
    (void)state;
    wgt_counted_start(&f);
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
    wgt_counted_finish(&f);
}

/* ---- recurrences -------------------------------------------------------------------------- */

static wg_node sequence_of(wg_graph *g, int64_t steps, int64_t batch, const double *x)
{
    return wg_constant(g, WG_F64, 3, (const int64_t[]){steps, batch, 2}, x);
}

/* What stands past the ends is NaN, and of no consequence. */
static void test_layers_recurrent_runs_each_sequence_as_if_alone(void **state)
{
    enum {
        STEPS = 4,
        BATCH = 3
    };
    static const int64_t lengths[BATCH] = {2, 4, 0};
    const wg_recurrent_options options = {
        .size = sizeof options, .n_layers = 2, .is_bidirectional = true, .dtype = WG_F64};
    const wg_node none = {NULL, 0, 0};
    double x[STEPS][BATCH][2];
    fixture f;
    wg_recurrent_layer layer;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_lstm_create(f.m, "a", 2, 3, &options, &layer), WG_OK);
    for (int64_t i = 0; i < STEPS * BATCH * 2; i++) {
        const int64_t t = i / 2 / BATCH;
        const int64_t b = i / 2 % BATCH;
        x[t][b][i % 2] = t < lengths[b] ? sin(1.0 + (double)i) : (double)NAN;
    }
    wg_recurrent_state all = {.h = none};
    const wg_node n = wg_constant(f.g, WG_I64, 1, (const int64_t[]){BATCH}, lengths);
    const wg_node y =
        wg_recurrent_apply(&layer, sequence_of(f.g, STEPS, BATCH, &x[0][0][0]), &all, n);
    wg_node loss = wg_add(wg_sum_all(y), wg_sum_all(wg_mul(all.h, all.c)));
    wg_node alone_loss = wg_number(f.g, WG_F64, 0.0);
    for (int64_t b = 0; b < BATCH; b++) {
        double own[STEPS][2];
        for (int64_t t = 0; t < STEPS; t++) {
            memcpy(own[t], x[t][b], sizeof own[t]);
        }
        wg_recurrent_state one = {.h = none};
        const wg_node alone =
            wg_recurrent_apply(&layer, sequence_of(f.g, lengths[b], 1, &own[0][0]), &one, none);
        const wg_node same = wg_narrow(wg_narrow(y, 1, b, 1), 0, 0, lengths[b]);
        const wg_node past = wg_narrow(wg_narrow(y, 1, b, 1), 0, lengths[b], STEPS - lengths[b]);
        const wg_node h = wg_sub(wg_narrow(all.h, 1, b, 1), one.h);
        const wg_node c = wg_sub(wg_narrow(all.c, 1, b, 1), one.c);
        assert_true(wg_item(wg_sum_all(wg_abs(wg_sub(same, alone)))) < 1e-14);
        assert_true(wg_item(wg_sum_all(wg_abs(past))) == 0.0);
        assert_true(wg_item(wg_sum_all(wg_abs(h))) < 1e-14);
        assert_true(wg_item(wg_sum_all(wg_abs(c))) < 1e-14);
        alone_loss =
            wg_add(alone_loss, wg_add(wg_sum_all(alone), wg_sum_all(wg_mul(one.h, one.c))));
    }
    assert_int_equal(wg_backward(wg_sub(loss, alone_loss)), WG_OK);
    for (size_t i = 0; i < wg_model_count(f.m); i++) {
        const wg_tensor *gradient = wg_param_gradient(wg_model_param(f.m, i));
        for (int64_t k = 0; k < wg_tensor_count(gradient); k++) {
            assert_true(fabs(wg_tensor_get(gradient, k)) < 1e-13);
        }
    }
    wgt_counted_finish(&f);
}

static void test_layers_recurrent_names_are_those_of_pytorch(void **state)
{
    static const char *const names[] = {
        "a.weight_ih_l0",         "a.weight_hh_l0",         "a.bias_ih_l0",
        "a.bias_hh_l0",           "a.weight_ih_l0_reverse", "a.weight_hh_l0_reverse",
        "a.bias_ih_l0_reverse",   "a.bias_hh_l0_reverse",   "a.weight_ih_l1",
        "a.weight_hh_l1",         "a.bias_ih_l1",           "a.bias_hh_l1",
        "a.weight_ih_l1_reverse", "a.weight_hh_l1_reverse", "a.bias_ih_l1_reverse",
        "a.bias_hh_l1_reverse",
    };
    const wg_recurrent_options options = {
        .size = sizeof options, .n_layers = 2, .is_bidirectional = true};
    fixture f;
    wg_recurrent_layer layer;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_gru_create(f.m, "a", 5, 25, &options, &layer), WG_OK);
    assert_int_equal(wg_model_count(f.m), 16);
    for (size_t i = 0; i < 16; i++) {
        assert_string_equal(wg_param_name(wg_model_param(f.m, i)), names[i]);
        expect_limit(wg_model_param(f.m, i), 0.2);
    }
    const int64_t *dims = wg_tensor_dims(wg_param_value(layer.params[1][1].w_ih));
    assert_true(dims[0] == 75 && dims[1] == 50);
    wgt_counted_finish(&f);
}

static void test_layers_recurrent_drops_between_layers_alone(void **state)
{
    const wg_node none = {NULL, 0, 0};
    wg_recurrent_options options = {.size = sizeof options, .dropout = 0.5};
    fixture f;
    (void)state;
    for (int32_t n_layers = 1; n_layers <= 2; n_layers++) {
        wg_recurrent_layer layer;
        double sums[3];
        wgt_counted_start(&f);
        options.n_layers = n_layers;
        assert_int_equal(wg_rnn_create(f.m, "a", 2, 8, &options, &layer), WG_OK);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(wg_graph_set_training(f.g, i < 2), WG_OK);
            const wg_node x = wg_full(f.g, WG_F32, 3, (const int64_t[]){4, 3, 2}, 0.5);
            sums[i] = wg_item(wg_sum_all(wg_recurrent_apply(&layer, x, NULL, none)));
            assert_int_equal(wg_graph_reset(f.g), WG_OK);
        }
        assert_true((sums[0] == sums[1]) == (n_layers == 1));
        assert_true((sums[0] == sums[2]) == (n_layers == 1));
        wgt_counted_finish(&f);
    }
}

static void test_layers_recurrent_counts_its_states(void **state)
{
    const wg_node none = {NULL, 0, 0};
    fixture f;
    wg_recurrent_layer layer;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_rnn_create(f.m, "a", 2, 3, NULL, &layer), WG_OK);
    for (int64_t n = 0; n < 3; n++) {
        const wg_node x = wg_full(f.g, WG_F32, 3, (const int64_t[]){4, 1, 2}, 0.5);
        wg_recurrent_state s = {.h = wg_full(f.g, WG_F32, 3, (const int64_t[]){n, 1, 3}, 0.5)};
        assert_true(wg_is_valid(wg_recurrent_apply(&layer, x, &s, none)) == (n == 1));
        assert_true(wg_is_valid(s.h) == (n == 1));
        assert_int_equal(wg_graph_reset(f.g), WG_OK);
    }
    wgt_counted_finish(&f);
}

/* ---- attention ---------------------------------------------------------------------------- */

static wg_node queries_of(wg_graph *g)
{
    double x[2 * 3 * 4];
    for (int i = 0; i < 24; i++) {
        x[i] = sin(3.0 * i);
    }
    return wg_constant(g, WG_F64, 3, (const int64_t[]){2, 3, 4}, x);
}

static double distance(wg_node a, wg_node b)
{
    return wg_item(wg_amax(wg_abs(wg_sub(a, b)), (const int32_t[]){0, 1, 2}, 3, false));
}

/* With next to no dropout the weights that are held agree with those that never are. */
static void test_layers_attention_that_drops_is_attention(void **state)
{
    static const bool flags[9] = {true, false, true, true, true, false, false, true, true};
    const double added[9] = {0.5, -(double)INFINITY, 1, 0, 2, 0, -1, 0.25, 0};
    fixture f;
    (void)state;
    for (int i = 0; i < 12; i++) {
        wg_attention_layer layer;
        wgt_counted_start(&f);
        const wg_attention_layer_options options = {.size = sizeof options,
                                                    .is_split = i % 2 == 1,
                                                    .is_causal = i / 2 % 2 == 1,
                                                    .is_rotary = true,
                                                    .dropout = 1e-9,
                                                    .dtype = WG_F64};
        assert_int_equal(wg_attention_create(f.m, "a", 4, 2, &options, &layer), WG_OK);
        const int64_t dims[2] = {3, 3};
        wg_attention_inputs inputs = {.size = sizeof inputs};
        if (i / 4 == 1) {
            inputs.mask = wg_constant(f.g, WG_BOOL, 2, dims, flags);
        } else if (i / 4 == 2) {
            inputs.mask = wg_constant(f.g, WG_F64, 2, dims, added);
        }
        const wg_node x = queries_of(f.g);
        const wg_node dropping = wg_attention_apply(&layer, x, &inputs);
        layer.dropout = 0.0;
        const wg_node y = wg_attention_apply(&layer, x, &inputs);
        assert_true(distance(dropping, y) < 1e-8);
        assert_true(wg_item(wg_sum_all(wg_abs(y))) > 0.1);
        wgt_counted_finish(&f);
    }
}

static void test_layers_attention_drops_in_training_alone(void **state)
{
    const wg_attention_layer_options options = {
        .size = sizeof options, .dropout = 0.5, .dtype = WG_F64};
    fixture f;
    wg_attention_layer layer;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_attention_create(f.m, "a", 4, 2, &options, &layer), WG_OK);
    const wg_node x = queries_of(f.g);
    assert_true(distance(wg_attention_apply(&layer, x, NULL), wg_attention_apply(&layer, x, NULL)) >
                1e-3);
    assert_int_equal(wg_graph_reset(f.g), WG_OK);
    assert_int_equal(wg_graph_set_training(f.g, false), WG_OK);
    const wg_node again = queries_of(f.g);
    const wg_node y = wg_attention_apply(&layer, again, NULL);
    assert_true(distance(y, wg_attention_apply(&layer, again, NULL)) == 0.0);
    wgt_counted_finish(&f);
}

/* The columns of q, k and v are the weights of three layers. */
static void test_layers_attention_is_the_same_in_one_product(void **state)
{
    const wg_attention_layer_options options = {.size = sizeof options, .dtype = WG_F64};
    const wg_attention_layer_options split = {
        .size = sizeof split, .dtype = WG_F64, .is_split = true};
    fixture f;
    wg_attention_layer layer;
    wg_attention_layer other;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_attention_create(f.m, "a", 4, 2, &options, &layer), WG_OK);
    assert_int_equal(wg_attention_create(f.m, "b", 4, 2, &split, &other), WG_OK);
    wg_param *const parts[] = {other.q.weight, other.k.weight, other.v.weight};
    double *all = wg_tensor_data_mutable(wg_param_value(layer.qkv.weight));
    for (int64_t i = 0; i < 48; i++) {
        const int64_t column = i % 12;
        all[i] = wg_tensor_get(wg_param_value(parts[column / 4]), i / 12 * 4 + column % 4);
    }
    memcpy(wg_tensor_data_mutable(wg_param_value(layer.out.weight)),
           wg_tensor_data(wg_param_value(other.out.weight)), 16 * sizeof(double));
    const wg_node x = queries_of(f.g);
    assert_true(distance(wg_attention_apply(&layer, x, NULL), wg_attention_apply(&other, x, NULL)) <
                1e-14);
    wgt_counted_finish(&f);
}

/* Scores and the sums of values: 2 * 2 * batch heads queries keys depth, and the four projections.
 */
static void test_layers_attention_tells_its_operations(void **state)
{
    const wg_attention_layer_options options = {.size = sizeof options, .no_bias = true};
    fixture f;
    wg_attention_layer layer;
    wg_plan_need need;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_attention_create(f.m, "a", 8, 2, &options, &layer), WG_OK);
    const wg_node x = wg_full(f.g, WG_F32, 3, (const int64_t[]){2, 6, 8}, 0.5);
    const wg_node y = wg_attention_apply(&layer, x, NULL);
    assert_int_equal(wg_plan_memory(&y, 1, WG_PLAN_RUN, &need), WG_OK);
    const double products = 2.0 * 2 * 6 * 8 * (4 * 8);
    const double attention = 2.0 * 2 * (2 * 2 * 6 * 6 * 4);
    assert_true(need.flops >= products + attention);
    assert_true(need.flops < products + attention + 2 * 6 * 8 * 4);
    wgt_counted_finish(&f);
}

/* ---- transformers ------------------------------------------------------------------------- */

static void test_layers_block_is_a_tree_of_names(void **state)
{
    static const char *const names[] = {
        "b.norm_attn.weight", "b.attn.qkv.weight", "b.attn.out.weight", "b.norm_cross.weight",
        "b.cross.q.weight",   "b.cross.k.weight",  "b.cross.v.weight",  "b.cross.out.weight",
        "b.norm_mlp.weight",  "b.mlp.up.weight",   "b.mlp.gate.weight", "b.mlp.down.weight",
    };
    const wg_transformer_options options = {.size = sizeof options,
                                            .has_cross = true,
                                            .has_rms_norm = true,
                                            .no_bias = true,
                                            .activation = WG_TRANSFORMER_GATED_GELU};
    fixture f;
    wg_transformer_block block;
    (void)state;
    wgt_counted_start(&f);
    assert_int_equal(wg_transformer_block_create(f.m, "b", 4, 2, &options, &block), WG_OK);
    assert_int_equal(wg_model_count(f.m), 12);
    for (size_t i = 0; i < 12; i++) {
        assert_string_equal(wg_param_name(wg_model_param(f.m, i)), names[i]);
    }
    const wg_node x = wg_cast(queries_of(f.g), WG_F32);
    const wg_transformer_inputs inputs = {.size = sizeof inputs, .memory = x};
    assert_true(wg_is_valid(wg_transformer_block_apply(&block, x, &inputs)));
    wg_scope scope;
    assert_int_equal(wg_graph_scope(f.g, 0, &scope), WG_OK);
    assert_ptr_equal(scope.module, block.module);
    assert_int_equal(wg_graph_scope_count(f.g), wg_model_module_count(f.m));
    assert_false(wg_is_valid(wg_transformer_block_apply(&block, x, NULL)));
    assert_non_null(strstr(wg_graph_error(f.g), "transformer_block: a memory is what"));
    wgt_counted_finish(&f);
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
        cmocka_unit_test(test_layers_recurrent_runs_each_sequence_as_if_alone),
        cmocka_unit_test(test_layers_recurrent_names_are_those_of_pytorch),
        cmocka_unit_test(test_layers_recurrent_drops_between_layers_alone),
        cmocka_unit_test(test_layers_recurrent_counts_its_states),
        cmocka_unit_test(test_layers_attention_that_drops_is_attention),
        cmocka_unit_test(test_layers_attention_drops_in_training_alone),
        cmocka_unit_test(test_layers_attention_is_the_same_in_one_product),
        cmocka_unit_test(test_layers_attention_tells_its_operations),
        cmocka_unit_test(test_layers_block_is_a_tree_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
