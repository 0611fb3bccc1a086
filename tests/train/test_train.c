/* The training helper: what it learns is what a loop by hand learns; each of its options.
 * SPDX-License-Identifier: Apache-2.0 */
#include "train_case.h"

#include <math.h>
#include <string.h>

#include "support/sink.h"

/* ---- the loop ----------------------------------------------------------------------------- */

/* The loop of train.h's docstring. */
static double train_by_hand(train_case *c)
{
    wg_batch batch;
    wg_recorded made;
    wg_meter loss = {0};
    wg_status s = WG_OK;
    for (int64_t epoch = 0; epoch < c->t.epochs && s == WG_OK; epoch++) {
        loss = (wg_meter){0};
        while (s == WG_OK && wg_batches_next(c->batches, &batch)) {
            s = wg_graph_reset(c->g);
            s = s ? s : c->t.record(c->g, &batch, c, &made);
            s = s ? s : wg_backward(made.loss);
            s = s ? s : wg_clip_grad_norm(c->m, 0.5, 2, NULL);
            s = s ? s : wg_clip_grad_value(c->m, 0.1);
            s = s ? s : wg_optimizer_step(c->o);
            s = s ? s : wg_schedule_step(c->schedule);
            s = s ? s : wg_meter_add(&loss, wg_item(made.loss), (double)batch.n);
        }
    }
    assert_int_equal(s, WG_OK);
    return wg_meter_mean(&loss);
}

static void test_train_equals_the_loop_by_hand(void **state)
{
    (void)state;
    train_case a;
    train_case b;
    train_case_open(&a);
    train_case_open(&b);
    a.t.clip_norm = 0.5;
    a.t.clip_value = 0.1;
    a.t.validation = NULL; /* it would draw numbers between the epochs */
    const wg_training_report report = train_case_run(&a, WG_OK);
    const double loss = train_by_hand(&b);
    assert_true(train_case_digest(&a) == train_case_digest(&b));
    assert_true(report.train.loss == loss);
    assert_true(report.train.perplexity == exp(loss));
    assert_true(report.train.weight == CASE_ROWS);
    assert_true(isnan(report.train.accuracy));
    assert_int_equal(report.reason, WG_STOPPED_AT_END);
    assert_int_equal(report.epochs, 3);
    assert_int_equal(report.steps, 3 * CASE_BATCHES);
    assert_int_equal(a.n_learned, b.n_learned);
    train_case_close(&a);
    train_case_close(&b);
}

/* What the helper allocates beyond a loop by hand does not grow with the number of epochs. */
static void test_train_allocates_nothing_by_step(void **state)
{
    (void)state;
    size_t n_calls[2][2];
    for (int i = 0; i < 2; i++) {
        for (int by_hand = 0; by_hand < 2; by_hand++) {
            train_case c;
            train_case_open(&c);
            c.t.epochs = i == 0 ? 2 : 6;
            c.t.history = NULL;
            c.t.validation = NULL;
            c.t.clip_norm = 0.5;
            c.t.clip_value = 0.1;
            const size_t before = c.counter.n_calls;
            if (by_hand == 1) {
                (void)train_by_hand(&c);
            } else {
                (void)train_case_run(&c, WG_OK);
            }
            n_calls[i][by_hand] = c.counter.n_calls - before;
            train_case_close(&c);
        }
    }
    assert_int_equal(n_calls[0][0] - n_calls[0][1], n_calls[1][0] - n_calls[1][1]);
    assert_true(n_calls[0][0] - n_calls[0][1] < 10);
}

/* Two batches of 8 by turns are one of 16: their gradients' mean, up to roundings of f32. */
static void test_train_accumulates(void **state)
{
    (void)state;
    double values[2][256];
    int64_t n = 0;
    for (int i = 0; i < 2; i++) {
        train_case c;
        train_case_open(&c);
        c.dropout = 0;
        wg_batches_destroy(c.batches);
        assert_int_equal(wg_batches_create(c.data, 10 - 5 * i, NULL, false, &c.batches), WG_OK);
        c.t.batches = c.batches;
        c.t.accumulate = i == 0 ? 0 : 2;
        const wg_training_report report = train_case_run(&c, WG_OK);
        assert_int_equal(report.steps, 18);
        n = wg_model_elements(c.m);
        assert_in_range(n, 1, 256);
        assert_int_equal(wg_model_get_values(c.m, values[i], (size_t)n), WG_OK);
        train_case_close(&c);
    }
    for (int64_t i = 0; i < n; i++) {
        /* 18 steps of Adam, whose quotients pass on roundings of gradients near 0. */
        assert_true(fabs(values[0][i] - values[1][i]) < 2e-4);
    }
}

