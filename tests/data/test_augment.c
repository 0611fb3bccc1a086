/* Random shifts and flips of images: each against one written out, and going on from a state.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include <wengert/data.h>

#include "support/plain_context.h"

#define ROWS 4
#define COLUMNS 5
#define PLANE (ROWS * COLUMNS)
#define IMAGES 40
#define CHANNELS 2

static const int64_t dims[] = {IMAGES, CHANNELS, ROWS, COLUMNS};

/* Elements that are all different from each other and from 0, within what a byte holds in turn. */
static wg_tensor *make(wgt_plain *p, wg_dtype dtype)
{
    wg_tensor *t;
    assert_int_equal(wg_tensor_create(&p->ctx, dtype, 4, dims, &t), WG_OK);
    for (int64_t i = 0; i < wg_tensor_count(t); i++) {
        assert_int_equal(wg_tensor_set(t, i, (double)(1 + i % 251)), WG_OK);
    }
    return t;
}

static double original(int64_t plane, int64_t row, int64_t column)
{
    bool is_inside = row >= 0 && row < ROWS && column >= 0 && column < COLUMNS;
    return is_inside ? (double)(1 + (plane * PLANE + row * COLUMNS + column) % 251) : 0.0;
}

/* Whether plane k of the tensor is the original moved by (dy, dx). */
static bool is_moved(const wg_tensor *t, int64_t k, int64_t dy, int64_t dx)
{
    for (int64_t i = 0; i < PLANE; i++) {
        double want = original(k, i / COLUMNS - dy, i % COLUMNS - dx);
        if (wg_tensor_get(t, k * PLANE + i) != want) {
            return false;
        }
    }
    return true;
}

/* Both planes of every image are moved by what the stream tells, and every move occurs. */
static void check_shifts(wg_dtype dtype, int32_t most)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = make(&p, dtype);
    wg_rng rng = wg_rng_make(3, 1);
    wg_rng same = rng;
    bool has_up = false;
    bool has_right = false;
    assert_int_equal(wg_images_shift(t, most, &rng), WG_OK);
    for (int64_t i = 0; i < IMAGES; i++) {
        int64_t dy = (int64_t)wg_rng_below(&same, 2 * (uint64_t)most + 1) - most;
        int64_t dx = (int64_t)wg_rng_below(&same, 2 * (uint64_t)most + 1) - most;
        assert_true(is_moved(t, CHANNELS * i, dy, dx));
        assert_true(is_moved(t, CHANNELS * i + 1, dy, dx));
        has_up = has_up || dy < 0;
        has_right = has_right || dx > 0;
    }
    assert_true(most == 0 || (has_up && has_right));
    assert_memory_equal(&rng, &same, sizeof rng);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

static void test_augment_shifts(void **state)
{
    (void)state;
    check_shifts(WG_F32, 2);
    check_shifts(WG_U8, 1);
    check_shifts(WG_F64, 3);
    check_shifts(WG_F32, 0);
    check_shifts(WG_I64, 9); /* beyond the image: all zeros, mostly */
    check_shifts(WG_F32, INT32_MAX);
}

static bool is_flipped(const wg_tensor *t, int64_t k)
{
    for (int64_t i = 0; i < PLANE; i++) {
        double want = original(k, i / COLUMNS, COLUMNS - 1 - i % COLUMNS);
        if (wg_tensor_get(t, k * PLANE + i) != want) {
            return false;
        }
    }
    return true;
}

