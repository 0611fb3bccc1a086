/* Reductions for the tests: random problems, and what the reference makes of them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_REDUCE_CASE_H
#define WG_TESTS_REDUCE_CASE_H

#include <wengert/tensor.h>

#include "core/backend.h"
#include "ops/params.h"

/* A reduction and its operand. Views point into the struct: it must not move. */
typedef struct wgt_reduction {
    const char *op;
    int64_t x_dims[WG_MAX_RANK];
    int64_t y_dims[WG_MAX_RANK];
    wgi_view x; /* data owned */
    wgi_view y; /* data owned, longer than it seems */
    wgi_reduce_attr reduce;
    wgi_shape_attr shape;
    const void *attr;
} wgt_reduction;

/* x of these dims over these axes (bit i: axis i), filled with normal numbers; y is not filled. */
void wgt_reduction_make(wgt_reduction *r, wg_rng *rng, const char *op, int dtype, int32_t rank,
                        const int64_t *dims, uint32_t axes);
void wgt_reduction_free(wgt_reduction *r);

/* Whether the n = y.count results are within the rounding that the order of additions may cost of
 * the reference's, and nothing behind them is written. */
bool wgt_reduction_is_right(const wgt_reduction *r, const void *y);

/* Memory of n + 8 elements of 8 bytes, aligned to 64, every byte 0xa5; to be freed. */
void *wgt_block(int64_t n);

#endif
