/* The op behind the normalisations, and what their constructors share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_NORMALIZE_H
#define WGI_OPS_NORMALIZE_H

#include "ops/params.h"
#include "ops/support.h"

/* x seen as the op sees it: [batch, space, groups, width], the channels being the last two. */
typedef struct wgi_normal_shape {
    int64_t batch;
    int64_t space;
    int64_t groups;
    int64_t width;
} wgi_normal_shape;

static inline wgi_normal_shape wgi_normal_shape_of(const wgi_view *x,
                                                   const wgi_normalize_attr *attr)
{
    wgi_normal_shape shape = {.batch = 1, .space = 1, .groups = attr->groups, .width = 1};
    for (int64_t i = 0; i < x->rank; i++) {
        const bool is_batch = i < attr->batch_axes;
        const bool is_channel = i >= x->rank - attr->channel_axes;
        *(is_batch ? &shape.batch : is_channel ? &shape.width : &shape.space) *= x->dims[i];
    }
    shape.width = attr->groups > 0 ? shape.width / attr->groups : 0;
    return shape;
}

/* One normalisation to be recorded. weight and bias may be zero handles; where there is a bias
 * alone, a weight of ones goes with it. */
typedef struct wgi_normalization {
    const wgi_op *form;
    wg_node x;
    wg_node weight;
    wg_node bias;
    double eps;
    wgi_normalize_attr attr;
} wgi_normalization;

/* Output 0 is the result, output 1 the means, 2 the factors 1 / sqrt(variance + eps), 3 the
 * variances. Fails where eps is below 0 or NaN: "eps must not be below 0: -1". */
wg_node wgi_record_normalization(const wgi_normalization *n);

/* For forms over x [n, c, ...]; draft->in are x, weight and bias, of which the last two may be zero
 * handles. False where the graph has been failed: x is floating and has channels; weight and bias
 * are [c] of its dtype, "needs f32 [4]: f32 [3] (weight)". */
bool wgi_check_channels(const wgi_draft *draft, const wgi_view *x, wg_node *failed);
bool wgi_check_channel_operands(const wgi_draft *draft, const wgi_view *x, wg_node *failed);
bool wgi_fits_channels(const wgi_view *v, const wgi_view *x);

/* x with its channels, axis 1, last; or back. */
wg_node wgi_turn_channels(wg_node x, bool is_back);

/* The draft of a form of x, weight and bias, in[3] being theirs. */
wgi_draft wgi_normalization_draft(const wgi_normalization *n, wg_node *in);

#endif
