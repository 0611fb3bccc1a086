/* Text that grows, for what the command prints and its generator writes.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: data holds `used` bytes and a 0 behind them, or is NULL while nothing was added. Once
 * memory was short has_failed stays, and what was added since is lost. */
#ifndef WGC_TEXT_H
#define WGC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct wgc_text {
    char *data;
    size_t used;
    size_t room;
    bool has_failed;
} wgc_text;

void wgc_text_free(wgc_text *text);

/* What was added; "" where nothing was. */
const char *wgc_text_string(const wgc_text *text);

void wgc_text_add(wgc_text *text, const char *bytes, size_t n);
void wgc_text_puts(wgc_text *text, const char *string);
void wgc_text_printf(wgc_text *text, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

#endif
