/* ops.json: strict JSON, with all that the table of ops tells.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <wengert/wengert.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "support/files.h"

#define DEPTH 16

/* ---- a strict reader ---------------------------------------------------------------------- */

static bool is_word(const char **at, const char *word)
{
    const size_t n = strlen(word);
    const bool is_there = strncmp(*at, word, n) == 0;
    *at += is_there ? n : 0;
    return is_there;
}

static bool is_digits(const char **at)
{
    const char *begin = *at;
    while (isdigit((unsigned char)**at)) {
        (*at)++;
    }
    return *at > begin;
}

/* -? (0 | [1-9] digits) [. digits] [e [+-] digits] */
static bool is_number(const char **at)
{
    (void)is_word(at, "-");
    const bool is_zero = **at == '0';
    const char *begin = *at;
    if (!is_digits(at) || (is_zero && *at - begin > 1)) {
        return false;
    }
    if (is_word(at, ".") && !is_digits(at)) {
        return false;
    }
    if (is_word(at, "e") || is_word(at, "E")) {
        (void)(is_word(at, "-") || is_word(at, "+"));
        return is_digits(at);
    }
    return true;
}

static bool is_string(const char **at)
{
    wgi_json j = wgi_json_make(*at, strlen(*at));
    const bool is_there = wgi_json_string(&j) != NULL;
    *at = j.at;
    return is_there;
}

static void pass_space(const char **at)
{
    *at += strspn(*at, " \n");
}

static bool is_value(const char **at, int depth);

/* "name": and a value, or a value alone in an array. */
static bool is_member(const char **at, char close, int depth)
{
    pass_space(at);
    if (close == '}') {
        if (!is_string(at)) {
            return false;
        }
        pass_space(at);
        if (!is_word(at, ":")) {
            return false;
        }
    }
    return is_value(at, depth);
}

/* What follows an opening bracket, and the closing one. */
static bool is_rest(const char **at, char close, int depth)
{
    const char end[] = {close, '\0'};
    pass_space(at);
    if (is_word(at, end)) {
        return true;
    }
    do {
        if (!is_member(at, close, depth)) {
            return false;
        }
        pass_space(at);
    } while (is_word(at, ","));
    return is_word(at, end);
}

static bool is_value(const char **at, int depth)
{
    pass_space(at);
    if (depth == DEPTH) {
        return false;
    }
    if (is_word(at, "{")) {
        return is_rest(at, '}', depth + 1);
    }
    if (is_word(at, "[")) {
        return is_rest(at, ']', depth + 1);
    }
    return is_word(at, "true") || is_word(at, "false") || is_word(at, "null") ||
           (**at == '"' ? is_string(at) : is_number(at));
}

static bool is_json(const char *text)
{
    const char *at = text;
    const bool is_good = is_value(&at, 0);
    pass_space(&at);
    return is_good && *at == '\0';
}

static void test_ops_json_reader_refuses(void **state)
{
    static const char *const bad[] = {
        "",      "{",      "{\"a\"}", "{\"a\": }",   "[1,]", "[1 2]",
        "[01]",  "{1: 2}", "[\"x]",   "[\"\\q\"]",   "[1]]", "{\"a\": [}",
        "[nul]", "[1.]",   "[-]",     "{\"a\": 1,}", "[inf]"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (is_json(bad[i])) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_true(is_json("{\"a\": [1, -2.5e-3, \"x\\n\"], \"b\": {}, \"c\": [[], null]}\n"));
}

/* ---- what is in it ------------------------------------------------------------------------ */

static char *read_json(void)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(WENGERT_OPS_JSON, &bytes);
    assert_non_null(data);
    char *text = malloc(bytes + 1);
    assert_non_null(text);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    free(data);
    return text;
}

static void test_ops_json_is_json(void **state)
{
    (void)state;
    char *text = read_json();
    assert_true(is_json(text));
    assert_non_null(strstr(text, "\"format\": 1,"));
    text[strlen(text) - 4] = 'x';
    assert_false(is_json(text));
    free(text);
}

/* What is said of an op: from its name to the next one's. */
static char *part_of(const char *text, const char *name)
{
    char key[100];
    snprintf(key, sizeof key, "\n      \"name\": \"%s\",\n", name);
    const char *begin = strstr(text, key);
    if (begin == NULL) {
        return NULL;
    }
    const char *end = strstr(begin + 1, "\n      \"name\": ");
    return end != NULL ? strndup(begin, (size_t)(end - begin)) : strdup(begin);
}

static void test_ops_json_tells_of_every_op(void **state)
{
    (void)state;
    char *text = read_json();
    for (size_t i = 0; i < wg_op_count(); i++) {
        wg_op_info info;
        wg_attribute_info a;
        assert_int_equal(wg_op_describe(i, &info), WG_OK);
        char *part = part_of(text, info.name);
        if (part == NULL) {
            fail_msg("nothing of %s", info.name);
        }
        assert_true(info.is_internal || strstr(part, "\"formula\": \"") != NULL);
        assert_true(info.is_internal || strstr(part, "\"signature\": \"wg_node wg_") != NULL);
        for (int32_t k = 0; wg_op_attribute(i, k, &a) == WG_OK; k++) {
            char key[100];
            snprintf(key, sizeof key, "{\"name\": \"%s\", \"type\": ", a.name);
            assert_non_null(strstr(part, key));
        }
        free(part);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ops_json_reader_refuses),
        cmocka_unit_test(test_ops_json_is_json),
        cmocka_unit_test(test_ops_json_tells_of_every_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
