/* cross_entropy_with, nll_loss: the losses of labels, with all that they can be asked for.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: whatever the rank, the classes are brought to the last axis of a matrix of rows; what
 * comes of each row goes back to the shape of the labels. What wg_cross_entropy can do it does. */
#include "ops/call.h"
#include "ops/loss.h"
#include "ops/pick.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <string.h>

extern const wgi_op wgi_op_cross_entropy_with;
extern const wgi_op wgi_op_nll_loss;

/* One loss on the way. */
typedef struct label_loss {
    wgi_draft draft;
    wg_node in[3]; /* scores, targets, weight */
    wg_cross_entropy_options options;
    bool is_other_version; /* the options are none of this library's */
    wgi_view x;
    int32_t axis; /* of the classes */
    int64_t classes;
    int64_t rows;
    bool has_labels;
    int32_t rank; /* of the labels */
    int64_t dims[WG_MAX_RANK];
} label_loss;

static bool is_probability(double x)
{
    return x >= 0.0 && x <= 1.0;
}

/* ---- checks ------------------------------------------------------------------------------- */

static bool refuse_shapes(const label_loss *l, const wgi_view *t, wg_node *failed)
{
    char text_x[WGI_SHAPE_TEXT];
    char text_t[WGI_SHAPE_TEXT];
    *failed = wgi_refuse(
        &l->draft, WG_ERR_SHAPE,
        "labels have the shape of the scores without axis 1, probabilities the whole",
        "%s (targets) is no shape of %s for %s (%s)",
        wgi_shape_text(t->rank, t->dims, text_t, sizeof(text_t)),
        l->has_labels ? "labels" : "probabilities",
        wgi_shape_text(l->x.rank, l->x.dims, text_x, sizeof(text_x)), l->draft.form->operands[0]);
    return false;
}

static bool is_nll(const label_loss *l)
{
    return l->draft.form == &wgi_op_nll_loss;
}

static bool check_scores(const label_loss *l, wg_node *failed)
{
    const char *name = l->draft.form->operands[0];
    if (!wgi_is_floating(l->x.dtype)) {
        *failed = wgi_refuse(&l->draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                             "needs a floating dtype: %s (%s)", wg_dtype_name((wg_dtype)l->x.dtype),
                             name);
        return false;
    }
    if (l->x.rank == 0) {
        *failed = wgi_refuse(&l->draft, WG_ERR_SHAPE, NULL, "needs rank >= 1: 0 (%s)", name);
    }
    return l->x.rank > 0;
}

/* Scores [classes] or [n, classes, ...], and targets that suit them. */
static bool check_targets(label_loss *l, wg_node *failed)
{
    wgi_view t;
    if (!wgi_view_of(l->in[0], &l->x) || !wgi_view_of(l->in[1], &t) ||
        l->in[0].graph != l->in[1].graph) {
        *failed = wgi_record(&l->draft);
        return false;
    }
    if (!check_scores(l, failed)) {
        return false;
    }
    l->has_labels = t.dtype == WG_I64;
    if (!l->has_labels && (t.dtype != l->x.dtype || is_nll(l))) {
        *failed = wgi_refuse(
            &l->draft, WG_ERR_DTYPE, NULL, "targets are not i64%s%s: %s", is_nll(l) ? "" : " or ",
            is_nll(l) ? "" : wg_dtype_name((wg_dtype)l->x.dtype), wg_dtype_name((wg_dtype)t.dtype));
        return false;
    }
    l->axis = l->x.rank == 1 ? 0 : 1;
    l->classes = l->x.dims[l->axis];
    l->rows = 1;
    for (int32_t i = 0; i < l->x.rank; i++) {
        if (i != l->axis) {
            l->rows *= l->x.dims[i];
            l->dims[l->rank++] = l->x.dims[i];
        }
    }
    const bool is_like = l->has_labels ? wgi_same_shape(t.rank, t.dims, l->rank, l->dims)
                                       : wgi_same_shape(t.rank, t.dims, l->x.rank, l->x.dims);
    return is_like || refuse_shapes(l, &t, failed);
}

static bool check_weight(const label_loss *l, wg_node *failed)
{
    wgi_view w;
    if (!wgi_is_some(l->in[2])) {
        return true;
    }
    if (!wgi_view_of(l->in[2], &w) || l->in[2].graph != l->in[0].graph) {
        *failed = wgi_record(&l->draft);
        return false;
    }
    if (w.rank != 1 || w.dims[0] != l->classes || w.dtype != l->x.dtype) {
        char text[WGI_SHAPE_TEXT];
        *failed = wgi_refuse(&l->draft, w.dtype != l->x.dtype ? WG_ERR_DTYPE : WG_ERR_SHAPE, NULL,
                             "needs %s [%lld]: %s %s (weight)", wg_dtype_name((wg_dtype)l->x.dtype),
                             (long long)l->classes, wg_dtype_name((wg_dtype)w.dtype),
                             wgi_shape_text(w.rank, w.dims, text, sizeof(text)));
        return false;
    }
    return true;
}

