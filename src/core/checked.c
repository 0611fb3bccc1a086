/* Checked arithmetic on sizes and dims.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: *out is written when the true result fits, and only then. */
#include "core/checked.h"

bool wgi_size_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b) {
        return false;
    }
    *out = a + b;
    return true;
}

bool wgi_size_mul(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) {
        return false;
    }
    *out = a * b;
    return true;
}

bool wgi_dim_add(int64_t a, int64_t b, int64_t *out)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b)) {
        return false;
    }
    *out = a + b;
    return true;
}

bool wgi_dim_mul(int64_t a, int64_t b, int64_t *out)
{
    if (a < 0 || b < 0 || (b != 0 && a > INT64_MAX / b)) {
        return false;
    }
    *out = a * b;
    return true;
}

bool wgi_size_align(size_t a, size_t alignment, size_t *out)
{
    size_t raised;
    if (!wgi_size_add(a, alignment - 1, &raised)) {
        return false;
    }
    *out = raised & ~(alignment - 1);
    return true;
}
