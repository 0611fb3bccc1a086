/* Writing safetensors: bytes, order, round trips, and calls that fail.
 * SPDX-License-Identifier: Apache-2.0 */
#include "file_case.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/tensor.h"

/* A folder with a target in it, and a context. */
typedef struct fixture {
    wgt_plain p;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
} fixture;

static void start(fixture *f)
{
    wgt_plain_start(&f->p);
    assert_true(wgt_folder_create(&f->folder));
    wgt_folder_join(f->folder.path, "t.safetensors", f->path);
}

static void finish(fixture *f)
{
    wgt_folder_remove(&f->folder);
    wgt_plain_finish(&f->p);
}

static wg_tensor *make(fixture *f, wg_dtype dtype, int32_t rank, const int64_t *dims)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(&f->p.ctx, dtype, rank, dims, &t), WG_OK);
    return t;
}

static wg_status write_one(fixture *f, const char *name, const wg_tensor *t)
{
    wg_named_tensor entry = {.name = name, .tensor = t};
    return wg_safetensors_write(&f->p.ctx, f->path, &entry, 1, NULL, 0);
}

static void test_safetensors_write_bytes(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    int64_t dims[] = {2, 1};
    wg_tensor *t = make(&f, WG_F32, 2, dims);
    wg_tensor_set(t, 0, 1.5);
    wg_tensor_set(t, 1, -2);
    assert_int_equal(write_one(&f, "w", t), WG_OK);
    static const char expected[] =
        "\x38\0\0\0\0\0\0\0"
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}"
        "\x00\x00\xC0\x3F\x00\x00\x00\xC0";
    assert_true(wgt_file_holds(f.path, expected, sizeof expected - 1));
    assert_int_equal(wgt_folder_count(&f.folder), 1);
    wg_tensor_destroy(t);
    finish(&f);
}

static void test_safetensors_write_nothing(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, NULL, 0, NULL, 0), WG_OK);
    assert_true(wgt_file_holds(f.path, "\x08\0\0\0\0\0\0\0{}      ", 16));
    finish(&f);
}

static void test_safetensors_write_order_is_dtype_then_name(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    static const wg_dtype dtypes[] = {WG_U8, WG_F32, WG_BOOL, WG_F64, WG_F32, WG_I64};
    static const char *const names[] = {"a", "z", "b", "c", "y", "d"};
    static const char *const expected[] = {"d", "c", "y", "z", "a", "b"};
    wg_named_tensor entries[6];
    for (size_t i = 0; i < 6; i++) {
        entries[i] = (wg_named_tensor){.name = names[i], .tensor = make(&f, dtypes[i], 0, NULL)};
    }
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, entries, 6, NULL, 0), WG_OK);
    wg_safetensors *file;
    assert_int_equal(wg_safetensors_read(&f.p.ctx, f.path, &file), WG_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(wg_safetensors_name(file, i), expected[i]);
        size_t size = wgi_stored_about((wgi_stored)file->entries[i].stored)->bytes;
        assert_int_equal((file->data + file->entries[i].begin) % size, 0);
    }
    wg_safetensors_destroy(file);
    for (size_t i = 0; i < 6; i++) {
        wg_tensor_destroy((wg_tensor *)entries[i].tensor);
    }
    finish(&f);
}

/* The same tensors give the bytes of the format's own Python package, whatever their order. */
static void test_safetensors_write_bytes_are_the_package_s(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_safetensors *theirs;
    assert_int_equal(wg_safetensors_read(&f.p.ctx, CORPUS "/good-package", &theirs), WG_OK);
    assert_int_equal(wg_safetensors_count(theirs), 6);
    wg_named_tensor entries[6];
    for (size_t i = 0; i < 6; i++) {
        wg_tensor *t;
        assert_int_equal(wg_safetensors_tensor(theirs, i, &t), WG_OK);
        entries[5 - i] = (wg_named_tensor){wg_safetensors_name(theirs, i), t};
    }
    wg_named_text metadata = {"k", wg_safetensors_metadata(theirs, "k")};
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, entries, 6, &metadata, 1), WG_OK);
    size_t bytes;
    unsigned char *expected = read_seed("good-package", &bytes);
    assert_true(wgt_file_holds(f.path, expected, bytes));
    free(expected);
    for (size_t i = 0; i < 6; i++) {
        wg_tensor_destroy((wg_tensor *)entries[i].tensor);
    }
    wg_safetensors_destroy(theirs);
    finish(&f);
}

