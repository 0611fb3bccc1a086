/* Tables of text: what is read, what is refused and how that is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/csv.h"
#include "support/files.h"
#include "support/plain_context.h"

static wg_status read_text(wgt_plain *p, const char *text, const wg_csv_options *options,
                           wg_dataset **out)
{
    wgi_block block = {.data = (unsigned char *)(uintptr_t)text, .bytes = strlen(text)};
    return wgi_csv_read_block(&p->ctx, "t.csv", &block, options, out);
}

static void check_values(const wg_tensor *t, const double *expected, int64_t n)
{
    assert_int_equal(wg_tensor_count(t), n);
    for (int64_t i = 0; i < n; i++) {
        assert_true(wg_tensor_get(t, i) == expected[i]);
    }
}

static void test_csv_features_and_integer_labels(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d;
    assert_int_equal(read_text(&p, "1,2.5,7\r\n -3 ,\t4e1, -1", NULL, &d), WG_OK);
    assert_int_equal(wg_dataset_count(d), 2);
    assert_int_equal(wg_tensor_dtype(wg_dataset_x(d)), WG_F32);
    assert_int_equal(wg_tensor_dims(wg_dataset_x(d))[1], 2);
    check_values(wg_dataset_x(d), (double[]){1, 2.5, -3, 40}, 4);
    assert_int_equal(wg_tensor_dtype(wg_dataset_y(d)), WG_I64);
    assert_int_equal(wg_tensor_rank(wg_dataset_y(d)), 1);
    check_values(wg_dataset_y(d), (double[]){7, -1}, 2);
    assert_int_equal(wg_dataset_class_count(d), 0);
    assert_null(wg_dataset_class_name(d, 0));
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_csv_names_in_order_of_appearance(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d;
    const char *text = "1,setosa\n2,\"a \"\"b\"\", c\"\n3,setosa\n4,versicolor\n";
    assert_int_equal(read_text(&p, text, NULL, &d), WG_OK);
    check_values(wg_dataset_y(d), (double[]){0, 1, 0, 2}, 4);
    assert_int_equal(wg_dataset_class_count(d), 3);
    assert_string_equal(wg_dataset_class_name(d, 0), "setosa");
    assert_string_equal(wg_dataset_class_name(d, 1), "a \"b\", c");
    assert_string_equal(wg_dataset_class_name(d, 2), "versicolor");
    assert_null(wg_dataset_class_name(d, 3));
    assert_null(wg_dataset_class_name(d, -1));
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_csv_many_names(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    static char text[60000];
    size_t used = 0;
    for (int i = 0; i < 4000; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,n%d\n", i, i % 2000);
    }
    wg_dataset *d;
    assert_int_equal(read_text(&p, text, NULL, &d), WG_OK);
    assert_int_equal(wg_dataset_class_count(d), 2000);
    for (int i = 0; i < 4000; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i % 2000);
        assert_true(wg_tensor_get(wg_dataset_y(d), i) == i % 2000);
        assert_string_equal(wg_dataset_class_name(d, i % 2000), name);
    }
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

/* ---- headers and options ------------------------------------------------------------------ */

typedef struct header_case {
    const char *text;
    wg_csv_header header;
    int64_t n;
} header_case;

static void test_csv_header(void **state)
{
    (void)state;
    static const header_case cases[] = {
        {"a,b,c\n1,2,0\n", WG_CSV_HEADER_AUTO, 1}, {"a,2,0\n1,2,0\n", WG_CSV_HEADER_AUTO, 1},
        {"1,2,c\n1,2,d\n", WG_CSV_HEADER_AUTO, 2}, {"1,2,0\n1,2,0\n", WG_CSV_HEADER_AUTO, 2},
        {"1,2,0\n1,2,0\n", WG_CSV_HEADER_YES, 1},  {"1,2,0\n1,2,0\n", WG_CSV_HEADER_NO, 2},
    };
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wg_csv_options o = {.size = sizeof o, .header = cases[i].header};
        wg_dataset *d;
        assert_int_equal(read_text(&p, cases[i].text, &o, &d), WG_OK);
        assert_int_equal(wg_dataset_count(d), cases[i].n);
        wg_dataset_destroy(d);
    }
    wgt_plain_finish(&p);
}

