/* The verdicts of the gradient check, its memory and its reports.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wengert/check.h>

/* f = scale * sum_i c_i sin(x_i) + offset; the gradient's element `bad` is off by `factor`. */
typedef struct waves {
    double scale;
    double offset;
    size_t bad;
    double factor;
    size_t n_calls;
} waves;

static double weight_of(size_t i)
{
    return 1.0 + 0.1 * (double)i;
}

static double waves_f(const double *x, size_t n, void *user)
{
    waves *w = user;
    double sum = 0.0;
    w->n_calls++;
    for (size_t i = 0; i < n; i++) {
        sum += weight_of(i) * sin(x[i]);
    }
    return w->scale * sum + w->offset;
}

static void waves_g(const double *x, double *gradient, size_t n, void *user)
{
    const waves *w = user;
    for (size_t i = 0; i < n; i++) {
        gradient[i] = w->scale * weight_of(i) * cos(x[i]) * (i == w->bad ? w->factor : 1.0);
    }
}

static const waves plain = {.scale = 1.0, .bad = SIZE_MAX, .factor = 1.0};

static void fill_points(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = 0.3 + 0.7 * sin(3.0 * (double)i);
    }
}

static wg_check_report check_waves(waves w, size_t n, const wg_check_options *options)
{
    double *x = calloc(n, sizeof(double));
    assert_non_null(x);
    fill_points(x, n);
    wg_check_report report;
    assert_int_equal(wg_check_function(waves_f, waves_g, x, n, &w, options, &report), WG_CHECK_OK);
    assert_int_equal(report.counts.checked, report.counts.right + report.counts.wrong +
                                                report.counts.undecidable +
                                                report.counts.non_smooth);
    free(x);
    return report;
}

static void test_check_passes_right_gradients_at_every_scale(void **state)
{
    (void)state;
    for (int power = -8; power <= 8; power++) {
        waves w = plain;
        w.scale = pow(10.0, power);
        wg_check_report r = check_waves(w, 12, NULL);
        assert_int_equal(r.verdict, WG_CHECK_RIGHT);
        assert_int_equal(r.counts.right, 12);
        assert_int_equal(r.n_worst, 0);
        assert_int_equal(r.finding.diagnosis, WG_CHECK_NO_DIAGNOSIS);
    }
}

static void test_check_catches_a_wrong_element_at_every_scale(void **state)
{
    (void)state;
    const double factors[] = {-1.0, 2.0, 0.5, 1.0001, 0.0};
    for (int power = -8; power <= 8; power += 4) {
        for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
            waves w = plain;
            w.scale = pow(10.0, power);
            w.bad = 5;
            w.factor = factors[i];
            wg_check_report r = check_waves(w, 12, NULL);
            assert_int_equal(r.verdict, WG_CHECK_WRONG);
            assert_int_equal(r.counts.wrong, 1);
            assert_int_equal(r.n_worst, 1);
            assert_int_equal(r.worst[0].index, 5);
            assert_int_equal(r.worst[0].verdict, WG_CHECK_WRONG);
        }
    }
}

/* A fixed tolerance would reject this one: rounding of the loss drowns the small steps. */
static void test_check_passes_under_a_large_loss(void **state)
{
    (void)state;
    waves w = plain;
    w.offset = 1e7;
    assert_int_equal(check_waves(w, 12, NULL).verdict, WG_CHECK_RIGHT);
}

static void test_check_says_undecidable_and_does_not_pass(void **state)
{
    (void)state;
    waves w = plain;
    w.offset = 1e17;
    wg_check_report r = check_waves(w, 12, NULL);
    assert_int_equal(r.verdict, WG_CHECK_UNDECIDABLE);
    assert_int_equal(r.counts.undecidable, 12);
    assert_int_equal(r.counts.right, 0);
}

/* ---- a deep sigmoid chain: the first weights' gradients are far below any fixed tolerance ------
 */

enum {
    DEPTH = 20
};

static double chain_f(const double *w, size_t n, void *user)
{
    double a = 0.5;
    (void)user;
    for (size_t i = 0; i < n; i++) {
        a = 1.0 / (1.0 + exp(-w[i] * a));
    }
    return a;
}

static void chain_g(const double *w, double *gradient, size_t n, void *user)
{
    double a[DEPTH + 1];
    const double *sign = user;
    a[0] = 0.5;
    for (size_t i = 0; i < n; i++) {
        a[i + 1] = 1.0 / (1.0 + exp(-w[i] * a[i]));
    }
    double delta = 1.0;
    for (size_t i = n; i-- > 0;) {
        delta *= a[i + 1] * (1.0 - a[i + 1]);
        gradient[i] = delta * a[i] * (i == 0 ? *sign : 1.0);
        delta *= w[i];
    }
}

