/* Dtypes: names, sizes and the conversion of elements.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: the conversions are those of wg_cast. To integers a floating value is truncated,
 * saturated at the ends, and 0 where it is NaN; to bool it is x != 0; a stored bool counts as
 * x != 0 too, so that what is read from a caller's bytes is 0 or 1. */
#include "core/dtype.h"

#include <math.h>
#include <string.h>

#define TWO_TO_63 0x1p63

const char *wg_dtype_name(wg_dtype dtype)
{
    switch ((int)dtype) {
    case WG_F32:
        return "f32";
    case WG_F64:
        return "f64";
    case WG_I64:
        return "i64";
    case WG_BOOL:
        return "bool";
    case WG_U8:
        return "u8";
#if defined(WGI_WIDE)
    case WGI_DTYPE_WIDE:
        return "wide";
#endif
    default:
        return "?";
    }
}

size_t wg_dtype_size(wg_dtype dtype)
{
    switch ((int)dtype) {
    case WG_F32:
        return sizeof(float);
    case WG_F64:
        return sizeof(double);
    case WG_I64:
        return sizeof(int64_t);
    case WG_BOOL:
    case WG_U8:
        return sizeof(uint8_t);
#if defined(WGI_WIDE)
    case WGI_DTYPE_WIDE:
        return sizeof(wgi_wide);
#endif
    default:
        return 0;
    }
}

bool wgi_dtype_is_valid(int dtype)
{
    return wg_dtype_size((wg_dtype)dtype) != 0;
}

static int64_t i64_of_f64(double x)
{
    if (isnan(x)) {
        return 0;
    }
    if (x >= TWO_TO_63) {
        return INT64_MAX;
    }
    return x <= -TWO_TO_63 ? INT64_MIN : (int64_t)x;
}

static uint8_t u8_of_f64(double x)
{
    if (isnan(x) || x <= 0) {
        return 0;
    }
    return x >= UINT8_MAX ? UINT8_MAX : (uint8_t)x;
}

static uint8_t u8_of_i64(int64_t x)
{
    if (x <= 0) {
        return 0;
    }
    return x >= UINT8_MAX ? UINT8_MAX : (uint8_t)x;
}

typedef void (*converter)(void *dst, const void *src, int64_t n);

/* A loop that sets each element of dst to an expression in x, the element of src. */
#define CONVERTER(name, dst_type, src_type, expression)                                            \
    static void name(void *dst, const void *src, int64_t n)                                        \
    {                                                                                              \
        dst_type *to = dst;                                                                        \
        const src_type *from = src;                                                                \
        for (int64_t i = 0; i < n; i++) {                                                          \
            src_type x = from[i];                                                                  \
            to[i] = (expression);                                                                  \
        }                                                                                          \
    }

CONVERTER(f32_from_f64, float, double, (float)x)
CONVERTER(f32_from_i64, float, int64_t, (float)x)
CONVERTER(f32_from_u8, float, uint8_t, (float)x)
CONVERTER(f32_from_bool, float, uint8_t, x != 0 ? 1.0F : 0.0F)
CONVERTER(f64_from_f32, double, float, (double)x)
CONVERTER(f64_from_i64, double, int64_t, (double)x)
CONVERTER(f64_from_u8, double, uint8_t, (double)x)
CONVERTER(f64_from_bool, double, uint8_t, x != 0 ? 1.0 : 0.0)
CONVERTER(i64_from_f32, int64_t, float, i64_of_f64((double)x))
CONVERTER(i64_from_f64, int64_t, double, i64_of_f64(x))
CONVERTER(i64_from_u8, int64_t, uint8_t, x)
CONVERTER(i64_from_bool, int64_t, uint8_t, x != 0)
CONVERTER(u8_from_f32, uint8_t, float, u8_of_f64((double)x))
CONVERTER(u8_from_f64, uint8_t, double, u8_of_f64(x))
CONVERTER(u8_from_i64, uint8_t, int64_t, u8_of_i64(x))
CONVERTER(bool_from_f32, uint8_t, float, x != 0)
CONVERTER(bool_from_f64, uint8_t, double, x != 0)
CONVERTER(bool_from_i64, uint8_t, int64_t, x != 0)
/* From u8 and from bool alike; also what makes a u8 of a bool. */
CONVERTER(bool_from_u8, uint8_t, uint8_t, x != 0)

static void copy_4(void *dst, const void *src, int64_t n)
{
    memmove(dst, src, (size_t)n * 4);
}

static void copy_8(void *dst, const void *src, int64_t n)
{
    memmove(dst, src, (size_t)n * 8);
}

