/* NumPy's arrays: what is read and written, what is refused and how that is told.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The seeds are tests/corpus/generate.py's, and NumPy's own. */
#include "support/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tensor.h"
#include "io/npy.h"
#include "support/damage.h"
#include "support/files.h"

#define CORPUS WENGERT_SOURCE_DIR "/tests/corpus/npy"

typedef struct array_case {
    const char *seed;
    wg_dtype dtype;
    int32_t rank;
    int64_t dims[2];
    int64_t n;
    double values[6];
} array_case;

static const array_case cases[] = {
    {"f4", WG_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"f4-big", WG_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"f4-fortran", WG_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"version-2", WG_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"version-3", WG_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"order", WG_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"unpadded", WG_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"package-f4", WG_F32, 2, {2, 3}, 6, {0, 1, 2, 3, 4, 5}},
    {"scalar", WG_F64, 0, {0}, 1, {0.1}},
    {"package-scalar", WG_F64, 0, {0}, 1, {0.1}},
    {"one", WG_I64, 1, {3}, 3, {-0x1p63, -1, 0x1p63}}, /* the last is rounded as a double */
    {"none", WG_F32, 2, {0, 3}, 0, {0}},
    {"b1", WG_BOOL, 1, {3}, 3, {0, 1, 1}},
    {"u1", WG_U8, 1, {2}, 2, {0, 255}},
    {"u1-little", WG_U8, 1, {2}, 2, {0, 255}},
    {"i1", WG_I64, 1, {2}, 2, {-128, 127}},
    {"i2", WG_I64, 1, {2}, 2, {-32768, 32767}},
    {"i2-big", WG_I64, 1, {2}, 2, {-32768, 32767}},
    {"u2", WG_I64, 1, {2}, 2, {1, 65535}},
    {"i4", WG_I64, 1, {2}, 2, {-2147483648.0, 2147483647.0}},
    {"u4-big", WG_I64, 1, {2}, 2, {1, 4294967295.0}},
    {"u8", WG_I64, 1, {2}, 2, {1, 0x1p63}},
    {"u8-big", WG_I64, 1, {2}, 2, {1, 0x1p63}},
    {"f2", WG_F32, 1, {2}, 2, {1, 0x1p-24}},
    {"f8-big", WG_F64, 1, {2}, 2, {0.1, -1e300}},
};

static void seed_path(const char *kind, const char *seed, char path[WGT_PATH_BYTES])
{
    snprintf(path, WGT_PATH_BYTES, CORPUS "/%s-%s", kind, seed);
}

static wg_tensor *read_seed(wgt_plain *p, const char *seed)
{
    char path[WGT_PATH_BYTES];
    wg_tensor *t;
    seed_path("good", seed, path);
    assert_int_equal(wg_npy_read(&p->ctx, path, &t), WG_OK);
    return t;
}

static void test_npy_every_dtype_and_order(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const array_case *c = &cases[i];
        wg_tensor *t = read_seed(&p, c->seed);
        assert_int_equal(wg_tensor_dtype(t), c->dtype);
        assert_int_equal(wg_tensor_rank(t), c->rank);
        assert_int_equal(wg_tensor_count(t), c->n);
        for (int32_t k = 0; k < c->rank; k++) {
            assert_int_equal(wg_tensor_dims(t)[k], c->dims[k]);
        }
        for (int64_t k = 0; k < c->n; k++) {
            assert_true(wg_tensor_get(t, k) == c->values[k]);
        }
        wg_tensor_destroy(t);
    }
    wgt_plain_finish(&p);
}