static void test_train_accumulates_what_is_left(void **state)
{
    (void)state;
    train_case c;
    train_case_open(&c);
    c.t.accumulate = 3;
    c.t.epochs = 2;
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(report.steps, 2 * 3); /* of 3, 3 and 2 batches */
    assert_int_equal(c.n_learned, 2 * CASE_BATCHES);
    train_case_close(&c);
}

static void test_train_to_a_number_of_steps(void **state)
{
    (void)state;
    train_case c;
    train_case_open(&c);
    c.t.max_steps = CASE_BATCHES + 3;
    wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(report.steps, CASE_BATCHES + 3);
    assert_int_equal(report.epochs, 1);
    assert_int_equal(report.reason, WG_STOPPED_AT_END);
    train_case_close(&c);
    train_case_open(&c);
    c.t.max_steps = CASE_BATCHES; /* the epoch is whole, and validated */
    report = train_case_run(&c, WG_OK);
    assert_int_equal(report.epochs, 1);
    assert_true(report.valid.weight == 20);
    train_case_close(&c);
}

/* ---- validation and metrics --------------------------------------------------------------- */

static double accuracy_by_hand(train_case *c)
{
    wg_batch batch;
    wg_accuracy a = {0};
    assert_int_equal(wg_graph_set_training(c->g, false), WG_OK);
    while (wg_batches_next(c->validation, &batch)) {
        wg_recorded made;
        assert_int_equal(wg_graph_reset(c->g), WG_OK);
        assert_int_equal(c->t.record(c->g, &batch, c, &made), WG_OK);
        assert_int_equal(wg_accuracy_add(&a, wg_value(made.scores), batch.y), WG_OK);
    }
    assert_int_equal(wg_graph_set_training(c->g, true), WG_OK);
    return wg_accuracy_value(&a);
}

static void test_train_validates(void **state)
{
    (void)state;
    train_case c;
    wg_measures again;
    wg_confusion *confusion;
    train_case_open(&c);
    assert_int_equal(wg_confusion_create(c.ctx, CASE_CLASSES, NULL, &confusion), WG_OK);
    c.t.epochs = 12;
    c.t.metrics = WG_MEASURE_ACCURACY | WG_MEASURE_TOP_K;
    c.t.top_k = 2;
    c.t.confusion = confusion;
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(c.n_evaluated, 36);
    assert_true(report.valid.accuracy > 0.5); /* chance is a third */
    assert_true(report.valid.top_k >= report.valid.accuracy);
    assert_true(isnan(report.valid.r2) && isnan(report.train.accuracy));
    assert_true(wg_confusion_accuracy(confusion) == report.valid.accuracy);
    assert_int_equal(wg_confusion_total(confusion), 20);
    assert_int_equal(wg_evaluate(&c.t, c.validation, &again), WG_OK);
    assert_memory_equal(&again.loss, &report.valid.loss, sizeof again.loss);
    assert_true(again.accuracy == report.valid.accuracy && again.weight == 20);
    assert_true(accuracy_by_hand(&c) == report.valid.accuracy);
    assert_true(wg_graph_is_training(c.g));
    assert_int_equal(wg_evaluate(&c.t, c.batches, &again), WG_OK);
    assert_true(again.weight == CASE_ROWS && again.accuracy > 0.5);
    wg_confusion_destroy(confusion);
    train_case_close(&c);
}

static void test_train_validates_now_and_then(void **state)
{
    (void)state;
    train_case c;
    wg_series s;
    train_case_open(&c);
    c.t.epochs = 5;
    c.t.validate_every = 2;
    c.t.measures_training = true;
    c.t.metrics = WG_MEASURE_ACCURACY;
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(c.n_evaluated, 9); /* epochs 2, 4 and the last */
    assert_true(!isnan(report.train.accuracy));
    assert_int_equal(wg_history_find(c.history, "valid accuracy", &s), WG_OK);
    assert_int_equal(s.n, 3);
    assert_true(s.x[0] == 2 && s.x[1] == 4 && s.x[2] == 5);
    assert_int_equal(wg_history_find(c.history, "train accuracy", &s), WG_OK);
    assert_int_equal(s.n, 5);
    assert_true(s.y[4] == report.train.accuracy);
    assert_int_equal(wg_history_find(c.history, "step loss", &s), WG_ERR_NAME);
    train_case_close(&c);
}

