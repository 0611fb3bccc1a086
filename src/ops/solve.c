/* solve and inv, forms of lu and lu_solve; matrix_power.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a matrix is factored once, whatever is solved with it. */
#include "ops/contract.h"
#include "ops/linalg.h"
#include "ops/lu.h"

extern const wgi_op wgi_op_solve;
extern const wgi_op wgi_op_inv;
extern const wgi_op wgi_op_matrix_power;

/* Whether b is a vector for each matrix of a: of rank 1, or of a's shape without its last axis. */
static bool is_vectors(wg_node a, wg_node b)
{
    wgi_view x;
    wgi_view y;
    if (!wgi_view_of(a, &x) || !wgi_view_of(b, &y) || x.rank < 2) {
        return false;
    }
    return y.rank == 1 || wgi_same_shape(x.rank - 1, x.dims, y.rank, y.dims);
}

wg_node wg_solve(wg_node a, wg_node b)
{
    const wg_node in[] = {a, b};
    const wgi_draft draft = {.form = &wgi_op_solve, .n_in = 2, .in = in};
    wg_node failed;
    if (!wgi_take_operands(&draft, &failed)) {
        return failed;
    }
    wg_graph *g = wgi_form_begin(&draft);
    const bool is_vector = is_vectors(a, b);
    const wgi_factored f = wgi_factor(a);
    const wg_node x =
        wgi_lu_solve(&f, is_vector ? wg_unsqueeze(b, -1) : b, (wgi_lu_solve_attr){0, 0});
    const int32_t last = -1;
    return wgi_form_end(g, &draft, is_vector ? wg_squeeze(x, &last, 1) : x);
}

static wg_node inverse(wg_node a)
{
    const wgi_factored f = wgi_factor(a);
    return wgi_lu_solve(&f, wgi_identities(f.lu), (wgi_lu_solve_attr){0, 0});
}

wg_node wg_inv(wg_node a)
{
    const wgi_draft draft = WGI_FORM_DRAFT(inv, a);
    wg_graph *g = wgi_form_begin(&draft);
    return wgi_form_end(g, &draft, inverse(a));
}

/* By squaring, from the lowest bit on. */
static wg_node raise(wg_node a, uint64_t n)
{
    wg_node y = {NULL, 0, 0};
    wg_node square = a;
    for (; n > 0; n >>= 1) {
        if ((n & 1) != 0) {
            y = wgi_is_some(y) ? wg_matmul(y, square) : square;
        }
        if (n > 1) {
            square = wg_matmul(square, square);
        }
    }
    return y;
}

