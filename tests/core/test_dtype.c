/* Conversion of elements: every pair of dtypes, at every edge.
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/dtype.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#define N_ROWS(table) ((int64_t)(sizeof(table) / sizeof(table)[0]))

static void test_dtype_names_and_sizes(void **state)
{
    (void)state;
    assert_string_equal(wg_dtype_name(WG_F32), "f32");
    assert_string_equal(wg_dtype_name(WG_F64), "f64");
    assert_string_equal(wg_dtype_name(WG_I64), "i64");
    assert_string_equal(wg_dtype_name(WG_BOOL), "bool");
    assert_string_equal(wg_dtype_name(WG_U8), "u8");
    assert_string_equal(wg_dtype_name((wg_dtype)0), "?");
    assert_string_equal(wg_dtype_name((wg_dtype)7), "?");
    assert_int_equal(wg_dtype_size(WG_F32), 4);
    assert_int_equal(wg_dtype_size(WG_F64), 8);
    assert_int_equal(wg_dtype_size(WG_I64), 8);
    assert_int_equal(wg_dtype_size(WG_BOOL), 1);
    assert_int_equal(wg_dtype_size(WG_U8), 1);
    assert_int_equal(wg_dtype_size((wg_dtype)0), 0);
    assert_int_equal(wg_dtype_size((wg_dtype)-3), 0);
    assert_false(wgi_dtype_is_valid(0));
    assert_false(wgi_dtype_is_valid(WGI_N_DTYPES));
    assert_false(wgi_dtype_is_valid(INT32_MIN));
    assert_true(wgi_dtype_is_valid(WG_U8));
}

/* What a floating value becomes. */
typedef struct floating_row {
    double x;
    int64_t i64;
    uint8_t u8;
    uint8_t truth;
} floating_row;

/* Each value is also an f32. */
static const floating_row floating_rows[] = {
    {0.0, 0, 0, 0},
    {-0.0, 0, 0, 0},
    {0.75, 0, 0, 1},
    {-0.75, 0, 0, 1},
    {1.0, 1, 1, 1},
    {-1.0, -1, 0, 1},
    {2.5, 2, 2, 1},
    {-2.5, -2, 0, 1},
    {254.5, 254, 254, 1},
    {255.0, 255, 255, 1},
    {255.5, 255, 255, 1},
    {256.0, 256, 255, 1},
    {0x1p31, INT64_C(1) << 31, 255, 1},
    {0x1p62, INT64_C(1) << 62, 255, 1},
    {0x1.fffffep62, INT64_MAX - 0x7fffffffff, 255, 1},
    {0x1p63, INT64_MAX, 255, 1},
    {-0x1p63, INT64_MIN, 0, 1},
    {-0x1.fffffep62, -(INT64_MAX - 0x7fffffffff), 0, 1},
    {0x1p100, INT64_MAX, 255, 1},
    {-0x1p100, INT64_MIN, 0, 1},
    {0x1p-149, 0, 0, 1},
    {(double)INFINITY, INT64_MAX, 255, 1},
    {-(double)INFINITY, INT64_MIN, 0, 1},
    {(double)NAN, 0, 0, 1},
};

/* Stores x as src, converts to dst, and compares bytes. */
static void expect(int src, double x, int dst, const void *expected)
{
    double from[2] = {0};
    double to[2] = {0};
    if (src == WG_F32) {
        float narrow = (float)x;
        memcpy(from, &narrow, sizeof narrow);
    } else {
        memcpy(from, &x, sizeof x);
    }
    wgi_convert(dst, to, src, from, 1);
    assert_memory_equal(to, expected, wg_dtype_size((wg_dtype)dst));
}

static void test_dtype_from_floating(void **state)
{
    const int sources[] = {WG_F32, WG_F64};
    (void)state;
    for (int64_t i = 0; i < N_ROWS(floating_rows); i++) {
        const floating_row *row = &floating_rows[i];
        float narrow = (float)row->x;
        for (int s = 0; s < 2; s++) {
            expect(sources[s], row->x, WG_I64, &row->i64);
            expect(sources[s], row->x, WG_U8, &row->u8);
            expect(sources[s], row->x, WG_BOOL, &row->truth);
            if (!isnan(row->x)) {
                expect(sources[s], row->x, WG_F64, &row->x);
                expect(sources[s], row->x, WG_F32, &narrow);
            }
        }
    }
}

