/* Bad calls of optimizers: AdamW, and those of users.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>

/* ---- AdamW -------------------------------------------------------------------------------- */

static void refuse_adamw(bad_world *w, const wg_adamw_options *options)
{
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    assert_status(wg_adamw_create(w->m, options, &o), WG_ERR_ARGUMENT);
    assert_null(o);
}

static void check_adamw(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_adamw_options);
    wg_model *view;
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    (void)row;
    refuse_adamw(w, &(wg_adamw_options){.size = size - 1});
    refuse_adamw(w, &(wg_adamw_options){.size = size, .beta1 = 1});
    refuse_adamw(w, &(wg_adamw_options){.size = size, .beta2 = 1});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        refuse_adamw(w, &(wg_adamw_options){.size = size, .rate = bad});
        refuse_adamw(w, &(wg_adamw_options){.size = size, .beta1 = bad});
        refuse_adamw(w, &(wg_adamw_options){.size = size, .beta2 = bad});
        refuse_adamw(w, &(wg_adamw_options){.size = size, .epsilon = bad});
        refuse_adamw(w, &(wg_adamw_options){.size = size, .weight_decay = bad});
    }
    assert_status(wg_adamw_create(NULL, NULL, &o), WG_ERR_ARGUMENT);
    assert_null(o);
    assert_status(wg_adamw_create(w->m, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_model_share(w->m, w->ctx, &view), WG_OK);
    assert_status(wg_adamw_create(view, NULL, &o), WG_ERR_STATE);
    assert_null(o);
    wg_model_destroy(view);
}

/* ---- users' ------------------------------------------------------------------------------- */

static wg_status step_nothing(const wg_step *step)
{
    (void)step;
    return WG_OK;
}

static void release_never(void *user)
{
    (void)user;
    fail_msg("%s", "the definition was refused, and stays the caller's");
}

static wg_optimizer_definition good_definition(void)
{
    return (wg_optimizer_definition){.size = sizeof(wg_optimizer_definition),
                                     .name = "nothing",
                                     .n_states = 1,
                                     .rate = 1,
                                     .step = step_nothing,
                                     .release = release_never};
}

static void refuse_definition(wg_model *m, const wg_optimizer_definition *definition,
                              wg_status status)
{
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    assert_status(wg_optimizer_create(m, definition, &o), status);
    assert_null(o);
}

static void check_names(bad_world *w)
{
    static const char *const names[] = {NULL, "", "tab\t", "\x7f", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        wg_optimizer_definition bad = good_definition();
        bad.name = names[i];
        refuse_definition(w->m, &bad, WG_ERR_NAME);
    }
}

static void check_optimizer_create(bad_world *w, const bad_row *row)
{
    static const int32_t states[] = {-1, WG_MAX_STATES + 1, INT32_MIN, INT32_MAX};
    const wg_optimizer_definition good = good_definition();
    wg_model *view;
    (void)row;
    refuse_definition(NULL, &good, WG_ERR_ARGUMENT);
    refuse_definition(w->m, NULL, WG_ERR_ARGUMENT);
    assert_status(wg_optimizer_create(w->m, &good, NULL), WG_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        wg_optimizer_definition bad = good;
        bad.n_states = states[i];
        refuse_definition(w->m, &bad, WG_ERR_ARGUMENT);
    }
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        wg_optimizer_definition bad = good;
        bad.rate = bad_number(i);
        refuse_definition(w->m, &bad, WG_ERR_ARGUMENT);
    }
    wg_optimizer_definition bad = good;
    bad.size = 0;
    refuse_definition(w->m, &bad, WG_ERR_ARGUMENT);
    bad = good;
    bad.step = NULL;
    refuse_definition(w->m, &bad, WG_ERR_ARGUMENT);
    check_names(w);
    assert_status(wg_model_share(w->m, w->ctx, &view), WG_OK);
    refuse_definition(view, &good, WG_ERR_STATE);
    wg_model_destroy(view);
}

static void refuse_rmsprop(bad_world *w, const wg_rmsprop_options *options)
{
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    assert_status(wg_rmsprop_create(w->m, options, &o), WG_ERR_ARGUMENT);
    assert_null(o);
}

