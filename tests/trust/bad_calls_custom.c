/* Bad calls of custom.h, and of what cancels runs.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <stdint.h>
#include <string.h>

static wg_status copy_forward(const wg_forward_call *call)
{
    if (call->x->count > 0) {
        memcpy(call->y->data, call->x->data, (size_t)call->x->count * sizeof(float));
    }
    return WG_OK;
}

static wg_status copy_backward(const wg_backward_call *call)
{
    if (call->dx->count > 0) {
        memcpy(call->dx->data, call->dy->data, (size_t)call->dx->count * sizeof(float));
    }
    return WG_OK;
}

static wg_op_definition good_definition(void)
{
    return (wg_op_definition){
        .size = sizeof(wg_op_definition),
        .name = "copy",
        .n_inputs = 1,
        .dtypes = WG_CUSTOM_F32,
        .forward = copy_forward,
        .backward = copy_backward,
    };
}

/* ---- defining ----------------------------------------------------------------------------- */

static void refuse_definition(const bad_world *w, const wg_op_definition *d)
{
    wg_op *op = (wg_op *)(uintptr_t)w;
    assert_int_not_equal(wg_op_define(w->ctx, d, &op), WG_OK);
    assert_null(op);
}

static void check_names(const bad_world *w)
{
    static const char *const names[] = {
        NULL, "", " ", "1x", "a-b", "a b", "x.", "\xC3\xA9", "a_name_of_32_characters_too_long",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        wg_op *op = (wg_op *)(uintptr_t)w;
        wg_op_definition d = good_definition();
        d.name = names[i];
        refuse_definition(w, &d);
        assert_status(wg_custom_pointwise(w->ctx, names[i], "x", &op), WG_ERR_NAME);
        assert_null(op);
    }
    wg_op *op;
    wg_custom_info info;
    assert_status(wg_custom_pointwise(w->ctx, "a_name_of_32_characters_too_lon", "x", &op), WG_OK);
    assert_status(wg_custom_describe(op, &info), WG_OK);
    assert_string_equal(info.name, "a_name_of_32_characters_too_lon");
}

