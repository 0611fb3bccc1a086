/* Bad calls of derivatives.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

/* ---- products ----------------------------------------------------------------------------- */

/* Each of the four products with one operand that is none, in each place. */
static void refuse_products(wg_node y, wg_node u, wg_node x, wg_node v)
{
    const wg_node ys[] = {y, y};
    const wg_node us[] = {u, u};
    const wg_node xs[] = {x, x};
    const wg_node vs[] = {v, v};
    wg_node out[2] = {x, x};
    assert_int_not_equal(wg_vjp(ys, us, 2, xs, 2, out), WG_OK);
    assert_false(wg_is_valid(out[0]) || wg_is_valid(out[1]));
    out[0] = x;
    out[1] = x;
    assert_int_not_equal(wg_jvp(ys, 2, xs, vs, 2, out), WG_OK);
    assert_false(wg_is_valid(out[0]) || wg_is_valid(out[1]));
}

static void check_products(bad_world *w, const bad_row *row)
{
    (void)row;
    for (int which = 0; which < BAD_HANDLES; which++) {
        wg_node out = w->x;
        for (int place = 0; place < 2; place++) {
            bad_world_record(w);
            const wg_node bad = bad_handle(w, which);
            refuse_products(place == 0 ? bad : w->x, w->x, place == 1 ? bad : w->x, w->x);
            bad_world_record(w);
            const wg_node later = bad_handle(w, which);
            assert_int_not_equal(
                wg_hvp(place == 0 ? later : w->x, place == 1 ? &later : &w->x, &w->x, 1, &out),
                WG_OK);
            assert_false(wg_is_valid(out));
        }
        bad_world_record(w);
        const wg_node along = bad_handle(w, which);
        assert_int_not_equal(wg_vjp(&w->x, &along, 1, &w->x, 1, &out), WG_OK);
        bad_world_record(w);
        assert_int_not_equal(wg_jvp(&w->x, 1, &w->x, &along, 1, &out), WG_OK);
        bad_world_record(w);
        assert_int_not_equal(wg_hvp(w->x, &w->x, &along, 1, &out), WG_OK);
        assert_false(wg_is_valid(out));
    }
}

