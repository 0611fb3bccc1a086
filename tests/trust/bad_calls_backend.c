/* Bad calls of users' backends.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <string.h>

static wg_status run_nothing(const wg_kernel_call *call)
{
    (void)call;
    return WG_ERR_ENGINE;
}

static void release_never(void *user)
{
    (void)user;
    fail_msg("%s", "the definition was refused, and stays the caller's");
}

/* A definition of one kernel; the world's first context has chosen kernels, this one has not. */
static void refuse(const wg_backend_definition *definition, wg_status status)
{
    wg_context *ctx;
    assert_status(wg_context_create(NULL, &ctx), WG_OK);
    assert_status(wg_backend_add(ctx, definition), status);
    assert_string_not_equal(wg_context_error(ctx), "");
    wg_context_destroy(ctx);
}

static void check_kernels(void)
{
    static const char *const ops[] = {NULL, "", "wg_relu", "RELU", "leaf", "reshape", "dropout"};
    wg_kernel_definition kernel = {.op = "relu", .release = release_never};
    const wg_backend_definition definition = {
        .size = sizeof definition, .name = "bad", .kernels = &kernel, .n_kernels = 1};
    refuse(&definition, WG_ERR_ARGUMENT); /* no run */
    kernel.run = run_nothing;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        kernel.op = ops[i];
        refuse(&definition, i < 5 ? WG_ERR_NAME : WG_ERR_UNSUPPORTED);
    }
}

static void check_names(const wg_backend_definition *good)
{
    static const char *const names[] = {NULL, "", "tab\t", "\x7f", "\xc3\xa9", "reference"};
    char name[33];
    wg_backend_definition bad = *good;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bad.name = names[i];
        refuse(&bad, WG_ERR_NAME);
    }
    memset(name, 'n', sizeof name);
    name[32] = '\0';
    bad.name = name;
    refuse(&bad, WG_ERR_NAME);
}

static void check_backend_add(bad_world *w, const bad_row *row)
{
    const wg_kernel_definition kernel = {
        .op = "relu", .run = run_nothing, .release = release_never};
    const wg_backend_definition good = {
        .size = sizeof good, .name = "good", .kernels = &kernel, .n_kernels = 1};
    wg_backend_definition bad = good;
    const wg_node y = wg_square(w->x);
    (void)row;
    assert_status(wg_backend_add(NULL, &good), WG_ERR_ARGUMENT);
    refuse(NULL, WG_ERR_ARGUMENT);
    bad.size--;
    refuse(&bad, WG_ERR_ARGUMENT);
    bad = good;
    bad.kernels = NULL;
    refuse(&bad, WG_ERR_ARGUMENT);
    bad = good;
    bad.n_kernels = 0;
    refuse(&bad, WG_ERR_ARGUMENT);
    check_names(&good);
    check_kernels();
    assert_status(wg_run(&y, 1), WG_OK);
    assert_status(wg_backend_add(w->ctx, &good), WG_ERR_STATE);
    assert_false(wg_context_has_backend(w->ctx, "good"));
}

/* ---- attributes --------------------------------------------------------------------------- */

static int n_asked;

static const char *ask_badly(const wg_kernel_call *call)
{
    int64_t list[WG_MAX_RANK];
    int64_t value = 7;
    size_t n = 7;
    assert_status(wg_kernel_integer(call->attributes, NULL, &value), WG_ERR_ARGUMENT);
    assert_int_equal(value, 0);
    assert_status(wg_kernel_integer(call->attributes, "axis", NULL), WG_ERR_ARGUMENT);
    assert_status(wg_kernel_integer(call->attributes, "", &value), WG_ERR_NAME);
    assert_status(wg_kernel_integer(call->attributes, "slope", &value), WG_ERR_NAME);
    assert_status(wg_kernel_list(call->attributes, NULL, list, &n), WG_ERR_ARGUMENT);
    assert_int_equal(n, 0);
    assert_status(wg_kernel_list(call->attributes, "axes", NULL, &n), WG_ERR_ARGUMENT);
    assert_status(wg_kernel_list(call->attributes, "axes", list, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_kernel_list(call->attributes, "", list, &n), WG_ERR_NAME);
    n_asked++;
    return "asks alone";
}

/* An op with attributes, and one without. */
static void check_attributes(bad_world *w, const bad_row *row)
{
    const wg_kernel_definition kernels[] = {
        {.op = "softmax", .accepts = ask_badly, .run = run_nothing},
        {.op = "relu", .accepts = ask_badly, .run = run_nothing},
    };
    const wg_backend_definition definition = {
        .size = sizeof definition, .name = "asks", .kernels = kernels, .n_kernels = 2};
    int64_t list[WG_MAX_RANK];
    int64_t value = 7;
    size_t n = 7;
    (void)row;
    assert_status(wg_kernel_integer(NULL, "axis", &value), WG_ERR_ARGUMENT);
    assert_int_equal(value, 0);
    assert_status(wg_kernel_list(NULL, "axes", list, &n), WG_ERR_ARGUMENT);
    assert_int_equal(n, 0);
    assert_status(wg_backend_add(w->ctx, &definition), WG_OK);
    const wg_node y = wg_relu(wg_softmax(w->x, 0));
    n_asked = 0;
    assert_status(wg_run(&y, 1), WG_OK);
    assert_true(n_asked >= 2);
}

const bad_row bad_rows_of_backends[] = {
    {.name = "wg_backend_add", .check = check_backend_add},
    {.name = "wg_kernel_integer", .check = check_attributes},
    {.name = "wg_kernel_list", .check = check_attributes},
    {NULL, NULL, NULL},
};
