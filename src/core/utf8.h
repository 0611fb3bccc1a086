/* UTF-8.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_CORE_UTF8_H
#define WG_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the longest beginning that is UTF-8: shortest forms, no surrogates, at most U+10FFFF
 * (Unicode 15, table 3-7). It is n where all of it is. */
size_t wgi_utf8_valid(const void *data, size_t n);

/* Writes a code point that is no surrogate and at most 0x10FFFF; returns its 1 to 4 bytes. */
size_t wgi_utf8_encode(uint32_t code, char out[4]);

#endif
