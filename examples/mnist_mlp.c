/* A plain network reads the handwritten digits of MNIST; how well, epoch by epoch.
 * SPDX-License-Identifier: Apache-2.0
 *
 * 60,000 images to learn from, 10,000 for the test; 784-512-512-10, relu, cross entropy, Adam,
 * batches of 128, a rate that falls on a cosine: 98.5% after ten epochs, 98% after four.
 * Usage: mnist_mlp [epochs] [seed], with MNIST's four files in the folder WENGERT_MNIST. */
#include <stdlib.h>

#include <wengert/stdio.h>
#include <wengert/wengert.h>

enum {
    BATCH = 128,
    HIDDEN = 512,
    SKIPPED = 77 /* what a test exits with that cannot run here */
};

static wg_status network_create(wg_model *m, wg_linear layers[3])
{
    wg_status s = wg_linear_create(m, "hidden.0", 784, HIDDEN, NULL, &layers[0]);
    s = s ? s : wg_linear_create(m, "hidden.1", HIDDEN, HIDDEN, NULL, &layers[1]);
    return s ? s : wg_linear_create(m, "out", HIDDEN, 10, NULL, &layers[2]);
}

/* [n, 784] pixels in [0, 1] -> [n, 10] */
static wg_node logits_of(const wg_linear layers[3], wg_graph *g, wg_tensor *pixels)
{
    wg_node h = wg_relu(wg_linear_apply(&layers[0], wg_input(g, pixels)));
    h = wg_relu(wg_linear_apply(&layers[1], h));
    return wg_linear_apply(&layers[2], h);
}

static wg_status read_digits(wg_context *ctx, const char *folder, const char *which,
                             wg_dataset **out)
{
    char images[1024];
    char labels[1024];
    snprintf(images, sizeof images, "%s/%s-images-idx3-ubyte.gz", folder, which);
    snprintf(labels, sizeof labels, "%s/%s-labels-idx1-ubyte.gz", folder, which);
    return wg_idx_read_dataset(ctx, images, labels, NULL, out);
}

static wg_status learn_epoch(const wg_linear layers[3], wg_graph *g, wg_batches *batches,
                             wg_schedule *rate, double *mean_loss)
{
    wg_batch b;
    wg_status s = wg_graph_set_training(g, true);
    *mean_loss = 0;
    while (!s && wg_batches_next(batches, &b)) {
        s = wg_graph_reset(g);
        wg_node loss = wg_cross_entropy(logits_of(layers, g, b.x), wg_input(g, b.y));
        s = s ? s : wg_backward(loss);
        *mean_loss += wg_item(loss) / (double)wg_batches_count(batches);
        s = s ? s : wg_optimizer_step(wg_schedule_optimizer(rate));
        s = s ? s : wg_schedule_step(rate);
    }
    return s;
}

static wg_status measure(const wg_linear layers[3], wg_graph *g, const wg_dataset *d,
                         double *accuracy)
{
    wg_status s = wg_graph_set_training(g, false);
    s = s ? s : wg_graph_reset(g);
    wg_node guess = wg_argmax(logits_of(layers, g, wg_dataset_x(d)), 1, false);
    wg_node is_right = wg_equal(guess, wg_input(g, wg_dataset_y(d)));
    return s ? s : wg_get_item(wg_mean_all(wg_cast(is_right, WG_F64)), accuracy);
}

int main(int argc, char **argv)
{
    const char *folder = getenv("WENGERT_MNIST");
    const int epochs = argc > 1 ? atoi(argv[1]) : 10;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    const wg_config config = {.size = sizeof config, .seed = seed};
    const wg_rng rng = wg_rng_make(seed, 1);
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_dataset *d[2] = {NULL}; /* to learn from, for the test */
    wg_batches *batches = NULL;
    wg_model *m = NULL;
    wg_linear net[3];
    wg_optimizer *adam = NULL;
    wg_schedule *rate = NULL;
    if (folder == NULL) {
        printf("skipped: WENGERT_MNIST is no folder with MNIST's files (examples/README.md)\n");
        return SKIPPED;
    }
    wg_status s = wg_context_create(&config, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : read_digits(ctx, folder, "train", &d[0]);
    s = s ? s : read_digits(ctx, folder, "t10k", &d[1]);
    s = s ? s : wg_batches_create(d[0], BATCH, &rng, true, &batches);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : network_create(m, net);
    s = s ? s : wg_adam_create(m, NULL, &adam);
    wg_schedule_options cosine = {.size = sizeof cosine, .kind = WG_SCHEDULE_COSINE};
    cosine.steps = epochs * wg_batches_count(batches);
    s = s ? s : wg_schedule_create(adam, &cosine, &rate);
    double accuracy = 0;
    printf("784-%d-%d-10: %lld numbers to learn\n", HIDDEN, HIDDEN,
           (long long)wg_model_elements(m));
    for (int i = 0; i < epochs && !s; i++) {
        double loss = 0;
        fflush(stdout);
        s = learn_epoch(net, g, batches, rate, &loss);
        s = s ? s : measure(net, g, d[1], &accuracy);
        printf("epoch %2d  loss %.4f  test accuracy %.4f\n", i + 1, loss, accuracy);
    }
    printf("%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_schedule_destroy(rate);
    wg_optimizer_destroy(adam);
    wg_graph_destroy(g);
    wg_model_destroy(m);
    wg_batches_destroy(batches);
    wg_dataset_destroy(d[1]);
    wg_dataset_destroy(d[0]);
    wg_context_destroy(ctx);
    return s || accuracy < (epochs < 10 ? .95 : .983) ? 1 : 0;
}
