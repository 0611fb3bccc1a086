/* Philox against the published known answers of Random123 (kat_vectors, philox4x32 10).
 * SPDX-License-Identifier: Apache-2.0 */
#include "core/random.h"

#include "support/cmocka_all.h"

#include <string.h>

typedef struct known_answer {
    uint32_t counter[4];
    uint32_t key[2];
    uint32_t answer[4];
} known_answer;

static const known_answer answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void test_random_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        uint32_t out[4];
        wgi_philox(answers[i].counter, answers[i].key, out);
        assert_memory_equal(out, answers[i].answer, sizeof out);
    }
}

/* The words of the third answer, given as seed, stream and step. */
static void test_random_key_is_one_call(void **state)
{
    (void)state;
    wgi_random_key key = wgi_random_key_make(
        UINT64_C(0x299f31d0a4093822), UINT64_C(0x85a308d3243f6a88), UINT64_C(0x0370734413198a2e));
    assert_true(key.word[0] == 0xd16cfe09);
    assert_true(key.word[1] == 0x94fdcceb);
}

static void test_random_block_counter(void **state)
{
    uint32_t out[4];
    uint32_t expected[4];
    wgi_random_key key = {.word = {5, 6}};
    const uint32_t counter[4] = {0x9abcdef0, 0x12345678, 42, 0};
    (void)state;
    wgi_random_block(key, 42, UINT64_C(0x123456789abcdef0), out);
    wgi_philox(counter, key.word, expected);
    assert_memory_equal(out, expected, sizeof out);
}

/* Each of seed, stream, step, ordinal and block changes the words. */
static void test_random_depends_on_all(void **state)
{
    uint32_t words[6][4];
    (void)state;
    wgi_random_block(wgi_random_key_make(1, 2, 3), 4, 5, words[0]);
    wgi_random_block(wgi_random_key_make(9, 2, 3), 4, 5, words[1]);
    wgi_random_block(wgi_random_key_make(1, 9, 3), 4, 5, words[2]);
    wgi_random_block(wgi_random_key_make(1, 2, 9), 4, 5, words[3]);
    wgi_random_block(wgi_random_key_make(1, 2, 3), 9, 5, words[4]);
    wgi_random_block(wgi_random_key_make(1, 2, 3), 4, 9, words[5]);
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < i; j++) {
            assert_memory_not_equal(words[i], words[j], sizeof words[i]);
        }
    }
}

static void test_random_unit_is_half_open(void **state)
{
    (void)state;
    assert_true(wgi_random_unit(0) == 0.0F);
    assert_true(wgi_random_unit(UINT32_MAX) == 1.0F - 0x1p-24F);
    assert_true(wgi_random_unit(UINT32_C(1) << 31) == 0.5F);
    assert_true(wgi_random_unit(0xff) == 0.0F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_known_answers),
        cmocka_unit_test(test_random_key_is_one_call),
        cmocka_unit_test(test_random_block_counter),
        cmocka_unit_test(test_random_depends_on_all),
        cmocka_unit_test(test_random_unit_is_half_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
