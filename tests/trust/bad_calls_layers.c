/* Bad calls of layers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every function that makes a layer is called through one of the same arguments, so that all of
 * them are checked alike. */
#include "bad_calls.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Room for the layer and the options of any kind; options begin with their size. */
typedef union any_layer {
    wg_conv_layer conv;
    wg_embedding_layer embedding;
    wg_norm_layer norm;
    wg_dropout_layer dropout;
    wg_recurrent_layer recurrent;
    wg_attention_layer attention;
    wg_transformer_block block;
} any_layer;

typedef union any_options {
    size_t size;
    wg_conv_layer_options conv;
    wg_embedding_options embedding;
    wg_norm_options norm;
    wg_recurrent_options recurrent;
    wg_attention_layer_options attention;
    wg_transformer_options block;
} any_options;

/* options NULL: the defaults. `a` and `b` are the sizes of the layer. */
typedef struct maker {
    const char *name;
    wg_status (*make)(wg_model *m, const char *name, int64_t a, int64_t b,
                      const any_options *options, any_layer *out);
    size_t layer_bytes;
    size_t options_bytes;
    size_t dtype_offset; /* of the options */
} maker;

#define ARGUMENTS                                                                                  \
    wg_model *m, const char *name, int64_t a, int64_t b, const any_options *o, any_layer *out
#define OF(kind) (o == NULL ? NULL : &o->kind), (out == NULL ? NULL : &out->kind)
#define MAKE(function_name, call)                                                                  \
    static wg_status make_##function_name(ARGUMENTS)                                               \
    {                                                                                              \
        (void)b;                                                                                   \
        return call;                                                                               \
    }

MAKE(conv1d, wg_conv1d_create(m, name, a, b, 2, OF(conv)))
MAKE(conv2d, wg_conv2d_create(m, name, a, b, 2, OF(conv)))
MAKE(conv_transpose1d, wg_conv_transpose1d_create(m, name, a, b, 2, OF(conv)))
MAKE(conv_transpose2d, wg_conv_transpose2d_create(m, name, a, b, 2, OF(conv)))
MAKE(embedding, wg_embedding_create(m, name, a, b, OF(embedding)))
MAKE(batch_norm, wg_batch_norm_create(m, name, a, OF(norm)))
MAKE(layer_norm, wg_layer_norm_create(m, name, a, OF(norm)))
MAKE(group_norm, wg_group_norm_create(m, name, 1, a, OF(norm)))
MAKE(rms_norm, wg_rms_norm_create(m, name, a, OF(norm)))
MAKE(rnn, wg_rnn_create(m, name, a, b, OF(recurrent)))
MAKE(lstm, wg_lstm_create(m, name, a, b, OF(recurrent)))
MAKE(gru, wg_gru_create(m, name, a, b, OF(recurrent)))
MAKE(attention, wg_attention_create(m, name, a, 1, OF(attention)))
MAKE(transformer_block, wg_transformer_block_create(m, name, a, 1, OF(block)))

#define MAKER(name, layer, options)                                                                \
    {                                                                                              \
        "wg_" #name "_create", make_##name, sizeof(layer), sizeof(options),                        \
            offsetof(options, dtype)                                                               \
    }

static const maker makers[] = {
    MAKER(conv1d, wg_conv_layer, wg_conv_layer_options),
    MAKER(conv2d, wg_conv_layer, wg_conv_layer_options),
    MAKER(conv_transpose1d, wg_conv_layer, wg_conv_layer_options),
    MAKER(conv_transpose2d, wg_conv_layer, wg_conv_layer_options),
    MAKER(embedding, wg_embedding_layer, wg_embedding_options),
    MAKER(batch_norm, wg_norm_layer, wg_norm_options),
    MAKER(layer_norm, wg_norm_layer, wg_norm_options),
    MAKER(group_norm, wg_norm_layer, wg_norm_options),
    MAKER(rms_norm, wg_norm_layer, wg_norm_options),
    MAKER(rnn, wg_recurrent_layer, wg_recurrent_options),
    MAKER(lstm, wg_recurrent_layer, wg_recurrent_options),
    MAKER(gru, wg_recurrent_layer, wg_recurrent_options),
    MAKER(attention, wg_attention_layer, wg_attention_layer_options),
    MAKER(transformer_block, wg_transformer_block, wg_transformer_options),
};

static bool is_zeroed(const any_layer *layer, size_t bytes)
{
    unsigned char all[sizeof *layer];
    memcpy(all, layer, sizeof *layer);
    for (size_t i = 0; i < bytes; i++) {
        if (all[i] != 0) {
            return false;
        }
    }
    return true;
}

