/* Damages seeds.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/damage.h"

#include <stdlib.h>

#include "support/files.h"

/* Seeds above this are not flipped bit by bit, which would take a time quadratic in their size. */
#define MAX_FLIPPED ((size_t)2000)

typedef struct damage {
    wgt_plain plain;
    wgt_damage_read read;
    size_t times;
    size_t slack;
} damage;

static wg_status read_checked(damage *d, const unsigned char *data, size_t bytes)
{
    d->plain.allocator.largest_bytes = 0;
    d->plain.ctx.error[0] = '\0';
    wg_status status = d->read(&d->plain, data, bytes);
    assert_true(d->plain.allocator.largest_bytes <= d->times * bytes + d->slack);
    assert_int_equal(d->plain.allocator.n_live, 0);
    assert_true(status == WG_OK || d->plain.ctx.error[0] != '\0');
    return status;
}

/* A copy of exactly these bytes, so that a sanitizer sees a look beyond them. */
static wg_status read_beginning(damage *d, const unsigned char *data, size_t n)
{
    unsigned char *copy = malloc(n > 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, data, n);
    wg_status status = read_checked(d, copy, n);
    free(copy);
    return status;
}

static void damage_file(const char *path, void *user)
{
    size_t bytes;
    damage *d = user;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    bool is_good = strstr(path, "/good-") != NULL;
    wg_status status = read_checked(d, data, bytes);
    if ((status == WG_OK) != is_good) {
        print_error("%s: %s: %s\n", path, wg_status_name(status), d->plain.ctx.error);
    }
    assert_true((status == WG_OK) == is_good);
    for (size_t n = 0; n < bytes && bytes <= MAX_FLIPPED; n++) {
        status = read_beginning(d, data, n);
        assert_true(status != WG_OK || !is_good);
    }
    for (size_t i = 0; bytes <= MAX_FLIPPED && i < 8 * bytes; i++) {
        data[i / 8] = (unsigned char)(data[i / 8] ^ 1U << i % 8);
        (void)read_checked(d, data, bytes);
        data[i / 8] = (unsigned char)(data[i / 8] ^ 1U << i % 8);
    }
    free(data);
}

size_t wgt_damage_folder(const char *folder, wgt_damage_read read, size_t times, size_t slack)
{
    damage d = {.read = read, .times = times, .slack = slack};
    wgt_plain_start(&d.plain);
    size_t n = wgt_folder_walk(folder, damage_file, &d);
    wgt_plain_finish(&d.plain);
    return n;
}
