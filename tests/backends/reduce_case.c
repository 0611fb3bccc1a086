/* Reductions for the tests.
 * SPDX-License-Identifier: Apache-2.0 */
#include "backends/reduce_case.h"

#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/native_case.h"
#include "core/dtype.h"

void *wgt_block(int64_t n)
{
    void *data = NULL;
    const size_t bytes = ((size_t)n + 8) * 8;
    assert_int_equal(posix_memalign(&data, 64, bytes), 0);
    memset(data, 0xa5, bytes);
    return data;
}

static void lay_out(wgt_reduction *r, int dtype, int32_t rank, const int64_t *dims, uint32_t axes)
{
    r->x = (wgi_view){NULL, dtype, rank, r->x_dims, 1};
    r->y = (wgi_view){NULL, dtype, 0, r->y_dims, 1};
    const bool keeps = r->reduce.keepdims != 0;
    for (int32_t i = 0; i < rank; i++) {
        const bool is_reduced = (axes >> i & 1u) != 0;
        r->x_dims[i] = dims[i];
        r->x.count *= dims[i];
        if (keeps || !is_reduced) {
            r->y_dims[r->y.rank++] = is_reduced ? 1 : dims[i];
            r->y.count *= is_reduced ? 1 : dims[i];
        }
    }
}

void wgt_reduction_make(wgt_reduction *r, wg_rng *rng, const char *op, int dtype, int32_t rank,
                        const int64_t *dims, uint32_t axes)
{
    *r = (wgt_reduction){.op = op, .reduce = {.axes = axes}};
    const bool is_sum_to = strcmp(op, "sum_to") == 0;
    r->reduce.keepdims = is_sum_to || wg_rng_below(rng, 2) == 1;
    lay_out(r, dtype, rank, dims, axes);
    r->shape.rank = r->y.rank;
    memcpy(r->shape.dims, r->y_dims, sizeof r->y_dims);
    r->attr = is_sum_to ? (const void *)&r->shape : &r->reduce;
    r->x.data = wgt_block(r->x.count);
    r->y.data = wgt_block(r->y.count);
    for (int64_t i = 0; i < r->x.count; i++) {
        const double value = wg_rng_normal(rng);
        wgi_store_double(dtype, r->x.data, i, dtype == WG_I64 ? value * 0x1p60 : value);
    }
}

void wgt_reduction_free(wgt_reduction *r)
{
    free(r->x.data);
    free(r->y.data);
}

static void run_reference(const wgt_reduction *r, const void *data, void *out)
{
    wgt_native_case c = {
        .op = r->op, .n_in = 1, .n_out = 1, .in = {r->x}, .out = {r->y}, .attr = r->attr};
    c.in[0].data = (void *)(uintptr_t)data;
    c.out[0].data = out;
    assert_int_equal(wgt_reference_run(&c, NULL), WG_OK);
}

/* The reference of the magnitudes: what roundings are relative to. */
static void *magnitudes(const wgt_reduction *r)
{
    void *x = wgt_block(r->x.count);
    void *y = wgt_block(r->y.count);
    for (int64_t i = 0; i < r->x.count; i++) {
        wgi_store_double(r->x.dtype, x, i, fabs(wgi_load_double(r->x.dtype, r->x.data, i)));
    }
    run_reference(r, x, y);
    free(x);
    return y;
}

static bool is_near(double a, double b, double bound)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= bound;
}

/* In f32 seven additions of a group are roundings in f32, and the result is one. In f64 each side
 * has at most as many roundings as elements; the reference adds them one by one. */
bool wgt_reduction_is_right(const wgt_reduction *r, const void *y)
{
    const size_t bytes = (size_t)r->y.count * wg_dtype_size((wg_dtype)r->y.dtype);
    void *expected = wgt_block(r->y.count);
    run_reference(r, r->x.data, expected);
    if (r->x.dtype == WG_I64) {
        const bool is_same = memcmp(y, expected, bytes + 8) == 0;
        free(expected);
        return is_same;
    }
    void *scale = magnitudes(r);
    const double each =
        r->x.dtype == WG_F32 ? 8 * (double)FLT_EPSILON / 2 : (double)r->x.count * DBL_EPSILON;
    bool is_right = memcmp((const char *)y + bytes, (char *)expected + bytes, 8) == 0;
    for (int64_t i = 0; i < r->y.count; i++) {
        is_right &=
            is_near(wgi_load_double(r->y.dtype, y, i), wgi_load_double(r->y.dtype, expected, i),
                    each * wgi_load_double(r->y.dtype, scale, i));
    }
    free(scale);
    free(expected);
    return is_right;
}
