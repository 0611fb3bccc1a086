/* Lists as text: words, data, names, parameters, errors, and text that is damaged.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The seeds are tests/corpus/generate.py's. */
#include "support/cmocka_all.h"

#include <wengert/wengert.h>

#include <stdlib.h>
#include <string.h>

#include "support/allocator.h"
#include "support/files.h"
#include "support/sink.h"

#define CORPUS WENGERT_SOURCE_DIR "/tests/corpus/list"

/* What reading may allocate at once beside the text: the call, the arrays of the graph. */
#define SLACK ((size_t)1 << 16)

/* What leaves without data may have. */
#define LEAVES ((size_t)1 << 12)

typedef struct scene {
    wgt_allocator allocator;
    wg_context *ctx;
    wg_graph *g;
    wgt_sink sink;
} scene;

static void open_scene(scene *s)
{
    wgt_allocator_start(&s->allocator);
    const wg_allocator hooks = wgt_allocator_hooks(&s->allocator);
    const wg_config config = {.size = sizeof config, .allocator = &hooks, .threads = 1};
    assert_int_equal(wg_context_create(&config, &s->ctx), WG_OK);
    assert_int_equal(wg_graph_create(s->ctx, &s->g), WG_OK);
    wgt_sink_start(&s->sink);
}

static void close_scene(scene *s)
{
    wgt_sink_finish(&s->sink);
    wg_graph_destroy(s->g);
    wg_context_destroy(s->ctx);
    assert_true(wgt_allocator_is_clean(&s->allocator));
    wgt_allocator_finish(&s->allocator);
}

static wg_status read_text(scene *s, const char *text)
{
    return wg_graph_read(s->g, text, strlen(text), NULL);
}

static const char *write_text(scene *s, bool has_data)
{
    const wg_list_writing options = {.size = sizeof options, .has_data = has_data};
    const wg_writer writer = wgt_sink_writer(&s->sink);
    wgt_sink_clear(&s->sink);
    assert_int_equal(wg_graph_write(s->g, &options, &writer), WG_OK);
    return wgt_sink_text(&s->sink);
}

/* ---- what is written ---------------------------------------------------------------------- */

static void test_list_text_is_as_documented(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    const int64_t dims[] = {2, 3};
    const double data[] = {1, -0.0, 0.1, 1e300, 2.5, 5e-324};
    const wg_node x = wg_name(wg_constant(s.g, WG_F64, 2, dims, data), "x \"1\"\n");
    const wg_node p = wg_name(wg_softmax(x, -1), "p");
    const wg_node y = wg_dropout(p, 0.1);
    wg_sum(wg_mul(y, wg_output(y, 1)), (const int32_t[]){1}, 1, true);
    wg_cast(wg_number(s.g, WG_F32, -1.5), WG_I64);
    assert_string_equal(write_text(&s, true),
                        "wengert-list 1\n"
                        "%0 = constant f64 [2, 3] data [1, -0, 0.1, 1e300, 2.5, "
                        "4.94065645841247e-324] \"x \\\"1\\\"\\n\"\n"
                        "%1 = softmax(%0) axis=1 \"p\"\n"
                        "%2 = dropout(%1) p=0.1\n"
                        "%3 = %2.1\n"
                        "%4 = mul(%2, %3)\n"
                        "%5 = sum(%4) axes=[1] keepdims=1\n"
                        "%6 = fill() dtype=f32 dims=[] value=-1.5\n"
                        "%7 = cast(%6) dtype=i64\n");
    close_scene(&s);
}

/* Written, read and written again, the text is the same; so are the values. */
static void test_list_text_keeps_values(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    const float data[] = {0.1F, 1e-45F, 3.4028235e38F, 16777217.0F, 1.0F / 3.0F, -7.25e-12F};
    const int64_t dims[] = {2, 3};
    const wg_node x = wg_constant(s.g, WG_F32, 2, dims, data);
    const double before = wg_item(wg_mean_all(wg_tanh(x)));
    char *first = strdup(write_text(&s, true));
    assert_int_equal(wg_graph_reset(s.g), WG_OK);
    assert_int_equal(read_text(&s, first), WG_OK);
    assert_memory_equal(wg_tensor_data(wg_value(wg_graph_node(s.g, 0))), data, sizeof data);
    assert_true(wg_item(wg_graph_node(s.g, wg_graph_count(s.g) - 1)) == before);
    assert_string_equal(write_text(&s, true), first);
    free(first);
    close_scene(&s);
}

