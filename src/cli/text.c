/* Text that grows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wgc_text_free(wgc_text *text)
{
    free(text->data);
    *text = (wgc_text){0};
}

const char *wgc_text_string(const wgc_text *text)
{
    return text->data != NULL ? text->data : "";
}

static bool reserve(wgc_text *text, size_t n)
{
    if (n < text->room - text->used) {
        return true;
    }
    const size_t room = 2 * (text->used + n) + 64;
    char *data = realloc(text->data, room);
    if (data == NULL) {
        text->has_failed = true;
        return false;
    }
    text->data = data;
    text->room = room;
    return true;
}

void wgc_text_add(wgc_text *text, const char *bytes, size_t n)
{
    if (!text->has_failed && reserve(text, n)) {
        memcpy(text->data + text->used, bytes, n);
        text->used += n;
        text->data[text->used] = '\0';
    }
}

void wgc_text_puts(wgc_text *text, const char *string)
{
    wgc_text_add(text, string, strlen(string));
}

void wgc_text_printf(wgc_text *text, const char *format, ...)
{
    char piece[512];
    va_list list;
    va_start(list, format);
    const int n = vsnprintf(piece, sizeof piece, format, list);
    va_end(list);
    if (n < 0 || (size_t)n >= sizeof piece) {
        text->has_failed = true;
        return;
    }
    wgc_text_add(text, piece, (size_t)n);
}