static void test_check_sees_a_wrong_sign_in_a_vanishing_gradient(void **state)
{
    (void)state;
    double w[DEPTH];
    double gradient[DEPTH];
    double sign = 1.0;
    for (size_t i = 0; i < DEPTH; i++) {
        w[i] = 1.0;
    }
    chain_g(w, gradient, DEPTH, &sign);
    assert_true(gradient[0] < 1e-10);
    wg_check_report r;
    assert_int_equal(wg_check_function(chain_f, chain_g, w, DEPTH, &sign, NULL, &r), WG_CHECK_OK);
    assert_int_equal(r.verdict, WG_CHECK_RIGHT);
    sign = -1.0;
    assert_int_equal(wg_check_function(chain_f, chain_g, w, DEPTH, &sign, NULL, &r), WG_CHECK_OK);
    assert_int_equal(r.verdict, WG_CHECK_WRONG);
    assert_int_equal(r.counts.wrong, 1);
    assert_int_equal(r.worst[0].index, 0);
}

/* ---- zeros, kinks, numbers that are none -------------------------------------------------- */

/* f = sum of max(x_i, 0); `user`: the gradient's value at x_i = 0. */
static double relus_f(const double *x, size_t n, void *user)
{
    double sum = 0.0;
    (void)user;
    for (size_t i = 0; i < n; i++) {
        sum += x[i] > 0.0 ? x[i] : 0.0;
    }
    return sum;
}

static void relus_g(const double *x, double *gradient, size_t n, void *user)
{
    for (size_t i = 0; i < n; i++) {
        gradient[i] = x[i] == 0.0 ? *(const double *)user : x[i] > 0.0 ? 1.0 : 0.0;
    }
}

static wg_check_report check_relus(const double *x, size_t n, double at_zero)
{
    wg_check_report r;
    assert_int_equal(wg_check_function(relus_f, relus_g, x, n, &at_zero, NULL, &r), WG_CHECK_OK);
    return r;
}

static void test_check_passes_zeros_and_points_near_kinks(void **state)
{
    (void)state;
    const double x[] = {-2.0, -0.3, -1e-4, -1e-7, 1e-7, 1e-4, 0.3, 2.0};
    wg_check_report r = check_relus(x, 8, 0.0);
    assert_int_equal(r.verdict, WG_CHECK_RIGHT);
    assert_int_equal(r.counts.right, 8);
}

static void test_check_counts_kinks_and_lists_them(void **state)
{
    (void)state;
    double x[200];
    fill_points(x, 200);
    x[77] = 0.0;
    const double conventions[] = {0.0, 0.5, 1.0, 123.0};
    for (size_t i = 0; i < 4; i++) {
        wg_check_report r = check_relus(x, 200, conventions[i]);
        assert_int_equal(r.verdict, WG_CHECK_RIGHT);
        assert_int_equal(r.counts.non_smooth, 1);
        assert_int_equal(r.n_kinks, 1);
        assert_int_equal(r.kinks[0].index, 77);
        assert_int_equal(r.kinks[0].verdict, WG_CHECK_NON_SMOOTH);
        assert_int_equal(r.finding.diagnosis, WG_CHECK_ON_A_KINK);
    }
    x[78] = 0.0;
    assert_int_equal(check_relus(x, 200, 0.0).verdict, WG_CHECK_RIGHT);
    x[79] = 0.0;
    assert_int_equal(check_relus(x, 200, 0.0).verdict, WG_CHECK_UNDECIDABLE);
}

static double abs_f(const double *x, size_t n, void *user)
{
    (void)user;
    return n == 2 ? fabs(x[0]) + fmax(x[0], x[1]) : NAN;
}

static void abs_g(const double *x, double *gradient, size_t n, void *user)
{
    (void)user;
    (void)n;
    gradient[0] = (x[0] > 0.0 ? 1.0 : x[0] < 0.0 ? -1.0 : 0.0) + (x[0] == x[1] ? 0.5 : x[0] > x[1]);
    gradient[1] = x[0] == x[1] ? 0.5 : x[1] > x[0];
}

