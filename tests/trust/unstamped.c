/* Constructors without stamps.
 * SPDX-License-Identifier: Apache-2.0 */
#define WG_NO_LOCATIONS

#include "unstamped.h"

#include <wengert/wengert.h>

wg_node unstamped_number(wg_graph *g)
{
    return wg_number(g, WG_F32, 1);
}

wg_node unstamped_exp(wg_node x)
{
    return wg_exp(x);
}

wg_node unstamped_softmax(wg_node x)
{
    return wg_softmax(x, 0);
}
