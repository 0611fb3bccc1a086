/* kl_div, binary_cross_entropy, binary_cross_entropy_with_logits, gaussian_nll_loss: losses of
 * probabilities, element by element.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a probability of 0 counts 0 against whatever logarithm, as its limit does. */
#include "ops/call.h"
#include "ops/loss.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <math.h>

extern const wgi_op wgi_op_binary_cross_entropy;
extern const wgi_op wgi_op_binary_cross_entropy_with_logits;
extern const wgi_op wgi_op_gaussian_nll_loss;
extern const wgi_op wgi_op_kl_div;

static const char *const names[] = {"input", "target"};

/* ---- kl_div ------------------------------------------------------------------------------- */

wg_node wg_kl_div(wg_node input, wg_node target, bool log_target, wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_kl_div, .n_in = 2, .in = in};
    wg_node failed;
    if (!wgi_loss_begin(&draft, names, reduction, &failed)) {
        return failed;
    }
    const wg_node p = log_target ? wg_exp(target) : target;
    const wg_node log_p = log_target ? target : wg_log(target);
    /* Of p = 0 against 0 the difference of the logarithms is NaN, and counts 0 like any other. */
    const wg_node terms = wg_gate(p, wg_sub(log_p, input));
    const wg_node trace = wg_scale(wg_heaviside(input, 0.0), 0.0);
    return wgi_reduce(wg_add(terms, trace), reduction);
}

/* ---- binary cross entropy ----------------------------------------------------------------- */

/* t a + (1 - t) b, negated if asked for, where a weight of 0 gives 0 whatever it weighs. */
static wg_node mix(wg_node t, wg_node a, wg_node b)
{
    const wg_node rest = wgi_record_one(t, WGI_OP_one_minus);
    return wg_add(wg_gate(t, a), wg_gate(rest, b));
}

static wg_node weigh(wg_node losses, wg_node weight)
{
    return wgi_is_some(weight) ? wg_mul(losses, weight) : losses;
}

wg_node wg_binary_cross_entropy(wg_node input, wg_node target, wg_node weight,
                                wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_binary_cross_entropy, .n_in = 2, .in = in};
    wg_node failed;
    if (!wgi_loss_begin(&draft, names, reduction, &failed) ||
        !wgi_loss_option(&draft, weight, "weight", &failed)) {
        return failed;
    }
    const wg_node yes = wgi_record_one(input, WGI_OP_clamped_log);
    const wg_node no = wgi_record_one(wgi_record_one(input, WGI_OP_one_minus), WGI_OP_clamped_log);
    return wgi_reduce(weigh(wg_neg(mix(target, yes, no)), weight), reduction);
}

/* pos_weight broadcasts to the logits, as one for each class does. */
static bool check_pos_weight(const wgi_draft *draft, wg_node pos_weight, wg_node *failed)
{
    wgi_view x;
    wgi_view w;
    if (!wgi_is_some(pos_weight)) {
        return true;
    }
    if (!wgi_loss_operand(draft, pos_weight, "pos_weight", &w, failed) ||
        !wgi_view_of(draft->in[0], &x)) {
        return false;
    }
    bool is_inside = w.rank <= x.rank;
    for (int32_t i = 0; is_inside && i < w.rank; i++) {
        is_inside = w.dims[i] == 1 || w.dims[i] == x.dims[x.rank - w.rank + i];
    }
    if (!is_inside) {
        char text_w[WGI_SHAPE_TEXT];
        char text_x[WGI_SHAPE_TEXT];
        *failed = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                             "%s (pos_weight) does not broadcast to %s (input)",
                             wgi_shape_text(w.rank, w.dims, text_w, sizeof(text_w)),
                             wgi_shape_text(x.rank, x.dims, text_x, sizeof(text_x)));
    }
    return is_inside;
}

wg_node wg_binary_cross_entropy_with_logits(wg_node input, wg_node target, wg_node weight,
                                            wg_node pos_weight, wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_binary_cross_entropy_with_logits, .n_in = 2, .in = in};
    wg_node failed;
    if (!wgi_loss_begin(&draft, names, reduction, &failed) ||
        !wgi_loss_option(&draft, weight, "weight", &failed) ||
        !check_pos_weight(&draft, pos_weight, &failed)) {
        return failed;
    }
    wg_node yes = wg_softplus(wg_neg(input));
    if (wgi_is_some(pos_weight)) {
        yes = wg_gate(pos_weight, yes);
    }
    return wgi_reduce(weigh(mix(target, yes, wg_softplus(input)), weight), reduction);
}

