/* What the normalisations of channels share: checks of their operands, and channels last.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/normalize.h"

bool wgi_check_channels(const wgi_draft *draft, const wgi_view *x, wg_node *failed)
{
    if (!wgi_is_floating(x->dtype)) {
        *failed = wgi_refuse(draft, WG_ERR_DTYPE, "wg_cast it to f32 or f64",
                             "needs a floating dtype: %s (x)", wg_dtype_name((wg_dtype)x->dtype));
        return false;
    }
    if (x->rank < 2) {
        *failed = wgi_refuse(draft, WG_ERR_SHAPE, NULL, "needs rank 2 or more: %d (x)", x->rank);
        return false;
    }
    return true;
}

bool wgi_fits_channels(const wgi_view *v, const wgi_view *x)
{
    return v->dtype == x->dtype && wgi_same_shape(v->rank, v->dims, 1, x->dims + 1);
}

static bool check_operand(const wgi_draft *draft, const wgi_view *x, int32_t i, wg_node *failed)
{
    wgi_view w;
    char text[WGI_SHAPE_TEXT];
    if (!wgi_is_some(draft->in[i]) || !wgi_view_of(draft->in[i], &w) || wgi_fits_channels(&w, x)) {
        return true;
    }
    *failed =
        wgi_refuse(draft, w.dtype != x->dtype ? WG_ERR_DTYPE : WG_ERR_SHAPE, NULL,
                   "needs %s [%lld]: %s %s (%s)", wg_dtype_name((wg_dtype)x->dtype),
                   (long long)x->dims[1], wg_dtype_name((wg_dtype)w.dtype),
                   wgi_shape_text(w.rank, w.dims, text, sizeof(text)), draft->form->operands[i]);
    return false;
}

bool wgi_check_channel_operands(const wgi_draft *draft, const wgi_view *x, wg_node *failed)
{
    return check_operand(draft, x, 1, failed) && check_operand(draft, x, 2, failed);
}

wg_node wgi_turn_channels(wg_node x, bool is_back)
{
    int32_t axes[WG_MAX_RANK] = {0};
    const int32_t rank = wg_node_rank(x);
    if (rank <= 2) {
        return x;
    }
    for (int32_t i = 1; i < rank; i++) {
        axes[i] = is_back ? (i > 1 ? i - 1 : rank - 1) : (i + 1 < rank ? i + 1 : 1);
    }
    return wg_permute(x, axes, rank);
}
