/* Bad calls of schedules.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

static wg_schedule_options options_of(wg_schedule_kind kind)
{
    return (wg_schedule_options){
        .size = sizeof(wg_schedule_options), .kind = kind, .steps = 5, .factor = 0.5};
}

static void refuse(wg_optimizer *o, const wg_schedule_options *options)
{
    wg_schedule *s = (wg_schedule *)(uintptr_t)1;
    const double before = wg_optimizer_rate(o);
    assert_status(wg_schedule_create(o, options, &s), WG_ERR_ARGUMENT);
    assert_null(s);
    assert_true(o == NULL || wg_optimizer_rate(o) == before);
}

static void check_counts(wg_optimizer *o)
{
    static const wg_schedule_kind with_steps[] = {WG_SCHEDULE_STEP, WG_SCHEDULE_LINEAR,
                                                  WG_SCHEDULE_COSINE, WG_SCHEDULE_COSINE_RESTARTS,
                                                  WG_SCHEDULE_ONE_CYCLE};
    static const int64_t none[] = {0, -1, INT64_MIN};
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 3; k++) {
            wg_schedule_options bad = options_of(with_steps[i]);
            bad.steps = none[k];
            refuse(o, &bad);
        }
    }
    wg_schedule_options bad = options_of(WG_SCHEDULE_CONSTANT);
    bad.warmup_steps = -1;
    refuse(o, &bad);
    bad = options_of(WG_SCHEDULE_COSINE_RESTARTS);
    bad.cycle_factor = -2;
    refuse(o, &bad);
    bad = options_of(WG_SCHEDULE_PLATEAU);
    bad.patience = -1;
    refuse(o, &bad);
    bad = options_of(WG_SCHEDULE_PLATEAU);
    bad.cooldown = INT64_MIN;
    refuse(o, &bad);
}

static void refuse_cycle(wg_optimizer *o, const wg_schedule_options *cycle)
{
    wg_schedule_options bad = *cycle;
    bad.size = sizeof bad;
    bad.kind = WG_SCHEDULE_ONE_CYCLE;
    bad.steps = 5;
    refuse(o, &bad);
}

static void check_numbers(wg_optimizer *o, double number)
{
    static const wg_schedule_kind with_factor[] = {WG_SCHEDULE_STEP, WG_SCHEDULE_MILESTONES,
                                                   WG_SCHEDULE_EXPONENTIAL, WG_SCHEDULE_PLATEAU};
    static const wg_schedule_kind with_min[] = {WG_SCHEDULE_LINEAR, WG_SCHEDULE_COSINE,
                                                WG_SCHEDULE_COSINE_RESTARTS, WG_SCHEDULE_PLATEAU};
    static const int64_t milestone = 1;
    for (size_t i = 0; i < 4; i++) {
        wg_schedule_options bad = options_of(with_factor[i]);
        bad.milestones = &milestone;
        bad.n_milestones = 1;
        bad.factor = number;
        refuse(o, &bad);
        bad = options_of(with_min[i]);
        bad.min_rate = number;
        refuse(o, &bad);
    }
    wg_schedule_options bad = options_of(WG_SCHEDULE_PLATEAU);
    bad.threshold = number;
    refuse(o, &bad);
    refuse_cycle(o, &(wg_schedule_options){.max_rate = number});
    refuse_cycle(o, &(wg_schedule_options){.up_fraction = number});
    refuse_cycle(o, &(wg_schedule_options){.start_divisor = number});
    refuse_cycle(o, &(wg_schedule_options){.final_divisor = number});
}

static void check_milestones(wg_optimizer *o)
{
    static const int64_t lists[][2] = {{0, 1}, {2, 2}, {3, 1}, {-1, 4}, {1, INT64_MIN}};
    wg_schedule_options bad = options_of(WG_SCHEDULE_MILESTONES);
    refuse(o, &bad);
    for (size_t i = 0; i < 5; i++) {
        bad.milestones = lists[i];
        bad.n_milestones = 2;
        refuse(o, &bad);
        bad.n_milestones = 0;
        refuse(o, &bad);
    }
    bad.milestones = NULL;
    bad.n_milestones = SIZE_MAX;
    refuse(o, &bad);
}

static double give_nothing(int64_t t, double base, void *user)
{
    (void)t;
    (void)base;
    return *(const double *)user;
}

static void check_function(wg_optimizer *o)
{
    wg_schedule_options bad = options_of(WG_SCHEDULE_FUNCTION);
    wg_schedule *s = (wg_schedule *)(uintptr_t)1;
    double number = -1.0;
    refuse(o, &bad);
    bad.rate = give_nothing;
    bad.user = &number;
    assert_status(wg_schedule_create(o, &bad, &s), WG_ERR_CALLBACK);
    assert_null(s);
}

static wg_optimizer *make_optimizer(bad_world *w)
{
    wg_optimizer *o = NULL;
    assert_status(wg_adam_create(w->m, NULL, &o), WG_OK);
    return o;
}

static void check_create(bad_world *w, const bad_row *row)
{
    wg_optimizer *o = make_optimizer(w);
    wg_schedule_options bad = options_of(WG_SCHEDULE_CONSTANT);
    (void)row;
    refuse(NULL, &bad);
    refuse(o, NULL);
    assert_status(wg_schedule_create(o, &bad, NULL), WG_ERR_ARGUMENT);
    bad.size = 0;
    refuse(o, &bad);
    static const int kinds[] = {-1, 10, 32, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < 5; i++) {
        bad = options_of((wg_schedule_kind)kinds[i]);
        refuse(o, &bad);
    }
    check_counts(o);
    for (int i = 0; i < BAD_N_NUMBERS; i++) {
        check_numbers(o, bad_number(i));
    }
    bad = options_of(WG_SCHEDULE_PLATEAU);
    bad.factor = 1.0;
    refuse(o, &bad);
    bad = options_of(WG_SCHEDULE_PLATEAU);
    bad.threshold = 1.0;
    refuse(o, &bad);
    refuse_cycle(o, &(wg_schedule_options){.up_fraction = 1.0});
    refuse_cycle(o, &(wg_schedule_options){.up_fraction = 0.6, .is_three_phase = true});
    check_milestones(o);
    check_function(o);
    wg_optimizer_destroy(o);
}

static void check_destroy(bad_world *w, const bad_row *row)
{
    (void)w;
    (void)row;
    wg_schedule_destroy(NULL);
}

static void check_step(bad_world *w, const bad_row *row)
{
    (void)w;
    (void)row;
    assert_status(wg_schedule_step(NULL), WG_ERR_ARGUMENT);
}

static void check_observe(bad_world *w, const bad_row *row)
{
    (void)row;
    wg_schedule *s = NULL;
    wg_optimizer *o = make_optimizer(w);
    const wg_schedule_options options = options_of(WG_SCHEDULE_STEP);
    assert_status(wg_schedule_observe(NULL, 1.0), WG_ERR_ARGUMENT);
    assert_status(wg_schedule_create(o, &options, &s), WG_OK);
    assert_false(wg_schedule_observes(s));
    assert_status(wg_schedule_observe(s, 1.0), WG_ERR_STATE);
    wg_schedule_destroy(s);
    wg_optimizer_destroy(o);
}

static void check_questions(bad_world *w, const bad_row *row)
{
    (void)w;
    (void)row;
    assert_false(wg_schedule_observes(NULL));
    assert_null(wg_schedule_optimizer(NULL));
}

static void check_state(bad_world *w, const bad_row *row)
{
    (void)row;
    wg_schedule *s = NULL;
    wg_schedule_state state = {.step = 3, .base = 1};
    wg_optimizer *o = make_optimizer(w);
    const wg_schedule_options options = options_of(WG_SCHEDULE_STEP);
    assert_status(wg_schedule_get_state(NULL, &state), WG_ERR_ARGUMENT);
    assert_true(state.step == 0 && state.base == 0.0);
    assert_status(wg_schedule_set_state(NULL, &state), WG_ERR_ARGUMENT);
    assert_status(wg_schedule_create(o, &options, &s), WG_OK);
    assert_status(wg_schedule_get_state(s, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_schedule_set_state(s, NULL), WG_ERR_ARGUMENT);
    wg_schedule_destroy(s);
    wg_optimizer_destroy(o);
}

const bad_row bad_rows_of_schedules[] = {
    {.name = "wg_schedule_create", .check = check_create},
    {.name = "wg_schedule_destroy", .check = check_destroy},
    {.name = "wg_schedule_step", .check = check_step},
    {.name = "wg_schedule_observe", .check = check_observe},
    {.name = "wg_schedule_observes", .check = check_questions},
    {.name = "wg_schedule_optimizer", .check = check_questions},
    {.name = "wg_schedule_get_state", .check = check_state},
    {.name = "wg_schedule_set_state", .check = check_state},
    {NULL, NULL, NULL},
};
