/* The native backend: portable C that the compiler vectorises.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_NATIVE_NATIVE_H
#define WG_NATIVE_NATIVE_H

#include "backends/native/isa.h"
#include "backends/native/pointwise.h"
#include "core/backend.h"

/* The backend's state: wgi_problem.backend of its kernels. */
typedef struct wgi_native {
    wgi_isa isa;
    const wgi_pointwise *pointwise; /* the kernels for isa */
    wgi_role *roles;                /* of each op of the context's table */
    size_t n_roles;
} wgi_native;

extern const wgi_backend wgi_native_backend;

#endif
