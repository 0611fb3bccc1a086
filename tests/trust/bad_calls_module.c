/* Bad calls of modules, buffers and stays in modules.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <string.h>

static void check_module(bad_world *w, const bad_row *row)
{
    const wg_module *module = (const wg_module *)w->m;
    char name[300];
    (void)row;
    assert_status(wg_module_begin(NULL, "a", "kind", &module), WG_ERR_ARGUMENT);
    assert_null(module);
    assert_status(wg_module_end(NULL, WG_OK), WG_ERR_ARGUMENT);
    assert_status(wg_module_end(w->m, WG_OK), WG_ERR_STATE);
    const char *const bad[] = {NULL, "", "tab\t", "\xc3\xa9"};
    for (size_t i = 0; i < 4; i++) {
        assert_status(wg_module_begin(w->m, bad[i], "kind", &module), WG_ERR_NAME);
        assert_status(wg_module_begin(w->m, "a", bad[i], NULL), WG_ERR_NAME);
    }
    memset(name, 'n', sizeof name);
    name[64] = '\0';
    assert_status(wg_module_begin(w->m, "a", name, NULL), WG_ERR_NAME);
    name[63] = '\0';
    assert_status(wg_module_begin(w->m, "a", name, NULL), WG_OK);
    name[63] = 'n';
    name[64] = 'n';
    name[254] = '\0';
    assert_status(wg_module_begin(w->m, name, "kind", &module), WG_ERR_NAME);
    assert_status(wg_param_create(w->m, name, WG_F32, 0, NULL, NULL, NULL), WG_ERR_NAME);
    name[253] = '\0';
    assert_status(wg_param_create(w->m, name, WG_F32, 0, NULL, NULL, NULL), WG_OK);
    assert_status(wg_module_end(w->m, WG_ERR_MEMORY), WG_ERR_MEMORY);
    assert_int_equal(wg_model_count(w->m), 1);
    assert_int_equal(wg_model_module_count(w->m), 0);
    assert_status(wg_module_end(w->m, WG_OK), WG_ERR_STATE);
}

static void check_open_module(bad_world *w, const bad_row *row)
{
    wg_optimizer *adam;
    wg_model *view = w->m;
    (void)row;
    assert_status(wg_adam_create(w->m, NULL, &adam), WG_OK);
    assert_status(wg_module_begin(w->m, "a", "kind", NULL), WG_OK);
    assert_status(wg_optimizer_step(adam), WG_ERR_STATE);
    assert_status(wg_model_flatten(w->m), WG_ERR_STATE);
    assert_status(wg_model_share(w->m, w->other_ctx, &view), WG_ERR_STATE);
    assert_null(view);
    wg_optimizer_destroy(adam);
}

static void check_questions(bad_world *w, const bad_row *row)
{
    (void)row;
    assert_string_equal(wg_module_name(NULL), "");
    assert_string_equal(wg_module_kind(NULL), "");
    assert_int_equal(wg_model_module_count(NULL), 0);
    assert_null(wg_model_module(NULL, 0));
    assert_null(wg_model_module(w->m, 0));
    assert_null(wg_model_module(w->m, SIZE_MAX));
    assert_false(wg_param_is_buffer(NULL));
    wg_model_clear_gradients(NULL);
    wg_model_clear_gradients(w->m);
}

static void check_frozen(bad_world *w, const bad_row *row)
{
    (void)row;
    assert_status(wg_model_set_frozen(NULL, "p", true), WG_ERR_ARGUMENT);
    assert_status(wg_model_set_frozen(w->m, "no", true), WG_ERR_NAME);
    assert_status(wg_model_set_frozen(w->m, "p.", true), WG_ERR_NAME);
    assert_false(wg_param_is_frozen(w->p));
}

static void check_buffer(bad_world *w, const bad_row *row)
{
    wg_param *p = w->p;
    (void)row;
    assert_status(wg_buffer_create(NULL, "b", WG_F32, 0, NULL, NULL, &p), WG_ERR_ARGUMENT);
    assert_null(p);
    assert_status(wg_buffer_create(w->m, "p", WG_F32, 0, NULL, NULL, &p), WG_ERR_NAME);
    assert_status(wg_buffer_create(w->m, "b", WG_I64, 0, NULL, NULL, &p), WG_ERR_DTYPE);
    assert_status(wg_buffer_create(w->m, "b", WG_F32, 0, NULL, NULL, &p), WG_OK);
    assert_status(wg_param_set_frozen(p, false), WG_ERR_STATE);
}

static void check_stay(bad_world *w, const bad_row *row)
{
    const wg_node zero = {NULL, 0, 0};
    const wg_module *module;
    wg_scope scope;
    (void)row;
    assert_status(wg_module_begin(w->m, "a", "kind", &module), WG_OK);
    assert_status(wg_module_end(w->m, WG_OK), WG_OK);
    (void)wg_module_enter(NULL, w->x);
    (void)wg_module_enter(module, zero);
    (void)wg_module_enter(module, w->dead_node);
    (void)wg_module_leave(NULL, w->x);
    (void)wg_module_leave(module, zero);
    (void)wg_module_leave(module, w->dead_node);
    (void)wg_module_leave(module, w->x);
    assert_int_equal(wg_graph_scope_count(w->g), 0);
    assert_int_equal(wg_graph_scope_count(NULL), 0);
    assert_int_equal(wg_graph_scope_count(w->dead), 0);
    (void)wg_module_enter(module, w->x);
    (void)wg_module_leave(module, w->stale);
    assert_status(wg_graph_scope(w->g, 0, &scope), WG_OK);
    assert_false(wg_is_valid(scope.result));
    assert_status(wg_graph_scope(w->g, 1, &scope), WG_ERR_RANGE);
    assert_null(scope.module);
    assert_status(wg_graph_scope(NULL, 0, &scope), WG_ERR_ARGUMENT);
    assert_status(wg_graph_scope(w->g, 0, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_graph_scope(w->dead, 0, &scope), WG_ERR_RANGE);
}

static void check_summary(bad_world *w, const bad_row *row)
{
    (void)row;
    assert_status(wg_summary_write(NULL, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_summary_write(w->g, NULL, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_summary_write(w->dead, NULL, NULL), WG_ERR_STALE);
    const wg_node zero = {NULL, 0, 0};
    assert_true(wg_node_flops(zero) == 0.0 && wg_node_flops(w->stale) == 0.0);
    assert_true(wg_node_flops(w->dead_node) == 0.0 && wg_node_flops(w->x) == 0.0);
}

const bad_row bad_rows_of_modules[] = {
    {"wg_module_begin", check_module, NULL},
    {"wg_module_end", check_module, NULL},
    {"wg_module_begin", check_open_module, NULL},
    {"wg_module_name", check_questions, NULL},
    {"wg_module_kind", check_questions, NULL},
    {"wg_model_module_count", check_questions, NULL},
    {"wg_model_module", check_questions, NULL},
    {"wg_param_is_buffer", check_questions, NULL},
    {"wg_model_clear_gradients", check_questions, NULL},
    {"wg_model_set_frozen", check_frozen, NULL},
    {"wg_buffer_create", check_buffer, NULL},
    {"wg_module_enter", check_stay, NULL},
    {"wg_module_leave", check_stay, NULL},
    {"wg_graph_scope_count", check_stay, NULL},
    {"wg_graph_scope", check_stay, NULL},
    {"wg_summary_write", check_summary, NULL},
    {"wg_node_flops", check_summary, NULL},
    {NULL, NULL, NULL},
};