/* ---- round trips -------------------------------------------------------------------------- */

/* Fills a tensor with bytes of its own, those of NaNs among them. */
static void fill(wg_tensor *t, wg_rng *rng)
{
    unsigned char *data = wg_tensor_data_mutable(t);
    for (size_t i = 0; i < wg_tensor_bytes(t); i++) {
        uint64_t bits = wg_rng_u64(rng);
        data[i] = (unsigned char)(wg_tensor_dtype(t) == WG_BOOL ? bits & 1 : bits & 0xFF);
    }
}

static void check_same(const wg_safetensors *file, const wg_named_tensor *entry)
{
    size_t i;
    wg_tensor *t;
    assert_true(wg_safetensors_find(file, entry->name, &i));
    assert_int_equal(wg_safetensors_tensor(file, i, &t), WG_OK);
    assert_int_equal(wg_tensor_dtype(t), wg_tensor_dtype(entry->tensor));
    assert_int_equal(wg_tensor_rank(t), wg_tensor_rank(entry->tensor));
    for (int32_t k = 0; k < wg_tensor_rank(t); k++) {
        assert_int_equal(wg_tensor_dims(t)[k], wg_tensor_dims(entry->tensor)[k]);
    }
    if (wg_tensor_bytes(t) > 0) {
        assert_memory_equal(wg_tensor_data(t), wg_tensor_data(entry->tensor), wg_tensor_bytes(t));
    }
    wg_tensor_destroy(t);
}

static void test_safetensors_write_round_trip(void **state)
{
    (void)state;
    static const wg_dtype dtypes[] = {WG_F32, WG_F64, WG_I64, WG_BOOL, WG_U8};
    /* Rank 0, size 0, rank 8, and more elements than are encoded or buffered at a time. */
    static const int64_t shapes[][8] = {{1}, {3, 0}, {1, 2, 1, 2, 1, 3, 1, 2}, {257, 129}};
    static const int32_t ranks[] = {0, 2, 8, 2};
    fixture f;
    start(&f);
    wg_rng rng = wg_rng_make(4, 0);
    wg_named_tensor entries[20];
    char names[20][8];
    for (size_t i = 0; i < 20; i++) {
        wg_tensor *t = make(&f, dtypes[i % 5], ranks[i / 5], shapes[i / 5]);
        fill(t, &rng);
        snprintf(names[i], sizeof names[i], "t%zu", i);
        entries[i] = (wg_named_tensor){.name = names[i], .tensor = t};
    }
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, entries, 20, NULL, 0), WG_OK);
    wg_safetensors *file;
    assert_int_equal(wg_safetensors_read(&f.p.ctx, f.path, &file), WG_OK);
    assert_int_equal(wg_safetensors_count(file), 20);
    for (size_t i = 0; i < 20; i++) {
        check_same(file, &entries[i]);
        wg_tensor_destroy((wg_tensor *)entries[i].tensor);
    }
    wg_safetensors_destroy(file);
    finish(&f);
}

