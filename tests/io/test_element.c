/* Stored elements: every F16 and BF16, signs, byte order.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include "core/utf8.h"
#include "io/element.h"

/* The value of a binary16 from its definition. */
static double half_value(unsigned bits)
{
    double sign = (bits & 0x8000U) != 0 ? -1 : 1;
    int exponent = (int)(bits >> 10 & 0x1FU);
    double fraction = (double)(bits & 0x3FFU);
    if (exponent == 31) {
        return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    }
    return exponent == 0 ? sign * ldexp(fraction, -24)
                         : sign * ldexp(1024 + fraction, exponent - 25);
}

static void test_element_every_half(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 65536; bits++) {
        unsigned char stored[] = {(unsigned char)(bits & 0xFF), (unsigned char)(bits >> 8)};
        float x;
        wgi_stored_decode(WGI_STORED_F16, stored, 1, WG_F32, &x);
        double expected = half_value(bits);
        assert_true(isnan(expected) ? isnan(x) : (double)x == expected);
        assert_true((signbit(x) != 0) == ((bits & 0x8000U) != 0));
    }
}

static void test_element_every_bfloat(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        unsigned char stored[] = {(unsigned char)(bits & 0xFF), (unsigned char)(bits >> 8)};
        uint32_t x;
        wgi_stored_decode(WGI_STORED_BF16, stored, 1, WG_F32, &x);
        assert_int_equal(x, bits << 16);
    }
}

/* Bytes are in the file's order whatever the machine's. */
static void test_element_encode_is_little_endian(void **state)
{
    (void)state;
    unsigned char out[8];
    int64_t integer = 0x0102030405060708;
    wgi_stored_encode(WG_I64, &integer, 1, out);
    assert_memory_equal(out, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
    float one = 1.0F;
    wgi_stored_encode(WG_F32, &one, 1, out);
    assert_memory_equal(out, "\x00\x00\x80\x3F", 4);
}

static void test_element_finds_bad_values(void **state)
{
    (void)state;
    static const unsigned char bools[] = {0, 1, 1, 2, 0};
    unsigned char large[24] = {0};
    assert_int_equal(wgi_stored_find_bad(WGI_STORED_BOOL, bools, 5), 3);
    assert_int_equal(wgi_stored_find_bad(WGI_STORED_BOOL, bools, 3), 3);
    assert_int_equal(wgi_stored_find_bad(WGI_STORED_U64, large, 3), 3);
    large[15] = 0x80;
    assert_int_equal(wgi_stored_find_bad(WGI_STORED_U64, large, 3), 1);
    assert_int_equal(wgi_stored_find_bad(WGI_STORED_I64, large, 3), 3);
}

/* More than a chunk, so that the pieces must meet. */
static void test_element_decodes_across_chunks(void **state)
{
    (void)state;
    unsigned char stored[2 * 600];
    double x[600];
    for (int i = 0; i < 600; i++) {
        stored[2 * i] = (unsigned char)(i & 0xFF);
        stored[2 * i + 1] = (unsigned char)(i >> 8);
    }
    wgi_stored_decode(WGI_STORED_U16, stored, 600, WG_F64, x);
    for (int i = 0; i < 600; i++) {
        assert_true(x[i] == i);
    }
}

/* ---- UTF-8 -------------------------------------------------------------------------------- */

static void test_element_utf8_accepts_every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char bytes[4];
        if (code >= 0xD800 && code <= 0xDFFF) {
            continue;
        }
        size_t n = wgi_utf8_encode(code, bytes);
        assert_int_equal(n, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
        assert_int_equal(wgi_utf8_valid(bytes, n), n);
        assert_int_equal(wgi_utf8_valid(bytes, n - 1), 0);
    }
}

/* The number of three-byte texts that are UTF-8 follows from the definition: any of the 128^3 of
 * ASCII, a two-byte sequence (1920) before or after one of them, or one three-byte sequence. */
static void test_element_utf8_accepts_nothing_else(void **state)
{
    (void)state;
    size_t n_valid = 0;
    for (uint32_t i = 0; i < 1U << 24; i++) {
        unsigned char bytes[] = {(unsigned char)(i >> 16), (unsigned char)(i >> 8 & 0xFF),
                                 (unsigned char)(i & 0xFF)};
        n_valid += wgi_utf8_valid(bytes, 3) == 3 ? 1 : 0;
    }
    assert_int_equal(n_valid, 128 * 128 * 128 + 2 * 128 * 1920 + (65536 - 2048 - 2048));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_element_every_half),
        cmocka_unit_test(test_element_every_bfloat),
        cmocka_unit_test(test_element_encode_is_little_endian),
        cmocka_unit_test(test_element_finds_bad_values),
        cmocka_unit_test(test_element_decodes_across_chunks),
        cmocka_unit_test(test_element_utf8_accepts_every_code_point),
        cmocka_unit_test(test_element_utf8_accepts_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