wg_node wg_matrix_power(wg_node a, int64_t n)
{
    const wgi_draft draft = WGI_FORM_DRAFT(matrix_power, a);
    wgi_view view;
    if (!wgi_view_of(a, &view)) {
        return wgi_record(&draft);
    }
    if (view.rank < 2 || view.dims[view.rank - 2] != view.dims[view.rank - 1] ||
        !wgi_is_floating(view.dtype)) {
        /* The factors give the message. */
        wg_graph *g = wgi_form_begin(&draft);
        return wgi_form_end(g, &draft, wgi_factor(a).lu);
    }
    if (n == 0) {
        return wgi_identities(a);
    }
    wg_graph *g = wgi_form_begin(&draft);
    const uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    return wgi_form_end(g, &draft, raise(n < 0 ? inverse(a) : a, size));
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Not singular: small, plus a few identities. */
static wg_node firm(wg_node x)
{
    return wg_add(wg_scale(x, 0.5), wg_scale(wgi_identities(x), 2.0));
}

WGI_BUILD_UNTOLD(solve_firm, wg_solve(firm(in[0]), in[1]))
WGI_BUILD_UNTOLD(solve_itself, wg_solve(firm(in[0]), in[0]))
WGI_BUILD(build_solve, wg_solve(in[0], in[1]))
WGI_BUILD_UNTOLD(inv_firm, wg_inv(firm(in[0])))
WGI_BUILD(build_inv, wg_inv(in[0]))
WGI_BUILD(power_3, wg_matrix_power(in[0], 3))
WGI_BUILD(power_6, wg_matrix_power(in[0], 6))
WGI_BUILD(power_1, wg_matrix_power(in[0], 1))
WGI_BUILD(power_0, wg_add(in[0], wg_matrix_power(in[0], 0)))
WGI_BUILD_UNTOLD(power_minus_2, wg_matrix_power(firm(in[0]), -2))

#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)

static const wgi_sample samples_solve[] = {
    WGI_GOOD_UNTOLD("matrix", solve_firm, 2, NORMAL_2(3, 3), NORMAL_2(3, 2)),
    WGI_GOOD_UNTOLD("vector", solve_firm, 2, NORMAL_2(3, 3), WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("vector for all", solve_firm, 2, NORMAL_3(2, 3, 3), WGI_IN_1(3, WGI_NORMAL)),
    WGI_GOOD_UNTOLD("a vector for each", solve_firm, 2, NORMAL_3(2, 3, 3), NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("batch", solve_firm, 2, NORMAL_3(2, 2, 2), NORMAL_3(2, 2, 1)),
    WGI_GOOD_UNTOLD("aliased", solve_itself, 1, NORMAL_2(2, 2)),
    WGI_GOOD("size 1", build_solve, 2, WGI_IN_2(1, 1, WGI_NONZERO), NORMAL_2(1, 2)),
    WGI_GOOD("size 0", build_solve, 2, NORMAL_2(0, 0), NORMAL_2(0, 2)),
};

static const wgi_sample bad_solve[] = {
    WGI_BAD("not square", build_solve, WG_ERR_SHAPE, "solve: needs square matrices: 2 x 3 (a)", 2,
            NORMAL_2(2, 3), NORMAL_2(2, 2)),
    WGI_BAD("sizes", build_solve, WG_ERR_SHAPE,
            "solve: sizes differ: 3 (a, axis 1) vs 2 (b, axis 0)", 2, NORMAL_2(3, 3),
            NORMAL_2(2, 2)),
};

static const wgi_sample samples_inv[] = {
    WGI_GOOD_UNTOLD("plain", inv_firm, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("batch", inv_firm, 1, NORMAL_3(2, 2, 2)),
    WGI_GOOD("size 1", build_inv, 1, WGI_IN_2(1, 1, WGI_NONZERO)),
    WGI_GOOD("size 0", build_inv, 1, NORMAL_2(0, 0)),
};

static const wgi_sample bad_inv[] = {
    WGI_BAD("not square", build_inv, WG_ERR_SHAPE, "inv: needs square matrices: 2 x 3 (a)", 1,
            NORMAL_2(2, 3)),
    WGI_BAD("rank", build_inv, WG_ERR_SHAPE, "inv: needs rank >= 2: 1 (a)", 1,
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("dtype", build_inv, WG_ERR_DTYPE, "inv: needs a floating dtype: i64 (a)", 1,
            WGI_IN_TYPED(3, WG_I64, 2)),
};

static const wgi_sample samples_matrix_power[] = {
    WGI_GOOD("cube", power_3, 1, NORMAL_2(3, 3)),
    WGI_GOOD("sixth", power_6, 1, NORMAL_2(2, 2)),
    WGI_GOOD("first", power_1, 1, NORMAL_2(2, 2)),
    WGI_GOOD("none", power_0, 1, NORMAL_3(2, 2, 2)),
    WGI_GOOD_UNTOLD("of the inverse", power_minus_2, 1, NORMAL_2(2, 2)),
    WGI_GOOD("size 0", power_3, 1, NORMAL_2(0, 0)),
};

static const wgi_sample bad_matrix_power[] = {
    WGI_BAD("not square", power_3, WG_ERR_SHAPE, "matrix_power: needs square matrices: 2 x 3 (a)",
            1, NORMAL_2(2, 3)),
};

/* ---- rows --------------------------------------------------------------------------------- */

WGI_CALL(call_solve, wg_solve(wgi_call_in(c, 0), wgi_call_in(c, 1)))

const wgi_op wgi_op_solve = {
    WGI_FORM_OF("solve", 2, 2, "a", "b"),
    .call = call_solve,
    WGI_SAMPLES(samples_solve, bad_solve),
};

WGI_CALL(call_inv, wg_inv(wgi_call_in(c, 0)))

const wgi_op wgi_op_inv = {
    WGI_FORM_OF("inv", 1, 1, "a"),
    .call = call_inv,
    WGI_SAMPLES(samples_inv, bad_inv),
};

static const wgi_attribute attributes_matrix_power[] = {
    {.name = "n", .kind = WGI_ATTR_INTEGER},
};

WGI_CALL(call_matrix_power, wg_matrix_power(wgi_call_in(c, 0), wgi_call_integer(c, 0)))

const wgi_op wgi_op_matrix_power = {
    WGI_FORM_OF("matrix_power", 1, 1, "a"),
    .call = call_matrix_power,
    WGI_ATTRIBUTES(attributes_matrix_power),
    WGI_SAMPLES(samples_matrix_power, bad_matrix_power),
};
