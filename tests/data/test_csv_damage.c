/* Tables of text, plain and gzipped: the corpus, damaged files, bombs, and failing memory.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The seeds are tests/corpus/generate.py's. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/inflate.h"
#include "data/csv.h"
#include "support/files.h"
#include "support/plain_context.h"

#define CORPUS WENGERT_SOURCE_DIR "/tests/corpus"

/* What reading may allocate at once beside the text: gzip's piece and window, tables of names. */
#define SLACK ((size_t)1 << 17)

/* The cap of the inflated size in these tests. */
#define CAP ((size_t)1 << 16)

/* Reads bytes that may be anything: a status and nothing left behind, and no block too large. */
static wg_status read_anything(wgt_plain *p, const unsigned char *data, size_t bytes)
{
    wg_dataset *d;
    wgi_block block = {.data = (unsigned char *)(uintptr_t)data, .bytes = bytes};
    wg_csv_options o = {.size = sizeof o, .max_bytes = CAP};
    size_t text_bytes = wgi_gzip_is(&block) ? CAP : bytes;
    p->allocator.largest_bytes = 0;
    wg_status status = wgi_csv_read_block(&p->ctx, "t", &block, &o, &d);
    assert_true(p->allocator.largest_bytes <= 4 * text_bytes + SLACK);
    assert_true((status == WG_OK) == (d != NULL));
    wg_dataset_destroy(d);
    assert_int_equal(p->allocator.n_live, 0);
    return status;
}

static bool is_good_seed(const char *path)
{
    return strstr(path, "/good-") != NULL;
}

static void replay(const char *path, void *user)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    wg_status status = read_anything(user, data, bytes);
    if ((status == WG_OK) != is_good_seed(path)) {
        print_error("%s: %s\n", path, wg_status_name(status));
    }
    assert_true((status == WG_OK) == is_good_seed(path));
    free(data);
}

static void cut_everywhere(const char *path, void *user)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    bool is_gzip = strstr(path, "/gzip/") != NULL;
    for (size_t n = 0; n < bytes; n++) {
        wg_status status = read_anything(user, data, n);
        /* A table without its last lines is a table; two members without the second are one. */
        if (is_gzip && is_good_seed(path) && strstr(path, "members") == NULL) {
            assert_int_not_equal(status, WG_OK);
        }
    }
    free(data);
}

static void flip_everywhere(const char *path, void *user)
{
    size_t bytes;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    for (size_t i = 0; bytes < 1000 && i < 8 * bytes; i++) {
        data[i / 8] = (unsigned char)(data[i / 8] ^ 1U << i % 8);
        (void)read_anything(user, data, bytes);
        data[i / 8] = (unsigned char)(data[i / 8] ^ 1U << i % 8);
    }
    free(data);
}

/* Does one thing to every seed of both formats. */
static void for_each_seed(void (*visit)(const char *path, void *user))
{
    wgt_plain p;
    wgt_plain_start(&p);
    assert_true(wgt_folder_walk(CORPUS "/csv", visit, &p) >= 20);
#if defined(WGI_HAVE_ZLIB)
    assert_true(wgt_folder_walk(CORPUS "/gzip", visit, &p) >= 15);
#endif
    wgt_plain_finish(&p);
}

static void test_csv_damage_none(void **state)
{
    (void)state;
    for_each_seed(replay);
}

static void test_csv_damage_truncated_at_every_byte(void **state)
{
    (void)state;
    for_each_seed(cut_everywhere);
}

static void test_csv_damage_every_bit_flipped(void **state)
{
    (void)state;
    for_each_seed(flip_everywhere);
}

#if defined(WGI_HAVE_ZLIB)

static wgi_block open_seed(const char *path)
{
    wgi_block block;
    block.data = wgt_file_read(path, &block.bytes);
    assert_non_null(block.data);
    return block;
}

static void check_refused(wgt_plain *p, const char *path, size_t cap, wg_status status,
                          const char *text)
{
    wgi_block block = open_seed(path);
    wgi_block out;
    assert_int_equal(wgi_gzip_inflate(&p->ctx, "t", &block, cap, &out), status);
    assert_null(out.data);
    assert_string_equal(p->ctx.error, text);
    free(block.data);
}

static void test_csv_damage_says_what_is_wrong(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    check_refused(&p, CORPUS "/gzip/bad-header-only", CAP, WG_ERR_FORMAT,
                  "t: broken gzip data: it is cut short");
    check_refused(&p, CORPUS "/gzip/bad-checksum", CAP, WG_ERR_FORMAT,
                  "t: broken gzip data: incorrect data check");
    check_refused(&p, CORPUS "/gzip/bad-trailing-zeros", CAP, WG_ERR_FORMAT,
                  "t: broken gzip data: incorrect header check");
    check_refused(&p, CORPUS "/gzip/bad-bomb", 1048575, WG_ERR_RANGE,
                  "t: it inflates to more than 1048575 bytes");
    wgt_plain_finish(&p);
}

