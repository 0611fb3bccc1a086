/* Schedules: rates against PyTorch's, states that go on, and what is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/bare.h"

#include <wengert/schedule.h>

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#define BASE 0.2
#define N_STEPS 100
#define N_MILESTONES 8

typedef struct fixture {
    bare base;
    wg_model *model;
    wg_optimizer *optimizer;
    wg_schedule *schedule;
} fixture;

static void start(fixture *f)
{
    const wg_sgd_options options = {.size = sizeof options, .rate = BASE};
    bare_start(&f->base);
    f->schedule = NULL;
    assert_int_equal(wg_model_create(&f->base.ctx, &f->model), WG_OK);
    assert_int_equal(wg_sgd_create(f->model, &options, &f->optimizer), WG_OK);
}

static void finish(fixture *f)
{
    wg_schedule_destroy(f->schedule);
    wg_optimizer_destroy(f->optimizer);
    wg_model_destroy(f->model);
    bare_finish(&f->base);
}

static void create(fixture *f, const wg_schedule_options *options)
{
    wg_schedule_destroy(f->schedule);
    assert_int_equal(wg_optimizer_set_rate(f->optimizer, BASE), WG_OK);
    assert_int_equal(wg_schedule_create(f->optimizer, options, &f->schedule), WG_OK);
}

static double rate(const fixture *f)
{
    return wg_optimizer_rate(f->optimizer);
}

/* ---- against PyTorch ---------------------------------------------------------------------- */

typedef struct golden_schedule {
    char name[40];
    wg_schedule_options options;
    int64_t milestones[N_MILESTONES];
    double metrics[N_STEPS];
    double rates[N_STEPS + 1];
} golden_schedule;

typedef enum option_type {
    OPTION_STEPS,
    OPTION_REAL,
    OPTION_FLAG
} option_type;

typedef struct option_about {
    const char *name;
    option_type type;
    size_t offset;
} option_about;

#define STEPS(field)                                                                               \
    {                                                                                              \
#field, OPTION_STEPS, offsetof(wg_schedule_options, field)                                 \
    }
#define REAL(field)                                                                                \
    {                                                                                              \
#field, OPTION_REAL, offsetof(wg_schedule_options, field)                                  \
    }
#define FLAG(field)                                                                                \
    {                                                                                              \
#field, OPTION_FLAG, offsetof(wg_schedule_options, field)                                  \
    }

static const option_about all_options[] = {
    STEPS(warmup_steps), STEPS(steps),         STEPS(cycle_factor), STEPS(patience),
    STEPS(cooldown),     REAL(factor),         REAL(min_rate),      REAL(max_rate),
    REAL(up_fraction),   REAL(start_divisor),  REAL(final_divisor), REAL(threshold),
    FLAG(is_straight),   FLAG(is_three_phase), FLAG(is_absolute),   FLAG(is_more_better),
};

static void set_option(wg_schedule_options *options, const char *name, double value)
{
    size_t i = 0;
    while (i < sizeof all_options / sizeof *all_options && strcmp(all_options[i].name, name) != 0) {
        i++;
    }
    assert_true(i < sizeof all_options / sizeof *all_options);
    void *field = (char *)options + all_options[i].offset;
    if (all_options[i].type == OPTION_REAL) {
        *(double *)field = value;
    } else if (all_options[i].type == OPTION_STEPS) {
        *(int64_t *)field = (int64_t)value;
    } else {
        *(bool *)field = value != 0.0;
    }
}

static double halve(int64_t t, double base, void *user)
{
    return base / (1.0 + (double)t / *(const double *)user);
}

static const double ten = 10.0;

static void read_set(FILE *golden, golden_schedule *out)
{
    char name[32];
    double value;
    assert_int_equal(fscanf(golden, "%31s", name), 1);
    while (fscanf(golden, "%lf", &value) == 1) {
        if (strcmp(name, "milestones") != 0) {
            set_option(&out->options, name, value);
        } else {
            assert_true(out->options.n_milestones < N_MILESTONES);
            out->milestones[out->options.n_milestones++] = (int64_t)value;
        }
    }
}

