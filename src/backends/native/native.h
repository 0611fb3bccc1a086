/* The native backend: portable C that the compiler vectorises.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_NATIVE_H
#define WG_NATIVE_NATIVE_H

#include "core/backend.h"

extern const wgi_backend wgi_native_backend;

#endif