static void test_dtype_narrowing(void **state)
{
    const double from[] = {1.0 + 0x1p-24, 1.0 + 0x1.8p-23, 1e300, -1e300, 1e-300, (double)NAN};
    float to[6];
    (void)state;
    wgi_convert(WG_F32, to, WG_F64, from, 6);
    assert_true(to[0] == 1.0F);
    assert_true(to[1] == 1.0F + 0x1p-22F);
    assert_true(isinf(to[2]) && to[2] > 0);
    assert_true(isinf(to[3]) && to[3] < 0);
    assert_true(to[4] == 0.0F);
    assert_true(isnan(to[5]));
    double back[6];
    wgi_convert(WG_F64, back, WG_F32, to, 6);
    assert_true(isnan(back[5]));
    assert_true(back[1] == 1.0 + 0x1p-22);
}

typedef struct integer_row {
    int64_t x;
    float f32;
    double f64;
    uint8_t u8;
    uint8_t truth;
} integer_row;

static const integer_row integer_rows[] = {
    {0, 0.0F, 0.0, 0, 0},
    {1, 1.0F, 1.0, 1, 1},
    {-1, -1.0F, -1.0, 0, 1},
    {255, 255.0F, 255.0, 255, 1},
    {256, 256.0F, 256.0, 255, 1},
    {16777217, 16777216.0F, 16777217.0, 255, 1},
    {INT64_C(9007199254740993), 9007199254740992.0F, 9007199254740992.0, 255, 1},
    {INT64_MAX, 0x1p63F, 0x1p63, 255, 1},
    {INT64_MIN, -0x1p63F, -0x1p63, 0, 1},
};

static void test_dtype_from_i64(void **state)
{
    (void)state;
    for (int64_t i = 0; i < N_ROWS(integer_rows); i++) {
        const integer_row *row = &integer_rows[i];
        float f32;
        double f64;
        int64_t i64;
        uint8_t u8;
        uint8_t truth;
        wgi_convert(WG_F32, &f32, WG_I64, &row->x, 1);
        wgi_convert(WG_F64, &f64, WG_I64, &row->x, 1);
        wgi_convert(WG_I64, &i64, WG_I64, &row->x, 1);
        wgi_convert(WG_U8, &u8, WG_I64, &row->x, 1);
        wgi_convert(WG_BOOL, &truth, WG_I64, &row->x, 1);
        assert_true(f32 == row->f32);
        assert_true(f64 == row->f64);
        assert_true(i64 == row->x);
        assert_int_equal(u8, row->u8);
        assert_int_equal(truth, row->truth);
    }
}

/* A bool byte other than 0 counts as 1, a u8 as itself. */
static void test_dtype_from_bytes(void **state)
{
    const uint8_t bytes[] = {0, 1, 2, 255};
    const int sources[] = {WG_U8, WG_BOOL};
    (void)state;
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < 4; i++) {
            int64_t value = sources[s] == WG_U8 ? bytes[i] : bytes[i] != 0;
            for (int dst = WG_F32; dst <= WG_U8; dst++) {
                double room = 0;
                wgi_convert(dst, &room, sources[s], &bytes[i], 1);
                int64_t expected = dst == WG_BOOL ? value != 0 : value;
                assert_true(wgi_load_double(dst, &room, 0) == (double)expected);
                assert_true(dst != WG_BOOL || *(uint8_t *)&room <= 1);
            }
        }
    }
}

static void test_dtype_arrays_and_nonsense(void **state)
{
    const double from[3] = {1.5, -2.0, 3.0};
    int64_t to[4] = {9, 9, 9, 9};
    (void)state;
    wgi_convert(WG_I64, to, WG_F64, from, 0);
    wgi_convert(WG_I64, to, WG_F64, from, -1);
    wgi_convert(WG_I64, to, 0, from, 3);
    wgi_convert(0, to, WG_F64, from, 3);
    wgi_convert(WG_I64, to, INT32_MAX, from, 3);
    wgi_convert(INT32_MIN, to, WG_F64, from, 3);
    assert_true(to[0] == 9);
    wgi_convert(WG_I64, to, WG_F64, from, 3);
    assert_true(to[0] == 1 && to[1] == -2 && to[2] == 3 && to[3] == 9);
}

