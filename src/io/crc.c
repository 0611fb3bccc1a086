/* CRC-32.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: four bytes at a time and one at a time give the same remainder. Kounavis, Berry: A
 * systematic approach to building high performance software-based CRC generators (ISCC 2005). */
#include "io/crc.h"

/* The polynomial, its bits reversed. */
#define POLYNOMIAL UINT32_C(0xEDB88320)

void wgi_crc_start(wgi_crc *crc)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t r = b;
        for (int i = 0; i < 8; i++) {
            r = r >> 1 ^ ((r & 1) != 0 ? POLYNOMIAL : 0);
        }
        crc->steps[0][b] = r;
    }
    for (uint32_t b = 0; b < 256; b++) {
        for (int k = 1; k < 4; k++) {
            uint32_t before = crc->steps[k - 1][b];
            crc->steps[k][b] = before >> 8 ^ crc->steps[0][before & 0xFF];
        }
    }
    crc->remainder = UINT32_MAX;
}

void wgi_crc_add(wgi_crc *crc, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint32_t r = crc->remainder;
    for (; bytes >= 4; bytes -= 4, p += 4) {
        r ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        r = crc->steps[3][r & 0xFF] ^ crc->steps[2][r >> 8 & 0xFF] ^ crc->steps[1][r >> 16 & 0xFF] ^
            crc->steps[0][r >> 24];
    }
    for (; bytes > 0; bytes--, p++) {
        r = r >> 8 ^ crc->steps[0][(r ^ *p) & 0xFF];
    }
    crc->remainder = r;
}

uint32_t wgi_crc_value(const wgi_crc *crc)
{
    return crc->remainder ^ UINT32_MAX;
}
