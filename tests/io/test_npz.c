/* NumPy's archives: what is read and written, what is refused and how that is told.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The seeds are tests/corpus/generate.py's, and NumPy's own. */
#include "support/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tensor.h"
#include "io/crc.h"
#include "io/npz.h"
#include "support/damage.h"
#include "support/files.h"

#define CORPUS WENGERT_SOURCE_DIR "/tests/corpus/npz"

/* Deflating saves at most so much, and zlib takes less than this beside the data. */
#define INFLATION 1040
#define SLACK ((size_t)1 << 17)

static void seed_path(const char *kind, const char *seed, char path[WGT_PATH_BYTES])
{
    snprintf(path, WGT_PATH_BYTES, CORPUS "/%s-%s", kind, seed);
}

static wg_npz *read_seed(wgt_plain *p, const char *seed)
{
    char path[WGT_PATH_BYTES];
    wg_npz *file;
    seed_path("good", seed, path);
    assert_int_equal(wg_npz_read(&p->ctx, path, &file), WG_OK);
    return file;
}

static wg_tensor *take(const wg_npz *file, const char *name)
{
    size_t i;
    wg_tensor *t;
    assert_true(wg_npz_find(file, name, &i));
    assert_string_equal(wg_npz_name(file, i), name);
    assert_int_equal(wg_npz_tensor(file, i, &t), WG_OK);
    return t;
}

static void check_seed(const char *seed, size_t n)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_npz *file = read_seed(&p, seed);
    assert_int_equal(wg_npz_count(file), n);
    assert_null(wg_npz_name(file, n));
    size_t i = 77;
    assert_false(wg_npz_find(file, "c", &i));
    assert_int_equal(i, 0);
    if (n == 2) {
        assert_string_equal(wg_npz_name(file, 0), "a");
        wg_tensor *a = take(file, "a");
        wg_tensor *b = take(file, "b");
        wg_npz_destroy(file); /* tensors stay */
        assert_true(wg_tensor_get(a, 0) == 1 && wg_tensor_get(a, 1) == 2);
        assert_int_equal(wg_tensor_dtype(b), WG_BOOL);
        assert_true(wg_tensor_get(b, 0) == 1);
        wg_tensor_destroy(a);
        wg_tensor_destroy(b);
    } else {
        wg_npz_destroy(file);
    }
    wgt_plain_finish(&p);
}

static void test_npz_reads(void **state)
{
    (void)state;
    check_seed("stored", 2);
    check_seed("zip64-local", 2);
    check_seed("sizes-follow", 2);
    check_seed("comment", 2);
    check_seed("empty", 0);
#if defined(WGI_HAVE_ZLIB)
    check_seed("deflated", 2);
#endif
}

static void test_npz_names(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_npz *file = read_seed(&p, "utf8");
    assert_string_equal(wg_npz_name(file, 0), "\xC3\xA4");
    assert_string_equal(wg_npz_name(file, 1), "");
    wg_tensor_destroy(take(file, ""));
    wg_tensor_destroy(take(file, "\xC3\xA4"));
    wg_npz_destroy(file);
    wgt_plain_finish(&p);
}

static void check_package(const char *seed)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_npz *file = read_seed(&p, seed);
    assert_int_equal(wg_npz_count(file), 3);
    wg_tensor *a = take(file, "arr_0");
    wg_tensor *b = take(file, "b");
    wg_tensor *x = take(file, "x.y");
    wg_npz_destroy(file);
    assert_int_equal(wg_tensor_dtype(a), WG_F32);
    assert_int_equal(wg_tensor_dtype(b), WG_I64);
    for (int64_t i = 0; i < 6; i++) {
        assert_true(wg_tensor_get(a, i) == (double)i);
    }
    for (int64_t i = 0; i < 24; i++) {
        assert_true(wg_tensor_get(b, i) == (double)i); /* stored in Fortran order */
    }
    assert_int_equal(wg_tensor_dtype(x), WG_BOOL);
    assert_int_equal(wg_tensor_rank(x), 0);
    assert_true(wg_tensor_get(x, 0) == 1);
    wg_tensor_destroy(a);
    wg_tensor_destroy(b);
    wg_tensor_destroy(x);
    wgt_plain_finish(&p);
}