static void check_rmsprop(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_rmsprop_options);
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    (void)row;
    refuse_rmsprop(w, &(wg_rmsprop_options){.size = size - 1});
    refuse_rmsprop(w, &(wg_rmsprop_options){.size = size, .alpha = 1});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        refuse_rmsprop(w, &(wg_rmsprop_options){.size = size, .rate = bad});
        refuse_rmsprop(w, &(wg_rmsprop_options){.size = size, .alpha = bad});
        refuse_rmsprop(w, &(wg_rmsprop_options){.size = size, .epsilon = bad});
        refuse_rmsprop(w, &(wg_rmsprop_options){.size = size, .momentum = bad});
        refuse_rmsprop(w, &(wg_rmsprop_options){.size = size, .weight_decay = bad});
    }
    assert_status(wg_rmsprop_create(NULL, NULL, &o), WG_ERR_ARGUMENT);
    assert_null(o);
    assert_status(wg_rmsprop_create(w->m, NULL, NULL), WG_ERR_ARGUMENT);
}

static void refuse_adagrad(bad_world *w, const wg_adagrad_options *options)
{
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    assert_status(wg_adagrad_create(w->m, options, &o), WG_ERR_ARGUMENT);
    assert_null(o);
}

static void check_adagrad(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_adagrad_options);
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    (void)row;
    refuse_adagrad(w, &(wg_adagrad_options){.size = size - 1});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        refuse_adagrad(w, &(wg_adagrad_options){.size = size, .rate = bad});
        refuse_adagrad(w, &(wg_adagrad_options){.size = size, .epsilon = bad});
        refuse_adagrad(w, &(wg_adagrad_options){.size = size, .rate_decay = bad});
        refuse_adagrad(w, &(wg_adagrad_options){.size = size, .weight_decay = bad});
        refuse_adagrad(w, &(wg_adagrad_options){.size = size, .initial = bad});
    }
    assert_status(wg_adagrad_create(NULL, NULL, &o), WG_ERR_ARGUMENT);
    assert_null(o);
    assert_status(wg_adagrad_create(w->m, NULL, NULL), WG_ERR_ARGUMENT);
}

static wg_status no_closure(void *user, double *loss)
{
    (void)user;
    *loss = 0;
    return WG_OK;
}

static void refuse_lbfgs(bad_world *w, const wg_lbfgs_options *options)
{
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    assert_status(wg_lbfgs_create(w->m, options, &o), WG_ERR_ARGUMENT);
    assert_null(o);
}

static void check_lbfgs(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_lbfgs_options);
    wg_optimizer *o = (wg_optimizer *)(uintptr_t)1;
    double loss = 0;
    (void)row;
    refuse_lbfgs(w, &(wg_lbfgs_options){.size = size - 1});
    refuse_lbfgs(w, &(wg_lbfgs_options){.size = size, .max_iterations = -1});
    refuse_lbfgs(w, &(wg_lbfgs_options){.size = size, .max_evaluations = INT32_MIN});
    refuse_lbfgs(w, &(wg_lbfgs_options){.size = size, .history = -1});
    refuse_lbfgs(w, &(wg_lbfgs_options){.size = size, .history = INT32_MAX});
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        const double bad = bad_number(i);
        refuse_lbfgs(w, &(wg_lbfgs_options){.size = size, .rate = bad});
        refuse_lbfgs(w, &(wg_lbfgs_options){.size = size, .tolerance_gradient = bad});
        refuse_lbfgs(w, &(wg_lbfgs_options){.size = size, .tolerance_change = bad});
    }
    assert_status(wg_lbfgs_create(NULL, NULL, &o), WG_ERR_ARGUMENT);
    assert_null(o);
    assert_status(wg_lbfgs_create(w->m, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_optimizer_step_closure(NULL, no_closure, NULL, &loss), WG_ERR_ARGUMENT);
    assert_true(isnan(loss));
    const wg_lbfgs_options most = {.size = size, .max_iterations = INT32_MAX};
    assert_status(wg_lbfgs_create(w->m, &most, &o), WG_OK);
    assert_status(wg_optimizer_step_closure(o, NULL, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_optimizer_step_closure(o, no_closure, NULL, &loss), WG_OK);
    assert_status(wg_optimizer_step(o), WG_ERR_STATE);
    wg_optimizer_destroy(o);
}

static void check_group(bad_world *w, const bad_row *row)
{
    const wg_optimizer_group good = {.size = sizeof good};
    wg_optimizer *o;
    (void)row;
    assert_status(wg_adam_create(w->m, NULL, &o), WG_OK);
    assert_status(wg_optimizer_add_group(NULL, &good), WG_ERR_ARGUMENT);
    assert_status(wg_optimizer_add_group(o, NULL), WG_ERR_ARGUMENT);
    wg_optimizer_group bad = {.size = 1};
    assert_status(wg_optimizer_add_group(o, &bad), WG_ERR_ARGUMENT);
    bad = (wg_optimizer_group){.size = sizeof bad, .max_rank = -1};
    assert_status(wg_optimizer_add_group(o, &bad), WG_ERR_ARGUMENT);
    bad = (wg_optimizer_group){.size = sizeof bad, .path = "nobody"};
    assert_status(wg_optimizer_add_group(o, &bad), WG_ERR_NAME);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        bad = (wg_optimizer_group){.size = sizeof bad, .rate_scale = bad_number(i)};
        assert_status(wg_optimizer_add_group(o, &bad), WG_ERR_ARGUMENT);
        bad = (wg_optimizer_group){.size = sizeof bad, .weight_decay = bad_number(i)};
        assert_status(wg_optimizer_add_group(o, &bad), WG_ERR_ARGUMENT);
    }
    assert_status(wg_optimizer_add_group(o, &good), WG_OK);
    wg_optimizer_destroy(o);
}

