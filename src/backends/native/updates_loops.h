/* The update loops over `real`; updates.c includes them once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, R(f) (f of <math.h> for real) and K(name) (this pass's name) are the caller's.
 * The arrays do not overlap. What does not change along the arrays is decided by conditions that
 * the compiler moves out of the loops. */

static inline real K(decayed)(real gradient, real value, bool has_decay, real decay)
{
    return has_decay ? gradient + decay * value : gradient;
}

static void K(sgd_plain)(const wgi_sgd_update *u)
{
    real *restrict value = u->value;
    const real *restrict gradient = u->gradient;
    const int64_t n = u->n;
    const bool has_decay = u->weight_decay != 0.0;
    const real decay = (real)u->weight_decay;
    const real rate = (real)u->rate;
    for (int64_t i = 0; i < n; i++) {
        value[i] = value[i] - rate * K(decayed)(gradient[i], value[i], has_decay, decay);
    }
}

static void K(sgd_momentum)(const wgi_sgd_update *u)
{
    real *restrict value = u->value;
    real *restrict velocity = u->velocity;
    const real *restrict gradient = u->gradient;
    const int64_t n = u->n;
    const bool has_decay = u->weight_decay != 0.0;
    const real decay = (real)u->weight_decay;
    const real rate = (real)u->rate;
    const real momentum = (real)u->momentum;
    const bool is_first = u->is_first;
    const bool is_nesterov = u->is_nesterov;
    for (int64_t i = 0; i < n; i++) {
        const real g = K(decayed)(gradient[i], value[i], has_decay, decay);
        const real v = is_first ? g : momentum * velocity[i] + g;
        velocity[i] = v;
        value[i] = value[i] - rate * (is_nesterov ? g + momentum * v : v);
    }
}

static void K(sgd)(const wgi_sgd_update *u)
{
    if (u->velocity == NULL) {
        K(sgd_plain)(u);
    } else {
        K(sgd_momentum)(u);
    }
}

static void K(adam)(const wgi_adam_update *u)
{
    real *restrict value = u->value;
    real *restrict mean = u->mean;
    real *restrict variance = u->variance;
    const real *restrict gradient = u->gradient;
    const int64_t n = u->n;
    const real decay = (real)u->weight_decay;
    const bool has_decay = u->weight_decay != 0.0;
    const real beta1 = (real)u->beta1;
    const real beta2 = (real)u->beta2;
    const real rest1 = (real)(1.0 - u->beta1);
    const real rest2 = (real)(1.0 - u->beta2);
    const real epsilon = (real)u->epsilon;
    const real r = (real)(u->rate / (1.0 - pow(u->beta1, (double)u->step)));
    const real c = (real)sqrt(1.0 - pow(u->beta2, (double)u->step));
    for (int64_t i = 0; i < n; i++) {
        const real g = K(decayed)(gradient[i], value[i], has_decay, decay);
        const real m = beta1 * mean[i] + rest1 * g;
        const real v = beta2 * variance[i] + (rest2 * g) * g;
        mean[i] = m;
        variance[i] = v;
        value[i] = value[i] - (r * m) / (R(sqrt)(v) / c + epsilon);
    }
}