static void test_safetensors_write_strings_survive(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    char every[128];
    for (int i = 0; i < 127; i++) {
        every[i] = (char)(i + 1);
    }
    every[127] = '\0';
    wg_named_text metadata[] = {{.name = "z", .text = every},
                                {.name = every, .text = "\xF0\x9F\x98\x80 \xC3\xA9"},
                                {.name = "", .text = ""}};
    wg_tensor *t = make(&f, WG_F32, 0, NULL);
    wg_named_tensor entry = {.name = "\"\\\x01\xE2\x82\xAC", .tensor = t};
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, &entry, 1, metadata, 3), WG_OK);
    wg_safetensors *file;
    assert_int_equal(wg_safetensors_read(&f.p.ctx, f.path, &file), WG_OK);
    assert_string_equal(wg_safetensors_name(file, 0), entry.name);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(wg_safetensors_metadata(file, metadata[i].name), metadata[i].text);
    }
    wg_safetensors_destroy(file);
    wg_tensor_destroy(t);
    finish(&f);
}

/* ---- what is refused ---------------------------------------------------------------------- */

static void check_refused(fixture *f, const wg_named_tensor *entries, size_t n, wg_status status,
                          const char *text)
{
    assert_int_equal(wg_safetensors_write(&f->p.ctx, f->path, entries, n, NULL, 0), status);
    assert_non_null(strstr(f->p.ctx.error, text));
    assert_int_equal(wgt_folder_count(&f->folder), 0);
}

static void test_safetensors_write_refuses_names(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_tensor *t = make(&f, WG_F32, 0, NULL);
    wg_named_tensor twice[] = {{"a", t}, {"b", t}, {"a", t}};
    wg_named_tensor reserved = {"__metadata__", t};
    wg_named_tensor broken = {"\xC3", t};
    wg_named_tensor nameless = {NULL, t};
    wg_named_tensor empty = {"a", NULL};
    check_refused(&f, twice, 3, WG_ERR_NAME, "'a' names two tensors");
    check_refused(&f, &reserved, 1, WG_ERR_NAME, "'__metadata__' is reserved");
    check_refused(&f, &broken, 1, WG_ERR_NAME, "not UTF-8");
    check_refused(&f, &nameless, 1, WG_ERR_ARGUMENT, "NULL");
    check_refused(&f, &empty, 1, WG_ERR_ARGUMENT, "NULL");
    check_refused(&f, NULL, 1, WG_ERR_ARGUMENT, "missing");
    t->is_dead = true;
    check_refused(&f, twice, 1, WG_ERR_STALE, "'a' is a value past its reset");
    wg_tensor_destroy(t);
    finish(&f);
}

static void test_safetensors_write_refuses_metadata(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    static const wg_named_text bad[][2] = {
        {{"a", "1"}, {"a", "2"}}, {{"a", "\xFF"}, {"b", ""}}, {{"a", ""}, {"\xFF", ""}},
        {{"a", NULL}, {"b", ""}}, {{NULL, ""}, {"b", ""}},
    };
    static const wg_status statuses[] = {WG_ERR_NAME, WG_ERR_NAME, WG_ERR_NAME, WG_ERR_ARGUMENT,
                                         WG_ERR_ARGUMENT};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, NULL, 0, bad[i], 2), statuses[i]);
        assert_int_equal(wgt_folder_count(&f.folder), 0);
    }
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, NULL, 0, NULL, 1), WG_ERR_ARGUMENT);
    assert_int_equal(wg_safetensors_write(&f.p.ctx, NULL, NULL, 0, NULL, 0), WG_ERR_ARGUMENT);
    assert_int_equal(wg_safetensors_write(NULL, f.path, NULL, 0, NULL, 0), WG_ERR_ARGUMENT);
    finish(&f);
}

/* A name whose escapes alone are more than a header may hold. */
static void test_safetensors_write_refuses_a_header_that_no_reader_takes(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    size_t n = WGI_SAFETENSORS_MAX_HEADER / 6;
    char *name = malloc(n + 1);
    assert_non_null(name);
    memset(name, 1, n);
    name[n] = '\0';
    wg_tensor *t = make(&f, WG_F32, 0, NULL);
    wg_named_tensor entry = {name, t};
    check_refused(&f, &entry, 1, WG_ERR_RANGE, "its header would be over 100000000 bytes");
    wg_tensor_destroy(t);
    free(name);
    finish(&f);
}