/* Regression: one output, its targets in [n, 1], of the batch's own making. */
static wg_status record_regression(wg_graph *g, const wg_batch *batch, void *user, wg_recorded *out)
{
    train_case *c = user;
    wg_node h = wg_tanh(wg_linear_apply(&c->first, wg_input(g, batch->x)));
    out->scores = wg_slice(wg_linear_apply(&c->second, h), 1, 0, 1, 1);
    out->labels = batch->y;
    out->loss = wg_mse(out->scores, wg_input(g, batch->y));
    out->weight = 2 * (double)batch->n;
    return WG_OK;
}

static void test_train_regression(void **state)
{
    (void)state;
    train_case c;
    wg_tensor *y;
    wg_dataset *d;
    const int64_t dims[] = {CASE_ROWS, 1};
    train_case_open(&c);
    assert_int_equal(wg_tensor_create(c.ctx, WG_F32, 2, dims, &y), WG_OK);
    for (int64_t i = 0; i < CASE_ROWS; i++) {
        (void)wg_tensor_set(y, i, wg_tensor_get(wg_dataset_x(c.data), CASE_FEATURES * i));
    }
    assert_int_equal(wg_dataset_create(c.ctx, wg_dataset_x(c.data), y, &d), WG_OK);
    wg_batches_destroy(c.validation);
    assert_int_equal(wg_batches_create(d, 9, NULL, false, &c.validation), WG_OK);
    wg_batches_destroy(c.batches);
    assert_int_equal(wg_batches_create(d, 9, NULL, false, &c.batches), WG_OK);
    c.t.batches = c.batches;
    c.t.validation = c.validation;
    c.t.record = record_regression;
    c.t.epochs = 20;
    c.t.watch = WG_WATCH_R2;
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_true(report.valid.r2 > 0.5 && report.valid.r2 < 1);
    assert_true(report.valid.weight == 2 * CASE_ROWS);
    assert_true(report.best >= report.valid.r2);
    wg_tensor_destroy(y);
    wg_dataset_destroy(d);
    train_case_close(&c);
}

/* ---- the best epoch ----------------------------------------------------------------------- */

static const double *script;
static uint64_t digests[16];

/* Each epoch's watched value is the next of `script`. */
static wg_status watch_script(wg_epoch *epoch, void *user)
{
    const train_case *c = user;
    assert_int_equal(epoch->step, epoch->epoch * CASE_BATCHES);
    assert_int_equal(epoch->epochs, c->t.epochs);
    digests[epoch->epoch] = train_case_digest(c);
    epoch->watched = script[epoch->epoch - 1];
    return WG_OK;
}

static wg_training_report run_script(train_case *c, const double *values)
{
    script = values;
    c->t.epochs = 8;
    c->t.watch = WG_WATCH_OWN;
    c->t.on_epoch = watch_script;
    return train_case_run(c, WG_OK);
}

static void test_train_stops_early(void **state)
{
    (void)state;
    const double values[] = {(double)NAN, 0.5, 0.4, 0.45, 0.395, 0.41, 0.1, 0.1};
    train_case c;
    train_case_open(&c);
    c.t.patience = 3;
    c.t.min_delta = 0.01;
    c.t.restores_best = true;
    const wg_training_report report = run_script(&c, values);
    assert_int_equal(report.reason, WG_STOPPED_EARLY);
    assert_int_equal(report.epochs, 6);
    assert_int_equal(report.best_epoch, 3);
    assert_true(report.best == 0.4);
    assert_true(train_case_digest(&c) == digests[3]);
    assert_true(digests[3] != digests[6]);
    train_case_close(&c);
}

static void test_train_keeps_the_last_unless_asked(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 2, 2, 2, 2, 2};
    train_case c;
    train_case_open(&c);
    c.t.direction = WG_DIRECTION_MORE;
    const wg_training_report report = run_script(&c, values);
    assert_int_equal(report.reason, WG_STOPPED_AT_END);
    assert_int_equal(report.best_epoch, 3);
    assert_true(train_case_digest(&c) == digests[8]);
    train_case_close(&c);
}