/* ---- gaussian_nll_loss -------------------------------------------------------------------- */

wg_node wg_gaussian_nll_loss(wg_node input, wg_node target, wg_node var, bool full, double eps,
                             wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_gaussian_nll_loss, .n_in = 2, .in = in};
    wgi_view v;
    wg_node failed;
    if (!wgi_loss_begin(&draft, names, reduction, &failed)) {
        return failed;
    }
    if (!wgi_loss_operand(&draft, var, "var", &v, &failed) ||
        !wgi_loss_option(&draft, var, "var", &failed)) {
        return failed;
    }
    if (!(eps > 0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "eps must be above 0: %g", eps);
    }
    const wg_node safe = wgi_record_one_given(var, eps, WGI_OP_at_least);
    const wg_node error = wg_div(wg_square(wg_sub(input, target)), safe);
    const wg_node half = wg_scale(wg_add(wg_log(safe), error), 0.5);
    if (!full) {
        return wgi_reduce(half, reduction);
    }
    const wg_node constant = wg_number(input.graph, wg_node_dtype(input), 0.91893853320467274178);
    return wgi_reduce(wg_add(half, constant), reduction);
}

/* ---- rows --------------------------------------------------------------------------------- */

static const wg_node none = {NULL, 0, 0};

#define IN(how) WGI_IN_2(3, 4, how)
#define ROWS(n, how) WGI_IN_2(n, 4, how)

#define BAD_PAIR(op, build)                                                                        \
    WGI_BAD("broadcast", build, WG_ERR_SHAPE,                                                      \
            op ": shapes differ: [3, 4] (input) vs [4] (target)", 2, IN(WGI_UNIT),                 \
            WGI_IN_1(4, WGI_UNIT)),                                                                \
        WGI_BAD("integers", build, WG_ERR_DTYPE, op ": needs a floating dtype: i64 (input)", 2,    \
                WGI_IN_TYPED(3, WG_I64, 4), WGI_IN_1(3, WGI_UNIT))

WGI_BUILD(build_kl, wg_kl_div(in[0], in[1], false, WG_REDUCTION_MEAN))
WGI_BUILD(build_kl_log, wg_kl_div(in[0], in[1], true, WG_REDUCTION_SUM))
WGI_BUILD(build_kl_none, wg_kl_div(in[0], in[1], false, WG_REDUCTION_NONE))
WGI_BUILD(build_kl_reduction, wg_kl_div(in[0], in[1], false, (wg_reduction)7))

static const wgi_sample samples_kl[] = {
    WGI_GOOD("mean", build_kl, 2, IN(WGI_NORMAL), IN(WGI_PROBABILITY)),
    WGI_GOOD("logarithms", build_kl_log, 2, IN(WGI_NORMAL), IN(WGI_NORMAL)),
    WGI_GOOD("none", build_kl_none, 2, WGI_IN_1(5, WGI_NORMAL), WGI_IN_1(5, WGI_POSITIVE)),
    WGI_GOOD("rank 0", build_kl_none, 2, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_POSITIVE)),
    WGI_GOOD("size 0", build_kl_log, 2, ROWS(0, WGI_NORMAL), ROWS(0, WGI_NORMAL)),
};
static const wgi_sample bad_kl[] = {
    BAD_PAIR("kl_div", build_kl),
    WGI_BAD("reduction", build_kl_reduction, WG_ERR_ARGUMENT, "kl_div: there is no reduction 7", 2,
            WGI_IN_1(3, WGI_UNIT), WGI_IN_1(3, WGI_UNIT)),
};

WGI_BUILD(build_bce, wg_binary_cross_entropy(in[0], in[1], none, WG_REDUCTION_MEAN))
WGI_BUILD(build_bce_sum, wg_binary_cross_entropy(in[0], in[1], none, WG_REDUCTION_SUM))
WGI_BUILD(build_bce_none, wg_binary_cross_entropy(in[0], in[1], none, WG_REDUCTION_NONE))
WGI_BUILD(build_bce_weight, wg_binary_cross_entropy(in[0], in[1], in[2], WG_REDUCTION_MEAN))

