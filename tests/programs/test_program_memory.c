/* Random programs under memory limits: the bits are those without one, and a limit that is too
 * small is answered with the smallest that is not.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: test_program_memory [COUNT [FIRST_SEED]]; also WENGERT_PROGRAMS=COUNT. */
#include "ops/sample_graph.h"
#include "ops/snapshot.h"
#include "programs/program.h"
#include "support/cmocka_all.h"

#include <wengert/plan.h>

#include "core/context.h"
#include "graph/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_ALONE (WG_BACKEND_NATIVE | WG_BACKEND_ONEDNN)

typedef struct world {
    wg_context *scratch_ctx; /* eager */
    wg_graph *scratch;
    wg_context *ctx;
    wg_graph *g;
    wgt_program program;
    int n_failed;
    int64_t n_recomputed; /* steps that ran again */
    int64_t n_smaller;    /* programs that can do with less than they take without a limit */
} world;

static long n_programs = 400;
static unsigned long long first_seed = 1;

static void complain(world *w, const char *what, const char *more)
{
    print_error("seed %llu: %s%s\n", (unsigned long long)w->program.seed, what, more);
    if (w->n_failed++ < 2) {
        wgt_program_print(&w->program);
    }
}

/* The context's limit; plans that were made under another are forgotten. */
static void set_limit(world *w, size_t bytes)
{
    wgi_plans_free(w->ctx);
    w->ctx->memory_limit = bytes;
}

static bool record(const world *w, wgt_recorded *r)
{
    return wg_graph_set_step(w->g, w->program.seed) == WG_OK &&
           wgt_program_record(&w->program, w->g, r) == WG_OK;
}

/* ---- runs ----------------------------------------------------------------------------------- */

/* The loss of a backward run; of another the last node. */
static const wg_node *root_of(const wgt_recorded *r, wg_plan_kind kind)
{
    return &r->nodes[kind == WG_PLAN_BACKWARD ? r->program->loss : r->n_nodes - 1];
}

static wg_status run(const wgt_recorded *r, wg_plan_kind kind, wgt_snapshot *out)
{
    const wg_node *root = root_of(r, kind);
    const wg_status status = kind == WG_PLAN_BACKWARD ? wg_backward(*root) : wg_run(root, 1);
    if (status != WG_OK) {
        return status;
    }
    wgt_snapshot_add(out, wg_value(*root));
    for (int32_t i = 0; kind == WG_PLAN_BACKWARD && i < r->n_nodes; i++) {
        if (r->program->steps[i].call == WGT_CALL_variable) {
            wgt_snapshot_add(out, wg_gradient(r->nodes[i]));
        }
    }
    return WG_OK;
}

/* What a run of the program needs; zeroed where it fails with a status that is then given. */
static wg_status find_need(const world *w, wg_plan_kind kind, wg_plan_need *need)
{
    wgt_recorded r;
    wg_status status = record(w, &r) ? WG_OK : WG_ERR_INTERNAL;
    if (status == WG_OK) {
        status = wg_plan_memory(root_of(&r, kind), 1, kind, need);
    }
    wgt_recorded_clear(&r);
    return status;
}

/* The smallest limit, from the message of a run with a limit of one byte. */
static size_t find_smallest(world *w, wg_plan_kind kind)
{
    wgt_recorded r;
    wgt_snapshot ignored = {0};
    size_t bytes = 0;
    set_limit(w, 1);
    assert_true(record(w, &r));
    if (run(&r, kind, &ignored) == WG_ERR_MEMORY) {
        const char *text = strstr(wg_graph_error(w->g), "this list needs ");
        bytes = text != NULL ? (size_t)strtoull(text + strlen("this list needs "), NULL, 10) : 0;
    }
    wgt_snapshot_free(&ignored);
    wgt_recorded_clear(&r);
    return bytes;
}

/* ---- judging -------------------------------------------------------------------------------- */

