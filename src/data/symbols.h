/* Running text, symbol by symbol.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: at <= end, and text from `at` on is UTF-8 where symbols are not bytes. */
#ifndef WG_DATA_SYMBOLS_H
#define WG_DATA_SYMBOLS_H

#include <wengert/data.h>

#include "core/compiler.h"

typedef struct wgi_symbols {
    wg_text_unit unit;
    const char *at;
    const char *end;
} wgi_symbols;

/* A symbol, inside the text. */
typedef struct wgi_symbol {
    const char *text;
    size_t bytes;
} wgi_symbol;

/* Holds a text against the unit; the place of the first byte that is not UTF-8, or `bytes`. */
size_t wgi_symbols_check(wg_text_unit unit, const char *text, size_t bytes);

/* Takes the next symbol; false at the end. */
bool wgi_symbols_next(wgi_symbols *symbols, wgi_symbol *out);

/* How many follow. */
int64_t wgi_symbols_count(wgi_symbols symbols);

/* A to Z become a to z, in place. */
void wgi_symbols_lower(char *text, size_t bytes);

#endif
