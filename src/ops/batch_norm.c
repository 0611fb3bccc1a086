/* batch_norm: normalisation of each channel over a batch, or by running statistics.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the sizes have been checked before the first node is recorded. Statistics run as an
 * assignment of the graph's, once for each recording or refresh, whatever else is computed. */
#include "core/param.h"
#include "ops/call.h"
#include "ops/normalize.h"
#include "ops/samples.h"

#define DEFAULT_EPS 1e-5
#define DEFAULT_MOMENTUM 0.1

extern const wgi_op wgi_op_batch_norm;

/* What a call asks for, its defaults filled in. */
typedef struct request {
    wgi_normalization norm;
    wg_batch_norm_options options;
    wgi_view x;
    bool runs; /* on running statistics, which the options have */
} request;

/* ---- checking ------------------------------------------------------------------------------- */

static bool check_sizes(const wgi_draft *draft, const request *r, bool is_training, wg_node *failed)
{
    const wgi_view *x = &r->x;
    if (!wgi_check_channels(draft, x, failed)) {
        return false;
    }
    if ((is_training || !r->runs) && x->count == x->dims[1] && x->count > 0) {
        *failed = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                             "one element for each channel has no variance (x)");
        return false;
    }
    return wgi_check_channel_operands(draft, x, failed);
}

static bool check_statistics(const wgi_draft *draft, const request *r, wg_node *failed)
{
    const wg_param *const both[] = {r->options.running_mean, r->options.running_var};
    for (int i = 0; r->runs && i < 2; i++) {
        const wg_tensor *t = both[i]->value;
        const wgi_view v = {.dtype = (int32_t)wg_tensor_dtype(t),
                            .rank = wg_tensor_rank(t),
                            .dims = wg_tensor_dims(t)};
        if (!wgi_fits_channels(&v, &r->x)) {
            *failed = wgi_refuse(draft, WG_ERR_SHAPE, NULL,
                                 "running statistics need %s [%lld], as x has them",
                                 wg_dtype_name((wg_dtype)r->x.dtype), (long long)r->x.dims[1]);
            return false;
        }
        if (!both[i]->is_frozen) {
            *failed = wgi_refuse(draft, WG_ERR_ARGUMENT, "wg_param_set_frozen(p, true)",
                                 "running statistics must be frozen: '%s'", both[i]->name);
            return false;
        }
    }
    return true;
}

static bool check_options(const wgi_draft *draft, const request *r, wg_node *failed)
{
    const wg_batch_norm_options *o = &r->options;
    if (o->size != sizeof *o) {
        *failed =
            wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "options are of another size: %zu", o->size);
    } else if ((o->running_mean == NULL) != (o->running_var == NULL)) {
        *failed =
            wgi_refuse(draft, WG_ERR_ARGUMENT, NULL, "running_mean and running_var go together");
    } else if (!(o->eps >= 0) || !(o->momentum >= 0 && o->momentum <= 1)) {
        *failed = wgi_refuse(draft, WG_ERR_ARGUMENT, NULL,
                             "eps and momentum are not below 0, momentum not above 1: %g, %g",
                             o->eps, o->momentum);
    } else {
        return true;
    }
    return false;
}

/* ---- recording ------------------------------------------------------------------------------ */

/* p <- p + momentum (batch - p) */
static void track(wg_graph *g, wg_param *p, wg_node batch, double momentum)
{
    const wg_node before = wg_use(g, p);
    const wg_node change = wgi_record_one_given(wg_sub(batch, before), momentum, WGI_OP_scale);
    const wg_status status = wg_assign(p, wg_add(before, change));
    /* An assignment that memory is short of does not fail the list by itself, and a step without it
     * would go on with other statistics. */
    if (status != WG_OK && wg_graph_status(g) == WG_OK) {
        (void)wgi_fail_call(g, status, "batch_norm", NULL, "no room for the statistics");
    }
}

static wg_node by_batch(wg_graph *g, const request *r)
{
    wgi_normalization last = r->norm;
    const int64_t channels[1] = {r->x.dims[1]};
    const double n = channels[0] > 0 ? (double)(r->x.count / channels[0]) : 0;
    last.x = wgi_turn_channels(r->norm.x, false);
    const wg_node y = wgi_record_normalization(&last);
    if (r->runs && n > 1) {
        const wg_node mean = wg_reshape(wg_output(y, 1), 1, channels);
        const wg_node variance = wg_reshape(wg_output(y, 3), 1, channels);
        const wg_node unbiased = wgi_record_one_given(variance, n / (n - 1), WGI_OP_scale);
        track(g, r->options.running_mean, wg_stop_gradient(mean), r->options.momentum);
        track(g, r->options.running_var, wg_stop_gradient(unbiased), r->options.momentum);
    }
    return wgi_turn_channels(y, true);
}

static wg_node by_statistics(wg_graph *g, const request *r)
{
    const wg_dtype dtype = (wg_dtype)r->x.dtype;
    const wg_node variance = wg_use(g, r->options.running_var);
    const wg_node eps = wg_number(g, dtype, r->norm.eps);
    wg_node factor = wg_rsqrt(wg_add(variance, eps));
    const wg_node mean = wg_use(g, r->options.running_mean);
    wg_node y = wg_mul(wg_sub(wgi_turn_channels(r->norm.x, false), mean), factor);
    y = wgi_is_some(r->norm.weight) ? wg_mul(y, r->norm.weight) : y;
    y = wgi_is_some(r->norm.bias) ? wg_add(y, r->norm.bias) : y;
    return wgi_turn_channels(y, true);
}

