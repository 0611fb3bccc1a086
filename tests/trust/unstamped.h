/* Constructors called by a file that has switched the stamps off.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TRUST_UNSTAMPED_H
#define WG_TRUST_UNSTAMPED_H

#include <wengert/graph.h>

wg_node unstamped_number(wg_graph *g);
wg_node unstamped_exp(wg_node x);
wg_node unstamped_softmax(wg_node x);

#endif
