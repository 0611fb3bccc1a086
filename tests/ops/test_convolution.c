/* Convolutions: what the samples and golden values do not ask.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/sample_graph.h"
#include "support/cmocka_all.h"

#include <wengert/ops.h>
#include <wengert/tools.h>

#include <math.h>
#include <string.h>

static const wg_node none = {NULL, 0, 0};

static wg_node random_node(const wgt_stage *b, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    wgi_sample_input how = {.rank = rank, .fill = WGI_NORMAL};
    memcpy(how.dims, dims, (size_t)rank * sizeof *dims);
    wg_tensor *t = wgt_random_tensor(b->ctx, dtype, &how, (uint64_t)(rank + dims[0]));
    const wg_node n = wg_variable(b->g, t);
    wg_tensor_destroy(t);
    return n;
}

static wg_node images(const wgt_stage *b, wg_dtype dtype, int64_t channels)
{
    const int64_t dims[] = {2, channels, 5, 4};
    return random_node(b, dtype, 4, dims);
}

static wg_node kernels(const wgt_stage *b, wg_dtype dtype, int64_t n, int64_t channels)
{
    const int64_t dims[] = {n, channels, 3, 2};
    return random_node(b, dtype, 4, dims);
}

static void assert_same_bits(wg_node a, wg_node b)
{
    const wg_node both[] = {a, b};
    assert_int_equal(wg_run(both, 2), WG_OK);
    const wg_tensor *x = wg_value(a);
    const wg_tensor *y = wg_value(b);
    assert_non_null(x);
    assert_non_null(y);
    const int64_t n = wg_tensor_count(x);
    assert_int_equal(n, wg_tensor_count(y));
    assert_true(n > 0);
    for (int64_t i = 0; i < n; i++) {
        const double found = wg_tensor_get(x, i);
        const double expected = wg_tensor_get(y, i);
        assert_memory_equal(&found, &expected, sizeof found);
    }
}

typedef wg_node (*convolve)(wg_node, wg_node, wg_node, const wg_conv_options *);

/* The results and gradients of images whose channels are last are those of the others, in the other
 * order. */
static void check_layouts(const wgt_stage *b, wg_dtype dtype, convolve f, int64_t groups)
{
    static const int32_t last[] = {0, 2, 3, 1};
    const bool is_plain = f == wg_conv2d;
    wg_conv_options options = {.size = sizeof options,
                               .stride = {2, 1},
                               .dilation = {1, 2},
                               .before = {1, 2},
                               .after = {1, 0},
                               .groups = groups};
    const wg_node x = images(b, dtype, 4);
    const wg_node w = kernels(b, dtype, 4, is_plain ? 4 / groups : 3);
    const int64_t filters = is_plain ? 4 : 3 * groups;
    const wg_node bias = random_node(b, dtype, 1, &filters);
    const wg_node first = f(x, w, bias, &options);
    options.channels_last = true;
    const wg_node turned = f(wg_permute(x, last, 4), w, bias, &options);
    const wg_node leaves[] = {x, w, bias};
    wg_node gradients[2][3];
    assert_same_bits(wg_permute(first, last, 4), turned);
    assert_int_equal(wg_grad(wg_sum_all(wg_square(first)), leaves, 3, gradients[0]), WG_OK);
    assert_int_equal(
        wg_grad(wg_sum_all(wg_square(wg_permute(turned, (const int32_t[]){0, 3, 1, 2}, 4))), leaves,
                3, gradients[1]),
        WG_OK);
    for (int32_t i = 0; i < 3; i++) {
        assert_same_bits(gradients[0][i], gradients[1][i]);
    }
}

static void test_convolution_channels_last_gives_the_same_bits(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    for (int64_t groups = 1; groups <= 4; groups *= 2) {
        check_layouts(&b, WG_F32, wg_conv2d, groups);
        check_layouts(&b, WG_F64, wg_conv2d, groups);
        check_layouts(&b, WG_F32, wg_conv_transpose2d, groups);
        check_layouts(&b, WG_F64, wg_conv_transpose2d, groups);
    }
    wgt_stage_close(&b);
}

/* A row of images of height 1 under a kernel of height 1. */
static void test_convolution_of_signals_is_that_of_flat_images(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const int64_t of_x[] = {2, 3, 7};
    const int64_t of_w[] = {3, 3, 2};
    const int64_t flat_x[] = {2, 3, 1, 7};
    const int64_t flat_w[] = {3, 3, 1, 2};
    const wg_conv_options one = {.size = sizeof one, .stride = {2}, .before = {1}, .after = {2}};
    const wg_conv_options two = {
        .size = sizeof two, .stride = {1, 2}, .before = {0, 1}, .after = {0, 2}};
    const wg_node x = random_node(&b, WG_F64, 3, of_x);
    const wg_node w = random_node(&b, WG_F64, 3, of_w);
    const wg_node tall_x = wg_reshape(x, 4, flat_x);
    const wg_node tall_w = wg_reshape(w, 4, flat_w);
    assert_same_bits(wg_conv1d(x, w, none, &one), wg_conv2d(tall_x, tall_w, none, &two));
    assert_same_bits(wg_conv_transpose1d(x, w, none, &one),
                     wg_conv_transpose2d(tall_x, tall_w, none, &two));
    wgt_stage_close(&b);
}

