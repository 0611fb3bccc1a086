/* Trainings that are stopped and go on: to the bits of one that never stopped.
 * SPDX-License-Identifier: Apache-2.0 */
#include "train_case.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What a case adds to the plain one. */
typedef void (*setting)(train_case *c);

static void set_plain(train_case *c)
{
    (void)c;
}

/* Everything that adds up over an epoch or over epochs. */
static void set_rich(train_case *c)
{
    c->t.accumulate = 3;
    c->t.clip_norm = 0.3;
    c->t.measures_training = true;
    c->t.metrics = WG_MEASURE_ACCURACY | WG_MEASURE_TOP_K;
    c->t.top_k = 2;
    c->t.watch = WG_WATCH_ACCURACY;
    c->t.restores_best = true;
    c->t.patience = 3;
    c->t.history_steps = 1;
    c->t.epochs = 5;
}

static void set_plateau(train_case *c)
{
    const wg_schedule_options plateau = {.size = sizeof plateau,
                                         .kind = WG_SCHEDULE_PLATEAU,
                                         .patience = 1,
                                         .factor = 0.5,
                                         .threshold = 0.2};
    wg_schedule_destroy(c->schedule);
    assert_int_equal(wg_schedule_create(c->o, &plateau, &c->schedule), WG_OK);
    c->t.schedule = c->schedule;
    c->t.epochs = 5;
    c->t.validate_every = 2;
}

static void open_case(train_case *c, setting set, const char *path)
{
    train_case_open(c);
    set(c);
    c->t.last_path = path;
    c->t.resumes = path != NULL;
}

static void assert_same_measures(const wg_measures *a, const wg_measures *b)
{
    assert_memory_equal(a, b, sizeof *a); /* doubles alone, a NaN being always the same one */
}

static void assert_same_report(const wg_training_report *a, const wg_training_report *b)
{
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->epochs, b->epochs);
    assert_int_equal(a->steps, b->steps);
    assert_int_equal(a->best_epoch, b->best_epoch);
    assert_memory_equal(&a->best, &b->best, sizeof a->best);
    assert_same_measures(&a->train, &b->train);
    assert_same_measures(&a->valid, &b->valid);
}

/* Stops while batch `at` is learned, goes on in new objects; the report of the second half. */
static wg_training_report run_in_two(setting set, const char *path, int64_t at, uint64_t *digest)
{
    train_case c;
    open_case(&c, set, path);
    c.act_at = at;
    c.act = train_act_stop;
    wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(report.reason, WG_STOPPED_BY_FLAG);
    assert_in_range(c.n_learned, at, at + 2); /* the step is finished: up to two batches more */
    assert_false(report.is_resumed);
    train_case_close(&c);
    open_case(&c, set, path);
    report = train_case_run(&c, WG_OK);
    assert_true(report.is_resumed);
    *digest = train_case_digest_all(&c);
    train_case_close(&c);
    return report;
}

static void check_every_stop(setting set)
{
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    uint64_t digest;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    open_case(&c, set, NULL);
    const wg_training_report want = train_case_run(&c, WG_OK);
    const uint64_t want_digest = train_case_digest_all(&c);
    const int64_t n_batches = c.n_learned;
    train_case_close(&c);
    assert_true(n_batches >= 3 * CASE_BATCHES);
    for (int64_t at = 1; at <= n_batches; at++) {
        const wg_training_report report = run_in_two(set, path, at, &digest);
        assert_same_report(&report, &want);
        assert_true(digest == want_digest);
        assert_int_equal(wgt_folder_count(&folder), 1);
        assert_int_equal(remove(path), 0);
    }
    wgt_folder_remove(&folder);
}

static void test_resume_at_every_batch(void **state)
{
    (void)state;
    check_every_stop(set_plain);
}

static void test_resume_with_all_that_adds_up(void **state)
{
    (void)state;
    check_every_stop(set_rich);
}

static void test_resume_with_a_plateau(void **state)
{
    (void)state;
    check_every_stop(set_plateau);
}