/* A bomb is stopped at the cap, and takes no memory for what it promises; at its very size the cap
 * lets it through. */
static void test_csv_damage_bomb(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wgi_block block = open_seed(CORPUS "/gzip/bad-bomb");
    wgi_block out;
    assert_int_equal(wgi_gzip_inflate(&p.ctx, "t", &block, 1048575, &out), WG_ERR_RANGE);
    assert_true(p.allocator.largest_bytes <= SLACK);
    assert_int_equal(wgi_gzip_inflate(&p.ctx, "t", &block, 1048576, &out), WG_OK);
    assert_int_equal(out.bytes, 1048576);
    assert_memory_equal(out.data + 1048572, "1,1\n", 4);
    wgi_block_release(&p.ctx, &out);
    free(block.data);
    wgt_plain_finish(&p);
}

/* The same table plain, stored, deflated and in two members. */
static void test_csv_damage_gzip_is_the_same_table(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        CORPUS "/gzip/good-table", CORPUS "/gzip/good-stored", CORPUS "/gzip/good-two-members",
        CORPUS "/gzip/good-empty-member", CORPUS "/gzip/good-header"};
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        static const float expected[] = {1, 2, 3, 4};
        wg_dataset *d;
        assert_int_equal(wg_csv_read(&p.ctx, seeds[i], NULL, &d), WG_OK);
        assert_int_equal(wg_dataset_count(d), 2);
        assert_memory_equal(wg_tensor_data(wg_dataset_x(d)), expected, sizeof expected);
        wg_dataset_destroy(d);
    }
    wgt_plain_finish(&p);
}

/* A member that ends where a piece of input ends does not end the file. */
static void test_csv_damage_member_ends_with_a_piece(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wgi_block seed = open_seed(CORPUS "/gzip/good-table");
    const size_t piece = (size_t)1 << 16;
    wgi_block block = {.data = malloc(piece + seed.bytes), .bytes = piece + seed.bytes};
    assert_non_null(block.data);
    memset(block.data, 'n', piece);
    memcpy(block.data, seed.data, 10);
    block.data[3] = 8; /* a file name follows the header, and fills it up */
    block.data[piece - (seed.bytes - 10) - 1] = 0;
    memcpy(block.data + piece - (seed.bytes - 10), seed.data + 10, seed.bytes - 10);
    memcpy(block.data + piece, seed.data, seed.bytes);
    wg_dataset *d;
    assert_int_equal(wgi_csv_read_block(&p.ctx, "t", &block, NULL, &d), WG_OK);
    assert_int_equal(wg_dataset_count(d), 4);
    wg_dataset_destroy(d);
    free(block.data);
    free(seed.data);
    wgt_plain_finish(&p);
}

#else

static void test_csv_damage_gzip_is_refused(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d;
    assert_int_equal(wg_csv_read(&p.ctx, CORPUS "/gzip/good-table", NULL, &d), WG_ERR_UNSUPPORTED);
    assert_non_null(strstr(p.ctx.error, "this build has no zlib"));
    wgt_plain_finish(&p);
}

#endif

static void fail_each_allocation(wgt_plain *p, const char *path, bool is_persistent)
{
    wg_status status = WG_ERR_MEMORY;
    for (size_t k = 1; status != WG_OK; k++) {
        wg_dataset *d;
        wgt_allocator_fail(&p->allocator, k, is_persistent);
        status = wg_csv_read(&p->ctx, path, NULL, &d);
        wgt_allocator_fail(&p->allocator, 0, false);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true(status != WG_OK || k > 5);
        wg_dataset_destroy(d);
        assert_int_equal(p->allocator.n_live, 0);
    }
}

static void test_csv_damage_without_memory(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    fail_each_allocation(&p, CORPUS "/csv/good-names", false);
    fail_each_allocation(&p, CORPUS "/csv/good-names", true);
#if defined(WGI_HAVE_ZLIB)
    fail_each_allocation(&p, CORPUS "/gzip/good-table", false);
    fail_each_allocation(&p, CORPUS "/gzip/good-table", true);
#endif
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_damage_none),
        cmocka_unit_test(test_csv_damage_truncated_at_every_byte),
        cmocka_unit_test(test_csv_damage_every_bit_flipped),
#if defined(WGI_HAVE_ZLIB)
        cmocka_unit_test(test_csv_damage_says_what_is_wrong),
        cmocka_unit_test(test_csv_damage_bomb),
        cmocka_unit_test(test_csv_damage_gzip_is_the_same_table),
        cmocka_unit_test(test_csv_damage_member_ends_with_a_piece),
#else
        cmocka_unit_test(test_csv_damage_gzip_is_refused),
#endif
        cmocka_unit_test(test_csv_damage_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
