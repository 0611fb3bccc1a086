/* Bad calls of ops.h: bad axes, shapes, numbers and data.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A refused constructor gives an invalid node and leaves its error on the graph it could tell. */
#include "bad_calls.h"

#include <math.h>

#include <string.h>

/* ---- bad axes, shapes and numbers --------------------------------------------------------- */

/* Whether a node was refused, with which status; records anew. */
static wg_status take(bad_world *w, wg_node n)
{
    wg_status status = wg_graph_status(w->g);
    assert_int_equal(wg_is_valid(n), status == WG_OK);
    if (status != WG_OK) {
        assert_string_not_equal(wg_graph_error(w->g), "");
    }
    bad_world_record(w);
    return status;
}

static const int32_t bad_axes[] = {-3, 2, INT32_MIN, INT32_MAX};

static void check_axis(bad_world *w, const bad_row *row)
{
    (void)row;
    for (size_t i = 0; i < 4; i++) {
        const int32_t a = bad_axes[i];
        assert_status(take(w, wg_softmax(w->x, a)), WG_ERR_RANGE);
        assert_status(take(w, wg_log_softmax(w->x, a)), WG_ERR_RANGE);
        assert_status(take(w, wg_gather(w->x, w->labels, a)), WG_ERR_RANGE);
        assert_status(take(w, wg_scatter_add(w->x, w->labels, a, 2)), WG_ERR_RANGE);
        assert_status(take(w, wg_sum(w->x, &a, 1, false)), WG_ERR_RANGE);
        assert_status(take(w, wg_mean(w->x, &a, 1, true)), WG_ERR_RANGE);
        assert_status(take(w, wg_permute(w->x, (int32_t[]){0, a}, 2)), WG_ERR_RANGE);
        assert_int_equal(wg_node_dim(w->x, a), -1);
    }
}

static void check_axis_lists(bad_world *w, const bad_row *row)
{
    static const int32_t axes[] = {0, 1, 0, 0, 0, 0, 0, 0, 0};
    static const int32_t twice[] = {1, -1};
    static const int32_t counts[] = {-1, 3, 9, INT32_MIN, INT32_MAX};
    (void)row;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        assert_int_not_equal(take(w, wg_permute(w->x, axes, counts[i])), WG_OK);
        assert_int_not_equal(take(w, wg_permute(w->x, NULL, counts[i])), WG_OK);
        assert_int_not_equal(take(w, wg_sum(w->x, axes, counts[i], false)), WG_OK);
        assert_int_not_equal(take(w, wg_mean(w->x, axes, counts[i], false)), WG_OK);
        assert_int_not_equal(take(w, wg_sum(w->x, NULL, counts[i], false)), WG_OK);
        assert_int_not_equal(take(w, wg_mean(w->x, NULL, counts[i], true)), WG_OK);
    }
    assert_status(take(w, wg_permute(w->x, NULL, 2)), WG_ERR_ARGUMENT);
    assert_status(take(w, wg_permute(w->x, axes, 1)), WG_ERR_SHAPE);
    assert_status(take(w, wg_permute(w->x, twice, 2)), WG_ERR_RANGE);
    assert_status(take(w, wg_sum(w->x, twice, 2, false)), WG_ERR_RANGE);
    assert_status(take(w, wg_mean(w->x, twice, 2, false)), WG_ERR_RANGE);
}

static wg_status call_reshape_to(bad_world *w, wg_dtype d, int32_t rank, const int64_t *dims)
{
    (void)d;
    return take(w, wg_reshape(w->x, rank, dims));
}

static wg_status call_broadcast(bad_world *w, wg_dtype d, int32_t rank, const int64_t *dims)
{
    (void)d;
    return take(w, wg_broadcast_to(wg_sum_all(w->x), rank, dims));
}

static wg_status call_sum_to_shape(bad_world *w, wg_dtype d, int32_t rank, const int64_t *dims)
{
    (void)d;
    return take(w, wg_sum_to(w->x, rank, dims));
}

static wg_status call_full(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    return take(w, wg_full(w->g, dtype, rank, dims, 1));
}

static wg_status call_uniform(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    /* Draws are floating; other dtypes are refused whatever the shape. */
    return take(w, wg_uniform(w->g, dtype, rank, dims, 0, 1));
}

static wg_status call_normal(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    return take(w, wg_normal(w->g, dtype, rank, dims, 0, 1));
}

static wg_status call_bernoulli(bad_world *w, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    return take(w, wg_bernoulli(w->g, dtype, rank, dims, 0.5));
}