wg_node wg_batch_norm(wg_node x, wg_node weight, wg_node bias, const wg_batch_norm_options *options)
{
    request r = {.norm = {.form = &wgi_op_batch_norm, .x = x, .weight = weight, .bias = bias}};
    wg_node in[3];
    wg_node failed;
    r.options = options != NULL ? *options : (wg_batch_norm_options){.size = sizeof *options};
    r.runs = r.options.running_mean != NULL;
    wgi_draft draft = wgi_normalization_draft(&r.norm, in);
    draft.op = 0;
    draft.attr = NULL;
    draft.numbers = NULL;
    const bool is_training = wg_graph_is_training(x.graph);
    if (!wgi_view_of(x, &r.x)) {
        return wgi_record(&draft);
    }
    if (!(check_options(&draft, &r, &failed) && check_sizes(&draft, &r, is_training, &failed) &&
          check_statistics(&draft, &r, &failed))) {
        return failed;
    }
    wg_graph *g = wgi_form_begin(&draft);
    if (g == NULL) {
        return wgi_form_end(g, &draft, x);
    }
    r.norm.eps = r.options.eps > 0 ? r.options.eps : DEFAULT_EPS;
    r.options.momentum = r.options.momentum > 0 ? r.options.momentum : DEFAULT_MOMENTUM;
    r.norm.attr = (wgi_normalize_attr){.channel_axes = 1, .groups = r.x.dims[1], .is_centered = 1};
    const bool is_batch = is_training || !r.runs;
    return wgi_form_end(g, &draft, is_batch ? by_batch(g, &r) : by_statistics(g, &r));
}

/* ---- samples -------------------------------------------------------------------------------- */

#define X2(i, j) WGI_IN_2(i, j, WGI_NORMAL)
#define X3(i, j, k) WGI_IN_3(i, j, k, WGI_NORMAL)
#define W(i) WGI_IN_1(i, WGI_NORMAL)

static const wg_node none = {NULL, 0, 0};

static wg_node with_eps(wg_node x, wg_node weight, wg_node bias, double eps)
{
    const wg_batch_norm_options options = {.size = sizeof options, .eps = eps};
    return wg_batch_norm(x, weight, bias, &options);
}

WGI_BUILD(plain, wg_batch_norm(in[0], none, none, NULL))
WGI_BUILD(weight_alone, wg_batch_norm(in[0], in[1], none, NULL))
WGI_BUILD(bias_alone, wg_batch_norm(in[0], none, in[1], NULL))
WGI_BUILD_UNTOLD(both, with_eps(in[0], in[1], in[2], 0.1))
WGI_BUILD(below, with_eps(in[0], none, none, -1.0))

static const wgi_sample samples[] = {
    WGI_GOOD("rows", plain, 1, X2(4, 3)),
    WGI_GOOD("signals", plain, 1, X3(2, 3, 4)),
    WGI_GOOD("images", plain, 1, WGI_IN_4(2, 3, 2, 3, WGI_NORMAL)),
    WGI_GOOD("weight", weight_alone, 2, X3(2, 3, 4), W(3)),
    WGI_GOOD("bias", bias_alone, 2, X2(4, 3), W(3)),
    WGI_GOOD_UNTOLD("weight and bias", both, 3, X3(3, 2, 4), W(2), W(2)),
    WGI_GOOD_UNTOLD("constant", both, 3, WGI_IN_3(2, 2, 3, WGI_ZEROS), W(2), W(2)),
    WGI_GOOD_UNTOLD("empty batch", both, 3, X3(0, 2, 3), W(2), W(2)),
};

static const wgi_sample bad[] = {
    WGI_BAD("one element", plain, WG_ERR_SHAPE,
            "batch_norm: one element for each channel has no variance (x)", 1, X2(1, 3)),
    WGI_BAD("rank", plain, WG_ERR_SHAPE, "batch_norm: needs rank 2 or more: 1 (x)", 1, W(4)),
    WGI_BAD("eps", below, WG_ERR_ARGUMENT,
            "batch_norm: eps and momentum are not below 0, momentum not above 1: -1, 0", 1,
            X2(2, 4)),
    WGI_BAD("weight", weight_alone, WG_ERR_SHAPE, "batch_norm: needs f32 [4]: f32 [3] (weight)", 2,
            {.rank = 2, .dims = {2, 4}, .dtype = WG_F32},
            {.rank = 1, .dims = {3}, .dtype = WG_F32}),
    WGI_BAD("integers", plain, WG_ERR_DTYPE, "batch_norm: needs a floating dtype: i64 (x)", 1,
            WGI_IN_TYPED(3, WG_I64, 4)),
};

/* ---- the row -------------------------------------------------------------------------------- */

static const wgi_attribute attributes[] = {
    {.name = "eps",
     .kind = WGI_ATTR_REAL,
     .range = "(0, inf)",
     .is_optional = true,
     .real = DEFAULT_EPS},
};

WGI_CALL(call,
         with_eps(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_in(c, 2), wgi_call_real(c, 0)))

const wgi_op wgi_op_batch_norm = {
    WGI_FORM_OF("batch_norm", 1, 3, "x", "weight", "bias"),
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};
