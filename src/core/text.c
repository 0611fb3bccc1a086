/* Text in fixed buffers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: used < bytes and data[used] == 0, also after text that did not fit. */
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_BYTES 512

/* A double in full: 309 digits before the point, and some after it. */
#define NUMBER_BYTES 384

wgi_text wgi_text_make(char *data, size_t bytes)
{
    if (bytes > 0) {
        data[0] = '\0';
    }
    return (wgi_text){.data = data, .bytes = bytes, .used = 0};
}

bool wgi_is_name(const char *text, size_t most)
{
    size_t n = 0;
    while (text != NULL && text[n] != '\0') {
        if (n == most || text[n] < ' ' || text[n] > '~') {
            return false;
        }
        n++;
    }
    return n > 0;
}

void wgi_text_add(wgi_text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    wgi_text_add_list(text, format, list);
    va_end(list);
}

void wgi_text_add_list(wgi_text *text, const char *format, va_list list)
{
    size_t room = text->bytes - text->used;
    if (room <= 1) {
        return;
    }
    int n = vsnprintf(text->data + text->used, room, format, list);
    if (n < 0) {
        text->data[text->used] = '\0';
        return;
    }
    text->used += (size_t)n < room ? (size_t)n : room - 1;
}

/* Whether a character stands in a formatted double besides the decimal point. */
static bool is_of_number(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+';
}

/* Drops the sign and the leading zeros of an exponent: e+06 reads e6, e-07 reads e-7. */
static const char *skip_exponent_padding(const char *c)
{
    c += *c == '+' ? 1 : 0;
    while (c[0] == '0' && c[1] != '\0') {
        c++;
    }
    return c;
}

/* Adds what printf made of a double, with a point for the locale's decimal point. */
static void add_plain(wgi_text *text, const char *number)
{
    for (const char *c = number; *c != '\0'; c++) {
        if (is_of_number(*c)) {
            wgi_text_add(text, "%c", *c);
        } else if (c > number && is_of_number(c[-1])) {
            wgi_text_add(text, ".");
        }
        if (*c == 'e') {
            if (c[1] == '-') {
                wgi_text_add(text, "-");
                c++;
            }
            wgi_text_add(text, "%s", skip_exponent_padding(c + 1));
            return;
        }
    }
}

void wgi_text_add_number(wgi_text *text, double x, int digits)
{
    char number[NUMBER_BYTES];
    snprintf(number, sizeof number, "%.*g", digits, x);
    add_plain(text, number);
}

void wgi_text_add_fixed(wgi_text *text, double x, int decimals)
{
    char number[NUMBER_BYTES];
    snprintf(number, sizeof number, "%.*f", decimals, x);
    add_plain(text, number);
}

void wgi_text_add_exact(wgi_text *text, double x, bool is_single)
{
    char number[NUMBER_BYTES];
    if (isnan(x)) {
        wgi_text_add(text, "nan");
        return;
    }
    for (int digits = is_single ? 6 : 15; digits <= 17; digits++) {
        double back;
        wgi_text copy = wgi_text_make(number, sizeof number);
        wgi_text_add_number(&copy, x, digits);
        if (wgi_text_number(number, copy.used, &back) &&
            (is_single ? (float)back == (float)x : back == x)) {
            break;
        }
    }
    wgi_text_add(text, "%s", number);
}

/* ---- reading ------------------------------------------------------------------------------ */

/* The most bytes of a number that is read. */
#define READ_BYTES 400

static size_t count_digits(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && text[i] >= '0' && text[i] <= '9') {
        i++;
    }
    return i;
}

/* Whether n bytes, without their sign, are a decimal number; the place of its point, or n. */
static bool is_decimal(const char *text, size_t n, size_t *point)
{
    size_t i = count_digits(text, n);
    size_t n_digits = i;
    *point = n;
    if (i < n && text[i] == '.') {
        *point = i++;
        const size_t more = count_digits(text + i, n - i);
        n_digits += more;
        i += more;
    }
    if (n_digits > 0 && i < n && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        i += i < n && (text[i] == '-' || text[i] == '+') ? 1 : 0;
        const size_t more = count_digits(text + i, n - i);
        n_digits = more;
        i += more;
    }
    return n_digits > 0 && i == n;
}

/* What stands between the digits of 0.5 in the process's locale. */
static void find_point(char point[16])
{
    char half[32];
    snprintf(half, sizeof half, "%.1f", 0.5);
    const size_t n = strlen(half);
    const size_t length = n > 2 && n - 2 < 16 ? n - 2 : 0;
    memcpy(point, half + 1, length);
    point[length] = '\0';
}

bool wgi_text_number(const char *text, size_t n, double *out)
{
    char copy[READ_BYTES + 32];
    char locale_point[16];
    size_t point;
    *out = 0;
    const bool is_negative = n > 0 && text[0] == '-';
    if (n > 0 && (text[0] == '-' || text[0] == '+')) {
        text++;
        n--;
    }
    if (n == 3 && (memcmp(text, "inf", 3) == 0 || memcmp(text, "nan", 3) == 0)) {
        *out = text[0] == 'n' ? (double)NAN : is_negative ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    if (n > READ_BYTES || !is_decimal(text, n, &point)) {
        return false;
    }
    find_point(locale_point);
    wgi_text whole = wgi_text_make(copy, sizeof copy);
    wgi_text_add(&whole, "%.*s", (int)point, text);
    if (point < n) {
        wgi_text_add(&whole, "%s%.*s", locale_point, (int)(n - point - 1), text + point + 1);
    }
    const double x = strtod(copy, NULL);
    if (isinf(x)) {
        return false;
    }
    *out = is_negative ? -x : x;
    return true;
}

/* ---- writers ------------------------------------------------------------------------------ */

wg_status wgi_write(const wg_writer *writer, const char *format, ...)
{
    char buffer[WRITE_BYTES];
    if (writer == NULL || writer->write == NULL) {
        return WG_ERR_ARGUMENT;
    }
    wgi_text text = wgi_text_make(buffer, sizeof buffer);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    return writer->write(writer->user, text.data, text.used);
}
