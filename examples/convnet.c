/* A small convolutional network, made of ops alone, reads handwritten digits.
 * SPDX-License-Identifier: Apache-2.0
 *
 * 1,797 scans of 8x8 pixels, 360 held out; two convolutions of 3x3 with relu and max-pooling, one
 * linear layer, cross entropy, Adam: at least 98%. */
#include <wengert/stdio.h>
#include <wengert/wengert.h>

enum {
    HELD_OUT = 360,
    BATCH = 64,
    STEPS = 1200,
    FIRST = 16,
    SECOND = 32,
    CLASSES = 10,
    FEATURES = SECOND * 2 * 2
};

typedef struct network {
    wg_param *kernel[2];
    wg_param *bias[2];
    wg_linear head;
} network;

static wg_status build(wg_model *m, network *n)
{
    const int64_t kernels[2][4] = {{FIRST, 1, 3, 3}, {SECOND, FIRST, 3, 3}};
    const char *const names[2][2] = {{"conv1.weight", "conv1.bias"},
                                     {"conv2.weight", "conv2.bias"}};
    wg_status s = WG_OK;
    for (int i = 0; i < 2 && !s; i++) {
        /* He et al. 2015: sqrt(6 / what a window holds), 9 and 9 * 16 numbers. */
        const double limit = i == 0 ? 0.816 : 0.204;
        const wg_init init = {.kind = WG_INIT_UNIFORM, .a = -limit, .b = limit};
        s = wg_param_create(m, names[i][0], WG_F32, 4, kernels[i], &init, &n->kernel[i]);
        s = s ? s : wg_param_create(m, names[i][1], WG_F32, 1, kernels[i], NULL, &n->bias[i]);
    }
    return s ? s : wg_linear_create(m, "head", FEATURES, CLASSES, NULL, &n->head);
}

/* [batch, 64] pixels -> [batch, 10] */
static wg_node logits_of(const network *n, wg_graph *g, wg_tensor *pixels)
{
    const wg_conv_options same = {.size = sizeof same, .padding = WG_CONV_SAME};
    const wg_pool_options half = {.size = sizeof half, .kernel_size = {2, 2}};
    wg_node h = wg_scale(wg_input(g, pixels), 1.0 / 16);
    h = wg_reshape(h, 4, (const int64_t[]){-1, 1, 8, 8});
    for (int i = 0; i < 2; i++) {
        h = wg_conv2d(h, wg_use(g, n->kernel[i]), wg_use(g, n->bias[i]), &same);
        h = wg_max_pool2d(wg_relu(h), &half);
    }
    return wg_linear_apply(&n->head, wg_flatten(h, 1, -1));
}

static wg_status train(const network *n, wg_graph *g, wg_optimizer *adam, wg_batches *batches)
{
    wg_status s = WG_OK;
    for (int i = 0; i < STEPS && !s; i++) {
        wg_batch b;
        bool has_batch = wg_batches_next(batches, &b) || wg_batches_next(batches, &b);
        s = has_batch ? wg_graph_reset(g) : WG_ERR_STATE;
        wg_node loss = wg_cross_entropy(logits_of(n, g, b.x), wg_input(g, b.y));
        s = s ? s : wg_backward(loss);
        if (!s && i % 200 == 0) {
            printf("step %4d  loss %.4f\n", i, wg_item(loss));
        }
        s = s ? s : wg_optimizer_set_rate(adam, 0.003 * (STEPS - i) / STEPS);
        s = s ? s : wg_optimizer_step(adam);
    }
    return s;
}

static int count_right(const network *n, wg_graph *g, const wg_dataset *d)
{
    int right = 0;
    wg_graph_reset(g);
    const wg_tensor *v = wg_value(wg_argmax(logits_of(n, g, wg_dataset_x(d)), 1, false));
    for (int64_t i = 0; i < wg_tensor_count(v); i++) {
        right += wg_tensor_get(v, i) == wg_tensor_get(wg_dataset_y(d), i);
    }
    return right;
}

int main(int argc, char **argv)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_dataset *all = NULL;
    wg_dataset *shown = NULL;
    wg_dataset *held = NULL;
    wg_batches *batches = NULL;
    wg_model *m = NULL;
    wg_optimizer *adam = NULL;
    network n;
    wg_rng rng = wg_rng_make(7, 0);
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_csv_read(ctx, argc > 1 ? argv[1] : "digits.csv", NULL, &all);
    s = s ? s : wg_dataset_split(all, HELD_OUT, &rng, &shown, &held);
    s = s ? s : wg_batches_create(shown, BATCH, &rng, true, &batches);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : build(m, &n);
    s = s ? s : wg_adam_create(m, NULL, &adam);
    s = s ? s : train(&n, g, adam, batches);
    if (s) {
        printf("%s: %s%s\n", wg_status_text(s), wg_context_error(ctx), wg_graph_error(g));
    } else {
        int right = count_right(&n, g, held);
        printf("test accuracy %.4f (%d/%d)\n", (double)right / HELD_OUT, right, HELD_OUT);
    }
    wg_graph_destroy(g);
    wg_optimizer_destroy(adam);
    wg_model_destroy(m);
    wg_batches_destroy(batches);
    wg_dataset_destroy(held);
    wg_dataset_destroy(shown);
    wg_dataset_destroy(all);
    wg_context_destroy(ctx);
    return s ? 1 : 0;
}