static wg_status call_randint(bad_world *w, wg_dtype d, int32_t rank, const int64_t *dims)
{
    (void)d;
    return take(w, wg_randint(w->g, rank, dims, 0, 9));
}

static void check_shapes(bad_world *w, const bad_row *row)
{
    static const bad_shapes reshape = {call_reshape_to, false, true};
    static const bad_shapes broadcast = {call_broadcast, false, false};
    static const bad_shapes sum_to = {call_sum_to_shape, false, false};
    (void)row;
    bad_shapes_check(w, &reshape);
    bad_shapes_check(w, &broadcast);
    bad_shapes_check(w, &sum_to);
    assert_status(take(w, wg_reshape(w->x, 2, (int64_t[]){-1, -1})), WG_ERR_SHAPE);
    assert_status(take(w, wg_reshape(w->x, 2, (int64_t[]){-1, 0})), WG_ERR_SHAPE);
    assert_status(take(w, wg_reshape(w->x, 2, (int64_t[]){-1, 4})), WG_ERR_SHAPE);
}

/* A shape that is legal and too large for the machine is recorded, and refused when it runs. */
static void run_too_large(bad_world *w, wg_node n)
{
    assert_true(wg_is_valid(n));
    wg_status status = wg_run(&n, 1);
    assert_true(status == WG_ERR_MEMORY || status == WG_ERR_OVERFLOW);
    assert_null(wg_value(n));
    assert_status(wg_graph_status(w->g), WG_OK);
    assert_string_not_equal(wg_graph_error(w->g), "");
    bad_world_record(w);
}

static void check_fills(bad_world *w, const bad_row *row)
{
    static const bad_shapes full = {call_full, true, false};
    static const bad_shapes uniform = {call_uniform, true, false};
    const int64_t large[] = {INT64_C(1) << 40};
    const int64_t larger[] = {(INT64_C(1) << 61) - 1};
    (void)row;
    bad_shapes_check(w, &full);
    bad_shapes_check(w, &uniform);
    assert_false(wg_is_valid(wg_full(NULL, WG_F32, 0, NULL, 1)));
    assert_false(wg_is_valid(wg_full(w->dead, WG_F32, 0, NULL, 1)));
    assert_false(wg_is_valid(wg_uniform(NULL, WG_F32, 0, NULL, 0, 1)));
    assert_false(wg_is_valid(wg_uniform(w->dead, WG_F32, 0, NULL, 0, 1)));
    assert_status(take(w, wg_uniform(w->g, WG_I64, 0, NULL, 0, 1)), WG_ERR_DTYPE);
    assert_status(take(w, wg_uniform(w->g, WG_F32, 0, NULL, 1, 0)), WG_ERR_ARGUMENT);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        assert_int_not_equal(take(w, wg_uniform(w->g, WG_F64, 0, NULL, 1, bad)), WG_OK);
    }
    run_too_large(w, wg_full(w->g, WG_F32, 1, large, 1));
    run_too_large(w, wg_full(w->g, WG_F32, 1, larger, 1));
    run_too_large(w, wg_uniform(w->g, WG_F64, 1, large, 0, 1));
    run_too_large(w, wg_exp(wg_broadcast_to(wg_sum_all(w->x), 1, larger)));
}

static void check_draws(bad_world *w, const bad_row *row)
{
    static const bad_shapes normal = {call_normal, true, false};
    static const bad_shapes bernoulli = {call_bernoulli, true, false};
    static const bad_shapes randint = {call_randint, false, false};
    static const double outside[] = {-0.5, 1.5, (double)NAN};
    (void)row;
    bad_shapes_check(w, &normal);
    bad_shapes_check(w, &bernoulli);
    bad_shapes_check(w, &randint);
    assert_false(wg_is_valid(wg_normal(NULL, WG_F32, 0, NULL, 0, 1)));
    assert_false(wg_is_valid(wg_normal(w->dead, WG_F32, 0, NULL, 0, 1)));
    assert_false(wg_is_valid(wg_bernoulli(NULL, WG_F32, 0, NULL, 0.5)));
    assert_false(wg_is_valid(wg_bernoulli(w->dead, WG_F32, 0, NULL, 0.5)));
    assert_false(wg_is_valid(wg_randint(NULL, 0, NULL, 0, 9)));
    assert_false(wg_is_valid(wg_randint(w->dead, 0, NULL, 0, 9)));
    assert_status(take(w, wg_randint(w->g, 0, NULL, INT64_MIN, INT64_MAX)), WG_ERR_RANGE);
    assert_status(take(w, wg_randint(w->g, 0, NULL, INT64_MAX, INT64_MIN)), WG_ERR_RANGE);
    assert_status(take(w, wg_randint(w->g, 0, NULL, INT64_MAX - 1, INT64_MAX)), WG_OK);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        assert_status(take(w, wg_normal(w->g, WG_F64, 0, NULL, bad, bad)), WG_ERR_ARGUMENT);
        assert_status(take(w, wg_dropout_channels(w->x, bad)), WG_ERR_ARGUMENT);
    }
    /* Probabilities in the data are checked when they are read. */
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        wg_node y = wg_bernoulli_of(wg_number(w->g, WG_F32, outside[i]));
        assert_status(wg_run(&y, 1), WG_ERR_RANGE);
        assert_status(wg_graph_status(w->g), WG_OK);
        bad_world_record(w);
        assert_status(take(w, wg_bernoulli(w->g, WG_F32, 0, NULL, outside[i])), WG_ERR_ARGUMENT);
    }
}

