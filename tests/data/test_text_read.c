/* Running text: symbols, vocabularies, and how what is wrong is told.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "data/text.h"
#include "support/files.h"
#include "support/plain_context.h"

static wg_text *make(wgt_plain *p, const char *string, const wg_text_options *o)
{
    wg_text *text;
    assert_int_equal(wg_text_create(&p->ctx, string, strlen(string), o, &text), WG_OK);
    return text;
}

/* The vocabulary, its symbols joined by '|', and the numbers. */
static void check(const wg_text *text, const char *vocabulary, const int64_t *numbers, int64_t n)
{
    char joined[256] = "";
    for (int64_t i = 0; i < wg_text_vocabulary_size(text); i++) {
        strcat(joined, i == 0 ? "" : "|");
        strcat(joined, wg_text_symbol(text, i));
    }
    assert_string_equal(joined, vocabulary);
    const wg_tensor *t = wg_text_symbols(text);
    assert_int_equal(wg_tensor_dtype(t), WG_I64);
    assert_int_equal(wg_tensor_rank(t), 1);
    assert_int_equal(wg_tensor_count(t), n);
    for (int64_t i = 0; i < n; i++) {
        assert_true(wg_tensor_get(t, i) == (double)numbers[i]);
    }
}

typedef struct text_case {
    const char *string;
    wg_text_options o;
    const char *vocabulary;
    int64_t numbers[12];
    int64_t n;
} text_case;

static const text_case cases[] = {
    {"banana", {0}, "a|b|n", {1, 0, 2, 0, 2, 0}, 6},
    {"banana", {.order = WG_TEXT_BY_COUNT}, "a|n|b", {2, 0, 1, 0, 1, 0}, 6},
    /* Equal counts: by their bytes. */
    {"cabbac", {.order = WG_TEXT_BY_COUNT}, "a|b|c", {2, 0, 1, 1, 0, 2}, 6},
    {"aBAb", {0}, "A|B|a|b", {2, 1, 0, 3}, 4},
    {"aBAb", {.is_lower = true}, "a|b", {0, 1, 0, 1}, 4},
    {"z\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xC3\xA4",
     {0},
     "z|\xC3\xA4|\xE2\x82\xAC|\xF0\x9F\x98\x80",
     {0, 1, 2, 3, 1},
     5},
    {"\xC3\xA4", {.unit = WG_TEXT_BYTES}, "\xA4|\xC3", {1, 0}, 2},
    {"\xFF\x80", {.unit = WG_TEXT_BYTES}, "\x80|\xFF", {1, 0}, 2},
    {"", {0}, "", {0}, 0},
    {"", {.unknown = "<unk>"}, "<unk>", {0}, 0},
    {" \n\t ", {.unit = WG_TEXT_WORDS}, "", {0}, 0},
    {"Don't  stop,\nDon", {.unit = WG_TEXT_WORDS}, "'|,|Don|stop|t", {2, 0, 4, 3, 1, 2}, 6},
    {"na\xC3\xAFve x_1 --", {.unit = WG_TEXT_WORDS}, "-|na\xC3\xAFve|x_1", {1, 2, 0, 0}, 4},
    {"The the THE",
     {.unit = WG_TEXT_WORDS, .is_lower = true, .order = WG_TEXT_BY_COUNT},
     "the",
     {0, 0, 0},
     3},
    {"abac", {.unknown = "<unk>"}, "<unk>|a|b|c", {1, 2, 1, 3}, 4},
    {"abacb", {.unknown = "?", .max_symbols = 3}, "?|a|b", {1, 2, 1, 0, 2}, 5},
    {"bbaac", {.unknown = "?", .max_symbols = 2}, "?|a", {0, 0, 1, 1, 0}, 5},
    {"bbaac", {.unknown = "?", .max_symbols = 1}, "?", {0, 0, 0, 0, 0}, 5},
    {"cbbaaa", {.unknown = "?", .max_symbols = 9}, "?|a|b|c", {3, 2, 2, 1, 1, 1}, 6},
    /* The unknown symbol occurs itself: it is one symbol, not two. */
    {"b?a", {.unknown = "?"}, "?|a|b", {2, 0, 1}, 3},
    {"\xEF\xBB\xBFza", {0}, "a|z", {1, 0}, 2},
};

static void test_text_read_symbols_and_vocabularies(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wg_text_options o = cases[i].o;
        o.size = sizeof o;
        wg_text *text = make(&p, cases[i].string, &o);
        check(text, cases[i].vocabulary, cases[i].numbers, cases[i].n);
        assert_null(wg_text_symbol(text, -1));
        assert_null(wg_text_symbol(text, wg_text_vocabulary_size(text)));
        wg_text_destroy(text);
    }
    wgt_plain_finish(&p);
}

