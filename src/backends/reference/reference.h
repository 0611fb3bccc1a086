/* The reference backend: the plain loops that every op brings along.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGI_REFERENCE_REFERENCE_H
#define WGI_REFERENCE_REFERENCE_H

#include "core/backend.h"

/* Its one kernel serves every op: its `op` is NULL. */
extern const wgi_backend wgi_reference_backend;

/* The plain loops of sgd and adam. */
extern const wgi_updates wgi_reference_updates;

#endif
