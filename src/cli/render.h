/* The table of ops as JSON and as Markdown, made of the library's own table and its headers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WGC_RENDER_H
#define WGC_RENDER_H

#include "cli/docs.h"

#include <wengert/wengert.h>

/* The version of ops.json. */
#define WGC_JSON_FORMAT 1

void wgc_render_json(const wgc_docs *docs, wgc_text *out);
void wgc_render_markdown(const wgc_docs *docs, wgc_text *out);

/* An attribute's default, "0.5", as a word where it is one; "" where it has none. */
void wgc_render_default(const wg_attribute_info *a, wgc_text *out);

/* "integer", "axis" ...; "none", "any", "parts". */
const char *wgc_type_name(wg_attribute_type type);
const char *wgc_orders_name(wg_op_orders orders);

/* The next word of those that | separates, from *at on, which moves; false at the end. */
bool wgc_next_word(const char **at, const char **word, size_t *n);

#endif
