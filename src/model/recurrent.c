/* Recurrent layers: RNN, LSTM and GRU, stacked and in both directions.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a layer that was made has between 1 and WG_RECURRENT_MAX_LAYERS layers and one or two
 * directions; one of zeros, which was not, has none. */
#include <math.h>
#include <stdio.h>

#include <wengert/ops.h>

#include "model/layer.h"

/* ---- making ------------------------------------------------------------------------------- */

static int64_t gates_of(wg_recurrent_kind kind)
{
    return kind == WG_RECURRENT_LSTM ? 4 : kind == WG_RECURRENT_GRU ? 3 : 1;
}

static const char *fault_of(wg_recurrent_kind kind, const wg_recurrent_options *o, int64_t hidden)
{
    if (o->n_layers < 0 || o->n_layers > WG_RECURRENT_MAX_LAYERS) {
        return "there are 1 to 16 layers";
    }
    if (!wgi_is_drop_probability(o->dropout)) {
        return "the dropout is in [0, 1)";
    }
    if (hidden < 0 || hidden > INT64_MAX / 4) {
        return "no such number of hidden elements";
    }
    const bool is_relu = o->nonlinearity == WG_NONLINEARITY_RELU;
    if (o->nonlinearity != WG_NONLINEARITY_TANH && !(is_relu && kind == WG_RECURRENT_RNN)) {
        return "there is no such nonlinearity";
    }
    return NULL;
}

/* What one direction of one layer is made of. */
typedef struct part {
    wg_model *m;
    const char *suffix; /* "_l0_reverse" */
    wg_dtype dtype;
    const wg_init *init;
} part;

static wg_status add(const part *p, const char *what, int32_t rank, const int64_t *dims,
                     wg_param **out)
{
    char name[48];
    (void)snprintf(name, sizeof name, "%s%s", what, p->suffix);
    const bool needs_matrix = p->init->kind != WG_INIT_NORMAL && p->init->kind != WG_INIT_UNIFORM &&
                              p->init->kind != WG_INIT_TRUNCATED_NORMAL &&
                              p->init->kind != WG_INIT_CONSTANT;
    const wg_init *init = rank == 1 && needs_matrix ? NULL : p->init;
    return wg_param_create(p->m, name, p->dtype, rank, dims, init, out);
}

static wg_status add_part(const part *p, const int64_t sizes[3], bool no_bias,
                          wg_recurrent_params *out)
{
    const int64_t ih[2] = {sizes[0], sizes[1]};
    const int64_t hh[2] = {sizes[0], sizes[2]};
    wg_status status = add(p, "weight_ih", 2, ih, &out->w_ih);
    status = status == WG_OK ? add(p, "weight_hh", 2, hh, &out->w_hh) : status;
    if (no_bias || status != WG_OK) {
        return status;
    }
    status = add(p, "bias_ih", 1, ih, &out->b_ih);
    return status == WG_OK ? add(p, "bias_hh", 1, ih, &out->b_hh) : status;
}

static wg_status fill(wg_model *m, int64_t inputs, const wg_recurrent_options *o,
                      wg_recurrent_layer *layer)
{
    const double limit = layer->hidden > 0 ? 1.0 / sqrt((double)layer->hidden) : 0.0;
    const wg_init uniform = {.kind = WG_INIT_UNIFORM, .a = -limit, .b = limit};
    const int64_t rows = gates_of(layer->kind) * layer->hidden;
    char suffix[32];
    const part p = {m, suffix, wgi_layer_dtype(o->dtype), o->init == NULL ? &uniform : o->init};
    wg_status status = WG_OK;
    for (int32_t i = 0; i < layer->n_layers * layer->n_directions && status == WG_OK; i++) {
        const int32_t k = i / layer->n_directions;
        const int32_t direction = i % layer->n_directions;
        const int64_t from = k == 0 ? inputs : layer->n_directions * layer->hidden;
        (void)snprintf(suffix, sizeof suffix, "_l%d%s", (int)k, direction == 0 ? "" : "_reverse");
        status = add_part(&p, (const int64_t[]){rows, from, layer->hidden}, o->no_bias,
                          &layer->params[k][direction]);
    }
    return status;
}

static wg_status create(wg_model *m, const char *name, const wg_recurrent_layer *like,
                        const char *kind, int64_t inputs, const wg_recurrent_options *options,
                        wg_recurrent_layer *out)
{
    const wg_recurrent_options none = {.size = sizeof none};
    const wg_recurrent_options *o = options == NULL ? &none : options;
    wg_recurrent_layer layer = *like;
    wgi_making making;
    if (out != NULL) {
        *out = (wg_recurrent_layer){0};
    }
    const char *fault = wgi_layer_fault(out, o->size, sizeof *o);
    fault = fault == NULL ? fault_of(like->kind, o, like->hidden) : fault;
    const wg_init *init = fault == NULL ? o->init : NULL;
    wg_status status = wgi_layer_begin(m, name, kind, init, fault, &making, &layer.module);
    if (status != WG_OK) {
        return status;
    }
    layer.nonlinearity = o->nonlinearity;
    layer.n_layers = o->n_layers == 0 ? 1 : o->n_layers;
    layer.n_directions = o->is_bidirectional ? 2 : 1;
    layer.dropout = o->dropout;
    layer.batch_first = o->batch_first;
    status = wgi_layer_end(&making, fill(m, inputs, o, &layer));
    if (status == WG_OK) {
        *out = layer;
    }
    return status;
}