/* Stopped at each step in turn, in new objects each time. */
static void test_resume_again_and_again(void **state)
{
    (void)state;
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    int n_parts = 0;
    wg_training_report report = {.reason = WG_STOPPED_BY_FLAG};
    uint64_t digest = 0;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    open_case(&c, set_rich, NULL);
    const wg_training_report want = train_case_run(&c, WG_OK);
    const uint64_t want_digest = train_case_digest_all(&c);
    train_case_close(&c);
    for (; report.reason == WG_STOPPED_BY_FLAG; n_parts++) {
        open_case(&c, set_rich, path);
        c.act_at = 1;
        c.act = train_act_stop;
        report = train_case_run(&c, WG_OK);
        digest = train_case_digest_all(&c);
        train_case_close(&c);
    }
    assert_int_equal(n_parts, want.steps + 1);
    assert_same_report(&report, &want);
    assert_true(digest == want_digest);
    wgt_folder_remove(&folder);
}

/* ---- killed, cancelled, failed ------------------------------------------------------------ */

/* Ends without a word to the helper at batch `at`: what was saved last is gone on from. */
static void check_cut(wg_status (*act)(train_case *c, wg_recorded *made), wg_status want_status)
{
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    open_case(&c, set_plain, NULL);
    const wg_training_report want = train_case_run(&c, WG_OK);
    const uint64_t digest = train_case_digest_all(&c);
    train_case_close(&c);
    for (int64_t at = 1; at <= 3 * CASE_BATCHES; at += 5) {
        open_case(&c, set_plain, path);
        c.t.save_every_steps = 3;
        c.act_at = at;
        c.act = act;
        (void)train_case_run(&c, want_status);
        c.act_at = 0;
        c.t.resumes = true; /* in the same objects: all of them are set back */
        c.n_learned = 0;
        const wg_training_report report = train_case_run(&c, WG_OK);
        assert_true(at < 3 || report.is_resumed);
        if (report.is_resumed) {
            assert_same_report(&report, &want);
            assert_true(train_case_digest_all(&c) == digest);
            assert_true(c.n_learned <= 3 * CASE_BATCHES - (at - 1) / 3 * 3);
        }
        assert_int_equal(remove(path), 0);
        train_case_close(&c);
    }
    wgt_folder_remove(&folder);
}

static void test_resume_after_a_cancel(void **state)
{
    (void)state;
    check_cut(train_act_cancel, WG_ERR_CANCELLED);
}

static void test_resume_after_a_loss_that_is_not_finite(void **state)
{
    (void)state;
    check_cut(train_act_nan, WG_ERR_RANGE);
}

/* Saving and loading, each allocation failing in turn: the same objects then go on to the same
 * bits. */
