/* Bad calls of plan.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include "support/sink.h"

/* ---- plans -------------------------------------------------------------------------------- */

static void refuse_plan(const wg_node *nodes, size_t n, wg_plan_kind kind)
{
    wg_plan_need need = {.steps = 77};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    assert_int_not_equal(wg_plan_memory(nodes, n, kind, &need), WG_OK);
    assert_int_equal(need.steps, 0);
    assert_int_not_equal(wg_plan_write(nodes, n, kind, &writer), WG_OK);
    assert_int_equal(sink.used, 0);
    wgt_sink_finish(&sink);
}

static void check_plans(bad_world *w, const bad_row *row)
{
    const wg_writer no_write = {NULL, NULL};
    (void)row;
    bad_world_record(w);
    for (int which = 0; which < BAD_OTHER; which++) {
        const wg_node bad = bad_handle(w, which);
        refuse_plan(&bad, 1, WG_PLAN_RUN);
        refuse_plan(&bad, 1, WG_PLAN_BACKWARD);
    }
    const wg_node contexts[] = {w->x, w->x_foreign};
    refuse_plan(contexts, 2, WG_PLAN_RUN);
    refuse_plan(NULL, 1, WG_PLAN_RUN);
    refuse_plan(&w->x, 0, WG_PLAN_RUN);
    refuse_plan(NULL, 1, WG_PLAN_BACKWARD);
    refuse_plan(&w->x, 1, WG_PLAN_BACKWARD); /* not one element */
    refuse_plan(contexts, 2, WG_PLAN_BACKWARD);
    assert_status(wg_plan_memory(&w->x, 1, WG_PLAN_RUN, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_plan_write(&w->x, 1, WG_PLAN_RUN, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_plan_write(&w->x, 1, WG_PLAN_RUN, &no_write), WG_ERR_ARGUMENT);
}

/* ---- profiles ----------------------------------------------------------------------------- */

static void check_profiles(bad_world *w, const bad_row *row)
{
    const wg_writer no_write = {NULL, NULL};
    wgt_sink sink;
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    (void)row;
    assert_status(wg_profile_start(NULL, 1), WG_ERR_ARGUMENT);
    assert_status(wg_profile_start(w->ctx, SIZE_MAX), WG_ERR_OVERFLOW);
    assert_status(wg_profile_start(w->ctx, (size_t)1 << 40), WG_ERR_MEMORY);
    assert_status(wg_profile_stop(NULL), WG_ERR_ARGUMENT);
    assert_status(wg_profile_stop(w->ctx), WG_OK);
    assert_int_equal(wg_profile_count(NULL), 0);
    assert_int_equal(wg_profile_dropped(NULL), 0);
    assert_null(wg_profile_get(NULL, 0));
    assert_null(wg_profile_get(w->ctx, 0));
    assert_null(wg_profile_get(w->ctx, SIZE_MAX));
    assert_status(wg_profile_write(NULL, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_profile_write(w->ctx, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_profile_write(w->ctx, &no_write), WG_ERR_ARGUMENT);
    assert_status(wg_profile_write_trace(NULL, &writer), WG_ERR_ARGUMENT);
    assert_status(wg_profile_write_trace(w->ctx, NULL), WG_ERR_ARGUMENT);
    assert_status(wg_profile_write_trace(w->ctx, &no_write), WG_ERR_ARGUMENT);
    assert_int_equal(sink.used, 0);
    wgt_sink_finish(&sink);
}

const bad_row bad_rows_of_plans[] = {
    {.name = "wg_plan_memory", .check = check_plans},
    {.name = "wg_plan_write", .check = check_plans},
    {.name = "wg_profile_start", .check = check_profiles},
    {.name = "wg_profile_stop", .check = check_profiles},
    {.name = "wg_profile_count", .check = check_profiles},
    {.name = "wg_profile_dropped", .check = check_profiles},
    {.name = "wg_profile_get", .check = check_profiles},
    {.name = "wg_profile_write", .check = check_profiles},
    {.name = "wg_profile_write_trace", .check = check_profiles},
    {NULL, NULL, NULL},
};
