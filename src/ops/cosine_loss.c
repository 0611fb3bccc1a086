/* cosine_similarity, cosine_embedding_loss: angles between vectors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a norm below eps counts as eps, with no gradient of its own, so that vectors of zeros
 * have a similarity of 0 and finite gradients. */
#include "ops/call.h"
#include "ops/loss.h"
#include "ops/samples.h"
#include "ops/support.h"

extern const wgi_op wgi_op_cosine_embedding_loss;
extern const wgi_op wgi_op_cosine_similarity;

static const char *const names[] = {"a", "b"};

static wg_node norm_of(wg_node x, int32_t axis, double eps)
{
    const wg_node norm = wg_sqrt(wg_sum(wg_square(x), &axis, 1, false));
    return wgi_record_one_given(norm, eps, WGI_OP_at_least);
}

static wg_node similarity(wg_node a, wg_node b, int32_t axis, double eps)
{
    const wg_node product = wg_sum(wg_mul(a, b), &axis, 1, false);
    return wg_div(wg_div(product, norm_of(a, axis, eps)), norm_of(b, axis, eps));
}

wg_node wg_cosine_similarity(wg_node a, wg_node b, int32_t axis, double eps)
{
    const wg_node in[] = {a, b};
    const wgi_draft draft = {.form = &wgi_op_cosine_similarity, .n_in = 2, .in = in};
    int64_t place = 0;
    wg_node failed;
    if (!wgi_loss_begin(&draft, names, WG_REDUCTION_NONE, &failed)) {
        return failed;
    }
    if (!(eps > 0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "eps must be above 0: %g", eps);
    }
    return wgi_take_axis(&draft, a, axis, &place, &failed) ? similarity(a, b, (int32_t)place, eps)
                                                           : failed;
}

/* The vectors are those along the last axis; target has the shape of the others. */
static bool check_target(const wgi_draft *draft, wg_node target, wg_node *failed)
{
    wgi_view x;
    wgi_view t;
    if (!wgi_loss_operand(draft, target, "target", &t, failed) || !wgi_view_of(draft->in[0], &x)) {
        return false;
    }
    if (x.rank == 0 || !wgi_same_shape(t.rank, t.dims, x.rank - 1, x.dims)) {
        char text_x[WGI_SHAPE_TEXT];
        char text_t[WGI_SHAPE_TEXT];
        *failed = wgi_refuse(draft, WG_ERR_SHAPE, "one target for each vector along the last axis",
                             "%s (target) does not suit %s (a)",
                             wgi_shape_text(t.rank, t.dims, text_t, sizeof(text_t)),
                             wgi_shape_text(x.rank, x.dims, text_x, sizeof(text_x)));
        return false;
    }
    return true;
}

wg_node wg_cosine_embedding_loss(wg_node a, wg_node b, wg_node target, double margin,
                                 wg_reduction reduction)
{
    const wg_node in[] = {a, b};
    const wgi_draft draft = {.form = &wgi_op_cosine_embedding_loss, .n_in = 2, .in = in};
    wg_node failed;
    if (!wgi_loss_begin(&draft, names, reduction, &failed) ||
        !check_target(&draft, target, &failed)) {
        return failed;
    }
    const wg_dtype dtype = wg_node_dtype(a);
    const wg_node y = similarity(a, b, wg_node_rank(a) - 1, 1e-8);
    const wg_node zero = wg_number(a.graph, dtype, 0.0);
    const wg_node apart = wg_relu(wg_sub(y, wg_number(a.graph, dtype, margin)));
    const wg_node near = wgi_record_one(y, WGI_OP_one_minus);
    return wgi_reduce(wg_where(wg_greater(target, zero), near, apart), reduction);
}

/* ---- rows --------------------------------------------------------------------------------- */

#define PAIR(i, j) WGI_IN_2(i, j, WGI_NORMAL), WGI_IN_2(i, j, WGI_NORMAL)

WGI_BUILD(build_last, wg_cosine_similarity(in[0], in[1], -1, 1e-8))
WGI_BUILD(build_first, wg_cosine_similarity(in[0], in[1], 0, 1e-8))
WGI_BUILD(build_eps, wg_cosine_similarity(in[0], in[1], 0, 0.0))