static void test_list_text_keeps_every_byte_of_a_name(void **state)
{
    scene s;
    char name[64] = {0};
    (void)state;
    open_scene(&s);
    for (int first = 1; first < 256; first += 60) {
        for (int i = 0; i < 60; i++) {
            name[i] = (char)(unsigned char)(first + i < 256 ? first + i : 'x');
        }
        wg_name(wg_number(s.g, WG_F32, first), name);
    }
    char *text = strdup(write_text(&s, false));
    for (const char *c = text; *c != '\0'; c++) {
        assert_true(*c == '\n' || (*c >= 0x20 && *c < 0x7F));
    }
    assert_int_equal(wg_graph_reset(s.g), WG_OK);
    assert_int_equal(read_text(&s, text), WG_OK);
    assert_string_equal(write_text(&s, false), text);
    free(text);
    close_scene(&s);
}

static void test_list_without_data_reads_as_zeros(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    assert_int_equal(read_text(&s, "wengert-list 1\n%0 = variable f32 [2, 3]\n%1 = exp(%0)\n"),
                     WG_OK);
    assert_true(wg_item(wg_sum_all(wg_graph_node(s.g, 1))) == 6);
    const wg_node loss = wg_sum_all(wg_graph_node(s.g, 1));
    assert_int_equal(wg_backward(loss), WG_OK);
    assert_non_null(wg_gradient(wg_graph_node(s.g, 0)));
    close_scene(&s);
}

/* ---- parameters --------------------------------------------------------------------------- */

static void test_list_parameters_are_looked_up(void **state)
{
    scene s;
    wg_model *m;
    wg_linear layer;
    (void)state;
    open_scene(&s);
    assert_int_equal(wg_model_create(s.ctx, &m), WG_OK);
    assert_int_equal(wg_linear_create(m, "fc", 2, 3, NULL, &layer), WG_OK);
    wg_linear_apply(&layer,
                    wg_constant(s.g, WG_F32, 2, (const int64_t[]){1, 2}, (const float[]){1, 2}));
    char *text = strdup(write_text(&s, false));
    assert_non_null(strstr(text, "= param \"fc.weight\" f32 [2, 3]\n"));
    assert_int_equal(wg_graph_reset(s.g), WG_OK);

    const wg_list_reading options = {.size = sizeof options, .model = m};
    assert_int_equal(wg_graph_read(s.g, text, strlen(text), &options), WG_OK);
    assert_string_equal(write_text(&s, false), text);
    assert_int_equal(wg_backward(wg_sum_all(wg_graph_node(s.g, wg_graph_count(s.g) - 1))), WG_OK);
    assert_non_null(wg_param_gradient(layer.weight));
    assert_int_equal(wg_graph_reset(s.g), WG_OK);

    assert_int_equal(read_text(&s, text), WG_OK);
    assert_non_null(strstr(write_text(&s, false), "= variable f32 [2, 3] \"fc.weight\"\n"));
    assert_int_equal(wg_graph_reset(s.g), WG_OK);

    static const char other[] = "wengert-list 1\n%0 = param \"fc.bias\" f32 [4]\n";
    assert_int_equal(wg_graph_read(s.g, other, sizeof other - 1, &options), WG_ERR_SHAPE);
    assert_string_equal(wg_context_error(s.ctx),
                        "list: line 2, column 6: the model's 'fc.bias' is another type");
    free(text);
    wg_model_destroy(m);
    close_scene(&s);
}

/* ---- errors ------------------------------------------------------------------------------- */

typedef struct fault {
    const char *lines; /* after the first one */
    wg_status status;
    const char *error;
} fault;