static void test_train_writes_the_best(void **state)
{
    (void)state;
    const double values[] = {5, 4, 3, 9, 9, 9, 9, 9};
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "best.safetensors", path);
    train_case_open(&c);
    c.t.best_path = path;
    (void)run_script(&c, values);
    assert_int_equal(wg_model_load(c.m, path), WG_OK);
    assert_true(train_case_digest(&c) == digests[3]);
    train_case_close(&c);
    wgt_folder_remove(&folder);
}

static wg_status stop_at_two(wg_epoch *epoch, void *user)
{
    (void)user;
    epoch->stop = epoch->epoch == 2;
    return WG_OK;
}

static wg_status fail_at_two(wg_epoch *epoch, void *user)
{
    (void)user;
    return epoch->epoch == 2 ? WG_ERR_IO : WG_OK;
}

static void test_train_asks_the_callback(void **state)
{
    (void)state;
    train_case c;
    train_case_open(&c);
    c.t.on_epoch = stop_at_two;
    wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(report.reason, WG_STOPPED_BY_CALLBACK);
    assert_int_equal(report.epochs, 2);
    c.t.on_epoch = fail_at_two;
    report = train_case_run(&c, WG_ERR_IO);
    assert_true(train_case_tells(&c, "train: epoch 2, batch 8: "));
    train_case_close(&c);
}

static wg_status evaluate_again(wg_epoch *epoch, void *user)
{
    train_case *c = user;
    wg_measures m;
    assert_int_equal(wg_evaluate(&c->t, c->validation, &m), WG_OK);
    assert_memory_equal(&m.loss, &epoch->valid.loss, sizeof m.loss);
    assert_int_equal(wg_evaluate(&c->t, c->batches, &m), WG_OK);
    return WG_OK;
}

static void test_train_lets_the_callback_evaluate(void **state)
{
    (void)state;
    train_case c;
    train_case_open(&c);
    c.t.on_epoch = evaluate_again;
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(report.steps, 24);
    train_case_close(&c);
}

static void test_train_in_an_eager_context(void **state)
{
    (void)state;
    train_case a;
    train_case b;
    train_case_open(&a);
    train_case_open_eager(&b);
    a.t.accumulate = 3;
    b.t.accumulate = 3;
    (void)train_case_run(&a, WG_OK);
    (void)train_case_run(&b, WG_OK);
    assert_true(train_case_digest_all(&a) == train_case_digest_all(&b));
    train_case_close(&a);
    train_case_close(&b);
}

/* ---- schedules ---------------------------------------------------------------------------- */

