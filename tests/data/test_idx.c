/* IDX: what is read, what is refused and how that is told.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The seeds are tests/corpus/generate.py's. */
#include "support/cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "data/idx.h"
#include "support/damage.h"
#include "support/files.h"

#define CORPUS WENGERT_SOURCE_DIR "/tests/corpus/idx"
#define IMAGES CORPUS "/good-images"
#define LABELS CORPUS "/good-labels"

static wg_tensor *read_seed(wgt_plain *p, const char *path)
{
    wg_tensor *t;
    assert_int_equal(wg_idx_read(&p->ctx, path, &t), WG_OK);
    return t;
}

static void check_seed(const char *path, wg_dtype dtype, const double *expected, int64_t n)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = read_seed(&p, path);
    assert_int_equal(wg_tensor_dtype(t), dtype);
    assert_int_equal(wg_tensor_count(t), n);
    for (int64_t i = 0; i < n; i++) {
        assert_true(wg_tensor_get(t, i) == expected[i]);
    }
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

static void test_idx_every_type(void **state)
{
    (void)state;
    check_seed(CORPUS "/good-u8", WG_U8, (double[]){0, 1, 2, 127, 128, 255}, 6);
    check_seed(CORPUS "/good-i8", WG_I64, (double[]){-128, -1, 127}, 3);
    check_seed(CORPUS "/good-i16", WG_I64, (double[]){-32768, -1, 32767}, 3);
    check_seed(CORPUS "/good-i32", WG_I64, (double[]){-2147483648.0, -1, 2147483647}, 3);
    check_seed(CORPUS "/good-f32", WG_F32, (double[]){0.5, -3e38F}, 2);
    check_seed(CORPUS "/good-f64", WG_F64, (double[]){0.1, -1e300}, 2);
}

static void test_idx_shapes(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = read_seed(&p, CORPUS "/good-rank-8");
    assert_int_equal(wg_tensor_rank(t), 8);
    assert_int_equal(wg_tensor_dims(t)[3], 2);
    wg_tensor_destroy(t);
    t = read_seed(&p, CORPUS "/good-nothing-in-it");
    assert_int_equal(wg_tensor_rank(t), 3);
    assert_int_equal(wg_tensor_dims(t)[0], 0);
    assert_int_equal(wg_tensor_dims(t)[2], 28);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

/* ---- what is refused ---------------------------------------------------------------------- */

typedef struct refusal {
    const char *seed;
    wg_status status;
    const char *text; /* behind the path */
} refusal;

static void test_idx_says_where_and_what(void **state)
{
    (void)state;
    static const refusal cases[] = {
        {"nothing", WG_ERR_FORMAT, ":0: it ends inside the 4 bytes that IDX begins with"},
        {"magic-only", WG_ERR_FORMAT, ":3: it ends inside the 4 bytes that IDX begins with"},
        {"magic", WG_ERR_FORMAT, ":0: not IDX: it begins with 00 01, not with 00 00"},
        {"text", WG_ERR_FORMAT, ":0: not IDX: it begins with 31 2c, not with 00 00"},
        {"type", WG_ERR_FORMAT, ":2: 0x0a is no element type of IDX"},
        {"rank-0", WG_ERR_RANGE, ":3: rank 0 is not in 1..8"},
        {"rank-9", WG_ERR_RANGE, ":3: rank 9 is not in 1..8"},
        {"header-cut", WG_ERR_FORMAT, ":10: it ends inside its header, which has 12 bytes"},
        {"data-few", WG_ERR_FORMAT, ":17: it ends after 5 bytes of data, [2, 3] of u8 wants 6"},
        {"data-many", WG_ERR_FORMAT, ":18: 1 bytes follow the data of [2, 3] of u8"},
        {"elements-cut", WG_ERR_FORMAT, ":23: it ends after 15 bytes of data, [2] of f64 wants 16"},
        {"wraps", WG_ERR_OVERFLOW, ":4: the bytes of [2147483648, 2147483648, 4] do not fit"},
        {"bomb", WG_ERR_FORMAT,
         ":16: it ends after 8 bytes of data, [4294967295] of f64 wants 34359738360"},
    };
    wgt_plain p;
    wgt_plain_start(&p);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[WGT_PATH_BYTES];
        wg_tensor *t;
        snprintf(path, sizeof path, CORPUS "/bad-%s", cases[i].seed);
        assert_int_equal(wg_idx_read(&p.ctx, path, &t), cases[i].status);
        assert_null(t);
        assert_string_equal(p.ctx.error + strlen(path), cases[i].text);
    }
    wgt_plain_finish(&p);
}

