/* The update loops over `real`; updates_hot.c includes them once for each type.
 * SPDX-License-Identifier: Apache-2.0
 *
 * No guard: `real`, R(f) (f of <math.h> for real) and K(name) (this pass's name) are the caller's.
 * The arrays do not overlap. What does not change along the arrays is decided by conditions that
 * the compiler moves out of the loops. */

static inline real K(decayed)(real gradient, real value, bool has_decay, real decay)
{
    return has_decay ? gradient + decay * value : gradient;
}

static void K(sgd_plain)(const wgi_update *u)
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

static void K(sgd_momentum)(const wgi_sgd_rule *rule, const wgi_update *u)
{
    real *restrict value = u->value;
    real *restrict velocity = u->state[0];
    const real *restrict gradient = u->gradient;
    const int64_t n = u->n;
    const bool has_decay = u->weight_decay != 0.0;
    const real decay = (real)u->weight_decay;
    const real rate = (real)u->rate;
    const real momentum = (real)rule->momentum;
    const real rest = (real)(1.0 - rule->dampening);
    const bool is_first = u->step == 1;
    const bool is_nesterov = rule->is_nesterov;
    for (int64_t i = 0; i < n; i++) {
        const real g = K(decayed)(gradient[i], value[i], has_decay, decay);
        const real v = is_first ? g : momentum * velocity[i] + rest * g;
        velocity[i] = v;
        value[i] = value[i] - rate * (is_nesterov ? g + momentum * v : v);
    }
}

static void K(sgd)(const wgi_sgd_rule *rule, const wgi_update *u)
{
    if (u->state[0] == NULL) {
        K(sgd_plain)(u);
    } else {
        K(sgd_momentum)(rule, u);
    }
}

/* Of two kinds, so that the one without `largest` keeps the loop that it has alone. */
WGI_INLINE void K(adam_loop)(const wgi_adam_rule *rule, const wgi_update *u,
                             const adam_scales *scales, bool is_amsgrad)
{
    real *restrict value = u->value;
    real *restrict mean = u->state[0];
    real *restrict variance = u->state[1];
    real *restrict largest = u->state[2];
    const real *restrict gradient = u->gradient;
    const int64_t n = u->n;
    const real decay = (real)u->weight_decay;
    const bool has_decay = u->weight_decay != 0.0 && !rule->is_decoupled;
    const real beta1 = (real)rule->beta1;
    const real beta2 = (real)rule->beta2;
    const real rest1 = (real)(1.0 - rule->beta1);
    const real rest2 = (real)(1.0 - rule->beta2);
    const real epsilon = (real)rule->epsilon;
    const real r = (real)scales->r;
    const real c = (real)scales->c;
    const real k = (real)scales->k;
    for (int64_t i = 0; i < n; i++) {
        const real g = K(decayed)(gradient[i], value[i], has_decay, decay);
        const real m = beta1 * mean[i] + rest1 * g;
        const real v = beta2 * variance[i] + (rest2 * g) * g;
        real t = v;
        mean[i] = m;
        variance[i] = v;
        if (is_amsgrad) {
            t = largest[i] > v ? largest[i] : v;
            largest[i] = t;
        }
        value[i] = k * value[i] - (r * m) / (R(sqrt)(t) / c + epsilon);
    }
}

static void K(adam)(const wgi_adam_rule *rule, const wgi_update *u, const adam_scales *scales)
{
    if (rule->is_amsgrad) {
        K(adam_loop)(rule, u, scales, true);
    } else {
        K(adam_loop)(rule, u, scales, false);
    }
}

static void K(rmsprop)(const wgi_rmsprop_rule *rule, const wgi_update *u)
{
    const bool is_centered = rule->is_centered;
    const bool has_momentum = rule->momentum != 0.0;
    const bool has_decay = u->weight_decay != 0.0;
    real *restrict value = u->value;
    real *restrict squares = u->state[0];
    real *restrict mean = u->state[1];
    real *restrict buffer = u->state[is_centered ? 2 : 1];
    const real *restrict gradient = u->gradient;
    const int64_t n = u->n;
    const real decay = (real)u->weight_decay;
    const real rate = (real)u->rate;
    const real alpha = (real)rule->alpha;
    const real rest = (real)(1.0 - rule->alpha);
    const real epsilon = (real)rule->epsilon;
    const real momentum = (real)rule->momentum;
    for (int64_t i = 0; i < n; i++) {
        const real g = K(decayed)(gradient[i], value[i], has_decay, decay);
        const real q = alpha * squares[i] + (rest * g) * g;
        real t = q;
        squares[i] = q;
        if (is_centered) {
            const real a = alpha * mean[i] + rest * g;
            const real difference = q - a * a;
            mean[i] = a;
            t = difference < 0 ? 0 : difference;
        }
        real s = g / (R(sqrt)(t) + epsilon);
        if (has_momentum) {
            s = momentum * buffer[i] + s;
            buffer[i] = s;
        }
        value[i] = value[i] - rate * s;
    }
}

static void K(adagrad)(const wgi_adagrad_rule *rule, const wgi_update *u)
{
    real *restrict value = u->value;
    real *restrict sum = u->state[0];
    const real *restrict gradient = u->gradient;
    const int64_t n = u->n;
    const bool has_decay = u->weight_decay != 0.0;
    const bool is_first = u->step == 1;
    const real decay = (real)u->weight_decay;
    const real initial = (real)rule->initial;
    const real epsilon = (real)rule->epsilon;
    const real r = (real)(u->rate / (1.0 + (double)(u->step - 1) * rule->rate_decay));
    for (int64_t i = 0; i < n; i++) {
        const real g = K(decayed)(gradient[i], value[i], has_decay, decay);
        const real h = (is_first ? initial : sum[i]) + g * g;
        sum[i] = h;
        value[i] = value[i] - (r * g) / (R(sqrt)(h) + epsilon);
    }
}