static void test_train_schedules(void **state)
{
    (void)state;
    const double values[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const wg_schedule_options step = {
        .size = sizeof step, .kind = WG_SCHEDULE_STEP, .steps = 1, .factor = 0.5};
    const wg_schedule_options plateau = {
        .size = sizeof plateau, .kind = WG_SCHEDULE_PLATEAU, .patience = 2, .factor = 0.5};
    train_case c;
    train_case_open(&c);
    wg_schedule_destroy(c.schedule);
    assert_int_equal(wg_optimizer_set_rate(c.o, 0.016), WG_OK);
    assert_int_equal(wg_schedule_create(c.o, &step, &c.schedule), WG_OK);
    c.t.schedule = c.schedule;
    c.t.is_schedule_of_epochs = true;
    (void)train_case_run(&c, WG_OK);
    assert_true(wg_optimizer_rate(c.o) == 0.016 / 8);
    wg_schedule_destroy(c.schedule);
    assert_int_equal(wg_optimizer_set_rate(c.o, 0.016), WG_OK);
    assert_int_equal(wg_schedule_create(c.o, &plateau, &c.schedule), WG_OK);
    c.t.schedule = c.schedule;
    c.t.is_schedule_of_epochs = false;
    (void)run_script(&c, values); /* the first is good; of the 7 others every third is too many */
    assert_true(wg_optimizer_rate(c.o) == 0.016 / 4);
    train_case_close(&c);
}

/* ---- what goes wrong ---------------------------------------------------------------------- */

static void test_train_loss_that_is_not_finite(void **state)
{
    (void)state;
    uint64_t before = 0;
    for (int i = 0; i < 3; i++) {
        train_case c;
        train_case_open(&c);
        c.act_at = CASE_BATCHES + 3;
        c.act = train_act_nan;
        c.t.nonfinite = (wg_nonfinite)i;
        const wg_training_report report = train_case_run(&c, i == 0 ? WG_ERR_RANGE : WG_OK);
        if (i == 0) {
            assert_true(train_case_tells(&c, "train: epoch 2, batch 3: the loss is nan"));
            before = train_case_digest(&c);
        } else if (i == 1) {
            assert_int_equal(report.reason, WG_STOPPED_BY_LOSS);
            assert_true(train_case_digest(&c) == before);
        }
        assert_int_equal(report.steps, i < 2 ? CASE_BATCHES + 2 : 3 * CASE_BATCHES);
        assert_true(isnan(wg_tensor_get(wg_param_value(c.first.weight), 0)) == (i == 2));
        train_case_close(&c);
    }
}

static wg_status act_fail(train_case *c, wg_recorded *made)
{
    (void)c;
    (void)made;
    return WG_ERR_IO;
}

static wg_status act_fail_oddly(train_case *c, wg_recorded *made)
{
    (void)c;
    (void)made;
    return (wg_status)77;
}

static wg_status act_record_wrongly(train_case *c, wg_recorded *made)
{
    made->loss = wg_add(made->scores, wg_use(c->g, c->first.weight));
    return WG_OK;
}

static wg_status act_give_no_loss(train_case *c, wg_recorded *made)
{
    (void)c;
    made->loss = (wg_node){NULL, 0, 0};
    return WG_OK;
}

static wg_status act_give_no_scores(train_case *c, wg_recorded *made)
{
    (void)c;
    made->scores = (wg_node){NULL, 0, 0};
    return WG_OK;
}

static wg_status act_give_a_bad_weight(train_case *c, wg_recorded *made)
{
    (void)c;
    made->weight = -1;
    return WG_OK;
}

static wg_status act_give_many(train_case *c, wg_recorded *made)
{
    (void)c;
    made->loss = made->scores;
    return WG_OK;
}

static void test_train_tells_where_it_failed(void **state)
{
    (void)state;
    static const struct {
        wg_status (*act)(train_case *c, wg_recorded *made);
        wg_status want;
        const char *text;
    } rows[] = {
        {act_fail, WG_ERR_IO, "a file could not be"},
        {act_fail_oddly, WG_ERR_CALLBACK, "a callback of the program"},
        {act_record_wrongly, WG_ERR_SHAPE, "add"},
        {act_give_no_loss, WG_ERR_CALLBACK, "record gave no loss"},
        {act_give_no_scores, WG_ERR_CALLBACK, "metrics want scores"},
        {act_give_a_bad_weight, WG_ERR_CALLBACK, "record gave a weight"},
        {act_give_many, WG_ERR_SHAPE, "backward"},
        {train_act_cancel, WG_ERR_CANCELLED, "cancel"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        train_case c;
        train_case_open(&c);
        c.t.metrics = WG_MEASURE_ACCURACY;
        c.t.measures_training = true;
        c.act = rows[i].act;
        c.act_at = CASE_BATCHES + 5;
        const wg_training_report report = train_case_run(&c, rows[i].want);
        assert_int_equal(report.epochs, 1);
        assert_int_equal(report.steps, CASE_BATCHES + 4);
        assert_true(train_case_tells(&c, "train: epoch 2, batch 5: "));
        assert_true(train_case_tells(&c, rows[i].text));
        train_case_close(&c);
    }
}

/* In validation: the message says so, and the graph is in training mode again. */
static wg_status record_bad_validation(wg_graph *g, const wg_batch *batch, void *user,
                                       wg_recorded *out)
{
    train_case *c = user;
    wg_node h = wg_linear_apply(&c->first, wg_input(g, batch->x));
    out->loss = wg_cross_entropy(wg_linear_apply(&c->second, h), wg_input(g, batch->y));
    return wg_graph_is_training(g) || batch->first == 0 ? WG_OK : WG_ERR_IO;
}

static void test_train_tells_of_validation(void **state)
{
    (void)state;
    train_case c;
    wg_measures m;
    train_case_open(&c);
    c.t.record = record_bad_validation;
    (void)train_case_run(&c, WG_ERR_IO);
    assert_true(train_case_tells(&c, "train: epoch 1, validation batch 2: "));
    assert_int_equal(wg_evaluate(&c.t, c.validation, &m), WG_ERR_IO);
    assert_true(isnan(m.loss));
    assert_true(train_case_tells(&c, "evaluate: batch 2: "));
    train_case_close(&c);
}

static void test_train_cannot_write(void **state)
{
    (void)state;
    train_case c;
    train_case_open(&c);
    c.t.last_path = "no folder of this name/last.safetensors";
    wg_training_report report = train_case_run(&c, WG_ERR_IO);
    assert_true(train_case_tells(&c, "train: after epoch 1: "));
    assert_int_equal(report.epochs, 1);
    c.t.best_path = "no folder of this name/best.safetensors";
    report = train_case_run(&c, WG_ERR_IO);
    assert_true(train_case_tells(&c, "train: epoch 1, batch 8: "));
    assert_int_equal(report.epochs, 0);
    train_case_close(&c);
}

/* ---- what is shown ------------------------------------------------------------------------ */

static void test_train_shows(void **state)
{
    (void)state;
    train_case c;
    wgt_sink sink;
    train_case_open(&c);
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    c.t.writer = &writer;
    c.t.metrics = WG_MEASURE_ACCURACY | WG_MEASURE_PERPLEXITY;
    (void)train_case_run(&c, WG_OK);
    const char *text = wgt_sink_text(&sink);
    assert_non_null(strstr(text, "step 24/24"));
    assert_non_null(strstr(text, "samples/s"));
    assert_non_null(strstr(text, "epoch 1/3  loss "));
    assert_non_null(strstr(text, "  valid accuracy "));
    assert_non_null(strstr(text, "  valid perplexity "));
    assert_non_null(strstr(text, "  best  "));
    assert_null(strstr(text, "nan"));
    train_case_close(&c);
    wgt_sink_finish(&sink);
}

static void test_train_goes_on_without_its_writer(void **state)
{
    (void)state;
    train_case a;
    train_case b;
    wgt_sink sink;
    train_case_open(&a);
    train_case_open(&b);
    wgt_sink_start(&sink);
    const wg_writer writer = wgt_sink_writer(&sink);
    sink.fail_at = 2;
    a.t.writer = &writer;
    a.t.is_terminal = true;
    (void)train_case_run(&a, WG_OK);
    (void)train_case_run(&b, WG_OK);
    assert_int_equal(sink.n_writes, 2);
    assert_int_equal(sink.after_end, 0);
    assert_true(train_case_digest_all(&a) == train_case_digest_all(&b));
    train_case_close(&a);
    train_case_close(&b);
    wgt_sink_finish(&sink);
}

static void test_train_keeps_curves(void **state)
{
    (void)state;
    train_case c;
    wg_series s;
    train_case_open(&c);
    c.t.history_steps = 5;
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(wg_history_find(c.history, "step loss", &s), WG_OK);
    assert_int_equal(s.n, 4);
    assert_true(s.x[0] == 5 && s.x[3] == 20);
    assert_int_equal(wg_history_find(c.history, "train loss", &s), WG_OK);
    assert_int_equal(s.n, 3);
    assert_true(s.x[2] == 3 && s.y[2] == report.train.loss);
    assert_int_equal(wg_history_find(c.history, "valid loss", &s), WG_OK);
    assert_true(s.y[2] == report.valid.loss);
    assert_int_equal(wg_history_find(c.history, "rate", &s), WG_OK);
    assert_int_equal(s.n, 3);
    train_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train_equals_the_loop_by_hand),
        cmocka_unit_test(test_train_allocates_nothing_by_step),
        cmocka_unit_test(test_train_accumulates),
        cmocka_unit_test(test_train_accumulates_what_is_left),
        cmocka_unit_test(test_train_to_a_number_of_steps),
        cmocka_unit_test(test_train_validates),
        cmocka_unit_test(test_train_validates_now_and_then),
        cmocka_unit_test(test_train_regression),
        cmocka_unit_test(test_train_stops_early),
        cmocka_unit_test(test_train_keeps_the_last_unless_asked),
        cmocka_unit_test(test_train_writes_the_best),
        cmocka_unit_test(test_train_asks_the_callback),
        cmocka_unit_test(test_train_lets_the_callback_evaluate),
        cmocka_unit_test(test_train_in_an_eager_context),
        cmocka_unit_test(test_train_schedules),
        cmocka_unit_test(test_train_loss_that_is_not_finite),
        cmocka_unit_test(test_train_tells_where_it_failed),
        cmocka_unit_test(test_train_tells_of_validation),
        cmocka_unit_test(test_train_cannot_write),
        cmocka_unit_test(test_train_shows),
        cmocka_unit_test(test_train_goes_on_without_its_writer),
        cmocka_unit_test(test_train_keeps_curves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
