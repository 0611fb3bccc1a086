/* Scenes of derivatives and functions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

enum {
    SIZE = 10
};

/* Ten inputs to ten outputs: more operands than fit any stack, and all kinds of products. */
static wg_node record_small(stage *s, wg_node *x)
{
    static const int64_t n = SIZE;
    static const float at[SIZE] = {0.5F, -1, 2, 0.25F, 1, -0.5F, 1.5F, 0.125F, -2, 0.75F};
    assert_int_equal(wg_graph_reset(s->g), WG_OK);
    assert_int_equal(wg_graph_set_step(s->g, 11), WG_OK);
    *x = wg_constant(s->g, WG_F32, 1, &n, at);
    return wg_mul(wg_tanh(*x), wg_dropout(wg_softmax(*x, 0), 0.25));
}

static wg_status digest_nodes(stage *s, const wg_node *nodes, size_t n)
{
    wg_status status = wg_run(nodes, n);
    for (size_t i = 0; status == WG_OK && i < n; i++) {
        stage_digest_tensor(s, wg_value(nodes[i]));
    }
    return status;
}

static wg_status act_products(stage *s)
{
    wg_node out[4] = {{NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
    wg_node x;
    wg_node y = record_small(s, &x);
    wg_status status = wg_vjp(&y, &y, 1, &x, 1, &out[0]);
    if (status == WG_OK) {
        status = wg_jvp(&y, 1, &x, &x, 1, &out[1]);
    }
    if (status == WG_OK) {
        status = wg_hvp(y, &x, &x, 1, &out[2]);
    }
    for (int i = 0; status != WG_OK && i < 3; i++) {
        assert_true(i < 2 || !wg_is_valid(out[i]));
    }
    return status == WG_OK ? digest_nodes(s, out, 3) : status;
}

static wg_status act_jacobians(stage *s)
{
    wg_node out[3] = {{NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
    wg_node x;
    wg_node y = record_small(s, &x);
    wg_status status = wg_jacobian(y, x, &out[0]);
    if (status == WG_OK) {
        status = wg_hessian(y, x, &out[1]);
    }
    if (status == WG_OK) {
        status = wg_per_sample_gradients(y, &x, 1, &out[2]);
    }
    assert_true(status == WG_OK || !wg_is_valid(out[2]));
    return status == WG_OK ? digest_nodes(s, out, 3) : status;
}

/* ---- functions ---------------------------------------------------------------------------- */

/* The scene's network from its data to its loss and logits. */
static wg_status freeze(stage *s, wg_function **f)
{
    wg_node x = wg_graph_node(s->g, 0);
    const wg_node outputs[] = {s->loss, s->logits};
    return wg_function_create(&x, 1, outputs, 2, f);
}

static void build_record(stage *s)
{
    assert_int_equal(stage_record(s), WG_OK);
}

static void build_function(stage *s)
{
    build_record(s);
    assert_int_equal(freeze(s, &s->f), WG_OK);
}

static wg_status act_function_create(stage *s)
{
    wg_function *f = NULL;
    wg_status status = freeze(s, &f);
    assert_true((f != NULL) == (status == WG_OK));
    if (status == WG_OK) {
        wg_function_slot slot;
        status = wg_function_output(f, 1, &slot);
        stage_digest(s, &slot.count, sizeof slot.count);
    }
    wg_function_destroy(f);
    return status;
}

/* A call that fails for memory leaves the function as it was. */
static wg_status act_function_call(stage *s)
{
    wg_tensor *loss;
    wg_status status = wg_tensor_create(s->ctx, WG_F32, 0, NULL, &loss);
    if (status == WG_OK) {
        const wg_tensor *const in[] = {s->x};
        wg_tensor *const out[] = {loss, NULL};
        status = wg_function_call(s->f, in, out);
    }
    if (status == WG_OK) {
        stage_digest_tensor(s, loss);
    }
    wg_tensor_destroy(loss);
    return status;
}

static wg_status act_function_products(stage *s)
{
    static const int64_t dims[2][2] = {{SCENE_ROWS, SCENE_FEATURES}, {SCENE_ROWS, SCENE_CLASSES}};
    wg_tensor *dx;
    wg_tensor *dy = NULL;
    wg_status status = wg_tensor_create(s->ctx, WG_F32, 2, dims[0], &dx);
    if (status == WG_OK) {
        status = wg_tensor_create(s->ctx, WG_F32, 2, dims[1], &dy);
    }
    const wg_tensor *const in[] = {s->x};
    const wg_tensor *const us[] = {NULL, dy};
    wg_tensor *const gradients[] = {dx};
    wg_tensor *const tangents[] = {NULL, dy};
    if (status == WG_OK) {
        status = wg_function_set_step(s->f, 3);
    }
    if (status == WG_OK) {
        status = wg_function_jvp(s->f, in, (const wg_tensor *[]){s->x}, NULL, tangents);
    }
    if (status == WG_OK) {
        status = wg_function_vjp(s->f, in, us, NULL, gradients);
    }
    if (status == WG_OK) {
        stage_digest_tensor(s, dx);
        stage_digest_tensor(s, dy);
        status = wg_function_jvp(s->f, in, (const wg_tensor *[]){NULL}, NULL, tangents);
    }
    wg_tensor_destroy(dx);
    wg_tensor_destroy(dy);
    return status;
}

static wg_status act_function_hvp(stage *s)
{
    wg_function *f = NULL;
    wg_node x = wg_graph_node(s->g, 0);
    wg_status status = wg_function_create(&x, 1, &s->loss, 1, &f);
    wg_tensor *hv = NULL;
    if (status == WG_OK) {
        status = wg_tensor_create(s->ctx, WG_F32, 2, wg_tensor_dims(s->x), &hv);
    }
    if (status == WG_OK) {
        const wg_tensor *const in[] = {s->x};
        wg_tensor *const out[] = {hv};
        status = wg_function_hvp(f, in, in, out);
    }
    if (status == WG_OK) {
        stage_digest_tensor(s, hv);
    }
    wg_tensor_destroy(hv);
    wg_function_destroy(f);
    return status;
}

const scene scenes_of_derivatives[] = {
    {"products", false, NULL, act_products},
    {"jacobians", false, NULL, act_jacobians},
    {"function_create", false, build_record, act_function_create},
    {"function_call", false, build_function, act_function_call},
    {"function_products", false, build_function, act_function_products},
    {"function_hvp", false, build_record, act_function_hvp},
    {"eager products", true, NULL, act_products},
    {"eager function_hvp", true, build_record, act_function_hvp},
    {NULL, false, NULL, NULL},
};
