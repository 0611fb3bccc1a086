/* Elements as files store them.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: bytes are put together one by one, so that neither the machine's byte order nor the
 * alignment of the data matters; floating values travel as bits, so that NaNs keep theirs. */
#include "io/element.h"

#include <string.h>

#include "core/dtype.h"

/* Elements converted at a time. */
#define CHUNK ((size_t)256)

static const wgi_stored_info infos[WGI_N_STORED] = {
    [WGI_STORED_BOOL] = {"BOOL", 1, WG_BOOL, 0}, [WGI_STORED_U8] = {"U8", 1, WG_U8, 8},
    [WGI_STORED_I8] = {"I8", 1, WG_I64, 7},      [WGI_STORED_I16] = {"I16", 2, WG_I64, 15},
    [WGI_STORED_U16] = {"U16", 2, WG_I64, 16},   [WGI_STORED_F16] = {"F16", 2, WG_F32, 0},
    [WGI_STORED_BF16] = {"BF16", 2, WG_F32, 0},  [WGI_STORED_I32] = {"I32", 4, WG_I64, 31},
    [WGI_STORED_U32] = {"U32", 4, WG_I64, 32},   [WGI_STORED_F32] = {"F32", 4, WG_F32, 0},
    [WGI_STORED_F64] = {"F64", 8, WG_F64, 0},    [WGI_STORED_I64] = {"I64", 8, WG_I64, 63},
    [WGI_STORED_U64] = {"U64", 8, WG_I64, 64},
};

const wgi_stored_info *wgi_stored_about(wgi_stored stored)
{
    return &infos[stored];
}

wgi_stored wgi_stored_of(wg_dtype dtype)
{
    static const wgi_stored by_dtype[] = {
        [WG_F32] = WGI_STORED_F32,   [WG_F64] = WGI_STORED_F64, [WG_I64] = WGI_STORED_I64,
        [WG_BOOL] = WGI_STORED_BOOL, [WG_U8] = WGI_STORED_U8,
    };
    return by_dtype[dtype];
}

static uint16_t load_16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t load_32(const unsigned char *p)
{
    return load_16(p) | (uint32_t)load_16(p + 2) << 16;
}

static uint64_t load_64(const unsigned char *p)
{
    return load_32(p) | (uint64_t)load_32(p + 4) << 32;
}

/* An unsigned number of 2, 4 or 8 bytes as the signed one of the same bits. */
static int64_t as_signed(uint64_t bits, size_t bytes)
{
    uint64_t sign = (uint64_t)1 << (8 * bytes - 1);
    /* Below the sign the value is positive; at or above it, 2^(8 bytes) too large. */
    return (bits & sign) == 0 ? (int64_t)bits : (int64_t)(bits - sign) - (int64_t)(sign - 1) - 1;
}

/* binary16 to the bits of binary32, exactly; the payload of a NaN is kept. */
static uint32_t widen_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000U) << 16;
    uint32_t exponent = half >> 10 & 0x1FU;
    uint32_t fraction = half & 0x3FFU;
    if (exponent == 0x1F) {
        return sign | 0x7F800000U | fraction << 13;
    }
    if (exponent == 0 && fraction == 0) {
        return sign;
    }
    if (exponent == 0) {
        /* Subnormal: shifted until its leading one is where a normal number hides it. */
        exponent = 1;
        for (; (fraction & 0x400U) == 0; fraction <<= 1) {
            exponent--;
        }
        fraction &= 0x3FFU;
    }
    return sign | (exponent + (127 - 15)) << 23 | fraction << 13;
}

/* One element of an integer dtype. */
static int64_t load_integer(wgi_stored stored, const unsigned char *p)
{
    switch (stored) {
    case WGI_STORED_I8:
        return as_signed(p[0], 1);
    case WGI_STORED_I16:
        return as_signed(load_16(p), 2);
    case WGI_STORED_U16:
        return load_16(p);
    case WGI_STORED_I32:
        return as_signed(load_32(p), 4);
    case WGI_STORED_U32:
        return load_32(p);
    default:
        return as_signed(load_64(p), 8);
    }
}

/* The bits of one element of F16, BF16 or F32 as f32. */
static uint32_t load_float(wgi_stored stored, const unsigned char *p)
{
    if (stored == WGI_STORED_F16) {
        return widen_half(load_16(p));
    }
    return stored == WGI_STORED_BF16 ? (uint32_t)load_16(p) << 16 : load_32(p);
}

/* Up to CHUNK elements to their natural dtype. */
static void decode_chunk(wgi_stored stored, const unsigned char *data, size_t n, void *out)
{
    const wgi_stored_info *about = &infos[stored];
    if (about->bytes == 1 && about->natural != WG_I64) {
        memcpy(out, data, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned char *p = data + i * about->bytes;
        if (about->natural == WG_F32) {
            ((uint32_t *)out)[i] = load_float(stored, p);
        } else if (about->natural == WG_F64) {
            ((uint64_t *)out)[i] = load_64(p);
        } else {
            ((int64_t *)out)[i] = load_integer(stored, p);
        }
    }
}

void wgi_stored_decode(wgi_stored stored, const unsigned char *data, size_t n, wg_dtype dtype,
                       void *out)
{
    const wgi_stored_info *about = &infos[stored];
    uint64_t chunk[CHUNK];
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t count = n - at < CHUNK ? n - at : CHUNK;
        decode_chunk(stored, data + at * about->bytes, count, chunk);
        wgi_convert((int)dtype, (char *)out + at * wg_dtype_size(dtype), (int)about->natural, chunk,
                    (int64_t)count);
    }
}

size_t wgi_stored_find_bad(wgi_stored stored, const unsigned char *data, size_t n)
{
    size_t i = 0;
    if (stored == WGI_STORED_BOOL) {
        while (i < n && data[i] <= 1) {
            i++;
        }
        return i;
    }
    if (stored == WGI_STORED_U64) {
        while (i < n && data[8 * i + 7] < 0x80) {
            i++;
        }
        return i;
    }
    return n;
}

bool wgi_stored_fits(wgi_stored stored, wg_dtype dtype)
{
    const wgi_stored_info *about = &infos[stored];
    if (about->natural == WG_BOOL) {
        return false;
    }
    return about->digits <= (dtype == WG_F32 ? 24 : 53);
}

static void store(uint64_t bits, size_t bytes, unsigned char *out)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (unsigned char)(bits >> (8 * i) & 0xFF);
    }
}

void wgi_stored_encode(wg_dtype dtype, const void *data, size_t n, unsigned char *out)
{
    size_t bytes = wg_dtype_size(dtype);
    const unsigned char *from = data;
    if (bytes == 1) {
        memcpy(out, from, n);
        return;
    }
    for (size_t i = 0; i < n; i++, from += bytes, out += bytes) {
        uint32_t bits_32;
        uint64_t bits_64;
        if (bytes == 4) {
            memcpy(&bits_32, from, 4);
            store(bits_32, 4, out);
        } else {
            memcpy(&bits_64, from, 8);
            store(bits_64, 8, out);
        }
    }
}