static void test_csv_label_column(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_csv_options o = {.size = sizeof o, .label_column = 1, .separator = ';', .scale = 0.5};
    wg_dataset *d;
    assert_int_equal(read_text(&p, "9;2;3\n8;4;5\n", &o, &d), WG_OK);
    check_values(wg_dataset_x(d), (double[]){1, 1.5, 2, 2.5}, 4);
    check_values(wg_dataset_y(d), (double[]){9, 8}, 2);
    wg_dataset_destroy(d);
    o = (wg_csv_options){.size = sizeof o, .label_column = 3, .separator = '\t'};
    assert_int_equal(read_text(&p, "9\t2\t 3\n", &o, &d), WG_OK);
    check_values(wg_dataset_y(d), (double[]){3}, 1);
    wg_dataset_destroy(d);
    assert_int_equal(read_text(&p, "9\t\t3\n", &o, &d), WG_ERR_FORMAT);
    assert_string_equal(p.ctx.error, "t.csv:1:2: an empty field");
    o.label_column = 4;
    assert_int_equal(read_text(&p, "9\t2\t3\n", &o, &d), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "t.csv: label column 4 of 3");
    wgt_plain_finish(&p);
}

static void test_csv_kinds_of_labels(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_csv_options o = {.size = sizeof o, .labels = WG_CSV_LABELS_NONE};
    wg_dataset *d;
    assert_int_equal(read_text(&p, "1,2\n3,4\n", &o, &d), WG_OK);
    assert_null(wg_dataset_y(d));
    check_values(wg_dataset_x(d), (double[]){1, 2, 3, 4}, 4);
    wg_dataset_destroy(d);
    o = (wg_csv_options){.size = sizeof o, .labels = WG_CSV_LABELS_NUMBERS, .scale = 2};
    assert_int_equal(read_text(&p, "1,2.5\n3,4\n", &o, &d), WG_OK);
    assert_int_equal(wg_tensor_dtype(wg_dataset_y(d)), WG_F32);
    assert_int_equal(wg_tensor_rank(wg_dataset_y(d)), 2);
    check_values(wg_dataset_x(d), (double[]){2, 6}, 2);
    check_values(wg_dataset_y(d), (double[]){2.5, 4}, 2);
    wg_dataset_destroy(d);
    o.labels = WG_CSV_LABELS_NAMES;
    assert_int_equal(read_text(&p, "1,7\n3,5\n", &o, &d), WG_OK);
    check_values(wg_dataset_y(d), (double[]){0, 1}, 2);
    assert_string_equal(wg_dataset_class_name(d, 1), "5");
    wg_dataset_destroy(d);
    o.labels = WG_CSV_LABELS_INTEGERS;
    assert_int_equal(read_text(&p, "1,a\n", &o, &d), WG_ERR_FORMAT);
    assert_string_equal(p.ctx.error, "t.csv:1:2: not an integer: 'a'");
    wgt_plain_finish(&p);
}

/* A locale with a decimal comma, where the system has one, changes nothing. */
static void test_csv_in_another_locale(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    (void)(setlocale(LC_ALL, "de_DE.UTF-8") != NULL || setlocale(LC_ALL, "fr_FR.UTF-8") != NULL);
    wg_dataset *d;
    assert_int_equal(read_text(&p, "1.5,0\n", NULL, &d), WG_OK);
    check_values(wg_dataset_x(d), (double[]){1.5}, 1);
    wg_dataset_destroy(d);
    setlocale(LC_ALL, "C");
    wgt_plain_finish(&p);
}

/* ---- what is said ------------------------------------------------------------------------- */

typedef struct complaint {
    const char *text;
    const char *error;
} complaint;