/* Three axes, big endian, and more than one chunk of them would be the same walk. */
static void test_npy_fortran_order_of_rank_3(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = read_seed(&p, "package-fortran");
    static const int64_t dims[] = {2, 3, 4};
    assert_int_equal(wg_tensor_rank(t), 3);
    assert_memory_equal(wg_tensor_dims(t), dims, sizeof dims);
    for (int64_t i = 0; i < 24; i++) {
        assert_true(wg_tensor_get(t, i) == (double)(i - 12));
    }
    wg_tensor_destroy(t);
    t = read_seed(&p, "rank-8");
    assert_int_equal(wg_tensor_rank(t), 8);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

/* Many elements in Fortran order cross the chunks in which they are put in order. */
static void test_npy_fortran_order_of_many(void **state)
{
    (void)state;
    enum {
        ROWS = 37,
        COLUMNS = 29
    };
    static const char text[] = "{'descr': '>i2', 'fortran_order': True, 'shape': (37, 29)}\n";
    unsigned char file[10 + sizeof text - 1 + 2 * ROWS * COLUMNS] = "\x93NUMPY\x01";
    file[8] = sizeof text - 1;
    memcpy(file + 10, text, sizeof text - 1);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
        size_t value = i % ROWS * COLUMNS + i / ROWS; /* its place in row-major order */
        file[10 + sizeof text - 1 + 2 * i] = (unsigned char)(value >> 8);
        file[10 + sizeof text + 2 * i] = (unsigned char)(value & 0xFF);
    }
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t;
    wgi_block block = {.data = file, .bytes = sizeof file};
    assert_int_equal(wgi_npy_read_block(&p.ctx, "t", &block, &t), WG_OK);
    for (int64_t i = 0; i < (int64_t)ROWS * COLUMNS; i++) {
        assert_true(wg_tensor_get(t, i) == (double)i);
    }
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

/* ---- what is refused ---------------------------------------------------------------------- */

typedef struct refusal {
    const char *seed;
    wg_status status;
    const char *text; /* behind the path */
} refusal;

static const refusal refusals[] = {
    {"nothing", WG_ERR_FORMAT, ":0: not an array of NumPy: it does not begin with \\x93NUMPY"},
    {"magic", WG_ERR_FORMAT, ":0: not an array of NumPy: it does not begin with \\x93NUMPY"},
    {"magic-only", WG_ERR_FORMAT, ":6: it ends inside its first bytes"},
    {"version-0", WG_ERR_FORMAT, ":6: a version other than 1.0, 2.0 and 3.0"},
    {"version-1-1", WG_ERR_FORMAT, ":6: a version other than 1.0, 2.0 and 3.0"},
    {"version-4", WG_ERR_FORMAT, ":6: a version other than 1.0, 2.0 and 3.0"},
    {"version-2-cut", WG_ERR_FORMAT, ":10: it ends inside its first bytes"},
    {"length-long", WG_ERR_FORMAT, ":128: it ends inside its header"},
    {"length-huge", WG_ERR_FORMAT, ":8: its header has more than 10000 bytes"},
    {"length-above", WG_ERR_FORMAT, ":8: its header has more than 10000 bytes"},
    {"length-0", WG_ERR_FORMAT, ":10: the header is no dictionary"},
    {"no-dictionary", WG_ERR_FORMAT, ":10: the header is no dictionary"},
    {"no-quotes", WG_ERR_FORMAT, ":11: a string in quotes is missing"},
    {"no-colon", WG_ERR_FORMAT, ":19: a colon is missing"},
    {"no-comma", WG_ERR_FORMAT, ":26: a comma is missing between entries"},
    {"no-descr", WG_ERR_FORMAT, ":51: the key 'descr' is missing"},
    {"no-order", WG_ERR_FORMAT, ":43: the key 'fortran_order' is missing"},
    {"no-shape", WG_ERR_FORMAT, ":50: the key 'shape' is missing"},
    {"no-end", WG_ERR_FORMAT, ":127: a comma is missing between entries"},
    {"key", WG_ERR_FORMAT, ":69: a key that is not known"},
    {"key-twice", WG_ERR_FORMAT, ":28: a key stands twice"},
    {"behind", WG_ERR_FORMAT, ":68: the header does not end in blanks and a line end"},
    {"no-newline", WG_ERR_FORMAT, ":67: the header does not end in blanks and a line end"},
    {"call", WG_ERR_FORMAT, ":44: fortran_order is neither True nor False"},
    {"escape", WG_ERR_FORMAT, ":21: a backslash or line end in a string"},
    {"string-open", WG_ERR_FORMAT, ":63: a backslash or line end in a string"},
    {"order-0", WG_ERR_FORMAT, ":44: fortran_order is neither True nor False"},
    {"shape-number", WG_ERR_FORMAT, ":60: shape is no tuple"},
    {"shape-parentheses", WG_ERR_FORMAT, ":63: a shape of one size wants a comma behind it"},
    {"shape-list", WG_ERR_FORMAT, ":60: shape is no tuple"},
    {"shape-negative", WG_ERR_FORMAT, ":61: a size is no whole number"},
    {"shape-zero", WG_ERR_FORMAT, ":61: a size is no whole number"},
    {"shape-float", WG_ERR_FORMAT, ":62: a comma is missing in the shape"},
    {"shape-long", WG_ERR_FORMAT, ":62: a comma is missing in the shape"},
    {"shape-blank", WG_ERR_FORMAT, ":63: a comma is missing in the shape"},
    {"shape-comma", WG_ERR_FORMAT, ":61: a size is no whole number"},
    {"shape-rank-9", WG_ERR_SHAPE, ":85: the rank is above 8"},
    {"shape-64-bits", WG_ERR_OVERFLOW, ":61: a size does not fit"},
    {"shape-huge", WG_ERR_OVERFLOW, ":61: a size does not fit"},
    {"shape-wraps", WG_ERR_OVERFLOW, ": the bytes of [4294967296, 4294967296] do not fit"},
    {"shape-bomb", WG_ERR_FORMAT,
     ":152: it ends after 24 bytes of data, [100000000000] of F64 wants 800000000000"},
    {"data-few", WG_ERR_FORMAT, ":151: it ends after 23 bytes of data, [2, 3] of F32 wants 24"},
    {"data-many", WG_ERR_FORMAT, ":152: 1 bytes follow the data of [2, 3] of F32"},
    {"object", WG_ERR_DTYPE, ":21: objects, which are pickled, are not read"},
    {"structure", WG_ERR_DTYPE, ":20: structured dtypes are not read"},
    {"complex", WG_ERR_DTYPE, ":21: no tensor holds dtype '<c8'"},
    {"string", WG_ERR_DTYPE, ":21: no tensor holds dtype '<U6'"},
    {"time", WG_ERR_DTYPE, ":21: no tensor holds dtype '<M8[s]'"},
    {"wide", WG_ERR_DTYPE, ":21: no tensor holds dtype '<f16'"},
    {"native", WG_ERR_DTYPE, ":21: no tensor holds dtype '=f4'"},
    {"no-byte-order", WG_ERR_DTYPE, ":21: no tensor holds dtype 'f4'"},
    {"byte-order-bar", WG_ERR_DTYPE, ":21: no tensor holds dtype '|f4'"},
    {"descr-empty", WG_ERR_DTYPE, ":21: no tensor holds dtype ''"},
    {"bool-2", WG_ERR_FORMAT, ":130: a bool is neither 0 nor 1"},
    {"u8-large", WG_ERR_OVERFLOW, ":136: a value is above 2^63-1"},
    {"u8-large-big", WG_ERR_OVERFLOW, ":136: a value is above 2^63-1"},
};

static void test_npy_says_where_and_what(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char path[WGT_PATH_BYTES];
        wg_tensor *t;
        seed_path("bad", refusals[i].seed, path);
        assert_int_equal(wg_npy_read(&p.ctx, path, &t), refusals[i].status);
        assert_null(t);
        assert_string_equal(p.ctx.error + strlen(path), refusals[i].text);
    }
    wgt_plain_finish(&p);
}

