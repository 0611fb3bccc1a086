/* The pointwise ops: what the rows of pointwise.def mean.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each row becomes a constructor, a gradient rule, kernels, samples and a wgi_op. A kernel is a
 * loop over one row of elements; walk_rows drives it over the broadcast shape. Elements are read
 * before the one at their place is written, so an output may share the memory of an operand of its
 * shape. Functions of <math.h> are taken in `accum`, which leaves f32 with the one rounding to it.
 */
#if defined(WGI_REAL_PASS)

/* Never overflows: the exponential is of a negative number on both branches. */
static inline real K(sigmoid)(real x)
{
    if (x < 0) {
        const accum e = A(exp)(x);
        return (real)(e / (1 + e));
    }
    return (real)(1 / (1 + A(exp)(-x)));
}

/* Of the sign of b, as Python's %; an exact 0 keeps the sign of a. */
static inline accum K(floored_remainder)(accum a, accum b)
{
    const accum rest = A(fmod)(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
#include "ops/activation_formulas.h"

#define WGI_UNARY(name, traits, accepts, fill, is_kink, formula, dx)                               \
    UNARY_KERNEL(K(run_##name), K(row_##name), real, real, formula)
#define WGI_UNARY_INTERNAL(name, traits, accepts, fill, is_kink, formula, dx)                      \
    UNARY_KERNEL(K(run_##name), K(row_##name), real, real, formula)
#define WGI_UNARY_NUMBER(name, number, value, traits, fill, is_kink, formula, dx)                  \
    UNARY_NUMBER_KERNEL(K(run_##name), K(row_##name), real, formula)
#define WGI_UNARY_NUMBER_INTERNAL(name, number, value, traits, fill, is_kink, formula, dx)         \
    UNARY_NUMBER_KERNEL(K(run_##name), K(row_##name), real, formula)
#define WGI_BINARY_OF(name, traits, accepts, fill_a, fill, formula, da, db)                        \
    BINARY_KERNEL(K(run_##name), K(row_##name), real, real, formula)
#define WGI_BINARY_INTERNAL(name, traits, accepts, fill_a, fill, formula, da, db)                  \
    BINARY_KERNEL(K(run_##name), K(row_##name), real, real, formula)
#define WGI_COMPARE(name, formula)                                                                 \
    BINARY_KERNEL(K(run_##name), K(row_##name), real, uint8_t, formula)
#define WGI_TEST(name, formula) UNARY_KERNEL(K(run_##name), K(row_##name), real, uint8_t, formula)
#include "ops/pointwise.def"

#else

#include "ops/call.h"
#include "ops/iterate.h"
#include "ops/params.h"
#include "ops/samples.h"
#include "ops/support.h"

/* ---- kernels ------------------------------------------------------------------------------ */

/* n consecutive results and the operands they come from. Operands of unary ops have stride 1. */
typedef struct row {
    const void *in[2];
    int64_t stride[2];
    void *out;
    int64_t n;
    const double *numbers;
} row;

static wg_status walk_rows(const wgi_args *args, void (*kernel)(const row *r))
{
    wgi_walk walk = wgi_walk_over(args->out->rank, args->out->dims);
    for (int32_t k = 0; k < args->n_in; k++) {
        wgi_walk_operand(&walk, &args->in[k]);
    }
    wgi_walk_fold(&walk);
    row r = {.n = wgi_walk_row(&walk), .numbers = args->numbers};
    ptrdiff_t in_size = (ptrdiff_t)wg_dtype_size((wg_dtype)args->in->dtype);
    ptrdiff_t out_size = (ptrdiff_t)wg_dtype_size((wg_dtype)args->out->dtype);
    for (int64_t i = 0; i < walk.rows; i++) {
        for (int32_t k = 0; k < args->n_in; k++) {
            r.in[k] = (const char *)args->in[k].data + walk.offset[k] * in_size;
            r.stride[k] = wgi_walk_row_stride(&walk, k);
        }
        r.out = (char *)args->out->data + i * r.n * out_size;
        kernel(&r);
        wgi_walk_step_row(&walk);
    }
    return WG_OK;
}

#define UNARY_KERNEL(run, row_of, type, out_type, formula)                                         \
    static void row_of(const row *r)                                                               \
    {                                                                                              \
        const type *in = r->in[0];                                                                 \
        out_type *out = r->out;                                                                    \
        for (int64_t j = 0; j < r->n; j++) {                                                       \
            const type x = in[j];                                                                  \
            out[j] = (out_type)(formula);                                                          \
        }                                                                                          \
    }                                                                                              \
    static wg_status run(const wgi_args *args)                                                     \
    {                                                                                              \
        return walk_rows(args, row_of);                                                            \
    }

#define UNARY_NUMBER_KERNEL(run, row_of, type, formula)                                            \
    static void row_of(const row *r)                                                               \
    {                                                                                              \
        const type *in = r->in[0];                                                                 \
        type *out = r->out;                                                                        \
        const type p = (type)r->numbers[0];                                                        \
        for (int64_t j = 0; j < r->n; j++) {                                                       \
            const type x = in[j];                                                                  \
            out[j] = (type)(formula);                                                              \
        }                                                                                          \
    }                                                                                              \
    static wg_status run(const wgi_args *args)                                                     \
    {                                                                                              \
        return walk_rows(args, row_of);                                                            \
    }

#define BINARY_KERNEL(run, row_of, type, out_type, formula)                                        \
    static void row_of(const row *r)                                                               \
    {                                                                                              \
        const type *in_a = r->in[0];                                                               \
        const type *in_b = r->in[1];                                                               \
        out_type *out = r->out;                                                                    \
        for (int64_t j = 0; j < r->n; j++) {                                                       \
            const type a = in_a[j * r->stride[0]];                                                 \
            const type b = in_b[j * r->stride[1]];                                                 \
            out[j] = (out_type)(formula);                                                          \
        }                                                                                          \
    }                                                                                              \
    static wg_status run(const wgi_args *args)                                                     \
    {                                                                                              \
        return walk_rows(args, row_of);                                                            \
    }

#define WGI_KERNEL_FILE "ops/pointwise.c"
#include "ops/for_each_real.h"

/* The i64 kernels of the rows that accept `numeric` or `ordered`. */
#define I64_UNARY_floating(name, formula)
#define I64_UNARY_numeric(name, formula)                                                           \
    UNARY_KERNEL(run_##name##_i64, row_##name##_i64, uint64_t, uint64_t, formula)
#define I64_BINARY_floating(name, formula)
#define I64_BINARY_numeric(name, formula)                                                          \
    BINARY_KERNEL(run_##name##_i64, row_##name##_i64, uint64_t, uint64_t, formula)
#define I64_BINARY_ordered(name, formula)                                                          \
    BINARY_KERNEL(run_##name##_i64, row_##name##_i64, int64_t, int64_t, formula)
#define WGI_UNARY(name, traits, accepts, fill, is_kink, formula, dx)                               \
    I64_UNARY_##accepts(name, formula)
#define WGI_BINARY_OF(name, traits, accepts, fill_a, fill, formula, da, db)                        \
    I64_BINARY_##accepts(name, formula)
#define WGI_COMPARE(name, formula)                                                                 \
    BINARY_KERNEL(run_##name##_i64, row_##name##_i64, int64_t, uint8_t, formula)
#define WGI_LOGICAL(name, formula) BINARY_KERNEL(run_##name, row_##name, uint8_t, uint8_t, formula)
#define WGI_LOGICAL_ONE(name, formula)                                                             \
    UNARY_KERNEL(run_##name, row_##name, uint8_t, uint8_t, formula)
#include "ops/pointwise.def"

#define I64_ENTRY_floating(name)
#define I64_ENTRY_numeric(name) [WG_I64] = run_##name##_i64,
#define I64_ENTRY_ordered(name) I64_ENTRY_numeric(name)

/* ---- shape rules -------------------------------------------------------------------------- */

static wg_status infer_unary_floating(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static wg_status infer_unary_numeric(wgi_infer *q)
{
    wg_status status = wgi_check_numeric(q, 0);
    return status != WG_OK ? status : wgi_infer_like(q, 0, 0);
}

static wg_status infer_binary(wgi_infer *q, wg_status (*check)(wgi_infer *q, int32_t i), int dtype)
{
    wg_status status = wgi_check_same_dtype(q, 0, 1);
    status = status != WG_OK ? status : check(q, 0);
    return status != WG_OK ? status : wgi_infer_broadcast(q, dtype);
}

static wg_status infer_binary_floating(wgi_infer *q)
{
    return infer_binary(q, wgi_check_floating, q->in[0].dtype);
}

static wg_status infer_binary_numeric(wgi_infer *q)
{
    return infer_binary(q, wgi_check_numeric, q->in[0].dtype);
}

#define infer_binary_ordered infer_binary_numeric

static wg_status infer_compare(wgi_infer *q)
{
    return infer_binary(q, wgi_check_numeric, WG_BOOL);
}

static wg_status infer_test(wgi_infer *q)
{
    wg_status status = wgi_check_floating(q, 0);
    return status != WG_OK ? status : wgi_infer_shape(q, 0, WG_BOOL, q->in->rank, q->in->dims);
}

static wg_status check_bool(wgi_infer *q, int32_t i)
{
    if (q->in[i].dtype == WG_BOOL) {
        return WG_OK;
    }
    wgi_infer_hint(q, "a comparison gives one");
    return wgi_infer_fail(q, WG_ERR_DTYPE, "needs a bool: %s (%s)",
                          wg_dtype_name((wg_dtype)q->in[i].dtype), q->op->operands[i]);
}

static wg_status infer_logical(wgi_infer *q)
{
    wg_status status = check_bool(q, 0);
    status = status != WG_OK ? status : check_bool(q, q->n_in - 1);
    return status != WG_OK ? status : wgi_infer_broadcast(q, WG_BOOL);
}

/* ---- steps of gradient rules -------------------------------------------------------------- */

static const wg_node nothing;

#define LN_2 0.693147180559945309417
#define LOG2_E 1.44269504088896340736
#define LOG10_E 0.434294481903251827651
#define TWO_OVER_ROOT_PI 1.12837916709551257390

static wg_node log_slope(wg_node x)
{
    return wgi_record_one(x, WGI_OP_log_slope);
}

static wg_node one_minus(wg_node x)
{
    return wgi_record_one(x, WGI_OP_one_minus);
}

static wg_node one_plus(wg_node x)
{
    return one_minus(wg_neg(x));
}

static wg_node minus_one(wg_node x)
{
    return wg_neg(one_minus(x));
}

static wg_node larger_share(wg_node a, wg_node b)
{
    return wgi_record_two(a, b, WGI_OP_larger_share);
}

static wg_node ratio(wg_node a, wg_node b)
{
    return wgi_record_two(a, b, WGI_OP_ratio);
}

static wg_node pow_log(wg_node a, wg_node b)
{
    return wgi_record_two(a, b, WGI_OP_pow_log);
}

/* The derivative of a^b log a by a: a^(b-1) + b a^(b-1) log a. */
static wg_node pow_log_slope(wg_node a, wg_node b)
{
    const wg_node less = minus_one(b);
    return wg_add(wg_pow(a, less), wg_gate(b, pow_log(a, less)));
}

/* 1 / sqrt(1 - x^2), without the square: it would round away what is left near 1. */
static wg_node asin_slope(wg_node x)
{
    return wg_rsqrt(wg_mul(one_minus(x), one_plus(x)));
}

/* log b, but 0 where a is 0 and log b is no number above -inf. */
static wg_node log_unless_zero(wg_node a, wg_node b)
{
    const wg_node zero = wg_number(a.graph, wg_node_dtype(a), 0.0);
    const wg_node is_zero = wg_logical_and(wg_equal(a, zero), wg_less_equal(b, zero));
    return wg_where(is_zero, zero, wg_log(b));
}

static wg_node scale_by(wg_node x, wgi_number factor)
{
    return wgi_record_one_with(x, factor, WGI_OP_scale);
}

static wg_node scale_or_zero(wg_node x, wgi_number factor)
{
    return wgi_record_one_with(x, factor, WGI_OP_scale_or_zero);
}

static wg_node clamp_min_slope(wg_node x, wgi_number low)
{
    return wgi_record_one_with(x, low, WGI_OP_clamp_min_slope);
}

static wg_node clamp_max_slope(wg_node x, wgi_number high)
{
    return wgi_record_one_with(x, high, WGI_OP_clamp_max_slope);
}

/* p x^(p-1). */
static wg_node power_slope(const wgi_rule *rule, wg_node x)
{
    const wgi_number less = wgi_number_derive(rule->graph, WGI_MINUS_ONE, rule->number);
    return scale_or_zero(wgi_record_one_with(x, less, WGI_OP_power), rule->number);
}
#include "ops/activation_rules.h"

/* dy in the shape of y, as the gradient of x. */
static inline wg_node gradient_of(const wgi_rule *rule, wg_node dy, wg_node x)
{
    return rule->is_uniform ? dy : wgi_sum_like(dy, x);
}

#define UNARY_GRADIENT(name, formula)                                                              \
    static void gradient_##name(wgi_rule *rule)                                                    \
    {                                                                                              \
        const wg_node x = rule->x[0];                                                              \
        const wg_node y = rule->y[0];                                                              \
        const wg_node dy = rule->dy[0];                                                            \
        (void)x, (void)y, (void)dy;                                                                \
        rule->dx[0] = (formula);                                                                   \
    }

#define BINARY_GRADIENT(name, formula_a, formula_b)                                                \
    static void gradient_##name(wgi_rule *rule)                                                    \
    {                                                                                              \
        const wg_node a = rule->x[0];                                                              \
        const wg_node b = rule->x[1];                                                              \
        const wg_node y = rule->y[0];                                                              \
        const wg_node dy = rule->dy[0];                                                            \
        (void)y, (void)dy;                                                                         \
        if (rule->wants[0]) {                                                                      \
            rule->dx[0] = gradient_of(rule, formula_a, a);                                         \
        }                                                                                          \
        if (rule->wants[1]) {                                                                      \
            rule->dx[1] = gradient_of(rule, formula_b, b);                                         \
        }                                                                                          \
    }

/* ---- samples ------------------------------------------------------------------------------ */

#define BUILD(name, call) WGI_BUILD(build_##name, call)

#define I64_UNARY_SAMPLE_floating(name)
#define I64_UNARY_SAMPLE_numeric(name) WGI_GOOD("i64", build_##name, 1, WGI_IN_TYPED(5, WG_I64, 9)),
#define I64_BINARY_SAMPLE_ordered(name) I64_BINARY_SAMPLE_numeric(name)
#define BAD_DTYPE_ordered(name) BAD_DTYPE_numeric(name)
#define BAD_DTYPE_floating(name) #name ": needs a floating dtype: bool"
#define BAD_DTYPE_numeric(name) #name ": needs a floating or i64 dtype: bool"

#define AT_0(op, is_kink)                                                                          \
    {                                                                                              \
        .name = "at 0", .n_in = 1, .in = {WGI_IN_1(3, WGI_ZEROS)}, .build = build_##op,            \
        .text = build_##op##_text, .is_non_smooth = (is_kink)                                      \
    }

#define UNARY_SAMPLES(name, accepts, fill, is_kink)                                                \
    static const wgi_sample samples_##name[] = {                                                   \
        WGI_GOOD("matrix", build_##name, 1, WGI_IN_2(3, 4, fill)),                                 \
        WGI_GOOD("rank 0", build_##name, 1, WGI_IN_0(fill)),                                       \
        WGI_GOOD("size 1", build_##name, 1, WGI_IN_2(1, 1, fill)),                                 \
        WGI_GOOD("size 0", build_##name, 1, WGI_IN_2(0, 3, fill)),                                 \
        AT_0(name, is_kink),                                                                       \
        I64_UNARY_SAMPLE_##accepts(name)};                                                         \
    static const wgi_sample bad_##name[] = {                                                       \
        WGI_BAD("dtype", build_##name, WG_ERR_DTYPE, BAD_DTYPE_##accepts(name) " (x)", 1,          \
                WGI_IN_TYPED(5, WG_BOOL, 2)),                                                      \
    };

#define I64_BINARY_SAMPLE_floating(name)
#define I64_BINARY_SAMPLE_numeric(name)                                                            \
    WGI_GOOD("i64", build_##name, 2, WGI_IN_TYPED(5, WG_I64, 9), WGI_IN_TYPED(1, WG_I64, 9)),

#define BINARY_GOOD(title, name, a, b) WGI_GOOD(title, build_##name, 2, a, b)

#define BINARY_SAMPLES(name, accepts, fill_a, fill)                                                \
    static const wgi_sample samples_##name[] = {                                                   \
        BINARY_GOOD("same shape", name, WGI_IN_2(2, 3, fill_a), WGI_IN_2(2, 3, fill)),             \
        BINARY_GOOD("row", name, WGI_IN_2(2, 3, fill_a), WGI_IN_1(3, fill)),                       \
        BINARY_GOOD("column", name, WGI_IN_2(2, 1, fill_a), WGI_IN_2(2, 3, fill)),                 \
        BINARY_GOOD("outer", name, WGI_IN_2(4, 1, fill_a), WGI_IN_1(3, fill)),                     \
        BINARY_GOOD("rank 3", name, WGI_IN_3(2, 1, 3, fill_a), WGI_IN_3(1, 4, 1, fill)),           \
        BINARY_GOOD("middle", name, WGI_IN_3(2, 1, 3, fill_a), WGI_IN_3(2, 4, 3, fill)),           \
        BINARY_GOOD("scalar a", name, WGI_IN_0(fill_a), WGI_IN_2(2, 3, fill)),                     \
        BINARY_GOOD("scalar b", name, WGI_IN_2(2, 3, fill_a), WGI_IN_0(fill)),                     \
        BINARY_GOOD("rank 0", name, WGI_IN_0(fill_a), WGI_IN_0(fill)),                             \
        BINARY_GOOD("size 1", name, WGI_IN_1(1, fill_a), WGI_IN_1(1, fill)),                       \
        BINARY_GOOD("size 0", name, WGI_IN_2(0, 3, fill_a), WGI_IN_1(3, fill)),                    \
        BINARY_GOOD("size 0 from 1", name, WGI_IN_2(2, 0, fill_a), WGI_IN_2(2, 1, fill)),          \
        BINARY_GOOD("aliased", name, WGI_IN_1(4, fill), WGI_IN_SAME_1(4, fill, 0)),                \
        I64_BINARY_SAMPLE_##accepts(name)};                                                        \
    static const wgi_sample bad_##name[] = {                                                       \
        WGI_BAD("shape", build_##name, WG_ERR_SHAPE,                                               \
                #name ": shapes do not broadcast: 3 (a, axis 1) vs 4 (b, axis 0)", 2,              \
                WGI_IN_2(2, 3, fill_a), WGI_IN_1(4, fill)),                                        \
        WGI_BAD("dtypes", build_##name, WG_ERR_DTYPE,                                              \
                #name ": dtypes differ: i64 (a) vs bool (b)", 2, WGI_IN_TYPED(3, WG_I64, 2),       \
                WGI_IN_TYPED(3, WG_BOOL, 2)),                                                      \
        WGI_BAD("dtype", build_##name, WG_ERR_DTYPE, BAD_DTYPE_##accepts(name) " (a)", 2,          \
                WGI_IN_TYPED(3, WG_BOOL, 2), WGI_IN_TYPED(3, WG_BOOL, 2)),                         \
    };

/* Of bools. */
#define BOOLS_1(i) WGI_IN_TYPED(i, WG_BOOL, 2)
#define BOOLS_2(i, j)                                                                              \
    {                                                                                              \
        .rank = 2, .dims = {(i), (j)}, .fill = WGI_BOOLS, .dtype = WG_BOOL                         \
    }

#define LOGICAL_SAMPLES(name)                                                                      \
    static const wgi_sample samples_##name[] = {                                                   \
        BINARY_GOOD("same shape", name, BOOLS_2(2, 3), BOOLS_2(2, 3)),                             \
        BINARY_GOOD("row", name, BOOLS_2(2, 3), BOOLS_1(3)),                                       \
        BINARY_GOOD("outer", name, BOOLS_2(4, 1), BOOLS_1(3)),                                     \
        BINARY_GOOD("size 1", name, BOOLS_1(1), BOOLS_1(1)),                                       \
        BINARY_GOOD("size 0", name, BOOLS_2(0, 3), BOOLS_1(3)),                                    \
        WGI_GOOD("of comparisons", build_##name##_both, 2, WGI_IN_2(2, 3, WGI_NORMAL),             \
                 WGI_IN_1(3, WGI_NORMAL)),                                                         \
        WGI_GOOD("of scalars", build_##name##_both, 2, WGI_IN_0(WGI_NORMAL),                       \
                 WGI_IN_0(WGI_NORMAL)),                                                            \
    };                                                                                             \
    static const wgi_sample bad_##name[] = {                                                       \
        WGI_BAD("shape", build_##name, WG_ERR_SHAPE,                                               \
                #name ": shapes do not broadcast: 3 (a, axis 1) vs 4 (b, axis 0)", 2,              \
                BOOLS_2(2, 3), BOOLS_1(4)),                                                        \
        WGI_BAD("a", build_##name, WG_ERR_DTYPE, #name ": needs a bool: i64 (a)", 2,               \
                WGI_IN_TYPED(3, WG_I64, 2), BOOLS_1(3)),                                           \
        WGI_BAD("b", build_##name, WG_ERR_DTYPE, #name ": needs a bool: u8 (b)", 2, BOOLS_1(3),    \
                WGI_IN_TYPED(3, WG_U8, 2)),                                                        \
    };

#define LOGICAL_ONE_SAMPLES(name)                                                                  \
    static const wgi_sample samples_##name[] = {                                                   \
        WGI_GOOD("matrix", build_##name, 1, BOOLS_2(3, 4)),                                        \
        WGI_GOOD("size 1", build_##name, 1, BOOLS_1(1)),                                           \
        WGI_GOOD("size 0", build_##name, 1, BOOLS_2(0, 3)),                                        \
        WGI_GOOD("of a test", build_##name##_both, 1, WGI_IN_2(2, 3, WGI_NORMAL)),                 \
        WGI_GOOD("of a scalar", build_##name##_both, 1, WGI_IN_0(WGI_NORMAL)),                     \
    };                                                                                             \
    static const wgi_sample bad_##name[] = {                                                       \
        WGI_BAD("dtype", build_##name, WG_ERR_DTYPE, #name ": needs a bool: i64 (x)", 1,           \
                WGI_IN_TYPED(3, WG_I64, 2)),                                                       \
    };

/* ---- rows --------------------------------------------------------------------------------- */

#define SAMPLE_FIELDS(name)                                                                        \
    .samples = samples_##name, .n_samples = WGI_COUNT(samples_##name), .bad = bad_##name,          \
    .n_bad = WGI_COUNT(bad_##name)

#define LIKE_floating WGI_LIKE_FLOATING
#define LIKE_numeric WGI_LIKE_NUMERIC
#define LIKE_ordered WGI_LIKE_NUMERIC

#define CALL_UNARY(name) WGI_CALL(call_##name, wgi_record_one(wgi_call_in(c, 0), WGI_OP_##name))
#define CALL_BINARY(name)                                                                          \
    WGI_CALL(call_##name, wgi_record_two(wgi_call_in(c, 0), wgi_call_in(c, 1), WGI_OP_##name))

#define UNARY_ROW(name, more_traits, accepts, ...)                                                 \
    ONE_ROW(name, WGI_IN_PLACE | (more_traits), LIKE_##accepts, infer_unary_##accepts,             \
            gradient_##name, .reference = {I64_ENTRY_##accepts(name) WGI_REALS(run_##name)},       \
            __VA_ARGS__)

#define ONE_ROW(name, more_traits, like, rule, differentiate, ...)                                 \
    const wgi_op wgi_op_##name = {                                                                 \
        #name,                                                                                     \
        .traits = WGI_POINTWISE | (more_traits),                                                   \
        .min_in = 1,                                                                               \
        .max_in = 1,                                                                               \
        .n_out = 1,                                                                                \
        .operands = {"x"},                                                                         \
        .like_dtypes = (like),                                                                     \
        .infer = (rule),                                                                           \
        .gradient = (differentiate),                                                               \
        .call = call_##name,                                                                       \
        __VA_ARGS__,                                                                               \
        SAMPLE_FIELDS(name),                                                                       \
    };

#define BINARY_ROW(name, more_traits, like, rule, differentiate, ...)                              \
    const wgi_op wgi_op_##name = {                                                                 \
        #name,                                                                                     \
        .traits = WGI_POINTWISE | WGI_BROADCAST | (more_traits),                                   \
        .min_in = 2,                                                                               \
        .max_in = 2,                                                                               \
        .n_out = 1,                                                                                \
        .operands = {"a", "b"},                                                                    \
        .like_dtypes = (like),                                                                     \
        .infer = (rule),                                                                           \
        .gradient = (differentiate),                                                               \
        .reference = {__VA_ARGS__},                                                                \
        .call = call_##name,                                                                       \
        SAMPLE_FIELDS(name),                                                                       \
    };

#define CONSTRUCT_ONE(name)                                                                        \
    wg_node wg_##name(wg_node x)                                                                   \
    {                                                                                              \
        return wgi_record_one(x, WGI_OP_##name);                                                   \
    }

#define CONSTRUCT_TWO(name)                                                                        \
    wg_node wg_##name(wg_node a, wg_node b)                                                        \
    {                                                                                              \
        return wgi_record_two(a, b, WGI_OP_##name);                                                \
    }

#define WGI_UNARY(name, traits, accepts, fill, is_kink, formula, dx)                               \
    CONSTRUCT_ONE(name)                                                                            \
    UNARY_GRADIENT(name, dx)                                                                       \
    BUILD(name, wg_##name(in[0]))                                                                  \
    UNARY_SAMPLES(name, accepts, fill, is_kink)                                                    \
    CALL_UNARY(name)                                                                               \
    UNARY_ROW(name, traits, accepts, .n_numbers = 0)

#define WGI_UNARY_INTERNAL(name, traits, accepts, fill, is_kink, formula, dx)                      \
    UNARY_GRADIENT(name, dx)                                                                       \
    BUILD(name, wgi_record_one(in[0], WGI_OP_##name))                                              \
    UNARY_SAMPLES(name, accepts, fill, is_kink)                                                    \
    CALL_UNARY(name)                                                                               \
    UNARY_ROW(name, traits, accepts, .n_numbers = 0)

#define NUMBER_ROW(name, number, value, traits, fill, is_kink, dx)                                 \
    UNARY_GRADIENT(name, dx)                                                                       \
    UNARY_SAMPLES(name, floating, fill, is_kink)                                                   \
    WGI_CALL(call_##name,                                                                          \
             wgi_record_one_given(wgi_call_in(c, 0), wgi_call_real(c, 0), WGI_OP_##name))          \
    static const wgi_attribute attributes_##name[] = {                                             \
        WGI_NUMBER_ATTRIBUTE(#number, 0),                                                          \
    };                                                                                             \
    UNARY_ROW(name, traits, floating, .n_numbers = 1, WGI_ATTRIBUTES(attributes_##name))

#define WGI_UNARY_NUMBER(name, number, value, traits, fill, is_kink, formula, dx)                  \
    wg_node wg_##name(wg_node x, double p)                                                         \
    {                                                                                              \
        return wgi_record_one_given(x, p, WGI_OP_##name);                                          \
    }                                                                                              \
    BUILD(name, wg_##name(in[0], value))                                                           \
    NUMBER_ROW(name, number, value, traits, fill, is_kink, dx)

#define WGI_UNARY_NUMBER_INTERNAL(name, number, value, traits, fill, is_kink, formula, dx)         \
    BUILD(name, wgi_record_one_given(in[0], value, WGI_OP_##name))                                 \
    NUMBER_ROW(name, number, value, traits, fill, is_kink, dx)

#define REAL_BINARY_ROW(name, traits, accepts, fill_a, fill, da, db)                               \
    BINARY_GRADIENT(name, da, db)                                                                  \
    BINARY_SAMPLES(name, accepts, fill_a, fill)                                                    \
    CALL_BINARY(name)                                                                              \
    BINARY_ROW(name, (traits) | WGI_IN_PLACE, LIKE_##accepts, infer_binary_##accepts,              \
               gradient_##name, I64_ENTRY_##accepts(name) WGI_REALS(run_##name))

#define WGI_BINARY_OF(name, traits, accepts, fill_a, fill, formula, da, db)                        \
    CONSTRUCT_TWO(name)                                                                            \
    BUILD(name, wg_##name(in[0], in[1]))                                                           \
    REAL_BINARY_ROW(name, traits, accepts, fill_a, fill, da, db)

#define WGI_BINARY_INTERNAL(name, traits, accepts, fill_a, fill, formula, da, db)                  \
    BUILD(name, wgi_record_two(in[0], in[1], WGI_OP_##name))                                       \
    REAL_BINARY_ROW(name, traits, accepts, fill_a, fill, da, db)

#define WGI_COMPARE(name, formula)                                                                 \
    CONSTRUCT_TWO(name)                                                                            \
    BUILD(name, wg_##name(in[0], in[1]))                                                           \
    BINARY_SAMPLES(name, numeric, WGI_NORMAL, WGI_NORMAL)                                          \
    CALL_BINARY(name)                                                                              \
    BINARY_ROW(name, WGI_KINKED, 0, infer_compare, NULL,                                           \
               I64_ENTRY_numeric(name) WGI_REALS(run_##name))

#define WGI_TEST(name, formula)                                                                    \
    CONSTRUCT_ONE(name)                                                                            \
    BUILD(name, wg_##name(in[0]))                                                                  \
    UNARY_SAMPLES(name, floating, WGI_NORMAL, false)                                               \
    CALL_UNARY(name)                                                                               \
    ONE_ROW(name, WGI_KINKED, 0, infer_test, NULL, .reference = {WGI_REALS(run_##name)})

#define WGI_LOGICAL(name, formula)                                                                 \
    CONSTRUCT_TWO(name)                                                                            \
    BUILD(name, wg_##name(in[0], in[1]))                                                           \
    BUILD(name##_both, wg_##name(wg_greater(in[0], in[1]), wg_less(in[1], wg_neg(in[1]))))         \
    LOGICAL_SAMPLES(name)                                                                          \
    CALL_BINARY(name)                                                                              \
    BINARY_ROW(name, WGI_COMMUTATIVE | WGI_IN_PLACE, WGI_DTYPE_BIT(WG_BOOL), infer_logical,        \
               NULL, [WG_BOOL] = run_##name)

#define WGI_LOGICAL_ONE(name, formula)                                                             \
    CONSTRUCT_ONE(name)                                                                            \
    BUILD(name, wg_##name(in[0]))                                                                  \
    BUILD(name##_both, wg_##name(wg_isnan(in[0])))                                                 \
    LOGICAL_ONE_SAMPLES(name)                                                                      \
    CALL_UNARY(name)                                                                               \
    ONE_ROW(name, WGI_IN_PLACE, WGI_DTYPE_BIT(WG_BOOL), infer_logical, NULL,                       \
            .reference = {[WG_BOOL] = run_##name})

#include "ops/pointwise.def"

#endif