static void refuse(bad_world *w, const maker *make, const char *name, const int64_t sizes[2],
                   const any_options *options)
{
    any_layer layer;
    memset(&layer, 1, sizeof layer);
    assert_int_not_equal(make->make(w->m, name, sizes[0], sizes[1], options, &layer), WG_OK);
    assert_true(is_zeroed(&layer, make->layer_bytes));
    assert_int_equal(wg_model_count(w->m), 1);
    assert_int_equal(wg_model_module_count(w->m), 0);
}

static void check_maker(bad_world *w, const maker *make)
{
    static const int64_t two[2] = {2, 2};
    static const int64_t sizes[] = {-1, INT64_MIN, INT64_MAX, INT64_C(1) << 62, INT64_C(1) << 40};
    static const char *const names[] = {NULL, "", "tab\t"};
    any_layer layer;
    any_options options;
    memset(&layer, 1, sizeof layer);
    assert_status(make->make(NULL, "l", 2, 2, NULL, &layer), WG_ERR_ARGUMENT);
    assert_true(is_zeroed(&layer, make->layer_bytes));
    assert_status(make->make(w->m, "l", 2, 2, NULL, NULL), WG_ERR_ARGUMENT);
    for (size_t i = 0; i < 3; i++) {
        refuse(w, make, names[i], two, NULL);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        refuse(w, make, "l", (const int64_t[]){sizes[i], 2}, NULL);
        refuse(w, make, "l", (const int64_t[]){sizes[i], sizes[i]}, NULL);
    }
    memset(&options, 0, sizeof options);
    refuse(w, make, "l", two, &options);
    options.size = make->options_bytes + 1;
    refuse(w, make, "l", two, &options);
    options.size = make->options_bytes;
    const wg_dtype dtypes[] = {(wg_dtype)99, WG_I64, WG_BOOL};
    for (size_t i = 0; i < 3; i++) {
        memcpy((char *)&options + make->dtype_offset, &dtypes[i], sizeof dtypes[i]);
        refuse(w, make, "l", two, &options);
    }
}

static void check_creation(bad_world *w, const bad_row *row)
{
    (void)row;
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        check_maker(w, &makers[i]);
    }
}

static void check_dropout(bad_world *w, const bad_row *row)
{
    wg_dropout_layer layer = {.probability = 3.0};
    (void)row;
    assert_status(wg_dropout_create(NULL, "l", 0.5, &layer), WG_ERR_ARGUMENT);
    assert_true(layer.probability == 0.0);
    assert_status(wg_dropout_create(w->m, "l", 0.5, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_dropout_create(w->m, "", 0.5, &layer), WG_ERR_NAME);
    assert_status(wg_dropout_create(w->m, "l", 1.0, &layer), WG_ERR_ARGUMENT);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        assert_status(wg_dropout_create(w->m, "l", bad_number(i), &layer), WG_ERR_ARGUMENT);
        assert_null(layer.module);
    }
    assert_int_equal(wg_model_module_count(w->m), 0);
}

/* Of each kind one option that is out of its domain. */
static void check_options(bad_world *w, const bad_row *row)
{
    static const int64_t two[2] = {2, 2};
    const any_options odd[] = {
        {.conv = {.size = sizeof(wg_conv_layer_options), .conv = {.groups = INT64_MIN}}},
        {.conv = {.size = sizeof(wg_conv_layer_options), .kernel_width = INT64_MIN}},
        {.embedding = {.size = sizeof(wg_embedding_options), .has_padding = true, .padding = 2}},
        {.norm = {.size = sizeof(wg_norm_options), .eps = -1.0}},
        {.norm = {.size = sizeof(wg_norm_options), .momentum = -1.0}},
        {.recurrent = {.size = sizeof(wg_recurrent_options), .n_layers = INT32_MAX}},
        {.recurrent = {.size = sizeof(wg_recurrent_options), .n_layers = -1}},
        {.recurrent = {.size = sizeof(wg_recurrent_options), .dropout = (double)NAN}},
        {.recurrent = {.size = sizeof(wg_recurrent_options), .nonlinearity = (wg_nonlinearity)9}},
        {.attention = {.size = sizeof(wg_attention_layer_options), .dropout = 1.0}},
        {.attention = {.size = sizeof(wg_attention_layer_options), .key_width = 3}},
        {.attention = {.size = sizeof(wg_attention_layer_options), .rotary = {.size = 1}}},
        {.block = {.size = sizeof(wg_transformer_options), .dropout = 2.0}},
        {.block = {.size = sizeof(wg_transformer_options), .hidden = INT64_MIN}},
        {.block = {.size = sizeof(wg_transformer_options), .memory_width = 3}},
        {.block = {.size = sizeof(wg_transformer_options),
                   .activation = (wg_transformer_activation)99}},
    };
    static const size_t of[] = {1, 3, 4, 7, 5, 9, 10, 11, 10, 12, 12, 12, 13, 13, 13, 13};
    any_layer layer;
    (void)row;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        refuse(w, &makers[of[i]], "l", two, &odd[i]);
    }
    assert_status(wg_conv2d_create(w->m, "l", 2, 2, 0, NULL, &layer.conv), WG_ERR_ARGUMENT);
    assert_status(wg_group_norm_create(w->m, "l", 0, 2, NULL, &layer.norm), WG_ERR_ARGUMENT);
    assert_status(wg_attention_create(w->m, "l", 2, 0, NULL, &layer.attention), WG_ERR_ARGUMENT);
    assert_status(wg_transformer_block_create(w->m, "l", 3, 2, NULL, &layer.block),
                  WG_ERR_ARGUMENT);
}