static void test_check_sees_kinks_of_abs_and_ties(void **state)
{
    (void)state;
    const double points[][2] = {{0.0, 1.0}, {0.0, -1.0}, {0.7, 0.7}};
    const size_t kinks[] = {1, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        wg_check_report r;
        assert_int_equal(wg_check_function(abs_f, abs_g, points[i], 2, NULL, NULL, &r), 0);
        assert_int_equal(r.counts.non_smooth, kinks[i]);
        assert_int_equal(r.counts.wrong, 0);
    }
}

static void test_check_finds_a_missing_gradient(void **state)
{
    (void)state;
    waves w = plain;
    w.bad = 3;
    w.factor = 0.0;
    wg_check_report r = check_waves(w, 6, NULL);
    assert_int_equal(r.verdict, WG_CHECK_WRONG);
    assert_int_equal(r.finding.diagnosis, WG_CHECK_MISSING);
}

static void test_check_survives_what_is_not_finite(void **state)
{
    (void)state;
    waves w = plain;
    w.bad = 2;
    w.factor = NAN;
    assert_int_equal(check_waves(w, 4, NULL).verdict, WG_CHECK_WRONG);
    w.factor = INFINITY;
    assert_int_equal(check_waves(w, 4, NULL).verdict, WG_CHECK_WRONG);
    w.factor = 1.0;
    w.offset = NAN;
    wg_check_report r = check_waves(w, 4, NULL);
    assert_int_equal(r.verdict, WG_CHECK_UNDECIDABLE);
    assert_int_equal(r.counts.undecidable, 4);
}

static double log_f(const double *x, size_t n, void *user)
{
    (void)user;
    return n == 1 ? log(x[0]) : NAN;
}

static void log_g(const double *x, double *gradient, size_t n, void *user)
{
    (void)n;
    gradient[0] = *(const double *)user / x[0];
}

/* Steps beyond the domain are NaN and must not spoil the smaller ones. */
static void test_check_stays_inside_the_domain(void **state)
{
    (void)state;
    double factor = 1.0;
    for (double x = 1e-6; x < 10.0; x *= 10.0) {
        wg_check_report r;
        factor = 1.0;
        assert_int_equal(wg_check_function(log_f, log_g, &x, 1, &factor, NULL, &r), WG_CHECK_OK);
        assert_int_equal(r.verdict, WG_CHECK_RIGHT);
        factor = 1.001;
        assert_int_equal(wg_check_function(log_f, log_g, &x, 1, &factor, NULL, &r), WG_CHECK_OK);
        assert_int_equal(r.verdict, WG_CHECK_WRONG);
    }
}

/* ---- samples and directions --------------------------------------------------------------- */

static void test_check_takes_a_sample_and_directions(void **state)
{
    (void)state;
    wg_check_block blocks[] = {{"a", 2, {20, 30}, 0}, {"b", 1, {7}, 600}, {"empty", 1, {0}, 607}};
    wg_check_result results[3];
    wg_check_options o = {.size = sizeof(o), .seed = 3, .elements = 10, .blocks = blocks};
    o.n_blocks = 3;
    o.results = results;
    wg_check_report r = check_waves(plain, 607, &o);
    assert_int_equal(r.verdict, WG_CHECK_RIGHT);
    assert_int_equal(results[0].counts.checked, 10);
    assert_int_equal(results[1].counts.checked, 7);
    assert_int_equal(results[2].verdict, WG_CHECK_NONE);
    assert_int_equal(r.directions.checked, 4);
    assert_int_equal(r.directions.right, 4);
}

static void test_check_catches_by_direction_what_the_sample_missed(void **state)
{
    (void)state;
    wg_check_options o = {.size = sizeof(o), .seed = 5, .elements = 1};
    waves w = plain;
    w.factor = -1.0;
    for (w.bad = 0; w.bad < 100; w.bad += 9) {
        wg_check_report r = check_waves(w, 100, &o);
        assert_int_equal(r.verdict, WG_CHECK_WRONG);
        assert_true(r.directions.wrong > 0 || r.counts.wrong > 0);
    }
}

static void test_check_does_not_take_n_squared_by_default(void **state)
{
    (void)state;
    enum {
        MANY = 65537
    };
    wg_check_report r = check_waves(plain, MANY, NULL);
    assert_int_equal(r.verdict, WG_CHECK_RIGHT);
    assert_int_equal(r.counts.checked, 200);
    assert_int_equal(r.directions.right, 4);
}

/* f = 1e14 + sum sin(x_i): no element rises above the rounding of f. `user`: the gradient's sign.
 */
static double drowned_f(const double *x, size_t n, void *user)
{
    double sum = 0.0;
    (void)user;
    for (size_t i = 0; i < n; i++) {
        sum += sin(x[i]);
    }
    return 1e14 + sum;
}