static void read_values(FILE *golden, double *values, int n)
{
    for (int i = 0; i < n; i++) {
        assert_int_equal(fscanf(golden, "%lf", &values[i]), 1);
    }
}

static bool read_case(FILE *golden, golden_schedule *out)
{
    int kind;
    char word[16];
    *out = (golden_schedule){.options = {.size = sizeof out->options}};
    if (fscanf(golden, " case %39s %d", out->name, &kind) != 2) {
        return false;
    }
    out->options.kind = (wg_schedule_kind)kind;
    out->options.milestones = out->milestones;
    out->options.rate = halve;
    out->options.user = (void *)(uintptr_t)&ten;
    while (fscanf(golden, "%15s", word) == 1 && strcmp(word, "rates") != 0) {
        if (strcmp(word, "set") == 0) {
            read_set(golden, out);
        } else {
            assert_string_equal(word, "metrics");
            read_values(golden, out->metrics, N_STEPS);
        }
    }
    read_values(golden, out->rates, N_STEPS + 1);
    return true;
}

static void advance(const fixture *f, const golden_schedule *c, int t)
{
    if (wg_schedule_observes(f->schedule)) {
        assert_int_equal(wg_schedule_observe(f->schedule, c->metrics[t]), WG_OK);
    }
    assert_int_equal(wg_schedule_step(f->schedule), WG_OK);
}

/* PyTorch multiplies step by step where we take a power: 100 roundings, each of 1.1e-16. */
static void expect_rate(const fixture *f, const golden_schedule *c, int t)
{
    const double want = c->rates[t];
    if (!(fabs(rate(f) - want) <= 1e-12 * fmax(want, 1e-3))) {
        fail_msg("%s: step %d: %.17g, not %.17g", c->name, t, rate(f), want);
    }
}

static void test_schedule_follows_pytorch(void **state)
{
    (void)state;
    FILE *golden = fopen(WENGERT_SOURCE_DIR "/tests/golden/schedules.txt", "r");
    assert_non_null(golden);
    int n_cases = 0;
    fixture f;
    golden_schedule c;
    start(&f);
    while (read_case(golden, &c)) {
        create(&f, &c.options);
        expect_rate(&f, &c, 0);
        for (int t = 0; t < N_STEPS; t++) {
            advance(&f, &c, t);
            expect_rate(&f, &c, t + 1);
        }
        n_cases++;
    }
    assert_int_equal(n_cases, 28);
    finish(&f);
    fclose(golden);
}

/* ---- states ------------------------------------------------------------------------------- */

/* A schedule that was set to the state of another after k steps goes on with the same bits, even
 * one that began from another rate. */
static void expect_same_from(const golden_schedule *c, int k)
{
    fixture whole;
    fixture resumed;
    wg_schedule_state reached;
    start(&whole);
    start(&resumed);
    create(&whole, &c->options);
    for (int t = 0; t < k; t++) {
        advance(&whole, c, t);
    }
    assert_int_equal(wg_schedule_get_state(whole.schedule, &reached), WG_OK);
    assert_int_equal(wg_optimizer_set_rate(resumed.optimizer, 0.7), WG_OK);
    assert_int_equal(wg_schedule_create(resumed.optimizer, &c->options, &resumed.schedule), WG_OK);
    assert_int_equal(wg_schedule_set_state(resumed.schedule, &reached), WG_OK);
    for (int t = k; t < N_STEPS; t++) {
        assert_true(rate(&resumed) == rate(&whole));
        advance(&whole, c, t);
        advance(&resumed, c, t);
    }
    assert_true(rate(&resumed) == rate(&whole));
    finish(&resumed);
    finish(&whole);
}

static void test_schedule_state_goes_on(void **state)
{
    (void)state;
    FILE *golden = fopen(WENGERT_SOURCE_DIR "/tests/golden/schedules.txt", "r");
    assert_non_null(golden);
    golden_schedule c;
    while (read_case(golden, &c)) {
        expect_same_from(&c, 0);
        expect_same_from(&c, 2);
        expect_same_from(&c, 41);
    }
    fclose(golden);
}

