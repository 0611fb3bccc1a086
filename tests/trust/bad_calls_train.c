/* Bad calls of train.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "bad_calls.h"

#include <math.h>
#include <string.h>

/* What a training needs, of the world's context. */
typedef struct school {
    wg_optimizer *o;
    wg_optimizer *other;
    wg_schedule *schedule;
    wg_dataset *data;
    wg_dataset *none;
    wg_batches *batches;
    wg_batches *empty;
    wg_training t;
} school;

static wg_status record_nothing(wg_graph *g, const wg_batch *batch, void *user, wg_recorded *out)
{
    (void)g;
    (void)batch;
    (void)user;
    (void)out;
    return WG_OK;
}

static void open_school(bad_world *w, school *s)
{
    const wg_schedule_options constant = {.size = sizeof constant};
    const int64_t dims[] = {0, 3};
    wg_tensor *nothing;
    assert_status(wg_tensor_create(w->ctx, WG_F32, 2, dims, &nothing), WG_OK);
    assert_status(wg_adam_create(w->m, NULL, &s->o), WG_OK);
    assert_status(wg_adam_create(w->m, NULL, &s->other), WG_OK);
    assert_status(wg_schedule_create(s->other, &constant, &s->schedule), WG_OK);
    assert_status(wg_dataset_create(w->ctx, w->t, w->indices, &s->data), WG_OK);
    assert_status(wg_dataset_create(w->ctx, nothing, NULL, &s->none), WG_OK);
    assert_status(wg_batches_create(s->data, 1, NULL, false, &s->batches), WG_OK);
    assert_status(wg_batches_create(s->none, 1, NULL, false, &s->empty), WG_OK);
    wg_tensor_destroy(nothing);
    s->t = (wg_training){.size = sizeof s->t,
                         .model = w->m,
                         .optimizer = s->o,
                         .graph = w->g,
                         .batches = s->batches,
                         .record = record_nothing,
                         .epochs = 1};
}

static void close_school(school *s)
{
    wg_batches_destroy(s->batches);
    wg_batches_destroy(s->empty);
    wg_dataset_destroy(s->data);
    wg_dataset_destroy(s->none);
    wg_schedule_destroy(s->schedule);
    wg_optimizer_destroy(s->o);
    wg_optimizer_destroy(s->other);
}

/* A training that is right but for what `spoil` does to it for i. */
typedef void (*spoiler)(const bad_world *w, const school *s, wg_training *t, int i);

static void refuse(bad_world *w, const school *s, spoiler spoil, int n)
{
    for (int i = 0; i < n; i++) {
        wg_training t = s->t;
        wg_training_report report = {.steps = 77};
        spoil(w, s, &t, i);
        assert_status(wg_train(&t, &report), WG_ERR_ARGUMENT);
        assert_int_equal(report.steps, 0);
        assert_true(isnan(report.best));
        assert_status(wg_train(&t, NULL), WG_ERR_ARGUMENT);
    }
}

static void spoil_objects(const bad_world *w, const school *s, wg_training *t, int i)
{
    t->size = i == 0 ? 0 : t->size;
    t->model = i == 1 ? NULL : (i == 2 ? w->m_foreign : t->model);
    t->optimizer = i == 3 ? NULL : t->optimizer;
    t->graph = i == 4 ? NULL : (i == 5 ? w->foreign : t->graph);
    t->batches = i == 6 ? NULL : (i == 7 ? s->empty : t->batches);
    t->record = i == 8 ? NULL : t->record;
    t->schedule = i == 9 ? s->schedule : NULL;
    t->validation = i == 10 ? s->empty : (i == 11 ? s->batches : NULL);
}

static void spoil_counts(const bad_world *w, const school *s, wg_training *t, int i)
{
    (void)w;
    (void)s;
    int64_t *const fields[] = {&t->epochs,           &t->max_steps,     &t->accumulate,
                               &t->validate_every,   &t->patience,      &t->save_every_epochs,
                               &t->save_every_steps, &t->history_steps, &t->top_k};
    *fields[i / 2] = i % 2 == 0 ? -1 : INT64_MIN;
}

static void spoil_numbers(const bad_world *w, const school *s, wg_training *t, int i)
{
    (void)w;
    (void)s;
    double *const fields[] = {&t->clip_norm, &t->clip_value, &t->min_delta};
    *fields[i / BAD_N_NUMBERS] = bad_number(i % BAD_N_NUMBERS);
}

static void spoil_choices(const bad_world *w, const school *s, wg_training *t, int i)
{
    static const wg_writer no_write = {NULL, NULL};
    (void)w;
    (void)s;
    t->metrics = i == 0 ? 16 : 0;
    t->watch = i == 1 ? (wg_watch)9 : (i == 2 ? WG_WATCH_ACCURACY : WG_WATCH_LOSS);
    t->watch = i == 3 ? WG_WATCH_OWN : t->watch;
    t->direction = i == 4 ? (wg_direction)9 : WG_DIRECTION_DEFAULT;
    t->nonfinite = i == 5 ? (wg_nonfinite)9 : WG_NONFINITE_FAIL;
    t->resumes = i == 6;
    t->save_every_steps = i == 7 ? 1 : 0;
    t->epochs = i == 8 ? 0 : 1;
    t->writer = i == 9 ? &no_write : NULL;
}

