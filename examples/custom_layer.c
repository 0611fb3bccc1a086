/* A layer of the program's own, on equal terms with the library's.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A gated residual layer, y = x + s(x w + b) * tanh(x v + c): a struct, a function that makes it,
 * and one that applies it. It has names in the tree, a row in the summary, is checked, frozen and
 * saved as any layer is. Two part two half moons, one of them frozen: loss 0.001 in 300 steps. */
#include <math.h>

#include <wengert/stdio.h>
#include <wengert/wengert.h>

enum {
    POINTS = 200
};

typedef struct gated {
    const wg_module *module;
    wg_linear gate;
    wg_linear value;
} gated;

/* What is made between begin and end stands below the name; if one part fails, all are taken back.
 */
static wg_status gated_create(wg_model *m, const char *name, int64_t width, gated *out)
{
    wg_status s = wg_module_begin(m, name, "gated", &out->module);
    if (s) {
        return s;
    }
    s = wg_linear_create(m, "gate", width, width, NULL, &out->gate);
    s = s ? s : wg_linear_create(m, "value", width, width, NULL, &out->value);
    return wg_module_end(m, s);
}

/* What is recorded between enter and leave counts as the layer's, in messages and in the summary.
 */
static wg_node gated_apply(const gated *layer, wg_node x)
{
    wg_module_enter(layer->module, x);
    wg_node gate = wg_sigmoid(wg_linear_apply(&layer->gate, x));
    wg_node value = wg_tanh(wg_linear_apply(&layer->value, x));
    return wg_module_leave(layer->module, wg_add(x, wg_mul(gate, value)));
}

typedef struct network {
    wg_linear in;
    gated middle[2];
    wg_linear out;
} network;

static wg_node logits_of(const network *n, wg_node x)
{
    x = gated_apply(&n->middle[0], wg_linear_apply(&n->in, x));
    return wg_linear_apply(&n->out, gated_apply(&n->middle[1], x));
}

static wg_status moons(wg_context *ctx, wg_tensor **x, wg_tensor **y)
{
    wg_status s = wg_tensor_create(ctx, WG_F32, 2, (const int64_t[]){POINTS, 2}, x);
    s = s ? s : wg_tensor_create(ctx, WG_I64, 1, (const int64_t[]){POINTS}, y);
    for (int i = 0; i < POINTS && !s; i++) {
        const double t = 3.14159265 * i / POINTS;
        const bool is_lower = i % 2 == 1;
        wg_tensor_set(*x, 2 * (int64_t)i, is_lower ? 1 - cos(t) : cos(t));
        wg_tensor_set(*x, 2 * (int64_t)i + 1, is_lower ? .4 - sin(t) : sin(t));
        s = wg_tensor_set(*y, i, is_lower);
    }
    return s;
}

int main(void)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_optimizer *adam = NULL;
    wg_tensor *x = NULL;
    wg_tensor *y = NULL;
    network n;
    wg_writer to = wg_file_writer(stdout);
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : moons(ctx, &x, &y);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_linear_create(m, "in", 2, 16, NULL, &n.in);
    s = s ? s : gated_create(m, "middle.0", 16, &n.middle[0]);
    s = s ? s : gated_create(m, "middle.1", 16, &n.middle[1]);
    s = s ? s : wg_linear_create(m, "out", 16, 2, NULL, &n.out);
    const wg_adam_options fast = {.size = sizeof fast, .rate = .01};
    s = s ? s : wg_adam_create(m, &fast, &adam);
    double loss = 1;
    double kept = s ? 0 : wg_tensor_get(wg_param_value(n.middle[0].gate.weight), 0);
    s = s ? s : wg_model_set_frozen(m, "middle.0", true); /* the gate, the value: all below it */
    for (int i = 0; i < 300 && !s; i++) {
        s = wg_graph_reset(g);
        wg_node mean = wg_cross_entropy(logits_of(&n, wg_input(g, x)), wg_input(g, y));
        s = s || i > 0 ? s : wg_summary_write(g, NULL, &to);
        s = s ? s : wg_backward(mean);
        s = s ? s : wg_get_item(mean, &loss);
        s = s ? s : wg_optimizer_step(adam);
    }
    bool is_kept = !s && wg_tensor_get(wg_param_value(n.middle[0].gate.weight), 0) == kept;
    printf("loss %.4f; middle.0 was frozen: %s\n", loss, is_kept ? "unchanged" : "changed");
    s = s ? s : wg_model_set_frozen(m, NULL, false);
    wg_gradcheck_report report;
    const wg_gradcheck_options some = {.size = sizeof some, .elements = 100};
    s = s ? s : wg_graph_reset(g);
    wg_node mean = wg_cross_entropy(logits_of(&n, wg_input(g, x)), wg_input(g, y));
    s = s ? s : wg_gradcheck(mean, &some, &report);
    s = s ? s : wg_gradcheck_write(&report, &to);
    s = s || report.check.verdict == WG_CHECK_RIGHT ? s : WG_ERR_GRADIENT;
    printf("%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_graph_destroy(g);
    wg_optimizer_destroy(adam);
    wg_model_destroy(m);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    wg_context_destroy(ctx);
    return s || loss > .05 || !is_kept ? 1 : 0;
}