static const wgi_sample samples_bce[] = {
    WGI_GOOD("mean", build_bce, 2, IN(WGI_UNIT), IN(WGI_UNIT)),
    WGI_GOOD("sum", build_bce_sum, 2, IN(WGI_UNIT), IN(WGI_UNIT)),
    WGI_GOOD("none", build_bce_none, 2, WGI_IN_1(5, WGI_UNIT), WGI_IN_1(5, WGI_UNIT)),
    WGI_GOOD("weights", build_bce_weight, 3, IN(WGI_UNIT), IN(WGI_UNIT), IN(WGI_POSITIVE)),
    WGI_GOOD("rank 0", build_bce, 2, WGI_IN_0(WGI_UNIT), WGI_IN_0(WGI_UNIT)),
    WGI_GOOD("size 0", build_bce_sum, 2, ROWS(0, WGI_UNIT), ROWS(0, WGI_UNIT)),
};
static const wgi_sample bad_bce[] = {
    BAD_PAIR("binary_cross_entropy", build_bce),
    WGI_BAD("weight", build_bce_weight, WG_ERR_SHAPE,
            "binary_cross_entropy: shapes differ: [3, 4] (input) vs [4] (weight)", 3, IN(WGI_UNIT),
            IN(WGI_UNIT), WGI_IN_1(4, WGI_UNIT)),
};

WGI_BUILD(build_logits,
          wg_binary_cross_entropy_with_logits(in[0], in[1], none, none, WG_REDUCTION_MEAN))
WGI_BUILD(build_logits_sum,
          wg_binary_cross_entropy_with_logits(in[0], in[1], none, none, WG_REDUCTION_SUM))
WGI_BUILD(build_logits_none,
          wg_binary_cross_entropy_with_logits(in[0], in[1], none, none, WG_REDUCTION_NONE))
WGI_BUILD(build_logits_pos,
          wg_binary_cross_entropy_with_logits(in[0], in[1], none, in[2], WG_REDUCTION_MEAN))
WGI_BUILD(build_logits_both,
          wg_binary_cross_entropy_with_logits(in[0], in[1], in[2], in[3], WG_REDUCTION_SUM))

static const wgi_sample samples_logits[] = {
    WGI_GOOD("mean", build_logits, 2, IN(WGI_NORMAL), IN(WGI_UNIT)),
    WGI_GOOD("sum", build_logits_sum, 2, IN(WGI_NORMAL), IN(WGI_UNIT)),
    WGI_GOOD("none", build_logits_none, 2, WGI_IN_1(5, WGI_NORMAL), WGI_IN_1(5, WGI_UNIT)),
    WGI_GOOD("positive weights", build_logits_pos, 3, IN(WGI_NORMAL), IN(WGI_UNIT),
             WGI_IN_1(4, WGI_POSITIVE)),
    WGI_GOOD("both weights", build_logits_both, 4, IN(WGI_NORMAL), IN(WGI_UNIT), IN(WGI_POSITIVE),
             WGI_IN_0(WGI_POSITIVE)),
    WGI_GOOD("rank 0", build_logits, 2, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_UNIT)),
    WGI_GOOD("size 0", build_logits_sum, 2, ROWS(0, WGI_NORMAL), ROWS(0, WGI_UNIT)),
};
static const wgi_sample bad_logits[] = {
    BAD_PAIR("binary_cross_entropy_with_logits", build_logits),
    WGI_BAD("pos_weight", build_logits_pos, WG_ERR_SHAPE,
            "binary_cross_entropy_with_logits: [3] (pos_weight) does not broadcast to [3, 4] "
            "(input)",
            3, IN(WGI_NORMAL), IN(WGI_UNIT), WGI_IN_1(3, WGI_UNIT)),
};

WGI_BUILD(build_gaussian, wg_gaussian_nll_loss(in[0], in[1], in[2], false, 1e-6, WG_REDUCTION_MEAN))
WGI_BUILD(build_gaussian_full,
          wg_gaussian_nll_loss(in[0], in[1], in[2], true, 1e-6, WG_REDUCTION_NONE))
