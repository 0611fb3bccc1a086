/* A small transformer learns to write like a text.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: tiny_gpt [file] [steps] [seed]
 *
 * A decoder as GPT-2's, four blocks of width 128: every character attends to those before it, up to
 * 64. AdamW, with a rate that rises for a while and then falls on a cosine. The last tenth of the
 * text is never learnt. */
#include <stdlib.h>
#include <time.h>

#include <wengert/stdio.h>
#include <wengert/wengert.h>

enum {
    BATCH = 32,
    CONTEXT = 64,
    WIDTH = 128,
    HEADS = 4,
    BLOCKS = 4
};

typedef struct network {
    wg_embedding_layer symbols;
    wg_embedding_layer places;
    wg_transformer_block blocks[BLOCKS];
    wg_norm_layer norm;
    wg_linear head;
} network;

static wg_status create(wg_model *m, int64_t symbols, network *n)
{
    const wg_init small = {.kind = WG_INIT_NORMAL, .b = .02};
    const wg_embedding_options table = {.size = sizeof table, .init = &small};
    const wg_transformer_options block = {.size = sizeof block, .is_causal = true};
    wg_status s = wg_embedding_create(m, "symbols", symbols, WIDTH, &table, &n->symbols);
    s = s ? s : wg_embedding_create(m, "places", CONTEXT, WIDTH, &table, &n->places);
    for (int i = 0; i < BLOCKS && !s; i++) {
        char name[16];
        snprintf(name, sizeof name, "blocks.%d", i);
        s = wg_transformer_block_create(m, name, WIDTH, HEADS, &block, &n->blocks[i]);
    }
    s = s ? s : wg_layer_norm_create(m, "norm", WIDTH, NULL, &n->norm);
    return s ? s : wg_linear_create(m, "head", WIDTH, symbols, NULL, &n->head);
}

/* Numbers of characters, [batch, times] -> logits of what follows, [batch * times, symbols]. */
static wg_node logits_of(const network *n, wg_node x)
{
    wg_node places = wg_narrow(wg_use(x.graph, n->places.weight), 0, 0, wg_node_dim(x, 1));
    wg_node h = wg_add(wg_embedding_apply(&n->symbols, x), places);
    for (int i = 0; i < BLOCKS; i++) {
        h = wg_transformer_block_apply(&n->blocks[i], h, NULL);
    }
    return wg_linear_apply(&n->head, wg_flatten(wg_norm_apply(&n->norm, h), 0, 1));
}

static wg_node loss_of(const network *n, wg_graph *g, const wg_batch *b)
{
    wg_graph_reset(g);
    wg_node following = wg_flatten(wg_input(g, b->y), 0, 1);
    return wg_cross_entropy(logits_of(n, wg_input(g, b->x)), following);
}

static wg_status validate(const network *n, wg_graph *g, wg_batches *held, double *mean)
{
    wg_batch b;
    wg_status s = wg_graph_set_training(g, false);
    *mean = 0;
    while (!s && wg_batches_next(held, &b)) {
        double loss = 0;
        s = wg_get_item(loss_of(n, g, &b), &loss);
        *mean += loss / (double)wg_batches_count(held);
    }
    return s ? s : wg_graph_set_training(g, true);
}

static wg_status sample(const network *n, wg_graph *g, const wg_text *text, wg_rng rng)
{
    int64_t last[CONTEXT + 1] = {0};
    wg_status s = wg_graph_set_training(g, false);
    for (int64_t i = 0, times = 1; i < 300 && !s; i++) {
        const wg_tensor *p = NULL;
        s = wg_graph_reset(g);
        wg_node x = wg_constant(g, WG_I64, 2, (const int64_t[]){1, times}, last);
        s = s ? s : wg_get(wg_softmax(logits_of(n, x), 1), &p);
        const int64_t row = (times - 1) * wg_text_vocabulary_size(text);
        double u = .9999 * wg_rng_uniform(&rng); /* less than the sum, whatever its rounding */
        int64_t next = 0;
        for (; u > wg_tensor_get(p, row + next); next++) {
            u -= wg_tensor_get(p, row + next);
        }
        printf("%s", s ? "" : wg_text_symbol(text, next));
        last[times++] = next;
        if (times > CONTEXT) {
            memmove(last, last + 1, sizeof(int64_t) * CONTEXT);
            times = CONTEXT;
        }
    }
    return s;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "docs/ops.md";
    const int64_t steps = argc > 2 ? atoi(argv[2]) : 600;
    const wg_config config = {.size = sizeof config,
                              .seed = argc > 3 ? (uint64_t)atoi(argv[3]) : 1};
    double top = argc > 4 ? atof(argv[4]) : .002;
    int stride = argc > 5 ? atoi(argv[5]) : 32;
    const wg_rng rng = wg_rng_make(config.seed, 1);
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_text *text = NULL;
    wg_dataset *d[5] = {NULL};
    wg_batches *shown = NULL;
    wg_batches *held = NULL;
    wg_model *m = NULL;
    wg_optimizer *adam = NULL;
    wg_schedule *rate = NULL;
    network n;
    wg_status s = wg_context_create(&config, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_text_read(ctx, path, NULL, &text);
    s = s ? s : wg_dataset_create(ctx, wg_text_symbols(text), NULL, &d[0]);
    s = s ? s : wg_dataset_split(d[0], wg_dataset_count(d[0]) / 10, NULL, &d[1], &d[2]);
    s = s ? s : wg_dataset_windows(ctx, wg_dataset_x(d[1]), CONTEXT, stride, &d[3]);
    s = s ? s : wg_dataset_windows(ctx, wg_dataset_x(d[2]), CONTEXT, CONTEXT, &d[4]);
    s = s ? s : wg_batches_create(d[3], BATCH, &rng, true, &shown);
    s = s ? s : wg_batches_create(d[4], BATCH, NULL, true, &held);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : create(m, wg_text_vocabulary_size(text), &n);
    const wg_adamw_options ao = {.size = sizeof ao, .rate = top, .beta2 = .99, .weight_decay = .1};
    s = s ? s : wg_adamw_create(m, &ao, &adam);
    const wg_schedule_options cosine = {.size = sizeof cosine,
                                        .kind = WG_SCHEDULE_COSINE,
                                        .steps = steps - steps / 10,
                                        .warmup_steps = steps / 10};
    s = s ? s : wg_schedule_create(adam, &cosine, &rate);
    struct timespec t0, t1;
    timespec_get(&t0, TIME_UTC);
    for (int64_t i = 0; i < steps && !s; i++) {
        wg_batch b;
        double loss = 0, v;
        if (wg_batches_next(shown, &b) || wg_batches_next(shown, &b)) {
        }
        wg_node l = loss_of(&n, g, &b);
        s = wg_backward(l);
        s = s ? s : wg_get_item(l, &loss);
        s = s ? s : wg_optimizer_step(adam);
        s = s ? s : wg_schedule_step(rate);
        if ((i + 1) % (steps / 10) == 0) {
            timespec_get(&t1, TIME_UTC);
            s = s ? s : validate(&n, g, held, &v);
            printf("step %4d loss %.4f v %.4f %.1f\n", (int)i, loss, v,
                   (double)(t1.tv_sec - t0.tv_sec) + 1e-9 * (double)(t1.tv_nsec - t0.tv_nsec));
            fflush(stdout);
        }
    }
    printf("%s%s %ld\n", wg_context_error(ctx), wg_graph_error(g), wg_model_elements(m));
    return s ? 1 : 0;
}
