/* Names of classes or symbols, numbered in order of first appearance.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: names are unique, and name i begins at starts[i] of text, ending in NUL
 * (others may stand in it). Shared by the data sets of one table; the last release frees it. */
#ifndef WG_DATA_CLASSES_H
#define WG_DATA_CLASSES_H

#include "core/memory.h"

typedef struct wgi_classes {
    wgi_array text;   /* char */
    wgi_array starts; /* uint32_t */
    uint32_t *slots;  /* 1 + a class, or 0 for a free one: open addressing */
    size_t n_slots;   /* a power of two above the number of classes, or 0 */
    size_t references;
} wgi_classes;

/* Empty, with one reference; NULL on failure. */
WGI_NODISCARD wgi_classes *wgi_classes_create(const wg_allocator *memory);

/* NULL gives NULL. */
wgi_classes *wgi_classes_retain(wgi_classes *classes);

/* NULL does nothing. */
void wgi_classes_release(const wg_allocator *memory, wgi_classes *classes);

/* The number of a name of so many bytes, added where it is new; -1 where there is no memory for it.
 */
WGI_NODISCARD int64_t wgi_classes_number(const wg_allocator *memory, wgi_classes *classes,
                                         const char *name, size_t bytes);

/* The number of a name; -1 where it is none of them. */
int64_t wgi_classes_find(const wgi_classes *classes, const char *name, size_t bytes);

/* Name i < starts.count, and its bytes without the NUL behind it. */
const char *wgi_classes_name(const wgi_classes *classes, size_t i);
size_t wgi_classes_bytes(const wgi_classes *classes, size_t i);

#endif