static bool check_options(const label_loss *l, wg_node *failed)
{
    const wg_cross_entropy_options *o = &l->options;
    if (l->is_other_version) {
        *failed = wgi_refuse(&l->draft, WG_ERR_ARGUMENT, "set .size = sizeof of the options",
                             "the options have another size");
        return false;
    }
    if (!is_probability(o->label_smoothing)) {
        *failed = wgi_refuse(&l->draft, WG_ERR_ARGUMENT, NULL,
                             "label_smoothing must lie in [0, 1]: %g", o->label_smoothing);
        return false;
    }
    if (is_nll(l) && o->label_smoothing > 0) {
        *failed = wgi_refuse(&l->draft, WG_ERR_ARGUMENT, "wg_cross_entropy_with smooths labels",
                             "has no label_smoothing: %g", o->label_smoothing);
        return false;
    }
    if (!l->has_labels && o->has_ignore_index) {
        *failed = wgi_refuse(&l->draft, WG_ERR_ARGUMENT, NULL,
                             "ignore_index is for labels, the targets are probabilities");
        return false;
    }
    return wgi_loss_reduction(&l->draft, o->reduction, failed);
}

static void begin(label_loss *l, const wgi_op *form, wg_node scores, wg_node targets,
                  const wg_cross_entropy_options *options)
{
    memset(l, 0, sizeof(*l));
    l->options = (wg_cross_entropy_options){.size = sizeof(l->options)};
    if (options != NULL && options->size == sizeof(l->options)) {
        l->options = *options;
    }
    l->is_other_version = options != NULL && options->size != sizeof(l->options);
    l->in[0] = scores;
    l->in[1] = targets;
    l->in[2] = l->options.weight;
    l->draft = (wgi_draft){.n_in = wgi_is_some(l->in[2]) ? 3 : 2, .in = l->in, .form = form};
}

