/* Dropout: the same network with and without, and what it has to do with many networks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Srivastava et al. 2014. Handwritten digits, 200 to learn from and 1,597 held out; 64-128-128-10,
 * relu, 1,000 full batches of Adam. Without dropout 92.1% of those held out are right, with half of
 * the hidden units left out at random 93.7%. Each pass in training then runs one of 2^256 networks
 * that share their weights: one alone has 90.0%, the average of what 30 say 93.6%. The whole
 * network, in one pass, says what that average says for 99.2% of the digits. */
#include <wengert/wengert.h>

#include <stdio.h>

enum {
    HELD_OUT = 1597,
    HIDDEN = 128,
    CLASSES = 10,
    STEPS = 1000,
    PASSES = 30
};

/* The parts of the digits held out that are told right. */
typedef struct score {
    double whole;   /* by the network in evaluation, where nothing is dropped */
    double one;     /* by one sub-network, on average */
    double average; /* by the average of sub-networks */
    double same;    /* of which the last says what the first says, right or wrong */
} score;

static wg_node logits_of(const wg_linear *layers, wg_graph *g, const wg_dataset *d, double dropped)
{
    wg_node h = wg_scale(wg_input(g, wg_dataset_x(d)), 1.0 / 16);
    for (int i = 0; i < 2; i++) {
        h = wg_dropout(wg_relu(wg_linear_apply(&layers[i], h)), dropped);
    }
    return wg_linear_apply(&layers[2], h);
}

/* How often two columns of classes are equal. */
static wg_node agreement(wg_node a, wg_node b)
{
    return wg_mean_all(wg_cast(wg_equal(a, b), WG_F64));
}

/* Asks sub-networks first, then the whole one. */
static wg_status judge(const wg_linear *net, wg_graph *g, const wg_dataset *d, double p, score *r)
{
    double sum[HELD_OUT * CLASSES] = {0};
    wg_graph_reset(g);
    wg_node truth = wg_input(g, wg_dataset_y(d));
    wg_node n[2] = {wg_softmax(logits_of(net, g, d, p), 1)};
    n[1] = agreement(wg_argmax(n[0], 1, false), truth);
    wg_status s = WG_OK;
    for (int i = 0; !s && i < PASSES; i++) {
        s = wg_run(n, 2);
        for (int k = 0; !s && k < HELD_OUT * CLASSES; k++) {
            sum[k] += ((const float *)wg_tensor_data(wg_value(n[0])))[k];
        }
        r->one += wg_item(n[1]) / PASSES;
        s = s ? s : wg_graph_refresh(g); /* draws anew */
    }
    wg_node all = wg_constant(g, WG_F64, 2, (int64_t[]){HELD_OUT, CLASSES}, sum);
    wg_node average = wg_argmax(all, 1, false);
    wg_graph_set_training(g, false);
    wg_node whole = wg_argmax(logits_of(net, g, d, p), 1, false);
    wg_graph_set_training(g, true);
    r->whole = wg_item(agreement(whole, truth));
    r->average = wg_item(agreement(average, truth));
    r->same = wg_item(agreement(whole, average));
    return s;
}

/* Trains a network that drops so much, and judges it. */
static wg_status experiment(wg_graph *g, wg_dataset *const d[3], double dropped, score *out)
{
    wg_linear layers[3];
    wg_model *m = NULL;
    wg_optimizer *adam = NULL;
    wg_status s = wg_model_create(wg_graph_context(g), &m);
    s = s ? s : wg_linear_create(m, "first", 64, HIDDEN, NULL, &layers[0]);
    s = s ? s : wg_linear_create(m, "second", HIDDEN, HIDDEN, NULL, &layers[1]);
    s = s ? s : wg_linear_create(m, "out", HIDDEN, CLASSES, NULL, &layers[2]);
    s = s ? s : wg_adam_create(m, NULL, &adam);
    for (int i = 0; !s && i < STEPS; i++) {
        wg_graph_reset(g);
        wg_node truth = wg_input(g, wg_dataset_y(d[1]));
        s = wg_backward(wg_cross_entropy(logits_of(layers, g, d[1], dropped), truth));
        s = s ? s : wg_optimizer_step(adam);
    }
    s = s ? s : judge(layers, g, d[2], dropped, out);
    wg_graph_reset(g); /* lets go of the parameters */
    wg_optimizer_destroy(adam);
    wg_model_destroy(m);
    return s;
}

int main(int argc, char **argv)
{
    wg_rng rng = wg_rng_make(7, 0);
    score r[2] = {{0}};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_dataset *d[3] = {NULL}; /* all rows; to learn from; held out */
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_csv_read(ctx, argc > 1 ? argv[1] : "digits.csv", NULL, &d[0]);
    s = s ? s : wg_dataset_split(d[0], HELD_OUT, &rng, &d[1], &d[2]);
    for (int i = 0; !s && i < 2; i++) {
        s = experiment(g, d, i * .5, &r[i]);
        printf(
            "drops %.1f  whole %4.1f%%  one %4.1f%%  %d averaged %4.1f%%  same as whole %5.1f%%\n",
            i * .5, 100 * r[i].whole, 100 * r[i].one, PASSES, 100 * r[i].average, 100 * r[i].same);
    }
    fprintf(stderr, "%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_graph_destroy(g);
    for (int i = 0; i < 3; i++) {
        wg_dataset_destroy(d[i]);
    }
    wg_context_destroy(ctx);
    return !s && r[1].whole > r[0].whole && r[1].average > r[1].one && r[1].same > .97 ? 0 : 1;
}
