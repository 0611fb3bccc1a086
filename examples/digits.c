/* Trains a classifier of handwritten digits, shows what it does, proves its gradients, saves it.
 * SPDX-License-Identifier: Apache-2.0
 *
 * 1,797 scans of 8x8 pixels, 360 held out; 64-128-10, relu, cross entropy, Adam: at least 97.5%. */
#include <wengert/stdio.h>
#include <wengert/wengert.h>

enum {
    HELD_OUT = 360,
    BATCH = 64,
    HIDDEN = 128,
    STEPS = 2000,
    CHECKED = 16
};

static wg_node logits_of(const wg_linear layers[2], wg_graph *g, wg_tensor *x)
{
    wg_node pixels = wg_scale(wg_input(g, x), 1.0 / 16);
    wg_node h = wg_relu(wg_linear_apply(&layers[0], pixels));
    return wg_linear_apply(&layers[1], h);
}

static wg_status train(const wg_linear layers[2], wg_graph *g, wg_optimizer *adam,
                       wg_batches *batches, double *losses, const wg_writer *to)
{
    wg_progress progress;
    wg_progress_options o = {.size = sizeof o, .is_terminal = wg_file_is_terminal(stdout)};
    wg_status s = wg_progress_begin(STEPS, to, &o, &progress);
    for (int i = 0; !s && i < STEPS; i++) {
        wg_batch b;
        bool has_batch = wg_batches_next(batches, &b) || wg_batches_next(batches, &b);
        s = has_batch ? wg_graph_reset(g) : WG_ERR_STATE;
        wg_node loss = wg_cross_entropy(logits_of(layers, g, b.x), wg_input(g, b.y));
        s = s ? s : wg_backward(loss);
        s = s ? s : wg_get_item(loss, &losses[i]);
        s = s ? s : wg_optimizer_set_rate(adam, 0.002 * (STEPS - i) / STEPS);
        s = s ? s : wg_optimizer_step(adam);
        s = s ? s : wg_progress_step(&progress, i + 1, losses[i]);
    }
    return s ? s : wg_progress_end(&progress);
}

static wg_status draw(const double *losses, wg_curve_form form, const wg_writer *to)
{
    wg_series curve = {.name = "training loss by step", .y = losses, .n = STEPS};
    wg_curve_options o = {.size = sizeof o, .form = form, .is_log_y = true};
    return wg_curve_write(&curve, 1, &o, to);
}

static int count_right(const wg_linear layers[2], wg_graph *g, const wg_dataset *d)
{
    int right = 0;
    wg_graph_reset(g);
    const wg_tensor *v = wg_value(logits_of(layers, g, wg_dataset_x(d)));
    for (int64_t i = 0, best = 0; i < wg_tensor_count(v); i++) {
        best = i % 10 == 0 || wg_tensor_get(v, i) > wg_tensor_get(v, best) ? i : best;
        right += i % 10 == 9 && best % 10 == (int64_t)wg_tensor_get(wg_dataset_y(d), i / 10);
    }
    return right;
}

int main(int argc, char **argv)
{
    static double losses[STEPS];
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_dataset *d[5] = {NULL}; /* all rows; for training, for the test; of those the rest, a few */
    wg_batches *batches = NULL;
    wg_model *m = NULL;
    wg_linear layers[2];
    wg_optimizer *adam = NULL;
    wg_rng rng = wg_rng_make(7, 0);
    wg_writer to = wg_file_writer(stdout);
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_csv_read(ctx, argc > 1 ? argv[1] : "digits.csv", NULL, &d[0]);
    s = s ? s : wg_dataset_split(d[0], HELD_OUT, &rng, &d[1], &d[2]);
    s = s ? s : wg_dataset_split(d[2], CHECKED, NULL, &d[3], &d[4]);
    s = s ? s : wg_batches_create(d[1], BATCH, &rng, true, &batches);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_linear_create(m, "hidden", 64, HIDDEN, NULL, &layers[0]);
    s = s ? s : wg_linear_create(m, "out", HIDDEN, 10, NULL, &layers[1]);
    s = s ? s : wg_adam_create(m, NULL, &adam);
    s = s ? s : train(layers, g, adam, batches, losses, &to);
    s = s ? s : draw(losses, WG_CURVE_TEXT, &to);
    FILE *svg = fopen("digits-curve.svg", "w");
    wg_writer file = wg_file_writer(svg);
    s = s ? s : draw(losses, WG_CURVE_SVG, &file);
    s = svg != NULL && fclose(svg) != 0 ? WG_ERR_IO : s;
    int right = s ? 0 : count_right(layers, g, d[2]);
    wg_gradcheck_report report;
    wg_gradcheck_options o = {.size = sizeof o, .elements = 200};
    wg_node y = wg_input(g, wg_dataset_y(d[4]));
    wg_node loss = wg_cross_entropy(logits_of(layers, g, wg_dataset_x(d[4])), y);
    s = s ? s : wg_gradcheck(loss, &o, &report);
    s = s ? s : wg_gradcheck_write(&report, &to);
    s = !s && report.check.verdict != WG_CHECK_RIGHT ? WG_ERR_GRADIENT : s;
    s = s ? s : wg_model_save(m, "digits.safetensors");
    s = s ? s : wg_init_tensor(wg_param_value(layers[0].weight), NULL); /* forget, load again */
    s = s ? s : wg_model_load(m, "digits.safetensors");
    s = !s && count_right(layers, g, d[2]) != right ? WG_ERR_INTERNAL : s;
    wg_kernel_use use;
    for (size_t i = 0; !s && wg_context_kernel_use(ctx, i, &use) == WG_OK; i++) {
        printf("%-14s ran %6llu times for %s\n", use.kernel, (unsigned long long)use.runs, use.op);
    }
    if (s) {
        printf("%s: %s%s\n", wg_status_text(s), wg_context_error(ctx), wg_graph_error(g));
    } else {
        printf("written: digits-curve.svg; digits.safetensors, loaded again and verified\n");
        printf("test accuracy %.4f (%d/%d)\n", (double)right / HELD_OUT, right, HELD_OUT);
    }
    wg_graph_destroy(g);
    wg_optimizer_destroy(adam);
    wg_model_destroy(m);
    wg_batches_destroy(batches);
    for (int i = 0; i < 5; wg_dataset_destroy(d[i++])) {
    }
    wg_context_destroy(ctx);
    return s ? 1 : 0;
}