static wg_status read_anything(wgt_plain *p, const unsigned char *data, size_t bytes)
{
    wg_tensor *t;
    wgi_block block = {.data = (unsigned char *)(uintptr_t)data, .bytes = bytes};
    wg_status status = wgi_npy_read_block(&p->ctx, "t", &block, &t);
    assert_int_equal(status == WG_OK, t != NULL);
    wg_tensor_destroy(t);
    return status;
}

static void test_npy_damaged(void **state)
{
    (void)state;
    /* An i1 becomes an i64; beside the data there is the tensor itself. */
    assert_true(wgt_damage_folder(CORPUS, read_anything, 8, 512) >= 70);
}

/* ---- writing ------------------------------------------------------------------------------ */

typedef struct fixture {
    wgt_plain p;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
} fixture;

static void start(fixture *f)
{
    wgt_plain_start(&f->p);
    assert_true(wgt_folder_create(&f->folder));
    wgt_folder_join(f->folder.path, "t.npy", f->path);
}

static void finish(fixture *f)
{
    wgt_folder_remove(&f->folder);
    wgt_plain_finish(&f->p);
}

/* What NumPy wrote, read and written again, is the same file. */
static void test_npy_writes_as_numpy_does(void **state)
{
    (void)state;
    static const char *const seeds[] = {"package-f4", "package-scalar"};
    fixture f;
    start(&f);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        char path[WGT_PATH_BYTES];
        size_t bytes;
        wg_tensor *t = read_seed(&f.p, seeds[i]);
        seed_path("good", seeds[i], path);
        unsigned char *expected = wgt_file_read(path, &bytes);
        assert_non_null(expected);
        assert_int_equal(wg_npy_write(&f.p.ctx, f.path, t), WG_OK);
        assert_true(wgt_file_holds(f.path, expected, bytes));
        free(expected);
        wg_tensor_destroy(t);
    }
    assert_int_equal(wgt_folder_count(&f.folder), 1);
    finish(&f);
}

