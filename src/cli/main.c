/* The command `wengert`.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Everything that it can do is a row of the table of parts. */
#include "cli/cli.h"

#include <wengert/wengert.h>

#include <stdio.h>
#include <string.h>

typedef struct part {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage;
    const char *does;
} part;

static const part parts[] = {
    {"ops", wgc_ops, "ops [--json | --markdown]", "the ops that there are, as a table or in full"},
    {"check", wgc_check, "check [OPTIONS] [OP ...]",
     "how right the gradients of every op are here"},
    {"version", wgc_version, "version", "the version of the library"},
    {"help", wgc_help, "help", "this"},
};

enum {
    N_PARTS = sizeof parts / sizeof *parts
};

static void print_usage(FILE *out)
{
    fputs("usage: wengert PART [ARGUMENTS]\n\n", out);
    for (int i = 0; i < N_PARTS; i++) {
        fprintf(out, "  wengert %-26s %s\n", parts[i].usage, parts[i].does);
    }
    fputs("\noptions of check:\n"
          "  --json                certificates as JSON\n"
          "  --without BACKEND     native, onednn or lapack: certify the others\n"
          "  --exhaustive          pointwise functions in f32 on all 2^32 inputs, against f64\n"
          "  --every N             of these each N-th alone\n",
          out);
}

int wgc_misuse(const char *name, const char *argument)
{
    fprintf(stderr, "wengert %s: what is '%s'?\n\n", name, argument);
    print_usage(stderr);
    return WGC_USAGE;
}

int wgc_version(int argc, char **argv)
{
    if (argc > 1) {
        return wgc_misuse(argv[0], argv[1]);
    }
    printf("wengert %s\n", wg_version());
    return 0;
}

int wgc_help(int argc, char **argv)
{
    if (argc > 1) {
        return wgc_misuse(argv[0], argv[1]);
    }
    print_usage(stdout);
    return 0;
}

/* What was printed must have arrived. */
static int finish(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        fputs("wengert: the output could not be written\n", stderr);
        return status != 0 ? status : 1;
    }
    return status;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strncmp(name, "--", 2) == 0) {
        name += 2;
    }
    for (int i = 0; i < N_PARTS; i++) {
        if (strcmp(parts[i].name, name) == 0) {
            return finish(parts[i].run(argc - 1, argv + 1));
        }
    }
    if (argc > 1) {
        fprintf(stderr, "wengert: there is no '%s'\n\n", argv[1]);
    }
    print_usage(stderr);
    return WGC_USAGE;
}
