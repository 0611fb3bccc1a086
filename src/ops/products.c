/* Products of vectors and matrices that are other ops: dot, outer, mv, addmm, baddbmm, tensordot.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: operands are checked before anything is recorded, so that a message speaks of the form
 * that was called. */
#include "ops/call.h"
#include "ops/contract.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_dot;
extern const wgi_op wgi_op_outer;
extern const wgi_op wgi_op_mv;
extern const wgi_op wgi_op_addmm;
extern const wgi_op wgi_op_baddbmm;
extern const wgi_op wgi_op_tensordot;

/* ---- checks ------------------------------------------------------------------------------- */

/* The shape of operand i, whose rank must be `rank`. False where the graph has been failed. */
static bool take_rank(const wgi_draft *draft, int32_t i, int32_t rank, int64_t *dims, wg_node *out)
{
    wgi_view view;
    if (!wgi_view_of(draft->in[i], &view) || view.rank != rank) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL, "needs rank %d: %d (%s)", (int)rank,
                          (int)view.rank, draft->form->operands[i]);
        return false;
    }
    for (int32_t k = 0; k < rank; k++) {
        dims[k] = view.dims[k];
    }
    return true;
}

/* Operands 0 and 1 are live, have the ranks and one dtype. */
static bool take_two(const wgi_draft *draft, int32_t rank_a, int32_t rank_b, int64_t *a, int64_t *b,
                     wg_node *out)
{
    if (!wgi_take_operands(draft, out) || !take_rank(draft, 0, rank_a, a, out) ||
        !take_rank(draft, 1, rank_b, b, out)) {
        return false;
    }
    const wg_dtype dtype_a = wg_node_dtype(draft->in[0]);
    const wg_dtype dtype_b = wg_node_dtype(draft->in[1]);
    if (dtype_a != dtype_b) {
        *out =
            wgi_refuse(draft, WG_ERR_DTYPE, "wg_cast one of them",
                       "dtypes differ: %s (%s) vs %s (%s)", wg_dtype_name(dtype_a),
                       draft->form->operands[0], wg_dtype_name(dtype_b), draft->form->operands[1]);
        return false;
    }
    return true;
}

/* ---- vectors ------------------------------------------------------------------------------ */

wg_node wg_dot(wg_node a, wg_node b)
{
    const wg_node in[] = {a, b};
    const wgi_draft draft = {.form = &wgi_op_dot, .n_in = 2, .in = in};
    int64_t n_a = 0;
    int64_t n_b = 0;
    wg_node failed;
    if (!take_two(&draft, 1, 1, &n_a, &n_b, &failed)) {
        return failed;
    }
    if (n_a != n_b) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL, "sizes differ: %lld (a) vs %lld (b)",
                          (long long)n_a, (long long)n_b);
    }
    return wg_sum_all(wg_mul(a, b));
}

wg_node wg_outer(wg_node a, wg_node b)
{
    const wg_node in[] = {a, b};
    const wgi_draft draft = {.form = &wgi_op_outer, .n_in = 2, .in = in};
    int64_t column[] = {0, 1};
    int64_t n_b = 0;
    wg_node failed;
    return take_two(&draft, 1, 1, column, &n_b, &failed) ? wg_mul(wg_reshape(a, 2, column), b)
                                                         : failed;
}

wg_node wg_mv(wg_node a, wg_node x)
{
    const wg_node in[] = {a, x};
    const wgi_draft draft = {.form = &wgi_op_mv, .n_in = 2, .in = in};
    int64_t matrix[2] = {0};
    int64_t column[] = {0, 1};
    wg_node failed;
    if (!take_two(&draft, 2, 1, matrix, column, &failed)) {
        return failed;
    }
    if (matrix[1] != column[0]) {
        return wgi_refuse(&draft, WG_ERR_SHAPE, NULL,
                          "sizes differ: %lld (a, axis 1) vs %lld (x, axis 0)",
                          (long long)matrix[1], (long long)column[0]);
    }
    return wg_reshape(wg_matmul(a, wg_reshape(x, 2, column)), 1, matrix);
}