static void check_round_trip(fixture *f, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    wg_tensor *t;
    wg_tensor *again;
    assert_int_equal(wg_tensor_create(&f->p.ctx, dtype, rank, dims, &t), WG_OK);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        assert_int_equal(wg_tensor_set(t, i, (double)(i % 2) * 0.75), WG_OK);
    }
    assert_int_equal(wg_npy_write(&f->p.ctx, f->path, t), WG_OK);
    assert_int_equal(wg_npy_read(&f->p.ctx, f->path, &again), WG_OK);
    assert_int_equal(wg_tensor_dtype(again), dtype);
    assert_int_equal(wg_tensor_rank(again), rank);
    if (rank > 0) {
        assert_memory_equal(wg_tensor_dims(again), dims, (size_t)rank * sizeof *dims);
    }
    if (wg_tensor_bytes(t) > 0) {
        assert_memory_equal(wg_tensor_data(t), wg_tensor_data(again), wg_tensor_bytes(t));
    }
    size_t bytes;
    size_t said;
    free(wgt_file_read(f->path, &bytes));
    assert_true(wgi_npy_bytes(t, &said));
    assert_int_equal(bytes, said);
    assert_int_equal((bytes - wg_tensor_bytes(t)) % 64, 0);
    wg_tensor_destroy(t);
    wg_tensor_destroy(again);
}

static void test_npy_round_trips(void **state)
{
    (void)state;
    static const wg_dtype dtypes[] = {WG_F32, WG_F64, WG_I64, WG_BOOL, WG_U8};
    static const int64_t dims[] = {3, 1, 5, 2, 7, 1, 1, 2};
    static const int64_t none[] = {0, 1000000000};
    static const int64_t long_one[] = {1300};
    fixture f;
    start(&f);
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        for (int32_t rank = 0; rank <= 8; rank++) {
            check_round_trip(&f, dtypes[i], rank, dims);
        }
        check_round_trip(&f, dtypes[i], 2, none);
        check_round_trip(&f, dtypes[i], 1, long_one);
    }
    finish(&f);
}

