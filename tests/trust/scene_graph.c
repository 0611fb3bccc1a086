/* Scenes of graphs: recording, running, differentiating, shadows, errors.
 * SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <string.h>

#include "support/sink.h"

static void build_record(stage *s)
{
    assert_int_equal(stage_record(s), WG_OK);
}

static void build_backward(stage *s)
{
    build_record(s);
    assert_int_equal(wg_backward(s->loss), WG_OK);
}

static void digest_value(stage *s, wg_node n)
{
    const wg_tensor *t;
    assert_int_equal(wg_get(n, &t), WG_OK);
    stage_digest_tensor(s, t);
}

static void digest_gradients(stage *s)
{
    for (size_t i = 0; i < wg_model_count(s->m); i++) {
        stage_digest_tensor(s, wg_param_gradient(wg_model_param(s->m, i)));
    }
}

/* ---- recording and running ---------------------------------------------------------------- */

static wg_status act_create(stage *s)
{
    wg_graph *g;
    wg_status status = wg_graph_create(s->ctx, &g);
    if (status == WG_OK) {
        stage_digest(s, &(uint64_t){wg_graph_stream(g)}, sizeof(uint64_t));
    }
    wg_graph_destroy(g);
    return status;
}

static wg_status act_record(stage *s)
{
    wg_status status = stage_record(s);
    if (status == WG_OK) {
        stage_digest(s, &(uint32_t){wg_graph_count(s->g)}, sizeof(uint32_t));
    }
    return status;
}

static wg_status act_run(stage *s)
{
    wg_status status = wg_run(&s->loss, 1);
    if (status == WG_OK) {
        digest_value(s, s->loss);
        digest_value(s, s->logits);
    }
    return status;
}

static wg_status act_value(stage *s)
{
    wg_node h = wg_node_input(s->loss, 0);
    const wg_tensor *t;
    double item;
    wg_status status = wg_get(h, &t);
    if (status == WG_OK) {
        stage_digest_tensor(s, t);
        status = wg_get_item(s->loss, &item);
    }
    if (status == WG_OK) {
        stage_digest(s, &item, sizeof item);
    }
    return status;
}

/* All or nothing: after a failure every gradient is as empty as before. */
static wg_status act_backward(stage *s)
{
    wg_status status = wg_backward(s->loss);
    if (status == WG_OK) {
        digest_gradients(s);
        digest_value(s, s->loss);
        return status;
    }
    for (size_t i = 0; i < wg_model_count(s->m); i++) {
        assert_null(wg_param_gradient(wg_model_param(s->m, i)));
    }
    return status;
}

/* The gradients that are there are added to once, in the end, however often it failed. */
static wg_status act_accumulate(stage *s)
{
    wg_status status = wg_backward(s->loss);
    if (status == WG_OK) {
        digest_gradients(s);
    }
    return status;
}

static wg_status act_refresh(stage *s)
{
    wg_node scaled = s->logits;
    wg_status status = s->phase == 0 ? wg_number_set(scaled, 0, 0.5) : WG_OK;
    if (status == WG_OK && s->phase == 0) {
        s->phase = 1;
        status = wg_graph_refresh(s->g);
    }
    return status == WG_OK ? act_run(s) : status;
}

/* Recording and running from nothing: what the graph holds must grow and shrink whole. */
static wg_status act_trim(stage *s)
{
    wg_status status = wg_graph_reset(s->g);
    if (status == WG_OK) {
        status = wg_graph_trim(s->g);
    }
    if (status == WG_OK) {
        status = stage_record(s);
    }
    return status == WG_OK ? act_run(s) : status;
}

/* ---- gradients as nodes ------------------------------------------------------------------- */

