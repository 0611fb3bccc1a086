/* A backend that evaluates groups member by member with the reference kernels.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_STEPWISE_H
#define WG_TESTS_STEPWISE_H

#include "core/backend.h"

/* Lets groups of plans that a context makes from now on be evaluated so. */
void wgt_stepwise_add(wg_context *ctx);

#endif
