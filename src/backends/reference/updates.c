/* The reference updates: sgd and adam as the formulas read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: arrays of n elements of one dtype, f32 or f64, change in place. */
#include "backends/reference/reference.h"

#include <math.h>

#define real float
#define R(function) function##f
#define K(name) name##_f32
#include "backends/reference/update_loops.h"
#undef real
#undef R
#undef K

#define real double
#define R(function) function
#define K(name) name##_f64
#include "backends/reference/update_loops.h"
#undef real
#undef R
#undef K

static wg_status sgd(const wgi_sgd_update *update)
{
    if (update->dtype == WG_F32 && update->velocity == NULL) {
        sgd_plain_f32(update);
    } else if (update->dtype == WG_F32) {
        sgd_momentum_f32(update);
    } else if (update->dtype == WG_F64 && update->velocity == NULL) {
        sgd_plain_f64(update);
    } else if (update->dtype == WG_F64) {
        sgd_momentum_f64(update);
    } else {
        return WG_ERR_UNSUPPORTED;
    }
    return WG_OK;
}

static wg_status adam(const wgi_adam_update *update)
{
    if (update->dtype == WG_F32) {
        adam_f32(update);
    } else if (update->dtype == WG_F64) {
        adam_f64(update);
    } else {
        return WG_ERR_UNSUPPORTED;
    }
    return WG_OK;
}

const wgi_updates wgi_reference_updates = {
    .backend = "reference",
    .sgd = sgd,
    .adam = adam,
};
