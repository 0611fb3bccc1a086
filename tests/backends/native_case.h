/* One native kernel on its own: prepared, run in scratch of just the size it asked for, destroyed.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_NATIVE_CASE_H
#define WG_TESTS_NATIVE_CASE_H

#include <wengert/tensor.h>

#include "backends/native/native.h"

/* What a kernel is run on. */
typedef struct wgt_native_case {
    const char *op;
    int32_t n_in;
    int32_t n_out;
    wgi_view in[3];
    wgi_view out[2];
    const void *attr;
} wgt_native_case;

/* NULL, or the reason of the kernel's refusal. */
const char *wgt_native_refusal(const wgt_native_case *c);

/* Runs the native kernel by one instruction set. Memory that it must not touch is checked. */
wg_status wgt_native_run(const wgt_native_case *c, wgi_isa isa, int32_t threads, wgi_fault *fault);

/* Runs the reference kernel of the dispatch operand's dtype. */
wg_status wgt_reference_run(const wgt_native_case *c, wgi_fault *fault);

/* A view of `dims` with data of its own, aligned to 64, every byte 0xa5, 8 bytes longer than it
 * seems; dims must stay. Data are to be freed. */
wgi_view wgt_view(int dtype, int32_t rank, const int64_t *dims);

/* Its bytes with those behind it. */
size_t wgt_view_bytes(const wgi_view *v);

/* Fills it with normal numbers; where has_specials, one in eight is 0, -0, infinite, NaN, tiny or
 * huge. */
void wgt_view_draw(const wgi_view *v, wg_rng *rng, bool has_specials);

/* The largest |a - b| / (|b| + least) over two views, 0 where there is none; equal infinities and
 * two NaN agree, anything else that is not finite gives infinity. */
double wgt_view_error(const wgi_view *a, const wgi_view *b, double least);

#endif