static wg_status read_anything(wgt_plain *p, const unsigned char *data, size_t bytes)
{
    wg_tensor *t;
    wgi_block block = {.data = (unsigned char *)(uintptr_t)data, .bytes = bytes};
    wg_status status = wgi_idx_read_block(&p->ctx, "t", &block, &t);
    assert_int_equal(status == WG_OK, t != NULL);
    wg_tensor_destroy(t);
    return status;
}

static void test_idx_damaged(void **state)
{
    (void)state;
    /* An i8 becomes an i64; beside the data there is the tensor itself. */
    assert_true(wgt_damage_folder(CORPUS, read_anything, 8, 512) >= 25);
}

/* ---- data sets ---------------------------------------------------------------------------- */

static wg_dataset *read_dataset(wgt_plain *p, const wg_idx_options *options)
{
    wg_dataset *d;
    assert_int_equal(wg_idx_read_dataset(&p->ctx, IMAGES, LABELS, options, &d), WG_OK);
    return d;
}

static void test_idx_dataset(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_dataset *d = read_dataset(&p, NULL);
    const wg_tensor *x = wg_dataset_x(d);
    assert_int_equal(wg_tensor_dtype(x), WG_F32);
    assert_int_equal(wg_tensor_rank(x), 2);
    assert_int_equal(wg_tensor_dims(x)[1], 6);
    for (int64_t i = 0; i < 12; i++) {
        /* 51 is a fifth of 255. */
        assert_true(wg_tensor_get(x, i) == (double)((float)(i % 6) / 5.0F));
    }
    assert_int_equal(wg_tensor_dtype(wg_dataset_y(d)), WG_I64);
    assert_int_equal(wg_tensor_rank(wg_dataset_y(d)), 1);
    assert_true(wg_tensor_get(wg_dataset_y(d), 0) == 7 && wg_tensor_get(wg_dataset_y(d), 1) == 2);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void test_idx_dataset_options(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_idx_options o = {.size = sizeof o, .scale = 2, .has_channels = true};
    wg_dataset *d = read_dataset(&p, &o);
    static const int64_t dims[] = {2, 1, 2, 3};
    assert_int_equal(wg_tensor_rank(wg_dataset_x(d)), 4);
    assert_memory_equal(wg_tensor_dims(wg_dataset_x(d)), dims, sizeof dims);
    assert_true(wg_tensor_get(wg_dataset_x(d), 11) == 510);
    wg_dataset_destroy(d);
    o.scale = 0;
    assert_int_equal(wg_idx_read_dataset(&p.ctx, LABELS, NULL, &o, &d), WG_ERR_SHAPE);
    assert_non_null(strstr(p.ctx.error, ":3: images with channels are of rank 3 or 4, not 1"));
    o.has_channels = false;
    assert_int_equal(wg_idx_read_dataset(&p.ctx, CORPUS "/good-i8", NULL, &o, &d), WG_OK);
    assert_int_equal(wg_tensor_dims(wg_dataset_x(d))[1], 1);
    assert_true(wg_tensor_get(wg_dataset_x(d), 0) == -128); /* only u8 is scaled by default */
    assert_null(wg_dataset_y(d));
    wg_dataset_destroy(d);
    o.has_channels = true;
    assert_int_equal(wg_idx_read_dataset(&p.ctx, CORPUS "/good-color", NULL, &o, &d), WG_OK);
    assert_int_equal(wg_tensor_rank(wg_dataset_x(d)), 4);
    assert_int_equal(wg_tensor_dims(wg_dataset_x(d))[1], 3);
    wg_dataset_destroy(d);
    o.has_channels = false;
    assert_int_equal(wg_idx_read_dataset(&p.ctx, CORPUS "/good-color", NULL, &o, &d), WG_OK);
    assert_int_equal(wg_tensor_dims(wg_dataset_x(d))[1], 6);
    wg_dataset_destroy(d);
    o.max_bytes = 27;
    assert_int_equal(wg_idx_read_dataset(&p.ctx, IMAGES, NULL, &o, &d), WG_ERR_RANGE);
    o.max_bytes = 28;
    assert_int_equal(wg_idx_read_dataset(&p.ctx, IMAGES, NULL, &o, &d), WG_OK);
    wg_dataset_destroy(d);
    wgt_plain_finish(&p);
}

static void refuse_dataset(wgt_plain *p, const char *images, const char *labels, wg_status status,
                           const char *text)
{
    wg_dataset *d = (wg_dataset *)(uintptr_t)1;
    assert_int_equal(wg_idx_read_dataset(&p->ctx, images, labels, NULL, &d), status);
    assert_null(d);
    assert_string_equal(p->ctx.error, text);
    assert_int_equal(p->allocator.n_live, 0);
}

static void test_idx_dataset_says_what_does_not_fit(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    refuse_dataset(&p, IMAGES, CORPUS "/good-i8", WG_ERR_SHAPE,
                   IMAGES " holds 2 images, " CORPUS "/good-i8 holds 3 labels");
    refuse_dataset(&p, LABELS, IMAGES, WG_ERR_SHAPE,
                   IMAGES ":3: labels are of rank 1, not 3; these may be the images");
    refuse_dataset(&p, IMAGES, CORPUS "/good-f32", WG_ERR_DTYPE,
                   CORPUS "/good-f32:2: labels are integers, not f32");
    refuse_dataset(&p, IMAGES, CORPUS "/none", WG_ERR_IO,
                   CORPUS "/none: cannot open: No such file or directory");
    refuse_dataset(&p, IMAGES, CORPUS "/bad-type", WG_ERR_FORMAT,
                   CORPUS "/bad-type:2: 0x0a is no element type of IDX");
    refuse_dataset(&p, IMAGES, CORPUS "/good-rank-8", WG_ERR_SHAPE,
                   CORPUS "/good-rank-8:3: labels are of rank 1, not 8");
    refuse_dataset(&p, CORPUS "/good-none-wide", NULL, WG_ERR_OVERFLOW,
                   CORPUS "/good-none-wide:4: the images do not fit as f32");
    refuse_dataset(&p, CORPUS "/bad-type", LABELS, WG_ERR_FORMAT,
                   CORPUS "/bad-type:2: 0x0a is no element type of IDX");
    wgt_plain_finish(&p);
}

/* ---- gzip, memory and the system ---------------------------------------------------------- */

static void test_idx_gzipped(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = (wg_tensor *)(uintptr_t)1;
#if defined(WGI_HAVE_ZLIB)
    wg_tensor *plain = read_seed(&p, IMAGES);
    assert_int_equal(wg_idx_read(&p.ctx, CORPUS "_gzip/good-images", &t), WG_OK);
    assert_memory_equal(wg_tensor_data(t), wg_tensor_data(plain), wg_tensor_bytes(plain));
    wg_tensor_destroy(plain);
    wg_tensor_destroy(t);
    assert_int_equal(wg_idx_read(&p.ctx, CORPUS "_gzip/bad-checksum", &t), WG_ERR_FORMAT);
#else
    assert_int_equal(wg_idx_read(&p.ctx, CORPUS "_gzip/good-images", &t), WG_ERR_UNSUPPORTED);
#endif
    assert_null(t);
    wgt_plain_finish(&p);
}

static void fail_each_allocation(bool is_persistent)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_status status = WG_ERR_MEMORY;
    for (size_t k = 1; status != WG_OK; k++) {
        wg_dataset *d;
        wgt_allocator_fail(&p.allocator, k, is_persistent);
        wg_tensor *t = NULL;
        status = wg_idx_read_dataset(&p.ctx, IMAGES, LABELS, NULL, &d);
        if (status == WG_OK) {
            status = wg_idx_read(&p.ctx, IMAGES, &t);
        }
        wgt_allocator_fail(&p.allocator, 0, false);
        wg_tensor_destroy(t);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true(status != WG_OK || k > 6);
        wg_dataset_destroy(d);
        assert_int_equal(p.allocator.n_live, 0);
    }
    wgt_plain_finish(&p);
}