static void test_npz_reads_what_numpy_wrote(void **state)
{
    (void)state;
    check_package("package-stored");
#if defined(WGI_HAVE_ZLIB)
    check_package("package-deflated");
#endif
}

/* ---- what is refused ---------------------------------------------------------------------- */

typedef struct refusal {
    const char *seed;
    wg_status status;
    const char *text; /* behind the path */
} refusal;

/* The seed `stored` is a at 0, its data at 35 and 136 bytes long; b at 171, 164 bytes; the
 * directory from 335 on, b's part of it from 386; the end at 437. */
static const refusal refusals[] = {
    {"nothing", WG_ERR_FORMAT, ":0: it ends without a directory"},
    {"array", WG_ERR_FORMAT, ":0: not an archive in ZIP"},
    {"leading", WG_ERR_FORMAT, ":0: not an archive in ZIP"},
    {"end-only-cut", WG_ERR_FORMAT, ":21: it ends without a directory"},
    {"trailing", WG_ERR_FORMAT, ":460: it ends without a directory"},
    {"member-text", WG_ERR_FORMAT, ":528: a member is no array: its name is not in .npy"},
    {"member-folder", WG_ERR_FORMAT, ":78: a member is no array: its name is not in .npy"},
    {"member-broken", WG_ERR_FORMAT,
     "/a.npy:0: not an array of NumPy: it does not begin with \\x93NUMPY"},
    {"member-trailing", WG_ERR_FORMAT, "/a.npy:136: 1 bytes follow the data of [2] of F32"},
    {"twice", WG_ERR_FORMAT, ":432: a name stands twice"},
    {"nul", WG_ERR_FORMAT, ":381: a NUL in a name"},
    {"not-utf8", WG_ERR_FORMAT, ":218: a name is not UTF-8"},
    {"checksum", WG_ERR_FORMAT, "/a.npy: its checksum is wrong"},
    {"checksums-both", WG_ERR_FORMAT, "/a.npy: its checksum is wrong"},
    {"headers-differ-checksum", WG_ERR_FORMAT, ":0: a member's two headers differ"},
    {"headers-differ-name", WG_ERR_FORMAT, ":0: a member's two headers differ"},
    {"encrypted", WG_ERR_UNSUPPORTED, ":343: encrypted members are not read"},
    {"flags", WG_ERR_UNSUPPORTED, ":343: flags that are not known"},
    {"method", WG_ERR_UNSUPPORTED, ":345: a member is neither stored nor deflated"},
    {"two-sizes", WG_ERR_FORMAT, ":355: a stored member has two sizes"},
    {"zip64-member", WG_ERR_UNSUPPORTED, ":355: members in ZIP64 are not read"},
    {"zip64", WG_ERR_UNSUPPORTED, ":437: archives in ZIP64 are not read"},
    {"zip64-count", WG_ERR_UNSUPPORTED, ":437: archives in ZIP64 are not read"},
    {"zip64-bytes", WG_ERR_UNSUPPORTED, ":437: archives in ZIP64 are not read"},
    {"zip64-member-stored", WG_ERR_UNSUPPORTED, ":355: members in ZIP64 are not read"},
    {"zip64-member-place", WG_ERR_UNSUPPORTED, ":355: members in ZIP64 are not read"},
    {"local-none", WG_ERR_FORMAT, ":0: a member's header is missing"},
    {"name-control", WG_ERR_FORMAT, "/?.npy:136: 1 bytes follow the data of [2] of F32"},
    {"parts", WG_ERR_UNSUPPORTED, ":437: archives in several parts are not read"},
    {"parts-member", WG_ERR_UNSUPPORTED, ":369: archives in several parts are not read"},
    {"directory-place", WG_ERR_FORMAT, ":437: its directory does not end where its end begins"},
    {"directory-behind", WG_ERR_FORMAT, ":437: its directory does not end where its end begins"},
    {"members-few", WG_ERR_FORMAT, ":386: its directory goes on after its members"},
    {"members-many", WG_ERR_FORMAT, ":437: its directory has no room for its members"},
    {"members-65534", WG_ERR_FORMAT, ":437: its directory has no room for its members"},
    {"central-signature", WG_ERR_FORMAT, ":335: a header of the directory is missing"},
    {"central-name-long", WG_ERR_FORMAT, ":386: a header of the directory is cut"},
    {"local-place", WG_ERR_FORMAT, ":1: a member's header is missing"},
    {"local-place-far", WG_ERR_FORMAT, ":436: a member's header is missing"},
    {"local-signature", WG_ERR_FORMAT, ":171: a member's header is missing"},
    {"overlap", WG_ERR_FORMAT, ":0: two members overlap"},
    {"reaches-directory", WG_ERR_FORMAT, ":0: a member reaches into the directory"},
#if defined(WGI_HAVE_ZLIB)
    {"inflates-less", WG_ERR_FORMAT, "/a.npy: it inflates to 136 bytes, its header says 137"},
    {"inflates-more", WG_ERR_RANGE, "/a.npy: it inflates to more than 135 bytes"},
    {"deflated-broken", WG_ERR_FORMAT, "/a.npy: broken deflated data: invalid block type"},
    {"deflated-trailing", WG_ERR_FORMAT, "/a.npy: broken deflated data: not of the format"},
    {"bomb", WG_ERR_FORMAT,
     "/a.npy:228: it ends after 100 bytes of data, [100000000] of U8 wants 100000000"},
#else
    {"inflates-less", WG_ERR_UNSUPPORTED, "/a.npy: it is deflated, and this build has no zlib"},
#endif
};

