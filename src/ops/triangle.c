/* tril and triu: the lower and the upper triangle of matrices.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what is kept is copied and the rest is 0, whatever stood there. */
#include <string.h>

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

wg_node wg_tril(wg_node x, int64_t k)
{
    const wgi_triangle_attr attr = {.k = k};
    return wgi_record_unary(WGI_OP_tril, x, &attr);
}

wg_node wg_triu(wg_node x, int64_t k)
{
    const wgi_triangle_attr attr = {.k = k};
    return wgi_record_unary(WGI_OP_triu, x, &attr);
}

static wg_status infer(wgi_infer *q)
{
    const wg_status status = wgi_check_min_rank(q, 0, 2);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static void gradient_tril(wgi_rule *rule)
{
    const wgi_triangle_attr *attr = rule->attr;
    rule->dx[0] = wg_tril(rule->dy[0], attr->k);
}

static void gradient_triu(wgi_rule *rule)
{
    const wgi_triangle_attr *attr = rule->attr;
    rule->dx[0] = wg_triu(rule->dy[0], attr->k);
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* The first column of row i that lies above diagonal `k` of a matrix of n rows and m columns. */
static int64_t column_after(int64_t i, int64_t k, int64_t n, int64_t m)
{
    return clamp(i + clamp(k, -n - 1, m) + 1, 0, m);
}

/* Copies the columns [from, to) of a row of m and zeroes the others: zero bytes are zeros in every
 * dtype. */
static void keep(char *y, const char *x, int64_t from, int64_t to, int64_t m, size_t size)
{
    memset(y, 0, (size_t)m * size);
    if (to > from) {
        memcpy(y + (size_t)from * size, x + (size_t)from * size, (size_t)(to - from) * size);
    }
}

static void run_rows(const wgi_args *args, bool is_lower)
{
    const wgi_triangle_attr *attr = args->attr;
    const wgi_view *x = args->in;
    const int64_t n = x->dims[x->rank - 2];
    const int64_t m = x->dims[x->rank - 1];
    const size_t size = wg_dtype_size((wg_dtype)x->dtype);
    const int64_t rows = m > 0 ? x->count / m : 0;
    for (int64_t r = 0; r < rows; r++) {
        const size_t at = (size_t)(r * m) * size;
        const int64_t lower = column_after(r % n, attr->k, n, m);
        /* The diagonal itself belongs to both. */
        const int64_t upper = attr->k == INT64_MIN ? 0 : column_after(r % n, attr->k - 1, n, m);
        keep((char *)args->out->data + at, (const char *)x->data + at, is_lower ? 0 : upper,
             is_lower ? lower : m, m, size);
    }
}

static wg_status run_tril(const wgi_args *args)
{
    run_rows(args, true);
    return WG_OK;
}

static wg_status run_triu(const wgi_args *args)
{
    run_rows(args, false);
    return WG_OK;
}

#define TRIANGLE(op)                                                                               \
    WGI_BUILD(op##_0, wg_##op(in[0], 0))                                                           \
    WGI_BUILD(op##_1, wg_##op(in[0], 1))                                                           \
    WGI_BUILD(op##_minus_1, wg_##op(in[0], -1))                                                    \
    WGI_BUILD(op##_most, wg_##op(in[0], INT64_MAX))                                                \
    WGI_BUILD(op##_least, wg_##op(in[0], INT64_MIN))                                               \
    static const wgi_sample op##_samples[] = {                                                     \
        WGI_GOOD("square", op##_0, 1, WGI_IN_2(3, 3, WGI_NORMAL)),                                 \
        WGI_GOOD("wide", op##_1, 1, WGI_IN_2(3, 5, WGI_NORMAL)),                                   \
        WGI_GOOD("tall", op##_minus_1, 1, WGI_IN_2(5, 3, WGI_NORMAL)),                             \
        WGI_GOOD("batch", op##_0, 1, WGI_IN_4(2, 1, 3, 2, WGI_NORMAL)),                            \
        WGI_GOOD("far above", op##_most, 1, WGI_IN_2(2, 3, WGI_NORMAL)),                           \
        WGI_GOOD("far below", op##_least, 1, WGI_IN_2(2, 3, WGI_NORMAL)),                          \
        WGI_GOOD("size 1", op##_0, 1, WGI_IN_2(1, 1, WGI_NORMAL)),                                 \
        WGI_GOOD("no columns", op##_0, 1, WGI_IN_2(3, 0, WGI_NORMAL)),                             \
        WGI_GOOD("no rows", op##_0, 1, WGI_IN_2(0, 3, WGI_NORMAL)),                                \
        WGI_GOOD("i64", op##_0, 1,                                                                 \
                 {.rank = 2, .dims = {3, 3}, .fill = WGI_INDEX, .dtype = WG_I64, .limit = 9}),     \
        WGI_GOOD("bool", op##_0, 1,                                                                \
                 {.rank = 2, .dims = {3, 3}, .fill = WGI_BOOLS, .dtype = WG_BOOL}),                \
    };                                                                                             \
    static const wgi_sample op##_bad[] = {                                                         \
        WGI_BAD("vector", op##_0, WG_ERR_SHAPE, #op ": needs rank >= 2: 1 (x)", 1,                 \
                WGI_IN_1(3, WGI_NORMAL)),                                                          \
    };

TRIANGLE(tril)
TRIANGLE(triu)

static const wgi_attribute attributes[] = {
    {.name = "k",
     .kind = WGI_ATTR_INTEGER,
     .is_optional = true,
     .place = WGI_AT_I64(wgi_triangle_attr, k)},
};

WGI_CALL(call_tril, wg_tril(wgi_call_in(c, 0), wgi_call_integer(c, 0)))
WGI_CALL(call_triu, wg_triu(wgi_call_in(c, 0), wgi_call_integer(c, 0)))

const wgi_op wgi_op_tril = {
    .name = "tril",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_triangle_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient_tril,
    .reference = {WGI_ANY_DTYPE(run_tril)},
    .call = call_tril,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(tril_samples, tril_bad),
};

const wgi_op wgi_op_triu = {
    .name = "triu",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .attr_bytes = sizeof(wgi_triangle_attr),
    .operands = {"x"},
    .infer = infer,
    .gradient = gradient_triu,
    .reference = {WGI_ANY_DTYPE(run_triu)},
    .call = call_triu,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(triu_samples, triu_bad),
};
