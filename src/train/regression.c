/* Errors of predicted numbers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: target_mean and target_squares are those of the n targets so far, less origin. */
#include <wengert/metrics.h>

#include <math.h>

#include "core/context.h"
#include "core/shape.h"
#include "core/tensor.h"

static double element(const wg_tensor *t, int64_t i)
{
    return t->type.dtype == WG_F32 ? (double)((const float *)t->data)[i]
                                   : ((const double *)t->data)[i];
}

/* A column may stand as a vector. */
static bool is_column_of(const wgi_type *column, const wgi_type *vector)
{
    return column->rank == 2 && vector->rank == 1 && column->dims[0] == vector->dims[0] &&
           column->dims[1] == 1;
}

static wg_status check_operand(const wg_tensor *t, const char *what)
{
    const wg_dtype dtype = wg_tensor_dtype(t);
    if (dtype != WG_F32 && dtype != WG_F64) {
        return wgi_context_fail(t->ctx, WG_ERR_DTYPE, "regression: %s are floating, not %s", what,
                                wg_dtype_name(dtype));
    }
    if (wg_tensor_data(t) == NULL && wg_tensor_count(t) > 0) {
        return wgi_context_fail(t->ctx, WG_ERR_STALE, "regression: %s without data", what);
    }
    return WG_OK;
}

static wg_status check(const wg_tensor *x, const wg_tensor *y)
{
    wg_status status = check_operand(x, "predictions");
    if (status == WG_OK) {
        status = check_operand(y, "targets");
    }
    if (status == WG_OK &&
        !wgi_same_shape(x->type.rank, x->type.dims, y->type.rank, y->type.dims) &&
        !is_column_of(&x->type, &y->type) && !is_column_of(&y->type, &x->type)) {
        char a[WGI_SHAPE_TEXT];
        char b[WGI_SHAPE_TEXT];
        status = wgi_context_fail(x->ctx, WG_ERR_SHAPE, "regression: predictions %s, targets %s",
                                  wgi_shape_text(x->type.rank, x->type.dims, a, sizeof a),
                                  wgi_shape_text(y->type.rank, y->type.dims, b, sizeof b));
    }
    return status;
}

/* The targets of a batch by themselves, in two passes, and then merged. */
static void add_targets(wg_regression *r, const wg_tensor *y, int64_t n)
{
    wg_meter mean = {0, 0, 0};
    wg_meter squares = {0, 0, 0};
    r->origin = r->n == 0 ? element(y, 0) : r->origin;
    for (int64_t i = 0; i < n; i++) {
        (void)wg_meter_add(&mean, element(y, i) - r->origin, 1);
    }
    const double center = wg_meter_mean(&mean);
    for (int64_t i = 0; i < n; i++) {
        const double d = element(y, i) - r->origin - center;
        (void)wg_meter_add(&squares, d * d, 1);
    }
    const double all = (double)r->n + (double)n;
    const double apart = center - r->target_mean;
    r->target_mean += apart * ((double)n / all);
    r->target_squares +=
        squares.sum + squares.rest + apart * apart * ((double)r->n * ((double)n / all));
    r->n += n;
}

wg_status wg_regression_add(wg_regression *r, const wg_tensor *predictions,
                            const wg_tensor *targets)
{
    if (r == NULL || predictions == NULL || targets == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wg_status status = check(predictions, targets);
    const int64_t n = wg_tensor_count(targets);
    if (status != WG_OK || n == 0) {
        return status;
    }
    for (int64_t i = 0; i < n; i++) {
        const double d = element(predictions, i) - element(targets, i);
        (void)wg_meter_add(&r->squares, d * d, 1);
        (void)wg_meter_add(&r->distances, fabs(d), 1);
    }
    add_targets(r, targets, n);
    return WG_OK;
}

double wg_regression_mse(const wg_regression *r)
{
    return r == NULL ? (double)NAN : wg_meter_mean(&r->squares);
}

double wg_regression_mae(const wg_regression *r)
{
    return r == NULL ? (double)NAN : wg_meter_mean(&r->distances);
}

double wg_regression_r2(const wg_regression *r)
{
    if (r == NULL || r->n < 2) {
        return (double)NAN;
    }
    const double squares = r->squares.sum + r->squares.rest;
    if (r->target_squares == 0) {
        return squares == 0 ? 1 : (isnan(squares) ? (double)NAN : 0);
    }
    return 1 - squares / r->target_squares;
}
