/* prod: the product over axes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: nothing is divided, in the gradient neither: the product of the others is that of
 * those before times that of those behind, which zeros leave exact. */
#if defined(WGI_REAL_PASS)

#include "ops/reduce_pass.h"

static void K(multiply)(K(tally) * t, const real *x, int64_t n, int64_t stride)
{
    for (int64_t j = 0; j < n; j++) {
        t->total *= (accum)x[j * stride];
    }
}

static accum K(product)(const real *x, const wgi_walk *line, accum p)
{
    K(tally) t = {.total = 1, .p = p};
    K(pass_over)(K(multiply), &t, x, *line);
    return t.total;
}

static wg_status K(run)(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    K(reduce_lines)(args, attr->axes, K(product));
    return WG_OK;
}

#else

#include "ops/reduce.h"
#include "ops/samples.h"
#include "ops/scan.h"

wg_node wg_prod(wg_node x, const int32_t *axes, int32_t n, bool keepdims)
{
    return wgi_record_reduction(WGI_OP_prod, x, axes, n, keepdims);
}

/* For each element the product of the others of its line. */
static wg_node product_of_others(wg_node x, uint32_t axes)
{
    int32_t axis;
    const wg_node joined = wgi_join_axes(x, axes, &axis);
    const wgi_scan_attr before = {.axis = axis, .is_lagged = true};
    const wgi_scan_attr behind = {.axis = axis, .is_lagged = true, .is_reverse = true};
    const wg_node others = wg_mul(wgi_record_unary(WGI_OP_cumprod, joined, &before),
                                  wgi_record_unary(WGI_OP_cumprod, joined, &behind));
    return wgi_part_axes(others, x, axes);
}

static void gradient(wgi_rule *rule)
{
    const wgi_reduce_attr attr = *(const wgi_reduce_attr *)rule->attr;
    const wg_node x = rule->x[0];
    const wg_node dy = wgi_spread(rule->dy[0], x, &attr);
    rule->dx[0] = attr.axes == 0 ? dy : wg_gate(dy, product_of_others(x, attr.axes));
}

#define WGI_KERNEL_FILE "ops/prod.c"
#include "ops/for_each_real.h"

/* Integers wrap. */
static int64_t product_i64(const int64_t *x, wgi_walk line)
{
    uint64_t product = 1;
    for (int64_t i = 0; i < line.rows; i++) {
        for (int64_t j = 0; j < wgi_walk_row(&line); j++) {
            product *= (uint64_t)x[line.offset[0] + j * wgi_walk_row_stride(&line, 0)];
        }
        wgi_walk_step_row(&line);
    }
    return (int64_t)product;
}

static wg_status run_i64(const wgi_args *args)
{
    const wgi_reduce_attr *attr = args->attr;
    wgi_walk line;
    wgi_walk kept = wgi_reduce_split(args->in, attr->axes, &line);
    int64_t *y = args->out->data;
    for (int64_t i = 0; i < args->out->count; i++) {
        y[i] = product_i64((const int64_t *)args->in->data + kept.offset[0], line);
        wgi_walk_step(&kept);
    }
    return WG_OK;
}

/* ---- samples ------------------------------------------------------------------------------ */

/* x with zeros where `keep` is false. */
static wg_node with_zeros(wg_node x, wg_node keep)
{
    return wg_where(keep, x, wg_scale(x, 0.0));
}

WGI_BUILD(over_all, wg_prod(in[0], NULL, 0, false))
WGI_BUILD(over_all_kept, wg_prod(in[0], NULL, 0, true))
WGI_BUILD(over_none, wg_prod(in[0], (const int32_t[]){0}, 0, false))
WGI_BUILD(over_0, wg_prod(in[0], (const int32_t[]){0}, 1, false))
WGI_BUILD(over_last, wg_prod(in[0], (const int32_t[]){-1}, 1, true))
WGI_BUILD(over_0_2, wg_prod(in[0], (const int32_t[]){0, 2}, 2, false))
WGI_BUILD(over_1_2, wg_prod(in[0], (const int32_t[]){1, 2}, 2, false))
WGI_BUILD(over_5, wg_prod(in[0], (const int32_t[]){5}, 1, false))
WGI_BUILD(of_zeros, wg_prod(with_zeros(in[0], in[1]), (const int32_t[]){-1}, 1, false))
WGI_BUILD(of_zeros_alone, wg_prod(in[0], NULL, 0, false))

static const wgi_sample samples[] = {
    WGI_GOOD("all", over_all, 1, WGI_IN_2(2, 3, WGI_NONZERO)),
    WGI_GOOD("all, kept", over_all_kept, 1, WGI_IN_2(2, 3, WGI_NONZERO)),
    WGI_GOOD("no axis", over_none, 1, WGI_IN_2(2, 3, WGI_NORMAL)),
    WGI_GOOD("rows", over_0, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("columns, kept", over_last, 1, WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_GOOD("outer and inner", over_0_2, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("last two", over_1_2, 1, WGI_IN_3(2, 3, 2, WGI_NORMAL)),
    WGI_GOOD("rank 0", over_all, 1, WGI_IN_0(WGI_NORMAL)),
    WGI_GOOD("size 1", over_0, 1, WGI_IN_1(1, WGI_NORMAL)),
    WGI_GOOD("3 empty rows", over_last, 1, WGI_IN_2(3, 0, WGI_NORMAL)),
    WGI_GOOD("no row of 3", over_0, 1, WGI_IN_2(0, 3, WGI_NORMAL)),
    WGI_GOOD("some zeros", of_zeros, 2, WGI_IN_2(4, 3, WGI_NONZERO),
             {.rank = 2, .dims = {4, 3}, .fill = WGI_BOOLS, .dtype = WG_BOOL}),
    WGI_GOOD("zeros alone", of_zeros_alone, 1, WGI_IN_1(3, WGI_ZEROS)),
    WGI_GOOD("two zeros", of_zeros_alone, 1, WGI_IN_2(1, 2, WGI_ZEROS)),
    WGI_GOOD("i64", over_all, 1, WGI_IN_TYPED(5, WG_I64, 9)),
};

static const wgi_sample bad[] = {
    WGI_BAD("range", over_5, WG_ERR_RANGE, "prod: axis 5 is out of range for rank 2 (x)", 1,
            WGI_IN_2(3, 4, WGI_NORMAL)),
    WGI_BAD("dtype", over_all, WG_ERR_DTYPE, "prod: needs a floating or i64 dtype: bool (x)", 1,
            WGI_IN_TYPED(3, WG_BOOL, 2)),
};

static const wgi_attribute attributes[] = {
    WGI_REDUCE_ATTRIBUTES(wgi_reduce_attr, axes, keepdims),
};

WGI_REDUCE_CALL(call, wg_prod)

const wgi_op wgi_op_prod = {
    WGI_REDUCE_ROW("prod", 0),
    .infer = wgi_infer_reduced_numeric,
    .gradient = gradient,
    .reference = {[WG_I64] = run_i64, WGI_REALS(run)},
    .call = call,
    WGI_ATTRIBUTES(attributes),
    WGI_SAMPLES(samples, bad),
};

#endif
