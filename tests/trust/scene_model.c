/* Scenes of models: parameters, layers, training.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Training goes on where it failed: recording and backward are done again from the reset, a failed
 * step alone is repeated. */
#include "scene.h"

#include <string.h>

static void build_sgd(stage *s)
{
    const wg_sgd_options options = {.size = sizeof options, .rate = 0.1, .momentum = 0.9};
    assert_int_equal(wg_sgd_create(s->m, &options, &s->o), WG_OK);
}

static void build_adam(stage *s)
{
    const wg_adam_options options = {.size = sizeof options, .weight_decay = 0.01};
    assert_int_equal(wg_adam_create(s->m, &options, &s->o), WG_OK);
}

static wg_status step_once(stage *s)
{
    wg_status status = WG_OK;
    if (s->phase % 2 == 0) {
        status = stage_record(s);
        if (status == WG_OK) {
            status = wg_backward(s->loss);
        }
        s->phase += status == WG_OK;
    }
    if (status == WG_OK) {
        status = wg_optimizer_step(s->o);
        s->phase += status == WG_OK;
    }
    return status;
}

static wg_status act_train(stage *s)
{
    wg_status status = WG_OK;
    while (s->phase < 6 && status == WG_OK) {
        status = step_once(s);
    }
    if (status == WG_OK) {
        stage_digest_params(s);
    }
    return status;
}

static wg_status step_by_sign(const wg_step *step)
{
    for (size_t i = 0; i < step->n; i++) {
        float *x = step->updates[i].value;
        const float *g = step->updates[i].gradient;
        for (int64_t k = 0; k < step->updates[i].n; k++) {
            x[k] -= (float)step->rate * (float)((g[k] > 0.0F) - (g[k] < 0.0F));
        }
    }
    return WG_OK;
}

static wg_status create_user(wg_model *m, wg_optimizer **out)
{
    const wg_optimizer_definition definition = {.size = sizeof definition,
                                                .name = "sign",
                                                .n_states = WG_MAX_STATES,
                                                .rate = 0.01,
                                                .step = step_by_sign};
    return wg_optimizer_create(m, &definition, out);
}

static void build_user(stage *s)
{
    assert_int_equal(create_user(s->m, &s->o), WG_OK);
}

static wg_status act_optimizer_create(stage *s)
{
    const wg_sgd_options options = {.size = sizeof options, .rate = 0.1};
    wg_optimizer *sgd;
    wg_optimizer *adam = NULL;
    wg_optimizer *user = NULL;
    wg_status status = wg_sgd_create(s->m, &options, &sgd);
    if (status == WG_OK) {
        status = wg_adamw_create(s->m, NULL, &adam);
    }
    if (status == WG_OK) {
        status = create_user(s->m, &user);
    }
    wg_optimizer_destroy(user);
    wg_optimizer_destroy(sgd);
    wg_optimizer_destroy(adam);
    return status;
}

/* ---- making models ------------------------------------------------------------------------ */

static wg_status fill_model(wg_model *m)
{
    const int64_t dims[] = {5, 7};
    const wg_init he = {.kind = WG_INIT_HE_NORMAL};
    wg_linear linear;
    wg_status status = wg_param_create(m, "embedding", WG_F64, 2, dims, &he, NULL);
    for (char name[] = "a"; name[0] <= 'k' && status == WG_OK; name[0]++) {
        status = wg_linear_create(m, name, 3, 4, NULL, &linear);
    }
    return status;
}

static wg_status act_create(stage *s)
{
    wg_model *m;
    wg_status status = wg_model_create(s->ctx, &m);
    if (status == WG_OK) {
        status = fill_model(m);
    }
    if (status == WG_OK) {
        assert_int_equal(wg_model_count(m), 23);
        stage_digest(s, &(int64_t){wg_model_elements(m)}, sizeof(int64_t));
    }
    wg_model_destroy(m);
    return status;
}

/* A layer that fails adds nothing and draws nothing: the next try gives the same weights. */
static wg_status act_linear(stage *s)
{
    wg_linear linear;
    const size_t before = wg_model_count(s->m);
    wg_status status = wg_linear_create(s->m, "third", 10, 10, NULL, &linear);
    if (status == WG_OK) {
        stage_digest_params(s);
        return status;
    }
    assert_null(linear.weight);
    assert_null(linear.bias);
    assert_int_equal(wg_model_count(s->m), before);
    return status;
}

/* Layers of many parameters and modules, and what applying them records. */
static void build_layers(stage *s)
{
    const wg_recurrent_options both = {
        .size = sizeof both, .is_bidirectional = true, .dropout = 0.25, .n_layers = 2};
    const wg_transformer_options decoder = {
        .size = sizeof decoder, .has_cross = true, .dropout = 0.25, .attention_dropout = 0.25};
    assert_int_equal(wg_lstm_create(s->m, "lstm", SCENE_FEATURES, 4, &both, &s->lstm), WG_OK);
    assert_int_equal(wg_batch_norm_create(s->m, "norm", 8, NULL, &s->norm), WG_OK);
    assert_int_equal(wg_transformer_block_create(s->m, "block", 8, 2, &decoder, &s->block), WG_OK);
}