static void check_state(bad_world *w, const bad_row *row)
{
    char name[320];
    wg_optimizer *o;
    wg_tensor *t = w->t;
    const wg_named_tensor nameless = {NULL, w->t};
    const wg_named_tensor empty = {"step.p", NULL};
    const wg_named_tensor good = {"step.p", w->t};
    (void)row;
    assert_status(wg_adam_create(w->m, NULL, &o), WG_OK);
    assert_string_equal(wg_optimizer_name(NULL), "");
    assert_int_equal(wg_optimizer_state_count(NULL), 0);
    assert_status(wg_optimizer_state_get(NULL, 0, name, sizeof name, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_status(wg_optimizer_state_get(o, 0, NULL, 0, &t), WG_ERR_ARGUMENT);
    assert_status(wg_optimizer_state_get(o, 0, name, sizeof name, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_optimizer_state_get(o, 0, name, sizeof name, &t), WG_ERR_RANGE);
    assert_status(wg_optimizer_state_get(o, SIZE_MAX, name, sizeof name, &t), WG_ERR_RANGE);
    assert_status(wg_optimizer_state_set(NULL, &good, 1), WG_ERR_ARGUMENT);
    assert_status(wg_optimizer_state_set(o, NULL, 1), WG_ERR_ARGUMENT);
    assert_status(wg_optimizer_state_set(o, &nameless, 1), WG_ERR_NAME);
    assert_status(wg_optimizer_state_set(o, &empty, 1), WG_ERR_NAME);
    assert_status(wg_optimizer_state_set(o, &good, 1), WG_ERR_DTYPE);
    wg_optimizer_destroy(o);
}

static void check_clip(bad_world *w, const bad_row *row)
{
    double norm = 0;
    (void)row;
    assert_status(wg_clip_grad_norm(NULL, 1, 2, &norm), WG_ERR_ARGUMENT);
    assert_true(isnan(norm));
    assert_status(wg_clip_grad_value(NULL, 1), WG_ERR_ARGUMENT);
    assert_status(wg_clip_grad_norm(w->m, 1, 1, &norm), WG_ERR_ARGUMENT);
    assert_status(wg_clip_grad_norm(w->m, 1, -(double)INFINITY, NULL), WG_ERR_ARGUMENT);
    static const double bad[] = {0, -1, (double)NAN};
    for (size_t i = 0; i < 3; i++) {
        assert_status(wg_clip_grad_norm(w->m, bad[i], 2, NULL), WG_ERR_ARGUMENT);
        assert_status(wg_clip_grad_norm(w->m, 1, bad[i], NULL), WG_ERR_ARGUMENT);
        assert_status(wg_clip_grad_value(w->m, bad[i]), WG_ERR_ARGUMENT);
    }
    assert_status(wg_clip_grad_norm(w->m, 1, 2, &norm), WG_OK);
    assert_true(norm == 0);
}

const bad_row bad_rows_of_optimizers[] = {
    {.name = "wg_rmsprop_create", .check = check_rmsprop},
    {.name = "wg_adagrad_create", .check = check_adagrad},
    {.name = "wg_lbfgs_create", .check = check_lbfgs},
    {.name = "wg_optimizer_step_closure", .check = check_lbfgs},
    {.name = "wg_optimizer_add_group", .check = check_group},
    {.name = "wg_optimizer_name", .check = check_state},
    {.name = "wg_optimizer_state_count", .check = check_state},
    {.name = "wg_optimizer_state_get", .check = check_state},
    {.name = "wg_optimizer_state_set", .check = check_state},
    {.name = "wg_clip_grad_norm", .check = check_clip},
    {.name = "wg_clip_grad_value", .check = check_clip},
    {.name = "wg_adamw_create", .check = check_adamw},
    {.name = "wg_optimizer_create", .check = check_optimizer_create},
    {NULL, NULL, NULL},
};
