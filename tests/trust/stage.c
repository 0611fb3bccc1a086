/* The stage's own network: two linear layers with a tanh, dropout, a constant and a number.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

void stage_digest(stage *s, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++) {
        s->digest = (s->digest ^ p[i]) * UINT64_C(0x100000001b3);
    }
}

void stage_digest_tensor(stage *s, const wg_tensor *t)
{
    assert_non_null(t);
    stage_digest(s, wg_tensor_data(t), wg_tensor_bytes(t));
}

void stage_digest_params(stage *s)
{
    for (size_t i = 0; i < wg_model_count(s->m); i++) {
        stage_digest_tensor(s, wg_param_value(wg_model_param(s->m, i)));
    }
}

wg_status stage_status(const stage *s, const void *made)
{
    wg_status status = wg_graph_status(s->g);
    return made != NULL ? WG_OK : status != WG_OK ? status : WG_ERR_MEMORY;
}

wg_status stage_record(stage *s)
{
    static const float shift[SCENE_CLASSES] = {0.5F, -0.25F};
    static const int64_t n = SCENE_CLASSES;
    wg_status status = wg_graph_reset(s->g);
    if (status == WG_OK) {
        status = wg_graph_set_step(s->g, 11);
    }
    wg_node x = wg_name(wg_input(s->g, s->x), "x");
    wg_node h = wg_name(wg_tanh(wg_linear_apply(&s->first, x)), "h");
    wg_node y = wg_linear_apply(&s->second, wg_dropout(h, 0.25));
    s->logits = wg_scale(wg_add(y, wg_constant(s->g, WG_F32, 1, &n, shift)), 0.75);
    s->loss = wg_name(wg_cross_entropy(s->logits, wg_input(s->g, s->labels)), "loss");
    if (status == WG_OK) {
        status = wg_graph_status(s->g);
    }
    return status == WG_OK ? wg_keep(s->logits) : status;
}