static void test_safetensors_write_into_no_folder(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    char path[WGT_PATH_BYTES];
    wgt_folder_join(f.folder.path, "absent/t", path);
    assert_int_equal(wg_safetensors_write(&f.p.ctx, path, NULL, 0, NULL, 0), WG_ERR_IO);
    assert_non_null(strstr(f.p.ctx.error, "cannot open its folder"));
    /* A target that cannot be replaced: the temporary file must go. */
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.folder.path, NULL, 0, NULL, 0), WG_ERR_IO);
    assert_non_null(strstr(f.p.ctx.error, "cannot rename to it"));
    assert_int_equal(wgt_folder_count(&f.folder), 0);
    finish(&f);
}

/* ---- failures around it ------------------------------------------------------------------- */

#define OLD "the old file"

/* More bytes than the writer's buffer. */
static wg_tensor *make_large(fixture *f)
{
    int64_t dims[] = {20000};
    wg_tensor *t = make(f, WG_F64, 1, dims);
    wg_rng rng = wg_rng_make(5, 0);
    fill(t, &rng);
    return t;
}

static wg_status write_faulty(fixture *f, wgt_faults *faults, const wg_tensor *t)
{
    wg_named_tensor entry = {.name = "large", .tensor = t};
    assert_true(wgt_file_write(f->path, OLD, strlen(OLD)));
    wg_status status =
        wgi_safetensors_write(&f->p.ctx, &faults->calls, f->path, &entry, 1, NULL, 0);
    assert_int_equal(faults->n_open, 0);
    assert_int_equal(wgt_folder_count(&f->folder), 1);
    return status;
}

static void check_new(fixture *f)
{
    wg_safetensors *file;
    assert_int_equal(wg_safetensors_read(&f->p.ctx, f->path, &file), WG_OK);
    assert_string_equal(wg_safetensors_name(file, 0), "large");
    wg_safetensors_destroy(file);
}

/* Fails every call in turn until none is left to fail. */
static void fail_each_call(fixture *f, wgt_fault_mode mode, int code)
{
    wg_tensor *t = make_large(f);
    size_t n_failed = 0;
    for (size_t k = 1;; k++) {
        wgt_faults faults;
        wgt_faults_start(&faults, mode, k, code);
        wg_status status = write_faulty(f, &faults, t);
        if (faults.has_renamed) {
            check_new(f);
        } else {
            assert_true(wgt_file_holds(f->path, OLD, strlen(OLD)));
            assert_int_equal(status, WG_ERR_IO);
            assert_non_null(strstr(f->p.ctx.error, strerror(code)));
        }
        n_failed += status != WG_OK ? 1 : 0;
        if (!faults.has_failed) {
            assert_int_equal(status, WG_OK);
            break;
        }
    }
    /* Two opens, three writes at least, two syncs, a close and a rename. */
    assert_true(n_failed >= 9);
    wg_tensor_destroy(t);
}

static void test_safetensors_write_when_the_system_fails(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    fail_each_call(&f, WGT_FAULT_ONCE, ENOSPC);
    fail_each_call(&f, WGT_FAULT_ONCE, EIO);
    fail_each_call(&f, WGT_FAULT_FROM_THEN, ENOSPC);
    fail_each_call(&f, WGT_FAULT_FROM_THEN, EIO);
    finish(&f);
}

static void test_safetensors_write_goes_on_after_short_writes(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_tensor *t = make_large(&f);
    for (wgt_fault_mode mode = WGT_FAULT_SHORT; mode <= WGT_FAULT_INTERRUPT; mode++) {
        wgt_faults faults;
        wgt_faults_start(&faults, mode, 0, 0);
        assert_int_equal(write_faulty(&f, &faults, t), WG_OK);
        check_new(&f);
    }
    wg_tensor_destroy(t);
    finish(&f);
}

