/* Bounded text: messages are made in fixed buffers, cut where they do not fit, never overrun.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CORE_TEXT_H
#define WG_CORE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include <wengert/base.h>

#include "core/compiler.h"

/* Invariant: used < bytes and data[used] == 0. */
typedef struct wgi_text {
    char *data;
    size_t bytes;
    size_t used;
} wgi_text;

wgi_text wgi_text_make(char *data, size_t bytes);
void wgi_text_add(wgi_text *text, const char *format, ...) WGI_PRINTF(2, 3);
void wgi_text_add_list(wgi_text *text, const char *format, va_list list);

/* Whether a text is a name: 1 to `most` bytes of printable ASCII. NULL is none. */
bool wgi_is_name(const char *text, size_t most);

/* A double with up to `digits` significant digits ("0.125", "1.5e-7", "nan"), or with so many
 * decimals ("0.10"). The decimal point is a point in every locale of the process. */
void wgi_text_add_number(wgi_text *text, double x, int digits);
void wgi_text_add_fixed(wgi_text *text, double x, int decimals);

/* A double with the fewest digits that wgi_text_number reads back as the same value, as an f32
 * where is_single; "nan" for every NaN. */
void wgi_text_add_exact(wgi_text *text, double x, bool is_single);

/* Reads [+-] digits [. digits] [e [+-] digits] with a digit beside the point, inf, or nan: the
 * nearest double, the same in every locale. False where it is none of these, is longer than 400
 * bytes or above the largest double; *out is 0 then. */
bool wgi_text_number(const char *text, size_t n, double *out);

/* Formats into a buffer of 512 bytes and hands it to the writer. */
WGI_NODISCARD wg_status wgi_write(const wg_writer *writer, const char *format, ...)
    WGI_PRINTF(2, 3);

#endif
