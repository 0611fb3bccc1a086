/* svd: a = u diag(s) vh, reduced, with the singular values descending; svdvals.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: s >= 0, and the columns of u and the rows of vh are orthonormal whatever the rank. The
 * sign of each pair is that which u asks for, see is_upside_down.
 *
 * The kernel makes the columns of a orthogonal, or its rows where they are fewer; the longer one of
 * u and vh holds them, the other one the product of the rotations. */
#if defined(WGI_REAL_PASS)

#include "ops/jacobi_loops.h"

/* x: the matrix, divided by scale; z: the identity. */
static void K(start)(const real *a, accum scale, int64_t count, real *x, real *z, int64_t k)
{
    for (int64_t i = 0; i < count; i++) {
        x[i] = (real)((accum)a[i] / scale);
    }
    for (int64_t i = 0; i < k * k; i++) {
        z[i] = i / k == i % k ? 1 : 0;
    }
}

/* Lengths to s, descending; vectors in that order, of unit length but where they are 0. */
static void K(sort_vectors)(real *x, const wgi_vectors *v, real *z, const wgi_vectors *w, real *s)
{
    for (int64_t i = 0; i < v->n; i++) {
        const real *y = x + i * v->vector;
        s[i] = (real)A(sqrt)(K(dot)(y, y, v));
    }
    for (int64_t i = 0; i < v->n; i++) {
        int64_t most = i;
        for (int64_t j = i + 1; j < v->n; j++) {
            most = s[j] > s[most] ? j : most;
        }
        const real kept = s[i];
        s[i] = s[most];
        s[most] = kept;
        K(swap_vectors)(x, v, i, most);
        K(swap_vectors)(z, w, i, most);
        if (s[i] > 0) {
            real *y = x + i * v->vector;
            K(scale_vector)(y, v, 1 / A(sqrt)(K(dot)(y, y, v)));
        }
    }
}

/* Makes y orthogonal to the vectors before the p-th, twice, for the digits; returns what is left
 * of the square of its length. */
static accum K(reduce)(real *x, const wgi_vectors *v, int64_t p)
{
    real *y = x + p * v->vector;
    for (int64_t k = 0; k < 2 * p; k++) {
        const real *other = x + k % p * v->vector;
        const accum part = K(dot)(other, y, v);
        for (int64_t i = 0; i < v->length; i++) {
            y[i * v->step] = (real)((accum)y[i * v->step] - part * (accum)other[i * v->step]);
        }
    }
    return K(dot)(y, y, v);
}

/* In place of vector p, which is 0 as all after it: the first unit vector of which enough is left
 * beside the others. Of the `length` unit vectors one keeps 1 / length of its square at least. */
static void K(complete)(real *x, const wgi_vectors *v, int64_t p)
{
    real *y = x + p * v->vector;
    accum left = 0;
    for (int64_t i = 0; i < v->length && 2 * (accum)v->length * left < 1; i++) {
        K(scale_vector)(y, v, 0);
        y[i * v->step] = 1;
        left = K(reduce)(x, v, p);
    }
    K(scale_vector)(y, v, 1 / A(sqrt)(left));
}

static void K(finish)(real *x, const wgi_vectors *v, real *s, accum scale)
{
    for (int64_t p = 0; p < v->n; p++) {
        if (!(s[p] > 0)) {
            K(complete)(x, v, p);
        }
        s[p] = (real)((accum)s[p] * scale);
    }
}

static void K(settle_signs)(real *u, const wgi_vectors *columns, real *vh, const wgi_vectors *rows)
{
    for (int64_t p = 0; p < columns->n; p++) {
        if (K(is_upside_down)(u + p * columns->vector, columns)) {
            K(scale_vector)(u + p * columns->vector, columns, -1);
            K(scale_vector)(vh + p * rows->vector, rows, -1);
        }
    }
}

static void K(fill)(real *x, int64_t n, real value)
{
    for (int64_t i = 0; i < n; i++) {
        x[i] = value;
    }
}

/* a: [m, n]; u: [m, k]; s: [k]; vh: [k, n] */
static void K(decompose)(const real *a, const wgi_matrices *m, real *u, real *s, real *vh)
{
    const bool is_tall = m->rows >= m->columns;
    const int64_t k = is_tall ? m->columns : m->rows;
    const wgi_vectors columns = {k, 1, k, m->rows};
    const wgi_vectors rows = {k, m->columns, 1, m->columns};
    real *x = is_tall ? u : vh;
    real *z = is_tall ? vh : u;
    const wgi_vectors *v = is_tall ? &columns : &rows;
    const wgi_vectors *w = is_tall ? &rows : &columns;
    const real largest = K(largest)(a, m->rows * m->columns);
    const accum scale = largest > 0 ? (accum)largest : 1;
    if (largest - largest != 0) {
        K(fill)(u, m->rows * k, largest - largest);
        K(fill)(s, k, largest - largest);
        K(fill)(vh, k * m->columns, largest - largest);
        return;
    }
    K(start)(a, scale, m->rows * m->columns, x, z, k);
    K(orthogonalize)(x, v, z, w);
    K(sort_vectors)(x, v, z, w, s);
    K(finish)(x, v, s, scale);
    K(settle_signs)(u, &columns, vh, &rows);
}

