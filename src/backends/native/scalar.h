/* Groups of single elements as lists of instructions; core/backend.h is the contract of groups.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A group whose shape has one element, and whose values are all of one floating dtype or bools
 * inside, needs no blocks: its values stand in one array, inputs first and then one for each
 * instruction, in order. A bool is 0 or 1 there. Inputs are copied in before the first instruction
 * and outputs out after the last, so that they may share memory as they like. */
#ifndef WG_NATIVE_SCALAR_H
#define WG_NATIVE_SCALAR_H

#include "backends/native/group.h"

/* What an instruction computes: a wgi_function, and which of its operands is the result of the
 * instruction before it. That one is still in a register, where a chain of cheap functions would
 * wait for the memory. */
#define WGI_SCALAR(function, fresh) ((uint32_t)(function)*3U + (fresh))
enum {
    WGI_FRESH_NONE = 0,
    WGI_FRESH_A,
    WGI_FRESH_B
};

/* Or one of these. */
enum {
    WGI_SCALAR_WHERE = WGI_N_FUNCTIONS * 3,
    WGI_SCALAR_COPY,
    WGI_SCALAR_FILL
};

/* Operands are values; b of a numbered function, and of a fill, is its number. */
typedef struct wgi_scalar {
    uint32_t code;
    uint32_t a;
    uint32_t b;
    uint32_t c;
} wgi_scalar;

/* Runs n instructions; the first result is values[n_in]. */
typedef void (*wgi_scalar_run)(const wgi_scalar *code, size_t n, size_t n_in, void *values,
                               const double *numbers);

typedef struct wgi_scalars {
    wgi_scalar_run f32;
    wgi_scalar_run f64;
} wgi_scalars;

WGI_HOT_DECLARE(wgi_scalars, wgi_scalars_hot);

/* WG_ERR_UNSUPPORTED where the group is another's to evaluate. */
wg_status wgi_scalar_prepare(const wgi_problem *problem, wgi_prepared *out);

#endif