static bool check(label_loss *l, wg_node *failed)
{
    return check_targets(l, failed) && check_weight(l, failed) && check_options(l, failed);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* A tensor of the scores' shape as [rows, classes]. */
static wg_node as_rows(const label_loss *l, wg_node x)
{
    const int64_t flat[] = {l->rows, l->classes};
    int32_t axes[WG_MAX_RANK];
    if (l->x.rank == 2) {
        return x;
    }
    for (int32_t i = 0; i < l->x.rank; i++) {
        axes[i] = i == 0 ? 0 : i + 1;
    }
    axes[l->x.rank - 1] = l->axis;
    return wg_reshape(l->x.rank == 1 ? x : wg_permute(x, axes, l->x.rank), 2, flat);
}

static wg_node row_sums(wg_node x)
{
    const int32_t axis = 1;
    return wg_sum(x, &axis, 1, false);
}

static wg_node in_shape(const label_loss *l, wg_node losses)
{
    return l->rank == 1 ? losses : wg_reshape(losses, l->rank, l->dims);
}

/* Labels: the rows' losses, and what each counts in the mean. */
static wg_node loss_of_labels(const label_loss *l, wg_node log_p)
{
    const wg_cross_entropy_options *o = &l->options;
    const bool has_weight = wgi_is_some(l->in[2]);
    const wg_node labels = l->rank == 1 ? l->in[1] : wg_reshape(l->in[1], 1, &l->rows);
    wgi_pick_attr attr = {.classes = l->classes,
                          .has_ignore_index = o->has_ignore_index,
                          .ignore_index = o->has_ignore_index ? o->ignore_index : 0};
    const wg_node picked = wgi_pick(log_p, labels, &attr);
    const wg_node counted = wg_output(picked, 1);
    attr.is_row = 1;
    const wg_node counts = has_weight ? wgi_pick(l->in[2], labels, &attr) : counted;
    wg_node losses = wg_neg(has_weight ? wg_gate(counts, picked) : picked);
    if (o->label_smoothing > 0) {
        const double share = o->label_smoothing / (double)(l->classes > 0 ? l->classes : 1);
        const wg_node all = row_sums(has_weight ? wg_gate(l->in[2], log_p) : log_p);
        losses = wg_sub(wg_scale(losses, 1.0 - o->label_smoothing),
                        wg_scale(wg_gate(counted, all), share));
    }
    if (o->reduction == WG_REDUCTION_MEAN && (has_weight || o->has_ignore_index)) {
        return wg_div(wg_sum_all(losses), wg_sum_all(counts));
    }
    return o->reduction == WG_REDUCTION_NONE ? in_shape(l, losses)
                                             : wgi_reduce(losses, o->reduction);
}

static wg_node loss_of_probabilities(const label_loss *l, wg_node log_p)
{
    const wg_cross_entropy_options *o = &l->options;
    wg_node p = as_rows(l, l->in[1]);
    if (o->label_smoothing > 0) {
        const double share = o->label_smoothing / (double)(l->classes > 0 ? l->classes : 1);
        p = wg_add(wg_scale(p, 1.0 - o->label_smoothing),
                   wg_number(p.graph, wg_node_dtype(p), share));
    }
    wg_node terms = wgi_times_log(p, log_p);
    if (wgi_is_some(l->in[2])) {
        terms = wg_gate(l->in[2], terms);
    }
    const wg_node losses = wg_neg(row_sums(terms));
    return o->reduction == WG_REDUCTION_NONE ? in_shape(l, losses)
                                             : wgi_reduce(losses, o->reduction);
}

/* ---- the losses --------------------------------------------------------------------------- */

static bool is_plain(const label_loss *l)
{
    const wg_cross_entropy_options *o = &l->options;
    return !wgi_is_some(o->weight) && !o->has_ignore_index && o->label_smoothing == 0.0 &&
           o->reduction == WG_REDUCTION_MEAN && l->x.rank == 2;
}

wg_node wg_cross_entropy_with(wg_node logits, wg_node targets,
                              const wg_cross_entropy_options *options)
{
    label_loss l;
    wg_node failed;
    begin(&l, &wgi_op_cross_entropy_with, logits, targets, options);
    if (!check(&l, &failed)) {
        return failed;
    }
    if (is_plain(&l)) {
        return wg_cross_entropy(logits, targets);
    }
    const wg_node log_p = wg_log_softmax(as_rows(&l, logits), 1);
    return l.has_labels ? loss_of_labels(&l, log_p) : loss_of_probabilities(&l, log_p);
}

wg_node wg_nll_loss(wg_node input, wg_node targets, const wg_cross_entropy_options *options)
{
    label_loss l;
    wg_node failed;
    begin(&l, &wgi_op_nll_loss, input, targets, options);
    return check(&l, &failed) ? loss_of_labels(&l, as_rows(&l, input)) : failed;
}

/* ---- rows of the table -------------------------------------------------------------------- */

#define LABELS(n, classes) WGI_IN_TYPED(n, WG_I64, classes)
#define LOGITS(n, classes) WGI_IN_2(n, classes, WGI_NORMAL)
#define SOFT(n, classes) WGI_IN_2(n, classes, WGI_PROBABILITY)
#define WEIGHT(classes) WGI_IN_1(classes, WGI_POSITIVE)
#define OPTIONS(...)                                                                               \
    (&(const wg_cross_entropy_options){.size = sizeof(wg_cross_entropy_options), __VA_ARGS__})

static const wg_node none = {NULL, 0, 0};

static wg_node with_label(wg_graph *g, wg_node logits, const int64_t *labels)
{
    const int64_t n = 2;
    return wg_cross_entropy_with(logits, wg_constant(g, WG_I64, 1, &n, labels),
                                 OPTIONS(.reduction = WG_REDUCTION_SUM));
}

WGI_BUILD(build_mean, wg_cross_entropy_with(in[0], in[1], NULL))
WGI_BUILD(build_sum, wg_cross_entropy_with(in[0], in[1], OPTIONS(.reduction = WG_REDUCTION_SUM)))
WGI_BUILD(build_none, wg_cross_entropy_with(in[0], in[1], OPTIONS(.reduction = WG_REDUCTION_NONE)))
WGI_BUILD(build_ignore,
          wg_cross_entropy_with(in[0], in[1], OPTIONS(.has_ignore_index = true, .ignore_index = 1)))
WGI_BUILD(build_smooth, wg_cross_entropy_with(in[0], in[1], OPTIONS(.label_smoothing = 0.25)))
WGI_BUILD(build_weight, wg_cross_entropy_with(in[0], in[1], OPTIONS(.weight = in[2])))
WGI_BUILD(build_all, wg_cross_entropy_with(in[0], in[1],
                                           OPTIONS(.weight = in[2], .has_ignore_index = true,
                                                   .ignore_index = 2, .label_smoothing = 0.1)))
WGI_BUILD(build_soft,
          wg_cross_entropy_with(in[0], in[1], OPTIONS(.weight = in[2], .label_smoothing = 0.1)))
WGI_BUILD(build_smoothing, wg_cross_entropy_with(in[0], in[1], OPTIONS(.label_smoothing = 1.5)))
WGI_BUILD(build_reduction,
          wg_cross_entropy_with(in[0], in[1], OPTIONS(.reduction = (wg_reduction)3)))
WGI_BUILD(build_size, wg_cross_entropy_with(in[0], in[1], &(const wg_cross_entropy_options){0}))
WGI_BUILD(build_high_label, with_label(g, in[0], (const int64_t[]){0, 3}))
WGI_BUILD(build_nll, wg_nll_loss(in[0], in[1], NULL))
WGI_BUILD(build_nll_none, wg_nll_loss(in[0], in[1], OPTIONS(.reduction = WG_REDUCTION_NONE)))
WGI_BUILD(build_nll_weight, wg_nll_loss(in[0], in[1], OPTIONS(.weight = in[2])))
WGI_BUILD(build_nll_ignore,
          wg_nll_loss(in[0], in[1], OPTIONS(.has_ignore_index = true, .ignore_index = 0)))
WGI_BUILD(build_nll_smoothing, wg_nll_loss(in[0], in[1], OPTIONS(.label_smoothing = 0.5)))

#define LABELS_2(i, j, classes)                                                                    \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = (classes)      \
    }
