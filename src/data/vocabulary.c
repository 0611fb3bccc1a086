/* Vocabularies: which symbols are kept, and in which order.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: both orders are total, so that the numbers do not depend on how sorting goes about
 * equals. */
#include <string.h>

#include "core/checked.h"
#include "core/sort.h"
#include "data/text.h"

/* order[i] is the name of `seen` that comes i-th. */
typedef struct sorting {
    const wgi_classes *seen;
    const int64_t *counts;
    int64_t *order;
} sorting;

static int compare_bytes(const sorting *s, int64_t a, int64_t b)
{
    size_t bytes_a = wgi_classes_bytes(s->seen, (size_t)a);
    size_t bytes_b = wgi_classes_bytes(s->seen, (size_t)b);
    size_t common = bytes_a < bytes_b ? bytes_a : bytes_b;
    int order =
        memcmp(wgi_classes_name(s->seen, (size_t)a), wgi_classes_name(s->seen, (size_t)b), common);
    return order != 0 ? order : (bytes_a > bytes_b) - (bytes_a < bytes_b);
}

static bool is_before_by_code(const void *user, size_t i, size_t j)
{
    const sorting *s = user;
    return compare_bytes(s, s->order[i], s->order[j]) < 0;
}

static bool is_before_by_count(const void *user, size_t i, size_t j)
{
    const sorting *s = user;
    int64_t a = s->counts[s->order[i]];
    int64_t b = s->counts[s->order[j]];
    return a != b ? a > b : is_before_by_code(user, i, j);
}

static void sort_by(sorting *s, size_t n, bool (*is_before)(const void *, size_t, size_t))
{
    wgi_sort sort = {.is_before = is_before, .user = s, .data = s->order, .size = sizeof *s->order};
    wgi_sort_run(&sort, n);
}

/* Orders all names, then of those that are kept; returns how many are. */
static size_t choose(sorting *s, const wg_text_options *o)
{
    size_t n = s->seen->starts.count;
    for (size_t i = 0; i < n; i++) {
        s->order[i] = (int64_t)i;
    }
    if (o->max_symbols > 0) {
        size_t room = (size_t)o->max_symbols - 1; /* beside the unknown symbol */
        sort_by(s, n, is_before_by_count);
        n = n < room ? n : room;
    }
    sort_by(s, n, o->order == WG_TEXT_BY_CODE ? is_before_by_code : is_before_by_count);
    return n;
}

static bool add_all(const wg_allocator *memory, const sorting *s, size_t n, const char *unknown,
                    wgi_classes *to)
{
    if (unknown != NULL && wgi_classes_number(memory, to, unknown, strlen(unknown)) < 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        size_t name = (size_t)s->order[i];
        if (wgi_classes_number(memory, to, wgi_classes_name(s->seen, name),
                               wgi_classes_bytes(s->seen, name)) < 0) {
            return false;
        }
    }
    return true;
}

wgi_classes *wgi_vocabulary_create(const wg_allocator *memory, const wgi_classes *seen,
                                   const int64_t *counts, const wg_text_options *options)
{
    size_t bytes;
    sorting s = {.seen = seen, .counts = counts};
    wgi_classes *made = wgi_classes_create(memory);
    if (made == NULL || !wgi_size_mul(seen->starts.count, sizeof *s.order, &bytes)) {
        wgi_classes_release(memory, made);
        return NULL;
    }
    s.order = wgi_alloc(memory, bytes);
    bool is_made = s.order != NULL || seen->starts.count == 0;
    if (is_made) {
        size_t n = seen->starts.count == 0 ? 0 : choose(&s, options);
        is_made = add_all(memory, &s, n, options->unknown, made);
    }
    wgi_release(memory, s.order, bytes);
    if (!is_made) {
        wgi_classes_release(memory, made);
        return NULL;
    }
    return made;
}