/* ---- applying ----------------------------------------------------------------------------- */

/* The layer is made, of zeros or NULL. */
typedef wg_node (*applying)(const any_layer *layer, wg_node x);

#define APPLY(function_name, call)                                                                 \
    static wg_node apply_##function_name(const any_layer *layer, wg_node x)                        \
    {                                                                                              \
        return call;                                                                               \
    }
#define ONE(kind) (layer == NULL ? NULL : &layer->kind)

APPLY(conv, wg_conv_apply(ONE(conv), x))
APPLY(embedding, wg_embedding_apply(ONE(embedding), x))
APPLY(attend, wg_embedding_attend_apply(ONE(embedding), x))
APPLY(norm, wg_norm_apply(ONE(norm), x))
APPLY(dropout, wg_dropout_apply(ONE(dropout), x))
APPLY(recurrent, wg_recurrent_apply(ONE(recurrent), x, NULL, (wg_node){NULL, 0, 0}))
APPLY(attention, wg_attention_apply(ONE(attention), x, NULL))
APPLY(block, wg_transformer_block_apply(ONE(block), x, NULL))

static void check_applying(bad_world *w, applying apply, const any_layer *made)
{
    assert_false(wg_is_valid(apply(NULL, w->x)));
    bad_world_record(w);
    for (int which = 0; which < BAD_OTHER; which++) {
        bad_world_record(w);
        assert_false(wg_is_valid(apply(made, bad_handle(w, which))));
        assert_false(wg_is_valid(apply(NULL, bad_handle(w, which))));
    }
    bad_world_record(w);
}

/* A layer of zeros, which is what a failed creation leaves; one of another context; and x of a
 * shape that no layer here takes. */
static void check_layers(bad_world *w, const bad_row *row)
{
    static const any_layer zeros;
    static const struct {
        applying apply;
        size_t maker;
    } rows[] = {
        {apply_conv, 1},       {apply_embedding, 4},  {apply_attend, 4}, {apply_norm, 6},
        {apply_recurrent, 10}, {apply_attention, 12}, {apply_block, 13},
    };
    any_layer layer;
    (void)row;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char name[2] = {(char)('a' + (int)i), '\0'};
        assert_status(makers[rows[i].maker].make(w->m, name, 4, 4, NULL, &layer), WG_OK);
        check_applying(w, rows[i].apply, &layer);
        assert_false(wg_is_valid(rows[i].apply(&zeros, w->x)));
        bad_world_record(w);
        assert_false(wg_is_valid(rows[i].apply(&layer, w->x)));
        bad_world_record(w);
        assert_status(makers[rows[i].maker].make(w->m_foreign, name, 4, 4, NULL, &layer), WG_OK);
        assert_false(wg_is_valid(rows[i].apply(&layer, w->x)));
        bad_world_record(w);
    }
}

static void check_dropout_apply(bad_world *w, const bad_row *row)
{
    any_layer layer;
    (void)row;
    assert_status(wg_dropout_create(w->m, "l", 0.5, &layer.dropout), WG_OK);
    check_applying(w, apply_dropout, &layer);
}

static void check_recurrent_state(bad_world *w, const bad_row *row)
{
    const wg_node none = {NULL, 0, 0};
    wg_recurrent_layer layer;
    (void)row;
    assert_status(wg_lstm_create(w->m, "l", 3, 3, NULL, &layer), WG_OK);
    for (int which = 0; which < BAD_HANDLES; which++) {
        const wg_node x = wg_reshape(w->x, 3, (const int64_t[]){1, 2, 3});
        wg_recurrent_state state = {.h = bad_handle(w, which)};
        const wg_node y = wg_recurrent_apply(&layer, x, &state, none);
        assert_true(wg_is_valid(y) == (which == BAD_ZERO));
        assert_true(wg_is_valid(state.h) == (which == BAD_ZERO));
        bad_world_record(w);
        const wg_node again = wg_reshape(w->x, 3, (const int64_t[]){1, 2, 3});
        const wg_node z = wg_recurrent_apply(&layer, again, NULL, bad_handle(w, which));
        assert_true(wg_is_valid(z) == (which == BAD_ZERO));
        bad_world_record(w);
    }
    const wg_node x = wg_reshape(w->x, 3, (const int64_t[]){1, 2, 3});
    wg_recurrent_state two = {.h = wg_stack((const wg_node[]){w->x, w->x}, 2, 0)};
    assert_false(wg_is_valid(wg_recurrent_apply(&layer, x, &two, none)));
    bad_world_record(w);
}