/* ---- addmm and baddbmm -------------------------------------------------------------------- */

/* Whether x broadcasts to the shape of y without widening it. */
static bool fits(const wgi_draft *draft, wg_node y, wg_node *out)
{
    wgi_view to;
    wgi_view x;
    char text_x[WGI_SHAPE_TEXT];
    char text_y[WGI_SHAPE_TEXT];
    if (!wgi_view_of(draft->in[0], &x) || !wgi_view_of(y, &to)) {
        *out = y;
        return false;
    }
    const int32_t shift = to.rank - x.rank;
    bool is_good = shift >= 0;
    for (int32_t i = 0; is_good && i < x.rank; i++) {
        is_good = x.dims[i] == 1 || x.dims[i] == to.dims[i + shift];
    }
    if (!is_good) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                          "shapes do not broadcast: %s (input) to %s (result)",
                          wgi_shape_text(x.rank, x.dims, text_x, sizeof(text_x)),
                          wgi_shape_text(to.rank, to.dims, text_y, sizeof(text_y)));
    } else if (x.dtype != to.dtype) {
        *out = wgi_refuse(draft, WG_ERR_DTYPE, "wg_cast one of them",
                          "dtypes differ: %s (input) vs %s (a)", wg_dtype_name((wg_dtype)x.dtype),
                          wg_dtype_name((wg_dtype)to.dtype));
        return false;
    }
    return is_good;
}

static wg_node scaled(wg_node x, double factor)
{
    return factor == 1.0 ? x : wg_scale(x, factor);
}

/* beta and alpha of 1 scale nothing, and beta 0 reads no element of the input. */
static wg_node add_product(const wgi_draft *draft, int32_t rank, double beta, double alpha)
{
    int64_t a[WG_MAX_RANK];
    int64_t b[WG_MAX_RANK];
    wg_node failed;
    if (!wgi_take_operands(draft, &failed) || !take_rank(draft, 1, rank, a, &failed) ||
        !take_rank(draft, 2, rank, b, &failed)) {
        return failed;
    }
    wg_graph *g = wgi_form_begin(draft);
    const wg_node product = wgi_form_end(g, draft, wg_matmul(draft->in[1], draft->in[2]));
    if (!fits(draft, product, &failed)) {
        return failed;
    }
    const wg_node y = scaled(product, alpha);
    return beta == 0.0 ? y : wg_add(scaled(draft->in[0], beta), y);
}

wg_node wg_addmm(wg_node input, wg_node a, wg_node b, double beta, double alpha)
{
    const wg_node in[] = {input, a, b};
    const wgi_draft draft = {.form = &wgi_op_addmm, .n_in = 3, .in = in};
    return add_product(&draft, 2, beta, alpha);
}

wg_node wg_baddbmm(wg_node input, wg_node a, wg_node b, double beta, double alpha)
{
    const wg_node in[] = {input, a, b};
    const wgi_draft draft = {.form = &wgi_op_baddbmm, .n_in = 3, .in = in};
    return add_product(&draft, 3, beta, alpha);
}

/* ---- tensordot ---------------------------------------------------------------------------- */

/* The place in [0, rank) of one of the operand's axes, not among the `n` before. */
static bool take_axis(const wgi_draft *draft, int32_t operand, const int32_t *axes, int32_t n,
                      int64_t *places, wg_node *out)
{
    const int32_t rank = wg_node_rank(draft->in[operand]);
    places[n] = wgi_axis(axes[n], rank);
    if (places[n] < 0) {
        *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is out of range for rank %d (%s)",
                          (int)axes[n], (int)rank, draft->form->operands[operand]);
        return false;
    }
    for (int32_t i = 0; i < n; i++) {
        if (places[i] == places[n]) {
            *out = wgi_refuse(draft, WG_ERR_RANGE, NULL, "axis %d is given twice (%s)",
                              (int)places[n], draft->form->operands[operand]);
            return false;
        }
    }
    return true;
}

