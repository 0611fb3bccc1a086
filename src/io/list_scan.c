/* Lists of ops as text: the words that a line is made of.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/list_scan.h"

#include <stdarg.h>
#include <string.h>

#include "core/text.h"

bool wgi_scan_fail(wgi_scan *s, const char *place, wg_status status, const char *format, ...)
{
    if (s->status == WG_OK) {
        wgi_text text = wgi_text_make(s->error, sizeof s->error);
        va_list list;
        va_start(list, format);
        wgi_text_add_list(&text, format, list);
        va_end(list);
        s->status = status;
        s->fault = place;
    }
    return false;
}

void wgi_scan_place(const wgi_scan *s, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (const char *c = s->start; c < s->fault; c++) {
        *column = *c == '\n' ? 1 : *column + 1;
        *line += *c == '\n' ? 1 : 0;
    }
}

/* ---- blanks ------------------------------------------------------------------------------- */

static void skip_blanks(wgi_scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r')) {
        s->at++;
    }
}

char wgi_scan_peek(wgi_scan *s)
{
    skip_blanks(s);
    return s->at < s->end ? *s->at : '\0';
}

bool wgi_scan_is_line_end(wgi_scan *s)
{
    skip_blanks(s);
    return s->at == s->end || *s->at == '\n' || *s->at == '#';
}

bool wgi_scan_next_line(wgi_scan *s)
{
    while (wgi_scan_is_line_end(s)) {
        const char *end = s->at < s->end ? memchr(s->at, '\n', (size_t)(s->end - s->at)) : NULL;
        if (end == NULL) {
            s->at = s->end;
            return false;
        }
        s->at = end + 1;
    }
    return true;
}

bool wgi_scan_take(wgi_scan *s, char c)
{
    skip_blanks(s);
    if (s->status != WG_OK || s->at == s->end || *s->at != c) {
        return false;
    }
    s->at++;
    return true;
}

bool wgi_scan_expect(wgi_scan *s, char c)
{
    return wgi_scan_take(s, c) || wgi_scan_fail(s, s->at, WG_ERR_FORMAT, "'%c' expected", c);
}

/* ---- words -------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool wgi_scan_word(wgi_scan *s, wgi_word *out)
{
    skip_blanks(s);
    *out = (wgi_word){s->at, 0};
    while (s->at < s->end && (is_letter(*s->at) || (out->n > 0 && is_digit(*s->at)))) {
        s->at++;
        out->n++;
    }
    return out->n > 0 ? s->status == WG_OK
                      : wgi_scan_fail(s, s->at, WG_ERR_FORMAT, "a word expected");
}

bool wgi_scan_number(wgi_scan *s, wgi_word *out)
{
    skip_blanks(s);
    *out = (wgi_word){s->at, 0};
    while (s->at < s->end && (is_letter(*s->at) || is_digit(*s->at) || *s->at == '+' ||
                              *s->at == '-' || *s->at == '.')) {
        s->at++;
        out->n++;
    }
    return out->n > 0 ? s->status == WG_OK
                      : wgi_scan_fail(s, s->at, WG_ERR_FORMAT, "a number expected");
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* Digits alone, of at most `limit`; false where they are not, or are more. */
static bool read_whole(const char *text, size_t n, uint64_t limit, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (!is_digit(text[i]) || *out > (limit - digit) / 10) {
            return false;
        }
        *out = 10 * *out + digit;
    }
    return n > 0;
}

bool wgi_scan_u32(wgi_scan *s, uint32_t *out)
{
    uint64_t value = 0;
    skip_blanks(s);
    const char *first = s->at;
    while (s->at < s->end && is_digit(*s->at)) {
        s->at++;
    }
    const bool is_good = read_whole(first, (size_t)(s->at - first), UINT32_MAX, &value);
    *out = (uint32_t)value;
    return is_good ? s->status == WG_OK
                   : wgi_scan_fail(s, first, WG_ERR_FORMAT, "a whole number expected");
}

bool wgi_scan_i64(wgi_scan *s, int64_t *out)
{
    wgi_word word;
    uint64_t value = 0;
    *out = 0;
    if (!wgi_scan_number(s, &word)) {
        return false;
    }
    const size_t sign = *word.text == '-' ? 1 : 0;
    const uint64_t limit = (uint64_t)INT64_MAX + sign;
    if (!read_whole(word.text + sign, word.n - sign, limit, &value)) {
        return wgi_scan_fail(s, word.text, WG_ERR_FORMAT, "a whole number of 64 bits expected");
    }
    *out = sign > 0 && value > 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return true;
}

bool wgi_scan_real(wgi_scan *s, double *out)
{
    wgi_word word;
    *out = 0;
    return wgi_scan_number(s, &word) &&
           (wgi_text_number(word.text, word.n, out) ||
            wgi_scan_fail(s, word.text, WG_ERR_FORMAT, "a number that a double holds expected"));
}

bool wgi_scan_integers(wgi_scan *s, int64_t *list, size_t room, size_t *n)
{
    *n = 0;
    if (!wgi_scan_expect(s, '[')) {
        return false;
    }
    if (wgi_scan_take(s, ']')) {
        return true;
    }
    do {
        int64_t value;
        if (!wgi_scan_i64(s, &value)) {
            return false;
        }
        if (*n == room) {
            return wgi_scan_fail(s, s->at, WG_ERR_RANGE, "more than %zu in a list", room);
        }
        list[(*n)++] = value;
    } while (wgi_scan_take(s, ','));
    return wgi_scan_expect(s, ']');
}

/* ---- strings ------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape at s->at stands for, which is passed over; 0 where it is broken. */
static char take_escape(wgi_scan *s)
{
    static const char letters[] = "\\\"nt";
    static const char values[] = "\\\"\n\t";
    const size_t left = (size_t)(s->end - s->at);
    if (left >= 4 && s->at[1] == 'x' && hex_digit(s->at[2]) >= 0 && hex_digit(s->at[3]) >= 0) {
        const int byte = 16 * hex_digit(s->at[2]) + hex_digit(s->at[3]);
        s->at += 4;
        return (char)(unsigned char)byte;
    }
    const char *found = left >= 2 && s->at[1] != '\0' ? strchr(letters, s->at[1]) : NULL;
    if (found == NULL) {
        return '\0';
    }
    s->at += 2;
    return values[found - letters];
}

bool wgi_scan_string(wgi_scan *s, char *out, size_t room)
{
    size_t n = 0;
    out[0] = '\0';
    if (!wgi_scan_expect(s, '"')) {
        return false;
    }
    const char *first = s->at;
    while (s->at < s->end && *s->at != '"') {
        if ((unsigned char)*s->at < 0x20) {
            return wgi_scan_fail(s, s->at, WG_ERR_FORMAT, "a control character in a string");
        }
        const char c = *s->at == '\\' ? take_escape(s) : *s->at++;
        if (c == '\0') {
            return wgi_scan_fail(s, s->at, WG_ERR_FORMAT, "a broken escape");
        }
        if (n + 1 == room) {
            return wgi_scan_fail(s, first, WG_ERR_RANGE, "a string of more than %zu bytes",
                                 room - 1);
        }
        out[n++] = c;
        out[n] = '\0';
    }
    return wgi_scan_expect(s, '"');
}
