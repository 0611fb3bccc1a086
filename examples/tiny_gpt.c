/* A small transformer learns to write like a text.
 * SPDX-License-Identifier: Apache-2.0
 *
 * GPT-2's decoder: 4 blocks of width 128, each character attends to up to 64 before it. AdamW, the
 * rate up for 50 steps, then down on a cosine: 1.38 nats per held-out character of docs/ops.md. */
#include <stdlib.h>

#include <wengert/stdio.h>
#include <wengert/wengert.h>

typedef struct network {
    wg_embedding_layer symbols;
    wg_embedding_layer places;
    wg_transformer_block blocks[4];
    wg_norm_layer norm;
} network;

static wg_status create(wg_model *m, int64_t symbols, network *n)
{
    const wg_embedding_options table = {sizeof table, .init = &(wg_init){WG_INIT_NORMAL, .b = .02}};
    const wg_transformer_options block = {.size = sizeof block, .is_causal = true};
    wg_status s = wg_embedding_create(m, "symbols", symbols, 128, &table, &n->symbols);
    s = s ? s : wg_embedding_create(m, "places", 64, 128, &table, &n->places);
    for (int i = 0; i < 4 && !s; i++) {
        const char *const names[] = {"blocks.0", "blocks.1", "blocks.2", "blocks.3"};
        s = wg_transformer_block_create(m, names[i], 128, 4, &block, &n->blocks[i]);
    }
    return s ? s : wg_layer_norm_create(m, "norm", 128, NULL, &n->norm);
}

/* [n, 64] characters -> [n * 64, symbols], logits of what follows each */
static wg_node logits_of(const network *n, wg_node x)
{
    wg_node h = wg_add(wg_embedding_apply(&n->symbols, x), wg_use(x.graph, n->places.weight));
    for (int i = 0; i < 4; i++) {
        h = wg_transformer_block_apply(&n->blocks[i], h, NULL);
    }
    return wg_embedding_attend_apply(&n->symbols, wg_flatten(wg_norm_apply(&n->norm, h), 0, 1));
}

static wg_status read(network *n, wg_graph *g, wg_batches *from, int64_t steps, wg_schedule *rate)
{
    double mean = 0;
    wg_status s = wg_graph_set_training(g, rate != NULL);
    for (int64_t i = 0; i < steps && !s; i++) {
        wg_batch b;
        s = wg_batches_next(from, &b) || wg_batches_next(from, &b) ? wg_graph_reset(g)
                                                                   : WG_ERR_RANGE;
        wg_node following = wg_flatten(wg_input(g, b.y), 0, 1);
        wg_node loss = wg_cross_entropy(logits_of(n, wg_input(g, b.x)), following);
        s = s || rate == NULL ? s : wg_backward(loss);
        mean += wg_item(loss) / (double)steps;
        s = s || rate == NULL ? s : wg_optimizer_step(wg_schedule_optimizer(rate));
        s = s || rate == NULL ? s : wg_schedule_step(rate);
    }
    printf("%s: %.4f nats per character\n", rate != NULL ? "learnt" : "held out", mean);
    return s;
}

static wg_status write(const network *n, wg_graph *g, const wg_text *text, wg_rng rng)
{
    int64_t line[300] = {0};
    wg_status s = WG_OK;
    for (int64_t i = 1; i < 300 && !s; i++) {
        const wg_tensor *p = NULL;
        const int64_t begin = i < 64 ? 0 : i - 64; /* what stands after i is not attended to */
        s = wg_graph_reset(g);
        wg_node x = wg_constant(g, WG_I64, 2, (const int64_t[]){1, 64}, &line[begin]);
        s = s ? s : wg_get(wg_softmax(wg_select(logits_of(n, x), 0, i - 1 - begin), 0), &p);
        for (double u = .9999 * wg_rng_uniform(&rng); u > wg_tensor_get(p, line[i]); line[i]++) {
            u -= wg_tensor_get(p, line[i]);
        }
        printf("%s", s ? "" : wg_text_symbol(text, line[i]));
    }
    return s;
}

int main(int argc, char **argv)
{
    const int64_t steps = argc > 2 ? atoi(argv[2]) : 600; /* above 50 */
    const wg_config config = {sizeof config, .seed = argc > 3 ? (uint64_t)atoi(argv[3]) : 1};
    const wg_adamw_options o = {sizeof o, .rate = .002, .beta2 = .99, .weight_decay = .1};
    const wg_schedule_options cosine = {sizeof cosine, WG_SCHEDULE_COSINE, 50, .steps = steps - 50};
    const wg_rng rng = wg_rng_make(config.seed, 1);
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_text *text = NULL;
    wg_dataset *d[3] = {NULL}; /* all windows of the text; to learn from, held out */
    wg_batches *windows[2] = {NULL};
    wg_model *m = NULL;
    network n;
    wg_optimizer *adam = NULL;
    wg_schedule *rate = NULL;
    wg_status s = wg_context_create(&config, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_text_read(ctx, argc > 1 ? argv[1] : "docs/ops.md", NULL, &text);
    s = s ? s : wg_dataset_windows(ctx, wg_text_symbols(text), 64, 32, &d[0]);
    s = s ? s : wg_dataset_split(d[0], wg_dataset_count(d[0]) / 10, NULL, &d[1], &d[2]);
    s = s ? s : wg_batches_create(d[1], 16, &rng, true, &windows[0]);
    s = s ? s : wg_batches_create(d[2], 16, NULL, true, &windows[1]);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : create(m, wg_text_vocabulary_size(text), &n);
    s = s ? s : wg_adamw_create(m, &o, &adam);
    s = s ? s : wg_schedule_create(adam, &cosine, &rate);
    s = s ? s : read(&n, g, windows[0], steps, rate);
    s = s ? s : read(&n, g, windows[1], wg_batches_count(windows[1]), NULL);
    s = s ? s : write(&n, g, text, rng);
    printf("%s%s\n", wg_context_error(ctx), wg_graph_error(g));
    wg_graph_destroy(g);
    wg_schedule_destroy(rate);
    wg_optimizer_destroy(adam);
    wg_model_destroy(m);
    wg_text_destroy(text);
    wg_batches_destroy(windows[0]);
    wg_batches_destroy(windows[1]);
    for (int i = 0; i < 3; wg_dataset_destroy(d[i++])) {
    }
    wg_context_destroy(ctx);
    return s ? 1 : 0;
}
