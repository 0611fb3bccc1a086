/* Scaled dot-product attention: where its operands' rows stand, and what both of its forms share.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: whatever the layout and the rank, an operand is a set of rows, one for each sequence
 * of the batch, head and time, whose elements are dense. */
#ifndef WGI_OPS_ATTENTION_H
#define WGI_OPS_ATTENTION_H

#include "core/op.h"
#include "ops/params.h"

/* From one row of an operand to the next, in elements. */
typedef struct wgi_attention_rows {
    int64_t batch;
    int64_t head;
    int64_t time;
} wgi_attention_rows;

/* q: [batch, heads, queries, depth], k: [batch, heads, keys, depth], v: [batch, heads, keys,
 * width]. */
typedef struct wgi_attention_shape {
    int64_t batch;
    int64_t heads;
    int64_t queries;
    int64_t keys;
    int64_t depth;
    int64_t width;
    wgi_attention_rows q;
    wgi_attention_rows k;
    wgi_attention_rows v;
    wgi_attention_rows y;
    int64_t
        k_at; /* where the first row of k and of v is, in elements after that of q; 0 but in a */
    int64_t v_at;    /* packed operand */
    int64_t mask[4]; /* strides along batch, heads, queries and keys */
} wgi_attention_shape;

/* Of operands that have been checked; q, k and v are views of their own. */
wgi_attention_shape wgi_attention_of(const wgi_view *q, const wgi_view *k, const wgi_view *v,
                                     const wgi_attention_attr *attr);

/* The same of a packed operand, [batch, time, 3, heads, depth]. */
wgi_attention_shape wgi_attention_of_packed(const wgi_view *qkv);

/* Adds the strides of a mask. */
void wgi_attention_take_mask(wgi_attention_shape *shape, int32_t rank, const wgi_view *mask);

/* Two for each multiply-add of the products: of queries with keys and of weights with values. The
 * gradient has the first once more, and a product for each of dv, dp, dq and dk. */
double wgi_attention_flops(const wgi_attention_shape *shape);
double wgi_attention_backward_flops(const wgi_attention_shape *shape);

/* Operand `at` is a mask that suits scores of the shape and the dtype of operand 0. */
WGI_NODISCARD wg_status wgi_attention_check_mask(wgi_infer *q, int32_t at, int32_t rank,
                                                 const wgi_attention_shape *shape);

/* Output 1 of both: the logarithm of each row's sum. */
WGI_NODISCARD wg_status wgi_attention_infer_lse(wgi_infer *q, int32_t rank,
                                                const wgi_attention_shape *shape);

/* What options ask for, and the scale where they leave it to the depth; false where the graph has
 * been failed and *failed is the node to return. */
struct wg_attention_options;
bool wgi_attention_take(const wgi_draft *draft, const struct wg_attention_options *options,
                        int64_t depth, wgi_attention_attr *attr, double *scale, wg_node *failed);

/* The attributes of both, of calls by name. */
#define WGI_ATTENTION_CAUSAL                                                                       \
    {                                                                                              \
        .name = "is_causal", .kind = WGI_ATTR_FLAG, .is_optional = true,                           \
        .place = WGI_AT_I64(wgi_attention_attr, is_causal)                                         \
    }
#define WGI_ATTENTION_TIME_FIRST                                                                   \
    {                                                                                              \
        .name = "is_time_first", .kind = WGI_ATTR_FLAG, .is_optional = true,                       \
        .place = WGI_AT_I64(wgi_attention_attr, is_time_first)                                     \
    }
#define WGI_ATTENTION_SCALE                                                                        \
    {                                                                                              \
        .name = "scale", .kind = WGI_ATTR_REAL, .is_optional = true, .place = WGI_AT_NUMBER(0)     \
    }

/* Records attention_backward: dq, dk and dv of operands of their own. `mask` may be none. */
wg_node wgi_attention_backward(const wg_node in[7], const wgi_attention_attr *attr,
                               wgi_number scale);

/* The gradient rule of attention, also of one whose operands are slices of another's. */
void wgi_attention_gradient(wgi_rule *rule);

/* Attention itself, with a number that is there already. */
wg_node wgi_attention_again(const wg_node in[4], const wgi_attention_attr *attr, wgi_number scale);

#endif
