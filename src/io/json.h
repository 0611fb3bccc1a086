/* The pieces of strict JSON that a file header is made of.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: at <= end, and error is NULL until the first failure, which sticks: every call after
 * it fails too. Nothing is changed while reading; strings are told as places, and decoded in place
 * once all of the text has been found good. */
#ifndef WG_IO_JSON_H
#define WG_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wgi_json {
    const char *start;
    const char *at;
    const char *end;
    const char *error; /* static text: what is wrong at `at` */
} wgi_json;

/* The text must be UTF-8. */
wgi_json wgi_json_make(const char *text, size_t bytes);

/* Fails with a static text; returns false. */
bool wgi_json_fail(wgi_json *j, const char *error);

/* Passes over white space, then over c where it is there. */
bool wgi_json_take(wgi_json *j, char c);

/* Passes over c or fails. */
bool wgi_json_expect(wgi_json *j, char c, const char *error);

/* Between the elements of a list: after `close` false, after a comma true; anything else fails.
 * Before the first element, with is_first, a comma is not wanted. */
bool wgi_json_more(wgi_json *j, char close, bool is_first);

/* A string without NUL: the place behind its opening quote, or NULL at a failure. */
const char *wgi_json_string(wgi_json *j);

/* A whole number below 2^64, without sign, leading zero, fraction or exponent. */
bool wgi_json_u64(wgi_json *j, uint64_t *out);

/* Nothing but white space may follow. */
bool wgi_json_end(wgi_json *j);

/* Whether a string that was read, decoded, is `literal`. */
bool wgi_json_is(const char *string, const char *literal);

/* Decodes a string that was read, in place. NULs fill what its decoding saves and its closing
 * quote's place, so that the next character that is not NUL is the one behind that quote. */
void wgi_json_decode(char *string);

#endif
