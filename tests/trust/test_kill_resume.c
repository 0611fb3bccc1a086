/* Trainings that are killed: whatever the moment, the checkpoint loads, and the training that goes
 * on from it ends with the bits of one that was never stopped.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Usage: test_kill_resume [KILLED_TRAININGS [KILLED_SAVERS]]
 * With --train the program is the child: it takes the path of the checkpoint, and that of the file
 * that its digest goes to. Savers are forked alone, from a process that has run nothing. */
#include "support/cmocka_all.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checkpoint_trainer.h"
#include "support/files.h"

#define N_STEPS 60

/* How many processes die; from the command line. */
typedef struct plan {
    const char *program;
    long n_trainings;
    long n_savers;
} plan;

/* ---- the children ------------------------------------------------------------------------- */

/* Goes on from the checkpoint where there is one. */
static wg_status resume(checkpoint_trainer *c, const char *path)
{
    if (access(path, F_OK) != 0) {
        return WG_OK;
    }
    return wg_checkpoint_load(c->t.ctx, path, &c->all);
}

static wg_status train(checkpoint_trainer *c, const char *path)
{
    wg_status status = resume(c, path);
    while (status == WG_OK && c->n_steps < N_STEPS) {
        status = checkpoint_trainer_step(c);
        if (status == WG_OK && c->n_steps % 2 == 0) {
            status = wg_checkpoint_save(c->t.ctx, path, &c->all);
        }
    }
    return status;
}

static int run_training(const char *path, const char *result)
{
    checkpoint_trainer c;
    wg_status status = checkpoint_trainer_open(&c, false);
    if (status == WG_OK) {
        status = train(&c, path);
    }
    if (status != WG_OK) {
        fprintf(stderr, "%s\n", wg_context_error(c.t.ctx));
        return EXIT_FAILURE;
    }
    const uint64_t digest = checkpoint_trainer_digest(&c);
    checkpoint_trainer_close(&c);
    return wgt_file_write(result, &digest, sizeof digest) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Saves for ever; the count goes up by one each time. */
static void save_for_ever(checkpoint_trainer *c, const char *path)
{
    wg_status status = WG_OK;
    while (status == WG_OK) {
        c->n_steps++;
        c->t.loss_sum = (double)c->n_steps;
        status = wg_checkpoint_save(c->t.ctx, path, &c->all);
    }
    _exit(EXIT_FAILURE);
}

/* ---- killing ------------------------------------------------------------------------------ */

static pid_t start(const char *const *words)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    return child;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Kills the child after so many seconds, if it still lives; whether that killed it. Anything else
 * than being killed or ending well is a failure. */
static bool end(pid_t child, double seconds)
{
    const struct timespec pause = {.tv_sec = (time_t)seconds,
                                   .tv_nsec = (long)(1e9 * (seconds - (double)(time_t)seconds))};
    int how;
    nanosleep(&pause, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFSIGNALED(how)) {
        assert_int_equal(WTERMSIG(how), SIGKILL);
        return true;
    }
    assert_int_equal(WEXITSTATUS(how), EXIT_SUCCESS);
    return false;
}

/* What a process that was killed leaves beside the file is the caller's to remove. */
static void remove_litter(const char *path, void *user)
{
    size_t *n = user;
    if (strstr(path, ".tmp") != NULL) {
        assert_int_equal(unlink(path), 0);
        (*n)++;
    }
}

static uint64_t read_digest(const char *path)
{
    size_t bytes;
    uint64_t digest = 0;
    unsigned char *data = wgt_file_read(path, &bytes);
    assert_non_null(data);
    assert_int_equal(bytes, sizeof digest);
    memcpy(&digest, data, sizeof digest);
    free(data);
    return digest;
}

/* ---- trainings ---------------------------------------------------------------------------- */

typedef struct hunt {
    const plan *plan;
    wgt_folder folder;
    char path[WGT_PATH_BYTES];
    char result[WGT_PATH_BYTES];
    wg_rng rng;
    size_t n_litter;
} hunt;

static void start_hunt(hunt *h, const plan *p)
{
    *h = (hunt){.plan = p, .rng = wg_rng_make(1234, 0)};
    assert_true(wgt_folder_create(&h->folder));
    wgt_folder_join(h->folder.path, "run.ckpt", h->path);
    wgt_folder_join(h->folder.path, "digest", h->result);
}

static pid_t start_training(const hunt *h)
{
    return start((const char *[]){h->plan->program, "--train", h->path, h->result, NULL});
}

/* Starts a training until one ends; the number that were killed. */
static long train_to_the_end(hunt *h, double seconds, long most)
{
    long n_killed = 0;
    while (n_killed < most && end(start_training(h), 1e-4 + seconds * wg_rng_uniform(&h->rng))) {
        n_killed++;
        (void)wgt_folder_walk(h->folder.path, remove_litter, &h->n_litter);
    }
    if (n_killed == most) {
        int how;
        const pid_t child = start_training(h);
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == EXIT_SUCCESS);
    }
    return n_killed;
}

