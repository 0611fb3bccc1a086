/* Snapshots of values.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/snapshot.h"

#include "core/dtype.h"
#include "inspect/judge.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void grow(wgt_snapshot *s)
{
    if (s->n < s->capacity) {
        return;
    }
    s->capacity = 2 * s->capacity + 8;
    wgt_snapshot_entry *entries = realloc(s->entries, s->capacity * sizeof *entries);
    assert_non_null(entries);
    s->entries = entries;
}

void wgt_snapshot_add(wgt_snapshot *s, const wg_tensor *t)
{
    grow(s);
    wgt_snapshot_entry *e = &s->entries[s->n++];
    *e = (wgt_snapshot_entry){
        .dtype = (int32_t)wg_tensor_dtype(t),
        .count = wg_tensor_count(t),
        .bytes = wg_tensor_bytes(t),
    };
    e->data = malloc(e->bytes + 1);
    assert_non_null(e->data);
    if (e->bytes > 0) {
        memcpy(e->data, wg_tensor_data(t), e->bytes);
    }
}

void wgt_snapshot_free(wgt_snapshot *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->entries[i].data);
    }
    free(s->entries);
    *s = (wgt_snapshot){0};
}

static bool is_nan_at(const wgt_snapshot_entry *e, int64_t i)
{
    return wgi_is_floating(e->dtype) && isnan(wgi_load_double(e->dtype, e->data, i));
}

static bool is_same_entry(const wgt_snapshot_entry *a, const wgt_snapshot_entry *b)
{
    if (a->dtype != b->dtype || a->count != b->count) {
        return false;
    }
    if (memcmp(a->data, b->data, a->bytes) == 0) {
        return true;
    }
    const size_t size = wg_dtype_size((wg_dtype)a->dtype);
    for (int64_t i = 0; i < a->count; i++) {
        const size_t at = (size_t)i * size;
        if (memcmp((char *)a->data + at, (char *)b->data + at, size) != 0 &&
            !(is_nan_at(a, i) && is_nan_at(b, i))) {
            return false;
        }
    }
    return true;
}

bool wgt_snapshot_is_same(const wgt_snapshot *a, const wgt_snapshot *b)
{
    bool is_same = a->n == b->n;
    for (size_t i = 0; is_same && i < a->n; i++) {
        is_same = is_same_entry(&a->entries[i], &b->entries[i]);
    }
    return is_same;
}

static double entry_error(const wgt_snapshot_entry *a, const wgt_snapshot_entry *b)
{
    if (a->dtype != b->dtype || a->count != b->count) {
        return HUGE_VAL;
    }
    if (!wgi_is_floating(a->dtype)) {
        return is_same_entry(a, b) ? 0 : HUGE_VAL;
    }
    double *x = calloc((size_t)a->count + 1, sizeof *x);
    double *y = calloc((size_t)a->count + 1, sizeof *y);
    assert_true(x != NULL && y != NULL);
    wgi_convert(WG_F64, x, a->dtype, a->data, a->count);
    wgi_convert(WG_F64, y, b->dtype, b->data, b->count);
    const double error = wgi_scaled_error(x, y, a->count);
    free(x);
    free(y);
    return error;
}

double wgt_snapshot_error(const wgt_snapshot *a, const wgt_snapshot *b, double scale)
{
    double error = a->n == b->n ? 0 : HUGE_VAL;
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        error = fmax(error, entry_error(&a->entries[i], &b->entries[i]));
    }
    return error / scale;
}