static void test_npz_says_where_and_what(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char path[WGT_PATH_BYTES];
        wg_npz *file;
        seed_path("bad", refusals[i].seed, path);
        wg_status status = wg_npz_read(&p.ctx, path, &file);
        assert_null(file);
        assert_string_equal(p.ctx.error + strlen(path), refusals[i].text);
        assert_int_equal(status, refusals[i].status);
    }
    wgt_plain_finish(&p);
}

#if defined(WGI_HAVE_ZLIB)

static wg_status read_anything(wgt_plain *p, const unsigned char *data, size_t bytes)
{
    wg_npz *file;
    wgi_block block = {.data = wgi_alloc(&p->ctx.memory, bytes), .bytes = bytes};
    if (bytes > 0) {
        memcpy(block.data, data, bytes);
    }
    wg_status status = wgi_npz_read_block(&p->ctx, "t", &block, &file);
    assert_int_equal(status == WG_OK, file != NULL);
    for (size_t i = 0; i < wg_npz_count(file); i++) {
        wg_tensor *t;
        size_t found;
        assert_true(wg_npz_find(file, wg_npz_name(file, i), &found));
        assert_int_equal(found, i);
        assert_int_equal(wg_npz_tensor(file, i, &t), WG_OK);
        wg_tensor_destroy(t);
    }
    wg_npz_destroy(file);
    return status;
}

static void test_npz_damaged(void **state)
{
    (void)state;
    assert_true(wgt_damage_folder(CORPUS, read_anything, INFLATION, SLACK) >= 55);
}

#endif

/* ---- writing ------------------------------------------------------------------------------ */

typedef struct fixture {
    wgt_plain p;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    wg_tensor *a; /* f32 [2], 1 and 2 */
    wg_tensor *b; /* bool [1], 1 */
} fixture;

static void start(fixture *f)
{
    static const int64_t dims[] = {2, 1};
    wgt_plain_start(&f->p);
    assert_true(wgt_folder_create(&f->folder));
    wgt_folder_join(f->folder.path, "t.npz", f->path);
    assert_int_equal(wg_tensor_create(&f->p.ctx, WG_F32, 1, dims, &f->a), WG_OK);
    assert_int_equal(wg_tensor_create(&f->p.ctx, WG_BOOL, 1, dims + 1, &f->b), WG_OK);
    assert_int_equal(wg_tensor_set(f->a, 0, 1), WG_OK);
    assert_int_equal(wg_tensor_set(f->a, 1, 2), WG_OK);
    assert_int_equal(wg_tensor_set(f->b, 0, 1), WG_OK);
}

static void finish(fixture *f)
{
    wg_tensor_destroy(f->a);
    wg_tensor_destroy(f->b);
    wgt_folder_remove(&f->folder);
    wgt_plain_finish(&f->p);
}

