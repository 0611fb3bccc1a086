/* What many ops share: recording one node, checks of shape rules, steps of gradient rules.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_SUPPORT_H
#define WGI_OPS_SUPPORT_H

#include <wengert/ops.h>

#include "core/op.h"
#include "ops/op_ids.h"

/* Records an op of one or two operands, without numbers; attr may be NULL. */
wg_node wgi_record_unary(uint16_t op, wg_node x, const void *attr);
wg_node wgi_record_binary(uint16_t op, wg_node a, wg_node b, const void *attr);

/* The draft of a form of one operand, which is x. */
#define WGI_FORM_DRAFT(name, x)                                                                    \
    {                                                                                              \
        .form = &wgi_op_##name, .n_in = 1, .in = &(x)                                              \
    }

/* Checks of shape rules; the message names operand i as the op's row does.
 *   floating      "needs a floating dtype: i64 (x)"
 *   numeric       "needs a floating or i64 dtype: bool (a)"
 *   same dtype    "dtypes differ: f32 (a) vs f64 (b)"
 *   min rank      "needs rank >= 2: 1 (a)" */
WGI_NODISCARD wg_status wgi_check_floating(wgi_infer *q, int32_t i);
WGI_NODISCARD wg_status wgi_check_numeric(wgi_infer *q, int32_t i);
WGI_NODISCARD wg_status wgi_check_same_dtype(wgi_infer *q, int32_t i, int32_t j);
WGI_NODISCARD wg_status wgi_check_min_rank(wgi_infer *q, int32_t i, int32_t min_rank);

/* The result has the type of operand i, or its shape under another dtype. */
WGI_NODISCARD wg_status wgi_infer_like(wgi_infer *q, int32_t output, int32_t i);
WGI_NODISCARD wg_status wgi_infer_shape(wgi_infer *q, int32_t output, int dtype, int32_t rank,
                                        const int64_t *dims);

/* Output 0 is as the attributes, a wgi_draw_attr of a floating dtype, say: "needs a floating dtype:
 * i64". */
WGI_NODISCARD wg_status wgi_infer_drawn(wgi_infer *q);

/* Output 0 has the given dtype and all operands broadcast: "shapes do not broadcast: 3 (a, axis 1)
 * vs 4 (b, axis 0)". */
WGI_NODISCARD wg_status wgi_infer_broadcast(wgi_infer *q, int dtype);

/* Whether shape `from` broadcasts to shape `to`, each named for the message: "shapes do not
 * broadcast: 3 (x, axis 1) to 2 (result, axis 1)". */
typedef struct wgi_named_shape {
    const char *name;
    int32_t rank;
    const int64_t *dims;
} wgi_named_shape;
WGI_NODISCARD wg_status wgi_check_broadcasts(wgi_infer *q, wgi_named_shape from,
                                             wgi_named_shape to);

/* For constructors that take a shape: copies it into dims[WG_MAX_RANK], zeros past the rank. False
 * where the graph has been failed, and *out is then the node to return. */
WGI_NODISCARD bool wgi_take_shape(const wgi_draft *draft, int32_t rank, const int64_t *from,
                                  int64_t *dims, wg_node *out);

/* For constructors that take an axis of x: its place in [0, rank). False as above: "axis 3 is out
 * of range for rank 2 (x)". */
WGI_NODISCARD bool wgi_take_axis(const wgi_draft *draft, wg_node x, int32_t axis, int64_t *place,
                                 wg_node *out);

/* dy summed to the shape of x, along which x was broadcast; dy itself where the shapes agree. */
wg_node wgi_sum_like(wg_node dy, wg_node x);

/* The same kernel for every dtype, as initialisers of wgi_op.reference. */
#if defined(WGI_WIDE)
#define WGI_ANY_DTYPE(run)                                                                         \
    [WG_F32] = run, [WG_F64] = run, [WG_I64] = run, [WG_BOOL] = run, [WG_U8] = run,                \
    [WGI_DTYPE_WIDE] = run
#else
#define WGI_ANY_DTYPE(run)                                                                         \
    [WG_F32] = run, [WG_F64] = run, [WG_I64] = run, [WG_BOOL] = run, [WG_U8] = run
#endif

/* The length of an array. */
#define WGI_COUNT(array) ((int32_t)(sizeof(array) / sizeof((array)[0])))

#endif