static void test_schedule_refuses_states(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    create(&f, &(wg_schedule_options){.size = sizeof(wg_schedule_options),
                                      .kind = WG_SCHEDULE_EXPONENTIAL,
                                      .factor = 0.5});
    wg_schedule_state good;
    wg_schedule_state now;
    assert_int_equal(wg_schedule_step(f.schedule), WG_OK);
    assert_int_equal(wg_schedule_get_state(f.schedule, &good), WG_OK);
    wg_schedule_state bad[7] = {good, good, good, good, good, good, good};
    bad[0].step = -1;
    bad[1].base = -0.5;
    bad[2].base = (double)NAN;
    bad[3].level = (double)INFINITY;
    bad[4].best = (double)NAN;
    bad[5].n_bad = -1;
    bad[6].cooldown = -1;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(wg_schedule_set_state(f.schedule, &bad[i]), WG_ERR_ARGUMENT);
        assert_int_equal(wg_schedule_get_state(f.schedule, &now), WG_OK);
        assert_int_equal(now.step, 1);
        assert_true(now.base == BASE && now.level == BASE && rate(&f) == BASE / 2);
    }
    good.kind = WG_SCHEDULE_COSINE;
    assert_int_equal(wg_schedule_set_state(f.schedule, &good), WG_ERR_STATE);
    finish(&f);
}

/* ---- edges -------------------------------------------------------------------------------- */

/* A rate that overflows, and the last step of all, leave everything as it was. */
static void test_schedule_stops_at_the_last_rate(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    create(&f, &(wg_schedule_options){.size = sizeof(wg_schedule_options),
                                      .kind = WG_SCHEDULE_EXPONENTIAL,
                                      .factor = 1e200});
    assert_int_equal(wg_schedule_step(f.schedule), WG_OK);
    assert_true(rate(&f) == BASE * 1e200);
    assert_int_equal(wg_schedule_step(f.schedule), WG_ERR_RANGE);
    assert_non_null(strstr(wg_context_error(&f.base.ctx), "at step 2"));
    assert_true(rate(&f) == BASE * 1e200);
    create(&f, &(wg_schedule_options){.size = sizeof(wg_schedule_options)});
    const wg_schedule_state last = {.step = INT64_MAX, .base = 1, .level = 1};
    assert_int_equal(wg_schedule_set_state(f.schedule, &last), WG_OK);
    assert_int_equal(wg_schedule_step(f.schedule), WG_ERR_RANGE);
    assert_true(rate(&f) == 1.0);
    finish(&f);
}

/* Every kind has a finite rate however many steps it has gone. */
static void test_schedule_goes_far(void **state)
{
    static const int64_t far[] = {1, 1000, INT64_C(1) << 53, INT64_MAX};
    static const int64_t lengths[] = {1, 2, 7, INT64_MAX};
    static const int64_t milestone = INT64_MAX;
    (void)state;
    fixture f;
    start(&f);
    for (int kind = WG_SCHEDULE_CONSTANT; kind < WG_SCHEDULE_FUNCTION; kind++) {
        for (size_t i = 0; i < 16; i++) {
            const wg_schedule_options options = {.size = sizeof options,
                                                 .kind = (wg_schedule_kind)kind,
                                                 .steps = lengths[i % 4],
                                                 .cycle_factor = i % 3 == 0 ? 3 : 0,
                                                 .factor = 0.5,
                                                 .milestones = &milestone,
                                                 .n_milestones = 1,
                                                 .warmup_steps = i % 5 == 0 ? INT64_MAX : 0};
            create(&f, &options);
            const wg_schedule_state there = {
                .kind = options.kind, .step = far[i / 4], .base = BASE, .level = BASE};
            assert_int_equal(wg_schedule_set_state(f.schedule, &there), WG_OK);
            assert_true(rate(&f) >= 0.0 && rate(&f) <= BASE * (1.0 + DBL_EPSILON));
        }
    }
    finish(&f);
}