static const complaint complaints[] = {
    {"", "t.csv: there are no rows in it"},
    {" \r\n\n", "t.csv: there are no rows in it"},
    {"a,b\n", "t.csv: there are no rows below the header"},
    {"1\n2\n", "t.csv: there is no column beside the labels"},
    {"1,2,0\n1,x,0\n", "t.csv:2:2: not a number: 'x'"},
    {"1,2,0\n\n1,2,0\n", "t.csv:2:1: an empty field"},
    {"1,2,0\n1,,0\n", "t.csv:2:2: an empty field"},
    {"1,2,0\n1,\"\",0\n", "t.csv:2:2: an empty field"},
    {"1,2,0\n1,2\n", "t.csv:2:2: fewer fields than the first row has, the last is: '2'"},
    {"1,2,0\n1,2,0,9\n", "t.csv:2:4: more fields than the first row has: '9'"},
    {"1,2,0\n1,\"2,0\n", "t.csv:2:2: a quote is not closed"},
    {"1,2,0\n1,\"2\"x,0\n", "t.csv:2:2: text after a closing quote"},
    {"1,2,0\n1e39,2,0\n", "t.csv:2:1: out of the range of f32: '1e39'"},
    {"1,2,0\n1,2,5000000000000000000000\n", "t.csv:2:3: out of 64 bits: '5000000000000000000000'"},
    {"1,2,0\n1,2,1.5\n", "t.csv:2:3: not an integer: '1.5'"},
    {"1,2,0\n1\r2,2,0\n", "t.csv:2:1: not a number: '1?2'"},
    {"1,2,0\n1,\x1B[2J\xC3\xA4,0\n", "t.csv:2:2: not a number: '?[2J?\?'"},
    {"1,2,0\n1,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,0\n",
     "t.csv:2:2: not a number: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"},
};

static void test_csv_says_where_and_what(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        wg_dataset *d = (wg_dataset *)&p;
        assert_int_equal(read_text(&p, complaints[i].text, NULL, &d), WG_ERR_FORMAT);
        assert_string_equal(p.ctx.error, complaints[i].error);
        assert_null(d);
    }
    wgt_plain_finish(&p);
}

static void test_csv_scale_must_stay_in_range(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_csv_options o = {.size = sizeof o, .scale = 1e30};
    wg_dataset *d;
    assert_int_equal(read_text(&p, "1,0\n1e10,0\n", &o, &d), WG_ERR_FORMAT);
    assert_string_equal(p.ctx.error, "t.csv:2:1: out of the range of f32: '1e10'");
    wgt_plain_finish(&p);
}

static void test_csv_bad_calls(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = (wg_dataset *)&p;
    static const wg_csv_options bad[] = {
        {.size = 1},
        {.size = sizeof(wg_csv_options), .header = (wg_csv_header)3},
        {.size = sizeof(wg_csv_options), .header = (wg_csv_header)-1},
        {.size = sizeof(wg_csv_options), .labels = (wg_csv_labels)5},
        {.size = sizeof(wg_csv_options), .labels = (wg_csv_labels)-1},
        {.size = sizeof(wg_csv_options), .separator = '\r'},
        {.size = sizeof(wg_csv_options), .label_column = -1},
        {.size = sizeof(wg_csv_options), .separator = '"'},
        {.size = sizeof(wg_csv_options), .separator = '\n'},
        {.size = sizeof(wg_csv_options), .scale = (double)INFINITY},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        d = (wg_dataset *)&p;
        assert_int_equal(wg_csv_read(&p.ctx, "absent", &bad[i], &d), WG_ERR_ARGUMENT);
        assert_null(d);
    }
    assert_int_equal(wg_csv_read(NULL, "x", NULL, &d), WG_ERR_ARGUMENT);
    assert_int_equal(wg_csv_read(&p.ctx, NULL, NULL, &d), WG_ERR_ARGUMENT);
    assert_int_equal(wg_csv_read(&p.ctx, "x", NULL, NULL), WG_ERR_ARGUMENT);
    assert_int_equal(wg_csv_read(&p.ctx, "/absent", NULL, &d), WG_ERR_IO);
    assert_non_null(strstr(p.ctx.error, "/absent: cannot open: "));
    wgt_plain_finish(&p);
}