static void drowned_g(const double *x, double *gradient, size_t n, void *user)
{
    for (size_t i = 0; i < n; i++) {
        gradient[i] = *(const double *)user * cos(x[i]);
    }
}

static void test_check_convicts_undecidable_elements_together(void **state)
{
    (void)state;
    enum {
        MANY = 1000
    };
    double x[MANY] = {0.0};
    double sign = 1.0;
    wg_check_report r;
    assert_int_equal(wg_check_function(drowned_f, drowned_g, x, MANY, &sign, NULL, &r), 0);
    assert_int_equal(r.verdict, WG_CHECK_UNDECIDABLE);
    assert_int_equal(r.counts.undecidable, MANY);
    sign = -1.0;
    assert_int_equal(wg_check_function(drowned_f, drowned_g, x, MANY, &sign, NULL, &r), 0);
    assert_int_equal(r.verdict, WG_CHECK_WRONG);
    assert_int_equal(r.counts.undecidable, MANY);
    assert_int_equal(r.directions.wrong, 1);
}

/* ---- memory ------------------------------------------------------------------------------- */

typedef struct counting {
    size_t n_allocated;
    size_t n_released;
    size_t bytes;
    bool fails;
} counting;

static void *count_allocate(void *user, size_t bytes, size_t alignment)
{
    counting *c = user;
    c->n_allocated++;
    c->bytes = bytes;
    assert_true(alignment > 0 && (alignment & (alignment - 1)) == 0);
    return c->fails ? NULL : malloc(bytes);
}

static void count_release(void *user, void *block, size_t bytes)
{
    counting *c = user;
    c->n_released++;
    assert_int_equal(bytes, c->bytes);
    free(block);
}

static void test_check_allocates_through_its_hooks(void **state)
{
    (void)state;
    counting c = {0};
    wg_check_allocator hooks = {count_allocate, count_release, &c};
    wg_check_options o = {.size = sizeof(o), .allocator = &hooks};
    assert_int_equal(check_waves(plain, 9, &o).verdict, WG_CHECK_RIGHT);
    assert_int_equal(c.n_allocated, 1);
    assert_int_equal(c.n_released, 1);
    double x[9] = {0};
    waves w = plain;
    wg_check_report r;
    memset(&r, 0x5a, sizeof(r));
    c.fails = true;
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 9, &w, &o, &r), WG_CHECK_ERR_MEMORY);
    assert_int_equal(c.n_released, 1);
    assert_int_equal(r.verdict, WG_CHECK_NONE);
    assert_int_equal(r.counts.checked, 0);
    assert_int_equal(w.n_calls, 0);
}

static void test_check_allocates_nothing_in_work_space(void **state)
{
    (void)state;
    counting c = {.fails = true};
    wg_check_allocator hooks = {count_allocate, count_release, &c};
    wg_check_problem p = {.size = sizeof(p), .n = 9, .f = waves_f, .g = waves_g};
    size_t bytes = wg_check_work_bytes(&p);
    assert_true(bytes > 9 * sizeof(double));
    double *work = malloc(bytes);
    wg_check_options o = {.size = sizeof(o), .allocator = &hooks, .work = work};
    o.work_bytes = bytes;
    assert_int_equal(check_waves(plain, 9, &o).verdict, WG_CHECK_RIGHT);
    assert_int_equal(c.n_allocated, 0);
    double x[9] = {0};
    waves w = plain;
    wg_check_report r;
    o.work_bytes = bytes - 1;
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 9, &w, &o, &r), WG_CHECK_ERR_MEMORY);
    o.work_bytes = bytes;
    o.work = (char *)work + 1;
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 9, &w, &o, &r), WG_CHECK_ERR_ARGUMENT);
    assert_int_equal(c.n_allocated, 0);
    free(work);
}

static void test_check_is_reproducible_and_leaves_x_alone(void **state)
{
    (void)state;
    double x[5];
    double copy[5];
    fill_points(x, 5);
    memcpy(copy, x, sizeof(x));
    waves w = plain;
    w.bad = 1;
    w.factor = 1.5;
    wg_check_report a;
    wg_check_report b;
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 5, &w, NULL, &a), WG_CHECK_OK);
    assert_int_equal(a.evaluations, w.n_calls);
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 5, &w, NULL, &b), WG_CHECK_OK);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_memory_equal(x, copy, sizeof(x));
}

/* ---- bad calls ---------------------------------------------------------------------------- */

