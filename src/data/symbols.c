/* Running text, symbol by symbol.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: what a byte is depends on ASCII alone, never on the locale. */
#include "data/symbols.h"

#include "core/utf8.h"

size_t wgi_symbols_check(wg_text_unit unit, const char *text, size_t bytes)
{
    return unit == WG_TEXT_BYTES || bytes == 0 ? bytes : wgi_utf8_valid(text, bytes);
}

static bool is_blank(unsigned char c)
{
    return c <= ' ' || c == 0x7F;
}

static bool is_of_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c >= 0x80;
}

/* The bytes of the code point that begins with `first`. */
static size_t code_point_bytes(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static size_t word_bytes(const char *at, const char *end)
{
    size_t n = 0;
    while (at + n < end && is_of_word((unsigned char)at[n])) {
        n++;
    }
    return n > 0 ? n : 1;
}

bool wgi_symbols_next(wgi_symbols *symbols, wgi_symbol *out)
{
    if (symbols->unit == WG_TEXT_WORDS) {
        while (symbols->at < symbols->end && is_blank((unsigned char)*symbols->at)) {
            symbols->at++;
        }
    }
    if (symbols->at == symbols->end) {
        return false;
    }
    out->text = symbols->at;
    out->bytes = 1;
    if (symbols->unit == WG_TEXT_WORDS) {
        out->bytes = word_bytes(symbols->at, symbols->end);
    } else if (symbols->unit == WG_TEXT_CHARACTERS) {
        out->bytes = code_point_bytes((unsigned char)*symbols->at);
    }
    symbols->at += out->bytes;
    return true;
}

int64_t wgi_symbols_count(wgi_symbols symbols)
{
    int64_t n = 0;
    wgi_symbol unused;
    while (wgi_symbols_next(&symbols, &unused)) {
        n++;
    }
    return n;
}

void wgi_symbols_lower(char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = (char)(text[i] - 'A' + 'a');
        }
    }
}