static const wgi_sample samples_similarity[] = {
    WGI_GOOD("rows", build_last, 2, PAIR(3, 4)),
    WGI_GOOD("columns", build_first, 2, PAIR(3, 4)),
    WGI_GOOD("vector", build_first, 2, WGI_IN_1(5, WGI_NORMAL), WGI_IN_1(5, WGI_NORMAL)),
    WGI_GOOD("one row", build_last, 2, PAIR(1, 4)),
    WGI_GOOD("size 0", build_last, 2, PAIR(2, 0)),
    WGI_GOOD("no rows", build_last, 2, PAIR(0, 3)),
    WGI_KINK("zeros", build_last, 2, WGI_IN_2(2, 3, WGI_ZEROS), WGI_IN_2(2, 3, WGI_NORMAL)),
};

static const wgi_sample bad_similarity[] = {
    WGI_BAD("broadcast", build_last, WG_ERR_SHAPE,
            "cosine_similarity: shapes differ: [2, 3] (a) vs [3] (b)", 2,
            WGI_IN_2(2, 3, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("rank 0", build_last, WG_ERR_RANGE,
            "cosine_similarity: axis -1 is out of range for rank 0 (x)", 2, WGI_IN_0(WGI_NORMAL),
            WGI_IN_0(WGI_NORMAL)),
    WGI_BAD("eps", build_eps, WG_ERR_ARGUMENT, "cosine_similarity: eps must be above 0: 0", 2,
            PAIR(2, 3)),
};

WGI_BUILD(build_embedding, wg_cosine_embedding_loss(in[0], in[1], in[2], -0.9, WG_REDUCTION_MEAN))
WGI_BUILD(build_embedding_none,
          wg_cosine_embedding_loss(in[0], in[1], in[2], -0.5, WG_REDUCTION_NONE))
WGI_BUILD(build_embedding_sum, wg_cosine_embedding_loss(in[0], in[1], in[2], 0.0, WG_REDUCTION_SUM))

static const wgi_sample samples_embedding[] = {
    WGI_GOOD("mean", build_embedding, 3, PAIR(4, 3), WGI_IN_1(4, WGI_NONZERO)),
    WGI_GOOD("none", build_embedding_none, 3, PAIR(4, 3), WGI_IN_1(4, WGI_NONZERO)),
    WGI_GOOD("one pair", build_embedding, 3, WGI_IN_1(4, WGI_NORMAL), WGI_IN_1(4, WGI_NORMAL),
             WGI_IN_0(WGI_NONZERO)),
    WGI_GOOD("no rows", build_embedding_sum, 3, PAIR(0, 3), WGI_IN_1(0, WGI_NONZERO)),
};

static const wgi_sample bad_embedding[] = {
    WGI_BAD("target", build_embedding, WG_ERR_SHAPE,
            "cosine_embedding_loss: [3] (target) does not suit [4, 3] (a)", 3, PAIR(4, 3),
            WGI_IN_1(3, WGI_NORMAL)),
    WGI_BAD("pair", build_embedding, WG_ERR_SHAPE,
            "cosine_embedding_loss: shapes differ: [4, 3] (a) vs [3] (b)", 3,
            WGI_IN_2(4, 3, WGI_NORMAL), WGI_IN_1(3, WGI_NORMAL), WGI_IN_1(4, WGI_NORMAL)),
};

static const wgi_attribute attributes_similarity[] = {
    {.name = "axis", .kind = WGI_ATTR_AXIS, .is_optional = true, .integer = 1},
    {.name = "eps", .kind = WGI_ATTR_REAL, .range = "(0, inf)", .is_optional = true, .real = 1e-8},
};
static const wgi_attribute attributes_embedding[] = {
    WGI_REDUCTION_ATTRIBUTE,
    {.name = "margin", .kind = WGI_ATTR_REAL, .is_optional = true},
};

WGI_CALL(call_similarity, wg_cosine_similarity(wgi_call_in(c, 0), wgi_call_in(c, 1),
                                               wgi_call_int(c, 0), wgi_call_real(c, 1)))
WGI_CALL(call_embedding,
         wg_cosine_embedding_loss(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2),
                                  wgi_call_real(c, 1), (wg_reduction)wgi_call_int(c, 0)))

const wgi_op wgi_op_cosine_similarity = {
    WGI_FORM_OF("cosine_similarity", 2, 2, "a", "b"),
    .call = call_similarity,
    WGI_ATTRIBUTES(attributes_similarity),
    WGI_SAMPLES(samples_similarity, bad_similarity),
};

const wgi_op wgi_op_cosine_embedding_loss = {
    WGI_FORM_OF("cosine_embedding_loss", 3, 3, "a", "b", "target"),
    .call = call_embedding,
    WGI_ATTRIBUTES(attributes_embedding),
    WGI_SAMPLES(samples_embedding, bad_embedding),
};