static void check_flips(wg_dtype dtype, double probability, int64_t least, int64_t most)
{
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = make(&p, dtype);
    wg_rng rng = wg_rng_make(4, 1);
    wg_rng same = rng;
    int64_t n = 0;
    assert_int_equal(wg_images_flip(t, probability, &rng), WG_OK);
    for (int64_t i = 0; i < IMAGES; i++) {
        bool expected = wg_rng_uniform(&same) < probability;
        for (int64_t k = CHANNELS * i; k < CHANNELS * (i + 1); k++) {
            assert_true(expected ? is_flipped(t, k) : is_moved(t, k, 0, 0));
        }
        n += expected ? 1 : 0;
    }
    assert_true(n >= least && n <= most);
    assert_memory_equal(&rng, &same, sizeof rng);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

static void test_augment_flips(void **state)
{
    (void)state;
    check_flips(WG_F32, 0.5, 10, 30);
    check_flips(WG_U8, 0.5, 10, 30);
    check_flips(WG_F64, 1, IMAGES, IMAGES);
    check_flips(WG_F32, 0, 0, 0);
}

/* ---- in batches --------------------------------------------------------------------------- */

/* A training's data: saved, and gone on from, batches and stream together. */
typedef struct position {
    wg_batches_state batches;
    wg_rng rng;
} position;

static uint64_t digest_next(wg_batches *b, wg_rng *rng)
{
    wg_batch batch;
    uint64_t digest = 1;
    if (!wg_batches_next(b, &batch)) {
        return 0;
    }
    assert_int_equal(wg_images_shift(batch.x, 1, rng), WG_OK);
    assert_int_equal(wg_images_flip(batch.x, 0.5, rng), WG_OK);
    const unsigned char *data = wg_tensor_data(batch.x);
    for (size_t i = 0; i < wg_tensor_bytes(batch.x); i++) {
        digest = (digest ^ data[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

static void test_augment_goes_on_from_a_saved_position(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = make(&p, WG_F32);
    wg_dataset *d;
    wg_batches *a;
    wg_batches *b;
    wg_rng order = wg_rng_make(1, 2);
    wg_rng rng = wg_rng_make(1, 3);
    assert_int_equal(wg_dataset_create(&p.ctx, t, NULL, &d), WG_OK);
    assert_int_equal(wg_batches_create(d, 7, &order, false, &a), WG_OK);
    assert_int_equal(wg_batches_create(d, 7, &order, false, &b), WG_OK);
    for (int n = 0; n < 15; n++) {
        position saved = {.rng = rng};
        assert_int_equal(wg_batches_get_state(a, &saved.batches), WG_OK);
        assert_int_equal(wg_batches_set_state(b, &saved.batches), WG_OK);
        uint64_t digest = digest_next(a, &rng);
        assert_true(digest == digest_next(b, &saved.rng));
        assert_memory_equal(&rng, &saved.rng, sizeof rng);
    }
    /* The data set itself is as it was: batches are copies. */
    assert_true(is_moved(t, 0, 0, 0));
    wg_batches_destroy(a);
    wg_batches_destroy(b);
    wg_dataset_destroy(d);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

/* ---- what is refused ---------------------------------------------------------------------- */

static void test_augment_refuses(void **state)
{
    (void)state;
    wgt_plain p;
    wgt_plain_start(&p);
    wg_tensor *t = make(&p, WG_F32);
    wg_tensor *flat;
    wg_tensor *gray;
    wg_tensor *none;
    static const int64_t no_rows[] = {3, 0, 5};
    wg_rng rng = wg_rng_make(1, 2);
    const wg_rng before = rng;
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 2, dims, &flat), WG_OK);
    assert_int_equal(wg_images_shift(flat, 1, &rng), WG_ERR_SHAPE);
    assert_string_equal(p.ctx.error, "images_shift: [40, 2] is neither [n, rows, columns] nor [n, "
                                     "channels, rows, columns]");
    assert_int_equal(wg_images_shift(t, -1, &rng), WG_ERR_RANGE);
    assert_string_equal(p.ctx.error, "images_shift: by up to -1 pixels");
    static const double bad[] = {-0.5, 1.5, (double)NAN, (double)INFINITY};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(wg_images_flip(t, bad[i], &rng), WG_ERR_RANGE);
    }
    assert_string_equal(p.ctx.error, "images_flip: the probability is not in [0, 1]");
    assert_memory_equal(&rng, &before, sizeof rng);
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 3, no_rows, &none), WG_OK);
    assert_int_equal(wg_images_shift(none, 1, &rng), WG_OK);
    assert_int_equal(wg_images_flip(none, 0.5, &rng), WG_OK);
    assert_int_equal(wg_tensor_create(&p.ctx, WG_F32, 3, dims, &gray), WG_OK);
    assert_int_equal(wg_images_flip(gray, 0.5, &rng), WG_OK);
    wg_tensor_destroy(gray);
    wg_tensor_destroy(none);
    wg_tensor_destroy(flat);
    wg_tensor_destroy(t);
    wgt_plain_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_augment_shifts),
        cmocka_unit_test(test_augment_flips),
        cmocka_unit_test(test_augment_goes_on_from_a_saved_position),
        cmocka_unit_test(test_augment_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
