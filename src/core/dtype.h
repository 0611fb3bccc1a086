/* Dtypes: sizes, classes and element conversion.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CORE_DTYPE_H
#define WG_CORE_DTYPE_H

#include <wengert/base.h>

#include "core/compiler.h"

/* The wide dtype of the tests; not a value of the public enum. */
#define WGI_DTYPE_WIDE 6

/* dtype values are below this, so that it sizes tables. */
#define WGI_N_DTYPES 7

static inline bool wgi_is_floating(int dtype)
{
    return dtype == WG_F32 || dtype == WG_F64 || dtype == WGI_DTYPE_WIDE;
}

/* Whether the dtype exists in this build. */
bool wgi_dtype_is_valid(int dtype);

/* Converts n elements by the rules of wg_cast. src and dst do not overlap. */
void wgi_convert(int dst_dtype, void *dst, int src_dtype, const void *src, int64_t n);

/* One element as a double, and back (as wg_cast). */
double wgi_load_double(int dtype, const void *data, int64_t i);
void wgi_store_double(int dtype, void *data, int64_t i, double value);

#endif
