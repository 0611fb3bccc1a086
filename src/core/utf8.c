/* UTF-8.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: no byte past n is looked at. */
#include "core/utf8.h"

/* A row of table 3-7: the range of the first byte, the range of the second, the length. All further
 * bytes are in 80..BF. */
typedef struct form {
    unsigned char first_low;
    unsigned char first_high;
    unsigned char second_low;
    unsigned char second_high;
    unsigned char length;
} form;

static const form forms[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static const form *find_form(unsigned char first)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (first >= forms[i].first_low && first <= forms[i].first_high) {
            return &forms[i];
        }
    }
    return NULL;
}

/* The length of the sequence of several bytes at data; 0 where it is none. */
static size_t sequence_length(const unsigned char *data, size_t n)
{
    const form *f = find_form(data[0]);
    if (f == NULL || n < f->length || data[1] < f->second_low || data[1] > f->second_high) {
        return 0;
    }
    for (size_t i = 2; i < f->length; i++) {
        if (data[i] < 0x80 || data[i] > 0xBF) {
            return 0;
        }
    }
    return f->length;
}

size_t wgi_utf8_valid(const void *data, size_t n)
{
    const unsigned char *bytes = data;
    size_t at = 0;
    while (at < n) {
        size_t length = bytes[at] < 0x80 ? 1 : sequence_length(bytes + at, n - at);
        if (length == 0) {
            break;
        }
        at += length;
    }
    return at;
}

size_t wgi_utf8_encode(uint32_t code, char out[4])
{
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(unsigned char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(unsigned char)(leads[n] | code);
    return n;
}