/* ---- files -------------------------------------------------------------------------------- */

static void test_csv_reads_the_digits(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_csv_options o = {.size = sizeof o, .scale = 1.0 / 16};
    wg_dataset *d;
    const char *path = WENGERT_SOURCE_DIR "/examples/data/digits.csv";
    assert_int_equal(wg_csv_read(&p.ctx, path, &o, &d), WG_OK);
    assert_int_equal(wg_dataset_count(d), 1797);
    assert_int_equal(wg_tensor_dims(wg_dataset_x(d))[1], 64);
    static const double first[] = {0, 0, 5, 13, 9, 1, 0, 0};
    for (int64_t i = 0; i < 8; i++) {
        assert_true(wg_tensor_get(wg_dataset_x(d), i) == first[i] / 16);
    }
    /* The counts that the data set's own description tells. */
    static const int counts[] = {178, 182, 177, 183, 181, 182, 181, 179, 174, 180};
    int found[10] = {0};
    const int64_t *labels = wg_tensor_data(wg_dataset_y(d));
    for (int64_t i = 0; i < 1797; i++) {
        assert_true(labels[i] >= 0 && labels[i] < 10);
        found[labels[i]]++;
    }
    assert_memory_equal(found, counts, sizeof counts);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_csv_reads_the_flowers(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d;
    const char *path = WENGERT_SOURCE_DIR "/examples/data/iris.csv";
    assert_int_equal(wg_csv_read(&p.ctx, path, NULL, &d), WG_OK);
    assert_int_equal(wg_dataset_count(d), 150);
    assert_int_equal(wg_tensor_dims(wg_dataset_x(d))[1], 4);
    assert_true(wg_tensor_get(wg_dataset_x(d), 0) == (double)5.1F);
    assert_true(wg_tensor_get(wg_dataset_y(d), 149) == 2);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_csv_when_the_system_fails(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    const char *path = WENGERT_SOURCE_DIR "/tests/corpus/csv/good-names";
    for (size_t k = 1; k <= 4; k++) {
        wgt_faults faults;
        wg_dataset *d;
        wgt_faults_start(&faults, WGT_FAULT_ONCE, k, EIO);
        wg_status status = wgi_csv_read(&p.ctx, &faults.calls, path, NULL, &d);
        assert_int_equal(status, k <= 3 ? WG_ERR_IO : WG_OK);
        assert_int_equal(faults.n_open, 0);
        wg_dataset_destroy(d);
    }
    wgt_plain_finish(&p);
}

static void test_csv_caps_the_file(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_csv_options o = {.size = sizeof o, .max_bytes = 1000};
    wg_dataset *d;
    const char *path = WENGERT_SOURCE_DIR "/examples/data/iris.csv";
    assert_int_equal(wg_csv_read(&p.ctx, path, &o, &d), WG_ERR_RANGE);
    assert_non_null(strstr(p.ctx.error, "2734 bytes are more than 1000"));
    assert_int_equal(p.allocator.n_calls, 0);
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_features_and_integer_labels),
        cmocka_unit_test(test_csv_names_in_order_of_appearance),
        cmocka_unit_test(test_csv_many_names),
        cmocka_unit_test(test_csv_header),
        cmocka_unit_test(test_csv_label_column),
        cmocka_unit_test(test_csv_kinds_of_labels),
        cmocka_unit_test(test_csv_in_another_locale),
        cmocka_unit_test(test_csv_says_where_and_what),
        cmocka_unit_test(test_csv_scale_must_stay_in_range),
        cmocka_unit_test(test_csv_bad_calls),
        cmocka_unit_test(test_csv_reads_the_digits),
        cmocka_unit_test(test_csv_reads_the_flowers),
        cmocka_unit_test(test_csv_when_the_system_fails),
        cmocka_unit_test(test_csv_caps_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