/* Small operands whose result has a size that wraps. */
static void check_products(bad_world *w, const bad_row *row)
{
    const int64_t tall[] = {INT64_C(1) << 32, 1};
    const int64_t wide[] = {1, INT64_C(1) << 32};
    const int64_t half[] = {INT64_C(1) << 31, 1};
    (void)row;
    assert_status(
        take(w, wg_add(wg_full(w->g, WG_F32, 2, tall, 1), wg_full(w->g, WG_F32, 2, wide, 1))),
        WG_ERR_OVERFLOW);
    assert_status(
        take(w, wg_matmul(wg_full(w->g, WG_F32, 2, tall, 1), wg_full(w->g, WG_F32, 2, wide, 1))),
        WG_ERR_OVERFLOW);
    assert_int_not_equal(take(w, wg_where(w->flags, wg_full(w->g, WG_F32, 2, tall, 1),
                                          wg_full(w->g, WG_F32, 2, wide, 1))),
                         WG_OK);
    wg_node many = wg_cast(wg_full(w->g, WG_F32, 2, half, 1), WG_I64);
    assert_status(take(w, wg_gather(wg_full(w->g, WG_F32, 2, wide, 1), many, 0)), WG_ERR_OVERFLOW);
    assert_status(take(w, wg_one_hot(w->labels, INT64_MAX, WG_F32)), WG_ERR_OVERFLOW);
    assert_status(take(w, wg_scatter_add(w->x, w->labels, 0, INT64_MAX)), WG_ERR_OVERFLOW);
}

static void check_options(bad_world *w, const bad_row *row)
{
    static const int dtypes[] = {0, 7, -1, INT32_MAX};
    (void)row;
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        assert_status(take(w, wg_dropout(w->x, bad_number(i))), WG_ERR_ARGUMENT);
        /* Any double is a factor; it must merely pass. */
        assert_status(take(w, wg_scale(w->x, bad_number(i))), WG_OK);
        assert_status(take(w, wg_heaviside(w->x, bad_number(i))), WG_OK);
    }
    assert_status(take(w, wg_dropout(w->x, 1.0)), WG_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        assert_status(take(w, wg_cast(w->x, (wg_dtype)dtypes[i])), WG_ERR_DTYPE);
        assert_status(take(w, wg_one_hot(w->labels, 2, (wg_dtype)dtypes[i])), WG_ERR_DTYPE);
        assert_status(take(w, wg_number(w->g, (wg_dtype)dtypes[i], 1)), WG_ERR_DTYPE);
    }
    assert_status(take(w, wg_one_hot(w->labels, -1, WG_F32)), WG_ERR_RANGE);
    assert_status(take(w, wg_one_hot(w->labels, INT64_MIN, WG_F32)), WG_ERR_RANGE);
    assert_status(take(w, wg_scatter_add(w->x, w->labels, 0, -1)), WG_ERR_RANGE);
    assert_status(take(w, wg_transpose(w->labels)), WG_ERR_SHAPE);
    assert_status(take(w, wg_matmul(w->x, w->labels)) == WG_OK, false);
    assert_status(take(w, wg_softmax(wg_sum_all(w->x), 0)) == WG_OK, false);
}

/* Labels and indices in the data are checked when they are read, at both ends. */
static void check_indices(bad_world *w, const bad_row *row)
{
    static const int64_t bad[] = {-1, 3, INT64_MIN, INT64_MAX};
    static const int64_t n = 2;
    (void)row;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (int form = 0; form < 4; form++) {
            const int64_t data[] = {0, bad[i]};
            wg_node at = wg_constant(w->g, WG_I64, 1, &n, data);
            wg_node y = form == 0   ? wg_gather(w->x, at, 1)
                        : form == 1 ? wg_scatter_add(w->x, at, 0, 3)
                        : form == 2 ? wg_one_hot(at, 3, WG_F32)
                                    : wg_cross_entropy(w->x, at);
            assert_true(wg_is_valid(y));
            assert_status(wg_run(&y, 1), WG_ERR_RANGE);
            assert_status(wg_graph_status(w->g), WG_OK);
            bad_world_record(w);
        }
    }
}

