/* The parameter's own structure, shared by graph (which reads it and fills its gradient) and model
 * (which owns it).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: value is never NULL; gradient is NULL until the first backward that reaches the
 * parameter or until the model is flattened, then of value's type; its elements mean nothing while
 * is_gradient_empty. */
#ifndef WG_CORE_PARAM_H
#define WG_CORE_PARAM_H

#include <wengert/graph.h>

#include "core/tensor.h"

struct wg_param {
    wg_context *ctx;
    struct wg_model *model;
    char *name;
    wg_tensor *value;
    wg_tensor *gradient;
    bool is_gradient_empty;
    bool is_frozen;
    bool is_buffer;                /* frozen for good */
    bool is_shared;                /* a read-only view of another model's parameter */
    uint32_t index;                /* place in the model */
    int64_t flat_offset;           /* in elements, where value lies in the model's flat block */
    struct wg_param *next_removed; /* of those that were taken out of the model again */
};

#endif
