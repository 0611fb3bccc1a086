/* What the losses share.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/loss.h"

#include <string.h>

#include "ops/support.h"

bool wgi_loss_reduction(const wgi_draft *draft, wg_reduction reduction, wg_node *failed)
{
    const int value = (int)reduction;
    if (value >= WG_REDUCTION_MEAN && value <= WG_REDUCTION_NONE) {
        return true;
    }
    *failed = wgi_refuse(draft, WG_ERR_ARGUMENT, "WG_REDUCTION_MEAN, _SUM or _NONE",
                         "there is no reduction %d", value);
    return false;
}

static bool take_views(const wgi_draft *draft, wgi_view *a, wgi_view *b, wg_node *failed)
{
    if (wgi_view_of(draft->in[0], a) && wgi_view_of(draft->in[1], b) &&
        draft->in[0].graph == draft->in[1].graph) {
        return true;
    }
    *failed = wgi_record(draft);
    return false;
}

static bool have_one_dtype(const wgi_draft *draft, const wgi_view *a, const char *name_a,
                           const wgi_view *b, const char *name_b, wg_node *failed)
{
    if (a->dtype != b->dtype) {
        *failed = wgi_refuse(draft, WG_ERR_DTYPE, "wg_cast one of them",
                             "dtypes differ: %s (%s) vs %s (%s)", wg_dtype_name((wg_dtype)a->dtype),
                             name_a, wg_dtype_name((wg_dtype)b->dtype), name_b);
    }
    return a->dtype == b->dtype;
}

static bool check_like(const wgi_draft *draft, const wgi_view *a, const char *name_a,
                       const wgi_view *b, const char *name_b, wg_node *failed)
{
    if (!have_one_dtype(draft, a, name_a, b, name_b, failed)) {
        return false;
    }
    if (!wgi_same_shape(a->rank, a->dims, b->rank, b->dims)) {
        char text_a[WGI_SHAPE_TEXT];
        char text_b[WGI_SHAPE_TEXT];
        *failed = wgi_refuse(draft, WG_ERR_SHAPE,
                             "losses do not broadcast; wg_reshape where the sizes agree",
                             "shapes differ: %s (%s) vs %s (%s)",
                             wgi_shape_text(a->rank, a->dims, text_a, sizeof(text_a)), name_a,
                             wgi_shape_text(b->rank, b->dims, text_b, sizeof(text_b)), name_b);
        return false;
    }
    return true;
}

bool wgi_loss_begin(const wgi_draft *draft, const char *const names[2], wg_reduction reduction,
                    wg_node *failed)
{
    wgi_view a;
    wgi_view b;
    if (!take_views(draft, &a, &b, failed)) {
        return false;
    }
    if (!wgi_is_floating(a.dtype)) {
        *failed = wgi_refuse(draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                             "needs a floating dtype: %s (%s)", wg_dtype_name((wg_dtype)a.dtype),
                             names[0]);
        return false;
    }
    return check_like(draft, &a, names[0], &b, names[1], failed) &&
           wgi_loss_reduction(draft, reduction, failed);
}

/* The error of a further operand that is no node of the graph, under its name in the form's row. */
static wg_node judge(const wgi_draft *draft, wg_node operand, const char *name)
{
    const wg_node a = draft->in[0];
    wg_node in[] = {a, a, a, operand};
    wgi_draft all = *draft;
    all.in = in;
    all.n_in = strcmp(draft->form->operands[2], name) == 0 ? 3 : 4;
    in[all.n_in - 1] = operand;
    return wgi_record(&all);
}

bool wgi_loss_operand(const wgi_draft *draft, wg_node operand, const char *name, wgi_view *out,
                      wg_node *failed)
{
    wgi_view a;
    if (!wgi_view_of(draft->in[0], &a) || !wgi_view_of(operand, out) ||
        draft->in[0].graph != operand.graph) {
        *failed = judge(draft, operand, name);
        return false;
    }
    return have_one_dtype(draft, &a, draft->form->operands[0], out, name, failed);
}

bool wgi_loss_option(const wgi_draft *draft, wg_node option, const char *name, wg_node *failed)
{
    wgi_view a;
    wgi_view b;
    if (!wgi_is_some(option)) {
        return true;
    }
    return wgi_loss_operand(draft, option, name, &b, failed) && wgi_view_of(draft->in[0], &a) &&
           check_like(draft, &a, draft->form->operands[0], &b, name, failed);
}

wg_node wgi_reduce(wg_node losses, wg_reduction reduction)
{
    if (reduction == WG_REDUCTION_NONE) {
        return losses;
    }
    return reduction == WG_REDUCTION_SUM ? wg_sum_all(losses) : wg_mean_all(losses);
}

/* A step of y times 0 is NaN where y is, and 0 elsewhere. */
wg_node wgi_times_log(wg_node p, wg_node y)
{
    return wg_add(wg_gate(p, y), wg_scale(wg_heaviside(y, 0.0), 0.0));
}