static void test_check_refuses_bad_arguments(void **state)
{
    (void)state;
    double x[2] = {0.1, 0.2};
    waves w = plain;
    wg_check_report r;
    wg_check_options o = {.size = sizeof(o) - 1};
    assert_int_equal(wg_check_function(NULL, waves_g, x, 2, &w, NULL, &r), WG_CHECK_ERR_ARGUMENT);
    assert_int_equal(wg_check_function(waves_f, NULL, x, 2, &w, NULL, &r), WG_CHECK_ERR_ARGUMENT);
    assert_int_equal(wg_check_function(waves_f, waves_g, NULL, 2, &w, NULL, &r), 1);
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 0, &w, NULL, &r), 1);
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 2, &w, NULL, NULL), 1);
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 2, &w, &o, &r), 1);
    assert_int_equal(wg_check_function(waves_f, waves_g, x, SIZE_MAX, &w, NULL, &r),
                     WG_CHECK_ERR_OVERFLOW);
    o = (wg_check_options){.size = sizeof(o), .tolerance = -1.0};
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 2, &w, &o, &r), 1);
    o.tolerance = NAN;
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 2, &w, &o, &r), 1);
    wg_check_allocator half = {count_allocate, NULL, NULL};
    o = (wg_check_options){.size = sizeof(o), .allocator = &half};
    assert_int_equal(wg_check_function(waves_f, waves_g, x, 2, &w, &o, &r), 1);
    assert_int_equal(wg_check_run(NULL, x, NULL, &r), WG_CHECK_ERR_ARGUMENT);
    assert_int_equal(wg_check_work_bytes(NULL), 0);
    assert_int_equal(w.n_calls, 0);
}

static wg_check_status check_blocks(const wg_check_block *block, size_t n)
{
    double x[4] = {0.1, 0.2, 0.3, 0.4};
    waves w = plain;
    wg_check_report r;
    wg_check_options o = {.size = sizeof(o), .blocks = block, .n_blocks = n};
    return wg_check_function(waves_f, waves_g, x, 4, &w, &o, &r);
}

static void test_check_refuses_blocks_that_do_not_fit(void **state)
{
    (void)state;
    const int64_t hostile[] = {-1, 5, INT64_C(1) << 32, INT64_MAX, INT64_MIN};
    wg_check_block fits = {"b", 2, {2, 2}, 0};
    assert_int_equal(check_blocks(&fits, 1), WG_CHECK_OK);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        wg_check_block b = {"b", 2, {hostile[i], 1}, 0};
        assert_int_equal(check_blocks(&b, 1), WG_CHECK_ERR_SHAPE);
        b = (wg_check_block){"b", 3, {2, 0, hostile[i]}, 0};
        assert_int_equal(check_blocks(&b, 1), WG_CHECK_ERR_SHAPE);
    }
    wg_check_block b = {"b", 8, {4, 4, 4, 4, 4, 4, 4, 4}, 0};
    assert_int_equal(check_blocks(&b, 1), WG_CHECK_ERR_SHAPE);
    b = (wg_check_block){"b", 9, {1}, 0};
    assert_int_equal(check_blocks(&b, 1), WG_CHECK_ERR_SHAPE);
    b = (wg_check_block){"b", -1, {1}, 0};
    assert_int_equal(check_blocks(&b, 1), WG_CHECK_ERR_SHAPE);
    b = (wg_check_block){"b", 1, {2}, 3};
    assert_int_equal(check_blocks(&b, 1), WG_CHECK_ERR_SHAPE);
    b = (wg_check_block){"b", 0, {0}, 3};
    assert_int_equal(check_blocks(&b, 1), WG_CHECK_OK);
    b.offset = SIZE_MAX;
    assert_int_equal(check_blocks(&b, 1), WG_CHECK_ERR_SHAPE);
    assert_int_equal(check_blocks(NULL, 1), WG_CHECK_ERR_ARGUMENT);
}

/* ---- reports ------------------------------------------------------------------------------ */

typedef struct text {
    char data[4096];
    size_t used;
    size_t n_writes;
    size_t fail_at;
} text;

static wg_check_status write_text(void *user, const char *data, size_t bytes)
{
    text *t = user;
    if (++t->n_writes == t->fail_at) {
        return WG_CHECK_ERR_IO;
    }
    assert_true(t->used + bytes < sizeof(t->data));
    memcpy(t->data + t->used, data, bytes);
    t->used += bytes;
    return WG_CHECK_OK;
}

