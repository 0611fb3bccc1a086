/* Lists of ops as text: the words that a line is made of.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: start <= at <= end, and error is empty until the first failure, which sticks: every
 * call after it fails too. */
#ifndef WG_IO_LIST_SCAN_H
#define WG_IO_LIST_SCAN_H

#include <wengert/base.h>

#include "core/compiler.h"

#define WGI_SCAN_ERROR_BYTES 256

typedef struct wgi_scan {
    const char *start;
    const char *at;
    const char *end;
    const char *fault; /* where the failure is */
    wg_status status;
    char error[WGI_SCAN_ERROR_BYTES];
} wgi_scan;

/* A stretch of the text. */
typedef struct wgi_word {
    const char *text;
    size_t n;
} wgi_word;

/* Fails at a place of the text; returns false. */
bool wgi_scan_fail(wgi_scan *s, const char *place, wg_status status, const char *format, ...)
    WGI_PRINTF(4, 5);

/* The line and column, from 1, of the failure. */
void wgi_scan_place(const wgi_scan *s, size_t *line, size_t *column);

/* Passes over blanks; then tells whether the line is at its end or at a comment. */
bool wgi_scan_is_line_end(wgi_scan *s);

/* Passes to the next line that holds something; false at the end of the text. */
bool wgi_scan_next_line(wgi_scan *s);

/* Passes over blanks; then takes a character that may be there, or must be. */
bool wgi_scan_take(wgi_scan *s, char c);
bool wgi_scan_expect(wgi_scan *s, char c);

/* Passes over blanks; then tells the next character, 0 at the end of the text. */
char wgi_scan_peek(wgi_scan *s);

/* A word of letters, digits and _ that begins with a letter or _. */
bool wgi_scan_word(wgi_scan *s, wgi_word *out);

/* What numbers and words of numbers are made of: letters, digits, +, - and points. */
bool wgi_scan_number(wgi_scan *s, wgi_word *out);

/* A whole number: of 32 bits without a sign, of 64 with one. */
bool wgi_scan_u32(wgi_scan *s, uint32_t *out);
bool wgi_scan_i64(wgi_scan *s, int64_t *out);

/* A double as wgi_text_number reads it. */
bool wgi_scan_real(wgi_scan *s, double *out);

/* "[1, 2]": at most `room` of them. */
bool wgi_scan_integers(wgi_scan *s, int64_t *list, size_t room, size_t *n);

/* A string in quotes, decoded to `out`, which has `room` bytes, with a 0 at its end. */
bool wgi_scan_string(wgi_scan *s, char *out, size_t room);

static inline bool wgi_word_is(wgi_word word, const char *text)
{
    size_t i = 0;
    while (i < word.n && text[i] != '\0' && text[i] == word.text[i]) {
        i++;
    }
    return i == word.n && text[i] == '\0';
}

#endif
