/* stack_products: tensors of one type as the slices of one more axis, the first.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_OPS_STACK_PRODUCTS_H
#define WGI_OPS_STACK_PRODUCTS_H

#include <wengert/graph.h>

/* n > 0 nodes of one type, WG_MAX_PRODUCTS at most: [n] + x.dims. */
wg_node wgi_stack_products(const wg_node *xs, int32_t n);

#endif
