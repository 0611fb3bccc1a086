/* Texts as numbers, and their vocabularies.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: every element of `symbols` is the number of a name of `vocabulary`; `unknown` is 0
 * where there is an unknown symbol, and else -1. */
#ifndef WG_DATA_TEXT_H
#define WG_DATA_TEXT_H

#include <wengert/data.h>

#include "core/file.h"
#include "data/classes.h"

struct wg_text {
    wg_context *ctx;
    wg_text_unit unit;
    bool is_lower;
    int64_t unknown;
    wgi_classes *vocabulary;
    wg_tensor *symbols; /* i64 [n] */
};

/* As wg_text_read, through other calls to the system. */
WGI_NODISCARD wg_status wgi_text_read(wg_context *ctx, const wgi_file_calls *calls,
                                      const char *path, const wg_text_options *options,
                                      wg_text **out);

/* Makes a vocabulary of the names of `seen`, which occurred counts[i] times: the unknown symbol, if
 * there is one, then the others as the options say. NULL where there is no memory. */
WGI_NODISCARD wgi_classes *wgi_vocabulary_create(const wg_allocator *memory,
                                                 const wgi_classes *seen, const int64_t *counts,
                                                 const wg_text_options *options);

#endif
