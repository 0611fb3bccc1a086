/* A buffered printer over a writer whose first error sticks.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What draws prints on without looking; the error shows when the printer is closed. */
#ifndef WG_INSPECT_PRINTER_H
#define WG_INSPECT_PRINTER_H

#include "core/compiler.h"

#include <wengert/base.h>

#define WGI_PRINTER_BYTES 2048

/* Invariant: used < WGI_PRINTER_BYTES; nothing is written after status is an error. */
typedef struct wgi_printer {
    const wg_writer *writer;
    wg_status status;
    size_t used;
    char data[WGI_PRINTER_BYTES];
} wgi_printer;

/* `writer` is not NULL and outlives the printer. */
void wgi_printer_open(wgi_printer *printer, const wg_writer *writer);

/* Writes what is left and returns the first error. */
WGI_NODISCARD wg_status wgi_printer_close(wgi_printer *printer);

/* Formats at most 511 bytes. Not for doubles: they would follow the locale. */
void wgi_print(wgi_printer *printer, const char *format, ...) WGI_PRINTF(2, 3);

/* The pattern with each '@' replaced by the next of `numbers`, to a hundredth, without trailing
 * zeros. */
void wgi_print_numbers(wgi_printer *printer, const char *pattern, const double *numbers);

/* The character n times. */
void wgi_print_repeated(wgi_printer *printer, const char *character, int n);

/* Text of the caller's: at most `columns` code points, the last one an ellipsis where there are
 * more. What is no printable UTF-8 becomes '?'; in XML the characters that mark up are escaped. */
typedef enum wgi_escape {
    WGI_ESCAPE_NONE,
    WGI_ESCAPE_XML,
    WGI_ESCAPE_ASCII /* code points above 126 become '?' too, the ellipsis is a '~' */
} wgi_escape;

void wgi_print_text(wgi_printer *printer, const char *text, wgi_escape escape, int columns);

/* The code points that wgi_print_text prints of a text, NULL being empty. */
int wgi_text_columns(const char *text, int columns);

#endif