wg_status wg_rnn_create(wg_model *m, const char *name, int64_t inputs, int64_t hidden,
                        const wg_recurrent_options *options, wg_recurrent_layer *out)
{
    const wg_recurrent_layer like = {.kind = WG_RECURRENT_RNN, .hidden = hidden};
    return create(m, name, &like, "rnn", inputs, options, out);
}

wg_status wg_lstm_create(wg_model *m, const char *name, int64_t inputs, int64_t hidden,
                         const wg_recurrent_options *options, wg_recurrent_layer *out)
{
    const wg_recurrent_layer like = {.kind = WG_RECURRENT_LSTM, .hidden = hidden};
    return create(m, name, &like, "lstm", inputs, options, out);
}

wg_status wg_gru_create(wg_model *m, const char *name, int64_t inputs, int64_t hidden,
                        const wg_recurrent_options *options, wg_recurrent_layer *out)
{
    const wg_recurrent_layer like = {.kind = WG_RECURRENT_GRU, .hidden = hidden};
    return create(m, name, &like, "gru", inputs, options, out);
}

/* ---- applying ----------------------------------------------------------------------------- */

/* A sequence on its way up. The last states are kept only where they are asked for. */
typedef struct climb {
    const wg_recurrent_layer *layer;
    wg_node lengths;
    bool wants_last;
    wg_node h[2 * WG_RECURRENT_MAX_LAYERS]; /* the states before, then those after */
    wg_node c[2 * WG_RECURRENT_MAX_LAYERS];
} climb;

/* A zero handle, of any graph. */
static bool is_none(wg_node n)
{
    return n.graph == NULL;
}

/* The state of each layer and direction. That there are as many is wg_split's to tell. */
static void take_parts(wg_node states, int32_t n, wg_node parts[2 * WG_RECURRENT_MAX_LAYERS])
{
    int64_t sizes[2 * WG_RECURRENT_MAX_LAYERS] = {0};
    if (is_none(states)) {
        return;
    }
    for (int32_t i = 0; i < n; i++) {
        sizes[i] = 1;
    }
    (void)wg_split(states, 0, sizes, n, parts);
    for (int32_t i = 0; i < n; i++) {
        parts[i] = wg_squeeze(parts[i], (const int32_t[]){0}, 1);
    }
}

/* y of one layer in one direction, number i of all. */
static wg_node run(climb *s, wg_node x, int32_t i)
{
    const wg_recurrent_layer *layer = s->layer;
    const int32_t direction = i % layer->n_directions;
    const wg_recurrent_params *p = &layer->params[i / layer->n_directions][direction];
    const wg_recurrence_weights w = {.size = sizeof w,
                                     .w_ih = wg_use(x.graph, p->w_ih),
                                     .w_hh = wg_use(x.graph, p->w_hh),
                                     .b_ih = wgi_layer_use(x, p->b_ih),
                                     .b_hh = wgi_layer_use(x, p->b_hh)};
    const wg_recurrence_options o = {.size = sizeof o,
                                     .batch_first = layer->batch_first,
                                     .reverse = direction == 1,
                                     .nonlinearity = layer->nonlinearity,
                                     .lengths = s->lengths};
    const wg_node h0 = s->h[i];
    wg_node *h = s->wants_last ? &s->h[i] : NULL;
    switch (layer->kind) {
    case WG_RECURRENT_RNN:
        return wg_rnn(x, h0, &w, &o, h);
    case WG_RECURRENT_LSTM:
        return wg_lstm(x, h0, s->c[i], &w, &o, h, s->wants_last ? &s->c[i] : NULL);
    default:
        return wg_gru(x, h0, &w, &o, h);
    }
}

static wg_node climb_up(climb *s, wg_node x)
{
    const wg_recurrent_layer *layer = s->layer;
    for (int32_t k = 0; k < layer->n_layers; k++) {
        const int32_t first = k * layer->n_directions;
        wg_node y[2] = {run(s, x, first)};
        if (layer->n_directions == 2) {
            y[1] = run(s, x, first + 1);
            y[0] = wg_concat(y, 2, -1);
        }
        x = k + 1 < layer->n_layers ? wgi_layer_drop(y[0], layer->dropout) : y[0];
    }
    return x;
}

static wg_node failed_by(wg_recurrent_state *state, wg_node y)
{
    if (state != NULL) {
        state->h = y;
        state->c = y;
    }
    return y;
}

wg_node wg_recurrent_apply(const wg_recurrent_layer *layer, wg_node x, wg_recurrent_state *state,
                           wg_node lengths)
{
    const wg_node none = {NULL, 0, 0};
    if (layer == NULL || layer->n_layers < 1 || !wg_is_valid(x)) {
        return failed_by(state, wgi_layer_refuse(x));
    }
    const int32_t n = layer->n_layers * layer->n_directions;
    climb s = {.layer = layer, .lengths = lengths, .wants_last = state != NULL};
    (void)wg_module_enter(layer->module, x);
    if (state != NULL) {
        take_parts(state->h, n, s.h);
        take_parts(state->c, n, s.c);
    }
    const wg_node y = climb_up(&s, x);
    if (!wg_is_valid(y)) {
        return failed_by(state, wg_module_leave(layer->module, y));
    }
    if (state != NULL) {
        state->h = wg_stack(s.h, n, 0);
        state->c = layer->kind == WG_RECURRENT_LSTM ? wg_stack(s.c, n, 0) : none;
    }
    return wg_module_leave(layer->module, y);
}
