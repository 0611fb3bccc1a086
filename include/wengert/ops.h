/* The ops. Every constructor checks, infers shape and dtype, and records; nothing is computed.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Errors are the graph's (wg_graph_status): WG_ERR_HANDLE and WG_ERR_STALE for operands,
 * WG_ERR_SHAPE, WG_ERR_DTYPE, WG_ERR_RANGE, WG_ERR_MEMORY as each op says. "Broadcasts" is
 * NumPy's rule: shapes aligned at the right, sizes equal or 1. gate(dy, d) is dy * d, and exactly 0
 * where dy is exactly 0. "Floating" is f32 or f64. */
#ifndef WG_OPS_H
#define WG_OPS_H

#include <wengert/ops_activation.h>
#include <wengert/ops_attention.h>
#include <wengert/ops_contraction.h>
#include <wengert/ops_convolution.h>
#include <wengert/ops_indexing.h>
#include <wengert/ops_linalg.h>
#include <wengert/ops_loss.h>
#include <wengert/ops_normalization.h>
#include <wengert/ops_pointwise.h>
#include <wengert/ops_pooling.h>
#include <wengert/ops_random.h>
#include <wengert/ops_recurrence.h>
#include <wengert/ops_reduction.h>
#include <wengert/ops_shape.h>

#endif
