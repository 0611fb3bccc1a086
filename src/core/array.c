/* Growing arrays.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: count <= capacity, and data holds capacity * size bytes; a failed reserve changes
 * nothing. */
#include "core/checked.h"
#include "core/memory.h"

#include <string.h>

#define FIRST_CAPACITY ((size_t)8)

/* Doubles, so that a push costs amortised constant time; `needed` where doubling overflows. */
static size_t grown_capacity(size_t capacity, size_t needed)
{
    size_t doubled;
    if (!wgi_size_mul(capacity, 2, &doubled)) {
        return needed;
    }
    doubled = doubled < FIRST_CAPACITY ? FIRST_CAPACITY : doubled;
    return doubled < needed ? needed : doubled;
}

bool wgi_array_grow(const wg_allocator *a, wgi_array *array, size_t extra, size_t size)
{
    size_t needed;
    size_t bytes;
    if (!wgi_size_add(array->count, extra, &needed)) {
        return false;
    }
    size_t capacity = grown_capacity(array->capacity, needed);
    if (!wgi_size_mul(capacity, size, &bytes)) {
        return false;
    }
    void *data = wgi_alloc(a, bytes);
    if (data == NULL) {
        return false;
    }
    if (array->count > 0) {
        memcpy(data, array->data, array->count * size);
    }
    wgi_release(a, array->data, array->capacity * size);
    array->data = data;
    array->capacity = capacity;
    return true;
}

void wgi_array_free(const wg_allocator *a, wgi_array *array, size_t size)
{
    wgi_release(a, array->data, array->capacity * size);
    *array = (wgi_array){0};
}
