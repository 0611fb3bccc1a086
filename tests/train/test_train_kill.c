/* Trainings that are killed: whatever moment it was, the next one goes on to the same bits.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every training is a process of its own, and this one makes no context. */
#include "train_case.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILLS 60
#define SEED 7

static void open_case(train_case *c, const char *last)
{
    train_case_open(c);
    c->t.epochs = 12;
    c->t.last_path = last;
    c->t.resumes = last != NULL;
    c->t.save_every_steps = last != NULL ? 1 : 0;
    c->t.history_steps = 1;
    c->t.restores_best = true;
}

/* Trains, and leaves a number of all bits in the file `result`: exits with 0. */
static void train_in_child(const char *last, const char *result)
{
    train_case c;
    open_case(&c, last);
    if (wg_train(&c.t, NULL) != WG_OK) {
        _exit(2);
    }
    const uint64_t digest = train_case_digest_all(&c);
    _exit(wgt_file_write(result, &digest, sizeof digest) ? 0 : 3);
}

static pid_t begin(const char *last, const char *result)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        train_in_child(last, result);
    }
    return child;
}

static void wait_microseconds(uint64_t n)
{
    const struct timespec time = {.tv_sec = 0, .tv_nsec = (long)n * 1000};
    (void)nanosleep(&time, NULL);
}

/* Whether it had ended by itself; it must not have failed. */
static bool kill_after(pid_t child, uint64_t microseconds)
{
    int status;
    wait_microseconds(microseconds);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
        return true;
    }
    assert_int_equal(WTERMSIG(status), SIGKILL);
    return false;
}

/* Checks the bits of a training that ended, and lets the next one begin at the beginning. */
static void check_result(const char *last, const char *result, uint64_t digest)
{
    assert_true(wgt_file_holds(result, &digest, sizeof digest));
    assert_int_equal(remove(last), 0);
    assert_int_equal(remove(result), 0);
}

static void test_train_killed_at_any_moment(void **state)
{
    char last[WGT_PATH_BYTES];
    char result[WGT_PATH_BYTES];
    wgt_folder folder;
    int status;
    const uint64_t digest = *(const uint64_t *)*state;
    wg_rng rng = wg_rng_make(SEED, 0);
    assert_true(wgt_folder_create(&folder));
    wgt_folder_join(folder.path, "last.safetensors", last);
    wgt_folder_join(folder.path, "result", result);
    for (int n_killed = 0; n_killed < KILLS;) {
        if (kill_after(begin(last, result), wg_rng_below(&rng, 40000))) {
            check_result(last, result, digest);
        } else {
            n_killed++;
        }
    }
    const pid_t child = begin(last, result);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check_result(last, result, digest);
    wgt_folder_remove(&folder);
}

/* The bits of a training that nobody kills; in a process of its own, too. */
static int train_undisturbed(void **state)
{
    static uint64_t digest;
    int ends[2];
    int status;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        train_case c;
        open_case(&c, NULL);
        (void)train_case_run(&c, WG_OK);
        digest = train_case_digest_all(&c);
        _exit(write(ends[1], &digest, sizeof digest) == (ssize_t)sizeof digest ? 0 : 1);
    }
    assert_int_equal(read(ends[0], &digest, sizeof digest), sizeof digest);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ends[0]);
    close(ends[1]);
    *state = &digest;
    return status;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train_killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, train_undisturbed, NULL);
}