/* One image alone is a batch of one. */
static void test_convolution_of_one_image(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const int64_t dims[] = {3, 5, 4};
    const wg_node x = random_node(&b, WG_F64, 3, dims);
    const wg_node w = kernels(&b, WG_F64, 2, 3);
    const wg_node alone = wg_conv2d(x, w, none, NULL);
    assert_int_equal(wg_node_rank(alone), 3);
    assert_same_bits(alone, wg_conv2d(wg_unsqueeze(x, 0), w, none, NULL));
    wgt_stage_close(&b);
}

/* <conv(x), y> = <x, transposed(y)>. */
static void test_convolution_transposed_is_the_adjoint(void **state)
{
    (void)state;
    wgt_stage b = wgt_stage_open();
    const wg_conv_options options = {.size = sizeof options,
                                     .stride = {2, 3},
                                     .before = {1, 0},
                                     .after = {0, 1},
                                     .output_padding = {0, 0},
                                     .groups = 2};
    wg_conv_options back = options;
    back.output_padding[0] = 1; /* of 5 + 1 - 3 the stride 2 leaves 1 */
    const wg_node x = images(&b, WG_F64, 4);
    const wg_node w = kernels(&b, WG_F64, 6, 2);
    const wg_node forth = wg_conv2d(x, w, none, &options);
    const int64_t dims[] = {2, 6, wg_node_dim(forth, 2), wg_node_dim(forth, 3)};
    const wg_node y = random_node(&b, WG_F64, 4, dims);
    const wg_node returned = wg_conv_transpose2d(y, w, none, &back);
    assert_int_equal(wg_node_dim(returned, 2), 5);
    assert_int_equal(wg_node_dim(returned, 3), 4);
    const double there = wg_item(wg_sum_all(wg_mul(forth, y)));
    const double here = wg_item(wg_sum_all(wg_mul(x, returned)));
    assert_true(fabs(there) > 0.1);
    assert_true(fabs(there - here) <= 1e-12 * (1 + fabs(there)));
    wgt_stage_close(&b);
}

/* ---- errors ------------------------------------------------------------------------------- */

static void expect_list_error(const wgt_stage *b, const wg_node *in, const wg_attribute *a,
                              const char *message)
{
    const uint32_t inputs[] = {in[0].index, in[1].index};
    uint32_t out = 0;
    size_t n_out = 1;
    const wg_status status = wg_apply(b->g, "conv2d", inputs, 2, a, 1, &out, &n_out);
    assert_int_equal(status, WG_ERR_SHAPE);
    if (strncmp(wg_graph_error(b->g), message, strlen(message)) != 0) {
        fail_msg("\"%s\" is not \"%s\"", wg_graph_error(b->g), message);
    }
}

static void test_convolution_by_name_counts_its_lists(void **state)
{
    (void)state;
    static const int64_t three[] = {1, 1, 1};
    static const struct {
        const char *name;
        const char *message;
    } lists[] = {
        {"stride", "conv2d: stride has 3 elements for 2 axes"},
        {"padding", "conv2d: padding has 3 elements for 2 axes"},
        {"dilation", "conv2d: dilation has 3 elements for 2 axes"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        wgt_stage b = wgt_stage_open();
        const wg_node in[] = {images(&b, WG_F32, 3), kernels(&b, WG_F32, 2, 3)};
        const wg_attribute a = {
            .name = lists[i].name, .kind = WG_ATTRIBUTE_LIST, .list = three, .length = 3};
        expect_list_error(&b, in, &a, lists[i].message);
        wgt_stage_close(&b);
    }
}

/* A bias that is no zero handle must be a node of the same graph. */
static void test_convolution_takes_no_foreign_bias(void **state)
{
    (void)state;
    static const convolve all[] = {wg_conv2d, wg_conv_transpose2d};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        wgt_stage b = wgt_stage_open();
        wgt_stage other = wgt_stage_open();
        const int64_t n = 3;
        const wg_node foreign = random_node(&other, WG_F32, 1, &n);
        const wg_node y = all[i](images(&b, WG_F32, 3), kernels(&b, WG_F32, 3, 3), foreign, NULL);
        assert_false(wg_is_valid(y));
        assert_int_equal(wg_graph_status(b.g), WG_ERR_HANDLE);
        wgt_stage_close(&other);
        wgt_stage_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convolution_channels_last_gives_the_same_bits),
        cmocka_unit_test(test_convolution_of_signals_is_that_of_flat_images),
        cmocka_unit_test(test_convolution_of_one_image),
        cmocka_unit_test(test_convolution_transposed_is_the_adjoint),
        cmocka_unit_test(test_convolution_by_name_counts_its_lists),
        cmocka_unit_test(test_convolution_takes_no_foreign_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