static wg_status K(run)(const wgi_args *args)
{
    const wgi_matrices m = wgi_matrices_of(args->in);
    const int64_t k = m.rows < m.columns ? m.rows : m.columns;
    for (int64_t i = 0; i < m.n && k > 0; i++) {
        K(decompose)
        ((const real *)args->in->data + i * m.rows * m.columns, &m,
         (real *)args->out[0].data + i * m.rows * k, (real *)args->out[1].data + i * k,
         (real *)args->out[2].data + i * k * m.columns);
    }
    return WG_OK;
}

#else

#include "ops/linalg.h"

#define WGI_KERNEL_FILE "ops/svd.c"
#include "ops/for_each_real.h"

/* ---- constructors ------------------------------------------------------------------------- */

wg_node wg_svd(wg_node a)
{
    return wgi_record_unary(WGI_OP_svd, a, NULL);
}

extern const wgi_op wgi_op_svdvals;

wg_node wg_svdvals(wg_node a)
{
    const wgi_draft draft = WGI_FORM_DRAFT(svdvals, a);
    wg_graph *g = wgi_form_begin(&draft);
    const wg_node u = wg_svd(a);
    return wgi_form_end(g, &draft, wg_is_valid(u) ? wg_output(u, 1) : u);
}

/* ---- shape rule --------------------------------------------------------------------------- */

static wg_status infer(wgi_infer *q)
{
    wg_status status = wgi_check_matrices(q, 0);
    if (status != WG_OK) {
        return status;
    }
    const int dtype = q->in->dtype;
    const int64_t m = q->in->dims[q->in->rank - 2];
    const int64_t n = q->in->dims[q->in->rank - 1];
    const int64_t k = m < n ? m : n;
    status = wgi_infer_batch(q, 0, dtype, 2, (const int64_t[]){m, k});
    status = status != WG_OK ? status : wgi_infer_batch(q, 1, dtype, 1, &k);
    return status != WG_OK ? status : wgi_infer_batch(q, 2, dtype, 2, (const int64_t[]){k, n});
}

/* ---- gradient ----------------------------------------------------------------------------- */

/* What the rule has of one node. */
typedef struct factors {
    wg_node u;
    wg_node s;
    wg_node vh;
    wg_node du;
    wg_node dvh;
} factors;

/* (p - p^T)_ij / (s_j^2 - s_i^2), and 0 on the diagonal. */
static wg_node skew(wg_node p, const factors *f)
{
    const wg_node squares = wg_square(f->s);
    const wg_node gaps = wg_sub(wg_unsqueeze(squares, -2), wg_unsqueeze(squares, -1));
    return wg_div(wg_sub(p, wg_transpose(p)), wg_add(gaps, wgi_identities(p)));
}

/* The part of du outside u's columns, over s, times vh; and likewise on the other side. */
static wg_node outside_u(const factors *f)
{
    const wg_node inside = wgi_matmul(f->u, wgi_matmul(f->u, f->du, true, false), false, false);
    return wgi_matmul(wgi_divide_columns(wg_sub(f->du, inside), f->s), f->vh, false, false);
}

static wg_node outside_v(const factors *f)
{
    const wg_node inside = wgi_matmul(wgi_matmul(f->dvh, f->vh, false, true), f->vh, false, false);
    return wgi_matmul(f->u, wgi_divide_rows(wg_sub(f->dvh, inside), f->s), false, false);
}

/* da = u (e(u^T du) s + s e(vh dvh^T) + diag(ds)) vh, with e as in `skew`, and the parts outside.
 * Giles (2008), section 3.3; Townsend (2016), for vectors that are fewer than their entries. */
static void gradient(wgi_rule *rule)
{
    const factors f = {rule->y[0], rule->y[1], rule->y[2], rule->dy[0], rule->dy[2]};
    const wg_node ds = rule->dy[1];
    const int64_t m = wg_node_dim(rule->x[0], -2);
    const int64_t n = wg_node_dim(rule->x[0], -1);
    wg_node middle = {NULL, 0, 0};
    wg_node outside = {NULL, 0, 0};
    if (wgi_is_some(f.du)) {
        const wg_node p = skew(wgi_matmul(f.u, f.du, true, false), &f);
        middle = wgi_scale_columns(p, f.s);
        outside = m > n ? outside_u(&f) : outside;
    }
    if (wgi_is_some(f.dvh)) {
        const wg_node p = skew(wgi_matmul(f.vh, f.dvh, false, true), &f);
        middle = wgi_add_some(middle, wgi_scale_rows(p, f.s));
        outside = n > m ? wgi_add_some(outside, outside_v(&f)) : outside;
    }
    if (wgi_is_some(ds)) {
        middle = wgi_add_some(middle, wg_diag_embed(ds, 0, -2, -1));
    }
    const wg_node inside = wgi_matmul(wgi_matmul(f.u, middle, false, false), f.vh, false, false);
    rule->dx[0] = wgi_add_some(outside, inside);
}

