/* Reading safetensors: golden files, hostile ones, damage, and calls that fail.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The golden files are tests/corpus/generate.py's, which knows nothing of this library. */
#include "file_case.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/dtype.h"
#include "core/tensor.h"

/* ---- golden ------------------------------------------------------------------------------- */

typedef struct golden {
    const char *name;
    const char *stored;
    wg_dtype dtype;
    double values[2];
} golden;

static const golden goldens[] = {
    {"f64", "F64", WG_F64, {0.1, -1e300}},
    {"f32", "F32", WG_F32, {0.5, (double)-3e38F}},
    {"u32", "U32", WG_I64, {1, 4294967295.0}},
    {"i32", "I32", WG_I64, {-2147483648.0, 2147483647.0}},
    {"bf16", "BF16", WG_F32, {1, -3.140625}},
    {"f16", "F16", WG_F32, {1, 0x1p-24}},
    {"u16", "U16", WG_I64, {1, 65535}},
    {"i16", "I16", WG_I64, {-32768, 32767}},
    {"i8", "I8", WG_I64, {-128, 127}},
    {"u8", "U8", WG_U8, {1, 255}},
    {"bool", "BOOL", WG_BOOL, {0, 1}},
};

static wg_safetensors *open_seed(wgt_plain *p, const char *name)
{
    char path[WGT_PATH_BYTES];
    wg_safetensors *file;
    wgt_folder_join(CORPUS, name, path);
    assert_int_equal(wg_safetensors_read(&p->ctx, path, &file), WG_OK);
    return file;
}

static wg_tensor *take(const wg_safetensors *file, const char *name)
{
    size_t i;
    wg_tensor *t;
    assert_true(wg_safetensors_find(file, name, &i));
    assert_string_equal(wg_safetensors_name(file, i), name);
    assert_int_equal(wg_safetensors_tensor(file, i, &t), WG_OK);
    return t;
}

static void check_golden(const wg_safetensors *file, const golden *g)
{
    size_t i;
    assert_true(wg_safetensors_find(file, g->name, &i));
    assert_string_equal(wg_safetensors_dtype(file, i), g->stored);
    wg_tensor *t = take(file, g->name);
    assert_int_equal(wg_tensor_dtype(t), g->dtype);
    assert_int_equal(wg_tensor_rank(t), 1);
    assert_int_equal(wg_tensor_dims(t)[0], 2);
    for (int k = 0; k < 2; k++) {
        assert_true(wg_tensor_get(t, k) == g->values[k]);
    }
    wg_tensor_destroy(t);
}

static void test_safetensors_read_every_dtype(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_safetensors *file = open_seed(&p, "good-dtypes");
    assert_int_equal(wg_safetensors_count(file), 13);
    assert_string_equal(wg_safetensors_name(file, 0), "u64");
    assert_string_equal(wg_safetensors_name(file, 12), "bool");
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        check_golden(file, &goldens[i]);
    }
    /* Beyond the doubles: compared as they are. */
    wg_tensor *t = take(file, "u64");
    const int64_t *values = wg_tensor_data(t);
    assert_true(values[0] == 0 && values[1] == INT64_MAX);
    wg_tensor_destroy(t);
    t = take(file, "i64");
    values = wg_tensor_data(t);
    assert_true(values[0] == INT64_MIN && values[1] == INT64_MAX);
    wg_tensor_destroy(t);
    wg_safetensors_destroy(file);
    wgt_plain_finish(&p);
}

static void test_safetensors_read_rank_0_and_size_0(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_safetensors *file = open_seed(&p, "good-sizes");
    wg_tensor *t = take(file, "scalar");
    assert_int_equal(wg_tensor_rank(t), 0);
    assert_true(wg_tensor_get(t, 0) == 2.5);
    wg_tensor_destroy(t);
    t = take(file, "none");
    assert_int_equal(wg_tensor_rank(t), 2);
    assert_int_equal(wg_tensor_dims(t)[1], 3);
    assert_int_equal(wg_tensor_count(t), 0);
    wg_tensor_destroy(t);
    wg_safetensors_destroy(file);
    file = open_seed(&p, "good-empty");
    assert_int_equal(wg_safetensors_count(file), 0);
    wg_safetensors_destroy(file);
    wgt_plain_finish(&p);
}

