/* A buffered printer whose first error sticks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: bytes reach the writer in the order of the calls, and none after its first error. */
#include "inspect/printer.h"

#include "core/text.h"

#include <string.h>

#define PIECE_BYTES 512

void wgi_printer_open(wgi_printer *printer, const wg_writer *writer)
{
    printer->writer = writer;
    printer->status = WG_OK;
    printer->used = 0;
}

static void flush(wgi_printer *printer)
{
    if (printer->status == WG_OK && printer->used > 0) {
        printer->status =
            printer->writer->write(printer->writer->user, printer->data, printer->used);
    }
    printer->used = 0;
}

wg_status wgi_printer_close(wgi_printer *printer)
{
    flush(printer);
    return printer->status;
}

/* bytes <= PIECE_BYTES. */
static void append(wgi_printer *printer, const char *data, size_t bytes)
{
    if (printer->used + bytes >= WGI_PRINTER_BYTES) {
        flush(printer);
    }
    memcpy(printer->data + printer->used, data, bytes);
    printer->used += bytes;
}

void wgi_print(wgi_printer *printer, const char *format, ...)
{
    char piece[PIECE_BYTES];
    wgi_text text = wgi_text_make(piece, sizeof piece);
    va_list list;
    va_start(list, format);
    wgi_text_add_list(&text, format, list);
    va_end(list);
    append(printer, piece, text.used);
}

static void print_number(wgi_printer *printer, double x)
{
    char piece[PIECE_BYTES];
    wgi_text text = wgi_text_make(piece, sizeof piece);
    wgi_text_add_fixed(&text, x, 2);
    size_t n = text.used;
    if (n > 3 && piece[n - 3] == '.') {
        while (piece[n - 1] == '0') {
            n--;
        }
        n -= piece[n - 1] == '.' ? 1 : 0;
    }
    append(printer, piece, n);
}

void wgi_print_numbers(wgi_printer *printer, const char *pattern, const double *numbers)
{
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c == '@') {
            print_number(printer, *numbers);
            numbers++;
        } else {
            append(printer, c, 1);
        }
    }
}

void wgi_print_repeated(wgi_printer *printer, const char *character, int n)
{
    size_t bytes = strlen(character);
    for (int i = 0; i < n; i++) {
        append(printer, character, bytes);
    }
}

/* ---- text of the caller's ----------------------------------------------------------------- */

/* The bytes of the code point that a lead byte announces; 0 where it announces none. */
static int announced_bytes(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Whether a second byte may follow a lead byte: no long forms, no surrogates, no more than
 * U+10FFFF. */
static bool may_follow(unsigned char lead, unsigned char second)
{
    unsigned char low = lead == 0xe0 ? 0xa0 : (lead == 0xf0 ? 0x90 : 0x80);
    unsigned char high = lead == 0xed ? 0x9f : (lead == 0xf4 ? 0x8f : 0xbf);
    return second >= low && second <= high;
}

/* U+0080 to U+009F steer terminals; U+FFFE and U+FFFF are no characters of XML. */
static bool is_unprintable(const unsigned char *c, int n)
{
    if (n == 1) {
        return c[0] < 0x20 || c[0] == 0x7f;
    }
    return (n == 2 && c[0] == 0xc2 && c[1] < 0xa0) ||
           (n == 3 && c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe);
}

/* The bytes of the printable code point at `text`, or 0 where its first byte stands for none. */
static int printable_bytes(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    int n = announced_bytes(c[0]);
    if (n > 1 && !may_follow(c[0], c[1])) {
        return 0;
    }
    for (int i = 2; i < n; i++) {
        if (c[i] < 0x80 || c[i] > 0xbf) {
            return 0;
        }
    }
    return n > 0 && is_unprintable(c, n) ? 0 : n;
}

/* A step through text: a byte that is not printable counts as one. */
static const char *next_character(const char *text)
{
    int n = printable_bytes(text);
    return text + (n == 0 ? 1 : n);
}

int wgi_text_columns(const char *text, int columns)
{
    int n = 0;
    while (text != NULL && *text != '\0' && n < columns) {
        text = next_character(text);
        n++;
    }
    return n;
}

static const char *xml_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static void print_character(wgi_printer *printer, const char *c, wgi_escape escape)
{
    int n = printable_bytes(c);
    const char *entity = escape == WGI_ESCAPE_XML ? xml_entity(*c) : NULL;
    if (n == 0 || (n > 1 && escape == WGI_ESCAPE_ASCII)) {
        append(printer, "?", 1);
    } else if (entity != NULL) {
        append(printer, entity, strlen(entity));
    } else {
        append(printer, c, (size_t)n);
    }
}

void wgi_print_text(wgi_printer *printer, const char *text, wgi_escape escape, int columns)
{
    int n = 0;
    while (text != NULL && *text != '\0' && n < columns) {
        const char *next = next_character(text);
        if (n == columns - 1 && *next != '\0') {
            wgi_print(printer, "%s", escape == WGI_ESCAPE_ASCII ? "~" : "\xe2\x80\xa6");
            return;
        }
        print_character(printer, text, escape);
        text = next;
        n++;
    }
}
