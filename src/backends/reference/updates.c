/* The reference updates, as the formulas read.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: arrays of f32 or f64 change in place, all of a call's or none. */
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

static bool are_served(const wgi_update *updates, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (updates[i].dtype != WG_F32 && updates[i].dtype != WG_F64) {
            return false;
        }
    }
    return true;
}

/* One tensor's update by a rule. */
typedef void (*one_update)(const void *rule, const wgi_update *u);

static wg_status update_list(one_update one, const void *rule, const wgi_update *updates, size_t n)
{
    if (!are_served(updates, n)) {
        return WG_ERR_UNSUPPORTED;
    }
    for (size_t i = 0; i < n; i++) {
        one(rule, &updates[i]);
    }
    return WG_OK;
}

static void sgd_one(const void *rule, const wgi_update *u)
{
    if (u->dtype == WG_F32 && u->state[0] == NULL) {
        sgd_plain_f32(u);
    } else if (u->dtype == WG_F32) {
        sgd_momentum_f32(rule, u);
    } else if (u->state[0] == NULL) {
        sgd_plain_f64(u);
    } else {
        sgd_momentum_f64(rule, u);
    }
}

static wg_status sgd(const wgi_sgd_rule *rule, const wgi_update *updates, size_t n, int32_t threads)
{
    (void)threads;
    return update_list(sgd_one, rule, updates, n);
}

static void adam_one(const void *rule, const wgi_update *u)
{
    if (u->dtype == WG_F32) {
        adam_f32(rule, u);
    } else {
        adam_f64(rule, u);
    }
}

static wg_status adam(const wgi_adam_rule *rule, const wgi_update *updates, size_t n,
                      int32_t threads)
{
    (void)threads;
    return update_list(adam_one, rule, updates, n);
}

static void rmsprop_one(const void *rule, const wgi_update *u)
{
    if (u->dtype == WG_F32) {
        rmsprop_f32(rule, u);
    } else {
        rmsprop_f64(rule, u);
    }
}

static wg_status rmsprop(const wgi_rmsprop_rule *rule, const wgi_update *updates, size_t n,
                         int32_t threads)
{
    (void)threads;
    return update_list(rmsprop_one, rule, updates, n);
}

static void adagrad_one(const void *rule, const wgi_update *u)
{
    if (u->dtype == WG_F32) {
        adagrad_f32(rule, u);
    } else {
        adagrad_f64(rule, u);
    }
}

static wg_status adagrad(const wgi_adagrad_rule *rule, const wgi_update *updates, size_t n,
                         int32_t threads)
{
    (void)threads;
    return update_list(adagrad_one, rule, updates, n);
}

const wgi_updates wgi_reference_updates = {
    .backend = "reference",
    .sgd = sgd,
    .adam = adam,
    .rmsprop = rmsprop,
    .adagrad = adagrad,
};