static void spoil_own(const bad_world *w, const school *s, wg_training *t, int i)
{
    static wg_checkpoint own;
    own = (wg_checkpoint){.size = i == 0 ? 0 : sizeof own};
    own.model = i == 1 ? w->m : NULL;
    own.optimizer = i == 2 ? s->o : NULL;
    own.graph = i == 3 ? w->g : NULL;
    own.batches = i == 4 ? s->batches : NULL;
    own.schedule = i == 5 ? s->schedule : NULL;
    own.n_tensors = i == 6 ? 2 : 0;
    t->own = &own;
    t->last_path = i == 7 ? NULL : "nowhere/last.safetensors";
}

static void check_train(bad_world *w, const bad_row *row)
{
    school s;
    (void)row;
    open_school(w, &s);
    assert_status(wg_train(NULL, NULL), WG_ERR_ARGUMENT);
    refuse(w, &s, spoil_objects, 12);
    refuse(w, &s, spoil_counts, 18);
    refuse(w, &s, spoil_numbers, 3 * BAD_N_NUMBERS);
    refuse(w, &s, spoil_choices, 10);
    refuse(w, &s, spoil_own, 8);
    assert_status(wg_train(&s.t, NULL), WG_ERR_CALLBACK);
    assert_non_null(strstr(wg_context_error(w->ctx), "record gave no loss"));
    bad_world_record(w);
    close_school(&s);
}

/* Nodes that are none of the graph's. */
static wg_status record_badly(wg_graph *g, const wg_batch *batch, void *user, wg_recorded *out)
{
    bad_world *w = user;
    (void)g;
    (void)batch;
    out->loss = bad_handle(w, (int)wg_tensor_get(w->indices, 0));
    out->scores = out->loss;
    return WG_OK;
}

static void check_nodes(bad_world *w, const bad_row *row)
{
    static const int which[] = {BAD_ZERO, BAD_DEAD, BAD_STALE, BAD_OTHER, BAD_FOREIGN};
    school s;
    wg_measures m;
    (void)row;
    open_school(w, &s);
    s.t.record = record_badly;
    s.t.user = w;
    for (size_t i = 0; i < sizeof which / sizeof *which; i++) {
        (void)wg_tensor_set(w->indices, 0, which[i]);
        assert_status(wg_train(&s.t, NULL), WG_ERR_CALLBACK);
        assert_status(wg_evaluate(&s.t, s.batches, &m), WG_ERR_CALLBACK);
    }
    (void)wg_tensor_set(w->indices, 0, 0);
    bad_world_record(w);
    close_school(&s);
}

static void check_evaluate(bad_world *w, const bad_row *row)
{
    school s;
    wg_measures m = {.loss = 7};
    (void)row;
    open_school(w, &s);
    assert_status(wg_evaluate(NULL, s.batches, &m), WG_ERR_ARGUMENT);
    assert_true(isnan(m.loss));
    assert_status(wg_evaluate(&s.t, NULL, &m), WG_ERR_ARGUMENT);
    assert_status(wg_evaluate(&s.t, s.empty, &m), WG_ERR_ARGUMENT);
    assert_status(wg_evaluate(&s.t, s.batches, NULL), WG_ERR_ARGUMENT);
    for (int i = 0; i < 9; i++) {
        wg_training t = s.t;
        spoil_objects(w, &s, &t, i);
        if (i != 3 && i != 6 && i != 7) { /* what it does not read */
            assert_status(wg_evaluate(&t, s.batches, &m), WG_ERR_ARGUMENT);
        }
    }
    assert_status(wg_evaluate(&s.t, s.batches, &m), WG_ERR_CALLBACK);
    assert_true(isnan(m.loss) && m.weight == 0);
    assert_true(wg_graph_is_training(w->g));
    bad_world_record(w);
    close_school(&s);
}

static void check_stop(bad_world *w, const bad_row *row)
{
    wg_stop stop = {0};
    (void)w;
    (void)row;
    wg_stop_raise(NULL);
    wg_stop_clear(NULL);
    assert_false(wg_stop_is_raised(NULL));
    assert_false(wg_stop_is_raised(&stop));
    wg_stop_raise(&stop);
    assert_true(wg_stop_is_raised(&stop));
    assert_string_equal(wg_stop_reason_text((wg_stop_reason)-1), "?");
}

const bad_row bad_rows_of_training[] = {
    {.name = "wg_train", .check = check_train},
    {.name = "wg_train", .check = check_nodes},
    {.name = "wg_evaluate", .check = check_evaluate},
    {.name = "wg_stop_raise", .check = check_stop},
    {.name = "wg_stop_clear", .check = check_stop},
    {.name = "wg_stop_is_raised", .check = check_stop},
    {.name = "wg_stop_reason_text", .check = check_stop},
    {NULL, NULL, NULL},
};
