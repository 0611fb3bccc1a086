/* Backends of users: their kernels behind the library's contract.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_USER_USER_H
#define WG_USER_USER_H

#include <wengert/backend.h>

#include "core/op.h"

/* Where an op's attributes are, and what they are called. */
struct wg_kernel_attributes {
    const wgi_op *op;
    const void *data; /* of a record or a plan; NULL where the op has none */
};

#endif