static void test_kill_resume_of_trainings(void **state)
{
    const plan *p = *state;
    hunt h;
    start_hunt(&h, p);
    const double before = now();
    assert_int_equal(train_to_the_end(&h, 0.0, 0), 0);
    const double seconds = now() - before;
    const uint64_t want = read_digest(h.result);
    long n_killed = 0;
    long n_ended = 0;
    while (n_killed < p->n_trainings) {
        assert_int_equal(unlink(h.path), 0);
        assert_int_equal(unlink(h.result), 0);
        n_killed += train_to_the_end(&h, 0.7 * seconds, p->n_trainings - n_killed);
        assert_true(read_digest(h.result) == want);
        n_ended++;
    }
    print_message("%ld trainings killed, %ld ended with the same bits; %zu unfinished files\n",
                  n_killed, n_ended, h.n_litter);
    wgt_folder_remove(&h.folder);
}

/* ---- savers ------------------------------------------------------------------------------- */

static void kill_saver(hunt *h, checkpoint_trainer *c)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        save_for_ever(c, h->path);
    }
    assert_true(end(child, 0.003 * wg_rng_uniform(&h->rng)));
    (void)wgt_folder_walk(h->folder.path, remove_litter, &h->n_litter);
}

/* The file is whole, is of one save, and of none earlier than any seen before. */
static void test_kill_resume_of_savers(void **state)
{
    const plan *p = *state;
    hunt h;
    checkpoint_trainer c;
    start_hunt(&h, p);
    assert_int_equal(checkpoint_trainer_open(&c, false), WG_OK);
    assert_int_equal(wg_checkpoint_save(c.t.ctx, h.path, &c.all), WG_OK);
    for (long i = 0; i < p->n_savers; i++) {
        const int64_t latest = c.n_steps;
        kill_saver(&h, &c);
        assert_int_equal(wg_checkpoint_load(c.t.ctx, h.path, &c.all), WG_OK);
        assert_true(c.n_steps >= latest);
        assert_true(c.t.loss_sum == (double)c.n_steps);
    }
    print_message("%ld savers killed in %lld saves; %zu unfinished files\n", p->n_savers,
                  (long long)c.n_steps, h.n_litter);
    assert_true(c.n_steps > 0);
    checkpoint_trainer_close(&c);
    wgt_folder_remove(&h.folder);
}

static long count_of(int n_words, char **words, int i, long otherwise)
{
    return n_words > i ? strtol(words[i], NULL, 10) : otherwise;
}

int main(int n_words, char **words)
{
    if (n_words == 4 && strcmp(words[1], "--train") == 0) {
        return run_training(words[2], words[3]);
    }
    plan p = {.program = words[0],
              .n_trainings = count_of(n_words, words, 1, 20),
              .n_savers = count_of(n_words, words, 2, 50)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_kill_resume_of_trainings, &p),
        cmocka_unit_test_prestate(test_kill_resume_of_savers, &p),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
