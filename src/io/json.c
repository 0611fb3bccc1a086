/* The pieces of strict JSON (RFC 8259).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a string is only handed out after every escape in it has been checked, so that the
 * decoder below meets none that is broken. */
#include "io/json.h"

#include <string.h>

#include "core/utf8.h"

static const char short_escapes[] = "\"\\/bfnrt";
static const char short_values[] = "\"\\/\b\f\n\r\t";

wgi_json wgi_json_make(const char *text, size_t bytes)
{
    return (wgi_json){.start = text, .at = text, .end = text + bytes};
}

bool wgi_json_fail(wgi_json *j, const char *error)
{
    if (j->error == NULL) {
        j->error = error;
    }
    return false;
}

static void skip_space(wgi_json *j)
{
    while (j->at < j->end &&
           (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r')) {
        j->at++;
    }
}

bool wgi_json_take(wgi_json *j, char c)
{
    if (j->error != NULL) {
        return false;
    }
    skip_space(j);
    if (j->at == j->end || *j->at != c) {
        return false;
    }
    j->at++;
    return true;
}

bool wgi_json_expect(wgi_json *j, char c, const char *error)
{
    return wgi_json_take(j, c) || wgi_json_fail(j, error);
}

bool wgi_json_more(wgi_json *j, char close, bool is_first)
{
    if (wgi_json_take(j, close)) {
        return false;
    }
    if (is_first) {
        return j->error == NULL;
    }
    return wgi_json_expect(j, ',', close == ']' ? "',' or ']' expected" : "',' or '}' expected");
}

/* The value of a hexadecimal digit; 16 where it is none. */
static uint32_t hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (uint32_t)(c - 'a') + 10;
    }
    return c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10 : 16;
}

/* Four hexadecimal digits at `at`, of the `left` characters there; false where they are not. */
static bool hex_unit(const char *at, size_t left, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t digit = i < left ? hex_digit(at[i]) : 16;
        if (digit == 16) {
            return false;
        }
        *out = *out << 4 | digit;
    }
    return true;
}

/* The code point of the escape "\uXXXX", or of two that are a surrogate pair, at `at`; the place
 * behind it. NULL where it is broken. */
static const char *unicode_escape(const char *at, size_t left, uint32_t *code)
{
    uint32_t low = 0;
    if (!hex_unit(at + 2, left - 2, code)) {
        return NULL;
    }
    if (*code < 0xD800 || *code > 0xDFFF) {
        return at + 6;
    }
    if (*code > 0xDBFF || left < 12 || at[6] != '\\' || at[7] != 'u' ||
        !hex_unit(at + 8, left - 8, &low) || low < 0xDC00 || low > 0xDFFF) {
        return NULL;
    }
    *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    return at + 12;
}

/* Any escape at `at`, where a backslash stands. */
static const char *escape(const char *at, size_t left, uint32_t *code)
{
    if (left < 2) {
        return NULL;
    }
    if (at[1] == 'u') {
        return unicode_escape(at, left, code);
    }
    const char *found = at[1] == '\0' ? NULL : strchr(short_escapes, at[1]);
    if (found == NULL) {
        return NULL;
    }
    *code = (uint32_t)short_values[found - short_escapes];
    return at + 2;
}

/* Passes over one character of a string. */
static bool take_character(wgi_json *j)
{
    if ((unsigned char)*j->at < 0x20) {
        return wgi_json_fail(j, "a control character in a string");
    }
    if (*j->at != '\\') {
        j->at++;
        return true;
    }
    uint32_t code;
    const char *next = escape(j->at, (size_t)(j->end - j->at), &code);
    if (next == NULL) {
        return wgi_json_fail(j, "a broken escape");
    }
    if (code == 0) {
        return wgi_json_fail(j, "a NUL in a string");
    }
    j->at = next;
    return true;
}

const char *wgi_json_string(wgi_json *j)
{
    if (!wgi_json_expect(j, '"', "a string expected")) {
        return NULL;
    }
    const char *string = j->at;
    while (j->at < j->end && *j->at != '"') {
        if (!take_character(j)) {
            return NULL;
        }
    }
    if (j->at == j->end) {
        wgi_json_fail(j, "a string is not closed");
        return NULL;
    }
    j->at++;
    return string;
}

static bool is_digit(const wgi_json *j)
{
    return j->at < j->end && *j->at >= '0' && *j->at <= '9';
}

bool wgi_json_u64(wgi_json *j, uint64_t *out)
{
    *out = 0;
    if (j->error != NULL) {
        return false;
    }
    skip_space(j);
    if (!is_digit(j)) {
        return wgi_json_fail(j, "a whole number expected");
    }
    bool is_zero = *j->at == '0';
    uint64_t value = 0;
    for (int n = 0; is_digit(j); j->at++, n++) {
        uint64_t digit = (uint64_t)(*j->at - '0');
        if (is_zero && n > 0) {
            return wgi_json_fail(j, "a leading zero");
        }
        if (value > (UINT64_MAX - digit) / 10) {
            return wgi_json_fail(j, "a number does not fit 64 bits");
        }
        value = 10 * value + digit;
    }
    *out = value;
    return true;
}

bool wgi_json_end(wgi_json *j)
{
    skip_space(j);
    return j->error == NULL && (j->at == j->end || wgi_json_fail(j, "text behind the end"));
}

/* Decodes the character at `at` into `out`; returns the place behind it. Every escape has been
 * checked, so that all of it is there: 12 characters at most. */
static const char *decode_character(const char *at, char out[4], size_t *n)
{
    uint32_t code = 0;
    const char *next = *at == '\\' ? escape(at, 12, &code) : NULL;
    if (next != NULL) {
        *n = wgi_utf8_encode(code, out);
        return next;
    }
    *n = 1;
    out[0] = *at;
    return at + 1;
}

bool wgi_json_is(const char *string, const char *literal)
{
    while (*string != '"') {
        char character[4];
        size_t n;
        string = decode_character(string, character, &n);
        if (strncmp(literal, character, n) != 0) {
            return false;
        }
        literal += n;
    }
    return *literal == '\0';
}

void wgi_json_decode(char *string)
{
    char *to = string;
    const char *from = string;
    while (*from != '"') {
        char character[4];
        size_t n;
        from = decode_character(from, character, &n);
        memcpy(to, character, n);
        to += n;
    }
    memset(to, 0, (size_t)(from - to) + 1);
}