/* NUL is a character and a byte like any other. */
static void test_text_read_nul(void **state)
{
    (void)state;
    static const char data[] = {'a', 0, 0, 'b'};
    wgt_plain p;
    wgt_plain_start(&p);
    wg_text *text;
    assert_int_equal(wg_text_create(&p.ctx, data, sizeof data, NULL, &text), WG_OK);
    check(text, "|a|b", (int64_t[]){1, 0, 0, 2}, 4);
    wg_text_destroy(text);
    wg_text_options o = {.size = sizeof o, .unit = WG_TEXT_WORDS};
    assert_int_equal(wg_text_create(&p.ctx, data, sizeof data, &o, &text), WG_OK);
    check(text, "a|b", (int64_t[]){0, 1}, 2);
    wg_text_destroy(text);
    wgt_plain_finish(&p);
}

static void test_text_read_by_another_vocabulary(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_text_options o = {.size = sizeof o, .unit = WG_TEXT_WORDS, .is_lower = true, .unknown = "?"};
    wg_text *train = make(&p, "a cat a dog", &o);
    wg_text_options like = {.size = sizeof like, .vocabulary = train};
    wg_text *valid = make(&p, "A Bird, a DOG", &like);
    wg_text_destroy(train); /* the vocabulary is shared, not borrowed */
    check(valid, "?|a|cat|dog", (int64_t[]){1, 0, 0, 1, 3}, 5);
    wg_text_destroy(valid);
    train = make(&p, "abc", NULL);
    like.vocabulary = train;
    assert_int_equal(wg_text_create(&p.ctx,
                                    "\xEF\xBB\xBF"
                                    "ab\nc",
                                    7, &like, &valid),
                     WG_ERR_RANGE);
    assert_null(valid);
    assert_string_equal(p.ctx.error, "text:5: '?' is not in the vocabulary");
    assert_int_equal(wg_text_create(&p.ctx, "ab\xC3\xA4", 4, &like, &valid), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "text:2: '\xC3\xA4' is not in the vocabulary");
    wg_text_destroy(train);
    wgt_plain_finish(&p);
}

/* A long word is cut between code points where it stands in a message. */
static void test_text_read_shows_long_words(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_text_options o = {.size = sizeof o, .unit = WG_TEXT_WORDS};
    wg_text *train = make(&p, "a", &o);
    size_t n;
    const char *word = "a 12345678901234567890123\xC3\xA4"
                       "5678";
    assert_int_equal(wg_text_encode(train, word, NULL, 0, &n), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error,
                        "text_encode:2: '12345678901234567890123...' is not in the vocabulary");
    wg_text_destroy(train);
    wgt_plain_finish(&p);
}

static void test_text_read_encode(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_text_options o = {.size = sizeof o, .is_lower = true};
    wg_text *text = make(&p, "abc", &o);
    int64_t out[4] = {9, 9, 9, 9};
    size_t n;
    assert_int_equal(wg_text_encode(text, "CAB", out, 4, &n), WG_OK);
    assert_int_equal(n, 3);
    assert_memory_equal(out, ((int64_t[]){2, 0, 1, 9}), sizeof out);
    assert_int_equal(wg_text_encode(text, "abc", NULL, 0, &n), WG_OK);
    assert_int_equal(n, 3);
    assert_int_equal(wg_text_encode(text, "bbb", out, 2, &n), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "text_encode: 3 symbols, room for 2");
    assert_int_equal(n, 3);
    assert_int_equal(wg_text_encode(text, "bbx", out, 4, &n), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "text_encode:2: 'x' is not in the vocabulary");
    assert_int_equal(n, 0);
    assert_int_equal(wg_text_encode(text, "b\xC3", out, 4, &n), WG_ERR_FORMAT);
    assert_string_equal(p.ctx.error, "text_encode:1: not UTF-8");
    assert_memory_equal(out, ((int64_t[]){2, 0, 1, 9}), sizeof out);
    assert_int_equal(wg_text_encode(text, "", out, 4, &n), WG_OK);
    assert_int_equal(n, 0);
    wg_text_destroy(text);
    wgt_plain_finish(&p);
}

/* ---- what is refused ---------------------------------------------------------------------- */

static void refuse(wgt_plain *p, const char *string, const wg_text_options *o, wg_status status,
                   const char *message)
{
    wg_text *text = (wg_text *)(uintptr_t)1;
    assert_int_equal(wg_text_create(&p->ctx, string, strlen(string), o, &text), status);
    assert_null(text);
    assert_string_equal(p->ctx.error, message);
    assert_int_equal(p->allocator.n_live, 0);
}

static void test_text_read_says_where_it_is_not_utf8(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    refuse(&p, "\x80", NULL, WG_ERR_FORMAT, "text:0: not UTF-8");
    refuse(&p, "abc\xFF", NULL, WG_ERR_FORMAT, "text:3: not UTF-8");
    refuse(&p, "a\xC3", NULL, WG_ERR_FORMAT, "text:1: not UTF-8");
    refuse(&p, "a\xED\xA0\x80", NULL, WG_ERR_FORMAT, "text:1: not UTF-8");
    refuse(&p,
           "\xEF\xBB\xBF"
           "a\xFE",
           NULL, WG_ERR_FORMAT, "text:4: not UTF-8");
    wg_text_options o = {.size = sizeof o, .unit = WG_TEXT_WORDS};
    refuse(&p, "caf\xE9 x", &o, WG_ERR_FORMAT, "text:3: not UTF-8");
    o = (wg_text_options){.size = sizeof o, .max_bytes = 2};
    refuse(&p, "abc", &o, WG_ERR_RANGE, "text: 3 bytes are more than 2");
    wgt_plain_finish(&p);
}