static void judge_limit(world *w, wg_plan_kind kind, size_t limit, const wgt_snapshot *expected)
{
    wgt_recorded r;
    wgt_snapshot found = {0};
    wg_plan_need need = {0};
    char text[64];
    set_limit(w, limit);
    assert_true(record(w, &r));
    snprintf(text, sizeof text, " with %zu bytes", limit);
    if (run(&r, kind, &found) != WG_OK) {
        complain(w, "a run fails", text);
        print_error("%s\n", wg_graph_error(w->g));
    } else if (!wgt_snapshot_is_same(&found, expected)) {
        complain(w, "other bits", text);
    }
    wgt_recorded_clear(&r);
    if (find_need(w, kind, &need) != WG_OK || need.workspace_bytes > limit) {
        complain(w, "the workspace is too large", text);
    }
    w->n_recomputed += need.recomputed;
    wgt_snapshot_free(&found);
}

static void judge_refusal(world *w, wg_plan_kind kind, size_t limit)
{
    wg_plan_need need;
    set_limit(w, limit);
    if (find_need(w, kind, &need) != WG_ERR_MEMORY) {
        complain(w, "one byte less than the smallest limit is enough", "");
    }
}

static void judge_kind(world *w, wg_plan_kind kind)
{
    wgt_recorded r;
    wgt_snapshot expected = {0};
    wg_plan_need need = {0};
    set_limit(w, 0);
    assert_true(record(w, &r));
    assert_int_equal(run(&r, kind, &expected), WG_OK);
    wgt_recorded_clear(&r);
    assert_int_equal(find_need(w, kind, &need), WG_OK);
    const size_t most = (size_t)need.workspace_bytes;
    if (most > 1) {
        const size_t smallest = find_smallest(w, kind);
        if (smallest == 0 || smallest > most) {
            complain(w, "no smallest limit is told", "");
        }
        w->n_smaller += smallest < most;
        const size_t limits[] = {most, most / 10 * 7, most / 2, smallest};
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            judge_limit(w, kind, limits[i] > smallest ? limits[i] : smallest, &expected);
        }
        judge_refusal(w, kind, smallest - 1);
    }
    wgt_snapshot_free(&expected);
}

static void programs_give_the_same_bits_under_a_limit(void **state)
{
    world *w = *state;
    for (long i = 0; i < n_programs; i++) {
        wgt_program_make(first_seed + (unsigned long long)i, w->scratch, &w->program);
        judge_kind(w, WG_PLAN_RUN);
        if (w->program.loss >= 0) {
            judge_kind(w, WG_PLAN_BACKWARD);
        }
    }
    print_message("%ld programs: %lld runs do with less, %lld steps ran again\n", n_programs,
                  (long long)w->n_smaller, (long long)w->n_recomputed);
    assert_int_equal(w->n_failed, 0);
    assert_true(n_programs < 100 || (w->n_smaller > n_programs / 20 && w->n_recomputed > 0));
}

static int open_world(void **state)
{
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    const wg_config config = {.size = sizeof config, .seed = WGT_SAMPLE_SEED};
    wg_config scratch = config;
    scratch.eager = true;
    scratch.without = REFERENCE_ALONE;
    assert_int_equal(wg_context_create(&scratch, &w->scratch_ctx), WG_OK);
    assert_int_equal(wg_graph_create(w->scratch_ctx, &w->scratch), WG_OK);
    assert_int_equal(wg_context_create(&config, &w->ctx), WG_OK);
    assert_int_equal(wg_graph_create(w->ctx, &w->g), WG_OK);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    world *w = *state;
    wg_graph_destroy(w->scratch);
    wg_context_destroy(w->scratch_ctx);
    wg_graph_destroy(w->g);
    wg_context_destroy(w->ctx);
    free(w);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(programs_give_the_same_bits_under_a_limit, open_world,
                                        close_world),
    };
    const char *count = argc > 1 ? argv[1] : getenv("WENGERT_PROGRAMS");
    n_programs = count != NULL ? strtol(count, NULL, 10) : n_programs;
    first_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : first_seed;
    return cmocka_run_group_tests_name("programs under memory limits", tests, NULL, NULL);
}