static void copy_1(void *dst, const void *src, int64_t n)
{
    memmove(dst, src, (size_t)n);
}

#if defined(WGI_WIDE)
static int64_t i64_of_wide(wgi_wide x)
{
    if (x >= (wgi_wide)TWO_TO_63) {
        return INT64_MAX;
    }
    if (x <= -(wgi_wide)TWO_TO_63) {
        return INT64_MIN;
    }
    return x == x ? (int64_t)x : 0;
}

CONVERTER(wide_from_f32, wgi_wide, float, (wgi_wide)x)
CONVERTER(wide_from_f64, wgi_wide, double, (wgi_wide)x)
CONVERTER(wide_from_i64, wgi_wide, int64_t, (wgi_wide)x)
CONVERTER(wide_from_u8, wgi_wide, uint8_t, (wgi_wide)x)
CONVERTER(wide_from_bool, wgi_wide, uint8_t, (wgi_wide)(x != 0))
CONVERTER(wide_from_wide, wgi_wide, wgi_wide, x)
CONVERTER(f32_from_wide, float, wgi_wide, (float)x)
CONVERTER(f64_from_wide, double, wgi_wide, (double)x)
CONVERTER(i64_from_wide, int64_t, wgi_wide, i64_of_wide(x))
CONVERTER(u8_from_wide, uint8_t, wgi_wide, u8_of_i64(i64_of_wide(x)))
CONVERTER(bool_from_wide, uint8_t, wgi_wide, x != 0)
#define WIDE_SOURCE(name) [WGI_DTYPE_WIDE] = (name)
#else
#define WIDE_SOURCE(name) [WGI_DTYPE_WIDE] = NULL
#endif

/* converters[dst][src]; NULL where one of the two is no dtype of this build. */
static const converter converters[WGI_N_DTYPES][WGI_N_DTYPES] = {
    [WG_F32] = {[WG_F32] = copy_4,
                [WG_F64] = f32_from_f64,
                [WG_I64] = f32_from_i64,
                [WG_BOOL] = f32_from_bool,
                [WG_U8] = f32_from_u8,
                WIDE_SOURCE(f32_from_wide)},
    [WG_F64] = {[WG_F32] = f64_from_f32,
                [WG_F64] = copy_8,
                [WG_I64] = f64_from_i64,
                [WG_BOOL] = f64_from_bool,
                [WG_U8] = f64_from_u8,
                WIDE_SOURCE(f64_from_wide)},
    [WG_I64] = {[WG_F32] = i64_from_f32,
                [WG_F64] = i64_from_f64,
                [WG_I64] = copy_8,
                [WG_BOOL] = i64_from_bool,
                [WG_U8] = i64_from_u8,
                WIDE_SOURCE(i64_from_wide)},
    [WG_BOOL] = {[WG_F32] = bool_from_f32,
                 [WG_F64] = bool_from_f64,
                 [WG_I64] = bool_from_i64,
                 [WG_BOOL] = bool_from_u8,
                 [WG_U8] = bool_from_u8,
                 WIDE_SOURCE(bool_from_wide)},
    [WG_U8] = {[WG_F32] = u8_from_f32,
               [WG_F64] = u8_from_f64,
               [WG_I64] = u8_from_i64,
               [WG_BOOL] = bool_from_u8,
               [WG_U8] = copy_1,
               WIDE_SOURCE(u8_from_wide)},
#if defined(WGI_WIDE)
    [WGI_DTYPE_WIDE] = {[WG_F32] = wide_from_f32,
                        [WG_F64] = wide_from_f64,
                        [WG_I64] = wide_from_i64,
                        [WG_BOOL] = wide_from_bool,
                        [WG_U8] = wide_from_u8,
                        WIDE_SOURCE(wide_from_wide)},
#endif
};

void wgi_convert(int dst_dtype, void *dst, int src_dtype, const void *src, int64_t n)
{
    if (n <= 0 || !wgi_dtype_is_valid(dst_dtype) || !wgi_dtype_is_valid(src_dtype)) {
        return;
    }
    converters[dst_dtype][src_dtype](dst, src, n);
}

double wgi_load_double(int dtype, const void *data, int64_t i)
{
    double x = (double)NAN;
    size_t offset = (size_t)i * wg_dtype_size((wg_dtype)dtype);
    wgi_convert(WG_F64, &x, dtype, (const char *)data + offset, 1);
    return x;
}

void wgi_store_double(int dtype, void *data, int64_t i, double value)
{
    size_t offset = (size_t)i * wg_dtype_size((wg_dtype)dtype);
    wgi_convert(dtype, (char *)data + offset, WG_F64, &value, 1);
}