static void test_safetensors_write_ends_when_a_write_takes_nothing(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_tensor *t = make_large(&f);
    wgt_faults faults;
    wgt_faults_start(&faults, WGT_FAULT_NOTHING, 3, 0);
    assert_int_equal(write_faulty(&f, &faults, t), WG_ERR_IO);
    assert_true(faults.has_failed);
    assert_true(wgt_file_holds(f.path, OLD, strlen(OLD)));
    wg_tensor_destroy(t);
    finish(&f);
}

/* Some file systems cannot sync a folder; that is no failure of the save. */
static void test_safetensors_write_where_folders_do_not_sync(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_tensor *t = make_large(&f);
    wgt_faults faults;
    wgt_faults_start(&faults, WGT_FAULT_NONE, 0, 0);
    assert_int_equal(write_faulty(&f, &faults, t), WG_OK);
    size_t last_sync = faults.n_calls - 1; /* the last call closes the folder */
    wgt_faults_start(&faults, WGT_FAULT_ONCE, last_sync, EINVAL);
    assert_int_equal(write_faulty(&f, &faults, t), WG_OK);
    assert_true(faults.has_failed);
    wgt_faults_start(&faults, WGT_FAULT_ONCE, last_sync, EIO);
    assert_int_equal(write_faulty(&f, &faults, t), WG_ERR_IO);
    assert_non_null(strstr(f.p.ctx.error, "the file is in place"));
    check_new(&f);
    wg_tensor_destroy(t);
    finish(&f);
}

static void test_safetensors_write_leaves_foreign_temporaries(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    char taken[WGT_PATH_BYTES + 40];
    snprintf(taken, sizeof taken, "%s.%ld-0.tmp", f.path, (long)getpid());
    assert_true(wgt_file_write(taken, "x", 1));
    assert_int_equal(wg_safetensors_write(&f.p.ctx, f.path, NULL, 0, NULL, 0), WG_OK);
    assert_true(wgt_file_holds(taken, "x", 1));
    assert_int_equal(wgt_folder_count(&f.folder), 2);
    finish(&f);
}

static void test_safetensors_write_without_memory(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    wg_tensor *t = make_large(&f);
    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        wg_status status = WG_ERR_MEMORY;
        for (size_t k = 1; status != WG_OK; k++) {
            assert_true(wgt_file_write(f.path, OLD, strlen(OLD)));
            wgt_allocator_fail(&f.p.allocator, k, is_persistent == 1);
            status = write_one(&f, "large", t);
            wgt_allocator_fail(&f.p.allocator, 0, false);
            assert_int_equal(status, k <= 3 ? WG_ERR_MEMORY : WG_OK);
            assert_int_equal(f.p.allocator.n_live, 2);
            assert_int_equal(wgt_folder_count(&f.folder), 1);
            assert_true(status == WG_OK || wgt_file_holds(f.path, OLD, strlen(OLD)));
        }
    }
    check_new(&f);
    wg_tensor_destroy(t);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors_write_bytes),
        cmocka_unit_test(test_safetensors_write_nothing),
        cmocka_unit_test(test_safetensors_write_order_is_dtype_then_name),
        cmocka_unit_test(test_safetensors_write_bytes_are_the_package_s),
        cmocka_unit_test(test_safetensors_write_round_trip),
        cmocka_unit_test(test_safetensors_write_strings_survive),
        cmocka_unit_test(test_safetensors_write_refuses_names),
        cmocka_unit_test(test_safetensors_write_refuses_metadata),
        cmocka_unit_test(test_safetensors_write_refuses_a_header_that_no_reader_takes),
        cmocka_unit_test(test_safetensors_write_into_no_folder),
        cmocka_unit_test(test_safetensors_write_when_the_system_fails),
        cmocka_unit_test(test_safetensors_write_goes_on_after_short_writes),
        cmocka_unit_test(test_safetensors_write_ends_when_a_write_takes_nothing),
        cmocka_unit_test(test_safetensors_write_where_folders_do_not_sync),
        cmocka_unit_test(test_safetensors_write_leaves_foreign_temporaries),
        cmocka_unit_test(test_safetensors_write_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
