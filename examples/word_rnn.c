/* A recurrent network learns to write like a text, word by word.
 * SPDX-License-Identifier: Apache-2.0
 *
 * As char_rnn, but a table turns the 1,000 most frequent words, and one symbol for all others, into
 * vectors, and states into logits (tied weights: Press, Wolf 2017), with dropout. 2.74 nats per
 * held-out word of docs/ops.md after 400 steps. Usage: word_rnn [file] [steps] */
#include <stdlib.h>

#include <wengert/stdio.h>
#include <wengert/wengert.h>

enum {
    STREAMS = 16,
    STEPS = 32,
    WIDTH = 128
};

typedef struct network {
    wg_embedding_layer words;
    wg_recurrent_layer body;
    wg_tensor *memory[2]; /* the states h and c between two steps */
} network;

/* Numbers of words, [streams, steps] -> logits of what follows, [streams * steps, words]. */
static wg_node logits_of(const network *n, wg_node x, wg_recurrent_state *state)
{
    state->h = wg_input(x.graph, n->memory[0]);
    state->c = wg_input(x.graph, n->memory[1]);
    wg_node y = wg_dropout(wg_embedding_apply(&n->words, x), .3);
    y = wg_dropout(wg_recurrent_apply(&n->body, y, state, (wg_node){0}), .3);
    wg_keep(state->h); /* to be run together with the loss */
    wg_keep(state->c);
    return wg_embedding_attend_apply(&n->words, wg_flatten(y, 0, 1));
}

/* Reads `count` batches from `first` on again and again, and learns where there is an optimizer. */
static wg_status read(network *n, wg_streams *text, int64_t first, int64_t count, int64_t steps,
                      wg_graph *g, wg_optimizer *adam)
{
    double mean = 0;
    wg_status s = count > 0 ? wg_graph_set_training(g, adam != NULL) : WG_ERR_RANGE;
    for (int64_t i = 0; i < steps && !s; i++) {
        wg_batch b = {.x = NULL};
        wg_recurrent_state state;
        s = i % count > 0 ? WG_OK : wg_streams_set_state(text, first * STEPS);
        s = s || !wg_streams_next(text, &b) ? WG_ERR_RANGE : wg_graph_reset(g);
        wg_node logits = logits_of(n, wg_input(g, b.x), &state);
        wg_node loss = wg_cross_entropy(logits, wg_flatten(wg_input(g, b.y), 0, 1));
        s = s || adam == NULL ? s : wg_backward(loss);
        mean += wg_item(loss) / (double)steps;
        s = s ? s : wg_value_copy(state.h, n->memory[0]);
        s = s ? s : wg_value_copy(state.c, n->memory[1]);
        s = s || adam == NULL ? s : wg_optimizer_step(adam);
        wg_optimizer_set_rate(adam, .005 * (double)(steps - i - 1) / (double)steps);
    }
    printf("%s: %.3f nats per word\n", adam != NULL ? "learnt" : "held out", mean);
    return s;
}

static wg_status write(network *n, wg_graph *g, const wg_text *text, wg_rng rng)
{
    int64_t last[STREAMS] = {0};
    wg_status s = WG_OK;
    for (int i = 0; i < 60 && !s; i++) {
        wg_recurrent_state state;
        const wg_tensor *p = NULL;
        s = wg_graph_reset(g);
        wg_node x = wg_constant(g, WG_I64, 2, (const int64_t[]){STREAMS, 1}, last);
        s = s ? s : wg_get(wg_softmax(logits_of(n, x, &state), 1), &p);
        s = s ? s : wg_value_copy(state.h, n->memory[0]);
        s = s ? s : wg_value_copy(state.c, n->memory[1]);
        double u = .9999 * wg_rng_uniform(&rng); /* less than the sum, whatever its rounding */
        for (last[0] = 0; u > wg_tensor_get(p, last[0]); last[0]++) {
            u -= wg_tensor_get(p, last[0]);
        }
        printf(" %s", s ? "" : wg_text_symbol(text, last[0]));
    }
    return s;
}

int main(int argc, char **argv)
{
    const int64_t steps = argc > 2 ? atoi(argv[2]) : 400;
    const wg_recurrent_options o = {.size = sizeof o, .batch_first = true};
    const wg_init start = {.kind = WG_INIT_NORMAL, .b = .05};
    const wg_embedding_options table = {.size = sizeof table, .init = &start};
    const wg_text_options words = {sizeof words, WG_TEXT_WORDS, 0, false, "<other>", 1000, NULL, 0};
    wg_context *ctx = NULL;
    wg_graph *g = NULL;
    wg_text *text = NULL;
    wg_streams *streams = NULL;
    wg_model *m = NULL;
    network n = {.memory = {NULL}};
    wg_optimizer *adam = NULL;
    wg_status s = wg_context_create(NULL, &ctx);
    s = s ? s : wg_graph_create(ctx, &g);
    s = s ? s : wg_text_read(ctx, argc > 1 ? argv[1] : "docs/ops.md", &words, &text);
    s = s ? s : wg_streams_create(wg_text_symbols(text), STREAMS, STEPS, true, &streams);
    s = s ? s : wg_model_create(ctx, &m);
    s = s ? s : wg_embedding_create(m, "words", 1000, WIDTH, &table, &n.words);
    s = s ? s : wg_lstm_create(m, "body", WIDTH, WIDTH, &o, &n.body);
    const int64_t dims[] = {1, STREAMS, WIDTH};
    s = s ? s : wg_tensor_create(ctx, WG_F32, 3, dims, &n.memory[0]);
    s = s ? s : wg_tensor_create(ctx, WG_F32, 3, dims, &n.memory[1]);
    s = s ? s : wg_adam_create(m, &(wg_adam_options){sizeof(wg_adam_options), .rate = .005}, &adam);
    const int64_t all = wg_streams_count(streams);
    s = s ? s : read(&n, streams, 0, all - all / 10, steps, g, adam);
    s = s ? s : read(&n, streams, all - all / 10, all / 10, all / 10, g, NULL);
    s = s ? s : write(&n, g, text, wg_rng_make(1, 1));
    printf("%s%s\n", wg_context_error(ctx), wg_graph_error(g));
    wg_graph_destroy(g);
    wg_optimizer_destroy(adam);
    wg_model_destroy(m);
    wg_tensor_destroy(n.memory[0]);
    wg_tensor_destroy(n.memory[1]);
    wg_text_destroy(text);
    wg_streams_destroy(streams);
    wg_context_destroy(ctx);
    return s ? 1 : 0;
}
