/* Pooling and upsampling. ops.h says what holds for all ops.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_OPS_POOLING_H
#define WG_OPS_POOLING_H

#include <wengert/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif
#endif
