/* A network that knows some digits is taught others: load, freeze, train a new head, thaw.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A body and a head of five classes learn the digits 0 to 4 and are saved. Another network, with a
 * head of its own for the digits 5 to 9, loads the body and learns from 100 examples: first the
 * head alone, 79% right on 796 others, then all of it at a lower rate, 96%. */
#include <wengert/stdio.h>
#include <wengert/wengert.h>

typedef struct network {
    wg_model *m;
    wg_linear body[2];
    wg_linear head;
} network;

static wg_status network_create(wg_context *ctx, const char *head, network *n)
{
    wg_status s = wg_model_create(ctx, &n->m);
    s = s ? s : wg_linear_create(n->m, "body.0", 64, 128, NULL, &n->body[0]);
    s = s ? s : wg_linear_create(n->m, "body.1", 128, 64, NULL, &n->body[1]);
    return s ? s : wg_linear_create(n->m, head, 64, 5, NULL, &n->head);
}

static wg_node logits_of(const network *n, wg_graph *g, const wg_dataset *d)
{
    wg_node h = wg_scale(wg_input(g, wg_dataset_x(d)), 1.0 / 16);
    h = wg_relu(wg_linear_apply(&n->body[0], h));
    h = wg_relu(wg_linear_apply(&n->body[1], h));
    return wg_linear_apply(&n->head, h);
}

static wg_status learn(const network *n, wg_graph *g, const wg_dataset *d, double rate, int steps)
{
    const wg_adam_options o = {.size = sizeof o, .rate = rate};
    wg_optimizer *adam = NULL;
    wg_status s = wg_adam_create(n->m, &o, &adam);
    for (int i = 0; i < steps && !s; i++) {
        s = wg_graph_reset(g);
        wg_node loss = wg_cross_entropy(logits_of(n, g, d), wg_input(g, wg_dataset_y(d)));
        s = s ? s : wg_backward(loss);
        s = s ? s : wg_optimizer_step(adam);
    }
    wg_optimizer_destroy(adam);
    return s;
}

static double accuracy(const network *n, wg_graph *g, const wg_dataset *d)
{
    wg_graph_reset(g);
    wg_node guess = wg_argmax(logits_of(n, g, d), 1, false);
    wg_node is_right = wg_equal(guess, wg_input(g, wg_dataset_y(d)));
    return wg_item(wg_mean_all(wg_cast(is_right, WG_F64)));
}

/* The examples of five digits, as classes 0 to 4. */
static wg_status pick(wg_context *ctx, const wg_dataset *all, int from, wg_dataset **out)
{
    int64_t rows[2000];
    int64_t labels[2000];
    int64_t n = 0;
    for (int64_t i = 0; i < wg_dataset_count(all) && n < 2000; i++) {
        int64_t label = (int64_t)wg_tensor_get(wg_dataset_y(all), i) - from;
        if (label >= 0 && label < 5) {
            labels[n] = label;
            rows[n++] = i;
        }
    }
    wg_tensor *x = NULL;
    wg_tensor *y = NULL;
    wg_status s = wg_tensor_create(ctx, WG_F32, 2, (const int64_t[]){n, 64}, &x);
    s = s ? s : wg_tensor_rows(wg_dataset_x(all), rows, n, x);
    s = s ? s : wg_tensor_from(ctx, WG_I64, 1, &n, WG_I64, labels, &y);
    s = s ? s : wg_dataset_create(ctx, x, y, out);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    return s;
}

int main(int argc, char **argv)
{
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_dataset *d[5] = {NULL}; /* all; 0 to 4; 5 to 9: for the test, to learn from */
    network old = {.m = NULL};
    network fresh = {.m = NULL};
    wg_rng rng = wg_rng_make(1, 0);
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_csv_read(ctx, argc > 1 ? argv[1] : "digits.csv", NULL, &d[0]);
    s = s ? s : pick(ctx, d[0], 0, &d[1]);
    s = s ? s : pick(ctx, d[0], 5, &d[2]);
    s = s ? s : wg_dataset_split(d[2], 100, &rng, &d[3], &d[4]);
    s = s ? s : network_create(ctx, "head", &old);
    s = s ? s : network_create(ctx, "new_head", &fresh);
    s = s ? s : learn(&old, g, d[1], .002, 200);
    s = s ? s : wg_model_save(old.m, "fine_tune.safetensors");
    if (!s && wg_model_load(fresh.m, "fine_tune.safetensors") == WG_ERR_NAME) {
        printf("as it is:\n%s\n", wg_context_error(ctx)); /* tells all names at fault */
    }
    const wg_model_load_options body = {sizeof body, "body.", "body.", false, false, false};
    wg_model_load_report report;
    s = s ? s : wg_model_load_with(fresh.m, "fine_tune.safetensors", &body, &report);
    s = s ? s : wg_model_set_frozen(fresh.m, "body", true);
    s = s ? s : learn(&fresh, g, d[4], .01, 100);
    double of_head = s ? 0 : accuracy(&fresh, g, d[3]);
    s = s ? s : wg_model_set_frozen(fresh.m, "body", false);
    s = s ? s : learn(&fresh, g, d[4], .001, 100);
    double of_all = s ? 0 : accuracy(&fresh, g, d[3]);
    printf("loaded %zu parameters; accuracy by the head %.3f", report.loaded, of_head);
    printf(", by all of it %.3f\n", of_all);
    printf("%s%s", s ? wg_context_error(ctx) : "", wg_graph_error(g));
    wg_graph_destroy(g);
    wg_model_destroy(fresh.m);
    wg_model_destroy(old.m);
    for (int i = 0; i < 5; wg_dataset_destroy(d[i++])) {
    }
    wg_context_destroy(ctx);
    return s || of_all < .9 || of_all < of_head ? 1 : 0;
}