/* After its last step a cycle stays where it has come to. */
static void test_schedule_one_cycle_stays_at_its_end(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    create(&f, &(wg_schedule_options){.size = sizeof(wg_schedule_options),
                                      .kind = WG_SCHEDULE_ONE_CYCLE,
                                      .steps = 10});
    assert_true(fabs(rate(&f) - BASE / 25.0) < 1e-15);
    for (int t = 0; t < 9; t++) {
        assert_int_equal(wg_schedule_step(f.schedule), WG_OK);
    }
    const double end = rate(&f);
    assert_true(fabs(end - BASE / 25e4) < 1e-15);
    for (int t = 0; t < 9; t++) {
        assert_int_equal(wg_schedule_step(f.schedule), WG_OK);
        assert_true(rate(&f) == end);
    }
    finish(&f);
}

static double break_at_two(int64_t t, double base, void *user)
{
    return t == 2 ? *(const double *)user : base;
}

static void test_schedule_refuses_rates_that_are_none(void **state)
{
    static const double none[] = {-1.0, (double)INFINITY, (double)NAN};
    (void)state;
    fixture f;
    start(&f);
    for (size_t i = 0; i < 3; i++) {
        double bad = none[i];
        create(&f, &(wg_schedule_options){.size = sizeof(wg_schedule_options),
                                          .kind = WG_SCHEDULE_FUNCTION,
                                          .rate = break_at_two,
                                          .user = &bad});
        assert_int_equal(wg_schedule_step(f.schedule), WG_OK);
        assert_int_equal(wg_schedule_step(f.schedule), WG_ERR_CALLBACK);
        assert_true(rate(&f) == BASE);
        bad = 0.5;
        assert_int_equal(wg_schedule_step(f.schedule), WG_OK);
        assert_true(rate(&f) == 0.5);
    }
    finish(&f);
}

/* The caller's milestones may go; the schedule has its own. */
static void test_schedule_copies_milestones(void **state)
{
    (void)state;
    fixture f;
    start(&f);
    int64_t milestones[] = {1, 2};
    create(&f, &(wg_schedule_options){.size = sizeof(wg_schedule_options),
                                      .kind = WG_SCHEDULE_MILESTONES,
                                      .milestones = milestones,
                                      .n_milestones = 2,
                                      .factor = 0.5});
    milestones[0] = 1000;
    assert_int_equal(wg_schedule_step(f.schedule), WG_OK);
    assert_true(rate(&f) == BASE / 2);
    finish(&f);
}

/* Each allocation of a creation fails in turn; nothing is left, and the rate is as it was. */
static void test_schedule_survives_allocation_failure(void **state)
{
    static const int64_t milestones[] = {1, 5};
    (void)state;
    fixture f;
    start(&f);
    const wg_schedule_options options = {.size = sizeof options,
                                         .kind = WG_SCHEDULE_MILESTONES,
                                         .milestones = milestones,
                                         .n_milestones = 2,
                                         .warmup_steps = 8};
    wg_status status = WG_ERR_MEMORY;
    size_t k = 0;
    while (status != WG_OK) {
        wgt_allocator_fail(&f.base.allocator, ++k, false);
        status = wg_schedule_create(f.optimizer, &options, &f.schedule);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true(rate(&f) == (status == WG_OK ? BASE / 8 : BASE));
    }
    wgt_allocator_fail(&f.base.allocator, 0, false);
    assert_int_equal(k, 3);
    assert_ptr_equal(wg_schedule_optimizer(f.schedule), f.optimizer);
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_follows_pytorch),
        cmocka_unit_test(test_schedule_state_goes_on),
        cmocka_unit_test(test_schedule_refuses_states),
        cmocka_unit_test(test_schedule_stops_at_the_last_rate),
        cmocka_unit_test(test_schedule_goes_far),
        cmocka_unit_test(test_schedule_one_cycle_stays_at_its_end),
        cmocka_unit_test(test_schedule_refuses_rates_that_are_none),
        cmocka_unit_test(test_schedule_copies_milestones),
        cmocka_unit_test(test_schedule_survives_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
