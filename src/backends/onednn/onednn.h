/* The oneDNN backend.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_ONEDNN_ONEDNN_H
#define WG_ONEDNN_ONEDNN_H

#include "core/backend.h"

/* Its open gives WG_ERR_ENGINE where the library finds no CPU engine: the context then does
 * without this backend. */
extern const wgi_backend wgi_onednn_backend;

#endif
