/* C streams as writers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <wengert/stdio.h>

#include <errno.h>
#include <string.h>

static void test_file_writer_writes(void **state)
{
    char back[16] = {0};
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    wg_writer writer = wg_file_writer(file);
    errno = 77;
    assert_int_equal(writer.write(writer.user, "abc", 3), WG_OK);
    assert_int_equal(writer.write(writer.user, NULL, 0), WG_OK);
    assert_int_equal(writer.write(writer.user, "d\0e", 3), WG_OK);
    assert_int_equal(errno, 77);
    assert_false(wg_file_is_terminal(file));
    rewind(file);
    assert_int_equal(fread(back, 1, sizeof back, file), 6);
    assert_memory_equal(back, "abcd\0e", 6);
    fclose(file);
}

static void test_file_writer_survives_null(void **state)
{
    wg_writer writer = wg_file_writer(NULL);
    (void)state;
    assert_non_null(writer.write);
    assert_int_equal(writer.write(writer.user, "abc", 3), WG_ERR_ARGUMENT);
    assert_false(wg_file_is_terminal(NULL));
    writer = wg_file_writer(stdout);
    assert_int_equal(writer.write(writer.user, NULL, 3), WG_ERR_ARGUMENT);
}

/* A stream that is read-only, and a disk that is full. */
static void test_file_writer_fails(void **state)
{
    FILE *readable = fopen("/dev/null", "r");
    FILE *full = fopen("/dev/full", "w");
    (void)state;
    assert_non_null(readable);
    wg_writer writer = wg_file_writer(readable);
    assert_int_equal(writer.write(writer.user, "abc", 3), WG_ERR_IO);
    fclose(readable);
    if (full == NULL) {
        print_message("no /dev/full here\n");
        return;
    }
    setvbuf(full, NULL, _IONBF, 0);
    writer = wg_file_writer(full);
    assert_int_equal(writer.write(writer.user, "abc", 3), WG_ERR_IO);
    fclose(full);
}

static void test_file_writer_knows_terminals(void **state)
{
    FILE *terminal = fopen("/dev/ptmx", "w");
    (void)state;
    if (terminal == NULL) {
        print_message("no pseudo-terminals here\n");
        skip();
    }
    assert_true(wg_file_is_terminal(terminal));
    wg_writer writer = wg_file_writer(terminal);
    assert_int_equal(writer.write(writer.user, "\r10%", 4), WG_OK);
    fclose(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_writer_writes),
        cmocka_unit_test(test_file_writer_survives_null),
        cmocka_unit_test(test_file_writer_fails),
        cmocka_unit_test(test_file_writer_knows_terminals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