#define LABELS_0(classes)                                                                          \
    {                                                                                              \
        .rank = 0, .fill = WGI_INDEX, .dtype = WG_I64, .limit = (classes)                          \
    }

static const wgi_sample samples_with[] = {
    WGI_GOOD("labels", build_mean, 2, LOGITS(4, 3), LABELS(4, 3)),
    WGI_GOOD("sum", build_sum, 2, LOGITS(4, 3), LABELS(4, 3)),
    WGI_GOOD("none", build_none, 2, LOGITS(4, 3), LABELS(4, 3)),
    WGI_GOOD("one row", build_mean, 2, WGI_IN_1(3, WGI_NORMAL), LABELS_0(3)),
    WGI_GOOD("images", build_none, 2, WGI_IN_3(2, 3, 4, WGI_NORMAL), LABELS_2(2, 4, 3)),
    WGI_GOOD("some ignored", build_ignore, 2, LOGITS(6, 3), LABELS(6, 3)),
    WGI_GOOD("smooth", build_smooth, 2, LOGITS(4, 3), LABELS(4, 3)),
    WGI_GOOD("smooth probabilities", build_smooth, 2, LOGITS(4, 3), SOFT(4, 3)),
    WGI_GOOD("weights", build_weight, 3, LOGITS(4, 3), LABELS(4, 3), WEIGHT(3)),
    WGI_GOOD("everything", build_all, 3, WGI_IN_3(3, 4, 2, WGI_NORMAL), LABELS_2(3, 2, 4),
             WEIGHT(4)),
    WGI_GOOD("soft, no reduction", build_none, 2, LOGITS(3, 4), SOFT(3, 4)),
    WGI_GOOD("soft, weights", build_soft, 3, LOGITS(3, 4), SOFT(3, 4), WEIGHT(4)),
    WGI_GOOD("no rows", build_sum, 2, LOGITS(0, 3), LABELS(0, 3)),
};

static const wgi_sample bad_with[] = {
    WGI_BAD("rank 0", build_sum, WG_ERR_SHAPE, "cross_entropy_with: needs rank >= 1: 0 (logits)", 2,
            WGI_IN_0(WGI_NORMAL), LABELS(3, 3)),
    WGI_BAD("labels", build_sum, WG_ERR_SHAPE,
            "cross_entropy_with: [3] (targets) is no shape of labels for [4, 3] (logits)", 2,
            LOGITS(4, 3), LABELS(3, 3)),
    WGI_BAD("soft shape", build_sum, WG_ERR_SHAPE,
            "cross_entropy_with: [3, 4] (targets) is no shape of probabilities for [4, 3] (logits)",
            2, LOGITS(4, 3), SOFT(3, 4)),
    WGI_BAD("targets", build_sum, WG_ERR_DTYPE,
            "cross_entropy_with: targets are not i64 or f64: bool", 2,
            {.rank = 2, .dims = {4, 3}, .dtype = WG_F64}, WGI_IN_TYPED(4, WG_BOOL, 2)),
    WGI_BAD("weight shape", build_weight, WG_ERR_SHAPE,
            "cross_entropy_with: needs f64 [3]: f64 [4] (weight)", 3,
            {.rank = 2, .dims = {4, 3}, .dtype = WG_F64}, LABELS(4, 3),
            {.rank = 1, .dims = {4}, .dtype = WG_F64}),
    WGI_BAD("soft and ignored", build_ignore, WG_ERR_ARGUMENT,
            "cross_entropy_with: ignore_index is for labels, the targets are probabilities", 2,
            LOGITS(4, 3), SOFT(4, 3)),
    WGI_BAD("smoothing", build_smoothing, WG_ERR_ARGUMENT,
            "cross_entropy_with: label_smoothing must lie in [0, 1]: 1.5", 2, LOGITS(4, 3),
            LABELS(4, 3)),
    WGI_BAD("reduction", build_reduction, WG_ERR_ARGUMENT,
            "cross_entropy_with: there is no reduction 3", 2, LOGITS(4, 3), LABELS(4, 3)),
    WGI_BAD("size", build_size, WG_ERR_ARGUMENT,
            "cross_entropy_with: the options have another size", 2, LOGITS(4, 3), LABELS(4, 3)),
    WGI_BAD("label too high", build_high_label, WG_ERR_RANGE,
            "pick_label: row 1: label 3 is outside [0, 3)", 1, LOGITS(2, 3)),
};

