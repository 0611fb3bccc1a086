/* Class names.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: at most half of the slots are taken, so that a search ends. */
#include "data/classes.h"

#include <string.h>

#define FIRST_SLOTS ((size_t)16)

wgi_classes *wgi_classes_create(const wg_allocator *memory)
{
    wgi_classes *classes = wgi_alloc_zeroed(memory, 1, sizeof *classes);
    if (classes != NULL) {
        classes->references = 1;
    }
    return classes;
}

wgi_classes *wgi_classes_retain(wgi_classes *classes)
{
    if (classes != NULL) {
        classes->references++;
    }
    return classes;
}

void wgi_classes_release(const wg_allocator *memory, wgi_classes *classes)
{
    if (classes == NULL || --classes->references > 0) {
        return;
    }
    wgi_array_free(memory, &classes->text, 1);
    wgi_array_free(memory, &classes->starts, sizeof(uint32_t));
    wgi_release(memory, classes->slots, classes->n_slots * sizeof *classes->slots);
    wgi_release(memory, classes, sizeof *classes);
}

const char *wgi_classes_name(const wgi_classes *classes, size_t i)
{
    const uint32_t *starts = classes->starts.data;
    return (const char *)classes->text.data + starts[i];
}

size_t wgi_classes_bytes(const wgi_classes *classes, size_t i)
{
    const uint32_t *starts = classes->starts.data;
    size_t end = i + 1 < classes->starts.count ? starts[i + 1] : classes->text.count;
    return end - starts[i] - 1;
}

/* FNV-1a. */
static uint64_t hash(const char *name, size_t bytes)
{
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < bytes; i++) {
        h = (h ^ (unsigned char)name[i]) * 1099511628211U;
    }
    return h ^ h >> 32;
}

static bool is_name(const wgi_classes *classes, size_t i, const char *name, size_t bytes)
{
    return wgi_classes_bytes(classes, i) == bytes &&
           memcmp(wgi_classes_name(classes, i), name, bytes) == 0;
}

/* The slot that holds the name, or the free one where it belongs. */
static uint32_t *find_slot(const wgi_classes *classes, const char *name, size_t bytes)
{
    size_t mask = classes->n_slots - 1;
    size_t i = (size_t)hash(name, bytes) & mask;
    while (classes->slots[i] != 0 && !is_name(classes, classes->slots[i] - 1, name, bytes)) {
        i = (i + 1) & mask;
    }
    return &classes->slots[i];
}

/* Doubles the slots where the next name would take more than half of them. */
static bool make_room(const wg_allocator *memory, wgi_classes *classes)
{
    if (2 * (classes->starts.count + 1) <= classes->n_slots) {
        return true;
    }
    size_t n = classes->n_slots == 0 ? FIRST_SLOTS : 2 * classes->n_slots;
    uint32_t *slots = wgi_alloc_zeroed(memory, n, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    wgi_release(memory, classes->slots, classes->n_slots * sizeof *classes->slots);
    classes->slots = slots;
    classes->n_slots = n;
    for (size_t i = 0; i < classes->starts.count; i++) {
        size_t bytes = wgi_classes_bytes(classes, i);
        *find_slot(classes, wgi_classes_name(classes, i), bytes) = (uint32_t)i + 1;
    }
    return true;
}

/* Writes a new name behind the others. */
static bool add_name(const wg_allocator *memory, wgi_classes *classes, const char *name,
                     size_t bytes)
{
    if (bytes >= UINT32_MAX - classes->text.count ||
        !wgi_array_reserve(memory, &classes->text, bytes + 1, 1) ||
        !wgi_array_reserve(memory, &classes->starts, 1, sizeof(uint32_t))) {
        return false;
    }
    uint32_t start = (uint32_t)classes->text.count;
    char *text = (char *)classes->text.data + start;
    memcpy(text, name, bytes);
    text[bytes] = '\0';
    classes->text.count += bytes + 1;
    *(uint32_t *)wgi_array_next(&classes->starts, sizeof(uint32_t)) = start;
    return true;
}

int64_t wgi_classes_number(const wg_allocator *memory, wgi_classes *classes, const char *name,
                           size_t bytes)
{
    if (!make_room(memory, classes)) {
        return -1;
    }
    uint32_t *slot = find_slot(classes, name, bytes);
    if (*slot == 0) {
        if (!add_name(memory, classes, name, bytes)) {
            return -1;
        }
        *slot = (uint32_t)classes->starts.count;
    }
    return (int64_t)*slot - 1;
}

int64_t wgi_classes_find(const wgi_classes *classes, const char *name, size_t bytes)
{
    return classes->n_slots == 0 ? -1 : (int64_t)*find_slot(classes, name, bytes) - 1;
}
