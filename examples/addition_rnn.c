/* A recurrent network learns to add, bit by bit, and goes on to numbers longer than any it has
 * seen. SPDX-License-Identifier: Apache-2.0
 *
 * It reads two numbers from their lowest bits on and writes the bits of the sum; what it must
 * remember is the carry. It is shown numbers of 8 bits alone. Then it adds 1,000 pairs of 32 bits:
 * all of the 33,000 bits are right. Usage: addition_rnn [seed] */
#include <stdlib.h>

#include <wengert/stdio.h>
#include <wengert/wengert.h>

enum {
    HIDDEN = 16,
    BATCH = 64,
    SHOWN = 8,    /* bits of the numbers to learn from */
    ASKED = 32,   /* bits of those at the end */
    TESTS = 1000, /* pairs of them */
    STEPS = 2000
};

typedef struct network {
    wg_recurrent_layer body;
    wg_linear head;
} network;

/* Pairs of random numbers, x [n, bits + 1, 2], and their sums, y [n, bits + 1, 1], low bits first.
 */
static void draw_sums(wg_rng *rng, int64_t n, int bits, float *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t a = wg_rng_below(rng, 1ULL << bits);
        uint64_t b = wg_rng_below(rng, 1ULL << bits);
        for (int k = 0; k <= bits; k++) {
            *x++ = (float)(a >> k & 1);
            *x++ = (float)(b >> k & 1);
            *y++ = (float)((a + b) >> k & 1);
        }
    }
}

static wg_status sums_create(wg_context *ctx, int64_t n, int bits, wg_tensor **x, wg_tensor **y)
{
    wg_status s = wg_tensor_create(ctx, WG_F32, 3, (const int64_t[]){n, bits + 1, 2}, x);
    return s ? s : wg_tensor_create(ctx, WG_F32, 3, (const int64_t[]){n, bits + 1, 1}, y);
}

/* x -> [n, bits + 1, 1]: above 0 where the bit of the sum is likely 1 */
static wg_node logits_of(const network *n, wg_graph *g, wg_tensor *x)
{
    wg_node h = wg_recurrent_apply(&n->body, wg_input(g, x), NULL, (wg_node){0});
    return wg_linear_apply(&n->head, h);
}

static wg_status learn(const network *n, wg_graph *g, wg_optimizer *adam, wg_tensor *x,
                       wg_tensor *y, wg_rng *rng)
{
    const wg_node none = {0};
    wg_status s = WG_OK;
    for (int i = 0; i < STEPS && !s; i++) {
        draw_sums(rng, BATCH, SHOWN, wg_tensor_data_mutable(x), wg_tensor_data_mutable(y));
        s = wg_graph_reset(g);
        wg_node logits = logits_of(n, g, x);
        wg_node loss = wg_binary_cross_entropy_with_logits(logits, wg_input(g, y), none, none,
                                                           WG_REDUCTION_MEAN);
        s = s ? s : wg_backward(loss);
        if (!s && (i + 1) % (STEPS / 5) == 0) {
            printf("step %4d  loss %.5f\n", i + 1, wg_item(loss));
        }
        s = s ? s : wg_optimizer_set_rate(adam, .01 * (STEPS - i) / STEPS);
        s = s ? s : wg_optimizer_step(adam);
    }
    return s;
}

static int count_wrong(const network *n, wg_graph *g, wg_tensor *x, wg_tensor *y)
{
    int wrong = 0;
    wg_graph_reset(g);
    const wg_tensor *logits = wg_value(logits_of(n, g, x));
    for (int64_t i = 0; i < wg_tensor_count(y); i++) {
        wrong += (wg_tensor_get(logits, i) > 0) != (wg_tensor_get(y, i) == 1);
    }
    return wrong;
}

int main(int argc, char **argv)
{
    const wg_config config = {sizeof config, .seed = argc > 1 ? (uint64_t)atoi(argv[1]) : 1};
    const wg_recurrent_options o = {.size = sizeof o, .batch_first = true};
    wg_rng rng = wg_rng_make(config.seed, 1);
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_model *m = NULL;
    wg_optimizer *adam = NULL;
    wg_tensor *t[4] = {NULL};
    network n;
    wg_status s = wg_context_create(&config, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : sums_create(ctx, BATCH, SHOWN, &t[0], &t[1]);
    s = s ? s : sums_create(ctx, TESTS, ASKED, &t[2], &t[3]);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_rnn_create(m, "body", 2, HIDDEN, &o, &n.body);
    s = s ? s : wg_linear_create(m, "head", HIDDEN, 1, NULL, &n.head);
    s = s ? s : wg_adam_create(m, NULL, &adam);
    s = s ? s : learn(&n, g, adam, t[0], t[1], &rng);
    int wrong = -1;
    if (!s) {
        draw_sums(&rng, TESTS, ASKED, wg_tensor_data_mutable(t[2]), wg_tensor_data_mutable(t[3]));
        wrong = count_wrong(&n, g, t[2], t[3]);
        printf("%d sums of %d bits: %d bits are wrong\n", TESTS, ASKED, wrong);
    }
    printf("%s%s", wg_context_error(ctx), wg_graph_error(g));
    wg_graph_destroy(g);
    wg_optimizer_destroy(adam);
    wg_model_destroy(m);
    for (int i = 0; i < 4; wg_tensor_destroy(t[i++])) {
    }
    wg_context_destroy(ctx);
    return s || wrong != 0 ? 1 : 0;
}