/* b's contracted axes take the labels of a's; the others of both are the output. */
static bool label_axes(wgi_contraction *c, const int64_t *places_a, const int64_t *places_b,
                       int32_t n, wg_node *out)
{
    const int32_t rank_a = wg_node_rank(c->draft->in[0]);
    const int32_t rank_b = wg_node_rank(c->draft->in[1]);
    bool is_summed[2 * WG_MAX_RANK] = {false};
    for (int32_t i = 0; i < rank_a; i++) {
        c->terms[0].labels[c->terms[0].n++] = (uint8_t)i;
        c->sizes[i] = wg_node_dim(c->draft->in[0], i);
    }
    for (int32_t i = 0; i < rank_b; i++) {
        c->terms[1].labels[c->terms[1].n++] = (uint8_t)(rank_a + i);
        c->sizes[rank_a + i] = wg_node_dim(c->draft->in[1], i);
    }
    for (int32_t i = 0; i < n; i++) {
        is_summed[places_a[i]] = true;
        is_summed[rank_a + places_b[i]] = true;
        c->terms[1].labels[places_b[i]] = (uint8_t)places_a[i];
    }
    if (rank_a + rank_b - 2 * n > WG_MAX_RANK) {
        *out = wgi_refuse(c->draft, WG_ERR_SHAPE, NULL, "the result has %d axes, more than %d",
                          (int)(rank_a + rank_b - 2 * n), WG_MAX_RANK);
        return false;
    }
    for (int32_t i = 0; i < rank_a + rank_b; i++) {
        if (!is_summed[i]) {
            c->output.labels[c->output.n++] = (uint8_t)i;
        }
    }
    return true;
}

/* Each pair of axes has one size: nothing broadcasts. */
static bool check_pair(const wgi_draft *draft, int64_t axis_a, int64_t axis_b, wg_node *out)
{
    const int64_t size_a = wg_node_dim(draft->in[0], (int32_t)axis_a);
    const int64_t size_b = wg_node_dim(draft->in[1], (int32_t)axis_b);
    if (size_a != size_b) {
        *out = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                          "sizes differ: %lld (a, axis %d) vs %lld (b, axis %d)", (long long)size_a,
                          (int)axis_a, (long long)size_b, (int)axis_b);
        return false;
    }
    return true;
}

static bool check_floating(const wgi_draft *draft, wg_node *out)
{
    const wg_dtype a = wg_node_dtype(draft->in[0]);
    const wg_dtype b = wg_node_dtype(draft->in[1]);
    if (wgi_is_floating((int)a) && a == b) {
        return true;
    }
    *out = wgi_refuse(draft, WG_ERR_DTYPE, "wg_cast them",
                      "needs one floating dtype: %s (a) and %s (b)", wg_dtype_name(a),
                      wg_dtype_name(b));
    return false;
}

wg_node wg_tensordot(wg_node a, wg_node b, const int32_t *axes_a, const int32_t *axes_b, int32_t n)
{
    const wg_node in[] = {a, b};
    const wgi_draft draft = {.form = &wgi_op_tensordot, .n_in = 2, .in = in};
    wgi_contraction c = {.draft = &draft};
    int64_t places_a[WG_MAX_RANK];
    int64_t places_b[WG_MAX_RANK];
    wg_node failed;
    if (!wgi_take_operands(&draft, &failed) || !check_floating(&draft, &failed)) {
        return failed;
    }
    if (n < 0 || n > WG_MAX_RANK || (n > 0 && (axes_a == NULL || axes_b == NULL))) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "no %d axes are given", (int)n);
    }
    for (int32_t i = 0; i < n; i++) {
        if (!take_axis(&draft, 0, axes_a, i, places_a, &failed) ||
            !take_axis(&draft, 1, axes_b, i, places_b, &failed) ||
            !check_pair(&draft, places_a[i], places_b[i], &failed)) {
            return failed;
        }
    }
    return label_axes(&c, places_a, places_b, n, &failed) ? wgi_contract(&c) : failed;
}

/* ---- samples ------------------------------------------------------------------------------ */