static void check_product_arguments(bad_world *w, const bad_row *row)
{
    const wg_node x = w->x;
    wg_node out;
    (void)row;
    assert_status(wg_vjp(NULL, &x, 1, &x, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_vjp(&x, NULL, 1, &x, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_vjp(&x, &x, 0, &x, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_vjp(&x, &x, 1, NULL, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_vjp(&x, &x, 1, &x, 0, &out), WG_ERR_ARGUMENT);
    assert_status(wg_vjp(&x, &x, 1, &x, 1, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_jvp(NULL, 1, &x, &x, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_jvp(&x, 0, &x, &x, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_jvp(&x, 1, NULL, &x, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_jvp(&x, 1, &x, NULL, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_jvp(&x, 1, &x, &x, 0, &out), WG_ERR_ARGUMENT);
    assert_status(wg_jvp(&x, 1, &x, &x, 1, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_hvp(x, NULL, &x, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_hvp(x, &x, NULL, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_hvp(x, &x, &x, 0, &out), WG_ERR_ARGUMENT);
    assert_status(wg_hvp(x, &x, &x, 1, NULL), WG_ERR_ARGUMENT);
    refuse_products(w->labels, w->labels, w->x, w->x);
    bad_world_record(w);
    refuse_products(w->x, w->x, w->flags, w->flags);
    bad_world_record(w);
    const wg_node less = wg_sum_all(w->x);
    refuse_products(w->x, less, w->x, less);
}

/* ---- whole ones --------------------------------------------------------------------------- */

static void refuse_whole(wg_node y, wg_node x)
{
    wg_node out = x;
    assert_int_not_equal(wg_jacobian(y, x, &out), WG_OK);
    assert_false(wg_is_valid(out));
    out = x;
    assert_int_not_equal(wg_hessian(y, x, &out), WG_OK);
    assert_false(wg_is_valid(out));
    out = x;
    assert_int_not_equal(wg_per_sample_gradients(y, &x, 1, &out), WG_OK);
    assert_false(wg_is_valid(out));
}

static void check_whole(bad_world *w, const bad_row *row)
{
    wg_node out;
    (void)row;
    for (int which = 0; which < BAD_HANDLES; which++) {
        bad_world_record(w);
        refuse_whole(bad_handle(w, which), w->x);
        bad_world_record(w);
        refuse_whole(w->x, bad_handle(w, which));
    }
    bad_world_record(w);
    assert_status(wg_jacobian(w->x, w->x, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_hessian(w->x, w->x, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_per_sample_gradients(w->x, NULL, 1, &out), WG_ERR_ARGUMENT);
    assert_status(wg_per_sample_gradients(w->x, &w->x, 0, &out), WG_ERR_ARGUMENT);
    assert_status(wg_per_sample_gradients(w->x, &w->x, 1, NULL), WG_ERR_ARGUMENT);
    refuse_whole(w->labels, w->x);
    bad_world_record(w);
    refuse_whole(w->x, w->labels);
}

/* ---- functions ---------------------------------------------------------------------------- */

/* x, labels and flags to exp(x) and labels. */
static wg_function *open_function(bad_world *w)
{
    wg_function *f;
    bad_world_record(w);
    const wg_node inputs[] = {w->x, w->labels};
    const wg_node outputs[] = {wg_exp(w->x), w->labels};
    assert_status(wg_function_create(inputs, 2, outputs, 2, &f), WG_OK);
    return f;
}

static void check_function_create(bad_world *w, const bad_row *row)
{
    wg_function *f = (wg_function *)(uintptr_t)1;
    (void)row;
    for (int which = 0; which < BAD_HANDLES; which++) {
        bad_world_record(w);
        const wg_node y = wg_exp(w->x);
        const wg_node bad[] = {w->x, bad_handle(w, which)};
        assert_int_not_equal(wg_function_create(bad, 2, &y, 1, &f), WG_OK);
        assert_null(f);
        assert_int_not_equal(wg_function_create(&bad[1], 1, &y, 1, &f), WG_OK);
        assert_int_not_equal(wg_function_create(&w->x, 1, bad, 2, &f), WG_OK);
        assert_null(f);
        assert_status(wg_graph_status(w->g), WG_OK);
    }
    bad_world_record(w);
    assert_status(wg_function_create(NULL, 1, &w->x, 1, &f), WG_ERR_ARGUMENT);
    assert_status(wg_function_create(&w->x, 0, &w->x, 1, &f), WG_ERR_ARGUMENT);
    assert_status(wg_function_create(&w->x, 1, NULL, 1, &f), WG_ERR_ARGUMENT);
    assert_status(wg_function_create(&w->x, 1, &w->x, 0, &f), WG_ERR_ARGUMENT);
    assert_status(wg_function_create(&w->x, SIZE_MAX, &w->x, 1, &f), WG_ERR_ARGUMENT);
    assert_status(wg_function_create(&w->x, 1, &w->x, 1, NULL), WG_ERR_ARGUMENT);
    assert_false(wg_is_valid(wg_softmax(w->x, 9)));
    assert_status(wg_function_create(&w->x, 1, &w->x, 1, &f), WG_ERR_RANGE);
    assert_null(f);
    wg_function_destroy(NULL);
}

static void check_function_slots(bad_world *w, const bad_row *row)
{
    wg_function *f = open_function(w);
    wg_function_slot slot;
    (void)row;
    assert_int_equal(wg_function_input_count(NULL), 0);
    assert_int_equal(wg_function_output_count(NULL), 0);
    assert_status(wg_function_input(NULL, 0, &slot), WG_ERR_ARGUMENT);
    assert_status(wg_function_output(NULL, 0, &slot), WG_ERR_ARGUMENT);
    assert_status(wg_function_input(f, 0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_function_output(f, 0, NULL), WG_ERR_ARGUMENT);
    slot.rank = 77;
    assert_status(wg_function_input(f, 2, &slot), WG_ERR_RANGE);
    assert_int_equal(slot.rank, 0);
    assert_status(wg_function_output(f, SIZE_MAX, &slot), WG_ERR_RANGE);
    assert_int_equal(wg_function_step(NULL), 0);
    assert_status(wg_function_set_step(NULL, 1), WG_ERR_ARGUMENT);
    assert_non_null(wg_function_error(NULL));
    wg_function_destroy(f);
}

/* Every list of every call is `bad` once, where the others are good. */
static void refuse_input(wg_function *f, const wg_tensor *const *good, const wg_tensor *const *bad,
                         wg_tensor *const *out)
{
    assert_int_not_equal(wg_function_call(f, bad, out), WG_OK);
    assert_true(wg_function_error(f)[0] != '\0');
    assert_int_not_equal(wg_function_vjp(f, bad, NULL, NULL, out), WG_OK);
    assert_int_not_equal(wg_function_vjp(f, bad, good, NULL, out), WG_OK);
    assert_int_not_equal(wg_function_jvp(f, bad, good, NULL, out), WG_OK);
    assert_int_not_equal(wg_function_jvp(f, good, bad, NULL, out), WG_OK);
    assert_int_not_equal(wg_function_hvp(f, bad, good, out), WG_OK);
}

static void refuse_output(wg_function *f, const wg_tensor *const *good, wg_tensor *const *bad)
{
    assert_int_not_equal(wg_function_call(f, good, bad), WG_OK);
    assert_int_not_equal(wg_function_vjp(f, good, NULL, bad, NULL), WG_OK);
    assert_int_not_equal(wg_function_vjp(f, good, good, NULL, bad), WG_OK);
    assert_int_not_equal(wg_function_jvp(f, good, good, NULL, bad), WG_OK);
    assert_int_not_equal(wg_function_hvp(f, good, good, bad), WG_OK);
}

static void check_function_calls(bad_world *w, const bad_row *row)
{
    wg_function *f = open_function(w);
    wg_tensor *out;
    (void)row;
    assert_status(wg_tensor_create(w->ctx, WG_F32, 2, (const int64_t[]){2, 3}, &out), WG_OK);
    const wg_tensor *const good[] = {w->t, w->indices};
    wg_tensor *const results[] = {out, NULL};
    const wg_tensor *value = wg_value(wg_exp(w->x));
    assert_non_null(value);
    wg_tensor *kept = wg_tensor_retain((wg_tensor *)(uintptr_t)value);
    refuse_output(f, good, (wg_tensor *[]){kept, NULL});
    refuse_output(f, good, (wg_tensor *[]){w->t_foreign, NULL});
    refuse_output(f, good, (wg_tensor *[]){w->indices, NULL});
    refuse_output(f, good, (wg_tensor *[]){NULL, NULL});
    refuse_output(f, good, NULL);
    bad_world_record(w);
    refuse_input(f, good, (const wg_tensor *[]){kept, w->indices}, results);
    refuse_input(f, good, (const wg_tensor *[]){w->t_foreign, w->indices}, results);
    refuse_input(f, good, (const wg_tensor *[]){w->indices, w->indices}, results);
    assert_int_not_equal(wg_function_call(f, (const wg_tensor *[]){w->t, NULL}, results), WG_OK);
    assert_int_not_equal(wg_function_call(f, (const wg_tensor *[]){NULL, w->indices}, results),
                         WG_OK);
    assert_status(wg_function_call(NULL, good, results), WG_ERR_ARGUMENT);
    assert_status(wg_function_call(f, NULL, results), WG_ERR_ARGUMENT);
    assert_status(wg_function_vjp(NULL, good, NULL, NULL, results), WG_ERR_ARGUMENT);
    assert_status(wg_function_vjp(f, NULL, NULL, NULL, results), WG_ERR_ARGUMENT);
    assert_status(wg_function_jvp(NULL, good, good, NULL, results), WG_ERR_ARGUMENT);
    assert_status(wg_function_jvp(f, good, NULL, NULL, results), WG_ERR_ARGUMENT);
    assert_status(wg_function_hvp(NULL, good, good, results), WG_ERR_ARGUMENT);
    assert_status(wg_function_hvp(f, good, good, results), WG_ERR_SHAPE);
    assert_status(wg_function_call(f, good, results), WG_OK); /* it is none the worse */
    assert_status(wg_function_jvp(f, good, good, NULL, results), WG_OK);
    wg_tensor_destroy(kept);
    wg_tensor_destroy(out);
    wg_function_destroy(f);
}

/* Nothing to differentiate. */
static void check_function_of_integers(bad_world *w, const bad_row *row)
{
    wg_function *f;
    const wg_tensor *const in[] = {w->indices};
    wg_tensor *const out[] = {w->indices};
    (void)row;
    const wg_node y = wg_neg(w->labels);
    assert_status(wg_function_create(&w->labels, 1, &y, 1, &f), WG_OK);
    assert_status(wg_function_vjp(f, in, NULL, NULL, out), WG_ERR_GRADIENT);
    assert_status(wg_function_vjp(f, in, in, NULL, out), WG_ERR_GRADIENT);
    assert_status(wg_function_jvp(f, in, in, NULL, out), WG_ERR_GRADIENT);
    assert_status(wg_function_hvp(f, in, in, out), WG_ERR_GRADIENT);
    assert_status(wg_function_call(f, in, out), WG_OK);
    wg_function_destroy(f);
}

const bad_row bad_rows_of_derivatives[] = {
    {.name = "wg_vjp", .check = check_products},
    {.name = "wg_jvp", .check = check_products},
    {.name = "wg_hvp", .check = check_product_arguments},
    {.name = "wg_jacobian", .check = check_whole},
    {.name = "wg_hessian", .check = check_whole},
    {.name = "wg_per_sample_gradients", .check = check_whole},
    {.name = "wg_function_create", .check = check_function_create},
    {.name = "wg_function_destroy", .check = check_function_create},
    {.name = "wg_function_input_count", .check = check_function_slots},
    {.name = "wg_function_output_count", .check = check_function_slots},
    {.name = "wg_function_input", .check = check_function_slots},
    {.name = "wg_function_output", .check = check_function_slots},
    {.name = "wg_function_step", .check = check_function_slots},
    {.name = "wg_function_set_step", .check = check_function_slots},
    {.name = "wg_function_error", .check = check_function_slots},
    {.name = "wg_function_call", .check = check_function_calls},
    {.name = "wg_function_vjp", .check = check_function_calls},
    {.name = "wg_function_jvp", .check = check_function_calls},
    {.name = "wg_function_hvp", .check = check_function_of_integers},
    {.name = NULL},
};