static void test_safetensors_read_order_is_that_of_the_data(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_safetensors *file = open_seed(&p, "good-two");
    assert_string_equal(wg_safetensors_name(file, 0), "a");
    assert_string_equal(wg_safetensors_name(file, 1), "b");
    wg_tensor *t = take(file, "b");
    assert_true(wg_tensor_get(t, 0) == 3 && wg_tensor_get(t, 1) == 4);
    wg_tensor_destroy(t);
    wg_safetensors_destroy(file);
    file = open_seed(&p, "good-unaligned");
    t = take(file, "b");
    assert_true(wg_tensor_get(t, 0) == 1.5);
    wg_tensor_destroy(t);
    wg_safetensors_destroy(file);
    wgt_plain_finish(&p);
}

static void test_safetensors_read_strings_are_decoded(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_safetensors *file = open_seed(&p, "good-metadata");
    assert_int_equal(wg_safetensors_metadata_count(file), 3);
    assert_string_equal(wg_safetensors_metadata_key(file, 0), "");
    assert_string_equal(wg_safetensors_metadata_key(file, 1), "format");
    assert_string_equal(wg_safetensors_metadata_key(file, 2), "key \"\\/\b\f\n\r\t");
    assert_string_equal(wg_safetensors_metadata(file, ""), "");
    assert_string_equal(wg_safetensors_metadata(file, "format"), "pt");
    assert_string_equal(wg_safetensors_metadata(file, "key \"\\/\b\f\n\r\t"),
                        "\xF0\x9F\x98\x80\xC3\xA9");
    assert_null(wg_safetensors_metadata(file, "forma"));
    wg_tensor *t = take(file, "\xC3\xA4");
    assert_true(wg_tensor_get(t, 0) == 7);
    wg_tensor_destroy(t);
    wg_safetensors_destroy(file);
    wgt_plain_finish(&p);
}

/* ---- the corpus, whole and damaged -------------------------------------------------------- */

/* Reads bytes that may be anything: a status and nothing left behind, and no block too large. */
static wg_status read_anything(wgt_plain *p, const unsigned char *data, size_t bytes)
{
    wg_safetensors *file;
    p->allocator.largest_bytes = 0;
    wg_status status = read_bytes(p, data, bytes, &file);
    assert_true(p->allocator.largest_bytes <= bytes + SLACK);
    assert_true((status == WG_OK) == (file != NULL));
    if (status != WG_OK) {
        assert_true(strlen(p->ctx.error) > 0);
    }
    wg_safetensors_destroy(file);
    assert_int_equal(p->allocator.n_live, 0);
    return status;
}

static void replay(const char *path, void *user)
{
    wgt_plain *p = user;
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    bool is_good = strstr(path, "/good-") != NULL;
    wg_status status = read_anything(p, data, bytes);
    if ((status == WG_OK) != is_good) {
        print_error("%s: %s\n", path, wg_status_name(status));
    }
    assert_true((status == WG_OK) == is_good);
    free(data);
}

static void test_safetensors_read_corpus(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    assert_true(wgt_folder_walk(CORPUS, replay, &p) >= 60);
    wgt_plain_finish(&p);
}

/* A file cut short is never accepted, however much of it is there. */
static void cut_everywhere(const char *path, void *user)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    for (size_t n = 0; strstr(path, "/good-") != NULL && n < bytes; n++) {
        assert_int_equal(read_anything(user, data, n), WG_ERR_FORMAT);
    }
    free(data);
}

static void test_safetensors_read_truncated_at_every_byte(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wgt_folder_walk(CORPUS, cut_everywhere, &p);
    wgt_plain_finish(&p);
}

static void flip_everywhere(const char *path, void *user)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    for (size_t i = 0; bytes < 2000 && i < 8 * bytes; i++) {
        data[i / 8] = (unsigned char)(data[i / 8] ^ 1U << i % 8);
        (void)read_anything(user, data, bytes);
        data[i / 8] = (unsigned char)(data[i / 8] ^ 1U << i % 8);
    }
    free(data);
}

static void test_safetensors_read_every_bit_flipped(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wgt_folder_walk(CORPUS, flip_everywhere, &p);
    wgt_plain_finish(&p);
}