static void test_resume_without_memory(void **state)
{
    (void)state;
    char path[WGT_PATH_BYTES];
    char copy[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    size_t bytes;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    wgt_folder_join(folder.path, "copy.safetensors", copy);
    open_case(&c, set_rich, path);
    c.act_at = 35;
    c.act = train_act_stop;
    (void)train_case_run(&c, WG_OK);
    train_case_close(&c);
    unsigned char *saved = wgt_file_read(path, &bytes);
    open_case(&c, set_rich, path);
    (void)train_case_run(&c, WG_OK);
    const uint64_t digest = train_case_digest_all(&c);
    train_case_close(&c);
    wg_status status = WG_ERR_MEMORY;
    size_t k = 1;
    for (; status != WG_OK; k++) {
        assert_true(wgt_file_write(copy, saved, bytes));
        open_case(&c, set_rich, copy);
        wgt_allocator_fail(&c.counter, k, k % 2 == 0);
        status = wg_train(&c.t, NULL);
        wgt_allocator_fail(&c.counter, 0, false);
        assert_true(status == WG_OK || status == WG_ERR_MEMORY);
        assert_true(wg_graph_is_training(c.g));
        (void)train_case_run(&c, WG_OK);
        assert_true(train_case_digest_all(&c) == digest);
        train_case_close(&c);
    }
    assert_true(k > 50);
    free(saved);
    wgt_folder_remove(&folder);
}

/* ---- what had ended ----------------------------------------------------------------------- */

static void test_resume_what_had_ended(void **state)
{
    (void)state;
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    train_case longer;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    open_case(&c, set_plain, path);
    const wg_training_report first = train_case_run(&c, WG_OK);
    const int64_t n_learned = c.n_learned;
    const wg_training_report again = train_case_run(&c, WG_OK);
    assert_int_equal(c.n_learned, n_learned);
    assert_same_report(&again, &first);
    c.t.epochs = 5;
    const wg_training_report more = train_case_run(&c, WG_OK);
    assert_int_equal(more.epochs, 5);
    assert_int_equal(c.n_learned, n_learned + 2 * CASE_BATCHES);
    open_case(&longer, set_plain, NULL);
    longer.t.epochs = 5;
    (void)train_case_run(&longer, WG_OK);
    assert_true(train_case_digest_all(&c) == train_case_digest_all(&longer));
    train_case_close(&c);
    train_case_close(&longer);
    wgt_folder_remove(&folder);
}

static wg_status never_better(wg_epoch *epoch, void *user)
{
    (void)user;
    epoch->watched = (double)epoch->epoch;
    return WG_OK;
}

static void test_resume_what_stopped_early(void **state)
{
    (void)state;
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    open_case(&c, set_rich, path);
    c.t.watch = WG_WATCH_OWN;
    c.t.on_epoch = never_better;
    const wg_training_report first = train_case_run(&c, WG_OK);
    assert_int_equal(first.reason, WG_STOPPED_EARLY);
    assert_int_equal(first.epochs, 4);
    const uint64_t digest = train_case_digest(&c);
    const int64_t n_learned = c.n_learned;
    const wg_training_report again = train_case_run(&c, WG_OK);
    assert_int_equal(c.n_learned, n_learned);
    assert_same_report(&again, &first);
    assert_true(train_case_digest(&c) == digest); /* of the best epoch, which the file has too */
    train_case_close(&c);
    wgt_folder_remove(&folder);
}

/* Streams, numbers and tensors of the program's own. */
static void test_resume_with_what_is_the_programs(void **state)
{
    (void)state;
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    wg_tensor *t;
    const int64_t n = 3;
    wg_rng rng = wg_rng_make(1, 2);
    wg_rng *const rngs[] = {&rng};
    int64_t count = 77;
    const wg_checkpoint_number number = {.name = "count", .integer = &count};
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    open_case(&c, set_rich, path);
    assert_int_equal(wg_tensor_create(c.ctx, WG_F32, 1, &n, &t), WG_OK);
    (void)wg_tensor_set(t, 1, 5);
    (void)wg_rng_u64(&rng);
    const wg_rng drawn = rng;
    const wg_checkpoint_tensor tensor = {.name = "mine", .tensor = t};
    const wg_checkpoint own = {.size = sizeof own,
                               .rngs = rngs,
                               .n_rngs = 1,
                               .numbers = &number,
                               .n_numbers = 1,
                               .tensors = &tensor,
                               .n_tensors = 1};
    c.t.own = &own;
    (void)train_case_run(&c, WG_OK);
    (void)wg_tensor_set(t, 1, 6);
    (void)wg_rng_u64(&rng);
    count = 0;
    (void)train_case_run(&c, WG_OK);
    assert_int_equal(count, 77);
    assert_true(wg_tensor_get(t, 1) == 5);
    assert_memory_equal(&rng, &drawn, sizeof rng);
    wg_tensor_destroy(t);
    train_case_close(&c);
    wgt_folder_remove(&folder);
}

static void test_resume_refuses_another_file(void **state)
{
    (void)state;
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    assert_true(wgt_file_write(path, "no checkpoint", 13));
    open_case(&c, set_plain, path);
    const uint64_t before = train_case_digest_all(&c);
    const wg_training_report report = train_case_run(&c, WG_ERR_FORMAT);
    assert_false(report.is_resumed);
    assert_true(wgt_file_holds(path, "no checkpoint", 13));
    assert_true(train_case_digest_all(&c) == before);
    assert_int_equal(wg_model_save(c.m, path), WG_OK);
    (void)train_case_run(&c, WG_ERR_FORMAT);
    c.t.resumes = false;
    (void)train_case_run(&c, WG_OK);
    train_case_close(&c);
    wgt_folder_remove(&folder);
}

/* ---- the flag ----------------------------------------------------------------------------- */

static atomic_int n_recorded;

static wg_status act_count(train_case *c, wg_recorded *made)
{
    (void)made;
    c->act_at++;
    atomic_fetch_add(&n_recorded, 1);
    return WG_OK;
}

static void *raise_after_some(void *user)
{
    while (atomic_load(&n_recorded) < 5) {
    }
    wg_stop_raise(user);
    return NULL;
}

/* More epochs than anyone would wait for: it ends because the flag is seen. */
static void test_stop_from_another_thread(void **state)
{
    (void)state;
    train_case c;
    pthread_t thread;
    train_case_open(&c);
    c.t.epochs = INT64_MAX;
    c.t.history = NULL;
    c.t.validation = NULL;
    c.act_at = 1;
    c.act = act_count;
    atomic_store(&n_recorded, 0);
    assert_int_equal(pthread_create(&thread, NULL, raise_after_some, &c.stop), 0);
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(report.reason, WG_STOPPED_BY_FLAG);
    assert_true(report.steps >= 5);
    assert_int_equal(report.steps, c.n_learned);
    assert_true(wg_stop_is_raised(&c.stop));
    wg_stop_clear(&c.stop);
    assert_false(wg_stop_is_raised(&c.stop));
    train_case_close(&c);
}

static wg_stop stop_of_signal;

static void on_signal(int number)
{
    (void)number;
    wg_stop_raise(&stop_of_signal);
}

static wg_status act_signal(train_case *c, wg_recorded *made)
{
    (void)c;
    (void)made;
    return raise(SIGUSR1) == 0 ? WG_OK : WG_ERR_STATE;
}

static void test_stop_from_a_signal_handler(void **state)
{
    (void)state;
    char path[WGT_PATH_BYTES];
    wgt_folder folder;
    train_case c;
    struct sigaction action;
    struct sigaction before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", path);
    open_case(&c, set_plain, path);
    wg_stop_clear(&stop_of_signal);
    c.t.stop = &stop_of_signal;
    c.act_at = 11;
    c.act = act_signal;
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(report.reason, WG_STOPPED_BY_FLAG);
    assert_int_equal(report.steps, 11);
    assert_int_equal(wgt_folder_count(&folder), 1);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    train_case_close(&c);
    wgt_folder_remove(&folder);
}

static void test_stop_that_was_raised_before(void **state)
{
    (void)state;
    train_case c;
    train_case_open(&c);
    wg_stop_raise(&c.stop);
    const wg_training_report report = train_case_run(&c, WG_OK);
    assert_int_equal(report.reason, WG_STOPPED_BY_FLAG);
    assert_int_equal(c.n_learned, 0);
    assert_true(isnan(report.best) && isnan(report.train.loss));
    train_case_close(&c);
}

static void test_stop_reasons_have_texts(void **state)
{
    (void)state;
    for (int i = WG_STOPPED_AT_END; i <= WG_STOPPED_BY_LOSS; i++) {
        assert_true(strlen(wg_stop_reason_text((wg_stop_reason)i)) > 1);
    }
    assert_string_equal(wg_stop_reason_text((wg_stop_reason)9), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume_at_every_batch),
        cmocka_unit_test(test_resume_with_all_that_adds_up),
        cmocka_unit_test(test_resume_with_a_plateau),
        cmocka_unit_test(test_resume_again_and_again),
        cmocka_unit_test(test_resume_after_a_cancel),
        cmocka_unit_test(test_resume_after_a_loss_that_is_not_finite),
        cmocka_unit_test(test_resume_without_memory),
        cmocka_unit_test(test_resume_what_had_ended),
        cmocka_unit_test(test_resume_what_stopped_early),
        cmocka_unit_test(test_resume_with_what_is_the_programs),
        cmocka_unit_test(test_resume_refuses_another_file),
        cmocka_unit_test(test_stop_from_another_thread),
        cmocka_unit_test(test_stop_from_a_signal_handler),
        cmocka_unit_test(test_stop_that_was_raised_before),
        cmocka_unit_test(test_stop_reasons_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
