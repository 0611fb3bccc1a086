/* Decimal text to numbers, the same in every locale.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WG_DATA_DECIMAL_H
#define WG_DATA_DECIMAL_H

#include <wengert/base.h>

/* The longest text that is read; longer is no number. */
#define WGI_DECIMAL_BYTES 255

typedef enum wgi_decimal {
    WGI_DECIMAL_OK = 0,
    WGI_DECIMAL_NOT = 1,         /* not of the form */
    WGI_DECIMAL_OUT_OF_RANGE = 2 /* of the form, but the type has no such number */
} wgi_decimal;

/* [+-] digits [. digits] [e [+-] digits], with a digit on one side of the point at least, to the
 * nearest f32, ties to even. What is nearer to 0 than to the smallest f32 is 0; what rounds above
 * the largest is out of range. *out is 0 unless OK. */
wgi_decimal wgi_decimal_f32(const char *text, size_t n, float *out);

/* [+-] digits. *out is 0 unless OK. */
wgi_decimal wgi_decimal_i64(const char *text, size_t n, int64_t *out);

#endif
