/* Every public function, called as no caller should: an error, never a crash.
 * SPDX-License-Identifier: Apache-2.0
 *
 * With --list the program prints the names of the functions that it calls instead, one a line, so
 * that a function without a check can be found. */
#include "bad_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 1024

static const bad_row *const tables[] = {
    bad_rows_of_base,     bad_rows_of_tensors,     bad_rows_of_graphs,     bad_rows_of_values,
    bad_rows_of_ops,      bad_rows_of_op_options,  bad_rows_of_models,     bad_rows_of_modules,
    bad_rows_of_files,    bad_rows_of_data,        bad_rows_of_metrics,    bad_rows_of_pictures,
    bad_rows_of_plans,    bad_rows_of_check,       bad_rows_of_gradcheck,  bad_rows_of_certificates,
    bad_rows_of_tools,    bad_rows_of_derivatives, bad_rows_of_optimizers, bad_rows_of_flat_models,
    bad_rows_of_backends, bad_rows_of_custom,      bad_rows_of_schedules,  bad_rows_of_checkpoints,
    bad_rows_of_training, bad_rows_of_layers,      bad_rows_of_formats,
};

static void run_row(void **state)
{
    const bad_row *row = *state;
    bad_world *w = malloc(sizeof *w);
    assert_non_null(w);
    bad_world_open(w);
    row->check(w, row);
    bad_world_close(w);
    free(w);
}

static size_t gather_rows(const bad_row *rows[MAX_ROWS])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const bad_row *row = tables[i]; row->name != NULL && n < MAX_ROWS; row++) {
            rows[n++] = row;
        }
    }
    return n;
}

/* Several names may share one check, which then runs once. */
static bool is_checked_before(const bad_row *const *rows, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (rows[k]->check == rows[i]->check && rows[k]->op == rows[i]->op) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[MAX_ROWS];
    const bad_row *rows[MAX_ROWS];
    const size_t n = gather_rows(rows);
    size_t n_tests = 0;
    for (size_t i = 0; i < n; i++) {
        if (argc > 1 && strcmp(argv[1], "--list") == 0) {
            puts(rows[i]->name);
        } else if (!is_checked_before(rows, i)) {
            void *state = (void *)(uintptr_t)rows[i];
            tests[n_tests++] = (struct CMUnitTest){rows[i]->name, run_row, NULL, NULL, state};
        }
    }
    return n_tests == 0 ? 0 : _cmocka_run_group_tests("test_bad_calls", tests, n_tests, NULL, NULL);
}
