/* Snapshots: values kept aside to be compared with those of another run.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_TESTS_OPS_SNAPSHOT_H
#define WG_TESTS_OPS_SNAPSHOT_H

#include <wengert/tensor.h>

/* Copies of tensors, one after another. An absent tensor is an entry of dtype 0. */
typedef struct wgt_snapshot_entry {
    int32_t dtype;
    int64_t count;
    size_t bytes;
    void *data;
} wgt_snapshot_entry;

typedef struct wgt_snapshot {
    size_t n;
    size_t capacity;
    wgt_snapshot_entry *entries;
} wgt_snapshot;

/* Adds a copy of t; NULL is an absent one. Fails the test when memory is short. */
void wgt_snapshot_add(wgt_snapshot *s, const wg_tensor *t);

/* Frees what it holds; the snapshot is empty then. */
void wgt_snapshot_free(wgt_snapshot *s);

/* Whether both hold the same entries, bit for bit; NaN for NaN, since which of two NaN an operation
 * hands on is for the compiler to choose. */
bool wgt_snapshot_is_same(const wgt_snapshot *a, const wgt_snapshot *b);

/* The largest wgi_scaled_error of an entry; infinity where dtypes or counts differ, or entries that
 * are not floating differ at all. `scale`, at least 1, divides every error. */
double wgt_snapshot_error(const wgt_snapshot *a, const wgt_snapshot *b, double scale);

#endif
