/* No false alarm in 10,000 random functions whose gradients are right, and none of them passes once
 * its gradient is spoiled.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A program is a list of operations on earlier values; its gradient is the reverse sweep over the
 * list. The seed is printed: a failure names its program by number. */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <wengert/check.h>

enum {
    N_PROGRAMS = 10000,
    MAX_INPUTS = 5,
    MAX_VALUES = 32
};

static const uint64_t seed = UINT64_C(20240611);

typedef enum operation {
    ADD,
    SUB,
    MUL,
    SIN,
    EXP,
    TANH,
    SIGMOID,
    SQUARE,
    RATIO,
    NORM,
    SCALE,
    RELU,
    N_OPS
} operation;

typedef struct step {
    operation op;
    size_t a;
    size_t b;
    double k;
} step;

typedef struct program {
    size_t n;
    size_t length;
    step steps[MAX_VALUES];
    double scale;
    size_t bad; /* the element of the gradient that is spoiled, and how */
    double factor;
} program;

static double uniform(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static size_t below(uint64_t *state, size_t bound)
{
    return (size_t)(uniform(state) * (double)bound);
}

static double normal(uint64_t *state)
{
    double radius = sqrt(-2.0 * log(1.0 - uniform(state)));
    return radius * cos(6.283185307179586 * uniform(state));
}

static double apply(const step *s, double a, double b)
{
    switch (s->op) {
    case ADD:
        return a + b;
    case SUB:
        return a - b;
    case MUL:
        return a * b;
    case SIN:
        return sin(a);
    case EXP:
        return exp(a);
    case TANH:
        return tanh(a);
    case SIGMOID:
        return 1.0 / (1.0 + exp(-a));
    case SQUARE:
        return a * a;
    case RATIO:
        return a / (1.0 + b * b);
    case NORM:
        return sqrt(1.0 + a * a);
    case SCALE:
        return s->k * a;
    default:
        return a > 0.0 ? a : 0.0;
    }
}

/* dy/da. */
static double slope_a(const step *s, double a, double b, double y)
{
    switch (s->op) {
    case ADD:
    case SUB:
        return 1.0;
    case MUL:
        return b;
    case SIN:
        return cos(a);
    case EXP:
        return y;
    case TANH:
        return 1.0 - y * y;
    case SIGMOID:
        return y * (1.0 - y);
    case SQUARE:
        return 2.0 * a;
    case RATIO:
        return 1.0 / (1.0 + b * b);
    case NORM:
        return a / y;
    case SCALE:
        return s->k;
    default:
        return a > 0.0 ? 1.0 : 0.0;
    }
}

/* dy/db. */
static double slope_b(const step *s, double a, double b, double y)
{
    switch (s->op) {
    case ADD:
        return 1.0;
    case SUB:
        return -1.0;
    case MUL:
        return a;
    case RATIO:
        return -2.0 * b * y / (1.0 + b * b);
    default:
        return 0.0;
    }
}

static double run(const program *p, const double *x, double *v)
{
    memcpy(v, x, p->n * sizeof(double));
    for (size_t i = 0; i < p->length; i++) {
        v[p->n + i] = apply(&p->steps[i], v[p->steps[i].a], v[p->steps[i].b]);
    }
    return v[p->n + p->length - 1];
}

static double program_f(const double *x, size_t n, void *user)
{
    const program *p = user;
    double v[MAX_VALUES];
    (void)n;
    return p->scale * run(p, x, v);
}

static void program_g(const double *x, double *gradient, size_t n, void *user)
{
    const program *p = user;
    double v[MAX_VALUES];
    double d[MAX_VALUES] = {0.0};
    (void)run(p, x, v);
    d[n + p->length - 1] = p->scale;
    for (size_t i = p->length; i-- > 0;) {
        const step *s = &p->steps[i];
        double a = v[s->a];
        double b = v[s->b];
        double y = v[n + i];
        d[s->a] += d[n + i] * slope_a(s, a, b, y);
        d[s->b] += d[n + i] * slope_b(s, a, b, y);
    }
    memcpy(gradient, d, n * sizeof(double));
    if (p->bad < n) {
        gradient[p->bad] *= p->factor;
    }
}

static float program_f32(const float *x, size_t n, void *user)
{
    double wide[MAX_INPUTS] = {0.0};
    for (size_t i = 0; i < n; i++) {
        wide[i] = (double)x[i];
    }
    return (float)program_f(wide, n, user);
}

static void program_g32(const float *x, float *gradient, size_t n, void *user)
{
    double wide[MAX_INPUTS] = {0.0};
    double wide_gradient[MAX_INPUTS];
    for (size_t i = 0; i < n; i++) {
        wide[i] = (double)x[i];
    }
    program_g(wide, wide_gradient, n, user);
    for (size_t i = 0; i < n; i++) {
        gradient[i] = (float)wide_gradient[i];
    }
}

/* A program and a point at which no value exceeds `limit`. */
static void make(uint64_t *state, double limit, program *p, double *x)
{
    double largest = INFINITY;
    while (!(largest < limit)) {
        double v[MAX_VALUES];
        memset(p, 0, sizeof(*p));
        p->n = 1 + below(state, MAX_INPUTS);
        p->length = 3 + below(state, 14);
        p->scale = uniform(state) < 0.5 ? 1.0 : pow(10.0, floor(uniform(state) * 17.0) - 8.0);
        p->bad = SIZE_MAX;
        for (size_t i = 0; i < p->length; i++) {
            step *s = &p->steps[i];
            s->op = (operation)below(state, N_OPS);
            s->a = below(state, p->n + i);
            s->b = below(state, p->n + i);
            s->k = 2.0 * normal(state);
        }
        for (size_t i = 0; i < p->n; i++) {
            x[i] = normal(state);
        }
        (void)run(p, x, v);
        largest = 0.0;
        for (size_t i = 0; i < p->n + p->length; i++) {
            largest = fabs(v[i]) < limit ? largest : INFINITY;
        }
    }
}

static void test_check_random_raises_no_false_alarm(void **state)
{
    uint64_t random = seed;
    size_t n_right = 0;
    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < N_PROGRAMS; i++) {
        program p;
        double x[MAX_INPUTS];
        wg_check_report r;
        make(&random, 1e6, &p, x);
        assert_int_equal(wg_check_function(program_f, program_g, x, p.n, &p, NULL, &r), 0);
        if (r.verdict == WG_CHECK_WRONG) {
            fail_msg("program %d: a false alarm", i);
        }
        n_right += r.verdict == WG_CHECK_RIGHT;
    }
    printf("%zu right, %zu undecidable\n", n_right, N_PROGRAMS - n_right);
    assert_true(n_right > N_PROGRAMS * 99 / 100);
}