static void test_npz_round_trip(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    const wg_named_tensor entries[] = {{"w.\xC3\xA9", f.a}, {"arr_0", f.b}};
    assert_int_equal(wg_npz_write(&f.p.ctx, f.path, entries, 2), WG_OK);
    assert_int_equal(wgt_folder_count(&f.folder), 1);
    wg_npz *file;
    assert_int_equal(wg_npz_read(&f.p.ctx, f.path, &file), WG_OK);
    assert_int_equal(wg_npz_count(file), 2);
    assert_string_equal(wg_npz_name(file, 0), "w.\xC3\xA9"); /* the order given */
    wg_tensor *a = take(file, "w.\xC3\xA9");
    wg_tensor *b = take(file, "arr_0");
    assert_memory_equal(wg_tensor_data(a), wg_tensor_data(f.a), 8);
    assert_memory_equal(wg_tensor_data(b), wg_tensor_data(f.b), 1);
    wg_tensor_destroy(a);
    wg_tensor_destroy(b);
    wg_npz_destroy(file);
    assert_int_equal(wg_npz_write(&f.p.ctx, f.path, NULL, 0), WG_OK);
    assert_int_equal(wg_npz_read(&f.p.ctx, f.path, &file), WG_OK);
    assert_int_equal(wg_npz_count(file), 0);
    wg_npz_destroy(file);
    finish(&f);
}

static void refuse(fixture *f, const wg_named_tensor *entries, size_t n, wg_status status,
                   const char *text)
{
    assert_int_equal(wg_npz_write(&f->p.ctx, f->path, entries, n), status);
    assert_string_equal(f->p.ctx.error + strlen(f->path), text);
    assert_int_equal(wgt_folder_count(&f->folder), 0);
}

static void test_npz_refuses_names_and_tensors(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    char *name = malloc(65533);
    assert_non_null(name);
    memset(name, 'n', 65532);
    name[65532] = '\0';
    const wg_named_tensor twice[] = {{"a", f.a}, {"b", f.a}, {"a", f.b}};
    refuse(&f, twice, 3, WG_ERR_NAME, ": 'a' stands twice");
    refuse(&f, &(wg_named_tensor){NULL, f.a}, 1, WG_ERR_ARGUMENT, ": a name or tensor is NULL");
    refuse(&f, &(wg_named_tensor){"a", NULL}, 1, WG_ERR_ARGUMENT, ": a name or tensor is NULL");
    refuse(&f, &(wg_named_tensor){"", f.a}, 1, WG_ERR_NAME, ": a name has 0 bytes, not 1 to 65531");
    refuse(&f, &(wg_named_tensor){name, f.a}, 1, WG_ERR_NAME,
           ": a name has 65532 bytes, not 1 to 65531");
    refuse(&f, &(wg_named_tensor){"\xFF", f.a}, 1, WG_ERR_NAME, ": a name is not UTF-8");
    f.a->is_dead = true;
    refuse(&f, &(wg_named_tensor){"a", f.a}, 1, WG_ERR_STALE, ": 'a' is a value past its reset");
    f.a->is_dead = false;
    refuse(&f, twice, 65535, WG_ERR_RANGE, ": 65535 arrays are more than 65534");
    name[65531] = '\0';
    assert_int_equal(wg_npz_write(&f.p.ctx, f.path, &(wg_named_tensor){name, f.a}, 1), WG_OK);
    free(name);
    finish(&f);
}

/* More than an archive's 32 bits can tell is refused before anything is written or read. */
static void test_npz_refuses_4_gib(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    static unsigned char byte;
    static const int64_t dims[] = {(int64_t)1 << 31};
    wg_tensor *large;
    assert_int_equal(wg_tensor_borrow(&f.p.ctx, WG_U8, 1, dims, &byte, &large), WG_OK);
    const wg_named_tensor entries[] = {{"a", large}, {"b", large}};
    refuse(&f, entries, 2, WG_ERR_RANGE, ": it would have 4 GiB or more");
    wg_tensor_destroy(large);
    finish(&f);
}

/* ---- checksums, failing memory and calls -------------------------------------------------- */

