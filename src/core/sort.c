/* Sorting in place.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: things at and above `end` are sorted and not before any below; those below are a heap,
 * no parent before its children. The C library's qsort may allocate, past the hooks. */
#include "core/sort.h"

static void swap(const wgi_sort *sort, size_t i, size_t j)
{
    unsigned char *a = (unsigned char *)sort->data + i * sort->size;
    unsigned char *b = (unsigned char *)sort->data + j * sort->size;
    for (size_t k = 0; k < sort->size; k++) {
        const unsigned char kept = a[k];
        a[k] = b[k];
        b[k] = kept;
    }
}

/* Lets the thing at `root` sink to its place in the heap of the first `end`. */
static void sink(const wgi_sort *sort, size_t root, size_t end)
{
    while (root < end / 2) {
        size_t child = 2 * root + 1;
        if (child + 1 < end && sort->is_before(sort->user, child, child + 1)) {
            child++;
        }
        if (!sort->is_before(sort->user, root, child)) {
            return;
        }
        swap(sort, root, child);
        root = child;
    }
}

void wgi_sort_run(const wgi_sort *sort, size_t n)
{
    for (size_t root = n / 2; root > 0; root--) {
        sink(sort, root - 1, n);
    }
    for (size_t end = n; end > 1; end--) {
        swap(sort, 0, end - 1);
        sink(sort, 0, end - 1);
    }
}