static void check_attention_inputs(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_attention_inputs);
    wg_attention_layer layer;
    (void)row;
    assert_status(wg_attention_create(w->m, "l", 3, 1, NULL, &layer), WG_OK);
    for (int which = BAD_DEAD; which < BAD_HANDLES; which++) {
        const wg_node bad = bad_handle(w, which);
        for (size_t i = 0; i < 8; i++) {
            const wg_node x = wg_reshape(w->x, 3, (const int64_t[]){1, 2, 3});
            const wg_node keys =
                wg_narrow(wg_reshape(w->flags, 2, (const int64_t[]){1, 6}), 1, 0, 2);
            const wg_attention_inputs inputs[4] = {{.size = size, .mask = bad},
                                                   {.size = size, .is_key = bad},
                                                   {.size = size, .mask = bad, .is_key = keys},
                                                   {.size = size, .key = bad}};
            layer.dropout = i < 4 ? 0.0 : 0.5;
            assert_false(wg_is_valid(wg_attention_apply(&layer, x, &inputs[i % 4])));
            bad_world_record(w);
        }
    }
    const wg_attention_inputs odd = {.size = size - 1};
    const wg_node x = wg_reshape(w->x, 3, (const int64_t[]){1, 2, 3});
    assert_false(wg_is_valid(wg_attention_apply(&layer, x, &odd)));
    assert_memory_equal(wg_graph_error(w->g), "attention: the inputs have", 26);
    bad_world_record(w);
}

static void check_block_inputs(bad_world *w, const bad_row *row)
{
    const size_t size = sizeof(wg_transformer_inputs);
    wg_transformer_block block;
    (void)row;
    assert_status(wg_transformer_block_create(w->m, "l", 3, 1, NULL, &block), WG_OK);
    for (int which = BAD_DEAD; which < BAD_HANDLES; which++) {
        const wg_node bad = bad_handle(w, which);
        const wg_transformer_inputs inputs[] = {{.size = size, .mask = bad},
                                                {.size = size, .is_key = bad},
                                                {.size = size, .memory = bad}};
        for (size_t i = 0; i < 3; i++) {
            const wg_node x = wg_reshape(w->x, 3, (const int64_t[]){1, 2, 3});
            assert_false(wg_is_valid(wg_transformer_block_apply(&block, x, &inputs[i])));
            bad_world_record(w);
        }
    }
    const wg_transformer_inputs odd = {.size = size + 1};
    const wg_node x = wg_reshape(w->x, 3, (const int64_t[]){1, 2, 3});
    assert_false(wg_is_valid(wg_transformer_block_apply(&block, x, &odd)));
    bad_world_record(w);
}

#define CREATES(name)                                                                              \
    {                                                                                              \
        "wg_" #name "_create", check_creation, NULL                                                \
    }

const bad_row bad_rows_of_layers[] = {
    CREATES(conv1d),
    CREATES(conv2d),
    CREATES(conv_transpose1d),
    CREATES(conv_transpose2d),
    CREATES(embedding),
    CREATES(batch_norm),
    CREATES(layer_norm),
    CREATES(group_norm),
    CREATES(rms_norm),
    CREATES(rnn),
    CREATES(lstm),
    CREATES(gru),
    CREATES(attention),
    CREATES(transformer_block),
    {"wg_dropout_create", check_dropout, NULL},
    {"wg_conv2d_create", check_options, NULL},
    {"wg_conv_apply", check_layers, NULL},
    {"wg_embedding_apply", check_layers, NULL},
    {"wg_embedding_attend_apply", check_layers, NULL},
    {"wg_norm_apply", check_layers, NULL},
    {"wg_recurrent_apply", check_layers, NULL},
    {"wg_attention_apply", check_layers, NULL},
    {"wg_transformer_block_apply", check_layers, NULL},
    {"wg_dropout_apply", check_dropout_apply, NULL},
    {"wg_recurrent_apply", check_recurrent_state, NULL},
    {"wg_attention_apply", check_attention_inputs, NULL},
    {"wg_transformer_block_apply", check_block_inputs, NULL},
    {NULL, NULL, NULL},
};
