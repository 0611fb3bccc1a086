/* The table of all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_TABLE_H
#define WGI_OPS_TABLE_H

#include "core/op.h"

/* Static; never NULL. */
const wgi_op_table *wgi_op_table_get(void);

#endif
