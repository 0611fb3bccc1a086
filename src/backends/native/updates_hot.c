/* Updates over lists of tensors, for one instruction set.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The loops are those of core/backend.h, one rounding at a time in the order written there: the
 * vectoriser and the threads may change how many elements go at once, never what becomes of one. */
#include "backends/native/updates_hot.h"

#include <math.h>

#include "core/compiler.h"

/* Elements that are worth a thread, and those that stay together in one. Gradients lie in the
 * caches of the threads that made them, so that updates are shared early. */
#define THREAD_ELEMENTS ((int64_t)32768)
#define GRAIN ((int64_t)64)

/* What adam's step gives its elements, in f64; worked out anew where one of the first three is
 * another. */
typedef struct adam_scales {
    int64_t step; /* 0: not worked out yet */
    double rate;
    double weight_decay;
    double r;
    double c;
    double k;
} adam_scales;

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

/* ---- lists -------------------------------------------------------------------------------- */

static bool are_served(const wgi_update *updates, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (updates[i].dtype != WG_F32 && updates[i].dtype != WG_F64) {
            return false;
        }
    }
    return true;
}

/* As many as there is work for. */
static int64_t count_parts(const wgi_update *updates, size_t n, int32_t threads)
{
    const int64_t limit = threads > 1 ? threads : 1;
    int64_t elements = 0;
    for (size_t i = 0; i < n && elements / THREAD_ELEMENTS < limit; i++) {
        elements += updates[i].n;
    }
    const int64_t parts = elements / THREAD_ELEMENTS;
    return parts < 1 ? 1 : parts < limit ? parts : limit;
}

static void *at(const void *data, int32_t dtype, int64_t i)
{
    if (data == NULL) {
        return NULL;
    }
    return dtype == WG_F32 ? (void *)((float *)data + i) : (void *)((double *)data + i);
}

/* The elements of u that part `i` of `parts` changes. */
static wgi_update part_of(const wgi_update *u, int64_t i, int64_t parts)
{
    wgi_update piece = *u;
    const int64_t share = (u->n / GRAIN + parts) / parts * GRAIN;
    const int64_t begin = share * i < u->n ? share * i : u->n;
    piece.n = u->n - begin < share ? u->n - begin : share;
    piece.value = at(u->value, u->dtype, begin);
    piece.gradient = at(u->gradient, u->dtype, begin);
    for (int k = 0; k < WG_MAX_STATES; k++) {
        piece.state[k] = at(u->state[k], u->dtype, begin);
    }
    return piece;
}

/* One tensor's update by a rule. */
typedef void (*one_update)(const void *rule, const wgi_update *u);

/* All of a list, in parts where there is work for threads. */
static wg_status update_list(one_update one, const void *rule, const wgi_update *updates, size_t n,
                             int32_t threads)
{
    if (!are_served(updates, n)) {
        return WG_ERR_UNSUPPORTED;
    }
    const int64_t parts = count_parts(updates, n, threads);
    if (parts == 1) {
        for (size_t i = 0; i < n; i++) {
            one(rule, &updates[i]);
        }
        return WG_OK;
    }
#if defined(WGI_HAVE_OPENMP)
#pragma omp parallel for num_threads((int)parts) schedule(static)
#endif
    for (int64_t part = 0; part < parts; part++) {
        for (size_t i = 0; i < n; i++) {
            const wgi_update piece = part_of(&updates[i], part, parts);
            one(rule, &piece);
        }
    }
    return WG_OK;
}

/* ---- sgd, rmsprop, adagrad ---------------------------------------------------------------- */

static void sgd_one(const void *rule, const wgi_update *u)
{
    if (u->dtype == WG_F32) {
        sgd_f32(rule, u);
    } else {
        sgd_f64(rule, u);
    }
}

static wg_status sgd(const wgi_sgd_rule *rule, const wgi_update *updates, size_t n, int32_t threads)
{
    return update_list(sgd_one, rule, updates, n, threads);
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
    return update_list(rmsprop_one, rule, updates, n, threads);
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
    return update_list(adagrad_one, rule, updates, n, threads);
}

/* ---- adam --------------------------------------------------------------------------------- */

static adam_scales scales_of(const wgi_adam_rule *rule, const wgi_update *u)
{
    const double step = (double)u->step;
    return (adam_scales){.step = u->step,
                         .rate = u->rate,
                         .weight_decay = u->weight_decay,
                         .r = u->rate / (1.0 - pow(rule->beta1, step)),
                         .c = sqrt(1.0 - pow(rule->beta2, step)),
                         .k = rule->is_decoupled ? 1.0 - u->rate * u->weight_decay : 1.0};
}

static bool are_scales_of(const adam_scales *scales, const wgi_update *u)
{
    return scales->step == u->step && scales->rate == u->rate &&
           scales->weight_decay == u->weight_decay;
}

static void adam_one(const wgi_adam_rule *rule, const wgi_update *u, adam_scales *scales)
{
    if (!are_scales_of(scales, u)) {
        *scales = scales_of(rule, u);
    }
    if (u->dtype == WG_F32) {
        adam_f32(rule, u, scales);
    } else {
        adam_f64(rule, u, scales);
    }
}

static void adam_part(const wgi_adam_rule *rule, const wgi_update *updates, size_t n, int64_t part,
                      int64_t parts)
{
    adam_scales scales = {.step = 0};
    for (size_t i = 0; i < n; i++) {
        const wgi_update piece = part_of(&updates[i], part, parts);
        adam_one(rule, &piece, &scales);
    }
}

static wg_status adam(const wgi_adam_rule *rule, const wgi_update *updates, size_t n,
                      int32_t threads)
{
    if (!are_served(updates, n)) {
        return WG_ERR_UNSUPPORTED;
    }
    const int64_t parts = count_parts(updates, n, threads);
    if (parts == 1) {
        adam_part(rule, updates, n, 0, 1);
        return WG_OK;
    }
#if defined(WGI_HAVE_OPENMP)
#pragma omp parallel for num_threads((int)parts) schedule(static)
#endif
    for (int64_t part = 0; part < parts; part++) {
        adam_part(rule, updates, n, part, parts);
    }
    return WG_OK;
}

const wgi_updates HOT(wgi_native_updates) = {
    .backend = "native",
    .sgd = sgd,
    .adam = adam,
    .rmsprop = rmsprop,
    .adagrad = adagrad,
};
