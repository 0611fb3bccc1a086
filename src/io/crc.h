/* CRC-32 of ISO 3309, which ZIP holds its members against.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_IO_CRC_H
#define WG_IO_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Invariant: steps[k][b] is what byte b changes in the remainder k bytes after it. */
typedef struct wgi_crc {
    uint32_t steps[4][256];
    uint32_t remainder;
} wgi_crc;

void wgi_crc_start(wgi_crc *crc);
void wgi_crc_add(wgi_crc *crc, const void *data, size_t bytes);

/* Of all bytes added since the start. */
uint32_t wgi_crc_value(const wgi_crc *crc);

#endif