static void test_check_report_names_what_it_found(void **state)
{
    (void)state;
    wg_check_block blocks[] = {{"w1", 2, {2, 3}, 0}, {NULL, 0, {0}, 6}};
    wg_check_options o = {.size = sizeof(o), .blocks = blocks, .n_blocks = 2};
    waves w = plain;
    w.bad = 5;
    w.factor = -1.0;
    wg_check_report r = check_waves(w, 7, &o);
    text t = {.used = 0};
    wg_check_writer writer = {write_text, &t};
    assert_int_equal(wg_check_report_write(&r, &writer), WG_CHECK_OK);
    const char *first = "gradient WRONG: 7 checked, 6 right, 1 wrong, 0 undecidable, "
                        "0 non-smooth (";
    assert_int_equal(strncmp(t.data, first, strlen(first)), 0);
    assert_non_null(strstr(t.data, "\n  w1[1,2]  analytic -"));
    assert_non_null(strstr(t.data, "  wrong\n  w1: the sign is wrong\n"));
    size_t n_writes = t.n_writes;
    for (size_t k = 1; k <= n_writes; k++) {
        t = (text){.fail_at = k};
        assert_int_equal(wg_check_report_write(&r, &writer), WG_CHECK_ERR_IO);
        assert_int_equal(t.n_writes, k);
    }
    assert_int_equal(wg_check_report_write(NULL, &writer), WG_CHECK_ERR_ARGUMENT);
    assert_int_equal(wg_check_report_write(&r, NULL), WG_CHECK_ERR_ARGUMENT);
}

static void test_check_names_are_never_null(void **state)
{
    (void)state;
    for (int i = -2; i < 20; i++) {
        assert_non_null(wg_check_verdict_name((wg_check_verdict)i));
        assert_non_null(wg_check_diagnosis_text((wg_check_diagnosis)i));
    }
    assert_string_equal(wg_check_verdict_name(WG_CHECK_WRONG), "WRONG");
    assert_string_equal(wg_check_verdict_name((wg_check_verdict)99), "?");
}

static void test_check_lists_the_worst_first(void **state)
{
    (void)state;
    double mine[20];
    double known[20];
    for (size_t i = 0; i < 20; i++) {
        known[i] = 1.0 + (double)i;
        mine[i] = known[i] + ((i * 7) % 20 >= 10 ? 0.001 * (double)((i * 7) % 20) : 0.0);
    }
    wg_check_report r;
    assert_int_equal(wg_check_compare(mine, known, 20, NULL, &r), WG_CHECK_OK);
    assert_int_equal(r.counts.wrong, 10);
    assert_int_equal(r.n_worst, WG_CHECK_LISTED);
    for (size_t i = 0; i < r.n_worst; i++) {
        assert_int_equal(r.worst[i].index * 7 % 20, 19 - i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_passes_right_gradients_at_every_scale),
        cmocka_unit_test(test_check_catches_a_wrong_element_at_every_scale),
        cmocka_unit_test(test_check_passes_under_a_large_loss),
        cmocka_unit_test(test_check_says_undecidable_and_does_not_pass),
        cmocka_unit_test(test_check_sees_a_wrong_sign_in_a_vanishing_gradient),
        cmocka_unit_test(test_check_passes_zeros_and_points_near_kinks),
        cmocka_unit_test(test_check_counts_kinks_and_lists_them),
        cmocka_unit_test(test_check_sees_kinks_of_abs_and_ties),
        cmocka_unit_test(test_check_finds_a_missing_gradient),
        cmocka_unit_test(test_check_survives_what_is_not_finite),
        cmocka_unit_test(test_check_stays_inside_the_domain),
        cmocka_unit_test(test_check_takes_a_sample_and_directions),
        cmocka_unit_test(test_check_catches_by_direction_what_the_sample_missed),
        cmocka_unit_test(test_check_does_not_take_n_squared_by_default),
        cmocka_unit_test(test_check_convicts_undecidable_elements_together),
        cmocka_unit_test(test_check_allocates_through_its_hooks),
        cmocka_unit_test(test_check_allocates_nothing_in_work_space),
        cmocka_unit_test(test_check_is_reproducible_and_leaves_x_alone),
        cmocka_unit_test(test_check_refuses_bad_arguments),
        cmocka_unit_test(test_check_refuses_blocks_that_do_not_fit),
        cmocka_unit_test(test_check_report_names_what_it_found),
        cmocka_unit_test(test_check_names_are_never_null),
        cmocka_unit_test(test_check_lists_the_worst_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
