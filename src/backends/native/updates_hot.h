/* The native update kernels; core/backend.h is their contract.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_UPDATES_HOT_H
#define WG_NATIVE_UPDATES_HOT_H

#include "backends/native/isa.h"
#include "core/backend.h"

WGI_HOT_DECLARE(wgi_updates, wgi_native_updates);

#endif