#define NORMAL_1(i) WGI_IN_1(i, WGI_NORMAL)
#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)
#define INTEGERS(i) WGI_IN_TYPED(i, WG_I64, 9)

WGI_BUILD(build_dot, wg_dot(in[0], in[1]))
WGI_BUILD(build_outer, wg_outer(in[0], in[1]))
WGI_BUILD(build_mv, wg_mv(in[0], in[1]))
WGI_BUILD(build_addmm, wg_addmm(in[0], in[1], in[2], 1, 1))
WGI_BUILD(build_addmm_scaled, wg_addmm(in[0], in[1], in[2], 0.5, -2))
WGI_BUILD(build_baddbmm, wg_baddbmm(in[0], in[1], in[2], 1, 1))
WGI_BUILD(build_baddbmm_scaled, wg_baddbmm(in[0], in[1], in[2], 2, 0.25))
WGI_BUILD(build_baddbmm_alone, wg_baddbmm(in[0], in[1], in[2], 0, 3))
WGI_BUILD(over_1_0, wg_tensordot(in[0], in[1], (const int32_t[]){1}, (const int32_t[]){0}, 1))
WGI_BUILD(over_two,
          wg_tensordot(in[0], in[1], (const int32_t[]){0, -1}, (const int32_t[]){1, 0}, 2))
WGI_BUILD(over_none, wg_tensordot(in[0], in[1], NULL, NULL, 0))
WGI_BUILD(over_twice,
          wg_tensordot(in[0], in[1], (const int32_t[]){0, 0}, (const int32_t[]){0, 1}, 2))
WGI_BUILD(over_5, wg_tensordot(in[0], in[1], (const int32_t[]){5}, (const int32_t[]){0}, 1))
WGI_BUILD(over_null, wg_tensordot(in[0], in[1], NULL, NULL, 1))

static const wgi_sample samples_dot[] = {
    WGI_GOOD("vectors", build_dot, 2, NORMAL_1(4), NORMAL_1(4)),
    WGI_GOOD("itself", build_dot, 2, NORMAL_1(4), WGI_IN_SAME_1(4, WGI_NORMAL, 0)),
    WGI_GOOD("size 1", build_dot, 2, NORMAL_1(1), NORMAL_1(1)),
    WGI_GOOD("size 0", build_dot, 2, NORMAL_1(0), NORMAL_1(0)),
    WGI_GOOD("i64", build_dot, 2, INTEGERS(3), INTEGERS(3)),
};

static const wgi_sample bad_dot[] = {
    WGI_BAD("matrix", build_dot, WG_ERR_SHAPE, "dot: needs rank 1: 2 (a)", 2, NORMAL_2(2, 3),
            NORMAL_1(3)),
    WGI_BAD("sizes", build_dot, WG_ERR_SHAPE, "dot: sizes differ: 2 (a) vs 3 (b)", 2, NORMAL_1(2),
            NORMAL_1(3)),
    WGI_BAD("dtypes", build_dot, WG_ERR_DTYPE, "dot: dtypes differ: i64 (a) vs u8 (b)", 2,
            INTEGERS(3), WGI_IN_TYPED(3, WG_U8, 9)),
};

static const wgi_sample samples_outer[] = {
    WGI_GOOD("vectors", build_outer, 2, NORMAL_1(2), NORMAL_1(3)),
    WGI_GOOD("itself", build_outer, 2, NORMAL_1(3), WGI_IN_SAME_1(3, WGI_NORMAL, 0)),
    WGI_GOOD("size 0", build_outer, 2, NORMAL_1(0), NORMAL_1(3)),
};

static const wgi_sample bad_outer[] = {
    WGI_BAD("matrix", build_outer, WG_ERR_SHAPE, "outer: needs rank 1: 2 (b)", 2, NORMAL_1(3),
            NORMAL_2(2, 3)),
};

static const wgi_sample samples_mv[] = {
    WGI_GOOD("matrix", build_mv, 2, NORMAL_2(2, 3), NORMAL_1(3)),
    WGI_GOOD("size 1", build_mv, 2, NORMAL_2(1, 1), NORMAL_1(1)),
    WGI_GOOD("size 0", build_mv, 2, NORMAL_2(2, 0), NORMAL_1(0)),
};

