/* mse_loss, l1_loss, huber_loss, smooth_l1_loss, hinge_loss: losses of a difference or a product,
 * element by element.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: both operands have one shape and one dtype, nothing broadcasts. */
#include "ops/call.h"
#include "ops/loss.h"
#include "ops/samples.h"
#include "ops/support.h"

#include <math.h>

extern const wgi_op wgi_op_hinge_loss;
extern const wgi_op wgi_op_huber_loss;
extern const wgi_op wgi_op_l1_loss;
extern const wgi_op wgi_op_mse_loss;
extern const wgi_op wgi_op_smooth_l1_loss;

static const char *const names[] = {"input", "target"};

wg_node wg_mse_loss(wg_node input, wg_node target, wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_mse_loss, .n_in = 2, .in = in};
    wg_node failed;
    if (!wgi_loss_begin(&draft, names, reduction, &failed)) {
        return failed;
    }
    if (reduction == WG_REDUCTION_MEAN) {
        return wg_mse(input, target);
    }
    return wgi_reduce(wg_square(wg_sub(input, target)), reduction);
}

/* A loss whose terms are op, of one number, of the difference. */
static wg_node number_loss(const wgi_draft *draft, double number, uint16_t op,
                           wg_reduction reduction)
{
    wg_node failed;
    if (!wgi_loss_begin(draft, names, reduction, &failed)) {
        return failed;
    }
    const wg_node d = wg_sub(draft->in[0], draft->in[1]);
    return wgi_reduce(wgi_record_one_given(d, number, op), reduction);
}

wg_node wg_l1_loss(wg_node input, wg_node target, wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_l1_loss, .n_in = 2, .in = in};
    return number_loss(&draft, 0.0, WGI_OP_smooth_l1, reduction);
}

wg_node wg_huber_loss(wg_node input, wg_node target, double delta, wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_huber_loss, .n_in = 2, .in = in};
    if (!(delta > 0)) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "delta must be above 0: %g", delta);
    }
    return number_loss(&draft, delta, WGI_OP_huber, reduction);
}

wg_node wg_smooth_l1_loss(wg_node input, wg_node target, double beta, wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_smooth_l1_loss, .n_in = 2, .in = in};
    if (!(beta >= 0 && isfinite(beta))) {
        return wgi_refuse(&draft, WG_ERR_ARGUMENT, NULL, "beta must be a number from 0 up: %g",
                          beta);
    }
    return number_loss(&draft, beta, WGI_OP_smooth_l1, reduction);
}

wg_node wg_hinge_loss(wg_node input, wg_node target, double margin, wg_reduction reduction)
{
    const wg_node in[] = {input, target};
    const wgi_draft draft = {.form = &wgi_op_hinge_loss, .n_in = 2, .in = in};
    wg_node failed;
    if (!wgi_loss_begin(&draft, names, reduction, &failed)) {
        return failed;
    }
    const wg_node bound = wg_number(input.graph, wg_node_dtype(input), margin);
    return wgi_reduce(wg_relu(wg_sub(bound, wg_mul(target, input))), reduction);
}

/* ---- rows --------------------------------------------------------------------------------- */

WGI_BUILD(build_mse_mean, wg_mse_loss(in[0], in[1], WG_REDUCTION_MEAN))
WGI_BUILD(build_mse_sum, wg_mse_loss(in[0], in[1], WG_REDUCTION_SUM))
WGI_BUILD(build_mse_none, wg_mse_loss(in[0], in[1], WG_REDUCTION_NONE))
WGI_BUILD(build_l1_mean, wg_l1_loss(in[0], in[1], WG_REDUCTION_MEAN))
WGI_BUILD(build_l1_sum, wg_l1_loss(in[0], in[1], WG_REDUCTION_SUM))
WGI_BUILD(build_l1_none, wg_l1_loss(in[0], in[1], WG_REDUCTION_NONE))
WGI_BUILD(build_huber_mean, wg_huber_loss(in[0], in[1], 0.75, WG_REDUCTION_MEAN))
WGI_BUILD(build_huber_sum, wg_huber_loss(in[0], in[1], 1.5, WG_REDUCTION_SUM))
WGI_BUILD(build_huber_none, wg_huber_loss(in[0], in[1], 1.0, WG_REDUCTION_NONE))
WGI_BUILD(build_smooth_l1_mean, wg_smooth_l1_loss(in[0], in[1], 0.75, WG_REDUCTION_MEAN))
WGI_BUILD(build_smooth_l1_sum, wg_smooth_l1_loss(in[0], in[1], 1.5, WG_REDUCTION_SUM))
WGI_BUILD(build_smooth_l1_none, wg_smooth_l1_loss(in[0], in[1], 1.0, WG_REDUCTION_NONE))
WGI_BUILD(build_hinge_mean, wg_hinge_loss(in[0], in[1], 1.0, WG_REDUCTION_MEAN))
WGI_BUILD(build_hinge_sum, wg_hinge_loss(in[0], in[1], 1.0, WG_REDUCTION_SUM))
WGI_BUILD(build_hinge_none, wg_hinge_loss(in[0], in[1], 0.5, WG_REDUCTION_NONE))
WGI_BUILD(build_huber_0, wg_huber_loss(in[0], in[1], 0.0, WG_REDUCTION_MEAN))
WGI_BUILD(build_smooth_l1_below, wg_smooth_l1_loss(in[0], in[1], -1.0, WG_REDUCTION_MEAN))
WGI_BUILD(build_hinge_reduction, wg_hinge_loss(in[0], in[1], 1.0, (wg_reduction)-1))