static void test_dtype_load_and_store(void **state)
{
    float f32[2] = {0};
    uint8_t u8[2] = {7, 7};
    (void)state;
    wgi_store_double(WG_F32, f32, 1, 0.1);
    assert_true(f32[0] == 0.0F && f32[1] == 0.1F);
    assert_true(wgi_load_double(WG_F32, f32, 1) == (double)0.1F);
    wgi_store_double(WG_BOOL, u8, 1, (double)NAN);
    assert_int_equal(u8[0], 7);
    assert_int_equal(u8[1], 1);
    assert_true(isnan(wgi_load_double(0, u8, 0)));
}

/* 1 is 1 in every dtype, whichever way it goes. */
static void test_dtype_every_pair(void **state)
{
    int n_pairs = 0;
    (void)state;
    for (int src = 0; src < WGI_N_DTYPES; src++) {
        for (int dst = 0; dst < WGI_N_DTYPES; dst++) {
            _Alignas(16) char from[2][16] = {{0}};
            _Alignas(16) char to[2][16] = {{0}};
            if (!wgi_dtype_is_valid(src) || !wgi_dtype_is_valid(dst)) {
                continue;
            }
            wgi_store_double(src, from, 0, 0);
            wgi_store_double(src, from, 1, 1);
            wgi_convert(dst, to, src, from, 2);
            assert_true(wgi_load_double(dst, to, 0) == 0);
            assert_true(wgi_load_double(dst, to, 1) == 1);
            n_pairs++;
        }
    }
    assert_true(n_pairs >= 25);
}

#if defined(WGI_WIDE)
static void test_dtype_wide(void **state)
{
    (void)state;
    assert_true(wgi_dtype_is_valid(WGI_DTYPE_WIDE));
    assert_string_equal(wg_dtype_name((wg_dtype)WGI_DTYPE_WIDE), "wide");
    assert_int_equal(wg_dtype_size((wg_dtype)WGI_DTYPE_WIDE), sizeof(wgi_wide));
    for (int64_t i = 0; i < N_ROWS(floating_rows); i++) {
        const floating_row *row = &floating_rows[i];
        wgi_wide wide[2];
        int64_t i64;
        uint8_t u8;
        uint8_t truth;
        double back;
        wgi_convert(WGI_DTYPE_WIDE, &wide[0], WG_F64, &row->x, 1);
        wgi_convert(WGI_DTYPE_WIDE, &wide[1], WGI_DTYPE_WIDE, &wide[0], 1);
        wgi_convert(WG_I64, &i64, WGI_DTYPE_WIDE, &wide[1], 1);
        wgi_convert(WG_U8, &u8, WGI_DTYPE_WIDE, &wide[1], 1);
        wgi_convert(WG_BOOL, &truth, WGI_DTYPE_WIDE, &wide[1], 1);
        wgi_convert(WG_F64, &back, WGI_DTYPE_WIDE, &wide[1], 1);
        assert_true(i64 == row->i64);
        assert_int_equal(u8, row->u8);
        assert_int_equal(truth, row->truth);
        assert_true(isnan(row->x) ? isnan(back) : back == row->x);
    }
}

static void test_dtype_wide_is_exact_for_i64(void **state)
{
    (void)state;
    for (int64_t i = 0; i < N_ROWS(integer_rows); i++) {
        wgi_wide wide;
        int64_t back;
        wgi_convert(WGI_DTYPE_WIDE, &wide, WG_I64, &integer_rows[i].x, 1);
        wgi_convert(WG_I64, &back, WGI_DTYPE_WIDE, &wide, 1);
        assert_true(back == integer_rows[i].x);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtype_names_and_sizes),
        cmocka_unit_test(test_dtype_from_floating),
        cmocka_unit_test(test_dtype_narrowing),
        cmocka_unit_test(test_dtype_from_i64),
        cmocka_unit_test(test_dtype_from_bytes),
        cmocka_unit_test(test_dtype_arrays_and_nonsense),
        cmocka_unit_test(test_dtype_load_and_store),
        cmocka_unit_test(test_dtype_every_pair),
#if defined(WGI_WIDE)
        cmocka_unit_test(test_dtype_wide),
        cmocka_unit_test(test_dtype_wide_is_exact_for_i64),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