static void check_define(bad_world *w, const bad_row *row)
{
    static const int32_t counts[] = {-1, 9, INT32_MIN, INT32_MAX};
    const wg_op_definition good = good_definition();
    wg_op_definition d = good;
    wg_op *op = (wg_op *)(uintptr_t)w;
    (void)row;
    assert_status(wg_op_define(w->ctx, &good, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_op_define(NULL, &good, &op), WG_ERR_ARGUMENT);
    assert_null(op);
    refuse_definition(w, NULL);
    refuse_definition(w, &(wg_op_definition){.size = 0});
    d.size = SIZE_MAX;
    refuse_definition(w, &d);
    for (int i = 0; i < 4; i++) {
        d = good;
        d.n_inputs = counts[i];
        refuse_definition(w, &d);
        d = good;
        d.n_outputs = counts[i];
        refuse_definition(w, &d);
    }
    d = good;
    d.n_inputs = 0;
    refuse_definition(w, &d);
    d = good;
    d.attribute_bytes = SIZE_MAX;
    refuse_definition(w, &d);
    d.attribute_bytes = WG_CUSTOM_MAX_ATTRIBUTE_BYTES + 1;
    refuse_definition(w, &d);
    for (uint32_t bits = 4; bits != 0; bits <<= 1) {
        d = good;
        d.dtypes |= bits;
        refuse_definition(w, &d);
        d = good;
        d.traits = bits;
        refuse_definition(w, &d);
    }
    d = good;
    d.dtypes = 0;
    refuse_definition(w, &d);
    d = good;
    d.forward = NULL;
    refuse_definition(w, &d);
    check_names(w);
    assert_status(wg_op_define(w->ctx, &good, &op), WG_OK);
    assert_non_null(op);
    refuse_definition(w, &good);
}

static void check_pointwise(bad_world *w, const bad_row *row)
{
    wg_op *op = (wg_op *)(uintptr_t)w;
    (void)row;
    assert_status(wg_custom_pointwise(w->ctx, "f", "x", NULL), WG_ERR_ARGUMENT);
    assert_status(wg_custom_pointwise(NULL, "f", "x", &op), WG_ERR_ARGUMENT);
    assert_null(op);
    assert_status(wg_custom_pointwise(w->ctx, "f", NULL, &op), WG_ERR_ARGUMENT);
    assert_status(wg_custom_pointwise(w->ctx, "f", "x+", &op), WG_ERR_ARGUMENT);
    assert_null(op);
    assert_status(wg_custom_pointwise(w->ctx, "f", "x", &op), WG_OK);
    assert_status(wg_custom_pointwise(w->ctx, "f", "x", &op), WG_ERR_NAME);
    assert_null(op);
}

static void check_describe(bad_world *w, const bad_row *row)
{
    wg_custom_info info;
    (void)row;
    (void)w;
    memset(&info, 0x55, sizeof info);
    assert_status(wg_custom_describe(NULL, &info), WG_ERR_ARGUMENT);
    assert_null(info.name);
    assert_int_equal(info.n_inputs, 0);
    assert_status(wg_custom_describe(NULL, NULL), WG_ERR_ARGUMENT);
}

/* ---- using -------------------------------------------------------------------------------- */

typedef struct used {
    const wg_op *copy;    /* a definition */
    const wg_op *formula; /* of one variable */
    const wg_op *pair;    /* a formula of two */
    const wg_op *options; /* a definition with attributes */
} used;

static used define_all(const bad_world *w)
{
    wg_op *ops[4];
    wg_op_definition d = good_definition();
    assert_status(wg_op_define(w->ctx, &d, &ops[0]), WG_OK);
    assert_status(wg_custom_pointwise(w->ctx, "formula", "x", &ops[1]), WG_OK);
    assert_status(wg_custom_pointwise(w->ctx, "pair", "x*y + 2", &ops[2]), WG_OK);
    d.name = "options";
    d.attribute_bytes = 8;
    assert_status(wg_op_define(w->ctx, &d, &ops[3]), WG_OK);
    return (used){ops[0], ops[1], ops[2], ops[3]};
}

static void refuse_use(bad_world *w, const wg_op *op, const wg_node *in, int32_t n,
                       const void *attributes)
{
    assert_false(wg_is_valid(wg_custom(op, in, n, attributes)));
    bad_world_record(w);
}

static void check_handles(bad_world *w, const used *u)
{
    for (int which = 0; which < BAD_HANDLES; which++) {
        bad_world_record(w);
        const wg_node bad = bad_handle(w, which);
        if (which < BAD_OTHER) {
            refuse_use(w, u->copy, &bad, 1, NULL);
            refuse_use(w, u->formula, &bad, 1, NULL);
        }
        const wg_node first[] = {bad_handle(w, which), w->x};
        refuse_use(w, u->pair, first, 2, NULL);
        const wg_node second[] = {w->x, bad_handle(w, which)};
        refuse_use(w, u->pair, second, 2, NULL);
    }
    refuse_use(w, u->copy, &w->x_foreign, 1, NULL);
    refuse_use(w, u->formula, &w->x_foreign, 1, NULL);
}

static void check_custom(bad_world *w, const bad_row *row)
{
    static const int32_t counts[] = {0, -1, 2, INT32_MIN, INT32_MAX};
    const used u = define_all(w);
    const uint64_t attributes = 3;
    (void)row;
    check_handles(w, &u);
    assert_false(wg_is_valid(wg_custom(NULL, &w->x, 1, NULL)));
    assert_string_equal(wg_graph_error(w->g), "custom: the op is NULL");
    assert_false(wg_is_valid(wg_custom(u.copy, &w->x_foreign, 1, NULL)));
    assert_string_equal(wg_graph_error(w->foreign), "copy: the op is of another context");
    bad_world_record(w);
    assert_false(wg_is_valid(wg_custom(NULL, NULL, 0, NULL)));
    for (int i = 0; i < 5; i++) {
        const wg_node in[] = {w->x, w->x};
        refuse_use(w, u.copy, in, counts[i], NULL);
        refuse_use(w, u.formula, in, counts[i], NULL);
    }
    refuse_use(w, u.copy, NULL, 1, NULL);
    refuse_use(w, u.formula, NULL, 1, NULL);
    refuse_use(w, u.copy, &w->x, 1, &attributes);
    refuse_use(w, u.formula, &w->x, 1, &attributes);
    refuse_use(w, u.options, &w->x, 1, NULL);
    refuse_use(w, u.formula, &w->labels, 1, NULL);
    assert_true(wg_is_valid(wg_custom(u.options, &w->x, 1, &attributes)));
    const wg_node y = wg_custom(u.copy, &w->x, 1, NULL);
    assert_status(wg_backward(wg_sum_all(y)), WG_OK);
    assert_true(wg_tensor_get(wg_gradient(w->x), 5) == 1);
    assert_status(wg_tensor_set(w->t, 0, 9), WG_OK);
}

static void refuse_check(const wg_op *op, wg_tensor *const *inputs, int32_t n,
                         const wg_gradcheck_options *options)
{
    wg_op_report report;
    memset(&report, 0x55, sizeof report);
    assert_int_not_equal(wg_check_op(op, inputs, n, NULL, options, &report), WG_OK);
    assert_int_equal(report.first.check.verdict, WG_CHECK_NONE);
    assert_int_equal(report.second.check.verdict, WG_CHECK_NONE);
    assert_false(report.has_second);
}

static void check_check(bad_world *w, const bad_row *row)
{
    const used u = define_all(w);
    wg_tensor *const none = NULL;
    wg_tensor *const mixed[] = {w->t, w->t_foreign};
    wg_op_report report;
    (void)row;
    refuse_check(NULL, &w->t, 1, NULL);
    refuse_check(u.copy, NULL, 1, NULL);
    refuse_check(u.copy, &none, 1, NULL);
    refuse_check(u.copy, &w->t, 0, NULL);
    refuse_check(u.copy, &w->t, -1, NULL);
    refuse_check(u.copy, &w->t, INT32_MAX, NULL);
    refuse_check(u.pair, mixed, 2, NULL);
    refuse_check(u.copy, &w->t_foreign, 1, NULL);
    refuse_check(u.copy, &w->indices, 1, NULL);
    refuse_check(u.pair, &w->t, 1, NULL);
    refuse_check(u.copy, &w->t, 1, &(wg_gradcheck_options){.size = 0});
    assert_status(wg_check_op(u.formula, &w->t, 1, NULL, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_check_op(u.formula, &w->t, 1, NULL, NULL, &report), WG_OK);
    assert_int_equal(report.first.check.verdict, WG_CHECK_RIGHT);
}

/* ---- callbacks ---------------------------------------------------------------------------- */

static void check_fail(bad_world *w, const bad_row *row)
{
    (void)w;
    (void)row;
    assert_status(wg_fail(NULL, WG_ERR_RANGE, "text %d", 3), WG_ERR_RANGE);
    assert_status(wg_fail(NULL, WG_ERR_RANGE, NULL), WG_ERR_RANGE);
    assert_status(wg_fail(NULL, WG_OK, "text"), WG_ERR_CALLBACK);
}

static wg_status hook(const wg_hook_call *call)
{
    return call->gradient->count >= 0 ? WG_OK : WG_ERR_RANGE;
}

static void check_hook(bad_world *w, const bad_row *row)
{
    (void)row;
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        assert_int_not_equal(wg_hook(bad_handle(w, which), hook, NULL), WG_OK);
    }
    bad_world_record(w);
    assert_status(wg_hook(w->x, NULL, w), WG_ERR_ARGUMENT);
    assert_status(wg_hook(w->labels, hook, NULL), WG_ERR_DTYPE);
    assert_status(wg_hook(w->flags, hook, NULL), WG_ERR_DTYPE);
    assert_status(wg_graph_status(w->g), WG_OK);
    assert_status(wg_hook(w->x, hook, NULL), WG_OK);
    assert_status(wg_backward(wg_sum_all(w->x)), WG_OK);
}

/* ---- cancelling --------------------------------------------------------------------------- */

static void check_cancel(bad_world *w, const bad_row *row)
{
    (void)row;
    wg_cancel(NULL);
    assert_false(wg_cancel_clear(NULL));
    wg_cancel(w->other_ctx);
    assert_false(wg_cancel_clear(w->ctx));
    assert_status(wg_backward(wg_sum_all(w->x)), WG_OK);
    assert_true(wg_cancel_clear(w->other_ctx));
}

const bad_row bad_rows_of_custom[] = {
    {.name = "wg_op_define", .check = check_define},
    {.name = "wg_custom_pointwise", .check = check_pointwise},
    {.name = "wg_custom_describe", .check = check_describe},
    {.name = "wg_custom", .check = check_custom},
    {.name = "wg_check_op", .check = check_check},
    {.name = "wg_fail", .check = check_fail},
    {.name = "wg_hook", .check = check_hook},
    {.name = "wg_cancel", .check = check_cancel},
    {.name = "wg_cancel_clear", .check = check_cancel},
    {NULL, NULL, NULL},
};