static wg_node record_layers(stage *s)
{
    static const int64_t lengths[4] = {3, 8, 0, 5};
    static const int64_t n = 4;
    const int64_t dims[3] = {8, 4, SCENE_FEATURES};
    wg_recurrent_state state = {.h = {NULL, 0, 0}};
    const wg_node x = wg_reshape(wg_input(s->g, s->x), 3, dims);
    const wg_node ends = wg_constant(s->g, WG_I64, 1, &n, lengths);
    const wg_node y = wg_recurrent_apply(&s->lstm, x, &state, ends);
    const wg_node rows = wg_norm_apply(&s->norm, wg_flatten(y, 0, 1));
    const wg_node memory = wg_reshape(rows, 3, (const int64_t[]){4, 8, 8});
    const wg_transformer_inputs inputs = {.size = sizeof inputs, .memory = memory};
    const wg_node z = wg_transformer_block_apply(&s->block, memory, &inputs);
    return wg_add(wg_mean_all(wg_square(z)), wg_sum_all(wg_mul(state.h, state.c)));
}

static wg_status act_layers(stage *s)
{
    double item;
    wg_status status = wg_graph_reset(s->g);
    status = status ? status : wg_graph_set_step(s->g, 5);
    for (size_t i = 0; i < wg_model_count(s->m); i++) {
        wg_param_clear_gradient(wg_model_param(s->m, i));
    }
    memset(wg_tensor_data_mutable(wg_param_value(s->norm.running_mean)), 0, 8 * sizeof(float));
    if (status != WG_OK) {
        return status;
    }
    const wg_node loss = record_layers(s);
    status = wg_backward(loss);
    if (status != WG_OK) {
        return status;
    }
    stage_digest_tensor(s, wg_param_gradient(s->lstm.params[0][1].w_hh));
    stage_digest_tensor(s, wg_param_gradient(s->block.attn.qkv.weight));
    stage_digest_tensor(s, wg_param_value(s->norm.running_mean));
    status = wg_get_item(loss, &item);
    stage_digest(s, &item, sizeof item);
    return status;
}

/* All of a block or nothing. */
static wg_status act_block(stage *s)
{
    wg_transformer_block block;
    const size_t before = wg_model_count(s->m);
    wg_status status = wg_transformer_block_create(s->m, "third", 8, 2, NULL, &block);
    if (status == WG_OK) {
        stage_digest_params(s);
        return status;
    }
    assert_null(block.attn.qkv.weight);
    assert_int_equal(wg_model_count(s->m), before);
    return status;
}

static wg_status act_share(stage *s)
{
    wg_model *view;
    wg_status status = wg_model_share(s->m, s->ctx, &view);
    if (status == WG_OK) {
        wg_param *p = wg_model_find(view, "first.weight");
        assert_non_null(p);
        stage_digest_tensor(s, wg_param_value(p));
    } else {
        assert_null(view);
    }
    wg_model_destroy(view);
    return status;
}

/* Layouts one after the other, with gradients that come along. */
static wg_status act_flatten(stage *s)
{
    wg_status status = wg_model_flatten(s->m);
    if (status == WG_OK) {
        status = stage_record(s);
    }
    if (status == WG_OK) {
        status = wg_backward(s->loss);
    }
    if (status == WG_OK && wg_model_find(s->m, "late") == NULL) {
        status = wg_param_create(s->m, "late", WG_F32, 0, NULL, NULL, NULL);
    }
    if (status == WG_OK) {
        status = wg_model_flatten(s->m);
    }
    if (status == WG_OK) {
        stage_digest_tensor(s, wg_model_flat_value(s->m));
    }
    return status;
}

static wg_status act_tensors(stage *s)
{
    const int64_t dims[] = {2, 3};
    double data[] = {1, 2, 3, 4, 5, 6};
    wg_tensor *t[3] = {NULL, NULL, NULL};
    wg_status status = wg_tensor_create(s->ctx, WG_I64, 2, dims, &t[0]);
    if (status == WG_OK) {
        status = wg_tensor_borrow(s->ctx, WG_F64, 2, dims, data, &t[1]);
    }
    if (status == WG_OK) {
        status = wg_tensor_from(s->ctx, WG_F32, 2, dims, WG_F64, data, &t[2]);
    }
    if (status == WG_OK) {
        stage_digest_tensor(s, t[2]);
    }
    for (size_t i = 0; i < 3; i++) {
        wg_tensor_destroy(t[i]);
    }
    return status;
}

const scene scenes_of_models[] = {
    {"train sgd", false, build_sgd, act_train},
    {"train adam", false, build_adam, act_train},
    {"train user", false, build_user, act_train},
    {"train eager", true, build_sgd, act_train},
    {"optimizer_create", false, NULL, act_optimizer_create},
    {"model_create", false, NULL, act_create},
    {"linear_create", false, NULL, act_linear},
    {"layers", false, build_layers, act_layers},
    {"transformer_block_create", false, NULL, act_block},
    {"model_share", false, NULL, act_share},
    {"model_flatten", false, NULL, act_flatten},
    {"tensors", false, NULL, act_tensors},
    {NULL, false, NULL, NULL},
};