WGI_BUILD(build_gaussian_eps,
          wg_gaussian_nll_loss(in[0], in[1], in[2], true, 0.0, WG_REDUCTION_NONE))

static const wgi_sample samples_gaussian[] = {
    WGI_GOOD("mean", build_gaussian, 3, IN(WGI_NORMAL), IN(WGI_NORMAL), IN(WGI_POSITIVE)),
    WGI_GOOD("full", build_gaussian_full, 3, IN(WGI_NORMAL), IN(WGI_NORMAL), IN(WGI_POSITIVE)),
    WGI_GOOD("rank 0", build_gaussian, 3, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL),
             WGI_IN_0(WGI_POSITIVE)),
    WGI_GOOD("size 0", build_gaussian_full, 3, ROWS(0, WGI_NORMAL), ROWS(0, WGI_NORMAL),
             ROWS(0, WGI_POSITIVE)),
};
static const wgi_sample bad_gaussian[] = {
    WGI_BAD("var", build_gaussian, WG_ERR_SHAPE,
            "gaussian_nll_loss: shapes differ: [3, 4] (input) vs [4] (var)", 3, IN(WGI_NORMAL),
            IN(WGI_NORMAL), WGI_IN_1(4, WGI_POSITIVE)),
    WGI_BAD("eps", build_gaussian_eps, WG_ERR_ARGUMENT, "gaussian_nll_loss: eps must be above 0: 0",
            3, IN(WGI_NORMAL), IN(WGI_NORMAL), IN(WGI_POSITIVE)),
};

static const wgi_attribute attributes_kl[] = {
    WGI_REDUCTION_ATTRIBUTE,
    {.name = "log_target", .kind = WGI_ATTR_FLAG, .is_optional = true},
};
static const wgi_attribute attributes_gaussian[] = {
    WGI_REDUCTION_ATTRIBUTE,
    {.name = "full", .kind = WGI_ATTR_FLAG, .is_optional = true},
    {.name = "eps", .kind = WGI_ATTR_REAL, .range = "(0, inf)", .is_optional = true, .real = 1e-6},
};

#define REDUCTION ((wg_reduction)wgi_call_int(c, 0))

WGI_CALL(call_kl, wg_kl_div(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_flag(c, 1), REDUCTION))
WGI_CALL(call_bce, wg_binary_cross_entropy(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2),
                                           REDUCTION))
WGI_CALL(call_logits,
         wg_binary_cross_entropy_with_logits(wgi_call_in(c, 0), wgi_call_in(c, 1),
                                             wgi_call_in(c, 2), wgi_call_in(c, 3), REDUCTION))
WGI_CALL(call_gaussian,
         wg_gaussian_nll_loss(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2),
                              wgi_call_flag(c, 1), wgi_call_real(c, 2), REDUCTION))

const wgi_op wgi_op_kl_div = {
    WGI_FORM_OF("kl_div", 2, 2, "input", "target"),
    .call = call_kl,
    WGI_ATTRIBUTES(attributes_kl),
    WGI_SAMPLES(samples_kl, bad_kl),
};

const wgi_op wgi_op_binary_cross_entropy = {
    WGI_FORM_OF("binary_cross_entropy", 2, 3, "input", "target", "weight"),
    .call = call_bce,
    .attributes = attributes_kl,
    .n_attributes = 1,
    WGI_SAMPLES(samples_bce, bad_bce),
};

const wgi_op wgi_op_binary_cross_entropy_with_logits = {
    WGI_FORM_OF("binary_cross_entropy_with_logits", 2, 4, "input", "target", "weight",
                "pos_weight"),
    .call = call_logits,
    .attributes = attributes_kl,
    .n_attributes = 1,
    WGI_SAMPLES(samples_logits, bad_logits),
};

const wgi_op wgi_op_gaussian_nll_loss = {
    WGI_FORM_OF("gaussian_nll_loss", 3, 3, "input", "target", "var"),
    .call = call_gaussian,
    WGI_ATTRIBUTES(attributes_gaussian),
    WGI_SAMPLES(samples_gaussian, bad_gaussian),
};
