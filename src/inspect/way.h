/* What explanations and checks ask of a shadow alike.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_INSPECT_WAY_H
#define WG_INSPECT_WAY_H

#include <wengert/graph.h>

/* Marks the entries that `loss` depends on, itself included. on_way has a byte for each entry up to
 * it, zeros at first. */
void wgi_mark_way(wg_node loss, uint8_t *on_way);

/* A tensor of the same type and elements, the caller's. Errors: as wg_tensor_create. */
wg_status wgi_copy_of(wg_context *ctx, const wg_tensor *t, wg_tensor **out);

#endif