static const wgi_sample samples_nll[] = {
    WGI_GOOD("labels", build_nll, 2, LOGITS(4, 3), LABELS(4, 3)),
    WGI_GOOD("none", build_nll_none, 2, WGI_IN_3(2, 3, 2, WGI_NORMAL), LABELS_2(2, 2, 3)),
    WGI_GOOD("some ignored", build_nll_ignore, 2, LOGITS(6, 3), LABELS(6, 3)),
    WGI_GOOD("weights", build_nll_weight, 3, LOGITS(4, 3), LABELS(4, 3), WEIGHT(3)),
    WGI_GOOD("one row", build_nll, 2, WGI_IN_1(3, WGI_NORMAL), LABELS_0(3)),
};

static const wgi_sample bad_nll[] = {
    WGI_BAD("labels", build_nll, WG_ERR_SHAPE,
            "nll_loss: [3] (targets) is no shape of labels for [4, 3] (input)", 2, LOGITS(4, 3),
            LABELS(3, 3)),
    WGI_BAD("probabilities", build_nll, WG_ERR_DTYPE, "nll_loss: targets are not i64: f64", 2,
            {.rank = 2, .dims = {4, 3}, .dtype = WG_F64},
            {.rank = 2, .dims = {4, 3}, .dtype = WG_F64}),
    WGI_BAD("smoothing", build_nll_smoothing, WG_ERR_ARGUMENT,
            "nll_loss: has no label_smoothing: 0.5", 2, LOGITS(4, 3), LABELS(4, 3)),
};

static const wgi_attribute attributes_with[] = {
    {.name = "ignore_index", .kind = WGI_ATTR_INTEGER, .is_optional = true},
    WGI_REDUCTION_ATTRIBUTE,
    {.name = "label_smoothing", .kind = WGI_ATTR_REAL, .range = "[0, 1]", .is_optional = true},
};

static wg_cross_entropy_options options_of(const wgi_call *c)
{
    return (wg_cross_entropy_options){
        .size = sizeof(wg_cross_entropy_options),
        .weight = c->n_in > 2 ? c->in[2] : none,
        .has_ignore_index = c->arguments[0].is_given,
        .ignore_index = wgi_call_integer(c, 0),
        .reduction = (wg_reduction)wgi_call_int(c, 1),
    };
}

static wg_node call_with(const wgi_call *c)
{
    wg_cross_entropy_options options = options_of(c);
    options.label_smoothing = wgi_call_real(c, 2);
    return wg_cross_entropy_with(wgi_call_in(c, 0), wgi_call_in(c, 1), &options);
}

static wg_node call_nll(const wgi_call *c)
{
    const wg_cross_entropy_options options = options_of(c);
    return wg_nll_loss(wgi_call_in(c, 0), wgi_call_in(c, 1), &options);
}

const wgi_op wgi_op_cross_entropy_with = {
    WGI_FORM_OF("cross_entropy_with", 2, 3, "logits", "targets", "weight"),
    .call = call_with,
    WGI_ATTRIBUTES(attributes_with),
    WGI_SAMPLES(samples_with, bad_with),
};

const wgi_op wgi_op_nll_loss = {
    WGI_FORM_OF("nll_loss", 2, 3, "input", "targets", "weight"),
    .call = call_nll,
    .attributes = attributes_with,
    .n_attributes = 2,
    WGI_SAMPLES(samples_nll, bad_nll),
};
