/* The numbers of the ops, in the order of ops.def.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_OP_IDS_H
#define WGI_OPS_OP_IDS_H

#include "core/op.h"

/* WGI_OP_<name> for every op; 0 is WGI_OP_LEAF, which is none of them. */
enum {
    WGI_OP_BEFORE_FIRST = WGI_OP_LEAF,
#define WGI_OP(name, file) WGI_OP_##name,
#define WGI_INTERNAL(name, file) WGI_OP_##name,
#include "ops/ops.def"
    WGI_N_OPS
};

#endif
