/* pick_label: the element of each row that its label says.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_PICK_H
#define WG_OPS_PICK_H

#include "core/op.h"
#include "ops/params.h"

/* x [n, classes], or [classes] for every label the same row; labels i64 [n]. Output 0: x at the
 * label, [n], and 0 where the label is to be ignored; output 1: 1 where it counts, else 0. */
wg_node wgi_pick(wg_node x, wg_node labels, const wgi_pick_attr *attr);

#endif
