/* A small training.
 * SPDX-License-Identifier: Apache-2.0 */
#include "train_case.h"

#include <math.h>
#include <string.h>

static wg_status record(wg_graph *g, const wg_batch *batch, void *user, wg_recorded *out)
{
    train_case *c = user;
    wg_node h = wg_tanh(wg_linear_apply(&c->first, wg_input(g, batch->x)));
    out->scores = wg_linear_apply(&c->second, wg_dropout(h, c->dropout));
    out->loss = wg_cross_entropy(out->scores, wg_input(g, batch->y));
    if (!wg_graph_is_training(g)) {
        c->n_evaluated++;
        return WG_OK;
    }
    c->n_learned++;
    return c->n_learned == c->act_at ? c->act(c, out) : WG_OK;
}

wg_status train_act_stop(train_case *c, wg_recorded *made)
{
    (void)made;
    wg_stop_raise(&c->stop);
    return WG_OK;
}

wg_status train_act_nan(train_case *c, wg_recorded *made)
{
    (void)c;
    made->loss = wg_scale(made->loss, (double)NAN);
    return WG_OK;
}

wg_status train_act_cancel(train_case *c, wg_recorded *made)
{
    (void)made;
    wg_cancel(c->ctx);
    return WG_OK;
}

/* Points of a class lie about the class's own corner. */
static wg_dataset *create_data(wg_context *ctx, int64_t n, uint64_t stream)
{
    wg_tensor *x;
    wg_tensor *y;
    wg_dataset *d;
    const int64_t dims[] = {n, CASE_FEATURES};
    wg_rng rng = wg_rng_make(5, stream);
    assert_int_equal(wg_tensor_create(ctx, WG_F32, 2, dims, &x), WG_OK);
    assert_int_equal(wg_tensor_create(ctx, WG_I64, 1, dims, &y), WG_OK);
    for (int64_t i = 0; i < n; i++) {
        const int64_t label = (int64_t)wg_rng_below(&rng, CASE_CLASSES);
        (void)wg_tensor_set(y, i, (double)label);
        for (int64_t k = 0; k < CASE_FEATURES; k++) {
            (void)wg_tensor_set(x, i * CASE_FEATURES + k,
                                wg_rng_normal(&rng) + (k == label ? 2.0 : 0.0));
        }
    }
    assert_int_equal(wg_dataset_create(ctx, x, y, &d), WG_OK);
    wg_tensor_destroy(x);
    wg_tensor_destroy(y);
    return d;
}

static void create_model(train_case *c)
{
    const wg_adam_options adam = {.size = sizeof adam, .rate = 0.02};
    const wg_schedule_options cosine = {
        .size = sizeof cosine, .kind = WG_SCHEDULE_COSINE, .warmup_steps = 3, .steps = 40};
    assert_int_equal(wg_graph_create(c->ctx, &c->g), WG_OK);
    assert_int_equal(wg_model_create(c->ctx, &c->m), WG_OK);
    assert_int_equal(wg_linear_create(c->m, "first", CASE_FEATURES, 16, NULL, &c->first), WG_OK);
    assert_int_equal(wg_linear_create(c->m, "second", 16, CASE_CLASSES, NULL, &c->second), WG_OK);
    assert_int_equal(wg_adam_create(c->m, &adam, &c->o), WG_OK);
    assert_int_equal(wg_schedule_create(c->o, &cosine, &c->schedule), WG_OK);
}

static void create_batches(train_case *c)
{
    const wg_rng rng = wg_rng_make(11, 1);
    c->data = create_data(c->ctx, CASE_ROWS, 1);
    c->valid_data = create_data(c->ctx, 20, 2);
    assert_int_equal(wg_batches_create(c->data, CASE_BATCH, &rng, false, &c->batches), WG_OK);
    assert_int_equal(wg_batches_create(c->valid_data, 7, &rng, false, &c->validation), WG_OK);
    assert_int_equal(wg_history_create(c->ctx, &c->history), WG_OK);
}

