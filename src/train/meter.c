/* Weighted means.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: sum + rest is the sum of weight * value with an error that does not grow with the
 * number of terms. */
#include <wengert/metrics.h>

#include <math.h>

wg_status wg_meter_add(wg_meter *m, double value, double weight)
{
    if (m == NULL || !isfinite(weight) || weight < 0) {
        return WG_ERR_ARGUMENT;
    }
    const double term = weight * value;
    const double sum = m->sum + term;
    /* Of an infinite sum nothing is left out, and inf - inf would make it NaN. */
    if (isfinite(sum)) {
        m->rest += fabs(m->sum) >= fabs(term) ? (m->sum - sum) + term : (term - sum) + m->sum;
    }
    m->sum = sum;
    m->weight += weight;
    return WG_OK;
}

double wg_meter_mean(const wg_meter *m)
{
    return m == NULL || !(m->weight > 0) ? (double)NAN : (m->sum + m->rest) / m->weight;
}

double wg_meter_perplexity(const wg_meter *m)
{
    return exp(wg_meter_mean(m));
}