/* ---- samples ------------------------------------------------------------------------------ */

/* Singular values apart: small, plus 2, 3, 4 ... on the diagonal. */
static wg_node firm(wg_node x)
{
    if (!wg_is_valid(x)) {
        return x;
    }
    const int64_t m = wg_node_dim(x, -2);
    const int64_t n = wg_node_dim(x, -1);
    const int64_t size = m > n ? m : n;
    const wg_node ones = wg_full(x.graph, wg_node_dtype(x), 1, &size, 1.0);
    const wg_node ramp = wg_add(wg_cumsum(ones, 0), ones);
    const wg_node square = wg_diag_embed(ramp, 0, -2, -1);
    return wg_add(wg_scale(x, 0.2), wg_narrow(wg_narrow(square, -2, 0, m), -1, 0, n));
}

/* Something of all results. */
static wg_node use_all(wg_node u)
{
    const wg_node s = wg_output(u, 1);
    return wg_matmul(wgi_scale_columns(wg_square(u), s), wg_output(u, 2));
}

WGI_BUILD(build, wg_svd(in[0]))
WGI_BUILD_UNTOLD(u_firm, wg_svd(firm(in[0])))
WGI_BUILD_UNTOLD(s_firm, wg_output(wg_svd(firm(in[0])), 1))
WGI_BUILD_UNTOLD(vh_firm, wg_output(wg_svd(firm(in[0])), 2))
WGI_BUILD_UNTOLD(all_firm, use_all(wg_svd(firm(in[0]))))
WGI_BUILD(build_svdvals, wg_svdvals(in[0]))
WGI_BUILD_UNTOLD(svdvals_firm, wg_svdvals(firm(in[0])))

#define NORMAL_2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define NORMAL_3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)

static const wgi_sample samples[] = {
    WGI_GOOD_UNTOLD("u, tall", u_firm, 1, NORMAL_2(4, 2)),
    WGI_GOOD_UNTOLD("u, wide", u_firm, 1, NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("s", s_firm, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("vh, tall", vh_firm, 1, NORMAL_2(3, 2)),
    WGI_GOOD_UNTOLD("vh, wide", vh_firm, 1, NORMAL_2(2, 4)),
    WGI_GOOD_UNTOLD("all, square", all_firm, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("all, tall", all_firm, 1, NORMAL_2(4, 2)),
    WGI_GOOD_UNTOLD("batch", all_firm, 1, NORMAL_3(2, 2, 3)),
    WGI_GOOD("size 1", build_svdvals, 1, WGI_IN_2(1, 1, WGI_NONZERO)),
    WGI_GOOD("size 0", build, 1, NORMAL_2(0, 0)),
    WGI_GOOD("no columns", build, 1, NORMAL_2(3, 0)),
    WGI_GOOD("batch 0", build, 1, NORMAL_3(0, 2, 3)),
};

#define BAD_SHAPES(name, function)                                                                 \
    static const wgi_sample bad_##name[] = {                                                       \
        WGI_BAD("rank", function, WG_ERR_SHAPE, #name ": needs rank >= 2: 1 (a)", 1,               \
                WGI_IN_1(3, WGI_NORMAL)),                                                          \
        WGI_BAD("dtype", function, WG_ERR_DTYPE, #name ": needs a floating dtype: i64 (a)", 1,     \
                WGI_IN_TYPED(3, WG_I64, 2)),                                                       \
    };

BAD_SHAPES(svd, build)
BAD_SHAPES(svdvals, build_svdvals)

static const wgi_sample samples_svdvals[] = {
    WGI_GOOD_UNTOLD("square", svdvals_firm, 1, NORMAL_2(3, 3)),
    WGI_GOOD_UNTOLD("wide", svdvals_firm, 1, NORMAL_2(2, 3)),
    WGI_GOOD_UNTOLD("batch", svdvals_firm, 1, NORMAL_3(2, 3, 2)),
};

/* ---- rows --------------------------------------------------------------------------------- */

static double flops(const wgi_view *in, const wgi_view *out, const void *attr)
{
    (void)attr;
    return 14.0 * (double)in->count * (double)out->dims[out->rank - 1];
}

WGI_CALL(call, wg_svd(wgi_call_in(c, 0)))

const wgi_op wgi_op_svd = {
    .name = "svd",
    .min_in = 1,
    .max_in = 1,
    .n_out = 3,
    .operands = {"a"},
    .infer = infer,
    .gradient = gradient,
    .reference = {WGI_REALS(run)},
    .flops = flops,
    .call = call,
    WGI_SAMPLES(samples, bad_svd),
};

WGI_CALL(call_svdvals, wg_svdvals(wgi_call_in(c, 0)))

const wgi_op wgi_op_svdvals = {
    WGI_FORM_OF("svdvals", 1, 1, "a"),
    .call = call_svdvals,
    WGI_SAMPLES(samples_svdvals, bad_svdvals),
};

#endif