static void open_case(train_case *c, bool is_eager)
{
    memset(c, 0, sizeof *c);
    c->dropout = 0.25;
    wgt_allocator_start(&c->counter);
    const wg_allocator memory = wgt_allocator_hooks(&c->counter);
    const wg_config config = {.size = sizeof config,
                              .allocator = &memory,
                              .seed = 20240229,
                              .threads = 1,
                              .eager = is_eager};
    assert_int_equal(wg_context_create(&config, &c->ctx), WG_OK);
    create_model(c);
    create_batches(c);
    c->t = (wg_training){.size = sizeof c->t,
                         .model = c->m,
                         .optimizer = c->o,
                         .graph = c->g,
                         .batches = c->batches,
                         .record = record,
                         .user = c,
                         .epochs = 3,
                         .schedule = c->schedule,
                         .validation = c->validation,
                         .history = c->history,
                         .stop = &c->stop};
}

void train_case_open(train_case *c)
{
    open_case(c, false);
}

void train_case_open_eager(train_case *c)
{
    open_case(c, true);
}

void train_case_close(train_case *c)
{
    wg_history_destroy(c->history);
    wg_batches_destroy(c->validation);
    wg_batches_destroy(c->batches);
    wg_dataset_destroy(c->valid_data);
    wg_dataset_destroy(c->data);
    wg_schedule_destroy(c->schedule);
    wg_optimizer_destroy(c->o);
    wg_graph_destroy(c->g);
    wg_model_destroy(c->m);
    wg_context_destroy(c->ctx);
    assert_true(wgt_allocator_is_clean(&c->counter));
    wgt_allocator_finish(&c->counter);
}

/* ---- digests ------------------------------------------------------------------------------ */

static uint64_t add_bytes(uint64_t digest, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++) {
        digest = (digest ^ p[i]) * UINT64_C(0x100000001b3);
    }
    return digest;
}

uint64_t train_case_digest(const train_case *c)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < wg_model_count(c->m); i++) {
        const wg_tensor *value = wg_param_value(wg_model_param(c->m, i));
        digest = add_bytes(digest, wg_tensor_data(value), wg_tensor_bytes(value));
    }
    return digest;
}

uint64_t train_case_digest_all(const train_case *c)
{
    wg_batches_state batches;
    wg_schedule_state schedule;
    uint64_t digest = train_case_digest(c);
    for (size_t i = 0; i < wg_history_count(c->history); i++) {
        wg_series s;
        assert_int_equal(wg_history_series(c->history, i, &s), WG_OK);
        digest = add_bytes(digest, s.name, strlen(s.name));
        digest = add_bytes(digest, s.x, s.n * sizeof *s.x);
        digest = add_bytes(digest, s.y, s.n * sizeof *s.y);
    }
    assert_int_equal(wg_batches_get_state(c->batches, &batches), WG_OK);
    assert_int_equal(wg_schedule_get_state(c->schedule, &schedule), WG_OK);
    digest = add_bytes(digest, &batches.rng, sizeof batches.rng);
    digest = add_bytes(digest, &batches.next, sizeof batches.next);
    digest = add_bytes(digest, &schedule.step, sizeof schedule.step);
    digest = add_bytes(digest, &schedule.best, sizeof schedule.best);
    const double rate = wg_optimizer_rate(c->o);
    return add_bytes(digest, &rate, sizeof rate);
}

wg_training_report train_case_run(train_case *c, wg_status want)
{
    wg_training_report report;
    const wg_status status = wg_train(&c->t, &report);
    if (status != want) {
        print_message("%s: %s\n", wg_status_name(status), wg_context_error(c->ctx));
    }
    assert_int_equal(status, want);
    assert_true(wg_graph_is_training(c->g));
    if (status != WG_OK) {
        for (size_t i = 0; i < wg_model_count(c->m); i++) {
            assert_null(wg_param_gradient(wg_model_param(c->m, i)));
        }
    }
    return report;
}

bool train_case_tells(const train_case *c, const char *text)
{
    const bool tells = strstr(wg_context_error(c->ctx), text) != NULL;
    if (!tells) {
        print_message("told: %s\n", wg_context_error(c->ctx));
    }
    return tells;
}