static void test_idx_without_memory(void **state)
{
    (void)state;
    fail_each_allocation(false);
    fail_each_allocation(true);
}

static void test_idx_when_the_system_fails(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_status status = WG_ERR_IO;
    for (size_t k = 1; status != WG_OK; k++) {
        wg_dataset *d;
        wgt_faults faults;
        wgt_faults_start(&faults, WGT_FAULT_ONCE, k, EIO);
        status = wgi_idx_read_dataset(&p.ctx, &faults.calls, IMAGES, LABELS, NULL, &d);
        assert_true(status == WG_ERR_IO || status == WG_OK);
        assert_int_equal(faults.n_open, 0);
        wg_dataset_destroy(d);
        /* A close that fails after reading loses nothing. */
        status = faults.has_failed ? WG_ERR_IO : status;
    }
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idx_every_type),
        cmocka_unit_test(test_idx_shapes),
        cmocka_unit_test(test_idx_says_where_and_what),
        cmocka_unit_test(test_idx_damaged),
        cmocka_unit_test(test_idx_dataset),
        cmocka_unit_test(test_idx_dataset_options),
        cmocka_unit_test(test_idx_dataset_says_what_does_not_fit),
        cmocka_unit_test(test_idx_gzipped),
        cmocka_unit_test(test_idx_without_memory),
        cmocka_unit_test(test_idx_when_the_system_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
