/* Recurrent cells and sequences. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_RECURRENCE_H
#define WG_OPS_RECURRENCE_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif
#endif
