/* Resuming is bit-identical to never having stopped.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "checkpoint_trainer.h"
#include "support/files.h"

#define N_STEPS 40

static void step(checkpoint_trainer *c, int64_t until)
{
    while (c->n_steps < until) {
        assert_int_equal(checkpoint_trainer_step(c), WG_OK);
    }
}

static void save(checkpoint_trainer *c, const char *path)
{
    assert_int_equal(wg_checkpoint_save(c->t.ctx, path, &c->all), WG_OK);
}

static void load(checkpoint_trainer *c, const char *path)
{
    assert_int_equal(wg_checkpoint_load(c->t.ctx, path, &c->all), WG_OK);
}

static uint64_t digest_of_whole(bool is_refreshed)
{
    checkpoint_trainer c;
    assert_int_equal(checkpoint_trainer_open(&c, is_refreshed), WG_OK);
    step(&c, N_STEPS);
    const uint64_t digest = checkpoint_trainer_digest(&c);
    checkpoint_trainer_close(&c);
    return digest;
}

/* Stops after every number of steps, and goes on in new objects. */
static void stop_everywhere(bool is_refreshed)
{
    const uint64_t want = digest_of_whole(is_refreshed);
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "run.ckpt", path);
    for (int64_t stop = 0; stop <= N_STEPS; stop++) {
        checkpoint_trainer c;
        assert_int_equal(checkpoint_trainer_open(&c, is_refreshed), WG_OK);
        step(&c, stop);
        save(&c, path);
        checkpoint_trainer_close(&c);
        assert_int_equal(checkpoint_trainer_open(&c, is_refreshed), WG_OK);
        load(&c, path);
        assert_int_equal(c.n_steps, stop);
        step(&c, N_STEPS);
        assert_true(checkpoint_trainer_digest(&c) == want);
        checkpoint_trainer_close(&c);
    }
    wgt_folder_remove(&folder);
}

static void test_resume_after_every_step(void **state)
{
    (void)state;
    stop_everywhere(false);
}

static void test_resume_of_a_refreshed_graph(void **state)
{
    (void)state;
    stop_everywhere(true);
}

/* The same objects may also go back to where they were. */
static void test_resume_goes_back(void **state)
{
    (void)state;
    wgt_folder folder;
    checkpoint_trainer c;
    char path[WGT_PATH_BYTES];
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "run.ckpt", path);
    assert_int_equal(checkpoint_trainer_open(&c, false), WG_OK);
    step(&c, 11);
    save(&c, path);
    step(&c, 17);
    load(&c, path);
    assert_int_equal(c.n_steps, 11);
    step(&c, N_STEPS);
    assert_true(checkpoint_trainer_digest(&c) == digest_of_whole(false));
    checkpoint_trainer_close(&c);
    wgt_folder_remove(&folder);
}

/* The digest sees each part that is left out: nothing that a checkpoint holds is idle here. */
static void test_resume_needs_every_part(void **state)
{
    (void)state;
    const uint64_t want = digest_of_whole(false);
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "run.ckpt", path);
    for (int i = 0; i < 9; i++) {
        checkpoint_trainer c;
        assert_int_equal(checkpoint_trainer_open(&c, false), WG_OK);
        step(&c, N_STEPS - 4);
        save(&c, path);
        checkpoint_trainer_close(&c);
        assert_int_equal(checkpoint_trainer_open(&c, false), WG_OK);
        c.all.model = i == 0 ? NULL : c.all.model;
        c.all.optimizer = i == 1 ? NULL : c.all.optimizer;
        c.all.schedule = i == 2 ? NULL : c.all.schedule;
        c.all.batches = i == 3 ? NULL : c.all.batches;
        c.all.graph = i == 4 ? NULL : c.all.graph;
        c.all.n_rngs = i == 5 ? 0 : c.all.n_rngs;
        c.all.n_numbers = i == 6 ? 0 : c.all.n_numbers;
        c.all.n_tensors = i == 7 ? 0 : c.all.n_tensors;
        load(&c, path);
        c.n_steps = N_STEPS - 4;
        step(&c, N_STEPS);
        if ((checkpoint_trainer_digest(&c) == want) != (i == 8)) {
            fail_msg("part %d", i);
        }
        checkpoint_trainer_close(&c);
    }
    wgt_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume_after_every_step),
        cmocka_unit_test(test_resume_of_a_refreshed_graph),
        cmocka_unit_test(test_resume_goes_back),
        cmocka_unit_test(test_resume_needs_every_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