static void check_linear(bad_world *w, const bad_row *row)
{
    const wg_linear none = {.weight = NULL};
    (void)row;
    assert_false(wg_is_valid(wg_linear_apply(&none, w->x)));
    bad_world_record(w);
    assert_false(wg_is_valid(wg_linear_apply(NULL, w->x)));
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        assert_false(wg_is_valid(wg_linear_apply(&none, bad_handle(w, which))));
    }
}

static wg_status apply(bad_world *w, const char *op, const wg_attribute *a, size_t n)
{
    uint32_t out = 7;
    size_t n_out = 1;
    const wg_status status = wg_apply(w->g, op, &w->x.index, 1, a, n, &out, &n_out);
    assert_int_equal(n_out, status == WG_OK ? 1 : 0);
    bad_world_record(w);
    return status;
}

static void check_apply(bad_world *w, const bad_row *row)
{
    const wg_attribute axis[] = {
        {.name = "axis", .kind = WG_ATTRIBUTE_INTEGER, .integer = 1},
        {.name = "axis", .kind = WG_ATTRIBUTE_INTEGER, .integer = 1},
        {.name = "axes", .kind = WG_ATTRIBUTE_INTEGER},
        {.name = NULL, .kind = WG_ATTRIBUTE_INTEGER},
        {.name = "axis", .kind = WG_ATTRIBUTE_REAL},
        {.name = "axis", .kind = (wg_attribute_kind)9},
    };
    size_t n_out = 0;
    const uint32_t none[] = {UINT32_MAX, 99};
    (void)row;
    assert_status(apply(w, "softmax", axis, 1), WG_OK);
    assert_status(apply(w, "softmax", axis, 2), WG_ERR_ARGUMENT);
    assert_status(apply(w, "softmax", axis + 2, 1), WG_ERR_NAME);
    assert_status(apply(w, "softmax", axis + 3, 1), WG_ERR_NAME);
    assert_status(apply(w, "softmax", axis + 4, 1), WG_ERR_ARGUMENT);
    assert_status(apply(w, "softmax", axis + 5, 1), WG_ERR_ARGUMENT);
    assert_status(apply(w, "softmax", NULL, 1), WG_ERR_ARGUMENT);
    assert_status(apply(w, "soft_max", axis, 1), WG_ERR_NAME);
    assert_status(apply(w, "", axis, 1), WG_ERR_NAME);
    assert_status(apply(w, NULL, axis, 1), WG_ERR_ARGUMENT);
    assert_status(apply(w, "add", NULL, 0), WG_ERR_ARGUMENT);
    assert_status(apply(w, "permute", NULL, 0), WG_ERR_ARGUMENT);
    assert_status(wg_apply(NULL, "neg", none, 1, NULL, 0, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_apply(w->dead, "neg", none, 1, NULL, 0, NULL, NULL), WG_ERR_STALE);
    assert_status(wg_apply(w->g, "neg", NULL, 1, NULL, 0, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_apply(w->g, "neg", none, 1, NULL, 0, (uint32_t[]){0}, NULL), WG_ERR_ARGUMENT);
    for (int i = 0; i < 2; i++) {
        bad_world_record(w);
        assert_status(wg_apply(w->g, "neg", &none[i], 1, NULL, 0, NULL, &n_out), WG_ERR_HANDLE);
    }
    bad_world_record(w);
    assert_status(wg_apply(w->g, "neg", &w->x.index, 1, NULL, 0, NULL, NULL), WG_OK);
}

/* The rows whose constructors these checks call. */
#define ROW(op, by)                                                                                \
    {                                                                                              \
        .name = "wg_" #op, .check = (by)                                                           \
    }

const bad_row bad_rows_of_op_options[] = {
    ROW(normal, check_draws),    ROW(full, check_fills),          ROW(uniform, check_fills),
    ROW(reshape, check_shapes),  ROW(softmax, check_axis),        ROW(sum, check_axis_lists),
    ROW(matmul, check_products), ROW(dropout, check_options),     ROW(gather, check_indices),
    ROW(apply, check_apply),     ROW(linear_apply, check_linear), {NULL, NULL, NULL},
};
