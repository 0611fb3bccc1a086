/* A table of text, field by field.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: fields are told in order, from memory that is only read; the first failure sticks and
 * carries its message. */
#ifndef WG_DATA_CSV_TEXT_H
#define WG_DATA_CSV_TEXT_H

#include <wengert/context.h>

#define WGI_CSV_FIELD_BYTES 255
#define WGI_CSV_QUOTED_BYTES 64 /* enough for a shortened field in a message */

typedef struct wgi_csv_text {
    wg_context *ctx;
    const char *path; /* for messages */
    const char *at;
    const char *end;
    char separator;
    int64_t line;   /* of the field last taken; 1 is the first */
    int64_t column; /* of the field last taken; 1 is the first */
    wg_status status;
} wgi_csv_text;

/* A field without the blanks around it, unquoted. */
typedef struct wgi_csv_field {
    char text[WGI_CSV_FIELD_BYTES + 1]; /* ends in NUL, holds no other */
    size_t bytes;
    bool is_last; /* of its row */
} wgi_csv_field;

/* At the start of `bytes` bytes at data; a byte-order mark is passed over. */
wgi_csv_text wgi_csv_text_make(wg_context *ctx, const char *path, const void *data, size_t bytes,
                               char separator);

/* Whether another row follows; only blanks and line ends to the end of the text are no row. */
bool wgi_csv_has_row(const wgi_csv_text *text);

/* Takes the next field; false at a failure. Not to be called where no row follows. */
bool wgi_csv_next(wgi_csv_text *text, wgi_csv_field *out);

/* Sets "path:line:column: what: 'field'" (without the field where it is NULL), and the status. */
void wgi_csv_fail(wgi_csv_text *text, const char *what, const wgi_csv_field *field);

#endif
