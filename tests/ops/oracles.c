/* Comparing with the oracles of the pointwise ops.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The tables are in files of their own; here is what compares with them. */
#include "ops/oracles.h"

#include <float.h>
#include <math.h>
#include <string.h>

double wgt_rounded(wg_dtype dtype, long double x)
{
    return dtype == WG_F32 ? (double)(float)x : (double)x;
}

double wgt_ulp_of(wg_dtype dtype, double x)
{
    const double size = fabs(x);
    if (dtype == WG_F32) {
        const float f = (float)size;
        return (double)(f < FLT_MAX ? nextafterf(f, HUGE_VALF) - f : f - nextafterf(f, 0));
    }
    return size < DBL_MAX ? nextafter(size, HUGE_VAL) - size : size - nextafter(size, 0);
}

bool wgt_agrees_at(wg_dtype dtype, double found, double expected, double ulps, double scale)
{
    if (isnan(expected) || isnan(found)) {
        return isnan(expected) && isnan(found);
    }
    if (found == expected) {
        return signbit(found) == signbit(expected);
    }
    return isfinite(found) && isfinite(expected) &&
           fabs(found - expected) <= ulps * wgt_ulp_of(dtype, fmax(fabs(expected), scale));
}

bool wgt_agrees(wg_dtype dtype, double found, double expected, double ulps)
{
    return wgt_agrees_at(dtype, found, expected, ulps, 0);
}

double wgt_ulps_off(wg_dtype dtype, double y, long double expected)
{
    const double nearest = wgt_rounded(dtype, expected);
    if (!isfinite(nearest) || isnan(y)) {
        return wgt_agrees(dtype, y, nearest, 0) ? 0 : HUGE_VAL;
    }
    if (y == 0 && nearest == 0 && (signbit(y) != 0) != (signbit(nearest) != 0)) {
        return HUGE_VAL;
    }
    return (double)(fabsl((long double)y - expected) / (long double)wgt_ulp_of(dtype, nearest));
}

/* Named cases of test_hard_cases.c, and the golden ones, have these. */
static const char *const tested_elsewhere[] = {"cast", "where"};

bool wgt_has_oracle(const char *name)
{
    bool has = false;
    for (size_t i = 0; i < wgt_n_unaries; i++) {
        has = has || strcmp(wgt_unaries[i].name, name) == 0;
    }
    for (size_t i = 0; i < wgt_n_binaries; i++) {
        has = has || strcmp(wgt_binaries[i].name, name) == 0;
    }
    for (size_t i = 0; i < wgt_n_truths; i++) {
        has = has || strcmp(wgt_truths[i].name, name) == 0;
    }
    for (size_t i = 0; i < sizeof tested_elsewhere / sizeof *tested_elsewhere; i++) {
        has = has || strcmp(tested_elsewhere[i], name) == 0;
    }
    return has;
}
