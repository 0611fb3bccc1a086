/* The update loops of one floating type: included once per type, with real, R(f) and K(name).
 * SPDX-License-Identifier: Apache-2.0
 *
 * Invariant: each operation is one rounding in real, in the order that core/backend.h gives, and
 * the scalars are rounded to real once. No guard: a template. */

/* The gradient with weight decay; as it is where there is none, so that a value that is not finite
 * is not multiplied by 0. */
static real K(decayed)(real gradient, real value, double weight_decay)
{
    return weight_decay != 0.0 ? gradient + (real)weight_decay * value : gradient;
}

static void K(sgd_plain)(const wgi_update *u)
{
    real *value = u->value;
    const real *gradient = u->gradient;
    const real rate = (real)u->rate;
    for (int64_t i = 0; i < u->n; i++) {
        value[i] -= rate * K(decayed)(gradient[i], value[i], u->weight_decay);
    }
}

static void K(sgd_momentum)(const wgi_sgd_rule *rule, const wgi_update *u)
{
    real *value = u->value;
    real *velocity = u->state[0];
    const real *gradient = u->gradient;
    const real rate = (real)u->rate;
    const real momentum = (real)rule->momentum;
    const real rest = (real)(1.0 - rule->dampening);
    for (int64_t i = 0; i < u->n; i++) {
        const real g = K(decayed)(gradient[i], value[i], u->weight_decay);
        const real v = u->step == 1 ? g : momentum * velocity[i] + rest * g;
        velocity[i] = v;
        value[i] -= rate * (rule->is_nesterov ? g + momentum * v : v);
    }
}

static void K(adam)(const wgi_adam_rule *rule, const wgi_update *u)
{
    real *value = u->value;
    real *mean = u->state[0];
    real *variance = u->state[1];
    real *largest = u->state[2];
    const real *gradient = u->gradient;
    const real beta1 = (real)rule->beta1;
    const real beta2 = (real)rule->beta2;
    const real rest1 = (real)(1.0 - rule->beta1);
    const real rest2 = (real)(1.0 - rule->beta2);
    const real rate = (real)(u->rate / (1.0 - pow(rule->beta1, (double)u->step)));
    const real scale = (real)sqrt(1.0 - pow(rule->beta2, (double)u->step));
    const real epsilon = (real)rule->epsilon;
    const double coupled = rule->is_decoupled ? 0.0 : u->weight_decay;
    const real kept = (real)(rule->is_decoupled ? 1.0 - u->rate * u->weight_decay : 1.0);
    for (int64_t i = 0; i < u->n; i++) {
        const real g = K(decayed)(gradient[i], value[i], coupled);
        mean[i] = beta1 * mean[i] + rest1 * g;
        variance[i] = beta2 * variance[i] + (rest2 * g) * g;
        real t = variance[i];
        if (rule->is_amsgrad) {
            t = largest[i] > t ? largest[i] : t;
            largest[i] = t;
        }
        const real divisor = R(sqrt)(t) / scale + epsilon;
        value[i] = kept * value[i] - (rate * mean[i]) / divisor;
    }
}

static void K(rmsprop)(const wgi_rmsprop_rule *rule, const wgi_update *u)
{
    real *value = u->value;
    real *squares = u->state[0];
    real *mean = u->state[1];
    real *buffer = u->state[rule->is_centered ? 2 : 1];
    const real *gradient = u->gradient;
    const real alpha = (real)rule->alpha;
    const real rest = (real)(1.0 - rule->alpha);
    const real epsilon = (real)rule->epsilon;
    for (int64_t i = 0; i < u->n; i++) {
        const real g = K(decayed)(gradient[i], value[i], u->weight_decay);
        squares[i] = alpha * squares[i] + (rest * g) * g;
        real t = squares[i];
        if (rule->is_centered) {
            mean[i] = alpha * mean[i] + rest * g;
            t = t - mean[i] * mean[i];
            t = t < 0 ? 0 : t;
        }
        real s = g / (R(sqrt)(t) + epsilon);
        if (rule->momentum != 0.0) {
            buffer[i] = (real)rule->momentum * buffer[i] + s;
            s = buffer[i];
        }
        value[i] -= (real)u->rate * s;
    }
}

static void K(adagrad)(const wgi_adagrad_rule *rule, const wgi_update *u)
{
    real *value = u->value;
    real *sum = u->state[0];
    const real *gradient = u->gradient;
    const real r = (real)(u->rate / (1.0 + (double)(u->step - 1) * rule->rate_decay));
    for (int64_t i = 0; i < u->n; i++) {
        const real g = K(decayed)(gradient[i], value[i], u->weight_decay);
        sum[i] = (u->step == 1 ? (real)rule->initial : sum[i]) + g * g;
        value[i] -= (r * g) / (R(sqrt)(sum[i]) + (real)rule->epsilon);
    }
}