/* Twice an element, half of it, its negative: caught, or undecidable, never passed. */
static void test_check_random_passes_no_spoiled_gradient(void **state)
{
    uint64_t random = seed + 1;
    const double factors[] = {-1.0, 2.0, 0.5};
    size_t n_spoiled = 0;
    size_t n_caught = 0;
    (void)state;
    printf("seed %llu\n", (unsigned long long)(seed + 1));
    for (int i = 0; i < N_PROGRAMS / 4; i++) {
        program p;
        double x[MAX_INPUTS];
        double gradient[MAX_INPUTS];
        wg_check_report r;
        make(&random, 1e6, &p, x);
        program_g(x, gradient, p.n, &p);
        p.bad = below(&random, p.n);
        p.factor = factors[i % 3];
        if (gradient[p.bad] == 0.0) {
            continue;
        }
        assert_int_equal(wg_check_function(program_f, program_g, x, p.n, &p, NULL, &r), 0);
        if (r.verdict == WG_CHECK_RIGHT) {
            fail_msg("program %d: a spoiled gradient passed", i);
        }
        n_spoiled++;
        n_caught += r.verdict == WG_CHECK_WRONG;
    }
    printf("%zu spoiled, %zu caught\n", n_spoiled, n_caught);
    assert_true(n_caught > n_spoiled * 98 / 100);
}

static void test_check_random_f32_raises_no_false_alarm(void **state)
{
    uint64_t random = seed + 2;
    size_t n_right = 0;
    (void)state;
    printf("seed %llu\n", (unsigned long long)(seed + 2));
    for (int i = 0; i < N_PROGRAMS / 4; i++) {
        program p;
        double x[MAX_INPUTS];
        float narrow[MAX_INPUTS];
        wg_check_report r;
        make(&random, 1e2, &p, x);
        p.scale = 1.0;
        for (size_t k = 0; k < p.n; k++) {
            narrow[k] = (float)x[k];
        }
        assert_int_equal(wg_check_function_f32(program_f32, program_g32, narrow, p.n, &p, NULL, &r),
                         0);
        if (r.verdict == WG_CHECK_WRONG) {
            fail_msg("program %d: a false alarm", i);
        }
        n_right += r.verdict == WG_CHECK_RIGHT;
    }
    printf("%zu right, %zu undecidable\n", n_right, N_PROGRAMS / 4 - n_right);
    assert_true(n_right > N_PROGRAMS / 4 * 95 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_random_raises_no_false_alarm),
        cmocka_unit_test(test_check_random_passes_no_spoiled_gradient),
        cmocka_unit_test(test_check_random_f32_raises_no_false_alarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
