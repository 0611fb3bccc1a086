/* A table of text, field by field.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: at <= end, and every byte is looked at a bounded number of times. */
#include "data/csv_text.h"

#include <string.h>

#include "core/context.h"

wgi_csv_text wgi_csv_text_make(wg_context *ctx, const char *path, const void *data, size_t bytes,
                               char separator)
{
    const char *at = data;
    if (bytes >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
        at += 3;
        bytes -= 3;
    }
    return (wgi_csv_text){
        .ctx = ctx,
        .path = path,
        .at = at,
        .end = bytes == 0 ? at : at + bytes,
        .separator = separator,
    };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool wgi_csv_has_row(const wgi_csv_text *text)
{
    for (const char *c = text->at; c < text->end; c++) {
        if (!is_blank(*c) && *c != '\r' && *c != '\n') {
            return true;
        }
    }
    return false;
}

/* The field with what does not print replaced, cut to fit a message. */
static void quote(const wgi_csv_field *field, char out[WGI_CSV_QUOTED_BYTES])
{
    size_t n = field->bytes < WGI_CSV_QUOTED_BYTES - 4 ? field->bytes : WGI_CSV_QUOTED_BYTES - 4;
    for (size_t i = 0; i < n; i++) {
        char c = field->text[i];
        out[i] = (char)(c >= ' ' && c <= '~' ? c : '?');
    }
    memcpy(out + n, n < field->bytes ? "..." : "", n < field->bytes ? 4 : 1);
}

void wgi_csv_fail(wgi_csv_text *text, const char *what, const wgi_csv_field *field)
{
    char shown[WGI_CSV_QUOTED_BYTES] = "";
    if (field != NULL) {
        quote(field, shown);
    }
    text->status = wgi_context_fail(
        text->ctx, WG_ERR_FORMAT, "%.600s:%lld:%lld: %s%s%s%s", text->path, (long long)text->line,
        (long long)text->column, what, field == NULL ? "" : ": '", shown, field == NULL ? "" : "'");
}

/* Steps to the next field's place: a new row, or a column further. */
static void advance(wgi_csv_text *text, bool was_last)
{
    text->line += was_last ? 1 : 0;
    text->column = was_last ? 1 : text->column + 1;
}

static void skip_blanks(wgi_csv_text *text)
{
    /* A separator that is itself a blank is none to be skipped. */
    while (text->at < text->end && is_blank(*text->at) && *text->at != text->separator) {
        text->at++;
    }
}

static bool is_at_line_end(const wgi_csv_text *text)
{
    if (text->at == text->end || *text->at == '\n') {
        return true;
    }
    return *text->at == '\r' && (text->at + 1 == text->end || text->at[1] == '\n');
}

static bool is_at_field_end(const wgi_csv_text *text)
{
    return is_at_line_end(text) || *text->at == text->separator;
}

static bool put(wgi_csv_text *text, wgi_csv_field *out, char c)
{
    if (c == '\0') {
        wgi_csv_fail(text, "a NUL byte", NULL);
        return false;
    }
    if (out->bytes == WGI_CSV_FIELD_BYTES) {
        wgi_csv_fail(text, "a field is over 255 bytes", NULL);
        return false;
    }
    out->text[out->bytes++] = c;
    return true;
}

/* The rest of a field that began with a quote. */
static bool take_quoted(wgi_csv_text *text, wgi_csv_field *out)
{
    for (text->at++; !is_at_line_end(text); text->at++) {
        bool is_quote = *text->at == '"';
        if (is_quote && (text->at + 1 == text->end || text->at[1] != '"')) {
            text->at++;
            skip_blanks(text);
            if (!is_at_field_end(text)) {
                wgi_csv_fail(text, "text after a closing quote", NULL);
            }
            return text->status == WG_OK;
        }
        text->at += is_quote ? 1 : 0;
        if (!put(text, out, *text->at)) {
            return false;
        }
    }
    wgi_csv_fail(text, "a quote is not closed", NULL);
    return false;
}

static bool take_plain(wgi_csv_text *text, wgi_csv_field *out)
{
    for (; !is_at_field_end(text); text->at++) {
        if (!put(text, out, *text->at)) {
            return false;
        }
    }
    while (out->bytes > 0 && is_blank(out->text[out->bytes - 1])) {
        out->bytes--;
    }
    return true;
}

/* Passes over the separator or line end behind a field. */
static bool take_end(wgi_csv_text *text)
{
    if (!is_at_line_end(text)) {
        text->at++;
        return false;
    }
    if (text->at < text->end && *text->at == '\r') {
        text->at++;
    }
    if (text->at < text->end) {
        text->at++;
    }
    return true;
}

bool wgi_csv_next(wgi_csv_text *text, wgi_csv_field *out)
{
    bool is_new_row = text->line == 0 || out->is_last;
    advance(text, is_new_row);
    out->bytes = 0;
    out->is_last = false;
    skip_blanks(text);
    bool is_quoted = text->at < text->end && *text->at == '"';
    if (!(is_quoted ? take_quoted(text, out) : take_plain(text, out))) {
        return false;
    }
    out->text[out->bytes] = '\0';
    if (out->bytes == 0) {
        wgi_csv_fail(text, "an empty field", NULL);
        return false;
    }
    out->is_last = take_end(text);
    return true;
}
