/* Checked arithmetic: every size in the library goes through here.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each function returns false, and leaves *out alone, when the true result does not fit. */
#ifndef WG_CORE_CHECKED_H
#define WG_CORE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"

WGI_NODISCARD bool wgi_size_add(size_t a, size_t b, size_t *out);
WGI_NODISCARD bool wgi_size_mul(size_t a, size_t b, size_t *out);
WGI_NODISCARD bool wgi_dim_add(int64_t a, int64_t b, int64_t *out);

/* Product of two sizes >= 0. */
WGI_NODISCARD bool wgi_dim_mul(int64_t a, int64_t b, int64_t *out);

/* Rounds up to a multiple of `alignment`, a power of two. */
WGI_NODISCARD bool wgi_size_align(size_t a, size_t alignment, size_t *out);

#endif