/* As many entries as fit: the arrays stay below the file's size. */
static void test_safetensors_read_many_small_entries(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    size_t capacity = (size_t)1 << 20;
    char *header = malloc(capacity);
    assert_non_null(header);
    size_t used = 0;
    for (int i = 0; used < capacity - 100; i++) {
        used += (size_t)snprintf(header + used, capacity - used,
                                 "%s\"%x\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                                 i == 0 ? "{" : ",", (unsigned)i);
    }
    header[used] = '}';
    header[used + 1] = '\0';
    wg_safetensors *file;
    assert_int_equal(read_header(&p, header, 0, &file), WG_OK);
    assert_true(wg_safetensors_count(file) > 15000);
    assert_true(p.allocator.largest_bytes <= used + 9 + SLACK);
    size_t i;
    assert_true(wg_safetensors_find(file, "3039", &i));
    wg_safetensors_destroy(file);
    free(header);
    wgt_plain_finish(&p);
}

/* ---- what is said ------------------------------------------------------------------------- */

typedef struct complaint {
    const char *header;
    size_t data_bytes;
    wg_status status;
    const char *text;
} complaint;

#define U8_ENTRY(name, shape, offsets)                                                             \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

/* In the order of the checks: each is wrong in all that comes later, too. */
static const complaint complaints[] = {
    {"\xFF", 0, WG_ERR_FORMAT, "t: its header is not UTF-8"},
    {"{\"a\":1}", 0, WG_ERR_FORMAT, "t: byte 13: '{' expected: a tensor is an object"},
    {"{" U8_ENTRY("a", "[01]", "[5,3]") "}", 1, WG_ERR_FORMAT, "t: byte 37: a leading zero"},
    {"{" U8_ENTRY("a", "[2]", "[5,3]") "," U8_ENTRY("a", "[2]", "[5,3]") "}", 1, WG_ERR_FORMAT,
     "t: tensor 'a' stands twice"},
    {"{" U8_ENTRY("a", "[2]", "[5,3]") "}", 1, WG_ERR_FORMAT,
     "t: tensor 'a': it does not begin where the data before it end"},
    {"{" U8_ENTRY("a", "[0]", "[0,0]") "," U8_ENTRY("b", "[4294967296,4294967296]", "[0,3]") "}", 1,
     WG_ERR_FORMAT, "t: tensor 'b': the product of its shape overflows"},
    {"{" U8_ENTRY("b", "[4]", "[0,3]") "}", 1, WG_ERR_FORMAT,
     "t: tensor 'b': its offsets do not hold its shape and dtype"},
    {"{" U8_ENTRY("b", "[3]", "[0,3]") "}", 1, WG_ERR_FORMAT,
     "t: the tensors end at byte 3 of the data, the file at 1"},
    {"{\"q\":{\"dtype\":\"F4\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, WG_ERR_DTYPE,
     "t: tensor 'q': dtype 'F4' is not known"},
    {"{" U8_ENTRY("deep", "[1,1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, WG_ERR_SHAPE,
     "t: tensor 'deep': its rank is above 8"},
};

static void test_safetensors_read_says_what_is_wrong(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        const complaint *c = &complaints[i];
        wg_safetensors *file;
        wg_status status = read_header(&p, c->header, c->data_bytes, &file);
        assert_string_equal(p.ctx.error, c->text);
        assert_int_equal(status, c->status);
        assert_null(file);
    }
    wgt_plain_finish(&p);
}

static void check_refused(wgt_plain *p, const char *name, wg_status status, const char *text)
{
    size_t bytes;
    wg_safetensors *file;
    unsigned char *data = read_seed(name, &bytes);
    assert_int_equal(read_bytes(p, data, bytes, &file), status);
    assert_string_equal(p->ctx.error, text);
    free(data);
}

static void test_safetensors_read_names_the_tensor_of_a_bad_value(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    check_refused(&p, "bad-u64-large", WG_ERR_OVERFLOW,
                  "t: tensor 'count': a value is above 2^63-1");
    check_refused(&p, "bad-bool-two", WG_ERR_FORMAT,
                  "t: tensor 'flag': a value is neither 0 nor 1");
    check_refused(&p, "bad-length-above-limit", WG_ERR_FORMAT,
                  "t: its header claims more than 100000000 bytes");
    check_refused(&p, "bad-length-only", WG_ERR_FORMAT, "t: it ends within its header");
    check_refused(&p, "bad-nothing", WG_ERR_FORMAT,
                  "t: it is shorter than the 8 bytes of its header's length");
    wgt_plain_finish(&p);
}

static void test_safetensors_read_long_names_are_cut(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    char name[200] = "";
    char header[400];
    for (int i = 0; i < 40; i++) {
        strcat(name, "\xE2\x82\xAC"); /* three bytes that are not to be parted */
    }
    snprintf(header, sizeof header,
             "{\"%s\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,1]}}", name);
    wg_safetensors *file;
    assert_int_equal(read_header(&p, header, 1, &file), WG_ERR_FORMAT);
    name[63] = '\0';
    char expected[400];
    snprintf(expected, sizeof expected,
             "t: tensor '%s...': its offsets do not hold its shape and dtype", name);
    assert_string_equal(p.ctx.error, expected);
    wgt_plain_finish(&p);
}

/* ---- failures around it ------------------------------------------------------------------- */

static void fail_each_allocation(wgt_plain *p, const char *path, bool is_persistent)
{
    for (size_t k = 1;; k++) {
        wg_safetensors *file;
        wg_tensor *t = NULL;
        wgt_allocator_fail(&p->allocator, k, is_persistent);
        wg_status status = wg_safetensors_read(&p->ctx, path, &file);
        if (status == WG_OK) {
            status = wg_safetensors_tensor(file, 0, &t);
        }
        wgt_allocator_fail(&p->allocator, 0, false);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true((status == WG_OK) == (t != NULL));
        wg_tensor_destroy(t);
        wg_safetensors_destroy(file);
        assert_int_equal(p->allocator.n_live, 0);
        if (status == WG_OK) {
            assert_true(k > 5);
            return;
        }
    }
}

static void test_safetensors_read_without_memory(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    fail_each_allocation(&p, CORPUS "/good-metadata", false);
    fail_each_allocation(&p, CORPUS "/good-metadata", true);
    wgt_plain_finish(&p);
}

static void test_safetensors_read_when_the_system_fails(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_status status = WG_ERR_IO;
    for (size_t k = 1; status != WG_OK; k++) {
        wgt_faults faults;
        wg_safetensors *file;
        wgt_faults_start(&faults, WGT_FAULT_ONCE, k, EIO);
        status = wgi_safetensors_read(&p.ctx, &faults.calls, CORPUS "/good-two", &file);
        /* open, size, read: closing a file that was only read decides nothing */
        assert_int_equal(status, k <= 3 ? WG_ERR_IO : WG_OK);
        assert_int_equal(faults.n_open, 0);
        if (status != WG_OK) {
            assert_non_null(strstr(p.ctx.error, strerror(EIO)));
        }
        wg_safetensors_destroy(file);
    }
    for (wgt_fault_mode mode = WGT_FAULT_SHORT; mode <= WGT_FAULT_INTERRUPT; mode++) {
        wgt_faults faults;
        wg_safetensors *file;
        wgt_faults_start(&faults, mode, 0, 0);
        status = wgi_safetensors_read(&p.ctx, &faults.calls, CORPUS "/good-two", &file);
        assert_int_equal(status, WG_OK);
        wg_safetensors_destroy(file);
    }
    wgt_plain_finish(&p);
}

static void test_safetensors_read_a_file_that_shrinks(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wgt_faults faults;
    wg_safetensors *file;
    wgt_faults_start(&faults, WGT_FAULT_NOTHING, 3, 0);
    assert_int_equal(wgi_safetensors_read(&p.ctx, &faults.calls, CORPUS "/good-two", &file),
                     WG_ERR_IO);
    assert_non_null(strstr(p.ctx.error, "it shrank while it was read"));
    /* An error without a text of the system's own. */
    wgt_faults_start(&faults, WGT_FAULT_ONCE, 1, 99999);
    assert_int_equal(wgi_safetensors_read(&p.ctx, &faults.calls, CORPUS "/good-two", &file),
                     WG_ERR_IO);
    assert_non_null(strstr(p.ctx.error, "99999"));
    assert_int_equal(wg_safetensors_read(&p.ctx, CORPUS "/bad-nothing", &file), WG_ERR_FORMAT);
    wgt_plain_finish(&p);
}

static void test_safetensors_read_what_is_no_file(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    wg_safetensors *file;
    assert_true(wgt_folder_create(&folder));
    assert_int_equal(wg_safetensors_read(&p.ctx, folder.path, &file), WG_ERR_IO);
    assert_non_null(strstr(p.ctx.error, "regular file"));
    wgt_folder_join(folder.path, "absent", path);
    assert_int_equal(wg_safetensors_read(&p.ctx, path, &file), WG_ERR_IO);
    assert_non_null(strstr(p.ctx.error, strerror(ENOENT)));
    wgt_folder_join(folder.path, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(wg_safetensors_read(&p.ctx, path, &file), WG_ERR_IO);
    wgt_folder_remove(&folder);
    wgt_plain_finish(&p);
}

static void test_safetensors_read_bad_calls(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_safetensors *file = (wg_safetensors *)&p;
    wg_tensor *t = (wg_tensor *)&p;
    size_t i = 7;
    assert_int_equal(wg_safetensors_read(NULL, "x", &file), WG_ERR_ARGUMENT);
    assert_null(file);
    assert_int_equal(wg_safetensors_read(&p.ctx, NULL, &file), WG_ERR_ARGUMENT);
    assert_int_equal(wg_safetensors_read(&p.ctx, "x", NULL), WG_ERR_ARGUMENT);
    wg_safetensors_destroy(NULL);
    assert_int_equal(wg_safetensors_count(NULL), 0);
    assert_null(wg_safetensors_name(NULL, 0));
    assert_null(wg_safetensors_dtype(NULL, 0));
    assert_false(wg_safetensors_find(NULL, "x", &i));
    assert_int_equal(i, 0);
    assert_int_equal(wg_safetensors_tensor(NULL, 0, &t), WG_ERR_ARGUMENT);
    assert_null(t);
    assert_int_equal(wg_safetensors_metadata_count(NULL), 0);
    assert_null(wg_safetensors_metadata(NULL, "x"));
    file = open_seed(&p, "good-two");
    assert_null(wg_safetensors_name(file, 2));
    assert_null(wg_safetensors_dtype(file, SIZE_MAX));
    assert_null(wg_safetensors_metadata_key(file, 0));
    assert_null(wg_safetensors_metadata(file, NULL));
    assert_false(wg_safetensors_find(file, NULL, &i));
    assert_false(wg_safetensors_find(file, "c", &i));
    assert_false(wg_safetensors_find(file, "a", NULL));
    assert_int_equal(wg_safetensors_tensor(file, 2, &t), WG_ERR_RANGE);
    assert_int_equal(wg_safetensors_tensor(file, 0, NULL), WG_ERR_ARGUMENT);
    wg_safetensors_destroy(file);
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors_read_every_dtype),
        cmocka_unit_test(test_safetensors_read_rank_0_and_size_0),
        cmocka_unit_test(test_safetensors_read_order_is_that_of_the_data),
        cmocka_unit_test(test_safetensors_read_strings_are_decoded),
        cmocka_unit_test(test_safetensors_read_corpus),
        cmocka_unit_test(test_safetensors_read_truncated_at_every_byte),
        cmocka_unit_test(test_safetensors_read_every_bit_flipped),
        cmocka_unit_test(test_safetensors_read_many_small_entries),
        cmocka_unit_test(test_safetensors_read_says_what_is_wrong),
        cmocka_unit_test(test_safetensors_read_names_the_tensor_of_a_bad_value),
        cmocka_unit_test(test_safetensors_read_long_names_are_cut),
        cmocka_unit_test(test_safetensors_read_without_memory),
        cmocka_unit_test(test_safetensors_read_when_the_system_fails),
        cmocka_unit_test(test_safetensors_read_a_file_that_shrinks),
        cmocka_unit_test(test_safetensors_read_what_is_no_file),
        cmocka_unit_test(test_safetensors_read_bad_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
