/* Decimal text to numbers.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: results are correctly rounded. Where digits and power of ten are both exact in f32,
 * one operation rounds once (Clinger 1990); everything else goes through whole numbers, with no
 * bit lost but those that the one rounding at the end accounts for. */
#include "data/decimal.h"

#include <math.h>
#include <string.h>

/* The parts of a number: digits * 10^exponent. */
typedef struct parts {
    unsigned char digits[WGI_DECIMAL_BYTES];
    int n_digits; /* without leading zeros */
    int exponent;
    bool is_negative;
} parts;

/* A whole number in limbs of 32 bits, least first: 255 digits and 10^39 need 31, and 45 more stand
 * below the point. */
#define MAX_LIMBS 80
typedef struct whole {
    uint32_t limb[MAX_LIMBS];
    int n; /* without leading zero limbs */
} whole;

typedef struct cursor {
    const char *at;
    const char *end;
} cursor;

static bool is_digit(const cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static bool take(cursor *c, char lower, char upper)
{
    if (c->at < c->end && (*c->at == lower || *c->at == upper)) {
        c->at++;
        return true;
    }
    return false;
}

static bool take_sign(cursor *c)
{
    if (take(c, '-', '-')) {
        return true;
    }
    (void)take(c, '+', '+');
    return false;
}

/* Takes a run of digits, each scaled by 10^step of the exponent; returns how many. */
static int take_digits(cursor *c, parts *p, int step)
{
    int n = 0;
    for (; is_digit(c); c->at++, n++) {
        p->exponent += step;
        if (p->n_digits > 0 || *c->at != '0') {
            p->digits[p->n_digits++] = (unsigned char)(*c->at - '0');
        }
    }
    return n;
}

/* Takes "e[+-]digits" where it is there; false where it is broken. */
static bool take_exponent(cursor *c, parts *p)
{
    if (!take(c, 'e', 'E')) {
        return true;
    }
    bool is_negative = take_sign(c);
    if (!is_digit(c)) {
        return false;
    }
    int value = 0;
    for (; is_digit(c); c->at++) {
        value = value < 100000 ? 10 * value + (*c->at - '0') : value;
    }
    p->exponent += is_negative ? -value : value;
    return true;
}

static bool split(const char *text, size_t n, parts *p)
{
    *p = (parts){0};
    if (text == NULL || n > WGI_DECIMAL_BYTES) {
        return false;
    }
    cursor c = {.at = text, .end = text + n};
    p->is_negative = take_sign(&c);
    int n_digits = take_digits(&c, p, 0);
    if (take(&c, '.', '.')) {
        n_digits += take_digits(&c, p, -1);
    }
    return n_digits > 0 && take_exponent(&c, p) && c.at == c.end;
}

/* ---- whole numbers ------------------------------------------------------------------------ */

/* w = w * factor + term. */
static void multiply_add(whole *w, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;
    for (int i = 0; i < w->n; i++) {
        carry += (uint64_t)w->limb[i] * factor;
        w->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0) {
        w->limb[w->n++] = (uint32_t)carry;
    }
}

/* w = floor(w / divisor); returns the remainder. */
static uint32_t divide(whole *w, uint32_t divisor)
{
    uint64_t rest = 0;
    for (int i = w->n - 1; i >= 0; i--) {
        rest = rest << 32 | w->limb[i];
        w->limb[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    while (w->n > 0 && w->limb[w->n - 1] == 0) {
        w->n--;
    }
    return (uint32_t)rest;
}

static void shift_limbs(whole *w, int n)
{
    memmove(w->limb + n, w->limb, (size_t)w->n * sizeof *w->limb);
    memset(w->limb, 0, (size_t)n * sizeof *w->limb);
    w->n += n;
}

static int bit_length(const whole *w)
{
    int bits = 32 * w->n;
    for (uint32_t top = w->limb[w->n - 1]; (top & 0x80000000U) == 0; top <<= 1) {
        bits--;
    }
    return bits;
}

static uint32_t bit(const whole *w, int i)
{
    return i < 0 ? 0 : w->limb[i / 32] >> (i % 32) & 1U;
}

static bool has_bits_below(const whole *w, int i)
{
    for (int k = 0; k < i; k++) {
        if (bit(w, k) != 0) {
            return true;
        }
    }
    return false;
}

/* The f32 nearest to w * 2^-scale (plus something below one unit of w where is_more). */
static float round_whole(const whole *w, int scale, bool is_more)
{
    int length = bit_length(w);
    int exponent = length - 1 - scale;
    int precision = exponent >= -126 ? 24 : 24 - (-126 - exponent);
    if (precision < 0) {
        return 0.0F;
    }
    uint32_t mantissa = 0;
    for (int i = 0; i < precision; i++) {
        mantissa = mantissa << 1 | bit(w, length - 1 - i);
    }
    int below = length - precision - 1; /* the first bit that does not fit */
    bool is_half = bit(w, below) != 0;
    if (is_half && (is_more || has_bits_below(w, below) || (mantissa & 1U) != 0)) {
        mantissa++;
    }
    return ldexpf((float)mantissa, exponent - precision + 1);
}

/* ---- the two ways ------------------------------------------------------------------------- */

static const float powers_of_ten[] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F,
                                      1e6F, 1e7F, 1e8F, 1e9F, 1e10F};

/* One rounding of two exact numbers; false where they are not exact. */
static bool convert_short(const parts *p, float *out)
{
    if (p->n_digits > 7 || p->exponent < -10 || p->exponent > 10) {
        return false;
    }
    uint32_t value = 0;
    for (int i = 0; i < p->n_digits; i++) {
        value = 10 * value + p->digits[i];
    }
    float x = (float)value; /* below 10^7 < 2^24 */
    *out = p->exponent < 0 ? x / powers_of_ten[-p->exponent] : x * powers_of_ten[p->exponent];
    return true;
}

static float convert_long(const parts *p)
{
    whole w = {.n = 0};
    bool is_more = false;
    int scale = 0;
    for (int i = 0; i < p->n_digits; i++) {
        multiply_add(&w, 10, p->digits[i]);
    }
    for (int i = 0; i < p->exponent; i++) {
        multiply_add(&w, 10, 0);
    }
    if (p->exponent < 0) {
        /* 10^k < 2^(32 (k/9 + 1)): two limbs more leave 32 bits of the quotient and then some. */
        int limbs = -p->exponent / 9 + 3;
        shift_limbs(&w, limbs);
        scale = 32 * limbs;
    }
    for (int i = p->exponent; i < 0; i++) {
        is_more = divide(&w, 10) != 0 || is_more;
    }
    return round_whole(&w, scale, is_more);
}

wgi_decimal wgi_decimal_f32(const char *text, size_t n, float *out)
{
    parts p;
    *out = 0.0F;
    if (!split(text, n, &p)) {
        return WGI_DECIMAL_NOT;
    }
    int magnitude = p.n_digits + p.exponent; /* the value is in [10^(magnitude-1), 10^magnitude) */
    float x = 0.0F;
    if (p.n_digits > 0 && magnitude > 39) {
        return WGI_DECIMAL_OUT_OF_RANGE;
    }
    if (p.n_digits > 0 && magnitude > -46 && !convert_short(&p, &x)) {
        x = convert_long(&p);
    }
    if (isinf(x)) {
        return WGI_DECIMAL_OUT_OF_RANGE;
    }
    *out = p.is_negative ? -x : x;
    return WGI_DECIMAL_OK;
}

wgi_decimal wgi_decimal_i64(const char *text, size_t n, int64_t *out)
{
    *out = 0;
    if (text == NULL || n > WGI_DECIMAL_BYTES) {
        return WGI_DECIMAL_NOT;
    }
    cursor c = {.at = text, .end = text + n};
    bool is_negative = take_sign(&c);
    if (!is_digit(&c)) {
        return WGI_DECIMAL_NOT;
    }
    uint64_t limit = is_negative ? (uint64_t)1 << 63 : INT64_MAX;
    uint64_t value = 0;
    bool is_out = false;
    for (; is_digit(&c); c.at++) {
        uint64_t digit = (uint64_t)(*c.at - '0');
        is_out = is_out || value > (limit - digit) / 10;
        value = is_out ? 0 : 10 * value + digit;
    }
    if (c.at != c.end) {
        return WGI_DECIMAL_NOT;
    }
    if (is_out) {
        return WGI_DECIMAL_OUT_OF_RANGE;
    }
    *out = is_negative && value > 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return WGI_DECIMAL_OK;
}