static const wgi_sample bad_mv[] = {
    WGI_BAD("rank", build_mv, WG_ERR_SHAPE, "mv: needs rank 1: 2 (x)", 2, NORMAL_2(2, 3),
            NORMAL_2(3, 1)),
    WGI_BAD("sizes", build_mv, WG_ERR_SHAPE, "mv: sizes differ: 3 (a, axis 1) vs 4 (x, axis 0)", 2,
            NORMAL_2(2, 3), NORMAL_1(4)),
};

static const wgi_sample samples_addmm[] = {
    WGI_GOOD("row", build_addmm, 3, NORMAL_1(4), NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_GOOD("scaled", build_addmm_scaled, 3, NORMAL_2(2, 4), NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_GOOD("size 0", build_addmm_scaled, 3, NORMAL_2(2, 4), NORMAL_2(2, 0), NORMAL_2(0, 4)),
};

static const wgi_sample bad_addmm[] = {
    WGI_BAD("rank", build_addmm, WG_ERR_SHAPE, "addmm: needs rank 2: 3 (a)", 3, NORMAL_1(4),
            NORMAL_3(1, 2, 3), NORMAL_2(3, 4)),
    WGI_BAD("input", build_addmm, WG_ERR_SHAPE,
            "addmm: shapes do not broadcast: [3] (input) to [2, 4] (result)", 3, NORMAL_1(3),
            NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_BAD("dtype", build_addmm, WG_ERR_DTYPE, "addmm: needs a floating dtype: i64 (a)", 3,
            NORMAL_1(3),
            {.rank = 2, .dims = {1, 1}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 2},
            {.rank = 2, .dims = {1, 1}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 2}),
};

static const wgi_sample samples_baddbmm[] = {
    WGI_GOOD("batch", build_baddbmm, 3, NORMAL_3(2, 2, 4), NORMAL_3(2, 2, 3), NORMAL_3(2, 3, 4)),
    WGI_GOOD("scaled", build_baddbmm_scaled, 3, NORMAL_2(2, 1), NORMAL_3(2, 2, 3),
             NORMAL_3(2, 3, 4)),
    WGI_GOOD("without input", build_baddbmm_alone, 3, NORMAL_1(1), NORMAL_3(2, 2, 3),
             NORMAL_3(2, 3, 4)),
    WGI_GOOD("size 0", build_baddbmm, 3, NORMAL_1(1), NORMAL_3(0, 2, 3), NORMAL_3(0, 3, 4)),
};

static const wgi_sample bad_baddbmm[] = {
    WGI_BAD("rank", build_baddbmm, WG_ERR_SHAPE, "baddbmm: needs rank 3: 2 (b)", 3, NORMAL_1(4),
            NORMAL_3(1, 2, 3), NORMAL_2(3, 4)),
    WGI_BAD("input", build_baddbmm_alone, WG_ERR_SHAPE,
            "baddbmm: shapes do not broadcast: [2, 1, 1] (input) to [1, 2, 4] (result)", 3,
            NORMAL_3(2, 1, 1), NORMAL_3(1, 2, 3), NORMAL_3(1, 3, 4)),
};

static const wgi_sample samples_tensordot[] = {
    WGI_GOOD("matrices", over_1_0, 2, NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_GOOD("middle axis", over_1_0, 2, NORMAL_3(2, 3, 2), NORMAL_2(3, 2)),
    WGI_GOOD("two axes", over_two, 2, NORMAL_3(2, 2, 3), NORMAL_3(3, 2, 2)),
    WGI_GOOD("outer", over_none, 2, NORMAL_2(2, 2), NORMAL_1(3)),
    WGI_GOOD("size 1", over_1_0, 2, NORMAL_2(2, 1), NORMAL_2(1, 3)),
    WGI_GOOD("size 0", over_1_0, 2, NORMAL_2(2, 0), NORMAL_2(0, 3)),
};

static const wgi_sample bad_tensordot[] = {
    WGI_BAD("range", over_5, WG_ERR_RANGE, "tensordot: axis 5 is out of range for rank 2 (a)", 2,
            NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_BAD("twice", over_twice, WG_ERR_RANGE, "tensordot: axis 0 is given twice (a)", 2,
            NORMAL_2(3, 3), NORMAL_2(3, 3)),
    WGI_BAD("sizes", over_1_0, WG_ERR_SHAPE,
            "tensordot: sizes differ: 3 (a, axis 1) vs 4 (b, axis 0)", 2, NORMAL_2(2, 3),
            NORMAL_2(4, 2)),
    WGI_BAD("no axes", over_null, WG_ERR_ARGUMENT, "tensordot: no 1 axes are given", 2,
            NORMAL_2(2, 3), NORMAL_2(3, 4)),
    WGI_BAD("dtype", over_none, WG_ERR_DTYPE,
            "tensordot: needs one floating dtype: i64 (a) and i64 (b)", 2, INTEGERS(3),
            INTEGERS(3)),
};

/* ---- rows --------------------------------------------------------------------------------- */

WGI_CALL(call_dot, wg_dot(wgi_call_in(c, 0), wgi_call_in(c, 1)))
WGI_CALL(call_outer, wg_outer(wgi_call_in(c, 0), wgi_call_in(c, 1)))
WGI_CALL(call_mv, wg_mv(wgi_call_in(c, 0), wgi_call_in(c, 1)))
WGI_CALL(call_addmm, wg_addmm(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2),
                              wgi_call_real(c, 0), wgi_call_real(c, 1)))
WGI_CALL(call_baddbmm, wg_baddbmm(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2),
                                  wgi_call_real(c, 0), wgi_call_real(c, 1)))

static const wgi_attribute attributes_addmm[] = {
    {.name = "beta", .kind = WGI_ATTR_REAL, .is_optional = true, .real = 1.0},
    {.name = "alpha", .kind = WGI_ATTR_REAL, .is_optional = true, .real = 1.0},
};

static const wgi_attribute attributes_tensordot[] = {
    {.name = "axes_a", .kind = WGI_ATTR_AXES},
    {.name = "axes_b", .kind = WGI_ATTR_AXES},
};

static wg_node call_tensordot(const wgi_call *c)
{
    wg_node failed;
    return wgi_call_pairs(c, 0, 1, &failed)
               ? wg_tensordot(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_axes(c, 0),
                              wgi_call_axes(c, 1), wgi_call_length(c, 0))
               : failed;
}

const wgi_op wgi_op_dot = {
    WGI_FORM_OF("dot", 2, 2, "a", "b"),
    .call = call_dot,
    WGI_SAMPLES(samples_dot, bad_dot),
};

const wgi_op wgi_op_outer = {
    WGI_FORM_OF("outer", 2, 2, "a", "b"),
    .call = call_outer,
    WGI_SAMPLES(samples_outer, bad_outer),
};

const wgi_op wgi_op_mv = {
    WGI_FORM_OF("mv", 2, 2, "a", "x"),
    .call = call_mv,
    WGI_SAMPLES(samples_mv, bad_mv),
};

const wgi_op wgi_op_addmm = {
    WGI_FORM_OF("addmm", 3, 3, "input", "a", "b"),
    .call = call_addmm,
    WGI_ATTRIBUTES(attributes_addmm),
    WGI_SAMPLES(samples_addmm, bad_addmm),
};

const wgi_op wgi_op_baddbmm = {
    WGI_FORM_OF("baddbmm", 3, 3, "input", "a", "b"),
    .call = call_baddbmm,
    WGI_ATTRIBUTES(attributes_addmm),
    WGI_SAMPLES(samples_baddbmm, bad_baddbmm),
};

const wgi_op wgi_op_tensordot = {
    WGI_FORM_OF("tensordot", 2, 2, "a", "b"),
    .call = call_tensordot,
    WGI_ATTRIBUTES(attributes_tensordot),
    WGI_SAMPLES(samples_tensordot, bad_tensordot),
};