static wg_status act_grad(stage *s)
{
    wg_node dw[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    wg_node d2w = {NULL, 0, 0};
    wg_status status = stage_record(s);
    wg_node w[] = {wg_use(s->g, s->first.weight), wg_use(s->g, s->second.weight)};
    if (status == WG_OK) {
        status = wg_grad(s->loss, w, 2, dw);
    }
    if (status == WG_OK) {
        status = wg_grad(wg_sum_all(wg_square(dw[0])), &w[1], 1, &d2w);
    } else {
        assert_false(wg_is_valid(dw[0]) || wg_is_valid(dw[1]));
    }
    if (status == WG_OK) {
        const wg_node all[] = {dw[0], dw[1], d2w};
        status = wg_run(all, 3);
    }
    if (status == WG_OK) {
        digest_value(s, dw[0]);
        digest_value(s, d2w);
    }
    return status;
}

/* ---- assignments -------------------------------------------------------------------------- */

static wg_status act_assign(stage *s)
{
    wg_status status = stage_record(s);
    wg_node w = wg_use(s->g, s->first.bias);
    if (status == WG_OK) {
        status = wg_assign(s->first.bias, wg_scale(w, 0.5));
    }
    if (status == WG_OK) {
        status = wg_backward(s->loss);
    }
    if (status == WG_OK) {
        stage_digest_params(s);
    }
    return status;
}

/* ---- shadows ------------------------------------------------------------------------------ */

static wg_status act_shadow(stage *s)
{
    wg_shadow *shadow;
    wg_status status = wg_shadow_create(s->g, WG_F32, WG_F64, &shadow);
    if (status != WG_OK) {
        assert_null(shadow);
        return status;
    }
    wg_node loss = wg_shadow_node(shadow, s->loss);
    status = wg_backward(loss);
    if (status == WG_OK) {
        digest_value(s, loss);
    }
    wg_shadow_destroy(shadow);
    return status;
}

static wg_status apply(wg_shadow *shadow, const stage *s, wg_tensor **out)
{
    const wg_node in = wg_node_input(s->logits, 0);
    const int64_t dims[] = {SCENE_ROWS, SCENE_CLASSES};
    wg_tensor *t = NULL;
    wg_status status = wg_tensor_create(s->ctx, WG_F64, 2, dims, &t);
    if (status == WG_OK) {
        status = wg_tensor_create(s->ctx, WG_F64, 2, dims, out);
    }
    if (status == WG_OK) {
        status = wg_shadow_apply(shadow, s->logits, (const wg_tensor *[]){t}, 1, out, 1);
    }
    assert_true(wg_is_valid(in));
    wg_tensor_destroy(t);
    return status;
}

static wg_status act_shadow_apply(stage *s)
{
    wg_shadow *shadow;
    wg_tensor *out = NULL;
    wg_status status = wg_shadow_create(s->g, WG_F32, WG_F64, &shadow);
    if (status == WG_OK) {
        status = apply(shadow, s, &out);
    }
    if (status == WG_OK) {
        stage_digest_tensor(s, out);
    }
    wg_tensor_destroy(out);
    wg_shadow_destroy(shadow);
    return status;
}

static wg_status act_explain(stage *s)
{
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    wg_status status = wg_explain(s->loss, &writer);
    if (status == WG_OK) {
        status = wg_print(s->logits, &writer);
    }
    if (status == WG_OK) {
        stage_digest(s, sink.text, sink.used);
    }
    wgt_sink_finish(&sink);
    return status;
}

/* A loss of few elements, so that checking it once for every allocation takes no time. The elements
 * differ: where all are the same the gradient is 0, which is what the bias itself is. */
static void build_small(stage *s)
{
    static const int64_t n = SCENE_CLASSES;
    assert_int_equal(wg_graph_reset(s->g), WG_OK);
    wg_node b = wg_use(s->g, s->second.bias);
    wg_node h = wg_name(wg_tanh(wg_add(b, wg_uniform(s->g, WG_F32, 1, &n, 0, 1))), "h");
    s->loss = wg_mean_all(wg_square(wg_softmax(h, 0)));
    assert_true(wg_is_valid(s->loss));
}

static wg_status act_gradcheck(stage *s)
{
    const wg_gradcheck_options options = {.size = sizeof options, .elements = 3, .directions = 1};
    wg_gradcheck_report report;
    wg_status status = wg_gradcheck(s->loss, &options, &report);
    if (status == WG_OK) {
        assert_int_equal(report.check.verdict, WG_CHECK_RIGHT);
        stage_digest(s, &report.check.distance, sizeof report.check.distance);
        stage_digest(s, &report.check.counts, sizeof report.check.counts);
    }
    return status;
}

static wg_status act_compare(stage *s)
{
    wg_check_report report;
    const wg_tensor *mine = wg_param_value(s->second.bias);
    wg_status status = wg_compare_gradient(s->loss, s->second.bias, mine, &report);
    if (status == WG_OK) {
        assert_int_equal(report.verdict, WG_CHECK_WRONG);
        stage_digest(s, &report.distance, sizeof report.distance);
    }
    return status;
}

/* ---- lists as text ------------------------------------------------------------------------ */

static wg_status digest_list(stage *s)
{
    const wg_list_writing options = {.size = sizeof options, .has_data = true};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    wg_status status = wg_graph_write(s->g, &options, &writer);
    stage_digest(s, wgt_sink_text(&sink), sink.used);
    wgt_sink_finish(&sink);
    return status;
}

/* A list that could not be read leaves the graph empty. */
static wg_status act_list(stage *s)
{
    static const char text[] = "wengert-list 1\n"
                               "%0 = param \"second.bias\" f32 [10] \"b\"\n"
                               "%1 = constant f32 [2, 2] data [1, 2, 3, 4]\n"
                               "%2 = variable f32 [2, 2] data [4, 3, 2, 1]\n"
                               "%3 = matmul(%1, %2) transpose_a=0 transpose_b=1 \"product\"\n"
                               "%4 = dropout(%3) p=0.25\n"
                               "%5 = %4.1\n"
                               "%6 = sum(%4) axes=[0, 1] keepdims=0\n"
                               "%7 = mul(%6, %0)\n";
    const wg_list_reading options = {.size = sizeof options, .model = s->m};
    wg_status status = wg_graph_read(s->g, text, sizeof text - 1, &options);
    if (status == WG_OK) {
        assert_int_equal(digest_list(s), WG_OK); /* writing takes no memory */
        status = wg_graph_reset(s->g);
    } else {
        assert_int_equal(wg_graph_count(s->g), 0);
        assert_int_equal(wg_graph_status(s->g), WG_OK);
    }
    return status;
}

/* ---- errors ------------------------------------------------------------------------------- */

/* A shape error is told even where there is no memory at all, unless an operand found none. */
static wg_status act_error(stage *s)
{
    wg_node x = wg_name(wg_input(s->g, s->x), "x");
    wg_node bad = wg_name(wg_matmul(x, x), "product");
    wg_status status = wg_graph_status(s->g);
    const char *text = wg_graph_error(s->g);
    assert_false(wg_is_valid(bad));
    if (status == WG_ERR_SHAPE) {
        assert_non_null(strstr(text, "matmul"));
        assert_non_null(strstr(text, "inner sizes differ"));
        stage_digest(s, &status, sizeof status);
        return WG_OK;
    }
    assert_non_null(strstr(text, "memory"));
    assert_int_equal(wg_graph_reset(s->g), WG_OK);
    return status;
}

const scene scenes_of_graphs[] = {
    {"graph_create", false, NULL, act_create},
    {"record", false, NULL, act_record},
    {"run", false, build_record, act_run},
    {"value", false, build_record, act_value},
    {"backward", false, build_record, act_backward},
    {"accumulate", false, build_backward, act_accumulate},
    {"refresh", false, build_backward, act_refresh},
    {"trim", false, build_backward, act_trim},
    {"grad", false, NULL, act_grad},
    {"assign", false, NULL, act_assign},
    {"shadow", false, build_record, act_shadow},
    {"shadow_apply", false, build_record, act_shadow_apply},
    {"explain", false, build_record, act_explain},
    {"gradcheck", false, build_small, act_gradcheck},
    {"compare_gradient", false, build_small, act_compare},
    {"list", false, NULL, act_list},
    {"error", false, NULL, act_error},
    {"eager record", true, NULL, act_record},
    {"eager backward", true, build_record, act_backward},
    {NULL, false, NULL, NULL},
};
