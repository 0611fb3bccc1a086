/* Sorting in place.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CORE_SORT_H
#define WG_CORE_SORT_H

#include <stdbool.h>
#include <stddef.h>

/* An array of things of `size` bytes; `user`, which knows it too, tells the order of two places. */
typedef struct wgi_sort {
    bool (*is_before)(const void *user, size_t i, size_t j);
    const void *user;
    void *data;
    size_t size;
} wgi_sort;

/* Heapsort of the first n things: no memory, no recursion, n log n steps whatever the order. Not
 * stable. */
void wgi_sort_run(const wgi_sort *sort, size_t n);

#endif
