/* Axes with round ticks: multiples of 1, 2 or 5 times a power of ten, or, where logarithmic, those
 * numbers themselves.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: a tick is the double nearest to its round value, never a running sum of steps. */
#include "inspect/scale.h"

#include "core/text.h"

#include <math.h>

#define LARGEST 1e300
#define SMALLEST 1e-300

/* Below this part of the magnitude, doubles have too few digits for ticks. */
#define FINEST_SPAN 1e-9

/* Slack where a quotient should be whole. */
#define SLACK 1e-9

bool wgi_scale_accepts(bool is_log, double value)
{
    if (!isfinite(value) || fabs(value) > LARGEST) {
        return false;
    }
    return !is_log || value >= SMALLEST;
}

double wgi_scale_place(const wgi_scale *scale, double value)
{
    double at = scale->is_log ? log10(value) : value;
    return (at - scale->low) / (scale->high - scale->low);
}

static void add_tick(wgi_scale *scale, double tick)
{
    if (scale->n_ticks < WGI_MAX_TICKS) {
        scale->ticks[scale->n_ticks] = tick;
        scale->n_ticks++;
    }
}

/* mantissa * 10^exponent, correctly rounded where powers of ten are exact. */
static double decimal(double mantissa, int exponent)
{
    double value = exponent >= 0 ? mantissa * pow(10, exponent) : mantissa / pow(10, -exponent);
    return value + 0.0; /* never -0 */
}

/* ---- linear ------------------------------------------------------------------------------- */

typedef struct round_step {
    int mantissa; /* 1, 2 or 5 */
    int exponent;
} round_step;

/* The smallest round step of at least `raw`. */
static round_step step_above(double raw)
{
    int exponent = (int)floor(log10(raw));
    double quotient = raw / decimal(1, exponent);
    if (quotient <= 1 + SLACK) {
        return (round_step){1, exponent};
    }
    if (quotient <= 2 + SLACK) {
        return (round_step){2, exponent};
    }
    if (quotient <= 5 + SLACK) {
        return (round_step){5, exponent};
    }
    return (round_step){1, exponent + 1};
}

/* Digits of the labels: as many decimals as the step has, or significant digits (negative) where
 * these are few and plain notation is long. */
static int label_digits(double largest, int exponent)
{
    int decimals = exponent < 0 ? -exponent : 0;
    if (largest < 1e6 && decimals <= 6) {
        return decimals;
    }
    int digits = 1 + (int)floor(log10(largest)) - exponent;
    if (digits > 6 && largest < 1e15 && decimals <= 12) {
        return decimals;
    }
    return -(digits < 1 ? 1 : (digits > 15 ? 15 : digits));
}

/* Widens a span of next to nothing by a twentieth of the value, or to [-1, 1] around 0. */
static wgi_span widened(const wgi_span *span)
{
    wgi_span out = *span;
    double magnitude = fmax(fabs(span->min), fabs(span->max));
    if (magnitude < 1e-290) {
        out.min = -1;
        out.max = 1;
    } else if (span->max - span->min <= FINEST_SPAN * magnitude) {
        out.min = span->min - magnitude / 20;
        out.max = span->max + magnitude / 20;
    }
    return out;
}

static void make_linear(const wgi_span *asked, int n_wanted, wgi_scale *out)
{
    wgi_span span = widened(asked);
    round_step step = step_above((span.max - span.min) / n_wanted);
    double size = decimal(step.mantissa, step.exponent);
    double first = ceil(span.min / size - SLACK);
    double last = floor(span.max / size + SLACK);
    out->low = span.min;
    out->high = span.max;
    if (span.is_rounded) {
        first = floor(span.min / size + SLACK);
        last = ceil(span.max / size - SLACK);
        out->low = decimal(first * step.mantissa, step.exponent);
        out->high = decimal(last * step.mantissa, step.exponent);
    }
    for (int i = 0; first + i <= last && i < WGI_MAX_TICKS; i++) {
        add_tick(out, decimal((first + i) * step.mantissa, step.exponent));
    }
    out->decimals = label_digits(fmax(fabs(out->low), fabs(out->high)), step.exponent);
}

/* ---- logarithmic -------------------------------------------------------------------------- */

/* The numbers 1, 2, 5 times powers of ten in one row: 0 is 1, 1 is 2, 2 is 5, 3 is 10. */
static double round_number(int index)
{
    static const int mantissas[3] = {1, 2, 5};
    int exponent = index >= 0 ? index / 3 : -((2 - index) / 3);
    return decimal(mantissas[index - 3 * exponent], exponent);
}

static int index_below(double value)
{
    int index = 3 * (int)floor(log10(value)) - 1;
    while (round_number(index + 1) <= value * (1 + SLACK)) {
        index++;
    }
    return index;
}

static int index_above(double value)
{
    int index = index_below(value);
    return round_number(index) >= value * (1 - SLACK) ? index : index + 1;
}

static void add_decades(int first, int last, int n_wanted, wgi_scale *out)
{
    int stride = (last - first) / (3 * n_wanted) + 1;
    for (int index = first; index <= last; index++) {
        if (index % (3 * stride) == 0) {
            add_tick(out, round_number(index));
        }
    }
}

static void make_log(const wgi_span *span, int n_wanted, wgi_scale *out)
{
    int first = index_below(span->min);
    int last = index_above(span->max);
    if (first == last) {
        first--;
        last++;
    }
    out->low = log10(round_number(first));
    out->high = log10(round_number(last));
    if (last - first > n_wanted + 1) {
        add_decades(first, last, n_wanted, out);
        return;
    }
    for (int index = first; index <= last; index++) {
        add_tick(out, round_number(index));
    }
}

void wgi_scale_make(const wgi_span *span, int n_wanted, wgi_scale *out)
{
    *out = (wgi_scale){.is_log = span->is_log};
    if (span->is_log) {
        make_log(span, n_wanted, out);
    } else {
        make_linear(span, n_wanted, out);
    }
}

char *wgi_scale_label(const wgi_scale *scale, double tick, char *buffer)
{
    wgi_text text = wgi_text_make(buffer, WGI_TICK_BYTES);
    int exponent = scale->is_log ? (int)floor(log10(tick) + SLACK) : 0;
    if (scale->is_log && exponent >= -4 && exponent < 6) {
        wgi_text_add_fixed(&text, tick, exponent < 0 ? -exponent : 0);
    } else if (scale->is_log) {
        wgi_text_add_number(&text, tick, 1);
    } else if (scale->decimals >= 0) {
        wgi_text_add_fixed(&text, tick, scale->decimals);
    } else {
        wgi_text_add_number(&text, tick, -scale->decimals);
    }
    return buffer;
}
