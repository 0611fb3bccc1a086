/* SGD and Adam over arrays.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The loops are those of core/backend.h, one rounding at a time in the order written there: the
 * vectoriser may change how many elements go at once, never what becomes of one. */
#include "backends/native/updates.h"

#include <math.h>

#define real float
#define R(function) function##f
#define K(name) name##_f32
#include "backends/native/updates_loops.h"
#undef real
#undef R
#undef K

#define real double
#define R(function) function
#define K(name) name##_f64
#include "backends/native/updates_loops.h"
#undef real
#undef R
#undef K

wg_status wgi_native_sgd(const wgi_sgd_update *u)
{
    switch (u->dtype) {
    case WG_F32:
        sgd_f32(u);
        return WG_OK;
    case WG_F64:
        sgd_f64(u);
        return WG_OK;
    default:
        return WG_ERR_UNSUPPORTED;
    }
}

wg_status wgi_native_adam(const wgi_adam_update *u)
{
    switch (u->dtype) {
    case WG_F32:
        adam_f32(u);
        return WG_OK;
    case WG_F64:
        adam_f64(u);
        return WG_OK;
    default:
        return WG_ERR_UNSUPPORTED;
    }
}