static void test_text_read_refuses_options(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    const size_t size = sizeof(wg_text_options);
    wg_text *other = make(&p, "abc", NULL);
    const wg_text_options bad[] = {
        {.size = 1},
        {.size = size, .unit = (wg_text_unit)3},
        {.size = size, .unit = (wg_text_unit)-1},
        {.size = size, .order = (wg_text_order)2},
        {.size = size, .max_symbols = 5},
        {.size = size, .max_symbols = -1, .unknown = "?"},
        {.size = size, .unknown = ""},
        {.size = size, .unknown = "\xFF"},
        {.size = size, .vocabulary = other, .unknown = "?"},
        {.size = size, .vocabulary = other, .is_lower = true},
        {.size = size, .vocabulary = other, .unit = WG_TEXT_BYTES},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        wg_text *text;
        assert_int_equal(wg_text_create(&p.ctx, "abc", 3, &bad[i], &text), WG_ERR_ARGUMENT);
        assert_null(text);
        assert_string_equal(p.ctx.error, "text: an option is out of its domain");
    }
    wg_text_destroy(other);
    wgt_plain_finish(&p);
}

/* ---- files, memory ------------------------------------------------------------------------ */

static void test_text_read_files(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    wgt_plain_start(&p);
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "t", path);
    assert_true(wgt_file_write(path, "to be", 5));
    wg_text *text;
    assert_int_equal(wg_text_read(&p.ctx, path, NULL, &text), WG_OK);
    check(text, " |b|e|o|t", (int64_t[]){4, 3, 0, 1, 2}, 5);
    wg_text_destroy(text);
    assert_true(wgt_file_write(path, "to b\xE9", 5));
    assert_int_equal(wg_text_read(&p.ctx, path, NULL, &text), WG_ERR_FORMAT);
    assert_string_equal(p.ctx.error + strlen(path), ":4: not UTF-8");
    wg_text_options o = {.size = sizeof o, .max_bytes = 4};
    assert_int_equal(wg_text_read(&p.ctx, path, &o, &text), WG_ERR_RANGE);
    wgt_faults faults;
    wgt_faults_start(&faults, WGT_FAULT_ONCE, 2, EIO);
    assert_int_equal(wgi_text_read(&p.ctx, &faults.calls, path, NULL, &text), WG_ERR_IO);
    assert_int_equal(faults.n_open, 0);
#if defined(WGI_HAVE_ZLIB)
    /* The gzipped table of the corpus, as a text. */
    assert_int_equal(
        wg_text_read(&p.ctx, WENGERT_SOURCE_DIR "/tests/corpus/gzip/good-table", NULL, &text),
        WG_OK);
    check(text, "\n|,|0|1|2|3|4", (int64_t[]){3, 1, 4, 1, 2, 0, 5, 1, 6, 1, 3, 0}, 12);
    wg_text_destroy(text);
#endif
    wgt_folder_remove(&folder);
    wgt_plain_finish(&p);
}

static void fail_each_allocation(bool is_persistent)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_text_options o = {.size = sizeof o, .unknown = "?", .max_symbols = 30};
    const char *string = "the quick brown fox jumps over the lazy dog, 0123456789";
    wg_status status = WG_ERR_MEMORY;
    for (size_t k = 1; status != WG_OK; k++) {
        wg_text *text;
        wgt_allocator_fail(&p.allocator, k, is_persistent);
        status = wg_text_create(&p.ctx, string, strlen(string), &o, &text);
        wgt_allocator_fail(&p.allocator, 0, false);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true(status != WG_OK || k > 10);
        assert_int_equal(text != NULL, status == WG_OK);
        wg_text_destroy(text);
        assert_int_equal(p.allocator.n_live, 0);
    }
    wgt_plain_finish(&p);
}

static void test_text_read_without_memory(void **state)
{
    (void)state;
    fail_each_allocation(false);
    fail_each_allocation(true);
    wgt_plain p;
    wgt_plain_start(&p);
    size_t n;
    wg_text *text = make(&p, "abc", NULL);
    wgt_allocator_fail(&p.allocator, 1, false);
    assert_int_equal(wg_text_encode(text, "abc", NULL, 0, &n), WG_ERR_MEMORY);
    wg_text_destroy(text);
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_read_symbols_and_vocabularies),
        cmocka_unit_test(test_text_read_nul),
        cmocka_unit_test(test_text_read_by_another_vocabulary),
        cmocka_unit_test(test_text_read_shows_long_words),
        cmocka_unit_test(test_text_read_encode),
        cmocka_unit_test(test_text_read_says_where_it_is_not_utf8),
        cmocka_unit_test(test_text_read_refuses_options),
        cmocka_unit_test(test_text_read_files),
        cmocka_unit_test(test_text_read_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