static const fault faults[] = {
    {"%1 = input f32 []\n", WG_ERR_FORMAT, "line 2, column 1: %0 expected"},
    {"%0 = input f32 []\n%1 = neg(%7)\n", WG_ERR_FORMAT,
     "line 3, column 10: %7 is not above this line"},
    {"%0 = input f32 []\n%1 = negg(%0)\n", WG_ERR_NAME,
     "line 3, column 6: apply: there is no op 'negg'"},
    {"%0 = input f32 [2]\n\n%1 = softmax(%0) axis=3\n", WG_ERR_RANGE,
     "line 4, column 6: softmax: axis 3 is out of range for rank 1 (x)"},
    {"%0 = input f32 [2]\n%1 = softmax(%0) axle=0\n", WG_ERR_NAME,
     "line 3, column 6: softmax: attribute 'axle' is none of the op's"},
    {"%0 = input f16 [2]\n", WG_ERR_DTYPE, "line 2, column 12: a dtype expected"},
    {"%0 = input f32 [2] data [1, x]\n", WG_ERR_FORMAT,
     "line 2, column 29: a number that a double holds expected"},
    {"%0 = variable i64 [2]\n", WG_ERR_DTYPE,
     "line 2, column 1: variable: a variable is floating, not i64"},
    {"%0 = input f32 [] extra\n", WG_ERR_FORMAT, "line 2, column 19: the end of the line expected"},
    {"%0 = input f64 [1000000000, 1000]\n", WG_ERR_OVERFLOW,
     "line 2, column 11: leaves without data need more than is allowed"},
    {"%0 = input f64 [1000000] data [1]\n", WG_ERR_FORMAT,
     "line 2, column 11: the text ends before the data"},
};

static void test_list_errors_say_where(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    assert_int_equal(wg_graph_set_step(s.g, 7), WG_OK);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[256] = "wengert-list 1\n";
        strncat(text, faults[i].lines, sizeof text - 32);
        assert_int_equal(read_text(&s, text), faults[i].status);
        const char *error = wg_context_error(s.ctx);
        assert_memory_equal(error, "list: ", 6);
        assert_string_equal(error + 6, faults[i].error);
        assert_int_equal(wg_graph_count(s.g), 0);
        assert_int_equal(wg_graph_status(s.g), WG_OK);
        assert_int_equal(wg_graph_step(s.g), 7);
    }
    close_scene(&s);
}

/* ---- damaged text ------------------------------------------------------------------------- */

/* Reads what may be anything: a status, an empty graph where it is none, no block too large. */
static wg_status read_anything(scene *s, const unsigned char *data, size_t bytes)
{
    const wg_list_reading options = {.size = sizeof options, .max_bytes = LEAVES};
    s->allocator.largest_bytes = 0;
    const wg_status status = wg_graph_read(s->g, (const char *)data, bytes, &options);
    assert_true(s->allocator.largest_bytes <= 16 * bytes + SLACK);
    if (status == WG_OK) {
        (void)write_text(s, true);
    } else {
        assert_int_equal(wg_graph_count(s->g), 0);
        assert_int_equal(wg_graph_status(s->g), WG_OK);
        assert_non_null(strstr(wg_context_error(s->ctx), "list: line "));
    }
    assert_int_equal(wg_graph_reset(s->g), WG_OK);
    return status;
}

static void replay(const char *path, void *user)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    const bool is_good = strstr(path, "/good-") != NULL;
    const wg_status status = read_anything(user, data, bytes);
    if ((status == WG_OK) != is_good) {
        fail_msg("%s: %s", path, wg_status_name(status));
    }
    free(data);
}

static void damage(const char *path, void *user)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    for (size_t n = 0; n < bytes; n++) {
        unsigned char *cut = malloc(n + 1); /* so that a sanitizer sees what is read behind it */
        assert_non_null(cut);
        memcpy(cut, data, n);
        (void)read_anything(user, cut, n);
        free(cut);
    }
    for (size_t bit = 0; bit < 8 * bytes; bit++) {
        data[bit / 8] ^= (unsigned char)(1U << bit % 8);
        (void)read_anything(user, data, bytes);
        data[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
    free(data);
}

static void test_list_corpus(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    assert_true(wgt_folder_walk(CORPUS, replay, &s) > 40);
    close_scene(&s);
}

static void test_list_damaged(void **state)
{
    scene s;
    (void)state;
    open_scene(&s);
    assert_true(wgt_folder_walk(CORPUS, damage, &s) > 40);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_text_is_as_documented),
        cmocka_unit_test(test_list_text_keeps_values),
        cmocka_unit_test(test_list_text_keeps_every_byte_of_a_name),
        cmocka_unit_test(test_list_without_data_reads_as_zeros),
        cmocka_unit_test(test_list_parameters_are_looked_up),
        cmocka_unit_test(test_list_errors_say_where),
        cmocka_unit_test(test_list_corpus),
        cmocka_unit_test(test_list_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