#define SAMPLES(op)                                                                                \
    static const wgi_sample samples_##op[] = {                                                     \
        WGI_GOOD("mean", build_##op##_mean, 2, WGI_IN_2(3, 4, WGI_NORMAL),                         \
                 WGI_IN_2(3, 4, WGI_NORMAL)),                                                      \
        WGI_GOOD("sum", build_##op##_sum, 2, WGI_IN_3(2, 1, 3, WGI_NORMAL),                        \
                 WGI_IN_3(2, 1, 3, WGI_NORMAL)),                                                   \
        WGI_GOOD("none", build_##op##_none, 2, WGI_IN_1(5, WGI_NORMAL), WGI_IN_1(5, WGI_NORMAL)),  \
        WGI_GOOD("rank 0", build_##op##_mean, 2, WGI_IN_0(WGI_NORMAL), WGI_IN_0(WGI_NORMAL)),      \
        WGI_GOOD("size 1", build_##op##_none, 2, WGI_IN_2(1, 1, WGI_NORMAL),                       \
                 WGI_IN_2(1, 1, WGI_NORMAL)),                                                      \
        WGI_GOOD("size 0", build_##op##_sum, 2, WGI_IN_2(0, 3, WGI_NORMAL),                        \
                 WGI_IN_2(0, 3, WGI_NORMAL)),                                                      \
        WGI_KINK("at 0", build_##op##_mean, 2, WGI_IN_1(3, WGI_ZEROS), WGI_IN_1(3, WGI_ZEROS)),    \
    };

#define BAD_SAMPLES(op, more)                                                                      \
    static const wgi_sample bad_##op[] = {                                                         \
        WGI_BAD("broadcast", build_##op##_sum, WG_ERR_SHAPE,                                       \
                #op "_loss: shapes differ: [3] (input) vs [3, 1] (target)", 2,                     \
                WGI_IN_1(3, WGI_NORMAL), WGI_IN_2(3, 1, WGI_NORMAL)),                              \
        WGI_BAD("integers", build_##op##_sum, WG_ERR_DTYPE,                                        \
                #op "_loss: needs a floating dtype: i64 (input)", 2, WGI_IN_TYPED(3, WG_I64, 4),   \
                WGI_IN_1(3, WGI_NORMAL)),                                                          \
        WGI_BAD("dtypes", build_##op##_mean, WG_ERR_DTYPE,                                         \
                #op "_loss: dtypes differ: f64 (input) vs f32 (target)", 2,                        \
                {.rank = 1, .dims = {3}, .dtype = WG_F64},                                         \
                {.rank = 1, .dims = {3}, .dtype = WG_F32}),                                        \
        more};

#define BAD_NUMBER(build, message)                                                                 \
    WGI_BAD("number", build, WG_ERR_ARGUMENT, message, 2, WGI_IN_1(3, WGI_NORMAL),                 \
            WGI_IN_1(3, WGI_NORMAL)),

SAMPLES(mse)
SAMPLES(l1)
SAMPLES(huber)
SAMPLES(smooth_l1)
SAMPLES(hinge)
BAD_SAMPLES(mse, )
BAD_SAMPLES(l1, )
BAD_SAMPLES(huber, BAD_NUMBER(build_huber_0, "huber_loss: delta must be above 0: 0"))
BAD_SAMPLES(smooth_l1, BAD_NUMBER(build_smooth_l1_below,
                                  "smooth_l1_loss: beta must be a number from 0 up: -1"))
BAD_SAMPLES(hinge, BAD_NUMBER(build_hinge_reduction, "hinge_loss: there is no reduction -1"))

static const wgi_attribute attributes_plain[] = {WGI_REDUCTION_ATTRIBUTE};

#define NUMBER_ATTRIBUTES(op, number)                                                              \
    static const wgi_attribute attributes_##op[] = {                                               \
        WGI_REDUCTION_ATTRIBUTE,                                                                   \
        {.name = #number, .kind = WGI_ATTR_REAL, .is_optional = true, .real = 1.0},                \
    };
NUMBER_ATTRIBUTES(huber, delta)
NUMBER_ATTRIBUTES(smooth_l1, beta)
NUMBER_ATTRIBUTES(hinge, margin)

#define CALL_PLAIN(op)                                                                             \
    WGI_CALL(call_##op, wg_##op##_loss(wgi_call_in(c, 0), wgi_call_in(c, 1),                       \
                                       (wg_reduction)wgi_call_int(c, 0)))
#define CALL_NUMBER(op)                                                                            \
    WGI_CALL(call_##op, wg_##op##_loss(wgi_call_in(c, 0), wgi_call_in(c, 1), wgi_call_real(c, 1),  \
                                       (wg_reduction)wgi_call_int(c, 0)))
CALL_PLAIN(mse)
CALL_PLAIN(l1)
CALL_NUMBER(huber)
CALL_NUMBER(smooth_l1)
CALL_NUMBER(hinge)

#define ROW(op, attributes)                                                                        \
    const wgi_op wgi_op_##op##_loss = {                                                            \
        WGI_FORM_OF(#op "_loss", 2, 2, "input", "target"),                                         \
        .call = call_##op,                                                                         \
        WGI_ATTRIBUTES(attributes),                                                                \
        WGI_SAMPLES(samples_##op, bad_##op),                                                       \
    };
ROW(mse, attributes_plain)
ROW(l1, attributes_plain)
ROW(huber, attributes_huber)
ROW(smooth_l1, attributes_smooth_l1)
ROW(hinge, attributes_hinge)