static void test_npy_refuses_dead_values(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_tensor *t = read_seed(&f.p, "f4");
    t->is_dead = true;
    assert_int_equal(wg_npy_write(&f.p.ctx, f.path, t), WG_ERR_STALE);
    assert_string_equal(f.p.ctx.error + strlen(f.path), ": the tensor is a value past its reset");
    assert_int_equal(wgt_folder_count(&f.folder), 0);
    t->is_dead = false;
    wg_tensor_destroy(t);
    finish(&f);
}

/* ---- failing memory and calls ------------------------------------------------------------- */

static void fail_each_allocation(bool is_persistent)
{
    fixture f;
    start(&f);
    wg_tensor *t = read_seed(&f.p, "f4");
    size_t n_live = f.p.allocator.n_live;
    wg_status status = WG_ERR_MEMORY;
    for (size_t k = 1; status != WG_OK; k++) {
        wg_tensor *again = NULL;
        wgt_allocator_fail(&f.p.allocator, k, is_persistent);
        status = wg_npy_write(&f.p.ctx, f.path, t);
        if (status == WG_OK) {
            status = wg_npy_read(&f.p.ctx, f.path, &again);
        }
        wgt_allocator_fail(&f.p.allocator, 0, false);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true(status != WG_OK || k > 5);
        wg_tensor_destroy(again);
        assert_int_equal(f.p.allocator.n_live, n_live);
        assert_true(wgt_folder_count(&f.folder) <= 1);
    }
    wg_tensor_destroy(t);
    finish(&f);
}

static void test_npy_without_memory(void **state)
{
    (void)state;
    fail_each_allocation(false);
    fail_each_allocation(true);
}

/* Whatever call fails, the old file is whole, but for the last sync of the folder. */
static void test_npy_when_the_system_fails(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    static const int64_t many[] = {40000}; /* more than is written at once */
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(&f.p.ctx, WG_F32, 1, many, &t), WG_OK);
    bool has_failed = true;
    for (size_t k = 1; has_failed; k++) {
        wgt_faults faults;
        assert_true(wgt_file_write(f.path, "old", 3));
        wgt_faults_start(&faults, WGT_FAULT_ONCE, k, ENOSPC);
        wg_status status = wgi_npy_write(&f.p.ctx, &faults.calls, f.path, t);
        has_failed = faults.has_failed;
        assert_int_equal(faults.n_open, 0);
        assert_int_equal(wgt_folder_count(&f.folder), 1);
        assert_int_equal(wgt_file_holds(f.path, "old", 3), !faults.has_renamed);
        assert_true(status == WG_OK || (has_failed && status == WG_ERR_IO));
    }
    wg_tensor *again = NULL;
    wgt_faults faults;
    wgt_faults_start(&faults, WGT_FAULT_SHORT, 0, 0);
    assert_int_equal(wgi_npy_read(&f.p.ctx, &faults.calls, f.path, &again), WG_OK);
    assert_memory_equal(wg_tensor_data(t), wg_tensor_data(again), wg_tensor_bytes(t));
    wg_tensor_destroy(again);
    wgt_faults_start(&faults, WGT_FAULT_ONCE, 3, EIO);
    assert_int_equal(wgi_npy_read(&f.p.ctx, &faults.calls, f.path, &again), WG_ERR_IO);
    assert_null(again);
    wg_tensor_destroy(t);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_every_dtype_and_order),
        cmocka_unit_test(test_npy_fortran_order_of_rank_3),
        cmocka_unit_test(test_npy_fortran_order_of_many),
        cmocka_unit_test(test_npy_says_where_and_what),
        cmocka_unit_test(test_npy_damaged),
        cmocka_unit_test(test_npy_writes_as_numpy_does),
        cmocka_unit_test(test_npy_round_trips),
        cmocka_unit_test(test_npy_refuses_dead_values),
        cmocka_unit_test(test_npy_without_memory),
        cmocka_unit_test(test_npy_when_the_system_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
