/* Text in fixed buffers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: used < bytes and data[used] == 0, also after text that did not fit. */
#include "core/text.h"

#include <stdio.h>

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