static void test_npz_checksum(void **state)
{
    (void)state;
    wgi_crc crc;
    wgi_crc_start(&crc);
    assert_int_equal(wgi_crc_value(&crc), 0);
    wgi_crc_add(&crc, "123456789", 9); /* the check value of the CRC catalogue */
    assert_int_equal(wgi_crc_value(&crc), UINT32_C(0xCBF43926));
    for (size_t cut = 0; cut <= 9; cut++) {
        wgi_crc_start(&crc);
        wgi_crc_add(&crc, "123456789", cut);
        wgi_crc_add(&crc, &"123456789"[cut], 9 - cut);
        assert_int_equal(wgi_crc_value(&crc), UINT32_C(0xCBF43926));
    }
}

static wg_status write_and_read(fixture *f, const char *seed)
{
    const wg_named_tensor entries[] = {{"a", f->a}, {"b", f->b}};
    char path[WGT_PATH_BYTES];
    wg_npz *file = NULL;
    wg_tensor *t = NULL;
    seed_path("good", seed, path);
    wg_status status = wg_npz_write(&f->p.ctx, f->path, entries, 2);
    if (status == WG_OK) {
        status = wg_npz_read(&f->p.ctx, path, &file);
    }
    if (status == WG_OK) {
        status = wg_npz_tensor(file, 0, &t);
    }
    wg_tensor_destroy(t);
    wg_npz_destroy(file);
    return status;
}

static void fail_each_allocation(const char *seed, bool is_persistent)
{
    fixture f;
    start(&f);
    size_t n_live = f.p.allocator.n_live;
    wg_status status = WG_ERR_MEMORY;
    for (size_t k = 1; status != WG_OK; k++) {
        wgt_allocator_fail(&f.p.allocator, k, is_persistent);
        status = write_and_read(&f, seed);
        wgt_allocator_fail(&f.p.allocator, 0, false);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true(status != WG_OK || k > 9);
        assert_int_equal(f.p.allocator.n_live, n_live);
        assert_true(wgt_folder_count(&f.folder) <= 1);
    }
    finish(&f);
}

static void test_npz_without_memory(void **state)
{
    (void)state;
    fail_each_allocation("stored", false);
    fail_each_allocation("stored", true);
#if defined(WGI_HAVE_ZLIB)
    fail_each_allocation("deflated", false);
    fail_each_allocation("deflated", true);
#endif
}

static void test_npz_when_the_system_fails(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    static const int64_t many[] = {40000}; /* more than is written at once */
    wg_tensor *c;
    assert_int_equal(wg_tensor_create(&f.p.ctx, WG_F32, 1, many, &c), WG_OK);
    const wg_named_tensor entries[] = {{"a", f.a}, {"b", f.b}, {"c", c}};
    bool has_failed = true;
    for (size_t k = 1; has_failed; k++) {
        wgt_faults faults;
        assert_true(wgt_file_write(f.path, "old", 3));
        wgt_faults_start(&faults, WGT_FAULT_ONCE, k, ENOSPC);
        wg_status status = wgi_npz_write(&f.p.ctx, &faults.calls, f.path, entries, 3);
        has_failed = faults.has_failed;
        assert_int_equal(faults.n_open, 0);
        assert_int_equal(wgt_folder_count(&f.folder), 1);
        assert_int_equal(wgt_file_holds(f.path, "old", 3), !faults.has_renamed);
        assert_true(status == WG_OK || (has_failed && status == WG_ERR_IO));
    }
    wg_npz *file;
    wgt_faults faults;
    wgt_faults_start(&faults, WGT_FAULT_ONCE, 3, EIO);
    assert_int_equal(wgi_npz_read(&f.p.ctx, &faults.calls, f.path, &file), WG_ERR_IO);
    assert_null(file);
    assert_int_equal(faults.n_open, 0);
    wg_tensor_destroy(c);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npz_reads),
        cmocka_unit_test(test_npz_names),
        cmocka_unit_test(test_npz_reads_what_numpy_wrote),
        cmocka_unit_test(test_npz_says_where_and_what),
#if defined(WGI_HAVE_ZLIB)
        cmocka_unit_test(test_npz_damaged),
#endif
        cmocka_unit_test(test_npz_round_trip),
        cmocka_unit_test(test_npz_refuses_names_and_tensors),
        cmocka_unit_test(test_npz_refuses_4_gib),
        cmocka_unit_test(test_npz_checksum),
        cmocka_unit_test(test_npz_without_memory),
        cmocka_unit_test(test_npz_when_the_system_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
