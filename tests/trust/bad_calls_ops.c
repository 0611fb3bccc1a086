/* Bad calls of ops.h: every kind of bad handle in every place, then bad axes, shapes and numbers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A refused constructor gives an invalid node and leaves its error on the graph it could tell. */
#include "bad_calls.h"

#include <string.h>

/* ---- one calling form for all ops --------------------------------------------------------- */

#define CALL1(op, ...)                                                                             \
    static wg_node call_##op(const wg_node *in)                                                    \
    {                                                                                              \
        return wg_##op(__VA_ARGS__);                                                               \
    }

static const int64_t six[] = {6};
static const int64_t two_three[] = {2, 3};
static const int32_t turned[] = {1, 0};

CALL1(add, in[0], in[1])
CALL1(sub, in[0], in[1])
CALL1(mul, in[0], in[1])
CALL1(div, in[0], in[1])
CALL1(gate, in[0], in[1])
CALL1(greater, in[0], in[1])
CALL1(where, in[0], in[1], in[2])
CALL1(neg, in[0])
CALL1(scale, in[0], 2.0)
CALL1(exp, in[0])
CALL1(log, in[0])
CALL1(square, in[0])
CALL1(sqrt, in[0])
CALL1(sigmoid, in[0])
CALL1(tanh, in[0])
CALL1(relu, in[0])
CALL1(heaviside, in[0], 0.5)
CALL1(cast, in[0], WG_F64)
CALL1(stop_gradient, in[0])
CALL1(sum, in[0], NULL, 0, false)
CALL1(mean, in[0], NULL, 0, false)
CALL1(sum_all, in[0])
CALL1(mean_all, in[0])
CALL1(softmax, in[0], 0)
CALL1(log_softmax, in[0], 0)
CALL1(mse, in[0], in[1])
CALL1(half_sum_squares, in[0], in[1])
CALL1(cross_entropy, in[0], in[1])
CALL1(reshape, in[0], 1, six)
CALL1(permute, in[0], turned, 2)
CALL1(transpose, in[0])
CALL1(broadcast_to, in[0], 2, two_three)
CALL1(sum_to, in[0], 2, two_three)
CALL1(gather, in[0], in[1], 0)
CALL1(scatter_add, in[0], in[1], 0, 2)
CALL1(one_hot, in[0], 2, WG_F32)
CALL1(dropout, in[0], 0.5)

/* matmul wants inner sizes that agree; a transpose of the second operand gives them, or passes a
 * bad handle on. */
static wg_node call_matmul(const wg_node *in)
{
    return wg_matmul(in[0], wg_is_valid(in[1]) ? wg_transpose(in[1]) : in[1]);
}

static wg_node call_linear_apply(const wg_node *in)
{
    const wg_linear none = {NULL, NULL};
    return wg_linear_apply(wg_is_valid(in[0]) ? &none : NULL, in[0]);
}

/* ---- bad handles -------------------------------------------------------------------------- */

static void fill_good(const bad_world *w, const char *kinds, wg_node *in)
{
    for (size_t i = 0; kinds[i] != '\0'; i++) {
        in[i] = kinds[i] == 'l' ? w->labels : kinds[i] == 'f' ? w->flags : w->x;
    }
}

static bool is_living(const bad_world *w, wg_node n)
{
    return n.graph != NULL && n.graph != w->dead;
}

/* The first operand that tells a living graph says where the error must be found. */
static void expect_error(const bad_world *w, const wg_node *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_living(w, in[i])) {
            wg_status status = wg_graph_status(in[i].graph);
            assert_true(status == WG_ERR_HANDLE || status == WG_ERR_STALE);
            assert_string_not_equal(wg_graph_error(in[i].graph), "");
            return;
        }
    }
}

static void check_one_handle(bad_world *w, const bad_row *row, size_t at, int which)
{
    const size_t n = strlen(row->kinds);
    wg_node in[3];
    bad_world_record(w);
    fill_good(w, row->kinds, in);
    in[at] = bad_handle(w, which);
    wg_node n_out = row->op(in);
    assert_false(wg_is_valid(n_out));
    expect_error(w, in, n);
    assert_false(wg_is_valid(wg_neg(n_out)));
}

static void check_handles(bad_world *w, const bad_row *row)
{
    const size_t n = strlen(row->kinds);
    wg_node in[3];
    fill_good(w, row->kinds, in);
    if (strcmp(row->name, "wg_linear_apply") != 0) {
        assert_true(wg_is_valid(row->op(in)));
    }
    for (size_t at = 0; at < n; at++) {
        /* Alone, a node of another graph is a good one, there. */
        const int end = n > 1 ? BAD_HANDLES : BAD_OTHER;
        for (int which = 0; which < end; which++) {
            check_one_handle(w, row, at, which);
        }
    }
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        for (size_t i = 0; i < n; i++) {
            in[i] = bad_handle(w, which);
        }
        assert_false(wg_is_valid(row->op(in)));
    }
    bad_world_record(w);
    fill_good(w, row->kinds, in);
    assert_true(strcmp(row->name, "wg_linear_apply") == 0 || wg_is_valid(row->op(in)));
}

#define OP(op_name, operand_kinds)                                                                 \
    {                                                                                              \
        .name = "wg_" #op_name, .check = check_handles, .op = call_##op_name,                      \
        .kinds = (operand_kinds)                                                                   \
    }

const bad_row bad_rows_of_ops[] = {
    OP(add, "xx"),
    OP(sub, "xx"),
    OP(mul, "xx"),
    OP(div, "xx"),
    OP(gate, "xx"),
    OP(greater, "xx"),
    OP(where, "fxx"),
    OP(neg, "x"),
    OP(scale, "x"),
    OP(exp, "x"),
    OP(log, "x"),
    OP(square, "x"),
    OP(sqrt, "x"),
    OP(sigmoid, "x"),
    OP(tanh, "x"),
    OP(relu, "x"),
    OP(heaviside, "x"),
    OP(cast, "x"),
    OP(stop_gradient, "x"),
    OP(matmul, "xx"),
    OP(sum, "x"),
    OP(mean, "x"),
    OP(sum_all, "x"),
    OP(mean_all, "x"),
    OP(softmax, "x"),
    OP(log_softmax, "x"),
    OP(mse, "xx"),
    OP(half_sum_squares, "xx"),
    OP(cross_entropy, "xl"),
    OP(reshape, "x"),
    OP(permute, "x"),
    OP(transpose, "x"),
    OP(broadcast_to, "x"),
    OP(sum_to, "x"),
    OP(gather, "xl"),
    OP(scatter_add, "xl"),
    OP(one_hot, "l"),
    OP(dropout, "x"),
    OP(linear_apply, "x"),
    {NULL, NULL, NULL, NULL},
};

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

/* The rows whose constructors these checks call. */
#define ROW(op, by)                                                                                \
    {                                                                                              \
        .name = "wg_" #op, .check = (by)                                                           \
    }

const bad_row bad_rows_of_op_options[] = {
    ROW(full, check_fills),      ROW(uniform, check_fills),  ROW(reshape, check_shapes),
    ROW(softmax, check_axis),    ROW(sum, check_axis_lists), ROW(matmul, check_products),
    ROW(dropout, check_options), ROW(gather, check_indices), {NULL, NULL, NULL, NULL},
};
