/* The native update kernels; core/backend.h is their contract.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_UPDATES_H
#define WG_NATIVE_UPDATES_H

#include "core/backend.h"

wg_status wgi_native_sgd(const wgi_sgd_update *u);
wg_status wgi_native_adam(const wgi_adam_update *u);

#endif
